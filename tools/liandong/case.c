/* liandong case show, case list: one case with its clocks, and the cases of all partitions. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include "proto/ask.h"
#include "tools/liandong/online.h"
#include "tools/liandong/rows.h"
#include "tools/liandong/show.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCRATCH_SIZE = 16 << 20,
    CLOCK_COLUMNS = 7,
    SUB_COLUMNS = 4,
    LIST_COLUMNS = 6,
    TABLE_ROWS = 200
};

/* --- show ----------------------------------------------------------------------------------- */

static void print_pair(const struct command_context *context, const char *zh, const char *en,
                       struct bytes text)
{
    if (text.size)
        printf("%s%s%.*s\n", say(context, zh, en), say(context, ":", ": "), BYTES_PRINTF(text));
}

/* A value of a field or party: of a unit its title, and the id, which a command takes. */
static const char *value_of(const struct command_context *context, const struct value *answer,
                            const char *shown, struct arena *arena)
{
    struct bytes title = show_title(context, value_get(answer, "units_titles"), shown);
    if (title.size == 0)
        return shown;
    size_t size = title.size + strlen(shown) + sizeof " ()";
    char *both = arena_alloc(arena, size);
    if (!both)
        return shown;
    snprintf(both, size, "%s (%s)", show_text(title, arena), shown);
    return both;
}

/* Of the answer the map under a key, with its titles under another. */
static void print_named(const struct command_context *context, const char *head,
                        const struct value *answer, const char *const keys[2], struct arena *arena)
{
    const struct value *map = value_get(answer, keys[0]), *titles = value_get(answer, keys[1]);
    if (!map || map->kind != VALUE_MAP || map->as.map.count == 0)
        return;
    printf("%s%s", head, say(context, ":", ": "));
    for (uint32_t i = 0; i < map->as.map.count; i++) {
        const struct value_entry *entry = &map->as.map.entries[i];
        const char *key = show_text(entry->key, arena);
        struct bytes title = show_title(context, titles, key);
        printf("%s%s=%s", i ? ", " : "", title.size ? show_text(title, arena) : key,
               value_of(context, answer, show_cell(map, key, arena), arena));
    }
    putchar('\n');
}

/* Days left, or late, in words; "" where neither can be said. */
static const char *days_of(const struct command_context *context, const struct value *clock,
                           struct arena *arena)
{
    char text[64] = "";
    int64_t left = value_get_int(clock, "days_left", -1),
            late = value_get_int(clock, "days_late", 0);
    if (late > 0)
        snprintf(text, sizeof text, say(context, "迟 %lld 天", "%lld days late"), (long long)late);
    else if (left >= 0)
        snprintf(text, sizeof text, say(context, "剩 %lld 天", "%lld days left"), (long long)left);
    return show_text(bytes_from_text(text), arena);
}

static void print_clocks(const struct command_context *context, const struct value *clocks,
                         struct arena *arena)
{
    const char *heads[CLOCK_COLUMNS] = {
        say(context, "期限", "clock"),    say(context, "效力", "force"),
        say(context, "责任单位", "unit"), say(context, "状态", "status"),
        say(context, "起算", "from"),     say(context, "最后一日", "last day"),
        say(context, "天数", "days")};
    uint32_t count = clocks && clocks->kind == VALUE_LIST ? clocks->as.list.count : 0, rows = 0;
    const char **cells = arena_alloc_array(arena, (size_t)count * CLOCK_COLUMNS, sizeof *cells);
    for (uint32_t i = 0; cells && i < count; i++) {
        const struct value *clock = &clocks->as.list.items[i];
        struct bytes status = value_get_text(clock, "status");
        if (bytes_is(status, "idle"))
            continue;
        const char **row = cells + (size_t)rows++ * CLOCK_COLUMNS;
        row[0] = show_text(show_title(context, clock, "title"), arena);
        row[1] = show_word(context, value_get_text(clock, "force"), arena);
        row[2] = show_titled(context, clock, "unit_title", "unit", arena);
        row[3] = show_status(context, clock, arena);
        row[4] = show_cell(clock, "anchor", arena);
        row[5] = show_cell(clock, "last_day", arena);
        row[6] = days_of(context, clock, arena);
    }
    if (rows)
        print_table(stdout, heads, CLOCK_COLUMNS, cells, rows);
}

