/* The C client: a session over one ZeroMQ DEALER, blocking calls with a deadline. One thread. */
#ifndef LD_PROTO_CLIENT_H
#define LD_PROTO_CLIENT_H

#include "proto/envelope.h"
#include "proto/session.h"

struct client;

/* LD_OK: connected far enough that messages are taken; the broker may still be away.
 * LD_INVALID: the URL is none. */
LD_MUST_USE enum ld_err client_open(const char *url, struct client **ret_client);
void client_close(struct client *client); /* takes NULL */
/* Waits for the welcome; LD_TIMEOUT, LD_UNSUPPORTED (the broker does not speak this version).
 * timeout_ms < 0: for ever. */
LD_MUST_USE enum ld_err client_wait_open(struct client *client, int64_t timeout_ms,
                                         uint32_t *ret_partitions);

/* Takes one message and copies the body; it goes out with the next receive. LD_BUSY when too many
 * are out (receive first), LD_FULL when the body is over WIRE_BODY_MAX. */
LD_MUST_USE enum ld_err client_send(struct client *client, enum wire_kind kind, uint32_t partition,
                                    struct bytes body, uint64_t *ret_seq);
/* No longer waits for a message: it is not sent again and its answer is passed over. */
void client_forget(struct client *client, uint64_t seq);

struct client_answer {
    uint64_t seq;
    struct wire_header header; /* FATES, ANSWER or ERROR */
    struct bytes body;         /* valid until the next call on the client */
};

/* The next answer, whichever message it is for. LD_TIMEOUT. */
LD_MUST_USE enum ld_err client_receive(struct client *client, int64_t timeout_ms,
                                       struct client_answer *ret_answer);

/* One request and its answer, decoded into the arena (with the texts). Answers to other messages
 * that come meanwhile are lost: ask only while nothing else is out. ret_error is WIRE_ERROR_NONE on
 * success; otherwise ret_value is the error's body. LD_TIMEOUT, LD_FULL (arena). */
LD_MUST_USE enum ld_err client_ask(struct client *client, uint32_t partition,
                                   const struct value *question, int64_t timeout_ms,
                                   struct arena *arena, struct value *ret_value,
                                   enum wire_error *ret_error);

#endif
