/* Goal: records are the bytes that the golden files say, come back as they were, and never pass
 * for whole when they are not. Method: hand-made structures against tests/golden/store (written
 * anew only with LIANDONG_GOLDEN=write), then every truncation and every flipped bit of each. */
#include "workers/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/crc32.h"
#include "base/digest.h"

enum { RECORD_MAX = 32 << 10, ARENA_SIZE = 1 << 20 };

static uint8_t memory[ARENA_SIZE];

static struct bytes word(const char *text)
{
    return bytes_from_text(text);
}

/* --- golden files --------------------------------------------------------------------------- */

static FILE *open_golden(const char *name, const char *mode)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tests/golden/store/%s.hex", LIANDONG_SOURCE, name);
    FILE *file = fopen(path, mode);
    if (!file)
        fail_msg("%s cannot be opened", path);
    return file;
}

static void write_golden(const char *name, struct bytes record)
{
    FILE *file = open_golden(name, "w");
    for (size_t i = 0; i < record.size; i++)
        (void)fprintf(file, "%s%02x", i == 0 ? "" : i % 32 ? " " : "\n", record.ptr[i]);
    (void)fprintf(file, "\n");
    assert_int_equal(fclose(file), 0);
}

static struct bytes read_golden(const char *name, uint8_t *bytes)
{
    FILE *file = open_golden(name, "r");
    size_t size = 0;
    unsigned octet;
    while (size < RECORD_MAX && fscanf(file, "%2x", &octet) == 1)
        bytes[size++] = (uint8_t)octet;
    (void)fclose(file);
    return (struct bytes){bytes, size};
}

static void check_golden(const char *name, struct bytes record)
{
    static uint8_t wanted[RECORD_MAX];
    const char *mode = getenv("LIANDONG_GOLDEN");
    if (mode && strcmp(mode, "write") == 0)
        write_golden(name, record);
    struct bytes golden = read_golden(name, wanted);
    assert_int_equal(record.size, golden.size);
    assert_memory_equal(record.ptr, golden.ptr, golden.size);
}

/* --- hand-made structures ------------------------------------------------------------------- */

static const struct value_entry map_entries[] = {
    {{(const uint8_t *)"amount", 6}, {.kind = VALUE_INT, .as.integer = -3}},
    {{(const uint8_t *)"rate", 4}, {.kind = VALUE_DOUBLE, .as.real = 0.25}},
};
static const struct value list_items[] = {
    {.kind = VALUE_DATE, .as.date = 20370},
    {.kind = VALUE_MAP, .as.map = {map_entries, 2}},
};

static struct clock_run overdue_run(void)
{
    return (struct clock_run){
        .status = CLOCK_OVERDUE,
        .runs = 2,
        .started_ms = 1754352000000,
        .anchor = 20305,
        .anchor_ms = 1754352000000,
        .budget = {2, PERIOD_MONTHS},
        .extensions = {{{15, PERIOD_WORKING_DAYS}, 20350}},
        .extension_rule = {1},
        .extension_count = 1,
        .stops = {{20310, 20315, 1754800000000, 1755200000000},
                  {20330, DATE_NONE, 1756500000000, INSTANT_NONE}},
        .stop_count = 2,
        .pauses_active = 4,
        .due = {20366, 20370, 1760025600000, true},
        .breached_ms = 1760025600000,
        .ended_ms = INSTANT_NONE,
        .days_late = 0,
        .ladder_through_ms = 1760025600000,
        .rungs_done = RUNGS_KNOWN | 5,
        .alert_level = ALERT_OVERDUE,
        .acked_ms = 1760030000000,
    };
}

/* As it stands in the golden files of before: which rungs were done was not kept. */
static struct clock_run overdue_run_of_old(void)
{
    struct clock_run run = overdue_run();
    run.rungs_done = 0;
    return run;
}

static struct program program_of(void)
{
    static const struct field fields[5];
    static const struct party parties[2];
    static const struct state states[3];
    static const struct clock_rule clocks[2];
    struct program program = {.id = word("administrative-public-interest"), .version = 7};
    memset(program.digest, 0xA5, DIGEST_SIZE);
    program.fields = fields;
    program.field_count = 5;
    program.parties = parties;
    program.party_count = 2;
    program.states = states;
    program.state_count = 3;
    program.clocks = clocks;
    program.clock_count = 2;
    return program;
}

