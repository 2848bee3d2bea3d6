#include "broker/router_parts.h"

#include <stdlib.h>

/* The router as a whole: all its memory is allocated here, once; a step dispatches to what the
 * peer's side says (router_client.c, router_worker.c) and then lets the queues work
 * (router_queue.c). Nothing here knows sockets, bodies or the time of day. */

enum { CLIENT_CHAINS = 8192, DELIVERY_CHAINS = 32768 };

/* A worker outlives its broker and answers to the next one what the last one gave it, half a minute
 * later where a fetch was waiting. So the tokens of two brokers must differ: the givings of a place
 * begin at 47 bits of the session, which is drawn at random. With the index they stay far below the
 * wire's 2^63. */
#define GIVINGS_BASE_MASK (((uint64_t)1 << 47) - 1)

static bool create_chains(struct chains *chains, uint32_t count)
{
    chains->heads = malloc(count * sizeof *chains->heads);
    if (chains->heads == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        chains->heads[i] = CHAIN_END;
    chains->mask = count - 1;
    return true;
}

static void init_lists(struct router *router)
{
    list_init(&router->ages);
    list_init(&router->free_clients);
    list_init(&router->ready);
    list_init(&router->doomed);
    list_init(&router->doomed_asks);
    list_init(&router->asks);
    list_init(&router->free_deliveries);
    list_init(&router->free_asks);
}

static void init_rows(struct router *router)
{
    for (uint32_t i = 0; i < ROUTER_PARTITIONS_MAX; i++) {
        list_init(&router->partitions[i].turns);
        list_init(&router->partitions[i].returned);
        list_init(&router->partitions[i].in_flight);
        list_init(&router->partitions[i].ready);
    }
    for (uint32_t i = 0; i < ROUTER_CLIENTS_MAX; i++) {
        list_init(&router->clients[i].messages);
        list_push_back(&router->free_clients, &router->clients[i].age);
        router->clients[i].lanes = &router->lanes[i * router->partition_count];
    }
    for (uint32_t i = 0; i < ROUTER_CLIENTS_MAX * router->partition_count; i++) {
        list_init(&router->lanes[i].messages);
        list_init(&router->lanes[i].turn);
    }
    for (uint32_t i = 0; i < ROUTER_DELIVERIES_MAX; i++) {
        list_init(&router->deliveries[i].of_client);
        router->deliveries[i].givings = router->session & GIVINGS_BASE_MASK;
        list_push_back(&router->free_deliveries, &router->deliveries[i].place);
    }
    for (uint32_t i = 0; i < ROUTER_ASKS_MAX; i++)
        list_push_back(&router->free_asks, &router->ask_rows[i].place);
    router->free_delivery_count = ROUTER_DELIVERIES_MAX;
}

struct router *router_create(uint32_t partitions, uint64_t session)
{
    struct router *router = calloc(1, sizeof *router);

    LD_ASSERT(partitions >= 1 && partitions <= ROUTER_PARTITIONS_MAX);
    if (router == NULL)
        return NULL;
    router->partition_count = partitions;
    router->session = session;
    init_lists(router);
    router->clients = calloc(ROUTER_CLIENTS_MAX, sizeof *router->clients);
    router->lanes = calloc((size_t)ROUTER_CLIENTS_MAX * partitions, sizeof *router->lanes);
    router->deliveries = calloc(ROUTER_DELIVERIES_MAX, sizeof *router->deliveries);
    router->ask_rows = calloc(ROUTER_ASKS_MAX, sizeof *router->ask_rows);
    if (router->clients == NULL || router->lanes == NULL || router->deliveries == NULL
        || router->ask_rows == NULL || !create_chains(&router->clients_by_peer, CLIENT_CHAINS)
        || !create_chains(&router->deliveries_by_seq, DELIVERY_CHAINS)) {
        router_destroy(router);
        return NULL;
    }
    init_rows(router);
    return router;
}

void router_destroy(struct router *router)
{
    if (router == NULL)
        return;
    free(router->clients_by_peer.heads);
    free(router->deliveries_by_seq.heads);
    free(router->clients);
    free(router->lanes);
    free(router->deliveries);
    free(router->ask_rows);
    free(router);
}

void router_step(struct router *router, const struct router_input *input,
                 struct router_effects *effects)
{
    effects->count = 0;
    effects->is_cut = false;
    if (input->now_ms > router->now_ms)
        router->now_ms = input->now_ms;
    switch (input->kind) {
    case ROUTER_CLIENT_MESSAGE: client_message(router, input, effects); break;
    case ROUTER_WORKER_MESSAGE: worker_message(router, input, effects); break;
    case ROUTER_CLIENT_GONE: client_gone(router, input->peer); break;
    case ROUTER_WORKER_GONE: worker_gone(router, input->peer); break;
    case ROUTER_TICK:
        client_tick(router);
        worker_tick(router);
        break;
    }
    queue_pump(router, effects);
}

void router_partition(const struct router *router, uint32_t partition,
                      struct router_partition_status *ret_status)
{
    const struct partition *at = &router->partitions[partition];

    LD_ASSERT(partition < router->partition_count);
    *ret_status = (struct router_partition_status){.has_worker = at->has_worker,
                                                   .epoch = at->epoch,
                                                   .pid = at->has_worker ? at->pid : 0,
                                                   .queued = at->queued_count,
                                                   .in_flight = at->in_flight_count};
}

uint32_t router_client_count(const struct router *router)
{
    return router->client_count;
}
