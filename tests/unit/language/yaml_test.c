/* The strict YAML subset: what it reads with which places, and that each trap of YAML is refused
 * at its place, at once. */
#include "workflows/language/yaml.h"

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

static const struct yaml_node *read_bytes(struct fixture *fixture, struct bytes text)
{
    arena_clear(&fixture->arena);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    return yaml_read(text, &fixture->arena, &fixture->diagnostics);
}

static const struct yaml_node *read_text(struct fixture *fixture, const char *text)
{
    return read_bytes(fixture, bytes_from_text(text));
}

static void assert_place(struct place place, uint32_t line, uint32_t column)
{
    assert_int_equal(place.line, line);
    assert_int_equal(place.column, column);
}

static void assert_text(struct bytes text, const char *wanted)
{
    assert_int_equal(text.size, strlen(wanted));
    assert_memory_equal(text.ptr, wanted, text.size);
}

struct trap {
    const char *text, *code;
    uint32_t line, column;
};

/* Each trap is one finding of its code at its place, and no tree. */
static void yaml_refuses_each_trap_at_its_place(void **state)
{
    static const struct trap traps[] = {
        {"a: &x 1\n", "yaml-anchor", 1, 4},
        {"a: 1\nb: *x\n", "yaml-alias", 2, 4},
        {"a: !!int 1\n", "yaml-tag", 1, 4},
        {"a: !x [1]\n", "yaml-tag", 1, 4},
        {"a: &x {b: 1}\n", "yaml-anchor", 1, 4},
        {"a: {<<: 1}\n", "yaml-merge", 1, 5},
        {"a: 1\n---\nb: 2\n", "yaml-document", 2, 1},
        {"%YAML 1.1\n---\na: 1\n", "yaml-directive", 1, 1},
        {"a: 1\n\tb: 2\n", "yaml-tab", 2, 1},
        {"标题: 甲\xC0\xAF\n", "yaml-encoding", 1, 6},
        {"a: \xED\xA0\x80\n", "yaml-encoding", 1, 4},
        {"a: x\x01\n", "yaml-character", 1, 5},
        {"a: 甲\u2028乙\n", "yaml-character", 1, 5},
        {"a: \xC2\x85\n", "yaml-character", 1, 4},
        {"? [a]\n: 1\n", "yaml-key", 1, 3},
        {"'': 1\n", "yaml-key", 1, 1},
        {"", "yaml-empty", 1, 1},
        {"# nothing\n", "yaml-empty", 1, 1},
        {"a: 1\nb: 'open\nc: 2\n", "yaml-syntax", 2, 4},
        {"a: b: c\n", "yaml-syntax", 1, 5},
        {"a: [1, 2\nb: 3\n", "yaml-syntax", 1, 4},      /* where it was left open */
        {"a:\n  b：1\n  c: 2\n", "yaml-syntax", 2, 3}, /* the key without its colon */
        {"a:\n  x: 0\n  b：1\n  c: 2\n", "yaml-syntax", 3, 3},
        {"a:\n  x: 0\n  b:1\n  c: 2\n", "yaml-syntax", 3, 3},
        {"a:\n  b: 1\n\u3000 c: 2\n  d: 3\n", "yaml-space", 3, 1},
        {"a: 1\n  b: 2\n", "yaml-syntax", 2, 4},
        {"a: @x\n", "yaml-syntax", 1, 4},
        {"[[[[[[[[[[[[[[[[[", "yaml-depth", 1, 17},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++) {
        assert_null(read_text(fixture, traps[i].text));
        assert_int_equal(fixture->diagnostics.count, 1);
        assert_string_equal(fixture->diagnostics.rows[0].code, traps[i].code);
        assert_place(fixture->diagnostics.rows[0].place, traps[i].line, traps[i].column);
    }
}

static void yaml_reports_every_duplicate_key_with_the_first_line(void **state)
{
    struct fixture *fixture = *state;
    assert_null(read_text(fixture, "a: 1\nb: {x: 1, y: 2, x: 3}\na: 2\n"));
    assert_int_equal(fixture->diagnostics.count, 2);
    assert_string_equal(fixture->diagnostics.rows[0].code, "duplicate-key");
    assert_place(fixture->diagnostics.rows[0].place, 2, 17);
    assert_place(fixture->diagnostics.rows[1].place, 3, 1);
    assert_text(fixture->diagnostics.rows[1].en, "the key a stands twice: first in line 1");
}

