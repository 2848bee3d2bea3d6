/* What a diagram shows, before it is drawn: boxes of short lines, moves between them, the states in
 * which each clock runs. Private to the drawings and their test. */
#ifndef LD_LANGUAGE_DIAGRAM_MODEL_H
#define LD_LANGUAGE_DIAGRAM_MODEL_H

#include "workflows/language/diagram.h"
#include "workflows/language/diagram_layout.h"
#include "workflows/language/diagram_words.h"

enum diagram_line_kind {
    LINE_TITLE, /* of a state */
    LINE_NAME,  /* its name in the definition */
    LINE_CLOCK, /* title and period */
    LINE_TERMS, /* force, who, what ends it */
    LINE_HEAD,  /* of a list */
    LINE_EVENT, /* the list; and moves that have no line of their own */
    LINE_REMARK,
    LINE_LABEL,  /* the event of a move */
    LINE_EXPIRY, /* the clock of a move */
    LINE_GUARD,
    LINE_OPEN,    /* a sub-case that a move opens */
    LINE_EMIT,    /* an event that it emits */
    LINE_HEADING, /* the title of the workflow */
    LINE_BASIS,   /* its version and its legal source */
    LINE_KIND_COUNT
};

struct line_style {
    int32_t size, height; /* of the letters, of the line */
    int32_t before;       /* above the first line of a paragraph */
    int32_t indent;
    bool is_bold;
};

extern const struct line_style line_styles[LINE_KIND_COUNT];

struct diagram_line {
    struct diagram_line *next;
    enum diagram_line_kind kind;
    enum clock_force force; /* CLOCK, TERMS, EXPIRY */
    bool is_first;          /* of its paragraph */
    struct bytes text;
    struct bytes notes; /* of a clock, on its first line: for a tooltip */
    int32_t y;          /* of the line's top, within the box */
};

struct diagram_box {
    struct diagram_line *first, *last;
    int32_t width, height; /* with BOX_PADDING all around */
};

enum {
    BOX_PADDING = 10,
    BOX_TEXT_WIDTH = 280, /* where lines are wrapped */
    LABEL_TEXT_WIDTH = 144,
    ACTION_TEXT_WIDTH = 210, /* of what a move opens or emits */
    LABEL_PADDING = 6,
    HEADING_TEXT_WIDTH = 720,
    START_SIZE = 18,
    MODEL_TEXT_MAX = 1 << 16,
};

enum diagram_node_kind { NODE_START, NODE_ANYWHERE, NODE_STATE, NODE_END };

struct diagram_node {
    enum diagram_node_kind kind;
    int32_t state; /* or INDEX_NONE */
    struct diagram_box box;
};

/* All that moves a case from one node to another by events, or all by expiry. */
struct diagram_edge {
    bool is_expiry;
    struct diagram_box label;
};

struct diagram_move {
    uint32_t from, to, edge;
    int32_t event; /* or INDEX_NONE */
    int32_t clock; /* of an expiry; both INDEX_NONE: a parent opens the case, or closes it */
    const struct branch *branch;
    bool is_else; /* without a guard, behind branches with guards */
};

struct diagram {
    const struct program *program;
    bool is_zh;
    struct arena *arena;
    struct buffer text; /* of the paragraph at hand */
    struct words words; /* into text */
    struct diagram_box heading;
    uint32_t first_state; /* the node of state 0 */
    struct diagram_node *nodes;
    struct diagram_edge *edges;
    struct diagram_move *moves;
    uint32_t move_count;
    uint32_t *edge_of;                 /* by two nodes and is_expiry: 1-based, 0: none */
    uint64_t runs[PROGRAM_CLOCKS_MAX]; /* the states in which a clock may run and is not yet due */
    uint64_t starts[PROGRAM_CLOCKS_MAX]; /* the states in which it begins to */
    struct layout layout;                /* its nodes and edges have the indexes of those above */
};

/* diagram_model.c: nodes, moves, edges, clocks. False: the arena is full. */
bool diagram_model(struct diagram *diagram, const struct program *program, bool is_zh,
                   struct arena *arena);
/* diagram_content.c: the lines of all boxes and labels, and their sizes in the layout. */
bool diagram_fill(struct diagram *diagram);
/* What is behind the model: the layout, and all that stands in it. */
bool diagram_place(struct diagram *diagram);
/* All of it, with the layout. */
bool diagram_build(struct diagram *diagram, const struct program *program, bool is_zh,
                   struct arena *arena);

/* diagram_box.c: the text of the diagram's buffer as a paragraph, wrapped; the buffer is clear
 * again. NULL: the arena is full. */
struct diagram_line *box_add(struct diagram *diagram, struct diagram_box *box,
                             enum diagram_line_kind kind, int32_t text_width);
/* The padding around all lines. */
void box_close(struct diagram_box *box, int32_t padding);
/* How wide a text is at most, in pixels: no font is at hand. */
int32_t text_width(struct bytes text, int32_t size);

/* The top-level handlers, the suspension, and the end that comes with the parent's have a node of
 * their own to come from. */
bool diagram_has_anywhere(const struct diagram *diagram);
/* Does this handler of the top begin the clock? Then its node shows the clock. */
bool diagram_starts_anywhere(const struct diagram *diagram, uint32_t clock);

/* diagram_svg.c, diagram_plain.c: all of them append to the buffer. */
void diagram_svg(const struct diagram *diagram, struct buffer *buffer);
void diagram_dot(const struct diagram *diagram, struct buffer *buffer);
void diagram_mermaid(const struct diagram *diagram, struct buffer *buffer);

#endif
