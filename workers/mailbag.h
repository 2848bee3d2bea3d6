/* What the courier carries: finds emitted events in the journal, and packs them into the bodies of
 * messages. The journal itself is the queue; in memory is one message at a time. Reads by views
 * that are short, never writes, and knows no socket. */
#ifndef LD_WORKERS_MAILBAG_H
#define LD_WORKERS_MAILBAG_H

#include "workers/courier.h"
#include "workers/record.h"
#include "workers/store.h"

struct mailbag {
    struct store *store;
    uint32_t partitions;
    struct arena arena;      /* of one row, or of one message's rows */
    uint8_t *body;           /* WIRE_BODY_MAX */
    struct store_view *view; /* while packing */
    size_t taken;            /* bytes of rows since the view was opened */
    uint64_t position;       /* of the row at hand; 0: none */
    struct journal_row row;
};

/* False: no memory. */
bool mailbag_init(struct mailbag *mailbag, struct store *store, uint32_t partitions);
void mailbag_fini(struct mailbag *mailbag);

/* Reads on behind courier->read as far as there are rows and room, within the bounds of one view.
 * ret_last: the journal's last position then. LD_CORRUPT: the next row cannot be read, and nobody
 * knows whether it emitted something; LD_IO, LD_FULL: no view now. */
LD_MUST_USE enum ld_err mailbag_read(struct mailbag *mailbag, struct courier *courier,
                                     uint64_t *ret_last);

struct mailbag_message {
    struct bytes body; /* until the next call */
    uint32_t count;    /* of the places given, from the first on */
};

/* The body of a publish with the events at these places, as many as fit. LD_INVALID: the one after
 * them (places[count]) is none that a message can carry; what is before it is packed nevertheless.
 * LD_CORRUPT, LD_IO, LD_FULL: as above. */
LD_MUST_USE enum ld_err mailbag_pack(struct mailbag *mailbag, const struct courier *courier,
                                     const uint32_t *places, uint32_t place_count,
                                     struct mailbag_message *ret_message);

/* The event of a fact as it goes out, its id CASE@POSITION.INDEX among it; entries and id live in
 * the arena. LD_FULL. */
LD_MUST_USE enum ld_err mailbag_event(uint64_t position, const struct journal_row *row,
                                      const struct fact *fact, struct arena *arena,
                                      struct value *ret_event);
/* Its id alone; empty: the arena is used up. */
struct bytes mailbag_event_id(uint64_t position, struct bytes case_id, const struct fact *fact,
                              struct arena *arena);

#endif
