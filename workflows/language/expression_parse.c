/* Tokens to syntax, by the grammar of the CEL specification. One loop climbs the binary operators
 * by their precedence; && and || gather all their operands in one node, since CEL gives them no
 * order. Invariants: the stack is at most NESTING_MAX expressions deep, a tree at most HEIGHT_MAX
 * high; each token is looked at once. */
#include "workflows/language/expression_parts.h"

/* A name such as event.data.x is three nodes here and one in the typed tree, whose bound is
 * EXPR_DEPTH_MAX; brackets are none at all (CEL asks for 32 of them). */
enum { NESTING_MAX = EXPR_DEPTH_MAX + 8, HEIGHT_MAX = EXPR_DEPTH_MAX + 3 };

struct parser {
    struct compilation *compilation;
    struct lexer lexer;
    struct token token; /* the one looked at */
    size_t previous_end;
    uint32_t nesting;
};

static struct syntax *parse_expression(struct parser *parser);
static struct syntax *parse_unary(struct parser *parser);

static struct syntax *fail_at(struct parser *parser, struct place place, const char *code,
                              struct bytes argument)
{
    (void)compilation_fail(parser->compilation, place, code, argument, BYTES_NONE);
    return NULL;
}

static struct syntax *fail_unexpected(struct parser *parser)
{
    const struct token *token = &parser->token;
    if (token->kind == TOKEN_END)
        return fail_at(parser, token->place, "expr-end", BYTES_NONE);
    (void)compilation_fail_syntax(
        parser->compilation, token->place,
        bytes_slice(parser->compilation->source, token->begin, token->end - token->begin));
    return NULL;
}

static bool fail_depth(struct parser *parser, struct place place)
{
    uint8_t memory[8];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_decimal(&buffer, EXPR_DEPTH_MAX);
    return compilation_fail(parser->compilation, place, "expr-depth", buffer_bytes(&buffer),
                            BYTES_NONE);
}

static bool next(struct parser *parser)
{
    parser->previous_end = parser->token.end;
    return lexer_next(&parser->lexer, &parser->token);
}

/* Takes the token if it is of this kind. */
static bool expect(struct parser *parser, enum token_kind kind)
{
    if (parser->token.kind != kind)
        return fail_unexpected(parser);
    return next(parser);
}

static struct syntax *make(struct parser *parser, enum syntax_kind kind)
{
    struct syntax *syntax = arena_alloc(parser->compilation->arena, sizeof *syntax);
    if (!syntax)
        return NULL;
    syntax->kind = kind;
    syntax->place = parser->token.place;
    syntax->begin = parser->token.begin;
    syntax->height = 1;
    return syntax;
}

/* Hangs child under syntax; false where child is NULL or the tree grows too high. */
static bool hang(struct parser *parser, struct syntax *syntax, struct syntax *child)
{
    if (!child)
        return false;
    if (syntax->last)
        syntax->last->next = child;
    else
        syntax->first = child;
    syntax->last = child;
    syntax->child_count++;
    if (child->height >= syntax->height)
        syntax->height = (uint16_t)(child->height + 1);
    return syntax->height <= HEIGHT_MAX || fail_depth(parser, child->place);
}

static struct syntax *finish(struct parser *parser, struct syntax *syntax)
{
    syntax->end = parser->previous_end;
    return syntax;
}

/* A node that begins where its first child does. */
static struct syntax *make_over(struct parser *parser, enum syntax_kind kind, struct syntax *first)
{
    struct syntax *syntax = make(parser, kind);
    if (!syntax || !hang(parser, syntax, first))
        return NULL;
    syntax->begin = first->begin;
    return syntax;
}

static struct syntax *parse_literal(struct parser *parser, struct value value)
{
    struct syntax *syntax = make(parser, SYNTAX_LITERAL);
    if (!syntax || !next(parser))
        return NULL;
    syntax->literal = value;
    return finish(parser, syntax);
}

