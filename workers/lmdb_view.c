/* Readings: a read transaction on each environment, so that nothing moves while a list is made.
 * State is read before the journal, which therefore always reaches at least as far. While a merge
 * runs, a view may show some cases newer than `applied`, never older; each record says for itself
 * what it includes. Views are to be short: what they see cannot be reused for new pages. */
#include "workers/store_lmdb.h"

#include <stdlib.h>
#include <string.h>

enum { STREAMS_MAX = 256 }; /* distinct states of one workflow, over all its versions */

/* What stands between the parts of a key. */
static const struct bytes zero = {(const uint8_t *)"", 1};

static enum ld_err begin_view(struct store_view *view)
{
    struct lmdb_store *store = view->store;
    int code = mdb_txn_begin(store->state.env, NULL, MDB_RDONLY, &view->state);
    if (!code)
        code = mdb_txn_begin(store->journal.env, NULL, MDB_RDONLY, &view->journal);
    if (!code)
        code = mdb_cursor_open(view->journal, store->journal.rows, &view->rows);
    if (!code)
        code = mdb_cursor_open(view->state, store->state.cases, &view->cases);
    if (code)
        return lmdb_err(code);
    enum ld_err err = meta_get_number(view->state, store->state.meta, META_APPLIED, &view->applied);
    return err ? err : journal_last(view->journal, store->journal.rows, &view->last);
}

enum ld_err lmdb_open_view(struct store *base, struct store_view **ret_view)
{
    struct store_view *view = calloc(1, sizeof *view);
    if (!view)
        return LD_FULL;
    view->store = (struct lmdb_store *)base;
    enum ld_err err = begin_view(view);
    if (err) {
        lmdb_close_view(view);
        return err;
    }
    *ret_view = view;
    return LD_OK;
}

void lmdb_close_view(struct store_view *view)
{
    if (view->rows)
        mdb_cursor_close(view->rows);
    if (view->cases)
        mdb_cursor_close(view->cases);
    if (view->journal)
        mdb_txn_abort(view->journal);
    if (view->state)
        mdb_txn_abort(view->state);
    free(view);
}

uint64_t lmdb_view_applied(struct store_view *view)
{
    return view->applied;
}

uint64_t lmdb_view_last(struct store_view *view)
{
    return view->last;
}

/* One cursor for all rows: the next position is mostly on the page that it stands on. */
enum ld_err lmdb_view_row(struct store_view *view, uint64_t position, struct arena *arena,
                          struct bytes *ret_row)
{
    uint8_t key[8];
    if (position == 0 || position > view->last)
        return LD_NOT_FOUND;
    journal_key(position, key);
    enum ld_err err = chunk_get(view->rows, (struct bytes){key, sizeof key}, arena, ret_row);
    return err == LD_NOT_FOUND ? LD_CORRUPT : err; /* the positions have no gaps */
}

/* --- scanning tables ------------------------------------------------------------------------ */

/* First key at or after this one; LD_NOT_FOUND at the end. */
static enum ld_err seek(MDB_cursor *cursor, struct bytes at, struct bytes *ret_key,
                        MDB_val *ret_value)
{
    MDB_val key = lmdb_val(at);
    enum ld_err err =
        lmdb_err(mdb_cursor_get(cursor, &key, ret_value, at.size ? MDB_SET_RANGE : MDB_FIRST));
    if (!err)
        *ret_key = lmdb_bytes(key);
    return err;
}

static enum ld_err next(MDB_cursor *cursor, struct bytes *ret_key, MDB_val *ret_value)
{
    MDB_val key;
    enum ld_err err = lmdb_err(mdb_cursor_get(cursor, &key, ret_value, MDB_NEXT));
    if (!err)
        *ret_key = lmdb_bytes(key);
    return err;
}

/* Where a scan puts what it finds. */
struct found_list {
    struct arena *arena;
    struct store_found *found; /* max of them */
    uint32_t max, count;
};

static enum ld_err add_case(struct store_view *view, struct bytes id, struct found_list *list)
{
    struct case_row row;
    struct bytes copy = arena_copy(list->arena, id);
    if (!copy.ptr)
        return LD_FULL;
    enum ld_err err = state_get(view->cases, copy, list->arena, &row);
    if (err)
        return err == LD_NOT_FOUND ? LD_CORRUPT : err; /* an index row without its case */
    list->found[list->count++] = (struct store_found){.case_id = copy, .record = row.record};
    return LD_OK;
}

/* --- cases ---------------------------------------------------------------------------------- */

