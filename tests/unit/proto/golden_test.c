/* The golden vectors of the wire: decoded to what they mean, encoded again to the same bytes; and
 * PROTOCOL.md says what the tables of the program say. */
#include "proto/envelope.h"
#include "proto/wire.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FILE_MAX = 64 << 10 };

#define SESSION 5839213670128943105
#define TOKEN 900719925474

static const struct golden {
    const char *name;
    struct wire_header header;
    bool has_body;
} rows[] = {
    {"hello", {.kind = WIRE_HELLO, .version = 1}, false},
    {"welcome", {.kind = WIRE_WELCOME, .version = 1, .partitions = 2, .session = SESSION}, false},
    {"publish", {.kind = WIRE_PUBLISH, .seq = 1, .partition = 1}, true},
    {"fates", {.kind = WIRE_FATES, .seq = 1, .partition = 1}, true},
    {"request", {.kind = WIRE_REQUEST, .seq = 2, .partition = 1}, true},
    {"answer", {.kind = WIRE_ANSWER, .seq = 2, .partition = 1}, true},
    {"request-all", {.kind = WIRE_REQUEST, .seq = 3, .partition = PARTITION_ALL}, true},
    {"answer-all", {.kind = WIRE_ANSWER, .seq = 3, .partition = PARTITION_ALL}, true},
    {"request-fetch", {.kind = WIRE_REQUEST, .seq = 4}, true},
    {"answer-fetch", {.kind = WIRE_ANSWER, .seq = 4}, true},
    {"busy", {.kind = WIRE_BUSY, .seq = 5, .retry_ms = 200}, false},
    {"error", {.kind = WIRE_ERROR, .seq = 6, .partition = 1, .code = WIRE_ERROR_NOT_FOUND}, true},
    {"ping", {.kind = WIRE_PING}, false},
    {"pong", {.kind = WIRE_PONG}, false},
    {"register",
     {.kind = WIRE_REGISTER, .version = 1, .partition = 1, .epoch = 7, .credit = 64, .pid = 4242},
     true},
    {"registered", {.kind = WIRE_REGISTERED, .partition = 1, .partitions = 2}, false},
    {"fenced", {.kind = WIRE_FENCED}, false},
    {"deliver",
     {.kind = WIRE_DELIVER,
      .token = TOKEN,
      .partition = 1,
      .inner = WIRE_PUBLISH,
      .is_again = true},
     true},
    {"reply",
     {.kind = WIRE_REPLY, .token = TOKEN, .partition = 1, .credit = 63, .inner = WIRE_FATES},
     true},
    {"beat", {.kind = WIRE_BEAT, .credit = 64}, false},
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* A whole file of the source tree, terminated, in memory that the next call reuses. */
static const char *read_source(const char *path)
{
    static char text[FILE_MAX];
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no file %s", path);
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_true(size < sizeof text - 1);
    text[size] = '\0';
    return text;
}

static const char *read_golden(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/tests/golden/wire/%s.hex", LIANDONG_SOURCE, name);
    return read_source(path);
}

/* The bytes behind a word at the start of a line; the empty view where no line has any there. */
static struct bytes line_bytes(const char *text, const char *word, uint8_t *memory, size_t size)
{
    size_t length = strlen(word);
    struct bytes bytes = BYTES_NONE;
    for (const char *end; *text && bytes.size == 0; text = *end ? end + 1 : end) {
        end = text + strcspn(text, "\n");
        if (strncmp(text, word, length) == 0)
            bytes = hex_bytes(text + length, memory, size);
    }
    return bytes;
}

static void headers_mean_what_the_table_says(void **state)
{
    (void)state;
    uint8_t memory[WIRE_HEADER_MAX], again[WIRE_HEADER_MAX];
    struct buffer buffer;
    struct wire_header header;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct bytes bytes =
            line_bytes(read_golden(rows[i].name), "header ", memory, sizeof memory);
        assert_int_equal(wire_header_decode(bytes, &header), LD_OK);
        const struct wire_header *said[2] = {&header, &rows[i].header};
        for (size_t j = 0; j < 2; j++) {
            buffer_init(&buffer, again, sizeof again);
            wire_header_encode(said[j], &buffer);
            if (!bytes_equal(buffer_bytes(&buffer), bytes))
                fail_msg("%s: the header %s is encoded otherwise", rows[i].name,
                         j ? "of the table" : "as decoded");
        }
    }
}

static void bodies_come_back_byte_for_byte(void **state)
{
    (void)state;
    static uint8_t memory[8192], again[8192], block[65536];
    struct buffer buffer;
    struct arena arena;
    struct value value;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        struct bytes bytes = line_bytes(read_golden(rows[i].name), "body ", memory, sizeof memory);
        assert_int_equal(bytes.size > 0, rows[i].has_body);
        if (!rows[i].has_body)
            continue;
        arena_init(&arena, block, sizeof block);
        buffer_init(&buffer, again, sizeof again);
        assert_int_equal(codec_decode(bytes, WIRE_ANSWER_DEPTH_MAX, &arena, &value), LD_OK);
        codec_encode(&value, &buffer);
        if (!bytes_equal(buffer_bytes(&buffer), bytes))
            fail_msg("%s: the body is encoded otherwise", rows[i].name);
    }
}

static void every_kind_has_a_vector(void **state)
{
    (void)state;
    for (int kind = 0; kind < WIRE_KIND_COUNT; kind++) {
        size_t i = 0;
        while (i < ROW_COUNT && (int)rows[i].header.kind != kind)
            i++;
        if (i == ROW_COUNT)
            fail_msg("no vector of %s", wire_kind_word((enum wire_kind)kind));
    }
}

