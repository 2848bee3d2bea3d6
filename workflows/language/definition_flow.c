/* Nothing is read before every path has set it (LANGUAGE §6): fields of the case, parties, and the
 * due dates of other clocks (`due('x')`). A forward analysis: what is known on entering a state is
 * what every way into it has set; it starts at "everything" and shrinks until it is stable. Guards
 * are not evaluated, so a field that is set in every case in fact but not on every path is
 * reported: `has()` or a default says what then.
 *
 * - Optional fields are the expression compiler's matter: it asks for has() at each reading.
 * - A clock counts as started where its last period has no guard. Clocks that start with one
 *   step do so in the order of the text. */
#include "base/assert.h"
#include "workflows/language/definition_graph.h"

struct known {
    uint64_t fields[PROGRAM_FIELDS_MAX / 64];
    uint32_t parties;
    uint32_t clocks; /* started at least once: they have a due date */
};

_Static_assert(PROGRAM_PARTIES_MAX <= 32 && PROGRAM_CLOCKS_MAX <= 32, "sets in a uint32_t");

struct flow {
    const struct graph *graph;
    const struct draft *draft;
    struct known entered[PROGRAM_STATES_MAX]; /* before the clocks of the state start */
    struct known inside[PROGRAM_STATES_MAX];  /* with them */
};

static void know_field(struct known *known, uint32_t field)
{
    known->fields[field / 64] |= UINT64_C(1) << field % 64;
}

static bool knows_field(const struct known *known, uint32_t field)
{
    return known->fields[field / 64] >> field % 64 & 1;
}

/* True: left has shrunk. */
static bool intersect(struct known *left, const struct known *right)
{
    struct known before = *left;
    bool has_shrunk = false;
    for (size_t i = 0; i < PROGRAM_FIELDS_MAX / 64; i++) {
        left->fields[i] &= right->fields[i];
        has_shrunk |= left->fields[i] != before.fields[i];
    }
    left->parties &= right->parties;
    left->clocks &= right->clocks;
    return has_shrunk || left->parties != before.parties || left->clocks != before.clocks;
}

static uint32_t surely_started(const struct draft *draft, uint32_t clock)
{
    const struct clock_rule *rule = &draft->clocks[clock];
    bool is_sure = rule->period_count > 0 && !rule->periods[rule->period_count - 1].guard;
    return is_sure ? UINT32_C(1) << clock : 0;
}

/* The clocks before `limit` that an event starts. */
static uint32_t started_by_event(const struct draft *draft, int32_t event, uint32_t limit)
{
    uint32_t clocks = 0;
    for (uint32_t i = 0; i < limit; i++) {
        if (event != INDEX_NONE && draft->clocks[i].from_event == event)
            clocks |= surely_started(draft, i);
    }
    return clocks;
}

/* The clocks before `limit` that run while the case is in a state. */
static uint32_t started_in_state(const struct draft *draft, uint32_t state, uint32_t limit)
{
    uint32_t clocks = 0;
    for (uint32_t i = 0; i < limit; i++) {
        if (draft->clocks[i].states >> state & 1)
            clocks |= surely_started(draft, i);
    }
    return clocks;
}

static const struct known everything = {{UINT64_MAX, UINT64_MAX}, UINT32_MAX, UINT32_MAX};

_Static_assert(PROGRAM_FIELDS_MAX == 128, "two words of fields in `everything`");

static void enter_states(struct flow *flow)
{
    const struct program *program = &flow->draft->program;
    for (uint32_t i = 0; i < program->state_count; i++) {
        flow->inside[i] = flow->entered[i];
        flow->inside[i].clocks |= started_in_state(flow->draft, i, program->clock_count);
    }
}

/* What is known in each of the states; everything where there is none. */
static struct known known_in(const struct flow *flow, uint64_t states)
{
    struct known known = everything;
    for (uint32_t i = 0; i < flow->draft->program.state_count; i++) {
        if (states >> i & 1)
            (void)intersect(&known, &flow->inside[i]); /* whether it shrank is no matter here */
    }
    return known;
}

static void know_branch(struct known *known, const struct branch *branch)
{
    for (uint32_t i = 0; i < branch->set_count; i++)
        know_field(known, (uint32_t)branch->sets[i].target);
    for (uint32_t i = 0; i < branch->bind_count; i++)
        known->parties |= UINT32_C(1) << branch->binds[i].target;
}

/* What is known after an edge was taken, in whichever state: the clocks of the event before
 * `limit`. */
