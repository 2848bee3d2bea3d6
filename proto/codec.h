/* msgpack to values and back. The only file that includes msgpack.h is codec.c. */
#ifndef LD_PROTO_CODEC_H
#define LD_PROTO_CODEC_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/err.h"
#include "base/value.h"

/* One linear pass without allocation, before anything is decoded: depth, counts against the bytes
 * left, text keys that are unique within their map, valid UTF-8, no ext, no bin, no NaN or
 * infinity, integers within int64, at most WIRE_KEYS_MAX keys in the maps open at once, nothing
 * trailing. LD_INVALID: not all of that holds. */
LD_MUST_USE enum ld_err codec_scan(struct bytes bytes, uint32_t depth_max);
/* Scans, then decodes into the arena; texts are views into bytes. LD_FULL: arena. */
LD_MUST_USE enum ld_err codec_decode(struct bytes bytes, uint32_t depth_max, struct arena *arena,
                                     struct value *ret_value);
/* Appends. Dates, timestamps (UTC) and units become text, a double that is no number becomes null.
 * buffer->is_full says that it did not fit. */
void codec_encode(const struct value *value, struct buffer *buffer);
/* Of an encoded array: the count, and each element as a view of its bytes. The array has been
 * scanned before. */
struct codec_items {
    struct bytes rest;
    uint32_t count;
};

bool codec_items_open(struct bytes array, struct codec_items *ret_items);
/* The next element's bytes; false after the last. */
bool codec_items_next(struct codec_items *items, struct bytes *ret_item);

#endif
