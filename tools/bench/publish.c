/* `liandong bench publish`: a system of its own in a scratch folder, clients that publish in a
 * closed loop, and what that took: of time, and of each process.
 *
 *   make ─▶ serve ─▶ open all cases ─▶ look ─▶ publish for so long ─▶ look ─▶ stop ─▶ read journals
 *
 * A run whose journals do not hold every acknowledged event once is no result: exit 1. */
#include "tools/bench/publish_report.h"
#include "tools/bench/system.h"
#include "tools/liandong/commands.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    OPEN_SECONDS = 120,
    TURN_MS = 100,
    RUN_SECONDS_MAX = 3600,
    RUN_SECONDS = 10,
};

struct publish_call {
    const char *cases, *clients, *outstanding, *per_message, *hot, *partitions, *seconds, *events,
        *scratch;
    bool is_json, is_kept;
};

struct publish_bench {
    struct command_context *context;
    const struct publish_call *call;
    struct scratch scratch;
    struct system_run system;
    struct drive drive;
    bool has_drive;
    struct publish_report report;
};

/* Places are the same number for each client and partition. */
static bool fits(const struct drive_options *options)
{
    uint64_t places = options->cases / options->clients / options->partitions;

    return places >= options->per_message
           && places * options->partitions >= (uint64_t)options->outstanding * options->per_message;
}

static void read_numbers(const struct command_context *context, const struct publish_call *call,
                         struct drive_options *options)
{
    static const struct bench_number cases = {"cases", 1, 10000000, 10000},
                                     clients = {"clients", 1, DRIVE_CLIENTS_MAX, 4},
                                     outstanding = {"outstanding", 1, DRIVE_OUTSTANDING_MAX, 16},
                                     per_message = {"events-a-message", 1, DRIVE_EVENTS_MAX, 1},
                                     hot = {"hot", 0, 100, 80},
                                     partitions = {"partitions", 1, SYSTEM_PARTITIONS_MAX, 2};

    static const struct bench_number events = {"events", 1, 1000000000, 0};

    options->cases = bench_number(context, &cases, call->cases);
    options->clients = bench_number(context, &clients, call->clients);
    options->outstanding = bench_number(context, &outstanding, call->outstanding);
    options->per_message = bench_number(context, &per_message, call->per_message);
    options->hot_percent = bench_number(context, &hot, call->hot);
    options->partitions = bench_number(context, &partitions, call->partitions);
    options->events = bench_number(context, &events, call->events);
    options->events = (options->events + options->clients - 1) / options->clients;
    options->open_ns = OPEN_SECONDS * (uint64_t)1000000000;
    options->run_ns = bench_seconds(context, call->seconds, RUN_SECONDS, RUN_SECONDS_MAX);
    if (!fits(options))
        usage_error(context,
                    "案件太少:每个客户端、每个分区都须容得下一个报文,且在途报文各用各的案件",
                    "too few cases: each client needs those of a message in each partition, and no "
                    "case can be in two messages that are out");
}

static void parse(struct command_context *context, struct publish_call *call,
                  struct drive_options *options)
{
    const struct option_row rows[] = {
        {"cases", "N", "同时在办的案件(缺省 10000)", "cases open at any time (default 10000)",
         &call->cases, NULL},
        {"clients", "N", "客户端(缺省 4)", "clients (default 4)", &call->clients, NULL},
        {"outstanding", "N", "每个客户端的在途报文(缺省 16)",
         "messages that each client has out (default 16)", &call->outstanding, NULL},
        {"events-a-message", "N", "每个报文的事件(缺省 1)", "events of one message (default 1)",
         &call->per_message, NULL},
        {"hot", "PERCENT", "百分之几的事件落在百分之一的案件上(缺省 80)",
         "share of the events that goes to a hundredth of the cases (default 80)", &call->hot,
         NULL},
        {"partitions", "N", "分区(缺省 2)", "partitions (default 2)", &call->partitions, NULL},
        {"seconds", "S", "发布多久(缺省 10)", "how long to publish (default 10)", &call->seconds,
         NULL},
        {"events", "N", "发布这么多事件即止(缺省不限)",
         "stop after so many events (default: no bound)", &call->events, NULL},
        {"scratch", "DIR", "临时目录建在何处(缺省 TMPDIR 或 /tmp)",
         "where to make the scratch folder (default: TMPDIR, or /tmp)", &call->scratch, NULL},
        {"keep", NULL, "保留临时目录", "keep the scratch folder", NULL, &call->is_kept},
        {"json", NULL, "输出一行 JSON", "one line of JSON", NULL, &call->is_json},
        {0},
    };

    options_parse(context, rows);
    if (context->argc > 0)
        usage_error(context, "没有操作数", "there are no operands");
    read_numbers(context, call, options);
}

static int fail(const struct publish_bench *bench, const char *zh, const char *en, enum ld_err err)
{
    complain(bench->context, "%s:%s", "%s: %s", say(bench->context, zh, en),
             say(bench->context, ld_err_zh(err), ld_err_en(err)));
    if (!bench->call->is_kept)
        complain(bench->context, "用 --keep 可保留各进程的日志",
                 "with --keep what the processes said is kept");
    return EXIT_TROUBLE;
}

