/* The case machine's entrance: what kind of input, is this event allowed, which handler takes it.
 *
 * The checks of an event stand in one order, so that the first thing wrong is the one told:
 * seen before → known event → sender → role → does the state take it → data → legal date → branch.
 *
 * Invariants: the case is only read; an effect is either a refusal without facts or a decision with
 * all of its facts; what a step does depends on its arguments alone. */
#include "workflows/core/case.h"

#include "workflows/core/case_step.h"

#include <string.h>

struct fact *step_emit(struct step *step, enum fact_kind kind, int32_t index)
{
    struct effects *effects = step->effects;
    LD_ASSERT(effects->fact_count < EFFECTS_MAX); /* proved by the compiler of definitions */
    struct fact *fact = &effects->facts[effects->fact_count++];
    *fact = (struct fact){.kind = kind, .index = index};
    return fact;
}

bool step_refuse(struct step *step, enum refusal refusal, struct bytes detail, struct bytes wanted)
{
    step->effects->fate = FATE_REFUSED;
    step->effects->refusal = refusal;
    step->effects->detail = detail;
    step->effects->detail_wanted = wanted;
    step->effects->fact_count = 0;
    step->opening_count = step->emitted = 0;
    return false;
}

struct step_mark step_mark(const struct step *step)
{
    return (struct step_mark){step->effects->fact_count, step->opening_count, step->emitted};
}

void step_void(struct step *step, struct step_mark mark, int32_t clock, struct bytes why)
{
    step->effects->fate = FATE_APPLIED;
    step->effects->refusal = REFUSAL_NONE;
    step->effects->detail = step->effects->detail_wanted = BYTES_NONE;
    step->effects->fact_count = mark.facts;
    step->env.subs_open = step->subs_open -= step->opening_count - mark.openings;
    step->opening_count = mark.openings;
    step->emitted = mark.emitted;
    step_emit(step, FACT_PROBLEM, clock)->text = why;
}

bool step_may_refuse(const struct step *step)
{
    return step->input->kind == INPUT_EVENT || step->input->kind == INPUT_OPEN;
}

bool step_trouble(struct step *step, enum refusal refusal, struct bytes what, const char *why)
{
    if (step_may_refuse(step))
        return step_refuse(step, refusal, what, bytes_from_text(why));
    struct bytes parts[] = {what, BYTES_LITERAL(": "), bytes_from_text(why)};
    struct bytes text = step_join_text(step, parts, 3);
    step_emit(step, FACT_PROBLEM, INDEX_NONE)->text = text;
    return false;
}

enum expr_err step_eval(struct step *step, const struct expr *expr, struct value *ret_value)
{
    enum expr_err err = expr_eval(expr, &step->env, step->arena, ret_value);
    if (err == EXPR_ERR_MEMORY)
        step->is_exhausted = true;
    return err;
}

struct bytes step_join_text(struct step *step, const struct bytes *parts, uint32_t count)
{
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++)
        size += parts[i].size;
    uint8_t *text = arena_alloc(step->arena, size + 1);
    if (!text) {
        step->is_exhausted = true;
        return BYTES_NONE;
    }
    struct buffer buffer;
    buffer_init(&buffer, text, size);
    for (uint32_t i = 0; i < count; i++)
        buffer_put(&buffer, parts[i]);
    return buffer_bytes(&buffer);
}

static const struct event_type *event_of(const struct step *step)
{
    return &step->program->events[step->event];
}

static const struct case_event *published(const struct step *step)
{
    return step->event_given;
}

/* LANGUAGE §1: parties of this case, or kinds of unit; a party's name wins. Before a case exists
 * its parties are not bound: there the kind that the party must have stands for it. */
static bool sender_matches(const struct step *step, const struct event_sender *sender,
                           const struct unit *unit)
{
    if (sender->party == INDEX_NONE)
        return bytes_equal(sender->kind, unit->kind);
    const struct value *bound = &step->parties[sender->party];
    if (bound->kind == VALUE_UNIT)
        return bytes_equal(bound->as.text, unit->id);
    const struct party *party = &step->program->parties[sender->party];
    return !step->before->is_open && party->kind.size && bytes_equal(party->kind, unit->kind);
}

/* "agency, procuratorate": who may publish it, for the refusal. */
static struct bytes senders_wanted(struct step *step)
{
    const struct event_type *event = event_of(step);
    struct bytes parts[2 * (PROGRAM_PARTIES_MAX + 1)];
    uint32_t count = 0;
    for (uint32_t i = 0; i < event->from_count && count + 2 <= 2 * PROGRAM_PARTIES_MAX; i++) {
        const struct event_sender *sender = &event->from[i];
        if (i)
            parts[count++] = BYTES_LITERAL(", ");
        parts[count++] =
            sender->party == INDEX_NONE ? sender->kind : step->program->parties[sender->party].name;
    }
    return step_join_text(step, parts, count);
}

