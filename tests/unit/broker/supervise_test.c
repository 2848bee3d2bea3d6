/* Children that are kept alive: real processes (a shell), a real libuv loop, no sleeping; each test
 * ends when the child is over. */
#include "tools/liandong/supervise.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct watched {
    struct child child;
    uv_loop_t loop;
    char lines[8][CHILD_LINE_MAX];
    int line_count, exit_count, over_count, exits_wanted, signal;
    int64_t status;
    bool is_stopped_by_line;
};

static void on_line(struct child *child, const char *line)
{
    struct watched *watched = child->data;

    if (watched->line_count < 8)
        strncpy(watched->lines[watched->line_count++], line, CHILD_LINE_MAX - 1);
    if (watched->is_stopped_by_line)
        child_stop(child, SIGTERM);
}

static bool on_exit_told(struct child *child, int64_t status, int signal)
{
    struct watched *watched = child->data;

    watched->status = status;
    watched->signal = signal;
    return ++watched->exit_count < watched->exits_wanted;
}

static void on_over(struct child *child)
{
    struct watched *watched = child->data;

    watched->over_count++;
}

static const struct child_hooks hooks = {on_line, on_exit_told, on_over};

static void prepare(struct watched *watched, const char *program, const char *script)
{
    memset(watched, 0, sizeof *watched);
    assert_int_equal(uv_loop_init(&watched->loop), 0);
    child_init(&watched->child, &watched->loop);
    watched->child.name = "child";
    watched->child.folder = "/";
    watched->child.hooks = &hooks;
    watched->child.data = watched;
    watched->child.arguments[0] = (char *)(uintptr_t)program;
    watched->child.arguments[1] = (char *)(uintptr_t) "-c";
    watched->child.arguments[2] = (char *)(uintptr_t)script;
}

/* Until nothing is open any more; a handle left behind would keep the loop for ever. */
static void run(struct watched *watched)
{
    (void)uv_run(&watched->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&watched->loop), 0);
    assert_int_equal(watched->over_count, 1);
    assert_int_equal(watched->child.state, CHILD_OVER);
}

static void a_child_that_dies_is_started_again_and_heard(void **state)
{
    static struct watched watched;

    (void)state;
    prepare(&watched, "/bin/sh", "echo up; echo; printf cut; exit 3");
    watched.exits_wanted = 3;
    assert_int_equal(child_start(&watched.child), LD_OK);
    assert_true(watched.child.pid > 0);
    run(&watched);
    assert_int_equal(watched.exit_count, 3);
    assert_int_equal(watched.status, 3);
    assert_int_equal(watched.signal, 0);
    assert_int_equal(watched.line_count, 6);
    assert_string_equal(watched.lines[4], "up");
    assert_string_equal(watched.lines[5], "");
    /* It died young each time: the next delay would be the fourth. */
    assert_int_equal(watched.child.delay_ms, 400);
}

static void a_stopped_child_is_not_started_again(void **state)
{
    static struct watched watched;

    (void)state;
    prepare(&watched, "/bin/sh", "echo up; exec sleep 1000");
    watched.exits_wanted = 100;
    watched.is_stopped_by_line = true;
    assert_int_equal(child_start(&watched.child), LD_OK);
    run(&watched);
    assert_int_equal(watched.exit_count, 1);
    assert_int_equal(watched.signal, SIGTERM);
}

static void a_child_that_waits_for_its_restart_can_be_stopped(void **state)
{
    static struct watched watched;

    (void)state;
    prepare(&watched, "/bin/sh", "exit 0");
    watched.exits_wanted = 100;
    assert_int_equal(child_start(&watched.child), LD_OK);
    while (watched.child.state != CHILD_WAITING)
        (void)uv_run(&watched.loop, UV_RUN_ONCE);
    child_stop(&watched.child, SIGTERM);
    run(&watched);
    assert_int_equal(watched.exit_count, 1);
}

static void a_program_that_is_not_there_is_told_at_once(void **state)
{
    static struct watched watched;

    (void)state;
    prepare(&watched, "/no/such/program", "");
    assert_int_equal(child_start(&watched.child), LD_NOT_FOUND);
    child_stop(&watched.child, SIGTERM);
    run(&watched);
    assert_int_equal(watched.exit_count, 0);
}

static void a_line_without_end_is_cut_not_grown(void **state)
{
    static struct watched watched;

    (void)state;
    prepare(&watched, "/bin/sh", "head -c 5000 /dev/zero | tr '\\0' x; echo; echo after");
    assert_int_equal(child_start(&watched.child), LD_OK);
    run(&watched);
    assert_int_equal(strlen(watched.lines[0]), CHILD_LINE_MAX - 1);
    assert_string_equal(watched.lines[1], "after");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_dies_is_started_again_and_heard),
        cmocka_unit_test(a_stopped_child_is_not_started_again),
        cmocka_unit_test(a_child_that_waits_for_its_restart_can_be_stopped),
        cmocka_unit_test(a_program_that_is_not_there_is_told_at_once),
        cmocka_unit_test(a_line_without_end_is_cut_not_grown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
