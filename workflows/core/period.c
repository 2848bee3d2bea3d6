/* Legal periods. One walk computes the last day and, where a trace is wanted, writes down each
 * step as it goes: the derivation that people read cannot differ from the date that binds them.
 *
 *   anchor ─budget─▶ ─extension in another unit─▶ … ─▶ unrolled last day ─roll─▶ last day
 *             └─ stops push the end of the stretch in which they begin ─┘
 *
 * The rules (民诉法 §85, 民法典 §201-203, 刑诉解释 §202, 刑诉法 §105; LANGUAGE §4):
 * - The anchor day is not counted (民法典 §201).
 * - Extensions in the budget's unit are added to it and counted once from the anchor, years being
 *   twelve months; one in another unit is a stretch of its own and counts on from the unrolled
 *   last day, in the order granted.
 * - A stop moves the end of the stretch in which it begins. Only days that would have counted are
 *   given back: a stop from before the anchor gives back what lies after it, and one that begins
 *   when the period is already over gives back nothing.
 * - Rolling comes last and once (民法典 §203). A weekend day that is worked is no day off.
 *
 * Choices where the law and the language are silent:
 * - An open stop lasts for ever: there is no due date (DATE_NONE, INSTANT_NONE), and the trace ends
 *   with the first stopped day.
 * - A period in working days stopped on its very last day has none left on resumption: it ends on
 *   the day of resumption, or on the first working day after it.
 * - A given date (`until`) is not rolled; where a stop or an extension moved it, the last day is a
 *   counted one and rolls like any other.
 * - Hours added to a period in days are rounded up to whole days, for a day ends at 24:00. Days,
 *   months and the like added to hours keep the time of day.
 * - Provisional is what depends on a year not announced: a natural period by its rolling alone (so
 *   never in custody), one in working days by every counted day, hours never. */
#include "workflows/core/period.h"

enum { MONTHS_IN_YEAR = 12, YEAR_MAX = 9999, HOURS_IN_DAY = 24 };

/* A stretch of the period: the budget with what was added to it, or an extension. */
struct stretch {
    int64_t amount; /* PERIOD_UNTIL: the date */
    enum period_unit unit;
    bool is_last;
};

struct walk {
    const struct period_terms *terms;
    const struct calendar *calendar;
    bool is_traced;
    struct trace_step *steps; /* NULL: they are only counted */
    uint32_t step_count;
    int32_t date;    /* the unrolled last day so far */
    int64_t due_ms;  /* of hours: the same as an instant */
    uint32_t stop;   /* the first stop that has not been used up */
    bool is_open;    /* within a stop that lasts */
    bool is_rolling; /* what was walked ends on a day that rolls */
    bool is_provisional;
};

static bool is_date(int64_t date)
{
    return date >= DATE_MIN && date <= DATE_MAX;
}

static void emit(struct walk *walk, enum trace_kind kind, int32_t date, int64_t number)
{
    if (!walk->is_traced)
        return;
    if (walk->steps)
        walk->steps[walk->step_count] = (struct trace_step){
            kind, date, (int32_t)number, !calendar_year_of(walk->calendar, date)};
    walk->step_count++;
}

static void emit_days(struct walk *walk, enum trace_kind kind, int32_t after, int32_t through)
{
    if (!walk->is_traced)
        return;
    for (int32_t date = after + 1; date <= through; date++)
        emit(walk, kind, date, 0);
}

/* The result depends on which of these days are worked. */
static void depend_on(struct walk *walk, int32_t first, int32_t last)
{
    while (!walk->is_provisional && first <= last) {
        walk->is_provisional = !calendar_year_of(walk->calendar, first);
        first = date_from_civil((struct civil){civil_from_date(first).year + 1, 1, 1});
    }
}

/* 民法典 §202: the day of the same number, and where the month has none its last day.
 * 刑诉解释 §202: from a month's last day to a month's last day. */
static enum ld_err add_months(int32_t date, int64_t months, enum period_rule rule,
                              int32_t *ret_date)
{
    struct civil civil = civil_from_date(date);
    bool is_month_end = civil.day == month_length(civil.year, civil.month);
    int64_t month = (int64_t)civil.year * MONTHS_IN_YEAR + civil.month - 1 + months;
    if (month < MONTHS_IN_YEAR || month >= (YEAR_MAX + 1) * (int64_t)MONTHS_IN_YEAR)
        return LD_OVERFLOW;
    civil.year = (int32_t)(month / MONTHS_IN_YEAR);
    civil.month = (uint8_t)(month % MONTHS_IN_YEAR + 1);
    uint8_t length = month_length(civil.year, civil.month);
    if (civil.day > length || (rule != RULE_CIVIL && is_month_end))
        civil.day = length;
    *ret_date = date_from_civil(civil);
    return LD_OK;
}

