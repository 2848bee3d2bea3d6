/* Requests that change something other than by an event: deployments, subscriptions and the clock.
 * Each puts what it changes into the turn's batch; its answer leaves with the batch's.
 *
 * Invariant: a deployment ends its turn, so that every event behind it in the order of messages is
 * decided with it, and every one before it without. */
#include "workers/agenda_parts.h"
#include "workers/form.h"

#include "proto/ask.h"

#include <string.h>

/* An instant as a request gives it: text in RFC 3339. */
static bool instant_of(const struct ask *ask, const char *key, int64_t *ret_instant_ms)
{
    return instant_parse(value_get_text(ask->question, key), shelf_zone(ask->shelf),
                         ret_instant_ms);
}

static struct form form_of(const struct ask *ask, uint32_t capacity)
{
    return form_open(ask->arena, capacity, shelf_zone(ask->shelf));
}

/* --- deploy ---------------------------------------------------------------------------------- */

static void answer_deployed(struct ask *ask, const struct shelf_entry *entry, const char *result)
{
    struct form form = form_of(ask, 5);
    form_word(&form, "kind", artifact_kind_word(entry->kind));
    form_text(&form, "id", entry->id);
    form_int(&form, "version", entry->version);
    form_digest(&form, "digest", entry->digest, DIGEST_SIZE);
    form_word(&form, "result", result);
    ask->answer = form_close(&form);
}

static const char *severity_word(enum severity severity)
{
    switch (severity) {
    case SEVERITY_ERROR: return "error";
    case SEVERITY_WARNING: return "warning";
    case SEVERITY_NOTE: return "note";
    }
    return "";
}

static struct value diagnostic_value(const struct ask *ask, const struct diagnostic *diagnostic)
{
    struct form form = form_of(ask, 9);
    form_word(&form, "severity", severity_word(diagnostic->severity));
    form_word(&form, "code", diagnostic->code);
    form_text(&form, "file", diagnostic->file);
    form_int(&form, "line", diagnostic->place.line);
    form_int(&form, "column", diagnostic->place.column);
    form_text(&form, "zh", diagnostic->zh);
    form_text(&form, "en", diagnostic->en);
    form_text(&form, "hint_zh", diagnostic->hint_zh);
    form_text(&form, "hint_en", diagnostic->hint_en);
    return form_close(&form);
}

/* An error with its own words and the diagnostics, where there are any. */
static void refuse_deploy(struct ask *ask, const struct diagnostics *diagnostics,
                          const struct shelf_refusal *refusal)
{
    struct form form = form_of(ask, 4);
    const struct wire_error_row *words = wire_error_words(WIRE_ERROR_REFUSED);
    form_word(&form, "zh", refusal->zh ? refusal->zh : words->zh);
    form_word(&form, "en", refusal->en ? refusal->en : words->en);
    struct value *rows = form_items(ask->arena, diagnostics->count);
    for (uint32_t i = 0; rows && i < diagnostics->count; i++)
        rows[i] = diagnostic_value(ask, &diagnostics->rows[i]);
    if (rows && diagnostics->count)
        form_value(&form, "diagnostics", value_list(rows, diagnostics->count));
    ask->code = WIRE_ERROR_REFUSED;
    ask->answer = form_close(&form);
}

/* The journal's row and the artifact's text, in the batch. */
static enum ld_err keep_artifact(struct agenda *agenda, const struct shelf_entry *entry)
{
    struct journal_row row = {
        .kind = JOURNAL_ARTIFACT,
        .now_ms = agenda->batch.now_ms,
        .artifact_kind = (uint8_t)entry->kind,
        .artifact_id = entry->id,
        .artifact_version = entry->version,
        .time_ms = INSTANT_NONE,
        .legal_date = DATE_NONE,
    };
    memcpy(row.artifact_digest, entry->digest, DIGEST_SIZE);
    struct store_artifact artifact = {(uint8_t)entry->kind, entry->id, entry->version, entry->text};
    enum ld_err err = batch_add_artifact(&agenda->batch, artifact);
    return err == LD_OK ? batch_add_row(&agenda->batch, &row) : err;
}

static enum ld_err stage(struct agenda *agenda, struct bytes file, struct bytes text,
                         uint32_t version, struct shelf_refusal *refusal,
                         const struct shelf_entry **ret_entry)
{
    arena_clear(&agenda->step); /* the diagnostics' texts live here until they are answered */
    diagnostics_init(agenda->diagnostics, &agenda->step, file);
    enum ld_err err =
        shelf_stage(agenda->rooms.shelf, text, version, agenda->diagnostics, refusal, ret_entry);
    return err == LD_OK ? keep_artifact(agenda, *ret_entry) : err;
}

