/* What is proved of a definition as a whole (LANGUAGE §6), once its parts are without mistakes:
 * every state can be reached and left, every state that waits has a clock or says why not, every
 * event is taken somewhere, every pause can end, no expiry turns in a circle for ever, every
 * ladder tells somebody. What is read before it is set: definition_flow.c; what waits:
 * definition_wait.c; how much one step writes: definition_effects.c. */
#include "base/assert.h"
#include "base/buffer.h"
#include "workflows/language/definition_graph.h"

static bool always_holds(const struct branch *branch)
{
    const struct expr *guard = branch->guard;
    return !guard
           || (guard->op == EXPR_LITERAL && guard->literal.kind == VALUE_BOOL
               && guard->literal.as.boolean);
}

static void check_branch_order(const struct draft *draft, const struct branch *branches,
                               uint32_t count)
{
    for (uint32_t i = 0; i + 1 < count; i++) {
        if (!always_holds(&branches[i]))
            continue;
        sheet_report(&draft->sheet, draft_place(draft, &branches[i + 1]), "branch-never-taken",
                     BYTES_NONE);
        return;
    }
}

static void check_handlers_order(const struct draft *draft, const struct handler *handlers,
                                 uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        check_branch_order(draft, handlers[i].branches, handlers[i].branch_count);
}

static void check_periods_order(const struct draft *draft, const struct clock_rule *clock)
{
    for (uint32_t i = 0; i + 1 < clock->period_count; i++) {
        if (clock->periods[i].guard)
            continue;
        sheet_report(&draft->sheet, draft_place(draft, &clock->periods[i + 1]),
                     "branch-never-taken", BYTES_NONE);
        return;
    }
}

static void check_order(const struct draft *draft)
{
    const struct program *program = &draft->program;
    check_handlers_order(draft, program->handlers, program->handler_count);
    for (uint32_t i = 0; i < program->state_count; i++)
        check_handlers_order(draft, draft->states[i].handlers, draft->states[i].handler_count);
    for (uint32_t i = 0; i < program->clock_count; i++) {
        check_branch_order(draft, draft->clocks[i].expire, draft->clocks[i].expire_count);
        check_periods_order(draft, &draft->clocks[i]);
    }
}

static void report_state(const struct graph *graph, uint32_t state, const char *code)
{
    const struct draft *draft = graph->draft;
    sheet_report(&draft->sheet, draft->state_nodes->entries[state].key_place, code,
                 draft->states[state].name);
}

static uint64_t states_with_clock(const struct graph *graph)
{
    uint64_t states = 0;
    for (uint32_t i = 0; i < graph->draft->program.clock_count; i++)
        states |= graph->runs[i];
    return states;
}

static void check_states(const struct graph *graph)
{
    const struct draft *draft = graph->draft;
    uint64_t leave = graph_before(graph, graph->ends);
    uint64_t clocked = states_with_clock(graph);
    if (graph->ends == 0)
        sheet_report(&draft->sheet, draft->state_nodes->place, "no-end", BYTES_NONE);
    for (uint32_t i = 0; i < draft->program.state_count; i++) {
        uint64_t state = UINT64_C(1) << i;
        if (!(graph->reachable & state)) {
            report_state(graph, i, "unreachable-state");
            continue;
        }
        if (graph->ends != 0 && !(leave & state))
            report_state(graph, i, "no-way-out");
        if (!(graph->ends & state) && !(clocked & state) && draft->states[i].no_clock.size == 0)
            report_state(graph, i, "state-without-clock");
    }
}

/* Does a clock use the event? Then a state must take it all the same: `EVENT: {}`. */
static bool is_used_by_clock(const struct draft *draft, int32_t event)
{
    for (uint32_t i = 0; i < draft->program.clock_count; i++) {
        const struct clock_rule *clock = &draft->clocks[i];
        bool is_used = clock->from_event == event || clock->until_event == event;
        for (uint32_t j = 0; j < clock->pause_count; j++)
            is_used |= clock->pauses[j].from == event || clock->pauses[j].until == event;
        for (uint32_t j = 0; j < clock->extend_count; j++)
            is_used |= clock->extends[j].event == event;
        if (is_used)
            return true;
    }
    return false;
}

