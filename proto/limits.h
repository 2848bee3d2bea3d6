/* The bounds of the wire. A message over one is refused before it is decoded. */
#ifndef LD_PROTO_LIMITS_H
#define LD_PROTO_LIMITS_H

enum {
    WIRE_VERSION = 1,
    WIRE_HEADER_MAX = 512,         /* bytes of the header frame */
    WIRE_BODY_MAX = 1 << 20,       /* bytes of the body frame */
    WIRE_EVENT_MAX = 64 << 10,     /* bytes of one event */
    WIRE_BATCH_MAX = 1000,         /* events of one message */
    WIRE_DEPTH_MAX = 8,            /* nesting of an event, its own map being 1 */
    WIRE_KEY_MAX = 64,             /* bytes of a map key */
    WIRE_KEYS_MAX = 512,           /* keys of all maps open at once, so that each can be compared */
    WIRE_ANSWER_DEPTH_MAX = 16,    /* nesting of what answers a request */
    WIRE_ID_MAX = 128,             /* bytes of an event's id */
    WIRE_SUBJECT_MAX = 96,         /* bytes of a case id */
    WIRE_WORD_MAX = 64,            /* bytes of source, type, role, workflow */
    WIRE_FETCH_MAX = 500,          /* items of one answer to a fetch */
    WIRE_WAIT_MAX_MS = 30000,      /* how long a fetch may wait for the first item */
    HEARTBEAT_MS = 2000,
    HEARTBEAT_DEAD_MS = 6000,
};

#define DEFAULT_URL "tcp://127.0.0.1:7710"

#endif
