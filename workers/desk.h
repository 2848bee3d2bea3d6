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
    DESK_ROOM = 4 << 20, /* one more case and one more event need no more than this */
};

_Static_assert(DESK_SLOTS >= 2 * BATCH_CASES_MAX, "the hash stays half empty");

struct desk_case {
    struct case_state state;
    const struct program *program;
    struct rules rules;
    size_t size_max; /* at least what its record will need */
    bool is_changed; /* by a row of this batch */
    bool is_parked;  /* its clocks cannot be derived: no instant is kept for it */
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
/* A case that does not exist yet, on the desk but not counted until desk_keep: to be started.
 * LD_FULL. */
LD_MUST_USE enum ld_err desk_blank(struct desk *desk, const struct program *program,
                                   const struct rules *rules, struct bytes case_id,
                                   struct desk_case **ret_case);
void desk_keep(struct desk *desk, struct desk_case *blank);
/* Puts of all changed cases. LD_FULL: a record is larger than the bound that was watched. */
LD_MUST_USE enum ld_err desk_to_puts(const struct desk *desk, struct batch *batch);
/* One case as a put; the record is written into the buffer. */
void desk_put(const struct desk_case *held, struct buffer *record, struct store_put *ret_put);

#endif
