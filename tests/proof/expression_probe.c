/* The engine's side of expression_cost.py: compiles and evaluates each expression of the input over
 * a definition, a case and an event at their bounds, each in a function of its own, so that the
 * work of either can be counted apart from everything around it.
 *
 *   expression_probe        one answer a line: COMPILED EVALUATED, or the code of the refusal and -
 *   expression_probe time   two more words: the least nanoseconds of the two, of some rounds
 *
 * An input is a line "FORM SIZE" (expression, template or period) with SIZE bytes behind it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "workflows/language/definition.h"
#include "workflows/language/expression.h"

enum {
    TEXT_SIZE = 60000, /* an event is at most 64 KiB */
    NUMBERS = 60000,   /* one byte each on the wire */
    ITEMS = 40,
    WIDE = 512,          /* keys of all maps of an event (WIRE_KEYS_MAX) */
    EVENT_FIELDS = 1024, /* keys of one mapping of a definition */
    CHOICES = 256,
    UNITS = 2000,
    DAYS = 70000, /* a calendar of 64 KiB that lists ranges */
    OPTIONS = 4,  /* records within records */
    ROUNDS = 15,
    SOURCE_SIZE = 1 << 16,
    ARENA_SIZE = 8 << 20, /* of the worker's step, and of a definition */
};

#define TEXT(text) BYTES_LITERAL(text)

static uint8_t compile_block[ARENA_SIZE], value_block[ARENA_SIZE], source_block[SOURCE_SIZE];
static struct diagnostics diagnostics;

/* What the scope declares. */
static struct field fields[PROGRAM_FIELDS_MAX], event_fields[EVENT_FIELDS];
static struct field wide_fields[WIDE], short_fields[WIDE], option_fields[OPTIONS + 1];
static uint32_t field_count;
static struct bytes choices[CHOICES];
static struct unit units[UNITS];
static struct party parties[PROGRAM_PARTIES_MAX];
static struct clock_rule clocks[PROGRAM_CLOCKS_MAX];
static struct calendar_day days[DAYS];
static struct calendar_year years[400];
static const struct data_type int_type = {.kind = TYPE_INT};
static const struct data_type text_type = {.kind = TYPE_TEXT};
static const struct data_type ints_type = {.kind = TYPE_LIST, .of = &int_type};
static const struct data_type choice_type = {
    .kind = TYPE_CHOICE, .choices = choices, .choice_count = CHOICES};
static const struct data_type wide_type = {
    .kind = TYPE_RECORD, .fields = wide_fields, .field_count = WIDE};
static const struct data_type short_type = {
    .kind = TYPE_RECORD, .fields = short_fields, .field_count = WIDE};

/* What the case and the event hold. */
static struct value values[PROGRAM_FIELDS_MAX], event_values[EVENT_FIELDS];
static struct value members[PROGRAM_PARTIES_MAX];
static int32_t last_days[PROGRAM_CLOCKS_MAX];

static void *need(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        exit(2);
    return memory;
}

/* prefix and a number in so many digits. */
static struct bytes numbered(const char *prefix, int digits, uint32_t number)
{
    size_t size = strlen(prefix) + (size_t)digits;
    char *text = need(size + 1, 1);
    (void)snprintf(text, size + 1, "%s%0*u", prefix, digits, (unsigned)number);
    return (struct bytes){(const uint8_t *)text, size};
}

/* A long text that differs from its like in the last byte alone. */
static struct value long_text(char of, char last)
{
    uint8_t *text = need(TEXT_SIZE, 1);
    memset(text, of, TEXT_SIZE);
    text[TEXT_SIZE - 1] = (uint8_t)last;
    return value_text((struct bytes){text, TEXT_SIZE});
}

