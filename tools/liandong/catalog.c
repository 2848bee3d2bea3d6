/* Reads a catalogue. Each workflow is compiled alone, as siblings are: whether it is itself right
 * is the business of `workflow check`, but one with an error is told of, since nothing can be said
 * of it. */
#include "tools/liandong/catalog.h"

#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"

#include <stdlib.h>
#include <string.h>

static const char *const report_words[] = {"overdue",           "alerts watch",   "case list",
                                           "case show",         "case history",   "status",
                                           "workflow explain",  "workflow paths", "workflow test",
                                           "workflow coverage", "calendar due"};

enum { REPORT_COUNT = sizeof report_words / sizeof report_words[0] };

uint32_t catalog_reports(const struct bytes **ret_names)
{
    static struct bytes names[REPORT_COUNT];
    for (uint32_t i = 0; i < REPORT_COUNT; i++)
        names[i] = bytes_from_text(report_words[i]);
    *ret_names = names;
    return REPORT_COUNT;
}

const char *catalog_report_words(const struct command_context *context, struct bytes name)
{
    for (uint32_t i = 0; i < REPORT_COUNT; i++) {
        const struct command *command = command_named(report_words[i]);
        if (command && bytes_is(name, report_words[i]))
            return say(context, command->zh, command->en);
    }
    return "";
}

/* --- workflows ------------------------------------------------------------------------------- */

static bool compile(const struct command_context *context, struct catalog_file *file,
                    struct catalog *catalog)
{
    static const struct definition_context alone;
    struct arena arena;
    struct bytes text;
    arena_init(&arena, file->block, DEFINITION_ARENA_SIZE);
    struct diagnostics *diagnostics = arena_alloc(&arena, sizeof *diagnostics);
    if (!diagnostics || !path_read(context, file->path, &arena, &text))
        return false;
    diagnostics_init(diagnostics, &arena, bytes_from_text(file->path));
    file->program = definition_workflow(text, &alone, &arena, diagnostics);
    if (!file->program)
        share_print_diagnostics(context, stderr, diagnostics);
    catalog->error_count += diagnostics->error_count;
    return true;
}

static void drop(struct catalog_file *file)
{
    free(file->path);
    free(file->block);
    *file = (struct catalog_file){0};
}

static struct catalog_file *find_file(struct catalog *catalog, struct bytes id)
{
    for (uint32_t i = 0; i < catalog->count; i++) {
        if (bytes_equal(catalog->files[i].program->id, id))
            return &catalog->files[i];
    }
    return NULL;
}

/* Takes the file, or drops it where there is a newer version. */
static void keep_newest(struct catalog *catalog, struct catalog_file *file)
{
    struct catalog_file *other = find_file(catalog, file->program->id);
    if (!other) {
        catalog->files[catalog->count++] = *file;
        return;
    }
    struct catalog_file older = *file;
    if (file->program->version > other->program->version) {
        older = *other;
        *other = *file;
    }
    drop(&older);
}

static bool add_file(const struct command_context *context, const char *path,
                     struct catalog *catalog)
{
    struct catalog_file file = {.path = strdup(path), .block = malloc(DEFINITION_ARENA_SIZE)};
    struct arena arena;
    bool is_read = false;
    arena_init(&arena, file.block, file.block ? DEFINITION_ARENA_SIZE : 0);
    if (!file.path || !file.block)
        complain(context, "内存不足", "out of memory");
    else if (artifact_on_disk(context, path, &arena).kind != ARTIFACT_WORKFLOW)
        is_read = true; /* the directory, say */
    else
        is_read = compile(context, &file, catalog);
    if (is_read && file.program)
        keep_newest(catalog, &file);
    else
        drop(&file);
    return is_read;
}

static int compare_files(const void *left, const void *right)
{
    return bytes_compare(((const struct catalog_file *)left)->program->id,
                         ((const struct catalog_file *)right)->program->id);
}

static bool is_story(const char *path)
{
    return bytes_ends_with(bytes_from_text(path), BYTES_LITERAL(".story.yaml"));
}

