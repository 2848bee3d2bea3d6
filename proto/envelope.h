/* The envelope of an event: CloudEvents 1.0 attributes, three extensions of ours (role, workflow,
 * hops), and the fate that answers it. Knows nothing of cases. */
#ifndef LD_PROTO_ENVELOPE_H
#define LD_PROTO_ENVELOPE_H

#include "base/civil.h"
#include "proto/codec.h"
#include "proto/limits.h"

struct envelope {
    struct bytes id;       /* unique for its source; 1..128 bytes, no control characters */
    struct bytes source;   /* the publishing unit */
    struct bytes type;     /* the event's name */
    struct bytes subject;  /* the case id */
    int64_t time_ms;       /* INSTANT_NONE: not given */
    struct bytes role;     /* extension: the role in which it was decided; empty: none */
    struct bytes workflow; /* extension: which workflow a starting event is for; empty: any */
    struct value data;     /* VALUE_MAP or VALUE_NONE */
    uint32_t hops;         /* extension: emitted events in a row, this one among them; 0: none */
};

/* From a decoded map (msgpack or JSON alike). zone_minutes counts for a time without a zone.
 * On LD_INVALID ret_problem says which attribute is wrong and how (a literal of the program). */
struct envelope_problem {
    const char *attribute;
    const char *zh, *en;
};

LD_MUST_USE enum ld_err envelope_from_value(const struct value *map, int zone_minutes,
                                            struct envelope *ret_envelope,
                                            struct envelope_problem *ret_problem);
/* The map of an envelope; entries live in the arena, texts are the envelope's own. */
LD_MUST_USE enum ld_err envelope_to_value(const struct envelope *envelope, struct arena *arena,
                                          struct value *ret_map);

/* The answer to one event, as it stands in a `fates` body: {id, subject, fate, position, code?,
 * detail?, wanted?, takes?: [event…], first?: {fate, code, position}, case?: {state, next?…}}. */
struct fate_answer {
    struct bytes id, subject;
    struct bytes fate;         /* the core's word */
    struct bytes code;         /* of a refusal; else empty */
    struct bytes detail, wanted;
    struct bytes zh, en;       /* the reason in sentences */
    uint64_t position;         /* of its journal record */
    struct value takes;        /* list of texts, or NONE */
    struct bytes first_fate, first_code; /* of a duplicate */
    uint64_t first_position;
    struct bytes state;        /* the case's state after it; empty: no case */
};

LD_MUST_USE enum ld_err fate_answer_to_value(const struct fate_answer *answer, struct arena *arena,
                                             struct value *ret_map);
LD_MUST_USE enum ld_err fate_answer_from_value(const struct value *map,
                                               struct fate_answer *ret_answer);

#endif
