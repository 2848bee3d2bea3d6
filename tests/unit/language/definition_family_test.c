/* What a definition says of other cases: sub-cases that it opens, drafts of its ladders, events
 * that it emits, what it is given itself. One good definition of each, read field by field, and
 * small changes to it with the one thing that is said about each, or nothing. */
#include "workflows/language/definition.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER LIANDONG_SOURCE "/tests/unit/language/"

enum { FILE_MAX = 1 << 14, WORKFLOWS_MAX = 4 };

struct fixture {
    void *block, *context_block;
    struct arena arena, context_arena;
    struct diagnostics diagnostics;
    struct definition_context context;
    const struct program *workflows[WORKFLOWS_MAX];
};

static struct bytes read_file(struct arena *arena, const char *name)
{
    static char memory[FILE_MAX];
    char path[512];
    snprintf(path, sizeof path, FOLDER "context-%s.yaml", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(memory, 1, FILE_MAX, file);
    fclose(file);
    return arena_copy(arena, (struct bytes){(uint8_t *)memory, size});
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
    for (size_t i = 0; i < WORKFLOWS_MAX; i++) {
        if (fixture->workflows[i] && bytes_equal(fixture->workflows[i]->id, id))
            return fixture->workflows[i];
    }
    return NULL;
}

static int setup(void **state)
{
    static const char *const names[WORKFLOWS_MAX] = {"item", "forward", "counting", "back"};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct arena *arena = &fixture->context_arena;
    struct definition_context *context = &fixture->context;
    fixture->block = malloc(DEFINITION_ARENA_SIZE);
    fixture->context_block = malloc(1 << 20);
    arena_init(&fixture->arena, fixture->block, DEFINITION_ARENA_SIZE);
    arena_init(arena, fixture->context_block, 1 << 20);
    diagnostics_init(&fixture->diagnostics, arena, BYTES_LITERAL("context"));
    context->calendar =
        definition_calendar(read_file(arena, "calendar"), arena, &fixture->diagnostics);
    context->directory =
        definition_directory(read_file(arena, "directory"), arena, &fixture->diagnostics);
    context->policy = definition_policy(read_file(arena, "policy"), context->directory, arena,
                                        &fixture->diagnostics);
    for (size_t i = 0; i < WORKFLOWS_MAX; i++)
        fixture->workflows[i] =
            definition_workflow(read_file(arena, names[i]), context, arena, &fixture->diagnostics);
    context->find_workflow = find_workflow;
    context->finder = fixture;
    print_findings(&fixture->diagnostics);
    *state = fixture;
    return fixture->diagnostics.count ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->block);
    free(fixture->context_block);
    free(fixture);
    return 0;
}

static const struct program *compile(struct fixture *fixture, const char *text)
{
    arena_clear(&fixture->arena);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    return definition_workflow(bytes_from_text(text), &fixture->context, &fixture->arena,
                               &fixture->diagnostics);
}

static const struct program *compile_good(struct fixture *fixture, const char *text)
{
    const struct program *program = compile(fixture, text);
    print_findings(&fixture->diagnostics);
    assert_int_equal(fixture->diagnostics.count, 0);
    assert_non_null(program);
    return program;
}

static void assert_text(struct bytes text, const char *wanted)
{
    if (!bytes_is(text, wanted))
        print_message("%.*s instead of %s\n", BYTES_PRINTF(text), wanted);
    assert_true(bytes_is(text, wanted));
}

static struct value evaluate(struct fixture *fixture, const struct expr *expr,
                             const struct expr_env *env)
{
    struct value value = VALUE_ABSENT;
    assert_non_null(expr);
    assert_int_equal(expr_eval(expr, env, &fixture->arena, &value), EXPR_OK);
    return value;
}

