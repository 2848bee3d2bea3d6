/* Appending a batch: one synced transaction of the journal environment holds the rows, the
 * artifacts and the feeds, and only after it are the cases changed in memory. What can fail for
 * want of memory is done before the commit, so that nothing can fail after it.
 *
 * What a failure means (STORAGE.md §6): before the commit nothing was written; a commit that says
 * "full" wrote nothing; after any other failed commit the new root may or may not be on disk, and
 * nobody may go on as if they knew (LMDB rewrites its meta page without a way to tell). */
#include "workers/store_lmdb.h"

#include <errno.h>
#include <stdlib.h>

void journal_key(uint64_t position, uint8_t ret_key[8])
{
    struct buffer buffer;
    buffer_init(&buffer, ret_key, 8);
    buffer_put_u64(&buffer, position);
}

enum ld_err journal_last(MDB_txn *txn, MDB_dbi rows, uint64_t *ret_position)
{
    MDB_cursor *cursor;
    MDB_val key, row;
    enum ld_err err = lmdb_err(mdb_cursor_open(txn, rows, &cursor));
    if (err)
        return err;
    int code = mdb_cursor_get(cursor, &key, &row, MDB_LAST);
    mdb_cursor_close(cursor);
    if (code == MDB_NOTFOUND) {
        *ret_position = 0;
        return LD_OK;
    }
    if (code)
        return lmdb_err(code);
    uint32_t chunk;
    struct reader reader = {.bytes = chunk_key(key, &chunk)};
    uint64_t position = reader_u64(&reader);
    if (reader.is_short || reader_left(&reader))
        return LD_CORRUPT;
    *ret_position = position;
    return LD_OK;
}

/* --- the transaction ------------------------------------------------------------------------ */

static int put_rows(struct lmdb_store *store, MDB_txn *txn, const struct store_batch *batch)
{
    MDB_cursor *cursor;
    uint8_t key[8];
    int code = mdb_cursor_open(txn, store->journal.rows, &cursor);
    if (code)
        return code;
    for (uint32_t i = 0; !code && i < batch->row_count; i++) {
        LD_ASSERT(batch->rows[i].size <= STORE_RECORD_MAX);
        journal_key(batch->first_position + i, key);
        code = chunk_put(cursor, (struct bytes){key, sizeof key}, batch->rows[i], MDB_APPEND,
                         store->writer_frame);
    }
    mdb_cursor_close(cursor);
    return code;
}

static struct bytes artifact_key(const struct store_artifact *artifact, uint8_t *key)
{
    struct buffer buffer;
    LD_ASSERT(artifact->id.size > 0 && artifact->id.size <= STORE_KEY_MAX);
    buffer_init(&buffer, key, FRAME_KEY_MAX);
    buffer_put_u8(&buffer, artifact->kind);
    buffer_put(&buffer, artifact->id);
    buffer_put_u8(&buffer, 0);
    buffer_put_u32(&buffer, artifact->version);
    return buffer_bytes(&buffer);
}

static struct bytes feed_key(const struct store_feed *feed, uint8_t *key)
{
    struct buffer buffer;
    LD_ASSERT(feed->name.size > 0 && feed->name.size <= STORE_KEY_MAX);
    buffer_init(&buffer, key, FRAME_KEY_MAX);
    buffer_put(&buffer, feed->name);
    buffer_put_u8(&buffer, 0);
    return buffer_bytes(&buffer);
}

/* A value in the place of another of any size. */
static int replace(struct lmdb_store *store, MDB_cursor *cursor, struct bytes key,
                   struct bytes value)
{
    int code = chunk_put(cursor, key, value, 0, store->writer_frame);
    return code ? code : chunk_delete(cursor, key, chunk_count(value.size));
}

static int put_artifacts(struct lmdb_store *store, MDB_txn *txn, const struct store_batch *batch)
{
    MDB_cursor *cursor;
    uint8_t key[FRAME_KEY_MAX];
    int code = batch->artifact_count ? mdb_cursor_open(txn, store->journal.artifacts, &cursor) : 0;
    if (code || batch->artifact_count == 0)
        return code;
    for (uint32_t i = 0; !code && i < batch->artifact_count; i++)
        code = replace(store, cursor, artifact_key(&batch->artifacts[i], key),
                       batch->artifacts[i].text);
    mdb_cursor_close(cursor);
    return code;
}

static int put_feeds(struct lmdb_store *store, MDB_txn *txn, const struct store_batch *batch)
{
    MDB_cursor *cursor;
    uint8_t memory[FRAME_KEY_MAX];
    int code = batch->feed_count ? mdb_cursor_open(txn, store->journal.feeds, &cursor) : 0;
    if (code || batch->feed_count == 0)
        return code;
    for (uint32_t i = 0; !code && i < batch->feed_count; i++) {
        struct bytes key = feed_key(&batch->feeds[i], memory);
        bool is_removed = batch->feeds[i].record.size == 0;
        code = is_removed ? chunk_delete(cursor, key, 0)
                          : replace(store, cursor, key, batch->feeds[i].record);
    }
    mdb_cursor_close(cursor);
    return code;
}

