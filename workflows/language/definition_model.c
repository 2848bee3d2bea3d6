/* What a search through all ways of a case sees and a reader of the text does not. None of it is a
 * mistake by itself: a warning or a note, and only where a witness was found, so that what is said
 * is true. Silence is no proof.
 *
 * - A statutory clock that some path never ends: from its start there is a way to an end on which
 *   no state takes its `until` event.
 * - Two branches whose guards can both hold: values were found for which both do, by the engine's
 *   own evaluator. Guards with anything but fields that can be tried out (calls, dates, units) are
 *   not judged, unless they are the same text.
 * - An event that all states take but one, though its sender may be a party there too. */
#include "base/assert.h"
#include "workflows/language/definition_graph.h"

enum {
    ATOMS_MAX = 8,       /* names that two guards speak of */
    CANDIDATES_MAX = 24, /* values that one of them is tried with */
    TRIALS_MAX = 4096,   /* combinations that are tried for one pair of guards */
    WORK_MAX = 40000,    /* nodes evaluated in one definition; what comes after is not judged */
    TAKERS_MIN = 3,      /* states that take an event before the one that does not is odd */
    SCRATCH_SIZE = 2048, /* of one evaluation */
};

static uint64_t bit(uint32_t index)
{
    return UINT64_C(1) << index;
}

/* Where the clock can have begun, of the states that do not take the event that ends it. */
static uint64_t begun_unended(const struct graph *graph, const struct clock_rule *clock,
                              uint64_t takes)
{
    const struct program *program = &graph->draft->program;
    uint64_t begun =
        clock->from_event == program->start_event ? bit((uint32_t)program->start.to) : 0;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        if (graph->edges[i].event == clock->from_event)
            begun |= graph_step(&graph->edges[i], graph->reachable);
    }
    return begun & ~takes & ~graph->ends;
}

/* The first end that the clock can run into unended, or INDEX_NONE. (A right lapses: it is not
 * asked.) */
static int32_t unended_at(const struct graph *graph, const struct clock_rule *clock)
{
    uint64_t takes = graph_takes(graph, clock->until_event);
    uint64_t unended = begun_unended(graph, clock, takes), ends = 0;
    for (uint64_t before = 0; before != unended;) {
        before = unended;
        for (uint32_t i = 0; i < graph->draft->program.state_count; i++) {
            if (!(before & bit(i)))
                continue;
            unended |= graph->next[i] & ~takes & ~graph->ends;
            ends |= graph->next[i] & graph->ends;
        }
    }
    int32_t end = 0;
    while (ends && !(ends & bit((uint32_t)end)))
        end++;
    return ends ? end : INDEX_NONE;
}

static void check_unended(const struct graph *graph)
{
    const struct draft *draft = graph->draft;
    for (uint32_t i = 0; i < draft->program.clock_count; i++) {
        const struct clock_rule *clock = &draft->clocks[i];
        bool is_judged = clock->force == FORCE_STATUTORY && clock->until_event != INDEX_NONE
                         && clock->from_event != INDEX_NONE && !clock->is_right;
        int32_t end = is_judged ? unended_at(graph, clock) : INDEX_NONE;
        if (end == INDEX_NONE)
            continue;
        diagnose(draft->sheet.diagnostics, draft->clock_nodes->entries[i].key_place,
                 "clock-never-ended",
                 (struct bytes[]){clock->name, draft->events[clock->until_event].name,
                                  draft->states[end].name},
                 3);
    }
}

/* A name that guards speak of, and what it is tried with. */
struct atom {
    enum expr_slot slot; /* SLOT_EVENT_DATA or SLOT_CASE_FIELD */
    uint32_t index;
    const struct field *field;
    struct value candidates[CANDIDATES_MAX];
    uint32_t candidate_count;
};

