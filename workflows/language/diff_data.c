/* What changed in what a case remembers, and in who may publish what: fields and events. The same
 * comparison of fields serves the data of the case and that of an event. */
#include "workflows/language/diff_parts.h"
#include "workflows/language/keys.h"

#include <stdio.h>

/* Between names of the one and of the other: “线索移送”的数据项“field”. */
struct field_list {
    struct title owner;  /* how a field of it is called: %1 is the field */
    struct bytes prefix; /* the event's name; empty: the case */
    const struct field *before, *after;
    uint32_t before_count, after_count;
};

/* 2, 0.5: as the shortest decimal; the locale of numbers is never set in this program. */
static struct title real(struct diff *diff, double number)
{
    char memory[32];
    int size = snprintf(memory, sizeof memory, "%.15g", number);
    struct bytes text = {(const uint8_t *)memory, size > 0 ? (size_t)size : 0};
    return diff_same(arena_copy(diff->arena, text));
}

static struct title number_range(struct diff *diff, const struct data_type *type,
                                 struct title title)
{
    struct title min = real(diff, type->min);
    struct title max = real(diff, type->max);
    if (type->has_min && type->has_max)
        return DIFF_PHRASE(diff, "%1 %2..%3", "%1 %2..%3", title, min, max);
    if (type->has_min)
        return DIFF_PHRASE(diff, "%1,不小于 %2", "%1 of at least %2", title, min);
    if (type->has_max)
        return DIFF_PHRASE(diff, "%1,不大于 %2", "%1 of at most %2", title, max);
    return title;
}

static struct title choice_list(struct diff *diff, const struct data_type *type,
                                const struct data_type *without)
{
    struct title all = {0};
    for (uint32_t i = 0; i < type->choice_count; i++) {
        struct names names =
            NAMES_OF(without ? without->choices : NULL, without ? without->choice_count : 0);
        if (names_find(names, type->choices[i]) >= 0)
            continue;
        struct title choice = diff_same(type->choices[i]);
        all = all.zh.size ? DIFF_PHRASE(diff, "%1、%2", "%1, %2", all, choice) : choice;
    }
    return all;
}

static struct title type_phrase(struct diff *diff, const struct data_type *type);

static struct title record_phrase(struct diff *diff, const struct data_type *type)
{
    struct title all = {0};
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        bool is_open = field->is_optional || field->initial.kind != VALUE_NONE;
        struct title one =
            DIFF_PHRASE(diff, is_open ? "%1?: %2" : "%1: %2", is_open ? "%1?: %2" : "%1: %2",
                        diff_same(field->name), type_phrase(diff, &field->type));
        all = all.zh.size ? DIFF_PHRASE(diff, "%1、%2", "%1, %2", all, one) : one;
    }
    return DIFF_PHRASE(diff, "记录(%1)", "record (%1)", all);
}

static struct title type_phrase(struct diff *diff, const struct data_type *type)
{
    switch (type->kind) {
    case TYPE_BOOL: return diff_words("是否", "yes or no");
    case TYPE_INT: return number_range(diff, type, diff_words("整数", "whole number"));
    case TYPE_DOUBLE: return number_range(diff, type, diff_words("数值", "number"));
    case TYPE_TEXT: return diff_words("文字", "text");
    case TYPE_CHOICE:
        return DIFF_PHRASE(diff, "选择:%1", "one of %1", choice_list(diff, type, NULL));
    case TYPE_DATE: return diff_words("日期", "date");
    case TYPE_TIMESTAMP: return diff_words("时刻", "instant");
    case TYPE_UNIT: return diff_words("单位", "unit");
    case TYPE_LIST: return DIFF_PHRASE(diff, "%1的列表", "list of %1", type_phrase(diff, type->of));
    case TYPE_RECORD: return record_phrase(diff, type);
    }
    return diff_words("", "");
}

static struct title field_name(struct diff *diff, const struct field_list *list,
                               const struct field *field)
{
    struct title name = diff_quoted(diff, field->title);
    if (list->owner.zh.size == 0)
        return DIFF_PHRASE(diff, "数据项%1", "field %1", name);
    return DIFF_PHRASE(diff, "事件%1的数据项%2", "field %2 of event %1", list->owner, name);
}

static struct bytes field_subject(struct diff *diff, const struct field_list *list,
                                  const struct field *field)
{
    if (list->prefix.size == 0)
        return field->name;
    return DIFF_PHRASE(diff, "%1.%2", "", diff_same(list->prefix), diff_same(field->name)).zh;
}

static bool is_required(const struct field *field)
{
    return !field->is_optional && field->initial.kind == VALUE_NONE;
}

