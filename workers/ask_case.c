/* One case, exactly as its record says, and its history along the chain of its journal rows. */
#include "workers/ask.h"
#include "workers/ask_family.h"
#include "workers/fact_value.h"

#include <string.h>

/* A map with the names of the definition as its keys. */
struct named {
    struct value_entry *entries;
    uint32_t count;
};

static void put_named(struct named *named, struct bytes name, struct value value)
{
    if (named->entries && value.kind != VALUE_NONE)
        named->entries[named->count++] = (struct value_entry){name, value};
}

static struct value fields_of(struct arena *arena, const struct program *program,
                              const struct case_state *state)
{
    struct named named = {
        .entries = arena_alloc_array(arena, program->field_count, sizeof(struct value_entry))};
    for (uint32_t i = 0; i < program->field_count; i++)
        put_named(&named, program->fields[i].name,
                  field_value(&program->fields[i], &state->fields[i]));
    return value_map(named.entries, named.count);
}

static struct value parties_of(struct arena *arena, const struct program *program,
                               const struct case_state *state)
{
    struct named named = {
        .entries = arena_alloc_array(arena, program->party_count, sizeof(struct value_entry))};
    for (uint32_t i = 0; i < program->party_count; i++)
        put_named(&named, program->parties[i].name, state->parties[i]);
    return value_map(named.entries, named.count);
}

/* --- titles beside names ---------------------------------------------------------------------- */

/* The titles under the names, where there is anything under the name too. */
static void put_title(struct named *named, struct arena *arena, struct bytes name,
                      const struct title *title)
{
    struct form form = form_open(arena, 1, 0);
    form_title(&form, "title", title);
    struct value one = form_close(&form);
    const struct value *both = value_get(&one, "title");
    if (both)
        put_named(named, name, *both);
}

static struct value parties_titles(struct arena *arena, const struct program *program,
                                   const struct case_state *state)
{
    struct named named = {
        .entries = arena_alloc_array(arena, program->party_count, sizeof(struct value_entry))};
    for (uint32_t i = 0; i < program->party_count; i++) {
        if (state->parties[i].kind != VALUE_NONE)
            put_title(&named, arena, program->parties[i].name, &program->parties[i].title);
    }
    return value_map(named.entries, named.count);
}

static struct value fields_titles(struct arena *arena, const struct program *program,
                                  const struct case_state *state)
{
    struct named named = {
        .entries = arena_alloc_array(arena, program->field_count, sizeof(struct value_entry))};
    for (uint32_t i = 0; i < program->field_count; i++) {
        if (state->fields[i].kind != VALUE_NONE)
            put_title(&named, arena, program->fields[i].name, &program->fields[i].title);
    }
    return value_map(named.entries, named.count);
}

static void put_unit(struct named *named, struct arena *arena, const struct directory *directory,
                     const struct value *value)
{
    const struct unit *unit =
        value->kind == VALUE_UNIT ? directory_unit(directory, value->as.text) : NULL;
    for (uint32_t i = 0; unit && i < named->count; i++) {
        if (bytes_equal(named->entries[i].key, unit->id))
            return;
    }
    if (unit)
        put_title(named, arena, unit->id, &unit->title);
}

/* Of all units that the parties and the open fields name, each once. */
static struct value units_titles(struct arena *arena, const struct program *program,
                                 const struct directory *directory, const struct case_state *state)
{
    uint32_t most = program->party_count + program->field_count;
    struct named named = {.entries = arena_alloc_array(arena, most, sizeof(struct value_entry))};
    for (uint32_t i = 0; i < program->party_count; i++)
        put_unit(&named, arena, directory, &state->parties[i]);
    for (uint32_t i = 0; i < program->field_count; i++) {
        struct value shown = field_value(&program->fields[i], &state->fields[i]);
        put_unit(&named, arena, directory, &shown);
    }
    return value_map(named.entries, named.count);
}

static struct value takes_titles(struct arena *arena, const struct program *program,
                                 const struct case_state *state)
{
    int32_t events[PROGRAM_EVENTS_MAX];
    uint32_t count = case_takes(program, state, events);
    struct named named = {.entries = arena_alloc_array(arena, count, sizeof(struct value_entry))};
    for (uint32_t i = 0; i < count; i++)
        put_title(&named, arena, program->events[events[i]].name,
                  &program->events[events[i]].title);
    return value_map(named.entries, named.count);
}

static void form_named(struct form *form, const char *key, struct value titles)
{
    if (titles.as.map.count > 0)
        form_value(form, key, titles);
}

static void form_titles(struct form *form, const struct ask *ask, const struct program *program,
                        const struct case_state *state)
{
    const struct directory *directory = ask_directory(ask);
    if (!directory)
        return;
    form_named(form, "fields_titles", fields_titles(ask->arena, program, state));
    form_named(form, "parties_titles", parties_titles(ask->arena, program, state));
    form_named(form, "units_titles", units_titles(ask->arena, program, directory, state));
    form_named(form, "takes_titles", takes_titles(ask->arena, program, state));
}

/* --- the case -------------------------------------------------------------------------------- */

