/* Another calendar, policy or directory: every open case is derived again, page by page, between
 * the messages, and each change is journalled in its case (LANGUAGE §4).
 *
 * How far it has come is durable: a record in the feeds table under a name that no subscription can
 * have, written in the same batch as the page. It is
 *   u8 version (1), u8 size and bytes of the last case id done, u32 CRC-32 of all before.
 *
 * Invariants: pages are read from the state, and only once it includes the deployment's row, so no
 * case that was there before is missed; what a page says of a case is its newest record, whatever
 * the state says. A case that has clocks running gets a row even where nothing moves, because when
 * it wants its next turn may have changed with the policy alone. */
#include "workers/agenda_parts.h"

#include "base/crc32.h"

#include <string.h>

enum { PAGE_CASES_MAX = 200, MARKER_VERSION = 1, MARKER_SIZE = CASE_ID_MAX + 8 };

static const struct bytes marker_name = {(const uint8_t *)"\001rules", 6};

static bool put_marker(struct agenda *agenda, struct bytes after)
{
    void *memory = arena_alloc(&agenda->turn, MARKER_SIZE);
    struct buffer buffer;
    buffer_init(&buffer, memory, memory ? MARKER_SIZE : 0);
    buffer_put_u8(&buffer, MARKER_VERSION);
    buffer_put_u8(&buffer, (uint8_t)after.size);
    buffer_put(&buffer, after);
    buffer_put_u32(&buffer, crc32_of(buffer_bytes(&buffer)));
    struct store_feed marker = {marker_name, buffer_bytes(&buffer)};
    return !buffer.is_full && batch_add_feed(&agenda->batch, marker) == LD_OK;
}

static void set_after(struct rederiving *rederiving, struct bytes after)
{
    LD_ASSERT(after.size <= CASE_ID_MAX);
    rederiving->after_size = (uint8_t)after.size;
    if (after.size)
        memcpy(rederiving->after, after.ptr, after.size);
}

bool agenda_rules_begin(struct agenda *agenda)
{
    if (!put_marker(agenda, BYTES_NONE))
        return false;
    agenda->rederiving.page = PAGE_BEGUN;
    return true;
}

enum ld_err agenda_rules_recover(struct agenda *agenda)
{
    struct bytes record = feed_table_get(&agenda->feeds, marker_name);
    if (record.size == 0)
        return LD_OK;
    struct reader reader = {.bytes = record};
    if (reader_u8(&reader) != MARKER_VERSION)
        return LD_UNSUPPORTED;
    struct bytes after = reader_take(&reader, reader_u8(&reader));
    struct bytes body = {record.ptr, reader.at};
    bool is_whole = reader_u32(&reader) == crc32_of(body) && !reader.is_short;
    if (!is_whole || after.size > CASE_ID_MAX)
        return LD_CORRUPT;
    set_after(&agenda->rederiving, after);
    agenda->rederiving.is_on = true;
    agenda->rederiving.wait_position = agenda->last_position;
    return LD_OK;
}

/* The next ids in the state. LD_FULL: their records do not fit the arena, ask for fewer. */
static enum ld_err read_page(struct agenda *agenda, uint32_t max, struct store_found *found,
                             uint32_t *ret_count)
{
    struct store_view *view = agenda_view(agenda);
    struct bytes after = {agenda->rederiving.after, agenda->rederiving.after_size};
    if (!view)
        return LD_IO;
    return agenda->rooms.store->ops->view_cases(view, BYTES_NONE, BYTES_NONE, after, max,
                                                &agenda->turn, found, ret_count);
}

/* False: the batch is full, or the case cannot be read now: the page ends before it. */
static bool take_case(struct agenda *agenda, struct bytes id)
{
    struct desk_case *held = NULL;
    arena_clear(&agenda->step);
    enum ld_err err = desk_take(&agenda->desk, agenda->rooms.store, agenda->rooms.shelf, id,
                                &agenda->step, &held);
    if (err == LD_FULL)
        return false;
    /* One that is damaged stands still by itself and holds nobody up. */
    return err != LD_OK || agenda_rederive(agenda, held) != LD_BUSY;
}

static bool is_ready(const struct agenda *agenda)
{
    struct store_head head;
    if (!agenda->rederiving.is_on)
        return false;
    agenda->rooms.store->ops->head(agenda->rooms.store, &head);
    return head.applied >= agenda->rederiving.wait_position;
}

void agenda_rules_turn(struct agenda *agenda)
{
    struct rederiving *rederiving = &agenda->rederiving;
    struct store_found *found = arena_alloc_array(&agenda->turn, PAGE_CASES_MAX, sizeof *found);
    uint32_t count = 0, taken = 0, max = PAGE_CASES_MAX;
    rederiving->is_ready = rederiving->page == PAGE_NONE && found && is_ready(agenda);
    if (!rederiving->is_ready)
        return;
    size_t mark = arena_mark(&agenda->turn);
    enum ld_err err = read_page(agenda, max, found, &count);
    for (; err == LD_FULL && max > 1; err = read_page(agenda, max, found, &count)) {
        max /= 2;
        arena_rewind(&agenda->turn, mark);
        agenda->turn.is_exhausted = false;
    }
    rederiving->is_ready = err == LD_OK; /* else a later turn tries again, without haste */
    if (err != LD_OK)
        return;
    while (taken < count && take_case(agenda, found[taken].case_id))
        taken++;
    bool is_end = count < max && taken == count;
    struct store_feed no_marker = {marker_name, BYTES_NONE};
    if (is_end && batch_add_feed(&agenda->batch, no_marker) == LD_OK)
        rederiving->page = PAGE_LAST;
    if (is_end || taken == 0)
        return;
    if (put_marker(agenda, found[taken - 1].case_id))
        rederiving->page = PAGE_DONE;
    rederiving->next = found[taken - 1].case_id;
}

void agenda_rules_settle(struct agenda *agenda, bool is_durable)
{
    struct rederiving *rederiving = &agenda->rederiving;
    enum page page = rederiving->page;
    rederiving->page = PAGE_NONE;
    if (!is_durable)
        return;
    switch (page) {
    case PAGE_NONE: break;
    case PAGE_BEGUN:
        *rederiving = (struct rederiving){.is_on = true, .wait_position = agenda->last_position};
        break;
    case PAGE_DONE: set_after(rederiving, rederiving->next); break;
    case PAGE_LAST: *rederiving = (struct rederiving){0}; break;
    }
}
