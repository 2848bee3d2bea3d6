/* One clock of one case. Each change works on a copy and derives the due date from the terms again,
 * so that a run is either wholly changed or untouched and never disagrees with its own terms.
 *
 *   IDLE ──start──▶ RUNNING ──due──▶ OVERDUE        any open one ──end──▶ MET | MET_LATE
 *                   ▲    │             │ ▲                       ──cancel──▶ CANCELLED
 *            resume │    │ pause       ▼ │          extended beyond now: OVERDUE ──▶ RUNNING
 *                   └─ PAUSED ◀──(by a legal date in time)
 *
 * A right (`right: true`) is CANCELLED where another clock is OVERDUE or MET_LATE: it lapses.
 *
 * Invariants:
 * - run->due is what period_derive makes of clock_terms(run). A stop that still lasts is left out
 *   there: a paused clock shows the due date as it stood when it was stopped, and wants nothing.
 * - A breach stays on record, with the due instant that was missed first.
 *
 * Choices where the language is silent:
 * - What is in time is judged by the legal date, also where the engine hears of it late: a pause or
 *   an extension dated on or before the last day counts although the breach has been recorded. One
 *   dated later finds an overdue clock, and a pause has no effect on that: it stays overdue.
 * - A clock that ends while it is stopped has met its period.
 * - A paused clock can be extended: its period is not over.
 * - Pause rules that overlap hold the clock from the first pause to the last resumption; a pause
 *   dated before an earlier stop's end counts from that end.
 * - The pauses of a run end with it: a case that comes back (reentry: continue) finds it running.
 * - In hours what happens at the due instant itself is late: overdue from this instant on.
 * - A right that has lapsed is over: a pause or an extension that the engine hears of afterwards
 *   finds no clock that runs, whatever its date. Its use in time by the legal date is its use. */
#include "workflows/core/clock.h"

#include "base/assert.h"
#include "workflows/core/ladder.h"

bool clock_is_open(enum clock_status status)
{
    return status == CLOCK_RUNNING || status == CLOCK_PAUSED || status == CLOCK_OVERDUE;
}

const char *clock_status_word(enum clock_status status)
{
    static const char *const words[] = {
        [CLOCK_IDLE] = "idle",           [CLOCK_RUNNING] = "running", [CLOCK_PAUSED] = "paused",
        [CLOCK_OVERDUE] = "overdue",     [CLOCK_MET] = "met",         [CLOCK_MET_LATE] = "met-late",
        [CLOCK_CANCELLED] = "cancelled",
    };
    _Static_assert(sizeof(words) / sizeof(words[0]) == CLOCK_STATUS_COUNT, "one word a status");
    LD_ASSERT(status < CLOCK_STATUS_COUNT);
    return words[status];
}

/* The stop that still lasts, or NULL. */
static struct period_stop *open_stop(struct clock_run *run)
{
    struct period_stop *last = run->stop_count ? &run->stops[run->stop_count - 1] : NULL;
    return last && last->until == DATE_NONE ? last : NULL;
}

struct period_terms clock_terms(const struct clock_rule *rule, const struct clock_run *run)
{
    bool is_stopped = run->stop_count && run->stops[run->stop_count - 1].until == DATE_NONE;
    return (struct period_terms){
        .anchor = run->anchor,
        .anchor_ms = run->anchor_ms,
        .budget = run->budget,
        .rule = rule->rule,
        .is_rolled = rule->is_rolled,
        .stops = run->stops,
        .stop_count = run->stop_count - is_stopped,
        .extensions = run->extensions,
        .extension_count = run->extension_count,
    };
}

/* Is the moment within the period, by its legal date? */
static bool is_in_time(const struct clock_run *run, struct clock_moment moment)
{
    if (run->budget.unit == PERIOD_HOURS)
        return moment.instant_ms < run->due.due_ms;
    return moment.date <= run->due.last_day;
}