static enum ld_err add_units(const struct calendar *calendar, int32_t date, struct stretch by,
                             enum period_rule rule, int32_t *ret_date)
{
    int64_t sum = (int64_t)date + by.amount;
    switch (by.unit) {
    case PERIOD_DAYS: break;
    case PERIOD_WORKING_DAYS:
        if (is_date(sum))
            sum = calendar_add_working(calendar, date, (int32_t)by.amount);
        break;
    case PERIOD_MONTHS: return add_months(date, by.amount, rule, ret_date);
    case PERIOD_YEARS: return add_months(date, by.amount * MONTHS_IN_YEAR, rule, ret_date);
    case PERIOD_UNTIL:
        /* An extension to a date never shortens. */
        sum = by.amount;
        break;
    case PERIOD_HOURS: LD_ASSERT(by.unit != PERIOD_HOURS); break;
    }
    if (!is_date(sum))
        return LD_OVERFLOW;
    *ret_date = (int32_t)sum;
    return LD_OK;
}

enum ld_err period_add(const struct calendar *calendar, int32_t date, struct period period,
                       enum period_rule rule, int32_t *ret_date)
{
    LD_ASSERT(period.unit != PERIOD_HOURS && period.unit != PERIOD_UNTIL);
    if (!is_date(date))
        return LD_OVERFLOW;
    return add_units(calendar, date, (struct stretch){period.amount, period.unit, false}, rule,
                     ret_date);
}

/* The stop that begins at or before the day and gives something back after `start`, or NULL. */
static const struct period_stop *next_stop(struct walk *walk, int32_t start, int32_t through)
{
    const struct period_terms *terms = walk->terms;
    for (; walk->stop < terms->stop_count; walk->stop++) {
        const struct period_stop *stop = &terms->stops[walk->stop];
        int32_t from = stop->from > start ? stop->from : start;
        if (stop->until != DATE_NONE && stop->until <= from)
            continue;
        return stop->from <= through ? stop : NULL;
    }
    return NULL;
}

/* 刑诉法 §105: a period in custody is not prolonged by a holiday. */
static bool may_roll(const struct period_terms *terms)
{
    return terms->is_rolled && terms->rule != RULE_CUSTODY;
}

static int32_t later(int32_t left, int32_t right)
{
    return left > right ? left : right;
}

/* Counts the days of one piece of a stretch in days and returns how many have been counted. */
static int64_t emit_counted(struct walk *walk, int32_t after, int32_t through, int64_t number,
                            bool is_working)
{
    if (!walk->is_traced)
        return number;
    for (int32_t date = after + 1; date <= through; date++) {
        bool counts = !is_working || calendar_is_working(walk->calendar, date);
        emit(walk, counts ? TRACE_COUNTED : TRACE_DAY_OFF, date, counts ? ++number : 0);
    }
    return number;
}

/* The last day on which something can still be done within the stretch: a stop that begins on a
 * day onto which the period rolls comes in time. */
static int32_t reach(const struct walk *walk, const struct stretch *stretch, int32_t end)
{
    if (!stretch->is_last || !walk->is_rolling)
        return end;
    return calendar_roll(walk->calendar, end);
}

/* Natural days: the end moves by R - P for each stop from P to R. The days are written down only
 * for a period in days; months name their corresponding day instead. */
