/* Goal: what one event or instant does to a family of cases is one transaction, in the store as in
 * the journal, whatever happens to the process and however little room there is. Method: a
 * resolution whose items are sub-cases (family_meeting.yaml, family_item.yaml) over the simulator's
 * store and over LMDB; records before and after, compared byte by byte. */
#include "agenda_fixture.h"

#include "workers/agenda_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEFINITIONS "../tests/unit/workers/"
#define OFFICE "qj-joint-office"
#define LAND "qj-natural-resources"
#define ECOLOGY "qj-ecology"

enum { JSON_MAX = 512 << 10 };

static struct fixture fixture;
static char json[JSON_MAX];

static void deploy_both(void)
{
    static const char *const none[] = {NULL};
    struct value item = fixture_deploy(&fixture, DEFINITIONS "family_item.yaml", none);
    assert_text_at(&item, "result", "deployed");
    struct value meeting = fixture_deploy(&fixture, DEFINITIONS "family_meeting.yaml", none);
    assert_text_at(&meeting, "result", "deployed");
}

static int set_up_mem(void **state)
{
    (void)state;
    fixture_open(&fixture, "2025-06-10T09:00:00+08:00");
    deploy_both();
    return 0;
}

static int set_up_lmdb(void **state)
{
    (void)state;
    fixture_open_lmdb(&fixture, "2025-06-10T09:00:00+08:00");
    deploy_both();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

/* --- words ----------------------------------------------------------------------------------- */

static struct value publish(const char *events)
{
    char list[JSON_MAX / 16];
    (void)snprintf(list, sizeof list, "[%s]", events);
    return fixture_publish(&fixture, list);
}

#define EVENT(id, source, type, subject, data)                                                     \
    "{\"id\": \"" id "\", \"source\": \"" source "\", \"type\": \"" type                           \
    "\", \"subject\": \"" subject "\", \"data\": {" data "}}"
#define ITEM(name, unit, due_on)                                                                   \
    "{\"name\": \"" name "\", \"unit\": \"" unit "\", \"due_on\": \"" due_on "\"}"
#define RESOLVED(id, items)                                                                        \
    EVENT(id, OFFICE, "resolved", "M-1", "\"informant\": \"某人\", \"items\": [" items "]")
#define TWO_ITEMS ITEM("a", LAND, "2025-07-01") "," ITEM("b", ECOLOGY, "2025-08-01")
#define ADDED(id, name)                                                                            \
    EVENT(id, OFFICE, "added", "M-1",                                                              \
          "\"name\": \"" name "\", \"unit\": \"" LAND "\", \"due_on\": \"2025-09-01\"")
#define BY_OFFICE(id, type) EVENT(id, OFFICE, type, "M-1", "")
#define DONE(id, unit, subject) EVENT(id, unit, "done", subject, "")
#define PASSED_ON(id, subject, items)                                                              \
    EVENT(id, LAND, "passed-on", subject, "\"parts\": [" items "]")

static struct value case_of(const char *id)
{
    (void)snprintf(json, sizeof json, "{\"ask\": \"case\", \"id\": \"%s\"}", id);
    return fixture_ask(&fixture, json);
}

static struct value history_of(const char *id)
{
    (void)snprintf(json, sizeof json, "{\"ask\": \"history\", \"id\": \"%s\"}", id);
    return fixture_ask(&fixture, json);
}

static bool is_there(const char *id)
{
    struct bytes record;
    return fixture.store->ops->get(fixture.store, bytes_from_text(id), &fixture.arena, &record)
           == LD_OK;
}

static void assert_state(const char *id, const char *state)
{
    struct value shown = case_of(id);
    assert_text_at(&shown, "state", state);
}

static uint64_t last_position(void)
{
    struct agenda_status status;
    agenda_status(fixture.agenda, &status);
    return status.last_position;
}

/* The last row of a case's history: "rows.N." and what follows. */
static struct value last_row(const char *id)
{
    struct value history = history_of(id);
    const struct value *rows = value_at(&history, "rows");
    return rows->as.list.items[rows->as.list.count - 1];
}

static void assert_same_record(const char *id, struct bytes before)
{
    assert_true(bytes_equal(fixture_record(&fixture, id), before));
}

/* --- opening --------------------------------------------------------------------------------- */

static void event_opens_a_sub_case_for_each_element(void **state)
{
    (void)state;
    struct value fates = publish(RESOLVED("1", TWO_ITEMS));
    assert_text_at(&fates, "0.fate", "started");
    assert_text_at(&fates, "0.case.state", "carrying-out");
    int64_t position = int_at(&fates, "0.position");
    struct value parent = case_of("M-1");
    assert_int_equal(count_at(&parent, "subs"), 2);
    assert_text_at(&parent, "subs.0.id", "M-1/a");
    assert_text_at(&parent, "subs.0.workflow", "item");
    assert_text_at(&parent, "subs.0.title.en", "Item");
    assert_text_at(&parent, "subs.0.state", "pending");
    assert_text_at(&parent, "subs.0.state_title.en", "Pending");
    assert_true(value_at(&parent, "subs.1.is_open")->as.boolean);
    assert_true(value_at(&parent, "subs.1.suspends")->as.boolean);
    assert_false(has_value_at(&parent, "parent"));
    struct value sub = case_of("M-1/b");
    assert_text_at(&sub, "parent", "M-1");
    assert_text_at(&sub, "parties.lead", ECOLOGY);
    assert_text_at(&sub, "clocks.0.status", "running");
    struct value row = last_row("M-1/b");
    assert_text_at(&row, "kind", "family");
    assert_text_at(&row, "step", "opened");
    assert_int_equal(int_at(&row, "cause"), position);
    assert_int_equal(int_at(&row, "position"), position + 2);
}

static void history_says_what_was_opened(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", TWO_ITEMS));
    (void)publish(ADDED("2", "c"));
    struct value row = last_row("M-1");
    assert_text_at(&row, "facts.0.kind", "sub-opened");
    assert_text_at(&row, "facts.0.name", "c");
    assert_text_at(&row, "facts.0.workflow", "item");
    assert_text_at(&row, "facts.0.title.zh", "落实事项");
    assert_false(value_at(&row, "facts.0.suspends")->as.boolean);
    struct value sub = last_row("M-1/c");
    assert_text_at(&sub, "step", "opened");
}

static void refused_opening_leaves_nothing(void **state)
{
    (void)state;
    struct value fates =
        publish(RESOLVED("1", ITEM("a", LAND, "2025-07-01") "," ITEM("x/y", LAND, "2025-07-01")));
    assert_text_at(&fates, "0.fate", "refused");
    assert_text_at(&fates, "0.code", "sub-case");
    assert_false(is_there("M-1"));
    assert_false(is_there("M-1/a"));
    (void)publish(RESOLVED("2", TWO_ITEMS));
    struct bytes sub = fixture_record(&fixture, "M-1/a");
    fates = publish(ADDED("3", "a"));
    assert_text_at(&fates, "0.code", "sub-case");
    assert_true(has_value_at(&fates, "0.detail"));
    assert_same_record("M-1/a", sub);
    struct value parent = case_of("M-1");
    assert_int_equal(count_at(&parent, "subs"), 2);
    fates = publish(ADDED("4", "c"));
    assert_text_at(&fates, "0.fate", "applied");
    assert_state("M-1/c", "pending");
}

static void case_with_a_slash_is_never_started_from_outside(void **state)
{
    (void)state;
    struct value fates = publish(EVENT("1", OFFICE, "resolved", "N-1/a", "\"items\": []"));
    assert_text_at(&fates, "0.code", "unknown-case");
    (void)publish(RESOLVED("2", TWO_ITEMS));
    fates = publish(DONE("3", LAND, "M-1/z") "," DONE("4", LAND, "M-1/a/b"));
    assert_text_at(&fates, "0.code", "unknown-case");
    assert_text_at(&fates, "1.code", "unknown-case");
    assert_false(is_there("M-1/z"));
}

static void resend_gets_the_first_answer_and_opens_nothing(void **state)
{
    (void)state;
    struct value first = publish(RESOLVED("1", TWO_ITEMS) "," ADDED("2", "a"));
    uint64_t last = last_position();
    struct value again = publish(RESOLVED("1", TWO_ITEMS) "," ADDED("2", "a"));
    assert_text_at(&again, "0.fate", "duplicate");
    assert_text_at(&again, "0.first.fate", "started");
    assert_int_equal(int_at(&again, "0.first.position"), int_at(&first, "0.position"));
    assert_text_at(&again, "1.first.code", "sub-case");
    assert_true(value_equal(value_at(&again, "1.detail"), value_at(&first, "1.detail")));
    assert_int_equal(last_position(), last);
}

/* What a workflow says of another one is checked where that is deployed, and may come first where
 * it is not. */
static void deployment_checks_what_is_opened(void **state)
{
    (void)state;
    static const char *const wrong[] = {"version: 1", "version: 2", "due_on: x.due_on}",
                                        "summary: 'x'}", NULL};
    struct value answer = fixture_deploy(&fixture, DEFINITIONS "family_meeting.yaml", wrong);
    assert_true(count_at(&answer, "diagnostics") > 0);
    static const char *const unknown[] = {"version: 1", "version: 2", "workflow: item",
                                          "workflow: other", NULL};
    answer = fixture_deploy(&fixture, DEFINITIONS "family_meeting.yaml", unknown);
    assert_text_at(&answer, "result", "deployed");
    struct value fates = publish(RESOLVED("1", TWO_ITEMS));
    assert_text_at(&fates, "0.code", "sub-case");
    assert_text_at(&fates, "0.detail", "M-1/a");
    assert_false(is_there("M-1"));
}

/* --- joining and cascades -------------------------------------------------------------------- */

static void last_sub_case_that_closes_moves_its_parent(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", TWO_ITEMS));
    (void)publish(DONE("2", LAND, "M-1/a"));
    assert_state("M-1", "carrying-out");
    struct value row = last_row("M-1");
    assert_text_at(&row, "step", "sub-case-closed");
    assert_text_at(&row, "facts.0.kind", "sub-closed");
    assert_text_at(&row, "facts.0.name", "a");
    assert_text_at(&row, "facts.0.outcome", "done");
    struct value fates = publish(DONE("3", ECOLOGY, "M-1/b"));
    assert_text_at(&fates, "0.case.state", "done");
    struct value parent = case_of("M-1");
    assert_text_at(&parent, "state", "reviewing");
    assert_false(value_at(&parent, "subs.1.is_open")->as.boolean);
    assert_text_at(&parent, "subs.1.outcome", "done");
    row = last_row("M-1");
    assert_int_equal(int_at(&row, "cause"), int_at(&fates, "0.position"));
}

static void suspension_goes_down_and_comes_back(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", TWO_ITEMS) "," ADDED("2", "c"));
    (void)publish(PASSED_ON("3", "M-1/a", ITEM("part", ECOLOGY, "2025-06-30")));
    (void)publish(BY_OFFICE("4", "halted"));
    struct value parent = case_of("M-1"), sub = case_of("M-1/a/part"), other = case_of("M-1/c");
    assert_true(value_at(&parent, "suspended")->as.boolean);
    assert_false(has_value_at(&parent, "suspended_above"));
    assert_true(value_at(&sub, "suspended_above")->as.boolean);
    assert_text_at(&sub, "clocks.0.status", "paused");
    assert_false(has_value_at(&other, "suspended_above"));
    struct value row = last_row("M-1/a/part");
    assert_text_at(&row, "step", "suspended-with-parent");
    struct value fates = publish(DONE("5", LAND, "M-1/a"));
    assert_text_at(&fates, "0.code", "suspended");
    (void)publish(BY_OFFICE("6", "resumed"));
    sub = case_of("M-1/a/part");
    assert_false(has_value_at(&sub, "suspended_above"));
    assert_text_at(&sub, "clocks.0.status", "running");
    row = last_row("M-1/a/part");
    assert_text_at(&row, "step", "resumed-with-parent");
}

static void closing_goes_down_to_those_that_close_with_it(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", TWO_ITEMS) "," ADDED("2", "c"));
    (void)publish(PASSED_ON("3", "M-1/a", ITEM("part", ECOLOGY, "2025-06-30")));
    struct value fates = publish(BY_OFFICE("4", "dropped"));
    assert_text_at(&fates, "0.case.state", "closed");
    assert_state("M-1/a", "withdrawn");
    assert_state("M-1/a/part", "withdrawn");
    assert_state("M-1/c", "pending");
    struct value row = last_row("M-1/a/part");
    assert_text_at(&row, "step", "closed-with-parent");
    assert_int_equal(int_at(&row, "cause"), int_at(&fates, "0.position"));
    struct value nested = case_of("M-1/a"), parent = case_of("M-1");
    assert_text_at(&nested, "subs.0.outcome", "with-parent");
    assert_text_at(&parent, "subs.0.outcome", "with-parent");
    assert_true(value_at(&parent, "subs.2.is_open")->as.boolean);
}

static void emitted_event_is_in_the_history_without_what_is_sealed(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", TWO_ITEMS));
    struct value fates = publish(EVENT("2", OFFICE, "reported", "M-1", "\"text\": \"半年报\""));
    char id[64];
    (void)snprintf(id, sizeof id, "M-1@%lld.0", (long long)int_at(&fates, "0.position"));
    struct value row = last_row("M-1");
    assert_text_at(&row, "facts.0.kind", "emitted");
    assert_text_at(&row, "facts.0.event_id", id);
    assert_text_at(&row, "facts.0.type", "report.received");
    assert_text_at(&row, "facts.0.subject", "M-1-R");
    assert_text_at(&row, "facts.0.source", OFFICE);
    assert_text_at(&row, "facts.0.data.text", "半年报");
    assert_int_equal(int_at(&row, "facts.0.data.open"), 2);
    assert_text_at(&row, "facts.0.data.whose", "***");
}

/* --- time ------------------------------------------------------------------------------------ */

/* The last row of a case with a fact of this kind; fails where there is none. */
static struct value row_with(const char *id, const char *kind)
{
    struct value history = history_of(id);
    const struct value *rows = value_at(&history, "rows");
    for (uint32_t i = rows->as.list.count; i > 0; i--) {
        const struct value *row = &rows->as.list.items[i - 1];
        const struct value *facts = value_at(row, "facts");
        for (uint32_t k = 0; k < facts->as.list.count; k++) {
            if (bytes_is(value_get_text(&facts->as.list.items[k], "kind"), kind))
                return *row;
        }
    }
    fail_msg("%s has no %s", id, kind);
    return VALUE_ABSENT;
}

/* Of any two rows of two cases the one that stands first has the earlier instant. */
static void assert_in_order(const char *one, const char *other)
{
    struct value left = history_of(one), right = history_of(other);
    const struct value *lefts = value_at(&left, "rows"), *rights = value_at(&right, "rows");
    for (uint32_t i = 0; i < lefts->as.list.count; i++) {
        const struct value *row = &lefts->as.list.items[i];
        for (uint32_t k = 0; k < rights->as.list.count; k++) {
            const struct value *next = &rights->as.list.items[k];
            int order = bytes_compare(value_at(row, "at")->as.text, value_at(next, "at")->as.text);
            bool is_first = int_at(row, "position") < int_at(next, "position");
            assert_true(order == 0 || is_first == (order < 0));
        }
    }
}

/* Alerts of `a`, of `b` and of their parent come in turns; an event of `a` comes behind them all.
 */
static void family_is_caught_up_before_an_event(void **state)
{
    (void)state;
    (void)publish(
        RESOLVED("1", ITEM("a", LAND, "2025-08-01") "," ITEM("b", ECOLOGY, "2025-07-15")));
    fixture_crash(&fixture);
    int64_t now_ms = 0;
    assert_true(instant_parse(BYTES_LITERAL("2025-08-05T10:00:00+08:00"), 480, &now_ms));
    assert_int_equal(engine_clock_set(&fixture.clock, now_ms), LD_OK);
    struct value fates = publish(DONE("2", LAND, "M-1/a"));
    assert_text_at(&fates, "0.fate", "applied");
    assert_in_order("M-1/a", "M-1/b");
    assert_in_order("M-1", "M-1/a");
    assert_in_order("M-1", "M-1/b");
    struct value alert = row_with("M-1/b", "alert"), other = row_with("M-1", "alert");
    assert_true(int_at(&alert, "position") < int_at(&fates, "0.position"));
    assert_true(int_at(&other, "position") < int_at(&fates, "0.position"));
}

/* The same by the sweep, over the months until the whole resolution is overdue. */
static void sweep_goes_through_a_family_in_the_order_of_instants(void **state)
{
    (void)state;
    (void)publish(
        RESOLVED("1", ITEM("a", LAND, "2025-08-01") "," ITEM("b", ECOLOGY, "2025-07-15")));
    fixture_advance(&fixture, "2026-02-05T10:00:00+08:00");
    assert_state("M-1/urged", "pending");
    static const char *const ids[] = {"M-1", "M-1/a", "M-1/b", "M-1/urged"};
    for (int i = 0; i < 4; i++) {
        for (int k = i + 1; k < 4; k++)
            assert_in_order(ids[i], ids[k]);
    }
}

/* The overall period and that of the item end at the same instant. */
static void parents_come_before_sub_cases_at_one_instant(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", ITEM("a", LAND, "2025-08-11") "," ITEM("b", LAND, "2025-08-11")));
    struct value parent = case_of("M-1"), sub = case_of("M-1/a");
    assert_true(value_equal(value_at(&parent, "clocks.0.due"), value_at(&sub, "clocks.0.due")));
    fixture_advance(&fixture, "2025-08-20T09:00:00+08:00");
    assert_state("M-1", "urged");
    struct value moved = row_with("M-1", "sub-opened");
    assert_text_at(&moved, "kind", "time");
    assert_state("M-1/urged", "pending");
    struct value history = history_of("M-1/a");
    const struct value *rows = value_at(&history, "rows");
    bool has_overdue = false;
    for (uint32_t i = 0; i < rows->as.list.count; i++) {
        const struct value *row = &rows->as.list.items[i];
        if (!value_equal(value_at(row, "at"), value_at(&moved, "at")))
            continue;
        has_overdue = true;
        assert_true(int_at(row, "position") > int_at(&moved, "position"));
    }
    assert_true(has_overdue);
}

static void what_time_opens_and_cannot_open_is_on_record(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", ITEM("a", LAND, "2025-12-01")) "," ADDED("2", "urged"));
    struct bytes before = BYTES_NONE;
    fixture_advance(&fixture, "2025-08-20T09:00:00+08:00");
    assert_state("M-1", "urged");
    struct value row = row_with("M-1", "problem");
    assert_text_at(&row, "kind", "time");
    struct value parent = case_of("M-1");
    assert_int_equal(count_at(&parent, "subs"), 2);
    before = fixture_record(&fixture, "M-1");
    fixture_crash(&fixture);
    assert_same_record("M-1", before);
}

/* --- crashes --------------------------------------------------------------------------------- */

static const char *const everybody[] = {"M-1", "M-1/a", "M-1/b", "M-1/c", "M-1/a/part"};

enum { EVERYBODY = sizeof everybody / sizeof everybody[0] };

static void keep_records(struct bytes records[EVERYBODY])
{
    for (int i = 0; i < EVERYBODY; i++) {
        records[i] = BYTES_NONE;
        if (is_there(everybody[i]))
            records[i] = fixture_record(&fixture, everybody[i]);
    }
}

static void assert_records(const struct bytes records[EVERYBODY])
{
    for (int i = 0; i < EVERYBODY; i++) {
        assert_int_equal(is_there(everybody[i]), records[i].size > 0);
        if (records[i].size)
            assert_same_record(everybody[i], records[i]);
    }
}

/* After each step of a family's life, merged or not, what is recovered is what was there; a resend
 * of what was answered finds its answer. */
static void family_is_recovered_after_each_step(void **state)
{
    (void)state;
    static const char *const life[] = {
        RESOLVED("1", TWO_ITEMS),
        ADDED("2", "c"),
        PASSED_ON("3", "M-1/a", ITEM("part", ECOLOGY, "2025-06-30")),
        BY_OFFICE("4", "halted"),
        BY_OFFICE("5", "resumed"),
        DONE("6", ECOLOGY, "M-1/a/part"),
        DONE("7", ECOLOGY, "M-1/b"),
        BY_OFFICE("8", "dropped"),
        DONE("9", LAND, "M-1/c"),
    };
    for (size_t i = 0; i < sizeof life / sizeof life[0]; i++) {
        struct bytes records[EVERYBODY];
        struct value fates = publish(life[i]);
        assert_true(bytes_is(value_get_text(value_at(&fates, "0"), "fate"), "applied")
                    || bytes_is(value_get_text(value_at(&fates, "0"), "fate"), "started"));
        keep_records(records);
        fixture_crash(&fixture);
        assert_records(records);
        if (i % 3 == 1)
            assert_int_equal(fixture.store->ops->merge(fixture.store), LD_OK);
        uint64_t last = last_position();
        fixture_crash(&fixture);
        assert_records(records);
        struct value again = publish(life[i]);
        assert_text_at(&again, "0.fate", "duplicate");
        assert_int_equal(int_at(&again, "0.first.position"), int_at(&fates, "0.position"));
        assert_int_equal(last_position(), last);
    }
    assert_state("M-1", "closed");
}

/* --- bounds ---------------------------------------------------------------------------------- */

/* The memory for taking back is cut shorter and shorter, so that the step fails at each of its
 * cases: nothing of it is left, and with enough memory all of it counts. */
static void step_without_room_leaves_nothing(void **state)
{
    (void)state;
    struct bytes records[EVERYBODY];
    (void)publish(RESOLVED("1", TWO_ITEMS) "," ADDED("2", "c"));
    (void)publish(PASSED_ON("3", "M-1/a", ITEM("part", ECOLOGY, "2025-06-30")));
    keep_records(records);
    uint32_t refused = 0;
    for (size_t size = 0;; size += 200) {
        char event[400];
        fixture.agenda->copies.size = size;
        (void)snprintf(event, sizeof event, EVENT("h-%zu", OFFICE, "halted", "M-1", ""), size);
        struct value fates = publish(event);
        if (bytes_is(value_get_text(value_at(&fates, "0"), "fate"), "applied"))
            break;
        assert_text_at(&fates, "0.code", "limit");
        records[0] = fixture_record(&fixture, "M-1"); /* it remembers the refusal */
        assert_records(records);
        struct value parent = case_of("M-1");
        assert_false(has_value_at(&parent, "suspended"));
        refused++;
    }
    assert_true(refused > 4);
    fixture.agenda->copies.size = COPIES_ARENA_SIZE;
    struct value sub = case_of("M-1/a/part");
    assert_true(value_at(&sub, "suspended_above")->as.boolean);
    keep_records(records);
    fixture_crash(&fixture);
    assert_records(records);
}

/* The same behind other events of the batch: it is tried again alone, and they count. */
static void step_without_room_goes_on_in_the_next_batch(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", TWO_ITEMS));
    fixture.agenda->copies.size = 1000;
    struct value fates = publish(LEAD("x1") "," BY_OFFICE("2", "halted") "," FILED("x2"));
    assert_text_at(&fates, "0.fate", "started");
    assert_text_at(&fates, "1.code", "limit");
    assert_text_at(&fates, "2.fate", "applied");
    fixture.agenda->copies.size = COPIES_ARENA_SIZE;
    fates = publish(BY_OFFICE("3", "halted"));
    assert_text_at(&fates, "0.fate", "applied");
}

/* Rows of one batch add up to more than a record may have, though the record is small: the batch
 * ends, and the case goes on in the next. */
static void case_that_grew_in_a_batch_goes_on_in_the_next(void **state)
{
    (void)state;
    enum { EVENTS = 15, SIZE = 20000 };
    static char text[SIZE + 1];
    size_t used = 1;
    memset(text, 'x', SIZE);
    (void)publish(RESOLVED("1", TWO_ITEMS));
    (void)snprintf(json, sizeof json, "[");
    for (int i = 0; i < EVENTS; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
                                 "%s" EVENT("r%d", OFFICE, "reported", "M-1", "\"text\": \"%s\""),
                                 i ? "," : "", i, text);
    (void)snprintf(json + used, sizeof json - used, "]");
    struct value fates = fixture_publish(&fixture, json);
    for (int i = 0; i < EVENTS; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "%d.fate", i);
        assert_text_at(&fates, path, "applied");
    }
    int64_t last = int_at(&fates, "14.position");
    assert_true(last > int_at(&fates, "0.position") + EVENTS - 1); /* heads between them */
}

