/* The state environment: cases with the keys that they are found by, and the merge that brings the
 * hot cases there.
 *
 * A merge is several transactions, and a crash may fall between any two of them. That is harmless:
 * each case is replaced whole, keys and all, in one transaction; its row says which position it
 * includes; and `applied`, from which recovery reads the journal, moves in the last transaction
 * alone. Recovery then meets cases that are newer than `applied` and leaves their older rows out.
 */
#include "workers/store_lmdb.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 2 + STORE_WORK_MAX };

/* A row of one of the three tables of keys: all its meaning stands in the key but for the status
 * of a work row. */
struct state_key {
    MDB_dbi table;
    size_t size;
    uint8_t bytes[FRAME_KEY_MAX];
    uint8_t value;
    size_t value_size;
};

struct merging {
    struct lmdb_store *store;
    MDB_txn *txn;
    MDB_cursor *cases;
    uint32_t case_count; /* in this transaction */
    size_t bytes;
};

uint64_t state_order_of(int64_t instant_ms)
{
    return (uint64_t)instant_ms ^ (uint64_t)1 << 63;
}

int64_t state_instant_of(uint64_t order)
{
    return (int64_t)(order ^ (uint64_t)1 << 63);
}

struct bytes state_case_key(struct bytes id, uint8_t key[FRAME_KEY_MAX])
{
    struct buffer buffer;
    buffer_init(&buffer, key, FRAME_KEY_MAX);
    buffer_put(&buffer, id);
    buffer_put_u8(&buffer, 0);
    return buffer_bytes(&buffer);
}

enum ld_err state_get(MDB_cursor *cases, struct bytes id, struct arena *arena,
                      struct case_row *ret_row)
{
    uint8_t key[FRAME_KEY_MAX];
    struct bytes bytes;
    if (id.size == 0 || id.size > STORE_KEY_MAX)
        return LD_NOT_FOUND;
    enum ld_err err = chunk_get(cases, state_case_key(id, key), arena, &bytes);
    return err ? err : case_row_decode(bytes, ret_row);
}

/* --- the keys of a case --------------------------------------------------------------------- */

static struct buffer begin_key(struct state_key *key, MDB_dbi table)
{
    struct buffer buffer;
    key->table = table;
    key->value = 0;
    key->value_size = 0;
    buffer_init(&buffer, key->bytes, sizeof key->bytes);
    return buffer;
}

static void due_key(struct state_key *key, MDB_dbi table, int64_t next_ms, struct bytes id)
{
    struct buffer buffer = begin_key(key, table);
    buffer_put_u64(&buffer, state_order_of(next_ms));
    buffer_put(&buffer, id);
    key->size = buffer.used;
}

static void bystate_key(struct state_key *key, MDB_dbi table, const struct case_row *row,
                        struct bytes id)
{
    struct buffer buffer = begin_key(key, table);
    buffer_put(&buffer, row->workflow);
    buffer_put_u8(&buffer, 0);
    buffer_put(&buffer, row->state);
    buffer_put_u8(&buffer, 0);
    buffer_put(&buffer, id);
    key->size = buffer.used;
}

static void work_key(struct state_key *key, MDB_dbi table, const struct store_work *work,
                     struct bytes id)
{
    struct buffer buffer = begin_key(key, table);
    buffer_put(&buffer, work->unit);
    buffer_put_u8(&buffer, 0);
    buffer_put_u64(&buffer, state_order_of(work->due_ms));
    buffer_put(&buffer, id);
    buffer_put_u8(&buffer, work->clock);
    key->size = buffer.used;
    key->value = work->status;
    key->value_size = 1;
}

static uint32_t keys_of(const struct lmdb_store *store, const struct case_row *row, struct bytes id,
                        struct state_key keys[KEYS_MAX])
{
    uint32_t count = 0;
    if (row->next_ms != INSTANT_NONE)
        due_key(&keys[count++], store->state.due, row->next_ms, id);
    bystate_key(&keys[count++], store->state.bystate, row, id);
    for (uint32_t i = 0; i < row->work_count; i++)
        work_key(&keys[count++], store->state.work, &row->work[i], id);
    return count;
}

