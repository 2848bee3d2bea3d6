/* Definitions from text to program: LANGUAGE's own example field by field, one bad file for each
 * finding with its place, and texts that are cut, damaged or too big for their arena. */
#include "workflows/language/definition.h"

#include "base/buffer.h"
#include "workflows/core/case.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define FOLDER LIANDONG_SOURCE "/tests/unit/language/"

enum { CONTEXT_ARENA_SIZE = 1 << 20, FILE_MAX = 1 << 17 };

/* The workflows that others may name: read once, without each other. */
static const char *const context_workflows[] = {"item", "forward", "counting", "back"};

enum { CONTEXT_WORKFLOWS = sizeof context_workflows / sizeof context_workflows[0] };

struct fixture {
    const struct program *workflows[CONTEXT_WORKFLOWS];
    void *block, *context_block;
    struct arena arena, context_arena;
    struct diagnostics diagnostics;
    struct definition_context context;
    uint8_t file[FILE_MAX];
};

static struct bytes read_file(struct fixture *fixture, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(fixture->file, 1, FILE_MAX, file);
    fclose(file);
    return (struct bytes){fixture->file, size};
}

static void begin(struct fixture *fixture)
{
    arena_clear(&fixture->arena);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
}

static void print_findings(const struct diagnostics *diagnostics)
{
    static char memory[1 << 16];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    for (uint32_t i = 0; i < diagnostics->count; i++)
        diagnostic_print(&diagnostics->rows[i], false, &buffer);
    print_message("%.*s", BYTES_PRINTF(buffer_bytes(&buffer)));
}

static const struct program *find_workflow(void *finder, struct bytes id)
{
    const struct fixture *fixture = finder;
    for (size_t i = 0; i < CONTEXT_WORKFLOWS; i++) {
        if (bytes_equal(fixture->workflows[i]->id, id))
            return fixture->workflows[i];
    }
    return NULL;
}

static void read_workflows(struct fixture *fixture)
{
    char path[512];
    for (size_t i = 0; i < CONTEXT_WORKFLOWS; i++) {
        snprintf(path, sizeof path, FOLDER "context-%s.yaml", context_workflows[i]);
        fixture->workflows[i] =
            definition_workflow(read_file(fixture, path), &fixture->context,
                                &fixture->context_arena, &fixture->diagnostics);
    }
    fixture->context.find_workflow = find_workflow;
    fixture->context.finder = fixture;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct diagnostics *diagnostics = &fixture->diagnostics;
    struct arena *arena = &fixture->context_arena;
    fixture->block = malloc(DEFINITION_ARENA_SIZE);
    fixture->context_block = malloc(CONTEXT_ARENA_SIZE);
    arena_init(&fixture->arena, fixture->block, DEFINITION_ARENA_SIZE);
    arena_init(arena, fixture->context_block, CONTEXT_ARENA_SIZE);
    diagnostics_init(diagnostics, arena, BYTES_LITERAL("context"));
    fixture->context.calendar =
        definition_calendar(read_file(fixture, FOLDER "context-calendar.yaml"), arena, diagnostics);
    fixture->context.directory = definition_directory(
        read_file(fixture, FOLDER "context-directory.yaml"), arena, diagnostics);
    fixture->context.policy = definition_policy(read_file(fixture, FOLDER "context-policy.yaml"),
                                                fixture->context.directory, arena, diagnostics);
    read_workflows(fixture);
    print_findings(diagnostics);
    *state = fixture;
    return diagnostics->count ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->block);
    free(fixture->context_block);
    free(fixture);
    return 0;
}

static void assert_text(struct bytes text, const char *wanted)
{
    if (!bytes_is(text, wanted))
        print_message("%.*s instead of %s\n", BYTES_PRINTF(text), wanted);
    assert_true(bytes_is(text, wanted));
}

static const struct program *compile(struct fixture *fixture, const char *text)
{
    begin(fixture);
    const struct program *program = definition_workflow(bytes_from_text(text), &fixture->context,
                                                        &fixture->arena, &fixture->diagnostics);
    print_findings(&fixture->diagnostics);
    return program;
}

static const struct program *compile_example(struct fixture *fixture)
{
    begin(fixture);
    const struct program *program =
        definition_workflow(read_file(fixture, FOLDER "pre-litigation.yaml"), &fixture->context,
                            &fixture->arena, &fixture->diagnostics);
    print_findings(&fixture->diagnostics);
    assert_int_equal(fixture->diagnostics.count, 0);
    assert_non_null(program);
    return program;
}

static int32_t find(const struct program *program, const char *kind, const char *name)
{
    struct bytes text = bytes_from_text(name);
    int32_t index = INDEX_NONE;
    if (!strcmp(kind, "event"))
        index = program_event(program, text);
    if (!strcmp(kind, "state"))
        index = program_state(program, text);
    if (!strcmp(kind, "clock"))
        index = program_clock(program, text);
    if (!strcmp(kind, "party"))
        index = program_party(program, text);
    if (!strcmp(kind, "field"))
        index = program_field(program, text);
    assert_int_not_equal(index, INDEX_NONE);
    return index;
}

static void example_head_parties_and_data(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_example(fixture);
    uint8_t digest[DIGEST_SIZE];
    digest_of(read_file(fixture, FOLDER "pre-litigation.yaml"), digest);
    assert_memory_equal(program->digest, digest, DIGEST_SIZE);
    assert_text(program->id, "pre-litigation");
    assert_int_equal(program->version, 1);
    assert_int_equal(program->effective_from, date_from_civil((struct civil){2021, 7, 1}));
    assert_int_equal(program->effective_until, DATE_MAX);
    assert_text(program->title.zh, "行政公益诉讼诉前程序");
    assert_text(program->title.en, "Pre-litigation procedure");
    assert_text(program->calendar, "cn");
    assert_int_equal(program->label_count, 2);
    assert_text(program->labels[1], "key-task-10");
    assert_int_equal(program->party_count, 2);
    assert_text(program->parties[1].kind, "agency");
    assert_int_equal(program->field_count, 3);
    assert_int_equal(program->fields[0].type.kind, TYPE_CHOICE);
    assert_int_equal(program->fields[0].type.choice_count, 6);
    assert_text(program->fields[0].type.choices[5], "minors");
    assert_int_equal(program->fields[1].initial.kind, VALUE_BOOL);
    assert_false(program->fields[1].initial.as.boolean);
    assert_int_equal(program->fields[1].class, CLASS_INTERNAL);
    assert_true(program->fields[2].is_optional);
    assert_int_equal(program->fields[2].class, CLASS_SEALED);
    assert_int_equal(program->suspend_from, INDEX_NONE);
}

static void example_events(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_example(fixture);
    assert_int_equal(program->event_count, 8);
    const struct event_type *lead = &program->events[0];
    assert_int_equal(lead->from_count, 2);
    assert_int_equal(lead->from[0].party, INDEX_NONE);
    assert_text(lead->from[1].kind, "procuratorate");
    assert_int_equal(lead->date_field, INDEX_NONE);
    const struct event_type *served =
        &program->events[find(program, "event", "recommendation.served")];
    assert_int_equal(served->from[0].party, find(program, "party", "prosecutor"));
    assert_int_equal(served->date_field, 0);
    const struct event_type *granted =
        &program->events[find(program, "event", "extension.granted")];
    assert_text(granted->role, "chief");
    assert_true(granted->fields[0].type.has_min && granted->fields[0].type.has_max);
    assert_true(granted->fields[0].type.min == 1 && granted->fields[0].type.max == 1);
}

static struct value evaluate(struct fixture *fixture, const struct expr *expr,
                             const struct expr_env *env)
{
    struct value value = VALUE_ABSENT;
    assert_non_null(expr);
    assert_int_equal(expr_eval(expr, env, &fixture->arena, &value), EXPR_OK);
    return value;
}

