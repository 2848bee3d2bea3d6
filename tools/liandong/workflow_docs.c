/* `liandong workflow docs DIR --out FOLDER`: a catalogue as pages. Everything that can be refused
 * is refused before the first file is written. The folder may hold an earlier output, which names
 * its own files in a marker; those alone are replaced, and a folder with anything else in it is
 * refused unless it has the marker. The same catalogue gives the same bytes. */
#include "tools/liandong/commands.h"
#include "tools/liandong/docs.h"
#include "tools/liandong/folder.h"
#include "tools/liandong/share.h"
#include "workflows/language/diagram.h"
#include "workflows/language/story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DOCS_ARENA_SIZE = 64 << 20, MARKER_SIZE_MAX = 1 << 16 };

struct docs_call {
    struct docs docs;
    const char *catalog_folder, *title; /* title NULL: the coverage's */
    struct catalog *catalog;            /* owned */
    uint8_t *block, *story_block;       /* owned, with the two of docs */
    struct arena arena;
};

/* --- what there is --------------------------------------------------------------------------- */

static bool add_story(struct docs_call *call, const char *path)
{
    struct docs *docs = &call->docs;
    struct arena arena;
    struct bytes text;
    arena_init(&arena, call->story_block, DEFINITION_ARENA_SIZE);
    struct diagnostics *unread = arena_alloc(&arena, sizeof *unread);
    if (!unread || !path_read(docs->context, path, &arena, &text))
        return false;
    diagnostics_init(unread, &arena, BYTES_NONE);
    const struct story *story = story_read(text, 0, &arena, unread);
    if (!story) /* `workflow test` says what is wrong with it */
        return true;
    if (docs->story_count < DOCS_STORIES_MAX)
        docs->stories[docs->story_count++] = (struct docs_story){
            arena_copy(&call->arena, story->workflow), arena_copy(&call->arena, story->name)};
    return true;
}

static bool read_stories(struct docs_call *call)
{
    struct path_list list = {0};
    bool is_read = path_list_find(&list, call->catalog_folder, ".story.yaml", true);
    call->docs.stories =
        arena_alloc_array(&call->arena, DOCS_STORIES_MAX, sizeof *call->docs.stories);
    is_read = is_read && call->docs.stories;
    for (uint32_t i = 0; is_read && i < list.count; i++)
        is_read = add_story(call, list.items[i]);
    path_list_fini(&list);
    return is_read;
}

/* The first coverage beneath the folder. False: it has a finding, which is printed. */
static bool read_coverage(struct docs_call *call)
{
    struct path_list list = {0};
    struct docs *docs = &call->docs;
    bool is_good = true;
    (void)path_list_find(&list, call->catalog_folder, ".yaml", true); /* none: no such page */
    for (uint32_t i = 0; is_good && !docs->coverage && i < list.count; i++) {
        size_t mark = arena_mark(&call->arena);
        bool is_coverage =
            artifact_on_disk(docs->context, list.items[i], &call->arena).kind == ARTIFACT_COVERAGE;
        arena_rewind(&call->arena, mark);
        if (!is_coverage)
            continue;
        docs->coverage =
            catalog_coverage(docs->context, list.items[i], call->catalog, &call->arena, stderr);
        is_good = docs->coverage;
    }
    path_list_fini(&list);
    return is_good;
}

static void settle_title(struct docs_call *call)
{
    struct docs *docs = &call->docs;
    const struct coverage *coverage = docs->coverage;
    if (call->title)
        docs->title = bytes_from_text(call->title);
    else if (coverage)
        docs->title =
            docs->is_zh || !coverage->title.en.size ? coverage->title.zh : coverage->title.en;
    else
        docs->title = bytes_from_text(docs->is_zh ? "流程目录" : "Catalogue of workflows");
}

