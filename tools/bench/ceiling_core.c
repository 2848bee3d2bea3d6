#include "tools/bench/ceiling.h"

#include "tools/bench/measure.h"
#include "workers/record.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The workload's events as they stand in memory once they are decoded, through case_step and
 * case_apply, case after case; and through the codec. */

enum { STATE_SIZE = 1 << 20, STEP_SIZE = 1 << 20, ROW_MAX = 16 << 10, BODY_SIZE = 4096 };

/* --- measuring ------------------------------------------------------------------------------- */

static uint64_t cpu_now_ns(void)
{
    struct timespec used;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used); /* cannot fail for oneself */
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

struct ceiling_run ceiling_begin(struct ceiling *ceiling, uint64_t limit_ns)
{
    *ceiling = (struct ceiling){0};
    return (struct ceiling_run){
        .ceiling = ceiling, .end_ns = measure_now_ns() + limit_ns, .cpu_ns = cpu_now_ns()};
}

void ceiling_start(struct ceiling_run *run)
{
    run->from_ns = measure_now_ns();
}

bool ceiling_stop(struct ceiling_run *run)
{
    uint64_t now_ns = measure_now_ns();

    histogram_add(&run->ceiling->time, now_ns - run->from_ns);
    return now_ns < run->end_ns;
}

void ceiling_end(struct ceiling_run *run)
{
    run->ceiling->cpu_ns = cpu_now_ns() - run->cpu_ns;
}

/* --- case_step ------------------------------------------------------------------------------- */

struct stepping {
    const struct program *program;
    const struct rules *rules;
    struct arena *rows_arena;
    struct ceiling_rows *rows; /* NULL: they are not wanted any more */
    struct arena state_arena, step_arena;
    struct fact *facts;
    struct case_state state;
    int64_t now_ms;
    struct ceiling_run run;
    bool has_time;
};

/* The row as agenda_event.c fills it. */
static enum ld_err keep_row(struct stepping *stepping, const struct workload_event *event,
                            const struct effects *effects, const uint8_t *digest, uint32_t step)
{
    const struct envelope *envelope = &event->envelope;
    struct journal_row row = {.kind = JOURNAL_EVENT,
                              .now_ms = stepping->now_ms,
                              .case_id = envelope->subject,
                              .workflow = stepping->program->id,
                              .version = stepping->program->version,
                              .previous = step,
                              .facts = effects->facts,
                              .fact_count = effects->fact_count,
                              .event_id = envelope->id,
                              .source = envelope->source,
                              .type = envelope->type,
                              .role = envelope->role,
                              .time_ms = INSTANT_NONE,
                              .legal_date = effects->legal_date,
                              .fate = effects->fate,
                              .is_remembered = true};
    uint8_t memory[BODY_SIZE], *row_memory = arena_alloc(stepping->rows_arena, ROW_MAX);
    struct buffer data, buffer;

    buffer_init(&data, memory, sizeof memory);
    codec_encode(&envelope->data, &data);
    row.data = buffer_bytes(&data);
    memcpy(row.program_digest, stepping->program->digest, DIGEST_SIZE);
    memcpy(row.event_digest, digest, EVENT_DIGEST_SIZE);
    buffer_init(&buffer, row_memory, row_memory != NULL ? ROW_MAX : 0);
    journal_row_encode(&row, &buffer);
    stepping->rows->rows[step] = buffer_bytes(&buffer);
    return buffer.is_full ? LD_FULL : LD_OK;
}

static enum ld_err apply(struct stepping *stepping, const struct effects *effects,
                         const uint8_t *digest, uint32_t step)
{
    struct case_mark mark = {
        .position = step + 1, .is_event = true, .fate = effects->fate, .now_ms = stepping->now_ms};

    memcpy(mark.digest, digest, EVENT_DIGEST_SIZE);
    return case_apply(stepping->program, &stepping->state, effects->facts, effects->fact_count,
                      &mark, &stepping->state_arena);
}

static enum ld_err take_step(struct stepping *stepping, const struct workload_event *event,
                             uint32_t step)
{
    const struct envelope *envelope = &event->envelope;
    struct effects effects = {.facts = stepping->facts};
    struct case_input input = {.kind = INPUT_EVENT,
                               .now_ms = stepping->now_ms,
                               .event = {.id = envelope->id,
                                         .source = envelope->source,
                                         .type = envelope->type,
                                         .subject = envelope->subject,
                                         .time_ms = INSTANT_NONE,
                                         .roles = &envelope->role,
                                         .role_count = envelope->role.size > 0,
                                         .data = envelope->data}};
    enum ld_err err;

    digest_event(envelope->source, envelope->id, input.event.digest);
    arena_clear(&stepping->step_arena);
    ceiling_start(&stepping->run);
    err = case_step(stepping->program, stepping->rules, &stepping->state, &input,
                    &stepping->step_arena, &effects);
    stepping->has_time = ceiling_stop(&stepping->run);
    if (err != LD_OK)
        return err;
    if (effects.fate != (step == 0 ? FATE_STARTED : FATE_APPLIED))
        return LD_INVALID;
    if (stepping->rows != NULL)
        err = keep_row(stepping, event, &effects, input.event.digest, step);
    return err == LD_OK ? apply(stepping, &effects, input.event.digest, step) : err;
}

