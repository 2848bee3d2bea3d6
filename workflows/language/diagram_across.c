/* Where everything stands from left to right. Each row wishes to stand at the means of its
 * neighbours; what comes nearest to all wishes without changing the order or the distances is the
 * isotonic regression of the wishes (pool adjacent violators; Barlow et al. 1972), which is one
 * pass over the row. Lines that pass count more than labels: long lines become straight. */
#include "workflows/language/diagram_place.h"

#include "base/assert.h"

enum {
    ROUNDS = 40,
    ROW_MAX = 96,
    PORT_INSET = 8, /* from a box's corner */
    NODE_GAP = 40,
    LABEL_GAP = 12,
};

/* Values that wish to be somewhere and keep their distances. */
struct wishes {
    int32_t wish[ROW_MAX];
    int32_t weight[ROW_MAX];
    int32_t offset[ROW_MAX]; /* the least distance from the first */
    int32_t place[ROW_MAX];
    uint32_t count;
};

struct block {
    int64_t sum, weight;
    uint32_t first;
};

static int64_t divide_down(int64_t number, int64_t by)
{
    return number >= 0 ? number / by : -((-number + by - 1) / by);
}

static int64_t block_place(const struct block *block)
{
    return divide_down(block->sum, block->weight);
}

static void settle(struct wishes *wishes)
{
    struct block blocks[ROW_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < wishes->count; i++) {
        int64_t wish = (int64_t)wishes->wish[i] - wishes->offset[i];
        blocks[count++] = (struct block){wish * wishes->weight[i], wishes->weight[i], i};
        while (count > 1 && block_place(&blocks[count - 2]) >= block_place(&blocks[count - 1])) {
            blocks[count - 2].sum += blocks[count - 1].sum;
            blocks[count - 2].weight += blocks[count - 1].weight;
            count--;
        }
    }
    for (uint32_t b = 0; b < count; b++) {
        uint32_t end = b + 1 < count ? blocks[b + 1].first : wishes->count;
        for (uint32_t i = blocks[b].first; i < end; i++)
            wishes->place[i] = (int32_t)block_place(&blocks[b]) + wishes->offset[i];
    }
}

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    if (low > high)
        return low + (high - low) / 2;
    return value < low ? low : value > high ? high : value;
}

int32_t vertex_gap(const struct vertex *left, const struct vertex *right)
{
    int32_t gap = LAYOUT_LINE_GAP;
    if (left->kind == VERTEX_NODE || right->kind == VERTEX_NODE)
        gap = left->kind == right->kind ? NODE_GAP : NODE_GAP / 2;
    else if (left->kind == VERTEX_LABEL || right->kind == VERTEX_LABEL)
        gap = LABEL_GAP;
    return (left->width + 1) / 2 + (right->width + 1) / 2 + gap;
}

/* Where a line between the two would be straight, as far as a box's width allows. */
static int32_t pull(const struct vertex *own, const struct vertex *neighbour)
{
    if (neighbour->kind != VERTEX_NODE)
        return neighbour->x;
    int32_t reach = neighbour->width / 2 - PORT_INSET;
    return reach <= 0 ? neighbour->x : clamp(own->x, neighbour->x - reach, neighbour->x + reach);
}

static void wish_for(struct grid *grid, struct vertex *vertex)
{
    int64_t sum = 0, weights = 0;
    for (uint32_t i = 0; i < vertex->up_count + vertex->down_count; i++) {
        bool is_up = i < vertex->up_count;
        const struct link *link =
            &grid->links[is_up ? grid->ups[vertex->up_first + i]
                               : grid->downs[vertex->down_first + i - vertex->up_count]];
        const struct vertex *other = &grid->vertices[is_up ? link->upper : link->lower];
        int32_t weight = vertex->kind == VERTEX_PASS && other->kind == VERTEX_PASS ? 4 : 1;
        sum += (int64_t)pull(vertex, other) * weight;
        weights += weight;
    }
    vertex->wish = weights ? (int32_t)divide_down(sum, weights) : vertex->x;
}

static void place_row(struct grid *grid, uint32_t layer)
{
    static const int32_t weights[] = {[VERTEX_NODE] = 2, [VERTEX_LABEL] = 2, [VERTEX_PASS] = 3};
    struct wishes wishes = {.count = grid->row_counts[layer]};
    const uint32_t *row = grid->rows[layer];
    LD_ASSERT(wishes.count <= ROW_MAX);
    for (uint32_t i = 0; i < wishes.count; i++) {
        struct vertex *vertex = &grid->vertices[row[i]];
        wish_for(grid, vertex);
        wishes.wish[i] = vertex->wish;
        wishes.weight[i] = weights[vertex->kind];
        if (i > 0)
            wishes.offset[i] =
                wishes.offset[i - 1] + vertex_gap(&grid->vertices[row[i - 1]], vertex);
    }
    settle(&wishes);
    for (uint32_t i = 0; i < wishes.count; i++)
        grid->vertices[row[i]].x = wishes.place[i];
}

