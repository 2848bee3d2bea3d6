/* The search for the paths of a program: depth first, in the order of the text, one end after the
 * other, so that each end has its share of what the search may cost. A step is only taken where the
 * end can still be reached without a state twice, so nearly every step leads to a path.
 *
 * - An expiry is a step only where its clock can run on this very path.
 * - Two events between the same states are two paths: other clocks may begin and end by them.
 * - Work is counted, not time: the same program always gives the same paths. */
#include "workflows/language/paths.h"

#include "base/assert.h"
#include "workflows/language/paths_parts.h"

#include <string.h>

enum { WORK_MAX = 40000000 };

struct search {
    struct ways *ways;
    struct paths *paths;
    struct path_end *end; /* the one that is looked for */
    uint64_t work_limit, count_limit;
    struct path *path; /* the one on the way */
    struct chart *chart;
    struct path *rows; /* found, in the order of `order` */
    uint32_t *order;   /* indexes of rows, the longest first */
    uint32_t row_max, row_count;
};

static uint64_t bit(int32_t state)
{
    return UINT64_C(1) << state;
}

/* A draft as the graph wants it, from a finished program. */
static bool open_graph(const struct program *program, struct arena *arena, struct draft *draft,
                       struct graph *graph)
{
    static const struct definition_context alone; /* the program is checked already */
    *draft = (struct draft){.sheet = {.arena = arena}, .context = &alone, .program = *program};
    draft->states = arena_alloc_array(arena, program->state_count, sizeof *draft->states);
    draft->clocks = arena_alloc_array(arena, program->clock_count + 1, sizeof *draft->clocks);
    if (!draft->states || !draft->clocks)
        return false;
    memcpy(draft->states, program->states, program->state_count * sizeof *draft->states);
    if (program->clock_count)
        memcpy(draft->clocks, program->clocks, program->clock_count * sizeof *draft->clocks);
    return graph_build(draft, graph);
}

static bool is_same_move(const struct move *left, const struct move *right)
{
    return left->event == right->event && left->clock == right->clock && left->to == right->to;
}

/* The moves of one state; branches that lead to the same state by the same event are one. */
static uint32_t add_moves(struct ways *ways, uint32_t state, uint32_t count)
{
    uint32_t first = count;
    for (uint32_t i = 0; i < ways->graph->edge_count; i++) {
        const struct edge *edge = &ways->graph->edges[i];
        struct move move = {edge->event, edge->clock, edge->to, edge->branch, false};
        bool is_new = edge->to != INDEX_NONE && (edge->from & bit((int32_t)state));
        for (uint32_t j = first; is_new && j < count; j++)
            is_new = !is_same_move(&ways->moves[j], &move);
        if (is_new)
            ways->moves[count++] = move;
    }
    return count;
}

static uint32_t count_moves(const struct graph *graph)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        for (uint64_t from = graph->edges[i].from; from; from &= from - 1)
            count++;
    }
    return count;
}

static bool open_ways(struct ways *ways, struct arena *arena)
{
    const struct graph *graph = ways->graph;
    uint32_t count = 0;
    ways->moves = arena_alloc_array(arena, count_moves(graph) + 1, sizeof *ways->moves);
    if (!ways->moves)
        return false;
    for (uint32_t i = 0; i < ways->program->state_count; i++) {
        ways->first_move[i] = count;
        count = add_moves(ways, i, count);
    }
    ways->first_move[ways->program->state_count] = count;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge->event != INDEX_NONE && edge->to == INDEX_NONE)
            ways->stays[edge->event] |= edge->from;
    }
    longest_of_clocks(ways);
    return true;
}

/* Named once, however many paths it lies on. */
static void add_loop(struct paths *paths, int32_t from, struct move *move, bool is_detour)
{
    if (move->is_loop)
        return;
    move->is_loop = true;
    if (paths->loop_count == PATHS_LOOPS_MAX) {
        paths->has_more_loops = true;
        return;
    }
    paths->loops[paths->loop_count++] =
        (struct path_loop){from, move->to, move->event, move->clock, is_detour};
}