static void example_start_and_transitions(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_example(fixture);
    struct value data[] = {value_words("land"), value_unit(BYTES_LITERAL("qj-ecology")),
                           value_bool(true)};
    struct expr_env env = {.event_data = data, .calendar = fixture->context.calendar};
    assert_int_equal(program->start_event, 0);
    assert_int_equal(program->start.to, find(program, "state", "lead-received"));
    assert_int_equal(program->start.set_count, 2);
    assert_int_equal(program->start.sets[1].target, find(program, "field", "urgent"));
    assert_true(evaluate(fixture, program->start.sets[1].value, &env).as.boolean);
    assert_text(evaluate(fixture, program->start.sets[0].value, &env).as.text, "land");
    assert_int_equal(program->start.binds[0].target, find(program, "party", "respondent"));
    assert_text(evaluate(fixture, program->start.binds[1].value, &env).as.text, "qj-procuratorate");
    const struct state *received = &program->states[0];
    assert_int_equal(received->handler_count, 2);
    assert_text(received->handlers[1].branches[0].outcome, "not-filed");
    assert_int_equal(received->hold_count, 1);
    assert_int_equal(received->holds[0], find(program, "event", "feedback.submitted"));
    const struct state *reviewing = &program->states[find(program, "state", "reviewing")];
    const struct handler *done = program_handler(program, find(program, "state", "reviewing"),
                                                 find(program, "event", "review.done"));
    assert_int_equal(done->branch_count, 2);
    assert_true(evaluate(fixture, done->branches[0].guard,
                         &(struct expr_env){
                             .event_data = &(struct value){.kind = VALUE_BOOL, .as.boolean = true}})
                    .as.boolean);
    assert_null(done->branches[1].guard);
    assert_int_equal(done->branches[1].to, find(program, "state", "litigation"));
    assert_int_equal(reviewing->handlers[0].branches[0].to, INDEX_NONE);
    assert_true(program->states[find(program, "state", "closed")].records_late);
    assert_true(program->states[find(program, "state", "litigation")].is_end);
}

static void example_clocks(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_example(fixture);
    struct value fields[3] = {value_words("land"), value_bool(true)};
    int32_t last_days[3] = {DATE_NONE, 20000, DATE_NONE};
    struct value months = value_int(1);
    struct expr_env env = {.fields = fields, .clock_last_days = last_days, .event_data = &months};
    const struct clock_rule *assess = &program->clocks[0];
    assert_int_equal(assess->force, FORCE_AGREED);
    assert_int_equal(assess->states, 1);
    assert_int_equal(program->states[0].clocks, 1);
    assert_int_equal(evaluate(fixture, assess->periods[0].amount, &env).as.integer, 30);
    assert_int_equal(assess->periods[0].unit, PERIOD_DAYS);
    assert_text(assess->ladder, "standard");
    assert_true(assess->is_rolled && !assess->continues && assess->rule == RULE_CIVIL);
    const struct clock_rule *reply = &program->clocks[find(program, "clock", "reply")];
    assert_int_equal(reply->states, 0);
    assert_int_equal(reply->from_event, find(program, "event", "recommendation.served"));
    assert_int_equal(reply->until_event, find(program, "event", "feedback.submitted"));
    assert_int_equal(reply->until_state, INDEX_NONE);
    assert_int_equal(reply->who, find(program, "party", "respondent"));
    assert_int_equal(reply->period_count, 2);
    assert_true(evaluate(fixture, reply->periods[0].guard, &env).as.boolean);
    assert_int_equal(reply->periods[1].unit, PERIOD_MONTHS);
    assert_null(reply->periods[1].guard);
    assert_int_equal(reply->expire[0].to, find(program, "state", "reviewing"));
    const struct clock_rule *verify = &program->clocks[find(program, "clock", "verify")];
    assert_int_equal(evaluate(fixture, verify->anchor, &env).as.date, 20000);
    assert_int_equal(verify->pauses[0].from, find(program, "event", "appraisal.started"));
    assert_int_equal(verify->extends[0].times, 1);
    assert_true(verify->extends[0].is_before_due);
    assert_int_equal(verify->extends[0].unit, PERIOD_MONTHS);
    assert_int_equal(evaluate(fixture, verify->extends[0].amount, &env).as.integer, 1);
    assert_int_equal(program->states[find(program, "state", "reviewing")].clocks, 4);
}

static void calendar_rows_are_sorted_and_whole(void **state)
{
    const struct calendar *calendar = ((struct fixture *)*state)->context.calendar;
    assert_text(calendar->id, "cn");
    assert_int_equal(calendar->version, 2026);
    assert_int_equal(calendar->zone_minutes, 480);
    assert_int_equal(calendar->weekend, 0x60);
    assert_int_equal(calendar->day_count, 8 + 1 + 8 + 5);
    assert_int_equal(calendar->year_count, 1);
    assert_text(calendar->years[0].basis, "国办发明电〔2024〕12 号");
    for (uint32_t i = 1; i < calendar->day_count; i++)
        assert_true(calendar->days[i - 1].date < calendar->days[i].date);
    assert_int_equal(calendar->days[0].date, date_from_civil((struct civil){2025, 1, 1}));
    assert_text(calendar->days[2].name, "春节");
    assert_int_equal(calendar->days[1].kind, DAY_WORK);
}

static void directory_rows_are_sorted_and_linked(void **state)
{
    const struct directory *directory = ((struct fixture *)*state)->context.directory;
    assert_int_equal(directory->unit_count, 5);
    assert_text(directory->units[0].id, "qj-ecology");
    assert_text(directory_unit(directory, BYTES_LITERAL("qj-procuratorate"))->supervisor,
                "qj-joint-office");
    assert_text(directory_role_unit(directory, BYTES_LITERAL("convener"))->id, "qj-vice-mayor");
    assert_int_equal(directory->version, 0);
}

static void policy_rungs_and_whom_they_tell(void **state)
{
    const struct policy *policy = ((struct fixture *)*state)->context.policy;
    assert_int_equal(policy->alert_hour, 9);
    assert_int_equal(policy->backdate_days, 30);
    assert_int_equal(policy->ladder_count, 2);
    const struct ladder *ladder = policy_ladder(policy, BYTES_LITERAL("standard"));
    assert_int_equal(ladder->rung_count, 4);
    const struct rung *first = &ladder->rungs[0];
    assert_true(first->is_before && first->amount == 10 && first->unit == PERIOD_WORKING_DAYS);
    assert_int_equal(first->level, ALERT_NOTICE);
    assert_int_equal(ladder->rungs[1].tell[1].kind, TELL_WHO);
    assert_true(ladder->rungs[1].tell[1].is_supervisor);
    const struct rung *due = &ladder->rungs[2];
    assert_true(due->unit == PERIOD_UNTIL && due->amount == 0 && !due->is_before);
    assert_int_equal(due->tell[2].kind, TELL_ROLE);
    assert_int_equal(due->ack_within.amount, 1);
    assert_int_equal(due->ack_within.unit, PERIOD_WORKING_DAYS);
    assert_text(due->else_tell[0].name, "convener");
    assert_int_equal(ladder->rungs[3].repeat.amount, 5);
    assert_false(ladder->rungs[3].is_before);
    const struct ladder *other = policy_ladder(policy, BYTES_LITERAL("with-party"));
    assert_true(other->rungs[0].is_before && other->rungs[0].amount == 0);
    assert_int_equal(other->rungs[0].unit, PERIOD_DAYS);
    assert_int_equal(other->rungs[1].unit, PERIOD_HOURS);
    assert_int_equal(other->rungs[1].tell[0].kind, TELL_PARTY);
    assert_int_equal(other->rungs[1].tell[1].kind, TELL_UNIT);
}

static const char small_head[] = "workflow: w\n"
                                 "version: 3\n"
                                 "effective: ..2025-12-31\n"
                                 "parties: {owner: {kind: agency}}\n"
                                 "events:\n"
                                 "  opened: {from: agency, data: {by: {type: date}}}\n"
                                 "  stopped: {from: [owner]}\n"
                                 "  resumed: {from: [owner]}\n"
                                 "  done: {from: [owner]}\n"
                                 "start: {event: opened, bind: {owner: event.sender}, to: open}\n";

