/* The working-day calendar as a file: for each announced year the notice it rests on, the days off
 * and the weekend days that are worked. A date stands under its own year and once, so that a
 * slip of the pen in a year's notice is found when it is written and not when a date is due. */
#include "base/buffer.h"
#include "base/civil.h"
#include "workflows/language/definition.h"
#include "workflows/language/keys.h"

#include <stdlib.h>

enum { HOLIDAY_DAYS_MAX = 31, YEAR_MIN = 1949, YEAR_MAX = 2999 };

static const struct key calendar_keys[] = {
    KEY("calendar", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("version", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("zone", SHAPE_SCALAR),
    KEY("weekend", SHAPE_LIST),
    KEY("years", SHAPE_MAP | SHAPE_REQUIRED),
};

static const struct key year_keys[] = {
    KEY("basis", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("off", SHAPE_LIST | SHAPE_REQUIRED),
    KEY("work", SHAPE_LIST | SHAPE_REQUIRED),
};

struct calendar_reading {
    struct sheet sheet;
    struct calendar *calendar;
    struct calendar_day *days;
    uint32_t day_count, day_capacity;
    uint32_t year_start; /* the first of the days of the year that is being read */
};

struct span {
    int32_t first, last;
    struct bytes name;
    struct place place;
};

static struct bytes date_text(const struct sheet *sheet, int32_t date)
{
    uint8_t memory[16];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_date(&buffer, date);
    return arena_copy(sheet->arena, buffer_bytes(&buffer));
}

/* `2025-01-01` or `2025-01-28..2025-02-04`. */
static bool parse_dates(const struct sheet *sheet, const struct yaml_node *node, struct span *span)
{
    if (!node || !sheet_shape(sheet, node, SHAPE_SCALAR))
        return false;
    size_t dots = bytes_find(node->text, BYTES_LITERAL(".."));
    bool is_range = dots != SIZE_MAX;
    struct bytes last = is_range ? bytes_slice(node->text, dots + 2, node->text.size) : node->text;
    span->place = node->place;
    if (!date_parse(bytes_slice(node->text, 0, dots), &span->first)
        || !date_parse(last, &span->last)) {
        diagnose(sheet->diagnostics, node->place, "wrong-value",
                 (struct bytes[]){node->text, BYTES_LITERAL("日期 YYYY-MM-DD 或 A..B"),
                                  BYTES_LITERAL("a date YYYY-MM-DD or A..B")},
                 3);
        return false;
    }
    if (span->first > span->last)
        sheet_report(sheet, node->place, "bad-range", node->text);
    else if (span->last - span->first >= HOLIDAY_DAYS_MAX)
        sheet_report(sheet, node->place, "calendar-span", node->text);
    else
        return true;
    return false;
}

/* A plain date or range, or {dates, name}. */
static bool read_span(const struct sheet *sheet, const struct yaml_node *node, struct span *span)
{
    static const struct key keys[] = {KEY("dates", SHAPE_SCALAR | SHAPE_REQUIRED),
                                      KEY("name", SHAPE_SCALAR)};
    *span = (struct span){0};
    if (node->kind != YAML_MAPPING)
        return parse_dates(sheet, node, span);
    if (!sheet_keys(sheet, node, keys, KEY_COUNT(keys)))
        return false;
    span->name = sheet_text(sheet, sheet_get(node, "name", SHAPE_SCALAR));
    return parse_dates(sheet, sheet_get(node, "dates", SHAPE_SCALAR), span);
}

/* All days of a year stand together, so that only they are looked at. */
static bool is_twice(const struct calendar_reading *reading, int32_t date)
{
    for (uint32_t i = reading->year_start; i < reading->day_count; i++) {
        if (reading->days[i].date == date)
            return true;
    }
    return false;
}

static void add_day(struct calendar_reading *reading, const struct span *span, int32_t date,
                    const struct yaml_entry *year, enum day_kind kind)
{
    const struct sheet *sheet = &reading->sheet;
    bool is_weekend = reading->calendar->weekend >> date_weekday(date) & 1;
    uint8_t digits[12];
    struct buffer buffer;
    buffer_init(&buffer, digits, sizeof digits);
    buffer_put_padded(&buffer, (uint32_t)civil_from_date(date).year, 4);
    if (!bytes_equal(buffer_bytes(&buffer), year->key))
        diagnose(sheet->diagnostics, span->place, "calendar-year",
                 (struct bytes[]){date_text(sheet, date), year->key}, 2);
    else if (is_twice(reading, date))
        sheet_report(sheet, span->place, "calendar-twice", date_text(sheet, date));
    else if (kind == DAY_WORK && !is_weekend)
        sheet_report(sheet, span->place, "calendar-work", date_text(sheet, date));
    else if (reading->day_count < reading->day_capacity)
        reading->days[reading->day_count++] =
            (struct calendar_day){.date = date, .kind = kind, .name = span->name};
}

static void read_days(struct calendar_reading *reading, const struct yaml_entry *year,
                      const char *key, enum day_kind kind)
{
    const struct yaml_node *nodes = sheet_get(year->value, key, SHAPE_LIST);
    struct span span;
    for (uint32_t i = 0; nodes && i < nodes->count; i++) {
        if (!read_span(&reading->sheet, nodes->items[i], &span))
            continue;
        uint32_t error_count = reading->sheet.diagnostics->error_count;
        for (int32_t date = span.first; date <= span.last; date++) {
            add_day(reading, &span, date, year, kind);
            if (reading->sheet.diagnostics->error_count != error_count)
                break;
        }
    }
}

static void read_year(struct calendar_reading *reading, const struct yaml_entry *entry,
                      struct calendar_year *year)
{
    struct yaml_node key = {.kind = YAML_SCALAR, .text = entry->key, .place = entry->key_place};
    year->year = (int32_t)sheet_whole(&reading->sheet, &key, YEAR_MIN, YEAR_MAX);
    if (!sheet_keys(&reading->sheet, entry->value, year_keys, KEY_COUNT(year_keys)))
        return;
    reading->year_start = reading->day_count;
    year->basis = sheet_text(&reading->sheet, sheet_get(entry->value, "basis", SHAPE_SCALAR));
    read_days(reading, entry, "off", DAY_OFF);
    read_days(reading, entry, "work", DAY_WORK);
}

static uint32_t count_days(const struct yaml_node *years)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < years->count; i++) {
        const struct yaml_node *off = sheet_get(years->entries[i].value, "off", SHAPE_LIST);
        const struct yaml_node *work = sheet_get(years->entries[i].value, "work", SHAPE_LIST);
        count +=
            (off ? off->count * HOLIDAY_DAYS_MAX : 0) + (work ? work->count * HOLIDAY_DAYS_MAX : 0);
    }
    return count;
}

static int compare_days(const void *left, const void *right)
{
    int32_t a = ((const struct calendar_day *)left)->date;
    int32_t b = ((const struct calendar_day *)right)->date;
    return (a > b) - (a < b);
}

static int compare_years(const void *left, const void *right)
{
    int32_t a = ((const struct calendar_year *)left)->year;
    int32_t b = ((const struct calendar_year *)right)->year;
    return (a > b) - (a < b);
}

static void read_years(struct calendar_reading *reading, const struct yaml_node *nodes)
{
    struct calendar *calendar = reading->calendar;
    if (!nodes)
        return;
    struct calendar_year *years = sheet_rows(&reading->sheet, nodes->count, sizeof *years);
    uint32_t capacity = count_days(nodes);
    capacity = capacity < 366 * nodes->count ? capacity : 366 * nodes->count;
    reading->days = sheet_rows(&reading->sheet, capacity, sizeof *reading->days);
    if (!years || !reading->days)
        return;
    reading->day_capacity = capacity;
    for (uint32_t i = 0; i < nodes->count; i++)
        read_year(reading, &nodes->entries[i], &years[i]);
    qsort(years, nodes->count, sizeof *years, compare_years);
    qsort(reading->days, reading->day_count, sizeof *reading->days, compare_days);
    calendar->years = years;
    calendar->year_count = nodes->count;
    calendar->days = reading->days;
    calendar->day_count = reading->day_count;
}

static uint8_t read_weekend(const struct sheet *sheet, const struct yaml_node *node)
{
    static const char *const words[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
    uint8_t weekend = 0;
    if (!node)
        return 1u << 5 | 1u << 6;
    for (uint32_t i = 0; i < node->count; i++)
        weekend |= (uint8_t)(1u << sheet_word(sheet, node->items[i], words, 7, 0));
    if (weekend == 0x7F)
        sheet_report(sheet, node->place, "bad-range", BYTES_LITERAL("weekend"));
    return weekend;
}

static void read_calendar(struct calendar_reading *reading, const struct yaml_node *root)
{
    const struct sheet *sheet = &reading->sheet;
    struct calendar *calendar = reading->calendar;
    const struct yaml_node *id = sheet_get(root, "calendar", SHAPE_SCALAR);
    const struct yaml_node *zone = sheet_get(root, "zone", SHAPE_SCALAR);
    if (id)
        calendar->id = sheet_name(sheet, id->text, id->place, NAME_PLAIN);
    calendar->version =
        (uint32_t)sheet_whole(sheet, sheet_get(root, "version", SHAPE_SCALAR), 1, INT32_MAX);
    calendar->zone_minutes = SHEET_ZONE_MINUTES;
    if (zone)
        sheet_zone(sheet, zone, &calendar->zone_minutes);
    calendar->weekend = read_weekend(sheet, sheet_get(root, "weekend", SHAPE_LIST));
    read_years(reading, sheet_get(root, "years", SHAPE_MAP));
}

const struct calendar *definition_calendar(struct bytes text, struct arena *arena,
                                           struct diagnostics *diagnostics)
{
    struct calendar_reading reading = {.sheet = {arena, diagnostics}};
    struct sheet_watch watch = sheet_begin(&reading.sheet);
    reading.calendar = sheet_rows(&reading.sheet, 1, sizeof *reading.calendar);
    const struct yaml_node *root = yaml_read(text, arena, diagnostics);
    bool is_read = reading.calendar && root
                   && sheet_keys(&reading.sheet, root, calendar_keys, KEY_COUNT(calendar_keys));
    if (is_read)
        read_calendar(&reading, root);
    return sheet_finish(&reading.sheet, watch) && is_read ? reading.calendar : NULL;
}