static struct value takes_of(struct arena *arena, const struct program *program,
                             const struct case_state *state)
{
    int32_t events[PROGRAM_EVENTS_MAX];
    uint32_t count = case_takes(program, state, events);
    struct value *names = form_items(arena, count);
    for (uint32_t i = 0; names && i < count; i++)
        names[i] = value_text(program->events[events[i]].name);
    return value_list(names, names ? count : 0);
}

/* The party that is answerable, and the unit that it is. */
static void form_who(struct form *form, const struct party *party, const struct value *unit,
                     const struct directory *directory)
{
    form_text(form, "who", party->name);
    if (directory)
        form_title(form, "who_title", &party->title);
    if (unit->kind != VALUE_UNIT)
        return;
    form_text(form, "unit", unit->as.text);
    form_unit_title(form, "unit_title", directory, unit->as.text);
}

static struct value clock_of(const struct ask *ask, const struct program *program,
                             const struct case_state *state, uint32_t index)
{
    const struct clock_rule *rule = &program->clocks[index];
    const struct clock_run *run = &state->clocks[index];
    int zone = shelf_zone(ask->shelf);
    struct form form = form_open(ask->arena, 24, zone);
    form_text(&form, "name", rule->name);
    form_title(&form, "title", &rule->title);
    form_word(&form, "force", clock_force_word(rule->force));
    form_text(&form, "basis", rule->basis);
    if (rule->who != INDEX_NONE)
        form_who(&form, &program->parties[rule->who], &state->parties[rule->who],
                 ask_directory(ask));
    form_run(&form, rule, run);
    if (run->status == CLOCK_RUNNING)
        form_int(&form, "days_left", run->due.last_day - date_of_instant(ask->now_ms, zone));
    if (run->alert_level != ALERT_NONE)
        form_word(&form, "level", alert_level_word(run->alert_level));
    return form_close(&form);
}

static struct value clocks_of(const struct ask *ask, const struct program *program,
                              const struct case_state *state)
{
    struct value *items = form_items(ask->arena, program->clock_count);
    for (uint32_t i = 0; items && i < program->clock_count; i++)
        items[i] = clock_of(ask, program, state, i);
    return value_list(items, items ? program->clock_count : 0);
}

void ask_case(struct ask *ask, const struct program *program, const struct rules *rules,
              const struct case_state *state)
{
    const struct state *at = &program->states[state->state];
    struct form form = form_open(ask->arena, 24 + ASK_FAMILY_KEYS, shelf_zone(ask->shelf));
    form_text(&form, "id", state->id);
    form_text(&form, "workflow", program->id);
    form_int(&form, "version", program->version);
    form_digest(&form, "digest", program->digest, DIGEST_SIZE);
    form_title(&form, "title", &program->title);
    form_text(&form, "state", at->name);
    form_title(&form, "state_title", &at->title);
    form_bool(&form, "is_end", at->is_end);
    form_text(&form, "outcome", state->outcome);
    form_instant(&form, "opened", state->opened_ms);
    form_date(&form, "opened_date", state->opened_date);
    form_int(&form, "revision", (int64_t)state->revision);
    form_int(&form, "position", (int64_t)state->position);
    form_instant(&form, "next", case_next_ms(program, rules, state));
    form_instant(&form, "as_of", ask->now_ms);
    form_value(&form, "fields", fields_of(ask->arena, program, state));
    form_value(&form, "parties", parties_of(ask->arena, program, state));
    form_value(&form, "takes", takes_of(ask->arena, program, state));
    form_titles(&form, ask, program, state);
    form_value(&form, "clocks", clocks_of(ask, program, state));
    form_family(&form, ask, state);
    ask->answer = form_close(&form);
}

/* --- history --------------------------------------------------------------------------------- */

static struct value facts_of(const struct journal_row *row, const struct fact_context *context)
{
    struct value *items = form_items(context->arena, row->fact_count);
    for (uint32_t i = 0; items && i < row->fact_count; i++)
        items[i] = fact_value(&row->facts[i], context);
    return value_list(items, items ? row->fact_count : 0);
}

static void put_sealed(struct value_entry *entry, const struct field *field)
{
    if (bytes_equal(entry->key, field->name))
        entry->value = field_value(field, &entry->value);
}

/* The data as it was published; what the declaration of the event or of a field of that name seals
 * is not shown. */
static struct value data_of(const struct ask *ask, const struct journal_row *row,
                            const struct program *program)
{
    struct value data = VALUE_ABSENT;
    if (row->data.size == 0 || codec_decode(row->data, WIRE_DEPTH_MAX, ask->arena, &data) != LD_OK
        || data.kind != VALUE_MAP)
        return VALUE_ABSENT;
    uint32_t count = data.as.map.count;
    struct value_entry *entries = arena_alloc_array(ask->arena, count, sizeof *entries);
    int32_t event = program_event(program, row->type);
    for (uint32_t i = 0; entries && i < count; i++) {
        entries[i] = data.as.map.entries[i];
        for (uint32_t k = 0; event != INDEX_NONE && k < program->events[event].field_count; k++)
            put_sealed(&entries[i], &program->events[event].fields[k]);
        int32_t field = program_field(program, entries[i].key);
        if (field != INDEX_NONE)
            put_sealed(&entries[i], &program->fields[field]);
    }
    return value_map(entries, entries ? count : 0);
}

