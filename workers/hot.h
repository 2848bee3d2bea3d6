/* Cases held in memory: by id, and by the next instant at which they want something. The store
 * keeps the cases changed since the last merge in one such map and those being merged in another.
 * A case here is its row as the state stores it, so that merging is copying. Not thread-safe. */
#ifndef LD_WORKERS_HOT_H
#define LD_WORKERS_HOT_H

#include "base/buffer.h"
#include "base/civil.h"
#include "workers/store.h"

/* --- the row of a case: the keys it is found by, the position it includes, its record --------- */

enum { CASE_ROW_VERSION = 1, CASE_ROW_MAX = STORE_RECORD_MAX + (8 << 10) };

struct case_row {
    uint64_t position;
    int64_t next_ms;
    bool is_end;
    struct bytes workflow, state;
    struct store_work work[STORE_WORK_MAX];
    uint32_t work_count;
    struct bytes record;
};

size_t case_row_size(const struct store_put *put);
void case_row_encode(const struct store_put *put, struct buffer *buffer);
/* Views of the bytes. LD_CORRUPT, LD_UNSUPPORTED. */
LD_MUST_USE enum ld_err case_row_decode(struct bytes bytes, struct case_row *ret_row);

/* --- the map -------------------------------------------------------------------------------- */

struct hot_map;

struct hot_entry {
    struct hot_entry *next_in_bucket;
    uint64_t hash;
    uint64_t position;
    int64_t next_ms;
    struct bytes id, row, record; /* in the entry's own memory; record is a part of row */
    uint32_t level_count;         /* 0: not in the order of instants */
    struct hot_entry *levels[];
};

/* NULL where memory is short. */
struct hot_map *hot_create(void);
/* NULL is nothing. Takes the entries with it. */
void hot_destroy(struct hot_map *map);
/* An owned copy of a put, to be handed over by hot_take; NULL where memory is short. */
struct hot_entry *hot_entry_create(const struct store_put *put);
void hot_entry_destroy(struct hot_entry *entry);
/* The entry becomes the map's, in the place of an older one of the same case. Cannot fail: where
 * memory is short the chains get longer. O(log cases). */
void hot_take(struct hot_map *map, struct hot_entry *entry);
/* All of source moves over; source is empty after it. */
void hot_absorb(struct hot_map *map, struct hot_map *source);
/* A deep copy, or NULL. */
struct hot_map *hot_copy(const struct hot_map *map);
/* NULL maps are empty ones. */
const struct hot_entry *hot_find(const struct hot_map *map, struct bytes id);
size_t hot_count(const struct hot_map *map);
size_t hot_bytes(const struct hot_map *map);
/* All entries in the order of ids, in memory that the caller frees; NULL where it is short. */
const struct hot_entry **hot_sorted(const struct hot_map *map);

/* Instants in order over two maps, of which the newer hides cases of the older. */
struct hot_walk {
    const struct hot_map *newer;
    const struct hot_entry *next[2];
};

struct hot_walk hot_walk(const struct hot_map *newer, const struct hot_map *older);
/* The entry with the earliest instant (of several the lowest id), or NULL. */
const struct hot_entry *hot_walk_peek(const struct hot_walk *walk);
void hot_walk_next(struct hot_walk *walk);
/* Order of (instant, id): <0, 0, >0. */
int due_compare(int64_t left_ms, struct bytes left, int64_t right_ms, struct bytes right);

#endif
