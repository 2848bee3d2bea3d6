/* Who may come in in a story: its own workflow, those that its cases can open (`open`, a rung's
 * draft), send events to (`emit` with a workflow) or that a step starts, and theirs in turn. Each
 * is looked for from the story's own folder on and compiled once.
 *
 * - A starting event that names no workflow may open any that starts with it, of those beside the
 *   story and in the shipped catalogue: those come in too.
 * - What cannot be found is missing when it comes to it, as it would be where it is not deployed:
 *   only the story's own workflow and those that its steps name must be there.
 * - The calendar is the one that each definition names; the story's own `calendar:` stands for the
 *   one that the story's workflow names. */
#include "tools/liandong/story_cast.h"

#include "tools/liandong/share.h"
#include "workflows/language/yaml.h"

#include <stdlib.h>

enum { CALENDARS_MAX = 16, WANTED_MAX = 256, SCRATCH_SIZE = 4 << 20 };

struct casting {
    const struct command_context *context;
    struct workflow_places places;
    struct story_bundle *bundle;
    struct {
        struct bytes name;
        const struct calendar *calendar;
    } calendars[CALENDARS_MAX];
    uint32_t calendar_count;
    struct bytes ids[WANTED_MAX], events[WANTED_MAX]; /* asked for, found or not */
    uint32_t id_count, event_count;
    struct workflow_openers *openers; /* NULL: nobody has asked for them yet */
};

/* --- rules ---------------------------------------------------------------------------------- */

/* A path that a story writes, from the story's folder; NULL where it writes none. */
static const char *written_path(const struct story_bundle *bundle, struct bytes written,
                                char path[FILE_PATH_MAX])
{
    char folder[FILE_PATH_MAX];
    if (!written.size)
        return NULL;
    path_folder(bundle->path, folder);
    bool is_absolute = written.ptr[0] == '/';
    int size = snprintf(path, FILE_PATH_MAX, "%s%s%.*s", is_absolute ? "" : folder,
                        is_absolute ? "" : "/", BYTES_PRINTF(written));
    return size > 0 && size < FILE_PATH_MAX ? path : NULL;
}

/* The id of the calendar that a definition names; empty where it cannot be read. */
static struct bytes calendar_name(struct story_bundle *bundle, struct bytes text)
{
    struct arena scratch;
    struct diagnostics unread;
    struct bytes name = BYTES_NONE;
    uint8_t *block = malloc(SCRATCH_SIZE);
    if (!block)
        return BYTES_NONE;
    arena_init(&scratch, block, SCRATCH_SIZE);
    diagnostics_init(&unread, &scratch, BYTES_NONE);
    const struct yaml_node *id = yaml_get(yaml_read(text, &scratch, &unread), "calendar");
    if (id && id->kind == YAML_SCALAR && id->text.size <= NAME_MAX_SIZE)
        name = arena_copy(&bundle->arena, id->text);
    free(block);
    return name;
}

/* The shipped file that carries the calendar's id; NULL: the shipped one of all. */
static const char *calendar_path(struct bytes id, char path[FILE_PATH_MAX])
{
    char name[FILE_PATH_MAX];
    (void)snprintf(name, sizeof name, "calendars/%.*s.yaml", BYTES_PRINTF(id));
    return id.size && share_path(name, path, FILE_PATH_MAX) ? path : NULL;
}

static bool keep_calendar(struct casting *casting, struct bytes name,
                          const struct calendar *calendar)
{
    if (casting->calendar_count == CALENDARS_MAX || !calendar)
        return false;
    casting->calendars[casting->calendar_count].name = name;
    casting->calendars[casting->calendar_count++].calendar = calendar;
    return true;
}

static const struct calendar *find_calendar(struct casting *casting, struct bytes name)
{
    char path[FILE_PATH_MAX];
    for (uint32_t i = 0; i < casting->calendar_count; i++) {
        if (bytes_equal(casting->calendars[i].name, name))
            return casting->calendars[i].calendar;
    }
    const struct calendar *calendar =
        share_calendar(casting->context, calendar_path(name, path), &casting->bundle->arena);
    return keep_calendar(casting, name, calendar) ? calendar : NULL;
}