static struct syntax *parse_int(struct parser *parser, bool is_negative)
{
    uint64_t magnitude = parser->token.magnitude;
    if (magnitude > INT64_MAX && !is_negative)
        return fail_at(parser, parser->token.place, "expr-number",
                       bytes_slice(parser->compilation->source, parser->token.begin,
                                   parser->token.end - parser->token.begin));
    if (magnitude > INT64_MAX)
        return parse_literal(parser, value_int(INT64_MIN));
    int64_t number = (int64_t)magnitude;
    return parse_literal(parser, value_int(is_negative ? -number : number));
}

/* Children up to the closing token, with one comma between two and one allowed behind the last of
 * a list or map. */
static bool parse_children(struct parser *parser, struct syntax *syntax, enum token_kind close)
{
    while (parser->token.kind != close) {
        if (!hang(parser, syntax, parse_expression(parser)))
            return false;
        bool is_entry = close == TOKEN_BRACE_CLOSE;
        if (is_entry && !expect(parser, TOKEN_COLON))
            return false;
        if (is_entry && !hang(parser, syntax, parse_expression(parser)))
            return false;
        if (parser->token.kind != TOKEN_COMMA)
            break;
        if (!next(parser))
            return false;
        if (close == TOKEN_PAREN_CLOSE && parser->token.kind == close)
            return fail_unexpected(parser);
    }
    return expect(parser, close);
}

static struct syntax *parse_collection(struct parser *parser, enum expr_op op,
                                       enum token_kind close)
{
    struct syntax *syntax = make(parser, SYNTAX_OPERATOR);
    if (!syntax || !next(parser) || !parse_children(parser, syntax, close))
        return NULL;
    syntax->op = op;
    return finish(parser, syntax);
}

bool syntax_is_reserved(struct bytes name)
{
    static const char *const words[] = {
        "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
        "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_is(name, words[i]))
            return true;
    }
    return false;
}

static struct syntax *parse_name(struct parser *parser)
{
    struct bytes name = parser->token.text;
    struct syntax *syntax = make(parser, SYNTAX_NAME);
    if (!syntax)
        return NULL;
    if (parser->token.is_quoted_name)
        return fail_unexpected(parser); /* CEL has them behind a point only */
    if (syntax_is_reserved(name))
        return fail_at(parser, parser->token.place, "expr-subset", name);
    syntax->name = name;
    if (!next(parser))
        return NULL;
    if (parser->token.kind == TOKEN_PAREN_OPEN) {
        syntax->kind = SYNTAX_CALL;
        if (!next(parser) || !parse_children(parser, syntax, TOKEN_PAREN_CLOSE))
            return NULL;
    }
    return finish(parser, syntax);
}

static struct syntax *parse_parens(struct parser *parser)
{
    if (!next(parser))
        return NULL;
    struct syntax *syntax = parse_expression(parser);
    return syntax && expect(parser, TOKEN_PAREN_CLOSE) ? syntax : NULL;
}

static struct syntax *parse_primary(struct parser *parser)
{
    const struct token *token = &parser->token;
    switch (token->kind) {
    case TOKEN_INT: return parse_int(parser, false);
    case TOKEN_DOUBLE: return parse_literal(parser, value_double(token->real));
    case TOKEN_TEXT: return parse_literal(parser, value_text(token->text));
    case TOKEN_TRUE: return parse_literal(parser, value_bool(true));
    case TOKEN_FALSE: return parse_literal(parser, value_bool(false));
    case TOKEN_NULL: return parse_literal(parser, VALUE_ABSENT);
    case TOKEN_NAME: return parse_name(parser);
    case TOKEN_PAREN_OPEN: return parse_parens(parser);
    case TOKEN_BRACKET_OPEN: return parse_collection(parser, EXPR_LIST, TOKEN_BRACKET_CLOSE);
    case TOKEN_BRACE_OPEN: return parse_collection(parser, EXPR_MAP, TOKEN_BRACE_CLOSE);
    case TOKEN_END:
    case TOKEN_IN:
    case TOKEN_OR:
    case TOKEN_AND:
    case TOKEN_NOT:
    case TOKEN_EQUAL:
    case TOKEN_NOT_EQUAL:
    case TOKEN_LESS:
    case TOKEN_LESS_EQUAL:
    case TOKEN_GREATER:
    case TOKEN_GREATER_EQUAL:
    case TOKEN_PLUS:
    case TOKEN_MINUS:
    case TOKEN_STAR:
    case TOKEN_SLASH:
    case TOKEN_PERCENT:
    case TOKEN_QUESTION:
    case TOKEN_COLON:
    case TOKEN_COMMA:
    case TOKEN_DOT:
    case TOKEN_PAREN_CLOSE:
    case TOKEN_BRACKET_CLOSE:
    case TOKEN_BRACE_CLOSE: break;
    }
    return fail_unexpected(parser);
}

