#include "tools/bench/ceiling.h"

#include "workers/record.h"
#include "workers/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the disk asks for one durable step, bare and through the journal. */

enum { BLOCK_SIZE = 4096, PATH_SIZE = 4096, HEAD_SIZE = 512 };

static bool write_block(int file)
{
    uint8_t block[BLOCK_SIZE];

    memset(block, 0x5a, sizeof block);
    return pwrite(file, block, sizeof block, 0) == BLOCK_SIZE;
}

enum ld_err ceiling_sync(const char *folder, uint64_t limit_ns, struct ceiling *ret_ceiling)
{
    char path[PATH_SIZE];
    int size = snprintf(path, sizeof path, "%s/sync", folder), file = -1;
    struct ceiling_run run;
    bool is_good, has_time = true;

    if (size > 0 && size < PATH_SIZE)
        file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    /* Its block is there before, so that no sync has to write the file's size as well. */
    is_good = file >= 0 && write_block(file) && fsync(file) == 0;
    run = ceiling_begin(ret_ceiling, limit_ns);
    while (is_good && has_time) {
        ceiling_start(&run);
        is_good = write_block(file) && fdatasync(file) == 0;
        has_time = ceiling_stop(&run);
    }
    ceiling_end(&run);
    if (file >= 0)
        (void)close(file); /* all that mattered was synced */
    return is_good ? LD_OK : LD_IO;
}

/* --- the journal ----------------------------------------------------------------------------- */

static void on_done(void *context, enum store_outcome outcome)
{
    *(enum store_outcome *)context = outcome;
}

static enum ld_err append_one(struct store *store, const struct bytes *rows, uint32_t count)
{
    struct store_head head;
    struct store_batch batch = {.rows = rows, .row_count = count};
    enum store_outcome outcome = STORE_IN_DOUBT;

    store->ops->head(store, &head);
    batch.epoch = head.epoch;
    batch.first_position = head.last_position + 1;
    store->ops->append(store, &batch, on_done, &outcome);
    return outcome == STORE_OK ? LD_OK : outcome == STORE_FULL ? LD_FULL : LD_IO;
}

static struct bytes head_row(uint32_t count, uint8_t memory[HEAD_SIZE])
{
    struct journal_row row = {.kind = JOURNAL_BATCH, .batch = {.epoch = 1, .row_count = count}};
    struct buffer buffer;

    buffer_init(&buffer, memory, HEAD_SIZE);
    journal_row_encode(&row, &buffer);
    return buffer_bytes(&buffer);
}

static enum ld_err append_all(struct store *store, const struct bytes *rows, uint32_t count,
                              uint64_t limit_ns, struct ceiling *ret_ceiling)
{
    struct ceiling_run run = ceiling_begin(ret_ceiling, limit_ns);
    enum ld_err err = LD_OK;
    bool has_time = true;

    while (err == LD_OK && has_time) {
        ceiling_start(&run);
        err = append_one(store, rows, count);
        has_time = ceiling_stop(&run);
    }
    ceiling_end(&run);
    return err;
}

enum ld_err ceiling_append(const char *data, const struct ceiling_rows *rows, uint32_t batch,
                           uint64_t limit_ns, struct ceiling *ret_ceiling)
{
    uint8_t head[HEAD_SIZE];
    struct bytes *all = calloc(batch + 1, sizeof *all);
    struct store *store;
    enum ld_err err = all == NULL ? LD_FULL : store_lmdb_open(data, 0, &store);

    if (err == LD_OK) {
        all[0] = head_row(batch, head);
        for (uint32_t i = 0; i < batch; i++)
            all[i + 1] = rows->rows[i % CEILING_ROWS];
        err = append_all(store, all, batch + 1, limit_ns, ret_ceiling);
        store->ops->close(store);
    }
    free(all);
    return err;
}