static bool has_handler(const struct handler *handlers, uint32_t count, int32_t event)
{
    for (uint32_t i = 0; i < count; i++) {
        if (handlers[i].event == event)
            return true;
    }
    return false;
}

static bool is_handled(const struct draft *draft, int32_t event)
{
    const struct program *program = &draft->program;
    bool is_found = event == program->start_event
                    || has_handler(program->handlers, program->handler_count, event);
    for (uint32_t i = 0; !is_found && i < program->state_count; i++)
        is_found = has_handler(draft->states[i].handlers, draft->states[i].handler_count, event);
    return is_found || draft_is_held(draft, event);
}

/* What suspends and resumes the case is taken without a handler, but moves no clock of its own. */
static void check_events(const struct draft *draft)
{
    for (uint32_t i = 0; i < draft->program.event_count; i++) {
        if (is_handled(draft, (int32_t)i))
            continue;
        bool is_used = is_used_by_clock(draft, (int32_t)i);
        if (!is_used && draft_suspends(draft, (int32_t)i))
            continue;
        bool is_joined = (int32_t)i == draft->program.joined_event; /* no text declares it */
        const char *code = is_used ? "event-only-in-clock" : "event-not-handled";
        sheet_report(&draft->sheet,
                     is_joined ? draft->clock_nodes->place
                               : draft->event_nodes->entries[i].key_place,
                     code, draft->events[i].name);
    }
}

/* Where the case may be just after an event that pauses the running clock. Where the clock ended
 * with the same step, there is nothing to resume. */
static uint64_t paused_states(const struct graph *graph, uint32_t clock, int32_t event)
{
    uint64_t states = 0;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge->event == event)
            states |= graph_step(edge, graph->reachable & graph->runs[clock]);
    }
    bool outlives = graph->draft->clocks[clock].continues;
    return states & ~graph->ends & (outlives ? UINT64_MAX : graph->runs[clock]);
}

static void report_idle(const struct graph *graph, uint32_t clock, const void *thing, int32_t event)
{
    const struct draft *draft = graph->draft;
    if (graph_takes(graph, event) & graph->runs[clock])
        return;
    diagnose(draft->sheet.diagnostics, draft_place(draft, thing), "clock-event-idle",
             (struct bytes[]){draft->events[event].name, draft->clocks[clock].name}, 2);
}

static void check_pause(const struct graph *graph, uint32_t clock, const struct clock_pause *pause)
{
    const struct draft *draft = graph->draft;
    uint64_t paused = paused_states(graph, clock, pause->from);
    uint64_t resumes = graph_takes(graph, pause->until);
    report_idle(graph, clock, pause, pause->from);
    for (uint32_t i = 0; i < draft->program.state_count; i++) {
        uint64_t state = UINT64_C(1) << i;
        if (!(paused & state) || (graph_after(graph, state) & resumes))
            continue;
        diagnose(draft->sheet.diagnostics, draft_place(draft, pause), "pause-without-end",
                 (struct bytes[]){draft->states[i].name, draft->events[pause->until].name}, 2);
        return;
    }
}

static void check_clock_events(const struct graph *graph)
{
    const struct draft *draft = graph->draft;
    for (uint32_t i = 0; i < draft->program.clock_count; i++) {
        const struct clock_rule *clock = &draft->clocks[i];
        for (uint32_t j = 0; j < clock->pause_count; j++)
            check_pause(graph, i, &clock->pauses[j]);
        for (uint32_t j = 0; j < clock->extend_count; j++)
            report_idle(graph, i, &clock->extends[j], clock->extends[j].event);
    }
}

