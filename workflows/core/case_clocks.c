/* What an event or a change of state does to the clocks of a case (LANGUAGE §4).
 *
 * In one step the order is: clocks that the event ends → pauses and resumptions → extensions →
 * clocks that the event starts; then, with a change of state: clocks whose states are left, clocks
 * that end on entering, clocks that start on entering; in an end state whatever is still open is
 * cancelled. So a clock may start from the due date of one that the same event ended. */
#include "workflows/core/case_step.h"

static const struct clock_rule *rule_of(const struct step *step, uint32_t clock)
{
    return &step->program->clocks[clock];
}

struct clock_run *step_change_clock(struct step *step, uint32_t clock)
{
    uint64_t bit = UINT64_C(1) << clock;
    if (!(step->changed_clocks & bit)) {
        struct clock_run *copy = arena_alloc(step->arena, sizeof *copy);
        if (!copy) {
            step->is_exhausted = true;
            return NULL;
        }
        *copy = *step->runs[clock];
        step->runs[clock] = copy;
        step->changed_clocks |= bit;
    }
    /* runs[] is read through const everywhere else: this copy is the step's own. */
    return (struct clock_run *)(uintptr_t)step->runs[clock];
}

/* A clock cannot do what the step asks of it. An event is refused for it; time cannot be refused,
 * so there it is put on record as a problem for people to see. */
static bool clock_trouble(struct step *step, uint32_t clock, enum refusal refusal, const char *word)
{
    if (step_may_refuse(step))
        return step_refuse(step, refusal, rule_of(step, clock)->name, bytes_from_text(word));
    step_emit(step, FACT_PROBLEM, (int32_t)clock)->text = bytes_from_text(word);
    return true;
}

static bool evaluate(struct step *step, const struct expr *expr, struct value *ret_value,
                     enum expr_err *ret_err)
{
    *ret_err = step_eval(step, expr, ret_value);
    return *ret_err == EXPR_OK;
}

static const struct clock_period *choose_period(struct step *step, const struct clock_rule *rule,
                                                enum expr_err *ret_err)
{
    for (uint32_t i = 0; i < rule->period_count; i++) {
        struct value held = value_bool(true);
        const struct clock_period *period = &rule->periods[i];
        if (period->guard && !evaluate(step, period->guard, &held, ret_err))
            return NULL;
        if (held.as.boolean)
            return period;
    }
    return NULL;
}

/* The amount in its bounds, as a period. */
static bool period_of(struct step *step, const struct expr *amount, enum period_unit unit,
                      struct period *ret_period)
{
    struct value value;
    enum expr_err err;
    if (!evaluate(step, amount, &value, &err))
        return false;
    if (unit == PERIOD_UNTIL) {
        *ret_period = (struct period){value.as.date, unit};
        return true;
    }
    if (value.as.integer < 1 || value.as.integer > PERIOD_AMOUNT_MAX)
        return false;
    *ret_period = (struct period){(int32_t)value.as.integer, unit};
    return true;
}

/* A suspended case pauses every clock, also one that starts meanwhile. */
static bool suspend_clock(struct step *step, uint32_t clock)
{
    const struct clock_rule *rule = rule_of(step, clock);
    struct clock_run *run = step_change_clock(step, clock);
    if (!run)
        return false;
    enum ld_err err = step_is_suspended(step)
                          ? clock_pause(rule, step->rules, step->moment, CLOCK_SUSPENSION, run)
                          : clock_resume(rule, step->rules, step->moment, CLOCK_SUSPENSION, run);
    if (err != LD_OK)
        return clock_trouble(step, clock, REFUSAL_LIMIT, ld_err_word(err));
    return true;
}

static void note_last_day(struct step *step, uint32_t clock)
{
    step->last_days[clock] = step->runs[clock]->due.last_day;
}

