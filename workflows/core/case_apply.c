/* Facts become state. Recovery, live running and replicas go through here alike, so nothing in this
 * file decides anything: it copies what the facts say. */
#include "workflows/core/case.h"

#include "workflows/core/case_step.h"

#include <string.h>

enum { SEEN_CAPACITY_FIRST = 16, SUB_CAPACITY_FIRST = 4 };

enum ld_err case_init(struct case_state *state, const struct program *program, struct bytes id,
                      struct arena *arena)
{
    LD_ASSERT(id.size <= CASE_ID_MAX);
    *state = (struct case_state){.state = INDEX_NONE, .opened_date = DATE_NONE};
    state->id = arena_copy(arena, id);
    state->fields = arena_alloc_array(arena, program->field_count, sizeof *state->fields);
    state->parties = arena_alloc_array(arena, program->party_count, sizeof *state->parties);
    state->clocks = arena_alloc_array(arena, program->clock_count, sizeof *state->clocks);
    state->held = arena_alloc_array(arena, CASE_HELD_MAX, sizeof *state->held);
    state->moved_ms = INSTANT_NONE;
    if (!state->held || !state->id.ptr || !state->fields || !state->parties || !state->clocks)
        return LD_FULL;
    for (uint32_t i = 0; i < program->field_count; i++)
        state->fields[i] = program->fields[i].initial;
    for (uint32_t i = 0; i < program->clock_count; i++) {
        struct clock_run *run = &state->clocks[i];
        run->breached_ms = run->ended_ms = run->acked_ms = INSTANT_NONE;
        run->ladder_through_ms = run->started_ms = INSTANT_NONE;
    }
    return LD_OK;
}

static bool copy_value(const struct value *value, struct arena *arena, struct value *ret_copy);

static bool copy_list(const struct value *value, struct arena *arena, struct value *ret_copy)
{
    uint32_t count = value->as.list.count;
    struct value *items = arena_alloc_array(arena, count, sizeof *items);
    if (!items)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!copy_value(&value->as.list.items[i], arena, &items[i]))
            return false;
    }
    *ret_copy = value_list(items, count);
    return true;
}

static bool copy_map(const struct value *value, struct arena *arena, struct value *ret_copy)
{
    uint32_t count = value->as.map.count;
    struct value_entry *entries = arena_alloc_array(arena, count, sizeof *entries);
    if (!entries)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        entries[i].key = arena_copy(arena, value->as.map.entries[i].key);
        if (!entries[i].key.ptr
            || !copy_value(&value->as.map.entries[i].value, arena, &entries[i].value))
            return false;
    }
    *ret_copy = value_map(entries, count);
    return true;
}

/* Values are at most as deep as the wire lets data be: the recursion is bounded by that. */
static bool copy_value(const struct value *value, struct arena *arena, struct value *ret_copy)
{
    if (value->kind == VALUE_LIST)
        return copy_list(value, arena, ret_copy);
    if (value->kind == VALUE_MAP)
        return copy_map(value, arena, ret_copy);
    *ret_copy = *value;
    if (value->kind == VALUE_TEXT || value->kind == VALUE_UNIT)
        ret_copy->as.text = arena_copy(arena, value->as.text);
    return !arena->is_exhausted;
}

static void apply_opened(struct case_state *state, const struct fact *fact)
{
    LD_ASSERT(!state->is_open);
    state->is_open = true;
    state->opened_ms = fact->instant_ms;
    state->opened_date = fact->date;
}

static bool apply_held(struct case_state *state, const struct fact *fact, struct arena *arena)
{
    LD_ASSERT(state->held_count < CASE_HELD_MAX);
    return copy_value(&fact->value, arena, &state->held[state->held_count++]);
}

static void apply_released(struct case_state *state, uint32_t index)
{
    LD_ASSERT(index < state->held_count);
    state->held_count--;
    for (uint32_t i = index; i < state->held_count; i++)
        state->held[i] = state->held[i + 1];
}

