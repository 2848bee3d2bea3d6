/* The header frame: every field there and back, what is refused, and where a case lives. */
#include "proto/wire.h"

#include "hex.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct bytes encode(const struct wire_header *header)
{
    static uint8_t memory[WIRE_HEADER_MAX];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    wire_header_encode(header, &buffer);
    assert_false(buffer.is_full);
    return buffer_bytes(&buffer);
}

static enum ld_err decode(const char *hex, struct wire_header *ret_header)
{
    static uint8_t memory[2 * WIRE_HEADER_MAX];
    return wire_header_decode(hex_bytes(hex, memory, sizeof memory), ret_header);
}

static void headers_equal(const struct wire_header *left, const struct wire_header *right)
{
    assert_int_equal(left->kind, right->kind);
    assert_int_equal(left->version, right->version);
    assert_true(left->seq == right->seq);
    assert_true(left->token == right->token);
    assert_int_equal(left->partition, right->partition);
    assert_int_equal(left->partitions, right->partitions);
    assert_true(left->epoch == right->epoch);
    assert_true(left->session == right->session);
    assert_int_equal(left->credit, right->credit);
    assert_int_equal(left->retry_ms, right->retry_ms);
    assert_int_equal(left->pid, right->pid);
    assert_int_equal(left->code, right->code);
    assert_int_equal(left->inner, right->inner);
    assert_int_equal(left->is_again, right->is_again);
}

static struct wire_header fullest(void)
{
    return (struct wire_header){.kind = WIRE_DELIVER,
                                .version = UINT16_MAX,
                                .seq = INT64_MAX,
                                .token = INT64_MAX,
                                .partition = PARTITION_ALL,
                                .partitions = PARTITION_BROKER,
                                .epoch = INT64_MAX,
                                .session = INT64_MAX,
                                .credit = UINT32_MAX,
                                .retry_ms = UINT32_MAX,
                                .pid = UINT32_MAX,
                                .code = WIRE_ERROR_STORE_FULL,
                                .inner = WIRE_REGISTERED,
                                .is_again = true};
}

static void the_fullest_header_fits_and_comes_back(void **state)
{
    (void)state;
    struct wire_header header = fullest(), back;
    assert_int_equal(wire_header_decode(encode(&header), &back), LD_OK);
    headers_equal(&header, &back);
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    for (int kind = 0; kind < WIRE_KIND_COUNT; kind++) {
        struct wire_header back, header = {.kind = (enum wire_kind)kind,
                                           .seq = 1,
                                           .token = 2,
                                           .partitions = 3,
                                           .code = WIRE_ERROR_REFUSED};
        assert_int_equal(wire_header_decode(encode(&header), &back), LD_OK);
        headers_equal(&header, &back);
    }
}

static void what_is_zero_is_not_written(void **state)
{
    (void)state;
    struct wire_header header = {.kind = WIRE_PING};
    uint8_t memory[32];
    assert_true(bytes_equal(encode(&header), hex_bytes("81 a46b696e64 a470696e67", memory, 32)));
}

static void the_top_bit_of_a_number_is_left_out(void **state)
{
    (void)state;
    struct wire_header back,
        header = {.kind = WIRE_WELCOME, .partitions = 2, .session = UINT64_MAX};
    assert_int_equal(wire_header_decode(encode(&header), &back), LD_OK);
    assert_true(back.session == INT64_MAX);
}

#define KIND "a46b696e64 "
#define PING KIND "a470696e67 "

static void unlawful_headers_are_refused(void **state)
{
    (void)state;
    static const char *const unlawful[] = {
        "",
        "c0",
        "90",
        "80",                               /* no map, no kind */
        "81 " KIND "01",                    /* a kind that is no text */
        "82 " PING PING,                    /* a key twice */
        "81 " PING "00",                    /* trailing */
        "82 " PING "a170 c1",               /* an unlawful value under an unknown key */
        "82 " PING "a3736571 ff",           /* seq -1 */
        "82 " PING "a3736571 a131",         /* seq of text */
        "82 " PING "a470617274 ce00010000", /* part 65536 */
        "82 " PING "a170 cf8000000000000000",
        "82 " PING "a3706964 cf0000000100000000", /* pid past 32 bits */
        "82 " PING "a5616761696e 01",             /* again 1 */
        "82 " PING "a4636f6465 a130",             /* code of text */
        "82 " PING "a4636f6465 ce00010000",
        "81 " KIND "a77075626c697368",                 /* publish without seq */
        "81 " KIND "a7646c69766572",                   /* cut */
        "82 " KIND "a764656c69766572 a5746f6b656e 01", /* deliver without inner */
        "81 " KIND "a772657175657374",                 /* request without seq */
        "81 " KIND "a57265706c79",                     /* reply without token */
        "81 " KIND "a56572726f72",                     /* error without a code */
        "81 " KIND "a777656c636f6d65"};                /* welcome without partitions */
    struct wire_header header;
    for (size_t i = 0; i < sizeof unlawful / sizeof unlawful[0]; i++) {
        if (decode(unlawful[i], &header) != LD_INVALID)
            fail_msg("taken: %s", unlawful[i]);
    }
}

