#include "tools/bench/options.h"

#include "tools/bench/measure.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What both benchmarks need beside what they measure. */

enum { CELL_MAX = 64, MACHINE_ENTRIES = 4 };

static volatile sig_atomic_t is_ended;

uint32_t bench_number(const struct command_context *context, const struct bench_number *number,
                      const char *text)
{
    char zh[128], en[128], *end;
    unsigned long value;

    if (text == NULL)
        return number->fallback;
    value = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= number->min
        && value <= number->max)
        return (uint32_t)value;
    (void)snprintf(zh, sizeof zh, "--%s 须为 %u 到 %u", number->name, number->min, number->max);
    (void)snprintf(en, sizeof en, "--%s is %u to %u", number->name, number->min, number->max);
    usage_error(context, zh, en);
}

uint64_t bench_seconds(const struct command_context *context, const char *text, double fallback,
                       double max)
{
    char zh[128], en[128], *end = NULL;
    double seconds = text == NULL ? fallback : strtod(text, &end);

    if ((text == NULL || (end != text && *end == '\0')) && seconds >= 0.01 && seconds <= max)
        return (uint64_t)(seconds * 1e9);
    (void)snprintf(zh, sizeof zh, "--seconds 须为 0.01 到 %.0f", max);
    (void)snprintf(en, sizeof en, "--seconds is 0.01 to %.0f", max);
    usage_error(context, zh, en);
}

static void on_signal(int number)
{
    (void)number;
    is_ended = 1;
}

void bench_catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)sigaction(numbers[i], &action, NULL); /* else it ends as by any signal */
}

bool bench_is_ended(void)
{
    return is_ended != 0;
}

void bench_put_cell(struct bench_cells *cells, const char *format, ...)
{
    char *cell = arena_alloc(cells->arena, CELL_MAX);
    va_list arguments;

    va_start(arguments, format);
    if (cell != NULL)
        (void)vsnprintf(cell, CELL_MAX, format, arguments);
    va_end(arguments);
    cells->cells[cells->count++] = cell != NULL ? cell : "";
}

void bench_look_at_machine(const char *folder, struct bench_machine *machine)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    machine->cores = cores > 0 ? (uint32_t)cores : 0;
    machine->load_before = measure_load();
    measure_filesystem(folder, machine->filesystem);
}

struct value bench_machine_value(const struct bench_machine *machine, struct arena *arena)
{
    struct value_entry *entries = arena_alloc_array(arena, MACHINE_ENTRIES, sizeof *entries);
    struct value_builder builder = {entries, MACHINE_ENTRIES, 0};

    if (entries == NULL)
        return VALUE_ABSENT;
    value_put(&builder, "cores", value_int(machine->cores));
    value_put(&builder, "load_before", value_double(machine->load_before / 100.0));
    value_put(&builder, "load_after", value_double(machine->load_after / 100.0));
    value_put(&builder, "filesystem", value_words(machine->filesystem));
    return value_built(&builder);
}

void bench_print_machine(const struct command_context *context, const struct bench_machine *machine)
{
    printf(say(context, "%u 核,负载 %.2f → %.2f,文件系统 %s\n",
               "%u cores, load %.2f → %.2f, file system %s\n"),
           machine->cores, machine->load_before / 100.0, machine->load_after / 100.0,
           machine->filesystem);
    if (strcmp(machine->filesystem, "tmpfs") == 0)
        printf("%s\n", say(context, "注意:这里同步写盘不花时间,与磁盘上的结果不可比",
                           "note: a sync costs nothing here; this is no measure of a disk"));
}
