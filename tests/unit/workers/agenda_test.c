/* Goal: what the partition's engine promises of one turn. Method: the real core and language with
 * the shipped definitions over the simulator's store; messages in, answers out, no threads. */
#include "agenda_fixture.h"

#include "workers/ask.h"
#include "workers/record.h"

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

/* --- publishing ------------------------------------------------------------------------------ */

static void first_event_starts_case_and_next_changes_it(void **state)
{
    (void)state;
    struct value fates = fixture_publish(&fixture, "[" LEAD("a1") "," FILED("a2") "]");
    assert_text_at(&fates, "0.fate", "started");
    assert_text_at(&fates, "0.id", "a1");
    assert_text_at(&fates, "1.fate", "applied");
    assert_int_equal(int_at(&fates, "1.position"), int_at(&fates, "0.position") + 1);
    struct value found = fixture_ask(&fixture, ASK_THE_CASE);
    assert_text_at(&found, "state", "filed");
    assert_text_at(&found, "parties.respondent", "qj-ecology");
}

static void sealed_field_is_not_shown(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    struct value found = fixture_ask(&fixture, ASK_THE_CASE);
    assert_text_at(&found, "fields.informant", "***");
    assert_text_at(&found, "fields.summary", "作坊夜间排放废气");
    struct value history = fixture_ask(&fixture, ASK_THE_HISTORY);
    assert_text_at(&history, "rows.0.data.informant", "***");
}

static void resend_gets_first_answer_and_writes_nothing(void **state)
{
    (void)state;
    struct value first = fixture_publish(&fixture, "[" LEAD("a1") "," SERVED("a2") "]");
    assert_text_at(&first, "1.fate", "refused");
    assert_text_at(&first, "1.code", "not-taken");
    struct agenda_status before, after;
    agenda_status(fixture.agenda, &before);
    struct value again = fixture_publish(&fixture, "[" LEAD("a1") "," SERVED("a2") "]");
    agenda_status(fixture.agenda, &after);
    assert_text_at(&again, "0.fate", "duplicate");
    assert_text_at(&again, "0.first.fate", "started");
    assert_int_equal(int_at(&again, "0.first.position"), int_at(&first, "0.position"));
    assert_text_at(&again, "1.first.fate", "refused");
    assert_text_at(&again, "1.first.code", "not-taken");
    assert_text_at(&again, "1.detail", "lead-registered");
    assert_int_equal(after.last_position, before.last_position);
}

static void resend_within_a_batch_is_a_duplicate(void **state)
{
    (void)state;
    struct value fates =
        fixture_publish(&fixture, "[" LEAD("a1") "," SERVED("a2") "," SERVED("a2") "]");
    assert_text_at(&fates, "2.fate", "duplicate");
    assert_text_at(&fates, "2.first.code", "not-taken");
    assert_text_at(&fates, "2.detail", "lead-registered");
}

static void bad_event_spoils_no_other(void **state)
{
    (void)state;
    struct value fates =
        fixture_publish(&fixture, "[" LEAD("a1") ", {\"id\": \"x\"}, 7," FILED("a2") "]");
    assert_text_at(&fates, "0.fate", "started");
    assert_text_at(&fates, "1.fate", "refused");
    assert_text_at(&fates, "1.code", "malformed");
    assert_text_at(&fates, "1.id", "x");
    assert_text_at(&fates, "2.code", "malformed");
    assert_text_at(&fates, "3.fate", "applied");
}

static void refusal_names_what_would_be_taken(void **state)
{
    (void)state;
    struct value fates = fixture_publish(&fixture, "[" LEAD("a1") "," SERVED("a2") "]");
    assert_true(count_at(&fates, "1.takes") > 1);
    assert_true(has_value_at(&fates, "1.zh"));
}

