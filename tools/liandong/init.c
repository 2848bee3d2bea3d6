#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"
#include "tools/liandong/folder.h"
#include "tools/liandong/share.h"
#include "tools/liandong/story_files.h"
#include "workers/seed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* `liandong init`: a new data folder whose every partition holds the shipped calendar, directory,
 * policy and workflows, or no folder at all. All texts are checked before anything is made; the
 * folder is made beside its place and renamed into it, so that a half-made one is never found. */

enum {
    PARTITIONS_DEFAULT = 2,
    PARTITIONS_MAX = 64,
    ARTIFACTS_MAX = 64,
    CHECK_ARENA_SIZE = 4 * DEFINITION_ARENA_SIZE,
    INIT_PATH_MAX = 4096,
};

struct shipped {
    struct store_artifact artifacts[ARTIFACTS_MAX];
    uint8_t *texts[ARTIFACTS_MAX]; /* owned; the artifacts are views of them */
    uint32_t count;
    struct arena arena; /* what is compiled to be checked */
    struct definition_context rules;
};

static void shipped_fini(struct shipped *shipped)
{
    for (uint32_t i = 0; i < shipped->count; i++)
        free(shipped->texts[i]);
    free(shipped->arena.block);
}

/* --- reading and checking -------------------------------------------------------------------- */

static bool add_text(const struct command_context *context, struct shipped *shipped,
                     const char *path, struct artifact_name *ret_name)
{
    uint32_t at = shipped->count;
    size_t size = 0, mark = arena_mark(&shipped->arena);
    uint8_t *text;

    if (at == ARTIFACTS_MAX) {
        complain(context, "文件过多:%s", "too many files: %s", path);
        return false;
    }
    text = read_whole_file(context, path, DEFINITION_SIZE_MAX, &size);
    if (text == NULL)
        return false;
    shipped->texts[at] = text;
    shipped->count++;
    *ret_name = artifact_name_of((struct bytes){text, size}, &shipped->arena);
    shipped->artifacts[at] = (struct store_artifact){.kind = (uint8_t)ret_name->kind,
                                                     .id = ret_name->id,
                                                     .version = ret_name->version,
                                                     .text = {text, size}};
    arena_rewind(&shipped->arena, mark);
    return true;
}

static bool check_workflow(const struct command_context *context, struct shipped *shipped,
                           const char *path, struct bytes text)
{
    size_t mark = arena_mark(&shipped->arena);
    struct diagnostics *diagnostics = malloc(sizeof *diagnostics);
    const struct program *program;

    if (diagnostics == NULL)
        return false;
    diagnostics_init(diagnostics, &shipped->arena, bytes_from_text(path));
    program = definition_workflow(text, &shipped->rules, &shipped->arena, diagnostics);
    if (program == NULL)
        share_print_diagnostics(context, stderr, diagnostics);
    free(diagnostics);
    arena_rewind(&shipped->arena, mark);
    return program != NULL;
}

static bool add_rules(const struct command_context *context, struct shipped *shipped)
{
    static const char *const names[] = {SHARE_CALENDAR, SHARE_DIRECTORY, SHARE_POLICY};
    static const struct share_choice shipped_ones = {NULL, NULL, NULL};
    char path[SHARE_PATH_MAX];
    struct artifact_name name;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!share_path(names[i], path, sizeof path)) {
            complain(context, "找不到随附文件 %s", "the shipped file %s is not there", names[i]);
            return false;
        }
        if (!add_text(context, shipped, path, &name))
            return false;
    }
    return share_load(context, &shipped_ones, &shipped->arena, &shipped->rules);
}

/* Beside the workflows the catalogue holds the directory, which is deployed already. */
static bool add_workflow(const struct command_context *context, struct shipped *shipped,
                         const char *path)
{
    struct artifact_name name;

    if (!add_text(context, shipped, path, &name))
        return false;
    if (name.kind == ARTIFACT_WORKFLOW)
        return check_workflow(context, shipped, path, shipped->artifacts[shipped->count - 1].text);
    free(shipped->texts[--shipped->count]);
    return true;
}

static bool add_catalog(const struct command_context *context, struct shipped *shipped)
{
    struct path_list list = {0};
    char path[SHARE_PATH_MAX];
    bool is_good =
        share_path("catalog", path, sizeof path) && path_list_find(&list, path, ".yaml", false);

    if (!is_good)
        complain(context, "找不到随附的流程目录", "the shipped catalogue is not there");
    for (uint32_t i = 0; is_good && i < list.count; i++)
        is_good = add_workflow(context, shipped, list.items[i]);
    path_list_fini(&list);
    return is_good;
}