static const char parent[] =
    "workflow: w\n"
    "version: 1\n"
    "parties: {owner: {kind: agency}, other: {}}\n"
    "data: {note: {type: text, default: x}, hidden: {type: text, default: x, class: sealed}}\n"
    "events:\n"
    "  opened: {from: [agency], data: {items: {type: list, of: {type: record, fields: {\n"
    "    name: {type: text}, by: {type: date}, unit: {type: unit},\n"
    "    code: {type: text, class: sealed}, more: {type: text, optional: true}}}}}}\n"
    "  done: {from: [owner]}\n"
    "start:\n"
    "  event: opened\n"
    "  bind: {owner: event.sender}\n"
    "  to: open\n"
    "  do:\n"
    "    - open:\n"
    "        workflow: item\n"
    "        for: x in event.data.items\n"
    "        case: \"item-${x.name}\"\n"
    "        set: {due_on: x.by, note: case.note, secret: x.code}\n"
    "        parties: {lead: x.unit}\n"
    "        cascade: {suspend: true}\n"
    "states:\n"
    "  open:\n"
    "    no-clock: a test\n"
    "    when:\n"
    "      done:\n"
    "        - {if: subs.open > 0, refuse: not yet}\n"
    "        - to: closed\n"
    "          do:\n"
    "            - emit:\n"
    "                type: proposed\n"
    "                subject: \"${case.id}-T\"\n"
    "                workflow: forward\n"
    "                as: party.owner\n"
    "                data: {summary: case.note}\n"
    "            - emit: {type: noted, data: {count: subs.closed}}\n"
    "      sub-cases.closed:\n"
    "        - {if: event.data.count > 1, to: closed}\n"
    "        - {}\n"
    "  closed: {end: true}\n"
    "  dropped: {end: true, with-parent: true}\n";

static void opening_is_read_field_by_field(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_good(fixture, parent);
    const struct action *open = &program->start.actions[0];
    struct value_entry entries[] = {
        {BYTES_LITERAL("name"), value_words("a")},
        {BYTES_LITERAL("by"), value_date(20000)},
        {BYTES_LITERAL("unit"), value_unit(BYTES_LITERAL("qj-ecology"))},
    };
    struct value element = value_map(entries, 3);
    struct expr_env env = {.element = &element};
    assert_int_equal(program->start.action_count, 1);
    assert_int_equal(open->kind, ACTION_OPEN);
    assert_text(open->workflow, "item");
    assert_non_null(open->each);
    assert_text(evaluate(fixture, open->name, &env).as.text, "item-a");
    assert_int_equal(open->value_count, 3);
    assert_text(open->values[0].name, "due_on");
    assert_int_equal(evaluate(fixture, open->values[0].value, &env).as.date, 20000);
    assert_int_equal(open->bind_count, 1);
    assert_text(open->binds[0].name, "lead");
    assert_text(evaluate(fixture, open->binds[0].value, &env).as.text, "qj-ecology");
    assert_true(open->suspends);
    assert_false(open->closes);
}

static void emitting_is_read_field_by_field(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_good(fixture, parent);
    const struct branch *branch = &program->states[0].handlers[0].branches[1];
    struct value fields[] = {value_words("short"), value_words("x")};
    struct value parties[] = {value_unit(BYTES_LITERAL("qj-ecology")), VALUE_ABSENT};
    struct expr_env env = {
        .case_id = BYTES_LITERAL("A"), .fields = fields, .parties = parties, .subs_closed = 3};
    const struct action *first = &branch->actions[0], *second = &branch->actions[1];
    assert_int_equal(branch->action_count, 2);
    assert_int_equal(first->kind, ACTION_EMIT);
    assert_text(first->type, "proposed");
    assert_text(first->workflow, "forward");
    assert_text(evaluate(fixture, first->subject, &env).as.text, "A-T");
    assert_text(evaluate(fixture, first->sender, &env).as.text, "qj-ecology");
    assert_text(evaluate(fixture, first->values[0].value, &env).as.text, "short");
    assert_null(second->subject);
    assert_null(second->sender);
    assert_int_equal(second->workflow.size, 0);
    assert_int_equal(evaluate(fixture, second->values[0].value, &env).as.integer, 3);
}