static bool check_sender(struct step *step)
{
    const struct event_type *event = event_of(step);
    const struct unit *unit = directory_unit(step->rules->directory, published(step)->source);
    for (uint32_t i = 0; unit && i < event->from_count; i++) {
        if (sender_matches(step, &event->from[i], unit))
            return true;
    }
    return step_refuse(step, REFUSAL_WRONG_SENDER, published(step)->source, senders_wanted(step));
}

static bool check_role(struct step *step)
{
    const struct event_type *event = event_of(step);
    for (uint32_t i = 0; i < published(step)->role_count; i++) {
        if (bytes_equal(published(step)->roles[i], event->role))
            return true;
    }
    return event->role.size == 0 || step_refuse(step, REFUSAL_WRONG_ROLE, BYTES_NONE, event->role);
}

bool step_check_data(struct step *step)
{
    static const enum refusal refusals[] = {
        [DATA_MISSING] = REFUSAL_MISSING_DATA, [DATA_MISTYPED] = REFUSAL_BAD_DATA,
        [DATA_UNKNOWN] = REFUSAL_UNKNOWN_DATA, [DATA_OUT_OF_RANGE] = REFUSAL_BAD_DATA,
        [DATA_NO_UNIT] = REFUSAL_BAD_DATA,
    };
    const struct event_type *event = event_of(step);
    struct data_problem problem = {0};
    enum ld_err err =
        program_type_data(event->fields, event->field_count, &published(step)->data,
                          step->rules->directory, step->arena, &step->env.event_data, &problem);
    if (err == LD_OK)
        return true;
    if (err == LD_FULL)
        step->is_exhausted = true;
    return step_refuse(step, refusals[problem.kind], problem.field, problem.wanted);
}

int32_t event_legal_date(const struct program *program, int32_t event_index,
                         const struct value *typed_data, const struct case_event *event,
                         int64_t now_ms, int zone_minutes)
{
    int32_t field =
        event_index == INDEX_NONE ? INDEX_NONE : program->events[event_index].date_field;
    if (field != INDEX_NONE && typed_data) {
        const struct value *value = &typed_data[field];
        if (value->kind == VALUE_DATE)
            return value->as.date;
        if (value->kind == VALUE_TIMESTAMP)
            return date_of_instant(value->as.timestamp_ms, zone_minutes);
    }
    return date_of_instant(event->time_ms != INSTANT_NONE ? event->time_ms : now_ms, zone_minutes);
}

bool event_may_start(const struct program *program, const struct rules *rules,
                     const struct case_event *event, int64_t now_ms, struct arena *scratch)
{
    const struct event_type *start = &program->events[program->start_event];
    const struct value *typed = NULL;
    struct data_problem problem = {0};
    enum ld_err err = program_type_data(start->fields, start->field_count, &event->data,
                                        rules->directory, scratch, &typed, &problem);
    if (err != LD_OK)
        return true;
    int32_t date = event_legal_date(program, program->start_event, typed, event, now_ms,
                                    rules->calendar->zone_minutes);
    return date == DATE_NONE || program_is_effective(program, date);
}

/* The legal date, and the instant from which periods in hours count: what the publisher says, but
 * never later than the engine's own time. */
bool step_check_date(struct step *step)
{
    const struct case_event *event = published(step);
    int zone = step->rules->calendar->zone_minutes;
    int64_t now_ms = step->input->now_ms;
    int32_t today = date_of_instant(now_ms, zone);
    int32_t date =
        event_legal_date(step->program, step->event, step->env.event_data, event, now_ms, zone);
    step->effects->legal_date = date;
    if (date > today)
        return step_refuse(step, REFUSAL_FUTURE_DATE, BYTES_NONE, BYTES_NONE);
    bool is_past = event->time_ms != INSTANT_NONE && event->time_ms < now_ms;
    step->moment = (struct clock_moment){date, is_past ? event->time_ms : now_ms, now_ms};
    step->env.event_date = date;
    if (today - date > step->rules->policy->backdate_days)
        step_emit(step, FACT_LATE_ENTRY, INDEX_NONE)->date = date;
    return true;
}

/* The guards that did not hold, as written: "event.data.ok; case.urgent". */
static struct bytes guards_of(struct step *step, const struct handler *handler)
{
    struct bytes parts[32];
    uint32_t count = 0;
    for (uint32_t i = 0; i < handler->branch_count && count + 2 <= 32; i++) {
        if (i)
            parts[count++] = BYTES_LITERAL("; ");
        parts[count++] = handler->branches[i].guard->source;
    }
    return step_join_text(step, parts, count);
}

