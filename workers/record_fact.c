/* Facts in records, and the clock runs and alerts within them. A fact is its kind and the parts
 * that it has, each announced by a bit: whatever a core writes into a fact comes back as it was,
 * so that applying facts from a journal is the same as applying them fresh. */
#include "workers/record_part.h"

enum run_bit {
    RUN_PROVISIONAL = 1,
    RUN_BREACHED = 2,
    RUN_ENDED = 4,
    RUN_ACKED = 8,
    RUN_RUNGS = 16,
    RUN_BITS = 31,
};

enum fact_bit {
    FACT_HAS_INDEX = 1,
    FACT_HAS_DATE = 2,
    FACT_HAS_INSTANT = 4,
    FACT_HAS_TEXT = 8,
    FACT_HAS_VALUE = 16,
    FACT_HAS_RUN = 32,
    FACT_HAS_ALERT = 64,
    FACT_BITS = 127,
};

/* --- clock runs ----------------------------------------------------------------------------- */

static void put_period(struct buffer *buffer, struct period period)
{
    LD_ASSERT(period.unit <= PERIOD_UNTIL);
    buffer_put_u32(buffer, (uint32_t)period.amount);
    buffer_put_u8(buffer, (uint8_t)period.unit);
}

static struct period take_period(struct record_reader *reader)
{
    struct period period = {.amount = record_take_i32(reader)};
    period.unit = record_below(reader, reader_u8(&reader->reader), PERIOD_UNTIL + 1);
    return period;
}

static void put_extensions(struct buffer *buffer, const struct clock_run *run)
{
    LD_ASSERT(run->extension_count <= CLOCK_EXTENSIONS_MAX);
    buffer_put_u8(buffer, (uint8_t)run->extension_count);
    for (uint32_t i = 0; i < run->extension_count; i++) {
        put_period(buffer, run->extensions[i].by);
        buffer_put_u32(buffer, (uint32_t)run->extensions[i].date);
        buffer_put_u8(buffer, run->extension_rule[i]);
    }
}

static void take_extensions(struct record_reader *reader, struct clock_run *run)
{
    uint8_t count = reader_u8(&reader->reader);
    run->extension_count = record_below(reader, count, CLOCK_EXTENSIONS_MAX + 1);
    for (uint32_t i = 0; i < run->extension_count; i++) {
        run->extensions[i].by = take_period(reader);
        run->extensions[i].date = record_take_i32(reader);
        run->extension_rule[i] = reader_u8(&reader->reader);
    }
}

static void put_stops(struct buffer *buffer, const struct clock_run *run)
{
    LD_ASSERT(run->stop_count <= CLOCK_STOPS_MAX);
    buffer_put_u8(buffer, (uint8_t)run->stop_count);
    for (uint32_t i = 0; i < run->stop_count; i++) {
        buffer_put_u32(buffer, (uint32_t)run->stops[i].from);
        buffer_put_u32(buffer, (uint32_t)run->stops[i].until);
        buffer_put_u64(buffer, (uint64_t)run->stops[i].from_ms);
        buffer_put_u64(buffer, (uint64_t)run->stops[i].until_ms);
    }
}

static void take_stops(struct record_reader *reader, struct clock_run *run)
{
    run->stop_count = record_below(reader, reader_u8(&reader->reader), CLOCK_STOPS_MAX + 1);
    for (uint32_t i = 0; i < run->stop_count; i++) {
        run->stops[i].from = record_take_i32(reader);
        run->stops[i].until = record_take_i32(reader);
        run->stops[i].from_ms = record_take_i64(reader);
        run->stops[i].until_ms = record_take_i64(reader);
    }
}

static uint8_t run_bits(const struct clock_run *run)
{
    int bits = (run->due.is_provisional ? RUN_PROVISIONAL : 0)
               | (run->breached_ms != INSTANT_NONE ? RUN_BREACHED : 0)
               | (run->ended_ms != INSTANT_NONE ? RUN_ENDED : 0)
               | (run->acked_ms != INSTANT_NONE ? RUN_ACKED : 0)
               | (run->rungs_done & RUNGS_KNOWN ? RUN_RUNGS : 0);
    return (uint8_t)bits;
}

static void put_instant_if(struct buffer *buffer, int64_t instant_ms)
{
    if (instant_ms != INSTANT_NONE)
        buffer_put_u64(buffer, (uint64_t)instant_ms);
}

static int64_t take_instant_if(struct record_reader *reader, bool is_there)
{
    if (!is_there)
        return INSTANT_NONE;
    int64_t instant_ms = record_take_i64(reader);
    record_require(reader, instant_ms != INSTANT_NONE);
    return instant_ms;
}

