/* Look-ups in a program. All are linear: a program has at most 128 names of a kind, they are
 * looked up once an event, and a list in the order of the text needs no second index. */
#include "workflows/core/program.h"

int32_t program_event(const struct program *program, struct bytes name)
{
    for (uint32_t i = 0; i < program->event_count; i++) {
        if (bytes_equal(program->events[i].name, name))
            return (int32_t)i;
    }
    return INDEX_NONE;
}

int32_t program_state(const struct program *program, struct bytes name)
{
    for (uint32_t i = 0; i < program->state_count; i++) {
        if (bytes_equal(program->states[i].name, name))
            return (int32_t)i;
    }
    return INDEX_NONE;
}

int32_t program_clock(const struct program *program, struct bytes name)
{
    for (uint32_t i = 0; i < program->clock_count; i++) {
        if (bytes_equal(program->clocks[i].name, name))
            return (int32_t)i;
    }
    return INDEX_NONE;
}

int32_t program_field(const struct program *program, struct bytes name)
{
    for (uint32_t i = 0; i < program->field_count; i++) {
        if (bytes_equal(program->fields[i].name, name))
            return (int32_t)i;
    }
    return INDEX_NONE;
}

int32_t program_party(const struct program *program, struct bytes name)
{
    for (uint32_t i = 0; i < program->party_count; i++) {
        if (bytes_equal(program->parties[i].name, name))
            return (int32_t)i;
    }
    return INDEX_NONE;
}

static const struct handler *handler_of(const struct handler *handlers, uint32_t count,
                                        int32_t event)
{
    for (uint32_t i = 0; i < count; i++) {
        if (handlers[i].event == event)
            return &handlers[i];
    }
    return NULL;
}

const struct handler *program_handler(const struct program *program, int32_t state, int32_t event)
{
    LD_ASSERT(state >= 0 && (uint32_t)state < program->state_count);
    const struct state *now = &program->states[state];
    const struct handler *own = handler_of(now->handlers, now->handler_count, event);
    if (own || now->is_end)
        return own;
    return handler_of(program->handlers, program->handler_count, event);
}

const char *clock_force_word(enum clock_force force)
{
    switch (force) {
    case FORCE_STATUTORY: return "statutory";
    case FORCE_REFERENCE: return "reference";
    case FORCE_AGREED: return "agreed";
    }
    LD_ASSERT(!"a force of no kind");
    return "";
}

bool program_starts_with(const struct program *program, struct bytes type, struct bytes workflow)
{
    return program->start_event != INDEX_NONE
           && bytes_equal(program->events[program->start_event].name, type)
           && (workflow.size == 0 || bytes_equal(program->id, workflow));
}

bool program_is_effective(const struct program *program, int32_t date)
{
    return program->effective_from <= date && date <= program->effective_until;
}
