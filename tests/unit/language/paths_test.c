/* The paths of small definitions whose longest time can be worked out by hand, of the shipped one,
 * and of the largest that there can be, which must not take long. */
#include "workflows/language/paths.h"

#include "base/buffer.h"
#include "workflows/language/definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { TEXT_MAX = 65536 };

struct fixture {
    void *block, *found_block;
    struct arena arena, found_arena;
    struct diagnostics diagnostics;
    const struct program *program;
    struct calendar calendar; /* weekends alone */
    struct paths paths;
    char text[TEXT_MAX];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->block = malloc(DEFINITION_ARENA_SIZE);
    fixture->found_block = malloc(PATHS_ARENA_SIZE);
    arena_init(&fixture->arena, fixture->block, DEFINITION_ARENA_SIZE);
    arena_init(&fixture->found_arena, fixture->found_block, PATHS_ARENA_SIZE);
    fixture->calendar = (struct calendar){.zone_minutes = 480, .weekend = 0x60};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->block);
    free(fixture->found_block);
    free(fixture);
    return 0;
}

static void compile(struct fixture *fixture, const char *text)
{
    static char memory[1 << 16];
    struct buffer buffer;
    arena_clear(&fixture->arena);
    diagnostics_init(&fixture->diagnostics, &fixture->arena, BYTES_LITERAL("a.yaml"));
    fixture->program =
        definition_workflow(bytes_from_text(text), NULL, &fixture->arena, &fixture->diagnostics);
    buffer_init(&buffer, memory, sizeof memory);
    for (uint32_t i = 0; i < fixture->diagnostics.count; i++)
        diagnostic_print(&fixture->diagnostics.rows[i], false, &buffer);
    if (!fixture->program)
        print_message("%.*s", BYTES_PRINTF(buffer_bytes(&buffer)));
    assert_non_null(fixture->program);
}

static void find(struct fixture *fixture, uint32_t max, int32_t from)
{
    struct paths_request request = {max, &fixture->calendar, from};
    arena_clear(&fixture->found_arena);
    assert_int_equal(paths_find(fixture->program, &request, &fixture->found_arena, &fixture->paths),
                     LD_OK);
}

static const char head[] = "workflow: w\n"
                           "version: 1\n"
                           "parties: {owner: {kind: agency}}\n"
                           "data: {weeks: {type: int, optional: true}}\n"
                           "events:\n"
                           "  opened: {from: [agency]}\n"
                           "  next: {from: [owner]}\n"
                           "  back: {from: [owner]}\n"
                           "  stopped: {from: [owner]}\n"
                           "  resumed: {from: [owner]}\n"
                           "  longer: {from: [owner], data: {by: {type: int, min: 1, max: 20}}}\n"
                           "  sent: {from: [owner], data: {on: {type: date}}}\n"
                           "start: {event: opened, bind: {owner: event.sender}, to: a}\n";

static const struct path *find_in(struct fixture *fixture, const char *tail)
{
    (void)snprintf(fixture->text, sizeof fixture->text, "%s%s", head, tail);
    compile(fixture, fixture->text);
    find(fixture, 10, DATE_NONE);
    return fixture->paths.row_count ? &fixture->paths.rows[0] : NULL;
}

static bool names(struct bytes name, const char *wanted)
{
    return bytes_equal(name, bytes_from_text(wanted));
}

static void assert_clock(const struct fixture *fixture, int32_t clock, const char *wanted)
{
    assert_int_not_equal(clock, INDEX_NONE);
    assert_true(names(fixture->program->clocks[clock].name, wanted));
}

static void assert_sum(const struct path_sum *sum, int64_t months, int64_t days, int64_t working)
{
    assert_int_equal(sum->years, 0);
    assert_int_equal(sum->months, months);
    assert_int_equal(sum->days, days);
    assert_int_equal(sum->working_days, working);
    assert_int_equal(sum->hours, 0);
}

#define EVENTS_BUT_SENT "stopped: {}, resumed: {}, longer: {}, back: {}"
#define EVENTS_IN_A "stopped: {}, resumed: {}, longer: {}, sent: {}, back: {}"

