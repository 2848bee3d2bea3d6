/* Messages and events that killed the worker: which ones it was busy with when it died, by their
 * digests, kept in a small file beside the store so that the next process knows. An event that was
 * fatal three times, in a batch of its own, is not tried again: a worker that is merely being
 * killed must not make an innocent event look like the cause. */
#ifndef LD_WORKERS_POISON_H
#define LD_WORKERS_POISON_H

#include "base/digest.h"
#include "base/err.h"

enum { POISON_MAX = 64, POISON_TRIES = 3 };

struct suspect {
    uint8_t digest[EVENT_DIGEST_SIZE];
    uint8_t tries; /* begun and not ended; POISON_TRIES: quarantined, for good */
};

struct poison {
    int file; /* owned; -1: nothing is kept (tests) */
    struct suspect suspects[POISON_MAX];
    uint32_t count;
};

/* Reads the file, or makes it. path NULL: nothing is kept. LD_IO. */
LD_MUST_USE enum ld_err poison_open(struct poison *poison, const char *path);
void poison_close(struct poison *poison);
/* Was it begun and never ended? */
bool poison_is_suspect(const struct poison *poison, const uint8_t digest[EVENT_DIGEST_SIZE]);
bool poison_is_quarantined(const struct poison *poison, const uint8_t digest[EVENT_DIGEST_SIZE]);
/* Before such an event is decided. False: it has been fatal too often, and is quarantined. */
bool poison_begin(struct poison *poison, const uint8_t digest[EVENT_DIGEST_SIZE]);
/* It is decided and on disk: no suspect any more. */
void poison_end(struct poison *poison, const uint8_t digest[EVENT_DIGEST_SIZE]);

#endif
