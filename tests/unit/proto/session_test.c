/* The client's state machine: driven by hand, with time given. */
#include "proto/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct session session;
    struct session_effects effects;
    int64_t now_ms;
};

static struct fixture *fixture(void **state)
{
    return *state;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->now_ms = 1000000;
    session_init(&f->session, f->now_ms);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void tick_after(struct fixture *f, int64_t passed_ms)
{
    f->now_ms += passed_ms;
    session_tick(&f->session, f->now_ms, &f->effects);
    session_check(&f->session);
}

static void arrive(struct fixture *f, struct wire_header header)
{
    session_receive(&f->session, &header, BYTES_LITERAL("body"), f->now_ms, &f->effects);
    session_check(&f->session);
}

static void welcome(struct fixture *f, uint64_t session)
{
    arrive(f, (struct wire_header){.kind = WIRE_WELCOME, .partitions = 2, .session = session});
}

static uint64_t take(struct fixture *f, uint32_t partition)
{
    return session_take(&f->session, WIRE_PUBLISH, partition, BYTES_LITERAL("b"), f->now_ms);
}

/* An open session with nothing to be sent at once. */
static void open_session(struct fixture *f)
{
    tick_after(f, 0);
    welcome(f, 77);
    assert_int_equal(f->effects.count, 1);
    assert_int_equal(f->effects.rows[0].kind, SESSION_OPENED);
}

static uint32_t count_of(const struct fixture *f, enum session_effect_kind kind,
                         enum wire_kind message)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < f->effects.count; i++) {
        count += f->effects.rows[i].kind == kind
                 && (kind != SESSION_SEND || f->effects.rows[i].header.kind == message);
    }
    return count;
}

static void greeting_is_repeated_with_growing_delay(void **state)
{
    struct fixture *f = fixture(state);
    static const int64_t delays[] = {0, 250, 500, 1000, 1000};
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        if (delays[i]) {
            tick_after(f, delays[i] - 1);
            assert_int_equal(f->effects.count, 0);
            tick_after(f, 1);
        } else {
            tick_after(f, 0);
        }
        assert_int_equal(f->effects.count, 1);
        assert_int_equal(f->effects.rows[0].header.kind, WIRE_HELLO);
        assert_int_equal(f->effects.rows[0].header.version, WIRE_VERSION);
    }
}

static void nothing_but_hello_is_sent_before_the_welcome(void **state)
{
    struct fixture *f = fixture(state);
    uint64_t first = take(f, 0), second = take(f, 1);
    for (int i = 0; i < 100; i++) {
        tick_after(f, 100);
        assert_int_equal(f->effects.count, count_of(f, SESSION_SEND, WIRE_HELLO));
    }
    welcome(f, 1);
    tick_after(f, 0);
    assert_int_equal(f->effects.count, 2);
    assert_true(f->effects.rows[0].header.seq == first);
    assert_true(f->effects.rows[1].header.seq == second);
    assert_int_equal(f->effects.rows[1].header.partition, 1);
    assert_int_equal(f->effects.rows[1].header.kind, WIRE_PUBLISH);
}

static void an_answer_ends_a_message_and_a_second_is_passed_over(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    uint64_t seq = take(f, 0);
    tick_after(f, 0);
    arrive(f, (struct wire_header){.kind = WIRE_FATES, .seq = seq});
    assert_int_equal(f->effects.count, 1);
    assert_int_equal(f->effects.rows[0].kind, SESSION_ANSWER);
    assert_true(f->effects.rows[0].header.seq == seq);
    assert_true(bytes_is(f->effects.rows[0].body, "body"));
    assert_int_equal(f->session.outstanding, 0);
    arrive(f, (struct wire_header){.kind = WIRE_FATES, .seq = seq});
    assert_int_equal(f->effects.count, 0);
    assert_true(session_next_ms(&f->session) == INT64_MAX);
}

static void busy_waits_as_long_as_the_broker_says(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    uint64_t seq = take(f, 0);
    tick_after(f, 0);
    arrive(f, (struct wire_header){.kind = WIRE_BUSY, .seq = seq, .retry_ms = 700});
    assert_int_equal(f->effects.count, 0);
    tick_after(f, 699);
    assert_int_equal(f->effects.count, 0);
    assert_true(session_next_ms(&f->session) == f->now_ms + 1);
    tick_after(f, 1);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_PUBLISH), 1);
}

