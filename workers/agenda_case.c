/* What time and other rules do to cases: facts into the journal's row, the same facts into the
 * case.
 *
 * Invariants: a case changes only by a row of the batch; the row is added first, so that a batch
 * without room leaves the case as it was; instants fire each in a row of its own, earliest first
 * over a whole family and over all swept cases, and of several at one instant a parent's before its
 * sub-cases'. */
#include "workers/agenda_parts.h"

#include <string.h>

enum { SAME_INSTANT_MAX = 64, SEEN_SIZE = 64 };

static void row_of_case(const struct desk_case *held, struct journal_row *row)
{
    row->case_id = held->state.id;
    row->workflow = held->program->id;
    row->version = held->program->version;
    memcpy(row->program_digest, held->program->digest, DIGEST_SIZE);
    row->previous = held->state.position;
}

enum ld_err agenda_keep(struct agenda *agenda, struct desk_case *held, struct journal_row *row,
                        const struct case_mark *mark)
{
    struct batch *batch = &agenda->batch;
    struct arena *arena = &agenda->desk.arena;
    if (arena->size - arena->used < DESK_STEP_ROOM)
        return LD_FULL;
    row_of_case(held, row);
    struct case_mark placed = *mark;
    placed.position = batch_next_position(batch);
    struct batch_mark before = batch_mark(batch);
    if (batch_add_row(batch, row) != LD_OK)
        return LD_FULL;
    size_t growth = (row->fact_count ? batch->row_used - before.row_used : 0) + SEEN_SIZE;
    if (held->size_max + growth > STORE_RECORD_MAX) {
        batch_rewind(batch, before);
        return LD_OVERFLOW;
    }
    enum ld_err err =
        case_apply(held->program, &held->state, row->facts, row->fact_count, &placed, arena);
    LD_ASSERT(err == LD_OK);
    held->size_max += growth;
    agenda->desk.put_size += growth;
    held->is_changed = true;
    held->is_parked = false;
    return LD_OK;
}

/* A step that no event makes. */
static enum ld_err take_step(struct agenda *agenda, struct desk_case *held, struct case_input input)
{
    struct effects effects;
    struct journal_row row = {.kind = JOURNAL_TIME, .now_ms = input.now_ms};
    return agenda_step(agenda, held, &input, &row, &effects);
}

/* A case whose clocks cannot be derived must not stop the others: it stands in no due index until
 * its next event, and the status says so. */
static enum ld_err park(struct agenda *agenda, struct desk_case *held)
{
    if (!held->is_parked)
        agenda->parked++;
    held->is_parked = true;
    held->is_changed = true;
    return LD_OVERFLOW;
}

/* The case's instant has come; *ret_next_ms is the one after it. LD_BUSY: no room in this batch;
 * LD_OVERFLOW: it is parked. */
static enum ld_err fire(struct agenda *agenda, struct desk_case *held, int64_t instant_ms,
                        int64_t *ret_next_ms)
{
    enum ld_err err =
        take_step(agenda, held, (struct case_input){.kind = INPUT_TIME, .now_ms = instant_ms});
    if (err == LD_BUSY)
        return err;
    *ret_next_ms = INSTANT_NONE;
    if (err != LD_OK)
        return park(agenda, held);
    agenda->fired++;
    *ret_next_ms = case_next_ms(held->program, &held->rules, &held->state);
    held->stuck = *ret_next_ms == instant_ms ? held->stuck + 1 : 0;
    if (held->stuck < SAME_INSTANT_MAX)
        return LD_OK;
    *ret_next_ms = INSTANT_NONE;
    return park(agenda, held);
}

static enum ld_err catch_up_family(struct agenda *agenda, struct desk_case *held, int64_t until_ms)
{
    for (;;) {
        int64_t next_ms = INSTANT_NONE;
        enum ld_err err = family_gather(agenda, held, until_ms);
        struct desk_case *next = err == LD_OK ? family_earliest(agenda, held, &next_ms) : NULL;
        if (!next || next_ms > until_ms)
            return err;
        if (!batch_has_room(&agenda->batch, 4))
            return LD_BUSY;
        err = fire(agenda, next, next_ms, &next_ms);
        if (err == LD_BUSY || (err != LD_OK && next == held))
            return err;
    }
}

