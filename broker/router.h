/* Who gets which message: the broker as a pure state machine over peers, partitions and bounded
 * queues. It sees headers and sizes, never a body; it holds what is in flight and nothing that
 * matters after a crash. The loop (loop.c) owns sockets and bodies; the simulator drives the same
 * function.
 *
 *   client message ─▶ [accept | busy | error] ─▶ queue of its partition ─credit─▶ its worker
 *   worker reply   ─▶ by token ─▶ the client that waits for it
 *
 * A worker that is silent for HEARTBEAT_DEAD_MS or whose connection is gone loses its partition's
 * registration; what it had not answered goes back to the front of the queue, in order, marked
 * `again`. A registration with a higher epoch fences the present one; a lower one is refused.
 *
 * The worker's side, message by message:
 *   register {partition, epoch, pid, credit} ─▶ registered {partition, partitions}, or fenced: exit
 *   beat {credit} every HEARTBEAT_MS         ─▶ pong; or error no-hello: register (again)
 *   deliver {token, inner, partition, again} ─▶ reply {token, inner, code?, credit?}, in any order
 * Credit is a window, not a count of tokens: how many unanswered deliveries the worker allows in
 * all, the last word of the worker counting. A beat without credit closes it, a reply without
 * credit leaves it. A token is good for one giving: after a loss the delivery has a new one. The
 * same process (pid and epoch) may register again from a new connection; what it had not answered
 * is delivered again. */
#ifndef LD_BROKER_ROUTER_H
#define LD_BROKER_ROUTER_H

#include "base/bytes.h"
#include "proto/wire.h"

enum {
    ROUTER_PARTITIONS_MAX = 64,
    ROUTER_CLIENTS_MAX = 4096,
    ROUTER_DELIVERIES_MAX = 16384, /* messages held, all partitions together */
    ROUTER_PARTITION_MESSAGES_MAX = 4096,
    ROUTER_PARTITION_BYTES_MAX = 64 << 20,
    ROUTER_CLIENT_MESSAGES_MAX = 1024, /* of one client, unanswered */
    ROUTER_CLIENT_BYTES_MAX = 32 << 20,
    ROUTER_EFFECTS_MAX = 64,
    ROUTER_ASKS_MAX = 256, /* requests to all partitions that are being gathered */
    ROUTER_CLIENT_IDLE_MS = 300000,
    ROUTER_CREDIT_MAX = 1024, /* a worker's window, whatever it asks for */
    ROUTER_LOSSES_MAX = 10,   /* given and lost so often: answered as unavailable */
};

/* A connection, as the loop names it: never chosen by the peer. */
struct router_peer {
    uint64_t id;
};

enum router_input_kind {
    ROUTER_CLIENT_MESSAGE, /* header, body_size, body: a handle of the loop's */
    ROUTER_WORKER_MESSAGE,
    ROUTER_CLIENT_GONE,
    ROUTER_WORKER_GONE,
    ROUTER_TICK, /* time has passed; or effects were cut off: there is more to do */
};

/* The time is of a clock that never falls; a step takes the body handle over, and gives each one
 * back exactly once: by TO_CLIENT, GATHERED, ASKED or DROP_BODY. */
struct router_input {
    enum router_input_kind kind;
    int64_t now_ms;
    struct router_peer peer;
    struct wire_header header;
    uint64_t body; /* the loop's handle of the body frame; 0: none */
    size_t body_size;
};

enum router_effect_kind {
    ROUTER_TO_CLIENT, /* header with the body handle, which goes with it, or without (0) */
    ROUTER_TO_WORKER, /* the loop keeps the body: it may have to go again */
    ROUTER_DROP_BODY, /* nobody needs the handle any more */
    ROUTER_GATHERED,  /* all partitions answered: bodies[0..body_count) as one list to the client */
    ROUTER_READY,     /* every partition has its worker, for the first time or again */
    ROUTER_ASKED,     /* a request to the broker itself: the loop answers peer and drops the body */
};

struct router_effect {
    enum router_effect_kind kind;
    struct router_peer peer;
    struct wire_header header;
    uint64_t body;
    uint64_t bodies[ROUTER_PARTITIONS_MAX];       /* by partition; 0: it answered without a body */
    enum wire_error codes[ROUTER_PARTITIONS_MAX]; /* of the partitions that answered with error */
    uint32_t body_count;
};

struct router_effects {
    struct router_effect rows[ROUTER_EFFECTS_MAX];
    uint32_t count;
    bool is_cut; /* more is to be done: call with ROUTER_TICK at once */
};

/* Opaque: large, allocated once. */
struct router;

struct router *router_create(uint32_t partitions, uint64_t session);
void router_destroy(struct router *router);
void router_step(struct router *router, const struct router_input *input,
                 struct router_effects *effects);
/* The invariant: counts agree, every delivery is in one queue, bounds hold. */
void router_check(const struct router *router);

struct router_partition_status {
    bool has_worker;
    uint64_t epoch;
    uint32_t pid;
    uint32_t queued, in_flight;
};

void router_partition(const struct router *router, uint32_t partition,
                      struct router_partition_status *ret_status);
uint32_t router_client_count(const struct router *router);

#endif
