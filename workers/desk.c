/* Cases by id in an open hash of fixed size. The bound on bytes is watched before a case is taken
 * up: a record grows by at most its facts' rows and one remembered event each, so size_max is the
 * size it came with and what the rows of the batch added. */
#include "workers/desk.h"

#include "base/crc32.h"

#include <stdlib.h>
#include <string.h>

bool desk_init(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    uint8_t *block = malloc(DESK_ARENA_SIZE);
    arena_init(&desk->arena, block, block ? DESK_ARENA_SIZE : 0);
    return block != NULL;
}

void desk_fini(struct desk *desk)
{
    free(desk->arena.block);
    desk->arena.block = NULL;
}

void desk_clear(struct desk *desk)
{
    arena_clear(&desk->arena);
    memset(desk->slots, 0, sizeof desk->slots);
    desk->count = 0;
    desk->put_size = 0;
}

/* The slot of the id, or the free one where it would stand. */
static uint16_t *slot_of(struct desk *desk, struct bytes id)
{
    for (uint32_t i = crc32_of(id);; i++) {
        uint16_t *slot = &desk->slots[i % DESK_SLOTS];
        if (*slot == 0 || bytes_equal(desk->cases[*slot - 1].state.id, id))
            return slot;
    }
}

bool desk_has_room(const struct desk *desk)
{
    return desk->count < BATCH_CASES_MAX && desk->arena.size - desk->arena.used > DESK_ROOM
           && desk->put_size < BATCH_PUT_BYTES;
}

static enum ld_err decode(struct desk *desk, const struct shelf *shelf, struct bytes record,
                          struct bytes case_id, struct desk_case *held)
{
    struct case_header header;
    if (case_record_header(record, &header) != LD_OK || !bytes_equal(header.id, case_id))
        return LD_CORRUPT;
    *held = (struct desk_case){.size_max = record.size};
    held->program = shelf_program(shelf, header.program_digest);
    if (!held->program || !shelf_rules(shelf, held->program, &held->rules))
        return LD_CORRUPT;
    enum ld_err err = case_init(&held->state, held->program, case_id, &desk->arena);
    if (err == LD_OK)
        err = case_record_decode(record, held->program, &desk->arena, &held->state);
    return err == LD_FULL ? LD_CORRUPT
                          : err; /* the room was there: such a record is none of ours */
}

enum ld_err desk_take(struct desk *desk, struct store *store, const struct shelf *shelf,
                      struct bytes case_id, struct arena *scratch, struct desk_case **ret_case)
{
    uint16_t *slot = slot_of(desk, case_id);
    if (*slot) {
        *ret_case = &desk->cases[*slot - 1];
        return LD_OK;
    }
    if (!desk_has_room(desk))
        return LD_FULL;
    size_t mark = arena_mark(scratch);
    struct bytes record;
    enum ld_err err = store->ops->get(store, case_id, scratch, &record);
    struct desk_case *held = &desk->cases[desk->count];
    if (err == LD_OK)
        err = decode(desk, shelf, record, case_id, held);
    arena_rewind(scratch, mark);
    if (err != LD_OK)
        return err == LD_FULL ? LD_CORRUPT : err;
    desk_keep(desk, held);
    *ret_case = held;
    return LD_OK;
}

enum ld_err desk_blank(struct desk *desk, const struct program *program, const struct rules *rules,
                       struct bytes case_id, struct desk_case **ret_case)
{
    if (!desk_has_room(desk))
        return LD_FULL;
    struct desk_case *blank = &desk->cases[desk->count];
    *blank = (struct desk_case){.program = program, .rules = *rules, .size_max = 16384};
    *ret_case = blank;
    return case_init(&blank->state, program, case_id, &desk->arena);
}

void desk_keep(struct desk *desk, struct desk_case *held)
{
    LD_ASSERT(held == &desk->cases[desk->count]);
    uint16_t *slot = slot_of(desk, held->state.id);
    LD_ASSERT(*slot == 0);
    *slot = (uint16_t)++desk->count;
    desk->put_size += held->size_max;
}

/* Clocks that somebody is answerable for now: those that run or are overdue. One that is paused or
 * has ended is nobody's work. */
static void put_work(const struct desk_case *held, struct store_put *put)
{
    for (uint32_t i = 0; i < held->program->clock_count; i++) {
        const struct clock_run *run = &held->state.clocks[i];
        const struct clock_rule *rule = &held->program->clocks[i];
        if (run->status != CLOCK_RUNNING && run->status != CLOCK_OVERDUE)
            continue;
        const struct value *who = rule->who == INDEX_NONE ? NULL : &held->state.parties[rule->who];
        bool is_bound = who && who->kind == VALUE_UNIT;
        put->work[put->work_count++] = (struct store_work){
            .unit = is_bound ? who->as.text : BYTES_NONE,
            .due_ms = run->due.due_ms,
            .clock = (uint8_t)i,
            .status = (uint8_t)run->status,
        };
    }
}

void desk_put(const struct desk_case *held, struct buffer *record, struct store_put *ret_put)
{
    const struct case_state *state = &held->state;
    LD_ASSERT(state->is_open && state->state >= 0);
    const struct state *at = &held->program->states[state->state];
    *ret_put = (struct store_put){
        .case_id = state->id,
        .position = state->position,
        .next_ms =
            held->is_parked ? INSTANT_NONE : case_next_ms(held->program, &held->rules, state),
        .workflow = held->program->id,
        .state = at->name,
        .is_end = at->is_end,
    };
    put_work(held, ret_put);
    case_record_encode(held->program, state, record);
    ret_put->record = buffer_bytes(record);
}

enum ld_err desk_to_puts(const struct desk *desk, struct batch *batch)
{
    for (uint32_t i = 0; i < desk->count; i++) {
        const struct desk_case *held = &desk->cases[i];
        if (!held->is_changed)
            continue;
        struct buffer record;
        struct store_put *put = batch_next_put(batch, &record);
        if (!put)
            return LD_FULL;
        desk_put(held, &record, put);
        if (record.is_full)
            return LD_FULL;
        batch_keep_put(batch, &record);
    }
    return LD_OK;
}
