/* The case machine on a small procedure: each check of an event, each effect on clocks, expiry,
 * alerts, acknowledgement; and that facts alone make the state again. The definition is compiled by
 * the real language library; dates are the worked ones of the domain. */
#include "workflows/core/case.h"

#include "workflows/language/definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const char directory_text[] =
    "directory: city\nzone: \"+08:00\"\nroles: {joint-office: office, convener: mayor}\nunits:\n"
    "  - {id: ecology, kind: agency, title: 生态环境局, supervisor: government}\n"
    "  - {id: land, kind: agency, title: 自然资源局, supervisor: government}\n"
    "  - {id: government, kind: government, title: 政府办公室}\n"
    "  - {id: procuratorate, kind: procuratorate, title: 检察院, supervisor: office}\n"
    "  - {id: office, kind: joint-office, title: 联席办}\n"
    "  - {id: mayor, kind: government, title: 召集人}\n";
static const char policy_text[] =
    "policy: standard\nalert-hour: 9\nbackdate: 30 days\nladders:\n  standard:\n"
    "    - {at: due - 3 working days, level: warning, tell: [who, supervisor(who)]}\n"
    "    - {at: due, level: overdue, tell: [who, joint-office], ack-within: 1 working day,"
    " else-tell: [convener]}\n";
static const char calendar_text[] =
    "calendar: cn\nversion: 1\nzone: \"+08:00\"\nyears:\n  2025:\n"
    "    basis: 国办发明电〔2024〕12 号\n"
    "    off: [2025-01-01, 2025-01-28..2025-02-04, 2025-04-04..2025-04-06, 2025-05-01..2025-05-05,"
    " 2025-05-31..2025-06-02, 2025-10-01..2025-10-08]\n"
    "    work: [2025-01-26, 2025-02-08, 2025-04-27, 2025-09-28, 2025-10-11]\n";

struct fixture {
    void *block;
    struct arena arena;
    struct rules rules;
    const struct program *program;
    struct case_state state;
    struct case_state replica; /* made from facts alone, beside the case */
    struct effects effects;
    struct fact facts[EFFECTS_MAX];
    uint64_t position;
    uint32_t event_number;
    const char *role;
    struct bytes role_view;
    int64_t time_ms;
};

static struct fixture *fixture_of(void **state)
{
    return *state;
}

static struct bytes read_file(const char *path, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *text = arena_alloc(arena, DEFINITION_SIZE_MAX);
    size_t size = fread(text, 1, DEFINITION_SIZE_MAX, file);
    (void)fclose(file);
    return (struct bytes){text, size};
}

static void load(struct fixture *fixture)
{
    struct arena *arena = &fixture->arena;
    struct diagnostics *found = arena_alloc(arena, sizeof *found);
    diagnostics_init(found, arena, BYTES_LITERAL("test"));
    fixture->rules.calendar = definition_calendar(bytes_from_text(calendar_text), arena, found);
    fixture->rules.directory = definition_directory(bytes_from_text(directory_text), arena, found);
    fixture->rules.policy =
        definition_policy(bytes_from_text(policy_text), fixture->rules.directory, arena, found);
    struct definition_context context = {.calendar = fixture->rules.calendar,
                                         .policy = fixture->rules.policy,
                                         .directory = fixture->rules.directory};
    struct bytes text = read_file(LIANDONG_SOURCE "/tests/unit/core/case.yaml", arena);
    fixture->program = definition_workflow(text, &context, arena, found);
    for (uint32_t i = 0; i < found->count; i++)
        print_error("%u:%u %s %.*s\n", found->rows[i].place.line, found->rows[i].place.column,
                    found->rows[i].code, BYTES_PRINTF(found->rows[i].en));
    assert_non_null(fixture->program);
}

