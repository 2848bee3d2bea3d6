/* What is sealed is read by parties with the role alone (LANGUAGE §7), and nothing can be blotted
 * out of it once it has left the case: out of a notice, out of an id, out of an event that every
 * subscriber is sent. So no expression that is shown there may name it. */
#include "workflows/language/definition_draft.h"

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

static bool holds_sealed(const struct data_type *type)
{
    if (type->kind == TYPE_LIST)
        return type->of && holds_sealed(type->of);
    for (uint32_t i = 0; type->kind == TYPE_RECORD && i < type->field_count; i++) {
        if (field_is_sealed(&type->fields[i]))
            return true;
    }
    return false;
}

bool field_is_sealed(const struct field *field)
{
    return field->class == CLASS_SEALED || holds_sealed(&field->type);
}

static const struct field *record_field(const struct static_type *type, struct bytes name)
{
    int32_t index = type->kind == STATIC_RECORD
                        ? names_find(NAMES_OF(type->fields, type->field_count), name)
                        : INDEX_NONE;
    return index == INDEX_NONE ? NULL : &type->fields[index];
}

/* A list of lists is looked into as far as records: what they hold is sealed by their fields. */
static bool type_is_sealed(const struct static_type *type)
{
    while (type->kind == STATIC_LIST)
        type = type->of;
    for (uint32_t i = 0; type->kind == STATIC_RECORD && i < type->field_count; i++) {
        if (field_is_sealed(&type->fields[i]))
            return true;
    }
    return false;
}

/* `x.name`: what it shows is that field of the element, and no more. */
static bool is_element_part(const struct expr *expr)
{
    return expr->op == EXPR_SELECT && expr->args[0]->op == EXPR_NAME
           && expr->args[0]->slot == SLOT_ELEMENT;
}

/* Of `x.name` in the expressions of an action with `for`: the name where it is sealed. */
static struct bytes sealed_element(const struct draft *draft, const struct expr *expr)
{
    const struct expression_element *element = draft->element;
    if (!element)
        return BYTES_NONE;
    if (is_element_part(expr)) {
        const struct field *field = record_field(&element->type, expr->name);
        bool is_sealed = draft->is_element_sealed || (field && field_is_sealed(field));
        return is_sealed ? expr->name : BYTES_NONE;
    }
    bool is_whole = expr->op == EXPR_NAME && expr->slot == SLOT_ELEMENT;
    bool is_sealed = draft->is_element_sealed || type_is_sealed(&element->type);
    return is_whole && is_sealed ? element->name : BYTES_NONE;
}

/* The name of the sealed thing that this node shows by itself. */
static struct bytes sealed_name(const struct draft *draft, const struct expr *expr, int32_t event)
{
    const struct field *field = named_field(draft, expr, event);
    if (field)
        return field_is_sealed(field) ? field->name : BYTES_NONE;
    return sealed_element(draft, expr);
}

static void show(struct draft *draft, const struct expr *expr, int32_t event, const char *code,
                 struct place place)
{
    if (expr->op == EXPR_HAS)
        return;
    for (uint32_t i = 0; i < expr->arg_count && !is_element_part(expr); i++)
        show(draft, expr->args[i], event, code, place);
    struct bytes name = sealed_name(draft, expr, event);
    if (name.size)
        sheet_report(&draft->sheet, (struct place){place.line, expr->column}, code, name);
}

void draft_show(struct draft *draft, const struct expr *expr, int32_t event, const char *code)
{
    if (expr)
        show(draft, expr, event, code, draft_place(draft, expr));
}

bool draft_list_is_sealed(const struct draft *draft, const struct expr *list, int32_t event)
{
    const struct field *field = named_field(draft, list, event);
    bool is_sealed = field && field->class == CLASS_SEALED;
    for (uint32_t i = 0; i < list->arg_count && !is_sealed; i++)
        is_sealed = draft_list_is_sealed(draft, list->args[i], event);
    return is_sealed;
}

/* The first sealed name that the expression shows, or nothing. */
struct bytes draft_sealed_in(const struct draft *draft, const struct expr *expr, int32_t event)
{
    struct bytes name = BYTES_NONE;
    if (expr->op == EXPR_HAS)
        return name;
    for (uint32_t i = 0; i < expr->arg_count && !is_element_part(expr) && !name.size; i++)
        name = draft_sealed_in(draft, expr->args[i], event);
    return name.size ? name : sealed_name(draft, expr, event);
}
