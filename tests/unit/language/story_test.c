/* Goal: a story that holds passes and one that does not is told where and why. Method: stories in
 * text, played against the shipped definition, calendar, policy and directory. */
#include "workflows/language/story.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_SIZE = 64 << 20, TEXT_MAX = 65536, ZONE = 480 };

struct world {
    uint8_t *blocks[2];
    struct arena rules_arena, arena;
    struct rules rules;
    const struct program *program;
    struct diagnostics diagnostics;
    struct story_run run;
    struct story_actor actors[8];
    struct story_cast cast;
};

static struct world world;

static struct bytes read_file(const char *name)
{
    char path[1024];
    assert_true(snprintf(path, sizeof path, "%s/workflows/%s", LIANDONG_SOURCE, name) > 0);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *text = arena_alloc(&world.rules_arena, TEXT_MAX);
    size_t size = fread(text, 1, TEXT_MAX, file);
    (void)fclose(file); /* only read */
    return (struct bytes){text, size};
}

static void print_findings(void)
{
    uint8_t memory[4096];
    struct buffer buffer;
    for (uint32_t i = 0; i < world.diagnostics.count; i++) {
        buffer_init(&buffer, memory, sizeof memory);
        diagnostic_print(&world.diagnostics.rows[i], false, &buffer);
        print_message("%.*s", (int)buffer.used, (const char *)memory);
    }
}

static int set_up(void **state)
{
    (void)state;
    struct arena *arena = &world.rules_arena;
    for (int i = 0; i < 2; i++)
        world.blocks[i] = malloc(ARENA_SIZE);
    if (!world.blocks[0] || !world.blocks[1])
        return -1;
    arena_init(arena, world.blocks[0], ARENA_SIZE);
    diagnostics_init(&world.diagnostics, arena, BYTES_LITERAL("rules"));
    world.rules.calendar =
        definition_calendar(read_file("calendars/cn.yaml"), arena, &world.diagnostics);
    world.rules.directory =
        definition_directory(read_file("catalog/directory.yaml"), arena, &world.diagnostics);
    world.rules.policy = definition_policy(read_file("policies/standard.yaml"),
                                           world.rules.directory, arena, &world.diagnostics);
    struct definition_context context = {.calendar = world.rules.calendar,
                                         .policy = world.rules.policy,
                                         .directory = world.rules.directory};
    world.program = definition_workflow(read_file("catalog/administrative-public-interest.yaml"),
                                        &context, arena, &world.diagnostics);
    print_findings();
    return world.program ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        free(world.blocks[i]);
    return 0;
}

static const struct story *read_story(struct bytes text)
{
    arena_init(&world.arena, world.blocks[1], ARENA_SIZE);
    diagnostics_init(&world.diagnostics, &world.arena, BYTES_LITERAL("s"));
    return story_read(text, ZONE, &world.arena, &world.diagnostics);
}

static void play(struct bytes text)
{
    const struct story *story = read_story(text);
    if (!story)
        print_findings();
    assert_non_null(story);
    world.actors[0] = (struct story_actor){world.program, world.rules};
    if (world.cast.count == 0)
        world.cast = (struct story_cast){world.actors, 1};
    assert_int_equal(story_play(story, &world.cast, &world.arena, &world.diagnostics, &world.run),
                     LD_OK);
}

/* Exactly these findings, in order: {line, code}. */
struct finding {
    uint32_t line;
    const char *code;
};

static void assert_findings(const struct finding *wanted, uint32_t count)
{
    if (world.diagnostics.count != count)
        print_findings();
    assert_int_equal(world.diagnostics.count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_string_equal(world.diagnostics.rows[i].code, wanted[i].code);
        assert_int_equal(world.diagnostics.rows[i].place.line, wanted[i].line);
    }
}

#define ASSERT_FINDINGS(...)                                                                       \
    do {                                                                                           \
        const struct finding findings[] = {__VA_ARGS__};                                           \
        assert_findings(findings, sizeof findings / sizeof findings[0]);                           \
    } while (0)

#define HEAD "story: s\nworkflow: administrative-public-interest\ncase: C-1\nsteps:\n"
#define LEAD(id, more)                                                                             \
    "  - {at: 2025-06-03 10:00, " id "from: qj-haokou, event: lead.transferred, "                  \
    "data: {field: ecology, summary: x}" more "}\n"
#define FILED(more)                                                                                \
    "  - {at: 2025-06-20 10:00, from: qj-procuratorate, role: chief, event: case.filed, "          \
    "data: {respondent: qj-ecology, document: 2025}" more "}\n"
#define UNTIL_SERVED                                                                               \
    LEAD("", "")                                                                                   \
    FILED("")                                                                                      \
    "  - {at: 2025-06-23 10:00, from: qj-procuratorate, event: case.notice-served, "               \
    "data: {served_on: 2025-06-23}}\n"                                                             \
    "  - {at: 2025-06-24 10:00, from: qj-procuratorate, event: consult.skipped, "                  \
    "data: {reason: x}}\n"                                                                         \
    "  - {at: 2025-08-04 10:00, from: qj-procuratorate, role: chief, "                             \
    "event: recommendation.decided, data: {document: 7}}\n"                                        \
    "  - {at: 2025-08-05 10:00, from: qj-procuratorate, event: recommendation.served, "            \
    "data: {served_on: 2025-08-05}}\n"                                                             \
    "  - {at: 2025-08-06 10:00, from: qj-procuratorate, event: recommendation.backed-up}\n"

