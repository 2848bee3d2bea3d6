/* Lists over the state as of the last checkpoint; each answer says up to which position and instant
 * it speaks. Read from a view, by the query thread. */
#include "workers/ask.h"
#include "workers/fact_value.h"

#include <string.h>

/* A case decoded for one row of a list; memory up to the caller's mark. */
struct listed {
    const struct program *program;
    struct rules rules;
    struct case_state state;
};

static bool decode(const struct ask *ask, struct bytes record, struct listed *ret_listed)
{
    struct case_header header;
    if (case_record_header(record, &header) != LD_OK)
        return false;
    ret_listed->program = shelf_program(ask->shelf, header.program_digest);
    return ret_listed->program && shelf_rules(ask->shelf, ret_listed->program, &ret_listed->rules)
           && case_init(&ret_listed->state, ret_listed->program, header.id, ask->arena) == LD_OK
           && case_record_decode(record, ret_listed->program, ask->arena, &ret_listed->state)
                  == LD_OK;
}

/* The time of the batch that a position belongs to: how old the state's word is. */
static int64_t as_of(struct ask *ask, uint64_t position)
{
    for (uint32_t i = 0; i < STORE_BATCH_ROWS_MAX && position > 0; i++, position--) {
        struct bytes bytes;
        struct journal_row row;
        size_t mark = arena_mark(ask->arena);
        bool is_read = ask->store->ops->view_row(ask->view, position, ask->arena, &bytes) == LD_OK
                       && journal_row_decode(bytes, ask->arena, &row) == LD_OK;
        arena_rewind(ask->arena, mark);
        if (!is_read)
            return INSTANT_NONE;
        if (row.kind == JOURNAL_BATCH)
            return row.batch.now_ms;
    }
    return INSTANT_NONE;
}

static void form_as_of(struct ask *ask, struct form *form)
{
    uint64_t applied = ask->store->ops->view_applied(ask->view);
    form_int(form, "applied", (int64_t)applied);
    form_instant(form, "as_of", as_of(ask, applied));
}

/* Why a view gave nothing. A name that is too long for any key stays so: who asked must not be told
 * to ask again. Of LD_FULL the arena tells, and a smaller page is tried. */
static void refuse_view(struct ask *ask, enum ld_err err)
{
    if (err == LD_FULL)
        return;
    ask_refuse(ask, err == LD_INVALID ? WIRE_ERROR_MALFORMED : WIRE_ERROR_UNAVAILABLE,
               bytes_from_text(ld_err_word(err)));
}

/* --- cases ----------------------------------------------------------------------------------- */

/* The open clock that is due first. */
static void form_next_clock(struct form *form, const struct listed *listed)
{
    const struct clock_run *first = NULL;
    uint32_t index = 0;
    for (uint32_t i = 0; i < listed->program->clock_count; i++) {
        const struct clock_run *run = &listed->state.clocks[i];
        if (!clock_is_open(run->status) || (first && first->due.due_ms <= run->due.due_ms))
            continue;
        first = run;
        index = i;
    }
    if (!first)
        return;
    form_text(form, "next_clock", listed->program->clocks[index].name);
    form_title(form, "next_title", &listed->program->clocks[index].title);
    form_word(form, "next_status", clock_status_word(first->status));
    form_date(form, "next_last_day", first->due.last_day);
    form_instant(form, "next_due", first->due.due_ms);
}

static struct value case_row(const struct ask *ask, const struct listed *listed)
{
    const struct case_state *state = &listed->state;
    const struct state *at = &listed->program->states[state->state];
    struct form form = form_open(ask->arena, 16, shelf_zone(ask->shelf));
    form_text(&form, "id", state->id);
    form_text(&form, "workflow", listed->program->id);
    form_int(&form, "version", listed->program->version);
    form_text(&form, "state", at->name);
    form_title(&form, "state_title", &at->title);
    form_bool(&form, "is_end", at->is_end);
    form_text(&form, "outcome", state->outcome);
    form_instant(&form, "opened", state->opened_ms);
    form_instant(&form, "next", case_next_ms(listed->program, &listed->rules, state));
    form_next_clock(&form, listed);
    return form_close(&form);
}

/* The store finds a state within a workflow; over all workflows it is looked at here. */
static bool is_in_state(const struct listed *listed, struct bytes state)
{
    return state.size == 0 || bytes_equal(listed->program->states[listed->state.state].name, state);
}

void ask_cases(struct ask *ask, uint32_t max)
{
    struct bytes workflow = value_get_text(ask->question, "workflow");
    struct bytes state = value_get_text(ask->question, "state");
    struct bytes after = value_get_text(ask->question, "after");
    struct store_found *found = arena_alloc_array(ask->arena, max, sizeof *found);
    struct value *rows = form_items(ask->arena, max);
    uint32_t count = 0, row_count = 0;
    if (!found || !rows)
        return;
    enum ld_err err = ask->store->ops->view_cases(ask->view, workflow, state, after, max,
                                                  ask->arena, found, &count);
    if (err != LD_OK) {
        refuse_view(ask, err);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct listed listed;
        if (decode(ask, found[i].record, &listed) && is_in_state(&listed, state))
            rows[row_count++] = case_row(ask, &listed);
    }
    struct form form = form_open(ask->arena, 4, shelf_zone(ask->shelf));
    form_value(&form, "rows", value_list(rows, row_count));
    if (count == max)
        form_text(&form, "next", found[count - 1].case_id);
    form_as_of(ask, &form);
    ask->answer = form_close(&form);
}

