/* The router's promises one by one: who gets which message and what comes back, with every body
 * handle counted and the invariant checked after every step. */
#include "tests/unit/broker/router_harness.h"

enum { ANNA = 1, BEN = 2, CARL = 3, WORKER = 100, RIVAL = 101, OTHER = 102 };

static void a_greeting_is_welcomed_with_the_partitions(void **state)
{
    struct harness h;
    const struct router_effect *welcome;

    (void)state;
    harness_init(&h, 4);
    hello(&h, ANNA);
    welcome = seen_to(&h, ROUTER_TO_CLIENT, ANNA, 0);
    assert_non_null(welcome);
    assert_int_equal(welcome->header.kind, WIRE_WELCOME);
    assert_int_equal(welcome->header.version, WIRE_VERSION);
    assert_int_equal(welcome->header.partitions, 4);
    assert_int_equal(welcome->header.session, SESSION);
    hello(&h, ANNA);
    assert_int_equal(router_client_count(h.router), 1);
    harness_fini(&h);
}

static void what_is_wrong_with_a_message_is_told_and_nothing_is_taken(void **state)
{
    static const struct {
        struct wire_header header;
        bool is_greeted;
        enum wire_error code;
    } rows[] = {
        {{.kind = WIRE_PUBLISH, .seq = 1}, false, WIRE_ERROR_NO_HELLO},
        {{.kind = WIRE_PING}, false, WIRE_ERROR_NO_HELLO},
        {{.kind = WIRE_HELLO, .version = 2}, false, WIRE_ERROR_VERSION},
        {{.kind = WIRE_PUBLISH, .seq = 0}, true, WIRE_ERROR_MALFORMED},
        {{.kind = WIRE_PUBLISH, .seq = 1, .partition = 2}, true, WIRE_ERROR_PARTITION},
        {{.kind = WIRE_PUBLISH, .seq = 1, .partition = PARTITION_ALL}, true, WIRE_ERROR_PARTITION},
        {{.kind = WIRE_PUBLISH, .seq = 1, .partition = PARTITION_BROKER},
         true,
         WIRE_ERROR_PARTITION},
        {{.kind = WIRE_REQUEST, .seq = 1, .partition = 9}, true, WIRE_ERROR_PARTITION},
        {{.kind = WIRE_REGISTER, .seq = 1}, true, WIRE_ERROR_UNKNOWN_KIND},
        {{.kind = WIRE_REPLY, .seq = 1}, true, WIRE_ERROR_UNKNOWN_KIND},
        {{.kind = WIRE_WELCOME, .seq = 1}, true, WIRE_ERROR_UNKNOWN_KIND},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct harness h;

        harness_init(&h, 2);
        register_worker(&h, WORKER, 0, 1, 10);
        if (rows[i].is_greeted)
            hello(&h, ANNA);
        clear(&h);
        from_client(&h, ANNA, rows[i].header, 20);
        assert_error(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 0), rows[i].code);
        assert_int_equal(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 0)->header.seq, rows[i].header.seq);
        assert_int_equal(h.held_count, 0);
        assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 0);
        harness_fini(&h);
    }
}

static void a_message_goes_to_its_worker_and_the_answer_comes_back(void **state)
{
    struct harness h;
    const struct router_effect *effect;
    uint64_t body;

    (void)state;
    harness_init(&h, 2);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 1, 1, 10);
    body = publish(&h, ANNA, 5, 1);
    effect = seen_to(&h, ROUTER_TO_WORKER, WORKER, 1);
    assert_non_null(effect);
    assert_int_equal(effect->header.kind, WIRE_DELIVER);
    assert_int_equal(effect->header.inner, WIRE_PUBLISH);
    assert_int_equal(effect->header.partition, 1);
    assert_false(effect->header.is_again);
    assert_int_equal(effect->body, body);
    clear(&h);
    reply(&h, WORKER, effect->header.token, WIRE_FATES);
    effect = seen_to(&h, ROUTER_TO_CLIENT, ANNA, 0);
    assert_non_null(effect);
    assert_int_equal(effect->header.kind, WIRE_FATES);
    assert_int_equal(effect->header.seq, 5);
    assert_int_equal(effect->header.partition, 1);
    assert_true(effect->body != 0 && effect->body != body);
    assert_int_equal(h.held_count, 0);
    harness_fini(&h);
}