static void story_reads_steps_with_their_times_and_identities(void **state)
{
    (void)state;
    const struct story *story = read_story(
        BYTES_LITERAL("story: 甲\nworkflow: w\ncase: C-1\ndirectory: ../d.yaml\nsteps:\n"
                      "  - {at: 2025-10-09, from: a, event: e, role: chief, data: {n: 1, t: x}}\n"
                      "  - {at: 2025-10-09 08:30, case: C-2, expect: {state: x}}\n"
                      "  - {at: '2025-10-09T09:00:00+09:00', id: once, from: a, event: e}\n"));
    assert_null(story); /* 09:00+09:00 is 08:00 here: earlier than the step above */
    ASSERT_FINDINGS({8, "story-order"});
    story = read_story(
        BYTES_LITERAL("story: 甲\nworkflow: w\ncase: C-1\ndirectory: ../d.yaml\nsteps:\n"
                      "  - {at: 2025-10-09, from: a, event: e, role: chief, data: {n: 1, t: x}}\n"
                      "  - {at: 2025-10-09 08:30, case: C-2, expect: {state: x}}\n"
                      "  - {at: '2025-10-09T10:00:00+09:00', id: once, from: a, event: e}\n"));
    assert_non_null(story);
    assert_int_equal(story->step_count, 3);
    assert_true(bytes_is(story->directory, "../d.yaml"));
    assert_int_equal(story->policy.size, 0);
    int32_t date;
    assert_true(date_parse(BYTES_LITERAL("2025-10-09"), &date));
    const struct story_step *steps = story->steps;
    assert_true(steps[0].at_ms == instant_of_date(date, ZONE));
    assert_true(steps[1].at_ms == steps[0].at_ms + 8 * HOUR_MS + 30 * MINUTE_MS);
    assert_true(steps[2].at_ms == steps[0].at_ms + 9 * HOUR_MS);
    assert_true(bytes_is(steps[0].case_id, "C-1") && bytes_is(steps[1].case_id, "C-2"));
    assert_true(steps[0].has_event && !steps[1].has_event && steps[1].expect);
    assert_int_equal(steps[0].event.role_count, 1);
    assert_int_equal(value_get_int(&steps[0].event.data, "n", 0), 1);
    assert_true(bytes_is(steps[2].event.id, "once"));
    assert_true(memcmp(steps[0].event.digest, steps[2].event.digest, EVENT_DIGEST_SIZE) != 0);
}

static void story_that_cannot_be_read_is_told_where(void **state)
{
    (void)state;
    assert_null(read_story(BYTES_LITERAL("story: s\nworkflow: w\ncase: C-1\nsteps: []\n")));
    ASSERT_FINDINGS({1, "story-missing"});
    assert_null(read_story(BYTES_LITERAL(HEAD "  - {from: a, event: e}\n"
                                              "  - {at: soon, event: e}\n"
                                              "  - {at: 2025-01-01, whence: a}\n"
                                              "  - {at: 2025-01-01, expect: {fates: x, sub: 1}}\n"
                                              "  - {at: 2025-01-01, expect: held}\n"
                                              "  - late\n")));
    ASSERT_FINDINGS({5, "story-missing"}, {6, "story-instant"}, {6, "story-missing"},
                    {7, "story-key"}, {8, "story-key"}, {8, "story-key"}, {9, "story-shape"},
                    {10, "story-shape"});
    char text[256];
    assert_true(snprintf(text, sizeof text,
                         "story: s\nworkflow: w\ncase: %0100d\n"
                         "steps:\n  - {at: 2025-01-01}\n",
                         1)
                > 0);
    assert_null(read_story(bytes_from_text(text)));
    ASSERT_FINDINGS({5, "story-shape"});
}

static void shipped_stories_hold(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a-appraisal-extension-suspension",
        "b-overdue-and-escalation",
        "c-lead-rejected",
        "d-urgent-fifteen-days",
        "e-refusals",
        "f-extension-after-due",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        assert_true(snprintf(path, sizeof path,
                             "catalog/administrative-public-interest/%s.story.yaml", names[i])
                    > 0);
        size_t mark = arena_mark(&world.rules_arena);
        play(read_file(path));
        arena_rewind(&world.rules_arena, mark);
        print_findings();
        assert_int_equal(world.run.failure_count, 0);
        assert_true(world.run.row_count > 4);
    }
}

static void each_expectation_that_does_not_hold_is_one_finding(void **state)
{
    (void)state;
    play(BYTES_LITERAL(HEAD LEAD("", ",\n    expect: {fate: applied,\n"
                                     "    refusal: closed,\n"
                                     "    state: assessing,\n"
                                     "    outcome: won,\n"
                                     "    due: {assess: 2025-07-04,\n"
                                     "      prosecute: 2025-07-04},\n"
                                     "    clocks: {assess: met},\n"
                                     "    overdue: [assess],\n"
                                     "    alerts: [{clock: assess, level: notice, to: [x]}],\n"
                                     "    data: {field: other},\n"
                                     "    parties: {reporter: qj-water}}\n  ")));
    assert_int_equal(world.run.failure_count, 11);
    ASSERT_FINDINGS({6, "story-fate"}, {7, "story-refusal"}, {8, "story-state"},
                    {9, "story-outcome"}, {10, "story-due"}, {11, "story-due"}, {12, "story-clock"},
                    {13, "story-overdue"}, {14, "story-alert-missing"}, {15, "story-data"},
                    {16, "story-party"});
}

