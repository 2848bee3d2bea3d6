/* What changed in what a branch does beside moving the case: the sub-cases that it opens, the
 * events that it emits, the notices that it raises. What opens the same workflow is the same
 * opening, and what emits the same event the same emission, the first with the first; notices have
 * no name and are told together. The names of another definition's fields stand as they are
 * written: that definition is not at hand. */
#include "workflows/language/diff_parts.h"

/* An expression as it is written, or the words for none. */
static struct title expr_or(struct diff *diff, const struct expr *expr, const char *zh,
                            const char *en)
{
    return expr ? DIFF_PHRASE(diff, " %1 ", "%1", diff_expr(diff, expr)) : diff_words(zh, en);
}

static struct bytes name_of(const struct action *action)
{
    return action->kind == ACTION_OPEN ? action->workflow : action->type;
}

/* The action of the kind and name that has as many of them before it; NULL: none. */
static const struct action *action_of(const struct branch *branch, const struct action *wanted,
                                      uint32_t before)
{
    for (uint32_t i = 0; i < branch->action_count; i++) {
        const struct action *action = &branch->actions[i];
        bool is_same =
            action->kind == wanted->kind && bytes_equal(name_of(action), name_of(wanted));
        if (is_same && before-- == 0)
            return action;
    }
    return NULL;
}

/* How many of its kind and name stand before it. */
static uint32_t count_before(const struct branch *branch, uint32_t index)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < index; i++) {
        const struct action *action = &branch->actions[i], *own = &branch->actions[index];
        count += action->kind == own->kind && bytes_equal(name_of(action), name_of(own));
    }
    return count;
}

/* ,给出 due_on = x.due_on、lead = x.unit. */
static struct title with_values(struct diff *diff, struct title all, const struct named_expr *rows,
                                uint32_t count, const char *zh, const char *en)
{
    struct title values[ACTION_VALUES_MAX];
    uint32_t shown = count < ACTION_VALUES_MAX ? count : ACTION_VALUES_MAX;
    for (uint32_t i = 0; i < shown; i++)
        values[i] = DIFF_PHRASE(diff, "%1 = %2", "%1 = %2", diff_same(rows[i].name),
                                diff_expr(diff, rows[i].value));
    return shown ? diff_phrase(diff, zh, en, DIFF_ARGUMENTS(all, diff_join(diff, values, shown)))
                 : all;
}

static struct title each_phrase(struct diff *diff, const struct action *action)
{
    return action->each ? DIFF_PHRASE(diff, "对 %1 的每一项各开立一件", "once for each of %1",
                                      diff_expr(diff, action->each))
                        : diff_words("只开立一件", "once");
}

static struct title suspends_phrase(bool suspends)
{
    return suspends ? diff_words("随本案一并中止", "suspended with its parent")
                    : diff_words("不随本案中止", "not suspended with its parent");
}

static struct title closes_phrase(bool closes)
{
    return closes ? diff_words("随本案一并办结", "closed with its parent")
                  : diff_words("不随本案办结", "not closed with its parent");
}

static struct title open_phrase(struct diff *diff, const struct action *action)
{
    struct title all = diff_quoted_text(diff, action->workflow);
    if (action->each)
        all = DIFF_PHRASE(diff, "%1,%2", "%1, %2", all, each_phrase(diff, action));
    if (action->name)
        all = DIFF_PHRASE(diff, "%1,名称为 %2", "%1, named %2", all, diff_expr(diff, action->name));
    all = with_values(diff, all, action->values, action->value_count, "%1,给出数据 %2",
                      "%1, given the data %2");
    all = with_values(diff, all, action->binds, action->bind_count, "%1,给出当事方 %2",
                      "%1, given the parties %2");
    if (action->suspends)
        all = DIFF_PHRASE(diff, "%1,%2", "%1, %2", all, suspends_phrase(true));
    return action->closes ? DIFF_PHRASE(diff, "%1,%2", "%1, %2", all, closes_phrase(true)) : all;
}

static struct title subject_phrase(struct diff *diff, const struct action *action)
{
    return action->subject
               ? DIFF_PHRASE(diff, "案件 %1", "case %1", diff_expr(diff, action->subject))
               : diff_words("订阅者", "subscribers alone");
}

