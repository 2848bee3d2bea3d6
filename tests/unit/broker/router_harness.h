/* A router with what the tests of it share: short ways to say what peers say, the effects of the
 * last step and all its ticks, and a count of every body handle, so that each is given back once.
 */
#ifndef LD_TESTS_ROUTER_HARNESS_H
#define LD_TESTS_ROUTER_HARNESS_H

#include "broker/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEEN_MAX = 20000, BODIES_MAX = 1 << 17, SESSION = 77 };

struct harness {
    struct router *router;
    int64_t now_ms;
    uint32_t partitions;
    struct router_effect *seen; /* since the last clear */
    uint32_t seen_count;
    uint8_t *is_held; /* by body handle: the router has it */
    uint64_t next_body;
    uint32_t held_count;
    bool is_checked; /* router_check after every step */
    struct router_effects effects;
};

static inline void harness_init_session(struct harness *h, uint32_t partitions, uint64_t session)
{
    memset(h, 0, sizeof *h);
    h->router = router_create(partitions, session);
    h->seen = calloc(SEEN_MAX, sizeof *h->seen);
    h->is_held = calloc(BODIES_MAX, 1);
    h->next_body = 1;
    h->now_ms = 1000;
    h->partitions = partitions;
    h->is_checked = true;
    assert_non_null(h->router);
}

static inline void harness_init(struct harness *h, uint32_t partitions)
{
    harness_init_session(h, partitions, SESSION);
}

static inline void harness_fini(struct harness *h)
{
    router_destroy(h->router);
    free(h->seen);
    free(h->is_held);
}

static inline void body_back(struct harness *h, uint64_t body)
{
    if (body == 0)
        return;
    assert_true(body < h->next_body);
    assert_int_equal(h->is_held[body], 1);
    h->is_held[body] = 0;
    h->held_count--;
}

static inline void harness_take_effects(struct harness *h)
{
    for (uint32_t i = 0; i < h->effects.count; i++) {
        const struct router_effect *effect = &h->effects.rows[i];

        if (effect->kind == ROUTER_TO_WORKER)
            assert_true(effect->body == 0 || h->is_held[effect->body]);
        else
            body_back(h, effect->body);
        for (uint32_t part = 0; part < effect->body_count; part++)
            body_back(h, effect->bodies[part]);
        assert_true(h->seen_count < SEEN_MAX);
        h->seen[h->seen_count++] = *effect;
    }
}

/* One step, and ticks as long as its effects are cut. */
static inline void harness_step(struct harness *h, struct router_input input)
{
    input.now_ms = h->now_ms;
    do {
        router_step(h->router, &input, &h->effects);
        if (h->is_checked)
            router_check(h->router);
        harness_take_effects(h);
        input = (struct router_input){.kind = ROUTER_TICK, .now_ms = h->now_ms};
    } while (h->effects.is_cut);
}

static inline uint64_t new_body(struct harness *h)
{
    assert_true(h->next_body < BODIES_MAX);
    h->is_held[h->next_body] = 1;
    h->held_count++;
    return h->next_body++;
}

static inline uint64_t from_client(struct harness *h, uint64_t peer, struct wire_header header,
                                   size_t size)
{
    uint64_t body = size > 0 ? new_body(h) : 0;

    harness_step(h, (struct router_input){.kind = ROUTER_CLIENT_MESSAGE,
                                          .peer = {peer},
                                          .header = header,
                                          .body = body,
                                          .body_size = size});
    return body;
}

static inline void from_worker(struct harness *h, uint64_t peer, struct wire_header header,
                               size_t size)
{
    uint64_t body = size > 0 ? new_body(h) : 0;

    harness_step(h, (struct router_input){.kind = ROUTER_WORKER_MESSAGE,
                                          .peer = {peer},
                                          .header = header,
                                          .body = body,
                                          .body_size = size});
}

static inline void hello(struct harness *h, uint64_t peer)
{
    from_client(h, peer, (struct wire_header){.kind = WIRE_HELLO, .version = WIRE_VERSION}, 0);
}

static inline uint64_t publish(struct harness *h, uint64_t peer, uint64_t seq, uint32_t partition)
{
    return from_client(
        h, peer, (struct wire_header){.kind = WIRE_PUBLISH, .seq = seq, .partition = partition},
        100);
}

static inline uint64_t request(struct harness *h, uint64_t peer, uint64_t seq, uint32_t partition)
{
    return from_client(
        h, peer, (struct wire_header){.kind = WIRE_REQUEST, .seq = seq, .partition = partition},
        50);
}

static inline void register_worker(struct harness *h, uint64_t peer, uint32_t partition,
                                   uint64_t epoch, uint32_t credit)
{
    from_worker(h, peer,
                (struct wire_header){.kind = WIRE_REGISTER,
                                     .partition = partition,
                                     .epoch = epoch,
                                     .pid = (uint32_t)peer,
                                     .credit = credit},
                10);
}

static inline void reply(struct harness *h, uint64_t peer, uint64_t token, enum wire_kind inner)
{
    from_worker(h, peer, (struct wire_header){.kind = WIRE_REPLY, .token = token, .inner = inner},
                30);
}

static inline void gone(struct harness *h, enum router_input_kind kind, uint64_t peer)
{
    harness_step(h, (struct router_input){.kind = kind, .peer = {peer}});
}

static inline void pass(struct harness *h, int64_t ms)
{
    h->now_ms += ms;
    harness_step(h, (struct router_input){.kind = ROUTER_TICK});
}

static inline void clear(struct harness *h)
{
    h->seen_count = 0;
}

/* The index-th effect to a peer of one side, since the last clear. */
static inline const struct router_effect *seen_to(const struct harness *h,
                                                  enum router_effect_kind kind, uint64_t peer,
                                                  uint32_t index)
{
    for (uint32_t i = 0; i < h->seen_count; i++)
        if (h->seen[i].kind == kind && h->seen[i].peer.id == peer && index-- == 0)
            return &h->seen[i];
    return NULL;
}

static inline uint32_t count_of(const struct harness *h, enum router_effect_kind kind,
                                enum wire_kind header)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < h->seen_count; i++)
        count += h->seen[i].kind == kind && h->seen[i].header.kind == header;
    return count;
}

#define assert_error(effect, wire_code)                                                            \
    do {                                                                                           \
        assert_non_null(effect);                                                                   \
        assert_int_equal((effect)->header.kind, WIRE_ERROR);                                       \
        assert_int_equal((effect)->header.code, (wire_code));                                      \
    } while (0)

#endif