/* A key just behind all chunks of a case: the id, 0, 0xFF 0xFF 0xFF. */
static struct bytes behind_case(struct bytes id, uint8_t memory[FRAME_KEY_MAX])
{
    struct buffer buffer;
    buffer_init(&buffer, memory, FRAME_KEY_MAX);
    if (id.size == 0)
        return BYTES_NONE;
    buffer_put(&buffer, id);
    buffer_put_u8(&buffer, 0);
    for (int i = 0; i < 3; i++)
        buffer_put_u8(&buffer, 0xFF);
    return buffer_bytes(&buffer);
}

/* The case whose first chunk the key is, or an empty id for other chunks. */
static struct bytes case_of_key(struct bytes key)
{
    uint32_t chunk = 0;
    struct bytes prefix = chunk_key(lmdb_val(key), &chunk);
    return chunk == 0 && prefix.size > 1 ? bytes_slice(prefix, 0, prefix.size - 1) : BYTES_NONE;
}

static enum ld_err scan_cases(struct store_view *view, MDB_cursor *cursor, struct bytes after,
                              struct found_list *list)
{
    uint8_t memory[FRAME_KEY_MAX];
    struct bytes key;
    MDB_val value;
    enum ld_err err = seek(cursor, behind_case(after, memory), &key, &value);
    while (!err && list->count < list->max) {
        struct bytes id = case_of_key(key);
        if (id.size)
            err = add_case(view, id, list);
        if (!err)
            err = next(cursor, &key, &value);
    }
    return err == LD_NOT_FOUND ? LD_OK : err;
}

/* --- cases by state ------------------------------------------------------------------------- */

/* The rows of one workflow in one state, in the order of ids; a key at a time. */
struct stream {
    struct bytes prefix; /* workflow, 0, state, 0; in the transaction's memory */
    struct bytes id;     /* at hand; empty: the stream has ended */
};

static struct bytes join_key(struct bytes prefix, struct bytes tail, uint8_t *memory)
{
    struct buffer buffer;
    buffer_init(&buffer, memory, FRAME_KEY_MAX);
    buffer_put(&buffer, prefix);
    buffer_put(&buffer, tail);
    return buffer_bytes(&buffer);
}

/* The first id of the stream behind this one. */
static enum ld_err advance(MDB_cursor *cursor, struct stream *stream, struct bytes after)
{
    uint8_t memory[FRAME_KEY_MAX];
    struct bytes key, wanted = join_key(stream->prefix, after, memory);
    MDB_val value;
    enum ld_err err = seek(cursor, wanted, &key, &value);
    if (!err && after.size && bytes_equal(key, wanted))
        err = next(cursor, &key, &value);
    stream->id = BYTES_NONE;
    if (!err && bytes_starts_with(key, stream->prefix))
        stream->id = bytes_slice(key, stream->prefix.size, key.size);
    return err == LD_NOT_FOUND ? LD_OK : err;
}

static struct bytes stream_prefix(struct bytes key)
{
    size_t workflow = bytes_find(key, zero);
    if (workflow == SIZE_MAX)
        return BYTES_NONE;
    struct bytes rest = bytes_slice(key, workflow + 1, key.size);
    size_t state = bytes_find(rest, zero);
    return state == SIZE_MAX ? BYTES_NONE : bytes_slice(key, 0, workflow + 1 + state + 1);
}

/* All states of which the key starts as asked: one row of each is enough to know its prefix, and
 * the prefix with its last zero raised to one is behind all its rows. */
static enum ld_err find_streams(MDB_cursor *cursor, struct bytes asked, struct stream *streams,
                                uint32_t *ret_count)
{
    uint8_t memory[FRAME_KEY_MAX];
    struct bytes key;
    MDB_val value;
    uint32_t count = 0;
    enum ld_err err = seek(cursor, asked, &key, &value);
    while (!err && bytes_starts_with(key, asked)) {
        if (count == STREAMS_MAX)
            return LD_FULL;
        struct bytes prefix = stream_prefix(key);
        if (prefix.size == 0)
            return LD_CORRUPT;
        streams[count++] = (struct stream){.prefix = prefix};
        (void)join_key(prefix, BYTES_NONE, memory);
        memory[prefix.size - 1] = 1;
        err = seek(cursor, (struct bytes){memory, prefix.size}, &key, &value);
    }
    *ret_count = count;
    return err == LD_NOT_FOUND ? LD_OK : err;
}

static struct stream *lowest(struct stream *streams, uint32_t count)
{
    struct stream *lowest = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (streams[i].id.size && (!lowest || bytes_compare(streams[i].id, lowest->id) < 0))
            lowest = &streams[i];
    }
    return lowest;
}

