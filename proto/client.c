/* The C client: the session's effects carried out over one ZeroMQ DEALER.
 *
 * The socket is only transport. Its own queue is kept from hiding anything: IMMEDIATE refuses what
 * has no connection to go to, LINGER 0 forgets what was not sent, and what matters stays with the
 * session until its answer has come. A reset closes the socket and opens another.
 *
 * Bodies are copied when they are taken and freed when they are answered or forgotten. */
#include "proto/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zmq.h>

enum {
    /* The gathered answer of all partitions is one message. */
    MESSAGE_MAX = 64 * WIRE_BODY_MAX,
    QUEUE_MAX = 2 * SESSION_OUTSTANDING_MAX, /* never the bound that is met first */
    RECONNECT_MS = 100,
    RECONNECT_MAX_MS = 2000,
    CONNECT_TIMEOUT_MS = 3000,
};

struct client {
    void *context, *socket;
    char *url;
    struct session session;
    struct session_effects effects;
    zmq_msg_t body;  /* the frame that the last answer points into */
    bool is_blocked; /* the last send found no room: wait until the socket is writable */
    bool has_answer; /* answer waits to be handed out */
    struct client_answer answer;
    uint8_t *question; /* WIRE_BODY_MAX bytes for client_ask */
};

static int64_t now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time); /* cannot fail: the clock exists on every Linux */
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* --- the socket ----------------------------------------------------------------------------- */

static bool set_options(void *socket)
{
    static const struct {
        int option, value;
    } rows[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_IMMEDIATE, 1},
        {ZMQ_SNDHWM, QUEUE_MAX},
        {ZMQ_RCVHWM, QUEUE_MAX},
        {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
        {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_DEAD_MS},
        {ZMQ_HEARTBEAT_TTL, HEARTBEAT_DEAD_MS},
        {ZMQ_HANDSHAKE_IVL, CONNECT_TIMEOUT_MS},
        {ZMQ_CONNECT_TIMEOUT, CONNECT_TIMEOUT_MS},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS},
        {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
    };
    int64_t size_max = MESSAGE_MAX;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (zmq_setsockopt(socket, rows[i].option, &rows[i].value, sizeof rows[i].value))
            return false;
    }
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max) == 0;
}

static enum ld_err connect_socket(struct client *client)
{
    client->socket = zmq_socket(client->context, ZMQ_DEALER);
    if (!client->socket || !set_options(client->socket))
        return LD_IO;
    if (zmq_connect(client->socket, client->url) == 0)
        return LD_OK;
    return errno == EINVAL || errno == EPROTONOSUPPORT ? LD_INVALID : LD_IO;
}

static void close_socket(struct client *client)
{
    if (client->socket)
        (void)zmq_close(client->socket); /* fails only on what is no socket */
    client->socket = NULL;
}

static enum ld_err reset_socket(struct client *client)
{
    close_socket(client);
    client->is_blocked = false;
    return connect_socket(client);
}

enum ld_err client_open(const char *url, struct client **ret_client)
{
    struct client *client = calloc(1, sizeof *client);
    enum ld_err err = LD_FULL;
    if (!client)
        return LD_FULL;
    (void)zmq_msg_init(&client->body); /* always succeeds */
    client->url = strdup(url);
    client->question = malloc(WIRE_BODY_MAX);
    client->context = zmq_ctx_new();
    if (client->url && client->question && client->context)
        err = connect_socket(client);
    if (err) {
        client_close(client);
        return err;
    }
    session_init(&client->session, now());
    *ret_client = client;
    return LD_OK;
}

static void free_body(struct client *client, uint64_t seq)
{
    const struct session_message *message = session_find(&client->session, seq);
    if (message)
        free((void *)message->body.ptr);
}

void client_close(struct client *client)
{
    if (!client)
        return;
    for (uint32_t i = 0; i < SESSION_OUTSTANDING_MAX; i++)
        free_body(client, client->session.messages[i].seq);
    close_socket(client);
    if (client->context)
        (void)zmq_ctx_term(client->context); /* the only socket is closed and does not linger */
    (void)zmq_msg_close(&client->body);
    free(client->url);
    free(client->question);
    free(client);
}

/* --- carrying out effects ------------------------------------------------------------------- */

