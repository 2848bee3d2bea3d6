/* Goal: the due date of every kind of period is the one that the law gives. Method: tables of
 * worked examples (each rule of LANGUAGE §4 a test), then random terms against a day-by-day oracle
 * and against the trace. */
#include "calendar_2024_2026.h"
#include "workflows/core/period.h"

static struct period_terms terms_of(const char *anchor, int32_t amount, enum period_unit unit)
{
    return (struct period_terms){
        .anchor = on(anchor),
        .anchor_ms = instant_of_date(on(anchor), 480),
        .budget = {amount, unit},
        .rule = RULE_CIVIL,
        .is_rolled = true,
    };
}

static struct period_due derive(const struct period_terms *terms)
{
    struct period_due due;
    assert_int_equal(period_derive(terms, &china.calendar, &due), LD_OK);
    return due;
}

static struct period_stop stop_of(const char *from, const char *until)
{
    struct period_stop stop = {on(from), DATE_NONE, instant_of_date(on(from), 480), INSTANT_NONE};
    if (until) {
        stop.until = on(until);
        stop.until_ms = instant_of_date(on(until), 480);
    }
    return stop;
}

/* The steps of a trace in static memory, valid until the next call. */
static const struct trace_step *trace(const struct period_terms *terms, uint32_t *ret_count)
{
    static uint8_t block[1 << 20];
    struct arena arena;
    const struct trace_step *steps;
    arena_init(&arena, block, sizeof(block));
    assert_int_equal(period_trace(terms, &china.calendar, &arena, 60000, &steps, ret_count), LD_OK);
    return steps;
}

struct example {
    const char *anchor;
    int32_t amount;
    enum period_unit unit;
    enum period_rule rule;
    const char *unrolled, *last_day;
};

