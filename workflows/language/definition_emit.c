/* Events for other cases: the action `emit` (LANGUAGE §1). Somebody publishes every event: the
 * sender of the one that caused it, unless `as` says who; where time or a sub-case is the cause,
 * nobody else can. What goes out without a subject goes to all who subscribe, and the id of a case
 * is read by all: neither may show what is sealed. */
#include "workflows/core/case.h"
#include "workflows/language/definition_draft.h"
#include "workflows/language/definition_target.h"

static const struct key emit_keys[] = {
    KEY("type", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("subject", SHAPE_SCALAR),
    KEY("workflow", SHAPE_SCALAR),
    KEY("as", SHAPE_SCALAR),
    KEY("data", SHAPE_MAP),
};

static void read_type(struct draft *draft, const struct yaml_node *node, struct action *action)
{
    if (!node)
        return;
    action->type = sheet_name(&draft->sheet, node->text, node->place, NAME_EVENT);
    if (bytes_is(node->text, EVENT_ACKNOWLEDGED) || bytes_is(node->text, EVENT_SUBS_CLOSED))
        sheet_report(&draft->sheet, node->place, "reserved-event", node->text);
}

/* The event as the other workflow declares it; NULL: not known, or no start of it. */
static const struct event_type *started_event(struct draft *draft, const struct yaml_node *node,
                                              const struct action *action)
{
    const struct program *target = draft_target(draft, sheet_get(node, "workflow", SHAPE_SCALAR));
    const struct yaml_node *type = sheet_get(node, "type", SHAPE_SCALAR);
    if (!target || !type)
        return NULL;
    const struct event_type *start =
        target->start_event == INDEX_NONE ? NULL : &target->events[target->start_event];
    if (start && bytes_equal(start->name, action->type))
        return start;
    diagnose(draft->sheet.diagnostics, type->place, "emit-not-start",
             (struct bytes[]){action->type, target->id, start ? start->name : BYTES_LITERAL("-")},
             3);
    return NULL;
}

static void check_sealed_field(struct draft *draft, const struct named_expr *value, int32_t event,
                               const struct event_type *start)
{
    int32_t field =
        start ? names_find(NAMES_OF(start->fields, start->field_count), value->name) : INDEX_NONE;
    if (field != INDEX_NONE && !field_is_sealed(&start->fields[field]))
        draft_show(draft, value->value, event, "emit-sealed");
}

static void read_data(struct draft *draft, const struct yaml_node *node, int32_t event,
                      struct action *action)
{
    const struct event_type *start = started_event(draft, node, action);
    struct fields_wanted wanted = {"data", start ? start->fields : NULL,
                                   start ? start->field_count : 0, start != NULL};
    action->values = draft_values(draft, sheet_get(node, "data", SHAPE_MAP), event, &wanted,
                                  &action->value_count);
    for (uint32_t i = 0; i < action->value_count; i++) {
        if (action->subject)
            check_sealed_field(draft, &action->values[i], event, start);
        else
            draft_show(draft, action->values[i].value, event, "emit-sealed");
    }
    if (start)
        target_check_data(&draft->sheet, node->place, action->workflow, start,
                          NAMES_OF(action->values, action->value_count));
}

static void read_subject(struct draft *draft, const struct yaml_node *node, int32_t event,
                         struct action *action)
{
    if (node && node->text.size == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("subject"));
    action->subject = draft_template(draft, node, event);
    draft_show(draft, action->subject, event, "emit-sealed");
}

void draft_emit(struct draft *draft, const struct yaml_node *node, int32_t event,
                struct action *action)
{
    action->kind = ACTION_EMIT;
    if (!sheet_keys(&draft->sheet, node, emit_keys, KEY_COUNT(emit_keys)))
        return;
    const struct yaml_node *workflow = sheet_get(node, "workflow", SHAPE_SCALAR);
    const struct yaml_node *subject = sheet_get(node, "subject", SHAPE_SCALAR);
    const struct yaml_node *as = sheet_get(node, "as", SHAPE_SCALAR);
    bool is_sent = event != INDEX_NONE && event != draft->program.joined_event;
    read_type(draft, sheet_get(node, "type", SHAPE_SCALAR), action);
    if (workflow)
        action->workflow = sheet_name(&draft->sheet, workflow->text, workflow->place, NAME_PLAIN);
    if (workflow && !subject) /* what a starting event opens has an id */
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("subject"));
    if (!as && !is_sent)
        sheet_report(&draft->sheet, node->place, "emit-without-sender", BYTES_NONE);
    read_subject(draft, subject, event, action);
    action->sender = draft_expr(draft, as, event, STATIC_UNIT);
    draft_show(draft, action->sender, event, "emit-sealed");
    read_data(draft, node, event, action);
}