static void an_unavailable_partition_is_tried_again_ever_later(void **state)
{
    struct fixture *f = fixture(state);
    static const int64_t delays[] = {250, 500, 1000, 2000, 4000, 5000, 5000};
    open_session(f);
    uint64_t seq = take(f, 0);
    tick_after(f, 0);
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        arrive(f, (struct wire_header){
                      .kind = WIRE_ERROR, .seq = seq, .code = WIRE_ERROR_UNAVAILABLE});
        tick_after(f, delays[i] - 1);
        assert_int_equal(count_of(f, SESSION_SEND, WIRE_PUBLISH), 0);
        tick_after(f, 1);
        assert_int_equal(count_of(f, SESSION_SEND, WIRE_PUBLISH), 1);
    }
    assert_int_equal(f->session.outstanding, 1);
}

static void what_could_not_be_handed_over_comes_again(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    uint64_t seq = take(f, 0);
    tick_after(f, 0);
    session_unsent(&f->session, seq, f->now_ms);
    tick_after(f, 249);
    assert_int_equal(f->effects.count, 0);
    tick_after(f, 1);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_PUBLISH), 1);
}

static void a_writable_transport_is_used_at_once(void **state)
{
    struct fixture *f = fixture(state);
    tick_after(f, 0);
    session_unsent(&f->session, 0, f->now_ms);
    session_writable(&f->session, f->now_ms + 5);
    tick_after(f, 5);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_HELLO), 1);
    welcome(f, 1);
    take(f, 0);
    tick_after(f, 0);
    session_writable(&f->session, f->now_ms);
    tick_after(f, 0);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_PING), 1);
}

static void pings_go_out_only_while_something_is_outstanding(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    tick_after(f, 100000);
    assert_int_equal(f->effects.count, 0);
    uint64_t seq = take(f, 0);
    tick_after(f, 0);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_PING), 0);
    for (int i = 0; i < 4; i++) {
        tick_after(f, HEARTBEAT_MS);
        assert_int_equal(f->effects.count, 1);
        assert_int_equal(count_of(f, SESSION_SEND, WIRE_PING), 1);
        arrive(f, (struct wire_header){.kind = WIRE_PONG});
    }
    arrive(f, (struct wire_header){.kind = WIRE_ANSWER, .seq = seq});
    tick_after(f, HEARTBEAT_MS);
    assert_int_equal(f->effects.count, 0);
}

/* Goal: a dead connection is left after HEARTBEAT_DEAD_MS, and after the next welcome everything
 * outstanding goes again in the order in which it was taken, though places were reused. */
static void silence_resets_and_resends_in_order(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    uint64_t first = take(f, 0), second = take(f, 1), third = take(f, 0);
    arrive(f, (struct wire_header){.kind = WIRE_FATES, .seq = first});
    uint64_t fourth = take(f, 1);
    tick_after(f, 0);
    tick_after(f, HEARTBEAT_DEAD_MS - 1);
    assert_int_equal(count_of(f, SESSION_RESET, 0), 0);
    tick_after(f, 1);
    assert_int_equal(f->effects.rows[0].kind, SESSION_RESET);
    assert_int_equal(f->effects.rows[1].header.kind, WIRE_HELLO);
    assert_int_equal(f->effects.count, 2);
    tick_after(f, 100);
    assert_int_equal(f->effects.count, 0);
    welcome(f, 77);
    tick_after(f, 0);
    assert_int_equal(f->effects.count, 3);
    assert_true(f->effects.rows[0].header.seq == second);
    assert_true(f->effects.rows[1].header.seq == third);
    assert_true(f->effects.rows[2].header.seq == fourth);
}

static void a_broker_that_forgot_us_is_greeted_again(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    uint64_t seq = take(f, 0);
    tick_after(f, 0);
    arrive(f, (struct wire_header){.kind = WIRE_ERROR, .seq = seq, .code = WIRE_ERROR_NO_HELLO});
    assert_int_equal(f->effects.count, 0);
    arrive(f, (struct wire_header){.kind = WIRE_ERROR, .code = WIRE_ERROR_NO_HELLO});
    tick_after(f, 0);
    assert_int_equal(f->effects.count, 1);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_HELLO), 1);
    welcome(f, 78);
    tick_after(f, 0);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_PUBLISH), 1);
    assert_true(f->effects.rows[0].header.seq == seq);
}

static void a_repeated_welcome_sends_nothing_again_but_a_new_session_does(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    take(f, 0);
    tick_after(f, 0);
    welcome(f, 77);
    tick_after(f, 0);
    assert_int_equal(f->effects.count, 0);
    welcome(f, 99);
    tick_after(f, 0);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_PUBLISH), 1);
}

