/* Steps of one case inside a batch: facts into the journal's row, the same facts into the case.
 *
 * Invariants: a case changes only by a row of the batch; the row is added first, so that a batch
 * without room leaves the case as it was; instants of a case fire each in a row of its own,
 * earliest first, and over all swept cases in the order of their instants. */
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
    row_of_case(held, row);
    struct case_mark placed = *mark;
    placed.position = batch_next_position(batch);
    size_t before = batch->row_used;
    if (batch_add_row(batch, row) != LD_OK)
        return LD_FULL;
    size_t growth = (row->fact_count ? batch->row_used - before : 0) + SEEN_SIZE;
    if (held->size_max + growth > STORE_RECORD_MAX) {
        batch_drop_row(batch);
        return LD_OVERFLOW;
    }
    /* The desk kept DESK_ROOM free for this case and this step. */
    enum ld_err err = case_apply(held->program, &held->state, row->facts, row->fact_count, &placed,
                                 &agenda->desk.arena);
    LD_ASSERT(err == LD_OK);
    held->size_max += growth;
    agenda->desk.put_size += growth;
    held->is_changed = true;
    held->is_parked = false;
    return LD_OK;
}

/* A step that no event makes, in a row of its own. LD_BUSY: no room in this batch; LD_OVERFLOW: it
 * cannot be decided, or its record would be too large. */
static enum ld_err take_step(struct agenda *agenda, struct desk_case *held, struct case_input input)
{
    struct effects effects = {.facts = agenda->facts};
    arena_clear(&agenda->step);
    enum ld_err err =
        case_step(held->program, &held->rules, &held->state, &input, &agenda->step, &effects);
    if (err != LD_OK)
        return LD_OVERFLOW;
    struct journal_row row = {.kind = JOURNAL_TIME,
                              .now_ms = input.now_ms,
                              .facts = effects.facts,
                              .fact_count = effects.fact_count};
    struct case_mark mark = {.now_ms = input.now_ms};
    err = agenda_keep(agenda, held, &row, &mark);
    if (err == LD_FULL)
        return agenda->batch.row_count > 1 ? LD_BUSY : LD_OVERFLOW;
    return err;
}

static enum ld_err fire(struct agenda *agenda, struct desk_case *held, int64_t instant_ms)
{
    enum ld_err err =
        take_step(agenda, held, (struct case_input){.kind = INPUT_TIME, .now_ms = instant_ms});
    agenda->fired += err == LD_OK;
    return err;
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

enum ld_err agenda_catch_up(struct agenda *agenda, struct desk_case *held, int64_t until_ms)
{
    int64_t last_ms = INSTANT_NONE;
    uint32_t repeats = 0;
    for (;;) {
        int64_t next_ms = case_next_ms(held->program, &held->rules, &held->state);
        if (next_ms == INSTANT_NONE || next_ms > until_ms)
            return LD_OK;
        repeats = next_ms == last_ms ? repeats + 1 : 0;
        last_ms = next_ms;
        if (repeats == SAME_INSTANT_MAX)
            return park(agenda, held);
        if (!batch_has_room(&agenda->batch, 4))
            return LD_BUSY;
        enum ld_err err = fire(agenda, held, next_ms);
        if (err != LD_OK)
            return err == LD_BUSY ? err : park(agenda, held);
    }
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
    if (err != LD_OK || !has_open_clock(held))
        return err;
    if (!batch_has_room(&agenda->batch, 4))
        return LD_BUSY;
    return take_step(agenda, held, (struct case_input){.kind = INPUT_RULES, .now_ms = now_ms});
}

/* --- the sweep ------------------------------------------------------------------------------- */

struct sweep {
    struct desk_case *cases[AGENDA_FIRINGS_MAX];
    int64_t next_ms[AGENDA_FIRINGS_MAX];
    uint32_t repeats[AGENDA_FIRINGS_MAX];
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
        sweep->cases[sweep->count] = held;
        sweep->next_ms[sweep->count++] = next_of(held);
    }
    if (sweep->is_cut)
        sweep->horizon_ms = latest(sweep, until_ms);
}

/* The case with the earliest instant; the count where nothing is due. Ties go by the scan. */
static uint32_t earliest(const struct sweep *sweep)
{
    uint32_t best = sweep->count;
    for (uint32_t i = 0; i < sweep->count; i++) {
        int64_t next_ms = sweep->next_ms[i];
        if (next_ms == INSTANT_NONE || next_ms > sweep->horizon_ms)
            continue;
        if (best == sweep->count || next_ms < sweep->next_ms[best])
            best = i;
    }
    return best;
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
        int64_t before_ms = sweep.next_ms[i];
        enum ld_err err = fire(agenda, held, before_ms);
        if (err == LD_BUSY)
            return false;
        sweep.next_ms[i] = next_of(held);
        sweep.repeats[i] = sweep.next_ms[i] == before_ms ? sweep.repeats[i] + 1 : 0;
        if (err != LD_OK || sweep.repeats[i] == SAME_INSTANT_MAX) {
            (void)park(agenda, held);
            sweep.next_ms[i] = INSTANT_NONE;
        }
    }
}
