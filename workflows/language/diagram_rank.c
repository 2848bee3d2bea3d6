/* Ranks: the longest path from the start, after the edges that lead back in a depth-first walk are
 * turned around. The walk follows the order of the definition's text, so that the story reads
 * downwards as it was written. A rank holds few boxes, so that a page stays as wide as a page;
 * and each rank lets few lines pass: the longest edges are left out first, and the caller says
 * them in words. */
#include "workflows/language/diagram_layout.h"

#include "base/assert.h"

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

struct ranking {
    struct layout *layout;
    enum mark *marks;
    uint32_t *order; /* nodes as the walk left them: each after all that it leads to */
    uint32_t order_count;
    uint32_t *first, *next;   /* the out-edges of a node, 1-based, in order; 0 ends */
    uint32_t *lines, *labels; /* how many pass below each rank */
};

static void link_edges(struct ranking *ranking)
{
    const struct layout *layout = ranking->layout;
    for (uint32_t i = layout->edge_count; i > 0; i--) {
        const struct layout_edge *edge = &layout->edges[i - 1];
        LD_ASSERT(edge->from < layout->node_count && edge->to < layout->node_count);
        LD_ASSERT(edge->from != edge->to);
        ranking->next[i - 1] = ranking->first[edge->from];
        ranking->first[edge->from] = i;
    }
}

/* As deep as there are nodes, at most LAYOUT_NODES_MAX. */
static void walk(struct ranking *ranking, uint32_t node)
{
    ranking->marks[node] = MARK_OPEN;
    for (uint32_t i = ranking->first[node]; i; i = ranking->next[i - 1]) {
        struct layout_edge *edge = &ranking->layout->edges[i - 1];
        edge->is_back = ranking->marks[edge->to] == MARK_OPEN;
        if (ranking->marks[edge->to] == MARK_NEW)
            walk(ranking, edge->to);
    }
    ranking->marks[node] = MARK_DONE;
    ranking->order[ranking->order_count++] = node;
}

/* The least rank below all that leads here. */
static uint32_t rank_below(const struct layout *layout, uint32_t node)
{
    uint32_t rank = layout->nodes[node].least_rank;
    for (uint32_t i = 0; i < layout->edge_count; i++) {
        const struct layout_edge *edge = &layout->edges[i];
        uint32_t before = edge->is_back ? edge->to : edge->from;
        uint32_t after = edge->is_back ? edge->from : edge->to;
        if (after == node && layout->nodes[before].rank + 1 > rank)
            rank = layout->nodes[before].rank + 1;
    }
    return rank;
}

static void give_ranks(struct ranking *ranking)
{
    struct layout *layout = ranking->layout;
    uint32_t counts[2 * LAYOUT_NODES_MAX] = {0};
    for (uint32_t i = ranking->order_count; i > 0; i--) {
        uint32_t node = ranking->order[i - 1];
        uint32_t rank = rank_below(layout, node);
        while (counts[rank] >= LAYOUT_RANK_NODES_MAX)
            rank++;
        counts[rank]++;
        layout->nodes[node].rank = rank;
        if (layout->rank_count <= rank)
            layout->rank_count = rank + 1;
    }
    LD_ASSERT(layout->rank_count <= 2 * LAYOUT_NODES_MAX);
}

static void edge_ranks(const struct layout *layout, const struct layout_edge *edge,
                       uint32_t *ret_upper, uint32_t *ret_lower)
{
    uint32_t from = layout->nodes[edge->from].rank, to = layout->nodes[edge->to].rank;
    *ret_upper = edge->is_back ? to : from;
    *ret_lower = edge->is_back ? from : to;
    LD_ASSERT(*ret_upper < *ret_lower);
}

/* The label stands as near to the source as there is room. */
static void admit(struct ranking *ranking, struct layout_edge *edge)
{
    uint32_t upper, lower;
    edge_ranks(ranking->layout, edge, &upper, &lower);
    bool has_label = false;
    for (uint32_t i = 0; i < lower - upper; i++) {
        uint32_t rank = edge->is_back ? lower - 1 - i : upper + i;
        if (ranking->lines[rank] >= LAYOUT_RANK_LINES_MAX)
            return;
        if (!has_label && ranking->labels[rank] < LAYOUT_RANK_LABELS_MAX) {
            has_label = true;
            edge->label_rank = rank;
        }
    }
    if (!has_label)
        return;
    edge->is_drawn = true;
    ranking->labels[edge->label_rank]++;
    for (uint32_t rank = upper; rank < lower; rank++)
        ranking->lines[rank]++;
}

static void admit_edges(struct ranking *ranking)
{
    struct layout *layout = ranking->layout;
    for (uint32_t span = 1; span < layout->rank_count; span++) {
        for (uint32_t i = 0; i < layout->edge_count; i++) {
            uint32_t upper, lower;
            edge_ranks(layout, &layout->edges[i], &upper, &lower);
            if (lower - upper == span)
                admit(ranking, &layout->edges[i]);
        }
    }
}

bool layout_rank(struct layout *layout)
{
    struct arena *arena = layout->arena;
    struct ranking ranking = {.layout = layout};
    LD_ASSERT(layout->node_count > 0 && layout->node_count <= LAYOUT_NODES_MAX);
    LD_ASSERT(layout->edge_count <= LAYOUT_EDGES_MAX);
    ranking.marks = arena_alloc_array(arena, layout->node_count, sizeof *ranking.marks);
    ranking.order = arena_alloc_array(arena, layout->node_count, sizeof *ranking.order);
    ranking.first = arena_alloc_array(arena, layout->node_count, sizeof *ranking.first);
    ranking.next = arena_alloc_array(arena, layout->edge_count + 1, sizeof *ranking.next);
    ranking.lines = arena_alloc_array(arena, 2 * LAYOUT_NODES_MAX, sizeof *ranking.lines);
    ranking.labels = arena_alloc_array(arena, 2 * LAYOUT_NODES_MAX, sizeof *ranking.labels);
    if (arena->is_exhausted)
        return false;
    link_edges(&ranking);
    for (uint32_t i = 0; i < layout->node_count; i++) {
        if (ranking.marks[i] == MARK_NEW)
            walk(&ranking, i);
    }
    give_ranks(&ranking);
    admit_edges(&ranking);
    return true;
}