/* A run that a person ended is no result. */
static int end_early(const struct publish_bench *bench)
{
    complain(bench->context, "被中断", "interrupted");
    return EXIT_TROUBLE;
}

/* --- watching -------------------------------------------------------------------------------- */

/* Until the phase is over; a person's signal ends it early. */
static void watch(struct publish_bench *bench, const char *zh, const char *en)
{
    const struct timespec turn = {.tv_nsec = TURN_MS * 1000000L};
    bool is_shown = isatty(STDERR_FILENO);

    while (drive_is_running(&bench->drive)) {
        if (bench_is_ended())
            atomic_store(&bench->drive.is_stopped, true);
        if (is_shown)
            (void)fprintf(stderr, "\r%s %llu ", say(bench->context, zh, en),
                          (unsigned long long)atomic_load(&bench->drive.answered));
        (void)nanosleep(&turn, NULL); /* woken early it looks early */
    }
    if (is_shown)
        (void)fputc('\n', stderr);
}

/* Broker, workers, and this process, which is all clients. False: one of them is gone. */
static bool look(struct publish_bench *bench, bool is_end)
{
    struct publish_report *report = &bench->report;

    report->process_count = 0;
    for (uint32_t i = 0; i < bench->system.partitions + 2; i++) {
        struct process_use *use = &report->processes[report->process_count++];
        bool is_worker = i > 0 && i <= bench->system.partitions;
        use->pid = i == 0      ? bench->system.broker_pid
                   : is_worker ? bench->system.worker_pids[i - 1]
                               : (int)getpid();
        use->kind = i == 0 ? PROCESS_BROKER : is_worker ? PROCESS_WORKER : PROCESS_CLIENTS;
        use->partition = is_worker ? i - 1 : 0;
        if (!measure_process(use->pid, is_end ? &use->after : &use->before))
            return false;
    }
    return true;
}

/* --- the run --------------------------------------------------------------------------------- */

static int publish(struct publish_bench *bench)
{
    struct publish_report *report = &bench->report;
    enum ld_err err = drive_open(&report->options, &bench->drive);
    uint64_t from_ns;

    bench->has_drive = true;
    if (err != LD_OK)
        return fail(bench, "无法启动客户端", "the clients cannot be started", err);
    watch(bench, "已立案", "opened");
    if (bench_is_ended())
        return end_early(bench);
    if (!look(bench, false))
        return fail(bench, "无法查看进程", "the processes cannot be looked at", LD_NOT_FOUND);
    from_ns = measure_now_ns();
    err = drive_begin(&bench->drive);
    if (err != LD_OK)
        return fail(bench, "未能立案", "the cases could not be opened", err);
    watch(bench, "已发布", "published");
    err = drive_end(&bench->drive, &report->result);
    report->elapsed_ns = measure_now_ns() - from_ns;
    if (err != LD_OK)
        return fail(bench, "发布中断", "publishing broke off", err);
    if (bench_is_ended())
        return end_early(bench);
    return look(bench, true) ? EXIT_YES
                             : fail(bench, "进程已不在", "a process has gone", LD_NOT_FOUND);
}

static int measure(struct publish_bench *bench)
{
    struct publish_report *report = &bench->report;
    enum ld_err err = scratch_make(bench->call->scratch, &bench->scratch);
    int code;

    if (err != LD_OK)
        return fail(bench, "无法建立临时目录", "the scratch folder cannot be made", err);
    bench_look_at_machine(bench->scratch.folder, &report->machine);
    err =
        system_start(&bench->scratch, report->options.partitions, WORKLOAD_INSTANT, &bench->system);
    if (err != LD_OK)
        return fail(bench, "无法启动系统", "the system cannot be started", err);
    report->options.url = bench->system.url;
    code = publish(bench);
    report->machine.load_after = measure_load();
    if (!system_stop(&bench->system) && code == EXIT_YES)
        return fail(bench, "系统没有正常结束", "the system did not end well", LD_TIMEOUT);
    if (code != EXIT_YES)
        return code;
    err = audit_journals(bench->system.data, bench->system.partitions, bench->drive.acked,
                         report->options.clients, &report->audit);
    if (err != LD_OK)
        return fail(bench, "无法读取日志", "the journals cannot be read", err);
    return EXIT_YES;
}

int command_bench_publish(struct command_context *context)
{
    struct publish_call call = {0};
    struct publish_bench *bench = calloc(1, sizeof *bench);
    int code;

    if (bench == NULL)
        return EXIT_TROUBLE;
    bench->context = context;
    bench->call = &call;
    parse(context, &call, &bench->report.options);
    bench_catch_signals();
    code = measure(bench);
    if (bench->system.serve_pid != 0)
        (void)system_stop(&bench->system);
    if (code == EXIT_YES)
        code = publish_report_print(context, &bench->report, call.is_json);
    if (bench->has_drive)
        drive_close(&bench->drive);
    if (call.is_kept && bench->scratch.folder[0] != '\0')
        complain(context, "临时目录:%s", "scratch folder: %s", bench->scratch.folder);
    else
        scratch_remove(&bench->scratch);
    free(bench);
    return code;
}
