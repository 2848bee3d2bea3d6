/* One case as a member of its family (family.h): what it wants opened, how it is opened itself, and
 * what reaches it from its parent and its sub-cases.
 *
 * Invariants: what a step wants opened stands both among its facts (FACT_SUB_OPENED, which the
 * case's own list comes from) and among its openings, which say what the sub-case is given; a
 * sub-case's name is checked here, where the case's list is at hand, so that its id is new and fits
 * a key; whether there is such a workflow, and whether it takes what it is given, is found out when
 * the opening itself is decided. */
#include "workflows/core/case_step.h"

enum { DRAFT_VALUES_MAX = ACTION_VALUES_MAX };

#define OUTCOME_WITH_PARENT BYTES_LITERAL("with-parent")

/* --- opening sub-cases ----------------------------------------------------------------------- */

static bool is_used(const struct step *step, struct bytes name)
{
    for (uint32_t i = 0; i < step->before->sub_count; i++) {
        if (bytes_equal(step->before->subs[i].name, name))
            return true;
    }
    for (uint32_t i = 0; i < step->opening_count; i++) {
        if (bytes_equal(step->openings[i].name, name))
            return true;
    }
    return false;
}

bool id_has_control(struct bytes id)
{
    for (size_t i = 0; i < id.size; i++) {
        bool is_c1 = id.ptr[i] == 0xc2 && i + 1 < id.size && id.ptr[i + 1] < 0xa0;
        if (id.ptr[i] < 0x20 || id.ptr[i] == 0x7f || is_c1)
            return true;
    }
    return false;
}

static bool is_plain(struct bytes name)
{
    return name.size > 0 && !id_has_control(name)
           && bytes_find(name, BYTES_LITERAL("/")) == SIZE_MAX;
}

static uint32_t depth_of(struct bytes id)
{
    uint32_t depth = 0;
    for (size_t i = 0; i < id.size; i++)
        depth += id.ptr[i] == '/';
    return depth;
}

/* What is wrong with a name, or NULL. */
static const char *name_problem(const struct step *step, struct bytes name)
{
    if (!is_plain(name))
        return "name";
    if (step->before->id.size + 1 + name.size > CASE_ID_MAX)
        return "too long";
    if (depth_of(step->before->id) >= CASE_DEPTH_MAX)
        return "too deep";
    if (step->before->sub_count + step->opening_count >= CASE_SUBS_MAX)
        return "too many";
    return is_used(step, name) ? "used" : NULL;
}

/* WORKFLOW-N, the first that is not used. */
static struct bytes name_by_number(struct step *step, struct bytes workflow)
{
    struct buffer buffer;
    size_t size = workflow.size + 12;
    uint8_t *memory = arena_alloc(step->arena, size);
    if (!memory) {
        step->is_exhausted = true;
        return workflow;
    }
    for (uint32_t number = 1;; number++) {
        buffer_init(&buffer, memory, size);
        buffer_put(&buffer, workflow);
        buffer_put_u8(&buffer, '-');
        buffer_put_decimal(&buffer, number);
        if (!is_used(step, buffer_bytes(&buffer)))
            return buffer_bytes(&buffer);
    }
}

static bool add_opening(struct step *step, struct opening opening, int32_t bits)
{
    const char *problem = name_problem(step, opening.name);
    if (problem)
        return step_trouble(step, REFUSAL_SUB_CASE, opening.name, problem);
    if (!step->openings)
        step->openings = arena_alloc_array(step->arena, CASE_SUBS_MAX, sizeof *step->openings);
    if (!step->openings) {
        step->is_exhausted = true;
        return false;
    }
    opening.fact = step->effects->fact_count;
    opening.moment = step->moment;
    step->openings[step->opening_count++] = opening;
    struct fact *fact = step_emit(step, FACT_SUB_OPENED, bits);
    fact->text = opening.name;
    fact->value = value_text(opening.workflow);
    step->env.subs_open = ++step->subs_open;
    return true;
}

static bool open_one(struct step *step, const struct action *action)
{
    struct opening opening = {.workflow = action->workflow,
                              .value_count = action->value_count,
                              .bind_count = action->bind_count};
    struct named_value *values = NULL, *binds = NULL;
    struct value name = VALUE_ABSENT;
    enum expr_err err = action->name ? step_eval(step, action->name, &name) : EXPR_OK;
    if (err != EXPR_OK)
        return step_trouble(step, REFUSAL_SUB_CASE, action->name->source, expr_err_word(err));
    if (!step_eval_named(step, action->values, action->value_count, &values)
        || !step_eval_named(step, action->binds, action->bind_count, &binds))
        return false;
    opening.name = action->name ? name.as.text : name_by_number(step, action->workflow);
    opening.values = values;
    opening.binds = binds;
    int32_t bits = (action->suspends ? SUB_SUSPENDS : 0) | (action->closes ? SUB_CLOSES : 0);
    return add_opening(step, opening, bits);
}

