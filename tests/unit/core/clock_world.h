/* One clock with the rules it is judged by, for the tests of clocks and ladders. Each test gets its
 * own world and turns in it what it needs. Header only, because each test is one program. */
#ifndef LD_TEST_CLOCK_WORLD_H
#define LD_TEST_CLOCK_WORLD_H

#include "calendar_2024_2026.h"
#include "workflows/core/clock.h"

struct world {
    struct clock_extend extends[1];
    struct clock_rule rule;
    struct rung rungs[LADDER_RUNGS_MAX];
    struct ladder ladder;
    struct policy policy;
    struct rules rules;
    struct clock_run run;
};

static const struct tell tell_who = {TELL_WHO, false, {0}};

static inline struct rung before_due(int32_t amount, enum period_unit unit, enum alert_level level)
{
    return (struct rung){.amount = amount,
                         .unit = unit,
                         .is_before = true,
                         .level = level,
                         .tell = &tell_who,
                         .tell_count = 1};
}

static inline struct rung after_due(int32_t amount, enum period_unit unit, enum alert_level level)
{
    struct rung rung = before_due(amount, unit, level);
    rung.is_before = false;
    return rung;
}

static inline struct rung at_due(void)
{
    return after_due(0, PERIOD_UNTIL, ALERT_OVERDUE);
}

/* No ladder; nothing extends; two pause rules; civil, rolling. */
static inline void world_init(struct world *world)
{
    *world = (struct world){
        .extends = {{.unit = PERIOD_MONTHS, .times = 1, .is_before_due = true}},
        .rule = {.name = BYTES_LITERAL("reply"),
                 .rule = RULE_CIVIL,
                 .is_rolled = true,
                 .pause_count = 2,
                 .extend_count = 1},
        .ladder = {.name = BYTES_LITERAL("standard")},
        .policy = {.id = BYTES_LITERAL("standard"), .alert_hour = 9, .ladder_count = 1},
        .run = {.breached_ms = INSTANT_NONE, .ended_ms = INSTANT_NONE, .acked_ms = INSTANT_NONE},
    };
    world->rule.extends = world->extends;
    world->ladder.rungs = world->rungs;
    world->policy.ladders = &world->ladder;
    world->rules = (struct rules){&china.calendar, &world->policy, NULL};
}

static inline void world_add(struct world *world, struct rung rung)
{
    assert_true(world->ladder.rung_count < LADDER_RUNGS_MAX);
    world->rungs[world->ladder.rung_count++] = rung;
    world->rule.ladder = BYTES_LITERAL("standard");
}

/* What happens at an instant and is dated on that day; the engine hears of it at once. */
static inline struct clock_moment moment_at(const char *instant)
{
    int64_t instant_ms = at(instant);
    return (struct clock_moment){date_of_instant(instant_ms, 480), instant_ms, instant_ms};
}

/* Dated on a day, and heard of at an instant. */
static inline struct clock_moment late_entry(const char *date, const char *now)
{
    return (struct clock_moment){on(date), instant_of_date(on(date), 480), at(now)};
}

static inline void world_start(struct world *world, const char *instant, int32_t amount,
                               enum period_unit unit)
{
    struct clock_moment moment = moment_at(instant);
    assert_int_equal(clock_start(&world->rule, &world->rules, moment, moment.date,
                                 (struct period){amount, unit}, &world->run),
                     LD_OK);
}

static inline void world_pause(struct world *world, const char *instant, uint32_t pause)
{
    assert_int_equal(
        clock_pause(&world->rule, &world->rules, moment_at(instant), pause, &world->run), LD_OK);
}

static inline void world_resume(struct world *world, const char *instant, uint32_t pause)
{
    assert_int_equal(
        clock_resume(&world->rule, &world->rules, moment_at(instant), pause, &world->run), LD_OK);
}

static inline enum clock_extend_refusal world_extend(struct world *world, const char *instant,
                                                     int32_t amount, enum period_unit unit)
{
    return clock_extend(&world->rule, &world->rules, moment_at(instant), 0,
                        (struct period){amount, unit}, &world->run);
}

static inline int64_t world_next(const struct world *world)
{
    return clock_next_ms(&world->rule, &world->rules, &world->run);
}

/* Fires what is next, which is at this instant. */
static inline struct clock_firing world_fire(struct world *world, const char *instant)
{
    struct clock_firing firing;
    assert_instant(world_next(world), instant);
    assert_int_equal(clock_fire(&world->rule, &world->rules, at(instant), &world->run, &firing),
                     LD_OK);
    return firing;
}

/* Fires an alert of this level that is not the falling due itself. */
static inline void world_alert(struct world *world, const char *instant, enum alert_level level)
{
    struct clock_firing firing = world_fire(world, instant);
    assert_true(firing.is_alert);
    assert_false(firing.is_due);
    assert_false(firing.is_unacknowledged);
    assert_int_equal(firing.level, level);
}

/* All that is waiting at or before an instant happens. */
static inline void world_pass(struct world *world, const char *instant)
{
    struct clock_firing firing;
    for (int64_t next_ms = world_next(world); next_ms != INSTANT_NONE && next_ms <= at(instant);
         next_ms = world_next(world))
        assert_int_equal(clock_fire(&world->rule, &world->rules, next_ms, &world->run, &firing),
                         LD_OK);
}

#endif
