#include "broker/router_parts.h"

/* What clients say: a greeting makes a session, and everything else needs one. A message is either
 * taken (then it is answered some time, unless its client goes away), or refused at once with busy
 * or error. Clients are kept by age, least recently heard first, so that forgetting the idle ones
 * looks at no other. */

enum {
    BUSY_RETRY_MS = 200,               /* a bound that the worker's next replies will lift */
    BUSY_RETRY_AWAY_MS = 1000,         /* the partition has no worker: it takes a restart */
    EVICT_IDLE_MS = HEARTBEAT_DEAD_MS, /* a guest without unanswered messages makes room after it */
    EVICT_LOOKS_MAX = 16,
};

static void close_client(struct router *router, struct client *client)
{
    struct list *node = router->asks.next;

    while (!list_is_empty(&client->messages))
        queue_orphan(router, LIST_OF(client->messages.next, struct delivery, of_client));
    while (node != &router->asks) {
        struct ask *ask = LIST_OF(node, struct ask, place);

        node = node->next;
        if (ask->client == client)
            ask->client = NULL;
    }
    LD_ASSERT(client->message_count == 0 && client->bytes == 0);
    table_remove_client(router, client);
    client->is_open = false;
    list_move_back(&router->free_clients, &client->age);
    router->client_count--;
}

/* Short-lived clients leave no word behind: when all places are taken, the longest silent one that
 * waits for nothing gives up its own. */
static void evict(struct router *router)
{
    struct list *node = router->ages.next;

    for (uint32_t looks = 0; looks < EVICT_LOOKS_MAX && node != &router->ages; looks++) {
        struct client *client = LIST_OF(node, struct client, age);

        if (client->heard_ms + EVICT_IDLE_MS > router->now_ms)
            return;
        if (client->message_count == 0) {
            close_client(router, client);
            return;
        }
        node = node->next;
    }
}

static struct client *open_client(struct router *router, struct router_peer peer)
{
    struct client *client;

    if (list_is_empty(&router->free_clients))
        evict(router);
    if (list_is_empty(&router->free_clients))
        return NULL;
    client = LIST_OF(router->free_clients.next, struct client, age);
    client->peer = peer.id;
    client->is_open = true;
    list_move_back(&router->ages, &client->age);
    table_add_client(router, client);
    router->client_count++;
    return client;
}

static void answer_busy(struct router_peer peer, uint64_t seq, uint32_t retry_ms,
                        struct router_effects *effects)
{
    struct router_effect *effect = effect_add(effects, ROUTER_TO_CLIENT);

    effect->peer = peer;
    effect->header = (struct wire_header){.kind = WIRE_BUSY, .seq = seq, .retry_ms = retry_ms};
}

static void greet(struct router *router, const struct router_input *input,
                  struct router_effects *effects)
{
    struct client *client = table_client(router, input->peer);
    struct router_effect *effect;

    if (input->header.version != WIRE_VERSION) {
        effect_error(effects, input->peer, input->header.seq, WIRE_ERROR_VERSION);
        return;
    }
    if (client == NULL)
        client = open_client(router, input->peer);
    if (client == NULL) {
        effect_error(effects, input->peer, input->header.seq, WIRE_ERROR_UNAVAILABLE);
        return;
    }
    client->heard_ms = router->now_ms;
    list_move_back(&router->ages, &client->age);
    effect = effect_add(effects, ROUTER_TO_CLIENT);
    effect->peer = input->peer;
    effect->header = (struct wire_header){.kind = WIRE_WELCOME,
                                          .version = WIRE_VERSION,
                                          .seq = input->header.seq,
                                          .partitions = router->partition_count,
                                          .session = router->session};
}

/* Whether the bounds leave room for the message at count partitions from first on; otherwise when
 * to ask again. */
static bool has_room(const struct router *router, const struct client *client, size_t size,
                     uint32_t first, uint32_t count, uint32_t *ret_retry_ms)
{
    *ret_retry_ms = BUSY_RETRY_MS;
    if (router->free_delivery_count < count
        || client->message_count + count > ROUTER_CLIENT_MESSAGES_MAX
        || client->bytes + count * size > ROUTER_CLIENT_BYTES_MAX)
        return false;
    for (uint32_t i = first; i < first + count; i++) {
        const struct partition *partition = &router->partitions[i];
        uint32_t held = partition->queued_count + partition->in_flight_count;

        if (held >= ROUTER_PARTITION_MESSAGES_MAX
            || partition->bytes + size > ROUTER_PARTITION_BYTES_MAX) {
            *ret_retry_ms = partition->has_worker ? BUSY_RETRY_MS : BUSY_RETRY_AWAY_MS;
            return false;
        }
    }
    return true;
}

static void refuse_busy(const struct router_input *input, uint32_t retry_ms,
                        struct router_effects *effects)
{
    answer_busy(input->peer, input->header.seq, retry_ms, effects);
    effect_drop(effects, input->body);
}

