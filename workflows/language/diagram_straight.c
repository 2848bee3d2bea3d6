/* Small steps aside taken out of the lines. The means of the rows leave a line a few pixels beside
 * where it could be straight; here whole straight runs move to where the run before or behind them
 * stands, if all their rows have room. Each move takes a bend away, so this ends. Orders and
 * distances in the rows stay, and so does the number of crossings. */
#include "workflows/language/diagram_place.h"

enum { ROUNDS = 4, MOVE_MAX = 72 };

/* Links first..last of one edge whose inner vertices, those below links first..last-1, are on one
 * upright: the run of vertices that moves as one. */
struct straight_run {
    uint32_t first, last;
};

static bool fits(const struct grid *grid, const struct vertex *vertex, int32_t x)
{
    const uint32_t *row = grid->rows[vertex->layer];
    if (vertex->order > 0) {
        const struct vertex *left = &grid->vertices[row[vertex->order - 1]];
        if (x - left->x < vertex_gap(left, vertex))
            return false;
    }
    if (vertex->order + 1 < grid->row_counts[vertex->layer]) {
        const struct vertex *right = &grid->vertices[row[vertex->order + 1]];
        if (right->x - x < vertex_gap(vertex, right))
            return false;
    }
    return true;
}

static bool run_fits(const struct grid *grid, struct straight_run run, int32_t x)
{
    int32_t distance = x - grid->links[run.first].lower_x;
    if (distance > MOVE_MAX || distance < -MOVE_MAX)
        return false;
    for (uint32_t i = run.first; i < run.last; i++) {
        if (!fits(grid, &grid->vertices[grid->links[i].lower], x))
            return false;
    }
    return true;
}

static void move_run(struct grid *grid, struct straight_run run, int32_t x)
{
    for (uint32_t i = run.first; i < run.last; i++) {
        grid->vertices[grid->links[i].lower].x = x;
        grid->links[i].lower_x = x;
        grid->links[i + 1].upper_x = x;
    }
}

/* True: the run now stands where its neighbour does. */
static bool straighten_run(struct grid *grid, struct straight_run run)
{
    int32_t above = grid->links[run.first].upper_x, below = grid->links[run.last].lower_x;
    int32_t own = grid->links[run.first].lower_x;
    if (above != own && run_fits(grid, run, above)) {
        move_run(grid, run, above);
        return true;
    }
    if (below != own && run_fits(grid, run, below)) {
        move_run(grid, run, below);
        return true;
    }
    return false;
}

/* The links of one edge: first up to, not including, end. */
static bool straighten_edge(struct grid *grid, uint32_t first, uint32_t end)
{
    bool has_moved = false;
    for (uint32_t i = first; i + 1 < end;) {
        struct straight_run run = {i, i + 1};
        while (run.last + 1 < end && grid->links[run.last].lower_x == grid->links[i].lower_x)
            run.last++;
        has_moved |= straighten_run(grid, run);
        i = run.last;
    }
    return has_moved;
}

void grid_straighten(struct grid *grid)
{
    bool has_moved = true;
    for (int round = 0; has_moved && round < ROUNDS; round++) {
        has_moved = false;
        for (uint32_t i = 0; i < grid->link_count;) {
            uint32_t end = i + 1;
            while (end < grid->link_count && grid->links[end].edge == grid->links[i].edge)
                end++;
            has_moved |= straighten_edge(grid, i, end);
            i = end;
        }
        grid_ends(grid);
    }
}
