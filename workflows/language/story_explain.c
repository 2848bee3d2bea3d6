/* A story told to people: what happened when, by whom and with what answer, what it did to state
 * and clocks, who was reminded, which cases were opened, closed and written to; then how each due
 * date came about (story_derive.c). Each row is told with the words of its own case's workflow. */
#include "workflows/language/story_tell.h"

static const struct pair level_words[] = {
#define X(name, word, zh, en) {zh, en},
    ALERT_LEVEL_TABLE(X)
#undef X
};

static const struct pair force_words[] = {
    [FORCE_STATUTORY] = {"法定", "statutory"},
    [FORCE_REFERENCE] = {"参照", "reference"},
    [FORCE_AGREED] = {"约定", "agreed"},
};

void teller_force(const struct teller *teller, enum clock_force force)
{
    teller_words(teller, "〔", " [");
    teller_pair(teller, force_words[force]);
    teller_words(teller, "〕", "]");
}

static const struct {
    const char *word;
    struct pair text;
} changes[] = {
    [CLOCK_UNCHANGED] = {"unchanged", {"不变", "unchanged"}},
    [CLOCK_STARTED] = {"started", {"开始", "starts"}},
    [CLOCK_STOPPED] = {"paused", {"停止计算", "stops"}},
    [CLOCK_RESUMED] = {"resumed", {"恢复计算", "goes on"}},
    [CLOCK_EXTENDED] = {"extended", {"延长", "is extended"}},
    [CLOCK_MOVED] = {"moved", {"到期日变更", "has moved"}},
    [CLOCK_FELL_DUE] = {"overdue", {"到期,逾期", "fell due and is overdue"}},
    [CLOCK_ENDED_MET] = {"met", {"按期完成", "is met"}},
    [CLOCK_ENDED_LATE] = {"met-late", {"逾期完成", "is met late"}},
    [CLOCK_ENDED_CANCELLED] = {"cancelled", {"不再计算", "is cancelled"}},
    [CLOCK_LAPSED] = {"lapsed", {"权利期限已过", "has run out: the right lapsed"}},
};

const char *clock_change_word(enum clock_change change)
{
    return changes[change].word;
}

static enum clock_change change_of_ended(const struct clock_rule *rule,
                                         const struct clock_run *after)
{
    if (after->status == CLOCK_MET)
        return CLOCK_ENDED_MET;
    if (clock_has_lapsed(rule, after))
        return CLOCK_LAPSED;
    return after->status == CLOCK_MET_LATE ? CLOCK_ENDED_LATE : CLOCK_ENDED_CANCELLED;
}

enum clock_change story_clock_change(const struct clock_rule *rule, const struct clock_run *before,
                                     const struct clock_run *after)
{
    bool was_open = before && clock_is_open(before->status);
    bool is_open = clock_is_open(after->status);
    if (!is_open) /* a right that has lapsed may turn out to have been used in time */
        return was_open
                       || (before && before->status != after->status
                           && clock_has_lapsed(rule, before))
                   ? change_of_ended(rule, after)
                   : CLOCK_UNCHANGED;
    if (!was_open || after->runs != before->runs)
        return CLOCK_STARTED;
    if (after->status == CLOCK_OVERDUE && before->status != CLOCK_OVERDUE)
        return CLOCK_FELL_DUE;
    if (after->extension_count != before->extension_count)
        return CLOCK_EXTENDED;
    if (after->pauses_active && !before->pauses_active)
        return CLOCK_STOPPED;
    if (!after->pauses_active && before->pauses_active)
        return CLOCK_RESUMED;
    return after->due.due_ms != before->due.due_ms ? CLOCK_MOVED : CLOCK_UNCHANGED;
}

const struct case_state *story_before(const struct story_run *run, uint32_t row)
{
    for (uint32_t i = row; i > 0; i--) {
        const struct case_state *state = run->rows[i - 1].after;
        if (state->is_open && bytes_equal(state->id, run->rows[row].after->id))
            return state;
    }
    return NULL;
}

void teller_turn_to(struct teller *teller, const struct story_actor *actor)
{
    teller->program = actor ? actor->program : NULL;
    if (!actor)
        return;
    teller->calendar = actor->rules.calendar;
    teller->directory = actor->rules.directory;
    teller->zone_minutes = actor->rules.calendar->zone_minutes;
}

