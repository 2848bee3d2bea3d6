/* How a comparison puts things into words: phrases in both languages at once, and sentences from
 * one table. Private to the files of diff. */
#ifndef LD_LANGUAGE_DIFF_PARTS_H
#define LD_LANGUAGE_DIFF_PARTS_H

#include "workflows/language/diff.h"

enum diff_code {
#define X(name, word, zh, en) DIFF_CODE_##name,
#include "workflows/language/diff_codes.inc"
#undef X
    DIFF_CODE_COUNT
};

/* Old and new of what is compared, and where the findings go. */
struct diff_pair {
    struct diff *diff;
    const struct program *before, *after;
};

enum { DIFF_ARGUMENTS_MAX = 4 };

/* Templates name arguments as %1..%4. */
struct title diff_phrase(struct diff *diff, const char *zh, const char *en,
                         const struct title *arguments, uint32_t count);
/* Adds a sentence. The arguments are listed behind it: DIFF_ADD(diff, CODE, name, a, b). */
void diff_add(struct diff *diff, enum diff_code code, struct bytes subject,
              const struct title *arguments, uint32_t count);
#define DIFF_ARGUMENTS(...)                                                                        \
    (const struct title[]){__VA_ARGS__},                                                           \
        sizeof((const struct title[]){__VA_ARGS__}) / sizeof(struct title)
#define DIFF_ADD(diff, name, subject, ...)                                                         \
    diff_add(diff, DIFF_CODE_##name, subject, DIFF_ARGUMENTS(__VA_ARGS__))
#define DIFF_PHRASE(diff, zh, en, ...) diff_phrase(diff, zh, en, DIFF_ARGUMENTS(__VA_ARGS__))

/* The same in both languages; a literal in each; a number. */
struct title diff_same(struct bytes text);
struct title diff_words(const char *zh, const char *en);
struct title diff_number(struct diff *diff, int64_t number);
/* “text”, or 无 and none where it is empty. Of a title without English the Chinese stands. */
struct title diff_quoted(struct diff *diff, struct title title);
struct title diff_quoted_text(struct diff *diff, struct bytes text);
/* 甲、乙 and a, b. */
struct title diff_join(struct diff *diff, const struct title *items, uint32_t count);

bool diff_title_equal(const struct title *left, const struct title *right);
/* The same expression however it is spaced; both may be NULL. */
bool diff_expr_equal(struct diff *diff, const struct expr *left, const struct expr *right);
/* The expression as it is written; 无 and none for NULL. */
struct title diff_expr(struct diff *diff, const struct expr *expr);

struct title diff_state_name(struct diff *diff, const struct program *program, int32_t state);
struct title diff_event_name(struct diff *diff, const struct program *program, int32_t event);
struct title diff_party_name(struct diff *diff, const struct program *program, int32_t party);
/* 2 个月; 2 months; where the amount is no plain number it stands as it is written. */
struct title diff_amount(struct diff *diff, const struct expr *amount, enum period_unit unit);
struct title diff_period(struct diff *diff, struct period period);

/* 责任方、其上级 and who, their supervisor: whom a rung or a notice tells. */
struct title diff_tells(struct diff *diff, const struct tell *tells, uint32_t count);

/* The parts of a workflow, a file each. */
void diff_data(const struct diff_pair *pair);
void diff_events(const struct diff_pair *pair);
void diff_states(const struct diff_pair *pair);
void diff_clocks(const struct diff_pair *pair);

/* The ways out of one place: an event in a state, the expiry of a clock. */
struct diff_branches {
    const struct branch *rows;
    uint32_t count;
};
void diff_branch_lists(const struct diff_pair *pair, struct bytes subject, struct title where,
                       struct diff_branches before, struct diff_branches after);
/* The sets and binds of two branches. */
void diff_assignments(const struct diff_pair *pair, struct bytes subject, struct title where,
                      const struct branch *before, const struct branch *after);
/* What two branches open, emit and tell. */
void diff_actions(struct diff *diff, struct bytes subject, struct title where,
                  const struct branch *before, const struct branch *after);
/* 转到状态“办结”,并开立下级案件“整改事项”: where a branch leads, and what it does beside. */
struct title diff_with_actions(struct diff *diff, struct title effect, const struct branch *branch);
/* Where a branch leads, for people. */
struct title diff_branch_effect(struct diff *diff, const struct program *program,
                                const struct branch *branch);

#endif
