/* Journal rows in bytes. A row is version and kind, then what its kind has, then the CRC; a row of
 * a case names the program that decided it, so that its facts, which are indexes into that
 * program, can be read for ever. */
#include "workers/record.h"

#include "workers/record_part.h"
#include "workers/store.h"

enum {
    JOURNAL_ROW_VERSION = 2,
    JOURNAL_ROW_FAMILY = 2, /* the version that brought steps of a family and the facts they make */
};

enum row_bit {
    ROW_HAS_PROGRAM = 1,
    ROW_IS_REMEMBERED = 2,
    ROW_HAS_TIME = 4,
    ROW_HAS_DATE = 8,
    ROW_BITS = 15,
};

/* --- encoding ------------------------------------------------------------------------------- */

static void put_batch(struct buffer *buffer, const struct journal_batch *batch)
{
    LD_ASSERT(batch->row_count < STORE_BATCH_ROWS_MAX);
    buffer_put_u64(buffer, batch->epoch);
    buffer_put_u64(buffer, (uint64_t)batch->now_ms);
    buffer_put_u32(buffer, batch->row_count);
    record_put_octets(buffer, batch->previous, DIGEST_SIZE);
    record_put_octets(buffer, batch->digest, DIGEST_SIZE);
}

static uint8_t row_bits(const struct journal_row *row)
{
    int bits = (row->workflow.size ? ROW_HAS_PROGRAM : 0)
               | (row->is_remembered ? ROW_IS_REMEMBERED : 0)
               | (row->time_ms != INSTANT_NONE ? ROW_HAS_TIME : 0)
               | (row->legal_date != DATE_NONE ? ROW_HAS_DATE : 0);
    return (uint8_t)bits;
}

/* What EVENT, TIME and FAMILY have in common. */
static void put_case(struct buffer *buffer, const struct journal_row *row, uint8_t bits)
{
    buffer_put_u64(buffer, (uint64_t)row->now_ms);
    buffer_put_u8(buffer, bits);
    record_put_name(buffer, row->case_id);
    if (bits & ROW_HAS_PROGRAM) {
        record_put_name(buffer, row->workflow);
        buffer_put_u32(buffer, row->version);
        record_put_octets(buffer, row->program_digest, DIGEST_SIZE);
    }
    buffer_put_u64(buffer, row->previous);
    record_put_facts(buffer, row->facts, row->fact_count);
}

static void put_event(struct buffer *buffer, const struct journal_row *row)
{
    LD_ASSERT(row->fate < FATE_COUNT && row->refusal < REFUSAL_COUNT);
    uint8_t bits = row_bits(row);
    put_case(buffer, row, bits);
    record_put_name(buffer, row->event_id);
    record_put_name(buffer, row->source);
    record_put_name(buffer, row->type);
    record_put_name(buffer, row->role);
    if (bits & ROW_HAS_TIME)
        buffer_put_u64(buffer, (uint64_t)row->time_ms);
    if (bits & ROW_HAS_DATE)
        buffer_put_u32(buffer, (uint32_t)row->legal_date);
    record_put_octets(buffer, row->event_digest, EVENT_DIGEST_SIZE);
    record_put_text(buffer, row->data);
    buffer_put_u8(buffer, (uint8_t)row->fate);
    buffer_put_u8(buffer, (uint8_t)row->refusal);
    record_put_text(buffer, row->detail);
    record_put_text(buffer, row->wanted);
}

static void put_time(struct buffer *buffer, const struct journal_row *row)
{
    LD_ASSERT(row->case_id.size > 0 && row->workflow.size > 0);
    put_case(buffer, row, ROW_HAS_PROGRAM);
}

static bool is_family_input(unsigned input)
{
    return input >= INPUT_OPEN && input <= INPUT_JOIN;
}

static void put_family(struct buffer *buffer, const struct journal_row *row)
{
    LD_ASSERT(row->case_id.size > 0 && row->workflow.size > 0);
    LD_ASSERT(row->cause > 0 && is_family_input(row->input));
    put_case(buffer, row, ROW_HAS_PROGRAM);
    buffer_put_u64(buffer, row->cause);
    buffer_put_u8(buffer, (uint8_t)row->input);
}