void record_put_run(struct buffer *buffer, const struct clock_run *run)
{
    LD_ASSERT(run->status < CLOCK_STATUS_COUNT && run->alert_level < ALERT_LEVEL_COUNT);
    buffer_put_u8(buffer, (uint8_t)run->status);
    buffer_put_u8(buffer, run_bits(run));
    buffer_put_u32(buffer, run->runs);
    buffer_put_u64(buffer, (uint64_t)run->started_ms);
    buffer_put_u32(buffer, (uint32_t)run->anchor);
    buffer_put_u64(buffer, (uint64_t)run->anchor_ms);
    put_period(buffer, run->budget);
    put_extensions(buffer, run);
    put_stops(buffer, run);
    buffer_put_u32(buffer, run->pauses_active);
    buffer_put_u32(buffer, (uint32_t)run->due.unrolled);
    buffer_put_u32(buffer, (uint32_t)run->due.last_day);
    buffer_put_u64(buffer, (uint64_t)run->due.due_ms);
    put_instant_if(buffer, run->breached_ms);
    put_instant_if(buffer, run->ended_ms);
    buffer_put_u32(buffer, (uint32_t)run->days_late);
    buffer_put_u64(buffer, (uint64_t)run->ladder_through_ms);
    buffer_put_u8(buffer, (uint8_t)run->alert_level);
    put_instant_if(buffer, run->acked_ms);
    if (run->rungs_done & RUNGS_KNOWN)
        buffer_put_u16(buffer, (uint16_t)(run->rungs_done & (RUNGS_KNOWN - 1)));
}

void record_take_run(struct record_reader *reader, enum clock_status status,
                     struct clock_run *ret_run)
{
    *ret_run = (struct clock_run){.status = status};
    uint8_t bits = reader_u8(&reader->reader);
    record_require(reader, (bits & ~RUN_BITS) == 0);
    ret_run->runs = reader_u32(&reader->reader);
    ret_run->started_ms = record_take_i64(reader);
    ret_run->anchor = record_take_i32(reader);
    ret_run->anchor_ms = record_take_i64(reader);
    ret_run->budget = take_period(reader);
    take_extensions(reader, ret_run);
    take_stops(reader, ret_run);
    ret_run->pauses_active = reader_u32(&reader->reader);
    ret_run->due.unrolled = record_take_i32(reader);
    ret_run->due.last_day = record_take_i32(reader);
    ret_run->due.due_ms = record_take_i64(reader);
    ret_run->due.is_provisional = bits & RUN_PROVISIONAL;
    ret_run->breached_ms = take_instant_if(reader, bits & RUN_BREACHED);
    ret_run->ended_ms = take_instant_if(reader, bits & RUN_ENDED);
    ret_run->days_late = record_take_i32(reader);
    ret_run->ladder_through_ms = record_take_i64(reader);
    ret_run->alert_level = record_below(reader, reader_u8(&reader->reader), ALERT_LEVEL_COUNT);
    ret_run->acked_ms = take_instant_if(reader, bits & RUN_ACKED);
    if (bits & RUN_RUNGS)
        ret_run->rungs_done = RUNGS_KNOWN | reader_u16(&reader->reader);
}

/* --- alerts --------------------------------------------------------------------------------- */

static void put_alert(struct buffer *buffer, const struct alert *alert)
{
    LD_ASSERT(alert->level < ALERT_LEVEL_COUNT && alert->rung < LADDER_RUNGS_MAX);
    LD_ASSERT(alert->recipient_count <= ALERT_RECIPIENTS_MAX);
    buffer_put_u8(buffer, (uint8_t)alert->level);
    buffer_put_u8(buffer, (uint8_t)alert->rung);
    buffer_put_u8(buffer, alert->is_unacknowledged);
    buffer_put_u64(buffer, (uint64_t)alert->instant_ms);
    buffer_put_u32(buffer, (uint32_t)alert->last_day);
    buffer_put_u64(buffer, (uint64_t)alert->due_ms);
    buffer_put_u8(buffer, (uint8_t)alert->recipient_count);
    for (uint32_t i = 0; i < alert->recipient_count; i++) {
        record_put_name(buffer, alert->recipients[i].unit);
        buffer_put_u8(buffer, (uint8_t)alert->recipients[i].reason);
        record_put_name(buffer, alert->recipients[i].name);
    }
}

static const struct alert *take_alert(struct record_reader *reader)
{
    struct alert *alert = record_array(reader, 1, sizeof *alert);
    if (!alert)
        return NULL;
    alert->level = record_below(reader, reader_u8(&reader->reader), ALERT_LEVEL_COUNT);
    alert->rung = record_below(reader, reader_u8(&reader->reader), LADDER_RUNGS_MAX);
    alert->is_unacknowledged = record_below(reader, reader_u8(&reader->reader), 2);
    alert->instant_ms = record_take_i64(reader);
    alert->last_day = record_take_i32(reader);
    alert->due_ms = record_take_i64(reader);
    uint8_t count = reader_u8(&reader->reader);
    alert->recipient_count = record_below(reader, count, ALERT_RECIPIENTS_MAX + 1);
    struct alert_recipient *recipients =
        record_array(reader, alert->recipient_count, sizeof *recipients);
    for (uint32_t i = 0; recipients && i < alert->recipient_count; i++) {
        recipients[i].unit = record_take_name(reader);
        uint8_t reason = reader_u8(&reader->reader);
        recipients[i].reason = record_below(reader, reason, RECIPIENT_ROLE + 1);
        recipients[i].name = record_take_name(reader);
    }
    alert->recipients = recipients;
    return alert;
}