static void the_joined_event_stands_behind_the_declared_ones(void **state)
{
    struct fixture *fixture = *state;
    const struct program *program = compile_good(fixture, parent);
    assert_int_equal(program->event_count, 3);
    assert_int_equal(program->joined_event, 2);
    const struct event_type *joined = &program->events[2];
    assert_text(joined->name, EVENT_SUBS_CLOSED);
    assert_int_equal(joined->from_count, 0);
    assert_text(joined->fields[0].name, "count");
    assert_int_equal(joined->fields[1].type.kind, TYPE_LIST);
    assert_int_equal(program->states[0].handlers[1].event, 2);
    assert_int_equal(program->cascade_end, program_state(program, BYTES_LITERAL("dropped")));
    assert_int_equal(fixture->workflows[0]->joined_event, INDEX_NONE);
    assert_int_equal(fixture->workflows[0]->cascade_end, 1); /* the last end */
}

static void what_must_be_given_is_listed(void **state)
{
    const struct fixture *fixture = *state;
    const struct program *item = fixture->workflows[0], *forward = fixture->workflows[1];
    assert_int_equal(item->start_event, INDEX_NONE);
    assert_int_equal(item->given_field_count, 1);
    assert_int_equal(item->given_fields[0], program_field(item, BYTES_LITERAL("due_on")));
    assert_int_equal(item->given_party_count, 1);
    assert_int_equal(item->given_parties[0], program_party(item, BYTES_LITERAL("lead")));
    assert_int_equal(forward->given_field_count, 2); /* what set and bind fill at its event */
    assert_int_equal(forward->given_party_count, 1);
}

struct variant {
    const char *find, *replace; /* in the base text, the first occurrence */
    const char *code;           /* of the first finding; NULL: there is none */
};

static void check_variant(struct fixture *fixture, const char *base, const struct variant *variant)
{
    char text[8192];
    const char *at = strstr(base, variant->find);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - base), base, variant->replace,
             at + strlen(variant->find));
    (void)compile(fixture, text);
    const struct diagnostics *found = &fixture->diagnostics;
    bool is_wanted = variant->code ? found->count > 0 && !strcmp(found->rows[0].code, variant->code)
                                   : found->count == 0;
    if (!is_wanted) {
        print_message("%s\n", variant->replace);
        print_findings(found);
    }
    assert_true(is_wanted);
}

static void openings_are_checked_against_their_workflow(void **state)
{
    static const struct variant variants[] = {
        {"workflow: item", "workflow: items", "unknown-workflow"},
        {"workflow: item", "workflow: Item", "bad-name"},
        {"due_on: x.by, ", "", "given-missing"},
        {"parties: {lead: x.unit}", "parties: {}", "given-missing"},
        {"due_on: x.by", "due_on: x.name", "expr-wanted"},
        {"due_on: x.by", "due: x.by, due_on: x.by", "unknown-field"},
        {"lead: x.unit", "led: x.unit, lead: x.unit", "unknown-party"},
        {"lead: x.unit", "lead: x.unit, helper: party.owner", NULL},
        {"lead: x.unit", "lead: x.name", "expr-wanted"},
        {"lead: x.unit", "lead: party.other", "party-unset"},
        {"lead: x.unit", "lead: party.owner", NULL}, /* bound by the same start */
        {"note: case.note", "note: x.more", "expr-optional"},
        {"note: case.note", "note: 'has(x.more) ? x.more : x.name'", NULL},
        {"note: case.note", "note: case.hidden", "open-sealed"},
        {"note: case.note", "note: x.code", "open-sealed"},
        {"secret: x.code", "secret: case.hidden", NULL},
        {"note: case.note", "note: 'has(case.hidden) ? x.name : case.note'", NULL},
        {"x in event.data.items", "x in case.note", "expr-wanted"},
        {"x in event.data.items", "x  in  event.data.items.filter(y, y.name != \"\")", NULL},
        {"x in event.data.items", "x of event.data.items", "for-syntax"},
        {"x in event.data.items", "in event.data.items", "for-syntax"},
        {"x in event.data.items", "true in event.data.items", "for-name"},
        {"x in event.data.items", "while in event.data.items", "for-name"},
        {"x in event.data.items", "subs in event.data.items", "for-name"},
        {"x in event.data.items", "y in event.data.items", "expr-unknown-name"},
        {"x in event.data.items", "x in x", "expr-unknown-name"},
        {"item-${x.name}", "${x.nam}", "expr-unknown-name"},
        {"item-${x.name}", "${x}", "template-type"},
        {"item-${x.name}", "${x.code}", "open-name-sealed"},
        /* Of a sealed list every element is. */
        {"items: {type: list,", "items: {class: sealed, type: list,", "open-name-sealed"},
        {"item-${x.name}", "a/${x.name}", "bad-case-name"},
        {"item-${x.name}", "", "bad-case-name"},
        {"        case: \"item-${x.name}\"\n", "", NULL},
        {"suspend: true", "suspend: maybe", "wrong-value"},
        {"suspend: true", "suspended: true", "unknown-key"},
        {"suspend: true", "suspend: true, close: true", NULL},
        {"    - open:\n", "    - notify: {to: owner, level: notice, text: x}\n      open:\n",
         "key-not-here"},
    };
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        check_variant(*state, parent, &variants[i]);
}

