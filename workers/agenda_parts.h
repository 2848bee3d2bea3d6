/* The inside of the agenda, for its own files: agenda.c (the turn), agenda_case.c (time and other
 * rules), agenda_family.c (one step with all that follows from it), agenda_event.c (publishing),
 * agenda_watch.c (fatal events), agenda_rules.c (deriving again), agenda_write.c (other writes),
 * agenda_read.c (exact reads), agenda_delivery.c (how far emitted events are delivered), recover.c.
 */
#ifndef LD_WORKERS_AGENDA_PARTS_H
#define LD_WORKERS_AGENDA_PARTS_H

#include "proto/envelope.h"
#include "workers/agenda.h"
#include "workers/ask.h"
#include "workers/batch.h"
#include "workers/desk.h"
#include "workers/feed.h"

enum {
    STEP_ARENA_SIZE = 8 << 20,
    EVENT_ARENA_SIZE = 4 << 20,
    TURN_ARENA_SIZE = 16 << 20,
    COPIES_ARENA_SIZE = 16 << 20,
    ANSWER_SIZE = 2 << 20,
};

/* The message that is being taken, perhaps over several batches. */
struct taking {
    struct message *message; /* owned; NULL: none */
    struct codec_items items;
    struct bytes next; /* the event that did not fit into the last batch */
    bool has_next;
    bool is_split;        /* the worker died of it: one event a batch */
    uint32_t left;        /* events without a fate, next among them */
    struct buffer answer; /* its fates so far */
};

/* What is on record as begun, in case the worker dies of it. */
struct watch {
    bool has_message, has_event;
    uint8_t message[EVENT_DIGEST_SIZE];
    uint8_t event[EVENT_DIGEST_SIZE];
};

/* A manual clock was set: everything due up to it fires before anything else is taken. */
struct settling {
    struct message *message; /* owned; NULL: nothing is settling */
    uint64_t fired_before;
};

/* Other rules were deployed: open cases are derived again, in the order of their ids. */
enum page { PAGE_NONE, PAGE_BEGUN, PAGE_DONE, PAGE_LAST };

struct rederiving {
    bool is_on;
    bool is_ready;          /* the state includes all that was there when they were deployed */
    uint64_t wait_position; /* up to which it must */
    uint8_t after[CASE_ID_MAX];
    uint8_t after_size;
    enum page page;    /* what this turn's batch says of it */
    struct bytes next; /* PAGE_DONE: the last case of the page */
};

struct agenda {
    struct agenda_rooms rooms;
    struct store_identity identity;
    uint64_t epoch;
    uint64_t last_position;
    int64_t now_ms;              /* of the last batch */
    uint8_t digest[DIGEST_SIZE]; /* of the last batch */
    struct batch batch;
    struct desk desk;
    struct feed_table feeds;
    struct arena step;   /* one step: its facts and texts */
    struct arena event;  /* one event: envelope and answer */
    struct arena turn;   /* until the commit: what writes put into the batch, and requests */
    struct arena copies; /* one step: what cases of a family were before it */
    struct fact *facts;  /* EFFECTS_MAX */
    struct diagnostics *diagnostics;
    struct taking taking;
    struct settling settling;
    struct rederiving rederiving;
    uint64_t delivered; /* as the courier says; what is kept of it is in feeds */
    struct watch watch;
    struct list done;                          /* answered when the batch is durable */
    struct list reads;                         /* answered after it */
    struct desk_case *family[BATCH_CASES_MAX]; /* whom family_gather found */
    uint32_t family_count;
    int64_t store_next_ms; /* of the stored cases at the turn's begin, once somebody asked */
    bool has_store_next;
    uint32_t turn_events;
    bool is_last;            /* nothing more is taken in this turn */
    bool is_unsettled;       /* due cases are left over from the last turn */
    struct store_view *view; /* at most one a turn; NULL: not opened */
    enum store_outcome outcome;
    uint64_t events, fired;
    uint32_t parked, damaged;
};

/* --- agenda_case.c --- */

/* Appends the row of a step on a case and applies its facts. LD_FULL: no room in this batch;
 * LD_OVERFLOW: the case's record would grow past its bound. Then nothing has changed. */
LD_MUST_USE enum ld_err agenda_keep(struct agenda *agenda, struct desk_case *held,
                                    struct journal_row *row, const struct case_mark *mark);
/* Fires every instant of the case and its family at or before until, in their order. LD_BUSY: the
 * batch is full, commit first; LD_FULL: the family is too large for any batch; LD_OVERFLOW: the
 * case's clocks cannot be derived, it is parked. */
