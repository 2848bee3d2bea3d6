/* Parties, data and events of a workflow definition: what a case remembers and what may be
 * published (LANGUAGE §1, §2). */
#include "base/assert.h"
#include "base/civil.h"
#include "workflows/core/case.h"
#include "workflows/language/definition_draft.h"

enum { CHOICES_MAX = 256 };

static const char *const type_words[] = {"bool", "int",       "double", "text", "choice",
                                         "date", "timestamp", "unit",   "list", "record"};

_Static_assert(sizeof type_words / sizeof type_words[0] == TYPE_RECORD + 1, "a word a type");

static const struct key field_keys[] = {
    KEY("type", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("of", SHAPE_LIST | SHAPE_MAP),
    KEY("fields", SHAPE_MAP),
    KEY("min", SHAPE_SCALAR),
    KEY("max", SHAPE_SCALAR),
    KEY("default", SHAPE_SCALAR),
    KEY("optional", SHAPE_SCALAR),
    KEY("class", SHAPE_SCALAR),
};

/* Is there a unit of this kind? Without a directory nobody knows. */
static bool is_known_kind(const struct directory *directory, struct bytes kind)
{
    bool is_found = !directory;
    for (uint32_t i = 0; !is_found && i < directory->unit_count; i++)
        is_found = bytes_equal(directory->units[i].kind, kind);
    return is_found;
}

bool draft_is_kind(const struct draft *draft, struct bytes name)
{
    static const char *const usual[] = {"agency", "court", "government", "joint-office",
                                        "police", "procuratorate", "town"};
    if (draft->context->directory)
        return is_known_kind(draft->context->directory, name);
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (bytes_is(name, usual[i]))
            return true;
    }
    return false;
}

static void check_kind(const struct draft *draft, const struct yaml_node *node)
{
    if (is_known_kind(draft->context->directory, node->text))
        return;
    struct names parties = NAMES_OF(draft->parties, draft->program.party_count);
    sheet_report_unknown(&draft->sheet, node->place, "unknown-kind", node->text, parties);
}

static void read_party(struct draft *draft, const struct yaml_entry *entry, struct party *party)
{
    static const struct key keys[] = {KEY("title", SHAPE_SCALAR | SHAPE_MAP),
                                      KEY("kind", SHAPE_SCALAR)};
    party->name = sheet_name(&draft->sheet, entry->key, entry->key_place, NAME_PLAIN);
    party->title.zh = entry->key;
    if (!sheet_keys(&draft->sheet, entry->value, keys, KEY_COUNT(keys)))
        return;
    const struct yaml_node *kind = sheet_get(entry->value, "kind", SHAPE_SCALAR);
    party->title = sheet_title(
        &draft->sheet, sheet_get(entry->value, "title", SHAPE_SCALAR | SHAPE_MAP), entry->key);
    if (!kind)
        return;
    party->kind = sheet_name(&draft->sheet, kind->text, kind->place, NAME_PLAIN);
    check_kind(draft, kind);
}

void draft_parties(struct draft *draft)
{
    uint32_t count = draft_rows(draft, "parties", PROGRAM_PARTIES_MAX, &draft->party_nodes);
    draft->parties = sheet_rows(&draft->sheet, count, sizeof *draft->parties);
    if (!draft->parties)
        return;
    draft->program.party_count = count;
    for (uint32_t i = 0; i < count; i++)
        read_party(draft, &draft->party_nodes->entries[i], &draft->parties[i]);
}

static void read_choices(struct draft *draft, const struct yaml_node *node, struct data_type *type)
{
    const struct yaml_node *of = sheet_get(node, "of", SHAPE_LIST);
    if (!of || of->count == 0) {
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("of"));
        return;
    }
    uint32_t count = sheet_bound(&draft->sheet, of, of->count, CHOICES_MAX, "of");
    struct bytes *choices = sheet_rows(&draft->sheet, count, sizeof *choices);
    if (!choices)
        return;
    for (uint32_t i = 0; i < count; i++) {
        choices[i] = sheet_text(&draft->sheet, of->items[i]);
        if (names_find(NAMES_OF(choices, i), choices[i]) >= 0)
            sheet_report(&draft->sheet, of->items[i]->place, "duplicate-choice", choices[i]);
    }
    type->choices = choices;
    type->choice_count = count;
}

