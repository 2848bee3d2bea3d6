#include "broker/router_parts.h"

/* The life of a delivery, from being taken to being forgotten (the picture is in router_parts.h).
 *
 * - A delivery that is neither free nor doomed is counted in its partition; one with a client is
 *   counted in the client and found by (client, seq).
 * - Everything that may need many effects (giving, burying) is put on a list and done by the pump,
 *   which stops when the effects are full; so no input can make more than a handful itself. */

enum { TOKEN_INDEX_BITS = 14, EFFECTS_OF_ONE_TURN = 3 };

_Static_assert(ROUTER_DELIVERIES_MAX <= 1 << TOKEN_INDEX_BITS,
               "the low bits of a token are the index of its delivery");

struct router_effect *effect_add(struct router_effects *effects, enum router_effect_kind kind)
{
    struct router_effect *effect;

    LD_ASSERT(effects->count < ROUTER_EFFECTS_MAX);
    effect = &effects->rows[effects->count++];
    *effect = (struct router_effect){.kind = kind};
    return effect;
}

void effect_drop(struct router_effects *effects, uint64_t body)
{
    if (body != 0)
        effect_add(effects, ROUTER_DROP_BODY)->body = body;
}

void effect_error(struct router_effects *effects, struct router_peer peer, uint64_t seq,
                  enum wire_error code)
{
    struct router_effect *effect = effect_add(effects, ROUTER_TO_CLIENT);

    effect->peer = peer;
    effect->header = (struct wire_header){.kind = WIRE_ERROR, .seq = seq, .code = code};
}

/* --- taking and forgetting ------------------------------------------------------------------- */

static void append_to_lane(struct partition *partition, uint32_t index, struct delivery *delivery)
{
    struct lane *lane = &delivery->client->lanes[index];

    if (list_is_empty(&lane->messages))
        list_push_back(&partition->turns, &lane->turn);
    list_push_back(&lane->messages, &delivery->place);
    delivery->state = DELIVERY_QUEUED;
}

struct delivery *queue_take(struct router *router, struct client *client,
                            const struct router_input *input, uint32_t partition)
{
    struct partition *at = &router->partitions[partition];
    struct delivery *delivery;
    uint64_t givings;

    LD_ASSERT(!list_is_empty(&router->free_deliveries));
    delivery = LIST_OF(router->free_deliveries.next, struct delivery, place);
    list_remove(&delivery->place);
    router->free_delivery_count--;
    givings = delivery->givings; /* the place's, for ever: a token never comes again */
    *delivery = (struct delivery){.client = client,
                                  .kind = input->header.kind,
                                  .partition = partition,
                                  .seq = input->header.seq,
                                  .givings = givings,
                                  .body = input->body,
                                  .body_size = input->body_size};
    list_init(&delivery->place);
    list_init(&delivery->of_client);
    list_push_back(&client->messages, &delivery->of_client);
    client->message_count++;
    client->bytes += delivery->body_size;
    table_add_delivery(router, delivery);
    append_to_lane(at, partition, delivery);
    at->queued_count++;
    at->bytes += delivery->body_size;
    queue_wake(router, at);
    return delivery;
}

static void leave_client(struct router *router, struct delivery *delivery)
{
    struct client *client = delivery->client;

    if (client == NULL)
        return;
    table_remove_delivery(router, delivery);
    list_remove(&delivery->of_client);
    client->message_count--;
    client->bytes -= delivery->body_size;
    delivery->client = NULL;
}

/* Out of the list and the counts that its state names. */
static void leave_partition(struct router *router, struct delivery *delivery)
{
    struct partition *partition = &router->partitions[delivery->partition];

    list_remove(&delivery->place);
    if (delivery->state == DELIVERY_QUEUED) {
        struct lane *lane = &delivery->client->lanes[delivery->partition];

        if (list_is_empty(&lane->messages))
            list_remove(&lane->turn);
    }
    if (delivery->state == DELIVERY_DOOMED)
        return;
    if (delivery->state == DELIVERY_IN_FLIGHT)
        partition->in_flight_count--;
    else
        partition->queued_count--;
    partition->bytes -= delivery->body_size;
}

static void forget(struct router *router, struct delivery *delivery, struct router_effects *effects)
{
    leave_partition(router, delivery);
    leave_client(router, delivery);
    if (delivery->ask == NULL)
        effect_drop(effects, delivery->body);
    delivery->state = DELIVERY_FREE;
    list_push_front(&router->free_deliveries, &delivery->place);
    router->free_delivery_count++;
}