static void published_events_are_lawful_envelopes(void **state)
{
    (void)state;
    static uint8_t memory[8192], block[65536];
    struct arena arena;
    struct value value;
    struct codec_items items;
    struct bytes item;
    struct envelope envelope;
    struct envelope_problem problem;
    struct bytes body = line_bytes(read_golden("publish"), "body ", memory, sizeof memory);
    arena_init(&arena, block, sizeof block);
    assert_int_equal(codec_scan(body, WIRE_DEPTH_MAX + 1), LD_OK);
    assert_true(codec_items_open(body, &items));
    assert_int_equal(items.count, 2);
    while (codec_items_next(&items, &item)) {
        assert_int_equal(codec_decode(item, WIRE_DEPTH_MAX, &arena, &value), LD_OK);
        assert_int_equal(envelope_from_value(&value, 480, &envelope, &problem), LD_OK);
        assert_int_equal(wire_partition(envelope.subject, 2), 1);
    }
    assert_true(bytes_is(envelope.role, "chief"));
    assert_true(bytes_is(envelope.workflow, "pre-litigation"));
}

static void fates_are_lawful_answers(void **state)
{
    (void)state;
    static uint8_t memory[8192], block[65536];
    struct arena arena;
    struct value value;
    struct fate_answer answers[3];
    arena_init(&arena, block, sizeof block);
    struct bytes body = line_bytes(read_golden("fates"), "body ", memory, sizeof memory);
    assert_int_equal(codec_decode(body, WIRE_DEPTH_MAX, &arena, &value), LD_OK);
    assert_int_equal(value.as.list.count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fate_answer_from_value(&value.as.list.items[i], &answers[i]), LD_OK);
    assert_true(answers[0].position == 4711);
    assert_true(bytes_is(answers[1].code, "not-taken"));
    assert_int_equal(answers[1].takes.as.list.count, 2);
    assert_true(bytes_is(answers[2].first_fate, "started") && answers[2].first_position == 4711);
    assert_true(bytes_is(answers[2].state, "lead-received"));
}

/* --- PROTOCOL.md ---------------------------------------------------------------------------- */

static const char *read_protocol(void)
{
    return read_source(LIANDONG_SOURCE "/proto/PROTOCOL.md");
}

static void the_worked_example_is_the_golden_one(void **state)
{
    (void)state;
    static const char *const words[] = {"header ", "body "};
    static uint8_t golden[8192], worked[8192];
    for (size_t i = 0; i < 2; i++) {
        struct bytes right = line_bytes(read_golden("request"), words[i], golden, sizeof golden);
        struct bytes shown = line_bytes(read_protocol(), words[i], worked, sizeof worked);
        assert_true(right.size > 0);
        assert_true(bytes_equal(right, shown));
    }
}

static void the_page_names_every_kind_and_error(void **state)
{
    (void)state;
    char wanted[128];
    const char *page = read_protocol();
    for (int kind = 0; kind < WIRE_KIND_COUNT; kind++) {
        snprintf(wanted, sizeof wanted, "| `%s` |", wire_kind_word((enum wire_kind)kind));
        if (!strstr(page, wanted))
            fail_msg("PROTOCOL.md has no row %s", wanted);
    }
#define X(name, number, word, zh, en)                                                              \
    snprintf(wanted, sizeof wanted, "| %d | `%s` |", number, word);                                \
    if (number && !strstr(page, wanted))                                                           \
        fail_msg("PROTOCOL.md has no row %s", wanted);
    WIRE_ERROR_TABLE(X)
#undef X
}

static void the_page_states_the_bounds(void **state)
{
    (void)state;
    char wanted[128];
    const char *page = read_protocol();
    static const struct {
        const char *name;
        int bound;
    } bounds[] = {{"WIRE_HEADER_MAX", WIRE_HEADER_MAX},
                  {"WIRE_BODY_MAX", WIRE_BODY_MAX},
                  {"WIRE_EVENT_MAX", WIRE_EVENT_MAX},
                  {"WIRE_BATCH_MAX", WIRE_BATCH_MAX},
                  {"WIRE_DEPTH_MAX", WIRE_DEPTH_MAX},
                  {"WIRE_ANSWER_DEPTH_MAX", WIRE_ANSWER_DEPTH_MAX},
                  {"WIRE_KEY_MAX", WIRE_KEY_MAX},
                  {"WIRE_KEYS_MAX", WIRE_KEYS_MAX},
                  {"WIRE_ID_MAX", WIRE_ID_MAX},
                  {"WIRE_SUBJECT_MAX", WIRE_SUBJECT_MAX},
                  {"WIRE_WORD_MAX", WIRE_WORD_MAX},
                  {"WIRE_FETCH_MAX", WIRE_FETCH_MAX},
                  {"WIRE_WAIT_MAX_MS", WIRE_WAIT_MAX_MS},
                  {"HEARTBEAT_MS", HEARTBEAT_MS},
                  {"HEARTBEAT_DEAD_MS", HEARTBEAT_DEAD_MS}};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        snprintf(wanted, sizeof wanted, "| `%s` | %d |", bounds[i].name, bounds[i].bound);
        if (!strstr(page, wanted))
            fail_msg("PROTOCOL.md has no row %s", wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_mean_what_the_table_says),
        cmocka_unit_test(bodies_come_back_byte_for_byte),
        cmocka_unit_test(every_kind_has_a_vector),
        cmocka_unit_test(published_events_are_lawful_envelopes),
        cmocka_unit_test(fates_are_lawful_answers),
        cmocka_unit_test(the_worked_example_is_the_golden_one),
        cmocka_unit_test(the_page_names_every_kind_and_error),
        cmocka_unit_test(the_page_states_the_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