void teller_words(const struct teller *teller, const char *zh, const char *en)
{
    buffer_put_text(teller->buffer, teller->is_zh ? zh : en);
}

void teller_pair(const struct teller *teller, struct pair pair)
{
    teller_words(teller, pair.zh, pair.en);
}

void teller_title(const struct teller *teller, struct title title, struct bytes name)
{
    struct bytes text = teller->is_zh || !title.en.size ? title.zh : title.en;
    buffer_put(teller->buffer, text.size ? text : name);
}

/* 2025-10-10 09:00, in the calendar's zone. */
void teller_moment(const struct teller *teller, int64_t instant_ms)
{
    int zone = teller->zone_minutes;
    int32_t date = date_of_instant(instant_ms, zone);
    int64_t minutes = (instant_ms - instant_of_date(date, zone)) / MINUTE_MS;
    buffer_put_date(teller->buffer, date);
    buffer_put_text(teller->buffer, " ");
    buffer_put_padded(teller->buffer, (uint32_t)(minutes / 60), 2);
    buffer_put_text(teller->buffer, ":");
    buffer_put_padded(teller->buffer, (uint32_t)(minutes % 60), 2);
}

void teller_unit(const struct teller *teller, struct bytes id)
{
    const struct unit *unit = NULL;
    if (teller->directory)
        unit = directory_unit(teller->directory, id);
    if (!unit) {
        buffer_put(teller->buffer, id);
        return;
    }
    teller_title(teller, unit->title, unit->id);
}

static void put_due(const struct teller *teller, const struct clock_run *run)
{
    if (run->budget.unit == PERIOD_HOURS)
        teller_moment(teller, run->due.due_ms);
    else
        buffer_put_date(teller->buffer, run->due.last_day);
    if (run->due.is_provisional)
        teller_words(teller, "(暂定)", " (provisional)");
}

/* The beginning of a line beneath a row: two spaces and what it is about. */
void teller_label(const struct teller *teller, const char *zh, const char *en)
{
    teller_words(teller, "    ", "    ");
    teller_words(teller, zh, en);
}

static void tell_change(const struct teller *teller, const struct clock_rule *rule,
                        const struct clock_run *run, enum clock_change change)
{
    static const struct pair used = {"期限内了结", "ends within the period"};
    teller_label(teller, "期限  ", "clock  ");
    teller_title(teller, rule->title, rule->name);
    teller_force(teller, rule->force);
    teller_words(teller, "", " ");
    teller_pair(teller, rule->is_right && change == CLOCK_ENDED_MET ? used : changes[change].text);
    if (run->status == CLOCK_RUNNING) {
        teller_words(teller, ",", ", ");
        teller_words(teller, "", "due ");
        put_due(teller, run);
        teller_words(teller, " 到期", "");
    }
    if (change == CLOCK_ENDED_LATE && run->days_late > 0) {
        teller_words(teller, ",迟 ", ", ");
        buffer_put_decimal(teller->buffer, run->days_late);
        teller_words(teller, " 日", run->days_late == 1 ? " day" : " days");
    }
    buffer_put_text(teller->buffer, "\n");
}

static void put_told(const struct teller *teller, const struct alert *alert)
{
    buffer_put_text(teller->buffer, " → ");
    for (uint32_t i = 0; i < alert->recipient_count; i++) {
        if (i)
            teller_words(teller, "、", ", ");
        teller_unit(teller, alert->recipients[i].unit);
    }
    buffer_put_text(teller->buffer, "\n");
}

static void tell_alert(const struct teller *teller, const struct fact *fact)
{
    const struct clock_rule *rule = &teller->program->clocks[fact->index];
    teller_label(teller, "提醒  〔", "alert  [");
    teller_pair(teller, level_words[fact->alert->level]);
    teller_words(teller, "〕", "] ");
    teller_title(teller, rule->title, rule->name);
    if (fact->alert->is_unacknowledged)
        teller_words(teller, "(无人签收,或者签收已过时限)", " (not acknowledged in time)");
    put_told(teller, fact->alert);
}

static void tell_notice(const struct teller *teller, const struct fact *fact)
{
    teller_label(teller, "通知  〔", "notice  [");
    teller_pair(teller, level_words[fact->alert->level]);
    teller_words(teller, "〕", "] ");
    buffer_put(teller->buffer, fact->text);
    put_told(teller, fact->alert);
}