static enum ld_err walk_natural(struct walk *walk, const struct stretch *stretch, int32_t end)
{
    bool is_days = stretch->unit == PERIOD_DAYS;
    int32_t at = walk->date, start = walk->date;
    int64_t number = 0;
    const struct period_stop *stop;
    while ((stop = next_stop(walk, start, reach(walk, stretch, end)))) {
        int32_t from = later(stop->from, start);
        if (is_days) {
            int32_t piece = from < end ? from : end;
            number = emit_counted(walk, at, piece, number, false);
        }
        walk->is_rolling = may_roll(walk->terms);
        if (stop->until == DATE_NONE) {
            emit(walk, TRACE_STOPPED, from + 1, 0);
            walk->is_open = true;
            return LD_OK;
        }
        int64_t moved = (int64_t)end + stop->until - from;
        if (!is_date(moved))
            return LD_OVERFLOW;
        emit_days(walk, TRACE_STOPPED, from, stop->until);
        /* Where the days are counted one by one the stop shows by itself, unless they were all
         * counted when it began. */
        if (!is_days || from >= end)
            emit(walk, TRACE_SHIFTED, (int32_t)moved, stop->until - from);
        at = from >= end ? (int32_t)moved : stop->until;
        end = (int32_t)moved;
        walk->stop++;
    }
    if (is_days)
        emit_counted(walk, at, end, number, false);
    walk->date = end;
    return LD_OK;
}

/* Working days: those left on the day of the stop are counted on after its end. */
static enum ld_err walk_working(struct walk *walk, const struct stretch *stretch)
{
    const struct calendar *calendar = walk->calendar;
    int32_t at = walk->date;
    int32_t left = (int32_t)stretch->amount;
    int64_t number = 0;
    int32_t end = calendar_add_working(calendar, at, left);
    const struct period_stop *stop;
    while (is_date(end) && (stop = next_stop(walk, at, end))) {
        int32_t from = later(stop->from, at);
        int32_t used = calendar_count_working(calendar, at, from);
        left -= used < left ? used : left;
        number = emit_counted(walk, at, from, number, true);
        depend_on(walk, at + 1, from);
        if (stop->until == DATE_NONE) {
            emit(walk, TRACE_STOPPED, from + 1, 0);
            walk->is_open = true;
            return LD_OK;
        }
        emit_days(walk, TRACE_STOPPED, from, stop->until);
        at = stop->until;
        end = left ? calendar_add_working(calendar, at, left) : calendar_roll(calendar, at);
        walk->stop++;
    }
    if (!is_date(end))
        return LD_OVERFLOW;
    depend_on(walk, left ? at + 1 : at, end);
    if (left)
        emit_counted(walk, at, end, number, true);
    else
        emit_days(walk, TRACE_ROLLED_OVER, at - 1, end - 1);
    walk->date = end;
    return LD_OK;
}

static void emit_corresponding(struct walk *walk, const struct stretch *stretch, int32_t end)
{
    struct civil from = civil_from_date(walk->date), to = civil_from_date(end);
    bool is_last = to.day == month_length(to.year, to.month);
    bool is_from_last = from.day == month_length(from.year, from.month);
    bool is_ruled = walk->terms->rule != RULE_CIVIL && is_from_last && is_last;
    emit(walk, from.day != to.day || is_ruled ? TRACE_MONTH_END : TRACE_MONTH, end,
         stretch->amount);
}

static enum ld_err walk_stretch(struct walk *walk, const struct stretch *stretch)
{
    const struct period_terms *terms = walk->terms;
    int32_t end;
    bool was_rolling = walk->is_rolling;
    enum ld_err err = add_units(walk->calendar, walk->date, *stretch, terms->rule, &end);
    if (err)
        return err;
    walk->is_rolling = may_roll(terms);
    switch (stretch->unit) {
    case PERIOD_DAYS: break;
    case PERIOD_WORKING_DAYS: walk->is_rolling = false; return walk_working(walk, stretch);
    case PERIOD_MONTHS:
    case PERIOD_YEARS: emit_corresponding(walk, stretch, end); break;
    case PERIOD_UNTIL:
        /* An extension to a date that was reached anyway changes nothing. */
        walk->is_rolling = was_rolling && end == walk->date;
        emit(walk, TRACE_UNTIL, end, 0);
        break;
    case PERIOD_HOURS: LD_ASSERT(stretch->unit != PERIOD_HOURS); break;
    }
    return walk_natural(walk, stretch, end);
}

/* Months and years are one unit: a year is twelve months. */
static bool is_same_unit(enum period_unit left, enum period_unit right)
{
    bool are_months = (left == PERIOD_MONTHS || left == PERIOD_YEARS)
                      && (right == PERIOD_MONTHS || right == PERIOD_YEARS);
    return are_months || (left == right && left != PERIOD_UNTIL);
}

static int64_t amount_in(struct period period, enum period_unit unit)
{
    if (period.unit == PERIOD_YEARS && unit == PERIOD_MONTHS)
        return (int64_t)period.amount * MONTHS_IN_YEAR;
    return period.amount;
}

