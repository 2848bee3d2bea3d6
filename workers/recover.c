/* From what the store holds to an agenda that goes on where the last process stopped.
 *
 *   artifacts ─▶ shelf    feeds ─▶ table    last head ─▶ chain, time    rows after `applied` ─▶
 * cases
 *
 * Facts are applied, never decided again: a newer binary recovers the same state. A row that a
 * case's record includes already is passed over, so recovery may itself be cut off anywhere. */
#include "workers/agenda_parts.h"

#include <string.h>

enum { VIEW_ROWS_MAX = 1000 };

static enum ld_err read_row(struct agenda *agenda, uint64_t position, struct bytes *ret_bytes,
                            struct journal_row *ret_row)
{
    struct store_view *view = agenda_view(agenda);
    if (!view)
        return LD_IO;
    enum ld_err err = agenda->rooms.store->ops->view_row(view, position, &agenda->turn, ret_bytes);
    if (err != LD_OK)
        return err == LD_NOT_FOUND ? LD_CORRUPT : err; /* the journal has no holes */
    return journal_row_decode(*ret_bytes, &agenda->turn, ret_row);
}

/* --- shelf and feeds ------------------------------------------------------------------------- */

static enum ld_err restore_kind(struct agenda *agenda, enum artifact_kind kind,
                                const struct store_artifact *artifacts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (artifacts[i].kind != (uint8_t)kind)
            continue;
        arena_clear(&agenda->step);
        diagnostics_init(agenda->diagnostics, &agenda->step, artifacts[i].id);
        enum ld_err err = shelf_restore(agenda->rooms.shelf, kind, artifacts[i].text,
                                        artifacts[i].version, agenda->diagnostics);
        if (err != LD_OK)
            return err;
    }
    return LD_OK;
}

/* In the order of who names whom. */
static enum ld_err restore_shelf(struct agenda *agenda)
{
    static const enum artifact_kind order[] = {ARTIFACT_CALENDAR, ARTIFACT_DIRECTORY,
                                               ARTIFACT_POLICY, ARTIFACT_WORKFLOW};
    struct store *store = agenda->rooms.store;
    uint32_t count = 0;
    struct store_artifact *artifacts =
        arena_alloc_array(&agenda->desk.arena, SHELF_MAX, sizeof *artifacts);
    struct store_view *view = agenda_view(agenda);
    if (!artifacts || !view)
        return LD_IO;
    enum ld_err err =
        store->ops->view_artifacts(view, SHELF_MAX, &agenda->desk.arena, artifacts, &count);
    for (size_t i = 0; err == LD_OK && i < sizeof order / sizeof order[0]; i++)
        err = restore_kind(agenda, order[i], artifacts, count);
    shelf_publish(agenda->rooms.shelf);
    desk_clear(&agenda->desk);
    return err;
}

static enum ld_err restore_feeds(struct agenda *agenda)
{
    struct store *store = agenda->rooms.store;
    uint32_t count = 0;
    struct store_feed *feeds = arena_alloc_array(&agenda->turn, FEEDS_MAX, sizeof *feeds);
    struct store_view *view = agenda_view(agenda);
    if (!feeds || !view)
        return LD_IO;
    enum ld_err err = store->ops->view_feeds(view, FEEDS_MAX, &agenda->turn, feeds, &count);
    for (uint32_t i = 0; err == LD_OK && i < count; i++)
        err = feed_table_set(&agenda->feeds, feeds[i].name, feeds[i].record);
    return err;
}

/* --- the chain ------------------------------------------------------------------------------- */

/* The head of the batch that the position belongs to: heads are never further back than a batch is
 * long. */
