/* A story told to people: what happened when, by whom and with what answer, what it did to state
 * and clocks, who was reminded; then every run of every clock with its due date derived day by
 * day, which events stopped and extended it, its basis, and whether the law or an agreement sets
 * it. What brought a stop about is read from the rows themselves, each a change of the run from
 * its value before to its value after: nothing is guessed from dates. */
#include "workflows/language/story_parts.h"

struct teller {
    const struct story_run *run;
    const struct program *program;
    const struct rules *rules;
    bool is_zh;
    struct arena *arena;
    struct buffer *buffer;
};

struct pair {
    const char *zh, *en;
};

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
};

const char *clock_change_word(enum clock_change change)
{
    return changes[change].word;
}

static enum clock_change change_of_ended(const struct clock_run *after)
{
    if (after->status == CLOCK_MET)
        return CLOCK_ENDED_MET;
    return after->status == CLOCK_MET_LATE ? CLOCK_ENDED_LATE : CLOCK_ENDED_CANCELLED;
}

enum clock_change story_clock_change(const struct clock_run *before, const struct clock_run *after)
{
    bool was_open = before && clock_is_open(before->status);
    bool is_open = clock_is_open(after->status);
    if (!is_open)
        return was_open ? change_of_ended(after) : CLOCK_UNCHANGED;
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
        if (bytes_equal(state->id, run->rows[row].after->id))
            return state;
    }
    return NULL;
}

static void put(const struct teller *teller, const char *zh, const char *en)
{
    buffer_put_text(teller->buffer, teller->is_zh ? zh : en);
}

static void put_pair(const struct teller *teller, struct pair pair)
{
    put(teller, pair.zh, pair.en);
}

static void put_title(const struct teller *teller, struct title title, struct bytes name)
{
    struct bytes text = teller->is_zh || !title.en.size ? title.zh : title.en;
    buffer_put(teller->buffer, text.size ? text : name);
}

/* 2025-10-10 09:00, in the calendar's zone. */
static void put_moment(const struct teller *teller, int64_t instant_ms)
{
    int zone = teller->rules->calendar->zone_minutes;
    int32_t date = date_of_instant(instant_ms, zone);
    int64_t minutes = (instant_ms - instant_of_date(date, zone)) / MINUTE_MS;
    buffer_put_date(teller->buffer, date);
    buffer_put_text(teller->buffer, " ");
    buffer_put_padded(teller->buffer, (uint32_t)(minutes / 60), 2);
    buffer_put_text(teller->buffer, ":");
    buffer_put_padded(teller->buffer, (uint32_t)(minutes % 60), 2);
}

static void put_unit(const struct teller *teller, struct bytes id)
{
    const struct unit *unit = directory_unit(teller->rules->directory, id);
    if (!unit) {
        buffer_put(teller->buffer, id);
        return;
    }
    put_title(teller, unit->title, unit->id);
}

static void put_due(const struct teller *teller, const struct clock_run *run)
{
    if (run->budget.unit == PERIOD_HOURS)
        put_moment(teller, run->due.due_ms);
    else
        buffer_put_date(teller->buffer, run->due.last_day);
    if (run->due.is_provisional)
        put(teller, "(暂定)", " (provisional)");
}

/* The beginning of a line beneath a row: two spaces and what it is about. */
static void put_label(const struct teller *teller, const char *zh, const char *en)
{
    put(teller, "    ", "    ");
    put(teller, zh, en);
}

static void tell_change(const struct teller *teller, const struct clock_rule *rule,
                        const struct clock_run *run, enum clock_change change)
{
    put_label(teller, "期限  ", "clock  ");
    put_title(teller, rule->title, rule->name);
    put(teller, "〔", " [");
    put_pair(teller, force_words[rule->force]);
    put(teller, "〕", "] ");
    put_pair(teller, changes[change].text);
    if (run->status == CLOCK_RUNNING) {
        put(teller, ",", ", ");
        put(teller, "", "due ");
        put_due(teller, run);
        put(teller, " 到期", "");
    }
    if (change == CLOCK_ENDED_LATE && run->days_late > 0) {
        put(teller, ",迟 ", ", ");
        buffer_put_decimal(teller->buffer, run->days_late);
        put(teller, " 日", run->days_late == 1 ? " day" : " days");
    }
    buffer_put_text(teller->buffer, "\n");
}

