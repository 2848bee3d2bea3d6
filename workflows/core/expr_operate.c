/* The operators of CEL over two values. Integers are checked before they are computed: what does
 * not fit 64 bits is an error of the expression, never a wrapped number. Integers and doubles
 * compare by their exact value, which a cast of the one to the other would lose. */
#include "workflows/core/expr_parts.h"

#include <string.h>

/* 2^63, the first double above every int64_t. */
#define INT_END 9223372036854775808.0

enum order { ORDER_LESS, ORDER_EQUAL, ORDER_GREATER, ORDER_NONE };

static enum order order_of(bool is_less, bool is_greater)
{
    return is_less ? ORDER_LESS : is_greater ? ORDER_GREATER : ORDER_EQUAL;
}

static enum order order_ints(int64_t left, int64_t right)
{
    return order_of(left<right, left> right);
}

/* NaN has no order, also not with itself. */
static enum order order_doubles(double left, double right)
{
    if (left != left || right != right)
        return ORDER_NONE;
    return order_of(left<right, left> right);
}

static enum order order_int_double(int64_t left, double right)
{
    if (right != right)
        return ORDER_NONE;
    if (right >= INT_END)
        return ORDER_LESS;
    if (right < -INT_END)
        return ORDER_GREATER;
    int64_t whole = (int64_t)right;
    if (left != whole)
        return order_ints(left, whole);
    double rest = right - (double)whole;
    return order_of(rest > 0, rest < 0);
}

static enum order order_numbers(const struct value *left, const struct value *right)
{
    if (left->kind == VALUE_INT && right->kind == VALUE_INT)
        return order_ints(left->as.integer, right->as.integer);
    if (left->kind == VALUE_INT)
        return order_int_double(left->as.integer, right->as.real);
    if (right->kind == VALUE_DOUBLE)
        return order_doubles(left->as.real, right->as.real);
    enum order turned = order_int_double(right->as.integer, left->as.real);
    if (turned == ORDER_LESS)
        return ORDER_GREATER;
    return turned == ORDER_GREATER ? ORDER_LESS : turned;
}

static bool is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_DOUBLE;
}

static enum expr_err order_values(const struct value *left, const struct value *right,
                                  enum order *ret_order)
{
    if (is_number(left) && is_number(right)) {
        *ret_order = order_numbers(left, right);
        return EXPR_OK;
    }
    if (left->kind != right->kind)
        return EXPR_ERR_NO_OVERLOAD;
    switch (left->kind) {
    case VALUE_BOOL: *ret_order = order_ints(left->as.boolean, right->as.boolean); break;
    case VALUE_DATE: *ret_order = order_ints(left->as.date, right->as.date); break;
    case VALUE_TIMESTAMP:
        *ret_order = order_ints(left->as.timestamp_ms, right->as.timestamp_ms);
        break;
    case VALUE_TEXT:
        /* The byte order of UTF-8 is the order of code points. */
        *ret_order = order_ints(bytes_compare(left->as.text, right->as.text), 0);
        break;
    case VALUE_NONE:
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_UNIT:
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_KIND_COUNT: return EXPR_ERR_NO_OVERLOAD;
    }
    return EXPR_OK;
}

static bool lists_equal(const struct value *left, const struct value *right)
{
    if (left->as.list.count != right->as.list.count)
        return false;
    for (uint32_t i = 0; i < left->as.list.count; i++) {
        if (!expr_equal(&left->as.list.items[i], &right->as.list.items[i]))
            return false;
    }
    return true;
}

static bool maps_equal(const struct value *left, const struct value *right)
{
    if (left->as.map.count != right->as.map.count)
        return false;
    for (uint32_t i = 0; i < left->as.map.count; i++) {
        const struct value_entry *entry = &left->as.map.entries[i];
        const struct value *other = value_get_bytes(right, entry->key);
        if (!other || !expr_equal(&entry->value, other))
            return false;
    }
    return true;
}

bool expr_equal(const struct value *left, const struct value *right)
{
    if (is_number(left) && is_number(right))
        return order_numbers(left, right) == ORDER_EQUAL;
    if (left->kind == VALUE_LIST && right->kind == VALUE_LIST)
        return lists_equal(left, right);
    if (left->kind == VALUE_MAP && right->kind == VALUE_MAP)
        return maps_equal(left, right);
    return value_equal(left, right);
}

static enum expr_err compare(enum expr_op op, const struct value *left, const struct value *right,
                             struct value *ret_value)
{
    enum order order = ORDER_EQUAL; /* set by what follows; the compiler cannot see it */
    enum expr_err err = order_values(left, right, &order);
    if (err)
        return err;
    bool is_equal = order == ORDER_EQUAL;
    bool is_less = order == ORDER_LESS, is_greater = order == ORDER_GREATER;
    bool holds = op == EXPR_LESS         ? is_less
                 : op == EXPR_LESS_EQUAL ? is_less || is_equal
                 : op == EXPR_GREATER    ? is_greater
                                         : is_greater || is_equal;
    *ret_value = value_bool(holds);
    return EXPR_OK;
}

static enum expr_err is_in(const struct value *item, const struct value *whole,
                           struct value *ret_value)
{
    bool is_found = false;
    if (whole->kind == VALUE_MAP) {
        is_found = item->kind == VALUE_TEXT && value_get_bytes(whole, item->as.text);
    } else if (whole->kind == VALUE_LIST) {
        for (uint32_t i = 0; !is_found && i < whole->as.list.count; i++)
            is_found = expr_equal(item, &whole->as.list.items[i]);
    } else {
        return EXPR_ERR_NO_OVERLOAD;
    }
    *ret_value = value_bool(is_found);
    return EXPR_OK;
}

