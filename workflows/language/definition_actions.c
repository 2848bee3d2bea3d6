/* What a branch does beside moving the case: its `do` list (LANGUAGE §1, Actions). A notice goes
 * out at once and belongs to no clock, so `who` names nobody there. Its text leaves the case for
 * its readers, and nothing can be blotted out of it afterwards: it may not name what is sealed
 * (LANGUAGE §7). */
#include "workflows/language/definition_draft.h"
#include "workflows/language/tell.h"

static const struct key action_keys[] = {
    KEY("notify", SHAPE_MAP),
    KEY("open", SHAPE_NOT_YET),
    KEY("emit", SHAPE_NOT_YET),
};

static const struct key notify_keys[] = {
    KEY("to", SHAPE_SCALAR | SHAPE_LIST | SHAPE_REQUIRED),
    KEY("level", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("text", SHAPE_SCALAR | SHAPE_REQUIRED),
};

/* Without a directory nobody knows what a name is that is no party: a unit, as far as it goes. */
static void check_told(struct draft *draft, const struct yaml_node *node, struct tell *tell)
{
    struct names parties = NAMES_OF(draft->parties, draft->program.party_count);
    draft_note(draft, tell, node->place);
    if (tell->kind == TELL_WHO) {
        sheet_report(&draft->sheet, node->place, "notify-who", node->text);
        return;
    }
    if (tell->kind != TELL_PARTY || names_find(parties, tell->name) >= 0)
        return;
    if (draft->context->directory)
        sheet_report_unknown(&draft->sheet, node->place, "notify-nobody", tell->name, parties);
    tell->kind = TELL_UNIT;
}

static void read_told(struct draft *draft, const struct yaml_node *node, struct action *action)
{
    struct tell_scope scope = {
        .directory = draft->context->directory,
        .parties = NAMES_OF(draft->parties, draft->program.party_count),
    };
    uint32_t error_count = draft->sheet.diagnostics->error_count;
    struct tell *tells = tell_list(&draft->sheet, &scope, node, &action->tell_count);
    action->tell = tells;
    if (draft->sheet.diagnostics->error_count != error_count)
        return;
    for (uint32_t i = 0; i < action->tell_count; i++)
        check_told(draft, sheet_many_at(node, i), &tells[i]);
}

/* The field that a name stands for, or NULL. */
static const struct field *named_field(const struct draft *draft, const struct expr *expr,
                                       int32_t event)
{
    if (expr->op != EXPR_NAME)
        return NULL;
    if (expr->slot == SLOT_CASE_FIELD)
        return &draft->fields[expr->index];
    bool is_event_field = expr->slot == SLOT_EVENT_DATA && event != INDEX_NONE;
    return is_event_field ? &draft->events[event].fields[expr->index] : NULL;
}

static bool is_sealed(const struct field *field);

static bool holds_sealed(const struct data_type *type)
{
    if (type->kind == TYPE_LIST)
        return type->of && holds_sealed(type->of);
    for (uint32_t i = 0; type->kind == TYPE_RECORD && i < type->field_count; i++) {
        if (is_sealed(&type->fields[i]))
            return true;
    }
    return false;
}

static bool is_sealed(const struct field *field)
{
    return field->class == CLASS_SEALED || holds_sealed(&field->type);
}

/* has() tells only that something is there. */
static void check_open(struct draft *draft, const struct expr *expr, int32_t event,
                       struct place place)
{
    if (expr->op == EXPR_HAS)
        return;
    for (uint32_t i = 0; i < expr->arg_count; i++)
        check_open(draft, expr->args[i], event, place);
    const struct field *field = named_field(draft, expr, event);
    if (field && is_sealed(field))
        sheet_report(&draft->sheet, (struct place){place.line, expr->column}, "notify-sealed",
                     field->name);
}

static void read_text(struct draft *draft, const struct yaml_node *node, int32_t event,
                      struct action *action)
{
    if (!node)
        return;
    struct place place = sheet_content_place(node);
    struct expression_scope scope = draft_scope(draft, event);
    if (node->text.size == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("text"));
    action->text = expression_template(node->text, place, &scope, draft->sheet.arena,
                                       draft->sheet.diagnostics);
    draft_note(draft, action->text, place);
    if (action->text)
        check_open(draft, action->text, event, place);
}

static void read_notify(struct draft *draft, const struct yaml_node *node, int32_t event,
                        struct action *action)
{
    action->kind = ACTION_NOTIFY;
    if (!sheet_keys(&draft->sheet, node, notify_keys, KEY_COUNT(notify_keys)))
        return;
    read_told(draft, sheet_get(node, "to", SHAPE_SCALAR | SHAPE_LIST), action);
    action->level = tell_level(&draft->sheet, sheet_get(node, "level", SHAPE_SCALAR));
    read_text(draft, sheet_get(node, "text", SHAPE_SCALAR), event, action);
}

static void read_action(struct draft *draft, const struct yaml_node *node, int32_t event,
                        struct action *action)
{
    if (!sheet_keys(&draft->sheet, node, action_keys, KEY_COUNT(action_keys)))
        return;
    const struct yaml_node *notify = sheet_get(node, "notify", SHAPE_MAP);
    if (node->count == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("notify"));
    if (notify)
        read_notify(draft, notify, event, action);
}

void draft_actions(struct draft *draft, const struct yaml_node *node, int32_t event,
                   struct branch *branch)
{
    const struct yaml_node *list = sheet_get(node, "do", SHAPE_LIST);
    if (!list)
        return;
    uint32_t count = sheet_bound(&draft->sheet, list, list->count, BRANCH_ACTIONS_MAX, "do");
    struct action *actions = sheet_rows(&draft->sheet, count, sizeof *actions);
    if (!actions)
        return;
    if (count == 0)
        sheet_report(&draft->sheet, list->place, "missing-key", BYTES_LITERAL("do"));
    for (uint32_t i = 0; i < count; i++)
        read_action(draft, list->items[i], event, &actions[i]);
    branch->actions = actions;
    branch->action_count = count;
}
