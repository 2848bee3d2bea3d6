/* Look-ups in a program, and published data brought to its declared types: what is taken, and for
 * each way in which data can be wrong the field and what was wanted. */
#include "workflows/core/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct bytes choices[] = {TEXT("ecology"), TEXT("land")};
static const struct field item_fields[] = {
    {.name = TEXT("unit"), .type = {.kind = TYPE_UNIT}},
    {.name = TEXT("due_on"), .type = {.kind = TYPE_DATE}, .is_optional = true},
};
static const struct data_type item_type = {
    .kind = TYPE_RECORD, .fields = item_fields, .field_count = 2};

enum { FIELD, MONTHS, RATE, SERVED, AT, LEAD, NOTE, URGENT, ITEMS, FIELD_COUNT };

/* All optional: each test gives what it is about. */
static const struct field fields[FIELD_COUNT] = {
    [FIELD] = {.name = TEXT("field"),
               .type = {.kind = TYPE_CHOICE, .choices = choices, .choice_count = 2},
               .is_optional = true},
    [MONTHS] = {.name = TEXT("months"),
                .type = {.kind = TYPE_INT, .has_min = true, .has_max = true, .min = 1, .max = 12},
                .is_optional = true},
    [RATE] = {.name = TEXT("rate"),
              .type = {.kind = TYPE_DOUBLE, .has_min = true, .min = -0.25},
              .is_optional = true},
    [SERVED] = {.name = TEXT("served_on"), .type = {.kind = TYPE_DATE}, .is_optional = true},
    [AT] = {.name = TEXT("at"), .type = {.kind = TYPE_TIMESTAMP}, .is_optional = true},
    [LEAD] = {.name = TEXT("lead"), .type = {.kind = TYPE_UNIT}, .is_optional = true},
    [NOTE] = {.name = TEXT("note"), .type = {.kind = TYPE_TEXT}, .is_optional = true},
    [URGENT] = {.name = TEXT("urgent"),
                .type = {.kind = TYPE_BOOL},
                .is_optional = true,
                .initial = {.kind = VALUE_BOOL, .as.boolean = true}},
    [ITEMS] = {.name = TEXT("items"),
               .type = {.kind = TYPE_LIST, .of = &item_type},
               .is_optional = true},
};

static const struct unit units[] = {{.id = TEXT("qj-ecology")}, {.id = TEXT("qj-water")}};
static const struct directory directory = {.zone_minutes = 480, .units = units, .unit_count = 2};

static uint8_t block[1 << 16];
static struct arena arena;

static enum ld_err type_one(const char *name, struct value value, const struct value **ret_values,
                            struct data_problem *ret_problem)
{
    struct value_entry entry = {bytes_from_text(name), value};
    struct value data = value_map(&entry, 1);
    arena_init(&arena, block, sizeof block);
    return program_type_data(fields, FIELD_COUNT, &data, &directory, &arena, ret_values,
                             ret_problem);
}

static struct value taken(int field, struct value value)
{
    const struct value *values;
    struct data_problem problem;
    char name[NAME_MAX_SIZE] = {0};
    memcpy(name, fields[field].name.ptr, fields[field].name.size);
    assert_int_equal(type_one(name, value, &values, &problem), LD_OK);
    return values[field];
}

static void values_become_what_is_declared(void **state)
{
    (void)state;
    assert_int_equal(taken(FIELD, value_words("land")).kind, VALUE_TEXT);
    assert_int_equal(taken(MONTHS, value_int(12)).as.integer, 12);
    assert_true(taken(RATE, value_double(-0.25)).as.real == -0.25);
    assert_int_equal(taken(RATE, value_int(3)).kind, VALUE_DOUBLE);
    assert_int_equal(taken(SERVED, value_words("2025-01-01")).as.date, 20089);
    assert_int_equal(taken(SERVED, value_date(7)).as.date, 7);
    assert_true(taken(AT, value_words("2025-01-01T08:00:00")).as.timestamp_ms == 1735689600000);
    assert_true(taken(AT, value_words("2025-01-01T00:00:00Z")).as.timestamp_ms == 1735689600000);
    assert_int_equal(taken(LEAD, value_words("qj-water")).kind, VALUE_UNIT);
    assert_int_equal(taken(NOTE, value_words("")).kind, VALUE_TEXT);
    assert_int_equal(taken(NOTE, VALUE_ABSENT).kind, VALUE_NONE);
    assert_false(taken(URGENT, value_bool(false)).as.boolean);
    assert_true(taken(URGENT, VALUE_ABSENT).as.boolean);
}

