/* Goal: every emitted event gets a fate, those of one partition in their order, and the mark never
 * passes one that has none. Method: events by number, answers in every order, and at last a long
 * walk with losses and crashes drawn from a seed. */
#include "workers/courier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct courier courier;
static uint32_t places[COURIER_BATCH];
static uint64_t next_seq;
static int64_t now_ms;

static int set_up(void **state)
{
    (void)state;
    next_seq = 1;
    now_ms = 1000000;
    courier_init(&courier, 0, now_ms);
    return 0;
}

/* A row with so many events for the partition. */
static void row_with(uint32_t count, uint32_t partition)
{
    uint64_t position = courier.read + 1;
    for (uint32_t i = 0; i < count; i++) {
        struct parcel parcel = {.position = position,
                                .fact = 2 * i,
                                .partition = partition,
                                .emitted_ms = (int64_t)position * 10};
        courier_add(&courier, &parcel);
    }
    courier_read_to(&courier, position);
    courier_check(&courier);
}

/* Sends the next message; its number, or 0. */
static uint64_t send_next(uint32_t *ret_count)
{
    *ret_count = courier_pick(&courier, now_ms, places);
    if (*ret_count == 0)
        return 0;
    courier_send(&courier, places, *ret_count, next_seq);
    courier_check(&courier);
    return next_seq++;
}

static uint64_t send_expecting(uint32_t expected)
{
    uint32_t count;
    uint64_t seq = send_next(&count);
    assert_int_equal(count, expected);
    return seq;
}

static void mark_stays_before_what_has_no_fate(void **state)
{
    (void)state;
    row_with(1, 0);
    row_with(0, 0);
    row_with(1, 1);
    row_with(0, 0);
    uint64_t first = send_expecting(1), second = send_expecting(1);
    assert_int_equal(courier_cursor(&courier), 0);
    assert_int_equal(courier_fates(&courier, second, 1, now_ms), COURIER_DONE);
    assert_int_equal(courier_cursor(&courier), 0);
    assert_int_equal(courier_fates(&courier, first, 1, now_ms), COURIER_DONE);
    assert_int_equal(courier_cursor(&courier), 4);
    courier_check(&courier);
}

static void row_is_passed_with_its_last_event(void **state)
{
    (void)state;
    row_with(0, 0);
    row_with(COURIER_BATCH + 1, 3);
    uint64_t seq = send_expecting(COURIER_BATCH);
    (void)courier_fates(&courier, seq, COURIER_BATCH, now_ms);
    assert_int_equal(courier_cursor(&courier), 1);
    seq = send_expecting(1);
    (void)courier_fates(&courier, seq, 1, now_ms);
    assert_int_equal(courier_cursor(&courier), 2);
}

static void one_message_is_under_way_to_a_partition(void **state)
{
    (void)state;
    row_with(2, 0);
    uint64_t first = send_expecting(2);
    row_with(1, 0);
    row_with(1, 1);
    assert_int_equal(courier_pick(&courier, now_ms, places), 1);
    assert_int_equal(courier_parcel(&courier, places[0])->partition, 1);
    (void)send_expecting(1);
    (void)send_expecting(0);
    assert_int_equal(courier_next_ms(&courier, now_ms), INT64_MAX);
    (void)courier_fates(&courier, first, 2, now_ms);
    assert_int_equal(courier_next_ms(&courier, now_ms), now_ms); /* what gathered goes at once */
    (void)send_expecting(1);
    assert_int_equal(courier_parcel(&courier, places[0])->position, 2);
}

static void refused_for_now_is_tried_again_ever_later(void **state)
{
    (void)state;
    int64_t delays[] = {250, 500, 1000, 2000, 4000, 5000, 5000};
    row_with(1, 0);
    row_with(1, 0);
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        uint64_t seq = send_expecting(2);
        assert_int_equal(courier_error(&courier, seq, WIRE_ERROR_STORE_FULL, now_ms),
                         COURIER_AGAIN);
        assert_int_equal(courier_next_ms(&courier, now_ms), now_ms + delays[i]);
        now_ms += delays[i] - 1;
        (void)send_expecting(0);
        now_ms++;
        courier_check(&courier);
    }
    assert_int_equal(courier_cursor(&courier), 0);
    uint64_t seq = send_expecting(2);
    assert_int_equal(courier_fates(&courier, seq, 2, now_ms), COURIER_DONE);
    courier_keep(&courier, 2, now_ms);
    row_with(1, 0);
    seq = send_expecting(1); /* what was in vain is forgotten */
    (void)courier_error(&courier, seq, WIRE_ERROR_STORE_FULL, now_ms);
    assert_int_equal(courier_next_ms(&courier, now_ms), now_ms + 250);
}

