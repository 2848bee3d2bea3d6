/* liandong overdue: who is late with what, the longest overdue first. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include "proto/ask.h"
#include "tools/liandong/gathered.h"
#include "tools/liandong/online.h"
#include "tools/liandong/show.h"

#include <stdlib.h>

/* Of one partition 500 rows: an answer and its cells, decoded. */
enum { PARTITION_SCRATCH_SIZE = 4 << 20, COLUMNS = 7, ASKED_MAX = 500 };

struct collected {
    const struct value **rows;
    uint32_t count;
    bool is_cut; /* a partition has more than it may say at once */
};

static int compare(const void *left, const void *right)
{
    const struct value *a = *(const struct value *const *)left;
    const struct value *b = *(const struct value *const *)right;
    int order = bytes_compare(value_get_text(a, "due"), value_get_text(b, "due"));
    if (order == 0)
        order = bytes_compare(value_get_text(a, "case"), value_get_text(b, "case"));
    return order ? order : bytes_compare(value_get_text(a, "clock"), value_get_text(b, "clock"));
}

static const struct value *rows_of(const struct value *part)
{
    const struct value *rows = value_get(gathered_answer(part), "rows");
    return rows && rows->kind == VALUE_LIST ? rows : NULL;
}

static bool collect(const struct value *list, struct arena *arena, struct collected *collected)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < list->as.list.count; i++) {
        const struct value *rows = rows_of(&list->as.list.items[i]);
        total += rows ? rows->as.list.count : 0;
    }
    collected->rows = arena_alloc_array(arena, total, sizeof *collected->rows);
    if (!collected->rows)
        return false;
    for (uint32_t i = 0; i < list->as.list.count; i++) {
        const struct value *part = &list->as.list.items[i], *rows = rows_of(part);
        for (uint32_t k = 0; rows && k < rows->as.list.count; k++)
            collected->rows[collected->count++] = &rows->as.list.items[k];
        collected->is_cut |= value_get_bool(gathered_answer(part), "more", false);
    }
    qsort(collected->rows, collected->count, sizeof *collected->rows, compare);
    return true;
}

static void print_overdue(const struct command_context *context, const struct collected *collected,
                          struct arena *arena)
{
    const char *heads[COLUMNS] = {
        say(context, "案件", "case"),       say(context, "期限", "clock"),
        say(context, "责任单位", "unit"),   say(context, "效力", "force"),
        say(context, "最后一日", "last day"), say(context, "逾期天数", "days overdue"),
        say(context, "级别", "level")};
    const char **cells =
        arena_alloc_array(arena, (size_t)collected->count * COLUMNS, sizeof *cells);
    for (uint32_t i = 0; cells && i < collected->count; i++) {
        const struct value *row = collected->rows[i];
        const char **cell = cells + (size_t)i * COLUMNS;
        cell[0] = show_cell(row, "case", arena);
        cell[1] = show_text(show_title(context, row, "title"), arena);
        cell[2] = show_titled(context, row, "unit_title", "unit", arena);
        cell[3] = show_word(context, value_get_text(row, "force"), arena);
        cell[4] = show_cell(row, "last_day", arena);
        cell[5] = show_cell(row, "days", arena);
        cell[6] = show_word(context, value_get_text(row, "level"), arena);
    }
    if (collected->count == 0)
        puts(say(context, "没有逾期的期限", "nothing is overdue"));
    else if (cells)
        print_table(stdout, heads, COLUMNS, cells, collected->count);
}

static int ask_overdue(struct command_context *context, struct connection *connection,
                       const char *unit, bool is_json)
{
    struct arena arena;
    size_t size = (size_t)PARTITION_SCRATCH_SIZE * (1 + connection_partitions(connection));
    void *memory = malloc(size);
    struct collected collected = {0};
    struct value_entry entries[4];
    struct value_builder builder = {entries, 4, 0};
    struct value list;
    int exit = EXIT_TROUBLE;
    arena_init(&arena, memory, memory ? size : 0);
    value_put(&builder, "ask", value_words(ASK_OVERDUE));
    value_put(&builder, "max", value_int(ASKED_MAX));
    value_put(&builder, "fresh", value_bool(true)); /* with all that was answered before */
    if (unit)
        value_put(&builder, "unit", value_words(unit));
    struct value question = value_built(&builder);
    if (!connection_ask(connection, PARTITION_ALL, &question, &arena, &list)) {
        exit = connection_exit(connection);
    } else if (list.kind != VALUE_LIST) {
        exit = gathered_check(context, &list);
    } else if (collect(&list, &arena, &collected)) {
        exit = gathered_check(context, &list);
        for (uint32_t i = 0; is_json && i < collected.count; i++)
            show_json_line(collected.rows[i]);
        if (!is_json)
            print_overdue(context, &collected, &arena);
        if (collected.is_cut)
            complain(context, "还有更多:用 --unit 缩小范围", "there are more: narrow it by --unit");
    }
    free(memory);
    return exit;
}

int command_overdue(struct command_context *context)
{
    const char *url = NULL, *timeout = NULL, *unit = NULL;
    bool is_json = false;
    const struct option_row rows[] = {
        CONNECT_OPTION(&url),
        TIMEOUT_OPTION(&timeout),
        {"unit", "UNIT", "只列此单位的", "only those of this unit", &unit, NULL},
        {"json", NULL, "每项一行 JSON", "one line of JSON an item", NULL, &is_json},
        {0}};
    options_parse(context, rows);
    if (context->argc)
        usage_error(context, "此命令没有操作数", "this command takes no operands");
    struct connection *connection = connection_open(context, url, timeout);
    int exit = connection ? ask_overdue(context, connection, unit, is_json) : EXIT_TROUBLE;
    connection_close(connection);
    return exit;
}