static void put_artifact(struct buffer *buffer, const struct journal_row *row)
{
    buffer_put_u64(buffer, (uint64_t)row->now_ms);
    buffer_put_u8(buffer, row->artifact_kind);
    record_put_name(buffer, row->artifact_id);
    buffer_put_u32(buffer, row->artifact_version);
    record_put_octets(buffer, row->artifact_digest, DIGEST_SIZE);
}

static void put_feed(struct buffer *buffer, const struct journal_row *row)
{
    buffer_put_u64(buffer, (uint64_t)row->now_ms);
    buffer_put_u8(buffer, row->artifact_kind);
    record_put_name(buffer, row->artifact_id);
}

static void put_body(struct buffer *buffer, const struct journal_row *row)
{
    switch (row->kind) {
    case JOURNAL_BATCH: put_batch(buffer, &row->batch); return;
    case JOURNAL_EVENT: put_event(buffer, row); return;
    case JOURNAL_TIME: put_time(buffer, row); return;
    case JOURNAL_ARTIFACT: put_artifact(buffer, row); return;
    case JOURNAL_CLOCK: buffer_put_u64(buffer, (uint64_t)row->now_ms); return;
    case JOURNAL_FEED: put_feed(buffer, row); return;
    case JOURNAL_FAMILY: put_family(buffer, row); return;
    }
    LD_ASSERT(!"a journal row of no kind");
}

void journal_row_encode(const struct journal_row *row, struct buffer *buffer)
{
    size_t start = buffer->used;
    buffer_put_u8(buffer, JOURNAL_ROW_VERSION);
    buffer_put_u8(buffer, (uint8_t)row->kind);
    put_body(buffer, row);
    record_seal(buffer, start);
}

/* --- decoding ------------------------------------------------------------------------------- */

static void take_batch(struct record_reader *reader, struct journal_batch *batch)
{
    batch->epoch = reader_u64(&reader->reader);
    batch->now_ms = record_take_i64(reader);
    batch->row_count = record_below(reader, reader_u32(&reader->reader), STORE_BATCH_ROWS_MAX);
    record_take_octets(reader, batch->previous, DIGEST_SIZE);
    record_take_octets(reader, batch->digest, DIGEST_SIZE);
}

static uint8_t version_of(const struct record_reader *reader)
{
    return reader->reader.bytes.ptr[0];
}

/* A first version that holds what only the second one knows was written by none of ours. */
static void require_known_facts(struct record_reader *reader, const struct journal_row *row)
{
    if (version_of(reader) >= JOURNAL_ROW_FAMILY)
        return;
    for (uint32_t i = 0; i < row->fact_count; i++)
        record_require(reader, row->facts[i].kind < FACT_SUB_OPENED);
}

static uint8_t take_case(struct record_reader *reader, struct journal_row *row)
{
    row->now_ms = record_take_i64(reader);
    uint8_t bits = reader_u8(&reader->reader);
    record_require(reader, (bits & ~ROW_BITS) == 0);
    row->case_id = record_take_name(reader);
    record_require(reader, row->case_id.size <= CASE_ID_MAX);
    if (bits & ROW_HAS_PROGRAM) {
        row->workflow = record_take_name(reader);
        row->version = reader_u32(&reader->reader);
        record_take_octets(reader, row->program_digest, DIGEST_SIZE);
        record_require(reader, row->workflow.size > 0);
    }
    row->previous = reader_u64(&reader->reader);
    record_take_facts(reader, &row->facts, &row->fact_count);
    require_known_facts(reader, row);
    return bits;
}

static void take_event(struct record_reader *reader, struct journal_row *row)
{
    uint8_t bits = take_case(reader, row);
    row->is_remembered = bits & ROW_IS_REMEMBERED;
    row->event_id = record_take_name(reader);
    row->source = record_take_name(reader);
    row->type = record_take_name(reader);
    row->role = record_take_name(reader);
    row->time_ms = bits & ROW_HAS_TIME ? record_take_i64(reader) : INSTANT_NONE;
    row->legal_date = bits & ROW_HAS_DATE ? record_take_i32(reader) : DATE_NONE;
    record_take_octets(reader, row->event_digest, EVENT_DIGEST_SIZE);
    row->data = record_take_text(reader);
    row->fate = record_below(reader, reader_u8(&reader->reader), FATE_COUNT);
    row->refusal = record_below(reader, reader_u8(&reader->reader), REFUSAL_COUNT);
    row->detail = record_take_text(reader);
    row->wanted = record_take_text(reader);
}

