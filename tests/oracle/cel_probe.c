/* The engine's side of cel.py: each line of the input is the hexadecimal text of an expression,
 * each answer what it gives, in one line.
 *
 *   refused CODE     by the compiler          error WORD     by the evaluation
 *   else a value:  null  true  false  i42  d3ff0000000000000 (the bits)  s616263 (hexadecimal)
 *                  [v v …]  {s… v s… v …} */
#include "workflows/language/expression.h"

#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 1 << 17, ARENA_SIZE = 32 << 20, ANSWER_SIZE = 1 << 20 };

static char line[LINE_SIZE];
static uint8_t source_block[LINE_SIZE / 2];
static uint8_t compile_block[ARENA_SIZE], value_block[ARENA_SIZE], answer_block[ANSWER_SIZE];

static int nibble(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static void put_hex(struct buffer *buffer, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        buffer_put_u8(buffer, (uint8_t) "0123456789abcdef"[bytes.ptr[i] >> 4]);
        buffer_put_u8(buffer, (uint8_t) "0123456789abcdef"[bytes.ptr[i] & 15]);
    }
}

static void put_text(struct buffer *buffer, struct bytes text)
{
    buffer_put_text(buffer, "s");
    put_hex(buffer, text);
}

static void put_real(struct buffer *buffer, double real)
{
    uint64_t bits;
    uint8_t block[8];
    struct buffer big;
    memcpy(&bits, &real, sizeof bits);
    buffer_init(&big, block, sizeof block);
    buffer_put_u64(&big, bits);
    buffer_put_text(buffer, "d");
    put_hex(buffer, buffer_bytes(&big));
}

static void put_value(struct buffer *buffer, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NONE: buffer_put_text(buffer, "null"); break;
    case VALUE_BOOL: buffer_put_text(buffer, value->as.boolean ? "true" : "false"); break;
    case VALUE_INT:
        buffer_put_text(buffer, "i");
        buffer_put_decimal(buffer, value->as.integer);
        break;
    case VALUE_DOUBLE: put_real(buffer, value->as.real); break;
    case VALUE_TEXT: put_text(buffer, value->as.text); break;
    case VALUE_LIST:
        buffer_put_text(buffer, "[");
        for (uint32_t i = 0; i < value->as.list.count; i++) {
            buffer_put_text(buffer, i ? " " : "");
            put_value(buffer, &value->as.list.items[i]);
        }
        buffer_put_text(buffer, "]");
        break;
    case VALUE_MAP:
        buffer_put_text(buffer, "{");
        for (uint32_t i = 0; i < value->as.map.count; i++) {
            buffer_put_text(buffer, i ? " " : "");
            put_text(buffer, value->as.map.entries[i].key);
            buffer_put_text(buffer, " ");
            put_value(buffer, &value->as.map.entries[i].value);
        }
        buffer_put_text(buffer, "}");
        break;
    case VALUE_DATE:
    case VALUE_TIMESTAMP:
    case VALUE_UNIT:
    case VALUE_KIND_COUNT: buffer_put_text(buffer, "other"); break;
    }
}

static void answer(struct bytes source, struct buffer *buffer)
{
    static struct diagnostics diagnostics;
    static const struct expression_scope nothing;
    static const struct expr_env env;
    struct arena compiled, evaluated;
    struct value value;
    arena_init(&compiled, compile_block, sizeof compile_block);
    arena_init(&evaluated, value_block, sizeof value_block);
    diagnostics_init(&diagnostics, &compiled, BYTES_LITERAL("probe"));
    const struct expr *expr = expression_compile(source, (struct place){1, 1}, &nothing, STATIC_DYN,
                                                 &compiled, &diagnostics);
    if (!expr) {
        buffer_put_text(buffer, "refused ");
        buffer_put_text(buffer, diagnostics.count ? diagnostics.rows[0].code : "?");
        return;
    }
    enum expr_err err = expr_eval(expr, &env, &evaluated, &value);
    if (err) {
        buffer_put_text(buffer, "error ");
        buffer_put_text(buffer, expr_err_word(err));
        return;
    }
    put_value(buffer, &value);
}

int main(void)
{
    while (fgets(line, sizeof line, stdin)) {
        struct buffer buffer;
        size_t size = strcspn(line, "\n") / 2;
        for (size_t i = 0; i < size; i++)
            source_block[i] = (uint8_t)(nibble(line[2 * i]) << 4 | nibble(line[2 * i + 1]));
        buffer_init(&buffer, answer_block, sizeof answer_block);
        answer((struct bytes){source_block, size}, &buffer);
        LD_ASSERT(!buffer.is_full);
        fwrite(answer_block, 1, buffer.used, stdout);
        fputc('\n', stdout);
    }
    return 0;
}