static void names_have_their_titles_beside_them(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") ", " FILED("a2") "]");
    struct value shown = fixture_ask(&fixture, ASK_THE_CASE);
    assert_text_at(&shown, "parties.respondent", "qj-ecology");
    assert_text_at(&shown, "units_titles.qj-ecology.zh", "市生态环境局");
    assert_true(has_value_at(&shown, "parties_titles.respondent.zh"));
    assert_true(has_value_at(&shown, "fields_titles.field.zh"));
    assert_true(has_value_at(&shown, "clocks.0.who_title.zh"));
    assert_int_equal(value_at(&shown, "takes")->as.list.count,
                     value_at(&shown, "takes_titles")->as.map.count);
    struct value history = fixture_ask(&fixture, ASK_THE_HISTORY);
    assert_text_at(&history, "rows.1.type", "case.filed");
    assert_true(has_value_at(&history, "rows.1.type_title.zh"));
    assert_true(has_value_at(&history, "rows.1.source_title.en"));
    const struct value *facts = value_at(&history, "rows.1.facts");
    bool has_party = false;
    for (uint32_t i = 0; i < facts->as.list.count; i++) {
        const struct value *fact = &facts->as.list.items[i];
        if (!bytes_is(value_get_text(fact, "name"), "respondent"))
            continue;
        assert_text_at(fact, "unit_title.zh", "市生态环境局");
        has_party |= has_value_at(fact, "title.zh");
    }
    assert_true(has_party);
}

static void answer_that_is_too_large_does_without_titles(void **state)
{
    (void)state;
    struct ask ask = {.shelf = fixture.shelf};
    assert_non_null(ask_directory(&ask));
    assert_int_equal(ask_smaller(&ask, 5), 2);
    assert_int_equal(ask_smaller(&ask, 2), 1);
    assert_false(ask.is_plain);
    assert_int_equal(ask_smaller(&ask, 1), 1);
    assert_null(ask_directory(&ask));
    assert_int_equal(ask_smaller(&ask, 1), 0);
}

static void refusal_is_kept_in_history(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") "," SERVED("a2") "," FILED("a3") "]");
    struct value history = fixture_ask(&fixture, ASK_THE_HISTORY);
    assert_int_equal(count_at(&history, "rows"), 3);
    assert_text_at(&history, "rows.0.fate", "started");
    assert_text_at(&history, "rows.1.fate", "refused");
    assert_text_at(&history, "rows.1.event_id", "a2");
    assert_text_at(&history, "rows.2.fate", "applied");
}

static void unknown_case_is_refused_and_not_remembered(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct value fates = fixture_publish(&fixture, "[" FILED("a1") "]");
        assert_text_at(&fates, "0.fate", "refused");
        assert_text_at(&fates, "0.code", "unknown-case");
    }
    struct value fates = fixture_publish(&fixture, "[" LEAD("a0") "," FILED("a1") "]");
    assert_text_at(&fates, "1.fate", "applied");
}

static void starting_event_before_effective_date_is_refused(void **state)
{
    (void)state;
    struct value fates = fixture_publish(
        &fixture, "[{\"id\": \"1\", \"source\": \"qj-guanghua\", \"type\": \"lead.transferred\","
                  " \"subject\": \"X\", \"time\": \"2020-01-01T09:00:00+08:00\","
                  " \"data\": {\"field\": \"ecology\", \"summary\": \"s\"}},"
                  " {\"id\": \"2\", \"source\": \"qj-guanghua\", \"type\": \"lead.transferred\","
                  " \"workflow\": \"no-such\", \"subject\": \"X\", \"data\": {}}]");
    assert_text_at(&fates, "0.code", "not-effective");
    assert_text_at(&fates, "1.code", "unknown-case");
}

static void message_that_is_no_list_is_malformed(void **state)
{
    (void)state;
    struct message *message = fixture_send(&fixture, WIRE_PUBLISH, "{\"id\": 1}", false);
    fixture_turn(&fixture);
    assert_int_equal(message->answer, WIRE_ERROR);
    assert_int_equal(message->code, WIRE_ERROR_MALFORMED);
}

/* A thousand events, each in a case of its own and with so much data that their rows do not fit one
 * batch: the message goes on in the next, and is answered once. */
