/* A whole system of its own for a benchmark: a scratch folder, `liandong init` and `liandong serve`
 * over it as anybody would start them, and the numbers of its processes. */
#ifndef LD_BENCH_SYSTEM_H
#define LD_BENCH_SYSTEM_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SYSTEM_PATH_MAX = 4096,
    SYSTEM_URL_MAX = 256,
    SYSTEM_PARTITIONS_MAX = 64,
};

struct scratch {
    char folder[SYSTEM_PATH_MAX]; /* empty: there is none */
};

struct system_run {
    char data[SYSTEM_PATH_MAX];
    char url[SYSTEM_URL_MAX];
    uint32_t partitions;
    int serve_pid; /* 0: does not run */
    int broker_pid, worker_pids[SYSTEM_PARTITIONS_MAX];
};

/* A new folder under base (NULL: TMPDIR, or /tmp). LD_IO. */
LD_MUST_USE enum ld_err scratch_make(const char *base, struct scratch *ret_scratch);
/* Takes it away with all in it; an empty one too. */
void scratch_remove(struct scratch *scratch);

/* Makes the data folder in the scratch folder and serves it, its clock standing at an instant,
 * until all partitions are up. What the processes say stands in serve.log there. LD_NOT_FOUND: init
 * or serve cannot be run or ended; LD_TIMEOUT; LD_IO. It may run also after an error: stop it. */
LD_MUST_USE enum ld_err system_start(const struct scratch *scratch, uint32_t partitions,
                                     const char *instant, struct system_run *run);
/* Asks it to end and waits for that, in the end with force; true: it ended by itself and well. */
bool system_stop(struct system_run *run);

#endif