static void a_workers_error_keeps_its_code_and_nonsense_becomes_one(void **state)
{
    struct harness h;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 0, 1, 10);
    request(&h, ANNA, 1, 0);
    request(&h, ANNA, 2, 0);
    from_worker(
        &h, WORKER,
        (struct wire_header){.kind = WIRE_REPLY,
                             .token = seen_to(&h, ROUTER_TO_WORKER, WORKER, 1)->header.token,
                             .inner = WIRE_ERROR,
                             .code = WIRE_ERROR_NOT_FOUND},
        10);
    assert_error(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 1), WIRE_ERROR_NOT_FOUND);
    reply(&h, WORKER, seen_to(&h, ROUTER_TO_WORKER, WORKER, 2)->header.token, WIRE_HELLO);
    assert_error(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 2), WIRE_ERROR_MALFORMED);
    assert_int_equal(h.held_count, 0);
    harness_fini(&h);
}

static void a_worker_never_has_more_than_its_credit(void **state)
{
    struct harness h;
    uint64_t first;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 0, 1, 2);
    for (uint64_t seq = 1; seq <= 5; seq++)
        publish(&h, ANNA, seq, 0);
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 2);
    first = seen_to(&h, ROUTER_TO_WORKER, WORKER, 1)->header.token;
    reply(&h, WORKER, first, WIRE_FATES);
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 3);
    from_worker(&h, WORKER, (struct wire_header){.kind = WIRE_BEAT, .credit = 4}, 0);
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_PONG), 1);
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 5);
    harness_fini(&h);
}

static void a_beat_without_credit_closes_the_window(void **state)
{
    struct harness h;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 0, 1, 5);
    from_worker(&h, WORKER, (struct wire_header){.kind = WIRE_BEAT}, 0);
    publish(&h, ANNA, 1, 0);
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 0);
    from_worker(&h, WORKER, (struct wire_header){.kind = WIRE_BEAT, .credit = 1}, 0);
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 1);
    harness_fini(&h);
}

/* A worker that outlived a broker answers the next one under the last one's token. */
static void tokens_of_two_brokers_differ(void **state)
{
    static const uint64_t sessions[] = {SESSION, INT64_MAX};
    uint64_t tokens[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct harness h;

        harness_init_session(&h, 1, sessions[i]);
        hello(&h, ANNA);
        register_worker(&h, WORKER, 0, 1, 5);
        publish(&h, ANNA, 1, 0);
        tokens[i] = seen_to(&h, ROUTER_TO_WORKER, WORKER, 1)->header.token;
        harness_fini(&h);
    }
    assert_true(tokens[0] != tokens[1]);
    assert_true(tokens[0] < INT64_MAX / 2 && tokens[1] < INT64_MAX / 2); /* the wire's bound is far */
}

static void unknown_and_stale_tokens_are_dropped(void **state)
{
    struct harness h;
    uint64_t token;

    (void)state;
    harness_init(&h, 2);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 0, 1, 5);
    register_worker(&h, OTHER, 1, 1, 5);
    publish(&h, ANNA, 1, 0);
    token = seen_to(&h, ROUTER_TO_WORKER, WORKER, 1)->header.token;
    clear(&h);
    reply(&h, WORKER, 0, WIRE_FATES);
    reply(&h, WORKER, token + 1, WIRE_FATES);
    reply(&h, WORKER, token + (1u << 14), WIRE_FATES);
    reply(&h, OTHER, token, WIRE_FATES); /* another partition's worker */
    reply(&h, RIVAL, token, WIRE_FATES); /* nobody's worker: it has to register */
    assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_FATES), 0);
    assert_error(seen_to(&h, ROUTER_TO_WORKER, RIVAL, 0), WIRE_ERROR_NO_HELLO);
    reply(&h, WORKER, token, WIRE_FATES);
    reply(&h, WORKER, token, WIRE_FATES); /* twice */
    assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_FATES), 1);
    assert_int_equal(h.held_count, 0);
    harness_fini(&h);
}

