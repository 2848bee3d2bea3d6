/* `liandong workflow test FILE|DIR...`: plays stories and says which hold.
 *
 * A folder stands for all stories in it and beneath it; a story file for itself; a definition for
 * the stories of its workflow beside it and beneath it, played against exactly that file. The last
 * line is for scripts, the same in every language: 'N passed, N failed'. */
#include "tools/liandong/commands.h"
#include "tools/liandong/story_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct testing {
    const struct command_context *context;
    struct path_list folders; /* those of the call: definitions are looked for there too */
    bool is_json;
    uint32_t passed, failed;
};

enum { FAILURE_KEYS = 6, STORY_KEYS = 7, SCRATCH_SIZE = 4 << 20 };

static struct value failure_value(const struct diagnostic *row, struct arena *arena)
{
    struct value_builder map = {arena_alloc_array(arena, FAILURE_KEYS, sizeof *map.entries),
                                FAILURE_KEYS, 0};
    if (!map.entries)
        return VALUE_ABSENT;
    value_put(&map, "file", value_text(row->file));
    value_put(&map, "line", value_int(row->place.line));
    value_put(&map, "column", value_int(row->place.column));
    value_put(&map, "code", value_words(row->code));
    value_put(&map, "zh", value_text(row->zh));
    value_put(&map, "en", value_text(row->en));
    return value_built(&map);
}

static struct value failures_value(struct story_bundle *bundle)
{
    uint32_t count = 0, capacity = 0;
    for (uint32_t i = 0; i < bundle->report_count; i++)
        capacity += bundle->reports[i]->count;
    struct value *items = arena_alloc_array(&bundle->arena, capacity, sizeof *items);
    for (uint32_t i = 0; items && i < bundle->report_count; i++) {
        for (uint32_t j = 0; j < bundle->reports[i]->count; j++) {
            const struct diagnostic *row = &bundle->reports[i]->rows[j];
            if (row->severity == SEVERITY_ERROR)
                items[count++] = failure_value(row, &bundle->arena);
        }
    }
    return value_list(items, count);
}

static void report_json(struct story_bundle *bundle)
{
    struct value_entry entries[STORY_KEYS];
    struct value_builder map = {entries, STORY_KEYS, 0};
    const struct story *story = bundle->story;
    value_put(&map, "file", value_words(bundle->path));
    if (story) {
        value_put(&map, "story", value_text(story->name));
        value_put(&map, "workflow", value_text(story->workflow));
        value_put(&map, "steps", value_int(story->step_count));
    }
    value_put(&map, "passed", value_bool(bundle->error_count == 0));
    value_put(&map, "failures", failures_value(bundle));
    struct value built = value_built(&map);
    print_json(stdout, &built);
    (void)putchar('\n');
}

static void report_text(const struct testing *testing, const struct story_bundle *bundle)
{
    const struct command_context *context = testing->context;
    const struct story *story = bundle->story;
    bool is_passed = bundle->error_count == 0;
    printf("%s  %s", is_passed ? say(context, "通过", "passed") : say(context, "失败", "failed"),
           bundle->path);
    if (story)
        printf(say(context, "  %.*s(%u 步)\n", "  %.*s (%u steps)\n"), BYTES_PRINTF(story->name),
               story->step_count);
    else
        (void)putchar('\n');
    if (!is_passed)
        story_bundle_print(context, bundle, stdout);
}

static void test_story(struct testing *testing, const char *path, const char *workflow_path)
{
    struct story_bundle bundle;
    if (!story_bundle_open(testing->context, path, workflow_path, &testing->folders, &bundle)) {
        complain(testing->context, "%s:内存不足", "%s: out of memory", path);
        testing->failed++;
        return;
    }
    if (bundle.error_count)
        testing->failed++;
    else
        testing->passed++;
    if (testing->is_json)
        report_json(&bundle);
    else
        report_text(testing, &bundle);
    story_bundle_close(&bundle);
}