static void worked_examples_end_on_their_day(void **state)
{
    (void)state;
    static const struct example table[] = {
        /* E1: no 31 September. */
        {"2024-07-31", 2, PERIOD_MONTHS, RULE_CIVIL, "2024-09-30", "2024-09-30"},
        /* E2: rolls over the holiday. */
        {"2025-08-05", 2, PERIOD_MONTHS, RULE_CIVIL, "2025-10-05", "2025-10-09"},
        /* E3, E4 */
        {"2025-09-18", 15, PERIOD_DAYS, RULE_CIVIL, "2025-10-03", "2025-10-09"},
        {"2026-02-10", 7, PERIOD_DAYS, RULE_CIVIL, "2026-02-17", "2026-02-24"},
        /* E5: a Sunday that is worked is no day off. */
        {"2025-04-24", 3, PERIOD_DAYS, RULE_CIVIL, "2025-04-27", "2025-04-27"},
        /* E6 */
        {"2025-09-30", 3, PERIOD_DAYS, RULE_CIVIL, "2025-10-03", "2025-10-09"},
        /* E7, E8: working days that lie on weekends count. */
        {"2025-09-26", 10, PERIOD_WORKING_DAYS, RULE_CIVIL, "2025-10-16", "2025-10-16"},
        {"2026-04-29", 7, PERIOD_WORKING_DAYS, RULE_CIVIL, "2026-05-12", "2026-05-12"},
        /* E9: rolls onto a Sunday that is worked. */
        {"2024-02-05", 7, PERIOD_DAYS, RULE_CIVIL, "2024-02-12", "2024-02-18"},
        /* E12: month's end to month's end in criminal matters only. */
        {"2026-02-28", 3, PERIOD_MONTHS, RULE_CIVIL, "2026-05-28", "2026-05-28"},
        {"2026-02-28", 3, PERIOD_MONTHS, RULE_CRIMINAL, "2026-05-31", "2026-06-01"},
        {"2026-02-28", 3, PERIOD_MONTHS, RULE_CUSTODY, "2026-05-31", "2026-05-31"},
        /* The dates of the three stories (A, B, C). */
        {"2025-06-03", 30, PERIOD_DAYS, RULE_CIVIL, "2025-07-03", "2025-07-03"},
        {"2025-06-20", 7, PERIOD_DAYS, RULE_CIVIL, "2025-06-27", "2025-06-27"},
        {"2025-07-28", 3, PERIOD_DAYS, RULE_CIVIL, "2025-07-31", "2025-07-31"},
        {"2025-07-30", 2, PERIOD_MONTHS, RULE_CIVIL, "2025-09-30", "2025-09-30"},
        {"2025-07-30", 5, PERIOD_DAYS, RULE_CIVIL, "2025-08-04", "2025-08-04"},
        {"2025-09-30", 1, PERIOD_MONTHS, RULE_CIVIL, "2025-10-30", "2025-10-30"},
        {"2025-08-05", 5, PERIOD_DAYS, RULE_CIVIL, "2025-08-10", "2025-08-11"},
        {"2025-10-09", 1, PERIOD_MONTHS, RULE_CIVIL, "2025-11-09", "2025-11-10"},
        {"2025-11-06", 5, PERIOD_DAYS, RULE_CIVIL, "2025-11-11", "2025-11-11"},
        {"2026-01-28", 30, PERIOD_DAYS, RULE_CIVIL, "2026-02-27", "2026-02-27"},
        {"2026-02-25", 5, PERIOD_WORKING_DAYS, RULE_CIVIL, "2026-03-03", "2026-03-03"},
        {"2026-02-26", 7, PERIOD_DAYS, RULE_CIVIL, "2026-03-05", "2026-03-05"},
        /* Years, and a leap day. */
        {"2025-03-03", 1, PERIOD_YEARS, RULE_CIVIL, "2026-03-03", "2026-03-03"},
        {"2024-02-29", 1, PERIOD_YEARS, RULE_CIVIL, "2025-02-28", "2025-02-28"},
        {"2024-02-29", 1, PERIOD_YEARS, RULE_CRIMINAL, "2025-02-28", "2025-02-28"},
        {"2024-01-31", 1, PERIOD_MONTHS, RULE_CRIMINAL, "2024-02-29", "2024-02-29"},
        /* A given date is not rolled. */
        {"2025-09-01", 0, PERIOD_UNTIL, RULE_CIVIL, "2025-10-03", "2025-10-03"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct period_terms terms = terms_of(table[i].anchor, table[i].amount, table[i].unit);
        if (terms.budget.unit == PERIOD_UNTIL)
            terms.budget.amount = on("2025-10-03");
        terms.rule = table[i].rule;
        struct period_due due = derive(&terms);
        assert_date(due.unrolled, table[i].unrolled);
        assert_date(due.last_day, table[i].last_day);
        assert_int_equal(due.due_ms, calendar_end_of(&china.calendar, due.last_day));
        assert_false(due.is_provisional);
    }
}

static void rolling_can_be_turned_off(void **state)
{
    (void)state;
    struct period_terms terms = terms_of("2025-08-05", 2, PERIOD_MONTHS);
    terms.is_rolled = false;
    assert_date(derive(&terms).last_day, "2025-10-05");
    assert_instant(derive(&terms).due_ms, "2025-10-06 00:00");
}

static void custody_does_not_roll(void **state)
{
    (void)state;
    struct period_terms terms = terms_of("2025-09-30", 3, PERIOD_DAYS);
    terms.rule = RULE_CUSTODY;
    assert_date(derive(&terms).last_day, "2025-10-03");
}

static void hours_run_through_holidays_to_the_millisecond(void **state)
{
    (void)state;
    struct period_terms terms = terms_of("2025-05-30", 24, PERIOD_HOURS); /* E13 */
    terms.anchor_ms = at("2025-05-30 16:20:00.250");
    struct period_due due = derive(&terms);
    assert_instant(due.due_ms, "2025-05-31 16:20:00.250");
    assert_date(due.last_day, "2025-05-31");
    assert_false(due.is_provisional);
}

static void stopped_hours_are_given_back_exactly(void **state)
{
    (void)state;
    struct period_stop stops[2] = {stop_of("2025-05-30", "2025-05-30"),
                                   stop_of("2025-06-02", "2025-06-03")};
    stops[0].from_ms = at("2025-05-30 17:00");
    stops[0].until_ms = at("2025-05-30 18:30:00.500");
    struct period_terms terms = terms_of("2025-05-30", 24, PERIOD_HOURS);
    terms.anchor_ms = at("2025-05-30 16:20");
    terms.stops = stops;
    terms.stop_count = 2; /* the second begins when all is over */
    assert_instant(derive(&terms).due_ms, "2025-05-31 17:50:00.500");
}

static void a_stop_moves_the_unrolled_last_day(void **state)
{
    (void)state;
    struct period_stop stops[] = {stop_of("2025-10-13", "2025-11-10"),
                                  stop_of("2025-12-05", "2026-02-06")};
    struct period_extension extension = {{1, PERIOD_MONTHS}, on("2025-11-20")};
    struct period_terms terms = terms_of("2025-09-30", 1, PERIOD_MONTHS);
    terms.stops = stops;
    terms.stop_count = 1;
    assert_date(derive(&terms).last_day, "2025-11-27"); /* story A: 10-30 + 28 */
    terms.extensions = &extension;
    terms.extension_count = 1;
    assert_date(derive(&terms).unrolled, "2025-12-28"); /* 11-30 + 28, a Sunday */
    assert_date(derive(&terms).last_day, "2025-12-29");
    terms.stop_count = 2;
    assert_date(derive(&terms).unrolled, "2026-03-01"); /* 12-28 + 63 */
    assert_date(derive(&terms).last_day, "2026-03-02");
}

static void a_stop_within_one_day_has_no_effect(void **state)
{
    (void)state;
    struct period_stop stop = stop_of("2025-08-20", "2025-08-20");
    static const enum period_unit units[] = {PERIOD_DAYS, PERIOD_WORKING_DAYS, PERIOD_MONTHS};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct period_terms terms = terms_of("2025-08-05", 15, units[i]);
        int32_t before = derive(&terms).last_day;
        terms.stops = &stop;
        terms.stop_count = 1;
        assert_int_equal(derive(&terms).last_day, before);
    }
}

