/* What changed in where a case goes: states, and what each of them takes. Branches are matched by
 * their conditions, since the first that holds is taken: one with another condition is another
 * branch, except where there is one on either side, or where the rest are as many and stand alike.
 */
#include "workflows/language/diff_parts.h"
#include "workflows/language/keys.h"

enum { MATCHED_MAX = 64 };

struct title diff_branch_effect(struct diff *diff, const struct program *program,
                                const struct branch *branch)
{
    if (branch->refuse.zh.size)
        return DIFF_PHRASE(diff, "拒绝:%1", "is refused: %1", diff_quoted(diff, branch->refuse));
    if (branch->to == INDEX_NONE)
        return diff_words("留在原状态", "leaves the case where it is");
    return DIFF_PHRASE(diff, "转到状态%1", "leads to state %1",
                       diff_state_name(diff, program, branch->to));
}

static struct title branch_phrase(struct diff *diff, const struct program *program,
                                  const struct branch *branch)
{
    struct title effect =
        diff_with_actions(diff, diff_branch_effect(diff, program, branch), branch);
    if (!branch->guard)
        return effect;
    return DIFF_PHRASE(diff, "当 %1 时%2", "if %1 it %2", diff_expr(diff, branch->guard), effect);
}

static struct title branches_phrase(struct diff *diff, const struct program *program,
                                    struct diff_branches branches)
{
    struct title all =
        branches.count ? branch_phrase(diff, program, &branches.rows[0]) : diff_words("无", "none");
    for (uint32_t i = 1; i < branches.count; i++)
        all = DIFF_PHRASE(diff, "%1;%2", "%1; %2", all,
                          branch_phrase(diff, program, &branches.rows[i]));
    return all;
}

static struct bytes target_name(const struct program *program, const struct branch *branch)
{
    return branch->to == INDEX_NONE ? BYTES_NONE : program->states[branch->to].name;
}

/* The fields of a program, or its parties: what an assignment can have for a target. */
struct targets {
    struct names names;
    const struct assignment *rows;
    uint32_t count;
    bool is_party;
};

static struct targets targets_of(const struct program *program, const struct branch *branch,
                                 bool is_party)
{
    if (is_party)
        return (struct targets){NAMES_OF(program->parties, program->party_count), branch->binds,
                                branch->bind_count, true};
    return (struct targets){NAMES_OF(program->fields, program->field_count), branch->sets,
                            branch->set_count, false};
}

static struct bytes name_of(const struct targets *targets, uint32_t row)
{
    const char *rows = targets->names.rows;
    size_t index = (size_t)targets->rows[row].target;
    return *(const struct bytes *)(const void *)(rows + index * targets->names.stride);
}

static struct title target_phrase(struct diff *diff, const struct program *program,
                                  const struct targets *targets, uint32_t row)
{
    int32_t index = targets->rows[row].target;
    if (targets->is_party)
        return DIFF_PHRASE(diff, "当事方%1", "party %1", diff_party_name(diff, program, index));
    return DIFF_PHRASE(diff, "数据项%1", "field %1",
                       diff_quoted(diff, program->fields[index].title));
}

/* The assignment to the target of that name, or NULL. */
static const struct assignment *assigned(const struct targets *targets, struct bytes name)
{
    for (uint32_t i = 0; i < targets->count; i++) {
        if (bytes_equal(name_of(targets, i), name))
            return &targets->rows[i];
    }
    return NULL;
}

static void diff_targets(const struct diff_pair *pair, struct bytes subject, struct title where,
                         const struct targets *before, const struct targets *after)
{
    struct diff *diff = pair->diff;
    for (uint32_t i = 0; i < before->count; i++) {
        if (!assigned(after, name_of(before, i)))
            DIFF_ADD(diff, BRANCH_SET_REMOVED, subject, where,
                     target_phrase(diff, pair->before, before, i));
    }
    for (uint32_t i = 0; i < after->count; i++) {
        const struct assignment *old = assigned(before, name_of(after, i));
        struct title target = target_phrase(diff, pair->after, after, i);
        struct title new = diff_expr(diff, after->rows[i].value);
        if (!old)
            DIFF_ADD(diff, BRANCH_SET_ADDED, subject, where, target, new);
        else if (!diff_expr_equal(diff, old->value, after->rows[i].value))
            DIFF_ADD(diff, BRANCH_SET, subject, where, target, diff_expr(diff, old->value), new);
    }
}

void diff_assignments(const struct diff_pair *pair, struct bytes subject, struct title where,
                      const struct branch *before, const struct branch *after)
{
    for (int is_party = 0; is_party <= 1; is_party++) {
        struct targets old = targets_of(pair->before, before, is_party);
        struct targets new = targets_of(pair->after, after, is_party);
        diff_targets(pair, subject, where, &old, &new);
    }
}

static bool is_other_effect(const struct diff_pair *pair, const struct branch *before,
                            const struct branch *after)
{
    return !bytes_equal(target_name(pair->before, before), target_name(pair->after, after))
           || !diff_title_equal(&before->refuse, &after->refuse);
}

