#include "broker/link.h"

#include "base/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The socket's edge. Measured traps that shape it:
 *
 * - Without ZMQ_ROUTER_MANDATORY a ROUTER drops what a peer cannot take, in silence. With it a full
 *   connection is EAGAIN (we park) and an unknown one EHOSTUNREACH (the peer is gone).
 * - Only the first frame of a message can fail so; the rest follows it.
 * - What was parked for a peer goes before anything new to it.
 *
 * Parked messages stand in a pool of fixed size; a peer may park so many and so many bytes, and is
 * given up after that: a client sends again, a worker is started again. */

enum {
    ROUTING_ID_SIZE = 5,
    SOCKET_HWM = 256, /* messages; ours is the flow control, this only keeps the pipe short */
    BACKLOG = 1024,   /* the default of 100 stalls bursts of connects */
    HANDSHAKE_MS = 3000,
    PARKED_MAX = 4096,
    PARKED_PEERS_MAX = 64,
    PARKED_OF_PEER_MAX = ROUTER_CREDIT_MAX,
    ENDPOINT_MAX = 256,
};

/* Of one peer, all parked together. */
#define PARKED_BYTES_MAX ((size_t)32 << 20)

struct parked {
    struct list place; /* in its peer's messages, or free */
    uint8_t header[WIRE_HEADER_MAX];
    size_t header_size;
    zmq_msg_t body;
};

struct parked_peer {
    struct list place; /* in waiting, or free_peers */
    struct router_peer peer;
    struct list messages;
    uint32_t count;
    size_t bytes;
};

struct link {
    void *socket;
    int fd;
    char endpoint[ENDPOINT_MAX];
    struct list waiting, free_peers, free_parked;
    struct parked_peer peers[PARKED_PEERS_MAX];
    struct parked parked[PARKED_MAX];
};

/* --- opening --------------------------------------------------------------------------------- */

struct socket_option {
    int name, number;
};

static bool set_options(void *socket, const struct link_options *options)
{
    static const struct socket_option rows[] = {
        {ZMQ_ROUTER_MANDATORY, 1},
        {ZMQ_LINGER, 0},
        {ZMQ_SNDHWM, SOCKET_HWM},
        {ZMQ_RCVHWM, SOCKET_HWM},
        {ZMQ_BACKLOG, BACKLOG},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
        {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_DEAD_MS},
        {ZMQ_HEARTBEAT_TTL, HEARTBEAT_DEAD_MS},
        {ZMQ_TCP_KEEPALIVE, 1},
    };
    int is_ipv6 = strstr(options->url, "://[") != NULL;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (zmq_setsockopt(socket, rows[i].name, &rows[i].number, sizeof rows[i].number) != 0)
            return false;
    if (zmq_setsockopt(socket, ZMQ_IPV6, &is_ipv6, sizeof is_ipv6) != 0)
        return false;
    /* Before bind: a connection takes it when it is made. */
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &options->body_max, sizeof options->body_max)
           == 0;
}

static enum ld_err bind_error(int error)
{
    if (error == EADDRINUSE)
        return LD_IN_USE;
    return error == EINVAL || error == EPROTONOSUPPORT || error == ENODEV ? LD_INVALID : LD_IO;
}

static enum ld_err open_socket(struct link *link, void *context, const struct link_options *options)
{
    size_t endpoint_size = sizeof link->endpoint, fd_size = sizeof link->fd;

    link->socket = zmq_socket(context, ZMQ_ROUTER);
    if (link->socket == NULL || !set_options(link->socket, options))
        return LD_IO;
    if (zmq_bind(link->socket, options->url) != 0)
        return bind_error(errno);
    if (zmq_getsockopt(link->socket, ZMQ_LAST_ENDPOINT, link->endpoint, &endpoint_size) != 0
        || zmq_getsockopt(link->socket, ZMQ_FD, &link->fd, &fd_size) != 0)
        return LD_IO;
    if (options->local != NULL && zmq_bind(link->socket, options->local) != 0)
        return bind_error(errno);
    return LD_OK;
}

enum ld_err link_open(void *zmq_context, const struct link_options *options, struct link **ret_link)
{
    struct link *link = calloc(1, sizeof *link);
    enum ld_err err;

    if (link == NULL)
        return LD_FULL;
    list_init(&link->waiting);
    list_init(&link->free_peers);
    list_init(&link->free_parked);
    for (uint32_t i = 0; i < PARKED_PEERS_MAX; i++) {
        list_init(&link->peers[i].messages);
        list_push_back(&link->free_peers, &link->peers[i].place);
    }
    for (uint32_t i = 0; i < PARKED_MAX; i++)
        list_push_back(&link->free_parked, &link->parked[i].place);
    err = open_socket(link, zmq_context, options);
    if (err != LD_OK) {
        link_close(link);
        return err;
    }
    *ret_link = link;
    return LD_OK;
}

const char *link_endpoint(const struct link *link)
{
    return link->endpoint;
}

