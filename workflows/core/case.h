/* The case machine. case_step decides, purely, what one input does to one case and writes it as
 * facts; case_apply makes facts into state. Worker, simulator, stories, explain and recovery are
 * these two functions called from different rooms: recovery applies and never decides again.
 *
 *   input ──case_step(program, rules, case)──▶ effects: fate + facts ──case_apply──▶ case
 *
 * Must not know: wire, storage, sockets, the time of day. */
#ifndef LD_CORE_CASE_H
#define LD_CORE_CASE_H

#include "workflows/core/clock.h"

/* Every event ends in exactly one. */
#define FATE_TABLE(X)                                    \
    X(APPLIED, "applied", "已办理", "applied")            \
    X(STARTED, "started", "已立卷", "started a case")     \
    X(RECORDED, "recorded", "已记录", "recorded")         \
    X(HELD, "held", "已暂存", "held")                     \
    X(DUPLICATE, "duplicate", "重复", "duplicate")        \
    X(REFUSED, "refused", "已拒绝", "refused")

enum fate {
#define X(name, word, zh, en) FATE_##name,
    FATE_TABLE(X)
#undef X
    FATE_COUNT
};

/* Why an event was refused: never renumbered, kept in journals. */
#define REFUSAL_TABLE(X)                                                                        \
    X(NONE, "none", "无", "none")                                                               \
    X(UNKNOWN_CASE, "unknown-case", "没有这个案件,该事件也不能立案", "no such case, and this event opens none") \
    X(UNKNOWN_EVENT, "unknown-event", "流程没有声明这种事件", "the workflow declares no such event")  \
    X(WRONG_SENDER, "wrong-sender", "该单位不得发布此事件", "this unit may not publish this event")   \
    X(WRONG_ROLE, "wrong-role", "须由有相应职务的人决定", "only a person with the role may decide this") \
    X(MISSING_DATA, "missing-data", "缺少必填数据", "required data is missing")                     \
    X(BAD_DATA, "bad-data", "数据类型或取值不合规定", "data of the wrong type or out of range")        \
    X(UNKNOWN_DATA, "unknown-data", "有未声明的数据项", "data that is not declared")                 \
    X(FUTURE_DATE, "future-date", "法律日期在将来", "the legal date lies in the future")             \
    X(NOT_TAKEN, "not-taken", "当前状态不接受此事件", "the present state does not take this event")    \
    X(NO_BRANCH, "no-branch", "没有条件成立的去向", "no branch's condition holds")                   \
    X(BY_RULE, "by-rule", "按流程规定拒绝", "refused by the workflow's own rule")                    \
    X(CLOSED, "closed", "案件已办结", "the case is closed")                                        \
    X(SUSPENDED, "suspended", "案件已中止", "the case is suspended")                                \
    X(EXTENSION_LATE, "extension-late", "期限到期后不得延长", "a period cannot be extended after its due date") \
    X(EXTENSION_USED_UP, "extension-used-up", "延长次数已用完", "the extensions are used up")         \
    X(CLOCK_NOT_RUNNING, "clock-not-running", "期限未在计算中", "the clock is not running")           \
    X(LIMIT, "limit", "超出上限", "over a bound")                                                 \
    X(EXPRESSION, "expression", "表达式无法求值", "an expression has no value")                      \
    X(AMBIGUOUS_START, "ambiguous-start", "多个流程以此事件立案,须指明流程", "several workflows start with this event: name one") \
    X(NOT_EFFECTIVE, "not-effective", "该日期没有生效的流程版本", "no version of the workflow is in effect on this date") \
    X(MALFORMED, "malformed", "报文格式错误", "the message is malformed")                            \
    X(WRONG_PARTITION, "wrong-partition", "不属于此分区", "the case belongs to another partition")     \
    X(QUARANTINED, "quarantined", "已隔离,待人工处理", "quarantined, waiting for a person")            \
    X(NOT_ALERTED, "not-alerted", "该单位没有待确认的提醒",                                        \
      "no open alert of this unit to acknowledge")                                                 \
    X(SUB_CASE, "sub-case", "下级案件不能开立", "a sub-case cannot be opened")

enum refusal {
#define X(name, word, zh, en) REFUSAL_##name,
    REFUSAL_TABLE(X)
#undef X
    REFUSAL_COUNT
};

struct word_row {
    const char *word, *zh, *en;
};

const struct word_row *fate_words(enum fate fate);
const struct word_row *refusal_words(enum refusal refusal);
/* Of refusals with these codes what was wanted is a reason: why there is no sub-case, no value. */
bool refusal_has_reason(struct bytes code);
/* Its sentence, and what stands behind its word ("bad-data: lead"); NULL: it has none. */
const struct word_row *reason_words(struct bytes reason, struct bytes *ret_rest);

/* What a case remembers of each event that it was given: the first answer to a resend. */
struct seen_event {
    uint8_t digest[EVENT_DIGEST_SIZE];
    uint64_t position; /* of its journal record: the full first answer */
    enum fate fate;
    enum refusal refusal;
};