static void message_larger_than_a_batch_has_one_fate_for_each(void **state)
{
    (void)state;
    enum { COUNT = 1000, SIZE = 1000, SUMMARY = 700 };
    char *json = malloc(COUNT * SIZE);
    size_t used = 0;
    for (int i = 0; i < COUNT; i++)
        used += (size_t)snprintf(json + used, SIZE,
                                 "%c{\"id\":\"%d\",\"source\":\"qj-guanghua\",\"type\":"
                                 "\"lead.transferred\",\"subject\":\"C-%d\",\"data\":"
                                 "{\"field\":\"ecology\",\"summary\":\"%0*d\"}}",
                                 i ? ',' : '[', i, i, SUMMARY, i);
    (void)snprintf(json + used, SIZE, "]");
    struct message *message = fixture_send(&fixture, WIRE_PUBLISH, json, false);
    free(json);
    assert_int_equal(agenda_turn(fixture.agenda, &fixture.inbox, &fixture.outbox), AGENDA_OK);
    assert_true(agenda_is_busy(fixture.agenda));
    assert_int_equal(message->answer, WIRE_KIND_COUNT);
    fixture_turn(&fixture);
    struct value fates = VALUE_ABSENT;
    assert_int_equal(message->answer, WIRE_FATES);
    assert_int_equal(
        codec_decode(message->answer_body, WIRE_ANSWER_DEPTH_MAX, &fixture.arena, &fates), LD_OK);
    assert_int_equal(count_at(&fates, ""), COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_true(bytes_is(value_get_text(&fates.as.list.items[i], "fate"), "started"));
}

static void publish_many(const char *source, const char *type, int count)
{
    char json[200];
    for (int i = 0; i < count; i++) {
        (void)snprintf(json, sizeof json,
                       "[{\"id\":\"%s-%d\",\"source\":\"%s\",\"type\":\"%s\","
                       "\"subject\":\"" CASE_ID "\"}]",
                       type, i, source, type);
        (void)fixture_send(&fixture, WIRE_PUBLISH, json, false);
    }
    fixture_turn(&fixture);
}

/* Anybody can send wrong events to anybody's case: they must not use up what it needs to go on. */
static void flood_of_wrong_events_stops_no_case(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    publish_many("qj-guanghua", "no.such", CASE_SEEN_MAX + 1);
    struct value fates = fixture_publish(&fixture, "[" FILED("a2") "," LEAD("a1") "]");
    assert_text_at(&fates, "0.fate", "applied");
    assert_text_at(&fates, "1.fate", "duplicate");
}

/* A case that has been given as many events as it can remember takes no more, and says so. */
static void case_with_a_full_memory_refuses(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") "," FILED("b1") "]");
    publish_many("qj-procuratorate", "investigation.returned", CASE_SEEN_MAX - 2);
    struct value fates = fixture_publish(&fixture, "[" FILED("a2") "," LEAD("a1") "]");
    assert_text_at(&fates, "0.code", "limit");
    assert_text_at(&fates, "1.fate", "duplicate");
    struct bytes before = fixture_record(&fixture, CASE_ID);
    fixture_crash(&fixture);
    assert_true(bytes_equal(before, fixture_record(&fixture, CASE_ID)));
}

/* --- time ------------------------------------------------------------------------------------ */

static void due_instants_fire_each_at_its_own(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    struct value answer =
        fixture_ask(&fixture, "{\"ask\": \"clock\", \"to\": \"2025-07-20T12:00:00+08:00\"}");
    assert_true(int_at(&answer, "fired") > 1);
    struct value history = fixture_ask(&fixture, ASK_THE_HISTORY);
    uint32_t count = count_at(&history, "rows");
    char path[40];
    const struct value *before = value_at(&history, "rows.0.at");
    bool has_breach_instant = false;
    for (uint32_t i = 1; i < count; i++) {
        (void)snprintf(path, sizeof path, "rows.%u.at", i);
        const struct value *at = value_at(&history, path);
        assert_true(memcmp(before->as.text.ptr, at->as.text.ptr, before->as.text.size) <= 0);
        has_breach_instant |= bytes_is(at->as.text, "2025-07-11T00:00:00+08:00");
        before = at;
    }
    assert_true(has_breach_instant);
    struct value overdue = fixture_query(&fixture, "{\"ask\": \"overdue\"}");
    assert_int_equal(count_at(&overdue, "rows"), 1);
    assert_text_at(&overdue, "rows.0.clock", "assess");
    assert_int_equal(int_at(&overdue, "rows.0.days"), 9);
}

static void case_is_caught_up_before_an_event(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    /* The clock moves without a sweep, as while the process was down. */
    fixture.clock.now_ms += 45LL * 86400000;
    struct value fates = fixture_publish(&fixture, "[" FILED("a2") "]");
    assert_text_at(&fates, "0.fate", "applied");
    struct value history = fixture_ask(&fixture, ASK_THE_HISTORY);
    uint32_t count = count_at(&history, "rows");
    assert_true(count > 2);
    assert_text_at(&history, "rows.1.kind", "time");
    struct value found = fixture_ask(&fixture, ASK_THE_CASE);
    assert_text_at(&found, "clocks.0.status", "met-late");
}

