/* The most that each clock of a program can take: the longest alternative of its period, what its
 * extensions can add, which of its pauses another clock bounds. Amounts are bounded through the
 * declared minima and maxima of the fields that they are made of, and for a field of the case
 * through everything that is ever set into it. */
#include "base/assert.h"
#include "workflows/language/paths_parts.h"

enum { DEPTH_MAX = 8, WORK_MAX = 20000 };

struct range {
    bool is_known;
    int64_t min, max;
};

struct ranging {
    const struct program *program;
    int32_t event; /* whose data an expression names, or INDEX_NONE */
    uint32_t depth;
    uint32_t *work; /* nodes looked at for one clock: fields may be set from fields */
};

static struct range range_of(struct ranging ranging, const struct expr *expr);

static struct range known_range(int64_t min, int64_t max)
{
    /* Beyond any period; and so nothing here overflows. */
    bool is_known = min >= -PERIOD_AMOUNT_MAX && max <= PERIOD_AMOUNT_MAX;
    return (struct range){is_known, min, max};
}

static struct range join(struct range left, struct range right)
{
    if (!left.is_known || !right.is_known)
        return (struct range){0};
    return known_range(left.min < right.min ? left.min : right.min,
                       left.max > right.max ? left.max : right.max);
}

static struct range range_of_type(const struct field *field)
{
    const struct data_type *type = &field->type;
    if (type->kind != TYPE_INT || !type->has_max)
        return (struct range){0};
    return known_range(type->has_min ? (int64_t)type->min : 1, (int64_t)type->max);
}

/* Then any field may be given by whoever opens a case, as its type allows. */
static bool is_opened_by_parent(const struct program *program)
{
    return program->start_event == INDEX_NONE;
}

/* What is set into a field by a branch joins what is known; the first alone begins it. */
static void join_sets(struct ranging ranging, const struct branch *branch, uint32_t field,
                      struct range *range, uint32_t *count)
{
    for (uint32_t i = 0; i < branch->set_count; i++) {
        if (branch->sets[i].target != (int32_t)field)
            continue;
        struct range set = range_of(ranging, branch->sets[i].value);
        *range = (*count)++ == 0 ? set : join(*range, set);
    }
}

static void join_handlers(struct ranging ranging, const struct handler *handlers, uint32_t count,
                          uint32_t field, struct range *range, uint32_t *ret_count)
{
    for (uint32_t i = 0; i < count; i++) {
        ranging.event = handlers[i].event;
        for (uint32_t j = 0; j < handlers[i].branch_count; j++)
            join_sets(ranging, &handlers[i].branches[j], field, range, ret_count);
    }
}

static struct range range_of_case_field(struct ranging ranging, uint32_t index)
{
    const struct program *program = ranging.program;
    const struct field *field = &program->fields[index];
    struct range range = range_of_type(field);
    uint32_t count = 0;
    if (range.is_known || is_opened_by_parent(program))
        return range;
    if (field->initial.kind == VALUE_INT) {
        range = known_range(field->initial.as.integer, field->initial.as.integer);
        count++;
    }
    ranging.event = program->start_event;
    join_sets(ranging, &program->start, index, &range, &count);
    join_handlers(ranging, program->handlers, program->handler_count, index, &range, &count);
    for (uint32_t i = 0; i < program->state_count; i++)
        join_handlers(ranging, program->states[i].handlers, program->states[i].handler_count, index,
                      &range, &count);
    ranging.event = INDEX_NONE;
    for (uint32_t i = 0; i < program->clock_count; i++) {
        for (uint32_t j = 0; j < program->clocks[i].expire_count; j++)
            join_sets(ranging, &program->clocks[i].expire[j], index, &range, &count);
    }
    return range;
}

static struct range range_of_name(struct ranging ranging, const struct expr *expr)
{
    if (expr->slot == SLOT_CASE_FIELD)
        return range_of_case_field(ranging, expr->index);
    if (expr->slot == SLOT_EVENT_DATA && ranging.event != INDEX_NONE)
        return range_of_type(&ranging.program->events[ranging.event].fields[expr->index]);
    return (struct range){0};
}

static struct range range_of_sum(struct range left, struct range right, bool is_difference)
{
    if (!left.is_known || !right.is_known)
        return (struct range){0};
    return is_difference ? known_range(left.min - right.max, left.max - right.min)
                         : known_range(left.min + right.min, left.max + right.max);
}

static struct range range_of_product(struct range left, struct range right)
{
    if (!left.is_known || !right.is_known || left.min < 0 || right.min < 0)
        return (struct range){0};
    return known_range(left.min * right.min, left.max * right.max);
}

