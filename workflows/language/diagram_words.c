/* The sentences of diagrams. Everything comes from the program; what has no title is shown by its
 * name, so that nothing is left out because nobody wrote a title. */
#include "workflows/language/diagram_words.h"

void words_say(struct words *words, const char *zh, const char *en)
{
    buffer_put_text(words->buffer, words->is_zh ? zh : en);
}

struct bytes words_title(const struct words *words, const struct title *title, struct bytes name)
{
    struct bytes own = words->is_zh ? title->zh : title->en;
    struct bytes other = words->is_zh ? title->en : title->zh;
    return own.size ? own : other.size ? other : name;
}

void words_put_state(struct words *words, int32_t state)
{
    const struct state *row = &words->program->states[state];
    buffer_put(words->buffer, words_title(words, &row->title, row->name));
}

void words_put_event(struct words *words, int32_t event)
{
    const struct event_type *row = &words->program->events[event];
    if (event == words->program->joined_event) {
        words_say(words, "下级案件全部办结", "all sub-cases closed");
        return;
    }
    buffer_put(words->buffer, words_title(words, &row->title, row->name));
}

void words_put_party(struct words *words, int32_t party)
{
    const struct party *row = &words->program->parties[party];
    buffer_put(words->buffer, words_title(words, &row->title, row->name));
}

const char *words_force(enum clock_force force, bool is_zh)
{
    static const char *const zh[] = {"法定", "参照", "约定"};
    static const char *const en[] = {"statutory", "reference", "agreed"};
    return is_zh ? zh[force] : en[force];
}

/* What a binary operator is called, and how tightly it binds; NULL: it is no such operator. */
struct operator_words {
    const char *zh, *en;
    int strength;
};

static struct operator_words operator_words(enum expr_op op)
{
    switch (op) {
    case EXPR_OR: return (struct operator_words){" 或 ", " or ", 1};
    case EXPR_AND: return (struct operator_words){" 且 ", " and ", 2};
    case EXPR_EQUAL: return (struct operator_words){" = ", " = ", 3};
    case EXPR_NOT_EQUAL: return (struct operator_words){" ≠ ", " ≠ ", 3};
    case EXPR_LESS: return (struct operator_words){" < ", " < ", 3};
    case EXPR_LESS_EQUAL: return (struct operator_words){" ≤ ", " ≤ ", 3};
    case EXPR_GREATER: return (struct operator_words){" > ", " > ", 3};
    case EXPR_GREATER_EQUAL: return (struct operator_words){" ≥ ", " ≥ ", 3};
    case EXPR_IN: return (struct operator_words){" 属于 ", " in ", 3};
    case EXPR_ADD: return (struct operator_words){" + ", " + ", 4};
    case EXPR_SUBTRACT: return (struct operator_words){" − ", " − ", 4};
    case EXPR_LITERAL:
    case EXPR_NAME:
    case EXPR_VARIABLE:
    case EXPR_SELECT:
    case EXPR_INDEX:
    case EXPR_HAS:
    case EXPR_LIST:
    case EXPR_MAP:
    case EXPR_NOT:
    case EXPR_NEGATE:
    case EXPR_CHOOSE:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_MODULO:
    case EXPR_CALL:
    case EXPR_ALL:
    case EXPR_EXISTS:
    case EXPR_FILTER: break;
    }
    return (struct operator_words){0};
}

static bool put_literal(struct words *words, const struct value *value)
{
    switch (value->kind) {
    case VALUE_BOOL:
        words_say(words, value->as.boolean ? "是" : "否", value->as.boolean ? "yes" : "no");
        return true;
    case VALUE_INT: buffer_put_decimal(words->buffer, value->as.integer); return true;
    case VALUE_TEXT:
    case VALUE_UNIT: buffer_put(words->buffer, value->as.text); return true;
    case VALUE_DATE: buffer_put_date(words->buffer, value->as.date); return true;
    case VALUE_NONE:
    case VALUE_DOUBLE:
    case VALUE_TIMESTAMP:
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_KIND_COUNT: break;
    }
    return false;
}

static bool put_field(struct words *words, const struct field *fields, uint32_t count,
                      uint32_t index)
{
    if (index >= count)
        return false;
    buffer_put(words->buffer, words_title(words, &fields[index].title, fields[index].name));
    return true;
}