static void put_told(const struct teller *teller, const struct alert *alert)
{
    buffer_put_text(teller->buffer, " → ");
    for (uint32_t i = 0; i < alert->recipient_count; i++) {
        if (i)
            put(teller, "、", ", ");
        put_unit(teller, alert->recipients[i].unit);
    }
    buffer_put_text(teller->buffer, "\n");
}

static void tell_alert(const struct teller *teller, const struct fact *fact)
{
    const struct clock_rule *rule = &teller->program->clocks[fact->index];
    put_label(teller, "提醒  〔", "alert  [");
    put_pair(teller, level_words[fact->alert->level]);
    put(teller, "〕", "] ");
    put_title(teller, rule->title, rule->name);
    if (fact->alert->is_unacknowledged)
        put(teller, "(无人签收,或者签收已过时限)", " (not acknowledged in time)");
    put_told(teller, fact->alert);
}

static void tell_notice(const struct teller *teller, const struct fact *fact)
{
    put_label(teller, "通知  〔", "notice  [");
    put_pair(teller, level_words[fact->alert->level]);
    put(teller, "〕", "] ");
    buffer_put(teller->buffer, fact->text);
    put_told(teller, fact->alert);
}

/* An early event's turn, and the case that stops or goes on. */
static void tell_waiting(const struct teller *teller, const struct fact *fact,
                         const struct case_state *before)
{
    if (fact->kind == FACT_SUSPENDED && fact->index)
        put_label(teller, "中止  全部期限停止计算\n", "suspended  all clocks stop\n");
    if (fact->kind == FACT_SUSPENDED && !fact->index)
        put_label(teller, "恢复  全部期限接着计算\n", "resumed  all clocks go on\n");
    if (fact->kind != FACT_RELEASED)
        return;
    put_label(teller, "轮到  等待中的事件 ", "turn  of the event that waited: ");
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
        enum clock_change change = story_clock_change(old, fact->run);
        if (change != CLOCK_UNCHANGED)
            tell_change(teller, &teller->program->clocks[fact->index], fact->run, change);
    }
}

static void tell_state(const struct teller *teller, const struct fact *fact,
                       const struct case_state *before)
{
    const struct state *states = teller->program->states;
    put_label(teller, "状态  ", "state  ");
    if (before && before->is_open) {
        put_title(teller, states[before->state].title, states[before->state].name);
        buffer_put_text(teller->buffer, " → ");
    }
    put_title(teller, states[fact->index].title, states[fact->index].name);
    if (fact->text.size) {
        put(teller, ",结果 ", ", outcome ");
        buffer_put(teller->buffer, fact->text);
    }
    buffer_put_text(teller->buffer, "\n");
}

static void tell_notes(const struct teller *teller, const struct fact *fact)
{
    if (fact->kind == FACT_LATE_ENTRY)
        put_label(teller, "补录  事件日期早于规定的登记时限\n",
                  "late   the event's date lies further back than entries should\n");
    if (fact->kind != FACT_PROBLEM)
        return;
    put_label(teller, "问题  ", "trouble  ");
    buffer_put(teller->buffer, fact->text);
    buffer_put_text(teller->buffer, "\n");
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
    }
}

static void tell_refusal(const struct teller *teller, const struct effects *effects)
{
    const struct word_row *refusal = refusal_words(effects->refusal);
    put(teller, ":", ": ");
    put(teller, refusal->zh, refusal->en);
    if (effects->refusal == REFUSAL_BY_RULE) { /* its two texts are the rule's own, zh and en */
        put(teller, ",", ", ");
        put_title(teller, (struct title){effects->detail, effects->detail_wanted}, BYTES_NONE);
        return;
    }
    if (effects->detail.size)
        put(teller, ",", ", ");
    buffer_put(teller->buffer, effects->detail);
    if (effects->detail_wanted.size)
        put(teller, ",应为 ", ", wanted ");
    buffer_put(teller->buffer, effects->detail_wanted);
}

static void tell_fate(const struct teller *teller, const struct effects *effects)
{
    const struct word_row *fate = fate_words(effects->fate);
    put(teller, "  ", "  ");
    put(teller, fate->zh, fate->en);
    if (effects->refusal != REFUSAL_NONE)
        tell_refusal(teller, effects);
}

static void put_sender(const struct teller *teller, const struct case_event *event)
{
    put_unit(teller, event->source);
    for (uint32_t i = 0; i < event->role_count; i++) {
        buffer_put_text(teller->buffer, " (");
        buffer_put(teller->buffer, event->roles[i]);
        buffer_put_text(teller->buffer, ")");
    }
}

