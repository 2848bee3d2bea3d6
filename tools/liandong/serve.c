#include "base/log.h"
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"
#include "tools/liandong/serve_folder.h"
#include "tools/liandong/supervise.h"

#include "base/civil.h"
#include "proto/limits.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `liandong serve`: one broker and one worker a partition over a data folder, for as long as it is
 * not told to stop. It carries no messages and keeps no state but who is alive, so that killing it
 * loses nothing: its children end with it, and the next serve starts from the stores.
 *
 * - The broker is started first; workers when it listens. A broker that cannot listen at all ends
 *   everything with a plain line; later it is started again on the port that it had.
 * - A worker that says by EXIT_UNUSABLE that its store is not fit is not started again; the others
 *   go on; when none is left, so ends serve. */

enum {
    EXIT_UNUSABLE = 78, /* EX_CONFIG: a worker whose store is foreign, corrupt or unusable */
    KILL_AFTER_MS = 10000,
    PARTITIONS_MAX = 64,
    URL_MAX = 256,
    NUMBER_MAX = 24,
};

struct serve_options {
    const char *data, *listen, *clock, *at;
};

struct worker_slot {
    struct child child;
    char name[NUMBER_MAX + 8];
    char partition[NUMBER_MAX];
};

struct serve {
    const struct command_context *context;
    struct serve_options options;
    struct serve_folder folder;
    uv_loop_t loop;
    uv_signal_t signals[3];
    uv_timer_t kill_timer;
    char broker_path[SERVE_PATH_MAX], worker_path[SERVE_PATH_MAX];
    char partitions[NUMBER_MAX];
    char url[URL_MAX]; /* as asked for; then as it was found */
    struct child broker;
    struct worker_slot *workers;
    bool has_listened, is_ready_told, is_stopping;
    int exit_code;
};

/* --- stopping -------------------------------------------------------------------------------- */

static bool are_workers_over(const struct serve *serve)
{
    for (uint32_t i = 0; i < serve->folder.partitions; i++)
        if (serve->workers[i].child.state != CHILD_OVER)
            return false;
    return true;
}

static void on_kill_time(uv_timer_t *timer)
{
    struct serve *serve = timer->data;

    log_line("event=kill after_ms=%d", KILL_AFTER_MS);
    for (uint32_t i = 0; i < serve->folder.partitions; i++)
        child_stop(&serve->workers[i].child, SIGKILL);
    child_stop(&serve->broker, SIGKILL);
}

/* Workers first: what they answer at the end still finds the broker. The broker follows when the
 * last of them is over (on_worker_over). */
static void stop(struct serve *serve, int exit_code)
{
    if (serve->is_stopping)
        return;
    serve->is_stopping = true;
    serve->exit_code = exit_code;
    (void)uv_timer_start(&serve->kill_timer, on_kill_time, KILL_AFTER_MS, 0);
    if (are_workers_over(serve))
        child_stop(&serve->broker, SIGTERM);
    for (uint32_t i = 0; i < serve->folder.partitions; i++)
        child_stop(&serve->workers[i].child, SIGTERM);
}

static void on_signal(uv_signal_t *handle, int number)
{
    log_line("event=stop signal=%d", number);
    stop(handle->data, EXIT_YES);
}

/* --- workers --------------------------------------------------------------------------------- */

static bool on_worker_exit(struct child *child, int64_t status, int signal)
{
    struct serve *serve = child->data;

    if (!serve->is_stopping)
        log_line("event=exit child=%s status=%lld signal=%d", child->name, (long long)status,
                 signal);
    if (signal == 0 && status == EXIT_UNUSABLE) {
        complain(serve->context, "%s 的存储不可用,不再启动;其余分区继续运行",
                 "%s: its store is not usable; it is not started again, the others go on",
                 child->name);
        return false;
    }
    return true;
}

static void end_if_over(struct serve *serve)
{
    if (are_workers_over(serve) && serve->broker.state == CHILD_OVER)
        uv_stop(&serve->loop);
}

static void on_worker_over(struct child *child)
{
    struct serve *serve = child->data;

    if (!are_workers_over(serve))
        return;
    if (!serve->is_stopping) {
        complain(serve->context, "没有可运行的分区", "no partition can run");
        stop(serve, EXIT_TROUBLE);
    }
    child_stop(&serve->broker, SIGTERM);
    end_if_over(serve);
}

