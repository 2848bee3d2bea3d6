/* A workflow as a picture for people: states, what moves a case between them, which clocks run
 * where. SVG is laid out here and needs nothing else to be shown; dot and mermaid are for those
 * who have their own tools. The same program gives the same bytes. */
#ifndef LD_LANGUAGE_DIAGRAM_H
#define LD_LANGUAGE_DIAGRAM_H

#include "base/buffer.h"
#include "base/err.h"
#include "workflows/core/program.h"

enum diagram_format { DIAGRAM_SVG, DIAGRAM_DOT, DIAGRAM_MERMAID };

/* Room enough for the largest definition. */
enum { DIAGRAM_ARENA_SIZE = 32 << 20, DIAGRAM_TEXT_SIZE = 8 << 20 };

/* "svg", "dot", "mermaid"; false leaves the result untouched. */
bool diagram_format_from_word(struct bytes word, enum diagram_format *ret_format);
/* LD_FULL: the arena or the buffer is. O(events * states), and what fits a page's layout. */
LD_MUST_USE enum ld_err diagram_write(const struct program *program, enum diagram_format format,
                                      bool is_zh, struct arena *arena, struct buffer *buffer);

/* The same with the titles of the workflows that a branch opens or emits for. */
struct diagram_request {
    enum diagram_format format;
    bool is_zh;
    /* False: nobody knows it, and its id is shown. NULL: so are all. */
    bool (*find_title)(void *finder, struct bytes workflow, struct title *ret_title);
    void *finder;
};

LD_MUST_USE enum ld_err diagram_write_family(const struct program *program,
                                             const struct diagram_request *request,
                                             struct arena *arena, struct buffer *buffer);

#endif
