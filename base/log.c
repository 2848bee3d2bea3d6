/* Logging for shells. A line is put together in memory and written by one call: what several
 * processes write to one file or pipe stays whole line by line. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 1000 };

static const char *process_name = "liandong";

void log_open(const char *name)
{
    process_name = name;
}

void log_line(const char *format, ...)
{
    char line[LOG_LINE_MAX + 2];
    va_list arguments;
    size_t used;

    (void)snprintf(line, LOG_LINE_MAX, "%s: ", process_name);
    used = strlen(line);
    va_start(arguments, format);
    (void)vsnprintf(line + used, LOG_LINE_MAX - used, format, arguments);
    va_end(arguments);
    used = strlen(line);
    line[used++] = '\n';
    /* Whether it could be written changes nothing for the caller. */
    if (write(STDERR_FILENO, line, used) < 0)
        return;
}