/* One after the other, each in its own unit. */
static void periods_that_follow_each_other_add_up(void **state)
{
    struct fixture *fixture = *state;
    const struct path *path =
        find_in(fixture, "states:\n"
                         "  a: {when: {next: {to: b}, " EVENTS_IN_A "}}\n"
                         "  b: {when: {next: {to: c}}}\n"
                         "  c: {when: {next: {to: d}}}\n"
                         "  d: {end: true}\n"
                         "clocks:\n"
                         "  one: {force: agreed, who: owner, while: a, period: 2 months}\n"
                         "  two: {force: agreed, who: owner, while: b, period: 7 days}\n"
                         "  six: {force: agreed, who: owner, while: c, period: 3 working days}\n");
    assert_int_equal(fixture->paths.count, 1);
    assert_int_equal(path->step_count, 3);
    assert_sum(&path->time.base, 2, 7, 3);
    assert_sum(&path->time.plus, 0, 0, 0);
    assert_int_equal(path->time.open, 0);
    assert_int_equal(path->link_count, 3);
    assert_clock(fixture, path->links[0].clock, "one");
    assert_clock(fixture, path->links[2].clock, "six");
    assert_clock(fixture, path->steps[1].bound.clock, "two");
    find(fixture, 1, date_from_civil((struct civil){2025, 1, 1}));
    /* 2025-03-01 is a Saturday: 03-03; 7 days on 03-10, a Monday; three working days on 03-13. */
    assert_int_equal(fixture->paths.rows[0].time.last,
                     date_from_civil((struct civil){2025, 3, 13}));
    assert_int_equal(fixture->paths.rows[0].links[0].time.last,
                     date_from_civil((struct civil){2025, 3, 3}));
}

/* A clock over two states and one within the second: 30 at most, not 40. */
static void clocks_that_overlap_are_not_added(void **state)
{
    struct fixture *fixture = *state;
    const struct path *path =
        find_in(fixture, "states:\n"
                         "  a: {when: {next: {to: b}, " EVENTS_IN_A "}}\n"
                         "  b: {when: {next: {to: c}}}\n"
                         "  c: {end: true}\n"
                         "clocks:\n"
                         "  all: {force: agreed, who: owner, while: [a, b], period: 30 days}\n"
                         "  last: {force: agreed, who: owner, while: b, period: 10 days}\n");
    assert_sum(&path->time.base, 0, 30, 0);
    assert_int_equal(path->link_count, 1);
    assert_clock(fixture, path->steps[0].bound.clock, "all");
    assert_clock(fixture, path->steps[1].bound.clock, "last");
}

/* 10 days in b, 30 over a and b, 10 over b and c: what ends first bounds the later ones. */
static void a_later_end_bounds_an_earlier_step(void **state)
{
    struct fixture *fixture = *state;
    const struct path *path =
        find_in(fixture, "states:\n"
                         "  a: {when: {next: {to: b}, " EVENTS_IN_A "}}\n"
                         "  b: {when: {next: {to: c}}}\n"
                         "  c: {when: {next: {to: d}}}\n"
                         "  d: {end: true}\n"
                         "clocks:\n"
                         "  first: {force: agreed, who: owner, while: [a, b], period: 30 days}\n"
                         "  second: {force: agreed, who: owner, while: [b, c], period: 10 days}\n");
    assert_sum(&path->time.base, 0, 40, 0);
    assert_clock(fixture, path->links[0].clock, "first");
    assert_clock(fixture, path->links[1].clock, "second");
}

