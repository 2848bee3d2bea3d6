/* A program while it is being read: the mutable rows, what they are checked against, and where in
 * the text each thing stands. Rows and YAML entries of one mapping have the same indexes.
 * Private to the readers and checkers of workflow definitions. */
#ifndef LD_LANGUAGE_DEFINITION_DRAFT_H
#define LD_LANGUAGE_DEFINITION_DRAFT_H

#include "workflows/core/program.h"
#include "workflows/language/definition.h"
#include "workflows/language/expression.h"
#include "workflows/language/keys.h"

/* Where a thing that a program points at (an expression, a branch, a handler) was written. */
struct note {
    struct note *next;
    const void *thing;
    struct place place;
};

struct draft {
    struct sheet sheet;
    const struct definition_context *context;
    const struct yaml_node *root;
    struct program program;
    struct party *parties;
    const struct field *fields;
    struct event_type *events;
    struct state *states;
    struct clock_rule *clocks;
    /* The mappings that the rows come from; NULL where there are none. */
    const struct yaml_node *party_nodes, *field_nodes, *event_nodes, *state_nodes, *clock_nodes;
    struct note *notes;
    /* While an action with a `for` is read: what its expressions may name besides. */
    const struct expression_element *element;
    const struct expression_known *known; /* the guards around what is being read */
    bool is_element_sealed; /* the list is sealed, and so all of its elements */
    struct place subs_place; /* where subs.open or subs.closed is named first; line 0: nowhere */
    struct program self;     /* what draft_target gives for the definition's own id */
};

void draft_note(struct draft *draft, const void *thing, struct place place);
/* The place of a thing, or of the top of the file where none was noted. */
struct place draft_place(const struct draft *draft, const void *thing);

/* The rows of a mapping under a top-level key: how many there are at most, and the mapping. */
uint32_t draft_rows(struct draft *draft, const char *key, uint32_t max,
                    const struct yaml_node **ret_node);

/* An expression that may name the event's data (or INDEX_NONE), of the wanted kind; its place is
 * noted. NULL after a finding, and for a NULL node. */
const struct expr *draft_expr(struct draft *draft, const struct yaml_node *node, int32_t event,
                              enum static_kind wanted);
const struct expr *draft_expr_as(struct draft *draft, const struct yaml_node *node, int32_t event,
                                 const struct data_type *wanted);
/* The same for a field that may be absent; ret_asked as expression_compile_optional. */
const struct expr *draft_expr_optional(struct draft *draft, const struct yaml_node *node,
                                       int32_t event, const struct data_type *wanted,
                                       const struct expr **ret_asked);
/* From here on the guard held, or did not; a NULL guard says nothing. Whoever keeps what was known
 * before puts it back. */
void draft_know(struct draft *draft, const struct expr *guard, bool is_true);
const struct expr *draft_period(struct draft *draft, const struct yaml_node *node, int32_t event,
                                enum period_unit *ret_unit);
const struct expr *draft_template(struct draft *draft, const struct yaml_node *node, int32_t event);
/* Notes an expression's place, and whether it asks for the sub-cases. */
const struct expr *draft_note_expr(struct draft *draft, const struct expr *expr,
                                   struct place place);
struct expression_scope draft_scope(const struct draft *draft, int32_t event);
/* The program as far as it has been read. */
struct program draft_program(const struct draft *draft);
/* The events that the definition declares, without the one that it need not. */
struct names draft_declared_events(const struct draft *draft);

/* definition_data.c: the fields of a mapping of declarations. */
const struct field *draft_fields(struct draft *draft, const struct yaml_node *node,
                                 uint32_t *ret_count);
void draft_parties(struct draft *draft);
/* Is it a kind of unit: of the directory's, or, without one, of those that every city has? */
bool draft_is_kind(const struct draft *draft, struct bytes name);
void draft_data(struct draft *draft);
void draft_events(struct draft *draft);

