#include "broker/loop.h"

#include "base/log.h"
#include "broker/answer.h"
#include "broker/bodies.h"
#include "broker/link.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

/* The router's shell. Both sockets hang in one libuv loop in the one way that was measured to lose
 * nothing and starve nobody:
 *
 *   uv_poll     only wakes the loop: ZeroMQ's descriptor is edge-triggered, and sending eats edges
 *   uv_check    does the work, a bounded number of messages a turn
 *   uv_prepare  asks each socket whether more has arrived, and if so
 *   uv_idle     keeps the loop from sleeping
 *
 * A message is one step of the router; its effects are carried out before the next message is
 * read. A peer that turns out to be gone is told to the router after that, never in between. */

enum {
    TURN_MESSAGES_MAX = 256,
    TICK_MS = 500,
    FLUSH_MS = 10, /* no event tells that one ROUTER connection takes frames again */
    GONE_MAX = 2 * ROUTER_EFFECTS_MAX,
    ERROR_BODY_MAX = 512,
    GATHERED_PART_ROOM = 1024, /* of one partition's answer: what stands around it */
};

enum side { SIDE_CLIENTS, SIDE_WORKERS, SIDE_COUNT };

struct gone {
    enum side side;
    struct router_peer peer;
};

struct loop {
    uv_loop_t uv;
    uv_poll_t polls[SIDE_COUNT];
    uv_check_t check;
    uv_prepare_t prepare;
    uv_idle_t idle;
    uv_timer_t tick, flush;
    uv_signal_t on_term, on_int;
    void *zmq;
    struct link *links[SIDE_COUNT];
    struct router *router;
    struct bodies bodies;
    const struct loop_options *options;
    uint64_t session;
    struct gone gone[GONE_MAX]; /* found while effects were carried out */
    uint32_t gone_count;
    struct router_effects effects;
    uint8_t *answer_memory; /* WIRE_BODY_MAX */
};

static int64_t now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

/* --- carrying out effects -------------------------------------------------------------------- */

/* A note that finds no place, or that stands there already, is left out: who is gone is found out
 * again by the next message to it, or by its silence. */
static void note_gone(struct loop *loop, enum side side, struct router_peer peer)
{
    const struct gone *last = loop->gone_count > 0 ? &loop->gone[loop->gone_count - 1] : NULL;

    if (loop->gone_count == GONE_MAX
        || (last != NULL && last->side == side && last->peer.id == peer.id))
        return;
    loop->gone[loop->gone_count++] = (struct gone){side, peer};
}

static void send_or_note(struct loop *loop, enum side side, struct router_peer peer,
                         const struct wire_header *header, zmq_msg_t *body)
{
    if (link_send(loop->links[side], peer, header, body) != LD_OK)
        note_gone(loop, side, peer);
}

static void send_bytes(struct loop *loop, struct router_peer peer, const struct wire_header *header,
                       struct bytes bytes)
{
    zmq_msg_t body;

    if (zmq_msg_init_size(&body, bytes.size) != 0) {
        log_line("event=no-memory bytes=%zu", bytes.size);
        return; /* the client asks again */
    }
    if (bytes.size > 0)
        memcpy(zmq_msg_data(&body), bytes.ptr, bytes.size);
    send_or_note(loop, SIDE_CLIENTS, peer, header, &body);
    (void)zmq_msg_close(&body);
}

/* An error that no worker wrote words for. */
static void send_error(struct loop *loop, struct router_peer peer, const struct wire_header *header)
{
    uint8_t memory[ERROR_BODY_MAX];
    struct buffer buffer;

    buffer_init(&buffer, memory, sizeof memory);
    answer_error(header->code, &buffer);
    send_bytes(loop, peer, header, buffer_bytes(&buffer));
}

static void send_handle(struct loop *loop, enum side side, const struct router_effect *effect)
{
    zmq_msg_t *body = effect->body == 0 ? NULL : bodies_at(&loop->bodies, effect->body);

    send_or_note(loop, side, effect->peer, &effect->header, body);
}