static struct syntax *parse_selection(struct parser *parser, struct syntax *from)
{
    struct syntax *syntax = make_over(parser, SYNTAX_SELECT, from);
    if (!syntax || !next(parser))
        return NULL;
    if (parser->token.kind != TOKEN_NAME)
        return fail_unexpected(parser);
    syntax->name = parser->token.text;
    syntax->place = parser->token.place;
    if (!next(parser))
        return NULL;
    if (parser->token.kind == TOKEN_PAREN_OPEN) {
        syntax->kind = SYNTAX_CALL;
        syntax->has_receiver = true;
        if (!next(parser) || !parse_children(parser, syntax, TOKEN_PAREN_CLOSE))
            return NULL;
    }
    return finish(parser, syntax);
}

static struct syntax *parse_index(struct parser *parser, struct syntax *from)
{
    struct syntax *syntax = make_over(parser, SYNTAX_OPERATOR, from);
    if (!syntax || !next(parser) || !hang(parser, syntax, parse_expression(parser))
        || !expect(parser, TOKEN_BRACKET_CLOSE))
        return NULL;
    syntax->op = EXPR_INDEX;
    return finish(parser, syntax);
}

static struct syntax *parse_member(struct parser *parser)
{
    struct syntax *syntax = parse_primary(parser);
    while (syntax) {
        if (parser->token.kind == TOKEN_DOT)
            syntax = parse_selection(parser, syntax);
        else if (parser->token.kind == TOKEN_BRACKET_OPEN)
            syntax = parse_index(parser, syntax);
        else
            break;
    }
    return syntax;
}

/* Counts how deep the stack is; false where it would grow beyond the bound. */
static bool enter(struct parser *parser)
{
    if (parser->nesting == NESTING_MAX)
        return fail_depth(parser, parser->token.place);
    parser->nesting++;
    return true;
}

/* ! or - over an operand; a minus and a number are one literal. */
static struct syntax *negate(struct parser *parser, const struct token *sign,
                             struct syntax *operand)
{
    struct syntax *syntax = make(parser, SYNTAX_OPERATOR);
    if (!syntax || !hang(parser, syntax, operand))
        return NULL;
    syntax->op = sign->kind == TOKEN_NOT ? EXPR_NOT : EXPR_NEGATE;
    syntax->place = sign->place;
    syntax->begin = sign->begin;
    bool is_number = operand->kind == SYNTAX_LITERAL && operand->literal.kind == VALUE_INT;
    if (syntax->op == EXPR_NEGATE && is_number && operand->literal.as.integer > 0) {
        syntax->kind = SYNTAX_LITERAL;
        syntax->literal = value_int(-operand->literal.as.integer);
        syntax->height = 1;
    }
    return finish(parser, syntax);
}

/* What the signs stand before. The least integer can only be written with its minus. */
static struct syntax *parse_signed(struct parser *parser, const struct token *sign, uint32_t *count)
{
    const struct token *token = &parser->token;
    if (sign->kind == TOKEN_MINUS && token->kind == TOKEN_INT && token->magnitude > INT64_MAX) {
        (*count)--;
        return parse_int(parser, true);
    }
    if (token->kind != TOKEN_NOT && token->kind != TOKEN_MINUS)
        return parse_member(parser);
    if (!enter(parser))
        return NULL;
    struct syntax *syntax = parse_unary(parser);
    parser->nesting--;
    return syntax;
}