static void diff_branch(const struct diff_pair *pair, struct bytes subject, struct title where,
                        const struct branch *before, const struct branch *after)
{
    struct diff *diff = pair->diff;
    if (!diff_expr_equal(diff, before->guard, after->guard))
        DIFF_ADD(diff, BRANCH_GUARD, subject, where, diff_expr(diff, before->guard),
                 diff_expr(diff, after->guard));
    else if (after->guard)
        where =
            DIFF_PHRASE(diff, "%1(当 %2 时)", "%1 (if %2)", where, diff_expr(diff, after->guard));
    if (is_other_effect(pair, before, after))
        DIFF_ADD(diff, BRANCH_TO, subject, where, diff_branch_effect(diff, pair->before, before),
                 diff_branch_effect(diff, pair->after, after));
    if (!bytes_equal(before->outcome, after->outcome))
        DIFF_ADD(diff, BRANCH_OUTCOME, subject, where, diff_quoted_text(diff, before->outcome),
                 diff_quoted_text(diff, after->outcome));
    diff_assignments(pair, subject, where, before, after);
    diff_actions(diff, subject, where, before, after);
}

/* The branch of the list with the same condition that is not taken yet; UINT32_MAX: none. */
static uint32_t find_branch(struct diff *diff, struct diff_branches branches, uint64_t taken,
                            const struct branch *wanted)
{
    for (uint32_t i = 0; i < branches.count && i < MATCHED_MAX; i++) {
        if (!(taken >> i & 1) && diff_expr_equal(diff, branches.rows[i].guard, wanted->guard))
            return i;
    }
    return UINT32_MAX;
}

struct matching {
    uint64_t before, after; /* bit i: branch i has its other */
    bool is_reordered;
    uint32_t last; /* behind the last of the old ones that was matched */
};

static void match_branches(const struct diff_pair *pair, struct bytes subject, struct title where,
                           const struct diff_branches lists[2], struct matching *matching)
{
    for (uint32_t i = 0; i < lists[1].count && i < MATCHED_MAX; i++) {
        const struct branch *branch = &lists[1].rows[i];
        uint32_t old = find_branch(pair->diff, lists[0], matching->before, branch);
        if (old == UINT32_MAX)
            continue;
        matching->before |= UINT64_C(1) << old;
        matching->after |= UINT64_C(1) << i;
        matching->is_reordered |= old < matching->last;
        matching->last = old + 1;
        diff_branch(pair, subject, where, &lists[0].rows[old], branch);
    }
}

void diff_branch_lists(const struct diff_pair *pair, struct bytes subject, struct title where,
                       struct diff_branches before, struct diff_branches after)
{
    struct diff *diff = pair->diff;
    struct matching matching = {0};
    if (before.count == 1 && after.count == 1) {
        diff_branch(pair, subject, where, &before.rows[0], &after.rows[0]);
        return;
    }
    match_branches(pair, subject, where, (struct diff_branches[]){before, after}, &matching);
    for (uint32_t i = 0; i < before.count; i++) {
        if (i >= MATCHED_MAX || !(matching.before >> i & 1))
            DIFF_ADD(diff, BRANCH_REMOVED, subject, where,
                     branch_phrase(diff, pair->before, &before.rows[i]));
    }
    for (uint32_t i = 0; i < after.count; i++) {
        if (i >= MATCHED_MAX || !(matching.after >> i & 1))
            DIFF_ADD(diff, BRANCH_ADDED, subject, where,
                     branch_phrase(diff, pair->after, &after.rows[i]));
    }
    if (matching.is_reordered)
        DIFF_ADD(diff, BRANCH_ORDER, subject, where, branches_phrase(diff, pair->after, after));
}

static const struct handler *handler_of(const struct program *program,
                                        const struct handler *handlers, uint32_t count,
                                        struct bytes event)
{
    for (uint32_t i = 0; i < count; i++) {
        bool is_own = handlers[i].event != INDEX_NONE;
        if (is_own && bytes_equal(program->events[handlers[i].event].name, event))
            return &handlers[i];
    }
    return NULL;
}

/* A place of both programs where events are taken: a state, or all that are not ends. */
struct handlers {
    struct bytes subject;
    struct title place;
    const struct handler *before, *after;
    uint32_t before_count, after_count;
};

static struct title handler_place(const struct diff_pair *pair, const struct handlers *place,
                                  const struct program *program, const struct handler *handler)
{
    struct title event = handler->event == INDEX_NONE
                             ? diff_words("", "")
                             : diff_event_name(pair->diff, program, handler->event);
    return DIFF_PHRASE(pair->diff, "%1,事件%2", "%1, event %2", place->place, event);
}

static struct diff_branches branches_of(const struct handler *handler)
{
    return (struct diff_branches){handler->branches, handler->branch_count};
}

