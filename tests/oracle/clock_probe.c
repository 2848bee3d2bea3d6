/* The engine's side of oracle.py: what the core makes of one clock's life. Each line of the input
 * is numbers, each answer is one line of numbers, and nothing is judged here.
 *
 *   C slot zone weekend years (year)… days (date work)…            keeps a calendar; no answer
 *   T slot rule rolled kind continues hour rungs (amount unit before level every unit within
 * unit)… times before-due  amount unit  anchor date instant now steps (kind date instant now a b)…
 * until firings; the kind of a clock: 0 a duty, 1 one that repeats, 2 a right
 *
 * A step first lets happen what waits up to its `now` (at most so many firings in all), as a worker
 * does. Its answer is  firings (instant what level)…  result  status unrolled last-day due
 * provisional breached days-late; what: 1 it fell due, 2 nobody acknowledged. The last answer is
 * that of the end (`until`), and then how many days were counted in all and up to the date of the
 * last step. */
#include "workers/record.h"
#include "workflows/core/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 64, DAYS_MAX = 4096, YEARS_MAX = 256, LINE_SIZE = 1 << 18, ARENA = 4 << 20 };
enum { TRACE_MAX = 40000, RECORD_MAX = 1 << 16 };

enum step_kind {
    STEP_PAUSE = 1,
    STEP_RESUME,
    STEP_EXTEND,
    STEP_CALENDAR,
    STEP_END,
    STEP_CANCEL,
    STEP_RESTART,
    STEP_REPLAY,
    STEP_PASS,
    STEP_CONTINUE,
    STEP_START,
    STEP_ACKNOWLEDGE
};

struct slot {
    struct calendar calendar;
    struct calendar_day days[DAYS_MAX];
    struct calendar_year years[YEARS_MAX];
};

struct life {
    struct clock_extend extend;
    struct clock_rule rule;
    struct rung rungs[LADDER_RUNGS_MAX];
    struct ladder ladder;
    struct policy policy;
    struct rules rules;
    struct clock_run run;
    struct program program;
    int64_t firings_left;
};

static const struct state probe_state = {.name = BYTES_LITERAL("probe")};
static const struct tell somebody;
static struct slot slots[SLOTS];
static char line[LINE_SIZE];
static char *cursor;
static uint8_t arena_block[ARENA];
static uint8_t record_block[RECORD_MAX];

static int64_t number(void)
{
    char *end;
    int64_t value = strtoll(cursor, &end, 10);
    if (end == cursor) {
        fprintf(stderr, "clock_probe: a number is missing\n");
        exit(2);
    }
    cursor = end;
    return value;
}

static int32_t small(void)
{
    return (int32_t)number();
}

static uint32_t count(uint32_t max)
{
    int64_t value = number();
    LD_ASSERT(value >= 0 && value <= (int64_t)max);
    return (uint32_t)value;
}

static enum period_unit unit(void)
{
    return (enum period_unit)count(PERIOD_UNTIL);
}

static void read_calendar(void)
{
    struct slot *slot = &slots[count(SLOTS - 1)];
    *slot = (struct slot){0};
    slot->calendar.id = BYTES_LITERAL("probe");
    slot->calendar.version = 1;
    slot->calendar.zone_minutes = small();
    slot->calendar.weekend = (uint8_t)count(0x7f);
    slot->calendar.years = slot->years;
    slot->calendar.year_count = count(YEARS_MAX);
    for (uint32_t i = 0; i < slot->calendar.year_count; i++)
        slot->years[i].year = small();
    slot->calendar.days = slot->days;
    slot->calendar.day_count = count(DAYS_MAX);
    for (uint32_t i = 0; i < slot->calendar.day_count; i++) {
        slot->days[i].date = small();
        slot->days[i].kind = count(1) ? DAY_WORK : DAY_OFF;
    }
}

static struct clock_moment moment(void)
{
    struct clock_moment read = {.date = small()};
    read.instant_ms = number();
    read.now_ms = number();
    return read;
}

static void fire_up_to(struct life *life, int64_t now_ms, struct buffer *answer)
{
    struct buffer fired;
    static uint8_t block[RECORD_MAX];
    uint32_t fired_count = 0;
    buffer_init(&fired, block, sizeof block);
    for (;;) {
        struct clock_firing firing;
        int64_t next_ms = clock_next_ms(&life->rule, &life->rules, &life->run);
        if (next_ms == INSTANT_NONE || next_ms > now_ms || !life->firings_left)
            break;
        life->firings_left--;
        if (clock_fire(&life->rule, &life->rules, next_ms, &life->run, &firing))
            break;
        fired_count++;
        buffer_put_text(&fired, " ");
        buffer_put_decimal(&fired, next_ms);
        buffer_put_text(&fired, " ");
        buffer_put_decimal(&fired, firing.is_due + 2 * firing.is_unacknowledged);
        buffer_put_text(&fired, " ");
        buffer_put_decimal(&fired, firing.is_alert ? (int64_t)firing.level : 0);
    }
    LD_ASSERT(!fired.is_full);
    buffer_put_text(answer, " ");
    buffer_put_decimal(answer, fired_count);
    buffer_put(answer, buffer_bytes(&fired));
}

