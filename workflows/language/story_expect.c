/* Holds a step's expectations against what happened; each that does not hold is one finding at its
 * place, with what was expected and what was seen.
 *
 * `alerts` and `overdue` are exact: one more is as wrong as one less. The order in which alerts or
 * recipients are written says nothing. */
#include "workflows/language/story_parts.h"

enum { ALERTS_MAX = 256, WORDS_SIZE_MAX = 1024 };

typedef void expect_check(const struct story_view *view, const struct yaml_node *node);

static void differ(const struct story_view *view, const struct yaml_node *node, const char *code,
                   struct bytes expected, struct bytes seen)
{
    struct bytes arguments[] = {expected, seen};
    diagnose(view->diagnostics, node->place, code, arguments, 2);
}

static void differ_in(const struct story_view *view, const struct yaml_node *node, const char *code,
                      struct bytes name, struct bytes seen)
{
    struct bytes arguments[] = {name, node->text, seen};
    diagnose(view->diagnostics, node->place, code, arguments, 3);
}

bool story_has_kind(const struct story_view *view, const struct yaml_node *node,
                    enum yaml_kind kind, const char *what)
{
    static const char *const zh[] = {"一个词或一句话", "一个列表", "“名称: 内容”"};
    static const char *const en[] = {"a word or a text", "a list", "a mapping"};
    uint32_t word = kind == YAML_SCALAR ? 0 : kind == YAML_SEQUENCE ? 1 : 2;
    struct bytes arguments[] = {bytes_from_text(what), bytes_from_text(zh[word]),
                                bytes_from_text(en[word])};
    if (node->kind != kind)
        diagnose(view->diagnostics, node->place, "story-shape", arguments, 3);
    return node->kind == kind;
}

struct buffer story_words(const struct story_view *view, size_t size)
{
    struct buffer buffer;
    void *memory = arena_alloc(view->arena, size);
    buffer_init(&buffer, memory, memory ? size : 0);
    return buffer;
}

/* A buffer of the arena for words of bounded length. */
static struct buffer words(const struct story_view *view)
{
    return story_words(view, WORDS_SIZE_MAX);
}

static struct bytes or_none(struct bytes text)
{
    return text.size ? text : BYTES_LITERAL("none");
}

/* "refused(wrong-role: chief)": a fate with its reason, where it has one. */
static struct bytes fate_seen(const struct story_view *view)
{
    struct buffer buffer = words(view);
    const struct effects *effects = view->effects;
    buffer_put_text(&buffer, effects ? fate_words(effects->fate)->word : "none");
    if (effects && effects->refusal != REFUSAL_NONE) {
        buffer_put_text(&buffer, " (");
        buffer_put_text(&buffer, refusal_words(effects->refusal)->word);
        if (effects->detail.size || effects->detail_wanted.size)
            buffer_put_text(&buffer, ": ");
        buffer_put(&buffer, effects->detail);
        if (effects->detail.size && effects->detail_wanted.size)
            buffer_put_text(&buffer, "; ");
        buffer_put(&buffer, effects->detail_wanted);
        buffer_put_text(&buffer, ")");
    }
    return buffer_bytes(&buffer);
}

static void expect_fate(const struct story_view *view, const struct yaml_node *node)
{
    const char *word = view->effects ? fate_words(view->effects->fate)->word : "none";
    if (story_has_kind(view, node, YAML_SCALAR, "fate") && !bytes_is(node->text, word))
        differ(view, node, "story-fate", node->text, fate_seen(view));
}

static void expect_refusal(const struct story_view *view, const struct yaml_node *node)
{
    const char *word = view->effects ? refusal_words(view->effects->refusal)->word : "none";
    if (story_has_kind(view, node, YAML_SCALAR, "refusal") && !bytes_is(node->text, word))
        differ(view, node, "story-refusal", node->text, fate_seen(view));
}

static void expect_state(const struct story_view *view, const struct yaml_node *node)
{
    struct bytes name = view->program->states[view->state->state].name;
    if (!story_has_kind(view, node, YAML_SCALAR, "state") || bytes_equal(node->text, name))
        return;
    struct bytes arguments[] = {node->text, BYTES_LITERAL("state"), BYTES_LITERAL("状态")};
    if (program_state(view->program, node->text) == INDEX_NONE)
        diagnose(view->diagnostics, node->place, "story-name", arguments, 3);
    else
        differ(view, node, "story-state", node->text, name);
}

