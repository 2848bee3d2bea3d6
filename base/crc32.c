/* By zlib: every stored record and every routed case goes through here, and its tables are worth
 * more than a few lines of our own. */
#include "base/crc32.h"

#include <zlib.h>

uint32_t crc32_of(struct bytes bytes)
{
    return (uint32_t)crc32_z(0, bytes.ptr, bytes.size);
}