static void a_message_sent_again_is_not_queued_twice(void **state)
{
    struct harness h;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    publish(&h, ANNA, 1, 0);
    publish(&h, ANNA, 1, 0); /* still queued */
    register_worker(&h, WORKER, 0, 1, 5);
    publish(&h, ANNA, 1, 0); /* in flight */
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 1);
    assert_int_equal(h.held_count, 1);
    hello(&h, BEN);
    publish(&h, BEN, 1, 0); /* the number is the client's own */
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 2);
    harness_fini(&h);
}

static void what_a_lost_worker_had_goes_first_to_the_next_in_order(void **state)
{
    static const uint64_t order[] = {2, 3, 4, 5, 6};
    struct harness h;
    uint64_t bodies[8];

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 0, 1, 4);
    for (uint64_t seq = 1; seq <= 6; seq++)
        bodies[seq] = publish(&h, ANNA, seq, 0);
    reply(&h, WORKER, seen_to(&h, ROUTER_TO_WORKER, WORKER, 1)->header.token, WIRE_FATES);
    gone(&h, ROUTER_WORKER_GONE, WORKER);
    clear(&h);
    register_worker(&h, RIVAL, 0, 2, 10);
    for (uint32_t i = 0; i < 5; i++) {
        const struct router_effect *effect = seen_to(&h, ROUTER_TO_WORKER, RIVAL, i + 1);

        assert_non_null(effect);
        assert_int_equal(effect->body, bodies[order[i]]);
        assert_int_equal(effect->header.is_again, order[i] <= 5);
    }
    harness_fini(&h);
}

static void a_silent_worker_is_lost_and_its_late_reply_dropped(void **state)
{
    struct harness h;
    uint64_t token;
    struct router_partition_status status;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 0, 7, 4);
    publish(&h, ANNA, 1, 0);
    token = seen_to(&h, ROUTER_TO_WORKER, WORKER, 1)->header.token;
    pass(&h, HEARTBEAT_DEAD_MS);
    router_partition(h.router, 0, &status);
    assert_true(status.has_worker);
    assert_int_equal(status.epoch, 7);
    assert_int_equal(status.in_flight, 1);
    pass(&h, 1);
    router_partition(h.router, 0, &status);
    assert_false(status.has_worker);
    assert_int_equal(status.queued, 1);
    clear(&h);
    reply(&h, WORKER, token, WIRE_FATES);
    assert_error(seen_to(&h, ROUTER_TO_WORKER, WORKER, 0), WIRE_ERROR_NO_HELLO);
    /* It was only slow: it registers again, and the old token means nothing any more. */
    register_worker(&h, WORKER, 0, 7, 4);
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 1);
    reply(&h, WORKER, token, WIRE_FATES);
    assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_FATES), 0);
    harness_fini(&h);
}

