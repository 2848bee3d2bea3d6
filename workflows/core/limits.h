/* Every bound of a definition and of a case, in one place. A definition over a bound is refused
 * by the checker, an event over one is refused with REFUSAL_LIMIT: nothing grows unseen. */
#ifndef LD_CORE_LIMITS_H
#define LD_CORE_LIMITS_H

enum {
    PROGRAM_PARTIES_MAX = 16,
    PROGRAM_FIELDS_MAX = 128,
    PROGRAM_EVENTS_MAX = 128,
    PROGRAM_STATES_MAX = 64, /* a set of states is one uint64_t */
    PROGRAM_CLOCKS_MAX = 32,
    CLOCK_PERIODS_MAX = 8,    /* guarded alternatives of `period` */
    CLOCK_PAUSES_MAX = 8,     /* pairs of `pause` in a definition */
    CLOCK_SUSPENSION = 8,     /* the number by which a suspended case pauses each clock */
    CLOCK_EXTENDS_MAX = 4,    /* `extend` rules in a definition */
    CLOCK_STOPS_MAX = 32,     /* pauses that one run of a clock can have */
    CLOCK_EXTENSIONS_MAX = 8, /* extensions that one run of a clock can have */
    LADDER_RUNGS_MAX = 16,
    RUNG_TELL_MAX = 8,
    ALERT_RECIPIENTS_MAX = 16,
    EXPR_DEPTH_MAX = 32,
    EXPR_SOURCE_MAX = 4096,
    CASE_ID_MAX = 96,  /* bytes; a key of the store is at most 128 */
    NAME_MAX_SIZE = 64, /* names of workflows, states, events, clocks, fields, units */
    EVENT_ID_MAX = 128,
    CASE_HELD_MAX = 16, /* events that wait for the state to change */
    CASE_SUBS_MAX = 128, /* sub-cases that one case can open, closed ones among them */
    CASE_DEPTH_MAX = 4,  /* sub-cases within sub-cases: slashes in an id */
    FAMILY_STEPS_MAX = 512, /* steps that one event or instant can make in all cases of a family */
    ACTION_VALUES_MAX = 32,
    BRANCH_ACTIONS_MAX = 8,
    /* Emitted events, each the cause of the next with nobody between: two cases that answer each
     * other for ever would fill their memory of events, and then take none from anybody. */
    EMIT_HOPS_MAX = 16,
    CASE_SEEN_MAX = 4096, /* events that one case can remember */
    /* Of these, until so many are remembered a refusal is too; the rest is kept for what the case
     * takes, so that no flood of wrong events, which anybody can send, ever stops a case. */
    CASE_SEEN_REFUSED_MAX = CASE_SEEN_MAX / 2,
    PERIOD_AMOUNT_MAX = 36500,
    EFFECTS_MAX = 512, /* facts of one step; the compiler proves that no event needs more */
};

_Static_assert(PROGRAM_STATES_MAX <= 64, "a set of states is one uint64_t");
_Static_assert(PROGRAM_CLOCKS_MAX * 3 + PROGRAM_FIELDS_MAX + PROGRAM_PARTIES_MAX
                       + PROGRAM_CLOCKS_MAX * LADDER_RUNGS_MAX / 4
                   < EFFECTS_MAX,
               "each clock, field and party once, and a quarter of all rungs, fit in one step");

#endif
