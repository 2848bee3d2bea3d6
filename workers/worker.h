/* The worker process: five threads around one store.
 *
 *   loop (ZeroMQ, libuv) ──writer_box──▶ writer (agenda) ──out_box──▶ loop
 *                        ──query_box───▶ query  (views)  ──out_box──▶ loop
 *                                        merger (store.merge)
 *   courier (client of the broker) ── reads the journal, publishes what it emitted; the writer
 *                                     keeps how far it has come
 *
 * Each thread's own state is its own; what is shared is written here, with who may touch it. */
#ifndef LD_WORKERS_WORKER_H
#define LD_WORKERS_WORKER_H

#include "workers/agenda.h"
#include "workers/delivery.h"
#include "workers/mailbox.h"

#include <stdatomic.h>

enum {
    WORKER_CREDIT = 1024, /* deliveries that may be unanswered: parked fetches among them */
    WORKER_PARKED_MAX = 512,
    WORKER_EXIT_DOUBT = 75,    /* EX_TEMPFAIL: start it again, it recovers */
    WORKER_EXIT_UNUSABLE = 78, /* EX_CONFIG: starting it again will not help */
};

struct worker {
    uint32_t partition;
    const char *broker_url;
    const char *clients_url; /* where the courier publishes; NULL: nothing is delivered */
    struct store *store; /* get, due, append: the writer; merge: under merging; views: all */
    struct store_identity identity;
    uint64_t epoch;
    struct shelf *shelf;       /* the writer stages and publishes; all read */
    struct engine_clock clock; /* the writer's */
    struct poison poison;      /* the writer's */
    struct agenda *agenda;     /* the writer's */
    struct mailbox writer_box, query_box, merger_box, courier_box, out_box;
    pthread_mutex_t merging; /* one merge at a time */
    _Atomic int64_t now_ms;  /* the engine's time after the writer's last turn */
    _Atomic uint64_t last_position;
    _Atomic uint64_t delivered;      /* the courier's mark, for the writer to keep */
    struct delivery_report delivery; /* the courier's */
    void (*notify)(void *context); /* there is something in out_box; any thread calls it */
    void *notify_context;
};

/* What the machine's clocks say now. */
struct clock_reading worker_read_clock(void);
/* The store did not say what became of a write, or another owns it: nothing may be said or done any
 * more, also not by the other threads. */
_Noreturn void worker_stop_in_doubt(const char *what);

/* The threads' functions; the argument is the worker. Each ends when its mailbox is closed. */
void *writer_run(void *worker);
void *query_run(void *worker);
void *merger_run(void *worker);
void *courier_run(void *worker);
/* Merges what has changed up to now into the state, now. */
void merger_merge(struct worker *worker);

/* The loop, until SIGTERM or SIGINT: 0; or until the broker says that another has the partition:
 * WORKER_EXIT_DOUBT. Answers of the other threads are sent to the last when it is called again
 * with is_draining, after they have ended. */
struct loop;
LD_MUST_USE enum ld_err loop_create(struct worker *worker, struct loop **ret_loop);
int loop_run(struct loop *loop);
void loop_drain(struct loop *loop);
void loop_destroy(struct loop *loop); /* takes NULL */

#endif
