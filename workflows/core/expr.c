/* Evaluates the typed trees that workflows/language compiles.
 *
 * The compiler has proven types where it could; what stays dynamic (mixed lists, absent values)
 * is checked again here, so that a tree can never read a value as what it is not. Invariants:
 *   - the stack is as deep as the tree, which the compiler bounds by EXPR_DEPTH_MAX;
 *   - the work is at most EXPR_STEPS_MAX nodes, the memory at most the arena;
 *   - && || all exists absorb errors as CEL says: one operand that decides is enough, in any
 *     order, and an error counts only where nothing decided. */
#include "workflows/core/expr.h"

#include "workflows/core/expr_parts.h"

/* The variables of the macros around an expression, the innermost first. */
struct binding {
    const struct value *value;
    const struct binding *outer;
};

struct evaluation {
    const struct expr_env *env;
    struct arena *arena;
    const struct binding *bindings;
    uint32_t steps;
};

typedef enum expr_err evaluator(struct evaluation *eval, const struct expr *expr,
                                struct value *ret_value);

static evaluator evaluate;

static enum expr_err literal(struct evaluation *eval, const struct expr *expr,
                             struct value *ret_value)
{
    (void)eval; /* every evaluator has one form */
    *ret_value = expr->literal;
    return EXPR_OK;
}

static struct value indexed(const struct value *values, uint16_t index)
{
    return values ? values[index] : VALUE_ABSENT;
}

/* VALUE_NONE where the name stands for nothing now. */
static struct value value_of_name(const struct expr_env *env, const struct expr *expr)
{
    switch (expr->slot) {
    case SLOT_EVENT_TYPE: return value_text(env->event_type);
    case SLOT_EVENT_TIME: return value_timestamp(env->event_time_ms);
    case SLOT_EVENT_DATE: return value_date(env->event_date);
    case SLOT_EVENT_SENDER: return value_unit(env->event_sender);
    case SLOT_EVENT_DATA: return indexed(env->event_data, expr->index);
    case SLOT_CASE_ID: return value_text(env->case_id);
    case SLOT_CASE_STATE: return value_text(env->case_state);
    case SLOT_CASE_OPENED: return value_timestamp(env->case_opened_ms);
    case SLOT_CASE_FIELD: return indexed(env->fields, expr->index);
    case SLOT_PARTY: return indexed(env->parties, expr->index);
    case SLOT_SUBS_OPEN: return value_int(env->subs_open);
    case SLOT_SUBS_CLOSED: return value_int(env->subs_closed);
    }
    LD_ASSERT(!"a name of no slot");
    return VALUE_ABSENT;
}

static enum expr_err name(struct evaluation *eval, const struct expr *expr,
                          struct value *ret_value)
{
    struct value value = value_of_name(eval->env, expr);
    if (value.kind == VALUE_NONE)
        return EXPR_ERR_NO_SUCH_FIELD;
    *ret_value = value;
    return EXPR_OK;
}

static enum expr_err variable(struct evaluation *eval, const struct expr *expr,
                              struct value *ret_value)
{
    const struct binding *binding = eval->bindings;
    for (uint16_t i = 0; binding && i < expr->index; i++)
        binding = binding->outer;
    LD_ASSERT(binding);
    *ret_value = *binding->value;
    return EXPR_OK;
}

static enum expr_err take_entry(const struct value *map, struct bytes key,
                                struct value *ret_value)
{
    if (map->kind != VALUE_MAP)
        return EXPR_ERR_NO_OVERLOAD;
    const struct value *entry = value_get_bytes(map, key);
    if (!entry)
        return EXPR_ERR_NO_SUCH_FIELD;
    *ret_value = *entry;
    return EXPR_OK;
}

static enum expr_err select_field(struct evaluation *eval, const struct expr *expr,
                                  struct value *ret_value)
{
    struct value record, value;
    enum expr_err err = evaluate(eval, expr->args[0], &record);
    if (!err)
        err = take_entry(&record, expr->name, &value);
    if (err)
        return err;
    *ret_value = value;
    return EXPR_OK;
}

static enum expr_err take_item(const struct value *list, const struct value *at,
                               struct value *ret_value)
{
    bool is_integral = at->kind == VALUE_DOUBLE && at->as.real >= 0 && at->as.real < UINT32_MAX
                       && (double)(uint32_t)at->as.real == at->as.real;
    if (at->kind != VALUE_INT && !is_integral)
        return EXPR_ERR_NO_OVERLOAD;
    int64_t index = is_integral ? (int64_t)at->as.real : at->as.integer;
    if (index < 0 || index >= list->as.list.count)
        return EXPR_ERR_NO_SUCH_FIELD;
    *ret_value = list->as.list.items[index];
    return EXPR_OK;
}

static enum expr_err take_at(struct evaluation *eval, const struct expr *expr,
                             struct value *ret_value)
{
    struct value whole, at;
    enum expr_err err = evaluate(eval, expr->args[0], &whole);
    if (!err)
        err = evaluate(eval, expr->args[1], &at);
    if (err)
        return err;
    if (whole.kind == VALUE_LIST)
        return take_item(&whole, &at, ret_value);
    return at.kind == VALUE_TEXT ? take_entry(&whole, at.as.text, ret_value)
                                 : EXPR_ERR_NO_OVERLOAD;
}

/* Absence is the answer here; any other error, also one in what is selected from, stays one. */
static enum expr_err has(struct evaluation *eval, const struct expr *expr,
                         struct value *ret_value)
{
    const struct expr *field = expr->args[0];
    struct value record;
    switch (field->op == EXPR_SELECT ? evaluate(eval, field->args[0], &record) : EXPR_OK) {
    case EXPR_OK: break;
    case EXPR_ERR_OVERFLOW: return EXPR_ERR_OVERFLOW;
    case EXPR_ERR_DIVIDE_BY_ZERO: return EXPR_ERR_DIVIDE_BY_ZERO;
    case EXPR_ERR_NO_SUCH_FIELD: return EXPR_ERR_NO_SUCH_FIELD;
    case EXPR_ERR_NO_OVERLOAD: return EXPR_ERR_NO_OVERLOAD;
    case EXPR_ERR_BAD_VALUE: return EXPR_ERR_BAD_VALUE;
    case EXPR_ERR_MEMORY: return EXPR_ERR_MEMORY;
    case EXPR_ERR_LIMIT: return EXPR_ERR_LIMIT;
    case EXPR_ERR_COUNT: break;
    }
    return EXPR_OK;
}
