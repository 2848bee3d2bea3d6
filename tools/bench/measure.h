/* What a process has used so far, as the kernel counts it, and what the machine is doing. */
#ifndef LD_BENCH_MEASURE_H
#define LD_BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct usage {
    uint64_t cpu_ns;         /* of all its threads, ended ones among them */
    uint64_t written_bytes;  /* that it caused to be sent to a device */
    uint64_t resident_bytes; /* with the pages of mapped files that are in memory */
    uint64_t private_bytes;  /* of these, those that are no file's */
};

/* Nanoseconds of a clock that never steps. */
uint64_t measure_now_ns(void);
/* False: there is no such process, or it is not ours to look at. */
bool measure_process(int pid, struct usage *ret_usage);
/* Load average of the last minute in hundredths; 0 where it is not known. */
uint32_t measure_load(void);
/* "ext4", "tmpfs"… of a path; a number in hex where it has no name here. */
void measure_filesystem(const char *path, char ret_name[32]);

#endif