static void a_wrong_refusal_is_the_one_finding_of_a_case(void **state)
{
    (void)state;
    play(BYTES_LITERAL(HEAD LEAD(
        "", "") "  - {at: 2025-07-01, from: qj-procuratorate, event: case.notice-served,\n"
                "     data: {served_on: 2025-07-01},\n"
                "     expect: {state: consulting,\n"
                "       fate: applied, due: {serve: 2025-07-04}}}\n"
                "  - {at: 2025-07-02,\n"
                "     expect: {state: consulting}}\n"));
    assert_int_equal(world.run.failure_count, 1);
    assert_string_equal(world.diagnostics.rows[0].code, "story-fate");
}

static void words_that_the_workflow_does_not_have_are_findings(void **state)
{
    (void)state;
    play(BYTES_LITERAL(HEAD LEAD("", ",\n    expect: {state: nowhere,\n"
                                     "    due: {nothing: none},\n"
                                     "    clocks: {nothing: met},\n"
                                     "    data: {nothing: 1},\n"
                                     "    parties: {nobody: x}}\n  ")));
    ASSERT_FINDINGS({6, "story-name"}, {7, "story-name"}, {8, "story-name"}, {9, "story-name"},
                    {10, "story-name"});
}

static void a_case_that_does_not_exist_holds_nothing(void **state)
{
    (void)state;
    play(BYTES_LITERAL(HEAD "  - {at: 2025-01-01, expect: {overdue: [], alerts: []}}\n"
                            "  - {at: 2025-01-01,\n     expect: {state: filed}}\n"));
    ASSERT_FINDINGS({7, "story-no-case"});
}

static void what_falls_due_at_a_steps_instant_comes_before_its_event(void **state)
{
    (void)state;
    play(BYTES_LITERAL(HEAD UNTIL_SERVED
                       "  - {at: 2025-10-09 23:59, expect: {state: awaiting-reply, overdue: []}}\n"
                       "  - {at: 2025-10-10 00:00, from: qj-ecology, event: feedback.submitted, "
                       "data: {sent_on: 2025-10-10, signer: 甲, measures: 乙}, "
                       "expect: {fate: applied, state: follow-up, clocks: {reply: met-late}, "
                       "due: {prosecute: 2025-11-10}}}\n"));
    print_findings();
    assert_int_equal(world.run.failure_count, 0);
}

static void an_alert_too_many_or_one_too_few_fails(void **state)
{
    (void)state;
    play(BYTES_LITERAL(
        HEAD UNTIL_SERVED
        "  - {at: 2025-08-06 11:00}\n"
        "  - {at: 2025-09-24 09:00, expect: {alerts: [{clock: reply, level: notice}]}}\n"
        "  - {at: 2025-09-24 09:00, expect: {alerts: []}}\n"
        "  - {at: 2025-09-30 09:00, expect: {alerts: []}}\n"
        "  - {at: 2025-10-09 09:00, expect: {alerts: [{clock: reply, level: last-day, "
        "to: [qj-joint-office, qj-government-office]}]}}\n"));
    ASSERT_FINDINGS({15, "story-alert-extra"}, {16, "story-alert-missing"},
                    {16, "story-alert-extra"});
    assert_non_null(strstr((const char *)world.diagnostics.rows[0].en.ptr,
                           "reply urgent → qj-ecology, qj-government-office"));
}

static void the_same_id_twice_is_a_resend(void **state)
{
    (void)state;
    play(BYTES_LITERAL(HEAD LEAD("id: one, ", ", expect: {fate: started}")
                           LEAD("id: one, ", ", expect: {fate: duplicate}")
                               LEAD("", ", expect: {fate: refused, refusal: not-taken}")));
    print_findings();
    assert_int_equal(world.run.failure_count, 0);
}

/* What waits and what is told at once, each expected wrongly once; and what a row keeps of the held
 * events stays as it was when the case goes on. */
static void what_waits_and_is_told_is_held_against_the_case(void **state)
{
    (void)state;
    const struct program *usual = world.program;
    struct definition_context context = {.calendar = world.rules.calendar,
                                         .policy = world.rules.policy,
                                         .directory = world.rules.directory};
    world.program = definition_workflow(read_file("../tests/story/waiting.yaml"), &context,
                                        &world.rules_arena, &world.diagnostics);
    assert_non_null(world.program);
    play(BYTES_LITERAL(
        "story: s\nworkflow: waiting\ncase: C-1\nsteps:\n"
        "  - {at: 2025-07-01 10:00, from: qj-procuratorate, event: lead.received, data: "
        "{respondent: qj-ecology}, expect: {suspended: true, held: [hearing.requested], notices: "
        "[]}}\n"
        "  - {at: 2025-07-02 10:00, from: qj-ecology, event: hearing.requested, expect: {held: [], "
        "notices: [{level: notice}]}}\n"
        "  - {at: 2025-07-02 11:00, from: qj-ecology, event: feedback.submitted, expect: {held: "
        "[hearing.requested, feedback.submitted], notices: [], suspended: false}}\n"
        "  - {at: 2025-07-03 10:00, from: qj-procuratorate, event: recommendation.served, data: "
        "{served_on: 2025-07-03}, expect: {notices: [{level: warning}, {to: [qj-ecology]}, {text: "
        "x}]}}\n"
        "  - {at: 2025-07-03 10:00, expect: {held: [], state: reviewing, notices: [{too: 1}]}}\n"));
    world.program = usual;
    ASSERT_FINDINGS({5, "story-suspended"}, {5, "story-held"}, {5, "story-notice-extra"},
                    {6, "story-held"}, {6, "story-notice-missing"}, {8, "story-notice-missing"},
                    {8, "story-notice-missing"}, {8, "story-notice-missing"},
                    {8, "story-notice-extra"}, {9, "story-key"});
    const struct case_state *waiting = world.run.rows[2].after;
    assert_int_equal(waiting->held_count, 2);
    assert_true(bytes_is(value_get_text(&waiting->held[0], "type"), "hearing.requested"));
}

