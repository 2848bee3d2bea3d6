/* The bare costs that no event can be cheaper than, each measured alone: one operation after the
 * other for so long, in this process. Nothing here speaks of commands. */
#ifndef LD_BENCH_CEILING_H
#define LD_BENCH_CEILING_H

#include "base/arena.h"
#include "base/err.h"
#include "tools/bench/histogram.h"
#include "tools/bench/workload.h"
#include "workflows/core/case.h"

struct ceiling {
    struct histogram time; /* of an operation, in nanoseconds */
    uint64_t cpu_ns;       /* of the process, over all of them; 0: it does nothing but compute */
};

/* A measurement under way; each gives at least one operation. */
struct ceiling_run {
    struct ceiling *ceiling;
    uint64_t end_ns, cpu_ns, from_ns;
};

struct ceiling_run ceiling_begin(struct ceiling *ceiling, uint64_t limit_ns);
/* Between these two is what is measured; end says whether there is time for another. */
void ceiling_start(struct ceiling_run *run);
bool ceiling_stop(struct ceiling_run *run);
/* Takes note of the CPU time since the beginning: where there is waiting. */
void ceiling_end(struct ceiling_run *run);

/* --- ceiling_core.c: what an event costs without disk and sockets ------------------------------
 */

enum { CEILING_ROWS = WORKLOAD_STEPS };

/* The journal rows of one case's life, as the worker writes them. */
struct ceiling_rows {
    struct bytes rows[CEILING_ROWS];
};

/* case_step alone; the workload's program and its rules. The rows, where wanted, live in the arena.
 * LD_INVALID: the program does not take the workload. */
LD_MUST_USE enum ld_err ceiling_step(const struct program *program, const struct rules *rules,
                                     uint64_t limit_ns, struct arena *arena,
                                     struct ceiling *ret_step, struct ceiling_rows *ret_rows);
/* One event to the wire's bytes, and back to an envelope with its scan. */
LD_MUST_USE enum ld_err ceiling_encode(uint64_t limit_ns, struct ceiling *ret_ceiling);
LD_MUST_USE enum ld_err ceiling_decode(uint64_t limit_ns, struct ceiling *ret_ceiling);

/* --- ceiling_disk.c ----------------------------------------------------------------------------
 */

/* 4 KiB written over a file that has its blocks, then fdatasync. */
LD_MUST_USE enum ld_err ceiling_sync(const char *folder, uint64_t limit_ns,
                                     struct ceiling *ret_ceiling);
/* So many rows behind a head, appended through the store's seam as the worker does: one batch, one
 * synced transaction. data: a data folder of at least one partition that nobody uses. */
LD_MUST_USE enum ld_err ceiling_append(const char *data, const struct ceiling_rows *rows,
                                       uint32_t batch, uint64_t limit_ns,
                                       struct ceiling *ret_ceiling);

/* --- ceiling_wire.c ----------------------------------------------------------------------------
 */

/* A message of two frames from a DEALER to a ROUTER over the loopback and back; the ROUTER does
 * nothing but return it, on a thread of its own. */
LD_MUST_USE enum ld_err ceiling_round_trip(uint64_t limit_ns, struct ceiling *ret_ceiling);

#endif