static const struct program *compile_small(struct fixture *fixture, const char *tail)
{
    char text[4096];
    int size = snprintf(text, sizeof text, "%s%s", small_head, tail);
    assert_true(size > 0 && (size_t)size < sizeof text);
    return compile(fixture, text);
}

/* What LANGUAGE allows beside its example: a handler at the top, lists where one will do, an end
 * by a state, a period that the one entering event gives, an expiry with branches. */
static void other_forms_compile(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_small(
        fixture, "when: {stopped: {}, resumed: {}}\n"
                 "states:\n"
                 "  open: {when: {done: {to: later}}}\n"
                 "  later: {when: {done: {to: closed, outcome: fine}, stopped: {refuse: 不得}}}\n"
                 "  closed: {end: true}\n"
                 "clocks:\n"
                 "  answer:\n"
                 "    force: agreed\n"
                 "    who: owner\n"
                 "    while: [open]\n"
                 "    period: until event.data.by\n"
                 "    roll: none\n"
                 "    pause: [{from: stopped, until: resumed}]\n"
                 "    extend: [{event: resumed, by: 3 days}]\n"
                 "    expire: [{if: case.id == 'a', to: later}, {to: closed, outcome: late}]\n"
                 "  check:\n"
                 "    force: reference\n"
                 "    who: owner\n"
                 "    from: opened\n"
                 "    until: enter closed\n"
                 "    rule: criminal\n"
                 "    period: 24 hours\n"
                 "    repeat: true\n");
    assert_non_null(program);
    assert_int_equal(program->effective_from, DATE_MIN);
    assert_int_equal(program->effective_until, date_from_civil((struct civil){2025, 12, 31}));
    assert_int_equal(program->handler_count, 2);
    assert_int_equal(program->clocks[0].periods[0].unit, PERIOD_UNTIL);
    assert_false(program->clocks[0].is_rolled);
    assert_int_equal(program->clocks[0].expire_count, 2);
    assert_text(program->clocks[0].expire[1].outcome, "late");
    assert_int_equal(program->clocks[0].extends[0].times, 0);
    assert_int_equal(program->clocks[1].until_state, 2);
    assert_int_equal(program->clocks[1].until_event, INDEX_NONE);
    assert_true(program->clocks[1].repeats && program->clocks[1].rule == RULE_CRIMINAL);
    assert_int_equal(program->states[1].clocks, 0);
    assert_text(program->states[1].handlers[1].branches[0].refuse.zh, "不得");
}

static bool has_code(const struct diagnostics *diagnostics, const char *code)
{
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        if (!strcmp(diagnostics->rows[i].code, code))
            return true;
    }
    return false;
}

/* Two events that suspend, one of them handled too, and one that is allowed; held events, in a list
 * or alone; a notice from a start, a branch and an expiry. */
static void waiting_and_notices_compile(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_small(
        fixture, "suspend: {from: stopped, until: resumed, basis: 某法 第一条, allow: [opened]}\n"
                 "states:\n"
                 "  open: {no-clock: x, when: {stopped: {}, opened: {to: next}}, hold: done}\n"
                 "  next:\n"
                 "    when:\n"
                 "      done:\n"
                 "        - to: closed\n"
                 "          do:\n"
                 "            - notify:\n"
                 "                to: [owner, supervisor(owner), joint-office, qj-ecology]\n"
                 "                level: warning\n"
                 "                text: 案件 ${case.id} 已由 ${party.owner} 办结\n"
                 "  closed: {end: true}\n"
                 "clocks:\n"
                 "  answer:\n"
                 "    {force: statutory, basis: b, who: owner, while: next, period: 5 days,\n"
                 "     expire: {do: [{notify: {to: owner, level: overdue, text: "
                 "\"${due('answer')}\"}}]}}\n");
    assert_non_null(program);
    assert_int_equal(program->suspend_from, find(program, "event", "stopped"));
    assert_int_equal(program->suspend_until, find(program, "event", "resumed"));
    assert_text(program->suspend_basis, "某法 第一条");
    assert_int_equal(program->suspend_allow_count, 1);
    assert_int_equal(program->suspend_allows[0], find(program, "event", "opened"));
    assert_int_equal(program->states[0].hold_count, 1);
    assert_int_equal(program->states[0].holds[0], find(program, "event", "done"));
    const struct branch *done = &program->states[1].handlers[0].branches[0];
    const struct action *notice = done->actions;
    assert_int_equal(done->action_count, 1);
    assert_int_equal(notice->level, ALERT_WARNING);
    assert_int_equal(notice->tell_count, 4);
    assert_int_equal(notice->tell[0].kind, TELL_PARTY);
    assert_true(notice->tell[1].is_supervisor && notice->tell[1].kind == TELL_PARTY);
    assert_int_equal(notice->tell[2].kind, TELL_ROLE);
    assert_int_equal(notice->tell[3].kind, TELL_UNIT);
    struct value owner = value_unit(BYTES_LITERAL("qj-ecology"));
    struct expr_env env = {.case_id = BYTES_LITERAL("QJ-1"), .parties = &owner};
    assert_text(evaluate(fixture, notice->text, &env).as.text, "案件 QJ-1 已由 qj-ecology 办结");
    assert_int_equal(program->clocks[0].expire[0].action_count, 1);
}

/* What is bound by the branch may be told of by it, and not before; who may not publish where an
 * event waits, or where it suspends, is a finding. */
static void waiting_and_notices_follow_the_flow(void **state)
{
    static const struct {
        const char *open, *suspend, *code;
    } rows[] = {
        {"joined: {to: work, bind: {helper: event.sender}, do: [{notify: {to: helper, level: "
         "notice, "
         "text: '${party.helper}'}}]}",
         "", NULL},
        {"joined: {to: work, do: [{notify: {to: helper, level: notice, text: x}}]}", "",
         "party-unset"},
        {"joined: {to: work, do: [{notify: {to: owner, level: notice, text: '${party.helper}'}}]}",
         "", "party-unset"},
        {"joined: {to: work, do: [{notify: {to: owner, level: notice, text: '${case.list}'}}]}", "",
         "template-type"},
        {"joined: {to: work}", "suspend: {from: helped, until: skipped}\n", "sender-unset"},
        {"joined: {to: work}", "suspend: {from: skipped, until: helped}\n", "sender-unset"},
        {"joined: {to: work}}, hold: [helped", "", "sender-unset"},
        {"joined: {to: work, bind: {helper: event.sender}}", "", NULL},
    };
    static const char form[] = "workflow: w\nversion: 1\n"
                               "parties: {owner: {}, helper: {}}\n"
                               "data: {list: {type: list, of: {type: text}}}\n"
                               "events:\n"
                               "  opened: {from: [agency]}\n"
                               "  joined: {from: [owner]}\n"
                               "  skipped: {from: [owner]}\n"
                               "  helped: {from: [%s]}\n"
                               "start: {event: opened, bind: {owner: event.sender}, to: open}\n"
                               "%s"
                               "states:\n"
                               "  open: {no-clock: x, when: {%s%s}\n"
                               "  work: {no-clock: x, when: {skipped: {to: end}, helped: {}}}\n"
                               "  end: {end: true}\n";
    struct fixture *fixture = *state;
    char text[2048];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool holds = strstr(rows[i].open, "hold") != NULL;
        bool is_helper = rows[i].suspend[0] || holds;
        snprintf(text, sizeof text, form, is_helper ? "helper" : "owner", rows[i].suspend,
                 rows[i].open, holds ? "]" : "}");
        const struct program *program = compile(fixture, text);
        if (rows[i].code)
            assert_true(has_code(&fixture->diagnostics, rows[i].code));
        else
            assert_non_null(program);
    }
}