static const struct child_hooks worker_hooks = {
    .on_exit = on_worker_exit,
    .on_over = on_worker_over,
};

static void start_worker(struct serve *serve, uint32_t partition)
{
    struct worker_slot *slot = &serve->workers[partition];
    struct child *child = &slot->child;
    const struct serve_options *options = &serve->options;
    uint32_t count = 0;

    (void)snprintf(slot->partition, sizeof slot->partition, "%u", partition);
    (void)snprintf(slot->name, sizeof slot->name, "worker-%u", partition);
    child->name = slot->name;
    child->arguments[count++] = serve->worker_path;
    child->arguments[count++] = (char *)"--data";
    child->arguments[count++] = serve->folder.path;
    child->arguments[count++] = (char *)"--partition";
    child->arguments[count++] = slot->partition;
    child->arguments[count++] = (char *)"--broker";
    child->arguments[count++] = (char *)SERVE_WORKERS_URL;
    child->arguments[count++] = (char *)"--clients";
    child->arguments[count++] = (char *)SERVE_CLIENTS_URL;
    child->arguments[count++] = (char *)"--clock";
    child->arguments[count++] = (char *)options->clock;
    if (options->at != NULL) {
        child->arguments[count++] = (char *)"--at";
        child->arguments[count++] = (char *)options->at;
    }
    child->arguments[count++] = (char *)"--die-with-parent";
    child->arguments[count] = NULL;
    if (child_start(child) != LD_OK) {
        complain(serve->context, "无法启动 %s", "cannot start %s", serve->worker_path);
        stop(serve, EXIT_TROUBLE);
    }
}

/* --- the broker ------------------------------------------------------------------------------ */

static void on_broker_line(struct child *child, const char *line)
{
    static const char listening[] = "listening ";
    struct serve *serve = child->data;

    if (strncmp(line, listening, sizeof listening - 1) == 0) {
        (void)snprintf(serve->url, sizeof serve->url, "%s", line + sizeof listening - 1);
        log_line("event=listening url=%s", serve->url);
        for (uint32_t i = 0; !serve->has_listened && i < serve->folder.partitions; i++)
            if (!serve->is_stopping)
                start_worker(serve, i);
        serve->has_listened = true;
    } else if (strcmp(line, "ready") == 0 && !serve->is_ready_told) {
        serve->is_ready_told = true;
        (void)printf("ready %s\n", serve->url);
        (void)fflush(stdout);
    }
}

static bool on_broker_exit(struct child *child, int64_t status, int signal)
{
    struct serve *serve = child->data;

    if (serve->is_stopping)
        return false;
    log_line("event=exit child=%s status=%lld signal=%d", child->name, (long long)status, signal);
    if (serve->has_listened)
        return true;
    complain(serve->context, "无法在 %s 上监听(见上一行)", "cannot listen on %s (see above)",
             serve->url);
    return false;
}

static void on_broker_over(struct child *child)
{
    struct serve *serve = child->data;

    if (!serve->is_stopping)
        stop(serve, EXIT_TROUBLE);
    end_if_over(serve);
}

static const struct child_hooks broker_hooks = {
    .on_line = on_broker_line,
    .on_exit = on_broker_exit,
    .on_over = on_broker_over,
};

static void start_broker(struct serve *serve)
{
    char *const words[] = {serve->broker_path,
                           (char *)"--partitions",
                           serve->partitions,
                           (char *)"--listen",
                           serve->url,
                           (char *)"--workers",
                           (char *)SERVE_WORKERS_URL,
                           (char *)"--local",
                           (char *)SERVE_CLIENTS_URL,
                           (char *)"--die-with-parent",
                           NULL};

    memcpy(serve->broker.arguments, words, sizeof words);
    serve->broker.name = "broker";
    if (child_start(&serve->broker) != LD_OK) {
        complain(serve->context, "无法启动 %s", "cannot start %s", serve->broker_path);
        stop(serve, EXIT_TROUBLE);
    }
}

/* --- beginning and ending -------------------------------------------------------------------- */

