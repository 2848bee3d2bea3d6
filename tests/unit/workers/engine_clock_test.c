/* Goal: the engine's time never falls and is not led ahead by a jump. Method: readings by hand. */
#include "workers/engine_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { START = 1000000000 };

static struct engine_clock started(void)
{
    struct engine_clock clock;
    engine_clock_real(&clock, START - 5000, (struct clock_reading){START, 100});
    return clock;
}

static int64_t observe(struct engine_clock *clock, int64_t real_ms, int64_t boot_ms)
{
    return engine_clock_observe(clock, (struct clock_reading){START + real_ms, 100 + boot_ms});
}

static void time_goes_with_the_real_clock(void **state)
{
    (void)state;
    struct engine_clock clock = started();
    assert_int_equal(observe(&clock, 1000, 1000), START + 1000);
    assert_int_equal(observe(&clock, 21500, 1500), START + 21500); /* 20 s: within the bound */
    assert_false(clock.is_held);
}

static void last_persisted_time_is_the_floor(void **state)
{
    (void)state;
    struct engine_clock clock;
    engine_clock_real(&clock, START + 60000, (struct clock_reading){START, 100});
    assert_int_equal(observe(&clock, 1000, 1000), START + 60000);
    assert_int_equal(observe(&clock, 61000, 61000), START + 61000);
}

static void step_back_stands_still_until_caught_up(void **state)
{
    (void)state;
    struct engine_clock clock = started();
    assert_int_equal(observe(&clock, 10000, 10000), START + 10000);
    assert_int_equal(observe(&clock, -3600000, 11000), START + 10000);
    assert_false(clock.is_held);
    assert_int_equal(observe(&clock, 12000, 13000), START + 12000); /* stepped forward again */
    assert_false(clock.is_held);
}

static void jump_ahead_is_held_and_time_goes_on_by_boot_time(void **state)
{
    (void)state;
    struct engine_clock clock = started();
    assert_int_equal(observe(&clock, 3600000, 1000), START + 1000);
    assert_true(clock.is_held);
    assert_int_equal(observe(&clock, 3605000, 6000), START + 6000);
    assert_int_equal(observe(&clock, 7000, 7000), START + 7000); /* they agree again */
    assert_false(clock.is_held);
}

static void confirmed_jump_is_taken(void **state)
{
    (void)state;
    struct engine_clock clock = started();
    (void)observe(&clock, 3600000, 1000);
    clock.is_confirmed = true;
    assert_int_equal(observe(&clock, 3601000, 2000), START + 3601000);
    assert_false(clock.is_held);
    assert_int_equal(observe(&clock, 3602000, 3000), START + 3602000);
    assert_int_equal(observe(&clock, 9000000, 4000), START + 3603000); /* one jump, not the next */
    assert_true(clock.is_held);
}

static void manual_clock_is_set_forward_only(void **state)
{
    (void)state;
    struct engine_clock clock;
    engine_clock_manual(&clock, START);
    assert_int_equal(observe(&clock, 5000, 5000), START);
    assert_int_equal(engine_clock_set(&clock, START + 1), LD_OK);
    assert_int_equal(engine_clock_set(&clock, START), LD_INVALID);
    assert_int_equal(clock.now_ms, START + 1);
    clock = started();
    assert_int_equal(engine_clock_set(&clock, START + 99999), LD_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_goes_with_the_real_clock),
        cmocka_unit_test(last_persisted_time_is_the_floor),
        cmocka_unit_test(step_back_stands_still_until_caught_up),
        cmocka_unit_test(jump_ahead_is_held_and_time_goes_on_by_boot_time),
        cmocka_unit_test(confirmed_jump_is_taken),
        cmocka_unit_test(manual_clock_is_set_forward_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
