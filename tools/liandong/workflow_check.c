/* `liandong workflow check FILE|DIR...`: what is wrong with definitions, as FILE:LINE:COL lines
 * that editors and CI understand. A file is checked by what it is (its first key). Calendars,
 * directories and policies of the call come first and judge the workflows of the same call; what
 * the call does not bring is the shipped one. Another workflow that one speaks of is looked for
 * beside it, above it, in the folders of the call, in the shipped catalogue. */
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"
#include "tools/liandong/siblings.h"
#include "tools/liandong/story_files.h"
#include "workflows/language/coverage.h"
#include "workflows/language/story.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct checked_file {
    const char *path;
    struct bytes text;
    struct artifact_name name;
    uint8_t *block; /* owned; of the arena */
    struct arena arena;
    struct diagnostics *diagnostics; /* in the arena */
};

struct checking {
    const struct command_context *context;
    struct path_list paths, folders;
    struct siblings *siblings;  /* owned */
    struct checked_file *files; /* owned */
    struct definition_context rules;
    bool is_json, has_notes;
    uint32_t error_count, warning_count;
};

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool gather(struct checking *checking, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        bool is_whole_folder = is_folder(argv[i]);
        bool is_gathered = is_whole_folder
                               ? path_list_find(&checking->paths, argv[i], ".yaml", true)
                                     && path_list_add(&checking->folders, argv[i])
                               : path_list_add(&checking->paths, argv[i]);
        if (!is_gathered) {
            complain(checking->context, "无法读取 %s", "cannot read %s", argv[i]);
            return false;
        }
    }
    if (checking->paths.count)
        return true;
    complain(checking->context, "没有 .yaml 文件", "there are no .yaml files");
    return false;
}

static bool open_file(const struct checking *checking, const char *path, struct checked_file *file)
{
    size_t size;
    uint8_t *whole = read_whole_file(checking->context, path, DEFINITION_SIZE_MAX, &size);
    file->path = path;
    file->block = whole ? malloc(DEFINITION_ARENA_SIZE) : NULL;
    if (file->block) {
        arena_init(&file->arena, file->block, DEFINITION_ARENA_SIZE);
        file->text = arena_copy(&file->arena, (struct bytes){whole, size});
        file->diagnostics = arena_alloc(&file->arena, sizeof *file->diagnostics);
        diagnostics_init(file->diagnostics, &file->arena, bytes_from_text(path));
        file->name = artifact_name_of(file->text, &file->arena);
    }
    free(whole);
    return file->block;
}

static bool open_files(struct checking *checking)
{
    checking->files = calloc(checking->paths.count, sizeof *checking->files);
    for (uint32_t i = 0; checking->files && i < checking->paths.count; i++) {
        if (!open_file(checking, checking->paths.items[i], &checking->files[i]))
            return false;
    }
    return checking->files;
}

static void check_story(struct checking *checking, struct checked_file *file)
{
    int zone = checking->rules.calendar ? checking->rules.calendar->zone_minutes : 0;
    (void)story_read(file->text, zone, &file->arena, file->diagnostics); /* its findings count */
}

/* Each file is checked once, when the kinds that it is judged by have been. */
static void check_kind(struct checking *checking, enum artifact_kind kind)
{
    struct definition_context *rules = &checking->rules;
    for (uint32_t i = 0; i < checking->paths.count; i++) {
        struct checked_file *file = &checking->files[i];
        const void *result = NULL;
        if (file->name.kind != kind)
            continue;
        checking->siblings->places.beside = file->path;
        switch (kind) {
        case ARTIFACT_CALENDAR:
            result = definition_calendar(file->text, &file->arena, file->diagnostics);
            rules->calendar = result ? result : rules->calendar;
            break;
        case ARTIFACT_DIRECTORY:
            result = definition_directory(file->text, &file->arena, file->diagnostics);
            rules->directory = result ? result : rules->directory;
            break;
        case ARTIFACT_POLICY:
            result = definition_policy_within(file->text, rules, &file->arena, file->diagnostics);
            rules->policy = result ? result : rules->policy;
            break;
        case ARTIFACT_WORKFLOW:
        case ARTIFACT_UNKNOWN: /* the compiler says what is missing */
            (void)definition_workflow(file->text, rules, &file->arena, file->diagnostics);
            break;
        case ARTIFACT_STORY: check_story(checking, file); break;
        case ARTIFACT_COVERAGE: /* its shape: `workflow coverage` holds it against the workflows */
            (void)definition_coverage(file->text, &file->arena, file->diagnostics);
            break;
        }
    }
}

