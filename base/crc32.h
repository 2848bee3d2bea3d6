/* CRC-32 (IEEE 802.3, the one of zlib and of Python's zlib.crc32): which partition a case
 * belongs to, and whether a stored record is whole. */
#ifndef LD_BASE_CRC32_H
#define LD_BASE_CRC32_H

#include "base/bytes.h"

uint32_t crc32_of(struct bytes bytes);

#endif
