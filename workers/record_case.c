/* A case in bytes. What a case is pinned to stands first (case_record_header), because the rest
 * has as many fields, parties and clocks as that program says. Counts are stored all the same: a
 * record that does not fit its program is damage or a wrong program, never a guess.
 *
 *   version id workflow version digest │ open revision position opened state outcome
 *   fields parties clocks last_event │ suspended moved held … │ above subs … │ seen … │ CRC
 *
 * Version 1 ended its second part at last_event: such a case is not suspended and holds nothing.
 * Version 2 ended it at held: such a case has no sub-cases and no parent.
 *
 * The seen events come last: they are most of an old case, and all of one size. */
#include "workers/record.h"

#include "workers/record_part.h"

#include <string.h>

enum {
    CASE_RECORD_VERSION = 3,
    CASE_RECORD_WAITING = 2, /* the version that brought suspension and held events */
    CASE_RECORD_FAMILY = 3,  /* the version that brought sub-cases */
    SEEN_SIZE = EVENT_DIGEST_SIZE + 8 + 1 + 1,
    SEEN_SLACK = 8,
};

enum sub_record_bit { SUB_IS_OPEN = 4, SUB_RECORD_BITS = SUB_SUSPENDS | SUB_CLOSES | SUB_IS_OPEN };

_Static_assert(SEEN_SIZE == 26, "STORAGE.md counts 26 bytes for a seen event");

/* --- encoding ------------------------------------------------------------------------------- */

static void put_values(struct buffer *buffer, const struct value *values, uint32_t count)
{
    buffer_put_u16(buffer, (uint16_t)count);
    for (uint32_t i = 0; i < count; i++)
        record_put_value(buffer, &values[i]);
}

static void put_clocks(struct buffer *buffer, const struct clock_run *clocks, uint32_t count)
{
    buffer_put_u16(buffer, (uint16_t)count);
    for (uint32_t i = 0; i < count; i++) {
        if (clocks[i].status == CLOCK_IDLE)
            buffer_put_u8(buffer, CLOCK_IDLE);
        else
            record_put_run(buffer, &clocks[i]);
    }
}

static void put_seen(struct buffer *buffer, const struct case_state *state)
{
    buffer_put_u32(buffer, state->seen_count);
    for (uint32_t i = 0; i < state->seen_count; i++) {
        const struct seen_event *seen = &state->seen[i];
        LD_ASSERT(seen->fate < FATE_COUNT && seen->refusal < REFUSAL_COUNT);
        record_put_octets(buffer, seen->digest, EVENT_DIGEST_SIZE);
        buffer_put_u64(buffer, seen->position);
        buffer_put_u8(buffer, (uint8_t)seen->fate);
        buffer_put_u8(buffer, (uint8_t)seen->refusal);
    }
}

static void put_waiting(struct buffer *buffer, const struct case_state *state)
{
    buffer_put_u8(buffer, state->is_suspended);
    buffer_put_u64(buffer, (uint64_t)state->moved_ms);
    put_values(buffer, state->held, state->held_count);
}

static void put_family(struct buffer *buffer, const struct case_state *state)
{
    buffer_put_u8(buffer, state->is_suspended_above);
    buffer_put_u16(buffer, (uint16_t)state->sub_count);
    for (uint32_t i = 0; i < state->sub_count; i++) {
        const struct sub_case *sub = &state->subs[i];
        int bits = (sub->suspends ? SUB_SUSPENDS : 0) | (sub->closes ? SUB_CLOSES : 0)
                   | (sub->is_open ? SUB_IS_OPEN : 0);
        record_put_name(buffer, sub->name);
        record_put_name(buffer, sub->workflow);
        buffer_put_u8(buffer, (uint8_t)bits);
        record_put_text(buffer, sub->outcome);
    }
}

