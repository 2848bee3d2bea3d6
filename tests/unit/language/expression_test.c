/* The expression language, from text to value: each row is compiled against one small scope and
 * evaluated; what it gives, or the code and column of what it is told, must be as written. The
 * rows of the first tables follow the conformance cases of the CEL specification. */
#include "workflows/language/expression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_SIZE = 4 << 20, SHOWN_MAX = 512 };

struct row {
    const char *source, *wanted;
};

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define ROWS(rows) rows, sizeof(rows) / sizeof(rows)[0]

static const struct bytes choices[] = {TEXT("ecology"), TEXT("land"), TEXT("safety")};
static const struct bytes more_choices[] = {TEXT("ecology"), TEXT("land"), TEXT("safety"),
                                            TEXT("minors")};
static const struct data_type text_type = {.kind = TYPE_TEXT};
static const struct data_type choice_type = {
    .kind = TYPE_CHOICE, .choices = choices, .choice_count = 3};
static const struct data_type more_choices_type = {
    .kind = TYPE_CHOICE, .choices = more_choices, .choice_count = 4};
static const struct field item_fields[] = {
    {.name = TEXT("name"), .type = {.kind = TYPE_TEXT}},
    {.name = TEXT("due_on"), .type = {.kind = TYPE_DATE}, .is_optional = true},
};
static const struct data_type item_type = {
    .kind = TYPE_RECORD, .fields = item_fields, .field_count = 2};

enum {
    FIELD_URGENT,
    FIELD_FIELD,
    FIELD_INFORMANT,
    FIELD_AMOUNT,
    FIELD_RATE,
    FIELD_SERVED,
    FIELD_ITEMS,
    FIELD_TAGS,
    FIELD_ITEM,
    FIELD_LEAD,
    FIELD_COUNT
};

static const struct field case_fields[FIELD_COUNT] = {
    {.name = TEXT("urgent"),
     .type = {.kind = TYPE_BOOL},
     .is_optional = true,
     .initial = {.kind = VALUE_BOOL}},
    {.name = TEXT("field"), .type = {.kind = TYPE_CHOICE, .choices = choices, .choice_count = 3}},
    {.name = TEXT("informant"), .type = {.kind = TYPE_TEXT}, .is_optional = true},
    {.name = TEXT("amount"), .type = {.kind = TYPE_INT}},
    {.name = TEXT("rate"), .type = {.kind = TYPE_DOUBLE}},
    {.name = TEXT("served_on"), .type = {.kind = TYPE_DATE}},
    {.name = TEXT("items"), .type = {.kind = TYPE_LIST, .of = &item_type}},
    {.name = TEXT("tags"), .type = {.kind = TYPE_LIST, .of = &text_type}, .is_optional = true},
    {.name = TEXT("item"),
     .type = {.kind = TYPE_RECORD, .fields = item_fields, .field_count = 2},
     .is_optional = true},
    {.name = TEXT("lead"), .type = {.kind = TYPE_UNIT}},
};

static const struct field event_fields[] = {
    {.name = TEXT("months"), .type = {.kind = TYPE_INT}},
    {.name = TEXT("by"), .type = {.kind = TYPE_DATE}, .is_optional = true},
    {.name = TEXT("since"), .type = {.kind = TYPE_DATE}},
};
static const struct event_type event = {
    .name = TEXT("extension.granted"), .fields = event_fields, .field_count = 3};
static const struct party parties[] = {{.name = TEXT("prosecutor")},
                                       {.name = TEXT("joint-office")}};
static const struct clock_rule clocks[] = {{.name = TEXT("assess")}, {.name = TEXT("reply")}};
static const struct unit units[] = {{.id = TEXT("qj-ecology")}, {.id = TEXT("qj-water")}};
static const struct directory directory = {.units = units, .unit_count = 2};
static const struct expression_scope scope = {.parties = parties,
                                              .party_count = 2,
                                              .fields = case_fields,
                                              .field_count = FIELD_COUNT,
                                              .event = &event,
                                              .clocks = clocks,
                                              .clock_count = 2,
                                              .directory = &directory,
                                              .has_subs = true};
static const struct expression_scope scope_without_event = {.fields = case_fields,
                                                            .field_count = FIELD_COUNT};

/* 2025-01-01 is a day off, else the weekends are. */
static const struct calendar_day days[] = {{.date = 20089, .kind = DAY_OFF}};
static const struct calendar_year years[] = {{.year = 2025}};
static const struct calendar calendar = {.years = years,
                                         .year_count = 1,
                                         .zone_minutes = 480,
                                         .days = days,
                                         .day_count = 1,
                                         .weekend = 0x60};

struct fixture {
    uint8_t *block;
    struct arena arena;
    struct diagnostics diagnostics;
    struct value_entry first_item[2], second_item[1];
    struct value items[2], fields[FIELD_COUNT], event_data[3], parties[2];
    int32_t last_days[2];
    struct expr_env env;
};

static int32_t date_of(const char *text)
{
    int32_t date;
    assert_true(date_parse(bytes_from_text(text), &date));
    return date;
}

static void fill_fields(struct fixture *fixture)
{
    fixture->first_item[0] = (struct value_entry){TEXT("name"), value_words("river")};
    fixture->first_item[1] =
        (struct value_entry){TEXT("due_on"), value_date(date_of("2025-03-01"))};
    fixture->second_item[0] = (struct value_entry){TEXT("name"), value_words("lake")};
    fixture->items[0] = value_map(fixture->first_item, 2);
    fixture->items[1] = value_map(fixture->second_item, 1);
    struct value *fields = fixture->fields;
    fields[FIELD_URGENT] = value_bool(true);
    fields[FIELD_FIELD] = value_words("ecology");
    fields[FIELD_AMOUNT] = value_int(40);
    fields[FIELD_RATE] = value_double(0.5);
    fields[FIELD_SERVED] = value_date(date_of("2024-12-31"));
    fields[FIELD_ITEMS] = value_list(fixture->items, 2);
    fields[FIELD_LEAD] = value_unit((struct bytes)TEXT("qj-ecology"));
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->block = malloc(ARENA_SIZE);
    arena_init(&fixture->arena, fixture->block, ARENA_SIZE);
    fill_fields(fixture);
    fixture->event_data[0] = value_int(2);
    fixture->event_data[2] = value_date(date_of("2025-01-06"));
    fixture->parties[0] = value_unit((struct bytes)TEXT("qj-water"));
    fixture->last_days[0] = DATE_NONE;
    fixture->last_days[1] = date_of("2025-10-09");
    fixture->env = (struct expr_env){.event_type = TEXT("extension.granted"),
                                     .event_sender = TEXT("qj-ecology"),
                                     .event_time_ms = 1735689600123,
                                     .event_date = date_of("2025-01-01"),
                                     .event_data = fixture->event_data,
                                     .case_id = TEXT("QJ-1"),
                                     .case_state = TEXT("reviewing"),
                                     .case_opened_ms = 0,
                                     .fields = fixture->fields,
                                     .parties = fixture->parties,
                                     .clock_last_days = fixture->last_days,
                                     .subs_open = 3,
                                     .subs_closed = 1,
                                     .calendar = &calendar};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->block);
    free(fixture);
    return 0;
}