static bool read_shipped(const struct command_context *context, struct shipped *shipped)
{
    void *block = malloc(CHECK_ARENA_SIZE);

    if (block == NULL) {
        complain(context, "内存不足", "there is no memory left");
        return false;
    }
    arena_init(&shipped->arena, block, CHECK_ARENA_SIZE);
    return add_rules(context, shipped) && add_catalog(context, shipped);
}

/* --- making ---------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void complain_of(const struct command_context *context, const char *path, enum ld_err err)
{
    complain(context, "无法建立 %s:%s", "cannot make %s: %s", path,
             say(context, ld_err_zh(err), ld_err_en(err)));
}

static bool make(const struct command_context *context, const char *folder, uint32_t partitions,
                 const struct shipped *shipped)
{
    enum ld_err err = store_lmdb_create(folder, partitions);
    int64_t stamp_ms = now_ms(); /* one for all: the partitions are the same */

    for (uint32_t i = 0; err == LD_OK && i < partitions; i++)
        err = seed_partition(folder, i, shipped->artifacts, shipped->count, stamp_ms);
    if (err != LD_OK)
        complain_of(context, folder, err);
    return err == LD_OK;
}

static bool make_in_place(const struct command_context *context, const char *folder,
                          uint32_t partitions, const struct shipped *shipped)
{
    char draft[INIT_PATH_MAX];
    int size = snprintf(draft, sizeof draft, "%s.init-%d", folder, (int)getpid());

    if (size < 0 || size >= INIT_PATH_MAX) {
        complain(context, "路径过长", "the path is too long");
        return false;
    }
    if (!make(context, draft, partitions, shipped)) {
        folder_remove(draft);
        return false;
    }
    if (rename(draft, folder) != 0 || !folder_sync_parent(folder)) {
        complain(context, "无法建立 %s:%s", "cannot make %s: %s", folder, strerror(errno));
        folder_remove(draft);
        return false;
    }
    return true;
}

/* --- the call -------------------------------------------------------------------------------- */

static uint32_t read_partitions(const struct command_context *context, const char *text)
{
    char *end;
    long number;

    if (text == NULL)
        return PARTITIONS_DEFAULT;
    number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 1 || number > PARTITIONS_MAX)
        usage_error(context, "--partitions 须为 1 到 64", "--partitions is 1 to 64");
    return (uint32_t)number;
}

static bool is_free(const struct command_context *context, const char *folder)
{
    switch (folder_look(folder)) {
    case FOLDER_NONE:
    case FOLDER_EMPTY: return true;
    case FOLDER_FULL:
        complain(context, "%s 已存在且不为空", "%s exists and is not empty", folder);
        return false;
    case FOLDER_OTHER:
        complain(context, "%s 已存在且不是目录", "%s exists and is no folder", folder);
        return false;
    case FOLDER_NO_PARENT:
        complain(context, "%s 的上级目录不存在或不可写",
                 "%s: the folder above it is missing or not "
                 "writable",
                 folder);
        return false;
    }
    return false;
}

int command_init(struct command_context *context)
{
    const char *partitions_text = NULL;
    const struct option_row rows[] = {
        {"partitions", "N", "分区数,1 到 64(缺省 2);建立后不可更改",
         "partitions, 1 to 64 (default 2); fixed for the life of the folder", &partitions_text,
         NULL},
        {0},
    };
    struct shipped shipped = {0};
    char folder[INIT_PATH_MAX];
    uint32_t partitions;
    bool is_made;

    options_parse(context, rows);
    if (context->argc != 1)
        usage_error(context, "需要一个目录", "one folder is needed");
    partitions = read_partitions(context, partitions_text);
    if (!folder_name(context->argv[0], folder, sizeof folder))
        usage_error(context, "目录名不可用", "this is no folder's name");
    if (!is_free(context, folder))
        return EXIT_NO;
    is_made =
        read_shipped(context, &shipped) && make_in_place(context, folder, partitions, &shipped);
    if (is_made)
        (void)printf(say(context, "已建立 %s:%u 个分区,%u 份定义\n",
                         "made %s: %u partitions, %u definitions\n"),
                     folder, partitions, shipped.count);
    shipped_fini(&shipped);
    return is_made ? EXIT_YES : EXIT_TROUBLE;
}