LD_MUST_USE enum ld_err agenda_catch_up(struct agenda *agenda, struct desk_case *held,
                                        int64_t until_ms);
/* Fires due cases in the order of their instants, within the turn's budget. True: nothing that is
 * due is left. */
bool agenda_sweep(struct agenda *agenda, int64_t until_ms);

/* Derives a case again under the present rules, caught up first. LD_BUSY: no room in this batch. */
LD_MUST_USE enum ld_err agenda_rederive(struct agenda *agenda, struct desk_case *held);

/* --- agenda_family.c --- */

/* Decides an input of a case and puts it with all that follows from it into the batch: the case's
 * row, which the caller has filled with what it knows of an event, and those of its family. An
 * event that is refused is put nowhere. LD_BUSY: no room in this batch; LD_OVERFLOW: over a bound,
 * alone as well; LD_CORRUPT: another case of the family is damaged. Then nothing has changed. */
LD_MUST_USE enum ld_err agenda_step(struct agenda *agenda, struct desk_case *held,
                                    const struct case_input *input, struct journal_row *row,
                                    struct effects *ret_effects);
/* Has the batch no rows yet? */
bool agenda_is_unwritten(const struct agenda *agenda);
/* What precedes the first slash. */
struct bytes family_root(struct bytes id);
/* Neither sub-cases nor a parent. */
bool family_is_one(const struct case_state *state);
/* Into agenda->family: all cases of the family that may want something by then. LD_BUSY: the desk
 * has no room in this batch; LD_FULL: nor in any other. */
LD_MUST_USE enum ld_err family_gather(struct agenda *agenda, struct desk_case *held,
                                      int64_t until_ms);
/* Whose turn is next among those gathered, parents first; parked ones but held are passed over.
 * NULL: nobody's. */
struct desk_case *family_earliest(const struct agenda *agenda, const struct desk_case *held,
                                  int64_t *ret_next_ms);

/* --- agenda_rules.c --- */

/* Puts it into the batch that every open case is to be derived again. False: no room. */
bool agenda_rules_begin(struct agenda *agenda);
/* Goes on where the last process stopped; after the feeds. LD_CORRUPT, LD_UNSUPPORTED. */
LD_MUST_USE enum ld_err agenda_rules_recover(struct agenda *agenda);
/* One page into the turn's batch, where there is one to do. */
void agenda_rules_turn(struct agenda *agenda);
/* After the commit, or after it was refused. */
void agenda_rules_settle(struct agenda *agenda, bool is_durable);

/* --- agenda_delivery.c --- */

/* Puts into the batch how far emitted events are delivered, where that has changed. */
void agenda_delivery_turn(struct agenda *agenda);

/* --- agenda_event.c --- */

/* One event, as its bytes came, to its fate; the answer's views live until the next event. False:
 * the batch is full, the same event is to be given again after the commit. */
bool agenda_event(struct agenda *agenda, struct bytes raw, struct fate_answer *ret_answer);

/* --- agenda_watch.c --- */

/* Before the message at hand is taken. */
void agenda_watch_message(struct agenda *agenda);
/* Before an event is decided. False: it has been fatal too often. */
bool agenda_watch_event(struct agenda *agenda, const uint8_t digest[EVENT_DIGEST_SIZE]);
/* After the commit, or after it was refused. */
void agenda_watch_settle(struct agenda *agenda);

/* --- agenda_write.c --- */

enum take { TAKE_DONE, TAKE_LATER, TAKE_READ };

/* A request: done (and answered once durable), to be read after the commit, or to wait for a batch
 * of its own. */
enum take agenda_request(struct agenda *agenda, struct message *message);
/* The clock's answer, once everything has fired. */
void agenda_answer_clock(struct agenda *agenda, struct message *message);

/* --- agenda_read.c --- */

void agenda_read(struct agenda *agenda, struct message *message);

/* --- agenda.c --- */

/* The turn's view, or NULL. */
struct store_view *agenda_view(struct agenda *agenda);
void agenda_close_view(struct agenda *agenda);
/* Appends what the batch holds. */
LD_MUST_USE enum store_outcome agenda_commit(struct agenda *agenda);
void agenda_begin(struct agenda *agenda);
/* A request to be answered, with the arena for it. False: it was refused as malformed. */
bool agenda_ask(struct agenda *agenda, struct message *message, struct value *question,
                struct ask *ret_ask);

#endif