/* What a second claim on a partition that WORKER holds with epoch 5 leads to. */
static void a_claim_is_judged_by_its_epoch_and_process(void **state)
{
    static const struct {
        uint64_t peer, epoch;
        uint32_t pid;
        enum wire_kind answer;
        bool is_old_fenced;
    } rows[] = {
        {RIVAL, 6, RIVAL, WIRE_REGISTERED, true},    {RIVAL, 5, RIVAL, WIRE_FENCED, false},
        {RIVAL, 4, RIVAL, WIRE_FENCED, false},       {RIVAL, 5, WORKER, WIRE_REGISTERED, false},
        {WORKER, 5, WORKER, WIRE_REGISTERED, false}, {WORKER, 4, WORKER, WIRE_FENCED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct harness h;
        const struct router_effect *effect;

        harness_init(&h, 1);
        register_worker(&h, WORKER, 0, 5, 4);
        clear(&h);
        from_worker(
            &h, rows[i].peer,
            (struct wire_header){
                .kind = WIRE_REGISTER, .epoch = rows[i].epoch, .pid = rows[i].pid, .credit = 1},
            0);
        effect = seen_to(&h, ROUTER_TO_WORKER, rows[i].peer, 0);
        assert_non_null(effect);
        assert_int_equal(effect->header.kind, rows[i].answer);
        effect = seen_to(&h, ROUTER_TO_WORKER, WORKER, 0);
        if (rows[i].peer != WORKER) {
            assert_int_equal(effect != NULL, rows[i].is_old_fenced);
            assert_true(effect == NULL || effect->header.kind == WIRE_FENCED);
        }
        harness_fini(&h);
    }
}

static void a_lower_epoch_is_refused_also_when_the_worker_is_gone(void **state)
{
    struct harness h;

    (void)state;
    harness_init(&h, 1);
    register_worker(&h, WORKER, 0, 5, 4);
    gone(&h, ROUTER_WORKER_GONE, WORKER);
    clear(&h);
    register_worker(&h, RIVAL, 0, 4, 4);
    assert_int_equal(seen_to(&h, ROUTER_TO_WORKER, RIVAL, 0)->header.kind, WIRE_FENCED);
    harness_fini(&h);
}

static void a_connection_speaks_for_one_partition_that_exists(void **state)
{
    struct harness h;

    (void)state;
    harness_init(&h, 2);
    register_worker(&h, WORKER, 2, 1, 4);
    assert_error(seen_to(&h, ROUTER_TO_WORKER, WORKER, 0), WIRE_ERROR_PARTITION);
    register_worker(&h, WORKER, 1, 1, 4);
    register_worker(&h, WORKER, 0, 1, 4);
    assert_error(seen_to(&h, ROUTER_TO_WORKER, WORKER, 2), WIRE_ERROR_PARTITION);
    harness_fini(&h);
}

static void ready_is_said_each_time_that_all_partitions_have_workers(void **state)
{
    struct harness h;

    (void)state;
    harness_init(&h, 2);
    register_worker(&h, WORKER, 0, 1, 4);
    assert_int_equal(count_of(&h, ROUTER_READY, 0), 0);
    register_worker(&h, OTHER, 1, 1, 4);
    assert_int_equal(count_of(&h, ROUTER_READY, 0), 1);
    register_worker(&h, OTHER, 1, 1, 4);
    assert_int_equal(count_of(&h, ROUTER_READY, 0), 1);
    gone(&h, ROUTER_WORKER_GONE, WORKER);
    register_worker(&h, RIVAL, 0, 2, 4);
    assert_int_equal(count_of(&h, ROUTER_READY, 0), 2);
    harness_fini(&h);
}

static void a_message_lost_too_often_is_given_up_and_the_next_goes_on(void **state)
{
    struct harness h;
    uint64_t epoch;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    publish(&h, ANNA, 1, 0);
    publish(&h, ANNA, 2, 0);
    clear(&h);
    for (epoch = 1; epoch <= ROUTER_LOSSES_MAX; epoch++) {
        assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_ERROR), 0);
        register_worker(&h, WORKER, 0, epoch, 1);
        assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), epoch);
        gone(&h, ROUTER_WORKER_GONE, WORKER);
    }
    assert_error(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 0), WIRE_ERROR_UNAVAILABLE);
    assert_int_equal(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 0)->header.seq, 1);
    clear(&h);
    register_worker(&h, WORKER, 0, epoch, 1);
    assert_non_null(seen_to(&h, ROUTER_TO_WORKER, WORKER, 1));
    assert_false(seen_to(&h, ROUTER_TO_WORKER, WORKER, 1)->header.is_again);
    harness_fini(&h);
}

static void a_gone_clients_messages_are_dropped_but_for_given_publications(void **state)
{
    struct harness h;
    struct router_partition_status status;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 0, 1, 2);
    publish(&h, ANNA, 1, 0); /* given */
    request(&h, ANNA, 2, 0); /* given */
    publish(&h, ANNA, 3, 0); /* queued */
    gone(&h, ROUTER_CLIENT_GONE, ANNA);
    router_partition(h.router, 0, &status);
    assert_int_equal(status.in_flight, 2);
    assert_int_equal(status.queued, 0);
    assert_int_equal(h.held_count, 2);
    /* The worker is lost: the publication goes again, nobody wants the request's answer. */
    gone(&h, ROUTER_WORKER_GONE, WORKER);
    assert_int_equal(h.held_count, 1);
    clear(&h);
    register_worker(&h, RIVAL, 0, 2, 2);
    reply(&h, RIVAL, seen_to(&h, ROUTER_TO_WORKER, RIVAL, 1)->header.token, WIRE_FATES);
    assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_FATES), 0);
    assert_int_equal(h.held_count, 0);
    harness_fini(&h);
}

