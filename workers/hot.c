/* A hash table of chains for ids and a skip list for instants, both through the same entries.
 * Invariants: an id stands in the table once; an entry stands in the skip list exactly if it has a
 * next instant; the list is in the order of (instant, id). The height of an entry comes from its
 * hash and not from chance, so that a simulation gives the same map each time. */
#include "workers/hot.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS_MAX = 12, BUCKETS_MIN = 1024 };

struct hot_map {
    struct hot_entry **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    size_t bytes;
    struct hot_entry *heads[LEVELS_MAX];
};

/* FNV-1a. Not CRC-32: the ids of one partition agree in that one, modulo the partitions. */
static uint64_t hash_of(struct bytes id)
{
    uint64_t hash = 0xCBF29CE484222325U;
    for (size_t i = 0; i < id.size; i++)
        hash = (hash ^ id.ptr[i]) * 0x100000001B3U;
    return hash ^ hash >> 32;
}

/* One entry in four is higher by one; taken from bits that the buckets do not use first. */
static uint32_t levels_of(uint64_t hash)
{
    uint32_t levels = 1;
    for (uint64_t bits = hash >> 40; levels < LEVELS_MAX && (bits & 3) == 0; bits >>= 2)
        levels++;
    return levels;
}

int due_compare(int64_t left_ms, struct bytes left, int64_t right_ms, struct bytes right)
{
    if (left_ms != right_ms)
        return left_ms < right_ms ? -1 : 1;
    return bytes_compare(left, right);
}

/* --- entries -------------------------------------------------------------------------------- */

static size_t entry_bytes(const struct hot_entry *entry)
{
    return sizeof *entry + entry->level_count * sizeof entry->levels[0] + entry->id.size
           + entry->row.size;
}

struct hot_entry *hot_entry_create(const struct store_put *put)
{
    LD_ASSERT(put->case_id.size > 0 && put->case_id.size <= STORE_KEY_MAX);
    uint64_t hash = hash_of(put->case_id);
    uint32_t levels = put->next_ms == INSTANT_NONE ? 0 : levels_of(hash);
    size_t row_size = case_row_size(put);
    size_t head_size = sizeof(struct hot_entry) + levels * sizeof(struct hot_entry *);
    struct hot_entry *entry = malloc(head_size + put->case_id.size + row_size);
    if (!entry)
        return NULL;
    uint8_t *memory = (uint8_t *)entry + head_size;
    struct buffer buffer;
    buffer_init(&buffer, memory, put->case_id.size + row_size);
    buffer_put(&buffer, put->case_id);
    case_row_encode(put, &buffer);
    LD_ASSERT(!buffer.is_full && buffer.used == buffer.size);
    *entry = (struct hot_entry){
        .hash = hash,
        .position = put->position,
        .next_ms = put->next_ms,
        .id = {memory, put->case_id.size},
        .row = {memory + put->case_id.size, row_size},
        .record = {memory + buffer.used - put->record.size, put->record.size},
        .level_count = levels,
    };
    return entry;
}

void hot_entry_destroy(struct hot_entry *entry)
{
    free(entry);
}

static struct hot_entry *entry_copy(const struct hot_entry *entry)
{
    size_t size = entry_bytes(entry);
    struct hot_entry *copy = malloc(size);
    if (!copy)
        return NULL;
    memcpy(copy, entry, size);
    ptrdiff_t offset = entry->id.ptr - (const uint8_t *)entry;
    copy->id.ptr = (const uint8_t *)copy + offset;
    copy->row.ptr = copy->id.ptr + copy->id.size;
    copy->record.ptr = copy->row.ptr + copy->row.size - copy->record.size;
    return copy;
}

/* --- the order of instants ------------------------------------------------------------------ */

/* At each level the link that an entry of this instant and id hangs at, or would. */
static void find_links(struct hot_map *map, const struct hot_entry *entry,
                       struct hot_entry **ret_links[LEVELS_MAX])
{
    struct hot_entry **levels = map->heads;
    for (int level = LEVELS_MAX - 1; level >= 0; level--) {
        struct hot_entry *next = levels[level];
        while (next && due_compare(next->next_ms, next->id, entry->next_ms, entry->id) < 0) {
            levels = next->levels;
            next = levels[level];
        }
        ret_links[level] = &levels[level];
    }
}

static void link_due(struct hot_map *map, struct hot_entry *entry)
{
    struct hot_entry **links[LEVELS_MAX];
    if (entry->level_count == 0)
        return;
    find_links(map, entry, links);
    for (uint32_t level = 0; level < entry->level_count; level++) {
        entry->levels[level] = *links[level];
        *links[level] = entry;
    }
}

static void unlink_due(struct hot_map *map, struct hot_entry *entry)
{
    struct hot_entry **links[LEVELS_MAX];
    if (entry->level_count == 0)
        return;
    find_links(map, entry, links);
    for (uint32_t level = 0; level < entry->level_count; level++) {
        LD_ASSERT(*links[level] == entry);
        *links[level] = entry->levels[level];
    }
}

/* --- the map -------------------------------------------------------------------------------- */

struct hot_map *hot_create(void)
{
    struct hot_map *map = calloc(1, sizeof *map);
    if (!map)
        return NULL;
    map->buckets = calloc(BUCKETS_MIN, sizeof(struct hot_entry *));
    map->bucket_count = BUCKETS_MIN;
    if (!map->buckets) {
        free(map);
        return NULL;
    }
    return map;
}

static void free_entries(struct hot_map *map)
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        for (struct hot_entry *entry = map->buckets[i], *next; entry; entry = next) {
            next = entry->next_in_bucket;
            hot_entry_destroy(entry);
        }
    }
}

