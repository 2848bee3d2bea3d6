#include "base/assert.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FRAMES_MAX = 32 };

_Noreturn void ld_assert_failed(const char *expression, const char *file, int line)
{
    void *frames[FRAMES_MAX];
    (void)fprintf(stderr, "assertion failed: %s (%s:%d)\n", expression, file, line);
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
    abort();
}