static void diff_handlers(const struct diff_pair *pair, const struct handlers *place)
{
    struct diff *diff = pair->diff;
    for (uint32_t i = 0; i < place->before_count; i++) {
        const struct handler *old = &place->before[i];
        struct bytes event =
            old->event == INDEX_NONE ? BYTES_NONE : pair->before->events[old->event].name;
        const struct handler *new =
            handler_of(pair->after, place->after, place->after_count, event);
        if (!new)
            DIFF_ADD(diff, HANDLER_REMOVED, place->subject,
                     handler_place(pair, place, pair->before, old),
                     branches_phrase(diff, pair->before, branches_of(old)));
        else
            diff_branch_lists(pair, place->subject, handler_place(pair, place, pair->after, new),
                              branches_of(old), branches_of(new));
    }
    for (uint32_t i = 0; i < place->after_count; i++) {
        const struct handler *new = &place->after[i];
        struct bytes event =
            new->event == INDEX_NONE ? BYTES_NONE : pair->after->events[new->event].name;
        if (!handler_of(pair->before, place->before, place->before_count, event))
            DIFF_ADD(diff, HANDLER_ADDED, place->subject,
                     handler_place(pair, place, pair->after, new),
                     branches_phrase(diff, pair->after, branches_of(new)));
    }
}

static bool is_held(const struct program *program, const struct state *state, struct bytes event)
{
    bool is_found = false;
    for (uint32_t i = 0; !is_found && i < state->hold_count; i++)
        is_found = bytes_equal(program->events[state->holds[i]].name, event);
    return is_found;
}

static void diff_holds(const struct diff_pair *pair, const struct state *before,
                       const struct state *after, struct title name)
{
    struct diff *diff = pair->diff;
    for (uint32_t i = 0; i < before->hold_count; i++) {
        if (!is_held(pair->after, after, pair->before->events[before->holds[i]].name))
            DIFF_ADD(diff, HOLD_REMOVED, after->name, name,
                     diff_event_name(diff, pair->before, before->holds[i]));
    }
    for (uint32_t i = 0; i < after->hold_count; i++) {
        if (!is_held(pair->before, before, pair->after->events[after->holds[i]].name))
            DIFF_ADD(diff, HOLD_ADDED, after->name, name,
                     diff_event_name(diff, pair->after, after->holds[i]));
    }
}

static struct title late_phrase(bool is_recorded)
{
    return is_recorded ? diff_words("记录", "recorded") : diff_words("拒绝", "refused");
}

static void diff_state(const struct diff_pair *pair, const struct state *before,
                       const struct state *after)
{
    struct diff *diff = pair->diff;
    struct title name = diff_quoted(diff, after->title);
    struct handlers handlers = {
        after->name,           DIFF_PHRASE(diff, "在状态%1", "in state %1", name),
        before->handlers,      after->handlers,
        before->handler_count, after->handler_count};
    if (!diff_title_equal(&before->title, &after->title))
        DIFF_ADD(diff, STATE_TITLE, after->name, diff_quoted(diff, before->title), name);
    if (before->is_end != after->is_end)
        diff_add(diff, after->is_end ? DIFF_CODE_STATE_END : DIFF_CODE_STATE_NOT_END, after->name,
                 &name, 1);
    if (before->records_late != after->records_late)
        DIFF_ADD(diff, STATE_LATE, after->name, name, late_phrase(before->records_late),
                 late_phrase(after->records_late));
    if (!bytes_equal(before->no_clock, after->no_clock))
        DIFF_ADD(diff, STATE_NO_CLOCK, after->name, name, diff_quoted_text(diff, before->no_clock),
                 diff_quoted_text(diff, after->no_clock));
    diff_holds(pair, before, after, name);
    diff_handlers(pair, &handlers);
}

/* A new state is told with all its ways out; they would otherwise be seen nowhere. */
static void add_state(const struct diff_pair *pair, const struct state *state)
{
    static const struct state nothing = {0};
    struct diff *diff = pair->diff;
    struct title place =
        DIFF_PHRASE(diff, "在状态%1", "in state %1", diff_quoted(diff, state->title));
    struct handlers handlers = {.subject = state->name,
                                .place = place,
                                .before = nothing.handlers,
                                .after = state->handlers,
                                .after_count = state->handler_count};
    DIFF_ADD(diff, STATE_ADDED, state->name, diff_quoted(diff, state->title));
    diff_handlers(pair, &handlers);
}

void diff_states(const struct diff_pair *pair)
{
    const struct program *before = pair->before, *after = pair->after;
    struct handlers top = {BYTES_NONE,
                           diff_words("在任何未结状态", "in every open state"),
                           before->handlers,
                           after->handlers,
                           before->handler_count,
                           after->handler_count};
    pair->diff->part = DIFF_STATES;
    for (uint32_t i = 0; i < before->state_count; i++) {
        const struct state *state = &before->states[i];
        int32_t index = program_state(after, state->name);
        if (index == INDEX_NONE)
            DIFF_ADD(pair->diff, STATE_REMOVED, state->name, diff_quoted(pair->diff, state->title));
        else
            diff_state(pair, state, &after->states[index]);
    }
    for (uint32_t i = 0; i < after->state_count; i++) {
        if (program_state(before, after->states[i].name) == INDEX_NONE)
            add_state(pair, &after->states[i]);
    }
    diff_handlers(pair, &top);
}