bool step_take_handler(struct step *step, const struct handler *handler)
{
    enum expr_err err = EXPR_OK;
    const struct branch *branch = step_choose(step, handler->branches, handler->branch_count, &err);
    if (err != EXPR_OK)
        return step_refuse(step, REFUSAL_EXPRESSION, guards_of(step, handler),
                           bytes_from_text(expr_err_word(err)));
    if (!branch)
        return step_refuse(step, REFUSAL_NO_BRANCH, guards_of(step, handler), BYTES_NONE);
    if (branch->refuse.zh.size)
        return step_refuse(step, REFUSAL_BY_RULE, branch->refuse.zh, branch->refuse.en);
    return step_take_branch(step, branch);
}

static bool open_case(struct step *step)
{
    /* Under another case's id there are its sub-cases, and it alone opens those. */
    if (case_parent_id(step->before->id).size)
        return step_refuse(step, REFUSAL_UNKNOWN_CASE, BYTES_NONE, BYTES_NONE);
    if (step->event != step->program->start_event)
        return step_refuse(step, REFUSAL_UNKNOWN_CASE, BYTES_NONE, BYTES_NONE);
    if (!check_sender(step) || !check_role(step) || !step_check_data(step)
        || !step_check_date(step))
        return false;
    struct fact *opened = step_emit(step, FACT_OPENED, INDEX_NONE);
    opened->date = step->moment.date;
    opened->instant_ms = step->moment.now_ms;
    step->effects->fate = FATE_STARTED;
    step->env.case_opened_ms = step->moment.now_ms;
    const struct branch *start = &step->program->start;
    enum expr_err err = EXPR_OK;
    if (!step_choose(step, start, 1, &err))
        return step_refuse(step, REFUSAL_NO_BRANCH, start->guard->source, BYTES_NONE);
    return step_take_branch(step, start);
}

/* What becomes of an event that its sender may publish; NONE: its state takes it. */
static enum refusal refusal_of_state(const struct step *step, const struct handler *handler)
{
    const struct state *state = &step->program->states[step->state];
    if (state->is_end)
        return handler || state->records_late ? REFUSAL_NONE : REFUSAL_CLOSED;
    if (step_is_suspended(step) && !step_suspends(step)
        && !program_allows(step->program, step->event))
        return REFUSAL_SUSPENDED;
    bool is_taken = handler || step_suspends(step) || state_holds(state, step->event);
    return is_taken ? REFUSAL_NONE : REFUSAL_NOT_TAKEN;
}

static bool take_event(struct step *step)
{
    const struct state *state = &step->program->states[step->state];
    const struct handler *handler = program_handler(step->program, step->state, step->event);
    if (!check_sender(step) || !check_role(step))
        return false;
    enum refusal refusal = refusal_of_state(step, handler);
    if (refusal != REFUSAL_NONE)
        return step_refuse(step, refusal, state->name, BYTES_NONE);
    if (!step_check_data(step) || !step_check_date(step))
        return false;
    if (!handler && !step_suspends(step) && !state->is_end)
        return step_hold(step);
    step->effects->fate = state->is_end && !handler ? FATE_RECORDED : FATE_APPLIED;
    if (step_suspends(step) && !step_suspend(step))
        return false;
    return !handler || step_take_handler(step, handler);
}

static bool step_event(struct step *step)
{
    const struct case_event *event = published(step);
    const struct seen_event *seen = case_seen(step->before, event->digest);
    if (seen) {
        step->effects->fate = FATE_DUPLICATE;
        step->effects->first = seen;
        return true;
    }
    if (step->before->seen_count >= CASE_SEEN_MAX)
        return step_refuse(step, REFUSAL_LIMIT, BYTES_NONE, BYTES_NONE);
    if (step->before->is_open && bytes_is(event->type, EVENT_ACKNOWLEDGED))
        return step_acknowledge(step);
    step->event = program_event(step->program, event->type);
    if (step->event == INDEX_NONE)
        return step_refuse(step, REFUSAL_UNKNOWN_EVENT, event->type, BYTES_NONE);
    return step->before->is_open ? take_event(step) : open_case(step);
}