/* A sub-case as its parent knows it: opened by it, in its partition, under PARENT/name. */
struct sub_case {
    struct bytes name;
    struct bytes workflow;
    bool suspends, closes; /* with its parent */
    bool is_open;
    struct bytes outcome; /* of a closed one; the name of its end state where it has none */
};

struct case_state {
    struct bytes id; /* of a sub-case PARENT/name */
    bool is_open; /* false in a zeroed case: it does not exist */
    uint64_t revision; /* steps applied */
    uint64_t position; /* the journal position that it includes */
    int64_t opened_ms;
    int32_t opened_date; /* the legal date of the start event */
    int32_t state;
    struct bytes outcome;
    struct value *fields;    /* program->field_count */
    struct value *parties;   /* program->party_count */
    struct clock_run *clocks; /* program->clock_count */
    struct seen_event *seen;
    uint32_t seen_count, seen_capacity;
    int64_t last_event_ms; /* the received time of the last event */
    bool is_suspended;       /* by an event of its own */
    bool is_suspended_above; /* with its parent; its clocks stand still while it is either */
    int64_t moved_ms;      /* when the case last entered a state */
    struct value *held;    /* CASE_HELD_MAX; events that wait for the state to change, in order:
                            * maps {id, source, type, role?, time?, data?} */
    uint32_t held_count;
    struct sub_case *subs; /* in the order in which they were opened */
    uint32_t sub_count, sub_capacity;
};

enum fact_kind {
    FACT_OPENED = 1, /* date: the legal date; instant: when */
    FACT_STATE,      /* index: the state; text: the outcome (ends) */
    FACT_FIELD,      /* index, value */
    FACT_PARTY,      /* index, value (VALUE_UNIT) */
    FACT_CLOCK,      /* index, run: the whole new value */
    FACT_ALERT,      /* index: the clock; alert */
    FACT_ALERT_CLEARED, /* index: the clock */
    FACT_LATE_ENTRY, /* date: the legal date that lies further back than the policy's backdate */
    FACT_PROBLEM,    /* index: a clock that time alone should have moved, text: why it could not */
    FACT_SUSPENDED,  /* index: 1 the case is suspended, 0 it is resumed */
    FACT_HELD,       /* value: the event that waits */
    FACT_RELEASED,   /* index: which of the held events waits no longer; text: its id */
    FACT_NOTICE,     /* text: what is told; alert: level and recipients */
    FACT_SUB_OPENED, /* text: the sub-case's name; value: its workflow; index: enum sub_bits */
    FACT_SUB_CLOSED, /* index: which of the sub-cases; text: its outcome */
    FACT_SUSPENDED_ABOVE, /* index: 1 the case is suspended with its parent, 0 it is resumed */
    FACT_EMITTED,    /* text: the event's type; value: the map {source, time, subject?, role?,
                      * workflow?, data?, hops?} that makes it one, hops left out where it is 1;
                      * index: which of the step's emitted events */
    FACT_KIND_COUNT
};

enum sub_bits { SUB_SUSPENDS = 1, SUB_CLOSES = 2 };

enum recipient_reason {
    RECIPIENT_WHO, RECIPIENT_SUPERVISOR, RECIPIENT_PARTY, RECIPIENT_UNIT, RECIPIENT_ROLE
};

struct alert_recipient {
    struct bytes unit;
    enum recipient_reason reason;
    struct bytes name; /* the party or role by which it is one */
};

struct alert {
    enum alert_level level;
    uint32_t rung;
    bool is_unacknowledged;
    int64_t instant_ms; /* the instant at which it was to be raised */
    int32_t last_day;   /* of the clock then */
    int64_t due_ms;
    const struct alert_recipient *recipients;
    uint32_t recipient_count;
};

struct fact {
    enum fact_kind kind;
    int32_t index;
    int32_t date;
    int64_t instant_ms;
    struct bytes text;
    struct value value;
    const struct clock_run *run;
    const struct alert *alert;
};

enum input_kind {
    INPUT_EVENT, /* an event was published */
    INPUT_TIME,  /* the instant case_next_ms named has come: clocks, or a held event's turn */
    INPUT_RULES, /* another calendar, policy or directory: derive again */
    /* What one case of a family does to another, in one transaction (family.h): */
    INPUT_OPEN,  /* the case is opened as a sub-case */
    INPUT_SUSPEND, INPUT_RESUME, INPUT_CLOSE, /* its parent was suspended, was resumed, ended */
    INPUT_JOIN,  /* a sub-case of it has closed */
};

struct case_event {
    struct bytes id, source, type, subject;
    uint8_t digest[EVENT_DIGEST_SIZE]; /* of source and id */
    int64_t time_ms;                   /* INSTANT_NONE: the publisher gave none */
    const struct bytes *roles;         /* what the sender's credential holds */
    uint32_t role_count;
    struct value data; /* a map as it came, or VALUE_NONE */
    uint32_t hops;     /* emitted events in a row that led here, itself among them; 0: published */
};