/* Two guards under trial; one trial serves a definition, and its work is bounded by `work`. */
struct trial {
    const struct draft *draft;
    uint32_t work;
    int32_t event; /* INDEX_NONE: an expiry or a period, which has no event's data here */
    const struct expr *left, *right;
    uint32_t size; /* nodes of both */
    struct atom atoms[ATOMS_MAX];
    uint32_t atom_count;
    struct value fields[PROGRAM_FIELDS_MAX], data[PROGRAM_FIELDS_MAX];
};

static struct atom *find_atom(struct trial *trial, const struct expr *name)
{
    for (uint32_t i = 0; i < trial->atom_count; i++) {
        if (trial->atoms[i].slot == name->slot && trial->atoms[i].index == name->index)
            return &trial->atoms[i];
    }
    return NULL;
}

static void add_candidate(struct atom *atom, struct value value)
{
    const struct data_type *type = &atom->field->type;
    if (value.kind == VALUE_INT && type->has_min && (double)value.as.integer < type->min)
        return;
    if (value.kind == VALUE_INT && type->has_max && (double)value.as.integer > type->max)
        return;
    for (uint32_t i = 0; i < atom->candidate_count; i++) {
        if (value_equal(&atom->candidates[i], &value))
            return;
    }
    if (atom->candidate_count < CANDIDATES_MAX)
        atom->candidates[atom->candidate_count++] = value;
}

static void add_own_candidates(struct atom *atom)
{
    const struct data_type *type = &atom->field->type;
    if (type->kind == TYPE_BOOL) {
        add_candidate(atom, value_bool(true));
        add_candidate(atom, value_bool(false));
    }
    for (uint32_t i = 0; type->kind == TYPE_CHOICE && i < type->choice_count; i++)
        add_candidate(atom, value_text(type->choices[i]));
    if (type->kind == TYPE_INT && type->has_min)
        add_candidate(atom, value_int((int64_t)type->min));
    if (type->kind == TYPE_INT && type->has_max)
        add_candidate(atom, value_int((int64_t)type->max));
}

static const struct field *field_of(const struct trial *trial, const struct expr *name)
{
    if (name->slot == SLOT_CASE_FIELD)
        return &trial->draft->fields[name->index];
    if (name->slot == SLOT_EVENT_DATA && trial->event != INDEX_NONE)
        return &trial->draft->events[trial->event].fields[name->index];
    return NULL;
}

static bool add_atom(struct trial *trial, const struct expr *name)
{
    const struct field *field = field_of(trial, name);
    if (find_atom(trial, name))
        return true;
    bool is_fit = field
                  && (field->type.kind == TYPE_BOOL || field->type.kind == TYPE_CHOICE
                      || field->type.kind == TYPE_INT);
    if (!is_fit || trial->atom_count == ATOMS_MAX)
        return false;
    struct atom *atom = &trial->atoms[trial->atom_count++];
    *atom = (struct atom){.slot = name->slot, .index = name->index, .field = field};
    add_own_candidates(atom);
    return true;
}

/* Only operators whose value follows from the names alone. */
static bool is_tried(enum expr_op op)
{
    switch (op) {
    case EXPR_LITERAL:
    case EXPR_NAME:
    case EXPR_HAS:
    case EXPR_LIST:
    case EXPR_NOT:
    case EXPR_NEGATE:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_CHOOSE:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_GREATER:
    case EXPR_GREATER_EQUAL:
    case EXPR_IN:
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MODULO: return true;
    case EXPR_VARIABLE:
    case EXPR_SELECT:
    case EXPR_INDEX:
    case EXPR_MAP:
    case EXPR_CALL:
    case EXPR_ALL:
    case EXPR_EXISTS:
    case EXPR_FILTER: break;
    }
    return false;
}

/* Every name of the guard becomes an atom. False: there is something that cannot be tried. */
static bool gather_atoms(struct trial *trial, const struct expr *expr)
{
    if (!is_tried(expr->op) || (expr->op == EXPR_NAME && !add_atom(trial, expr)))
        return false;
    trial->size++;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (!gather_atoms(trial, expr->args[i]))
            return false;
    }
    return true;
}