static int set_up(void **state)
{
    enum { BLOCK_SIZE = 32 << 20 };
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->block = malloc(BLOCK_SIZE);
    arena_init(&fixture->arena, fixture->block, BLOCK_SIZE);
    fixture->effects.facts = fixture->facts;
    load(fixture);
    struct bytes id = BYTES_LITERAL("QJ-1");
    assert_int_equal(case_init(&fixture->state, fixture->program, id, &fixture->arena), LD_OK);
    assert_int_equal(case_init(&fixture->replica, fixture->program, id, &fixture->arena), LD_OK);
    fixture->time_ms = INSTANT_NONE;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    free(fixture_of(state)->block);
    free(*state);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t instant_ms = 0;
    assert_true(instant_parse(bytes_from_text(text), 480, &instant_ms));
    return instant_ms;
}

static int32_t day(const char *text)
{
    int32_t date = 0;
    assert_true(date_parse(bytes_from_text(text), &date));
    return date;
}

static void run_input(struct fixture *fixture, const struct case_input *input)
{
    assert_int_equal(case_step(fixture->program, &fixture->rules, &fixture->state, input,
                               &fixture->arena, &fixture->effects),
                     LD_OK);
    const struct effects *effects = &fixture->effects;
    struct case_mark mark = {.position = ++fixture->position,
                             .is_event = input->kind == INPUT_EVENT,
                             .fate = effects->fate,
                             .refusal = effects->refusal,
                             .now_ms = input->now_ms};
    memcpy(mark.digest, input->event.digest, EVENT_DIGEST_SIZE);
    if (effects->fate == FATE_DUPLICATE || (!fixture->state.is_open && !effects->fact_count))
        return;
    struct case_state *both[] = {&fixture->state, &fixture->replica};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(case_apply(fixture->program, both[i], effects->facts, effects->fact_count,
                                    &mark, &fixture->arena),
                         LD_OK);
        case_check(fixture->program, both[i]);
    }
}

/* Lets time pass up to and including an instant, one due instant after the other. */
static void pass(struct fixture *fixture, const char *until)
{
    for (;;) {
        int64_t next_ms = case_next_ms(fixture->program, &fixture->rules, &fixture->state);
        if (next_ms == INSTANT_NONE || next_ms > at(until))
            return;
        run_input(fixture, &(struct case_input){.kind = INPUT_TIME, .now_ms = next_ms});
        assert_true(fixture->effects.fact_count > 0); /* else it would never move on */
    }
}

static enum refusal publish(struct fixture *fixture, const char *when, const char *source,
                            const char *type, struct value data)
{
    struct case_input input = {.kind = INPUT_EVENT, .now_ms = at(when)};
    fixture->role_view = bytes_from_text(fixture->role);
    pass(fixture, when);
    fixture->event_number++;
    input.event = (struct case_event){.id = BYTES_LITERAL("e"),
                                      .source = bytes_from_text(source),
                                      .type = bytes_from_text(type),
                                      .subject = BYTES_LITERAL("QJ-1"),
                                      .time_ms = fixture->time_ms,
                                      .roles = &fixture->role_view,
                                      .role_count = fixture->role ? 1 : 0,
                                      .data = data};
    memcpy(input.event.digest, &fixture->event_number, sizeof fixture->event_number);
    run_input(fixture, &input);
    return fixture->effects.refusal;
}

static struct value lead_data(bool is_urgent)
{
    static struct value_entry entries[3];
    entries[0] = (struct value_entry){BYTES_LITERAL("field"), value_words("ecology")};
    entries[1] = (struct value_entry){BYTES_LITERAL("respondent"), value_words("ecology")};
    entries[2] = (struct value_entry){BYTES_LITERAL("urgent"), value_bool(is_urgent)};
    return value_map(entries, 3);
}

static struct value one(const char *key, struct value value)
{
    static struct value_entry entries[2][8];
    static unsigned used;
    struct value_entry *entry = &entries[0][0] + (used++ % 16);
    *entry = (struct value_entry){bytes_from_text(key), value};
    return value_map(entry, 1);
}

