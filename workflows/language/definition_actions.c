/* What a branch does beside moving the case: its `do` list (LANGUAGE §1, Actions), and the notices
 * in it. A notice goes out at once and belongs to no clock, so `who` names nobody there. Its text
 * leaves the case for its readers: it may not name what is sealed. Opening sub-cases:
 * definition_open.c; events for other cases: definition_emit.c. */
#include "workflows/language/definition_draft.h"
#include "workflows/language/tell.h"

static const struct key action_keys[] = {
    KEY("notify", SHAPE_MAP),
    KEY("open", SHAPE_MAP),
    KEY("emit", SHAPE_MAP),
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

static void read_notify(struct draft *draft, const struct yaml_node *node, int32_t event,
                        struct action *action)
{
    action->kind = ACTION_NOTIFY;
    if (!sheet_keys(&draft->sheet, node, notify_keys, KEY_COUNT(notify_keys)))
        return;
    const struct yaml_node *text = sheet_get(node, "text", SHAPE_SCALAR);
    read_told(draft, sheet_get(node, "to", SHAPE_SCALAR | SHAPE_LIST), action);
    action->level = tell_level(&draft->sheet, sheet_get(node, "level", SHAPE_SCALAR));
    if (text && text->text.size == 0)
        sheet_report(&draft->sheet, text->place, "missing-key", BYTES_LITERAL("text"));
    action->text = draft_template(draft, text, event);
    draft_show(draft, action->text, event, "notify-sealed");
}

static void read_action(struct draft *draft, const struct yaml_node *node, int32_t event,
                        struct action *action)
{
    if (!sheet_keys(&draft->sheet, node, action_keys, KEY_COUNT(action_keys)))
        return;
    const struct yaml_node *notify = sheet_get(node, "notify", SHAPE_MAP);
    const struct yaml_node *open = sheet_get(node, "open", SHAPE_MAP);
    const struct yaml_node *emit = sheet_get(node, "emit", SHAPE_MAP);
    draft_note(draft, action, node->place);
    if (node->count == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("notify"));
    if (node->count > 1)
        diagnose(draft->sheet.diagnostics, node->entries[1].key_place, "key-not-here",
                 (struct bytes[]){node->entries[1].key, node->entries[0].key}, 2);
    if (notify)
        read_notify(draft, notify, event, action);
    else if (open)
        draft_open(draft, open, event, action);
    else if (emit)
        draft_emit(draft, emit, event, action);
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

static void read_value(struct draft *draft, const struct yaml_entry *entry, int32_t event,
                       const struct fields_wanted *wanted, struct named_expr *value)
{
    struct names names = NAMES_OF(wanted->fields, wanted->count);
    int32_t field = names_find(names, entry->key);
    value->name = entry->key;
    if (wanted->is_known && field == INDEX_NONE)
        sheet_report_unknown(&draft->sheet, entry->key_place, "unknown-field", entry->key, names);
    else if (wanted->is_known)
        value->value = draft_expr_as(draft, entry->value, event, &wanted->fields[field].type);
    else if (sheet_name(&draft->sheet, entry->key, entry->key_place, NAME_FIELD).size)
        value->value = draft_expr(draft, entry->value, event, STATIC_DYN);
}

const struct named_expr *draft_values(struct draft *draft, const struct yaml_node *node,
                                      int32_t event, const struct fields_wanted *wanted,
                                      uint32_t *ret_count)
{
    *ret_count = 0;
    if (!node)
        return NULL;
    uint32_t count = sheet_bound(&draft->sheet, node, node->count, ACTION_VALUES_MAX, wanted->key);
    struct named_expr *values = sheet_rows(&draft->sheet, count, sizeof *values);
    if (!values)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        read_value(draft, &node->entries[i], event, wanted, &values[i]);
    *ret_count = count;
    return values;
}