static void many_cases_fire_in_order_of_instants(void **state)
{
    (void)state;
    enum { COUNT = 700 };
    for (int i = 0; i < COUNT; i++) {
        char json[300];
        if (i == COUNT / 2)
            fixture_advance(&fixture, "2025-06-11T09:00:00+08:00");
        (void)snprintf(json, sizeof json,
                       "[{\"id\":\"%d\",\"source\":\"qj-guanghua\",\"type\":\"lead.transferred\","
                       "\"subject\":\"C-%d\",\"data\":{\"field\":\"ecology\",\"summary\":\"s\"}}]",
                       i, i * 7919 % COUNT);
        (void)fixture_send(&fixture, WIRE_PUBLISH, json, false);
        fixture_turn(&fixture);
    }
    fixture_advance(&fixture, "2025-07-31T09:00:00+08:00");
    struct store_view *view;
    struct store_head head;
    int64_t last_ms = 0;
    uint32_t fired = 0;
    fixture.store->ops->head(fixture.store, &head);
    assert_int_equal(fixture.store->ops->open_view(fixture.store, &view), LD_OK);
    for (uint64_t position = 1; position <= head.last_position; position++) {
        struct bytes bytes;
        struct journal_row row;
        size_t mark = arena_mark(&fixture.arena);
        assert_int_equal(fixture.store->ops->view_row(view, position, &fixture.arena, &bytes),
                         LD_OK);
        assert_int_equal(journal_row_decode(bytes, &fixture.arena, &row), LD_OK);
        if (row.kind == JOURNAL_TIME) {
            assert_true(row.now_ms >= last_ms);
            last_ms = row.now_ms;
            fired++;
        }
        arena_rewind(&fixture.arena, mark);
    }
    fixture.store->ops->close_view(view);
    assert_true(fired >= 2 * COUNT);
}

/* init seeds today; a demonstration begins years before. */
static void manual_clock_may_begin_before_the_deployments(void **state)
{
    (void)state;
    fixture.clock.now_ms -= 86400000;
    fixture_crash(&fixture);
    struct value fates = fixture_publish(&fixture, "[" LEAD("a1") "]");
    assert_text_at(&fates, "0.fate", "started");
    struct value found = fixture_ask(&fixture, ASK_THE_CASE);
    assert_text_at(&found, "opened", "2025-06-09T09:00:00+08:00");
}

static void clock_goes_forward_only_and_only_when_manual(void **state)
{
    (void)state;
    struct value back =
        fixture_ask(&fixture, "{\"ask\": \"clock\", \"to\": \"2025-06-01T00:00:00+08:00\"}");
    assert_true(has_value_at(&back, "zh"));
    assert_text_at(&back, "detail", "the clock does not go back");
    fixture.clock.is_manual = false;
    struct value real =
        fixture_ask(&fixture, "{\"ask\": \"clock\", \"to\": \"2026-06-01T00:00:00+08:00\"}");
    assert_text_at(&real, "detail", "the clock is real");
}

/* --- crash ----------------------------------------------------------------------------------- */

static void recovery_makes_the_same_records(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") "," SERVED("a2") "]");
    assert_int_equal(fixture.store->ops->merge(fixture.store), LD_OK);
    (void)fixture_publish(&fixture, "[" FILED("a3") "," SERVED("a4") "]");
    fixture_advance(&fixture, "2025-09-01T00:00:00+08:00");
    struct bytes before = fixture_record(&fixture, CASE_ID);
    struct agenda_status status, recovered;
    agenda_status(fixture.agenda, &status);
    fixture_crash(&fixture);
    agenda_status(fixture.agenda, &recovered);
    assert_true(bytes_equal(before, fixture_record(&fixture, CASE_ID)));
    assert_int_equal(recovered.last_position, status.last_position);
    struct value again = fixture_publish(&fixture, "[" FILED("a3") "]");
    assert_text_at(&again, "0.fate", "duplicate");
    assert_text_at(&again, "0.first.fate", "applied");
}

