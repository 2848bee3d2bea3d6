/* From the bytes of one event to its fate. The order of what is looked at:
 * form → partition → quarantine → seen before → caught up with the clock → the core's decision.
 *
 * Invariants: every event gets exactly one fate; what is refused is journalled too, with the case
 * where there is one (it remembers the refusal) and without where there is none; a duplicate writes
 * nothing. LANGUAGE §3. */
#include "workers/agenda_parts.h"

#include <string.h>

/* One event on its way. */
struct arriving {
    struct agenda *agenda;
    struct envelope envelope;
    struct case_event event;
    struct desk_case *held; /* NULL: there is no such case */
    struct fate_answer *answer;
    size_t raw_size;
    struct journal_row row; /* once it is known how it came */
    bool has_row;
};

/* What a refusal says beside its kind. */
struct reason {
    enum refusal refusal;
    struct bytes detail, wanted;
};

static void answer_fate(struct fate_answer *answer, enum fate fate, uint64_t position)
{
    answer->fate = bytes_from_text(fate_words(fate)->word);
    answer->position = position;
}

static void answer_refusal(struct fate_answer *answer, const struct reason *reason,
                           uint64_t position)
{
    const struct word_row *words = refusal_words(reason->refusal);
    answer_fate(answer, FATE_REFUSED, position);
    answer->code = bytes_from_text(words->word);
    answer->zh = bytes_from_text(words->zh);
    answer->en = bytes_from_text(words->en);
    answer->detail = reason->detail;
    answer->wanted = reason->wanted;
    if (reason->refusal != REFUSAL_BY_RULE)
        return;
    answer->zh = reason->detail; /* the workflow's own words */
    answer->en = reason->wanted.size ? reason->wanted : reason->detail;
}

/* The event's data as it came; what is too large for a row is left out. */
static struct bytes data_of(const struct arriving *arriving)
{
    /* Encoded anew it is at most twice as long: a float of four bytes becomes one of eight. */
    size_t size = 2 * arriving->raw_size;
    struct buffer buffer;
    if (arriving->envelope.data.kind == VALUE_NONE)
        return BYTES_NONE;
    void *memory = arena_alloc(&arriving->agenda->event, size);
    buffer_init(&buffer, memory, memory ? size : 0);
    codec_encode(&arriving->envelope.data, &buffer);
    return buffer.is_full ? BYTES_NONE : buffer_bytes(&buffer);
}

/* Where it stands in the journal, without what came of it. */
static struct journal_row *row_of_event(struct arriving *arriving)
{
    struct journal_row *row = &arriving->row;
    if (arriving->has_row)
        return row;
    *row = (struct journal_row){
        .kind = JOURNAL_EVENT,
        .now_ms = arriving->agenda->batch.now_ms,
        .event_id = arriving->envelope.id,
        .source = arriving->envelope.source,
        .type = arriving->envelope.type,
        .role = arriving->envelope.role,
        .time_ms = arriving->event.time_ms,
        .legal_date = DATE_NONE,
        .data = data_of(arriving),
    };
    memcpy(row->event_digest, arriving->event.digest, EVENT_DIGEST_SIZE);
    arriving->has_row = true;
    return row;
}

static struct journal_row refused_row(struct arriving *arriving, const struct reason *reason)
{
    struct journal_row row = *row_of_event(arriving);
    row.facts = NULL; /* what a step that did not come about had written */
    row.fact_count = 0;
    row.fate = FATE_REFUSED;
    row.refusal = reason->refusal;
    row.detail = reason->detail;
    row.wanted = reason->wanted;
    row.legal_date = DATE_NONE;
    row.is_remembered = false;
    return row;
}

/* A refusal that no case remembers. False: no room. */
static bool refuse_alone(struct arriving *arriving, const struct reason *reason)
{
    struct journal_row row = refused_row(arriving, reason);
    row.case_id = arriving->envelope.subject;
    row.workflow = BYTES_NONE;
    row.previous = 0;
    uint64_t position = batch_next_position(&arriving->agenda->batch);
    if (batch_add_row(&arriving->agenda->batch, &row) != LD_OK)
        return false;
    answer_refusal(arriving->answer, reason, position);
    return true;
}