static void the_longest_alternative_extension_and_pause_count(void **state)
{
    struct fixture *fixture = *state;
    const struct path *path =
        find_in(fixture, "states:\n"
                         "  a: {when: {next: {to: b}, " EVENTS_IN_A "}}\n"
                         "  b: {end: true}\n"
                         "clocks:\n"
                         "  main:\n"
                         "    force: agreed\n"
                         "    who: owner\n"
                         "    while: a\n"
                         "    period: [{if: case.id == 'x', is: 15 days}, 2 months]\n"
                         "    pause: {from: stopped, until: resumed}\n"
                         "    extend: {event: longer, by: event.data.by days, times: 2}\n"
                         "  stop: {force: agreed, who: owner, from: stopped, until: resumed, "
                         "period: 5 working days}\n");
    assert_sum(&path->time.base, 2, 0, 0);
    assert_sum(&path->time.plus, 0, 40, 5);
    assert_int_equal(path->time.open, 0);
    find(fixture, 1, date_from_civil((struct civil){2025, 6, 2}));
    const struct path_time *time = &fixture->paths.rows[0].time;
    assert_int_equal(time->base_last, date_from_civil((struct civil){2025, 8, 4}));
    assert_true(time->last > time->base_last + 40);
}

static void an_open_pause_makes_a_path_unbounded(void **state)
{
    struct fixture *fixture = *state;
    static const char form[] = "states:\n"
                               "  a: {when: {next: {to: b}, " EVENTS_IN_A "}}\n"
                               "  b: {end: true}\n"
                               "clocks:\n"
                               "  main: {force: agreed, who: owner, while: a, period: 5 days, "
                               "pause: {from: stopped, until: resumed}}\n%s";
    char tail[2048];
    (void)snprintf(tail, sizeof tail, form, "");
    const struct path *path = find_in(fixture, tail);
    assert_int_equal(path->time.open, PATH_PAUSE);
    assert_sum(&path->time.base, 0, 5, 0);
    assert_int_equal(fixture->paths.trap_count, 0);
    /* Another clock that nothing stops bounds the path after all. */
    (void)snprintf(tail, sizeof tail, form,
                   "  hard: {force: agreed, who: owner, while: a, period: 1 year}\n");
    path = find_in(fixture, tail);
    assert_int_equal(path->time.open, 0);
    assert_clock(fixture, path->links[0].clock, "hard");
    /* One that is only for reference does not. */
    (void)snprintf(tail, sizeof tail, form,
                   "  soft: {force: reference, who: owner, while: a, period: 1 year}\n");
    path = find_in(fixture, tail);
    assert_int_equal(path->time.open, PATH_PAUSE);
}

static void what_an_event_gives_without_limit_is_open(void **state)
{
    struct fixture *fixture = *state;
    static const char form[] =
        "states:\n"
        "  a: {no-clock: x, when: {next: {to: c}, sent: {to: b%s}, stopped: {}, "
        "resumed: {}, longer: {}, back: {}}}\n"
        "  b: {when: {next: {to: c}}}\n"
        "  c: {end: true}\n"
        "clocks:\n"
        "  main: {force: agreed, who: owner, while: b, period: %s}\n";
    char tail[2048];
    (void)snprintf(tail, sizeof tail, form, "", "until event.data.on");
    (void)find_in(fixture, tail);
    assert_int_equal(fixture->paths.rows[0].time.open, PATH_WAITS | PATH_GIVEN_DATE);
    (void)snprintf(tail, sizeof tail, form, ", set: {weeks: '2 + 1'}",
                   "'has(case.weeks) ? case.weeks : 1 days'");
    (void)find_in(fixture, tail);
    assert_int_equal(fixture->paths.rows[0].time.open, PATH_WAITS);
    assert_sum(&fixture->paths.rows[0].time.base, 0, 3, 0);
}

static void waits_for_ever_are_named_with_the_reason(void **state)
{
    struct fixture *fixture = *state;
    const struct path *path = find_in(
        fixture,
        "states:\n"
        "  a: {no-clock: up to the court, when: {next: {to: b}, longer: {}, sent: {}, back: {}}}\n"
        "  b: {when: {next: {to: c}, stopped: {}, resumed: {}}}\n"
        "  c: {when: {next: {to: d}}}\n"
        "  d: {when: {next: {to: z}}}\n"
        "  z: {end: true}\n"
        "clocks:\n"
        "  side: {force: agreed, who: owner, from: stopped, until: resumed, period: 5 days}\n"
        "  nudge: {force: agreed, who: owner, while: c, period: 30 days, repeat: true}\n"
        "  real: {force: agreed, who: owner, while: d, period: 4 days}\n");
    static const enum path_wait waits[] = {PATH_WAIT_NO_CLOCK, PATH_WAIT_OTHERS, PATH_WAIT_OTHERS};
    assert_int_equal(path->time.waits, 3);
    assert_int_equal(path->time.open, PATH_WAITS);
    assert_sum(&path->time.base, 0, 4, 0);
    assert_int_equal(fixture->paths.trap_count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(fixture->paths.traps[i].state, (int32_t)i);
        assert_int_equal(fixture->paths.traps[i].wait, waits[i]);
    }
    assert_int_equal(path->steps[3].wait, PATH_WAIT_ENDS);
    assert_int_equal(fixture->paths.ends[0].unbounded, 1);
}