static bool put_name(struct words *words, const struct expr *expr, int32_t event)
{
    const struct program *program = words->program;
    switch (expr->slot) {
    case SLOT_CASE_FIELD:
        return put_field(words, program->fields, program->field_count, expr->index);
    case SLOT_EVENT_DATA:
        return event != INDEX_NONE
               && put_field(words, program->events[event].fields,
                            program->events[event].field_count, expr->index);
    case SLOT_PARTY:
        if (expr->index >= program->party_count)
            return false;
        words_put_party(words, expr->index);
        return true;
    case SLOT_EVENT_DATE: words_say(words, "事件日期", "the event's date"); return true;
    case SLOT_EVENT_SENDER: words_say(words, "发布单位", "the sender"); return true;
    case SLOT_CASE_ID: words_say(words, "案件编号", "the case's id"); return true;
    case SLOT_SUBS_OPEN: words_say(words, "未办结的下级案件数", "open sub-cases"); return true;
    case SLOT_SUBS_CLOSED: words_say(words, "已办结的下级案件数", "closed sub-cases"); return true;
    case SLOT_EVENT_TYPE:
    case SLOT_EVENT_TIME:
    case SLOT_CASE_STATE:
    case SLOT_CASE_OPENED:
    case SLOT_ELEMENT: break;
    }
    return false;
}

static bool put_due(struct words *words, const struct expr *expr)
{
    if (expr->function != FUNCTION_DUE || expr->index >= words->program->clock_count)
        return false;
    const struct clock_rule *clock = &words->program->clocks[expr->index];
    words_say(words, "“", "the due date of \"");
    buffer_put(words->buffer, words_title(words, &clock->title, clock->name));
    words_say(words, "”到期日", "\"");
    return true;
}

static bool put_tree(struct words *words, const struct expr *expr, int32_t event, int strength);

static bool put_list(struct words *words, const struct expr *expr, int32_t event)
{
    bool is_said = true;
    buffer_put_text(words->buffer, "[");
    for (uint16_t i = 0; is_said && i < expr->arg_count; i++) {
        if (i > 0)
            words_say(words, "、", ", ");
        is_said = put_tree(words, expr->args[i], event, 0);
    }
    buffer_put_text(words->buffer, "]");
    return is_said;
}

/* False: it has a part that only its source can say. strength: of what it stands within. As deep
 * as an expression, at most EXPR_DEPTH_MAX. */
static bool put_tree(struct words *words, const struct expr *expr, int32_t event, int strength)
{
    struct operator_words own = operator_words(expr->op);
    if (own.zh && expr->arg_count == 2) {
        bool is_weaker = own.strength < strength;
        buffer_put_text(words->buffer, is_weaker ? "(" : "");
        bool is_said = put_tree(words, expr->args[0], event, own.strength);
        words_say(words, own.zh, own.en);
        is_said = is_said && put_tree(words, expr->args[1], event, own.strength + 1);
        buffer_put_text(words->buffer, is_weaker ? ")" : "");
        return is_said;
    }
    if (expr->op == EXPR_LITERAL)
        return put_literal(words, &expr->literal);
    if (expr->op == EXPR_NAME)
        return put_name(words, expr, event);
    if (expr->op == EXPR_CALL)
        return put_due(words, expr);
    if (expr->op == EXPR_LIST)
        return put_list(words, expr, event);
    if (expr->op == EXPR_NOT || expr->op == EXPR_HAS)
        words_say(words, expr->op == EXPR_NOT ? "非 " : "有 ",
                  expr->op == EXPR_NOT ? "not " : "has ");
    return (expr->op == EXPR_NOT || expr->op == EXPR_HAS)
           && put_tree(words, expr->args[0], event, 3);
}

void words_put_expr(struct words *words, const struct expr *expr, int32_t event)
{
    size_t mark = words->buffer->used;
    if (put_tree(words, expr, event, 0) || !expr->source.size)
        return;
    words->buffer->used = mark;
    buffer_put(words->buffer, expr->source);
}

static void put_unit(struct words *words, enum period_unit unit, bool is_one, bool is_spaced)
{
    static const struct {
        const char *zh, *one, *many;
    } units[] = {[PERIOD_HOURS] = {"小时", "hour", "hours"},
                 [PERIOD_DAYS] = {"日", "day", "days"},
                 [PERIOD_WORKING_DAYS] = {"个工作日", "working day", "working days"},
                 [PERIOD_MONTHS] = {"个月", "month", "months"},
                 [PERIOD_YEARS] = {"年", "year", "years"},
                 [PERIOD_UNTIL] = {"", "", ""}};
    words_say(words, is_spaced ? "\u00a0" : "", "\u00a0");
    words_say(words, units[unit].zh, is_one ? units[unit].one : units[unit].many);
}