static struct title emit_phrase(struct diff *diff, const struct action *action)
{
    struct title all =
        DIFF_PHRASE(diff, "%1,发给%2", "%1, to %2", diff_quoted_text(diff, action->type),
                    subject_phrase(diff, action));
    if (action->workflow.size)
        all = DIFF_PHRASE(diff, "%1,可立流程%2", "%1, which may open %2", all,
                          diff_quoted_text(diff, action->workflow));
    if (action->sender)
        all = DIFF_PHRASE(diff, "%1,以 %2 的名义", "%1, in the name of %2", all,
                          diff_expr(diff, action->sender));
    return with_values(diff, all, action->values, action->value_count, "%1,数据 %2", "%1, with %2");
}

static struct title notify_phrase(struct diff *diff, const struct action *action)
{
    struct title level = diff_same(bytes_from_text(alert_level_word(action->level)));
    return DIFF_PHRASE(diff, "通知%1(%2):%3", "notify %1 (%2): %3",
                       diff_tells(diff, action->tell, action->tell_count), level,
                       diff_expr(diff, action->text));
}

static struct title notices_phrase(struct diff *diff, const struct branch *branch)
{
    struct title all = {0};
    for (uint32_t i = 0; i < branch->action_count; i++) {
        if (branch->actions[i].kind != ACTION_NOTIFY)
            continue;
        struct title one = notify_phrase(diff, &branch->actions[i]);
        all = all.zh.size ? DIFF_PHRASE(diff, "%1;%2", "%1; %2", all, one) : one;
    }
    return all.zh.size ? all : diff_words("无", "none");
}

struct title diff_with_actions(struct diff *diff, struct title effect, const struct branch *branch)
{
    for (uint32_t i = 0; i < branch->action_count; i++) {
        const struct action *action = &branch->actions[i];
        switch (action->kind) {
        case ACTION_NOTIFY:
            effect = DIFF_PHRASE(diff, "%1,并%2", "%1, and it does %2", effect,
                                 notify_phrase(diff, action));
            break;
        case ACTION_OPEN:
            effect = DIFF_PHRASE(diff, "%1,并开立下级案件%2", "%1, and opens the sub-case %2",
                                 effect, open_phrase(diff, action));
            break;
        case ACTION_EMIT:
            effect = DIFF_PHRASE(diff, "%1,并发出事件%2", "%1, and emits the event %2", effect,
                                 emit_phrase(diff, action));
            break;
        }
    }
    return effect;
}

/* What is given to a sub-case or goes with an event: two lists of one action. */
struct value_lists {
    const struct named_expr *before, *after;
    uint32_t before_count, after_count;
    const char *zh, *en; /* of what the names are */
};

static const struct named_expr *value_of(const struct named_expr *rows, uint32_t count,
                                         struct bytes name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes_equal(rows[i].name, name))
            return &rows[i];
    }
    return NULL;
}

static void diff_values(struct diff *diff, struct bytes subject, struct title where,
                        const struct value_lists *lists)
{
    for (uint32_t i = 0; i < lists->before_count; i++) {
        struct bytes name = lists->before[i].name;
        if (!value_of(lists->after, lists->after_count, name))
            DIFF_ADD(diff, BRANCH_SET_REMOVED, subject, where,
                     diff_phrase(diff, lists->zh, lists->en,
                                 DIFF_ARGUMENTS(diff_quoted_text(diff, name))));
    }
    for (uint32_t i = 0; i < lists->after_count; i++) {
        const struct named_expr *new = &lists->after[i];
        const struct named_expr *old = value_of(lists->before, lists->before_count, new->name);
        struct title name = diff_phrase(diff, lists->zh, lists->en,
                                        DIFF_ARGUMENTS(diff_quoted_text(diff, new->name)));
        if (!old)
            DIFF_ADD(diff, BRANCH_SET_ADDED, subject, where, name, diff_expr(diff, new->value));
        else if (!diff_expr_equal(diff, old->value, new->value))
            DIFF_ADD(diff, BRANCH_SET, subject, where, name, diff_expr(diff, old->value),
                     diff_expr(diff, new->value));
    }
}