/* The states that expiries alone reach from a state (itself only by a circle). */
static uint64_t expiries_after(const struct graph *graph, uint64_t states)
{
    uint64_t found = 0;
    for (uint64_t before = ~found; before != found;) {
        before = found;
        for (uint32_t i = 0; i < graph->edge_count; i++) {
            const struct edge *edge = &graph->edges[i];
            bool moves = edge->clock != INDEX_NONE && edge->to != INDEX_NONE;
            found |= moves ? graph_step(edge, graph->reachable & (states | found)) : 0;
        }
    }
    return found;
}

static bool an_event_leaves(const struct graph *graph, uint64_t states)
{
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge->event != INDEX_NONE && (graph_step(edge, states) & ~states))
            return true;
    }
    return false;
}

/* The circle that a state lies on, or 0. */
static uint64_t expire_circle(const struct graph *graph, uint64_t state)
{
    uint64_t after = expiries_after(graph, state);
    uint64_t circle = 0;
    for (uint32_t i = 0; (after & state) && i < graph->draft->program.state_count; i++) {
        uint64_t other = UINT64_C(1) << i;
        if ((after & other) && (expiries_after(graph, other) & state))
            circle |= other;
    }
    return circle;
}

/* An expiry that leads out of the circle does not excuse it: it comes only if nobody acts first,
 * and people must be able to act. */
static void check_expire_circles(const struct graph *graph)
{
    uint64_t reported = 0;
    for (uint32_t i = 0; i < graph->draft->program.state_count; i++) {
        uint64_t state = UINT64_C(1) << i;
        if (!(graph->reachable & state) || (reported & state))
            continue;
        uint64_t circle = expire_circle(graph, state);
        if (circle == 0 || an_event_leaves(graph, circle))
            continue;
        report_state(graph, i, "expire-circle");
        reported |= circle;
    }
}

/* False after a finding: one for a clock is enough. */
static bool check_tell(const struct draft *draft, const struct clock_rule *clock,
                       const struct tell *tell, uint32_t count)
{
    struct names parties = NAMES_OF(draft->parties, draft->program.party_count);
    for (uint32_t i = 0; i < count; i++) {
        if (tell[i].kind != TELL_PARTY || names_find(parties, tell[i].name) >= 0)
            continue;
        diagnose(draft->sheet.diagnostics, draft_place(draft, &clock->ladder), "tell-nobody",
                 (struct bytes[]){clock->ladder, tell[i].name}, 2);
        return false;
    }
    return true;
}

static void check_ladders(const struct draft *draft)
{
    const struct policy *policy = draft->context->policy;
    for (uint32_t i = 0; policy && i < draft->program.clock_count; i++) {
        const struct clock_rule *clock = &draft->clocks[i];
        int32_t index = names_find(NAMES_OF(policy->ladders, policy->ladder_count), clock->ladder);
        bool is_good = index >= 0;
        for (uint32_t j = 0; is_good && j < policy->ladders[index].rung_count; j++) {
            const struct rung *rung = &policy->ladders[index].rungs[j];
            is_good = check_tell(draft, clock, rung->tell, rung->tell_count)
                      && check_tell(draft, clock, rung->else_tell, rung->else_tell_count);
            for (uint32_t k = 0; is_good && rung->draft && k < rung->draft->party_count; k++)
                is_good = check_tell(draft, clock, &rung->draft->parties[k].tell, 1);
        }
    }
}

void draft_check(struct draft *draft)
{
    struct graph graph;
    uint32_t error_count = draft->sheet.diagnostics->error_count;
    check_order(draft);
    check_events(draft);
    check_ladders(draft);
    effects_check(draft);
    targets_check(draft);
    if (!graph_build(draft, &graph))
        return;
    check_states(&graph);
    joined_check(&graph);
    check_clock_events(&graph);
    wait_check(&graph);
    check_expire_circles(&graph);
    if (draft->sheet.diagnostics->error_count == error_count)
        flow_check(&graph);
    if (draft->sheet.diagnostics->error_count == error_count)
        model_check(&graph);
}