bool catalog_open(const struct command_context *context, const char *folder,
                  struct catalog *catalog)
{
    struct path_list list = {0};
    bool is_read = path_list_find(&list, folder, ".yaml", false);
    if (!is_read)
        complain(context, "%s:无法读取文件夹", "%s: the folder cannot be read", folder);
    for (uint32_t i = 0; is_read && i < list.count; i++) {
        if (catalog->count == CATALOG_MAX) {
            complain(context, "流程过多:最多 %d 个", "too many workflows: at most %d", CATALOG_MAX);
            is_read = false;
        } else if (!is_story(list.items[i])) {
            is_read = add_file(context, list.items[i], catalog);
        }
    }
    path_list_fini(&list);
    if (catalog->count)
        qsort(catalog->files, catalog->count, sizeof *catalog->files, compare_files);
    for (uint32_t i = 0; i < catalog->count; i++)
        catalog->programs[i] = catalog->files[i].program;
    return is_read;
}

void catalog_close(struct catalog *catalog)
{
    for (uint32_t i = 0; i < catalog->count; i++)
        drop(&catalog->files[i]);
    catalog->count = 0;
}

const struct program *catalog_find(const struct catalog *catalog, struct bytes id)
{
    for (uint32_t i = 0; i < catalog->count; i++) {
        if (bytes_equal(catalog->programs[i]->id, id))
            return catalog->programs[i];
    }
    return NULL;
}

/* --- where it is ----------------------------------------------------------------------------- */

static bool holds_workflows(const struct command_context *context, const char *folder)
{
    struct path_list list = {0};
    bool is_found = false;
    uint8_t *block = malloc(DEFINITION_ARENA_SIZE);
    (void)path_list_find(&list, folder, ".yaml", false); /* none there: it holds none */
    for (uint32_t i = 0; block && !is_found && i < list.count; i++) {
        struct arena arena;
        arena_init(&arena, block, DEFINITION_ARENA_SIZE);
        is_found = artifact_on_disk(context, list.items[i], &arena).kind == ARTIFACT_WORKFLOW;
    }
    free(block);
    path_list_fini(&list);
    return is_found;
}

bool catalog_folder(const struct command_context *context, const char *beside,
                    char ret_folder[FILE_PATH_MAX])
{
    enum { FOLDERS_ABOVE_MAX = 8 };
    path_folder(beside, ret_folder);
    for (int i = 0; i < FOLDERS_ABOVE_MAX; i++) {
        size_t size = strlen(ret_folder);
        if (holds_workflows(context, ret_folder))
            return true;
        if (size + sizeof "/.." > FILE_PATH_MAX)
            break;
        memcpy(ret_folder + size, "/..", sizeof "/..");
    }
    return share_path("catalog", ret_folder, FILE_PATH_MAX);
}

/* --- its coverage ---------------------------------------------------------------------------- */

/* The text that the coverage names, beside it. */
static void compare_text(const struct command_context *context, const char *path,
                         const struct coverage *coverage, struct arena *arena,
                         struct diagnostics *diagnostics)
{
    char folder[FILE_PATH_MAX], beside[FILE_PATH_MAX];
    struct bytes name = coverage->text.name, text;
    path_folder(path, folder);
    int size = snprintf(beside, sizeof beside, "%s/%.*s", folder, BYTES_PRINTF(name));
    bool is_plain = memchr(name.ptr, '/', name.size) == NULL;
    if (is_plain && size > 0 && (size_t)size < sizeof beside
        && path_read(context, beside, arena, &text))
        (void)coverage_compare(coverage, text, diagnostics); /* its finding is among the others */
    else
        diagnose(diagnostics, coverage->text.place, "clause-text", &name, 1);
}

const struct coverage *catalog_coverage(const struct command_context *context, const char *path,
                                        const struct catalog *catalog, struct arena *arena,
                                        FILE *file)
{
    struct coverage_world world = {catalog->programs, catalog->count, NULL, 0};
    struct bytes text;
    struct diagnostics *diagnostics = arena_alloc(arena, sizeof *diagnostics);
    if (!diagnostics || !path_read(context, path, arena, &text))
        return NULL;
    diagnostics_init(diagnostics, arena, arena_copy(arena, bytes_from_text(path)));
    const struct coverage *coverage = definition_coverage(text, arena, diagnostics);
    world.report_count = catalog_reports(&world.reports);
    if (coverage && coverage->text.name.size)
        compare_text(context, path, coverage, arena, diagnostics);
    if (coverage)
        (void)coverage_check(coverage, &world, arena, diagnostics); /* counted there */
    share_print_diagnostics(context, file, diagnostics);
    return diagnostics->error_count ? NULL : coverage;
}
