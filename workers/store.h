/* The seam to durable state of one partition: a journal that batches are appended to, and the state
 * that it makes. It knows bytes, keys and positions, never what a case means. Two implementations:
 * store_lmdb.c (production) and store_mem.c (the simulator's, with a committed and an uncommitted
 * half); a third over a network would fit, which is why append answers by a callback and speaks of
 * epochs.
 *
 *   writer thread:  get, due, append, restore        merger thread: merge
 *   query threads:  open_view … close_view
 */
#ifndef LD_WORKERS_STORE_H
#define LD_WORKERS_STORE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

enum {
    STORE_KEY_MAX = 128,     /* bytes of a key */
    STORE_VALUE_MAX = 1900,  /* bytes of one stored value; larger records are kept in chunks */
    STORE_RECORD_MAX = 256 << 10,
    STORE_BATCH_ROWS_MAX = 4096,
    STORE_WORK_MAX = 32,     /* work rows of one case: its clocks */
};

struct store_identity {
    uint8_t id[16];       /* of the whole data folder, random, made by store_create */
    uint32_t partition;
    uint32_t partitions;
};

/* A clock that some unit is answerable for: key (unit, due instant, case, clock). */
struct store_work {
    struct bytes unit;
    int64_t due_ms;
    uint8_t clock;
    uint8_t status; /* the core's word for it; opaque here */
};

/* The new value of one case, with the keys that it is to be found by. Old keys are taken away by
 * the store itself, which keeps them beside the record. */
struct store_put {
    struct bytes case_id;
    struct bytes record;
    uint64_t position;  /* of the last journal row that the record includes */
    int64_t next_ms;    /* INSTANT_NONE: nothing is to come */
    struct bytes workflow, state; /* `cases by state` */
    bool is_end;
    struct store_work work[STORE_WORK_MAX];
    uint32_t work_count;
};

struct store_artifact {
    uint8_t kind;
    struct bytes id;
    uint32_t version;
    struct bytes text;
};

struct store_feed {
    struct bytes name;
    struct bytes record; /* opaque: filter and cursor; empty: the feed is removed */
};

/* One durable step: all of it or nothing. Rows take the positions first_position, +1, … */
struct store_batch {
    uint64_t epoch;
    uint64_t first_position;
    const struct bytes *rows;
    uint32_t row_count;
    const struct store_put *puts; /* a case at most once */
    uint32_t put_count;
    const struct store_artifact *artifacts;
    uint32_t artifact_count;
    const struct store_feed *feeds;
    uint32_t feed_count;
};

enum store_outcome {
    STORE_OK,
    STORE_FENCED,   /* another owner has a higher epoch: stop */
    STORE_IN_DOUBT, /* nobody knows: stop, recover, let resends and remembered ids decide */
    STORE_RETRY,    /* nothing was written: try again */
    STORE_FULL,     /* nothing was written: no space */
};

struct store_head {
    struct store_identity identity;
    uint64_t epoch;
    uint64_t last_position; /* of the journal; 0: empty (positions begin at 1) */
    uint64_t applied;       /* the state includes every row up to here */
};

struct store_stats {
    uint64_t hot_cases, hot_bytes; /* changed since the last merge began */
    uint64_t merging_cases;        /* being merged now */
    uint64_t journal_bytes, state_bytes;
};

struct store_ops;

/* What every implementation begins with. */
struct store {
    const struct store_ops *ops;
};

typedef void store_done(void *context, enum store_outcome outcome);

/* A consistent reading of journal and state, for one thread, at most 200 ms. */
struct store_view;

struct store_found {
    struct bytes case_id;
    struct bytes record;
    struct store_work work; /* of a work scan */
};

struct store_ops {
    void (*close)(struct store *store);
    /* Head as it stands now; the epoch is the one this owner claimed. */
    void (*head)(struct store *store, struct store_head *ret_head);
    void (*stats)(struct store *store, struct store_stats *ret_stats);

