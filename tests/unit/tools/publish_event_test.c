/* Lines, JSON, flags: how an event comes to be, and what is said of one that is none. */
#include "tools/liandong/json_read.h"
#include "tools/liandong/lines.h"
#include "tools/liandong/publish_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t block[4 << 20];

/* usage_error ends the program in the real one; here a test must not reach it. */
void usage_error(const struct command_context *context, const char *zh, const char *en)
{
    (void)context;
    (void)zh;
    fail_msg("%s", en);
    abort();
}

/* --- lines ---------------------------------------------------------------------------------- */

struct pipe_fixture {
    struct lines lines;
    int in;
};

static struct pipe_fixture *open_pipe(void)
{
    static struct pipe_fixture fixture;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    lines_init(&fixture.lines, ends[0]);
    fixture.in = ends[1];
    return &fixture;
}

static void feed(struct pipe_fixture *f, const char *text)
{
    assert_int_equal(write(f->in, text, strlen(text)), (ssize_t)strlen(text));
}

static void finish(struct pipe_fixture *f)
{
    struct bytes line;
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_END);
    close(f->lines.file);
}

static void lines_come_whole_and_with_their_numbers(void **state)
{
    (void)state;
    struct pipe_fixture *f = open_pipe();
    struct bytes line;
    feed(f, "one\r\ntwo\n\nfo");
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_READY);
    assert_true(bytes_is(line, "one"));
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_READY);
    assert_true(bytes_is(line, "two"));
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_READY);
    assert_int_equal(line.size, 0);
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_LATER);
    feed(f, "ur");
    close(f->in);
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_READY);
    assert_true(bytes_is(line, "four"));
    assert_int_equal(f->lines.number, 4);
    finish(f);
}

static void write_run(struct pipe_fixture *f, size_t size)
{
    char *run = malloc(size);
    memset(run, 'x', size);
    for (size_t at = 0; at < size;) {
        struct bytes line;
        size_t part = size - at < 4096 ? size - at : 4096;
        assert_int_equal(write(f->in, run + at, part), (ssize_t)part);
        at += part;
        assert_int_equal(lines_next(&f->lines, 0, &line), LINE_LATER);
    }
    free(run);
}

static void a_line_past_the_bound_is_passed_over_once(void **state)
{
    (void)state;
    struct pipe_fixture *f = open_pipe();
    struct bytes line;
    write_run(f, LINE_MAX_SIZE);
    feed(f, "\n");
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_READY);
    assert_int_equal(line.size, LINE_MAX_SIZE);
    write_run(f, LINE_MAX_SIZE + 1);
    feed(f, "\n");
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_TOO_LONG);
    write_run(f, 3 * LINE_MAX_SIZE);
    feed(f, "\nlast\n");
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_TOO_LONG);
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_READY);
    assert_true(bytes_is(line, "last"));
    assert_int_equal(f->lines.number, 4);
    write_run(f, 2 * LINE_MAX_SIZE);
    close(f->in);
    assert_int_equal(lines_next(&f->lines, 0, &line), LINE_TOO_LONG);
    finish(f);
}

/* --- JSON ----------------------------------------------------------------------------------- */

static enum ld_err read_json(const char *text, uint32_t depth_max, struct value *ret_value)
{
    static struct arena arena;
    struct json_problem problem;
    arena_init(&arena, block, sizeof block);
    return json_read(bytes_from_text(text), depth_max, &arena, ret_value, &problem);
}

static void json_becomes_values(void **state)
{
    (void)state;
    struct value value;
    assert_int_equal(read_json("{\"a\":[1,-2.5,\"x\",true,null],\"b\":{}}", 2, &value), LD_OK);
    const struct value *list = value_get(&value, "a");
    assert_int_equal(list->as.list.count, 5);
    assert_true(list->as.list.items[0].as.integer == 1);
    assert_true(list->as.list.items[1].as.real == -2.5);
    assert_true(bytes_is(list->as.list.items[2].as.text, "x"));
    assert_true(list->as.list.items[3].as.boolean);
    assert_int_equal(list->as.list.items[4].kind, VALUE_NONE);
    assert_int_equal(value_get(&value, "b")->kind, VALUE_MAP);
}

static void unlawful_json_is_refused(void **state)
{
    (void)state;
    static const char *const unlawful[] = {
        "", "{", "{} {}", "{\"a\":1,\"a\":2}", "[[1]]", "\"\xff", "9223372036854775808", "nul"};
    struct value value;
    for (size_t i = 0; i < sizeof unlawful / sizeof unlawful[0]; i++) {
        if (read_json(unlawful[i], 1, &value) != LD_INVALID)
            fail_msg("taken: %s", unlawful[i]);
    }
}

static void a_word_is_a_scalar_or_text(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, block, sizeof block);
    assert_true(json_scalar_or_text("17", &arena).as.integer == 17);
    assert_int_equal(json_scalar_or_text("true", &arena).kind, VALUE_BOOL);
    assert_int_equal(json_scalar_or_text("null", &arena).kind, VALUE_NONE);
    assert_true(bytes_is(json_scalar_or_text("\"17\"", &arena).as.text, "17"));
    assert_true(bytes_is(json_scalar_or_text("2025-09-22", &arena).as.text, "2025-09-22"));
    assert_true(
        bytes_is(json_scalar_or_text("潜检建〔2025〕17号", &arena).as.text, "潜检建〔2025〕17号"));
    assert_true(bytes_is(json_scalar_or_text("{}", &arena).as.text, "{}"));
    assert_true(bytes_is(json_scalar_or_text("", &arena).as.text, ""));
}

