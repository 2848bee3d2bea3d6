/* The clients of a benchmark: threads that publish the workload in a closed loop, each over a
 * connection of its own. Each keeps so many messages out and sends the next one only when one is
 * answered, so that what is measured is the system and not a growing queue. */
#ifndef LD_BENCH_DRIVE_H
#define LD_BENCH_DRIVE_H

#include "tools/bench/audit.h"
#include "tools/bench/histogram.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    DRIVE_CLIENTS_MAX = 64,
    DRIVE_PARTITIONS_MAX = 64,
    DRIVE_OUTSTANDING_MAX = 256, /* messages of one client */
    DRIVE_EVENTS_MAX = 256,      /* of one message */
};

struct drive_options {
    const char *url;
    uint32_t partitions;
    uint32_t cases; /* open at any time, over all clients */
    uint32_t clients;
    uint32_t outstanding; /* messages, each client */
    uint32_t per_message; /* events */
    uint32_t hot_percent; /* of the events: for the hundredth of the cases that is hot */
    uint64_t open_ns;     /* at most so long until all cases are open */
    uint64_t run_ns;      /* so long they publish then */
    uint64_t events;      /* each client publishes so many at most; 0: no bound */
};

struct drive_result {
    struct histogram latency; /* nanoseconds from handing a message over to its fates; by message */
    uint64_t events, messages;
    uint64_t duplicates; /* answered so because a message went again after a silence */
    uint64_t refused, fateless;
    char refusal[64]; /* the code of the first */
};

struct drive_client;

struct drive {
    struct drive_options options;
    struct drive_client *clients; /* options.clients, owned */
    struct acked *acked;          /* a client's, of both phases; owned */
    uint32_t started;
    pthread_mutex_t mutex;
    pthread_cond_t gate;           /* behind it the clients publish */
    bool is_gate_open;             /* under the mutex */
    atomic_bool is_stopped;        /* somebody wants it to end before its time */
    atomic_uint_fast64_t answered; /* of this phase, for those who watch */
    _Atomic int running;           /* clients that are not done with this phase */
};

/* Starts the clients, which begin to open cases. LD_FULL: no memory or threads. Close it whatever
 * comes back. */
LD_MUST_USE enum ld_err drive_open(const struct drive_options *options, struct drive *drive);
/* Whether a phase still goes on: first that of opening, after drive_begin that of publishing. */
bool drive_is_running(struct drive *drive);
/* After the first phase: all clients stand still until this lets them publish. LD_TIMEOUT: not all
 * cases were opened in time; LD_IO: a client lost its connection; LD_BUSY: they are not done. Then
 * nobody publishes. */
LD_MUST_USE enum ld_err drive_begin(struct drive *drive);
/* After the second phase; the same errors. What is added up is the second phase alone. */
LD_MUST_USE enum ld_err drive_end(struct drive *drive, struct drive_result *ret_result);
void drive_close(struct drive *drive);

#endif
