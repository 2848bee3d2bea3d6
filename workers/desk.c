/* Cases by id in an open hash of fixed size. The bound on bytes is watched before a case is taken
 * up: a record grows by at most its facts' rows and one remembered event each, so size_max is the
 * size it came with and what the rows of the batch added.
 *
 * A save makes steps over several cases all or nothing. Facts change a case in two ways: its state
 * is written over, and so are elements of its arrays; texts and grown arrays are new memory of the
 * arena. So a copy of the state and of the arrays, and the arena's mark, bring everything back.
 * Cases that came later are the last ones, and go in the opposite order, which is what makes
 * freeing their slots in an open hash right. */
#include "workers/desk.h"

#include "base/crc32.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BLANK_SIZE = 16 << 10 }; /* what a case that has just been started may need */

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

/* At the free slot that slot_of gave. */
static void count_case(struct desk *desk, struct desk_case *held, uint16_t *slot)
{
    LD_ASSERT(held == &desk->cases[desk->count]);
    LD_ASSERT(*slot == 0);
    *slot = (uint16_t)++desk->count;
    desk->put_size += held->size_max;
}

enum ld_err desk_take(struct desk *desk, struct store *store, const struct shelf *shelf,
                      struct bytes case_id, struct arena *scratch, struct desk_case **ret_case)
{
    uint16_t *slot = slot_of(desk, case_id);
    if (*slot) {
        *ret_case = &desk->cases[*slot - 1];
        return (*ret_case)->state.is_open ? LD_OK : LD_NOT_FOUND;
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
    count_case(desk, held, slot);
    *ret_case = held;
    return LD_OK;
}

enum ld_err desk_blank(struct desk *desk, const struct program *program, const struct rules *rules,
                       struct bytes case_id, struct desk_case **ret_case)
{
    uint16_t *slot = slot_of(desk, case_id);
    if (*slot)
        return LD_EXISTS;
    if (!desk_has_room(desk))
        return LD_FULL;
    struct desk_case *blank = &desk->cases[desk->count];
    *blank = (struct desk_case){.program = program, .rules = *rules, .size_max = BLANK_SIZE};
    enum ld_err err = case_init(&blank->state, program, case_id, &desk->arena);
    if (err != LD_OK)
        return err;
    count_case(desk, blank, slot);
    *ret_case = blank;
    return LD_OK;
}

struct desk_case *desk_case_of(struct case_state *state)
{
    _Static_assert(offsetof(struct desk_case, state) == 0, "a state's address is its case's");
    return (struct desk_case *)state;
}

bool desk_is_of(const struct desk_case *held, struct bytes root)
{
    struct bytes id = held->state.id;
    return bytes_starts_with(id, root) && (id.size == root.size || id.ptr[root.size] == '/');
}

bool desk_has_others(const struct desk *desk, struct bytes root)
{
    for (uint32_t i = 0; i < desk->count; i++) {
        if (!desk_is_of(&desk->cases[i], root))
            return true;
    }
    return false;
}

/* --- saves ----------------------------------------------------------------------------------- */

struct desk_copy {
    struct desk_copy *next;
    struct desk_case *held;
    struct desk_case before;
    struct value *fields, *parties, *waiting;
    struct clock_run *clocks;
    struct sub_case *subs;
};

struct desk_save desk_save(const struct desk *desk, struct arena *arena)
{
    return (struct desk_save){
        .arena = arena,
        .arena_mark = arena_mark(arena),
        .desk_mark = arena_mark(&desk->arena),
        .count = desk->count,
        .put_size = desk->put_size,
    };
}

static void *copy_array(struct arena *arena, const void *array, size_t count, size_t size)
{
    void *copy = arena_alloc_array(arena, count, size);
    if (copy && count > 0)
        memcpy(copy, array, count * size);
    return copy;
}

static void copy_back(void *array, const void *copy, size_t count, size_t size)
{
    if (count > 0)
        memcpy(array, copy, count * size);
}

enum ld_err desk_save_case(struct desk *desk, struct desk_save *save, struct desk_case *held)
{
    const struct case_state *state = &held->state;
    const struct program *program = held->program;
    if (held->is_saved || held >= &desk->cases[save->count])
        return LD_OK;
    struct arena *arena = save->arena;
    struct desk_copy *copy = arena_alloc(arena, sizeof *copy);
    if (!copy)
        return LD_FULL;
    *copy = (struct desk_copy){
        .next = save->copies,
        .held = held,
        .before = *held,
        .fields = copy_array(arena, state->fields, program->field_count, sizeof *state->fields),
        .parties = copy_array(arena, state->parties, program->party_count, sizeof *state->parties),
        .waiting = copy_array(arena, state->held, state->held_count, sizeof *state->held),
        .clocks = copy_array(arena, state->clocks, program->clock_count, sizeof *state->clocks),
        .subs = copy_array(arena, state->subs, state->sub_count, sizeof *state->subs),
    };
    if (!copy->fields || !copy->parties || !copy->waiting || !copy->clocks || !copy->subs)
        return LD_FULL;
    held->is_saved = true;
    save->copies = copy;
    return LD_OK;
}

bool desk_was_changed(const struct desk_save *save, const struct desk_case *held)
{
    const struct desk_copy *copy = save->copies;
    while (copy && copy->held != held)
        copy = copy->next;
    return copy && copy->before.is_changed;
}

static void restore_case(const struct desk_copy *copy)
{
    const struct case_state *state = &copy->before.state;
    const struct program *program = copy->before.program;
    copy_back(state->fields, copy->fields, program->field_count, sizeof *state->fields);
    copy_back(state->parties, copy->parties, program->party_count, sizeof *state->parties);
    copy_back(state->held, copy->waiting, state->held_count, sizeof *state->held);
    copy_back(state->clocks, copy->clocks, program->clock_count, sizeof *state->clocks);
    copy_back(state->subs, copy->subs, state->sub_count, sizeof *state->subs);
    *copy->held = copy->before;
}

void desk_restore(struct desk *desk, struct desk_save *save)
{
    for (const struct desk_copy *copy = save->copies; copy; copy = copy->next)
        restore_case(copy);
    for (; desk->count > save->count; desk->count--)
        *slot_of(desk, desk->cases[desk->count - 1].state.id) = 0;
    desk->put_size = save->put_size;
    arena_rewind(&desk->arena, save->desk_mark);
    arena_rewind(save->arena, save->arena_mark);
    desk->arena.is_exhausted = save->arena->is_exhausted = false;
}

/* Rare: only where time or another case wanted a sub-case that could not be opened. */
static void drop_blanks(struct desk *desk, uint32_t from)
{
    uint32_t kept = from;
    for (uint32_t i = from; i < desk->count; i++) {
        if (!desk->cases[i].state.is_open)
            desk->put_size -= desk->cases[i].size_max;
        else
            desk->cases[kept++] = desk->cases[i];
    }
    desk->count = kept;
    memset(desk->slots, 0, sizeof desk->slots);
    for (uint32_t i = 0; i < kept; i++)
        *slot_of(desk, desk->cases[i].state.id) = (uint16_t)(i + 1);
}

void desk_release(struct desk *desk, struct desk_save *save)
{
    for (const struct desk_copy *copy = save->copies; copy; copy = copy->next)
        copy->held->is_saved = false;
    for (uint32_t i = save->count; i < desk->count; i++) {
        if (!desk->cases[i].state.is_open) {
            drop_blanks(desk, i);
            break;
        }
    }
    arena_rewind(save->arena, save->arena_mark);
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
