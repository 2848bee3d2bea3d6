/* Text with expressions in it, as one expression: the pieces of text and the parts in ${} are
 * joined by +, in a balanced tree so that a long text is no deep one. Where a part ends the lexer
 * says: a brace within a text or a map of the part does not end it. */
#include "workflows/language/expression_parts.h"

struct pieces {
    struct compilation *compilation; /* of the whole text */
    struct place place;
    size_t reached; /* the place of this offset is place_reached */
    struct place place_reached;
    struct typed *rows;
    uint32_t count;
};

static bool add(struct pieces *pieces, struct expr expr, struct typed piece)
{
    piece.expr = arena_alloc(pieces->compilation->arena, sizeof *piece.expr);
    if (!piece.expr)
        return false;
    *piece.expr = expr;
    pieces->rows[pieces->count++] = piece;
    return true;
}

static bool add_text(struct pieces *pieces, size_t begin, size_t end)
{
    struct bytes text = bytes_slice(pieces->compilation->source, begin, end - begin);
    struct expr expr = {.op = EXPR_LITERAL, .literal = value_text(text), .source = text};
    return begin == end || add(pieces, expr, (struct typed){.type = static_string, .height = 1});
}

/* The place of an offset that is not before the last one asked for: the text is gone through once,
 * however many parts it has. */
static struct place place_of(struct pieces *pieces, size_t offset)
{
    struct bytes source = pieces->compilation->source;
    struct bytes rest = bytes_slice(source, pieces->reached, source.size);
    pieces->place_reached = place_after(pieces->place_reached, rest, offset - pieces->reached);
    pieces->reached = offset;
    return pieces->place_reached;
}

/* Where the brace stands that ends the part. */
static bool find_end(struct pieces *pieces, size_t begin, size_t *ret_end)
{
    struct compilation *compilation = pieces->compilation;
    struct place place = place_of(pieces, begin);
    struct lexer lexer = {compilation, begin, place};
    struct token token;
    for (uint32_t depth = 1; depth > 0;) {
        if (!lexer_next(&lexer, &token))
            return false;
        if (token.kind == TOKEN_END)
            return compilation_fail(compilation, place, "template-end", BYTES_NONE, BYTES_NONE);
        depth += token.kind == TOKEN_BRACE_OPEN;
        depth -= token.kind == TOKEN_BRACE_CLOSE;
    }
    *ret_end = token.begin;
    return true;
}

/* What string() takes (core/expr_function.c). */
static bool is_shown(enum static_kind kind)
{
    return kind == STATIC_STRING || kind == STATIC_BOOL || kind == STATIC_INT || kind == STATIC_DATE
           || kind == STATIC_TIMESTAMP || kind == STATIC_UNIT;
}

static bool add_call(struct pieces *pieces, const struct typed *part)
{
    const struct expr **args = arena_alloc(pieces->compilation->arena, sizeof *args);
    if (!args)
        return false;
    args[0] = part->expr;
    struct expr call = {.op = EXPR_CALL,
                        .function = FUNCTION_STRING,
                        .arg_count = 1,
                        .args = args,
                        .source = part->expr->source,
                        .column = part->expr->column};
    return add(pieces, call,
               (struct typed){.type = static_string, .height = (uint16_t)(part->height + 1)});
}

static bool add_part(struct pieces *pieces, size_t begin, size_t end)
{
    struct compilation *whole = pieces->compilation;
    struct compilation compilation = *whole;
    struct place place = place_of(pieces, begin);
    struct typed part = {0};
    compilation.source = bytes_slice(whole->source, begin, end - begin);
    bool is_compiled = compile_text(&compilation, place, &part);
    whole->is_failed = compilation.is_failed;
    whole->indexes = compilation.indexes;
    if (!is_compiled)
        return false;
    if (!is_shown(part.type.kind))
        return compilation_fail(whole, place, "template-type", compilation.source,
                                bytes_from_text(static_word(&part.type)));
    if (part.type.kind == STATIC_STRING)
        return add(pieces, *part.expr, part);
    return add_call(pieces, &part);
}