static void read_serve_options(struct command_context *context, struct serve_options *options)
{
    const struct option_row rows[] = {
        {"data", "DIR", "数据目录", "the data folder", &options->data, NULL},
        {"listen", "URL", "监听地址(缺省 " DEFAULT_URL ")",
         "where to listen (default " DEFAULT_URL ")", &options->listen, NULL},
        {"clock", "real|manual", "时钟;manual 只供测试与演示",
         "the clock; manual is for tests and demonstrations", &options->clock, NULL},
        {"at", "INSTANT", "手动时钟的起始时刻", "where a manual clock begins", &options->at, NULL},
        {0},
    };
    bool is_manual;
    int64_t instant_ms;

    options_parse(context, rows);
    if (options->data == NULL || context->argc > 0)
        usage_error(context, "需要 --data DIR", "--data DIR is needed");
    is_manual = strcmp(options->clock, "manual") == 0;
    if (!is_manual && strcmp(options->clock, "real") != 0)
        usage_error(context, "--clock 为 real 或 manual", "--clock is real or manual");
    if (options->at != NULL && !is_manual)
        usage_error(context, "--at 须与 --clock manual 同用", "--at goes with --clock manual");
    if (options->at != NULL && !instant_parse(bytes_from_text(options->at), 8 * 60, &instant_ms))
        usage_error(context, "--at 须为 RFC 3339 时刻", "--at is an instant (RFC 3339)");
}

static bool open_handles(struct serve *serve)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    bool is_open = uv_loop_init(&serve->loop) == 0;

    is_open = is_open && uv_timer_init(&serve->loop, &serve->kill_timer) == 0;
    serve->kill_timer.data = serve;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        serve->signals[i].data = serve;
        is_open = is_open && uv_signal_init(&serve->loop, &serve->signals[i]) == 0
                  && uv_signal_start(&serve->signals[i], on_signal, numbers[i]) == 0;
    }
    child_init(&serve->broker, &serve->loop);
    serve->broker.hooks = &broker_hooks;
    for (uint32_t i = 0; i < serve->folder.partitions; i++) {
        child_init(&serve->workers[i].child, &serve->loop);
        serve->workers[i].child.hooks = &worker_hooks;
        serve->workers[i].child.data = serve;
        serve->workers[i].child.folder = serve->folder.path;
    }
    serve->broker.data = serve;
    serve->broker.folder = serve->folder.path;
    return is_open;
}

/* The programs beside our own, and the number by which children know whose they are. */
static bool find_programs(struct serve *serve)
{
    char folder[SERVE_PATH_MAX], parent[NUMBER_MAX];
    size_t size = sizeof folder;
    char *slash;
    int written;

    if (uv_exepath(folder, &size) != 0 || (slash = strrchr(folder, '/')) == NULL)
        return false;
    *slash = '\0';
    written = snprintf(serve->broker_path, SERVE_PATH_MAX, "%s/liandong-broker", folder);
    if (written < 0 || written >= SERVE_PATH_MAX)
        return false;
    written = snprintf(serve->worker_path, SERVE_PATH_MAX, "%s/liandong-worker", folder);
    (void)snprintf(parent, sizeof parent, "%d", (int)getpid());
    return written > 0 && written < SERVE_PATH_MAX && setenv("LIANDONG_PARENT_PID", parent, 1) == 0;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static int run(struct serve *serve)
{
    serve->workers = calloc(serve->folder.partitions, sizeof *serve->workers);
    (void)snprintf(serve->partitions, sizeof serve->partitions, "%u", serve->folder.partitions);
    (void)snprintf(serve->url, sizeof serve->url, "%s", serve->options.listen);
    if (serve->workers == NULL || !find_programs(serve) || !open_handles(serve)) {
        complain(serve->context, "无法启动", "cannot start");
        free(serve->workers);
        return EXIT_TROUBLE;
    }
    if (strcmp(serve->options.clock, "manual") == 0)
        log_line("event=manual-clock: for tests and demonstrations only");
    start_broker(serve);
    if (!serve->is_stopping)
        (void)uv_run(&serve->loop, UV_RUN_DEFAULT);
    uv_walk(&serve->loop, close_handle, NULL);
    (void)uv_run(&serve->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&serve->loop);
    free(serve->workers);
    return serve->exit_code;
}

int command_serve(struct command_context *context)
{
    static struct serve serve; /* large: paths and children */
    int code;

    serve.context = context;
    serve.options = (struct serve_options){.listen = DEFAULT_URL, .clock = "real"};
    read_serve_options(context, &serve.options);
    log_open("liandong-serve");
    /* Whoever waited for `ready` may be gone; that is no reason to end. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return EXIT_TROUBLE;
    if (!serve_folder_open(context, serve.options.data, &serve.folder))
        return EXIT_TROUBLE;
    code = run(&serve);
    serve_folder_close(&serve.folder);
    return code;
}