enum ld_err agenda_catch_up(struct agenda *agenda, struct desk_case *held, int64_t until_ms)
{
    if (!family_is_one(&held->state))
        return catch_up_family(agenda, held, until_ms);
    int64_t next_ms = case_next_ms(held->program, &held->rules, &held->state);
    while (next_ms != INSTANT_NONE && next_ms <= until_ms) {
        if (!batch_has_room(&agenda->batch, 4))
            return LD_BUSY;
        enum ld_err err = fire(agenda, held, next_ms, &next_ms);
        if (err != LD_OK)
            return err;
        if (!family_is_one(&held->state)) /* it has just opened its first sub-case */
            return catch_up_family(agenda, held, until_ms);
    }
    return LD_OK;
}

static bool has_open_clock(const struct desk_case *held)
{
    for (uint32_t i = 0; i < held->program->clock_count; i++) {
        if (clock_is_open(held->state.clocks[i].status))
            return true;
    }
    return false;
}

enum ld_err agenda_rederive(struct agenda *agenda, struct desk_case *held)
{
    int64_t now_ms = agenda->batch.now_ms;
    enum ld_err err = agenda_catch_up(agenda, held, now_ms);
    bool is_caught_up = err == LD_OK || err == LD_FULL; /* it alone is derived again */
    if (!is_caught_up || !has_open_clock(held))
        return err;
    if (!batch_has_room(&agenda->batch, 4))
        return LD_BUSY;
    return take_step(agenda, held, (struct case_input){.kind = INPUT_RULES, .now_ms = now_ms});
}

/* --- the sweep ------------------------------------------------------------------------------- */

struct sweep {
    struct desk_case *cases[AGENDA_FIRINGS_MAX];
    int64_t next_ms[AGENDA_FIRINGS_MAX];
    uint16_t places[BATCH_CASES_MAX]; /* by the case's place on the desk: index + 1; 0: not here */
    uint32_t count;
    int64_t horizon_ms; /* what is due after it may belong to a case that was not taken up */
    bool is_cut;
};

static int64_t next_of(const struct desk_case *held)
{
    return held->is_parked ? INSTANT_NONE : case_next_ms(held->program, &held->rules, &held->state);
}

/* The latest instant among those that are due: what was not taken up comes after it. */
static int64_t latest(const struct sweep *sweep, int64_t until_ms)
{
    int64_t latest_ms = INSTANT_NONE;
    for (uint32_t i = 0; i < sweep->count; i++) {
        if (sweep->next_ms[i] <= until_ms && sweep->next_ms[i] > latest_ms)
            latest_ms = sweep->next_ms[i];
    }
    return latest_ms;
}

static void add_case(struct agenda *agenda, struct sweep *sweep, struct desk_case *held)
{
    sweep->cases[sweep->count] = held;
    sweep->next_ms[sweep->count++] = next_of(held);
    sweep->places[held - agenda->desk.cases] = (uint16_t)sweep->count;
}

/* Takes up the due cases, earliest first, as far as there is room for them. */
static void gather(struct agenda *agenda, int64_t until_ms, struct sweep *sweep)
{
    struct store *store = agenda->rooms.store;
    struct bytes *ids = arena_alloc_array(&agenda->turn, AGENDA_FIRINGS_MAX, sizeof *ids);
    uint32_t count = 0;
    arena_clear(&agenda->event);
    agenda->damaged = 0;
    *sweep = (struct sweep){.horizon_ms = until_ms};
    if (!ids
        || store->ops->due(store, until_ms, AGENDA_FIRINGS_MAX, &agenda->turn, ids, &count)
               != LD_OK) {
        sweep->is_cut = true;
        return;
    }
    sweep->is_cut = count == AGENDA_FIRINGS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        struct desk_case *held = NULL;
        enum ld_err err =
            desk_take(&agenda->desk, store, agenda->rooms.shelf, ids[i], &agenda->event, &held);
        if (err == LD_FULL) {
            sweep->is_cut = true;
            break;
        }
        if (err != LD_OK) {
            agenda->damaged++; /* the others go on */
            continue;
        }
        add_case(agenda, sweep, held);
    }
    if (sweep->is_cut)
        sweep->horizon_ms = latest(sweep, until_ms);
}

