/* The proof that one step never writes more facts than it has room for (EFFECTS_MAX; the core
 * asserts it). An event takes one branch: the bounds of limits.h suffice, and the assertion below
 * is the proof. At one instant, however, every clock may fall due and each of them take a branch of
 * its own: that is counted for each definition. */
#include "base/assert.h"
#include "base/buffer.h"
#include "workflows/language/definition_draft.h"

enum {
    /* Opened, late entry, suspended (by itself, with its parent) or released, its problem, a
     * sub-case closed, and the new state. */
    EVENT_FACTS = 6,
    /* What a sub-case is given when it is opened: fields and parties. */
    GIVEN_FACTS = 2 * ACTION_VALUES_MAX,
    /* Of each clock that a step touches: its run, its alert cleared. */
    CLOCK_FACTS = 2,
    /* Of each clock whose change is not possible when a held event is taken: pause, start by the
     * event, start in the state. */
    CLOCK_PROBLEMS = 3,
    /* Of each clock whose instant it is: an alert, why it could not go on, why it has no expiry. */
    FIRING_FACTS = 3,
    /* And the draft that its rung opens. */
    DRAFT_FACTS = 1,
};

/* Each action is one fact: its notice, its event, or why it could not go on; what it opens comes to
 * that, of all actions together no more than a case can have. */
_Static_assert(EVENT_FACTS + PROGRAM_FIELDS_MAX + PROGRAM_PARTIES_MAX + GIVEN_FACTS
                       + BRANCH_ACTIONS_MAX + CASE_SUBS_MAX
                       + (CLOCK_FACTS + CLOCK_PROBLEMS) * PROGRAM_CLOCKS_MAX
                   <= EFFECTS_MAX,
               "no definition within limits.h has an event with more effects than fit");

/* A state that is entered may begin each of its clocks in vain, which is put on record. */
static uint32_t branch_facts(const struct draft *draft, const struct branch *branch)
{
    uint32_t count = branch->set_count + branch->bind_count + branch->action_count;
    if (branch->to == INDEX_NONE)
        return count;
    for (uint32_t i = 0; i < draft->program.clock_count; i++)
        count += (uint32_t)(draft->clocks[i].states >> branch->to & 1);
    return count + 1;
}

/* The sub-cases that the branch opens, at most. */
static uint32_t branch_subs(const struct branch *branch)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < branch->action_count; i++) {
        const struct action *action = &branch->actions[i];
        if (action->kind == ACTION_OPEN)
            count += action->each ? CASE_SUBS_MAX : 1;
    }
    return count;
}

static uint32_t expiry_subs(const struct clock_rule *clock)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < clock->expire_count; i++) {
        uint32_t count = branch_subs(&clock->expire[i]);
        most = count > most ? count : most;
    }
    return most;
}

static uint32_t expiry_facts(const struct draft *draft, const struct clock_rule *clock)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < clock->expire_count; i++) {
        uint32_t count = branch_facts(draft, &clock->expire[i]);
        most = count > most ? count : most;
    }
    return most;
}

static struct bytes put_number(struct buffer *buffer, void *memory, size_t size, uint32_t number)
{
    buffer_init(buffer, memory, size);
    buffer_put_decimal(buffer, number);
    return buffer_bytes(buffer);
}

void effects_check(const struct draft *draft)
{
    uint8_t memory[2][12];
    struct buffer count_text, max_text;
    uint32_t count = 0, subs = 0;
    for (uint32_t i = 0; i < draft->program.clock_count; i++) {
        bool may_draft = clock_opens_drafts(draft, &draft->clocks[i]);
        count += CLOCK_FACTS + FIRING_FACTS + expiry_facts(draft, &draft->clocks[i]);
        count += may_draft ? DRAFT_FACTS : 0;
        subs += expiry_subs(&draft->clocks[i]);
    }
    count += subs < CASE_SUBS_MAX ? subs : CASE_SUBS_MAX;
    if (count <= EFFECTS_MAX)
        return;
    struct bytes arguments[] = {
        put_number(&count_text, memory[0], sizeof memory[0], count),
        put_number(&max_text, memory[1], sizeof memory[1], EFFECTS_MAX),
    };
    diagnose(draft->sheet.diagnostics, draft->clock_nodes->place, "too-many-effects", arguments, 2);
}