static void absent_data_is_an_empty_map(void **state)
{
    (void)state;
    const struct value *values;
    struct data_problem problem;
    struct value data = VALUE_ABSENT;
    arena_init(&arena, block, sizeof block);
    assert_int_equal(program_type_data(fields, FIELD_COUNT, &data, NULL, &arena, &values, &problem),
                     LD_OK);
    assert_int_equal(values[FIELD].kind, VALUE_NONE);
    assert_true(values[URGENT].as.boolean);
    data = value_int(1);
    assert_int_equal(program_type_data(fields, FIELD_COUNT, &data, NULL, &arena, &values, &problem),
                     LD_INVALID);
    assert_int_equal(problem.kind, DATA_MISTYPED);
    assert_true(bytes_is(problem.wanted, "record"));
}

struct refusal_row {
    const char *name;
    struct value value;
    enum data_problem_kind kind;
    const char *wanted;
};

static void what_does_not_fit_is_refused_with_what_was_wanted(void **state)
{
    (void)state;
    const struct refusal_row rows[] = {
        {"field", value_words("sea"), DATA_OUT_OF_RANGE, "ecology | land"},
        {"field", value_int(1), DATA_MISTYPED, "ecology | land"},
        {"months", value_int(0), DATA_OUT_OF_RANGE, "int 1..12"},
        {"months", value_int(13), DATA_OUT_OF_RANGE, "int 1..12"},
        {"months", value_double(2.0), DATA_MISTYPED, "int 1..12"},
        {"months", value_words("2"), DATA_MISTYPED, "int 1..12"},
        {"rate", value_double(-0.26), DATA_OUT_OF_RANGE, "double -0.25.."},
        {"rate", value_double(1e308 * 10), DATA_OUT_OF_RANGE, "double -0.25.."},
        {"served_on", value_words("2025-02-30"), DATA_MISTYPED, "date YYYY-MM-DD"},
        {"served_on", value_words("2025-2-3"), DATA_MISTYPED, "date YYYY-MM-DD"},
        {"served_on", value_int(20250203), DATA_MISTYPED, "date YYYY-MM-DD"},
        {"at", value_words("2025-02-30T00:00:00Z"), DATA_MISTYPED, "timestamp RFC 3339"},
        {"lead", value_words("qj-nobody"), DATA_NO_UNIT, "unit"},
        {"lead", value_words(""), DATA_MISTYPED, "unit"},
        {"note", value_int(2025), DATA_MISTYPED, "text"},
        {"note", value_words("\xff"), DATA_MISTYPED, "text"},
        {"urgent", value_words("true"), DATA_MISTYPED, "bool"},
        {"urgent", value_int(1), DATA_MISTYPED, "bool"},
        {"items", value_words("x"), DATA_MISTYPED, "list"},
        {"nothing", value_int(1), DATA_UNKNOWN,
         "field, months, rate, served_on, at, lead, note, urgent, items"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct value *values = NULL;
        struct data_problem problem;
        assert_int_equal(type_one(rows[i].name, rows[i].value, &values, &problem), LD_INVALID);
        assert_null(values);
        assert_int_equal(problem.kind, rows[i].kind);
        assert_true(bytes_is(problem.field, rows[i].name));
        if (!bytes_is(problem.wanted, rows[i].wanted))
            fail_msg("%s: wanted %.*s", rows[i].name, BYTES_PRINTF(problem.wanted));
    }
}

static void missing_fields_are_named(void **state)
{
    (void)state;
    static const struct field needed[] = {{.name = TEXT("by"), .type = {.kind = TYPE_DATE}}};
    const struct value *values;
    struct data_problem problem;
    struct value data = value_map(NULL, 0);
    arena_init(&arena, block, sizeof block);
    assert_int_equal(program_type_data(needed, 1, &data, NULL, &arena, &values, &problem),
                     LD_INVALID);
    assert_int_equal(problem.kind, DATA_MISSING);
    assert_true(bytes_is(problem.field, "by"));
    assert_true(bytes_is(problem.wanted, "date YYYY-MM-DD"));
}

static void lists_and_records_are_typed_all_the_way_down(void **state)
{
    (void)state;
    struct value_entry first[] = {{TEXT("unit"), value_words("qj-water")},
                                  {TEXT("due_on"), value_words("2025-01-01")}};
    struct value_entry second[] = {{TEXT("due_on"), VALUE_ABSENT},
                                   {TEXT("unit"), value_words("qj-ecology")}};
    struct value items[] = {value_map(first, 2), value_map(second, 2)};
    struct value typed = taken(ITEMS, value_list(items, 2));
    assert_int_equal(typed.as.list.count, 2);
    const struct value *one = &typed.as.list.items[0], *two = &typed.as.list.items[1];
    assert_int_equal(value_get(one, "unit")->kind, VALUE_UNIT);
    assert_int_equal(value_get(one, "due_on")->as.date, 20089);
    assert_int_equal(two->as.map.count, 1);
    assert_null(value_get(two, "due_on"));
}

static void problems_within_lists_are_named_by_their_path(void **state)
{
    (void)state;
    const struct value *values;
    struct data_problem problem;
    struct value_entry good[] = {{TEXT("unit"), value_words("qj-water")}};
    struct value_entry bad[] = {{TEXT("unit"), value_words("qj-water")},
                                {TEXT("due_on"), value_words("soon")}};
    struct value items[] = {value_map(good, 1), value_map(bad, 2)};
    assert_int_equal(type_one("items", value_list(items, 2), &values, &problem), LD_INVALID);
    assert_true(bytes_is(problem.field, "items[1].due_on"));
    bad[1].key = (struct bytes)TEXT("more");
    assert_int_equal(type_one("items", value_list(items, 2), &values, &problem), LD_INVALID);
    assert_int_equal(problem.kind, DATA_UNKNOWN);
    assert_true(bytes_is(problem.field, "items[1].more"));
}

static void a_full_arena_is_said(void **state)
{
    (void)state;
    const struct value *values;
    struct data_problem problem;
    struct value data = VALUE_ABSENT;
    arena_init(&arena, block, 32);
    assert_int_equal(program_type_data(fields, FIELD_COUNT, &data, NULL, &arena, &values, &problem),
                     LD_FULL);
}

static void handlers_of_the_state_come_before_those_of_the_top(void **state)
{
    (void)state;
    static const struct event_type events[] = {
        {.name = TEXT("a")}, {.name = TEXT("b")}, {.name = TEXT("c")}};
    static const struct handler own[] = {{.event = 0}};
    static const struct handler top[] = {{.event = 0}, {.event = 1}};
    static const struct state states[] = {
        {.name = TEXT("open"), .handlers = own, .handler_count = 1},
        {.name = TEXT("closed"), .is_end = true}};
    static const struct program program = {.events = events,
                                           .event_count = 3,
                                           .states = states,
                                           .state_count = 2,
                                           .handlers = top,
                                           .handler_count = 2};
    assert_ptr_equal(program_handler(&program, 0, 0), &own[0]);
    assert_ptr_equal(program_handler(&program, 0, 1), &top[1]);
    assert_null(program_handler(&program, 0, 2));
    assert_null(program_handler(&program, 1, 1));
    assert_int_equal(program_event(&program, BYTES_LITERAL("c")), 2);
    assert_int_equal(program_event(&program, BYTES_LITERAL("d")), INDEX_NONE);
    assert_int_equal(program_state(&program, BYTES_LITERAL("closed")), 1);
    assert_int_equal(program_clock(&program, BYTES_LITERAL("closed")), INDEX_NONE);
    assert_string_equal(clock_force_word(FORCE_REFERENCE), "reference");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_what_is_declared),
        cmocka_unit_test(absent_data_is_an_empty_map),
        cmocka_unit_test(what_does_not_fit_is_refused_with_what_was_wanted),
        cmocka_unit_test(missing_fields_are_named),
        cmocka_unit_test(lists_and_records_are_typed_all_the_way_down),
        cmocka_unit_test(problems_within_lists_are_named_by_their_path),
        cmocka_unit_test(a_full_arena_is_said),
        cmocka_unit_test(handlers_of_the_state_come_before_those_of_the_top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