static void yaml_keeps_scalars_as_text_with_places_in_code_points(void **state)
{
    struct fixture *fixture = *state;
    const struct yaml_node *root = read_text(
        fixture, "---\n标题: {中: no, on: \"on\"}\nlist:\n  - 2025-01-01\n  - |\n    x\n");
    assert_non_null(root);
    assert_int_equal(root->count, 2);
    const struct yaml_node *title = root->entries[0].value;
    assert_place(root->entries[0].key_place, 2, 1);
    assert_place(title->place, 2, 5);
    assert_text(title->entries[0].value->text, "no");
    assert_place(title->entries[0].value->place, 2, 9);
    assert_false(title->entries[0].value->is_quoted);
    assert_true(title->entries[1].value->is_quoted);
    assert_place(title->entries[1].key_place, 2, 13);
    const struct yaml_node *list = yaml_get(root, "list");
    assert_int_equal(list->count, 2);
    assert_text(list->items[0]->text, "2025-01-01");
    assert_text(list->items[1]->text, "x\n");
    assert_null(yaml_get(root, "absent"));
    assert_null(yaml_get(list, "list"));
    assert_null(yaml_get(NULL, "list"));
}

static void yaml_takes_a_byte_order_mark_and_windows_lines(void **state)
{
    struct fixture *fixture = *state;
    const struct yaml_node *root = read_text(fixture, "\uFEFFa: 1\r\nb:\r\n  c: 2\r\n");
    assert_non_null(root);
    assert_place(root->entries[0].key_place, 1, 1);
    assert_place(yaml_get(root, "b")->entries[0].key_place, 3, 3);
    assert_null(read_text(fixture, "a: 1\r\n\tb: 2\r\n"));
    assert_place(fixture->diagnostics.rows[0].place, 2, 1);
}

/* libyaml alone takes 72 s for 200 KB of '['; each of these is refused in well under a second. */
static void yaml_refuses_bombs_at_once(void **state)
{
    static const char *const patterns[] = {"[",    "{",     "[\n", "- ",   "? ",
                                           "{a: ", "[a, [", "\"",  "a:\n "};
    struct fixture *fixture = *state;
    char *text = malloc(DEFINITION_SIZE_MAX + 1);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        size_t size = strlen(patterns[i]);
        for (size_t at = 0; at < DEFINITION_SIZE_MAX; at++)
            text[at] = patterns[i][at % size];
        clock_t before = clock();
        assert_null(read_bytes(fixture, (struct bytes){(uint8_t *)text, DEFINITION_SIZE_MAX}));
        assert_true(fixture->diagnostics.error_count > 0);
        assert_true(clock() - before < CLOCKS_PER_SEC);
    }
    memset(text, '[', DEFINITION_SIZE_MAX + 1);
    assert_null(read_bytes(fixture, (struct bytes){(uint8_t *)text, DEFINITION_SIZE_MAX}));
    assert_string_equal(fixture->diagnostics.rows[0].code, "yaml-depth");
    assert_null(read_bytes(fixture, (struct bytes){(uint8_t *)text, DEFINITION_SIZE_MAX + 1}));
    assert_string_equal(fixture->diagnostics.rows[0].code, "yaml-size");
    free(text);
}

/* The widest texts that the size bound allows, and an arena that is too small for them. */
static void yaml_bounds_keys_and_memory(void **state)
{
    struct fixture *fixture = *state;
    char *text = malloc(DEFINITION_SIZE_MAX);
    size_t used = 0;
    for (int i = 0; i < 1025; i++)
        used += (size_t)snprintf(text + used, DEFINITION_SIZE_MAX - used, "k%d: 1\n", i);
    assert_null(read_bytes(fixture, (struct bytes){(uint8_t *)text, used}));
    assert_string_equal(fixture->diagnostics.rows[0].code, "yaml-many-keys");
    memset(text, ',', DEFINITION_SIZE_MAX);
    for (size_t at = 1; at < DEFINITION_SIZE_MAX; at += 2)
        text[at] = 'a';
    text[0] = '[';
    text[DEFINITION_SIZE_MAX - 1] = ']';
    assert_non_null(read_bytes(fixture, (struct bytes){(uint8_t *)text, DEFINITION_SIZE_MAX}));
    for (size_t size = 0; size < 8192; size += 64) {
        arena_init(&fixture->arena, fixture->block, size);
        diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
        assert_null(yaml_read((struct bytes){(uint8_t *)text, DEFINITION_SIZE_MAX}, &fixture->arena,
                              &fixture->diagnostics));
        assert_string_equal(fixture->diagnostics.rows[0].code, "too-big");
    }
    free(text);
    arena_init(&fixture->arena, fixture->block, DEFINITION_ARENA_SIZE);
}

