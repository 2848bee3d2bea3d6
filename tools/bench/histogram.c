#include "tools/bench/histogram.h"

/* Values below HISTOGRAM_SUBS have a bucket each. Above, the bucket is the position of the highest
 * bit (the octave) and the HISTOGRAM_SUB_BITS bits behind it. */

static uint32_t highest_bit(uint64_t value)
{
    uint32_t bit = 0;

    for (uint32_t step = 32; step > 0; step /= 2) {
        if (value >> step) {
            value >>= step;
            bit += step;
        }
    }
    return bit;
}

static uint32_t bucket_of(uint64_t value)
{
    uint32_t octave;

    if (value < HISTOGRAM_SUBS)
        return (uint32_t)value;
    octave = highest_bit(value) - HISTOGRAM_SUB_BITS;
    return octave * HISTOGRAM_SUBS + (uint32_t)(value >> octave);
}

/* The largest value of a bucket. */
static uint64_t end_of(uint32_t bucket)
{
    uint32_t octave;
    uint64_t first;

    if (bucket < HISTOGRAM_SUBS)
        return bucket;
    octave = bucket / HISTOGRAM_SUBS - 1;
    first = (uint64_t)(bucket % HISTOGRAM_SUBS + HISTOGRAM_SUBS) << octave;
    return first + (((uint64_t)1 << octave) - 1);
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    histogram->counts[bucket_of(value)]++;
    histogram->count++;
    histogram->sum += value;
    if (value > histogram->max)
        histogram->max = value;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->counts[i] += from->counts[i];
    into->count += from->count;
    into->sum += from->sum;
    if (from->max > into->max)
        into->max = from->max;
}

/* ceil(count * share): so many values must lie at or before the answer. Split so that no product
 * overflows. */
static uint64_t rank_of(uint64_t count, uint32_t of_100000)
{
    uint64_t whole = count / 100000 * of_100000;
    uint64_t rest = count % 100000 * of_100000;
    uint64_t rank = whole + (rest + 99999) / 100000;

    return rank > 0 ? rank : 1;
}

uint64_t histogram_at(const struct histogram *histogram, uint32_t of_100000)
{
    uint64_t rank = rank_of(histogram->count, of_100000), seen = 0;

    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= rank)
            return end_of(i) < histogram->max ? end_of(i) : histogram->max;
    }
    return histogram->max;
}

uint64_t histogram_mean(const struct histogram *histogram)
{
    return histogram->count > 0 ? histogram->sum / histogram->count : 0;
}