/* Derives the changed run's due date and takes the whole of it over; `run` is untouched else. */
static enum ld_err take_over(const struct clock_rule *rule, const struct rules *rules,
                             int64_t now_ms, struct clock_run *changed, struct clock_run *run)
{
    struct period_terms terms = clock_terms(rule, changed);
    enum ld_err err = period_derive(&terms, rules->calendar, &changed->due);
    if (err)
        return err;
    changed->rungs_done = ladder_moved(rule, rules, run, changed, now_ms);
    if (changed->status != CLOCK_PAUSED) {
        bool is_past = changed->breached_ms != INSTANT_NONE && changed->due.due_ms <= now_ms;
        changed->status = is_past ? CLOCK_OVERDUE : CLOCK_RUNNING;
    }
    *run = *changed;
    return LD_OK;
}

enum ld_err clock_start(const struct clock_rule *rule, const struct rules *rules,
                        struct clock_moment moment, int32_t anchor, struct period budget,
                        struct clock_run *run)
{
    struct clock_run next = {
        .status = CLOCK_RUNNING,
        .runs = run->runs + 1,
        .started_ms = moment.now_ms,
        .anchor = anchor,
        .anchor_ms = moment.instant_ms,
        .budget = budget,
        .breached_ms = INSTANT_NONE,
        .ended_ms = INSTANT_NONE,
        .ladder_through_ms = moment.now_ms,
        .alert_level = ALERT_NONE,
        .acked_ms = INSTANT_NONE,
    };
    struct period_terms terms = clock_terms(rule, &next);
    enum ld_err err = period_derive(&terms, rules->calendar, &next.due);
    if (err)
        return err;
    next.rungs_done = ladder_done(rule, rules, &next);
    *run = next;
    return LD_OK;
}

/* Opens a stop, not before the end of the one before it: stops never overlap. */
static enum ld_err begin_stop(struct clock_run *run, int32_t date, int64_t instant_ms)
{
    struct period_stop stop = {date, DATE_NONE, instant_ms, INSTANT_NONE};
    if (run->stop_count == CLOCK_STOPS_MAX)
        return LD_FULL;
    if (run->stop_count) {
        const struct period_stop *last = &run->stops[run->stop_count - 1];
        stop.from = last->until > date ? last->until : date;
        stop.from_ms = last->until_ms > instant_ms ? last->until_ms : instant_ms;
    }
    run->stops[run->stop_count++] = stop;
    return LD_OK;
}

/* A second rule that holds a stopped clock from an earlier date on moves the stop's beginning. */
static void widen_stop(struct clock_run *run, struct clock_moment moment)
{
    struct period_stop *stop = open_stop(run);
    struct period_stop before = *stop;
    run->stop_count--;
    enum ld_err err = begin_stop(run, moment.date, moment.instant_ms);
    LD_ASSERT(!err);
    if (before.from < stop->from)
        stop->from = before.from;
    if (before.from_ms < stop->from_ms)
        stop->from_ms = before.from_ms;
}

static void end_stop(struct clock_run *run, struct clock_moment moment)
{
    struct period_stop *stop = open_stop(run);
    LD_ASSERT(stop);
    stop->until = moment.date > stop->from ? moment.date : stop->from;
    stop->until_ms = moment.instant_ms > stop->from_ms ? moment.instant_ms : stop->from_ms;
}

enum ld_err clock_continue(const struct clock_rule *rule, const struct rules *rules,
                           struct clock_moment moment, struct clock_run *run)
{
    struct clock_run next = *run;
    if (clock_is_open(run->status))
        return LD_OK;
    if (run->status == CLOCK_IDLE)
        return LD_INVALID;
    if (!open_stop(&next)) {
        int32_t ended = date_of_instant(run->ended_ms, rules->calendar->zone_minutes);
        enum ld_err err = begin_stop(&next, ended, run->ended_ms);
        if (err)
            return err;
    }
    end_stop(&next, moment);
    next.status = CLOCK_RUNNING;
    next.ended_ms = INSTANT_NONE;
    next.days_late = 0;
    next.alert_level = ALERT_NONE;
    return take_over(rule, rules, moment.now_ms, &next, run);
}

