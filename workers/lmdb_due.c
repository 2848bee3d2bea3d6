/* What falls due, over the hot cases, those being merged, and the state. The rows of `due` whose
 * case is hot or frozen are stale and skipped. After a holiday tens of thousands of cases fall due
 * at one instant; each of them leaves its stale row at the head of the table until the next merge,
 * so the key before which all is stale is kept (due_floor): cases enter the hot map and leave it
 * only by a merge, whose end clears the floor.
 *
 * The mutex is held over the whole scan: were a merge to end within it, rows read before would
 * speak of cases that are no longer hidden. */
#include "workers/store_lmdb.h"

struct due_scan {
    struct lmdb_store *store;
    struct hot_walk walk;
    bool has_stored; /* a row of state is at hand */
    int64_t stored_ms;
    struct bytes stored_id;
};

enum ld_err lmdb_begin_reading(struct lmdb_store *store)
{
    enum ld_err err = lmdb_err(mdb_txn_renew(store->reading));
    if (err)
        return err;
    err = lmdb_err(mdb_cursor_renew(store->reading, store->reading_cases));
    if (!err)
        err = lmdb_err(mdb_cursor_renew(store->reading, store->reading_due));
    if (err)
        mdb_txn_reset(store->reading);
    return err;
}

void lmdb_end_reading(struct lmdb_store *store)
{
    mdb_txn_reset(store->reading);
}

static bool is_hidden(const struct lmdb_store *store, struct bytes id)
{
    return hot_find(store->hot, id) || hot_find(store->frozen, id);
}

/* From where the cursor is brought by op, the first row that is not stale. */
static enum ld_err find_stored(struct due_scan *scan, MDB_val key, MDB_cursor_op op)
{
    MDB_val value;
    int code = mdb_cursor_get(scan->store->reading_due, &key, &value, op);
    scan->has_stored = false;
    for (; !code; code = mdb_cursor_get(scan->store->reading_due, &key, &value, MDB_NEXT)) {
        struct reader reader = {.bytes = lmdb_bytes(key)};
        scan->stored_ms = state_instant_of(reader_u64(&reader));
        scan->stored_id = reader_take(&reader, reader_left(&reader));
        if (reader.is_short || scan->stored_id.size == 0)
            return LD_CORRUPT;
        scan->has_stored = !is_hidden(scan->store, scan->stored_id);
        if (scan->has_stored)
            return LD_OK;
    }
    return code == MDB_NOTFOUND ? LD_OK : lmdb_err(code);
}

/* The key at hand, or one behind all keys. */
static void raise_floor(struct due_scan *scan)
{
    struct lmdb_store *store = scan->store;
    struct buffer buffer;
    buffer_init(&buffer, store->due_floor, sizeof store->due_floor);
    buffer_put_u64(&buffer, scan->has_stored ? state_order_of(scan->stored_ms) : UINT64_MAX);
    if (scan->has_stored)
        buffer_put(&buffer, scan->stored_id);
    else
        buffer_put_u64(&buffer, UINT64_MAX);
    store->due_floor_size = buffer.used;
}

static enum ld_err begin_scan(struct due_scan *scan, struct lmdb_store *store)
{
    *scan = (struct due_scan){.store = store, .walk = hot_walk(store->hot, store->frozen)};
    MDB_val key = lmdb_val((struct bytes){store->due_floor, store->due_floor_size});
    enum ld_err err = find_stored(scan, key, store->due_floor_size ? MDB_SET_RANGE : MDB_FIRST);
    if (!err)
        raise_floor(scan);
    return err;
}

/* The earliest of all that is left; false where there is none. */
static bool peek(const struct due_scan *scan, int64_t *ret_next_ms, struct bytes *ret_id,
                 bool *ret_is_stored)
{
    const struct hot_entry *entry = hot_walk_peek(&scan->walk);
    if (!entry && !scan->has_stored)
        return false;
    *ret_is_stored =
        !entry
        || (scan->has_stored
            && due_compare(scan->stored_ms, scan->stored_id, entry->next_ms, entry->id) < 0);
    *ret_next_ms = *ret_is_stored ? scan->stored_ms : entry->next_ms;
    *ret_id = *ret_is_stored ? scan->stored_id : entry->id;
    return true;
}

static enum ld_err collect(struct due_scan *scan, int64_t until_ms, uint32_t max,
                           struct arena *arena, struct bytes *ret_ids, uint32_t *ret_count)
{
    int64_t next_ms;
    struct bytes id;
    bool is_stored;
    enum ld_err err = LD_OK;
    uint32_t count = 0;
    while (!err && count < max && peek(scan, &next_ms, &id, &is_stored) && next_ms <= until_ms) {
        ret_ids[count] = arena_copy(arena, id);
        if (!ret_ids[count++].ptr)
            return LD_FULL;
        if (is_stored)
            err = find_stored(scan, (MDB_val){0}, MDB_NEXT);
        else
            hot_walk_next(&scan->walk);
    }
    *ret_count = count;
    return err;
}

enum ld_err lmdb_due(struct store *base, int64_t until_ms, uint32_t max, struct arena *arena,
                     struct bytes *ret_ids, uint32_t *ret_count)
{
    struct lmdb_store *store = (struct lmdb_store *)base;
    struct due_scan scan;
    (void)pthread_mutex_lock(&store->mutex);
    store->is_recovering = false; /* who asks what is due has all cases */
    enum ld_err err = lmdb_begin_reading(store);
    if (!err) {
        err = begin_scan(&scan, store);
        if (!err)
            err = collect(&scan, until_ms, max, arena, ret_ids, ret_count);
        lmdb_end_reading(store);
    }
    (void)pthread_mutex_unlock(&store->mutex);
    return err;
}

enum ld_err lmdb_next_ms(struct store *base, int64_t *ret_next_ms)
{
    struct lmdb_store *store = (struct lmdb_store *)base;
    struct due_scan scan;
    struct bytes id;
    bool is_stored;
    (void)pthread_mutex_lock(&store->mutex);
    store->is_recovering = false; /* who asks what is due has all cases */
    enum ld_err err = lmdb_begin_reading(store);
    if (!err) {
        err = begin_scan(&scan, store);
        if (!err && !peek(&scan, ret_next_ms, &id, &is_stored))
            *ret_next_ms = INSTANT_NONE;
        lmdb_end_reading(store);
    }
    (void)pthread_mutex_unlock(&store->mutex);
    return err;
}
