/* Steps of cases inside a batch, with all that follows from them in the cases of their family: the
 * room that family_step works in is the desk and the batch.
 *
 *   save ─▶ family_step: root's row, rows that it causes ─▶ release
 *                    └─ anything but LD_OK ─▶ restore: no row, no change, no new case
 *
 * Invariants:
 *  - rows of one step stand one behind the other in one batch, the root's first, and name it as
 *    their cause; or none of them is there;
 *  - a case that has no family pays nothing for this: it is kept by one row, which is added before
 *    the case changes, so there is nothing to be taken back and nothing is copied. */
#include "workers/agenda_parts.h"

#include "workflows/core/family.h"

#include <string.h>

/* One step on its way. */
struct transaction {
    struct agenda *agenda;
    struct journal_row *root; /* what the shell says of the root's row; it is kept once */
    struct batch_mark mark;
    struct desk_save save;
    uint64_t cause; /* position of the root's row; 0: not kept yet */
    bool is_alone;  /* no other case can follow */
    bool is_grown;  /* over the bound of a case that grew in this batch before: it may yet fit */
};

struct bytes family_root(struct bytes id)
{
    for (size_t size = 0; size < id.size; size++) {
        if (id.ptr[size] == '/')
            return (struct bytes){id.ptr, size};
    }
    return id;
}

bool family_is_one(const struct case_state *state)
{
    return state->sub_count == 0 && case_parent_id(state->id).size == 0;
}

/* --- the room -------------------------------------------------------------------------------- */

static struct family_member member_of(struct desk_case *held)
{
    return (struct family_member){held->program, &held->rules, &held->state};
}

static enum ld_err find(void *context, struct bytes id, struct family_member *ret_member)
{
    struct transaction *transaction = context;
    struct agenda *agenda = transaction->agenda;
    struct desk_case *held = NULL;
    enum ld_err err = desk_take(&agenda->desk, agenda->rooms.store, agenda->rooms.shelf, id,
                                &agenda->step, &held);
    if (err == LD_OK)
        *ret_member = member_of(held);
    return err;
}

static enum ld_err blank(void *context, struct bytes workflow, int32_t date, struct bytes id,
                         struct family_member *ret_member)
{
    struct transaction *transaction = context;
    struct agenda *agenda = transaction->agenda;
    const struct shelf *shelf = agenda->rooms.shelf;
    const struct program *program = shelf_effective(shelf, workflow, date);
    struct desk_case *held = NULL;
    struct rules rules;
    if (!program || !shelf_rules(shelf, program, &rules))
        return LD_NOT_FOUND;
    enum ld_err err =
        desk_take(&agenda->desk, agenda->rooms.store, shelf, id, &agenda->step, &held);
    if (err == LD_OK || err == LD_CORRUPT)
        return LD_EXISTS; /* one that is damaged is there all the same */
    if (err == LD_NOT_FOUND)
        err = desk_blank(&agenda->desk, program, &rules, id, &held);
    if (err == LD_OK)
        *ret_member = member_of(held);
    return err;
}

/* Had it changed in this batch before this step? */
static bool was_changed(const struct transaction *transaction, const struct desk_case *held)
{
    const struct desk *desk = &transaction->agenda->desk;
    if (held >= &desk->cases[transaction->save.count])
        return false; /* it was not here */
    return held->is_saved ? desk_was_changed(&transaction->save, held) : held->is_changed;
}

static enum ld_err append(struct transaction *transaction, struct desk_case *held,
                          struct journal_row *row, const struct case_mark *mark)
{
    enum ld_err err = agenda_keep(transaction->agenda, held, row, mark);
    if (err == LD_OVERFLOW)
        transaction->is_grown = was_changed(transaction, held);
    return err;
}