static struct known known_after(const struct flow *flow, const struct edge *edge, uint32_t limit)
{
    struct known known = known_in(flow, edge->from & flow->graph->reachable);
    know_branch(&known, edge->branch);
    known.clocks |= started_by_event(flow->draft, edge->event, limit);
    if (edge->clock != INDEX_NONE)
        known.clocks |= UINT32_C(1) << edge->clock;
    return known;
}

static struct known known_before_start(const struct draft *draft)
{
    struct known known = {0};
    for (uint32_t i = 0; i < draft->program.field_count; i++) {
        if (draft->fields[i].initial.kind != VALUE_NONE)
            know_field(&known, i);
    }
    return known;
}

/* And what who opens it has given, where no event starts it. */
static struct known known_when_opened(const struct draft *draft)
{
    const struct program *program = &draft->program;
    struct known known = known_before_start(draft);
    if (program->start_event != INDEX_NONE)
        return known;
    for (uint32_t i = 0; i < program->given_field_count; i++)
        know_field(&known, (uint32_t)program->given_fields[i]);
    for (uint32_t i = 0; i < program->given_party_count; i++)
        known.parties |= UINT32_C(1) << program->given_parties[i];
    return known;
}

static struct known known_after_start(const struct draft *draft, uint32_t limit)
{
    struct known known = known_when_opened(draft);
    know_branch(&known, &draft->program.start);
    known.clocks |= started_by_event(draft, draft->program.start_event, limit);
    return known;
}

/* One round over all edges that lead to another state. True: something is known no more. */
static bool shrink(struct flow *flow)
{
    const struct graph *graph = flow->graph;
    bool has_shrunk = false;
    enter_states(flow);
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge->to == INDEX_NONE || !(edge->from & graph->reachable))
            continue;
        struct known after = known_after(flow, edge, flow->draft->program.clock_count);
        has_shrunk |= intersect(&flow->entered[edge->to], &after);
    }
    return has_shrunk;
}

static void solve(struct flow *flow)
{
    const struct draft *draft = flow->draft;
    struct known start = known_after_start(draft, draft->program.clock_count);
    for (uint32_t i = 0; i < draft->program.state_count; i++)
        flow->entered[i] = everything;
    (void)intersect(&flow->entered[draft->program.start.to],
                    &start); /* it shrinks from everything */
    while (shrink(flow)) {
    }
}

/* Adds what has() asks about: that may be read behind it. */
static void know_asked(struct known *known, const struct expr *expr)
{
    for (uint32_t i = 0; i < expr->arg_count; i++)
        know_asked(known, expr->args[i]);
    if (expr->op != EXPR_HAS || expr->args[0]->op != EXPR_NAME)
        return;
    if (expr->args[0]->slot == SLOT_CASE_FIELD)
        know_field(known, expr->args[0]->index);
    if (expr->args[0]->slot == SLOT_PARTY)
        known->parties |= UINT32_C(1) << expr->args[0]->index;
}

/* A finding of the same code at the same place is enough. */
static void report_unset(const struct flow *flow, struct place place, const char *code,
                         struct bytes name)
{
    const struct diagnostics *diagnostics = flow->draft->sheet.diagnostics;
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *row = &diagnostics->rows[i];
        bool is_same = row->place.line == place.line && row->place.column == place.column
                       && bytes_is(bytes_from_text(row->code), code);
        if (is_same)
            return;
    }
    sheet_report(&flow->draft->sheet, place, code, name);
}

/* The place of a name within an expression. */
static struct place name_place(const struct flow *flow, const struct expr *root,
                               const struct expr *expr)
{
    struct place place = draft_place(flow->draft, root);
    return (struct place){place.line, expr->column ? expr->column : place.column};
}

static void check_names(const struct flow *flow, const struct expr *expr, const struct expr *root,
                        const struct known *known)
{
    const struct draft *draft = flow->draft;
    for (uint32_t i = 0; i < expr->arg_count && expr->op != EXPR_HAS; i++)
        check_names(flow, expr->args[i], root, known);
    if (expr->op == EXPR_NAME && expr->slot == SLOT_CASE_FIELD
        && !draft->fields[expr->index].is_optional && !knows_field(known, expr->index))
        report_unset(flow, name_place(flow, root, expr), "field-unset",
                     draft->fields[expr->index].name);
    if (expr->op == EXPR_NAME && expr->slot == SLOT_PARTY && !(known->parties >> expr->index & 1))
        report_unset(flow, name_place(flow, root, expr), "party-unset",
                     draft->parties[expr->index].name);
    if (expr->op == EXPR_CALL && expr->function == FUNCTION_DUE
        && !(known->clocks >> expr->index & 1))
        report_unset(flow, name_place(flow, root, expr), "clock-unset",
                     draft->clocks[expr->index].name);
}