static void a_story_may_tell_of_several_cases(void **state)
{
    (void)state;
    play(BYTES_LITERAL(HEAD LEAD(
        "", "") "  - {at: 2025-06-04, case: C-2, from: qj-haokou, event: lead.transferred, "
                "data: {field: ecology, summary: 12}, "
                "expect: {fate: started, due: {assess: 2025-07-04}, data: {summary: "
                "12}}}\n" FILED(", expect: {fate: applied, state: filed, data: {filed_on: "
                                "2025-06-20}}") "  - {at: 2025-07-05, case: C-2, expect: "
                                                "{state: lead-registered, "
                                                "overdue: [assess]}}\n"
                                                "  - {at: 2025-07-05, expect: {due: {assess: "
                                                "none}}}\n"));
    print_findings();
    assert_int_equal(world.run.failure_count, 0);
}

static const char *explained(bool is_zh)
{
    static uint8_t memory[1 << 20];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory - 1);
    story_explain(&world.run, is_zh, &world.arena, &buffer);
    assert_false(buffer.is_full);
    memory[buffer.used] = '\0';
    return (const char *)memory;
}

static void explanation_tells_what_happened_and_why_in_both_languages(void **state)
{
    (void)state;
    play(BYTES_LITERAL(HEAD UNTIL_SERVED
                       "  - {at: 2025-09-02, from: qj-water, event: feedback.submitted}\n"
                       "  - {at: 2025-10-10}\n"));
    const char *zh = explained(true);
    assert_non_null(strstr(zh, "2025-08-05 10:00  市人民检察院  检察建议书送达"));
    assert_non_null(strstr(zh, "依法履职并书面回复〔法定〕开始,2025-10-09 到期"));
    assert_non_null(strstr(zh, "已拒绝:该单位不得发布此事件"));
    assert_non_null(strstr(zh, "提醒  〔逾期〕依法履职并书面回复 → 市生态环境局"));
    assert_non_null(strstr(zh, "状态  等待履职和回复 → 审查起诉"));
    assert_non_null(strstr(zh, "第二十一条"));
    const char *en = explained(false);
    assert_non_null(strstr(en, "2025-08-05 10:00  City procuratorate  Recommendation served"));
    assert_non_null(strstr(en, "starts, due 2025-10-09"));
    assert_non_null(strstr(en, "How each due date is derived"));
}

/* Two rules and the suspended case hold a clock at once, the first event comes early and waits; the
 * clock goes on where it was left, and is stopped still in the end. */
static const char stops_workflow[] =
    "workflow: stops\n"
    "version: 1\n"
    "title: {zh: 停止, en: Stops}\n"
    "calendar: cn\n"
    "parties:\n"
    "  prosecutor: {title: 检察院, kind: procuratorate}\n"
    "events:\n"
    "  opened: {from: [prosecutor]}\n"
    "  pause.one: {title: {zh: 甲停, en: First stops}, from: [prosecutor]}\n"
    "  resume.one: {title: {zh: 甲复, en: First goes on}, from: [prosecutor]}\n"
    "  pause.two: {from: [prosecutor]}\n"
    "  resume.two: {from: [prosecutor]}\n"
    "  left: {from: [prosecutor]}\n"
    "  back: {from: [prosecutor]}\n"
    "  suspended: {from: [prosecutor]}\n"
    "  resumed: {from: [prosecutor]}\n"
    "  done: {from: [prosecutor]}\n"
    "start: {event: opened, bind: {prosecutor: event.sender}, to: early}\n"
    "suspend: {from: suspended, until: resumed, basis: x, allow: [pause.one, resume.one]}\n"
    "when:\n"
    "  resume.one: {}\n"
    "  pause.two: {}\n"
    "  resume.two: {}\n"
    "states:\n"
    "  early:\n"
    "    when: {left: {to: inside}}\n"
    "    hold: [pause.one]\n"
    "  inside:\n"
    "    when: {left: {to: away}, done: {to: over}, pause.one: {}}\n"
    "  away:\n"
    "    when: {back: {to: inside}, pause.one: {}}\n"
    "  over: {end: true}\n"
    "clocks:\n"
    "  work:\n"
    "    force: agreed\n"
    "    who: prosecutor\n"
    "    while: inside\n"
    "    reentry: continue\n"
    "    period: 30 days\n"
    "    pause: [{from: pause.one, until: resume.one}, {from: pause.two, until: resume.two}]\n"
    "  wait: {force: agreed, who: prosecutor, while: early, period: 300 days}\n"
    "  rest: {force: agreed, who: prosecutor, while: away, period: 300 days}\n";
