/* Characters to tokens, after the grammar of the CEL specification (langdef.md, "Syntax"). What CEL
 * has and this language has not (unsigned numbers, byte strings) is told by name, so that somebody
 * who knows CEL is not left to guess. Positions count code points, as editors do. */
#include "workflows/language/expression_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_SIZE_MAX = 64 };

static int peek(const struct lexer *lexer, size_t ahead)
{
    struct bytes source = lexer->compilation->source;
    size_t at = lexer->at + ahead;
    return at < source.size ? source.ptr[at] : -1;
}

static void advance(struct lexer *lexer, size_t count)
{
    for (; count; count--, lexer->at++) {
        int byte = peek(lexer, 0);
        if (byte == '\n') {
            lexer->place.line++;
            lexer->place.column = 1;
        } else if ((byte & 0xC0) != 0x80) {
            lexer->place.column++;
        }
    }
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_name_start(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool is_name_part(int byte)
{
    return is_name_start(byte) || is_digit(byte);
}

static int hex_digit(int byte)
{
    if (is_digit(byte))
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The source from the token's beginning to where the lexer stands. */
static struct bytes written(const struct lexer *lexer, const struct token *token)
{
    return bytes_slice(lexer->compilation->source, token->begin, lexer->at - token->begin);
}

static bool fail(struct lexer *lexer, const struct token *token, const char *code)
{
    return compilation_fail(lexer->compilation, token->place, code, written(lexer, token),
                            BYTES_NONE);
}

static void skip_blanks(struct lexer *lexer)
{
    for (;;) {
        int byte = peek(lexer, 0);
        if (byte == '/' && peek(lexer, 1) == '/') {
            while (peek(lexer, 0) != -1 && peek(lexer, 0) != '\n')
                advance(lexer, 1);
        } else if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f') {
            advance(lexer, 1);
        } else {
            return;
        }
    }
}

static bool hex_number(struct lexer *lexer, struct token *token)
{
    bool is_fitting = hex_digit(peek(lexer, 2)) >= 0;
    advance(lexer, 2);
    for (int digit; (digit = hex_digit(peek(lexer, 0))) >= 0; advance(lexer, 1)) {
        is_fitting = is_fitting && token->magnitude >> 60 == 0;
        token->magnitude = token->magnitude << 4 | (uint64_t)digit;
    }
    is_fitting = is_fitting && token->magnitude <= (uint64_t)INT64_MAX + 1;
    return is_fitting || fail(lexer, token, "expr-number");
}

static void skip_digits(struct lexer *lexer)
{
    while (is_digit(peek(lexer, 0)))
        advance(lexer, 1);
}

/* Fraction and exponent; false where the number has neither. */
static bool skip_fraction(struct lexer *lexer)
{
    size_t begin = lexer->at;
    if (peek(lexer, 0) == '.' && is_digit(peek(lexer, 1))) {
        advance(lexer, 1);
        skip_digits(lexer);
    }
    int mark = peek(lexer, 0), sign = peek(lexer, 1);
    size_t lead = sign == '+' || sign == '-' ? 2 : 1;
    if ((mark == 'e' || mark == 'E') && is_digit(peek(lexer, lead))) {
        advance(lexer, lead);
        skip_digits(lexer);
    }
    return lexer->at > begin;
}

/* strtod reads the C locale's point: the programs of this house set no LC_NUMERIC. */
static bool double_number(struct lexer *lexer, struct token *token)
{
    char text[NUMBER_SIZE_MAX];
    struct bytes digits = written(lexer, token);
    if (digits.size >= sizeof text)
        return fail(lexer, token, "expr-number");
    memcpy(text, digits.ptr, digits.size);
    text[digits.size] = '\0';
    token->kind = TOKEN_DOUBLE;
    token->real = strtod(text, NULL);
    return isfinite(token->real) || fail(lexer, token, "expr-number");
}

static bool int_number(struct lexer *lexer, struct token *token)
{
    struct bytes digits = written(lexer, token);
    for (size_t i = 0; i < digits.size; i++) {
        uint64_t digit = digits.ptr[i] - (uint64_t)'0';
        if (token->magnitude > ((uint64_t)INT64_MAX + 1 - digit) / 10)
            return fail(lexer, token, "expr-number");
        token->magnitude = token->magnitude * 10 + digit;
    }
    return true;
}

static bool number(struct lexer *lexer, struct token *token)
{
    bool is_read;
    token->kind = TOKEN_INT;
    if (peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X')) {
        is_read = hex_number(lexer, token);
    } else {
        skip_digits(lexer);
        is_read = skip_fraction(lexer) ? double_number(lexer, token) : int_number(lexer, token);
    }
    if (!is_read || !is_name_part(peek(lexer, 0)))
        return is_read;
    bool is_unsigned = peek(lexer, 0) == 'u' || peek(lexer, 0) == 'U';
    while (is_name_part(peek(lexer, 0)))
        advance(lexer, 1);
    return fail(lexer, token, is_unsigned ? "expr-subset" : "expr-number");
}

static bool put_point(struct buffer *buffer, uint32_t point)
{
    if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return false;
    if (point < 0x80) {
        buffer_put_u8(buffer, (uint8_t)point);
        return true;
    }
    int tails = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = {0, 0xC0, 0xE0, 0xF0};
    buffer_put_u8(buffer, (uint8_t)(leads[tails] | point >> 6 * tails));
    while (tails-- > 0)
        buffer_put_u8(buffer, (uint8_t)(0x80 | (point >> 6 * tails & 0x3F)));
    return true;
}

/* So many digits of a base as a code point. */
static bool point_escape(struct lexer *lexer, struct buffer *buffer, int digits, uint32_t base)
{
    uint32_t point = 0;
    for (; digits; digits--, advance(lexer, 1)) {
        int digit = hex_digit(peek(lexer, 0));
        if (digit < 0 || (uint32_t)digit >= base)
            return false;
        point = point * base + (uint32_t)digit;
    }
    return put_point(buffer, point);
}

/* Behind the backslash. */
static bool escape(struct lexer *lexer, struct buffer *buffer)
{
    static const char marks[] = "abfnrtv\\?\"'`", meant[] = "\a\b\f\n\r\t\v\\?\"'`";
    int mark = peek(lexer, 0);
    if (mark >= '0' && mark <= '3')
        return point_escape(lexer, buffer, 3, 8);
    if (mark == -1)
        return false;
    advance(lexer, 1);
    if (mark == 'x' || mark == 'X')
        return point_escape(lexer, buffer, 2, 16);
    if (mark == 'u')
        return point_escape(lexer, buffer, 4, 16);
    if (mark == 'U')
        return point_escape(lexer, buffer, 8, 16);
    const char *found = mark ? strchr(marks, mark) : NULL;
    if (found)
        buffer_put_u8(buffer, (uint8_t)meant[found - marks]);
    return found;
}

static bool at_quotes(const struct lexer *lexer, int quote, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (peek(lexer, i) != quote)
            return false;
    }
    return true;
}

static bool text_escape(struct lexer *lexer, struct buffer *buffer)
{
    struct token mark = {.begin = lexer->at, .place = lexer->place};
    advance(lexer, 1);
    return escape(lexer, buffer) || fail(lexer, &mark, "expr-escape");
}

/* Up to the closing quotes, which stand there `quotes` times. */
static bool text_body(struct lexer *lexer, struct token *token, size_t quotes, bool is_raw)
{
    int quote = peek(lexer, 0);
    struct buffer buffer;
    size_t room = lexer->compilation->source.size - lexer->at;
    uint8_t *memory = arena_alloc(lexer->compilation->arena, room);
    if (!memory)
        return false;
    buffer_init(&buffer, memory, room);
    advance(lexer, quotes);
    while (!at_quotes(lexer, quote, quotes)) {
        int byte = peek(lexer, 0);
        if (byte == -1 || (quotes == 1 && (byte == '\n' || byte == '\r')))
            return fail(lexer, token, "expr-string");
        if (byte == '\\' && !is_raw) {
            if (!text_escape(lexer, &buffer))
                return false;
            continue;
        }
        buffer_put_u8(&buffer, (uint8_t)byte);
        advance(lexer, 1);
    }
    advance(lexer, quotes);
    LD_ASSERT(!buffer.is_full); /* no escape is shorter than what it stands for */
    struct arena *arena = lexer->compilation->arena;
    arena_rewind(arena, arena_mark(arena) - (room - buffer.used)); /* the rest is given back */
    token->kind = TOKEN_TEXT;
    token->text = buffer_bytes(&buffer);
    return true;
}

/* r'…', b'…' and both; false where a name begins instead. */
static bool text_prefix(const struct lexer *lexer, size_t *ret_size, bool *ret_is_raw,
                        bool *ret_is_bytes)
{
    size_t size = 0;
    bool is_raw = false, is_bytes = false;
    for (; size < 2; size++) {
        int byte = peek(lexer, size);
        if ((byte == 'r' || byte == 'R') && !is_raw)
            is_raw = true;
        else if ((byte == 'b' || byte == 'B') && !is_bytes)
            is_bytes = true;
        else
            break;
    }
    *ret_size = size;
    *ret_is_raw = is_raw;
    *ret_is_bytes = is_bytes;
    return peek(lexer, size) == '\'' || peek(lexer, size) == '"';
}

static bool text(struct lexer *lexer, struct token *token, size_t prefix, bool is_raw)
{
    advance(lexer, prefix);
    size_t quotes = at_quotes(lexer, peek(lexer, 0), 3) ? 3 : 1;
    return text_body(lexer, token, quotes, is_raw);
}

static bool name(struct lexer *lexer, struct token *token)
{
    static const struct {
        const char *word;
        enum token_kind kind;
    } words[] = {
        {"true", TOKEN_TRUE}, {"false", TOKEN_FALSE}, {"null", TOKEN_NULL}, {"in", TOKEN_IN}};
    while (is_name_part(peek(lexer, 0)))
        advance(lexer, 1);
    token->kind = TOKEN_NAME;
    token->text = written(lexer, token);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_is(token->text, words[i].word))
            token->kind = words[i].kind;
    }
    return true;
}