/* A number that is not written in the definition stands in brackets: 〔期限〕 个月. */
static void put_amount(struct words *words, const struct expr *amount, enum period_unit unit)
{
    bool is_number = amount->op == EXPR_LITERAL && amount->literal.kind == VALUE_INT;
    if (unit == PERIOD_UNTIL)
        words_say(words, "至 ", "until ");
    bool is_bracketed = !is_number && unit != PERIOD_UNTIL;
    buffer_put_text(words->buffer, is_bracketed ? words->is_zh ? "〔" : "[" : "");
    words_put_expr(words, amount, INDEX_NONE);
    buffer_put_text(words->buffer, is_bracketed ? words->is_zh ? "〕" : "]" : "");
    if (unit != PERIOD_UNTIL)
        put_unit(words, unit, is_number && amount->literal.as.integer == 1, is_number);
}

void words_put_period(struct words *words, const struct clock_rule *clock)
{
    if (clock->repeats)
        words_say(words, "每 ", "every ");
    if (clock->is_right)
        words_say(words, "权利期限\u00a0", "right:\u00a0");
    for (uint32_t i = 0; i < clock->period_count; i++) {
        const struct clock_period *period = &clock->periods[i];
        if (i > 0)
            words_say(words, "；", "; ");
        if (period->guard && words->is_zh) {
            words_put_expr(words, period->guard, INDEX_NONE);
            bool is_latin = words->buffer->ptr[words->buffer->used - 1] < 0x80;
            buffer_put_text(words->buffer, is_latin ? " 时 " : "时 ");
        }
        if (!period->guard && i > 0)
            words_say(words, "否则 ", "else ");
        put_amount(words, period->amount, period->unit);
        if (period->guard && !words->is_zh) {
            buffer_put_text(words->buffer, " if ");
            words_put_expr(words, period->guard, INDEX_NONE);
        }
    }
}

/* What ends a clock that no state bounds. */
static void put_end(struct words *words, const struct clock_rule *clock)
{
    if (clock->until_event != INDEX_NONE) {
        words_say(words, " · 至“", " · until \"");
        words_put_event(words, clock->until_event);
        words_say(words, "”", "\"");
    } else if (clock->until_state != INDEX_NONE) {
        words_say(words, " · 至进入“", " · until it enters \"");
        words_put_state(words, clock->until_state);
        words_say(words, "”", "\"");
    }
}

static void put_force_and_who(struct words *words, const struct clock_rule *clock)
{
    buffer_put_text(words->buffer, words_force(clock->force, words->is_zh));
    if (clock->who == INDEX_NONE)
        return;
    buffer_put_text(words->buffer, " · ");
    words_put_party(words, clock->who);
}

static void put_anchor(struct words *words, const struct clock_rule *clock)
{
    if (!clock->anchor)
        return;
    words_say(words, " · 起算：", " · counts from ");
    words_put_expr(words, clock->anchor, clock->from_event);
}

void words_put_clock_terms(struct words *words, const struct clock_rule *clock)
{
    put_force_and_who(words, clock);
    put_anchor(words, clock);
    put_end(words, clock);
    if (clock->pause_count)
        words_say(words, " · 可暂停", " · can pause");
    if (clock->extend_count)
        words_say(words, " · 可延长", " · can be extended");
}

static void put_pauses(struct words *words, const struct clock_rule *clock)
{
    for (uint32_t i = 0; i < clock->pause_count; i++) {
        words_say(words, "\n暂停：", "\nPaused: ");
        words_put_event(words, clock->pauses[i].from);
        buffer_put_text(words->buffer, " → ");
        words_put_event(words, clock->pauses[i].until);
    }
}

static void put_extensions(struct words *words, const struct clock_rule *clock)
{
    for (uint32_t i = 0; i < clock->extend_count; i++) {
        const struct clock_extend *extend = &clock->extends[i];
        words_say(words, "\n延长：", "\nExtended: ");
        words_put_event(words, extend->event);
        if (extend->times) {
            words_say(words, "，最多 ", ", at most ");
            buffer_put_decimal(words->buffer, extend->times);
            words_say(words, " 次", extend->times == 1 ? " time" : " times");
        }
    }
}

void words_put_clock_notes(struct words *words, const struct clock_rule *clock)
{
    buffer_put(words->buffer, words_title(words, &clock->title, clock->name));
    buffer_put_text(words->buffer, " · ");
    words_put_period(words, clock);
    buffer_put_text(words->buffer, "\n");
    put_force_and_who(words, clock);
    put_anchor(words, clock);
    put_end(words, clock);
    put_pauses(words, clock);
    put_extensions(words, clock);
    if (clock->basis.size) {
        words_say(words, "\n依据：", "\nBasis: ");
        buffer_put(words->buffer, clock->basis);
    }
}
