/* The worker's link to the broker: one DEALER in a libuv loop, in the one way that was measured to
 * lose nothing (uv_poll wakes, uv_check works within a budget, uv_prepare looks again, uv_idle
 * keeps awake). The loop decodes headers and the word of a request, nothing more, and never blocks.
 *
 *   AWAY ──register──▶ AWAY ──registered──▶ REGISTERED ──silence, no-hello──▶ AWAY
 *                                                └──fenced──▶ the process ends
 *
 * After a silence the socket is made anew: a connection that is half open never heals itself. What
 * was not answered by then comes again, marked so. */
#include "workers/worker.h"

#include "base/log.h"
#include "proto/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>
#include <zmq.h>

enum {
    TURN_MESSAGES_MAX = 256,
    TICK_MS = 500,
    SOCKET_HWM = 2 * WORKER_CREDIT, /* above all that can be on its way: sending never waits long */
    HANDSHAKE_MS = 3000,
    RECONNECT_MS = 100,
    RECONNECT_MAX_MS = 2000,
    LINGER_MS = 500,
    REQUEST_ARENA_SIZE = 4 << 20,
};

struct loop {
    struct worker *worker;
    uv_loop_t uv;
    uv_poll_t *poll; /* owned; freed when it is closed */
    uv_check_t check;
    uv_prepare_t prepare;
    uv_idle_t idle;
    uv_timer_t tick;
    uv_signal_t on_term, on_int;
    uv_async_t answered;
    void *zmq, *socket;
    struct list outgoing; /* answers that the socket has not taken yet */
    struct arena arena;   /* of one request's word */
    bool is_registered;
    uint64_t heard_ms, said_ms;
    int status;
};

/* --- the socket ------------------------------------------------------------------------------ */

struct socket_option {
    int name, number;
};

static bool set_options(void *socket)
{
    static const struct socket_option rows[] = {
        {ZMQ_LINGER, LINGER_MS},
        {ZMQ_SNDHWM, SOCKET_HWM},
        {ZMQ_RCVHWM, SOCKET_HWM},
        {ZMQ_IMMEDIATE, 1}, /* no message waits for a connection that is not there */
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS},
        {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
        {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
        {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_DEAD_MS},
        {ZMQ_HEARTBEAT_TTL, HEARTBEAT_DEAD_MS},
    };
    int64_t body_max = WIRE_BODY_MAX;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (zmq_setsockopt(socket, rows[i].name, &rows[i].number, sizeof rows[i].number) != 0)
            return false;
    }
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &body_max, sizeof body_max) == 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)poll; /* it only wakes the loop: uv_check does the work */
    (void)status;
    (void)events;
}

static enum ld_err open_socket(struct loop *loop)
{
    int fd = -1;
    size_t size = sizeof fd;
    loop->socket = zmq_socket(loop->zmq, ZMQ_DEALER);
    if (!loop->socket || !set_options(loop->socket))
        return LD_IO;
    if (zmq_connect(loop->socket, loop->worker->broker_url) != 0)
        return LD_INVALID;
    if (zmq_getsockopt(loop->socket, ZMQ_FD, &fd, &size) != 0)
        return LD_IO;
    loop->poll = calloc(1, sizeof *loop->poll);
    if (!loop->poll || uv_poll_init(&loop->uv, loop->poll, fd) != 0)
        return LD_IO;
    return uv_poll_start(loop->poll, UV_READABLE, on_poll) == 0 ? LD_OK : LD_IO;
}

static void free_poll(uv_handle_t *poll)
{
    free(poll);
}

static void close_socket(struct loop *loop)
{
    if (loop->poll)
        uv_close((uv_handle_t *)loop->poll, free_poll);
    if (loop->socket)
        (void)zmq_close(loop->socket); /* fails only for what is no socket */
    loop->poll = NULL;
    loop->socket = NULL;
}