/* `joint-office`: a name that is not made of letters, digits and underscores alone. */
static bool quoted_name(struct lexer *lexer, struct token *token)
{
    do {
        advance(lexer, 1);
        if (peek(lexer, 0) == -1 || peek(lexer, 0) == '\n')
            return fail(lexer, token, "expr-string");
    } while (peek(lexer, 0) != '`');
    advance(lexer, 1);
    struct bytes whole = written(lexer, token);
    token->kind = TOKEN_NAME;
    token->is_quoted_name = true;
    token->text = bytes_slice(whole, 1, whole.size - 2);
    return true;
}

/* One sign of two characters, or of one where the second is not there. */
struct sign {
    char first, second;
    enum token_kind both, alone; /* TOKEN_END: there is none such */
};

static const struct sign *sign_of(int byte)
{
    static const struct sign rows[] = {
        {',', 0, TOKEN_END, TOKEN_COMMA},         {'.', 0, TOKEN_END, TOKEN_DOT},
        {'(', 0, TOKEN_END, TOKEN_PAREN_OPEN},    {')', 0, TOKEN_END, TOKEN_PAREN_CLOSE},
        {'[', 0, TOKEN_END, TOKEN_BRACKET_OPEN},  {']', 0, TOKEN_END, TOKEN_BRACKET_CLOSE},
        {'{', 0, TOKEN_END, TOKEN_BRACE_OPEN},    {'}', 0, TOKEN_END, TOKEN_BRACE_CLOSE},
        {'|', '|', TOKEN_OR, TOKEN_END},          {'&', '&', TOKEN_AND, TOKEN_END},
        {'=', '=', TOKEN_EQUAL, TOKEN_END},       {'!', '=', TOKEN_NOT_EQUAL, TOKEN_NOT},
        {'<', '=', TOKEN_LESS_EQUAL, TOKEN_LESS}, {'>', '=', TOKEN_GREATER_EQUAL, TOKEN_GREATER},
        {'+', 0, TOKEN_END, TOKEN_PLUS},          {'-', 0, TOKEN_END, TOKEN_MINUS},
        {'*', 0, TOKEN_END, TOKEN_STAR},          {'/', 0, TOKEN_END, TOKEN_SLASH},
        {'%', 0, TOKEN_END, TOKEN_PERCENT},       {'?', 0, TOKEN_END, TOKEN_QUESTION},
        {':', 0, TOKEN_END, TOKEN_COLON}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].first == byte)
            return &rows[i];
    }
    return NULL;
}

