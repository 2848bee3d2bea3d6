/* What changed in the clocks: the periods that the law, a guideline or an agreement gives, whom
 * they bind, and what stops or extends them. That a statutory clock becomes anything else is said
 * by a sentence of its own: it is the one change that nobody may overlook. */
#include "workflows/language/diff_parts.h"
#include "workflows/language/keys.h"

static struct title force_phrase(enum clock_force force)
{
    switch (force) {
    case FORCE_STATUTORY: return diff_words("法定", "statutory");
    case FORCE_REFERENCE: return diff_words("参照", "reference");
    case FORCE_AGREED: return diff_words("约定", "agreed");
    }
    return diff_words("", "");
}

/* 15 日(当 case.urgent 时),否则 2 个月. */
static struct title period_phrase(struct diff *diff, const struct clock_rule *clock)
{
    struct title all = {0};
    for (uint32_t i = 0; i < clock->period_count; i++) {
        const struct clock_period *period = &clock->periods[i];
        struct title one = diff_amount(diff, period->amount, period->unit);
        if (period->guard)
            one =
                DIFF_PHRASE(diff, "%1(当 %2 时)", "%1 if %2", one, diff_expr(diff, period->guard));
        all = i == 0 ? one : DIFF_PHRASE(diff, "%1,否则 %2", "%1, else %2", all, one);
    }
    return all;
}

static bool are_other_periods(struct diff *diff, const struct clock_rule *before,
                              const struct clock_rule *after)
{
    bool is_other = before->period_count != after->period_count;
    for (uint32_t i = 0; !is_other && i < after->period_count; i++) {
        const struct clock_period *old = &before->periods[i], *new = &after->periods[i];
        is_other = old->unit != new->unit || !diff_expr_equal(diff, old->amount, new->amount)
                   || !diff_expr_equal(diff, old->guard, new->guard);
    }
    return is_other;
}

static struct title states_phrase(struct diff *diff, const struct program *program, uint64_t states)
{
    struct title all = {0};
    for (uint32_t i = 0; i < program->state_count; i++) {
        if (!(states >> i & 1))
            continue;
        struct title name = diff_state_name(diff, program, (int32_t)i);
        all = all.zh.size ? DIFF_PHRASE(diff, "%1、%2", "%1, %2", all, name) : name;
    }
    return all;
}

static struct title span_phrase(struct diff *diff, const struct program *program,
                                const struct clock_rule *clock)
{
    if (clock->states)
        return DIFF_PHRASE(diff, "在状态%1期间", "while in state %1",
                           states_phrase(diff, program, clock->states));
    struct title from = diff_event_name(diff, program, clock->from_event);
    if (clock->until_event == INDEX_NONE)
        return DIFF_PHRASE(diff, "自事件%1至进入状态%2", "from event %1 until state %2 is entered",
                           from, diff_state_name(diff, program, clock->until_state));
    return DIFF_PHRASE(diff, "自事件%1至事件%2", "from event %1 until event %2", from,
                       diff_event_name(diff, program, clock->until_event));
}

static struct bytes state_word(const struct program *program, int32_t state)
{
    return state == INDEX_NONE ? BYTES_NONE : program->states[state].name;
}

static struct bytes event_word(const struct program *program, int32_t event)
{
    return event == INDEX_NONE ? BYTES_NONE : program->events[event].name;
}

static bool has_state(const struct program *program, uint64_t states, struct bytes name)
{
    int32_t state = program_state(program, name);
    return state != INDEX_NONE && (states >> state & 1);
}

/* Does the one set name states that the other does not? By name: indexes are of their program. */
static bool has_more_states(const struct program *one, uint64_t states, const struct program *other,
                            uint64_t others)
{
    for (uint32_t i = 0; i < one->state_count; i++) {
        if ((states >> i & 1) && !has_state(other, others, one->states[i].name))
            return true;
    }
    return false;
}

static bool is_other_span(const struct diff_pair *pair, const struct clock_rule *before,
                          const struct clock_rule *after)
{
    return has_more_states(pair->before, before->states, pair->after, after->states)
           || has_more_states(pair->after, after->states, pair->before, before->states)
           || !bytes_equal(event_word(pair->before, before->from_event),
                           event_word(pair->after, after->from_event))
           || !bytes_equal(event_word(pair->before, before->until_event),
                           event_word(pair->after, after->until_event))
           || !bytes_equal(state_word(pair->before, before->until_state),
                           state_word(pair->after, after->until_state));
}

static struct title pause_phrase(struct diff *diff, const struct program *program,
                                 const struct clock_pause *pause)
{
    return DIFF_PHRASE(diff, "自%1至%2", "from %1 until %2",
                       diff_event_name(diff, program, pause->from),
                       diff_event_name(diff, program, pause->until));
}