/* A number as its type writes it; reported where it is none. */
static bool read_number(struct draft *draft, const struct yaml_node *node, enum type_kind kind,
                        struct value *ret_value)
{
    struct value value =
        node->kind == YAML_SCALAR ? yaml_to_value(node, draft->sheet.arena) : VALUE_ABSENT;
    bool is_int = value.kind == VALUE_INT;
    if (kind == TYPE_DOUBLE && is_int)
        value = value_double((double)value.as.integer);
    if (kind == TYPE_INT ? is_int : value.kind == VALUE_DOUBLE) {
        *ret_value = value;
        return true;
    }
    diagnose(draft->sheet.diagnostics, node->place, "wrong-value",
             (struct bytes[]){node->text, BYTES_LITERAL("数值"), BYTES_LITERAL("a number")}, 3);
    return false;
}

static void read_bound(struct draft *draft, const struct yaml_node *node, enum type_kind kind,
                       bool *ret_has, double *ret_bound)
{
    struct value value;
    if (!node || !read_number(draft, node, kind, &value))
        return;
    *ret_has = true;
    *ret_bound = kind == TYPE_INT ? (double)value.as.integer : value.as.real;
}

/* Keys that belong to other types are a mistake in the type. */
static void refuse_foreign_keys(struct draft *draft, const struct yaml_node *node,
                                enum type_kind kind)
{
    static const struct {
        const char *key;
        uint32_t kinds;
    } rows[] = {{"of", 1u << TYPE_CHOICE | 1u << TYPE_LIST},
                {"fields", 1u << TYPE_RECORD},
                {"min", 1u << TYPE_INT | 1u << TYPE_DOUBLE},
                {"max", 1u << TYPE_INT | 1u << TYPE_DOUBLE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct yaml_node *value = yaml_get(node, rows[i].key);
        if (value && !(rows[i].kinds & 1u << kind))
            diagnose(
                draft->sheet.diagnostics, value->place, "key-not-here",
                (struct bytes[]){bytes_from_text(rows[i].key), bytes_from_text(type_words[kind])},
                2);
    }
}

static void read_type(struct draft *draft, const struct yaml_node *node, struct data_type *type);

static void read_element_type(struct draft *draft, const struct yaml_node *node,
                              struct data_type *type)
{
    const struct yaml_node *of = sheet_get(node, "of", SHAPE_MAP);
    struct data_type *element = sheet_rows(&draft->sheet, 1, sizeof *element);
    if (!of)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("of"));
    if (!of || !element || !sheet_keys(&draft->sheet, of, field_keys, KEY_COUNT(field_keys)))
        return;
    read_type(draft, of, element);
    type->of = element;
}

/* Depth is bounded by the reader of YAML. */
static void read_type(struct draft *draft, const struct yaml_node *node, struct data_type *type)
{
    const struct yaml_node *fields = sheet_get(node, "fields", SHAPE_MAP);
    type->kind = (enum type_kind)sheet_word(&draft->sheet, sheet_get(node, "type", SHAPE_SCALAR),
                                            type_words, TYPE_RECORD + 1, TYPE_TEXT);
    refuse_foreign_keys(draft, node, type->kind);
    if (type->kind == TYPE_CHOICE)
        read_choices(draft, node, type);
    if (type->kind == TYPE_LIST)
        read_element_type(draft, node, type);
    if (type->kind == TYPE_RECORD && !fields)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("fields"));
    if (type->kind == TYPE_RECORD && fields)
        type->fields = draft_fields(draft, fields, &type->field_count);
    if (type->kind != TYPE_INT && type->kind != TYPE_DOUBLE)
        return;
    read_bound(draft, sheet_get(node, "min", SHAPE_SCALAR), type->kind, &type->has_min, &type->min);
    read_bound(draft, sheet_get(node, "max", SHAPE_SCALAR), type->kind, &type->has_max, &type->max);
    if (type->has_min && type->has_max && type->min > type->max)
        sheet_report(&draft->sheet, yaml_get(node, "max")->place, "bad-range",
                     yaml_get(node, "max")->text);
}

static struct value unit_value(struct draft *draft, const struct yaml_node *node)
{
    const struct directory *directory = draft->context->directory;
    if (directory && !directory_unit(directory, node->text))
        sheet_report_unknown(&draft->sheet, node->place, "unknown-unit", node->text,
                             NAMES_OF(directory->units, directory->unit_count));
    return value_unit(node->text);
}