/* What the present state would take instead: the names live in the event's arena. */
static struct value takes_of(struct arriving *arriving)
{
    const struct desk_case *held = arriving->held;
    int32_t events[PROGRAM_EVENTS_MAX];
    uint32_t count = case_takes(held->program, &held->state, events);
    struct value *names = arena_alloc_array(&arriving->agenda->event, count, sizeof *names);
    if (!names)
        return VALUE_ABSENT;
    for (uint32_t i = 0; i < count; i++)
        names[i] = value_text(held->program->events[events[i]].name);
    return value_list(names, count);
}

static bool names_alternatives(enum refusal refusal)
{
    return refusal == REFUSAL_UNKNOWN_EVENT || refusal == REFUSAL_NOT_TAKEN
           || refusal == REFUSAL_NO_BRANCH || refusal == REFUSAL_SUSPENDED;
}

static void answer_state(struct arriving *arriving)
{
    const struct desk_case *held = arriving->held;
    arriving->answer->state = held->program->states[held->state.state].name;
}

/* A refusal that the case remembers, unless the share of its memory for refusals is used up. */
static bool refuse_in_case(struct arriving *arriving, const struct reason *reason,
                           int32_t legal_date)
{
    struct desk_case *held = arriving->held;
    if (names_alternatives(reason->refusal))
        arriving->answer->takes = takes_of(arriving);
    answer_state(arriving);
    if (held->state.seen_count >= CASE_SEEN_REFUSED_MAX)
        return refuse_alone(arriving, reason);
    struct journal_row row = refused_row(arriving, reason);
    row.legal_date = legal_date;
    row.is_remembered = true;
    uint64_t position = batch_next_position(&arriving->agenda->batch);
    struct case_mark mark = {
        .is_event = true, .fate = FATE_REFUSED, .refusal = reason->refusal, .now_ms = row.now_ms};
    memcpy(mark.digest, arriving->event.digest, EVENT_DIGEST_SIZE);
    enum ld_err err = agenda_keep(arriving->agenda, held, &row, &mark);
    if (err == LD_OVERFLOW && !held->is_changed)
        return refuse_alone(arriving, reason);
    if (err != LD_OK)
        return false;
    answer_refusal(arriving->answer, reason, position);
    return true;
}

static bool refuse_limit(struct arriving *arriving)
{
    struct reason reason = {.refusal = REFUSAL_LIMIT};
    return arriving->held && arriving->held->state.is_open
               ? refuse_in_case(arriving, &reason, DATE_NONE)
               : refuse_alone(arriving, &reason);
}

static enum ld_err step(struct arriving *arriving, struct desk_case *held, struct effects *effects)
{
    struct agenda *agenda = arriving->agenda;
    struct case_input input = {
        .kind = INPUT_EVENT, .now_ms = agenda->batch.now_ms, .event = arriving->event};
    uint64_t position = batch_next_position(&agenda->batch);
    enum ld_err err = agenda_step(agenda, held, &input, row_of_event(arriving), effects);
    if (err == LD_OK && effects->fate != FATE_REFUSED)
        answer_fate(arriving->answer, effects->fate, position);
    return err;
}

static bool refuse_quarantined(struct arriving *arriving)
{
    struct reason reason = {.refusal = REFUSAL_QUARANTINED};
    return refuse_alone(arriving, &reason);
}

/* A step that could not be taken. False: no room in this batch. */
static bool refuse_step(struct arriving *arriving, enum ld_err err)
{
    if (err == LD_BUSY)
        return false;
    /* One that it would have changed is damaged: what belongs to it stands still with it. */
    return err == LD_CORRUPT ? refuse_quarantined(arriving) : refuse_limit(arriving);
}

