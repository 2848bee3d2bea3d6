/* Syntax to a typed tree: what the operators take and give. Types are proven here as far as the
 * declarations reach; only lists and maps of mixed literals are left to the evaluator. */
#include "workflows/language/expression_parts.h"

#include "workflows/language/keys.h"

static bool fail_type(struct checker *checker, const struct syntax *syntax, const char *code,
                      const struct typed *left, const struct typed *right)
{
    static const char *const words[] = {
        [EXPR_NOT] = "!",        [EXPR_NEGATE] = "-",         [EXPR_AND] = "&&",
        [EXPR_OR] = "||",        [EXPR_CHOOSE] = "?:",        [EXPR_EQUAL] = "==",
        [EXPR_NOT_EQUAL] = "!=", [EXPR_LESS] = "<",           [EXPR_LESS_EQUAL] = "<=",
        [EXPR_GREATER] = ">",    [EXPR_GREATER_EQUAL] = ">=", [EXPR_IN] = "in",
        [EXPR_ADD] = "+",        [EXPR_SUBTRACT] = "-",       [EXPR_MULTIPLY] = "*",
        [EXPR_DIVIDE] = "/",     [EXPR_MODULO] = "%",         [EXPR_INDEX] = "[]",
        [EXPR_MAP] = "{}"};
    struct bytes types = right
                             ? static_words(checker->compilation->arena, &left->type, &right->type)
                             : bytes_from_text(static_word(&left->type));
    struct bytes op = bytes_from_text(words[syntax->op]);
    bool is_named = bytes_is(bytes_from_text(code), "expr-type");
    return compilation_fail(checker->compilation, syntax->place, code, is_named ? op : types,
                            types);
}

/* Two sides that do not go together; the mistakes that are made most have hints of their own. */
static bool fail_sides(struct checker *checker, const struct syntax *syntax,
                       const struct typed *left, const struct typed *right)
{
    enum static_kind a = left->type.kind, b = right->type.kind;
    bool has_text = a == STATIC_STRING || b == STATIC_STRING;
    const char *code = "expr-type";
    if (has_text && (a == STATIC_UNIT || b == STATIC_UNIT))
        code = "expr-unit-text";
    else if (has_text && (a == STATIC_DATE || b == STATIC_DATE))
        code = "expr-date-text";
    return fail_type(checker, syntax, code, left, right);
}

static bool fail_height(struct checker *checker, const struct syntax *syntax)
{
    uint8_t memory[8];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_decimal(&buffer, EXPR_DEPTH_MAX);
    return compilation_fail(checker->compilation, syntax->place, "expr-depth",
                            buffer_bytes(&buffer), BYTES_NONE);
}

bool make_typed(struct checker *checker, const struct syntax *syntax, enum expr_op op,
                const struct typed *children, uint16_t count, struct typed *ret_typed)
{
    struct arena *arena = checker->compilation->arena;
    struct expr *expr = arena_alloc(arena, sizeof *expr);
    const struct expr **args = arena_alloc_array(arena, count, sizeof *args);
    if (!expr || !args)
        return false;
    *ret_typed = (struct typed){.expr = expr, .height = 1};
    for (uint16_t i = 0; i < count; i++) {
        args[i] = children[i].expr;
        if (children[i].height >= ret_typed->height)
            ret_typed->height = (uint16_t)(children[i].height + 1);
    }
    *expr = (struct expr){.op = op,
                          .arg_count = count,
                          .args = args,
                          .source = syntax_source(checker->compilation, syntax),
                          .column = syntax->place.column};
    return ret_typed->height <= EXPR_DEPTH_MAX || fail_height(checker, syntax);
}

static struct bytes joined_choices(struct arena *arena, const struct data_type *type)
{
    enum { CHOICES_SIZE = 256 };
    struct buffer buffer;
    uint8_t *memory = arena_alloc(arena, CHOICES_SIZE);
    if (!memory)
        return BYTES_NONE;
    buffer_init(&buffer, memory, CHOICES_SIZE);
    for (uint32_t i = 0; i < type->choice_count; i++) {
        buffer_put_text(&buffer, i ? " | " : "");
        buffer_put(&buffer, type->choices[i]);
    }
    return buffer_bytes(&buffer);
}

