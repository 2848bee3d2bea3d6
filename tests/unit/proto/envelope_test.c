/* Events and fates as maps: what is taken, what is refused by which attribute, what comes back. */
#include "proto/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct value_entry entries[16];
static uint8_t block[16384];

static struct value_builder event(void)
{
    struct value_builder builder = {entries, 16, 0};
    value_put(&builder, "specversion", value_words("1.0"));
    value_put(&builder, "id", value_words("e-1"));
    value_put(&builder, "source", value_words("qj-ecology"));
    value_put(&builder, "type", value_words("lead.received"));
    value_put(&builder, "subject", value_words("QJ-2025-0017/item-1"));
    return builder;
}

/* The event with one attribute given another value (or, where it has none, given it). */
static struct value changed(const char *key, struct value value)
{
    struct value_builder builder = event();
    for (uint32_t i = 0; i < builder.count; i++) {
        if (bytes_is(builder.entries[i].key, key)) {
            builder.entries[i].value = value;
            return value_built(&builder);
        }
    }
    value_put(&builder, key, value);
    return value_built(&builder);
}

static void the_least_event_is_taken(void **state)
{
    (void)state;
    struct value_builder builder = event();
    struct value map = value_built(&builder);
    struct envelope envelope;
    struct envelope_problem problem;
    map.as.map.entries++; /* without specversion */
    map.as.map.count--;
    assert_int_equal(envelope_from_value(&map, 480, &envelope, &problem), LD_OK);
    assert_true(bytes_is(envelope.id, "e-1"));
    assert_true(bytes_is(envelope.source, "qj-ecology"));
    assert_true(bytes_is(envelope.type, "lead.received"));
    assert_true(bytes_is(envelope.subject, "QJ-2025-0017/item-1"));
    assert_true(envelope.time_ms == INSTANT_NONE);
    assert_int_equal(envelope.role.size + envelope.workflow.size, 0);
    assert_int_equal(envelope.data.kind, VALUE_NONE);
}

static void a_time_without_a_zone_is_read_in_the_given_one(void **state)
{
    (void)state;
    struct envelope envelope;
    struct envelope_problem problem;
    struct value map = changed("time", value_words("2025-10-10T00:00:00"));
    assert_int_equal(envelope_from_value(&map, 480, &envelope, &problem), LD_OK);
    assert_true(envelope.time_ms == 1760025600000);
    map = changed("time", value_words("2025-10-10T00:00:00Z"));
    assert_int_equal(envelope_from_value(&map, 480, &envelope, &problem), LD_OK);
    assert_true(envelope.time_ms == 1760054400000);
}

static struct value long_text(size_t size)
{
    static char memory[256];
    memset(memory, 'x', sizeof memory);
    return value_text((struct bytes){(const uint8_t *)memory, size});
}

static void lawful_variants_are_taken(void **state)
{
    (void)state;
    const struct {
        const char *key;
        struct value value;
    } rows[] = {
        {"id", long_text(WIRE_ID_MAX)},
        {"subject", long_text(WIRE_SUBJECT_MAX)},
        {"subject", value_words("案件-2025/子项")},
        {"source", long_text(WIRE_WORD_MAX)},
        {"role", value_words("")},
        {"role", VALUE_ABSENT},
        {"time", VALUE_ABSENT},
        {"data", VALUE_ABSENT},
        {"data", value_map(NULL, 0)},
        {"hops", VALUE_ABSENT},
        {"hops", value_int(0)},
        {"hops", value_int(255)},
        {"traceparent", value_int(7)}, /* an extension that is not ours */
    };
    struct envelope envelope;
    struct envelope_problem problem;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct value map = changed(rows[i].key, rows[i].value);
        if (envelope_from_value(&map, 0, &envelope, &problem) != LD_OK)
            fail_msg("row %zu: %s %s", i, problem.attribute, problem.en);
    }
}