static void show(struct buffer *buffer, const struct value *value)
{
    char digits[64];
    switch (value->kind) {
    case VALUE_NONE: buffer_put_text(buffer, "null"); break;
    case VALUE_BOOL: buffer_put_text(buffer, value->as.boolean ? "true" : "false"); break;
    case VALUE_INT: buffer_put_decimal(buffer, value->as.integer); break;
    case VALUE_DOUBLE:
        (void)snprintf(digits, sizeof digits, "%.17gd", value->as.real);
        buffer_put_text(buffer, digits);
        break;
    case VALUE_TEXT:
        buffer_put_text(buffer, "'");
        buffer_put(buffer, value->as.text);
        buffer_put_text(buffer, "'");
        break;
    case VALUE_UNIT:
        buffer_put_text(buffer, "unit ");
        buffer_put(buffer, value->as.text);
        break;
    case VALUE_DATE: buffer_put_date(buffer, value->as.date); break;
    case VALUE_TIMESTAMP: buffer_put_instant(buffer, value->as.timestamp_ms, 0); break;
    case VALUE_LIST:
        for (uint32_t i = 0; i < value->as.list.count; i++) {
            buffer_put_text(buffer, i ? ", " : "[");
            show(buffer, &value->as.list.items[i]);
        }
        buffer_put_text(buffer, value->as.list.count ? "]" : "[]");
        break;
    case VALUE_MAP:
        for (uint32_t i = 0; i < value->as.map.count; i++) {
            buffer_put_text(buffer, i ? ", " : "{");
            buffer_put(buffer, value->as.map.entries[i].key);
            buffer_put_text(buffer, ": ");
            show(buffer, &value->as.map.entries[i].value);
        }
        buffer_put_text(buffer, value->as.map.count ? "}" : "{}");
        break;
    case VALUE_KIND_COUNT: fail();
    }
}

static void begin(struct fixture *fixture)
{
    arena_clear(&fixture->arena);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
}

/* "expr-type@1:7" of the one diagnostic. */
static void show_diagnostic(const struct fixture *fixture, struct buffer *buffer)
{
    assert_int_equal(fixture->diagnostics.count, 1);
    const struct diagnostic *found = &fixture->diagnostics.rows[0];
    buffer_put_text(buffer, found->code);
    buffer_put_text(buffer, "@");
    buffer_put_decimal(buffer, found->place.line);
    buffer_put_text(buffer, ":");
    buffer_put_decimal(buffer, found->place.column);
    assert_true(found->zh.size && found->en.size && found->hint_zh.size && found->hint_en.size);
}

static void show_outcome(struct fixture *fixture, const struct expr *expr, struct buffer *buffer)
{
    struct value value;
    if (!expr) {
        show_diagnostic(fixture, buffer);
        return;
    }
    assert_int_equal(fixture->diagnostics.count, 0);
    enum expr_err err = expr_eval(expr, &fixture->env, &fixture->arena, &value);
    if (err) {
        buffer_put_text(buffer, "error ");
        buffer_put_text(buffer, expr_err_word(err));
    } else {
        show(buffer, &value);
    }
}

static const struct expr *compile_in(struct fixture *fixture, const char *source,
                                     const struct expression_scope *in, enum static_kind wanted)
{
    begin(fixture);
    return expression_compile(bytes_from_text(source), (struct place){1, 1}, in, wanted,
                              &fixture->arena, &fixture->diagnostics);
}

static void assert_row(const struct row *row, struct buffer *buffer)
{
    buffer_put_u8(buffer, '\0');
    if (buffer->is_full || strcmp((const char *)buffer->ptr, row->wanted) != 0)
        fail_msg("%s\n  gives  %s\n  wanted %s", row->source, (const char *)buffer->ptr,
                 row->wanted);
}

static void assert_rows(struct fixture *fixture, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t memory[SHOWN_MAX];
        struct buffer buffer;
        buffer_init(&buffer, memory, sizeof memory);
        const struct expr *expr = compile_in(fixture, rows[i].source, &scope, STATIC_DYN);
        show_outcome(fixture, expr, &buffer);
        assert_row(&rows[i], &buffer);
    }
}

static void integers_are_checked(void **state)
{
    static const struct row rows[] = {
        {"40 + 2", "42"},
        {"2 + 3 * 4", "14"},
        {"(2 + 3) * 4", "20"},
        {"10 - 4 - 3", "3"},
        {"7 / 2", "3"},
        {"-7 / 2", "-3"},
        {"7 % 3", "1"},
        {"-7 % 3", "-1"},
        {"7 % -3", "1"},
        {"43 / 0", "error divide-by-zero"},
        {"43 % 0", "error divide-by-zero"},
        {"9223372036854775807 + 1", "error overflow"},
        {"-9223372036854775808 - 1", "error overflow"},
        {"9223372036854775807 * 2", "error overflow"},
        {"-9223372036854775808 * -1", "error overflow"},
        {"-1 * -9223372036854775808", "error overflow"},
        {"-9223372036854775808 / -1", "error overflow"},
        {"-9223372036854775808 % -1", "error overflow"},
        {"-(-9223372036854775808)", "error overflow"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"4611686018427387904 * -2", "-9223372036854775808"},
        {"0x55555555", "1431655765"},
        {"-0x55", "-85"},
        {"0x7fffffffffffffff", "9223372036854775807"},
        {"9223372036854775808", "expr-number@1:1"},
        {"99999999999999999999", "expr-number@1:1"},
        {"0x1ffffffffffffffff", "expr-number@1:1"},
        {"0x", "expr-number@1:1"},
        {"15days", "expr-number@1:1"},
        {"3u", "expr-subset@1:1"},
        {"--5", "5"},
        {"5 -3", "2"},
        {"5 - -3", "8"},
    };
    assert_rows(*state, ROWS(rows));
}

