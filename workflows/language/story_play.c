/* Plays a story on the engine's own core: the same family_step that a worker runs, with the story's
 * instants for a clock.
 *
 * - Whatever falls due up to and including a step's instant happens before its event, one instant
 *   after the other, earliest first over all cases of the story.
 * - What a case emits reaches the other case at the same instant, behind all that falls due then
 *   and before the next step. So a step's own expectations hold what it did itself, and a step at
 *   the same instant without an event holds what came of it elsewhere. */
#include "workflows/language/story_parts.h"

/* The case whose clocks want something first, at or before through_ms; NULL: none does. */
static struct played_case *next_case(struct player *player, int64_t through_ms, int64_t *ret_at_ms)
{
    struct played_case *first = NULL;
    for (uint32_t i = 0; i < player->case_count; i++) {
        struct played_case *played = &player->cases[i];
        if (!played->actor || played->is_parked)
            continue;
        int64_t at_ms = case_next_ms(played->actor->program, &played->actor->rules, &played->state);
        bool is_due = at_ms != INSTANT_NONE && at_ms <= through_ms;
        if (is_due && (!first || at_ms < *ret_at_ms)) {
            first = played;
            *ret_at_ms = at_ms;
        }
    }
    return first;
}

/* A published event never opens a sub-case: those are their parent's to open. */
static bool is_sub_case(struct bytes id)
{
    return case_parent_id(id).size > 0;
}

/* An event for a case, of a step (data: as written) or emitted. */
struct arriving {
    struct story_row root;
    const struct case_event *event;
    const struct yaml_node *data;
    struct bytes case_id, workflow;
};

static enum ld_err start_case(struct player *player, struct played_case *played,
                              const struct arriving *arriving, const struct story_actor **ret_actor)
{
    static const enum refusal refusals[] = {[STORY_START_NONE] = REFUSAL_UNKNOWN_CASE,
                                            [STORY_START_LATER] = REFUSAL_NOT_EFFECTIVE,
                                            [STORY_START_AMBIGUOUS] = REFUSAL_AMBIGUOUS_START};
    enum story_start found = STORY_START_NONE;
    if (!is_sub_case(played->id))
        found = story_start(player, arriving->event, arriving->data, arriving->workflow,
                            arriving->root.at_ms, ret_actor);
    if (found == STORY_START_FOUND)
        return LD_OK;
    *ret_actor = NULL;
    return player_refuse(player, played->id, &arriving->root, refusals[found], arriving->workflow);
}

static enum ld_err play_event(struct player *player, struct arriving *arriving)
{
    struct played_case *played = player_case(player, arriving->case_id);
    const struct story_actor *actor = played ? played->actor : NULL;
    enum ld_err err = played ? LD_OK : LD_FULL;
    if (err == LD_OK && !actor)
        err = start_case(player, played, arriving, &actor);
    if (err != LD_OK || !actor)
        return err;
    struct case_event *event = arena_alloc(player->arena, sizeof *event);
    if (!event)
        return LD_FULL;
    *event = story_event_for(actor->program, arriving->event, arriving->data, player->arena);
    struct case_input input = {
        .kind = INPUT_EVENT, .now_ms = arriving->root.at_ms, .event = *event};
    arriving->root.event = event;
    return player_input(player, played, actor, &input, &arriving->root);
}

static enum ld_err deliver(struct player *player)
{
    const struct sent_event *sent = player->first_sent;
    struct arriving arriving = {
        .root = {.kind = STORY_EVENT,
                 .event = &sent->event,
                 .cause = sent->row,
                 .at_ms = sent->at_ms},
        .event = &sent->event,
        .case_id = sent->event.subject,
        .workflow = sent->workflow,
    };
    player->first_sent = sent->next;
    if (!sent->next)
        player->last_sent = NULL;
    if (sent->event.subject.size == 0 || sent->event.subject.size > CASE_ID_MAX)
        return player_refuse(player, sent->event.subject, &arriving.root, REFUSAL_MALFORMED,
                             BYTES_LITERAL("subject"));
    return play_event(player, &arriving);
}

