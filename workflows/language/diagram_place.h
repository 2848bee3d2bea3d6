/* The layers of a drawing between ranking and lines: boxes in the even layers, labels in the odd
 * ones, and in each layer that an edge passes a vertex of no height that keeps its way free.
 * Private to the layout. */
#ifndef LD_LANGUAGE_DIAGRAM_PLACE_H
#define LD_LANGUAGE_DIAGRAM_PLACE_H

#include "workflows/language/diagram_layout.h"

enum vertex_kind { VERTEX_NODE, VERTEX_LABEL, VERTEX_PASS };

struct vertex {
    enum vertex_kind kind;
    uint32_t index; /* of the node, or of the edge */
    int32_t width, height;
    uint32_t layer, order;                               /* order: from the left */
    int32_t x;                                           /* of the middle */
    int32_t wish;                                        /* while a layer is placed */
    uint32_t up_first, up_count, down_first, down_count; /* in grid.ups, grid.downs */
};

/* One piece of an edge, from one layer to the next. */
struct link {
    uint32_t upper, lower; /* vertices */
    uint32_t edge;
    int32_t upper_x, lower_x; /* where it leaves and arrives */
    uint32_t track;           /* of its horizontal piece, 1-based; 0: it needs none */
    bool is_slanted;
};

struct grid {
    struct layout *layout;
    struct vertex *vertices;
    uint32_t vertex_count;
    struct link *links; /* of one edge together, from the top down; edges in order */
    uint32_t link_count;
    uint32_t **rows; /* of each layer: its vertices from the left */
    uint32_t *row_counts;
    uint32_t layer_count;
    uint32_t *ups, *downs;      /* links by lower and by upper vertex */
    uint32_t *layer_links;      /* links by upper layer */
    uint32_t *layer_link_first; /* one more than there are layers */
};

/* diagram_grid.c: vertices, links and their first order. */
bool grid_build(struct layout *layout, struct grid *grid);
/* diagram_order.c: fewer crossings, by barycentres and by swapping neighbours. */
bool grid_order(struct grid *grid);
/* diagram_across.c: x of all vertices, and of the ends of all links. */
void grid_across(struct grid *grid);
/* The least distance between the middles of two neighbours of a row. */
int32_t vertex_gap(const struct vertex *left, const struct vertex *right);
/* The ends of all links, after vertices have moved: at a box, as near to straight as others let. */
void grid_ends(struct grid *grid);
/* Everything moves to where the margin ends. */
void grid_margin(struct grid *grid);
/* diagram_straight.c: fewer bends, nothing else. */
void grid_straighten(struct grid *grid);
/* diagram_route.c: y of everything, and the lines. */
bool grid_route(struct grid *grid);

#endif