/* The budget with the extensions in its own unit. */
static struct stretch budget_stretch(struct walk *walk)
{
    const struct period_terms *terms = walk->terms;
    struct stretch sum = {0, terms->budget.unit, true};
    if (sum.unit == PERIOD_YEARS)
        sum.unit = PERIOD_MONTHS;
    sum.amount = amount_in(terms->budget, sum.unit);
    for (uint32_t i = 0; i < terms->extension_count; i++) {
        struct period by = terms->extensions[i].by;
        if (!is_same_unit(by.unit, terms->budget.unit)) {
            sum.is_last = false;
            continue;
        }
        emit(walk, TRACE_EXTENDED, terms->anchor, i);
        sum.amount += amount_in(by, sum.unit);
    }
    return sum;
}

/* An extension in another unit as a stretch behind the walked ones. */
static struct stretch extension_stretch(const struct walk *walk, uint32_t index)
{
    const struct period_terms *terms = walk->terms;
    struct period by = terms->extensions[index].by;
    struct stretch stretch = {by.amount, by.unit, true};
    if (by.unit == PERIOD_HOURS) {
        stretch.unit = PERIOD_DAYS;
        stretch.amount = (stretch.amount + HOURS_IN_DAY - 1) / HOURS_IN_DAY;
    }
    if (by.unit == PERIOD_UNTIL && by.amount < walk->date)
        stretch.amount = walk->date;
    for (uint32_t i = index + 1; i < terms->extension_count; i++)
        if (!is_same_unit(terms->extensions[i].by.unit, terms->budget.unit))
            stretch.is_last = false;
    return stretch;
}

static enum ld_err walk_dates(struct walk *walk)
{
    const struct period_terms *terms = walk->terms;
    walk->date = terms->anchor;
    emit(walk, TRACE_ANCHOR, terms->anchor, 0);
    struct stretch budget = budget_stretch(walk);
    enum ld_err err = walk_stretch(walk, &budget);
    for (uint32_t i = 0; !err && !walk->is_open && i < terms->extension_count; i++) {
        if (is_same_unit(terms->extensions[i].by.unit, terms->budget.unit))
            continue;
        struct stretch stretch = extension_stretch(walk, i);
        emit(walk, TRACE_EXTENDED, walk->date, i);
        err = walk_stretch(walk, &stretch);
    }
    return err;
}

/* The stops of a period in hours, to the millisecond: they push the due instant. */
static enum ld_err stop_hours(struct walk *walk)
{
    const struct period_terms *terms = walk->terms;
    int zone = walk->calendar->zone_minutes;
    for (; walk->stop < terms->stop_count; walk->stop++) {
        const struct period_stop *stop = &terms->stops[walk->stop];
        int64_t from = stop->from_ms > terms->anchor_ms ? stop->from_ms : terms->anchor_ms;
        if (stop->until_ms != INSTANT_NONE && stop->until_ms <= from)
            continue;
        if (from > walk->due_ms)
            break;
        emit(walk, TRACE_STOPPED, date_of_instant(from, zone), 0);
        walk->is_open = stop->until_ms == INSTANT_NONE;
        if (walk->is_open)
            break;
        if (stop->until_ms >= instant_of_date(DATE_MAX, zone))
            return LD_OVERFLOW;
        walk->due_ms += stop->until_ms - from;
    }
    walk->date = date_of_instant(walk->due_ms, zone);
    return is_date(walk->date) ? LD_OK : LD_OVERFLOW;
}

static enum ld_err extend_hours(struct walk *walk, uint32_t index)
{
    int zone = walk->calendar->zone_minutes;
    struct stretch stretch = extension_stretch(walk, index);
    int64_t time_ms = walk->due_ms - instant_of_date(walk->date, zone);
    int32_t date;
    enum ld_err err = add_units(walk->calendar, walk->date, stretch, walk->terms->rule, &date);
    if (err)
        return err;
    emit(walk, TRACE_EXTENDED, walk->date, index);
    if (stretch.unit == PERIOD_WORKING_DAYS)
        depend_on(walk, walk->date + 1, date);
    walk->due_ms = instant_of_date(date, zone) + time_ms;
    return stop_hours(walk);
}