static enum ld_err keep_root(struct transaction *transaction, struct desk_case *held,
                             const struct case_input *input, const struct effects *effects)
{
    struct journal_row *row = transaction->root;
    struct case_mark mark = {.now_ms = input->now_ms};
    row->facts = effects->facts;
    row->fact_count = effects->fact_count;
    if (input->kind == INPUT_EVENT) {
        row->fate = effects->fate;
        row->legal_date = effects->legal_date;
        row->is_remembered = true;
        mark.is_event = true;
        mark.fate = effects->fate;
        memcpy(mark.digest, input->event.digest, EVENT_DIGEST_SIZE);
    }
    if (input->kind != INPUT_TIME)
        held->stuck = 0;
    transaction->cause = batch_next_position(&transaction->agenda->batch);
    return append(transaction, held, row, &mark);
}

static enum ld_err keep_other(struct transaction *transaction, struct desk_case *held,
                              const struct case_input *input, const struct effects *effects)
{
    struct journal_row row = {
        .kind = JOURNAL_FAMILY,
        .now_ms = input->now_ms,
        .cause = transaction->cause,
        .input = input->kind,
        .time_ms = INSTANT_NONE,
        .legal_date = DATE_NONE,
        .facts = effects->facts,
        .fact_count = effects->fact_count,
    };
    struct case_mark mark = {.now_ms = input->now_ms};
    return append(transaction, held, &row, &mark);
}

static enum ld_err keep(void *context, struct family_member *member, const struct case_input *input,
                        const struct effects *effects)
{
    struct transaction *transaction = context;
    struct desk_case *held = desk_case_of(member->state);
    bool is_root = transaction->cause == 0;
    if (is_root)
        transaction->is_alone = family_is_one(&held->state) && effects->opening_count == 0;
    if (!transaction->is_alone) {
        enum ld_err err = desk_save_case(&transaction->agenda->desk, &transaction->save, held);
        if (err != LD_OK)
            return err;
    }
    return is_root ? keep_root(transaction, held, input, effects)
                   : keep_other(transaction, held, input, effects);
}

/* --- the step -------------------------------------------------------------------------------- */

/* Nothing of it counts. Where the batch or the desk holds something else it may fit into the next
 * one; else it never will. */
static enum ld_err take_back(struct transaction *transaction, const struct desk_case *held,
                             enum ld_err err)
{
    struct agenda *agenda = transaction->agenda;
    batch_rewind(&agenda->batch, transaction->mark);
    desk_restore(&agenda->desk, &transaction->save);
    if (err != LD_FULL && err != LD_OVERFLOW)
        return LD_CORRUPT;
    bool is_first = agenda_is_unwritten(agenda);
    bool may_fit = err == LD_OVERFLOW
                       ? transaction->is_grown && !is_first
                       : !is_first || desk_has_others(&agenda->desk, family_root(held->state.id));
    return may_fit ? LD_BUSY : LD_OVERFLOW;
}

bool agenda_is_unwritten(const struct agenda *agenda)
{
    return agenda->batch.row_count == 1;
}

enum ld_err agenda_step(struct agenda *agenda, struct desk_case *held,
                        const struct case_input *input, struct journal_row *row,
                        struct effects *ret_effects)
{
    struct transaction transaction = {
        .agenda = agenda,
        .root = row,
        .mark = batch_mark(&agenda->batch),
        .save = desk_save(&agenda->desk, &agenda->copies),
    };
    const struct family_room room = {
        .context = &transaction,
        .arena = &agenda->step,
        .facts = agenda->facts,
        .find = find,
        .blank = blank,
        .keep = keep,
    };
    struct family_member root = member_of(held);
    arena_clear(&agenda->step);
    enum ld_err err = family_step(&room, &root, input, ret_effects);
    if (err != LD_OK)
        return take_back(&transaction, held, err);
    if (transaction.cause == 0)
        desk_restore(&agenda->desk, &transaction.save); /* refused: what was looked at goes too */
    else
        desk_release(&agenda->desk, &transaction.save);
    return LD_OK;
}

/* --- who is of the family -------------------------------------------------------------------- */