/* --- overdue --------------------------------------------------------------------------------- */

static struct value overdue_row(const struct ask *ask, const struct listed *listed,
                                const struct store_found *found)
{
    const struct clock_rule *rule = &listed->program->clocks[found->work.clock];
    const struct clock_run *run = &listed->state.clocks[found->work.clock];
    struct form form = form_open(ask->arena, 15, shelf_zone(ask->shelf));
    form_text(&form, "case", listed->state.id);
    form_text(&form, "workflow", listed->program->id);
    form_text(&form, "clock", rule->name);
    form_title(&form, "title", &rule->title);
    form_word(&form, "force", clock_force_word(rule->force));
    form_text(&form, "basis", rule->basis);
    form_text(&form, "unit", found->work.unit);
    form_unit_title(&form, "unit_title", ask_directory(ask), found->work.unit);
    form_word(&form, "status", clock_status_word(run->status));
    form_date(&form, "last_day", run->due.last_day);
    form_instant(&form, "due", run->due.due_ms);
    form_int(&form, "days", (ask->now_ms - run->due.due_ms) / DAY_MS);
    if (run->alert_level != ALERT_NONE)
        form_word(&form, "level", alert_level_word(run->alert_level));
    return form_close(&form);
}

/* Due by the engine's time: a clock whose instant has come counts, whether the state shows it as
 * overdue yet or not. */
void ask_overdue(struct ask *ask, uint32_t max)
{
    struct bytes unit = value_get_text(ask->question, "unit");
    struct store_found *found = arena_alloc_array(ask->arena, max, sizeof *found);
    struct value *rows = form_items(ask->arena, max);
    uint32_t count = 0, row_count = 0;
    if (!found || !rows)
        return;
    enum ld_err err = ask->store->ops->view_work(ask->view, unit, ask->now_ms + 1, max, ask->arena,
                                                 found, &count);
    if (err != LD_OK) {
        refuse_view(ask, err);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct listed listed;
        if (decode(ask, found[i].record, &listed)
            && found[i].work.clock < listed.program->clock_count
            && !listed.program->clocks[found[i].work.clock].is_right) /* it lapses */
            rows[row_count++] = overdue_row(ask, &listed, &found[i]);
    }
    struct form form = form_open(ask->arena, 4, shelf_zone(ask->shelf));
    form_value(&form, "rows", value_list(rows, row_count));
    if (count == max)
        form_bool(&form, "more", true);
    form_as_of(ask, &form);
    ask->answer = form_close(&form);
}

/* --- artifacts ------------------------------------------------------------------------------- */

static void form_artifact(struct form *form, const struct shelf_entry *entry)
{
    form_word(form, "kind", artifact_kind_word(entry->kind));
    form_text(form, "id", entry->id);
    form_int(form, "version", entry->version);
    form_digest(form, "digest", entry->digest, DIGEST_SIZE);
    if (entry->program)
        form_title(form, "title", &entry->program->title);
}

void ask_artifacts(struct ask *ask)
{
    uint32_t count = shelf_count(ask->shelf), row_count = 0;
    struct value *rows = form_items(ask->arena, count);
    for (uint32_t i = 0; rows && i < count; i++) {
        if (shelf_is_repeated(ask->shelf, i))
            continue;
        struct form form = form_open(ask->arena, 5, shelf_zone(ask->shelf));
        form_artifact(&form, shelf_at(ask->shelf, i));
        rows[row_count++] = form_close(&form);
    }
    struct form form = form_open(ask->arena, 1, shelf_zone(ask->shelf));
    form_value(&form, "rows", value_list(rows, row_count));
    ask->answer = form_close(&form);
}

void ask_artifact(struct ask *ask)
{
    struct bytes id = value_get_text(ask->question, "id");
    int64_t version = value_get_int(ask->question, "version", 0);
    enum artifact_kind kind = artifact_kind_from_word(value_get_text(ask->question, "kind"));
    const struct shelf_entry *entry = id.size == 0 || version < 0 || version > UINT32_MAX ? NULL
                                      : version == 0
                                          ? shelf_newest(ask->shelf, kind, id)
                                          : shelf_find(ask->shelf, kind, id, (uint32_t)version);
    if (!entry) {
        ask_refuse(ask, WIRE_ERROR_NOT_FOUND, id);
        return;
    }
    struct form form = form_open(ask->arena, 6, shelf_zone(ask->shelf));
    form_artifact(&form, entry);
    form_text(&form, "text", entry->text);
    ask->answer = form_close(&form);
}