static bool start_anew(struct step *step, uint32_t clock)
{
    const struct clock_rule *rule = rule_of(step, clock);
    enum expr_err expr_err = EXPR_OK;
    const struct clock_period *chosen = choose_period(step, rule, &expr_err);
    struct period budget;
    struct value anchor = value_date(step->moment.date);
    if (expr_err != EXPR_OK)
        return clock_trouble(step, clock, REFUSAL_EXPRESSION, expr_err_word(expr_err));
    if (!chosen)
        return true; /* no period is given for this case: the clock does not run */
    if (!period_of(step, chosen->amount, chosen->unit, &budget))
        return clock_trouble(step, clock, REFUSAL_BAD_DATA, "period");
    if (rule->anchor && !evaluate(step, rule->anchor, &anchor, &expr_err))
        return clock_trouble(step, clock, REFUSAL_EXPRESSION, expr_err_word(expr_err));
    struct clock_run *run = step_change_clock(step, clock);
    if (!run)
        return false;
    enum ld_err err = clock_start(rule, step->rules, step->moment, anchor.as.date, budget, run);
    if (err != LD_OK)
        return clock_trouble(step, clock, REFUSAL_LIMIT, ld_err_word(err));
    note_last_day(step, clock);
    return true;
}

static bool go_on(struct step *step, uint32_t clock)
{
    const struct clock_rule *rule = rule_of(step, clock);
    struct clock_run *run = step_change_clock(step, clock);
    if (!run)
        return false;
    enum ld_err err = clock_continue(rule, step->rules, step->moment, run);
    if (err != LD_OK)
        return clock_trouble(step, clock, REFUSAL_LIMIT, ld_err_word(err));
    note_last_day(step, clock);
    return true;
}

static bool start_clock(struct step *step, uint32_t clock)
{
    bool is_anew = !rule_of(step, clock)->continues || step->runs[clock]->status == CLOCK_IDLE;
    if (!(is_anew ? start_anew(step, clock) : go_on(step, clock)))
        return false;
    bool is_running = clock_is_open(step->runs[clock]->status);
    return !step_is_suspended(step) || !is_running || suspend_clock(step, clock);
}

/* Open; or, of an event, a right that it used in time although it has lapsed meanwhile. */
static bool can_end(const struct step *step, uint32_t clock)
{
    const struct clock_run *run = step->runs[clock];
    return step->event == INDEX_NONE ? clock_is_open(run->status)
                                     : clock_can_end(rule_of(step, clock), step->moment, run);
}

/* Its end has come. The clock whose own falling due carries the case away was not met by that, nor
 * any by the closing of the parent. */
static bool end_clock(struct step *step, uint32_t clock)
{
    struct clock_run *run = step_change_clock(step, clock);
    if (!run)
        return false;
    if (step->is_closing || step->expired == (int32_t)clock)
        clock_cancel(step->moment, run);
    else
        clock_end(rule_of(step, clock), step->moment, run);
    return true;
}

static bool pause_or_resume(struct step *step, uint32_t clock)
{
    const struct clock_rule *rule = rule_of(step, clock);
    for (uint32_t i = 0; i < rule->pause_count; i++) {
        bool is_from = rule->pauses[i].from == step->event;
        bool is_until = rule->pauses[i].until == step->event;
        struct clock_run *run = is_from || is_until ? step_change_clock(step, clock) : NULL;
        enum ld_err err = LD_OK;
        if (run && is_from)
            err = clock_pause(rule, step->rules, step->moment, i, run);
        else if (run)
            err = clock_resume(rule, step->rules, step->moment, i, run);
        if (err != LD_OK)
            return clock_trouble(step, clock, REFUSAL_LIMIT, ld_err_word(err));
        note_last_day(step, clock);
    }
    return true;
}

static bool extend(struct step *step, uint32_t clock, uint32_t number)
{
    static const enum refusal refusals[] = {
        [EXTEND_OK] = REFUSAL_NONE,
        [EXTEND_NOT_RUNNING] = REFUSAL_CLOCK_NOT_RUNNING,
        [EXTEND_USED_UP] = REFUSAL_EXTENSION_USED_UP,
        [EXTEND_AFTER_DUE] = REFUSAL_EXTENSION_LATE,
        [EXTEND_FULL] = REFUSAL_LIMIT,
    };
    const struct clock_rule *rule = rule_of(step, clock);
    struct period by;
    if (!period_of(step, rule->extends[number].amount, rule->extends[number].unit, &by))
        return step_refuse(step, REFUSAL_BAD_DATA, rule->name, BYTES_NONE);
    struct clock_run *run = step_change_clock(step, clock);
    if (!run)
        return false;
    enum clock_extend_refusal refusal =
        clock_extend(rule, step->rules, step->moment, number, by, run);
    if (refusal != EXTEND_OK)
        return step_refuse(step, refusals[refusal], rule->name, BYTES_NONE);
    note_last_day(step, clock);
    return true;
}

