/* The bytes of stored records: cases and journal rows, field by field (STORAGE.md is the law, the
 * golden files its proof). Every record begins with a format version and ends with the CRC-32 of
 * what precedes it; old versions stay readable for ever. Changing a record: raise its version, keep
 * the reader of the old one, add a golden file, and say it in STORAGE.md, all in one commit. */
#ifndef LD_WORKERS_RECORD_H
#define LD_WORKERS_RECORD_H

#include "base/digest.h"
#include "workflows/core/case.h"

/* --- a case --------------------------------------------------------------------------------- */

/* What stands before the case itself: to find its program before its fields are decoded. */
struct case_header {
    struct bytes id;
    struct bytes workflow;
    uint32_t version;
    uint8_t program_digest[DIGEST_SIZE];
};

void case_record_encode(const struct program *program, const struct case_state *state,
                        struct buffer *buffer);
LD_MUST_USE enum ld_err case_record_header(struct bytes record, struct case_header *ret_header);
/* Into an initialised case (case_init); texts are copied into the arena. */
LD_MUST_USE enum ld_err case_record_decode(struct bytes record, const struct program *program,
                                           struct arena *arena, struct case_state *state);

/* --- the journal ---------------------------------------------------------------------------- */

enum journal_kind {
    JOURNAL_BATCH = 1, /* head of a batch: what follows up to the next head was one commit */
    JOURNAL_EVENT,     /* an event and its fate, with the facts it made */
    JOURNAL_TIME,      /* an instant came for a case, with the facts it made */
    JOURNAL_ARTIFACT,  /* a definition was deployed */
    JOURNAL_CLOCK,     /* a manual clock was set */
    JOURNAL_FEED,      /* a subscription was made or removed (acks are not journalled) */
    JOURNAL_FAMILY,    /* another case of its family made a step of this one, with these facts */
};

struct journal_batch {
    uint64_t epoch;
    int64_t now_ms;       /* the batch's one time; never falls */
    uint32_t row_count;   /* rows behind this head */
    uint8_t previous[DIGEST_SIZE]; /* digest of the batch before */
    uint8_t digest[DIGEST_SIZE];   /* of previous, epoch, now and the rows' bytes */
};

struct journal_row {
    enum journal_kind kind;
    struct journal_batch batch; /* BATCH */
    int64_t now_ms;             /* EVENT: received; TIME: the instant; CLOCK: the new time */
    /* EVENT, TIME and FAMILY */
    struct bytes case_id;       /* empty: a refusal without a case */
    struct bytes workflow;      /* the case's program; empty without a case */
    uint32_t version;
    uint8_t program_digest[DIGEST_SIZE];
    uint64_t previous;          /* position of the case's row before this one; 0: the first. The
                                 * history of a case is this chain, from case_state.position back */
    struct fact *facts;
    uint32_t fact_count;
    /* FAMILY */
    uint64_t cause;             /* position of the row, of this batch, that caused it */
    enum input_kind input;      /* OPEN to JOIN */
    /* EVENT */
    struct bytes event_id, source, type, role;
    int64_t time_ms;
    int32_t legal_date;
    uint8_t event_digest[EVENT_DIGEST_SIZE];
    struct bytes data;          /* msgpack, as it came */
    enum fate fate;
    enum refusal refusal;
    struct bytes detail, wanted;
    bool is_remembered;         /* the case remembers it (there was a case, or it started one) */
    /* ARTIFACT: kind, id, version, digest; FEED: id the name */
    uint8_t artifact_kind;
    struct bytes artifact_id;
    uint32_t artifact_version;
    uint8_t artifact_digest[DIGEST_SIZE];
};

void journal_row_encode(const struct journal_row *row, struct buffer *buffer);
/* Facts and texts live in the arena or are views of bytes. LD_CORRUPT, LD_UNSUPPORTED (a newer
 * version), LD_FULL. */
LD_MUST_USE enum ld_err journal_row_decode(struct bytes bytes, struct arena *arena,
                                           struct journal_row *ret_row);
/* The digest that links a batch to the one before it. */
void journal_batch_digest(const struct journal_batch *batch, const struct bytes *rows,
                          uint32_t row_count, uint8_t ret_digest[DIGEST_SIZE]);

#endif