static const char family[] =
    "workflow: parent\nversion: 1\ntitle: parent\ncalendar: cn\n"
    "parties: {owner: {title: o, kind: agency}}\n"
    "events:\n"
    "  go: {from: [agency]}\n"
    "  next: {from: [owner]}\n"
    "start: {event: go, to: a, bind: {owner: event.sender},\n"
    "  do: [{open: {workflow: child}}]}\n"
    "states:\n"
    "  a: {no-clock: theirs, when: {sub-cases.closed: {to: b}, next: {to: c}}}\n"
    "  b: {no-clock: theirs, when: {next: {to: c, do: [{open: {workflow: child}}]}}}\n"
    "  c: {when: {sub-cases.closed: {to: d}}}\n"
    "  d: {no-clock: theirs, when: {sub-cases.closed: {to: z}}}\n"
    "  z: {end: true}\n"
    "clocks:\n"
    "  own: {force: agreed, who: owner, while: c, period: 9 days}\n";

/* a is also left by an event that may never come; d by its sub-cases alone; c has a clock. */
static void a_wait_for_sub_cases_is_told_from_one_for_ever(void **state)
{
    struct fixture *fixture = *state;
    compile(fixture, family);
    find(fixture, 10, DATE_NONE);
    assert_int_equal(fixture->paths.count, 2);
    const struct path *longest = &fixture->paths.rows[0], *other = &fixture->paths.rows[1];
    assert_true(longest->time.open & PATH_WAITS); /* by `next`: longer than to wait for sub-cases */
    assert_int_equal(longest->step_count, 4);
    assert_int_equal(longest->steps[0].wait, PATH_WAIT_SUBS);
    assert_int_equal(longest->steps[1].wait, PATH_WAIT_NO_CLOCK);
    assert_int_equal(longest->steps[2].wait, PATH_WAIT_ENDS);
    assert_clock(fixture, longest->steps[2].bound.clock, "own");
    assert_int_equal(longest->steps[3].wait, PATH_WAIT_SUBS);
    assert_int_equal(longest->time.open, PATH_WAITS | PATH_SUBS);
    assert_sum(&longest->time.base, 0, 9, 0);
    assert_int_equal(longest->time.waits, 3);
    assert_int_equal(other->steps[0].wait, PATH_WAIT_NO_CLOCK);
    assert_int_equal(fixture->paths.trap_count, 3);
    assert_int_equal(fixture->paths.traps[0].wait, PATH_WAIT_NO_CLOCK); /* and not PATH_WAIT_SUBS */
    assert_int_equal(fixture->paths.traps[2].wait, PATH_WAIT_SUBS);
}

static void a_path_that_waits_for_sub_cases_alone_says_so(void **state)
{
    struct fixture *fixture = *state;
    static const char alone[] = "workflow: parent\nversion: 1\ntitle: parent\ncalendar: cn\n"
                                "parties: {owner: {title: o, kind: agency}}\n"
                                "events:\n"
                                "  go: {from: [agency]}\n"
                                "  next: {from: [owner]}\n"
                                "start: {event: go, to: a, bind: {owner: event.sender},\n"
                                "  do: [{open: {workflow: child}}]}\n"
                                "states:\n"
                                "  a: {no-clock: theirs, when: {sub-cases.closed: {to: b}}}\n"
                                "  b: {when: {next: {to: z}}}\n"
                                "  z: {end: true}\n"
                                "clocks:\n"
                                "  own: {force: agreed, who: owner, while: b, period: 9 days}\n";
    compile(fixture, alone);
    find(fixture, 10, DATE_NONE);
    assert_int_equal(fixture->paths.count, 1);
    const struct path *path = &fixture->paths.rows[0];
    assert_int_equal(path->time.open, PATH_SUBS);
    assert_int_equal(path->time.waits, 1);
    assert_int_equal(path->steps[1].wait, PATH_WAIT_ENDS);
    assert_int_equal(fixture->paths.trap_count, 1);
    assert_int_equal(fixture->paths.traps[0].wait, PATH_WAIT_SUBS);
}

