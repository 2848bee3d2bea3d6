/* How far the delivery of emitted events has come: the courier's mark in the store's feeds table,
 * under a name that no subscription can have, and what it says of itself for `status`. The record:
 *   u8 version (1), u64 position, u32 CRC-32 of all before.   Every event that a row up to the
 * position emitted has its fate; those behind it are given again after a start, under their ids. */
#ifndef LD_WORKERS_DELIVERY_H
#define LD_WORKERS_DELIVERY_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdatomic.h>

enum { DELIVERY_RECORD_SIZE = 1 + 8 + 4 };

struct bytes delivery_name(void);
/* Writes DELIVERY_RECORD_SIZE bytes. */
void delivery_encode(uint64_t position, struct buffer *buffer);
/* An empty record is position 0. LD_CORRUPT, LD_UNSUPPORTED. */
LD_MUST_USE enum ld_err delivery_decode(struct bytes record, uint64_t *ret_position);

/* Written by the courier, read by whoever answers `status`. */
struct delivery_report {
    _Atomic uint64_t read;     /* journal rows up to here were looked at */
    _Atomic uint32_t waiting;  /* events of these rows without a fate */
    _Atomic int64_t oldest_ms; /* when the first of them was emitted, in the engine's time */
    _Atomic bool is_stuck;     /* a row behind `read` cannot be read */
};

#endif
