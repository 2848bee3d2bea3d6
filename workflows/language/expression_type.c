/* Static types: what the declared types are to expressions, and how two of them go together. */
#include "workflows/language/expression_parts.h"

#include "workflows/language/keys.h"

enum { TYPE_WORDS_SIZE = 96 };

const struct static_type static_dyn = {.kind = STATIC_DYN};
const struct static_type static_bool = {.kind = STATIC_BOOL};
const struct static_type static_int = {.kind = STATIC_INT};
const struct static_type static_double = {.kind = STATIC_DOUBLE};
const struct static_type static_string = {.kind = STATIC_STRING};
const struct static_type static_date = {.kind = STATIC_DATE};
const struct static_type static_timestamp = {.kind = STATIC_TIMESTAMP};
const struct static_type static_unit = {.kind = STATIC_UNIT};

/* As administrators declare them, where there is a declaration. */
const char *static_word(const struct static_type *type)
{
    switch (type->kind) {
    case STATIC_DYN: return "dyn";
    case STATIC_NULL: return "null";
    case STATIC_BOOL: return "bool";
    case STATIC_INT: return "int";
    case STATIC_DOUBLE: return "double";
    case STATIC_STRING: return type->choice ? "choice" : "text";
    case STATIC_DATE: return "date";
    case STATIC_TIMESTAMP: return "timestamp";
    case STATIC_UNIT: return "unit";
    case STATIC_LIST: return "list";
    case STATIC_MAP: return "map";
    case STATIC_RECORD: return "record";
    }
    LD_ASSERT(!"a type of no kind");
    return "";
}

struct bytes static_words(struct arena *arena, const struct static_type *left,
                          const struct static_type *right)
{
    struct buffer buffer;
    uint8_t *memory = arena_alloc(arena, TYPE_WORDS_SIZE);
    if (!memory)
        return BYTES_NONE;
    buffer_init(&buffer, memory, TYPE_WORDS_SIZE);
    buffer_put_text(&buffer, static_word(left));
    buffer_put_text(&buffer, ", ");
    buffer_put_text(&buffer, static_word(right));
    return buffer_bytes(&buffer);
}

static bool is_numeric(const struct static_type *type)
{
    return type->kind == STATIC_INT || type->kind == STATIC_DOUBLE;
}

static bool is_keyed(const struct static_type *type)
{
    return type->kind == STATIC_MAP || type->kind == STATIC_RECORD;
}

bool static_comparable(const struct static_type *left, const struct static_type *right)
{
    if (left->kind == STATIC_DYN || right->kind == STATIC_DYN)
        return true;
    if (left->kind == STATIC_LIST && right->kind == STATIC_LIST)
        return static_comparable(left->of, right->of);
    return left->kind == right->kind || (is_numeric(left) && is_numeric(right))
           || (is_keyed(left) && is_keyed(right));
}

struct static_type static_join(const struct static_type *left, const struct static_type *right)
{
    if (left->kind != right->kind)
        return static_dyn;
    struct static_type both = *left;
    if (both.choice != right->choice)
        both.choice = NULL;
    if ((both.kind == STATIC_LIST || both.kind == STATIC_MAP) && left->of->kind != right->of->kind)
        both.of = &static_dyn;
    if (both.kind == STATIC_RECORD && left->fields != right->fields)
        return static_dyn;
    return both;
}

static enum static_kind kind_of_data(enum type_kind kind)
{
    switch (kind) {
    case TYPE_BOOL: return STATIC_BOOL;
    case TYPE_INT: return STATIC_INT;
    case TYPE_DOUBLE: return STATIC_DOUBLE;
    case TYPE_TEXT:
    case TYPE_CHOICE: return STATIC_STRING;
    case TYPE_DATE: return STATIC_DATE;
    case TYPE_TIMESTAMP: return STATIC_TIMESTAMP;
    case TYPE_UNIT: return STATIC_UNIT;
    case TYPE_LIST: return STATIC_LIST;
    case TYPE_RECORD: return STATIC_RECORD;
    }
    LD_ASSERT(!"a declared type of no kind");
    return STATIC_DYN;
}

/* As deep as the declaration, which the reader of definitions bounds. */
bool static_of_data(struct arena *arena, const struct data_type *type, struct static_type *ret_type)
{
    *ret_type = (struct static_type){.kind = kind_of_data(type->kind)};
    if (type->kind == TYPE_CHOICE)
        ret_type->choice = type;
    if (type->kind == TYPE_RECORD) {
        ret_type->fields = type->fields;
        ret_type->field_count = type->field_count;
    }
    if (type->kind != TYPE_LIST)
        return true;
    struct static_type *of = arena_alloc(arena, sizeof *of);
    if (!of || !static_of_data(arena, type->of, of))
        return false;
    ret_type->of = of;
    return true;
}

static bool has_choice(const struct data_type *type, struct bytes word)
{
    for (uint32_t i = 0; i < type->choice_count; i++) {
        if (bytes_equal(type->choices[i], word))
            return true;
    }
    return false;
}

static bool choices_fit(const struct data_type *given, const struct data_type *wanted)
{
    for (uint32_t i = 0; i < given->choice_count; i++) {
        if (!has_choice(wanted, given->choices[i]))
            return false;
    }
    return true;
}

static bool data_fits(const struct data_type *given, const struct data_type *wanted);

/* The same names, in whatever order, and nothing that may be missing where it is wanted. */
static bool fields_fit(const struct field *given, uint32_t given_count,
                       const struct data_type *wanted)
{
    if (given == wanted->fields)
        return true;
    for (uint32_t i = 0; i < wanted->field_count; i++) {
        const struct field *field = &wanted->fields[i];
        int32_t index = names_find(NAMES_OF(given, given_count), field->name);
        if (index < 0 || (given[index].is_optional && !field->is_optional)
            || !data_fits(&given[index].type, &field->type))
            return false;
    }
    return given_count == wanted->field_count;
}

/* As deep as the declarations, which the reader of definitions bounds. */
static bool data_fits(const struct data_type *given, const struct data_type *wanted)
{
    if (given->kind != wanted->kind)
        return false;
    if (given->kind == TYPE_CHOICE)
        return choices_fit(given, wanted);
    if (given->kind == TYPE_LIST)
        return data_fits(given->of, wanted->of);
    return given->kind != TYPE_RECORD || fields_fit(given->fields, given->field_count, wanted);
}

bool static_fits_data(const struct static_type *type, const struct data_type *wanted)
{
    if (type->kind == STATIC_DYN)
        return true;
    if (type->kind == STATIC_MAP && wanted->kind == TYPE_RECORD)
        return true; /* its entries are brought to the record when it is set */
    if (type->kind != kind_of_data(wanted->kind))
        return false;
    if (wanted->kind == TYPE_CHOICE)
        return type->choice && choices_fit(type->choice, wanted);
    if (wanted->kind == TYPE_LIST)
        return static_fits_data(type->of, wanted->of);
    return wanted->kind != TYPE_RECORD || fields_fit(type->fields, type->field_count, wanted);
}
