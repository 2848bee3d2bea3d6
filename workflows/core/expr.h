/* Expressions: a subset of CEL, compiled to a typed tree by workflows/language and evaluated here.
 * Every expression ends and gives the same value on every replay: no loop but over a list, no
 * clock but the event's own, no randomness. Behaviour follows the CEL specification. */
#ifndef LD_CORE_EXPR_H
#define LD_CORE_EXPR_H

#include "base/arena.h"
#include "base/assert.h"
#include "base/value.h"
#include "workflows/core/calendar.h"
#include "workflows/core/limits.h"

enum expr_op {
    EXPR_LITERAL,
    EXPR_NAME,       /* slot, index */
    EXPR_VARIABLE,   /* index: depth of the macro's variable, 0 the innermost */
    EXPR_SELECT,     /* args[0].name */
    EXPR_INDEX,      /* args[0][args[1]] */
    EXPR_HAS,        /* has(args[0]): a name or a selection */
    EXPR_LIST,       /* [args…] */
    EXPR_MAP,        /* {args[0]: args[1], …} */
    EXPR_NOT, EXPR_NEGATE,
    EXPR_AND, EXPR_OR, EXPR_CHOOSE, /* args[0] ? args[1] : args[2] */
    EXPR_EQUAL, EXPR_NOT_EQUAL, EXPR_LESS, EXPR_LESS_EQUAL, EXPR_GREATER, EXPR_GREATER_EQUAL,
    EXPR_IN, EXPR_ADD, EXPR_SUBTRACT, EXPR_MULTIPLY, EXPR_DIVIDE, EXPR_MODULO,
    EXPR_CALL,       /* function, args */
    EXPR_ALL, EXPR_EXISTS, EXPR_FILTER, /* args[0] the list, args[1] the body; name: the variable */
};

/* What a name stands for: resolved when compiled, looked up by index when evaluated. */
enum expr_slot {
    SLOT_EVENT_TYPE, SLOT_EVENT_TIME, SLOT_EVENT_DATE, SLOT_EVENT_SENDER,
    SLOT_EVENT_DATA, /* index: the field of the event's declaration */
    SLOT_CASE_ID, SLOT_CASE_STATE, SLOT_CASE_OPENED,
    SLOT_CASE_FIELD, /* index: the field of the program */
    SLOT_PARTY,      /* index: the party of the program */
    SLOT_SUBS_OPEN, SLOT_SUBS_CLOSED,
    SLOT_ELEMENT, /* of an action's `for`: the element at hand */
};

enum expr_function {
    FUNCTION_SIZE, FUNCTION_STARTS_WITH, FUNCTION_ENDS_WITH, FUNCTION_CONTAINS,
    FUNCTION_UNIT, FUNCTION_DATE, FUNCTION_DAYS, FUNCTION_WORKING_DAYS,
    FUNCTION_DUE, /* due('clock'): the rolled last day of a clock of the case; index: the clock */
    FUNCTION_INT, FUNCTION_DOUBLE, FUNCTION_STRING,
};

struct expr {
    enum expr_op op;
    enum expr_slot slot;         /* EXPR_NAME */
    enum expr_function function; /* EXPR_CALL */
    uint16_t index;
    uint16_t arg_count;
    const struct expr *const *args;
    struct bytes name;   /* SELECT: the field; macros: the variable */
    struct value literal;
    struct bytes source; /* the text as written, for people; set on the root at least */
    uint32_t column;     /* 1-based, within the source line it came from */
};

/* What names stand for at this step. Values outlive the evaluation. The pointers may be NULL
 * where the expression cannot name them. */
struct expr_env {
    struct bytes event_type, event_sender;
    int64_t event_time_ms;
    int32_t event_date;
    const struct value *event_data; /* by the field index of the event's declaration */
    struct bytes case_id, case_state;
    int64_t case_opened_ms;
    const struct value *fields;  /* by the program's field index */
    const struct value *parties; /* by the program's party index; VALUE_UNIT or NONE */
    const int32_t *clock_last_days; /* by the program's clock index; DATE_NONE where never run */
    int64_t subs_open, subs_closed;
    const struct value *element; /* of an action's `for` */
    const struct calendar *calendar;
};

/* What CEL calls an error; && || ?: and the macros absorb it as the specification says. */
enum expr_err {
    EXPR_OK,
    EXPR_ERR_OVERFLOW,
    EXPR_ERR_DIVIDE_BY_ZERO,
    EXPR_ERR_NO_SUCH_FIELD, /* absent value, key or index */
    EXPR_ERR_NO_OVERLOAD,
    EXPR_ERR_BAD_VALUE, /* date('2025-02-30') */
    EXPR_ERR_MEMORY,
    EXPR_ERR_LIMIT, /* more than EXPR_STEPS_MAX steps: macros nested over long lists */
    EXPR_ERR_COUNT
};

/* The work of one evaluation is bounded whatever the data holds. A step is a node evaluated, or as
 * much of the data that an operator goes through as costs about the same (some 30 bytes of text, or
 * one element of a list). One takes some 80 instructions, all of them together under 50 us: the
 * test expression_cost counts them. */
enum { EXPR_STEPS_MAX = 2500 };

/* Evaluates into the arena. On an error the result is untouched. */
LD_MUST_USE enum expr_err expr_eval(const struct expr *expr, const struct expr_env *env,
                                    struct arena *arena, struct value *ret_value);
const char *expr_err_word(enum expr_err err);

#endif
