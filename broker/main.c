#include "base/log.h"
#include "broker/loop.h"
#include "broker/router.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* liandong-broker: reads its options and runs the loop. It keeps nothing on disk; whoever started
 * it starts it again. */

enum { EXIT_CALL = 2, EXIT_CANNOT = 3, DESCRIPTORS = 2 * ROUTER_CLIENTS_MAX };

static const char usage[] =
    "usage: liandong-broker --partitions N --listen tcp://127.0.0.1:PORT --workers ipc://PATH\n"
    "                       [--local ipc://PATH] [--ready-fd N] [--die-with-parent]\n"
    "Started by `liandong serve`. Tells `listening URL` and `ready` on standard output, or on\n"
    "the descriptor given.\n";

struct call {
    struct loop_options loop;
    bool is_bound_to_parent;
};

static bool read_number(const char *text, long min, long max, long *ret_number)
{
    char *end;
    long number = strtol(text, &end, 10);

    if (end == text || *end != '\0' || number < min || number > max)
        return false;
    *ret_number = number;
    return true;
}

static bool read_options(int argc, char **argv, struct call *call)
{
    static const struct option rows[] = {
        {"partitions", required_argument, NULL, 'p'}, {"listen", required_argument, NULL, 'l'},
        {"workers", required_argument, NULL, 'w'},    {"ready-fd", required_argument, NULL, 'r'},
        {"die-with-parent", no_argument, NULL, 'd'},  {"local", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    int word;
    long number = 0;
    bool is_good = true;

    while ((word = getopt_long(argc, argv, "", rows, NULL)) != -1) {
        if (word == 'p' && read_number(optarg, 1, ROUTER_PARTITIONS_MAX, &number))
            call->loop.partitions = (uint32_t)number;
        else if (word == 'r' && read_number(optarg, 0, 1 << 20, &number))
            call->loop.ready_fd = (int)number;
        else if (word == 'l')
            call->loop.listen = optarg;
        else if (word == 'w')
            call->loop.workers = optarg;
        else if (word == 'c')
            call->loop.local = optarg;
        else if (word == 'd')
            call->is_bound_to_parent = true;
        else
            is_good = false;
    }
    return is_good && optind == argc && call->loop.partitions != 0 && call->loop.listen != NULL
           && call->loop.workers != NULL;
}

/* Without keys anybody who reaches the port is trusted: only this machine may reach it. */
static bool is_loopback(const char *url)
{
    static const char *const hosts[] = {"tcp://127.", "tcp://localhost:", "tcp://[::1]:"};

    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (strncmp(url, hosts[i], strlen(hosts[i])) == 0)
            return true;
    return false;
}

/* The kernel ends us with our parent; a parent that ended before we could ask for it has told us
 * its number, which is then no longer our parent's. */
static bool bind_to_parent(void)
{
    const char *told = getenv("LIANDONG_PARENT_PID");
    long parent = 0;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return false;
    if (told != NULL && read_number(told, 1, INT32_MAX, &parent))
        return getppid() == (pid_t)parent;
    return true;
}

/* A connection costs a descriptor, and 1,024 are the usual bound; we may raise it up to the hard
 * one. Where that fails, fewer clients fit. */
static void allow_connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_line("event=few-descriptors hard_limit=%llu", (unsigned long long)limit.rlim_max);
}

int main(int argc, char **argv)
{
    struct call call = {.loop = {.ready_fd = STDOUT_FILENO}};

    log_open("liandong-broker");
    if (!read_options(argc, argv, &call)) {
        (void)fputs(usage, stderr);
        return EXIT_CALL;
    }
    if (call.loop.local != NULL && strncmp(call.loop.local, "ipc://", 6) != 0) {
        log_line("event=refused url=%s: --local is ipc://PATH", call.loop.local);
        return EXIT_CANNOT;
    }
    if (!is_loopback(call.loop.listen)) {
        log_line("event=refused url=%s: without keys Liandong listens on the loopback only "
                 "(tcp://127.0.0.1:PORT)",
                 call.loop.listen);
        return EXIT_CANNOT;
    }
    if (call.is_bound_to_parent && !bind_to_parent())
        return EXIT_CANNOT; /* nobody is there any more to be told */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return EXIT_CANNOT;
    allow_connections();
    return loop_run(&call.loop) == LD_OK ? EXIT_SUCCESS : EXIT_CANNOT;
}