static void expect_outcome(const struct story_view *view, const struct yaml_node *node)
{
    struct bytes seen = or_none(view->state->outcome);
    if (story_has_kind(view, node, YAML_SCALAR, "outcome") && !bytes_equal(node->text, seen))
        differ(view, node, "story-outcome", node->text, seen);
}

/* What a key of due, clocks, data or parties names; INDEX_NONE after a finding. */
static int32_t named(const struct story_view *view, const struct yaml_entry *entry, int32_t index,
                     const char *en, const char *zh)
{
    struct bytes arguments[] = {entry->key, bytes_from_text(en), bytes_from_text(zh)};
    if (index == INDEX_NONE)
        diagnose(view->diagnostics, entry->key_place, "story-name", arguments, 3);
    return index;
}

static const struct clock_run *named_clock(const struct story_view *view,
                                           const struct yaml_entry *entry)
{
    int32_t clock = named(view, entry, program_clock(view->program, entry->key), "clock", "期限");
    return clock == INDEX_NONE ? NULL : &view->state->clocks[clock];
}

/* A clock that is paused is due on no day that anybody could name. */
static bool has_due(const struct clock_run *run)
{
    return run->status == CLOCK_RUNNING || run->status == CLOCK_OVERDUE;
}

static struct bytes due_seen(const struct story_view *view, const struct clock_run *run)
{
    struct buffer buffer = words(view);
    if (!has_due(run)) {
        buffer_put_text(&buffer, "none (");
        buffer_put_text(&buffer, clock_status_word(run->status));
        buffer_put_text(&buffer, ")");
    } else if (run->budget.unit == PERIOD_HOURS) {
        buffer_put_instant(&buffer, run->due.due_ms, view->rules->calendar->zone_minutes);
    } else {
        buffer_put_date(&buffer, run->due.last_day);
    }
    return buffer_bytes(&buffer);
}

/* A date is the last day; of a period in hours an instant may be given instead. */
static bool is_due(const struct story_view *view, const struct clock_run *run, struct bytes text)
{
    int32_t date;
    int64_t instant_ms;
    if (bytes_is(text, "none"))
        return !has_due(run);
    if (!has_due(run))
        return false;
    if (date_parse(text, &date))
        return date == run->due.last_day;
    return instant_parse(text, view->rules->calendar->zone_minutes, &instant_ms)
           && instant_ms == run->due.due_ms;
}

static void expect_due(const struct story_view *view, const struct yaml_node *node)
{
    for (uint32_t i = 0; story_has_kind(view, node, YAML_MAPPING, "due") && i < node->count; i++) {
        const struct yaml_entry *entry = &node->entries[i];
        const struct clock_run *run = named_clock(view, entry);
        if (run && story_has_kind(view, entry->value, YAML_SCALAR, "due")
            && !is_due(view, run, entry->value->text))
            differ_in(view, entry->value, "story-due", entry->key, due_seen(view, run));
    }
}

static void expect_clocks(const struct story_view *view, const struct yaml_node *node)
{
    for (uint32_t i = 0; story_has_kind(view, node, YAML_MAPPING, "clocks") && i < node->count;
         i++) {
        const struct yaml_entry *entry = &node->entries[i];
        const struct clock_run *run = named_clock(view, entry);
        if (!run || !story_has_kind(view, entry->value, YAML_SCALAR, "clocks"))
            continue;
        const char *word = clock_status_word(run->status);
        if (!bytes_is(entry->value->text, word))
            differ_in(view, entry->value, "story-clock", entry->key, bytes_from_text(word));
    }
}

static bool lists(const struct yaml_node *node, struct bytes word)
{
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->items[i]->kind == YAML_SCALAR && bytes_equal(node->items[i]->text, word))
            return true;
    }
    return false;
}

static void put_word(struct buffer *buffer, struct bytes word)
{
    if (buffer->used)
        buffer_put_text(buffer, ", ");
    buffer_put(buffer, word);
}

