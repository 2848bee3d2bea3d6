/* The client over a real socket, against a broker of one thread that is told what to answer. */
#include "proto/client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

enum { PATIENCE_MS = 20000 };

/* A broker that says welcome, answers a publish with its own body, a request with {asked: body}, an
 * error where the body says so, and forgets its client once when told to. */
struct fake {
    void *context;
    char url[64];
    char folder[32];
    pthread_t thread;
    uint32_t hellos, forgets_left;
};

static struct fake fake;

static void reply(void *socket, struct bytes peer, struct wire_header header, struct bytes body)
{
    uint8_t memory[WIRE_HEADER_MAX];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    wire_header_encode(&header, &buffer);
    zmq_send(socket, peer.ptr, peer.size, ZMQ_SNDMORE);
    zmq_send(socket, memory, buffer.used, ZMQ_SNDMORE);
    zmq_send(socket, body.ptr, body.size, 0);
}

static void serve(void *socket, struct bytes peer, const struct wire_header *header,
                  struct bytes body)
{
    struct wire_header answer = {.seq = header->seq, .partition = header->partition};
    if (header->kind == WIRE_HELLO) {
        fake.hellos++;
        answer = (struct wire_header){
            .kind = WIRE_WELCOME, .version = 1, .partitions = 3, .session = 100 + fake.hellos};
        body = BYTES_NONE;
    } else if (header->kind == WIRE_PING) {
        answer.kind = WIRE_PONG;
    } else if (fake.forgets_left > 0) {
        fake.forgets_left--;
        answer.kind = WIRE_ERROR;
        answer.code = WIRE_ERROR_NO_HELLO;
    } else if (header->partition == PARTITION_BROKER) {
        return; /* the one that never answers */
    } else if (header->partition == 2) {
        answer.kind = WIRE_ERROR;
        answer.code = WIRE_ERROR_NOT_FOUND;
        body = BYTES_NONE;
    } else {
        answer.kind = header->kind == WIRE_PUBLISH ? WIRE_FATES : WIRE_ANSWER;
    }
    reply(socket, peer, answer, body);
}

static size_t receive(void *socket, uint8_t *memory, size_t size)
{
    int taken = zmq_recv(socket, memory, size, 0);
    return taken < 0 ? 0 : (size_t)taken;
}

static void *run(void *argument)
{
    static uint8_t peer[16], header_bytes[WIRE_HEADER_MAX], body[4096];
    void *socket = argument;
    struct wire_header header;
    for (;;) {
        size_t peer_size = receive(socket, peer, sizeof peer);
        if (peer_size == 0)
            break; /* the context is being closed */
        size_t header_size = receive(socket, header_bytes, sizeof header_bytes);
        size_t body_size = receive(socket, body, sizeof body);
        if (wire_header_decode((struct bytes){header_bytes, header_size}, &header) == LD_OK)
            serve(socket, (struct bytes){peer, peer_size}, &header,
                  (struct bytes){body, body_size});
    }
    zmq_close(socket);
    return NULL;
}

static int start_fake(void **state)
{
    (void)state;
    fake = (struct fake){.folder = "/tmp/client-test-XXXXXX"};
    assert_non_null(mkdtemp(fake.folder));
    snprintf(fake.url, sizeof fake.url, "ipc://%s/broker", fake.folder);
    fake.context = zmq_ctx_new();
    void *socket = zmq_socket(fake.context, ZMQ_ROUTER);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &(int){0}, sizeof(int)), 0);
    assert_int_equal(zmq_bind(socket, fake.url), 0);
    assert_int_equal(pthread_create(&fake.thread, NULL, run, socket), 0);
    return 0;
}

static int stop_fake(void **state)
{
    char path[64];
    (void)state;
    zmq_ctx_shutdown(fake.context);
    pthread_join(fake.thread, NULL);
    zmq_ctx_term(fake.context);
    snprintf(path, sizeof path, "%s/broker", fake.folder);
    unlink(path);
    rmdir(fake.folder);
    return 0;
}

static struct client *open_client(void)
{
    struct client *client;
    uint32_t partitions = 0;
    assert_int_equal(client_open(fake.url, &client), LD_OK);
    assert_int_equal(client_wait_open(client, PATIENCE_MS, &partitions), LD_OK);
    assert_int_equal(partitions, 3);
    return client;
}

