#include "broker/router_parts.h"

/* What workers say: one registers for a partition with the epoch that its store gave it, and owns
 * it until a higher epoch comes, its connection is gone, or it is silent for HEARTBEAT_DEAD_MS.
 * Epochs are unique to one opening of a store, so the same epoch from the same process is the same
 * owner on a new connection; from another process it is a mistake, and refused. */

/* The partition that a peer is registered for, or NULL. At most ROUTER_PARTITIONS_MAX looks. */
static struct partition *partition_of(struct router *router, struct router_peer peer)
{
    for (uint32_t i = 0; i < router->partition_count; i++) {
        struct partition *partition = &router->partitions[i];

        if (partition->has_worker && partition->worker.id == peer.id)
            return partition;
    }
    return NULL;
}

static void tell_worker(struct router_effects *effects, struct router_peer peer,
                        const struct wire_header *header)
{
    struct router_effect *effect = effect_add(effects, ROUTER_TO_WORKER);

    effect->peer = peer;
    effect->header = *header;
}

static void lose(struct router *router, struct partition *partition)
{
    partition->has_worker = false;
    router->worker_count--;
    queue_return(router, partition);
}

static uint32_t bounded_credit(uint32_t credit)
{
    return credit < ROUTER_CREDIT_MAX ? credit : ROUTER_CREDIT_MAX;
}

enum claim { CLAIM_REFUSED, CLAIM_NEW, CLAIM_SAME_CONNECTION, CLAIM_NEW_CONNECTION };

static enum claim judge(const struct partition *partition, const struct router_input *input)
{
    const struct wire_header *header = &input->header;

    if (header->epoch > partition->epoch)
        return CLAIM_NEW;
    if (header->epoch < partition->epoch || header->pid != partition->pid)
        return CLAIM_REFUSED;
    if (partition->has_worker && partition->worker.id == input->peer.id)
        return CLAIM_SAME_CONNECTION;
    return CLAIM_NEW_CONNECTION;
}

static void own(struct router *router, struct partition *partition,
                const struct router_input *input, struct router_effects *effects)
{
    bool was_complete = router->worker_count == router->partition_count;

    if (!partition->has_worker) {
        partition->has_worker = true;
        router->worker_count++;
    }
    partition->worker = input->peer;
    partition->epoch = input->header.epoch;
    partition->pid = input->header.pid;
    partition->credit = bounded_credit(input->header.credit);
    partition->heard_ms = router->now_ms;
    tell_worker(effects, input->peer,
                &(struct wire_header){.kind = WIRE_REGISTERED,
                                      .partition = input->header.partition,
                                      .partitions = router->partition_count});
    if (!was_complete && router->worker_count == router->partition_count)
        effect_add(effects, ROUTER_READY);
    queue_wake(router, partition);
}

static void register_worker(struct router *router, const struct router_input *input,
                            struct router_effects *effects)
{
    static const struct wire_header fenced = {.kind = WIRE_FENCED};
    static const struct wire_header no_partition = {.kind = WIRE_ERROR,
                                                    .code = WIRE_ERROR_PARTITION};
    struct partition *present = partition_of(router, input->peer);
    struct partition *partition;
    enum claim claim;

    /* One connection speaks for one partition. */
    if (input->header.partition >= router->partition_count
        || (present != NULL && present != &router->partitions[input->header.partition])) {
        tell_worker(effects, input->peer, &no_partition);
        return;
    }
    partition = &router->partitions[input->header.partition];
    claim = judge(partition, input);
    if (claim == CLAIM_REFUSED) {
        tell_worker(effects, input->peer, &fenced);
        return;
    }
    if (partition->has_worker && claim != CLAIM_SAME_CONNECTION) {
        if (claim == CLAIM_NEW && partition->worker.id != input->peer.id)
            tell_worker(effects, partition->worker, &fenced);
        lose(router, partition);
    }
    own(router, partition, input, effects);
}

static void reply(struct router *router, struct partition *partition,
                  const struct router_input *input, struct router_effects *effects)
{
    uint32_t index = (uint32_t)(partition - router->partitions);
    struct delivery *delivery = queue_given(router, index, input->header.token);

    partition->heard_ms = router->now_ms;
    if (input->header.credit != 0)
        partition->credit = bounded_credit(input->header.credit);
    if (delivery == NULL)
        effect_drop(effects, input->body);
    else
        queue_answer(router, delivery, &input->header, input->body, effects);
    queue_wake(router, partition);
}

static void beat(struct router *router, struct partition *partition,
                 const struct router_input *input, struct router_effects *effects)
{
    partition->heard_ms = router->now_ms;
    partition->credit = bounded_credit(input->header.credit);
    tell_worker(effects, input->peer, &(struct wire_header){.kind = WIRE_PONG});
    effect_drop(effects, input->body);
    queue_wake(router, partition);
}

/* It was lost to silence, or the broker is new: it has to register before it is heard. */
static void refuse_stranger(const struct router_input *input, struct router_effects *effects)
{
    static const struct wire_header no_hello = {.kind = WIRE_ERROR, .code = WIRE_ERROR_NO_HELLO};

    tell_worker(effects, input->peer, &no_hello);
    effect_drop(effects, input->body);
}

void worker_message(struct router *router, const struct router_input *input,
                    struct router_effects *effects)
{
    struct partition *partition = partition_of(router, input->peer);

    if (input->header.kind == WIRE_REGISTER) {
        register_worker(router, input, effects);
        effect_drop(effects, input->body);
    } else if (partition == NULL) {
        refuse_stranger(input, effects);
    } else if (input->header.kind == WIRE_REPLY) {
        reply(router, partition, input, effects);
    } else if (input->header.kind == WIRE_BEAT) {
        beat(router, partition, input, effects);
    } else {
        effect_drop(effects, input->body);
    }
}

void worker_gone(struct router *router, struct router_peer peer)
{
    struct partition *partition = partition_of(router, peer);

    if (partition != NULL)
        lose(router, partition);
}

void worker_tick(struct router *router)
{
    for (uint32_t i = 0; i < router->partition_count; i++) {
        struct partition *partition = &router->partitions[i];

        if (partition->has_worker && partition->heard_ms + HEARTBEAT_DEAD_MS < router->now_ms)
            lose(router, partition);
    }
}
