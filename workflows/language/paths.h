/* Every way of a case from its start to an end, with the longest lawful time that it can take and
 * the clocks that take it (LANGUAGE §6). Pure, over a compiled program; the engine does not need
 * it, administrators do.
 *
 * A path visits no state twice: a way back is named once, as a loop, and not unrolled. Lawful means
 * that no clock which must end along the path is overdue before it ends:
 *
 * - a clock given by `while` must end when the path leaves its states, one given by `from`/`until`
 *   when the path takes its `until`, and one whose expiry surely moves the case at its due date;
 * - it counts only where it surely runs: begun by a step of the path, with a period for every case,
 *   and with no state on the way that can end it without moving on;
 * - one with `repeat` only reminds, and ends no wait;
 * - a wait for sub-cases ends when theirs do: it has no bound of its own unless a clock runs there;
 * - a suspension of the whole case stops every clock, anywhere and for as long as it lasts: it is
 *   left out of all times, and whoever shows them says so. So is an end that comes with the
 *   parent's, and all that a parent may give to a case that an event can start.
 *
 * The longest time follows from all of these at once: clocks overlap, so that they are not simply
 * added. In calendar days months count 31, years 366 and five working days seven, unless a starting
 * date and a calendar are given. */
#ifndef LD_LANGUAGE_PATHS_H
#define LD_LANGUAGE_PATHS_H

#include "workflows/core/program.h"

enum {
    PATHS_SHOWN_MAX = 1000,   /* paths that one call can give */
    PATHS_FOUND_MAX = 100000, /* paths that are counted before the search is capped */
    PATHS_LOOPS_MAX = 256,
    PATHS_ARENA_SIZE = 64 << 20,
};

/* So much of each unit, side by side: legal units do not convert into each other. */
struct path_sum {
    int64_t years, months, days, working_days, hours;
};

/* Why a time has no bound. */
enum path_open {
    PATH_WAITS = 1,        /* no clock ends the wait */
    PATH_PAUSE = 2,        /* a pause that lasts as long as somebody likes */
    PATH_ANY_LENGTH = 4,   /* a period or an extension of a length that an event gives unbounded */
    PATH_GIVEN_DATE = 8,   /* it counts from or to a date that an event gives */
    PATH_SUBS = 16,        /* it waits for sub-cases, and no clock ends that */
};

/* Why nothing ends the wait in a state. */
enum path_wait {
    PATH_WAIT_ENDS,      /* some clock does */
    PATH_WAIT_NO_CLOCK,  /* no clock runs there */
    PATH_WAIT_REMINDERS, /* only clocks that repeat */
    PATH_WAIT_OTHERS,    /* clocks run that can end, or run on, without the case moving */
    PATH_WAIT_OVERDUE,   /* only clocks whose expiry the path took: nothing falls due any more */
    PATH_WAIT_SUBS,      /* it is for sub-cases, whose clocks are their own */
};

struct path_time {
    struct path_sum base; /* the periods themselves */
    struct path_sum plus; /* extensions and bounded pauses: up to so much more */
    unsigned open;        /* path_open together; 0: bounded */
    uint32_t waits, opens; /* how many waits nothing ends; how many other things are open */
    int64_t hours;        /* base and plus together, as above; what is open not counted */
    int32_t base_last, last; /* with a starting date: the last day without and with plus */
};

/* One clock's part of the longest time: from entering `from` to the step into `to`. */
struct path_link {
    int32_t clock;  /* INDEX_NONE: nothing ends this wait */
    int32_t anchor; /* the clock whose due date it counts from, or INDEX_NONE */
    uint32_t from, to; /* numbers of steps; 0 is the start */
    struct path_time time;
};

struct path_step {
    int32_t state; /* in which the case waits */
    int32_t event; /* that moves it on; INDEX_NONE: the expiry of `clock` */
    int32_t clock;
    const struct branch *branch;
    struct path_link bound; /* the longest that this one wait can take, and by which clock */
    enum path_wait wait;
    int32_t wait_clock; /* one that runs there all the same, or INDEX_NONE */
};

struct path {
    struct path_step steps[PROGRAM_STATES_MAX];
    uint32_t step_count;
    int32_t end;
    struct path_link links[PROGRAM_STATES_MAX]; /* what adds up to the whole, in order of time */
    uint32_t link_count;
    struct path_time time;
};

struct path_end {
    int32_t state;
    uint64_t count;
    bool is_capped; /* there may be more */
    uint32_t fewest_steps, most_steps;
    struct path_time longest;
    uint64_t unbounded; /* of count: those with a wait that nothing ends */
};

/* A way back to a state that a path has been in, or a way into states that only lead back. */
struct path_loop {
    int32_t from, to, event, clock;
    bool is_detour;
};

/* A state in which some path can wait for ever; PATH_WAIT_SUBS only where no path waits otherwise.
 */
struct path_trap {
    int32_t state;
    enum path_wait wait;
    int32_t clock;
};

struct paths {
    const struct path *rows; /* the longest first */
    uint32_t row_count;
    uint64_t count;
    bool is_capped;
    struct path_end ends[PROGRAM_STATES_MAX];
    uint32_t end_count;
    struct path_loop loops[PATHS_LOOPS_MAX];
    uint32_t loop_count;
    bool has_more_loops;
    struct path_trap traps[PROGRAM_STATES_MAX];
    uint32_t trap_count;
};

struct paths_request {
    uint32_t max;                    /* paths wanted, at most PATHS_SHOWN_MAX */
    const struct calendar *calendar; /* with `from` */
    int32_t from;                    /* the start event's legal date, or DATE_NONE */
};

/* Deterministic, and bounded whatever the program. LD_FULL: arena. LD_OVERFLOW: a date lies beyond
 * what can be computed. */
LD_MUST_USE enum ld_err paths_find(const struct program *program,
                                   const struct paths_request *request, struct arena *arena,
                                   struct paths *ret_paths);

#endif
