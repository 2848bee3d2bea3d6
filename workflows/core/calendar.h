/* The working-day calendar: which days count, up to the last year that has been announced.
 * Pure data and arithmetic; it knows no law (period.h does) and no time of day. */
#ifndef LD_CORE_CALENDAR_H
#define LD_CORE_CALENDAR_H

#include "base/civil.h"

enum day_kind { DAY_OFF, DAY_WORK };

/* A day that is not what its weekday says. */
struct calendar_day {
    int32_t date;
    enum day_kind kind; /* DAY_OFF: a public holiday; DAY_WORK: a weekend day that is worked */
    struct bytes name;  /* 国庆节; may be empty */
};

struct calendar_year {
    int32_t year;
    struct bytes basis; /* the notice that announced it */
};

struct calendar {
    struct bytes id;
    uint32_t version;
    int zone_minutes;
    const struct calendar_day *days; /* sorted by date, each date once */
    uint32_t day_count;
    const struct calendar_year *years; /* sorted; the announced years */
    uint32_t year_count;
    uint8_t weekend; /* bit i: weekday i (0 Monday) is off unless a day says else */
};

/* O(log days). In a year that is not announced the weekend alone counts. */
bool calendar_is_working(const struct calendar *calendar, int32_t date);
/* The special day at this date, or NULL. */
const struct calendar_day *calendar_day_at(const struct calendar *calendar, int32_t date);
/* The announced year of this date, or NULL: what is derived over such a date is provisional. */
const struct calendar_year *calendar_year_of(const struct calendar *calendar, int32_t date);
/* The first working day at or after date; at or before it. */
int32_t calendar_roll(const struct calendar *calendar, int32_t date);
int32_t calendar_roll_back(const struct calendar *calendar, int32_t date);
/* The count-th working day after (count > 0) or before (count < 0) date; date itself for 0. */
int32_t calendar_add_working(const struct calendar *calendar, int32_t date, int32_t count);
/* Working days in (after, through]; negative where through lies before after. */
int32_t calendar_count_working(const struct calendar *calendar, int32_t after, int32_t through);
/* The instant of 24:00 of a date in the calendar's zone. */
int64_t calendar_end_of(const struct calendar *calendar, int32_t date);

#endif
