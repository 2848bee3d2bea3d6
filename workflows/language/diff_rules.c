/* What changed in what all workflows are judged by: the calendar day by day, the ladders rung by
 * rung, the directory unit by unit. */
#include "base/civil.h"
#include "workflows/language/diff_parts.h"
#include "workflows/language/keys.h"

static struct title date_phrase(struct diff *diff, int32_t date)
{
    uint8_t memory[16];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_date(&buffer, date);
    return diff_same(arena_copy(diff->arena, buffer_bytes(&buffer)));
}

static struct title zone_phrase(struct diff *diff, int zone_minutes)
{
    uint8_t memory[8];
    struct buffer buffer;
    uint32_t size = (uint32_t)(zone_minutes < 0 ? -zone_minutes : zone_minutes);
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_text(&buffer, zone_minutes < 0 ? "-" : "+");
    buffer_put_padded(&buffer, size / 60, 2);
    buffer_put_text(&buffer, ":");
    buffer_put_padded(&buffer, size % 60, 2);
    return diff_same(arena_copy(diff->arena, buffer_bytes(&buffer)));
}

static void diff_zone(struct diff *diff, int before, int after)
{
    if (before != after)
        DIFF_ADD(diff, ZONE, BYTES_NONE, zone_phrase(diff, before), zone_phrase(diff, after));
}

static void diff_versions(struct diff *diff, uint32_t before, uint32_t after)
{
    if (before != after)
        DIFF_ADD(diff, VERSION, BYTES_NONE, diff_number(diff, before), diff_number(diff, after));
}

static void diff_ids(struct diff *diff, struct bytes before, struct bytes after)
{
    diff->part = DIFF_HEAD;
    if (!bytes_equal(before, after))
        DIFF_ADD(diff, ID, BYTES_NONE, diff_same(before), diff_same(after));
}

static struct title weekend_phrase(struct diff *diff, const struct calendar *calendar)
{
    static const char *const words[][2] = {
        {"周一", "Monday"}, {"周二", "Tuesday"},  {"周三", "Wednesday"}, {"周四", "Thursday"},
        {"周五", "Friday"}, {"周六", "Saturday"}, {"周日", "Sunday"}};
    struct title days[7];
    uint32_t count = 0;
    for (uint32_t i = 0; i < 7; i++) {
        if (calendar->weekend >> i & 1)
            days[count++] = diff_words(words[i][0], words[i][1]);
    }
    return diff_join(diff, days, count);
}

static struct title day_phrase(struct diff *diff, const struct calendar_day *day)
{
    if (!day)
        return diff_words("按星期", "as its weekday says");
    struct title kind = day->kind == DAY_OFF ? diff_words("放假", "a day off")
                                             : diff_words("上班", "a working day");
    return day->name.size ? DIFF_PHRASE(diff, "%1(%2)", "%1 (%2)", kind, diff_same(day->name))
                          : kind;
}

static bool is_other_day(const struct calendar_day *before, const struct calendar_day *after)
{
    if (!before || !after)
        return before != after;
    return before->kind != after->kind || !bytes_equal(before->name, after->name);
}

static void diff_day(struct diff *diff, int32_t date, const struct calendar *before,
                     const struct calendar *after)
{
    const struct calendar_day *old = calendar_day_at(before, date);
    const struct calendar_day *new = calendar_day_at(after, date);
    struct title name = date_phrase(diff, date);
    if (is_other_day(old, new))
        DIFF_ADD(diff, DAY, name.zh, name, day_phrase(diff, old), day_phrase(diff, new));
}

/* Both lists are sorted: one walk over the two, each date once. */
static void diff_days(struct diff *diff, const struct calendar *before,
                      const struct calendar *after)
{
    uint32_t old = 0, new = 0;
    while (old < before->day_count || new < after->day_count) {
        bool has_old = old < before->day_count, has_new = new < after->day_count;
        int32_t date = !has_new || (has_old && before->days[old].date < after->days[new].date)
                           ? before->days[old].date
                           : after->days[new].date;
        diff_day(diff, date, before, after);
        old += has_old && before->days[old].date == date;
        new += has_new && after->days[new].date == date;
    }
}

static const struct calendar_year *year_of(const struct calendar *calendar, int32_t year)
{
    for (uint32_t i = 0; i < calendar->year_count; i++) {
        if (calendar->years[i].year == year)
            return &calendar->years[i];
    }
    return NULL;
}