/* --- events --------------------------------------------------------------------------------- */

static const char *const lawful_line =
    "{\"id\":\"e\",\"source\":\"s\",\"type\":\"t\",\"subject\":\"c\",\"data\":{\"n\":1}}";

static enum ld_err encode(const struct value *event, struct envelope *ret_envelope,
                          struct event_problem *ret_problem)
{
    static uint8_t memory[WIRE_EVENT_MAX];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    return event_encode(event, &buffer, ret_envelope, ret_problem);
}

static void a_line_becomes_an_event(void **state)
{
    (void)state;
    struct arena arena;
    struct value event;
    struct envelope envelope;
    struct event_problem problem;
    arena_init(&arena, block, sizeof block);
    assert_int_equal(event_read(bytes_from_text(lawful_line), &arena, &event, &problem), LD_OK);
    assert_int_equal(encode(&event, &envelope, &problem), LD_OK);
    assert_true(bytes_is(envelope.subject, "c"));
    assert_int_equal(envelope.data.kind, VALUE_MAP);
}

static void a_line_that_is_no_event_is_explained(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"{not json", "column"},
        {"[]", "object"},
        {"{}", "id"},
        {"{\"id\":\"e\",\"source\":\"s\",\"type\":\"t\",\"subject\":\"/c\"}", "subject"},
        {"{\"id\":\"e\",\"source\":\"s\",\"type\":\"t\",\"subject\":\"c\",\"data\":[]}", "data"},
        {"{\"id\":\"e\",\"source\":\"s\",\"type\":\"t\",\"subject\":\"c\","
         "\"data\":{\"a\":[[[[[[[[1]]]]]]]]}}",
         "deep"}};
    struct arena arena;
    struct value event;
    struct envelope envelope;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event_problem problem = {0};
        arena_init(&arena, block, sizeof block);
        enum ld_err err = event_read(bytes_from_text(rows[i].line), &arena, &event, &problem);
        if (!err)
            err = encode(&event, &envelope, &problem);
        assert_int_equal(err, LD_INVALID);
        if (!strstr(problem.en, rows[i].said) || !problem.zh[0])
            fail_msg("%s: %s", rows[i].line, problem.en);
    }
}

static void flags_become_an_event_with_an_id_of_its_own(void **state)
{
    (void)state;
    struct event_flags flags = {.source = "s",
                                .type = "t",
                                .subject = "c",
                                .role = "chief",
                                .data = "{\"a\":1}",
                                .sets = {{"b=2", "c=x=y"}, 2}};
    struct arena arena;
    struct value first, second;
    struct envelope envelope, other;
    struct event_problem problem;
    arena_init(&arena, block, sizeof block);
    assert_int_equal(event_from_flags(&flags, &arena, &first, &problem), LD_OK);
    assert_int_equal(encode(&first, &envelope, &problem), LD_OK);
    assert_true(value_get_int(&envelope.data, "a", 0) == 1);
    assert_true(value_get_int(&envelope.data, "b", 0) == 2);
    assert_true(bytes_is(value_get_text(&envelope.data, "c"), "x=y"));
    assert_true(bytes_is(envelope.role, "chief"));
    assert_int_equal(envelope.id.size, 36);
    assert_int_equal(envelope.id.ptr[14], '7');
    assert_int_equal(event_from_flags(&flags, &arena, &second, &problem), LD_OK);
    assert_int_equal(encode(&second, &other, &problem), LD_OK);
    assert_false(bytes_equal(envelope.id, other.id));
}

static void flags_that_are_off_are_explained(void **state)
{
    (void)state;
    const struct event_flags rows[] = {
        {.data = "[]"},
        {.data = "{"},
        {.sets = {{"novalue"}, 1}},
        {.sets = {{"=x"}, 1}},
        {.sets = {{"a=1", "a=2"}, 2}},
        {.data = "{\"a\":1}", .sets = {{"a=2"}, 1}},
    };
    struct arena arena;
    struct value event;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct event_problem problem;
        arena_init(&arena, block, sizeof block);
        assert_int_equal(event_from_flags(&rows[i], &arena, &event, &problem), LD_INVALID);
    }
}

static void repeated_options_are_taken_out_in_order(void **state)
{
    (void)state;
    char *words[] = {"--set", "a=1", "file", "--set=b=2", "--settle", "x", "--", "--set", "c=3"};
    struct command_context context = {.argc = 9, .argv = words};
    struct repeated sets;
    repeated_take(&context, "set", &sets);
    assert_int_equal(sets.count, 2);
    assert_string_equal(sets.texts[0], "a=1");
    assert_string_equal(sets.texts[1], "b=2");
    assert_int_equal(context.argc, 6);
    assert_string_equal(context.argv[0], "file");
    assert_string_equal(context.argv[1], "--settle");
    assert_string_equal(context.argv[3], "--");
    assert_string_equal(context.argv[5], "c=3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_whole_and_with_their_numbers),
        cmocka_unit_test(a_line_past_the_bound_is_passed_over_once),
        cmocka_unit_test(json_becomes_values),
        cmocka_unit_test(unlawful_json_is_refused),
        cmocka_unit_test(a_word_is_a_scalar_or_text),
        cmocka_unit_test(a_line_becomes_an_event),
        cmocka_unit_test(a_line_that_is_no_event_is_explained),
        cmocka_unit_test(flags_become_an_event_with_an_id_of_its_own),
        cmocka_unit_test(flags_that_are_off_are_explained),
        cmocka_unit_test(repeated_options_are_taken_out_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