static void open_lead(struct fixture *fixture, const char *when, bool is_urgent)
{
    assert_int_equal(publish(fixture, when, "ecology", "lead", lead_data(is_urgent)), REFUSAL_NONE);
    assert_int_equal(fixture->effects.fate, FATE_STARTED);
}

static void serve(struct fixture *fixture, const char *when, const char *served_on)
{
    struct value data = one("served_on", value_words(served_on));
    assert_int_equal(publish(fixture, when, "procuratorate", "served", data), REFUSAL_NONE);
}

static const struct clock_run *clock_named(struct fixture *fixture, const char *name)
{
    int32_t clock = program_clock(fixture->program, bytes_from_text(name));
    assert_true(clock >= 0);
    return &fixture->state.clocks[clock];
}

static void assert_state(struct fixture *fixture, const char *name)
{
    assert_true(bytes_is(fixture->program->states[fixture->state.state].name, name));
}

static const struct fact *fact_of(struct fixture *fixture, enum fact_kind kind)
{
    for (uint32_t i = 0; i < fixture->effects.fact_count; i++) {
        if (fixture->facts[i].kind == kind)
            return &fixture->facts[i];
    }
    return NULL;
}

static void a_lead_starts_a_case_with_its_clock(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-09-18 10:00", true);
    assert_state(fixture, "received");
    assert_true(fixture->state.fields[1].as.boolean);
    assert_true(bytes_is(fixture->state.parties[0].as.text, "procuratorate"));
    assert_int_equal(clock_named(fixture, "assess")->due.last_day, day("2025-10-20"));
    assert_int_equal(clock_named(fixture, "reply")->status, CLOCK_IDLE);
}

static void the_period_follows_what_the_case_remembers(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-09-18 10:00", true);
    serve(fixture, "2025-09-22 09:30", "2025-09-22");
    assert_state(fixture, "awaiting");
    assert_int_equal(clock_named(fixture, "assess")->status, CLOCK_MET);
    assert_int_equal(clock_named(fixture, "reply")->due.last_day, day("2025-10-09"));
}

static void refusals_say_the_first_thing_wrong(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct value none = VALUE_ABSENT;
    assert_int_equal(publish(fixture, "2025-08-01 10:00", "ecology", "feedback", none),
                     REFUSAL_UNKNOWN_CASE);
    assert_int_equal(publish(fixture, "2025-08-01 10:00", "ecology", "nonsense", none),
                     REFUSAL_UNKNOWN_EVENT);
    assert_int_equal(publish(fixture, "2025-08-01 10:00", "office", "lead", lead_data(false)),
                     REFUSAL_WRONG_SENDER);
    open_lead(fixture, "2025-08-01 10:00", false);
    assert_int_equal(publish(fixture, "2025-08-01 11:00", "land", "feedback", none),
                     REFUSAL_WRONG_SENDER);
    assert_true(bytes_is(fixture->effects.detail_wanted, "respondent"));
    assert_int_equal(publish(fixture, "2025-08-01 11:00", "ecology", "feedback", none),
                     REFUSAL_NOT_TAKEN);
    assert_int_equal(publish(fixture, "2025-08-01 11:00", "procuratorate", "served", none),
                     REFUSAL_MISSING_DATA);
    assert_true(bytes_is(fixture->effects.detail, "served_on"));
    assert_int_equal(publish(fixture, "2025-08-01 11:00", "procuratorate", "served",
                             one("served_on", value_words("2025-02-30"))),
                     REFUSAL_BAD_DATA);
    assert_int_equal(publish(fixture, "2025-08-01 11:00", "procuratorate", "served",
                             one("served_on", value_words("2025-08-02"))),
                     REFUSAL_FUTURE_DATE);
    assert_state(fixture, "received");
    assert_int_equal(fixture->effects.fact_count, 0);
}

