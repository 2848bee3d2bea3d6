/* The order of each layer from the left, with few crossings: each vertex moves to the mean of its
 * neighbours in the layer that was ordered before it, from the top down and from the bottom up in
 * turn; then neighbours change places where that unties a crossing. The best order seen is kept.
 * Rows are short (LAYOUT_RANK_LINES_MAX), so plain sorting and counting by pairs will do. */
#include "workflows/language/diagram_place.h"

#include "base/assert.h"

enum { ROUNDS = 16, SWAPS_MAX = 12, SCALE = 1024 };

struct side {
    const uint32_t *links;
    uint32_t count;
    bool is_up; /* the links lead up: the neighbour is their upper vertex */
};

static struct side side_of(const struct grid *grid, uint32_t vertex, bool is_up)
{
    const struct vertex *own = &grid->vertices[vertex];
    return is_up ? (struct side){&grid->ups[own->up_first], own->up_count, true}
                 : (struct side){&grid->downs[own->down_first], own->down_count, false};
}

static uint32_t neighbour_order(const struct grid *grid, const struct side *side, uint32_t at)
{
    const struct link *link = &grid->links[side->links[at]];
    return grid->vertices[side->is_up ? link->upper : link->lower].order;
}

static int32_t barycentre(const struct grid *grid, uint32_t vertex, bool is_up)
{
    struct side side = side_of(grid, vertex, is_up);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < side.count; i++)
        sum += neighbour_order(grid, &side, i);
    return side.count ? (int32_t)(sum * SCALE / side.count)
                      : (int32_t)(grid->vertices[vertex].order * SCALE);
}

/* Stable, so that equals stay as they are. */
static void sort_row(struct grid *grid, uint32_t layer, bool is_up)
{
    uint32_t *row = grid->rows[layer];
    uint32_t count = grid->row_counts[layer];
    for (uint32_t i = 0; i < count; i++)
        grid->vertices[row[i]].wish = barycentre(grid, row[i], is_up);
    for (uint32_t i = 1; i < count; i++) {
        uint32_t moved = row[i], at = i;
        for (; at > 0 && grid->vertices[row[at - 1]].wish > grid->vertices[moved].wish; at--)
            row[at] = row[at - 1];
        row[at] = moved;
    }
    for (uint32_t i = 0; i < count; i++)
        grid->vertices[row[i]].order = i;
}

static bool is_crossing(const struct grid *grid, const struct link *one, const struct link *two)
{
    uint32_t upper_one = grid->vertices[one->upper].order;
    uint32_t upper_two = grid->vertices[two->upper].order;
    uint32_t lower_one = grid->vertices[one->lower].order;
    uint32_t lower_two = grid->vertices[two->lower].order;
    return (upper_one < upper_two && lower_one > lower_two)
           || (upper_one > upper_two && lower_one < lower_two);
}

static uint32_t count_crossings(const struct grid *grid)
{
    uint32_t crossings = 0;
    for (uint32_t layer = 0; layer < grid->layer_count; layer++) {
        uint32_t end = grid->layer_link_first[layer + 1];
        for (uint32_t i = grid->layer_link_first[layer]; i < end; i++) {
            for (uint32_t j = i + 1; j < end; j++)
                crossings += is_crossing(grid, &grid->links[grid->layer_links[i]],
                                         &grid->links[grid->layer_links[j]]);
        }
    }
    return crossings;
}

/* How many pairs of links of the two cross when left stands before right. */
static int32_t crossings_of(const struct grid *grid, uint32_t left, uint32_t right)
{
    int32_t crossings = 0;
    for (int is_up = 0; is_up < 2; is_up++) {
        struct side lefts = side_of(grid, left, is_up), rights = side_of(grid, right, is_up);
        for (uint32_t i = 0; i < lefts.count; i++) {
            for (uint32_t j = 0; j < rights.count; j++)
                crossings += neighbour_order(grid, &lefts, i) > neighbour_order(grid, &rights, j);
        }
    }
    return crossings;
}

static bool swap_in_row(struct grid *grid, uint32_t layer)
{
    bool has_swapped = false;
    uint32_t *row = grid->rows[layer];
    for (uint32_t i = 0; i + 1 < grid->row_counts[layer]; i++) {
        uint32_t left = row[i], right = row[i + 1];
        if (crossings_of(grid, left, right) <= crossings_of(grid, right, left))
            continue;
        row[i] = right;
        row[i + 1] = left;
        grid->vertices[right].order = i;
        grid->vertices[left].order = i + 1;
        has_swapped = true;
    }
    return has_swapped;
}

static void swap_neighbours(struct grid *grid)
{
    bool has_swapped = true;
    for (int i = 0; has_swapped && i < SWAPS_MAX; i++) {
        has_swapped = false;
        for (uint32_t layer = 0; layer < grid->layer_count; layer++)
            has_swapped |= swap_in_row(grid, layer);
    }
}

static void keep(const struct grid *grid, uint32_t *orders)
{
    for (uint32_t i = 0; i < grid->vertex_count; i++)
        orders[i] = grid->vertices[i].order;
}

static void restore(struct grid *grid, const uint32_t *orders)
{
    for (uint32_t i = 0; i < grid->vertex_count; i++) {
        grid->vertices[i].order = orders[i];
        grid->rows[grid->vertices[i].layer][orders[i]] = i;
    }
}

static void sweep(struct grid *grid, bool is_down)
{
    for (uint32_t i = 0; i < grid->layer_count; i++) {
        uint32_t layer = is_down ? i : grid->layer_count - 1 - i;
        sort_row(grid, layer, is_down);
    }
}

bool grid_order(struct grid *grid)
{
    uint32_t *best = arena_alloc_array(grid->layout->arena, grid->vertex_count, sizeof *best);
    if (!best)
        return false;
    uint32_t fewest = UINT32_MAX;
    for (int round = 0; round < ROUNDS && fewest > 0; round++) {
        sweep(grid, round % 2 == 0);
        swap_neighbours(grid);
        uint32_t crossings = count_crossings(grid);
        if (crossings >= fewest)
            continue;
        fewest = crossings;
        keep(grid, best);
    }
    LD_ASSERT(fewest != UINT32_MAX);
    restore(grid, best);
    return true;
}
