/* JSON as values: one line of NDJSON, or a scalar on the command line. */
#ifndef LD_TOOLS_JSON_READ_H
#define LD_TOOLS_JSON_READ_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/* What was wrong with a text; where is a column in it, 1-based. */
struct json_problem {
    char text[160];
    int column;
};

/* One JSON value and nothing behind it; keys each once, nesting at most depth_max, integers within
 * int64. Everything lives in the arena. LD_INVALID with a problem; LD_FULL. */
LD_MUST_USE enum ld_err json_read(struct bytes text, uint32_t depth_max, struct arena *arena,
                                  struct value *ret_value, struct json_problem *ret_problem);
/* A number, true, false, null or a quoted text as what it is; any other text as itself. */
struct value json_scalar_or_text(const char *text, struct arena *arena);

#endif