struct room {
    struct value fields[5], parties[2];
    struct clock_run clocks[2];
    struct seen_event seen[2];
    struct value held[CASE_HELD_MAX];
    struct sub_case subs[2];
};

static const struct clock_run idle_run = {
    .status = CLOCK_IDLE,
    .breached_ms = INSTANT_NONE,
    .ended_ms = INSTANT_NONE,
    .acked_ms = INSTANT_NONE,
};

static struct case_state empty_case(struct room *room)
{
    *room = (struct room){.clocks = {idle_run, idle_run}};
    return (struct case_state){
        .id = word("鹿城检-2025-0001"),
        .fields = room->fields,
        .parties = room->parties,
        .clocks = room->clocks,
        .held = room->held,
    };
}

static struct case_state full_case(struct room *room)
{
    struct case_state state = empty_case(room);
    room->fields[0] = value_text(word("黄河故道排污"));
    room->fields[1] = value_bool(true);
    room->fields[2] = value_timestamp(1754352000123);
    room->fields[3] = value_list(list_items, 2);
    room->parties[0] = value_unit(word("lucheng-ecology"));
    room->clocks[0] = overdue_run();
    for (int i = 0; i < 2; i++) {
        memset(room->seen[i].digest, 0x10 + i, EVENT_DIGEST_SIZE);
        room->seen[i].position = 41 + (uint64_t)i;
    }
    room->seen[0].fate = FATE_STARTED;
    room->seen[1].fate = FATE_REFUSED;
    room->seen[1].refusal = REFUSAL_WRONG_ROLE;
    state.is_open = true;
    state.revision = 3;
    state.position = 42;
    state.opened_ms = 1754352000000;
    state.opened_date = 20305;
    state.state = 2;
    state.outcome = word("closed");
    state.seen = room->seen;
    state.seen_count = state.seen_capacity = 2;
    state.last_event_ms = 1760030000000;
    state.is_suspended = true;
    state.moved_ms = 1760030000000;
    room->held[0] = value_map(map_entries, 2);
    state.held_count = 1;
    state.is_suspended_above = true;
    room->subs[0] = (struct sub_case){.name = word("河道清淤"),
                                      .workflow = word("rectification-item"),
                                      .suspends = true,
                                      .is_open = true};
    room->subs[1] = (struct sub_case){.name = word("supervision-sheet-1"),
                                      .workflow = word("supervision-sheet"),
                                      .closes = true,
                                      .outcome = word("signed")};
    state.subs = room->subs;
    state.sub_count = state.sub_capacity = 2;
    return state;
}

/* What the second version knew of it. */
static struct case_state case_of_second_version(struct room *room)
{
    struct case_state state = full_case(room);
    room->clocks[0] = overdue_run_of_old();
    state.is_suspended_above = false;
    state.sub_count = 0;
    return state;
}

static struct bytes encoded_case(uint8_t *bytes)
{
    struct program program = program_of();
    struct room room;
    struct case_state state = full_case(&room);
    struct buffer buffer;
    buffer_init(&buffer, bytes, RECORD_MAX);
    case_record_encode(&program, &state, &buffer);
    assert_false(buffer.is_full);
    return buffer_bytes(&buffer);
}

/* --- comparing ------------------------------------------------------------------------------ */

static void assert_bytes_equal(struct bytes left, struct bytes right)
{
    assert_true(bytes_equal(left, right));
}

static void assert_run_equal(const struct clock_run *left, const struct clock_run *right)
{
    uint8_t first[1024], second[1024];
    struct fact fact = {.kind = FACT_CLOCK, .run = left};
    struct journal_row row = {.kind = JOURNAL_TIME, .case_id = word("a"), .workflow = word("w")};
    struct buffer buffer, other;
    row.facts = &fact;
    row.fact_count = 1;
    buffer_init(&buffer, first, sizeof first);
    journal_row_encode(&row, &buffer);
    fact.run = right;
    buffer_init(&other, second, sizeof second);
    journal_row_encode(&row, &other);
    assert_bytes_equal(buffer_bytes(&buffer), buffer_bytes(&other));
    assert_int_equal(left->status, right->status);
    assert_int_equal(left->started_ms, right->started_ms);
    assert_int_equal(left->stops[1].until_ms, right->stops[1].until_ms);
    assert_int_equal(left->due.due_ms, right->due.due_ms);
    assert_int_equal(left->due.is_provisional, right->due.is_provisional);
    assert_int_equal(left->breached_ms, right->breached_ms);
    assert_int_equal(left->ended_ms, right->ended_ms);
    assert_int_equal(left->acked_ms, right->acked_ms);
    assert_int_equal(left->alert_level, right->alert_level);
    assert_int_equal(left->rungs_done, right->rungs_done);
}

