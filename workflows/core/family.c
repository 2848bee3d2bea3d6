/* The transaction of a family: one step, and the steps in other cases that follow from it.
 *
 * Openings are decided before anything is kept, because they alone can refuse the root; what comes
 * after is never refused, only put on record. Consequences wait in a queue: a case that closed is
 * told to its parent and to the sub-cases that close with it, a suspension to those that are
 * suspended with it. Each is one step of one case, so the queue empties: a case closes once, and a
 * suspension goes down only. What can go on for ever, definitions that open sub-cases which close
 * at once, ends at FAMILY_STEPS_MAX. */
#include "workflows/core/family.h"

#include <string.h>

/* A step that is decided and not yet kept. */
struct decided {
    struct family_member member;
    struct case_input input;
    struct effects effects;
};

/* A step that follows, of a case that is looked up when its turn has come. */
struct consequence {
    struct bytes id;
    struct case_input input;
};

struct family {
    const struct family_room *room;
    int64_t now_ms;
    struct decided *openings; /* FAMILY_STEPS_MAX, once there is one */
    uint32_t opening_count;
    struct consequence *queue; /* FAMILY_STEPS_MAX, once there is one */
    uint32_t queue_count;
    uint32_t steps;
    uint32_t hops; /* of the step that is carried out */
};

/* Why a sub-case cannot be opened. */
struct opening_refusal {
    struct bytes id, why;
};

static struct bytes join(struct arena *arena, struct bytes left, const char *between,
                         struct bytes right)
{
    struct buffer buffer;
    size_t size = left.size + strlen(between) + right.size;
    uint8_t *memory = arena_alloc(arena, size + 1);
    buffer_init(&buffer, memory, memory ? size : 0);
    buffer_put(&buffer, left);
    buffer_put_text(&buffer, between);
    buffer_put(&buffer, right);
    return memory ? buffer_bytes(&buffer) : BYTES_NONE;
}

static bool count_step(struct family *family)
{
    return ++family->steps <= FAMILY_STEPS_MAX;
}

/* --- deciding -------------------------------------------------------------------------------- */

static enum ld_err decide(struct family *family, const struct family_member *member,
                          const struct case_input *input, struct effects *effects)
{
    *effects = (struct effects){.facts = family->room->facts};
    return case_step(member->program, member->rules, member->state, input, family->room->arena,
                     effects);
}

/* The scratch of facts is needed again before these are kept. */
static enum ld_err set_facts_aside(struct family *family, struct effects *effects)
{
    struct fact *facts = arena_alloc_array(family->room->arena, effects->fact_count, sizeof *facts);
    if (!facts)
        return LD_FULL;
    if (effects->fact_count)
        memcpy(facts, effects->facts, effects->fact_count * sizeof *facts);
    effects->facts = facts;
    return LD_OK;
}

static enum ld_err decide_openings(struct family *family, struct bytes parent,
                                   struct effects *effects, bool may_refuse,
                                   struct opening_refusal *ret_refusal);

static struct bytes reason_of(struct family *family, const struct effects *effects)
{
    struct bytes word = bytes_from_text(refusal_words(effects->refusal)->word);
    return effects->detail.size ? join(family->room->arena, word, ": ", effects->detail) : word;
}

/* Its place among the decided ones, before those that it opens itself. */
static struct decided *next_opening(struct family *family)
{
    if (!family->openings)
        family->openings =
            arena_alloc_array(family->room->arena, FAMILY_STEPS_MAX, sizeof *family->openings);
    return family->openings ? &family->openings[family->opening_count] : NULL;
}

