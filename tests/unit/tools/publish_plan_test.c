/* Which events go into which message, and in what order their lines are printed. */
#include "tools/liandong/publish_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct plan));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void events_of_a_partition_go_together_in_order(void **state)
{
    struct plan *plan = *state;
    struct plan_batch batch;
    uint32_t first = plan_add(plan, 0, 1, 10), other = plan_add(plan, 1, 2, 10);
    uint32_t again = plan_add(plan, 0, 1, 10), third = plan_add(plan, 0, 3, 10);
    assert_true(plan_take(plan, 0, &batch));
    assert_int_equal(batch.count, 3);
    assert_int_equal(batch.indices[0], first);
    assert_int_equal(batch.indices[1], again);
    assert_int_equal(batch.indices[2], third);
    assert_true(plan_take(plan, 1, &batch));
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.indices[0], other);
    assert_false(plan_take(plan, 2, &batch));
}

static void a_case_is_never_in_two_messages_at_once(void **state)
{
    struct plan *plan = *state;
    struct plan_batch batch;
    uint32_t first = plan_add(plan, 0, 1, 10);
    assert_true(plan_take(plan, 0, &batch));
    plan_mark_out(plan, &batch, 7);
    uint32_t second = plan_add(plan, 0, 1, 10), other = plan_add(plan, 0, 2, 10);
    assert_true(plan_take(plan, 0, &batch));
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.indices[0], other);
    plan_mark_out(plan, &batch, 8);
    assert_false(plan_take(plan, 0, &batch));
    plan_mark_done(plan, first);
    assert_true(plan_take(plan, 0, &batch));
    assert_int_equal(batch.indices[0], second);
}

static void a_message_is_bounded_in_events_and_bytes(void **state)
{
    struct plan *plan = *state;
    struct plan_batch batch;
    for (uint32_t i = 0; i < PLAN_BATCH_MAX + 1; i++)
        plan_add(plan, 0, i, 10);
    for (uint32_t i = 0; i < 40; i++)
        plan_add(plan, 1, i, WIRE_EVENT_MAX);
    assert_true(plan_take(plan, 0, &batch));
    assert_int_equal(batch.count, PLAN_BATCH_MAX);
    assert_true(plan_take(plan, 1, &batch));
    assert_int_equal(batch.count, WIRE_BODY_MAX / WIRE_EVENT_MAX - 1);
}

static void an_answer_finds_the_events_of_its_message(void **state)
{
    struct plan *plan = *state;
    struct plan_batch batch, found;
    plan_add(plan, 0, 1, 10);
    plan_add(plan, 1, 2, 10);
    plan_add(plan, 0, 3, 10);
    assert_true(plan_take(plan, 0, &batch));
    plan_mark_out(plan, &batch, 99);
    assert_int_equal(plan->waiting, 1);
    assert_true(plan_find(plan, 99, &found));
    assert_int_equal(found.count, 2);
    assert_memory_equal(found.indices, batch.indices, 2 * sizeof found.indices[0]);
    plan_mark_done(plan, found.indices[0]);
    assert_true(plan_find(plan, 99, &found));
    assert_int_equal(found.count, 1);
    assert_false(plan_find(plan, 5, &found));
}

static void lines_are_printed_in_the_order_of_the_input(void **state)
{
    struct plan *plan = *state;
    struct plan_batch first, second;
    uint32_t index;
    uint32_t a = plan_add(plan, 0, 1, 10), b = plan_add_done(plan), c = plan_add(plan, 1, 2, 10);
    assert_true(plan_take(plan, 0, &first) && plan_take(plan, 1, &second));
    plan_mark_out(plan, &first, 1);
    plan_mark_out(plan, &second, 2);
    plan_mark_done(plan, c);
    assert_false(plan_pop(plan, &index));
    plan_mark_done(plan, a);
    assert_true(plan_pop(plan, &index) && index == a);
    assert_true(plan_pop(plan, &index) && index == b);
    assert_true(plan_pop(plan, &index) && index == c);
    assert_false(plan_pop(plan, &index));
}

/* Goal: the window goes round, and no case's events overtake each other over a long stream in which
 * messages are answered out of order. Method: two messages a partition are out, the later answered
 * first; events are numbered, and each case's are sent in the order of their numbers. */
static void a_long_stream_keeps_each_cases_order(void **state)
{
    enum { EVENTS = 30000, CASES = 600 };
    struct plan *plan = *state;
    static uint32_t number_of[PLAN_EVENTS_MAX], sent_of[CASES];
    uint32_t added = 0, popped = 0, index;
    struct plan_batch batches[2];
    while (popped < EVENTS) {
        for (; added < EVENTS && plan_has_room(plan); added++)
            number_of[plan_add(plan, added % 3, added % CASES, 100)] = added + 1;
        for (uint32_t partition = 0; partition < 3; partition++) {
            uint32_t out = 0;
            for (; out < 2 && plan_take(plan, partition, &batches[out]); out++) {
                plan_mark_out(plan, &batches[out], out + 1);
                for (uint32_t i = 0; i < batches[out].count; i++) {
                    uint32_t number = number_of[batches[out].indices[i]];
                    assert_true(number > sent_of[(number - 1) % CASES]);
                    sent_of[(number - 1) % CASES] = number;
                }
            }
            while (out-- > 0) {
                for (uint32_t i = 0; i < batches[out].count; i++)
                    plan_mark_done(plan, batches[out].indices[i]);
            }
        }
        while (plan_pop(plan, &index))
            assert_int_equal(number_of[index], ++popped);
    }
    assert_int_equal(plan->waiting, 0);
    assert_int_equal(plan->count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(events_of_a_partition_go_together_in_order),
        CASE(a_case_is_never_in_two_messages_at_once),
        CASE(a_message_is_bounded_in_events_and_bytes),
        CASE(an_answer_finds_the_events_of_its_message),
        CASE(lines_are_printed_in_the_order_of_the_input),
        CASE(a_long_stream_keeps_each_cases_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
