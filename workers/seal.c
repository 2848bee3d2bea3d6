/* A walk over all branches of a program. An emitted event is written down without the place in the
 * definition that it came from, so one sealed source is enough to cover the name in all of them:
 * what is hidden once too often does less harm than what is shown once. */
#include "workers/seal.h"

struct search {
    const struct program *program;
    struct bytes type, name;
    int32_t event; /* whose data expressions of the branch at hand may name; INDEX_NONE: none */
};

static bool reads_sealed_field(const struct search *search, const struct expr *expr)
{
    const struct program *program = search->program;
    if (expr->slot == SLOT_CASE_FIELD && expr->index < program->field_count)
        return program->fields[expr->index].class == CLASS_SEALED;
    if (expr->slot != SLOT_EVENT_DATA || search->event == INDEX_NONE)
        return false;
    const struct event_type *event = &program->events[search->event];
    return expr->index < event->field_count && event->fields[expr->index].class == CLASS_SEALED;
}

/* At most EXPR_DEPTH_MAX deep. */
static bool reads_sealed(const struct search *search, const struct expr *expr)
{
    if (expr->op == EXPR_NAME && reads_sealed_field(search, expr))
        return true;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (reads_sealed(search, expr->args[i]))
            return true;
    }
    return false;
}

static bool action_covers(const struct search *search, const struct action *action)
{
    if (action->kind != ACTION_EMIT || !bytes_equal(action->type, search->type))
        return false;
    for (uint32_t i = 0; i < action->value_count; i++) {
        const struct named_expr *value = &action->values[i];
        if (!bytes_equal(value->name, search->name))
            continue;
        /* What goes through a list's element may come from a sealed list. */
        if (reads_sealed(search, value->value)
            || (action->each && reads_sealed(search, action->each)))
            return true;
    }
    return false;
}

static bool branches_cover(const struct search *search, const struct branch *branches,
                           uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < branches[i].action_count; k++) {
            if (action_covers(search, &branches[i].actions[k]))
                return true;
        }
    }
    return false;
}

static bool handlers_cover(struct search *search, const struct handler *handlers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        search->event = handlers[i].event;
        if (branches_cover(search, handlers[i].branches, handlers[i].branch_count))
            return true;
    }
    return false;
}

bool seal_covers(const struct program *program, struct bytes type, struct bytes name)
{
    struct search search = {program, type, name, program->start_event};
    if (branches_cover(&search, &program->start, 1)
        || handlers_cover(&search, program->handlers, program->handler_count))
        return true;
    for (uint32_t i = 0; i < program->state_count; i++) {
        if (handlers_cover(&search, program->states[i].handlers, program->states[i].handler_count))
            return true;
    }
    search.event = INDEX_NONE;
    for (uint32_t i = 0; i < program->clock_count; i++) {
        if (branches_cover(&search, program->clocks[i].expire, program->clocks[i].expire_count))
            return true;
    }
    return false;
}
