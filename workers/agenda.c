/* The turn: what is taken, in which order, and when answers may leave.
 *
 *   begin ─▶ messages (3/4 of the batch's room) ─▶ due cases (the rest) ─▶ commit ─▶ reads ─▶
 * outbox
 *
 * Invariants:
 *  - an answer to a write leaves after the store said OK, and never otherwise;
 *  - messages are taken in their order; one that does not fit into a batch goes on in the next, and
 *    is answered when its last event is durable;
 *  - neither can starve the other: messages leave a quarter of the room to the due cases, and the
 *    due cases have a budget for each turn;
 *  - when nobody knows what was written, nothing more is done or said (AGENDA_STOP). */
#include "workers/agenda_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SHARE = 3, FATE_SIZE = 512, APPEND_TRIES = 3, TURN_ROOM = 4 << 20 };

/* --- life ------------------------------------------------------------------------------------ */

static bool take_arena(struct arena *arena, size_t size)
{
    void *block = malloc(size);
    arena_init(arena, block, block ? size : 0);
    return block != NULL;
}

static bool take_memory(struct agenda *agenda)
{
    void *answer = malloc(ANSWER_SIZE);
    buffer_init(&agenda->taking.answer, answer, answer ? ANSWER_SIZE : 0);
    agenda->facts = calloc(EFFECTS_MAX, sizeof *agenda->facts);
    agenda->diagnostics = calloc(1, sizeof *agenda->diagnostics);
    return answer && agenda->facts && agenda->diagnostics && batch_init(&agenda->batch)
           && desk_init(&agenda->desk) && feed_table_init(&agenda->feeds)
           && take_arena(&agenda->step, STEP_ARENA_SIZE)
           && take_arena(&agenda->event, EVENT_ARENA_SIZE)
           && take_arena(&agenda->turn, TURN_ARENA_SIZE)
           && take_arena(&agenda->copies, COPIES_ARENA_SIZE);
}

struct agenda *agenda_create(const struct agenda_rooms *rooms)
{
    struct agenda *agenda = calloc(1, sizeof *agenda);
    if (!agenda)
        return NULL;
    agenda->rooms = *rooms;
    list_init(&agenda->done);
    list_init(&agenda->reads);
    agenda->now_ms = INSTANT_NONE;
    struct store_head head;
    rooms->store->ops->head(rooms->store, &head);
    agenda->identity = head.identity;
    agenda->epoch = head.epoch;
    agenda->last_position = head.last_position;
    if (take_memory(agenda))
        return agenda;
    agenda_destroy(agenda);
    return NULL;
}

static void destroy_all(struct list *list)
{
    while (!list_is_empty(list)) {
        struct message *message = MESSAGE_OF(list->next);
        list_remove(&message->node);
        message_destroy(message);
    }
}

void agenda_destroy(struct agenda *agenda)
{
    if (!agenda)
        return;
    agenda_close_view(agenda);
    destroy_all(&agenda->done);
    destroy_all(&agenda->reads);
    message_destroy(agenda->taking.message);
    message_destroy(agenda->settling.message);
    free(agenda->taking.answer.ptr);
    free(agenda->facts);
    free(agenda->diagnostics);
    batch_fini(&agenda->batch);
    desk_fini(&agenda->desk);
    feed_table_fini(&agenda->feeds);
    free(agenda->step.block);
    free(agenda->event.block);
    free(agenda->turn.block);
    free(agenda->copies.block);
    free(agenda);
}

/* --- the store ------------------------------------------------------------------------------- */

struct store_view *agenda_view(struct agenda *agenda)
{
    struct store *store = agenda->rooms.store;
    if (!agenda->view && store->ops->open_view(store, &agenda->view) != LD_OK)
        agenda->view = NULL;
    return agenda->view;
}

void agenda_close_view(struct agenda *agenda)
{
    if (agenda->view)
        agenda->rooms.store->ops->close_view(agenda->view);
    agenda->view = NULL;
}

void agenda_begin(struct agenda *agenda)
{
    int64_t now_ms = agenda->rooms.clock->now_ms;
    if (now_ms < agenda->now_ms)
        now_ms = agenda->now_ms;
    batch_begin(&agenda->batch, agenda->epoch, agenda->last_position, now_ms, agenda->digest);
    desk_clear(&agenda->desk);
    arena_clear(&agenda->turn);
    agenda->turn_events = 0;
    agenda->has_store_next = false;
    agenda->is_last = false;
}

static void appended(void *context, enum store_outcome outcome)
{
    struct agenda *agenda = context;
    agenda->outcome = outcome;
}