static void doubles_follow_ieee(void **state)
{
    static const struct row rows[] = {
        {"1.5 + 1.0", "2.5d"},
        {"-2.3e+1", "-23d"},
        {".5", "0.5d"},
        {"1e3", "1000d"},
        {"1.0 / 0.0", "infd"},
        {"0.1 + 0.2", "0.30000000000000004d"},
        {"-0.0", "-0d"},
        {"1e400", "expr-number@1:1"},
        {"1.5 % 1.0", "expr-type@1:5"},
        {"1 + 1.0", "expr-type@1:3"},
        {"1 == 1.0", "true"},
        {"1 < 1.5", "true"},
        {"2.5 > 2", "true"},
        {"9223372036854775807 == 9223372036854775807.0", "false"},
        {"9007199254740993 > 9007199254740992.0", "true"},
        {"-9223372036854775808 == -9223372036854775808.0", "true"},
        {"1 < 1e300 && -1 > -1e300", "true"},
        {"0.0 / 0.0 == 0.0 / 0.0", "false"},
        {"0.0 / 0.0 != 0.0 / 0.0", "true"},
        {"0.0 / 0.0 < 1.0", "false"},
        {"0.0 / 0.0 >= 1", "false"},
    };
    assert_rows(*state, ROWS(rows));
}

static void texts_are_read_as_cel_reads_them(void **state)
{
    static const struct row rows[] = {
        {"'hello' + \" world\"", "'hello world'"},
        {"'''a'b\nc'''", "'a'b\nc'"},
        {"\"\"\"a\"b\"\"\"", "'a\"b'"},
        {"''", "''"},
        {"''''''", "''"},
        {"r'a\\nb'", "'a\\nb'"},
        {"R\"\\d\"", "'\\d'"},
        {"'\\a\\b\\f\\n\\r\\t\\v\\\"\\'\\\\\\?\\`'", "'\a\b\f\n\r\t\v\"'\\?`'"},
        {"'\\x41\\101\\u0041\\U00000041'", "'AAAA'"},
        {"'\\u8054\\U0001F431'", "'联\U0001F431'"},
        {"'\\xff'", "'\u00ff'"},
        {"'\\ud800'", "expr-escape@1:2"},
        {"'\\U00110000'", "expr-escape@1:2"},
        {"'ab\\q'", "expr-escape@1:4"},
        {"'\\x4'", "expr-escape@1:2"},
        {"'ab", "expr-string@1:1"},
        {"'a\nb'", "expr-string@1:1"},
        {"'''ab''", "expr-string@1:1"},
        {"b'abc'", "expr-subset@1:1"},
        {"size('潜江')", "2"},
        {"'潜江'.size()", "2"},
        {"size('\\U0001F431')", "1"},
        {"'foobar'.startsWith('foo')", "true"},
        {"'foobar'.startsWith('')", "true"},
        {"'foobar'.endsWith('bar')", "true"},
        {"'foobar'.endsWith('oba')", "false"},
        {"'foobar'.contains('oba')", "true"},
        {"'foobar'.contains('obar!')", "false"},
        {"''.contains('')", "true"},
        {"'abc' < 'abd' && 'ab' < 'abc' && 'Z' < 'a'", "true"},
        {"'\u00e9' == 'e\u0301'", "false"},
    };
    assert_rows(*state, ROWS(rows));
}

static void logic_absorbs_errors_in_any_order(void **state)
{
    static const struct row rows[] = {
        {"true && true", "true"},
        {"true && false || true", "true"},
        {"true || false && false", "true"},
        {"!true == false", "true"},
        {"!!true", "true"},
        {"!!!true", "false"},
        {"!!!!true", "true"},
        {"!!1", "expr-type@1:1"},
        {"---5 + --5", "0"},
        {"---9223372036854775808", "error overflow"},
        {"false && (1 / 0 > 2)", "false"},
        {"(1 / 0 > 2) && false", "false"},
        {"(1 / 0 > 2) && true", "error divide-by-zero"},
        {"true && (1 / 0 > 2)", "error divide-by-zero"},
        {"true || (1 / 0 > 2)", "true"},
        {"(1 / 0 > 2) || true", "true"},
        {"(1 / 0 > 2) || false", "error divide-by-zero"},
        {"(1 / 0 > 2) || false || true", "true"},
        {"true ? 1 : 1 / 0", "1"},
        {"false ? 1 / 0 : 2", "2"},
        {"(1 / 0 > 2) ? 1 : 2", "error divide-by-zero"},
        {"true ? (false ? 1 : 2) : 3", "2"},
        {"true ? false ? 1 : 2 : 3", "expr-syntax@1:14"},
        {"false ? 1 : false ? 2 : 3", "3"},
        {"1 < 2 == true", "true"},
        {"true > false", "true"},
        {"1 && true", "expr-type@1:3"},
        {"!1", "expr-type@1:1"},
        {"-'a'", "expr-type@1:1"},
        {"1 ? 2 : 3", "expr-type@1:3"},
        {"true ? 2 : 'a'", "expr-type@1:6"},
    };
    assert_rows(*state, ROWS(rows));
}

