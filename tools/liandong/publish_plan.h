/* Which events go into which message: those of a stream in the order of their lines, grouped by
 * partition, several messages out at once, and never two messages with events of one case. Pure. */
#ifndef LD_TOOLS_PUBLISH_PLAN_H
#define LD_TOOLS_PUBLISH_PLAN_H

#include "proto/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PLAN_EVENTS_MAX = 8192, /* read and not yet printed */
    PLAN_BATCH_MAX = 256,   /* events of one message */
    PLAN_CASES = 1 << 16,   /* places of cases by their hash: two that share one only wait more */
};

enum plan_status { PLAN_WAITING, PLAN_OUT, PLAN_DONE };

struct plan_event {
    enum plan_status status;
    uint32_t partition;
    uint32_t place; /* of its case */
    uint64_t message;
    size_t size;
};

struct plan {
    struct plan_event events[PLAN_EVENTS_MAX]; /* a ring */
    uint32_t first, count;
    uint32_t waiting;                /* events of status PLAN_WAITING */
    uint16_t out[PLAN_CASES];        /* events of the place that are out */
    uint32_t passed[PLAN_CASES];     /* the search in which the place was last passed over */
    uint32_t search;
};

struct plan_batch {
    uint32_t indices[PLAN_BATCH_MAX]; /* into plan->events */
    uint32_t count;
};

bool plan_has_room(const struct plan *plan);
/* The place of the next event; it waits, or is done at once (a line that was refused). */
uint32_t plan_add(struct plan *plan, uint32_t partition, uint32_t case_hash, size_t size);
uint32_t plan_add_done(struct plan *plan);
/* The next message of a partition: events in order, those left out whose case has events out or
 * left out before. False: none can go now. */
bool plan_take(struct plan *plan, uint32_t partition, struct plan_batch *ret_batch);
/* The events of a batch are out under a message's number; done when it is answered. */
void plan_mark_out(struct plan *plan, const struct plan_batch *batch, uint64_t message);
bool plan_find(const struct plan *plan, uint64_t message, struct plan_batch *ret_batch);
void plan_mark_done(struct plan *plan, uint32_t index);
/* The first event, once it is done: takes it off. */
bool plan_pop(struct plan *plan, uint32_t *ret_index);

#endif
