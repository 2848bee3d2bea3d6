/* What time does to a case: clocks fall due, ladders' rungs raise alerts, an expiry carries the
 * case on. And what people do about an alert: acknowledge it.
 *
 * Recipients are resolved when the rung fires, from the parties of that moment and the directory of
 * that moment; each unit is told once, for the first reason that names it. */
#include "workflows/core/case_step.h"

struct recipients {
    struct alert_recipient rows[ALERT_RECIPIENTS_MAX];
    uint32_t count;
};

static struct bytes party_unit(const struct step *step, int32_t party)
{
    if (party == INDEX_NONE || step->parties[party].kind != VALUE_UNIT)
        return BYTES_NONE;
    return step->parties[party].as.text;
}

static struct bytes named_unit(const struct step *step, const struct tell *tell,
                               const struct clock_rule *rule)
{
    const struct unit *holder;
    switch (tell->kind) {
    case TELL_WHO: return party_unit(step, rule->who);
    case TELL_PARTY: return party_unit(step, program_party(step->program, tell->name));
    case TELL_ROLE:
        holder = directory_role_unit(step->rules->directory, tell->name);
        return holder ? holder->id : BYTES_NONE;
    case TELL_UNIT: break;
    }
    return tell->name;
}

struct bytes step_told(const struct step *step, const struct tell *tell,
                       const struct clock_rule *rule)
{
    struct bytes unit = named_unit(step, tell, rule);
    if (!tell->is_supervisor)
        return unit;
    const struct unit *under = directory_unit(step->rules->directory, unit);
    return under ? under->supervisor : BYTES_NONE;
}

static struct alert_recipient recipient_of(const struct step *step, const struct tell *tell,
                                           const struct clock_rule *rule)
{
    static const enum recipient_reason reasons[] = {
        [TELL_WHO] = RECIPIENT_WHO,
        [TELL_PARTY] = RECIPIENT_PARTY,
        [TELL_UNIT] = RECIPIENT_UNIT,
        [TELL_ROLE] = RECIPIENT_ROLE,
    };
    struct bytes unit = step_told(step, tell, rule);
    if (!tell->is_supervisor)
        return (struct alert_recipient){unit, reasons[tell->kind], tell->name};
    return (struct alert_recipient){unit, RECIPIENT_SUPERVISOR, named_unit(step, tell, rule)};
}

static void add_recipient(struct recipients *recipients, struct alert_recipient recipient)
{
    bool is_new = recipient.unit.size && recipients->count < ALERT_RECIPIENTS_MAX;
    for (uint32_t i = 0; is_new && i < recipients->count; i++)
        is_new = !bytes_equal(recipients->rows[i].unit, recipient.unit);
    if (is_new)
        recipients->rows[recipients->count++] = recipient;
}

static void add_told(const struct step *step, const struct tell *tell, uint32_t count,
                     const struct clock_rule *rule, struct recipients *recipients)
{
    for (uint32_t i = 0; i < count; i++)
        add_recipient(recipients, recipient_of(step, &tell[i], rule));
}

static void raise_alert(struct step *step, uint32_t clock, const struct clock_firing *firing,
                        const struct period_due *due)
{
    const struct clock_rule *rule = &step->program->clocks[clock];
    const struct rung *rung = firing->rung;
    struct recipients *recipients = arena_alloc(step->arena, sizeof *recipients);
    struct alert *alert = arena_alloc(step->arena, sizeof *alert);
    if (!recipients || !alert) {
        step->is_exhausted = true;
        return;
    }
    if (firing->is_unacknowledged)
        add_told(step, rung->else_tell, rung->else_tell_count, rule, recipients);
    else
        add_told(step, rung->tell, rung->tell_count, rule, recipients);
    *alert = (struct alert){
        .level = firing->level,
        .rung = firing->rung_index,
        .is_unacknowledged = firing->is_unacknowledged,
        .instant_ms = step->input->now_ms,
        .last_day = due->last_day,
        .due_ms = due->due_ms,
        .recipients = recipients->rows,
        .recipient_count = recipients->count,
    };
    step_emit(step, FACT_ALERT, (int32_t)clock)->alert = alert;
    step->raised_clocks |= UINT64_C(1) << clock;
}

/* `notify`: a notice at once, whose text may name what the branch has just set. */
void step_notify(struct step *step, const struct action *action)
{
    struct recipients *recipients = arena_alloc(step->arena, sizeof *recipients);
    struct alert *alert = arena_alloc(step->arena, sizeof *alert);
    struct value text;
    if (!recipients || !alert) {
        step->is_exhausted = true;
        return;
    }
    enum expr_err err = step_eval(step, action->text, &text);
    add_told(step, action->tell, action->tell_count, NULL, recipients);
    *alert = (struct alert){
        .level = action->level,
        .instant_ms = step->input->now_ms,
        .last_day = DATE_NONE,
        .due_ms = INSTANT_NONE,
        .recipients = recipients->rows,
        .recipient_count = recipients->count,
    };
    struct fact *notice = step_emit(step, FACT_NOTICE, INDEX_NONE);
    notice->alert = alert;
    /* A notice is not worth an event: what its text cannot name is said in its place. */
    notice->text = err == EXPR_OK ? text.as.text : bytes_from_text(expr_err_word(err));
}