/* How the case stands in its family: by whom it is suspended, and what it opened. */
static void print_suspension(const struct command_context *context, const struct value *answer)
{
    if (value_get_bool(answer, "suspended", false))
        puts(say(context, "已中止", "suspended"));
    if (value_get_bool(answer, "suspended_above", false))
        puts(say(context, "随上级案件中止", "suspended with its parent"));
}

static void print_subs(const struct command_context *context, const struct value *subs,
                       struct arena *arena)
{
    const char *heads[SUB_COLUMNS] = {
        say(context, "下级案件", "sub-case"), say(context, "流程", "workflow"),
        say(context, "状态", "state"), say(context, "办结方式", "outcome")};
    uint32_t count = subs && subs->kind == VALUE_LIST ? subs->as.list.count : 0;
    const char **cells = arena_alloc_array(arena, (size_t)count * SUB_COLUMNS, sizeof *cells);
    for (uint32_t i = 0; cells && i < count; i++) {
        const struct value *sub = &subs->as.list.items[i];
        const char **row = cells + (size_t)i * SUB_COLUMNS;
        row[0] = show_cell(sub, "id", arena);
        row[1] = show_titled(context, sub, "title", "workflow", arena);
        row[2] = show_titled(context, sub, "state_title", "state", arena);
        row[3] = show_cell(sub, "outcome", arena);
    }
    if (cells && count)
        print_table(stdout, heads, SUB_COLUMNS, cells, count);
}

static void print_case(const struct command_context *context, const struct value *answer,
                       struct arena *arena)
{
    printf("%s  %s\n", show_cell(answer, "id", arena),
           show_text(show_title(context, answer, "title"), arena));
    print_pair(context, "状态", "state", show_title(context, answer, "state_title"));
    print_pair(context, "办结方式", "outcome", value_get_text(answer, "outcome"));
    print_suspension(context, answer);
    print_pair(context, "上级案件", "parent", value_get_text(answer, "parent"));
    print_pair(context, "立卷", "opened", value_get_text(answer, "opened_date"));
    print_pair(context, "下一时点", "next", bytes_from_text(show_instant(answer, "next", arena)));
    print_named(context, say(context, "当事方", "parties"), answer,
                (const char *const[]){"parties", "parties_titles"}, arena);
    print_named(context, say(context, "数据", "data"), answer,
                (const char *const[]){"fields", "fields_titles"}, arena);
    print_clocks(context, value_get(answer, "clocks"), arena);
    print_subs(context, value_get(answer, "subs"), arena);
}

static int ask_case(struct command_context *context, struct connection *connection, bool is_json)
{
    struct arena arena;
    void *memory = malloc(SCRATCH_SIZE);
    struct bytes id = bytes_from_text(context->argv[0]);
    struct value_entry entries[2] = {{BYTES_LITERAL("ask"), value_words(ASK_CASE)},
                                     {BYTES_LITERAL("id"), value_text(id)}};
    struct value answer, question = value_map(entries, 2);
    arena_init(&arena, memory, memory ? SCRATCH_SIZE : 0);
    uint32_t partition = wire_partition(id, connection_partitions(connection));
    int exit = EXIT_YES;
    if (!connection_ask(connection, partition, &question, &arena, &answer))
        exit = connection_exit(connection);
    else if (is_json)
        show_json_line(&answer);
    else
        print_case(context, &answer, &arena);
    free(memory);
    return exit;
}

int command_case_show(struct command_context *context)
{
    const char *url = NULL, *timeout = NULL;
    bool is_json = false;
    const struct option_row rows[] = {CONNECT_OPTION(&url),
                                      TIMEOUT_OPTION(&timeout),
                                      {"json", NULL, "输出 JSON", "print JSON", NULL, &is_json},
                                      {0}};
    options_parse(context, rows);
    if (context->argc != 1)
        usage_error(context, "给一个案件编号", "give one case id");
    struct connection *connection = connection_open(context, url, timeout);
    int exit = connection ? ask_case(context, connection, is_json) : EXIT_TROUBLE;
    connection_close(connection);
    return exit;
}