/* Whoever opens the case may give any field: what a definition itself sets bounds nothing. */
static void what_a_parent_gives_has_no_bound_but_its_type(void **state)
{
    struct fixture *fixture = *state;
    static const char child[] =
        "workflow: child\nversion: 1\ntitle: child\ncalendar: cn\n"
        "parties: {owner: {title: o, kind: agency}}\n"
        "data:\n"
        "  days: {type: int, default: 10}\n"
        "  few: {type: int, min: 1, max: 6, default: 2}\n"
        "  on: {type: date}\n"
        "events:\n"
        "  next: {from: [owner]}\n"
        "start: {to: a, given: [owner, on]}\n"
        "states:\n"
        "  a: {when: {next: {to: b}}}\n"
        "  b: {when: {next: {to: c}}}\n"
        "  c: {when: {next: {to: z}}}\n"
        "  z: {end: true}\n"
        "clocks:\n"
        "  long: {force: agreed, who: owner, while: a, period: case.days days}\n"
        "  short: {force: agreed, who: owner, while: b, period: case.few days}\n"
        "  dated: {force: agreed, who: owner, while: c, period: 3 days, anchor: case.on}\n";
    compile(fixture, child);
    find(fixture, 10, DATE_NONE);
    assert_int_equal(fixture->paths.count, 1);
    const struct path *path = &fixture->paths.rows[0];
    assert_int_equal(path->steps[0].bound.time.open, PATH_ANY_LENGTH);
    assert_int_equal(path->steps[1].bound.time.open, 0);
    assert_sum(&path->steps[1].bound.time.base, 0, 6, 0);
    assert_int_equal(path->steps[2].bound.time.open, PATH_GIVEN_DATE);
}

static void only_reminders_end_no_wait(void **state)
{
    struct fixture *fixture = *state;
    const struct path *path =
        find_in(fixture, "states:\n"
                         "  a: {when: {next: {to: b}, " EVENTS_IN_A "}}\n"
                         "  b: {end: true}\n"
                         "clocks:\n"
                         "  nudge: {force: agreed, who: owner, while: a, period: 30 days, "
                         "repeat: true}\n");
    assert_int_equal(path->steps[0].wait, PATH_WAIT_REMINDERS);
    assert_clock(fixture, path->steps[0].wait_clock, "nudge");
    assert_int_equal(path->time.waits, 1);
}

/* Nobody must use a right; where its lapse moves the case, time does. */
static void a_right_bounds_only_what_its_expiry_moves(void **state)
{
    struct fixture *fixture = *state;
    static const char form[] =
        "states:\n"
        "  a: {when: {next: {to: b}, " EVENTS_IN_A "}}\n"
        "  b: {end: true}\n"
        "clocks:\n"
        "  ask: {force: agreed, who: owner, while: a, period: 30 days, right: true%s}\n";
    char tail[2048];
    (void)snprintf(tail, sizeof tail, form, "");
    const struct path *path = find_in(fixture, tail);
    assert_int_equal(path->time.open, PATH_WAITS);
    assert_int_equal(path->steps[0].wait, PATH_WAIT_OTHERS);
    assert_clock(fixture, path->steps[0].wait_clock, "ask");
    (void)snprintf(tail, sizeof tail, form, ", expire: {to: b}");
    (void)find_in(fixture, tail);
    assert_int_equal(fixture->paths.count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(fixture->paths.rows[i].time.open, 0);
        assert_sum(&fixture->paths.rows[i].time.base, 0, 30, 0);
    }
}