static void unlawful_attributes_are_named(void **state)
{
    (void)state;
    const struct {
        const char *key;
        struct value value;
    } rows[] = {
        {"specversion", value_words("0.3")},
        {"specversion", value_int(1)},
        {"id", VALUE_ABSENT},
        {"id", value_words("")},
        {"id", value_int(7)},
        {"id", long_text(WIRE_ID_MAX + 1)},
        {"id", value_words("a\nb")},
        {"source", long_text(WIRE_WORD_MAX + 1)},
        {"source", value_words("")},
        {"type", long_text(WIRE_WORD_MAX + 1)},
        {"type", value_words("a\x7f")},
        {"subject", VALUE_ABSENT},
        {"subject", long_text(WIRE_SUBJECT_MAX + 1)},
        {"subject", value_words("/a")},
        {"subject", value_words("a/")},
        {"subject", value_words("/")},
        {"subject", value_words("a\xc2\x85z")}, /* NEL, a C1 control */
        {"subject", value_text(BYTES_LITERAL("a\0z"))},
        {"time", value_words("yesterday")},
        {"time", value_int(0)},
        {"time", value_words("2025-02-30T00:00:00Z")},
        {"role", value_int(1)},
        {"workflow", long_text(WIRE_WORD_MAX + 1)},
        {"data", value_words("{}")},
        {"data", value_list(NULL, 0)},
        {"hops", value_words("1")},
        {"hops", value_int(-1)},
        {"hops", value_int(256)},
    };
    struct envelope envelope = {.time_ms = 42};
    struct envelope_problem problem;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct value map = changed(rows[i].key, rows[i].value);
        if (envelope_from_value(&map, 0, &envelope, &problem) != LD_INVALID)
            fail_msg("row %zu taken: %s", i, rows[i].key);
        assert_string_equal(problem.attribute, rows[i].key);
        assert_true(problem.zh[0] && problem.en[0]);
        assert_true(envelope.time_ms == 42);
    }
    struct value list = value_list(NULL, 0);
    assert_int_equal(envelope_from_value(&list, 0, &envelope, &problem), LD_INVALID);
}

static void an_envelope_comes_back_through_its_map(void **state)
{
    (void)state;
    struct arena arena;
    struct value map,
        data = value_map((struct value_entry[]){{BYTES_LITERAL("n"), value_int(2)}}, 1);
    struct envelope back, envelope = {.id = BYTES_LITERAL("e-1"),
                                      .source = BYTES_LITERAL("qj-ecology"),
                                      .type = BYTES_LITERAL("lead.received"),
                                      .subject = BYTES_LITERAL("QJ-1"),
                                      .time_ms = 1760054400123,
                                      .role = BYTES_LITERAL("chief"),
                                      .workflow = BYTES_LITERAL("pre-litigation"),
                                      .data = data,
                                      .hops = 3};
    struct envelope_problem problem;
    uint8_t memory[512];
    struct buffer buffer;
    arena_init(&arena, block, sizeof block);
    buffer_init(&buffer, memory, sizeof memory);
    assert_int_equal(envelope_to_value(&envelope, &arena, &map), LD_OK);
    codec_encode(&map, &buffer);
    assert_int_equal(codec_decode(buffer_bytes(&buffer), WIRE_DEPTH_MAX, &arena, &map), LD_OK);
    assert_int_equal(envelope_from_value(&map, 0, &back, &problem), LD_OK);
    assert_true(bytes_equal(back.id, envelope.id) && bytes_equal(back.source, envelope.source));
    assert_true(bytes_equal(back.type, envelope.type));
    assert_true(bytes_equal(back.subject, envelope.subject));
    assert_true(back.time_ms == envelope.time_ms);
    assert_true(bytes_equal(back.role, envelope.role));
    assert_true(bytes_equal(back.workflow, envelope.workflow));
    assert_true(value_equal(&back.data, &envelope.data));
    assert_int_equal(back.hops, envelope.hops);
}

