/* Goal: every emitted event with a subject is found in the journal, once, and goes out as an event
 * that any worker takes. Method: rows built by hand in the simulator's store. */
#include "workers/mailbag.h"

#include "base/civil.h"
#include "proto/envelope.h"
#include "workers/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PARTITIONS = 4, DEPTH = 7, LARGE = 200 << 10 };

static const int64_t emitted_ms = 1754010000000;

static struct store *store;
static struct batch batch;
static struct mailbag mailbag;
static struct courier courier;
static uint64_t last;
static uint8_t large[LARGE];

static int set_up(void **state)
{
    static const struct store_identity identity = {.partition = 0, .partitions = PARTITIONS};
    (void)state;
    store = store_mem_create(&identity);
    memset(large, 'x', sizeof large);
    assert_true(batch_init(&batch));
    assert_true(mailbag_init(&mailbag, store, PARTITIONS));
    courier_init(&courier, 0, 0);
    last = 0;
    batch_begin(&batch, 1, 0, emitted_ms, (const uint8_t[DIGEST_SIZE]){0});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mailbag_fini(&mailbag);
    batch_fini(&batch);
    store->ops->close(store);
    return 0;
}

static void appended(void *context, enum store_outcome outcome)
{
    (void)context;
    assert_int_equal(outcome, STORE_OK);
}

/* Commits what was added; the next rows are of the next batch. */
static void commit(void)
{
    struct store_batch sealed = batch_seal(&batch);
    store->ops->append(store, &sealed, appended, NULL);
    last += sealed.row_count;
    batch_begin(&batch, 1, last, emitted_ms, batch.digest);
}

/* The position that it will have. */
static uint64_t add_row(enum journal_kind kind, const char *case_id, struct fact *facts,
                        uint32_t count)
{
    struct journal_row row = {
        .kind = kind,
        .now_ms = emitted_ms,
        .case_id = bytes_from_text(case_id),
        .workflow = BYTES_LITERAL("handover"),
        .version = 1,
        .facts = facts,
        .fact_count = count,
        .time_ms = INSTANT_NONE,
        .legal_date = DATE_NONE,
        .cause = 1,
        .input = INPUT_CLOSE,
    };
    uint64_t position = batch_next_position(&batch);
    assert_int_equal(batch_add_row(&batch, &row), LD_OK);
    return position;
}

static struct fact emitted(int32_t index, struct value event)
{
    return (struct fact){
        .kind = FACT_EMITTED, .index = index, .text = BYTES_LITERAL("asked"), .value = event};
}

static struct value event_for(struct value_entry *entries, const char *subject)
{
    struct value_builder builder = {entries, 6, 0};
    value_put(&builder, "source", value_words("qj-water"));
    value_put(&builder, "time", value_timestamp(emitted_ms));
    if (subject)
        value_put(&builder, "subject", value_words(subject));
    return value_built(&builder);
}

static void read_all(void)
{
    uint64_t end = 0;
    do {
        assert_int_equal(mailbag_read(&mailbag, &courier, &end), LD_OK);
        courier_check(&courier);
    } while (courier.read < end && courier_has_room(&courier));
}

/* Packs what is picked, as a list of events. */
static struct mailbag_message pack(enum ld_err expected)
{
    uint32_t places[COURIER_BATCH];
    struct mailbag_message message;
    uint32_t count = courier_pick(&courier, 0, places);
    assert_true(count > 0);
    assert_int_equal(mailbag_pack(&mailbag, &courier, places, count, &message), expected);
    return message;
}

static void events_with_a_subject_are_found_in_every_kind_of_row(void **state)
{
    (void)state;
    struct value_entry here[6], there[6], nowhere[6];
    struct fact facts[] = {
        {.kind = FACT_STATE, .index = 1},
        emitted(0, event_for(nowhere, NULL)),
        emitted(1, event_for(here, "C-9")),
        emitted(2, event_for(there, "D-1/item")),
    };
    uint64_t first = add_row(JOURNAL_EVENT, "A-1", facts, 4);
    (void)add_row(JOURNAL_TIME, "A-1", facts, 2); /* to subscribers alone */
    uint64_t second = add_row(JOURNAL_TIME, "A-1", facts, 3);
    uint64_t third = add_row(JOURNAL_FAMILY, "A-1/sub", facts, 3);
    commit();
    read_all();
    assert_int_equal(courier.read, last);
    assert_int_equal(courier.count, 4);
    uint64_t positions[] = {first, first, second, third};
    uint32_t ordinals[] = {2, 3, 2, 2};
    for (uint32_t i = 0; i < 4; i++) {
        const struct parcel *parcel = courier_parcel(&courier, i);
        const char *subject = ordinals[i] == 3 ? "D-1" : "C-9";
        assert_int_equal(parcel->position, positions[i]);
        assert_int_equal(parcel->fact, ordinals[i]);
        assert_int_equal(parcel->emitted_ms, emitted_ms);
        assert_int_equal(parcel->partition, wire_partition(bytes_from_text(subject), PARTITIONS));
    }
}

static void it_reads_on_where_it_was(void **state)
{
    (void)state;
    struct value_entry entries[6];
    struct fact fact = emitted(0, event_for(entries, "C-9"));
    (void)add_row(JOURNAL_EVENT, "A-1", &fact, 1);
    commit();
    read_all();
    read_all();
    assert_int_equal(courier.count, 1);
    (void)add_row(JOURNAL_EVENT, "A-1", &fact, 1);
    commit();
    read_all();
    assert_int_equal(courier.count, 2);
    courier_init(&courier, 2, 0); /* the next process, behind the first of them */
    read_all();
    assert_int_equal(courier.count, 1);
}

