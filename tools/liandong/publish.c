/* liandong publish: every event of a stream gets its fate, printed in the order of the input.
 *
 *   line ─read─▶ waiting ─message─▶ out ─fates─▶ done ─in order─▶ printed
 *
 * The window of events between reading and printing is bounded, so a stream of any length is taken.
 * Events without an answer go again by themselves (proto/session.h); the command gives up when no
 * answer at all has come for the time of --timeout, and says which events have no fate. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include "base/crc32.h"
#include "tools/liandong/lines.h"
#include "tools/liandong/online.h"
#include "tools/liandong/publish_plan.h"
#include "tools/liandong/publish_show.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGES_OUT_MAX = 4, /* to one partition */
    LINES_A_TURN = 1024,
    IDLE_WAIT_MS = 200,
    ANSWER_WAIT_MS = 10, /* while more lines may come */
    PROGRESS_MS = 200,
    SCRATCH_SIZE = 8 << 20, /* a body of answers, decoded */
    HELD_MAX = 32 << 20,    /* bytes of events read and not yet printed */
};

struct slot {
    uint8_t *event; /* encoded, owned, until it is done */
    char *text;     /* its line of output, owned */
    size_t text_size;
};

struct publisher {
    struct command_context *context;
    struct connection *connection;
    struct client *client;
    struct fate_printer printer;
    struct lines lines;
    bool is_reading;
    struct plan plan;
    struct slot slots[PLAN_EVENTS_MAX];
    uint32_t out_count, out[CONNECTION_PARTITIONS_MAX]; /* messages */
    struct arena arena;
    struct buffer body, event;
    int64_t answered_ms, shown_ms;
    size_t held;
    uint64_t events, refused, fateless;
    bool is_failed; /* the connection, or a timeout */
    bool shows_progress;
};

static int64_t now_ms(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time); /* cannot fail: the clock exists on every Linux */
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* --- the lines of output -------------------------------------------------------------------- */

/* A stream into memory that becomes the event's line. */
static FILE *open_text(struct publisher *publisher, uint32_t index)
{
    struct slot *slot = &publisher->slots[index];
    FILE *stream = open_memstream(&slot->text, &slot->text_size);
    LD_ASSERT(stream); /* a few hundred bytes */
    return stream;
}

static void show_progress(struct publisher *publisher, bool is_last)
{
    int64_t now = now_ms();
    if (!publisher->shows_progress || (!is_last && now - publisher->shown_ms < PROGRESS_MS))
        return;
    publisher->shown_ms = now;
    fprintf(stderr,
            say(publisher->context, "\r已发布 %llu,拒绝 %llu ", "\r%llu published, %llu refused "),
            (unsigned long long)publisher->events, (unsigned long long)publisher->refused);
    if (is_last)
        fputc('\n', stderr);
}

static void print_done(struct publisher *publisher)
{
    uint32_t index;
    bool is_any = false;
    while (plan_pop(&publisher->plan, &index)) {
        struct slot *slot = &publisher->slots[index];
        fputs(slot->text, stdout);
        publisher->held -= slot->event ? publisher->plan.events[index].size : 0;
        free(slot->text);
        free(slot->event);
        *slot = (struct slot){0};
        publisher->events++;
        is_any = true;
    }
    if (is_any)
        fflush(stdout);
    show_progress(publisher, false);
}

/* --- events in ------------------------------------------------------------------------------ */

static void add_malformed(struct publisher *publisher, const struct value *event,
                          const struct event_problem *problem)
{
    uint32_t index = plan_add_done(&publisher->plan);
    FILE *stream = open_text(publisher, index);
    print_malformed(stream, &publisher->printer, publisher->lines.number, event, problem);
    fclose(stream);
    publisher->refused++;
}

static void add_event(struct publisher *publisher, const struct value *event)
{
    struct envelope envelope;
    struct event_problem problem;
    if (event_encode(event, &publisher->event, &envelope, &problem)) {
        add_malformed(publisher, event, &problem);
        return;
    }
    struct bytes root =
        bytes_slice(envelope.subject, 0, bytes_find(envelope.subject, BYTES_LITERAL("/")));
    size_t size = publisher->event.used;
    uint32_t index =
        plan_add(&publisher->plan,
                 wire_partition(envelope.subject, connection_partitions(publisher->connection)),
                 crc32_of(root), size);
    uint8_t *copy = malloc(size);
    LD_ASSERT(copy); /* at most the window times a few hundred bytes, as a rule */
    memcpy(copy, publisher->event.ptr, size);
    publisher->slots[index].event = copy;
    publisher->held += size;
}

