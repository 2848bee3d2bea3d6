/* The client's side of the protocol as a pure state machine: what to send now, what an arriving
 * frame means, when to send again. client.c drives it over ZeroMQ, the simulator over a queue.
 *
 *   CLOSED ──open──▶ GREETING ──welcome──▶ OPEN ──silence──▶ GREETING …
 *
 * Every message taken stays with the session until its answer has come: after a reconnect or a
 * silence it is sent again, in order; the case remembers event ids, so again is safe. */
#ifndef LD_PROTO_SESSION_H
#define LD_PROTO_SESSION_H

#include "proto/wire.h"

enum { SESSION_OUTSTANDING_MAX = 1024 };

enum session_status { SESSION_CLOSED, SESSION_GREETING, SESSION_OPEN };

struct session_message {
    uint64_t seq; /* 0: a free place */
    enum wire_kind kind; /* PUBLISH or REQUEST */
    uint32_t partition;
    struct bytes body; /* the caller's, until it was answered */
    int64_t send_at_ms; /* when to send it next */
    uint32_t tries;
};

struct session {
    enum session_status status;
    uint32_t partitions; /* known once OPEN */
    uint64_t session_id;
    uint64_t next_seq;
    int64_t heard_ms; /* when anything last arrived */
    int64_t greet_at_ms;
    uint32_t greetings; /* hellos since the last welcome */
    int64_t ping_at_ms;
    enum wire_error refusal; /* the broker answered hello with this error: it will not be served */
    struct session_message messages[SESSION_OUTSTANDING_MAX];
    uint32_t outstanding;
};

enum session_effect_kind {
    SESSION_SEND,   /* header, body (may be empty) */
    SESSION_ANSWER, /* seq is answered: header as it came; the body is the arrived frame */
    SESSION_OPENED, /* partitions are known */
    SESSION_RESET,  /* the connection should be made anew */
};

struct session_effect {
    enum session_effect_kind kind;
    struct wire_header header;
    struct bytes body;
};

enum { SESSION_EFFECTS_MAX = 64 };

struct session_effects {
    struct session_effect rows[SESSION_EFFECTS_MAX];
    uint32_t count;
};

/* Begins in GREETING; a zeroed session is CLOSED and does nothing. */
void session_init(struct session *session, int64_t now_ms);
/* Takes a message; its number, or 0 when SESSION_OUTSTANDING_MAX are out. Sent by the next tick. */
uint64_t session_take(struct session *session, enum wire_kind kind, uint32_t partition,
                      struct bytes body, int64_t now_ms);
/* Time has passed: what is due to be sent (at most SESSION_EFFECTS_MAX; call again while full). */
void session_tick(struct session *session, int64_t now_ms, struct session_effects *effects);
/* An effect SESSION_SEND of this number could not be handed to the transport: it comes again. */
void session_unsent(struct session *session, uint64_t seq, int64_t now_ms);
/* The transport takes messages again after it did not, perhaps over a new connection: greets, or
 * finds out by a ping whether the broker still knows us, without waiting for the next turn. */
void session_writable(struct session *session, int64_t now_ms);
/* The caller no longer waits: the message is not sent again and its answer is passed over. */
void session_forget(struct session *session, uint64_t seq);
/* The message with this number, or NULL where none is out. */
const struct session_message *session_find(const struct session *session, uint64_t seq);
/* A message arrived. */
void session_receive(struct session *session, const struct wire_header *header, struct bytes body,
                     int64_t now_ms, struct session_effects *effects);
/* When session_tick wants to be called next. */
int64_t session_next_ms(const struct session *session);
/* The invariant: counts agree, numbers are distinct and below next_seq. */
void session_check(const struct session *session);

#endif