static size_t put_items(char *text, size_t size, uint32_t count)
{
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s" ITEM("i%u", LAND, "2025-07-01"),
                                 i ? "," : "", i);
    return used;
}

/* Twenty resolutions of 120 items: their cases do not fit one desk, and the batch ends within none
 * of them. */
static void batch_never_ends_within_a_family(void **state)
{
    (void)state;
    enum { FAMILIES = 20, ITEMS = 120 };
    static char items[16 << 10];
    size_t used = 1;
    (void)put_items(items, sizeof items, ITEMS);
    (void)snprintf(json, sizeof json, "[");
    for (int i = 0; i < FAMILIES; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
                                 "%s" EVENT("e", OFFICE, "resolved", "F-%d", "\"items\": [%s]"),
                                 i ? "," : "", i, items);
    (void)snprintf(json + used, sizeof json - used, "]");
    struct value fates = fixture_publish(&fixture, json);
    int64_t before = int_at(&fates, "0.position") - 1;
    uint32_t batches = 0;
    for (int i = 0; i < FAMILIES; i++) {
        char path[32], id[32];
        (void)snprintf(path, sizeof path, "%d.fate", i);
        assert_text_at(&fates, path, "started");
        (void)snprintf(path, sizeof path, "%d.position", i);
        int64_t position = int_at(&fates, path);
        assert_true(position == before + 1 || position == before + 2); /* a head between them */
        batches += position == before + 2;
        (void)snprintf(id, sizeof id, "F-%d/i%d", i, ITEMS - 1);
        struct value row = last_row(id);
        assert_int_equal(int_at(&row, "position"), position + ITEMS);
        assert_int_equal(int_at(&row, "cause"), position);
        before = position + ITEMS;
    }
    assert_true(batches > 0);
}

