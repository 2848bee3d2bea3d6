/* What the parts of the path finder share: what each clock can take at most (paths_clock.c), how
 * the clocks of one path bound it (paths_time.c), and the search (paths.c). Private to it. */
#ifndef LD_LANGUAGE_PATHS_PARTS_H
#define LD_LANGUAGE_PATHS_PARTS_H

#include "workflows/language/definition_graph.h"
#include "workflows/language/paths.h"

enum {
    NODE_NONE = 255,
    SPANS_MAX = PROGRAM_STATES_MAX * (PROGRAM_CLOCKS_MAX + 1) + PROGRAM_CLOCKS_MAX,
    HOURS_OF_DAY = 24,
};

struct longest_extend {
    struct period by; /* each time */
    uint32_t times;
    bool is_open; /* of any length */
};

/* The most that a clock can take. */
struct longest {
    bool is_sure;   /* it has a period for every case */
    bool is_moving; /* its expiry surely moves the case */
    struct period period; /* amount 0: not known */
    unsigned open;        /* PATH_ANY_LENGTH, PATH_GIVEN_DATE */
    int32_t anchor;       /* the clock whose due date it counts from, or INDEX_NONE */
    struct longest_extend extends[CLOCK_EXTENDS_MAX];
    int32_t pause_ends[CLOCK_PAUSES_MAX]; /* the clock that bounds a pause, or INDEX_NONE */
};

/* A transition to another state, or the expiry that brings it. */
struct move {
    int32_t event, clock, to;
    const struct branch *branch;
    bool is_loop; /* some path came back by it */
};

struct ways {
    const struct program *program;
    const struct graph *graph;
    struct move *moves; /* by state, in the order of the text */
    uint32_t first_move[PROGRAM_STATES_MAX + 1];
    uint64_t stays[PROGRAM_EVENTS_MAX]; /* the states that can take an event and stay */
    struct longest longest[PROGRAM_CLOCKS_MAX];
    const struct calendar *calendar;
    int32_t from; /* DATE_NONE: days are nominal */
    uint64_t work;
    bool is_overflow;
};

/* What is known of the clocks on the way along a path. Sets of clocks; nodes are numbers of
 * steps, 0 the start. */
struct track {
    uint32_t sure;  /* run, whatever was taken in passing */
    uint32_t maybe; /* may run */
    uint32_t spent; /* overdue by an expiry that the path took */
    uint8_t start[PROGRAM_CLOCKS_MAX];
    uint8_t origin[PROGRAM_CLOCKS_MAX]; /* what it counts from: its start, or that of its anchor */
    bool has_origin[PROGRAM_CLOCKS_MAX]; /* it has surely begun at some time */
};

/* A clock that must end by a node. */
struct span {
    int32_t clock; /* INDEX_NONE: a wait that nothing ends */
    uint8_t origin, start, end;
};

struct spans {
    struct span rows[SPANS_MAX];
    uint32_t count;
};

/* What it costs at most to be at a node. */
struct cost {
    uint32_t opens;
    int64_t at; /* hours; with a starting date: a date */
    bool is_known, is_final;
    uint32_t previous;
    int32_t span; /* by which, or INDEX_NONE: it lies before the previous node */
};

/* The working space of one measurement. */
struct chart {
    struct ways *ways;
    struct path *path;
    struct spans spans;
    struct path_time times[SPANS_MAX]; /* of each span */
    struct cost costs[PROGRAM_STATES_MAX + 1];
};

void longest_of_clocks(struct ways *ways);

/* Along one step into a node; the first is the start event's, from INDEX_NONE. Spans that end with
 * it are added where spans is not NULL. */
struct track_step {
    int32_t from, event, clock, to;
    uint32_t node;
};

void track_step(const struct ways *ways, const struct track_step *step, struct track *track,
                struct spans *spans);

/* Fills in what the steps of a path say of its time. */
void path_measure(struct ways *ways, struct path *path, struct chart *chart);
/* Is left longer than right? */
bool path_time_is_longer(const struct path_time *left, const struct path_time *right);

#endif
