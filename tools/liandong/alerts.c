/* liandong alerts watch, alerts forget: a durable subscription. Every partition keeps a cursor for
 * the name; what is behind it is fetched by long polls, printed, and only then acknowledged:
 *
 *   fetch ─items─▶ print, flush ─▶ ack ─▶ fetch …          (each partition by itself)
 *
 * so that a watcher that is killed misses nothing, and one that ends orderly repeats nothing. An
 * item that was printed and not yet acknowledged when the watcher died comes again, with its id. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include "proto/ask.h"
#include "tools/liandong/gathered.h"
#include "tools/liandong/online.h"
#include "tools/liandong/repeated.h"
#include "tools/liandong/show.h"
#include "workflows/core/rules.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SCRATCH_SIZE = 16 << 20,
    QUESTION_SIZE = 16 << 10,
    PAGE_ITEMS = 100,
    TURN_MS = 200,      /* how soon a signal is noticed */
    LAST_ACK_MS = 5000, /* how long the end waits for acknowledgements under way */
};

struct feed {
    uint64_t seq;  /* of the question that is out; 0: none */
    bool is_ack;   /* it is an ack, else a fetch */
    bool is_quiet; /* the last fetch came back empty */
};

struct watcher {
    struct command_context *context;
    struct connection *connection;
    struct client *client;
    const char *name;
    bool is_json, is_once;
    int64_t idle_ms; /* 0: for ever */
    int64_t max, printed;
    int64_t item_ms; /* when the last item came */
    struct feed feeds[CONNECTION_PARTITIONS_MAX];
    struct arena arena;
    int exit; /* EXIT_YES while all is well */
};

static volatile sig_atomic_t is_stopped;

static void stop(int signal)
{
    (void)signal;
    is_stopped = 1;
}

static void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL); /* both are signals that can be caught */
    (void)sigaction(SIGTERM, &action, NULL);
}

static int64_t now_ms(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time); /* cannot fail: the clock exists on every Linux */
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* --- printing ------------------------------------------------------------------------------- */

static void print_emitted(struct watcher *watcher, const struct value *item)
{
    const struct command_context *context = watcher->context;
    struct arena *arena = &watcher->arena;
    static const struct value none = {.kind = VALUE_MAP};
    const struct value *event = value_get(item, "event");
    event = event ? event : &none;
    bool has_subject = value_get_text(event, "subject").size > 0;
    printf("%s  %s  %s  %s  %s", show_instant(item, "at", arena), show_cell(item, "case", arena),
           say(context, "发出事件", "emitted"), show_cell(event, "type", arena),
           show_cell(event, "source", arena));
    if (has_subject)
        printf(" → %s", show_cell(event, "subject", arena));
    putchar('\n');
}

static void print_item(struct watcher *watcher, const struct value *item)
{
    const struct command_context *context = watcher->context;
    struct arena *arena = &watcher->arena;
    bool is_cleared = bytes_is(value_get_text(item, "kind"), "alert-cleared");
    if (watcher->is_json) {
        show_json_line(item);
        return;
    }
    if (bytes_is(value_get_text(item, "kind"), "emitted")) {
        print_emitted(watcher, item);
        return;
    }
    printf("%s  %s  %s  %s %s", show_instant(item, "at", arena), show_cell(item, "case", arena),
           is_cleared ? say(context, "提醒解除", "alert cleared")
                      : show_word(context, value_get_text(item, "level"), arena),
           show_text(show_title(context, item, "title"), arena),
           show_word(context, value_get_text(item, "force"), arena));
    printf("  %s %s  %s", say(context, "最后一日", "last day"), show_cell(item, "last_day", arena),
           show_titled(context, item, "unit_title", "unit", arena));
    fputs(" → ", stdout);
    show_recipients(context, value_get(item, "to"), arena);
    if (value_get_bool(item, "unacknowledged", false))
        fputs(say(context, "(前次提醒无人确认)", " (the alert before was not acknowledged)"),
              stdout);
    putchar('\n');
}

/* --- questions ------------------------------------------------------------------------------ */

static void send(struct watcher *watcher, uint32_t partition, const struct value *question)
{
    uint8_t memory[QUESTION_SIZE];
    struct buffer body;
    struct feed *feed = &watcher->feeds[partition];
    buffer_init(&body, memory, sizeof memory);
    codec_encode(question, &body);
    LD_ASSERT(!body.is_full);
    /* One question a partition is out: there is always room. */
    enum ld_err err =
        client_send(watcher->client, WIRE_REQUEST, partition, buffer_bytes(&body), &feed->seq);
    LD_ASSERT(err == LD_OK);
}

