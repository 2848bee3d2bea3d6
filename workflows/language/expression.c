/* The way in: bounds, the stages in their order, what the whole must give; and periods, which are
 * an expression and a unit. */
#include "workflows/language/expression_parts.h"

#include "base/utf8.h"

bool compilation_fail(struct compilation *compilation, struct place place, const char *code,
                      struct bytes first, struct bytes second)
{
    const struct bytes arguments[] = {first, second};
    if (!compilation->is_failed)
        diagnose(compilation->diagnostics, place, code, arguments, 2);
    compilation->is_failed = true;
    return false;
}

/* What people write who come from other languages, or with a Chinese keyboard. */
static const struct {
    const char *word, *zh, *en;
} habits[] = {
    {"=", "比较写成 ==", "write == to compare"},
    {"and", "“并且”写成 &&", "write &&"},
    {"or", "“或者”写成 ||", "write ||"},
    {"not", "“不”写成 !", "write !"},
    {"“", "引号须用半角 ' 或 \"", "use the plain quotes ' or \""},
    {"”", "引号须用半角 ' 或 \"", "use the plain quotes ' or \""},
    {"‘", "引号须用半角 ' 或 \"", "use the plain quotes ' or \""},
    {"’", "引号须用半角 ' 或 \"", "use the plain quotes ' or \""},
    {"（", "括号须用半角 ( )", "use plain brackets ( )"},
    {"）", "括号须用半角 ( )", "use plain brackets ( )"},
    {"，", "逗号须用半角 ,", "use a plain comma"},
};

bool compilation_fail_syntax(struct compilation *compilation, struct place place,
                             struct bytes unexpected)
{
    struct bytes arguments[] = {
        unexpected, BYTES_LITERAL("运算符为 || && ! == != < <= > >= in + - * / % ?:,文本加引号"),
        BYTES_LITERAL("operators are || && ! == != < <= > >= in + - * / % ?:, and text stands in "
                      "quotes")};
    for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++) {
        if (!bytes_is(unexpected, habits[i].word))
            continue;
        arguments[1] = bytes_from_text(habits[i].zh);
        arguments[2] = bytes_from_text(habits[i].en);
    }
    if (!compilation->is_failed)
        diagnose(compilation->diagnostics, place, "expr-syntax", arguments, 3);
    compilation->is_failed = true;
    return false;
}

static bool fail_number(struct compilation *compilation, struct place place, const char *code,
                        int64_t number)
{
    uint8_t memory[24];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_decimal(&buffer, number);
    return compilation_fail(compilation, place, code, buffer_bytes(&buffer), BYTES_NONE);
}