static struct title value_phrase(struct diff *diff, const struct value *value)
{
    uint8_t memory[48];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    switch (value->kind) {
    case VALUE_NONE: return diff_words("无", "none");
    case VALUE_BOOL: return value->as.boolean ? diff_words("是", "yes") : diff_words("否", "no");
    case VALUE_INT: return diff_number(diff, value->as.integer);
    case VALUE_DOUBLE: return real(diff, value->as.real);
    case VALUE_TEXT:
    case VALUE_UNIT: return DIFF_PHRASE(diff, "“%1”", "“%1”", diff_same(value->as.text));
    case VALUE_DATE: buffer_put_date(&buffer, value->as.date); break;
    case VALUE_TIMESTAMP: buffer_put_instant(&buffer, value->as.timestamp_ms, 0); break;
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_KIND_COUNT: break;
    }
    return diff_same(arena_copy(diff->arena, buffer_bytes(&buffer)));
}

static void diff_type(struct diff *diff, struct bytes subject, struct title name,
                      const struct data_type *before, const struct data_type *after)
{
    struct title old = type_phrase(diff, before), new = type_phrase(diff, after);
    if (before->kind != TYPE_CHOICE || after->kind != TYPE_CHOICE) {
        if (!bytes_equal(old.zh, new.zh))
            DIFF_ADD(diff, FIELD_TYPE, subject, name, old, new);
        return;
    }
    struct title added = choice_list(diff, after, before);
    struct title removed = choice_list(diff, before, after);
    if (added.zh.size)
        DIFF_ADD(diff, FIELD_CHOICES_ADDED, subject, name, added);
    if (removed.zh.size)
        DIFF_ADD(diff, FIELD_CHOICES_REMOVED, subject, name, removed);
}

static struct title class_phrase(enum field_class class)
{
    switch (class) {
    case CLASS_OPEN: return diff_words("公开", "everybody");
    case CLASS_INTERNAL: return diff_words("名录内单位", "units of the directory");
    case CLASS_SENSITIVE: return diff_words("当事方", "the parties");
    case CLASS_SEALED: return diff_words("密封", "parties with the role sealed");
    }
    return diff_words("", "");
}

static void diff_field(struct diff *diff, const struct field_list *list, const struct field *before,
                       const struct field *after)
{
    struct bytes subject = field_subject(diff, list, after);
    struct title name = field_name(diff, list, after);
    if (!diff_title_equal(&before->title, &after->title))
        DIFF_ADD(diff, FIELD_TITLE, subject, field_name(diff, list, before),
                 diff_quoted(diff, after->title));
    diff_type(diff, subject, name, &before->type, &after->type);
    if (is_required(before) != is_required(after))
        diff_add(diff, is_required(after) ? DIFF_CODE_FIELD_REQUIRED : DIFF_CODE_FIELD_OPTIONAL,
                 subject, &name, 1);
    if (!value_equal(&before->initial, &after->initial))
        DIFF_ADD(diff, FIELD_DEFAULT, subject, name, value_phrase(diff, &before->initial),
                 value_phrase(diff, &after->initial));
    if (before->class != after->class)
        DIFF_ADD(diff, FIELD_CLASS, subject, name, class_phrase(before->class),
                 class_phrase(after->class));
}

static struct title new_field(struct diff *diff, const struct field *field)
{
    return is_required(field)
               ? DIFF_PHRASE(diff, "%1,必填", "%1, required", type_phrase(diff, &field->type))
               : type_phrase(diff, &field->type);
}

static void diff_fields(struct diff *diff, const struct field_list *list)
{
    struct names old = NAMES_OF(list->before, list->before_count);
    struct names new = NAMES_OF(list->after, list->after_count);
    for (uint32_t i = 0; i < list->before_count; i++) {
        const struct field *field = &list->before[i];
        int32_t index = names_find(new, field->name);
        if (index < 0)
            DIFF_ADD(diff, FIELD_REMOVED, field_subject(diff, list, field),
                     field_name(diff, list, field));
        else
            diff_field(diff, list, field, &list->after[index]);
    }
    for (uint32_t i = 0; i < list->after_count; i++) {
        const struct field *field = &list->after[i];
        if (names_find(old, field->name) < 0)
            DIFF_ADD(diff, FIELD_ADDED, field_subject(diff, list, field),
                     field_name(diff, list, field), new_field(diff, field));
    }
}

void diff_data(const struct diff_pair *pair)
{
    struct field_list list = {.before = pair->before->fields,
                              .after = pair->after->fields,
                              .before_count = pair->before->field_count,
                              .after_count = pair->after->field_count};
    pair->diff->part = DIFF_DATA;
    diff_fields(pair->diff, &list);
}

static struct bytes sender_name(const struct program *program, const struct event_sender *sender)
{
    return sender->party == INDEX_NONE ? sender->kind : program->parties[sender->party].name;
}

