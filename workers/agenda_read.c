/* Exact reads: the writer answers for one case after the turn's commit, so that whoever got a fate
 * sees what it made. */
#include "workers/agenda_parts.h"
#include "workers/form.h"

#include "proto/ask.h"

#include <unistd.h>

bool agenda_ask(struct agenda *agenda, struct message *message, struct value *question,
                struct ask *ret_ask)
{
    *ret_ask = (struct ask){
        .question = question,
        .arena = &agenda->turn,
        .store = agenda->rooms.store,
        .shelf = agenda->rooms.shelf,
        .partition = agenda->identity.partition,
        .now_ms = agenda->rooms.clock->now_ms,
    };
    if (codec_decode(message->body, WIRE_DEPTH_MAX, &agenda->turn, question) == LD_OK
        && question->kind == VALUE_MAP)
        return true;
    message_refuse(message, WIRE_ERROR_MALFORMED, BYTES_NONE);
    return false;
}

static void status_store(struct form *form, struct store *store)
{
    struct store_head head;
    struct store_stats stats;
    store->ops->head(store, &head);
    store->ops->stats(store, &stats);
    form_int(form, "applied", (int64_t)head.applied);
    form_int(form, "hot", (int64_t)stats.hot_cases);
    form_int(form, "merging", (int64_t)stats.merging_cases);
    form_int(form, "journal_bytes", (int64_t)stats.journal_bytes);
    form_int(form, "state_bytes", (int64_t)stats.state_bytes);
}

/* Emitted events that have no fate yet, and how long the first of them has waited. */
static void status_delivery(struct form *form, const struct agenda *agenda,
                            const struct agenda_status *status)
{
    const struct delivery_report *report = agenda->rooms.delivery;
    if (!report)
        return;
    /* In this order: what was read is told last, so that no event is in neither number. */
    uint64_t read = atomic_load(&report->read);
    uint32_t waiting = atomic_load(&report->waiting);
    form_int(form, "undelivered", waiting);
    if (waiting)
        form_int(form, "undelivered_ms", status->now_ms - atomic_load(&report->oldest_ms));
    if (read < status->last_position)
        form_int(form, "unread", (int64_t)(status->last_position - read));
    if (atomic_load(&report->is_stuck))
        form_bool(form, "undeliverable", true);
}

static void read_status(struct agenda *agenda, struct ask *ask)
{
    struct agenda_status status;
    agenda_status(agenda, &status);
    struct form form = form_open(ask->arena, 24, shelf_zone(ask->shelf));
    form_int(&form, "partition", status.identity.partition);
    form_int(&form, "pid", getpid());
    form_int(&form, "epoch", (int64_t)status.epoch);
    form_instant(&form, "now", status.now_ms);
    form_word(&form, "clock", agenda->rooms.clock->is_manual ? "manual" : "real");
    if (agenda->rooms.clock->is_held)
        form_bool(&form, "held", true);
    form_int(&form, "last", (int64_t)status.last_position);
    status_store(&form, agenda->rooms.store);
    form_int(&form, "feeds", status.feeds);
    form_int(&form, "events", (int64_t)status.events);
    form_int(&form, "fired", (int64_t)status.fired);
    if (agenda->rederiving.is_on)
        form_bool(&form, "rederiving", true);
    if (status.parked)
        form_int(&form, "parked", status.parked);
    if (status.damaged)
        form_int(&form, "damaged", status.damaged);
    status_delivery(&form, agenda, &status);
    form_word(&form, "version", LIANDONG_VERSION);
    ask->answer = form_close(&form);
}

/* The case of the question, decoded on the empty desk. */
static struct desk_case *find_case(struct agenda *agenda, struct ask *ask)
{
    struct desk_case *held = NULL;
    struct bytes id = value_get_text(ask->question, "id");
    arena_clear(&agenda->step);
    enum ld_err err = id.size == 0 || id.size > CASE_ID_MAX
                          ? LD_NOT_FOUND
                          : desk_take(&agenda->desk, agenda->rooms.store, agenda->rooms.shelf, id,
                                      &agenda->step, &held);
    if (err == LD_OK)
        return held;
    if (err == LD_NOT_FOUND)
        ask_refuse(ask, WIRE_ERROR_NOT_FOUND, id);
    else
        ask_refuse(ask, WIRE_ERROR_UNAVAILABLE, BYTES_LITERAL("the case's record is damaged"));
    return NULL;
}

/* History in the largest page that the wire takes. */
static void read_history(struct agenda *agenda, struct ask *ask, const struct desk_case *held,
                         struct message *message)
{
    size_t mark = arena_mark(ask->arena);
    ask->view = agenda_view(agenda);
    if (!ask->view) {
        message_refuse(message, WIRE_ERROR_UNAVAILABLE, BYTES_NONE);
        return;
    }
    for (uint32_t max = ask_max(ask); max > 0; max = ask_smaller(ask, max)) {
        arena_rewind(ask->arena, mark);
        ask->arena->is_exhausted = false;
        ask->code = WIRE_ERROR_NONE;
        ask_history(ask, held->program, &held->state, max);
        if (ask_reply(ask, message))
            return;
    }
    message_refuse(message, WIRE_ERROR_TOO_LARGE, BYTES_NONE);
}

/* The case, if need be without the titles beside ids and names. */
static void read_case(struct ask *ask, const struct desk_case *held, struct message *message)
{
    size_t mark = arena_mark(ask->arena);
    for (uint32_t rest = 1; rest > 0; rest = ask_smaller(ask, rest)) {
        arena_rewind(ask->arena, mark);
        ask->arena->is_exhausted = false;
        ask_case(ask, held->program, &held->rules, &held->state);
        if (ask_reply(ask, message))
            return;
    }
    message_refuse(message, WIRE_ERROR_TOO_LARGE, BYTES_NONE);
}

void agenda_read(struct agenda *agenda, struct message *message)
{
    struct ask ask;
    struct value question;
    arena_clear(&agenda->turn);
    desk_clear(&agenda->desk);
    if (!agenda_ask(agenda, message, &question, &ask))
        return;
    struct bytes word = value_get_text(&question, "ask");
    bool is_status = bytes_is(word, ASK_STATUS);
    struct desk_case *held = is_status ? NULL : find_case(agenda, &ask);
    if (held && bytes_is(word, ASK_HISTORY)) {
        read_history(agenda, &ask, held, message);
        return;
    }
    if (held) {
        read_case(&ask, held, message);
        return;
    }
    if (is_status)
        read_status(agenda, &ask);
    if (!ask_reply(&ask, message))
        message_refuse(message, WIRE_ERROR_TOO_LARGE, BYTES_NONE);
}