static bool has_key(const struct state_key *keys, uint32_t count, const struct state_key *key)
{
    for (uint32_t i = 0; i < count; i++) {
        if (keys[i].table == key->table && keys[i].size == key->size && keys[i].value == key->value
            && memcmp(keys[i].bytes, key->bytes, key->size) == 0)
            return true;
    }
    return false;
}

/* What the old row had and the new one has not goes; that it is not there is damage. */
static enum ld_err exchange_keys(MDB_txn *txn, const struct state_key *old, uint32_t old_count,
                                 struct state_key *new, uint32_t new_count)
{
    enum ld_err err = LD_OK;
    for (uint32_t i = 0; !err && i < old_count; i++) {
        MDB_val key = lmdb_val((struct bytes){old[i].bytes, old[i].size});
        if (!has_key(new, new_count, &old[i]))
            err = lmdb_err(mdb_del(txn, old[i].table, &key, NULL));
    }
    if (err)
        return err == LD_NOT_FOUND ? LD_CORRUPT : err;
    for (uint32_t i = 0; !err && i < new_count; i++) {
        MDB_val key = lmdb_val((struct bytes){new[i].bytes, new[i].size});
        MDB_val value = lmdb_val((struct bytes){&new[i].value, new[i].value_size});
        if (!has_key(old, old_count, &new[i]))
            err = lmdb_err(mdb_put(txn, new[i].table, &key, &value, 0));
    }
    return err;
}

/* --- merging -------------------------------------------------------------------------------- */

static enum ld_err write_keys(struct merging *merging, const struct case_row *old,
                              const struct case_row *new, struct bytes id)
{
    struct state_key old_keys[KEYS_MAX], new_keys[KEYS_MAX];
    uint32_t old_count = old ? keys_of(merging->store, old, id, old_keys) : 0;
    uint32_t new_count = keys_of(merging->store, new, id, new_keys);
    return exchange_keys(merging->txn, old_keys, old_count, new_keys, new_count);
}

static enum ld_err read_old(struct merging *merging, const struct hot_entry *entry,
                            struct case_row *ret_row, bool *ret_exists)
{
    struct arena arena;
    arena_init(&arena, merging->store->merger_block, FRAME_SIZE);
    enum ld_err err = state_get(merging->cases, entry->id, &arena, ret_row);
    *ret_exists = !err;
    if (err == LD_NOT_FOUND)
        return LD_OK;
    /* The state cannot know more of a case than its owner does. */
    return !err && ret_row->position > entry->position ? LD_CORRUPT : err;
}

static enum ld_err write_case(struct merging *merging, const struct hot_entry *entry)
{
    struct case_row old, new;
    uint8_t key_memory[FRAME_KEY_MAX];
    bool exists;
    enum ld_err err = read_old(merging, entry, &old, &exists);
    if (!err)
        err = case_row_decode(entry->row, &new);
    if (!err)
        err = write_keys(merging, exists ? &old : NULL, &new, entry->id);
    if (err)
        return err;
    struct bytes key = state_case_key(entry->id, key_memory);
    int code = chunk_put(merging->cases, key, entry->row, 0, merging->store->merger_frame);
    if (!code && exists)
        code = chunk_delete(merging->cases, key, chunk_count(entry->row.size));
    merging->case_count++;
    merging->bytes += entry->id.size + entry->row.size;
    return lmdb_err(code);
}