static struct title sender_phrase(struct diff *diff, const struct program *program,
                                  const struct event_sender *sender)
{
    if (sender->party != INDEX_NONE)
        return DIFF_PHRASE(diff, "当事方%1", "party %1",
                           diff_party_name(diff, program, sender->party));
    return DIFF_PHRASE(diff, " %1 类单位", "%1", diff_same(sender->kind));
}

/* Those of the one that the other has not. */
static struct title senders_without(struct diff *diff, const struct program *program,
                                    const struct event_type *event, const struct program *other,
                                    const struct event_type *others)
{
    struct title all = {0};
    for (uint32_t i = 0; i < event->from_count; i++) {
        bool is_there = false;
        for (uint32_t j = 0; others && j < others->from_count; j++)
            is_there |= bytes_equal(sender_name(program, &event->from[i]),
                                    sender_name(other, &others->from[j]));
        if (is_there)
            continue;
        struct title sender = sender_phrase(diff, program, &event->from[i]);
        all = all.zh.size ? DIFF_PHRASE(diff, "%1、%2", "%1, %2", all, sender) : sender;
    }
    return all;
}

static void diff_senders(const struct diff_pair *pair, const struct event_type *before,
                         const struct event_type *after, struct title name)
{
    struct title added = senders_without(pair->diff, pair->after, after, pair->before, before);
    struct title removed = senders_without(pair->diff, pair->before, before, pair->after, after);
    if (added.zh.size)
        DIFF_ADD(pair->diff, EVENT_FROM_ADDED, after->name, name, added);
    if (removed.zh.size)
        DIFF_ADD(pair->diff, EVENT_FROM_REMOVED, after->name, name, removed);
}

static void diff_role(struct diff *diff, const struct event_type *before,
                      const struct event_type *after, struct title name)
{
    struct title old = diff_same(before->role), new = diff_same(after->role);
    if (bytes_equal(before->role, after->role))
        return;
    if (before->role.size == 0)
        DIFF_ADD(diff, EVENT_ROLE_ADDED, after->name, name, new);
    else if (after->role.size == 0)
        DIFF_ADD(diff, EVENT_ROLE_REMOVED, after->name, name, old);
    else
        DIFF_ADD(diff, EVENT_ROLE, after->name, name, old, new);
}

static struct title legal_date(struct diff *diff, const struct event_type *event)
{
    if (event->date_field == INDEX_NONE)
        return diff_words("事件时间", "the event's own time");
    return DIFF_PHRASE(diff, "数据项%1", "field %1",
                       diff_quoted(diff, event->fields[event->date_field].title));
}

static struct bytes date_name(const struct event_type *event)
{
    return event->date_field == INDEX_NONE ? BYTES_NONE : event->fields[event->date_field].name;
}

static void diff_event(const struct diff_pair *pair, const struct event_type *before,
                       const struct event_type *after)
{
    struct diff *diff = pair->diff;
    struct title name = diff_quoted(diff, after->title);
    struct field_list list = {name,          after->name,         before->fields,
                              after->fields, before->field_count, after->field_count};
    if (!diff_title_equal(&before->title, &after->title))
        DIFF_ADD(diff, EVENT_TITLE, after->name, diff_quoted(diff, before->title), name);
    diff_senders(pair, before, after, name);
    diff_role(diff, before, after, name);
    if (!bytes_equal(date_name(before), date_name(after)))
        DIFF_ADD(diff, EVENT_DATE, after->name, name, legal_date(diff, before),
                 legal_date(diff, after));
    diff_fields(diff, &list);
}

void diff_events(const struct diff_pair *pair)
{
    const struct program *before = pair->before, *after = pair->after;
    struct diff *diff = pair->diff;
    diff->part = DIFF_EVENTS;
    for (uint32_t i = 0; i < before->event_count; i++) {
        const struct event_type *event = &before->events[i];
        int32_t index = program_event(after, event->name);
        if ((int32_t)i == before->joined_event)
            continue; /* the engine's own: told where it is handled */
        if (index == INDEX_NONE)
            DIFF_ADD(diff, EVENT_REMOVED, event->name, diff_quoted(diff, event->title));
        else
            diff_event(pair, event, &after->events[index]);
    }
    for (uint32_t i = 0; i < after->event_count; i++) {
        const struct event_type *event = &after->events[i];
        bool is_new =
            (int32_t)i != after->joined_event && program_event(before, event->name) == INDEX_NONE;
        if (is_new)
            DIFF_ADD(diff, EVENT_ADDED, event->name, diff_quoted(diff, event->title),
                     senders_without(diff, after, event, NULL, NULL));
    }
}