struct place place_after(struct place place, struct bytes text, size_t size)
{
    for (size_t i = 0; i < size && i < text.size; i++) {
        if (text.ptr[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if ((text.ptr[i] & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

bool compile_begin(struct compilation *compilation, struct place place)
{
    if (compilation->source.size > EXPR_SOURCE_MAX)
        return fail_number(compilation, place, "expr-size", EXPR_SOURCE_MAX);
    if (!utf8_is_valid(compilation->source))
        return compilation_fail_syntax(compilation, place, BYTES_LITERAL("\\x"));
    compilation->source = arena_copy(compilation->arena, compilation->source);
    return compilation->source.ptr != NULL;
}

/* The guards around: outer ones and those of branches passed over. */
static bool learn_guards(struct checker *checker)
{
    const struct expression_known *known = checker->compilation->scope->known;
    for (; known; known = known->next) {
        if (!learn_facts(checker, known->guard, known->is_true))
            return false;
    }
    return true;
}

/* An optional field by itself, which is taken where it is there. */
static bool check_absent(struct checker *checker, const struct syntax *syntax,
                         struct typed *ret_typed)
{
    struct compilation *compilation = checker->compilation;
    struct typed asked;
    bool is_absent;
    if (!check_path(checker, syntax, ret_typed, &is_absent))
        return false;
    if (!is_absent)
        return true;
    if (!make_typed(checker, syntax, EXPR_HAS, ret_typed, 1, &asked))
        return false;
    asked.expr->source = compilation->source;
    compilation->asked = asked.expr;
    return true;
}

bool compile_text(struct compilation *compilation, struct place place, struct typed *ret_typed)
{
    if (!compile_begin(compilation, place))
        return false;
    const struct syntax *syntax = syntax_parse(compilation, place);
    struct checker checker = {.compilation = compilation};
    if (!syntax || !learn_guards(&checker))
        return false;
    bool is_path = compilation->may_be_absent && syntax->kind == SYNTAX_SELECT;
    if (!(is_path ? check_absent : check_expression)(&checker, syntax, ret_typed))
        return false;
    ret_typed->expr->source = compilation->source;
    return true;
}

static const struct expr *compile(struct compilation *compilation, struct place place,
                                  struct static_type *ret_type)
{
    struct typed typed = {0};
    if (!compile_text(compilation, place, &typed)) {
        /* A stage that gives up without a word has run out of memory. */
        (void)compilation_fail(compilation, place, "expr-memory", BYTES_NONE, BYTES_NONE);
        return NULL;
    }
    *ret_type = typed.type;
    return typed.expr;
}

const struct expr *expression_compile(struct bytes source, struct place place,
                                      const struct expression_scope *scope, enum static_kind wanted,
                                      struct arena *arena, struct diagnostics *diagnostics)
{
    struct compilation compilation = {
        .source = source, .scope = scope, .arena = arena, .diagnostics = diagnostics};
    struct static_type type;
    const struct expr *expr = compile(&compilation, place, &type);
    bool is_wanted = wanted == STATIC_DYN || (expr && type.kind == STATIC_DYN);
    if (!expr || is_wanted || type.kind == wanted)
        return expr;
    struct static_type wanted_type = {.kind = wanted};
    (void)compilation_fail(&compilation, place, "expr-wanted",
                           bytes_from_text(static_word(&wanted_type)),
                           bytes_from_text(static_word(&type)));
    return NULL;
}

/* A text literal stands for a choice; each branch of ?: is looked at by itself. */
static bool fits(struct checker *checker, const struct expr *expr, const struct static_type *type,
                 const struct static_type *wanted, struct place place)
{
    if (wanted->choice && expr->op == EXPR_CHOOSE && type->kind == STATIC_STRING && !type->choice)
        return fits(checker, expr->args[1], &static_string, wanted, place)
               && fits(checker, expr->args[2], &static_string, wanted, place);
    bool is_literal = expr->op == EXPR_LITERAL && expr->literal.kind == VALUE_TEXT;
    if (wanted->choice && is_literal)
        return check_choice_literal(checker, wanted, expr, place);
    return false;
}

static const struct expr *compile_as(struct compilation *compilation, struct place place,
                                     const struct data_type *wanted)
{
    struct checker checker = {.compilation = compilation};
    struct static_type type, wanted_type;
    const struct expr *expr = compile(compilation, place, &type);
    if (!expr || static_fits_data(&type, wanted))
        return expr;
    if (!static_of_data(compilation->arena, wanted, &wanted_type))
        return NULL;
    if (fits(&checker, expr, &type, &wanted_type, place))
        return expr;
    (void)compilation_fail(compilation, place, "expr-wanted",
                           bytes_from_text(static_word(&wanted_type)),
                           bytes_from_text(static_word(&type)));
    return NULL;
}

const struct expr *expression_compile_as(struct bytes source, struct place place,
                                         const struct expression_scope *scope,
                                         const struct data_type *wanted, struct arena *arena,
                                         struct diagnostics *diagnostics)
{
    struct compilation compilation = {
        .source = source, .scope = scope, .arena = arena, .diagnostics = diagnostics};
    return compile_as(&compilation, place, wanted);
}

const struct expr *expression_compile_optional(struct bytes source, struct place place,
                                               const struct expression_scope *scope,
                                               const struct data_type *wanted, struct arena *arena,
                                               struct diagnostics *diagnostics,
                                               const struct expr **ret_asked)
{
    struct compilation compilation = {.source = source,
                                      .scope = scope,
                                      .arena = arena,
                                      .diagnostics = diagnostics,
                                      .may_be_absent = true};
    const struct expr *expr = compile_as(&compilation, place, wanted);
    *ret_asked = expr ? compilation.asked : NULL;
    return expr;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct bytes trim_end(struct bytes text)
{
    while (text.size && is_blank(text.ptr[text.size - 1]))
        text.size--;
    return text;
}

static size_t count_blanks(struct bytes text)
{
    size_t count = 0;
    while (count < text.size && is_blank(text.ptr[count]))
        count++;
    return count;
}

/* Takes word off the end of text, with a blank before it. */
static bool take_word(struct bytes *text, const char *word)
{
    struct bytes suffix = bytes_from_text(word);
    struct bytes whole = trim_end(*text);
    if (!bytes_ends_with(whole, suffix))
        return false;
    struct bytes rest = bytes_slice(whole, 0, whole.size - suffix.size);
    if (trim_end(rest).size == rest.size)
        return false;
    *text = trim_end(rest);
    return true;
}

/* Takes the unit off the end: "10 working days" leaves "10". */
static bool take_unit(struct bytes *text, enum period_unit *ret_unit)
{
    static const struct {
        const char *plural, *singular;
        enum period_unit unit;
    } rows[] = {{"hours", "hour", PERIOD_HOURS},
                {"days", "day", PERIOD_DAYS},
                {"months", "month", PERIOD_MONTHS},
                {"years", "year", PERIOD_YEARS}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!take_word(text, rows[i].plural) && !take_word(text, rows[i].singular))
            continue;
        *ret_unit = rows[i].unit;
        if (rows[i].unit == PERIOD_DAYS && take_word(text, "working"))
            *ret_unit = PERIOD_WORKING_DAYS;
        return true;
    }
    return false;
}

/* Takes "until" off the beginning. */
static bool take_until(struct bytes *text)
{
    struct bytes word = BYTES_LITERAL("until");
    struct bytes rest = bytes_slice(*text, count_blanks(*text), text->size);
    if (!bytes_starts_with(rest, word) || rest.size == word.size || !is_blank(rest.ptr[word.size]))
        return false;
    *text = bytes_slice(rest, word.size, rest.size);
    return true;
}

static bool is_amount(int64_t amount)
{
    return amount >= 1 && amount <= PERIOD_AMOUNT_MAX;
}

static const struct expr *check_amount(const struct expr *amount, struct place place,
                                       struct diagnostics *diagnostics)
{
    uint8_t memory[24];
    struct buffer buffer;
    if (!amount || amount->op != EXPR_LITERAL || is_amount(amount->literal.as.integer))
        return amount;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_decimal(&buffer, PERIOD_AMOUNT_MAX);
    const struct bytes arguments[] = {amount->source, buffer_bytes(&buffer)};
    diagnose(diagnostics, place, "period-amount", arguments, 2);
    return NULL;
}

const struct expr *expression_period(struct bytes source, struct place place,
                                     const struct expression_scope *scope, struct arena *arena,
                                     struct diagnostics *diagnostics, enum period_unit *ret_unit)
{
    struct bytes text = source;
    if (take_until(&text)) {
        place = place_after(place, source, source.size - text.size);
        *ret_unit = PERIOD_UNTIL;
        return expression_compile(text, place, scope, STATIC_DATE, arena, diagnostics);
    }
    if (!take_unit(&text, ret_unit) || count_blanks(text) == text.size) {
        diagnose(diagnostics, place, "period-syntax", &source, 1);
        return NULL;
    }
    const struct expr *amount =
        expression_compile(text, place, scope, STATIC_INT, arena, diagnostics);
    return check_amount(amount, place, diagnostics);
}

bool period_parse(struct bytes text, struct period *ret_period)
{
    enum period_unit unit;
    int64_t amount = 0;
    text = bytes_slice(text, count_blanks(text), text.size);
    if (!take_unit(&text, &unit) || !text.size)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || amount > PERIOD_AMOUNT_MAX)
            return false;
        amount = amount * 10 + (text.ptr[i] - '0');
    }
    if (!is_amount(amount))
        return false;
    *ret_period = (struct period){.amount = (int32_t)amount, .unit = unit};
    return true;
}