static enum ld_err begin(struct merging *merging)
{
    struct lmdb_store *store = merging->store;
    uint64_t epoch;
    merging->case_count = 0;
    merging->bytes = 0;
    enum ld_err err = lmdb_err(mdb_txn_begin(store->state.env, NULL, 0, &merging->txn));
    if (err)
        return err;
    err = meta_get_number(merging->txn, store->state.meta, META_EPOCH, &epoch);
    if (!err && epoch != store->epoch)
        err = LD_FENCED;
    if (!err)
        err = lmdb_err(mdb_cursor_open(merging->txn, store->state.cases, &merging->cases));
    if (err)
        mdb_txn_abort(merging->txn);
    return err;
}

static bool is_full(const struct merging *merging)
{
    return merging->case_count == MERGE_CASES_MAX || merging->bytes >= MERGE_BYTES_MAX;
}

/* One transaction: from the first entry on as many as fit; the last one moves `applied`. */
static enum ld_err merge_some(struct lmdb_store *store, const struct hot_entry **entries,
                              uint64_t applied, const struct hot_entry ***ret_next)
{
    struct merging merging = {.store = store};
    enum ld_err err = begin(&merging);
    if (err)
        return err;
    while (!err && *entries && !is_full(&merging))
        err = write_case(&merging, *entries++);
    if (!err && !*entries)
        err = meta_put_number(merging.txn, store->state.meta, META_APPLIED, applied);
    mdb_cursor_close(merging.cases);
    if (err) {
        mdb_txn_abort(merging.txn);
        return err;
    }
    *ret_next = entries;
    return lmdb_err(mdb_txn_commit(merging.txn));
}

static enum ld_err merge_all(struct lmdb_store *store, const struct hot_entry **entries,
                             uint64_t applied)
{
    enum ld_err err = LD_OK;
    do
        err = merge_some(store, entries, applied, &entries);
    while (!err && *entries);
    return err;
}

/* True where there is something to merge: then the hot cases are frozen and a new map is hot. */
static bool freeze(struct lmdb_store *store, struct hot_map *new_hot, uint64_t *ret_applied)
{
    (void)pthread_mutex_lock(&store->mutex);
    /* While the journal is still being applied the hot cases may lag behind its end: they may be
     * written, since rows say what they include, but `applied` must not pass what is missing. */
    *ret_applied = store->is_recovering ? store->applied : store->last_position;
    bool is_needed = hot_count(store->hot) > 0 || *ret_applied > store->applied;
    if (is_needed) {
        LD_ASSERT(!store->frozen);
        store->frozen = store->hot;
        store->hot = new_hot;
    }
    (void)pthread_mutex_unlock(&store->mutex);
    return is_needed;
}

/* What was frozen is in the state now, and read from there. */
static void thaw(struct lmdb_store *store, uint64_t applied)
{
    (void)pthread_mutex_lock(&store->mutex);
    struct hot_map *merged = store->frozen;
    store->frozen = NULL;
    store->applied = applied;
    store->due_floor_size = 0;
    (void)pthread_mutex_unlock(&store->mutex);
    hot_destroy(merged);
}

static enum ld_err merge_frozen(struct lmdb_store *store, uint64_t applied)
{
    const struct hot_entry **entries = hot_sorted(store->frozen);
    if (!entries)
        return LD_FULL;
    enum ld_err err = merge_all(store, entries, applied);
    free(entries);
    return err;
}

enum ld_err lmdb_merge(struct store *base)
{
    struct lmdb_store *store = (struct lmdb_store *)base;
    int dead = 0;
    uint64_t applied;
    /* A reader that was killed would keep every page it saw from being used again. */
    (void)mdb_reader_check(store->journal.env, &dead);
    (void)mdb_reader_check(store->state.env, &dead);
    if (lmdb_is_stopped(store))
        return LD_IO;
    struct hot_map *new_hot = hot_create();
    if (!new_hot)
        return LD_FULL;
    if (!freeze(store, new_hot, &applied)) {
        hot_destroy(new_hot);
        return LD_OK;
    }
    enum ld_err err = merge_frozen(store, applied);
    if (err)
        lmdb_stop(store); /* what is frozen is still served, but nothing more is written */
    else
        thaw(store, applied);
    return err;
}