static void assert_subs_equal(const struct case_state *left, const struct case_state *right)
{
    assert_int_equal(left->is_suspended_above, right->is_suspended_above);
    assert_int_equal(left->sub_count, right->sub_count);
    for (uint32_t i = 0; i < left->sub_count; i++) {
        const struct sub_case *one = &left->subs[i], *other = &right->subs[i];
        assert_bytes_equal(one->name, other->name);
        assert_bytes_equal(one->workflow, other->workflow);
        assert_bytes_equal(one->outcome, other->outcome);
        assert_int_equal(one->suspends, other->suspends);
        assert_int_equal(one->closes, other->closes);
        assert_int_equal(one->is_open, other->is_open);
    }
}

static void assert_case_equal(const struct case_state *left, const struct case_state *right)
{
    assert_bytes_equal(left->id, right->id);
    assert_int_equal(left->is_open, right->is_open);
    assert_int_equal(left->revision, right->revision);
    assert_int_equal(left->position, right->position);
    assert_int_equal(left->opened_ms, right->opened_ms);
    assert_int_equal(left->opened_date, right->opened_date);
    assert_int_equal(left->state, right->state);
    assert_bytes_equal(left->outcome, right->outcome);
    assert_int_equal(left->last_event_ms, right->last_event_ms);
    assert_int_equal(left->is_suspended, right->is_suspended);
    assert_int_equal(left->moved_ms, right->moved_ms);
    assert_int_equal(left->held_count, right->held_count);
    for (uint32_t i = 0; i < left->held_count; i++)
        assert_true(value_equal(&left->held[i], &right->held[i]));
    for (int i = 0; i < 5; i++)
        assert_true(value_equal(&left->fields[i], &right->fields[i]));
    for (int i = 0; i < 2; i++) {
        assert_true(value_equal(&left->parties[i], &right->parties[i]));
        assert_run_equal(&left->clocks[i], &right->clocks[i]);
    }
    assert_int_equal(left->seen_count, right->seen_count);
    assert_memory_equal(left->seen, right->seen, left->seen_count * sizeof *left->seen);
    assert_subs_equal(left, right);
}

/* --- cases ---------------------------------------------------------------------------------- */

static enum ld_err decode_case(struct bytes record, struct case_state *state, struct room *room)
{
    struct program program = program_of();
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    *state = empty_case(room);
    return case_record_decode(record, &program, &arena, state);
}

static void case_is_the_golden_bytes_and_comes_back(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct room room, other_room;
    struct case_state state = full_case(&room), other;
    struct bytes record = encoded_case(bytes);
    check_golden("case-3", record);
    assert_int_equal(decode_case(record, &other, &other_room), LD_OK);
    memset(bytes, 0xEE, record.size); /* texts are copies */
    assert_case_equal(&state, &other);
    assert_true(other.seen_capacity > other.seen_count);
}

/* Version 1 knew no suspension and no held events. */
static void a_case_of_the_first_version_is_read(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct room room, other_room;
    struct case_state state = case_of_second_version(&room), other;
    struct bytes record = read_golden("case-1", bytes);
    assert_int_equal(decode_case(record, &other, &other_room), LD_OK);
    state.is_suspended = false;
    state.moved_ms = 0;
    state.held_count = 0;
    assert_case_equal(&state, &other);
}

/* Version 2 knew no sub-cases. */
static void a_case_of_the_second_version_is_read(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct room room, other_room;
    struct case_state state = case_of_second_version(&room), other;
    struct bytes record = read_golden("case-2", bytes);
    assert_int_equal(decode_case(record, &other, &other_room), LD_OK);
    assert_case_equal(&state, &other);
}

static void case_header_is_read_without_the_program(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct program program = program_of();
    struct case_header header;
    assert_int_equal(case_record_header(encoded_case(bytes), &header), LD_OK);
    assert_bytes_equal(header.id, word("鹿城检-2025-0001"));
    assert_bytes_equal(header.workflow, program.id);
    assert_int_equal(header.version, 7);
    assert_memory_equal(header.program_digest, program.digest, DIGEST_SIZE);
}

