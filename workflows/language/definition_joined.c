/* The event that a case gets when its last open sub-case closes (LANGUAGE §1). No definition
 * declares it and nobody publishes it; it is among a definition's events where the text speaks of
 * it: handles it, holds it, or lets a clock start, end, stop or be extended by it. It stands behind
 * the declared ones, so that their numbers are those of the text. */
#include "workflows/core/case.h"
#include "workflows/language/definition_graph.h"

static bool is_joined(const struct yaml_node *node)
{
    return node && bytes_is(node->text, EVENT_SUBS_CLOSED);
}

static bool is_one_of(const struct yaml_node *node)
{
    for (uint32_t i = 0; node && i < sheet_many(node); i++) {
        const struct yaml_node *item = sheet_many_at(node, i);
        if (item->kind == YAML_SCALAR && is_joined(item))
            return true;
    }
    return false;
}

static bool handles(const struct yaml_node *node)
{
    const struct yaml_node *when = sheet_get(node, "when", SHAPE_MAP);
    return when && yaml_get(when, EVENT_SUBS_CLOSED);
}

/* Under one of the two keys of a mapping, or of one of several. */
static bool has_under(const struct yaml_node *nodes, const char *first, const char *second)
{
    for (uint32_t i = 0; nodes && i < sheet_many(nodes); i++) {
        const struct yaml_node *node = sheet_many_at(nodes, i);
        if (is_joined(sheet_get(node, first, SHAPE_SCALAR))
            || is_joined(sheet_get(node, second, SHAPE_SCALAR)))
            return true;
    }
    return false;
}

static bool clock_speaks(const struct yaml_node *clock)
{
    return has_under(clock, "from", "until")
           || has_under(sheet_get(clock, "pause", SHAPE_MAP | SHAPE_LIST), "from", "until")
           || has_under(sheet_get(clock, "extend", SHAPE_MAP | SHAPE_LIST), "event", "event");
}

bool draft_speaks_of_joined(const struct draft *draft)
{
    const struct yaml_node *states = sheet_get(draft->root, "states", SHAPE_MAP);
    const struct yaml_node *clocks = sheet_get(draft->root, "clocks", SHAPE_MAP);
    const struct yaml_node *events = sheet_get(draft->root, "events", SHAPE_MAP);
    bool speaks = handles(draft->root);
    for (uint32_t i = 0; !speaks && states && i < states->count; i++) {
        const struct yaml_node *state = states->entries[i].value;
        speaks = handles(state) || is_one_of(sheet_get(state, "hold", SHAPE_SCALAR | SHAPE_LIST));
    }
    for (uint32_t i = 0; !speaks && clocks && i < clocks->count; i++)
        speaks = clock_speaks(clocks->entries[i].value);
    bool is_declared = events && yaml_get(events, EVENT_SUBS_CLOSED); /* reported there */
    return speaks && !is_declared;
}

bool draft_add_joined(struct draft *draft, struct event_type *event)
{
    struct field *fields = sheet_rows(&draft->sheet, 2, sizeof *fields);
    struct data_type *text = sheet_rows(&draft->sheet, 1, sizeof *text);
    if (!fields || !text)
        return false;
    text->kind = TYPE_TEXT;
    fields[0] = (struct field){
        .name = BYTES_LITERAL("count"),
        .title = {BYTES_LITERAL("已办结的下级案件数"), BYTES_LITERAL("sub-cases closed")},
        .type = {.kind = TYPE_INT},
        .class = CLASS_INTERNAL};
    fields[1] = (struct field){
        .name = BYTES_LITERAL("outcomes"),
        .title = {BYTES_LITERAL("各下级案件的结果"), BYTES_LITERAL("outcomes of the sub-cases")},
        .type = {.kind = TYPE_LIST, .of = text},
        .class = CLASS_INTERNAL};
    *event = (struct event_type){
        .name = BYTES_LITERAL(EVENT_SUBS_CLOSED),
        .title = {BYTES_LITERAL("下级案件全部办结"), BYTES_LITERAL("All sub-cases closed")},
        .date_field = INDEX_NONE,
        .fields = fields,
        .field_count = 2,
    };
    return true;
}

/* Of each handler once: its branches are edges of the same states. */
void joined_check(const struct graph *graph)
{
    const struct draft *draft = graph->draft;
    const struct handler *reported = NULL;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        bool is_joined = edge->event != INDEX_NONE && edge->event == draft->program.joined_event;
        if (!is_joined || edge->handler == reported || (edge->stands & graph->opened)
            || !(edge->stands & graph->reachable))
            continue;
        reported = edge->handler;
        sheet_report(&draft->sheet, draft_place(draft, edge->handler), "subs-never-open",
                     BYTES_NONE);
    }
    if (draft->subs_place.line > 0 && graph->opened == 0)
        sheet_report(&draft->sheet, draft->subs_place, "subs-never-open", BYTES_NONE);
}