    /* The newest record of a case, copied into the arena. LD_NOT_FOUND, LD_CORRUPT, LD_FULL. */
    enum ld_err (*get)(struct store *store, struct bytes case_id, struct arena *arena,
                       struct bytes *ret_record);
    /* Ids of at most max cases whose next instant is at or before until, earliest first. */
    enum ld_err (*due)(struct store *store, int64_t until_ms, uint32_t max, struct arena *arena,
                       struct bytes *ret_ids, uint32_t *ret_count);
    /* The earliest next instant of all cases, or INSTANT_NONE. */
    enum ld_err (*next_ms)(struct store *store, int64_t *ret_next_ms);
    /* Appends durably; done is called once, after which the batch's memory is the caller's again.
     * The LMDB store calls it before it returns. */
    void (*append)(struct store *store, const struct store_batch *batch, store_done *done,
                   void *context);
    /* While recovering: a case as the journal from applied on makes it. Recovery is over with the
     * first append, due or next_ms; until then a merge writes cases but leaves `applied`, since
     * not all that the journal makes may have been restored. */
    enum ld_err (*restore)(struct store *store, const struct store_put *put);

    /* Admission: true while the hot cases outrun the merger. */
    bool (*is_pressed)(struct store *store);
    /* Freezes the hot cases and writes them into state, in transactions of at most 1,000 cases or
     * 8 MB, each synced. Any thread but the writer's; one at a time. LD_OK also when there was
     * nothing to do. An error is final: the process stops. */
    enum ld_err (*merge)(struct store *store);

    enum ld_err (*open_view)(struct store *store, struct store_view **ret_view);
    void (*close_view)(struct store_view *view);
    /* The position up to which the view's state speaks; the journal may be further on. */
    uint64_t (*view_applied)(struct store_view *view);
    uint64_t (*view_last)(struct store_view *view);
    /* Journal row at a position, in the arena. LD_NOT_FOUND past the end. */
    enum ld_err (*view_row)(struct store_view *view, uint64_t position, struct arena *arena,
                            struct bytes *ret_row);
    /* Cases in the order of their ids, after `after` (empty: from the start); at most max. An empty
     * workflow means all; an empty state all of it. */
    enum ld_err (*view_cases)(struct store_view *view, struct bytes workflow, struct bytes state,
                              struct bytes after, uint32_t max, struct arena *arena,
                              struct store_found *ret_found, uint32_t *ret_count);
    /* Work rows due before the instant, by unit (empty: all) and due instant; at most max. */
    enum ld_err (*view_work)(struct store_view *view, struct bytes unit, int64_t before_ms,
                             uint32_t max, struct arena *arena, struct store_found *ret_found,
                             uint32_t *ret_count);
    /* All artifacts and feeds (small tables), newest version last. */
    enum ld_err (*view_artifacts)(struct store_view *view, uint32_t max, struct arena *arena,
                                  struct store_artifact *ret_artifacts, uint32_t *ret_count);
    enum ld_err (*view_feeds)(struct store_view *view, uint32_t max, struct arena *arena,
                              struct store_feed *ret_feeds, uint32_t *ret_count);
};

/* Makes the stores of a new data folder (folder/identity, folder/p0, folder/p1, …): in a temporary
 * folder, synced, then renamed. LD_EXISTS where folder is not empty; LD_IO; LD_FULL. */
LD_MUST_USE enum ld_err store_lmdb_create(const char *folder, uint32_t partitions);
/* Reads folder/identity. LD_NOT_FOUND, LD_CORRUPT. The partition in it is 0. */
LD_MUST_USE enum ld_err store_lmdb_identity(const char *folder,
                                            struct store_identity *ret_identity);
/* Opens one partition and claims it with the next epoch. LD_IN_USE: another process has it;
 * LD_FOREIGN: not this folder's partition, or empty; LD_UNSUPPORTED: a network file system;
 * LD_NOT_FOUND; LD_CORRUPT; LD_IO. */
LD_MUST_USE enum ld_err store_lmdb_open(const char *folder, uint32_t partition,
                                        struct store **ret_store);

/* The simulator's store. */
struct store *store_mem_create(const struct store_identity *identity);
/* What a crash leaves: everything not committed is gone; the store may be opened again. */
void store_mem_crash(struct store *store);

#endif
