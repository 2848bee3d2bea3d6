/* The JSON Schema of what an expression gives, as far as its names and operators tell: of a name
 * what was declared for it, of a comparison a boolean. What cannot be told has the schema that
 * takes anything, so that no document ever refuses what the engine emits (core/case_publish.c:
 * dates and instants as text, units as their ids). */
#include "workflows/language/asyncapi_parts.h"

static struct value typed(struct arena *arena, const char *type, const char *format)
{
    struct value_builder map = doc_map(arena, 2);
    doc_words(&map, "type", type);
    if (format)
        doc_words(&map, "format", format);
    return value_built(&map);
}

static struct value kind_schema(enum type_kind kind, struct arena *arena)
{
    struct data_type type = {.kind = kind};
    return doc_type(&type, arena);
}

static struct value anything(struct arena *arena)
{
    struct value_builder map = doc_map(arena, 0);
    return value_built(&map);
}

static const struct field *field_at(const struct field *fields, uint32_t count, uint32_t index)
{
    return index < count ? &fields[index] : NULL;
}

static const struct field *record_field(const struct data_type *type, struct bytes name)
{
    for (uint32_t i = 0; type && type->kind == TYPE_RECORD && i < type->field_count; i++) {
        if (bytes_equal(type->fields[i].name, name))
            return &type->fields[i];
    }
    return NULL;
}

static const struct data_type *type_of(const struct doc_scope *scope, const struct expr *expr);

/* The declaration that a name or a selection leads to, or NULL. */
static const struct field *field_of(const struct doc_scope *scope, const struct expr *expr)
{
    const struct program *program = scope->program;
    if (expr->op == EXPR_SELECT)
        return record_field(type_of(scope, expr->args[0]), expr->name);
    if (expr->op != EXPR_NAME)
        return NULL;
    if (expr->slot == SLOT_CASE_FIELD)
        return field_at(program->fields, program->field_count, expr->index);
    if (expr->slot != SLOT_EVENT_DATA || scope->event == INDEX_NONE)
        return NULL;
    const struct event_type *event = &program->events[scope->event];
    return field_at(event->fields, event->field_count, expr->index);
}

/* As deep as the expression, at most EXPR_DEPTH_MAX. */
static const struct data_type *type_of(const struct doc_scope *scope, const struct expr *expr)
{
    if (expr->op == EXPR_INDEX) {
        const struct data_type *list = type_of(scope, expr->args[0]);
        return list && list->kind == TYPE_LIST ? list->of : NULL;
    }
    if (expr->op == EXPR_FILTER)
        return type_of(scope, expr->args[0]);
    const struct field *field = field_of(scope, expr);
    return field ? &field->type : NULL;
}

static struct value name_schema(const struct expr *expr, struct arena *arena)
{
    switch (expr->slot) {
    case SLOT_EVENT_TYPE:
    case SLOT_CASE_ID:
    case SLOT_CASE_STATE: return typed(arena, "string", NULL);
    case SLOT_EVENT_TIME:
    case SLOT_CASE_OPENED: return kind_schema(TYPE_TIMESTAMP, arena);
    case SLOT_EVENT_DATE: return kind_schema(TYPE_DATE, arena);
    case SLOT_EVENT_SENDER:
    case SLOT_PARTY: return kind_schema(TYPE_UNIT, arena);
    case SLOT_SUBS_OPEN:
    case SLOT_SUBS_CLOSED: return typed(arena, "integer", NULL);
    case SLOT_EVENT_DATA:
    case SLOT_CASE_FIELD:
    case SLOT_ELEMENT: break;
    }
    return anything(arena);
}

static struct value call_schema(const struct expr *expr, struct arena *arena)
{
    switch (expr->function) {
    case FUNCTION_SIZE:
    case FUNCTION_DAYS:
    case FUNCTION_WORKING_DAYS:
    case FUNCTION_INT: return typed(arena, "integer", NULL);
    case FUNCTION_STARTS_WITH:
    case FUNCTION_ENDS_WITH:
    case FUNCTION_CONTAINS: return typed(arena, "boolean", NULL);
    case FUNCTION_UNIT: return kind_schema(TYPE_UNIT, arena);
    case FUNCTION_DATE:
    case FUNCTION_DUE: return kind_schema(TYPE_DATE, arena);
    case FUNCTION_DOUBLE: return typed(arena, "number", NULL);
    case FUNCTION_STRING: return typed(arena, "string", NULL);
    }
    return anything(arena);
}

