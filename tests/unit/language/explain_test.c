/* Explanations of due dates, compared as whole texts: an administrator reads them line by line. */
#include "workflows/language/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

enum { ARENA_SIZE = 8 << 20, SHOWN_SIZE = 1 << 16 };

/* 2025: national day 10-01 to 10-08; the Sunday 09-28 and the Saturday 10-11 are worked. */
static struct calendar_day days[10];
static const struct calendar_year years[] = {{.year = 2025, .basis = TEXT("notice 2025")}};
static const struct calendar calendar = {.zone_minutes = 480,
                                         .days = days,
                                         .day_count = 10,
                                         .years = years,
                                         .year_count = 1,
                                         .weekend = 0x60};

static int32_t date_of(int year, int month, int day)
{
    return date_from_civil((struct civil){year, (uint8_t)month, (uint8_t)day});
}

static int setup(void **state)
{
    (void)state;
    days[0] = (struct calendar_day){date_of(2025, 9, 28), DAY_WORK, BYTES_NONE};
    for (int i = 0; i < 8; i++)
        days[1 + i] =
            (struct calendar_day){date_of(2025, 10, 1 + i), DAY_OFF, TEXT("National Day")};
    days[9] = (struct calendar_day){date_of(2025, 10, 11), DAY_WORK, BYTES_NONE};
    return 0;
}

static void assert_explained(const struct period_terms *terms, const char *basis, bool is_zh,
                             const char *wanted)
{
    struct arena arena;
    struct buffer buffer;
    uint8_t *block = malloc(ARENA_SIZE), *shown = malloc(SHOWN_SIZE);
    arena_init(&arena, block, ARENA_SIZE);
    buffer_init(&buffer, shown, SHOWN_SIZE);
    explain_period(terms, &calendar, bytes_from_text(basis), is_zh, &arena, &buffer);
    buffer_put_u8(&buffer, '\0');
    assert_false(buffer.is_full);
    assert_int_equal(arena.used, 0); /* what it took it gave back */
    assert_string_equal((const char *)shown, wanted);
    free(block);
    free(shown);
}

static void months_show_the_corresponding_day_and_where_it_rolled(void **state)
{
    (void)state;
    const struct period_terms terms = {
        .anchor = date_of(2025, 8, 5), .budget = {2, PERIOD_MONTHS}, .is_rolled = true};
    assert_explained(
        &terms, "art. 21", false,
        "2 months from 2025-08-05 Tue\n"
        "  2025-08-05 Tue                    the starting day, not counted (Civil Code art. 201)\n"
        "  2025-10-05 Sun                    2 months on, the day of the same number (Civil Code "
        "art. 202)\n"
        "  2025-10-05 Sun to 2025-10-08 Wed  National Day, rolls on (Civil Code art. 203)\n"
        "  2025-10-09 Thu                    the last day, due at its 24:00 (Civil Code art. 203)\n"
        "  days off: notice 2025\n"
        "  basis: art. 21\n");
}

static void working_days_account_for_each_day(void **state)
{
    (void)state;
    const struct period_terms terms = {
        .anchor = date_of(2025, 9, 26), .budget = {5, PERIOD_WORKING_DAYS}, .is_rolled = true};
    assert_explained(&terms, "", true,
                     "5 个工作日,自 2025-09-26 周五 起算\n"
                     "  2025-09-26 周五                      起算日,不计入(民法典第二百零一条)\n"
                     "  2025-09-27 周六                      周末,不是工作日,不计入\n"
                     "  2025-09-28 周日                      第 1 日,计入(调休上班)\n"
                     "  2025-09-29 周一 至 2025-09-30 周二   第 2–3 日,计入\n"
                     "  2025-10-01 周三 至 2025-10-08 周三   National Day,不是工作日,不计入\n"
                     "  2025-10-09 周四 至 2025-10-10 周五   第 4–5 日,计入\n"
                     "  2025-10-10 周五                      最后一日,当日 24:00 "
                     "到期(民法典第二百零三条)\n"
                     "  放假安排:notice 2025\n");
}