static const char stops_story[] =
    "story: s\n"
    "workflow: stops\n"
    "case: C-1\n"
    "steps:\n"
    "  - {at: 2025-07-01 10:00, from: qj-procuratorate, event: opened}\n"
    "  - {at: 2025-07-02 10:00, from: qj-procuratorate, event: pause.one}\n"
    "  - {at: 2025-07-03 10:00, from: qj-procuratorate, event: left}\n"
    "  - {at: 2025-07-04 10:00, from: qj-procuratorate, event: pause.two}\n"
    "  - {at: 2025-07-05 10:00, from: qj-procuratorate, event: suspended}\n"
    "  - {at: 2025-07-06 10:00, from: qj-procuratorate, event: resume.one}\n"
    "  - {at: 2025-07-07 10:00, from: qj-procuratorate, event: resumed}\n"
    "  - {at: 2025-07-08 10:00, from: qj-procuratorate, event: resume.two}\n"
    "  - {at: 2025-07-10 10:00, from: qj-procuratorate, event: left}\n"
    "  - {at: 2025-07-12 10:00, from: qj-procuratorate, event: back}\n"
    "  - {at: 2025-07-14 10:00, from: qj-procuratorate, event: suspended}\n";

static void explanation_names_what_stopped_a_clock(void **state)
{
    (void)state;
    const struct program *usual = world.program;
    struct definition_context context = {.calendar = world.rules.calendar,
                                         .policy = world.rules.policy,
                                         .directory = world.rules.directory};
    world.program = definition_workflow(bytes_from_text(stops_workflow), &context,
                                        &world.rules_arena, &world.diagnostics);
    assert_non_null(world.program);
    play(bytes_from_text(stops_story));
    print_findings();
    const char *en = explained(false);
    assert_non_null(
        strstr(en, "  2025-07-04 Fri to 2025-07-08 Tue  stopped, 5 days not counted\n"
                   "      from 2025-07-03 First stops pause.one  City procuratorate\n"
                   "      from 2025-07-04 pause.two  City procuratorate\n"
                   "      the whole case suspended, from 2025-07-05 suspended  City procuratorate\n"
                   "      until 2025-07-06 First goes on resume.one  City procuratorate\n"
                   "      the whole case resumed, until 2025-07-07 resumed  City procuratorate\n"
                   "      until 2025-07-08 resume.two  City procuratorate\n"
                   "  2025-07-09 Wed to 2025-07-10 Thu  days 1–2, counted\n"
                   "  2025-07-11 Fri to 2025-07-12 Sat  stopped, 2 days not counted\n"
                   "      from 2025-07-10 left  City procuratorate\n"
                   "      until 2025-07-12 back  City procuratorate\n"
                   "  2025-07-13 Sun to 2025-07-14 Mon  days 3–4, counted\n"
                   "  2025-07-15 Tue                    stopped, not counted\n"
                   "      the whole case suspended, from 2025-07-14 suspended  City procuratorate\n"
                   "      not resumed yet\n"));
    assert_non_null(strstr(explained(true), "      全案中止,自 2025-07-14 suspended  "
                                            "市人民检察院\n      尚未恢复\n"));
    world.program = usual;
}

static void explanation_names_what_extended_a_clock(void **state)
{
    (void)state;
    play(read_file("catalog/administrative-public-interest/"
                   "a-appraisal-extension-suspension.story.yaml"));
    const char *zh = explained(true);
    assert_non_null(strstr(zh, "延长 1 个月(决定于 2025-11-20)\n"
                               "      经 2025-11-20 延长审查起诉期限 review.extended  "
                               "市人民检察院 (chief)\n"));
    assert_non_null(strstr(zh, "停止计算,28 日不计入\n"
                               "      自 2025-10-13 委托鉴定（评估、审计、检验、检测、翻译） "
                               "appraisal.entrusted  市人民检察院\n"
                               "      至 2025-11-10 "));
}

/* An objection within ten days; whoever lets them pass is late with nothing. */
static const char right_text[] =
    "workflow: objection\nversion: 1\ncalendar: cn\n"
    "parties: {asked: {kind: agency}}\n"
    "events:\n"
    "  told: {from: [procuratorate], data: {unit: {type: unit}}}\n"
    "  objected: {from: [asked], date: sent_on, data: {sent_on: {type: date}}}\n"
    "  closed: {from: [procuratorate]}\n"
    "start: {event: told, bind: {asked: event.data.unit}, to: open}\n"
    "states:\n"
    "  open:\n"
    "    title: {zh: 待定, en: Open}\n"
    "    no-clock: 由检察院决定\n"
    "    when:\n"
    "      objected:\n"
    "        - {if: event.date <= due('object'), to: heard}\n"
    "        - {refuse: {zh: 已过期, en: Too late}}\n"
    "      closed: {to: done}\n"
    "  heard: {when: {closed: {to: done}}, no-clock: 由检察院决定}\n"
    "  done: {end: true}\n"
    "clocks:\n"
    "  object: {title: {zh: 提出异议, en: Object}, force: statutory, basis: x, who: asked,\n"
    "    from: told, until: objected, period: 10 days, ladder: standard, right: true,\n"
    "    expire: {do: [{notify: {to: asked, level: notice, text: lapsed}}]}}\n";

#define TOLD                                                                                       \
    "story: s\nworkflow: objection\ncase: C-1\nsteps:\n"                                           \
    "  - {at: 2025-11-03 10:00, from: qj-procuratorate, event: told, data: {unit: qj-ecology},\n"  \
    "     expect: {state: open, due: {object: 2025-11-13}}}\n"
#define LAPSED                                                                                     \
    "  - {at: 2025-11-10 09:00, expect: {alerts: [{clock: object, level: warning,\n"               \
    "     to: [qj-ecology, qj-government-office]}]}}\n"                                            \
    "  - {at: 2025-11-13 23:59, expect: {clocks: {object: running}, alerts: []}}\n"                \
    "  - {at: 2025-11-14 00:00, expect: {clocks: {object: cancelled}, overdue: [], alerts: [],\n"  \
    "     due: {object: none}, notices: [{level: notice, to: [qj-ecology]}]}}\n"                   \
    "  - {at: 2025-11-28 10:00, expect: {alerts: []}}\n"