/* Whole numbers of the guards, and their neighbours, are what comparisons turn on. */
static void gather_numbers(struct trial *trial, const struct expr *expr)
{
    for (uint32_t i = 0; i < expr->arg_count; i++)
        gather_numbers(trial, expr->args[i]);
    if (expr->op != EXPR_LITERAL || expr->literal.kind != VALUE_INT)
        return;
    int64_t number = expr->literal.as.integer;
    for (uint32_t i = 0; i < trial->atom_count; i++) {
        bool is_number = trial->atoms[i].field->type.kind == TYPE_INT;
        for (int64_t by = -1; is_number && by <= 1; by++) {
            if (number > INT32_MIN && number < INT32_MAX)
                add_candidate(&trial->atoms[i], value_int(number + by));
        }
    }
}

static bool holds(const struct trial *trial, const struct expr *guard)
{
    _Alignas(16) uint8_t memory[SCRATCH_SIZE];
    struct arena arena;
    struct expr_env env = {.event_data = trial->data, .fields = trial->fields};
    struct value value;
    arena_init(&arena, memory, sizeof memory);
    return expr_eval(guard, &env, &arena, &value) == EXPR_OK && value.kind == VALUE_BOOL
           && value.as.boolean;
}

/* The combination of this number: each atom its digit. False: there are no more. */
static bool set_atoms(struct trial *trial, uint32_t number)
{
    for (uint32_t i = 0; i < trial->atom_count; i++) {
        const struct atom *atom = &trial->atoms[i];
        struct value *values = atom->slot == SLOT_CASE_FIELD ? trial->fields : trial->data;
        values[atom->index] = atom->candidates[number % atom->candidate_count];
        number /= atom->candidate_count;
    }
    return number == 0;
}

static bool can_both_hold(struct trial *trial)
{
    if (trial->left->source.size && bytes_equal(trial->left->source, trial->right->source))
        return true;
    if (!gather_atoms(trial, trial->left) || !gather_atoms(trial, trial->right))
        return false;
    gather_numbers(trial, trial->left);
    gather_numbers(trial, trial->right);
    for (uint32_t i = 0; i < trial->atom_count; i++) {
        if (trial->atoms[i].field->is_optional)
            add_candidate(&trial->atoms[i], VALUE_ABSENT);
        if (trial->atoms[i].candidate_count == 0)
            add_candidate(&trial->atoms[i], value_int(0));
    }
    for (uint32_t number = 0; number < TRIALS_MAX && set_atoms(trial, number); number++) {
        trial->work += trial->size;
        if (trial->work > WORK_MAX)
            return false;
        if (holds(trial, trial->left) && holds(trial, trial->right))
            return true;
    }
    return false;
}

/* Does it matter which of the two is taken? */
static bool is_same_way(const struct branch *left, const struct branch *right)
{
    return left->to == right->to && bytes_equal(left->outcome, right->outcome)
           && left->set_count + right->set_count == 0 && left->bind_count + right->bind_count == 0
           && left->action_count + right->action_count == 0
           && bytes_equal(left->refuse.zh, right->refuse.zh);
}

static bool check_pair(struct trial *trial, const struct expr *left, const struct expr *right,
                       const void *thing)
{
    const struct draft *draft = trial->draft;
    if (!left || !right || trial->work > WORK_MAX)
        return false;
    trial->work++;
    trial->left = left;
    trial->right = right;
    trial->size = 0;
    trial->atom_count = 0;
    if (!can_both_hold(trial))
        return false;
    diagnose(draft->sheet.diagnostics, draft_place(draft, thing), "branches-overlap",
             (struct bytes[]){left->source, right->source}, 2);
    return true;
}

/* One note for a list of branches is enough. */
static void check_branches(struct trial *trial, int32_t event, const struct branch *branches,
                           uint32_t count)
{
    trial->event = event;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1; j < count; j++) {
            if (!is_same_way(&branches[i], &branches[j])
                && check_pair(trial, branches[i].guard, branches[j].guard, &branches[j]))
                return;
        }
    }
}

