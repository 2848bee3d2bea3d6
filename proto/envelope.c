/* Events as maps and back (CloudEvents 1.0.2 §3; PROTOCOL.md §5), and the fates that answer them.
 *
 * Both are tables of text attributes: a row says the key, where it stands in the struct, and its
 * bounds. What is no text (time, data, position, takes) is handled by hand beside the table. An
 * extension attribute that is not ours is passed over, as CloudEvents asks of an intermediary that
 * does not know it. */
#include "proto/envelope.h"

#include <stddef.h>

/* --- problems ------------------------------------------------------------------------------- */

enum problem {
    PROBLEM_MISSING,
    PROBLEM_NO_TEXT,
    PROBLEM_SIZE,
    PROBLEM_CONTROL,
    PROBLEM_SLASH,
    PROBLEM_SPECVERSION,
    PROBLEM_TIME,
    PROBLEM_DATA,
    PROBLEM_NO_MAP,
    PROBLEM_HOPS,
};

static const struct words {
    const char *zh, *en;
} problems[] = {
    [PROBLEM_MISSING] = {"缺少这一属性", "is missing"},
    [PROBLEM_NO_TEXT] = {"必须是文本", "must be text"},
    [PROBLEM_SIZE] = {"为空或过长", "is empty or too long"},
    [PROBLEM_CONTROL] = {"含有控制字符", "holds control characters"},
    [PROBLEM_SLASH] = {"不得以“/”开头或结尾", "must not begin or end with '/'"},
    [PROBLEM_SPECVERSION] = {"只支持 1.0", "only 1.0 is supported"},
    [PROBLEM_TIME] = {"不是 RFC 3339 时间", "is no RFC 3339 time"},
    [PROBLEM_DATA] = {"必须是对象", "must be an object"},
    [PROBLEM_NO_MAP] = {"必须是对象", "must be an object"},
    [PROBLEM_HOPS] = {"必须是 0 至 255 的整数", "must be a whole number from 0 to 255"},
};

static enum ld_err complain_of(const char *attribute, enum problem problem,
                               struct envelope_problem *ret_problem)
{
    *ret_problem = (struct envelope_problem){attribute, problems[problem].zh, problems[problem].en};
    return LD_INVALID;
}

/* --- texts ---------------------------------------------------------------------------------- */

struct text_row {
    const char *key;
    size_t offset;
    size_t size_max; /* of an event's attributes; fates are not bounded apart */
    bool is_required;
};

static struct bytes *text_at(void *object, const struct text_row *row)
{
    return (struct bytes *)(void *)((char *)object + row->offset);
}

static const struct bytes *text_in(const void *object, const struct text_row *row)
{
    return (const struct bytes *)(const void *)((const char *)object + row->offset);
}

/* C0, DEL, and C1 in its UTF-8 form. */
static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t octet = text.ptr[i];
        if (octet < 0x20 || octet == 0x7f)
            return true;
        if (octet == 0xc2 && i + 1 < text.size && text.ptr[i + 1] < 0xa0)
            return true;
    }
    return false;
}

/* Puts each text that is there, and is not empty, into the builder. */
static void put_texts(const void *object, const struct text_row *rows, size_t count,
                      struct value_builder *builder)
{
    for (size_t i = 0; i < count; i++) {
        struct bytes text = *text_in(object, &rows[i]);
        if (text.size)
            value_put(builder, rows[i].key, value_text(text));
    }
}

/* --- the envelope --------------------------------------------------------------------------- */

#define ATTRIBUTE(name, max, required)                                                             \
    {                                                                                              \
#name, offsetof(struct envelope, name), max, required                                      \
    }

static const struct text_row attributes[] = {
    ATTRIBUTE(id, WIRE_ID_MAX, true),      ATTRIBUTE(source, WIRE_WORD_MAX, true),
    ATTRIBUTE(type, WIRE_WORD_MAX, true),  ATTRIBUTE(subject, WIRE_SUBJECT_MAX, true),
    ATTRIBUTE(role, WIRE_WORD_MAX, false), ATTRIBUTE(workflow, WIRE_WORD_MAX, false),
};

enum { ATTRIBUTE_COUNT = sizeof attributes / sizeof attributes[0], HOPS_MAX = 255 };

static enum ld_err take_attribute(const struct value *map, const struct text_row *row,
                                  struct envelope *envelope, struct envelope_problem *ret_problem)
{
    const struct value *value = value_get(map, row->key);
    if (!value || value->kind == VALUE_NONE)
        return row->is_required ? complain_of(row->key, PROBLEM_MISSING, ret_problem) : LD_OK;
    if (value->kind != VALUE_TEXT)
        return complain_of(row->key, PROBLEM_NO_TEXT, ret_problem);
    struct bytes text = value->as.text;
    if (text.size > row->size_max || (row->is_required && text.size == 0))
        return complain_of(row->key, PROBLEM_SIZE, ret_problem);
    if (has_control(text))
        return complain_of(row->key, PROBLEM_CONTROL, ret_problem);
    *text_at(envelope, row) = text;
    return LD_OK;
}

