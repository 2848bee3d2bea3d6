/* The mark is no subscription: it has no filter and nobody acknowledges it, so it has a record of
 * its own beside theirs. */
#include "workers/delivery.h"

#include "base/crc32.h"

enum { DELIVERY_VERSION = 1 };

struct bytes delivery_name(void)
{
    return BYTES_LITERAL("\001courier");
}

void delivery_encode(uint64_t position, struct buffer *buffer)
{
    size_t start = buffer->used;
    buffer_put_u8(buffer, DELIVERY_VERSION);
    buffer_put_u64(buffer, position);
    struct bytes body = {buffer->ptr + start, buffer->used - start};
    buffer_put_u32(buffer, crc32_of(body));
}

enum ld_err delivery_decode(struct bytes record, uint64_t *ret_position)
{
    struct reader reader = {.bytes = record};
    if (record.size == 0) {
        *ret_position = 0;
        return LD_OK;
    }
    uint8_t version = reader_u8(&reader);
    uint64_t position = reader_u64(&reader);
    struct bytes body = {record.ptr, reader.at};
    bool is_whole = reader_u32(&reader) == crc32_of(body) && !reader.is_short;
    if (version > DELIVERY_VERSION)
        return LD_UNSUPPORTED;
    if (version != DELIVERY_VERSION || !is_whole || reader_left(&reader) != 0)
        return LD_CORRUPT;
    *ret_position = position;
    return LD_OK;
}