static bool has_pause(const struct program *program, const struct clock_rule *clock,
                      const struct program *other, const struct clock_pause *pause)
{
    bool is_found = false;
    for (uint32_t i = 0; !is_found && i < clock->pause_count; i++)
        is_found =
            bytes_equal(event_word(program, clock->pauses[i].from), event_word(other, pause->from))
            && bytes_equal(event_word(program, clock->pauses[i].until),
                           event_word(other, pause->until));
    return is_found;
}

static void diff_pauses(const struct diff_pair *pair, const struct clock_rule *before,
                        const struct clock_rule *after, struct title name)
{
    struct diff *diff = pair->diff;
    for (uint32_t i = 0; i < before->pause_count; i++) {
        if (!has_pause(pair->after, after, pair->before, &before->pauses[i]))
            DIFF_ADD(diff, CLOCK_PAUSE_REMOVED, after->name, name,
                     pause_phrase(diff, pair->before, &before->pauses[i]));
    }
    for (uint32_t i = 0; i < after->pause_count; i++) {
        if (!has_pause(pair->before, before, pair->after, &after->pauses[i]))
            DIFF_ADD(diff, CLOCK_PAUSE_ADDED, after->name, name,
                     pause_phrase(diff, pair->after, &after->pauses[i]));
    }
}

static struct title extend_phrase(struct diff *diff, const struct program *program,
                                  const struct clock_extend *extend)
{
    struct title all = DIFF_PHRASE(diff, "由事件%1延长 %2", "by %2 through event %1",
                                   diff_event_name(diff, program, extend->event),
                                   diff_amount(diff, extend->amount, extend->unit));
    if (extend->times)
        all = DIFF_PHRASE(diff, "%1,至多 %2 次", "%1, at most %2 times", all,
                          diff_number(diff, extend->times));
    if (extend->is_before_due)
        all = DIFF_PHRASE(diff, "%1,须在到期之前", "%1, before it is due", all);
    return all;
}

static const struct clock_extend *extend_of(const struct program *program,
                                            const struct clock_rule *clock, struct bytes event)
{
    for (uint32_t i = 0; i < clock->extend_count; i++) {
        if (bytes_equal(event_word(program, clock->extends[i].event), event))
            return &clock->extends[i];
    }
    return NULL;
}

static void diff_extends(const struct diff_pair *pair, const struct clock_rule *before,
                         const struct clock_rule *after, struct title name)
{
    struct diff *diff = pair->diff;
    for (uint32_t i = 0; i < before->extend_count; i++) {
        struct bytes event = event_word(pair->before, before->extends[i].event);
        struct title old = extend_phrase(diff, pair->before, &before->extends[i]);
        const struct clock_extend *now = extend_of(pair->after, after, event);
        bool is_other =
            now
            && (now->unit != before->extends[i].unit || now->times != before->extends[i].times
                || now->is_before_due != before->extends[i].is_before_due
                || !diff_expr_equal(diff, now->amount, before->extends[i].amount));
        if (!now)
            DIFF_ADD(diff, CLOCK_EXTEND_REMOVED, after->name, name, old);
        else if (is_other)
            DIFF_ADD(diff, CLOCK_EXTEND, after->name, name, old,
                     extend_phrase(diff, pair->after, now));
    }
    for (uint32_t i = 0; i < after->extend_count; i++) {
        struct bytes event = event_word(pair->after, after->extends[i].event);
        if (!extend_of(pair->before, before, event))
            DIFF_ADD(diff, CLOCK_EXTEND_ADDED, after->name, name,
                     extend_phrase(diff, pair->after, &after->extends[i]));
    }
}

static struct title rule_phrase(enum period_rule rule)
{
    switch (rule) {
    case RULE_CIVIL: return diff_words("民事规则", "the civil rule");
    case RULE_CRIMINAL: return diff_words("刑事规则", "the criminal rule");
    case RULE_CUSTODY: return diff_words("羁押规则", "the rule of custody");
    }
    return diff_words("", "");
}

static struct title roll_phrase(bool is_rolled)
{
    return is_rolled ? diff_words("顺延至下一个工作日", "rolls on to the next working day")
                     : diff_words("不顺延", "stays where it is");
}

static struct title reentry_phrase(bool continues)
{
    return continues ? diff_words("接着计算", "goes on") : diff_words("重新计算", "starts again");
}

static struct title anchor_phrase(struct diff *diff, const struct expr *anchor)
{
    return anchor ? DIFF_PHRASE(diff, " %1 ", "%1", diff_expr(diff, anchor))
                  : diff_words("起始事件的法律日期", "the legal date of the starting event");
}

