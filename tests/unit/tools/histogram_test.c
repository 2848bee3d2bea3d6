/* The histogram against plain counting: exact where it is exact, within 1 in 32 elsewhere. */
#include "tools/bench/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct histogram histogram, other;

static int clear(void **unused)
{
    (void)unused;
    histogram = (struct histogram){0};
    other = (struct histogram){0};
    return 0;
}

static void test_an_empty_one_says_zero(void **unused)
{
    (void)unused;
    assert_int_equal(histogram_at(&histogram, 50000), 0);
    assert_int_equal(histogram_mean(&histogram), 0);
}

static void test_small_values_are_exact(void **unused)
{
    (void)unused;
    for (uint64_t i = 1; i <= 31; i++)
        histogram_add(&histogram, i);
    assert_int_equal(histogram_at(&histogram, 50000), 16);
    assert_int_equal(histogram_at(&histogram, 100000), 31);
    assert_int_equal(histogram_at(&histogram, 0), 1);
    assert_int_equal(histogram_mean(&histogram), 16);
}

/* One value alone is its own median, since no answer lies beyond the largest value. */
static void test_one_value_is_every_quantile(void **unused)
{
    static const uint64_t values[] = {0,    31,        32,         63,        64,
                                      1000, 123456789, UINT32_MAX, INT64_MAX, UINT64_MAX};
    (void)unused;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        (void)clear(NULL);
        histogram_add(&histogram, values[i]);
        assert_true(histogram_at(&histogram, 50000) == values[i]);
        assert_true(histogram_at(&histogram, 99900) == values[i]);
        assert_true(histogram.max == values[i]);
    }
}

/* For each power of two and what stands beside it: the answer is never below the value, and above
 * it by less than 1 in 32. */
static void test_the_error_is_bounded_in_every_octave(void **unused)
{
    (void)unused;
    for (uint32_t bit = 0; bit < 63; bit++) {
        for (uint64_t beside = 0; beside < 3; beside++) {
            uint64_t value = ((uint64_t)1 << bit) + beside - (bit > 0 ? 1 : 0);
            (void)clear(NULL);
            histogram_add(&histogram, value);
            histogram_add(&histogram, UINT64_MAX); /* so that the maximum does not hide it */
            uint64_t median = histogram_at(&histogram, 50000);
            assert_true(median >= value);
            assert_true(median - value <= value / HISTOGRAM_SUBS);
        }
    }
}

static void test_quantiles_count_from_below(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 999; i++)
        histogram_add(&histogram, 10);
    histogram_add(&histogram, 5000000);
    assert_int_equal(histogram_at(&histogram, 50000), 10);
    assert_int_equal(histogram_at(&histogram, 99900), 10);
    assert_int_equal(histogram_at(&histogram, 99901), 5000000);
    assert_int_equal(histogram_at(&histogram, 100000), 5000000);
}

static void test_two_added_up_are_as_one(void **unused)
{
    struct histogram whole = {0};
    uint64_t value = 1;
    (void)unused;
    for (uint32_t i = 0; i < 1000; i++) {
        value = value * 2862933555777941757u + 3037000493u; /* any spread of values */
        histogram_add(i % 3 ? &histogram : &other, value >> 20);
        histogram_add(&whole, value >> 20);
    }
    histogram_merge(&histogram, &other);
    assert_memory_equal(&histogram, &whole, sizeof whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_an_empty_one_says_zero, clear),
        cmocka_unit_test_setup(test_small_values_are_exact, clear),
        cmocka_unit_test_setup(test_one_value_is_every_quantile, clear),
        cmocka_unit_test_setup(test_the_error_is_bounded_in_every_octave, clear),
        cmocka_unit_test_setup(test_quantiles_count_from_below, clear),
        cmocka_unit_test_setup(test_two_added_up_are_as_one, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