static void a_role_decides_where_one_is_asked_for(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-06-02 10:00", false);
    serve(fixture, "2025-06-03 10:00", "2025-06-03");
    struct value measures = one("measures", value_words("清运"));
    publish(fixture, "2025-07-01 10:00", "ecology", "feedback", measures);
    struct value months = one("months", value_int(1));
    assert_int_equal(publish(fixture, "2025-08-10 10:00", "procuratorate", "extended", months),
                     REFUSAL_WRONG_ROLE);
    fixture->role = "chief";
    assert_int_equal(publish(fixture, "2025-08-10 10:00", "procuratorate", "extended", months),
                     REFUSAL_NONE);
    assert_int_equal(publish(fixture, "2025-08-11 10:00", "procuratorate", "extended", months),
                     REFUSAL_EXTENSION_USED_UP);
}

static void a_late_extension_is_refused_whole(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-06-02 10:00", false);
    serve(fixture, "2025-06-03 10:00", "2025-06-03");
    pass(fixture, "2025-09-10 00:00"); /* reply due 08-04 expired, verify due 09-04 passed */
    fixture->role = "chief";
    assert_int_equal(publish(fixture, "2025-09-10 10:00", "procuratorate", "extended",
                             one("months", value_int(1))),
                     REFUSAL_EXTENSION_LATE);
    assert_int_equal(clock_named(fixture, "verify")->extension_count, 0);
}

static void expiry_carries_the_case_on_and_stays_a_breach(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-09-18 10:00", true);
    serve(fixture, "2025-09-22 09:30", "2025-09-22");
    pass(fixture, "2025-10-09 23:59");
    assert_state(fixture, "awaiting");
    pass(fixture, "2025-10-10 00:00");
    assert_state(fixture, "reviewing");
    assert_int_equal(clock_named(fixture, "reply")->status, CLOCK_OVERDUE);
    assert_int_equal(clock_named(fixture, "reply")->breached_ms, at("2025-10-10 00:00"));
    assert_int_equal(clock_named(fixture, "verify")->due.last_day, day("2025-11-10"));
    publish(fixture, "2025-10-21 10:00", "ecology", "feedback", one("measures", value_words("x")));
    assert_int_equal(clock_named(fixture, "reply")->status, CLOCK_MET_LATE);
    assert_int_equal(clock_named(fixture, "reply")->days_late, 12);
    assert_int_equal(clock_named(fixture, "reply")->breached_ms, at("2025-10-10 00:00"));
    assert_int_equal(clock_named(fixture, "verify")->due.last_day, day("2025-11-10"));
    assert_non_null(fact_of(fixture, FACT_ALERT_CLEARED));
}

static void an_alert_names_each_unit_once_with_its_reason(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-09-18 10:00", true);
    serve(fixture, "2025-09-22 09:30", "2025-09-22");
    pass(fixture,
         "2025-09-28 09:00"); /* three working days before 10-09: a Sunday that is worked */
    const struct fact *fact = fact_of(fixture, FACT_ALERT);
    assert_non_null(fact);
    assert_int_equal(fact->alert->level, ALERT_WARNING);
    assert_int_equal(fact->alert->recipient_count, 2);
    assert_true(bytes_is(fact->alert->recipients[0].unit, "ecology"));
    assert_int_equal(fact->alert->recipients[0].reason, RECIPIENT_WHO);
    assert_true(bytes_is(fact->alert->recipients[1].unit, "government"));
    assert_int_equal(fact->alert->recipients[1].reason, RECIPIENT_SUPERVISOR);
}

