#include "proto/ask.h"
#include "proto/wire.h"
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"
#include "tools/liandong/online.h"

#include <stdlib.h>

/* `liandong status`: the broker's own account of itself and its partitions, and under it what each
 * worker that is up says of its store. A partition that is down, or goes down while it is asked, is
 * shown with what the broker knows of it. */

enum { ARENA_SIZE = 1 << 20, CELL_MAX = 48, COLUMNS = 10, ROW_ENTRIES = 40, TOP_ENTRIES = 12 };

static struct value question_of(struct value_entry entries[1])
{
    struct value_builder builder = {entries, 1, 0};

    value_put(&builder, "ask", value_words(ASK_STATUS));
    return value_built(&builder);
}

/* --- what is shown --------------------------------------------------------------------------- */

static const char *text_cell(const struct value *row, const char *key, struct arena *arena)
{
    struct bytes text = value_get_text(row, key);
    struct bytes copy;

    if (text.size == 0)
        return "-";
    copy = arena_copy(arena, text);
    return copy.ptr == NULL ? "-" : (const char *)copy.ptr;
}

static const char *number_cell(const struct value *row, const char *key, struct arena *arena)
{
    const struct value *value = value_get(row, key);
    char *cell = value == NULL || value->kind != VALUE_INT ? NULL : arena_alloc(arena, CELL_MAX);

    if (cell == NULL)
        return "-";
    (void)snprintf(cell, CELL_MAX, "%lld", (long long)value->as.integer);
    return cell;
}

/* Emitted events that have no fate yet, and how long the first of them has waited. */
static const char *undelivered_cell(const struct command_context *context, const struct value *row,
                                    struct arena *arena)
{
    int64_t waited_ms = value_get_int(row, "undelivered_ms", -1);
    char *cell = waited_ms < 0 ? NULL : arena_alloc(arena, CELL_MAX);

    if (cell == NULL)
        return number_cell(row, "undelivered", arena);
    (void)snprintf(cell, CELL_MAX, "%lld (%lld %s)",
                   (long long)value_get_int(row, "undelivered", 0), (long long)(waited_ms / 1000),
                   say(context, "秒", "s"));
    return cell;
}

static void put_row_cells(const struct command_context *context, const struct value *row,
                          struct arena *arena, const char *cells[COLUMNS])
{
    uint32_t at = 0;

    cells[at++] = number_cell(row, "partition", arena);
    cells[at++] = value_get_bool(row, "up", false) ? say(context, "运行", "up")
                                                   : say(context, "停止", "down");
    cells[at++] = number_cell(row, "pid", arena);
    cells[at++] = number_cell(row, "epoch", arena);
    cells[at++] = number_cell(row, "queued", arena);
    cells[at++] = number_cell(row, "last", arena);
    cells[at++] = number_cell(row, "applied", arena);
    cells[at++] = number_cell(row, "hot", arena);
    cells[at++] = undelivered_cell(context, row, arena);
    cells[at++] = text_cell(row, "now", arena);
}