static int read_all(struct docs_call *call, struct definition_context *rules)
{
    static const struct share_choice shipped;
    const struct command_context *context = call->docs.context;
    if (!share_load(context, &shipped, &call->arena, rules)
        || !catalog_open(context, call->catalog_folder, call->catalog))
        return EXIT_TROUBLE;
    if (call->catalog->count == 0) {
        complain(context, "%s 里没有流程", "there are no workflows in %s", call->catalog_folder);
        return EXIT_NO;
    }
    if (call->catalog->error_count || !read_coverage(call))
        return EXIT_NO;
    if (!read_stories(call)) {
        complain(context, "无法读取故事", "the stories cannot be read");
        return EXIT_TROUBLE;
    }
    settle_title(call);
    return EXIT_YES;
}

/* --- where it goes --------------------------------------------------------------------------- */

static void marker_path(const struct docs *docs, char path[FILE_PATH_MAX])
{
    (void)snprintf(path, FILE_PATH_MAX, "%s/" DOCS_MARKER, docs->folder);
}

static bool has_marker(const struct docs *docs)
{
    char path[FILE_PATH_MAX];
    marker_path(docs, path);
    return access(path, R_OK) == 0;
}

static bool is_folder_free(const struct docs *docs)
{
    const struct command_context *context = docs->context;
    switch (folder_look(docs->folder)) {
    case FOLDER_NONE:
    case FOLDER_EMPTY: return true;
    case FOLDER_FULL:
        if (has_marker(docs))
            return true;
        complain(context, "%s 不为空,而且不是以前生成的网页,没有写入",
                 "%s is not empty and holds no earlier output: nothing was written", docs->folder);
        return false;
    case FOLDER_OTHER:
        complain(context, "%s 已存在且不是目录", "%s exists and is no folder", docs->folder);
        return false;
    case FOLDER_NO_PARENT:
        complain(context, "%s 的上级目录不存在或不可写",
                 "%s: the folder above it is missing or not writable", docs->folder);
        return false;
    }
    return false;
}

/* A name that this command could have written: so a marker that was tampered with reaches nothing
 * outside of the folder. */
static bool is_our_name(struct bytes name)
{
    bool is_plain = bytes_ends_with(name, BYTES_LITERAL(".html"));
    for (size_t i = 0; i < name.size; i++)
        is_plain = is_plain && name.ptr[i] > ' ' && name.ptr[i] != '/' && name.ptr[i] < 0x7F;
    return is_plain && name.ptr[0] != '.';
}

static void remove_earlier(const struct docs *docs)
{
    char path[FILE_PATH_MAX];
    size_t size;
    marker_path(docs, path);
    uint8_t *whole =
        has_marker(docs) ? read_whole_file(docs->context, path, MARKER_SIZE_MAX, &size) : NULL;
    if (!whole)
        return;
    for (size_t begin = 0, at = 0; at <= size; at++) {
        if (at < size && whole[at] != '\n')
            continue;
        struct bytes name = {whole + begin, at - begin};
        int length = snprintf(path, sizeof path, "%s/%.*s", docs->folder, BYTES_PRINTF(name));
        if (is_our_name(name) && length > 0 && (size_t)length < sizeof path)
            (void)unlink(path); /* one that is gone already is no trouble */
        begin = at + 1;
    }
    free(whole);
}

/* Before the first page, so that an output that was broken off is known for one. */
static bool write_marker(const struct docs *docs)
{
    char path[FILE_PATH_MAX];
    marker_path(docs, path);
    FILE *file = fopen(path, "wb");
    bool is_written = file;
    if (file) {
        (void)fprintf(file, "index.html\n%s", docs->coverage ? "coverage.html\n" : "");
        for (uint32_t i = 0; i < docs->catalog->count; i++)
            (void)fprintf(file, "workflow-%.*s.html\n",
                          BYTES_PRINTF(docs->catalog->programs[i]->id));
        is_written = !ferror(file);
        is_written = fclose(file) == 0 && is_written;
    }
    if (!is_written)
        complain(docs->context, "无法写入 %s:%s", "cannot write %s: %s", path, strerror(errno));
    return is_written;
}