static struct range range_of(struct ranging ranging, const struct expr *expr)
{
    struct range args[3] = {{0}};
    if (ranging.depth++ == DEPTH_MAX || ++*ranging.work > WORK_MAX)
        return (struct range){0};
    if (expr->op == EXPR_LITERAL && expr->literal.kind == VALUE_INT)
        return known_range(expr->literal.as.integer, expr->literal.as.integer);
    if (expr->op == EXPR_NAME)
        return range_of_name(ranging, expr);
    bool is_followed = expr->op == EXPR_ADD || expr->op == EXPR_SUBTRACT
                       || expr->op == EXPR_MULTIPLY || expr->op == EXPR_CHOOSE;
    for (uint32_t i = 0; is_followed && i < expr->arg_count && i < 3; i++)
        args[i] = i == 0 && expr->op == EXPR_CHOOSE ? args[i] : range_of(ranging, expr->args[i]);
    if (expr->op == EXPR_ADD || expr->op == EXPR_SUBTRACT)
        return range_of_sum(args[0], args[1], expr->op == EXPR_SUBTRACT);
    if (expr->op == EXPR_MULTIPLY)
        return range_of_product(args[0], args[1]);
    return expr->op == EXPR_CHOOSE ? join(args[1], args[2]) : (struct range){0};
}

static int64_t nominal(struct period period)
{
    static const int64_t hours[] = {[PERIOD_HOURS] = 1,
                                    [PERIOD_DAYS] = HOURS_OF_DAY,
                                    [PERIOD_WORKING_DAYS] = HOURS_OF_DAY * 7 / 5,
                                    [PERIOD_MONTHS] = HOURS_OF_DAY * 31,
                                    [PERIOD_YEARS] = HOURS_OF_DAY * 366,
                                    [PERIOD_UNTIL] = 0};
    return period.amount * hours[period.unit];
}

/* The event that a clock's expressions may name: its `from`, or for `while` the one that leads into
 * its states. */
static int32_t event_of(const struct ways *ways, const struct clock_rule *clock)
{
    const struct program *program = ways->program;
    if (clock->from_event != INDEX_NONE || clock->states == 0)
        return clock->from_event;
    if (clock->states >> program->start.to & 1)
        return program->start_event;
    for (uint32_t i = 0; i < ways->graph->edge_count; i++) {
        const struct edge *edge = &ways->graph->edges[i];
        if (edge->to != INDEX_NONE && edge->event != INDEX_NONE && (clock->states >> edge->to & 1))
            return edge->event;
    }
    return INDEX_NONE;
}

static void choose_longest(struct ranging ranging, const struct clock_rule *clock,
                           struct longest *longest)
{
    for (uint32_t i = 0; i < clock->period_count; i++) {
        const struct clock_period *alternative = &clock->periods[i];
        if (alternative->unit == PERIOD_UNTIL) {
            longest->open |= PATH_GIVEN_DATE;
            continue;
        }
        struct range range = range_of(ranging, alternative->amount);
        struct period period = {(int32_t)range.max, alternative->unit};
        longest->open |= range.is_known ? 0U : (unsigned)PATH_ANY_LENGTH;
        if (range.is_known && range.max > 0
            && (longest->period.amount == 0 || nominal(period) > nominal(longest->period)))
            longest->period = period;
    }
}

/* A date that cannot lie ahead: a legal date, or a field of the case that only takes such. */
static bool is_past(struct ranging ranging, const struct expr *expr);

static bool sets_are_past(struct ranging ranging, const struct branch *branch, uint32_t field)
{
    for (uint32_t i = 0; i < branch->set_count; i++) {
        if (branch->sets[i].target == (int32_t)field && !is_past(ranging, branch->sets[i].value))
            return false;
    }
    return true;
}

static bool handlers_are_past(struct ranging ranging, const struct handler *handlers,
                              uint32_t count, uint32_t field)
{
    for (uint32_t i = 0; i < count; i++) {
        ranging.event = handlers[i].event;
        for (uint32_t j = 0; j < handlers[i].branch_count; j++) {
            if (!sets_are_past(ranging, &handlers[i].branches[j], field))
                return false;
        }
    }
    return true;
}

static bool field_is_past(struct ranging ranging, uint32_t field)
{
    const struct program *program = ranging.program;
    ranging.event = program->start_event;
    bool holds = !is_opened_by_parent(program) && program->fields[field].initial.kind == VALUE_NONE
                 && sets_are_past(ranging, &program->start, field)
                 && handlers_are_past(ranging, program->handlers, program->handler_count, field);
    for (uint32_t i = 0; holds && i < program->state_count; i++)
        holds = handlers_are_past(ranging, program->states[i].handlers,
                                  program->states[i].handler_count, field);
    ranging.event = INDEX_NONE;
    for (uint32_t i = 0; holds && i < program->clock_count; i++) {
        for (uint32_t j = 0; j < program->clocks[i].expire_count; j++)
            holds &= sets_are_past(ranging, &program->clocks[i].expire[j], field);
    }
    return holds;
}

