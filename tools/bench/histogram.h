/* How often each duration came, in memory that never grows: buckets that double in width with each
 * octave, 32 to an octave, so that a value is known to 1 part in 32 from a nanosecond to centuries.
 * Pure; two are added up bucket by bucket. */
#ifndef LD_BENCH_HISTOGRAM_H
#define LD_BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 5,
    HISTOGRAM_SUBS = 1 << HISTOGRAM_SUB_BITS,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUBS,
};

/* A zeroed one is empty. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count, sum, max; /* exact */
};

void histogram_add(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* The value that at least so many of 100,000 are not above (50,000: the median): the upper end of
 * its bucket, never beyond the largest value; 0 where there is none. */
uint64_t histogram_at(const struct histogram *histogram, uint32_t of_100000);
uint64_t histogram_mean(const struct histogram *histogram);

#endif
