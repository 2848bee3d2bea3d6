/* A program while it is being read: the mutable rows, what they are checked against, and where in
 * the text each thing stands. Rows and YAML entries of one mapping have the same indexes.
 * Private to the readers and checkers of workflow definitions. */
#ifndef LD_LANGUAGE_DEFINITION_DRAFT_H
#define LD_LANGUAGE_DEFINITION_DRAFT_H

#include "workflows/core/program.h"
#include "workflows/language/definition.h"
#include "workflows/language/expression.h"
#include "workflows/language/keys.h"

/* Where a thing that a program points at (an expression, a branch, a handler) was written. */
struct note {
    struct note *next;
    const void *thing;
    struct place place;
};

struct draft {
    struct sheet sheet;
    const struct definition_context *context;
    const struct yaml_node *root;
    struct program program;
    struct party *parties;
    const struct field *fields;
    struct event_type *events;
    struct state *states;
    struct clock_rule *clocks;
    /* The mappings that the rows come from; NULL where there are none. */
    const struct yaml_node *party_nodes, *field_nodes, *event_nodes, *state_nodes, *clock_nodes;
    struct note *notes;
};

void draft_note(struct draft *draft, const void *thing, struct place place);
/* The place of a thing, or of the top of the file where none was noted. */
struct place draft_place(const struct draft *draft, const void *thing);

/* The rows of a mapping under a top-level key: how many there are at most, and the mapping. */
uint32_t draft_rows(struct draft *draft, const char *key, uint32_t max,
                    const struct yaml_node **ret_node);

/* An expression that may name the event's data (or INDEX_NONE), of the wanted kind; its place is
 * noted. NULL after a finding, and for a NULL node. */
const struct expr *draft_expr(struct draft *draft, const struct yaml_node *node, int32_t event,
                              enum static_kind wanted);
const struct expr *draft_expr_as(struct draft *draft, const struct yaml_node *node, int32_t event,
                                 const struct data_type *wanted);
const struct expr *draft_period(struct draft *draft, const struct yaml_node *node, int32_t event,
                                enum period_unit *ret_unit);
struct expression_scope draft_scope(const struct draft *draft, int32_t event);

/* definition_data.c: the fields of a mapping of declarations. */
const struct field *draft_fields(struct draft *draft, const struct yaml_node *node,
                                 uint32_t *ret_count);
void draft_parties(struct draft *draft);
void draft_data(struct draft *draft);
void draft_events(struct draft *draft);

/* definition_states.c */
enum branch_place { BRANCH_EVENT, BRANCH_EXPIRE, BRANCH_START };

/* The names and kinds of states and clocks, before anything refers to them. */
void draft_state_names(struct draft *draft);
void draft_clock_names(struct draft *draft);
void draft_start(struct draft *draft);
void draft_states(struct draft *draft);
void draft_top_handlers(struct draft *draft);
const struct branch *draft_branches(struct draft *draft, const struct yaml_node *node,
                                    int32_t event, enum branch_place where, uint32_t *ret_count);

/* definition_clocks.c. After the states. */
void draft_clocks(struct draft *draft);

/* definition_actions.c: what the branch does beside moving the case. */
void draft_actions(struct draft *draft, const struct yaml_node *node, int32_t event,
                   struct branch *branch);

/* definition_wait.c. The suspension after the clocks. */
void draft_holds(struct draft *draft, const struct yaml_node *node, struct state *state);
void draft_suspend(struct draft *draft);
/* Does the event suspend or resume the case; does some state hold it? */
bool draft_suspends(const struct draft *draft, int32_t event);
bool draft_is_held(const struct draft *draft, int32_t event);

/* definition_effects.c: no step writes more facts than it has room for. */
void effects_check(const struct draft *draft);

/* definition_check.c, definition_flow.c: what can be proved of a program without mistakes in
 * its parts. */
void draft_check(struct draft *draft);

#endif
