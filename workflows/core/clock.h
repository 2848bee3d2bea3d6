/* One clock of one case: data, not a sleeping thing. From the terms of a run (anchor, budget,
 * stops, extensions) its due date and the next instant at which something must happen are
 * derived; nothing else is kept. Pure; every change returns a new value of the whole run. */
#ifndef LD_CORE_CLOCK_H
#define LD_CORE_CLOCK_H

#include "workflows/core/program.h"

enum clock_status {
    CLOCK_IDLE,      /* never started */
    CLOCK_RUNNING,
    CLOCK_PAUSED,
    CLOCK_OVERDUE,   /* due and not ended; it may also be stopped then */
    CLOCK_MET,       /* ended in time by its legal date */
    CLOCK_MET_LATE,
    CLOCK_CANCELLED, /* also a right that has lapsed */
    CLOCK_STATUS_COUNT
};

/* Is something still to happen to it? */
bool clock_is_open(enum clock_status status);
const char *clock_status_word(enum clock_status status);

/* In rungs_done: the other bits are known. */
#define RUNGS_KNOWN (UINT32_C(1) << LADDER_RUNGS_MAX)

struct clock_run {
    enum clock_status status;
    uint32_t runs;       /* how often it started */
    int64_t started_ms;  /* when this run started */
    int32_t anchor;
    int64_t anchor_ms;
    struct period budget;
    struct period_extension extensions[CLOCK_EXTENSIONS_MAX];
    uint8_t extension_rule[CLOCK_EXTENSIONS_MAX]; /* which `extend` rule gave it */
    uint32_t extension_count;
    struct period_stop stops[CLOCK_STOPS_MAX];
    uint32_t stop_count;
    uint32_t pauses_active; /* bit i: pause rule i holds it now */
    struct period_due due;
    int64_t breached_ms; /* INSTANT_NONE: no breach. Stays, whatever comes after */
    int64_t ended_ms;    /* INSTANT_NONE while open */
    int32_t days_late;   /* of MET_LATE: by the legal date */
    /* The ladder: all that it wanted up to this instant has fired or was skipped, and bit i of
     * rungs_done says whether rung i itself has. It is kept because no arithmetic brings it back:
     * under another calendar the rungs of the old due date would seem to have lain elsewhere. */
    int64_t ladder_through_ms;
    uint32_t rungs_done; /* without RUNGS_KNOWN (an older record): those up to that instant */
    enum alert_level alert_level; /* the highest raised and not cleared */
    int64_t acked_ms;             /* the last acknowledgement; INSTANT_NONE: none */
};

/* What starts, stops or ends a clock: the legal date that counts, the instant of hours, and when
 * the engine did it. */
struct clock_moment {
    int32_t date;
    int64_t instant_ms;
    int64_t now_ms;
};

/* A new run (the number of runs goes on from the old value). Rungs at or before now are skipped. */
LD_MUST_USE enum ld_err clock_start(const struct clock_rule *rule, const struct rules *rules,
                                    struct clock_moment moment, int32_t anchor,
                                    struct period budget, struct clock_run *run);
/* reentry: continue — a run that ended goes on: the days between are a stop. */
LD_MUST_USE enum ld_err clock_continue(const struct clock_rule *rule, const struct rules *rules,
                                       struct clock_moment moment, struct clock_run *run);
/* By pause rule number pause, or CLOCK_SUSPENSION. Not open, or already held by it: nothing
 * changes (LD_OK).
 * LD_FULL: more stops than a run can have. */
LD_MUST_USE enum ld_err clock_pause(const struct clock_rule *rule, const struct rules *rules,
                                    struct clock_moment moment, uint32_t pause,
                                    struct clock_run *run);
LD_MUST_USE enum ld_err clock_resume(const struct clock_rule *rule, const struct rules *rules,
                                     struct clock_moment moment, uint32_t pause,
                                     struct clock_run *run);

enum clock_extend_refusal {
    EXTEND_OK, EXTEND_NOT_RUNNING, EXTEND_USED_UP, EXTEND_AFTER_DUE, EXTEND_FULL
};

/* By extend rule number extend. The run is untouched where it is refused. */
LD_MUST_USE enum clock_extend_refusal clock_extend(const struct clock_rule *rule,
                                                   const struct rules *rules,
                                                   struct clock_moment moment, uint32_t extend,
                                                   struct period by, struct clock_run *run);
/* Its end came (met, or late by the legal date; of hours by the instant). A right is never late: it
 * lapses; and one that has lapsed is met by what comes in time by its legal date. */
void clock_end(const struct clock_rule *rule, struct clock_moment moment, struct clock_run *run);
void clock_cancel(struct clock_moment moment, struct clock_run *run);
/* Can an end at that moment still change it? Where it is open, or a right that has lapsed before
 * the engine heard of what happened in time. */
bool clock_can_end(const struct clock_rule *rule, struct clock_moment moment,
                   const struct clock_run *run);
/* A right whose period passed without being used. */
bool clock_has_lapsed(const struct clock_rule *rule, const struct clock_run *run);
/* Derives again under other rules (a calendar or policy version), now. */
LD_MUST_USE enum ld_err clock_rederive(const struct clock_rule *rule, const struct rules *rules,
                                       int64_t now_ms, struct clock_run *run);

/* The next instant at which this clock wants something (a rung, or falling due), or INSTANT_NONE.
 * A paused clock wants nothing. O(rungs). */
int64_t clock_next_ms(const struct clock_rule *rule, const struct rules *rules,
                      const struct clock_run *run);

/* What a clock does at the instant clock_next_ms named. */
struct clock_firing {
    bool is_due;             /* it falls due now: a breach, or of a repeating one the next run, or
                              * a right lapses */
    bool is_alert;           /* a rung fires */
    bool is_unacknowledged;  /* it fires because nobody acknowledged: `else-tell` */
    enum alert_level level;
    const struct rung *rung; /* whose `tell` (or `else_tell`) counts */
    uint32_t rung_index;
};

/* At that instant: applies it to the run and says what fired. A breach is recorded at the due
 * instant itself, however late the engine looks. A repeating clock starts again from its last
 * day. */
LD_MUST_USE enum ld_err clock_fire(const struct clock_rule *rule, const struct rules *rules,
                                   int64_t instant_ms, struct clock_run *run,
                                   struct clock_firing *ret_firing);

/* The instants of all rungs of this run's ladder for its present due date, in ladder order; an
 * entry a rung (INSTANT_NONE where it cannot fire). For explain and for people. */
void clock_rung_instants(const struct clock_rule *rule, const struct rules *rules,
                         const struct clock_run *run, int64_t ret_instants[LADDER_RUNGS_MAX]);

/* The terms as period.h takes them: a view of the run. */
struct period_terms clock_terms(const struct clock_rule *rule, const struct clock_run *run);

#endif