static void case_of_another_program_or_id_is_corrupt(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct bytes record = encoded_case(bytes);
    struct program program = program_of();
    struct room room;
    struct case_state state = empty_case(&room);
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    program.digest[31] ^= 1;
    assert_int_equal(case_record_decode(record, &program, &arena, &state), LD_CORRUPT);
    program = program_of();
    program.field_count = 4;
    assert_int_equal(case_record_decode(record, &program, &arena, &state), LD_CORRUPT);
    program = program_of();
    program.state_count = 2;
    assert_int_equal(case_record_decode(record, &program, &arena, &state), LD_CORRUPT);
    program = program_of();
    state.id = word("another");
    assert_int_equal(case_record_decode(record, &program, &arena, &state), LD_CORRUPT);
}

static void case_too_large_for_the_arena_is_full(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct bytes record = encoded_case(bytes);
    struct program program = program_of();
    struct arena arena;
    enum ld_err err = LD_FULL;
    for (size_t size = 0; err; size += 16) {
        struct room room;
        struct case_state state = empty_case(&room);
        arena_init(&arena, memory, size);
        err = case_record_decode(record, &program, &arena, &state);
        assert_true(err == LD_FULL || err == LD_OK);
    }
}

static void case_too_large_for_the_buffer_says_so(void **unused)
{
    (void)unused;
    uint8_t small[64];
    struct program program = program_of();
    struct room room;
    struct case_state state = full_case(&room);
    struct buffer buffer;
    buffer_init(&buffer, small, sizeof small);
    case_record_encode(&program, &state, &buffer);
    assert_true(buffer.is_full);
}

/* --- journal rows --------------------------------------------------------------------------- */

enum { FACTS_OLD = 10, FACTS = 14 };

static struct fact facts[FACTS];

static void make_facts(void)
{
    static struct clock_run run;
    static struct alert alert;
    static struct alert_recipient recipients[2];
    recipients[0] = (struct alert_recipient){word("lucheng-ecology"), RECIPIENT_WHO, BYTES_NONE};
    recipients[1] = (struct alert_recipient){word("city-office"), RECIPIENT_ROLE, word("convener")};
    run = overdue_run();
    alert = (struct alert){ALERT_ESCALATED, 3,          true, 1760025600000, 20370,
                           1760025600000,   recipients, 2};
    facts[0] = (struct fact){.kind = FACT_OPENED, .date = 20305, .instant_ms = 1754352000000};
    facts[1] = (struct fact){.kind = FACT_STATE, .index = 2, .text = word("closed")};
    facts[2] = (struct fact){.kind = FACT_STATE};
    facts[3] = (struct fact){.kind = FACT_FIELD, .index = 3, .value = value_list(list_items, 2)};
    facts[4] = (struct fact){.kind = FACT_PARTY, .index = 1, .value = value_unit(word("court"))};
    facts[5] = (struct fact){.kind = FACT_CLOCK, .index = 1, .run = &run};
    facts[6] = (struct fact){.kind = FACT_ALERT, .index = 1, .alert = &alert};
    facts[7] = (struct fact){.kind = FACT_ALERT_CLEARED, .index = 1};
    facts[8] = (struct fact){.kind = FACT_LATE_ENTRY, .date = 20100};
    facts[9] = (struct fact){.kind = FACT_FIELD, .index = 4, .value = VALUE_ABSENT};
    facts[10] = (struct fact){.kind = FACT_SUB_OPENED,
                              .index = SUB_SUSPENDS | SUB_CLOSES,
                              .text = word("河道清淤"),
                              .value = value_text(word("rectification-item"))};
    facts[11] = (struct fact){.kind = FACT_SUB_CLOSED, .index = 1, .text = word("signed")};
    facts[12] = (struct fact){.kind = FACT_SUSPENDED_ABOVE, .index = 1};
    facts[13] = (struct fact){.kind = FACT_EMITTED,
                              .index = 1,
                              .text = word("transfer.proposed"),
                              .value = value_map(map_entries, 2)};
}

/* As they stand in the golden files of the first version. */
static void make_facts_of_old(void)
{
    static struct clock_run run;
    make_facts();
    run = overdue_run_of_old();
    facts[5].run = &run;
}

