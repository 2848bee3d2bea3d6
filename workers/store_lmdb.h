/* Inside of the LMDB store: what its files share. Private to store_lmdb.c and lmdb_*.c, the only
 * ones that see <lmdb.h>. Tables, keys and values: STORAGE.md. */
#ifndef LD_WORKERS_STORE_LMDB_H
#define LD_WORKERS_STORE_LMDB_H

#include <lmdb.h>
#include <pthread.h>

#include "workers/hot.h"

#define LMDB_MAP_SIZE ((size_t)64 << 30) /* sparse: address space, not disk */
#define LMDB_MAP_SIZE_MIN ((size_t)1 << 30)
#define LMDB_FILL_PERCENT 85                   /* of the map; past it nothing is admitted */
#define LMDB_DISK_RESERVE ((uint64_t)64 << 20) /* left free, so that what was admitted merges */

enum {
    LMDB_PARTITIONS_MAX = 4096,
    LMDB_PATH_MAX = 4096,
    LMDB_TABLES_MAX = 8,
    LMDB_READERS_MAX = 1024,
    FRAME_KEY_MAX = 500, /* with the chunk number within LMDB's 511 */
    FRAME_VALUE_MAX = 2 << 20,
    FRAME_SIZE = FRAME_KEY_MAX + 4 + FRAME_VALUE_MAX + 4,
    MERGE_CASES_MAX = 1000, /* of one transaction */
    MERGE_BYTES_MAX = 8 << 20,
    PRESSED_CASES = 256 << 10,
    PRESSED_BYTES = 256 << 20,
    PRESSED_CASES_MERGING = 64 << 10,
};

/* LMDB asks for 511; what lmdb_env.c opens is checked against it. */
_Static_assert(FRAME_KEY_MAX + 2 <= 511, "the longest key of LMDB");

struct journal_env {
    MDB_env *env;
    MDB_dbi rows, artifacts, feeds, meta;
};

struct state_env {
    MDB_env *env;
    MDB_dbi cases, due, work, bystate, meta;
};

struct lmdb_store {
    struct store base;
    int lock_file;
    struct store_identity identity;
    uint64_t epoch;
    struct journal_env journal;
    struct state_env state;

    pthread_mutex_t mutex;  /* over all down to is_stopped; held for no longer than a look-up */
    struct hot_map *hot;    /* owned; changed by the writer */
    struct hot_map *frozen; /* owned; being merged, else NULL */
    uint64_t last_position;
    uint64_t applied;
    uint8_t due_floor[FRAME_KEY_MAX]; /* before this key every row of `due` is stale */
    size_t due_floor_size;
    bool is_recovering; /* the hot cases may not yet be all that the journal makes */
    bool is_stopped;    /* an outcome nobody knows: nothing more is written */

    MDB_txn *reading; /* of state, the writer's, reset between uses, with its two cursors */
    MDB_cursor *reading_cases, *reading_due;
    uint8_t *writer_frame; /* FRAME_SIZE */
    uint8_t *merger_frame; /* FRAME_SIZE */
    uint8_t *merger_block; /* FRAME_SIZE: rows that a merge replaces */
};

struct store_view {
    struct lmdb_store *store;
    MDB_txn *journal, *state;
    MDB_cursor *rows, *cases;
    uint64_t last, applied;
};

/* --- lmdb_env.c: environments, their tables, what LMDB's codes mean --------------------------- */

/* What kind of trouble a code is: LD_FULL (map or disk), LD_NOT_FOUND, LD_CORRUPT, LD_BUSY, LD_IO.
 */
enum ld_err lmdb_err(int code);
MDB_val lmdb_val(struct bytes bytes);
struct bytes lmdb_bytes(MDB_val val);
/* LD_NOT_FOUND: no such folder; LD_FOREIGN: no data in it; LD_UNSUPPORTED: a network file system;
 * LD_CORRUPT; LD_IO. */
LD_MUST_USE enum ld_err lmdb_env_open(const char *folder, size_t map_size, MDB_env **ret_env);
bool lmdb_is_network(uint64_t filesystem_type);
/* Opens all tables; flags MDB_CREATE makes them. LD_FOREIGN where one is missing. */
LD_MUST_USE enum ld_err lmdb_journal_tables(MDB_txn *txn, unsigned flags,
                                            struct journal_env *ret_journal);
LD_MUST_USE enum ld_err lmdb_state_tables(MDB_txn *txn, unsigned flags,
                                          struct state_env *ret_state);
/* Bytes that an environment uses of its file; whether there is room for more, in map and on disk.
 */
uint64_t lmdb_used_bytes(MDB_env *env);
bool lmdb_has_room(MDB_env *env);

/* --- lmdb_chunk.c: values of any size in rows of at most STORE_VALUE_MAX ---------------------- */

LD_MUST_USE int chunk_put(MDB_cursor *cursor, struct bytes key, struct bytes value, unsigned flags,
                          uint8_t *frame);