static int64_t wait_of(const struct watcher *watcher)
{
    if (watcher->is_once)
        return 0;
    bool is_short = watcher->idle_ms > 0 && watcher->idle_ms < WIRE_WAIT_MAX_MS;
    return is_short ? watcher->idle_ms : WIRE_WAIT_MAX_MS;
}

static void send_fetch(struct watcher *watcher, uint32_t partition)
{
    int64_t left = watcher->max ? watcher->max - watcher->printed : PAGE_ITEMS;
    struct value_entry entries[4] = {
        {BYTES_LITERAL("ask"), value_words(ASK_FETCH)},
        {BYTES_LITERAL("name"), value_words(watcher->name)},
        {BYTES_LITERAL("max"), value_int(left < PAGE_ITEMS ? left : PAGE_ITEMS)},
        {BYTES_LITERAL("wait_ms"), value_int(wait_of(watcher))}};
    struct value question = value_map(entries, 4);
    watcher->feeds[partition].is_ack = false;
    send(watcher, partition, &question);
}

static void send_ack(struct watcher *watcher, uint32_t partition, int64_t cursor)
{
    struct value_entry entries[3] = {{BYTES_LITERAL("ask"), value_words(ASK_ACK)},
                                     {BYTES_LITERAL("name"), value_words(watcher->name)},
                                     {BYTES_LITERAL("cursor"), value_int(cursor)}};
    struct value question = value_map(entries, 3);
    watcher->feeds[partition].is_ack = true;
    send(watcher, partition, &question);
}

static struct value words_of(const struct repeated *texts, struct arena *arena)
{
    struct value *items = arena_alloc_array(arena, texts->count, sizeof *items);
    for (uint32_t i = 0; items && i < texts->count; i++)
        items[i] = value_words(texts->texts[i]);
    return value_list(items, items ? texts->count : 0);
}

struct filter {
    const char *from;
    struct repeated levels, units, types;
    bool is_emitted; /* emitted events too */
};

static bool subscribe(struct watcher *watcher, const struct filter *filter)
{
    static const struct repeated both = {.texts = {"alerts", "emitted"}, .count = 2};
    struct value_entry entries[7];
    struct value_builder builder = {entries, 7, 0};
    struct value answer;
    value_put(&builder, "ask", value_words(ASK_SUBSCRIBE));
    value_put(&builder, "name", value_words(watcher->name));
    value_put(&builder, "from", value_words(filter->from));
    if (filter->levels.count)
        value_put(&builder, "levels", words_of(&filter->levels, &watcher->arena));
    if (filter->units.count)
        value_put(&builder, "units", words_of(&filter->units, &watcher->arena));
    if (filter->is_emitted || filter->types.count)
        value_put(&builder, "kinds", words_of(&both, &watcher->arena));
    if (filter->types.count)
        value_put(&builder, "types", words_of(&filter->types, &watcher->arena));
    struct value question = value_built(&builder);
    for (uint32_t i = 0; i < connection_partitions(watcher->connection); i++) {
        if (!connection_ask(watcher->connection, i, &question, &watcher->arena, &answer))
            return false;
    }
    return true;
}

/* --- answers -------------------------------------------------------------------------------- */

/* Prints what came; then it may be acknowledged. False: it may not. */
static bool print_items(struct watcher *watcher, const struct value *items)
{
    uint32_t count = items->as.list.count;
    for (uint32_t i = 0; i < count; i++)
        print_item(watcher, &items->as.list.items[i]);
    if (fflush(stdout) != 0) {
        complain(watcher->context, "无法写出提醒", "the alerts cannot be written");
        watcher->exit = EXIT_TROUBLE;
        return false;
    }
    watcher->printed += count;
    watcher->item_ms = now_ms();
    return true;
}

static void take_fetched(struct watcher *watcher, uint32_t partition, const struct value *answer)
{
    const struct value *items = value_get(answer, "items");
    struct feed *feed = &watcher->feeds[partition];
    uint32_t count = items && items->kind == VALUE_LIST ? items->as.list.count : 0;
    feed->is_quiet = count == 0;
    /* Another partition used up what --max leaves: these stay behind the cursor. */
    bool is_past_max = watcher->max && watcher->printed >= watcher->max;
    if (count > 0 && !is_past_max && print_items(watcher, items))
        send_ack(watcher, partition, value_get_int(answer, "cursor", 0));
}

