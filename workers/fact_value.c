/* The words of history. A row names things by index; what the index means is in the program that
 * the case is pinned to. */
#include "workers/fact_value.h"

#include "workers/seal.h"

enum { FACT_KEYS = 18, EVENT_ID_SIZE = CASE_ID_MAX + 40 };

struct value field_value(const struct field *field, const struct value *value)
{
    bool is_sealed = field->class == CLASS_SEALED && value->kind != VALUE_NONE;
    return is_sealed ? value_words("***") : *value;
}

static const char *reason_word(enum recipient_reason reason)
{
    switch (reason) {
    case RECIPIENT_WHO: return "who";
    case RECIPIENT_SUPERVISOR: return "supervisor";
    case RECIPIENT_PARTY: return "party";
    case RECIPIENT_UNIT: return "unit";
    case RECIPIENT_ROLE: return "role";
    }
    return "";
}

struct value recipients_value(const struct alert *alert, const struct directory *directory,
                              struct arena *arena, int zone_minutes)
{
    struct value *items = form_items(arena, alert->recipient_count);
    for (uint32_t i = 0; items && i < alert->recipient_count; i++) {
        const struct alert_recipient *recipient = &alert->recipients[i];
        struct form form = form_open(arena, 4, zone_minutes);
        form_text(&form, "unit", recipient->unit);
        form_unit_title(&form, "title", directory, recipient->unit);
        form_word(&form, "reason", reason_word(recipient->reason));
        form_text(&form, "name", recipient->name);
        items[i] = form_close(&form);
    }
    return value_list(items, items ? alert->recipient_count : 0);
}

void form_run(struct form *form, const struct clock_rule *rule, const struct clock_run *run)
{
    form_word(form, "status", clock_status_word(run->status));
    if (rule && rule->is_right)
        form_bool(form, "right", true);
    if (rule && clock_has_lapsed(rule, run))
        form_bool(form, "lapsed", true);
    form_int(form, "runs", run->runs);
    if (run->status == CLOCK_IDLE)
        return;
    form_date(form, "anchor", run->anchor);
    form_date(form, "last_day", run->due.last_day);
    form_date(form, "unrolled", run->due.unrolled);
    form_instant(form, "due", run->due.due_ms);
    form_bool(form, "provisional", run->due.is_provisional);
    form_instant(form, "breached", run->breached_ms);
    form_instant(form, "ended", run->ended_ms);
    if (run->status == CLOCK_MET_LATE)
        form_int(form, "days_late", run->days_late);
}

static void state_fact(struct form *form, const struct fact *fact, const struct program *program)
{
    const struct state *state = &program->states[fact->index];
    form_text(form, "state", state->name);
    form_title(form, "title", &state->title);
    form_text(form, "outcome", fact->text);
}

static const struct clock_rule *clock_rule_of(const struct fact *fact,
                                              const struct program *program)
{
    bool is_known = fact->index >= 0 && (uint32_t)fact->index < program->clock_count;
    return is_known ? &program->clocks[fact->index] : NULL;
}

static void clock_name(struct form *form, const char *key, const struct fact *fact,
                       const struct program *program)
{
    const struct clock_rule *rule = clock_rule_of(fact, program);
    if (rule)
        form_text(form, key, rule->name);
}

static void alert_fact(struct form *form, const struct fact *fact, const struct program *program,
                       const struct directory *directory)
{
    const struct alert *alert = fact->alert;
    clock_name(form, "clock", fact, program);
    form_word(form, "level", alert_level_word(alert->level));
    form_int(form, "rung", alert->rung);
    form_date(form, "last_day", alert->last_day);
    form_bool(form, "unacknowledged", alert->is_unacknowledged);
    form_value(form, "to", recipients_value(alert, directory, form->arena, form->zone_minutes));
}

static void notice_fact(struct form *form, const struct fact *fact,
                        const struct directory *directory)
{
    form_text(form, "text", fact->text);
    form_word(form, "level", alert_level_word(fact->alert->level));
    form_value(form, "to",
               recipients_value(fact->alert, directory, form->arena, form->zone_minutes));
}

static void field_fact(struct form *form, const struct fact *fact, const struct program *program,
                       const struct directory *directory)
{
    const struct field *field = &program->fields[fact->index];
    struct value value = field_value(field, &fact->value);
    form_text(form, "name", field->name);
    if (directory)
        form_title(form, "title", &field->title);
    form_value(form, "value", value);
    if (value.kind == VALUE_UNIT)
        form_unit_title(form, "unit_title", directory, value.as.text);
}

static void party_fact(struct form *form, const struct fact *fact, const struct program *program,
                       const struct directory *directory)
{
    const struct party *party = &program->parties[fact->index];
    form_text(form, "name", party->name);
    if (directory)
        form_title(form, "title", &party->title);
    form_value(form, "unit", fact->value);
    if (fact->value.kind == VALUE_UNIT)
        form_unit_title(form, "unit_title", directory, fact->value.as.text);
}

/* --- families -------------------------------------------------------------------------------- */

static void sub_opened_fact(struct form *form, const struct fact *fact,
                            const struct fact_context *context)
{
    struct bytes workflow = fact->value.as.text;
    const struct shelf_entry *entry = shelf_newest(context->shelf, ARTIFACT_WORKFLOW, workflow);
    form_text(form, "name", fact->text);
    form_text(form, "workflow", workflow);
    if (context->directory && entry)
        form_title(form, "title", &entry->program->title);
    form_bool(form, "suspends", fact->index & SUB_SUSPENDS);
    form_bool(form, "closes", fact->index & SUB_CLOSES);
}

