/* A program: a workflow definition after the checker, as the core runs it. Immutable; every
 * pointer leads into the arena that it was compiled in. Indexes follow the order of the
 * definition's text, so that facts in a journal may name things by index as long as the case is
 * pinned to the definition by its digest. Built by workflows/language only. */
#ifndef LD_CORE_PROGRAM_H
#define LD_CORE_PROGRAM_H

#include "base/digest.h"
#include "workflows/core/expr.h"
#include "workflows/core/limits.h"
#include "workflows/core/period.h"
#include "workflows/core/rules.h"

enum { INDEX_NONE = -1 };

enum type_kind {
    TYPE_BOOL, TYPE_INT, TYPE_DOUBLE, TYPE_TEXT, TYPE_CHOICE, TYPE_DATE, TYPE_TIMESTAMP,
    TYPE_UNIT, TYPE_LIST, TYPE_RECORD,
};

struct field;

struct data_type {
    enum type_kind kind;
    const struct bytes *choices; /* TYPE_CHOICE */
    uint32_t choice_count;
    bool has_min, has_max; /* TYPE_INT and TYPE_DOUBLE */
    double min, max;
    const struct data_type *of;  /* TYPE_LIST */
    const struct field *fields;  /* TYPE_RECORD */
    uint32_t field_count;
};

enum field_class { CLASS_OPEN, CLASS_INTERNAL, CLASS_SENSITIVE, CLASS_SEALED };

struct field {
    struct bytes name;
    struct title title;
    struct data_type type;
    bool is_optional;
    struct value initial; /* `default`; VALUE_NONE: none */
    enum field_class class;
};

struct party {
    struct bytes name;
    struct title title;
    struct bytes kind; /* may be empty: any kind */
};

struct event_sender {
    int32_t party;     /* a party of the case, or INDEX_NONE */
    struct bytes kind; /* else a kind of unit */
};

struct event_type {
    struct bytes name;
    struct title title;
    const struct event_sender *from;
    uint32_t from_count;
    struct bytes role;  /* who may decide; empty: anybody of the unit */
    int32_t date_field; /* index into fields, or INDEX_NONE */
    const struct field *fields;
    uint32_t field_count;
};

struct assignment {
    int32_t target; /* field (set) or party (bind) */
    const struct expr *value;
    const struct expr *asked; /* has(value) of an optional field: where it is not there, the target
                               * stays as it is. NULL: the value is always there */
};

/* A value for a name of another definition: a field or party of a sub-case, a data field of an
 * event for another case. What the name stands for is looked up there, when it comes to it. */
struct named_expr {
    struct bytes name;
    const struct expr *value;
};

/* What a branch does beside moving the case. */
enum action_kind {
    ACTION_NOTIFY, /* a notice is raised at once */
    ACTION_OPEN,   /* a sub-case is opened, or one for each element of a list */
    ACTION_EMIT,   /* an event goes out, to another case or to subscribers alone */
};

struct action {
    enum action_kind kind;
    /* NOTIFY */
    const struct tell *tell; /* parties, units and roles; never `who`: no clock is meant */
    uint32_t tell_count;
    enum alert_level level;
    const struct expr *text; /* string */
    /* OPEN. EMIT: the workflow that a starting event is to open, or empty */
    struct bytes workflow;
    const struct expr *each; /* list, or NULL: once; the element is SLOT_ELEMENT in the others */
    const struct expr *name; /* string: the last part of the sub-case's id; NULL: WORKFLOW-N */
    const struct named_expr *values; /* OPEN: its fields; EMIT: the event's data */
    uint32_t value_count;
    const struct named_expr *binds; /* OPEN: its parties; units */
    uint32_t bind_count;
    bool suspends, closes; /* OPEN: with its parent (`cascade`) */
    /* EMIT */
    struct bytes type;
    const struct expr *subject; /* string: the other case's id; NULL: to subscribers alone */
    const struct expr *sender;  /* unit (`as`); NULL: the sender of the event that caused it */
};

struct branch {
    const struct expr *guard; /* NULL: always */
    int32_t to;               /* INDEX_NONE: the case stays, nothing is re-entered */
    const struct assignment *sets;
    uint32_t set_count;
    const struct assignment *binds;
    uint32_t bind_count;
    struct bytes outcome;
    struct title refuse; /* zh not empty: the event is refused with this text */
    const struct action *actions;
    uint32_t action_count;
};

struct handler {
    int32_t event;
    const struct branch *branches; /* the first whose guard holds is taken */
    uint32_t branch_count;
};

struct state {
    struct bytes name;
    struct title title;
    bool is_end;
    bool records_late; /* late-events: record */
    bool is_cascade_end; /* with-parent: here a sub-case ends whose parent closes it */
    struct bytes no_clock;
    const struct handler *handlers;
    uint32_t handler_count;
    const int32_t *holds; /* events that wait here until the state changes */
    uint32_t hold_count;
    uint64_t clocks; /* the clocks that run while in it: bit i is clock i */
};

enum clock_force { FORCE_STATUTORY, FORCE_REFERENCE, FORCE_AGREED };