static void add_line(struct publisher *publisher, struct bytes line)
{
    struct value event = VALUE_ABSENT;
    struct event_problem problem;
    struct bytes mark = BYTES_LITERAL("\uFEFF");
    arena_clear(&publisher->arena);
    if (publisher->lines.number == 1 && bytes_starts_with(line, mark)) /* of Windows editors */
        line = bytes_slice(line, mark.size, line.size - mark.size);
    if (event_read(line, &publisher->arena, &event, &problem))
        add_malformed(publisher, NULL, &problem);
    else
        add_event(publisher, &event);
}

static bool is_blank(struct bytes line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t')
            return false;
    }
    return true;
}

static bool has_room(const struct publisher *publisher)
{
    return plan_has_room(&publisher->plan) && publisher->held < HELD_MAX;
}

/* Whether more lines may be there at once. */
static bool read_lines(struct publisher *publisher)
{
    static const struct event_problem too_long = {"一行超过 65536 字节",
                                                  "a line of more than 65536 bytes"};
    struct bytes line;
    int wait_ms = publisher->plan.count == 0 ? IDLE_WAIT_MS : 0;
    for (int i = 0; i < LINES_A_TURN && has_room(publisher); i++) {
        enum line_status status = lines_next(&publisher->lines, wait_ms, &line);
        if (status == LINE_END)
            publisher->is_reading = false;
        if (status == LINE_END || status == LINE_LATER)
            return false;
        if (status == LINE_TOO_LONG)
            add_malformed(publisher, NULL, &too_long);
        else if (!is_blank(line))
            add_line(publisher, line);
        wait_ms = 0;
    }
    return has_room(publisher);
}

/* --- messages out --------------------------------------------------------------------------- */

/* The encoded events one behind the other, as an array. */
static void fill_body(struct publisher *publisher, const struct plan_batch *batch)
{
    buffer_clear(&publisher->body);
    buffer_put_u8(&publisher->body, 0xdc); /* msgpack: array 16 */
    buffer_put_u16(&publisher->body, (uint16_t)batch->count);
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t index = batch->indices[i];
        buffer_put(&publisher->body, (struct bytes){publisher->slots[index].event,
                                                    publisher->plan.events[index].size});
    }
    LD_ASSERT(!publisher->body.is_full);
}

static void send_to(struct publisher *publisher, uint32_t partition)
{
    struct plan_batch batch;
    uint64_t seq;
    while (publisher->out[partition] < MESSAGES_OUT_MAX && publisher->plan.waiting > 0
           && plan_take(&publisher->plan, partition, &batch)) {
        fill_body(publisher, &batch);
        if (client_send(publisher->client, WIRE_PUBLISH, partition, buffer_bytes(&publisher->body),
                        &seq))
            return; /* too many are out: after the next answer */
        if (publisher->out_count == 0)
            publisher->answered_ms = now_ms();
        plan_mark_out(&publisher->plan, &batch, seq);
        publisher->out[partition]++;
        publisher->out_count++;
    }
}

static void send_messages(struct publisher *publisher)
{
    for (uint32_t i = 0; i < connection_partitions(publisher->connection); i++)
        send_to(publisher, i);
}

/* --- answers in ----------------------------------------------------------------------------- */

static struct value event_of(struct publisher *publisher, uint32_t index)
{
    struct value event = VALUE_ABSENT;
    struct bytes bytes = {publisher->slots[index].event, publisher->plan.events[index].size};
    enum ld_err err = codec_decode(bytes, WIRE_DEPTH_MAX, &publisher->arena, &event);
    return err ? VALUE_ABSENT : event; /* an arena that is full: its line lacks the names */
}

static void finish_fateless(struct publisher *publisher, uint32_t index, const char *why)
{
    size_t mark = arena_mark(&publisher->arena);
    struct value event = event_of(publisher, index);
    FILE *stream = open_text(publisher, index);
    print_fateless(stream, &publisher->printer, &event, why);
    fclose(stream);
    arena_rewind(&publisher->arena, mark);
    plan_mark_done(&publisher->plan, index);
    publisher->fateless++;
}