/* Does it replace what open cases are judged by? */
static bool changes_rules(const struct agenda *agenda, const struct shelf_entry *entry)
{
    return entry->kind != ARTIFACT_WORKFLOW
           && shelf_newest(agenda->rooms.shelf, entry->kind, entry->id) != NULL;
}

static enum take request_deploy(struct agenda *agenda, struct ask *ask)
{
    struct bytes text = value_get_text(ask->question, "text");
    struct bytes file = value_get_text(ask->question, "file");
    struct shelf_refusal refusal = {0};
    const struct shelf_entry *entry = NULL;
    if (!batch_is_empty(&agenda->batch))
        return TAKE_LATER;
    agenda->diagnostics->count = 0;
    arena_clear(&agenda->step);
    struct artifact_name name = artifact_name_of(text, &agenda->step);
    bool is_sized = text.size > 0 && text.size <= DEFINITION_SIZE_MAX;
    enum ld_err err = is_sized
                          ? stage(agenda, file.size ? file : name.id, text, 0, &refusal, &entry)
                          : LD_INVALID;
    if (err == LD_OK) {
        bool is_begun = !changes_rules(agenda, entry) || agenda_rules_begin(agenda);
        LD_ASSERT(is_begun); /* the batch is its own */
        answer_deployed(ask, entry, "deployed");
        agenda->is_last = true;
    } else if (err == LD_EXISTS) {
        answer_deployed(ask, entry, "exists");
    } else {
        shelf_unstage(agenda->rooms.shelf);
        refuse_deploy(ask, agenda->diagnostics, &refusal);
    }
    return TAKE_DONE;
}

enum ld_err agenda_seed(struct agenda *agenda, const struct store_artifact *artifacts,
                        uint32_t count)
{
    agenda_begin(agenda);
    for (uint32_t i = 0; i < count; i++) {
        struct shelf_refusal refusal = {0};
        const struct shelf_entry *entry = NULL;
        enum ld_err err = stage(agenda, artifacts[i].id, artifacts[i].text, artifacts[i].version,
                                &refusal, &entry);
        if (err != LD_OK && err != LD_EXISTS)
            return err;
    }
    switch (agenda_commit(agenda)) {
    case STORE_OK: shelf_publish(agenda->rooms.shelf); return LD_OK;
    case STORE_FULL: return LD_FULL;
    case STORE_FENCED: return LD_FENCED;
    case STORE_RETRY:
    case STORE_IN_DOUBT: break;
    }
    return LD_IO;
}

/* --- subscriptions --------------------------------------------------------------------------- */

static bool level_of(struct bytes word, uint32_t *levels)
{
    for (int level = ALERT_NOTICE; level < ALERT_LEVEL_COUNT; level++) {
        if (bytes_is(word, alert_level_word((enum alert_level)level))) {
            *levels |= 1U << level;
            return true;
        }
    }
    return false;
}

static bool kind_of(struct bytes word, uint32_t *kinds)
{
    bool is_alerts = bytes_is(word, "alerts"), is_emitted = bytes_is(word, "emitted");
    *kinds |= is_alerts ? FEED_ALERTS : FEED_EMITTED;
    return is_alerts || is_emitted;
}

/* The bits of a list of words; none of an absent list. */
static bool read_bits(const struct ask *ask, const char *key,
                      bool (*bit_of)(struct bytes, uint32_t *), uint32_t *bits)
{
    const struct value *words = value_get(ask->question, key);
    uint32_t count = words && words->kind == VALUE_LIST ? words->as.list.count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *word = &words->as.list.items[i];
        if (word->kind != VALUE_TEXT || !bit_of(word->as.text, bits))
            return false;
    }
    return true;
}

/* A list of at most max names; none of an absent list. */
static bool read_names(const struct ask *ask, const char *key, uint32_t max, struct bytes *names,
                       uint32_t *ret_count)
{
    const struct value *list = value_get(ask->question, key);
    uint32_t count = list && list->kind == VALUE_LIST ? list->as.list.count : 0;
    for (uint32_t i = 0; i < count && i < max; i++) {
        const struct value *name = &list->as.list.items[i];
        if (name->kind != VALUE_TEXT || !feed_is_name(name->as.text))
            return false;
        names[i] = name->as.text;
    }
    *ret_count = count;
    return count <= max;
}

static bool read_filter(const struct ask *ask, struct feed *feed)
{
    bool is_read = read_bits(ask, "levels", level_of, &feed->levels)
                   && read_bits(ask, "kinds", kind_of, &feed->kinds)
                   && read_names(ask, "units", FEED_UNITS_MAX, feed->units, &feed->unit_count)
                   && read_names(ask, "types", FEED_TYPES_MAX, feed->types, &feed->type_count);
    if (feed->kinds == FEED_ALERTS)
        feed->kinds = 0; /* what it is without the word */
    return is_read;
}