/* An early event's turn, and the case that stops or goes on. */
static void tell_waiting(const struct teller *teller, const struct fact *fact,
                         const struct case_state *before)
{
    if (fact->kind == FACT_SUSPENDED && fact->index)
        teller_label(teller, "中止  全部期限停止计算\n", "suspended  all clocks stop\n");
    if (fact->kind == FACT_SUSPENDED && !fact->index)
        teller_label(teller, "恢复  全部期限接着计算\n", "resumed  all clocks go on\n");
    if (fact->kind == FACT_SUSPENDED_ABOVE && fact->index)
        teller_label(teller, "中止  随上级案件,全部期限停止计算\n",
                     "suspended  with its parent, all clocks stop\n");
    if (fact->kind == FACT_SUSPENDED_ABOVE && !fact->index)
        teller_label(teller, "恢复  随上级案件\n", "resumed  with its parent\n");
    if (fact->kind != FACT_RELEASED)
        return;
    teller_label(teller, "轮到  等待中的事件 ", "turn  of the event that waited: ");
    buffer_put(teller->buffer, value_get_text(&before->held[fact->index], "type"));
    buffer_put_text(teller->buffer, "\n");
}

static void tell_clocks(const struct teller *teller, const struct story_row *row,
                        const struct case_state *before)
{
    for (uint32_t i = 0; i < row->effects.fact_count; i++) {
        const struct fact *fact = &row->effects.facts[i];
        if (fact->kind != FACT_CLOCK)
            continue;
        const struct clock_run *old = before ? &before->clocks[fact->index] : NULL;
        const struct clock_rule *rule = &teller->program->clocks[fact->index];
        enum clock_change change = story_clock_change(rule, old, fact->run);
        if (change != CLOCK_UNCHANGED)
            tell_change(teller, rule, fact->run, change);
    }
}

static void tell_state(const struct teller *teller, const struct fact *fact,
                       const struct case_state *before)
{
    const struct state *states = teller->program->states;
    teller_label(teller, "状态  ", "state  ");
    if (before && before->is_open) {
        teller_title(teller, states[before->state].title, states[before->state].name);
        buffer_put_text(teller->buffer, " → ");
    }
    teller_title(teller, states[fact->index].title, states[fact->index].name);
    if (fact->text.size) {
        teller_words(teller, ",结果 ", ", outcome ");
        buffer_put(teller->buffer, fact->text);
    }
    buffer_put_text(teller->buffer, "\n");
}

static void tell_notes(const struct teller *teller, const struct fact *fact)
{
    if (fact->kind == FACT_LATE_ENTRY)
        teller_label(teller, "补录  事件日期早于规定的登记时限\n",
                     "late   the event's date lies further back than entries should\n");
    if (fact->kind != FACT_PROBLEM)
        return;
    teller_label(teller, "问题  ", "trouble  ");
    buffer_put(teller->buffer, fact->text);
    buffer_put_text(teller->buffer, "\n");
}

static void tell_sub_opened(const struct teller *teller, const struct fact *fact)
{
    static const struct pair cascades[] = {
        [SUB_SUSPENDS] = {",随本案中止", "; suspended with this case"},
        [SUB_CLOSES] = {",随本案办结", "; closed with this case"},
        [SUB_SUSPENDS |
            SUB_CLOSES] = {",随本案中止和办结", "; suspended and closed with this case"},
    };
    teller_label(teller, "下级  开立 ", "sub-case  opened: ");
    buffer_put(teller->buffer, fact->text);
    teller_words(teller, "(", " (");
    buffer_put(teller->buffer, fact->value.as.text);
    teller_words(teller, ")", ")");
    if (fact->index & (SUB_SUSPENDS | SUB_CLOSES))
        teller_pair(teller, cascades[fact->index & (SUB_SUSPENDS | SUB_CLOSES)]);
    buffer_put_text(teller->buffer, "\n");
}

static void tell_sub_closed(const struct teller *teller, const struct fact *fact,
                            const struct case_state *before)
{
    teller_label(teller, "下级  办结 ", "sub-case  closed: ");
    buffer_put(teller->buffer, before->subs[fact->index].name);
    teller_words(teller, ",结果 ", ", outcome ");
    buffer_put(teller->buffer, fact->text);
    buffer_put_text(teller->buffer, "\n");
}

