/* A worker's first turn without a worker: the same recovery, the same deployment, no threads. */
#include "workers/seed.h"

#include "workers/agenda.h"

#include <stdlib.h>

static enum ld_err seed(struct store *store, struct shelf *shelf,
                        const struct store_artifact *artifacts, uint32_t count, int64_t now_ms)
{
    struct engine_clock clock;
    struct agenda_rooms rooms = {.store = store, .shelf = shelf, .clock = &clock};
    struct agenda_recovery recovery;
    engine_clock_manual(&clock, now_ms);
    struct agenda *agenda = agenda_create(&rooms);
    if (!agenda)
        return LD_FULL;
    enum ld_err err = agenda_recover(agenda, &recovery);
    if (err == LD_OK)
        err = agenda_seed(agenda, artifacts, count);
    agenda_destroy(agenda);
    return err;
}

enum ld_err seed_partition(const char *folder, uint32_t partition,
                           const struct store_artifact *artifacts, uint32_t count, int64_t now_ms)
{
    struct store *store = NULL;
    struct shelf *shelf = calloc(1, sizeof *shelf);
    if (!shelf)
        return LD_FULL;
    shelf_init(shelf);
    enum ld_err err = store_lmdb_open(folder, partition, &store);
    if (err == LD_OK) {
        err = seed(store, shelf, artifacts, count, now_ms);
        store->ops->close(store);
    }
    shelf_fini(shelf);
    free(shelf);
    return err;
}