static void emitted_events_are_checked_against_their_workflow(void **state)
{
    static const struct variant variants[] = {
        {"workflow: forward", "workflow: back", "emit-not-start"},
        {"type: proposed", "type: finished", "emit-not-start"},
        {"type: proposed", "type: alert.acknowledged", "reserved-event"},
        {"type: proposed", "type: sub-cases.closed", "reserved-event"},
        {"type: proposed", "type: Proposed", "bad-name"},
        {"workflow: forward", "workflow: onward", "unknown-workflow"},
        {"                subject: \"${case.id}-T\"\n", "", "missing-key"},
        {"summary: case.note", "months: 2", "given-missing"},
        {"summary: case.note", "summary: case.note, months: case.note", "expr-wanted"},
        {"summary: case.note", "summary: case.note, extra: 1", "unknown-field"},
        {"summary: case.note", "summary: case.hidden", "emit-sealed"},
        {"summary: case.note", "summary: case.note, secret: case.hidden", NULL},
        {"${case.id}-T", "${case.hidden}", "emit-sealed"},
        {"as: party.owner", "as: case.note", "expr-wanted"},
        {"as: party.owner", "as: party.other", "party-unset"},
        {"                as: party.owner\n", "", NULL}, /* the sender of what caused it */
        {"count: subs.closed", "count: case.hidden", "emit-sealed"},
        {"count: subs.closed", "Count: 1", "bad-field-name"},
        {"        - {}\n", "        - {do: [{emit: {type: noted}}]}\n", "emit-without-sender"},
        {"        - {}\n", "        - {do: [{emit: {type: noted, as: party.owner}}]}\n", NULL},
        {"        - {}\n", "        - {refuse: no}\n", "key-not-here"},
        {"event.data.count > 1", "event.sender == party.owner", "expr-no-event"},
        {"event.data.count > 1", "'event.data.outcomes.exists(o, o == \"done\")'", NULL},
    };
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        check_variant(*state, parent, &variants[i]);
}

static const char waiting[] =
    "workflow: w\n"
    "version: 1\n"
    "parties: {owner: {kind: agency}, other: {}}\n"
    "events:\n"
    "  opened: {from: [agency]}\n"
    "  split: {from: [owner]}\n"
    "  done: {from: [owner]}\n"
    "start: {event: opened, bind: {owner: event.sender}, to: first}\n"
    "states:\n"
    "  first:\n"
    "    when:\n"
    "      split: {to: second, do: [{open: {workflow: item, parties: {lead: party.owner},\n"
    "        set: {due_on: \"date('2025-01-31')\"}}}]}\n"
    "      done: {to: closed}\n"
    "  second: {when: {sub-cases.closed: {to: third}}}\n"
    "  third: {when: {done: {to: closed}}}\n"
    "  closed: {end: true}\n"
    "clocks:\n"
    "  one: {force: agreed, who: owner, while: [first, second, third], period: 5 days}\n";