static void check_expr(const struct flow *flow, const struct expr *expr, const struct known *known)
{
    if (!expr)
        return;
    struct known asked = *known;
    know_asked(&asked, expr);
    check_names(flow, expr, expr, &asked);
}

static void check_told(const struct flow *flow, const struct action *action,
                       const struct known *known)
{
    const struct draft *draft = flow->draft;
    struct names parties = NAMES_OF(draft->parties, draft->program.party_count);
    for (uint32_t i = 0; i < action->tell_count; i++) {
        const struct tell *tell = &action->tell[i];
        int32_t party = tell->kind == TELL_PARTY ? names_find(parties, tell->name) : INDEX_NONE;
        if (party != INDEX_NONE && !(known->parties >> party & 1))
            report_unset(flow, draft_place(draft, tell), "party-unset", tell->name);
    }
}

static void check_named(const struct flow *flow, const struct named_expr *named, uint32_t count,
                        const struct known *known)
{
    for (uint32_t i = 0; i < count; i++)
        check_expr(flow, named[i].value, known);
}

static void check_action(const struct flow *flow, const struct action *action,
                         const struct known *known)
{
    const struct expr *const exprs[] = {action->text, action->each, action->name, action->subject,
                                        action->sender};
    for (size_t i = 0; i < sizeof exprs / sizeof exprs[0]; i++)
        check_expr(flow, exprs[i], known);
    check_named(flow, action->values, action->value_count, known);
    check_named(flow, action->binds, action->bind_count, known);
    check_told(flow, action, known);
}

static void check_branch(const struct flow *flow, const struct branch *branch,
                         const struct known *known)
{
    struct known asked = *known;
    check_expr(flow, branch->guard, known);
    if (branch->guard)
        know_asked(&asked, branch->guard);
    for (uint32_t i = 0; i < branch->set_count; i++)
        check_expr(flow, branch->sets[i].value, &asked);
    for (uint32_t i = 0; i < branch->bind_count; i++)
        check_expr(flow, branch->binds[i].value, &asked);
    know_branch(&asked, branch); /* actions are carried out when the branch has set and bound */
    for (uint32_t i = 0; i < branch->action_count; i++)
        check_action(flow, &branch->actions[i], &asked);
}

/* Can somebody publish the event there? Kinds of unit always can; a party once it is bound. */
static void check_senders(const struct flow *flow, int32_t event, const void *thing,
                          const struct known *known)
{
    const struct event_type *type = &flow->draft->events[event];
    if (event == flow->draft->program.joined_event)
        return; /* nobody publishes it */
    for (uint32_t i = 0; i < type->from_count; i++) {
        int32_t party = type->from[i].party;
        if (party == INDEX_NONE || (known->parties >> party & 1))
            return;
    }
    report_unset(flow, draft_place(flow->draft, thing), "sender-unset", type->name);
}

static void check_extends(const struct flow *flow, const struct edge *edge, uint32_t clock)
{
    const struct clock_rule *rule = &flow->draft->clocks[clock];
    for (uint32_t i = 0; i < rule->extend_count; i++) {
        if (rule->extends[i].event != edge->event)
            continue;
        struct known known =
            known_in(flow, edge->from & flow->graph->reachable & flow->graph->runs[clock]);
        check_expr(flow, rule->extends[i].amount, &known);
    }
}

static void check_edge(const struct flow *flow, const struct edge *edge)
{
    struct known known = known_in(flow, edge->from & flow->graph->reachable);
    if (edge->clock != INDEX_NONE)
        known.clocks |= UINT32_C(1) << edge->clock;
    check_branch(flow, edge->branch, &known);
    if (edge->event == INDEX_NONE)
        return;
    check_senders(flow, edge->event, edge->handler, &known);
    for (uint32_t i = 0; i < flow->draft->program.clock_count; i++)
        check_extends(flow, edge, i);
}

static void check_tell_parties(const struct flow *flow, const struct clock_rule *clock,
                               const struct tell *tell, uint32_t count, const struct known *known)
{
    const struct draft *draft = flow->draft;
    for (uint32_t i = 0; i < count; i++) {
        if (tell[i].kind != TELL_PARTY)
            continue;
        int32_t party =
            names_find(NAMES_OF(draft->parties, draft->program.party_count), tell[i].name);
        if (party >= 0 && !(known->parties >> party & 1))
            report_unset(flow, draft_place(draft, &clock->ladder), "party-unset", tell[i].name);
    }
}

