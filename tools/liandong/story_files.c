/* Finds stories and what they speak of, and plays them.
 *
 * The nearest definition wins: beside the story, then in the folders above it, then in the folders
 * that the caller named, then the shipped catalogue; of several versions in one folder the highest.
 * A story's own `directory:`, `policy:` and `calendar:` are paths from the story's folder. */
#include "tools/liandong/story_files.h"

#include "tools/liandong/share.h"
#include "workflows/language/yaml.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    FOLDER_DEPTH_MAX = 16,
    FOLDERS_ABOVE_MAX = 8,
    BUNDLE_SIZE = 96 << 20,
    SCRATCH_SIZE = 4 << 20
};

static const int zone_of_china_minutes = 480; /* until the story's calendar has been read */

bool path_list_add(struct path_list *list, const char *path)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity ? 2 * list->capacity : 16;
        char **grown = realloc(list->items, capacity * sizeof *grown);
        if (!grown)
            return false;
        list->items = grown;
        list->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy)
        list->items[list->count++] = copy;
    return copy != NULL;
}

void path_list_fini(struct path_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct path_list){0};
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool ends_with(const char *text, const char *ending)
{
    return bytes_ends_with(bytes_from_text(text), bytes_from_text(ending));
}

static bool walk(struct path_list *list, const char *folder, const char *ending, int depth)
{
    char path[FILE_PATH_MAX];
    struct stat status;
    DIR *opened = opendir(folder);
    if (!opened)
        return false;
    for (struct dirent *entry = readdir(opened); entry; entry = readdir(opened)) {
        int size = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        bool is_ours = size > 0 && (size_t)size < sizeof path && entry->d_name[0] != '.';
        if (!is_ours || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode) && depth > 0)
            (void)walk(list, path, ending, depth - 1); /* one that cannot be read holds none */
        else if (S_ISREG(status.st_mode) && ends_with(path, ending))
            (void)path_list_add(list, path);
    }
    (void)closedir(opened); /* only read */
    return true;
}

bool path_list_find(struct path_list *list, const char *folder, const char *ending, bool is_deep)
{
    uint32_t first = list->count;
    if (!walk(list, folder, ending, is_deep ? FOLDER_DEPTH_MAX : 0))
        return false;
    if (list->count > first)
        qsort(list->items + first, list->count - first, sizeof *list->items, compare_paths);
    return true;
}