static bool sign(struct lexer *lexer, struct token *token)
{
    const struct sign *found = sign_of(peek(lexer, 0));
    bool is_both = found && found->second && peek(lexer, 1) == found->second;
    token->kind = !found ? TOKEN_END : is_both ? found->both : found->alone;
    if (token->kind != TOKEN_END) {
        advance(lexer, is_both ? 2 : 1);
        return true;
    }
    do /* the whole code point */
        advance(lexer, 1);
    while ((peek(lexer, 0) & 0xC0) == 0x80 && peek(lexer, 0) != -1);
    return compilation_fail_syntax(lexer->compilation, token->place, written(lexer, token));
}

static bool lex(struct lexer *lexer, struct token *token)
{
    size_t prefix;
    bool is_raw, is_bytes;
    int byte = peek(lexer, 0);
    if (byte == -1)
        return true;
    if (text_prefix(lexer, &prefix, &is_raw, &is_bytes))
        return text(lexer, token, prefix, is_raw)
               && (!is_bytes || fail(lexer, token, "expr-subset"));
    if (is_digit(byte) || (byte == '.' && is_digit(peek(lexer, 1))))
        return number(lexer, token);
    if (is_name_start(byte))
        return name(lexer, token);
    return byte == '`' ? quoted_name(lexer, token) : sign(lexer, token);
}

bool lexer_next(struct lexer *lexer, struct token *ret_token)
{
    skip_blanks(lexer);
    *ret_token = (struct token){.place = lexer->place, .begin = lexer->at};
    bool is_read = lex(lexer, ret_token);
    ret_token->end = lexer->at;
    return is_read;
}