static void only_who_was_told_can_acknowledge(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-09-18 10:00", true);
    serve(fixture, "2025-09-22 09:30", "2025-09-22");
    struct value reply = one("clock", value_words("reply"));
    assert_int_equal(publish(fixture, "2025-09-25 10:00", "ecology", EVENT_ACKNOWLEDGED, reply),
                     REFUSAL_NOT_ALERTED);
    pass(fixture, "2025-10-10 00:00");
    assert_int_equal(publish(fixture, "2025-10-10 10:00", "land", EVENT_ACKNOWLEDGED, reply),
                     REFUSAL_NOT_ALERTED);
    assert_int_equal(publish(fixture, "2025-10-10 10:00", "office", EVENT_ACKNOWLEDGED, reply),
                     REFUSAL_NONE);
    assert_int_equal(clock_named(fixture, "reply")->acked_ms, at("2025-10-10 10:00"));
}

static void a_missing_acknowledgement_tells_the_next(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-09-18 10:00", true);
    serve(fixture, "2025-09-22 09:30", "2025-09-22");
    pass(fixture, "2025-10-10 00:00");
    pass(fixture, "2025-10-11 09:00"); /* one working day later: a Saturday that is worked */
    const struct fact *fact = fact_of(fixture, FACT_ALERT);
    assert_non_null(fact);
    assert_true(fact->alert->is_unacknowledged);
    assert_true(bytes_is(fact->alert->recipients[0].unit, "mayor"));
}

static void branches_refuse_close_or_fail(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-06-02 10:00", false);
    serve(fixture, "2025-06-03 10:00", "2025-06-03");
    publish(fixture, "2025-07-01 10:00", "ecology", "feedback", one("measures", value_words("x")));
    assert_true(bytes_is(fixture->state.fields[2].as.text, "x"));
    struct value no = one("rectified", value_bool(false));
    assert_int_equal(publish(fixture, "2025-07-02 10:00", "procuratorate", "review", no),
                     REFUSAL_NO_BRANCH);
    struct value yes = one("rectified", value_bool(true));
    assert_int_equal(publish(fixture, "2025-07-02 10:00", "procuratorate", "review", yes),
                     REFUSAL_NONE);
    assert_state(fixture, "closed");
    assert_true(bytes_is(fixture->state.outcome, "rectified"));
    assert_int_equal(publish(fixture, "2025-07-03 10:00", "ecology", "feedback",
                             one("measures", value_words("x"))),
                     REFUSAL_NONE);
    assert_int_equal(fixture->effects.fate, FATE_RECORDED);
    assert_int_equal(case_next_ms(fixture->program, &fixture->rules, &fixture->state),
                     INSTANT_NONE);
}

static void the_rule_of_a_branch_refuses_in_its_own_words(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-06-02 10:00", true);
    serve(fixture, "2025-06-03 10:00", "2025-06-03");
    publish(fixture, "2025-06-05 10:00", "ecology", "feedback", one("measures", value_words("x")));
    struct value yes = one("rectified", value_bool(true));
    assert_int_equal(publish(fixture, "2025-06-06 10:00", "procuratorate", "review", yes),
                     REFUSAL_BY_RULE);
    assert_true(bytes_is(fixture->effects.detail, "紧急案件须另行核实"));
}

static void a_resend_gets_the_first_answer_and_changes_nothing(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-06-02 10:00", false);
    uint64_t revision = fixture->state.revision;
    fixture->event_number--; /* the same id again */
    publish(fixture, "2025-06-05 10:00", "ecology", "lead", lead_data(false));
    assert_int_equal(fixture->effects.fate, FATE_DUPLICATE);
    assert_int_equal(fixture->effects.first->fate, FATE_STARTED);
    assert_int_equal(fixture->effects.first->position, 1);
    assert_int_equal(fixture->state.revision, revision);
}

static void re_entry_starts_a_clock_anew(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-06-03 10:00", false);
    publish(fixture, "2025-06-10 10:00", "procuratorate", "again", VALUE_ABSENT);
    assert_int_equal(clock_named(fixture, "assess")->runs, 2);
    assert_int_equal(clock_named(fixture, "assess")->due.last_day, day("2025-07-10"));
}

