/* The partition's engine as a plain object: what is to be done next, and doing it. One turn takes
 * waiting messages in their order and cases whose instant has come, decides them with the core,
 * appends all facts as one batch, and only then hands answers out.
 *
 *   inbox ─▶ decode ─▶ case_step … ─▶ one batch ─▶ append, synced ─▶ answers ─▶ outbox
 *
 * No threads and no sockets: the writer thread drives it, and so do the tests. */
#ifndef LD_WORKERS_AGENDA_H
#define LD_WORKERS_AGENDA_H

#include "workers/delivery.h"
#include "workers/engine_clock.h"
#include "workers/message.h"
#include "workers/poison.h"
#include "workers/shelf.h"
#include "workers/store.h"

enum { AGENDA_EVENTS_MAX = 1000, AGENDA_FIRINGS_MAX = 500 };

/* What the agenda works with; the owner keeps them alive and opens and closes them. */
struct agenda_rooms {
    struct store *store;
    struct shelf *shelf; /* empty: agenda_recover fills it */
    struct engine_clock *clock;
    struct poison *poison; /* NULL: no event is suspect */
    const struct delivery_report *delivery; /* NULL: nobody delivers emitted events */
};

struct agenda;

/* NULL: no memory. */
struct agenda *agenda_create(const struct agenda_rooms *rooms);
void agenda_destroy(struct agenda *agenda); /* takes NULL */

/* What was found in the store. */
struct agenda_recovery {
    int64_t now_ms;      /* the last persisted time; INSTANT_NONE: nothing was ever journalled */
    bool has_happenings; /* events, instants or a clock: not only deployments */
    uint64_t rows;       /* applied again */
};

/* Compiles the artifacts, reads the feeds, checks the chain at the journal's end and applies what
 * the state does not include yet. Facts are applied, never decided again. LD_CORRUPT, LD_FULL. */
LD_MUST_USE enum ld_err agenda_recover(struct agenda *agenda, struct agenda_recovery *ret_recovery);

enum agenda_outcome {
    AGENDA_OK,
    AGENDA_FULL, /* nothing was written: no space. What was asked for was answered so; wait */
    AGENDA_STOP, /* fenced, or nobody knows what was written: the process ends without a word */
};

/* One turn at the clock's present time. Messages are taken from the inbox; those that are answered
 * go to the outbox, in no particular order; one may stay with the agenda for the next turn. */
LD_MUST_USE enum agenda_outcome agenda_turn(struct agenda *agenda, struct list *inbox,
                                            struct list *outbox);
/* More is to be done at once, without a new message. */
bool agenda_is_busy(const struct agenda *agenda);
/* When the next case wants a turn, or INSTANT_NONE. */
int64_t agenda_next_ms(const struct agenda *agenda);

/* Where the delivery of emitted events goes on. LD_CORRUPT, LD_UNSUPPORTED. */
LD_MUST_USE enum ld_err agenda_delivered(const struct agenda *agenda, uint64_t *ret_position);
/* All that rows up to here emitted has its fate: the next turn keeps it. It never goes back. */
void agenda_deliver_to(struct agenda *agenda, uint64_t position);

struct agenda_status {
    uint64_t epoch, last_position;
    int64_t now_ms;
    uint64_t events, fired; /* since it was created */
    uint32_t parked;        /* cases whose clocks could not be derived */
    uint32_t damaged;       /* due cases that could not be read in the last turn */
    uint32_t feeds; /* subscriptions */
    struct store_identity identity;
};

void agenda_status(const struct agenda *agenda, struct agenda_status *ret_status);

/* Deploys as one turn without messages: what init does. LD_INVALID: a text is none of its kind. */
LD_MUST_USE enum ld_err agenda_seed(struct agenda *agenda, const struct store_artifact *artifacts,
                                    uint32_t count);

#endif