/* What falls due comes in the order of time; what is on its way comes before a later instant. */
static enum ld_err let_time_pass(struct player *player, int64_t through_ms)
{
    enum ld_err err = LD_OK;
    while (err == LD_OK) {
        int64_t at_ms = INSTANT_NONE;
        int64_t limit_ms = player->first_sent ? player->first_sent->at_ms : through_ms;
        struct played_case *played = next_case(player, limit_ms, &at_ms);
        struct case_input input = {.kind = INPUT_TIME, .now_ms = at_ms};
        struct story_row root = {.kind = STORY_TIME, .cause = ROW_NONE, .at_ms = at_ms};
        if (played)
            err = player_input(player, played, played->actor, &input, &root);
        else if (player->first_sent)
            err = deliver(player);
        else
            return LD_OK;
    }
    return err;
}

/* A step that names no workflow means the story's own for the story's own case. */
static enum ld_err play_step_event(struct player *player, const struct story_step *step)
{
    bool is_own = bytes_equal(step->case_id, player->story->case_id);
    struct arriving arriving = {
        .root = {.kind = STORY_EVENT,
                 .step = step,
                 .event = &step->event,
                 .cause = ROW_NONE,
                 .at_ms = step->at_ms},
        .event = &step->event,
        .data = step->data,
        .case_id = step->case_id,
        .workflow = step->workflow.size || !is_own ? step->workflow : player->story->workflow,
    };
    return play_event(player, &arriving);
}

static void hold_expectations(struct player *player, struct played_case *played,
                              const struct story_step *step, uint32_t event_row)
{
    const struct story_view view = {
        .program = played->actor ? played->actor->program : NULL,
        .rules = played->actor ? &played->actor->rules : NULL,
        .rows = player->rows,
        .row_count = player->row_count,
        .named_row = played->named_row,
        .state = &played->state,
        .cases = player->cases,
        .case_count = player->case_count,
        .case_id = step->case_id,
        .effects = step->has_event ? &player->rows[event_row].effects : NULL,
        .arena = player->arena,
        .diagnostics = player->diagnostics,
    };
    if (step->expect && !played->is_astray)
        played->is_astray = story_expect(&view, step->expect);
    played->named_row = player->row_count;
}

static enum ld_err play_step(struct player *player, const struct story_step *step)
{
    enum ld_err err = let_time_pass(player, step->at_ms);
    struct played_case *played = err == LD_OK ? player_case(player, step->case_id) : NULL;
    if (!played)
        return err == LD_OK ? LD_FULL : err;
    uint32_t event_row = player->row_count;
    if (step->has_event)
        err = play_step_event(player, step);
    if (err == LD_OK)
        hold_expectations(player, played, step, event_row);
    return err;
}

static enum ld_err play_steps(struct player *player)
{
    const struct story *story = player->story;
    enum ld_err err = LD_OK;
    player->cases = arena_alloc_array(player->arena, STORY_CASES_MAX, sizeof *player->cases);
    player->facts = arena_alloc_array(player->arena, EFFECTS_MAX, sizeof *player->facts);
    if (!player->cases || !player->facts)
        return LD_FULL;
    for (uint32_t i = 0; err == LD_OK && i < story->step_count; i++)
        err = play_step(player, &story->steps[i]);
    if (err == LD_OK && player->first_sent) /* the last step's events arrive too */
        err = let_time_pass(player, player->first_sent->at_ms);
    return err == LD_OK && player->arena->is_exhausted ? LD_FULL : err;
}

/* The end of the caller's block is scratch meanwhile: at most a quarter of what is left of it. */
enum ld_err story_play(const struct story *story, const struct story_cast *cast,
                       struct arena *arena, struct diagnostics *diagnostics,
                       struct story_run *ret_run)
{
    struct player player = {
        .story = story, .cast = cast, .arena = arena, .diagnostics = diagnostics};
    uint32_t errors_before = diagnostics->error_count;
    size_t left = (arena->size - arena->used) / 4;
    size_t scratch = left < STORY_SCRATCH_SIZE ? left : STORY_SCRATCH_SIZE;
    arena->size -= scratch;
    arena_init(&player.scratch, arena->block + arena->size, scratch);
    enum ld_err err = play_steps(&player);
    arena->size += scratch;
    if (err != LD_OK)
        return err;
    *ret_run = (struct story_run){
        .rows = player.rows,
        .row_count = player.row_count,
        .failure_count = diagnostics->error_count - errors_before,
    };
    return LD_OK;
}