bool check_choice_literal(struct checker *checker, const struct static_type *type,
                          const struct expr *literal, struct place place)
{
    if (type->kind != STATIC_STRING || !type->choice || literal->op != EXPR_LITERAL
        || literal->literal.kind != VALUE_TEXT)
        return true;
    const struct data_type *choice = type->choice;
    struct names words = {choice->choices, sizeof *choice->choices, choice->choice_count};
    if (find_name(checker->compilation, words, literal->literal.as.text) >= 0)
        return true;
    return compilation_fail(checker->compilation, place, "expr-choice", literal->literal.as.text,
                            joined_choices(checker->compilation->arena, choice));
}

static bool is_kind(const struct typed *typed, enum static_kind kind)
{
    return typed->type.kind == kind || typed->type.kind == STATIC_DYN;
}

static bool is_number(const struct typed *typed)
{
    return typed->type.kind == STATIC_INT || typed->type.kind == STATIC_DOUBLE;
}

static bool check_literal(struct checker *checker, const struct syntax *syntax,
                          struct typed *ret_typed)
{
    static const enum static_kind kinds[VALUE_KIND_COUNT] = {[VALUE_NONE] = STATIC_NULL,
                                                             [VALUE_BOOL] = STATIC_BOOL,
                                                             [VALUE_INT] = STATIC_INT,
                                                             [VALUE_DOUBLE] = STATIC_DOUBLE,
                                                             [VALUE_TEXT] = STATIC_STRING};
    if (!make_typed(checker, syntax, EXPR_LITERAL, NULL, 0, ret_typed))
        return false;
    ret_typed->expr->literal = syntax->literal;
    ret_typed->type.kind = kinds[syntax->literal.kind];
    return true;
}

static struct typed *check_children(struct checker *checker, const struct syntax *syntax)
{
    struct typed *children =
        arena_alloc_array(checker->compilation->arena, syntax->child_count, sizeof *children);
    uint16_t i = 0;
    if (!children)
        return NULL;
    for (const struct syntax *child = syntax->first; child; child = child->next) {
        if (!check_expression(checker, child, &children[i++]))
            return NULL;
    }
    return children;
}

/* The right sides are checked with what is known when the left ones did not decide. */
static bool check_and_or(struct checker *checker, const struct syntax *syntax,
                         struct typed *ret_typed)
{
    const struct fact_link *outer = checker->facts;
    struct typed *operands =
        arena_alloc_array(checker->compilation->arena, syntax->child_count, sizeof *operands);
    if (!operands)
        return false;
    uint16_t i = 0;
    for (const struct syntax *child = syntax->first; child; child = child->next, i++) {
        if (!check_expression(checker, child, &operands[i]))
            return false;
        if (!is_kind(&operands[i], STATIC_BOOL))
            return fail_type(checker, syntax, "expr-type", &operands[i], NULL);
        if (!learn_facts(checker, operands[i].expr, syntax->op == EXPR_AND))
            return false;
    }
    checker->facts = outer;
    if (!make_typed(checker, syntax, syntax->op, operands, i, ret_typed))
        return false;
    ret_typed->type = static_bool;
    return true;
}

/* A branch of ?:, with what the condition's outcome tells. */
static bool check_branch(struct checker *checker, const struct syntax *branch,
                         const struct expr *condition, bool is_true, struct typed *ret_typed)
{
    const struct fact_link *outer = checker->facts;
    bool is_checked =
        learn_facts(checker, condition, is_true) && check_expression(checker, branch, ret_typed);
    checker->facts = outer;
    return is_checked;
}

static bool check_choose(struct checker *checker, const struct syntax *syntax,
                         struct typed *ret_typed)
{
    struct typed parts[3];
    const struct syntax *yes = syntax->first->next;
    if (!check_expression(checker, syntax->first, &parts[0]))
        return false;
    if (!is_kind(&parts[0], STATIC_BOOL))
        return fail_type(checker, syntax, "expr-type", &parts[0], NULL);
    if (!check_branch(checker, yes, parts[0].expr, true, &parts[1])
        || !check_branch(checker, yes->next, parts[0].expr, false, &parts[2]))
        return false;
    bool is_one_type = parts[1].type.kind == parts[2].type.kind || parts[1].type.kind == STATIC_DYN
                       || parts[2].type.kind == STATIC_DYN;
    if (!is_one_type)
        return fail_sides(checker, syntax, &parts[1], &parts[2]);
    if (!make_typed(checker, syntax, EXPR_CHOOSE, parts, 3, ret_typed))
        return false;
    ret_typed->type = static_join(&parts[1].type, &parts[2].type);
    return true;
}

