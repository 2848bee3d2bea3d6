/* Ten million rows that emitted nothing must cost no more than reading them: rows of a kind or of
 * an age that cannot hold an emitted event are passed by their first two bytes, and a view covers
 * thousands of rows, though never more than it can read in a few tens of milliseconds.
 *
 * Invariant: whatever stands in the window can be read again from the journal, which only grows;
 * so nothing of an event is kept in memory but where it stands. */
#include "workers/mailbag.h"

#include "base/civil.h"
#include "proto/envelope.h"

#include <stdlib.h>

enum {
    ARENA_SIZE = 32 << 20, /* the largest row, decoded, many times over */
    VIEW_ROWS_MAX = 5000,
    VIEW_BYTES_MAX = 4 << 20,
    BODY_BYTES = 256 << 10, /* past it no event is begun */
    LIST_HEAD_SIZE = 3,
    EMITTING_VERSION = 2, /* the first version of journal rows that can hold an emitted event */
};

bool mailbag_init(struct mailbag *mailbag, struct store *store, uint32_t partitions)
{
    void *block = malloc(ARENA_SIZE);
    *mailbag = (struct mailbag){.store = store, .partitions = partitions};
    arena_init(&mailbag->arena, block, block ? ARENA_SIZE : 0);
    mailbag->body = malloc(WIRE_BODY_MAX);
    return block && mailbag->body;
}

void mailbag_fini(struct mailbag *mailbag)
{
    free(mailbag->arena.block);
    free(mailbag->body);
    mailbag->arena.block = mailbag->body = NULL;
}

/* --- reading --------------------------------------------------------------------------------- */

static bool may_emit(struct bytes record)
{
    struct reader reader = {.bytes = record};
    uint8_t version = reader_u8(&reader), kind = reader_u8(&reader);
    bool is_step = kind == JOURNAL_EVENT || kind == JOURNAL_TIME || kind == JOURNAL_FAMILY;
    return version >= EMITTING_VERSION && is_step;
}

static bool is_for_case(const struct fact *fact)
{
    return fact->kind == FACT_EMITTED && value_get_text(&fact->value, "subject").size > 0;
}

static void add_events(const struct mailbag *mailbag, struct courier *courier, uint64_t position,
                       const struct journal_row *row)
{
    for (uint32_t i = 0; i < row->fact_count; i++) {
        const struct fact *fact = &row->facts[i];
        if (!is_for_case(fact))
            continue;
        struct bytes subject = value_get_text(&fact->value, "subject");
        struct parcel parcel = {
            .position = position,
            .emitted_ms = row->now_ms,
            .fact = i,
            .partition = wire_partition(subject, mailbag->partitions),
        };
        courier_add(courier, &parcel);
    }
}

/* What cannot be read for want of memory can never be: the arena is larger than any row. */
static enum ld_err read_row(struct mailbag *mailbag, struct store_view *view,
                            struct courier *courier, size_t *bytes)
{
    struct journal_row row;
    struct bytes record;
    uint64_t position = courier->read + 1;
    arena_clear(&mailbag->arena);
    enum ld_err err = mailbag->store->ops->view_row(view, position, &mailbag->arena, &record);
    if (err == LD_OK)
        *bytes += record.size;
    if (err == LD_OK && may_emit(record)) {
        err = journal_row_decode(record, &mailbag->arena, &row);
        if (err == LD_OK)
            add_events(mailbag, courier, position, &row);
    }
    if (err == LD_OK)
        courier_read_to(courier, position);
    return err == LD_FULL ? LD_CORRUPT : err;
}

enum ld_err mailbag_read(struct mailbag *mailbag, struct courier *courier, uint64_t *ret_last)
{
    const struct store_ops *ops = mailbag->store->ops;
    struct store_view *view;
    size_t bytes = 0;
    enum ld_err err = ops->open_view(mailbag->store, &view);
    if (err != LD_OK)
        return err;
    uint64_t last = ops->view_last(view);
    for (uint32_t i = 0; i < VIEW_ROWS_MAX && bytes < VIEW_BYTES_MAX && err == LD_OK; i++) {
        if (courier->read >= last || !courier_has_room(courier))
            break;
        err = read_row(mailbag, view, courier, &bytes);
    }
    ops->close_view(view);
    *ret_last = last;
    return err;
}

/* --- one event ------------------------------------------------------------------------------- */

struct bytes mailbag_event_id(uint64_t position, struct bytes case_id, const struct fact *fact,
                              struct arena *arena)
{
    void *memory = arena_alloc(arena, WIRE_ID_MAX);
    struct buffer buffer;
    buffer_init(&buffer, memory, memory ? WIRE_ID_MAX : 0);
    buffer_put(&buffer, case_id);
    buffer_put_text(&buffer, "@");
    buffer_put_decimal(&buffer, (int64_t)position);
    buffer_put_text(&buffer, ".");
    buffer_put_decimal(&buffer, fact->index);
    return buffer.is_full ? BYTES_NONE : buffer_bytes(&buffer);
}

