#include "broker/router_parts.h"

/* The router's invariant, for tests and the simulator: it walks everything, so it is not for each
 * step of a broker at work. */

static uint32_t list_length(const struct list *list, uint32_t max)
{
    uint32_t length = 0;

    for (const struct list *node = list->next; node != list; node = node->next) {
        LD_ASSERT(node->next->previous == node);
        length++;
        LD_ASSERT(length <= max);
    }
    return length;
}

static uint32_t check_states(const struct list *list, enum delivery_state state)
{
    for (const struct list *node = list->next; node != list; node = node->next) {
        const struct delivery *delivery = LIST_OF(node, struct delivery, place);

        LD_ASSERT(delivery->state == state);
        if (delivery->client != NULL)
            LD_ASSERT(delivery->client->is_open);
        else
            LD_ASSERT(list_is_empty(&delivery->of_client));
        if (state == DELIVERY_IN_FLIGHT)
            LD_ASSERT(delivery->token != 0);
        if (state == DELIVERY_RETURNED)
            LD_ASSERT(delivery->losses > 0 && delivery->losses < ROUTER_LOSSES_MAX);
    }
    return list_length(list, ROUTER_DELIVERIES_MAX);
}

static size_t list_bytes(const struct list *list)
{
    size_t bytes = 0;

    for (const struct list *node = list->next; node != list; node = node->next)
        bytes += LIST_OF(node, struct delivery, place)->body_size;
    return bytes;
}

/* How many deliveries the partition holds. */
static uint32_t check_partition(const struct partition *partition)
{
    uint32_t queued = check_states(&partition->returned, DELIVERY_RETURNED);
    uint32_t in_flight = check_states(&partition->in_flight, DELIVERY_IN_FLIGHT);
    size_t bytes = list_bytes(&partition->returned) + list_bytes(&partition->in_flight);
    const struct list *node;

    for (node = partition->turns.next; node != &partition->turns; node = node->next) {
        const struct lane *lane = LIST_OF(node, struct lane, turn);

        LD_ASSERT(!list_is_empty(&lane->messages));
        queued += check_states(&lane->messages, DELIVERY_QUEUED);
        bytes += list_bytes(&lane->messages);
    }
    LD_ASSERT(queued == partition->queued_count);
    LD_ASSERT(in_flight == partition->in_flight_count);
    LD_ASSERT(bytes == partition->bytes && bytes <= ROUTER_PARTITION_BYTES_MAX);
    LD_ASSERT(queued + in_flight <= ROUTER_PARTITION_MESSAGES_MAX);
    if (!partition->has_worker)
        LD_ASSERT(in_flight == 0);
    /* Whoever can give will give: nothing waits that nobody wakes. */
    if (partition->has_worker && queued > 0 && in_flight < partition->credit)
        LD_ASSERT(!list_is_empty(&partition->ready));
    return queued + in_flight;
}

static void check_client(const struct router *router, const struct client *client)
{
    size_t bytes = 0;
    uint32_t count = 0;
    const struct list *node;

    if (!client->is_open) {
        LD_ASSERT(list_is_empty(&client->messages) && client->message_count == 0);
        for (uint32_t i = 0; i < router->partition_count; i++)
            LD_ASSERT(list_is_empty(&client->lanes[i].messages));
        return;
    }
    LD_ASSERT(table_client(router, (struct router_peer){client->peer}) == client);
    for (node = client->messages.next; node != &client->messages; node = node->next) {
        const struct delivery *delivery = LIST_OF(node, struct delivery, of_client);

        LD_ASSERT(delivery->client == client && delivery->state != DELIVERY_FREE);
        LD_ASSERT(table_delivery(router, client, delivery->seq) != NULL);
        bytes += delivery->body_size;
        count++;
    }
    LD_ASSERT(bytes == client->bytes && bytes <= ROUTER_CLIENT_BYTES_MAX);
    LD_ASSERT(count == client->message_count && count <= ROUTER_CLIENT_MESSAGES_MAX);
}

static void check_asks(const struct router *router)
{
    uint32_t parts = 0, remaining = 0;

    for (const struct list *node = router->asks.next; node != &router->asks; node = node->next) {
        const struct ask *ask = LIST_OF(node, struct ask, place);

        LD_ASSERT(ask->remaining > 0 && ask->remaining <= router->partition_count);
        remaining += ask->remaining;
    }
    for (uint32_t i = 0; i < ROUTER_DELIVERIES_MAX; i++)
        parts += router->deliveries[i].state != DELIVERY_FREE && router->deliveries[i].ask != NULL;
    LD_ASSERT(parts == remaining);
    LD_ASSERT(list_length(&router->asks, ROUTER_ASKS_MAX)
                  + list_length(&router->doomed_asks, ROUTER_ASKS_MAX)
                  + list_length(&router->free_asks, ROUTER_ASKS_MAX)
              == ROUTER_ASKS_MAX);
}

void router_check(const struct router *router)
{
    uint32_t workers = 0, held = 0, free_count;

    for (uint32_t i = 0; i < router->partition_count; i++) {
        held += check_partition(&router->partitions[i]);
        workers += router->partitions[i].has_worker;
    }
    LD_ASSERT(workers == router->worker_count);
    for (uint32_t i = 0; i < ROUTER_CLIENTS_MAX; i++)
        check_client(router, &router->clients[i]);
    LD_ASSERT(list_length(&router->ages, ROUTER_CLIENTS_MAX) == router->client_count);
    LD_ASSERT(list_length(&router->free_clients, ROUTER_CLIENTS_MAX) + router->client_count
              == ROUTER_CLIENTS_MAX);
    free_count = list_length(&router->free_deliveries, ROUTER_DELIVERIES_MAX);
    LD_ASSERT(free_count == router->free_delivery_count);
    LD_ASSERT(free_count + held + check_states(&router->doomed, DELIVERY_DOOMED)
              == ROUTER_DELIVERIES_MAX);
    check_asks(router);
}