static enum ld_err take_time(const struct value *map, int zone_minutes, struct envelope *envelope,
                             struct envelope_problem *ret_problem)
{
    const struct value *time = value_get(map, "time");
    envelope->time_ms = INSTANT_NONE;
    if (!time || time->kind == VALUE_NONE)
        return LD_OK;
    if (time->kind != VALUE_TEXT)
        return complain_of("time", PROBLEM_NO_TEXT, ret_problem);
    if (!instant_parse(time->as.text, zone_minutes, &envelope->time_ms))
        return complain_of("time", PROBLEM_TIME, ret_problem);
    return LD_OK;
}

static enum ld_err check_specversion(const struct value *map, struct envelope_problem *ret_problem)
{
    const struct value *version = value_get(map, "specversion");
    if (!version)
        return LD_OK;
    if (version->kind != VALUE_TEXT || !bytes_is(version->as.text, "1.0"))
        return complain_of("specversion", PROBLEM_SPECVERSION, ret_problem);
    return LD_OK;
}

/* The '/' of a subject parts a case from its sub-case: neither can be nameless. */
static enum ld_err check_subject(struct bytes subject, struct envelope_problem *ret_problem)
{
    bool is_edged = bytes_starts_with(subject, BYTES_LITERAL("/"))
                    || bytes_ends_with(subject, BYTES_LITERAL("/"));
    return is_edged ? complain_of("subject", PROBLEM_SLASH, ret_problem) : LD_OK;
}

static enum ld_err take_data(const struct value *map, struct envelope *envelope,
                             struct envelope_problem *ret_problem)
{
    const struct value *data = value_get(map, "data");
    if (!data || data->kind == VALUE_NONE)
        return LD_OK;
    if (data->kind != VALUE_MAP)
        return complain_of("data", PROBLEM_DATA, ret_problem);
    envelope->data = *data;
    return LD_OK;
}

/* A larger number than anything counts to is a mistake. */
static enum ld_err take_hops(const struct value *map, struct envelope *envelope,
                             struct envelope_problem *ret_problem)
{
    const struct value *hops = value_get(map, "hops");
    if (!hops || hops->kind == VALUE_NONE)
        return LD_OK;
    if (hops->kind != VALUE_INT || hops->as.integer < 0 || hops->as.integer > HOPS_MAX)
        return complain_of("hops", PROBLEM_HOPS, ret_problem);
    envelope->hops = (uint32_t)hops->as.integer;
    return LD_OK;
}

enum ld_err envelope_from_value(const struct value *map, int zone_minutes,
                                struct envelope *ret_envelope, struct envelope_problem *ret_problem)
{
    struct envelope envelope = {0};
    enum ld_err err;
    if (map->kind != VALUE_MAP)
        return complain_of("event", PROBLEM_NO_MAP, ret_problem);
    err = check_specversion(map, ret_problem);
    if (err)
        return err;
    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        err = take_attribute(map, &attributes[i], &envelope, ret_problem);
        if (err)
            return err;
    }
    err = check_subject(envelope.subject, ret_problem);
    if (err)
        return err;
    err = take_time(map, zone_minutes, &envelope, ret_problem);
    if (err)
        return err;
    err = take_data(map, &envelope, ret_problem);
    if (err)
        return err;
    err = take_hops(map, &envelope, ret_problem);
    if (err)
        return err;
    *ret_envelope = envelope;
    return LD_OK;
}

enum ld_err envelope_to_value(const struct envelope *envelope, struct arena *arena,
                              struct value *ret_map)
{
    struct value_builder builder = {.capacity = ATTRIBUTE_COUNT + 4};
    builder.entries = arena_alloc_array(arena, builder.capacity, sizeof *builder.entries);
    if (!builder.entries)
        return LD_FULL;
    value_put(&builder, "specversion", value_words("1.0"));
    put_texts(envelope, attributes, ATTRIBUTE_COUNT, &builder);
    if (envelope->time_ms != INSTANT_NONE)
        value_put(&builder, "time", value_timestamp(envelope->time_ms));
    if (envelope->data.kind == VALUE_MAP)
        value_put(&builder, "data", envelope->data);
    if (envelope->hops)
        value_put(&builder, "hops", value_int(envelope->hops));
    *ret_map = value_built(&builder);
    return LD_OK;
}