/* `expire`: what the case does the instant this clock falls due. Clocks that it starts count from
 * the last day of the clock that expired (LANGUAGE §4). */
static void carry_out_expiry(struct step *step, uint32_t clock, const struct period_due *due)
{
    const struct clock_rule *rule = &step->program->clocks[clock];
    enum expr_err err;
    const struct branch *branch = step_choose(step, rule->expire, rule->expire_count, &err);
    if (err != EXPR_OK)
        step_emit(step, FACT_PROBLEM, (int32_t)clock)->text = bytes_from_text(expr_err_word(err));
    if (!branch || branch->refuse.zh.size)
        return;
    step->moment = (struct clock_moment){due->last_day, due->due_ms, step->input->now_ms};
    step->expired = (int32_t)clock;
    struct step_mark mark = step_mark(step);
    if (!step_take_branch(step, branch)) /* the case stays where it is, and says why */
        step_void(step, mark, (int32_t)clock, step->effects->detail);
    step->expired = INDEX_NONE;
}

static void fire_clock(struct step *step, uint32_t clock)
{
    const struct clock_rule *rule = &step->program->clocks[clock];
    struct clock_firing firing = {0};
    struct clock_run *run = step_change_clock(step, clock);
    if (!run)
        return;
    struct period_due due = run->due; /* as it was: a repeating clock has moved on afterwards */
    enum ld_err err = clock_fire(rule, step->rules, step->input->now_ms, run, &firing);
    if (err != LD_OK)
        step_emit(step, FACT_PROBLEM, (int32_t)clock)->text = bytes_from_text(ld_err_word(err));
    step->last_days[clock] = run->due.last_day;
    if (firing.is_alert)
        raise_alert(step, clock, &firing, &due);
    if (firing.is_alert && !firing.is_unacknowledged && firing.rung->draft)
        step_open_draft(step, clock, firing.rung, due.last_day);
    if (firing.is_due && rule->expire_count)
        carry_out_expiry(step, clock, &due);
}

void step_fire_clocks(struct step *step)
{
    int zone = step->rules->calendar->zone_minutes;
    int64_t now_ms = step->input->now_ms;
    for (uint32_t i = 0; i < step->program->clock_count; i++) {
        step->moment = (struct clock_moment){date_of_instant(now_ms, zone), now_ms, now_ms};
        if (clock_next_ms(&step->program->clocks[i], step->rules, step->runs[i]) == now_ms)
            fire_clock(step, i);
    }
}

/* Was this unit to be told by any rung of the clock's ladder up to the level that was raised? */
static bool was_told(const struct step *step, uint32_t clock, struct bytes unit)
{
    const struct clock_rule *rule = &step->program->clocks[clock];
    const struct ladder *ladder = policy_ladder(step->rules->policy, rule->ladder);
    struct recipients recipients = {0};
    for (uint32_t i = 0; ladder && i < ladder->rung_count; i++) {
        const struct rung *rung = &ladder->rungs[i];
        if (rung->level > step->runs[clock]->alert_level)
            continue;
        add_told(step, rung->tell, rung->tell_count, rule, &recipients);
        add_told(step, rung->else_tell, rung->else_tell_count, rule, &recipients);
    }
    for (uint32_t i = 0; i < recipients.count; i++) {
        if (bytes_equal(recipients.rows[i].unit, unit))
            return true;
    }
    return false;
}

bool step_acknowledge(struct step *step)
{
    const struct case_event *event = &step->input->event;
    struct bytes name = value_get_text(&event->data, "clock");
    int32_t clock = program_clock(step->program, name);
    if (!name.size)
        return step_refuse(step, REFUSAL_MISSING_DATA, BYTES_LITERAL("clock"),
                           BYTES_LITERAL("text"));
    if (clock == INDEX_NONE)
        return step_refuse(step, REFUSAL_BAD_DATA, BYTES_LITERAL("clock"), BYTES_NONE);
    bool is_raised = step->runs[clock]->alert_level != ALERT_NONE;
    if (!is_raised || !was_told(step, (uint32_t)clock, event->source))
        return step_refuse(step, REFUSAL_NOT_ALERTED, name, BYTES_NONE);
    struct clock_run *run = step_change_clock(step, (uint32_t)clock);
    if (run)
        run->acked_ms = step->input->now_ms;
    int zone = step->rules->calendar->zone_minutes;
    step->effects->legal_date = date_of_instant(step->input->now_ms, zone);
    return run != NULL;
}