/* --- list ----------------------------------------------------------------------------------- */

struct list_options {
    const char *url, *timeout, *workflow, *state, *max;
    bool is_json;
};

/* A screenful of rows whose texts live in the arena: printed as a table, then begun anew. */
struct table {
    const struct command_context *context;
    struct arena arena;
    const char *cells[TABLE_ROWS * LIST_COLUMNS];
    uint32_t rows;
};

static void print_rows(struct table *table)
{
    const struct command_context *context = table->context;
    const char *heads[LIST_COLUMNS] = {
        say(context, "案件", "case"),           say(context, "流程", "workflow"),
        say(context, "状态", "state"),          say(context, "办结方式", "outcome"),
        say(context, "下一期限", "next clock"), say(context, "最后一日", "last day")};
    if (table->rows)
        print_table(stdout, heads, LIST_COLUMNS, table->cells, table->rows);
    table->rows = 0;
    arena_clear(&table->arena);
}

static void add_row(struct table *table, const struct value *row)
{
    struct arena *arena = &table->arena;
    const char **cells = table->cells + (size_t)table->rows++ * LIST_COLUMNS;
    cells[0] = show_cell(row, "id", arena);
    cells[1] = show_cell(row, "workflow", arena);
    cells[2] = show_text(show_title(table->context, row, "state_title"), arena);
    cells[3] = show_cell(row, "outcome", arena);
    cells[4] = show_text(show_title(table->context, row, "next_title"), arena);
    cells[5] = show_cell(row, "next_last_day", arena);
    if (table->rows == TABLE_ROWS)
        print_rows(table);
}

static int list_cases(struct command_context *context, struct connection *connection,
                      const struct list_options *options, long max)
{
    static struct table table;
    static uint8_t block[1 << 20];
    struct value_entry entries[3];
    struct value_builder builder = {entries, 3, 0};
    const struct value *row;
    value_put(&builder, "ask", value_words(ASK_CASES));
    if (options->workflow)
        value_put(&builder, "workflow", value_words(options->workflow));
    if (options->state)
        value_put(&builder, "state", value_words(options->state));
    struct value question = value_built(&builder);
    struct rows *rows = rows_open(context, connection, PARTITION_ALL, &question, "id");
    if (!rows)
        return EXIT_TROUBLE;
    table.context = context;
    arena_init(&table.arena, block, sizeof block);
    long count = 0;
    for (; (max == 0 || count < max) && (row = rows_next(rows)); count++) {
        if (options->is_json)
            show_json_line(row);
        else
            add_row(&table, row);
    }
    print_rows(&table);
    if (count == 0 && !options->is_json && !rows_failed(rows))
        puts(say(context, "没有案件", "no cases"));
    int exit = rows_failed(rows) ? connection_exit(connection) : EXIT_YES;
    rows_close(rows);
    return exit;
}

int command_case_list(struct command_context *context)
{
    struct list_options options = {0};
    const struct option_row rows[] = {
        CONNECT_OPTION(&options.url),
        TIMEOUT_OPTION(&options.timeout),
        {"workflow", "ID", "只列此流程的案件", "only cases of this workflow", &options.workflow,
         NULL},
        {"state", "STATE", "只列处于此状态的案件", "only cases in this state", &options.state,
         NULL},
        {"max", "N", "最多列出多少件", "at most so many", &options.max, NULL},
        {"json", NULL, "每件一行 JSON", "one line of JSON a case", NULL, &options.is_json},
        {0}};
    char *end = "";
    options_parse(context, rows);
    long max = options.max ? strtol(options.max, &end, 10) : 0;
    if (context->argc || *end || (options.max && max < 1))
        usage_error(context, "--max 须为正整数,且没有其他操作数",
                    "--max takes a whole number from 1; there are no operands");
    struct connection *connection = connection_open(context, options.url, options.timeout);
    int exit = connection ? list_cases(context, connection, &options, max) : EXIT_TROUBLE;
    connection_close(connection);
    return exit;
}