/* --- facts ---------------------------------------------------------------------------------- */

static uint8_t fact_bits(const struct fact *fact)
{
    int bits = (fact->index ? FACT_HAS_INDEX : 0) | (fact->date ? FACT_HAS_DATE : 0)
               | (fact->instant_ms ? FACT_HAS_INSTANT : 0) | (fact->text.size ? FACT_HAS_TEXT : 0)
               | (fact->value.kind != VALUE_NONE ? FACT_HAS_VALUE : 0)
               | (fact->run ? FACT_HAS_RUN : 0) | (fact->alert ? FACT_HAS_ALERT : 0);
    return (uint8_t)bits;
}

/* What a kind of fact cannot be applied without. */
static bool is_whole(const struct fact *fact)
{
    if (fact->kind == FACT_CLOCK)
        return fact->run != NULL;
    if (fact->kind == FACT_ALERT || fact->kind == FACT_NOTICE)
        return fact->alert != NULL;
    if (fact->kind == FACT_SUB_OPENED)
        return fact->value.kind == VALUE_TEXT && fact->text.size > 0;
    if (fact->kind == FACT_EMITTED)
        return fact->value.kind == VALUE_MAP && fact->text.size > 0;
    return true;
}

static void put_fact(struct buffer *buffer, const struct fact *fact)
{
    LD_ASSERT(fact->kind >= FACT_OPENED && fact->kind < FACT_KIND_COUNT && is_whole(fact));
    uint8_t bits = fact_bits(fact);
    buffer_put_u8(buffer, (uint8_t)fact->kind);
    buffer_put_u8(buffer, bits);
    if (bits & FACT_HAS_INDEX)
        buffer_put_u32(buffer, (uint32_t)fact->index);
    if (bits & FACT_HAS_DATE)
        buffer_put_u32(buffer, (uint32_t)fact->date);
    if (bits & FACT_HAS_INSTANT)
        buffer_put_u64(buffer, (uint64_t)fact->instant_ms);
    if (bits & FACT_HAS_TEXT)
        record_put_text(buffer, fact->text);
    if (bits & FACT_HAS_VALUE)
        record_put_value(buffer, &fact->value);
    if (bits & FACT_HAS_RUN)
        record_put_run(buffer, fact->run);
    if (bits & FACT_HAS_ALERT)
        put_alert(buffer, fact->alert);
}

static const struct clock_run *take_run(struct record_reader *reader)
{
    struct clock_run *run = record_array(reader, 1, sizeof *run);
    if (run)
        record_take_run(reader,
                        record_below(reader, reader_u8(&reader->reader), CLOCK_STATUS_COUNT), run);
    return run;
}

static void take_fact(struct record_reader *reader, struct fact *ret_fact)
{
    uint8_t kind = reader_u8(&reader->reader);
    uint8_t bits = reader_u8(&reader->reader);
    record_require(reader, kind >= FACT_OPENED && kind < FACT_KIND_COUNT && !(bits & ~FACT_BITS));
    if (reader->err)
        return;
    ret_fact->kind = kind;
    ret_fact->index = bits & FACT_HAS_INDEX ? record_take_i32(reader) : 0;
    ret_fact->date = bits & FACT_HAS_DATE ? record_take_i32(reader) : 0;
    ret_fact->instant_ms = bits & FACT_HAS_INSTANT ? record_take_i64(reader) : 0;
    ret_fact->text = bits & FACT_HAS_TEXT ? record_take_text(reader) : BYTES_NONE;
    if (bits & FACT_HAS_VALUE)
        record_take_value(reader, &ret_fact->value);
    ret_fact->run = bits & FACT_HAS_RUN ? take_run(reader) : NULL;
    ret_fact->alert = bits & FACT_HAS_ALERT ? take_alert(reader) : NULL;
    record_require(reader, is_whole(ret_fact));
}

void record_put_facts(struct buffer *buffer, const struct fact *facts, uint32_t count)
{
    LD_ASSERT(count <= EFFECTS_MAX);
    buffer_put_u16(buffer, (uint16_t)count);
    for (uint32_t i = 0; i < count; i++)
        put_fact(buffer, &facts[i]);
}

void record_take_facts(struct record_reader *reader, struct fact **ret_facts, uint32_t *ret_count)
{
    uint32_t count = record_below(reader, reader_u16(&reader->reader), EFFECTS_MAX + 1);
    struct fact *facts = record_array(reader, count, sizeof *facts);
    for (uint32_t i = 0; facts && i < count; i++)
        take_fact(reader, &facts[i]);
    *ret_facts = facts;
    *ret_count = facts ? count : 0;
}
