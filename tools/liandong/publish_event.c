/* What is wrong with an event is said here, before anything is sent, in the words that the worker
 * would use: a malformed event never spoils the message that it would have travelled in. */
#include "tools/liandong/publish_event.h"

#include "tools/liandong/json_read.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static enum ld_err explain(struct event_problem *problem, const char *zh, const char *en)
{
    snprintf(problem->zh, sizeof problem->zh, "%s", zh);
    snprintf(problem->en, sizeof problem->en, "%s", en);
    return LD_INVALID;
}

static enum ld_err explain_size(struct event_problem *problem)
{
    return explain(problem, "事件过大", "the event is too large");
}

enum ld_err event_read(struct bytes line, struct arena *arena, struct value *ret_event,
                       struct event_problem *ret_problem)
{
    struct json_problem json;
    enum ld_err err = json_read(line, WIRE_DEPTH_MAX, arena, ret_event, &json);
    if (err == LD_FULL)
        return explain_size(ret_problem);
    if (err) {
        snprintf(ret_problem->zh, sizeof ret_problem->zh, "第 %d 列不是合法的 JSON:%s", json.column,
                 json.text);
        snprintf(ret_problem->en, sizeof ret_problem->en, "no lawful JSON at column %d: %s",
                 json.column, json.text);
        return LD_INVALID;
    }
    return LD_OK;
}

/* --- flags ---------------------------------------------------------------------------------- */

/* A UUID of version 7 (RFC 9562 §5.7): milliseconds, then random bits. */
static struct bytes fresh_id(struct arena *arena)
{
    uint8_t octets[16];
    char *text = arena_alloc(arena, 37);
    struct timespec time;
    if (!text || getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
        return BYTES_NONE;
    (void)clock_gettime(CLOCK_REALTIME, &time);
    uint64_t ms = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
    for (int i = 0; i < 6; i++)
        octets[i] = (uint8_t)(ms >> (8 * (5 - i)));
    octets[6] = (uint8_t)(0x70 | (octets[6] & 0x0f));
    octets[8] = (uint8_t)(0x80 | (octets[8] & 0x3f));
    int used = 0;
    for (int i = 0; i < 16; i++)
        used += snprintf(text + used, 37 - (size_t)used, "%s%02x",
                         i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", octets[i]);
    return bytes_from_text(text);
}

/* The entries of --data with room for those of --set behind them. */
static enum ld_err start_data(const struct event_flags *flags, struct arena *arena,
                              struct value_builder *data, struct event_problem *ret_problem)
{
    struct value given = value_map(NULL, 0);
    if (flags->data) {
        enum ld_err err = event_read(bytes_from_text(flags->data), arena, &given, ret_problem);
        if (err)
            return err;
        if (given.kind != VALUE_MAP)
            return explain(ret_problem, "--data 须为 JSON 对象", "--data must be a JSON object");
    }
    data->count = given.as.map.count;
    data->capacity = data->count + flags->sets.count;
    data->entries = arena_alloc_array(arena, data->capacity, sizeof *data->entries);
    if (!data->entries)
        return explain_size(ret_problem);
    if (data->count)
        memcpy(data->entries, given.as.map.entries, data->count * sizeof *data->entries);
    return LD_OK;
}

static enum ld_err put_set(const char *set, struct arena *arena, struct value_builder *data,
                           struct event_problem *ret_problem)
{
    const char *equals = strchr(set, '=');
    if (!equals || equals == set)
        return explain(ret_problem, "--set 须为 名称=内容", "--set must be key=value");
    struct bytes key = {(const uint8_t *)set, (size_t)(equals - set)};
    struct value so_far = value_built(data);
    if (value_get_bytes(&so_far, key))
        return explain(ret_problem, "同一数据项给了两次", "one item of data is given twice");
    data->entries[data->count++] =
        (struct value_entry){key, json_scalar_or_text(equals + 1, arena)};
    return LD_OK;
}

static void put_text(struct value_builder *event, const char *key, const char *text)
{
    if (text)
        value_put(event, key, value_words(text));
}

enum ld_err event_from_flags(const struct event_flags *flags, struct arena *arena,
                             struct value *ret_event, struct event_problem *ret_problem)
{
    struct value_builder data, event = {.capacity = 9};
    event.entries = arena_alloc_array(arena, event.capacity, sizeof *event.entries);
    if (!event.entries)
        return explain_size(ret_problem);
    enum ld_err err = start_data(flags, arena, &data, ret_problem);
    for (uint32_t i = 0; i < flags->sets.count && !err; i++)
        err = put_set(flags->sets.texts[i], arena, &data, ret_problem);
    if (err)
        return err;
    value_put(&event, "specversion", value_words("1.0"));
    value_put(&event, "id", flags->id ? value_words(flags->id) : value_text(fresh_id(arena)));
    put_text(&event, "source", flags->source);
    put_text(&event, "type", flags->type);
    put_text(&event, "subject", flags->subject);
    put_text(&event, "time", flags->time);
    put_text(&event, "role", flags->role);
    put_text(&event, "workflow", flags->workflow);
    if (data.count)
        value_put(&event, "data", value_built(&data));
    *ret_event = value_built(&event);
    return LD_OK;
}

/* --- checking ------------------------------------------------------------------------------- */

enum ld_err event_encode(const struct value *event, struct buffer *buffer,
                         struct envelope *ret_envelope, struct event_problem *ret_problem)
{
    struct envelope_problem problem;
    buffer_clear(buffer);
    if (envelope_from_value(event, 0, ret_envelope, &problem)) {
        snprintf(ret_problem->zh, sizeof ret_problem->zh, "%s:%s", problem.attribute, problem.zh);
        snprintf(ret_problem->en, sizeof ret_problem->en, "%s %s", problem.attribute, problem.en);
        return LD_INVALID;
    }
    codec_encode(event, buffer);
    if (buffer->is_full)
        return explain_size(ret_problem);
    if (codec_scan(buffer_bytes(buffer), WIRE_DEPTH_MAX))
        return explain(ret_problem, "数据嵌套过深,或键过长、过多",
                       "data is nested too deeply, or has too many or too long keys");
    return LD_OK;
}