/* What lapses is over: the clock can begin again, and nobody waits for it as overdue. */
static void a_right_that_has_lapsed_is_not_overdue(void **state)
{
    struct fixture *fixture = *state;
    const struct path *path =
        find_in(fixture, "states:\n"
                         "  a: {when: {next: {to: c}, " EVENTS_IN_A "}}\n"
                         "  b: {when: {next: {to: c}}}\n"
                         "  c: {end: true}\n"
                         "clocks:\n"
                         "  ask: {force: agreed, who: owner, while: [a, b], period: 30 days, "
                         "right: true, expire: {to: b}}\n");
    assert_int_equal(path->steps[1].wait, PATH_WAIT_NO_CLOCK);
}

/* The clock that `sent` ends bounds the wait, until `sent` may also be taken without moving. */
static void a_clock_that_may_end_in_passing_bounds_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const char form[] = "states:\n"
                               "  a: {when: {sent: %s, next: {}, stopped: {}, "
                               "resumed: {}, longer: {}, back: {}}}\n"
                               "  b: {end: true}\n"
                               "clocks:\n"
                               "  main: {force: agreed, who: owner, from: opened, until: sent, "
                               "period: 5 days}\n";
    char tail[2048];
    (void)snprintf(tail, sizeof tail, form, "{to: b}");
    assert_int_equal(find_in(fixture, tail)->time.open, 0);
    (void)snprintf(tail, sizeof tail, form, "[{if: case.id == 'x', to: b}, {}]");
    const struct path *path = find_in(fixture, tail);
    assert_int_equal(path->time.open, PATH_WAITS);
    assert_int_equal(path->steps[0].wait, PATH_WAIT_OTHERS);
    assert_clock(fixture, path->steps[0].wait_clock, "main");
}

/* An expiry is a step of its own, moves the case whatever it waits for, and is not taken twice. */
static void expiries_are_steps_and_bounds(void **state)
{
    struct fixture *fixture = *state;
    (void)find_in(
        fixture, "states:\n"
                 "  a: {when: {sent: {to: b}, "
                 "stopped: {}, resumed: {}, longer: {}, back: {}}}\n"
                 "  b: {when: {next: {to: c}}}\n"
                 "  c: {end: true}\n"
                 "clocks:\n"
                 "  main: {force: agreed, who: owner, from: opened, until: sent, period: 2 months, "
                 "expire: {to: b}}\n"
                 "  check: {force: agreed, who: owner, while: b, anchor: due('main'), "
                 "period: 1 month}\n");
    const struct paths *paths = &fixture->paths;
    assert_int_equal(paths->count, 2);
    assert_int_equal(paths->loop_count, 0);
    for (uint32_t i = 0; i < 2; i++) {
        /* From the due date of main, whether the case came by the answer or by the expiry. */
        assert_sum(&paths->rows[i].time.base, 3, 0, 0);
        assert_int_equal(paths->rows[i].link_count, 1);
        assert_clock(fixture, paths->rows[i].links[0].clock, "check");
        assert_clock(fixture, paths->rows[i].links[0].anchor, "main");
    }
    assert_int_equal(paths->rows[0].steps[0].clock, INDEX_NONE);
    assert_clock(fixture, paths->rows[1].steps[0].clock, "main");
    assert_int_equal(paths->rows[1].steps[0].event, INDEX_NONE);
}

/* Behind the expiry the same clock is overdue, and bounds nothing. */
static void an_expired_clock_bounds_nothing_more(void **state)
{
    struct fixture *fixture = *state;
    (void)find_in(fixture, "states:\n"
                           "  a: {when: {sent: {to: c}, " EVENTS_BUT_SENT "}}\n"
                           "  b: {when: {next: {to: c}}}\n"
                           "  c: {end: true}\n"
                           "clocks:\n"
                           "  main: {force: agreed, who: owner, while: [a, b], period: 2 months, "
                           "expire: {to: b}}\n");
    const struct path *path = &fixture->paths.rows[0];
    assert_int_equal(path->step_count, 2);
    assert_clock(fixture, path->steps[0].clock, "main");
    assert_int_equal(path->steps[0].wait, PATH_WAIT_ENDS);
    assert_int_equal(path->steps[1].wait, PATH_WAIT_OVERDUE);
    assert_int_equal(path->time.waits, 1);
    assert_int_equal(fixture->paths.rows[1].time.open, 0);
}