static void stops_and_extensions_are_told(void **state)
{
    (void)state;
    static const struct period_stop stops[] = {
        {.from = 20360, .until = 20362}}; /* 2025-09-29 to 10-01 */
    static const struct period_extension extensions[] = {{.by = {1, PERIOD_MONTHS}, .date = 20363}};
    const struct period_terms terms = {.anchor = date_of(2025, 8, 5),
                                       .budget = {2, PERIOD_MONTHS},
                                       .is_rolled = true,
                                       .stops = stops,
                                       .stop_count = 1,
                                       .extensions = extensions,
                                       .extension_count = 1};
    assert_explained(
        &terms, "", false,
        "2 months from 2025-08-05 Tue\n"
        "  2025-08-05 Tue                    the starting day, not counted (Civil Code art. 201)\n"
        "  2025-08-05 Tue                    extended by 1 month (decided on 2025-10-02)\n"
        "  2025-11-05 Wed                    3 months on, the day of the same number (Civil Code "
        "art. 202)\n"
        "  2025-09-30 Tue to 2025-10-01 Wed  stopped, 2 days not counted\n"
        "  2025-11-07 Fri                    the last day moves on by the 2 days not counted\n"
        "  2025-11-07 Fri                    the last day, due at its 24:00 (Civil Code art. 203)\n"
        "  days off: notice 2025\n");
}

static struct buffer *told;

static void tell_index(const void *context, uint32_t index)
{
    buffer_put_text(told, "    ");
    buffer_put_text(told, context);
    buffer_put_decimal(told, index);
    buffer_put_text(told, "\n");
}

static void tell_extension_index(const void *context, uint32_t index)
{
    (void)context;
    tell_index("extension ", index);
}

/* What is told of each stop and extension, without the lines about the days. */
static void assert_causes(const struct period_terms *terms, const char *wanted)
{
    static const struct period_causes causes = {tell_index, tell_extension_index, "stop "};
    struct arena arena;
    struct buffer buffer;
    uint8_t *block = malloc(ARENA_SIZE), *shown = malloc(SHOWN_SIZE);
    arena_init(&arena, block, ARENA_SIZE);
    buffer_init(&buffer, shown, SHOWN_SIZE);
    told = &buffer;
    explain_account(&(struct period_account){terms, &calendar, BYTES_NONE, &causes}, false, &arena,
                    &buffer);
    buffer_put_u8(&buffer, '\0');
    assert_non_null(strstr((const char *)shown, wanted));
    free(block);
    free(shown);
}

static void causes_stand_beneath_the_lines_that_they_explain(void **state)
{
    (void)state;
    static const struct period_stop stops[] = {
        {.from = 20290, .until = 20300}, /* before the period: no day of it is stopped */
        {.from = 20360, .until = 20360}, /* no day at all */
        {.from = 20360, .until = 20362},
        {.from = 20362, .until = 20363}, /* the day after: of one line with the one before */
        {.from = 20370, .until = DATE_NONE}};
    static const struct period_extension extensions[] = {{.by = {15, PERIOD_DAYS}, .date = 20363}};
    const struct period_terms terms = {.anchor = date_of(2025, 9, 26),
                                       .budget = {15, PERIOD_DAYS},
                                       .is_rolled = true,
                                       .stops = stops,
                                       .stop_count = 5,
                                       .extensions = extensions,
                                       .extension_count = 1};
    assert_causes(&terms, "extended by 15 days (decided on 2025-10-02)\n    extension 0\n"
                          "  2025-09-27 Sat to 2025-09-29 Mon  days 1–3, counted\n"
                          "  2025-09-30 Tue to 2025-10-02 Thu  stopped, 3 days not counted\n"
                          "    stop 2\n    stop 3\n"
                          "  2025-10-03 Fri to 2025-10-09 Thu  days 4–10, counted\n"
                          "  2025-10-10 Fri                    stopped, not counted\n"
                          "    stop 4\n");
}

static void causes_of_hours_follow_the_stops_that_last(void **state)
{
    (void)state;
    const int64_t anchor_ms = instant_of_date(date_of(2025, 5, 30), 480) + 16 * HOUR_MS;
    const struct period_stop stops[] = {
        {.from_ms = anchor_ms - HOUR_MS, .until_ms = anchor_ms},
        {.from_ms = anchor_ms + HOUR_MS, .until_ms = anchor_ms + HOUR_MS},
        {.from_ms = anchor_ms + 2 * HOUR_MS, .until_ms = anchor_ms + 3 * HOUR_MS}};
    const struct period_terms terms = {.anchor = date_of(2025, 5, 30),
                                       .anchor_ms = anchor_ms,
                                       .budget = {24, PERIOD_HOURS},
                                       .stops = stops,
                                       .stop_count = 3};
    assert_causes(&terms, "stopped, not counted: 2025-05-30T18:00:00+08:00 to "
                          "2025-05-30T19:00:00+08:00\n    stop 2\n");
}

