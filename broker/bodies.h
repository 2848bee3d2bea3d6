/* Body frames by handle: the router moves numbers, the loop keeps the frames behind them. A frame
 * is never copied or looked into. Handles are from 1 on; 0 is no body (an empty frame). */
#ifndef LD_BROKER_BODIES_H
#define LD_BROKER_BODIES_H

#include "broker/router.h"

#include <zmq.h>

/* All that the router can hold (deliveries, asks with a body from every partition), and the one
 * that is on its way in. */
enum { BODIES_MAX = ROUTER_DELIVERIES_MAX + ROUTER_ASKS_MAX * (ROUTER_PARTITIONS_MAX + 1) + 1 };

struct bodies {
    zmq_msg_t *frames;
    uint32_t *next_free;
    uint32_t first_free; /* index; BODIES_MAX: none */
    uint32_t count;
};

/* LD_FULL: no memory. */
LD_MUST_USE enum ld_err bodies_init(struct bodies *bodies);
void bodies_fini(struct bodies *bodies);
/* Takes the frame over and leaves an empty one; 0 for a frame of no bytes. */
uint64_t bodies_put(struct bodies *bodies, zmq_msg_t *frame);
/* The frame of a handle that is not 0; it stays. */
zmq_msg_t *bodies_at(struct bodies *bodies, uint64_t handle);
struct bytes bodies_bytes(struct bodies *bodies, uint64_t handle);
void bodies_drop(struct bodies *bodies, uint64_t handle); /* takes 0 */

#endif
