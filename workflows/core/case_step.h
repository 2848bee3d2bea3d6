/* One step in the making, private to the case machine: a working copy of the parts of the case that
 * the step changes, and the facts so far. Decisions read the copy, so that a later one sees an
 * earlier one; nothing is written to the case itself. */
#ifndef LD_CORE_CASE_STEP_H
#define LD_CORE_CASE_STEP_H

#include "workflows/core/case.h"

struct step {
    const struct program *program;
    const struct rules *rules;
    const struct case_state *before;
    const struct case_input *input;
    struct arena *arena;
    struct effects *effects;
    const struct case_event *event_given; /* the input's, or a held one whose turn has come */
    struct case_event held_event;         /* that one, */
    struct bytes held_role;               /* and the role that it was decided in */
    struct clock_moment moment;           /* the legal date and instants that changes count from */
    int32_t event;                        /* index, or INDEX_NONE */
    int32_t expired; /* the clock whose expiry is being carried out, or INDEX_NONE */
    bool is_closing; /* with its parent: what ends by that was not met */
    /* the working copy */
    int32_t state;
    bool is_suspended, is_suspended_above;
    uint32_t subs_open, subs_closed;
    struct value *fields;
    struct value *parties;
    const struct clock_run **runs; /* the case's own until changed */
    uint64_t changed_clocks;       /* bit i: runs[i] is a copy in the arena */
    uint64_t raised_clocks;        /* bit i: an alert of clock i was raised in this step */
    struct expr_env env;
    int32_t *last_days; /* what env.clock_last_days points at */
    struct opening *openings; /* CASE_SUBS_MAX, once there is one */
    uint32_t opening_count;
    uint32_t emitted; /* events so far */
    uint32_t hops;    /* emitted events in a row that led to this step */
    bool is_exhausted;  /* the arena was too small: the step is void */
};

/* case.c */
struct fact *step_emit(struct step *step, enum fact_kind kind, int32_t index);
/* The step's answer becomes a refusal; its facts so far are void. Always false, to be returned. */
bool step_refuse(struct step *step, enum refusal refusal, struct bytes detail, struct bytes wanted);
/* The value of an expression for the step as it stands; used up memory makes the step void. */
LD_MUST_USE enum expr_err step_eval(struct step *step, const struct expr *expr,
                                    struct value *ret_value);
/* Where a part of a step began that may turn out void. */
struct step_mark {
    uint32_t facts, openings, emitted;
};

struct step_mark step_mark(const struct step *step);
/* What came since the mark is void, and a refusal with it; its place takes the problem: for what
 * time or another case causes, and nobody can be told no. clock: INDEX_NONE: none is meant. */
void step_void(struct step *step, struct step_mark mark, int32_t clock, struct bytes why);
/* Does what goes wrong refuse the step? Else it is put on record as a problem. */
bool step_may_refuse(const struct step *step);
/* What goes wrong with an action refuses an event, and is a problem on record where there is nobody
 * to be told no. Always false: the action ends with its first trouble. */
bool step_trouble(struct step *step, enum refusal refusal, struct bytes what, const char *why);
/* Text of the parts one behind the other, in the arena. */
struct bytes step_join_text(struct step *step, const struct bytes *parts, uint32_t count);

/* Data and date of the given event; false after step_refuse. */
bool step_check_data(struct step *step);
bool step_check_date(struct step *step);
/* The first branch that holds is taken. */
bool step_take_handler(struct step *step, const struct handler *handler);
/* What expressions may name, from the given event and the working copy. */
void step_env(struct step *step);

/* case_apply.c: the first held event that the present state does not hold, or held_count. */
uint32_t case_releasable(const struct program *program, const struct case_state *state);

/* case_wait.c */
/* May it be taken while the case is suspended? */
bool program_allows(const struct program *program, int32_t event);
bool step_is_suspended(const struct step *step);
bool state_holds(const struct state *state, int32_t event);
/* The given event waits for the state to change. */
bool step_hold(struct step *step);
/* The turn of the first held event that its state no longer holds; false: there is none. */
bool step_release(struct step *step);
/* Does the given event suspend or resume the case now? */
bool step_suspends(const struct step *step);
bool step_suspend(struct step *step);
/* The parent is suspended or resumed, and this case with it. */
bool step_suspend_above(struct step *step, bool is_suspended);
/* The given event, which nobody waits for an answer to, goes to the handler: where that refuses it
 * the case stays as it was, with the problem on record. is_dated: its date is to be checked. */
void step_give(struct step *step, const struct handler *handler, bool is_dated);

/* case_move.c: false after step_refuse. */
bool step_take_branch(struct step *step, const struct branch *branch);
/* The unit exists and is of the kind that the party must be. */
bool step_check_party(struct step *step, int32_t party, const struct value *value);
/* The first branch whose guard holds; NULL where none does (*ret_err: what stopped a guard). */
const struct branch *step_choose(struct step *step, const struct branch *branches, uint32_t count,
                                 enum expr_err *ret_err);

/* case_clocks.c */
bool step_event_clocks(struct step *step);
/* The case goes from one state to another (INDEX_NONE: it is being opened). */
bool step_state_clocks(struct step *step, int32_t from, int32_t to);
/* The suspension begins or ends for every open clock. */
bool step_suspend_clocks(struct step *step);
/* A changeable copy of a clock's run; NULL when the arena is used up. */
struct clock_run *step_change_clock(struct step *step, uint32_t clock);
/* Facts for every changed clock, and for alerts that are over. */
void step_emit_clocks(struct step *step);

/* case_alerts.c */
void step_fire_clocks(struct step *step);
bool step_acknowledge(struct step *step);
void step_notify(struct step *step, const struct action *action);
/* The unit that is told, or the empty text. */
struct bytes step_told(const struct step *step, const struct tell *tell,
                       const struct clock_rule *rule);

/* case_family.c: false after step_refuse. */
/* Has it a control character (C0, DEL, and C1 as UTF-8)? No event with such an id is taken. */
bool id_has_control(struct bytes id);
bool step_open_subs(struct step *step, const struct action *action);
void step_open_draft(struct step *step, uint32_t clock, const struct rung *rung, int32_t last_day);
bool step_open(struct step *step);
void step_close(struct step *step);
void step_join(struct step *step);

/* case_publish.c: false after step_refuse. */
bool step_publish(struct step *step, const struct action *action);
/* The values of an action's named expressions, in the arena. */
bool step_eval_named(struct step *step, const struct named_expr *exprs, uint32_t count,
                     struct named_value **ret_values);

#endif