static bool write_all(const struct docs *docs)
{
    if (mkdir(docs->folder, 0777) != 0 && errno != EEXIST) {
        complain(docs->context, "无法建立 %s:%s", "cannot make %s: %s", docs->folder,
                 strerror(errno));
        return false;
    }
    remove_earlier(docs);
    bool is_written = write_marker(docs) && docs_index(docs);
    if (is_written && docs->coverage)
        is_written = docs_coverage(docs);
    for (uint32_t i = 0; is_written && i < docs->catalog->count; i++)
        is_written = docs_workflow(docs, docs->catalog->programs[i]);
    return is_written;
}

/* --- the call -------------------------------------------------------------------------------- */

static int write_docs(struct docs_call *call)
{
    struct definition_context rules = {0};
    struct docs *docs = &call->docs;
    docs->catalog = call->catalog;
    docs->rules = &rules;
    docs->scratch = &call->arena;
    if (!is_folder_free(docs))
        return EXIT_NO;
    int code = read_all(call, &rules);
    if (code != EXIT_YES)
        return code;
    if (!write_all(docs))
        return EXIT_TROUBLE;
    printf(say(docs->context, "已写入 %s:%u 个流程,%u 个故事%s\n",
               "wrote %s: %u workflows, %u stories%s\n"),
           docs->folder, docs->catalog->count, docs->story_count,
           docs->coverage ? say(docs->context, ",条款对照", ", the plan clause by clause") : "");
    return EXIT_YES;
}

static void parse_words(struct command_context *context, struct docs_call *call,
                        char folder[FILE_PATH_MAX])
{
    const char *out = NULL, *language = "zh";
    const struct option_row rows[] = {
        {"out", "FOLDER", "写到哪个文件夹:新的、空的,或者以前生成的",
         "the folder to write: a new one, an empty one, or an earlier output", &out, NULL},
        {"title", "TEXT", "首页的标题,默认为方案的名称", "the title; the plan's unless told",
         &call->title, NULL},
        {"lang", "zh|en", "网页的语言,默认 zh", "the language of the pages; zh unless told",
         &language, NULL},
        {0},
    };
    options_parse(context, rows);
    if (context->argc != 1)
        usage_error(context, "要写一个流程目录", "name one catalogue");
    if (!out || !folder_name(out, folder, FILE_PATH_MAX))
        usage_error(context, "要写 --out 文件夹", "name the folder: --out FOLDER");
    if (strcmp(language, "zh") != 0 && strcmp(language, "en") != 0)
        usage_error(context, "--lang 只能是 zh 或 en", "--lang is zh or en");
    call->docs.is_zh = strcmp(language, "zh") == 0;
    call->docs.folder = folder;
    call->catalog_folder = context->argv[0];
}

int command_workflow_docs(struct command_context *context)
{
    char folder[FILE_PATH_MAX];
    struct docs_call call = {.docs = {.context = context}};
    int code = EXIT_TROUBLE;
    parse_words(context, &call, folder);
    call.catalog = calloc(1, sizeof *call.catalog);
    call.block = malloc(DOCS_ARENA_SIZE);
    call.story_block = malloc(DEFINITION_ARENA_SIZE);
    call.docs.diagram_block = malloc(DIAGRAM_ARENA_SIZE);
    call.docs.text = malloc(DIAGRAM_TEXT_SIZE);
    arena_init(&call.arena, call.block, call.block ? DOCS_ARENA_SIZE : 0);
    if (call.catalog && call.block && call.story_block && call.docs.diagram_block && call.docs.text)
        code = write_docs(&call);
    else
        complain(context, "内存不足", "out of memory");
    if (call.catalog)
        catalog_close(call.catalog);
    free(call.catalog);
    free(call.block);
    free(call.story_block);
    free(call.docs.diagram_block);
    free(call.docs.text);
    return code;
}