#define OBJECTED(at, on, more)                                                                     \
    "  - {at: " at ", from: qj-ecology, event: objected, data: {sent_on: " on "}, expect: {" more  \
    "}}\n"

static void play_right(const char *text)
{
    play(bytes_from_text(text));
    print_findings();
    assert_int_equal(world.diagnostics.count, 0);
}

static void a_right_lapses_and_nobody_is_late(void **state)
{
    (void)state;
    const struct program *usual = world.program;
    struct definition_context context = {.policy = world.rules.policy,
                                         .directory = world.rules.directory};
    world.program = definition_workflow(bytes_from_text(right_text), &context, &world.rules_arena,
                                        &world.diagnostics);
    print_findings();
    assert_non_null(world.program);
    /* Too late by its legal date: for the definition to refuse. */
    play_right(TOLD LAPSED OBJECTED("2025-11-28 11:00", "2025-11-14",
                                    "refusal: by-rule, state: open, clocks: {object: cancelled}"));
    assert_non_null(strstr(explained(false), "2025-11-14 00:00  (by time alone)\n"
                                             "    clock  Object [statutory] has run out: the right "
                                             "lapsed\n"));
    assert_non_null(strstr(explained(false), "in the end: the right lapsed\n"));
    assert_non_null(strstr(explained(true), "    期限  提出异议〔法定〕权利期限已过\n"));
    assert_non_null(strstr(explained(true), "提出异议 object〔法定〕〔权利〕"));
    assert_non_null(strstr(explained(true), "结局:权利期限已过\n"));
    /* In time by its legal date, though the engine hears of it when the right has lapsed. */
    play_right(TOLD LAPSED OBJECTED("2025-11-28 11:00", "2025-11-13",
                                    "fate: applied, state: heard, clocks: {object: met}"));
    assert_non_null(strstr(explained(false), "    clock  Object [statutory] ends within the "
                                             "period\n"));
    play_right(TOLD OBJECTED("2025-11-12 10:00", "2025-11-12",
                             "fate: applied, state: heard, clocks: {object: met}"));
    assert_non_null(strstr(explained(true), "    期限  提出异议〔法定〕期限内了结\n"));
    assert_non_null(strstr(explained(true), "结局:期限内了结\n"));
    world.program = usual;
}

/* --- several cases of several workflows ----------------------------------------------------- */

enum { FAMILY_COUNT = 7 };

static struct story_actor family[FAMILY_COUNT];

static void load_family(void)
{
    static const char *const names[FAMILY_COUNT] = {"order",      "order-item",   "item-opinion",
                                                    "transfer",   "doubt-desk-a", "doubt-desk-b",
                                                    "order-sheet"};
    struct arena *arena = &world.rules_arena;
    struct rules rules = world.rules;
    char path[256];
    if (family[0].program)
        return;
    rules.policy = definition_policy(read_file("../tests/story/family/policy.yaml"),
                                     rules.directory, arena, &world.diagnostics);
    assert_non_null(rules.policy);
    const struct definition_context context = {
        .calendar = rules.calendar, .policy = rules.policy, .directory = rules.directory};
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        assert_true(snprintf(path, sizeof path, "../tests/story/family/%s.yaml", names[i]) > 0);
        family[i].program =
            definition_workflow(read_file(path), &context, arena, &world.diagnostics);
        family[i].rules = rules;
        assert_non_null(family[i].program);
    }
}

/* With the first `count` of the family as the cast. */
static enum ld_err play_family(struct bytes text, uint32_t count)
{
    diagnostics_init(&world.diagnostics, &world.rules_arena, BYTES_LITERAL("family"));
    load_family();
    const struct story_cast cast = {family, count};
    const struct story *story = read_story(text);
    if (!story)
        print_findings();
    assert_non_null(story);
    return story_play(story, &cast, &world.arena, &world.diagnostics, &world.run);
}

#define ORDER_HEAD "story: s\nworkflow: order\ncase: C-1\nsteps:\n"
#define SERVED(items, more)                                                                        \
    "  - {at: 2025-09-01 10:00, from: qj-procuratorate, event: order.served, data: "               \
    "{respondent: qj-ecology, items: [" items "]}" more "}\n"
#define ITEM(name) "{name: " name ", unit: qj-water, due_on: 2025-12-31}"
#define BY_PROCURATORATE(event, more)                                                              \
    "  - {at: 2025-09-02 10:00, from: qj-procuratorate, event: " event more "}\n"

static void each_expectation_about_other_cases_fails_once(void **state)
{
    (void)state;
    assert_int_equal(
        play_family(
            BYTES_LITERAL(
                ORDER_HEAD SERVED(ITEM("a") ", " ITEM("b"),
                                  ", expect: {subs: {a: done, c: pending}}")
                    BY_PROCURATORATE("order.noted", ", expect: {emitted: [order.published, x]}")
                        BY_PROCURATORATE("order.noted", ", expect: {emitted: [], subs: "
                                                        "{}}")
                            BY_PROCURATORATE("order.suspended",
                                             ", expect: {subs: [a], emitted: {a: "
                                             "b}}") "  - {at: 2025-09-02 10:00, "
                                                    "case: C-1/a, expect: "
                                                    "{suspended: false}}\n"
                                                    "  - {at: 2025-09-02 10:00, "
                                                    "case: C-1/c, expect: {subs: "
                                                    "{}, emitted: "
                                                    "[]}}\n"),
            FAMILY_COUNT),
        LD_OK);
    ASSERT_FINDINGS({5, "story-sub"}, {5, "story-sub-missing"}, {5, "story-sub-extra"},
                    {6, "story-emitted-missing"}, {6, "story-emitted-extra"},
                    {7, "story-emitted-extra"}, {7, "story-emitted-extra"}, {7, "story-sub-extra"},
                    {7, "story-sub-extra"}, {8, "story-shape"}, {8, "story-shape"},
                    {9, "story-suspended"}, {10, "story-no-case"});
}