static void complain_of(struct watcher *watcher, enum wire_error code, const struct value *body)
{
    const struct command_context *context = watcher->context;
    const struct wire_error_row *words = wire_error_words(code);
    complain(context, "订阅 %s 中断:%s %.*s", "the subscription %s broke off: %s %.*s",
             watcher->name, say(context, words->zh, words->en),
             BYTES_PRINTF(value_get_text(body, "detail")));
    bool is_answer = code == WIRE_ERROR_NOT_FOUND || code == WIRE_ERROR_REFUSED;
    watcher->exit = is_answer ? EXIT_NO : EXIT_TROUBLE;
}

static void take_answer(struct watcher *watcher, const struct client_answer *answer)
{
    struct value body = value_map(NULL, 0);
    uint32_t count = connection_partitions(watcher->connection), partition = 0;
    while (partition < count && watcher->feeds[partition].seq != answer->seq)
        partition++;
    if (partition == count)
        return;
    watcher->feeds[partition].seq = 0;
    arena_clear(&watcher->arena);
    if (answer->body.size
        && codec_decode(answer->body, WIRE_ANSWER_DEPTH_MAX, &watcher->arena, &body))
        body = value_map(NULL, 0);
    if (answer->header.kind == WIRE_ERROR)
        complain_of(watcher, answer->header.code, &body);
    else if (!watcher->feeds[partition].is_ack)
        take_fetched(watcher, partition, &body);
}

static void receive(struct watcher *watcher, int64_t wait_ms)
{
    struct client_answer answer;
    enum ld_err err = client_receive(watcher->client, wait_ms, &answer);
    if (err == LD_OK) {
        take_answer(watcher, &answer);
    } else if (err != LD_TIMEOUT) {
        complain(watcher->context, "连接失败:%s", "the connection failed: %s",
                 say(watcher->context, ld_err_zh(err), ld_err_en(err)));
        watcher->exit = EXIT_TROUBLE;
    }
}

/* --- watching ------------------------------------------------------------------------------- */

static bool are_all_quiet(const struct watcher *watcher)
{
    for (uint32_t i = 0; i < connection_partitions(watcher->connection); i++) {
        if (!watcher->feeds[i].is_quiet)
            return false;
    }
    return true;
}

static bool is_done(const struct watcher *watcher)
{
    if (is_stopped || watcher->exit != EXIT_YES)
        return true;
    if (watcher->max && watcher->printed >= watcher->max)
        return true;
    if (!are_all_quiet(watcher))
        return false;
    bool is_idle = watcher->idle_ms > 0 && now_ms() - watcher->item_ms >= watcher->idle_ms;
    return watcher->is_once || is_idle;
}

/* What was printed is acknowledged before the end; fetches under way are let go. */
static void finish_acks(struct watcher *watcher)
{
    int64_t deadline_ms = now_ms() + LAST_ACK_MS;
    for (uint32_t i = 0; i < connection_partitions(watcher->connection); i++) {
        struct feed *feed = &watcher->feeds[i];
        if (feed->seq && !feed->is_ack) {
            client_forget(watcher->client, feed->seq);
            feed->seq = 0;
        }
        while (feed->seq && watcher->exit == EXIT_YES && now_ms() < deadline_ms)
            receive(watcher, TURN_MS);
    }
}

static void watch(struct watcher *watcher)
{
    watcher->item_ms = now_ms();
    while (!is_done(watcher)) {
        for (uint32_t i = 0; i < connection_partitions(watcher->connection); i++) {
            if (watcher->feeds[i].seq == 0)
                send_fetch(watcher, i);
        }
        receive(watcher, TURN_MS);
    }
    finish_acks(watcher);
}

struct watch_options {
    const char *url, *timeout, *max, *idle;
    struct filter filter;
};

static int64_t number_of(const struct command_context *context, const char *text, double scale)
{
    char *end;
    if (!text)
        return 0;
    double number = strtod(text, &end);
    if (end == text || *end || !(number > 0 && number <= 1e9))
        usage_error(context, "--max、--idle-exit 须为正数",
                    "--max and --idle-exit must be positive");
    return (int64_t)(number * scale);
}

static bool is_level(const char *word)
{
    static const char *const levels[] = {
#define X(name, word, zh, en) word,
        ALERT_LEVEL_TABLE(X)
#undef X
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strcmp(word, levels[i]) == 0)
            return true;
    }
    return false;
}