static void working_days_left_are_counted_on_after_the_stop(void **state)
{
    (void)state;
    /* Ten from 2025-09-26: 09-28, 29, 30 are used, seven are left after 10-13. */
    struct period_stop stop = stop_of("2025-09-30", "2025-10-13");
    struct period_terms terms = terms_of("2025-09-26", 10, PERIOD_WORKING_DAYS);
    terms.stops = &stop;
    terms.stop_count = 1;
    assert_date(derive(&terms).last_day, "2025-10-22");
}

static void working_days_used_up_end_with_the_stop(void **state)
{
    (void)state;
    struct period_stop stop = stop_of("2025-10-16", "2025-10-22");
    struct period_terms terms = terms_of("2025-09-26", 10, PERIOD_WORKING_DAYS);
    terms.stops = &stop;
    terms.stop_count = 1;
    assert_date(derive(&terms).last_day, "2025-10-22");
    stop.until = on("2025-10-25"); /* a Saturday */
    assert_date(derive(&terms).last_day, "2025-10-27");
    struct period_stop both[] = {stop, stop_of("2025-10-27", "2025-10-30")};
    terms.stops = both;
    terms.stop_count = 2; /* stopped again on that day, still none is left */
    assert_date(derive(&terms).last_day, "2025-10-30");
}

static void a_stop_gives_back_only_days_that_would_have_counted(void **state)
{
    (void)state;
    struct period_terms terms = terms_of("2025-09-30", 1, PERIOD_MONTHS);
    struct period_stop stop = stop_of("2025-09-20", "2025-10-05");
    terms.stops = &stop;
    terms.stop_count = 1;
    assert_date(derive(&terms).unrolled, "2025-11-04"); /* 10-30 + 5 of the 15 days */
    stop = stop_of("2025-09-10", "2025-09-30");
    assert_date(derive(&terms).unrolled, "2025-10-30");
    stop = stop_of("2025-11-05", "2025-12-05"); /* the period is over */
    assert_date(derive(&terms).unrolled, "2025-10-30");
}

static void a_stop_on_a_day_the_period_rolls_over_comes_in_time(void **state)
{
    (void)state;
    struct period_terms terms = terms_of("2025-08-05", 2, PERIOD_MONTHS);
    struct period_stop stop = stop_of("2025-10-07", "2025-10-20"); /* unrolled 10-05, due 10-09 */
    terms.stops = &stop;
    terms.stop_count = 1;
    assert_date(derive(&terms).unrolled, "2025-10-18");
    assert_date(derive(&terms).last_day, "2025-10-20");
}

