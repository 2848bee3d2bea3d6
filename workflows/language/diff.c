/* Two versions of a workflow side by side: the head, the parties, and how all parts put things into
 * words. A phrase is a struct title, Chinese and English made together from the same arguments, so
 * that no language can say what the other does not. Everything is matched by its name; indexes of
 * the two programs have nothing to do with each other. */
#include "workflows/language/diff.h"

#include "base/buffer.h"
#include "base/civil.h"
#include "workflows/language/diff_parts.h"
#include "workflows/language/keys.h"

#include <string.h>

static const struct {
    const char *word, *zh, *en;
} part_rows[] = {
#define X(name, word, zh, en) {word, zh, en},
    DIFF_PART_TABLE(X)
#undef X
};

static const struct {
    const char *word, *zh, *en;
} code_rows[] = {
#define X(name, word, zh, en) {word, zh, en},
#include "workflows/language/diff_codes.inc"
#undef X
};

const char *diff_part_word(enum diff_part part)
{
    LD_ASSERT(part < DIFF_PART_COUNT);
    return part_rows[part].word;
}

const char *diff_part_zh(enum diff_part part)
{
    LD_ASSERT(part < DIFF_PART_COUNT);
    return part_rows[part].zh;
}

const char *diff_part_en(enum diff_part part)
{
    LD_ASSERT(part < DIFF_PART_COUNT);
    return part_rows[part].en;
}

static struct bytes english(const struct title *title)
{
    return title->en.size ? title->en : title->zh;
}

/* The argument that the template names here, or -1. */
static int argument_at(const char *at, uint32_t count)
{
    if (at[0] != '%' || at[1] < '1' || at[1] > '9')
        return -1;
    LD_ASSERT((uint32_t)(at[1] - '1') < count);
    return at[1] - '1';
}

/* Once to measure, once to write. */
static size_t fill(const char *template, const struct bytes *arguments, uint32_t count,
                   struct buffer *buffer)
{
    size_t size = 0;
    for (const char *at = template; *at; at++) {
        int index = argument_at(at, count);
        struct bytes piece = index < 0 ? (struct bytes){(const uint8_t *)at, 1} : arguments[index];
        size += piece.size;
        if (buffer)
            buffer_put(buffer, piece);
        at += index >= 0;
    }
    return size;
}

static struct bytes expand(struct diff *diff, const char *template, const struct bytes *arguments,
                           uint32_t count)
{
    size_t size = fill(template, arguments, count, NULL);
    uint8_t *memory = arena_alloc(diff->arena, size);
    struct buffer buffer;
    if (!memory)
        return BYTES_NONE; /* the arena's own flag tells the caller at the end */
    buffer_init(&buffer, memory, size);
    (void)fill(template, arguments, count, &buffer); /* the size is known */
    return buffer_bytes(&buffer);
}

struct title diff_phrase(struct diff *diff, const char *zh, const char *en,
                         const struct title *arguments, uint32_t count)
{
    struct bytes zh_arguments[DIFF_ARGUMENTS_MAX], en_arguments[DIFF_ARGUMENTS_MAX];
    LD_ASSERT(count <= DIFF_ARGUMENTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        zh_arguments[i] = arguments[i].zh;
        en_arguments[i] = english(&arguments[i]);
    }
    return (struct title){expand(diff, zh, zh_arguments, count),
                          expand(diff, en, en_arguments, count)};
}

void diff_add(struct diff *diff, enum diff_code code, struct bytes subject,
              const struct title *arguments, uint32_t count)
{
    struct diff_row *row = arena_alloc(diff->arena, sizeof *row);
    if (!row)
        return;
    struct title text = diff_phrase(diff, code_rows[code].zh, code_rows[code].en, arguments, count);
    *row = (struct diff_row){NULL, diff->part, code_rows[code].word, subject, text.zh, text.en};
    if (diff->last)
        diff->last->next = row;
    else
        diff->first = row;
    diff->last = row;
    diff->count++;
}

struct title diff_same(struct bytes text)
{
    return (struct title){text, text};
}

struct title diff_words(const char *zh, const char *en)
{
    return (struct title){bytes_from_text(zh), bytes_from_text(en)};
}

struct title diff_number(struct diff *diff, int64_t number)
{
    uint8_t memory[24];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_decimal(&buffer, number);
    return diff_same(arena_copy(diff->arena, buffer_bytes(&buffer)));
}

struct title diff_quoted(struct diff *diff, struct title title)
{
    if (title.zh.size == 0)
        return diff_words("无", "none");
    return DIFF_PHRASE(diff, "“%1”", "“%1”", title);
}

