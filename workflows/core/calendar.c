/* Which days are worked. The notice of a year moves holidays and makes weekend days worked
 * (国务院办公厅关于部分节假日安排的通知), so a day is looked up first and its weekday asked second.
 *
 * Invariants:
 * - a year that is not announced knows its weekend alone, even if a stray day of it is listed;
 * - no function steps a day at a time over a long way: whole weeks are counted in closed form and
 *   corrected by the special days between;
 * - past the dates that can be written (DATE_MIN, DATE_MAX) the result is one day beyond them and
 *   means "no such day": the callers turn it into LD_OVERFLOW. */
#include "workflows/core/calendar.h"

#include "base/assert.h"

enum { WEEK = 7, ALL_WEEK_OFF = 0x7f };

/* The number of special days before the date. */
static uint32_t days_before(const struct calendar *calendar, int64_t date)
{
    uint32_t low = 0, high = calendar->day_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (calendar->days[middle].date < date)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct calendar_day *calendar_day_at(const struct calendar *calendar, int32_t date)
{
    uint32_t index = days_before(calendar, date);
    if (index == calendar->day_count || calendar->days[index].date != date)
        return NULL;
    return &calendar->days[index];
}

const struct calendar_year *calendar_year_of(const struct calendar *calendar, int32_t date)
{
    int32_t year = civil_from_date(date).year;
    uint32_t low = 0, high = calendar->year_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (calendar->years[middle].year < year)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == calendar->year_count || calendar->years[low].year != year)
        return NULL;
    return &calendar->years[low];
}

static bool is_weekday_worked(const struct calendar *calendar, int weekday)
{
    return !(calendar->weekend >> weekday & 1);
}

bool calendar_is_working(const struct calendar *calendar, int32_t date)
{
    const struct calendar_day *day = calendar_day_at(calendar, date);
    if (day && calendar_year_of(calendar, date))
        return day->kind == DAY_WORK;
    return is_weekday_worked(calendar, date_weekday(date));
}

/* Worked weekdays from a fixed Monday through the date, special days left out of account. */
static int64_t weekdays_through(const struct calendar *calendar, int32_t date)
{
    int weekday = date_weekday(date);
    int64_t monday = (int64_t)date - weekday;
    int64_t in_week = 0, in_rest = 0;
    for (int i = 0; i < WEEK; i++) {
        in_week += is_weekday_worked(calendar, i);
        in_rest += i <= weekday && is_weekday_worked(calendar, i);
    }
    /* 1969-12-29, day -3, was a Monday, so that the division leaves no rest. */
    return (monday + 3) / WEEK * in_week + in_rest;
}

int32_t calendar_count_working(const struct calendar *calendar, int32_t after, int32_t through)
{
    if (through < after)
        return -calendar_count_working(calendar, through, after);
    int64_t count = weekdays_through(calendar, through) - weekdays_through(calendar, after);
    uint32_t end = days_before(calendar, (int64_t)through + 1);
    for (uint32_t i = days_before(calendar, (int64_t)after + 1); i < end; i++) {
        const struct calendar_day *day = &calendar->days[i];
        bool is_weekday = is_weekday_worked(calendar, date_weekday(day->date));
        count += (int)calendar_is_working(calendar, day->date) - (int)is_weekday;
    }
    return (int32_t)count;
}

/* In that direction no day is worked any more: all the week is off and no special day is left. */
static bool is_never_worked(const struct calendar *calendar, int32_t date, int direction)
{
    if ((calendar->weekend & ALL_WEEK_OFF) != ALL_WEEK_OFF)
        return false;
    uint32_t before = days_before(calendar, date);
    return direction > 0 ? before == calendar->day_count : before == 0;
}

int32_t calendar_add_working(const struct calendar *calendar, int32_t date, int32_t count)
{
    int direction = count < 0 ? -1 : 1;
    int64_t at = date, left = count;
    /* So many working days take at least so many days: the jump never passes the goal, and the
     * last jump went over working days only, so it ends on one. */
    while (left != 0) {
        int64_t next = at + left;
        if (next > DATE_MAX || is_never_worked(calendar, (int32_t)at, direction))
            return direction > 0 ? DATE_MAX + 1 : DATE_MIN - 1;
        if (next < DATE_MIN)
            return DATE_MIN - 1;
        /* Backwards the working days of [next, at - 1] are counted: the range is half open. */
        left -= direction > 0
                    ? calendar_count_working(calendar, (int32_t)at, (int32_t)next)
                    : calendar_count_working(calendar, (int32_t)at - 1, (int32_t)next - 1);
        at = next;
    }
    return (int32_t)at;
}

int32_t calendar_roll(const struct calendar *calendar, int32_t date)
{
    if (calendar_is_working(calendar, date))
        return date;
    return calendar_add_working(calendar, date, 1);
}

int32_t calendar_roll_back(const struct calendar *calendar, int32_t date)
{
    if (calendar_is_working(calendar, date))
        return date;
    return calendar_add_working(calendar, date, -1);
}

int64_t calendar_end_of(const struct calendar *calendar, int32_t date)
{
    LD_ASSERT(date < INT32_MAX);
    return instant_of_date(date + 1, calendar->zone_minutes);
}
