/* Between the files of a story, and nobody else: the cases that it plays, and the check of one
 * step's expectations. */
#ifndef LD_LANGUAGE_STORY_PARTS_H
#define LD_LANGUAGE_STORY_PARTS_H

#include "workflows/language/story.h"
#include "workflows/language/yaml.h"

/* A daily reminder over centuries is a mistake that is to end soon: 8,192 rows take some 40 ms. */
enum { STORY_STEPS_MAX = 1024, STORY_ROWS_MAX = 8192, STORY_CASES_MAX = 64 };

/* What a step's expectations are held against. */
struct story_view {
    const struct program *program;
    const struct rules *rules;
    const struct story_row *rows; /* all so far, the step's own event the last of them */
    uint32_t row_count;
    uint32_t alerts_from;           /* the first row after the last step that named the case */
    const struct case_state *state; /* the step's case now */
    struct bytes case_id;
    const struct effects *effects; /* of the step's event; NULL where it has none */
    struct arena *arena;
    struct diagnostics *diagnostics;
};

/* Diagnoses each expectation of the mapping that does not hold. True: the event was refused and
 * should not have been. The case is on another way then: that is the one finding, and its later
 * steps have nothing to say. */
bool story_expect(const struct story_view *view, const struct yaml_node *expect);
/* Keys that `expect` may have; false for any other. */
bool story_expect_knows(struct bytes key);
#define STORY_EXPECT_KEYS                                                                          \
    "fate, refusal, state, outcome, due, clocks, overdue, alerts, notices, held, suspended, "      \
    "data, "                                                                                       \
    "parties"

/* story_notice.c: the expectations about what waits and what was told at once. */
void story_expect_notices(const struct story_view *view, const struct yaml_node *node);
void story_expect_held(const struct story_view *view, const struct yaml_node *node);
void story_expect_suspended(const struct story_view *view, const struct yaml_node *node);

#endif
