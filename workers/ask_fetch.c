/* What a subscriber has not dealt with yet: the journal from its cursor on, looked at row by row.
 * Ids come from partition, position and index of the fact, so the same alert has the same id
 * however often it is sent (DESIGN §3).
 *
 * Invariant: an answer ends between rows, so that its cursor stands for whole rows. */
#include "workers/ask.h"
#include "workers/fact_value.h"
#include "workers/feed.h"
#include "workers/mailbag.h"
#include "workers/seal.h"

#include <string.h>

enum {
    SCAN_ROWS_MAX = 5000, /* of one call: a view is open no longer than that takes */
    TOLD_ROWS_MAX = 200,  /* how far back in a case an alert is looked for */
    ITEM_ID_SIZE = 48,
    FETCH_ARENA_ROOM = 1 << 20,
};

struct fetch {
    struct ask *ask;
    struct feed feed;
    struct value *items;
    uint32_t count, max;
};

static bool read_row(struct ask *ask, uint64_t position, struct journal_row *ret_row)
{
    struct bytes bytes;
    return ask->store->ops->view_row(ask->view, position, ask->arena, &bytes) == LD_OK
           && journal_row_decode(bytes, ask->arena, ret_row) == LD_OK;
}

static struct bytes item_id(const struct ask *ask, uint64_t position, uint32_t index)
{
    void *memory = arena_alloc(ask->arena, ITEM_ID_SIZE);
    struct buffer buffer;
    buffer_init(&buffer, memory, memory ? ITEM_ID_SIZE : 0);
    buffer_put_decimal(&buffer, ask->partition);
    buffer_put_text(&buffer, "-");
    buffer_put_decimal(&buffer, (int64_t)position);
    buffer_put_text(&buffer, "-");
    buffer_put_decimal(&buffer, index);
    return buffer_bytes(&buffer);
}

/* The unit that is answerable: whoever is told because of it. */
static struct bytes who_of(const struct alert *alert)
{
    for (uint32_t i = 0; i < alert->recipient_count; i++) {
        if (alert->recipients[i].reason == RECIPIENT_WHO)
            return alert->recipients[i].unit;
    }
    return BYTES_NONE;
}

static void form_alert(struct form *form, const struct alert *alert,
                       const struct directory *directory)
{
    form_word(form, "level", alert_level_word(alert->level));
    if (alert->last_day != DATE_NONE) { /* a notice means no clock */
        form_text(form, "unit", who_of(alert));
        form_unit_title(form, "unit_title", directory, who_of(alert));
        form_date(form, "last_day", alert->last_day);
        form_instant(form, "due", alert->due_ms);
    }
    form_value(form, "to", recipients_value(alert, directory, form->arena, form->zone_minutes));
    form_bool(form, "unacknowledged", alert->is_unacknowledged);
}

static const char *item_kind(enum fact_kind kind)
{
    return kind == FACT_ALERT ? "alert" : kind == FACT_NOTICE ? "notice" : "alert-cleared";
}

static void add_item(struct fetch *fetch, uint64_t position, const struct journal_row *row,
                     uint32_t index, const struct alert *alert)
{
    struct ask *ask = fetch->ask;
    const struct fact *fact = &row->facts[index];
    const struct program *program = shelf_program(ask->shelf, row->program_digest);
    struct form form = form_open(ask->arena, 19, shelf_zone(ask->shelf));
    form_text(&form, "id", item_id(ask, position, index));
    form_int(&form, "position", (int64_t)position);
    form_instant(&form, "at", row->now_ms);
    form_word(&form, "kind", item_kind(fact->kind));
    form_text(&form, "case", row->case_id);
    form_text(&form, "workflow", row->workflow);
    if (program && fact->index >= 0 && (uint32_t)fact->index < program->clock_count) {
        const struct clock_rule *rule = &program->clocks[fact->index];
        form_text(&form, "clock", rule->name);
        form_title(&form, "title", &rule->title);
        form_word(&form, "force", clock_force_word(rule->force));
        form_text(&form, "basis", rule->basis);
        if (rule->is_right)
            form_bool(&form, "right", true);
    }
    if (fact->kind == FACT_NOTICE)
        form_text(&form, "text", fact->text);
    if (alert)
        form_alert(&form, alert, ask_directory(ask));
    fetch->items[fetch->count++] = form_close(&form);
}

