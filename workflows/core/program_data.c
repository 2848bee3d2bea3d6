/* Brings published data to the types that a definition declares. Nothing is guessed: an integer
 * for a text or 2.0 for a whole number is refused with what was wanted, because a value that an
 * agency's system sends by mistake must not become a legal date by good will. Two conversions are
 * no guess, the forms of JSON have no other way: text to dates, timestamps, choices and units,
 * and a whole number where a double is declared.
 *
 * Texts stay views of what came in; only the values themselves and the words of a problem are new
 * in the arena. The recursion is as deep as the declared type, never as the data. */
#include "workflows/core/program.h"

#include "base/utf8.h"

enum { WANTED_SIZE_MAX = 512, PATH_SIZE_MAX = 256, DECIMALS = 6 };

struct typing {
    const struct directory *directory;
    struct arena *arena;
    struct data_problem problem;
};

static enum ld_err type_value(struct typing *typing, const struct data_type *type,
                              const struct value *value, struct value *ret_value);

/* A bound of a number: declared in decimals, so shown with the few it has. */
static void put_number(struct buffer *buffer, double number)
{
    if (number < 0)
        buffer_put_u8(buffer, '-');
    double size = number < 0 ? -number : number;
    if (size > 9e12) { /* beyond this the decimals below would not fit an int64_t */
        buffer_put_decimal(buffer, size < 9e18 ? (int64_t)size : INT64_MAX);
        return;
    }
    int64_t scaled = (int64_t)(size * 1e6 + 0.5);
    buffer_put_decimal(buffer, scaled / 1000000);
    uint32_t rest = (uint32_t)(scaled % 1000000);
    int width = DECIMALS;
    for (; rest && rest % 10 == 0; width--)
        rest /= 10;
    if (!rest)
        return;
    buffer_put_u8(buffer, '.');
    buffer_put_padded(buffer, rest, width);
}

static void put_bounds(struct buffer *buffer, const struct data_type *type)
{
    if (!type->has_min && !type->has_max)
        return;
    buffer_put_u8(buffer, ' ');
    if (type->has_min)
        put_number(buffer, type->min);
    buffer_put_text(buffer, "..");
    if (type->has_max)
        put_number(buffer, type->max);
}

static void put_type(struct buffer *buffer, const struct data_type *type)
{
    static const char *const words[] = {
        [TYPE_BOOL] = "bool",    [TYPE_INT] = "int",   [TYPE_DOUBLE] = "double",
        [TYPE_TEXT] = "text",    [TYPE_CHOICE] = "",   [TYPE_DATE] = "date YYYY-MM-DD",
        [TYPE_UNIT] = "unit",    [TYPE_LIST] = "list", [TYPE_TIMESTAMP] = "timestamp RFC 3339",
        [TYPE_RECORD] = "record"};
    buffer_put_text(buffer, words[type->kind]);
    if (type->kind == TYPE_INT || type->kind == TYPE_DOUBLE)
        put_bounds(buffer, type);
    for (uint32_t i = 0; type->kind == TYPE_CHOICE && i < type->choice_count; i++) {
        buffer_put_text(buffer, i ? " | " : "");
        buffer_put(buffer, type->choices[i]);
    }
}

/* The problem in words; its field is put before by those around it. */
static enum ld_err refuse(struct typing *typing, enum data_problem_kind kind,
                          const struct data_type *type)
{
    struct buffer buffer;
    uint8_t *memory = arena_alloc(typing->arena, WANTED_SIZE_MAX);
    if (!memory)
        return LD_FULL;
    buffer_init(&buffer, memory, WANTED_SIZE_MAX);
    put_type(&buffer, type);
    typing->problem = (struct data_problem){.kind = kind, .wanted = buffer_bytes(&buffer)};
    return LD_INVALID;
}

/* head, then what was named inside of it: items[2].due_on. */
static enum ld_err name_problem(struct typing *typing, struct bytes head)
{
    struct buffer buffer;
    struct bytes inner = typing->problem.field;
    uint8_t *memory = arena_alloc(typing->arena, PATH_SIZE_MAX);
    if (!memory)
        return LD_FULL;
    buffer_init(&buffer, memory, PATH_SIZE_MAX);
    buffer_put(&buffer, head);
    buffer_put_text(&buffer, inner.size && inner.ptr[0] != '[' ? "." : "");
    buffer_put(&buffer, inner);
    typing->problem.field = buffer_bytes(&buffer);
    return LD_INVALID;
}

static enum ld_err name_problem_item(struct typing *typing, uint32_t index)
{
    uint8_t memory[16];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_u8(&buffer, '[');
    buffer_put_decimal(&buffer, index);
    buffer_put_u8(&buffer, ']');
    return name_problem(typing, buffer_bytes(&buffer));
}