static void tell_emitted(const struct teller *teller, const struct fact *fact)
{
    struct bytes subject = value_get_text(&fact->value, "subject");
    struct bytes workflow = value_get_text(&fact->value, "workflow");
    teller_label(teller, "发出  ", "emits  ");
    teller_type(teller, fact->text);
    buffer_put_text(teller->buffer, " → ");
    if (subject.size)
        buffer_put(teller->buffer, subject);
    else
        teller_words(teller, "订阅者", "subscribers");
    if (workflow.size) {
        teller_words(teller, "(", " (");
        buffer_put(teller->buffer, workflow);
        teller_words(teller, ")", ")");
    }
    buffer_put_text(teller->buffer, "\n");
}

/* What it did to other cases, or they to it. */
static void tell_across(const struct teller *teller, const struct fact *fact,
                        const struct case_state *before)
{
    if (fact->kind == FACT_SUB_OPENED)
        tell_sub_opened(teller, fact);
    if (fact->kind == FACT_SUB_CLOSED && before && (uint32_t)fact->index < before->sub_count)
        tell_sub_closed(teller, fact, before);
    if (fact->kind == FACT_EMITTED)
        tell_emitted(teller, fact);
}

static void tell_effects(const struct teller *teller, const struct story_row *row,
                         const struct case_state *before)
{
    const struct fact *facts = row->effects.facts;
    for (uint32_t i = 0; i < row->effects.fact_count; i++) {
        tell_notes(teller, &facts[i]);
        tell_waiting(teller, &facts[i], before);
        if (facts[i].kind == FACT_STATE)
            tell_state(teller, &facts[i], before);
    }
    tell_clocks(teller, row, before);
    for (uint32_t i = 0; i < row->effects.fact_count; i++) {
        if (facts[i].kind == FACT_ALERT)
            tell_alert(teller, &facts[i]);
        if (facts[i].kind == FACT_NOTICE)
            tell_notice(teller, &facts[i]);
        tell_across(teller, &facts[i], before);
    }
}

static void tell_wanted(const struct teller *teller, const struct effects *effects)
{
    struct bytes rest, code = bytes_from_text(refusal_words(effects->refusal)->word);
    const struct word_row *row =
        refusal_has_reason(code) ? reason_words(effects->detail_wanted, &rest) : NULL;
    if (row) {
        teller_words(teller, ",原因:", ", because: ");
        teller_words(teller, row->zh, row->en);
        teller_words(teller, rest.size ? ": " : "", rest.size ? ": " : "");
        buffer_put(teller->buffer, rest);
        return;
    }
    if (effects->detail_wanted.size)
        teller_words(teller, ",应为 ", ", wanted ");
    buffer_put(teller->buffer, effects->detail_wanted);
}

static void tell_refusal(const struct teller *teller, const struct effects *effects)
{
    const struct word_row *refusal = refusal_words(effects->refusal);
    teller_words(teller, ":", ": ");
    teller_words(teller, refusal->zh, refusal->en);
    if (effects->refusal == REFUSAL_BY_RULE) { /* its two texts are the rule's own, zh and en */
        teller_words(teller, ",", ", ");
        teller_title(teller, (struct title){effects->detail, effects->detail_wanted}, BYTES_NONE);
        return;
    }
    if (effects->detail.size)
        teller_words(teller, ",", ", ");
    buffer_put(teller->buffer, effects->detail);
    tell_wanted(teller, effects);
}

static void tell_fate(const struct teller *teller, const struct effects *effects)
{
    const struct word_row *fate = fate_words(effects->fate);
    teller_words(teller, "  ", "  ");
    teller_words(teller, fate->zh, fate->en);
    if (effects->refusal != REFUSAL_NONE)
        tell_refusal(teller, effects);
}

void teller_sender(const struct teller *teller, const struct case_event *event)
{
    teller_unit(teller, event->source);
    for (uint32_t i = 0; i < event->role_count; i++) {
        buffer_put_text(teller->buffer, " (");
        buffer_put(teller->buffer, event->roles[i]);
        buffer_put_text(teller->buffer, ")");
    }
}

/* Its title, where it has one, and its type. */
void teller_type(const struct teller *teller, struct bytes type)
{
    int32_t index = teller->program ? program_event(teller->program, type) : INDEX_NONE;
    if (index != INDEX_NONE && !bytes_equal(teller->program->events[index].title.zh, type)) {
        teller_title(teller, teller->program->events[index].title, type);
        buffer_put_text(teller->buffer, " ");
    } else if (bytes_is(type, EVENT_SUBS_CLOSED)) {
        teller_words(teller, "下级案件全部办结 ", "all sub-cases closed ");
    } else if (bytes_is(type, EVENT_ACKNOWLEDGED)) {
        teller_words(teller, "签收提醒 ", "alert acknowledged ");
    }
    buffer_put(teller->buffer, type);
}