static void print_status(const struct command_context *context, const struct value *broker,
                         const struct value *rows, uint32_t count, struct arena *arena)
{
    const char *heads[COLUMNS] = {say(context, "分区", "partition"), say(context, "状态", "state"),
                                  say(context, "进程", "pid"),       say(context, "任期", "epoch"),
                                  say(context, "排队", "queued"),    say(context, "日志位置", "journal"),
                                  say(context, "已并入", "merged"), say(context, "待并入", "to merge"),
                                  say(context, "待送达", "to deliver"),
                                  say(context, "时刻", "now")};
    const char **cells = arena_alloc_array(arena, (size_t)count * COLUMNS, sizeof *cells);

    (void)printf("%s %lld, %s %.*s, %s %lld\n", say(context, "消息代理 进程", "broker pid"),
                 (long long)value_get_int(broker, "pid", 0), say(context, "版本", "version"),
                 BYTES_PRINTF(value_get_text(broker, "version")), say(context, "客户端", "clients"),
                 (long long)value_get_int(broker, "clients", 0));
    if (cells == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        put_row_cells(context, &rows[i], arena, &cells[(size_t)i * COLUMNS]);
    print_table(stdout, heads, COLUMNS, cells, count);
}

static void print_status_json(const struct value *broker, const struct value *rows, uint32_t count)
{
    struct value_entry broker_entries[TOP_ENTRIES], entries[2];
    struct value_builder own = {broker_entries, TOP_ENTRIES, 0}, whole = {entries, 2, 0};
    struct value line;

    for (uint32_t i = 0; i < broker->as.map.count && own.count < TOP_ENTRIES; i++)
        if (!bytes_is(broker->as.map.entries[i].key, "partitions"))
            broker_entries[own.count++] = broker->as.map.entries[i];
    value_put(&whole, "broker", value_built(&own));
    value_put(&whole, "partitions", value_list(rows, count));
    line = value_built(&whole);
    print_json(stdout, &line);
    (void)putchar('\n');
}

/* --- what is asked --------------------------------------------------------------------------- */

/* The broker's row with what the worker adds: keys that both have are the broker's. */
static struct value merged(const struct value *row, const struct value *said, struct arena *arena)
{
    struct value_entry *entries = arena_alloc_array(arena, ROW_ENTRIES, sizeof *entries);
    uint32_t count = 0;

    if (entries == NULL)
        return *row;
    for (uint32_t i = 0; i < row->as.map.count && count < ROW_ENTRIES; i++)
        entries[count++] = row->as.map.entries[i];
    for (uint32_t i = 0; i < said->as.map.count && count < ROW_ENTRIES; i++)
        if (value_get_bytes(row, said->as.map.entries[i].key) == NULL)
            entries[count++] = said->as.map.entries[i];
    return value_map(entries, count);
}

/* Text in an answer may live only until the next question, so what is kept is copied. */
static void keep_texts(struct value *map, struct arena *arena)
{
    struct value_entry *entries = arena_alloc_array(arena, map->as.map.count, sizeof *entries);

    if (entries == NULL)
        return;
    for (uint32_t i = 0; i < map->as.map.count; i++) {
        entries[i] = map->as.map.entries[i];
        entries[i].key = arena_copy(arena, entries[i].key);
        if (entries[i].value.kind == VALUE_TEXT)
            entries[i].value.as.text = arena_copy(arena, entries[i].value.as.text);
    }
    *map = value_map(entries, map->as.map.count);
}

static struct value ask_row(struct connection *connection, struct value row, struct arena *arena)
{
    struct value_entry entries[1];
    struct value question = question_of(entries), said;
    uint32_t partition = (uint32_t)value_get_int(&row, "partition", 0);

    if (!value_get_bool(&row, "up", false)
        || !connection_ask(connection, partition, &question, arena, &said)
        || said.kind != VALUE_MAP)
        return row;
    keep_texts(&said, arena);
    return merged(&row, &said, arena);
}

static int show(const struct command_context *context, struct connection *connection, bool is_json,
                struct arena *arena)
{
    struct value_entry entries[1];
    struct value question = question_of(entries), broker;
    const struct value *list;
    struct value *rows;
    uint32_t count;

    if (!connection_ask(connection, PARTITION_BROKER, &question, arena, &broker))
        return connection_exit(connection);
    list = value_get(&broker, "partitions");
    count = list == NULL || list->kind != VALUE_LIST ? 0 : list->as.list.count;
    rows = arena_alloc_array(arena, count, sizeof *rows);
    if (broker.kind != VALUE_MAP || rows == NULL) {
        complain(context, "答复不完整", "the answer is not complete");
        return EXIT_TROUBLE;
    }
    keep_texts(&broker, arena);
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = list->as.list.items[i];
        keep_texts(&rows[i], arena);
    }
    for (uint32_t i = 0; i < count; i++)
        rows[i] = ask_row(connection, rows[i], arena);
    if (is_json)
        print_status_json(&broker, rows, count);
    else
        print_status(context, &broker, rows, count, arena);
    return EXIT_YES;
}

int command_status(struct command_context *context)
{
    const char *url = NULL, *timeout = NULL;
    bool is_json = false;
    const struct option_row rows[] = {
        CONNECT_OPTION(&url),
        TIMEOUT_OPTION(&timeout),
        {"json", NULL, "输出一行 JSON", "one line of JSON", NULL, &is_json},
        {0},
    };
    struct connection *connection;
    struct arena arena;
    void *block;
    int code = EXIT_TROUBLE;

    options_parse(context, rows);
    if (context->argc > 0)
        usage_error(context, "没有操作数", "there are no operands");
    connection = connection_open(context, url, timeout);
    if (connection == NULL)
        return EXIT_TROUBLE;
    block = malloc(ARENA_SIZE);
    if (block != NULL) {
        arena_init(&arena, block, ARENA_SIZE);
        code = show(context, connection, is_json, &arena);
    }
    free(block);
    connection_close(connection);
    return code;
}