static bool apply_sub_opened(struct case_state *state, const struct fact *fact, struct arena *arena)
{
    LD_ASSERT(state->sub_count < CASE_SUBS_MAX);
    if (state->sub_count == state->sub_capacity) {
        uint32_t capacity = state->sub_capacity ? 2 * state->sub_capacity : SUB_CAPACITY_FIRST;
        struct sub_case *grown = arena_alloc_array(arena, capacity, sizeof *grown);
        if (!grown)
            return false;
        if (state->sub_count)
            memcpy(grown, state->subs, state->sub_count * sizeof *grown);
        state->subs = grown;
        state->sub_capacity = capacity;
    }
    state->subs[state->sub_count++] = (struct sub_case){
        .name = arena_copy(arena, fact->text),
        .workflow = arena_copy(arena, fact->value.as.text),
        .suspends = fact->index & SUB_SUSPENDS,
        .closes = fact->index & SUB_CLOSES,
        .is_open = true,
    };
    return !arena->is_exhausted;
}

static bool apply_sub_closed(struct case_state *state, const struct fact *fact, struct arena *arena)
{
    LD_ASSERT((uint32_t)fact->index < state->sub_count);
    struct sub_case *sub = &state->subs[fact->index];
    sub->is_open = false;
    sub->outcome = arena_copy(arena, fact->text);
    return !arena->is_exhausted;
}

static bool apply_fact(const struct program *program, struct case_state *state,
                       const struct fact *fact, int64_t now_ms, struct arena *arena)
{
    uint32_t index = (uint32_t)fact->index;
    switch (fact->kind) {
    case FACT_OPENED: apply_opened(state, fact); return true;
    case FACT_STATE:
        LD_ASSERT(index < program->state_count);
        state->state = fact->index;
        state->moved_ms = now_ms;
        state->outcome = arena_copy(arena, fact->text);
        return state->outcome.ptr != NULL;
    case FACT_FIELD:
        LD_ASSERT(index < program->field_count);
        return copy_value(&fact->value, arena, &state->fields[index]);
    case FACT_PARTY:
        LD_ASSERT(index < program->party_count);
        return copy_value(&fact->value, arena, &state->parties[index]);
    case FACT_CLOCK:
        LD_ASSERT(index < program->clock_count);
        state->clocks[index] = *fact->run;
        return true;
    case FACT_ALERT:
    case FACT_ALERT_CLEARED:
    case FACT_LATE_ENTRY:
    case FACT_NOTICE:
    case FACT_PROBLEM: return true; /* for the history and the feed */
    case FACT_SUSPENDED:
        state->is_suspended = fact->index == 1;
        state->moved_ms = now_ms;
        return true;
    case FACT_SUSPENDED_ABOVE:
        state->is_suspended_above = fact->index == 1;
        state->moved_ms = now_ms;
        return true;
    case FACT_SUB_OPENED: return apply_sub_opened(state, fact, arena);
    case FACT_SUB_CLOSED: return apply_sub_closed(state, fact, arena);
    case FACT_EMITTED: return true; /* for the history, the feed and the courier */
    case FACT_HELD: return apply_held(state, fact, arena);
    case FACT_RELEASED: apply_released(state, index); return true;
    case FACT_KIND_COUNT: break;
    }
    LD_ASSERT(!"a fact of no kind");
    return false;
}

static bool remember(struct case_state *state, const struct case_mark *mark, struct arena *arena)
{
    if (state->seen_count == CASE_SEEN_MAX)
        return true; /* such an event was refused for it, and a resend is refused again */
    if (state->seen_count == state->seen_capacity) {
        uint32_t capacity = state->seen_capacity ? 2 * state->seen_capacity : SEEN_CAPACITY_FIRST;
        struct seen_event *grown = arena_alloc_array(arena, capacity, sizeof *grown);
        if (!grown)
            return false;
        if (state->seen_count)
            memcpy(grown, state->seen, state->seen_count * sizeof *grown);
        state->seen = grown;
        state->seen_capacity = capacity;
    }
    struct seen_event *seen = &state->seen[state->seen_count++];
    *seen = (struct seen_event){
        .position = mark->position, .fate = mark->fate, .refusal = mark->refusal};
    memcpy(seen->digest, mark->digest, EVENT_DIGEST_SIZE);
    return true;
}

enum ld_err case_apply(const struct program *program, struct case_state *state,
                       const struct fact *facts, uint32_t fact_count, const struct case_mark *mark,
                       struct arena *arena)
{
    for (uint32_t i = 0; i < fact_count; i++) {
        if (!apply_fact(program, state, &facts[i], mark->now_ms, arena))
            return LD_FULL;
    }
    if (mark->is_event && !remember(state, mark, arena))
        return LD_FULL;
    if (mark->is_event)
        state->last_event_ms = mark->now_ms;
    state->position = mark->position;
    state->revision++;
    return LD_OK;
}