void case_record_encode(const struct program *program, const struct case_state *state,
                        struct buffer *buffer)
{
    size_t start = buffer->used;
    LD_ASSERT(state->id.size > 0 && state->id.size <= CASE_ID_MAX);
    LD_ASSERT(state->state >= 0 && (uint32_t)state->state < program->state_count);
    LD_ASSERT(state->seen_count <= CASE_SEEN_MAX && state->held_count <= CASE_HELD_MAX);
    LD_ASSERT(state->sub_count <= CASE_SUBS_MAX);
    buffer_put_u8(buffer, CASE_RECORD_VERSION);
    record_put_name(buffer, state->id);
    record_put_name(buffer, program->id);
    buffer_put_u32(buffer, program->version);
    record_put_octets(buffer, program->digest, DIGEST_SIZE);
    buffer_put_u8(buffer, state->is_open);
    buffer_put_u64(buffer, state->revision);
    buffer_put_u64(buffer, state->position);
    buffer_put_u64(buffer, (uint64_t)state->opened_ms);
    buffer_put_u32(buffer, (uint32_t)state->opened_date);
    buffer_put_u16(buffer, (uint16_t)state->state);
    record_put_text(buffer, state->outcome);
    put_values(buffer, state->fields, program->field_count);
    put_values(buffer, state->parties, program->party_count);
    put_clocks(buffer, state->clocks, program->clock_count);
    buffer_put_u64(buffer, (uint64_t)state->last_event_ms);
    put_waiting(buffer, state);
    put_family(buffer, state);
    put_seen(buffer, state);
    record_seal(buffer, start);
}

/* --- decoding ------------------------------------------------------------------------------- */

static void take_header(struct record_reader *reader, struct case_header *ret_header)
{
    *ret_header = (struct case_header){.id = record_take_name(reader)};
    ret_header->workflow = record_take_name(reader);
    ret_header->version = reader_u32(&reader->reader);
    record_take_octets(reader, ret_header->program_digest, DIGEST_SIZE);
    record_require(reader, ret_header->id.size > 0 && ret_header->id.size <= CASE_ID_MAX);
    record_require(reader, !reader->reader.is_short);
}

enum ld_err case_record_header(struct bytes record, struct case_header *ret_header)
{
    struct record_reader reader = {0};
    enum ld_err err = record_open(&reader, record, CASE_RECORD_VERSION);
    if (err)
        return err;
    struct case_header header;
    take_header(&reader, &header);
    if (reader.err)
        return reader.err;
    *ret_header = header;
    return LD_OK;
}

static void take_values(struct record_reader *reader, struct value *values, uint32_t count)
{
    record_require(reader, reader_u16(&reader->reader) == count);
    for (uint32_t i = 0; !reader->err && i < count; i++)
        record_take_value(reader, &values[i]);
}

/* A clock that never started stays as case_init made it. */
static void take_clocks(struct record_reader *reader, struct clock_run *clocks, uint32_t count)
{
    record_require(reader, reader_u16(&reader->reader) == count);
    for (uint32_t i = 0; !reader->err && i < count; i++) {
        uint8_t octet = reader_u8(&reader->reader);
        enum clock_status status = record_below(reader, octet, CLOCK_STATUS_COUNT);
        if (status != CLOCK_IDLE)
            record_take_run(reader, status, &clocks[i]);
    }
}

static void take_one_seen(struct record_reader *reader, struct seen_event *ret_seen)
{
    record_take_octets(reader, ret_seen->digest, EVENT_DIGEST_SIZE);
    ret_seen->position = reader_u64(&reader->reader);
    ret_seen->fate = record_below(reader, reader_u8(&reader->reader), FATE_COUNT);
    ret_seen->refusal = record_below(reader, reader_u8(&reader->reader), REFUSAL_COUNT);
}