/* A state is left by the sub-cases' end only where some way to it opens any. */
static void waiting_for_sub_cases_comes_after_opening_them(void **state)
{
    static const struct variant variants[] = {
        {"w", "w", NULL},
        {"sub-cases.closed", "sub-cases.close", "unknown-event"},
        {"split: {to: second, do: [{open: {workflow: item, parties: {lead: party.owner},\n"
         "        set: {due_on: \"date('2025-01-31')\"}}}]}\n",
         "split: {to: second}\n", "no-way-out"},
        {"done: {to: closed}\n", "done: {to: closed}\n      sub-cases.closed: {}\n",
         "subs-never-open"}, /* nothing is open there yet */
        /* What it opens is opened with its event alone: the one that comes back opens no more. */
        {"to: first}", "to: first, do: [{open: {workflow: back}}]}", NULL},
        {"period: 5 days", "period: 5 days, pause: {from: split, until: sub-cases.closed}", NULL},
        {"period: 5 days", "period: 5 days, pause: {from: sub-cases.closed, until: split}",
         "pause-without-end"},
        {"period: 5 days", "period: 5 days, extend: {event: sub-cases.closed, by: 1 day}", NULL},
        {"period: 5 days}",
         "period: 5 days}\n"
         "  two: {force: agreed, who: owner, from: sub-cases.closed, until: done, period: 5 days}",
         NULL},
        {"second: {when: {sub-cases.closed: {to: third}}}",
         "second: {hold: sub-cases.closed, when: {done: {to: third}}}", "held-for-ever"},
        {"second: {when: {sub-cases.closed: {to: third}}}\n"
         "  third: {when: {done: {to: closed}}}",
         "second: {hold: sub-cases.closed, when: {done: {to: third}}}\n"
         "  third: {when: {done: {to: closed}, sub-cases.closed: {to: closed}}}",
         NULL},
        {"event: opened,", "event: sub-cases.closed,", "key-not-here"},
        {"states:\n", "suspend: {from: split, until: sub-cases.closed}\nstates:\n", "key-not-here"},
        {"  done: {from", "  sub-cases.closed: {from: [owner]}\n  done: {from", "reserved-event"},
        {"second: {when: {sub-cases.closed: {to: third}}}", "second: {when: {done: {to: third}}}",
         NULL},
    };
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        check_variant(*state, waiting, &variants[i]);
}

/* A clock that uses the event is no state that takes it. */
static void a_clock_alone_takes_no_joined_event(void **state)
{
    static const struct variant variant = {
        "sub-cases.closed: {to: third}}}\n  third: {when: {done: {to: closed}}}\n"
        "  closed: {end: true}\nclocks:\n  one: {force: agreed,",
        "done: {to: third}}}\n  third: {when: {done: {to: closed}}}\n  closed: {end: true}\n"
        "clocks:\n  one: {extend: {event: sub-cases.closed, by: 1 day}, force: agreed,",
        "event-only-in-clock"};
    check_variant(*state, waiting, &variant);
}

static const char child[] =
    "workflow: w\n"
    "version: 1\n"
    "parties: {lead: {kind: agency}, extra: {}}\n"
    "data: {due_on: {type: date}, note: {type: text}}\n"
    "events: {done: {from: [lead]}}\n"
    "start: {to: open, given: [due_on, lead]}\n"
    "states:\n"
    "  open: {when: {done: {to: closed}}}\n"
    "  closed: {end: true}\n"
    "  dropped: {end: true, with-parent: true}\n"
    "clocks:\n"
    "  one: {force: agreed, who: lead, while: open, period: until case.due_on}\n";

