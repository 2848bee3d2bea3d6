/* Bytes written as hex in tests, and golden files of the wire. */
#ifndef LD_TESTS_PROTO_HEX_H
#define LD_TESTS_PROTO_HEX_H

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

static inline int hex_digit(char digit)
{
    const char *digits = "0123456789abcdef";
    const char *place = digit ? strchr(digits, digit) : NULL;
    return place ? (int)(place - digits) : -1;
}

/* Spaces are passed over; reading ends at what is no hex. The view lives in memory. */
static inline struct bytes hex_bytes(const char *hex, uint8_t *memory, size_t size)
{
    size_t used = 0;
    for (; *hex == ' ' || (hex_digit(hex[0]) >= 0 && hex_digit(hex[1]) >= 0); hex++) {
        if (*hex == ' ')
            continue;
        if (used == size)
            return BYTES_NONE;
        memory[used++] = (uint8_t)(hex_digit(hex[0]) * 16 + hex_digit(hex[1]));
        hex++;
    }
    return (struct bytes){memory, used};
}

#endif