static bool open_each(struct step *step, const struct action *action)
{
    struct value list;
    enum expr_err err = step_eval(step, action->each, &list);
    if (err != EXPR_OK)
        return step_trouble(step, REFUSAL_SUB_CASE, action->each->source, expr_err_word(err));
    bool is_open = true;
    for (uint32_t i = 0; is_open && i < list.as.list.count; i++) {
        step->env.element = &list.as.list.items[i];
        is_open = open_one(step, action);
    }
    step->env.element = NULL;
    return is_open;
}

bool step_open_subs(struct step *step, const struct action *action)
{
    bool is_open = action->each ? open_each(step, action) : open_one(step, action);
    return is_open || (!step_may_refuse(step) && !step->is_exhausted); /* then it is on record */
}

static struct value draft_value(const struct clock_rule *rule, const struct rung *rung,
                                enum rung_fact fact, int32_t last_day)
{
    switch (fact) {
    case RUNG_FACT_CLOCK: return value_text(rule->name);
    case RUNG_FACT_TITLE: return value_text(rule->title.zh);
    case RUNG_FACT_BASIS: return value_text(rule->basis);
    case RUNG_FACT_DUE: return value_date(last_day);
    case RUNG_FACT_LEVEL: return value_words(alert_level_word(rung->level));
    case RUNG_FACT_COUNT: break;
    }
    return VALUE_ABSENT;
}

void step_open_draft(struct step *step, uint32_t clock, const struct rung *rung, int32_t last_day)
{
    const struct clock_rule *rule = &step->program->clocks[clock];
    const struct rung_draft *draft = rung->draft;
    struct named_value *values = arena_alloc_array(step->arena, draft->value_count, sizeof *values);
    struct named_value *binds = arena_alloc_array(step->arena, draft->party_count, sizeof *binds);
    if (!values || !binds) {
        step->is_exhausted = true;
        return;
    }
    for (uint32_t i = 0; i < draft->value_count; i++)
        values[i] = (struct named_value){draft->values[i].name,
                                         draft_value(rule, rung, draft->values[i].fact, last_day)};
    for (uint32_t i = 0; i < draft->party_count; i++)
        binds[i] = (struct named_value){draft->parties[i].name,
                                        value_unit(step_told(step, &draft->parties[i].tell, rule))};
    struct opening opening = {.workflow = draft->workflow,
                              .name = name_by_number(step, draft->workflow),
                              .values = values,
                              .binds = binds,
                              .value_count = draft->value_count,
                              .bind_count = draft->party_count};
    (void)add_opening(step, opening, 0); /* time alone opens drafts: it is never refused */
}

/* --- being opened ---------------------------------------------------------------------------- */

/* One value for a field of this case: typed as published data is. */
static bool give_value(struct step *step, const struct named_value *given)
{
    int32_t index = program_field(step->program, given->name);
    if (index == INDEX_NONE)
        return step_refuse(step, REFUSAL_UNKNOWN_DATA, given->name, BYTES_NONE);
    struct value_entry entry = {given->name, given->value};
    struct value map = value_map(&entry, 1);
    const struct value *typed = NULL;
    struct data_problem problem = {0};
    enum ld_err err = program_type_data(&step->program->fields[index], 1, &map,
                                        step->rules->directory, step->arena, &typed, &problem);
    if (err == LD_FULL)
        step->is_exhausted = true;
    if (err != LD_OK)
        return step_refuse(step, REFUSAL_BAD_DATA, problem.field, problem.wanted);
    step->fields[index] = *typed;
    step_emit(step, FACT_FIELD, index)->value = *typed;
    return true;
}

static bool give_party(struct step *step, const struct named_value *given)
{
    int32_t index = program_party(step->program, given->name);
    if (index == INDEX_NONE)
        return step_refuse(step, REFUSAL_UNKNOWN_DATA, given->name, BYTES_NONE);
    if (!step_check_party(step, index, &given->value))
        return false;
    step->parties[index] = given->value;
    step_emit(step, FACT_PARTY, index)->value = given->value;
    return true;
}

static bool is_given(const struct named_value *values, uint32_t count, struct bytes name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes_equal(values[i].name, name) && values[i].value.kind != VALUE_NONE)
            return true;
    }
    return false;
}

/* All that the definition counts on is there. */
static bool check_given(struct step *step, const struct opening *opening)
{
    const struct program *program = step->program;
    for (uint32_t i = 0; i < program->given_field_count; i++) {
        struct bytes name = program->fields[program->given_fields[i]].name;
        if (!is_given(opening->values, opening->value_count, name))
            return step_refuse(step, REFUSAL_MISSING_DATA, name, BYTES_NONE);
    }
    for (uint32_t i = 0; i < program->given_party_count; i++) {
        struct bytes name = program->parties[program->given_parties[i]].name;
        if (!is_given(opening->binds, opening->bind_count, name))
            return step_refuse(step, REFUSAL_MISSING_DATA, name, BYTES_LITERAL("unit"));
    }
    return true;
}

