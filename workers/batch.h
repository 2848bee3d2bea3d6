/* What one turn of the agenda makes durable: journal rows behind one head, the new values of the
 * cases, artifacts and feeds. It knows positions, bytes and the digest chain, not what a row means.
 * All of it or nothing. */
#ifndef LD_WORKERS_BATCH_H
#define LD_WORKERS_BATCH_H

#include "workers/record.h"
#include "workers/store.h"

enum {
    BATCH_BYTES = 1 << 20,     /* of rows: past it no row is begun (DESIGN §7) */
    BATCH_BYTES_MAX = 2 << 20, /* the last row may reach here */
    BATCH_ROWS = STORE_BATCH_ROWS_MAX - 8,
    BATCH_CASES_MAX = 2000,
    BATCH_PUT_BYTES = 8 << 20, /* of records: past it no case is taken up */
    BATCH_PUT_BYTES_MAX = 16 << 20,
    BATCH_ARTIFACTS_MAX = 64,
    BATCH_FEEDS_MAX = 256,
};

struct batch {
    int64_t now_ms;
    uint64_t epoch;
    uint64_t first_position; /* of the head */
    uint8_t previous[DIGEST_SIZE];
    uint8_t digest[DIGEST_SIZE];             /* known once sealed */
    struct bytes rows[STORE_BATCH_ROWS_MAX]; /* rows[0] is the head's place */
    uint32_t row_count;                      /* with the head's place: 1 in an empty batch */
    uint8_t *row_memory;                     /* BATCH_BYTES_MAX, the owner's */
    size_t row_used;
    uint8_t head_memory[512];
    struct store_put *puts; /* BATCH_CASES_MAX, the owner's */
    uint32_t put_count;
    uint8_t *put_memory; /* BATCH_PUT_BYTES_MAX, the owner's */
    size_t put_used;
    struct store_artifact artifacts[BATCH_ARTIFACTS_MAX];
    uint32_t artifact_count;
    struct store_feed feeds[BATCH_FEEDS_MAX];
    uint32_t feed_count;
};

/* Allocates the memory above; false: there is none. */
bool batch_init(struct batch *batch);
void batch_fini(struct batch *batch);
/* Empty, behind last_position. */
void batch_begin(struct batch *batch, uint64_t epoch, uint64_t last_position, int64_t now_ms,
                 const uint8_t previous[DIGEST_SIZE]);
/* May another row be begun? share: of the batch's room, in quarters (4: all of it). */
bool batch_has_room(const struct batch *batch, uint32_t share);
bool batch_is_empty(const struct batch *batch);
/* The position that the next row will have. */
uint64_t batch_next_position(const struct batch *batch);
/* LD_FULL: it does not fit any more; nothing was added. */
LD_MUST_USE enum ld_err batch_add_row(struct batch *batch, const struct journal_row *row);
/* A place among the rows to come back to: rows added after it are taken away again. */
struct batch_mark {
    uint32_t row_count;
    size_t row_used;
};

struct batch_mark batch_mark(const struct batch *batch);
void batch_rewind(struct batch *batch, struct batch_mark mark);
/* A row of this batch, or the empty view where the position is of an earlier one. */
struct bytes batch_row(const struct batch *batch, uint64_t position);
/* Feed records and names must outlive the batch's commit; the last value of a name counts. LD_FULL.
 */
LD_MUST_USE enum ld_err batch_add_feed(struct batch *batch, struct store_feed feed);
LD_MUST_USE enum ld_err batch_add_artifact(struct batch *batch, struct store_artifact artifact);
/* The place of the next put, zeroed, and room for its record; NULL when there is none. */
struct store_put *batch_next_put(struct batch *batch, struct buffer *ret_record);
/* Keeps it with what was written into the record. */
void batch_keep_put(struct batch *batch, const struct buffer *record);
/* Writes the head with the digest over previous, epoch, now and the rows, and says what to append.
 * Without rows there is no head either (an acknowledgement of a feed alone). */
struct store_batch batch_seal(struct batch *batch);

#endif