static void event_keys(const struct ask *ask, struct form *form, const struct journal_row *row,
                       const struct program *program)
{
    struct value data = data_of(ask, row, program);
    const struct directory *directory = ask_directory(ask);
    int32_t event = program_event(program, row->type);
    form_text(form, "event_id", row->event_id);
    form_text(form, "source", row->source);
    form_unit_title(form, "source_title", directory, row->source);
    form_text(form, "type", row->type);
    if (directory && event != INDEX_NONE)
        form_title(form, "type_title", &program->events[event].title);
    form_text(form, "role", row->role);
    form_instant(form, "time", row->time_ms);
    form_date(form, "legal_date", row->legal_date);
    if (data.kind == VALUE_MAP)
        form_value(form, "data", data);
    form_word(form, "fate", fate_words(row->fate)->word);
    if (row->fate == FATE_REFUSED)
        form_word(form, "code", refusal_words(row->refusal)->word);
    form_text(form, "detail", row->detail);
    form_text(form, "wanted", row->wanted);
}

static const char *row_word(enum journal_kind kind)
{
    return kind == JOURNAL_EVENT ? "event" : kind == JOURNAL_FAMILY ? "family" : "time";
}

static struct value row_value(const struct ask *ask, uint64_t position,
                              const struct journal_row *row, const struct program *program,
                              const struct case_state *state)
{
    struct form form = form_open(ask->arena, 20, shelf_zone(ask->shelf));
    const struct fact_context context = {.program = program,
                                         .directory = ask_directory(ask),
                                         .shelf = ask->shelf,
                                         .state = state,
                                         .position = position,
                                         .arena = ask->arena,
                                         .zone_minutes = shelf_zone(ask->shelf)};
    form_int(&form, "position", (int64_t)position);
    form_word(&form, "kind", row_word(row->kind));
    form_instant(&form, "at", row->now_ms);
    form_int(&form, "previous", (int64_t)row->previous);
    if (row->kind == JOURNAL_FAMILY) {
        form_int(&form, "cause", (int64_t)row->cause);
        form_word(&form, "step", family_word(row->input));
    }
    if (row->kind == JOURNAL_EVENT)
        event_keys(ask, &form, row, program);
    form_value(&form, "facts", facts_of(row, &context));
    return form_close(&form);
}

static bool read_row(struct ask *ask, uint64_t position, struct journal_row *ret_row)
{
    struct bytes bytes;
    if (ask->store->ops->view_row(ask->view, position, ask->arena, &bytes) == LD_OK
        && journal_row_decode(bytes, ask->arena, ret_row) == LD_OK
        && (ret_row->kind == JOURNAL_EVENT || ret_row->kind == JOURNAL_TIME
            || ret_row->kind == JOURNAL_FAMILY))
        return true;
    ask_refuse(ask, WIRE_ERROR_UNAVAILABLE, BYTES_LITERAL("the case's history is damaged"));
    return false;
}

/* Positions of the case's oldest rows after `after`, at most max, in a ring: the walk goes from the
 * newest back, so what it saw last stands. False: it failed. */
struct walk {
    uint64_t ring[ASK_ROWS_MAX];
    uint64_t seen;
    uint32_t max;
};

static bool walk_back(struct ask *ask, uint64_t position, uint64_t after, struct walk *walk)
{
    while (position > after) {
        struct journal_row row;
        size_t mark = arena_mark(ask->arena);
        if (!read_row(ask, position, &row))
            return false;
        arena_rewind(ask->arena, mark);
        walk->ring[walk->seen++ % walk->max] = position;
        LD_ASSERT(row.previous < position); /* the chain ends */
        position = row.previous;
    }
    return true;
}

void ask_history(struct ask *ask, const struct program *program, const struct case_state *state,
                 uint32_t max)
{
    int64_t after = value_get_int(ask->question, "after", 0);
    struct walk walk = {.max = max};
    if (!walk_back(ask, state->position, after < 0 ? 0 : (uint64_t)after, &walk))
        return;
    uint32_t count = walk.seen < max ? (uint32_t)walk.seen : max;
    struct value *rows = form_items(ask->arena, count);
    uint64_t last = 0;
    for (uint32_t i = 0; rows && i < count; i++) {
        struct journal_row row;
        last = walk.ring[(walk.seen - 1 - i) % max];
        if (!read_row(ask, last, &row))
            return;
        rows[i] = row_value(ask, last, &row, program, state);
    }
    struct form form = form_open(ask->arena, 3, shelf_zone(ask->shelf));
    form_text(&form, "id", value_get_text(ask->question, "id"));
    form_value(&form, "rows", value_list(rows, rows ? count : 0));
    if (walk.seen > count)
        form_int(&form, "next", (int64_t)last);
    ask->answer = form_close(&form);
}