/* The case with the earliest instant; the count where nothing is due. Of several a parent comes
 * before its sub-cases, else they go by the scan. */
static uint32_t earliest(const struct sweep *sweep)
{
    uint32_t best = sweep->count;
    for (uint32_t i = 0; i < sweep->count; i++) {
        int64_t next_ms = sweep->next_ms[i];
        if (next_ms == INSTANT_NONE || next_ms > sweep->horizon_ms)
            continue;
        bool is_first = best == sweep->count || next_ms < sweep->next_ms[best];
        if (is_first
            || (next_ms == sweep->next_ms[best]
                && sweep->cases[i]->state.id.size < sweep->cases[best]->state.id.size))
            best = i;
    }
    return best;
}

/* A step went through a family: its cases want other instants now, and some may have become due
 * that were not. Where there is no place for one, what is later waits for the next turn. */
static void follow_family(struct agenda *agenda, struct bytes root, int64_t instant_ms,
                          struct sweep *sweep)
{
    for (uint32_t i = 0; i < agenda->desk.count; i++) {
        struct desk_case *held = &agenda->desk.cases[i];
        if (!desk_is_of(held, root))
            continue;
        int64_t next_ms = next_of(held);
        if (sweep->places[i]) {
            sweep->next_ms[sweep->places[i] - 1] = next_ms;
        } else if (next_ms != INSTANT_NONE && next_ms <= sweep->horizon_ms) {
            bool has_place = sweep->count < AGENDA_FIRINGS_MAX;
            if (has_place)
                add_case(agenda, sweep, held);
            sweep->is_cut |= !has_place;
            if (!has_place && sweep->horizon_ms > instant_ms)
                sweep->horizon_ms = instant_ms;
        }
    }
}

/* The desk is full of other cases, and this one's family needs it: nothing is written yet, so it is
 * cleared for that family alone. */
static void fire_alone(struct agenda *agenda, const struct desk_case *held, int64_t instant_ms)
{
    uint8_t memory[CASE_ID_MAX];
    struct bytes id = {memory, held->state.id.size};
    memcpy(memory, held->state.id.ptr, id.size);
    desk_clear(&agenda->desk);
    arena_clear(&agenda->event);
    struct desk_case *taken = NULL;
    enum ld_err err = desk_take(&agenda->desk, agenda->rooms.store, agenda->rooms.shelf, id,
                                &agenda->event, &taken);
    if (err == LD_OK)
        err = fire(agenda, taken, instant_ms, &instant_ms);
    LD_ASSERT(err != LD_BUSY);
}

bool agenda_sweep(struct agenda *agenda, int64_t until_ms)
{
    struct sweep sweep;
    gather(agenda, until_ms, &sweep);
    for (uint32_t fired = 0;; fired++) {
        uint32_t i = earliest(&sweep);
        if (i == sweep.count)
            return !sweep.is_cut;
        if (fired == AGENDA_FIRINGS_MAX || !batch_has_room(&agenda->batch, 4))
            return false;
        struct desk_case *held = sweep.cases[i];
        int64_t instant_ms = sweep.next_ms[i];
        uint32_t rows_before = agenda->batch.row_count;
        if (fire(agenda, held, instant_ms, &sweep.next_ms[i]) == LD_BUSY) {
            if (agenda_is_unwritten(agenda))
                fire_alone(agenda, held, instant_ms);
            return false;
        }
        if (agenda->batch.row_count > rows_before + 1)
            follow_family(agenda, family_root(held->state.id), instant_ms, &sweep);
    }
}
