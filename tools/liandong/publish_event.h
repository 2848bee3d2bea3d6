/* An event as a person gives it, by a line of JSON or by flags; checked and encoded. */
#ifndef LD_TOOLS_PUBLISH_EVENT_H
#define LD_TOOLS_PUBLISH_EVENT_H

#include "proto/envelope.h"
#include "tools/liandong/repeated.h"

/* Why it cannot be published. */
struct event_problem {
    char zh[256], en[256];
};

struct event_flags {
    const char *id, *source, *type, *subject, *time, *role, *workflow, *data;
    struct repeated sets;
};

/* Of a line: the event's map, or LD_INVALID with a problem. */
LD_MUST_USE enum ld_err event_read(struct bytes line, struct arena *arena, struct value *ret_event,
                                   struct event_problem *ret_problem);
/* Of flags; an id is made where none is given. */
LD_MUST_USE enum ld_err event_from_flags(const struct event_flags *flags, struct arena *arena,
                                         struct value *ret_event,
                                         struct event_problem *ret_problem);
/* Checks a map as the worker will and encodes it; views of ret_envelope are into the map. */
LD_MUST_USE enum ld_err event_encode(const struct value *event, struct buffer *buffer,
                                     struct envelope *ret_envelope,
                                     struct event_problem *ret_problem);

#endif
