/* From a program to a picture: model, ranks, content, places, then one of three writers. All are
 * pure over the program; what they need beside it comes from the arena. */
#include "workflows/language/diagram.h"

#include "workflows/language/diagram_model.h"

bool diagram_format_from_word(struct bytes word, enum diagram_format *ret_format)
{
    static const char *const words[] = {
        [DIAGRAM_SVG] = "svg", [DIAGRAM_DOT] = "dot", [DIAGRAM_MERMAID] = "mermaid"};
    for (int i = DIAGRAM_SVG; i <= DIAGRAM_MERMAID; i++) {
        if (!bytes_is(word, words[i]))
            continue;
        *ret_format = (enum diagram_format)i;
        return true;
    }
    return false;
}

enum ld_err diagram_write(const struct program *program, enum diagram_format format, bool is_zh,
                          struct arena *arena, struct buffer *buffer)
{
    struct diagram_request request = {.format = format, .is_zh = is_zh};
    return diagram_write_family(program, &request, arena, buffer);
}

enum ld_err diagram_write_family(const struct program *program,
                                 const struct diagram_request *request, struct arena *arena,
                                 struct buffer *buffer)
{
    struct diagram diagram;
    if (!diagram_model(&diagram, program, request->is_zh, arena))
        return LD_FULL;
    diagram.words.request = request;
    if (!diagram_place(&diagram))
        return LD_FULL;
    switch (request->format) {
    case DIAGRAM_SVG: diagram_svg(&diagram, buffer); break;
    case DIAGRAM_DOT: diagram_dot(&diagram, buffer); break;
    case DIAGRAM_MERMAID: diagram_mermaid(&diagram, buffer); break;
    }
    return buffer->is_full ? LD_FULL : LD_OK;
}
