/* Other workflows, as far as an action or a rung speaks of them: that they exist, what they must be
 * given, that a case of theirs can begin without the event that otherwise starts it, and that
 * opening one does not open the first again without end. A workflow that opens cases of itself is
 * asked as it is being read. */
#include "workflows/language/definition_target.h"

#include "workflows/language/definition_draft.h"

const struct program *target_find(const struct sheet *sheet,
                                  const struct definition_context *context,
                                  const struct yaml_node *id)
{
    if (!id || !context->find_workflow)
        return NULL;
    const struct program *target = context->find_workflow(context->finder, id->text);
    if (!target)
        sheet_report(sheet, id->place, "unknown-workflow", id->text);
    return target;
}

const struct program *draft_target(struct draft *draft, const struct yaml_node *id)
{
    if (!id || !bytes_equal(id->text, draft->program.id))
        return target_find(&draft->sheet, draft->context, id);
    draft->self = draft_program(draft);
    return &draft->self;
}

static void report_missing(const struct sheet *sheet, struct place place, struct bytes workflow,
                           struct bytes name, const char *key)
{
    diagnose(sheet->diagnostics, place, "given-missing",
             (struct bytes[]){name, workflow, bytes_from_text(key)}, 3);
}

void target_check_given(const struct sheet *sheet, struct place place, const struct program *target,
                        struct names fields, struct names parties)
{
    for (uint32_t i = 0; i < target->given_field_count; i++) {
        struct bytes name = target->fields[target->given_fields[i]].name;
        if (names_find(fields, name) < 0)
            report_missing(sheet, place, target->id, name, "set");
    }
    for (uint32_t i = 0; i < target->given_party_count; i++) {
        struct bytes name = target->parties[target->given_parties[i]].name;
        if (names_find(parties, name) < 0)
            report_missing(sheet, place, target->id, name, "parties");
    }
}

void target_check_data(const struct sheet *sheet, struct place place, struct bytes workflow,
                       const struct event_type *event, struct names data)
{
    for (uint32_t i = 0; i < event->field_count; i++) {
        const struct field *field = &event->fields[i];
        bool is_wanted = !field->is_optional && field->initial.kind == VALUE_NONE;
        if (is_wanted && names_find(data, field->name) < 0)
            report_missing(sheet, place, workflow, field->name, "data");
    }
}

/* Its date alone is there: that of what the sub-case was opened by. */
static bool names_event(const struct expr *expr)
{
    if (!expr)
        return false;
    bool is_event = expr->op == EXPR_NAME
                    && (expr->slot == SLOT_EVENT_TYPE || expr->slot == SLOT_EVENT_TIME
                        || expr->slot == SLOT_EVENT_SENDER || expr->slot == SLOT_EVENT_DATA);
    for (uint32_t i = 0; i < expr->arg_count && !is_event; i++)
        is_event = names_event(expr->args[i]);
    return is_event;
}

static struct bytes event_in_clock(const struct clock_rule *clock)
{
    for (uint32_t i = 0; i < clock->period_count; i++) {
        const struct clock_period *period = &clock->periods[i];
        if (names_event(period->guard))
            return period->guard->source;
        if (names_event(period->amount))
            return period->amount->source;
    }
    return names_event(clock->anchor) ? clock->anchor->source : BYTES_NONE;
}

/* Without an event nothing of it can have been named. */
struct bytes target_reads_event(const struct program *target)
{
    struct bytes found = BYTES_NONE;
    uint32_t count = target->start_event == INDEX_NONE ? 0 : target->clock_count;
    for (uint32_t i = 0; i < count && !found.size; i++) {
        const struct clock_rule *clock = &target->clocks[i];
        bool starts = (clock->states >> target->start.to & 1)
                      || (!clock->states && clock->from_event == target->start_event);
        found = starts ? event_in_clock(clock) : BYTES_NONE;
    }
    return found;
}

static const struct program *ask(struct draft *draft, struct bytes id)
{
    const struct definition_context *context = draft->context;
    if (bytes_equal(id, draft->program.id))
        return &draft->self;
    return context->find_workflow ? context->find_workflow(context->finder, id) : NULL;
}

/* Does opening a case of the workflow open, at once and always, one of the wanted id? Where it also
 * has a start event, what that would open is not opened. */
static bool begins_with(struct draft *draft, const struct program *program, struct bytes wanted,
                        uint32_t depth)
{
    uint32_t count = program->start_event == INDEX_NONE ? program->start.action_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct action *action = &program->start.actions[i];
        if (action->kind != ACTION_OPEN || action->each)
            continue;
        if (bytes_equal(action->workflow, wanted))
            return true;
        const struct program *next = depth > 0 ? ask(draft, action->workflow) : NULL;
        if (next && begins_with(draft, next, wanted, depth - 1))
            return true;
    }
    return false;
}

static void check_circle(struct draft *draft)
{
    if (!begins_with(draft, &draft->self, draft->program.id, CASE_DEPTH_MAX))
        return;
    sheet_report(&draft->sheet, draft_place(draft, &draft->program.start), "open-circle",
                 draft->program.id);
}

static void check_branch(struct draft *draft, const struct branch *branch)
{
    for (uint32_t i = 0; i < branch->action_count; i++) {
        const struct action *action = &branch->actions[i];
        const struct program *target =
            action->kind == ACTION_OPEN ? ask(draft, action->workflow) : NULL;
        struct bytes asked = target ? target_reads_event(target) : BYTES_NONE;
        if (asked.size)
            diagnose(draft->sheet.diagnostics, draft_place(draft, action), "open-without-event",
                     (struct bytes[]){target->id, asked}, 2);
    }
}

static void check_handlers(struct draft *draft, const struct handler *handlers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < handlers[i].branch_count; j++)
            check_branch(draft, &handlers[i].branches[j]);
    }
}

void targets_check(struct draft *draft)
{
    const struct program *program = &draft->program;
    draft->self = draft_program(draft);
    check_branch(draft, &program->start);
    check_handlers(draft, program->handlers, program->handler_count);
    for (uint32_t i = 0; i < program->state_count; i++)
        check_handlers(draft, draft->states[i].handlers, draft->states[i].handler_count);
    for (uint32_t i = 0; i < program->clock_count; i++) {
        for (uint32_t j = 0; j < draft->clocks[i].expire_count; j++)
            check_branch(draft, &draft->clocks[i].expire[j]);
    }
    check_circle(draft);
}