static enum ld_err find_head(struct agenda *agenda, uint64_t position, uint64_t *ret_position,
                             struct journal_batch *ret_head)
{
    for (uint32_t i = 0; i < STORE_BATCH_ROWS_MAX && position > 0; i++, position--) {
        struct bytes bytes;
        struct journal_row row;
        size_t mark = arena_mark(&agenda->turn);
        enum ld_err err = read_row(agenda, position, &bytes, &row);
        if (err != LD_OK)
            return err;
        arena_rewind(&agenda->turn, mark);
        if (row.kind != JOURNAL_BATCH)
            continue;
        *ret_position = position;
        *ret_head = row.batch;
        return LD_OK;
    }
    return LD_CORRUPT;
}

/* The digest of the batch at its head, computed anew. */
static enum ld_err check_digest(struct agenda *agenda, uint64_t position,
                                const struct journal_batch *head)
{
    uint8_t digest[DIGEST_SIZE];
    struct bytes *rows = arena_alloc_array(&agenda->turn, head->row_count, sizeof *rows);
    if (!rows)
        return LD_FULL;
    for (uint32_t i = 0; i < head->row_count; i++) {
        struct store_view *view = agenda_view(agenda);
        enum ld_err err = view ? agenda->rooms.store->ops->view_row(view, position + 1 + i,
                                                                    &agenda->turn, &rows[i])
                               : LD_IO;
        if (err != LD_OK)
            return err;
    }
    journal_batch_digest(head, rows, head->row_count, digest);
    return memcmp(digest, head->digest, DIGEST_SIZE) == 0 ? LD_OK : LD_CORRUPT;
}

/* The last batch is whole, is what its digest says, and hangs on the one before it. */
static enum ld_err check_chain(struct agenda *agenda)
{
    struct journal_batch last, before = {0};
    uint64_t last_at = 0, before_at = 0;
    enum ld_err err = find_head(agenda, agenda->last_position, &last_at, &last);
    if (err != LD_OK)
        return err;
    if (last_at + last.row_count != agenda->last_position)
        return LD_CORRUPT;
    err = check_digest(agenda, last_at, &last);
    if (err == LD_OK && last_at > 1)
        err = find_head(agenda, last_at - 1, &before_at, &before);
    if (err == LD_OK && memcmp(last.previous, before.digest, DIGEST_SIZE) != 0)
        err = LD_CORRUPT;
    agenda->now_ms = last.now_ms;
    memcpy(agenda->digest, last.digest, DIGEST_SIZE);
    return err;
}

/* --- cases ----------------------------------------------------------------------------------- */

static enum ld_err restore_desk(struct agenda *agenda)
{
    struct store *store = agenda->rooms.store;
    for (uint32_t i = 0; i < agenda->desk.count; i++) {
        const struct desk_case *held = &agenda->desk.cases[i];
        struct store_put put;
        struct buffer record;
        if (!held->is_changed)
            continue;
        buffer_init(&record, agenda->batch.put_memory, BATCH_PUT_BYTES_MAX);
        desk_put(held, &record, &put);
        enum ld_err err = record.is_full ? LD_CORRUPT : store->ops->restore(store, &put);
        if (err != LD_OK)
            return err;
    }
    desk_clear(&agenda->desk);
    return LD_OK;
}

static bool opens_case(const struct journal_row *row)
{
    return row->kind == JOURNAL_FAMILY ? row->input == INPUT_OPEN : row->fate == FATE_STARTED;
}

static enum ld_err take_case(struct agenda *agenda, const struct journal_row *row,
                             struct desk_case **ret_case)
{
    struct shelf *shelf = agenda->rooms.shelf;
    arena_clear(&agenda->step);
    enum ld_err err =
        desk_take(&agenda->desk, agenda->rooms.store, shelf, row->case_id, &agenda->step, ret_case);
    if (err != LD_NOT_FOUND)
        return err;
    struct rules rules;
    const struct program *program = shelf_program(shelf, row->program_digest);
    if (!program || !shelf_rules(shelf, program, &rules) || !opens_case(row))
        return LD_CORRUPT;
    return desk_blank(&agenda->desk, program, &rules, row->case_id, ret_case);
}