/* All that a clock reads when it starts, and whom its ladder tells. */
static void check_clock_start(const struct flow *flow, const struct clock_rule *clock,
                              const struct known *known)
{
    const struct draft *draft = flow->draft;
    const struct policy *policy = draft->context->policy;
    if (!(known->parties >> clock->who & 1))
        report_unset(flow, draft_place(draft, &clock->who), "party-unset",
                     draft->parties[clock->who].name);
    for (uint32_t i = 0; i < clock->period_count; i++) {
        struct known asked = *known;
        check_expr(flow, clock->periods[i].guard, known);
        if (clock->periods[i].guard)
            know_asked(&asked, clock->periods[i].guard);
        check_expr(flow, clock->periods[i].amount, &asked);
    }
    check_expr(flow, clock->anchor, known);
    int32_t ladder =
        policy ? names_find(NAMES_OF(policy->ladders, policy->ladder_count), clock->ladder) : -1;
    for (uint32_t i = 0; ladder >= 0 && i < policy->ladders[ladder].rung_count; i++) {
        const struct rung *rung = &policy->ladders[ladder].rungs[i];
        check_tell_parties(flow, clock, rung->tell, rung->tell_count, known);
        check_tell_parties(flow, clock, rung->else_tell, rung->else_tell_count, known);
        for (uint32_t j = 0; rung->draft && j < rung->draft->party_count; j++)
            check_tell_parties(flow, clock, &rung->draft->parties[j].tell, 1, known);
    }
}

/* What is known wherever a clock starts: those that start with the same step come in the order of
 * the text, so only the ones before it count. */
static struct known known_at_while(const struct flow *flow, uint32_t clock)
{
    const struct draft *draft = flow->draft;
    struct known known = everything;
    for (uint32_t i = 0; i < draft->program.state_count; i++) {
        if (!(draft->clocks[clock].states & flow->graph->reachable & UINT64_C(1) << i))
            continue;
        struct known entered = flow->entered[i];
        entered.clocks |= started_in_state(draft, i, clock);
        (void)intersect(&known, &entered); /* whether it shrank is no matter here */
    }
    return known;
}

static struct known known_at_from(const struct flow *flow, uint32_t clock)
{
    const struct draft *draft = flow->draft;
    const struct clock_rule *rule = &draft->clocks[clock];
    struct known known = everything;
    if (rule->from_event == draft->program.start_event)
        known = known_after_start(draft, clock);
    for (uint32_t i = 0; i < flow->graph->edge_count; i++) {
        const struct edge *edge = &flow->graph->edges[i];
        if (edge->event != rule->from_event || !(edge->from & flow->graph->reachable))
            continue;
        struct known after = known_after(flow, edge, clock);
        (void)intersect(&known, &after); /* as above */
    }
    return known;
}

static void check_start(const struct flow *flow)
{
    const struct draft *draft = flow->draft;
    struct known known = known_when_opened(draft);
    check_branch(flow, &draft->program.start, &known);
    if (draft->program.start_event == INDEX_NONE)
        return;
    /* Before the case exists a party stands for the units of its kind (core/case.c). */
    for (uint32_t i = 0; i < draft->program.party_count; i++)
        known.parties |= (uint32_t)(draft->parties[i].kind.size > 0) << i;
    check_senders(flow, draft->program.start_event, &draft->program.start, &known);
}

/* Who sends what waits, and what suspends the case, is not told that nobody may. */
static void check_waiting(const struct flow *flow)
{
    const struct program *program = &flow->draft->program;
    struct known known = known_in(flow, flow->graph->reachable & ~flow->graph->ends);
    if (program->suspend_from != INDEX_NONE)
        check_senders(flow, program->suspend_from, &program->suspend_from, &known);
    if (program->suspend_until != INDEX_NONE)
        check_senders(flow, program->suspend_until, &program->suspend_until, &known);
    for (uint32_t i = 0; i < program->state_count; i++) {
        const struct state *state = &flow->draft->states[i];
        for (uint32_t j = 0; j < state->hold_count; j++)
            check_senders(flow, state->holds[j], &state->holds[j], &flow->inside[i]);
    }
}

void flow_check(const struct graph *graph)
{
    struct flow flow = {.graph = graph, .draft = graph->draft};
    solve(&flow);
    check_start(&flow);
    for (uint32_t i = 0; i < graph->edge_count; i++)
        check_edge(&flow, &graph->edges[i]);
    check_waiting(&flow);
    for (uint32_t i = 0; i < flow.draft->program.clock_count; i++) {
        const struct clock_rule *clock = &flow.draft->clocks[i];
        struct known known = clock->states ? known_at_while(&flow, i) : known_at_from(&flow, i);
        check_clock_start(&flow, clock, &known);
    }
}