static void recovered_agenda_goes_on_with_the_chain(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        (void)fixture_publish(&fixture, "[" LEAD("a1") "," FILED("a2") "]");
        fixture_advance(&fixture, i == 0   ? "2025-06-20T00:00:00+08:00"
                                  : i == 1 ? "2025-06-30T00:00:00+08:00"
                                           : "2025-07-30T00:00:00+08:00");
        fixture_crash(&fixture); /* asserts that the chain holds */
    }
}

/* --- deployments ------------------------------------------------------------------------------ */

static void deployed_version_never_changes(void **state)
{
    (void)state;
    struct value rows = fixture_query(&fixture, "{\"ask\": \"artifacts\"}");
    assert_int_equal(count_at(&rows, "rows"), 4);
    struct value bad = fixture_ask(&fixture, "{\"ask\": \"deploy\", \"text\": \"nonsense\"}");
    assert_true(has_value_at(&bad, "zh"));
    struct value wrong = fixture_ask(
        &fixture, "{\"ask\": \"deploy\", \"text\": \"workflow: administrative-public-interest\\n"
                  "version: 1\\n\"}");
    assert_true(has_value_at(&wrong, "en"));
    rows = fixture_query(&fixture, "{\"ask\": \"artifacts\"}");
    assert_int_equal(count_at(&rows, "rows"), 4);
}

/* Two more days off in July: a Thursday's last day rolls to the Monday after. */
static const char *const longer_july[] = {"version: 2026", "version: 2027",
                                          "      - {dates: 2025-01-01, name: 元旦}\n",
                                          "      - {dates: 2025-01-01, name: 元旦}\n      - "
                                          "{dates: 2025-07-10..2025-07-11, name: 停电}\n",
                                          NULL};

static void merge(void)
{
    assert_int_equal(fixture.store->ops->merge(fixture.store), LD_OK);
}

static void assert_last_day(const char *id, const char *expected)
{
    char json[100];
    (void)snprintf(json, sizeof json, "{\"ask\": \"case\", \"id\": \"%s\"}", id);
    struct value found = fixture_ask(&fixture, json);
    assert_text_at(&found, "clocks.0.last_day", expected);
}

static void start_cases(int count)
{
    for (int i = 0; i < count; i++) {
        char json[300];
        (void)snprintf(json, sizeof json,
                       "[{\"id\":\"%d\",\"source\":\"qj-guanghua\",\"type\":"
                       "\"lead.transferred\",\"subject\":\"C-%d\",\"data\":"
                       "{\"field\":\"ecology\",\"summary\":\"s\"}}]",
                       i, i);
        (void)fixture_send(&fixture, WIRE_PUBLISH, json, false);
    }
    fixture_turn(&fixture);
}

static void new_calendar_moves_the_due_dates_of_open_cases(void **state)
{
    (void)state;
    start_cases(450);
    assert_last_day("C-77", "2025-07-10");
    struct value answer = fixture_deploy(&fixture, "calendars/cn.yaml", longer_july);
    assert_text_at(&answer, "result", "deployed");
    struct value status = fixture_ask(&fixture, "{\"ask\": \"status\"}");
    assert_true(has_value_at(&status, "rederiving"));
    merge();
    fixture_turn(&fixture);
    assert_last_day("C-0", "2025-07-14");
    assert_last_day("C-77", "2025-07-14");
    assert_last_day("C-449", "2025-07-14");
    status = fixture_ask(&fixture, "{\"ask\": \"status\"}");
    assert_false(has_value_at(&status, "rederiving"));
    struct value again = fixture_deploy(&fixture, "calendars/cn.yaml", longer_july);
    assert_text_at(&again, "result", "exists");
}

static void deriving_again_goes_on_after_a_crash(void **state)
{
    (void)state;
    start_cases(450);
    (void)fixture_deploy(&fixture, "calendars/cn.yaml", longer_july);
    merge();
    assert_int_equal(agenda_turn(fixture.agenda, &fixture.inbox, &fixture.outbox), AGENDA_OK);
    assert_true(agenda_is_busy(fixture.agenda)); /* one page of three */
    fixture_crash(&fixture);
    fixture_turn(&fixture); /* recovery is over: now a checkpoint includes all */
    merge();
    fixture_turn(&fixture);
    assert_last_day("C-0", "2025-07-14");
    assert_last_day("C-449", "2025-07-14");
    struct value status = fixture_ask(&fixture, "{\"ask\": \"status\"}");
    assert_false(has_value_at(&status, "rederiving"));
}