static void event_goes_out_as_an_envelope_with_an_id_of_its_place(void **state)
{
    (void)state;
    struct value_entry entries[6], data[1] = {{BYTES_LITERAL("summary"), value_words("河道固废")}};
    struct value event = event_for(entries, "C-9");
    struct value_builder more = {entries, 6, event.as.map.count};
    value_put(&more, "role", value_words("chief"));
    value_put(&more, "workflow", value_words("rectification"));
    value_put(&more, "data", value_map(data, 1));
    struct fact facts[] = {{.kind = FACT_STATE}, emitted(7, value_built(&more))};
    uint64_t position = add_row(JOURNAL_EVENT, "A-1", facts, 2);
    commit();
    read_all();
    struct mailbag_message message = pack(LD_OK);
    assert_int_equal(message.count, 1);
    assert_int_equal(position, 2);

    static uint8_t block[1 << 16];
    struct arena arena;
    struct value list;
    struct envelope envelope;
    struct envelope_problem problem;
    arena_init(&arena, block, sizeof block);
    assert_int_equal(codec_decode(message.body, WIRE_DEPTH_MAX + 1, &arena, &list), LD_OK);
    assert_int_equal(list.as.list.count, 1);
    assert_int_equal(envelope_from_value(&list.as.list.items[0], 480, &envelope, &problem), LD_OK);
    assert_true(bytes_is(envelope.id, "A-1@2.7"));
    assert_true(bytes_is(envelope.source, "qj-water"));
    assert_true(bytes_is(envelope.type, "asked"));
    assert_true(bytes_is(envelope.subject, "C-9"));
    assert_true(bytes_is(envelope.role, "chief"));
    assert_true(bytes_is(envelope.workflow, "rectification"));
    assert_int_equal(envelope.time_ms, emitted_ms);
    assert_int_equal(envelope.hops, 1);
    assert_true(bytes_is(value_get_text(&envelope.data, "summary"), "河道固废"));
}

static void event_says_how_many_led_to_it(void **state)
{
    (void)state;
    static uint8_t block[1 << 16];
    struct arena arena;
    struct value_entry entries[6];
    struct value map, event = event_for(entries, "C-9");
    struct value_builder more = {entries, 6, event.as.map.count};
    value_put(&more, "hops", value_int(5));
    struct fact fact = emitted(0, value_built(&more));
    struct journal_row row = {.case_id = BYTES_LITERAL("A-1")};
    arena_init(&arena, block, sizeof block);
    assert_int_equal(mailbag_event(2, &row, &fact, &arena, &map), LD_OK);
    assert_int_equal(value_get_int(&map, "hops", 0), 5);
}

static void message_takes_as_many_as_fit(void **state)
{
    (void)state;
    struct value_entry entries[6];
    struct value_entry data[1] = {
        {BYTES_LITERAL("text"), value_text((struct bytes){large, sizeof large})}};
    struct value event = event_for(entries, "C-9");
    struct value_builder more = {entries, 6, event.as.map.count};
    value_put(&more, "data", value_map(data, 1));
    struct fact fact = emitted(0, value_built(&more));
    for (int i = 0; i < 4; i++)
        (void)add_row(JOURNAL_EVENT, "A-1", &fact, 1);
    commit();
    read_all();
    struct mailbag_message message = pack(LD_OK);
    assert_int_equal(message.count, 2); /* the second went past what is aimed at */
    assert_true(message.body.size <= WIRE_BODY_MAX);
    assert_int_equal(codec_scan(message.body, WIRE_DEPTH_MAX + 1), LD_OK);
}

/* As deep as the stored value may be, and deeper than an event. */
static void too_deep_one_is_named_and_the_others_go(void **state)
{
    (void)state;
    struct value_entry entries[2][6], data[1];
    struct value nested[DEPTH];
    nested[0] = value_int(1);
    for (int i = 1; i < DEPTH; i++)
        nested[i] = value_list(&nested[i - 1], 1);
    data[0] = (struct value_entry){BYTES_LITERAL("deep"), value_list(&nested[DEPTH - 1], 1)};
    struct value event = event_for(entries[1], "C-9");
    struct value_builder more = {entries[1], 6, event.as.map.count};
    value_put(&more, "data", value_map(data, 1));
    struct fact facts[] = {emitted(0, event_for(entries[0], "C-9")), emitted(1, value_built(&more)),
                           emitted(2, event_for(entries[0], "C-9"))};
    (void)add_row(JOURNAL_EVENT, "A-1", facts, 3);
    commit();
    read_all();
    struct mailbag_message message = pack(LD_INVALID);
    assert_int_equal(message.count, 1);
    assert_int_equal(codec_scan(message.body, WIRE_DEPTH_MAX + 1), LD_OK);
    courier_give_up(&courier, 1);
    message = pack(LD_OK);
    assert_int_equal(message.count, 2);
}

static void longest_id_fits(void **state)
{
    (void)state;
    static uint8_t block[4096];
    struct arena arena;
    char id[CASE_ID_MAX + 1];
    memset(id, 'a', CASE_ID_MAX);
    id[CASE_ID_MAX] = 0;
    arena_init(&arena, block, sizeof block);
    struct fact fact = {.index = EFFECTS_MAX};
    struct bytes made = mailbag_event_id(INT64_MAX, bytes_from_text(id), &fact, &arena);
    assert_true(made.size > CASE_ID_MAX + 20 && made.size <= WIRE_ID_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_with_a_subject_are_found_in_every_kind_of_row),
        TEST(it_reads_on_where_it_was),
        TEST(event_goes_out_as_an_envelope_with_an_id_of_its_place),
        TEST(event_says_how_many_led_to_it),
        TEST(message_takes_as_many_as_fit),
        TEST(too_deep_one_is_named_and_the_others_go),
        TEST(longest_id_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
