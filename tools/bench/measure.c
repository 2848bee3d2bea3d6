#include "tools/bench/measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* The kernel's own books: a process's CPU clock (to the nanosecond, where /proc/PID/stat has ticks
 * of ten milliseconds), /proc/PID/io and /proc/PID/status (proc(5)). */

static uint64_t ns_of(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

uint64_t measure_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: the clock exists on every Linux */
    return ns_of(&now);
}

static bool read_cpu(int pid, uint64_t *ret_ns)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return false;
    *ret_ns = ns_of(&used);
    return true;
}

struct proc_row {
    const char *name; /* with its colon */
    uint64_t factor, *ret_number;
};

/* Lines "name: number [unit]"; false: not all of them are there. */
static bool read_rows(int pid, const char *file, const struct proc_row *rows, uint32_t count)
{
    char path[64], line[256];
    uint32_t found = 0;
    FILE *stream;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    stream = fopen(path, "re");
    if (stream == NULL)
        return false;
    while (fgets(line, sizeof line, stream) != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            size_t size = strlen(rows[i].name);
            if (strncmp(line, rows[i].name, size) != 0)
                continue;
            *rows[i].ret_number = strtoull(line + size, NULL, 10) * rows[i].factor;
            found++;
        }
    }
    (void)fclose(stream); /* it was only read */
    return found == count;
}

bool measure_process(int pid, struct usage *ret_usage)
{
    const struct proc_row io[] = {{"write_bytes:", 1, &ret_usage->written_bytes}};
    const struct proc_row status[] = {{"VmRSS:", 1024, &ret_usage->resident_bytes},
                                      {"RssAnon:", 1024, &ret_usage->private_bytes}};

    *ret_usage = (struct usage){0};
    return read_cpu(pid, &ret_usage->cpu_ns) && read_rows(pid, "io", io, 1)
           && read_rows(pid, "status", status, 2);
}

uint32_t measure_load(void)
{
    double load;

    return getloadavg(&load, 1) == 1 ? (uint32_t)(load * 100) : 0;
}

void measure_filesystem(const char *path, char ret_name[32])
{
    /* The magic numbers of statfs(2). */
    static const struct {
        uint64_t type;
        const char *name;
    } rows[] = {
        {0xef53, "ext4"},        {0x58465342, "xfs"}, {0x9123683e, "btrfs"}, {0x01021994, "tmpfs"},
        {0x794c7630, "overlay"}, {0x2fc12fc1, "zfs"}, {0xf2f52010, "f2fs"},
    };
    struct statfs status;
    uint64_t type = statfs(path, &status) == 0 ? (uint64_t)status.f_type & UINT32_MAX : 0;

    (void)snprintf(ret_name, 32, "0x%" PRIx64, type);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type == type)
            (void)snprintf(ret_name, 32, "%s", rows[i].name);
    }
}