/* --- emitted events -------------------------------------------------------------------------- */

/* What comes from a sealed field is there, but not what it says. */
static struct value shown_data(const struct ask *ask, const struct program *program,
                               struct bytes type, const struct value *data)
{
    uint32_t count = data->kind == VALUE_MAP ? data->as.map.count : 0;
    struct value_entry *entries = arena_alloc_array(ask->arena, count, sizeof *entries);
    for (uint32_t i = 0; entries && i < count; i++) {
        entries[i] = data->as.map.entries[i];
        if (!program || seal_covers(program, type, entries[i].key))
            entries[i].value = value_words("***");
    }
    return value_map(entries, entries ? count : 0);
}

/* The event as it goes out to a case. */
static struct value emitted_event(const struct ask *ask, uint64_t position,
                                  const struct journal_row *row, const struct fact *fact)
{
    const struct program *program = shelf_program(ask->shelf, row->program_digest);
    uint32_t count = fact->value.kind == VALUE_MAP ? fact->value.as.map.count : 0;
    struct value_entry *entries = arena_alloc_array(ask->arena, count, sizeof *entries);
    struct fact shown = *fact;
    struct value event = VALUE_ABSENT;
    for (uint32_t i = 0; entries && i < count; i++) {
        entries[i] = fact->value.as.map.entries[i];
        if (bytes_is(entries[i].key, "data"))
            entries[i].value = shown_data(ask, program, fact->text, &entries[i].value);
    }
    shown.value = value_map(entries, entries ? count : 0);
    enum ld_err err = mailbag_event(position, row, &shown, ask->arena, &event);
    return err == LD_OK ? event : VALUE_ABSENT; /* no room: the answer is made smaller */
}

static void add_emitted(struct fetch *fetch, uint64_t position, const struct journal_row *row,
                        uint32_t index)
{
    struct ask *ask = fetch->ask;
    const struct fact *fact = &row->facts[index];
    struct form form = form_open(ask->arena, 8, shelf_zone(ask->shelf));
    form_text(&form, "id", item_id(ask, position, index));
    form_int(&form, "position", (int64_t)position);
    form_instant(&form, "at", row->now_ms);
    form_word(&form, "kind", "emitted");
    form_text(&form, "case", row->case_id);
    form_text(&form, "workflow", row->workflow);
    form_value(&form, "event", emitted_event(ask, position, row, fact));
    form_unit_title(&form, "source_title", ask_directory(ask),
                    value_get_text(&fact->value, "source"));
    fetch->items[fetch->count++] = form_close(&form);
}

/* --- the scan -------------------------------------------------------------------------------- */

/* The last alert of this clock before a row, if the feed was to hear of it: who heard of an alert
 * hears that it is cleared. */
static const struct alert *told_before(struct fetch *fetch, const struct journal_row *row,
                                       uint32_t index)
{
    int32_t clock = row->facts[index].index;
    uint64_t position = row->previous;
    for (uint32_t i = 0; i < TOLD_ROWS_MAX && position > 0; i++) {
        struct journal_row earlier;
        size_t mark = arena_mark(fetch->ask->arena);
        if (!read_row(fetch->ask, position, &earlier))
            return NULL;
        for (uint32_t k = earlier.fact_count; k > 0; k--) {
            const struct fact *fact = &earlier.facts[k - 1];
            if (fact->index != clock)
                continue;
            if (fact->kind == FACT_ALERT_CLEARED)
                return NULL;
            if (fact->kind == FACT_ALERT && feed_wants(&fetch->feed, fact->alert))
                return fact->alert;
        }
        arena_rewind(fetch->ask->arena, mark);
        position = earlier.previous;
    }
    return NULL;
}

