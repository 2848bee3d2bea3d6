/* Stories: dated examples run against the engine's own core (LANGUAGE §5), and the explanation of
 * a story: its timeline and each due date derived day by day. A story has a cast: the workflow that
 * it is of, and those that its cases can open or send events to. */
#ifndef LD_LANGUAGE_STORY_H
#define LD_LANGUAGE_STORY_H

#include "workflows/core/family.h"
#include "workflows/language/definition.h"

enum { STORY_CASES_MAX = 256, STORY_CAST_MAX = 64 };

struct story_step {
    struct place place;
    int64_t at_ms;
    bool has_event;
    struct case_event event;        /* role: one word; data: untyped, texts */
    const struct yaml_node *data;   /* as written, or NULL: a scalar is typed by its declaration */
    struct bytes case_id;           /* the story's case where the step names none */
    struct bytes workflow;          /* which a starting event opens; empty: the step does not say */
    const struct yaml_node *expect; /* or NULL */
};

struct story {
    struct bytes name;
    struct bytes workflow;                    /* the id; which file it is, the caller finds */
    struct bytes directory, policy, calendar; /* paths as written, or empty: the shipped ones */
    struct bytes case_id;
    const struct story_step *steps;
    uint32_t step_count;
};

/* NULL after diagnostics. Step times without a zone are in zone_minutes. */
const struct story *story_read(struct bytes text, int zone_minutes, struct arena *arena,
                               struct diagnostics *diagnostics);

/* One version of a workflow, and what its cases are judged by: the calendar that it names, the
 * policy and the directory. */
struct story_actor {
    const struct program *program;
    struct rules rules;
};

/* Who may come in, in any order; of one workflow as many versions as there are. A starting event
 * that names no workflow opens the one among them that starts with it. */
struct story_cast {
    const struct story_actor *actors;
    uint32_t count;
};

/* What happened, one row after the other, for explain and for a failing test. */
enum story_row_kind {
    STORY_EVENT,  /* an event: of a step, or emitted by a case */
    STORY_TIME,   /* an instant came */
    STORY_FAMILY, /* another case of its family did this to it: `input` */
};

enum { ROW_NONE = -1 };

struct story_row {
    enum story_row_kind kind;
    const struct story_step *step;  /* of its event; NULL for all else */
    const struct case_event *event; /* EVENT */
    enum input_kind input;          /* FAMILY: INPUT_OPEN to INPUT_JOIN */
    /* FAMILY: the row with which its transaction began; an emitted EVENT: the row that emitted
     * it; else ROW_NONE. Always an earlier one. */
    int32_t cause;
    int64_t at_ms;
    const struct story_actor *actor; /* of the case; NULL: there is no such case */
    struct effects effects;          /* facts live in the arena */
    /* A copy of the case after it, in the arena. Of a case that does not exist it has an id and
     * nothing else. */
    struct case_state *after;
};

struct story_run {
    const struct story_row *rows;
    uint32_t row_count;
    uint32_t failure_count; /* expectations that did not hold; each is a diagnostic */
};

/* Runs the steps; every expectation that does not hold is a diagnostic at its place with what was
 * expected and what was seen. What a case emits to another reaches it at the same instant, behind
 * all that falls due then, before the next step: as an event whose id is CASE@ROW.INDEX, the row
 * counted from one. The cast outlives the run. LD_FULL: arena, rows or cases. */
LD_MUST_USE enum ld_err story_play(const struct story *story, const struct story_cast *cast,
                                   struct arena *arena, struct diagnostics *diagnostics,
                                   struct story_run *ret_run);

/* What became of a clock in one row, from its run before and after. */
enum clock_change {
    CLOCK_UNCHANGED, /* a rung fired or was acknowledged; nothing that a date depends on */
    CLOCK_STARTED,
    CLOCK_STOPPED,
    CLOCK_RESUMED,
    CLOCK_EXTENDED,
    CLOCK_MOVED,
    CLOCK_FELL_DUE,
    CLOCK_ENDED_MET,
    CLOCK_ENDED_LATE,
    CLOCK_ENDED_CANCELLED,
    CLOCK_LAPSED, /* a right that was not used */
};

enum clock_change story_clock_change(const struct clock_rule *rule, const struct clock_run *before,
                                     const struct clock_run *after);
const char *clock_change_word(enum clock_change change);
/* The case as it was before a row: by the last earlier row of the same case; NULL: there was none
 * yet. */
const struct case_state *story_before(const struct story_run *run, uint32_t row);

/* A run of a clock as it stood in the end, given the fact of row that started it. */
const struct clock_run *story_last_of_run(const struct story_run *run, uint32_t row,
                                          const struct fact *start);

/* The timeline in words, then each due date of each case day by day, zh or en. */
void story_explain(const struct story_run *run, bool is_zh, struct arena *arena,
                   struct buffer *buffer);

/* What stopped and what extended a period: asked beneath the line of each, by its index in the
 * terms, to tell it in whole lines of its own. */
struct period_causes {
    void (*tell_stop)(const void *context, uint32_t stop);
    void (*tell_extension)(const void *context, uint32_t extension);
    const void *context;
};

/* A period to be explained. */
struct period_account {
    const struct period_terms *terms;
    const struct calendar *calendar;
    struct bytes basis;                 /* may be empty */
    const struct period_causes *causes; /* NULL: a date alone, without a case */
};

/* One due date day by day, in words: which day counts, which does not and why, what paused or
 * extended it, where it rolled. */
void explain_account(const struct period_account *account, bool is_zh, struct arena *arena,
                     struct buffer *buffer);
/* The same without causes. basis: may be empty. */
void explain_period(const struct period_terms *terms, const struct calendar *calendar,
                    struct bytes basis, bool is_zh, struct arena *arena, struct buffer *buffer);

#endif