static void an_idle_client_is_forgotten_and_has_to_greet_again(void **state)
{
    struct harness h;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    hello(&h, BEN);
    publish(&h, ANNA, 1, 0);
    pass(&h, ROUTER_CLIENT_IDLE_MS - 1);
    from_client(&h, BEN, (struct wire_header){.kind = WIRE_PING, .seq = 9}, 0);
    assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_PONG), 1);
    pass(&h, 1);
    assert_int_equal(router_client_count(h.router), 1);
    assert_int_equal(h.held_count, 0);
    clear(&h);
    publish(&h, ANNA, 2, 0);
    assert_error(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 0), WIRE_ERROR_NO_HELLO);
    harness_fini(&h);
}

static void guests_that_wait_for_nothing_make_room_for_new_ones(void **state)
{
    struct harness h;
    const uint64_t last = ROUTER_CLIENTS_MAX;

    (void)state;
    harness_init(&h, 1);
    h.is_checked = false;
    for (uint64_t peer = 1; peer <= last; peer++)
        hello(&h, peer);
    publish(&h, 1, 1, 0);
    clear(&h);
    hello(&h, last + 1);
    assert_error(seen_to(&h, ROUTER_TO_CLIENT, last + 1, 0), WIRE_ERROR_UNAVAILABLE);
    pass(&h, HEARTBEAT_DEAD_MS);
    hello(&h, last + 1);
    assert_int_equal(seen_to(&h, ROUTER_TO_CLIENT, last + 1, 1)->header.kind, WIRE_WELCOME);
    clear(&h);
    publish(&h, 1, 2, 0); /* who waits for an answer stays */
    assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_ERROR), 0);
    router_check(h.router);
    harness_fini(&h);
}

static void a_flooding_client_slows_only_itself(void **state)
{
    static const uint64_t turns[] = {ANNA, BEN, CARL, ANNA, BEN, ANNA};
    struct harness h;
    uint32_t at = 0;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    hello(&h, BEN);
    hello(&h, CARL);
    for (uint64_t seq = 1; seq <= 50; seq++)
        publish(&h, ANNA, seq, 0);
    publish(&h, BEN, 1, 0);
    publish(&h, BEN, 2, 0);
    publish(&h, CARL, 1, 0);
    register_worker(&h, WORKER, 0, 1, 6);
    for (uint32_t i = 0; i < 6; i++)
        reply(&h, WORKER, seen_to(&h, ROUTER_TO_WORKER, WORKER, i + 1)->header.token, WIRE_FATES);
    for (uint32_t i = 0; i < h.seen_count && at < 6; i++)
        if (h.seen[i].kind == ROUTER_TO_CLIENT && h.seen[i].header.kind == WIRE_FATES)
            assert_int_equal(h.seen[i].peer.id, turns[at++]);
    assert_int_equal(at, 6);
    harness_fini(&h);
}

