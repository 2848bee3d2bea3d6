/* Events that leave the case (`emit`): written among the facts of the step, so that they are on
 * disk with what caused them, and delivered from there, at least once, under an id made of the case
 * and the place in the journal.
 *
 * They go out as any agency's would: dates, instants and units as the text that stands for them on
 * the wire, whoever reads them next. The role is the one that the causing event asked for and had:
 * a definition hands a decision on, it makes none.
 *
 * Cases that answer each other without a person between would never end. Each emitted event counts
 * the ones that led to it (the hop count of RFC 5321 §6.3, there of relays), and at the bound the
 * step that would emit one more is refused. */
#include "workflows/core/case_step.h"

enum { EVENT_ENTRIES_MAX = 7, TEXT_SIZE = 40 };

static bool plain(struct step *step, const struct value *value, struct value *ret_plain);

static bool plain_text(struct step *step, const struct value *value, struct value *ret_plain)
{
    struct buffer buffer;
    uint8_t *memory = arena_alloc(step->arena, TEXT_SIZE);
    if (!memory)
        return false;
    buffer_init(&buffer, memory, TEXT_SIZE);
    if (value->kind == VALUE_DATE)
        buffer_put_date(&buffer, value->as.date);
    else
        buffer_put_instant(&buffer, value->as.timestamp_ms, step->rules->calendar->zone_minutes);
    *ret_plain = value_text(buffer_bytes(&buffer));
    return true;
}

static bool plain_list(struct step *step, const struct value *value, struct value *ret_plain)
{
    uint32_t count = value->as.list.count;
    struct value *items = arena_alloc_array(step->arena, count, sizeof *items);
    for (uint32_t i = 0; items && i < count; i++) {
        if (!plain(step, &value->as.list.items[i], &items[i]))
            return false;
    }
    *ret_plain = value_list(items, count);
    return items != NULL;
}

static bool plain_map(struct step *step, const struct value *value, struct value *ret_plain)
{
    uint32_t count = value->as.map.count;
    struct value_entry *entries = arena_alloc_array(step->arena, count, sizeof *entries);
    for (uint32_t i = 0; entries && i < count; i++) {
        entries[i].key = value->as.map.entries[i].key;
        if (!plain(step, &value->as.map.entries[i].value, &entries[i].value))
            return false;
    }
    *ret_plain = value_map(entries, count);
    return entries != NULL;
}

/* As deep as the value is, which its declared type or its expression bounds. */
static bool plain(struct step *step, const struct value *value, struct value *ret_plain)
{
    switch (value->kind) {
    case VALUE_DATE:
    case VALUE_TIMESTAMP: return plain_text(step, value, ret_plain);
    case VALUE_UNIT: *ret_plain = value_text(value->as.text); return true;
    case VALUE_LIST: return plain_list(step, value, ret_plain);
    case VALUE_MAP: return plain_map(step, value, ret_plain);
    case VALUE_NONE:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_TEXT:
    case VALUE_KIND_COUNT: break;
    }
    *ret_plain = *value;
    return true;
}

bool step_eval_named(struct step *step, const struct named_expr *exprs, uint32_t count,
                     struct named_value **ret_values)
{
    struct named_value *values = arena_alloc_array(step->arena, count, sizeof *values);
    if (!values) {
        step->is_exhausted = true;
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        values[i].name = exprs[i].name;
        enum expr_err err = step_eval(step, exprs[i].value, &values[i].value);
        if (err != EXPR_OK)
            return step_trouble(step, REFUSAL_EXPRESSION, exprs[i].value->source,
                                expr_err_word(err));
    }
    *ret_values = values;
    return true;
}