/* More cases than one event may change. */
static void family_that_is_too_large_is_refused_whole(void **state)
{
    (void)state;
    enum { SUBS = 10, PARTS = 60 };
    static char items[16 << 10], event[20 << 10];
    (void)put_items(items, sizeof items, SUBS);
    (void)snprintf(event, sizeof event, RESOLVED("1", "%s"), items);
    (void)publish(event);
    (void)put_items(items, sizeof items, PARTS);
    for (int i = 0; i < SUBS; i++) {
        (void)snprintf(event, sizeof event, PASSED_ON("%d", "M-1/i%d", "%s"), i, i, items);
        struct value fates = publish(event);
        assert_text_at(&fates, "0.fate", "applied");
    }
    struct bytes first = fixture_record(&fixture, "M-1/i0");
    struct value fates = publish(BY_OFFICE("h", "halted"));
    assert_text_at(&fates, "0.code", "limit");
    assert_same_record("M-1/i0", first);
    fates = publish(ADDED("2", "c"));
    assert_text_at(&fates, "0.fate", "applied");
}

/* What fits nowhere must not stop the others. */
static void family_that_time_finds_too_large_is_parked(void **state)
{
    (void)state;
    (void)publish(RESOLVED("1", TWO_ITEMS) "," LEAD("x1"));
    fixture.agenda->copies.size = 1000;
    fixture_advance(&fixture, "2025-07-10T09:00:00+08:00");
    struct agenda_status status;
    agenda_status(fixture.agenda, &status);
    assert_true(status.parked > 0);
    fixture.agenda->copies.size = COPIES_ARENA_SIZE;
    struct value fates = publish(DONE("2", LAND, "M-1/a") "," FILED("x2"));
    assert_text_at(&fates, "0.fate", "applied");
    assert_text_at(&fates, "1.fate", "applied");
}

