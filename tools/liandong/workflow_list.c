/* liandong workflow list, workflow show: what has been deployed, and its text as it was given. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include "proto/ask.h"
#include "tools/liandong/online.h"
#include "tools/liandong/show.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH_SIZE = 16 << 20, COLUMNS = 4 };

/* --- list ----------------------------------------------------------------------------------- */

static void print_artifacts(const struct command_context *context, const struct value *const *rows,
                            uint32_t count, struct arena *arena)
{
    const char *heads[COLUMNS] = {say(context, "种类", "kind"), say(context, "编号", "id"),
                                  say(context, "版本", "version"), say(context, "名称", "title")};
    const char **cells = arena_alloc_array(arena, (size_t)count * COLUMNS, sizeof *cells);
    for (uint32_t i = 0; cells && i < count; i++) {
        const char **cell = cells + (size_t)i * COLUMNS;
        cell[0] = show_cell(rows[i], "kind", arena);
        cell[1] = show_cell(rows[i], "id", arena);
        cell[2] = show_cell(rows[i], "version", arena);
        cell[3] = show_text(show_title(context, rows[i], "title"), arena);
    }
    if (count && cells)
        print_table(stdout, heads, COLUMNS, cells, count);
}

/* Every partition has the same artifacts: one is asked. */
static int list_artifacts(struct command_context *context, struct connection *connection,
                          bool is_all, bool is_json)
{
    struct arena arena;
    void *memory = malloc(SCRATCH_SIZE);
    struct value_entry entry = {BYTES_LITERAL("ask"), value_words(ASK_ARTIFACTS)};
    struct value answer, question = value_map(&entry, 1);
    arena_init(&arena, memory, memory ? SCRATCH_SIZE : 0);
    int exit = connection_ask(connection, 0, &question, &arena, &answer)
                   ? EXIT_YES
                   : connection_exit(connection);
    const struct value *rows = exit == EXIT_YES ? value_get(&answer, "rows") : NULL;
    uint32_t total = rows && rows->kind == VALUE_LIST ? rows->as.list.count : 0, count = 0;
    const struct value **kept = arena_alloc_array(&arena, total, sizeof *kept);
    for (uint32_t i = 0; kept && i < total; i++) {
        const struct value *row = &rows->as.list.items[i];
        if (is_all || bytes_is(value_get_text(row, "kind"), "workflow"))
            kept[count++] = row;
    }
    for (uint32_t i = 0; is_json && i < count; i++)
        show_json_line(kept[i]);
    if (!is_json)
        print_artifacts(context, kept, count, &arena);
    free(memory);
    return exit;
}

int command_workflow_list(struct command_context *context)
{
    const char *url = NULL, *timeout = NULL;
    bool is_json = false, is_all = false;
    const struct option_row rows[] = {
        CONNECT_OPTION(&url),
        TIMEOUT_OPTION(&timeout),
        {"all", NULL, "也列出日历、提醒规则与单位名录", "calendars, policies and directories too",
         NULL, &is_all},
        {"json", NULL, "每项一行 JSON", "one line of JSON an item", NULL, &is_json},
        {0}};
    options_parse(context, rows);
    if (context->argc)
        usage_error(context, "此命令没有操作数", "this command takes no operands");
    struct connection *connection = connection_open(context, url, timeout);
    int exit = connection ? list_artifacts(context, connection, is_all, is_json) : EXIT_TROUBLE;
    connection_close(connection);
    return exit;
}

/* --- show ----------------------------------------------------------------------------------- */

struct show_options {
    const char *url, *timeout, *version, *kind;
    bool is_json;
};

static int show_artifact(struct command_context *context, struct connection *connection,
                         const struct show_options *options, long version)
{
    struct arena arena;
    void *memory = malloc(SCRATCH_SIZE);
    struct value_entry entries[4];
    struct value_builder builder = {entries, 4, 0};
    struct value answer;
    int exit = EXIT_YES;
    arena_init(&arena, memory, memory ? SCRATCH_SIZE : 0);
    value_put(&builder, "ask", value_words(ASK_ARTIFACT));
    value_put(&builder, "kind", value_words(options->kind));
    value_put(&builder, "id", value_words(context->argv[0]));
    if (version)
        value_put(&builder, "version", value_int(version));
    struct value question = value_built(&builder);
    if (!connection_ask(connection, 0, &question, &arena, &answer)) {
        exit = connection_exit(connection);
    } else if (options->is_json) {
        show_json_line(&answer);
    } else {
        /* Byte for byte, so that what is saved is the deployed version and no other. */
        struct bytes text = value_get_text(&answer, "text");
        fwrite(text.ptr, 1, text.size, stdout);
    }
    free(memory);
    return exit;
}

int command_workflow_show(struct command_context *context)
{
    struct show_options options = {.kind = "workflow"};
    const struct option_row rows[] = {
        CONNECT_OPTION(&options.url),
        TIMEOUT_OPTION(&options.timeout),
        {"version", "N", "哪个版本(缺省为最新)", "which version (default: the newest)",
         &options.version, NULL},
        {"kind", "KIND", "workflow、calendar、policy 或 directory",
         "workflow, calendar, policy or directory", &options.kind, NULL},
        {"json", NULL, "输出 JSON", "print JSON", NULL, &options.is_json},
        {0}};
    char *end = "";
    options_parse(context, rows);
    long version = options.version ? strtol(options.version, &end, 10) : 0;
    if (context->argc != 1 || *end || (options.version && version < 1))
        usage_error(context, "给一个流程编号", "give one workflow's id");
    struct connection *connection = connection_open(context, options.url, options.timeout);
    int exit = connection ? show_artifact(context, connection, &options, version) : EXIT_TROUBLE;
    connection_close(connection);
    return exit;
}