bool case_is_suspended(const struct case_state *state)
{
    return state->is_suspended || state->is_suspended_above;
}

struct bytes case_parent_id(struct bytes id)
{
    for (size_t size = id.size; size > 0; size--) {
        if (id.ptr[size - 1] == '/')
            return (struct bytes){id.ptr, size - 1};
    }
    return BYTES_NONE;
}

uint32_t case_releasable(const struct program *program, const struct case_state *state)
{
    uint32_t turn = 0;
    for (; turn < state->held_count; turn++) {
        int32_t event = program_event(program, value_get_text(&state->held[turn], "type"));
        bool may_move = !case_is_suspended(state) || program_allows(program, event);
        if (may_move && !state_holds(&program->states[state->state], event))
            break;
    }
    return turn;
}

int64_t case_next_ms(const struct program *program, const struct rules *rules,
                     const struct case_state *state)
{
    int64_t next_ms = INSTANT_NONE;
    if (state->held_count && case_releasable(program, state) < state->held_count)
        next_ms = state->moved_ms;
    for (uint32_t i = 0; state->is_open && i < program->clock_count; i++) {
        int64_t wanted_ms = clock_next_ms(&program->clocks[i], rules, &state->clocks[i]);
        bool is_earlier = next_ms == INSTANT_NONE || wanted_ms < next_ms;
        if (wanted_ms != INSTANT_NONE && is_earlier)
            next_ms = wanted_ms;
    }
    return next_ms;
}

static bool takes(const struct program *program, const struct case_state *state, int32_t event)
{
    const struct state *present = &program->states[state->state];
    if (present->is_end)
        return program_handler(program, state->state, event) != NULL;
    if (event == (state->is_suspended ? program->suspend_until : program->suspend_from))
        return true;
    bool is_allowed = !case_is_suspended(state) || program_allows(program, event);
    bool is_known = program_handler(program, state->state, event) || state_holds(present, event);
    return is_allowed && is_known;
}

uint32_t case_takes(const struct program *program, const struct case_state *state,
                    int32_t ret_events[PROGRAM_EVENTS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; state->is_open && i < program->event_count; i++) {
        bool is_published = (int32_t)i != program->joined_event;
        if (is_published && takes(program, state, (int32_t)i))
            ret_events[count++] = (int32_t)i;
    }
    return count;
}

const struct seen_event *case_seen(const struct case_state *state,
                                   const uint8_t digest[EVENT_DIGEST_SIZE])
{
    /* Newest first: a resend follows its first sending closely. */
    for (uint32_t i = state->seen_count; i > 0; i--) {
        if (memcmp(state->seen[i - 1].digest, digest, EVENT_DIGEST_SIZE) == 0)
            return &state->seen[i - 1];
    }
    return NULL;
}

static void check_clock(const struct clock_run *run)
{
    LD_ASSERT(run->status < CLOCK_STATUS_COUNT);
    LD_ASSERT(run->stop_count <= CLOCK_STOPS_MAX);
    LD_ASSERT(run->extension_count <= CLOCK_EXTENSIONS_MAX);
    LD_ASSERT(clock_is_open(run->status)
              == (run->status != CLOCK_IDLE && run->ended_ms == INSTANT_NONE));
    LD_ASSERT(run->status != CLOCK_OVERDUE || run->breached_ms != INSTANT_NONE);
    LD_ASSERT(run->status != CLOCK_PAUSED || run->pauses_active != 0);
    LD_ASSERT(clock_is_open(run->status) || run->alert_level == ALERT_NONE);
}

void case_check(const struct program *program, const struct case_state *state)
{
    LD_ASSERT(state->seen_count <= state->seen_capacity);
    LD_ASSERT(state->seen_count <= CASE_SEEN_MAX);
    LD_ASSERT(state->held_count <= CASE_HELD_MAX);
    LD_ASSERT(state->sub_count <= CASE_SUBS_MAX && state->sub_count <= state->sub_capacity);
    if (!state->is_open)
        return;
    LD_ASSERT(state->state >= 0 && (uint32_t)state->state < program->state_count);
    bool is_end = program->states[state->state].is_end;
    for (uint32_t i = 0; i < program->clock_count; i++) {
        check_clock(&state->clocks[i]);
        if (is_end)
            LD_ASSERT(!clock_is_open(state->clocks[i].status));
    }
}