/* Two declarations of the same shape are one type to `set`. */
static void equal_records_can_be_set(void **state)
{
    static const struct {
        const char *field, *code;
    } rows[] = {
        {"{type: list, of: {type: record, fields: {b: {type: date}, a: {type: unit}}}}", NULL},
        {"{type: list, of: {type: record, fields: {a: {type: unit}}}}", "expr-wanted"},
        {"{type: list, of: {type: record, fields: {a: {type: unit}, c: {type: date}}}}",
         "expr-wanted"},
        {"{type: list, of: {type: record, fields: {a: {type: unit}, b: {type: text}}}}",
         "expr-wanted"},
        {"{type: record, fields: {a: {type: unit}, b: {type: date}}}", "expr-wanted"},
    };
    static const char form[] =
        "workflow: w\nversion: 1\n"
        "data: {kept: %s}\n"
        "events:\n"
        "  opened: {from: [agency], data: {items: {type: list, of: {type: record, fields: {a: "
        "{type: "
        "unit}, b: {type: date}}}}}}\n"
        "  done: {from: [agency]}\n"
        "start: {event: opened, set: {kept: event.data.items}, to: open}\n"
        "states: {open: {no-clock: x, when: {done: {to: end}}}, end: {end: true}}\n";
    struct fixture *fixture = *state;
    char text[1024];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, form, rows[i].field);
        const struct program *program = compile(fixture, text);
        assert_true((program != NULL) == (rows[i].code == NULL));
        if (rows[i].code)
            assert_true(has_code(&fixture->diagnostics, rows[i].code));
    }
}

static void a_start_without_event_compiles(void **state)
{
    const struct program *program =
        compile(*state, "workflow: item\n"
                        "version: 1\n"
                        "events: {done: {from: [agency]}}\n"
                        "start: {to: open}\n"
                        "states:\n"
                        "  open: {no-clock: 子案, when: {done: {to: closed}}}\n"
                        "  closed: {end: true}\n");
    assert_non_null(program);
    assert_int_equal(program->start_event, INDEX_NONE);
    assert_int_equal(program->start.to, 0);
}

/* A party is bound on one of two ways to a state: its clock cannot name it, has() may ask. */
static void flow_is_followed_on_every_path(void **state)
{
    static const char form[] =
        "workflow: w\nversion: 1\n"
        "parties: {owner: {}, helper: {}}\n"
        "data: {goal: {type: text}, rest: {type: text, optional: true}}\n"
        "events:\n"
        "  opened: {from: [agency]}\n"
        "  joined: {from: [owner]}\n"
        "  skipped: {from: [owner]}\n"
        "  done: {from: [owner]}\n"
        "start: {event: opened, bind: {owner: event.sender}, to: open}\n"
        "states:\n"
        "  open:\n"
        "    no-clock: a test\n"
        "    when:\n"
        "      joined: {to: work, bind: {helper: event.sender}, set: {goal: \"'x'\"}}\n"
        "      skipped: {to: work%s}\n"
        "  work: {when: {done: [{if: \"%s\", to: closed}, {}]}}\n"
        "  closed: {end: true}\n"
        "clocks:\n"
        "  answer: {force: agreed, who: %s, while: work, period: 5 days}\n";
    static const struct {
        const char *bind, *guard, *who, *code;
    } rows[] = {
        {"", "event.type == 'done'", "owner", NULL},
        {"", "event.type == 'done'", "helper", "party-unset"},
        {", bind: {helper: event.sender}", "event.type == 'done'", "helper", NULL},
        {"", "case.goal == 'x'", "owner", "field-unset"},
        {"", "has(case.goal) && case.goal == 'x'", "owner", NULL},
        {", set: {goal: \"'y'\"}", "case.goal == 'x'", "owner", NULL},
        {"", "party.helper == event.sender", "owner", "party-unset"},
        {"", "has(party.helper) && party.helper == event.sender", "owner", NULL},
    };
    struct fixture *fixture = *state;
    char text[2048];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, form, rows[i].bind, rows[i].guard, rows[i].who);
        const struct program *program = compile(fixture, text);
        if (rows[i].code)
            assert_true(has_code(&fixture->diagnostics, rows[i].code));
        else
            assert_non_null(program);
    }
}

/* A clock from an event may run wherever its `from` can have come before: no finding there. */
static void a_running_event_clock_counts_for_its_states(void **state)
{
    struct fixture *fixture = *state;
    static const char form[] = "states:\n"
                               "  open: {when: {stopped: {to: next}}}\n"
                               "  next: {when: {resumed: {to: last}}}\n"
                               "  last: {when: {done: {to: closed}}}\n"
                               "  closed: {end: true}\n"
                               "clocks:\n"
                               "  answer: {force: agreed, who: owner, from: opened, until: %s, "
                               "period: 5 days}\n";
    char tail[1024];
    snprintf(tail, sizeof tail, form, "done");
    assert_non_null(compile_small(fixture, tail));
    snprintf(tail, sizeof tail, form, "resumed");
    assert_null(compile_small(fixture, tail));
    assert_int_equal(fixture->diagnostics.count, 1);
    assert_string_equal(fixture->diagnostics.rows[0].code, "state-without-clock");
    assert_int_equal(fixture->diagnostics.rows[0].place.line, 14);
    snprintf(tail, sizeof tail, form, "enter next");
    assert_null(compile_small(fixture, tail));
    assert_int_equal(fixture->diagnostics.count, 2);
}

static void read_as_its_kind(struct fixture *fixture, struct bytes text)
{
    struct arena *arena = &fixture->arena;
    struct diagnostics *diagnostics = &fixture->diagnostics;
    switch (artifact_name_of(text, arena).kind) {
    case ARTIFACT_CALENDAR: (void)definition_calendar(text, arena, diagnostics); return;
    case ARTIFACT_POLICY:
        (void)definition_policy_within(text, &fixture->context, arena, diagnostics);
        return;
    case ARTIFACT_DIRECTORY: (void)definition_directory(text, arena, diagnostics); return;
    case ARTIFACT_WORKFLOW:
    case ARTIFACT_STORY:
    case ARTIFACT_COVERAGE:
    case ARTIFACT_UNKNOWN:
        (void)definition_workflow(text, &fixture->context, arena, diagnostics);
        return;
    }
}

/* "# 3:7 code, 9:1 code": exactly these, in this order. */
static void check_bad_file(struct fixture *fixture, const char *name)
{
    char path[512], wanted[512], seen[512] = "#";
    snprintf(path, sizeof path, FOLDER "bad/%s", name);
    begin(fixture);
    struct bytes text = read_file(fixture, path);
    read_as_its_kind(fixture, text);
    size_t size = 0;
    while (size < text.size && text.ptr[size] != '\n')
        size++;
    snprintf(wanted, sizeof wanted, "%.*s", (int)size, (const char *)text.ptr);
    for (uint32_t i = 0; i < fixture->diagnostics.count; i++) {
        const struct diagnostic *row = &fixture->diagnostics.rows[i];
        size_t used = strlen(seen);
        snprintf(seen + used, sizeof seen - used, "%s %u:%u %s", i ? "," : "", row->place.line,
                 row->place.column, row->code);
    }
    if (strcmp(seen, wanted)) {
        print_message("%s\n", name);
        print_findings(&fixture->diagnostics);
    }
    assert_string_equal(seen, wanted);
}

static void each_bad_file_has_exactly_its_findings(void **state)
{
    DIR *folder = opendir(FOLDER "bad");
    assert_non_null(folder);
    uint32_t count = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        check_bad_file(*state, entry->d_name);
        count++;
    }
    closedir(folder);
    assert_true(count > 60);
}

