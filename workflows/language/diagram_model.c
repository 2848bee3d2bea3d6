/* From a program to nodes and moves. What stays in a state is no move; what leads from one state
 * to another stands together on one edge, expiry apart from events. A clock that is given by
 * events runs wherever a path leads from its beginning without passing its end: guards are not
 * evaluated, so a box may name a clock that has ended, but misses none. */
#include "workflows/language/diagram_model.h"

/* One branch with the states in which it can be taken. */
struct step {
    uint64_t from;
    int32_t to, event, clock;
};

struct flow {
    struct diagram *diagram;
    struct step *steps;
    uint32_t count;
};

static uint64_t bit(int32_t index)
{
    LD_ASSERT(index >= 0 && index < 64);
    return UINT64_C(1) << index;
}

/* The end that is said to be with the parent's; by its place alone none is. */
static int32_t marked_end(const struct program *program)
{
    int32_t end = program->cascade_end;
    return end != INDEX_NONE && program->states[end].is_cascade_end ? end : INDEX_NONE;
}

bool diagram_has_anywhere(const struct diagram *diagram)
{
    return diagram->program->handler_count || diagram->program->suspend_from != INDEX_NONE
           || marked_end(diagram->program) != INDEX_NONE;
}

bool diagram_starts_anywhere(const struct diagram *diagram, uint32_t clock)
{
    const struct program *program = diagram->program;
    int32_t event = program->clocks[clock].from_event;
    for (uint32_t i = 0; event != INDEX_NONE && i < program->handler_count; i++) {
        if (program->handlers[i].event == event)
            return true;
    }
    return false;
}

static uint32_t count_branches(const struct handler *handlers, uint32_t count)
{
    uint32_t branches = 0;
    for (uint32_t i = 0; i < count; i++)
        branches += handlers[i].branch_count;
    return branches;
}

static uint32_t count_all(const struct program *program)
{
    uint32_t count = count_branches(program->handlers, program->handler_count);
    for (uint32_t i = 0; i < program->state_count; i++)
        count += count_branches(program->states[i].handlers, program->states[i].handler_count);
    for (uint32_t i = 0; i < program->clock_count; i++)
        count += program->clocks[i].expire_count;
    return count;
}

/* The states that are no end and do not handle the event themselves. */
static uint64_t states_of_top(const struct program *program, int32_t event)
{
    uint64_t states = 0;
    for (uint32_t i = 0; i < program->state_count; i++) {
        const struct state *state = &program->states[i];
        bool has_own = state->is_end;
        for (uint32_t j = 0; j < state->handler_count; j++)
            has_own |= state->handlers[j].event == event;
        states |= has_own ? 0 : bit((int32_t)i);
    }
    return states;
}

static void add_steps(struct flow *flow, const struct handler *handler, uint64_t from)
{
    for (uint32_t i = 0; i < handler->branch_count; i++) {
        if (!handler->branches[i].refuse.zh.size)
            flow->steps[flow->count++] =
                (struct step){from, handler->branches[i].to, handler->event, INDEX_NONE};
    }
}

static void add_all_steps(struct flow *flow)
{
    const struct program *program = flow->diagram->program;
    for (uint32_t i = 0; i < program->state_count; i++) {
        const struct state *state = &program->states[i];
        for (uint32_t j = 0; j < state->handler_count; j++)
            add_steps(flow, &state->handlers[j], bit((int32_t)i));
    }
    for (uint32_t i = 0; i < program->handler_count; i++)
        add_steps(flow, &program->handlers[i], states_of_top(program, program->handlers[i].event));
    for (uint32_t i = 0; i < program->clock_count; i++) {
        for (uint32_t j = 0; j < program->clocks[i].expire_count; j++)
            flow->steps[flow->count++] =
                (struct step){0, program->clocks[i].expire[j].to, INDEX_NONE, (int32_t)i};
    }
}

static uint64_t target(const struct step *step, uint64_t sources)
{
    uint64_t taken = step->from & sources;
    return step->to == INDEX_NONE || !taken ? taken : bit(step->to);
}