static struct value timestamp_value(struct draft *draft, const struct yaml_node *node)
{
    const struct calendar *calendar = draft->context->calendar;
    int64_t instant_ms;
    if (instant_parse(node->text, calendar ? calendar->zone_minutes : SHEET_ZONE_MINUTES,
                      &instant_ms))
        return value_timestamp(instant_ms);
    diagnose(draft->sheet.diagnostics, node->place, "wrong-value",
             (struct bytes[]){node->text, BYTES_LITERAL("时刻 YYYY-MM-DD HH:MM+08:00"),
                              BYTES_LITERAL("an instant YYYY-MM-DD HH:MM+08:00")},
             3);
    return VALUE_ABSENT;
}

static void check_bounds(struct draft *draft, const struct yaml_node *node,
                         const struct data_type *type, struct value value)
{
    double number = value.kind == VALUE_INT ? (double)value.as.integer : value.as.real;
    if ((type->has_min && number < type->min) || (type->has_max && number > type->max))
        sheet_report(&draft->sheet, node->place, "bad-range", node->text);
}

/* What `default` says, by the declared type. */
static struct value typed_default(struct draft *draft, const struct yaml_node *node,
                                  const struct data_type *type)
{
    struct value value = VALUE_ABSENT;
    switch (type->kind) {
    case TYPE_BOOL: return value_bool(sheet_bool(&draft->sheet, node, false));
    case TYPE_INT:
    case TYPE_DOUBLE:
        if (read_number(draft, node, type->kind, &value))
            check_bounds(draft, node, type, value);
        return value;
    case TYPE_TEXT: return value_text(node->text);
    case TYPE_CHOICE:
        (void)sheet_refer(&draft->sheet, node, NAMES_OF(type->choices, type->choice_count),
                          "unknown-choice"); /* reported there */
        return value_text(node->text);
    case TYPE_DATE: return value_date(sheet_date(&draft->sheet, node));
    case TYPE_TIMESTAMP: return timestamp_value(draft, node);
    case TYPE_UNIT: return unit_value(draft, node);
    case TYPE_LIST:
    case TYPE_RECORD:
        diagnose(
            draft->sheet.diagnostics, node->place, "key-not-here",
            (struct bytes[]){BYTES_LITERAL("default"), bytes_from_text(type_words[type->kind])}, 2);
        return value;
    }
    return value;
}

static void read_field(struct draft *draft, const struct yaml_entry *entry, struct field *field)
{
    static const char *const class_words[] = {"open", "internal", "sensitive", "sealed"};
    const struct sheet *sheet = &draft->sheet;
    const struct yaml_node *node = entry->value;
    field->name = sheet_name(sheet, entry->key, entry->key_place, NAME_FIELD);
    field->title.zh = entry->key;
    field->class = CLASS_INTERNAL;
    if (!sheet_keys(sheet, node, field_keys, KEY_COUNT(field_keys)))
        return;
    const struct yaml_node *initial = sheet_get(node, "default", SHAPE_SCALAR);
    field->title =
        sheet_title(sheet, sheet_get(node, "title", SHAPE_SCALAR | SHAPE_MAP), entry->key);
    read_type(draft, node, &field->type);
    field->is_optional = sheet_bool(sheet, sheet_get(node, "optional", SHAPE_SCALAR), false);
    field->class = (enum field_class)sheet_word(sheet, sheet_get(node, "class", SHAPE_SCALAR),
                                                class_words, CLASS_SEALED + 1, CLASS_INTERNAL);
    if (initial)
        field->initial = typed_default(draft, initial, &field->type);
}

const struct field *draft_fields(struct draft *draft, const struct yaml_node *node,
                                 uint32_t *ret_count)
{
    *ret_count = 0;
    if (!node)
        return NULL;
    uint32_t count = sheet_bound(&draft->sheet, node, node->count, PROGRAM_FIELDS_MAX, "data");
    struct field *fields = sheet_rows(&draft->sheet, count, sizeof *fields);
    if (!fields)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        read_field(draft, &node->entries[i], &fields[i]);
    *ret_count = count;
    return fields;
}

void draft_data(struct draft *draft)
{
    draft->field_nodes = sheet_get(draft->root, "data", SHAPE_MAP);
    draft->fields = draft_fields(draft, draft->field_nodes, &draft->program.field_count);
}

