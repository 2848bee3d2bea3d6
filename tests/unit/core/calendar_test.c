/* Goal: a day counts exactly as the notices say. Method: totals of whole years, single days around
 * each kind of exception, and every closed-form result against a day-by-day count. */
#include "calendar_2024_2026.h"

static void years_have_their_announced_number_of_working_days(void **state)
{
    (void)state;
    const struct calendar *cn = &china.calendar;
    assert_int_equal(calendar_count_working(cn, on("2023-12-31"), on("2024-12-31")), 251);
    assert_int_equal(calendar_count_working(cn, on("2024-12-31"), on("2025-12-31")), 248);
    assert_int_equal(calendar_count_working(cn, on("2025-12-31"), on("2026-12-31")), 248);
}

static void days_are_what_the_notice_makes_them(void **state)
{
    (void)state;
    const struct calendar *cn = &china.calendar;
    static const struct {
        const char *date;
        bool is_working;
    } table[] = {
        {"2024-02-09", true},  /* leave is only encouraged */
        {"2025-10-01", false}, /* a Wednesday of the holiday */
        {"2025-09-28", true},  /* a Sunday that is worked */
        {"2025-10-11", true},  /* a Saturday that is worked */
        {"2025-10-12", false}, /* a plain Sunday */
        {"2025-10-09", true},  {"2024-02-18", true}, {"2024-02-17", false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(calendar_is_working(cn, on(table[i].date)), table[i].is_working);
}

static void special_days_and_announced_years_are_found(void **state)
{
    (void)state;
    const struct calendar *cn = &china.calendar;
    assert_int_equal(calendar_day_at(cn, on("2025-10-08"))->kind, DAY_OFF);
    assert_int_equal(calendar_day_at(cn, on("2026-10-10"))->kind, DAY_WORK);
    assert_null(calendar_day_at(cn, on("2025-10-09")));
    assert_null(calendar_day_at(cn, on("2030-01-01")));
    assert_int_equal(calendar_year_of(cn, on("2024-01-01"))->year, 2024);
    assert_int_equal(calendar_year_of(cn, on("2026-12-31"))->year, 2026);
    assert_null(calendar_year_of(cn, on("2023-12-31")));
    assert_null(calendar_year_of(cn, on("2027-01-01")));
}

static void a_year_not_announced_knows_its_weekend_alone(void **state)
{
    (void)state;
    struct test_calendar test;
    test_calendar_init(&test);
    test.calendar.year_count = 1; /* 2025 and 2026 are listed but not announced */
    assert_true(calendar_is_working(&test.calendar, on("2025-10-01")));
    assert_false(calendar_is_working(&test.calendar, on("2025-09-28")));
    assert_int_equal(calendar_count_working(&test.calendar, on("2024-12-31"), on("2025-12-31")),
                     261);
    assert_false(calendar_is_working(&test.calendar, on("2024-10-01")));
    assert_true(calendar_is_working(&china.calendar, on("2027-10-01")));
}

static void rolling_ends_on_the_first_working_day(void **state)
{
    (void)state;
    const struct calendar *cn = &china.calendar;
    assert_date(calendar_roll(cn, on("2025-10-05")), "2025-10-09");
    assert_date(calendar_roll(cn, on("2025-10-09")), "2025-10-09");
    assert_date(calendar_roll(cn, on("2025-04-27")), "2025-04-27");
    assert_date(calendar_roll(cn, on("2024-02-12")), "2024-02-18"); /* a Sunday that is worked */
    assert_date(calendar_roll_back(cn, on("2025-10-05")), "2025-09-30");
    assert_date(calendar_roll_back(cn, on("2025-09-30")), "2025-09-30");
    assert_date(calendar_roll_back(cn, on("2025-09-29")), "2025-09-29");
    assert_date(calendar_roll_back(cn, on("2025-10-12")), "2025-10-11");
}

static void working_days_are_added_and_taken_away(void **state)
{
    (void)state;
    const struct calendar *cn = &china.calendar;
    assert_date(calendar_add_working(cn, on("2025-09-26"), 10), "2025-10-16");
    assert_date(calendar_add_working(cn, on("2025-10-09"), -3), "2025-09-28");
    assert_date(calendar_add_working(cn, on("2025-10-05"), 0), "2025-10-05");
    assert_date(calendar_add_working(cn, on("2025-10-05"), 1), "2025-10-09");
    assert_date(calendar_add_working(cn, on("2025-10-05"), -1), "2025-09-30");
}

/* The oracle: one day after the other. */
static int32_t count_slowly(const struct calendar *calendar, int32_t after, int32_t through)
{
    int32_t count = 0;
    for (int32_t date = after + 1; date <= through; date++)
        count += calendar_is_working(calendar, date);
    return count;
}

static void counting_agrees_with_one_day_after_the_other(void **state)
{
    (void)state;
    const struct calendar *cn = &china.calendar;
    int32_t first = on("2023-11-20");
    for (int32_t after = first; after < on("2027-02-10"); after += 5) {
        for (int32_t length = 0; length < 420; length += 7) {
            int32_t count = count_slowly(cn, after, after + length);
            assert_int_equal(calendar_count_working(cn, after, after + length), count);
            assert_int_equal(calendar_count_working(cn, after + length, after), -count);
        }
    }
}

static void adding_agrees_with_counting_both_ways(void **state)
{
    (void)state;
    const struct calendar *cn = &china.calendar;
    for (int32_t date = on("2023-12-01"); date < on("2027-02-10"); date += 3) {
        for (int32_t count = 1; count < 300; count += 11) {
            int32_t ahead = calendar_add_working(cn, date, count);
            assert_true(calendar_is_working(cn, ahead));
            assert_int_equal(calendar_count_working(cn, date, ahead), count);
            int32_t back = calendar_add_working(cn, date, -count);
            assert_true(calendar_is_working(cn, back));
            assert_int_equal(calendar_count_working(cn, back - 1, date - 1), count);
        }
    }
}

static void dates_before_the_epoch_count_as_well(void **state)
{
    (void)state;
    const struct calendar *cn = &china.calendar;
    assert_int_equal(calendar_count_working(cn, on("1949-09-30"), on("1949-10-07")), 5);
    assert_date(calendar_add_working(cn, on("1949-10-01"), 1), "1949-10-03");
}

static void past_the_last_date_there_is_no_day(void **state)
{
    (void)state;
    struct test_calendar test;
    test_calendar_init(&test);
    assert_int_equal(calendar_add_working(&test.calendar, on("9999-12-30"), 5), DATE_MAX + 1);
    assert_int_equal(calendar_add_working(&test.calendar, on("0001-01-02"), -5), DATE_MIN - 1);
    test.calendar.weekend = 0x7f; /* nobody ever works: the answer still comes at once */
    assert_int_equal(calendar_roll(&test.calendar, on("2026-12-01")), DATE_MAX + 1);
    assert_int_equal(calendar_roll_back(&test.calendar, on("2024-01-01")), DATE_MIN - 1);
    assert_date(calendar_roll(&test.calendar, on("2026-10-01")), "2026-10-10");
}

static void a_day_ends_at_midnight_of_its_zone(void **state)
{
    (void)state;
    assert_instant(calendar_end_of(&china.calendar, on("2025-10-09")), "2025-10-10 00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(years_have_their_announced_number_of_working_days),
        cmocka_unit_test(days_are_what_the_notice_makes_them),
        cmocka_unit_test(special_days_and_announced_years_are_found),
        cmocka_unit_test(a_year_not_announced_knows_its_weekend_alone),
        cmocka_unit_test(rolling_ends_on_the_first_working_day),
        cmocka_unit_test(working_days_are_added_and_taken_away),
        cmocka_unit_test(counting_agrees_with_one_day_after_the_other),
        cmocka_unit_test(adding_agrees_with_counting_both_ways),
        cmocka_unit_test(dates_before_the_epoch_count_as_well),
        cmocka_unit_test(past_the_last_date_there_is_no_day),
        cmocka_unit_test(a_day_ends_at_midnight_of_its_zone),
    };
    return cmocka_run_group_tests(tests, test_calendar_setup, NULL);
}