enum ld_err clock_pause(const struct clock_rule *rule, const struct rules *rules,
                        struct clock_moment moment, uint32_t pause, struct clock_run *run)
{
    struct clock_run next = *run;
    LD_ASSERT(pause <= CLOCK_SUSPENSION);
    uint32_t bit = UINT32_C(1) << pause;
    bool is_paused = run->status == CLOCK_PAUSED;
    if (!clock_is_open(run->status) || run->pauses_active & bit)
        return LD_OK;
    if (!is_paused && !is_in_time(run, moment))
        return LD_OK;
    next.pauses_active |= bit;
    next.status = CLOCK_PAUSED;
    if (is_paused) {
        widen_stop(&next, moment);
    } else {
        enum ld_err err = begin_stop(&next, moment.date, moment.instant_ms);
        if (err)
            return err;
    }
    return take_over(rule, rules, moment.now_ms, &next, run);
}

enum ld_err clock_resume(const struct clock_rule *rule, const struct rules *rules,
                         struct clock_moment moment, uint32_t pause, struct clock_run *run)
{
    struct clock_run next = *run;
    LD_ASSERT(pause <= CLOCK_SUSPENSION);
    uint32_t bit = UINT32_C(1) << pause;
    if (!clock_is_open(run->status) || !(run->pauses_active & bit))
        return LD_OK;
    next.pauses_active &= ~bit;
    if (next.pauses_active) {
        *run = next;
        return LD_OK;
    }
    end_stop(&next, moment);
    next.status = CLOCK_RUNNING;
    return take_over(rule, rules, moment.now_ms, &next, run);
}

static uint32_t extensions_by(const struct clock_run *run, uint32_t extend)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->extension_count; i++)
        count += run->extension_rule[i] == extend;
    return count;
}

enum clock_extend_refusal clock_extend(const struct clock_rule *rule, const struct rules *rules,
                                       struct clock_moment moment, uint32_t extend,
                                       struct period by, struct clock_run *run)
{
    LD_ASSERT(extend < rule->extend_count);
    const struct clock_extend *how = &rule->extends[extend];
    struct clock_run next = *run;
    if (!clock_is_open(run->status))
        return EXTEND_NOT_RUNNING;
    if (how->times && extensions_by(run, extend) >= how->times)
        return EXTEND_USED_UP;
    if (how->is_before_due && run->status != CLOCK_PAUSED && !is_in_time(run, moment))
        return EXTEND_AFTER_DUE;
    if (run->extension_count == CLOCK_EXTENSIONS_MAX)
        return EXTEND_FULL;
    next.extensions[next.extension_count] = (struct period_extension){by, moment.date};
    next.extension_rule[next.extension_count++] = (uint8_t)extend;
    if (take_over(rule, rules, moment.now_ms, &next, run) != LD_OK)
        return EXTEND_FULL;
    return EXTEND_OK;
}

bool clock_has_lapsed(const struct clock_rule *rule, const struct clock_run *run)
{
    bool is_stopped = run->stop_count && run->stops[run->stop_count - 1].until == DATE_NONE;
    return rule->is_right && run->status == CLOCK_CANCELLED && !is_stopped
           && run->due.due_ms <= run->ended_ms;
}

bool clock_can_end(const struct clock_rule *rule, struct clock_moment moment,
                   const struct clock_run *run)
{
    return clock_is_open(run->status) || (clock_has_lapsed(rule, run) && is_in_time(run, moment));
}