static void take_time(struct record_reader *reader, struct journal_row *row)
{
    uint8_t bits = take_case(reader, row);
    record_require(reader, bits == ROW_HAS_PROGRAM && row->case_id.size > 0);
}

static void take_family(struct record_reader *reader, struct journal_row *row)
{
    record_require(reader, version_of(reader) >= JOURNAL_ROW_FAMILY);
    take_time(reader, row);
    row->cause = reader_u64(&reader->reader);
    uint8_t input = reader_u8(&reader->reader);
    record_require(reader, row->cause > 0 && is_family_input(input));
    row->input = is_family_input(input) ? input : INPUT_OPEN;
}

static void take_artifact(struct record_reader *reader, struct journal_row *row)
{
    row->now_ms = record_take_i64(reader);
    row->artifact_kind = reader_u8(&reader->reader);
    row->artifact_id = record_take_name(reader);
    row->artifact_version = reader_u32(&reader->reader);
    record_take_octets(reader, row->artifact_digest, DIGEST_SIZE);
}

static void take_feed(struct record_reader *reader, struct journal_row *row)
{
    row->now_ms = record_take_i64(reader);
    row->artifact_kind = reader_u8(&reader->reader);
    row->artifact_id = record_take_name(reader);
}

static void take_body(struct record_reader *reader, struct journal_row *row)
{
    switch (row->kind) {
    case JOURNAL_BATCH: take_batch(reader, &row->batch); return;
    case JOURNAL_EVENT: take_event(reader, row); return;
    case JOURNAL_TIME: take_time(reader, row); return;
    case JOURNAL_ARTIFACT: take_artifact(reader, row); return;
    case JOURNAL_CLOCK: row->now_ms = record_take_i64(reader); return;
    case JOURNAL_FEED: take_feed(reader, row); return;
    case JOURNAL_FAMILY: take_family(reader, row); return;
    }
    record_fail(reader, LD_CORRUPT);
}

enum ld_err journal_row_decode(struct bytes bytes, struct arena *arena, struct journal_row *ret_row)
{
    struct record_reader reader = {.arena = arena};
    enum ld_err err = record_open(&reader, bytes, JOURNAL_ROW_VERSION);
    if (err)
        return err;
    struct journal_row row = {.time_ms = INSTANT_NONE, .legal_date = DATE_NONE};
    row.kind = reader_u8(&reader.reader);
    take_body(&reader, &row);
    err = record_close(&reader);
    if (!err)
        *ret_row = row;
    return err;
}

/* The rows' sizes are part of what is hashed: no two lists of rows give the same bytes. */
void journal_batch_digest(const struct journal_batch *batch, const struct bytes *rows,
                          uint32_t row_count, uint8_t ret_digest[DIGEST_SIZE])
{
    uint8_t head[8 + 8 + 4 + 4 * STORE_BATCH_ROWS_MAX];
    struct bytes parts[2 + STORE_BATCH_ROWS_MAX];
    struct buffer buffer;
    LD_ASSERT(row_count < STORE_BATCH_ROWS_MAX);
    buffer_init(&buffer, head, sizeof head);
    buffer_put_u64(&buffer, batch->epoch);
    buffer_put_u64(&buffer, (uint64_t)batch->now_ms);
    buffer_put_u32(&buffer, row_count);
    for (uint32_t i = 0; i < row_count; i++) {
        buffer_put_u32(&buffer, (uint32_t)rows[i].size);
        parts[2 + i] = rows[i];
    }
    parts[0] = (struct bytes){batch->previous, DIGEST_SIZE};
    parts[1] = buffer_bytes(&buffer);
    digest_parts(parts, 2 + row_count, ret_digest);
}
