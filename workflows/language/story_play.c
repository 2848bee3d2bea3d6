/* Plays a story on the engine's own core: the same case_step and case_apply that a worker runs,
 * with the story's instants for a clock.
 *
 * - Whatever falls due up to and including a step's instant happens before its event, one instant
 *   after the other, earliest first over all cases of the story.
 * - An answer is remembered as a worker remembers it: a refusal too, a duplicate not again, and of
 *   a case that does not exist nothing. */
#include "workflows/language/story_parts.h"

#include <string.h>

enum { ROW_CAPACITY_FIRST = 64 };

struct played_case {
    struct case_state state;
    uint32_t alerts_from; /* the first row after the last step that named it */
    bool is_astray;       /* refused once where it should not have been: compared no more */
};

struct player {
    const struct program *program;
    const struct rules *rules;
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct played_case *cases; /* STORY_CASES_MAX */
    uint32_t case_count;
    struct story_row *rows;
    uint32_t row_count, row_capacity;
    struct fact *facts; /* EFFECTS_MAX: where each step writes before its facts are kept */
};

static enum ld_err find_case(struct player *player, struct bytes id, struct played_case **ret_case)
{
    for (uint32_t i = 0; i < player->case_count; i++) {
        if (bytes_equal(player->cases[i].state.id, id)) {
            *ret_case = &player->cases[i];
            return LD_OK;
        }
    }
    if (player->case_count == STORY_CASES_MAX)
        return LD_FULL;
    struct played_case *played = &player->cases[player->case_count];
    enum ld_err err = case_init(&played->state, player->program, id, player->arena);
    if (err != LD_OK)
        return err;
    played->alerts_from = player->row_count;
    player->case_count++;
    *ret_case = played;
    return LD_OK;
}

static void *copy_array(struct arena *arena, const void *source, size_t count, size_t size)
{
    void *copy = arena_alloc_array(arena, count, size);
    if (copy && count)
        memcpy(copy, source, count * size);
    return copy;
}

/* The case at this moment. What case_apply writes in place is copied; the rest never changes. */
static struct case_state *snapshot(struct player *player, const struct case_state *state)
{
    const struct program *program = player->program;
    struct arena *arena = player->arena;
    struct case_state *copy = copy_array(arena, state, 1, sizeof *copy);
    if (!copy)
        return NULL;
    copy->fields = copy_array(arena, state->fields, program->field_count, sizeof *copy->fields);
    copy->parties = copy_array(arena, state->parties, program->party_count, sizeof *copy->parties);
    copy->clocks = copy_array(arena, state->clocks, program->clock_count, sizeof *copy->clocks);
    copy->held = copy_array(arena, state->held, state->held_count, sizeof *copy->held);
    return arena->is_exhausted ? NULL : copy;
}

static bool grow_rows(struct player *player)
{
    if (player->row_count < player->row_capacity)
        return true;
    if (player->row_capacity >= STORY_ROWS_MAX)
        return false;
    uint32_t capacity = player->row_capacity ? 2 * player->row_capacity : ROW_CAPACITY_FIRST;
    struct story_row *rows = arena_alloc_array(player->arena, capacity, sizeof *rows);
    if (!rows)
        return false;
    if (player->row_count)
        memcpy(rows, player->rows, player->row_count * sizeof *rows);
    player->rows = rows;
    player->row_capacity = capacity;
    return true;
}

static enum ld_err apply(struct player *player, struct case_state *state,
                         const struct case_input *input, const struct effects *effects)
{
    bool is_event = input->kind == INPUT_EVENT;
    bool is_unknown = !state->is_open && effects->fate == FATE_REFUSED;
    if (effects->fate == FATE_DUPLICATE || is_unknown)
        return LD_OK;
    struct case_mark mark = {.position = player->row_count + 1,
                             .is_event = is_event,
                             .fate = effects->fate,
                             .refusal = effects->refusal,
                             .now_ms = input->now_ms};
    if (is_event)
        memcpy(mark.digest, input->event.digest, EVENT_DIGEST_SIZE);
    return case_apply(player->program, state, effects->facts, effects->fact_count, &mark,
                      player->arena);
}

/* One input to one case, and the row that tells of it. */
static enum ld_err play_input(struct player *player, struct case_state *state,
                              const struct case_input *input, const struct story_step *step)
{
    struct effects effects = {.facts = player->facts};
    if (!grow_rows(player))
        return LD_FULL;
    enum ld_err err =
        case_step(player->program, player->rules, state, input, player->arena, &effects);
    if (err != LD_OK)
        return err;
    effects.facts =
        copy_array(player->arena, player->facts, effects.fact_count, sizeof *effects.facts);
    if (!effects.facts)
        return LD_FULL;
    err = apply(player, state, input, &effects);
    if (err != LD_OK)
        return err;
    case_check(player->program, state);
    struct case_state *after = snapshot(player, state);
    if (!after)
        return LD_FULL;
    player->rows[player->row_count++] = (struct story_row){
        .kind = input->kind == INPUT_EVENT ? STORY_EVENT : STORY_TIME,
        .step = step,
        .at_ms = input->now_ms,
        .effects = effects,
        .after = after,
    };
    return LD_OK;
}

