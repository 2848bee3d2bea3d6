/* The evaluator on trees that no compiler built: what reaches it untyped is answered by an error,
 * never by reading a value as what it is not, and an error leaves the result alone. */
#include "workflows/core/expr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint8_t block[1 << 16];

static struct expr literal(struct value value)
{
    return (struct expr){.op = EXPR_LITERAL, .literal = value};
}

static enum expr_err eval(const struct expr *expr, struct value *ret_value)
{
    static const struct expr_env env;
    struct arena arena;
    arena_init(&arena, block, sizeof block);
    return expr_eval(expr, &env, &arena, ret_value);
}

static enum expr_err eval_binary(enum expr_op op, struct value left, struct value right,
                                 struct value *ret_value)
{
    struct expr sides[2] = {literal(left), literal(right)};
    const struct expr *args[2] = {&sides[0], &sides[1]};
    const struct expr expr = {.op = op, .args = args, .arg_count = 2};
    return eval(&expr, ret_value);
}

static struct value sample(enum value_kind kind)
{
    static const struct value item = {.kind = VALUE_INT, .as.integer = 1};
    static const struct value_entry entry = {{(const uint8_t *)"a", 1},
                                             {.kind = VALUE_INT, .as.integer = 1}};
    switch (kind) {
    case VALUE_NONE: return VALUE_ABSENT;
    case VALUE_BOOL: return value_bool(true);
    case VALUE_INT: return value_int(3);
    case VALUE_DOUBLE: return value_double(3.5);
    case VALUE_TEXT: return value_words("a");
    case VALUE_DATE: return value_date(20000);
    case VALUE_TIMESTAMP: return value_timestamp(5);
    case VALUE_UNIT: return value_unit((struct bytes){(const uint8_t *)"u", 1});
    case VALUE_LIST: return value_list(&item, 1);
    case VALUE_MAP: return value_map(&entry, 1);
    case VALUE_KIND_COUNT: break;
    }
    fail();
    return VALUE_ABSENT;
}

/* Every operator over every pair of kinds gives a value or an error of the table. */
static void operators_are_total_over_kinds(void **state)
{
    (void)state;
    for (enum expr_op op = EXPR_AND; op <= EXPR_MODULO; op++) {
        if (op == EXPR_CHOOSE)
            continue;
        for (int left = 0; left < VALUE_KIND_COUNT; left++) {
            for (int right = 0; right < VALUE_KIND_COUNT; right++) {
                struct value value = value_int(77);
                enum expr_err err = eval_binary(op, sample((enum value_kind)left),
                                                sample((enum value_kind)right), &value);
                assert_true(err < EXPR_ERR_COUNT);
                assert_true(strlen(expr_err_word(err)) > 0);
                if (err)
                    assert_int_equal(value.as.integer, 77);
            }
        }
    }
}

static void kinds_that_do_not_go_together_are_no_overload(void **state)
{
    (void)state;
    struct value value;
    assert_int_equal(eval_binary(EXPR_ADD, sample(VALUE_DATE), sample(VALUE_INT), &value),
                     EXPR_ERR_NO_OVERLOAD);
    assert_int_equal(eval_binary(EXPR_LESS, sample(VALUE_UNIT), sample(VALUE_UNIT), &value),
                     EXPR_ERR_NO_OVERLOAD);
    assert_int_equal(eval_binary(EXPR_ADD, sample(VALUE_INT), sample(VALUE_DOUBLE), &value),
                     EXPR_ERR_NO_OVERLOAD);
    assert_int_equal(eval_binary(EXPR_IN, sample(VALUE_INT), sample(VALUE_TEXT), &value),
                     EXPR_ERR_NO_OVERLOAD);
    assert_int_equal(eval_binary(EXPR_EQUAL, sample(VALUE_UNIT), sample(VALUE_TEXT), &value),
                     EXPR_OK);
    assert_false(value.as.boolean);
}

static void one_operand_that_decides_is_enough(void **state)
{
    (void)state;
    struct value value;
    assert_int_equal(eval_binary(EXPR_AND, sample(VALUE_INT), value_bool(false), &value), EXPR_OK);
    assert_false(value.as.boolean);
    assert_int_equal(eval_binary(EXPR_OR, sample(VALUE_INT), value_bool(true), &value), EXPR_OK);
    assert_true(value.as.boolean);
    assert_int_equal(eval_binary(EXPR_OR, sample(VALUE_INT), value_bool(false), &value),
                     EXPR_ERR_NO_OVERLOAD);
}

static void names_without_a_value_are_no_such_field(void **state)
{
    (void)state;
    static const enum expr_slot slots[] = {SLOT_EVENT_DATA, SLOT_CASE_FIELD, SLOT_PARTY};
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        struct value value;
        const struct expr name = {.op = EXPR_NAME, .slot = slots[i]};
        const struct expr *args[1] = {&name};
        const struct expr has = {.op = EXPR_HAS, .args = args, .arg_count = 1};
        assert_int_equal(eval(&name, &value), EXPR_ERR_NO_SUCH_FIELD);
        assert_int_equal(eval(&has, &value), EXPR_OK);
        assert_false(value.as.boolean);
    }
}

/* A full arena is no answer of the expression: `true || …` must not hide it, or a replay with more
 * memory would decide otherwise. */
static void memory_is_not_absorbed(void **state)
{
    (void)state;
    struct value value = value_int(77);
    struct expr item = literal(value_bool(true));
    const struct expr *items[1] = {&item};
    const struct expr list = {.op = EXPR_LIST, .args = items, .arg_count = 1};
    const struct expr *sides[2] = {&list, &item};
    const struct expr either = {.op = EXPR_OR, .args = sides, .arg_count = 2};
    static const struct expr_env env;
    struct arena arena;
    arena_init(&arena, block, 1);
    assert_int_equal(expr_eval(&either, &env, &arena, &value), EXPR_ERR_MEMORY);
    assert_int_equal(value.as.integer, 77);
    assert_int_equal(eval(&either, &value), EXPR_OK);
    assert_true(value.as.boolean);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_are_total_over_kinds),
        cmocka_unit_test(kinds_that_do_not_go_together_are_no_overload),
        cmocka_unit_test(one_operand_that_decides_is_enough),
        cmocka_unit_test(names_without_a_value_are_no_such_field),
        cmocka_unit_test(memory_is_not_absorbed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