static bool event_of_case(struct arriving *arriving)
{
    struct effects effects;
    enum ld_err err = step(arriving, arriving->held, &effects);
    if (err != LD_OK)
        return refuse_step(arriving, err);
    if (effects.fate == FATE_REFUSED) {
        struct reason reason = {effects.refusal, effects.detail, effects.detail_wanted};
        return refuse_in_case(arriving, &reason, effects.legal_date);
    }
    answer_state(arriving);
    return true;
}

/* The first answer again. Its details stand in its row, which may be of this very batch. */
static void answer_duplicate(struct arriving *arriving, const struct seen_event *seen)
{
    struct agenda *agenda = arriving->agenda;
    struct fate_answer *answer = arriving->answer;
    struct bytes bytes = batch_row(&agenda->batch, seen->position);
    struct store_view *view = bytes.size ? NULL : agenda_view(agenda);
    struct journal_row row = {0};
    arena_clear(&agenda->step);
    if (view
        && agenda->rooms.store->ops->view_row(view, seen->position, &agenda->step, &bytes) != LD_OK)
        bytes = BYTES_NONE;
    answer_fate(answer, FATE_DUPLICATE, seen->position);
    answer->first_fate = bytes_from_text(fate_words(seen->fate)->word);
    answer->first_position = seen->position;
    answer_state(arriving);
    if (seen->fate != FATE_REFUSED)
        return;
    answer->first_code = bytes_from_text(refusal_words(seen->refusal)->word);
    if (bytes.size == 0 || journal_row_decode(bytes, &agenda->step, &row) != LD_OK)
        return;
    answer->detail = row.detail;
    answer->wanted = row.wanted;
}

static bool refuse_start(struct arriving *arriving, enum shelf_start found)
{
    struct reason reason = {.detail = arriving->envelope.workflow};
    switch (found) {
    case START_FOUND:
    case START_NONE: reason.refusal = REFUSAL_UNKNOWN_CASE; break;
    case START_NOT_EFFECTIVE: reason.refusal = REFUSAL_NOT_EFFECTIVE; break;
    case START_AMBIGUOUS: reason.refusal = REFUSAL_AMBIGUOUS_START; break;
    }
    return refuse_alone(arriving, &reason);
}

static bool start_case(struct arriving *arriving)
{
    struct agenda *agenda = arriving->agenda;
    const struct program *program = NULL;
    struct rules rules;
    if (case_parent_id(arriving->envelope.subject).size > 0)
        return refuse_start(arriving, START_NONE); /* only its parent opens a sub-case */
    arena_clear(&agenda->step);
    enum shelf_start found =
        shelf_start(agenda->rooms.shelf, &arriving->event, arriving->envelope.workflow,
                    agenda->batch.now_ms, &agenda->step, &program);
    if (found != START_FOUND || !shelf_rules(agenda->rooms.shelf, program, &rules))
        return refuse_start(arriving, found);
    struct desk_save save = desk_save(&agenda->desk, &agenda->copies);
    struct desk_case *blank = NULL;
    if (desk_blank(&agenda->desk, program, &rules, arriving->envelope.subject, &blank) != LD_OK)
        return false;
    struct effects effects;
    enum ld_err err = step(arriving, blank, &effects);
    if (err == LD_OK && effects.fate == FATE_STARTED) {
        arriving->held = blank;
        answer_state(arriving);
        return true;
    }
    desk_restore(&agenda->desk, &save);
    struct reason reason = {effects.refusal, effects.detail, effects.detail_wanted};
    return err == LD_OK ? refuse_alone(arriving, &reason) : refuse_step(arriving, err);
}