static void diff_counting(struct diff *diff, const struct clock_rule *before,
                          const struct clock_rule *after, struct title name)
{
    if (before->continues != after->continues)
        DIFF_ADD(diff, CLOCK_REENTRY, after->name, name, reentry_phrase(before->continues),
                 reentry_phrase(after->continues));
    if (before->rule != after->rule)
        DIFF_ADD(diff, CLOCK_RULE, after->name, name, rule_phrase(before->rule),
                 rule_phrase(after->rule));
    if (before->is_rolled != after->is_rolled)
        DIFF_ADD(diff, CLOCK_ROLL, after->name, name, roll_phrase(before->is_rolled),
                 roll_phrase(after->is_rolled));
    if (!diff_expr_equal(diff, before->anchor, after->anchor))
        DIFF_ADD(diff, CLOCK_ANCHOR, after->name, name, anchor_phrase(diff, before->anchor),
                 anchor_phrase(diff, after->anchor));
    if (before->repeats != after->repeats)
        diff_add(diff, after->repeats ? DIFF_CODE_CLOCK_REPEATS : DIFF_CODE_CLOCK_REPEATS_NOT,
                 after->name, &name, 1);
    if (before->is_right != after->is_right)
        diff_add(diff, after->is_right ? DIFF_CODE_CLOCK_RIGHT : DIFF_CODE_CLOCK_RIGHT_NOT,
                 after->name, &name, 1);
}

/* The law first: what it is, what it rests on, how long. */
static void diff_law(struct diff *diff, const struct clock_rule *before,
                     const struct clock_rule *after, struct title name)
{
    if (before->force != after->force)
        diff_add(diff,
                 before->force == FORCE_STATUTORY ? DIFF_CODE_CLOCK_FORCE_LOST
                                                  : DIFF_CODE_CLOCK_FORCE,
                 after->name,
                 DIFF_ARGUMENTS(name, force_phrase(before->force), force_phrase(after->force)));
    if (!bytes_equal(before->basis, after->basis))
        DIFF_ADD(diff, CLOCK_BASIS, after->name, name, diff_quoted_text(diff, before->basis),
                 diff_quoted_text(diff, after->basis));
    if (are_other_periods(diff, before, after))
        DIFF_ADD(diff, CLOCK_PERIOD, after->name, name, period_phrase(diff, before),
                 period_phrase(diff, after));
}

static void diff_clock(const struct diff_pair *pair, const struct clock_rule *before,
                       const struct clock_rule *after)
{
    struct diff *diff = pair->diff;
    struct title name = diff_quoted(diff, after->title);
    struct title where = DIFF_PHRASE(diff, "期限%1到期时", "when clock %1 falls due it", name);
    if (!diff_title_equal(&before->title, &after->title))
        DIFF_ADD(diff, CLOCK_TITLE, after->name, diff_quoted(diff, before->title), name);
    diff_law(diff, before, after, name);
    if (!bytes_equal(pair->before->parties[before->who].name,
                     pair->after->parties[after->who].name))
        DIFF_ADD(diff, CLOCK_WHO, after->name, name,
                 diff_party_name(diff, pair->before, before->who),
                 diff_party_name(diff, pair->after, after->who));
    if (is_other_span(pair, before, after))
        DIFF_ADD(diff, CLOCK_SPAN, after->name, name, span_phrase(diff, pair->before, before),
                 span_phrase(diff, pair->after, after));
    diff_counting(diff, before, after, name);
    diff_pauses(pair, before, after, name);
    diff_extends(pair, before, after, name);
    if (!bytes_equal(before->ladder, after->ladder))
        DIFF_ADD(diff, CLOCK_LADDER, after->name, name, diff_quoted_text(diff, before->ladder),
                 diff_quoted_text(diff, after->ladder));
    diff_branch_lists(pair, after->name, where,
                      (struct diff_branches){before->expire, before->expire_count},
                      (struct diff_branches){after->expire, after->expire_count});
}

void diff_clocks(const struct diff_pair *pair)
{
    const struct program *before = pair->before, *after = pair->after;
    struct diff *diff = pair->diff;
    diff->part = DIFF_CLOCKS;
    for (uint32_t i = 0; i < before->clock_count; i++) {
        const struct clock_rule *clock = &before->clocks[i];
        int32_t index = program_clock(after, clock->name);
        if (index == INDEX_NONE)
            DIFF_ADD(diff, CLOCK_REMOVED, clock->name, diff_quoted(diff, clock->title),
                     period_phrase(diff, clock), force_phrase(clock->force));
        else
            diff_clock(pair, clock, &after->clocks[index]);
    }
    for (uint32_t i = 0; i < after->clock_count; i++) {
        const struct clock_rule *clock = &after->clocks[i];
        if (program_clock(before, clock->name) == INDEX_NONE)
            DIFF_ADD(diff, CLOCK_ADDED, clock->name, diff_quoted(diff, clock->title),
                     period_phrase(diff, clock), force_phrase(clock->force));
    }
}