/* A party of the case wins over a kind of unit. */
static void read_sender(struct draft *draft, const struct yaml_node *node,
                        struct event_sender *sender)
{
    sender->party = INDEX_NONE;
    if (!sheet_shape(&draft->sheet, node, SHAPE_SCALAR))
        return;
    sender->party = names_find(NAMES_OF(draft->parties, draft->program.party_count), node->text);
    if (sender->party != INDEX_NONE)
        return;
    uint32_t error_count = draft->sheet.diagnostics->error_count;
    sender->kind = sheet_name(&draft->sheet, node->text, node->place, NAME_PLAIN);
    if (draft->sheet.diagnostics->error_count == error_count)
        check_kind(draft, node);
}

static void read_senders(struct draft *draft, const struct yaml_node *node,
                         struct event_type *event)
{
    uint32_t count = node ? sheet_many(node) : 0;
    struct event_sender *from = sheet_rows(&draft->sheet, count, sizeof *from);
    if (!from)
        return;
    for (uint32_t i = 0; i < count; i++)
        read_sender(draft, sheet_many_at(node, i), &from[i]);
    event->from = from;
    event->from_count = count;
    if (node && count == 0)
        sheet_report(&draft->sheet, node->place, "missing-key", BYTES_LITERAL("from"));
}

static void read_event_date(struct draft *draft, const struct yaml_node *node,
                            struct event_type *event)
{
    event->date_field = sheet_refer(&draft->sheet, node,
                                    NAMES_OF(event->fields, event->field_count), "unknown-field");
    if (event->date_field == INDEX_NONE)
        return;
    const struct field *field = &event->fields[event->date_field];
    bool is_given = !field->is_optional || field->initial.kind != VALUE_NONE;
    if (field->type.kind != TYPE_DATE || !is_given)
        sheet_report(&draft->sheet, node->place, "date-field", node->text);
}

static void read_event(struct draft *draft, const struct yaml_entry *entry,
                       struct event_type *event)
{
    static const struct key keys[] = {
        KEY("title", SHAPE_SCALAR | SHAPE_MAP),
        KEY("from", SHAPE_SCALAR | SHAPE_LIST | SHAPE_REQUIRED),
        KEY("role", SHAPE_SCALAR),
        KEY("date", SHAPE_SCALAR),
        KEY("data", SHAPE_MAP),
    };
    const struct sheet *sheet = &draft->sheet;
    const struct yaml_node *node = entry->value;
    event->name = sheet_name(sheet, entry->key, entry->key_place, NAME_EVENT);
    event->title.zh = entry->key;
    event->date_field = INDEX_NONE;
    if (bytes_is(entry->key, EVENT_ACKNOWLEDGED) || bytes_is(entry->key, EVENT_SUBS_CLOSED))
        sheet_report(sheet, entry->key_place, "reserved-event", entry->key);
    if (!sheet_keys(sheet, node, keys, KEY_COUNT(keys)))
        return;
    const struct yaml_node *role = sheet_get(node, "role", SHAPE_SCALAR);
    event->title =
        sheet_title(sheet, sheet_get(node, "title", SHAPE_SCALAR | SHAPE_MAP), entry->key);
    event->role = role ? sheet_name(sheet, role->text, role->place, NAME_PLAIN) : BYTES_NONE;
    event->fields = draft_fields(draft, sheet_get(node, "data", SHAPE_MAP), &event->field_count);
    read_senders(draft, sheet_get(node, "from", SHAPE_SCALAR | SHAPE_LIST), event);
    read_event_date(draft, sheet_get(node, "date", SHAPE_SCALAR), event);
}

void draft_events(struct draft *draft)
{
    bool has_joined = draft_speaks_of_joined(draft);
    uint32_t count =
        draft_rows(draft, "events", PROGRAM_EVENTS_MAX - has_joined, &draft->event_nodes);
    draft->events = sheet_rows(&draft->sheet, count + has_joined, sizeof *draft->events);
    if (!draft->events)
        return;
    for (uint32_t i = 0; i < count; i++)
        read_event(draft, &draft->event_nodes->entries[i], &draft->events[i]);
    draft->program.event_count = count;
    if (!has_joined || !draft_add_joined(draft, &draft->events[count]))
        return;
    draft->program.joined_event = (int32_t)count;
    draft->program.event_count = count + 1;
}

struct names draft_declared_events(const struct draft *draft)
{
    bool has_joined = draft->program.joined_event != INDEX_NONE;
    return NAMES_OF(draft->events, draft->program.event_count - has_joined);
}