/* Side by side, around the middle. */
static void pack_row(struct grid *grid, uint32_t layer)
{
    const uint32_t *row = grid->rows[layer];
    int32_t x = 0;
    for (uint32_t i = 0; i < grid->row_counts[layer]; i++) {
        if (i > 0)
            x += vertex_gap(&grid->vertices[row[i - 1]], &grid->vertices[row[i]]);
        grid->vertices[row[i]].x = x;
    }
    for (uint32_t i = 0; i < grid->row_counts[layer]; i++)
        grid->vertices[row[i]].x -= x / 2;
}

static void sort_by_x(const struct grid *grid, uint32_t *links, uint32_t count, bool is_up)
{
    for (uint32_t i = 1; i < count; i++) {
        uint32_t moved = links[i], at = i;
        const struct link *link = &grid->links[moved];
        int32_t x = grid->vertices[is_up ? link->upper : link->lower].x;
        for (; at > 0; at--) {
            const struct link *before = &grid->links[links[at - 1]];
            if (grid->vertices[is_up ? before->upper : before->lower].x <= x)
                break;
            links[at] = links[at - 1];
        }
        links[at] = moved;
    }
}

/* The lines at one side of a box: each as near to its way as the others let it. */
static void place_ports(struct grid *grid, const struct vertex *node, bool is_up)
{
    uint32_t *links = is_up ? &grid->ups[node->up_first] : &grid->downs[node->down_first];
    struct wishes wishes = {.count = is_up ? node->up_count : node->down_count};
    int32_t reach = node->width / 2 - PORT_INSET, gaps = (int32_t)wishes.count - 1;
    LD_ASSERT(wishes.count <= ROW_MAX);
    if (reach < 0)
        reach = 0;
    int32_t gap = gaps * LAYOUT_LINE_GAP > 2 * reach ? 2 * reach / gaps : LAYOUT_LINE_GAP;
    sort_by_x(grid, links, wishes.count, is_up);
    for (uint32_t i = 0; i < wishes.count; i++) {
        const struct link *link = &grid->links[links[i]];
        wishes.wish[i] = grid->vertices[is_up ? link->upper : link->lower].x;
        wishes.weight[i] = 1;
        wishes.offset[i] = (int32_t)i * gap;
    }
    settle(&wishes);
    for (uint32_t i = 0; i < wishes.count; i++) {
        struct link *link = &grid->links[links[i]];
        int32_t left = node->x - reach + wishes.offset[i];
        int32_t right = node->x + reach - (gaps * gap - wishes.offset[i]);
        *(is_up ? &link->lower_x : &link->upper_x) = clamp(wishes.place[i], left, right);
    }
}

void grid_ends(struct grid *grid)
{
    for (uint32_t i = 0; i < grid->link_count; i++) {
        struct link *link = &grid->links[i];
        link->upper_x = grid->vertices[link->upper].x;
        link->lower_x = grid->vertices[link->lower].x;
    }
    for (uint32_t i = 0; i < grid->vertex_count; i++) {
        if (grid->vertices[i].kind != VERTEX_NODE)
            continue;
        place_ports(grid, &grid->vertices[i], true);
        place_ports(grid, &grid->vertices[i], false);
    }
}

void grid_margin(struct grid *grid)
{
    int32_t left = INT32_MAX, right = INT32_MIN;
    for (uint32_t i = 0; i < grid->vertex_count; i++) {
        const struct vertex *vertex = &grid->vertices[i];
        int32_t half = (vertex->width + 1) / 2;
        left = vertex->x - half < left ? vertex->x - half : left;
        right = vertex->x + half > right ? vertex->x + half : right;
    }
    for (uint32_t i = 0; i < grid->vertex_count; i++)
        grid->vertices[i].x += LAYOUT_MARGIN - left;
    grid->layout->width = right - left + 2 * LAYOUT_MARGIN;
    grid_ends(grid);
}

void grid_across(struct grid *grid)
{
    for (uint32_t i = 0; i < grid->layer_count; i++)
        pack_row(grid, i);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < grid->layer_count; i++)
            place_row(grid, round % 2 ? grid->layer_count - 1 - i : i);
    }
    grid_ends(grid);
}
