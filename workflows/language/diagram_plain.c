/* The same boxes and moves for tools that draw themselves: Graphviz and Mermaid. Graphviz takes
 * any text in quotes (dot language, "double-quoted string"). Mermaid's state diagrams end a text at
 * a colon, a semicolon or the line's end, so those and whatever HTML means something by are
 * written as its entity codes (#58; is a colon). Identifiers are numbered: a state may be called
 * `end`, which is a word of both languages. */
#include "workflows/language/diagram_model.h"

static void put(struct buffer *buffer, const char *text)
{
    buffer_put_text(buffer, text);
}

static void put_id(struct buffer *buffer, uint32_t node)
{
    put(buffer, "n");
    buffer_put_decimal(buffer, node);
}

static void put_quoted(struct buffer *buffer, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t octet = text.ptr[i];
        if (octet == '"' || octet == '\\')
            buffer_put_u8(buffer, '\\');
        buffer_put_u8(buffer, octet < 0x20 ? ' ' : octet);
    }
}

static bool is_plain(uint8_t octet)
{
    return octet >= 0x80 || (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z')
           || (octet >= 'a' && octet <= 'z') || octet == ' ' || octet == '.' || octet == ','
           || octet == '(' || octet == ')';
}

/* "end note", in any case, would end a note. */
static bool is_note_end(struct bytes text, size_t at)
{
    struct bytes words = BYTES_LITERAL("end note");
    struct bytes here = bytes_slice(text, at, words.size);
    for (size_t i = 0; i < here.size; i++) {
        if ((here.ptr[i] | 0x20) != words.ptr[i])
            return false;
    }
    return here.size == words.size;
}

/* Numeric, because names of entities are HTML's and not all are known to Mermaid. */
static void put_coded(struct buffer *buffer, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t octet = text.ptr[i] < 0x20 ? ' ' : text.ptr[i];
        if (is_plain(octet) && !is_note_end(text, i)) {
            buffer_put_u8(buffer, octet);
            continue;
        }
        put(buffer, "#");
        buffer_put_decimal(buffer, octet);
        put(buffer, ";");
    }
}

/* The lines of a box with a separator between them. */
static void put_box(struct buffer *buffer, const struct diagram_box *box, const char *separator,
                    void (*escape)(struct buffer *, struct bytes))
{
    for (const struct diagram_line *line = box->first; line; line = line->next) {
        bool is_clock = line->kind == LINE_CLOCK || line->kind == LINE_EXPIRY;
        put(buffer, line == box->first ? "" : separator);
        put(buffer, is_clock && line->is_first ? "⏱ " : "");
        escape(buffer, line->text);
    }
}

static void put_dot_node(const struct diagram *diagram, uint32_t index, struct buffer *buffer)
{
    static const char *const styles[] = {
        [NODE_START] = "shape=circle, style=filled, fillcolor=\"#475569\", width=0.2",
        [NODE_ANYWHERE] = "style=\"rounded,dashed\"",
        [NODE_STATE] = "style=rounded",
        [NODE_END] = "style=rounded, peripheries=2",
    };
    const struct diagram_node *node = &diagram->nodes[index];
    put(buffer, "    ");
    put_id(buffer, index);
    put(buffer, " [");
    put(buffer, styles[node->kind]);
    put(buffer, ", label=\"");
    put_box(buffer, &node->box, "\\n", put_quoted);
    put(buffer, "\"];\n");
}

/* What found no room in our own layout is an edge here all the same. */
static void put_dot_edge(const struct diagram *diagram, uint32_t index, struct buffer *buffer)
{
    const struct layout_edge *edge = &diagram->layout.edges[index];
    put(buffer, "    ");
    put_id(buffer, edge->from);
    put(buffer, " -> ");
    put_id(buffer, edge->to);
    put(buffer, " [label=\"");
    put_box(buffer, &diagram->edges[index].label, "\\n", put_quoted);
    put(buffer,
        diagram->edges[index].is_expiry ? "\", style=dashed, color=\"#c2410c\"];\n" : "\"];\n");
}

void diagram_dot(const struct diagram *diagram, struct buffer *buffer)
{
    put(buffer, "digraph \"");
    put_quoted(buffer, diagram->program->id);
    put(buffer, "\" {\n    graph [rankdir=TB, labelloc=t, label=\"");
    put_box(buffer, &diagram->heading, "\\n", put_quoted);
    put(buffer, "\"];\n    node [shape=box, fontname=\"Noto Sans CJK SC\", fontsize=11];\n"
                "    edge [fontname=\"Noto Sans CJK SC\", fontsize=10];\n");
    for (uint32_t i = 0; i < diagram->layout.node_count; i++)
        put_dot_node(diagram, i, buffer);
    for (uint32_t i = 0; i < diagram->layout.edge_count; i++)
        put_dot_edge(diagram, i, buffer);
    put(buffer, "}\n");
}

static void put_mermaid_state(const struct diagram *diagram, uint32_t index, struct buffer *buffer)
{
    const struct diagram_box *box = &diagram->nodes[index].box;
    put(buffer, "    state \"");
    put_coded(buffer, box->first->text);
    for (const struct diagram_line *line = box->first->next; line && line->kind == LINE_TITLE;
         line = line->next)
        put_coded(buffer, line->text);
    put(buffer, "\" as ");
    put_id(buffer, index);
    put(buffer, "\n");
}

static void put_mermaid_note(const struct diagram *diagram, uint32_t index, struct buffer *buffer)
{
    bool is_empty = true;
    for (const struct diagram_line *line = diagram->nodes[index].box.first; line;
         line = line->next) {
        if (line->kind == LINE_TITLE || line->kind == LINE_NAME)
            continue;
        if (is_empty) {
            put(buffer, "    note right of ");
            put_id(buffer, index);
            put(buffer, "\n");
        }
        is_empty = false;
        put(buffer, "        ");
        put(buffer, line->kind == LINE_CLOCK && line->is_first ? "⏱ " : "");
        put_coded(buffer, line->text);
        put(buffer, "\n");
    }
    put(buffer, is_empty ? "" : "    end note\n");
}

static void put_mermaid_edge(const struct diagram *diagram, uint32_t index, struct buffer *buffer)
{
    const struct layout_edge *edge = &diagram->layout.edges[index];
    put(buffer, "    ");
    if (edge->from == 0)
        put(buffer, "[*]");
    else
        put_id(buffer, edge->from);
    put(buffer, " --> ");
    put_id(buffer, edge->to);
    put(buffer, " : ");
    put_box(buffer, &diagram->edges[index].label, "<br/>", put_coded);
    put(buffer, "\n");
}

void diagram_mermaid(const struct diagram *diagram, struct buffer *buffer)
{
    const struct layout *layout = &diagram->layout;
    put(buffer, "stateDiagram-v2\n    direction TB\n");
    for (uint32_t i = 1; i < layout->node_count; i++)
        put_mermaid_state(diagram, i, buffer);
    for (uint32_t i = 0; i < layout->edge_count; i++)
        put_mermaid_edge(diagram, i, buffer);
    for (uint32_t i = 1; i < layout->node_count; i++) {
        if (diagram->nodes[i].kind != NODE_END)
            continue;
        put(buffer, "    ");
        put_id(buffer, i);
        put(buffer, " --> [*]\n");
    }
    for (uint32_t i = 1; i < layout->node_count; i++)
        put_mermaid_note(diagram, i, buffer);
}