static void an_open_stop_lasts_for_ever(void **state)
{
    (void)state;
    static const enum period_unit units[] = {PERIOD_DAYS, PERIOD_WORKING_DAYS, PERIOD_MONTHS,
                                             PERIOD_HOURS};
    struct period_stop stop = stop_of("2025-10-07", NULL);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct period_terms terms = terms_of("2025-09-30", 200, units[i]);
        terms.stops = &stop;
        terms.stop_count = 1;
        struct period_due due = derive(&terms);
        assert_int_equal(due.last_day, DATE_NONE);
        assert_true(due.due_ms == INSTANT_NONE);
        uint32_t count;
        const struct trace_step *steps = trace(&terms, &count);
        assert_int_equal(steps[count - 1].kind, TRACE_STOPPED);
    }
}

static void an_extension_in_the_same_unit_is_counted_from_the_anchor(void **state)
{
    (void)state;
    struct period_extension extensions[] = {{{1, PERIOD_MONTHS}, on("2026-02-10")},
                                            {{1, PERIOD_YEARS}, on("2026-02-10")}};
    struct period_terms terms = terms_of("2025-12-31", 2, PERIOD_MONTHS);
    assert_date(derive(&terms).unrolled, "2026-02-28");
    terms.extensions = extensions;
    terms.extension_count = 1;
    assert_date(derive(&terms).unrolled, "2026-03-31"); /* not 02-28 + 1 month */
    terms.extension_count = 2;
    assert_date(derive(&terms).unrolled, "2027-03-31"); /* a year is twelve months */
    struct period_extension ten = {{10, PERIOD_WORKING_DAYS}, on("2025-10-10")};
    terms = terms_of("2025-09-26", 10, PERIOD_WORKING_DAYS); /* E7 */
    terms.extensions = &ten;
    terms.extension_count = 1;
    assert_date(derive(&terms).last_day, "2025-10-30");
}

static void an_extension_in_another_unit_counts_on_unrolled(void **state)
{
    (void)state;
    struct period_extension extension = {{10, PERIOD_DAYS}, on("2025-10-01")};
    struct period_terms terms = terms_of("2025-08-05", 2, PERIOD_MONTHS);
    terms.extensions = &extension;
    terms.extension_count = 1;
    assert_date(derive(&terms).last_day, "2025-10-15"); /* 10-05 + 10, not 10-09 + 10 */
    extension.by = (struct period){3, PERIOD_WORKING_DAYS};
    assert_date(derive(&terms).last_day, "2025-10-11"); /* 10-09, 10-10, and the worked 10-11 */
    /* Stopped on 10-07, none of the three is used: they follow the stop. */
    struct period_stop stop = stop_of("2025-10-07", "2025-10-20");
    terms.stops = &stop;
    terms.stop_count = 1;
    assert_date(derive(&terms).last_day, "2025-10-23");
    terms.stop_count = 0;
    extension.by = (struct period){30, PERIOD_HOURS}; /* two days: a day ends at 24:00 */
    assert_date(derive(&terms).unrolled, "2025-10-07");
    extension.by = (struct period){on("2025-11-01"), PERIOD_UNTIL};
    assert_date(derive(&terms).last_day, "2025-11-01"); /* given, so a Saturday stands */
    extension.by = (struct period){on("2025-09-01"), PERIOD_UNTIL};
    assert_date(derive(&terms).last_day, "2025-10-09"); /* nothing is shortened */
}

static void a_given_date_rolls_once_something_moved_it(void **state)
{
    (void)state;
    struct period_extension extension = {{2, PERIOD_DAYS}, on("2025-10-01")};
    struct period_stop stop = stop_of("2025-09-10", "2025-09-12");
    struct period_terms terms = terms_of("2025-09-01", on("2025-10-17"), PERIOD_UNTIL);
    terms.extensions = &extension;
    terms.extension_count = 1;
    assert_date(derive(&terms).unrolled, "2025-10-19");
    assert_date(derive(&terms).last_day, "2025-10-20");
    terms.extension_count = 0;
    terms.stops = &stop;
    terms.stop_count = 1;
    assert_date(derive(&terms).unrolled, "2025-10-19");
    assert_date(derive(&terms).last_day, "2025-10-20");
}