/* Where the clock runs behind this step, by what it began with and by running on. */
static void follow(struct diagram *diagram, uint32_t clock, const struct step *step, uint64_t ends)
{
    const struct clock_rule *rule = &diagram->program->clocks[clock];
    bool is_end = step->event != INDEX_NONE && step->event == rule->until_event;
    bool is_entered = rule->until_state != INDEX_NONE && rule->until_state == step->to;
    if (step->clock == (int32_t)clock || is_end || is_entered)
        return;
    if (step->event != INDEX_NONE && step->event == rule->from_event)
        diagram->starts[clock] |= target(step, UINT64_MAX) & ~ends;
    diagram->runs[clock] |= diagram->starts[clock] | (target(step, diagram->runs[clock]) & ~ends);
}

static bool grow(struct flow *flow, uint64_t ends)
{
    struct diagram *diagram = flow->diagram;
    bool has_grown = false;
    for (uint32_t i = 0; i < flow->count; i++) {
        struct step *step = &flow->steps[i];
        if (step->clock != INDEX_NONE)
            step->from = diagram->runs[step->clock] & ~ends;
        for (uint32_t clock = 0; clock < diagram->program->clock_count; clock++) {
            uint64_t before = diagram->runs[clock];
            if (!diagram->program->clocks[clock].states)
                follow(diagram, clock, step, ends);
            has_grown |= before != diagram->runs[clock];
        }
    }
    return has_grown;
}

static bool find_runs(struct diagram *diagram)
{
    const struct program *program = diagram->program;
    uint64_t ends = 0;
    struct flow flow = {.diagram = diagram};
    flow.steps = arena_alloc_array(diagram->arena, count_all(program) + 1, sizeof *flow.steps);
    if (!flow.steps)
        return false;
    for (uint32_t i = 0; i < program->state_count; i++)
        ends |= program->states[i].is_end ? bit((int32_t)i) : 0;
    add_all_steps(&flow);
    for (uint32_t i = 0; i < program->clock_count; i++) {
        const struct clock_rule *clock = &program->clocks[i];
        bool begins = clock->from_event != INDEX_NONE && clock->from_event == program->start_event
                      && clock->until_state != program->start.to;
        diagram->starts[i] = clock->states ? clock->states : begins ? bit(program->start.to) : 0;
        diagram->runs[i] = diagram->starts[i];
    }
    while (grow(&flow, ends)) {
    }
    return true;
}

/* The edge between two nodes, which is made where there is none yet. */
static uint32_t edge_between(struct diagram *diagram, const struct diagram_move *move)
{
    struct layout *layout = &diagram->layout;
    bool is_expiry = move->clock != INDEX_NONE;
    uint32_t pair = (move->from * layout->node_count + move->to) * 2 + is_expiry;
    if (!diagram->edge_of[pair]) {
        layout->edges[layout->edge_count] =
            (struct layout_edge){.from = move->from, .to = move->to};
        diagram->edges[layout->edge_count].is_expiry = is_expiry;
        diagram->edge_of[pair] = ++layout->edge_count;
    }
    return diagram->edge_of[pair] - 1;
}

static void add_move(struct diagram *diagram, struct diagram_move move)
{
    if (move.from == move.to || move.branch->refuse.zh.size)
        return;
    move.edge = edge_between(diagram, &move);
    diagram->moves[diagram->move_count++] = move;
}

static void add_branches(struct diagram *diagram, uint32_t from, const struct handler *handler)
{
    for (uint32_t i = 0; i < handler->branch_count; i++) {
        const struct branch *branch = &handler->branches[i];
        if (branch->to == INDEX_NONE)
            continue;
        add_move(diagram, (struct diagram_move){.from = from,
                                                .to = diagram->first_state + (uint32_t)branch->to,
                                                .event = handler->event,
                                                .clock = INDEX_NONE,
                                                .branch = branch,
                                                .is_else = i > 0 && !branch->guard});
    }
}

static void add_expiries(struct diagram *diagram, uint32_t clock, uint32_t state)
{
    const struct clock_rule *rule = &diagram->program->clocks[clock];
    for (uint32_t i = 0; i < rule->expire_count; i++) {
        const struct branch *branch = &rule->expire[i];
        if (branch->to == INDEX_NONE || !(diagram->runs[clock] & bit((int32_t)state)))
            continue;
        add_move(diagram, (struct diagram_move){.from = diagram->first_state + state,
                                                .to = diagram->first_state + (uint32_t)branch->to,
                                                .event = INDEX_NONE,
                                                .clock = (int32_t)clock,
                                                .branch = branch,
                                                .is_else = i > 0 && !branch->guard});
    }
}