static void to_client(struct loop *loop, const struct router_effect *effect)
{
    if (effect->header.kind == WIRE_ERROR && effect->body == 0)
        send_error(loop, effect->peer, &effect->header);
    else
        send_handle(loop, SIDE_CLIENTS, effect);
    bodies_drop(&loop->bodies, effect->body);
}

static void send_answer(struct loop *loop, const struct router_effect *effect, enum wire_error code,
                        const struct buffer *buffer)
{
    struct wire_header header = {
        .kind = WIRE_ANSWER, .seq = effect->header.seq, .partition = effect->header.partition};

    if (code != WIRE_ERROR_NONE) {
        header.kind = WIRE_ERROR;
        header.code = code;
        send_error(loop, effect->peer, &header);
        return;
    }
    send_bytes(loop, effect->peer, &header, buffer_bytes(buffer));
}

static void answer_gathering(struct loop *loop, const struct router_effect *effect)
{
    struct answer_part parts[ROUTER_PARTITIONS_MAX];
    struct buffer buffer;
    size_t size = GATHERED_PART_ROOM;
    uint8_t *memory;

    for (uint32_t i = 0; i < effect->body_count; i++) {
        parts[i].code = effect->codes[i];
        parts[i].body = bodies_bytes(&loop->bodies, effect->bodies[i]);
        size += parts[i].body.size + GATHERED_PART_ROOM;
    }
    /* Each partition may have said as much as one message takes. */
    memory = malloc(size);
    buffer_init(&buffer, memory, memory == NULL ? 0 : size);
    answer_gathered(parts, effect->body_count, &buffer);
    send_answer(loop, effect, buffer.is_full ? WIRE_ERROR_UNAVAILABLE : WIRE_ERROR_NONE, &buffer);
    free(memory);
    for (uint32_t i = 0; i < effect->body_count; i++)
        bodies_drop(&loop->bodies, effect->bodies[i]);
}

static void answer_question(struct loop *loop, const struct router_effect *effect)
{
    struct buffer buffer;
    enum wire_error code;

    buffer_init(&buffer, loop->answer_memory, WIRE_BODY_MAX);
    code = answer_ask(loop->router, loop->options->partitions, loop->session,
                      bodies_bytes(&loop->bodies, effect->body), &buffer);
    send_answer(loop, effect, code, &buffer);
    bodies_drop(&loop->bodies, effect->body);
}

/* Whoever started us waits for this line; that nobody reads it any more is no reason to stop. */
static void tell(const struct loop *loop, const char *word, const char *argument)
{
    char line[512];
    int size =
        snprintf(line, sizeof line, "%s%s%s\n", word, argument[0] != '\0' ? " " : "", argument);

    if (size < 0 || write(loop->options->ready_fd, line, (size_t)size) != size)
        log_line("event=untold word=%s", word);
}

static void carry_out(struct loop *loop, const struct router_effect *effect)
{
    switch (effect->kind) {
    case ROUTER_TO_CLIENT: to_client(loop, effect); return;
    case ROUTER_TO_WORKER: send_handle(loop, SIDE_WORKERS, effect); return;
    case ROUTER_DROP_BODY: bodies_drop(&loop->bodies, effect->body); return;
    case ROUTER_GATHERED: answer_gathering(loop, effect); return;
    case ROUTER_READY:
        log_line("event=ready partitions=%u", loop->options->partitions);
        tell(loop, "ready", "");
        return;
    case ROUTER_ASKED: answer_question(loop, effect); return;
    }
}

static void step_and_carry_out(struct loop *loop, struct router_input input)
{
    do {
        input.now_ms = now_ms();
        router_step(loop->router, &input, &loop->effects);
        for (uint32_t i = 0; i < loop->effects.count; i++)
            carry_out(loop, &loop->effects.rows[i]);
        input = (struct router_input){.kind = ROUTER_TICK};
    } while (loop->effects.is_cut && loop->gone_count == 0);
}

/* Ends: each gone peer costs the router what it held of it, and a step without a gone peer and
 * without a cut ends the round. */
