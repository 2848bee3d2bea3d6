/* What every fuzz target offers, and the files that some start from. A target is one program twice:
 * with libFuzzer it searches (preset fuzz), with replay.c it runs its corpus once, as a test. */
#ifndef LD_TEST_FUZZ_TARGET_H
#define LD_TEST_FUZZ_TARGET_H

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOURCES_MAX = 8, SOURCE_SIZE = 1 << 17 };

/* A file of the source tree. It stays for as long as the program. */
static inline struct bytes source_file(const char *path)
{
    static uint8_t blocks[SOURCES_MAX][SOURCE_SIZE];
    static int count;
    char whole[1024];
    (void)snprintf(whole, sizeof whole, "%s/%s", LIANDONG_SOURCE, path);
    FILE *file = fopen(whole, "rb");
    if (!file || count == SOURCES_MAX) {
        fprintf(stderr, "%s cannot be read\n", whole);
        exit(2);
    }
    uint8_t *block = blocks[count++];
    size_t size = fread(block, 1, SOURCE_SIZE, file);
    (void)fclose(file);
    return (struct bytes){block, size};
}

#endif