/* Where the workflow also starts by an event, what that carries stands in the given values: of its
 * start remain the state, and the clocks that run from the event. */
static bool start_opened(struct step *step)
{
    const struct branch *start = &step->program->start;
    struct branch entry = {.to = start->to};
    enum expr_err err = EXPR_OK;
    step->event = step->program->start_event;
    if (step->event != INDEX_NONE)
        return step_take_branch(step, &entry);
    if (step_choose(step, start, 1, &err))
        return step_take_branch(step, start);
    return step_refuse(step, REFUSAL_NO_BRANCH, start->guard->source, BYTES_NONE);
}

bool step_open(struct step *step)
{
    const struct opening *opening = step->input->opening;
    step->effects->fate = FATE_STARTED;
    step->effects->legal_date = opening->moment.date;
    step->moment = opening->moment;
    step->env.event_date = opening->moment.date;
    step->env.case_opened_ms = step->input->now_ms;
    struct fact *opened = step_emit(step, FACT_OPENED, INDEX_NONE);
    opened->date = opening->moment.date;
    opened->instant_ms = step->input->now_ms;
    for (uint32_t i = 0; i < opening->value_count; i++) {
        if (!give_value(step, &opening->values[i]))
            return false;
    }
    for (uint32_t i = 0; i < opening->bind_count; i++) {
        if (!give_party(step, &opening->binds[i]))
            return false;
    }
    return check_given(step, opening) && start_opened(step);
}

/* --- what comes from above and from below ---------------------------------------------------- */

void step_close(struct step *step)
{
    const struct program *program = step->program;
    struct branch end = {.to = program->cascade_end, .outcome = OUTCOME_WITH_PARENT};
    if (program->states[step->state].is_end)
        return;
    step->moment = step->input->moment;
    step->is_closing = true;
    struct step_mark mark = step_mark(step);
    if (end.to == INDEX_NONE || !step_take_branch(step, &end))
        step_void(step, mark, INDEX_NONE, BYTES_LITERAL("no end to close in"));
}

/* {count, outcomes}, the one that is closing among them. */
static struct value joined_data(struct step *step, uint32_t closing)
{
    const struct case_state *before = step->before;
    struct value *outcomes = arena_alloc_array(step->arena, before->sub_count, sizeof *outcomes);
    struct value_entry *entries = arena_alloc_array(step->arena, 2, sizeof *entries);
    if (!outcomes || !entries) {
        step->is_exhausted = true;
        return VALUE_ABSENT;
    }
    for (uint32_t i = 0; i < before->sub_count; i++)
        outcomes[i] = value_text(i == closing ? step->input->outcome : before->subs[i].outcome);
    struct value_builder builder = {entries, 2, 0};
    value_put(&builder, "count", value_int(before->sub_count));
    value_put(&builder, "outcomes", value_list(outcomes, before->sub_count));
    return value_built(&builder);
}

/* Nobody published it, so nobody is answered: it waits, is taken, or is passed over. */
static void take_joined(struct step *step, uint32_t closing)
{
    const struct program *program = step->program;
    const struct state *state = &program->states[step->state];
    step->event = program->joined_event;
    step->held_event = (struct case_event){.id = program->events[step->event].name,
                                           .type = program->events[step->event].name,
                                           .time_ms = step->input->moment.instant_ms,
                                           .data = joined_data(step, closing)};
    step->event_given = &step->held_event;
    step_env(step);
    step->env.event_date = step->moment.date;
    const struct handler *handler = program_handler(program, step->state, step->event);
    bool may_move = !step_is_suspended(step) || program_allows(program, step->event);
    struct step_mark mark = step_mark(step);
    if (state->is_end || (may_move && !handler && !state_holds(state, step->event)))
        return;
    if (may_move && handler)
        step_give(step, handler, false);
    else if (!step_hold(step))
        step_void(step, mark, INDEX_NONE, BYTES_LITERAL("limit"));
    else
        step->effects->fate = FATE_APPLIED;
}

void step_join(struct step *step)
{
    const struct case_state *before = step->before;
    step->moment = step->input->moment;
    for (uint32_t i = 0; i < before->sub_count; i++) {
        if (!before->subs[i].is_open || !bytes_equal(before->subs[i].name, step->input->sub))
            continue;
        step_emit(step, FACT_SUB_CLOSED, (int32_t)i)->text = step->input->outcome;
        step->env.subs_open = --step->subs_open;
        step->env.subs_closed = ++step->subs_closed;
        if (step->subs_open == 0 && step->program->joined_event != INDEX_NONE)
            take_joined(step, i);
        return;
    }
}
