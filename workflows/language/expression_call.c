/* Calls: the functions as one table of what they take and give, the macros over lists, and has().
 * What can be known when the definition is checked is known then: unit('x') and date('x') become
 * literals, due('x') an index. */
#include "workflows/language/expression_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DOUBLE_SIZE_MAX = 64 };

#define KIND(kind) (1u << STATIC_##kind)

struct signature {
    const char *name;
    enum expr_function function;
    uint16_t arg_count;
    uint16_t takes[2]; /* sets of KIND */
    const struct static_type *gives;
    bool is_method, is_global; /* x.f() and f(x) */
    const char *form;
};

static const struct signature signatures[] = {
    {"size",
     FUNCTION_SIZE,
     1,
     {KIND(STRING) | KIND(LIST) | KIND(MAP)},
     &static_int,
     true,
     true,
     "size(text | list | map)"},
    {"startsWith",
     FUNCTION_STARTS_WITH,
     2,
     {KIND(STRING), KIND(STRING)},
     &static_bool,
     true,
     false,
     "text.startsWith(text)"},
    {"endsWith",
     FUNCTION_ENDS_WITH,
     2,
     {KIND(STRING), KIND(STRING)},
     &static_bool,
     true,
     false,
     "text.endsWith(text)"},
    {"contains",
     FUNCTION_CONTAINS,
     2,
     {KIND(STRING), KIND(STRING)},
     &static_bool,
     true,
     false,
     "text.contains(text)"},
    {"unit", FUNCTION_UNIT, 1, {KIND(STRING)}, &static_unit, false, true, "unit('id')"},
    {"date", FUNCTION_DATE, 1, {KIND(STRING)}, &static_date, false, true, "date('2025-01-31')"},
    {"days",
     FUNCTION_DAYS,
     2,
     {KIND(DATE), KIND(DATE)},
     &static_int,
     false,
     true,
     "days(date, date)"},
    {"working_days",
     FUNCTION_WORKING_DAYS,
     2,
     {KIND(DATE), KIND(DATE)},
     &static_int,
     false,
     true,
     "working_days(date, date)"},
    {"due", FUNCTION_DUE, 1, {KIND(STRING)}, &static_date, false, true, "due('clock')"},
    {"int",
     FUNCTION_INT,
     1,
     {KIND(INT) | KIND(DOUBLE) | KIND(STRING) | KIND(TIMESTAMP)},
     &static_int,
     false,
     true,
     "int(double | text | timestamp)"},
    {"double",
     FUNCTION_DOUBLE,
     1,
     {KIND(INT) | KIND(DOUBLE) | KIND(STRING)},
     &static_double,
     false,
     true,
     "double(int | text)"},
    {"string",
     FUNCTION_STRING,
     1,
     {KIND(INT) | KIND(BOOL) | KIND(STRING) | KIND(DATE) | KIND(TIMESTAMP) | KIND(UNIT)},
     &static_string,
     false,
     true,
     "string(int | bool | date | timestamp | unit)"},
};

static const struct signature *signature_of(const struct syntax *call)
{
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const struct signature *row = &signatures[i];
        if (bytes_is(call->name, row->name)
            && (call->has_receiver ? row->is_method : row->is_global))
            return row;
    }
    return NULL;
}

static bool fail_call(struct checker *checker, const struct syntax *call, const char *code,
                      const char *form)
{
    return compilation_fail(checker->compilation, call->place, code, call->name,
                            bytes_from_text(form));
}

/* The literal argument that unit, due and date are known by; NULL where it is none. */
static const struct value *literal_text(const struct typed *arg)
{
    const struct expr *expr = arg->expr;
    bool is_text = expr->op == EXPR_LITERAL && expr->literal.kind == VALUE_TEXT;
    return is_text ? &expr->literal : NULL;
}

static bool become_literal(struct typed *call, struct value value)
{
    call->expr->op = EXPR_LITERAL;
    call->expr->arg_count = 0;
    call->expr->literal = value;
    call->height = 1;
    return true;
}