/* LD_INVALID: it cannot be opened, and *ret_refusal says why. */
static enum ld_err decide_opening(struct family *family, struct bytes parent,
                                  const struct opening *opening,
                                  struct opening_refusal *ret_refusal)
{
    const struct family_room *room = family->room;
    struct decided *decided = next_opening(family);
    struct bytes id = join(room->arena, parent, "/", opening->name);
    *ret_refusal = (struct opening_refusal){.id = id};
    if (!decided || !id.ptr)
        return LD_FULL;
    if (!count_step(family))
        return LD_OVERFLOW;
    enum ld_err err =
        room->blank(room->context, opening->workflow, opening->moment.date, id, &decided->member);
    if (err == LD_NOT_FOUND || err == LD_EXISTS) {
        bool is_unknown = err == LD_NOT_FOUND;
        ret_refusal->why = is_unknown ? BYTES_LITERAL("no such workflow") : BYTES_LITERAL("used");
        return LD_INVALID;
    }
    if (err != LD_OK)
        return err;
    decided->input = (struct case_input){.kind = INPUT_OPEN,
                                         .now_ms = family->now_ms,
                                         .moment = opening->moment,
                                         .opening = opening,
                                         .hops = family->hops};
    err = decide(family, &decided->member, &decided->input, &decided->effects);
    if (err != LD_OK)
        return err;
    if (decided->effects.fate == FATE_REFUSED) {
        ret_refusal->why = reason_of(family, &decided->effects);
        return LD_INVALID;
    }
    err = set_facts_aside(family, &decided->effects);
    family->opening_count++;
    return err ? err : decide_openings(family, id, &decided->effects, true, ret_refusal);
}

/* Where the step cannot be refused, an opening that is leaves a problem in its fact's place. */
static enum ld_err decide_openings(struct family *family, struct bytes parent,
                                   struct effects *effects, bool may_refuse,
                                   struct opening_refusal *ret_refusal)
{
    for (uint32_t i = 0; i < effects->opening_count; i++) {
        const struct opening *opening = &effects->openings[i];
        uint32_t openings_before = family->opening_count;
        enum ld_err err = decide_opening(family, parent, opening, ret_refusal);
        if (err == LD_OK)
            continue;
        family->opening_count = openings_before;
        if (err != LD_INVALID || may_refuse)
            return err;
        struct bytes why = join(family->room->arena, ret_refusal->id, ": ", ret_refusal->why);
        effects->facts[opening->fact] =
            (struct fact){.kind = FACT_PROBLEM, .index = INDEX_NONE, .text = why};
    }
    return LD_OK;
}

/* --- what follows ---------------------------------------------------------------------------- */

static enum ld_err push(struct family *family, struct bytes id, struct case_input input)
{
    if (!family->queue)
        family->queue =
            arena_alloc_array(family->room->arena, FAMILY_STEPS_MAX, sizeof *family->queue);
    if (!family->queue)
        return LD_FULL;
    if (!count_step(family))
        return LD_OVERFLOW;
    input.hops = family->hops;
    family->queue[family->queue_count++] = (struct consequence){id, input};
    return LD_OK;
}

static bool is_ended(const struct family_member *member)
{
    return member->program->states[member->state->state].is_end;
}

static enum ld_err push_down(struct family *family, const struct case_state *state,
                             enum input_kind kind, struct clock_moment moment)
{
    struct case_input input = {.kind = kind, .now_ms = family->now_ms, .moment = moment};
    for (uint32_t i = 0; i < state->sub_count; i++) {
        const struct sub_case *sub = &state->subs[i];
        if (!sub->is_open || !(kind == INPUT_CLOSE ? sub->closes : sub->suspends))
            continue;
        struct bytes id = join(family->room->arena, state->id, "/", sub->name);
        enum ld_err err = id.ptr ? push(family, id, input) : LD_FULL;
        if (err)
            return err;
    }
    return LD_OK;
}

static enum ld_err push_up(struct family *family, const struct family_member *member,
                           struct clock_moment moment)
{
    const struct case_state *state = member->state;
    struct bytes parent = case_parent_id(state->id);
    if (!parent.size)
        return LD_OK;
    struct case_input input = {
        .kind = INPUT_JOIN,
        .now_ms = family->now_ms,
        .moment = moment,
        .sub = {parent.ptr + parent.size + 1, state->id.size - parent.size - 1},
        .outcome =
            state->outcome.size ? state->outcome : member->program->states[state->state].name,
    };
    return push(family, parent, input);
}

