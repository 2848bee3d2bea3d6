/* Waiting: an early event that its state holds until the state changes, and a case that is
 * suspended until it is resumed (LANGUAGE §1).
 *
 * A held event keeps its place in the case and is checked when it comes: sender, role, data and
 * date, so that who publishes it learns at once what is wrong with it. When the case has entered a
 * state that does not hold it any more, its turn has come: case_next_ms names the instant of the
 * change, and INPUT_TIME at that instant gives the event to the new state, one a step, in the order
 * in which they came. What the new state does not take is let go and put on record as a problem.
 *
 * A suspension pauses every open clock, and each that starts while it lasts; nothing else changes.
 * A state that holds an event holds it while the case is suspended only if the event is allowed. */
#include "workflows/core/case_step.h"

bool state_holds(const struct state *state, int32_t event)
{
    for (uint32_t i = 0; i < state->hold_count; i++) {
        if (state->holds[i] == event)
            return true;
    }
    return false;
}

enum { HELD_ENTRIES_MAX = 7 };

/* The role is kept that the event asks for: that it was there has been checked. */
static struct value held_value(struct step *step, struct value_entry *entries)
{
    const struct case_event *event = step->event_given;
    struct value_builder builder = {entries, HELD_ENTRIES_MAX, 0};
    value_put(&builder, "id", value_text(event->id));
    value_put(&builder, "source", value_text(event->source));
    value_put(&builder, "type", value_text(event->type));
    if (step->program->events[step->event].role.size)
        value_put(&builder, "role", value_text(step->program->events[step->event].role));
    if (event->time_ms != INSTANT_NONE)
        value_put(&builder, "time", value_timestamp(event->time_ms));
    if (event->data.kind == VALUE_MAP)
        value_put(&builder, "data", event->data);
    if (step->hops)
        value_put(&builder, "hops", value_int(step->hops));
    return value_built(&builder);
}

bool step_hold(struct step *step)
{
    if (step->before->held_count == CASE_HELD_MAX)
        return step_refuse(step, REFUSAL_LIMIT, BYTES_NONE, BYTES_NONE);
    struct value_entry *entries = arena_alloc_array(step->arena, HELD_ENTRIES_MAX, sizeof *entries);
    if (!entries) {
        step->is_exhausted = true;
        return false;
    }
    step->effects->fate = FATE_HELD;
    step_emit(step, FACT_HELD, INDEX_NONE)->value = held_value(step, entries);
    return true;
}

static struct case_event event_of_held(const struct value *held, const struct bytes *role)
{
    const struct value *time = value_get(held, "time");
    const struct value *data = value_get(held, "data");
    const struct value *hops = value_get(held, "hops");
    return (struct case_event){
        .id = value_get_text(held, "id"),
        .source = value_get_text(held, "source"),
        .type = value_get_text(held, "type"),
        .time_ms = time ? time->as.timestamp_ms : INSTANT_NONE,
        .roles = role,
        .role_count = role->size ? 1 : 0,
        .data = data ? *data : VALUE_ABSENT,
        .hops = hops ? (uint32_t)hops->as.integer : 0,
    };
}

void step_give(struct step *step, const struct handler *handler, bool is_dated)
{
    struct step_mark mark = step_mark(step);
    if (step_check_data(step) && (!is_dated || step_check_date(step))
        && step_take_handler(step, handler))
        return;
    step->changed_clocks = 0; /* what a refused branch began on them is void */
    step_void(step, mark, INDEX_NONE, bytes_from_text(refusal_words(step->effects->refusal)->word));
}

/* The held event goes to the present state like any other. */
static void take_held(struct step *step)
{
    const struct state *state = &step->program->states[step->state];
    const struct handler *handler = program_handler(step->program, step->state, step->event);
    if (handler)
        step_give(step, handler, true);
    else if (!state->is_end || !state->records_late)
        step_void(step, step_mark(step), INDEX_NONE,
                  bytes_from_text(refusal_words(REFUSAL_NOT_TAKEN)->word));
}

bool step_release(struct step *step)
{
    uint32_t turn = case_releasable(step->program, step->before);
    if (turn == step->before->held_count || step->before->moved_ms != step->input->now_ms)
        return false;
    const struct value *held = &step->before->held[turn];
    step->held_role = value_get_text(held, "role");
    step->held_event = event_of_held(held, &step->held_role);
    struct fact *released = step_emit(step, FACT_RELEASED, (int32_t)turn);
    released->text = step->held_event.id;
    step->event_given = &step->held_event;
    step->hops = step->held_event.hops;
    step->event = program_event(step->program, step->held_event.type);
    LD_ASSERT(step->event != INDEX_NONE); /* it was known when it was held */
    step_env(step);
    take_held(step);
    return true;
}

bool step_suspends(const struct step *step)
{
    const struct program *program = step->program;
    if (step->event == INDEX_NONE || program->states[step->state].is_end)
        return false;
    return step->event == (step->is_suspended ? program->suspend_until : program->suspend_from);
}

bool program_allows(const struct program *program, int32_t event)
{
    for (uint32_t i = 0; i < program->suspend_allow_count; i++) {
        if (program->suspend_allows[i] == event)
            return true;
    }
    return false;
}

bool step_is_suspended(const struct step *step)
{
    return step->is_suspended || step->is_suspended_above;
}

/* The clocks stand still while the case is suspended for one reason or both. */
static bool settle_suspension(struct step *step, bool was_suspended)
{
    step->effects->moment = step->moment;
    return was_suspended == step_is_suspended(step) || step_suspend_clocks(step);
}

bool step_suspend(struct step *step)
{
    bool was_suspended = step_is_suspended(step);
    step->is_suspended = !step->is_suspended;
    step_emit(step, FACT_SUSPENDED, step->is_suspended);
    return settle_suspension(step, was_suspended);
}

bool step_suspend_above(struct step *step, bool is_suspended)
{
    bool was_suspended = step_is_suspended(step);
    bool is_end = step->program->states[step->state].is_end;
    if (is_end || step->is_suspended_above == is_suspended)
        return true;
    step->moment = step->input->moment;
    step->is_suspended_above = is_suspended;
    step_emit(step, FACT_SUSPENDED_ABOVE, is_suspended);
    return settle_suspension(step, was_suspended);
}
