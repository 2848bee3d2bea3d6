#include "tools/bench/workload.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "proto/wire.h"

/* A case's id is QJ-BENCH-CLIENT-SERIAL, an event's CLIENT-SERIAL-STEP, all in decimal. */

#define CASE_PREFIX "QJ-BENCH-"

enum { FIELD_DATE, FIELD_TEXT, FIELD_FALSE, FIELD_TRUE };

struct field_row {
    const char *name;
    int kind;
    const char *text;
};

struct step_row {
    const char *type, *source, *role;
    struct field_row fields[WORKLOAD_FIELDS_MAX];
};

/* In the order of a life; workflows/catalog/procuratorate-transfer.yaml says who may do what. */
static const struct step_row steps[WORKLOAD_STEPS] = {
    {"duty-crime.transferred",
     "qj-justice",
     NULL,
     {{"received_on", FIELD_DATE, "2025-09-25"},
      {"document", FIELD_TEXT, "潜司移〔2025〕1 号"},
      {"summary", FIELD_TEXT, "执法检查中发现的线索,涉嫌徇私舞弊不移交刑事案件"}}},
    {"case.triaged", "qj-procuratorate", NULL, {{"to", FIELD_TEXT, "own"}}},
    {"filing.decided",
     "qj-procuratorate",
     "chief",
     {{"file", FIELD_FALSE, NULL},
      {"document", FIELD_TEXT, "潜检不立〔2025〕1 号"},
      {"reason", FIELD_TEXT, "证据不足"}}},
    {"decision.notified", "qj-justice", NULL, {{"received_on", FIELD_DATE, "2025-09-25"}}},
    {"reconsideration.requested",
     "qj-justice",
     NULL,
     {{"sent_on", FIELD_DATE, "2025-09-25"}, {"reason", FIELD_TEXT, "有新证据"}}},
    {"reconsideration.received",
     "qj-procuratorate",
     NULL,
     {{"received_on", FIELD_DATE, "2025-09-25"}}},
    {"reconsideration.decided",
     "qj-procuratorate",
     "chief",
     {{"file", FIELD_FALSE, NULL}, {"document", FIELD_TEXT, "潜检复〔2025〕5 号"}}},
    {"decision.notified", "qj-justice", NULL, {{"received_on", FIELD_DATE, "2025-09-25"}}},
    {"review.requested",
     "qj-justice",
     NULL,
     {{"sent_on", FIELD_DATE, "2025-09-25"}, {"reason", FIELD_TEXT, "仍有异议"}}},
    {"review.received",
     "qj-upper-procuratorate",
     NULL,
     {{"received_on", FIELD_DATE, "2025-09-25"}}},
    {"review.decided",
     "qj-upper-procuratorate",
     "chief",
     {{"file", FIELD_TRUE, NULL}, {"document", FIELD_TEXT, "汉检复核〔2025〕8 号"}}},
    {"decision.notified", "qj-justice", NULL, {{"received_on", FIELD_DATE, "2025-09-25"}}},
};

static struct bytes case_id(uint32_t client, uint32_t serial, char memory[WIRE_SUBJECT_MAX])
{
    struct buffer buffer;

    buffer_init(&buffer, memory, WIRE_SUBJECT_MAX);
    buffer_put_text(&buffer, CASE_PREFIX);
    buffer_put_decimal(&buffer, client);
    buffer_put_text(&buffer, "-");
    buffer_put_decimal(&buffer, serial);
    return buffer_bytes(&buffer);
}

static struct bytes event_id(const struct workload_name *name, char memory[WIRE_ID_MAX])
{
    struct buffer buffer;

    buffer_init(&buffer, memory, WIRE_ID_MAX);
    buffer_put_decimal(&buffer, name->client);
    buffer_put_text(&buffer, "-");
    buffer_put_decimal(&buffer, name->serial);
    buffer_put_text(&buffer, "-");
    buffer_put_decimal(&buffer, name->step);
    return buffer_bytes(&buffer);
}

static struct value value_of(const struct field_row *field)
{
    if (field->kind == FIELD_FALSE || field->kind == FIELD_TRUE)
        return value_bool(field->kind == FIELD_TRUE);
    return value_words(field->text); /* a date is text on the wire */
}

void workload_make(const struct workload_name *name, struct workload_event *event)
{
    struct value_builder data = {event->fields, WORKLOAD_FIELDS_MAX, 0};
    const struct step_row *step;

    LD_ASSERT(name->step < WORKLOAD_STEPS);
    step = &steps[name->step];
    for (uint32_t i = 0; i < WORKLOAD_FIELDS_MAX && step->fields[i].name != NULL; i++)
        value_put(&data, step->fields[i].name, value_of(&step->fields[i]));
    event->envelope = (struct envelope){
        .id = event_id(name, event->id),
        .source = bytes_from_text(step->source),
        .type = bytes_from_text(step->type),
        .subject = case_id(name->client, name->serial, event->subject),
        .time_ms = INSTANT_NONE,
        .role = bytes_from_text(step->role),
        .workflow = name->step == 0 ? BYTES_LITERAL(WORKLOAD_WORKFLOW) : BYTES_NONE,
        .data = value_built(&data),
    };
}

/* The number at the front is taken off; false: there is none. */
static bool take_number(struct bytes *rest, uint32_t *ret_number)
{
    enum { DIGITS_MAX = 10 };
    uint64_t number = 0;
    size_t at = 0;

    while (at < rest->size && at < DIGITS_MAX && rest->ptr[at] >= '0' && rest->ptr[at] <= '9')
        number = number * 10 + (uint64_t)(rest->ptr[at++] - '0');
    *rest = bytes_slice(*rest, at, rest->size);
    *ret_number = (uint32_t)number;
    return at > 0 && number <= UINT32_MAX;
}

static bool take_mark(struct bytes *rest)
{
    bool is_there = rest->size > 0 && rest->ptr[0] == '-';

    *rest = bytes_slice(*rest, 1, rest->size);
    return is_there;
}

bool workload_parse(struct bytes id, struct workload_name *ret_name)
{
    struct bytes rest = id;

    return take_number(&rest, &ret_name->client) && take_mark(&rest)
           && take_number(&rest, &ret_name->serial) && take_mark(&rest)
           && take_number(&rest, &ret_name->step) && rest.size == 0
           && ret_name->step < WORKLOAD_STEPS;
}

uint32_t workload_serial_in(uint32_t client, uint32_t serial, uint32_t partition,
                            uint32_t partitions)
{
    char memory[WIRE_SUBJECT_MAX];

    while (wire_partition(case_id(client, serial, memory), partitions) != partition)
        serial++;
    return serial;
}
