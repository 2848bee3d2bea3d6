/* Waiting (LANGUAGE §1): what a state holds until the case moves on, and the events between which a
 * case is suspended. An event that is held is neither lost nor taken: so it must be handled
 * somewhere behind the state, and it cannot wait where it would be taken at once. The two events
 * of a suspension are taken in every state that is not an end. */
#include "workflows/language/definition_graph.h"

static struct names event_names(const struct draft *draft)
{
    return NAMES_OF(draft->events, draft->program.event_count);
}

static bool is_listed(const int32_t *events, uint32_t count, int32_t event)
{
    for (uint32_t i = 0; i < count; i++) {
        if (events[i] == event)
            return true;
    }
    return false;
}

int32_t draft_refer_published(const struct draft *draft, const struct yaml_node *node,
                              const char *where)
{
    if (node && bytes_is(node->text, EVENT_SUBS_CLOSED)) {
        diagnose(draft->sheet.diagnostics, node->place, "key-not-here",
                 (struct bytes[]){node->text, bytes_from_text(where)}, 2);
        return INDEX_NONE;
    }
    return sheet_refer(&draft->sheet, node, draft_declared_events(draft), "unknown-event");
}

/* Known events, each once. */
static const int32_t *read_events(struct draft *draft, const struct yaml_node *node,
                                  const char *what, uint32_t *ret_count)
{
    *ret_count = 0;
    if (!node)
        return NULL;
    uint32_t count = sheet_bound(&draft->sheet, node, sheet_many(node), PROGRAM_EVENTS_MAX, what);
    int32_t *events = sheet_rows(&draft->sheet, count, sizeof *events);
    if (!events)
        return NULL;
    if (count == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", bytes_from_text(what));
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_node *name = sheet_many_at(node, i);
        events[i] = sheet_refer(&draft->sheet, name, event_names(draft), "unknown-event");
        draft_note(draft, &events[i], name->place);
        if (events[i] != INDEX_NONE && is_listed(events, i, events[i]))
            sheet_report(&draft->sheet, name->place, "event-twice", name->text);
    }
    *ret_count = count;
    return events;
}

void draft_holds(struct draft *draft, const struct yaml_node *node, struct state *state)
{
    state->holds = read_events(draft, sheet_get(node, "hold", SHAPE_SCALAR | SHAPE_LIST), "hold",
                               &state->hold_count);
}

static void check_allows(struct draft *draft)
{
    const struct program *program = &draft->program;
    for (uint32_t i = 0; i < program->suspend_allow_count; i++) {
        const int32_t *event = &program->suspend_allows[i];
        if (*event == INDEX_NONE
            || (*event != program->suspend_from && *event != program->suspend_until))
            continue;
        sheet_report(&draft->sheet, draft_place(draft, event), "suspend-allows-itself",
                     draft->events[*event].name);
    }
}

static bool has_statutory_clock(const struct draft *draft)
{
    for (uint32_t i = 0; i < draft->program.clock_count; i++) {
        if (draft->clocks[i].force == FORCE_STATUTORY)
            return true;
    }
    return false;
}

void draft_suspend(struct draft *draft)
{
    static const struct key keys[] = {
        KEY("from", SHAPE_SCALAR | SHAPE_REQUIRED),
        KEY("until", SHAPE_SCALAR | SHAPE_REQUIRED),
        KEY("basis", SHAPE_SCALAR),
        KEY("allow", SHAPE_SCALAR | SHAPE_LIST),
    };
    const struct sheet *sheet = &draft->sheet;
    const struct yaml_node *node = sheet_get(draft->root, "suspend", SHAPE_MAP);
    struct program *program = &draft->program;
    if (!node || !sheet_keys(sheet, node, keys, KEY_COUNT(keys)))
        return;
    const struct yaml_node *from = sheet_get(node, "from", SHAPE_SCALAR);
    const struct yaml_node *until = sheet_get(node, "until", SHAPE_SCALAR);
    program->suspend_from = draft_refer_published(draft, from, "suspend");
    program->suspend_until = draft_refer_published(draft, until, "suspend");
    program->suspend_basis = sheet_text(sheet, sheet_get(node, "basis", SHAPE_SCALAR));
    program->suspend_allows =
        read_events(draft, sheet_get(node, "allow", SHAPE_SCALAR | SHAPE_LIST), "allow",
                    &program->suspend_allow_count);
    draft_note(draft, &program->suspend_from, from ? from->place : node->place);
    draft_note(draft, &program->suspend_until, until ? until->place : node->place);
    if (program->suspend_from != INDEX_NONE && program->suspend_from == program->suspend_until)
        sheet_report(sheet, until->place, "pause-same-event", BYTES_NONE);
    if (program->suspend_basis.size == 0 && has_statutory_clock(draft))
        sheet_report(sheet, node->place, "suspend-without-basis", BYTES_NONE);
    check_allows(draft);
}

bool draft_suspends(const struct draft *draft, int32_t event)
{
    return event == draft->program.suspend_from || event == draft->program.suspend_until;
}

bool draft_is_held(const struct draft *draft, int32_t event)
{
    for (uint32_t i = 0; i < draft->program.state_count; i++) {
        if (is_listed(draft->states[i].holds, draft->states[i].hold_count, event))
            return true;
    }
    return false;
}

static bool has_handler(const struct handler *handlers, uint32_t count, int32_t event)
{
    for (uint32_t i = 0; i < count; i++) {
        if (handlers[i].event == event)
            return true;
    }
    return false;
}

static void check_held(const struct graph *graph, uint32_t index, const int32_t *held)
{
    const struct draft *draft = graph->draft;
    const struct state *state = &draft->states[index];
    uint64_t behind = graph_after(graph, UINT64_C(1) << index);
    bool is_handled = draft_suspends(draft, *held)
                      || has_handler(state->handlers, state->handler_count, *held)
                      || has_handler(draft->program.handlers, draft->program.handler_count, *held);
    const char *code = is_handled                              ? "held-and-handled"
                       : !(behind & graph_takes(graph, *held)) ? "held-for-ever"
                                                               : NULL;
    if (code)
        diagnose(draft->sheet.diagnostics, draft_place(draft, held), code,
                 (struct bytes[]){draft->events[*held].name, state->name}, 2);
}

void wait_check(const struct graph *graph)
{
    for (uint32_t i = 0; i < graph->draft->program.state_count; i++) {
        const struct state *state = &graph->draft->states[i];
        for (uint32_t j = 0; j < state->hold_count; j++)
            check_held(graph, i, &state->holds[j]);
    }
}
