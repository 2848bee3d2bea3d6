/* A YAML tree as an untyped value, for the event data of stories: what JSON would have said. Only
 * true, false, integers and plain decimals are typed; dates, words like `no` and numbers with
 * leading zeros (unit codes, case numbers) stay text, and so does everything in quotes. */
#include "workflows/language/yaml.h"

enum { DECIMAL_DIGITS_MAX = 15 }; /* a double holds every decimal of 15 digits */

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* The digits of -?(0|[1-9][0-9]*)(\.[0-9]+)? as one integer and the number of decimals. */
static bool scan_number(struct bytes text, int64_t *ret_integer, uint32_t *ret_decimals,
                        uint32_t *ret_digits)
{
    bool is_negative = text.size > 0 && text.ptr[0] == '-';
    size_t at = is_negative, first = at;
    size_t point = SIZE_MAX;
    int64_t integer = 0;
    uint32_t digits = 0;
    for (; at < text.size; at++) {
        if (text.ptr[at] == '.' && point == SIZE_MAX && at > first) {
            point = at;
            continue;
        }
        if (!is_digit(text.ptr[at]))
            return false;
        int64_t digit = text.ptr[at] - '0';
        if (integer < (INT64_MIN + digit) / 10)
            return false;
        integer = integer * 10 - digit; /* negative, so that INT64_MIN fits */
        digits++;
    }
    size_t whole = (point == SIZE_MAX ? text.size : point) - first;
    if (whole == 0 || (whole > 1 && text.ptr[first] == '0') || point == text.size - 1)
        return false;
    if (!is_negative && integer == INT64_MIN)
        return false;
    *ret_integer = is_negative ? integer : -integer;
    *ret_decimals = point == SIZE_MAX ? 0 : (uint32_t)(text.size - point - 1);
    *ret_digits = digits;
    return true;
}

static struct value scalar_value(const struct yaml_node *node)
{
    int64_t integer;
    uint32_t decimals, digits;
    if (node->is_quoted)
        return value_text(node->text);
    if (bytes_is(node->text, "true") || bytes_is(node->text, "false"))
        return value_bool(bytes_is(node->text, "true"));
    if (!scan_number(node->text, &integer, &decimals, &digits))
        return value_text(node->text);
    if (decimals == 0)
        return value_int(integer);
    if (digits > DECIMAL_DIGITS_MAX)
        return value_text(node->text);
    double scale = 1;
    for (uint32_t i = 0; i < decimals; i++)
        scale *= 10;
    return value_double((double)integer / scale); /* both exact: rounded once */
}

static struct value list_value(const struct yaml_node *node, struct arena *arena)
{
    struct value *items = arena_alloc_array(arena, node->count, sizeof *items);
    if (!items)
        return VALUE_ABSENT;
    for (uint32_t i = 0; i < node->count; i++)
        items[i] = yaml_to_value(node->items[i], arena);
    return value_list(items, node->count);
}

static struct value map_value(const struct yaml_node *node, struct arena *arena)
{
    struct value_entry *entries = arena_alloc_array(arena, node->count, sizeof *entries);
    if (!entries)
        return VALUE_ABSENT;
    for (uint32_t i = 0; i < node->count; i++) {
        entries[i].key = node->entries[i].key;
        entries[i].value = yaml_to_value(node->entries[i].value, arena);
    }
    return value_map(entries, node->count);
}

struct value yaml_to_value(const struct yaml_node *node, struct arena *arena)
{
    switch (node->kind) {
    case YAML_SCALAR: return scalar_value(node);
    case YAML_SEQUENCE: return list_value(node, arena);
    case YAML_MAPPING: return map_value(node, arena);
    }
    return VALUE_ABSENT;
}