static bool cut(struct pieces *pieces)
{
    struct bytes source = pieces->compilation->source;
    size_t begin = 0, at = 0;
    while (at < source.size) {
        struct bytes rest = bytes_slice(source, at, source.size);
        size_t end = 0; /* set where there is a part; the compiler cannot see it */
        if (bytes_starts_with(rest, BYTES_LITERAL("$${"))) {
            if (!add_text(pieces, begin, at))
                return false;
            begin = at + 1;
            at += 3;
        } else if (bytes_starts_with(rest, BYTES_LITERAL("${"))) {
            if (!add_text(pieces, begin, at) || !find_end(pieces, at + 2, &end)
                || !add_part(pieces, at + 2, end))
                return false;
            begin = at = end + 1;
        } else {
            at++;
        }
    }
    return add_text(pieces, begin, at);
}

static bool join_two(struct pieces *pieces, const struct typed sides[2], struct typed *ret_typed)
{
    struct expr *expr = arena_alloc(pieces->compilation->arena, sizeof *expr);
    const struct expr **args = arena_alloc_array(pieces->compilation->arena, 2, sizeof *args);
    if (!expr || !args)
        return false;
    uint16_t height = sides[0].height > sides[1].height ? sides[0].height : sides[1].height;
    args[0] = sides[0].expr;
    args[1] = sides[1].expr;
    *expr = (struct expr){.op = EXPR_ADD, .arg_count = 2, .args = args};
    *ret_typed = (struct typed){expr, static_string, (uint16_t)(height + 1)};
    return true;
}

/* Neighbours in pairs, round by round: the height grows by the logarithm of the count. */
static bool join(struct pieces *pieces)
{
    for (; pieces->count > 1; pieces->count = (pieces->count + 1) / 2) {
        for (uint32_t i = 0; i < pieces->count; i += 2) {
            struct typed *target = &pieces->rows[i / 2];
            if (i + 1 == pieces->count)
                *target = pieces->rows[i];
            else if (!join_two(pieces, &pieces->rows[i], target))
                return false;
        }
    }
    return true;
}

static bool fail_height(struct pieces *pieces)
{
    uint8_t memory[24];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_decimal(&buffer, EXPR_DEPTH_MAX);
    return compilation_fail(pieces->compilation, pieces->place, "expr-depth", buffer_bytes(&buffer),
                            BYTES_NONE);
}

static bool compile_template(struct pieces *pieces)
{
    struct compilation *compilation = pieces->compilation;
    size_t dollars = 0;
    if (!compile_begin(compilation, pieces->place))
        return false;
    for (size_t i = 0; i < compilation->source.size; i++)
        dollars += compilation->source.ptr[i] == '$';
    pieces->rows = arena_alloc_array(compilation->arena, 2 * dollars + 1, sizeof *pieces->rows);
    if (!pieces->rows || !cut(pieces))
        return false;
    struct expr nothing = {.op = EXPR_LITERAL, .literal = value_text(BYTES_NONE)};
    if (pieces->count == 0
        && !add(pieces, nothing, (struct typed){.type = static_string, .height = 1}))
        return false;
    return join(pieces) && (pieces->rows[0].height <= EXPR_DEPTH_MAX || fail_height(pieces));
}

const struct expr *expression_template(struct bytes source, struct place place,
                                       const struct expression_scope *scope, struct arena *arena,
                                       struct diagnostics *diagnostics)
{
    struct compilation compilation = {
        .source = source, .scope = scope, .arena = arena, .diagnostics = diagnostics};
    struct pieces pieces = {.compilation = &compilation, .place = place, .place_reached = place};
    if (!compile_template(&pieces)) {
        /* A stage that gives up without a word has run out of memory. */
        (void)compilation_fail(&compilation, place, "expr-memory", BYTES_NONE, BYTES_NONE);
        return NULL;
    }
    pieces.rows[0].expr->source = compilation.source;
    return pieces.rows[0].expr;
}