static void a_header_past_its_bound_is_refused(void **state)
{
    (void)state;
    uint8_t memory[WIRE_HEADER_MAX + 1];
    struct buffer buffer;
    struct wire_header header;
    for (size_t size = WIRE_HEADER_MAX; size <= WIRE_HEADER_MAX + 1; size++) {
        buffer_init(&buffer, memory, sizeof memory);
        buffer_put(&buffer, hex_bytes("82 " PING "a1 70 da", (uint8_t[32]){0}, 32));
        buffer_put_u16(&buffer, (uint16_t)(size - buffer.used - 2));
        while (buffer.used < size)
            buffer_put_u8(&buffer, 'x');
        assert_int_equal(wire_header_decode(buffer_bytes(&buffer), &header),
                         size == WIRE_HEADER_MAX ? LD_OK : LD_INVALID);
    }
}

/* The costliest lawful headers still find room in the decoder's own block. */
static void a_header_of_many_values_is_decoded(void **state)
{
    (void)state;
    uint8_t memory[WIRE_HEADER_MAX];
    struct buffer buffer;
    struct wire_header header;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put(&buffer, hex_bytes("82 " PING "a1 70 dc", (uint8_t[32]){0}, 32));
    buffer_put_u16(&buffer, (uint16_t)(WIRE_HEADER_MAX - buffer.used - 2));
    while (buffer.used < WIRE_HEADER_MAX)
        buffer_put_u8(&buffer, 0x90);
    assert_int_equal(wire_header_decode(buffer_bytes(&buffer), &header), LD_OK);
}

static void unknown_keys_are_passed_over_and_unknown_kinds_named(void **state)
{
    (void)state;
    struct wire_header header;
    assert_int_equal(decode("82 " PING "a46e657773 82 a161 90 a162 c3", &header), LD_OK);
    assert_int_equal(header.kind, WIRE_PING);
    assert_int_equal(decode("82 " KIND "a46e657773 a3736571 07", &header), LD_UNSUPPORTED);
    assert_int_equal(header.kind, WIRE_KIND_COUNT);
    assert_int_equal(header.seq, 7);
    assert_int_equal(
        decode("83 " KIND "a764656c69766572 a5746f6b656e 01 a5696e6e6572 a178", &header),
        LD_UNSUPPORTED);
    assert_int_equal(header.inner, WIRE_KIND_COUNT);
}

static void a_header_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct wire_header header = fullest(), back;
    struct bytes bytes = encode(&header);
    for (size_t size = 0; size < bytes.size; size++)
        assert_int_equal(wire_header_decode(bytes_slice(bytes, 0, size), &back), LD_INVALID);
}

/* The numbers are those of Python's zlib.crc32(root) % partitions. */
static void a_case_and_its_sub_cases_share_a_partition(void **state)
{
    (void)state;
    assert_int_equal(wire_partition(BYTES_LITERAL("QJ-2025-0017"), 65536), 54386);
    assert_int_equal(wire_partition(BYTES_LITERAL("QJ-2025-0017/item-1"), 65536), 54386);
    assert_int_equal(wire_partition(BYTES_LITERAL("QJ-2025-0017/a/b"), 65536), 54386);
    assert_int_equal(wire_partition(BYTES_LITERAL("123456789"), 1000), 0xCBF43926 % 1000);
    assert_int_equal(wire_partition(BYTES_LITERAL("any"), 1), 0);
}

static void every_error_has_words(void **state)
{
    (void)state;
    assert_string_equal(wire_error_words(WIRE_ERROR_NONE)->word, "none");
    assert_string_equal(wire_error_words(WIRE_ERROR_STORE_FULL)->word, "store-full");
    assert_string_equal(wire_error_words((enum wire_error)999)->word, "error");
    assert_string_equal(wire_kind_word(WIRE_REGISTERED), "registered");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fullest_header_fits_and_comes_back),
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(what_is_zero_is_not_written),
        cmocka_unit_test(the_top_bit_of_a_number_is_left_out),
        cmocka_unit_test(unlawful_headers_are_refused),
        cmocka_unit_test(a_header_past_its_bound_is_refused),
        cmocka_unit_test(a_header_of_many_values_is_decoded),
        cmocka_unit_test(unknown_keys_are_passed_over_and_unknown_kinds_named),
        cmocka_unit_test(a_header_cut_anywhere_is_refused),
        cmocka_unit_test(a_case_and_its_sub_cases_share_a_partition),
        cmocka_unit_test(every_error_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
