/* The work that a benchmark does: cases of the shipped workflow procuratorate-transfer. A lead is
 * transferred to the procuratorate, which does not file it; the agency asks for a reconsideration
 * and then for a review, on which the case is filed. Twelve events of three units, five clocks, no
 * other case. Every name follows from three numbers, so that an event found in a journal says which
 * of those that were sent it is. Pure. */
#ifndef LD_BENCH_WORKLOAD_H
#define LD_BENCH_WORKLOAD_H

#include "proto/envelope.h"

#define WORKLOAD_WORKFLOW "procuratorate-transfer"
#define WORKLOAD_FILE "catalog/" WORKLOAD_WORKFLOW ".yaml"
/* The system's clock stands here: the legal dates are this day, whatever day it really is. */
#define WORKLOAD_INSTANT "2025-09-25T10:00:00+08:00"

enum {
    WORKLOAD_STEPS = 12, /* events of one case, the last of which closes it */
    WORKLOAD_FIELDS_MAX = 3,
};

struct workload_name {
    uint32_t client, serial, step;
};

/* An event with the memory of its names. */
struct workload_event {
    struct envelope envelope;
    struct value_entry fields[WORKLOAD_FIELDS_MAX];
    char subject[WIRE_SUBJECT_MAX], id[WIRE_ID_MAX];
};

/* The event lives where it is made: envelope points into it. */
void workload_make(const struct workload_name *name, struct workload_event *event);
/* False: not an id of ours. */
bool workload_parse(struct bytes event_id, struct workload_name *ret_name);
/* The first serial from this one on whose case belongs to the partition. */
uint32_t workload_serial_in(uint32_t client, uint32_t serial, uint32_t partition,
                            uint32_t partitions);

#endif
