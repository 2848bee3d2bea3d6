/* One input to a case of a story and all that follows from it in its family, by the same
 * family_step that a worker calls; each step that is kept is a row.
 *
 * - What does not count leaves nothing: rows are taken back, a case that was opened exists no more,
 *   one that was changed is again as its last row that counts left it.
 * - An answer is remembered as a worker remembers it: a refusal too, a duplicate not again, and of
 *   a case that does not exist nothing.
 * - What a case emits to another waits in one queue, in the order in which it was emitted. */
#include "workflows/language/story_parts.h"

#include "base/digest.h"

#include <string.h>

enum { ROW_CAPACITY_FIRST = 64 };

static struct played_case *find_slot(const struct player *player, struct bytes id)
{
    for (uint32_t i = 0; i < player->case_count; i++) {
        if (bytes_equal(player->cases[i].id, id))
            return &player->cases[i];
    }
    return NULL;
}

struct played_case *player_case(struct player *player, struct bytes id)
{
    struct played_case *played = find_slot(player, id);
    if (played || player->case_count == STORY_CASES_MAX)
        return played;
    played = &player->cases[player->case_count++];
    *played =
        (struct played_case){.id = arena_copy(player->arena, id), .named_row = player->row_count};
    played->state.id = played->id;
    return played;
}

static void *copy_array(struct arena *arena, const void *source, size_t count, size_t size)
{
    void *copy = arena_alloc_array(arena, count, size);
    if (copy && count)
        memcpy(copy, source, count * size);
    return copy;
}

/* The case at this moment. What case_apply writes in place is copied, with its room to grow; the
 * rest never changes. A case that does not exist has an id alone. */