/* The rules of the story's own workflow; policy and directory are everybody's. */
static bool load_rules(struct casting *casting, struct bytes own_calendar)
{
    char calendar[FILE_PATH_MAX], policy[FILE_PATH_MAX], directory[FILE_PATH_MAX];
    struct story_bundle *bundle = casting->bundle;
    struct share_choice choice = {
        .calendar = written_path(bundle, bundle->story->calendar, calendar),
        .policy = written_path(bundle, bundle->story->policy, policy),
        .directory = written_path(bundle, bundle->story->directory, directory),
    };
    if (!choice.calendar)
        choice.calendar = calendar_path(own_calendar, calendar);
    struct definition_context rules;
    if (!share_load(casting->context, &choice, &bundle->arena, &rules))
        return false;
    bundle->rules = (struct rules){
        .calendar = rules.calendar, .policy = rules.policy, .directory = rules.directory};
    return keep_calendar(casting, own_calendar, rules.calendar);
}

/* --- definitions ---------------------------------------------------------------------------- */

/* False: it cannot come in, and a report or a complaint says why. */
static bool load_file(struct casting *casting, const char *path)
{
    struct story_bundle *bundle = casting->bundle;
    struct bytes text;
    if (bundle->cast.count == STORY_CAST_MAX
        || !path_read(casting->context, path, &bundle->arena, &text))
        return false;
    struct bytes name = calendar_name(bundle, text);
    if (!bundle->rules.calendar && !load_rules(casting, name))
        return false;
    const struct definition_context against = {.calendar = find_calendar(casting, name),
                                               .policy = bundle->rules.policy,
                                               .directory = bundle->rules.directory};
    struct diagnostics *report = story_bundle_report(bundle, path);
    if (!report || !against.calendar)
        return false;
    const struct program *program = definition_workflow(text, &against, &bundle->arena, report);
    if (!program)
        return false;
    uint32_t index = bundle->cast.count++;
    bundle->actors[index] =
        (struct story_actor){program, {against.calendar, against.policy, against.directory}};
    bundle->actor_paths[index] = report->file;
    bundle->actor_texts[index] = text;
    return true;
}

static bool has_actor(const struct casting *casting, struct bytes id)
{
    for (uint32_t i = 0; i < casting->bundle->cast.count; i++) {
        if (bytes_equal(casting->bundle->actors[i].program->id, id))
            return true;
    }
    return false;
}

/* All versions of it. False: there is none, or one of them cannot come in. */
static bool load_workflow(struct casting *casting, struct bytes id, bool *ret_found)
{
    struct path_list paths = {0};
    bool is_loaded = true;
    *ret_found = workflow_find(casting->context, &casting->places, id, &paths);
    for (uint32_t i = 0; is_loaded && i < paths.count; i++)
        is_loaded = load_file(casting, paths.items[i]);
    path_list_fini(&paths);
    return is_loaded;
}

static void want(struct bytes *wanted, uint32_t *count, struct bytes word)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (bytes_equal(wanted[i], word))
            return;
    }
    if (word.size && *count < WANTED_MAX)
        wanted[(*count)++] = word;
}

static void want_workflow(struct casting *casting, struct bytes id)
{
    want(casting->ids, &casting->id_count, id);
}

/* --- what a program can come to open or start ----------------------------------------------- */

static void want_of_branches(struct casting *casting, const struct branch *branches, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < branches[i].action_count; j++) {
            const struct action *action = &branches[i].actions[j];
            want_workflow(casting, action->workflow);
            if (action->kind == ACTION_EMIT && action->subject && action->workflow.size == 0)
                want(casting->events, &casting->event_count, action->type);
        }
    }
}

static void want_of_handlers(struct casting *casting, const struct handler *handlers,
                             uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        want_of_branches(casting, handlers[i].branches, handlers[i].branch_count);
}

static void want_of_clock(struct casting *casting, const struct clock_rule *clock,
                          const struct policy *policy)
{
    const struct ladder *ladder = policy_ladder(policy, clock->ladder);
    want_of_branches(casting, clock->expire, clock->expire_count);
    for (uint32_t i = 0; ladder && i < ladder->rung_count; i++) {
        if (ladder->rungs[i].draft)
            want_workflow(casting, ladder->rungs[i].draft->workflow);
    }
}

static void want_of_program(struct casting *casting, const struct program *program)
{
    want_of_branches(casting, &program->start, 1);
    want_of_handlers(casting, program->handlers, program->handler_count);
    for (uint32_t i = 0; i < program->state_count; i++)
        want_of_handlers(casting, program->states[i].handlers, program->states[i].handler_count);
    for (uint32_t i = 0; i < program->clock_count; i++)
        want_of_clock(casting, &program->clocks[i], casting->bundle->rules.policy);
}

