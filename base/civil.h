/* Civil dates and instants, proleptic Gregorian, without the C library's clock or zones.
 * A date is days since 1970-01-01 (int32_t); an instant is milliseconds since
 * 1970-01-01T00:00:00Z (int64_t); a zone is a fixed offset in minutes east of UTC. */
#ifndef LD_BASE_CIVIL_H
#define LD_BASE_CIVIL_H

#include "base/buffer.h"

enum { DAY_MS = 86400000, HOUR_MS = 3600000, MINUTE_MS = 60000 };
#define INSTANT_NONE INT64_MIN
#define DATE_NONE INT32_MIN
/* 0001-01-01 and 9999-12-31: what the text forms can say. */
#define DATE_MIN (-719162)
#define DATE_MAX 2932896

struct civil {
    int32_t year;
    uint8_t month; /* 1..12 */
    uint8_t day;   /* 1..31 */
};

struct civil civil_from_date(int32_t date);
int32_t date_from_civil(struct civil civil);
uint8_t month_length(int32_t year, uint8_t month);
/* 0 Monday .. 6 Sunday. */
int date_weekday(int32_t date);

/* The date on which an instant falls in a zone, and the instant of that zone's 00:00. */
int32_t date_of_instant(int64_t instant_ms, int zone_minutes);
int64_t instant_of_date(int32_t date, int zone_minutes);

/* YYYY-MM-DD; false leaves the result untouched. */
bool date_parse(struct bytes text, int32_t *ret_date);
/* RFC 3339 (T or a space between; seconds and fraction optional; without a zone the given one
 * counts; second 60 is taken as the next minute's 00). */
bool instant_parse(struct bytes text, int zone_minutes, int64_t *ret_instant_ms);
/* "+08:00", "-03:30", "Z". */
bool zone_parse(struct bytes text, int *ret_zone_minutes);

void buffer_put_date(struct buffer *buffer, int32_t date);
/* 2025-10-10T00:00:00+08:00, with .mmm where the milliseconds are not zero. */
void buffer_put_instant(struct buffer *buffer, int64_t instant_ms, int zone_minutes);

#endif
