/* The first artifacts of a new partition: what `liandong init` deploys into the stores that it has
 * just made, before any worker or broker runs. The same journal rows as a deployment over the wire
 * makes, so that a seeded partition and one deployed to later cannot be told apart. */
#ifndef LD_WORKERS_SEED_H
#define LD_WORKERS_SEED_H

#include "workers/store.h"

/* Opens partition's store in folder, deploys the artifacts in their order as one batch stamped
 * now_ms, and closes it. The caller has checked the texts; kinds are enum artifact_kind; a version
 * of 0 is counted by the partition. LD_IN_USE, LD_FOREIGN, LD_INVALID (a text that is none of its
 * kind), LD_FULL, LD_IO. */
LD_MUST_USE enum ld_err seed_partition(const char *folder, uint32_t partition,
                                       const struct store_artifact *artifacts, uint32_t count,
                                       int64_t now_ms);

#endif
