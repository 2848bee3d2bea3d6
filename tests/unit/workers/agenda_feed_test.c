/* Goal: a subscriber hears of every alert it asked for, until it says that it has dealt with it,
 * and by the same id each time. Method: as agenda_test.c. */
#include "agenda_fixture.h"

#include "workers/ask.h"
#include "workers/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    fixture_open(&fixture, "2025-06-10T09:00:00+08:00");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&fixture);
    return 0;
}

static void feed_goes_on_from_its_cursor_after_a_crash(void **state)
{
    (void)state;
    struct value made =
        fixture_ask(&fixture, "{\"ask\": \"subscribe\", \"name\": \"boss\", \"from\": \"now\"}");
    assert_text_at(&made, "result", "subscribed");
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    struct value nothing = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\"}");
    assert_int_equal(count_at(&nothing, "items"), 0);
    fixture_advance(&fixture, "2025-07-12T00:00:00+08:00");
    struct value first = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\"}");
    uint32_t count = count_at(&first, "items");
    assert_true(count >= 2);
    assert_text_at(&first, "items.0.kind", "alert");
    assert_text_at(&first, "items.0.case", CASE_ID);
    fixture_crash(&fixture);
    struct value again = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\"}");
    assert_int_equal(count_at(&again, "items"), count);
    assert_true(value_equal(value_at(&first, "items.0.id"), value_at(&again, "items.0.id")));
    char ack[100];
    (void)snprintf(ack, sizeof ack, "{\"ask\": \"ack\", \"name\": \"boss\", \"cursor\": %lld}",
                   (long long)int_at(&first, "cursor"));
    (void)fixture_ask(&fixture, ack);
    fixture_crash(&fixture);
    struct value rest = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\"}");
    assert_int_equal(count_at(&rest, "items"), 0);
    struct value known =
        fixture_ask(&fixture, "{\"ask\": \"subscribe\", \"name\": \"boss\", \"from\": \"start\"}");
    assert_text_at(&known, "result", "exists");
}

static void feed_hears_only_what_it_asked_for(void **state)
{
    (void)state;
    (void)fixture_ask(&fixture, "{\"ask\": \"subscribe\", \"name\": \"late\", \"from\": \"start\","
                                " \"levels\": [\"overdue\"]}");
    (void)fixture_ask(&fixture, "{\"ask\": \"subscribe\", \"name\": \"other\", \"from\": \"start\","
                                " \"units\": [\"qj-water\"]}");
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    fixture_advance(&fixture, "2025-07-12T00:00:00+08:00");
    struct value late = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"late\"}");
    assert_int_equal(count_at(&late, "items"), 1);
    assert_text_at(&late, "items.0.level", "overdue");
    struct value other = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"other\"}");
    assert_int_equal(count_at(&other, "items"), 0);
    (void)fixture_publish(&fixture, "[" FILED("a2") "]");
    struct value cleared = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"late\"}");
    assert_int_equal(count_at(&cleared, "items"), 2);
    assert_text_at(&cleared, "items.1.kind", "alert-cleared");
    struct value gone = fixture_ask(&fixture, "{\"ask\": \"unsubscribe\", \"name\": \"late\"}");
    assert_text_at(&gone, "name", "late");
    struct value missing = fixture_ask(&fixture, "{\"ask\": \"unsubscribe\", \"name\": \"late\"}");
    assert_true(has_value_at(&missing, "zh"));
}

static void recipients_have_their_titles(void **state)
{
    (void)state;
    (void)fixture_ask(&fixture,
                      "{\"ask\": \"subscribe\", \"name\": \"boss\", \"from\": \"start\"}");
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    fixture_advance(&fixture, "2025-07-12T00:00:00+08:00");
    struct value fetched = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\"}");
    assert_true(has_value_at(&fetched, "items.0.unit_title.zh"));
    assert_true(has_value_at(&fetched, "items.0.to.0.title.zh"));
    struct value late = fixture_query(&fixture, "{\"ask\": \"overdue\"}");
    for (uint32_t i = 0; i < count_at(&late, "rows"); i++) {
        char path[40];
        (void)snprintf(path, sizeof path, "rows.%u.unit_title.en", i);
        assert_true(has_value_at(&late, path));
    }
}

