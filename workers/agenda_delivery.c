/* How far emitted events are delivered is the courier's to find out and the writer's to keep: it
 * goes into whatever batch comes next, like an acknowledgement, and is not journalled. Behind the
 * truth it may be (then events are given again and are duplicates), ahead of it never. */
#include "workers/agenda_parts.h"

enum ld_err agenda_delivered(const struct agenda *agenda, uint64_t *ret_position)
{
    return delivery_decode(feed_table_get(&agenda->feeds, delivery_name()), ret_position);
}

void agenda_deliver_to(struct agenda *agenda, uint64_t position)
{
    LD_ASSERT(position <= agenda->last_position);
    agenda->delivered = position;
}

void agenda_delivery_turn(struct agenda *agenda)
{
    uint64_t kept = 0;
    enum ld_err err = agenda_delivered(agenda, &kept);
    if (err != LD_OK || agenda->delivered <= kept)
        return; /* a damaged mark stopped the process when it was recovered */
    void *memory = arena_alloc(&agenda->turn, DELIVERY_RECORD_SIZE);
    struct buffer buffer;
    buffer_init(&buffer, memory, memory ? DELIVERY_RECORD_SIZE : 0);
    delivery_encode(agenda->delivered, &buffer);
    struct store_feed mark = {delivery_name(), buffer_bytes(&buffer)};
    bool is_put = !buffer.is_full && batch_add_feed(&agenda->batch, mark) == LD_OK;
    (void)is_put; /* where there is no room now, a later turn has some */
}