static struct value number_list(uint32_t count, int64_t number)
{
    struct value *items = need(count, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = value_int(number);
    return value_list(items, count);
}

static struct value repeated(struct value value, uint32_t count)
{
    struct value *items = need(count, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = value;
    return value_list(items, count);
}

static struct value record_of(const struct field *of, uint32_t count, struct value value)
{
    struct value_entry *entries = need(count, sizeof *entries);
    for (uint32_t i = 0; i < count; i++)
        entries[i] = (struct value_entry){of[i].name, value};
    return value_map(entries, count);
}

static void add_field(const char *name, struct data_type type, struct value value)
{
    LD_ASSERT(field_count < PROGRAM_FIELDS_MAX);
    values[field_count] = value;
    fields[field_count++] = (struct field){.name = bytes_from_text(name), .type = type};
}

static void add_texts(void)
{
    const struct data_type list = {.kind = TYPE_LIST, .of = &text_type};
    struct value hundred =
        repeated(value_words("a text of some length, as a title or an address"), 200);
    uint8_t *chinese = need(TEXT_SIZE, 1);
    for (uint32_t i = 0; i < TEXT_SIZE; i++)
        chinese[i] = (uint8_t) "\xe5\xba\x94"[i % 3];
    add_field("t", text_type, long_text('a', 'a'));
    add_field("v", text_type, long_text('a', 'a'));
    add_field("n", text_type, long_text('0', '0'));
    add_field("e", text_type, value_words(""));
    add_field("w", text_type, value_text((struct bytes){chinese, TEXT_SIZE}));
    add_field("h", text_type, value_text((struct bytes){chinese, 300}));
    add_field("g", list, hundred);
    add_field("x", list, repeated(value_text((struct bytes){chinese, 30}), 1000));
    add_field("c", choice_type, value_text(choices[CHOICES - 1]));
}

static void add_lists(void)
{
    const struct data_type lists = {.kind = TYPE_LIST, .of = &ints_type};
    const struct data_type records = {.kind = TYPE_LIST, .of = &wide_type};
    struct value wide = record_of(wide_fields, WIDE, value_int(1));
    add_field("l", ints_type, number_list(NUMBERS, 7));
    add_field("m", ints_type, number_list(ITEMS, 7));
    add_field("p", ints_type, number_list(1000, 7));
    add_field("q", ints_type, number_list(1800, 7));
    add_field("ll", lists, repeated(number_list(1000, 7), ITEMS));
    add_field("a", wide_type, wide);
    add_field("s", short_type, record_of(short_fields, WIDE, value_int(1)));
    add_field("items", records, repeated(wide, ITEMS));
    add_field("z", records, repeated(record_of(wide_fields, 20, value_int(1)), 1000));
}

static void add_scalars(void)
{
    const struct data_type option = {
        .kind = TYPE_RECORD, .fields = &option_fields[0], .field_count = 1};
    struct value value = VALUE_ABSENT;
    for (int i = OPTIONS; i >= 0; i--)
        value = record_of(&option_fields[i], 1, i == OPTIONS ? value_int(1) : value);
    add_field("o", option, value);
    add_field("d", (struct data_type){.kind = TYPE_DATE}, value_date(20000));
    add_field("b", (struct data_type){.kind = TYPE_BOOL}, value_bool(true));
    add_field("i", int_type, value_int(7));
    add_field("r", (struct data_type){.kind = TYPE_DOUBLE}, value_double(0.5));
    add_field("u", (struct data_type){.kind = TYPE_UNIT}, value_unit(units[0].id));
}

/* Long names that differ at the end, which is the worst for a comparison, and short ones, of which
 * the most can be written. */
static void name_fields(void)
{
    char prefix[NAME_MAX_SIZE - 2];
    memset(prefix, 'f', sizeof prefix);
    prefix[sizeof prefix - 1] = '\0';
    for (uint32_t i = 0; i < WIDE; i++) {
        wide_fields[i] = (struct field){.name = numbered(prefix, 3, i), .type = int_type};
        short_fields[i] = (struct field){
            .name = numbered((char[]){(char)('a' + i / 100), '\0'}, 2, i % 100), .type = int_type};
    }
    for (uint32_t i = 0; i < EVENT_FIELDS; i++) {
        event_fields[i] = (struct field){
            .name = numbered((char[]){(char)('a' + i / 100), '\0'}, 2, i % 100), .type = int_type};
        event_values[i] = value_int(1);
    }
    for (int i = 0; i <= OPTIONS; i++)
        option_fields[i] =
            (struct field){.name = TEXT("o"),
                           .is_optional = true,
                           .type = {.kind = i == OPTIONS ? TYPE_INT : TYPE_RECORD,
                                    .fields = i == OPTIONS ? NULL : &option_fields[i + 1],
                                    .field_count = i == OPTIONS ? 0 : 1}};
}

static void name_others(void)
{
    for (uint32_t i = 0; i < CHOICES; i++)
        choices[i] = numbered("c", 3, i);
    for (uint32_t i = 0; i < UNITS; i++)
        units[i].id = numbered("u", 4, i);
    for (uint32_t i = 0; i < PROGRAM_PARTIES_MAX; i++) {
        parties[i].name = numbered("p", 2, i);
        members[i] = value_unit(units[i].id);
    }
    for (uint32_t i = 0; i < PROGRAM_CLOCKS_MAX; i++) {
        clocks[i].name = numbered("k", 2, i);
        last_days[i] = 20000;
    }
    for (uint32_t i = 0; i < DAYS; i++)
        days[i] = (struct calendar_day){.date = -7670 + (int32_t)i, .kind = DAY_WORK};
    for (uint32_t i = 0; i < sizeof years / sizeof years[0]; i++)
        years[i].year = 1949 + (int32_t)i;
}

/* The named fields come last: a search for one goes past the others. */
static void make_world(void)
{
    enum { NAMED = 24 };
    name_fields();
    name_others();
    for (uint32_t i = 0; i < PROGRAM_FIELDS_MAX - NAMED; i++) {
        struct bytes name = numbered("k", 3, i);
        add_field((const char *)name.ptr, text_type, long_text('a', (char)('!' + i % 90)));
    }
    add_texts();
    add_lists();
    add_scalars();
    LD_ASSERT(field_count == PROGRAM_FIELDS_MAX);
}

enum form { FORM_EXPRESSION, FORM_TEMPLATE, FORM_PERIOD };

/* Counted by name: neither may become part of its caller. */
__attribute__((noinline)) const struct expr *counted_compile(enum form form, struct bytes source,
                                                             const struct expression_scope *scope,
                                                             struct arena *arena);
__attribute__((noinline)) enum expr_err counted_eval(const struct expr *expr,
                                                     const struct expr_env *env,
                                                     struct arena *arena, struct value *ret_value);
/* Stands behind each: before it is entered the count is written down and begins anew. */
__attribute__((noinline)) void counted_end(void);

static volatile int ends;

void counted_end(void)
{
    ends++;
}

const struct expr *counted_compile(enum form form, struct bytes source,
                                   const struct expression_scope *scope, struct arena *arena)
{
    const struct place place = {1, 1};
    enum period_unit unit;
    if (form == FORM_TEMPLATE)
        return expression_template(source, place, scope, arena, &diagnostics);
    if (form == FORM_PERIOD)
        return expression_period(source, place, scope, arena, &diagnostics, &unit);
    return expression_compile(source, place, scope, STATIC_DYN, arena, &diagnostics);
}

enum expr_err counted_eval(const struct expr *expr, const struct expr_env *env, struct arena *arena,
                           struct value *ret_value)
{
    return expr_eval(expr, env, arena, ret_value);
}

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t least(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

static void answer(enum form form, struct bytes source, int rounds)
{
    static const struct event_type event = {
        .name = TEXT("e"), .fields = event_fields, .field_count = EVENT_FIELDS};
    static const struct directory directory = {.units = units, .unit_count = UNITS};
    static const struct calendar calendar = {.zone_minutes = 480,
                                             .weekend = 0x60,
                                             .days = days,
                                             .day_count = DAYS,
                                             .years = years,
                                             .year_count = sizeof years / sizeof years[0]};
    const struct expression_scope scope = {.parties = parties,
                                           .party_count = PROGRAM_PARTIES_MAX,
                                           .fields = fields,
                                           .field_count = field_count,
                                           .event = &event,
                                           .clocks = clocks,
                                           .clock_count = PROGRAM_CLOCKS_MAX,
                                           .directory = &directory,
                                           .has_subs = true};
    const struct expr_env env = {.event_type = TEXT("e"),
                                 .event_sender = TEXT("u0001"),
                                 .event_time_ms = 1758160800000,
                                 .event_date = 20349,
                                 .event_data = event_values,
                                 .case_id = TEXT("QJ-1"),
                                 .case_state = TEXT("s"),
                                 .case_opened_ms = 1758160800000,
                                 .fields = values,
                                 .parties = members,
                                 .clock_last_days = last_days,
                                 .calendar = &calendar};
    int64_t compile_ns = INT64_MAX, eval_ns = INT64_MAX;
    const char *evaluated = "-";
    for (int i = 0; i < rounds; i++) {
        struct arena arena, value_arena;
        struct value value;
        arena_init(&arena, compile_block, sizeof compile_block);
        arena_init(&value_arena, value_block, sizeof value_block);
        diagnostics_init(&diagnostics, &arena, TEXT("probe"));
        int64_t began = now_ns();
        const struct expr *expr = counted_compile(form, source, &scope, &arena);
        int64_t compiled = now_ns();
        compile_ns = least(compile_ns, compiled - began);
        counted_end();
        if (!expr)
            continue;
        compiled = now_ns();
        evaluated = expr_err_word(counted_eval(expr, &env, &value_arena, &value));
        eval_ns = least(eval_ns, now_ns() - compiled);
        counted_end();
    }
    printf("%s %s", diagnostics.count ? diagnostics.rows[0].code : "ok", evaluated);
    if (rounds > 1)
        printf(" %lld %lld", (long long)compile_ns, (long long)eval_ns);
    printf("\n");
}

int main(int argc, char **argv)
{
    int rounds = argc == 2 && strcmp(argv[1], "time") == 0 ? ROUNDS : 1;
    char word[16];
    size_t size;
    make_world();
    while (scanf("%15s %zu", word, &size) == 2) {
        if (size > SOURCE_SIZE || getchar() != '\n' || fread(source_block, 1, size, stdin) != size)
            return 2;
        answer(*word == 't'   ? FORM_TEMPLATE
               : *word == 'p' ? FORM_PERIOD
                              : FORM_EXPRESSION,
               (struct bytes){source_block, size}, rounds);
    }
    return feof(stdin) ? 0 : 2;
}