#define CIRCULAR(id, source, more)                                                                 \
    "{\"id\": \"" id "\", \"source\": \"" source "\", \"subject\": \"QJ-TB-2025-0001\", " more "}"

/* A circular that is received and answered on the first day: by 2025-07-10 a review may be asked
 * for (a right), and the answer is to be filed (a duty). */
static void answer_a_circular(void)
{
    static const char *const changes[] = {NULL};
    struct value deployed = fixture_deploy(&fixture, "catalog/circular.yaml", changes);
    assert_text_at(&deployed, "result", "deployed");
    struct value
        fates =
            fixture_publish(
                &fixture,
                "[" CIRCULAR("c1", "qj-joint-office",
                             "\"type\": \"circular.drafted\", \"data\": {\"about\": \"x\","
                             " \"due_on\": \"2025-06-01\", \"addressee\": \"qj-market\"}") "," //
                CIRCULAR("c2", "qj-vice-convener",
                         "\"type\": \"circular.signed\", \"role\": \"vice-convener\","
                         " \"data\": {\"issued_on\": \"2025-06-10\", \"number\": \"1\"}") "," //
                CIRCULAR("c3", "qj-market",
                         "\"type\": \"circular.received\", \"data\": {\"received_on\": "
                         "\"2025-06-10\"}") "," CIRCULAR("c4", "qj-market",
                                                         "\"type\": \"statement.submitted\", "
                                                         "\"role\": \"head\","
                                                         " \"data\": {\"statement\": \"x\"}") "]");
    assert_text_at(&fates, "3.fate", "applied");
}

static void a_right_that_lapsed_is_nobodys_lateness(void **state)
{
    static const char ask_case[] = "{\"ask\": \"case\", \"id\": \"QJ-TB-2025-0001\"}";
    (void)state;
    answer_a_circular();
    fixture_advance(&fixture, "2025-07-10T23:00:00+08:00");
    struct value running = fixture_ask(&fixture, ask_case);
    assert_text_at(&running, "clocks.3.name", "review-apply");
    assert_text_at(&running, "clocks.3.status", "running");
    assert_true(value_at(&running, "clocks.3.right")->as.boolean);
    assert_false(has_value_at(&running, "clocks.3.lapsed"));
    assert_false(has_value_at(&running, "clocks.2.right"));
    /* Two hours on both are due, and the engine has not looked yet. */
    fixture.clock.now_ms += 2 * HOUR_MS;
    struct value late = fixture_query(&fixture, "{\"ask\": \"overdue\"}");
    assert_int_equal(count_at(&late, "rows"), 1);
    assert_text_at(&late, "rows.0.clock", "file");
    fixture_advance(&fixture, "2025-07-11T09:00:00+08:00");
    struct value lapsed = fixture_ask(&fixture, ask_case);
    assert_text_at(&lapsed, "clocks.3.status", "cancelled");
    assert_true(value_at(&lapsed, "clocks.3.lapsed")->as.boolean);
    assert_false(has_value_at(&lapsed, "clocks.3.breached"));
    late = fixture_query(&fixture, "{\"ask\": \"overdue\"}");
    assert_int_equal(count_at(&late, "rows"), 1);
    assert_text_at(&late, "rows.0.clock", "file");
    (void)fixture_ask(&fixture,
                      "{\"ask\": \"subscribe\", \"name\": \"boss\", \"from\": \"start\"}");
    struct value told = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\"}");
    uint32_t reminders = 0;
    for (uint32_t i = 0; i < count_at(&told, "items"); i++) {
        char path[40];
        (void)snprintf(path, sizeof path, "items.%u.right", i);
        if (!has_value_at(&told, path))
            continue;
        (void)snprintf(path, sizeof path, "items.%u.kind", i);
        assert_text_at(&told, path, reminders++ ? "alert-cleared" : "alert");
    }
    assert_int_equal(reminders, 2); /* the one of its last day, and that it is over */
}