/* definition_states.c */
/* The names and kinds of states and clocks, before anything refers to them. */
void draft_state_names(struct draft *draft);
void draft_clock_names(struct draft *draft);
void draft_start(struct draft *draft); /* definition_start.c */
void draft_states(struct draft *draft);
void draft_top_handlers(struct draft *draft);
void draft_assignments(struct draft *draft, const struct yaml_node *node, int32_t event,
                       struct branch *branch);
/* A key that does not go with where it stands is a finding. */
void draft_refuse_key(const struct draft *draft, const struct yaml_node *node, const char *key,
                      const char *where);
/* Of an event, or of an expiry (INDEX_NONE). */
const struct branch *draft_branches(struct draft *draft, const struct yaml_node *node,
                                    int32_t event, uint32_t *ret_count);

/* definition_clocks.c. After the states. */
void draft_clocks(struct draft *draft);

/* definition_actions.c: what the branch does beside moving the case. */
void draft_actions(struct draft *draft, const struct yaml_node *node, int32_t event,
                   struct branch *branch);
/* definition_open.c, definition_emit.c: one kind of action each. */
void draft_open(struct draft *draft, const struct yaml_node *node, int32_t event,
                struct action *action);
void draft_emit(struct draft *draft, const struct yaml_node *node, int32_t event,
                struct action *action);
/* Names and expressions of a mapping, at most ACTION_VALUES_MAX; wanted: what the names stand for,
 * where that is known. */
struct fields_wanted {
    const char *key; /* that they stand under */
    const struct field *fields;
    uint32_t count;
    bool is_known;
};
const struct named_expr *draft_values(struct draft *draft, const struct yaml_node *node,
                                      int32_t event, const struct fields_wanted *wanted,
                                      uint32_t *ret_count);

/* definition_sealed.c: what only parties with the role may read (LANGUAGE §7). A finding where the
 * expression shows it; has() tells only that something is there. */
void draft_show(struct draft *draft, const struct expr *expr, int32_t event, const char *code);
/* The first sealed name that the expression shows, or nothing. */
struct bytes draft_sealed_in(const struct draft *draft, const struct expr *expr, int32_t event);
/* Is a list sealed as such, whatever its elements hold? */
bool draft_list_is_sealed(const struct draft *draft, const struct expr *list, int32_t event);
/* Is the field sealed, or anything in it? */
bool field_is_sealed(const struct field *field);

/* definition_target.c: the workflow that an action names. NULL: nobody can be asked, or it is
 * unknown, which is reported. */
const struct program *draft_target(struct draft *draft, const struct yaml_node *id);
/* What the workflows that the actions open ask of those who open them, all read. */
void targets_check(struct draft *draft);

/* definition_joined.c: EVENT_SUBS_CLOSED, which is there where the text speaks of it. */
bool draft_speaks_of_joined(const struct draft *draft);
bool draft_add_joined(struct draft *draft, struct event_type *event);

/* definition_wait.c. The suspension after the clocks. */
void draft_holds(struct draft *draft, const struct yaml_node *node, struct state *state);
void draft_suspend(struct draft *draft);
/* Does the event suspend or resume the case; does some state hold it? */
bool draft_suspends(const struct draft *draft, int32_t event);
/* An event that somebody can publish, or INDEX_NONE: what begins or suspends a case. where: the
 * key that it stands under. */
int32_t draft_refer_published(const struct draft *draft, const struct yaml_node *node,
                              const char *where);
bool draft_is_held(const struct draft *draft, int32_t event);

/* Has the clock's ladder a rung that opens a draft? Without a policy nobody knows: then it may. */
bool clock_opens_drafts(const struct draft *draft, const struct clock_rule *clock);

/* definition_effects.c: no step writes more facts than it has room for. */
void effects_check(const struct draft *draft);

/* definition_check.c, definition_flow.c: what can be proved of a program without mistakes in
 * its parts. */
void draft_check(struct draft *draft);

#endif