/* Can one of the states still be reached from a state through none of the visited? */
static bool can_reach(struct search *search, int32_t state, uint64_t visited, uint64_t target)
{
    const uint64_t *next = search->ways->graph->next;
    uint64_t found = bit(state), fresh = found;
    while (fresh && !(found & target)) {
        uint64_t after = 0;
        for (int32_t i = 0; fresh; i++, fresh >>= 1) {
            after |= fresh & 1 ? next[i] : 0;
            search->ways->work++;
        }
        fresh = after & ~found & ~visited;
        found |= fresh;
    }
    return found & target;
}

/* The place of a time among the rows kept: behind those that are as long. */
static uint32_t place_of(const struct search *search, const struct path_time *time)
{
    uint32_t at = search->row_count;
    while (at > 0 && path_time_is_longer(time, &search->rows[search->order[at - 1]].time))
        at--;
    return at;
}

static void keep_path(struct search *search)
{
    uint32_t at = place_of(search, &search->path->time);
    if (at == search->row_max)
        return;
    uint32_t row = search->row_count;
    if (row == search->row_max)
        row = search->order[row - 1];
    else
        search->row_count++;
    memmove(&search->order[at + 1], &search->order[at],
            (search->row_count - 1 - at) * sizeof *search->order);
    search->order[at] = row;
    search->rows[row] = *search->path;
}

static void note_traps(struct paths *paths, const struct path *path)
{
    for (uint32_t i = 0; i < path->step_count; i++) {
        const struct path_step *step = &path->steps[i];
        uint32_t row = 0;
        while (row < paths->trap_count && paths->traps[row].state != step->state)
            row++;
        bool is_new = row == paths->trap_count || paths->traps[row].wait == PATH_WAIT_SUBS;
        if (step->wait == PATH_WAIT_ENDS || !is_new)
            continue;
        paths->traps[row] = (struct path_trap){step->state, step->wait, step->wait_clock};
        paths->trap_count += row == paths->trap_count;
    }
}

static void take_path(struct search *search)
{
    struct path *path = search->path;
    struct path_end *end = search->end;
    path_measure(search->ways, path, search->chart);
    if (end->count == 0 || path_time_is_longer(&path->time, &end->longest))
        end->longest = path->time;
    if (end->count == 0 || path->step_count < end->fewest_steps)
        end->fewest_steps = path->step_count;
    if (path->step_count > end->most_steps)
        end->most_steps = path->step_count;
    end->count++;
    end->unbounded += path->time.waits > 0;
    search->paths->count++;
    note_traps(search->paths, path);
    keep_path(search);
}

static bool is_spent(const struct search *search)
{
    return search->ways->work >= search->work_limit || search->end->count >= search->count_limit;
}

static void explore(struct search *search, int32_t state, uint64_t visited,
                    const struct track *track);

/* Goes along a move that can be made. */
static void enter(struct search *search, int32_t state, uint64_t visited, const struct track *track,
                  const struct move *move)
{
    struct path *path = search->path;
    path->steps[path->step_count++] = (struct path_step){
        .state = state, .event = move->event, .clock = move->clock, .branch = move->branch};
    if (move->to == search->end->state) {
        take_path(search);
    } else {
        struct track onward = *track;
        struct track_step step = {state, move->event, move->clock, move->to, path->step_count};
        track_step(search->ways, &step, &onward, NULL);
        explore(search, move->to, visited, &onward);
    }
    path->step_count--;
}

static void follow(struct search *search, int32_t state, uint64_t visited,
                   const struct track *track, struct move *move)
{
    uint32_t running = track->sure | track->maybe;
    bool is_other_end =
        (search->ways->graph->ends & bit(move->to)) && move->to != search->end->state;
    search->ways->work++;
    if (is_other_end || (move->clock != INDEX_NONE && !(running >> move->clock & 1)))
        return;
    if (visited & bit(move->to))
        add_loop(search->paths, state, move, false);
    else if (can_reach(search, move->to, visited, bit(search->end->state)))
        enter(search, state, visited, track, move);
    else if (!can_reach(search, move->to, visited, search->ways->graph->ends))
        add_loop(search->paths, state, move, true);
}