/* Its title, where it has one, and its type. */
static void put_type(const struct teller *teller, struct bytes type)
{
    int32_t index = program_event(teller->program, type);
    if (index != INDEX_NONE && !bytes_equal(teller->program->events[index].title.zh, type)) {
        put_title(teller, teller->program->events[index].title, type);
        buffer_put_text(teller->buffer, " ");
    } else if (bytes_is(type, EVENT_ACKNOWLEDGED)) {
        put(teller, "签收提醒 ", "alert acknowledged ");
    }
    buffer_put(teller->buffer, type);
}

static void tell_event(const struct teller *teller, const struct story_row *row)
{
    put_sender(teller, &row->step->event);
    buffer_put_text(teller->buffer, "  ");
    put_type(teller, row->step->event.type);
    tell_fate(teller, &row->effects);
}

static bool is_idle(const struct fact *fact, const struct case_state *before)
{
    if (fact->kind != FACT_CLOCK)
        return fact->kind == FACT_ALERT_CLEARED;
    const struct clock_run *old = before ? &before->clocks[fact->index] : NULL;
    return story_clock_change(old, fact->run) == CLOCK_UNCHANGED;
}

/* Nothing that a person would want to read: a time at which only the ladder moved on. */
static bool is_silent(const struct story_run *run, uint32_t index)
{
    const struct story_row *row = &run->rows[index];
    const struct case_state *before = story_before(run, index);
    if (row->kind == STORY_EVENT)
        return false;
    for (uint32_t i = 0; i < row->effects.fact_count; i++) {
        if (!is_idle(&row->effects.facts[i], before))
            return false;
    }
    return true;
}

static void tell_row(const struct teller *teller, uint32_t index)
{
    const struct story_row *row = &teller->run->rows[index];
    if (is_silent(teller->run, index))
        return;
    put_moment(teller, row->at_ms);
    buffer_put_text(teller->buffer, "  ");
    if (row->kind == STORY_EVENT)
        tell_event(teller, row);
    else
        put(teller, "(时间到)", "(by time alone)");
    if (!bytes_equal(row->after->id, teller->run->rows[0].after->id)) {
        buffer_put_text(teller->buffer, "  ");
        buffer_put(teller->buffer, row->after->id);
    }
    buffer_put_text(teller->buffer, "\n");
    tell_effects(teller, row, story_before(teller->run, index));
}

const struct clock_run *story_last_of_run(const struct story_run *run, uint32_t row,
                                          const struct fact *start)
{
    const struct clock_run *last = start->run;
    for (uint32_t i = row + 1; i < run->row_count; i++) {
        const struct clock_run *later = &run->rows[i].after->clocks[start->index];
        if (bytes_equal(run->rows[i].after->id, run->rows[row].after->id)
            && later->runs == start->run->runs)
            last = later;
    }
    return last;
}

/* Whether this run of a repeating clock has given way to the next. */
static bool has_begun_again(const struct story_run *run, uint32_t row, const struct fact *start)
{
    for (uint32_t i = row + 1; i < run->row_count; i++) {
        const struct clock_run *later = &run->rows[i].after->clocks[start->index];
        if (bytes_equal(run->rows[i].after->id, run->rows[row].after->id)
            && later->runs > start->run->runs)
            return true;
    }
    return false;
}

static void tell_end(const struct teller *teller, const struct clock_run *run, bool is_again)
{
    static const struct pair again = {"到期,重新起算", "fell due and began again"};
    static const struct pair ends[] = {
        [CLOCK_IDLE] = {"未开始", "never started"},
        [CLOCK_RUNNING] = {"计算中", "running"},
        [CLOCK_PAUSED] = {"停止计算中", "paused"},
        [CLOCK_OVERDUE] = {"逾期", "overdue"},
        [CLOCK_MET] = {"按期完成", "met"},
        [CLOCK_MET_LATE] = {"逾期完成", "met late"},
        [CLOCK_CANCELLED] = {"不再计算", "cancelled"},
    };
    put(teller, "  结局:", "  in the end: ");
    put_pair(teller, is_again && run->status == CLOCK_RUNNING ? again : ends[run->status]);
    if (run->breached_ms != INSTANT_NONE && run->status != CLOCK_OVERDUE)
        put(teller, "(逾期在册)", " (the breach stays on record)");
    buffer_put_text(teller->buffer, "\n");
}