_Static_assert(CASE_ID_MAX + 1 + 20 + 1 + 10 <= WIRE_ID_MAX, "the longest id of an emitted event");

enum ld_err mailbag_event(uint64_t position, const struct journal_row *row, const struct fact *fact,
                          struct arena *arena, struct value *ret_event)
{
    const struct value *time = value_get(&fact->value, "time");
    const struct value *data = value_get(&fact->value, "data");
    const struct value *hops = value_get(&fact->value, "hops");
    struct envelope envelope = {
        .id = mailbag_event_id(position, row->case_id, fact, arena),
        .source = value_get_text(&fact->value, "source"),
        .type = fact->text,
        .subject = value_get_text(&fact->value, "subject"),
        .time_ms = time && time->kind == VALUE_TIMESTAMP ? time->as.timestamp_ms : INSTANT_NONE,
        .role = value_get_text(&fact->value, "role"),
        .workflow = value_get_text(&fact->value, "workflow"),
        .data = data ? *data : VALUE_ABSENT,
        .hops = hops && hops->kind == VALUE_INT ? (uint32_t)hops->as.integer : 1,
    };
    return envelope.id.ptr ? envelope_to_value(&envelope, arena, ret_event) : LD_FULL;
}

/* --- packing --------------------------------------------------------------------------------- */

static enum ld_err take_row(struct mailbag *mailbag, uint64_t position)
{
    struct bytes record = BYTES_NONE;
    if (mailbag->position == position)
        return LD_OK;
    mailbag->position = 0;
    arena_clear(&mailbag->arena);
    enum ld_err err =
        mailbag->store->ops->view_row(mailbag->view, position, &mailbag->arena, &record);
    if (err == LD_OK)
        err = journal_row_decode(record, &mailbag->arena, &mailbag->row);
    mailbag->taken += record.size;
    if (err != LD_OK)
        return err == LD_FULL ? LD_CORRUPT : err;
    mailbag->position = position;
    return LD_OK;
}

/* LD_FULL: it does not fit behind the others; LD_INVALID: it fits no message, or nobody would take
 * it for a lawful value, and with it the whole message would be refused. */
static enum ld_err put_event(struct mailbag *mailbag, const struct parcel *parcel,
                             struct buffer *body)
{
    struct value event;
    size_t start = body->used;
    enum ld_err err = take_row(mailbag, parcel->position);
    if (err != LD_OK)
        return err;
    const struct journal_row *row = &mailbag->row;
    if (parcel->fact >= row->fact_count || !is_for_case(&row->facts[parcel->fact]))
        return LD_CORRUPT;
    err = mailbag_event(parcel->position, row, &row->facts[parcel->fact], &mailbag->arena, &event);
    if (err != LD_OK)
        return LD_CORRUPT;
    codec_encode(&event, body);
    struct bytes bytes = {body->ptr + start, body->used - start};
    bool is_lawful = !body->is_full && codec_scan(bytes, WIRE_DEPTH_MAX) == LD_OK;
    if (is_lawful)
        return LD_OK;
    err = body->is_full && start > LIST_HEAD_SIZE ? LD_FULL : LD_INVALID;
    body->used = start;
    body->is_full = false;
    return err;
}

static void put_list_head(struct mailbag *mailbag, uint32_t count)
{
    struct buffer head;
    buffer_init(&head, mailbag->body, LIST_HEAD_SIZE);
    buffer_put_u8(&head, 0xdc); /* array of up to 65,535: its size is known only at the end */
    buffer_put_u16(&head, (uint16_t)count);
}

enum ld_err mailbag_pack(struct mailbag *mailbag, const struct courier *courier,
                         const uint32_t *places, uint32_t place_count,
                         struct mailbag_message *ret_message)
{
    const struct store_ops *ops = mailbag->store->ops;
    struct buffer body;
    uint32_t count = 0;
    enum ld_err err = ops->open_view(mailbag->store, &mailbag->view);
    if (err != LD_OK)
        return err;
    mailbag->position = 0;
    mailbag->taken = 0;
    buffer_init(&body, mailbag->body, WIRE_BODY_MAX);
    put_list_head(mailbag, 0);
    body.used = LIST_HEAD_SIZE;
    while (count < place_count && body.used < BODY_BYTES && mailbag->taken < VIEW_BYTES_MAX
           && err == LD_OK) {
        err = put_event(mailbag, courier_parcel(courier, places[count]), &body);
        count += err == LD_OK;
    }
    ops->close_view(mailbag->view);
    put_list_head(mailbag, count);
    *ret_message = (struct mailbag_message){buffer_bytes(&body), count};
    return err == LD_FULL ? LD_OK : err;
}