static enum ld_err merge_streams(struct store_view *view, MDB_cursor *cursor,
                                 struct stream *streams, uint32_t count, struct found_list *list)
{
    struct stream *stream;
    while (list->count < list->max && (stream = lowest(streams, count)) != NULL) {
        enum ld_err err = add_case(view, stream->id, list);
        if (!err)
            err = advance(cursor, stream, stream->id);
        if (err)
            return err;
    }
    return LD_OK;
}

/* Of one workflow: the rows of its states, one or all, merged in the order of ids. */
static enum ld_err scan_states(struct store_view *view, MDB_cursor *cursor, struct bytes asked,
                               struct bytes after, struct found_list *list)
{
    struct stream streams[STREAMS_MAX];
    uint32_t count = 0;
    enum ld_err err = find_streams(cursor, asked, streams, &count);
    for (uint32_t i = 0; !err && i < count; i++)
        err = advance(cursor, &streams[i], after);
    return err ? err : merge_streams(view, cursor, streams, count, list);
}

/* workflow, 0 and, if one is asked for, state, 0. */
static struct bytes asked_key(struct bytes workflow, struct bytes state, uint8_t *memory)
{
    struct buffer buffer;
    buffer_init(&buffer, memory, FRAME_KEY_MAX);
    buffer_put(&buffer, workflow);
    buffer_put_u8(&buffer, 0);
    if (state.size) {
        buffer_put(&buffer, state);
        buffer_put_u8(&buffer, 0);
    }
    return buffer_bytes(&buffer);
}

enum ld_err lmdb_view_cases(struct store_view *view, struct bytes workflow, struct bytes state,
                            struct bytes after, uint32_t max, struct arena *arena,
                            struct store_found *ret_found, uint32_t *ret_count)
{
    struct lmdb_store *store = view->store;
    struct found_list list = {.arena = arena, .found = ret_found, .max = max};
    uint8_t memory[FRAME_KEY_MAX];
    MDB_cursor *cursor;
    if (workflow.size > STORE_KEY_MAX || state.size > STORE_KEY_MAX || after.size > STORE_KEY_MAX)
        return LD_INVALID;
    MDB_dbi table = workflow.size ? store->state.bystate : store->state.cases;
    enum ld_err err = lmdb_err(mdb_cursor_open(view->state, table, &cursor));
    if (err)
        return err;
    err = workflow.size
              ? scan_states(view, cursor, asked_key(workflow, state, memory), after, &list)
              : scan_cases(view, cursor, after, &list);
    mdb_cursor_close(cursor);
    if (!err)
        *ret_count = list.count;
    return err;
}

/* --- work ----------------------------------------------------------------------------------- */

struct work_row {
    struct store_work work;
    struct bytes id;
};

/* unit, 0, instant, id, clock; the status is the value. */
static enum ld_err read_work(struct bytes key, MDB_val value, struct work_row *ret_row)
{
    size_t unit_size = bytes_find(key, zero);
    if (unit_size == SIZE_MAX || key.size < unit_size + 1 + 8 + 1 + 1 || value.mv_size != 1)
        return LD_CORRUPT;
    struct reader reader = {.bytes = key, .at = unit_size + 1};
    ret_row->work.unit = bytes_slice(key, 0, unit_size);
    ret_row->work.due_ms = state_instant_of(reader_u64(&reader));
    ret_row->id = reader_take(&reader, reader_left(&reader) - 1);
    ret_row->work.clock = reader_u8(&reader);
    ret_row->work.status = *(const uint8_t *)value.mv_data;
    return LD_OK;
}

static enum ld_err add_work(struct store_view *view, const struct work_row *row,
                            struct found_list *list)
{
    struct bytes unit = arena_copy(list->arena, row->work.unit);
    if (!unit.ptr)
        return LD_FULL;
    enum ld_err err = add_case(view, row->id, list);
    if (err)
        return err;
    struct store_found *found = &list->found[list->count - 1];
    found->work = row->work;
    found->work.unit = unit;
    return LD_OK;
}

/* Behind all rows of the unit that the key at hand belongs to. */
static enum ld_err next_unit(MDB_cursor *cursor, struct bytes unit, struct bytes *ret_key,
                             MDB_val *ret_value)
{
    uint8_t memory[FRAME_KEY_MAX];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put(&buffer, unit);
    buffer_put_u8(&buffer, 1);
    return seek(cursor, buffer_bytes(&buffer), ret_key, ret_value);
}