static struct journal_row event_row(void)
{
    struct journal_row row = {
        .kind = JOURNAL_EVENT,
        .now_ms = 1754352000456,
        .case_id = word("鹿城检-2025-0001"),
        .workflow = word("administrative-public-interest"),
        .version = 7,
        .previous = 40,
        .facts = facts,
        .fact_count = FACTS,
        .event_id = word("e-1"),
        .source = word("lucheng-procuratorate"),
        .type = word("case.filed"),
        .role = word("prosecutor"),
        .time_ms = 1754351000000,
        .legal_date = 20305,
        .data = BYTES_LITERAL("\x81\xa1x\x01"),
        .fate = FATE_STARTED,
        .is_remembered = true,
    };
    make_facts();
    memset(row.program_digest, 0xA5, DIGEST_SIZE);
    memset(row.event_digest, 0x10, EVENT_DIGEST_SIZE);
    return row;
}

static struct journal_row refusal_row(void)
{
    return (struct journal_row){
        .kind = JOURNAL_EVENT,
        .now_ms = 1754352000456,
        .event_id = word("e-2"),
        .source = word("nobody"),
        .type = word("case.filed"),
        .time_ms = INSTANT_NONE,
        .legal_date = DATE_NONE,
        .fate = FATE_REFUSED,
        .refusal = REFUSAL_MISSING_DATA,
        .detail = word("place"),
        .wanted = word("text"),
    };
}

static struct journal_row row_of(enum journal_kind kind)
{
    struct journal_row row = {.kind = kind, .time_ms = INSTANT_NONE, .legal_date = DATE_NONE};
    row.now_ms = kind == JOURNAL_BATCH ? 0 : 1760025600000;
    if (kind == JOURNAL_BATCH) {
        row.batch = (struct journal_batch){.epoch = 5, .now_ms = 1754352000456, .row_count = 2};
        memset(row.batch.previous, 0x77, DIGEST_SIZE);
        memset(row.batch.digest, 0x88, DIGEST_SIZE);
    }
    if (kind == JOURNAL_TIME || kind == JOURNAL_FAMILY) {
        make_facts();
        row.case_id = word("鹿城检-2025-0001");
        row.workflow = word("administrative-public-interest");
        row.version = 7;
        row.previous = 42;
        row.facts = &facts[5];
        row.fact_count = 2;
    }
    if (kind == JOURNAL_FAMILY) {
        row.case_id = word("鹿城检-2025-0001/河道清淤");
        row.cause = 4711;
        row.input = INPUT_SUSPEND;
    }
    if (kind == JOURNAL_ARTIFACT || kind == JOURNAL_FEED) {
        row.artifact_kind = 2;
        row.artifact_id = word("china-2025");
    }
    if (kind == JOURNAL_ARTIFACT) {
        row.artifact_version = 3;
        memset(row.artifact_digest, 0x99, DIGEST_SIZE);
    }
    return row;
}

struct golden_row {
    const char *name;
    struct journal_row row;
};

enum { GOLDEN_ROWS_OLD = 7, GOLDEN_ROWS = 8 };

static void golden_rows(struct golden_row rows[GOLDEN_ROWS])
{
    rows[0] = (struct golden_row){"batch-2", row_of(JOURNAL_BATCH)};
    rows[1] = (struct golden_row){"event-2", event_row()};
    rows[2] = (struct golden_row){"event-refused-2", refusal_row()};
    rows[3] = (struct golden_row){"time-2", row_of(JOURNAL_TIME)};
    rows[4] = (struct golden_row){"artifact-2", row_of(JOURNAL_ARTIFACT)};
    rows[5] = (struct golden_row){"clock-2", row_of(JOURNAL_CLOCK)};
    rows[6] = (struct golden_row){"feed-2", row_of(JOURNAL_FEED)};
    rows[7] = (struct golden_row){"family-2", row_of(JOURNAL_FAMILY)};
}

static void assert_fact_equal(const struct fact *left, const struct fact *right)
{
    assert_int_equal(left->kind, right->kind);
    assert_int_equal(left->index, right->index);
    assert_int_equal(left->date, right->date);
    assert_int_equal(left->instant_ms, right->instant_ms);
    assert_bytes_equal(left->text, right->text);
    assert_true(value_equal(&left->value, &right->value));
    assert_int_equal(left->run != NULL, right->run != NULL);
    if (left->run)
        assert_run_equal(left->run, right->run);
    assert_int_equal(left->alert != NULL, right->alert != NULL);
    if (!left->alert)
        return;
    assert_int_equal(left->alert->level, right->alert->level);
    assert_int_equal(left->alert->rung, right->alert->rung);
    assert_int_equal(left->alert->is_unacknowledged, right->alert->is_unacknowledged);
    assert_int_equal(left->alert->instant_ms, right->alert->instant_ms);
    assert_int_equal(left->alert->last_day, right->alert->last_day);
    assert_int_equal(left->alert->due_ms, right->alert->due_ms);
    assert_int_equal(left->alert->recipient_count, right->alert->recipient_count);
    for (uint32_t i = 0; i < left->alert->recipient_count; i++) {
        assert_bytes_equal(left->alert->recipients[i].unit, right->alert->recipients[i].unit);
        assert_bytes_equal(left->alert->recipients[i].name, right->alert->recipients[i].name);
        assert_int_equal(left->alert->recipients[i].reason, right->alert->recipients[i].reason);
    }
}