/* An event for another case may open it. */
static void want_of_steps(struct casting *casting)
{
    const struct story *story = casting->bundle->story;
    for (uint32_t i = 0; i < story->step_count; i++) {
        const struct story_step *step = &story->steps[i];
        bool is_other = step->has_event && !bytes_equal(step->case_id, story->case_id)
                        && case_parent_id(step->case_id).size == 0;
        if (is_other && step->workflow.size == 0)
            want(casting->events, &casting->event_count, step->event.type);
    }
}

/* --- until nobody more comes in ------------------------------------------------------------- */

static bool load_wanted(struct casting *casting, uint32_t *done)
{
    bool is_found;
    for (; *done < casting->id_count; (*done)++) {
        struct bytes id = casting->ids[*done];
        if (!has_actor(casting, id) && !load_workflow(casting, id, &is_found))
            return false;
    }
    return true;
}

static bool starts_with_wanted(const struct casting *casting, struct bytes event)
{
    for (uint32_t i = 0; i < casting->event_count; i++) {
        if (bytes_equal(event, casting->events[i]))
            return true;
    }
    return false;
}

/* Those that start with an event that somebody may send without saying what it opens. One with
 * errors could not be deployed, and starts nothing. */
static bool load_openers(struct casting *casting)
{
    struct story_bundle *bundle = casting->bundle;
    if (casting->event_count == 0)
        return true;
    if (!casting->openers) {
        casting->openers = malloc(sizeof *casting->openers);
        if (!casting->openers)
            return false;
        workflow_find_openers(casting->context, casting->bundle->path, &casting->bundle->arena,
                              casting->openers);
    }
    for (uint32_t i = 0; i < casting->openers->count; i++) {
        struct workflow_opener *opener = &casting->openers->rows[i];
        uint32_t reports = bundle->report_count;
        bool is_found;
        if (!starts_with_wanted(casting, opener->event) || has_actor(casting, opener->workflow))
            continue;
        if (!load_workflow(casting, opener->workflow, &is_found))
            bundle->report_count = reports;
        opener->event = BYTES_NONE; /* looked at once */
    }
    return true;
}

static bool load_others(struct casting *casting)
{
    uint32_t seen = 0, done = 0;
    want_of_steps(casting);
    while (seen < casting->bundle->cast.count || done < casting->id_count) {
        for (; seen < casting->bundle->cast.count; seen++)
            want_of_program(casting, casting->bundle->actors[seen].program);
        if (!load_openers(casting) || !load_wanted(casting, &done))
            return false;
    }
    return true;
}

/* Those that steps name must be there. */
static bool load_named(struct casting *casting)
{
    const struct story *story = casting->bundle->story;
    for (uint32_t i = 0; i < story->step_count; i++) {
        const struct story_step *step = &story->steps[i];
        bool is_found = true;
        if (step->workflow.size == 0 || has_actor(casting, step->workflow))
            continue;
        if (!load_workflow(casting, step->workflow, &is_found))
            return false;
        if (is_found)
            continue;
        diagnose(casting->bundle->reports[0], step->place, "story-workflow", &step->workflow, 1);
        return false;
    }
    return true;
}

static bool load_own(struct casting *casting, const char *workflow_path)
{
    struct story_bundle *bundle = casting->bundle;
    struct bytes id = bundle->story->workflow;
    bool is_found = true;
    bool is_loaded =
        workflow_path ? load_file(casting, workflow_path) : load_workflow(casting, id, &is_found);
    if (is_loaded && is_found)
        is_found = bytes_equal(bundle->actors[0].program->id, id);
    if (!is_found)
        diagnose(bundle->reports[0], (struct place){1, 1}, "story-workflow", &id, 1);
    return is_loaded && is_found;
}

bool story_bundle_cast(const struct command_context *context, const char *workflow_path,
                       const struct path_list *folders, struct story_bundle *bundle)
{
    struct casting *casting = calloc(1, sizeof *casting);
    if (!casting)
        return false;
    *casting = (struct casting){
        .context = context, .places = {bundle->path, workflow_path, folders}, .bundle = bundle};
    bundle->cast.actors = bundle->actors;
    bool is_cast = load_own(casting, workflow_path) && load_named(casting) && load_others(casting);
    if (is_cast) {
        bundle->program = bundle->actors[0].program;
        bundle->rules = bundle->actors[0].rules;
    }
    free(casting->openers);
    free(casting);
    return is_cast;
}