static int write_batch(struct lmdb_store *store, MDB_txn *txn, const struct store_batch *batch)
{
    int code = put_rows(store, txn, batch);
    if (!code)
        code = put_artifacts(store, txn, batch);
    if (!code)
        code = put_feeds(store, txn, batch);
    return code;
}

/* Before the commit nothing is lost but this attempt; only a broken environment is final. */
static enum store_outcome outcome_of_write(int code)
{
    if (lmdb_err(code) == LD_FULL)
        return STORE_FULL;
    return code == MDB_READERS_FULL || code == EAGAIN || code == EINTR ? STORE_RETRY
                                                                       : STORE_IN_DOUBT;
}

static enum store_outcome outcome_of_commit(int code)
{
    if (code == 0)
        return STORE_OK;
    return code == MDB_MAP_FULL || code == ENOSPC || code == EDQUOT ? STORE_FULL : STORE_IN_DOUBT;
}

static enum store_outcome check_epoch(struct lmdb_store *store, MDB_txn *txn)
{
    uint64_t epoch;
    if (meta_get_number(txn, store->journal.meta, META_EPOCH, &epoch) != LD_OK)
        return STORE_IN_DOUBT;
    return epoch == store->epoch ? STORE_OK : STORE_FENCED;
}

static enum store_outcome commit_batch(struct lmdb_store *store, const struct store_batch *batch)
{
    MDB_txn *txn;
    int code = mdb_txn_begin(store->journal.env, NULL, 0, &txn);
    if (code)
        return code == MDB_PANIC || code == MDB_MAP_RESIZED ? STORE_IN_DOUBT : STORE_RETRY;
    enum store_outcome outcome = check_epoch(store, txn);
    if (outcome == STORE_OK) {
        code = write_batch(store, txn, batch);
        outcome = code ? outcome_of_write(code) : STORE_OK;
    }
    if (outcome != STORE_OK) {
        mdb_txn_abort(txn);
        return outcome;
    }
    return outcome_of_commit(mdb_txn_commit(txn));
}

/* --- the batch ------------------------------------------------------------------------------ */

static void destroy_entries(struct hot_entry **entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        hot_entry_destroy(entries[i]);
    free(entries);
}

static struct hot_entry **create_entries(const struct store_batch *batch)
{
    struct hot_entry **entries = calloc(batch->put_count + 1, sizeof *entries);
    for (uint32_t i = 0; entries && i < batch->put_count; i++) {
        entries[i] = hot_entry_create(&batch->puts[i]);
        if (!entries[i]) {
            destroy_entries(entries, i);
            return NULL;
        }
    }
    return entries;
}

/* The new cases and the new end of the journal become visible together: a merge that freezes the
 * one names the other as what it includes. */
static void take_batch(struct lmdb_store *store, const struct store_batch *batch,
                       struct hot_entry **entries)
{
    (void)pthread_mutex_lock(&store->mutex);
    for (uint32_t i = 0; i < batch->put_count; i++)
        hot_take(store->hot, entries[i]);
    store->last_position += batch->row_count;
    store->is_recovering = false;
    (void)pthread_mutex_unlock(&store->mutex);
    free(entries);
}

static enum store_outcome append(struct lmdb_store *store, const struct store_batch *batch)
{
    if (lmdb_is_stopped(store))
        return STORE_IN_DOUBT;
    if (batch->epoch != store->epoch)
        return STORE_FENCED;
    if (!lmdb_has_room(store->journal.env) || !lmdb_has_room(store->state.env))
        return STORE_FULL;
    struct hot_entry **entries = create_entries(batch);
    if (!entries)
        return STORE_RETRY;
    enum store_outcome outcome = commit_batch(store, batch);
    if (outcome == STORE_OK)
        take_batch(store, batch, entries);
    else
        destroy_entries(entries, batch->put_count);
    return outcome;
}

static void check_batch(const struct lmdb_store *store, const struct store_batch *batch)
{
    LD_ASSERT(batch->row_count <= STORE_BATCH_ROWS_MAX);
    LD_ASSERT(batch->row_count == 0 || batch->first_position == store->last_position + 1);
    for (uint32_t i = 0; i < batch->put_count; i++)
        LD_ASSERT(batch->puts[i].position <= store->last_position + batch->row_count);
}

void lmdb_append(struct store *base, const struct store_batch *batch, store_done *done,
                 void *context)
{
    struct lmdb_store *store = (struct lmdb_store *)base;
    check_batch(store, batch);
    enum store_outcome outcome = append(store, batch);
    if (outcome == STORE_IN_DOUBT || outcome == STORE_FENCED)
        lmdb_stop(store);
    done(context, outcome);
}
