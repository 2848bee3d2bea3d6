#include "tools/bench/system.h"

#include "proto/ask.h"
#include "proto/client.h"
#include "tools/liandong/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Children are this program itself, started before any thread is. A child is a group of its own, so
 * that a signal from the terminal reaches the benchmark alone, which then ends it; and it is told
 * to stop when the benchmark dies. */

enum {
    READY_WAIT_MS = 60000,
    STOP_WAIT_MS = 20000,
    PAUSE_MS = 10,
    ARGUMENTS_MAX = 12,
    ANSWER_SIZE = 1 << 20,
    NUMBER_MAX = 16,
};

#define READY "ready "

static bool join(char *ret_path, const char *folder, const char *name)
{
    int size = snprintf(ret_path, SYSTEM_PATH_MAX, "%s/%s", folder, name);

    return size > 0 && size < SYSTEM_PATH_MAX;
}

enum ld_err scratch_make(const char *base, struct scratch *ret_scratch)
{
    const char *folder = base != NULL ? base : getenv("TMPDIR");

    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    if (!join(ret_scratch->folder, folder, "liandong-bench-XXXXXX")
        || mkdtemp(ret_scratch->folder) == NULL) {
        ret_scratch->folder[0] = '\0';
        return LD_IO;
    }
    return LD_OK;
}

void scratch_remove(struct scratch *scratch)
{
    if (scratch->folder[0] != '\0')
        folder_remove(scratch->folder);
    scratch->folder[0] = '\0';
}

/* --- a child --------------------------------------------------------------------------------- */

/* In the child: only what is safe between fork and exec. */
static _Noreturn void become(char *const arguments[], int output, int log, int parent)
{
    int none = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (none >= 0 && dup2(none, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0
        && dup2(log, STDERR_FILENO) >= 0 && setpgid(0, 0) == 0
        && prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent)
        (void)execv("/proc/self/exe", arguments);
    _exit(127);
}

static int open_log(const struct scratch *scratch)
{
    char path[SYSTEM_PATH_MAX];

    return join(path, scratch->folder, "serve.log")
               ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
               : -1;
}

/* The child's number, or -1; what it prints goes to output. */
static int start(const struct scratch *scratch, char *const arguments[], int output)
{
    int log = open_log(scratch), parent = (int)getpid();
    int pid = log < 0 ? -1 : fork();

    if (pid == 0)
        become(arguments, output, log, parent);
    if (log >= 0)
        (void)close(log); /* nothing was written by us */
    return pid;
}

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};

    (void)nanosleep(&pause, NULL); /* woken early it looks early */
}

/* Waits for its end; false: it has not come in time. */
static bool await_end(int pid, int64_t wait_ms, int *ret_status)
{
    for (int64_t waited_ms = 0; waited_ms < wait_ms; waited_ms += PAUSE_MS) {
        int ended = waitpid(pid, ret_status, WNOHANG);
        if (ended == pid)
            return true;
        if (ended < 0 && errno != EINTR)
            return false;
        pause_ms(PAUSE_MS);
    }
    return false;
}

static bool end_child(int pid)
{
    int status = 0;

    if (kill(pid, SIGTERM) != 0)
        return false;
    if (await_end(pid, STOP_WAIT_MS, &status))
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    (void)kill(pid, SIGKILL);
    (void)await_end(pid, STOP_WAIT_MS, &status);
    return false;
}

/* --- init and serve -------------------------------------------------------------------------- */

static enum ld_err make_data(const struct scratch *scratch, const struct system_run *run)
{
    char number[NUMBER_MAX];
    char *arguments[ARGUMENTS_MAX] = {(char *)"liandong", (char *)"init", (char *)run->data,
                                      (char *)"--partitions", number};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status = 0, pid;

    (void)snprintf(number, sizeof number, "%u", run->partitions);
    pid = null < 0 ? -1 : start(scratch, arguments, null);
    if (null >= 0)
        (void)close(null);
    if (pid < 0)
        return LD_IO;
    if (!await_end(pid, READY_WAIT_MS, &status)) {
        (void)end_child(pid);
        return LD_TIMEOUT;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? LD_OK : LD_NOT_FOUND;
}

/* The first line of serve says where it listens. */
static enum ld_err read_ready(int output, char url[SYSTEM_URL_MAX])
{
    char line[SYSTEM_URL_MAX] = "";
    size_t used = 0;
    struct pollfd ready = {.fd = output, .events = POLLIN};

