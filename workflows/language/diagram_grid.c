/* From ranked nodes and edges to layers of vertices: rank r is layer 2r, the labels below it are
 * layer 2r + 1. Every edge is cut into links from one layer to the next, so that what follows
 * looks at two neighbouring layers only. */
#include "workflows/language/diagram_place.h"

#include "base/assert.h"

static uint32_t upper_rank(const struct layout *layout, const struct layout_edge *edge)
{
    return layout->nodes[edge->is_back ? edge->to : edge->from].rank;
}

static uint32_t lower_rank(const struct layout *layout, const struct layout_edge *edge)
{
    return layout->nodes[edge->is_back ? edge->from : edge->to].rank;
}

static uint32_t count_vertices(const struct layout *layout)
{
    uint32_t count = layout->node_count;
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edges[i];
        if (edge->is_drawn)
            count += 2 * (lower_rank(layout, edge) - upper_rank(layout, edge)) - 1;
    }
    return count;
}

static uint32_t add_vertex(struct grid *grid, struct vertex vertex)
{
    grid->vertices[grid->vertex_count] = vertex;
    grid->row_counts[vertex.layer]++;
    return grid->vertex_count++;
}

static void add_edge(struct grid *grid, uint32_t index)
{
    const struct layout_edge *edge = &grid->layout->edges[index];
    uint32_t upper = edge->is_back ? edge->to : edge->from;
    uint32_t lower = edge->is_back ? edge->from : edge->to;
    uint32_t end = 2 * lower_rank(grid->layout, edge);
    uint32_t before = upper; /* nodes are the first vertices, in their order */
    for (uint32_t layer = 2 * upper_rank(grid->layout, edge) + 1; layer <= end; layer++) {
        bool is_label = layer == 2 * edge->label_rank + 1;
        struct vertex vertex = {.kind = is_label ? VERTEX_LABEL : VERTEX_PASS,
                                .index = index,
                                .layer = layer,
                                .width = is_label ? edge->label_width : 0,
                                .height = is_label ? edge->label_height : 0};
        uint32_t after = layer == end ? lower : add_vertex(grid, vertex);
        grid->links[grid->link_count++] =
            (struct link){.upper = before, .lower = after, .edge = index};
        before = after;
    }
}

static void add_all(struct grid *grid)
{
    const struct layout *layout = grid->layout;
    for (uint32_t i = 0; i < layout->node_count; i++) {
        const struct layout_node *node = &layout->nodes[i];
        (void)add_vertex(grid, (struct vertex){.kind = VERTEX_NODE,
                                               .index = i,
                                               .layer = 2 * node->rank,
                                               .width = node->width,
                                               .height = node->height});
    }
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        if (layout->edges[i].is_drawn)
            add_edge(grid, i);
    }
}

/* Links by their vertices and by their layer: counted first, then laid behind one another. */
static void index_links(struct grid *grid)
{
    uint32_t up = 0, down = 0, at = 0;
    for (uint32_t i = 0; i < grid->link_count; i++) {
        grid->vertices[grid->links[i].lower].up_count++;
        grid->vertices[grid->links[i].upper].down_count++;
        grid->layer_link_first[grid->vertices[grid->links[i].upper].layer + 1]++;
    }
    for (uint32_t i = 0; i < grid->vertex_count; i++) {
        struct vertex *vertex = &grid->vertices[i];
        vertex->up_first = up;
        vertex->down_first = down;
        up += vertex->up_count;
        down += vertex->down_count;
        vertex->up_count = vertex->down_count = 0;
    }
    for (uint32_t layer = 0; layer < grid->layer_count; layer++)
        grid->layer_link_first[layer + 1] += grid->layer_link_first[layer];
    for (uint32_t layer = 0; layer < grid->layer_count; layer++) {
        for (uint32_t i = 0; i < grid->link_count; i++) {
            if (grid->vertices[grid->links[i].upper].layer == layer)
                grid->layer_links[at++] = i;
        }
    }
    for (uint32_t i = 0; i < grid->link_count; i++) {
        struct vertex *upper = &grid->vertices[grid->links[i].upper];
        struct vertex *lower = &grid->vertices[grid->links[i].lower];
        grid->ups[lower->up_first + lower->up_count++] = i;
        grid->downs[upper->down_first + upper->down_count++] = i;
    }
}

static bool fill_rows(struct grid *grid)
{
    for (uint32_t i = 0; i < grid->layer_count; i++) {
        grid->rows[i] =
            arena_alloc_array(grid->layout->arena, grid->row_counts[i] + 1, sizeof **grid->rows);
        if (!grid->rows[i])
            return false;
        grid->row_counts[i] = 0;
    }
    for (uint32_t i = 0; i < grid->vertex_count; i++) {
        uint32_t layer = grid->vertices[i].layer;
        grid->vertices[i].order = grid->row_counts[layer];
        grid->rows[layer][grid->row_counts[layer]++] = i;
    }
    return true;
}

bool grid_build(struct layout *layout, struct grid *grid)
{
    struct arena *arena = layout->arena;
    uint32_t count = count_vertices(layout);
    uint32_t links = count + layout->edge_count;
    LD_ASSERT(layout->rank_count > 0);
    *grid = (struct grid){.layout = layout, .layer_count = 2 * layout->rank_count - 1};
    grid->vertices = arena_alloc_array(arena, count, sizeof *grid->vertices);
    grid->links = arena_alloc_array(arena, links, sizeof *grid->links);
    grid->ups = arena_alloc_array(arena, links, sizeof *grid->ups);
    grid->downs = arena_alloc_array(arena, links, sizeof *grid->downs);
    grid->layer_links = arena_alloc_array(arena, links, sizeof *grid->layer_links);
    grid->rows = arena_alloc_array(arena, grid->layer_count, sizeof *grid->rows);
    grid->row_counts = arena_alloc_array(arena, grid->layer_count, sizeof *grid->row_counts);
    grid->layer_link_first =
        arena_alloc_array(arena, grid->layer_count + 1, sizeof *grid->layer_link_first);
    if (arena->is_exhausted)
        return false;
    add_all(grid);
    LD_ASSERT(grid->vertex_count == count && grid->link_count <= links);
    index_links(grid);
    return fill_rows(grid);
}

bool layout_place(struct layout *layout)
{
    struct grid grid;
    if (!grid_build(layout, &grid) || !grid_order(&grid))
        return false;
    grid_across(&grid);
    grid_straighten(&grid);
    grid_margin(&grid);
    return grid_route(&grid);
}