void clock_end(const struct clock_rule *rule, struct clock_moment moment, struct clock_run *run)
{
    if (!clock_can_end(rule, moment, run))
        return;
    bool is_met = run->status == CLOCK_PAUSED || is_in_time(run, moment);
    if (rule->is_right && !is_met) {
        clock_cancel(moment, run);
        return;
    }
    run->status = is_met ? CLOCK_MET : CLOCK_MET_LATE;
    if (!is_met && moment.date > run->due.last_day)
        run->days_late = moment.date - run->due.last_day;
    run->ended_ms = moment.now_ms;
    run->pauses_active = 0;
    /* Where the run may go on, the days from here are a stop. Without room for one more
     * clock_continue refuses for the same reason. */
    if (rule->continues && !open_stop(run))
        (void)begin_stop(run, moment.date, moment.instant_ms);
}

void clock_cancel(struct clock_moment moment, struct clock_run *run)
{
    if (!clock_is_open(run->status))
        return;
    run->status = CLOCK_CANCELLED;
    run->ended_ms = moment.now_ms;
    run->pauses_active = 0;
}

enum ld_err clock_rederive(const struct clock_rule *rule, const struct rules *rules, int64_t now_ms,
                           struct clock_run *run)
{
    struct clock_run next = *run;
    if (!clock_is_open(run->status))
        return LD_OK;
    return take_over(rule, rules, now_ms, &next, run);
}

int64_t clock_next_ms(const struct clock_rule *rule, const struct rules *rules,
                      const struct clock_run *run)
{
    if (run->status != CLOCK_RUNNING && run->status != CLOCK_OVERDUE)
        return INSTANT_NONE;
    int64_t next_ms = ladder_next_ms(rule, rules, run);
    if (run->status == CLOCK_OVERDUE)
        return next_ms;
    return next_ms == INSTANT_NONE || run->due.due_ms < next_ms ? run->due.due_ms : next_ms;
}

/* LANGUAGE §4 `repeat`: from its last day it starts again. A period that cannot be counted on, or
 * that would never end (a given date), is cancelled: it could not ask for anything but itself. */
static enum ld_err start_again(const struct clock_rule *rule, const struct rules *rules,
                               int64_t now_ms, struct clock_run *run)
{
    struct clock_moment moment = {run->due.last_day, run->due.due_ms, now_ms};
    struct clock_run next = *run;
    enum ld_err err = clock_start(rule, rules, moment, moment.date, run->budget, &next);
    if (!err && next.due.due_ms <= run->due.due_ms)
        err = LD_INVALID;
    if (err) {
        clock_cancel(moment, run);
        return err;
    }
    next.alert_level = run->alert_level;
    next.ladder_through_ms = run->ladder_through_ms;
    next.rungs_done = ladder_done(rule, rules, &next);
    *run = next;
    return LD_OK;
}

enum ld_err clock_fire(const struct clock_rule *rule, const struct rules *rules, int64_t instant_ms,
                       struct clock_run *run, struct clock_firing *ret_firing)
{
    struct clock_firing firing = {0};
    if (instant_ms == INSTANT_NONE || instant_ms != clock_next_ms(rule, rules, run))
        return LD_INVALID;
    firing.is_due = run->status == CLOCK_RUNNING && run->due.due_ms == instant_ms;
    bool is_lapsing = firing.is_due && rule->is_right; /* nobody is told of that */
    if (!is_lapsing && ladder_fires(rule, rules, run, instant_ms, &firing)
        && firing.level > run->alert_level)
        run->alert_level = firing.level;
    run->rungs_done = ladder_fired(rule, rules, run, instant_ms);
    if (instant_ms > run->ladder_through_ms)
        run->ladder_through_ms = instant_ms;
    *ret_firing = firing;
    if (!firing.is_due)
        return LD_OK;
    if (rule->repeats)
        return start_again(rule, rules, instant_ms, run);
    if (is_lapsing) {
        clock_cancel((struct clock_moment){run->due.last_day, instant_ms, instant_ms}, run);
        return LD_OK;
    }
    run->status = CLOCK_OVERDUE;
    if (run->breached_ms == INSTANT_NONE)
        run->breached_ms = instant_ms;
    return LD_OK;
}