static void lists_and_maps_hold_values(void **state)
{
    static const struct row rows[] = {
        {"[]", "[]"},
        {"[1, 2, 3,]", "[1, 2, 3]"},
        {"[1, 'a', true]", "[1, 'a', true]"},
        {"[1] + [2, 3]", "[1, 2, 3]"},
        {"[[1], [2]] == [[1], [2]]", "true"},
        {"[1, 2] == [2, 1]", "false"},
        {"[1, 'a'] == [1.0, 'a']", "true"},
        {"[1, 'a'][0] == 'a'", "false"},
        {"[1, 'a'][0] + 1", "2"},
        {"[1, 'a'][1] + 1", "error no-overload"},
        {"[7, 8, 9][1]", "8"},
        {"[7, 8, 9][3]", "error no-such-field"},
        {"[7, 8, 9][-1]", "error no-such-field"},
        {"[7, 8, 9]['a']", "expr-type@1:10"},
        {"{'a': 1, 'b': 2}", "{a: 1, b: 2}"},
        {"{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "true"},
        {"{'a': 1}['a'] + {'a': 1}.a", "2"},
        {"{'a': 1}['b']", "error no-such-field"},
        {"{'a': 1, 'a': 2}", "error bad-value"},
        {"{1: 2}", "expr-type@1:1"},
        {"has({'a': 1}.a) && !has({'a': 1}.b)", "true"},
        {"2 in [1, 2]", "true"},
        {"2.0 in [1, 2]", "true"},
        {"'c' in ['a', 'b']", "false"},
        {"'a' in {'a': 1}", "true"},
        {"'a' in []", "false"},
        {"1 in 'abc'", "expr-type@1:3"},
        {"'a' in [1, 2]", "expr-type@1:5"},
        {"size([1, 2]) + size({'a': 1}) + [].size()", "3"},
        {"size(1)", "expr-arguments@1:1"},
        {"null == null", "true"},
        {"[null, 1][0] == null", "true"},
        {"1 == null", "expr-type@1:3"},
    };
    assert_rows(*state, ROWS(rows));
}

static void macros_go_over_lists(void **state)
{
    static const struct row rows[] = {
        {"[1, 2, 3].all(x, x > 0)", "true"},
        {"[1, 2, 3].all(x, x > 1)", "false"},
        {"[].all(x, x)", "true"},
        {"[].exists(x, x)", "false"},
        {"[1, 2, 3].exists(x, x > 2)", "true"},
        {"[0, 1].all(x, 1 / x > 1)", "false"},
        {"[0, 1].all(x, 1 / x > 0)", "error divide-by-zero"},
        {"[0, 1].exists(x, 1 / x > 0)", "true"},
        {"[0, 1].exists(x, 1 / x > 1)", "error divide-by-zero"},
        {"[1, 'a', 2].exists(x, x > 1)", "true"},
        {"[1, 2, 3].filter(x, x % 2 == 1)", "[1, 3]"},
        {"[0, 1].filter(x, 1 / x > 0)", "error divide-by-zero"},
        {"[1, 2, 3].exists_one(x, x > 2)", "true"},
        {"[1, 2, 3].exists_one(x, x > 1)", "false"},
        {"[[1, 2], [3]].all(l, l.exists(x, x + size(l) >= 3))", "true"},
        {"[1, 2].all(x, [x].all(x, x > 0) && x < 3)", "true"},
        {"[1].all(x, y > 1)", "expr-unknown-name@1:12"},
        {"[1].all(x, x) ", "expr-arguments@1:5"},
        {"[1].all(1, true)", "expr-arguments@1:5"},
        {"'ab'.all(x, true)", "expr-arguments@1:6"},
        {"[1].map(x, x)", "expr-function@1:5"},
        {"x", "expr-unknown-name@1:1"},
        {"[{'event': 1}].all(event, event.event == 1)", "true"},
    };
    assert_rows(*state, ROWS(rows));
}

static void names_are_resolved(void **state)
{
    static const struct row rows[] = {
        {"event.type", "'extension.granted'"},
        {"event.date", "2025-01-01"},
        {"event.time", "2025-01-01T00:00:00.123+00:00"},
        {"event.sender", "unit qj-ecology"},
        {"event.data.months + 1", "3"},
        {"case.id + case.state", "'QJ-1reviewing'"},
        {"case.opened < event.time", "true"},
        {"case.urgent", "true"},
        {"case.amount * 2", "80"},
        {"case.rate", "0.5d"},
        {"party.prosecutor", "unit qj-water"},
        {"party.`joint-office`", "error no-such-field"},
        {"has(party.prosecutor) && !has(party.`joint-office`)", "true"},
        {"subs.open - subs.closed", "2"},
        {"case.items[0].name", "'river'"},
        {"case.items.all(i, i.name != '')", "true"},
        {"case.items.filter(i, i.name == 'lake').size()", "1"},
        {"case.nothing", "expr-unknown-name@1:6"},
        {"case", "expr-unknown-name@1:1"},
        {"event.data", "expr-unknown-name@1:7"},
        {"event.data.nothing", "expr-unknown-name@1:12"},
        {"event.nothing", "expr-unknown-name@1:7"},
        {"party.nobody", "expr-unknown-name@1:7"},
        {"subs.all", "expr-unknown-name@1:6"},
        {"urgent", "expr-unknown-name@1:1"},
        {"case.items[0].nothing", "expr-unknown-name@1:15"},
        {"case.amount.x", "expr-type@1:13"},
        {"while", "expr-subset@1:1"},
        {"case.field.size()", "7"},
    };
    assert_rows(*state, ROWS(rows));
}

static void dates_and_units_have_their_functions(void **state)
{
    static const struct row rows[] = {
        {"date('2025-01-31')", "2025-01-31"},
        {"date('2025-02-30')", "expr-date@1:6"},
        {"date(case.state)", "error bad-value"},
        {"date(1)", "expr-arguments@1:1"},
        {"case.served_on < event.date", "true"},
        {"case.served_on == date('2024-12-31')", "true"},
        {"case.served_on == '2024-12-31'", "expr-date-text@1:16"},
        {"case.served_on + 1", "expr-type@1:16"},
        {"event.date - case.served_on", "expr-type@1:12"},
        {"case.served_on < event.time", "expr-type@1:16"},
        {"days(case.served_on, event.date)", "1"},
        {"days(event.date, case.served_on)", "-1"},
        {"days(event.date, 1)", "expr-arguments@1:1"},
        {"days(event.date)", "expr-arguments@1:1"},
        {"working_days(case.served_on, event.data.since)", "3"},
        {"working_days(case.served_on, case.served_on)", "0"},
        {"due('reply')", "2025-10-09"},
        {"due('assess')", "error no-such-field"},
        {"due('nothing')", "expr-clock@1:5"},
        {"due(case.state)", "expr-arguments@1:1"},
        {"unit('qj-ecology')", "unit qj-ecology"},
        {"unit('qj-nobody')", "expr-unit@1:6"},
        {"unit(case.state)", "expr-arguments@1:1"},
        {"case.lead == unit('qj-ecology')", "true"},
        {"case.lead == event.sender", "true"},
        {"case.lead == party.prosecutor", "false"},
        {"case.lead == 'qj-ecology'", "expr-unit-text@1:11"},
        {"'qj-ecology' != case.lead", "expr-unit-text@1:14"},
        {"case.lead in ['qj-ecology']", "expr-unit-text@1:11"},
        {"case.lead in [unit('qj-water'), unit('qj-ecology')]", "true"},
        {"case.lead < party.prosecutor", "expr-type@1:11"},
    };
    assert_rows(*state, ROWS(rows));
}

static void conversions_are_exact_or_refused(void **state)
{
    static const struct row rows[] = {
        {"int(42.9)", "42"},
        {"int(-42.9)", "-42"},
        {"int(1e99)", "error overflow"},
        {"int(9223372036854775807.0)", "error overflow"},
        {"int('-987')", "-987"},
        {"int('9223372036854775807')", "9223372036854775807"},
        {"int('-9223372036854775808')", "-9223372036854775808"},
        {"int('9223372036854775808')", "error bad-value"},
        {"int('-9223372036854775809')", "error bad-value"},
        {"int('')", "error bad-value"},
        {"int('-')", "error bad-value"},
        {"int('4 ')", "error bad-value"},
        {"int(event.time)", "1735689600"},
        {"int(true)", "expr-arguments@1:1"},
        {"double(3)", "3d"},
        {"double('123.456')", "123.456d"},
        {"double('-0.25')", "-0.25d"},
        {"double('1e-3')", "0.001d"},
        {"double('.5')", "0.5d"},
        {"double('.')", "error bad-value"},
        {"double('1e')", "error bad-value"},
        {"double('0.12345678901234567890')", "0.12345678901234568d"},
        {"double('0.1234567890123456789' + '0')", "error bad-value"},
        {"double('0.12' + '5')", "0.125d"},
        {"double('1e400')", "error bad-value"},
        {"double('1e300')", "1.0000000000000001e+300d"},
        {"string(-12) + string(true) + string('x')", "'-12truex'"},
        {"string(case.served_on)", "'2024-12-31'"},
        {"string(case.lead)", "'qj-ecology'"},
        {"string(event.time)", "'2025-01-01T08:00:00.123+08:00'"},
        {"string(1.5)", "expr-arguments@1:1"},
        {"dyn(1)", "expr-function@1:1"},
    };
    assert_rows(*state, ROWS(rows));
}

static void choices_are_compared_with_their_own_words(void **state)
{
    static const struct row rows[] = {
        {"case.field == 'ecology'", "true"},
        {"case.field == 'ecolgy'", "expr-choice@1:15"},
        {"'ecolgy' == case.field", "expr-choice@1:1"},
        {"case.field in ['land', 'ecology']", "true"},
        {"case.field in ['land', 'sea']", "expr-choice@1:24"},
        {"case.field + 'x' == 'ecologyx'", "true"},
        {"(case.urgent ? case.field : case.field) == 'sea'", "expr-choice@1:44"},
        {"case.field == event.type", "false"},
    };
    assert_rows(*state, ROWS(rows));
}

/* What is optional may be read only where has() has shown it, whichever way the flow goes. */
static void optional_fields_need_has(void **state)
{
    static const struct row rows[] = {
        {"case.informant == 'x'", "expr-optional@1:6"},
        {"has(case.informant)", "false"},
        {"has(case.informant) && case.informant == 'x'", "false"},
        {"!has(case.informant) || case.informant == 'x'", "true"},
        {"has(case.informant) ? case.informant : 'none'", "'none'"},
        {"!has(case.informant) ? 'none' : case.informant", "'none'"},
        {"!!has(case.informant) && case.informant == 'x'", "false"},
        {"has(case.informant) && case.urgent && case.informant == 'x'", "false"},
        {"has(case.informant) && (case.urgent || case.informant == 'x')", "false"},
        {"!(!has(case.informant) || false) && case.informant == 'x'", "false"},
        {"(has(case.informant) && has(event.data.by)) ? event.data.by : event.date", "2025-01-01"},
        {"!has(event.data.by) || !has(case.informant) || case.informant == string(event.data.by)",
         "true"},
        {"has(case.informant) || case.informant == 'x'", "expr-optional@1:29"},
        {"!has(case.informant) && case.informant == 'x'", "expr-optional@1:30"},
        {"has(case.informant) ? 'none' : case.informant", "expr-optional@1:37"},
        {"(has(case.informant) || case.urgent) && case.informant == 'x'", "expr-optional@1:46"},
        {"(has(case.informant) && true) == true && case.informant == 'x'", "expr-optional@1:47"},
        {"has(case.informant) && true ? case.informant : ''", "''"},
        {"(has(case.informant) && case.informant == 'x') || case.informant == 'y'",
         "expr-optional@1:56"},
        {"case.urgent", "true"},
        {"has(case.urgent)", "true"},
        {"has(case.tags) && 'a' in case.tags", "false"},
        {"case.items.all(i, !has(i.due_on) || i.due_on < date('2025-04-01'))", "true"},
        {"case.items.exists(i, i.due_on < date('2025-04-01'))", "expr-optional@1:24"},
        {"case.items.all(i, has(i.due_on)) && case.items.all(i, i.due_on < event.date)",
         "expr-optional@1:57"},
        {"case.items.exists(i, has(i.due_on) && case.items.exists(j, j.due_on == i.due_on))",
         "expr-optional@1:62"},
        {"case.items.exists(i, has(i.due_on) && [1].exists(j, i.due_on == event.date))", "false"},
        {"has(case.item.due_on)", "expr-optional@1:10"},
        {"has(case.item) && has(case.item.due_on) && case.item.due_on < event.date", "false"},
        {"has(case.items[0].due_on)", "true"},
        {"has(1)", "expr-has@1:5"},
        {"has(event)", "expr-has@1:5"},
        {"has()", "expr-has@1:1"},
        {"has(case.nothing)", "expr-unknown-name@1:10"},
    };
    assert_rows(*state, ROWS(rows));
}

static void syntax_is_told_at_its_place(void **state)
{
    static const struct row rows[] = {
        {"", "expr-end@1:1"},
        {"1 +", "expr-end@1:4"},
        {"(1", "expr-end@1:3"},
        {"1 2", "expr-syntax@1:3"},
        {"1 = 2", "expr-syntax@1:3"},
        {"a & b", "expr-syntax@1:3"},
        {"1 + ) ", "expr-syntax@1:5"},
        {"'潜江' @ 1", "expr-syntax@1:6"},
        {"1 +\n  @", "expr-syntax@2:3"},
        {"size(1,)", "expr-syntax@1:8"},
        {"[1 2]", "expr-syntax@1:4"},
        {"{'a' 1}", "expr-syntax@1:6"},
        {"case.1", "expr-syntax@1:5"},
        {"`a`", "expr-syntax@1:1"},
        {"case.`a", "expr-string@1:6"},
        {"true ? 1", "expr-end@1:9"},
        {"nothing(1)", "expr-function@1:1"},
        {"'a'.unit()", "expr-function@1:5"},
        {"startsWith('a', 'b')", "expr-function@1:1"},
        {"1 // a remark\n + 1", "2"},
        {"联动", "expr-syntax@1:1"},
    };
    assert_rows(*state, ROWS(rows));
}

static void the_place_is_that_of_the_file(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    assert_null(expression_compile(bytes_from_text("1 +\ncase.nothing"), (struct place){7, 20},
                                   &scope, STATIC_DYN, &fixture->arena, &fixture->diagnostics));
    assert_int_equal(fixture->diagnostics.rows[0].place.line, 8);
    assert_int_equal(fixture->diagnostics.rows[0].place.column, 6);
}

static void wanted_types_are_held(void **state)
{
    struct fixture *fixture = *state;
    assert_non_null(compile_in(fixture, "case.urgent", &scope, STATIC_BOOL));
    assert_null(compile_in(fixture, "case.amount", &scope, STATIC_BOOL));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-wanted");
    assert_null(compile_in(fixture, "event.date == event.date", &scope_without_event, STATIC_DYN));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-no-event");
    assert_null(compile_in(fixture, "event.data.months", &scope_without_event, STATIC_DYN));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-no-event");
    assert_null(compile_in(fixture, "subs.open", &scope_without_event, STATIC_DYN));
}

/* Text with parts in ${}: where a part ends, what may stand in one, and where a mistake is told. */
static void templates_are_text_with_parts(void **state)
{
    static const struct row rows[] = {
        {"", "''"},
        {"线索", "'线索'"},
        {"线索 ${case.id} 已由 ${party.prosecutor} 受理", "'线索 QJ-1 已由 qj-water 受理'"},
        {"${case.field}${case.amount}", "'ecology40'"},
        {"${case.amount + 2}", "'42'"},
        {"${case.urgent}: ${case.served_on}", "'true: 2024-12-31'"},
        {"${event.time}", "'2025-01-01T08:00:00.123+08:00'"},
        {"${ case.id }", "'QJ-1'"},
        {"a $${case.id} ${case.id}", "'a ${case.id} QJ-1'"},
        {"$${", "'${'"},
        {"$5 {x} $", "'$5 {x} $'"},
        {"${'}'}${\"${\"}", "'}${'"},
        {"${{'a': 'b'}['a']}!", "'b!'"},
        {"${has(case.informant) ? case.informant : '无'}", "'无'"},
        {"${case.urgent ? '急' : '缓'}", "'急'"},
        {"${case.informant}", "expr-optional@1:8"},
        {"线索 ${case.nothing}", "expr-unknown-name@1:11"},
        {"线索 ${case.id", "template-end@1:6"},
        {"${}", "expr-end@1:3"},
        {"${case.id} ${1 + }", "expr-end@1:18"},
        {"${case.rate}", "template-type@1:3"},
        {"${case.items}", "template-type@1:3"},
        {"${null}", "template-type@1:3"},
        {"${{'a': 1}}", "template-type@1:3"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t memory[SHOWN_MAX];
        struct buffer buffer;
        buffer_init(&buffer, memory, sizeof memory);
        begin(fixture);
        const struct expr *expr =
            expression_template(bytes_from_text(rows[i].source), (struct place){1, 1}, &scope,
                                &fixture->arena, &fixture->diagnostics);
        show_outcome(fixture, expr, &buffer);
        assert_row(&rows[i], &buffer);
    }
}

static uint32_t height_of(const struct expr *expr)
{
    uint32_t height = 0;
    for (uint16_t i = 0; i < expr->arg_count; i++) {
        uint32_t below = height_of(expr->args[i]);
        height = below > height ? below : height;
    }
    return height + 1;
}

/* A long text is no deep one, one over the bound is refused, and a small arena is a finding. */
static void long_templates_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    static char text[EXPR_SOURCE_MAX + 2];
    for (size_t i = 0; i + 8 <= EXPR_SOURCE_MAX; i += 8)
        memcpy(text + i, "a${'b'}c", 9);
    for (size_t size = 0; size < ARENA_SIZE; size = size * 2 + 64) {
        struct arena arena;
        uint8_t *block = malloc(size + 1);
        struct place place = {1, 1};
        arena_init(&arena, block, size);
        begin(fixture);
        const struct expr *expr = expression_template(bytes_from_text(text), place, &scope, &arena,
                                                      &fixture->diagnostics);
        assert_true((expr == NULL) == (fixture->diagnostics.count == 1));
        assert_true(!expr || height_of(expr) <= 12);
        free(block);
    }
    begin(fixture);
    memset(text, 'a', EXPR_SOURCE_MAX + 1);
    assert_null(expression_template(bytes_from_text(text), (struct place){1, 1}, &scope,
                                    &fixture->arena, &fixture->diagnostics));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-size");
}

static const struct expr *compile_as(struct fixture *fixture, const char *source,
                                     const struct data_type *wanted)
{
    begin(fixture);
    return expression_compile_as(bytes_from_text(source), (struct place){1, 1}, &scope, wanted,
                                 &fixture->arena, &fixture->diagnostics);
}

static void declared_types_take_what_fits(void **state)
{
    struct fixture *fixture = *state;
    const struct data_type real = {.kind = TYPE_DOUBLE};
    assert_non_null(compile_as(fixture, "'land'", &choice_type));
    assert_non_null(compile_as(fixture, "case.urgent ? 'land' : 'safety'", &choice_type));
    assert_non_null(compile_as(fixture, "case.field", &more_choices_type));
    assert_non_null(compile_as(fixture, "double(case.amount)", &real));
    assert_null(compile_as(fixture, "'sea'", &choice_type));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-choice");
    assert_null(compile_as(fixture, "case.urgent ? 'land' : 'sea'", &choice_type));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-choice");
    assert_null(compile_as(fixture, "case.id", &choice_type));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-wanted");
    assert_null(compile_as(fixture, "case.amount", &real));
    assert_int_equal(fixture->diagnostics.count, 1);
    assert_null(compile_as(fixture, "case.items", &text_type));
}

/* The source again and again, with text before and behind. */
static char *repeated(const char *before, const char *part, size_t count, const char *behind)
{
    size_t size = strlen(before) + strlen(part) * count + strlen(behind) + 1;
    char *source = malloc(size);
    char *at = source + snprintf(source, size, "%s", before);
    for (size_t i = 0; i < count; i++)
        at += snprintf(at, size - (size_t)(at - source), "%s", part);
    (void)snprintf(at, size - (size_t)(at - source), "%s", behind);
    return source;
}

static void assert_code(struct fixture *fixture, char *source, const char *code)
{
    const struct expr *expr = compile_in(fixture, source, &scope, STATIC_DYN);
    const char *found = expr ? "ok" : fixture->diagnostics.rows[0].code;
    assert_string_equal(found, code);
    free(source);
}

/* CEL asks for 32 operators in a row and 12 nested calls at the least. */
static void depth_and_size_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    assert_code(fixture, repeated("true", " || true", 400, ""), "ok");
    assert_code(fixture, repeated("1", " + 1", 31, ""), "ok");
    assert_code(fixture, repeated("1", " + 1", 32, ""), "expr-depth");
    assert_code(fixture, repeated("(", "(", 30, "1)))))))))))))))))))))))))))))))"), "ok");
    assert_code(fixture, repeated("", "(", 1000, "1"), "expr-depth");
    assert_code(fixture, repeated("", "[", 1000, "1"), "expr-depth");
    assert_code(fixture, repeated("", "!", 1000, "true"), "ok");
    assert_code(fixture, repeated("", "-", 4000, "1"), "ok");
    assert_code(fixture, repeated("", "!-", 500, "1"), "expr-depth");
    assert_code(fixture, repeated("case", ".a", 1000, ""), "expr-depth");
    assert_code(fixture, repeated("", "true ? 1 : ", 300, "1"), "expr-depth");
    assert_code(fixture, repeated("", "size([", 12, "1])])])])])])])])])])])])"), "ok");
    assert_code(fixture, repeated("'", "x", EXPR_SOURCE_MAX - 2, "'"), "ok");
    assert_code(fixture, repeated("'", "x", EXPR_SOURCE_MAX - 1, "'"), "expr-size");
    assert_code(fixture, repeated("'", "\xff", 1, "'"), "expr-syntax");
}

