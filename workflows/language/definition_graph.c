/* Edges, reachability and where clocks can run. A clock given by `while` runs in its states. One
 * given by `from`/`until` may run wherever a path leads from a transition by its `from` event
 * without passing its end: guards are not evaluated, so this is an upper bound, and a state that
 * it does not include has certainly no clock. Reachability and clocks depend on each other (an
 * expiry leads on only where its clock can run), so both grow together until nothing is added; and
 * so does where sub-cases may have been opened, without which none of them can close. */
#include "workflows/language/definition_graph.h"

#include "base/assert.h"

static uint64_t bit(int32_t index)
{
    LD_ASSERT(index >= 0 && index < 64);
    return UINT64_C(1) << index;
}

static uint32_t count_branches(const struct handler *handlers, uint32_t count)
{
    uint32_t branches = 0;
    for (uint32_t i = 0; i < count; i++)
        branches += handlers[i].branch_count;
    return branches;
}

static uint32_t count_edges(const struct program *program, const struct draft *draft)
{
    uint32_t count = count_branches(program->handlers, program->handler_count);
    for (uint32_t i = 0; i < program->state_count; i++)
        count += count_branches(draft->states[i].handlers, draft->states[i].handler_count);
    for (uint32_t i = 0; i < program->clock_count; i++)
        count += draft->clocks[i].expire_count;
    return count;
}

static void add_handler(struct graph *graph, const struct handler *handler, uint64_t from)
{
    for (uint32_t i = 0; i < handler->branch_count; i++) {
        const struct branch *branch = &handler->branches[i];
        if (branch->refuse.zh.size)
            continue;
        bool is_joined = handler->event == graph->draft->program.joined_event;
        graph->edges[graph->edge_count++] = (struct edge){.stands = from,
                                                          .from = is_joined ? 0 : from,
                                                          .to = branch->to,
                                                          .event = handler->event,
                                                          .clock = INDEX_NONE,
                                                          .branch = branch,
                                                          .handler = handler};
    }
}

/* The states that are no end and do not handle the event themselves. */
static uint64_t top_states(const struct graph *graph, int32_t event)
{
    const struct draft *draft = graph->draft;
    uint64_t states = 0;
    for (uint32_t i = 0; i < draft->program.state_count; i++) {
        const struct state *state = &draft->states[i];
        bool has_own = state->is_end;
        for (uint32_t j = 0; j < state->handler_count; j++)
            has_own |= state->handlers[j].event == event;
        states |= has_own ? 0 : bit((int32_t)i);
    }
    return states;
}

static void add_edges(struct graph *graph)
{
    const struct draft *draft = graph->draft;
    const struct program *program = &draft->program;
    for (uint32_t i = 0; i < program->state_count; i++) {
        for (uint32_t j = 0; j < draft->states[i].handler_count; j++)
            add_handler(graph, &draft->states[i].handlers[j], bit((int32_t)i));
    }
    for (uint32_t i = 0; i < program->handler_count; i++)
        add_handler(graph, &program->handlers[i], top_states(graph, program->handlers[i].event));
    for (uint32_t i = 0; i < program->clock_count; i++) {
        for (uint32_t j = 0; j < draft->clocks[i].expire_count; j++) {
            const struct branch *branch = &draft->clocks[i].expire[j];
            graph->edges[graph->edge_count++] = (struct edge){.stands = UINT64_MAX,
                                                              .to = branch->to,
                                                              .event = INDEX_NONE,
                                                              .clock = (int32_t)i,
                                                              .branch = branch};
        }
    }
}

uint64_t graph_step(const struct edge *edge, uint64_t sources)
{
    uint64_t taken = edge->from & sources;
    return edge->to == INDEX_NONE || taken == 0 ? taken : bit(edge->to);
}

/* The states in which the clock may run behind this edge. */
static uint64_t clock_behind(const struct graph *graph, const struct clock_rule *clock,
                             const struct edge *edge, uint64_t runs)
{
    bool starts = edge->event != INDEX_NONE && edge->event == clock->from_event;
    bool ends = edge->event != INDEX_NONE && edge->event == clock->until_event;
    uint64_t behind = 0;
    if (starts)
        behind = graph_step(edge, graph->reachable);
    else if (!ends)
        behind = graph_step(edge, graph->reachable & runs);
    if (clock->until_state != INDEX_NONE && edge->to == clock->until_state)
        behind = 0;
    return behind & ~graph->ends;
}

static bool opens_subs(const struct branch *branch)
{
    for (uint32_t i = 0; i < branch->action_count; i++) {
        if (branch->actions[i].kind == ACTION_OPEN)
            return true;
    }
    return false;
}

