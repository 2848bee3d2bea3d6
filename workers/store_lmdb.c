/* The production store: one partition's journal and state in two LMDB environments, and the cases
 * changed since the last merge in memory.
 *
 *   append ──▶ journal (synced) ──▶ hot ──freeze──▶ frozen ──merge──▶ state (synced)
 *   get, due: hot, else frozen, else state       views: journal and state as committed
 *
 * Invariants: the journal has each position from 1 to last_position; state with frozen and hot over
 * it is what the journal makes; `applied` in state names a position that state includes whole. One
 * process owns it (flock), and says so in the data (epoch), where a later owner outvotes it. */
#include "workers/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- operations ----------------------------------------------------------------------------- */

static struct lmdb_store *store_of(struct store *base)
{
    return (struct lmdb_store *)base;
}

void lmdb_stop(struct lmdb_store *store)
{
    (void)pthread_mutex_lock(&store->mutex);
    store->is_stopped = true;
    (void)pthread_mutex_unlock(&store->mutex);
}

bool lmdb_is_stopped(struct lmdb_store *store)
{
    (void)pthread_mutex_lock(&store->mutex);
    bool is_stopped = store->is_stopped;
    (void)pthread_mutex_unlock(&store->mutex);
    return is_stopped;
}

static void head(struct store *base, struct store_head *ret_head)
{
    struct lmdb_store *store = store_of(base);
    (void)pthread_mutex_lock(&store->mutex);
    *ret_head = (struct store_head){
        .identity = store->identity,
        .epoch = store->epoch,
        .last_position = store->last_position,
        .applied = store->applied,
    };
    (void)pthread_mutex_unlock(&store->mutex);
}

static void stats(struct store *base, struct store_stats *ret_stats)
{
    struct lmdb_store *store = store_of(base);
    (void)pthread_mutex_lock(&store->mutex);
    *ret_stats = (struct store_stats){
        .hot_cases = hot_count(store->hot),
        .hot_bytes = hot_bytes(store->hot),
        .merging_cases = hot_count(store->frozen),
    };
    (void)pthread_mutex_unlock(&store->mutex);
    ret_stats->journal_bytes = lmdb_used_bytes(store->journal.env);
    ret_stats->state_bytes = lmdb_used_bytes(store->state.env);
}

/* LD_NOT_FOUND: not in memory. */
static enum ld_err get_hot(struct lmdb_store *store, struct bytes case_id, struct arena *arena,
                           struct bytes *ret_record)
{
    enum ld_err err = LD_NOT_FOUND;
    (void)pthread_mutex_lock(&store->mutex);
    const struct hot_entry *entry = hot_find(store->hot, case_id);
    if (!entry)
        entry = hot_find(store->frozen, case_id);
    if (entry) {
        struct bytes record = arena_copy(arena, entry->record);
        err = record.ptr ? LD_OK : LD_FULL;
        if (!err)
            *ret_record = record;
    }
    (void)pthread_mutex_unlock(&store->mutex);
    return err;
}

/* What is not in memory now is newest in the state that is read after that look. */
static enum ld_err get(struct store *base, struct bytes case_id, struct arena *arena,
                       struct bytes *ret_record)
{
    struct lmdb_store *store = store_of(base);
    struct case_row row;
    enum ld_err err = get_hot(store, case_id, arena, ret_record);
    if (err != LD_NOT_FOUND)
        return err;
    err = lmdb_begin_reading(store);
    if (err)
        return err;
    err = state_get(store->reading_cases, case_id, arena, &row);
    lmdb_end_reading(store);
    if (!err)
        *ret_record = row.record;
    return err;
}

static enum ld_err restore(struct store *base, const struct store_put *put)
{
    struct lmdb_store *store = store_of(base);
    LD_ASSERT(put->position <= store->last_position);
    struct hot_entry *entry = hot_entry_create(put);
    if (!entry)
        return LD_FULL;
    (void)pthread_mutex_lock(&store->mutex);
    hot_take(store->hot, entry);
    (void)pthread_mutex_unlock(&store->mutex);
    return LD_OK;
}

static bool is_pressed(struct store *base)
{
    struct lmdb_store *store = store_of(base);
    (void)pthread_mutex_lock(&store->mutex);
    size_t cases = hot_count(store->hot);
    bool is_pressed = cases > PRESSED_CASES || hot_bytes(store->hot) > PRESSED_BYTES
                      || (store->frozen && cases > PRESSED_CASES_MERGING);
    (void)pthread_mutex_unlock(&store->mutex);
    return is_pressed;
}