static void doom(struct router *router, struct delivery *delivery)
{
    leave_partition(router, delivery);
    delivery->state = DELIVERY_DOOMED;
    list_push_back(&router->doomed, &delivery->place);
}

/* A publication that a worker has had may be in the journal: it is finished in its place, so that
 * what the client sends again on a new connection cannot overtake it. */
void queue_orphan(struct router *router, struct delivery *delivery)
{
    bool is_given = delivery->state == DELIVERY_IN_FLIGHT
                    || (delivery->state == DELIVERY_RETURNED && delivery->kind == WIRE_PUBLISH);

    if (!is_given && delivery->state != DELIVERY_DOOMED)
        doom(router, delivery);
    leave_client(router, delivery);
}

/* --- giving ---------------------------------------------------------------------------------- */

static bool may_give(const struct partition *partition)
{
    return partition->has_worker && partition->queued_count > 0
           && partition->in_flight_count < partition->credit;
}

void queue_wake(struct router *router, struct partition *partition)
{
    if (may_give(partition) && list_is_empty(&partition->ready))
        list_push_back(&router->ready, &partition->ready);
}

/* What came back first; else the next of the lane whose turn it is, which then goes last. */
static struct delivery *next_to_give(struct partition *partition, uint32_t index)
{
    struct delivery *delivery;
    struct lane *lane;

    if (!list_is_empty(&partition->returned)) {
        delivery = LIST_OF(partition->returned.next, struct delivery, place);
        list_remove(&delivery->place);
        return delivery;
    }
    lane = LIST_OF(partition->turns.next, struct lane, turn);
    delivery = LIST_OF(lane->messages.next, struct delivery, place);
    LD_ASSERT(delivery->partition == index);
    list_remove(&delivery->place);
    list_remove(&lane->turn);
    if (!list_is_empty(&lane->messages))
        list_push_back(&partition->turns, &lane->turn);
    return delivery;
}

static void give(struct router *router, struct partition *partition, struct router_effects *effects)
{
    uint32_t index = (uint32_t)(partition - router->partitions);
    struct delivery *delivery = next_to_give(partition, index);
    struct router_effect *effect = effect_add(effects, ROUTER_TO_WORKER);

    delivery->state = DELIVERY_IN_FLIGHT;
    list_push_back(&partition->in_flight, &delivery->place);
    partition->queued_count--;
    partition->in_flight_count++;
    delivery->givings++;
    delivery->token =
        (delivery->givings << TOKEN_INDEX_BITS) | (uint64_t)(delivery - router->deliveries);
    effect->peer = partition->worker;
    effect->header = (struct wire_header){.kind = WIRE_DELIVER,
                                          .token = delivery->token,
                                          .inner = delivery->kind,
                                          .partition = index,
                                          .is_again = delivery->losses > 0};
    effect->body = delivery->body;
}

struct delivery *queue_given(const struct router *router, uint32_t partition, uint64_t token)
{
    uint64_t index = token & ((1u << TOKEN_INDEX_BITS) - 1);
    struct delivery *delivery = &router->deliveries[index];

    if (index >= ROUTER_DELIVERIES_MAX || delivery->state != DELIVERY_IN_FLIGHT
        || delivery->token != token || delivery->partition != partition)
        return NULL;
    return delivery;
}

void queue_return(struct router *router, struct partition *partition)
{
    while (!list_is_empty(&partition->in_flight)) {
        struct delivery *last = LIST_OF(partition->in_flight.previous, struct delivery, place);

        last->losses++;
        if (last->losses >= ROUTER_LOSSES_MAX
            || (last->client == NULL && last->kind != WIRE_PUBLISH)) {
            doom(router, last);
            continue;
        }
        list_remove(&last->place);
        list_push_front(&partition->returned, &last->place);
        last->state = DELIVERY_RETURNED;
        partition->in_flight_count--;
        partition->queued_count++;
    }
}

/* --- answering ------------------------------------------------------------------------------- */

