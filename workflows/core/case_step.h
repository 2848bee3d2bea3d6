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
    struct clock_moment moment; /* the legal date and instants that changes count from */
    int32_t event;              /* index, or INDEX_NONE */
    int32_t expired;            /* the clock whose expiry is being carried out, or INDEX_NONE */
    /* the working copy */
    int32_t state;
    struct value *fields;
    struct value *parties;
    const struct clock_run **runs; /* the case's own until changed */
    uint64_t changed_clocks;       /* bit i: runs[i] is a copy in the arena */
    uint64_t raised_clocks;        /* bit i: an alert of clock i was raised in this step */
    struct expr_env env;
    int32_t *last_days; /* what env.clock_last_days points at */
    bool is_exhausted;  /* the arena was too small: the step is void */
};

/* case.c */
struct fact *step_emit(struct step *step, enum fact_kind kind, int32_t index);
/* The step's answer becomes a refusal; its facts so far are void. Always false, to be returned. */
bool step_refuse(struct step *step, enum refusal refusal, struct bytes detail, struct bytes wanted);
/* Text of the parts one behind the other, in the arena. */
struct bytes step_join(struct step *step, const struct bytes *parts, uint32_t count);

/* case_move.c: false after step_refuse. */
bool step_take_branch(struct step *step, const struct branch *branch);
/* The first branch whose guard holds; NULL where none does (*ret_err: what stopped a guard). */
const struct branch *step_choose(struct step *step, const struct branch *branches, uint32_t count,
                                 enum expr_err *ret_err);

/* case_clocks.c */
bool step_event_clocks(struct step *step);
/* The case goes from one state to another (INDEX_NONE: it is being opened). */
bool step_state_clocks(struct step *step, int32_t from, int32_t to);
/* A changeable copy of a clock's run; NULL when the arena is used up. */
struct clock_run *step_change_clock(struct step *step, uint32_t clock);
/* Facts for every changed clock, and for alerts that are over. */
void step_emit_clocks(struct step *step);

/* case_alerts.c */
void step_fire_clocks(struct step *step);
bool step_acknowledge(struct step *step);

#endif