static void a_fate_comes_back_through_its_map(void **state)
{
    (void)state;
    struct arena arena;
    struct value map, takes[2] = {value_words("a.b"), value_words("c.d")};
    struct fate_answer back, answer = {.id = BYTES_LITERAL("e-1"),
                                       .subject = BYTES_LITERAL("QJ-1"),
                                       .fate = BYTES_LITERAL("duplicate"),
                                       .code = BYTES_LITERAL("not-taken"),
                                       .detail = BYTES_LITERAL("d"),
                                       .wanted = BYTES_LITERAL("w"),
                                       .zh = BYTES_LITERAL("重复"),
                                       .en = BYTES_LITERAL("duplicate"),
                                       .position = 9,
                                       .takes = value_list(takes, 2),
                                       .first_fate = BYTES_LITERAL("refused"),
                                       .first_code = BYTES_LITERAL("closed"),
                                       .first_position = 4,
                                       .state = BYTES_LITERAL("reviewing")};
    arena_init(&arena, block, sizeof block);
    assert_int_equal(fate_answer_to_value(&answer, &arena, &map), LD_OK);
    assert_int_equal(map.as.map.count, 12);
    assert_int_equal(fate_answer_from_value(&map, &back), LD_OK);
    assert_true(bytes_equal(back.id, answer.id) && bytes_equal(back.subject, answer.subject));
    assert_true(bytes_equal(back.fate, answer.fate) && bytes_equal(back.code, answer.code));
    assert_true(bytes_equal(back.detail, answer.detail) && bytes_equal(back.wanted, answer.wanted));
    assert_true(bytes_equal(back.zh, answer.zh) && bytes_equal(back.en, answer.en));
    assert_true(back.position == 9 && back.first_position == 4);
    assert_true(value_equal(&back.takes, &answer.takes));
    assert_true(bytes_equal(back.first_fate, answer.first_fate));
    assert_true(bytes_equal(back.first_code, answer.first_code));
    assert_true(bytes_equal(back.state, answer.state));
}

static void a_plain_fate_says_only_what_there_is(void **state)
{
    (void)state;
    struct arena arena;
    struct value map;
    struct fate_answer answer = {.id = BYTES_LITERAL("e-1"), .fate = BYTES_LITERAL("applied")};
    arena_init(&arena, block, sizeof block);
    assert_int_equal(fate_answer_to_value(&answer, &arena, &map), LD_OK);
    assert_int_equal(map.as.map.count, 2);
    arena_init(&arena, block, 64);
    assert_int_equal(fate_answer_to_value(&answer, &arena, &map), LD_FULL);
    assert_int_equal(envelope_to_value(&(struct envelope){0}, &arena, &map), LD_FULL);
}

static void an_unlawful_fate_is_refused(void **state)
{
    (void)state;
    struct fate_answer answer;
    struct value number = value_int(1), negative = value_int(-1), text = value_words("x");
    struct value list = value_list(&number, 1);
    const struct value_entry rows[] = {
        {BYTES_LITERAL("id"), number},         {BYTES_LITERAL("position"), text},
        {BYTES_LITERAL("position"), negative}, {BYTES_LITERAL("takes"), text},
        {BYTES_LITERAL("takes"), list},        {BYTES_LITERAL("first"), text},
        {BYTES_LITERAL("case"), number},       {BYTES_LITERAL("code"), list}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct value_entry both[2] = {{BYTES_LITERAL("fate"), text}, rows[i]};
        struct value map = value_map(both, 2);
        assert_int_equal(fate_answer_from_value(&map, &answer), LD_INVALID);
    }
    struct value empty = value_map(NULL, 0);
    assert_int_equal(fate_answer_from_value(&empty, &answer), LD_INVALID);
    assert_int_equal(fate_answer_from_value(&text, &answer), LD_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_event_is_taken),
        cmocka_unit_test(a_time_without_a_zone_is_read_in_the_given_one),
        cmocka_unit_test(lawful_variants_are_taken),
        cmocka_unit_test(unlawful_attributes_are_named),
        cmocka_unit_test(an_envelope_comes_back_through_its_map),
        cmocka_unit_test(a_fate_comes_back_through_its_map),
        cmocka_unit_test(a_plain_fate_says_only_what_there_is),
        cmocka_unit_test(an_unlawful_fate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