static void messages_are_answered_by_their_number(void **state)
{
    (void)state;
    struct client *client = open_client();
    struct client_answer answer;
    uint64_t first, second;
    assert_int_equal(client_send(client, WIRE_PUBLISH, 0, BYTES_LITERAL("one"), &first), LD_OK);
    assert_int_equal(client_send(client, WIRE_PUBLISH, 1, BYTES_LITERAL("two"), &second), LD_OK);
    assert_int_equal(client_receive(client, PATIENCE_MS, &answer), LD_OK);
    assert_true(answer.seq == first && bytes_is(answer.body, "one"));
    assert_int_equal(answer.header.kind, WIRE_FATES);
    assert_int_equal(client_receive(client, PATIENCE_MS, &answer), LD_OK);
    assert_true(answer.seq == second && bytes_is(answer.body, "two"));
    assert_int_equal(client_receive(client, 0, &answer), LD_TIMEOUT);
    client_close(client);
}

static void a_request_is_decoded_with_its_answer(void **state)
{
    (void)state;
    struct client *client = open_client();
    static uint8_t block[4096];
    struct arena arena;
    enum wire_error error;
    struct value_entry entry = {BYTES_LITERAL("ask"), value_words("status")};
    struct value answer, question = value_map(&entry, 1);
    arena_init(&arena, block, sizeof block);
    assert_int_equal(client_ask(client, 0, &question, PATIENCE_MS, &arena, &answer, &error), LD_OK);
    assert_int_equal(error, WIRE_ERROR_NONE);
    assert_true(value_equal(&answer, &question));
    assert_int_equal(client_ask(client, 2, &question, PATIENCE_MS, &arena, &answer, &error), LD_OK);
    assert_int_equal(error, WIRE_ERROR_NOT_FOUND);
    assert_int_equal(answer.as.map.count, 0);
    client_close(client);
}

static void an_unanswered_request_times_out_and_is_let_go(void **state)
{
    (void)state;
    struct client *client = open_client();
    static uint8_t block[4096];
    struct arena arena;
    enum wire_error error;
    struct value answer, question = value_map(NULL, 0);
    arena_init(&arena, block, sizeof block);
    assert_int_equal(client_ask(client, PARTITION_BROKER, &question, 20, &arena, &answer, &error),
                     LD_TIMEOUT);
    assert_int_equal(client_ask(client, 0, &question, PATIENCE_MS, &arena, &answer, &error), LD_OK);
    client_close(client);
}

static void a_broker_that_forgot_us_gets_everything_again(void **state)
{
    (void)state;
    struct client *client = open_client();
    struct client_answer answer;
    uint64_t first, second;
    fake.forgets_left = 2;
    assert_int_equal(client_send(client, WIRE_PUBLISH, 0, BYTES_LITERAL("one"), &first), LD_OK);
    assert_int_equal(client_send(client, WIRE_PUBLISH, 0, BYTES_LITERAL("two"), &second), LD_OK);
    assert_int_equal(client_receive(client, PATIENCE_MS, &answer), LD_OK);
    assert_true(answer.seq == first && bytes_is(answer.body, "one"));
    assert_int_equal(client_receive(client, PATIENCE_MS, &answer), LD_OK);
    assert_true(answer.seq == second);
    assert_true(fake.hellos >= 2);
    client_close(client);
}

static void too_many_and_too_large_messages_are_not_taken(void **state)
{
    (void)state;
    struct client *client = open_client();
    uint64_t seq;
    uint8_t *large = calloc(1, WIRE_BODY_MAX + 1);
    assert_int_equal(
        client_send(client, WIRE_PUBLISH, 0, (struct bytes){large, WIRE_BODY_MAX + 1}, &seq),
        LD_FULL);
    free(large);
    for (int i = 0; i < SESSION_OUTSTANDING_MAX; i++)
        assert_int_equal(client_send(client, WIRE_PUBLISH, 0, BYTES_NONE, &seq), LD_OK);
    assert_int_equal(client_send(client, WIRE_PUBLISH, 0, BYTES_NONE, &seq), LD_BUSY);
    client_forget(client, seq);
    assert_int_equal(client_send(client, WIRE_PUBLISH, 0, BYTES_NONE, &seq), LD_OK);
    client_close(client);
}

static void no_broker_is_a_timeout_and_no_url_is_invalid(void **state)
{
    (void)state;
    struct client *client;
    uint32_t partitions;
    assert_int_equal(client_open("ipc:///tmp/client-test-nobody/none", &client), LD_OK);
    assert_int_equal(client_wait_open(client, 20, &partitions), LD_TIMEOUT);
    client_close(client);
    assert_int_equal(client_open("nonsense", &client), LD_INVALID);
    assert_int_equal(client_open("carrier-pigeon://x", &client), LD_INVALID);
    client_close(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start_fake, stop_fake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(messages_are_answered_by_their_number),
        CASE(a_request_is_decoded_with_its_answer),
        CASE(an_unanswered_request_times_out_and_is_let_go),
        CASE(a_broker_that_forgot_us_gets_everything_again),
        CASE(too_many_and_too_large_messages_are_not_taken),
        cmocka_unit_test(no_broker_is_a_timeout_and_no_url_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
