/* The lines of a stream, one at a time and bounded, without waiting longer than one is told to. */
#ifndef LD_TOOLS_LINES_H
#define LD_TOOLS_LINES_H

#include "base/bytes.h"

enum { LINE_MAX_SIZE = 64 << 10 };

enum line_status {
    LINE_READY,
    LINE_TOO_LONG, /* it was passed over as a whole */
    LINE_LATER,    /* none yet */
    LINE_END,      /* the end of the stream, or it can no longer be read */
};

struct lines {
    int file; /* the caller's descriptor */
    uint8_t memory[LINE_MAX_SIZE + 2];
    size_t begin, end;  /* what has been read and not handed out */
    bool is_passing;    /* within a line that is too long */
    bool is_ended;
    uint64_t number;    /* of the line handed out last, 1-based */
};

void lines_init(struct lines *lines, int file);
/* The line without its end; valid until the next call. wait_ms < 0: for ever. */
enum line_status lines_next(struct lines *lines, int wait_ms, struct bytes *ret_line);

#endif