struct named_value {
    struct bytes name;
    struct value value;
};

/* A sub-case that a step wants opened; FACT_SUB_OPENED stands for it among the step's facts. */
struct opening {
    struct bytes name, workflow;
    const struct named_value *values, *binds; /* its fields and its parties */
    uint32_t value_count, bind_count;
    uint32_t fact; /* the index of that fact */
    struct clock_moment moment; /* what the sub-case counts from */
};

struct case_input {
    enum input_kind kind;
    int64_t now_ms; /* EVENT: received, once a batch; TIME: the instant that falls due */
    struct case_event event;
    /* OPEN to JOIN: what the causing step counted from */
    struct clock_moment moment;
    const struct opening *opening; /* OPEN */
    struct bytes sub, outcome;     /* JOIN: name and outcome of the one that closed */
    uint32_t hops;                 /* OPEN to JOIN: those of the event at the bottom of it */
};

struct effects {
    enum fate fate;
    enum refusal refusal;
    struct bytes detail;  /* of a refusal: the field, the role, the guards that failed, … */
    struct bytes detail_wanted; /* what would have been right: "date", "agency, procuratorate" */
    const struct seen_event *first; /* DUPLICATE: what was answered first */
    int32_t legal_date;
    struct fact *facts;   /* EFFECTS_MAX of them, the caller's */
    uint32_t fact_count;
    const struct opening *openings; /* to be opened with it, or the step does not count */
    uint32_t opening_count;
    struct clock_moment moment; /* what its change of state or suspension counts from */
    uint32_t hops;              /* of the event that was carried out, for what follows from it */
};

/* The built-in event by which a person acknowledges an alert: data {clock, comment?}; any unit
 * that was told may send it. */
#define EVENT_ACKNOWLEDGED "alert.acknowledged"

/* An empty case with room for the program's fields, parties and clocks. LD_FULL: arena. */
LD_MUST_USE enum ld_err case_init(struct case_state *state, const struct program *program,
                                  struct bytes id, struct arena *arena);

/* Decides one input of one case; what follows from it in other cases of its family is
 * family_step's, which shells call. The case is only read. For INPUT_EVENT the case must be caught
 * up: no instant at or before now is waiting (case_next_ms). A case that is not open is started
 * where the event is the program's start event, or opened by INPUT_OPEN. Facts and what they point
 * at live in the arena.
 * LD_FULL: the arena was too small; nothing was decided. */
LD_MUST_USE enum ld_err case_step(const struct program *program, const struct rules *rules,
                                  const struct case_state *state, const struct case_input *input,
                                  struct arena *arena, struct effects *effects);

/* Makes facts into state, and remembers the event (where the step was one with an id) with its
 * answer and position. Texts are copied into the arena. Asserts on facts that do not fit the
 * program: the shell verifies the digest first. LD_FULL: arena. */
struct case_mark {
    uint64_t position;
    bool is_event; /* remember this digest with this fate */
    uint8_t digest[EVENT_DIGEST_SIZE];
    enum fate fate;
    enum refusal refusal;
    int64_t now_ms;
};

LD_MUST_USE enum ld_err case_apply(const struct program *program, struct case_state *state,
                                   const struct fact *facts, uint32_t fact_count,
                                   const struct case_mark *mark, struct arena *arena);

/* The earliest instant at which the case wants something, or INSTANT_NONE: a clock's, or the one at
 * which it entered a state that no longer holds an event. */
int64_t case_next_ms(const struct program *program, const struct rules *rules,
                     const struct case_state *state);
/* What the case would take now from anybody: event indexes, in the program's order. */
uint32_t case_takes(const struct program *program, const struct case_state *state,
                    int32_t ret_events[PROGRAM_EVENTS_MAX]);
/* By its own event or with its parent. */
bool case_is_suspended(const struct case_state *state);
/* The id of the case that opened it; the empty text: none did. */
struct bytes case_parent_id(struct bytes id);
/* The seen event of this digest, or NULL. */
const struct seen_event *case_seen(const struct case_state *state,
                                   const uint8_t digest[EVENT_DIGEST_SIZE]);
/* The legal date of an event (LANGUAGE §3), before the case's own checks; DATE_NONE where the
 * declared field is missing. */
int32_t event_legal_date(const struct program *program, int32_t event_index,
                         const struct value *typed_data, const struct case_event *event,
                         int64_t now_ms, int zone_minutes);
/* Is the program, which has a start event, in effect on the legal date of this one? Data that does
 * not fit its declaration leaves the question open (true): then case_step refuses with what is
 * wrong with it. */
bool event_may_start(const struct program *program, const struct rules *rules,
                     const struct case_event *event, int64_t now_ms, struct arena *scratch);
/* The invariant, asserted after each step in tests and in the simulator. */
void case_check(const struct program *program, const struct case_state *state);

#endif