static void expect_overdue(const struct story_view *view, const struct yaml_node *node)
{
    if (!story_has_kind(view, node, YAML_SEQUENCE, "overdue"))
        return;
    struct buffer expected = words(view), seen = words(view);
    uint32_t seen_count = 0;
    bool is_same = true;
    for (uint32_t i = 0; i < node->count; i++)
        put_word(&expected, node->items[i]->text);
    for (uint32_t i = 0; view->program && i < view->program->clock_count; i++) {
        if (view->state->clocks[i].status != CLOCK_OVERDUE)
            continue;
        seen_count++;
        is_same = is_same && lists(node, view->program->clocks[i].name);
        put_word(&seen, view->program->clocks[i].name);
    }
    if (!is_same || seen_count != node->count)
        differ(view, node, "story-overdue", buffer_bytes(&expected), buffer_bytes(&seen));
}

struct raised {
    const struct fact *fact;
    bool is_expected;
};

static uint32_t collect_alerts(const struct story_view *view, struct raised *raised)
{
    uint32_t count = 0;
    for (uint32_t i = view->named_row; i < view->row_count; i++) {
        const struct story_row *row = &view->rows[i];
        bool is_ours = bytes_equal(row->after->id, view->case_id);
        for (uint32_t j = 0; is_ours && j < row->effects.fact_count; j++) {
            const struct fact *fact = &row->effects.facts[j];
            if (fact->kind == FACT_ALERT && count < ALERTS_MAX)
                raised[count++] = (struct raised){.fact = fact};
        }
    }
    return count;
}

/* "reply overdue → qj-ecology, qj-joint-office" */
static void put_alert(const struct story_view *view, const struct fact *fact, struct buffer *buffer)
{
    buffer_put(buffer, view->program->clocks[fact->index].name);
    buffer_put_text(buffer, " ");
    buffer_put_text(buffer, alert_level_word(fact->alert->level));
    buffer_put_text(buffer, " → ");
    for (uint32_t i = 0; i < fact->alert->recipient_count; i++) {
        buffer_put_text(buffer, i ? ", " : "");
        buffer_put(buffer, fact->alert->recipients[i].unit);
    }
}

static bool alert_is(const struct story_view *view, const struct yaml_node *node,
                     const struct fact *fact)
{
    const struct yaml_node *clock = yaml_get(node, "clock"), *level = yaml_get(node, "level");
    const struct yaml_node *to = yaml_get(node, "to");
    const struct alert *alert = fact->alert;
    if (clock && !bytes_equal(clock->text, view->program->clocks[fact->index].name))
        return false;
    if (level && !bytes_is(level->text, alert_level_word(alert->level)))
        return false;
    for (uint32_t i = 0; to && i < alert->recipient_count; i++) {
        if (!lists(to, alert->recipients[i].unit))
            return false;
    }
    return !to || to->count == alert->recipient_count;
}

static bool alert_has_shape(const struct story_view *view, const struct yaml_node *node)
{
    if (!story_has_kind(view, node, YAML_MAPPING, "alerts"))
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct yaml_entry *entry = &node->entries[i];
        struct bytes arguments[] = {entry->key, BYTES_LITERAL("clock, level, to")};
        bool is_to = bytes_is(entry->key, "to");
        if (!is_to && !bytes_is(entry->key, "clock") && !bytes_is(entry->key, "level")) {
            diagnose(view->diagnostics, entry->key_place, "story-key", arguments, 2);
            return false;
        }
        if (is_to ? !story_has_kind(view, entry->value, YAML_SEQUENCE, "to")
                  : !story_has_kind(view, entry->value, YAML_SCALAR, is_to ? "to" : "clock, level"))
            return false;
    }
    return true;
}

static struct bytes alert_wanted(const struct story_view *view, const struct yaml_node *node)
{
    struct buffer buffer = words(view);
    const struct yaml_node *clock = yaml_get(node, "clock"), *level = yaml_get(node, "level");
    const struct yaml_node *to = yaml_get(node, "to");
    buffer_put(&buffer, clock ? clock->text : BYTES_NONE);
    buffer_put_text(&buffer, " ");
    buffer_put(&buffer, level ? level->text : BYTES_NONE);
    buffer_put_text(&buffer, to ? " → " : "");
    for (uint32_t i = 0; to && i < to->count; i++) {
        buffer_put_text(&buffer, i ? ", " : "");
        buffer_put(&buffer, to->items[i]->text);
    }
    return buffer_bytes(&buffer);
}