/* The workflow of a story file, so that a definition's own stories are told from its neighbours'.
 */
static bool story_is_of(const struct command_context *context, const char *path, struct bytes id,
                        struct arena *arena)
{
    size_t size;
    struct diagnostics *unread = arena_alloc(arena, sizeof *unread);
    uint8_t *text = read_whole_file(context, path, DEFINITION_SIZE_MAX + 1, &size);
    bool is_ours = false;
    if (text && unread) {
        diagnostics_init(unread, arena, BYTES_NONE);
        const struct story *story = story_read((struct bytes){text, size}, 0, arena, unread);
        is_ours = story && bytes_equal(story->workflow, id);
    }
    free(text);
    return is_ours;
}

static void test_definition(struct testing *testing, const char *path, struct bytes id)
{
    char folder[FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct path_list stories = {0};
    uint8_t *block = malloc(SCRATCH_SIZE);
    struct arena arena;
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1,
                   slash ? path : ".");
    (void)path_list_find(&stories, folder, ".story.yaml", true); /* none: said at the end */
    for (uint32_t i = 0; block && i < stories.count; i++) {
        arena_init(&arena, block, SCRATCH_SIZE);
        if (story_is_of(testing->context, stories.items[i], id, &arena))
            test_story(testing, stories.items[i], path);
    }
    free(block);
    path_list_fini(&stories);
}

static void test_file(struct testing *testing, const char *path)
{
    uint8_t *block = malloc(SCRATCH_SIZE);
    struct arena arena;
    if (!block)
        return;
    arena_init(&arena, block, SCRATCH_SIZE);
    struct artifact_name name = artifact_on_disk(testing->context, path, &arena);
    if (name.kind == ARTIFACT_WORKFLOW)
        test_definition(testing, path, name.id);
    else
        test_story(testing, path, NULL);
    free(block);
}

static void test_folder(struct testing *testing, const char *folder)
{
    struct path_list stories = {0};
    if (!path_list_find(&stories, folder, ".story.yaml", true))
        complain(testing->context, "%s:无法读取文件夹", "%s: the folder cannot be read", folder);
    for (uint32_t i = 0; i < stories.count; i++)
        test_story(testing, stories.items[i], NULL);
    path_list_fini(&stories);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* An operand without the slashes at its end. */
static void trim_slashes(char *path)
{
    for (size_t size = strlen(path); size > 1 && path[size - 1] == '/'; size--)
        path[size - 1] = '\0';
}

static int conclude(const struct testing *testing)
{
    uint32_t passed = testing->passed, failed = testing->failed;
    if (passed + failed == 0) {
        complain(testing->context, "没有找到故事(*.story.yaml)", "no stories found (*.story.yaml)");
        return EXIT_USAGE;
    }
    if (testing->is_json)
        printf("{\"passed\":%u,\"failed\":%u}\n", passed, failed);
    else
        printf("%u passed, %u failed\n", passed, failed);
    return failed ? EXIT_NO : EXIT_YES;
}

int command_workflow_test(struct command_context *context)
{
    struct testing testing = {.context = context};
    const struct option_row rows[] = {
        {"json", NULL, "每个故事一行 JSON", "one line of JSON a story", NULL, &testing.is_json},
        {0},
    };
    options_parse(context, rows);
    if (context->argc == 0)
        usage_error(context, "要测试哪些故事?", "which stories?");
    for (int i = 0; i < context->argc; i++) {
        trim_slashes(context->argv[i]);
        if (is_folder(context->argv[i]))
            (void)path_list_add(&testing.folders, context->argv[i]); /* one place less to look */
    }
    for (int i = 0; i < context->argc; i++) {
        if (is_folder(context->argv[i]))
            test_folder(&testing, context->argv[i]);
        else
            test_file(&testing, context->argv[i]);
    }
    path_list_fini(&testing.folders);
    return conclude(&testing);
}