/* Sub-cases are only ever added: the number that it had then is the one that it has now. */
static void sub_closed_fact(struct form *form, const struct fact *fact,
                            const struct case_state *state)
{
    if (fact->index >= 0 && (uint32_t)fact->index < state->sub_count)
        form_text(form, "name", state->subs[fact->index].name);
    form_text(form, "outcome", fact->text);
}

/* CASE@POSITION.INDEX: the same however often it is delivered. */
static struct bytes emitted_id(const struct fact *fact, const struct fact_context *context)
{
    void *memory = arena_alloc(context->arena, EVENT_ID_SIZE);
    struct buffer buffer;
    buffer_init(&buffer, memory, memory ? EVENT_ID_SIZE : 0);
    buffer_put(&buffer, context->state->id);
    buffer_put_text(&buffer, "@");
    buffer_put_decimal(&buffer, (int64_t)context->position);
    buffer_put_text(&buffer, ".");
    buffer_put_decimal(&buffer, fact->index);
    return buffer_bytes(&buffer);
}

static struct value emitted_data(const struct fact *fact, const struct fact_context *context)
{
    const struct value *data = value_get(&fact->value, "data");
    if (!data || data->kind != VALUE_MAP)
        return VALUE_ABSENT;
    uint32_t count = data->as.map.count;
    struct value_entry *entries = arena_alloc_array(context->arena, count, sizeof *entries);
    for (uint32_t i = 0; entries && i < count; i++) {
        entries[i] = data->as.map.entries[i];
        if (seal_covers(context->program, fact->text, entries[i].key))
            entries[i].value = value_words("***");
    }
    return value_map(entries, entries ? count : 0);
}

static void emitted_fact(struct form *form, const struct fact *fact,
                         const struct fact_context *context)
{
    struct bytes source = value_get_text(&fact->value, "source");
    struct value data = emitted_data(fact, context);
    form_text(form, "event_id", emitted_id(fact, context));
    form_text(form, "type", fact->text);
    form_text(form, "subject", value_get_text(&fact->value, "subject"));
    form_text(form, "source", source);
    form_unit_title(form, "source_title", context->directory, source);
    form_text(form, "role", value_get_text(&fact->value, "role"));
    form_text(form, "workflow", value_get_text(&fact->value, "workflow"));
    if (data.kind == VALUE_MAP)
        form_value(form, "data", data);
}

/* --- all of them ----------------------------------------------------------------------------- */

static const char *kind_word(enum fact_kind kind)
{
    switch (kind) {
    case FACT_OPENED: return "opened";
    case FACT_STATE: return "state";
    case FACT_FIELD: return "field";
    case FACT_PARTY: return "party";
    case FACT_CLOCK: return "clock";
    case FACT_ALERT: return "alert";
    case FACT_ALERT_CLEARED: return "alert-cleared";
    case FACT_LATE_ENTRY: return "late-entry";
    case FACT_PROBLEM: return "problem";
    case FACT_SUSPENDED: return "suspended";
    case FACT_HELD: return "held";
    case FACT_RELEASED: return "released";
    case FACT_NOTICE: return "notice";
    case FACT_SUB_OPENED: return "sub-opened";
    case FACT_SUB_CLOSED: return "sub-closed";
    case FACT_SUSPENDED_ABOVE: return "suspended-above";
    case FACT_EMITTED: return "emitted";
    case FACT_KIND_COUNT: break;
    }
    return "";
}

static void fact_keys(struct form *form, const struct fact *fact,
                      const struct fact_context *context)
{
    const struct program *program = context->program;
    const struct directory *directory = context->directory;
    switch (fact->kind) {
    case FACT_OPENED:
    case FACT_LATE_ENTRY: form_date(form, "date", fact->date); break;
    case FACT_STATE: state_fact(form, fact, program); break;
    case FACT_FIELD: field_fact(form, fact, program, directory); break;
    case FACT_PARTY: party_fact(form, fact, program, directory); break;
    case FACT_CLOCK:
        clock_name(form, "name", fact, program);
        form_run(form, clock_rule_of(fact, program), fact->run);
        break;
    case FACT_ALERT: alert_fact(form, fact, program, directory); break;
    case FACT_ALERT_CLEARED: clock_name(form, "clock", fact, program); break;
    case FACT_PROBLEM:
        clock_name(form, "clock", fact, program);
        form_text(form, "text", fact->text);
        break;
    case FACT_SUSPENDED: form_bool(form, "suspended", fact->index == 1); break;
    case FACT_HELD: form_text(form, "event_id", value_get_text(&fact->value, "id")); break;
    case FACT_RELEASED: form_text(form, "event_id", fact->text); break;
    case FACT_NOTICE: notice_fact(form, fact, directory); break;
    case FACT_SUB_OPENED: sub_opened_fact(form, fact, context); break;
    case FACT_SUB_CLOSED: sub_closed_fact(form, fact, context->state); break;
    case FACT_SUSPENDED_ABOVE: form_bool(form, "suspended", fact->index == 1); break;
    case FACT_EMITTED: emitted_fact(form, fact, context); break;
    case FACT_KIND_COUNT: break;
    }
}

struct value fact_value(const struct fact *fact, const struct fact_context *context)
{
    struct form form = form_open(context->arena, FACT_KEYS, context->zone_minutes);
    form_word(&form, "kind", kind_word(fact->kind));
    fact_keys(&form, fact, context);
    return form_close(&form);
}