static void memory_and_work_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct arena small;
    uint8_t block[256];
    struct value value = value_int(7);
    arena_init(&small, block, sizeof block);
    begin(fixture);
    assert_null(expression_compile(bytes_from_text("1 + 2 + 3"), (struct place){1, 1}, &scope,
                                   STATIC_DYN, &small, &fixture->diagnostics));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-memory");
    const struct expr *join = compile_in(fixture, "case.id + case.state", &scope, STATIC_DYN);
    arena_init(&small, block, 4);
    assert_int_equal(expr_eval(join, &fixture->env, &small, &value), EXPR_ERR_MEMORY);
    assert_int_equal(value.as.integer, 7);
    char *list = repeated("[0", ",0", 99, "]");
    char source[1024];
    (void)snprintf(source, sizeof source, "%s.all(a, %s.all(b, %s.all(c, a == b && b == c)))", list,
                   list, list);
    free(list);
    const struct expr *long_one = compile_in(fixture, source, &scope, STATIC_BOOL);
    assert_non_null(long_one);
    assert_int_equal(expr_eval(long_one, &fixture->env, &fixture->arena, &value), EXPR_ERR_LIMIT);
}

/* Few nodes over much data are as much work as many nodes. */
static void what_operators_go_through_is_counted(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *body;
        enum expr_err wanted;
    } rows[] = {
        {"a == 0", EXPR_OK},
        {"%s == %s", EXPR_ERR_LIMIT},
        {"0 in (%s + %s)", EXPR_ERR_LIMIT},
        {"size(%s.filter(b, true)) == 100 || %s == []", EXPR_ERR_LIMIT},
        {"!'%0500d'.contains('%0100d1')", EXPR_ERR_LIMIT},
        {"'%0900d' + '%0900d' != ''", EXPR_ERR_LIMIT},
        {"'%0900d'.startsWith('0')", EXPR_OK},
        {"int('%0500d') == 0", EXPR_ERR_LIMIT},
    };
    char *list = repeated("[0", ",0", 99, "]");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[2048], source[4096];
        struct value value;
        if (strstr(rows[i].body, "%s"))
            (void)snprintf(body, sizeof body, rows[i].body, list, list);
        else
            (void)snprintf(body, sizeof body, rows[i].body, 0, 0);
        (void)snprintf(source, sizeof source, "%s.all(a, %s)", list, body);
        const struct expr *expr = compile_in(fixture, source, &scope, STATIC_BOOL);
        assert_non_null(expr);
        enum expr_err err = expr_eval(expr, &fixture->env, &fixture->arena, &value);
        if (err != rows[i].wanted)
            fail_msg("%s gives %s", rows[i].body, expr_err_word(err));
    }
    free(list);
}

