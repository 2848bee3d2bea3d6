/* When the rungs of a ladder fire (LANGUAGE "Ladders and the directory", DOMAIN R-16).
 *
 * Instants are never kept: they follow from the due date. Of each rung a bit is, whether it has
 * fired or was skipped, and of repeats and of `else-tell` the run's watermark. So a restart, a
 * replay, a moved due date or another calendar can neither lose an alert nor raise it twice.
 *
 * Choices where the language is silent:
 * - A rung in days whose hour is not before the due instant (a clock in hours due at 08:00) moves
 *   back to the working day before, for a warning after the event is none.
 * - Repeats count on from the rung's date, at the policy's hour, and do not move off a day off.
 * - `ack-within` of the `due` rung counts from the day that the due instant begins: what falls due
 *   on Thursday at 24:00 is to be acknowledged by Monday 09:00 if Friday alone is worked between.
 * - Nobody is blamed for not acknowledging what was never raised: a rung that was skipped at the
 *   start, or that a higher one at the same instant stood for, has no `else-tell`.
 * - A fresh acknowledgement begins `ack-within` anew, and it may run out again.
 * - An `else-tell` at the instant of another rung counts as one of the several: the higher level
 *   remains, and of equal levels the `else-tell`, which would not come again.
 * - A right lapses when it is due, and is nobody's breach: its rungs from then on never fire. */
#include "workflows/core/ladder.h"

#include "base/assert.h"

struct rungs {
    const struct rules *rules;
    const struct clock_run *run;
    const struct rung *rung;
    uint32_t count;
    int64_t at_ms[LADDER_RUNGS_MAX];
};

static int64_t at_alert_hour(const struct rules *rules, int32_t date)
{
    return instant_of_date(date, rules->calendar->zone_minutes)
           + (int64_t)rules->policy->alert_hour * HOUR_MS;
}

static int32_t date_at(const struct rules *rules, int64_t instant_ms)
{
    return date_of_instant(instant_ms, rules->calendar->zone_minutes);
}

/* The instant some time after another: hours exactly, the rest by date at the policy's hour. */
static int64_t instant_after(const struct rules *rules, int64_t base_ms, struct period by)
{
    int32_t date;
    if (by.unit == PERIOD_HOURS)
        return base_ms + (int64_t)by.amount * HOUR_MS;
    if (by.unit == PERIOD_UNTIL)
        return INSTANT_NONE;
    if (period_add(rules->calendar, date_at(rules, base_ms), by, RULE_CIVIL, &date) != LD_OK)
        return INSTANT_NONE;
    return at_alert_hour(rules, date);
}

static int64_t instant_before(const struct rules *rules, const struct period_due *due, int32_t date)
{
    const struct calendar *calendar = rules->calendar;
    int64_t instant_ms = at_alert_hour(rules, calendar_roll_back(calendar, date));
    if (instant_ms >= due->due_ms)
        instant_ms = at_alert_hour(rules, calendar_roll_back(calendar, date - 1));
    return instant_ms;
}

/* Has this rung fired, or was it skipped? */
static bool is_done(const struct rungs *rungs, uint32_t index)
{
    if (rungs->run->rungs_done & RUNGS_KNOWN)
        return rungs->run->rungs_done >> index & 1;
    return rungs->at_ms[index] <= rungs->run->ladder_through_ms;
}

static int64_t rung_instant(const struct rung *rung, const struct rules *rules,
                            const struct period_due *due)
{
    int32_t amount = rung->is_before ? -rung->amount : rung->amount;
    int32_t date;
    if (rung->unit == PERIOD_UNTIL)
        return due->due_ms;
    if (rung->unit == PERIOD_HOURS)
        return due->due_ms + (int64_t)amount * HOUR_MS;
    struct period by = {amount, rung->unit};
    if (period_add(rules->calendar, due->last_day, by, RULE_CIVIL, &date) != LD_OK)
        return INSTANT_NONE;
    return amount <= 0 ? instant_before(rules, due, date) : at_alert_hour(rules, date);
}

