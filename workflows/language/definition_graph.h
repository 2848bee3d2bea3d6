/* The ways of a case through its states: every transition as an edge from a set of states, and
 * what follows from them. Sets of states are uint64_t, bit i is state i. Private to the checker. */
#ifndef LD_LANGUAGE_DEFINITION_GRAPH_H
#define LD_LANGUAGE_DEFINITION_GRAPH_H

#include "workflows/language/definition_draft.h"

/* One branch that can be taken. A branch that refuses is no edge. */
struct edge {
    uint64_t stands; /* the states that it is written for */
    uint64_t from;   /* those in which it can be taken; of an expiry: filled as clocks can run, of
                      * EVENT_SUBS_CLOSED: where sub-cases may have been opened */
    int32_t to;    /* INDEX_NONE: the case stays */
    int32_t event; /* INDEX_NONE: an expiry */
    int32_t clock; /* of an expiry, else INDEX_NONE */
    const struct branch *branch;
    const struct handler *handler; /* of an event */
};

struct graph {
    const struct draft *draft;
    struct edge *edges;
    uint32_t edge_count;
    uint64_t next[PROGRAM_STATES_MAX]; /* where one step leads from a state */
    uint64_t reachable;                /* from the start */
    uint64_t ends;
    uint64_t opened;                   /* where the case may have sub-cases */
    uint64_t runs[PROGRAM_CLOCKS_MAX]; /* the states in which a clock may be running or overdue */
};

/* False: the arena is full. O(edges * states). */
bool graph_build(struct draft *draft, struct graph *graph);
/* The states from which some state of the set can be reached, the set included; and those that
 * can be reached from it. */
uint64_t graph_before(const struct graph *graph, uint64_t states);
uint64_t graph_after(const struct graph *graph, uint64_t states);
/* The states in which an event is taken. */
uint64_t graph_takes(const struct graph *graph, int32_t event);
/* Where a case is after an edge was taken in one of the states. */
uint64_t graph_step(const struct edge *edge, uint64_t sources);

/* definition_wait.c: what is held is handled behind the state, and not in it. */
void wait_check(const struct graph *graph);
/* definition_joined.c: what waits for sub-cases comes after something that opens them. */
void joined_check(const struct graph *graph);
/* definition_flow.c: nothing is read before every path has set it. */
void flow_check(const struct graph *graph);
/* definition_model.c: warnings and notes about the ways of a case, once nothing is wrong. */
void model_check(const struct graph *graph);

#endif
