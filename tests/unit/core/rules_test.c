/* Goal: units, roles and ladders are found by name and by nothing else. Method: small sorted
 * tables, each name in them, and names beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "workflows/core/rules.h"

static const struct unit units[] = {
    {.id = BYTES_LITERAL("qj-ecology"), .supervisor = BYTES_LITERAL("qj-government-office")},
    {.id = BYTES_LITERAL("qj-government-office")},
    {.id = BYTES_LITERAL("qj-joint-office")},
};

static const struct directory_role roles[] = {
    {BYTES_LITERAL("convener"), BYTES_LITERAL("qj-vice-mayor")}, /* a unit that is not there */
    {BYTES_LITERAL("joint-office"), BYTES_LITERAL("qj-joint-office")},
};

static const struct directory directory = {
    .units = units, .unit_count = 3, .roles = roles, .role_count = 2};

static void units_are_found_by_their_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(directory_unit(&directory, units[i].id), &units[i]);
    assert_null(directory_unit(&directory, BYTES_LITERAL("qj-ecolog")));
    assert_null(directory_unit(&directory, BYTES_LITERAL("qj-ecology2")));
    assert_null(directory_unit(&directory, BYTES_LITERAL("zz")));
    assert_null(directory_unit(&directory, BYTES_NONE));
    assert_null(directory_unit(&(struct directory){0}, BYTES_LITERAL("qj-ecology")));
}

static void roles_are_held_by_units(void **state)
{
    (void)state;
    assert_ptr_equal(directory_role_unit(&directory, BYTES_LITERAL("joint-office")), &units[2]);
    assert_null(directory_role_unit(&directory, BYTES_LITERAL("convener")));
    assert_null(directory_role_unit(&directory, BYTES_LITERAL("qj-joint-office")));
}

static void ladders_are_found_by_their_name(void **state)
{
    (void)state;
    static const struct ladder ladders[] = {{.name = BYTES_LITERAL("long")},
                                            {.name = BYTES_LITERAL("short")}};
    const struct policy policy = {.ladders = ladders, .ladder_count = 2};
    assert_ptr_equal(policy_ladder(&policy, BYTES_LITERAL("long")), &ladders[0]);
    assert_ptr_equal(policy_ladder(&policy, BYTES_LITERAL("short")), &ladders[1]);
    assert_null(policy_ladder(&policy, BYTES_LITERAL("medium")));
}

static void levels_have_their_words_lowest_first(void **state)
{
    (void)state;
    assert_string_equal(alert_level_word(ALERT_NONE), "none");
    assert_string_equal(alert_level_word(ALERT_LAST_DAY), "last-day");
    assert_string_equal(alert_level_word(ALERT_ESCALATED), "escalated");
    assert_true(ALERT_NOTICE < ALERT_WARNING && ALERT_WARNING < ALERT_URGENT);
    assert_true(ALERT_LAST_DAY < ALERT_OVERDUE && ALERT_OVERDUE < ALERT_ESCALATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_found_by_their_id),
        cmocka_unit_test(roles_are_held_by_units),
        cmocka_unit_test(ladders_are_found_by_their_name),
        cmocka_unit_test(levels_have_their_words_lowest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
