/* What the router is made of; for the router's own files only.
 *
 * A delivery is a message that was taken. It is in one place at any time:
 *
 *   lane (QUEUED) ──credit──▶ in_flight ──reply──▶ free
 *     ▲                          │ worker lost
 *     │                          ▼
 *   taken                     returned ──credit──▶ in_flight …
 *   QUEUED, RETURNED, IN_FLIGHT ──client gone, or lost too often──▶ doomed ──▶ free
 *
 * A lane is the queue of one client at one partition; a partition gives its lanes turns, so that a
 * flooding client slows only itself. What came back goes before all lanes. A delivery whose client
 * is gone has no client (NULL); a doomed one with a client is answered before it is forgotten. */
#ifndef LD_BROKER_ROUTER_PARTS_H
#define LD_BROKER_ROUTER_PARTS_H

#include "base/list.h"
#include "broker/router.h"

enum { CHAIN_END = UINT32_MAX };

/* A hash table of elements that are chained by index: heads only, the links are in the elements. */
struct chains {
    uint32_t *heads;
    uint32_t mask;
};

enum delivery_state {
    DELIVERY_FREE,
    DELIVERY_QUEUED,
    DELIVERY_RETURNED,
    DELIVERY_IN_FLIGHT,
    DELIVERY_DOOMED,
};

struct client;
struct ask;

struct delivery {
    struct list place;     /* in the one list that its state names */
    struct list of_client; /* in its client's messages; in none without a client */
    enum delivery_state state;
    uint32_t next_in_chain; /* of the table by client and seq */
    struct client *client;
    struct ask *ask; /* NULL: the answer goes to the client as it is */
    enum wire_kind kind;
    uint32_t partition;
    uint64_t seq;
    uint64_t token;   /* of the last giving; 0: never given */
    uint64_t givings; /* how often the place was given; begins at the session's base */
    uint32_t losses;
    uint64_t body; /* owned, unless there is an ask: then the ask owns it */
    size_t body_size;
};

struct lane {
    struct list messages;
    struct list turn; /* in its partition's turns while there are messages */
};

struct client {
    struct list age; /* in ages, least recently heard first, or in free_clients */
    struct list messages;
    bool is_open;
    uint32_t next_in_chain; /* of the table by peer */
    uint64_t peer;
    int64_t heard_ms;
    uint32_t message_count;
    size_t bytes;
    struct lane *lanes; /* one a partition */
};

struct partition {
    struct list turns, returned, in_flight;
    struct list ready; /* in the router's ready list while there may be something to give */
    bool has_worker;
    struct router_peer worker;
    uint64_t epoch; /* the highest that ever registered */
    uint32_t pid;
    uint32_t credit;
    int64_t heard_ms;
    uint32_t queued_count; /* in lanes and returned */
    uint32_t in_flight_count;
    size_t bytes;
};

/* A request to all partitions. Without a client it only waits for its last part. */
struct ask {
    struct list place; /* free_asks, asks or doomed_asks */
    struct client *client;
    uint64_t seq;
    uint64_t body;
    uint32_t remaining;
    uint64_t bodies[ROUTER_PARTITIONS_MAX];
    enum wire_error codes[ROUTER_PARTITIONS_MAX];
};

struct router {
    uint32_t partition_count;
    uint64_t session;
    int64_t now_ms;
    uint32_t worker_count, client_count;
    struct partition partitions[ROUTER_PARTITIONS_MAX];
    struct list ages, free_clients;
    struct list ready, doomed, doomed_asks, asks, free_deliveries, free_asks;
    uint32_t free_delivery_count;
    struct chains clients_by_peer, deliveries_by_seq;
    struct client *clients;
    struct lane *lanes; /* clients * partitions */
    struct delivery *deliveries;
    struct ask *ask_rows;
};

/* router_table.c: finding clients by peer and unanswered messages by their client's number. */
struct client *table_client(const struct router *router, struct router_peer peer);
void table_add_client(struct router *router, struct client *client);
void table_remove_client(struct router *router, struct client *client);
struct delivery *table_delivery(const struct router *router, const struct client *client,
                                uint64_t seq);
void table_add_delivery(struct router *router, struct delivery *delivery);
void table_remove_delivery(struct router *router, struct delivery *delivery);

/* router_queue.c: the life of a delivery. */
struct router_effect *effect_add(struct router_effects *effects, enum router_effect_kind kind);
void effect_drop(struct router_effects *effects, uint64_t body);
void effect_error(struct router_effects *effects, struct router_peer peer, uint64_t seq,
                  enum wire_error code);

/* A message of the client's to one partition, at the end of its lane. There is room. */
struct delivery *queue_take(struct router *router, struct client *client,
                            const struct router_input *input, uint32_t partition);
/* The delivery that a token of this partition's means now, or NULL. */
struct delivery *queue_given(const struct router *router, uint32_t partition, uint64_t token);
/* Its client is gone: forgotten, doomed, or left for its worker to finish. */
void queue_orphan(struct router *router, struct delivery *delivery);
/* The partition's worker is lost: what is in flight comes back, in order. */
void queue_return(struct router *router, struct partition *partition);
/* Something at the partition changed that may let it give. */
void queue_wake(struct router *router, struct partition *partition);
/* Gives, answers and forgets until nothing is left to do or the effects are full. */
void queue_pump(struct router *router, struct router_effects *effects);
/* The delivery has its answer (kind, code, retry_ms, body). At most three effects. */
void queue_answer(struct router *router, struct delivery *delivery,
                  const struct wire_header *answer, uint64_t body, struct router_effects *effects);

/* router_client.c, router_worker.c: what peers say. */
void client_message(struct router *router, const struct router_input *input,
                    struct router_effects *effects);
void client_gone(struct router *router, struct router_peer peer);
void client_tick(struct router *router);
void worker_message(struct router *router, const struct router_input *input,
                    struct router_effects *effects);
void worker_gone(struct router *router, struct router_peer peer);
void worker_tick(struct router *router);

#endif