static void step(struct loop *loop, struct router_input input)
{
    step_and_carry_out(loop, input);
    while (loop->gone_count > 0) {
        struct gone gone = loop->gone[--loop->gone_count];
        bool is_worker = gone.side == SIDE_WORKERS;

        log_line("event=peer-gone side=%s peer=%llx", is_worker ? "workers" : "clients",
                 (unsigned long long)gone.peer.id);
        step_and_carry_out(
            loop, (struct router_input){.kind = is_worker ? ROUTER_WORKER_GONE : ROUTER_CLIENT_GONE,
                                        .peer = gone.peer});
    }
    if (loop->effects.is_cut)
        step_and_carry_out(loop, (struct router_input){.kind = ROUTER_TICK});
}

/* --- the loop's turns ------------------------------------------------------------------------ */

static void take_message(struct loop *loop, enum side side, struct link_message *message)
{
    size_t size = zmq_msg_size(&message->body);

    if (side == SIDE_WORKERS && message->header.kind == WIRE_REGISTER)
        log_line("event=register partition=%u epoch=%llu pid=%u", message->header.partition,
                 (unsigned long long)message->header.epoch, message->header.pid);
    step(loop, (struct router_input){.kind = side == SIDE_CLIENTS ? ROUTER_CLIENT_MESSAGE
                                                                  : ROUTER_WORKER_MESSAGE,
                                     .peer = message->peer,
                                     .header = message->header,
                                     .body = bodies_put(&loop->bodies, &message->body),
                                     .body_size = size});
}

static void work(struct loop *loop, enum side side)
{
    struct link_message message = {0};
    enum link_receipt receipt = LINK_SKIPPED;

    (void)zmq_msg_init(&message.body);
    for (uint32_t i = 0; i < TURN_MESSAGES_MAX && receipt != LINK_EMPTY; i++) {
        receipt = link_receive(loop->links[side], &message);
        if (receipt == LINK_MESSAGE)
            take_message(loop, side, &message);
    }
    (void)zmq_msg_close(&message.body);
}