static void take_seen(struct record_reader *reader, struct case_state *state)
{
    uint32_t count = record_below(reader, reader_u32(&reader->reader), CASE_SEEN_MAX + 1);
    record_require(reader, (size_t)count * SEEN_SIZE == reader_left(&reader->reader));
    /* The slack saves the next steps from moving the whole array. */
    uint32_t capacity = count + SEEN_SLACK < CASE_SEEN_MAX ? count + SEEN_SLACK : CASE_SEEN_MAX;
    struct seen_event *seen = record_array(reader, capacity, sizeof *seen);
    for (uint32_t i = 0; seen && i < count; i++)
        take_one_seen(reader, &seen[i]);
    state->seen = seen;
    state->seen_count = seen ? count : 0;
    state->seen_capacity = seen ? capacity : 0;
}

static void take_waiting(struct record_reader *reader, struct case_state *state)
{
    state->is_suspended = record_below(reader, reader_u8(&reader->reader), 2);
    state->moved_ms = record_take_i64(reader);
    uint16_t count = reader_u16(&reader->reader);
    state->held_count = record_below(reader, count, CASE_HELD_MAX + 1);
    for (uint32_t i = 0; !reader->err && i < state->held_count; i++)
        record_take_value(reader, &state->held[i]);
}

static void take_one_sub(struct record_reader *reader, struct sub_case *ret_sub)
{
    ret_sub->name = record_take_name(reader);
    ret_sub->workflow = record_take_name(reader);
    uint8_t bits = reader_u8(&reader->reader);
    record_require(reader, ret_sub->name.size > 0 && (bits & ~SUB_RECORD_BITS) == 0);
    ret_sub->suspends = bits & SUB_SUSPENDS;
    ret_sub->closes = bits & SUB_CLOSES;
    ret_sub->is_open = bits & SUB_IS_OPEN;
    ret_sub->outcome = record_take_text(reader);
}

static void take_family(struct record_reader *reader, struct case_state *state)
{
    state->is_suspended_above = record_below(reader, reader_u8(&reader->reader), 2);
    uint32_t count = record_below(reader, reader_u16(&reader->reader), CASE_SUBS_MAX + 1);
    struct sub_case *subs = record_array(reader, count, sizeof *subs);
    for (uint32_t i = 0; subs && i < count; i++)
        take_one_sub(reader, &subs[i]);
    state->subs = subs;
    state->sub_count = state->sub_capacity = subs ? count : 0;
}

static void take_state(struct record_reader *reader, const struct program *program,
                       struct case_state *state)
{
    uint8_t version = reader->reader.bytes.ptr[0];
    state->is_open = record_below(reader, reader_u8(&reader->reader), 2);
    state->revision = reader_u64(&reader->reader);
    state->position = reader_u64(&reader->reader);
    state->opened_ms = record_take_i64(reader);
    state->opened_date = record_take_i32(reader);
    uint16_t index = reader_u16(&reader->reader);
    state->state = (int32_t)record_below(reader, index, program->state_count);
    state->outcome = record_take_text(reader);
    take_values(reader, state->fields, program->field_count);
    take_values(reader, state->parties, program->party_count);
    take_clocks(reader, state->clocks, program->clock_count);
    state->last_event_ms = record_take_i64(reader);
    if (version >= CASE_RECORD_WAITING)
        take_waiting(reader, state);
    if (version >= CASE_RECORD_FAMILY)
        take_family(reader, state);
    take_seen(reader, state);
}

static bool is_of(const struct case_header *header, const struct program *program)
{
    return bytes_equal(header->workflow, program->id) && header->version == program->version
           && memcmp(header->program_digest, program->digest, DIGEST_SIZE) == 0;
}

enum ld_err case_record_decode(struct bytes record, const struct program *program,
                               struct arena *arena, struct case_state *state)
{
    struct record_reader reader = {.arena = arena, .is_copying = true};
    enum ld_err err = record_open(&reader, record, CASE_RECORD_VERSION);
    if (err)
        return err;
    struct case_header header;
    take_header(&reader, &header);
    record_require(&reader, bytes_equal(header.id, state->id) && is_of(&header, program));
    if (!reader.err)
        take_state(&reader, program, state);
    return record_close(&reader);
}