/* Names that are searched often are found by a table: each at its own index, and no other one. */
static void many_names_are_each_found(void **state)
{
    enum { MANY = 40 };
    struct fixture *fixture = *state;
    static char names[MANY][16];
    struct field many[MANY] = {0};
    const struct expression_scope many_scope = {.fields = many, .field_count = MANY};
    char source[1024] = "size([case.f0";
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof names[i], "f%d", i);
        many[i] = (struct field){.name = bytes_from_text(names[i]), .type = {.kind = TYPE_INT}};
        size_t used = strlen(source);
        (void)snprintf(source + used, sizeof source - used, ",case.f%d", i);
    }
    size_t used = strlen(source);
    (void)snprintf(source + used, sizeof source - used, "])");
    const struct expr *expr = compile_in(fixture, source, &many_scope, STATIC_INT);
    assert_non_null(expr);
    const struct expr *list = expr->args[0];
    for (uint16_t i = 0; i < MANY; i++)
        assert_int_equal(list->args[i + 1]->index, i);
    (void)snprintf(source + used, sizeof source - used, ",case.f%d])", MANY);
    assert_null(compile_in(fixture, source, &many_scope, STATIC_INT));
    assert_string_equal(fixture->diagnostics.rows[0].code, "expr-unknown-name");
}

