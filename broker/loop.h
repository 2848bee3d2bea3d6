/* The broker at work: the router between two sockets, in one libuv loop. */
#ifndef LD_BROKER_LOOP_H
#define LD_BROKER_LOOP_H

#include "base/err.h"

#include <stdint.h>

struct loop_options {
    uint32_t partitions;
    const char *listen;  /* clients: tcp on the loopback */
    const char *workers; /* workers: ipc */
    const char *local;   /* clients too, of this very machine: ipc; NULL: none */
    int ready_fd;        /* where `listening URL` and `ready` are told */
};

/* Runs until SIGTERM or SIGINT. LD_OK: stopped so; LD_IN_USE, LD_INVALID, LD_IO, LD_FULL: it could
 * not begin, and why has been said. */
LD_MUST_USE enum ld_err loop_run(const struct loop_options *options);

#endif