static void check_periods(struct trial *trial, const struct clock_rule *clock)
{
    trial->event = INDEX_NONE;
    for (uint32_t i = 0; i < clock->period_count; i++) {
        for (uint32_t j = i + 1; j < clock->period_count; j++) {
            if (check_pair(trial, clock->periods[i].guard, clock->periods[j].guard,
                           &clock->periods[j]))
                return;
        }
    }
}

static void check_handlers(struct trial *trial, const struct handler *handlers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        check_branches(trial, handlers[i].event, handlers[i].branches, handlers[i].branch_count);
}

static void check_overlaps(const struct draft *draft)
{
    const struct program *program = &draft->program;
    struct trial *trial = sheet_rows(&draft->sheet, 1, sizeof *trial);
    if (!trial)
        return; /* the definition is refused as too big */
    trial->draft = draft;
    check_handlers(trial, program->handlers, program->handler_count);
    for (uint32_t i = 0; i < program->state_count; i++)
        check_handlers(trial, draft->states[i].handlers, draft->states[i].handler_count);
    for (uint32_t i = 0; i < program->clock_count; i++) {
        const struct clock_rule *clock = &draft->clocks[i];
        check_branches(trial, INDEX_NONE, clock->expire, clock->expire_count);
        check_periods(trial, clock);
    }
}

static bool binds(const struct branch *branch, int32_t party)
{
    for (uint32_t i = 0; i < branch->bind_count; i++) {
        if (branch->binds[i].target == party)
            return true;
    }
    return false;
}

/* The states in which the party may have been bound. */
static uint64_t may_be_bound(const struct graph *graph, int32_t party)
{
    const struct branch *start = &graph->draft->program.start;
    uint64_t bound = binds(start, party) ? bit((uint32_t)start->to) : 0;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        if (binds(graph->edges[i].branch, party))
            bound |= graph_step(&graph->edges[i], graph->reachable);
    }
    return graph_after(graph, bound);
}

static uint64_t may_send(const struct graph *graph, const struct event_type *event)
{
    uint64_t states = 0;
    for (uint32_t i = 0; i < event->from_count; i++) {
        int32_t party = event->from[i].party;
        states |= party == INDEX_NONE ? UINT64_MAX : may_be_bound(graph, party);
    }
    return states;
}

/* The states that say something about the event: take it, refuse it with a text, or hold it. */
static uint64_t states_speaking_of(const struct draft *draft, int32_t event)
{
    uint64_t states = 0;
    for (uint32_t i = 0; i < draft->program.state_count; i++) {
        const struct state *state = &draft->states[i];
        for (uint32_t j = 0; j < state->handler_count; j++)
            states |= state->handlers[j].event == event ? bit(i) : 0;
        for (uint32_t j = 0; j < state->hold_count; j++)
            states |= state->holds[j] == event ? bit(i) : 0;
    }
    return states;
}

static uint32_t count_states(uint64_t states)
{
    uint32_t count = 0;
    for (; states; states &= states - 1)
        count++;
    return count;
}

static void check_refusals(const struct graph *graph)
{
    const struct draft *draft = graph->draft;
    uint64_t waiting = graph->reachable & ~graph->ends;
    for (uint32_t i = 0; i < draft->program.event_count; i++) {
        uint64_t takes = graph_takes(graph, (int32_t)i) & waiting;
        uint64_t missing = waiting & ~takes & ~states_speaking_of(draft, (int32_t)i);
        bool is_odd = (takes | missing) == waiting && count_states(missing) == 1
                      && count_states(takes) >= TAKERS_MIN
                      && (may_send(graph, &draft->events[i]) & missing);
        uint32_t state = 0;
        while (is_odd && !(missing & bit(state)))
            state++;
        if (is_odd)
            diagnose(draft->sheet.diagnostics, draft->state_nodes->entries[state].key_place,
                     "event-refused-once",
                     (struct bytes[]){draft->states[state].name, draft->events[i].name}, 2);
    }
}

void model_check(const struct graph *graph)
{
    check_unended(graph);
    check_overlaps(graph->draft);
    check_refusals(graph);
}
