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
/* Waits for the welcome; LD_TIMEOUT. timeout_ms < 0: for ever. */
LD_MUST_USE enum ld_err client_wait_open(struct client *client, int64_t timeout_ms,
                                         uint32_t *ret_partitions);

/* Sends one message and copies the body; LD_BUSY when too many are out (receive first). */
LD_MUST_USE enum ld_err client_send(struct client *client, enum wire_kind kind, uint32_t partition,
                                    struct bytes body, uint64_t *ret_seq);

struct client_answer {
    uint64_t seq;
    struct wire_header header; /* FATES, ANSWER or ERROR */
    struct bytes body;         /* valid until the next call on the client */
};

/* The next answer, whichever message it is for. LD_TIMEOUT. */
LD_MUST_USE enum ld_err client_receive(struct client *client, int64_t timeout_ms,
                                       struct client_answer *ret_answer);

/* One request and its answer, decoded into the arena. ret_error is WIRE_ERROR_NONE on success;
 * otherwise ret_value is the error's body. LD_TIMEOUT, LD_FULL (arena). */
LD_MUST_USE enum ld_err client_ask(struct client *client, uint32_t partition,
                                   const struct value *question, int64_t timeout_ms,
                                   struct arena *arena, struct value *ret_value,
                                   enum wire_error *ret_error);

#endif