    while (memchr(line, '\n', used) == NULL) {
        ssize_t size;
        int count = poll(&ready, 1, READY_WAIT_MS);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return LD_TIMEOUT;
        size = read(output, line + used, sizeof line - 1 - used);
        if (size <= 0)
            return LD_NOT_FOUND; /* it ended, or the line is none of ours */
        used += (size_t)size;
    }
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, READY, sizeof READY - 1) != 0)
        return LD_NOT_FOUND;
    (void)snprintf(url, SYSTEM_URL_MAX, "%s", line + sizeof READY - 1);
    return LD_OK;
}

static enum ld_err serve(const struct scratch *scratch, const char *instant, struct system_run *run)
{
    char *arguments[ARGUMENTS_MAX] = {(char *)"liandong", (char *)"serve",
                                      (char *)"--data",   run->data,
                                      (char *)"--listen", (char *)"tcp://127.0.0.1:0",
                                      (char *)"--clock",  (char *)"manual",
                                      (char *)"--at",     (char *)instant};
    int ends[2];
    enum ld_err err = LD_IO;

    if (pipe(ends) != 0)
        return LD_IO;
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC); /* inherited it would only keep the pipe open */
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    run->serve_pid = start(scratch, arguments, ends[1]);
    (void)close(ends[1]);
    if (run->serve_pid > 0)
        err = read_ready(ends[0], run->url);
    else
        run->serve_pid = 0;
    (void)close(ends[0]); /* it says nothing more, and survives that nobody listens */
    return err;
}

/* --- who runs -------------------------------------------------------------------------------- */

static bool take_pids(const struct value *status, struct system_run *run)
{
    const struct value *rows = value_get(status, "partitions");
    uint32_t found = 0;

    run->broker_pid = (int)value_get_int(status, "pid", 0);
    if (rows == NULL || rows->kind != VALUE_LIST)
        return false;
    for (uint32_t i = 0; i < rows->as.list.count; i++) {
        const struct value *row = &rows->as.list.items[i];
        int64_t partition = value_get_int(row, "partition", -1), pid = value_get_int(row, "pid", 0);
        if (partition < 0 || partition >= (int64_t)run->partitions || pid <= 0)
            return false;
        run->worker_pids[partition] = (int)pid;
        found++;
    }
    return run->broker_pid > 0 && found == run->partitions;
}

static enum ld_err ask_pids(struct client *client, struct system_run *run)
{
    struct value_entry entries[] = {{BYTES_LITERAL("ask"), value_words(ASK_STATUS)}};
    struct value question = value_map(entries, 1), status;
    enum wire_error error;
    struct arena arena;
    void *block = malloc(ANSWER_SIZE);
    enum ld_err err;

    if (block == NULL)
        return LD_FULL;
    arena_init(&arena, block, ANSWER_SIZE);
    err = client_ask(client, PARTITION_BROKER, &question, READY_WAIT_MS, &arena, &status, &error);
    if (err == LD_OK && (error != WIRE_ERROR_NONE || !take_pids(&status, run)))
        err = LD_INVALID;
    free(block);
    return err;
}

static enum ld_err find_pids(struct system_run *run)
{
    struct client *client;
    uint32_t partitions;
    enum ld_err err = client_open(run->url, &client);

    if (err != LD_OK)
        return err;
    err = client_wait_open(client, READY_WAIT_MS, &partitions);
    if (err == LD_OK)
        err = partitions == run->partitions ? ask_pids(client, run) : LD_INVALID;
    client_close(client);
    return err;
}

enum ld_err system_start(const struct scratch *scratch, uint32_t partitions, const char *instant,
                         struct system_run *run)
{
    enum ld_err err;

    *run = (struct system_run){.partitions = partitions};
    if (partitions < 1 || partitions > SYSTEM_PARTITIONS_MAX)
        return LD_INVALID;
    if (!join(run->data, scratch->folder, "data"))
        return LD_FULL;
    err = make_data(scratch, run);
    if (err == LD_OK)
        err = serve(scratch, instant, run);
    if (err == LD_OK)
        err = find_pids(run);
    return err;
}

bool system_stop(struct system_run *run)
{
    bool is_good = run->serve_pid > 0 && end_child(run->serve_pid);

    run->serve_pid = 0;
    return is_good;
}