/* A calendar, policy or directory of another version: every open clock is derived again. */
static void step_rules(struct step *step)
{
    for (uint32_t i = 0; i < step->program->clock_count; i++) {
        struct clock_run derived = *step->runs[i];
        if (!clock_is_open(derived.status))
            continue;
        enum ld_err err =
            clock_rederive(&step->program->clocks[i], step->rules, step->input->now_ms, &derived);
        const struct period_due *old = &step->runs[i]->due;
        bool is_same = err == LD_OK && old->due_ms == derived.due.due_ms
                       && old->is_provisional == derived.due.is_provisional
                       && step->runs[i]->rungs_done == derived.rungs_done;
        struct clock_run *run = err == LD_OK && !is_same ? step_change_clock(step, i) : NULL;
        if (err != LD_OK)
            step_emit(step, FACT_PROBLEM, (int32_t)i)->text = bytes_from_text(ld_err_word(err));
        if (run)
            *run = derived;
    }
}

void step_env(struct step *step)
{
    const struct case_event *event = published(step);
    step->env = (struct expr_env){
        .event_type = event->type,
        .event_sender = event->source,
        .event_time_ms = event->time_ms != INSTANT_NONE ? event->time_ms : step->input->now_ms,
        .case_id = step->before->id,
        .case_state =
            step->state != INDEX_NONE ? step->program->states[step->state].name : BYTES_NONE,
        .case_opened_ms = step->before->opened_ms,
        .fields = step->fields,
        .parties = step->parties,
        .clock_last_days = step->last_days,
        .subs_open = step->subs_open,
        .subs_closed = step->subs_closed,
        .calendar = step->rules->calendar,
    };
}

/* The working copy: fields and parties by value, clocks by reference. */
static bool step_init(struct step *step)
{
    const struct program *program = step->program;
    const struct case_state *before = step->before;
    step->state = before->is_open ? before->state : INDEX_NONE;
    step->is_suspended = before->is_suspended;
    step->is_suspended_above = before->is_suspended_above;
    for (uint32_t i = 0; i < before->sub_count; i++)
        step->subs_open += before->subs[i].is_open;
    step->subs_closed = before->sub_count - step->subs_open;
    step->event_given = &step->input->event;
    step->event = INDEX_NONE;
    step->expired = INDEX_NONE;
    step->hops = step->input->kind == INPUT_EVENT ? step->input->event.hops : step->input->hops;
    step->fields = arena_alloc_array(step->arena, program->field_count, sizeof *step->fields);
    step->parties = arena_alloc_array(step->arena, program->party_count, sizeof *step->parties);
    step->runs = arena_alloc_array(step->arena, program->clock_count, sizeof *step->runs);
    step->last_days = arena_alloc_array(step->arena, program->clock_count, sizeof(int32_t));
    if (!step->fields || !step->parties || !step->runs || !step->last_days)
        return false;
    memcpy(step->fields, before->fields, program->field_count * sizeof *step->fields);
    memcpy(step->parties, before->parties, program->party_count * sizeof *step->parties);
    for (uint32_t i = 0; i < program->clock_count; i++) {
        step->runs[i] = &before->clocks[i];
        bool has_run = before->clocks[i].status != CLOCK_IDLE;
        step->last_days[i] = has_run ? before->clocks[i].due.last_day : DATE_NONE;
    }
    step_env(step);
    return true;
}

static void step_run(struct step *step)
{
    switch (step->input->kind) {
    case INPUT_EVENT:
        (void)step_event(step); /* a refusal stands in the effects */
        break;
    case INPUT_TIME:
        if (!step_release(step))
            step_fire_clocks(step);
        break;
    case INPUT_RULES: step_rules(step); break;
    case INPUT_OPEN: (void)step_open(step); break; /* as with an event */
    case INPUT_SUSPEND: (void)step_suspend_above(step, true); break;
    case INPUT_RESUME: (void)step_suspend_above(step, false); break;
    case INPUT_CLOSE: step_close(step); break;
    case INPUT_JOIN: step_join(step); break;
    }
    if (step->effects->fate != FATE_REFUSED)
        step_emit_clocks(step);
}

enum ld_err case_step(const struct program *program, const struct rules *rules,
                      const struct case_state *state, const struct case_input *input,
                      struct arena *arena, struct effects *effects)
{
    LD_ASSERT(rules->calendar && rules->policy && rules->directory);
    LD_ASSERT(state->is_open == (input->kind != INPUT_OPEN) || input->kind == INPUT_EVENT);
    struct fact *facts = effects->facts;
    *effects = (struct effects){.fate = FATE_APPLIED, .facts = facts, .legal_date = DATE_NONE};
    struct step step = {.program = program,
                        .rules = rules,
                        .before = state,
                        .input = input,
                        .arena = arena,
                        .effects = effects};
    if (!step_init(&step))
        return LD_FULL;
    step_run(&step);
    if (step.is_exhausted) {
        effects->fact_count = 0;
        return LD_FULL;
    }
    effects->openings = step.openings;
    effects->opening_count = step.opening_count;
    effects->hops = step.hops;
    return LD_OK;
}
