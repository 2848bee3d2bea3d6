#include "tools/bench/ceiling.h"

#include "proto/wire.h"

#include <pthread.h>
#include <string.h>

#include <zmq.h>

/* Two sockets of one context, each on its own thread, over TCP as a client and the broker are: what
 * is left when broker and worker do nothing. The ROUTER's thread ends when the context does. */

enum { URL_SIZE = 256, BODY_SIZE = 4096, WAIT_MS = 5000 };

struct trip {
    void *context, *router, *dealer;
    pthread_t thread;
    bool has_thread;
};

/* Every frame as it comes, the peer's name in front, back to where it came from. */
static void *echo(void *argument)
{
    struct trip *trip = argument;
    zmq_msg_t frame;
    int flags = 0;

    (void)zmq_msg_init(&frame); /* always succeeds */
    while (zmq_msg_recv(&frame, trip->router, 0) >= 0) {
        flags = zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0;
        if (zmq_msg_send(&frame, trip->router, flags) < 0)
            break;
    }
    (void)zmq_msg_close(&frame);
    (void)zmq_close(trip->router);
    return NULL;
}

static bool connect_both(struct trip *trip)
{
    char url[URL_SIZE];
    size_t size = sizeof url;
    int none = 0, wait_ms = WAIT_MS;

    return zmq_setsockopt(trip->dealer, ZMQ_LINGER, &none, sizeof none) == 0
           && zmq_setsockopt(trip->router, ZMQ_LINGER, &none, sizeof none) == 0
           && zmq_setsockopt(trip->dealer, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms) == 0
           && zmq_bind(trip->router, "tcp://127.0.0.1:*") == 0
           && zmq_getsockopt(trip->router, ZMQ_LAST_ENDPOINT, url, &size) == 0
           && zmq_connect(trip->dealer, url) == 0;
}

static enum ld_err open_trip(struct trip *trip)
{
    trip->context = zmq_ctx_new();
    if (trip->context == NULL)
        return LD_IO;
    trip->router = zmq_socket(trip->context, ZMQ_ROUTER);
    trip->dealer = zmq_socket(trip->context, ZMQ_DEALER);
    if (trip->router == NULL || trip->dealer == NULL || !connect_both(trip))
        return LD_IO;
    trip->has_thread = pthread_create(&trip->thread, NULL, echo, trip) == 0;
    return trip->has_thread ? LD_OK : LD_FULL;
}

static void close_trip(struct trip *trip)
{
    if (trip->dealer != NULL)
        (void)zmq_close(trip->dealer);
    if (trip->router != NULL && !trip->has_thread)
        (void)zmq_close(trip->router);
    if (trip->context != NULL)
        (void)zmq_ctx_shutdown(trip->context); /* ends the echo's wait */
    if (trip->has_thread)
        (void)pthread_join(trip->thread, NULL);
    if (trip->context != NULL)
        (void)zmq_ctx_term(trip->context);
}

/* A header and one event, as a client sends them. */
static enum ld_err make_frames(struct buffer *header, struct buffer *body)
{
    static uint8_t memory[BODY_SIZE];
    struct wire_header publish = {.kind = WIRE_PUBLISH, .seq = 1000};
    struct workload_name name = {0, 0, 0};
    struct workload_event event;
    struct arena arena;
    struct value map;
    enum ld_err err;

    arena_init(&arena, memory, sizeof memory);
    workload_make(&name, &event);
    err = envelope_to_value(&event.envelope, &arena, &map);
    if (err == LD_OK)
        codec_encode(&map, body);
    wire_header_encode(&publish, header);
    return err == LD_OK && (header->is_full || body->is_full) ? LD_FULL : err;
}

static bool go_round(struct trip *trip, const struct buffer *header, const struct buffer *body)
{
    uint8_t memory[BODY_SIZE];

    return zmq_send(trip->dealer, header->ptr, header->used, ZMQ_SNDMORE) >= 0
           && zmq_send(trip->dealer, body->ptr, body->used, 0) >= 0
           && zmq_recv(trip->dealer, memory, sizeof memory, 0) == (int)header->used
           && zmq_recv(trip->dealer, memory, sizeof memory, 0) == (int)body->used;
}

enum ld_err ceiling_round_trip(uint64_t limit_ns, struct ceiling *ret_ceiling)
{
    uint8_t header_memory[WIRE_HEADER_MAX], body_memory[BODY_SIZE];
    struct buffer header, body;
    struct trip trip = {0};
    struct ceiling_run run;
    bool has_time = true;
    enum ld_err err;

    buffer_init(&header, header_memory, sizeof header_memory);
    buffer_init(&body, body_memory, sizeof body_memory);
    err = make_frames(&header, &body);
    if (err == LD_OK)
        err = open_trip(&trip);
    /* The first one waits for the connection. */
    if (err == LD_OK && !go_round(&trip, &header, &body))
        err = LD_TIMEOUT;
    run = ceiling_begin(ret_ceiling, limit_ns);
    while (err == LD_OK && has_time) {
        ceiling_start(&run);
        if (!go_round(&trip, &header, &body))
            err = LD_TIMEOUT;
        has_time = ceiling_stop(&run);
    }
    ceiling_end(&run);
    close_trip(&trip);
    return err;
}