static void put_state(const struct life *life, int64_t result, struct buffer *answer)
{
    const struct clock_run *run = &life->run;
    const int64_t numbers[] = {
        result,          (int64_t)run->status,    run->due.unrolled, run->due.last_day,
        run->due.due_ms, run->due.is_provisional, run->breached_ms,  run->days_late};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        buffer_put_text(answer, " ");
        buffer_put_decimal(answer, numbers[i]);
    }
}

/* The run goes through the stored record of its case and back, and is derived again. */
static enum ld_err restart(struct life *life, int64_t now_ms)
{
    struct arena arena;
    struct buffer record;
    struct case_state before, after;
    arena_init(&arena, arena_block, sizeof arena_block);
    buffer_init(&record, record_block, sizeof record_block);
    enum ld_err err = case_init(&before, &life->program, BYTES_LITERAL("probe"), &arena);
    if (!err)
        err = case_init(&after, &life->program, BYTES_LITERAL("probe"), &arena);
    if (err)
        return err;
    before.is_open = true;
    before.state = 0;
    before.clocks[0] = life->run;
    case_record_encode(&life->program, &before, &record);
    err = case_record_decode(buffer_bytes(&record), &life->program, &arena, &after);
    if (err)
        return err;
    life->run = after.clocks[0];
    return clock_rederive(&life->rule, &life->rules, now_ms, &life->run);
}

/* The case comes back to the clock's state, or what the clock counts from comes again: from the
 * legal date, or after `expire` from the last day of the run that expired. */
static enum ld_err start_again(struct life *life, struct clock_moment at, bool is_from_last_day)
{
    const struct clock_run *run = &life->run;
    int32_t anchor = is_from_last_day ? run->due.last_day : at.date;
    if (clock_is_open(run->status))
        return LD_OK;
    return clock_start(&life->rule, &life->rules, at, anchor, run->budget, &life->run);
}

/* The run goes through a row of the journal and is applied to an empty case, as in recovery. */
static enum ld_err replay(struct life *life, int64_t now_ms)
{
    struct arena arena;
    struct buffer record;
    struct case_state after;
    struct journal_row read;
    struct fact fact = {.kind = FACT_CLOCK, .run = &life->run};
    struct journal_row row = {.kind = JOURNAL_TIME,
                              .now_ms = now_ms,
                              .case_id = BYTES_LITERAL("probe"),
                              .workflow = BYTES_LITERAL("probe"),
                              .version = 1,
                              .facts = &fact,
                              .fact_count = 1};
    struct case_mark mark = {.position = 1, .now_ms = now_ms};
    arena_init(&arena, arena_block, sizeof arena_block);
    buffer_init(&record, record_block, sizeof record_block);
    journal_row_encode(&row, &record);
    enum ld_err err = journal_row_decode(buffer_bytes(&record), &arena, &read);
    if (!err)
        err = case_init(&after, &life->program, BYTES_LITERAL("probe"), &arena);
    if (err)
        return err;
    after.is_open = true;
    err = case_apply(&life->program, &after, read.facts, read.fact_count, &mark, &arena);
    if (err)
        return err;
    life->run = after.clocks[0];
    return clock_rederive(&life->rule, &life->rules, now_ms, &life->run);
}

static int64_t take_step(struct life *life, enum step_kind kind, struct clock_moment at, int32_t a,
                         int32_t b)
{
    const struct clock_rule *rule = &life->rule;
    switch (kind) {
    case STEP_PAUSE: return (int64_t)clock_pause(rule, &life->rules, at, (uint32_t)a, &life->run);
    case STEP_RESUME: return (int64_t)clock_resume(rule, &life->rules, at, (uint32_t)a, &life->run);
    case STEP_EXTEND:
        return (int64_t)clock_extend(rule, &life->rules, at, 0,
                                     (struct period){a, (enum period_unit)b}, &life->run);
    case STEP_CALENDAR:
        life->rules.calendar = &slots[a].calendar;
        return (int64_t)clock_rederive(rule, &life->rules, at.now_ms, &life->run);
    case STEP_END: clock_end(rule, at, &life->run); return 0;
    case STEP_CANCEL: clock_cancel(at, &life->run); return 0;
    case STEP_RESTART: return (int64_t)restart(life, at.now_ms);
    case STEP_REPLAY: return (int64_t)replay(life, at.now_ms);
    case STEP_PASS: return 0;
    case STEP_CONTINUE: return (int64_t)clock_continue(rule, &life->rules, at, &life->run);
    case STEP_ACKNOWLEDGE: life->run.acked_ms = at.now_ms; return 0;
    case STEP_START: return (int64_t)start_again(life, at, a);
    }
    LD_ASSERT(false);
    return -1;
}