static enum ld_err apply_row(struct agenda *agenda, uint64_t position,
                             const struct journal_row *row)
{
    struct desk_case *held = NULL;
    enum ld_err err = take_case(agenda, row, &held);
    if (err != LD_OK)
        return err;
    if (held->state.position >= position)
        return LD_OK;
    if (memcmp(held->program->digest, row->program_digest, DIGEST_SIZE) != 0)
        return LD_CORRUPT;
    struct case_mark mark = {
        .position = position,
        .is_event = row->kind == JOURNAL_EVENT,
        .fate = row->fate,
        .refusal = row->refusal,
        .now_ms = row->now_ms,
    };
    memcpy(mark.digest, row->event_digest, EVENT_DIGEST_SIZE);
    held->is_changed = true;
    return case_apply(held->program, &held->state, row->facts, row->fact_count, &mark,
                      &agenda->desk.arena);
}

static bool changes_case(const struct journal_row *row)
{
    return row->kind == JOURNAL_TIME || row->kind == JOURNAL_FAMILY
           || (row->kind == JOURNAL_EVENT && row->is_remembered);
}

static enum ld_err apply_rows(struct agenda *agenda, uint64_t applied, uint64_t *ret_rows)
{
    for (uint64_t position = applied + 1; position <= agenda->last_position; position++) {
        struct bytes bytes;
        struct journal_row row;
        if (position % VIEW_ROWS_MAX == 0)
            agenda_close_view(agenda); /* no view stays open for long */
        arena_clear(&agenda->turn);
        enum ld_err err = read_row(agenda, position, &bytes, &row);
        if (err == LD_OK && !desk_has_room(&agenda->desk))
            err = restore_desk(agenda);
        if (err == LD_OK && changes_case(&row))
            err = apply_row(agenda, position, &row);
        if (err != LD_OK)
            return err == LD_NOT_FOUND || err == LD_FULL ? LD_CORRUPT : err;
        ++*ret_rows;
    }
    return restore_desk(agenda);
}

/* Deployments alone leave a manual clock free to begin in the past. Only the first rows are looked
 * at: a journal that is longer has had its happenings. */
static bool has_happenings(struct agenda *agenda)
{
    for (uint64_t position = 1; position <= agenda->last_position; position++) {
        struct bytes bytes;
        struct journal_row row;
        arena_clear(&agenda->turn);
        if (position > STORE_BATCH_ROWS_MAX || read_row(agenda, position, &bytes, &row) != LD_OK)
            return true;
        if (row.kind == JOURNAL_EVENT || row.kind == JOURNAL_TIME || row.kind == JOURNAL_CLOCK)
            return true;
    }
    return false;
}

enum ld_err agenda_recover(struct agenda *agenda, struct agenda_recovery *ret_recovery)
{
    struct store_head head;
    struct agenda_recovery recovery = {.now_ms = INSTANT_NONE};
    struct store *store = agenda->rooms.store;
    store->ops->head(store, &head);
    agenda->last_position = head.last_position;
    agenda->epoch = head.epoch;
    arena_clear(&agenda->turn);
    desk_clear(&agenda->desk);
    if (head.applied > head.last_position)
        return LD_CORRUPT; /* the journal has gone back in time */
    enum ld_err err = restore_shelf(agenda);
    if (err == LD_OK)
        err = restore_feeds(agenda);
    if (err == LD_OK)
        err = agenda_rules_recover(agenda);
    if (err == LD_OK && head.last_position > 0)
        err = check_chain(agenda);
    if (err == LD_OK)
        err = apply_rows(agenda, head.applied, &recovery.rows);
    recovery.now_ms = agenda->now_ms;
    if (err == LD_OK)
        recovery.has_happenings = has_happenings(agenda);
    if (!recovery.has_happenings)
        agenda->now_ms = INSTANT_NONE; /* the clock decides when it all begins */
    agenda_close_view(agenda);
    arena_clear(&agenda->turn);
    *ret_recovery = recovery;
    return err;
}