static void policy_without_a_used_ladder_is_refused(void **state)
{
    (void)state;
    static const char *const without[] = {"version: 1", "version: 2",
                                          "  internal-short:", "  brief:", NULL};
    static const char *const later[] = {"version: 1", "version: 2", "alert-hour: 9",
                                        "alert-hour: 10", NULL};
    struct value refused = fixture_deploy(&fixture, "policies/standard.yaml", without);
    assert_true(has_value_at(&refused, "en"));
    start_cases(1);
    struct value before = fixture_ask(&fixture, "{\"ask\": \"case\", \"id\": \"C-0\"}");
    assert_text_at(&before, "next", "2025-07-04T09:00:00+08:00");
    struct value taken = fixture_deploy(&fixture, "policies/standard.yaml", later);
    assert_text_at(&taken, "result", "deployed");
    merge();
    fixture_turn(&fixture);
    int64_t next_ms = 0;
    assert_int_equal(fixture.store->ops->next_ms(fixture.store, &next_ms), LD_OK);
    struct value after = fixture_ask(&fixture, "{\"ask\": \"case\", \"id\": \"C-0\"}");
    assert_text_at(&after, "next", "2025-07-04T10:00:00+08:00");
    assert_int_equal(next_ms, 1751594400000); /* the due index knows it too */
}

static void list_shows_cases_of_a_state(void **state)
{
    (void)state;
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    struct value rows = fixture_query(
        &fixture, "{\"ask\": \"cases\", \"workflow\": \"administrative-public-interest\","
                  " \"state\": \"lead-registered\"}");
    assert_int_equal(count_at(&rows, "rows"), 1);
    assert_text_at(&rows, "rows.0.id", CASE_ID);
    assert_text_at(&rows, "rows.0.next_clock", "assess");
    rows = fixture_query(&fixture, "{\"ask\": \"cases\", \"workflow\": "
                                   "\"administrative-public-interest\", \"state\": \"filed\"}");
    assert_int_equal(count_at(&rows, "rows"), 0);
    rows = fixture_query(&fixture, "{\"ask\": \"cases\", \"state\": \"filed\"}");
    assert_int_equal(count_at(&rows, "rows"), 0);
    rows = fixture_query(&fixture, "{\"ask\": \"cases\", \"state\": \"lead-registered\"}");
    assert_int_equal(count_at(&rows, "rows"), 1);
}

static void unknown_request_is_told_so(void **state)
{
    (void)state;
    struct message *message = fixture_send(&fixture, WIRE_REQUEST, "{\"ask\": \"dance\"}", false);
    fixture_turn(&fixture);
    assert_int_equal(message->answer, WIRE_ERROR);
    assert_int_equal(message->code, WIRE_ERROR_UNKNOWN_ASK);
    struct value missing = fixture_ask(&fixture, "{\"ask\": \"case\", \"id\": \"no-such\"}");
    assert_text_at(&missing, "detail", "no-such");
}

static const char catalogue[] = "catalog/administrative-public-interest.yaml";

static void start_that_two_workflows_take_must_name_one(void **state)
{
    (void)state;
    static const char *const other[] = {"workflow: administrative-public-interest",
                                        "workflow: other-procedure", NULL};
    struct value answer = fixture_deploy(&fixture, catalogue, other);
    assert_text_at(&answer, "result", "deployed");
    struct value fates = fixture_publish(
        &fixture, "[" LEAD("a1") ", {\"id\": \"b\", \"source\": \"qj-guanghua\","
                                 " \"type\": \"lead.transferred\", \"subject\": \"B\","
                                 " \"workflow\": \"other-procedure\","
                                 " \"data\": {\"field\": \"ecology\", \"summary\": \"s\"}}]");
    assert_text_at(&fates, "0.code", "ambiguous-start");
    assert_text_at(&fates, "1.fate", "started");
    struct value found = fixture_ask(&fixture, "{\"ask\": \"case\", \"id\": \"B\"}");
    assert_text_at(&found, "workflow", "other-procedure");
}