static void finish(struct publisher *publisher, uint32_t index, const struct value *fate)
{
    struct fate_answer answer;
    if (fate_answer_from_value(fate, &answer)) {
        finish_fateless(publisher, index, "malformed-answer");
        return;
    }
    size_t mark = arena_mark(&publisher->arena);
    struct value event = event_of(publisher, index);
    answer.id = value_get_text(&event, "id");
    answer.subject = value_get_text(&event, "subject");
    FILE *stream = open_text(publisher, index);
    print_fate(stream, &publisher->printer, &answer);
    fclose(stream);
    arena_rewind(&publisher->arena, mark);
    publisher->refused += fate_is_refusal(&answer);
    plan_mark_done(&publisher->plan, index);
}

static void take_answer(struct publisher *publisher, const struct client_answer *answer)
{
    struct plan_batch batch;
    struct value fates = VALUE_ABSENT;
    const char *why = "malformed-answer";
    if (!plan_find(&publisher->plan, answer->seq, &batch))
        return;
    arena_clear(&publisher->arena);
    publisher->out[publisher->plan.events[batch.indices[0]].partition]--;
    publisher->out_count--;
    publisher->answered_ms = now_ms();
    if (answer->header.kind == WIRE_ERROR)
        why = wire_error_words(answer->header.code)->word;
    else if (codec_decode(answer->body, WIRE_ANSWER_DEPTH_MAX, &publisher->arena, &fates))
        fates = VALUE_ABSENT;
    bool is_whole = fates.kind == VALUE_LIST && fates.as.list.count == batch.count;
    for (uint32_t i = 0; i < batch.count; i++) {
        if (is_whole)
            finish(publisher, batch.indices[i], &fates.as.list.items[i]);
        else
            finish_fateless(publisher, batch.indices[i], why);
    }
}

static void receive(struct publisher *publisher, int64_t wait_ms)
{
    struct client_answer answer;
    enum ld_err err = client_receive(publisher->client, wait_ms, &answer);
    while (!err) {
        take_answer(publisher, &answer);
        err = client_receive(publisher->client, 0, &answer);
    }
    int64_t silence_ms = now_ms() - publisher->answered_ms;
    bool is_late = silence_ms >= connection_timeout_ms(publisher->connection);
    if (err != LD_TIMEOUT || (publisher->out_count > 0 && is_late))
        publisher->is_failed = true;
}

/* --- the command ---------------------------------------------------------------------------- */

/* Nothing more will be answered: what waits is as fateless as what is out. */
static void give_up(struct publisher *publisher)
{
    struct plan *plan = &publisher->plan;
    struct plan_batch batch;
    for (uint32_t i = 0; i < PLAN_EVENTS_MAX; i++) {
        if (plan->events[i].status == PLAN_WAITING && publisher->slots[i].event) {
            batch = (struct plan_batch){.indices = {i}, .count = 1};
            plan_mark_out(plan, &batch, 0);
        }
        if (plan->events[i].status == PLAN_OUT) {
            arena_clear(&publisher->arena);
            finish_fateless(publisher, i, NULL);
        }
    }
}

static void run(struct publisher *publisher)
{
    while (!publisher->is_failed && (publisher->is_reading || publisher->plan.count > 0)) {
        bool is_more = publisher->is_reading && read_lines(publisher);
        send_messages(publisher);
        if (publisher->out_count > 0)
            receive(publisher, is_more ? 0 : publisher->is_reading ? ANSWER_WAIT_MS : IDLE_WAIT_MS);
        print_done(publisher);
    }
    give_up(publisher);
    print_done(publisher);
    show_progress(publisher, true);
}

static int finish_run(struct publisher *publisher)
{
    struct command_context *context = publisher->context;
    if (publisher->fateless)
        complain(
            context, "%llu 个事件没有结果:可用同一编号再次发布,不会重复办理",
            "%llu events have no fate: publish them again with the same ids; none is applied twice",
            (unsigned long long)publisher->fateless);
    if (publisher->is_failed && publisher->is_reading)
        complain(context, "读到第 %llu 行为止", "stopped behind line %llu",
                 (unsigned long long)publisher->lines.number);
    if (ferror(stdout))
        complain(context, "无法写出结果", "the fates cannot be written");
    if (publisher->fateless || publisher->is_failed || ferror(stdout))
        return EXIT_TROUBLE;
    return publisher->refused ? EXIT_NO : EXIT_YES;
}

struct publish_options {
    const char *url, *timeout;
    bool is_json;
    struct event_flags flags;
};

