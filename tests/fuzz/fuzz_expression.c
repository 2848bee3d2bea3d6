/* Any text as an expression over a case and an event that have something of every type, compiled
 * and evaluated twice: the same value both times, whatever the memory. The same text as a period.
 */
#include <string.h>

#include "base/assert.h"
#include "tests/fuzz/target.h"
#include "workflows/language/expression.h"

enum { ARENA_SIZE = 16 << 20, ITEMS = 40 };

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct bytes choices[] = {TEXT("ecology"), TEXT("land")};
static const struct data_type text_type = {.kind = TYPE_TEXT};
static const struct data_type int_type = {.kind = TYPE_INT};
static const struct field item_fields[] = {
    {.name = TEXT("name"), .type = {.kind = TYPE_TEXT}},
    {.name = TEXT("due_on"), .type = {.kind = TYPE_DATE}, .is_optional = true},
    {.name = TEXT("tags"), .type = {.kind = TYPE_LIST, .of = &text_type}},
};
static const struct data_type item_type = {
    .kind = TYPE_RECORD, .fields = item_fields, .field_count = 3};
static const struct field fields[] = {
    {.name = TEXT("b"), .type = {.kind = TYPE_BOOL}, .is_optional = true},
    {.name = TEXT("i"), .type = {.kind = TYPE_INT}},
    {.name = TEXT("r"), .type = {.kind = TYPE_DOUBLE}},
    {.name = TEXT("t"), .type = {.kind = TYPE_TEXT}},
    {.name = TEXT("c"), .type = {.kind = TYPE_CHOICE, .choices = choices, .choice_count = 2}},
    {.name = TEXT("d"), .type = {.kind = TYPE_DATE}},
    {.name = TEXT("at"), .type = {.kind = TYPE_TIMESTAMP}},
    {.name = TEXT("u"), .type = {.kind = TYPE_UNIT}},
    {.name = TEXT("l"), .type = {.kind = TYPE_LIST, .of = &int_type}},
    {.name = TEXT("items"), .type = {.kind = TYPE_LIST, .of = &item_type}},
};

enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static const struct event_type event = {
    .name = TEXT("e"), .fields = fields, .field_count = FIELD_COUNT};
static const struct party parties[] = {{.name = TEXT("p")}, {.name = TEXT("q")}};
static const struct clock_rule clocks[] = {{.name = TEXT("k")}, {.name = TEXT("never")}};
static const struct unit units[] = {{.id = TEXT("qj-ecology")}, {.id = TEXT("qj-water")}};
static const struct directory directory = {.units = units, .unit_count = 2};
static const struct calendar calendar = {.zone_minutes = 480, .weekend = 0x60};
static const struct expression_scope scope = {.parties = parties,
                                              .party_count = 2,
                                              .fields = fields,
                                              .field_count = FIELD_COUNT,
                                              .event = &event,
                                              .clocks = clocks,
                                              .clock_count = 2,
                                              .directory = &directory,
                                              .has_subs = true};

static struct value numbers[ITEMS], items[ITEMS], values[FIELD_COUNT], members[2];
static struct value_entry entries[2];
static const int32_t last_days[2] = {20000, DATE_NONE};
static uint8_t compile_block[ARENA_SIZE], first_block[ARENA_SIZE], again_block[ARENA_SIZE];
static struct diagnostics diagnostics;

static void make_values(void)
{
    for (int i = 0; i < ITEMS; i++)
        numbers[i] = value_int(i);
    entries[0] = (struct value_entry){BYTES_LITERAL("name"), value_words("某局")};
    entries[1] = (struct value_entry){BYTES_LITERAL("tags"), value_list(numbers, 0)};
    for (int i = 0; i < ITEMS; i++)
        items[i] = value_map(entries, 2);
    const struct value made[FIELD_COUNT] = {VALUE_ABSENT,
                                            value_int(7),
                                            value_double(0.5),
                                            value_words("潜检建〔2025〕17号"),
                                            value_words("land"),
                                            value_date(20000),
                                            value_timestamp(1),
                                            value_unit(units[0].id),
                                            value_list(numbers, ITEMS),
                                            value_list(items, ITEMS)};
    memcpy(values, made, sizeof values);
    members[0] = value_unit(units[1].id);
    members[1] = VALUE_ABSENT;
}

static const struct expr_env env = {.event_type = TEXT("e"),
                                    .event_sender = TEXT("qj-water"),
                                    .event_time_ms = 1758160800000,
                                    .event_date = 20349,
                                    .event_data = values,
                                    .case_id = TEXT("QJ-1"),
                                    .case_state = TEXT("s"),
                                    .case_opened_ms = 1758160800000,
                                    .fields = values,
                                    .parties = members,
                                    .clock_last_days = last_days,
                                    .subs_open = 1,
                                    .subs_closed = 2,
                                    .calendar = &calendar};

static bool has_nan(const struct value *value)
{
    bool found = value->kind == VALUE_DOUBLE && value->as.real != value->as.real;
    for (uint32_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        found = found || has_nan(&value->as.list.items[i]);
    for (uint32_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++)
        found = found || has_nan(&value->as.map.entries[i].value);
    return found;
}

static void evaluate(const struct expr *expr)
{
    struct arena first_arena, again_arena;
    struct value first = VALUE_ABSENT, again = VALUE_ABSENT;
    arena_init(&first_arena, first_block, sizeof first_block);
    arena_init(&again_arena, again_block, sizeof again_block);
    enum expr_err err = expr_eval(expr, &env, &first_arena, &first);
    LD_ASSERT(err == expr_eval(expr, &env, &again_arena, &again));
    LD_ASSERT(has_nan(&first) || value_equal(&first, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes source = {data, size};
    struct arena arena;
    struct period period;
    enum period_unit unit;
    if (size > EXPR_SOURCE_MAX)
        return 0;
    make_values();
    arena_init(&arena, compile_block, sizeof compile_block);
    diagnostics_init(&diagnostics, &arena, BYTES_LITERAL("fuzz"));
    const struct expr *expr =
        expression_compile(source, (struct place){1, 1}, &scope, STATIC_DYN, &arena, &diagnostics);
    LD_ASSERT(!expr == (diagnostics.error_count > 0));
    if (expr)
        evaluate(expr);
    expr = expression_period(source, (struct place){1, 1}, &scope, &arena, &diagnostics, &unit);
    if (expr)
        evaluate(expr);
    (void)period_parse(source, &period);
    return 0;
}
