/* The codec: what is refused before it is decoded, what comes back as it went, and what it costs.
 */
#include "proto/codec.h"

#include "hex.h"
#include "proto/limits.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct bytes hex(const char *text)
{
    static uint8_t memory[4096];
    return hex_bytes(text, memory, sizeof memory);
}

static enum ld_err scan(const char *text)
{
    return codec_scan(hex(text), WIRE_DEPTH_MAX);
}

static void scan_takes_every_lawful_form(void **state)
{
    (void)state;
    static const char *const lawful[] = {
        "00",
        "7f",
        "e0",
        "ff",
        "c0",
        "c2",
        "c3",
        "cc ff",
        "cd ffff",
        "ce ffffffff",
        "cf 7fffffffffffffff",
        "d0 80",
        "d1 8000",
        "d2 80000000",
        "d3 8000000000000000",
        "ca 3f800000",
        "cb 3ff0000000000000",
        "a0",
        "a2 6869",
        "d9 02 6869",
        "da 0002 6869",
        "db 00000002 6869",
        "90",
        "92 01 02",
        "dc 0001 c0",
        "dd 00000001 c0",
        "80",
        "81 a161 01",
        "de 0001 a161 01",
        "df 00000001 a161 01",
        "a3 e58f91",
        "82 a161 81 a161 01 a162 81 a161 02", /* the same key in different maps */
        "9191919191919190"};
    for (size_t i = 0; i < sizeof lawful / sizeof lawful[0]; i++) {
        if (scan(lawful[i]) != LD_OK)
            fail_msg("refused: %s", lawful[i]);
    }
}

static void scan_refuses_what_is_unlawful(void **state)
{
    (void)state;
    static const char *const unlawful[] = {
        "",   /* nothing */
        "c1", /* never used */
        "c4 01 00",
        "c5 0001 00",
        "c6 00000001 00", /* bin */
        "c7 01 05 00",
        "d4 05 00",
        "d6 ff 00000000",
        "c8 0001 05 00",       /* ext, timestamp */
        "cf 8000000000000000", /* past int64 */
        "ca 7f800000",
        "ca 7fc00000", /* infinity, not a number */
        "cb 7ff0000000000000",
        "cb fff0000000000000",
        "cb 7ff8000000000000",
        "dd 08000000",
        "dc ffff",
        "df 08000000",
        "de ffff",
        "db ffffffff",        /* bombs of five bytes */
        "919191919191919190", /* nine deep */
        "818080",
        "81 01 01",
        "81 c0 01",                   /* keys that are no text */
        "82 a161 01 a161 02",         /* a key twice */
        "81 a161 82 a162 01 a162 02", /* a key twice, further in */
        "00 00",
        "80 c0",
        "90 90", /* trailing bytes */
        "a1 ff",
        "a2 c080",
        "a3 eda080",
        "a4 f4908080", /* not UTF-8: stray, overlong, surrogate */
        "81 a1ff 01",  /* a key that is not UTF-8 */
        "a2 61",
        "cd 00",
        "cb 00",
        "81 a161",
        "92 01"}; /* cut off */
    for (size_t i = 0; i < sizeof unlawful / sizeof unlawful[0]; i++) {
        if (scan(unlawful[i]) != LD_INVALID)
            fail_msg("taken: %s", unlawful[i]);
    }
}

static void depth_is_counted_in_containers(void **state)
{
    (void)state;
    assert_int_equal(codec_scan(hex("01"), 0), LD_OK);
    assert_int_equal(codec_scan(hex("90"), 0), LD_INVALID);
    assert_int_equal(codec_scan(hex("91 90"), 2), LD_OK);
    assert_int_equal(codec_scan(hex("91 91 90"), 2), LD_INVALID);
}

/* Goal: a message of a mebibyte of openings ends at the depth bound, not on the stack. */
static void a_mebibyte_of_openings_is_refused(void **state)
{
    (void)state;
    uint8_t *bomb = malloc(WIRE_BODY_MAX);
    assert_non_null(bomb);
    memset(bomb, 0x91, WIRE_BODY_MAX);
    assert_int_equal(codec_scan((struct bytes){bomb, WIRE_BODY_MAX}, WIRE_DEPTH_MAX), LD_INVALID);
    free(bomb);
}