static void one_of_a_bad_form_is_given_up_and_no_other(void **state)
{
    (void)state;
    row_with(3, 0);
    uint64_t seq = send_expecting(3);
    assert_int_equal(courier_error(&courier, seq, WIRE_ERROR_MALFORMED, now_ms), COURIER_AGAIN);
    row_with(1, 0);
    seq = send_expecting(1);
    assert_int_equal(courier_fates(&courier, seq, 1, now_ms), COURIER_DONE);
    seq = send_expecting(1);
    assert_int_equal(courier_error(&courier, seq, WIRE_ERROR_MALFORMED, now_ms), COURIER_GIVEN_UP);
    seq = send_expecting(1);
    assert_int_equal(courier_fates(&courier, seq, 1, now_ms), COURIER_DONE);
    row_with(1, 0);
    seq = send_expecting(2); /* together again */
    assert_int_equal(courier_fates(&courier, seq, 2, now_ms), COURIER_DONE);
    assert_int_equal(courier_cursor(&courier), courier.read);
}

static void one_that_cannot_be_packed_holds_nobody_up(void **state)
{
    (void)state;
    row_with(2, 0);
    uint64_t seq = send_expecting(2);
    (void)courier_error(&courier, seq, WIRE_ERROR_MALFORMED, now_ms);
    assert_int_equal(courier_pick(&courier, now_ms, places), 1);
    courier_give_up(&courier, places[0]);
    assert_int_equal(courier_pick(&courier, now_ms, places), 1);
    courier_give_up(&courier, places[0]);
    courier_check(&courier);
    assert_int_equal(courier_cursor(&courier), 1);
    courier_keep(&courier, 1, now_ms);
    assert_int_equal(courier_next_ms(&courier, now_ms), INT64_MAX); /* nothing is due for ever */
}

static void wrong_number_of_fates_is_none(void **state)
{
    (void)state;
    row_with(2, 0);
    uint64_t seq = send_expecting(2);
    assert_int_equal(courier_fates(&courier, seq, 1, now_ms), COURIER_AGAIN);
    assert_int_equal(courier_fates(&courier, seq, 2, now_ms), COURIER_UNKNOWN);
    assert_int_equal(courier_error(&courier, 99, WIRE_ERROR_MALFORMED, now_ms), COURIER_UNKNOWN);
    assert_int_equal(courier_cursor(&courier), 0);
}

static void mark_is_written_seldom(void **state)
{
    (void)state;
    for (int i = 0; i < COURIER_KEEP_ROWS - 1; i++)
        row_with(0, 0);
    assert_false(courier_wants_keep(&courier, now_ms)); /* nothing emitted: not worth a write */
    assert_int_equal(courier_next_ms(&courier, now_ms), INT64_MAX);
    row_with(0, 0);
    assert_true(courier_wants_keep(&courier, now_ms));
    courier_keep(&courier, courier_cursor(&courier), now_ms);
    row_with(1, 0);
    uint64_t seq = send_expecting(1);
    (void)courier_fates(&courier, seq, 1, now_ms);
    assert_false(courier_wants_keep(&courier, now_ms + COURIER_KEEP_MS - 1));
    assert_int_equal(courier_next_ms(&courier, now_ms), now_ms + COURIER_KEEP_MS);
    assert_true(courier_wants_keep(&courier, now_ms + COURIER_KEEP_MS));
}

static void lost_connection_sends_everything_again(void **state)
{
    (void)state;
    row_with(1, 0);
    row_with(1, 1);
    (void)send_expecting(1);
    (void)send_expecting(1);
    assert_true(courier_is_out(&courier));
    courier_recall(&courier, now_ms);
    assert_false(courier_is_out(&courier));
    now_ms = courier_next_ms(&courier, now_ms);
    (void)send_expecting(1);
    (void)send_expecting(1);
}

static void waiting_ones_are_counted_from_the_oldest_on(void **state)
{
    (void)state;
    int64_t oldest_ms;
    assert_int_equal(courier_waiting(&courier, &oldest_ms), 0);
    row_with(0, 0);
    row_with(1, 0);
    row_with(2, 1);
    assert_int_equal(courier_waiting(&courier, &oldest_ms), 3);
    assert_int_equal(oldest_ms, 20);
    (void)send_expecting(1);
    uint64_t seq = send_expecting(2);
    (void)courier_fates(&courier, seq, 2, now_ms);
    assert_int_equal(courier_waiting(&courier, &oldest_ms), 1);
}

static void full_window_reads_no_further(void **state)
{
    (void)state;
    while (courier_has_room(&courier))
        row_with(EFFECTS_MAX, 5);
    uint64_t read = courier.read;
    while (!courier_has_room(&courier)) {
        uint32_t count;
        uint64_t seq = send_next(&count);
        assert_int_not_equal(seq, 0);
        (void)courier_fates(&courier, seq, count, now_ms);
    }
    assert_true(courier_cursor(&courier) > 0 && courier_cursor(&courier) < read);
}

/* --- the walk -------------------------------------------------------------------------------- */

enum { ROWS = 3000, PARTITIONS = 7, OUT_MAX = COURIER_TRIPS };

