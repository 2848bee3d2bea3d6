/* One delivery of the broker on its way through the worker, with its answer once there is one. It
 * is in one list at a time, and whoever holds that list owns it. Knows nothing of cases. */
#ifndef LD_WORKERS_MESSAGE_H
#define LD_WORKERS_MESSAGE_H

#include "base/list.h"
#include "proto/wire.h"

struct message {
    struct list node;
    uint64_t token;
    enum wire_kind inner;  /* PUBLISH or REQUEST */
    bool is_again;         /* delivered before: the worker may have died of it */
    struct bytes body;     /* lives as long as the message */
    enum wire_kind answer; /* FATES, ANSWER or ERROR; WIRE_KIND_COUNT: none yet */
    enum wire_error code;
    struct bytes answer_body; /* owned */
};

#define MESSAGE_OF(pointer) LIST_OF(pointer, struct message, node)

/* A copy of the body is taken. NULL: no memory. */
struct message *message_create(const struct wire_header *header, struct bytes body);
void message_destroy(struct message *message); /* takes NULL; it is in no list */
/* Copies the body. Without memory for it the answer is the error UNAVAILABLE without a body. */
void message_answer(struct message *message, enum wire_kind kind, enum wire_error code,
                    struct bytes body);
/* The error with its texts {zh, en, detail}; detail may be empty. */
void message_refuse(struct message *message, enum wire_error code, struct bytes detail);

#endif