static bool add_overflows(int64_t left, int64_t right)
{
    return right > 0 ? left > INT64_MAX - right : left < INT64_MIN - right;
}

static bool subtract_overflows(int64_t left, int64_t right)
{
    return right < 0 ? left > INT64_MAX + right : left < INT64_MIN + right;
}

static bool multiply_overflows(int64_t left, int64_t right)
{
    if (left == 0 || right == 0)
        return false;
    if (left > 0)
        return right > 0 ? left > INT64_MAX / right : right < INT64_MIN / left;
    return right > 0 ? left < INT64_MIN / right : right < INT64_MAX / left;
}

static enum expr_err compute_ints(enum expr_op op, int64_t left, int64_t right,
                                  struct value *ret_value)
{
    bool divides = op == EXPR_DIVIDE || op == EXPR_MODULO;
    if (divides && right == 0)
        return EXPR_ERR_DIVIDE_BY_ZERO;
    bool overflows = op == EXPR_ADD        ? add_overflows(left, right)
                     : op == EXPR_SUBTRACT ? subtract_overflows(left, right)
                     : op == EXPR_MULTIPLY ? multiply_overflows(left, right)
                                           : left == INT64_MIN && right == -1;
    if (overflows)
        return EXPR_ERR_OVERFLOW;
    /* C truncates towards zero and gives % the sign of the left side, as CEL does. */
    *ret_value = value_int(op == EXPR_ADD        ? left + right
                           : op == EXPR_SUBTRACT ? left - right
                           : op == EXPR_MULTIPLY ? left * right
                           : op == EXPR_DIVIDE   ? left / right
                                                 : left % right);
    return EXPR_OK;
}

static enum expr_err compute_doubles(enum expr_op op, double left, double right,
                                     struct value *ret_value)
{
    if (op == EXPR_MODULO)
        return EXPR_ERR_NO_OVERLOAD;
    *ret_value = value_double(op == EXPR_ADD        ? left + right
                              : op == EXPR_SUBTRACT ? left - right
                              : op == EXPR_MULTIPLY ? left * right
                                                    : left / right);
    return EXPR_OK;
}

static enum expr_err join_texts(struct bytes left, struct bytes right, struct arena *arena,
                                struct value *ret_value)
{
    uint8_t *text = arena_alloc(arena, left.size + right.size + 1);
    if (!text)
        return EXPR_ERR_MEMORY;
    if (left.size)
        memcpy(text, left.ptr, left.size);
    if (right.size)
        memcpy(text + left.size, right.ptr, right.size);
    *ret_value = value_text((struct bytes){text, left.size + right.size});
    return EXPR_OK;
}

static enum expr_err join_lists(const struct value *left, const struct value *right,
                                struct arena *arena, struct value *ret_value)
{
    uint32_t first = left->as.list.count, second = right->as.list.count;
    if (first > UINT32_MAX - second)
        return EXPR_ERR_MEMORY;
    struct value *items = arena_alloc_array(arena, first + second, sizeof *items);
    if (!items)
        return EXPR_ERR_MEMORY;
    for (uint32_t i = 0; i < first; i++)
        items[i] = left->as.list.items[i];
    for (uint32_t i = 0; i < second; i++)
        items[first + i] = right->as.list.items[i];
    *ret_value = value_list(items, first + second);
    return EXPR_OK;
}

static enum expr_err compute(enum expr_op op, const struct value *left, const struct value *right,
                             struct arena *arena, struct value *ret_value)
{
    if (left->kind != right->kind)
        return EXPR_ERR_NO_OVERLOAD;
    if (left->kind == VALUE_INT)
        return compute_ints(op, left->as.integer, right->as.integer, ret_value);
    if (left->kind == VALUE_DOUBLE)
        return compute_doubles(op, left->as.real, right->as.real, ret_value);
    if (op == EXPR_ADD && left->kind == VALUE_TEXT)
        return join_texts(left->as.text, right->as.text, arena, ret_value);
    if (op == EXPR_ADD && left->kind == VALUE_LIST)
        return join_lists(left, right, arena, ret_value);
    return EXPR_ERR_NO_OVERLOAD;
}

enum expr_err expr_operate(enum expr_op op, const struct value *left, const struct value *right,
                           struct arena *arena, struct value *ret_value)
{
    LD_ASSERT(op >= EXPR_EQUAL && op <= EXPR_MODULO);
    if (op == EXPR_EQUAL || op == EXPR_NOT_EQUAL) {
        *ret_value = value_bool(expr_equal(left, right) == (op == EXPR_EQUAL));
        return EXPR_OK;
    }
    if (op == EXPR_IN)
        return is_in(left, right, ret_value);
    if (op <= EXPR_GREATER_EQUAL)
        return compare(op, left, right, ret_value);
    return compute(op, left, right, arena, ret_value);
}

enum expr_err expr_negate(const struct value *value, struct value *ret_value)
{
    if (value->kind == VALUE_DOUBLE) {
        *ret_value = value_double(-value->as.real);
        return EXPR_OK;
    }
    if (value->kind != VALUE_INT)
        return EXPR_ERR_NO_OVERLOAD;
    if (value->as.integer == INT64_MIN)
        return EXPR_ERR_OVERFLOW;
    *ret_value = value_int(-value->as.integer);
    return EXPR_OK;
}