static void diff_years(struct diff *diff, const struct calendar *before,
                       const struct calendar *after)
{
    for (uint32_t i = 0; i < before->year_count; i++) {
        struct title number = diff_number(diff, before->years[i].year);
        const struct calendar_year *now = year_of(after, before->years[i].year);
        if (!now)
            DIFF_ADD(diff, YEAR_REMOVED, number.zh, number);
        else if (!bytes_equal(now->basis, before->years[i].basis))
            DIFF_ADD(diff, YEAR_BASIS, number.zh, number,
                     diff_quoted_text(diff, before->years[i].basis),
                     diff_quoted_text(diff, now->basis));
    }
    for (uint32_t i = 0; i < after->year_count; i++) {
        struct title number = diff_number(diff, after->years[i].year);
        if (!year_of(before, after->years[i].year))
            DIFF_ADD(diff, YEAR_ADDED, number.zh, number,
                     diff_quoted_text(diff, after->years[i].basis));
    }
}

bool diff_calendars(const struct calendar *before, const struct calendar *after,
                    struct arena *arena, struct diff *ret_diff)
{
    *ret_diff = (struct diff){.arena = arena};
    arena->is_exhausted = false;
    diff_ids(ret_diff, before->id, after->id);
    diff_versions(ret_diff, before->version, after->version);
    diff_zone(ret_diff, before->zone_minutes, after->zone_minutes);
    ret_diff->part = DIFF_DAYS;
    if (before->weekend != after->weekend)
        DIFF_ADD(ret_diff, WEEKEND, BYTES_NONE, weekend_phrase(ret_diff, before),
                 weekend_phrase(ret_diff, after));
    diff_years(ret_diff, before, after);
    diff_days(ret_diff, before, after);
    return !arena->is_exhausted;
}

static struct title tell_phrase(struct diff *diff, const struct tell *tell)
{
    struct title name = tell->kind == TELL_WHO
                            ? diff_words("责任方", "who is answerable")
                            : DIFF_PHRASE(diff, " %1 ", "%1", diff_same(tell->name));
    return tell->is_supervisor ? DIFF_PHRASE(diff, "%1的上级", "the supervisor of %1", name) : name;
}

struct title diff_tells(struct diff *diff, const struct tell *tells, uint32_t count)
{
    struct title names[RUNG_TELL_MAX];
    uint32_t shown = count < RUNG_TELL_MAX ? count : RUNG_TELL_MAX;
    for (uint32_t i = 0; i < shown; i++)
        names[i] = tell_phrase(diff, &tells[i]);
    return diff_join(diff, names, shown);
}

static struct title rung_time(struct diff *diff, const struct rung *rung)
{
    if (rung->unit == PERIOD_UNTIL)
        return diff_words("到期时", "when it is due");
    if (rung->amount == 0)
        return diff_words("到期日", "on the last day");
    struct title distance =
        diff_period(diff, (struct period){.amount = rung->amount, .unit = rung->unit});
    return rung->is_before ? DIFF_PHRASE(diff, "到期前 %1", "%1 before it is due", distance)
                           : DIFF_PHRASE(diff, "到期后 %1", "%1 after it was due", distance);
}

static struct title level_phrase(enum alert_level level)
{
    static const char *const words[][2] = {
#define X(name, word, zh, en) {zh, en},
        ALERT_LEVEL_TABLE(X)
#undef X
    };
    return diff_words(words[level][0], words[level][1]);
}

static struct title rung_fact_phrase(enum rung_fact fact)
{
    switch (fact) {
    case RUNG_FACT_CLOCK: return diff_words("期限代号", "the clock's name");
    case RUNG_FACT_TITLE: return diff_words("期限名称", "the clock's title");
    case RUNG_FACT_BASIS: return diff_words("期限依据", "the clock's legal basis");
    case RUNG_FACT_DUE: return diff_words("到期日", "its last day");
    case RUNG_FACT_LEVEL: return diff_words("提醒级别", "the level");
    case RUNG_FACT_COUNT: break;
    }
    return diff_words("", "");
}

