/* JSON Schemas of what a definition declares. What the engine refuses the schema refuses, as far as
 * a schema can say it: unknown fields, missing ones, wrong types, bounds and choices. Whether a
 * unit exists, and what a guard asks, only the engine knows. */
#include "base/buffer.h"
#include "base/civil.h"
#include "workflows/core/case.h"
#include "workflows/language/asyncapi_parts.h"

enum { SCHEMA_KEYS = 16, BATCH_MAX = 1000 };

#define SCHEMA_DIALECT "https://json-schema.org/draft/2020-12/schema"

struct value doc_string(struct arena *arena, uint32_t max, const char *pattern)
{
    struct value_builder map = doc_map(arena, 4);
    doc_words(&map, "type", "string");
    doc_put(&map, "minLength", value_int(1));
    doc_put(&map, "maxLength", value_int(max));
    doc_words(&map, "pattern", pattern ? pattern : DOC_PLAIN_PATTERN);
    return value_built(&map);
}

static struct value bound(const struct data_type *type, double number)
{
    return type->kind == TYPE_INT ? value_int((int64_t)number) : value_double(number);
}

static void put_record(struct value_builder *map, const struct field *fields, uint32_t count,
                       struct arena *arena);

static void put_type(struct value_builder *map, const struct data_type *type, struct arena *arena);

static struct value choices(const struct data_type *type, struct arena *arena)
{
    struct doc_list list = doc_list(arena, type->choice_count);
    for (uint32_t i = 0; i < type->choice_count; i++)
        doc_add(&list, value_text(type->choices[i]));
    return doc_listed(&list);
}

static struct value element(const struct data_type *type, struct arena *arena)
{
    struct value_builder map = doc_map(arena, SCHEMA_KEYS);
    put_type(&map, type, arena);
    return value_built(&map);
}

static void put_unit(struct value_builder *map)
{
    doc_words(map, "type", "string");
    doc_words(map, "pattern", DOC_UNIT_PATTERN);
    doc_put(map, "maxLength", value_int(NAME_MAX_SIZE));
    doc_words(map, "x-type", "unit");
}

static void put_text_as(struct value_builder *map, const char *format)
{
    doc_words(map, "type", "string");
    if (format)
        doc_words(map, "format", format);
}

static void put_type(struct value_builder *map, const struct data_type *type, struct arena *arena)
{
    switch (type->kind) {
    case TYPE_BOOL: doc_words(map, "type", "boolean"); break;
    case TYPE_INT: doc_words(map, "type", "integer"); break;
    case TYPE_DOUBLE: doc_words(map, "type", "number"); break;
    case TYPE_TEXT: put_text_as(map, NULL); break;
    case TYPE_DATE: put_text_as(map, "date"); break;
    case TYPE_TIMESTAMP: put_text_as(map, "date-time"); break;
    case TYPE_UNIT: put_unit(map); break;
    case TYPE_RECORD: put_record(map, type->fields, type->field_count, arena); break;
    case TYPE_CHOICE:
        put_text_as(map, NULL);
        doc_put(map, "enum", choices(type, arena));
        break;
    case TYPE_LIST:
        doc_words(map, "type", "array");
        doc_put(map, "items", element(type->of, arena));
        break;
    }
    if (type->has_min)
        doc_put(map, "minimum", bound(type, type->min));
    if (type->has_max)
        doc_put(map, "maximum", bound(type, type->max));
}

struct value doc_type(const struct data_type *type, struct arena *arena)
{
    return element(type, arena);
}

static void put_field(struct value_builder *map, const struct field *field, bool has_default,
                      struct arena *arena)
{
    static const char *const class_words[] = {"open", "internal", "sensitive", "sealed"};
    if (!bytes_equal(field->title.zh, field->name))
        doc_put(map, "title", value_text(field->title.zh));
    if (field->title.en.size)
        doc_put(map, "description", value_text(field->title.en));
    put_type(map, &field->type, arena);
    if (field->initial.kind != VALUE_NONE && has_default)
        doc_put(map, "default", field->initial);
    doc_words(map, "x-class", class_words[field->class]);
}

static struct value field_schema(const struct field *field, struct arena *arena)
{
    struct value_builder map = doc_map(arena, SCHEMA_KEYS);
    put_field(&map, field, true, arena);
    return value_built(&map);
}

struct value doc_field(const struct field *field, struct arena *arena)
{
    struct value_builder map = doc_map(arena, SCHEMA_KEYS);
    put_field(&map, field, false, arena);
    return value_built(&map);
}

static bool is_required(const struct field *field)
{
    return !field->is_optional && field->initial.kind == VALUE_NONE;
}

static void put_record(struct value_builder *map, const struct field *fields, uint32_t count,
                       struct arena *arena)
{
    struct value_builder properties = doc_map(arena, count);
    struct doc_list required = doc_list(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        doc_put(&properties, doc_key(arena, "", fields[i].name, ""),
                field_schema(&fields[i], arena));
        if (is_required(&fields[i]))
            doc_add(&required, value_text(fields[i].name));
    }
    doc_words(map, "type", "object");
    doc_put(map, "properties", value_built(&properties));
    if (required.count)
        doc_put(map, "required", doc_listed(&required));
    doc_put(map, "additionalProperties", value_bool(false));
}

struct value asyncapi_schema(const struct field *fields, uint32_t field_count, struct arena *arena)
{
    struct value_builder map = doc_map(arena, SCHEMA_KEYS);
    doc_words(&map, "$schema", SCHEMA_DIALECT);
    put_record(&map, fields, field_count, arena);
    return value_built(&map);
}