static void hours_are_extended_by_hours_and_by_days(void **state)
{
    (void)state;
    struct period_extension extension = {{12, PERIOD_HOURS}, on("2025-05-30")};
    struct period_terms terms = terms_of("2025-05-30", 24, PERIOD_HOURS);
    terms.anchor_ms = at("2025-05-30 16:20");
    terms.extensions = &extension;
    terms.extension_count = 1;
    assert_instant(derive(&terms).due_ms, "2025-06-01 04:20");
    assert_date(derive(&terms).last_day, "2025-06-01");
    extension.by = (struct period){2, PERIOD_DAYS};
    assert_instant(derive(&terms).due_ms, "2025-06-02 16:20");
}

static void what_depends_on_an_unknown_year_is_provisional(void **state)
{
    (void)state;
    struct period_terms terms = terms_of("2026-11-05", 2, PERIOD_MONTHS);
    assert_true(derive(&terms).is_provisional);
    terms = terms_of("2026-10-30", 2, PERIOD_MONTHS);
    assert_false(derive(&terms).is_provisional);
    terms = terms_of("2026-12-01", 31, PERIOD_DAYS); /* 2027-01-01, worked for all we know */
    assert_true(derive(&terms).is_provisional);
    terms.rule = RULE_CUSTODY; /* no holiday can move it */
    assert_false(derive(&terms).is_provisional);
    terms = terms_of("2026-12-25", 10, PERIOD_WORKING_DAYS);
    assert_true(derive(&terms).is_provisional);
    terms = terms_of("2026-12-31", 24, PERIOD_HOURS);
    assert_false(derive(&terms).is_provisional);
    terms = terms_of("2023-12-25", 10, PERIOD_WORKING_DAYS); /* 2023 is not in this calendar */
    assert_true(derive(&terms).is_provisional);
    struct period_stop stop = stop_of("2023-12-29", "2024-01-05");
    terms.stops = &stop;
    terms.stop_count = 1; /* the days used before the stop lie there all the same */
    assert_true(derive(&terms).is_provisional);
}

static void what_cannot_be_counted_is_refused(void **state)
{
    (void)state;
    struct period_due due = {.last_day = 7};
    struct period_terms terms = terms_of("9999-06-01", 1, PERIOD_YEARS);
    assert_int_equal(period_derive(&terms, &china.calendar, &due), LD_OVERFLOW);
    terms = terms_of("9999-12-30", 36500, PERIOD_WORKING_DAYS);
    assert_int_equal(period_derive(&terms, &china.calendar, &due), LD_OVERFLOW);
    terms = terms_of("2025-01-01", 0, PERIOD_DAYS);
    assert_int_equal(period_derive(&terms, &china.calendar, &due), LD_INVALID);
    terms = terms_of("2025-01-01", PERIOD_AMOUNT_MAX + 1, PERIOD_DAYS);
    assert_int_equal(period_derive(&terms, &china.calendar, &due), LD_OVERFLOW);
    terms = terms_of("2025-01-01", 5, PERIOD_HOURS);
    terms.anchor_ms = INT64_MAX - 5;
    assert_int_equal(period_derive(&terms, &china.calendar, &due), LD_OVERFLOW);
    terms = terms_of("9999-12-26", 5, PERIOD_DAYS); /* 9999-12-31 itself is still a date */
    assert_int_equal(period_derive(&terms, &china.calendar, &due), LD_OK);
    assert_date(due.last_day, "9999-12-31");
}

static void dates_are_added_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *date;
        struct period by;
        enum period_rule rule;
        const char *expected;
    } table[] = {
        {"2025-10-09", {-3, PERIOD_WORKING_DAYS}, RULE_CIVIL, "2025-09-28"},
        {"2025-10-09", {-15, PERIOD_DAYS}, RULE_CIVIL, "2025-09-24"},
        {"2025-03-31", {-1, PERIOD_MONTHS}, RULE_CIVIL, "2025-02-28"},
        {"2025-02-28", {-1, PERIOD_MONTHS}, RULE_CIVIL, "2025-01-28"},
        {"2025-02-28", {-1, PERIOD_MONTHS}, RULE_CRIMINAL, "2025-01-31"},
        {"2025-02-28", {-1, PERIOD_YEARS}, RULE_CIVIL, "2024-02-28"},
        {"2025-02-28", {0, PERIOD_MONTHS}, RULE_CIVIL, "2025-02-28"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        int32_t date;
        assert_int_equal(
            period_add(&china.calendar, on(table[i].date), table[i].by, table[i].rule, &date),
            LD_OK);
        assert_date(date, table[i].expected);
    }
}