/* What only a person may issue: the rung prepares it, to be signed. */
static struct title draft_phrase(struct diff *diff, const struct rung_draft *draft)
{
    struct title all = diff_quoted_text(diff, draft->workflow);
    for (uint32_t i = 0; i < draft->party_count; i++)
        all = DIFF_PHRASE(diff, "%1,当事方“%2”为%3", "%1, its party “%2” is %3", all,
                          diff_same(draft->parties[i].name),
                          tell_phrase(diff, &draft->parties[i].tell));
    for (uint32_t i = 0; i < draft->value_count; i++)
        all =
            DIFF_PHRASE(diff, "%1,数据项“%2”取%3", "%1, its field “%2” is %3", all,
                        diff_same(draft->values[i].name), rung_fact_phrase(draft->values[i].fact));
    return all;
}

static struct title rung_phrase(struct diff *diff, const struct rung *rung)
{
    struct title all =
        DIFF_PHRASE(diff, "%1,%2,告知%3", "%1, %2, telling %3", rung_time(diff, rung),
                    level_phrase(rung->level), diff_tells(diff, rung->tell, rung->tell_count));
    if (rung->ack_within.amount)
        all = DIFF_PHRASE(diff, "%1;%2内无人签收再告%3", "%1; without a receipt within %2 also %3",
                          all, diff_period(diff, rung->ack_within),
                          diff_tells(diff, rung->else_tell, rung->else_tell_count));
    if (rung->repeat.amount)
        all = DIFF_PHRASE(diff, "%1;每 %2重复", "%1; again every %2", all,
                          diff_period(diff, rung->repeat));
    if (rung->draft)
        all = DIFF_PHRASE(diff, "%1;开立待签发的草稿%2", "%1; it opens the draft %2", all,
                          draft_phrase(diff, rung->draft));
    return all;
}

/* The rung of the same time, or NULL. */
static const struct rung *rung_of(const struct ladder *ladder, const struct rung *wanted)
{
    for (uint32_t i = 0; i < ladder->rung_count; i++) {
        const struct rung *rung = &ladder->rungs[i];
        if (rung->amount == wanted->amount && rung->unit == wanted->unit
            && rung->is_before == wanted->is_before)
            return rung;
    }
    return NULL;
}

static void diff_ladder(struct diff *diff, const struct ladder *before, const struct ladder *after)
{
    struct title name = diff_quoted_text(diff, after->name);
    for (uint32_t i = 0; i < before->rung_count; i++) {
        const struct rung *now = rung_of(after, &before->rungs[i]);
        struct title old = rung_phrase(diff, &before->rungs[i]);
        struct title new = now ? rung_phrase(diff, now) : old;
        if (!now)
            DIFF_ADD(diff, RUNG_REMOVED, after->name, name, old);
        else if (!bytes_equal(old.zh, new.zh))
            DIFF_ADD(diff, RUNG, after->name, name, old, new);
    }
    for (uint32_t i = 0; i < after->rung_count; i++) {
        if (!rung_of(before, &after->rungs[i]))
            DIFF_ADD(diff, RUNG_ADDED, after->name, name, rung_phrase(diff, &after->rungs[i]));
    }
}

static void diff_ladders(struct diff *diff, const struct policy *before, const struct policy *after)
{
    for (uint32_t i = 0; i < before->ladder_count; i++) {
        const struct ladder *now = policy_ladder(after, before->ladders[i].name);
        if (!now)
            DIFF_ADD(diff, LADDER_REMOVED, before->ladders[i].name,
                     diff_quoted_text(diff, before->ladders[i].name));
        else
            diff_ladder(diff, &before->ladders[i], now);
    }
    for (uint32_t i = 0; i < after->ladder_count; i++) {
        const struct ladder *ladder = &after->ladders[i];
        if (policy_ladder(before, ladder->name))
            continue;
        DIFF_ADD(diff, LADDER_ADDED, ladder->name, diff_quoted_text(diff, ladder->name));
        for (uint32_t j = 0; j < ladder->rung_count; j++)
            DIFF_ADD(diff, RUNG_ADDED, ladder->name, diff_quoted_text(diff, ladder->name),
                     rung_phrase(diff, &ladder->rungs[j]));
    }
}

