/* A child process that is kept alive: started, heard line by line, started again after a delay that
 * doubles while it dies young, and stopped when asked. Knows processes and pipes, nothing of
 * brokers and workers. Everything happens in the owner's libuv loop. */
#ifndef LD_TOOLS_SUPERVISE_H
#define LD_TOOLS_SUPERVISE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { CHILD_LINE_MAX = 512, CHILD_ARGUMENTS_MAX = 24 };

enum child_state {
    CHILD_NEW,
    CHILD_RUNNING,
    CHILD_WAITING, /* to be started again */
    CHILD_OVER,    /* ended, and not to be started again */
};

struct child;

struct child_hooks {
    /* A line of its standard output, without the line end. NULL: its output goes to stderr. */
    void (*on_line)(struct child *child, const char *line);
    /* It ended by itself; true: start it again. signal is 0 where it exited. */
    bool (*on_exit)(struct child *child, int64_t status, int signal);
    /* It is over: nothing of it is left to wait for. */
    void (*on_over)(struct child *child);
};

struct child {
    /* Set by the owner before child_start. */
    const char *name;
    char *arguments[CHILD_ARGUMENTS_MAX]; /* the path first, NULL last; the owner's memory */
    const char *folder;                   /* where it runs */
    const struct child_hooks *hooks;
    void *data;
    /* To read. */
    enum child_state state;
    int pid;
    /* Its own. */
    uv_loop_t *loop;
    uv_process_t process;
    uv_pipe_t output;
    uv_timer_t timer;
    bool is_timer_open, is_stopping, is_wanted;
    uint32_t open_count; /* handles of the present process that are not closed yet */
    uint64_t started_ms;
    uint32_t delay_ms;
    char line[CHILD_LINE_MAX];
    uint32_t line_size;
    char chunk[CHILD_LINE_MAX];
};

/* The memory must live until on_over, and until the loop has run once more. */
void child_init(struct child *child, uv_loop_t *loop);
/* LD_NOT_FOUND: no such program; LD_IO. */
LD_MUST_USE enum ld_err child_start(struct child *child);
/* Ends it for good by a signal; on_over follows (at once where it does not run). */
void child_stop(struct child *child, int signal);

#endif