void hot_destroy(struct hot_map *map)
{
    if (!map)
        return;
    free_entries(map);
    free(map->buckets);
    free(map);
}

static struct hot_entry **bucket_of(const struct hot_map *map, uint64_t hash)
{
    return &map->buckets[hash & (map->bucket_count - 1)];
}

static void rehash(struct hot_map *map, struct hot_entry **buckets, size_t bucket_count)
{
    struct hot_map old = *map;
    map->buckets = buckets;
    map->bucket_count = bucket_count;
    for (size_t i = 0; i < old.bucket_count; i++) {
        for (struct hot_entry *entry = old.buckets[i], *next; entry; entry = next) {
            struct hot_entry **bucket = bucket_of(map, entry->hash);
            next = entry->next_in_bucket;
            entry->next_in_bucket = *bucket;
            *bucket = entry;
        }
    }
    free(old.buckets);
}

static void grow(struct hot_map *map)
{
    struct hot_entry **buckets = NULL;
    if (map->count >= map->bucket_count)
        buckets = calloc(map->bucket_count * 2, sizeof(struct hot_entry *));
    if (buckets)
        rehash(map, buckets, map->bucket_count * 2);
}

static struct hot_entry **find_place(const struct hot_map *map, uint64_t hash, struct bytes id)
{
    struct hot_entry **place = bucket_of(map, hash);
    while (*place && !((*place)->hash == hash && bytes_equal((*place)->id, id)))
        place = &(*place)->next_in_bucket;
    return place;
}

static void drop_older(struct hot_map *map, struct hot_entry **place)
{
    struct hot_entry *older = *place;
    unlink_due(map, older);
    *place = older->next_in_bucket;
    map->count--;
    map->bytes -= entry_bytes(older);
    hot_entry_destroy(older);
}

void hot_take(struct hot_map *map, struct hot_entry *entry)
{
    struct hot_entry **place = find_place(map, entry->hash, entry->id);
    if (*place)
        drop_older(map, place);
    grow(map);
    struct hot_entry **bucket = bucket_of(map, entry->hash);
    entry->next_in_bucket = *bucket;
    *bucket = entry;
    link_due(map, entry);
    map->count++;
    map->bytes += entry_bytes(entry);
}

void hot_absorb(struct hot_map *map, struct hot_map *source)
{
    for (size_t i = 0; i < source->bucket_count; i++) {
        for (struct hot_entry *entry = source->buckets[i], *next; entry; entry = next) {
            next = entry->next_in_bucket;
            hot_take(map, entry);
        }
        source->buckets[i] = NULL;
    }
    memset(source->heads, 0, sizeof source->heads);
    source->count = source->bytes = 0;
}

static bool copy_chain(struct hot_map *copy, const struct hot_entry *entry)
{
    for (; entry; entry = entry->next_in_bucket) {
        struct hot_entry *other = entry_copy(entry);
        if (!other)
            return false;
        hot_take(copy, other);
    }
    return true;
}

struct hot_map *hot_copy(const struct hot_map *map)
{
    struct hot_map *copy = hot_create();
    bool is_whole = copy != NULL;
    for (size_t i = 0; is_whole && i < map->bucket_count; i++)
        is_whole = copy_chain(copy, map->buckets[i]);
    if (is_whole)
        return copy;
    hot_destroy(copy);
    return NULL;
}

const struct hot_entry *hot_find(const struct hot_map *map, struct bytes id)
{
    return map ? *find_place(map, hash_of(id), id) : NULL;
}

size_t hot_count(const struct hot_map *map)
{
    return map ? map->count : 0;
}

size_t hot_bytes(const struct hot_map *map)
{
    return map ? map->bytes : 0;
}

static int compare_ids(const void *left, const void *right)
{
    const struct hot_entry *const *first = left, *const *second = right;
    return bytes_compare((*first)->id, (*second)->id);
}

const struct hot_entry **hot_sorted(const struct hot_map *map)
{
    const struct hot_entry **sorted = calloc(map->count + 1, sizeof(struct hot_entry *));
    size_t count = 0;
    if (!sorted)
        return NULL;
    for (size_t i = 0; i < map->bucket_count; i++) {
        for (const struct hot_entry *entry = map->buckets[i]; entry; entry = entry->next_in_bucket)
            sorted[count++] = entry;
    }
    LD_ASSERT(count == map->count);
    qsort(sorted, count, sizeof *sorted, compare_ids);
    return sorted;
}

/* --- walking -------------------------------------------------------------------------------- */

/* From this entry of the older map on, the first that the newer does not hide. */
static const struct hot_entry *unhidden(const struct hot_walk *walk, const struct hot_entry *entry)
{
    while (entry && hot_find(walk->newer, entry->id))
        entry = entry->levels[0];
    return entry;
}

struct hot_walk hot_walk(const struct hot_map *newer, const struct hot_map *older)
{
    struct hot_walk walk = {.newer = newer};
    walk.next[0] = newer ? newer->heads[0] : NULL;
    walk.next[1] = unhidden(&walk, older ? older->heads[0] : NULL);
    return walk;
}

static int earlier(const struct hot_walk *walk)
{
    const struct hot_entry *newer = walk->next[0], *older = walk->next[1];
    if (!newer || !older)
        return newer ? 0 : 1;
    return due_compare(newer->next_ms, newer->id, older->next_ms, older->id) < 0 ? 0 : 1;
}

const struct hot_entry *hot_walk_peek(const struct hot_walk *walk)
{
    return walk->next[earlier(walk)];
}

void hot_walk_next(struct hot_walk *walk)
{
    int which = earlier(walk);
    const struct hot_entry *next = walk->next[which]->levels[0];
    walk->next[which] = which == 0 ? next : unhidden(walk, next);
}