/* What the batch says of a feed, else the table; empty: there is none. */
static struct bytes feed_record(const struct agenda *agenda, struct bytes name)
{
    for (uint32_t i = 0; i < agenda->batch.feed_count; i++) {
        if (bytes_equal(agenda->batch.feeds[i].name, name))
            return agenda->batch.feeds[i].record;
    }
    return feed_table_get(&agenda->feeds, name);
}

/* Puts a feed's new record (NULL: it is removed) into the batch; name and record outlive it. */
static bool keep_feed(struct agenda *agenda, struct bytes name, const struct feed *feed)
{
    struct store_feed put = {.name = arena_copy(&agenda->turn, name)};
    if (feed) {
        void *memory = arena_alloc(&agenda->turn, FEED_RECORD_MAX);
        struct buffer buffer;
        buffer_init(&buffer, memory, memory ? FEED_RECORD_MAX : 0);
        feed_encode(feed, &buffer);
        put.record = buffer_bytes(&buffer);
        if (buffer.is_full)
            return false;
    }
    return put.name.ptr && batch_add_feed(&agenda->batch, put) == LD_OK;
}

static bool journal_feed(struct agenda *agenda, struct bytes name)
{
    struct journal_row row = {.kind = JOURNAL_FEED,
                              .now_ms = agenda->batch.now_ms,
                              .artifact_id = name,
                              .time_ms = INSTANT_NONE,
                              .legal_date = DATE_NONE};
    return batch_add_row(&agenda->batch, &row) == LD_OK;
}

static void answer_feed(struct ask *ask, struct bytes name, const uint64_t *cursor,
                        const char *result)
{
    struct form form = form_of(ask, 3);
    form_text(&form, "name", name);
    if (cursor)
        form_int(&form, "cursor", (int64_t)*cursor);
    form_word(&form, "result", result);
    ask->answer = form_close(&form);
}

/* How many the table will hold; two places are kept for marks that are no subscriptions: how far
 * rules have come (agenda_rules.c), how far emitted events are delivered (delivery.h). */
static uint32_t feeds_after_batch(const struct agenda *agenda)
{
    uint32_t count = agenda->feeds.count;
    for (uint32_t i = 0; i < agenda->batch.feed_count; i++)
        count += feed_table_get(&agenda->feeds, agenda->batch.feeds[i].name).size == 0;
    return count;
}

static enum take request_subscribe(struct agenda *agenda, struct ask *ask)
{
    struct bytes name = value_get_text(ask->question, "name");
    struct feed feed = {0}, old;
    if (!feed_is_name(name) || !read_filter(ask, &feed)) {
        ask_refuse(ask, WIRE_ERROR_MALFORMED, BYTES_NONE);
        return TAKE_DONE;
    }
    bool is_known = feed_decode(feed_record(agenda, name), &old) == LD_OK;
    if (is_known && feed_same_filter(&old, &feed)) {
        answer_feed(ask, name, &old.cursor, "exists");
        return TAKE_DONE;
    }
    bool is_from_start = bytes_is(value_get_text(ask->question, "from"), "start");
    /* What this batch holds so far comes before the subscription. */
    feed.cursor = is_known        ? old.cursor
                  : is_from_start ? 0
                                  : batch_next_position(&agenda->batch) - 1;
    if (!is_known && feeds_after_batch(agenda) >= FEEDS_MAX - 2) {
        ask_refuse(ask, WIRE_ERROR_REFUSED, BYTES_LITERAL("too many subscriptions"));
        return TAKE_DONE;
    }
    if (!keep_feed(agenda, name, &feed) || !journal_feed(agenda, name))
        return TAKE_LATER;
    answer_feed(ask, name, &feed.cursor, is_known ? "changed" : "subscribed");
    return TAKE_DONE;
}

static enum take request_unsubscribe(struct agenda *agenda, struct ask *ask)
{
    struct bytes name = value_get_text(ask->question, "name");
    if (!feed_is_name(name) || feed_record(agenda, name).size == 0) {
        ask_refuse(ask, WIRE_ERROR_NOT_FOUND, name);
        return TAKE_DONE;
    }
    if (!keep_feed(agenda, name, NULL) || !journal_feed(agenda, name))
        return TAKE_LATER;
    answer_feed(ask, name, NULL, NULL);
    return TAKE_DONE;
}

/* A cursor moves forward only, and not past what there is: an old acknowledgement that arrives
 * late does no harm. */