static enum ld_err scan_work(struct store_view *view, MDB_cursor *cursor, struct bytes asked,
                             int64_t before_ms, struct found_list *list)
{
    struct bytes key;
    MDB_val value;
    struct work_row row;
    enum ld_err err = seek(cursor, asked, &key, &value);
    while (!err && list->count < list->max && bytes_starts_with(key, asked)) {
        err = read_work(key, value, &row);
        if (err)
            return err;
        if (row.work.due_ms >= before_ms) {
            err = next_unit(cursor, row.work.unit, &key, &value);
            continue;
        }
        err = add_work(view, &row, list);
        if (!err)
            err = next(cursor, &key, &value);
    }
    return err == LD_NOT_FOUND ? LD_OK : err;
}

enum ld_err lmdb_view_work(struct store_view *view, struct bytes unit, int64_t before_ms,
                           uint32_t max, struct arena *arena, struct store_found *ret_found,
                           uint32_t *ret_count)
{
    struct found_list list = {.arena = arena, .found = ret_found, .max = max};
    uint8_t memory[FRAME_KEY_MAX];
    MDB_cursor *cursor;
    if (unit.size > STORE_KEY_MAX)
        return LD_INVALID;
    struct bytes asked = unit.size ? asked_key(unit, BYTES_NONE, memory) : BYTES_NONE;
    enum ld_err err = lmdb_err(mdb_cursor_open(view->state, view->store->state.work, &cursor));
    if (err)
        return err;
    err = scan_work(view, cursor, asked, before_ms, &list);
    mdb_cursor_close(cursor);
    if (!err)
        *ret_count = list.count;
    return err;
}

/* --- small tables --------------------------------------------------------------------------- */

/* The next value of a table of chunked values: its key in the arena, its bytes behind it. */
struct table_walk {
    MDB_cursor *cursor;
    struct arena *arena;
    bool is_begun;
};

static enum ld_err walk_next(struct table_walk *walk, struct bytes *ret_key,
                             struct bytes *ret_value)
{
    struct bytes key;
    MDB_val value;
    uint32_t chunk;
    enum ld_err err = walk->is_begun ? next(walk->cursor, &key, &value)
                                     : seek(walk->cursor, BYTES_NONE, &key, &value);
    walk->is_begun = true;
    if (err)
        return err;
    *ret_key = arena_copy(walk->arena, chunk_key(lmdb_val(key), &chunk));
    if (!ret_key->ptr)
        return LD_FULL;
    /* The cursor stands on the last chunk of one value, so this must be the first of another. */
    if (chunk != 0)
        return LD_CORRUPT;
    err = chunk_get(walk->cursor, *ret_key, walk->arena, ret_value);
    return err == LD_NOT_FOUND ? LD_CORRUPT : err;
}

/* kind, id, 0, version. */
static enum ld_err read_artifact(struct bytes key, struct bytes text,
                                 struct store_artifact *ret_artifact)
{
    struct reader reader = {.bytes = key};
    if (key.size < 1 + 1 + 1 + 4)
        return LD_CORRUPT;
    ret_artifact->kind = reader_u8(&reader);
    ret_artifact->id = reader_take(&reader, key.size - 6);
    (void)reader_u8(&reader);
    ret_artifact->version = reader_u32(&reader);
    ret_artifact->text = text;
    return LD_OK;
}

enum ld_err lmdb_view_artifacts(struct store_view *view, uint32_t max, struct arena *arena,
                                struct store_artifact *ret_artifacts, uint32_t *ret_count)
{
    struct table_walk walk = {.arena = arena};
    struct bytes key, text;
    uint32_t count = 0;
    int code = mdb_cursor_open(view->journal, view->store->journal.artifacts, &walk.cursor);
    enum ld_err err = lmdb_err(code);
    if (err)
        return err;
    while (!err && count < max) {
        err = walk_next(&walk, &key, &text);
        if (!err)
            err = read_artifact(key, text, &ret_artifacts[count]);
        count += !err;
    }
    mdb_cursor_close(walk.cursor);
    if (err && err != LD_NOT_FOUND)
        return err;
    *ret_count = count;
    return LD_OK;
}

enum ld_err lmdb_view_feeds(struct store_view *view, uint32_t max, struct arena *arena,
                            struct store_feed *ret_feeds, uint32_t *ret_count)
{
    struct table_walk walk = {.arena = arena};
    struct bytes key, record;
    uint32_t count = 0;
    enum ld_err err =
        lmdb_err(mdb_cursor_open(view->journal, view->store->journal.feeds, &walk.cursor));
    if (err)
        return err;
    while (!err && count < max) {
        err = walk_next(&walk, &key, &record);
        if (!err)
            ret_feeds[count++] = (struct store_feed){bytes_slice(key, 0, key.size - 1), record};
    }
    mdb_cursor_close(walk.cursor);
    if (err && err != LD_NOT_FOUND)
        return err;
    *ret_count = count;
    return LD_OK;
}