static bool check_not(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed)
{
    struct typed operand;
    if (!check_expression(checker, syntax->first, &operand))
        return false;
    bool is_negation = syntax->op == EXPR_NEGATE;
    bool is_taken = operand.type.kind == STATIC_DYN
                    || (is_negation ? is_number(&operand) : operand.type.kind == STATIC_BOOL);
    if (!is_taken)
        return fail_type(checker, syntax, "expr-type", &operand, NULL);
    if (!make_typed(checker, syntax, syntax->op, &operand, 1, ret_typed))
        return false;
    ret_typed->type = is_negation ? operand.type : static_bool;
    return true;
}

static bool takes_equal(struct checker *checker, const struct syntax *syntax,
                        const struct typed sides[2])
{
    if (!static_comparable(&sides[0].type, &sides[1].type))
        return fail_sides(checker, syntax, &sides[0], &sides[1]);
    return check_choice_literal(checker, &sides[0].type, sides[1].expr, syntax->first->next->place)
           && check_choice_literal(checker, &sides[1].type, sides[0].expr, syntax->first->place);
}

static bool takes_order(struct checker *checker, const struct syntax *syntax,
                        const struct typed sides[2])
{
    const struct typed *left = &sides[0], *right = &sides[1];
    if (left->type.kind == STATIC_DYN || right->type.kind == STATIC_DYN
        || (is_number(left) && is_number(right)))
        return true;
    bool is_ordered = left->type.kind == STATIC_BOOL || left->type.kind == STATIC_STRING
                      || left->type.kind == STATIC_DATE || left->type.kind == STATIC_TIMESTAMP;
    if (!is_ordered || left->type.kind != right->type.kind)
        return fail_sides(checker, syntax, left, right);
    return true;
}

static bool takes_in(struct checker *checker, const struct syntax *syntax,
                     const struct typed sides[2])
{
    const struct typed *item = &sides[0], *whole = &sides[1];
    if (whole->type.kind == STATIC_MAP && is_kind(item, STATIC_STRING))
        return true;
    if (whole->type.kind == STATIC_DYN)
        return true;
    if (whole->type.kind != STATIC_LIST)
        return fail_type(checker, syntax, "expr-type", item, whole);
    struct typed element = {.type = *whole->type.of};
    if (!static_comparable(&item->type, &element.type))
        return fail_sides(checker, syntax, item, &element);
    const struct syntax *list = syntax->first->next;
    const struct syntax *written = list->op == EXPR_LIST ? list->first : NULL;
    for (uint16_t i = 0; written && i < whole->expr->arg_count; i++, written = written->next) {
        if (!check_choice_literal(checker, &item->type, whole->expr->args[i], written->place))
            return false;
    }
    return check_choice_literal(checker, whole->type.of, item->expr, syntax->first->place);
}

static bool takes_sum(struct checker *checker, const struct syntax *syntax,
                      const struct typed sides[2])
{
    const struct typed *left = &sides[0], *right = &sides[1];
    enum static_kind kind = left->type.kind == STATIC_DYN ? right->type.kind : left->type.kind;
    bool is_same = is_kind(right, kind);
    bool is_number_kind =
        kind == STATIC_INT || (kind == STATIC_DOUBLE && syntax->op != EXPR_MODULO);
    bool is_joined = syntax->op == EXPR_ADD && (kind == STATIC_STRING || kind == STATIC_LIST);
    if (is_same && (kind == STATIC_DYN || is_number_kind || is_joined))
        return true;
    return fail_sides(checker, syntax, left, right);
}

static struct static_type sum_type(const struct typed sides[2])
{
    if (sides[0].type.kind == STATIC_DYN || sides[1].type.kind == STATIC_DYN)
        return static_dyn;
    struct static_type type = static_join(&sides[0].type, &sides[1].type);
    type.choice = NULL; /* two words joined are no choice */
    return type;
}