/* Findings of size have no small file; yaml_test makes them. */
static void every_code_has_a_bad_file(void **state)
{
    static const char *const codes[] = {
#define X(code, severity, zh, en, hint_zh, hint_en) code,
#include "workflows/language/diagnostic_codes.inc"
#undef X
    };
    static const char *const sized[] = {"yaml-size", "yaml-many-keys", "too-big"};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, FOLDER "bad/%s.yaml", codes[i]);
        FILE *file = fopen(path, "rb");
        bool is_sized = false;
        for (size_t j = 0; j < sizeof sized / sizeof sized[0]; j++)
            is_sized |= !strcmp(sized[j], codes[i]);
        if (!file && !is_sized)
            print_message("no file for %s\n", codes[i]);
        assert_true(file || is_sized);
        if (file)
            fclose(file);
    }
}

static void artifacts_are_named_without_being_read(void **state)
{
    (void)state;
    struct artifact_name name = artifact_name_of(
        BYTES_LITERAL(
            "\uFEFF# 说明\n\n---\nworkflow: \"a-b\"   # id\r\nbad: [\nversion: 12\n  version: 3\n"),
        NULL);
    assert_int_equal(name.kind, ARTIFACT_WORKFLOW);
    assert_text(name.id, "a-b");
    assert_int_equal(name.version, 12);
    name = artifact_name_of(BYTES_LITERAL("policy: standard"), NULL);
    assert_int_equal(name.kind, ARTIFACT_POLICY);
    assert_int_equal(name.version, 0);
    assert_int_equal(artifact_name_of(BYTES_LITERAL("x: y\nworkflow: z"), NULL).kind,
                     ARTIFACT_UNKNOWN);
    assert_int_equal(artifact_name_of(BYTES_NONE, NULL).kind, ARTIFACT_UNKNOWN);
    assert_int_equal(artifact_kind_from_word(BYTES_LITERAL("story")), ARTIFACT_STORY);
    assert_int_equal(artifact_kind_from_word(BYTES_LITERAL("unknown")), ARTIFACT_UNKNOWN);
    assert_string_equal(artifact_kind_word(ARTIFACT_CALENDAR), "calendar");
}

struct variant {
    const char *find, *replace; /* in the base text, the first occurrence */
    const char *code;           /* NULL: no finding at all */
    uint32_t line, column;
};

static void check_variant(struct fixture *fixture, const char *base, const struct variant *variant)
{
    char text[4096];
    const char *at = strstr(base, variant->find);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - base), base, variant->replace,
             at + strlen(variant->find));
    begin(fixture);
    read_as_its_kind(fixture, bytes_from_text(text));
    const struct diagnostic *row = &fixture->diagnostics.rows[0];
    bool is_wanted = variant->code
                         ? fixture->diagnostics.count > 0 && !strcmp(row->code, variant->code)
                               && row->place.line == variant->line
                               && row->place.column == variant->column
                         : fixture->diagnostics.count == 0;
    if (!is_wanted) {
        print_message("%s\n", variant->replace);
        print_findings(&fixture->diagnostics);
    }
    assert_true(is_wanted);
}

static const char workflow_base[] =
    "workflow: w\n"
    "version: 1\n"
    "effective: 2025-01-01..\n"
    "parties: {owner: {kind: agency}}\n"
    "data: {note: {type: text, default: x}}\n"
    "events:\n"
    "  opened: {from: [agency]}\n"
    "  stopped: {from: [owner]}\n"
    "  resumed: {from: [owner]}\n"
    "  done: {from: [owner]}\n"
    "start: {event: opened, bind: {owner: event.sender}, to: open}\n"
    "states:\n"
    "  open: {when: {stopped: {}, resumed: {}, done: {to: closed}}}\n"
    "  closed: {end: true}\n"
    "clocks:\n"
    "  answer: {force: agreed, who: owner, while: open, period: 5 days}\n";

