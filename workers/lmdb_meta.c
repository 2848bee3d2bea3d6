/* Who a store is, and its two numbers: the epoch of its owner and the position its state includes.
 * The identity is written the same in folder/identity and in the meta table of each environment,
 * so that none of the three can be exchanged for another folder's. */
#include "workers/store_lmdb.h"

#include "base/crc32.h"

#include <string.h>

enum { IDENTITY_VERSION = 1, NUMBER_SIZE = 8 + 4, CRC_SIZE = 4 };

static const char magic[] = "liandong";

#define META_IDENTITY "identity"

void identity_encode(const struct store_identity *identity, uint8_t ret_bytes[IDENTITY_SIZE])
{
    struct buffer buffer;
    buffer_init(&buffer, ret_bytes, IDENTITY_SIZE);
    buffer_put_text(&buffer, magic);
    buffer_put_u8(&buffer, IDENTITY_VERSION);
    buffer_put(&buffer, (struct bytes){identity->id, sizeof identity->id});
    buffer_put_u32(&buffer, identity->partition);
    buffer_put_u32(&buffer, identity->partitions);
    buffer_put_u32(&buffer, crc32_of(buffer_bytes(&buffer)));
    LD_ASSERT(!buffer.is_full && buffer.used == IDENTITY_SIZE);
}

enum ld_err identity_decode(struct bytes bytes, struct store_identity *ret_identity)
{
    struct reader reader = {.bytes = bytes};
    if (bytes.size != IDENTITY_SIZE || !bytes_starts_with(bytes, bytes_from_text(magic)))
        return LD_CORRUPT;
    struct reader tail = {.bytes = bytes, .at = IDENTITY_SIZE - CRC_SIZE};
    if (reader_u32(&tail) != crc32_of(bytes_slice(bytes, 0, IDENTITY_SIZE - CRC_SIZE)))
        return LD_CORRUPT;
    (void)reader_take(&reader, sizeof magic - 1);
    if (reader_u8(&reader) != IDENTITY_VERSION)
        return LD_UNSUPPORTED;
    memcpy(ret_identity->id, reader_take(&reader, sizeof ret_identity->id).ptr,
           sizeof ret_identity->id);
    ret_identity->partition = reader_u32(&reader);
    ret_identity->partitions = reader_u32(&reader);
    return LD_OK;
}

static enum ld_err put(MDB_txn *txn, MDB_dbi meta, const char *name, struct bytes bytes)
{
    MDB_val key = lmdb_val(bytes_from_text(name)), value = lmdb_val(bytes);
    return lmdb_err(mdb_put(txn, meta, &key, &value, 0));
}

static enum ld_err get(MDB_txn *txn, MDB_dbi meta, const char *name, struct bytes *ret_bytes)
{
    MDB_val key = lmdb_val(bytes_from_text(name)), value;
    enum ld_err err = lmdb_err(mdb_get(txn, meta, &key, &value));
    if (!err)
        *ret_bytes = lmdb_bytes(value);
    return err == LD_NOT_FOUND ? LD_FOREIGN : err;
}

enum ld_err meta_put_identity(MDB_txn *txn, MDB_dbi meta, const struct store_identity *identity)
{
    uint8_t bytes[IDENTITY_SIZE];
    identity_encode(identity, bytes);
    return put(txn, meta, META_IDENTITY, (struct bytes){bytes, sizeof bytes});
}

enum ld_err meta_get_identity(MDB_txn *txn, MDB_dbi meta, struct store_identity *ret_identity)
{
    struct bytes bytes;
    enum ld_err err = get(txn, meta, META_IDENTITY, &bytes);
    return err ? err : identity_decode(bytes, ret_identity);
}

enum ld_err meta_put_number(MDB_txn *txn, MDB_dbi meta, const char *name, uint64_t number)
{
    uint8_t bytes[NUMBER_SIZE];
    struct buffer buffer;
    buffer_init(&buffer, bytes, sizeof bytes);
    buffer_put_u64(&buffer, number);
    buffer_put_u32(&buffer, crc32_of(buffer_bytes(&buffer)));
    return put(txn, meta, name, (struct bytes){bytes, sizeof bytes});
}

enum ld_err meta_get_number(MDB_txn *txn, MDB_dbi meta, const char *name, uint64_t *ret_number)
{
    struct bytes bytes;
    enum ld_err err = get(txn, meta, name, &bytes);
    if (err)
        return err;
    struct reader reader = {.bytes = bytes};
    uint64_t number = reader_u64(&reader);
    if (bytes.size != NUMBER_SIZE || reader_u32(&reader) != crc32_of(bytes_slice(bytes, 0, 8)))
        return LD_CORRUPT;
    *ret_number = number;
    return LD_OK;
}
