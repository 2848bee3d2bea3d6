/* Between two layers every line goes down, across on a track of its own, and down again; so lines
 * cross at right angles and never run into one another:
 *
 *      A     B            a line to the right lies above those that begin to its left (no
 *      |     +------+     crossing), and a line that leaves where another arrives lies above
 *      +-----------+|     that other, or their uprights would be one.
 *                  A B
 *
 * Two lines that change places exactly can have no tracks; one of them is drawn slanted. */
#include "workflows/language/diagram_place.h"

#include "base/assert.h"

enum {
    TRACK_GAP = 12,
    CHANNEL_END = 18, /* room for an arrow's head above and below the tracks */
    TOUCH = 8,        /* uprights nearer than this would look like one */
    GAP_LINES_MAX = 128,
};

struct channel {
    struct grid *grid;
    const uint32_t *links;
    uint32_t count, placed_count;
    uint32_t placed[GAP_LINES_MAX];
    bool is_placed[GAP_LINES_MAX];
};

static struct link *link_of(const struct channel *channel, uint32_t at)
{
    return &channel->grid->links[channel->links[at]];
}

static bool is_near(int32_t one, int32_t two)
{
    return one - two < TOUCH && two - one < TOUCH;
}

static bool is_straight(const struct link *link)
{
    return link->upper_x == link->lower_x;
}

static bool is_overlapping(const struct link *one, const struct link *two)
{
    int32_t left_one = one->upper_x < one->lower_x ? one->upper_x : one->lower_x;
    int32_t left_two = two->upper_x < two->lower_x ? two->upper_x : two->lower_x;
    int32_t right_one = one->upper_x + one->lower_x - left_one;
    int32_t right_two = two->upper_x + two->lower_x - left_two;
    return left_one < right_two + TOUCH && left_two < right_one + TOUCH;
}

/* Or their uprights would lie upon each other. */
static bool must_be_above(const struct link *one, const struct link *two)
{
    return is_near(one->upper_x, two->lower_x);
}

/* How many crossings there are with one above two. */
static int crossings(const struct link *one, const struct link *two)
{
    int32_t left = one->upper_x < one->lower_x ? one->upper_x : one->lower_x;
    int32_t right = one->upper_x + one->lower_x - left;
    int32_t below_left = two->upper_x < two->lower_x ? two->upper_x : two->lower_x;
    int32_t below_right = two->upper_x + two->lower_x - below_left;
    return (two->upper_x > left && two->upper_x < right)
           + (one->lower_x > below_left && one->lower_x < below_right);
}

static bool is_free(const struct channel *channel, uint32_t at)
{
    for (uint32_t i = 0; i < channel->count; i++) {
        if (i != at && !channel->is_placed[i]
            && must_be_above(link_of(channel, i), link_of(channel, at)))
            return false;
    }
    return true;
}

/* How much worse it is to have this one above all that are left than beneath them. */
static int cost_above(const struct channel *channel, uint32_t at)
{
    int cost = 0;
    for (uint32_t i = 0; i < channel->count; i++) {
        const struct link *own = link_of(channel, at), *other = link_of(channel, i);
        if (i != at && !channel->is_placed[i] && is_overlapping(own, other))
            cost += crossings(own, other) - crossings(other, own);
    }
    return cost;
}

static void place_link(struct channel *channel, uint32_t at)
{
    struct link *link = link_of(channel, at);
    link->track = 1;
    for (uint32_t i = 0; i < channel->placed_count; i++) {
        const struct link *above = link_of(channel, channel->placed[i]);
        if (is_overlapping(above, link) && above->track >= link->track)
            link->track = above->track + 1;
    }
    channel->placed[channel->placed_count++] = at;
    channel->is_placed[at] = true;
}

/* The next from above; where each waits for another, the first is slanted and is out. */
static void place_next(struct channel *channel)
{
    uint32_t best = UINT32_MAX, blocked = UINT32_MAX;
    int best_cost = 0;
    for (uint32_t i = 0; i < channel->count; i++) {
        if (channel->is_placed[i])
            continue;
        if (!is_free(channel, i)) {
            blocked = blocked == UINT32_MAX ? i : blocked;
            continue;
        }
        int cost = cost_above(channel, i);
        if (best == UINT32_MAX || cost < best_cost) {
            best = i;
            best_cost = cost;
        }
    }
    if (best != UINT32_MAX) {
        place_link(channel, best);
        return;
    }
    LD_ASSERT(blocked != UINT32_MAX);
    link_of(channel, blocked)->is_slanted = true;
    channel->is_placed[blocked] = true;
}

/* The number of tracks below a layer. */
static uint32_t place_tracks(struct grid *grid, uint32_t layer)
{
    uint32_t first = grid->layer_link_first[layer], tracks = 0;
    struct channel channel = {.grid = grid,
                              .links = &grid->layer_links[first],
                              .count = grid->layer_link_first[layer + 1] - first};
    uint32_t left = channel.count;
    LD_ASSERT(channel.count <= GAP_LINES_MAX);
    for (uint32_t i = 0; i < channel.count; i++) {
        channel.is_placed[i] = is_straight(link_of(&channel, i));
        left -= channel.is_placed[i];
    }
    for (; left > 0; left--)
        place_next(&channel);
    for (uint32_t i = 0; i < channel.count; i++) {
        uint32_t track = link_of(&channel, i)->track;
        tracks = track > tracks ? track : tracks;
    }
    return tracks;
}