static void parse(struct command_context *context, struct publish_options *options)
{
    struct event_flags *flags = &options->flags;
    const char *set = NULL; /* taken out before; the row is for the help */
    const struct option_row rows[] = {
        CONNECT_OPTION(&options->url),
        TIMEOUT_OPTION(&options->timeout),
        {"json", NULL, "每个事件一行 JSON", "one line of JSON an event", NULL, &options->is_json},
        {"source", "UNIT", "发布单位", "the publishing unit", &flags->source, NULL},
        {"type", "EVENT", "事件名", "the event's name", &flags->type, NULL},
        {"subject", "CASE", "案件编号", "the case id", &flags->subject, NULL},
        {"id", "ID", "事件编号(缺省自动生成)", "the event's id (default: a fresh one)", &flags->id,
         NULL},
        {"time", "INSTANT", "发生时间(RFC 3339)", "when it happened (RFC 3339)", &flags->time,
         NULL},
        {"role", "ROLE", "以何职务决定", "the role in which it was decided", &flags->role, NULL},
        {"workflow", "ID", "立案所用流程", "the workflow to start", &flags->workflow, NULL},
        {"data", "JSON", "数据(JSON 对象)", "the data (a JSON object)", &flags->data, NULL},
        {"set", "KEY=VALUE", "一项数据(可重复)", "one item of data (repeatable)", &set, NULL},
        {0}};
    repeated_take(context, "set", &flags->sets);
    options_parse(context, rows);
}

static bool has_flags(const struct event_flags *flags)
{
    return flags->source || flags->type || flags->subject || flags->id || flags->time || flags->role
           || flags->workflow || flags->data || flags->sets.count;
}

/* The descriptor of the stream, or -1 after a complaint. */
static int open_input(struct command_context *context)
{
    const char *path = context->argc ? context->argv[0] : "-";
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file >= 0 && fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
        (void)close(file);
        errno = EISDIR; /* opening one succeeds, reading it looks like the end */
        file = -1;
    }
    if (file < 0)
        complain(context, "无法打开 %s:%s", "cannot open %s: %s", path, strerror(errno));
    return file;
}

static struct publisher *create_publisher(struct command_context *context,
                                          struct connection *connection, bool is_json)
{
    struct publisher *publisher = calloc(1, sizeof *publisher);
    uint8_t *memory = malloc(SCRATCH_SIZE + WIRE_BODY_MAX + WIRE_EVENT_MAX);
    LD_ASSERT(publisher && memory); /* at the start, some ten MiB */
    publisher->context = context;
    publisher->connection = connection;
    publisher->client = connection_client(connection);
    arena_init(&publisher->arena, memory, SCRATCH_SIZE);
    buffer_init(&publisher->body, memory + SCRATCH_SIZE, WIRE_BODY_MAX);
    buffer_init(&publisher->event, memory + SCRATCH_SIZE + WIRE_BODY_MAX, WIRE_EVENT_MAX);
    publisher->printer = (struct fate_printer){context, is_json, &publisher->arena};
    publisher->shows_progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
    publisher->answered_ms = now_ms();
    return publisher;
}

static void destroy_publisher(struct publisher *publisher)
{
    free(publisher->arena.block);
    free(publisher);
}

/* The one event of the flags; false after a complaint. */
static bool add_flags(struct publisher *publisher, const struct event_flags *flags)
{
    struct value event;
    struct event_problem problem;
    arena_clear(&publisher->arena);
    if (event_from_flags(flags, &publisher->arena, &event, &problem)) {
        complain(publisher->context, "%s", "%s", say(publisher->context, problem.zh, problem.en));
        return false;
    }
    publisher->lines.number = 1;
    add_event(publisher, &event);
    return true;
}

int command_publish(struct command_context *context)
{
    struct publish_options options = {0};
    int file = -1, exit = EXIT_USAGE;
    parse(context, &options);
    bool is_one = has_flags(&options.flags);
    if (context->argc > 1 || (is_one && context->argc))
        usage_error(context, "给一个文件,或用选项给一个事件",
                    "give one file, or one event by options");
    if (!is_one && context->argc == 0 && isatty(STDIN_FILENO))
        usage_error(context, "没有事件", "no events");
    if (!is_one) {
        file = open_input(context);
        if (file < 0)
            return EXIT_TROUBLE;
    }
    struct connection *connection = connection_open(context, options.url, options.timeout);
    if (!connection)
        return EXIT_TROUBLE;
    struct publisher *publisher = create_publisher(context, connection, options.is_json);
    lines_init(&publisher->lines, file);
    publisher->is_reading = !is_one;
    if (!is_one || add_flags(publisher, &options.flags)) {
        run(publisher);
        exit = finish_run(publisher);
    }
    destroy_publisher(publisher);
    connection_close(connection);
    return exit;
}
