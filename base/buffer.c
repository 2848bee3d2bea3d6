#include "base/buffer.h"

#include <string.h>

void buffer_init(struct buffer *buffer, void *memory, size_t size)
{
    *buffer = (struct buffer){.ptr = memory, .size = size};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->used = 0;
    buffer->is_full = false;
}

struct bytes buffer_bytes(const struct buffer *buffer)
{
    return (struct bytes){buffer->ptr, buffer->used};
}

void buffer_put(struct buffer *buffer, struct bytes bytes)
{
    if (buffer->is_full || bytes.size > buffer->size - buffer->used) {
        buffer->is_full = true;
        return;
    }
    if (bytes.size)
        memcpy(buffer->ptr + buffer->used, bytes.ptr, bytes.size);
    buffer->used += bytes.size;
}

void buffer_put_text(struct buffer *buffer, const char *text)
{
    buffer_put(buffer, bytes_from_text(text));
}

static void put_number(struct buffer *buffer, uint64_t number, int width)
{
    uint8_t octets[8];
    for (int i = 0; i < width; i++)
        octets[i] = (uint8_t)(number >> (8 * (width - 1 - i)));
    buffer_put(buffer, (struct bytes){octets, (size_t)width});
}

void buffer_put_u8(struct buffer *buffer, uint8_t number)
{
    put_number(buffer, number, 1);
}

void buffer_put_u16(struct buffer *buffer, uint16_t number)
{
    put_number(buffer, number, 2);
}

void buffer_put_u32(struct buffer *buffer, uint32_t number)
{
    put_number(buffer, number, 4);
}

void buffer_put_u64(struct buffer *buffer, uint64_t number)
{
    put_number(buffer, number, 8);
}

void buffer_put_decimal(struct buffer *buffer, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    /* The magnitude of INT64_MIN does not fit in int64_t, but does in uint64_t. */
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        buffer_put_u8(buffer, '-');
    buffer_put(buffer, (struct bytes){(const uint8_t *)digits + at, sizeof digits - at});
}

void buffer_put_padded(struct buffer *buffer, uint32_t number, int width)
{
    uint32_t bound = 1;
    for (int i = 1; i < width; i++)
        bound *= 10;
    for (; bound > 1 && bound > number; bound /= 10)
        buffer_put_u8(buffer, '0');
    buffer_put_decimal(buffer, number);
}

static uint64_t take_number(struct reader *reader, size_t width)
{
    struct bytes octets = reader_take(reader, width);
    uint64_t number = 0;
    for (size_t i = 0; i < octets.size; i++)
        number = number << 8 | octets.ptr[i];
    return number;
}

uint8_t reader_u8(struct reader *reader)
{
    return (uint8_t)take_number(reader, 1);
}

uint16_t reader_u16(struct reader *reader)
{
    return (uint16_t)take_number(reader, 2);
}

uint32_t reader_u32(struct reader *reader)
{
    return (uint32_t)take_number(reader, 4);
}

uint64_t reader_u64(struct reader *reader)
{
    return take_number(reader, 8);
}

struct bytes reader_take(struct reader *reader, size_t size)
{
    if (reader->is_short || size > reader_left(reader)) {
        reader->is_short = true;
        return BYTES_NONE;
    }
    struct bytes taken = {reader->bytes.ptr + reader->at, size};
    reader->at += size;
    return taken;
}

size_t reader_left(const struct reader *reader)
{
    return reader->bytes.size - reader->at;
}
