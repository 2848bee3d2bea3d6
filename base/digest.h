/* Digests by OpenSSL: the identity of artifacts and events, and the chain over the journal.
 * A library of its own (ld_digest), so that the pure rooms cannot link it unnoticed. */
#ifndef LD_BASE_DIGEST_H
#define LD_BASE_DIGEST_H

#include "base/bytes.h"

enum { DIGEST_SIZE = 32, EVENT_DIGEST_SIZE = 16 };

/* SHA-256 (FIPS 180-4) of all parts one behind the other. */
void digest_parts(const struct bytes *parts, size_t count, uint8_t ret_digest[DIGEST_SIZE]);
void digest_of(struct bytes bytes, uint8_t ret_digest[DIGEST_SIZE]);
/* The identity of an event: the first 128 bits of SHA-256(source, 0, id). */
void digest_event(struct bytes source, struct bytes id, uint8_t ret_digest[EVENT_DIGEST_SIZE]);
/* Lower-case hex; hex has room for 2 * size + 1. */
void digest_hex(const uint8_t *digest, size_t size, char *ret_hex);

#endif