/* Takes away the chunks of a value from number first on. */
LD_MUST_USE int chunk_delete(MDB_cursor *cursor, struct bytes key, uint32_t first);
/* The value in the arena, its CRC checked. LD_NOT_FOUND, LD_CORRUPT, LD_FULL, LD_IO. The cursor
 * stays on the value's last chunk. */
LD_MUST_USE enum ld_err chunk_get(MDB_cursor *cursor, struct bytes key, struct arena *arena,
                                  struct bytes *ret_value);
/* How many chunks a value of this size takes. */
uint32_t chunk_count(size_t value_size);
/* A stored key without its chunk number, which is handed back beside it. */
struct bytes chunk_key(MDB_val key, uint32_t *ret_chunk);

/* --- lmdb_meta.c: identity, epoch and applied ------------------------------------------------- */

LD_MUST_USE enum ld_err meta_put_identity(MDB_txn *txn, MDB_dbi meta,
                                          const struct store_identity *identity);
LD_MUST_USE enum ld_err meta_get_identity(MDB_txn *txn, MDB_dbi meta,
                                          struct store_identity *ret_identity);
LD_MUST_USE enum ld_err meta_put_number(MDB_txn *txn, MDB_dbi meta, const char *name,
                                        uint64_t number);
LD_MUST_USE enum ld_err meta_get_number(MDB_txn *txn, MDB_dbi meta, const char *name,
                                        uint64_t *ret_number);
#define META_EPOCH "epoch"
#define META_APPLIED "applied"
/* The bytes of folder/identity, and of the meta row of the same name. */
enum { IDENTITY_SIZE = 8 + 1 + 16 + 4 + 4 + 4 };
void identity_encode(const struct store_identity *identity, uint8_t ret_bytes[IDENTITY_SIZE]);
LD_MUST_USE enum ld_err identity_decode(struct bytes bytes, struct store_identity *ret_identity);

/* --- lmdb_journal.c, lmdb_state.c, lmdb_due.c, lmdb_view.c: the operations ---------------------
 */

void lmdb_append(struct store *base, const struct store_batch *batch, store_done *done,
                 void *context);
/* Position of the last row, 0 in an empty journal. */
LD_MUST_USE enum ld_err journal_last(MDB_txn *txn, MDB_dbi rows, uint64_t *ret_position);
void journal_key(uint64_t position, uint8_t ret_key[8]);

/* The key of a case's row before its chunk number. */
struct bytes state_case_key(struct bytes id, uint8_t key[FRAME_KEY_MAX]);
LD_MUST_USE enum ld_err state_get(MDB_cursor *cases, struct bytes id, struct arena *arena,
                                  struct case_row *ret_row);
uint64_t state_order_of(int64_t instant_ms); /* the sign flipped: bytes order as instants do */
int64_t state_instant_of(uint64_t order);
enum ld_err lmdb_merge(struct store *base);

/* lmdb_due.c */
enum ld_err lmdb_due(struct store *base, int64_t until_ms, uint32_t max, struct arena *arena,
                     struct bytes *ret_ids, uint32_t *ret_count);
enum ld_err lmdb_next_ms(struct store *base, int64_t *ret_next_ms);
/* The writer's reading of state, as it stands now; to be ended by lmdb_end_reading. */
LD_MUST_USE enum ld_err lmdb_begin_reading(struct lmdb_store *store);
void lmdb_end_reading(struct lmdb_store *store);

enum ld_err lmdb_open_view(struct store *base, struct store_view **ret_view);
void lmdb_close_view(struct store_view *view);
uint64_t lmdb_view_applied(struct store_view *view);
uint64_t lmdb_view_last(struct store_view *view);
enum ld_err lmdb_view_row(struct store_view *view, uint64_t position, struct arena *arena,
                          struct bytes *ret_row);
enum ld_err lmdb_view_cases(struct store_view *view, struct bytes workflow, struct bytes state,
                            struct bytes after, uint32_t max, struct arena *arena,
                            struct store_found *ret_found, uint32_t *ret_count);
enum ld_err lmdb_view_work(struct store_view *view, struct bytes unit, int64_t before_ms,
                           uint32_t max, struct arena *arena, struct store_found *ret_found,
                           uint32_t *ret_count);
enum ld_err lmdb_view_artifacts(struct store_view *view, uint32_t max, struct arena *arena,
                                struct store_artifact *ret_artifacts, uint32_t *ret_count);
enum ld_err lmdb_view_feeds(struct store_view *view, uint32_t max, struct arena *arena,
                            struct store_feed *ret_feeds, uint32_t *ret_count);

/* --- store_lmdb.c: stopping; and opening for tests ---------------------------------------------
 */

/* An outcome that nobody knows, or another owner: nothing more is written. */
void lmdb_stop(struct lmdb_store *store);
bool lmdb_is_stopped(struct lmdb_store *store);

/* store_lmdb_open with maps of this size. */
LD_MUST_USE enum ld_err store_lmdb_open_sized(const char *folder, uint32_t partition,
                                              size_t map_size, struct store **ret_store);

#endif
