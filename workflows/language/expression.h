/* The expression compiler: CEL text to a typed tree that core/expr.c evaluates. */
#ifndef LD_LANGUAGE_EXPRESSION_H
#define LD_LANGUAGE_EXPRESSION_H

#include "workflows/core/program.h"
#include "workflows/language/diagnostic.h"

/* Static types: the declared ones, and dyn for what only CEL's own cases need. */
enum static_kind {
    STATIC_DYN, STATIC_NULL, STATIC_BOOL, STATIC_INT, STATIC_DOUBLE, STATIC_STRING, STATIC_DATE,
    STATIC_TIMESTAMP, STATIC_UNIT, STATIC_LIST, STATIC_MAP, STATIC_RECORD,
};

struct static_type {
    enum static_kind kind;
    const struct static_type *of;   /* LIST, MAP: of the elements */
    const struct field *fields;     /* RECORD */
    uint32_t field_count;
    const struct data_type *choice; /* STRING that is a declared choice: literals are checked */
};

/* The element at hand of an action's `for`: named like a variable, compiled to SLOT_ELEMENT. */
struct expression_element {
    struct bytes name;
    struct static_type type;
};

/* A guard whose outcome is known where an expression stands: it held, or it did not. What has()
 * asked in it is known to be there, as to the right of && and of ||. */
struct expression_known {
    const struct expr *guard;
    bool is_true;
    const struct expression_known *next;
};

/* What an expression may name. NULL entries: not nameable here. */
struct expression_scope {
    const struct party *parties;
    uint32_t party_count;
    const struct field *fields; /* of the case */
    uint32_t field_count;
    const struct event_type *event; /* event.data; NULL: no event is at hand */
    bool is_unsent;                 /* no unit sends that event: it has no event.sender */
    const struct expression_element *element; /* of the action's `for` */
    const struct clock_rule *clocks; /* for due('x'); names suffice */
    uint32_t clock_count;
    const struct directory *directory; /* unit('x') is checked against it */
    bool has_subs;
    const struct expression_known *known;
};

/* Compiles source (at most EXPR_SOURCE_MAX bytes). place is where the source begins in its file:
 * problems are reported at line and column of the token. wanted: the kind that the result must
 * have (STATIC_DYN: any). NULL after a diagnostic. O(size). */
const struct expr *expression_compile(struct bytes source, struct place place,
                                      const struct expression_scope *scope,
                                      enum static_kind wanted, struct arena *arena,
                                      struct diagnostics *diagnostics);

/* The same for a field or element declared so: a text literal is checked against the choices, a
 * choice must lie within the wanted ones, an int is no double. For `set`. */
const struct expr *expression_compile_as(struct bytes source, struct place place,
                                         const struct expression_scope *scope,
                                         const struct data_type *wanted, struct arena *arena,
                                         struct diagnostics *diagnostics);

/* The same for a field that may be absent: the expression may be an optional field by itself,
 * without has(). *ret_asked: then has() of it, else NULL. */
const struct expr *expression_compile_optional(struct bytes source, struct place place,
                                               const struct expression_scope *scope,
                                               const struct data_type *wanted, struct arena *arena,
                                               struct diagnostics *diagnostics,
                                               const struct expr **ret_asked);

/* Text with parts in ${}: "线索 ${case.id} 已由 ${party.prosecutor} 受理", as one expression that gives
 * text. A part of type text, choice, int, bool, date, timestamp or unit is converted as string()
 * does; of another type it is a finding. `$${` stands for `${`. */
const struct expr *expression_template(struct bytes source, struct place place,
                                       const struct expression_scope *scope, struct arena *arena,
                                       struct diagnostics *diagnostics);

/* "x in EXPR", EXPR a list, as an action's `for` has it: the list's expression, and the name and type
 * of an element. The name may hide neither a word of the language nor one of the house's own. */
const struct expr *expression_each(struct bytes source, struct place place,
                                   const struct expression_scope *scope, struct arena *arena,
                                   struct diagnostics *diagnostics,
                                   struct expression_element *ret_element);

/* "2 months", "event.data.months months", "10 working days", "24 hours", "until event.data.by":
 * the amount's expression and the unit. Also the English singular. NULL after a diagnostic. */
const struct expr *expression_period(struct bytes source, struct place place,
                                     const struct expression_scope *scope, struct arena *arena,
                                     struct diagnostics *diagnostics, enum period_unit *ret_unit);

/* A period of a plain number ("2 months", "10 working days"), as ladders and the command line
 * take it. False: not one. */
bool period_parse(struct bytes text, struct period *ret_period);

#endif
