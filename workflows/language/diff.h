/* What changed between two versions of a definition, in sentences that an administrator
 * understands: a deadline from 2 months to 15 days, not lines of a file. What means the same is the
 * same: comments, layout and the order of names are no change, the order of branches is one. A
 * thing with a new name is one that went and one that came. */
#ifndef LD_LANGUAGE_DIFF_H
#define LD_LANGUAGE_DIFF_H

#include "workflows/core/program.h"

/* In the order in which they are told. The words are stable: they stand in JSON. */
#define DIFF_PART_TABLE(X)                                                                         \
    X(HEAD, "head", "概况", "general")                                                             \
    X(PARTIES, "parties", "当事方", "parties")                                                     \
    X(DATA, "data", "案件数据", "case data")                                                       \
    X(EVENTS, "events", "事件", "events")                                                          \
    X(STATES, "states", "状态与流转", "states and transitions")                                    \
    X(CLOCKS, "clocks", "期限", "clocks")                                                          \
    X(DAYS, "days", "日历", "calendar")                                                            \
    X(LADDERS, "ladders", "提醒阶梯", "ladders")                                                   \
    X(UNITS, "units", "单位与职位", "units and roles")

enum diff_part {
#define X(name, word, zh, en) DIFF_##name,
    DIFF_PART_TABLE(X)
#undef X
        DIFF_PART_COUNT
};

struct diff_row {
    struct diff_row *next;
    enum diff_part part;
    const char *code;     /* stable: "clock-period" */
    struct bytes subject; /* the name of the clock, event…; empty: the definition's own head */
    struct bytes zh, en;  /* a sentence */
};

/* Rows live in the arena and stand in the order of the parts. */
struct diff {
    struct arena *arena;
    struct diff_row *first, *last;
    uint32_t count;
    enum diff_part part; /* of the rows that are added now */
};

const char *diff_part_word(enum diff_part part);
const char *diff_part_zh(enum diff_part part);
const char *diff_part_en(enum diff_part part);

/* Each begins anew. False: the arena is full, and rows are missing. O(names^2) of one kind. */
LD_MUST_USE bool diff_workflows(const struct program *before, const struct program *after,
                                struct arena *arena, struct diff *ret_diff);
LD_MUST_USE bool diff_calendars(const struct calendar *before, const struct calendar *after,
                                struct arena *arena, struct diff *ret_diff);
LD_MUST_USE bool diff_policies(const struct policy *before, const struct policy *after,
                               struct arena *arena, struct diff *ret_diff);
LD_MUST_USE bool diff_directories(const struct directory *before, const struct directory *after,
                                  struct arena *arena, struct diff *ret_diff);

#endif