static void acknowledge(int64_t cursor)
{
    char json[100];
    (void)snprintf(json, sizeof json, "{\"ask\": \"ack\", \"name\": \"boss\", \"cursor\": %lld}",
                   (long long)cursor);
    struct value answer = fixture_ask(&fixture, json);
    assert_int_equal(int_at(&answer, "cursor"), cursor);
}

static void small_pages_give_each_alert_once(void **state)
{
    (void)state;
    (void)fixture_ask(&fixture,
                      "{\"ask\": \"subscribe\", \"name\": \"boss\", \"from\": \"start\"}");
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    fixture_advance(&fixture, "2025-07-20T00:00:00+08:00");
    struct value all = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\"}");
    uint32_t count = count_at(&all, "items"), seen = 0;
    for (int page = 0; page < 100 && seen < count; page++) {
        struct value some =
            fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\", \"max\": 1}");
        for (uint32_t i = 0; i < count_at(&some, "items"); i++, seen++) {
            char here[40], there[40];
            (void)snprintf(here, sizeof here, "items.%u.id", i);
            (void)snprintf(there, sizeof there, "items.%u.id", seen);
            assert_true(value_equal(value_at(&some, here), value_at(&all, there)));
        }
        acknowledge(int_at(&some, "cursor"));
    }
    assert_int_equal(seen, count);
    struct value none = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"boss\"}");
    assert_int_equal(count_at(&none, "items"), 0);
}

static void cursor_never_goes_back_nor_past_the_end(void **state)
{
    (void)state;
    (void)fixture_ask(&fixture,
                      "{\"ask\": \"subscribe\", \"name\": \"boss\", \"from\": \"start\"}");
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    acknowledge(3);
    struct value back =
        fixture_ask(&fixture, "{\"ask\": \"ack\", \"name\": \"boss\", \"cursor\": 1}");
    assert_int_equal(int_at(&back, "cursor"), 3);
    struct value past =
        fixture_ask(&fixture, "{\"ask\": \"ack\", \"name\": \"boss\", \"cursor\": 999}");
    assert_text_at(&past, "detail", "no such cursor");
}

static void subscription_with_bad_words_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"ask\": \"subscribe\", \"name\": \"\"}",
        "{\"ask\": \"subscribe\", \"name\": \"a b\"}",
        "{\"ask\": \"subscribe\", \"name\": \"\\u0001rules\"}",
        "{\"ask\": \"subscribe\", \"name\": \"x\", \"levels\": [\"loud\"]}",
        "{\"ask\": \"subscribe\", \"name\": \"x\", \"units\": [7]}",
        "{\"ask\": \"subscribe\", \"name\": \"x\", \"kinds\": [\"news\"]}",
        "{\"ask\": \"subscribe\", \"name\": \"x\", \"types\": [\"a b\"]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct message *message = fixture_send(&fixture, WIRE_REQUEST, bad[i], false);
        fixture_turn(&fixture);
        assert_int_equal(message->answer, WIRE_ERROR);
        assert_int_equal(message->code, WIRE_ERROR_MALFORMED);
    }
}

