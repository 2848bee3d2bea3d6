/* liandong clock advance: moves the manual clock of a system that was started with one, and returns
 * when everything due up to then has happened and is on disk. Tests and demonstrations only. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include "proto/ask.h"
#include "tools/liandong/gathered.h"
#include "tools/liandong/online.h"
#include "tools/liandong/show.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH_SIZE = 1 << 20, ZONE_MINUTES = 480 /* 中华人民共和国统一用北京时间 */ };

struct clock_options {
    const char *url, *timeout, *to, *by;
    bool is_json;
};

/* "1 day", "36 hours", "90 minutes", "2 weeks"; 0 where it is none of them. */
static int64_t duration_of(const char *text)
{
    static const struct {
        const char *word;
        int64_t unit_ms;
    } rows[] = {{"second", 1000},
                {"minute", MINUTE_MS},
                {"hour", HOUR_MS},
                {"day", DAY_MS},
                {"week", 7 * (int64_t)DAY_MS}};
    char *end;
    long count = strtol(text, &end, 10);
    if (end == text || count <= 0 || count > 100000 || *end != ' ')
        return 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t length = strlen(rows[i].word);
        const char *rest = end + 1 + length;
        if (strncmp(end + 1, rows[i].word, length) == 0 && (!*rest || strcmp(rest, "s") == 0))
            return count * rows[i].unit_ms;
    }
    return 0;
}

static bool now_of(struct connection *connection, struct arena *arena, int64_t *ret_now_ms)
{
    struct value_entry entry = {BYTES_LITERAL("ask"), value_words(ASK_STATUS)};
    struct value answer, question = value_map(&entry, 1);
    return connection_ask(connection, 0, &question, arena, &answer)
           && instant_parse(value_get_text(&answer, "now"), ZONE_MINUTES, ret_now_ms);
}

static int show(const struct command_context *context, const struct value *list, bool is_json,
                struct arena *arena)
{
    struct bytes now = BYTES_NONE;
    int64_t fired = 0;
    for (uint32_t i = 0; i < list->as.list.count; i++) {
        const struct value *answer = gathered_answer(&list->as.list.items[i]);
        fired += value_get_int(answer, "fired", 0);
        if (answer)
            now = value_get_text(answer, "now");
    }
    struct value_entry entries[2] = {{BYTES_LITERAL("now"), value_text(now)},
                                     {BYTES_LITERAL("fired"), value_int(fired)}};
    struct value map = value_map(entries, 2);
    if (is_json)
        show_json_line(&map);
    else
        printf(say(context, "现在是 %s,期间有 %lld 项到时\n", "it is %s; %lld instants came\n"),
               show_instant(&map, "now", arena), (long long)fired);
    return EXIT_YES;
}

static int advance(struct command_context *context, struct connection *connection,
                   const struct clock_options *options, struct arena *arena)
{
    uint8_t memory[40];
    struct buffer to;
    int64_t to_ms;
    buffer_init(&to, memory, sizeof memory);
    if (options->by) {
        if (!now_of(connection, arena, &to_ms))
            return connection_exit(connection);
        to_ms += duration_of(options->by);
    } else if (!instant_parse(bytes_from_text(options->to), ZONE_MINUTES, &to_ms)) {
        usage_error(context, "--to 须为 RFC 3339 时间", "--to must be an RFC 3339 instant");
    }
    buffer_put_instant(&to, to_ms, ZONE_MINUTES);
    struct value_entry entries[2] = {{BYTES_LITERAL("ask"), value_words(ASK_CLOCK)},
                                     {BYTES_LITERAL("to"), value_text(buffer_bytes(&to))}};
    struct value list, question = value_map(entries, 2);
    if (!connection_ask(connection, PARTITION_ALL, &question, arena, &list))
        return connection_exit(connection);
    int exit = gathered_check(context, &list);
    return exit == EXIT_YES ? show(context, &list, options->is_json, arena) : exit;
}

int command_clock_advance(struct command_context *context)
{
    struct clock_options options = {0};
    const struct option_row rows[] = {
        CONNECT_OPTION(&options.url),
        TIMEOUT_OPTION(&options.timeout),
        {"to", "INSTANT", "拨到此时", "set it to this instant", &options.to, NULL},
        {"by", "DURATION", "拨快多少,如 \"1 day\"", "move it on, as in \"1 day\"", &options.by,
         NULL},
        {"json", NULL, "输出 JSON", "print JSON", NULL, &options.is_json},
        {0}};
    int exit = EXIT_TROUBLE;
    options_parse(context, rows);
    if (context->argc == 1 && !options.to)
        options.to = context->argv[--context->argc];
    if (context->argc || !options.to == !options.by)
        usage_error(context, "给 --to 或 --by 之一", "give one of --to and --by");
    if (options.by && duration_of(options.by) == 0)
        usage_error(context, "--by 须如 \"1 day\"、\"36 hours\"",
                    "--by must be like \"1 day\" or \"36 hours\"");
    struct arena arena;
    void *memory = malloc(SCRATCH_SIZE);
    arena_init(&arena, memory, memory ? SCRATCH_SIZE : 0);
    struct connection *connection = connection_open(context, options.url, options.timeout);
    if (connection)
        exit = advance(context, connection, &options, &arena);
    connection_close(connection);
    free(memory);
    return exit;
}
