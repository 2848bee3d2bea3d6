/* `x in EXPR`, as the `for` of an action has it: the expression of the list, and what an element of
 * it is called and is. The name stands in the action's other expressions, over which macros may
 * still have variables of their own; it hides nothing there that could be meant. */
#include "workflows/language/expression_parts.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static size_t skip_blanks(struct bytes text, size_t at)
{
    while (at < text.size && is_blank(text.ptr[at]))
        at++;
    return at;
}

/* Where the name ends that begins there. */
static size_t skip_name(struct bytes text, size_t at)
{
    size_t end = at;
    while (
        end < text.size
        && (is_letter(text.ptr[end]) || (end > at && text.ptr[end] >= '0' && text.ptr[end] <= '9')))
        end++;
    return end;
}

/* Names that expressions have already, whose meaning nobody should have to guess. */
static bool is_taken(struct bytes name)
{
    return bytes_is(name, "event") || bytes_is(name, "case") || bytes_is(name, "party")
           || bytes_is(name, "subs") || bytes_is(name, "true") || bytes_is(name, "false")
           || bytes_is(name, "null") || bytes_is(name, "in") || syntax_is_reserved(name);
}

/* The name, and where the list begins. */
static bool split(struct compilation *compilation, struct place place, struct bytes *ret_name,
                  size_t *ret_begin)
{
    struct bytes text = compilation->source;
    size_t begin = skip_blanks(text, 0);
    size_t end = skip_name(text, begin);
    size_t word = skip_blanks(text, end);
    bool is_each = end > begin && word > end && word + 2 < text.size
                   && bytes_starts_with(bytes_slice(text, word, text.size), BYTES_LITERAL("in"))
                   && is_blank(text.ptr[word + 2]);
    if (!is_each)
        return compilation_fail(compilation, place, "for-syntax", text, BYTES_NONE);
    *ret_name = bytes_slice(text, begin, end - begin);
    *ret_begin = skip_blanks(text, word + 2);
    return !is_taken(*ret_name)
           || compilation_fail(compilation, place_after(place, text, begin), "for-name", *ret_name,
                               BYTES_NONE);
}

static bool compile_each(struct compilation *compilation, struct place place,
                         struct typed *ret_typed, struct expression_element *ret_element)
{
    struct bytes name;
    size_t begin = 0; /* set where there is a list; the compiler cannot see it */
    if (!compile_begin(compilation, place) || !split(compilation, place, &name, &begin))
        return false;
    struct place list_place = place_after(place, compilation->source, begin);
    compilation->source = bytes_slice(compilation->source, begin, compilation->source.size);
    if (!compile_text(compilation, list_place, ret_typed))
        return false;
    enum static_kind kind = ret_typed->type.kind;
    if (kind != STATIC_LIST && kind != STATIC_DYN)
        return compilation_fail(compilation, list_place, "expr-wanted", BYTES_LITERAL("list"),
                                bytes_from_text(static_word(&ret_typed->type)));
    ret_element->name = name;
    ret_element->type = kind == STATIC_LIST ? *ret_typed->type.of : static_dyn;
    return true;
}

const struct expr *expression_each(struct bytes source, struct place place,
                                   const struct expression_scope *scope, struct arena *arena,
                                   struct diagnostics *diagnostics,
                                   struct expression_element *ret_element)
{
    struct compilation compilation = {
        .source = source, .scope = scope, .arena = arena, .diagnostics = diagnostics};
    struct typed typed = {0};
    if (compile_each(&compilation, place, &typed, ret_element))
        return typed.expr;
    /* A stage that gives up without a word has run out of memory. */
    (void)compilation_fail(&compilation, place, "expr-memory", BYTES_NONE, BYTES_NONE);
    return NULL;
}