static void a_trace_says_why_each_day_counts(void **state)
{
    (void)state;
    struct period_stop stop = stop_of("2025-10-09", "2025-10-10");
    struct period_terms terms = terms_of("2025-09-30", 4, PERIOD_WORKING_DAYS);
    terms.stops = &stop;
    terms.stop_count = 1;
    uint32_t count;
    const struct trace_step *steps = trace(&terms, &count);
    assert_int_equal(steps[0].kind, TRACE_ANCHOR);
    assert_date(steps[0].date, "2025-09-30");
    for (uint32_t i = 1; i <= 8; i++)
        assert_int_equal(steps[i].kind, TRACE_DAY_OFF);
    assert_int_equal(steps[9].kind, TRACE_COUNTED);
    assert_int_equal(steps[9].number, 1);
    assert_int_equal(steps[10].kind, TRACE_STOPPED);
    assert_date(steps[10].date, "2025-10-10");
    assert_int_equal(steps[11].number, 2); /* the worked Saturday 10-11 */
    assert_date(steps[count - 1].date, "2025-10-14");
    assert_int_equal(steps[count - 1].kind, TRACE_LAST);
}

static void a_trace_of_months_names_the_corresponding_day(void **state)
{
    (void)state;
    struct period_extension extension = {{1, PERIOD_MONTHS}, on("2025-11-20")};
    struct period_stop stop = stop_of("2025-10-13", "2025-11-10");
    struct period_terms terms = terms_of("2025-09-30", 1, PERIOD_MONTHS);
    terms.stops = &stop;
    terms.stop_count = 1;
    terms.extensions = &extension;
    terms.extension_count = 1;
    uint32_t count;
    const struct trace_step *steps = trace(&terms, &count);
    assert_int_equal(count, 1 + 1 + 1 + 28 + 1 + 1 + 1);
    assert_int_equal(steps[1].kind, TRACE_EXTENDED);
    assert_int_equal(steps[2].kind, TRACE_MONTH);
    assert_int_equal(steps[2].number, 2);
    assert_date(steps[2].date, "2025-11-30");
    assert_int_equal(steps[31].kind, TRACE_SHIFTED);
    assert_int_equal(steps[31].number, 28);
    assert_date(steps[31].date, "2025-12-28");
    assert_int_equal(steps[32].kind, TRACE_ROLLED_OVER);
    assert_date(steps[33].date, "2025-12-29");
    terms = terms_of("2026-02-28", 3, PERIOD_MONTHS);
    terms.rule = RULE_CRIMINAL;
    steps = trace(&terms, &count);
    assert_int_equal(steps[1].kind, TRACE_MONTH_END);
    terms = terms_of("2024-07-31", 2, PERIOD_MONTHS); /* there is no 31 September */
    steps = trace(&terms, &count);
    assert_int_equal(steps[1].kind, TRACE_MONTH_END);
}

static void a_trace_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    static uint8_t block[4096];
    struct arena arena;
    const struct trace_step *steps;
    uint32_t count;
    struct period_terms terms = terms_of("2025-09-30", 30, PERIOD_DAYS);
    arena_init(&arena, block, sizeof(block));
    assert_int_equal(period_trace(&terms, &china.calendar, &arena, 32, &steps, &count), LD_OK);
    assert_int_equal(period_trace(&terms, &china.calendar, &arena, 31, &steps, &count), LD_FULL);
    arena_init(&arena, block, 64);
    assert_int_equal(period_trace(&terms, &china.calendar, &arena, 99, &steps, &count), LD_FULL);
}

/* xorshift64*: the seed is the test. */
static uint64_t random_state = 20250207;

static int32_t draw(int32_t from, int32_t until)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    uint64_t drawn = (random_state * 2685821657736338717u) >> 33;
    return from + (int32_t)(drawn % (uint64_t)(until - from + 1));
}

struct random_terms {
    struct period_terms terms;
    struct period_stop stops[4];
    struct period_extension extensions[3];
};

