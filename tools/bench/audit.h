/* The self-check of a benchmark: what its clients were told is held against the journals. */
#ifndef LD_BENCH_AUDIT_H
#define LD_BENCH_AUDIT_H

#include "base/err.h"
#include "tools/bench/workload.h"

/* Which steps of a client's cases were acknowledged: a bit each, by serial. */
struct acked {
    uint16_t *steps; /* owned */
    uint32_t count;
};

_Static_assert(WORKLOAD_STEPS <= 16, "a bit a step");

struct audit {
    uint64_t acked; /* events that a client was told of */
    uint64_t found; /* of them, those in a journal */
    uint64_t lost;  /* those that are not */
    uint64_t twice; /* rows of an event of which there was a row already */
    uint64_t rows;  /* of all journals */
};

/* Reads the journals of a data folder that nobody serves. LD_CORRUPT and what else a store says;
 * LD_FULL: no memory. acked: one a client. */
LD_MUST_USE enum ld_err audit_journals(const char *data, uint32_t partitions,
                                       const struct acked *acked, uint32_t clients,
                                       struct audit *ret_audit);
bool audit_is_good(const struct audit *audit);

#endif