static void case_starts_under_the_version_in_effect_and_stays(void **state)
{
    (void)state;
    static const char *const next[] = {"version: 1", "version: 2", "effective: 2021-07-01..",
                                       "effective: 2025-06-11..", NULL};
    static const char *const changed[] = {"version: 1", "version: 2", "effective: 2021-07-01..",
                                          "effective: 2025-06-12..", NULL};
    struct value answer = fixture_deploy(&fixture, catalogue, next);
    assert_int_equal(int_at(&answer, "version"), 2);
    struct value refused = fixture_deploy(&fixture, catalogue, changed);
    assert_true(has_value_at(&refused, "en")); /* a deployed version never changes */
    (void)fixture_publish(&fixture, "[" LEAD("a1") "]");
    fixture_advance(&fixture, "2025-06-11T09:00:00+08:00");
    start_cases(1);
    struct value old = fixture_ask(&fixture, ASK_THE_CASE);
    struct value new = fixture_ask(&fixture, "{\"ask\": \"case\", \"id\": \"C-0\"}");
    assert_int_equal(int_at(&old, "version"), 1);
    assert_int_equal(int_at(&new, "version"), 2);
    fixture_crash(&fixture);
    (void)fixture_publish(&fixture, "[" FILED("a2") "]");
    old = fixture_ask(&fixture, ASK_THE_CASE);
    assert_int_equal(int_at(&old, "version"), 1);
    assert_text_at(&old, "state", "filed");
}

/* --- a store that fails --------------------------------------------------------------------- */

static const struct store_ops *sound;
static struct store_ops faulty;
static enum store_outcome fault;
static uint32_t faults_left;

static void append_or_fail(struct store *store, const struct store_batch *batch, store_done *done,
                           void *context)
{
    if (faults_left == 0) {
        sound->append(store, batch, done, context);
        return;
    }
    faults_left--;
    done(context, fault);
}

static void break_store(enum store_outcome outcome, uint32_t times)
{
    sound = fixture.store->ops;
    faulty = *sound;
    faulty.append = append_or_fail;
    fixture.store->ops = &faulty;
    fault = outcome;
    faults_left = times;
}

static void full_store_refuses_and_applies_nothing(void **state)
{
    (void)state;
    struct agenda_status before, after;
    agenda_status(fixture.agenda, &before);
    break_store(STORE_FULL, 1);
    struct message *message = fixture_send(&fixture, WIRE_PUBLISH, "[" LEAD("a1") "]", true);
    assert_int_equal(agenda_turn(fixture.agenda, &fixture.inbox, &fixture.outbox), AGENDA_FULL);
    assert_int_equal(message->answer, WIRE_ERROR);
    assert_int_equal(message->code, WIRE_ERROR_STORE_FULL);
    agenda_status(fixture.agenda, &after);
    assert_int_equal(before.last_position, after.last_position);
    struct value fates = fixture_publish(&fixture, "[" LEAD("a1") "]");
    assert_text_at(&fates, "0.fate", "started");
}

static void batch_that_was_not_written_is_tried_again(void **state)
{
    (void)state;
    break_store(STORE_RETRY, 1);
    struct value fates = fixture_publish(&fixture, "[" LEAD("a1") "]");
    assert_text_at(&fates, "0.fate", "started");
}

static void in_doubt_nothing_is_answered(void **state)
{
    (void)state;
    static const enum store_outcome outcomes[] = {STORE_IN_DOUBT, STORE_FENCED};
    for (size_t i = 0; i < 2; i++) {
        break_store(outcomes[i], 1);
        struct message *message = fixture_send(&fixture, WIRE_PUBLISH, "[" LEAD("a1") "]", false);
        assert_int_equal(agenda_turn(fixture.agenda, &fixture.inbox, &fixture.outbox), AGENDA_STOP);
        assert_true(list_is_empty(&fixture.outbox));
        (void)message; /* still the agenda's: the process ends now, and the broker sends it again */
        fixture.store->ops = sound;
        fixture_crash(&fixture);
    }
    struct value fates = fixture_publish(&fixture, "[" LEAD("a1") "]");
    assert_text_at(&fates, "0.fate", "started");
}

/* --- poison ---------------------------------------------------------------------------------- */

/* What a worker leaves behind that dies of a message which came again. */
static void die_of(const struct message *message)
{
    uint8_t digest[DIGEST_SIZE];
    digest_of(message->body, digest);
    assert_true(poison_begin(&fixture.poison, digest));
}