/* The second of two openings is refused: neither the order nor its first item is there, and the
 * event comes again under another id. */
static void an_opening_that_is_refused_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        play_family(BYTES_LITERAL(ORDER_HEAD SERVED(
                        ITEM("a") ", " ITEM("a"),
                        ", expect: {fate: refused, "
                        "refusal: sub-case}") "  - {at: 2025-09-01 10:00, case: C-1/a,\n"
                                              "     expect: {state: pending}}\n" SERVED(
                                                  ITEM("a"), ", expect: {fate: started, subs: "
                                                             "{a: pending}}")),
                    FAMILY_COUNT),
        LD_OK);
    ASSERT_FINDINGS({7, "story-no-case"});
    const struct story_row *rows = world.run.rows;
    assert_int_equal(world.run.row_count, 3);
    assert_false(rows[0].after->is_open);
    assert_int_equal(rows[0].cause, ROW_NONE);
    assert_true(rows[1].after->is_open && rows[2].after->is_open);
    assert_int_equal(rows[2].kind, STORY_FAMILY);
    assert_int_equal(rows[2].input, INPUT_OPEN);
    assert_int_equal(rows[2].cause, 1);
}

/* There and back at one instant, each with the identity that a repeat would have too. */
static void an_emitted_event_is_a_row_with_its_identity_and_its_cause(void **state)
{
    (void)state;
    assert_int_equal(
        play_family(BYTES_LITERAL(ORDER_HEAD SERVED("", ", expect: {subs: {}}") BY_PROCURATORATE(
                        "order.referred",
                        "") "  - {at: 2025-09-03 10:00, case: C-1-T, from: qj-police, event: "
                            "transfer.decided, data: {answer: taken}, expect: {state: "
                            "decided}}\n"),
                    FAMILY_COUNT),
        LD_OK);
    print_findings();
    assert_int_equal(world.run.failure_count, 0);
    const struct story_row *rows = world.run.rows;
    assert_int_equal(world.run.row_count, 5); /* what the last step emits arrives too */
    assert_true(bytes_is(rows[2].event->id, "C-1@2.0"));
    assert_true(bytes_is(rows[2].after->id, "C-1-T"));
    assert_int_equal(rows[2].cause, 1);
    assert_null(rows[2].step);
    assert_true(rows[2].actor->program == family[3].program);
    assert_true(bytes_is(rows[4].event->id, "C-1-T@4.0"));
    assert_int_equal(rows[4].effects.fate, FATE_APPLIED);
    assert_true(bytes_is(rows[4].after->fields[0].as.text, "taken"));
}

static void a_starting_event_opens_what_a_worker_would_open(void **state)
{
    (void)state;
    static const char doubt[] =
        "  - {at: 2025-09-01 10:00, case: D-1, from: qj-procuratorate, event: doubt.raised,\n"
        "     expect: {fate: started}}\n"
        "  - {at: 2025-09-01 10:00, case: D-2, workflow: doubt-desk-b, from: qj-procuratorate, "
        "event: doubt.raised, expect: {fate: started}}\n"
        "  - {at: 2025-09-01 10:00, case: D-3, workflow: transfer, from: qj-procuratorate, event: "
        "doubt.raised, expect: {fate: refused, refusal: unknown-case}}\n"
        "  - {at: 2026-09-01 10:00, case: D-4, from: qj-procuratorate, event: transfer.proposed, "
        "data: {origin: x}, expect: {fate: refused, refusal: not-effective}}\n";
    char text[2048];
    assert_true(snprintf(text, sizeof text, "%s%s", ORDER_HEAD, doubt) > 0);
    assert_int_equal(play_family(bytes_from_text(text), FAMILY_COUNT), LD_OK);
    ASSERT_FINDINGS({6, "story-fate"});
    assert_int_equal(world.run.rows[0].effects.refusal, REFUSAL_AMBIGUOUS_START);
    assert_int_equal(play_family(bytes_from_text(text), 5), LD_OK); /* one of the two desks */
    ASSERT_FINDINGS({7, "story-fate"});
}

/* Time cannot be refused: what a rung cannot open is a problem of the case, and nothing is left of
 * the draft. */
static void a_draft_that_cannot_be_opened_is_a_problem(void **state)
{
    (void)state;
    static const char story[] = ORDER_HEAD SERVED(
        "", "") "  - {at: 2025-10-13 09:00, expect: {subs: {}, alerts: [{level: overdue}, {level: "
                "escalated}]}}\n";
    assert_int_equal(play_family(BYTES_LITERAL(story), FAMILY_COUNT - 1), LD_OK);
    print_findings();
    assert_int_equal(world.run.failure_count, 0);
    const struct effects *last = &world.run.rows[world.run.row_count - 1].effects;
    bool is_problem = false;
    for (uint32_t i = 0; i < last->fact_count; i++)
        is_problem = is_problem || last->facts[i].kind == FACT_PROBLEM;
    assert_true(is_problem);
    assert_non_null(strstr(explained(false), "trouble  C-1/order-sheet-1: no such workflow"));
    assert_int_equal(play_family(BYTES_LITERAL(story), FAMILY_COUNT), LD_OK);
    ASSERT_FINDINGS({6, "story-sub-extra"});
}