/* A run of a clock whose derivation is told. */
struct told_run {
    const struct teller *teller;
    struct bytes case_id;
    int32_t clock;
    const struct clock_run *last; /* as it stood in the end */
};

/* The run as it stood after a row, or NULL where the row is another case's or another run's. */
static const struct clock_run *told_after(const struct told_run *told, uint32_t row)
{
    const struct case_state *after = told->teller->run->rows[row].after;
    const struct clock_run *run = &after->clocks[told->clock];
    bool is_same = bytes_equal(after->id, told->case_id) && run->runs == told->last->runs;
    return is_same ? run : NULL;
}

/* The run as it stood before a row; one without stops and extensions where it begins there. */
static const struct clock_run *told_before(const struct told_run *told, uint32_t row)
{
    static const struct clock_run none;
    const struct case_state *before = story_before(told->teller->run, row);
    const struct clock_run *run = before ? &before->clocks[told->clock] : &none;
    return run->runs == told->last->runs ? run : &none;
}

/* The event of a row: its own, or the one that had waited until then. */
static bool find_event(const struct teller *teller, uint32_t index, struct case_event *ret_event)
{
    const struct story_row *row = &teller->run->rows[index];
    if (row->kind == STORY_EVENT) {
        *ret_event = row->step->event;
        return true;
    }
    const struct case_state *before = story_before(teller->run, index);
    for (uint32_t i = 0; before && i < row->effects.fact_count; i++) {
        const struct fact *fact = &row->effects.facts[i];
        if (fact->kind != FACT_RELEASED)
            continue;
        const struct value *held = &before->held[fact->index];
        *ret_event = (struct case_event){.source = value_get_text(held, "source"),
                                         .type = value_get_text(held, "type")};
        return true;
    }
    return false;
}

/* A line beneath a stop or an extension: the legal date, the event, and who published it. */
static void tell_cause(const struct teller *teller, uint32_t index, struct pair label)
{
    const struct story_row *row = &teller->run->rows[index];
    int32_t date = row->effects.legal_date;
    struct case_event event;
    put_label(teller, "  ", "  ");
    put_pair(teller, label);
    if (date == DATE_NONE)
        date = date_of_instant(row->at_ms, teller->rules->calendar->zone_minutes);
    buffer_put_date(teller->buffer, date);
    buffer_put_text(teller->buffer, " ");
    if (find_event(teller, index, &event)) {
        put_type(teller, event.type);
        buffer_put_text(teller->buffer, "  ");
        put_sender(teller, &event);
    } else {
        put(teller, "(时间到)", "(by time alone)");
    }
    buffer_put_text(teller->buffer, "\n");
}

static const struct pair from_label = {"自 ", "from "}, until_label = {"至 ", "until "};

/* The row that suspended the case whose clock was stopped by it in the given one: an earlier row,
 * where the clock started in a case that was suspended already. */
static uint32_t suspending_row(const struct told_run *told, uint32_t row)
{
    const struct story_run *run = told->teller->run;
    for (uint32_t i = row + 1; i-- > 0;) {
        const struct case_state *before = story_before(run, i);
        bool is_same = bytes_equal(run->rows[i].after->id, told->case_id);
        if (is_same && run->rows[i].after->is_suspended && !(before && before->is_suspended))
            return i;
    }
    return row;
}

/* A clock that goes on where it had ended (`reentry: continue`) was stopped by what ended it. */
static void tell_left(const struct told_run *told, uint32_t row)
{
    for (uint32_t i = row; i-- > 0;) {
        const struct clock_run *after = told_after(told, i);
        if (!after || clock_is_open(after->status) || !clock_is_open(told_before(told, i)->status))
            continue;
        tell_cause(told->teller, i, from_label);
        return;
    }
}

/* What one row did to one stop. Several rules may hold a stop, and the suspended case beside
 * them: each beginning and each end is a line. */