static struct bytes alerts_seen(const struct story_view *view, const struct raised *raised,
                                uint32_t count)
{
    struct buffer buffer = words(view);
    for (uint32_t i = 0; i < count; i++) {
        buffer_put_text(&buffer, i ? "; " : "");
        put_alert(view, raised[i].fact, &buffer);
    }
    return or_none(buffer_bytes(&buffer));
}

static void expect_one_alert(const struct story_view *view, const struct yaml_node *node,
                             struct raised *raised, uint32_t count)
{
    if (!alert_has_shape(view, node))
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (!raised[i].is_expected && alert_is(view, node, raised[i].fact)) {
            raised[i].is_expected = true;
            return;
        }
    }
    differ(view, node, "story-alert-missing", alert_wanted(view, node),
           alerts_seen(view, raised, count));
}

static void expect_alerts(const struct story_view *view, const struct yaml_node *node)
{
    struct raised *raised = arena_alloc_array(view->arena, ALERTS_MAX, sizeof *raised);
    if (!raised || !story_has_kind(view, node, YAML_SEQUENCE, "alerts"))
        return;
    uint32_t count = collect_alerts(view, raised);
    for (uint32_t i = 0; i < node->count; i++)
        expect_one_alert(view, node->items[i], raised, count);
    for (uint32_t i = 0; i < count; i++) {
        struct buffer buffer = words(view);
        if (raised[i].is_expected)
            continue;
        put_alert(view, raised[i].fact, &buffer);
        differ(view, node, "story-alert-extra", buffer_bytes(&buffer), BYTES_NONE);
    }
}

static bool matches(const struct story_view *view, const struct yaml_node *node,
                    const struct value *value);

static bool items_match(const struct story_view *view, const struct yaml_node *node,
                        const struct value *value)
{
    if (value->kind != VALUE_LIST || value->as.list.count != node->count)
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        if (!matches(view, node->items[i], &value->as.list.items[i]))
            return false;
    }
    return true;
}

static bool entries_match(const struct story_view *view, const struct yaml_node *node,
                          const struct value *value)
{
    if (value->kind != VALUE_MAP || value->as.map.count != node->count)
        return false;
    for (uint32_t i = 0; i < node->count; i++) {
        const struct value *entry = value_get_bytes(value, node->entries[i].key);
        if (!entry || !matches(view, node->entries[i].value, entry))
            return false;
    }
    return true;
}

/* A scalar is text, typed by the value that it is held against. */
static bool scalar_matches(const struct story_view *view, const struct yaml_node *node,
                           const struct value *value)
{
    int32_t date;
    int64_t instant_ms;
    struct value number = yaml_to_value(node, view->arena);
    switch (value->kind) {
    case VALUE_NONE: return bytes_is(node->text, "none");
    case VALUE_BOOL:
    case VALUE_INT: return value_equal(&number, value);
    case VALUE_DOUBLE:
        if (number.kind == VALUE_INT)
            number = value_double((double)number.as.integer);
        return value_equal(&number, value);
    case VALUE_TEXT:
    case VALUE_UNIT: return bytes_equal(node->text, value->as.text);
    case VALUE_DATE: return date_parse(node->text, &date) && date == value->as.date;
    case VALUE_TIMESTAMP:
        return instant_parse(node->text, view->rules->calendar->zone_minutes, &instant_ms)
               && instant_ms == value->as.timestamp_ms;
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_KIND_COUNT: break;
    }
    return false;
}

static bool matches(const struct story_view *view, const struct yaml_node *node,
                    const struct value *value)
{
    switch (node->kind) {
    case YAML_SCALAR: return scalar_matches(view, node, value);
    case YAML_SEQUENCE: return items_match(view, node, value);
    case YAML_MAPPING: return entries_match(view, node, value);
    }
    return false;
}