/* As the worker takes them; said here, where the word stands. */
static void check_words(const struct command_context *context, const struct watcher *watcher,
                        const struct filter *filter)
{
    size_t size = strlen(watcher->name);
    if (size == 0 || size > NAME_MAX_SIZE || strpbrk(watcher->name, " \t\r\n"))
        usage_error(context, "--name 须为 1 到 64 字节,不含空白",
                    "--name takes 1 to 64 bytes without blanks");
    for (uint32_t i = 0; i < filter->levels.count; i++) {
        if (!is_level(filter->levels.texts[i]))
            usage_error(context,
                        "--level 须为 notice、warning、urgent、last-day、overdue 或 escalated",
                        "--level is notice, warning, urgent, last-day, overdue or escalated");
    }
}

static void parse(struct command_context *context, struct watch_options *options,
                  struct watcher *watcher)
{
    struct filter *filter = &options->filter;
    const char *repeated = NULL; /* taken out before; the rows are for the help */
    const struct option_row rows[] = {
        CONNECT_OPTION(&options->url),
        TIMEOUT_OPTION(&options->timeout),
        {"name", "NAME", "订阅的名称", "the subscription's name", &watcher->name, NULL},
        {"from", "start|now", "新订阅从何时起(缺省 now)", "where a new subscription begins (now)",
         &filter->from, NULL},
        {"unit", "UNIT", "只要发给此单位的(可重复)", "only those told to this unit (repeatable)",
         &repeated, NULL},
        {"level", "LEVEL", "只要此级别(可重复)", "only this level (repeatable)", &repeated, NULL},
        {"emitted", NULL, "也要案件发出的事件", "events that cases emit too", NULL,
         &filter->is_emitted},
        {"type", "TYPE", "发出的事件只要此种(可重复)", "of these only this type (repeatable)",
         &repeated, NULL},
        {"once", NULL, "取完现有的就结束", "end when there is no more now", NULL,
         &watcher->is_once},
        {"max", "N", "取到这么多条就结束", "end after so many", &options->max, NULL},
        {"idle-exit", "SECONDS", "空闲这么久就结束", "end after so long without any",
         &options->idle, NULL},
        {"json", NULL, "每条一行 JSON", "one line of JSON an alert", NULL, &watcher->is_json},
        {0}};
    filter->from = "now";
    repeated_take(context, "unit", &filter->units);
    repeated_take(context, "type", &filter->types);
    repeated_take(context, "level", &filter->levels);
    options_parse(context, rows);
    if (context->argc || !watcher->name)
        usage_error(context, "须给 --name", "--name is needed");
    if (strcmp(filter->from, "now") != 0 && strcmp(filter->from, "start") != 0)
        usage_error(context, "--from 须为 start 或 now", "--from must be start or now");
    check_words(context, watcher, filter);
    watcher->max = number_of(context, options->max, 1);
    watcher->idle_ms = number_of(context, options->idle, 1000);
}

int command_alerts_watch(struct command_context *context)
{
    struct watch_options options = {0};
    struct watcher watcher = {.context = context, .exit = EXIT_YES};
    parse(context, &options, &watcher);
    stop_on_signals();
    watcher.connection = connection_open(context, options.url, options.timeout);
    if (!watcher.connection)
        return EXIT_TROUBLE;
    void *memory = malloc(SCRATCH_SIZE);
    arena_init(&watcher.arena, memory, memory ? SCRATCH_SIZE : 0);
    watcher.client = connection_client(watcher.connection);
    if (subscribe(&watcher, &options.filter))
        watch(&watcher);
    else
        watcher.exit = connection_exit(watcher.connection);
    free(memory);
    connection_close(watcher.connection);
    return watcher.exit;
}

/* --- forgetting ----------------------------------------------------------------------------- */

int command_alerts_forget(struct command_context *context)
{
    static uint8_t block[1 << 20];
    const char *url = NULL, *timeout = NULL;
    const struct option_row rows[] = {CONNECT_OPTION(&url), TIMEOUT_OPTION(&timeout), {0}};
    struct arena arena;
    struct value list;
    int exit = EXIT_TROUBLE;
    options_parse(context, rows);
    if (context->argc != 1)
        usage_error(context, "给一个订阅名称", "give one subscription's name");
    struct value_entry entries[2] = {{BYTES_LITERAL("ask"), value_words(ASK_UNSUBSCRIBE)},
                                     {BYTES_LITERAL("name"), value_words(context->argv[0])}};
    struct value question = value_map(entries, 2);
    struct connection *connection = connection_open(context, url, timeout);
    arena_init(&arena, block, sizeof block);
    if (connection && connection_ask(connection, PARTITION_ALL, &question, &arena, &list))
        exit = gathered_check(context, &list);
    else if (connection)
        exit = connection_exit(connection);
    connection_close(connection);
    return exit;
}
