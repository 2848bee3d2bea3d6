/* Between the files of a story, and nobody else: the cases that it plays, what they do to each
 * other, and the check of one step's expectations. */
#ifndef LD_LANGUAGE_STORY_PARTS_H
#define LD_LANGUAGE_STORY_PARTS_H

#include "workflows/language/story.h"
#include "workflows/language/yaml.h"

/* A daily reminder over centuries is a mistake that is to end soon: 8,192 rows take some 40 ms. */
enum { STORY_STEPS_MAX = 1024, STORY_ROWS_MAX = 8192, STORY_SCRATCH_SIZE = 16 << 20 };

/* A case that exists, or that a step has named. */
struct played_case {
    struct bytes id;
    const struct story_actor *actor; /* NULL: it does not exist */
    struct case_state state;
    bool is_new;        /* opened by the present transaction */
    uint32_t named_row; /* the first row after the last step that named it */
    bool is_astray;     /* refused once where it should not have been: compared no more */
    bool is_parked;     /* an instant of it cannot be decided: it wants none any more */
};

/* An event that a case emitted, on its way to another. */
struct sent_event {
    struct case_event event;
    struct bytes workflow; /* which it is to open, or empty */
    int64_t at_ms;
    int32_t row; /* that emitted it */
    struct sent_event *next;
};

struct player {
    const struct story *story;
    const struct story_cast *cast;
    struct arena *arena;
    struct arena scratch; /* of one transaction */
    struct diagnostics *diagnostics;
    struct played_case *cases; /* STORY_CASES_MAX */
    uint32_t case_count;
    struct story_row *rows;
    uint32_t row_count, row_capacity;
    struct sent_event *first_sent, *last_sent;
    struct fact *facts; /* EFFECTS_MAX: where each step writes before its facts are kept */
    /* The present transaction. */
    struct story_row root; /* what its first row has of the event; the others are caused by it */
    uint32_t root_row;
};

/* story_family.c: one input and all that follows from it, in rows. */

/* The slot of an id, a new one where nobody has named it yet. NULL: there are too many. */
struct played_case *player_case(struct player *player, struct bytes id);
/* The case of the input becomes one of the actor's where it does not exist. root: kind, step,
 * event, cause and instant of the first row. */
LD_MUST_USE enum ld_err player_input(struct player *player, struct played_case *played,
                                     const struct story_actor *actor,
                                     const struct case_input *input, const struct story_row *root);
/* An event that no case gets to see: the row alone. */
LD_MUST_USE enum ld_err player_refuse(struct player *player, struct bytes case_id,
                                      const struct story_row *root, enum refusal refusal,
                                      struct bytes detail);

/* story_copy.c: all that a row keeps of a step. False: the arena is full. */
bool story_copy_effects(const struct effects *effects, struct arena *arena,
                        struct effects *ret_copy);

/* story_start.c: which workflow an event opens, as a worker finds it. */
enum story_start { STORY_START_FOUND, STORY_START_NONE, STORY_START_LATER, STORY_START_AMBIGUOUS };

/* The event as it is for a program: what a step writes is typed by the declaration. */
struct case_event story_event_for(const struct program *program, const struct case_event *event,
                                  const struct yaml_node *data, struct arena *arena);
enum story_start story_start(const struct player *player, const struct case_event *event,
                             const struct yaml_node *data, struct bytes workflow, int64_t now_ms,
                             const struct story_actor **ret_actor);
/* The newest version of a workflow in effect on a date, or NULL. */
const struct story_actor *story_effective(const struct story_cast *cast, struct bytes workflow,
                                          int32_t date);

/* What a step's expectations are held against. */
struct story_view {
    const struct program *program; /* NULL: there is no such case */
    const struct rules *rules;     /* NULL likewise */
    const struct story_row *rows;  /* all so far */
    uint32_t row_count;
    uint32_t named_row;             /* the first row after the last step that named the case */
    const struct case_state *state; /* the step's case now */
    const struct played_case *cases;
    uint32_t case_count;
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
    "parties, subs, emitted"

/* Is the expectation `what` written as it must be? Diagnoses it where not. */
bool story_has_kind(const struct story_view *view, const struct yaml_node *node,
                    enum yaml_kind kind, const char *what);
/* A buffer of the arena for words of a finding. */
struct buffer story_words(const struct story_view *view, size_t size);

/* story_notice.c: the expectations about what waits and what was told at once. */
void story_expect_notices(const struct story_view *view, const struct yaml_node *node);
void story_expect_held(const struct story_view *view, const struct yaml_node *node);
void story_expect_suspended(const struct story_view *view, const struct yaml_node *node);

/* story_across.c: the expectations about other cases. */
void story_expect_subs(const struct story_view *view, const struct yaml_node *node);
void story_expect_emitted(const struct story_view *view, const struct yaml_node *node);

#endif