static bool is_within(const struct data_type *type, double number)
{
    return (!type->has_min || number >= type->min) && (!type->has_max || number <= type->max);
}

static enum ld_err type_int(struct typing *typing, const struct data_type *type,
                            const struct value *value, struct value *ret_value)
{
    if (value->kind != VALUE_INT)
        return refuse(typing, DATA_MISTYPED, type);
    if (!is_within(type, (double)value->as.integer))
        return refuse(typing, DATA_OUT_OF_RANGE, type);
    *ret_value = *value;
    return LD_OK;
}

static enum ld_err type_double(struct typing *typing, const struct data_type *type,
                               const struct value *value, struct value *ret_value)
{
    if (value->kind != VALUE_INT && value->kind != VALUE_DOUBLE)
        return refuse(typing, DATA_MISTYPED, type);
    double real = value->kind == VALUE_INT ? (double)value->as.integer : value->as.real;
    bool is_finite = real - real == 0;
    if (!is_finite || !is_within(type, real))
        return refuse(typing, DATA_OUT_OF_RANGE, type);
    *ret_value = value_double(real);
    return LD_OK;
}

static enum ld_err type_choice(struct typing *typing, const struct data_type *type,
                               const struct value *value, struct value *ret_value)
{
    if (value->kind != VALUE_TEXT)
        return refuse(typing, DATA_MISTYPED, type);
    for (uint32_t i = 0; i < type->choice_count; i++) {
        if (bytes_equal(type->choices[i], value->as.text)) {
            *ret_value = *value;
            return LD_OK;
        }
    }
    return refuse(typing, DATA_OUT_OF_RANGE, type);
}

static enum ld_err type_date(struct typing *typing, const struct data_type *type,
                             const struct value *value, struct value *ret_value)
{
    int32_t date;
    if (value->kind == VALUE_DATE) {
        *ret_value = *value;
        return LD_OK;
    }
    if (value->kind != VALUE_TEXT || !date_parse(value->as.text, &date))
        return refuse(typing, DATA_MISTYPED, type);
    *ret_value = value_date(date);
    return LD_OK;
}

static enum ld_err type_timestamp(struct typing *typing, const struct data_type *type,
                                  const struct value *value, struct value *ret_value)
{
    int64_t instant_ms;
    int zone_minutes = typing->directory ? typing->directory->zone_minutes : 0;
    if (value->kind == VALUE_TIMESTAMP) {
        *ret_value = *value;
        return LD_OK;
    }
    if (value->kind != VALUE_TEXT || !instant_parse(value->as.text, zone_minutes, &instant_ms))
        return refuse(typing, DATA_MISTYPED, type);
    *ret_value = value_timestamp(instant_ms);
    return LD_OK;
}

static enum ld_err type_unit(struct typing *typing, const struct data_type *type,
                             const struct value *value, struct value *ret_value)
{
    bool is_text = value->kind == VALUE_TEXT || value->kind == VALUE_UNIT;
    if (!is_text || !value->as.text.size)
        return refuse(typing, DATA_MISTYPED, type);
    if (typing->directory && !directory_unit(typing->directory, value->as.text))
        return refuse(typing, DATA_NO_UNIT, type);
    *ret_value = value_unit(value->as.text);
    return LD_OK;
}

static enum ld_err type_list(struct typing *typing, const struct data_type *type,
                             const struct value *value, struct value *ret_value)
{
    if (value->kind != VALUE_LIST)
        return refuse(typing, DATA_MISTYPED, type);
    uint32_t count = value->as.list.count;
    struct value *items = arena_alloc_array(typing->arena, count, sizeof *items);
    if (!items)
        return LD_FULL;
    for (uint32_t i = 0; i < count; i++) {
        enum ld_err err = type_value(typing, type->of, &value->as.list.items[i], &items[i]);
        if (err == LD_INVALID)
            err = name_problem_item(typing, i);
        if (err)
            return err;
    }
    *ret_value = value_list(items, count);
    return LD_OK;
}

static enum ld_err type_field(struct typing *typing, const struct field *field,
                              const struct value *map, struct value *ret_value)
{
    const struct value *given = value_get_bytes(map, field->name);
    enum ld_err err = LD_OK;
    if (given && given->kind != VALUE_NONE)
        err = type_value(typing, &field->type, given, ret_value);
    else if (field->initial.kind != VALUE_NONE)
        *ret_value = field->initial;
    else if (!field->is_optional)
        err = refuse(typing, DATA_MISSING, &field->type);
    return err == LD_INVALID ? name_problem(typing, field->name) : err;
}