static void rungs_init(struct rungs *rungs, const struct clock_rule *rule,
                       const struct rules *rules, const struct clock_run *run)
{
    const struct ladder *ladder = NULL;
    *rungs = (struct rungs){.rules = rules, .run = run};
    if (rules->policy && rule->ladder.size && run->status != CLOCK_IDLE)
        ladder = policy_ladder(rules->policy, rule->ladder);
    if (!ladder)
        return;
    LD_ASSERT(ladder->rung_count <= LADDER_RUNGS_MAX);
    rungs->rung = ladder->rungs;
    rungs->count = ladder->rung_count;
    for (uint32_t i = 0; i < rungs->count; i++) {
        rungs->at_ms[i] = rung_instant(&rungs->rung[i], rules, &run->due);
        if (rule->is_right && rungs->at_ms[i] >= run->due.due_ms)
            rungs->at_ms[i] = INSTANT_NONE;
    }
}

/* A number of repeats that is surely not too large, so that nobody counts ten years of days. */
static int32_t repeats_at_least(const struct rungs *rungs, uint32_t index, int64_t after_ms)
{
    struct period by = rungs->rung[index].repeat;
    const struct calendar *calendar = rungs->rules->calendar;
    int32_t from = date_at(rungs->rules, rungs->at_ms[index]);
    int32_t until = date_at(rungs->rules, after_ms);
    int64_t repeats = 0;
    if (after_ms <= rungs->at_ms[index])
        return 1;
    switch (by.unit) {
    case PERIOD_HOURS: repeats = (after_ms - rungs->at_ms[index]) / HOUR_MS / by.amount; break;
    case PERIOD_DAYS: repeats = (until - from) / by.amount; break;
    case PERIOD_WORKING_DAYS:
        repeats = calendar_count_working(calendar, from, until) / by.amount;
        break;
    case PERIOD_MONTHS: repeats = (until - from) / 31 / by.amount; break;
    case PERIOD_YEARS: repeats = (until - from) / 366 / by.amount; break;
    case PERIOD_UNTIL: break;
    }
    return repeats > 1 ? (int32_t)repeats - 1 : 1;
}

/* The first repetition of a rung after an instant, or INSTANT_NONE. */
static int64_t next_repeat(const struct rungs *rungs, uint32_t index, int64_t after_ms)
{
    struct period by = rungs->rung[index].repeat;
    if (by.amount < 1 || by.unit == PERIOD_UNTIL)
        return INSTANT_NONE;
    int32_t repeats = repeats_at_least(rungs, index, after_ms);
    for (;; repeats++) {
        if (repeats > INT32_MAX / by.amount)
            return INSTANT_NONE;
        struct period sum = {by.amount * repeats, by.unit};
        int64_t instant_ms = instant_after(rungs->rules, rungs->at_ms[index], sum);
        if (instant_ms == INSTANT_NONE || instant_ms > after_ms)
            return instant_ms;
    }
}

static bool outranks(const struct rungs *rungs, uint32_t left, uint32_t right)
{
    enum alert_level left_level = rungs->rung[left].level;
    enum alert_level right_level = rungs->rung[right].level;
    return left_level != right_level ? left_level > right_level : left > right;
}

/* Did this rung itself fire, or will it: not skipped at the start, not merged into a higher one? */
static bool is_raised(const struct rungs *rungs, uint32_t index)
{
    if (rungs->at_ms[index] <= rungs->run->started_ms)
        return false;
    for (uint32_t i = 0; i < rungs->count; i++)
        if (rungs->at_ms[i] == rungs->at_ms[index] && outranks(rungs, i, index))
            return false;
    return true;
}

/* When a rung turns to the next because nobody acknowledged it, or INSTANT_NONE. */
static int64_t else_instant(const struct rungs *rungs, uint32_t index)
{
    const struct rung *rung = &rungs->rung[index];
    if (rung->ack_within.amount < 1 || rung->else_tell_count == 0 || !is_raised(rungs, index))
        return INSTANT_NONE;
    int64_t base_ms = rungs->at_ms[index];
    if (rungs->run->acked_ms != INSTANT_NONE && rungs->run->acked_ms > base_ms)
        base_ms = rungs->run->acked_ms;
    return instant_after(rungs->rules, base_ms, rung->ack_within);
}

/* The next instant at which this rung fires, repeats or turns to the next. */
static int64_t next_of_rung(const struct rungs *rungs, uint32_t index)
{
    int64_t at_ms = rungs->at_ms[index], after_ms = rungs->run->ladder_through_ms;
    if (at_ms == INSTANT_NONE || !is_done(rungs, index))
        return at_ms;
    int64_t repeat_ms = next_repeat(rungs, index, after_ms);
    int64_t else_ms = else_instant(rungs, index);
    if (else_ms <= after_ms)
        return repeat_ms;
    return repeat_ms == INSTANT_NONE || else_ms < repeat_ms ? else_ms : repeat_ms;
}