static struct value finding_value(const struct diagnostic *row, struct value_entry *entries,
                                  uint32_t capacity)
{
    static const char *const words[] = {
        [SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "note"};
    struct value_builder map = {entries, capacity, 0};
    value_put(&map, "file", value_text(row->file));
    value_put(&map, "line", value_int(row->place.line));
    value_put(&map, "column", value_int(row->place.column));
    value_put(&map, "severity", value_words(words[row->severity]));
    value_put(&map, "code", value_words(row->code));
    value_put(&map, "zh", value_text(row->zh));
    value_put(&map, "en", value_text(row->en));
    value_put(&map, "hint_zh", value_text(row->hint_zh));
    value_put(&map, "hint_en", value_text(row->hint_en));
    return value_built(&map);
}

static void report_json(const struct diagnostics *diagnostics)
{
    enum { KEYS = 9 };
    struct value_entry entries[KEYS];
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        struct value finding = finding_value(&diagnostics->rows[i], entries, KEYS);
        print_json(stdout, &finding);
        printf("\n");
    }
}

static void report(struct checking *checking)
{
    for (uint32_t i = 0; i < checking->paths.count; i++) {
        const struct diagnostics *diagnostics = checking->files[i].diagnostics;
        checking->error_count += diagnostics->error_count;
        for (uint32_t row = 0; row < diagnostics->count; row++)
            checking->warning_count += diagnostics->rows[row].severity == SEVERITY_WARNING;
        if (checking->is_json)
            report_json(diagnostics);
        else if (checking->has_notes)
            share_print_with_notes(checking->context, stdout, diagnostics);
        else
            share_print_diagnostics(checking->context, stdout, diagnostics);
    }
    if (!checking->is_json)
        printf(say(checking->context, "检查 %u 个文件:%u 个错误,%u 个警告\n",
                   "%u files checked: %u errors, %u warnings\n"),
               checking->paths.count, checking->error_count, checking->warning_count);
}

static int check(struct checking *checking, struct arena *arena)
{
    static const enum artifact_kind order[] = {ARTIFACT_CALENDAR, ARTIFACT_DIRECTORY,
                                               ARTIFACT_POLICY,   ARTIFACT_WORKFLOW,
                                               ARTIFACT_STORY,    ARTIFACT_COVERAGE,
                                               ARTIFACT_UNKNOWN};
    struct share_choice shipped = {0};
    if (!share_load(checking->context, &shipped, arena, &checking->rules))
        return EXIT_TROUBLE;
    checking->siblings->context = checking->context;
    checking->siblings->places.folders = &checking->folders;
    checking->rules.find_workflow = siblings_find;
    checking->rules.finder = checking->siblings;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        check_kind(checking, order[i]);
    report(checking);
    return checking->error_count ? EXIT_NO : EXIT_YES;
}

static void close_files(struct checking *checking)
{
    for (uint32_t i = 0; checking->files && i < checking->paths.count; i++)
        free(checking->files[i].block);
    free(checking->files);
    if (checking->siblings)
        siblings_fini(checking->siblings);
    free(checking->siblings);
    path_list_fini(&checking->paths);
    path_list_fini(&checking->folders);
}

int command_workflow_check(struct command_context *context)
{
    struct checking checking = {.context = context};
    struct arena arena;
    const struct option_row rows[] = {
        {"notes", NULL, "连同提示一并列出:不算问题,供参考", "list notes too: what may be meant so",
         NULL, &checking.has_notes},
        {"json", NULL, "每个问题一行 JSON", "one line of JSON a finding", NULL, &checking.is_json},
        {0},
    };
    options_parse(context, rows);
    if (context->argc == 0)
        usage_error(context, "要检查哪些文件?", "which files?");
    int code = EXIT_TROUBLE;
    void *block = malloc(DEFINITION_ARENA_SIZE);
    checking.siblings = calloc(1, sizeof *checking.siblings);
    if (block && checking.siblings && gather(&checking, context->argc, context->argv)
        && open_files(&checking)) {
        arena_init(&arena, block, DEFINITION_ARENA_SIZE);
        code = check(&checking, &arena);
    }
    close_files(&checking);
    free(block);
    return code;
}