static void periods_are_an_amount_and_a_unit(void **state)
{
    static const struct {
        const char *source, *wanted;
        enum period_unit unit;
    } rows[] = {
        {"2 months", "2", PERIOD_MONTHS},
        {"1 month", "1", PERIOD_MONTHS},
        {"15 days", "15", PERIOD_DAYS},
        {" 10  working   days ", "10", PERIOD_WORKING_DAYS},
        {"1 working day", "1", PERIOD_WORKING_DAYS},
        {"24 hours", "24", PERIOD_HOURS},
        {"1 year", "1", PERIOD_YEARS},
        {"event.data.months months", "2", PERIOD_MONTHS},
        {"(case.urgent ? 15 : 30) days", "15", PERIOD_DAYS},
        {"until event.data.since", "2025-01-06", PERIOD_UNTIL},
        {"until date('2025-03-01')", "2025-03-01", PERIOD_UNTIL},
        {"until event.data.by", "expr-optional@1:18", PERIOD_UNTIL},
        {"until 3", "expr-wanted@1:6", PERIOD_UNTIL},
        {"2 weeks", "period-syntax@1:1", 0},
        {"months", "period-syntax@1:1", 0},
        {" months", "period-syntax@1:1", 0},
        {"2months", "period-syntax@1:1", 0},
        {"until", "period-syntax@1:1", 0},
        {"0 days", "period-amount@1:1", 0},
        {"-1 days", "period-amount@1:1", 0},
        {"36501 days", "period-amount@1:1", 0},
        {"1.5 days", "expr-wanted@1:1", 0},
        {"working days", "expr-unknown-name@1:1", 0},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t memory[SHOWN_MAX];
        struct buffer buffer;
        enum period_unit unit = PERIOD_HOURS;
        begin(fixture);
        buffer_init(&buffer, memory, sizeof memory);
        const struct expr *expr =
            expression_period(bytes_from_text(rows[i].source), (struct place){1, 1}, &scope,
                              &fixture->arena, &fixture->diagnostics, &unit);
        show_outcome(fixture, expr, &buffer);
        assert_row(&(struct row){rows[i].source, rows[i].wanted}, &buffer);
        if (expr)
            assert_int_equal(unit, rows[i].unit);
    }
}