static void loops_and_detours_are_named_once(void **state)
{
    struct fixture *fixture = *state;
    (void)find_in(fixture, "states:\n"
                           "  a: {when: {next: {to: b}, longer: {to: b}, sent: {to: a}}}\n"
                           "  b: {when: {next: {to: c}, back: {to: a}, stopped: {to: side}}}\n"
                           "  side: {when: {resumed: {to: b}}}\n"
                           "  c: {end: true}\n"
                           "clocks:\n"
                           "  all: {force: agreed, who: owner, while: [a, b, side], "
                           "period: 5 days}\n");
    const struct path_loop *loops = fixture->paths.loops;
    assert_int_equal(fixture->paths.count, 2); /* by next and by longer */
    assert_int_equal(fixture->paths.loop_count, 3);
    bool is_back = false, is_detour = false, is_self = false;
    for (uint32_t i = 0; i < 3; i++) {
        is_back |= loops[i].from == 1 && loops[i].to == 0 && !loops[i].is_detour;
        is_detour |= loops[i].from == 1 && loops[i].to == 2 && loops[i].is_detour;
        is_self |= loops[i].from == 0 && loops[i].to == 0 && !loops[i].is_detour;
    }
    assert_true(is_back && is_detour && is_self);
}

static void the_longest_come_first_and_ends_are_summed_up(void **state)
{
    struct fixture *fixture = *state;
    (void)find_in(fixture, "states:\n"
                           "  a: {when: {next: {to: b}, sent: {to: short}, stopped: {}, "
                           "resumed: {}, longer: {}, back: {}}}\n"
                           "  b: {when: {next: {to: long}, sent: {to: short}}}\n"
                           "  short: {end: true}\n"
                           "  long: {end: true}\n"
                           "clocks:\n"
                           "  one: {force: agreed, who: owner, while: a, period: 5 days}\n"
                           "  two: {force: agreed, who: owner, while: b, period: 1 month}\n");
    const struct paths *paths = &fixture->paths;
    assert_int_equal(paths->count, 3);
    assert_int_equal(paths->end_count, 2);
    assert_int_equal(paths->ends[0].count, 2);
    assert_int_equal(paths->ends[0].fewest_steps, 1);
    assert_int_equal(paths->ends[0].most_steps, 2);
    assert_int_equal(paths->ends[1].count, 1);
    assert_sum(&paths->ends[0].longest.base, 1, 5, 0);
    for (uint32_t i = 1; i < paths->row_count; i++)
        assert_true(paths->rows[i].time.hours <= paths->rows[i - 1].time.hours);
    assert_int_equal(paths->rows[2].step_count, 1);
    find(fixture, 1, DATE_NONE);
    assert_int_equal(fixture->paths.row_count, 1);
    assert_int_equal(fixture->paths.count, 3);
    find(fixture, 0, DATE_NONE);
    assert_int_equal(fixture->paths.row_count, 0);
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Every state leads to every other: 62! paths, of which a share is looked at for each end. */
static void write_complete_graph(struct fixture *fixture)
{
    enum { STATES = 62, ENDS = 2 };
    size_t used = 0;
    char *text = fixture->text;
#define ADD(...) used += (size_t)snprintf(text + used, TEXT_MAX - used, __VA_ARGS__)
    ADD("workflow: w\nversion: 1\nparties: {o: {}}\nevents:\n  e: {from: [agency]}\n");
    for (int i = 0; i < STATES + ENDS; i++)
        ADD("  e%d: {from: [o]}\n", i);
    ADD("start: {event: e, bind: {o: event.sender}, to: s0}\nwhen:\n");
    for (int i = 0; i < STATES + ENDS; i++)
        ADD("  e%d: {to: s%d}\n", i, i);
    ADD("states:\n");
    for (int i = 0; i < STATES + ENDS; i++)
        ADD("  s%d: {%s}\n", i, i < STATES ? "when: {}" : "end: true");
    ADD("clocks:\n");
    for (int i = 0; i < 31; i++)
        ADD("  c%d: {force: agreed, who: o, while: [s%d, s%d], period: %d days}\n", i, 2 * i,
            2 * i + 1, i + 1);
    ADD("  last: {force: agreed, who: o, from: e5, until: e60, period: 7 working days}\n");
#undef ADD
    assert_true(used < TEXT_MAX);
}

static void the_largest_program_is_capped_in_time(void **state)
{
    struct fixture *fixture = *state;
    write_complete_graph(fixture);
    compile(fixture, fixture->text);
    for (int32_t from = 0; from < 2; from++) {
        double before = seconds();
        find(fixture, 20, from ? date_from_civil((struct civil){2025, 1, 1}) : DATE_NONE);
        print_message("%.2f s, %llu paths\n", seconds() - before,
                      (unsigned long long)fixture->paths.count);
        assert_true(seconds() - before < 20); /* the sanitizers' build, on a busy machine */
        assert_true(fixture->paths.is_capped);
        assert_true(fixture->paths.ends[0].count > 0 && fixture->paths.ends[1].count > 0);
        assert_int_equal(fixture->paths.row_count, 20);
    }
}

static void the_same_program_gives_the_same_paths(void **state)
{
    struct fixture *fixture = *state;
    static struct paths first;
    static struct path rows[5];
    write_complete_graph(fixture);
    compile(fixture, fixture->text);
    find(fixture, 5, DATE_NONE);
    first = fixture->paths;
    memcpy(rows, first.rows, sizeof rows);
    find(fixture, 5, DATE_NONE);
    assert_int_equal(first.count, fixture->paths.count);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(rows[i].step_count, fixture->paths.rows[i].step_count);
        assert_int_equal(rows[i].time.hours, fixture->paths.rows[i].time.hours);
        for (uint32_t j = 0; j < rows[i].step_count; j++)
            assert_int_equal(rows[i].steps[j].event, fixture->paths.rows[i].steps[j].event);
    }
}