static void subscriptions_are_bounded_and_leave_room_for_new_rules(void **state)
{
    (void)state;
    struct message *last = NULL;
    for (int i = 0; i < 260; i++) {
        char json[100];
        (void)snprintf(json, sizeof json, "{\"ask\": \"subscribe\", \"name\": \"n%d\"}", i);
        last = fixture_send(&fixture, WIRE_REQUEST, json, false);
    }
    fixture_turn(&fixture);
    assert_int_equal(last->code, WIRE_ERROR_REFUSED);
    static const char *const later[] = {"version: 1", "version: 2", "alert-hour: 9",
                                        "alert-hour: 10", NULL};
    struct value taken = fixture_deploy(&fixture, "policies/standard.yaml", later);
    assert_text_at(&taken, "result", "deployed");
    fixture_crash(&fixture);
}

/* --- emitted events -------------------------------------------------------------------------- */

static void appended(void *context, enum store_outcome outcome)
{
    (void)context;
    assert_int_equal(outcome, STORE_OK);
}

/* A row as a case leaves it that emits, behind the agenda's back. */
static void append_emitting_row(struct fact *facts, uint32_t count)
{
    struct store_head head;
    static struct batch batch;
    fixture.store->ops->head(fixture.store, &head);
    assert_true(batch_init(&batch));
    batch_begin(&batch, head.epoch, head.last_position, fixture.clock.now_ms,
                (const uint8_t[DIGEST_SIZE]){0});
    const struct shelf_entry *entry = shelf_newest(fixture.shelf, ARTIFACT_WORKFLOW,
                                                   BYTES_LITERAL("administrative-public-interest"));
    struct journal_row row = {.kind = JOURNAL_TIME,
                              .now_ms = fixture.clock.now_ms,
                              .case_id = BYTES_LITERAL(CASE_ID),
                              .workflow = entry->id,
                              .version = entry->version,
                              .facts = facts,
                              .fact_count = count,
                              .time_ms = INSTANT_NONE,
                              .legal_date = DATE_NONE};
    memcpy(row.program_digest, entry->program->digest, DIGEST_SIZE);
    assert_int_equal(batch_add_row(&batch, &row), LD_OK);
    struct store_batch sealed = batch_seal(&batch);
    fixture.store->ops->append(fixture.store, &sealed, appended, NULL);
    batch_fini(&batch);
}

static void emitted_events_reach_who_asked_for_them(void **state)
{
    (void)state;
    struct value_entry data[1] = {{BYTES_LITERAL("summary"), value_words("河道固废")}};
    struct value_entry entries[3] = {{BYTES_LITERAL("source"), value_words("qj-guanghua")},
                                     {BYTES_LITERAL("subject"), value_words("C-9")},
                                     {BYTES_LITERAL("data"), value_map(data, 1)}};
    struct fact facts[] = {
        {.kind = FACT_EMITTED, .text = BYTES_LITERAL("a.one"), .value = value_map(entries, 3)},
        {.kind = FACT_EMITTED,
         .index = 1,
         .text = BYTES_LITERAL("a.two"),
         .value = value_map(entries, 1)},
    };
    (void)fixture_ask(&fixture, "{\"ask\": \"subscribe\", \"name\": \"alerts\"}");
    (void)fixture_ask(&fixture, "{\"ask\": \"subscribe\", \"name\": \"all\","
                                " \"kinds\": [\"alerts\", \"emitted\"]}");
    (void)fixture_ask(&fixture, "{\"ask\": \"subscribe\", \"name\": \"two\","
                                " \"kinds\": [\"emitted\"], \"types\": [\"a.two\"]}");
    append_emitting_row(facts, 2);
    struct value none = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"alerts\"}");
    assert_int_equal(count_at(&none, "items"), 0);
    struct value all = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"all\"}");
    assert_int_equal(count_at(&all, "items"), 2);
    assert_text_at(&all, "items.0.kind", "emitted");
    assert_text_at(&all, "items.0.case", CASE_ID);
    assert_text_at(&all, "items.0.event.type", "a.one");
    assert_text_at(&all, "items.0.event.source", "qj-guanghua");
    assert_text_at(&all, "items.0.event.subject", "C-9");
    assert_text_at(&all, "items.0.event.data.summary", "河道固废");
    assert_true(has_value_at(&all, "items.0.source_title.zh"));
    char id[80];
    int64_t position = int_at(&all, "items.1.position");
    (void)snprintf(id, sizeof id, CASE_ID "@%lld.1", (long long)position);
    assert_text_at(&all, "items.1.event.id", id);
    assert_false(has_value_at(&all, "items.1.event.subject"));
    struct value two = fixture_query(&fixture, "{\"ask\": \"fetch\", \"name\": \"two\"}");
    assert_int_equal(count_at(&two, "items"), 1);
    assert_text_at(&two, "items.0.event.type", "a.two");
}