static int32_t layer_height(const struct grid *grid, uint32_t layer)
{
    int32_t height = 0;
    for (uint32_t i = 0; i < grid->row_counts[layer]; i++) {
        int32_t own = grid->vertices[grid->rows[layer][i]].height;
        height = own > height ? own : height;
    }
    return height;
}

/* Boxes begin at the top of their layer, labels stand in the middle of theirs. */
static void place_down(struct grid *grid, uint32_t layer, int32_t top, int32_t height)
{
    struct layout *layout = grid->layout;
    for (uint32_t i = 0; i < grid->row_counts[layer]; i++) {
        const struct vertex *vertex = &grid->vertices[grid->rows[layer][i]];
        int32_t left = vertex->x - vertex->width / 2;
        if (vertex->kind == VERTEX_NODE) {
            layout->nodes[vertex->index].x = left;
            layout->nodes[vertex->index].y = top;
        } else if (vertex->kind == VERTEX_LABEL) {
            layout->edges[vertex->index].label_x = left;
            layout->edges[vertex->index].label_y = top + (height - vertex->height) / 2;
        }
    }
}

struct line {
    struct layout_point *points;
    uint32_t count;
};

/* Points on one straight line are not kept. */
static void add_point(struct line *line, int32_t x, int32_t y)
{
    const struct layout_point *points = line->points;
    uint32_t count = line->count;
    if (count > 1 && points[count - 1].x == x && points[count - 2].x == x)
        line->count--;
    line->points[line->count++] = (struct layout_point){x, y};
}

static void turn_around(struct line *line)
{
    for (uint32_t i = 0; i < line->count / 2; i++) {
        struct layout_point kept = line->points[i];
        line->points[i] = line->points[line->count - 1 - i];
        line->points[line->count - 1 - i] = kept;
    }
}

/* The line of one edge along its links. bottoms: where each layer's channel begins. */
static bool draw_line(struct grid *grid, uint32_t first, uint32_t count, const int32_t *bottoms,
                      const int32_t *tops)
{
    struct layout *layout = grid->layout;
    struct layout_edge *edge = &layout->edges[grid->links[first].edge];
    const struct layout_node *upper = &layout->nodes[edge->is_back ? edge->to : edge->from];
    const struct layout_node *lower = &layout->nodes[edge->is_back ? edge->from : edge->to];
    struct line line = {
        arena_alloc_array(layout->arena, 2 * (size_t)count + 2, sizeof *line.points), 0};
    if (!line.points)
        return false;
    add_point(&line, grid->links[first].upper_x, upper->y + upper->height);
    for (uint32_t i = first; i < first + count; i++) {
        const struct link *link = &grid->links[i];
        uint32_t layer = grid->vertices[link->upper].layer;
        int32_t across = bottoms[layer] + CHANNEL_END + TRACK_GAP * ((int32_t)link->track - 1);
        if (is_straight(link))
            continue;
        add_point(&line, link->upper_x, link->is_slanted ? bottoms[layer] : across);
        add_point(&line, link->lower_x, link->is_slanted ? tops[layer + 1] : across);
    }
    add_point(&line, grid->links[first + count - 1].lower_x, lower->y);
    if (edge->is_back)
        turn_around(&line);
    edge->points = line.points;
    edge->point_count = line.count;
    return true;
}

static bool draw_lines(struct grid *grid, const int32_t *bottoms, const int32_t *tops)
{
    for (uint32_t i = 0; i < grid->link_count;) {
        uint32_t count = 1;
        while (i + count < grid->link_count && grid->links[i + count].edge == grid->links[i].edge)
            count++;
        if (!draw_line(grid, i, count, bottoms, tops))
            return false;
        i += count;
    }
    return true;
}

bool grid_route(struct grid *grid)
{
    struct arena *arena = grid->layout->arena;
    int32_t *tops = arena_alloc_array(arena, grid->layer_count, sizeof *tops);
    int32_t *bottoms = arena_alloc_array(arena, grid->layer_count, sizeof *bottoms);
    int32_t y = LAYOUT_MARGIN;
    if (!tops || !bottoms)
        return false;
    for (uint32_t layer = 0; layer < grid->layer_count; layer++) {
        int32_t height = layer_height(grid, layer);
        uint32_t tracks = place_tracks(grid, layer);
        place_down(grid, layer, y, height);
        tops[layer] = y;
        bottoms[layer] = y + height;
        y += height + 2 * CHANNEL_END + TRACK_GAP * ((int32_t)tracks - 1);
    }
    grid->layout->height = bottoms[grid->layer_count - 1] + LAYOUT_MARGIN;
    return draw_lines(grid, bottoms, tops);
}
