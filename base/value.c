#include "base/value.h"

#include "base/assert.h"

struct value value_bool(bool boolean)
{
    return (struct value){.kind = VALUE_BOOL, .as.boolean = boolean};
}

struct value value_int(int64_t integer)
{
    return (struct value){.kind = VALUE_INT, .as.integer = integer};
}

struct value value_double(double real)
{
    return (struct value){.kind = VALUE_DOUBLE, .as.real = real};
}

struct value value_text(struct bytes text)
{
    return (struct value){.kind = VALUE_TEXT, .as.text = text};
}

struct value value_words(const char *text)
{
    return value_text(bytes_from_text(text));
}

struct value value_date(int32_t date)
{
    return (struct value){.kind = VALUE_DATE, .as.date = date};
}

struct value value_timestamp(int64_t timestamp_ms)
{
    return (struct value){.kind = VALUE_TIMESTAMP, .as.timestamp_ms = timestamp_ms};
}

struct value value_unit(struct bytes id)
{
    return (struct value){.kind = VALUE_UNIT, .as.text = id};
}

struct value value_list(const struct value *items, uint32_t count)
{
    return (struct value){.kind = VALUE_LIST, .as.list = {items, count}};
}

struct value value_map(const struct value_entry *entries, uint32_t count)
{
    return (struct value){.kind = VALUE_MAP, .as.map = {entries, count}};
}

static bool lists_equal(const struct value *left, const struct value *right)
{
    if (left->as.list.count != right->as.list.count)
        return false;
    for (uint32_t i = 0; i < left->as.list.count; i++) {
        if (!value_equal(&left->as.list.items[i], &right->as.list.items[i]))
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
        if (!other || !value_equal(&entry->value, other))
            return false;
    }
    return true;
}

bool value_equal(const struct value *left, const struct value *right)
{
    if (left->kind != right->kind)
        return false;
    switch (left->kind) {
    case VALUE_NONE: return true;
    case VALUE_BOOL: return left->as.boolean == right->as.boolean;
    case VALUE_INT: return left->as.integer == right->as.integer;
    case VALUE_DOUBLE: return left->as.real == right->as.real;
    case VALUE_TEXT:
    case VALUE_UNIT: return bytes_equal(left->as.text, right->as.text);
    case VALUE_DATE: return left->as.date == right->as.date;
    case VALUE_TIMESTAMP: return left->as.timestamp_ms == right->as.timestamp_ms;
    case VALUE_LIST: return lists_equal(left, right);
    case VALUE_MAP: return maps_equal(left, right);
    case VALUE_KIND_COUNT: break;
    }
    LD_ASSERT(!"a value of no kind");
    return false;
}

const struct value *value_get_bytes(const struct value *map, struct bytes key)
{
    if (!map || map->kind != VALUE_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->as.map.count; i++) {
        if (bytes_equal(map->as.map.entries[i].key, key))
            return &map->as.map.entries[i].value;
    }
    return NULL;
}

const struct value *value_get(const struct value *map, const char *key)
{
    return value_get_bytes(map, bytes_from_text(key));
}

struct bytes value_get_text(const struct value *map, const char *key)
{
    const struct value *value = value_get(map, key);
    return value && value->kind == VALUE_TEXT ? value->as.text : BYTES_NONE;
}

int64_t value_get_int(const struct value *map, const char *key, int64_t fallback)
{
    const struct value *value = value_get(map, key);
    return value && value->kind == VALUE_INT ? value->as.integer : fallback;
}

bool value_get_bool(const struct value *map, const char *key, bool fallback)
{
    const struct value *value = value_get(map, key);
    return value && value->kind == VALUE_BOOL ? value->as.boolean : fallback;
}

void value_put(struct value_builder *builder, const char *key, struct value value)
{
    LD_ASSERT(builder->count < builder->capacity);
    builder->entries[builder->count++] = (struct value_entry){bytes_from_text(key), value};
}

struct value value_built(const struct value_builder *builder)
{
    return value_map(builder->entries, builder->count);
}