static bool is_readable(const struct loop *loop)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(loop->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

/* Both frames or none: the first decides. */
static bool send_frames(struct loop *loop, const struct wire_header *header, struct bytes body)
{
    uint8_t memory[WIRE_HEADER_MAX];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    wire_header_encode(header, &buffer);
    if (zmq_send(loop->socket, buffer.ptr, buffer.used, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return false;
    return zmq_send(loop->socket, body.ptr, body.size, ZMQ_DONTWAIT) >= 0;
}

/* --- registration ---------------------------------------------------------------------------- */

static void send_registration(struct loop *loop)
{
    const struct worker *worker = loop->worker;
    struct wire_header header = {
        .kind = WIRE_REGISTER,
        .version = WIRE_VERSION,
        .partition = worker->partition,
        .partitions = worker->identity.partitions,
        .epoch = worker->epoch,
        .pid = (uint32_t)getpid(),
        .credit = WORKER_CREDIT,
    };
    char hex[2 * sizeof worker->identity.id + 1];
    digest_hex(worker->identity.id, sizeof worker->identity.id, hex);
    struct value_entry entry = {BYTES_LITERAL("store"), value_words(hex)};
    struct value body = value_map(&entry, 1);
    uint8_t memory[128];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    codec_encode(&body, &buffer);
    (void)send_frames(loop, &header, buffer_bytes(&buffer)); /* not connected yet: the next tick */
}

static void send_beat(struct loop *loop)
{
    struct wire_header header = {.kind = WIRE_BEAT, .credit = WORKER_CREDIT};
    (void)send_frames(loop, &header, BYTES_NONE); /* a full socket is noticed by the silence */
}

static void make_anew(struct loop *loop)
{
    log_line("broker=silent partition=%u action=reconnect", loop->worker->partition);
    close_socket(loop);
    loop->is_registered = false;
    loop->heard_ms = uv_now(&loop->uv);
    if (open_socket(loop) != LD_OK)
        worker_stop_in_doubt("no socket");
}

static void on_tick(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    uint64_t now_ms = uv_now(&loop->uv);
    if (now_ms - loop->heard_ms >= HEARTBEAT_DEAD_MS)
        make_anew(loop);
    if (!loop->is_registered) {
        send_registration(loop);
    } else if (now_ms - loop->said_ms >= HEARTBEAT_MS) {
        loop->said_ms = now_ms;
        send_beat(loop);
    }
}

/* --- what the broker says -------------------------------------------------------------------- */

/* Requests that are read from a view go to the query thread; all others to the writer, which also
 * refuses what it does not know. */
static bool is_query(struct loop *loop, struct bytes body)
{
    static const char *const words[] = {ASK_CASES, ASK_OVERDUE, ASK_ARTIFACTS, ASK_ARTIFACT,
                                        ASK_FETCH};
    struct value question;
    arena_clear(&loop->arena);
    if (codec_decode(body, WIRE_DEPTH_MAX, &loop->arena, &question) != LD_OK)
        return false;
    struct bytes word = value_get_text(&question, "ask");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_is(word, words[i]))
            return true;
    }
    return false;
}

static void deliver(struct loop *loop, const struct wire_header *header, struct bytes body)
{
    struct worker *worker = loop->worker;
    if (header->inner != WIRE_PUBLISH && header->inner != WIRE_REQUEST)
        return;
    struct message *message = message_create(header, body);
    if (!message)
        worker_stop_in_doubt("no memory");
    bool is_for_query = header->inner == WIRE_REQUEST && is_query(loop, body);
    mailbox_put(is_for_query ? &worker->query_box : &worker->writer_box, message);
}

static void on_registered(struct loop *loop, const struct wire_header *header)
{
    const struct worker *worker = loop->worker;
    if (header->partitions && header->partitions != worker->identity.partitions) {
        log_line("stop=partitions broker=%u store=%u", header->partitions,
                 worker->identity.partitions);
        loop->status = WORKER_EXIT_UNUSABLE;
        uv_stop(&loop->uv);
        return;
    }
    loop->is_registered = true;
    loop->said_ms = uv_now(&loop->uv);
    log_line("registered partition=%u epoch=%llu", worker->partition,
             (unsigned long long)worker->epoch);
}

static void receive(struct loop *loop, const struct wire_header *header, struct bytes body)
{
    loop->heard_ms = uv_now(&loop->uv);
    if (header->kind == WIRE_DELIVER) {
        deliver(loop, header, body);
    } else if (header->kind == WIRE_REGISTERED) {
        on_registered(loop, header);
    } else if (header->kind == WIRE_FENCED) {
        log_line("stop=fenced partition=%u", loop->worker->partition);
        loop->status = WORKER_EXIT_DOUBT;
        uv_stop(&loop->uv);
    } else if (header->kind == WIRE_ERROR && header->code == WIRE_ERROR_NO_HELLO) {
        loop->is_registered = false;
        send_registration(loop);
    }
    /* A pong says no more than that it was heard; kinds that are not known yet are passed over. */
}

/* The rest of a message that has more frames than two. */
static void drop_frames(void *socket)
{
    int has_more = 1;
    size_t size = sizeof has_more;
    while (zmq_getsockopt(socket, ZMQ_RCVMORE, &has_more, &size) == 0 && has_more) {
        zmq_msg_t frame;
        (void)zmq_msg_init(&frame); /* never fails */
        if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0)
            has_more = 0;
        (void)zmq_msg_close(&frame);
    }
}

static struct bytes frame_bytes(zmq_msg_t *frame)
{
    return (struct bytes){zmq_msg_data(frame), zmq_msg_size(frame)};
}