static void plain_periods_are_parsed(void **state)
{
    (void)state;
    struct period period = {0};
    assert_true(period_parse(BYTES_LITERAL("10 working days"), &period));
    assert_int_equal(period.amount, 10);
    assert_int_equal(period.unit, PERIOD_WORKING_DAYS);
    assert_true(period_parse(BYTES_LITERAL(" 36500 days "), &period));
    assert_int_equal(period.amount, 36500);
    static const char *const refused[] = {"",           "days",
                                          "2",          "0 days",
                                          "-2 days",    "2 weeks",
                                          "36501 days", "99999999999999999999 days",
                                          "2 x days",   "until 2025-01-01",
                                          "1.5 days"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_false(period_parse(bytes_from_text(refused[i]), &period));
    assert_int_equal(period.amount, 36500);
}

/* A double is written with as many digits as its reader likes: compared as a number. */
static bool is_same_outcome(const char *shown, const char *wanted)
{
    char *shown_end, *wanted_end;
    double shown_real = strtod(shown, &shown_end), wanted_real = strtod(wanted, &wanted_end);
    if (shown_end > shown && strcmp(shown_end, "d") == 0 && strcmp(wanted_end, "d") == 0)
        return shown_real == wanted_real;
    return strcmp(shown, wanted) == 0;
}

/* The file names its source: each case of it stands for the part of CEL that is included. */
static void cases_of_the_cel_specification_hold(void **state)
{
    struct fixture *fixture = *state;
    static const struct expression_scope nothing;
    char line[1024];
    int count = 0;
    FILE *file = fopen(LIANDONG_SOURCE "/tests/golden/cel_conformance.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        uint8_t shown[SHOWN_MAX];
        struct buffer buffer;
        char *tab = strchr(line, '\t');
        if (line[0] == '#')
            continue;
        assert_non_null(tab);
        *tab = '\0';
        tab[strlen(tab + 1)] = '\0'; /* the line end */
        buffer_init(&buffer, shown, sizeof shown);
        show_outcome(fixture, compile_in(fixture, line, &nothing, STATIC_DYN), &buffer);
        buffer_put_u8(&buffer, '\0');
        if (!is_same_outcome((const char *)shown, tab + 1))
            fail_msg("%s\n  gives  %s\n  wanted %s", line, (const char *)shown, tab + 1);
        count++;
    }
    (void)fclose(file);
    assert_true(count > 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cases_of_the_cel_specification_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(integers_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(doubles_follow_ieee, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_are_read_as_cel_reads_them, setup, teardown),
        cmocka_unit_test_setup_teardown(logic_absorbs_errors_in_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_and_maps_hold_values, setup, teardown),
        cmocka_unit_test_setup_teardown(macros_go_over_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_resolved, setup, teardown),
        cmocka_unit_test_setup_teardown(dates_and_units_have_their_functions, setup, teardown),
        cmocka_unit_test_setup_teardown(conversions_are_exact_or_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(choices_are_compared_with_their_own_words, setup, teardown),
        cmocka_unit_test_setup_teardown(optional_fields_need_has, setup, teardown),
        cmocka_unit_test_setup_teardown(syntax_is_told_at_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(the_place_is_that_of_the_file, setup, teardown),
        cmocka_unit_test_setup_teardown(wanted_types_are_held, setup, teardown),
        cmocka_unit_test_setup_teardown(templates_are_text_with_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(long_templates_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(declared_types_take_what_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(depth_and_size_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_and_work_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(what_operators_go_through_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(many_names_are_each_found, setup, teardown),
        cmocka_unit_test_setup_teardown(periods_are_an_amount_and_a_unit, setup, teardown),
        cmocka_unit_test_setup_teardown(plain_periods_are_parsed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