static bool extend_all(struct step *step, uint32_t clock)
{
    const struct clock_rule *rule = rule_of(step, clock);
    for (uint32_t i = 0; i < rule->extend_count; i++) {
        if (rule->extends[i].event == step->event && !extend(step, clock, i))
            return false;
    }
    return true;
}

static bool is_extended(const struct step *step, uint32_t clock)
{
    const struct clock_rule *rule = rule_of(step, clock);
    for (uint32_t i = 0; i < rule->extend_count; i++) {
        if (rule->extends[i].event == step->event)
            return true;
    }
    return false;
}

/* One event may extend several clocks, of which some run in this case: those it is meant for. Where
 * none runs it is refused for the first. */
static bool runs_extended(const struct step *step)
{
    for (uint32_t i = 0; i < step->program->clock_count; i++) {
        if (is_extended(step, i) && clock_is_open(step->runs[i]->status))
            return true;
    }
    return false;
}

bool step_event_clocks(struct step *step)
{
    uint32_t count = step->program->clock_count;
    for (uint32_t i = 0; i < count; i++) {
        bool is_end = rule_of(step, i)->until_event == step->event;
        if (is_end && can_end(step, i) && !end_clock(step, i))
            return false;
    }
    bool are_idle_spared = runs_extended(step);
    for (uint32_t i = 0; i < count; i++) {
        bool is_spared = are_idle_spared && !clock_is_open(step->runs[i]->status);
        if (!pause_or_resume(step, i) || (!is_spared && !extend_all(step, i)))
            return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        /* A clock that runs is not begun anew by its event: a period once begun is not lost. */
        bool is_start = rule_of(step, i)->from_event == step->event;
        if (is_start && !clock_is_open(step->runs[i]->status) && !start_clock(step, i))
            return false;
    }
    return true;
}

static bool leave_state(struct step *step, int32_t from, int32_t to)
{
    for (uint32_t i = 0; i < step->program->clock_count; i++) {
        const struct clock_rule *rule = rule_of(step, i);
        bool stays = from != to && (rule->states >> to & 1);
        bool is_left = from != INDEX_NONE && (rule->states >> from & 1) && !stays;
        bool is_ended = is_left || rule->until_state == to;
        if (is_ended && can_end(step, i) && !end_clock(step, i))
            return false;
    }
    return true;
}

static bool enter_state(struct step *step, int32_t to)
{
    for (uint32_t i = 0; i < step->program->clock_count; i++) {
        bool runs_here = rule_of(step, i)->states >> to & 1;
        if (runs_here && !clock_is_open(step->runs[i]->status) && !start_clock(step, i))
            return false;
    }
    return true;
}

bool step_state_clocks(struct step *step, int32_t from, int32_t to)
{
    if (!leave_state(step, from, to))
        return false;
    if (!step->program->states[to].is_end)
        return enter_state(step, to);
    for (uint32_t i = 0; i < step->program->clock_count; i++) {
        if (!clock_is_open(step->runs[i]->status))
            continue;
        struct clock_run *run = step_change_clock(step, i);
        if (!run)
            return false;
        clock_cancel(step->moment, run);
    }
    return true;
}

bool step_suspend_clocks(struct step *step)
{
    for (uint32_t i = 0; i < step->program->clock_count; i++) {
        if (!clock_is_open(step->runs[i]->status))
            continue;
        if (!suspend_clock(step, i))
            return false;
        note_last_day(step, i);
    }
    return true;
}

void step_emit_clocks(struct step *step)
{
    for (uint32_t i = 0; i < step->program->clock_count; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if (!(step->changed_clocks & bit))
            continue;
        const struct clock_run *old = &step->before->clocks[i];
        struct clock_run *run = step_change_clock(step, i);
        bool was_raised = (step->raised_clocks & bit) || old->alert_level != ALERT_NONE;
        bool is_over = !clock_is_open(run->status) || run->runs != old->runs;
        if (was_raised && is_over) {
            run->alert_level = ALERT_NONE;
            step_emit(step, FACT_ALERT_CLEARED, (int32_t)i);
        }
        step_emit(step, FACT_CLOCK, (int32_t)i)->run = run;
    }
}
