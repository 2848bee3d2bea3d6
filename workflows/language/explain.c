/* A due date told day by day, from the trace that period.c writes while it computes the date: what
 * is read here cannot differ from what binds. Every day of the trace is accounted for; days that
 * follow one another for one reason share a line. Each rule is named with its source. */
#include "workflows/language/story.h"

/* More days than any period of the law has; beyond it nobody reads on. */
enum { STEPS_MAX = 1 << 17 };

struct teller {
    const struct period_terms *terms;
    const struct calendar *calendar;
    bool is_zh;
    struct buffer *buffer;
    uint32_t stop;                      /* of hours: the next stop to be told with its instants */
    const struct period_causes *causes; /* or NULL */
};

/* Steps that follow one another for the same reason. */
struct run {
    const struct trace_step *first, *last;
};

static void tell(struct teller *teller, const char *zh, const char *en)
{
    buffer_put_text(teller->buffer, teller->is_zh ? zh : en);
}

static void tell_number(struct teller *teller, int64_t number)
{
    buffer_put_decimal(teller->buffer, number);
}

static void tell_date(struct teller *teller, int32_t date)
{
    static const char *const zh[] = {" 周一", " 周二", " 周三", " 周四", " 周五", " 周六", " 周日"};
    static const char *const en[] = {" Mon", " Tue", " Wed", " Thu", " Fri", " Sat", " Sun"};
    buffer_put_date(teller->buffer, date);
    tell(teller, zh[date_weekday(date)], en[date_weekday(date)]);
}

static void tell_instant(struct teller *teller, int64_t instant_ms)
{
    buffer_put_instant(teller->buffer, instant_ms, teller->calendar->zone_minutes);
}

static void tell_period(struct teller *teller, struct period period)
{
    static const struct {
        const char *zh, *one, *many;
    } words[] = {[PERIOD_HOURS] = {" 小时", " hour", " hours"},
                 [PERIOD_DAYS] = {" 日", " day", " days"},
                 [PERIOD_WORKING_DAYS] = {" 个工作日", " working day", " working days"},
                 [PERIOD_MONTHS] = {" 个月", " month", " months"},
                 [PERIOD_YEARS] = {" 年", " year", " years"}};
    if (period.unit == PERIOD_UNTIL) {
        tell(teller, "至 ", "until ");
        buffer_put_date(teller->buffer, period.amount);
        return;
    }
    tell_number(teller, period.amount);
    tell(teller, words[period.unit].zh,
         period.amount == 1 ? words[period.unit].one : words[period.unit].many);
}

/* Which law: civil periods by the Civil Code, those of criminal procedure by its own article. */
static void tell_source(struct teller *teller, const char *zh, const char *en)
{
    bool is_civil = teller->terms->rule == RULE_CIVIL;
    tell(teller, is_civil ? "(民法典" : "(刑诉法第一百零五条",
         is_civil ? " (Civil Code " : " (Criminal Procedure Law art. 105");
    if (is_civil)
        tell(teller, zh, en);
    tell(teller, ")", ")");
}

/* Why a day is off or worked against its weekday; an empty view where the weekday says it all. */
static struct bytes day_name(const struct teller *teller, int32_t date)
{
    const struct calendar_day *day = calendar_day_at(teller->calendar, date);
    return day ? day->name : BYTES_NONE;
}

static bool is_worked_weekend(const struct teller *teller, int32_t date)
{
    const struct calendar_day *day = calendar_day_at(teller->calendar, date);
    return day && day->kind == DAY_WORK;
}

static void tell_day_off(struct teller *teller, int32_t date)
{
    const struct calendar_day *day = calendar_day_at(teller->calendar, date);
    if (!day)
        tell(teller, "周末", "weekend");
    else if (day->name.size)
        buffer_put(teller->buffer, day->name);
    else
        tell(teller, "放假", "public holiday");
}

/* Do two steps stand on one line? */
static bool is_one_run(const struct teller *teller, const struct trace_step *left,
                       const struct trace_step *right)
{
    if (left->kind != right->kind || right->date != left->date + 1
        || left->is_provisional != right->is_provisional)
        return false;
    bool is_working = teller->terms->budget.unit == PERIOD_WORKING_DAYS;
    switch (left->kind) {
    case TRACE_COUNTED:
        return !is_working
               || is_worked_weekend(teller, left->date) == is_worked_weekend(teller, right->date);
    case TRACE_DAY_OFF:
    case TRACE_ROLLED_OVER:
        return bytes_equal(day_name(teller, left->date), day_name(teller, right->date));
    case TRACE_STOPPED: return true;
    case TRACE_ANCHOR:
    case TRACE_MONTH:
    case TRACE_MONTH_END:
    case TRACE_EXTENDED:
    case TRACE_SHIFTED:
    case TRACE_UNTIL:
    case TRACE_LAST:
    case TRACE_HOURS: break;
    }
    return false;
}

