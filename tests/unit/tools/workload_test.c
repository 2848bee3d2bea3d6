/* The names of the benchmark's events: what is sent can be told from its id, and belongs where it
 * was meant to go. */
#include "tools/bench/workload.h"

#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_an_id_says_what_it_was_made_of(void **unused)
{
    static const struct workload_name names[] = {
        {0, 0, 0}, {63, 1, 11}, {7, UINT32_MAX, 5}, {12, 1000000, 0}};
    (void)unused;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct workload_event event;
        struct workload_name found;
        workload_make(&names[i], &event);
        assert_true(workload_parse(event.envelope.id, &found));
        assert_int_equal(found.client, names[i].client);
        assert_int_equal(found.serial, names[i].serial);
        assert_int_equal(found.step, names[i].step);
    }
}

static void test_other_ids_are_not_ours(void **unused)
{
    static const char *const texts[] = {"",       "1",       "1-2",
                                        "1-2-",   "1-2-3-4", "1-2-12",
                                        "a-2-3",  "1--3",    "4294967296-0-0",
                                        "1-2-3x", "01-2-3-", "-1-2-3",
                                        "1-2- 3", "QJ-1"};
    (void)unused;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct workload_name found;
        assert_false(workload_parse(bytes_from_text(texts[i]), &found));
    }
}

static void test_a_serial_is_found_in_each_partition(void **unused)
{
    (void)unused;
    for (uint32_t partition = 0; partition < 5; partition++) {
        struct workload_name name = {3, workload_serial_in(3, 100, partition, 5), 0};
        struct workload_event event;
        workload_make(&name, &event);
        assert_true(name.serial >= 100);
        assert_int_equal(wire_partition(event.envelope.subject, 5), partition);
    }
}

/* Only the first event names the workflow that it starts, and each is a lawful envelope. */
static void test_every_step_is_a_lawful_event(void **unused)
{
    static uint8_t memory[1 << 14];
    (void)unused;
    for (uint32_t step = 0; step < WORKLOAD_STEPS; step++) {
        struct workload_name name = {0, 1, step};
        struct workload_event event;
        struct envelope back;
        struct envelope_problem problem;
        struct arena arena;
        struct value map;
        arena_init(&arena, memory, sizeof memory);
        workload_make(&name, &event);
        assert_int_equal(event.envelope.workflow.size > 0, step == 0);
        assert_int_equal(envelope_to_value(&event.envelope, &arena, &map), LD_OK);
        assert_int_equal(envelope_from_value(&map, 0, &back, &problem), LD_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_id_says_what_it_was_made_of),
        cmocka_unit_test(test_other_ids_are_not_ours),
        cmocka_unit_test(test_a_serial_is_found_in_each_partition),
        cmocka_unit_test(test_every_step_is_a_lawful_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
