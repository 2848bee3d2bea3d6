#include "base/civil.h"

#include "base/assert.h"

/* Days from 0000-03-01 to 1970-01-01: years are counted from March, so that the leap day is
 * the last of its year and the month lengths follow one line. */
enum { DAYS_TO_EPOCH = 719468, DAYS_IN_ERA = 146097 };

static int64_t floor_div(int64_t number, int64_t by)
{
    int64_t quotient = number / by;
    return quotient - (number % by < 0);
}

struct civil civil_from_date(int32_t date)
{
    int64_t days = (int64_t)date + DAYS_TO_EPOCH;
    int64_t era = floor_div(days, DAYS_IN_ERA);
    int64_t day_of_era = days - era * DAYS_IN_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    return (struct civil){(int32_t)year, (uint8_t)month, (uint8_t)day};
}

int32_t date_from_civil(struct civil civil)
{
    LD_ASSERT(civil.month >= 1 && civil.month <= 12);
    int64_t year = (int64_t)civil.year - (civil.month <= 2);
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t march_month = civil.month > 2 ? civil.month - 3 : civil.month + 9;
    int64_t day_of_year = (153 * march_month + 2) / 5 + civil.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * DAYS_IN_ERA + day_of_era - DAYS_TO_EPOCH);
}

uint8_t month_length(int32_t year, uint8_t month)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    LD_ASSERT(month >= 1 && month <= 12);
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return (uint8_t)(lengths[month - 1] + (month == 2 && is_leap));
}

int date_weekday(int32_t date)
{
    /* 1970-01-01 was a Thursday. */
    int64_t shifted = (int64_t)date + 3;
    return (int)(shifted - floor_div(shifted, 7) * 7);
}

int32_t date_of_instant(int64_t instant_ms, int zone_minutes)
{
    return (int32_t)floor_div(instant_ms + (int64_t)zone_minutes * MINUTE_MS, DAY_MS);
}

int64_t instant_of_date(int32_t date, int zone_minutes)
{
    return (int64_t)date * DAY_MS - (int64_t)zone_minutes * MINUTE_MS;
}

/* Exactly width digits. */
static bool take_digits(struct reader *reader, size_t width, int32_t *ret_number)
{
    struct bytes digits = reader_take(reader, width);
    int32_t number = 0;
    if (digits.size != width)
        return false;
    for (size_t i = 0; i < width; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        number = number * 10 + (digits.ptr[i] - '0');
    }
    *ret_number = number;
    return true;
}

static bool take_char(struct reader *reader, char wanted)
{
    if (reader_left(reader) == 0 || reader->bytes.ptr[reader->at] != (uint8_t)wanted)
        return false;
    reader->at++;
    return true;
}

static bool take_date(struct reader *reader, int32_t *ret_date)
{
    int32_t year, month, day;
    if (!take_digits(reader, 4, &year) || !take_char(reader, '-') || !take_digits(reader, 2, &month)
        || !take_char(reader, '-') || !take_digits(reader, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_length(year, (uint8_t)month))
        return false;
    *ret_date = date_from_civil((struct civil){year, (uint8_t)month, (uint8_t)day});
    return true;
}

bool date_parse(struct bytes text, int32_t *ret_date)
{
    struct reader reader = {.bytes = text};
    int32_t date;
    if (!take_date(&reader, &date) || reader_left(&reader))
        return false;
    *ret_date = date;
    return true;
}

static bool take_zone(struct reader *reader, int *ret_zone_minutes)
{
    int32_t hours, minutes;
    if (take_char(reader, 'Z') || take_char(reader, 'z')) {
        *ret_zone_minutes = 0;
        return true;
    }
    int sign = take_char(reader, '+') ? 1 : take_char(reader, '-') ? -1 : 0;
    if (!sign || !take_digits(reader, 2, &hours) || !take_char(reader, ':')
        || !take_digits(reader, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_zone_minutes = sign * (hours * 60 + minutes);
    return true;
}

bool zone_parse(struct bytes text, int *ret_zone_minutes)
{
    struct reader reader = {.bytes = text};
    int zone;
    if (!take_zone(&reader, &zone) || reader_left(&reader))
        return false;
    *ret_zone_minutes = zone;
    return true;
}

/* The fraction of a second in milliseconds; digits past the third are read and dropped. */
static bool take_fraction(struct reader *reader, int64_t *ret_ms)
{
    int64_t ms = 0, unit = 100;
    int32_t digit;
    if (!take_digits(reader, 1, &digit))
        return false;
    do {
        ms += digit * unit;
        unit /= 10;
    } while (reader_left(reader) && reader->bytes.ptr[reader->at] >= '0'
             && reader->bytes.ptr[reader->at] <= '9' && take_digits(reader, 1, &digit));
    *ret_ms = ms;
    return true;
}

static bool take_time(struct reader *reader, int64_t *ret_ms)
{
    int32_t hour, minute, second = 0;
    int64_t fraction_ms = 0;
    if (!take_digits(reader, 2, &hour) || !take_char(reader, ':')
        || !take_digits(reader, 2, &minute))
        return false;
    if (take_char(reader, ':') && !take_digits(reader, 2, &second))
        return false;
    if (take_char(reader, '.') && !take_fraction(reader, &fraction_ms))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *ret_ms = (int64_t)hour * HOUR_MS + minute * MINUTE_MS + second * 1000 + fraction_ms;
    return true;
}

bool instant_parse(struct bytes text, int zone_minutes, int64_t *ret_instant_ms)
{
    struct reader reader = {.bytes = text};
    int32_t date;
    int64_t time_ms;
    int zone = zone_minutes;
    if (!take_date(&reader, &date))
        return false;
    if (!take_char(&reader, 'T') && !take_char(&reader, 't') && !take_char(&reader, ' '))
        return false;
    if (!take_time(&reader, &time_ms))
        return false;
    if (reader_left(&reader) && !take_zone(&reader, &zone))
        return false;
    if (reader_left(&reader))
        return false;
    *ret_instant_ms = instant_of_date(date, zone) + time_ms;
    return true;
}

void buffer_put_date(struct buffer *buffer, int32_t date)
{
    struct civil civil = civil_from_date(date);
    buffer_put_padded(buffer, (uint32_t)civil.year, 4);
    buffer_put_u8(buffer, '-');
    buffer_put_padded(buffer, civil.month, 2);
    buffer_put_u8(buffer, '-');
    buffer_put_padded(buffer, civil.day, 2);
}

void buffer_put_instant(struct buffer *buffer, int64_t instant_ms, int zone_minutes)
{
    int32_t date = date_of_instant(instant_ms, zone_minutes);
    uint32_t rest = (uint32_t)(instant_ms - instant_of_date(date, zone_minutes));
    uint32_t offset = (uint32_t)(zone_minutes < 0 ? -zone_minutes : zone_minutes);
    buffer_put_date(buffer, date);
    buffer_put_u8(buffer, 'T');
    buffer_put_padded(buffer, rest / HOUR_MS, 2);
    buffer_put_u8(buffer, ':');
    buffer_put_padded(buffer, rest / MINUTE_MS % 60, 2);
    buffer_put_u8(buffer, ':');
    buffer_put_padded(buffer, rest / 1000 % 60, 2);
    if (rest % 1000) {
        buffer_put_u8(buffer, '.');
        buffer_put_padded(buffer, rest % 1000, 3);
    }
    buffer_put_u8(buffer, zone_minutes < 0 ? '-' : '+');
    buffer_put_padded(buffer, offset / 60, 2);
    buffer_put_u8(buffer, ':');
    buffer_put_padded(buffer, offset % 60, 2);
}