static void what_is_given_is_known_at_the_start(void **state)
{
    static const struct variant variants[] = {
        {"w", "w", NULL},
        {"given: [due_on, lead]", "given: lead", "field-unset"},
        {"given: [due_on, lead]", "given: due_on", "sender-unset"},
        {"given: [due_on, lead]", "given: [due_on, lead], set: {note: case.due_on}", "expr-wanted"},
        {"given: [due_on, lead]", "given: [due_on, lead], bind: {extra: party.lead}", NULL},
        {"given: [due_on, lead]", "given: [due_on, lead], set: {note: event.data.x}",
         "expr-no-event"},
        {"given: [due_on, lead]", "given: []", "missing-key"},
        {"given: [due_on, lead]", "given: [due_on, leads]", "unknown-given"},
        {"given: [due_on, lead]", "given: [lead, due_on, lead]", "given-twice"},
        {"given: [due_on, lead]", "event: done, given: [due_on, lead]", "key-not-here"},
        {", with-parent: true", "", "unreachable-state"},
        {"open: {when", "open: {with-parent: true, when", "key-not-here"},
        {"with-parent: true", "with-parent: yes", "wrong-value"},
        {"given: [due_on, lead]",
         "given: [due_on, lead], do: [{emit: {type: begun, as: party.lead}}]", NULL},
        {"given: [due_on, lead]", "given: [due_on, lead], do: [{emit: {type: begun}}]",
         "emit-without-sender"},
        /* Of itself, too, it asks what must be given. */
        {"given: [due_on, lead]", "given: [due_on, lead], do: [{open: {workflow: w}}]",
         "given-missing"},
        {"given: [due_on, lead]",
         "given: [due_on, lead], do: [{open: {workflow: w, set: {due_on: case.due_on},"
         " parties: {lead: party.lead}}}]",
         "open-circle"},
        {"done: {to: closed}",
         "done: {to: closed, do: [{open: {workflow: w, set: {due_on: case.due_on},"
         " parties: {lead: party.lead}}}]}",
         NULL},
    };
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        check_variant(*state, child, &variants[i]);
}

/* One workflow in its own file: what others ask cannot be known, and is not guessed. */
static void without_other_workflows_names_are_taken_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    fixture->context.find_workflow = NULL;
    (void)compile_good(fixture, parent);
    struct variant unknown = {"workflow: item", "workflow: other", NULL};
    struct variant misspelt = {"due_on: x.by", "Due: x.by", "bad-field-name"};
    check_variant(fixture, parent, &unknown);
    check_variant(fixture, parent, &misspelt);
    fixture->context.find_workflow = find_workflow;
}

static const char ladders[] =
    "policy: p\n"
    "ladders:\n"
    "  l:\n"
    "    - at: due\n"
    "      level: escalated\n"
    "      tell: [who]\n"
    "      open: {workflow: item, parties: {lead: who, helper: supervisor(who)},\n"
    "        set: {due_on: due, about: title}}\n";

static const struct policy *read_policy(struct fixture *fixture, const char *text)
{
    arena_clear(&fixture->arena);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("p.yaml"));
    return definition_policy_within(bytes_from_text(text), &fixture->context, &fixture->arena,
                                    &fixture->diagnostics);
}

static void a_rung_opens_a_draft(void **state)
{
    const struct policy *policy = read_policy(*state, ladders);
    assert_non_null(policy);
    const struct rung_draft *draft = policy->ladders[0].rungs[0].draft;
    assert_non_null(draft);
    assert_text(draft->workflow, "item");
    assert_int_equal(draft->party_count, 2);
    assert_int_equal(draft->parties[0].tell.kind, TELL_WHO);
    assert_true(draft->parties[1].tell.is_supervisor);
    assert_int_equal(draft->value_count, 2);
    assert_text(draft->values[1].name, "about");
    assert_int_equal(draft->values[0].fact, RUNG_FACT_DUE);
    assert_int_equal(draft->values[1].fact, RUNG_FACT_TITLE);
}