/* The folder of a path: what precedes the last slash. */
static void folder_of(const char *path, char folder[FILE_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 1;
    (void)snprintf(folder, FILE_PATH_MAX, "%.*s", slash ? (int)(size ? size : 1) : 1,
                   slash ? path : ".");
}

/* The text of a file in the arena; NULL after a complaint. */
static bool read_text(const struct command_context *context, const char *path, struct arena *arena,
                      struct bytes *ret_text)
{
    size_t size;
    uint8_t *whole = read_whole_file(context, path, DEFINITION_SIZE_MAX + 1, &size);
    if (!whole)
        return false;
    *ret_text = arena_copy(arena, (struct bytes){whole, size});
    free(whole);
    return ret_text->ptr != NULL;
}

struct artifact_name artifact_on_disk(const struct command_context *context, const char *path,
                                      struct arena *arena)
{
    struct artifact_name name = {.kind = ARTIFACT_UNKNOWN};
    struct stat status;
    struct bytes text;
    bool is_small = stat(path, &status) == 0 && status.st_size <= DEFINITION_SIZE_MAX;
    if (!is_small || !read_text(context, path, arena, &text))
        return name;
    size_t mark = arena_mark(arena);
    name = artifact_name_of(text, arena);
    struct bytes id = name.id; /* a view into the text, which stays */
    arena_rewind(arena, mark);
    name.id = id;
    return name;
}

/* The highest version of a workflow among the definitions of one folder. */
static bool find_in_folder(const struct command_context *context, const char *folder, bool is_deep,
                           struct bytes id, char found[FILE_PATH_MAX])
{
    struct path_list list = {0};
    struct arena arena;
    uint8_t *block = malloc(SCRATCH_SIZE);
    uint32_t best = 0;
    bool is_found = false;
    (void)path_list_find(&list, folder, ".yaml", is_deep); /* none there: not found */
    for (uint32_t i = 0; block && i < list.count; i++) {
        arena_init(&arena, block, SCRATCH_SIZE);
        if (ends_with(list.items[i], ".story.yaml"))
            continue;
        struct artifact_name name = artifact_on_disk(context, list.items[i], &arena);
        bool is_ours = name.kind == ARTIFACT_WORKFLOW && bytes_equal(name.id, id);
        if (!is_ours || (is_found && name.version <= best))
            continue;
        is_found = true;
        best = name.version;
        (void)snprintf(found, FILE_PATH_MAX, "%s", list.items[i]);
    }
    free(block);
    path_list_fini(&list);
    return is_found;
}

static bool find_above(const struct command_context *context, const char *story_path,
                       struct bytes id, char found[FILE_PATH_MAX])
{
    char folder[FILE_PATH_MAX], real[FILE_PATH_MAX];
    folder_of(story_path, folder);
    for (int i = 0; i < FOLDERS_ABOVE_MAX; i++) {
        if (find_in_folder(context, folder, false, id, found))
            return true;
        if (!realpath(folder, real) || strcmp(real, "/") == 0)
            return false;
        size_t size = strlen(folder);
        if (size + 4 > sizeof folder)
            return false;
        (void)snprintf(folder + size, sizeof folder - size, "/..");
    }
    return false;
}

static bool find_workflow(const struct command_context *context, const char *story_path,
                          const struct path_list *folders, struct bytes id,
                          char found[FILE_PATH_MAX])
{
    char shipped[FILE_PATH_MAX];
    if (find_above(context, story_path, id, found))
        return true;
    for (uint32_t i = 0; folders && i < folders->count; i++) {
        if (find_in_folder(context, folders->items[i], true, id, found))
            return true;
    }
    return share_path("catalog", shipped, sizeof shipped)
           && find_in_folder(context, shipped, true, id, found);
}

/* A report for another file, in the bundle's own memory. */
static struct diagnostics *new_report(struct story_bundle *bundle, const char *path)
{
    struct diagnostics *report = arena_alloc(&bundle->arena, sizeof *report);
    struct bytes file = arena_copy(&bundle->arena, bytes_from_text(path));
    if (!report || !file.ptr || bundle->report_count == BUNDLE_REPORTS_MAX)
        return NULL;
    diagnostics_init(report, &bundle->arena, file);
    bundle->reports[bundle->report_count++] = report;
    return report;
}

/* A path that a story writes, from the story's folder; NULL where it writes none. */
static const char *written_path(const struct story_bundle *bundle, struct bytes written,
                                char path[FILE_PATH_MAX])
{
    char folder[FILE_PATH_MAX];
    if (!written.size)
        return NULL;
    folder_of(bundle->path, folder);
    bool is_absolute = written.ptr[0] == '/';
    int size = snprintf(path, FILE_PATH_MAX, "%s%s%.*s", is_absolute ? "" : folder,
                        is_absolute ? "" : "/", BYTES_PRINTF(written));
    return size > 0 && size < FILE_PATH_MAX ? path : NULL;
}

/* The shipped calendar that the definition names: its file carries the calendar's id. */
static const char *calendar_path(const struct story_bundle *bundle, char path[FILE_PATH_MAX])
{
    struct arena scratch;
    struct diagnostics unread;
    char name[FILE_PATH_MAX];
    const char *found = NULL;
    uint8_t *block = malloc(SCRATCH_SIZE);
    if (!block)
        return NULL;
    arena_init(&scratch, block, SCRATCH_SIZE);
    diagnostics_init(&unread, &scratch, BYTES_NONE);
    const struct yaml_node *root = yaml_read(bundle->workflow_text, &scratch, &unread);
    const struct yaml_node *id = yaml_get(root, "calendar");
    if (id && id->kind == YAML_SCALAR && id->text.size <= NAME_MAX_SIZE) {
        (void)snprintf(name, sizeof name, "calendars/%.*s.yaml", BYTES_PRINTF(id->text));
        found = share_path(name, path, FILE_PATH_MAX) ? path : NULL;
    }
    free(block);
    return found;
}

static bool load_rules(const struct command_context *context, struct story_bundle *bundle)
{
    char calendar[FILE_PATH_MAX], policy[FILE_PATH_MAX], directory[FILE_PATH_MAX];
    struct share_choice choice = {
        .calendar = written_path(bundle, bundle->story->calendar, calendar),
        .policy = written_path(bundle, bundle->story->policy, policy),
        .directory = written_path(bundle, bundle->story->directory, directory),
    };
    if (!choice.calendar)
        choice.calendar = calendar_path(bundle, calendar);
    struct definition_context rules;
    if (!share_load(context, &choice, &bundle->arena, &rules))
        return false;
    bundle->rules = (struct rules){
        .calendar = rules.calendar, .policy = rules.policy, .directory = rules.directory};
    return true;
}

static bool load_workflow(struct story_bundle *bundle)
{
    const struct definition_context against = {.calendar = bundle->rules.calendar,
                                               .policy = bundle->rules.policy,
                                               .directory = bundle->rules.directory};
    struct diagnostics *report = new_report(bundle, bundle->workflow_path);
    if (report)
        bundle->program =
            definition_workflow(bundle->workflow_text, &against, &bundle->arena, report);
    return bundle->program != NULL;
}

static bool locate_workflow(const struct command_context *context, const char *workflow_path,
                            const struct path_list *folders, struct story_bundle *bundle)
{
    struct bytes id = bundle->story->workflow;
    if (workflow_path)
        (void)snprintf(bundle->workflow_path, FILE_PATH_MAX, "%s", workflow_path);
    else if (!find_workflow(context, bundle->path, folders, id, bundle->workflow_path)) {
        diagnose(bundle->reports[0], (struct place){1, 1}, "story-workflow", &id, 1);
        return false;
    }
    return read_text(context, bundle->workflow_path, &bundle->arena, &bundle->workflow_text);
}

static const struct story *read_story(struct story_bundle *bundle, struct bytes text,
                                      int zone_minutes)
{
    return story_read(text, zone_minutes, &bundle->arena, bundle->reports[0]);
}

/* False: something is wrong, and a report or a complaint says what. */
static bool play(const struct command_context *context, const char *workflow_path,
                 const struct path_list *folders, struct story_bundle *bundle)
{
    struct bytes text;
    if (!new_report(bundle, bundle->path)
        || !read_text(context, bundle->path, &bundle->arena, &text))
        return false;
    bundle->story = read_story(bundle, text, zone_of_china_minutes);
    if (!bundle->story || !locate_workflow(context, workflow_path, folders, bundle)
        || !load_rules(context, bundle) || !load_workflow(bundle))
        return false;
    int zone = bundle->rules.calendar->zone_minutes;
    if (zone != zone_of_china_minutes)
        bundle->story = read_story(bundle, text, zone);
    enum ld_err err = story_play(bundle->story, bundle->program, &bundle->rules, &bundle->arena,
                                 bundle->reports[0], &bundle->run);
    bundle->is_played = err == LD_OK;
    if (err != LD_OK)
        diagnose(bundle->reports[0], (struct place){1, 1}, "too-big", NULL, 0);
    return bundle->is_played;
}

bool story_bundle_open(const struct command_context *context, const char *path,
                       const char *workflow_path, const struct path_list *folders,
                       struct story_bundle *bundle)
{
    *bundle = (struct story_bundle){.path = path, .block = malloc(BUNDLE_SIZE)};
    if (!bundle->block)
        return false;
    arena_init(&bundle->arena, bundle->block, BUNDLE_SIZE);
    bool is_played = play(context, workflow_path, folders, bundle);
    for (uint32_t i = 0; i < bundle->report_count; i++)
        bundle->error_count += bundle->reports[i]->error_count;
    if (!is_played && bundle->error_count == 0)
        bundle->error_count = 1; /* of the disk: the complaint has been made */
    return true;
}

void story_bundle_close(struct story_bundle *bundle)
{
    free(bundle->block);
    *bundle = (struct story_bundle){0};
}

void story_bundle_print(const struct command_context *context, const struct story_bundle *bundle,
                        FILE *file)
{
    for (uint32_t i = 0; i < bundle->report_count; i++) {
        if (bundle->reports[i]->error_count)
            share_print_diagnostics(context, file, bundle->reports[i]);
    }
}
