/* The functions of the expression language over evaluated arguments. Dates go through base/civil,
 * working days through the calendar of the step: nothing here asks the machine for a time, a zone
 * or a locale. */
#include "workflows/core/expr_parts.h"

#include "base/utf8.h"

/* Room for the longest: an instant with milliseconds and zone. */
enum { INSTANT_TEXT_MAX = 40 };

/* Powers of ten that a double holds exactly. */
static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { EXACT_POWER_MAX = 22 };
#define EXACT_MANTISSA_MAX ((uint64_t)1 << 53)

static enum expr_err size(const struct value *value, struct value *ret_value)
{
    switch (value->kind) {
    case VALUE_TEXT: *ret_value = value_int((int64_t)utf8_length(value->as.text)); break;
    case VALUE_LIST: *ret_value = value_int(value->as.list.count); break;
    case VALUE_MAP: *ret_value = value_int(value->as.map.count); break;
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_DATE:
    case VALUE_TIMESTAMP:
    case VALUE_UNIT:
    case VALUE_KIND_COUNT: return EXPR_ERR_NO_OVERLOAD;
    }
    return EXPR_OK;
}

static enum expr_err search(enum expr_function function, const struct value *args,
                            struct value *ret_value)
{
    if (args[0].kind != VALUE_TEXT || args[1].kind != VALUE_TEXT)
        return EXPR_ERR_NO_OVERLOAD;
    struct bytes hay = args[0].as.text, needle = args[1].as.text;
    *ret_value = value_bool(function == FUNCTION_STARTS_WITH ? bytes_starts_with(hay, needle)
                            : function == FUNCTION_ENDS_WITH ? bytes_ends_with(hay, needle)
                                                             : bytes_find(hay, needle) != SIZE_MAX);
    return EXPR_OK;
}

static enum expr_err date(const struct value *text, struct value *ret_value)
{
    int32_t parsed;
    if (text->kind != VALUE_TEXT)
        return EXPR_ERR_NO_OVERLOAD;
    if (!date_parse(text->as.text, &parsed))
        return EXPR_ERR_BAD_VALUE;
    *ret_value = value_date(parsed);
    return EXPR_OK;
}

/* days(a, b): the days from a to b, b - a. */
static enum expr_err days(const struct value *args, struct value *ret_value)
{
    if (args[0].kind != VALUE_DATE || args[1].kind != VALUE_DATE)
        return EXPR_ERR_NO_OVERLOAD;
    *ret_value = value_int((int64_t)args[1].as.date - args[0].as.date);
    return EXPR_OK;
}

/* working_days(a, b): the working days in (a, b]. */
static enum expr_err working_days(const struct value *args, const struct calendar *calendar,
                                  struct value *ret_value)
{
    if (args[0].kind != VALUE_DATE || args[1].kind != VALUE_DATE || !calendar)
        return EXPR_ERR_NO_OVERLOAD;
    *ret_value = value_int(calendar_count_working(calendar, args[0].as.date, args[1].as.date));
    return EXPR_OK;
}

static enum expr_err due(const struct expr *call, const struct expr_env *env,
                         struct value *ret_value)
{
    int32_t last_day = env->clock_last_days ? env->clock_last_days[call->index] : DATE_NONE;
    if (last_day == DATE_NONE)
        return EXPR_ERR_NO_SUCH_FIELD;
    *ret_value = value_date(last_day);
    return EXPR_OK;
}

/* A decimal integer with an optional sign. */
static enum expr_err int_of_text(struct bytes text, struct value *ret_value)
{
    bool is_negative = text.size && text.ptr[0] == '-';
    size_t at = text.size && (text.ptr[0] == '-' || text.ptr[0] == '+');
    int64_t number = 0; /* gathered below zero, where there is room for INT64_MIN */
    if (at == text.size)
        return EXPR_ERR_BAD_VALUE;
    for (; at < text.size; at++) {
        int digit = text.ptr[at] - '0';
        if (digit < 0 || digit > 9)
            return EXPR_ERR_BAD_VALUE;
        if (number < (INT64_MIN + digit) / 10)
            return EXPR_ERR_BAD_VALUE;
        number = number * 10 - digit;
    }
    if (!is_negative && number == INT64_MIN)
        return EXPR_ERR_BAD_VALUE;
    *ret_value = value_int(is_negative ? number : -number);
    return EXPR_OK;
}

static enum expr_err to_int(const struct value *value, struct value *ret_value)
{
    switch (value->kind) {
    case VALUE_INT: *ret_value = *value; return EXPR_OK;
    case VALUE_DOUBLE:
        /* The ends themselves are out: as doubles they are not exact (CEL, int()). */
        if (!(value->as.real > -9223372036854775808.0 && value->as.real < 9223372036854775808.0))
            return EXPR_ERR_OVERFLOW;
        *ret_value = value_int((int64_t)value->as.real);
        return EXPR_OK;
    case VALUE_TEXT: return int_of_text(value->as.text, ret_value);
    case VALUE_TIMESTAMP: {
        int64_t ms = value->as.timestamp_ms;
        *ret_value = value_int(ms / 1000 - (ms % 1000 < 0));
        return EXPR_OK;
    }
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_DATE:
    case VALUE_UNIT:
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_KIND_COUNT: break;
    }
    return EXPR_ERR_NO_OVERLOAD;
}

struct decimal {
    uint64_t mantissa;
    int power;
    bool has_digits, is_exact;
};