static void drafts_are_checked_against_their_workflow(void **state)
{
    static const struct variant variants[] = {
        {"workflow: item", "workflow: items", "unknown-workflow"},
        {"due_on: due, ", "", "given-missing"},
        {"due_on: due", "due_on: title", "expr-wanted"},
        {"about: title", "about: due", "expr-wanted"},
        {"about: title", "about: name", "unknown-word"},
        {"about: title", "abut: title", "unknown-field"},
        {"lead: who", "lead: [who]", "wrong-shape"},
        {"lead: who", "led: who, lead: who", "unknown-party"},
        {"workflow: item, parties: {lead: who, helper: supervisor(who)}",
         "workflow: counting, parties: {owner: who}", "open-without-event"},
    };
    struct fixture *fixture = *state;
    char text[2048];
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        const char *at = strstr(ladders, variants[i].find);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - ladders), ladders, variants[i].replace,
                 at + strlen(variants[i].find));
        assert_null(read_policy(fixture, text));
        assert_string_equal(fixture->diagnostics.rows[0].code, variants[i].code);
    }
}

static const struct policy *read_ladders(struct fixture *fixture, struct arena *arena,
                                         const char *lead)
{
    char text[1024];
    const char *at = strstr(ladders, "lead: who");
    snprintf(text, sizeof text, "%.*slead: %s%s", (int)(at - ladders), ladders, lead,
             at + strlen("lead: who"));
    const struct policy *policy = definition_policy(
        bytes_from_text(text), fixture->context.directory, arena, &fixture->diagnostics);
    assert_non_null(policy);
    return policy;
}

/* What a ladder opens counts as opened, and its parties must be parties of the workflow, bound
 * before its clock starts. */
static void drafts_of_ladders_reach_the_workflow(void **state)
{
    static const struct {
        const char *lead, *code;
    } rows[] = {
        {"who", NULL}, {"owner", NULL}, {"nobody", "tell-nobody"}, {"other", "party-unset"}};
    struct fixture *fixture = *state;
    const struct policy *shipped = fixture->context.policy;
    char with_ladder[2048];
    void *block = malloc(1 << 16);
    snprintf(with_ladder, sizeof with_ladder, "%.*s, ladder: l}\n",
             (int)(strlen(waiting) - strlen("}\n")), waiting);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct variant variant = {
            "split: {to: second, do: [{open: {workflow: item, parties: {lead: party.owner},\n"
            "        set: {due_on: \"date('2025-01-31')\"}}}]}\n",
            "split: {to: second}\n", rows[i].code};
        struct arena arena;
        arena_init(&arena, block, 1 << 16);
        fixture->context.policy = read_ladders(fixture, &arena, rows[i].lead);
        check_variant(fixture, with_ladder, &variant);
    }
    fixture->context.policy = shipped;
    free(block);
}

/* As many values as fit and one more; as many actions. */
static void values_and_actions_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    for (int extra = 0; extra < 2; extra++) {
        char text[8192], *at = text;
        at += sprintf(at, "workflow: w\nversion: 1\nevents: {done: {from: [agency]}}\n"
                          "start: {to: open}\nstates:\n  closed: {end: true}\n"
                          "  open: {no-clock: x, when: {done: {to: closed, do: [{emit: {type: t, "
                          "data: {");
        for (int i = 0; i < ACTION_VALUES_MAX + extra; i++)
            at += sprintf(at, "%sv%d: 1", i ? ", " : "", i);
        at += sprintf(at, "}}}");
        for (int i = 1; i < BRANCH_ACTIONS_MAX; i++)
            at += sprintf(at, ", {emit: {type: t}}");
        at += sprintf(at, "]}}}\n");
        const struct program *program = compile(fixture, text);
        assert_true((program != NULL) == (extra == 0));
        if (extra)
            assert_string_equal(fixture->diagnostics.rows[0].code, "too-many");
    }
}

/* At one instant every clock may open as many sub-cases as a case can have, and no more together.
 */
