/* Goal: what a guard asks with has() may be read wherever the guard has decided, and an optional
 * field takes what is there of another. Method: small definitions, and stories played on them. */
#include "workflows/language/definition.h"
#include "workflows/language/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_SIZE = 16 << 20, TEXT_MAX = 8192, ZONE = 480 };

struct fixture {
    void *blocks[2];
    struct arena arena, story_arena;
    struct diagnostics diagnostics;
    struct calendar calendar; /* weekends alone */
    struct policy policy;     /* no ladders */
    struct rules rules;
    char text[TEXT_MAX];
    struct story_run run;
};

static int setup(void **state)
{
    static const char directory[] = "directory: city\nzone: \"+08:00\"\nunits:\n"
                                    "  - {id: ecology, kind: agency, title: 生态环境局}\n"
                                    "  - {id: land, kind: agency, title: 自然资源局}\n";
    struct fixture *fixture = calloc(1, sizeof *fixture);
    for (int i = 0; i < 2; i++)
        fixture->blocks[i] = malloc(ARENA_SIZE);
    arena_init(&fixture->arena, fixture->blocks[0], ARENA_SIZE);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    fixture->calendar =
        (struct calendar){.id = BYTES_LITERAL("c"), .zone_minutes = ZONE, .weekend = 0x60};
    fixture->policy = (struct policy){.id = BYTES_LITERAL("p"), .alert_hour = 9};
    fixture->rules.calendar = &fixture->calendar;
    fixture->rules.policy = &fixture->policy;
    fixture->rules.directory =
        definition_directory(bytes_from_text(directory), &fixture->arena, &fixture->diagnostics);
    *state = fixture;
    return fixture->rules.directory ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 2; i++)
        free(fixture->blocks[i]);
    free(fixture);
    return 0;
}

static void print_findings(const struct fixture *fixture)
{
    static char memory[1 << 14];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    for (uint32_t i = 0; i < fixture->diagnostics.count; i++)
        diagnostic_print(&fixture->diagnostics.rows[i], false, &buffer);
    print_message("%s\n%.*s", fixture->text, BYTES_PRINTF(buffer_bytes(&buffer)));
}

/* A case with two optional fields; what stands under `got` and `clocks` is given. */
static const struct program *compile(struct fixture *fixture, const char *got, const char *clocks)
{
    (void)snprintf(
        fixture->text, sizeof fixture->text,
        "workflow: w\nversion: 1\nparties: {o: {kind: agency}, helper: {kind: agency}}\n"
        "data:\n"
        "  note:  {type: text, optional: true}\n"
        "  days:  {type: int, optional: true}\n"
        "  other: {type: text, default: ''}\n"
        "events:\n"
        "  opened: {from: [agency], data: {note: {type: text, optional: true}}}\n"
        "  got:\n"
        "    from: [agency]\n"
        "    data:\n"
        "      note: {type: text, optional: true}\n"
        "      days: {type: int, optional: true}\n"
        "      unit: {type: unit, optional: true}\n"
        "      kind: {type: choice, of: [a, b], optional: true}\n"
        "start: {event: opened, bind: {o: event.sender}, set: {note: event.data.note}, to: open}\n"
        "states:\n"
        "  open:\n"
        "    no-clock: a test\n"
        "    when:\n"
        "      got: %s\n"
        "  done: {end: true}\n"
        "clocks: {%s}\n",
        got, clocks);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    return definition_workflow(bytes_from_text(fixture->text), NULL, &fixture->arena,
                               &fixture->diagnostics);
}

static void expect(struct fixture *fixture, const char *got, const char *clocks, const char *code)
{
    const struct program *program = compile(fixture, got, clocks);
    const struct diagnostics *diagnostics = &fixture->diagnostics;
    bool is_wanted =
        code ? diagnostics->count == 1 && !program && strcmp(diagnostics->rows[0].code, code) == 0
             : diagnostics->count == 0 && program;
    if (!is_wanted)
        print_findings(fixture);
    assert_true(is_wanted);
}