static struct value literal_schema(const struct value *literal, struct arena *arena)
{
    switch (literal->kind) {
    case VALUE_BOOL: return typed(arena, "boolean", NULL);
    case VALUE_INT: return typed(arena, "integer", NULL);
    case VALUE_DOUBLE: return typed(arena, "number", NULL);
    case VALUE_TEXT: return typed(arena, "string", NULL);
    case VALUE_DATE: return kind_schema(TYPE_DATE, arena);
    case VALUE_TIMESTAMP: return kind_schema(TYPE_TIMESTAMP, arena);
    case VALUE_UNIT: return kind_schema(TYPE_UNIT, arena);
    case VALUE_LIST: return typed(arena, "array", NULL);
    case VALUE_MAP: return typed(arena, "object", NULL);
    case VALUE_NONE:
    case VALUE_KIND_COUNT: break;
    }
    return anything(arena);
}

/* The plain type of both: bounds, choices and titles are of the one or the other. */
static struct value joined(const struct doc_scope *scope, const struct expr *const *args,
                           bool is_value, struct arena *arena)
{
    struct value left = doc_infer(scope, args[0], arena), right = doc_infer(scope, args[1], arena);
    const struct value *one = value_get(&left, "type"), *two = value_get(&right, "type");
    if (is_value && value_equal(&left, &right))
        return left;
    if (!one || !two || !value_equal(one, two))
        return anything(arena);
    struct value_builder map = doc_map(arena, 1);
    doc_put(&map, "type", *one);
    return value_built(&map);
}

/* Of the bounds of what is negated none holds. */
static struct value negated(const struct doc_scope *scope, const struct expr *expr,
                            struct arena *arena)
{
    const struct expr *const both[] = {expr->args[0], expr->args[0]};
    return joined(scope, both, false, arena);
}

/* Maps and lists that are written out. */
static struct value whole_schema(const struct doc_scope *scope, const struct expr *expr,
                                 struct arena *arena)
{
    struct value_builder map = doc_map(arena, 2);
    doc_words(&map, "type", expr->op == EXPR_LIST ? "array" : "object");
    struct value first = VALUE_ABSENT;
    for (uint16_t i = 0; expr->op == EXPR_LIST && i < expr->arg_count; i++) {
        struct value item = doc_infer(scope, expr->args[i], arena);
        if (i > 0 && !value_equal(&first, &item))
            return value_built(&map);
        first = item;
    }
    if (first.kind != VALUE_NONE)
        doc_put(&map, "items", first);
    return value_built(&map);
}

/* Arithmetic keeps the type of its operands where they are numbers or texts; a date and a number
 * of days make no number. */
static struct value sum_schema(const struct doc_scope *scope, const struct expr *expr,
                               struct arena *arena)
{
    struct value sum = joined(scope, expr->args, false, arena);
    const struct value *type = value_get(&sum, "type");
    const struct data_type *left = type_of(scope, expr->args[0]);
    bool is_plain =
        type && (bytes_is(type->as.text, "integer") || bytes_is(type->as.text, "number"));
    bool is_text = type && bytes_is(type->as.text, "string") && expr->op == EXPR_ADD
                   && (!left || left->kind == TYPE_TEXT || left->kind == TYPE_CHOICE);
    return is_plain || is_text ? sum : anything(arena);
}

struct value doc_infer(const struct doc_scope *scope, const struct expr *expr, struct arena *arena)
{
    const struct field *field = field_of(scope, expr);
    const struct data_type *type = type_of(scope, expr);
    if (field)
        return doc_field(field, arena);
    if (type)
        return doc_type(type, arena);
    switch (expr->op) {
    case EXPR_LITERAL: return literal_schema(&expr->literal, arena);
    case EXPR_NAME: return name_schema(expr, arena);
    case EXPR_CALL: return call_schema(expr, arena);
    case EXPR_NEGATE: return negated(scope, expr, arena);
    case EXPR_CHOOSE: return joined(scope, expr->args + 1, true, arena);
    case EXPR_LIST:
    case EXPR_MAP: return whole_schema(scope, expr, arena);
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MODULO: return sum_schema(scope, expr, arena);
    case EXPR_HAS:
    case EXPR_NOT:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
    case EXPR_IN:
    case EXPR_ALL:
    case EXPR_EXISTS: return typed(arena, "boolean", NULL);
    case EXPR_VARIABLE:
    case EXPR_SELECT:
    case EXPR_INDEX:
    case EXPR_FILTER: break;
    }
    return anything(arena);
}