/* The event's data as a map. False: it is refused, or on record that it cannot be. */
static bool data_of(struct step *step, const struct action *action, struct value *ret_data)
{
    struct named_value *values = NULL;
    if (!step_eval_named(step, action->values, action->value_count, &values))
        return false;
    struct value_entry *entries =
        arena_alloc_array(step->arena, action->value_count, sizeof *entries);
    for (uint32_t i = 0; entries && i < action->value_count; i++) {
        entries[i].key = values[i].name;
        if (!plain(step, &values[i].value, &entries[i].value))
            step->is_exhausted = true;
    }
    step->is_exhausted |= !entries;
    *ret_data = value_map(entries, action->value_count);
    return !step->is_exhausted;
}

static bool sender_of(struct step *step, const struct action *action, struct value *ret_sender)
{
    *ret_sender = value_unit(step->event_given->source);
    enum expr_err err = action->sender ? step_eval(step, action->sender, ret_sender) : EXPR_OK;
    if (err != EXPR_OK)
        return step_trouble(step, REFUSAL_EXPRESSION, action->sender->source, expr_err_word(err));
    return ret_sender->as.text.size
           || step_trouble(step, REFUSAL_EXPRESSION, action->type, "no sender");
}

/* One that the envelope of an event may name: any other is refused wherever it arrives. */
static bool is_case_id(struct bytes id)
{
    bool is_edged =
        bytes_starts_with(id, BYTES_LITERAL("/")) || bytes_ends_with(id, BYTES_LITERAL("/"));
    return id.size > 0 && id.size <= CASE_ID_MAX && !is_edged && !id_has_control(id);
}

static bool subject_of(struct step *step, const struct action *action, struct value *ret_subject)
{
    *ret_subject = VALUE_ABSENT;
    enum expr_err err = action->subject ? step_eval(step, action->subject, ret_subject) : EXPR_OK;
    if (err != EXPR_OK)
        return step_trouble(step, REFUSAL_EXPRESSION, action->subject->source, expr_err_word(err));
    return !action->subject || is_case_id(ret_subject->as.text)
           || step_trouble(step, REFUSAL_EXPRESSION, action->type, "subject");
}

/* Another case may answer by itself, and this one again: at the bound a person must be between. */
static bool check_hops(struct step *step, const struct action *action)
{
    if (!action->subject || step->hops < EMIT_HOPS_MAX)
        return true;
    if (step_may_refuse(step))
        return step_refuse(step, REFUSAL_LIMIT, action->type, BYTES_LITERAL("hops"));
    return step_trouble(step, REFUSAL_EXPRESSION, action->type, "hops");
}

static bool put_event(struct step *step, const struct action *action)
{
    struct value sender, subject, data;
    struct value_entry *entries =
        arena_alloc_array(step->arena, EVENT_ENTRIES_MAX, sizeof *entries);
    if (!entries) {
        step->is_exhausted = true;
        return false;
    }
    if (!check_hops(step, action) || !sender_of(step, action, &sender)
        || !subject_of(step, action, &subject) || !data_of(step, action, &data))
        return false;
    struct value_builder builder = {entries, EVENT_ENTRIES_MAX, 0};
    value_put(&builder, "source", value_text(sender.as.text));
    value_put(&builder, "time", value_timestamp(step->moment.instant_ms));
    if (action->subject)
        value_put(&builder, "subject", subject);
    if (step->event != INDEX_NONE && step->program->events[step->event].role.size)
        value_put(&builder, "role", value_text(step->program->events[step->event].role));
    if (action->workflow.size)
        value_put(&builder, "workflow", value_text(action->workflow));
    if (action->value_count)
        value_put(&builder, "data", data);
    if (action->subject && step->hops)
        value_put(&builder, "hops", value_int(step->hops + 1));
    struct fact *fact = step_emit(step, FACT_EMITTED, (int32_t)step->emitted++);
    fact->text = action->type;
    fact->value = value_built(&builder);
    return true;
}

bool step_publish(struct step *step, const struct action *action)
{
    return put_event(step, action) || (!step_may_refuse(step) && !step->is_exhausted);
}