/* At most as deep as there are states. */
static void explore(struct search *search, int32_t state, uint64_t visited,
                    const struct track *track)
{
    const struct ways *ways = search->ways;
    for (uint32_t i = ways->first_move[state]; i < ways->first_move[state + 1]; i++) {
        if (is_spent(search)) {
            search->end->is_capped = true;
            return;
        }
        follow(search, state, visited | bit(state), track, &ways->moves[i]);
    }
}

static void search_end(struct search *search)
{
    const struct program *program = search->ways->program;
    struct track track = {0};
    struct track_step step = {INDEX_NONE, program->start_event, INDEX_NONE, program->start.to, 0};
    search->path->step_count = 0;
    search->path->end = search->end->state;
    if (program->start.to == search->end->state) {
        take_path(search);
        return;
    }
    track_step(search->ways, &step, &track, NULL);
    explore(search, program->start.to, 0, &track);
}

static void list_ends(const struct graph *graph, struct paths *paths)
{
    for (uint32_t i = 0; i < graph->draft->program.state_count; i++) {
        if (graph->ends & graph->reachable & bit((int32_t)i))
            paths->ends[paths->end_count++] = (struct path_end){.state = (int32_t)i};
    }
}

/* Each end gets an equal share of what is left. */
static void search_all(struct search *search)
{
    struct paths *paths = search->paths;
    for (uint32_t i = 0; i < paths->end_count; i++) {
        uint64_t work = search->ways->work, left = paths->end_count - i;
        uint64_t rest = work < WORK_MAX ? WORK_MAX - work : 0;
        search->end = &paths->ends[i];
        search->work_limit = work + rest / left;
        search->count_limit = (PATHS_FOUND_MAX - paths->count) / left;
        search_end(search);
        paths->is_capped |= search->end->is_capped;
    }
}

static bool open_search(struct search *search, const struct paths_request *request,
                        struct arena *arena)
{
    search->row_max = request->max < PATHS_SHOWN_MAX ? request->max : PATHS_SHOWN_MAX;
    search->path = arena_alloc(arena, sizeof *search->path);
    search->chart = arena_alloc(arena, sizeof *search->chart);
    search->rows = arena_alloc_array(arena, search->row_max + 1, sizeof *search->rows);
    search->order = arena_alloc_array(arena, search->row_max + 1, sizeof *search->order);
    return search->path && search->chart && search->rows && search->order;
}

/* The rows in their order. */
static bool give_rows(struct search *search, struct arena *arena)
{
    struct path *rows = arena_alloc_array(arena, search->row_count + 1, sizeof *rows);
    for (uint32_t i = 0; rows && i < search->row_count; i++)
        rows[i] = search->rows[search->order[i]];
    search->paths->rows = rows;
    search->paths->row_count = search->row_count;
    return rows;
}

enum ld_err paths_find(const struct program *program, const struct paths_request *request,
                       struct arena *arena, struct paths *ret_paths)
{
    struct draft *draft = arena_alloc(arena, sizeof *draft);
    struct graph *graph = arena_alloc(arena, sizeof *graph);
    struct ways *ways = arena_alloc(arena, sizeof *ways);
    struct paths *paths = arena_alloc(arena, sizeof *paths);
    if (!draft || !graph || !ways || !paths || !open_graph(program, arena, draft, graph))
        return LD_FULL;
    LD_ASSERT(request->from == DATE_NONE || request->calendar);
    *ways = (struct ways){
        .program = program, .graph = graph, .calendar = request->calendar, .from = request->from};
    struct search search = {.ways = ways, .paths = paths};
    if (!open_ways(ways, arena) || !open_search(&search, request, arena))
        return LD_FULL;
    list_ends(graph, paths);
    search_all(&search);
    if (ways->is_overflow)
        return LD_OVERFLOW;
    if (!give_rows(&search, arena))
        return LD_FULL;
    *ret_paths = *paths;
    return LD_OK;
}