/* One change to a good definition, and the first thing that is said about it. */
static void workflow_variants(void **state)
{
    static const struct variant variants[] = {
        {"w\n", "w\n", NULL, 0, 0},
        {"workflow: w", "workflow: ''", "bad-name", 1, 11},
        {"workflow: w", "workflow: 1w", "bad-name", 1, 11},
        {"workflow: w", "workflow: w-2_b", NULL, 0, 0},
        {"workflow: w", "workflow: a.b", "bad-name", 1, 11},
        {"version: 1", "version: 0", "wrong-value", 2, 10},
        {"version: 1", "version: 1x", "wrong-value", 2, 10},
        {"version: 1", "version: [1]", "wrong-shape", 2, 10},
        {"2025-01-01..", "..", "bad-range", 3, 12},
        {"2025-01-01..", "2025-02-30..", "bad-range", 3, 12},
        {"2025-01-01..", "2025-01-01..2025-01-01", NULL, 0, 0},
        {"{owner: {kind: agency}}", "{owner: {kind: agencies}}", "unknown-kind", 4, 25},
        {"{owner: {kind: agency}}", "{owner: {title: {en: O}}}", "missing-key", 4, 26},
        {"default: x", "default: x, min: 1", "key-not-here", 5, 44},
        {"note: {type: text, default: x}", "n: {type: int, min: 2, max: 5, default: 5}", NULL, 0,
         0},
        {"note: {type: text, default: x}", "n: {type: int, min: 2, max: 5, default: 1}",
         "bad-range", 5, 48},
        {"note: {type: text, default: x}", "n: {type: int, max: 5, default: 6}", "bad-range", 5,
         40},
        {"note: {type: text, default: x}", "n: {type: int, min: 3, max: 2}", "bad-range", 5, 36},
        {"note: {type: text, default: x}", "n: {type: int, default: 1.5}", "wrong-value", 5, 32},
        {"note: {type: text, default: x}", "n: {type: double, default: 1}", NULL, 0, 0},
        {"note: {type: text, default: x}", "n: {type: date, default: 2025-2-1}", "wrong-value", 5,
         33},
        {"note: {type: text, default: x}", "n: {type: timestamp, default: 2025-02-01 10:00}", NULL,
         0, 0},
        {"note: {type: text, default: x}", "n: {type: timestamp, default: noon}", "wrong-value", 5,
         38},
        {"note: {type: text, default: x}", "n: {type: bool, default: yes}", "wrong-value", 5, 33},
        {"note: {type: text, default: x}", "n: {type: choice}", "missing-key", 5, 11},
        {"note: {type: text, default: x}", "n: {type: list, of: {type: int}}", NULL, 0, 0},
        {"note: {type: text, default: x}", "n: {type: list}", "missing-key", 5, 11},
        {"note: {type: text, default: x}", "n: {type: list, of: {type: in}}", "unknown-word", 5,
         35},
        {"note: {type: text, default: x}", "n: {type: list, of: {typ: int}}", "missing-key", 5, 28},
        {"note: {type: text, default: x}",
         "n: {type: record, fields: {a: {type: list, of: {type: date}}}}", NULL, 0, 0},
        {"note: {type: text, default: x}", "n: {type: record}", "missing-key", 5, 11},
        {"note: {type: text, default: x}", "n: {type: text, fields: {}}", "key-not-here", 5, 32},
        {"note: {type: text, default: x}", "n: {type: unit, default: qj-ecology}", NULL, 0, 0},
        {"opened: {from: [agency]}", "opened: {}", "missing-key", 7, 11},
        {"opened: {from: [agency]}", "opened: {from: []}", "missing-key", 7, 18},
        {"opened: {from: [agency]}", "opened: {from: agency, date: on, data: {on: {type: date}}}",
         NULL, 0, 0},
        {"opened: {from: [agency]}", "opened: {from: agency, date: on, data: {on: {type: text}}}",
         "date-field", 7, 32},
        {"opened: {from: [agency]}", "opened: {from: [owner]}", NULL, 0, 0},
        {"{kind: agency}}\ndata: {note: {type: text, default: x}}\nevents:\n  opened: {from: "
         "[agency]}",
         "{}}\ndata: {note: {type: text, default: x}}\nevents:\n  opened: {from: [owner]}",
         "sender-unset", 11, 16},
        {"to: open}", "to: opne}", "unknown-state", 11, 57},
        {"event: opened", "event: opend", "unknown-event", 11, 16},
        {"done: {to: closed}", "done: {to: closed, outcome: fine}", NULL, 0, 0},
        {"done: {to: closed}", "done: {to: closed, outcome: Fine}", "bad-name", 13, 71},
        {"done: {to: closed}", "done: {to: closed, refuse: no}", "key-not-here", 13, 54},
        {"done: {to: closed}", "done: [{if: 'true', to: closed}, {}]", "branch-never-taken", 13,
         76},
        {"done: {to: closed}", "done: closed", "wrong-shape", 13, 49},
        {"done: {to: closed}", "done: {to: closed, do: []}", "missing-key", 13, 66},
        {"done: {to: closed}", "done: {to: closed, do: [{}]}", "missing-key", 13, 67},
        {"done: {to: closed}", "done: {to: closed, do: [{emit: {}}]}", "missing-key", 13, 74},
        {"done: {to: closed}",
         "done: {refuse: no, do: [{notify: {to: owner, level: notice, text: x}}]}", "key-not-here",
         13, 66},
        {"done: {to: closed}", "done: {do: [{notify: {to: owner, level: none, text: x}}]}",
         "unknown-word", 13, 83},
        {"done: {to: closed}", "done: {do: [{notify: {to: owner, level: notice}}]}", "missing-key",
         13, 64},
        {"done: {to: closed}", "done: {do: [{notify: {to: owner, level: notice, text: ''}}]}",
         "missing-key", 13, 97},
        {"done: {to: closed}",
         "done: {do: [{notify: {to: owner, level: notice, text: '${case.note'}}]}", "template-end",
         13, 100},
        {"to: open}", "to: open, do: [{notify: {to: owner, level: notice, text: x}}]}", NULL, 0, 0},
        {"{when: {stopped", "{hold: [done], when: {stopped", "held-and-handled", 13, 17},
        {"{when: {stopped", "{hold: [don], when: {stopped", "unknown-event", 13, 17},
        {"{when: {stopped", "{hold: [], when: {stopped", "missing-key", 13, 16},
        {"{end: true}", "{end: true, hold: [done]}", "key-not-here", 14, 29},
        {"stopped: {}, resumed: {},", "", "event-not-handled", 8, 3},
        {"states:\n  open: {when: {stopped: {}, resumed: {}, ",
         "suspend: {from: stopped, until: resumed}\nstates:\n  open: {when: {", NULL, 0, 0},
        {"states:\n", "suspend: {from: stopped, until: stopped}\nstates:\n", "pause-same-event", 12,
         33},
        {"states:\n", "suspend: {from: stopped}\nstates:\n", "missing-key", 12, 10},
        {"states:\n", "suspend: {from: stopped, until: resumd}\nstates:\n", "unknown-event", 12,
         33},
        {"resumed: {},", "sub-cases.closed: {},", "event-not-handled", 9, 3},
        {"{end: true}", "{end: yes}", "wrong-value", 14, 17},
        {"{end: true}", "{end: true, when: {done: {}}}", "key-not-here", 14, 29},
        {"{end: true}", "{end: true, late-events: drop}", "unknown-word", 14, 36},
        {"open: {when", "open: {late-events: record, when", "key-not-here", 13, 23},
        {"while: open", "while: [open, opn]", "unknown-state", 16, 53},
        {"while: open", "while: []", "missing-key", 16, 46},
        {"while: open", "from: opened, until: done", NULL, 0, 0},
        {"while: open", "from: opened", "clock-span", 16, 11},
        {"while: open", "from: opened, until: don", "unknown-event", 16, 60},
        {"while: open", "from: open, until: done", "unknown-event", 16, 45},
        {"while: open", "from: opened, until: enter closed", NULL, 0, 0},
        {"while: open", "from: opened, until: enter clsed", "unknown-state", 16, 66},
        {"while: open", "from: opened, until: done, reentry: continue", "key-not-here", 16, 75},
        {"while: open", "while: open, reentry: continue", NULL, 0, 0},
        {"who: owner", "who: ownr", "unknown-party", 16, 32},
        {"force: agreed", "force: agred", "unknown-word", 16, 19},
        {"5 days}", "5 days, roll: never}", "unknown-word", 16, 74},
        {"5 days}", "5 days, rule: penal}", "unknown-word", 16, 74},
        {"5 days}", "[{if: 1 < 2, is: 3 days}, 5 days]}", NULL, 0, 0},
        {"5 days}", "[5 days, {if: 1 < 2, is: 3 days}]}", "branch-never-taken", 16, 69},
        {"5 days}", "[{is: 3 days}, 5 days]}", "missing-key", 16, 61},
        {"5 days}", "[]}", "missing-key", 16, 60},
        {"5 days}", "5 days, pause: {from: stopped, until: resumed}}", NULL, 0, 0},
        {"5 days}", "5 days, pause: {from: stoped, until: resumed}}", "unknown-event", 16, 82},
        {"5 days}", "5 days, pause: {from: stopped}}", "missing-key", 16, 75},
        {"5 days}", "5 days, extend: {event: stopped, by: 2 days, times: 9}}", "wrong-value", 16,
         112},
        {"5 days}", "5 days, extend: {event: stopped, by: 2 days, times: 8}}", NULL, 0, 0},
        {"5 days}", "5 days, extend: {event: opened, by: 2 days}}", "clock-event-idle", 16, 76},
        {"5 days}", "5 days, expire: {to: closd}}", "unknown-state", 16, 81},
        {"5 days}", "5 days, expire: {refuse: no}}", "key-not-here", 16, 85},
        {"5 days}", "5 days, expire: {to: closed, outcome: late}}", NULL, 0, 0},
        {"5 days}", "5 days, repeat: true}", NULL, 0, 0},
        {"5 days}", "5 days, ladder: standard}", NULL, 0, 0},
        {"5 days}", "5 days, anchor: due('answer')}", "clock-unset", 16, 76},
    };
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        check_variant(*state, workflow_base, &variants[i]);
}

static void policy_calendar_and_directory_variants(void **state)
{
    static const char policy[] =
        "policy: p\nladders:\n  l: [{at: due, level: notice, tell: [who]}]\n";
    static const char calendar[] = "calendar: c\nversion: 1\nyears:\n  2025: {basis: x, off: "
                                   "[2025-01-01], work: [2025-01-04]}\n";
    static const char directory[] =
        "directory: d\nroles: {boss: a}\nunits:\n  - {id: a, kind: k}\n";
    static const struct variant policies[] = {
        {"at: due", "at: due - 0 days", NULL, 0, 0},
        {"at: due", "at: due + 0 days", "bad-rung", 3, 12},
        {"at: due", "at: due - 0 months", "bad-rung", 3, 12},
        {"at: due", "at: due + 1 year", "bad-rung", 3, 12},
        {"at: due", "at: due +1 day", "bad-rung", 3, 12},
        {"at: due", "at: due - 1 month", NULL, 0, 0},
        {"level: notice", "level: none", "unknown-word", 3, 24},
        {"level: notice", "level: notice, ack-within: until x", "bad-period", 3, 44},
        {"level: notice", "level: notice, else-tell: who", "missing-key", 3, 43},
        {"tell: [who]", "tell: []", "missing-key", 3, 38},
        {"tell: [who]", "tell: [a, a, a, a, a, a, a, a, a]", "too-many", 3, 38},
        {"tell: [who]", "tell: ['supervisor()']", "bad-tell", 3, 39},
        {"tell: [who]", "tell: [[who]]", "wrong-shape", 3, 39},
        {"tell: [who]", "tell: [who], open: {}", "missing-key", 3, 51},
        {"[{at", "{at", "yaml-syntax", 3, 43},
        {"policy: p", "policy: p\nalert-hour: 24", "wrong-value", 2, 13},
        {"policy: p", "policy: p\nbackdate: 2 months", "bad-period", 2, 11},
    };
    static const struct variant calendars[] = {
        {"[2025-01-01]", "[2025-01-01..2025-01-03]", NULL, 0, 0},
        {"[2025-01-01]", "[2025-01-03..2025-01-01]", "bad-range", 4, 26},
        {"[2025-01-01]", "[2024-12-31..2025-01-01]", "calendar-year", 4, 26},
        {"[2025-01-01]", "[2025-01-01..]", "wrong-value", 4, 26},
        {"[2025-01-01]", "[{name: x}]", "missing-key", 4, 26},
        {"2025: {", "year: {", "wrong-value", 4, 3},
        {"version: 1", "version: 1\nweekend: [friday]", "calendar-work", 5, 46},
        {"version: 1", "version: 1\nweekend: [freitag]", "unknown-word", 3, 11},
        {"version: 1",
         "version: 1\nweekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]",
         "bad-range", 3, 10},
        {"version: 1", "version: 1\nzone: Asia/Shanghai", "wrong-value", 3, 7},
        {"years:\n", "years:\n  2026: {basis: y, off: [], work: []}\n", NULL, 0, 0},
    };
    static const struct variant directories[] = {
        {"roles: {boss: a}", "roles: {boss: b}", "unknown-unit", 2, 15},
        {"kind: k", "kind: k, supervisor: b", "unknown-unit", 4, 34},
        {"kind: k}", "kind: k}\n  - {id: 2b, kind: k, supervisor: a}", NULL, 0, 0},
        {"id: a", "id: A", "unknown-unit", 2, 15},
        {"id: a, ", "", "unknown-unit", 2, 15},
    };
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        check_variant(*state, policy, &policies[i]);
    for (size_t i = 0; i < sizeof calendars / sizeof calendars[0]; i++)
        check_variant(*state, calendar, &calendars[i]);
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        check_variant(*state, directory, &directories[i]);
}

