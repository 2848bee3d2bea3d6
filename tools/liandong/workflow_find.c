/* Finds definitions on disk.
 *
 * The nearest wins: beside the file that speaks of it, then in the folders above it, then in the
 * folders that the caller named, then in the shipped catalogue. Where a folder has any version of a
 * workflow, the versions are those of that folder and of no other. */
#include "tools/liandong/workflow_find.h"

#include "tools/liandong/share.h"
#include "workflows/language/yaml.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDER_DEPTH_MAX = 16, FOLDERS_ABOVE_MAX = 8, VERSIONS_MAX = 64, SCRATCH_SIZE = 4 << 20 };

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

void path_folder(const char *path, char folder[FILE_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 1;
    (void)snprintf(folder, FILE_PATH_MAX, "%.*s", slash ? (int)(size ? size : 1) : 1,
                   slash ? path : ".");
}

bool path_read(const struct command_context *context, const char *path, struct arena *arena,
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
    if (!is_small || !path_read(context, path, arena, &text))
        return name;
    size_t mark = arena_mark(arena);
    name = artifact_name_of(text, arena);
    struct bytes id = name.id; /* a view into the text, which stays */
    arena_rewind(arena, mark);
    name.id = id;
    return name;
}

struct version_file {
    char path[FILE_PATH_MAX];
    uint32_t version;
};

static int compare_versions(const void *left, const void *right)
{
    uint32_t one = ((const struct version_file *)left)->version;
    uint32_t other = ((const struct version_file *)right)->version;
    return (one < other) - (one > other);
}

/* The versions of a workflow among the definitions of one folder, newest first. */
static bool find_in_folder(const struct command_context *context, const char *folder, bool is_deep,
                           struct bytes id, struct path_list *found)
{
    struct path_list list = {0};
    struct arena arena;
    uint8_t *block = malloc(SCRATCH_SIZE);
    struct version_file *files = malloc(VERSIONS_MAX * sizeof *files);
    uint32_t count = 0;
    (void)path_list_find(&list, folder, ".yaml", is_deep); /* none there: not found */
    for (uint32_t i = 0; block && files && i < list.count && count < VERSIONS_MAX; i++) {
        arena_init(&arena, block, SCRATCH_SIZE);
        if (ends_with(list.items[i], ".story.yaml"))
            continue;
        struct artifact_name name = artifact_on_disk(context, list.items[i], &arena);
        if (name.kind != ARTIFACT_WORKFLOW || !bytes_equal(name.id, id))
            continue;
        files[count].version = name.version;
        (void)snprintf(files[count++].path, FILE_PATH_MAX, "%s", list.items[i]);
    }
    if (count)
        qsort(files, count, sizeof *files, compare_versions);
    for (uint32_t i = 0; i < count; i++)
        (void)path_list_add(found, files[i].path); /* one that memory lacks room for is not found */
    free(files);
    free(block);
    path_list_fini(&list);
    return found->count > 0;
}

static bool find_above(const struct command_context *context, const char *beside, struct bytes id,
                       struct path_list *found)
{
    char folder[FILE_PATH_MAX], real[FILE_PATH_MAX];
    path_folder(beside, folder);
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

bool workflow_find(const struct command_context *context, const struct workflow_places *places,
                   struct bytes id, struct path_list *ret_paths)
{
    char folder[FILE_PATH_MAX];
    const struct path_list *folders = places->folders;
    if (find_above(context, places->beside, id, ret_paths))
        return true;
    if (places->beside_too) {
        path_folder(places->beside_too, folder);
        if (find_in_folder(context, folder, false, id, ret_paths))
            return true;
    }
    for (uint32_t i = 0; folders && i < folders->count; i++) {
        if (find_in_folder(context, folders->items[i], true, id, ret_paths))
            return true;
    }
    return share_path("catalog", folder, sizeof folder)
           && find_in_folder(context, folder, true, id, ret_paths);
}

/* --- what starts with what ------------------------------------------------------------------ */

static struct bytes scalar_at(const struct yaml_node *node, const char *key)
{
    const struct yaml_node *value = yaml_get(node, key);
    return value && value->kind == YAML_SCALAR ? value->text : BYTES_NONE;
}

/* The id and the starting event of a definition; false: it is none, or starts with no event. */
static bool read_opener(const struct command_context *context, const char *path,
                        struct arena *scratch, struct workflow_opener *ret_opener)
{
    struct diagnostics *unread = arena_alloc(scratch, sizeof *unread);
    struct bytes text;
    if (!unread || artifact_on_disk(context, path, scratch).kind != ARTIFACT_WORKFLOW
        || !path_read(context, path, scratch, &text))
        return false;
    diagnostics_init(unread, scratch, BYTES_NONE);
    const struct yaml_node *root = yaml_read(text, scratch, unread);
    ret_opener->workflow = scalar_at(root, "workflow");
    ret_opener->event = scalar_at(yaml_get(root, "start"), "event");
    return ret_opener->workflow.size && ret_opener->event.size;
}

static void find_openers(const struct command_context *context, const char *folder, bool is_deep,
                         struct arena *arena, struct workflow_openers *openers)
{
    struct path_list list = {0};
    struct arena scratch;
    uint8_t *block = malloc(SCRATCH_SIZE);
    (void)path_list_find(&list, folder, ".yaml", is_deep); /* none there: nothing starts */
    for (uint32_t i = 0; block && i < list.count && openers->count < WORKFLOW_OPENERS_MAX; i++) {
        struct workflow_opener opener;
        arena_init(&scratch, block, SCRATCH_SIZE);
        if (ends_with(list.items[i], ".story.yaml")
            || !read_opener(context, list.items[i], &scratch, &opener))
            continue;
        openers->rows[openers->count++] = (struct workflow_opener){
            arena_copy(arena, opener.workflow), arena_copy(arena, opener.event)};
    }
    free(block);
    path_list_fini(&list);
}

void workflow_find_openers(const struct command_context *context, const char *beside,
                           struct arena *arena, struct workflow_openers *ret_openers)
{
    char folder[FILE_PATH_MAX], shipped[FILE_PATH_MAX];
    ret_openers->count = 0;
    path_folder(beside, folder);
    find_openers(context, folder, false, arena, ret_openers);
    if (share_path("catalog", shipped, sizeof shipped))
        find_openers(context, shipped, true, arena, ret_openers);
}
