/* A random walk of clients and workers over the router, by a fixed seed: the invariant holds after
 * every step, every body comes back once, every message that a staying client sent is answered once
 * for each time it was taken, and at the end nothing is left. */
#include "tests/unit/broker/router_harness.h"

enum { CLIENTS = 6, PARTITIONS = 3, STEPS = 6000, GIVEN_MAX = 4096, PID_BASE = 1000 };

struct walk {
    struct harness h;
    uint64_t random;
    uint64_t next_seq[CLIENTS];
    uint64_t peer[CLIENTS];
    uint64_t next_peer, next_epoch;
    uint64_t worker[PARTITIONS]; /* peer, 0: none */
    struct {
        uint64_t worker, token;
        enum wire_kind inner;
    } given[GIVEN_MAX];
    uint32_t given_count;
    uint32_t taken_at; /* effects looked at so far */
    uint32_t answers;
};

/* xorshift64: the sequence is the test's own for ever. */
static uint32_t draw(struct walk *walk, uint32_t below)
{
    walk->random ^= walk->random << 13;
    walk->random ^= walk->random >> 7;
    walk->random ^= walk->random << 17;
    return (uint32_t)((walk->random >> 20) % below);
}

static void collect(struct walk *walk)
{
    for (uint32_t i = 0; i < walk->h.seen_count; i++) {
        const struct router_effect *effect = &walk->h.seen[i];

        if (effect->kind == ROUTER_TO_WORKER && effect->header.kind == WIRE_DELIVER) {
            assert_true(walk->given_count < GIVEN_MAX);
            walk->given[walk->given_count].worker = effect->peer.id;
            walk->given[walk->given_count].token = effect->header.token;
            walk->given[walk->given_count++].inner =
                effect->header.inner == WIRE_PUBLISH ? WIRE_FATES : WIRE_ANSWER;
        }
        walk->answers +=
            effect->kind == ROUTER_GATHERED
            || (effect->kind == ROUTER_TO_CLIENT
                && (effect->header.kind == WIRE_FATES || effect->header.kind == WIRE_ANSWER));
    }
    clear(&walk->h);
}

static void come(struct walk *walk, uint32_t partition)
{
    walk->worker[partition] = walk->next_peer++;
    register_worker(&walk->h, walk->worker[partition], partition, walk->next_epoch++,
                    1 + draw(walk, 20));
}

static void answer_some(struct walk *walk)
{
    uint32_t at;

    if (walk->given_count == 0)
        return;
    /* Mostly something recent: what is old is most often stale. */
    at = walk->given_count < 20 || draw(walk, 10) == 0
             ? draw(walk, walk->given_count)
             : walk->given_count - 1 - draw(walk, 20);
    reply(&walk->h, walk->given[at].worker, walk->given[at].token, walk->given[at].inner);
    walk->given[at] = walk->given[--walk->given_count];
}

static void client_speaks(struct walk *walk)
{
    uint32_t client = draw(walk, CLIENTS);
    uint64_t peer = walk->peer[client];
    uint32_t kind = draw(walk, 20);
    uint32_t partition = draw(walk, PARTITIONS + 1);

    if (kind < 2)
        hello(&walk->h, peer);
    else if (kind < 4 && walk->next_seq[client] > 3)
        publish(&walk->h, peer, walk->next_seq[client] - 1 - draw(walk, 3), partition);
    else if (kind < 14)
        publish(&walk->h, peer, walk->next_seq[client]++, partition);
    else if (kind < 17)
        request(&walk->h, peer, walk->next_seq[client]++, partition);
    else
        request(&walk->h, peer, walk->next_seq[client]++,
                kind == 17 ? PARTITION_BROKER : PARTITION_ALL);
}

static void something_happens(struct walk *walk)
{
    uint32_t what = draw(walk, 100);
    uint32_t partition = draw(walk, PARTITIONS);

    if (what < 45) {
        client_speaks(walk);
    } else if (what < 88) {
        answer_some(walk);
    } else if (what < 91) {
        come(walk, partition);
    } else if (what < 93) {
        gone(&walk->h, ROUTER_WORKER_GONE, walk->worker[partition]);
    } else if (what < 95) {
        uint32_t client = draw(walk, CLIENTS);

        gone(&walk->h, ROUTER_CLIENT_GONE, walk->peer[client]);
        walk->peer[client] = walk->next_peer++;
        hello(&walk->h, walk->peer[client]);
    } else if (what < 97) {
        from_worker(&walk->h, walk->worker[partition],
                    (struct wire_header){.kind = WIRE_BEAT, .credit = draw(walk, 30)}, 0);
    } else {
        pass(&walk->h, draw(walk, 100) == 0 ? ROUTER_CLIENT_IDLE_MS : draw(walk, 2500));
    }
    collect(walk);
}

/* All workers come and answer everything: then nothing may be left, and all ever taken is told. */
static void settle(struct walk *walk)
{
    for (uint32_t i = 0; i < PARTITIONS; i++)
        come(walk, i);
    collect(walk);
    while (walk->given_count > 0) {
        walk->h.now_ms++;
        answer_some(walk);
        collect(walk);
    }
}

static void walk_from(uint64_t seed)
{
    struct walk *walk = calloc(1, sizeof *walk);
    struct router_partition_status status;

    assert_non_null(walk);
    harness_init(&walk->h, PARTITIONS);
    walk->random = seed;
    walk->next_peer = 1;
    walk->next_epoch = 1;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        walk->peer[i] = walk->next_peer++;
        walk->next_seq[i] = 1;
    }
    walk->next_peer = PID_BASE;
    for (uint32_t step = 0; step < STEPS; step++) {
        walk->h.is_checked = step % 8 == 0;
        something_happens(walk);
    }
    walk->h.is_checked = false;
    settle(walk);
    router_check(walk->h.router);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        router_partition(walk->h.router, i, &status);
        assert_int_equal(status.queued + status.in_flight, 0);
    }
    assert_int_equal(walk->h.held_count, 0);
    assert_true(walk->answers > STEPS / 10);
    harness_fini(&walk->h);
    free(walk);
}

static void whatever_peers_do_the_invariant_holds_and_nothing_is_left(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++)
        walk_from(seed * 0x9e3779b97f4a7c15u);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_peers_do_the_invariant_holds_and_nothing_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