/* --- fates ---------------------------------------------------------------------------------- */

#define FATE_TEXT(key, member)                                                                     \
    {                                                                                              \
        key, offsetof(struct fate_answer, member), SIZE_MAX, false                                 \
    }

static const struct text_row fate_texts[] = {
    FATE_TEXT("id", id),         FATE_TEXT("subject", subject),
    FATE_TEXT("fate", fate),     FATE_TEXT("code", code),
    FATE_TEXT("detail", detail), FATE_TEXT("wanted", wanted),
    FATE_TEXT("zh", zh),         FATE_TEXT("en", en)};
static const struct text_row first_texts[] = {FATE_TEXT("fate", first_fate),
                                              FATE_TEXT("code", first_code)};
static const struct text_row case_texts[] = {FATE_TEXT("state", state)};

enum {
    FATE_TEXT_COUNT = sizeof fate_texts / sizeof fate_texts[0],
    FIRST_TEXT_COUNT = sizeof first_texts / sizeof first_texts[0],
    CASE_TEXT_COUNT = sizeof case_texts / sizeof case_texts[0],
    FATE_ENTRY_COUNT = FATE_TEXT_COUNT + 4, /* position, takes, first, case */
};

static void put_position(struct value_builder *builder, uint64_t position)
{
    if (position)
        value_put(builder, "position", value_int((int64_t)position));
}

enum ld_err fate_answer_to_value(const struct fate_answer *answer, struct arena *arena,
                                 struct value *ret_map)
{
    struct value_builder map = {.capacity = FATE_ENTRY_COUNT};
    struct value_builder first = {.capacity = FIRST_TEXT_COUNT + 1};
    struct value_builder state = {.capacity = CASE_TEXT_COUNT};
    map.entries = arena_alloc_array(arena, map.capacity, sizeof *map.entries);
    first.entries = arena_alloc_array(arena, first.capacity, sizeof *first.entries);
    state.entries = arena_alloc_array(arena, state.capacity, sizeof *state.entries);
    if (!map.entries || !first.entries || !state.entries)
        return LD_FULL;
    put_texts(answer, fate_texts, FATE_TEXT_COUNT, &map);
    put_position(&map, answer->position);
    if (answer->takes.kind == VALUE_LIST)
        value_put(&map, "takes", answer->takes);
    put_texts(answer, first_texts, FIRST_TEXT_COUNT, &first);
    put_position(&first, answer->first_position);
    if (first.count)
        value_put(&map, "first", value_built(&first));
    put_texts(answer, case_texts, CASE_TEXT_COUNT, &state);
    if (state.count)
        value_put(&map, "case", value_built(&state));
    *ret_map = value_built(&map);
    return LD_OK;
}

/* From a map that may be absent as a whole. */
static bool take_texts(const struct value *map, const struct text_row *rows, size_t count,
                       struct fate_answer *answer)
{
    if (map && map->kind != VALUE_MAP)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct value *value = value_get(map, rows[i].key);
        if (value && value->kind != VALUE_TEXT)
            return false;
        *text_at(answer, &rows[i]) = value ? value->as.text : BYTES_NONE;
    }
    return true;
}

static bool take_position(const struct value *map, uint64_t *position)
{
    const struct value *value = value_get(map, "position");
    if (!value)
        return true;
    if (value->kind != VALUE_INT || value->as.integer < 0)
        return false;
    *position = (uint64_t)value->as.integer;
    return true;
}

static bool take_takes(const struct value *map, struct value *takes)
{
    const struct value *value = value_get(map, "takes");
    if (!value)
        return true;
    if (value->kind != VALUE_LIST)
        return false;
    for (uint32_t i = 0; i < value->as.list.count; i++) {
        if (value->as.list.items[i].kind != VALUE_TEXT)
            return false;
    }
    *takes = *value;
    return true;
}

enum ld_err fate_answer_from_value(const struct value *map, struct fate_answer *ret_answer)
{
    struct fate_answer answer = {0};
    if (map->kind != VALUE_MAP)
        return LD_INVALID;
    const struct value *first = value_get(map, "first"), *state = value_get(map, "case");
    bool is_lawful = take_texts(map, fate_texts, FATE_TEXT_COUNT, &answer)
                     && take_texts(first, first_texts, FIRST_TEXT_COUNT, &answer)
                     && take_texts(state, case_texts, CASE_TEXT_COUNT, &answer)
                     && take_position(map, &answer.position)
                     && take_position(first, &answer.first_position)
                     && take_takes(map, &answer.takes) && answer.fate.size;
    if (!is_lawful)
        return LD_INVALID;
    *ret_answer = answer;
    return LD_OK;
}