static void keys_are_bounded_in_size_and_number(void **state)
{
    (void)state;
    static uint8_t memory[8192];
    struct buffer buffer;
    for (uint32_t count = WIRE_KEYS_MAX; count <= WIRE_KEYS_MAX + 1; count++) {
        buffer_init(&buffer, memory, sizeof memory);
        buffer_put_u8(&buffer, 0xde);
        buffer_put_u16(&buffer, (uint16_t)count);
        for (uint32_t i = 0; i < count; i++) {
            buffer_put_u8(&buffer, 0xa4);
            buffer_put_padded(&buffer, i, 4);
            buffer_put_u8(&buffer, 0xc0);
        }
        assert_int_equal(codec_scan(buffer_bytes(&buffer), 1),
                         count == WIRE_KEYS_MAX ? LD_OK : LD_INVALID);
    }
    for (uint8_t size = WIRE_KEY_MAX; size <= WIRE_KEY_MAX + 1; size++) {
        buffer_init(&buffer, memory, sizeof memory);
        buffer_put(&buffer, (struct bytes){(const uint8_t[]){0x81, 0xd9, size}, 3});
        for (uint8_t i = 0; i < size; i++)
            buffer_put_u8(&buffer, 'k');
        buffer_put_u8(&buffer, 0xc0);
        assert_int_equal(codec_scan(buffer_bytes(&buffer), 1),
                         size == WIRE_KEY_MAX ? LD_OK : LD_INVALID);
    }
}

static struct value sample(void)
{
    static struct value items[3];
    static struct value_entry entries[9];
    struct value_builder builder = {entries, 9, 0};
    items[0] = value_int(INT64_MIN);
    items[1] = value_int(-1);
    items[2] = value_words("线索移送");
    value_put(&builder, "none", VALUE_ABSENT);
    value_put(&builder, "yes", value_bool(true));
    value_put(&builder, "no", value_bool(false));
    value_put(&builder, "int", value_int(INT64_MAX));
    value_put(&builder, "real", value_double(0.5));
    value_put(&builder, "text", value_words(""));
    value_put(&builder, "list", value_list(items, 3));
    value_put(&builder, "empty", value_list(NULL, 0));
    value_put(&builder, "map", value_map(NULL, 0));
    return value_built(&builder);
}

static struct bytes encode(const struct value *value, uint8_t *memory, size_t size)
{
    struct buffer buffer;
    buffer_init(&buffer, memory, size);
    codec_encode(value, &buffer);
    assert_false(buffer.is_full);
    return buffer_bytes(&buffer);
}

static void what_is_encoded_is_decoded_the_same(void **state)
{
    (void)state;
    uint8_t memory[512], block[4096];
    struct arena arena;
    struct value value = sample(), back;
    struct bytes bytes = encode(&value, memory, sizeof memory);
    arena_init(&arena, block, sizeof block);
    assert_int_equal(codec_decode(bytes, 2, &arena, &back), LD_OK);
    assert_true(value_equal(&value, &back));
}

static void narrow_numbers_are_read_with_their_sign(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int64_t number;
    } rows[] = {{"d0 80", -128},
                {"d1 ff7f", -129},
                {"d2 80000000", INT32_MIN},
                {"d3 ffffffffffffffff", -1},
                {"d0 7f", 127},
                {"e0", -32},
                {"cc 80", 128},
                {"cd 0100", 256},
                {"ce 80000000", 2147483648},
                {"d2 7fffffff", INT32_MAX}};
    struct value value;
    struct arena arena;
    arena_init(&arena, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(codec_decode(hex(rows[i].bytes), 0, &arena, &value), LD_OK);
        assert_int_equal(value.kind, VALUE_INT);
        assert_true(value.as.integer == rows[i].number);
    }
    assert_int_equal(codec_decode(hex("ca 3fc00000"), 0, &arena, &value), LD_OK);
    assert_true(value.kind == VALUE_DOUBLE && value.as.real == 1.5);
}

static void dates_instants_and_units_become_text(void **state)
{
    (void)state;
    uint8_t memory[256], block[1024];
    struct arena arena;
    struct value items[4] = {value_date(20371), value_timestamp(1760054400000),
                             value_unit(BYTES_LITERAL("qj-ecology")), value_double(NAN)};
    struct value list = value_list(items, 4), back;
    arena_init(&arena, block, sizeof block);
    assert_int_equal(codec_decode(encode(&list, memory, sizeof memory), 1, &arena, &back), LD_OK);
    assert_true(bytes_is(back.as.list.items[0].as.text, "2025-10-10"));
    assert_true(bytes_is(back.as.list.items[1].as.text, "2025-10-10T00:00:00+00:00"));
    assert_true(bytes_is(back.as.list.items[2].as.text, "qj-ecology"));
    assert_int_equal(back.as.list.items[3].kind, VALUE_NONE);
}

