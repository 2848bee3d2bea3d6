/* Goal: a clock starts, stops, is extended, falls due and ends as LANGUAGE §4 says. Method: the
 * dates of the three stories and each rule by itself, on one clock without a ladder. */
#include "clock_world.h"

static void story_a_stops_extends_and_stops_again(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct clock_moment filed = moment_at("2025-09-26 10:00");
    assert_int_equal(clock_start(&world.rule, &world.rules, filed, on("2025-09-30"),
                                 (struct period){1, PERIOD_MONTHS}, &world.run),
                     LD_OK);
    assert_date(world.run.due.last_day, "2025-10-30");
    world_pause(&world, "2025-10-13 09:00", 0);
    assert_int_equal(world.run.status, CLOCK_PAUSED);
    assert_true(world_next(&world) == INSTANT_NONE);
    world_resume(&world, "2025-11-10 15:00", 0);
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_date(world.run.due.last_day, "2025-11-27");
    struct world unextended = world;
    assert_int_equal(world_extend(&world, "2025-11-20 09:00", 1, PERIOD_MONTHS), EXTEND_OK);
    assert_date(world.run.due.last_day, "2025-12-29");
    world_pause(&world, "2025-12-05 09:00", 1);
    world_resume(&world, "2026-02-06 09:00", 1);
    assert_date(world.run.due.last_day, "2026-03-02");
    clock_end(&world.rule, moment_at("2026-02-26 10:00"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET);
    world_pass(&unextended, "2025-11-28 09:00");
    assert_int_equal(world_extend(&unextended, "2025-11-28 09:00", 1, PERIOD_MONTHS),
                     EXTEND_AFTER_DUE);
}

static void story_b_is_overdue_and_met_late(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-08-05 10:00", 2, PERIOD_MONTHS);
    struct clock_firing firing = world_fire(&world, "2025-10-10 00:00");
    assert_true(firing.is_due);
    assert_false(firing.is_alert);
    assert_int_equal(world.run.status, CLOCK_OVERDUE);
    assert_instant(world.run.breached_ms, "2025-10-10 00:00");
    assert_true(world_next(&world) == INSTANT_NONE);
    clock_end(&world.rule, moment_at("2025-10-21 10:00"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET_LATE);
    assert_int_equal(world.run.days_late, 12);
    assert_instant(world.run.ended_ms, "2025-10-21 10:00");
    assert_instant(world.run.breached_ms, "2025-10-10 00:00");
}

static void ended_on_its_last_day_a_clock_is_met(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-08-05 10:00", 2, PERIOD_MONTHS);
    clock_end(&world.rule, moment_at("2025-10-09 23:59"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET);
    assert_true(world.run.breached_ms == INSTANT_NONE);
}

static void a_reply_heard_of_late_is_met_by_its_legal_date(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-08-05 10:00", 2, PERIOD_MONTHS);
    world_pass(&world, "2025-10-13 10:00");
    clock_end(&world.rule, late_entry("2025-10-09", "2025-10-13 10:00"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET);
    assert_int_equal(world.run.days_late, 0);
    assert_instant(world.run.breached_ms, "2025-10-10 00:00"); /* on record all the same */
    assert_instant(world.run.ended_ms, "2025-10-13 10:00");
}

static void a_breach_is_dated_by_the_due_instant_however_late_it_is_seen(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    /* Entered on 10-20 for a recommendation served on 08-05: due before the engine knew. */
    assert_int_equal(clock_start(&world.rule, &world.rules,
                                 late_entry("2025-08-05", "2025-10-20 09:00"), on("2025-08-05"),
                                 (struct period){2, PERIOD_MONTHS}, &world.run),
                     LD_OK);
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_true(world_fire(&world, "2025-10-10 00:00").is_due);
    assert_instant(world.run.breached_ms, "2025-10-10 00:00");
}

static void only_the_named_instant_fires(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct clock_firing firing;
    world_start(&world, "2025-08-05 10:00", 2, PERIOD_MONTHS);
    struct clock_run before = world.run;
    assert_int_equal(
        clock_fire(&world.rule, &world.rules, at("2025-10-09 23:59"), &world.run, &firing),
        LD_INVALID);
    assert_memory_equal(&before, &world.run, sizeof(before));
    clock_cancel(moment_at("2025-09-01 10:00"), &world.run);
    assert_int_equal(clock_fire(&world.rule, &world.rules, INSTANT_NONE, &world.run, &firing),
                     LD_INVALID);
}

static void pauses_that_overlap_stop_the_clock_once(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pause(&world, "2025-10-13 09:00", 0);
    world_pause(&world, "2025-10-20 09:00", 1);
    world_pause(&world, "2025-10-21 09:00", 1); /* held by it already */
    world_resume(&world, "2025-11-03 09:00", 0);
    assert_int_equal(world.run.status, CLOCK_PAUSED);
    world_resume(&world, "2025-11-10 09:00", 1);
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_int_equal(world.run.stop_count, 1);
    assert_date(world.run.due.unrolled, "2025-11-27");
}

static void a_second_pause_of_an_earlier_date_widens_the_stop(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pause(&world, "2025-10-13 09:00", 0);
    assert_int_equal(clock_pause(&world.rule, &world.rules,
                                 late_entry("2025-10-10", "2025-10-14 09:00"), 1, &world.run),
                     LD_OK);
    world_resume(&world, "2025-10-15 09:00", 0);
    world_resume(&world, "2025-10-15 09:00", 1);
    assert_date(world.run.stops[0].from, "2025-10-10");
    assert_date(world.run.due.unrolled, "2025-11-04");
    /* A later pause dated into that stop counts from its end. */
    assert_int_equal(clock_pause(&world.rule, &world.rules,
                                 late_entry("2025-10-12", "2025-10-20 09:00"), 0, &world.run),
                     LD_OK);
    assert_date(world.run.stops[1].from, "2025-10-15");
    world_resume(&world, "2025-10-20 09:00", 0);
    assert_date(world.run.due.unrolled, "2025-11-09");
}

static void a_pause_that_does_not_hold_the_clock_changes_nothing(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_pause(&world, "2025-10-13 09:00", 0);
    assert_int_equal(world.run.status, CLOCK_IDLE);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_resume(&world, "2025-10-13 09:00", 0);
    assert_int_equal(world.run.stop_count, 0);
    clock_cancel(moment_at("2025-10-14 09:00"), &world.run);
    world_pause(&world, "2025-10-15 09:00", 0);
    assert_int_equal(world.run.status, CLOCK_CANCELLED);
    assert_int_equal(world.run.pauses_active, 0);
}

static void an_overdue_clock_is_paused_only_by_a_date_in_time(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pass(&world, "2025-11-03 09:00");
    world_pause(&world, "2025-11-03 09:00", 0);
    assert_int_equal(world.run.status, CLOCK_OVERDUE);
    assert_int_equal(world.run.stop_count, 0);
    assert_int_equal(clock_pause(&world.rule, &world.rules,
                                 late_entry("2025-10-30", "2025-11-03 09:00"), 0, &world.run),
                     LD_OK);
    assert_int_equal(world.run.status, CLOCK_PAUSED);
    assert_instant(world.run.breached_ms, "2025-10-31 00:00");
    world_resume(&world, "2025-11-10 09:00", 0);
    assert_date(world.run.due.last_day, "2025-11-10");
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_true(world_fire(&world, "2025-11-11 00:00").is_due);
    assert_instant(world.run.breached_ms, "2025-10-31 00:00"); /* the first one missed */
}

static void a_clock_resumed_behind_its_due_date_still_falls_due(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pause(&world, "2025-10-13 09:00", 0);
    assert_int_equal(clock_resume(&world.rule, &world.rules,
                                  late_entry("2025-10-15", "2025-11-20 09:00"), 0, &world.run),
                     LD_OK);
    assert_int_equal(world.run.status, CLOCK_RUNNING); /* no breach is on record yet */
    assert_true(world_fire(&world, "2025-11-04 00:00").is_due);
    assert_instant(world.run.breached_ms, "2025-11-04 00:00");
}

static void a_resumption_dated_before_the_stop_ends_it_where_it_began(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pause(&world, "2025-10-13 09:00", 0);
    /* The same rule once more, and dated earlier: it holds the clock already. */
    assert_int_equal(clock_pause(&world.rule, &world.rules,
                                 late_entry("2025-10-08", "2025-10-14 09:00"), 0, &world.run),
                     LD_OK);
    assert_date(world.run.stops[0].from, "2025-10-13");
    assert_int_equal(clock_resume(&world.rule, &world.rules,
                                  late_entry("2025-10-10", "2025-10-14 09:00"), 0, &world.run),
                     LD_OK);
    assert_date(world.run.stops[0].until, "2025-10-13");
    assert_date(world.run.due.last_day, "2025-10-30");
}

static void stops_of_hours_do_not_overlap(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-05-30 16:00", 24, PERIOD_HOURS);
    world_pause(&world, "2025-05-30 18:00", 0);
    world_resume(&world, "2025-05-30 20:00", 0);
    struct clock_moment moment = moment_at("2025-05-30 19:00");
    moment.now_ms = at("2025-05-30 21:00");
    assert_int_equal(clock_pause(&world.rule, &world.rules, moment, 1, &world.run), LD_OK);
    world_resume(&world, "2025-05-30 22:00", 1);
    assert_instant(world_next(&world), "2025-05-31 20:00"); /* 18:00 to 22:00, once */
}

static void stops_have_a_bound(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 2, PERIOD_MONTHS);
    for (int i = 0; i < CLOCK_STOPS_MAX; i++) {
        world_pause(&world, "2025-10-13 09:00", 0);
        world_resume(&world, "2025-10-14 09:00", 0);
    }
    struct clock_run before = world.run;
    assert_int_equal(
        clock_pause(&world.rule, &world.rules, moment_at("2025-10-15 09:00"), 0, &world.run),
        LD_FULL);
    assert_memory_equal(&before, &world.run, sizeof(before));
    assert_date(world.run.due.unrolled, "2025-12-01"); /* one day, however often */
}

static void hours_stop_to_the_millisecond(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-05-30 16:20", 24, PERIOD_HOURS);
    assert_instant(world_next(&world), "2025-05-31 16:20");
    world_pause(&world, "2025-05-30 18:00:00.250", 0);
    world_resume(&world, "2025-05-31 09:00", 0);
    assert_instant(world_next(&world), "2025-06-01 07:19:59.750");
    struct world late = world;
    clock_end(&world.rule, moment_at("2025-06-01 07:19:59"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET);
    clock_end(&late.rule, moment_at("2025-06-01 07:19:59.750"), &late.run);
    assert_int_equal(late.run.status, CLOCK_MET_LATE);
    assert_int_equal(late.run.days_late, 0);
}

static void a_clock_that_ends_while_stopped_is_met(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pause(&world, "2025-10-13 09:00", 0);
    clock_end(&world.rule, moment_at("2025-12-01 09:00"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET);
    assert_int_equal(world.run.pauses_active, 0);
}

static void extensions_are_refused_with_their_reason(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    assert_int_equal(world_extend(&world, "2025-10-10 09:00", 1, PERIOD_MONTHS),
                     EXTEND_NOT_RUNNING);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    struct clock_run before = world.run;
    assert_int_equal(world_extend(&world, "2025-10-10 09:00", PERIOD_AMOUNT_MAX, PERIOD_YEARS),
                     EXTEND_FULL);
    assert_memory_equal(&before, &world.run, sizeof(before));
    assert_int_equal(world_extend(&world, "2025-10-30 23:00", 1, PERIOD_MONTHS), EXTEND_OK);
    assert_int_equal(world_extend(&world, "2025-10-30 23:00", 1, PERIOD_MONTHS), EXTEND_USED_UP);
    world.extends[0].times = 0;
    for (int i = 1; i < CLOCK_EXTENSIONS_MAX; i++)
        assert_int_equal(world_extend(&world, "2025-10-30 23:00", 1, PERIOD_MONTHS), EXTEND_OK);
    assert_int_equal(world_extend(&world, "2025-10-30 23:00", 1, PERIOD_MONTHS), EXTEND_FULL);
    clock_end(&world.rule, moment_at("2025-11-01 09:00"), &world.run);
    assert_int_equal(world_extend(&world, "2025-11-02 09:00", 1, PERIOD_MONTHS),
                     EXTEND_NOT_RUNNING);
}

static void an_extension_dated_in_time_counts_though_heard_of_late(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pass(&world, "2025-11-03 09:00");
    assert_int_equal(clock_extend(&world.rule, &world.rules,
                                  late_entry("2025-10-30", "2025-11-03 09:00"), 0,
                                  (struct period){1, PERIOD_MONTHS}, &world.run),
                     EXTEND_OK);
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_date(world.run.due.last_day, "2025-12-01"); /* 11-30 is a Sunday */
    assert_instant(world.run.breached_ms, "2025-10-31 00:00");
}

static void after_due_an_extension_may_be_allowed(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.extends[0].is_before_due = false;
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pass(&world, "2025-12-02 09:00");
    struct world still_late = world;
    assert_int_equal(world_extend(&still_late, "2025-12-02 09:00", 1, PERIOD_MONTHS), EXTEND_OK);
    assert_int_equal(still_late.run.status, CLOCK_OVERDUE); /* 12-01 has passed as well */
    assert_int_equal(world_extend(&world, "2025-12-02 09:00", 3, PERIOD_MONTHS), EXTEND_OK);
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_instant(world_next(&world), "2026-01-31 00:00");
}

static void a_paused_clock_can_be_extended(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pause(&world, "2025-10-13 09:00", 0);
    assert_int_equal(world_extend(&world, "2025-11-05 09:00", 1, PERIOD_MONTHS), EXTEND_OK);
    assert_int_equal(world.run.status, CLOCK_PAUSED);
    world_resume(&world, "2025-11-10 09:00", 0);
    assert_date(world.run.due.last_day, "2025-12-29"); /* the same as extended after resumption */
}

static void a_run_that_goes_on_does_not_count_the_days_between(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.continues = true;
    assert_int_equal(
        clock_continue(&world.rule, &world.rules, moment_at("2025-10-01 09:00"), &world.run),
        LD_INVALID);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    clock_end(&world.rule, late_entry("2025-10-13", "2025-10-15 09:00"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET);
    assert_int_equal(
        clock_continue(&world.rule, &world.rules, moment_at("2025-11-10 09:00"), &world.run),
        LD_OK);
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_int_equal(world.run.runs, 1);
    assert_true(world.run.ended_ms == INSTANT_NONE);
    assert_date(world.run.due.last_day, "2025-11-27"); /* from the legal date of its end */
    world_pass(&world, "2025-12-01 09:00");
    clock_end(&world.rule, moment_at("2025-12-01 09:00"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET_LATE);
    assert_int_equal(
        clock_continue(&world.rule, &world.rules, moment_at("2025-12-10 09:00"), &world.run),
        LD_OK);
    assert_int_equal(world.run.status, CLOCK_OVERDUE); /* it was over: no days were left */
    assert_int_equal(world.run.days_late, 0);
}

static void a_run_stopped_when_it_ended_goes_on_from_that_stop(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.continues = true;
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pause(&world, "2025-10-13 09:00", 0);
    clock_end(&world.rule, moment_at("2025-10-20 09:00"), &world.run);
    assert_int_equal(
        clock_continue(&world.rule, &world.rules, moment_at("2025-11-10 09:00"), &world.run),
        LD_OK);
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_int_equal(world.run.stop_count, 1);
    assert_date(world.run.due.last_day, "2025-11-27");
}

static void a_repeating_clock_starts_again_from_its_last_day(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.repeats = true;
    world_start(&world, "2025-12-05 09:00", 30, PERIOD_DAYS);
    assert_true(world_fire(&world, "2026-01-05 00:00").is_due); /* 01-04 is a worked Sunday */
    assert_int_equal(world.run.status, CLOCK_RUNNING);
    assert_true(world.run.breached_ms == INSTANT_NONE);
    assert_int_equal(world.run.runs, 2);
    assert_date(world.run.anchor, "2026-01-04");
    assert_true(world_fire(&world, "2026-02-04 00:00").is_due);
    assert_date(world.run.anchor, "2026-02-03");
}

static void a_repeating_clock_in_hours_keeps_the_time_of_day(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.repeats = true;
    world_start(&world, "2025-12-05 09:30", 24, PERIOD_HOURS);
    world_fire(&world, "2025-12-06 09:30");
    assert_instant(world_next(&world), "2025-12-07 09:30");
}

static void a_repetition_that_cannot_be_counted_is_cancelled(void **state)
{
    (void)state;
    struct world world;
    struct clock_firing firing;
    world_init(&world);
    world.rule.repeats = true;
    world_start(&world, "2025-12-05 09:00", on("2025-12-31"), PERIOD_UNTIL);
    assert_int_equal(clock_fire(&world.rule, &world.rules, world_next(&world), &world.run, &firing),
                     LD_INVALID);
    assert_int_equal(world.run.status, CLOCK_CANCELLED);
    world_start(&world, "9990-12-05 09:00", 6, PERIOD_YEARS);
    assert_int_equal(clock_fire(&world.rule, &world.rules, world_next(&world), &world.run, &firing),
                     LD_OVERFLOW);
    assert_int_equal(world.run.status, CLOCK_CANCELLED);
    assert_true(world_next(&world) == INSTANT_NONE);
}

static void cancelled_a_clock_keeps_its_breach(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-08-05 10:00", 2, PERIOD_MONTHS);
    world_pass(&world, "2025-10-20 09:00");
    clock_cancel(moment_at("2025-10-20 09:00"), &world.run);
    assert_int_equal(world.run.status, CLOCK_CANCELLED);
    assert_instant(world.run.breached_ms, "2025-10-10 00:00");
    clock_end(&world.rule, moment_at("2025-10-21 09:00"), &world.run);
    assert_int_equal(world.run.status, CLOCK_CANCELLED);
    assert_instant(world.run.ended_ms, "2025-10-20 09:00");
}

static void a_new_run_forgets_the_old_one_but_counts_it(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-08-05 10:00", 2, PERIOD_MONTHS);
    world_pass(&world, "2025-10-20 09:00");
    clock_end(&world.rule, moment_at("2025-10-21 09:00"), &world.run);
    world_start(&world, "2025-11-03 10:00", 2, PERIOD_MONTHS);
    assert_int_equal(world.run.runs, 2);
    assert_true(world.run.breached_ms == INSTANT_NONE);
    assert_int_equal(world.run.days_late, 0);
    struct clock_run before = world.run;
    assert_int_equal(clock_start(&world.rule, &world.rules, moment_at("2025-11-03 10:00"),
                                 DATE_NONE, (struct period){1, PERIOD_DAYS}, &world.run),
                     LD_OVERFLOW);
    assert_memory_equal(&before, &world.run, sizeof(before));
}

static void another_calendar_moves_the_due_date(void **state)
{
    (void)state;
    struct world world;
    struct test_calendar test;
    world_init(&world);
    test_calendar_init(&test);
    test.calendar.year_count = 1; /* 2025 has not been announced yet */
    world.rules.calendar = &test.calendar;
    world_start(&world, "2025-08-05 10:00", 2, PERIOD_MONTHS);
    assert_date(world.run.due.last_day, "2025-10-06"); /* a Monday, for all we know */
    assert_true(world.run.due.is_provisional);
    world.rules.calendar = &china.calendar;
    assert_int_equal(clock_rederive(&world.rule, &world.rules, at("2025-09-01 09:00"), &world.run),
                     LD_OK);
    assert_date(world.run.due.last_day, "2025-10-09");
    assert_false(world.run.due.is_provisional);
    world_pass(&world, "2025-10-10 09:00");
    assert_int_equal(world.run.status, CLOCK_OVERDUE);
    world.rules.calendar = &test.calendar;
    assert_int_equal(clock_rederive(&world.rule, &world.rules, at("2025-10-10 09:00"), &world.run),
                     LD_OK);
    assert_int_equal(world.run.status, CLOCK_OVERDUE);
}

static void a_closed_clock_is_not_derived_again(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world_start(&world, "2025-08-05 10:00", 2, PERIOD_MONTHS);
    clock_end(&world.rule, moment_at("2025-09-01 10:00"), &world.run);
    struct clock_run before = world.run;
    assert_int_equal(clock_rederive(&world.rule, &world.rules, at("2025-09-01 09:00"), &world.run),
                     LD_OK);
    assert_memory_equal(&before, &world.run, sizeof(before));
}

static void a_run_agrees_with_its_own_terms(void **state)
{
    (void)state;
    struct world world;
    struct period_due due;
    world_init(&world);
    world_start(&world, "2025-09-30 10:00", 1, PERIOD_MONTHS);
    world_pause(&world, "2025-10-13 09:00", 0);
    struct period_terms terms = clock_terms(&world.rule, &world.run);
    assert_int_equal(period_derive(&terms, &china.calendar, &due), LD_OK);
    assert_int_equal(due.due_ms, world.run.due.due_ms);
    world_resume(&world, "2025-11-10 09:00", 0);
    terms = clock_terms(&world.rule, &world.run);
    assert_int_equal(terms.stop_count, 1);
    assert_int_equal(period_derive(&terms, &china.calendar, &due), LD_OK);
    assert_int_equal(due.due_ms, world.run.due.due_ms);
}

static void a_right_that_nobody_uses_lapses(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.is_right = true;
    world_start(&world, "2025-09-22 09:30", 15, PERIOD_DAYS); /* 10-07 is a holiday */
    assert_date(world.run.due.last_day, "2025-10-09");
    assert_false(clock_has_lapsed(&world.rule, &world.run));
    assert_true(world_fire(&world, "2025-10-10 00:00").is_due);
    assert_int_equal(world.run.status, CLOCK_CANCELLED);
    assert_true(clock_has_lapsed(&world.rule, &world.run));
    assert_true(world.run.breached_ms == INSTANT_NONE);
    assert_instant(world.run.ended_ms, "2025-10-10 00:00");
    assert_true(world_next(&world) == INSTANT_NONE);
    struct clock_rule duty = world.rule;
    duty.is_right = false;
    assert_false(clock_has_lapsed(&duty, &world.run));
}

static void a_right_cancelled_before_it_is_due_has_not_lapsed(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.is_right = true;
    world_start(&world, "2025-09-22 09:30", 15, PERIOD_DAYS);
    struct world paused = world;
    clock_cancel(moment_at("2025-10-09 23:59"), &world.run);
    assert_false(clock_has_lapsed(&world.rule, &world.run));
    world_pause(&paused, "2025-10-09 10:00", 0); /* it is not over at what was its due date */
    clock_cancel(moment_at("2025-12-01 10:00"), &paused.run);
    assert_false(clock_has_lapsed(&paused.rule, &paused.run));
}

static void a_right_used_on_its_last_day_is_met(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.is_right = true;
    world_start(&world, "2025-09-22 09:30", 15, PERIOD_DAYS);
    struct world late = world;
    clock_end(&world.rule, moment_at("2025-10-09 23:59"), &world.run);
    assert_int_equal(world.run.status, CLOCK_MET);
    /* Posted in time, heard of when it has lapsed: by its legal date it was used. */
    world_pass(&late, "2025-10-13 10:00");
    struct clock_moment in_time = late_entry("2025-10-09", "2025-10-13 10:00");
    struct clock_moment too_late = late_entry("2025-10-10", "2025-10-13 10:00");
    assert_false(clock_can_end(&late.rule, too_late, &late.run));
    clock_end(&late.rule, too_late, &late.run);
    assert_int_equal(late.run.status, CLOCK_CANCELLED);
    assert_instant(late.run.ended_ms, "2025-10-10 00:00");
    assert_true(clock_can_end(&late.rule, in_time, &late.run));
    clock_end(&late.rule, in_time, &late.run);
    assert_int_equal(late.run.status, CLOCK_MET);
    assert_instant(late.run.ended_ms, "2025-10-13 10:00");
    assert_false(clock_has_lapsed(&late.rule, &late.run));
}

static void a_right_is_never_met_late(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.is_right = true;
    world_start(&world, "2025-09-22 09:30", 15, PERIOD_DAYS);
    clock_end(&world.rule, moment_at("2025-10-10 08:00"),
              &world.run); /* the engine has not looked */
    assert_int_equal(world.run.status, CLOCK_CANCELLED);
    assert_int_equal(world.run.days_late, 0);
    assert_true(clock_has_lapsed(&world.rule, &world.run));
}

static void a_right_that_has_lapsed_is_not_extended_any_more(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.rule.is_right = true;
    world_start(&world, "2025-09-22 09:30", 15, PERIOD_DAYS);
    struct world extended = world;
    world_pass(&world, "2025-10-10 09:00");
    assert_int_equal(clock_extend(&world.rule, &world.rules,
                                  late_entry("2025-10-09", "2025-10-10 09:00"), 0,
                                  (struct period){1, PERIOD_MONTHS}, &world.run),
                     EXTEND_NOT_RUNNING);
    assert_int_equal(world_extend(&extended, "2025-10-09 10:00", 1, PERIOD_MONTHS), EXTEND_OK);
    world_pass(&extended, "2025-10-10 09:00");
    assert_int_equal(extended.run.status, CLOCK_RUNNING);
}

static void statuses_have_their_words(void **state)
{
    (void)state;
    static const struct {
        enum clock_status status;
        const char *word;
        bool is_open;
    } table[] = {
        {CLOCK_IDLE, "idle", false},
        {CLOCK_RUNNING, "running", true},
        {CLOCK_PAUSED, "paused", true},
        {CLOCK_OVERDUE, "overdue", true},
        {CLOCK_MET, "met", false},
        {CLOCK_MET_LATE, "met-late", false},
        {CLOCK_CANCELLED, "cancelled", false},
    };
    for (size_t i = 0; i < CLOCK_STATUS_COUNT; i++) {
        assert_string_equal(clock_status_word(table[i].status), table[i].word);
        assert_int_equal(clock_is_open(table[i].status), table[i].is_open);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(story_a_stops_extends_and_stops_again),
        cmocka_unit_test(story_b_is_overdue_and_met_late),
        cmocka_unit_test(ended_on_its_last_day_a_clock_is_met),
        cmocka_unit_test(a_reply_heard_of_late_is_met_by_its_legal_date),
        cmocka_unit_test(a_breach_is_dated_by_the_due_instant_however_late_it_is_seen),
        cmocka_unit_test(only_the_named_instant_fires),
        cmocka_unit_test(pauses_that_overlap_stop_the_clock_once),
        cmocka_unit_test(a_second_pause_of_an_earlier_date_widens_the_stop),
        cmocka_unit_test(a_pause_that_does_not_hold_the_clock_changes_nothing),
        cmocka_unit_test(an_overdue_clock_is_paused_only_by_a_date_in_time),
        cmocka_unit_test(a_clock_resumed_behind_its_due_date_still_falls_due),
        cmocka_unit_test(a_resumption_dated_before_the_stop_ends_it_where_it_began),
        cmocka_unit_test(stops_of_hours_do_not_overlap),
        cmocka_unit_test(stops_have_a_bound),
        cmocka_unit_test(hours_stop_to_the_millisecond),
        cmocka_unit_test(a_clock_that_ends_while_stopped_is_met),
        cmocka_unit_test(extensions_are_refused_with_their_reason),
        cmocka_unit_test(an_extension_dated_in_time_counts_though_heard_of_late),
        cmocka_unit_test(after_due_an_extension_may_be_allowed),
        cmocka_unit_test(a_paused_clock_can_be_extended),
        cmocka_unit_test(a_run_that_goes_on_does_not_count_the_days_between),
        cmocka_unit_test(a_run_stopped_when_it_ended_goes_on_from_that_stop),
        cmocka_unit_test(a_repeating_clock_starts_again_from_its_last_day),
        cmocka_unit_test(a_repeating_clock_in_hours_keeps_the_time_of_day),
        cmocka_unit_test(a_repetition_that_cannot_be_counted_is_cancelled),
        cmocka_unit_test(cancelled_a_clock_keeps_its_breach),
        cmocka_unit_test(a_new_run_forgets_the_old_one_but_counts_it),
        cmocka_unit_test(another_calendar_moves_the_due_date),
        cmocka_unit_test(a_closed_clock_is_not_derived_again),
        cmocka_unit_test(a_run_agrees_with_its_own_terms),
        cmocka_unit_test(a_right_that_nobody_uses_lapses),
        cmocka_unit_test(a_right_cancelled_before_it_is_due_has_not_lapsed),
        cmocka_unit_test(a_right_used_on_its_last_day_is_met),
        cmocka_unit_test(a_right_is_never_met_late),
        cmocka_unit_test(a_right_that_has_lapsed_is_not_extended_any_more),
        cmocka_unit_test(statuses_have_their_words),
    };
    return cmocka_run_group_tests(tests, test_calendar_setup, NULL);
}