/* False: nothing has arrived. */
static bool receive_one(struct loop *loop)
{
    zmq_msg_t head, body;
    struct wire_header header;
    (void)zmq_msg_init(&head);
    (void)zmq_msg_init(&body);
    bool is_message = zmq_msg_recv(&head, loop->socket, ZMQ_DONTWAIT) >= 0;
    if (is_message) {
        bool has_body = zmq_msg_more(&head) && zmq_msg_recv(&body, loop->socket, ZMQ_DONTWAIT) >= 0
                        && !zmq_msg_more(&body);
        drop_frames(loop->socket);
        if (has_body && wire_header_decode(frame_bytes(&head), &header) == LD_OK)
            receive(loop, &header, frame_bytes(&body));
    }
    (void)zmq_msg_close(&head);
    (void)zmq_msg_close(&body);
    return is_message;
}

/* --- answers --------------------------------------------------------------------------------- */

static bool send_answer(struct loop *loop, const struct message *message)
{
    struct wire_header header = {
        .kind = WIRE_REPLY,
        .token = message->token,
        .inner = message->answer,
        .code = message->code,
        .credit = WORKER_CREDIT,
    };
    return send_frames(loop, &header, message->answer_body);
}

static void send_answers(struct loop *loop)
{
    (void)mailbox_take(&loop->worker->out_box, &loop->outgoing, 0); /* closed or not */
    while (!list_is_empty(&loop->outgoing)) {
        struct message *message = MESSAGE_OF(loop->outgoing.next);
        if (!send_answer(loop, message))
            return; /* when the socket takes more, or never: then it comes again */
        list_remove(&message->node);
        message_destroy(message);
    }
}

/* --- the loop -------------------------------------------------------------------------------- */

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* its being active is what counts */
}

static void on_check(uv_check_t *check)
{
    struct loop *loop = check->data;
    for (int i = 0; i < TURN_MESSAGES_MAX && receive_one(loop); i++)
        continue;
    send_answers(loop);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;
    if (is_readable(loop))
        (void)uv_idle_start(&loop->idle, on_idle);
    else
        (void)uv_idle_stop(&loop->idle);
}

static void on_answered(uv_async_t *async)
{
    send_answers(async->data);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct loop *loop = signal->data;
    (void)number;
    uv_stop(&loop->uv);
}

/* Any thread may call it: uv_async_send is the one function of libuv that allows that. */
static void notify(void *context)
{
    struct loop *loop = context;
    (void)uv_async_send(&loop->answered);
}

static bool start_handles(struct loop *loop)
{
    uv_loop_t *uv = &loop->uv;
    loop->check.data = loop->prepare.data = loop->tick.data = loop;
    loop->on_term.data = loop->on_int.data = loop->answered.data = loop;
    return uv_check_init(uv, &loop->check) == 0 && uv_check_start(&loop->check, on_check) == 0
           && uv_prepare_init(uv, &loop->prepare) == 0
           && uv_prepare_start(&loop->prepare, on_prepare) == 0
           && uv_idle_init(uv, &loop->idle) == 0
           && uv_async_init(uv, &loop->answered, on_answered) == 0
           && uv_timer_init(uv, &loop->tick) == 0
           && uv_timer_start(&loop->tick, on_tick, 0, TICK_MS) == 0
           && uv_signal_init(uv, &loop->on_term) == 0
           && uv_signal_start(&loop->on_term, on_signal, SIGTERM) == 0
           && uv_signal_init(uv, &loop->on_int) == 0
           && uv_signal_start(&loop->on_int, on_signal, SIGINT) == 0;
}

enum ld_err loop_create(struct worker *worker, struct loop **ret_loop)
{
    struct loop *loop = calloc(1, sizeof *loop);
    uint8_t *block = malloc(REQUEST_ARENA_SIZE);
    if (!loop || !block || uv_loop_init(&loop->uv) != 0) {
        free(loop);
        free(block);
        return LD_FULL;
    }
    loop->worker = worker;
    list_init(&loop->outgoing);
    arena_init(&loop->arena, block, REQUEST_ARENA_SIZE);
    loop->zmq = zmq_ctx_new();
    enum ld_err err = loop->zmq && start_handles(loop) ? open_socket(loop) : LD_IO;
    if (err != LD_OK) {
        loop_destroy(loop);
        return err;
    }
    worker->notify = notify;
    worker->notify_context = loop;
    *ret_loop = loop;
    return LD_OK;
}

int loop_run(struct loop *loop)
{
    uv_update_time(&loop->uv);
    loop->heard_ms = uv_now(&loop->uv);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT); /* what is left active is closed below */
    return loop->status;
}

void loop_drain(struct loop *loop)
{
    send_answers(loop);
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, handle->type == UV_POLL ? free_poll : NULL);
}

void loop_destroy(struct loop *loop)
{
    if (!loop)
        return;
    close_socket(loop);
    uv_walk(&loop->uv, close_handle, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop->uv);
    while (!list_is_empty(&loop->outgoing)) {
        struct message *message = MESSAGE_OF(loop->outgoing.next);
        list_remove(&message->node);
        message_destroy(message);
    }
    if (loop->zmq)
        (void)zmq_ctx_term(loop->zmq); /* waits LINGER_MS at most for the last answers */
    free(loop->arena.block);
    free(loop);
}