static void flush(struct loop *loop)
{
    for (int side = 0; side < SIDE_COUNT; side++) {
        struct router_peer peer;

        while (!link_flush(loop->links[side], &peer))
            step(loop, (struct router_input){.kind = side == SIDE_WORKERS ? ROUTER_WORKER_GONE
                                                                          : ROUTER_CLIENT_GONE,
                                             .peer = peer});
    }
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_flush(uv_timer_t *timer)
{
    (void)timer; /* it only wakes the loop: the check flushes */
}

/* Workers first: their replies make room for what clients send. */
static void on_check(uv_check_t *check)
{
    struct loop *loop = check->data;

    work(loop, SIDE_WORKERS);
    work(loop, SIDE_CLIENTS);
    flush(loop);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;
    bool has_more =
        link_is_readable(loop->links[SIDE_WORKERS]) || link_is_readable(loop->links[SIDE_CLIENTS]);
    bool has_parked =
        link_has_parked(loop->links[SIDE_WORKERS]) || link_has_parked(loop->links[SIDE_CLIENTS]);

    /* Starting and stopping what is started or stopped already changes nothing and cannot fail. */
    if (has_more)
        (void)uv_idle_start(&loop->idle, on_idle);
    else
        (void)uv_idle_stop(&loop->idle);
    if (has_parked && !uv_is_active((const uv_handle_t *)&loop->flush))
        (void)uv_timer_start(&loop->flush, on_flush, FLUSH_MS, 0);
}

static void on_tick(uv_timer_t *timer)
{
    step(timer->data, (struct router_input){.kind = ROUTER_TICK});
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct loop *loop = signal->data;

    log_line("event=stop signal=%d", number);
    uv_stop(&loop->uv);
}

/* --- beginning and ending -------------------------------------------------------------------- */

static enum ld_err open_link(struct loop *loop, enum side side)
{
    struct link_options options = {
        .url = side == SIDE_CLIENTS ? loop->options->listen : loop->options->workers,
        .local = side == SIDE_CLIENTS ? loop->options->local : NULL,
        /* A little over the bound is told so by the router; far over it, nothing is read at all. */
        .body_max = side == SIDE_CLIENTS ? 2 * WIRE_BODY_MAX : WIRE_BODY_MAX,
    };
    enum ld_err err = link_open(loop->zmq, &options, &loop->links[side]);

    if (err != LD_OK)
        log_line("event=cannot-listen url=%s error=%s: %s", options.url, ld_err_word(err),
                 err == LD_IN_USE ? "the address is taken" : ld_err_en(err));
    return err;
}

static enum ld_err open_parts(struct loop *loop)
{
    enum ld_err err;

    /* Any number but 0; the wire's integers are below 2^63. */
    if (uv_random(NULL, NULL, &loop->session, sizeof loop->session, 0, NULL) != 0)
        return LD_IO;
    loop->session = (loop->session & INT64_MAX) | 1;
    loop->router = router_create(loop->options->partitions, loop->session);
    loop->answer_memory = malloc(WIRE_BODY_MAX);
    loop->zmq = zmq_ctx_new();
    if (loop->router == NULL || loop->answer_memory == NULL || loop->zmq == NULL
        || bodies_init(&loop->bodies) != LD_OK) {
        log_line("event=no-memory");
        return LD_FULL;
    }
    err = open_link(loop, SIDE_WORKERS);
    return err != LD_OK ? err : open_link(loop, SIDE_CLIENTS);
}

static bool start_handles(struct loop *loop)
{
    bool is_started = true;

    loop->check.data = loop;
    loop->prepare.data = loop;
    loop->tick.data = loop;
    loop->on_term.data = loop;
    loop->on_int.data = loop;
    for (int side = 0; side < SIDE_COUNT; side++)
        is_started = is_started
                     && uv_poll_init(&loop->uv, &loop->polls[side], link_fd(loop->links[side])) == 0
                     && uv_poll_start(&loop->polls[side], UV_READABLE, on_wake) == 0;
    return is_started && uv_check_init(&loop->uv, &loop->check) == 0
           && uv_check_start(&loop->check, on_check) == 0
           && uv_prepare_init(&loop->uv, &loop->prepare) == 0
           && uv_prepare_start(&loop->prepare, on_prepare) == 0
           && uv_idle_init(&loop->uv, &loop->idle) == 0
           && uv_timer_init(&loop->uv, &loop->flush) == 0
           && uv_timer_init(&loop->uv, &loop->tick) == 0
           && uv_timer_start(&loop->tick, on_tick, TICK_MS, TICK_MS) == 0
           && uv_signal_init(&loop->uv, &loop->on_term) == 0
           && uv_signal_start(&loop->on_term, on_signal, SIGTERM) == 0
           && uv_signal_init(&loop->uv, &loop->on_int) == 0
           && uv_signal_start(&loop->on_int, on_signal, SIGINT) == 0;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* The context is left to the end of the process: ending it under traffic has crashed before, and
 * everything that matters is with clients and workers. */
static void close_loop(struct loop *loop)
{
    uv_walk(&loop->uv, close_handle, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    for (int side = 0; side < SIDE_COUNT; side++)
        link_close(loop->links[side]);
    bodies_fini(&loop->bodies);
    router_destroy(loop->router);
    free(loop->answer_memory);
    (void)uv_loop_close(&loop->uv);
}

enum ld_err loop_run(const struct loop_options *options)
{
    static struct loop loop; /* large, and alive as long as ZeroMQ's threads */
    enum ld_err err;

    loop.options = options;
    if (uv_loop_init(&loop.uv) != 0)
        return LD_IO;
    err = open_parts(&loop);
    if (err == LD_OK && !start_handles(&loop))
        err = LD_IO;
    if (err == LD_OK) {
        tell(&loop, "listening", link_endpoint(loop.links[SIDE_CLIENTS]));
        (void)uv_run(&loop.uv, UV_RUN_DEFAULT);
    }
    close_loop(&loop);
    return err;
}
