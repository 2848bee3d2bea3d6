/* Legal periods: from an anchor, a budget, what stopped it and what extended it to the last day.
 * LANGUAGE §4 in arithmetic; each rule names its source beside its code in period.c
 * (民诉法 §85, 民法典 §201-203, 刑诉解释 §202, 刑诉法 §105). */
#ifndef LD_CORE_PERIOD_H
#define LD_CORE_PERIOD_H

#include "base/arena.h"
#include "base/err.h"
#include "workflows/core/calendar.h"
#include "workflows/core/limits.h"

enum period_unit {
    PERIOD_HOURS,
    PERIOD_DAYS,
    PERIOD_WORKING_DAYS,
    PERIOD_MONTHS,
    PERIOD_YEARS,
    PERIOD_UNTIL, /* the amount is the last day itself (a date), unrolled */
};

struct period {
    int32_t amount; /* > 0; PERIOD_UNTIL: a date */
    enum period_unit unit;
};

enum period_rule {
    RULE_CIVIL,
    RULE_CRIMINAL, /* 刑诉解释 §202: from a month's last day to a month's last day */
    RULE_CUSTODY,  /* the same, and nothing rolls (刑诉法 §105) */
};

/* One stop: the days after `from` up to and including `until` do not count. */
struct period_stop {
    int32_t from;
    int32_t until;    /* DATE_NONE while it lasts */
    int64_t from_ms;  /* the same in instants, for periods in hours */
    int64_t until_ms; /* INSTANT_NONE while it lasts */
};

struct period_extension {
    struct period by;
    int32_t date; /* the legal date of the event that extended */
};

/* All that a due date is derived from. */
struct period_terms {
    int32_t anchor;    /* the date that is not counted */
    int64_t anchor_ms; /* the instant, for periods in hours */
    struct period budget;
    enum period_rule rule;
    bool is_rolled; /* false: `roll: none` */
    const struct period_stop *stops; /* in order, not overlapping */
    uint32_t stop_count;
    const struct period_extension *extensions;
    uint32_t extension_count;
};

struct period_due {
    int32_t unrolled;    /* the last day before rolling */
    int32_t last_day;    /* the last day; of hours: the day on which they end */
    int64_t due_ms;      /* overdue from this instant on, never earlier */
    bool is_provisional; /* some day it depends on lies in a year not announced */
};

/* The due date of a period. An open stop counts as lasting for ever: the caller derives at the
 * stop's start what is left and shows the clock as paused. Errors: LD_OVERFLOW past year 9999. */
LD_MUST_USE enum ld_err period_derive(const struct period_terms *terms,
                                      const struct calendar *calendar,
                                      struct period_due *ret_due);

/* The date amount units after the date, by the rule, without rolling (used for ladders and
 * extensions too; negative amounts count back). Not for hours and until. */
LD_MUST_USE enum ld_err period_add(const struct calendar *calendar, int32_t date,
                                   struct period period, enum period_rule rule, int32_t *ret_date);

/* Why a day counts or does not. */
enum trace_kind {
    TRACE_ANCHOR,       /* the starting day, not counted */
    TRACE_COUNTED,      /* number: which day of the period it is */
    TRACE_STOPPED,      /* within a stop */
    TRACE_DAY_OFF,      /* of a period in working days: a day off */
    TRACE_MONTH,        /* number: so many months (years) on; the corresponding day */
    TRACE_MONTH_END,    /* the same, where the month has no such day, or the criminal rule holds */
    TRACE_EXTENDED,     /* number: the extension's index */
    TRACE_SHIFTED,      /* number: days that stops moved the last day by */
    TRACE_UNTIL,        /* the date was given */
    TRACE_ROLLED_OVER,  /* the last day fell on this day off and rolled on */
    TRACE_LAST,         /* the last day; due at its 24:00 */
    TRACE_HOURS,        /* number: hours from the anchor instant, running through */
};

struct trace_step {
    enum trace_kind kind;
    int32_t date;
    int32_t number;
    bool is_provisional;
};

/* The day-by-day derivation of the same date, in the arena; at most max steps, then LD_FULL.
 * Consistent with period_derive by construction: the last step is TRACE_LAST (or TRACE_HOURS). */
LD_MUST_USE enum ld_err period_trace(const struct period_terms *terms,
                                     const struct calendar *calendar, struct arena *arena,
                                     uint32_t max, const struct trace_step **ret_steps,
                                     uint32_t *ret_count);

#endif
