/* The cases that a batch has taken up: decoded once, changed in memory by any number of its events,
 * written once. Recovery uses the same desk. Everything on it lives in one arena and goes with it.
 */
#ifndef LD_WORKERS_DESK_H
#define LD_WORKERS_DESK_H

#include "workers/batch.h"
#include "workers/shelf.h"

enum {
    DESK_SLOTS = 4096, /* of the hash: twice the cases and a power of two */
    DESK_ARENA_SIZE = 64 << 20,
    DESK_ROOM = 4 << 20,            /* one more case and one more event need no more than this */
    DESK_STEP_ROOM = DESK_ROOM / 2, /* nor the facts of one more step than this */
};

_Static_assert(DESK_SLOTS >= 2 * BATCH_CASES_MAX, "the hash stays half empty");

struct desk_case {
    struct case_state state; /* stands first: desk_case_of */
    const struct program *program;
    struct rules rules;
    size_t size_max; /* at least what its record will need */
    bool is_changed; /* by a row of this batch */
    bool is_parked;  /* its clocks cannot be derived: no instant is kept for it */
    bool is_saved;   /* what it was before the present step stands in a desk_save */
    uint32_t stuck;  /* instants in a row after which it wanted the same one again */
};

struct desk {
    struct arena arena;
    struct desk_case cases[BATCH_CASES_MAX];
    uint32_t count;
    uint16_t slots[DESK_SLOTS]; /* index + 1; 0: free */
    size_t put_size;            /* sum of size_max */
};

bool desk_init(struct desk *desk); /* false: no memory */
void desk_fini(struct desk *desk);
void desk_clear(struct desk *desk);

/* May another step be taken, on a case that is here or on a new one? */
bool desk_has_room(const struct desk *desk);
/* The case, from the desk or else from the store. LD_NOT_FOUND: there is none; LD_FULL: the desk
 * has no room, commit first; LD_CORRUPT: its record is damaged or its program is not here. */
LD_MUST_USE enum ld_err desk_take(struct desk *desk, struct store *store, const struct shelf *shelf,
                                  struct bytes case_id, struct arena *scratch,
                                  struct desk_case **ret_case);
/* A case that does not exist yet, to be started or taken away again by desk_restore. The caller
 * knows that there is none (desk_take). LD_EXISTS: one is being started already; LD_FULL. */
LD_MUST_USE enum ld_err desk_blank(struct desk *desk, const struct program *program,
                                   const struct rules *rules, struct bytes case_id,
                                   struct desk_case **ret_case);
/* The case whose state it is. */
struct desk_case *desk_case_of(struct case_state *state);
/* Is it of the family of that root? */
bool desk_is_of(const struct desk_case *held, struct bytes root);
/* Are there cases here that are not of the family of that root? O(cases). */
bool desk_has_others(const struct desk *desk, struct bytes root);

/* What the desk was before a step that may change several cases. */
struct desk_copy;

struct desk_save {
    struct arena *arena; /* of the copies */
    size_t arena_mark, desk_mark;
    uint32_t count;
    size_t put_size;
    struct desk_copy *copies;
};

/* O(1): cases are copied as they are changed. Saves may stand within one another. */
struct desk_save desk_save(const struct desk *desk, struct arena *arena);
/* Before a case changes that has been here at the save; once is enough. LD_FULL: arena. */
LD_MUST_USE enum ld_err desk_save_case(struct desk *desk, struct desk_save *save,
                                       struct desk_case *held);
/* Had a case that is saved changed before? */
bool desk_was_changed(const struct desk_save *save, const struct desk_case *held);
/* All is as it was: what came later is gone. */
void desk_restore(struct desk *desk, struct desk_save *save);
/* What was done stays, but for blanks that were not started. */
void desk_release(struct desk *desk, struct desk_save *save);

/* Puts of all changed cases. LD_FULL: a record is larger than the bound that was watched. */
LD_MUST_USE enum ld_err desk_to_puts(const struct desk *desk, struct batch *batch);
/* One case as a put; the record is written into the buffer. */
void desk_put(const struct desk_case *held, struct buffer *record, struct store_put *ret_put);

#endif