/* Of a row of one sign, pairs beyond the first undo each other. */
static struct syntax *parse_unary(struct parser *parser)
{
    const struct token sign = parser->token;
    uint32_t count = 0;
    if (sign.kind != TOKEN_NOT && sign.kind != TOKEN_MINUS)
        return parse_member(parser);
    for (; parser->token.kind == sign.kind; count++) {
        if (!next(parser))
            return NULL;
    }
    struct syntax *syntax = parse_signed(parser, &sign, &count);
    for (count = count > 2 ? 2 - count % 2 : count; syntax && count; count--)
        syntax = negate(parser, &sign, syntax);
    return syntax;
}

struct binary {
    enum token_kind token;
    enum expr_op op;
    int precedence;
};

static const struct binary *binary_of(enum token_kind token)
{
    static const struct binary rows[] = {
        {TOKEN_OR, EXPR_OR, 1},           {TOKEN_AND, EXPR_AND, 2},
        {TOKEN_EQUAL, EXPR_EQUAL, 3},     {TOKEN_NOT_EQUAL, EXPR_NOT_EQUAL, 3},
        {TOKEN_LESS, EXPR_LESS, 3},       {TOKEN_LESS_EQUAL, EXPR_LESS_EQUAL, 3},
        {TOKEN_GREATER, EXPR_GREATER, 3}, {TOKEN_GREATER_EQUAL, EXPR_GREATER_EQUAL, 3},
        {TOKEN_IN, EXPR_IN, 3},           {TOKEN_PLUS, EXPR_ADD, 4},
        {TOKEN_MINUS, EXPR_SUBTRACT, 4},  {TOKEN_STAR, EXPR_MULTIPLY, 5},
        {TOKEN_SLASH, EXPR_DIVIDE, 5},    {TOKEN_PERCENT, EXPR_MODULO, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].token == token)
            return &rows[i];
    }
    return NULL;
}

static struct syntax *parse_binary(struct parser *parser, int least_precedence);

static struct syntax *parse_right(struct parser *parser, const struct binary *binary,
                                  struct syntax *left)
{
    struct syntax *syntax = make_over(parser, SYNTAX_OPERATOR, left);
    if (!syntax)
        return NULL;
    syntax->op = binary->op;
    bool is_gathering = binary->op == EXPR_AND || binary->op == EXPR_OR;
    do {
        if (!next(parser) || !hang(parser, syntax, parse_binary(parser, binary->precedence + 1)))
            return NULL;
    } while (is_gathering && parser->token.kind == binary->token);
    return finish(parser, syntax);
}

static struct syntax *parse_binary(struct parser *parser, int least_precedence)
{
    struct syntax *syntax = parse_unary(parser);
    while (syntax) {
        const struct binary *binary = binary_of(parser->token.kind);
        if (!binary || binary->precedence < least_precedence)
            break;
        syntax = parse_right(parser, binary, syntax);
    }
    return syntax;
}

static struct syntax *parse_choice(struct parser *parser, struct syntax *condition)
{
    struct syntax *syntax = make_over(parser, SYNTAX_OPERATOR, condition);
    if (!syntax || !next(parser) || !hang(parser, syntax, parse_binary(parser, 0))
        || !expect(parser, TOKEN_COLON) || !hang(parser, syntax, parse_expression(parser)))
        return NULL;
    syntax->op = EXPR_CHOOSE;
    return finish(parser, syntax);
}

static struct syntax *parse_expression(struct parser *parser)
{
    if (!enter(parser))
        return NULL;
    struct syntax *syntax = parse_binary(parser, 0);
    if (syntax && parser->token.kind == TOKEN_QUESTION)
        syntax = parse_choice(parser, syntax);
    parser->nesting--;
    return syntax;
}

const struct syntax *syntax_parse(struct compilation *compilation, struct place place)
{
    struct parser parser = {.compilation = compilation,
                            .lexer = {.compilation = compilation, .place = place}};
    if (!next(&parser))
        return NULL;
    struct syntax *syntax = parse_expression(&parser);
    if (syntax && parser.token.kind != TOKEN_END)
        return fail_unexpected(&parser);
    return syntax;
}

struct bytes syntax_source(const struct compilation *compilation, const struct syntax *syntax)
{
    return bytes_slice(compilation->source, syntax->begin, syntax->end - syntax->begin);
}