static const struct branch no_branch = {.to = INDEX_NONE};

/* State by state as they are written, so that a walk in the order of the edges tells the story. */
static void add_moves(struct diagram *diagram)
{
    const struct program *program = diagram->program;
    add_move(diagram,
             (struct diagram_move){.from = 0,
                                   .to = diagram->first_state + (uint32_t)program->start.to,
                                   .event = program->start_event,
                                   .clock = INDEX_NONE,
                                   .branch = &program->start});
    for (uint32_t i = 0; i < program->state_count; i++) {
        const struct state *state = &program->states[i];
        for (uint32_t j = 0; j < state->handler_count; j++)
            add_branches(diagram, diagram->first_state + i, &state->handlers[j]);
        for (uint32_t j = 0; j < program->clock_count; j++)
            add_expiries(diagram, j, i);
    }
    for (uint32_t i = 0; i < program->handler_count; i++)
        add_branches(diagram, 1, &program->handlers[i]);
    int32_t end = marked_end(program);
    if (end != INDEX_NONE)
        add_move(diagram, (struct diagram_move){.from = 1,
                                                .to = diagram->first_state + (uint32_t)end,
                                                .event = INDEX_NONE,
                                                .clock = INDEX_NONE,
                                                .branch = &no_branch});
}

static void add_nodes(struct diagram *diagram)
{
    const struct program *program = diagram->program;
    diagram->nodes[0] = (struct diagram_node){.kind = NODE_START, .state = INDEX_NONE};
    diagram->nodes[1] = (struct diagram_node){.kind = NODE_ANYWHERE, .state = INDEX_NONE};
    diagram->layout.nodes[1].least_rank = 1; /* beside the first state; overwritten without one */
    diagram->first_state = diagram_has_anywhere(diagram) ? 2 : 1;
    for (uint32_t i = 0; i < program->state_count; i++) {
        enum diagram_node_kind kind = program->states[i].is_end ? NODE_END : NODE_STATE;
        diagram->nodes[diagram->first_state + i] =
            (struct diagram_node){.kind = kind, .state = (int32_t)i};
        diagram->layout.nodes[diagram->first_state + i].least_rank = 1;
    }
    diagram->layout.node_count = diagram->first_state + program->state_count;
}

bool diagram_model(struct diagram *diagram, const struct program *program, bool is_zh,
                   struct arena *arena)
{
    uint32_t nodes = program->state_count + 2;
    uint32_t moves = count_all(program) + program->state_count * program->clock_count + 2;
    LD_ASSERT(program->start.to != INDEX_NONE);
    *diagram = (struct diagram){.program = program, .is_zh = is_zh, .arena = arena};
    for (uint32_t i = 0; i < program->clock_count; i++)
        moves += program->clocks[i].expire_count * program->state_count;
    void *text = arena_alloc(arena, MODEL_TEXT_MAX);
    diagram->nodes = arena_alloc_array(arena, nodes, sizeof *diagram->nodes);
    diagram->edges = arena_alloc_array(arena, moves, sizeof *diagram->edges);
    diagram->moves = arena_alloc_array(arena, moves, sizeof *diagram->moves);
    diagram->edge_of =
        arena_alloc_array(arena, 2 * (size_t)nodes * nodes, sizeof *diagram->edge_of);
    diagram->layout.arena = arena;
    diagram->layout.nodes = arena_alloc_array(arena, nodes, sizeof *diagram->layout.nodes);
    diagram->layout.edges = arena_alloc_array(arena, moves, sizeof *diagram->layout.edges);
    if (arena->is_exhausted)
        return false;
    buffer_init(&diagram->text, text, MODEL_TEXT_MAX);
    diagram->words = (struct words){.program = program, .is_zh = is_zh, .buffer = &diagram->text};
    add_nodes(diagram);
    if (!find_runs(diagram))
        return false;
    add_moves(diagram);
    return true;
}

bool diagram_place(struct diagram *diagram)
{
    return layout_rank(&diagram->layout) && diagram_fill(diagram) && layout_place(&diagram->layout);
}

bool diagram_build(struct diagram *diagram, const struct program *program, bool is_zh,
                   struct arena *arena)
{
    return diagram_model(diagram, program, is_zh, arena) && diagram_place(diagram);
}