/* --- marks that are no subscriptions --------------------------------------------------------- */

static uint64_t kept(void)
{
    uint64_t position = 99;
    assert_int_equal(agenda_delivered(fixture.agenda, &position), LD_OK);
    return position;
}

static void how_far_events_are_delivered_is_kept_and_never_goes_back(void **state)
{
    (void)state;
    assert_int_equal(kept(), 0);
    agenda_deliver_to(fixture.agenda, 3);
    assert_int_equal(kept(), 0); /* not before the turn that writes it */
    fixture_turn(&fixture);
    assert_int_equal(kept(), 3);
    agenda_deliver_to(fixture.agenda, 2);
    fixture_turn(&fixture);
    assert_int_equal(kept(), 3);
    fixture_crash(&fixture);
    assert_int_equal(kept(), 3);
    struct value status = fixture_ask(&fixture, "{\"ask\": \"status\"}");
    assert_int_equal(int_at(&status, "feeds"), 0);
}

static void marks_of_the_engine_are_no_subscriptions(void **state)
{
    (void)state;
    static const char *const writes[] = {
        "{\"ask\": \"ack\", \"name\": \"\\u0001courier\", \"cursor\": 4}",
        "{\"ask\": \"unsubscribe\", \"name\": \"\\u0001courier\"}",
        "{\"ask\": \"unsubscribe\", \"name\": \"\\u0001rules\"}",
    };
    static const char *const later[] = {"version: 1", "version: 2", "alert-hour: 9",
                                        "alert-hour: 10", NULL};
    agenda_deliver_to(fixture.agenda, 3);
    (void)fixture_deploy(&fixture, "policies/standard.yaml", later); /* makes the other mark */
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        struct message *message = fixture_send(&fixture, WIRE_REQUEST, writes[i], false);
        fixture_turn(&fixture);
        assert_int_equal(message->answer, WIRE_ERROR);
        assert_int_equal(message->code, WIRE_ERROR_NOT_FOUND);
    }
    struct value question = json_value(&fixture.arena, "{\"name\": \"\\u0001courier\"}");
    struct ask ask = {.question = &question,
                      .arena = &fixture.arena,
                      .store = fixture.store,
                      .shelf = fixture.shelf};
    uint64_t position = 0;
    assert_int_equal(ask.store->ops->open_view(ask.store, &ask.view), LD_OK);
    assert_true(ask_fetch(&ask, &position, 1));
    ask.store->ops->close_view(ask.view);
    assert_int_equal(ask.code, WIRE_ERROR_NOT_FOUND);
    assert_int_equal(kept(), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_right_that_lapsed_is_nobodys_lateness),
        TEST(feed_goes_on_from_its_cursor_after_a_crash),
        TEST(feed_hears_only_what_it_asked_for),
        TEST(recipients_have_their_titles),
        TEST(small_pages_give_each_alert_once),
        TEST(cursor_never_goes_back_nor_past_the_end),
        TEST(subscription_with_bad_words_is_refused),
        TEST(subscriptions_are_bounded_and_leave_room_for_new_rules),
        TEST(emitted_events_reach_who_asked_for_them),
        TEST(how_far_events_are_delivered_is_kept_and_never_goes_back),
        TEST(marks_of_the_engine_are_no_subscriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