static void a_lost_answer_is_asked_for_again_at_last(void **state)
{
    struct fixture *f = fixture(state);
    uint32_t publishes = 0, requests = 0;
    open_session(f);
    take(f, 0);
    session_take(&f->session, WIRE_REQUEST, 0, BYTES_NONE, f->now_ms);
    tick_after(f, 0);
    for (int64_t passed_ms = 0; passed_ms < 39000; passed_ms += 1000) {
        arrive(f, (struct wire_header){.kind = WIRE_PONG});
        tick_after(f, 1000);
        publishes += count_of(f, SESSION_SEND, WIRE_PUBLISH);
        requests += count_of(f, SESSION_SEND, WIRE_REQUEST);
    }
    assert_int_equal(publishes, 3);
    assert_int_equal(requests, 0);
    tick_after(f, 1000);
    assert_int_equal(count_of(f, SESSION_SEND, WIRE_REQUEST), 1);
}

static void errors_are_answers(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    uint64_t seq = take(f, 9);
    tick_after(f, 0);
    arrive(f, (struct wire_header){.kind = WIRE_ERROR, .seq = seq, .code = WIRE_ERROR_PARTITION});
    assert_int_equal(f->effects.count, 1);
    assert_int_equal(f->effects.rows[0].header.code, WIRE_ERROR_PARTITION);
    assert_int_equal(f->session.outstanding, 0);
}

static void a_refused_greeting_is_remembered_until_a_welcome(void **state)
{
    struct fixture *f = fixture(state);
    tick_after(f, 0);
    arrive(f, (struct wire_header){.kind = WIRE_ERROR, .code = WIRE_ERROR_VERSION});
    assert_int_equal(f->session.refusal, WIRE_ERROR_VERSION);
    welcome(f, 1);
    assert_int_equal(f->session.refusal, WIRE_ERROR_NONE);
}

static void a_forgotten_message_is_not_sent_and_not_answered(void **state)
{
    struct fixture *f = fixture(state);
    open_session(f);
    uint64_t seq = take(f, 0);
    session_forget(&f->session, seq);
    session_forget(&f->session, seq);
    tick_after(f, 0);
    assert_int_equal(f->effects.count, 0);
    arrive(f, (struct wire_header){.kind = WIRE_FATES, .seq = seq});
    assert_int_equal(f->effects.count, 0);
    assert_null(session_find(&f->session, seq));
}

static void places_are_bounded_and_all_are_sent_in_order(void **state)
{
    struct fixture *f = fixture(state);
    uint64_t seq = 0;
    open_session(f);
    for (int i = 0; i < SESSION_OUTSTANDING_MAX; i++)
        assert_true(take(f, 0) > 0);
    assert_true(take(f, 0) == 0);
    do {
        tick_after(f, 0);
        for (uint32_t i = 0; i < f->effects.count; i++)
            assert_true(f->effects.rows[i].header.seq == ++seq);
    } while (f->effects.count == SESSION_EFFECTS_MAX);
    assert_int_equal(seq, SESSION_OUTSTANDING_MAX);
    session_forget(&f->session, 5);
    assert_true(take(f, 0) == SESSION_OUTSTANDING_MAX + 1);
}

/* Every status with every kind: none asserts, and only the awaited ones have an effect. */
static void every_kind_is_lawful_in_every_status(void **state)
{
    struct fixture *f = fixture(state);
    for (int status = SESSION_CLOSED; status <= SESSION_OPEN; status++) {
        for (int kind = 0; kind <= WIRE_KIND_COUNT; kind++) {
            f->session = (struct session){0};
            if (status != SESSION_CLOSED)
                session_init(&f->session, f->now_ms);
            if (status == SESSION_OPEN)
                open_session(f);
            arrive(f, (struct wire_header){
                          .kind = (enum wire_kind)kind, .seq = 5, .partitions = 1, .code = 1});
            bool is_opening = kind == WIRE_WELCOME && status != SESSION_CLOSED;
            assert_int_equal(f->effects.count, is_opening ? 1 : 0);
            tick_after(f, 0);
        }
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(greeting_is_repeated_with_growing_delay),
        CASE(nothing_but_hello_is_sent_before_the_welcome),
        CASE(an_answer_ends_a_message_and_a_second_is_passed_over),
        CASE(busy_waits_as_long_as_the_broker_says),
        CASE(an_unavailable_partition_is_tried_again_ever_later),
        CASE(what_could_not_be_handed_over_comes_again),
        CASE(a_writable_transport_is_used_at_once),
        CASE(pings_go_out_only_while_something_is_outstanding),
        CASE(silence_resets_and_resends_in_order),
        CASE(a_broker_that_forgot_us_is_greeted_again),
        CASE(a_repeated_welcome_sends_nothing_again_but_a_new_session_does),
        CASE(a_lost_answer_is_asked_for_again_at_last),
        CASE(errors_are_answers),
        CASE(a_refused_greeting_is_remembered_until_a_welcome),
        CASE(a_forgotten_message_is_not_sent_and_not_answered),
        CASE(places_are_bounded_and_all_are_sent_in_order),
        CASE(every_kind_is_lawful_in_every_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