enum store_outcome agenda_commit(struct agenda *agenda)
{
    struct store *store = agenda->rooms.store;
    if (desk_to_puts(&agenda->desk, &agenda->batch) != LD_OK)
        return STORE_FULL; /* its bounds were watched; if they were wrong, nothing is written */
    if (batch_is_empty(&agenda->batch))
        return STORE_OK;
    struct store_batch batch = batch_seal(&agenda->batch);
    agenda->outcome = STORE_RETRY;
    for (int i = 0; i < APPEND_TRIES && agenda->outcome == STORE_RETRY; i++) {
        agenda->outcome = STORE_IN_DOUBT;
        store->ops->append(store, &batch, appended, agenda);
    }
    if (agenda->outcome != STORE_OK)
        return agenda->outcome;
    agenda->last_position += batch.row_count;
    memcpy(agenda->digest, agenda->batch.digest, DIGEST_SIZE);
    if (batch.row_count > 0)
        agenda->now_ms = agenda->batch.now_ms;
    return STORE_OK;
}

/* --- publishing ------------------------------------------------------------------------------ */

/* The head of a list of count elements, which are appended behind it: that of a list of nothings,
 * with the nothings (one byte each) taken off again. */
static void put_list_head(struct buffer *buffer, uint32_t count)
{
    static const struct value nothings[WIRE_BATCH_MAX];
    struct value list = value_list(nothings, count);
    codec_encode(&list, buffer);
    buffer->used -= count;
}

/* Sentences and alternatives are for people, and left out where a thousand of them would not fit
 * the message: codes and positions always do. */
static void put_fate(struct agenda *agenda, struct fate_answer *answer)
{
    struct taking *taking = &agenda->taking;
    struct buffer *buffer = &taking->answer;
    size_t reserve = (size_t)taking->left * FATE_SIZE;
    for (int attempt = 0; attempt < 2; attempt++) {
        size_t start = buffer->used;
        struct value map = VALUE_ABSENT;
        enum ld_err err = fate_answer_to_value(answer, &agenda->event, &map);
        if (err == LD_OK)
            codec_encode(&map, buffer);
        if (err == LD_OK && !buffer->is_full && buffer->used + reserve <= WIRE_BODY_MAX)
            return;
        buffer->used = start;
        buffer->is_full = false;
        answer->zh = answer->en = answer->detail = answer->wanted = BYTES_NONE;
        answer->takes = VALUE_ABSENT;
    }
    struct value map = VALUE_ABSENT;
    enum ld_err err = fate_answer_to_value(answer, &agenda->event, &map);
    LD_ASSERT(err == LD_OK);
    codec_encode(&map, buffer);
    LD_ASSERT(!buffer->is_full);
}

/* False: it was answered as malformed. */
static bool open_publish(struct taking *taking)
{
    struct message *message = taking->message;
    if (codec_scan(message->body, WIRE_DEPTH_MAX + 1) != LD_OK
        || !codec_items_open(message->body, &taking->items)
        || taking->items.count > WIRE_BATCH_MAX) {
        message_refuse(message, WIRE_ERROR_MALFORMED, BYTES_NONE);
        return false;
    }
    taking->left = taking->items.count;
    taking->has_next = false;
    buffer_clear(&taking->answer);
    put_list_head(&taking->answer, taking->left);
    return true;
}

static bool has_room(const struct agenda *agenda)
{
    return batch_has_room(&agenda->batch, MESSAGE_SHARE) && desk_has_room(&agenda->desk)
           && agenda->turn.size - agenda->turn.used > TURN_ROOM
           && agenda->turn_events < AGENDA_EVENTS_MAX && !agenda->watch.has_event
           && !agenda->is_last;
}

/* True: all its events have a fate. */
static bool take_publish(struct agenda *agenda)
{
    struct taking *taking = &agenda->taking;
    while (taking->left > 0) {
        struct fate_answer answer;
        if (!taking->has_next)
            taking->has_next = codec_items_next(&taking->items, &taking->next);
        if (!has_room(agenda) || !agenda_event(agenda, taking->next, &answer)) {
            agenda->is_last = true;
            return false;
        }
        taking->has_next = false;
        taking->left--;
        agenda->turn_events++;
        put_fate(agenda, &answer);
    }
    message_answer(taking->message, WIRE_FATES, WIRE_ERROR_NONE, buffer_bytes(&taking->answer));
    return true;
}

/* --- the turn -------------------------------------------------------------------------------- */

/* One that the worker may have died of is alone in its batch. */
static bool must_wait(const struct agenda *agenda, const struct message *message)
{
    bool is_suspect = message->is_again && message->inner == WIRE_PUBLISH;
    return agenda->watch.has_message || (is_suspect && agenda->turn_events > 0);
}

static bool next_message(struct agenda *agenda, struct list *inbox)
{
    struct taking *taking = &agenda->taking;
    while (!taking->message && !list_is_empty(inbox)) {
        if (must_wait(agenda, MESSAGE_OF(inbox->next)))
            return false;
        taking->message = MESSAGE_OF(inbox->next);
        list_remove(&taking->message->node);
        if (taking->message->inner == WIRE_PUBLISH && !open_publish(taking)) {
            list_push_back(&agenda->done, &taking->message->node);
            taking->message = NULL;
        } else if (taking->message->inner == WIRE_PUBLISH) {
            agenda_watch_message(agenda);
        }
    }
    return taking->message != NULL;
}

