/* Order within a case is kept by never having events of one case in two messages at once: a message
 * that is answered `busy` and goes again later can then overtake nothing that matters (PROTOCOL.md
 * §5). Cases are told apart by hash; two that share a place wait for each other, which costs a turn
 * and no order. */
#include "tools/liandong/publish_plan.h"

#include "base/assert.h"

/* Room for the array's head in front of the events of a body. */
enum { HEAD_SIZE = 5 };

static uint32_t index_of(const struct plan *plan, uint32_t offset)
{
    return (plan->first + offset) % PLAN_EVENTS_MAX;
}

bool plan_has_room(const struct plan *plan)
{
    return plan->count < PLAN_EVENTS_MAX;
}

static uint32_t add(struct plan *plan, struct plan_event event)
{
    LD_ASSERT(plan_has_room(plan));
    uint32_t index = index_of(plan, plan->count++);
    plan->events[index] = event;
    return index;
}

uint32_t plan_add(struct plan *plan, uint32_t partition, uint32_t case_hash, size_t size)
{
    plan->waiting++;
    return add(plan, (struct plan_event){.status = PLAN_WAITING,
                                         .partition = partition,
                                         .place = case_hash % PLAN_CASES,
                                         .size = size});
}

uint32_t plan_add_done(struct plan *plan)
{
    return add(plan, (struct plan_event){.status = PLAN_DONE});
}

bool plan_take(struct plan *plan, uint32_t partition, struct plan_batch *ret_batch)
{
    size_t size = HEAD_SIZE;
    ret_batch->count = 0;
    plan->search++;
    for (uint32_t i = 0; i < plan->count && ret_batch->count < PLAN_BATCH_MAX; i++) {
        uint32_t index = index_of(plan, i);
        const struct plan_event *event = &plan->events[index];
        if (event->status != PLAN_WAITING || event->partition != partition)
            continue;
        if (plan->out[event->place] || plan->passed[event->place] == plan->search) {
            plan->passed[event->place] = plan->search;
            continue;
        }
        if (size + event->size > WIRE_BODY_MAX)
            break;
        size += event->size;
        ret_batch->indices[ret_batch->count++] = index;
    }
    return ret_batch->count > 0;
}

void plan_mark_out(struct plan *plan, const struct plan_batch *batch, uint64_t message)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct plan_event *event = &plan->events[batch->indices[i]];
        LD_ASSERT(event->status == PLAN_WAITING);
        event->status = PLAN_OUT;
        event->message = message;
        plan->out[event->place]++;
        plan->waiting--;
    }
}

bool plan_find(const struct plan *plan, uint64_t message, struct plan_batch *ret_batch)
{
    ret_batch->count = 0;
    for (uint32_t i = 0; i < plan->count && ret_batch->count < PLAN_BATCH_MAX; i++) {
        uint32_t index = index_of(plan, i);
        if (plan->events[index].status == PLAN_OUT && plan->events[index].message == message)
            ret_batch->indices[ret_batch->count++] = index;
    }
    return ret_batch->count > 0;
}

void plan_mark_done(struct plan *plan, uint32_t index)
{
    struct plan_event *event = &plan->events[index];
    LD_ASSERT(event->status == PLAN_OUT);
    LD_ASSERT(plan->out[event->place] > 0);
    plan->out[event->place]--;
    event->status = PLAN_DONE;
}

bool plan_pop(struct plan *plan, uint32_t *ret_index)
{
    if (plan->count == 0 || plan->events[plan->first].status != PLAN_DONE)
        return false;
    *ret_index = plan->first;
    plan->first = index_of(plan, 1);
    plan->count--;
    return true;
}