/* Keeps a step and notes what follows from it. A suspended case's new sub-cases are suspended like
 * its old ones: the input finds those as they are already. */
static enum ld_err keep(struct family *family, struct family_member *member,
                        const struct case_input *input, const struct effects *effects)
{
    const struct family_room *room = family->room;
    struct case_state *state = member->state;
    bool was_ended = state->is_open && is_ended(member);
    bool was_suspended = case_is_suspended(state);
    enum ld_err err = room->keep(room->context, member, input, effects);
    if (err != LD_OK || was_ended)
        return err;
    if (is_ended(member)) {
        err = push_down(family, state, INPUT_CLOSE, effects->moment);
        return err ? err : push_up(family, member, effects->moment);
    }
    bool is_suspended = case_is_suspended(state);
    if (is_suspended == was_suspended && !(is_suspended && effects->opening_count))
        return LD_OK;
    return push_down(family, state, is_suspended ? INPUT_SUSPEND : INPUT_RESUME, effects->moment);
}

static enum ld_err keep_openings(struct family *family)
{
    enum ld_err err = LD_OK;
    for (uint32_t i = 0; err == LD_OK && i < family->opening_count; i++) {
        struct decided *decided = &family->openings[i];
        err = keep(family, &decided->member, &decided->input, &decided->effects);
    }
    family->opening_count = 0;
    return err;
}

/* The step with what it opens. LD_INVALID: refused, for *ret_refusal; nothing was kept. */
static enum ld_err carry_out(struct family *family, struct family_member *member,
                             const struct case_input *input, struct effects *effects,
                             struct opening_refusal *ret_refusal)
{
    enum ld_err err = LD_OK;
    family->hops = effects->hops;
    if (effects->opening_count) {
        err = set_facts_aside(family, effects);
        if (err == LD_OK)
            err = decide_openings(family, member->state->id, effects, input->kind == INPUT_EVENT,
                                  ret_refusal);
    }
    if (err == LD_OK)
        err = keep(family, member, input, effects);
    return err ? err : keep_openings(family);
}

static enum ld_err follow(struct family *family, const struct consequence *consequence)
{
    const struct family_room *room = family->room;
    struct family_member member;
    struct effects effects;
    struct opening_refusal refusal;
    enum ld_err err = room->find(room->context, consequence->id, &member);
    if (err != LD_OK)
        return err == LD_NOT_FOUND ? LD_CORRUPT : err;
    err = decide(family, &member, &consequence->input, &effects);
    if (err != LD_OK || effects.fact_count == 0)
        return err;
    return carry_out(family, &member, &consequence->input, &effects, &refusal);
}

enum ld_err family_step(const struct family_room *room, struct family_member *root,
                        const struct case_input *input, struct effects *ret_effects)
{
    struct family family = {.room = room, .now_ms = input->now_ms, .steps = 1};
    struct opening_refusal refusal = {0};
    enum ld_err err = decide(&family, root, input, ret_effects);
    bool is_kept = ret_effects->fate != FATE_REFUSED && ret_effects->fate != FATE_DUPLICATE;
    if (err != LD_OK || !is_kept)
        return err;
    err = carry_out(&family, root, input, ret_effects, &refusal);
    if (err == LD_INVALID) {
        *ret_effects = (struct effects){.fate = FATE_REFUSED,
                                        .refusal = REFUSAL_SUB_CASE,
                                        .detail = refusal.id,
                                        .detail_wanted = refusal.why,
                                        .legal_date = ret_effects->legal_date,
                                        .facts = room->facts};
        return LD_OK;
    }
    for (uint32_t i = 0; err == LD_OK && i < family.queue_count; i++)
        err = follow(&family, &family.queue[i]);
    return err;
}
