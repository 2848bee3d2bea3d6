/* A transition: the branch that is taken, what it sets and binds, what the event does to the
 * clocks (whose periods may depend on what was just set), and the state that follows. Every
 * expression of a branch is evaluated against the case as it was before the branch: the order of
 * its assignments says nothing. */
#include "workflows/core/case_step.h"

static bool guard_holds(struct step *step, const struct expr *guard, enum expr_err *ret_err)
{
    struct value held;
    enum expr_err err = step_eval(step, guard, &held);
    if (err != EXPR_OK) {
        *ret_err = err;
        return false;
    }
    LD_ASSERT(held.kind == VALUE_BOOL); /* typed by the compiler */
    return held.as.boolean;
}

const struct branch *step_choose(struct step *step, const struct branch *branches, uint32_t count,
                                 enum expr_err *ret_err)
{
    *ret_err = EXPR_OK;
    for (uint32_t i = 0; i < count; i++) {
        if (!branches[i].guard || guard_holds(step, branches[i].guard, ret_err))
            return &branches[i];
        if (*ret_err != EXPR_OK)
            return NULL;
    }
    return NULL;
}

/* VALUE_NONE: there is nothing to assign. */
static bool evaluate(struct step *step, const struct assignment *assignment,
                     struct value *ret_value)
{
    struct value is_there = value_bool(true);
    enum expr_err err = EXPR_OK;
    if (assignment->asked)
        err = step_eval(step, assignment->asked, &is_there);
    *ret_value = (struct value){0};
    if (err == EXPR_OK && is_there.as.boolean)
        err = step_eval(step, assignment->value, ret_value);
    return err == EXPR_OK
           || step_refuse(step, REFUSAL_EXPRESSION, assignment->value->source,
                          bytes_from_text(expr_err_word(err)));
}

bool step_check_party(struct step *step, int32_t index, const struct value *value)
{
    const struct party *party = &step->program->parties[index];
    const struct unit *unit =
        value->kind == VALUE_UNIT ? directory_unit(step->rules->directory, value->as.text) : NULL;
    bool is_fit = unit && (!party->kind.size || bytes_equal(party->kind, unit->kind));
    return is_fit || step_refuse(step, REFUSAL_BAD_DATA, party->name, party->kind);
}

/* What a branch assigns, before any of it is in the working copy. */
struct assigned {
    struct value *sets;
    struct value *binds;
};

static bool evaluate_all(struct step *step, const struct branch *branch, struct assigned *assigned)
{
    assigned->sets = arena_alloc_array(step->arena, branch->set_count, sizeof *assigned->sets);
    assigned->binds = arena_alloc_array(step->arena, branch->bind_count, sizeof *assigned->binds);
    if (!assigned->sets || !assigned->binds) {
        step->is_exhausted = true;
        return false;
    }
    for (uint32_t i = 0; i < branch->set_count; i++) {
        if (!evaluate(step, &branch->sets[i], &assigned->sets[i]))
            return false;
    }
    for (uint32_t i = 0; i < branch->bind_count; i++) {
        if (!evaluate(step, &branch->binds[i], &assigned->binds[i])
            || !step_check_party(step, branch->binds[i].target, &assigned->binds[i]))
            return false;
    }
    return true;
}

static void assign_all(struct step *step, const struct branch *branch,
                       const struct assigned *assigned)
{
    for (uint32_t i = 0; i < branch->set_count; i++) {
        int32_t field = branch->sets[i].target;
        if (assigned->sets[i].kind == VALUE_NONE)
            continue;
        step->fields[field] = assigned->sets[i];
        step_emit(step, FACT_FIELD, field)->value = assigned->sets[i];
    }
    for (uint32_t i = 0; i < branch->bind_count; i++) {
        int32_t party = branch->binds[i].target;
        step->parties[party] = assigned->binds[i];
        step_emit(step, FACT_PARTY, party)->value = assigned->binds[i];
    }
}

static bool act(struct step *step, const struct action *action)
{
    switch (action->kind) {
    case ACTION_NOTIFY: step_notify(step, action); return true;
    case ACTION_OPEN: return step_open_subs(step, action);
    case ACTION_EMIT: return step_publish(step, action);
    }
    LD_ASSERT(!"an action of no kind");
    return false;
}

bool step_take_branch(struct step *step, const struct branch *branch)
{
    struct assigned assigned;
    if (!evaluate_all(step, branch, &assigned))
        return false;
    assign_all(step, branch, &assigned);
    for (uint32_t i = 0; i < branch->action_count; i++) {
        if (!act(step, &branch->actions[i]))
            return false;
    }
    step->effects->moment = step->moment;
    if (step->event != INDEX_NONE && !step_event_clocks(step))
        return false;
    if (branch->to == INDEX_NONE)
        return true;
    int32_t from = step->state;
    step->state = branch->to;
    step->env.case_state = step->program->states[branch->to].name;
    step_emit(step, FACT_STATE, branch->to)->text = branch->outcome;
    return step_state_clocks(step, from, branch->to);
}