/* Does any case that the last batch left want something by then? */
static bool is_any_due(struct agenda *agenda, int64_t until_ms)
{
    struct store *store = agenda->rooms.store;
    if (!agenda->has_store_next) {
        agenda->store_next_ms = INSTANT_NONE;
        if (store->ops->next_ms(store, &agenda->store_next_ms) != LD_OK)
            agenda->store_next_ms =
                INT64_MIN + 1; /* unknown: as if something had been due always */
        agenda->has_store_next = true;
    }
    return agenda->store_next_ms != INSTANT_NONE && agenda->store_next_ms <= until_ms;
}

static void add_member(struct agenda *agenda, struct desk_case *held)
{
    LD_ASSERT(agenda->family_count < BATCH_CASES_MAX); /* each is on the desk, once */
    agenda->family[agenda->family_count++] = held;
}

/* LD_FULL: the desk has no room for it. One that is damaged stands still by itself. */
static enum ld_err take_member(struct agenda *agenda, struct bytes id)
{
    struct desk_case *held = NULL;
    enum ld_err err = desk_take(&agenda->desk, agenda->rooms.store, agenda->rooms.shelf, id,
                                &agenda->step, &held);
    if (err == LD_OK)
        add_member(agenda, held);
    return err == LD_FULL ? err : LD_OK;
}

static enum ld_err take_subs(struct agenda *agenda, const struct case_state *state)
{
    uint8_t memory[CASE_ID_MAX];
    for (uint32_t i = 0; i < state->sub_count; i++) {
        struct buffer id;
        buffer_init(&id, memory, sizeof memory);
        buffer_put(&id, state->id);
        buffer_put_text(&id, "/");
        buffer_put(&id, state->subs[i].name);
        if (!state->subs[i].is_open || id.is_full)
            continue;
        enum ld_err err = take_member(agenda, buffer_bytes(&id));
        if (err != LD_OK)
            return err;
    }
    return LD_OK;
}

/* From the root down, the open ones. */
static enum ld_err take_family(struct agenda *agenda, struct bytes root)
{
    arena_clear(&agenda->step);
    enum ld_err err = take_member(agenda, root);
    for (uint32_t i = 0; err == LD_OK && i < agenda->family_count; i++)
        err = take_subs(agenda, &agenda->family[i]->state);
    return err;
}

/* Where no stored case is due, only one that this batch has changed can be, and those are here. */
static void take_those_here(struct agenda *agenda, struct bytes root)
{
    for (uint32_t i = 0; i < agenda->desk.count; i++) {
        if (desk_is_of(&agenda->desk.cases[i], root))
            add_member(agenda, &agenda->desk.cases[i]);
    }
}

static bool has_member(const struct agenda *agenda, const struct desk_case *held)
{
    for (uint32_t i = 0; i < agenda->family_count; i++) {
        if (agenda->family[i] == held)
            return true;
    }
    return false;
}

enum ld_err family_gather(struct agenda *agenda, struct desk_case *held, int64_t until_ms)
{
    struct bytes root = family_root(held->state.id);
    enum ld_err err = LD_OK;
    agenda->family_count = 0;
    if (is_any_due(agenda, until_ms))
        err = take_family(agenda, root);
    else
        take_those_here(agenda, root);
    if (err == LD_OK && !has_member(agenda, held))
        add_member(agenda, held); /* one that its parents, damaged, do not lead to */
    if (err != LD_FULL)
        return err;
    return !agenda_is_unwritten(agenda) || desk_has_others(&agenda->desk, root) ? LD_BUSY : LD_FULL;
}

struct desk_case *family_earliest(const struct agenda *agenda, const struct desk_case *held,
                                  int64_t *ret_next_ms)
{
    struct desk_case *best = NULL;
    for (uint32_t i = 0; i < agenda->family_count; i++) {
        struct desk_case *member = agenda->family[i];
        if (member->is_parked && member != held)
            continue;
        int64_t next_ms = case_next_ms(member->program, &member->rules, &member->state);
        if (next_ms == INSTANT_NONE)
            continue;
        bool is_shorter = best && member->state.id.size < best->state.id.size;
        if (best && (next_ms > *ret_next_ms || (next_ms == *ret_next_ms && !is_shorter)))
            continue;
        best = member;
        *ret_next_ms = next_ms;
    }
    return best;
}