static void tell_dates(struct teller *teller, const struct run *run)
{
    buffer_put_text(teller->buffer, "  ");
    tell_date(teller, run->first->date);
    if (run->first == run->last) {
        tell(teller, "                      ", "                    ");
        return;
    }
    tell(teller, " 至 ", " to ");
    tell_date(teller, run->last->date);
    tell(teller, "   ", "  ");
}

static void tell_counted(struct teller *teller, const struct run *run)
{
    bool is_one = run->first == run->last;
    tell(teller, "第 ", is_one ? "day " : "days ");
    tell_number(teller, run->first->number);
    if (!is_one) {
        tell(teller, "–", "–");
        tell_number(teller, run->last->number);
    }
    tell(teller, " 日,计入", ", counted");
    if (teller->terms->budget.unit == PERIOD_WORKING_DAYS
        && is_worked_weekend(teller, run->first->date))
        tell(teller, "(调休上班)", " (a weekend day that is worked)");
}

static void tell_anchor(struct teller *teller)
{
    if (teller->terms->budget.unit == PERIOD_HOURS) {
        tell(teller, "起算时刻 ", "from the instant ");
        tell_instant(teller, teller->terms->anchor_ms);
        return;
    }
    tell(teller, "起算日,不计入", "the starting day, not counted");
    tell_source(teller, "第二百零一条", "art. 201");
}

static void tell_months(struct teller *teller, const struct trace_step *step)
{
    enum period_unit unit = teller->terms->budget.unit;
    bool is_year = unit == PERIOD_YEARS && step->number % 12 == 0;
    struct period period = {is_year ? step->number / 12 : step->number,
                            is_year ? PERIOD_YEARS : PERIOD_MONTHS};
    tell(teller, "满 ", "");
    tell_period(teller, period);
    if (step->kind == TRACE_MONTH)
        tell(teller, "的对应日(民法典第二百零二条)",
             " on, the day of the same number (Civil Code art. 202)");
    else if (teller->terms->rule != RULE_CIVIL)
        tell(teller, ",自月末起算的至月末(刑诉解释第二百零二条)",
             " on, from a month's last day to a month's last day (Criminal Procedure "
             "Interpretation art. 202)");
    else
        tell(teller, ",该月无对应日,取月末日(民法典第二百零二条)",
             " on, the month has no such day: its last (Civil Code art. 202)");
}

static void tell_extended(struct teller *teller, const struct trace_step *step)
{
    const struct period_extension *extension = &teller->terms->extensions[step->number];
    tell(teller, "延长 ", "extended by ");
    tell_period(teller, extension->by);
    if (extension->date == DATE_NONE)
        return;
    tell(teller, "(决定于 ", " (decided on ");
    buffer_put_date(teller->buffer, extension->date);
    buffer_put_text(teller->buffer, ")");
}

/* Does no instant of a period in hours lie in the stop? */
static bool is_passed_over(const struct period_terms *terms, const struct period_stop *stop)
{
    int64_t from_ms = stop->from_ms > terms->anchor_ms ? stop->from_ms : terms->anchor_ms;
    return stop->until_ms != INSTANT_NONE && stop->until_ms <= from_ms;
}

/* The instants of the stop that the derivation of hours has come to: those that end before the
 * period begins, or last no time, are passed over there too. */
static void tell_stopped_hours(struct teller *teller)
{
    const struct period_terms *terms = teller->terms;
    while (teller->stop < terms->stop_count && is_passed_over(terms, &terms->stops[teller->stop]))
        teller->stop++;
    if (teller->stop == terms->stop_count)
        return;
    const struct period_stop *stop = &terms->stops[teller->stop++];
    tell(teller, ":", ": ");
    tell_instant(teller, stop->from_ms);
    if (stop->until_ms == INSTANT_NONE)
        return;
    tell(teller, " 至 ", " to ");
    tell_instant(teller, stop->until_ms);
}