static void names_are_bounded_and_hints_say_what_was_meant(void **state)
{
    struct fixture *fixture = *state;
    char name[80], text[256];
    for (size_t size = NAME_MAX_SIZE; size <= NAME_MAX_SIZE + 1; size++) {
        memset(name, 'a', size);
        name[size] = 0;
        snprintf(text, sizeof text,
                 "workflow: %s\nversion: 1\nstart: {to: s}\nstates: {s: {end: true}}\n", name);
        assert_true((compile(fixture, text) != NULL) == (size == NAME_MAX_SIZE));
    }
    begin(fixture);
    (void)definition_workflow(BYTES_LITERAL("workflow: w\nverson: 1\n"), NULL, &fixture->arena,
                              &fixture->diagnostics);
    assert_string_equal(fixture->diagnostics.rows[3].code, "unknown-key");
    assert_text(fixture->diagnostics.rows[3].hint_en, "did you mean version?");
    begin(fixture);
    (void)definition_workflow(
        BYTES_LITERAL("workflow: w\nversion: 1\nstart: {to: elsewhere}\nstates: {a: {}, b: {}}\n"),
        NULL, &fixture->arena, &fixture->diagnostics);
    assert_text(fixture->diagnostics.rows[0].hint_en, "there are: a, b");
}