static void a_small_arena_is_full_and_a_small_buffer_too(void **state)
{
    (void)state;
    uint8_t memory[512], block[4096];
    struct arena arena;
    struct buffer buffer;
    struct value value = sample(), untouched = value_int(7);
    struct bytes bytes = encode(&value, memory, sizeof memory);
    for (size_t size = 0; size < 400; size += 8) {
        arena_init(&arena, block, size);
        assert_int_equal(codec_decode(bytes, 2, &arena, &untouched), LD_FULL);
        assert_int_equal(untouched.as.integer, 7);
    }
    for (size_t size = 0; size < bytes.size; size++) {
        buffer_init(&buffer, block, size);
        codec_encode(&value, &buffer);
        assert_true(buffer.is_full);
    }
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    (void)state;
    uint8_t memory[512];
    struct value value = sample();
    struct bytes bytes = encode(&value, memory, sizeof memory);
    for (size_t size = 0; size < bytes.size; size++) {
        /* A copy of its own, so that the sanitizer sees a read past the end. */
        uint8_t *cut = malloc(size ? size : 1);
        assert_non_null(cut);
        memcpy(cut, bytes.ptr, size);
        assert_int_equal(codec_scan((struct bytes){cut, size}, 4), LD_INVALID);
        free(cut);
    }
}

/* Goal: no bytes whatever make the codec read out of bounds, and what it takes comes back the same
 * after encoding. Method: random bytes biased to lead bytes, from a fixed seed (xorshift32). */
static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    static uint8_t block[64 * 1024], memory[1024];
    uint32_t seed = 2463534242U, taken = 0;
    struct arena arena;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[24];
        size_t size = 1 + (seed >> 8) % sizeof bytes;
        for (size_t i = 0; i < size; i++) {
            seed ^= seed << 13, seed ^= seed >> 17, seed ^= seed << 5;
            bytes[i] = (uint8_t)(seed & 0x100 ? seed : 0x80 | (seed & 0x23));
        }
        struct value value, back;
        arena_init(&arena, block, sizeof block);
        if (codec_decode((struct bytes){bytes, size}, 8, &arena, &value) != LD_OK)
            continue;
        taken++;
        struct bytes again = encode(&value, memory, sizeof memory);
        assert_int_equal(codec_decode(again, 8, &arena, &back), LD_OK);
        assert_true(value_equal(&value, &back));
    }
    assert_true(taken > 1000);
}

static void items_are_handed_out_as_their_bytes(void **state)
{
    (void)state;
    struct codec_items items;
    struct bytes item;
    uint8_t memory[64];
    struct bytes array =
        hex_bytes("93 82 a161 92 01 02 a162 c0 a3 e58f91 90", memory, sizeof memory);
    assert_int_equal(codec_scan(array, 3), LD_OK);
    assert_true(codec_items_open(array, &items));
    assert_int_equal(items.count, 3);
    assert_true(codec_items_next(&items, &item));
    assert_true(bytes_equal(item, hex("82 a161 92 01 02 a162 c0")));
    assert_true(codec_items_next(&items, &item));
    assert_true(bytes_equal(item, hex("a3 e58f91")));
    assert_true(codec_items_next(&items, &item));
    assert_true(bytes_equal(item, hex("90")));
    assert_false(codec_items_next(&items, &item));
    assert_false(codec_items_open(hex("80"), &items));
    assert_false(codec_items_open(BYTES_NONE, &items));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_takes_every_lawful_form),
        cmocka_unit_test(scan_refuses_what_is_unlawful),
        cmocka_unit_test(depth_is_counted_in_containers),
        cmocka_unit_test(a_mebibyte_of_openings_is_refused),
        cmocka_unit_test(keys_are_bounded_in_size_and_number),
        cmocka_unit_test(what_is_encoded_is_decoded_the_same),
        cmocka_unit_test(narrow_numbers_are_read_with_their_sign),
        cmocka_unit_test(dates_instants_and_units_become_text),
        cmocka_unit_test(a_small_arena_is_full_and_a_small_buffer_too),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(random_bytes_do_no_harm),
        cmocka_unit_test(items_are_handed_out_as_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