static void tell_stopped(struct teller *teller, const struct run *run)
{
    int32_t count = run->last->date - run->first->date + 1;
    tell(teller, "停止计算,", "stopped, ");
    if (count > 1) {
        tell_number(teller, count);
        tell(teller, " 日", " days ");
    }
    tell(teller, "不计入", "not counted");
    if (teller->terms->budget.unit == PERIOD_HOURS)
        tell_stopped_hours(teller);
}

/* Days of two stops that follow one another share a line: each of them is told. */
static void tell_stop_causes(struct teller *teller, const struct run *run)
{
    const struct period_causes *causes = teller->causes;
    const struct period_terms *terms = teller->terms;
    if (terms->budget.unit == PERIOD_HOURS) {
        if (teller->stop)
            causes->tell_stop(causes->context, teller->stop - 1);
        return;
    }
    for (uint32_t i = 0; i < terms->stop_count; i++) {
        const struct period_stop *stop = &terms->stops[i];
        bool is_before = stop->until != DATE_NONE && stop->until < run->first->date;
        bool is_empty = stop->until == stop->from;
        if (!is_before && !is_empty && stop->from < run->last->date)
            causes->tell_stop(causes->context, i);
    }
}

static void tell_causes(struct teller *teller, const struct run *run)
{
    const struct period_causes *causes = teller->causes;
    if (!causes)
        return;
    if (run->first->kind == TRACE_STOPPED)
        tell_stop_causes(teller, run);
    if (run->first->kind == TRACE_EXTENDED)
        causes->tell_extension(causes->context, (uint32_t)run->first->number);
}

static void tell_shifted(struct teller *teller, const struct trace_step *step)
{
    tell(teller, "扣除 ", "the last day moves on by the ");
    tell_number(teller, step->number);
    tell(teller, " 日,最后一日相应后移",
         step->number == 1 ? " day not counted" : " days not counted");
}

/* Why a last day that is off does not roll. */
static void tell_unrolled(struct teller *teller, int32_t date)
{
    if (calendar_is_working(teller->calendar, date))
        return;
    if (teller->terms->rule == RULE_CUSTODY)
        tell(teller, ";在押期间不因节假日延长(刑诉法第一百零五条)",
             "; a period in custody is not prolonged by a holiday (Criminal Procedure Law art. "
             "105)");
    else
        tell(teller, ";不顺延", "; it does not roll on");
}

static void tell_last(struct teller *teller, const struct trace_step *step)
{
    tell(teller, "最后一日,当日 24:00 到期", "the last day, due at its 24:00");
    tell_source(teller, "第二百零三条", "art. 203");
    tell_unrolled(teller, step->date);
}

static void tell_hours(struct teller *teller, const struct trace_step *step, int64_t due_ms)
{
    tell(teller, "连续计算 ", "running through ");
    tell_period(teller, (struct period){step->number, PERIOD_HOURS});
    tell(teller, ",不因夜间和节假日停止,不顺延,到期于 ",
         ", nights and holidays too, without rolling; due at ");
    tell_instant(teller, due_ms);
}

static void tell_rolled(struct teller *teller, int32_t date)
{
    tell_day_off(teller, date);
    tell(teller, ",顺延", ", rolls on");
    tell_source(teller, "第二百零三条", "art. 203");
}

static void tell_run(struct teller *teller, const struct run *run, const struct period_due *due)
{
    const struct trace_step *step = run->first;
    tell_dates(teller, run);
    switch (step->kind) {
    case TRACE_ANCHOR: tell_anchor(teller); break;
    case TRACE_COUNTED: tell_counted(teller, run); break;
    case TRACE_STOPPED: tell_stopped(teller, run); break;
    case TRACE_DAY_OFF:
        tell_day_off(teller, step->date);
        tell(teller, ",不是工作日,不计入", ", no working day, not counted");
        break;
    case TRACE_MONTH:
    case TRACE_MONTH_END: tell_months(teller, step); break;
    case TRACE_EXTENDED: tell_extended(teller, step); break;
    case TRACE_SHIFTED: tell_shifted(teller, step); break;
    case TRACE_UNTIL: tell(teller, "期限载明的日期", "the date that was set"); break;
    case TRACE_ROLLED_OVER: tell_rolled(teller, step->date); break;
    case TRACE_LAST: tell_last(teller, step); break;
    case TRACE_HOURS: tell_hours(teller, step, due->due_ms); break;
    }
    buffer_put_text(teller->buffer, "\n");
    tell_causes(teller, run);
}