/* One case from its first event to its last. */
static enum ld_err live(struct stepping *stepping, uint32_t serial)
{
    enum ld_err err = LD_OK;

    arena_clear(&stepping->state_arena);
    for (uint32_t step = 0; err == LD_OK && step < WORKLOAD_STEPS; step++) {
        struct workload_name name = {0, serial, step};
        struct workload_event event;
        workload_make(&name, &event);
        if (step == 0)
            err = case_init(&stepping->state, stepping->program, event.envelope.subject,
                            &stepping->state_arena);
        if (err == LD_OK)
            err = take_step(stepping, &event, step);
    }
    stepping->rows = NULL; /* those of the first case are enough */
    return err;
}

enum ld_err ceiling_step(const struct program *program, const struct rules *rules,
                         uint64_t limit_ns, struct arena *arena, struct ceiling *ret_step,
                         struct ceiling_rows *ret_rows)
{
    struct stepping stepping = {
        .program = program, .rules = rules, .rows_arena = arena, .rows = ret_rows};
    uint8_t *memory = malloc(STATE_SIZE + STEP_SIZE);
    enum ld_err err = LD_OK;

    stepping.facts = calloc(EFFECTS_MAX, sizeof *stepping.facts);
    if (memory == NULL || stepping.facts == NULL
        || !instant_parse(BYTES_LITERAL(WORKLOAD_INSTANT), 0, &stepping.now_ms))
        err = LD_FULL;
    if (err == LD_OK) {
        arena_init(&stepping.state_arena, memory, STATE_SIZE);
        arena_init(&stepping.step_arena, memory + STATE_SIZE, STEP_SIZE);
        stepping.run = ceiling_begin(ret_step, limit_ns);
        stepping.has_time = true;
    }
    for (uint32_t serial = 0; err == LD_OK && stepping.has_time; serial++)
        err = live(&stepping, serial);
    free(stepping.facts);
    free(memory);
    return err;
}

/* --- the codec ------------------------------------------------------------------------------- */

static enum ld_err encode(const struct workload_event *event, struct arena *arena,
                          struct buffer *buffer)
{
    struct value map;
    enum ld_err err;

    arena_clear(arena);
    buffer_clear(buffer);
    err = envelope_to_value(&event->envelope, arena, &map);
    if (err == LD_OK)
        codec_encode(&map, buffer);
    return err == LD_OK && buffer->is_full ? LD_FULL : err;
}

static enum ld_err decode(struct bytes bytes, struct arena *arena)
{
    struct value map;
    struct envelope envelope;
    struct envelope_problem problem;
    enum ld_err err;

    arena_clear(arena);
    err = codec_decode(bytes, WIRE_DEPTH_MAX, arena, &map);
    return err == LD_OK ? envelope_from_value(&map, 0, &envelope, &problem) : err;
}

/* Every step's event in turn, encoded or decoded under the watch. */
static enum ld_err run_codec(uint64_t limit_ns, bool is_decoding, struct ceiling *ret_ceiling)
{
    uint8_t memory[BODY_SIZE], *block = malloc(STEP_SIZE);
    struct ceiling_run run = ceiling_begin(ret_ceiling, limit_ns);
    struct arena arena;
    struct buffer buffer;
    bool has_time = true;
    enum ld_err err = block == NULL ? LD_FULL : LD_OK;

    arena_init(&arena, block, block != NULL ? STEP_SIZE : 0);
    buffer_init(&buffer, memory, sizeof memory);
    for (uint32_t i = 0; err == LD_OK && has_time; i++) {
        struct workload_name name = {0, i, i % WORKLOAD_STEPS};
        struct workload_event event;
        workload_make(&name, &event);
        if (is_decoding)
            err = encode(&event, &arena, &buffer);
        ceiling_start(&run);
        if (err == LD_OK)
            err = is_decoding ? decode(buffer_bytes(&buffer), &arena)
                              : encode(&event, &arena, &buffer);
        has_time = ceiling_stop(&run);
    }
    free(block);
    return err;
}

enum ld_err ceiling_encode(uint64_t limit_ns, struct ceiling *ret_ceiling)
{
    return run_codec(limit_ns, false, ret_ceiling);
}

enum ld_err ceiling_decode(uint64_t limit_ns, struct ceiling *ret_ceiling)
{
    return run_codec(limit_ns, true, ret_ceiling);
}