static bool is_declared(const struct field *fields, uint32_t field_count, struct bytes name)
{
    for (uint32_t i = 0; i < field_count; i++) {
        if (bytes_equal(fields[i].name, name))
            return true;
    }
    return false;
}

static enum ld_err refuse_unknown(struct typing *typing, const struct field *fields,
                                  uint32_t field_count, struct bytes name)
{
    struct buffer buffer;
    uint8_t *memory = arena_alloc(typing->arena, WANTED_SIZE_MAX);
    if (!memory)
        return LD_FULL;
    buffer_init(&buffer, memory, WANTED_SIZE_MAX);
    for (uint32_t i = 0; i < field_count; i++) {
        buffer_put_text(&buffer, i ? ", " : "");
        buffer_put(&buffer, fields[i].name);
    }
    typing->problem = (struct data_problem){.kind = DATA_UNKNOWN, .wanted = buffer_bytes(&buffer)};
    return name_problem(typing, name);
}

/* Declared fields in their order, then what is not declared: the first problem is the same one
 * whatever the order in which the publisher's system wrote the map. */
static enum ld_err type_fields(struct typing *typing, const struct data_type *record,
                               const struct value *map, struct value *ret_values)
{
    for (uint32_t i = 0; i < record->field_count; i++) {
        enum ld_err err = type_field(typing, &record->fields[i], map, &ret_values[i]);
        if (err)
            return err;
    }
    for (uint32_t i = 0; map->kind == VALUE_MAP && i < map->as.map.count; i++) {
        struct bytes key = map->as.map.entries[i].key;
        if (!is_declared(record->fields, record->field_count, key))
            return refuse_unknown(typing, record->fields, record->field_count, key);
    }
    return LD_OK;
}

static enum ld_err type_record(struct typing *typing, const struct data_type *type,
                               const struct value *value, struct value *ret_value)
{
    if (value->kind != VALUE_MAP)
        return refuse(typing, DATA_MISTYPED, type);
    struct value *values = arena_alloc_array(typing->arena, type->field_count, sizeof *values);
    struct value_entry *entries =
        arena_alloc_array(typing->arena, type->field_count, sizeof *entries);
    if (!values || !entries)
        return LD_FULL;
    enum ld_err err = type_fields(typing, type, value, values);
    if (err)
        return err;
    uint32_t count = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (values[i].kind != VALUE_NONE)
            entries[count++] = (struct value_entry){type->fields[i].name, values[i]};
    }
    *ret_value = value_map(entries, count);
    return LD_OK;
}

static enum ld_err type_value(struct typing *typing, const struct data_type *type,
                              const struct value *value, struct value *ret_value)
{
    bool is_text = value->kind == VALUE_TEXT && utf8_is_valid(value->as.text);
    switch (type->kind) {
    case TYPE_BOOL:
        if (value->kind != VALUE_BOOL)
            return refuse(typing, DATA_MISTYPED, type);
        break;
    case TYPE_TEXT:
        if (!is_text)
            return refuse(typing, DATA_MISTYPED, type);
        break;
    case TYPE_INT: return type_int(typing, type, value, ret_value);
    case TYPE_DOUBLE: return type_double(typing, type, value, ret_value);
    case TYPE_CHOICE: return type_choice(typing, type, value, ret_value);
    case TYPE_DATE: return type_date(typing, type, value, ret_value);
    case TYPE_TIMESTAMP: return type_timestamp(typing, type, value, ret_value);
    case TYPE_UNIT: return type_unit(typing, type, value, ret_value);
    case TYPE_LIST: return type_list(typing, type, value, ret_value);
    case TYPE_RECORD: return type_record(typing, type, value, ret_value);
    }
    *ret_value = *value;
    return LD_OK;
}

enum ld_err program_type_data(const struct field *fields, uint32_t field_count,
                              const struct value *data, const struct directory *directory,
                              struct arena *arena, const struct value **ret_values,
                              struct data_problem *ret_problem)
{
    struct typing typing = {.directory = directory, .arena = arena};
    struct data_type record = {.kind = TYPE_RECORD, .fields = fields, .field_count = field_count};
    struct value *values = arena_alloc_array(arena, field_count, sizeof *values);
    if (!values)
        return LD_FULL;
    enum ld_err err = LD_OK;
    if (data->kind != VALUE_MAP && data->kind != VALUE_NONE)
        err = refuse(&typing, DATA_MISTYPED, &record);
    else
        err = type_fields(&typing, &record, data, values);
    if (err == LD_INVALID)
        *ret_problem = typing.problem;
    if (err)
        return err;
    *ret_values = values;
    return LD_OK;
}