static void what_expiries_open_is_counted(void **state)
{
    struct fixture *fixture = *state;
    char text[16384], *at = text;
    at +=
        sprintf(at, "workflow: w\nversion: 1\nparties: {p: {kind: agency}}\n"
                    "data: {units: {type: list, of: {type: unit}}}\n"
                    "events: {go: {from: [agency], data: {units: {type: list, of: {type: unit}}}},"
                    " done: {from: [agency]}}\n"
                    "start: {event: go, set: {units: event.data.units}, bind: {p: event.sender},"
                    " to: open}\nstates: {open: {when: {done: {to: closed}}}, closed: {end: true}}"
                    "\nclocks:\n");
    for (int i = 0; i < PROGRAM_CLOCKS_MAX; i++)
        at += sprintf(at,
                      "  c%d: {force: agreed, who: p, while: open, period: 5 days, expire: {do: "
                      "[{open: {workflow: item, for: u in case.units, set: {due_on: "
                      "\"date('2025-01-31')\"}, parties: {lead: u}}}]}}\n",
                      i);
    (void)compile_good(fixture, text);
}

/* As many facts of one instant as fit; a draft of each clock is one more. */
static void drafts_of_clocks_are_counted(void **state)
{
    struct fixture *fixture = *state;
    const struct policy *shipped = fixture->context.policy;
    struct arena arena;
    void *block = malloc(1 << 16);
    arena_init(&arena, block, 1 << 16);
    fixture->context.policy = read_ladders(fixture, &arena, "who");
    for (int has_ladder = 0; has_ladder < 2; has_ladder++) {
        char text[16384], *at = text;
        at += sprintf(at, "workflow: w\nversion: 1\nparties: {p: {kind: agency}}\ndata:\n");
        for (int i = 0; i < 11; i++)
            at += sprintf(at, "  v%d: {type: int, default: 0}\n", i);
        at += sprintf(at, "events: {go: {from: [agency]}, done: {from: [agency]}}\n"
                          "start: {event: go, bind: {p: event.sender}, to: open}\n"
                          "states: {open: {when: {done: {to: closed}}}, closed: {end: true}}\n"
                          "clocks:\n");
        for (int i = 0; i < PROGRAM_CLOCKS_MAX; i++) {
            at += sprintf(at,
                          "  c%d: {force: agreed, who: p, while: open, period: 5 days%s, "
                          "expire: {set: {v0: 1",
                          i, has_ladder ? ", ladder: l" : "");
            for (int j = 1; j < 11; j++)
                at += sprintf(at, ", v%d: 1", j);
            at += sprintf(at, "}}}\n");
        }
        (void)compile(fixture, text);
        assert_int_equal(fixture->diagnostics.error_count, has_ladder);
        if (has_ladder)
            assert_string_equal(fixture->diagnostics.rows[0].code, "too-many-effects");
    }
    fixture->context.policy = shipped;
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_is_read_field_by_field),
        cmocka_unit_test(emitting_is_read_field_by_field),
        cmocka_unit_test(the_joined_event_stands_behind_the_declared_ones),
        cmocka_unit_test(what_must_be_given_is_listed),
        cmocka_unit_test(openings_are_checked_against_their_workflow),
        cmocka_unit_test(emitted_events_are_checked_against_their_workflow),
        cmocka_unit_test(waiting_for_sub_cases_comes_after_opening_them),
        cmocka_unit_test(a_clock_alone_takes_no_joined_event),
        cmocka_unit_test(what_is_given_is_known_at_the_start),
        cmocka_unit_test(without_other_workflows_names_are_taken_as_they_are),
        cmocka_unit_test(a_rung_opens_a_draft),
        cmocka_unit_test(drafts_are_checked_against_their_workflow),
        cmocka_unit_test(drafts_of_ladders_reach_the_workflow),
        cmocka_unit_test(values_and_actions_are_bounded),
        cmocka_unit_test(what_expiries_open_is_counted),
        cmocka_unit_test(drafts_of_clocks_are_counted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
