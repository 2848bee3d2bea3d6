/* Words of ladders. Roles and units are shown by their titles: whom a rung tells is an office, and
 * its name in the policy says nothing to a reader. */
#include "tools/liandong/ladder_show.h"

const char *ladder_level_words(enum alert_level level, bool is_zh)
{
    static const char *const zh[] = {
#define X(name, word, chinese, english) chinese,
        ALERT_LEVEL_TABLE(X)
#undef X
    };
    static const char *const en[] = {
#define X(name, word, chinese, english) english,
        ALERT_LEVEL_TABLE(X)
#undef X
    };
    return is_zh ? zh[level] : en[level];
}

static void put_amount(struct buffer *buffer, const struct rung *rung, bool is_zh)
{
    static const struct {
        const char *zh, *one, *many;
    } units[] = {[PERIOD_HOURS] = {" 小时", " hour", " hours"},
                 [PERIOD_DAYS] = {" 日", " day", " days"},
                 [PERIOD_WORKING_DAYS] = {" 个工作日", " working day", " working days"},
                 [PERIOD_MONTHS] = {" 个月", " month", " months"},
                 [PERIOD_YEARS] = {" 年", " year", " years"},
                 [PERIOD_UNTIL] = {"", "", ""}};
    buffer_put_decimal(buffer, rung->amount);
    buffer_put_text(buffer, is_zh               ? units[rung->unit].zh
                            : rung->amount == 1 ? units[rung->unit].one
                                                : units[rung->unit].many);
}

void ladder_put_when(struct buffer *buffer, const struct rung *rung, bool is_zh)
{
    if (rung->unit == PERIOD_UNTIL) {
        buffer_put_text(buffer, is_zh ? "到期未办" : "when it falls due");
        return;
    }
    if (rung->amount == 0) {
        buffer_put_text(buffer, is_zh ? "到期日" : "on the last day");
        return;
    }
    if (is_zh)
        buffer_put_text(buffer, rung->is_before ? "到期前 " : "逾期 ");
    put_amount(buffer, rung, is_zh);
    if (!is_zh)
        buffer_put_text(buffer, rung->is_before ? " before" : " after");
}

static void put_unit(struct buffer *buffer, const struct unit *unit, struct bytes name, bool is_zh)
{
    struct bytes title = !unit                           ? name
                         : is_zh || !unit->title.en.size ? unit->title.zh
                                                         : unit->title.en;
    buffer_put(buffer, title);
}

static void put_tell(struct buffer *buffer, const struct tell *tell,
                     const struct directory *directory, bool is_zh)
{
    if (tell->is_supervisor && !is_zh)
        buffer_put_text(buffer, "the superior of ");
    switch (tell->kind) {
    case TELL_WHO: buffer_put_text(buffer, is_zh ? "责任单位" : "the unit answerable"); break;
    case TELL_PARTY: buffer_put(buffer, tell->name); break;
    case TELL_UNIT:
        put_unit(buffer, directory_unit(directory, tell->name), tell->name, is_zh);
        break;
    case TELL_ROLE:
        put_unit(buffer, directory_role_unit(directory, tell->name), tell->name, is_zh);
        break;
    }
    if (tell->is_supervisor && is_zh)
        buffer_put_text(buffer, "的上级");
}

void ladder_put_tells(struct buffer *buffer, const struct rung *rung,
                      const struct directory *directory, bool is_zh)
{
    for (uint32_t i = 0; i < rung->tell_count; i++) {
        buffer_put_text(buffer, i == 0 ? "" : is_zh ? "、" : ", ");
        put_tell(buffer, &rung->tell[i], directory, is_zh);
    }
}

void ladder_put_levels(struct buffer *buffer, const struct ladder *ladder, bool is_zh)
{
    bool is_said[ALERT_LEVEL_COUNT] = {false};
    bool is_first = true;
    for (uint32_t i = 0; i < ladder->rung_count; i++) {
        enum alert_level level = ladder->rungs[i].level;
        if (is_said[level])
            continue;
        buffer_put_text(buffer, is_first ? "" : is_zh ? "、" : ", ");
        buffer_put_text(buffer, ladder_level_words(level, is_zh));
        is_said[level] = true;
        is_first = false;
    }
}

static bool is_same(const struct tell *left, const struct tell *right)
{
    return left->kind == right->kind && left->is_supervisor == right->is_supervisor
           && bytes_equal(left->name, right->name);
}

static bool is_told_before(const struct ladder *ladder, uint32_t rung, uint32_t at)
{
    const struct tell *tell = &ladder->rungs[rung].tell[at];
    for (uint32_t i = 0; i <= rung; i++) {
        uint32_t count = i < rung ? ladder->rungs[i].tell_count : at;
        for (uint32_t j = 0; j < count; j++) {
            if (is_same(&ladder->rungs[i].tell[j], tell))
                return true;
        }
    }
    return false;
}

void ladder_put_told(struct buffer *buffer, const struct ladder *ladder,
                     const struct directory *directory, bool is_zh)
{
    bool is_first = true;
    for (uint32_t i = 0; i < ladder->rung_count; i++) {
        for (uint32_t j = 0; j < ladder->rungs[i].tell_count; j++) {
            if (is_told_before(ladder, i, j))
                continue;
            buffer_put_text(buffer, is_first ? "" : is_zh ? "、" : ", ");
            put_tell(buffer, &ladder->rungs[i].tell[j], directory, is_zh);
            is_first = false;
        }
    }
}
