/* Values in records: a kind byte, then what that kind needs. Kinds are stored as they are numbered
 * in base/value.h, which therefore never renumbers them. */
#include "workers/record_part.h"

#include <string.h>

_Static_assert(VALUE_TEXT == 4 && VALUE_UNIT == 7 && VALUE_MAP == 9, "kinds stand in stored bytes");
_Static_assert(sizeof(double) == 8, "a double is stored as its eight octets");

/* The fewest bytes an entry can take: a bound on what a count may claim. */
enum { ITEM_SIZE_MIN = 1, ENTRY_SIZE_MIN = 3 };

static void put_value(struct buffer *buffer, const struct value *value, int depth);

static void put_real(struct buffer *buffer, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    buffer_put_u64(buffer, bits);
}

static void put_list(struct buffer *buffer, const struct value *list, int depth)
{
    buffer_put_u32(buffer, list->as.list.count);
    for (uint32_t i = 0; i < list->as.list.count; i++)
        put_value(buffer, &list->as.list.items[i], depth);
}

static void put_map(struct buffer *buffer, const struct value *map, int depth)
{
    buffer_put_u32(buffer, map->as.map.count);
    for (uint32_t i = 0; i < map->as.map.count; i++) {
        record_put_name(buffer, map->as.map.entries[i].key);
        put_value(buffer, &map->as.map.entries[i].value, depth);
    }
}

static void put_value(struct buffer *buffer, const struct value *value, int depth)
{
    LD_ASSERT(depth <= RECORD_VALUE_DEPTH_MAX);
    buffer_put_u8(buffer, (uint8_t)value->kind);
    switch (value->kind) {
    case VALUE_NONE: return;
    case VALUE_BOOL: buffer_put_u8(buffer, value->as.boolean); return;
    case VALUE_INT: buffer_put_u64(buffer, (uint64_t)value->as.integer); return;
    case VALUE_DOUBLE: put_real(buffer, value->as.real); return;
    case VALUE_TEXT:
    case VALUE_UNIT: record_put_text(buffer, value->as.text); return;
    case VALUE_DATE: buffer_put_u32(buffer, (uint32_t)value->as.date); return;
    case VALUE_TIMESTAMP: buffer_put_u64(buffer, (uint64_t)value->as.timestamp_ms); return;
    case VALUE_LIST: put_list(buffer, value, depth + 1); return;
    case VALUE_MAP: put_map(buffer, value, depth + 1); return;
    case VALUE_KIND_COUNT: break;
    }
    LD_ASSERT(!"a value of no kind");
}

void record_put_value(struct buffer *buffer, const struct value *value)
{
    put_value(buffer, value, 0);
}

static void take_value(struct record_reader *reader, int depth, struct value *ret_value);

static double take_real(struct record_reader *reader)
{
    uint64_t bits = reader_u64(&reader->reader);
    double real;
    memcpy(&real, &bits, sizeof real);
    return real;
}

/* A count of things that take at least size_min bytes each. */
static uint32_t take_count(struct record_reader *reader, size_t size_min)
{
    uint32_t count = reader_u32(&reader->reader);
    record_require(reader, count <= reader_left(&reader->reader) / size_min);
    return reader->err ? 0 : count;
}

static struct value take_list(struct record_reader *reader, int depth)
{
    uint32_t count = take_count(reader, ITEM_SIZE_MIN);
    struct value *items = record_array(reader, count, sizeof *items);
    for (uint32_t i = 0; items && i < count; i++)
        take_value(reader, depth, &items[i]);
    return value_list(items, items ? count : 0);
}

static struct value take_map(struct record_reader *reader, int depth)
{
    uint32_t count = take_count(reader, ENTRY_SIZE_MIN);
    struct value_entry *entries = record_array(reader, count, sizeof *entries);
    for (uint32_t i = 0; entries && i < count; i++) {
        entries[i].key = record_take_name(reader);
        take_value(reader, depth, &entries[i].value);
    }
    return value_map(entries, entries ? count : 0);
}

static void take_value(struct record_reader *reader, int depth, struct value *ret_value)
{
    uint32_t kind = record_below(reader, reader_u8(&reader->reader), VALUE_KIND_COUNT);
    record_require(reader, depth <= RECORD_VALUE_DEPTH_MAX);
    *ret_value = VALUE_ABSENT;
    if (reader->err)
        return;
    switch ((enum value_kind)kind) {
    case VALUE_NONE: return;
    case VALUE_BOOL:
        *ret_value = value_bool(record_below(reader, reader_u8(&reader->reader), 2) != 0);
        return;
    case VALUE_INT: *ret_value = value_int(record_take_i64(reader)); return;
    case VALUE_DOUBLE: *ret_value = value_double(take_real(reader)); return;
    case VALUE_TEXT: *ret_value = value_text(record_take_text(reader)); return;
    case VALUE_UNIT: *ret_value = value_unit(record_take_text(reader)); return;
    case VALUE_DATE: *ret_value = value_date(record_take_i32(reader)); return;
    case VALUE_TIMESTAMP: *ret_value = value_timestamp(record_take_i64(reader)); return;
    case VALUE_LIST: *ret_value = take_list(reader, depth + 1); return;
    case VALUE_MAP: *ret_value = take_map(reader, depth + 1); return;
    case VALUE_KIND_COUNT: return;
    }
}

void record_take_value(struct record_reader *reader, struct value *ret_value)
{
    take_value(reader, 0, ret_value);
}