static void event_that_was_fatal_too_often_is_quarantined(void **state)
{
    (void)state;
    uint8_t digest[EVENT_DIGEST_SIZE];
    digest_event(BYTES_LITERAL("qj-guanghua"), BYTES_LITERAL("a1"), digest);
    for (int i = 0; i < POISON_TRIES; i++)
        assert_true(poison_begin(&fixture.poison, digest)); /* the process dies each time */
    struct message *message =
        fixture_send(&fixture, WIRE_PUBLISH, "[" LEAD("a1") "," LEAD("b1") "]", true);
    die_of(message);
    fixture_turn(&fixture);
    assert_int_equal(message->answer, WIRE_FATES);
    struct value fates = VALUE_ABSENT;
    assert_int_equal(
        codec_decode(message->answer_body, WIRE_ANSWER_DEPTH_MAX, &fixture.arena, &fates), LD_OK);
    assert_text_at(&fates, "0.code", "quarantined");
    assert_text_at(&fates, "1.fate", "started");
    assert_int_equal(fixture.poison.count, 1);
    assert_true(poison_is_quarantined(&fixture.poison, digest));
}

static uint32_t turns_of(struct message *message)
{
    uint32_t turns = 0;
    for (; message->answer == WIRE_KIND_COUNT; turns++)
        assert_int_equal(agenda_turn(fixture.agenda, &fixture.inbox, &fixture.outbox), AGENDA_OK);
    return turns;
}

static void message_that_comes_again_is_alone_and_split_after_another_death(void **state)
{
    (void)state;
    (void)fixture_send(&fixture, WIRE_PUBLISH, "[" LEAD("a1") "]", false);
    struct message *alone =
        fixture_send(&fixture, WIRE_PUBLISH, "[" FILED("a2") "," SERVED("a3") "]", true);
    assert_int_equal(turns_of(alone), 2);
    assert_int_equal(fixture.poison.count, 0);
    struct message *split =
        fixture_send(&fixture, WIRE_PUBLISH, "[" FILED("a4") "," SERVED("a5") "]", true);
    die_of(split);
    assert_int_equal(turns_of(split), 2);
    fixture_turn(&fixture);
    assert_int_equal(fixture.poison.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_event_starts_case_and_next_changes_it),
        TEST(sealed_field_is_not_shown),
        TEST(resend_gets_first_answer_and_writes_nothing),
        TEST(resend_within_a_batch_is_a_duplicate),
        TEST(bad_event_spoils_no_other),
        TEST(refusal_names_what_would_be_taken),
        TEST(names_have_their_titles_beside_them),
        TEST(answer_that_is_too_large_does_without_titles),
        TEST(refusal_is_kept_in_history),
        TEST(unknown_case_is_refused_and_not_remembered),
        TEST(starting_event_before_effective_date_is_refused),
        TEST(message_that_is_no_list_is_malformed),
        TEST(message_larger_than_a_batch_has_one_fate_for_each),
        TEST(flood_of_wrong_events_stops_no_case),
        TEST(case_with_a_full_memory_refuses),
        TEST(due_instants_fire_each_at_its_own),
        TEST(case_is_caught_up_before_an_event),
        TEST(many_cases_fire_in_order_of_instants),
        TEST(manual_clock_may_begin_before_the_deployments),
        TEST(clock_goes_forward_only_and_only_when_manual),
        TEST(recovery_makes_the_same_records),
        TEST(recovered_agenda_goes_on_with_the_chain),
        TEST(deployed_version_never_changes),
        TEST(new_calendar_moves_the_due_dates_of_open_cases),
        TEST(deriving_again_goes_on_after_a_crash),
        TEST(policy_without_a_used_ladder_is_refused),
        TEST(list_shows_cases_of_a_state),
        TEST(unknown_request_is_told_so),
        TEST(start_that_two_workflows_take_must_name_one),
        TEST(case_starts_under_the_version_in_effect_and_stays),
        TEST(full_store_refuses_and_applies_nothing),
        TEST(batch_that_was_not_written_is_tried_again),
        TEST(in_doubt_nothing_is_answered),
        TEST(event_that_was_fatal_too_often_is_quarantined),
        TEST(message_that_comes_again_is_alone_and_split_after_another_death),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