static void past_a_bound_the_answer_is_busy_and_nothing_is_taken(void **state)
{
    struct harness h;
    uint32_t held;

    (void)state;
    harness_init(&h, 2);
    h.is_checked = false;
    for (uint64_t peer = 1; peer <= 5; peer++) {
        hello(&h, peer);
        for (uint64_t seq = 1; seq <= ROUTER_CLIENT_MESSAGES_MAX; seq++)
            publish(&h, peer, seq, 0);
    }
    /* Four clients fill the partition up to its bound; the fifth gets nothing in. */
    assert_int_equal(h.held_count, ROUTER_PARTITION_MESSAGES_MAX);
    assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_BUSY), ROUTER_CLIENT_MESSAGES_MAX);
    clear(&h);
    held = h.held_count;
    publish(&h, 1, 5000, 1); /* its own bound, at another partition */
    assert_int_equal(seen_to(&h, ROUTER_TO_CLIENT, 1, 0)->header.kind, WIRE_BUSY);
    assert_int_equal(seen_to(&h, ROUTER_TO_CLIENT, 1, 0)->header.seq, 5000);
    assert_true(seen_to(&h, ROUTER_TO_CLIENT, 1, 0)->header.retry_ms > 0);
    request(&h, 5, 5000, PARTITION_ALL); /* one partition is full: none gets it */
    assert_int_equal(seen_to(&h, ROUTER_TO_CLIENT, 5, 0)->header.kind, WIRE_BUSY);
    assert_int_equal(h.held_count, held);
    publish(&h, 5, 5001, 1);
    assert_int_equal(h.held_count, held + 1);
    router_check(h.router);
    harness_fini(&h);
}

static void bytes_are_bounded_as_messages_are(void **state)
{
    struct harness h;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    for (uint64_t seq = 1; seq <= 33; seq++)
        from_client(&h, ANNA, (struct wire_header){.kind = WIRE_PUBLISH, .seq = seq},
                    WIRE_BODY_MAX);
    assert_int_equal(h.held_count, 32);
    assert_int_equal(count_of(&h, ROUTER_TO_CLIENT, WIRE_BUSY), 1);
    from_client(&h, ANNA, (struct wire_header){.kind = WIRE_PUBLISH, .seq = 40}, WIRE_BODY_MAX + 1);
    assert_error(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 2), WIRE_ERROR_TOO_LARGE);
    harness_fini(&h);
}

static void more_work_than_effects_is_cut_and_goes_on(void **state)
{
    struct harness h;
    struct router_effects effects;

    (void)state;
    harness_init(&h, 1);
    hello(&h, ANNA);
    for (uint64_t seq = 1; seq <= 500; seq++)
        publish(&h, ANNA, seq, 0);
    clear(&h);
    register_worker(&h, WORKER, 0, 1, 300);
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 300);
    /* A client with many queued messages goes: its bodies come back over several steps. */
    router_step(
        h.router,
        &(struct router_input){.kind = ROUTER_CLIENT_GONE, .peer = {ANNA}, .now_ms = h.now_ms},
        &effects);
    assert_true(effects.is_cut);
    assert_true(effects.count <= ROUTER_EFFECTS_MAX);
    h.effects = effects;
    harness_take_effects(&h);
    pass(&h, 0);
    assert_int_equal(h.held_count, 300);
    harness_fini(&h);
}

static void a_request_to_all_is_gathered_by_partition(void **state)
{
    struct harness h;
    const struct router_effect *effect;
    uint64_t tokens[3];

    (void)state;
    harness_init(&h, 3);
    hello(&h, ANNA);
    for (uint32_t i = 0; i < 3; i++)
        register_worker(&h, WORKER + i, i, 1, 5);
    request(&h, ANNA, 8, PARTITION_ALL);
    request(&h, ANNA, 8, PARTITION_ALL); /* sent again while it is gathered */
    assert_int_equal(count_of(&h, ROUTER_TO_WORKER, WIRE_DELIVER), 3);
    for (uint32_t i = 0; i < 3; i++)
        tokens[i] = seen_to(&h, ROUTER_TO_WORKER, WORKER + i, 1)->header.token;
    clear(&h);
    reply(&h, WORKER + 2, tokens[2], WIRE_ANSWER);
    reply(&h, WORKER, tokens[0], WIRE_ANSWER);
    assert_null(seen_to(&h, ROUTER_GATHERED, ANNA, 0));
    from_worker(&h, WORKER + 1,
                (struct wire_header){.kind = WIRE_REPLY,
                                     .token = tokens[1],
                                     .inner = WIRE_ERROR,
                                     .code = WIRE_ERROR_STORE_FULL},
                0);
    effect = seen_to(&h, ROUTER_GATHERED, ANNA, 0);
    assert_non_null(effect);
    assert_int_equal(effect->header.seq, 8);
    assert_int_equal(effect->body_count, 3);
    assert_true(effect->bodies[0] > effect->bodies[2] && effect->bodies[2] > 0);
    assert_int_equal(effect->codes[1], WIRE_ERROR_STORE_FULL);
    assert_int_equal(h.held_count, 0);
    harness_fini(&h);
}