static void assert_row_equal(const struct journal_row *left, const struct journal_row *right)
{
    assert_int_equal(left->kind, right->kind);
    assert_memory_equal(&left->batch, &right->batch, sizeof left->batch);
    assert_int_equal(left->now_ms, right->now_ms);
    assert_bytes_equal(left->case_id, right->case_id);
    assert_bytes_equal(left->workflow, right->workflow);
    assert_int_equal(left->version, right->version);
    assert_memory_equal(left->program_digest, right->program_digest, DIGEST_SIZE);
    assert_int_equal(left->previous, right->previous);
    assert_int_equal(left->fact_count, right->fact_count);
    for (uint32_t i = 0; i < left->fact_count; i++)
        assert_fact_equal(&left->facts[i], &right->facts[i]);
    assert_int_equal(left->cause, right->cause);
    assert_int_equal(left->input, right->input);
    assert_bytes_equal(left->event_id, right->event_id);
    assert_bytes_equal(left->source, right->source);
    assert_bytes_equal(left->type, right->type);
    assert_bytes_equal(left->role, right->role);
    assert_int_equal(left->time_ms, right->time_ms);
    assert_int_equal(left->legal_date, right->legal_date);
    assert_memory_equal(left->event_digest, right->event_digest, EVENT_DIGEST_SIZE);
    assert_bytes_equal(left->data, right->data);
    assert_int_equal(left->fate, right->fate);
    assert_int_equal(left->refusal, right->refusal);
    assert_bytes_equal(left->detail, right->detail);
    assert_bytes_equal(left->wanted, right->wanted);
    assert_int_equal(left->is_remembered, right->is_remembered);
    assert_int_equal(left->artifact_kind, right->artifact_kind);
    assert_bytes_equal(left->artifact_id, right->artifact_id);
    assert_int_equal(left->artifact_version, right->artifact_version);
    assert_memory_equal(left->artifact_digest, right->artifact_digest, DIGEST_SIZE);
}

static struct bytes encoded_row(const struct journal_row *row, uint8_t *bytes)
{
    struct buffer buffer;
    buffer_init(&buffer, bytes, RECORD_MAX);
    journal_row_encode(row, &buffer);
    assert_false(buffer.is_full);
    return buffer_bytes(&buffer);
}

static enum ld_err decode_row(struct bytes record, struct journal_row *ret_row)
{
    struct arena arena;
    arena_init(&arena, memory, sizeof memory);
    return journal_row_decode(record, &arena, ret_row);
}

static void rows_are_the_golden_bytes_and_come_back(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct golden_row rows[GOLDEN_ROWS];
    struct journal_row row;
    golden_rows(rows);
    for (int i = 0; i < GOLDEN_ROWS; i++) {
        struct bytes record = encoded_row(&rows[i].row, bytes);
        check_golden(rows[i].name, record);
        assert_int_equal(decode_row(record, &row), LD_OK);
        assert_row_equal(&rows[i].row, &row);
    }
}

/* Version 1 knew no families, and of a clock's rungs only the instant up to which they were done. */
static void rows_of_the_first_version_are_read(void **unused)
{
    (void)unused;
    static const char *const names[] = {"batch-1",    "event-1", "event-refused-1", "time-1",
                                        "artifact-1", "clock-1", "feed-1"};
    static uint8_t bytes[RECORD_MAX];
    struct golden_row rows[GOLDEN_ROWS];
    struct journal_row row;
    golden_rows(rows);
    rows[1].row.fact_count = FACTS_OLD;
    make_facts_of_old();
    for (int i = 0; i < GOLDEN_ROWS_OLD; i++) {
        assert_int_equal(decode_row(read_golden(names[i], bytes), &row), LD_OK);
        assert_row_equal(&rows[i].row, &row);
    }
}