static void an_old_legal_date_is_taken_and_flagged(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-06-03 10:00", false);
    serve(fixture, "2025-08-20 10:00", "2025-07-01");
    const struct fact *fact = fact_of(fixture, FACT_LATE_ENTRY);
    assert_non_null(fact);
    assert_int_equal(fact->date, day("2025-07-01"));
    assert_int_equal(clock_named(fixture, "reply")->due.last_day, day("2025-09-01"));
}

static void a_pause_stops_the_one_clock_it_names(void **state)
{
    struct fixture *fixture = fixture_of(state);
    open_lead(fixture, "2025-06-02 10:00", false);
    serve(fixture, "2025-07-30 10:00", "2025-07-30");
    publish(fixture, "2025-09-26 10:00", "ecology", "feedback", one("measures", value_words("x")));
    assert_int_equal(clock_named(fixture, "verify")->due.last_day, day("2025-10-30"));
    publish(fixture, "2025-10-13 10:00", "procuratorate", "paused", VALUE_ABSENT);
    assert_int_equal(clock_named(fixture, "verify")->status, CLOCK_PAUSED);
    assert_int_equal(case_next_ms(fixture->program, &fixture->rules, &fixture->state),
                     INSTANT_NONE);
    publish(fixture, "2025-11-10 10:00", "procuratorate", "resumed", VALUE_ABSENT);
    assert_int_equal(clock_named(fixture, "verify")->due.last_day, day("2025-11-27"));
}

static void an_arena_too_small_decides_nothing(void **state)
{
    struct fixture *fixture = fixture_of(state);
    uint8_t small[512];
    struct arena arena;
    struct case_input input = {.kind = INPUT_EVENT, .now_ms = at("2025-06-02 10:00")};
    input.event = (struct case_event){.source = BYTES_LITERAL("ecology"),
                                      .type = BYTES_LITERAL("lead"),
                                      .time_ms = INSTANT_NONE,
                                      .data = lead_data(false)};
    for (size_t size = 0; size <= sizeof small; size += 32) {
        arena_init(&arena, small, size);
        enum ld_err err = case_step(fixture->program, &fixture->rules, &fixture->state, &input,
                                    &arena, &fixture->effects);
        assert_int_equal(err, LD_FULL);
        assert_int_equal(fixture->effects.fact_count, 0);
    }
}

static void facts_alone_make_the_state_again(void **state)
{
    struct fixture *fixture = fixture_of(state);
    expiry_carries_the_case_on_and_stays_a_breach(state);
    const struct case_state *made = &fixture->state, *again = &fixture->replica;
    assert_int_equal(made->revision, again->revision);
    assert_int_equal(made->state, again->state);
    assert_int_equal(made->seen_count, again->seen_count);
    assert_memory_equal(made->clocks, again->clocks,
                        fixture->program->clock_count * sizeof *made->clocks);
    for (uint32_t i = 0; i < fixture->program->field_count; i++)
        assert_true(value_equal(&made->fields[i], &again->fields[i]));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_lead_starts_a_case_with_its_clock),
        CASE(the_period_follows_what_the_case_remembers),
        CASE(refusals_say_the_first_thing_wrong),
        CASE(a_role_decides_where_one_is_asked_for),
        CASE(a_late_extension_is_refused_whole),
        CASE(expiry_carries_the_case_on_and_stays_a_breach),
        CASE(an_alert_names_each_unit_once_with_its_reason),
        CASE(only_who_was_told_can_acknowledge),
        CASE(a_missing_acknowledgement_tells_the_next),
        CASE(branches_refuse_close_or_fail),
        CASE(the_rule_of_a_branch_refuses_in_its_own_words),
        CASE(a_resend_gets_the_first_answer_and_changes_nothing),
        CASE(re_entry_starts_a_clock_anew),
        CASE(an_old_legal_date_is_taken_and_flagged),
        CASE(a_pause_stops_the_one_clock_it_names),
        CASE(an_arena_too_small_decides_nothing),
        CASE(facts_alone_make_the_state_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
