#include "broker/bodies.h"

#include <stdlib.h>

/* A free list through an array. The router gives every handle back exactly once (router_test
 * counts them), and its bounds make the array large enough, so a full one is a programmer error. */

enum ld_err bodies_init(struct bodies *bodies)
{
    *bodies = (struct bodies){0};
    bodies->frames = calloc(BODIES_MAX, sizeof *bodies->frames);
    bodies->next_free = calloc(BODIES_MAX, sizeof *bodies->next_free);
    if (bodies->frames == NULL || bodies->next_free == NULL) {
        bodies_fini(bodies);
        return LD_FULL;
    }
    for (uint32_t i = 0; i < BODIES_MAX; i++) {
        (void)zmq_msg_init(&bodies->frames[i]); /* cannot fail */
        bodies->next_free[i] = i + 1;
    }
    return LD_OK;
}

void bodies_fini(struct bodies *bodies)
{
    if (bodies->frames != NULL && bodies->next_free != NULL)
        for (uint32_t i = 0; i < BODIES_MAX; i++)
            (void)zmq_msg_close(&bodies->frames[i]);
    free(bodies->frames);
    free(bodies->next_free);
    *bodies = (struct bodies){0};
}

uint64_t bodies_put(struct bodies *bodies, zmq_msg_t *frame)
{
    uint32_t index = bodies->first_free;

    if (zmq_msg_size(frame) == 0)
        return 0;
    LD_ASSERT(index < BODIES_MAX);
    bodies->first_free = bodies->next_free[index];
    (void)zmq_msg_move(&bodies->frames[index], frame); /* both are initialised: cannot fail */
    bodies->count++;
    return (uint64_t)index + 1;
}

zmq_msg_t *bodies_at(struct bodies *bodies, uint64_t handle)
{
    LD_ASSERT(handle >= 1 && handle <= BODIES_MAX);
    return &bodies->frames[handle - 1];
}

struct bytes bodies_bytes(struct bodies *bodies, uint64_t handle)
{
    zmq_msg_t *frame;

    if (handle == 0)
        return BYTES_NONE;
    frame = bodies_at(bodies, handle);
    return (struct bytes){zmq_msg_data(frame), zmq_msg_size(frame)};
}

void bodies_drop(struct bodies *bodies, uint64_t handle)
{
    zmq_msg_t *frame;

    if (handle == 0)
        return;
    frame = bodies_at(bodies, handle);
    (void)zmq_msg_close(frame);
    (void)zmq_msg_init(frame);
    bodies->next_free[handle - 1] = bodies->first_free;
    bodies->first_free = (uint32_t)(handle - 1);
    bodies->count--;
}