static void seal(uint8_t *bytes, size_t size)
{
    uint32_t crc = crc32_of((struct bytes){bytes, size - 4});
    for (int i = 0; i < 4; i++)
        bytes[size - 4 + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
}

static void first_version_with_what_only_the_second_knows_is_corrupt(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct journal_row rows[] = {row_of(JOURNAL_FAMILY), row_of(JOURNAL_TIME)}, other;
    for (int i = 0; i < 5; i++) {
        struct journal_row *row = &rows[i > 0];
        if (i > 0) {
            row->facts = &facts[FACTS_OLD + i - 1];
            row->fact_count = 1;
        }
        struct bytes record = encoded_row(row, bytes);
        assert_int_equal(decode_row(record, &other), LD_OK);
        bytes[0] = 1;
        seal(bytes, record.size);
        assert_int_equal(decode_row(record, &other), LD_CORRUPT);
    }
}

/* --- damage --------------------------------------------------------------------------------- */

/* A copy of exactly its size, so that the sanitizer sees one byte too far. */
static enum ld_err decode_copy(struct bytes record, size_t size, size_t flipped_bit)
{
    uint8_t *copy = malloc(size ? size : 1);
    struct journal_row row;
    struct case_state state;
    struct case_header header;
    struct room room;
    assert_non_null(copy);
    memcpy(copy, record.ptr, size);
    if (flipped_bit < size * 8)
        copy[flipped_bit / 8] ^= (uint8_t)(1 << flipped_bit % 8);
    struct bytes damaged = {copy, size};
    enum ld_err err = decode_row(damaged, &row);
    enum ld_err case_err = decode_case(damaged, &state, &room);
    assert_int_equal(case_record_header(damaged, &header), LD_CORRUPT);
    free(copy);
    return err == LD_CORRUPT ? case_err : err;
}

static void assert_damage_is_seen(struct bytes record)
{
    for (size_t size = 0; size < record.size; size++)
        assert_int_equal(decode_copy(record, size, SIZE_MAX), LD_CORRUPT);
    for (size_t bit = 0; bit < record.size * 8; bit++)
        assert_int_equal(decode_copy(record, record.size, bit), LD_CORRUPT);
}

static void every_truncation_and_every_flipped_bit_is_corrupt(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct golden_row rows[GOLDEN_ROWS];
    assert_damage_is_seen(encoded_case(bytes));
    golden_rows(rows);
    for (int i = 0; i < GOLDEN_ROWS; i++)
        assert_damage_is_seen(encoded_row(&rows[i].row, bytes));
}

/* A wrong writer with a right CRC: refused or read, but never a crash or a value out of bounds. */
static void wrong_bytes_under_a_right_crc_never_crash(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct golden_row rows[GOLDEN_ROWS];
    struct journal_row row;
    golden_rows(rows);
    for (int i = 0; i < GOLDEN_ROWS; i++) {
        struct bytes record = encoded_row(&rows[i].row, bytes);
        for (size_t at = 1; at < record.size - 4; at++) {
            uint8_t kept = bytes[at];
            for (int octet = 0; octet < 256; octet += 51) {
                bytes[at] = (uint8_t)octet;
                seal(bytes, record.size);
                enum ld_err err = decode_row(record, &row);
                assert_true(err == LD_OK || err == LD_CORRUPT);
                if (err == LD_OK)
                    assert_true(row.fate < FATE_COUNT && row.fact_count <= EFFECTS_MAX);
            }
            bytes[at] = kept;
        }
    }
}

static void wrong_case_bytes_under_a_right_crc_never_crash(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct bytes record = encoded_case(bytes);
    struct case_state state;
    struct room room;
    for (size_t at = 1; at < record.size - 4; at++) {
        uint8_t kept = bytes[at];
        for (int octet = 0; octet < 256; octet += 51) {
            bytes[at] = (uint8_t)octet;
            seal(bytes, record.size);
            enum ld_err err = decode_case(record, &state, &room);
            assert_true(err == LD_OK || err == LD_CORRUPT);
        }
        bytes[at] = kept;
    }
}

static void newer_version_is_unsupported_and_left_over_bytes_are_corrupt(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct journal_row row = row_of(JOURNAL_CLOCK), other;
    struct bytes record = encoded_row(&row, bytes);
    bytes[0]++;
    seal(bytes, record.size);
    assert_int_equal(decode_row(record, &other), LD_UNSUPPORTED);
    bytes[0] = 1;
    record.size += 1;
    seal(bytes, record.size);
    assert_int_equal(decode_row(record, &other), LD_CORRUPT);
    struct room room;
    struct case_state state;
    struct case_header header;
    record = encoded_case(bytes);
    bytes[0]++;
    seal(bytes, record.size);
    assert_int_equal(decode_case(record, &state, &room), LD_UNSUPPORTED);
    assert_int_equal(case_record_header(record, &header), LD_UNSUPPORTED);
}

/* Lists within lists: 16 are stored, a row with 17 (made by hand) is refused. */
static void nesting_is_bounded(void **unused)
{
    (void)unused;
    static uint8_t bytes[RECORD_MAX];
    struct value values[17] = {value_int(1)};
    struct journal_row row = row_of(JOURNAL_TIME), other;
    struct fact fact = {.kind = FACT_FIELD, .index = 1};
    for (int i = 1; i < 17; i++)
        values[i] = value_list(&values[i - 1], 1);
    fact.value = values[16];
    row.facts = &fact;
    row.fact_count = 1;
    struct bytes record = encoded_row(&row, bytes);
    assert_int_equal(decode_row(record, &other), LD_OK);
    assert_true(value_equal(&other.facts[0].value, &values[16]));
    /* The innermost value, INT and eight octets, becomes a list of one NONE and filling. */
    uint8_t deeper[] = {VALUE_LIST, 0, 0, 0, 1, VALUE_NONE};
    memcpy(bytes + record.size - 4 - 9, deeper, sizeof deeper);
    record.size -= 3;
    seal(bytes, record.size);
    assert_int_equal(decode_row(record, &other), LD_CORRUPT);
}

/* --- the chain ------------------------------------------------------------------------------ */

static void batch_digest_covers_all_it_names(void **unused)
{
    (void)unused;
    struct journal_batch batch = {.epoch = 5, .now_ms = 1754352000456};
    struct bytes rows[] = {BYTES_LITERAL("ab"), BYTES_LITERAL("c")};
    struct bytes shifted[] = {BYTES_LITERAL("a"), BYTES_LITERAL("bc")};
    uint8_t digest[DIGEST_SIZE], other[DIGEST_SIZE];
    /* By hand: previous (32 zeros), epoch, now, count, sizes, rows. */
    uint8_t plain[32 + 8 + 8 + 4 + 8 + 3] = {0};
    struct buffer buffer;
    buffer_init(&buffer, plain + 32, sizeof plain - 32);
    buffer_put_u64(&buffer, 5);
    buffer_put_u64(&buffer, 1754352000456);
    buffer_put_u32(&buffer, 2);
    buffer_put_u32(&buffer, 2);
    buffer_put_u32(&buffer, 1);
    buffer_put_text(&buffer, "abc");
    digest_of((struct bytes){plain, sizeof plain}, other);
    journal_batch_digest(&batch, rows, 2, digest);
    assert_memory_equal(digest, other, DIGEST_SIZE);
    journal_batch_digest(&batch, shifted, 2, other);
    assert_memory_not_equal(digest, other, DIGEST_SIZE);
    batch.previous[31] = 1;
    journal_batch_digest(&batch, rows, 2, other);
    assert_memory_not_equal(digest, other, DIGEST_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_is_the_golden_bytes_and_comes_back),
        cmocka_unit_test(a_case_of_the_first_version_is_read),
        cmocka_unit_test(a_case_of_the_second_version_is_read),
        cmocka_unit_test(case_header_is_read_without_the_program),
        cmocka_unit_test(case_of_another_program_or_id_is_corrupt),
        cmocka_unit_test(case_too_large_for_the_arena_is_full),
        cmocka_unit_test(case_too_large_for_the_buffer_says_so),
        cmocka_unit_test(rows_are_the_golden_bytes_and_come_back),
        cmocka_unit_test(rows_of_the_first_version_are_read),
        cmocka_unit_test(first_version_with_what_only_the_second_knows_is_corrupt),
        cmocka_unit_test(every_truncation_and_every_flipped_bit_is_corrupt),
        cmocka_unit_test(wrong_bytes_under_a_right_crc_never_crash),
        cmocka_unit_test(wrong_case_bytes_under_a_right_crc_never_crash),
        cmocka_unit_test(newer_version_is_unsupported_and_left_over_bytes_are_corrupt),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(batch_digest_covers_all_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
