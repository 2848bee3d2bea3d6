/* The frame of a record and its smallest parts. Every record is version … CRC-32; the CRC is
 * looked at before anything else, so that what is read after it is what was once written, and the
 * checks that follow guard against a wrong writer, not against a wrong disk. */
#include "workers/record_part.h"

#include "base/crc32.h"

#include <string.h>

void record_seal(struct buffer *buffer, size_t start)
{
    if (buffer->is_full)
        return;
    struct bytes body = {buffer->ptr + start, buffer->used - start};
    buffer_put_u32(buffer, crc32_of(body));
}

enum ld_err record_open(struct record_reader *reader, struct bytes record, uint8_t version)
{
    if (record.size <= RECORD_CRC_SIZE)
        return LD_CORRUPT;
    struct bytes body = {record.ptr, record.size - RECORD_CRC_SIZE};
    struct reader tail = {.bytes = bytes_slice(record, body.size, RECORD_CRC_SIZE)};
    if (reader_u32(&tail) != crc32_of(body))
        return LD_CORRUPT;
    reader->reader = (struct reader){.bytes = body};
    reader->err = LD_OK;
    uint8_t found = reader_u8(&reader->reader);
    if (found == 0)
        return LD_CORRUPT;
    return found > version ? LD_UNSUPPORTED : LD_OK;
}

enum ld_err record_close(const struct record_reader *reader)
{
    if (reader->err)
        return reader->err;
    return reader->reader.is_short || reader_left(&reader->reader) ? LD_CORRUPT : LD_OK;
}

void record_fail(struct record_reader *reader, enum ld_err err)
{
    if (!reader->err)
        reader->err = err;
    /* Nothing more is to be had from it: loops over counts end at once. */
    reader->reader.is_short = true;
}

void record_require(struct record_reader *reader, bool holds)
{
    if (!holds)
        record_fail(reader, LD_CORRUPT);
}

uint32_t record_below(struct record_reader *reader, uint32_t number, uint32_t bound)
{
    record_require(reader, number < bound);
    return number < bound ? number : 0;
}

void *record_array(struct record_reader *reader, size_t count, size_t size)
{
    if (count == 0 || reader->err)
        return NULL;
    void *array = arena_alloc_array(reader->arena, count, size);
    if (!array)
        record_fail(reader, LD_FULL);
    return array;
}

static struct bytes take_view(struct record_reader *reader, size_t size)
{
    struct bytes view = reader_take(&reader->reader, size);
    if (view.size == 0)
        return BYTES_NONE;
    if (!reader->is_copying)
        return view;
    struct bytes copy = arena_copy(reader->arena, view);
    if (!copy.ptr)
        record_fail(reader, LD_FULL);
    return copy;
}

void record_put_name(struct buffer *buffer, struct bytes name)
{
    LD_ASSERT(name.size <= UINT16_MAX);
    buffer_put_u16(buffer, (uint16_t)name.size);
    buffer_put(buffer, name);
}

struct bytes record_take_name(struct record_reader *reader)
{
    return take_view(reader, reader_u16(&reader->reader));
}

void record_put_text(struct buffer *buffer, struct bytes text)
{
    LD_ASSERT(text.size <= UINT32_MAX);
    buffer_put_u32(buffer, (uint32_t)text.size);
    buffer_put(buffer, text);
}

struct bytes record_take_text(struct record_reader *reader)
{
    return take_view(reader, reader_u32(&reader->reader));
}

void record_put_octets(struct buffer *buffer, const uint8_t *octets, size_t size)
{
    buffer_put(buffer, (struct bytes){octets, size});
}

void record_take_octets(struct record_reader *reader, uint8_t *ret_octets, size_t size)
{
    struct bytes octets = reader_take(&reader->reader, size);
    if (octets.size == size)
        memcpy(ret_octets, octets.ptr, size);
}

int32_t record_take_i32(struct record_reader *reader)
{
    return (int32_t)reader_u32(&reader->reader);
}

int64_t record_take_i64(struct record_reader *reader)
{
    return (int64_t)reader_u64(&reader->reader);
}