static struct bytes value_seen(const struct story_view *view, const struct value *value)
{
    struct buffer buffer = words(view);
    int zone = view->rules->calendar->zone_minutes;
    switch (value->kind) {
    case VALUE_BOOL: buffer_put_text(&buffer, value->as.boolean ? "true" : "false"); break;
    case VALUE_INT: buffer_put_decimal(&buffer, value->as.integer); break;
    case VALUE_TEXT:
    case VALUE_UNIT: buffer_put(&buffer, value->as.text); break;
    case VALUE_DATE: buffer_put_date(&buffer, value->as.date); break;
    case VALUE_TIMESTAMP: buffer_put_instant(&buffer, value->as.timestamp_ms, zone); break;
    case VALUE_DOUBLE: buffer_put_text(&buffer, "another number"); break;
    case VALUE_LIST: buffer_put_text(&buffer, "another list"); break;
    case VALUE_MAP: buffer_put_text(&buffer, "another record"); break;
    case VALUE_NONE:
    case VALUE_KIND_COUNT: buffer_put_text(&buffer, "none"); break;
    }
    return buffer_bytes(&buffer);
}

static void expect_values(const struct story_view *view, const struct yaml_entry *entry,
                          const struct value *value, const char *code)
{
    if (!matches(view, entry->value, value))
        differ_in(view, entry->value, code, entry->key, value_seen(view, value));
}

static void expect_data(const struct story_view *view, const struct yaml_node *node)
{
    for (uint32_t i = 0; story_has_kind(view, node, YAML_MAPPING, "data") && i < node->count; i++) {
        const struct yaml_entry *entry = &node->entries[i];
        int32_t field =
            named(view, entry, program_field(view->program, entry->key), "field", "数据项");
        if (field != INDEX_NONE)
            expect_values(view, entry, &view->state->fields[field], "story-data");
    }
}

static void expect_parties(const struct story_view *view, const struct yaml_node *node)
{
    for (uint32_t i = 0; story_has_kind(view, node, YAML_MAPPING, "parties") && i < node->count;
         i++) {
        const struct yaml_entry *entry = &node->entries[i];
        int32_t party =
            named(view, entry, program_party(view->program, entry->key), "party", "当事方");
        if (party != INDEX_NONE)
            expect_values(view, entry, &view->state->parties[party], "story-party");
    }
}

static const struct expectation {
    const char *key;
    expect_check *check;
    bool needs_case; /* means nothing before the case exists */
} expectations[] = {
    {"fate", expect_fate, false},
    {"refusal", expect_refusal, false},
    {"state", expect_state, true},
    {"outcome", expect_outcome, true},
    {"due", expect_due, true},
    {"clocks", expect_clocks, true},
    {"overdue", expect_overdue, false},
    {"alerts", expect_alerts, false},
    {"data", expect_data, true},
    {"parties", expect_parties, true},
    {"held", story_expect_held, true},
    {"suspended", story_expect_suspended, true},
    {"notices", story_expect_notices, false},
    {"subs", story_expect_subs, true},
    {"emitted", story_expect_emitted, false},
};

enum { EXPECTATION_COUNT = sizeof expectations / sizeof expectations[0] };

static const struct expectation *find_expectation(struct bytes key)
{
    for (size_t i = 0; i < EXPECTATION_COUNT; i++) {
        if (bytes_is(key, expectations[i].key))
            return &expectations[i];
    }
    return NULL;
}

bool story_expect_knows(struct bytes key)
{
    return find_expectation(key) != NULL;
}

/* Refused, against what the step expects. */
static bool is_astray(const struct story_view *view, const struct yaml_node *fate)
{
    return fate && fate->kind == YAML_SCALAR && view->effects && view->effects->fate == FATE_REFUSED
           && !bytes_is(fate->text, "refused");
}

bool story_expect(const struct story_view *view, const struct yaml_node *expect)
{
    const struct yaml_node *fate = yaml_get(expect, "fate");
    if (is_astray(view, fate)) {
        struct bytes arguments[] = {
            fate->text, fate_seen(view), BYTES_LITERAL("案件由此走上另一条路,其后各步不再核对"),
            BYTES_LITERAL("the case goes another way from here: its later steps are not compared")};
        diagnose(view->diagnostics, fate->place, "story-fate", arguments, 4);
        return true;
    }
    for (uint32_t i = 0; i < expect->count; i++) {
        const struct yaml_entry *entry = &expect->entries[i];
        const struct expectation *expectation = find_expectation(entry->key);
        struct bytes arguments[] = {view->case_id, entry->key};
        if (!expectation)
            continue; /* story_read has told */
        if (expectation->needs_case && !view->state->is_open)
            diagnose(view->diagnostics, entry->key_place, "story-no-case", arguments, 2);
        else
            expectation->check(view, entry->value);
    }
    return false;
}
