/* Requests and their answers (proto/ask.h says what each means): a question as a value, an answer
 * as a value in the same arena. Each answer is made from a store's view or from one case; nothing
 * here writes. */
#ifndef LD_WORKERS_ASK_H
#define LD_WORKERS_ASK_H

#include "workers/message.h"
#include "workers/record.h"
#include "workers/shelf.h"
#include "workers/store.h"

enum { ASK_ROWS_DEFAULT = 100, ASK_ROWS_MAX = 500 };

struct ask {
    const struct value *question;
    struct arena *arena; /* the answer lives here */
    struct store *store;
    struct store_view *view;
    const struct shelf *shelf;
    uint32_t partition;
    int64_t now_ms;
    bool is_plain; /* ids and names without their titles: with them not even one row fits */
    /* What came of it. */
    enum wire_error code; /* NONE: answer counts */
    struct bytes detail;  /* of an error; may be empty */
    struct value answer;
};

/* Sets an error; a literal or what lives in the arena as detail. */
void ask_refuse(struct ask *ask, enum wire_error code, struct bytes detail);
/* `max` of the question within 1..ASK_ROWS_MAX. */
uint32_t ask_max(const struct ask *ask);
/* What to try after a page of max did not fit: half of it, and of a single row what is left without
 * the titles beside ids and names. 0: nothing is left to try. */
uint32_t ask_smaller(struct ask *ask, uint32_t max);
/* Whose units' titles the answer has; NULL where it has no titles beside ids and names. */
const struct directory *ask_directory(const struct ask *ask);
/* Encodes what came of it into the message. False: the answer is larger than the wire allows; ask
 * again for less. */
bool ask_reply(const struct ask *ask, struct message *message);

/* By the writer: the case as its record says. */
void ask_case(struct ask *ask, const struct program *program, const struct rules *rules,
              const struct case_state *state);
/* The rows of a case, oldest first, from its last position back; max of them. */
void ask_history(struct ask *ask, const struct program *program, const struct case_state *state,
                 uint32_t max);

/* By the query thread, from a view. */
void ask_cases(struct ask *ask, uint32_t max);
void ask_overdue(struct ask *ask, uint32_t max);
void ask_artifacts(struct ask *ask);
void ask_artifact(struct ask *ask);

/* A fetch goes on from `position`, which it moves over what it has looked at. True: there are
 * items, or it failed; false: nothing yet, wait or answer as it is. */
bool ask_fetch(struct ask *ask, uint64_t *position, uint32_t max);
/* The answer of a fetch that waited in vain. */
void ask_fetch_nothing(struct ask *ask, uint64_t position);

#endif