/* Both frames or none: a socket that takes the first frame takes the second. */
static bool send_frames(struct client *client, const struct session_effect *effect)
{
    uint8_t memory[WIRE_HEADER_MAX];
    struct buffer header;
    buffer_init(&header, memory, sizeof memory);
    wire_header_encode(&effect->header, &header);
    LD_ASSERT(!header.is_full);
    if (zmq_send(client->socket, memory, header.used, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return false;
    return zmq_send(client->socket, effect->body.ptr, effect->body.size, ZMQ_DONTWAIT) >= 0;
}

static enum ld_err perform(struct client *client)
{
    enum ld_err err = LD_OK;
    for (uint32_t i = 0; i < client->effects.count && !err; i++) {
        const struct session_effect *effect = &client->effects.rows[i];
        switch (effect->kind) {
        case SESSION_SEND:
            if (!send_frames(client, effect)) {
                client->is_blocked = true;
                session_unsent(&client->session, effect->header.seq, now());
            }
            break;
        case SESSION_ANSWER:
            LD_ASSERT(!client->has_answer); /* one message arrived since it was handed out */
            client->answer =
                (struct client_answer){effect->header.seq, effect->header, effect->body};
            client->has_answer = true;
            break;
        case SESSION_RESET: err = reset_socket(client); break;
        case SESSION_OPENED: break;
        }
    }
    return err;
}

static enum ld_err send_due(struct client *client)
{
    enum ld_err err;
    do {
        session_tick(&client->session, now(), &client->effects);
        err = perform(client);
    } while (!err && client->effects.count == SESSION_EFFECTS_MAX && !client->is_blocked);
    return err;
}

/* --- receiving ------------------------------------------------------------------------------ */

/* The next frame into a message that was initialised; false when there is none now. */
static bool receive_frame(struct client *client, zmq_msg_t *frame)
{
    return zmq_msg_recv(frame, client->socket, ZMQ_DONTWAIT) >= 0;
}

static struct bytes frame_bytes(zmq_msg_t *frame)
{
    return (struct bytes){zmq_msg_data(frame), zmq_msg_size(frame)};
}

/* Frames behind the second belong to no message of this protocol. Returns whether there were any.
 */
static bool drop_more(struct client *client, zmq_msg_t *last)
{
    zmq_msg_t rest;
    bool is_more = zmq_msg_more(last) != 0, had_more = is_more;
    while (is_more) {
        (void)zmq_msg_init(&rest);
        is_more = receive_frame(client, &rest) && zmq_msg_more(&rest);
        (void)zmq_msg_close(&rest);
    }
    return had_more;
}

/* One whole message; false when there is none now. A message that is none of ours is passed over:
 * what it should have answered is sent again in time. */
static bool receive_message(struct client *client)
{
    zmq_msg_t first;
    struct wire_header header;
    bool is_message = false;
    (void)zmq_msg_init(&first);
    client->effects.count = 0;
    if (!receive_frame(client, &first)) {
        (void)zmq_msg_close(&first);
        return false;
    }
    if (zmq_msg_more(&first) && receive_frame(client, &client->body))
        is_message = !drop_more(client, &client->body);
    if (is_message && wire_header_decode(frame_bytes(&first), &header) == LD_OK) {
        const struct session_message *message = session_find(&client->session, header.seq);
        const uint8_t *taken = message ? message->body.ptr : NULL;
        session_receive(&client->session, &header, frame_bytes(&client->body), now(),
                        &client->effects);
        if (taken && !session_find(&client->session, header.seq))
            free((void *)taken);
    }
    (void)zmq_msg_close(&first);
    return true;
}

/* Until something can be received, the session wants its turn, or the deadline. */
static void wait_for_socket(struct client *client, int64_t deadline_ms)
{
    int64_t now_ms = now(), next_ms = session_next_ms(&client->session);
    int64_t until_ms = next_ms < deadline_ms ? next_ms : deadline_ms;
    int64_t wait_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    if (wait_ms > HEARTBEAT_MS)
        wait_ms = HEARTBEAT_MS;
    zmq_pollitem_t item = {.socket = client->socket, .events = ZMQ_POLLIN};
    if (client->is_blocked)
        item.events |= ZMQ_POLLOUT;
    /* An interruption by a signal is one more turn of the caller's loop. */
    if (zmq_poll(&item, 1, (long)wait_ms) > 0 && (item.revents & ZMQ_POLLOUT)) {
        client->is_blocked = false;
        session_writable(&client->session, now());
    }
}

static int64_t deadline_of(int64_t timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : now() + timeout_ms;
}

/* One turn: send what is due, then take one message or wait for one. */
static enum ld_err turn(struct client *client, int64_t deadline_ms)
{
    enum ld_err err = send_due(client);
    if (err)
        return err;
    if (!receive_message(client)) {
        if (now() >= deadline_ms)
            return LD_TIMEOUT;
        wait_for_socket(client, deadline_ms);
        return LD_OK;
    }
    return perform(client);
}

enum ld_err client_wait_open(struct client *client, int64_t timeout_ms, uint32_t *ret_partitions)
{
    int64_t deadline_ms = deadline_of(timeout_ms);
    while (client->session.status != SESSION_OPEN) {
        enum ld_err err = turn(client, deadline_ms);
        if (err)
            return err;
        if (client->session.refusal != WIRE_ERROR_NONE)
            return LD_UNSUPPORTED;
    }
    *ret_partitions = client->session.partitions;
    return LD_OK;
}

enum ld_err client_send(struct client *client, enum wire_kind kind, uint32_t partition,
                        struct bytes body, uint64_t *ret_seq)
{
    if (body.size > WIRE_BODY_MAX)
        return LD_FULL;
    if (client->session.outstanding == SESSION_OUTSTANDING_MAX)
        return LD_BUSY;
    uint8_t *copy = malloc(body.size + 1);
    if (!copy)
        return LD_FULL;
    if (body.size)
        memcpy(copy, body.ptr, body.size);
    *ret_seq =
        session_take(&client->session, kind, partition, (struct bytes){copy, body.size}, now());
    return LD_OK;
}

void client_forget(struct client *client, uint64_t seq)
{
    free_body(client, seq);
    session_forget(&client->session, seq);
}

enum ld_err client_receive(struct client *client, int64_t timeout_ms,
                           struct client_answer *ret_answer)
{
    int64_t deadline_ms = deadline_of(timeout_ms);
    while (!client->has_answer) {
        enum ld_err err = turn(client, deadline_ms);
        if (err)
            return err;
    }
    client->has_answer = false;
    *ret_answer = client->answer;
    return LD_OK;
}

/* --- asking --------------------------------------------------------------------------------- */

static enum ld_err receive_of(struct client *client, uint64_t seq, int64_t timeout_ms,
                              struct client_answer *ret_answer)
{
    int64_t deadline_ms = deadline_of(timeout_ms);
    enum ld_err err;
    do {
        int64_t left_ms = timeout_ms < 0 ? -1 : deadline_ms - now();
        if (timeout_ms >= 0 && left_ms < 0)
            left_ms = 0;
        err = client_receive(client, left_ms, ret_answer);
    } while (!err && ret_answer->seq != seq);
    return err;
}

/* An answer without a body (an error may come so) is the empty map. */
static enum ld_err decode_answer(struct bytes body, struct arena *arena, struct value *ret_value)
{
    *ret_value = value_map(NULL, 0);
    if (body.size == 0)
        return LD_OK;
    struct bytes copy = arena_copy(arena, body);
    if (!copy.ptr)
        return LD_FULL;
    return codec_decode(copy, WIRE_ANSWER_DEPTH_MAX, arena, ret_value);
}

enum ld_err client_ask(struct client *client, uint32_t partition, const struct value *question,
                       int64_t timeout_ms, struct arena *arena, struct value *ret_value,
                       enum wire_error *ret_error)
{
    struct buffer body;
    struct client_answer answer;
    uint64_t seq;
    buffer_init(&body, client->question, WIRE_BODY_MAX);
    codec_encode(question, &body);
    if (body.is_full)
        return LD_FULL;
    enum ld_err err = client_send(client, WIRE_REQUEST, partition, buffer_bytes(&body), &seq);
    if (err)
        return err;
    err = receive_of(client, seq, timeout_ms, &answer);
    if (err) {
        client_forget(client, seq);
        return err;
    }
    *ret_error = answer.header.kind == WIRE_ERROR ? answer.header.code : WIRE_ERROR_NONE;
    return decode_answer(answer.body, arena, ret_value);
}