/* What stands in the journal, and what the other side has heard. */
struct world {
    uint64_t random;
    uint8_t events[ROWS + 1]; /* of each row */
    uint8_t fated[ROWS + 1][4];
    uint64_t heard[PARTITIONS]; /* the furthest event of each, as position * 4 + fact */
    struct {
        uint64_t seq;
        uint32_t count; /* of the fates that will come; 0: it was lost */
    } out[OUT_MAX];
    uint32_t out_count;
};

static struct world world;

static uint32_t drawn(uint32_t below)
{
    world.random = world.random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(world.random >> 33) % below;
}

static uint32_t partition_of(uint64_t position, uint32_t fact)
{
    return (uint32_t)(position * 5 + fact * 3) % PARTITIONS;
}

static void walk_read(void)
{
    uint64_t position = courier.read + 1;
    if (position > ROWS || !courier_has_room(&courier))
        return;
    for (uint32_t i = 0; i < world.events[position]; i++) {
        struct parcel parcel = {
            .position = position, .fact = i, .partition = partition_of(position, i)};
        courier_add(&courier, &parcel);
    }
    courier_read_to(&courier, position);
}

/* The other side takes the message whole: a new event comes behind all that it has heard. */
static void hear(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct parcel *parcel = courier_parcel(&courier, places[i]);
        uint64_t event = parcel->position * 4 + parcel->fact;
        uint64_t *heard = &world.heard[parcel->partition];
        assert_true(event > *heard || world.fated[parcel->position][parcel->fact] > 0);
        if (event > *heard)
            *heard = event;
        world.fated[parcel->position][parcel->fact] = 1;
    }
}

static void walk_send(bool is_lossy)
{
    uint32_t count = courier_pick(&courier, now_ms, places);
    if (count == 0 || world.out_count == OUT_MAX)
        return;
    count = 1 + drawn(count);
    courier_send(&courier, places, count, next_seq);
    bool is_heard = !is_lossy || drawn(2) > 0;
    if (is_heard)
        hear(count);
    world.out[world.out_count].seq = next_seq++;
    world.out[world.out_count++].count = is_heard && drawn(8) > 0 ? count : 0;
}

static void walk_answer(bool is_lossy)
{
    if (world.out_count == 0)
        return;
    uint32_t which = drawn(world.out_count);
    if (is_lossy) /* an error though it was heard: the answer was lost on the way */
        (void)courier_error(&courier, world.out[which].seq, WIRE_ERROR_STORE_FULL, now_ms);
    else
        (void)courier_fates(&courier, world.out[which].seq, world.out[which].count, now_ms);
    world.out[which] = world.out[--world.out_count];
}

/* Each event before the mark was heard. */
static void check_mark(void)
{
    uint64_t cursor = courier_cursor(&courier);
    for (uint64_t position = courier.kept + 1; position <= cursor; position++) {
        for (uint32_t i = 0; i < world.events[position]; i++)
            assert_int_equal(world.fated[position][i], 1);
    }
    courier_keep(&courier, cursor, now_ms);
}

static void walk(bool has_faults)
{
    switch (drawn(has_faults ? 40 : 36)) {
    case 36: /* the process dies; the next begins at the mark */
        courier_init(&courier, courier.kept, now_ms);
        world.out_count = 0;
        break;
    case 37:
        courier_recall(&courier, now_ms);
        world.out_count = 0;
        break;
    case 38: walk_send(true); break;
    case 39: check_mark(); break;
    default:
        walk_read();
        walk_send(false);
        if (drawn(3) == 0)
            walk_answer(has_faults && drawn(6) == 0);
        now_ms += drawn(300);
        break;
    }
    courier_check(&courier);
}

static void every_event_arrives_whatever_goes_wrong(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        (void)set_up(NULL);
        memset(&world, 0, sizeof world);
        world.random = seed;
        for (uint32_t i = 1; i <= ROWS; i++)
            world.events[i] = (uint8_t)(drawn(3) == 0 ? drawn(5) : 0);
        for (int i = 0; i < 6000; i++)
            walk(true);
        courier_recall(&courier, now_ms);
        world.out_count = 0;
        while (courier_cursor(&courier) < ROWS) {
            walk(false);
            walk_answer(false);
        }
        check_mark();
        assert_int_equal(courier.kept, ROWS);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mark_stays_before_what_has_no_fate),
        TEST(row_is_passed_with_its_last_event),
        TEST(one_message_is_under_way_to_a_partition),
        TEST(refused_for_now_is_tried_again_ever_later),
        TEST(one_of_a_bad_form_is_given_up_and_no_other),
        TEST(one_that_cannot_be_packed_holds_nobody_up),
        TEST(wrong_number_of_fates_is_none),
        TEST(mark_is_written_seldom),
        TEST(lost_connection_sends_everything_again),
        TEST(waiting_ones_are_counted_from_the_oldest_on),
        TEST(full_window_reads_no_further),
        TEST(every_event_arrives_whatever_goes_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
