/* What only a search sees: each finding, and a definition as close as can be that has none. */
#include "base/buffer.h"
#include "workflows/language/definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct fixture {
    void *block;
    struct arena arena;
    struct diagnostics diagnostics;
    char text[65536];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->block = malloc(DEFINITION_ARENA_SIZE);
    arena_init(&fixture->arena, fixture->block, DEFINITION_ARENA_SIZE);
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

/* Exactly this finding, or none for NULL; it never prevents a program. */
static void expect(struct fixture *fixture, const char *text, const char *code)
{
    struct diagnostics *diagnostics = &fixture->diagnostics;
    arena_clear(&fixture->arena);
    diagnostics_init(diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    const struct program *program =
        definition_workflow(bytes_from_text(text), NULL, &fixture->arena, diagnostics);
    bool is_wanted = code ? diagnostics->count == 1 && !strcmp(diagnostics->rows[0].code, code)
                          : diagnostics->count == 0;
    if (!is_wanted || !program) {
        static char memory[1 << 16];
        struct buffer buffer;
        buffer_init(&buffer, memory, sizeof memory);
        for (uint32_t i = 0; i < diagnostics->count; i++)
            diagnostic_print(&diagnostics->rows[i], false, &buffer);
        print_message("%s\n%.*s", text, BYTES_PRINTF(buffer_bytes(&buffer)));
    }
    assert_non_null(program);
    assert_true(is_wanted);
}

static void statutory_clocks_that_some_path_never_ends(void **state)
{
    static const char form[] =
        "workflow: w\nversion: 1\nparties: {o: {kind: agency}}\n"
        "events:\n"
        "  opened: {from: [agency]}\n"
        "  served: {from: [o]}\n"
        "  reported: {from: [o]}\n"
        "  dropped: {from: [o]}\n"
        "start: {event: opened, bind: {o: event.sender}, to: a}\n"
        "states:\n"
        "  a: {when: {served: {to: b}, dropped: {to: z}}}\n"
        "  b: {when: {dropped: {to: z}%s, served: {to: c}}}\n"
        "  c: {when: {reported: {to: z}}}\n"
        "  z: {end: true}\n"
        "clocks:\n"
        "  all: {force: agreed, who: o, while: [a, b, c], period: 60 days}\n"
        "  report: {force: %s, basis: x, who: o, from: %s, until: %s, period: 5 days}\n";
    static const struct {
        const char *also, *force, *from, *until, *code;
    } rows[] = {
        {"", "statutory", "served", "reported", "clock-never-ended"},
        {", reported: {}", "statutory", "served", "reported", NULL},
        {"", "agreed", "served", "reported", NULL},
        {"", "statutory", "served", "enter c", NULL},
        {"", "statutory, right: true", "served", "reported", NULL}, /* it lapses by itself */
        {", reported: {}", "statutory", "opened", "reported", "clock-never-ended"},
        {"", "statutory", "opened", "dropped", NULL}, /* a itself takes it */
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(fixture->text, sizeof fixture->text, form, rows[i].also, rows[i].force,
                       rows[i].from, rows[i].until);
        expect(fixture, fixture->text, rows[i].code);
    }
}

static void guards_that_can_both_hold(void **state)
{
    static const char form[] =
        "workflow: w\nversion: 1\nparties: {o: {kind: agency}}\n"
        "data: {flag: {type: bool, default: false}, note: {type: text, default: x},\n"
        "       extra: {type: int, optional: true}}\n"
        "events:\n"
        "  opened: {from: [agency]}\n"
        "  done:\n"
        "    from: [o]\n"
        "    data: {n: {type: int, min: 0, max: 100}, yes: {type: bool},\n"
        "           kind: {type: choice, of: [new, old, odd]}, on: {type: date}}\n"
        "start: {event: opened, bind: {o: event.sender}, to: a}\n"
        "states:\n"
        "  a:\n"
        "    when:\n"
        "      done:\n"
        "        - {if: \"%s\", to: y}\n"
        "        - {if: \"%s\", to: %s}\n"
        "        - {}\n"
        "  y: {end: true}\n"
        "  z: {end: true}\n"
        "clocks: {all: {force: agreed, who: o, while: a, period: 60 days}}\n";
    static const struct {
        const char *left, *right, *to;
        bool is_noted;
    } rows[] = {
        {"event.data.yes", "!event.data.yes", "z", false},
        {"event.data.yes", "case.flag", "z", true},
        {"event.data.yes", "case.flag && !event.data.yes", "z", false},
        {"event.data.kind == 'new'", "event.data.kind == 'old'", "z", false},
        {"event.data.kind == 'new'", "event.data.kind != 'old'", "z", true},
        {"event.data.kind in ['new', 'odd']", "event.data.kind == 'odd'", "z", true},
        {"event.data.kind in ['new', 'odd']", "event.data.kind == 'old'", "z", false},
        {"event.data.n > 60", "event.data.n <= 60", "z", false},
        {"event.data.n > 60", "event.data.n >= 60", "z", true},
        {"event.data.n > 60", "event.data.n > 30 && event.data.n < 62", "z", true},
        {"event.data.n > 60", "event.data.n > 30 && event.data.n < 61", "z", false},
        {"event.data.n >= 100", "event.data.n > 99", "z", true},
        {"event.data.n < 0 || event.data.yes", "!event.data.yes", "z", false},
        {"has(case.extra)", "!has(case.extra)", "z", false},
        {"has(case.extra) && case.extra > 5", "has(case.extra)", "z", true},
        {"event.data.on > date('2025-01-01')", "event.data.on > date('2024-01-01')", "z", false},
        {"case.note == 'a'", "case.note == 'a'", "z", true},
        {"case.note == 'a'", "event.data.yes", "z", false},
        {"event.data.yes", "case.flag", "y", false},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(fixture->text, sizeof fixture->text, form, rows[i].left, rows[i].right,
                       rows[i].to);
        /* The end that no branch leads to would be a finding of its own. */
        char *unused = strcmp(rows[i].to, "y") ? NULL : strstr(fixture->text, "  z: {end");
        if (unused)
            memmove(unused, strchr(unused, '\n') + 1, strlen(strchr(unused, '\n') + 1) + 1);
        expect(fixture, fixture->text, rows[i].is_noted ? "branches-overlap" : NULL);
    }
}

static void events_that_one_state_alone_refuses(void **state)
{
    static const char form[] =
        "workflow: w\nversion: 1\nparties: {o: {kind: agency}, p: {kind: agency}}\n"
        "events:\n"
        "  opened: {from: [agency]}\n"
        "  next: {from: [o]}\n"
        "  gone: {from: [%s]}\n"
        "start: {event: opened, bind: {o: event.sender}, to: a}\n"
        "states:\n"
        "  a: {when: {next: {to: b, bind: {p: event.sender}}%s}}\n"
        "  b: {when: {next: {to: c}%s}}\n"
        "  c: {when: {next: {to: d}%s}}\n"
        "  d: {when: {next: {to: z}, gone: {to: z}}}\n"
        "  z: {end: true}\n"
        "clocks: {all: {force: agreed, who: o, while: [a, b, c, d], period: 60 days}}\n";
    static const char takes[] = ", gone: {to: z}", refuses[] = ", gone: {refuse: 不得}";
    const struct {
        const char *from, *a, *b, *c, *code;
    } rows[] = {
        {"o", takes, takes, takes, NULL},
        {"o", takes, "", takes, "event-refused-once"},
        {"o", takes, refuses, takes, NULL}, /* it is said why */
        {"o", takes, "", "", NULL},         /* two states: a stage, not a slip */
        {"o", "", takes, takes, "event-refused-once"},
        {"p", "", takes, takes, NULL}, /* nobody is p in a */
        {"agency", "", takes, takes, "event-refused-once"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)snprintf(fixture->text, sizeof fixture->text, form, rows[i].from, rows[i].a,
                       rows[i].b, rows[i].c);
        expect(fixture, fixture->text, rows[i].code);
    }
}

/* The findings of expressions and periods, like all others, have a file each; those of size or of
 * a text that is a template have none. definition_test reads them all. */
static void every_finding_of_expressions_has_a_bad_file(void **state)
{
    static const char *const codes[] = {
#define X(code, severity, zh, en, hint_zh, hint_en) code,
#include "workflows/language/diagnostic_expr.inc"
#undef X
    };
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char path[512];
        bool is_sized = !strcmp(codes[i], "expr-memory") || !strncmp(codes[i], "template-", 9);
        (void)snprintf(path, sizeof path, LIANDONG_SOURCE "/tests/unit/language/bad/%s.yaml",
                       codes[i]);
        FILE *file = fopen(path, "rb");
        if (!file && !is_sized)
            print_message("no file for %s\n", codes[i]);
        assert_true(file || is_sized);
        if (file)
            (void)fclose(file);
    }
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Hundreds of guards over eight fields: more combinations than anybody would wait for. */
static void trying_guards_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    size_t used = 0;
#define ADD(...)                                                                                   \
    used += (size_t)snprintf(fixture->text + used, sizeof fixture->text - used, __VA_ARGS__)
    ADD("workflow: w\nversion: 1\nparties: {o: {}}\ndata:\n");
    for (int i = 0; i < 8; i++)
        ADD("  f%d: {type: int, default: 0}\n", i);
    ADD("events: {e: {from: [agency]}, go: {from: [o]}}\n"
        "start: {event: e, bind: {o: event.sender}, to: a}\nstates:\n  a:\n    when:\n      go:\n");
    for (int i = 0; i < 300; i++)
        ADD("        - {if: 'case.f0+case.f1+case.f2+case.f3+case.f4+case.f5+case.f6+case.f7 == "
            "%d && case.f0 > %d', to: z}\n",
            100000 + i, 5 + i);
    ADD("        - {}\n  z: {end: true}\n"
        "clocks: {all: {force: agreed, who: o, while: a, period: 60 days}}\n");
#undef ADD
    assert_true(used < sizeof fixture->text);
    arena_clear(&fixture->arena);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    double before = seconds();
    (void)definition_workflow(bytes_from_text(fixture->text), NULL, &fixture->arena,
                              &fixture->diagnostics);
    print_message("%.1f ms\n", (seconds() - before) * 1000);
    assert_true(seconds() - before < 1); /* the sanitizers' build, on a busy machine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statutory_clocks_that_some_path_never_ends),
        cmocka_unit_test(guards_that_can_both_hold),
        cmocka_unit_test(events_that_one_state_alone_refuses),
        cmocka_unit_test(every_finding_of_expressions_has_a_bad_file),
        cmocka_unit_test(trying_guards_is_bounded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
