/* What the tests of the store share: a scratch folder, a store of either kind in it, and words to
 * append with. */
#ifndef LD_TESTS_STORE_BED_H
#define LD_TESTS_STORE_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/civil.h"
#include "workers/store.h"
#include "workers/store_lmdb.h"

enum bed_kind { BED_MEM, BED_LMDB };

enum { BED_ARENA_SIZE = 8 << 20, BED_MAP_SIZE = 1 << 30, BED_PARTITIONS = 2 };

struct bed {
    enum bed_kind kind;
    char root[64], folder[80];
    struct store *store;
    struct arena arena;
    enum store_outcome outcome; /* of the last append */
    uint32_t answers;
};

static inline struct bytes word(const char *text)
{
    return bytes_from_text(text);
}

static inline void bed_open(struct bed *bed)
{
    assert_int_equal(store_lmdb_open(bed->folder, 1, &bed->store), LD_OK);
}

static inline struct bed *bed_create(enum bed_kind kind)
{
    struct bed *bed = calloc(1, sizeof *bed);
    struct store_identity identity = {{1, 2, 3}, 1, BED_PARTITIONS};
    assert_non_null(bed);
    bed->kind = kind;
    arena_init(&bed->arena, malloc(BED_ARENA_SIZE), BED_ARENA_SIZE);
    assert_non_null(bed->arena.block);
    (void)snprintf(bed->root, sizeof bed->root, "/tmp/liandong-store-XXXXXX");
    assert_non_null(mkdtemp(bed->root));
    (void)snprintf(bed->folder, sizeof bed->folder, "%s/data", bed->root);
    if (kind == BED_MEM) {
        bed->store = store_mem_create(&identity);
    } else {
        assert_int_equal(store_lmdb_create(bed->folder, BED_PARTITIONS), LD_OK);
        bed_open(bed);
    }
    return bed;
}

static inline void bed_close(struct bed *bed)
{
    if (bed->store)
        bed->store->ops->close(bed->store);
    bed->store = NULL;
}

static inline void bed_run(const char *format, const char *path)
{
    char command[256];
    (void)snprintf(command, sizeof command, format, path);
    assert_int_equal(system(command), 0);
}

static inline void bed_destroy(struct bed *bed)
{
    bed_close(bed);
    bed_run("rm -rf '%s'", bed->root);
    free(bed->arena.block);
    free(bed);
}

/* What a crash does, and the opening after it. */
static inline void bed_crash(struct bed *bed)
{
    if (bed->kind == BED_MEM) {
        store_mem_crash(bed->store);
        return;
    }
    bed_close(bed);
    bed_open(bed);
}

static inline struct store_head bed_head(struct bed *bed)
{
    struct store_head head;
    bed->store->ops->head(bed->store, &head);
    return head;
}

static inline void bed_done(void *context, enum store_outcome outcome)
{
    struct bed *bed = context;
    bed->outcome = outcome;
    bed->answers++;
}

/* Fills in epoch and position, and appends. */
static inline enum store_outcome bed_append(struct bed *bed, struct store_batch batch)
{
    struct store_head head = bed_head(bed);
    uint32_t answers = bed->answers;
    if (batch.epoch == 0)
        batch.epoch = head.epoch;
    batch.first_position = head.last_position + 1;
    bed->store->ops->append(bed->store, &batch, bed_done, bed);
    assert_int_equal(bed->answers, answers + 1);
    return bed->outcome;
}

/* One row that makes one case. */
static inline void bed_put(struct bed *bed, struct store_put put)
{
    struct bytes row = BYTES_LITERAL("row");
    if (put.position == 0)
        put.position = bed_head(bed).last_position + 1;
    struct store_batch batch = {.rows = &row, .row_count = 1, .puts = &put, .put_count = 1};
    assert_int_equal(bed_append(bed, batch), STORE_OK);
}

static inline struct store_put put_of(const char *id, const char *record, int64_t next_ms)
{
    return (struct store_put){
        .case_id = word(id),
        .record = word(record),
        .next_ms = next_ms,
        .workflow = word("lead"),
        .state = word("open"),
    };
}

static inline void bed_merge(struct bed *bed)
{
    assert_int_equal(bed->store->ops->merge(bed->store), LD_OK);
}

static inline void assert_text(struct bytes bytes, const char *text)
{
    if (!bytes_is(bytes, text))
        fail_msg("'%.*s' is not '%s'", BYTES_PRINTF(bytes), text);
}

static inline void assert_record(struct bed *bed, const char *id, const char *wanted)
{
    struct bytes record;
    arena_clear(&bed->arena);
    enum ld_err err = bed->store->ops->get(bed->store, word(id), &bed->arena, &record);
    if (!wanted) {
        assert_int_equal(err, LD_NOT_FOUND);
        return;
    }
    assert_int_equal(err, LD_OK);
    assert_text(record, wanted);
}

/* "id id id": what is due. */
static inline void assert_due(struct bed *bed, int64_t until_ms, uint32_t max, const char *wanted)
{
    struct bytes ids[64];
    char text[1024];
    struct buffer buffer;
    uint32_t count = 99;
    arena_clear(&bed->arena);
    enum ld_err err = bed->store->ops->due(bed->store, until_ms, max, &bed->arena, ids, &count);
    assert_int_equal(err, LD_OK);
    buffer_init(&buffer, text, sizeof text);
    for (uint32_t i = 0; i < count; i++) {
        buffer_put_text(&buffer, i ? " " : "");
        buffer_put(&buffer, ids[i]);
    }
    assert_text(buffer_bytes(&buffer), wanted);
}

static inline void assert_next(struct bed *bed, int64_t wanted_ms)
{
    int64_t next_ms = 1;
    assert_int_equal(bed->store->ops->next_ms(bed->store, &next_ms), LD_OK);
    assert_int_equal(next_ms, wanted_ms);
}

#endif
