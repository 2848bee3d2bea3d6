/* A layered drawing of a directed graph (Sugiyama, Tagawa, Toda 1981): ranks from top to bottom,
 * every edge with one label on its way, lines of right angles that keep clear of all boxes. In
 * whole pixels, so that every machine draws the same. Must not know workflows, text or SVG. */
#ifndef LD_LANGUAGE_DIAGRAM_LAYOUT_H
#define LD_LANGUAGE_DIAGRAM_LAYOUT_H

#include "base/arena.h"

enum {
    LAYOUT_NODES_MAX = 80,
    LAYOUT_EDGES_MAX = 2 * LAYOUT_NODES_MAX * LAYOUT_NODES_MAX,
    LAYOUT_RANK_NODES_MAX = 4, /* side by side: more go one rank down */
    LAYOUT_RANK_LABELS_MAX = 7,
    LAYOUT_RANK_LINES_MAX = 28, /* that pass a rank: what is too long then is not drawn */
    LAYOUT_LINE_GAP = 16,       /* between neighbouring lines */
    LAYOUT_MARGIN = 24,
};

struct layout_point {
    int32_t x, y;
};

struct layout_node {
    uint32_t least_rank; /* in, for layout_rank */
    /* In, for layout_place. A box needs LAYOUT_LINE_GAP for each line at its busier side. */
    int32_t width, height;
    uint32_t rank; /* by layout_rank */
    int32_t x, y;  /* by layout_place: the upper left corner */
};

struct layout_edge {
    uint32_t from, to;                 /* in: two nodes, never one */
    int32_t label_width, label_height; /* in, for layout_place */
    bool is_back;                      /* by layout_rank: it leads upwards */
    bool is_drawn;                     /* by layout_rank: false: there is no room for it */
    uint32_t label_rank;               /* by layout_rank: the label is below this rank */
    int32_t label_x, label_y;          /* by layout_place: the upper left corner */
    const struct layout_point
        *points; /* by layout_place: from source to target, through the label */
    uint32_t point_count;
};

struct layout {
    struct arena *arena;
    struct layout_node *nodes; /* the first is the start */
    uint32_t node_count;
    struct layout_edge *edges;
    uint32_t edge_count;
    uint32_t rank_count;   /* by layout_rank */
    int32_t width, height; /* by layout_place, with LAYOUT_MARGIN all around */
};

/* Which edges lead back, every node's rank, and which edges there is room for. Both: false when
 * the arena is full. O((nodes + edges) * ranks). */
bool layout_rank(struct layout *layout);
/* Positions of nodes, labels and lines. No two boxes or labels overlap and no line passes through
 * any but its own ends and label. The work is bounded by what fits the ranks, not by the edges. */
bool layout_place(struct layout *layout);

#endif