static void tell_stop_row(const struct told_run *told, uint32_t row, uint32_t stop)
{
    static const struct pair suspended = {"全案中止,自 ", "the whole case suspended, from "};
    static const struct pair resumed = {"全案恢复,至 ", "the whole case resumed, until "};
    const uint32_t suspension = UINT32_C(1) << CLOCK_SUSPENSION;
    const struct clock_run *before = told_before(told, row), *after = told_after(told, row);
    uint32_t held = stop + 1 == after->stop_count ? after->pauses_active : 0;
    uint32_t was_held = stop + 1 == before->stop_count ? before->pauses_active : 0;
    uint32_t begun = held & ~before->pauses_active, ended = was_held & ~after->pauses_active;
    bool is_over = after->stops[stop].until != DATE_NONE;
    bool was_over = before->stop_count > stop && before->stops[stop].until != DATE_NONE;
    bool is_continued = is_over && !was_over && !clock_is_open(before->status);
    if (is_continued)
        tell_left(told, row);
    if (begun & suspension)
        tell_cause(told->teller, suspending_row(told, row), suspended);
    if (begun & ~suspension)
        tell_cause(told->teller, row, from_label);
    if (ended & suspension && clock_is_open(after->status))
        tell_cause(told->teller, row, resumed);
    else if ((ended && clock_is_open(after->status)) || (is_over && !was_over))
        tell_cause(told->teller, row, until_label);
}

static void tell_stop(const void *context, uint32_t stop)
{
    const struct told_run *told = context;
    for (uint32_t i = 0; i < told->teller->run->row_count; i++) {
        const struct clock_run *after = told_after(told, i);
        if (after && after->stop_count > stop)
            tell_stop_row(told, i, stop);
    }
    if (told->last->stops[stop].until != DATE_NONE)
        return;
    put_label(told->teller, "  ", "  ");
    put(told->teller, "尚未恢复\n", "not resumed yet\n");
}

static void tell_extension(const void *context, uint32_t extension)
{
    static const struct pair label = {"经 ", "by "};
    const struct told_run *told = context;
    for (uint32_t i = 0; i < told->teller->run->row_count; i++) {
        const struct clock_run *after = told_after(told, i);
        if (!after || after->extension_count <= extension)
            continue;
        tell_cause(told->teller, i, label);
        return;
    }
}

static void tell_derivation(const struct told_run *told, const struct case_state *state,
                            bool is_again)
{
    const struct teller *teller = told->teller;
    const struct clock_rule *rule = &teller->program->clocks[told->clock];
    const struct period_causes causes = {tell_stop, tell_extension, told};
    struct period_terms terms = clock_terms(rule, told->last);
    const struct value *who = &state->parties[rule->who];
    if (told->last->status == CLOCK_PAUSED)
        terms.stop_count = told->last->stop_count; /* the stop that lasts is told too */
    buffer_put_text(teller->buffer, "\n");
    put_title(teller, rule->title, rule->name);
    buffer_put_text(teller->buffer, " ");
    buffer_put(teller->buffer, rule->name);
    put(teller, "〔", " [");
    put_pair(teller, force_words[rule->force]);
    put(teller, "〕", "]");
    if (who->kind == VALUE_UNIT) {
        put(teller, "  责任单位:", "  answerable: ");
        put_unit(teller, who->as.text);
    }
    buffer_put_text(teller->buffer, "\n");
    explain_account(&(struct period_account){&terms, teller->rules->calendar, rule->basis, &causes},
                    teller->is_zh, teller->arena, teller->buffer);
    tell_end(teller, told->last, is_again);
}

static void tell_derivations(const struct teller *teller, uint32_t index)
{
    const struct story_row *row = &teller->run->rows[index];
    const struct case_state *before = story_before(teller->run, index);
    for (uint32_t i = 0; i < row->effects.fact_count; i++) {
        const struct fact *fact = &row->effects.facts[i];
        if (fact->kind != FACT_CLOCK)
            continue;
        const struct clock_run *old = before ? &before->clocks[fact->index] : NULL;
        const struct told_run told = {teller, row->after->id, fact->index,
                                      story_last_of_run(teller->run, index, fact)};
        if (story_clock_change(old, fact->run) == CLOCK_STARTED)
            tell_derivation(&told, row->after, has_begun_again(teller->run, index, fact));
    }
}

void story_explain(const struct story_run *run, const struct program *program,
                   const struct rules *rules, bool is_zh, struct arena *arena,
                   struct buffer *buffer)
{
    struct teller teller = {run, program, rules, is_zh, arena, buffer};
    for (uint32_t i = 0; i < run->row_count; i++)
        tell_row(&teller, i);
    put(&teller, "\n期限推算\n", "\nHow each due date is derived\n");
    for (uint32_t i = 0; i < run->row_count; i++)
        tell_derivations(&teller, i);
}
