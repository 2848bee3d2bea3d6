/* Values of any size, cut into rows of at most STORE_VALUE_MAX: larger ones would leave LMDB's leaf
 * pages and need runs of contiguous free pages. The key of a chunk is the value's key and the
 * chunk's number; the chunks one behind the other are
 *
 *   size of the value (4) │ value │ CRC-32 of key, size and value (4)
 *
 * LMDB has no checksums of its own. The key is under the CRC too, so that a page that turns up in
 * another's place is seen. A frame is that text with the key before it, as it is summed. */
#include "workers/store_lmdb.h"

#include "base/crc32.h"

#include <string.h>

enum { CHUNK_NUMBER_SIZE = 2, SIZE_SIZE = 4, CRC_SIZE = 4, CHUNKS_MAX = UINT16_MAX };

_Static_assert(FRAME_VALUE_MAX / STORE_VALUE_MAX < CHUNKS_MAX, "a chunk's number has two bytes");

uint32_t chunk_count(size_t value_size)
{
    return (uint32_t)((SIZE_SIZE + value_size + CRC_SIZE + STORE_VALUE_MAX - 1) / STORE_VALUE_MAX);
}

struct bytes chunk_key(MDB_val key, uint32_t *ret_chunk)
{
    struct bytes bytes = lmdb_bytes(key);
    if (bytes.size < CHUNK_NUMBER_SIZE)
        return BYTES_NONE;
    struct reader reader = {.bytes = bytes, .at = bytes.size - CHUNK_NUMBER_SIZE};
    *ret_chunk = reader_u16(&reader);
    return bytes_slice(bytes, 0, bytes.size - CHUNK_NUMBER_SIZE);
}

/* A key with room for its chunk number. */
struct numbered {
    uint8_t bytes[FRAME_KEY_MAX + CHUNK_NUMBER_SIZE];
    size_t size;
};

static void number_key(struct numbered *key, struct bytes prefix, uint32_t chunk)
{
    struct buffer buffer;
    LD_ASSERT(prefix.size <= FRAME_KEY_MAX && chunk <= CHUNKS_MAX);
    buffer_init(&buffer, key->bytes, sizeof key->bytes);
    buffer_put(&buffer, prefix);
    buffer_put_u16(&buffer, (uint16_t)chunk);
    key->size = buffer.used;
}

static MDB_val numbered_val(const struct numbered *key)
{
    return lmdb_val((struct bytes){key->bytes, key->size});
}

static struct bytes make_frame(struct bytes key, struct bytes value, uint8_t *frame)
{
    struct buffer buffer;
    LD_ASSERT(value.size <= FRAME_VALUE_MAX);
    buffer_init(&buffer, frame, FRAME_SIZE);
    buffer_put(&buffer, key);
    buffer_put_u32(&buffer, (uint32_t)value.size);
    buffer_put(&buffer, value);
    buffer_put_u32(&buffer, crc32_of(buffer_bytes(&buffer)));
    LD_ASSERT(!buffer.is_full);
    return bytes_slice(buffer_bytes(&buffer), key.size, buffer.used);
}

int chunk_put(MDB_cursor *cursor, struct bytes key, struct bytes value, unsigned flags,
              uint8_t *frame)
{
    struct bytes text = make_frame(key, value, frame);
    struct numbered numbered;
    for (uint32_t i = 0; i < chunk_count(value.size); i++) {
        number_key(&numbered, key, i);
        MDB_val row_key = numbered_val(&numbered);
        MDB_val row = lmdb_val(bytes_slice(text, (size_t)i * STORE_VALUE_MAX, STORE_VALUE_MAX));
        int code = mdb_cursor_put(cursor, &row_key, &row, flags);
        if (code)
            return code;
    }
    return 0;
}

/* By key, never by cursor: repeated deletes through one had bugs (ITS#9376, 9461, 9500). */
int chunk_delete(MDB_cursor *cursor, struct bytes key, uint32_t first)
{
    struct numbered numbered;
    int code = 0;
    for (uint32_t i = first; !code; i++) {
        number_key(&numbered, key, i);
        MDB_val row_key = numbered_val(&numbered);
        code = mdb_del(mdb_cursor_txn(cursor), mdb_cursor_dbi(cursor), &row_key, NULL);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

static enum ld_err find_chunk(MDB_cursor *cursor, struct bytes key, uint32_t number,
                              struct bytes *ret_row)
{
    struct numbered numbered;
    number_key(&numbered, key, number);
    MDB_val row_key = numbered_val(&numbered), row;
    enum ld_err err = lmdb_err(mdb_cursor_get(cursor, &row_key, &row, MDB_SET_KEY));
    if (!err)
        *ret_row = lmdb_bytes(row);
    return err;
}

/* All chunks but the first, which says how many there are, into the frame. */
static enum ld_err gather(MDB_cursor *cursor, struct bytes key, uint32_t count,
                          struct buffer *buffer)
{
    struct bytes row;
    for (uint32_t i = 1; i < count; i++) {
        enum ld_err err = find_chunk(cursor, key, i, &row);
        if (err)
            return err == LD_NOT_FOUND ? LD_CORRUPT : err;
        buffer_put(buffer, row);
    }
    return LD_OK;
}

static bool is_sound(const struct buffer *frame)
{
    struct bytes bytes = buffer_bytes(frame);
    if (frame->is_full || frame->used != frame->size)
        return false;
    struct reader reader = {.bytes = bytes, .at = bytes.size - CRC_SIZE};
    return reader_u32(&reader) == crc32_of(bytes_slice(bytes, 0, bytes.size - CRC_SIZE));
}

static enum ld_err open_frame(MDB_cursor *cursor, struct bytes key, struct arena *arena,
                              struct buffer *frame)
{
    struct bytes first;
    enum ld_err err = find_chunk(cursor, key, 0, &first);
    if (err)
        return err;
    struct reader reader = {.bytes = first};
    size_t size = reader_u32(&reader);
    if (reader.is_short || size > FRAME_VALUE_MAX)
        return LD_CORRUPT;
    size_t frame_size = key.size + SIZE_SIZE + size + CRC_SIZE;
    uint8_t *memory = arena_alloc(arena, frame_size);
    if (!memory)
        return LD_FULL;
    buffer_init(frame, memory, frame_size);
    buffer_put(frame, key);
    buffer_put(frame, first);
    return gather(cursor, key, chunk_count(size), frame);
}

enum ld_err chunk_get(MDB_cursor *cursor, struct bytes key, struct arena *arena,
                      struct bytes *ret_value)
{
    struct buffer frame;
    enum ld_err err = open_frame(cursor, key, arena, &frame);
    if (err)
        return err;
    if (!is_sound(&frame))
        return LD_CORRUPT;
    size_t size = frame.size - key.size - SIZE_SIZE - CRC_SIZE;
    *ret_value = (struct bytes){frame.ptr + key.size + SIZE_SIZE, size};
    return LD_OK;
}