/* The sweep takes up more cases than leave room for what their time opens: each then has the desk
 * for itself. */
static void sweep_makes_room_for_a_family(void **state)
{
    (void)state;
    enum { FAMILIES = 6 };
    for (int i = 0; i < FAMILIES; i++) {
        char event[400];
        (void)snprintf(event, sizeof event,
                       EVENT("e", OFFICE, "resolved", "F-%d",
                             "\"items\": [" ITEM("a", LAND, "2035-07-01") "]"),
                       i);
        (void)publish(event);
    }
    fixture_advance(&fixture, "2025-08-11T23:00:00+08:00");
    fixture.agenda->desk.arena.size = DESK_ROOM + 12000;
    fixture_advance(&fixture, "2025-08-12T01:00:00+08:00");
    fixture.agenda->desk.arena.size = DESK_ARENA_SIZE;
    struct agenda_status status;
    agenda_status(fixture.agenda, &status);
    assert_int_equal(status.parked, 0);
    for (int i = 0; i < FAMILIES; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "F-%d", i);
        assert_state(id, "urged");
        (void)snprintf(id, sizeof id, "F-%d/urged", i);
        assert_state(id, "pending");
    }
}

#define OVER_BOTH(test)                                                                            \
    {"mem: " #test, test, set_up_mem, tear_down, NULL},                                            \
    {                                                                                              \
        "lmdb: " #test, test, set_up_lmdb, tear_down, NULL                                         \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        OVER_BOTH(event_opens_a_sub_case_for_each_element),
        OVER_BOTH(history_says_what_was_opened),
        OVER_BOTH(refused_opening_leaves_nothing),
        OVER_BOTH(case_with_a_slash_is_never_started_from_outside),
        OVER_BOTH(resend_gets_the_first_answer_and_opens_nothing),
        OVER_BOTH(deployment_checks_what_is_opened),
        OVER_BOTH(last_sub_case_that_closes_moves_its_parent),
        OVER_BOTH(suspension_goes_down_and_comes_back),
        OVER_BOTH(closing_goes_down_to_those_that_close_with_it),
        OVER_BOTH(emitted_event_is_in_the_history_without_what_is_sealed),
        OVER_BOTH(family_is_caught_up_before_an_event),
        OVER_BOTH(sweep_goes_through_a_family_in_the_order_of_instants),
        OVER_BOTH(parents_come_before_sub_cases_at_one_instant),
        OVER_BOTH(what_time_opens_and_cannot_open_is_on_record),
        OVER_BOTH(family_is_recovered_after_each_step),
        OVER_BOTH(step_without_room_leaves_nothing),
        OVER_BOTH(step_without_room_goes_on_in_the_next_batch),
        OVER_BOTH(case_that_grew_in_a_batch_goes_on_in_the_next),
        OVER_BOTH(batch_never_ends_within_a_family),
        OVER_BOTH(family_that_is_too_large_is_refused_whole),
        OVER_BOTH(family_that_time_finds_too_large_is_parked),
        OVER_BOTH(sweep_makes_room_for_a_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