static bool read_digits(struct bytes text, size_t *at, struct decimal *decimal, int power_each)
{
    size_t start = *at;
    for (; *at < text.size && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; (*at)++) {
        uint64_t digit = text.ptr[*at] - (uint64_t)'0';
        if (decimal->mantissa > (EXACT_MANTISSA_MAX - digit) / 10)
            decimal->is_exact = false;
        else
            decimal->mantissa = decimal->mantissa * 10 + digit;
        decimal->power -= power_each;
    }
    return *at > start;
}

static bool read_exponent(struct bytes text, size_t *at, struct decimal *decimal)
{
    if (*at == text.size || (text.ptr[*at] != 'e' && text.ptr[*at] != 'E'))
        return true;
    (*at)++;
    bool is_negative = *at < text.size && text.ptr[*at] == '-';
    *at += *at < text.size && (text.ptr[*at] == '-' || text.ptr[*at] == '+');
    struct decimal exponent = {.is_exact = true};
    if (!read_digits(text, at, &exponent, 0) || exponent.mantissa > 400)
        return false;
    decimal->power += is_negative ? -(int)exponent.mantissa : (int)exponent.mantissa;
    return true;
}

/* Decimal text to the nearest double where one multiplication or division of exact doubles gives
 * it (Clinger 1990, the fast path: a mantissa to 2^53 and powers to 10^22). Every amount, rate or
 * count that people write lies there; what does not is refused, never rounded twice. */
static enum expr_err double_of_text(struct bytes text, struct value *ret_value)
{
    bool is_negative = text.size && text.ptr[0] == '-';
    size_t at = text.size && (text.ptr[0] == '-' || text.ptr[0] == '+');
    struct decimal decimal = {.is_exact = true};
    decimal.has_digits = read_digits(text, &at, &decimal, 0);
    if (at < text.size && text.ptr[at] == '.') {
        at++;
        decimal.has_digits = read_digits(text, &at, &decimal, 1) || decimal.has_digits;
    }
    bool is_read = decimal.has_digits && read_exponent(text, &at, &decimal) && at == text.size;
    if (!is_read || !decimal.is_exact)
        return EXPR_ERR_BAD_VALUE;
    if (decimal.power > EXACT_POWER_MAX || decimal.power < -EXACT_POWER_MAX)
        return EXPR_ERR_BAD_VALUE;
    double real = (double)decimal.mantissa;
    real = decimal.power < 0 ? real / powers_of_ten[-decimal.power]
                             : real * powers_of_ten[decimal.power];
    *ret_value = value_double(is_negative ? -real : real);
    return EXPR_OK;
}

static enum expr_err to_double(const struct value *value, struct value *ret_value)
{
    if (value->kind == VALUE_TEXT)
        return double_of_text(value->as.text, ret_value);
    if (value->kind == VALUE_INT)
        *ret_value = value_double((double)value->as.integer);
    else if (value->kind == VALUE_DOUBLE)
        *ret_value = *value;
    else
        return EXPR_ERR_NO_OVERLOAD;
    return EXPR_OK;
}

static enum expr_err to_text(const struct value *value, const struct calendar *calendar,
                             struct arena *arena, struct value *ret_value)
{
    uint8_t *memory = arena_alloc(arena, INSTANT_TEXT_MAX);
    if (!memory)
        return EXPR_ERR_MEMORY;
    struct buffer buffer;
    buffer_init(&buffer, memory, INSTANT_TEXT_MAX);
    switch (value->kind) {
    case VALUE_TEXT:
    case VALUE_UNIT: *ret_value = value_text(value->as.text); return EXPR_OK;
    case VALUE_BOOL: buffer_put_text(&buffer, value->as.boolean ? "true" : "false"); break;
    case VALUE_INT: buffer_put_decimal(&buffer, value->as.integer); break;
    case VALUE_DATE: buffer_put_date(&buffer, value->as.date); break;
    case VALUE_TIMESTAMP:
        buffer_put_instant(&buffer, value->as.timestamp_ms, calendar ? calendar->zone_minutes : 0);
        break;
    case VALUE_NONE:
    case VALUE_DOUBLE:
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_KIND_COUNT: return EXPR_ERR_NO_OVERLOAD;
    }
    LD_ASSERT(!buffer.is_full);
    *ret_value = value_text(buffer_bytes(&buffer));
    return EXPR_OK;
}

static enum expr_err unit(const struct value *id, struct value *ret_value)
{
    if (id->kind != VALUE_TEXT)
        return EXPR_ERR_NO_OVERLOAD;
    *ret_value = value_unit(id->as.text);
    return EXPR_OK;
}

enum expr_err expr_call(const struct expr *call, const struct value *args,
                        const struct expr_env *env, struct arena *arena, struct value *ret_value)
{
    switch (call->function) {
    case FUNCTION_SIZE: return size(&args[0], ret_value);
    case FUNCTION_STARTS_WITH:
    case FUNCTION_ENDS_WITH:
    case FUNCTION_CONTAINS: return search(call->function, args, ret_value);
    case FUNCTION_UNIT: return unit(&args[0], ret_value);
    case FUNCTION_DATE: return date(&args[0], ret_value);
    case FUNCTION_DAYS: return days(args, ret_value);
    case FUNCTION_WORKING_DAYS: return working_days(args, env->calendar, ret_value);
    case FUNCTION_DUE: return due(call, env, ret_value);
    case FUNCTION_INT: return to_int(&args[0], ret_value);
    case FUNCTION_DOUBLE: return to_double(&args[0], ret_value);
    case FUNCTION_STRING: return to_text(&args[0], env->calendar, arena, ret_value);
    }
    LD_ASSERT(!"a call of no function");
    return EXPR_ERR_NO_OVERLOAD;
}
