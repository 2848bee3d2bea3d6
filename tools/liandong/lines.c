/* read(2) into one buffer that holds the longest line; a line past the bound is passed over to its
 * end and reported once, so that the numbers of the others stay right. */
#include "tools/liandong/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void lines_init(struct lines *lines, int file)
{
    lines->file = file;
    lines->begin = lines->end = 0;
    lines->is_passing = lines->is_ended = false;
    lines->number = 0;
}

/* A line whose end has been read; the last one of a stream may have none. */
static bool cut(struct lines *lines, struct bytes *ret_line)
{
    const uint8_t *start = lines->memory + lines->begin;
    size_t size = lines->end - lines->begin;
    const uint8_t *stop = memchr(start, '\n', size);
    if (!stop && !(lines->is_ended && size))
        return false;
    size_t taken = stop ? (size_t)(stop - start) : size;
    lines->begin += taken + (stop != NULL);
    if (taken && start[taken - 1] == '\r')
        taken--;
    *ret_line = (struct bytes){start, taken};
    lines->number++;
    return true;
}

/* Whether anything was read; sets is_ended at the end. */
static bool fill(struct lines *lines, int wait_ms)
{
    struct pollfd poll_row = {.fd = lines->file, .events = POLLIN};
    memmove(lines->memory, lines->memory + lines->begin, lines->end - lines->begin);
    lines->end -= lines->begin;
    lines->begin = 0;
    int ready = poll(&poll_row, 1, wait_ms);
    if (ready <= 0)
        return false; /* nothing yet, or a signal: the caller comes again */
    ssize_t taken =
        read(lines->file, lines->memory + lines->end, sizeof lines->memory - lines->end);
    if (taken > 0)
        lines->end += (size_t)taken;
    else if (taken == 0 || (errno != EINTR && errno != EAGAIN))
        lines->is_ended = true;
    return taken > 0 || lines->is_ended;
}

enum line_status lines_next(struct lines *lines, int wait_ms, struct bytes *ret_line)
{
    for (;;) {
        bool is_cut = cut(lines, ret_line);
        if (is_cut && lines->is_passing) {
            lines->is_passing = false;
            return LINE_TOO_LONG;
        }
        if (is_cut)
            return ret_line->size > LINE_MAX_SIZE ? LINE_TOO_LONG : LINE_READY;
        if (lines->is_ended && lines->is_passing) {
            lines->is_passing = false;
            lines->number++;
            return LINE_TOO_LONG;
        }
        if (lines->is_ended)
            return LINE_END;
        if (lines->end - lines->begin == sizeof lines->memory) {
            lines->is_passing = true;
            lines->begin = lines->end = 0;
        }
        if (!fill(lines, wait_ms))
            return LINE_LATER;
    }
}