struct title diff_quoted_text(struct diff *diff, struct bytes text)
{
    return diff_quoted(diff, diff_same(text));
}

struct title diff_join(struct diff *diff, const struct title *items, uint32_t count)
{
    struct title all = count ? items[0] : diff_words("无", "none");
    for (uint32_t i = 1; i < count; i++)
        all = DIFF_PHRASE(diff, "%1、%2", "%1, %2", all, items[i]);
    return all;
}

bool diff_title_equal(const struct title *left, const struct title *right)
{
    return bytes_equal(left->zh, right->zh) && bytes_equal(english(left), english(right));
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_word(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')
           || (byte >= '0' && byte <= '9') || byte == '_' || byte >= 0x80;
}

/* Without the blanks that mean nothing: outside of quotes one remains, between two words. */
static struct bytes compact(struct diff *diff, struct bytes text)
{
    uint8_t *memory = arena_alloc(diff->arena, text.size);
    size_t size = 0;
    uint8_t quote = 0;
    for (size_t i = 0; memory && i < text.size; i++) {
        uint8_t byte = text.ptr[i];
        bool is_gap = !quote && i > 0 && is_blank(text.ptr[i - 1]);
        if (!quote && is_blank(byte))
            continue;
        if (is_gap && size > 0 && is_word(memory[size - 1]) && is_word(byte) && size < i)
            memory[size++] = ' ';
        memory[size++] = byte;
        bool is_mark = byte == '\'' || byte == '"';
        if (is_mark && (!quote || quote == byte) && (i == 0 || text.ptr[i - 1] != '\\'))
            quote = quote ? 0 : byte;
    }
    return memory ? (struct bytes){memory, size} : text;
}

bool diff_expr_equal(struct diff *diff, const struct expr *left, const struct expr *right)
{
    if (!left || !right)
        return left == right;
    return bytes_equal(compact(diff, left->source), compact(diff, right->source));
}

struct title diff_expr(struct diff *diff, const struct expr *expr)
{
    (void)diff;
    return expr ? diff_same(expr->source) : diff_words("无", "none");
}

struct title diff_state_name(struct diff *diff, const struct program *program, int32_t state)
{
    return diff_quoted(diff, program->states[state].title);
}

struct title diff_event_name(struct diff *diff, const struct program *program, int32_t event)
{
    if (event == program->joined_event)
        return diff_words("“下级案件全部办结”", "“all sub-cases closed”");
    return diff_quoted(diff, program->events[event].title);
}

struct title diff_party_name(struct diff *diff, const struct program *program, int32_t party)
{
    return diff_quoted(diff, program->parties[party].title);
}

static const struct {
    const char *zh, *one, *many;
} unit_rows[] = {
    [PERIOD_HOURS] = {"%1 小时", "%1 hour", "%1 hours"},
    [PERIOD_DAYS] = {"%1 日", "%1 day", "%1 days"},
    [PERIOD_WORKING_DAYS] = {"%1 个工作日", "%1 working day", "%1 working days"},
    [PERIOD_MONTHS] = {"%1 个月", "%1 month", "%1 months"},
    [PERIOD_YEARS] = {"%1 年", "%1 year", "%1 years"},
    [PERIOD_UNTIL] = {"至 %1", "until %1", "until %1"},
};

struct title diff_amount(struct diff *diff, const struct expr *amount, enum period_unit unit)
{
    bool is_one = bytes_is(amount->source, "1");
    return DIFF_PHRASE(diff, unit_rows[unit].zh,
                       is_one ? unit_rows[unit].one : unit_rows[unit].many,
                       diff_expr(diff, amount));
}

struct title diff_period(struct diff *diff, struct period period)
{
    return DIFF_PHRASE(diff, unit_rows[period.unit].zh,
                       period.amount == 1 ? unit_rows[period.unit].one
                                          : unit_rows[period.unit].many,
                       diff_number(diff, period.amount));
}

static struct title date_or_open(struct diff *diff, int32_t date, int32_t open)
{
    uint8_t memory[16];
    struct buffer buffer;
    if (date == open)
        return diff_words("", "");
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_date(&buffer, date);
    return diff_same(arena_copy(diff->arena, buffer_bytes(&buffer)));
}

static struct title effective(struct diff *diff, const struct program *program)
{
    return DIFF_PHRASE(diff, "%1..%2", "%1..%2",
                       date_or_open(diff, program->effective_from, DATE_MIN),
                       date_or_open(diff, program->effective_until, DATE_MAX));
}

static bool has_label(const struct program *program, struct bytes label)
{
    bool is_found = false;
    for (uint32_t i = 0; !is_found && i < program->label_count; i++)
        is_found = bytes_equal(program->labels[i], label);
    return is_found;
}

static void diff_labels(const struct diff_pair *pair)
{
    for (uint32_t i = 0; i < pair->before->label_count; i++) {
        if (!has_label(pair->after, pair->before->labels[i]))
            DIFF_ADD(pair->diff, LABEL_REMOVED, BYTES_NONE, diff_same(pair->before->labels[i]));
    }
    for (uint32_t i = 0; i < pair->after->label_count; i++) {
        if (!has_label(pair->before, pair->after->labels[i]))
            DIFF_ADD(pair->diff, LABEL_ADDED, BYTES_NONE, diff_same(pair->after->labels[i]));
    }
}

static struct title start_name(struct diff *diff, const struct program *program)
{
    if (program->start_event == INDEX_NONE)
        return diff_words("上级案件开立", "a parent case alone");
    return DIFF_PHRASE(diff, "事件%1(%2)", "event %1 (%2)",
                       diff_event_name(diff, program, program->start_event),
                       diff_same(program->events[program->start_event].name));
}

static struct bytes start_word(const struct program *program)
{
    return program->start_event == INDEX_NONE ? BYTES_NONE
                                              : program->events[program->start_event].name;
}

/* A field or a party that must be given where a case is opened by its parent. */
struct given {
    struct bytes name;
    struct title phrase;
};

/* Fields before parties. */
static struct given given_at(struct diff *diff, const struct program *program, uint32_t index)
{
    if (index < program->given_field_count) {
        const struct field *field = &program->fields[program->given_fields[index]];
        return (struct given){field->name, DIFF_PHRASE(diff, "数据项%1", "field %1",
                                                       diff_quoted(diff, field->title))};
    }
    int32_t party = program->given_parties[index - program->given_field_count];
    return (struct given){
        program->parties[party].name,
        DIFF_PHRASE(diff, "当事方%1", "party %1", diff_party_name(diff, program, party))};
}

/* Is the same asked for? A field is no party. */
static bool is_given(const struct program *program, struct bytes name, bool is_party)
{
    const int32_t *rows = is_party ? program->given_parties : program->given_fields;
    uint32_t count = is_party ? program->given_party_count : program->given_field_count;
    int32_t wanted = is_party ? program_party(program, name) : program_field(program, name);
    for (uint32_t i = 0; wanted != INDEX_NONE && i < count; i++) {
        if (rows[i] == wanted)
            return true;
    }
    return false;
}

static void tell_given(struct diff *diff, enum diff_code code, const struct program *program,
                       const struct program *other)
{
    uint32_t count = program->given_field_count + program->given_party_count;
    for (uint32_t i = 0; i < count; i++) {
        struct given given = given_at(diff, program, i);
        if (!other || !is_given(other, given.name, i >= program->given_field_count))
            diff_add(diff, code, given.name, &given.phrase, 1);
    }
}

/* Of a workflow that an event starts they follow from what its start sets, which is told. */
static void diff_given(const struct diff_pair *pair)
{
    bool was_alone = pair->before->start_event == INDEX_NONE;
    if (pair->after->start_event != INDEX_NONE)
        return;
    if (was_alone)
        tell_given(pair->diff, DIFF_CODE_GIVEN_REMOVED, pair->before, pair->after);
    tell_given(pair->diff, DIFF_CODE_GIVEN_ADDED, pair->after, was_alone ? pair->before : NULL);
}

static void diff_cascade_end(const struct diff_pair *pair)
{
    const struct program *before = pair->before, *after = pair->after;
    if (before->cascade_end == INDEX_NONE || after->cascade_end == INDEX_NONE)
        return;
    const struct state *old = &before->states[before->cascade_end];
    const struct state *new = &after->states[after->cascade_end];
    if (!bytes_equal(old->name, new->name))
        DIFF_ADD(pair->diff, CASCADE_END, new->name, diff_quoted(pair->diff, old->title),
                 diff_quoted(pair->diff, new->title));
}

static void diff_start(const struct diff_pair *pair)
{
    const struct program *before = pair->before, *after = pair->after;
    struct diff *diff = pair->diff;
    struct title where = diff_words("立案时", "when a case is opened it");
    if (!bytes_equal(start_word(before), start_word(after)))
        DIFF_ADD(diff, START_EVENT, BYTES_NONE, start_name(diff, before), start_name(diff, after));
    diff_branch_lists(pair, BYTES_NONE, where, (struct diff_branches){&before->start, 1},
                      (struct diff_branches){&after->start, 1});
    diff_given(pair);
    diff_cascade_end(pair);
}

static struct title suspension(struct diff *diff, const struct program *program)
{
    if (program->suspend_from == INDEX_NONE || program->suspend_until == INDEX_NONE)
        return diff_words("无", "none");
    struct title all = DIFF_PHRASE(diff, "自%1至%2", "from %1 until %2",
                                   diff_event_name(diff, program, program->suspend_from),
                                   diff_event_name(diff, program, program->suspend_until));
    for (uint32_t i = 0; i < program->suspend_allow_count; i++)
        all = DIFF_PHRASE(diff, "%1,其间接受%2", "%1, taking %2", all,
                          diff_event_name(diff, program, program->suspend_allows[i]));
    if (program->suspend_basis.size)
        all = DIFF_PHRASE(diff, "%1,依据 %2", "%1, by %2", all, diff_same(program->suspend_basis));
    return all;
}

static void diff_head(const struct diff_pair *pair)
{
    const struct program *before = pair->before, *after = pair->after;
    struct diff *diff = pair->diff;
    struct title suspensions[] = {suspension(diff, before), suspension(diff, after)};
    diff->part = DIFF_HEAD;
    if (!bytes_equal(before->id, after->id))
        DIFF_ADD(diff, ID, BYTES_NONE, diff_same(before->id), diff_same(after->id));
    if (before->version != after->version)
        DIFF_ADD(diff, VERSION, BYTES_NONE, diff_number(diff, before->version),
                 diff_number(diff, after->version));
    if (!diff_title_equal(&before->title, &after->title))
        DIFF_ADD(diff, TITLE, BYTES_NONE, diff_quoted(diff, before->title),
                 diff_quoted(diff, after->title));
    if (!bytes_equal(before->basis, after->basis))
        DIFF_ADD(diff, BASIS, BYTES_NONE, diff_quoted_text(diff, before->basis),
                 diff_quoted_text(diff, after->basis));
    if (before->effective_from != after->effective_from
        || before->effective_until != after->effective_until)
        DIFF_ADD(diff, EFFECTIVE, BYTES_NONE, effective(diff, before), effective(diff, after));
    diff_labels(pair);
    if (!bytes_equal(before->calendar, after->calendar))
        DIFF_ADD(diff, CALENDAR, BYTES_NONE, diff_quoted_text(diff, before->calendar),
                 diff_quoted_text(diff, after->calendar));
    if (!bytes_equal(suspensions[0].zh, suspensions[1].zh))
        DIFF_ADD(diff, SUSPEND, BYTES_NONE, suspensions[0], suspensions[1]);
    diff_start(pair);
}

static void diff_party(struct diff *diff, const struct party *before, const struct party *after)
{
    if (!diff_title_equal(&before->title, &after->title))
        DIFF_ADD(diff, PARTY_TITLE, after->name, diff_quoted(diff, before->title),
                 diff_quoted(diff, after->title));
    if (!bytes_equal(before->kind, after->kind))
        DIFF_ADD(diff, PARTY_KIND, after->name, diff_quoted(diff, after->title),
                 diff_quoted_text(diff, before->kind), diff_quoted_text(diff, after->kind));
}

static void diff_parties(const struct diff_pair *pair)
{
    const struct program *before = pair->before, *after = pair->after;
    pair->diff->part = DIFF_PARTIES;
    for (uint32_t i = 0; i < before->party_count; i++) {
        int32_t index = program_party(after, before->parties[i].name);
        if (index == INDEX_NONE)
            DIFF_ADD(pair->diff, PARTY_REMOVED, before->parties[i].name,
                     diff_quoted(pair->diff, before->parties[i].title));
        else
            diff_party(pair->diff, &before->parties[i], &after->parties[index]);
    }
    for (uint32_t i = 0; i < after->party_count; i++) {
        if (program_party(before, after->parties[i].name) == INDEX_NONE)
            DIFF_ADD(pair->diff, PARTY_ADDED, after->parties[i].name,
                     diff_quoted(pair->diff, after->parties[i].title));
    }
}

bool diff_workflows(const struct program *before, const struct program *after, struct arena *arena,
                    struct diff *ret_diff)
{
    *ret_diff = (struct diff){.arena = arena};
    struct diff_pair pair = {ret_diff, before, after};
    arena->is_exhausted = false;
    diff_head(&pair);
    diff_parties(&pair);
    diff_data(&pair);
    diff_events(&pair);
    diff_states(&pair);
    diff_clocks(&pair);
    return !arena->is_exhausted;
}
