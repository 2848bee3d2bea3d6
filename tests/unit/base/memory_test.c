/* Arena, buffer and reader at their bounds; bytes, UTF-8, CRC-32 and values. */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/crc32.h"
#include "base/digest.h"
#include "base/utf8.h"
#include "base/value.h"

#include <stdalign.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void arena_gives_aligned_zeroed_memory_until_full(void **state)
{
    (void)state;
    alignas(max_align_t) uint8_t block[256];
    struct arena arena;
    memset(block, 0xAA, sizeof block);
    arena_init(&arena, block + 1, sizeof block - 1);
    uint8_t *first = arena_alloc(&arena, 3);
    uint8_t *second = arena_alloc(&arena, 8);
    assert_int_equal((uintptr_t)second % alignof(max_align_t), 0);
    assert_int_equal(first[0] | first[2] | second[7], 0);
    assert_null(arena_alloc(&arena, 256));
    assert_true(arena.is_exhausted);
    assert_null(arena_alloc_array(&arena, SIZE_MAX / 2, 4));
    arena_clear(&arena);
    assert_false(arena.is_exhausted);
    size_t mark = arena_mark(&arena);
    assert_non_null(arena_alloc(&arena, 100));
    arena_rewind(&arena, mark);
    assert_non_null(arena_alloc(&arena, 200));
}

static void arena_copies_end_in_a_zero(void **state)
{
    (void)state;
    uint8_t block[64];
    struct arena arena;
    arena_init(&arena, block, sizeof block);
    struct bytes copy = arena_copy(&arena, BYTES_LITERAL("abc"));
    assert_string_equal((const char *)copy.ptr, "abc");
    assert_int_equal(copy.size, 3);
    assert_non_null(arena_copy(&arena, BYTES_NONE).ptr);
}

static void a_full_buffer_says_so_and_keeps_what_fitted(void **state)
{
    (void)state;
    uint8_t memory[4];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_u16(&buffer, 0x0102);
    buffer_put_text(&buffer, "abc");
    assert_true(buffer.is_full);
    assert_int_equal(buffer.used, 2);
    buffer_put_u8(&buffer, 9); /* nothing follows what was left out */
    assert_int_equal(buffer.used, 2);
}

static void numbers_in_decimal(void **state)
{
    (void)state;
    uint8_t memory[64];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_decimal(&buffer, INT64_MIN);
    buffer_put_text(&buffer, " ");
    buffer_put_padded(&buffer, 7, 3);
    buffer_put_padded(&buffer, 0, 2);
    buffer_put_padded(&buffer, 1234, 2);
    assert_true(bytes_is(buffer_bytes(&buffer), "-9223372036854775808 007001234"));
}

static void a_reader_past_the_end_gives_zeros(void **state)
{
    (void)state;
    static const uint8_t octets[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    struct reader reader = {.bytes = {octets, sizeof octets}};
    assert_int_equal(reader_u64(&reader), UINT64_C(0x0001020304050607));
    assert_int_equal(reader_u16(&reader), 0);
    assert_true(reader.is_short);
    assert_int_equal(reader_u8(&reader), 0);
}

static void utf8_takes_only_its_own_forms(void **state)
{
    (void)state;
    assert_true(utf8_is_valid(BYTES_LITERAL("潜检建〔2025〕17号")));
    assert_int_equal(utf8_length(BYTES_LITERAL("潜检a")), 3);
    static const char *const wrong[] = {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\x80",
                                        "\xE6\xBD", "\xF4\x90\x80\x80", "a\xFF"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(utf8_is_valid(bytes_from_text(wrong[i])));
}

static void crc32_has_its_check_value(void **state)
{
    (void)state;
    assert_int_equal(crc32_of(BYTES_LITERAL("123456789")), 0xCBF43926);
    assert_int_equal(crc32_of(BYTES_NONE), 0);
}

static void a_digest_keeps_source_and_id_apart(void **state)
{
    (void)state;
    uint8_t digest[DIGEST_SIZE], left[EVENT_DIGEST_SIZE], right[EVENT_DIGEST_SIZE];
    char hex[2 * DIGEST_SIZE + 1];
    digest_of(BYTES_LITERAL("abc"), digest);
    digest_hex(digest, DIGEST_SIZE, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_event(BYTES_LITERAL("ab"), BYTES_LITERAL("c"), left);
    digest_event(BYTES_LITERAL("a"), BYTES_LITERAL("bc"), right);
    assert_memory_not_equal(left, right, EVENT_DIGEST_SIZE);
}

static void maps_are_equal_in_any_order(void **state)
{
    (void)state;
    struct value_entry left[] = {{BYTES_LITERAL("a"), value_int(1)}, {BYTES_LITERAL("b"), value_words("x")}};
    struct value_entry right[] = {{BYTES_LITERAL("b"), value_words("x")}, {BYTES_LITERAL("a"), value_int(1)}};
    struct value one = value_map(left, 2), other = value_map(right, 2);
    assert_true(value_equal(&one, &other));
    right[1].value = value_int(2);
    assert_false(value_equal(&one, &other));
    assert_int_equal(value_get_int(&one, "a", 9), 1);
    assert_int_equal(value_get_int(&one, "b", 9), 9);
    assert_null(value_get(&one, "c"));
    assert_true(bytes_is(value_get_text(&one, "b"), "x"));
}

static void bytes_find_and_slice(void **state)
{
    (void)state;
    struct bytes hay = BYTES_LITERAL("case/item-1");
    assert_int_equal(bytes_find(hay, BYTES_LITERAL("/")), 4);
    assert_int_equal(bytes_find(hay, BYTES_LITERAL("x")), SIZE_MAX);
    assert_true(bytes_is(bytes_slice(hay, 5, 99), "item-1"));
    assert_int_equal(bytes_slice(hay, 99, 1).size, 0);
    assert_true(bytes_ends_with(hay, BYTES_LITERAL("-1")));
    assert_true(bytes_compare(BYTES_LITERAL("ab"), BYTES_LITERAL("abc")) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_aligned_zeroed_memory_until_full),
        cmocka_unit_test(arena_copies_end_in_a_zero),
        cmocka_unit_test(a_full_buffer_says_so_and_keeps_what_fitted),
        cmocka_unit_test(numbers_in_decimal),
        cmocka_unit_test(a_reader_past_the_end_gives_zeros),
        cmocka_unit_test(utf8_takes_only_its_own_forms),
        cmocka_unit_test(crc32_has_its_check_value),
        cmocka_unit_test(a_digest_keeps_source_and_id_apart),
        cmocka_unit_test(maps_are_equal_in_any_order),
        cmocka_unit_test(bytes_find_and_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