/* States and clocks behind one head, and the first finding (or none at all). */
static void whole_definitions(void **state)
{
    static const struct {
        const char *tail, *code;
    } rows[] = {
        /* A state's own handler hides the one at the top. */
        {"when: {done: {to: closed}, stopped: {}, resumed: {}}\n"
         "states: {open: {no-clock: x, when: {done: {}}}, closed: {end: true}}\n",
         "no-way-out"},
        {"when: {done: {to: closed}, stopped: {}, resumed: {}}\n"
         "states: {open: {no-clock: x}, closed: {end: true}}\n",
         NULL},
        /* A clock that the start event starts has a due date in the first state. */
        {"when: {done: {to: closed}, stopped: {}, resumed: {}}\n"
         "states: {open: {}, closed: {end: true}}\n"
         "clocks:\n"
         "  one: {force: agreed, who: owner, from: opened, until: done, period: 5 days}\n"
         "  two: {force: agreed, who: owner, while: open, anchor: due('one'), period: 5 days}\n",
         NULL},
        {"when: {done: {to: closed}, stopped: {}, resumed: {}}\n"
         "states: {open: {}, closed: {end: true}}\n"
         "clocks:\n"
         "  one: {force: agreed, who: owner, from: stopped, until: done, period: 5 days}\n"
         "  two: {force: agreed, who: owner, while: open, anchor: due('one'), period: 5 days}\n",
         "clock-unset"},
        /* A clock that expired has run, whatever its guards say. */
        {"when: {done: {to: closed}, stopped: {}, resumed: {}}\n"
         "states: {open: {}, late: {}, closed: {end: true}}\n"
         "clocks:\n"
         "  one: {force: agreed, who: owner, while: open, expire: {to: late},\n"
         "    period: [{if: case.id == 'a', is: 5 days}]}\n"
         "  two: {force: agreed, who: owner, while: late, anchor: due('one'), period: 5 days}\n",
         NULL},
        {"when: {done: {to: closed}, stopped: {to: late}, resumed: {}}\n"
         "states: {open: {}, late: {}, closed: {end: true}}\n"
         "clocks:\n"
         "  one: {force: agreed, who: owner, while: open, period: [{if: case.id == 'a', is: 5 "
         "days}]}\n"
         "  two: {force: agreed, who: owner, while: late, anchor: due('one'), period: 5 days}\n",
         "clock-unset"},
        /* What the entering event carries is known to the clock; moving within its states is no
         * entrance, and a second event that enters is one too many. */
        {"when: {done: {to: closed}, resumed: {}}\n"
         "states: {open: {when: {stopped: {to: late}}}, late: {}, closed: {end: true}}\n"
         "clocks: {one: {force: agreed, who: owner, while: [open, late], period: until "
         "event.data.by}}\n",
         NULL},
        {"when: {done: {to: closed}, stopped: {}}\n"
         "states: {open: {when: {resumed: {to: open}}}, closed: {end: true}}\n"
         "clocks: {one: {force: agreed, who: owner, while: open, period: until event.data.by}}\n",
         "expr-no-event"},
        /* What an extension reads is looked at where the clock runs. */
        {"when: {resumed: {}}\n"
         "states:\n"
         "  open: {when: {done: {to: late, set: {days: 3}}}}\n"
         "  late: {no-clock: x, when: {stopped: {}, done: {to: closed}}}\n"
         "  closed: {end: true}\n"
         "data: {days: {type: int}}\n"
         "clocks: {one: {force: agreed, who: owner, from: opened, until: enter closed, period: 5 "
         "days, extend: {event: stopped, by: case.days days}}}\n",
         NULL},
        {"when: {resumed: {}}\n"
         "states:\n"
         "  open: {when: {stopped: {}, done: {to: late, set: {days: 3}}}}\n"
         "  late: {no-clock: x, when: {done: {to: closed}}}\n"
         "  closed: {end: true}\n"
         "data: {days: {type: int}}\n"
         "clocks: {one: {force: agreed, who: owner, from: opened, until: enter closed, period: 5 "
         "days, extend: {event: stopped, by: case.days days}}}\n",
         "field-unset"},
        /* What is lost on a way back is lost further on, in whatever order the text has them. */
        {"when: {resumed: {}}\n"
         "data: {days: {type: int}}\n"
         "states:\n"
         "  last: {no-clock: x, when: {done: [{if: case.days > 1, to: closed}, {}]}}\n"
         "  next: {no-clock: x, when: {stopped: {to: last}}}\n"
         "  open: {no-clock: x, when: {done: {to: next, set: {days: 1}}, stopped: {to: next}}}\n"
         "  closed: {end: true}\n",
         "field-unset"},
        /* A pause whose clock ends with the same step needs no resumption. */
        {"when: {resumed: {}, done: {to: closed}}\n"
         "states: {open: {when: {stopped: {to: idle}}}, idle: {no-clock: x, when: {done: {to: "
         "closed}, resumed: {}}}, closed: {end: true}}\n"
         "clocks: {one: {force: agreed, who: owner, while: open, period: 5 days, pause: {from: "
         "stopped, until: opened}}}\n",
         NULL},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct program *program = compile_small(fixture, rows[i].tail);
        assert_int_equal(fixture->diagnostics.count > 0, rows[i].code != NULL);
        assert_true((program != NULL) == (rows[i].code == NULL));
        if (rows[i].code)
            assert_string_equal(fixture->diagnostics.rows[0].code, rows[i].code);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* NULL exactly where there was an error. */
static void compile_damaged(struct fixture *fixture, struct bytes text)
{
    begin(fixture);
    const struct program *program =
        definition_workflow(text, &fixture->context, &fixture->arena, &fixture->diagnostics);
    assert_true((program == NULL) == (fixture->diagnostics.error_count > 0));
}

static void damage(struct fixture *fixture, const char *path, int rounds)
{
    static const char letters[] = "[]{},:#&*!|>'\"%@` \n-.aZ09\t\xE4\xFF";
    struct bytes whole = read_file(fixture, path);
    uint8_t *copy = malloc(whole.size);
    uint32_t seed = 7;
    for (size_t size = 0; size < whole.size; size += 11) {
        memcpy(copy, whole.ptr, size);
        begin(fixture);
        read_as_its_kind(fixture, (struct bytes){copy, size});
    }
    for (int round = 0; round < rounds; round++) {
        memcpy(copy, whole.ptr, whole.size);
        for (uint32_t i = 0; i <= next_random(&seed) % 3; i++)
            copy[next_random(&seed) % whole.size] =
                (uint8_t)letters[next_random(&seed) % (sizeof letters - 1)];
        begin(fixture);
        read_as_its_kind(fixture, (struct bytes){copy, whole.size});
    }
    free(copy);
}

static void damaged_texts_never_crash(void **state)
{
    damage(*state, FOLDER "pre-litigation.yaml", 1500);
    damage(*state, FOLDER "context-calendar.yaml", 1000);
    damage(*state, FOLDER "context-policy.yaml", 1000);
    damage(*state, FOLDER "context-directory.yaml", 1000);
}

/* Lines taken out or doubled keep the text good YAML and damage its meaning. */
static void damaged_lines_never_crash(void **state)
{
    struct fixture *fixture = *state;
    struct bytes example = read_file(fixture, FOLDER "pre-litigation.yaml");
    uint8_t *copy = malloc(2 * example.size);
    uint32_t seed = 11;
    for (int round = 0; round < 600; round++) {
        size_t used = 0;
        for (size_t at = 0, end; at < example.size; at = end) {
            for (end = at; end < example.size && example.ptr[end] != '\n'; end++) {
            }
            end += end < example.size;
            uint32_t times = next_random(&seed) % 40 == 0 ? next_random(&seed) % 3 : 1;
            for (uint32_t i = 0; i < times && used + (end - at) <= 2 * example.size; i++) {
                memcpy(copy + used, example.ptr + at, end - at);
                used += end - at;
            }
        }
        compile_damaged(fixture, (struct bytes){copy, used});
    }
    free(copy);
}

static void a_small_arena_is_a_finding(void **state)
{
    struct fixture *fixture = *state;
    struct bytes example = read_file(fixture, FOLDER "pre-litigation.yaml");
    bool has_fitted = false;
    for (size_t size = 0; size < 160000; size += 1009) {
        struct arena arena;
        uint8_t *block = malloc(size + 1); /* of its own, so that the sanitizer sees its end */
        arena_init(&arena, block, size);
        diagnostics_init(&fixture->diagnostics, &arena, BYTES_LITERAL("a.yaml"));
        const struct program *program =
            definition_workflow(example, &fixture->context, &arena, &fixture->diagnostics);
        assert_true((program == NULL) == (fixture->diagnostics.error_count > 0));
        assert_true(!has_fitted || program);
        has_fitted |= program != NULL;
        free(block);
    }
    assert_true(has_fitted);
}

static void put(char *text, size_t *used, const char *part)
{
    size_t size = strlen(part);
    assert_true(*used + size < DEFINITION_SIZE_MAX);
    memcpy(text + *used, part, size);
    *used += size;
}

/* As many states, clocks, pauses and branches as fit, the states in the worst order: the checks are
 * bounded by rows and not by their product.  */
static void the_largest_workflow_is_checked_quickly(void **state)
{
    struct fixture *fixture = *state;
    char *text = malloc(DEFINITION_SIZE_MAX);
    char part[512];
    size_t used = 0;
    put(text, &used,
        "workflow: w\nversion: 1\nparties: {p: {kind: agency}}\n"
        "events: {go: {from: [agency]}, e: {from: [agency]}, g: {from: [agency]}}\n"
        "start: {event: go, to: s0}\nstates:\n  end: {end: true}\n"
        "  s62: {no-clock: x, when: {e: {to: end}}}\n");
    for (int i = 61; i >= 0; i--) {
        snprintf(part, sizeof part, "  s%d: {no-clock: x, when: {e: {to: s%d}}}\n", i, i + 1);
        put(text, &used, part);
    }
    put(text, &used, "clocks:\n");
    for (int i = 0; i < PROGRAM_CLOCKS_MAX; i++) {
        snprintf(
            part, sizeof part,
            "  c%d: {force: agreed, who: p, from: e, until: enter end, period: 5 days, pause: ["
            "{from: e, until: g}, {from: e, until: g}, {from: e, until: g}, "
            "{from: e, until: g}]}\n",
            i);
        put(text, &used, part);
    }
    put(text, &used, "when:\n  g: [");
    for (int i = 0; used < DEFINITION_SIZE_MAX - 64; i++) {
        snprintf(part, sizeof part, "{if: 1<2, to: s%d},", i % 63);
        put(text, &used, part);
    }
    put(text, &used, "{to: end}]\n");
    begin(fixture);
    clock_t before = clock();
    assert_null(definition_workflow((struct bytes){(uint8_t *)text, used}, &fixture->context,
                                    &fixture->arena, &fixture->diagnostics));
    assert_true(clock() - before < 5 * CLOCKS_PER_SEC); /* under the sanitizers, too */
    assert_true(has_code(&fixture->diagnostics, "party-unset"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_head_parties_and_data),
        cmocka_unit_test(example_events),
        cmocka_unit_test(example_start_and_transitions),
        cmocka_unit_test(example_clocks),
        cmocka_unit_test(calendar_rows_are_sorted_and_whole),
        cmocka_unit_test(directory_rows_are_sorted_and_linked),
        cmocka_unit_test(policy_rungs_and_whom_they_tell),
        cmocka_unit_test(other_forms_compile),
        cmocka_unit_test(waiting_and_notices_compile),
        cmocka_unit_test(waiting_and_notices_follow_the_flow),
        cmocka_unit_test(equal_records_can_be_set),
        cmocka_unit_test(a_start_without_event_compiles),
        cmocka_unit_test(flow_is_followed_on_every_path),
        cmocka_unit_test(a_running_event_clock_counts_for_its_states),
        cmocka_unit_test(each_bad_file_has_exactly_its_findings),
        cmocka_unit_test(every_code_has_a_bad_file),
        cmocka_unit_test(workflow_variants),
        cmocka_unit_test(whole_definitions),
        cmocka_unit_test(policy_calendar_and_directory_variants),
        cmocka_unit_test(names_are_bounded_and_hints_say_what_was_meant),
        cmocka_unit_test(artifacts_are_named_without_being_read),
        cmocka_unit_test(damaged_texts_never_crash),
        cmocka_unit_test(damaged_lines_never_crash),
        cmocka_unit_test(the_largest_workflow_is_checked_quickly),
        cmocka_unit_test(a_small_arena_is_a_finding),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
