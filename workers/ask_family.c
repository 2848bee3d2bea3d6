#include "workers/ask_family.h"

/* Where a sub-case stands. */
struct standing {
    const struct program *program; /* that it is pinned to; NULL: its record cannot be read */
    int32_t state;
};

/* Its state of the case's record; what else is in it is given back to the arena at once. */
static struct standing read_standing(const struct ask *ask, struct bytes id)
{
    struct standing standing = {0};
    struct case_header header;
    struct case_state state;
    struct bytes record;
    size_t mark = arena_mark(ask->arena);
    if (ask->store->ops->get(ask->store, id, ask->arena, &record) == LD_OK
        && case_record_header(record, &header) == LD_OK)
        standing.program = shelf_program(ask->shelf, header.program_digest);
    if (standing.program && case_init(&state, standing.program, id, ask->arena) == LD_OK
        && case_record_decode(record, standing.program, ask->arena, &state) == LD_OK)
        standing.state = state.state;
    else
        standing.program = NULL;
    arena_rewind(ask->arena, mark);
    return standing;
}

static struct bytes sub_id(const struct ask *ask, struct bytes parent, struct bytes name)
{
    size_t size = parent.size + 1 + name.size;
    struct buffer id;
    void *memory = arena_alloc(ask->arena, size);
    buffer_init(&id, memory, memory ? size : 0);
    buffer_put(&id, parent);
    buffer_put_text(&id, "/");
    buffer_put(&id, name);
    return buffer_bytes(&id);
}

static struct value sub_value(const struct ask *ask, const struct case_state *state,
                              const struct sub_case *sub)
{
    struct bytes id = sub_id(ask, state->id, sub->name);
    struct standing standing = read_standing(ask, id);
    struct form form = form_open(ask->arena, 10, shelf_zone(ask->shelf));
    form_text(&form, "name", sub->name);
    form_text(&form, "id", id);
    form_text(&form, "workflow", sub->workflow);
    if (standing.program && ask_directory(ask))
        form_title(&form, "title", &standing.program->title);
    form_bool(&form, "is_open", sub->is_open);
    if (standing.program)
        form_text(&form, "state", standing.program->states[standing.state].name);
    if (standing.program && ask_directory(ask))
        form_title(&form, "state_title", &standing.program->states[standing.state].title);
    form_text(&form, "outcome", sub->outcome);
    form_bool(&form, "suspends", sub->suspends);
    form_bool(&form, "closes", sub->closes);
    return form_close(&form);
}

void form_family(struct form *form, const struct ask *ask, const struct case_state *state)
{
    form_text(form, "parent", case_parent_id(state->id));
    if (state->is_suspended)
        form_bool(form, "suspended", true);
    if (state->is_suspended_above)
        form_bool(form, "suspended_above", true);
    if (state->sub_count == 0)
        return;
    struct value *subs = form_items(ask->arena, state->sub_count);
    for (uint32_t i = 0; subs && i < state->sub_count; i++)
        subs[i] = sub_value(ask, state, &state->subs[i]);
    form_value(form, "subs", value_list(subs, subs ? state->sub_count : 0));
}

const char *family_word(enum input_kind input)
{
    switch (input) {
    case INPUT_OPEN: return "opened";
    case INPUT_SUSPEND: return "suspended-with-parent";
    case INPUT_RESUME: return "resumed-with-parent";
    case INPUT_CLOSE: return "closed-with-parent";
    case INPUT_JOIN: return "sub-case-closed";
    case INPUT_EVENT:
    case INPUT_TIME:
    case INPUT_RULES: break;
    }
    return "";
}