static void tell_event(const struct teller *teller, const struct story_row *row)
{
    teller_sender(teller, row->event);
    buffer_put_text(teller->buffer, "  ");
    teller_type(teller, row->event->type);
    tell_fate(teller, &row->effects);
    if (row->cause == ROW_NONE)
        return;
    teller_words(teller, "(来自 ", " (from ");
    buffer_put(teller->buffer, teller->run->rows[row->cause].after->id);
    teller_words(teller, ")", ")");
}

void teller_family(const struct teller *teller, const struct story_row *row)
{
    static const struct {
        struct pair before, after;
    } words[] = {
        [INPUT_OPEN] = {{"(由 ", "(opened by "}, {" 开立)", ")"}},
        [INPUT_SUSPEND] = {{"(随 ", "(suspended with "}, {" 中止)", ")"}},
        [INPUT_RESUME] = {{"(随 ", "(resumed with "}, {" 恢复)", ")"}},
        [INPUT_CLOSE] = {{"(随 ", "(closed with "}, {" 办结)", ")"}},
    };
    if (row->input == INPUT_JOIN) {
        teller_words(teller, "(下级案件办结)", "(a sub-case has closed)");
        return;
    }
    LD_ASSERT(row->input >= INPUT_OPEN && row->input <= INPUT_CLOSE);
    teller_pair(teller, words[row->input].before);
    buffer_put(teller->buffer, case_parent_id(row->after->id));
    teller_pair(teller, words[row->input].after);
}

static bool is_idle(const struct program *program, const struct fact *fact,
                    const struct case_state *before)
{
    if (fact->kind != FACT_CLOCK)
        return fact->kind == FACT_ALERT_CLEARED;
    const struct clock_run *old = before ? &before->clocks[fact->index] : NULL;
    return story_clock_change(&program->clocks[fact->index], old, fact->run) == CLOCK_UNCHANGED;
}

/* Nothing that a person would want to read: a time at which only the ladder moved on. */
static bool is_silent(const struct story_run *run, uint32_t index)
{
    const struct story_row *row = &run->rows[index];
    const struct case_state *before = story_before(run, index);
    if (row->kind != STORY_TIME)
        return false;
    for (uint32_t i = 0; i < row->effects.fact_count; i++) {
        if (!is_idle(row->actor->program, &row->effects.facts[i], before))
            return false;
    }
    return true;
}

static void tell_row(struct teller *teller, uint32_t index)
{
    const struct story_row *row = &teller->run->rows[index];
    if (is_silent(teller->run, index))
        return;
    teller_turn_to(teller, row->actor);
    teller_moment(teller, row->at_ms);
    buffer_put_text(teller->buffer, "  ");
    switch (row->kind) {
    case STORY_EVENT: tell_event(teller, row); break;
    case STORY_TIME: teller_words(teller, "(时间到)", "(by time alone)"); break;
    case STORY_FAMILY: teller_family(teller, row); break;
    }
    if (!bytes_equal(row->after->id, teller->run->rows[0].after->id)) {
        buffer_put_text(teller->buffer, "  ");
        buffer_put(teller->buffer, row->after->id);
    }
    buffer_put_text(teller->buffer, "\n");
    tell_effects(teller, row, story_before(teller->run, index));
}

void story_explain(const struct story_run *run, bool is_zh, struct arena *arena,
                   struct buffer *buffer)
{
    struct teller teller = {.run = run,
                            .zone_minutes = SHEET_ZONE_MINUTES,
                            .is_zh = is_zh,
                            .arena = arena,
                            .buffer = buffer};
    for (uint32_t i = 0; i < run->row_count && !teller.directory; i++)
        teller_turn_to(&teller, run->rows[i].actor);
    for (uint32_t i = 0; i < run->row_count; i++)
        tell_row(&teller, i);
    teller_words(&teller, "\n期限推算\n", "\nHow each due date is derived\n");
    for (uint32_t i = 0; i < run->row_count; i++)
        teller_derive(&teller, i);
}
