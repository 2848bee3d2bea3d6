/* The bodies that the broker writes itself: the words of an error, its own status, and the answers
 * of all partitions as one list. Pure: values in, bytes out. */
#ifndef LD_BROKER_ANSWER_H
#define LD_BROKER_ANSWER_H

#include "broker/router.h"

/* {zh, en}. */
void answer_error(enum wire_error code, struct buffer *buffer);
/* What a request to the broker is answered with: WIRE_ERROR_NONE and the body in the buffer, or the
 * error. */
enum wire_error answer_ask(const struct router *router, uint32_t partitions, uint64_t session,
                           struct bytes question, struct buffer *buffer);

/* One partition's part of a gathered answer. */
struct answer_part {
    enum wire_error code; /* NONE: body is its answer; else the error's map, or empty */
    struct bytes body;
};

/* [{partition, answer} or {partition, error, zh, en, detail…}]; buffer->is_full: they are too much
 * together. */
void answer_gathered(const struct answer_part *parts, uint32_t count, struct buffer *buffer);

#endif