int64_t ladder_next_ms(const struct clock_rule *rule, const struct rules *rules,
                       const struct clock_run *run)
{
    struct rungs rungs;
    int64_t first_ms = INSTANT_NONE;
    rungs_init(&rungs, rule, rules, run);
    for (uint32_t i = 0; i < rungs.count; i++) {
        int64_t next_ms = next_of_rung(&rungs, i);
        if (next_ms != INSTANT_NONE && (first_ms == INSTANT_NONE || next_ms < first_ms))
            first_ms = next_ms;
    }
    return first_ms;
}

/* Of what happens at one instant the highest remains. */
static void merge(struct clock_firing *firing, const struct rungs *rungs, uint32_t index,
                  bool is_unacknowledged)
{
    const struct rung *rung = &rungs->rung[index];
    bool is_higher = !firing->is_alert || rung->level > firing->level;
    bool is_equal = firing->is_alert && rung->level == firing->level;
    if (is_equal)
        is_higher = is_unacknowledged || !firing->is_unacknowledged;
    if (!is_higher)
        return;
    firing->is_alert = true;
    firing->is_unacknowledged = is_unacknowledged;
    firing->level = rung->level;
    firing->rung = rung;
    firing->rung_index = index;
}

bool ladder_fires(const struct clock_rule *rule, const struct rules *rules,
                  const struct clock_run *run, int64_t instant_ms, struct clock_firing *ret_firing)
{
    struct rungs rungs;
    struct clock_firing firing = *ret_firing;
    bool is_ahead = instant_ms > run->ladder_through_ms;
    rungs_init(&rungs, rule, rules, run);
    for (uint32_t i = 0; i < rungs.count; i++) {
        if (rungs.at_ms[i] == INSTANT_NONE || rungs.at_ms[i] > instant_ms)
            continue;
        if (rungs.at_ms[i] == instant_ms && !is_done(&rungs, i))
            merge(&firing, &rungs, i, false);
        if (!is_ahead || !is_done(&rungs, i))
            continue;
        if (next_repeat(&rungs, i, instant_ms - 1) == instant_ms)
            merge(&firing, &rungs, i, false);
        if (else_instant(&rungs, i) == instant_ms)
            merge(&firing, &rungs, i, true);
    }
    if (firing.is_alert)
        *ret_firing = firing;
    return firing.is_alert;
}

uint32_t ladder_done(const struct clock_rule *rule, const struct rules *rules,
                     const struct clock_run *run)
{
    struct rungs rungs;
    uint32_t done = RUNGS_KNOWN;
    rungs_init(&rungs, rule, rules, run);
    for (uint32_t i = 0; i < rungs.count; i++)
        if (rungs.at_ms[i] <= run->ladder_through_ms)
            done |= UINT32_C(1) << i;
    return done;
}

static uint32_t known_done(const struct clock_rule *rule, const struct rules *rules,
                           const struct clock_run *run)
{
    return run->rungs_done & RUNGS_KNOWN ? run->rungs_done : ladder_done(rule, rules, run);
}

uint32_t ladder_fired(const struct clock_rule *rule, const struct rules *rules,
                      const struct clock_run *run, int64_t instant_ms)
{
    struct rungs rungs;
    uint32_t done = known_done(rule, rules, run);
    rungs_init(&rungs, rule, rules, run);
    for (uint32_t i = 0; i < rungs.count; i++)
        if (rungs.at_ms[i] == instant_ms)
            done |= UINT32_C(1) << i;
    return done;
}

uint32_t ladder_moved(const struct clock_rule *rule, const struct rules *rules,
                      const struct clock_run *before, const struct clock_run *after, int64_t now_ms)
{
    struct rungs rungs;
    uint32_t done = known_done(rule, rules, before);
    rungs_init(&rungs, rule, rules, after);
    for (uint32_t i = 0; i < rungs.count; i++)
        if (rungs.at_ms[i] > now_ms)
            done &= ~(UINT32_C(1) << i);
    return done;
}

void clock_rung_instants(const struct clock_rule *rule, const struct rules *rules,
                         const struct clock_run *run, int64_t ret_instants[LADDER_RUNGS_MAX])
{
    struct rungs rungs;
    rungs_init(&rungs, rule, rules, run);
    for (uint32_t i = 0; i < LADDER_RUNGS_MAX; i++)
        ret_instants[i] = i < rungs.count ? rungs.at_ms[i] : INSTANT_NONE;
}
