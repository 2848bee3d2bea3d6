/* Goal: a subscription's record keeps what it says, and says whom an alert reaches. */
#include "workers/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bytes encoded(const struct feed *feed, uint8_t *memory)
{
    struct buffer buffer;
    buffer_init(&buffer, memory, FEED_RECORD_MAX);
    feed_encode(feed, &buffer);
    assert_false(buffer.is_full);
    return buffer_bytes(&buffer);
}

static void record_comes_back_as_it_was(void **state)
{
    (void)state;
    uint8_t memory[FEED_RECORD_MAX];
    struct feed feed = {.cursor = 77, .levels = 1U << ALERT_OVERDUE, .unit_count = 2}, read;
    feed.units[0] = BYTES_LITERAL("qj-water");
    feed.units[1] = BYTES_LITERAL("qj-ecology");
    struct bytes record = encoded(&feed, memory);
    assert_int_equal(feed_decode(record, &read), LD_OK);
    assert_int_equal(read.cursor, 77);
    assert_true(feed_same_filter(&feed, &read));
    read.unit_count = 1;
    assert_false(feed_same_filter(&feed, &read));
}

/* The bytes are law once they are stored: feed.h has the grammar. */
static void record_has_the_bytes_of_its_grammar(void **state)
{
    (void)state;
    static const uint8_t golden[] = {0x02, 0, 0, 0, 0,   0,   0, 0x01, 0x02, 0,   0,   0,
                                     0x20, 0, 1, 2, 'q', 'j', 2, 1,    3,    'a', '.', 'b'};
    uint8_t memory[FEED_RECORD_MAX];
    struct feed feed = {.cursor = 0x102, .levels = 1U << ALERT_OVERDUE, .unit_count = 1};
    feed.units[0] = BYTES_LITERAL("qj");
    feed.kinds = FEED_EMITTED;
    feed.types[0] = BYTES_LITERAL("a.b");
    feed.type_count = 1;
    struct bytes record = encoded(&feed, memory);
    assert_int_equal(record.size, sizeof golden + 4);
    assert_memory_equal(record.ptr, golden, sizeof golden);
}

/* A subscription of before events were emitted goes on as it was. */
static void first_version_hears_of_alerts_alone(void **state)
{
    (void)state;
    static const uint8_t golden[] = {0x01, 0,    0, 0, 0, 0,   0,   0x01, 0x02, 0,    0,
                                     0,    0x20, 0, 1, 2, 'q', 'j', 0x6a, 0xe5, 0x00, 0x9d};
    struct feed read;
    struct bytes record = {golden, sizeof golden};
    assert_int_equal(feed_decode(record, &read), LD_OK);
    assert_int_equal(read.cursor, 0x102);
    assert_int_equal(read.unit_count, 1);
    assert_int_equal(read.kinds, 0);
    assert_false(feed_wants_event(&read, BYTES_LITERAL("a.b")));
}

static void emitted_events_are_heard_by_type(void **state)
{
    (void)state;
    struct alert alert = {.level = ALERT_OVERDUE};
    struct feed all = {.kinds = FEED_EMITTED | FEED_ALERTS}, some = {.kinds = FEED_EMITTED};
    some.types[0] = BYTES_LITERAL("a.b");
    some.type_count = 1;
    assert_true(feed_wants(&all, &alert));
    assert_true(feed_wants_event(&all, BYTES_LITERAL("x")));
    assert_false(feed_wants(&some, &alert));
    assert_true(feed_wants_event(&some, BYTES_LITERAL("a.b")));
    assert_false(feed_wants_event(&some, BYTES_LITERAL("x")));
    assert_false(feed_same_filter(&all, &some));
}

static void damaged_record_is_told(void **state)
{
    (void)state;
    uint8_t memory[FEED_RECORD_MAX];
    struct feed feed = {.cursor = 77, .unit_count = 1}, read;
    feed.units[0] = BYTES_LITERAL("qj-water");
    struct bytes record = encoded(&feed, memory);
    for (size_t size = 0; size < record.size; size++)
        assert_int_equal(feed_decode((struct bytes){memory, size}, &read), LD_CORRUPT);
    for (size_t i = 0; i < record.size; i++) {
        memory[i] ^= 4;
        assert_int_equal(feed_decode(record, &read), LD_CORRUPT);
        memory[i] ^= 4;
    }
}

static void alert_reaches_by_level_and_any_recipient(void **state)
{
    (void)state;
    struct alert_recipient to[] = {{.unit = BYTES_LITERAL("a")}, {.unit = BYTES_LITERAL("b")}};
    struct alert alert = {.level = ALERT_OVERDUE, .recipients = to, .recipient_count = 2};
    struct feed feed = {0};
    assert_true(feed_wants(&feed, &alert));
    feed.levels = 1U << ALERT_WARNING;
    assert_false(feed_wants(&feed, &alert));
    feed.levels |= 1U << ALERT_OVERDUE;
    feed.units[0] = BYTES_LITERAL("c");
    feed.unit_count = 1;
    assert_false(feed_wants(&feed, &alert));
    feed.units[feed.unit_count++] = BYTES_LITERAL("b");
    assert_true(feed_wants(&feed, &alert));
}

static void table_holds_as_many_as_its_bound(void **state)
{
    (void)state;
    struct feed_table table;
    uint8_t name[2];
    assert_true(feed_table_init(&table));
    for (int i = 0; i < FEEDS_MAX; i++) {
        name[0] = (uint8_t)('a' + i / 16);
        name[1] = (uint8_t)('a' + i % 16);
        assert_int_equal(feed_table_set(&table, (struct bytes){name, 2}, BYTES_LITERAL("r")),
                         LD_OK);
    }
    assert_int_equal(feed_table_set(&table, BYTES_LITERAL("zz"), BYTES_LITERAL("r")), LD_FULL);
    assert_int_equal(feed_table_set(&table, BYTES_LITERAL("aa"), BYTES_LITERAL("new")), LD_OK);
    assert_true(bytes_is(feed_table_get(&table, BYTES_LITERAL("aa")), "new"));
    assert_int_equal(feed_table_set(&table, BYTES_LITERAL("aa"), BYTES_NONE), LD_OK);
    assert_int_equal(feed_table_get(&table, BYTES_LITERAL("aa")).size, 0);
    assert_int_equal(table.count, FEEDS_MAX - 1);
    assert_int_equal(feed_table_set(&table, BYTES_LITERAL("zz"), BYTES_LITERAL("r")), LD_OK);
    feed_table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_comes_back_as_it_was),
        cmocka_unit_test(record_has_the_bytes_of_its_grammar),
        cmocka_unit_test(first_version_hears_of_alerts_alone),
        cmocka_unit_test(emitted_events_are_heard_by_type),
        cmocka_unit_test(damaged_record_is_told),
        cmocka_unit_test(alert_reaches_by_level_and_any_recipient),
        cmocka_unit_test(table_holds_as_many_as_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
