/* The working-day calendars of 2024 to 2026 as the State Council announced them, for the tests of
 * this folder: 国办发明电〔2023〕7号 (2023-10-25), 国办发明电〔2024〕12号 (2024-11-12) and the notice
 * of 2025-11-04. 2024-02-09 is a working day: that notice merely encourages leave. 2027 is not
 * announced. Header only, because each test is one program. */
#ifndef LD_TEST_CALENDAR_2024_2026_H
#define LD_TEST_CALENDAR_2024_2026_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "workflows/core/calendar.h"

/* Days from `from` to `until`, both included. */
struct calendar_stretch {
    const char *from, *until;
    enum day_kind kind;
};

static const struct calendar_stretch calendar_stretches[] = {
    {"2024-01-01", "2024-01-01", DAY_OFF},  {"2024-02-04", "2024-02-04", DAY_WORK},
    {"2024-02-10", "2024-02-17", DAY_OFF},  {"2024-02-18", "2024-02-18", DAY_WORK},
    {"2024-04-04", "2024-04-06", DAY_OFF},  {"2024-04-07", "2024-04-07", DAY_WORK},
    {"2024-04-28", "2024-04-28", DAY_WORK}, {"2024-05-01", "2024-05-05", DAY_OFF},
    {"2024-05-11", "2024-05-11", DAY_WORK}, {"2024-06-10", "2024-06-10", DAY_OFF},
    {"2024-09-14", "2024-09-14", DAY_WORK}, {"2024-09-15", "2024-09-17", DAY_OFF},
    {"2024-09-29", "2024-09-29", DAY_WORK}, {"2024-10-01", "2024-10-07", DAY_OFF},
    {"2024-10-12", "2024-10-12", DAY_WORK}, {"2025-01-01", "2025-01-01", DAY_OFF},
    {"2025-01-26", "2025-01-26", DAY_WORK}, {"2025-01-28", "2025-02-04", DAY_OFF},
    {"2025-02-08", "2025-02-08", DAY_WORK}, {"2025-04-04", "2025-04-06", DAY_OFF},
    {"2025-04-27", "2025-04-27", DAY_WORK}, {"2025-05-01", "2025-05-05", DAY_OFF},
    {"2025-05-31", "2025-06-02", DAY_OFF},  {"2025-09-28", "2025-09-28", DAY_WORK},
    {"2025-10-01", "2025-10-08", DAY_OFF},  {"2025-10-11", "2025-10-11", DAY_WORK},
    {"2026-01-01", "2026-01-03", DAY_OFF},  {"2026-01-04", "2026-01-04", DAY_WORK},
    {"2026-02-14", "2026-02-14", DAY_WORK}, {"2026-02-15", "2026-02-23", DAY_OFF},
    {"2026-02-28", "2026-02-28", DAY_WORK}, {"2026-04-04", "2026-04-06", DAY_OFF},
    {"2026-05-01", "2026-05-05", DAY_OFF},  {"2026-05-09", "2026-05-09", DAY_WORK},
    {"2026-06-19", "2026-06-21", DAY_OFF},  {"2026-09-20", "2026-09-20", DAY_WORK},
    {"2026-09-25", "2026-09-27", DAY_OFF},  {"2026-10-01", "2026-10-07", DAY_OFF},
    {"2026-10-10", "2026-10-10", DAY_WORK},
};

/* The date of a text that the test wrote itself. */
static inline int32_t on(const char *text)
{
    int32_t date = DATE_NONE;
    assert_true(date_parse(bytes_from_text(text), &date));
    return date;
}

/* The instant of a text in China's zone. */
static inline int64_t at(const char *text)
{
    int64_t instant_ms = INSTANT_NONE;
    assert_true(instant_parse(bytes_from_text(text), 480, &instant_ms));
    return instant_ms;
}

/* Dates compared as people read them. */
#define assert_date(date, text) assert_date_at((date), (text), __FILE__, __LINE__)

static inline void assert_date_at(int32_t date, const char *text, const char *file, int line)
{
    if (date == on(text))
        return;
    struct civil civil = civil_from_date(date);
    print_error("%s:%d: %04d-%02d-%02d instead of %s\n", file, line, (int)civil.year,
                (int)civil.month, (int)civil.day, text);
    _fail(file, line);
}

#define assert_instant(instant, text) assert_instant_at((instant), (text), __FILE__, __LINE__)

static inline void assert_instant_at(int64_t instant_ms, const char *text, const char *file,
                                     int line)
{
    if (instant_ms == at(text))
        return;
    if (instant_ms == INSTANT_NONE) {
        print_error("%s:%d: no instant instead of %s\n", file, line, text);
        _fail(file, line);
    }
    uint8_t memory[64];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof(memory));
    buffer_put_instant(&buffer, instant_ms, 480);
    print_error("%s:%d: %.*s instead of %s\n", file, line, BYTES_PRINTF(buffer_bytes(&buffer)),
                text);
    _fail(file, line);
}

/* The calendar itself; built anew for whoever wants a copy to change. */
struct test_calendar {
    struct calendar calendar;
    struct calendar_day days[128];
    struct calendar_year years[3];
};

static inline void test_calendar_init(struct test_calendar *test)
{
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof(calendar_stretches) / sizeof(calendar_stretches[0]); i++) {
        const struct calendar_stretch *stretch = &calendar_stretches[i];
        for (int32_t date = on(stretch->from); date <= on(stretch->until); date++)
            test->days[count++] = (struct calendar_day){date, stretch->kind, BYTES_NONE};
    }
    for (int32_t i = 0; i < 3; i++)
        test->years[i] = (struct calendar_year){2024 + i, BYTES_NONE};
    test->calendar = (struct calendar){
        .id = BYTES_LITERAL("cn"),
        .version = 1,
        .zone_minutes = 480,
        .days = test->days,
        .day_count = count,
        .years = test->years,
        .year_count = 3,
        .weekend = 1 << 5 | 1 << 6,
    };
}

static struct test_calendar china;

static inline int test_calendar_setup(void **state)
{
    (void)state;
    test_calendar_init(&china);
    return 0;
}

#endif