static void refuse(const struct router_input *input, enum wire_error code,
                   struct router_effects *effects)
{
    effect_error(effects, input->peer, input->header.seq, code);
    effect_drop(effects, input->body);
}

static void take_for_one(struct router *router, struct client *client,
                         const struct router_input *input, struct router_effects *effects)
{
    uint32_t retry_ms;

    if (!has_room(router, client, input->body_size, input->header.partition, 1, &retry_ms)) {
        refuse_busy(input, retry_ms, effects);
        return;
    }
    queue_take(router, client, input, input->header.partition);
}

static void take_for_all(struct router *router, struct client *client,
                         const struct router_input *input, struct router_effects *effects)
{
    struct ask *ask;
    uint32_t retry_ms;

    if (!has_room(router, client, input->body_size, 0, router->partition_count, &retry_ms)
        || list_is_empty(&router->free_asks)) {
        refuse_busy(input, retry_ms, effects);
        return;
    }
    ask = LIST_OF(router->free_asks.next, struct ask, place);
    list_move_back(&router->asks, &ask->place);
    ask->client = client;
    ask->seq = input->header.seq;
    ask->body = input->body;
    ask->remaining = router->partition_count;
    for (uint32_t i = 0; i < router->partition_count; i++) {
        ask->bodies[i] = 0;
        ask->codes[i] = WIRE_ERROR_NONE;
        queue_take(router, client, input, i)->ask = ask;
    }
}

static void hand_to_loop(const struct router_input *input, struct router_effects *effects)
{
    struct router_effect *effect = effect_add(effects, ROUTER_ASKED);

    effect->peer = input->peer;
    effect->header = input->header;
    effect->body = input->body;
}

static void take(struct router *router, struct client *client, const struct router_input *input,
                 struct router_effects *effects)
{
    uint32_t partition = input->header.partition;
    bool is_request = input->header.kind == WIRE_REQUEST;

    if (input->header.seq == 0)
        refuse(input, WIRE_ERROR_MALFORMED, effects);
    else if (input->body_size > WIRE_BODY_MAX)
        refuse(input, WIRE_ERROR_TOO_LARGE, effects);
    else if (table_delivery(router, client, input->header.seq) != NULL)
        effect_drop(effects, input->body); /* sent again: the first one is on its way */
    else if (is_request && partition == PARTITION_BROKER)
        hand_to_loop(input, effects);
    else if (is_request && partition == PARTITION_ALL)
        take_for_all(router, client, input, effects);
    else if (partition >= router->partition_count)
        refuse(input, WIRE_ERROR_PARTITION, effects);
    else
        take_for_one(router, client, input, effects);
}

static void pong(const struct router_input *input, struct router_effects *effects)
{
    struct router_effect *effect = effect_add(effects, ROUTER_TO_CLIENT);

    effect->peer = input->peer;
    effect->header = (struct wire_header){.kind = WIRE_PONG, .seq = input->header.seq};
    effect_drop(effects, input->body);
}

static void hear(struct router *router, struct client *client, const struct router_input *input,
                 struct router_effects *effects)
{
    client->heard_ms = router->now_ms;
    list_move_back(&router->ages, &client->age);
    switch (input->header.kind) {
    case WIRE_PUBLISH:
    case WIRE_REQUEST: take(router, client, input, effects); return;
    case WIRE_PING: pong(input, effects); return;
    case WIRE_PONG: effect_drop(effects, input->body); return;
    case WIRE_HELLO:
    case WIRE_WELCOME:
    case WIRE_FATES:
    case WIRE_ANSWER:
    case WIRE_BUSY:
    case WIRE_ERROR:
    case WIRE_REGISTER:
    case WIRE_REGISTERED:
    case WIRE_FENCED:
    case WIRE_DELIVER:
    case WIRE_REPLY:
    case WIRE_BEAT:
    case WIRE_KIND_COUNT: refuse(input, WIRE_ERROR_UNKNOWN_KIND, effects); return;
    }
}

void client_message(struct router *router, const struct router_input *input,
                    struct router_effects *effects)
{
    struct client *client = table_client(router, input->peer);

    if (input->header.kind == WIRE_HELLO) {
        greet(router, input, effects);
        effect_drop(effects, input->body);
    } else if (client == NULL) {
        refuse(input, WIRE_ERROR_NO_HELLO, effects);
    } else {
        hear(router, client, input, effects);
    }
}

void client_gone(struct router *router, struct router_peer peer)
{
    struct client *client = table_client(router, peer);

    if (client != NULL)
        close_client(router, client);
}

void client_tick(struct router *router)
{
    while (!list_is_empty(&router->ages)) {
        struct client *oldest = LIST_OF(router->ages.next, struct client, age);

        if (oldest->heard_ms + ROUTER_CLIENT_IDLE_MS > router->now_ms)
            return;
        close_client(router, oldest);
    }
}