static void tell_steps(struct teller *teller, const struct trace_step *steps, uint32_t count,
                       const struct period_due *due)
{
    for (uint32_t i = 0, next; i < count; i = next) {
        next = i + 1;
        while (next < count && is_one_run(teller, &steps[next - 1], &steps[next]))
            next++;
        tell_run(teller, &(struct run){&steps[i], &steps[next - 1]}, due);
    }
}

static void tell_head(struct teller *teller)
{
    bool is_hours = teller->terms->budget.unit == PERIOD_HOURS;
    tell_period(teller, teller->terms->budget);
    tell(teller, ",自 ", " from ");
    if (is_hours)
        tell_instant(teller, teller->terms->anchor_ms);
    else
        tell_date(teller, teller->terms->anchor);
    tell(teller, " 起算", "");
    if (teller->terms->rule == RULE_CRIMINAL)
        tell(teller, ",刑事诉讼期间", ", by the rule of criminal procedure");
    if (teller->terms->rule == RULE_CUSTODY)
        tell(teller, ",在押期间", ", by the rule of custody");
    buffer_put_text(teller->buffer, "\n");
}

/* The notices by which the days off of these years are known. */
static void tell_notices(struct teller *teller, const struct period_due *due)
{
    int32_t first = civil_from_date(teller->terms->anchor).year;
    int32_t last = civil_from_date(due->last_day).year;
    for (uint32_t i = 0; i < teller->calendar->year_count; i++) {
        const struct calendar_year *year = &teller->calendar->years[i];
        if (year->year < first || year->year > last || !year->basis.size)
            continue;
        tell(teller, "  放假安排:", "  days off: ");
        buffer_put(teller->buffer, year->basis);
        buffer_put_text(teller->buffer, "\n");
    }
}

static void tell_provisional(struct teller *teller)
{
    const struct calendar *calendar = teller->calendar;
    tell(teller, "  暂定:所涉年份的放假安排尚未公布,只按周末推算",
         "  provisional: the days off of a year concerned are not announced, weekends alone count");
    if (calendar->year_count) {
        tell(teller, "(已公布至 ", " (announced through ");
        tell_number(teller, calendar->years[calendar->year_count - 1].year);
        tell(teller, " 年)", ")");
    }
    buffer_put_text(teller->buffer, "\n");
}

static void tell_foot(struct teller *teller, const struct period_due *due, struct bytes basis)
{
    bool is_open = due->due_ms == INSTANT_NONE;
    if (is_open)
        tell(teller, "  停止计算中,恢复后再定到期日\n",
             "  stopped: the due date is known when it goes on\n");
    enum period_unit unit = teller->terms->budget.unit;
    bool may_roll = teller->terms->is_rolled && teller->terms->rule != RULE_CUSTODY;
    bool is_by_days_off = unit == PERIOD_WORKING_DAYS || (unit != PERIOD_HOURS && may_roll);
    if (!is_open && is_by_days_off)
        tell_notices(teller, due);
    if (due->is_provisional)
        tell_provisional(teller);
    if (!basis.size)
        return;
    tell(teller, "  依据:", "  basis: ");
    buffer_put(teller->buffer, basis);
    buffer_put_text(teller->buffer, "\n");
}

void explain_account(const struct period_account *account, bool is_zh, struct arena *arena,
                     struct buffer *buffer)
{
    const struct period_terms *terms = account->terms;
    const struct calendar *calendar = account->calendar;
    struct teller teller = {terms, calendar, is_zh, buffer, 0, account->causes};
    const struct trace_step *steps;
    uint32_t count;
    struct period_due due;
    size_t mark = arena_mark(arena);
    if (period_derive(terms, calendar, &due)) {
        tell(&teller, "  期间超出可计算的范围\n",
             "  the period lies beyond what can be computed\n");
        return;
    }
    tell_head(&teller);
    if (period_trace(terms, calendar, arena, STEPS_MAX, &steps, &count) == LD_OK)
        tell_steps(&teller, steps, count, &due);
    else
        tell(&teller, "  日数太多,不逐日列出\n", "  too many days to list them one by one\n");
    tell_foot(&teller, &due, account->basis);
    arena_rewind(arena, mark);
}

void explain_period(const struct period_terms *terms, const struct calendar *calendar,
                    struct bytes basis, bool is_zh, struct arena *arena, struct buffer *buffer)
{
    explain_account(&(struct period_account){terms, calendar, basis, NULL}, is_zh, arena, buffer);
}