static bool dispatch(struct arriving *arriving)
{
    struct agenda *agenda = arriving->agenda;
    arena_clear(&agenda->step);
    enum ld_err err = desk_take(&agenda->desk, agenda->rooms.store, agenda->rooms.shelf,
                                arriving->envelope.subject, &agenda->step, &arriving->held);
    if (err == LD_FULL)
        return false;
    if (err == LD_NOT_FOUND)
        return start_case(arriving);
    if (err != LD_OK)
        return refuse_quarantined(arriving); /* its record is damaged: it alone stands still */
    const struct seen_event *seen = case_seen(&arriving->held->state, arriving->event.digest);
    if (seen) {
        answer_duplicate(arriving, seen);
        return true;
    }
    err = agenda_catch_up(agenda, arriving->held, agenda->batch.now_ms);
    if (err == LD_BUSY)
        return false;
    if (err == LD_FULL)
        return refuse_limit(arriving);
    return err == LD_OK ? event_of_case(arriving) : refuse_quarantined(arriving);
}

/* What can be told of an event that is none: its id, as far as it is one. */
static bool refuse_malformed(struct arriving *arriving, const struct value *map,
                             const struct envelope_problem *problem)
{
    struct bytes id = value_get_text(map, "id");
    struct bytes subject = value_get_text(map, "subject");
    arriving->envelope = (struct envelope){.time_ms = INSTANT_NONE};
    arriving->event.time_ms = INSTANT_NONE;
    if (id.size <= WIRE_ID_MAX)
        arriving->envelope.id = id;
    if (subject.size <= WIRE_SUBJECT_MAX)
        arriving->envelope.subject = subject;
    arriving->answer->id = arriving->envelope.id;
    arriving->answer->subject = arriving->envelope.subject;
    struct reason reason = {.refusal = REFUSAL_MALFORMED,
                            .detail = bytes_from_text(problem->attribute)};
    if (!refuse_alone(arriving, &reason))
        return false;
    arriving->answer->zh = bytes_from_text(problem->zh);
    arriving->answer->en = bytes_from_text(problem->en);
    return true;
}

static void event_of_envelope(struct arriving *arriving)
{
    const struct envelope *envelope = &arriving->envelope;
    arriving->event = (struct case_event){
        .id = envelope->id,
        .source = envelope->source,
        .type = envelope->type,
        .subject = envelope->subject,
        .time_ms = envelope->time_ms,
        .roles = &arriving->envelope.role,
        .role_count = envelope->role.size ? 1 : 0,
        .data = envelope->data,
        .hops = envelope->hops,
    };
    digest_event(envelope->source, envelope->id, arriving->event.digest);
    arriving->answer->id = envelope->id;
    arriving->answer->subject = envelope->subject;
}

bool agenda_event(struct agenda *agenda, struct bytes raw, struct fate_answer *ret_answer)
{
    static const struct envelope_problem too_large = {"", "事件过大", "the event is too large"};
    static const struct envelope_problem unreadable = {"", "事件内容无法解读",
                                                       "the event cannot be decoded"};
    struct arriving arriving = {.agenda = agenda, .answer = ret_answer, .raw_size = raw.size};
    struct envelope_problem problem = {0};
    struct value map = VALUE_ABSENT;
    *ret_answer = (struct fate_answer){0};
    arena_clear(&agenda->event);
    if (raw.size > WIRE_EVENT_MAX)
        return refuse_malformed(&arriving, &map, &too_large);
    if (codec_decode(raw, WIRE_DEPTH_MAX, &agenda->event, &map) != LD_OK)
        return refuse_malformed(&arriving, &map, &unreadable);
    if (envelope_from_value(&map, shelf_zone(agenda->rooms.shelf), &arriving.envelope, &problem)
        != LD_OK)
        return refuse_malformed(&arriving, &map, &problem);
    event_of_envelope(&arriving);
    const struct store_identity *identity = &agenda->identity;
    if (wire_partition(arriving.envelope.subject, identity->partitions) != identity->partition) {
        struct reason reason = {.refusal = REFUSAL_WRONG_PARTITION};
        return refuse_alone(&arriving, &reason);
    }
    if (!agenda_watch_event(agenda, arriving.event.digest))
        return refuse_quarantined(&arriving);
    return dispatch(&arriving);
}