static bool is_past(struct ranging ranging, const struct expr *expr)
{
    if (ranging.depth++ == DEPTH_MAX || ++*ranging.work > WORK_MAX || expr->op != EXPR_NAME)
        return false;
    if (expr->slot == SLOT_CASE_FIELD)
        return field_is_past(ranging, expr->index);
    bool is_legal_date = expr->slot == SLOT_EVENT_DATA && ranging.event != INDEX_NONE
                         && ranging.program->events[ranging.event].date_field == expr->index;
    return expr->slot == SLOT_EVENT_DATE || is_legal_date;
}

static void read_anchor(struct ranging ranging, const struct clock_rule *clock,
                        struct longest *longest)
{
    const struct expr *anchor = clock->anchor;
    longest->anchor = INDEX_NONE;
    if (!anchor)
        return;
    if (anchor->op == EXPR_CALL && anchor->function == FUNCTION_DUE)
        longest->anchor = (int32_t)anchor->index;
    else if (!is_past(ranging, anchor))
        longest->open |= PATH_GIVEN_DATE;
}

static void read_extends(struct ranging ranging, const struct clock_rule *clock,
                         struct longest *longest)
{
    for (uint32_t i = 0; i < clock->extend_count; i++) {
        const struct clock_extend *rule = &clock->extends[i];
        ranging.event = rule->event;
        struct range range = range_of(ranging, rule->amount);
        longest->extends[i] = (struct longest_extend){
            .by = {range.is_known && range.max > 0 ? (int32_t)range.max : 0, rule->unit},
            .times = rule->times ? rule->times : CLOCK_EXTENSIONS_MAX,
            .is_open = !range.is_known,
        };
    }
}

/* Does the event always lead into the clock's states from outside of them? */
static bool leads_into(const struct graph *graph, int32_t event, uint64_t states)
{
    bool is_found = false;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge->event != event)
            continue;
        uint64_t after = graph_step(edge, graph->reachable);
        if ((after & ~states) || (edge->from & graph->reachable & states))
            return false;
        is_found |= after != 0;
    }
    return is_found;
}

/* Does the other clock run all through a pause, and end with it? */
static bool bounds_pause(const struct ways *ways, const struct clock_pause *pause, uint32_t other)
{
    const struct clock_rule *clock = &ways->program->clocks[other];
    bool is_binding = !clock->repeats && !clock->is_right && clock->force != FORCE_REFERENCE
                      && ways->longest[other].is_sure && !ways->longest[other].open;
    if (!is_binding)
        return false;
    if (clock->states == 0)
        return clock->from_event == pause->from && clock->until_event == pause->until;
    return leads_into(ways->graph, pause->from, clock->states)
           && (graph_takes(ways->graph, pause->until) & ~clock->states) == 0;
}

static void read_pauses(struct ways *ways, uint32_t index)
{
    const struct clock_rule *clock = &ways->program->clocks[index];
    for (uint32_t i = 0; i < clock->pause_count; i++) {
        int32_t *ends = &ways->longest[index].pause_ends[i];
        *ends = INDEX_NONE;
        for (uint32_t j = 0; j < ways->program->clock_count && *ends == INDEX_NONE; j++)
            *ends = j != index && bounds_pause(ways, &clock->pauses[i], j) ? (int32_t)j : *ends;
    }
}

/* Whatever the guards say, one branch is taken and leads elsewhere. */
static bool surely_moves(const struct clock_rule *clock)
{
    uint32_t count = clock->expire_count;
    for (uint32_t i = 0; i < count; i++) {
        if (clock->expire[i].to == INDEX_NONE)
            return false;
    }
    return count > 0 && !clock->expire[count - 1].guard;
}

void longest_of_clocks(struct ways *ways)
{
    const struct program *program = ways->program;
    for (uint32_t i = 0; i < program->clock_count; i++) {
        const struct clock_rule *clock = &program->clocks[i];
        struct longest *longest = &ways->longest[i];
        uint32_t work = 0;
        struct ranging ranging = {program, event_of(ways, clock), 0, &work};
        longest->is_sure =
            clock->period_count > 0 && !clock->periods[clock->period_count - 1].guard;
        longest->is_moving = surely_moves(clock);
        choose_longest(ranging, clock, longest);
        read_anchor(ranging, clock, longest);
        read_extends(ranging, clock, longest);
    }
    for (uint32_t i = 0; i < program->clock_count; i++)
        read_pauses(ways, i);
}