static bool settle_unit(struct checker *checker, const struct syntax *call, const struct value *id,
                        struct typed *typed)
{
    if (!id)
        return fail_call(checker, call, "expr-arguments", "unit('id')");
    const struct directory *directory = checker->compilation->scope->directory;
    if (directory && !directory_unit(directory, id->as.text))
        return compilation_fail(checker->compilation, call->first->place, "expr-unit", id->as.text,
                                BYTES_NONE);
    return become_literal(typed, value_unit(id->as.text));
}

static bool settle_date(struct checker *checker, const struct syntax *call,
                        const struct value *text, struct typed *typed)
{
    int32_t date;
    if (!text)
        return true; /* of a text that comes with an event: read when it is evaluated */
    if (!date_parse(text->as.text, &date))
        return compilation_fail(checker->compilation, call->first->place, "expr-date",
                                text->as.text, BYTES_NONE);
    return become_literal(typed, value_date(date));
}

static bool settle_due(struct checker *checker, const struct syntax *call, const struct value *name,
                       struct typed *typed)
{
    const struct expression_scope *scope = checker->compilation->scope;
    if (!name)
        return fail_call(checker, call, "expr-arguments", "due('clock')");
    for (uint32_t i = 0; i < scope->clock_count; i++) {
        if (bytes_equal(scope->clocks[i].name, name->as.text)) {
            typed->expr->index = (uint16_t)i;
            return true;
        }
    }
    return compilation_fail(checker->compilation, call->first->place, "expr-clock", name->as.text,
                            BYTES_NONE);
}

/* A literal is read whole here, with strtod's care; what the evaluator may refuse of an event's
 * text, because it cannot be sure of the last bit, is known now. What is no number stays a call,
 * and an error when it is evaluated, as CEL has it. */
static bool settle_double(const struct value *text, struct typed *typed)
{
    char digits[DOUBLE_SIZE_MAX], *end;
    if (!text || !text->as.text.size || text->as.text.size >= sizeof digits)
        return true;
    memcpy(digits, text->as.text.ptr, text->as.text.size);
    digits[text->as.text.size] = '\0';
    if (strspn(digits, "+-.0123456789eE") != text->as.text.size)
        return true;
    double real = strtod(digits, &end);
    return *end || !isfinite(real) || become_literal(typed, value_double(real));
}

static bool settle(struct checker *checker, const struct syntax *call, const struct typed *arg,
                   struct typed *typed)
{
    if (typed->expr->function == FUNCTION_UNIT)
        return settle_unit(checker, call, literal_text(arg), typed);
    if (typed->expr->function == FUNCTION_DATE)
        return settle_date(checker, call, literal_text(arg), typed);
    if (typed->expr->function == FUNCTION_DUE)
        return settle_due(checker, call, literal_text(arg), typed);
    if (typed->expr->function == FUNCTION_DOUBLE)
        return settle_double(literal_text(arg), typed);
    return true;
}

static bool check_function(struct checker *checker, const struct syntax *call,
                           const struct signature *signature, struct typed *ret_typed)
{
    struct typed args[2];
    uint16_t count = 0;
    if (call->child_count != signature->arg_count)
        return fail_call(checker, call, "expr-arguments", signature->form);
    for (const struct syntax *child = call->first; child; child = child->next, count++) {
        if (!check_expression(checker, child, &args[count]))
            return false;
        uint32_t kind = 1u << args[count].type.kind;
        if (!(kind & (signature->takes[count] | KIND(DYN))))
            return fail_call(checker, call, "expr-arguments", signature->form);
    }
    if (!make_typed(checker, call, EXPR_CALL, args, count, ret_typed))
        return false;
    ret_typed->expr->function = signature->function;
    ret_typed->type = *signature->gives;
    return settle(checker, call, &args[0], ret_typed);
}

enum macro { MACRO_NONE, MACRO_ALL, MACRO_EXISTS, MACRO_EXISTS_ONE, MACRO_FILTER };

static enum macro macro_of(const struct syntax *call)
{
    static const char *const names[] = {[MACRO_ALL] = "all",
                                        [MACRO_EXISTS] = "exists",
                                        [MACRO_EXISTS_ONE] = "exists_one",
                                        [MACRO_FILTER] = "filter"};
    for (enum macro macro = MACRO_ALL; call->has_receiver && macro <= MACRO_FILTER; macro++) {
        if (bytes_is(call->name, names[macro]))
            return macro;
    }
    return MACRO_NONE;
}