/* 刑诉法 §105: hours run through nights and holidays and do not roll. */
static enum ld_err walk_hours(struct walk *walk)
{
    const struct period_terms *terms = walk->terms;
    int zone = walk->calendar->zone_minutes;
    if (terms->anchor_ms < instant_of_date(DATE_MIN, zone)
        || terms->anchor_ms >= instant_of_date(DATE_MAX, zone))
        return LD_OVERFLOW;
    emit(walk, TRACE_ANCHOR, date_of_instant(terms->anchor_ms, zone), 0);
    struct stretch budget = budget_stretch(walk);
    walk->due_ms = terms->anchor_ms + budget.amount * HOUR_MS;
    enum ld_err err = stop_hours(walk);
    for (uint32_t i = 0; !err && !walk->is_open && i < terms->extension_count; i++)
        if (terms->extensions[i].by.unit != PERIOD_HOURS)
            err = extend_hours(walk, i);
    if (!err && !walk->is_open)
        emit(walk, TRACE_HOURS, walk->date, budget.amount);
    return err;
}

static enum ld_err check_period(struct period period)
{
    if (period.unit == PERIOD_UNTIL)
        return is_date(period.amount) ? LD_OK : LD_OVERFLOW;
    if (period.amount < 1)
        return LD_INVALID;
    return period.amount <= PERIOD_AMOUNT_MAX ? LD_OK : LD_OVERFLOW;
}

static enum ld_err check_terms(const struct period_terms *terms)
{
    enum ld_err err = check_period(terms->budget);
    for (uint32_t i = 0; !err && i < terms->extension_count; i++)
        err = check_period(terms->extensions[i].by);
    if (!err && terms->budget.unit != PERIOD_HOURS && !is_date(terms->anchor))
        return LD_OVERFLOW;
    return err;
}

/* 民法典 §203: the last day is a day off: the next day that is none; its end is 24:00. */
static enum ld_err finish_dates(struct walk *walk, struct period_due *due)
{
    int32_t last_day = walk->date;
    due->unrolled = walk->date;
    if (walk->is_rolling) {
        last_day = calendar_roll(walk->calendar, walk->date);
        if (!is_date(last_day))
            return LD_OVERFLOW;
        depend_on(walk, walk->date, last_day);
        emit_days(walk, TRACE_ROLLED_OVER, walk->date - 1, last_day - 1);
    }
    emit(walk, TRACE_LAST, last_day, 0);
    due->last_day = last_day;
    due->due_ms = calendar_end_of(walk->calendar, last_day);
    return LD_OK;
}

static enum ld_err walk_period(struct walk *walk, struct period_due *ret_due)
{
    struct period_due due = {DATE_NONE, DATE_NONE, INSTANT_NONE, false};
    bool is_hours = walk->terms->budget.unit == PERIOD_HOURS;
    enum ld_err err = check_terms(walk->terms);
    if (!err)
        err = is_hours ? walk_hours(walk) : walk_dates(walk);
    if (!err && !walk->is_open && is_hours)
        due = (struct period_due){walk->date, walk->date, walk->due_ms, false};
    else if (!err && !walk->is_open)
        err = finish_dates(walk, &due);
    if (err)
        return err;
    due.is_provisional = walk->is_provisional && !walk->is_open;
    *ret_due = due;
    return LD_OK;
}

enum ld_err period_derive(const struct period_terms *terms, const struct calendar *calendar,
                          struct period_due *ret_due)
{
    struct walk walk = {.terms = terms, .calendar = calendar};
    return walk_period(&walk, ret_due);
}

enum ld_err period_trace(const struct period_terms *terms, const struct calendar *calendar,
                         struct arena *arena, uint32_t max, const struct trace_step **ret_steps,
                         uint32_t *ret_count)
{
    struct walk counting = {.terms = terms, .calendar = calendar, .is_traced = true};
    struct period_due due;
    enum ld_err err = walk_period(&counting, &due);
    if (err)
        return err;
    if (counting.step_count > max)
        return LD_FULL;
    struct walk writing = {.terms = terms, .calendar = calendar, .is_traced = true};
    writing.steps = arena_alloc_array(arena, counting.step_count, sizeof(*writing.steps));
    if (!writing.steps)
        return LD_FULL;
    err = walk_period(&writing, &due);
    LD_ASSERT(!err && writing.step_count == counting.step_count);
    *ret_steps = writing.steps;
    *ret_count = writing.step_count;
    return LD_OK;
}