static void diff_open(struct diff *diff, struct bytes subject, struct title where,
                      const struct action *before, const struct action *after)
{
    struct title name = diff_quoted_text(diff, after->workflow);
    struct title inner =
        DIFF_PHRASE(diff, "%1,开立下级案件%2", "%1, opening the sub-case %2", where, name);
    struct value_lists fields = {before->values,     after->values, before->value_count,
                                 after->value_count, "其数据项%1",  "its field %1"};
    struct value_lists parties = {before->binds,     after->binds, before->bind_count,
                                  after->bind_count, "其当事方%1", "its party %1"};
    if (!diff_expr_equal(diff, before->each, after->each))
        DIFF_ADD(diff, OPEN_EACH, subject, where, name, each_phrase(diff, before),
                 each_phrase(diff, after));
    if (!diff_expr_equal(diff, before->name, after->name))
        DIFF_ADD(diff, OPEN_NAME, subject, where, name,
                 expr_or(diff, before->name, "按序号", "numbers"),
                 expr_or(diff, after->name, "按序号", "numbers"));
    diff_values(diff, subject, inner, &fields);
    diff_values(diff, subject, inner, &parties);
    if (before->suspends != after->suspends)
        DIFF_ADD(diff, OPEN_CASCADE, subject, where, name, suspends_phrase(after->suspends));
    if (before->closes != after->closes)
        DIFF_ADD(diff, OPEN_CASCADE, subject, where, name, closes_phrase(after->closes));
}

static void diff_emit(struct diff *diff, struct bytes subject, struct title where,
                      const struct action *before, const struct action *after)
{
    static const char zh[] = "引起它的事件的发布单位",
                      en[] = "the sender of the event that causes it";
    struct title name = diff_quoted_text(diff, after->type);
    struct title inner =
        DIFF_PHRASE(diff, "%1,发出事件%2", "%1, emitting the event %2", where, name);
    struct value_lists data = {before->values,     after->values, before->value_count,
                               after->value_count, "其数据项%1",  "its field %1"};
    if (!diff_expr_equal(diff, before->subject, after->subject))
        DIFF_ADD(diff, EMIT_SUBJECT, subject, where, name, subject_phrase(diff, before),
                 subject_phrase(diff, after));
    if (!bytes_equal(before->workflow, after->workflow))
        DIFF_ADD(diff, EMIT_WORKFLOW, subject, where, name,
                 diff_quoted_text(diff, before->workflow), diff_quoted_text(diff, after->workflow));
    if (!diff_expr_equal(diff, before->sender, after->sender))
        DIFF_ADD(diff, EMIT_SENDER, subject, where, name, expr_or(diff, before->sender, zh, en),
                 expr_or(diff, after->sender, zh, en));
    diff_values(diff, subject, inner, &data);
}

static void tell_lost(struct diff *diff, struct bytes subject, struct title where,
                      const struct action *action)
{
    if (action->kind == ACTION_OPEN)
        DIFF_ADD(diff, OPEN_REMOVED, subject, where, diff_quoted_text(diff, action->workflow));
    else
        DIFF_ADD(diff, EMIT_REMOVED, subject, where, diff_quoted_text(diff, action->type));
}

static void tell_new(struct diff *diff, struct bytes subject, struct title where,
                     const struct action *action)
{
    if (action->kind == ACTION_OPEN)
        DIFF_ADD(diff, OPEN_ADDED, subject, where, open_phrase(diff, action));
    else
        DIFF_ADD(diff, EMIT_ADDED, subject, where, emit_phrase(diff, action));
}

void diff_actions(struct diff *diff, struct bytes subject, struct title where,
                  const struct branch *before, const struct branch *after)
{
    struct title old = notices_phrase(diff, before), new = notices_phrase(diff, after);
    if (!bytes_equal(old.zh, new.zh))
        DIFF_ADD(diff, BRANCH_ACTIONS, subject, where, old, new);
    for (uint32_t i = 0; i < before->action_count; i++) {
        const struct action *action = &before->actions[i];
        if (action->kind != ACTION_NOTIFY && !action_of(after, action, count_before(before, i)))
            tell_lost(diff, subject, where, action);
    }
    for (uint32_t i = 0; i < after->action_count; i++) {
        const struct action *action = &after->actions[i];
        if (action->kind == ACTION_NOTIFY)
            continue;
        const struct action *was = action_of(before, action, count_before(after, i));
        if (!was)
            tell_new(diff, subject, where, action);
        else if (action->kind == ACTION_OPEN)
            diff_open(diff, subject, where, was, action);
        else
            diff_emit(diff, subject, where, was, action);
    }
}
