/* One ROUTER socket and its peers: messages of exactly [routing id][header][body] in, the same out,
 * never blocking, nothing lost in silence. A peer is named by the routing id that ZeroMQ gave its
 * connection (five bytes, as a number); one that chose an id itself is refused. */
#ifndef LD_BROKER_LINK_H
#define LD_BROKER_LINK_H

#include "broker/router.h"

#include <zmq.h>

struct link;

struct link_options {
    const char *url;
    const char *local; /* NULL, or a second address of the same socket: ipc */
    int64_t body_max; /* larger frames end the connection */
};

struct link_message {
    struct router_peer peer;
    struct wire_header header;
    zmq_msg_t body; /* initialised; the caller's */
};

enum link_receipt {
    LINK_EMPTY, /* nothing more has arrived */
    LINK_MESSAGE,
    LINK_SKIPPED, /* something that is no message; where it can be told, it was told */
};

/* LD_INVALID: the URL is none; LD_IN_USE: the address is taken; LD_IO, LD_FULL. */
LD_MUST_USE enum ld_err link_open(void *zmq_context, const struct link_options *options,
                                  struct link **ret_link);
void link_close(struct link *link); /* takes NULL */

/* Where it listens, with the port that was found; valid while the link is open. */
const char *link_endpoint(const struct link *link);
int link_fd(const struct link *link);
/* Whether something has arrived. The descriptor alone does not tell: it is edge-triggered, and
 * sending eats the edge. */
bool link_is_readable(const struct link *link);

/* message->body is initialised before the first call, and replaced by each. */
enum link_receipt link_receive(struct link *link, struct link_message *message);

/* Sends, or parks what the peer's connection does not take now. The body is shared, not taken;
 * NULL is an empty frame. LD_NOT_FOUND: the peer is gone (also one that read too slowly: more than
 * the bound was parked); what was parked for it is dropped. */
LD_MUST_USE enum ld_err link_send(struct link *link, struct router_peer peer,
                                  const struct wire_header *header, zmq_msg_t *body);
/* Tries again what is parked. False: ret_gone is a peer that is gone; call again. */
bool link_flush(struct link *link, struct router_peer *ret_gone);
bool link_has_parked(const struct link *link);

#endif
