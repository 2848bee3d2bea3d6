/* The cursor moves only by an acknowledgement, so that what a subscriber has not dealt with comes
 * again, under the same id (DESIGN §6). */
#include "workers/feed.h"

#include "base/crc32.h"

#include <stdlib.h>
#include <string.h>

enum { FEED_VERSION = 2, FEED_KINDS_VERSION = 2, CRC_SIZE = 4 };

bool feed_is_name(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.ptr[i] < 0x21 || name.ptr[i] == 0x7f)
            return false;
    }
    return name.size > 0 && name.size <= NAME_MAX_SIZE;
}

static void put_words(struct buffer *buffer, const struct bytes *words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        buffer_put_u8(buffer, (uint8_t)words[i].size);
        buffer_put(buffer, words[i]);
    }
}

static void take_words(struct reader *reader, struct bytes *words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        words[i] = reader_take(reader, reader_u8(reader));
}

void feed_encode(const struct feed *feed, struct buffer *buffer)
{
    size_t start = buffer->used;
    buffer_put_u8(buffer, FEED_VERSION);
    buffer_put_u64(buffer, feed->cursor);
    buffer_put_u32(buffer, feed->levels);
    buffer_put_u16(buffer, (uint16_t)feed->unit_count);
    put_words(buffer, feed->units, feed->unit_count);
    buffer_put_u8(buffer, (uint8_t)feed->kinds);
    buffer_put_u8(buffer, (uint8_t)feed->type_count);
    put_words(buffer, feed->types, feed->type_count);
    struct bytes body = {buffer->ptr + start, buffer->used - start};
    buffer_put_u32(buffer, crc32_of(body));
}

enum ld_err feed_decode(struct bytes record, struct feed *ret_feed)
{
    if (record.size < CRC_SIZE)
        return LD_CORRUPT;
    struct bytes body = {record.ptr, record.size - CRC_SIZE};
    struct reader crc = {.bytes = record, .at = body.size};
    if (reader_u32(&crc) != crc32_of(body))
        return LD_CORRUPT;
    struct reader reader = {.bytes = body};
    uint8_t version = reader_u8(&reader);
    if (version == 0 || version > FEED_VERSION)
        return LD_UNSUPPORTED;
    struct feed feed = {.cursor = reader_u64(&reader), .levels = reader_u32(&reader)};
    feed.unit_count = reader_u16(&reader);
    if (feed.unit_count > FEED_UNITS_MAX)
        return LD_CORRUPT;
    take_words(&reader, feed.units, feed.unit_count);
    if (version >= FEED_KINDS_VERSION) {
        feed.kinds = reader_u8(&reader);
        feed.type_count = reader_u8(&reader);
    }
    if (feed.type_count > FEED_TYPES_MAX)
        return LD_CORRUPT;
    take_words(&reader, feed.types, feed.type_count);
    if (reader.is_short || reader_left(&reader) != 0)
        return LD_CORRUPT;
    *ret_feed = feed;
    return LD_OK;
}

static bool are_same(const struct bytes *left, const struct bytes *right, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!bytes_equal(left[i], right[i]))
            return false;
    }
    return true;
}

bool feed_same_filter(const struct feed *left, const struct feed *right)
{
    return left->levels == right->levels && left->kinds == right->kinds
           && left->unit_count == right->unit_count && left->type_count == right->type_count
           && are_same(left->units, right->units, left->unit_count)
           && are_same(left->types, right->types, left->type_count);
}

static bool is_recipient(const struct alert *alert, struct bytes unit)
{
    for (uint32_t i = 0; i < alert->recipient_count; i++) {
        if (bytes_equal(alert->recipients[i].unit, unit))
            return true;
    }
    return false;
}

bool feed_wants(const struct feed *feed, const struct alert *alert)
{
    if (feed->kinds && !(feed->kinds & FEED_ALERTS))
        return false;
    if (feed->levels && !(feed->levels & 1U << alert->level))
        return false;
    for (uint32_t i = 0; i < feed->unit_count; i++) {
        if (is_recipient(alert, feed->units[i]))
            return true;
    }
    return feed->unit_count == 0;
}

bool feed_wants_event(const struct feed *feed, struct bytes type)
{
    if (!(feed->kinds & FEED_EMITTED))
        return false;
    for (uint32_t i = 0; i < feed->type_count; i++) {
        if (bytes_equal(feed->types[i], type))
            return true;
    }
    return feed->type_count == 0;
}

/* --- the table ------------------------------------------------------------------------------- */

bool feed_table_init(struct feed_table *table)
{
    table->rows = calloc(FEEDS_MAX, sizeof *table->rows);
    table->count = 0;
    return table->rows != NULL;
}

void feed_table_fini(struct feed_table *table)
{
    free(table->rows);
    table->rows = NULL;
}

/* The row of the name, or a free one, or NULL; an empty name finds a free one. */
static struct feed_row *row_of(const struct feed_table *table, struct bytes name)
{
    for (uint32_t i = 0; i < FEEDS_MAX; i++) {
        struct feed_row *row = &table->rows[i];
        if (bytes_equal((struct bytes){row->name, row->name_size}, name))
            return row;
    }
    return NULL;
}

struct bytes feed_table_get(const struct feed_table *table, struct bytes name)
{
    const struct feed_row *row = name.size ? row_of(table, name) : NULL;
    return row ? (struct bytes){row->record, row->record_size} : BYTES_NONE;
}

uint32_t feed_table_subscriptions(const struct feed_table *table)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FEEDS_MAX; i++) {
        const struct feed_row *row = &table->rows[i];
        count += feed_is_name((struct bytes){row->name, row->name_size});
    }
    return count;
}

enum ld_err feed_table_set(struct feed_table *table, struct bytes name, struct bytes record)
{
    if (name.size == 0 || name.size > NAME_MAX_SIZE || record.size > FEED_RECORD_MAX)
        return LD_FULL;
    struct feed_row *row = row_of(table, name);
    if (!row && record.size == 0)
        return LD_OK;
    if (!row) {
        row = row_of(table, BYTES_NONE);
        if (!row)
            return LD_FULL;
        table->count++;
    }
    if (record.size == 0) {
        table->count--;
        *row = (struct feed_row){0};
        return LD_OK;
    }
    memcpy(row->name, name.ptr, name.size);
    row->name_size = (uint8_t)name.size;
    memcpy(row->record, record.ptr, record.size);
    row->record_size = (uint16_t)record.size;
    return LD_OK;
}