static struct case_state *snapshot(const struct played_case *played, struct arena *arena)
{
    const struct case_state *state = &played->state;
    const struct program *program = played->actor ? played->actor->program : NULL;
    struct case_state *copy = arena_alloc(arena, sizeof *copy);
    if (!copy)
        return NULL;
    if (!program) {
        *copy = (struct case_state){.id = played->id, .state = INDEX_NONE};
        return copy;
    }
    *copy = *state;
    copy->fields = copy_array(arena, state->fields, program->field_count, sizeof *copy->fields);
    copy->parties = copy_array(arena, state->parties, program->party_count, sizeof *copy->parties);
    copy->clocks = copy_array(arena, state->clocks, program->clock_count, sizeof *copy->clocks);
    copy->held = copy_array(arena, state->held, CASE_HELD_MAX, sizeof *copy->held);
    copy->subs = copy_array(arena, state->subs, state->sub_capacity, sizeof *copy->subs);
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

static enum ld_err add_row(struct player *player, const struct played_case *played,
                           const struct story_row *row, const struct effects *effects)
{
    struct case_state *after = snapshot(played, player->arena);
    struct effects copy;
    if (!after || !story_copy_effects(effects, player->arena, &copy) || !grow_rows(player))
        return LD_FULL;
    struct story_row *added = &player->rows[player->row_count++];
    *added = *row;
    added->effects = copy;
    added->after = after;
    return LD_OK;
}

static enum ld_err apply(struct player *player, struct played_case *played,
                         const struct case_input *input, const struct effects *effects)
{
    bool is_event = input->kind == INPUT_EVENT;
    struct case_mark mark = {.position = player->row_count + 1,
                             .is_event = is_event,
                             .fate = effects->fate,
                             .refusal = effects->refusal,
                             .now_ms = input->now_ms};
    if (is_event)
        memcpy(mark.digest, input->event.digest, EVENT_DIGEST_SIZE);
    enum ld_err err = case_apply(played->actor->program, &played->state, effects->facts,
                                 effects->fact_count, &mark, player->arena);
    if (err == LD_OK)
        case_check(played->actor->program, &played->state);
    return err;
}

/* --- the room of a family ------------------------------------------------------------------- */

static struct family_member member_of(struct played_case *played)
{
    return (struct family_member){played->actor->program, &played->actor->rules, &played->state};
}

static enum ld_err find_member(void *context, struct bytes id, struct family_member *ret_member)
{
    struct played_case *played = find_slot(context, id);
    if (!played || !played->actor)
        return LD_NOT_FOUND;
    *ret_member = member_of(played);
    return LD_OK;
}

static enum ld_err begin_case(struct player *player, struct played_case *played,
                              const struct story_actor *actor)
{
    enum ld_err err = case_init(&played->state, actor->program, played->id, player->arena);
    played->actor = err == LD_OK ? actor : NULL;
    played->is_new = err == LD_OK;
    return err;
}

static enum ld_err blank_member(void *context, struct bytes workflow, int32_t date, struct bytes id,
                                struct family_member *ret_member)
{
    struct player *player = context;
    const struct story_actor *actor = story_effective(player->cast, workflow, date);
    if (!actor)
        return LD_NOT_FOUND;
    struct played_case *played = player_case(player, id);
    if (!played)
        return LD_FULL;
    if (played->actor)
        return LD_EXISTS;
    enum ld_err err = begin_case(player, played, actor);
    if (err == LD_OK)
        *ret_member = member_of(played);
    return err;
}

/* The first row of a transaction is the input's own; the others came of it. */
static enum ld_err keep_step(void *context, struct family_member *member,
                             const struct case_input *input, const struct effects *effects)
{
    struct player *player = context;
    struct played_case *played = find_slot(player, member->state->id);
    struct story_row row = player->root;
    LD_ASSERT(played && played->actor);
    if (player->row_count > player->root_row)
        row = (struct story_row){.kind = STORY_FAMILY,
                                 .input = input->kind,
                                 .cause = (int32_t)player->root_row,
                                 .at_ms = input->now_ms};
    row.actor = played->actor;
    enum ld_err err = apply(player, played, input, effects);
    return err == LD_OK ? add_row(player, played, &row, effects) : err;
}

/* --- a transaction -------------------------------------------------------------------------- */

static const struct case_state *last_of(const struct player *player, struct bytes id)
{
    for (uint32_t i = player->row_count; i > 0; i--) {
        const struct case_state *after = player->rows[i - 1].after;
        if (after->is_open && bytes_equal(after->id, id))
            return after;
    }
    return NULL;
}

/* As the last row that counts left it; the row keeps its own. */
static enum ld_err restore(struct player *player, struct played_case *played)
{
    const struct case_state *last = last_of(player, played->id);
    LD_ASSERT(last);
    played->state = *last;
    const struct case_state *copy = snapshot(played, player->arena);
    if (!copy)
        return LD_FULL;
    played->state = *copy;
    return LD_OK;
}

/* Cases that were begun by the transaction: those that do not count exist no more. */
static void settle_new(struct player *player, bool is_kept)
{
    for (uint32_t i = 0; i < player->case_count; i++) {
        struct played_case *played = &player->cases[i];
        if (played->is_new && !(is_kept && played->state.is_open)) {
            played->actor = NULL;
            played->state = (struct case_state){.id = played->id, .state = INDEX_NONE};
        }
        played->is_new = false;
    }
}

/* Nothing of the transaction counts. */
static enum ld_err take_back(struct player *player)
{
    uint32_t end = player->row_count;
    player->row_count = player->root_row;
    settle_new(player, false);
    for (uint32_t i = player->root_row; i < end; i++) {
        struct played_case *played = find_slot(player, player->rows[i].after->id);
        enum ld_err err = played->actor ? restore(player, played) : LD_OK;
        if (err != LD_OK)
            return err;
    }
    return LD_OK;
}

static struct bytes sent_id(struct player *player, uint32_t row, int32_t index)
{
    enum { ID_SIZE = CASE_ID_MAX + 32 };
    uint8_t memory[ID_SIZE];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put(&buffer, player->rows[row].after->id);
    buffer_put_text(&buffer, "@");
    buffer_put_decimal(&buffer, row + 1);
    buffer_put_text(&buffer, ".");
    buffer_put_decimal(&buffer, index);
    return arena_copy(player->arena, buffer_bytes(&buffer));
}

static enum ld_err send_event(struct player *player, uint32_t row, const struct fact *fact)
{
    struct sent_event *sent = arena_alloc(player->arena, sizeof *sent);
    struct bytes *roles = arena_alloc(player->arena, sizeof *roles);
    const struct value *time = value_get(&fact->value, "time");
    const struct value *data = value_get(&fact->value, "data");
    const struct value *hops = value_get(&fact->value, "hops");
    if (!sent || !roles)
        return LD_FULL;
    *roles = value_get_text(&fact->value, "role");
    bool has_time = time && time->kind == VALUE_TIMESTAMP;
    *sent = (struct sent_event){.workflow = value_get_text(&fact->value, "workflow"),
                                .at_ms = player->rows[row].at_ms,
                                .row = (int32_t)row};
    sent->event = (struct case_event){.id = sent_id(player, row, fact->index),
                                      .source = value_get_text(&fact->value, "source"),
                                      .type = fact->text,
                                      .subject = value_get_text(&fact->value, "subject"),
                                      .time_ms = has_time ? time->as.timestamp_ms : INSTANT_NONE,
                                      .roles = roles,
                                      .role_count = roles->size ? 1 : 0,
                                      .data = data ? *data : VALUE_ABSENT,
                                      .hops = hops ? (uint32_t)hops->as.integer : 1};
    digest_event(sent->event.source, sent->event.id, sent->event.digest);
    if (player->last_sent)
        player->last_sent->next = sent;
    else
        player->first_sent = sent;
    player->last_sent = sent;
    return LD_OK;
}

/* What was kept counts: what it emitted to other cases is on its way. */
static enum ld_err commit(struct player *player)
{
    settle_new(player, true); /* one that could not be opened was begun all the same */
    for (uint32_t i = player->root_row; i < player->row_count; i++) {
        const struct effects *effects = &player->rows[i].effects;
        for (uint32_t j = 0; j < effects->fact_count; j++) {
            const struct fact *fact = &effects->facts[j];
            bool is_sent = fact->kind == FACT_EMITTED && value_get(&fact->value, "subject");
            enum ld_err err = is_sent ? send_event(player, i, fact) : LD_OK;
            if (err != LD_OK)
                return err;
        }
    }
    return LD_OK;
}

/* A refusal or a duplicate. */
static enum ld_err answer(struct player *player, struct played_case *played,
                          const struct story_actor *actor, const struct case_input *input,
                          struct effects *effects)
{
    struct story_row row = player->root;
    row.actor = actor; /* of a case that was not started: what it would have been */
    effects->fact_count = 0;
    enum ld_err err = LD_OK;
    if (played->actor && effects->fate == FATE_REFUSED)
        err = apply(player, played, input, effects);
    return err == LD_OK ? add_row(player, played, &row, effects) : err;
}

enum ld_err player_input(struct player *player, struct played_case *played,
                         const struct story_actor *actor, const struct case_input *input,
                         const struct story_row *root)
{
    const struct family_room room = {.context = player,
                                     .arena = &player->scratch,
                                     .facts = player->facts,
                                     .find = find_member,
                                     .blank = blank_member,
                                     .keep = keep_step};
    struct effects effects = {.facts = player->facts};
    arena_clear(&player->scratch);
    player->root = *root;
    player->root_row = player->row_count;
    enum ld_err err = played->actor ? LD_OK : begin_case(player, played, actor);
    if (err != LD_OK)
        return err;
    struct family_member member = member_of(played);
    err = family_step(&room, &member, input, &effects);
    if (err == LD_OK && player->row_count > player->root_row)
        return commit(player);
    if (err != LD_OK && err != LD_OVERFLOW)
        return err;
    if (take_back(player) != LD_OK)
        return LD_FULL;
    if (err == LD_OVERFLOW && input->kind == INPUT_TIME) {
        played->is_parked = true; /* as a worker does: the other cases go on */
        return LD_OK;
    }
    if (err == LD_OVERFLOW)
        effects = (struct effects){
            .fate = FATE_REFUSED, .refusal = REFUSAL_LIMIT, .legal_date = DATE_NONE};
    return answer(player, played, actor, input, &effects);
}

enum ld_err player_refuse(struct player *player, struct bytes case_id, const struct story_row *root,
                          enum refusal refusal, struct bytes detail)
{
    const struct played_case nobody = {.id = case_id};
    const struct effects effects = {
        .fate = FATE_REFUSED, .refusal = refusal, .detail = detail, .legal_date = DATE_NONE};
    return add_row(player, &nobody, root, &effects);
}
