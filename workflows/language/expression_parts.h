/* The stages of the expression compiler, for one another only: characters to tokens
 * (expression_lex.c), tokens to syntax (expression_parse.c), syntax to a typed tree
 * (expression_check.c with _name.c and _call.c, over the types of expression_type.c).
 * The first problem ends a compilation; it is diagnosed where it is found. */
#ifndef LD_LANGUAGE_EXPRESSION_PARTS_H
#define LD_LANGUAGE_EXPRESSION_PARTS_H

#include "workflows/language/expression.h"

struct name_index;

struct compilation {
    struct bytes source; /* a copy in the arena: trees point into it */
    const struct expression_scope *scope;
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct name_index *indexes; /* of the declarations that were searched so far */
    bool is_failed;             /* a diagnostic was given */
    bool may_be_absent;         /* the whole of it may be an optional field, without has() */
    const struct expr *asked;   /* that it is: has() of it */
};

/* Diagnoses and gives false, so that a stage can return it. */
bool compilation_fail(struct compilation *compilation, struct place place, const char *code,
                      struct bytes first, struct bytes second);

/* The same for a text that the grammar does not allow here, with a hint that fits it. */
bool compilation_fail_syntax(struct compilation *compilation, struct place place,
                             struct bytes unexpected);

/* The place so many bytes further on. */
struct place place_after(struct place place, struct bytes text, size_t size);

enum token_kind {
    TOKEN_END, TOKEN_NAME, TOKEN_INT, TOKEN_DOUBLE, TOKEN_TEXT,
    TOKEN_TRUE, TOKEN_FALSE, TOKEN_NULL, TOKEN_IN,
    TOKEN_OR, TOKEN_AND, TOKEN_NOT, TOKEN_EQUAL, TOKEN_NOT_EQUAL,
    TOKEN_LESS, TOKEN_LESS_EQUAL, TOKEN_GREATER, TOKEN_GREATER_EQUAL,
    TOKEN_PLUS, TOKEN_MINUS, TOKEN_STAR, TOKEN_SLASH, TOKEN_PERCENT,
    TOKEN_QUESTION, TOKEN_COLON, TOKEN_COMMA, TOKEN_DOT,
    TOKEN_PAREN_OPEN, TOKEN_PAREN_CLOSE, TOKEN_BRACKET_OPEN, TOKEN_BRACKET_CLOSE,
    TOKEN_BRACE_OPEN, TOKEN_BRACE_CLOSE,
};

struct token {
    enum token_kind kind;
    struct place place;
    size_t begin, end;  /* in the source */
    struct bytes text;  /* NAME, TEXT (decoded) */
    uint64_t magnitude; /* INT: without its sign, at most 2^63 */
    double real;
    bool is_quoted_name; /* NAME in backticks: never a reserved word */
};

struct lexer {
    struct compilation *compilation;
    size_t at;
    struct place place; /* of at */
};

/* The next token; false after a diagnostic. */
bool lexer_next(struct lexer *lexer, struct token *ret_token);

enum syntax_kind {
    SYNTAX_LITERAL,  /* literal */
    SYNTAX_NAME,     /* name */
    SYNTAX_SELECT,   /* first . name */
    SYNTAX_CALL,     /* name ( children ), or first . name ( the other children ) */
    SYNTAX_OPERATOR, /* op over the children; also INDEX, LIST, MAP, CHOOSE */
};

struct syntax {
    enum syntax_kind kind;
    enum expr_op op;
    bool has_receiver; /* CALL */
    struct place place;
    size_t begin, end;
    struct bytes name;
    struct value literal;
    struct syntax *first, *last; /* children */
    struct syntax *next;         /* the sibling */
    uint16_t child_count;
    uint16_t height;
};

/* The whole source as one expression; NULL after a diagnostic. */
const struct syntax *syntax_parse(struct compilation *compilation, struct place place);
/* A word that CEL keeps for itself. */
bool syntax_is_reserved(struct bytes name);
/* The text as it was written. */
struct bytes syntax_source(const struct compilation *compilation, const struct syntax *syntax);

/* A fact: this name or selection is known to be present here. */
struct fact_link {
    const struct expr *path;
    uint16_t depth; /* of macros around it, against which its variables count */
    const struct fact_link *next;
};

/* The variable of a macro around. */
struct variable {
    struct bytes name;
    struct static_type type;
    const struct variable *outer;
};

struct checker {
    struct compilation *compilation;
    const struct fact_link *facts;
    const struct variable *variables;
    uint16_t depth; /* how many variables */
};

struct typed {
    struct expr *expr;
    struct static_type type;
    uint16_t height;
};

/* False after a diagnostic, or where there is no memory, everywhere below. compile_begin: the
 * source is of a good size and its copy in the arena; compile_text: with that the whole of it. */
bool compile_begin(struct compilation *compilation, struct place place);
bool compile_text(struct compilation *compilation, struct place place, struct typed *ret_typed);
bool check_expression(struct checker *checker, const struct syntax *syntax,
                      struct typed *ret_typed);
/* A call, a macro or has(). */
bool check_call(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed);
bool check_name(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed);
bool check_select(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed);
/* A name or selection that need not be present: the operand of has(). *ret_is_absent: it is not
 * known to be. */
bool check_path(struct checker *checker, const struct syntax *syntax, struct typed *ret_typed,
                bool *ret_is_absent);
/* Adds what is known to be present where expr gave is_true. False: no memory. */
bool learn_facts(struct checker *checker, const struct expr *expr, bool is_true);

/* An expression over children that are typed already; its height is checked. */
bool make_typed(struct checker *checker, const struct syntax *syntax, enum expr_op op,
                const struct typed *children, uint16_t count, struct typed *ret_typed);
/* The index among the names, or -1. Where many are searched often they are entered in a table: a
 * search does not take the longer the more is declared. */
struct names;
int32_t find_name(struct compilation *compilation, struct names names, struct bytes name);
bool check_choice_literal(struct checker *checker, const struct static_type *type,
                          const struct expr *literal, struct place place);

extern const struct static_type static_dyn, static_bool, static_int, static_double, static_string,
    static_date, static_timestamp, static_unit;

const char *static_word(const struct static_type *type);
struct bytes static_words(struct arena *arena, const struct static_type *left,
                          const struct static_type *right);
/* May values of the two be compared with ==? */
bool static_comparable(const struct static_type *left, const struct static_type *right);
/* The type of a list of both, or of a choice between them. */
struct static_type static_join(const struct static_type *left, const struct static_type *right);
/* False: no memory. */
bool static_of_data(struct arena *arena, const struct data_type *type,
                    struct static_type *ret_type);
/* May a value of this type stand in a field declared so? Choices are compared too. */
bool static_fits_data(const struct static_type *type, const struct data_type *wanted);

#endif