int link_fd(const struct link *link)
{
    return link->fd;
}

bool link_is_readable(const struct link *link)
{
    int events = 0;
    size_t size = sizeof events;

    if (zmq_getsockopt(link->socket, ZMQ_EVENTS, &events, &size) != 0)
        return false;
    return (events & ZMQ_POLLIN) != 0;
}

/* --- peers and frames ------------------------------------------------------------------------ */

static bool peer_of(zmq_msg_t *routing_id, struct router_peer *ret_peer)
{
    const uint8_t *id = zmq_msg_data(routing_id);
    uint64_t number = 0;

    /* What ZeroMQ makes itself begins with zero; what a peer chooses must not. */
    if (zmq_msg_size(routing_id) != ROUTING_ID_SIZE || id[0] != 0)
        return false;
    for (int i = 0; i < ROUTING_ID_SIZE; i++)
        number = number << 8 | id[i];
    ret_peer->id = number;
    return true;
}

static void routing_id_of(struct router_peer peer, uint8_t ret_id[ROUTING_ID_SIZE])
{
    for (int i = 0; i < ROUTING_ID_SIZE; i++)
        ret_id[i] = (uint8_t)(peer.id >> (8 * (ROUTING_ID_SIZE - 1 - i)));
}

/* LD_BUSY: the connection is full; LD_NOT_FOUND: there is none. The body frame is given away. */
static enum ld_err send_frames(struct link *link, struct bytes id, struct bytes header,
                               zmq_msg_t *body)
{
    if (zmq_send(link->socket, id.ptr, id.size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return errno == EAGAIN ? LD_BUSY : LD_NOT_FOUND;
    if (zmq_send(link->socket, header.ptr, header.size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0
        || zmq_msg_send(body, link->socket, ZMQ_DONTWAIT) < 0)
        return LD_NOT_FOUND;
    return LD_OK;
}

static enum ld_err send_to(struct link *link, struct router_peer peer, struct bytes header,
                           zmq_msg_t *body)
{
    uint8_t id[ROUTING_ID_SIZE];

    routing_id_of(peer, id);
    return send_frames(link, (struct bytes){id, sizeof id}, header, body);
}

/* --- receiving ------------------------------------------------------------------------------- */

/* Says what was wrong to whoever sent it, if it takes it: nobody waits for this word. */
static void refuse(struct link *link, zmq_msg_t *routing_id, uint64_t seq, enum wire_error code)
{
    struct wire_header header = {.kind = WIRE_ERROR, .seq = seq, .code = code};
    uint8_t memory[WIRE_HEADER_MAX];
    struct buffer buffer;
    struct bytes id = {zmq_msg_data(routing_id), zmq_msg_size(routing_id)};
    zmq_msg_t empty;

    buffer_init(&buffer, memory, sizeof memory);
    wire_header_encode(&header, &buffer);
    (void)zmq_msg_init(&empty);
    if (send_frames(link, id, buffer_bytes(&buffer), &empty) != LD_OK)
        (void)zmq_msg_close(&empty);
}

struct frames {
    zmq_msg_t id, header, rest;
    uint32_t count;
};

/* Reads one whole message, the third frame into body. False: none was there. */
static bool read_frames(struct link *link, struct frames *frames, zmq_msg_t *body)
{
    zmq_msg_t *places[] = {&frames->id, &frames->header, body, &frames->rest};
    bool has_more = true;

    frames->count = 0;
    while (has_more) {
        zmq_msg_t *place = places[frames->count < 3 ? frames->count : 3];

        if (zmq_msg_recv(place, link->socket, ZMQ_DONTWAIT) < 0)
            return false;
        has_more = zmq_msg_more(place) != 0;
        frames->count++;
    }
    return true;
}

static enum link_receipt judge(struct link *link, struct frames *frames,
                               struct link_message *message)
{
    struct bytes header = {zmq_msg_data(&frames->header), zmq_msg_size(&frames->header)};
    enum ld_err err = LD_INVALID;

    message->header = (struct wire_header){0};
    if (frames->count >= 2)
        err = wire_header_decode(header, &message->header);
    /* LD_UNSUPPORTED is a header of an unknown kind, which the router answers. */
    if (frames->count == 3 && (err == LD_OK || err == LD_UNSUPPORTED)
        && peer_of(&frames->id, &message->peer))
        return LINK_MESSAGE;
    refuse(link, &frames->id, message->header.seq, WIRE_ERROR_MALFORMED);
    return LINK_SKIPPED;
}

enum link_receipt link_receive(struct link *link, struct link_message *message)
{
    struct frames frames;
    enum link_receipt receipt = LINK_EMPTY;

    (void)zmq_msg_init(&frames.id);
    (void)zmq_msg_init(&frames.header);
    (void)zmq_msg_init(&frames.rest);
    if (read_frames(link, &frames, &message->body))
        receipt = judge(link, &frames, message);
    (void)zmq_msg_close(&frames.id);
    (void)zmq_msg_close(&frames.header);
    (void)zmq_msg_close(&frames.rest);
    return receipt;
}

/* --- parking --------------------------------------------------------------------------------- */

bool link_has_parked(const struct link *link)
{
    return !list_is_empty(&link->waiting);
}

static struct parked_peer *find_waiting(struct link *link, struct router_peer peer)
{
    struct list *node;

    for (node = link->waiting.next; node != &link->waiting; node = node->next) {
        struct parked_peer *waiting = LIST_OF(node, struct parked_peer, place);

        if (waiting->peer.id == peer.id)
            return waiting;
    }
    return NULL;
}

static void free_first(struct link *link, struct parked_peer *waiting)
{
    struct parked *first = LIST_OF(waiting->messages.next, struct parked, place);

    waiting->count--;
    waiting->bytes -= zmq_msg_size(&first->body);
    (void)zmq_msg_close(&first->body);
    list_move_back(&link->free_parked, &first->place);
}

static void give_up(struct link *link, struct parked_peer *waiting)
{
    while (!list_is_empty(&waiting->messages))
        free_first(link, waiting);
    list_move_back(&link->free_peers, &waiting->place);
}

static struct parked_peer *add_waiting(struct link *link, struct router_peer peer)
{
    struct parked_peer *waiting;

    if (list_is_empty(&link->free_peers))
        return NULL;
    waiting = LIST_OF(link->free_peers.next, struct parked_peer, place);
    list_move_back(&link->waiting, &waiting->place);
    waiting->peer = peer;
    waiting->count = 0;
    waiting->bytes = 0;
    return waiting;
}

static enum ld_err park(struct link *link, struct parked_peer *waiting, struct bytes header,
                        zmq_msg_t *body)
{
    struct parked *parked;

    if (waiting == NULL)
        return LD_NOT_FOUND;
    if (list_is_empty(&link->free_parked) || waiting->count >= PARKED_OF_PEER_MAX
        || waiting->bytes + zmq_msg_size(body) > PARKED_BYTES_MAX) {
        give_up(link, waiting);
        return LD_NOT_FOUND;
    }
    parked = LIST_OF(link->free_parked.next, struct parked, place);
    list_move_back(&waiting->messages, &parked->place);
    memcpy(parked->header, header.ptr, header.size);
    parked->header_size = header.size;
    waiting->count++;
    waiting->bytes += zmq_msg_size(body);
    (void)zmq_msg_init(&parked->body);
    (void)zmq_msg_move(&parked->body, body);
    return LD_OK;
}

enum ld_err link_send(struct link *link, struct router_peer peer, const struct wire_header *header,
                      zmq_msg_t *body)
{
    uint8_t memory[WIRE_HEADER_MAX];
    struct buffer buffer;
    struct parked_peer *waiting = find_waiting(link, peer);
    zmq_msg_t copy;
    enum ld_err err = LD_BUSY;

    buffer_init(&buffer, memory, sizeof memory);
    wire_header_encode(header, &buffer);
    (void)zmq_msg_init(&copy);
    if (body != NULL)
        (void)zmq_msg_copy(&copy, body); /* shares the bytes; both are initialised */
    if (waiting == NULL)
        err = send_to(link, peer, buffer_bytes(&buffer), &copy);
    if (err == LD_BUSY)
        err = park(link, waiting != NULL ? waiting : add_waiting(link, peer), buffer_bytes(&buffer),
                   &copy);
    (void)zmq_msg_close(&copy); /* given away or not: it is initialised */
    return err;
}

static enum ld_err flush_peer(struct link *link, struct parked_peer *waiting)
{
    while (!list_is_empty(&waiting->messages)) {
        struct parked *first = LIST_OF(waiting->messages.next, struct parked, place);
        struct bytes header = {first->header, first->header_size};
        size_t size = zmq_msg_size(&first->body);
        enum ld_err err = send_to(link, waiting->peer, header, &first->body);

        if (err != LD_OK)
            return err;
        waiting->bytes -= size; /* what was sent has become an empty frame */
        free_first(link, waiting);
    }
    return LD_OK;
}

bool link_flush(struct link *link, struct router_peer *ret_gone)
{
    struct list *node = link->waiting.next;

    while (node != &link->waiting) {
        struct parked_peer *waiting = LIST_OF(node, struct parked_peer, place);
        enum ld_err err = flush_peer(link, waiting);

        node = node->next;
        if (err == LD_BUSY)
            continue;
        give_up(link, waiting);
        if (err == LD_NOT_FOUND) {
            *ret_gone = waiting->peer;
            return false;
        }
    }
    return true;
}

void link_close(struct link *link)
{
    if (link == NULL)
        return;
    while (!list_is_empty(&link->waiting))
        give_up(link, LIST_OF(link->waiting.next, struct parked_peer, place));
    if (link->socket != NULL)
        (void)zmq_close(link->socket);
    free(link);
}