static void yaml_to_value_types_only_what_json_would(void **state)
{
    struct fixture *fixture = *state;
    const struct yaml_node *root = read_text(
        fixture,
        "[true, false, 12, -3, 0, 1.5, -0.25, 2025-09-22, 'true', \"12\", no, 007, 1., .5, "
        "1e3, 9223372036854775807, -9223372036854775808, 9223372036854775808, '', "
        "1.2.3, -, {a: [1]}]");
    assert_non_null(root);
    struct value value = yaml_to_value(root, &fixture->arena);
    static const enum value_kind kinds[] = {
        VALUE_BOOL,   VALUE_BOOL, VALUE_INT,  VALUE_INT,  VALUE_INT,  VALUE_DOUBLE,
        VALUE_DOUBLE, VALUE_TEXT, VALUE_TEXT, VALUE_TEXT, VALUE_TEXT, VALUE_TEXT,
        VALUE_TEXT,   VALUE_TEXT, VALUE_TEXT, VALUE_INT,  VALUE_INT,  VALUE_TEXT,
        VALUE_TEXT,   VALUE_TEXT, VALUE_TEXT, VALUE_MAP};
    assert_int_equal(value.as.list.count, sizeof kinds / sizeof kinds[0]);
    const struct value *items = value.as.list.items;
    for (uint32_t i = 0; i < value.as.list.count; i++)
        assert_int_equal(items[i].kind, kinds[i]);
    assert_true(items[0].as.boolean);
    assert_int_equal(items[3].as.integer, -3);
    assert_true(items[5].as.real == 1.5 && items[6].as.real == -0.25);
    assert_text(items[7].as.text, "2025-09-22");
    assert_true(items[15].as.integer == INT64_MAX && items[16].as.integer == INT64_MIN);
    const struct value *list = value_get(&items[21], "a");
    assert_int_equal(list->as.list.items[0].as.integer, 1);
}

static void diagnostics_print_one_line_and_a_hint_in_both_languages(void **state)
{
    struct fixture *fixture = *state;
    struct diagnostics *diagnostics = &fixture->diagnostics;
    arena_clear(&fixture->arena);
    diagnostics_init(diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    struct bytes evil = BYTES_LITERAL("x\x1B[31m\ny");
    diagnose(diagnostics, (struct place){9, 2}, "yaml-anchor", &evil, 1);
    diagnose(diagnostics, (struct place){3, 7}, "yaml-tab", NULL, 0);
    diagnose(diagnostics, (struct place){3, 1}, "yaml-empty", NULL, 0);
    diagnostics_sort(diagnostics);
    assert_int_equal(diagnostics->error_count, 3);
    char memory[1024];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    for (uint32_t i = 0; i < 3; i++)
        diagnostic_print(&diagnostics->rows[i], i == 1, &buffer);
    assert_text(buffer_bytes(&buffer),
                "a.yaml:3:1: error[yaml-empty]: the file is empty\n"
                "a.yaml:3:7: error[yaml-tab]: 不允许使用制表符(Tab)\n    提示:请用空格代替\n"
                "a.yaml:9:2: error[yaml-anchor]: the anchor &x [31m y is not allowed\n"
                "    hint: write the content out; quote a text that begins with &\n");
}

/* What does not fit is counted, and without memory the code and place remain. */
static void diagnostics_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct diagnostics *diagnostics = &fixture->diagnostics;
    arena_init(&fixture->arena, fixture->block, 0);
    diagnostics_init(diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    for (int i = 0; i < DIAGNOSTICS_MAX + 5; i++)
        diagnose(diagnostics, (struct place){1, 1}, "yaml-empty", NULL, 0);
    assert_int_equal(diagnostics->count, DIAGNOSTICS_MAX);
    assert_int_equal(diagnostics->dropped, 5);
    assert_int_equal(diagnostics->error_count, DIAGNOSTICS_MAX + 5);
    assert_text(diagnostics->rows[0].en, "the file is empty");
    arena_init(&fixture->arena, fixture->block, DEFINITION_ARENA_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_refuses_each_trap_at_its_place),
        cmocka_unit_test(yaml_reports_every_duplicate_key_with_the_first_line),
        cmocka_unit_test(yaml_keeps_scalars_as_text_with_places_in_code_points),
        cmocka_unit_test(yaml_takes_a_byte_order_mark_and_windows_lines),
        cmocka_unit_test(yaml_refuses_bombs_at_once),
        cmocka_unit_test(yaml_bounds_keys_and_memory),
        cmocka_unit_test(yaml_to_value_types_only_what_json_would),
        cmocka_unit_test(diagnostics_print_one_line_and_a_hint_in_both_languages),
        cmocka_unit_test(diagnostics_are_bounded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