struct clock_period {
    const struct expr *guard;  /* NULL: always */
    const struct expr *amount; /* int; PERIOD_UNTIL: date */
    enum period_unit unit;
};

struct clock_pause {
    int32_t from, until; /* events */
};

struct clock_extend {
    int32_t event;
    const struct expr *amount; /* int */
    enum period_unit unit;
    uint32_t times;      /* of this rule in one run; 0: CLOCK_EXTENSIONS_MAX */
    bool is_before_due;
};

struct clock_rule {
    struct bytes name;
    struct title title;
    enum clock_force force;
    struct bytes basis;
    int32_t who;           /* party */
    uint64_t states;       /* `while`: bit i is state i; 0: from/until */
    int32_t from_event;    /* or INDEX_NONE */
    int32_t until_event;   /* or INDEX_NONE */
    int32_t until_state;   /* `enter STATE`, or INDEX_NONE */
    bool continues;        /* reentry: continue */
    const struct clock_period *periods; /* the first whose guard holds */
    uint32_t period_count;
    enum period_rule rule;
    bool is_rolled;
    const struct expr *anchor; /* date, or NULL: the starting event's legal date */
    const struct clock_pause *pauses;
    uint32_t pause_count;
    const struct clock_extend *extends;
    uint32_t extend_count;
    struct bytes ladder; /* empty: nobody is told */
    const struct branch *expire; /* branches taken the instant it falls due */
    uint32_t expire_count;
    bool repeats;
    bool is_right; /* a period in which somebody may act: it lapses, nobody is late */
};

struct program {
    struct bytes id;
    uint32_t version;
    uint8_t digest[DIGEST_SIZE]; /* of the definition's text */
    int32_t effective_from, effective_until; /* dates, both included; DATE_MIN, DATE_MAX open */
    struct title title;
    struct bytes basis;
    const struct bytes *labels;
    uint32_t label_count;
    struct bytes calendar;
    const struct party *parties;
    uint32_t party_count;
    const struct field *fields;
    uint32_t field_count;
    const struct event_type *events;
    uint32_t event_count;
    int32_t start_event; /* INDEX_NONE: only opened as a sub-case */
    struct branch start; /* its `to` is the first state */
    /* What must be given to a sub-case that is opened: with a start event the fields and parties
     * that its `set` and `bind` would have filled, which are not evaluated then; without one those
     * under `given`. */
    const int32_t *given_fields;
    uint32_t given_field_count;
    const int32_t *given_parties;
    uint32_t given_party_count;
    int32_t cascade_end;  /* the state marked `with-parent`, else the last end; or INDEX_NONE */
    int32_t joined_event; /* EVENT_SUBS_CLOSED where it is handled, or INDEX_NONE */
    const struct state *states;
    uint32_t state_count;
    const struct handler *handlers; /* `when` at the top */
    uint32_t handler_count;
    const struct clock_rule *clocks;
    uint32_t clock_count;
    int32_t suspend_from, suspend_until; /* events, or INDEX_NONE: the case cannot be suspended */
    struct bytes suspend_basis;
    const int32_t *suspend_allows; /* taken while suspended, beside the resuming event */
    uint32_t suspend_allow_count;
};

/* The built-in event that a case gets when its last open sub-case closes: data {count: how many
 * have closed, outcomes: theirs, in the order in which they were opened}. A definition handles it
 * without declaring it; nobody may publish it. */
#define EVENT_SUBS_CLOSED "sub-cases.closed"

/* INDEX_NONE where there is none. O(n) over at most 128 names. */
int32_t program_event(const struct program *program, struct bytes name);
int32_t program_state(const struct program *program, struct bytes name);
int32_t program_clock(const struct program *program, struct bytes name);
int32_t program_field(const struct program *program, struct bytes name);
int32_t program_party(const struct program *program, struct bytes name);
/* The handler of an event in a state: the state's own, else (not for ends) the top's, else NULL. */
const struct handler *program_handler(const struct program *program, int32_t state, int32_t event);
/* Does an event of this type open a case under it? workflow: what the event names, or empty. */
bool program_starts_with(const struct program *program, struct bytes type, struct bytes workflow);
bool program_is_effective(const struct program *program, int32_t date);
const char *clock_force_word(enum clock_force force);

/* Brings data to its declared types: known fields only, none missing, text to dates, choices and
 * bounds held. The values stand by field index (absent optional ones VALUE_NONE, defaults filled)
 * in the arena. On LD_INVALID ret_problem names the field and what is wrong with it. */
enum data_problem_kind {
    DATA_MISSING, DATA_MISTYPED, DATA_UNKNOWN, DATA_OUT_OF_RANGE, DATA_NO_UNIT
};

struct data_problem {
    enum data_problem_kind kind;
    struct bytes field;
    struct bytes wanted; /* what was declared: "date", "int 1..12", "ecology | land" */
};

LD_MUST_USE enum ld_err program_type_data(const struct field *fields, uint32_t field_count,
                                          const struct value *data,
                                          const struct directory *directory, struct arena *arena,
                                          const struct value **ret_values,
                                          struct data_problem *ret_problem);

#endif