static void draw_terms(struct random_terms *drawn)
{
    static const int32_t most[] = {900, 200, 150, 14, 2};
    int32_t anchor = draw(on("2023-11-01"), on("2026-12-31"));
    enum period_unit unit = (enum period_unit)draw(PERIOD_HOURS, PERIOD_YEARS);
    int64_t zero_ms = instant_of_date(anchor, 480);
    drawn->terms = (struct period_terms){
        .anchor = anchor,
        .anchor_ms = zero_ms + draw(0, DAY_MS - 1),
        .budget = {draw(1, most[unit]), unit},
        .rule = (enum period_rule)draw(RULE_CIVIL, RULE_CUSTODY),
        .is_rolled = draw(0, 3) > 0,
        .stops = drawn->stops,
        .stop_count = (uint32_t)draw(0, 4),
        .extensions = drawn->extensions,
        .extension_count = (uint32_t)draw(0, 3),
    };
    int32_t date = anchor + draw(-10, 40);
    for (uint32_t i = 0; i < drawn->terms.stop_count; i++) {
        struct period_stop *stop = &drawn->stops[i];
        *stop = (struct period_stop){.from = date, .until = date + draw(0, 40)};
        stop->from_ms = instant_of_date(stop->from, 480) + draw(0, HOUR_MS);
        stop->until_ms = instant_of_date(stop->until, 480) + HOUR_MS + draw(0, HOUR_MS);
        date = stop->until + draw(0, 60);
    }
    for (uint32_t i = 0; i < drawn->terms.extension_count; i++) {
        enum period_unit by = (enum period_unit)draw(PERIOD_HOURS, PERIOD_YEARS);
        drawn->extensions[i] = (struct period_extension){{draw(1, most[by]), by}, anchor};
    }
}

static void the_trace_ends_where_the_derivation_does(void **state)
{
    (void)state;
    struct random_terms drawn;
    for (int i = 0; i < 4000; i++) {
        draw_terms(&drawn);
        bool is_hours = drawn.terms.budget.unit == PERIOD_HOURS;
        struct period_due due = derive(&drawn.terms);
        uint32_t count;
        const struct trace_step *steps = trace(&drawn.terms, &count);
        assert_int_equal(steps[count - 1].kind, is_hours ? TRACE_HOURS : TRACE_LAST);
        assert_int_equal(steps[count - 1].date, due.last_day);
        assert_int_equal(steps[0].kind, TRACE_ANCHOR);
        assert_true(due.due_ms > drawn.terms.anchor_ms);
        assert_true(due.last_day >= due.unrolled && due.unrolled >= drawn.terms.anchor);
        if (!is_hours)
            assert_int_equal(due.due_ms, calendar_end_of(&china.calendar, due.last_day));
    }
}

/* Each day, one after the other: does it count, and is it the last? */
static int32_t count_slowly(const struct period_terms *terms)
{
    int32_t number = 0, date = terms->anchor;
    bool is_working = terms->budget.unit == PERIOD_WORKING_DAYS;
    while (number < terms->budget.amount) {
        date++;
        bool is_stopped = false;
        for (uint32_t i = 0; i < terms->stop_count; i++)
            is_stopped |= date > terms->stops[i].from && date <= terms->stops[i].until;
        if (!is_stopped && (!is_working || calendar_is_working(&china.calendar, date)))
            number++;
    }
    return date;
}

/* Does a stop begin on or behind the last counted day? There the oracle knows nothing. */
static bool ends_before_a_stop(const struct period_terms *terms, int32_t end)
{
    for (uint32_t i = 0; i < terms->stop_count; i++)
        if (terms->stops[i].from >= end && terms->stops[i].from < end + 30)
            return true;
    return false;
}

static void stops_agree_with_one_day_after_the_other(void **state)
{
    (void)state;
    struct random_terms drawn;
    int compared = 0;
    for (int i = 0; i < 4000; i++) {
        draw_terms(&drawn);
        drawn.terms.extension_count = 0;
        drawn.terms.budget.unit = draw(0, 1) ? PERIOD_DAYS : PERIOD_WORKING_DAYS;
        drawn.terms.budget.amount = draw(1, 200);
        int32_t expected = count_slowly(&drawn.terms);
        if (ends_before_a_stop(&drawn.terms, expected))
            continue;
        assert_int_equal(derive(&drawn.terms).unrolled, expected);
        compared++;
    }
    assert_true(compared > 1000);
}

