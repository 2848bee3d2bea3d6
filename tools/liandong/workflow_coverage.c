/* `liandong workflow coverage FILE`: how the clauses of a plan are served. The table is shown only
 * when nothing is wrong with it, as a table with a clause that nothing serves would be believed. */
#include "tools/liandong/commands.h"
#include "tools/liandong/coverage_show.h"
#include "tools/liandong/share.h"

#include <stdlib.h>
#include <string.h>

enum { COVERAGE_ARENA_SIZE = 32 << 20 };

enum coverage_format { COVERAGE_TABLE, COVERAGE_MARKDOWN, COVERAGE_JSON };

static int show(const struct coverage_view *view, enum coverage_format format)
{
    switch (format) {
    case COVERAGE_TABLE:
        if (coverage_show_table(view))
            return EXIT_YES;
        complain(view->context, "内存不足", "out of memory");
        return EXIT_TROUBLE;
    case COVERAGE_MARKDOWN: coverage_show_markdown(view); break;
    case COVERAGE_JSON: coverage_show_json(view); break;
    }
    return EXIT_YES;
}

static int cover(const struct command_context *context, struct catalog *catalog,
                 struct arena *arena, enum coverage_format format)
{
    static const struct share_choice shipped;
    const char *path = context->argv[0];
    char folder[FILE_PATH_MAX];
    struct definition_context rules = {0};
    if (!share_load(context, &shipped, arena, &rules))
        return EXIT_TROUBLE;
    if (!catalog_folder(context, path, folder)) {
        complain(context, "找不到流程目录", "there is no catalogue");
        return EXIT_TROUBLE;
    }
    if (!catalog_open(context, folder, catalog))
        return EXIT_TROUBLE;
    const struct coverage *coverage = catalog_coverage(context, path, catalog, arena, stderr);
    if (!coverage || catalog->error_count)
        return EXIT_NO;
    const struct coverage_view view = {context, coverage, catalog, &rules, arena};
    return show(&view, format);
}

static enum coverage_format parse_words(struct command_context *context)
{
    static const char *const words[] = {"table", "markdown", "json"};
    const char *format = words[COVERAGE_TABLE];
    const struct option_row rows[] = {
        {"format", "table|markdown|json", "写成什么样,默认 table",
         "how to write it; table unless told", &format, NULL},
        {0},
    };
    options_parse(context, rows);
    if (context->argc != 1)
        usage_error(context, "要写一个对照文件(coverage)", "name one coverage");
    for (int i = COVERAGE_TABLE; i <= COVERAGE_JSON; i++) {
        if (strcmp(words[i], format) == 0)
            return (enum coverage_format)i;
    }
    usage_error(context, "--format 只能是 table、markdown 或 json",
                "--format is table, markdown or json");
}

int command_workflow_coverage(struct command_context *context)
{
    struct arena arena;
    enum coverage_format format = parse_words(context);
    uint8_t *block = malloc(COVERAGE_ARENA_SIZE);
    struct catalog *catalog = calloc(1, sizeof *catalog);
    int code = EXIT_TROUBLE;
    arena_init(&arena, block, block ? COVERAGE_ARENA_SIZE : 0);
    if (block && catalog)
        code = cover(context, catalog, &arena, format);
    else
        complain(context, "内存不足", "out of memory");
    if (catalog)
        catalog_close(catalog);
    free(catalog);
    free(block);
    return code;
}