static enum take request_ack(struct agenda *agenda, struct ask *ask)
{
    struct bytes name = value_get_text(ask->question, "name");
    int64_t cursor = value_get_int(ask->question, "cursor", -1);
    struct feed feed;
    if (!feed_is_name(name) || feed_decode(feed_record(agenda, name), &feed) != LD_OK) {
        ask_refuse(ask, WIRE_ERROR_NOT_FOUND, name);
        return TAKE_DONE;
    }
    if (cursor < 0 || (uint64_t)cursor > agenda->last_position) {
        ask_refuse(ask, WIRE_ERROR_REFUSED, BYTES_LITERAL("no such cursor"));
        return TAKE_DONE;
    }
    if ((uint64_t)cursor > feed.cursor) {
        feed.cursor = (uint64_t)cursor;
        if (!keep_feed(agenda, name, &feed))
            return TAKE_LATER;
    }
    answer_feed(ask, name, &feed.cursor, NULL);
    return TAKE_DONE;
}

/* --- the clock ------------------------------------------------------------------------------- */

static enum take confirm_clock(struct agenda *agenda, struct ask *ask)
{
    struct engine_clock *clock = agenda->rooms.clock;
    if (clock->is_manual) {
        ask_refuse(ask, WIRE_ERROR_REFUSED, BYTES_LITERAL("the clock is manual"));
        return TAKE_DONE;
    }
    clock->is_confirmed = true; /* by the next reading */
    struct form form = form_of(ask, 2);
    form_instant(&form, "now", clock->now_ms);
    form_int(&form, "fired", 0);
    ask->answer = form_close(&form);
    return TAKE_DONE;
}

static enum take set_clock(struct agenda *agenda, struct ask *ask, struct message *message)
{
    struct engine_clock *clock = agenda->rooms.clock;
    int64_t to_ms = 0;
    if (!instant_of(ask, "to", &to_ms)) {
        ask_refuse(ask, WIRE_ERROR_MALFORMED, BYTES_LITERAL("to"));
        return TAKE_DONE;
    }
    if (!clock->is_manual || to_ms < agenda->batch.now_ms) {
        ask_refuse(ask, WIRE_ERROR_REFUSED,
                   clock->is_manual ? BYTES_LITERAL("the clock does not go back")
                                    : BYTES_LITERAL("the clock is real"));
        return TAKE_DONE;
    }
    if (!batch_is_empty(&agenda->batch))
        return TAKE_LATER; /* what came before it happened before it */
    struct journal_row row = {
        .kind = JOURNAL_CLOCK, .now_ms = to_ms, .time_ms = INSTANT_NONE, .legal_date = DATE_NONE};
    enum ld_err err = engine_clock_set(clock, to_ms);
    LD_ASSERT(err == LD_OK);
    err = batch_add_row(&agenda->batch, &row);
    LD_ASSERT(err == LD_OK); /* the batch is empty */
    agenda->batch.now_ms = to_ms;
    agenda->settling = (struct settling){message, agenda->fired};
    agenda->is_last = true;
    return TAKE_DONE;
}

void agenda_answer_clock(struct agenda *agenda, struct message *message)
{
    struct ask ask;
    struct value question;
    if (!agenda_ask(agenda, message, &question, &ask))
        return;
    struct form form = form_of(&ask, 2);
    form_instant(&form, "now", agenda->rooms.clock->now_ms);
    form_int(&form, "fired", (int64_t)(agenda->fired - agenda->settling.fired_before));
    ask.answer = form_close(&form);
    (void)ask_reply(&ask, message); /* far smaller than the wire's bound */
}

/* --- which request it is ---------------------------------------------------------------------- */

enum take agenda_request(struct agenda *agenda, struct message *message)
{
    struct ask ask;
    struct value question;
    if (!agenda_ask(agenda, message, &question, &ask))
        return TAKE_DONE;
    struct bytes word = value_get_text(&question, "ask");
    enum take take = TAKE_DONE;
    if (bytes_is(word, ASK_CASE) || bytes_is(word, ASK_HISTORY) || bytes_is(word, ASK_STATUS))
        return TAKE_READ;
    if (bytes_is(word, ASK_DEPLOY))
        take = request_deploy(agenda, &ask);
    else if (bytes_is(word, ASK_SUBSCRIBE))
        take = request_subscribe(agenda, &ask);
    else if (bytes_is(word, ASK_UNSUBSCRIBE))
        take = request_unsubscribe(agenda, &ask);
    else if (bytes_is(word, ASK_ACK))
        take = request_ack(agenda, &ask);
    else if (bytes_is(word, ASK_CLOCK) && value_get_bool(&question, "confirm", false))
        take = confirm_clock(agenda, &ask);
    else if (bytes_is(word, ASK_CLOCK))
        take = set_clock(agenda, &ask, message);
    else
        ask_refuse(&ask, WIRE_ERROR_UNKNOWN_ASK, word);
    if (take == TAKE_DONE && agenda->settling.message != message && !ask_reply(&ask, message))
        message_refuse(message, WIRE_ERROR_TOO_LARGE, BYTES_NONE);
    return take;
}