static void finish_ask(struct router *router, struct ask *ask, struct router_effects *effects)
{
    struct router_effect *effect;

    if (ask->client == NULL) {
        list_move_back(&router->doomed_asks, &ask->place);
        return;
    }
    effect = effect_add(effects, ROUTER_GATHERED);
    effect->peer.id = ask->client->peer;
    effect->header =
        (struct wire_header){.kind = WIRE_ANSWER, .seq = ask->seq, .partition = PARTITION_ALL};
    effect->body_count = router->partition_count;
    for (uint32_t i = 0; i < router->partition_count; i++) {
        effect->bodies[i] = ask->bodies[i];
        effect->codes[i] = ask->codes[i];
    }
    effect_drop(effects, ask->body);
    list_move_back(&router->free_asks, &ask->place);
}

/* The kinds that a client can be answered with; BUSY and others are no answer of a worker's that
 * could be gathered or waited for, and what is none is told as an error. */
static enum wire_error answer_code(const struct wire_header *answer)
{
    bool is_answer =
        answer->inner == WIRE_FATES || answer->inner == WIRE_ANSWER || answer->inner == WIRE_BUSY;

    if (answer->inner == WIRE_ERROR)
        return answer->code == WIRE_ERROR_NONE ? WIRE_ERROR_MALFORMED : answer->code;
    return is_answer ? WIRE_ERROR_NONE : WIRE_ERROR_MALFORMED;
}

static void answer_client(struct delivery *delivery, const struct wire_header *answer,
                          uint64_t body, struct router_effects *effects)
{
    enum wire_error code = answer_code(answer);
    struct router_effect *effect = effect_add(effects, ROUTER_TO_CLIENT);

    effect->peer.id = delivery->client->peer;
    effect->header =
        (struct wire_header){.kind = code == WIRE_ERROR_NONE ? answer->inner : WIRE_ERROR,
                             .seq = delivery->seq,
                             .partition = delivery->partition,
                             .retry_ms = answer->retry_ms,
                             .code = code};
    effect->body = body;
}

void queue_answer(struct router *router, struct delivery *delivery,
                  const struct wire_header *answer, uint64_t body, struct router_effects *effects)
{
    struct partition *partition = &router->partitions[delivery->partition];
    struct ask *ask = delivery->ask;

    if (ask != NULL) {
        ask->bodies[delivery->partition] = body;
        ask->codes[delivery->partition] =
            answer->inner == WIRE_BUSY ? WIRE_ERROR_UNAVAILABLE : answer_code(answer);
        ask->remaining--;
    } else if (delivery->client != NULL) {
        answer_client(delivery, answer, body, effects);
    } else {
        effect_drop(effects, body);
    }
    forget(router, delivery, effects);
    if (ask != NULL && ask->remaining == 0)
        finish_ask(router, ask, effects);
    queue_wake(router, partition);
}

/* --- the pump -------------------------------------------------------------------------------- */

static void bury(struct router *router, struct router_effects *effects)
{
    static const struct wire_header unavailable = {.inner = WIRE_ERROR,
                                                   .code = WIRE_ERROR_UNAVAILABLE};
    struct delivery *delivery = LIST_OF(router->doomed.next, struct delivery, place);

    queue_answer(router, delivery, &unavailable, 0, effects);
}

/* One body of an ask that nobody waits for, or, after the last, the ask itself. */
static void bury_ask(struct router *router, struct router_effects *effects)
{
    struct ask *ask = LIST_OF(router->doomed_asks.next, struct ask, place);

    for (uint32_t i = 0; i < router->partition_count; i++) {
        if (ask->bodies[i] != 0) {
            effect_drop(effects, ask->bodies[i]);
            ask->bodies[i] = 0;
            return;
        }
    }
    effect_drop(effects, ask->body);
    list_move_back(&router->free_asks, &ask->place);
}

static void give_one(struct router *router, struct router_effects *effects)
{
    struct partition *partition = LIST_OF(router->ready.next, struct partition, ready);

    list_remove(&partition->ready);
    if (may_give(partition))
        give(router, partition, effects);
    queue_wake(router, partition);
}

void queue_pump(struct router *router, struct router_effects *effects)
{
    for (;;) {
        bool is_idle = list_is_empty(&router->doomed) && list_is_empty(&router->doomed_asks)
                       && list_is_empty(&router->ready);

        if (is_idle)
            return;
        if (effects->count + EFFECTS_OF_ONE_TURN > ROUTER_EFFECTS_MAX) {
            effects->is_cut = true;
            return;
        }
        if (!list_is_empty(&router->doomed))
            bury(router, effects);
        else if (!list_is_empty(&router->doomed_asks))
            bury_ask(router, effects);
        else
            give_one(router, effects);
    }
}