static struct value typed(struct arena *arena, const char *type)
{
    struct value_builder map = doc_map(arena, 1);
    doc_words(&map, "type", type);
    return value_built(&map);
}

static struct value constant(struct arena *arena, const char *word)
{
    struct value_builder map = doc_map(arena, 1);
    doc_words(&map, "const", word);
    return value_built(&map);
}

static struct value fate_words_list(struct arena *arena)
{
    struct value_builder map = doc_map(arena, 3), meanings = doc_map(arena, FATE_COUNT);
    struct doc_list words = doc_list(arena, FATE_COUNT);
    for (enum fate fate = 0; fate < FATE_COUNT; fate++) {
        const struct word_row *row = fate_words(fate);
        struct title title = {bytes_from_text(row->zh), bytes_from_text(row->en)};
        doc_add(&words, value_words(row->word));
        doc_put(&meanings, row->word, doc_titles(arena, &title));
    }
    doc_words(&map, "type", "string");
    doc_put(&map, "enum", doc_listed(&words));
    doc_put(&map, "x-meanings", value_built(&meanings));
    return value_built(&map);
}

/* No enum: a later version of the protocol may add codes (PROTOCOL.md §9). */
static struct value refusal_codes(struct arena *arena)
{
    struct value_builder map = doc_map(arena, 3), meanings = doc_map(arena, REFUSAL_COUNT);
    for (enum refusal refusal = REFUSAL_NONE + 1; refusal < REFUSAL_COUNT; refusal++) {
        const struct word_row *row = refusal_words(refusal);
        struct title title = {bytes_from_text(row->zh), bytes_from_text(row->en)};
        doc_put(&meanings, row->word, doc_titles(arena, &title));
    }
    doc_words(&map, "type", "string");
    doc_words(
        &map, "description",
        "拒绝的原因;x-meanings 列出现有代码,以后的版本可能增加。 Why it was refused; x-meanings "
        "lists the codes there are, and later versions may add some.");
    doc_put(&map, "x-meanings", value_built(&meanings));
    return value_built(&map);
}

static struct value state_schema(const struct program *program, struct arena *arena)
{
    struct value_builder map = doc_map(arena, 2), properties = doc_map(arena, 1);
    struct value_builder state = doc_map(arena, 2), titles = doc_map(arena, program->state_count);
    for (uint32_t i = 0; i < program->state_count; i++)
        doc_put(&titles, doc_key(arena, "", program->states[i].name, ""),
                doc_titles(arena, &program->states[i].title));
    doc_words(&state, "type", "string");
    doc_put(&state, "x-states", value_built(&titles));
    doc_put(&properties, "state", value_built(&state));
    doc_words(&map, "type", "object");
    doc_put(&map, "properties", value_built(&properties));
    return value_built(&map);
}

static struct value takes_schema(struct arena *arena)
{
    struct value_builder map = doc_map(arena, 3);
    doc_words(&map, "type", "array");
    doc_put(&map, "items", typed(arena, "string"));
    doc_words(&map, "description", "案件此时接受的事件。 The events that the case takes now.");
    return value_built(&map);
}

/* PROTOCOL.md §6, one fate. */
static struct value fate_schema(const struct program *program, struct arena *arena)
{
    struct value_builder map = doc_map(arena, 3), properties = doc_map(arena, 12);
    struct doc_list required = doc_list(arena, 1);
    static const char *const texts[] = {"id", "subject", "detail", "wanted", "zh", "en"};
    doc_put(&properties, "fate", fate_words_list(arena));
    doc_put(&properties, "code", refusal_codes(arena));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        doc_put(&properties, texts[i], typed(arena, "string"));
    doc_put(&properties, "position", typed(arena, "integer"));
    doc_put(&properties, "takes", takes_schema(arena));
    doc_put(&properties, "first", typed(arena, "object"));
    doc_put(&properties, "case", state_schema(program, arena));
    doc_add(&required, value_words("fate"));
    doc_words(&map, "type", "object");
    doc_put(&map, "properties", value_built(&properties));
    doc_put(&map, "required", doc_listed(&required));
    return value_built(&map);
}

struct value asyncapi_fate_schema(const struct program *program, struct arena *arena)
{
    struct value_builder map = doc_map(arena, 5);
    doc_words(&map, "$schema", SCHEMA_DIALECT);
    doc_words(&map, "type", "array");
    doc_put(&map, "items", fate_schema(program, arena));
    doc_put(&map, "minItems", value_int(1));
    doc_put(&map, "maxItems", value_int(BATCH_MAX));
    return value_built(&map);
}

/* PROTOCOL.md §3, the first of the two frames. */
struct value asyncapi_header_schema(struct arena *arena, const char *kind)
{
    struct value_builder map = doc_map(arena, 4), properties = doc_map(arena, 3);
    struct doc_list required = doc_list(arena, 2);
    doc_put(&properties, "kind", constant(arena, kind));
    doc_put(&properties, "seq", typed(arena, "integer"));
    doc_put(&properties, "part", typed(arena, "integer"));
    doc_add(&required, value_words("kind"));
    doc_add(&required, value_words("seq"));
    doc_words(&map, "type", "object");
    doc_put(&map, "properties", value_built(&properties));
    doc_put(&map, "required", doc_listed(&required));
    doc_words(&map, "description",
              "ZeroMQ 报文的第一帧(报文头)。 The first frame of the ZeroMQ message, its header.");
    return value_built(&map);
}