static void take_messages(struct agenda *agenda, struct list *inbox)
{
    struct taking *taking = &agenda->taking;
    while (has_room(agenda) && next_message(agenda, inbox)) {
        struct message *message = taking->message;
        enum take take = TAKE_DONE;
        if (message->inner != WIRE_PUBLISH)
            take = agenda_request(agenda, message);
        else if (!take_publish(agenda))
            take = TAKE_LATER;
        if (take == TAKE_LATER) {
            agenda->is_last = true;
            return;
        }
        taking->message = NULL;
        if (agenda->settling.message != message)
            list_push_back(take == TAKE_READ ? &agenda->reads : &agenda->done, &message->node);
    }
}

/* Nothing was written: whoever asked for it in this turn is told so and may send again. */
static void refuse_turn(struct agenda *agenda)
{
    if (agenda->taking.message && agenda->taking.message->inner == WIRE_PUBLISH) {
        list_push_back(&agenda->done, &agenda->taking.message->node);
        agenda->taking.message = NULL;
    }
    struct list refused;
    list_init(&refused);
    while (!list_is_empty(&agenda->done)) {
        struct message *message = MESSAGE_OF(agenda->done.next);
        list_move_back(&refused, &message->node);
        if (message->answer == WIRE_ERROR)
            continue; /* malformed or refused: that stands */
        free((void *)(uintptr_t)message->answer_body.ptr);
        message->answer_body = BYTES_NONE;
        message->answer = WIRE_KIND_COUNT;
        message_refuse(message, WIRE_ERROR_STORE_FULL, BYTES_NONE);
    }
    while (!list_is_empty(&refused))
        list_move_back(&agenda->done, refused.next);
    shelf_unstage(agenda->rooms.shelf);
    agenda_rules_settle(agenda, false);
    agenda_watch_settle(agenda);
}

static void publish_answers(struct agenda *agenda, struct list *outbox)
{
    while (!list_is_empty(&agenda->reads)) {
        struct message *message = MESSAGE_OF(agenda->reads.next);
        agenda_read(agenda, message);
        list_move_back(outbox, &message->node);
    }
    while (!list_is_empty(&agenda->done))
        list_move_back(outbox, agenda->done.next);
}

/* After the commit: what the batch promised becomes visible. */
static void settle(struct agenda *agenda, bool is_swept)
{
    for (uint32_t i = 0; i < agenda->batch.feed_count; i++) {
        const struct store_feed *feed = &agenda->batch.feeds[i];
        enum ld_err err = feed_table_set(&agenda->feeds, feed->name, feed->record);
        LD_ASSERT(err == LD_OK); /* looked at before it was put into the batch */
    }
    shelf_publish(agenda->rooms.shelf);
    agenda_rules_settle(agenda, true);
    agenda_watch_settle(agenda);
    agenda->events += agenda->turn_events;
    /* Due cases that none of could be read must not make the writer spin. */
    agenda->is_unsettled = !is_swept && !batch_is_empty(&agenda->batch);
    struct message *message = agenda->settling.message;
    if (!message || agenda->is_unsettled)
        return;
    agenda_answer_clock(agenda, message);
    list_push_back(&agenda->done, &message->node);
    agenda->settling.message = NULL;
}

enum agenda_outcome agenda_turn(struct agenda *agenda, struct list *inbox, struct list *outbox)
{
    agenda_begin(agenda);
    if (!agenda->settling.message)
        take_messages(agenda, inbox);
    bool is_swept = agenda_sweep(agenda, agenda->batch.now_ms);
    agenda_rules_turn(agenda);
    agenda_delivery_turn(agenda);
    agenda_close_view(agenda);
    switch (agenda_commit(agenda)) {
    case STORE_OK: settle(agenda, is_swept); break;
    case STORE_RETRY:
    case STORE_FULL:
        refuse_turn(agenda);
        publish_answers(agenda, outbox);
        return AGENDA_FULL;
    case STORE_FENCED:
    case STORE_IN_DOUBT: return AGENDA_STOP;
    }
    publish_answers(agenda, outbox);
    agenda_close_view(agenda);
    return AGENDA_OK;
}

bool agenda_is_busy(const struct agenda *agenda)
{
    return agenda->is_unsettled || agenda->taking.message || agenda->settling.message
           || agenda->rederiving.is_ready;
}

int64_t agenda_next_ms(const struct agenda *agenda)
{
    struct store *store = agenda->rooms.store;
    int64_t next_ms = INSTANT_NONE;
    return store->ops->next_ms(store, &next_ms) == LD_OK ? next_ms : INSTANT_NONE;
}

void agenda_status(const struct agenda *agenda, struct agenda_status *ret_status)
{
    *ret_status = (struct agenda_status){
        .epoch = agenda->epoch,
        .last_position = agenda->last_position,
        .now_ms = agenda->rooms.clock->now_ms,
        .events = agenda->events,
        .fired = agenda->fired,
        .parked = agenda->parked,
        .damaged = agenda->damaged,
        .feeds = feed_table_subscriptions(&agenda->feeds),
        .identity = agenda->identity,
    };
}
