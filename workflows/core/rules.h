/* What a case is judged by beside its own program: the directory of units and the policy with its
 * ladders. Artifacts of their own, deployed and versioned; the shell hands the newest ones in. */
#ifndef LD_CORE_RULES_H
#define LD_CORE_RULES_H

#include "workflows/core/calendar.h"
#include "workflows/core/limits.h"
#include "workflows/core/period.h"

struct title {
    struct bytes zh;
    struct bytes en; /* may be empty: then zh is shown */
};

struct unit {
    struct bytes id;
    struct bytes kind; /* agency, procuratorate, police, government, court, … */
    struct title title;
    struct bytes supervisor; /* a unit's id, or empty */
};

struct directory_role {
    struct bytes name; /* joint-office, convener, … */
    struct bytes unit;
};

struct directory {
    struct bytes id;
    uint32_t version;
    int zone_minutes;
    const struct unit *units; /* sorted by id */
    uint32_t unit_count;
    const struct directory_role *roles; /* sorted by name */
    uint32_t role_count;
};

/* NULL where there is none. O(log units). */
const struct unit *directory_unit(const struct directory *directory, struct bytes id);
/* The unit that holds a role, or NULL. */
const struct unit *directory_role_unit(const struct directory *directory, struct bytes role);

/* Lowest first: of several at one instant the highest remains. */
#define ALERT_LEVEL_TABLE(X)              \
    X(NONE, "none", "无", "none")         \
    X(NOTICE, "notice", "提示", "notice") \
    X(WARNING, "warning", "预警", "warning") \
    X(URGENT, "urgent", "临期", "urgent") \
    X(LAST_DAY, "last-day", "到期日", "last day") \
    X(OVERDUE, "overdue", "逾期", "overdue") \
    X(ESCALATED, "escalated", "升级督办", "escalated")

enum alert_level {
#define X(name, word, zh, en) ALERT_##name,
    ALERT_LEVEL_TABLE(X)
#undef X
    ALERT_LEVEL_COUNT
};

const char *alert_level_word(enum alert_level level);

enum tell_kind {
    TELL_WHO,        /* the unit answerable for the clock */
    TELL_PARTY,      /* a party of the case, by name */
    TELL_UNIT,       /* a unit of the directory */
    TELL_ROLE,       /* a role of the directory */
};

struct tell {
    enum tell_kind kind;
    bool is_supervisor; /* supervisor(X): the supervisor of that unit, not the unit */
    struct bytes name;  /* party, unit or role; empty for who */
};

/* What a rung's draft can be told of the clock that it is about. */
#define RUNG_FACT_TABLE(X) \
    X(CLOCK, "clock")      \
    X(TITLE, "title")      \
    X(BASIS, "basis")      \
    X(DUE, "due")          \
    X(LEVEL, "level")

enum rung_fact {
#define X(name, word) RUNG_FACT_##name,
    RUNG_FACT_TABLE(X)
#undef X
    RUNG_FACT_COUNT
};

struct rung_value {
    struct bytes name; /* a field of the draft */
    enum rung_fact fact; /* text; DUE: a date, the last day */
};

struct rung_party {
    struct bytes name; /* a party of the draft */
    struct tell tell;
};

/* A rung that opens a sub-case: a draft for a named person to sign. Its id is CASE/WORKFLOW-N. */
struct rung_draft {
    struct bytes workflow;
    const struct rung_value *values;
    uint32_t value_count;
    const struct rung_party *parties;
    uint32_t party_count;
};

struct rung {
    int32_t amount;        /* 0 and PERIOD_UNTIL: the due instant itself */
    enum period_unit unit; /* HOURS, DAYS, WORKING_DAYS, MONTHS; UNTIL means `due` itself */
    bool is_before;        /* due - amount; `due - 0 days` is the last day at the policy's hour */
    enum alert_level level;
    const struct tell *tell;
    uint32_t tell_count;
    struct period repeat;     /* amount 0: none */
    struct period ack_within; /* amount 0: none */
    const struct tell *else_tell;
    uint32_t else_tell_count;
    const struct rung_draft *draft; /* `open`, or NULL */
};

struct ladder {
    struct bytes name;
    const struct rung *rungs;
    uint32_t rung_count;
};

struct policy {
    struct bytes id;
    uint32_t version;
    uint8_t alert_hour;   /* 0..23 */
    int32_t backdate_days; /* an older legal date is taken and flagged as a late entry */
    const struct ladder *ladders; /* sorted by name */
    uint32_t ladder_count;
};

const struct ladder *policy_ladder(const struct policy *policy, struct bytes name);

/* The three together, as every step takes them. */
struct rules {
    const struct calendar *calendar;
    const struct policy *policy;
    const struct directory *directory;
};

#endif