static bool check_binary(struct checker *checker, const struct syntax *syntax,
                         struct typed *ret_typed)
{
    struct typed *sides = check_children(checker, syntax);
    if (!sides)
        return false;
    bool is_sum = syntax->op >= EXPR_ADD;
    bool is_taken = is_sum                    ? takes_sum(checker, syntax, sides)
                    : syntax->op == EXPR_IN   ? takes_in(checker, syntax, sides)
                    : syntax->op >= EXPR_LESS ? takes_order(checker, syntax, sides)
                                              : takes_equal(checker, syntax, sides);
    if (!is_taken || !make_typed(checker, syntax, syntax->op, sides, 2, ret_typed))
        return false;
    ret_typed->type = is_sum ? sum_type(sides) : static_bool;
    return true;
}

static bool check_index(struct checker *checker, const struct syntax *syntax,
                        struct typed *ret_typed)
{
    struct typed *sides = check_children(checker, syntax);
    if (!sides)
        return false;
    const struct static_type *whole = &sides[0].type;
    bool is_taken = whole->kind == STATIC_DYN
                    || (whole->kind == STATIC_LIST && is_kind(&sides[1], STATIC_INT))
                    || (whole->kind == STATIC_MAP && is_kind(&sides[1], STATIC_STRING));
    if (!is_taken)
        return fail_type(checker, syntax, "expr-type", &sides[0], &sides[1]);
    if (!make_typed(checker, syntax, EXPR_INDEX, sides, 2, ret_typed))
        return false;
    ret_typed->type = whole->of ? *whole->of : static_dyn;
    return true;
}

/* The type that every step-th child from the first on has, or dyn. */
static bool element_type(struct checker *checker, const struct typed *children, uint16_t count,
                         uint16_t step, const struct static_type **ret_type)
{
    struct static_type *type = arena_alloc(checker->compilation->arena, sizeof *type);
    if (!type)
        return false;
    *type = count ? children[step - 1].type : static_dyn;
    for (uint16_t i = step; i < count; i = (uint16_t)(i + step))
        *type = static_join(type, &children[i + step - 1].type);
    *ret_type = type;
    return true;
}

static bool check_list(struct checker *checker, const struct syntax *syntax,
                       struct typed *ret_typed)
{
    struct typed *items = check_children(checker, syntax);
    if (!items || !make_typed(checker, syntax, EXPR_LIST, items, syntax->child_count, ret_typed))
        return false;
    ret_typed->type.kind = STATIC_LIST;
    return element_type(checker, items, syntax->child_count, 1, &ret_typed->type.of);
}

static bool check_map(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed)
{
    struct typed *parts = check_children(checker, syntax);
    if (!parts)
        return false;
    for (uint16_t i = 0; i < syntax->child_count; i = (uint16_t)(i + 2)) {
        if (!is_kind(&parts[i], STATIC_STRING))
            return fail_type(checker, syntax, "expr-type", &parts[i], NULL);
    }
    if (!make_typed(checker, syntax, EXPR_MAP, parts, syntax->child_count, ret_typed))
        return false;
    ret_typed->type.kind = STATIC_MAP;
    return element_type(checker, parts, syntax->child_count, 2, &ret_typed->type.of);
}

static bool check_operator(struct checker *checker, const struct syntax *syntax,
                           struct typed *ret_typed)
{
    if (syntax->op == EXPR_AND || syntax->op == EXPR_OR)
        return check_and_or(checker, syntax, ret_typed);
    if (syntax->op == EXPR_CHOOSE)
        return check_choose(checker, syntax, ret_typed);
    if (syntax->op == EXPR_NOT || syntax->op == EXPR_NEGATE)
        return check_not(checker, syntax, ret_typed);
    if (syntax->op == EXPR_INDEX)
        return check_index(checker, syntax, ret_typed);
    if (syntax->op == EXPR_LIST)
        return check_list(checker, syntax, ret_typed);
    if (syntax->op == EXPR_MAP)
        return check_map(checker, syntax, ret_typed);
    LD_ASSERT(syntax->op >= EXPR_EQUAL && syntax->op <= EXPR_MODULO);
    return check_binary(checker, syntax, ret_typed);
}

bool check_expression(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed)
{
    switch (syntax->kind) {
    case SYNTAX_LITERAL: return check_literal(checker, syntax, ret_typed);
    case SYNTAX_NAME: return check_name(checker, syntax, ret_typed);
    case SYNTAX_SELECT: return check_select(checker, syntax, ret_typed);
    case SYNTAX_CALL: return check_call(checker, syntax, ret_typed);
    case SYNTAX_OPERATOR: return check_operator(checker, syntax, ret_typed);
    }
    LD_ASSERT(!"syntax of no kind");
    return false;
}