static void what_the_guard_asks_is_known_in_its_branch(void **state)
{
    static const struct {
        const char *got, *code;
    } rows[] = {
        {"[{if: has(event.data.note), set: {other: event.data.note}, to: done}, {to: done}]", NULL},
        {"[{if: 'has(event.data.note) && has(event.data.days) && event.data.days > 2', "
         "set: {other: event.data.note}, to: done}, {to: done}]",
         NULL},
        {"[{if: has(event.data.unit), bind: {helper: event.data.unit}, to: done}, {to: done}]",
         NULL},
        {"[{if: has(case.note), to: done, do: [{notify: {to: o, level: notice, "
         "text: '${case.note}'}}, {emit: {type: x, data: {note: case.note}}}]}, {to: done}]",
         NULL},
        {"[{if: '!has(event.data.note)', to: done}, {set: {other: event.data.note}, to: done}]",
         NULL}, /* the first did not hold */
        {"[{if: '!has(event.data.note) || event.data.note == \"\"', to: done}, "
         "{if: event.data.note == 'x', set: {other: event.data.note}, to: done}, {to: done}]",
         NULL},
        /* Known of neither: the guard asks about another, asks one of two, or is another branch's.
         */
        {"[{if: has(event.data.days), set: {other: event.data.note}, to: done}, {to: done}]",
         "expr-optional"},
        {"[{if: has(event.data.note) || has(event.data.days), set: {other: event.data.note}, "
         "to: done}, {to: done}]",
         "expr-optional"},
        {"[{if: has(event.data.note), to: done}, {set: {other: event.data.note}, to: done}]",
         "expr-optional"},
        {"[{if: '!has(event.data.note)', set: {other: event.data.note}, to: done}, {to: done}]",
         "expr-optional"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(*state, rows[i].got, "", rows[i].code);
}

static void what_a_guard_of_a_period_asks_is_known_there(void **state)
{
    static const char form[] = "all: {force: agreed, who: o, while: open, period: %s}";
    char clocks[512];
    (void)snprintf(clocks, sizeof clocks, form,
                   "[{if: has(case.days), is: case.days days}, 5 days]");
    expect(*state, "{to: done}", clocks, NULL);
    (void)snprintf(clocks, sizeof clocks, form,
                   "[{if: '!has(case.days)', is: 5 days}, case.days days]");
    expect(*state, "{to: done}", clocks, NULL);
    (void)snprintf(clocks, sizeof clocks, form,
                   "[{if: has(case.note), is: 5 days}, case.days days]");
    expect(*state, "{to: done}", clocks, "expr-optional");
}

static void an_optional_field_may_be_set_from_an_optional_one(void **state)
{
    static const struct {
        const char *got, *code;
    } rows[] = {
        {"{set: {note: event.data.note, days: event.data.days}, to: done}", NULL},
        {"{set: {note: event.data.kind}, to: done}", NULL},
        {"{set: {other: event.data.note}, to: done}", "expr-optional"}, /* that one is not */
        {"{set: {note: 'event.data.note + \"\"'}, to: done}", "expr-optional"}, /* more than it */
        {"{set: {note: event.data.days}, to: done}", "expr-wanted"},
        {"{bind: {helper: event.data.unit}, to: done}", "expr-optional"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(*state, rows[i].got, "", rows[i].code);
}

static void what_may_be_absent_need_not_be_given(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile(fixture, "{to: done}", "");
    assert_non_null(program);
    assert_int_equal(program->given_field_count, 0); /* start sets it from an optional one */
    assert_int_equal(program->given_party_count, 1);
}

static void play(struct fixture *fixture, const char *got, const char *steps)
{
    char text[4096];
    struct story_actor actor = {compile(fixture, got, ""), fixture->rules};
    struct story_cast cast = {&actor, 1};
    if (!actor.program)
        print_findings(fixture);
    assert_non_null(actor.program);
    (void)snprintf(text, sizeof text, "story: s\nworkflow: w\ncase: C-1\nsteps:\n%s", steps);
    arena_init(&fixture->story_arena, fixture->blocks[1], ARENA_SIZE);
    diagnostics_init(&fixture->diagnostics, &fixture->story_arena, BYTES_LITERAL("s"));
    const struct story *story =
        story_read(bytes_from_text(text), ZONE, &fixture->story_arena, &fixture->diagnostics);
    if (!story)
        print_findings(fixture);
    assert_non_null(story);
    assert_int_equal(
        story_play(story, &cast, &fixture->story_arena, &fixture->diagnostics, &fixture->run),
        LD_OK);
    if (fixture->diagnostics.count)
        print_findings(fixture);
    assert_int_equal(fixture->diagnostics.count, 0);
}

#define OPENED(data, expect)                                                                       \
    "  - {at: 2025-11-03 10:00, from: ecology, event: opened, data: {" data "}, "                  \
    "expect: {fate: started" expect "}}\n"
#define GOT(minute, data, expect)                                                                  \
    "  - {at: 2025-11-03 10:" minute ", from: land, event: got, data: {" data "}, "                \
    "expect: {fate: applied" expect "}}\n"

static void an_absent_value_leaves_the_field_as_it_is(void **state)
{
    static const char got[] =
        "[{if: has(case.note) && case.note == 'end', to: done}, "
        "{if: '!has(case.note)', set: {note: event.data.note, other: \"'none'\"}}, "
        "{set: {note: event.data.note, days: event.data.days, other: case.note}}]";
    /* Never given, it stays absent; given once, it stays what it was. */
    play(*state, got,
         OPENED("", ", data: {other: ''}") GOT("01", "", ", data: {other: none}")
             GOT("02", "", ", data: {other: none}") GOT("03", "note: x", ", data: {note: x}")
                 GOT("04", "days: 3", ", data: {note: x, days: 3, other: x}")
                     GOT("05", "note: end", ", data: {note: end, days: 3, other: x}")
                         GOT("06", "", ", state: done"));
    play(*state, got, OPENED("note: y", ", data: {note: y}") GOT("01", "", ", data: {note: y}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_guard_asks_is_known_in_its_branch),
        cmocka_unit_test(what_a_guard_of_a_period_asks_is_known_there),
        cmocka_unit_test(an_optional_field_may_be_set_from_an_optional_one),
        cmocka_unit_test(what_may_be_absent_need_not_be_given),
        cmocka_unit_test(an_absent_value_leaves_the_field_as_it_is),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