static void take_row(struct fetch *fetch, uint64_t position, const struct journal_row *row)
{
    for (uint32_t i = 0; i < row->fact_count; i++) {
        const struct fact *fact = &row->facts[i];
        bool is_told = fact->kind == FACT_ALERT || fact->kind == FACT_NOTICE;
        if (is_told && feed_wants(&fetch->feed, fact->alert))
            add_item(fetch, position, row, i, fact->alert);
        const struct alert *told =
            fact->kind == FACT_ALERT_CLEARED ? told_before(fetch, row, i) : NULL;
        if (told)
            add_item(fetch, position, row, i, told);
        if (fact->kind == FACT_EMITTED && feed_wants_event(&fetch->feed, fact->text))
            add_emitted(fetch, position, row, i);
    }
}

/* Another row's items may still fit. */
static bool has_room(const struct fetch *fetch)
{
    const struct arena *arena = fetch->ask->arena;
    return fetch->count < fetch->max && arena->size - arena->used > FETCH_ARENA_ROOM;
}

static uint64_t scan(struct fetch *fetch, uint64_t cursor)
{
    struct ask *ask = fetch->ask;
    uint64_t last = ask->store->ops->view_last(ask->view);
    for (uint32_t i = 0; i < SCAN_ROWS_MAX && cursor < last && has_room(fetch); i++) {
        struct journal_row row;
        size_t mark = arena_mark(ask->arena);
        uint32_t before = fetch->count;
        if (!read_row(ask, cursor + 1, &row)) {
            ask_refuse(ask, WIRE_ERROR_UNAVAILABLE, BYTES_LITERAL("the journal is damaged"));
            return cursor;
        }
        if (row.kind == JOURNAL_EVENT || row.kind == JOURNAL_TIME || row.kind == JOURNAL_FAMILY)
            take_row(fetch, cursor + 1, &row);
        if (fetch->count == before)
            arena_rewind(ask->arena, mark);
        cursor++;
    }
    return cursor;
}

static bool find_feed(struct ask *ask, struct bytes name, struct feed *ret_feed)
{
    struct store_feed *feeds = arena_alloc_array(ask->arena, FEEDS_MAX, sizeof *feeds);
    uint32_t count = 0;
    if (!feeds
        || ask->store->ops->view_feeds(ask->view, FEEDS_MAX, ask->arena, feeds, &count) != LD_OK)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (bytes_equal(feeds[i].name, name))
            return feed_decode(feeds[i].record, ret_feed) == LD_OK;
    }
    return false;
}

static void answer(struct ask *ask, struct value items, uint64_t cursor)
{
    struct form form = form_open(ask->arena, 2, shelf_zone(ask->shelf));
    form_value(&form, "items", items);
    form_int(&form, "cursor", (int64_t)cursor);
    ask->answer = form_close(&form);
}

bool ask_fetch(struct ask *ask, uint64_t *position, uint32_t max)
{
    struct fetch fetch = {.ask = ask, .max = max};
    struct bytes name = value_get_text(ask->question, "name");
    if (fetch.max > WIRE_FETCH_MAX)
        fetch.max = WIRE_FETCH_MAX;
    if (!feed_is_name(name) || !find_feed(ask, name, &fetch.feed)) {
        ask_refuse(ask, WIRE_ERROR_NOT_FOUND, name);
        return true;
    }
    /* A row has at most EFFECTS_MAX facts, and the last one may go past max. */
    fetch.items = form_items(ask->arena, fetch.max + EFFECTS_MAX);
    if (!fetch.items) {
        ask_refuse(ask, WIRE_ERROR_UNAVAILABLE, BYTES_NONE);
        return true;
    }
    uint64_t from = fetch.feed.cursor > *position ? fetch.feed.cursor : *position;
    *position = scan(&fetch, from);
    if (ask->code != WIRE_ERROR_NONE)
        return true;
    answer(ask, value_list(fetch.items, fetch.count), *position);
    return fetch.count > 0;
}

void ask_fetch_nothing(struct ask *ask, uint64_t position)
{
    answer(ask, value_list(NULL, 0), position);
}