/* The body, with the variable bound and with facts that end with it. */
static bool check_body(struct checker *checker, const struct syntax *body,
                       const struct variable *variable, struct typed *ret_typed)
{
    const struct fact_link *outer = checker->facts;
    checker->variables = variable;
    checker->depth++;
    bool is_checked = check_expression(checker, body, ret_typed);
    checker->depth--;
    checker->variables = variable->outer;
    checker->facts = outer;
    return is_checked;
}

/* exists_one is as many as one: size(list.filter(x, body)) == 1. */
static bool make_exists_one(struct checker *checker, const struct syntax *call,
                            const struct typed *filter, struct typed *ret_typed)
{
    struct typed sides[2];
    if (!make_typed(checker, call, EXPR_CALL, filter, 1, &sides[0])
        || !make_typed(checker, call, EXPR_LITERAL, NULL, 0, &sides[1]))
        return false;
    sides[0].expr->function = FUNCTION_SIZE;
    sides[1].expr->literal = value_int(1);
    return make_typed(checker, call, EXPR_EQUAL, sides, 2, ret_typed);
}

static bool make_macro(struct checker *checker, const struct syntax *call, enum macro macro,
                       const struct typed parts[2], struct typed *ret_typed)
{
    enum expr_op op = macro == MACRO_ALL      ? EXPR_ALL
                      : macro == MACRO_EXISTS ? EXPR_EXISTS
                                              : EXPR_FILTER;
    struct typed typed;
    if (!make_typed(checker, call, op, parts, 2, &typed))
        return false;
    typed.expr->name = call->first->next->name;
    typed.type = macro == MACRO_FILTER ? parts[0].type : static_bool;
    if (macro != MACRO_EXISTS_ONE) {
        *ret_typed = typed;
        return true;
    }
    if (!make_exists_one(checker, call, &typed, ret_typed))
        return false;
    ret_typed->type = static_bool;
    return true;
}

static bool check_macro(struct checker *checker, const struct syntax *call, enum macro macro,
                        struct typed *ret_typed)
{
    struct typed parts[2];
    static const char form[] = "list.all(x, bool)";
    if (call->child_count != 3 || call->first->next->kind != SYNTAX_NAME)
        return fail_call(checker, call, "expr-arguments", form);
    if (!check_expression(checker, call->first, &parts[0]))
        return false;
    const struct static_type *list = &parts[0].type;
    if (list->kind != STATIC_LIST && list->kind != STATIC_DYN)
        return fail_call(checker, call, "expr-arguments", form);
    struct variable variable = {.name = call->first->next->name,
                                .type = list->of ? *list->of : static_dyn,
                                .outer = checker->variables};
    if (!check_body(checker, call->first->next->next, &variable, &parts[1]))
        return false;
    if (parts[1].type.kind != STATIC_BOOL && parts[1].type.kind != STATIC_DYN)
        return fail_call(checker, call, "expr-arguments", form);
    return make_macro(checker, call, macro, parts, ret_typed);
}

static bool check_has(struct checker *checker, const struct syntax *call, struct typed *ret_typed)
{
    struct typed path;
    bool is_absent; /* whatever it is: has() may ask twice */
    if (call->child_count != 1)
        return fail_call(checker, call, "expr-has", "");
    if (!check_path(checker, call->first, &path, &is_absent)
        || !make_typed(checker, call, EXPR_HAS, &path, 1, ret_typed))
        return false;
    ret_typed->type = static_bool;
    return true;
}

bool check_call(struct checker *checker, const struct syntax *call, struct typed *ret_typed)
{
    enum macro macro = macro_of(call);
    if (macro)
        return check_macro(checker, call, macro, ret_typed);
    if (!call->has_receiver && bytes_is(call->name, "has"))
        return check_has(checker, call, ret_typed);
    const struct signature *signature = signature_of(call);
    if (!signature)
        return fail_call(checker, call, "expr-function", "");
    return check_function(checker, call, signature, ret_typed);
}