/* Each opening takes memory for all that could follow from it; a story keeps what did. */
static void a_long_story_of_a_family_fits(void **state)
{
    (void)state;
    enum { STEPS = 450 };
    static char text[TEXT_MAX];
    int used = snprintf(text, sizeof text, "%s%s", ORDER_HEAD, SERVED(ITEM("a"), ""));
    for (int i = 0; i < STEPS; i++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "  - {at: 2025-09-02, from: qj-procuratorate, event: item.added, data: "
                         "{name: b, unit: qj-police, due_on: 2025-12-31}}\n");
    assert_true(used > 0 && used < TEXT_MAX);
    assert_int_equal(play_family(bytes_from_text(text), FAMILY_COUNT), LD_OK);
    assert_int_equal(world.run.row_count, 2 + STEPS);
    assert_int_equal(world.run.rows[1 + STEPS].effects.refusal, REFUSAL_SUB_CASE);
    assert_non_null(strstr(explained(false), "sub-case  opened: a (order-item)"));
}

static void explanation_tells_what_cases_did_to_each_other(void **state)
{
    (void)state;
    static const char story[] =
        ORDER_HEAD SERVED(ITEM("a"), "") BY_PROCURATORATE("order.noted", "") BY_PROCURATORATE(
            "order.suspended",
            "") "  - {at: 2025-09-05, from: qj-procuratorate, event: order.resumed}\n"
                "  - {at: 2025-09-05, from: qj-procuratorate, event: order.withdrawn}\n";
    assert_int_equal(play_family(BYTES_LITERAL(story), FAMILY_COUNT), LD_OK);
    const char *zh = explained(true);
    assert_non_null(strstr(zh, "下级  开立 a(order-item),随本案中止和办结\n"));
    assert_non_null(strstr(zh, "(由 C-1 开立)  C-1/a\n"));
    assert_non_null(
        strstr(zh, "发出  order.published → 订阅者\n    发出  lead.answered → NOBODY-1\n"));
    assert_non_null(
        strstr(zh, "lead.answered  已拒绝:没有这个案件,该事件也不能立案(来自 C-1)  NOBODY-1\n"));
    assert_non_null(strstr(zh, "(随 C-1 中止)  C-1/a\n    中止  随上级案件,全部期限停止计算\n"));
    assert_non_null(strstr(zh, "(随 C-1 恢复)  C-1/a\n"));
    assert_non_null(
        strstr(zh, "(随 C-1 办结)  C-1/a\n    状态  待落实 → 随案终结,结果 with-parent\n"));
    assert_non_null(strstr(zh, "(下级案件办结)\n    下级  办结 a,结果 with-parent\n"));
    assert_non_null(strstr(zh, "\nC-1/a  限期落实 carry-out〔约定〕  责任单位:市水利和湖泊局\n"));
    const char *en = explained(false);
    assert_non_null(strstr(en, "sub-case  opened: a (order-item); suspended and closed with this "
                               "case\n"));
    assert_non_null(strstr(en, "emits  order.published → subscribers\n"));
    assert_non_null(strstr(en, "(suspended with C-1)  C-1/a\n"));
    assert_non_null(strstr(en, "(a sub-case has closed)\n    sub-case  closed: a, outcome "
                               "with-parent\n"));
    assert_non_null(strstr(en, "      the whole case suspended, from 2025-09-02 (suspended with "
                               "C-1)\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(story_reads_steps_with_their_times_and_identities),
        cmocka_unit_test(story_that_cannot_be_read_is_told_where),
        cmocka_unit_test(shipped_stories_hold),
        cmocka_unit_test(each_expectation_that_does_not_hold_is_one_finding),
        cmocka_unit_test(a_wrong_refusal_is_the_one_finding_of_a_case),
        cmocka_unit_test(words_that_the_workflow_does_not_have_are_findings),
        cmocka_unit_test(a_case_that_does_not_exist_holds_nothing),
        cmocka_unit_test(what_falls_due_at_a_steps_instant_comes_before_its_event),
        cmocka_unit_test(an_alert_too_many_or_one_too_few_fails),
        cmocka_unit_test(the_same_id_twice_is_a_resend),
        cmocka_unit_test(what_waits_and_is_told_is_held_against_the_case),
        cmocka_unit_test(a_story_may_tell_of_several_cases),
        cmocka_unit_test(explanation_tells_what_happened_and_why_in_both_languages),
        cmocka_unit_test(explanation_names_what_stopped_a_clock),
        cmocka_unit_test(explanation_names_what_extended_a_clock),
        cmocka_unit_test(a_right_lapses_and_nobody_is_late),
        cmocka_unit_test(each_expectation_about_other_cases_fails_once),
        cmocka_unit_test(an_opening_that_is_refused_leaves_nothing),
        cmocka_unit_test(an_emitted_event_is_a_row_with_its_identity_and_its_cause),
        cmocka_unit_test(a_starting_event_opens_what_a_worker_would_open),
        cmocka_unit_test(a_draft_that_cannot_be_opened_is_a_problem),
        cmocka_unit_test(a_long_story_of_a_family_fits),
        cmocka_unit_test(explanation_tells_what_cases_did_to_each_other),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
