/* Each run of each clock of a story, with its due date derived day by day: which events stopped and
 * extended it, its basis, and whether the law or an agreement sets it. What brought a stop about is
 * read from the rows themselves, each a change of the run from its value before to its value after:
 * nothing is guessed from dates. */
#include "workflows/language/story_tell.h"

/* The clock of a case after a row, or NULL where the row is another case's. */
static const struct clock_run *clock_after(const struct story_run *run, uint32_t row,
                                           struct bytes case_id, int32_t clock)
{
    const struct case_state *after = run->rows[row].after;
    return after->is_open && bytes_equal(after->id, case_id) ? &after->clocks[clock] : NULL;
}

const struct clock_run *story_last_of_run(const struct story_run *run, uint32_t row,
                                          const struct fact *start)
{
    const struct clock_run *last = start->run;
    for (uint32_t i = row + 1; i < run->row_count; i++) {
        const struct clock_run *later = clock_after(run, i, run->rows[row].after->id, start->index);
        if (later && later->runs == start->run->runs)
            last = later;
    }
    return last;
}

/* Whether this run of a repeating clock has given way to the next. */
static bool has_begun_again(const struct story_run *run, uint32_t row, const struct fact *start)
{
    for (uint32_t i = row + 1; i < run->row_count; i++) {
        const struct clock_run *later = clock_after(run, i, run->rows[row].after->id, start->index);
        if (later && later->runs > start->run->runs)
            return true;
    }
    return false;
}

static void tell_end(const struct teller *teller, const struct clock_rule *rule,
                     const struct clock_run *run, bool is_again)
{
    static const struct pair again = {"到期,重新起算", "fell due and began again"};
    static const struct pair lapsed = {"权利期限已过", "the right lapsed"};
    static const struct pair used = {"期限内了结", "ended within the period"};
    static const struct pair ends[] = {
        [CLOCK_IDLE] = {"未开始", "never started"},
        [CLOCK_RUNNING] = {"计算中", "running"},
        [CLOCK_PAUSED] = {"停止计算中", "paused"},
        [CLOCK_OVERDUE] = {"逾期", "overdue"},
        [CLOCK_MET] = {"按期完成", "met"},
        [CLOCK_MET_LATE] = {"逾期完成", "met late"},
        [CLOCK_CANCELLED] = {"不再计算", "cancelled"},
    };
    teller_words(teller, "  结局:", "  in the end: ");
    if (is_again && run->status == CLOCK_RUNNING)
        teller_pair(teller, again);
    else if (clock_has_lapsed(rule, run))
        teller_pair(teller, lapsed);
    else
        teller_pair(teller, rule->is_right && run->status == CLOCK_MET ? used : ends[run->status]);
    if (run->breached_ms != INSTANT_NONE && run->status != CLOCK_OVERDUE)
        teller_words(teller, "(逾期在册)", " (the breach stays on record)");
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
    const struct clock_run *run = clock_after(told->teller->run, row, told->case_id, told->clock);
    return run && run->runs == told->last->runs ? run : NULL;
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
        *ret_event = *row->event;
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
    teller_label(teller, "  ", "  ");
    teller_pair(teller, label);
    if (date == DATE_NONE)
        date = date_of_instant(row->at_ms, teller->zone_minutes);
    buffer_put_date(teller->buffer, date);
    buffer_put_text(teller->buffer, " ");
    if (find_event(teller, index, &event)) {
        teller_type(teller, event.type);
        buffer_put_text(teller->buffer, "  ");
        teller_sender(teller, &event);
    } else if (row->kind == STORY_FAMILY) {
        teller_family(teller, row);
    } else {
        teller_words(teller, "(时间到)", "(by time alone)");
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
        const struct case_state *after = run->rows[i].after;
        bool is_same = bytes_equal(after->id, told->case_id);
        if (is_same && case_is_suspended(after) && !(before && case_is_suspended(before)))
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
    teller_label(told->teller, "  ", "  ");
    teller_words(told->teller, "尚未恢复\n", "not resumed yet\n");
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
    if (!bytes_equal(told->case_id, teller->run->rows[0].after->id)) {
        buffer_put(teller->buffer, told->case_id);
        buffer_put_text(teller->buffer, "  ");
    }
    teller_title(teller, rule->title, rule->name);
    buffer_put_text(teller->buffer, " ");
    buffer_put(teller->buffer, rule->name);
    teller_force(teller, rule->force);
    if (rule->is_right)
        teller_words(teller, "〔权利〕", " [a right]");
    if (who->kind == VALUE_UNIT) {
        teller_words(teller, "  责任单位:", "  answerable: ");
        teller_unit(teller, who->as.text);
    }
    buffer_put_text(teller->buffer, "\n");
    explain_account(&(struct period_account){&terms, teller->calendar, rule->basis, &causes},
                    teller->is_zh, teller->arena, teller->buffer);
    tell_end(teller, rule, told->last, is_again);
}

void teller_derive(struct teller *teller, uint32_t index)
{
    const struct story_row *row = &teller->run->rows[index];
    teller_turn_to(teller, row->actor);
    const struct case_state *before = story_before(teller->run, index);
    for (uint32_t i = 0; i < row->effects.fact_count; i++) {
        const struct fact *fact = &row->effects.facts[i];
        if (fact->kind != FACT_CLOCK)
            continue;
        const struct clock_run *old = before ? &before->clocks[fact->index] : NULL;
        const struct told_run told = {teller, row->after->id, fact->index,
                                      story_last_of_run(teller->run, index, fact)};
        const struct clock_rule *rule = &teller->program->clocks[fact->index];
        if (story_clock_change(rule, old, fact->run) == CLOCK_STARTED)
            tell_derivation(&told, row->after, has_begun_again(teller->run, index, fact));
    }
}