static void counted_days_of_a_trace_are_the_budget(void **state)
{
    (void)state;
    struct random_terms drawn;
    for (int i = 0; i < 2000; i++) {
        draw_terms(&drawn);
        drawn.terms.extension_count = 0;
        drawn.terms.budget.unit = draw(0, 1) ? PERIOD_DAYS : PERIOD_WORKING_DAYS;
        drawn.terms.budget.amount = draw(1, 200);
        uint32_t count;
        const struct trace_step *steps = trace(&drawn.terms, &count);
        int32_t counted = 0;
        for (uint32_t k = 0; k < count; k++)
            if (steps[k].kind == TRACE_COUNTED)
                assert_int_equal(steps[k].number, ++counted);
        assert_int_equal(counted, drawn.terms.budget.amount);
    }
}

/* Same-unit extensions are one sum, so it cannot matter in which order they were granted, nor
 * whether before or after a stop. */
static void the_order_of_extensions_in_one_unit_does_not_matter(void **state)
{
    (void)state;
    struct random_terms drawn;
    for (int i = 0; i < 1000; i++) {
        draw_terms(&drawn);
        drawn.terms.extension_count = 2;
        for (int k = 0; k < 2; k++) {
            drawn.extensions[k].by = drawn.terms.budget;
            drawn.extensions[k].by.amount = draw(1, 5);
        }
        int32_t last_day = derive(&drawn.terms).last_day;
        struct period_extension first = drawn.extensions[0];
        drawn.extensions[0] = drawn.extensions[1];
        drawn.extensions[1] = first;
        assert_int_equal(derive(&drawn.terms).last_day, last_day);
        drawn.terms.budget.amount += first.by.amount + drawn.extensions[0].by.amount;
        drawn.terms.extension_count = 0;
        assert_int_equal(derive(&drawn.terms).last_day, last_day);
    }
}

static void more_time_never_means_an_earlier_day(void **state)
{
    (void)state;
    struct random_terms drawn;
    for (int i = 0; i < 2000; i++) {
        draw_terms(&drawn);
        /* Hours with days added keep their time of day: an hour past midnight and one working day
         * can end before the hour before midnight and one working day. */
        if (drawn.terms.budget.unit == PERIOD_HOURS)
            drawn.terms.extension_count = 0;
        int32_t last_day = derive(&drawn.terms).last_day;
        drawn.terms.budget.amount++;
        assert_true(derive(&drawn.terms).last_day >= last_day);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_examples_end_on_their_day),
        cmocka_unit_test(rolling_can_be_turned_off),
        cmocka_unit_test(custody_does_not_roll),
        cmocka_unit_test(hours_run_through_holidays_to_the_millisecond),
        cmocka_unit_test(stopped_hours_are_given_back_exactly),
        cmocka_unit_test(a_stop_moves_the_unrolled_last_day),
        cmocka_unit_test(a_stop_within_one_day_has_no_effect),
        cmocka_unit_test(working_days_left_are_counted_on_after_the_stop),
        cmocka_unit_test(working_days_used_up_end_with_the_stop),
        cmocka_unit_test(a_stop_gives_back_only_days_that_would_have_counted),
        cmocka_unit_test(a_stop_on_a_day_the_period_rolls_over_comes_in_time),
        cmocka_unit_test(an_open_stop_lasts_for_ever),
        cmocka_unit_test(an_extension_in_the_same_unit_is_counted_from_the_anchor),
        cmocka_unit_test(an_extension_in_another_unit_counts_on_unrolled),
        cmocka_unit_test(a_given_date_rolls_once_something_moved_it),
        cmocka_unit_test(hours_are_extended_by_hours_and_by_days),
        cmocka_unit_test(what_depends_on_an_unknown_year_is_provisional),
        cmocka_unit_test(what_cannot_be_counted_is_refused),
        cmocka_unit_test(dates_are_added_both_ways),
        cmocka_unit_test(a_trace_says_why_each_day_counts),
        cmocka_unit_test(a_trace_of_months_names_the_corresponding_day),
        cmocka_unit_test(a_trace_that_does_not_fit_is_refused),
        cmocka_unit_test(the_trace_ends_where_the_derivation_does),
        cmocka_unit_test(stops_agree_with_one_day_after_the_other),
        cmocka_unit_test(counted_days_of_a_trace_are_the_budget),
        cmocka_unit_test(the_order_of_extensions_in_one_unit_does_not_matter),
        cmocka_unit_test(more_time_never_means_an_earlier_day),
    };
    return cmocka_run_group_tests(tests, test_calendar_setup, NULL);
}