/* The case whose clocks want something first, at or before through_ms; NULL: none does. */
static struct played_case *next_case(struct player *player, int64_t through_ms, int64_t *ret_at_ms)
{
    struct played_case *first = NULL;
    for (uint32_t i = 0; i < player->case_count; i++) {
        struct case_state *state = &player->cases[i].state;
        int64_t at_ms = case_next_ms(player->program, player->rules, state);
        bool is_due = at_ms != INSTANT_NONE && at_ms <= through_ms;
        if (is_due && (!first || at_ms < *ret_at_ms)) {
            first = &player->cases[i];
            *ret_at_ms = at_ms;
        }
    }
    return first;
}

static enum ld_err let_time_pass(struct player *player, int64_t through_ms)
{
    int64_t at_ms = INSTANT_NONE;
    for (struct played_case *played = next_case(player, through_ms, &at_ms); played;
         played = next_case(player, through_ms, &at_ms)) {
        struct case_input input = {.kind = INPUT_TIME, .now_ms = at_ms};
        enum ld_err err = play_input(player, &played->state, &input, NULL);
        if (err != LD_OK)
            return err;
    }
    return LD_OK;
}

static struct value typed_value(const struct yaml_node *node, const struct data_type *type,
                                struct arena *arena);

static struct value typed_map(const struct yaml_node *node, const struct field *fields,
                              uint32_t field_count, struct arena *arena)
{
    struct value map = yaml_to_value(node, arena);
    struct value_entry *entries = arena_alloc_array(arena, node->count, sizeof *entries);
    for (uint32_t i = 0; entries && i < node->count; i++) {
        entries[i] = map.as.map.entries[i];
        for (uint32_t j = 0; j < field_count; j++) {
            if (bytes_equal(fields[j].name, node->entries[i].key))
                entries[i].value = typed_value(node->entries[i].value, &fields[j].type, arena);
        }
    }
    return entries ? value_map(entries, node->count) : map;
}

/* LANGUAGE §6: every scalar is text, typed by its declaration. So `document: 2025` is text where
 * a text is declared; where a number is, what looks like one is one. */
static struct value typed_value(const struct yaml_node *node, const struct data_type *type,
                                struct arena *arena)
{
    bool is_number = type->kind == TYPE_BOOL || type->kind == TYPE_INT || type->kind == TYPE_DOUBLE;
    if (node->kind == YAML_SCALAR)
        return is_number ? yaml_to_value(node, arena) : value_text(node->text);
    if (node->kind == YAML_MAPPING && type->kind == TYPE_RECORD)
        return typed_map(node, type->fields, type->field_count, arena);
    struct value list = yaml_to_value(node, arena);
    if (node->kind != YAML_SEQUENCE || type->kind != TYPE_LIST || !type->of)
        return list;
    struct value *items = arena_alloc_array(arena, node->count, sizeof *items);
    for (uint32_t i = 0; items && i < node->count; i++)
        items[i] = typed_value(node->items[i], type->of, arena);
    return items ? value_list(items, node->count) : list;
}

static enum ld_err play_event(struct player *player, struct case_state *state,
                              const struct story_step *step)
{
    struct case_input input = {.kind = INPUT_EVENT, .now_ms = step->at_ms, .event = step->event};
    int32_t index = program_event(player->program, step->event.type);
    if (step->data && index != INDEX_NONE) {
        const struct event_type *type = &player->program->events[index];
        input.event.data = typed_map(step->data, type->fields, type->field_count, player->arena);
    }
    return play_input(player, state, &input, step);
}

static enum ld_err play_step(struct player *player, const struct story_step *step)
{
    struct played_case *played = NULL;
    enum ld_err err = find_case(player, step->case_id, &played);
    if (err != LD_OK)
        return err;
    err = let_time_pass(player, step->at_ms);
    if (err == LD_OK && step->has_event)
        err = play_event(player, &played->state, step);
    if (err != LD_OK)
        return err;
    struct story_view view = {
        .program = player->program,
        .rules = player->rules,
        .rows = player->rows,
        .row_count = player->row_count,
        .alerts_from = played->alerts_from,
        .state = &played->state,
        .case_id = step->case_id,
        .effects = step->has_event ? &player->rows[player->row_count - 1].effects : NULL,
        .arena = player->arena,
        .diagnostics = player->diagnostics,
    };
    if (step->expect && !played->is_astray)
        played->is_astray = story_expect(&view, step->expect);
    played->alerts_from = player->row_count;
    return LD_OK;
}

enum ld_err story_play(const struct story *story, const struct program *program,
                       const struct rules *rules, struct arena *arena,
                       struct diagnostics *diagnostics, struct story_run *ret_run)
{
    struct player player = {
        .program = program, .rules = rules, .arena = arena, .diagnostics = diagnostics};
    uint32_t errors_before = diagnostics->error_count;
    player.cases = arena_alloc_array(arena, STORY_CASES_MAX, sizeof *player.cases);
    player.facts = arena_alloc_array(arena, EFFECTS_MAX, sizeof *player.facts);
    if (!player.cases || !player.facts)
        return LD_FULL;
    for (uint32_t i = 0; i < story->step_count; i++) {
        enum ld_err err = play_step(&player, &story->steps[i]);
        if (err != LD_OK)
            return err;
    }
    *ret_run = (struct story_run){
        .rows = player.rows,
        .row_count = player.row_count,
        .failure_count = diagnostics->error_count - errors_before,
    };
    return arena->is_exhausted ? LD_FULL : LD_OK;
}