static void a_small_arena_is_full(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena;
    struct paths_request request = {10, NULL, DATE_NONE};
    write_complete_graph(fixture);
    compile(fixture, fixture->text);
    for (size_t size = 64; size < 1 << 20; size *= 4) {
        arena_init(&arena, fixture->found_block, size);
        assert_int_equal(paths_find(fixture->program, &request, &arena, &fixture->paths), LD_FULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(periods_that_follow_each_other_add_up),
        cmocka_unit_test(clocks_that_overlap_are_not_added),
        cmocka_unit_test(a_later_end_bounds_an_earlier_step),
        cmocka_unit_test(the_longest_alternative_extension_and_pause_count),
        cmocka_unit_test(an_open_pause_makes_a_path_unbounded),
        cmocka_unit_test(what_an_event_gives_without_limit_is_open),
        cmocka_unit_test(waits_for_ever_are_named_with_the_reason),
        cmocka_unit_test(a_wait_for_sub_cases_is_told_from_one_for_ever),
        cmocka_unit_test(a_path_that_waits_for_sub_cases_alone_says_so),
        cmocka_unit_test(what_a_parent_gives_has_no_bound_but_its_type),
        cmocka_unit_test(only_reminders_end_no_wait),
        cmocka_unit_test(a_right_bounds_only_what_its_expiry_moves),
        cmocka_unit_test(a_right_that_has_lapsed_is_not_overdue),
        cmocka_unit_test(a_clock_that_may_end_in_passing_bounds_nothing),
        cmocka_unit_test(expiries_are_steps_and_bounds),
        cmocka_unit_test(an_expired_clock_bounds_nothing_more),
        cmocka_unit_test(loops_and_detours_are_named_once),
        cmocka_unit_test(the_longest_come_first_and_ends_are_summed_up),
        cmocka_unit_test(the_largest_program_is_capped_in_time),
        cmocka_unit_test(the_same_program_gives_the_same_paths),
        cmocka_unit_test(a_small_arena_is_full),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
