#include "tools/bench/audit.h"

#include "workers/record.h"
#include "workers/store.h"

#include <stdlib.h>

/* The journal is read through the store's own seam, after the system has ended. A row in which an
 * event took effect (it started a case or was applied) sets the bit of its step; a bit that is set
 * already is an event that took effect twice, a bit that is missing behind an answer one that was
 * lost. Events that took effect without an answer are no fault: the answer was on its way. */

enum { ROW_SIZE = 4 << 20 };

struct reading {
    const struct acked *acked;
    uint32_t clients;
    struct audit *audit;
    struct acked *seen; /* as large as what was acked; owned with their steps */
    struct arena arena;
};

static void take_row(struct reading *reading, const struct journal_row *row)
{
    struct workload_name name;
    uint16_t bit;

    if (row->kind != JOURNAL_EVENT || (row->fate != FATE_STARTED && row->fate != FATE_APPLIED)
        || !workload_parse(row->event_id, &name) || name.client >= reading->clients
        || name.serial >= reading->seen[name.client].count)
        return;
    bit = (uint16_t)(1u << name.step);
    if (reading->seen[name.client].steps[name.serial] & bit)
        reading->audit->twice++;
    reading->seen[name.client].steps[name.serial] |= bit;
}

static enum ld_err read_view(struct reading *reading, const struct store_ops *ops,
                             struct store_view *view)
{
    uint64_t last = ops->view_last(view);

    for (uint64_t position = 1; position <= last; position++) {
        struct journal_row row;
        struct bytes bytes;
        enum ld_err err;
        arena_clear(&reading->arena);
        err = ops->view_row(view, position, &reading->arena, &bytes);
        if (err == LD_OK)
            err = journal_row_decode(bytes, &reading->arena, &row);
        if (err != LD_OK)
            return err == LD_NOT_FOUND ? LD_CORRUPT : err; /* a gap */
        take_row(reading, &row);
        reading->audit->rows++;
    }
    return LD_OK;
}

static enum ld_err read_partition(struct reading *reading, const char *data, uint32_t partition)
{
    struct store *store;
    struct store_view *view;
    enum ld_err err = store_lmdb_open(data, partition, &store);

    if (err != LD_OK)
        return err;
    err = store->ops->open_view(store, &view);
    if (err == LD_OK) {
        err = read_view(reading, store->ops, view);
        store->ops->close_view(view);
    }
    store->ops->close(store);
    return err;
}

static uint32_t bits_of(uint32_t steps)
{
    uint32_t count = 0;

    for (; steps != 0; steps &= steps - 1)
        count++;
    return count;
}

static void compare(struct reading *reading)
{
    for (uint32_t i = 0; i < reading->clients; i++) {
        const struct acked *acked = &reading->acked[i];
        for (uint32_t serial = 0; serial < acked->count; serial++) {
            uint32_t told = acked->steps[serial], seen = reading->seen[i].steps[serial];
            reading->audit->acked += bits_of(told);
            reading->audit->found += bits_of(told & seen);
            reading->audit->lost += bits_of(told & ~seen);
        }
    }
}

static enum ld_err prepare(struct reading *reading)
{
    void *block = malloc(ROW_SIZE);

    arena_init(&reading->arena, block, block != NULL ? ROW_SIZE : 0);
    reading->seen = calloc(reading->clients, sizeof *reading->seen);
    if (reading->seen == NULL)
        return LD_FULL;
    for (uint32_t i = 0; i < reading->clients; i++) {
        uint32_t count = reading->acked[i].count;
        reading->seen[i].steps = calloc(count + 1, sizeof *reading->seen[i].steps);
        reading->seen[i].count = count;
        if (reading->seen[i].steps == NULL)
            return LD_FULL;
    }
    return block != NULL ? LD_OK : LD_FULL;
}

enum ld_err audit_journals(const char *data, uint32_t partitions, const struct acked *acked,
                           uint32_t clients, struct audit *ret_audit)
{
    struct reading reading = {.acked = acked, .clients = clients, .audit = ret_audit};
    enum ld_err err;

    *ret_audit = (struct audit){0};
    err = prepare(&reading);
    for (uint32_t i = 0; err == LD_OK && i < partitions; i++)
        err = read_partition(&reading, data, i);
    if (err == LD_OK)
        compare(&reading);
    for (uint32_t i = 0; reading.seen != NULL && i < clients; i++)
        free(reading.seen[i].steps);
    free(reading.seen);
    free(reading.arena.block);
    return err;
}

bool audit_is_good(const struct audit *audit)
{
    return audit->lost == 0 && audit->twice == 0 && audit->found == audit->acked;
}