bool diff_policies(const struct policy *before, const struct policy *after, struct arena *arena,
                   struct diff *ret_diff)
{
    *ret_diff = (struct diff){.arena = arena};
    arena->is_exhausted = false;
    diff_ids(ret_diff, before->id, after->id);
    diff_versions(ret_diff, before->version, after->version);
    if (before->alert_hour != after->alert_hour)
        DIFF_ADD(ret_diff, ALERT_HOUR, BYTES_NONE, diff_number(ret_diff, before->alert_hour),
                 diff_number(ret_diff, after->alert_hour));
    if (before->backdate_days != after->backdate_days)
        DIFF_ADD(ret_diff, BACKDATE, BYTES_NONE, diff_number(ret_diff, before->backdate_days),
                 diff_number(ret_diff, after->backdate_days));
    ret_diff->part = DIFF_LADDERS;
    diff_ladders(ret_diff, before, after);
    return !arena->is_exhausted;
}

static struct title unit_name(struct diff *diff, const struct directory *directory, struct bytes id)
{
    const struct unit *unit = id.size ? directory_unit(directory, id) : NULL;
    return unit ? DIFF_PHRASE(diff, "“%1”(%2)", "“%1” (%2)", unit->title, diff_same(id))
                : diff_quoted_text(diff, id);
}

static void diff_unit(struct diff *diff, const struct directory *directories[2],
                      const struct unit *before, const struct unit *after)
{
    struct title name = unit_name(diff, directories[1], after->id);
    if (!diff_title_equal(&before->title, &after->title))
        DIFF_ADD(diff, UNIT_TITLE, after->id, unit_name(diff, directories[0], before->id),
                 diff_quoted(diff, after->title));
    if (!bytes_equal(before->kind, after->kind))
        DIFF_ADD(diff, UNIT_KIND, after->id, name, diff_same(before->kind), diff_same(after->kind));
    if (!bytes_equal(before->supervisor, after->supervisor))
        DIFF_ADD(diff, UNIT_SUPERVISOR, after->id, name,
                 unit_name(diff, directories[0], before->supervisor),
                 unit_name(diff, directories[1], after->supervisor));
}

static void diff_units(struct diff *diff, const struct directory *before,
                       const struct directory *after)
{
    const struct directory *both[] = {before, after};
    for (uint32_t i = 0; i < before->unit_count; i++) {
        const struct unit *unit = &before->units[i];
        const struct unit *now = directory_unit(after, unit->id);
        if (now)
            diff_unit(diff, both, unit, now);
        else
            DIFF_ADD(diff, UNIT_REMOVED, unit->id, unit_name(diff, before, unit->id));
    }
    for (uint32_t i = 0; i < after->unit_count; i++) {
        const struct unit *unit = &after->units[i];
        if (!directory_unit(before, unit->id))
            DIFF_ADD(diff, UNIT_ADDED, unit->id, unit_name(diff, after, unit->id),
                     diff_same(unit->kind));
    }
}

static void diff_roles(struct diff *diff, const struct directory *before,
                       const struct directory *after)
{
    struct names old = NAMES_OF(before->roles, before->role_count);
    struct names new = NAMES_OF(after->roles, after->role_count);
    for (uint32_t i = 0; i < before->role_count; i++) {
        const struct directory_role *role = &before->roles[i];
        int32_t now = names_find(new, role->name);
        struct title unit = unit_name(diff, before, role->unit);
        if (now < 0)
            DIFF_ADD(diff, ROLE_REMOVED, role->name, diff_same(role->name), unit);
        else if (!bytes_equal(role->unit, after->roles[now].unit))
            DIFF_ADD(diff, ROLE_UNIT, role->name, diff_same(role->name), unit,
                     unit_name(diff, after, after->roles[now].unit));
    }
    for (uint32_t i = 0; i < after->role_count; i++) {
        const struct directory_role *role = &after->roles[i];
        if (names_find(old, role->name) < 0)
            DIFF_ADD(diff, ROLE_ADDED, role->name, diff_same(role->name),
                     unit_name(diff, after, role->unit));
    }
}

bool diff_directories(const struct directory *before, const struct directory *after,
                      struct arena *arena, struct diff *ret_diff)
{
    *ret_diff = (struct diff){.arena = arena};
    arena->is_exhausted = false;
    diff_ids(ret_diff, before->id, after->id);
    diff_versions(ret_diff, before->version, after->version);
    diff_zone(ret_diff, before->zone_minutes, after->zone_minutes);
    ret_diff->part = DIFF_UNITS;
    diff_units(ret_diff, before, after);
    diff_roles(ret_diff, before, after);
    return !arena->is_exhausted;
}
