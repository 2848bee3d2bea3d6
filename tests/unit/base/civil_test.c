/* Dates and instants against known days, and against each other over a long range. */
#include "base/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void known_days(void **state)
{
    (void)state;
    assert_int_equal(date_from_civil((struct civil){1970, 1, 1}), 0);
    assert_int_equal(date_from_civil((struct civil){2000, 3, 1}), 11017);
    assert_int_equal(date_from_civil((struct civil){1, 1, 1}), DATE_MIN);
    assert_int_equal(date_from_civil((struct civil){9999, 12, 31}), DATE_MAX);
    assert_int_equal(date_weekday(0), 3);
    assert_int_equal(date_weekday(date_from_civil((struct civil){2025, 9, 28})), 6);
}

static void every_day_comes_back(void **state)
{
    (void)state;
    for (int32_t date = DATE_MIN; date <= DATE_MAX; date += 13) {
        struct civil civil = civil_from_date(date);
        assert_int_equal(date_from_civil(civil), date);
        assert_in_range(civil.month, 1, 12);
        assert_in_range(civil.day, 1, month_length(civil.year, civil.month));
    }
}

static void leap_years(void **state)
{
    (void)state;
    assert_int_equal(month_length(2024, 2), 29);
    assert_int_equal(month_length(2025, 2), 28);
    assert_int_equal(month_length(2000, 2), 29);
    assert_int_equal(month_length(2100, 2), 28);
}

static void dates_as_text(void **state)
{
    (void)state;
    int32_t date = 7;
    assert_true(date_parse(BYTES_LITERAL("2025-10-09"), &date));
    assert_int_equal(date, date_from_civil((struct civil){2025, 10, 9}));
    date = 7;
    static const char *const wrong[] = {"2025-02-29", "2025-13-01", "2025-1-01", "2025-01-01 ",
                                        "2025-00-10", "0000-01-01", "25-01-01", "", "2025-01-3x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(date_parse(bytes_from_text(wrong[i]), &date));
    assert_int_equal(date, 7);
}

static int64_t instant(const char *text)
{
    int64_t instant_ms = INSTANT_NONE;
    assert_true(instant_parse(bytes_from_text(text), 480, &instant_ms));
    return instant_ms;
}

static void instants_as_text(void **state)
{
    (void)state;
    assert_int_equal(instant("1970-01-01T08:00:00"), 0);
    assert_int_equal(instant("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(instant("1970-01-01 08:00"), 0);
    assert_int_equal(instant("1970-01-01T00:00:00.25-01:00"), HOUR_MS + 250);
    assert_int_equal(instant("2016-12-31T23:59:60Z"), instant("2017-01-01T00:00:00Z"));
    int64_t untouched = 5;
    static const char *const wrong[] = {"2025-01-01", "2025-01-01T24:00", "2025-01-01T10:60",
                                        "2025-01-01T10:00+8", "2025-01-01T10:00Zx",
                                        "2025-01-01T10:00:00."};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(instant_parse(bytes_from_text(wrong[i]), 480, &untouched));
    assert_int_equal(untouched, 5);
}

static void an_instant_prints_and_reads_back(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct buffer buffer;
    for (int64_t at = -HOUR_MS; at < 40 * (int64_t)DAY_MS; at += 3599999) {
        buffer_init(&buffer, memory, sizeof memory);
        buffer_put_instant(&buffer, at, -210);
        int64_t read_ms;
        assert_true(instant_parse(buffer_bytes(&buffer), 0, &read_ms));
        assert_int_equal(read_ms, at);
    }
}

static void the_day_of_an_instant_is_its_zones(void **state)
{
    (void)state;
    int64_t end = instant("2025-10-10T00:00:00+08:00");
    assert_int_equal(date_of_instant(end, 480), date_of_instant(end - 1, 480) + 1);
    assert_int_equal(instant_of_date(date_of_instant(end, 480), 480), end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_days),
        cmocka_unit_test(every_day_comes_back),
        cmocka_unit_test(leap_years),
        cmocka_unit_test(dates_as_text),
        cmocka_unit_test(instants_as_text),
        cmocka_unit_test(an_instant_prints_and_reads_back),
        cmocka_unit_test(the_day_of_an_instant_is_its_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
