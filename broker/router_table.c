#include "broker/router_parts.h"

/* Two hash tables with chains through the elements: nothing is allocated, and a table cannot be
 * fuller than what it indexes. The session number, random for each start, salts the hash, so that
 * a client cannot choose numbers that all fall into one chain. */

static uint32_t chain_of(const struct router *router, const struct chains *chains, uint64_t key)
{
    uint64_t mixed = key ^ router->session;

    /* The finaliser of SplitMix64. */
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(mixed ^ (mixed >> 31)) & chains->mask;
}

static uint32_t client_index(const struct router *router, const struct client *client)
{
    return (uint32_t)(client - router->clients);
}

static uint32_t *client_chain(const struct router *router, uint64_t peer)
{
    return &router->clients_by_peer.heads[chain_of(router, &router->clients_by_peer, peer)];
}

struct client *table_client(const struct router *router, struct router_peer peer)
{
    uint32_t at = *client_chain(router, peer.id);

    while (at != CHAIN_END && router->clients[at].peer != peer.id)
        at = router->clients[at].next_in_chain;
    return at == CHAIN_END ? NULL : &router->clients[at];
}

void table_add_client(struct router *router, struct client *client)
{
    uint32_t *head = client_chain(router, client->peer);

    client->next_in_chain = *head;
    *head = client_index(router, client);
}

void table_remove_client(struct router *router, struct client *client)
{
    uint32_t *link = client_chain(router, client->peer);

    while (*link != client_index(router, client)) {
        LD_ASSERT(*link != CHAIN_END);
        link = &router->clients[*link].next_in_chain;
    }
    *link = client->next_in_chain;
    client->next_in_chain = CHAIN_END;
}

/* Clients count their messages from one, so the index of the client must not fall on its numbers:
 * it stands in the high bits. */
static uint32_t *delivery_chain(const struct router *router, const struct client *client,
                                uint64_t seq)
{
    uint64_t key = seq ^ ((uint64_t)client_index(router, client) << 48);

    return &router->deliveries_by_seq.heads[chain_of(router, &router->deliveries_by_seq, key)];
}

struct delivery *table_delivery(const struct router *router, const struct client *client,
                                uint64_t seq)
{
    uint32_t at = *delivery_chain(router, client, seq);

    while (at != CHAIN_END) {
        struct delivery *delivery = &router->deliveries[at];

        if (delivery->client == client && delivery->seq == seq)
            return delivery;
        at = delivery->next_in_chain;
    }
    return NULL;
}

void table_add_delivery(struct router *router, struct delivery *delivery)
{
    uint32_t *head = delivery_chain(router, delivery->client, delivery->seq);

    delivery->next_in_chain = *head;
    *head = (uint32_t)(delivery - router->deliveries);
}

void table_remove_delivery(struct router *router, struct delivery *delivery)
{
    uint32_t *link = delivery_chain(router, delivery->client, delivery->seq);
    uint32_t index = (uint32_t)(delivery - router->deliveries);

    while (*link != index) {
        LD_ASSERT(*link != CHAIN_END);
        link = &router->deliveries[*link].next_in_chain;
    }
    *link = delivery->next_in_chain;
    delivery->next_in_chain = CHAIN_END;
}
