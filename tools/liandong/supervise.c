#include "tools/liandong/supervise.h"

#include "base/log.h"

#include <string.h>

/* A child is a session of its own: a signal from the terminal goes to the owner alone, which then
 * stops its children in their order.
 *
 * One process after the other in the same struct:
 *
 *   NEW ──start──▶ RUNNING ──exit──▶ WAITING ──delay──▶ RUNNING …
 *                     └──stop, or not wanted again──▶ OVER
 *
 * libuv needs the memory of a handle until its close callback, so the next process is started (or
 * the end is told) only when the process and the pipe of the last are both closed. */

enum { DELAY_FIRST_MS = 100, DELAY_MAX_MS = 5000, LIFE_GOOD_MS = 10000 };

void child_init(struct child *child, uv_loop_t *loop)
{
    child->loop = loop;
    child->state = CHILD_NEW;
    child->delay_ms = DELAY_FIRST_MS;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct child *child = handle->data;

    child->is_timer_open = false;
    child->hooks->on_over(child);
}

static void end(struct child *child)
{
    child->state = CHILD_OVER;
    child->pid = 0;
    if (child->is_timer_open)
        uv_close((uv_handle_t *)&child->timer, on_timer_closed);
    else
        child->hooks->on_over(child);
}

static void on_restart(uv_timer_t *timer)
{
    struct child *child = timer->data;
    enum ld_err err = child_start(child);

    if (err == LD_OK)
        return;
    log_line("event=cannot-start child=%s error=%s", child->name, ld_err_word(err));
    end(child);
}

/* A child that lived well begins with the first delay again. */
static uint32_t take_delay(struct child *child)
{
    uint32_t delay;

    if (uv_now(child->loop) - child->started_ms >= LIFE_GOOD_MS)
        child->delay_ms = DELAY_FIRST_MS;
    delay = child->delay_ms;
    child->delay_ms = delay * 2 < DELAY_MAX_MS ? delay * 2 : DELAY_MAX_MS;
    return delay;
}

static void on_closed(uv_handle_t *handle)
{
    struct child *child = handle->data;

    if (--child->open_count > 0)
        return;
    child->pid = 0;
    if (!child->is_wanted || child->is_stopping) {
        end(child);
        return;
    }
    child->state = CHILD_WAITING;
    if (uv_timer_start(&child->timer, on_restart, take_delay(child), 0) != 0)
        end(child);
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
    struct child *child = process->data;

    uv_update_time(child->loop);
    child->is_wanted = child->hooks->on_exit(child, status, signal) && !child->is_stopping;
    uv_close((uv_handle_t *)process, on_closed);
}

static void on_chunk_memory(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_buffer)
{
    struct child *child = handle->data;

    (void)wanted;
    *ret_buffer = uv_buf_init(child->chunk, sizeof child->chunk);
}

/* A line that is too long is cut; nothing that a child of ours says is so long. */
static void take_byte(struct child *child, char byte)
{
    if (byte != '\n') {
        if (child->line_size < CHILD_LINE_MAX - 1)
            child->line[child->line_size++] = byte;
        return;
    }
    child->line[child->line_size] = '\0';
    child->line_size = 0;
    child->hooks->on_line(child, child->line);
}

static void on_output(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct child *child = stream->data;

    for (ssize_t i = 0; i < size; i++)
        take_byte(child, buffer->base[i]);
    if (size < 0 && !uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, on_closed);
}

static enum ld_err open_handles(struct child *child)
{
    if (!child->is_timer_open) {
        if (uv_timer_init(child->loop, &child->timer) != 0)
            return LD_IO;
        child->timer.data = child;
        child->is_timer_open = true;
    }
    child->line_size = 0;
    if (child->hooks->on_line == NULL)
        return LD_OK;
    if (uv_pipe_init(child->loop, &child->output, 0) != 0)
        return LD_IO;
    child->output.data = child;
    child->open_count++;
    return LD_OK;
}

static void on_failed_closed(uv_handle_t *handle)
{
    struct child *child = handle->data;

    child->open_count--;
}

enum ld_err child_start(struct child *child)
{
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
                                     {.flags = UV_INHERIT_FD, .data.fd = 2},
                                     {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t options = {.exit_cb = on_exit,
                                    .file = child->arguments[0],
                                    .args = child->arguments,
                                    .cwd = child->folder,
                                    .flags = UV_PROCESS_DETACHED,
                                    .stdio_count = 3,
                                    .stdio = stdio};
    int status;

    if (open_handles(child) != LD_OK)
        return LD_IO;
    if (child->hooks->on_line != NULL) {
        stdio[1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[1].data.stream = (uv_stream_t *)&child->output;
    }
    child->process.data = child;
    child->open_count++;
    status = uv_spawn(child->loop, &child->process, &options);
    if (status != 0) {
        uv_close((uv_handle_t *)&child->process, on_failed_closed);
        if (child->hooks->on_line != NULL)
            uv_close((uv_handle_t *)&child->output, on_failed_closed);
        return status == UV_ENOENT || status == UV_EACCES ? LD_NOT_FOUND : LD_IO;
    }
    uv_update_time(child->loop);
    child->started_ms = uv_now(child->loop);
    child->pid = child->process.pid;
    child->state = CHILD_RUNNING;
    if (child->hooks->on_line != NULL
        && uv_read_start((uv_stream_t *)&child->output, on_chunk_memory, on_output) != 0)
        uv_close((uv_handle_t *)&child->output, on_closed);
    log_line("event=start child=%s pid=%d", child->name, child->pid);
    return LD_OK;
}

void child_stop(struct child *child, int signal)
{
    child->is_stopping = true;
    switch (child->state) {
    case CHILD_NEW:
    case CHILD_WAITING: end(child); return;
    case CHILD_RUNNING:
        /* Where it has ended already, its exit is on the way. */
        (void)uv_process_kill(&child->process, signal);
        return;
    case CHILD_OVER: return;
    }
}
