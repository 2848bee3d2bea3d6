/* The delivery of emitted events as a pure state machine: which are under way, whose fate has come,
 * when to send again, and how far the durable mark may go. It sees positions and numbers, never an
 * event's content; mailbag.h reads and packs, courier_run.c drives both over the broker.
 *
 *   journal rows ─courier_add─▶ WAITING ──courier_send──▶ OUT ──fates──▶ DONE ─▶ the mark goes on
 *                                  ▲─────────error, busy────┘
 *
 * To each partition at most one message is under way; what has gathered behind it meanwhile is the
 * next. So the events of one subject, which are all of one partition, keep their order, and a
 * partition that is away holds up no other until the window is full of its events.
 *
 * Delivery is at least once: the mark follows behind, and after a crash what it does not cover goes
 * out again, under the same ids, which the cases remember. Any fate is one, a refusal too. */
#ifndef LD_WORKERS_COURIER_H
#define LD_WORKERS_COURIER_H

#include "base/err.h"
#include "proto/wire.h"
#include "workflows/core/limits.h"

enum {
    COURIER_WINDOW = 4096,  /* events that were read and have no fate, or stand behind such a one */
    COURIER_TRIPS = 64,     /* partitions that messages are under way to */
    COURIER_BATCH = 256,    /* events of one message */
    COURIER_KEEP_MS = 1000, /* the mark is written no more often, */
    COURIER_KEEP_ROWS = 64 << 10, /* and for rows that emitted nothing only so many at a time */
    COURIER_DELAY_FIRST_MS = 250, /* before a partition is tried again; it doubles */
    COURIER_DELAY_MAX_MS = 5000,
};

_Static_assert(COURIER_WINDOW >= 2 * EFFECTS_MAX, "the events of a row fit");

enum parcel_status { PARCEL_WAITING, PARCEL_OUT, PARCEL_DONE };

/* An emitted event: fact number `fact` of the journal row at the position. */
struct parcel {
    uint64_t position;
    int64_t emitted_ms;
    uint32_t fact;
    uint32_t partition; /* of its subject */
    enum parcel_status status;
};

enum trip_status {
    TRIP_NONE,
    TRIP_OUT,     /* the message with number seq is under way */
    TRIP_RESTING, /* nothing goes there before retry_ms */
};

struct trip {
    enum trip_status status;
    uint32_t partition;
    uint64_t seq;
    uint32_t count; /* events of the message */
    uint32_t tries; /* in vain, one after the other */
    uint32_t alone; /* so many events go in a message each: one of them is not taken at all */
    int64_t retry_ms;
};

struct courier {
    uint64_t read;                         /* every row up to here was looked at */
    uint64_t kept;                         /* the durable mark, as far as is known */
    int64_t kept_ms;                       /* when it was last moved */
    bool has_delivered;                    /* an event got its fate since then */
    struct parcel parcels[COURIER_WINDOW]; /* a ring in the order of the journal */
    uint32_t first, count;
    struct trip trips[COURIER_TRIPS];
};

/* Goes on behind the durable mark. */
void courier_init(struct courier *courier, uint64_t kept, int64_t now_ms);

/* May another row be read? */
bool courier_has_room(const struct courier *courier);
/* An event of the row behind `read`, which has room for all of that row. */
void courier_add(struct courier *courier, const struct parcel *parcel);
/* All rows up to here have been looked at, and their events added. */
void courier_read_to(struct courier *courier, uint64_t position);

/* What is to be sent now: places of events of one partition, in order. 0: nothing. */
uint32_t courier_pick(const struct courier *courier, int64_t now_ms,
                      uint32_t ret_places[COURIER_BATCH]);
const struct parcel *courier_parcel(const struct courier *courier, uint32_t place);
/* The first count of the picked places have gone out as message seq. */
void courier_send(struct courier *courier, const uint32_t *places, uint32_t count, uint64_t seq);
/* The event cannot be put into a message at all; no try would mend it. */
void courier_give_up(struct courier *courier, uint32_t place);

enum courier_verdict {
    COURIER_UNKNOWN,  /* no such message is under way */
    COURIER_DONE,     /* each of its events has its fate */
    COURIER_AGAIN,    /* its events go again */
    COURIER_GIVEN_UP, /* its one event is of a form that nobody takes */
};

/* Fates came for a message. A count that is not the message's own is an error of the other side. */
enum courier_verdict courier_fates(struct courier *courier, uint64_t seq, uint32_t count,
                                   int64_t now_ms);
enum courier_verdict courier_error(struct courier *courier, uint64_t seq, enum wire_error code,
                                   int64_t now_ms);
/* The connection was given up: everything that is out goes again. */
void courier_recall(struct courier *courier, int64_t now_ms);
bool courier_is_out(const struct courier *courier);

/* How far the mark may go: every event of a row up to here has its fate. */
uint64_t courier_cursor(const struct courier *courier);
/* Is it worth a write now? */
bool courier_wants_keep(const struct courier *courier, int64_t now_ms);
void courier_keep(struct courier *courier, uint64_t position, int64_t now_ms);
/* When there is something to do without rows or answers: now_ms where something is to be sent at
 * once; INT64_MAX: never. */
int64_t courier_next_ms(const struct courier *courier, int64_t now_ms);
/* Events without a fate, and when the first of them was emitted (0: there is none). */
uint32_t courier_waiting(const struct courier *courier, int64_t *ret_oldest_ms);

/* The invariant: the ring is in order, and what is out is counted by its trip. */
void courier_check(const struct courier *courier);

#endif