static void a_stop_that_lasts_leaves_the_due_date_open(void **state)
{
    (void)state;
    static const struct period_stop stops[] = {{.from = 20360, .until = DATE_NONE}};
    const struct period_terms terms = {.anchor = date_of(2025, 9, 26),
                                       .budget = {15, PERIOD_DAYS},
                                       .is_rolled = true,
                                       .stops = stops,
                                       .stop_count = 1};
    assert_explained(
        &terms, "", false,
        "15 days from 2025-09-26 Fri\n"
        "  2025-09-26 Fri                    the starting day, not counted (Civil Code art. 201)\n"
        "  2025-09-27 Sat to 2025-09-29 Mon  days 1–3, counted\n"
        "  2025-09-30 Tue                    stopped, not counted\n"
        "  stopped: the due date is known when it goes on\n");
}

static void criminal_periods_name_their_own_law(void **state)
{
    (void)state;
    const struct period_terms terms = {.anchor = date_of(2025, 6, 30),
                                       .budget = {2, PERIOD_MONTHS},
                                       .rule = RULE_CUSTODY,
                                       .is_rolled = true};
    assert_explained(&terms, "", true,
                     "2 个月,自 2025-06-30 周一 起算,在押期间\n"
                     "  2025-06-30 周一                      "
                     "起算日,不计入(刑诉法第一百零五条)\n"
                     "  2025-08-31 周日                      满 2 "
                     "个月,自月末起算的至月末(刑诉解释第二百零二条)\n"
                     "  2025-08-31 周日                      最后一日,当日 24:00 "
                     "到期(刑诉法第一百零五条);在押期间不因节假日延长(刑诉法第一百零五条)\n");
}

static void hours_run_to_the_instant(void **state)
{
    (void)state;
    const int64_t anchor_ms = instant_of_date(date_of(2025, 5, 30), 480) + 16 * HOUR_MS;
    const struct period_stop stops[] = {
        {.from_ms = anchor_ms + HOUR_MS, .until_ms = anchor_ms + 2 * HOUR_MS}};
    const struct period_terms terms = {.anchor = date_of(2025, 5, 30),
                                       .anchor_ms = anchor_ms,
                                       .budget = {24, PERIOD_HOURS},
                                       .is_rolled = true,
                                       .stops = stops,
                                       .stop_count = 1};
    assert_explained(
        &terms, "", false,
        "24 hours from 2025-05-30T16:00:00+08:00\n"
        "  2025-05-30 Fri                    from the instant 2025-05-30T16:00:00+08:00\n"
        "  2025-05-30 Fri                    stopped, not counted: 2025-05-30T17:00:00+08:00 to "
        "2025-05-30T18:00:00+08:00\n"
        "  2025-05-31 Sat                    running through 24 hours, nights and holidays too, "
        "without rolling; due at 2025-05-31T17:00:00+08:00\n");
}

static void what_is_not_announced_is_provisional(void **state)
{
    (void)state;
    const struct period_terms terms = {
        .anchor = date_of(2025, 12, 31), .budget = {1, PERIOD_DAYS}, .is_rolled = true};
    assert_explained(
        &terms, "", false,
        "1 day from 2025-12-31 Wed\n"
        "  2025-12-31 Wed                    the starting day, not counted (Civil Code art. 201)\n"
        "  2026-01-01 Thu                    day 1, counted\n"
        "  2026-01-01 Thu                    the last day, due at its 24:00 (Civil Code art. 203)\n"
        "  days off: notice 2025\n"
        "  provisional: the days off of a year concerned are not announced, weekends alone count "
        "(announced through 2025)\n");
}

static void what_cannot_be_computed_is_said(void **state)
{
    (void)state;
    const struct period_terms terms = {
        .anchor = date_of(9999, 12, 1), .budget = {1, PERIOD_YEARS}, .is_rolled = true};
    assert_explained(&terms, "", false, "  the period lies beyond what can be computed\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(months_show_the_corresponding_day_and_where_it_rolled),
        cmocka_unit_test(working_days_account_for_each_day),
        cmocka_unit_test(stops_and_extensions_are_told),
        cmocka_unit_test(causes_stand_beneath_the_lines_that_they_explain),
        cmocka_unit_test(causes_of_hours_follow_the_stops_that_last),
        cmocka_unit_test(a_stop_that_lasts_leaves_the_due_date_open),
        cmocka_unit_test(criminal_periods_name_their_own_law),
        cmocka_unit_test(hours_run_to_the_instant),
        cmocka_unit_test(what_is_not_announced_is_provisional),
        cmocka_unit_test(what_cannot_be_computed_is_said),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