static void a_request_to_all_of_a_gone_client_leaves_nothing_behind(void **state)
{
    struct harness h;
    uint64_t token;

    (void)state;
    harness_init(&h, 3);
    hello(&h, ANNA);
    register_worker(&h, WORKER, 0, 1, 5);
    register_worker(&h, OTHER, 1, 1, 5);
    request(&h, ANNA, 8, PARTITION_ALL);
    reply(&h, WORKER, seen_to(&h, ROUTER_TO_WORKER, WORKER, 1)->header.token, WIRE_ANSWER);
    token = seen_to(&h, ROUTER_TO_WORKER, OTHER, 1)->header.token;
    gone(&h, ROUTER_CLIENT_GONE, ANNA);
    reply(&h, OTHER, token, WIRE_ANSWER);
    assert_int_equal(h.held_count, 0);
    assert_null(seen_to(&h, ROUTER_GATHERED, ANNA, 0));
    harness_fini(&h);
}

static void a_request_to_the_broker_is_the_loops(void **state)
{
    struct harness h;
    const struct router_effect *effect;

    (void)state;
    harness_init(&h, 1);
    request(&h, ANNA, 1, PARTITION_BROKER);
    assert_error(seen_to(&h, ROUTER_TO_CLIENT, ANNA, 0), WIRE_ERROR_NO_HELLO);
    hello(&h, ANNA);
    request(&h, ANNA, 2, PARTITION_BROKER);
    effect = seen_to(&h, ROUTER_ASKED, ANNA, 0);
    assert_non_null(effect);
    assert_int_equal(effect->header.seq, 2);
    assert_int_equal(h.held_count, 0);
    harness_fini(&h);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_greeting_is_welcomed_with_the_partitions),
        cmocka_unit_test(what_is_wrong_with_a_message_is_told_and_nothing_is_taken),
        cmocka_unit_test(a_message_goes_to_its_worker_and_the_answer_comes_back),
        cmocka_unit_test(a_workers_error_keeps_its_code_and_nonsense_becomes_one),
        cmocka_unit_test(a_worker_never_has_more_than_its_credit),
        cmocka_unit_test(a_beat_without_credit_closes_the_window),
        cmocka_unit_test(tokens_of_two_brokers_differ),
        cmocka_unit_test(unknown_and_stale_tokens_are_dropped),
        cmocka_unit_test(a_message_sent_again_is_not_queued_twice),
        cmocka_unit_test(what_a_lost_worker_had_goes_first_to_the_next_in_order),
        cmocka_unit_test(a_silent_worker_is_lost_and_its_late_reply_dropped),
        cmocka_unit_test(a_claim_is_judged_by_its_epoch_and_process),
        cmocka_unit_test(a_lower_epoch_is_refused_also_when_the_worker_is_gone),
        cmocka_unit_test(a_connection_speaks_for_one_partition_that_exists),
        cmocka_unit_test(ready_is_said_each_time_that_all_partitions_have_workers),
        cmocka_unit_test(a_message_lost_too_often_is_given_up_and_the_next_goes_on),
        cmocka_unit_test(a_gone_clients_messages_are_dropped_but_for_given_publications),
        cmocka_unit_test(an_idle_client_is_forgotten_and_has_to_greet_again),
        cmocka_unit_test(guests_that_wait_for_nothing_make_room_for_new_ones),
        cmocka_unit_test(a_flooding_client_slows_only_itself),
        cmocka_unit_test(past_a_bound_the_answer_is_busy_and_nothing_is_taken),
        cmocka_unit_test(bytes_are_bounded_as_messages_are),
        cmocka_unit_test(more_work_than_effects_is_cut_and_goes_on),
        cmocka_unit_test(a_request_to_all_is_gathered_by_partition),
        cmocka_unit_test(a_request_to_all_of_a_gone_client_leaves_nothing_behind),
        cmocka_unit_test(a_request_to_the_broker_is_the_loops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
