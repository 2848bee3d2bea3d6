/* Opening sub-cases: the action `open` (LANGUAGE §1). With `for` the action's other expressions may
 * name the element at hand. The name of a sub-case is the last part of an id, and ids are read by
 * all: it may show nothing that is sealed, and it may hold nothing that parts ids. */
#include "workflows/language/definition_draft.h"
#include "workflows/language/definition_target.h"

static const struct key open_keys[] = {
    KEY("workflow", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("for", SHAPE_SCALAR),
    KEY("case", SHAPE_SCALAR),
    KEY("set", SHAPE_MAP),
    KEY("parties", SHAPE_MAP),
    KEY("cascade", SHAPE_MAP),
};

static void read_cascade(struct draft *draft, const struct yaml_node *node, struct action *action)
{
    static const struct key keys[] = {KEY("suspend", SHAPE_SCALAR), KEY("close", SHAPE_SCALAR)};
    const struct sheet *sheet = &draft->sheet;
    if (!node || !sheet_keys(sheet, node, keys, KEY_COUNT(keys)))
        return;
    action->suspends = sheet_bool(sheet, sheet_get(node, "suspend", SHAPE_SCALAR), false);
    action->closes = sheet_bool(sheet, sheet_get(node, "close", SHAPE_SCALAR), false);
}

/* False: after a finding the element is unknown, and so is what would name it. */
static bool read_each(struct draft *draft, const struct yaml_node *node, int32_t event,
                      struct expression_element *element, struct action *action)
{
    if (!node)
        return true;
    struct place place = sheet_content_place(node);
    struct expression_scope scope = draft_scope(draft, event);
    action->each = expression_each(node->text, place, &scope, draft->sheet.arena,
                                   draft->sheet.diagnostics, element);
    if (!action->each)
        return false;
    draft_note_expr(draft, action->each, place);
    draft->element = element;
    draft->is_element_sealed = draft_list_is_sealed(draft, action->each, event);
    return true;
}

static bool is_part_of_name(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] == '/' || text.ptr[i] < 0x20 || text.ptr[i] == 0x7F)
            return false;
    }
    return true;
}

/* The written pieces of the template; what stands in ${} is known when the case is opened. */
static bool is_name(const struct expr *expr)
{
    if (expr->op == EXPR_LITERAL && expr->literal.kind == VALUE_TEXT)
        return is_part_of_name(expr->literal.as.text);
    for (uint32_t i = 0; i < expr->arg_count && expr->op == EXPR_ADD; i++) {
        if (!is_name(expr->args[i]))
            return false;
    }
    return true;
}

static void read_name(struct draft *draft, const struct yaml_node *node, int32_t event,
                      struct action *action)
{
    action->name = draft_template(draft, node, event);
    if (!action->name)
        return;
    if (node->text.size == 0 || !is_name(action->name))
        sheet_report(&draft->sheet, node->place, "bad-case-name", node->text);
    draft_show(draft, action->name, event, "open-name-sealed");
}

static void read_party(struct draft *draft, const struct yaml_entry *entry, int32_t event,
                       const struct program *target, struct named_expr *bind)
{
    struct names names =
        NAMES_OF(target ? target->parties : NULL, target ? target->party_count : 0);
    bind->name = entry->key;
    if (target && names_find(names, entry->key) < 0)
        sheet_report_unknown(&draft->sheet, entry->key_place, "unknown-party", entry->key, names);
    else if (sheet_name(&draft->sheet, entry->key, entry->key_place, NAME_PLAIN).size)
        bind->value = draft_expr(draft, entry->value, event, STATIC_UNIT);
}

static void read_parties(struct draft *draft, const struct yaml_node *node, int32_t event,
                         const struct program *target, struct action *action)
{
    if (!node)
        return;
    uint32_t count = sheet_bound(&draft->sheet, node, node->count, ACTION_VALUES_MAX, "parties");
    struct named_expr *binds = sheet_rows(&draft->sheet, count, sizeof *binds);
    if (!binds)
        return;
    for (uint32_t i = 0; i < count; i++)
        read_party(draft, &node->entries[i], event, target, &binds[i]);
    action->binds = binds;
    action->bind_count = count;
}

/* What is sealed here stays sealed there. */
static void check_sealed(struct draft *draft, int32_t event, const struct program *target,
                         const struct action *action)
{
    for (uint32_t i = 0; i < action->value_count; i++) {
        const struct named_expr *value = &action->values[i];
        int32_t field = program_field(target, value->name);
        bool is_open =
            value->value && field != INDEX_NONE && !field_is_sealed(&target->fields[field]);
        struct bytes name = is_open ? draft_sealed_in(draft, value->value, event) : BYTES_NONE;
        if (name.size)
            diagnose(draft->sheet.diagnostics, draft_place(draft, value->value), "open-sealed",
                     (struct bytes[]){name, value->name, target->id}, 3);
    }
}

static void read_content(struct draft *draft, const struct yaml_node *node, int32_t event,
                         struct action *action)
{
    const struct yaml_node *id = sheet_get(node, "workflow", SHAPE_SCALAR);
    const struct program *target = draft_target(draft, id);
    struct fields_wanted wanted = {"set", target ? target->fields : NULL,
                                   target ? target->field_count : 0, target != NULL};
    read_name(draft, sheet_get(node, "case", SHAPE_SCALAR), event, action);
    action->values = draft_values(draft, sheet_get(node, "set", SHAPE_MAP), event, &wanted,
                                  &action->value_count);
    read_parties(draft, sheet_get(node, "parties", SHAPE_MAP), event, target, action);
    if (!target)
        return;
    check_sealed(draft, event, target, action);
    target_check_given(&draft->sheet, node->place, target,
                       NAMES_OF(action->values, action->value_count),
                       NAMES_OF(action->binds, action->bind_count));
}

void draft_open(struct draft *draft, const struct yaml_node *node, int32_t event,
                struct action *action)
{
    struct expression_element element = {0};
    action->kind = ACTION_OPEN;
    if (!sheet_keys(&draft->sheet, node, open_keys, KEY_COUNT(open_keys)))
        return;
    const struct yaml_node *id = sheet_get(node, "workflow", SHAPE_SCALAR);
    if (id)
        action->workflow = sheet_name(&draft->sheet, id->text, id->place, NAME_PLAIN);
    read_cascade(draft, sheet_get(node, "cascade", SHAPE_MAP), action);
    if (read_each(draft, sheet_get(node, "for", SHAPE_SCALAR), event, &element, action))
        read_content(draft, node, event, action);
    draft->element = NULL;
    draft->is_element_sealed = false;
}