static void put_counted(const struct life *life, int32_t date, struct buffer *answer)
{
    struct arena arena;
    const struct trace_step *steps;
    uint32_t step_count, all = 0, until = 0;
    struct period_terms terms = clock_terms(&life->rule, &life->run);
    arena_init(&arena, arena_block, sizeof arena_block);
    if (period_trace(&terms, life->rules.calendar, &arena, TRACE_MAX, &steps, &step_count))
        step_count = 0;
    for (uint32_t i = 0; i < step_count; i++) {
        all += steps[i].kind == TRACE_COUNTED;
        until += steps[i].kind == TRACE_COUNTED && steps[i].date <= date;
    }
    bool ends_well = step_count
                     && (steps[step_count - 1].kind == TRACE_HOURS
                         || (steps[step_count - 1].kind == TRACE_LAST
                             && steps[step_count - 1].date == life->run.due.last_day));
    const int64_t numbers[] = {all, until, ends_well};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        buffer_put_text(answer, " ");
        buffer_put_decimal(answer, numbers[i]);
    }
}

static void read_rule(struct life *life)
{
    life->rules.calendar = &slots[count(SLOTS - 1)].calendar;
    life->rule.name = BYTES_LITERAL("probe");
    life->rule.rule = (enum period_rule)count(RULE_CUSTODY);
    life->rule.is_rolled = count(1);
    uint32_t kind = count(2);
    life->rule.repeats = kind == 1;
    life->rule.is_right = kind == 2;
    life->rule.continues = count(1);
    life->rule.pause_count = 2;
    life->policy.alert_hour = (uint8_t)count(23);
    life->ladder.rung_count = count(LADDER_RUNGS_MAX);
    for (uint32_t i = 0; i < life->ladder.rung_count; i++) {
        struct rung *rung = &life->rungs[i];
        rung->amount = small();
        rung->unit = unit();
        rung->is_before = count(1);
        rung->level = (enum alert_level)count(ALERT_LEVEL_COUNT - 1);
        rung->repeat.amount = small();
        rung->repeat.unit = unit();
        rung->ack_within.amount = small();
        rung->ack_within.unit = unit();
        rung->else_tell = &somebody;
        rung->else_tell_count = 1;
    }
    life->extend.times = count(CLOCK_EXTENSIONS_MAX);
    life->extend.is_before_due = count(1);
}

static void life_init(struct life *life)
{
    *life = (struct life){
        .ladder = {.name = BYTES_LITERAL("probe")},
        .run = {.breached_ms = INSTANT_NONE, .ended_ms = INSTANT_NONE, .acked_ms = INSTANT_NONE}};
    life->ladder.rungs = life->rungs;
    life->policy.ladders = &life->ladder;
    life->policy.ladder_count = 1;
    life->rules.policy = &life->policy;
    life->rule.ladder = life->ladder.name;
    life->rule.extends = &life->extend;
    life->rule.extend_count = 1;
    life->program = (struct program){.id = BYTES_LITERAL("probe"),
                                     .version = 1,
                                     .states = &probe_state,
                                     .state_count = 1,
                                     .clocks = &life->rule,
                                     .clock_count = 1};
}

static void live(struct buffer *answer)
{
    static struct life life;
    life_init(&life);
    read_rule(&life);
    struct period budget = {.amount = small()};
    budget.unit = unit();
    int32_t anchor = small();
    struct clock_moment at = moment();
    const char *steps = cursor;
    uint32_t step_count = count(1000);
    for (uint32_t i = 0; i < step_count * 6; i++)
        (void)number();
    int64_t until_ms = number();
    life.firings_left = number();
    cursor = (char *)(uintptr_t)steps;
    (void)number();
    int64_t result = (int64_t)clock_start(&life.rule, &life.rules, at, anchor, budget, &life.run);
    buffer_put_text(answer, " 0");
    put_state(&life, result, answer);
    for (uint32_t i = 0; i < step_count; i++) {
        enum step_kind kind = (enum step_kind)count(STEP_ACKNOWLEDGE);
        at = moment();
        int32_t a = small(), b = small();
        fire_up_to(&life, at.now_ms, answer);
        put_state(&life, take_step(&life, kind, at, a, b), answer);
    }
    fire_up_to(&life, until_ms, answer);
    put_state(&life, 0, answer);
    put_counted(&life, at.date, answer);
}

int main(void)
{
    static uint8_t block[LINE_SIZE];
    while (fgets(line, sizeof line, stdin)) {
        struct buffer answer;
        cursor = line + 1;
        if (line[0] == 'C') {
            read_calendar();
            continue;
        }
        buffer_init(&answer, block, sizeof block);
        live(&answer);
        LD_ASSERT(!answer.is_full);
        fwrite(block, 1, answer.used, stdout);
        fputc('\n', stdout);
        fflush(stdout);
    }
    return 0;
}
