/* A bounded output buffer over the caller's memory: text and big-endian numbers are appended
 * without allocation and without locale. What does not fit sets is_full and is left out; the
 * caller looks once, at the end. */
#ifndef LD_BASE_BUFFER_H
#define LD_BASE_BUFFER_H

#include "base/bytes.h"

struct buffer {
    uint8_t *ptr;
    size_t size;
    size_t used;
    bool is_full;
};

void buffer_init(struct buffer *buffer, void *memory, size_t size);
void buffer_clear(struct buffer *buffer);
struct bytes buffer_bytes(const struct buffer *buffer);

void buffer_put(struct buffer *buffer, struct bytes bytes);
void buffer_put_text(struct buffer *buffer, const char *text);
void buffer_put_u8(struct buffer *buffer, uint8_t number);
void buffer_put_u16(struct buffer *buffer, uint16_t number);
void buffer_put_u32(struct buffer *buffer, uint32_t number);
void buffer_put_u64(struct buffer *buffer, uint64_t number);
/* Decimal digits. */
void buffer_put_decimal(struct buffer *buffer, int64_t number);
/* Decimal digits with leading zeros up to width. */
void buffer_put_padded(struct buffer *buffer, uint32_t number, int width);

/* A cursor over bytes; reading past the end gives zeros and sets is_short. */
struct reader {
    struct bytes bytes;
    size_t at;
    bool is_short;
};

uint8_t reader_u8(struct reader *reader);
uint16_t reader_u16(struct reader *reader);
uint32_t reader_u32(struct reader *reader);
uint64_t reader_u64(struct reader *reader);
/* A view of the next size bytes, or the empty view. */
struct bytes reader_take(struct reader *reader, size_t size);
size_t reader_left(const struct reader *reader);

#endif