bool clock_opens_drafts(const struct draft *draft, const struct clock_rule *clock)
{
    const struct policy *policy = draft->context ? draft->context->policy : NULL;
    if (!policy || clock->ladder.size == 0)
        return clock->ladder.size > 0;
    int32_t index = names_find(NAMES_OF(policy->ladders, policy->ladder_count), clock->ladder);
    for (uint32_t i = 0; index >= 0 && i < policy->ladders[index].rung_count; i++) {
        const struct rung *rung = &policy->ladders[index].rungs[i];
        if (rung->draft && (rung->is_before || !clock->is_right)) /* a right lapses when due */
            return true;
    }
    return false;
}

/* The edges of the joined event lead on only where there can be sub-cases. */
static bool grow_opened(struct graph *graph)
{
    const struct draft *draft = graph->draft;
    uint64_t opened = graph->opened;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        struct edge *edge = &graph->edges[i];
        if (edge->event != INDEX_NONE && edge->event == draft->program.joined_event)
            edge->from = edge->stands & opened;
        uint64_t sources = opens_subs(edge->branch) ? graph->reachable : opened;
        opened |= graph_step(edge, sources) & ~graph->ends;
    }
    for (uint32_t i = 0; i < draft->program.clock_count; i++)
        opened |= clock_opens_drafts(draft, &draft->clocks[i]) ? graph->runs[i] : 0;
    bool has_grown = opened != graph->opened;
    graph->opened = opened;
    return has_grown;
}

/* One round over all edges. True: something was added. */
static bool grow(struct graph *graph)
{
    const struct draft *draft = graph->draft;
    bool has_grown = grow_opened(graph);
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        struct edge *edge = &graph->edges[i];
        if (edge->clock != INDEX_NONE)
            edge->from = graph->runs[edge->clock] & ~graph->ends;
        uint64_t reachable = graph->reachable | graph_step(edge, graph->reachable);
        has_grown |= reachable != graph->reachable;
        graph->reachable = reachable;
        for (uint32_t j = 0; j < draft->program.clock_count; j++) {
            const struct clock_rule *clock = &draft->clocks[j];
            uint64_t runs = clock->states
                                ? clock->states & graph->reachable
                                : graph->runs[j] | clock_behind(graph, clock, edge, graph->runs[j]);
            has_grown |= runs != graph->runs[j];
            graph->runs[j] = runs;
        }
    }
    return has_grown;
}

static void begin_runs(struct graph *graph)
{
    const struct draft *draft = graph->draft;
    const struct branch *start = &draft->program.start;
    for (uint32_t i = 0; i < draft->program.clock_count; i++) {
        const struct clock_rule *clock = &draft->clocks[i];
        bool begins = clock->from_event != INDEX_NONE
                      && clock->from_event == draft->program.start_event
                      && clock->until_state != start->to;
        graph->runs[i] = clock->states ? clock->states & graph->reachable
                                       : (begins ? graph->reachable & ~graph->ends : 0);
    }
}

static void link_states(struct graph *graph)
{
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        for (uint32_t j = 0; j < graph->draft->program.state_count; j++)
            graph->next[j] |= graph_step(edge, UINT64_C(1) << j);
    }
}

bool graph_build(struct draft *draft, struct graph *graph)
{
    const struct program *program = &draft->program;
    LD_ASSERT(program->start.to != INDEX_NONE);
    *graph = (struct graph){.draft = draft, .reachable = bit(program->start.to)};
    graph->edges = sheet_rows(&draft->sheet, count_edges(program, draft), sizeof *graph->edges);
    if (!graph->edges)
        return false;
    for (uint32_t i = 0; i < program->state_count; i++) {
        graph->ends |= draft->states[i].is_end ? bit((int32_t)i) : 0;
        /* Its parent leads a sub-case there from wherever it is. */
        graph->reachable |= draft->states[i].is_cascade_end ? bit((int32_t)i) : 0;
    }
    graph->opened = opens_subs(&program->start) ? bit(program->start.to) & ~graph->ends : 0;
    add_edges(graph);
    begin_runs(graph);
    while (grow(graph)) {
    }
    link_states(graph);
    return true;
}

uint64_t graph_before(const struct graph *graph, uint64_t states)
{
    for (uint64_t before = 0; before != states;) {
        before = states;
        for (uint32_t i = 0; i < graph->draft->program.state_count; i++)
            states |= graph->next[i] & states ? UINT64_C(1) << i : 0;
    }
    return states;
}

uint64_t graph_after(const struct graph *graph, uint64_t states)
{
    for (uint64_t before = 0; before != states;) {
        before = states;
        for (uint32_t i = 0; i < graph->draft->program.state_count; i++)
            states |= before >> i & 1 ? graph->next[i] : 0;
    }
    return states;
}

uint64_t graph_takes(const struct graph *graph, int32_t event)
{
    uint64_t states = 0;
    for (uint32_t i = 0; i < graph->edge_count; i++)
        states |= graph->edges[i].event == event ? graph->edges[i].from : 0;
    return states;
}
