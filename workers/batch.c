/* One batch, one commit. Memory is taken once, at start; the bounds are those of DESIGN §4 and §7.
 *
 * Invariant: rows[i] has the position first_position + i, the head being row 0. */
#include "workers/batch.h"

#include <stdlib.h>
#include <string.h>

bool batch_init(struct batch *batch)
{
    memset(batch, 0, sizeof *batch);
    batch->row_memory = malloc(BATCH_BYTES_MAX);
    batch->puts = calloc(BATCH_CASES_MAX, sizeof *batch->puts);
    batch->put_memory = malloc(BATCH_PUT_BYTES_MAX);
    return batch->row_memory && batch->puts && batch->put_memory;
}

void batch_fini(struct batch *batch)
{
    free(batch->row_memory);
    free(batch->puts);
    free(batch->put_memory);
    batch->row_memory = batch->put_memory = NULL;
    batch->puts = NULL;
}

void batch_begin(struct batch *batch, uint64_t epoch, uint64_t last_position, int64_t now_ms,
                 const uint8_t previous[DIGEST_SIZE])
{
    batch->now_ms = now_ms;
    batch->epoch = epoch;
    batch->first_position = last_position + 1;
    memcpy(batch->previous, previous, DIGEST_SIZE);
    batch->row_count = 1;
    batch->row_used = batch->put_used = 0;
    batch->put_count = batch->artifact_count = batch->feed_count = 0;
}

bool batch_has_room(const struct batch *batch, uint32_t share)
{
    LD_ASSERT(share > 0 && share <= 4);
    return batch->row_used < (size_t)BATCH_BYTES / 4 * share
           && batch->row_count < (uint32_t)BATCH_ROWS / 4 * share;
}

bool batch_is_empty(const struct batch *batch)
{
    return batch->row_count == 1 && batch->put_count == 0 && batch->feed_count == 0
           && batch->artifact_count == 0;
}

uint64_t batch_next_position(const struct batch *batch)
{
    return batch->first_position + batch->row_count;
}

enum ld_err batch_add_row(struct batch *batch, const struct journal_row *row)
{
    if (batch->row_count == STORE_BATCH_ROWS_MAX)
        return LD_FULL;
    struct buffer buffer;
    buffer_init(&buffer, batch->row_memory + batch->row_used, BATCH_BYTES_MAX - batch->row_used);
    journal_row_encode(row, &buffer);
    if (buffer.is_full)
        return LD_FULL;
    batch->rows[batch->row_count++] = buffer_bytes(&buffer);
    batch->row_used += buffer.used;
    return LD_OK;
}

struct batch_mark batch_mark(const struct batch *batch)
{
    return (struct batch_mark){batch->row_count, batch->row_used};
}

void batch_rewind(struct batch *batch, struct batch_mark mark)
{
    LD_ASSERT(mark.row_count > 0 && mark.row_count <= batch->row_count);
    batch->row_count = mark.row_count;
    batch->row_used = mark.row_used;
}

struct bytes batch_row(const struct batch *batch, uint64_t position)
{
    if (position <= batch->first_position || position >= batch_next_position(batch))
        return BYTES_NONE;
    return batch->rows[position - batch->first_position];
}

enum ld_err batch_add_feed(struct batch *batch, struct store_feed feed)
{
    for (uint32_t i = 0; i < batch->feed_count; i++) {
        if (bytes_equal(batch->feeds[i].name, feed.name)) {
            batch->feeds[i] = feed;
            return LD_OK;
        }
    }
    if (batch->feed_count == BATCH_FEEDS_MAX)
        return LD_FULL;
    batch->feeds[batch->feed_count++] = feed;
    return LD_OK;
}

enum ld_err batch_add_artifact(struct batch *batch, struct store_artifact artifact)
{
    if (batch->artifact_count == BATCH_ARTIFACTS_MAX)
        return LD_FULL;
    batch->artifacts[batch->artifact_count++] = artifact;
    return LD_OK;
}

struct store_put *batch_next_put(struct batch *batch, struct buffer *ret_record)
{
    if (batch->put_count == BATCH_CASES_MAX)
        return NULL;
    size_t left = BATCH_PUT_BYTES_MAX - batch->put_used;
    buffer_init(ret_record, batch->put_memory + batch->put_used,
                left < STORE_RECORD_MAX ? left : STORE_RECORD_MAX);
    struct store_put *put = &batch->puts[batch->put_count];
    memset(put, 0, sizeof *put);
    return put;
}

void batch_keep_put(struct batch *batch, const struct buffer *record)
{
    LD_ASSERT(!record->is_full);
    batch->puts[batch->put_count++].record = buffer_bytes(record);
    batch->put_used += record->used;
}

static void seal_head(struct batch *batch)
{
    struct journal_row head = {.kind = JOURNAL_BATCH};
    head.batch.epoch = batch->epoch;
    head.batch.now_ms = batch->now_ms;
    head.batch.row_count = batch->row_count - 1;
    memcpy(head.batch.previous, batch->previous, DIGEST_SIZE);
    journal_batch_digest(&head.batch, batch->rows + 1, head.batch.row_count, batch->digest);
    memcpy(head.batch.digest, batch->digest, DIGEST_SIZE);
    struct buffer buffer;
    buffer_init(&buffer, batch->head_memory, sizeof batch->head_memory);
    journal_row_encode(&head, &buffer);
    LD_ASSERT(!buffer.is_full);
    batch->rows[0] = buffer_bytes(&buffer);
}

struct store_batch batch_seal(struct batch *batch)
{
    bool has_rows = batch->row_count > 1;
    if (has_rows)
        seal_head(batch);
    else
        memcpy(batch->digest, batch->previous, DIGEST_SIZE);
    return (struct store_batch){
        .epoch = batch->epoch,
        .first_position = batch->first_position,
        .rows = batch->rows,
        .row_count = has_rows ? batch->row_count : 0,
        .puts = batch->puts,
        .put_count = batch->put_count,
        .artifacts = batch->artifacts,
        .artifact_count = batch->artifact_count,
        .feeds = batch->feeds,
        .feed_count = batch->feed_count,
    };
}
