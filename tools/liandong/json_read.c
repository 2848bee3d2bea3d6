/* jansson reads the text; what it made is copied into the arena, so that a value has one kind of
 * lifetime wherever it came from. */
#include "tools/liandong/json_read.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

static enum ld_err convert(json_t *json, uint32_t depth_left, struct arena *arena,
                           struct value *value);

static enum ld_err convert_text(struct bytes text, struct arena *arena, struct bytes *ret_copy)
{
    *ret_copy = arena_copy(arena, text);
    return ret_copy->ptr ? LD_OK : LD_FULL;
}

static enum ld_err convert_array(json_t *json, uint32_t depth_left, struct arena *arena,
                                 struct value *value)
{
    size_t count = json_array_size(json);
    struct value *items = arena_alloc_array(arena, count, sizeof *items);
    if (!items)
        return LD_FULL;
    for (size_t i = 0; i < count; i++) {
        enum ld_err err = convert(json_array_get(json, i), depth_left, arena, &items[i]);
        if (err)
            return err;
    }
    *value = value_list(items, (uint32_t)count);
    return LD_OK;
}

static enum ld_err convert_object(json_t *json, uint32_t depth_left, struct arena *arena,
                                  struct value *value)
{
    size_t count = json_object_size(json);
    struct value_entry *entries = arena_alloc_array(arena, count, sizeof *entries),
                       *entry = entries;
    if (!entries)
        return LD_FULL;
    for (void *at = json_object_iter(json); at; at = json_object_iter_next(json, at), entry++) {
        enum ld_err err =
            convert_text(bytes_from_text(json_object_iter_key(at)), arena, &entry->key);
        if (!err)
            err = convert(json_object_iter_value(at), depth_left, arena, &entry->value);
        if (err)
            return err;
    }
    *value = value_map(entries, (uint32_t)count);
    return LD_OK;
}

static enum ld_err convert_string(json_t *json, struct arena *arena, struct value *value)
{
    struct bytes text = {(const uint8_t *)json_string_value(json), json_string_length(json)};
    *value = value_text(BYTES_NONE);
    return convert_text(text, arena, &value->as.text);
}

/* Recursion is bounded by depth_left. */
static enum ld_err convert(json_t *json, uint32_t depth_left, struct arena *arena,
                           struct value *value)
{
    bool is_container = json_is_array(json) || json_is_object(json);
    if (is_container && depth_left == 0)
        return LD_INVALID;
    switch (json_typeof(json)) {
    case JSON_OBJECT: return convert_object(json, depth_left - 1, arena, value);
    case JSON_ARRAY: return convert_array(json, depth_left - 1, arena, value);
    case JSON_STRING: return convert_string(json, arena, value);
    case JSON_INTEGER: *value = value_int(json_integer_value(json)); return LD_OK;
    case JSON_REAL: *value = value_double(json_real_value(json)); return LD_OK;
    case JSON_TRUE: *value = value_bool(true); return LD_OK;
    case JSON_FALSE: *value = value_bool(false); return LD_OK;
    case JSON_NULL: *value = VALUE_ABSENT; return LD_OK;
    }
    return LD_INVALID;
}

enum ld_err json_read(struct bytes text, uint32_t depth_max, struct arena *arena,
                      struct value *ret_value, struct json_problem *ret_problem)
{
    json_error_t error;
    json_t *json = json_loadb((const char *)text.ptr, text.size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!json) {
        ret_problem->column = error.column < 1 ? 1 : error.column;
        snprintf(ret_problem->text, sizeof ret_problem->text, "%s", error.text);
        return LD_INVALID;
    }
    enum ld_err err = convert(json, depth_max, arena, ret_value);
    json_decref(json);
    if (err == LD_INVALID) {
        ret_problem->column = 1;
        snprintf(ret_problem->text, sizeof ret_problem->text, "nested too deeply");
    }
    return err;
}

struct value json_scalar_or_text(const char *text, struct arena *arena)
{
    struct json_problem problem;
    struct value value;
    struct bytes bytes = bytes_from_text(text);
    if (json_read(bytes, 0, arena, &value, &problem) == LD_OK)
        return value;
    return value_text(bytes);
}