/* --- opening -------------------------------------------------------------------------------- */

static enum ld_err join(char path[LMDB_PATH_MAX], const char *folder, uint32_t partition,
                        const char *name)
{
    int size = snprintf(path, LMDB_PATH_MAX, "%s/p%u/%s", folder, (unsigned)partition, name);
    return size > 0 && size < LMDB_PATH_MAX ? LD_OK : LD_INVALID;
}

enum ld_err store_lmdb_identity(const char *folder, struct store_identity *ret_identity)
{
    char path[LMDB_PATH_MAX];
    uint8_t bytes[IDENTITY_SIZE + 1]; /* one more, so that a longer file is not taken for whole */
    int size = snprintf(path, sizeof path, "%s/identity", folder);
    if (size < 0 || (size_t)size >= sizeof path)
        return LD_INVALID;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT || errno == ENOTDIR ? LD_NOT_FOUND : LD_IO;
    ssize_t got = read(file, bytes, sizeof bytes);
    (void)close(file); /* nothing was written to it */
    if (got < 0)
        return LD_IO;
    return identity_decode((struct bytes){bytes, (size_t)got}, ret_identity);
}

static enum ld_err lock(struct lmdb_store *store, const char *folder)
{
    char path[LMDB_PATH_MAX];
    enum ld_err err = join(path, folder, store->identity.partition, "lock");
    if (err)
        return err;
    store->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_file < 0)
        return errno == ENOENT || errno == ENOTDIR ? LD_NOT_FOUND : LD_IO;
    if (flock(store->lock_file, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? LD_IN_USE : LD_IO;
    return LD_OK;
}

static enum ld_err open_envs(struct lmdb_store *store, const char *folder, size_t map_size)
{
    char path[LMDB_PATH_MAX];
    enum ld_err err = join(path, folder, store->identity.partition, "journal");
    if (!err)
        err = lmdb_env_open(path, map_size, &store->journal.env);
    if (!err)
        err = join(path, folder, store->identity.partition, "state");
    if (!err)
        err = lmdb_env_open(path, map_size, &store->state.env);
    return err;
}

static enum ld_err check_identity(const struct lmdb_store *store, MDB_txn *txn, MDB_dbi meta)
{
    struct store_identity found;
    enum ld_err err = meta_get_identity(txn, meta, &found);
    if (err)
        return err;
    bool is_same = memcmp(found.id, store->identity.id, sizeof found.id) == 0
                   && found.partition == store->identity.partition
                   && found.partitions == store->identity.partitions;
    return is_same ? LD_OK : LD_FOREIGN;
}

static enum ld_err read_journal(struct lmdb_store *store, MDB_txn *txn)
{
    enum ld_err err = lmdb_journal_tables(txn, 0, &store->journal);
    if (!err)
        err = check_identity(store, txn, store->journal.meta);
    if (!err)
        err = meta_get_number(txn, store->journal.meta, META_EPOCH, &store->epoch);
    if (!err)
        err = journal_last(txn, store->journal.rows, &store->last_position);
    return err;
}

/* The state comes after the journal in all things: one that is ahead of it belongs to a journal
 * that was taken back to an earlier day. */
static enum ld_err read_state(struct lmdb_store *store, MDB_txn *txn)
{
    uint64_t epoch = 0;
    enum ld_err err = lmdb_state_tables(txn, 0, &store->state);
    if (!err)
        err = check_identity(store, txn, store->state.meta);
    if (!err)
        err = meta_get_number(txn, store->state.meta, META_EPOCH, &epoch);
    if (!err)
        err = meta_get_number(txn, store->state.meta, META_APPLIED, &store->applied);
    if (!err && (epoch > store->epoch || store->applied > store->last_position))
        err = LD_CORRUPT;
    return err;
}

static enum ld_err begin_both(struct lmdb_store *store, MDB_txn **ret_journal, MDB_txn **ret_state)
{
    enum ld_err err = lmdb_err(mdb_txn_begin(store->journal.env, NULL, 0, ret_journal));
    if (err)
        return err;
    err = lmdb_err(mdb_txn_begin(store->state.env, NULL, 0, ret_state));
    if (err)
        mdb_txn_abort(*ret_journal);
    return err;
}

/* Reads where things stand and claims them with the next epoch, in the journal first: it is where
 * an older owner looks before it commits. */
static enum ld_err claim(struct lmdb_store *store)
{
    MDB_txn *journal, *state;
    enum ld_err err = begin_both(store, &journal, &state);
    if (err)
        return err;
    err = read_journal(store, journal);
    if (!err)
        err = read_state(store, state);
    store->epoch++;
    if (!err)
        err = meta_put_number(journal, store->journal.meta, META_EPOCH, store->epoch);
    if (!err)
        err = meta_put_number(state, store->state.meta, META_EPOCH, store->epoch);
    if (err) {
        mdb_txn_abort(journal);
        mdb_txn_abort(state);
        return err;
    }
    err = lmdb_err(mdb_txn_commit(journal));
    if (err) {
        mdb_txn_abort(state);
        return err;
    }
    return lmdb_err(mdb_txn_commit(state));
}

static enum ld_err prepare_memory(struct lmdb_store *store)
{
    store->hot = hot_create();
    store->writer_frame = malloc(FRAME_SIZE);
    store->merger_frame = malloc(FRAME_SIZE);
    store->merger_block = malloc(FRAME_SIZE);
    return store->hot && store->writer_frame && store->merger_frame && store->merger_block
               ? LD_OK
               : LD_FULL;
}

static enum ld_err prepare_reading(struct lmdb_store *store)
{
    int code = mdb_txn_begin(store->state.env, NULL, MDB_RDONLY, &store->reading);
    if (!code)
        code = mdb_cursor_open(store->reading, store->state.cases, &store->reading_cases);
    if (!code)
        code = mdb_cursor_open(store->reading, store->state.due, &store->reading_due);
    if (store->reading)
        mdb_txn_reset(store->reading);
    return lmdb_err(code);
}

/* Takes a store that is opened half or whole. */
static void close_store(struct store *base)
{
    struct lmdb_store *store = store_of(base);
    if (store->reading_cases)
        mdb_cursor_close(store->reading_cases);
    if (store->reading_due)
        mdb_cursor_close(store->reading_due);
    if (store->reading)
        mdb_txn_abort(store->reading);
    if (store->state.env)
        mdb_env_close(store->state.env);
    if (store->journal.env)
        mdb_env_close(store->journal.env);
    hot_destroy(store->hot);
    hot_destroy(store->frozen);
    free(store->writer_frame);
    free(store->merger_frame);
    free(store->merger_block);
    if (store->lock_file >= 0)
        (void)close(store->lock_file); /* gives the lock back */
    (void)pthread_mutex_destroy(&store->mutex);
    free(store);
}

static const struct store_ops ops = {
    .close = close_store,
    .head = head,
    .stats = stats,
    .get = get,
    .due = lmdb_due,
    .next_ms = lmdb_next_ms,
    .append = lmdb_append,
    .restore = restore,
    .is_pressed = is_pressed,
    .merge = lmdb_merge,
    .open_view = lmdb_open_view,
    .close_view = lmdb_close_view,
    .view_applied = lmdb_view_applied,
    .view_last = lmdb_view_last,
    .view_row = lmdb_view_row,
    .view_cases = lmdb_view_cases,
    .view_work = lmdb_view_work,
    .view_artifacts = lmdb_view_artifacts,
    .view_feeds = lmdb_view_feeds,
};

static enum ld_err open_store(struct lmdb_store *store, const char *folder, uint32_t partition,
                              size_t map_size)
{
    enum ld_err err = store_lmdb_identity(folder, &store->identity);
    if (!err && partition >= store->identity.partitions)
        err = LD_NOT_FOUND;
    store->identity.partition = partition;
    if (!err)
        err = lock(store, folder);
    if (!err)
        err = open_envs(store, folder, map_size);
    if (!err)
        err = claim(store);
    if (!err)
        err = prepare_memory(store);
    if (!err)
        err = prepare_reading(store);
    store->is_recovering = store->applied < store->last_position;
    return err;
}

enum ld_err store_lmdb_open_sized(const char *folder, uint32_t partition, size_t map_size,
                                  struct store **ret_store)
{
    struct lmdb_store *store = calloc(1, sizeof *store);
    if (!store)
        return LD_FULL;
    store->base.ops = &ops;
    store->lock_file = -1;
    if (pthread_mutex_init(&store->mutex, NULL) != 0) {
        free(store);
        return LD_FULL;
    }
    enum ld_err err = open_store(store, folder, partition, map_size);
    if (err) {
        close_store(&store->base);
        return err;
    }
    *ret_store = &store->base;
    return LD_OK;
}

enum ld_err store_lmdb_open(const char *folder, uint32_t partition, struct store **ret_store)
{
    return store_lmdb_open_sized(folder, partition, LMDB_MAP_SIZE, ret_store);
}
