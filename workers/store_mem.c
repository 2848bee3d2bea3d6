/* The simulator's store: the same seam in plain memory. What append takes is committed at once, as
 * if the disk had it; what a merge has not brought into the state is the uncommitted half, which
 * store_mem_crash drops: then the state is old, the journal whole, and recovery has work to do.
 *
 * For one thread. Views of cases keep the state they were opened on (a merge copies the state while
 * a view holds it); artifacts and feeds are read as they stand. */
#include "workers/hot.h"

#include <stdlib.h>
#include <string.h>

/* The state as one merge left it. */
struct generation {
    struct hot_map *cases; /* owned */
    uint64_t applied;
    uint32_t holders; /* the store and the views */
};

struct mem_store {
    struct store base;
    struct store_identity identity;
    uint64_t epoch;
    struct bytes *rows; /* owned, with their texts; position 1 stands at 0 */
    uint64_t row_count, row_capacity;
    struct store_artifact
        *artifacts; /* owned, with their texts; in the order of (kind, id, version) */
    uint32_t artifact_count;
    struct store_feed *feeds; /* owned, with their texts; in the order of names */
    uint32_t feed_count;
    struct hot_map *hot;
    struct generation *state;
    bool is_recovering;
};

struct store_view {
    struct mem_store *store;
    struct generation *state;
    uint64_t last;
};

static struct mem_store *store_of(struct store *base)
{
    return (struct mem_store *)base;
}

/* A simulator without memory has nothing to say. */
static void *need(void *memory)
{
    LD_ASSERT(memory);
    return memory;
}

static struct bytes own(struct bytes bytes)
{
    uint8_t *copy = need(malloc(bytes.size + 1));
    if (bytes.size)
        memcpy(copy, bytes.ptr, bytes.size);
    return (struct bytes){copy, bytes.size};
}

static void disown(struct bytes bytes)
{
    free((void *)bytes.ptr);
}

/* --- generations ---------------------------------------------------------------------------- */

static struct generation *generation_create(struct hot_map *cases, uint64_t applied)
{
    struct generation *generation = need(calloc(1, sizeof *generation));
    *generation = (struct generation){need(cases), applied, 1};
    return generation;
}

static void generation_release(struct generation *generation)
{
    if (--generation->holders > 0)
        return;
    hot_destroy(generation->cases);
    free(generation);
}

/* --- life ----------------------------------------------------------------------------------- */

static void close_store(struct store *base)
{
    struct mem_store *store = store_of(base);
    for (uint64_t i = 0; i < store->row_count; i++)
        disown(store->rows[i]);
    for (uint32_t i = 0; i < store->artifact_count; i++) {
        disown(store->artifacts[i].id);
        disown(store->artifacts[i].text);
    }
    for (uint32_t i = 0; i < store->feed_count; i++) {
        disown(store->feeds[i].name);
        disown(store->feeds[i].record);
    }
    hot_destroy(store->hot);
    generation_release(store->state);
    free(store->rows);
    free(store->artifacts);
    free(store->feeds);
    free(store);
}

void store_mem_crash(struct store *base)
{
    struct mem_store *store = store_of(base);
    hot_destroy(store->hot);
    store->hot = need(hot_create());
    store->epoch++;
    store->is_recovering = store->state->applied < store->row_count;
}

static void head(struct store *base, struct store_head *ret_head)
{
    struct mem_store *store = store_of(base);
    *ret_head = (struct store_head){
        .identity = store->identity,
        .epoch = store->epoch,
        .last_position = store->row_count,
        .applied = store->state->applied,
    };
}

static void stats(struct store *base, struct store_stats *ret_stats)
{
    struct mem_store *store = store_of(base);
    *ret_stats = (struct store_stats){
        .hot_cases = hot_count(store->hot),
        .hot_bytes = hot_bytes(store->hot),
        .state_bytes = hot_bytes(store->state->cases),
    };
    for (uint64_t i = 0; i < store->row_count; i++)
        ret_stats->journal_bytes += store->rows[i].size;
}

/* --- cases ---------------------------------------------------------------------------------- */

static enum ld_err get(struct store *base, struct bytes case_id, struct arena *arena,
                       struct bytes *ret_record)
{
    struct mem_store *store = store_of(base);
    const struct hot_entry *entry = hot_find(store->hot, case_id);
    if (!entry)
        entry = hot_find(store->state->cases, case_id);
    if (!entry)
        return LD_NOT_FOUND;
    struct bytes record = arena_copy(arena, entry->record);
    if (!record.ptr)
        return LD_FULL;
    *ret_record = record;
    return LD_OK;
}

static enum ld_err due(struct store *base, int64_t until_ms, uint32_t max, struct arena *arena,
                       struct bytes *ret_ids, uint32_t *ret_count)
{
    struct mem_store *store = store_of(base);
    struct hot_walk walk = hot_walk(store->hot, store->state->cases);
    const struct hot_entry *entry;
    uint32_t count = 0;
    store->is_recovering = false;
    while (count < max && (entry = hot_walk_peek(&walk)) != NULL && entry->next_ms <= until_ms) {
        ret_ids[count] = arena_copy(arena, entry->id);
        if (!ret_ids[count++].ptr)
            return LD_FULL;
        hot_walk_next(&walk);
    }
    *ret_count = count;
    return LD_OK;
}

static enum ld_err next_ms(struct store *base, int64_t *ret_next_ms)
{
    struct mem_store *store = store_of(base);
    struct hot_walk walk = hot_walk(store->hot, store->state->cases);
    const struct hot_entry *entry = hot_walk_peek(&walk);
    store->is_recovering = false;
    *ret_next_ms = entry ? entry->next_ms : INSTANT_NONE;
    return LD_OK;
}

static enum ld_err restore(struct store *base, const struct store_put *put)
{
    struct mem_store *store = store_of(base);
    LD_ASSERT(put->position <= store->row_count);
    hot_take(store->hot, need(hot_entry_create(put)));
    return LD_OK;
}

static bool is_pressed(struct store *base)
{
    (void)base;
    return false;
}

static enum ld_err merge(struct store *base)
{
    struct mem_store *store = store_of(base);
    struct generation *state = store->state;
    uint64_t applied = store->is_recovering ? state->applied : store->row_count;
    if (state->holders > 1) {
        store->state = generation_create(hot_copy(state->cases), applied);
        generation_release(state);
    }
    hot_absorb(store->state->cases, store->hot);
    store->state->applied = applied;
    return LD_OK;
}

/* --- appending ------------------------------------------------------------------------------ */

static void append_row(struct mem_store *store, struct bytes row)
{
    if (store->row_count == store->row_capacity) {
        store->row_capacity = store->row_capacity ? store->row_capacity * 2 : 64;
        store->rows = need(realloc(store->rows, store->row_capacity * sizeof *store->rows));
    }
    store->rows[store->row_count++] = own(row);
}

static int artifact_compare(const struct store_artifact *left, const struct store_artifact *right)
{
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    int order = bytes_compare(left->id, right->id);
    if (order)
        return order;
    return (left->version > right->version) - (left->version < right->version);
}

static void put_artifact(struct mem_store *store, const struct store_artifact *artifact)
{
    uint32_t at = 0;
    while (at < store->artifact_count && artifact_compare(&store->artifacts[at], artifact) < 0)
        at++;
    struct store_artifact *place = store->artifacts ? &store->artifacts[at] : NULL;
    if (at < store->artifact_count && artifact_compare(place, artifact) == 0) {
        disown(place->text);
        place->text = own(artifact->text);
        return;
    }
    size_t size = (store->artifact_count + 1) * sizeof *store->artifacts;
    store->artifacts = need(realloc(store->artifacts, size));
    place = &store->artifacts[at];
    memmove(place + 1, place, (store->artifact_count - at) * sizeof *place);
    *place = *artifact;
    place->id = own(artifact->id);
    place->text = own(artifact->text);
    store->artifact_count++;
}

static void remove_feed(struct mem_store *store, uint32_t at)
{
    struct store_feed *place = &store->feeds[at];
    disown(place->name);
    disown(place->record);
    memmove(place, place + 1, (store->feed_count - at - 1) * sizeof *place);
    store->feed_count--;
}

/* A removal and an insertion: the record is another anyway. */
static void put_feed(struct mem_store *store, const struct store_feed *feed)
{
    uint32_t at = 0;
    while (at < store->feed_count && bytes_compare(store->feeds[at].name, feed->name) < 0)
        at++;
    if (at < store->feed_count && bytes_equal(store->feeds[at].name, feed->name))
        remove_feed(store, at);
    if (feed->record.size == 0)
        return;
    store->feeds = need(realloc(store->feeds, (store->feed_count + 1) * sizeof *store->feeds));
    struct store_feed *place = &store->feeds[at];
    memmove(place + 1, place, (store->feed_count - at) * sizeof *place);
    *place = (struct store_feed){own(feed->name), own(feed->record)};
    store->feed_count++;
}

static void append(struct store *base, const struct store_batch *batch, store_done *done,
                   void *context)
{
    struct mem_store *store = store_of(base);
    LD_ASSERT(batch->row_count <= STORE_BATCH_ROWS_MAX);
    LD_ASSERT(batch->row_count == 0 || batch->first_position == store->row_count + 1);
    if (batch->epoch != store->epoch) {
        done(context, STORE_FENCED);
        return;
    }
    for (uint32_t i = 0; i < batch->row_count; i++)
        append_row(store, batch->rows[i]);
    for (uint32_t i = 0; i < batch->artifact_count; i++)
        put_artifact(store, &batch->artifacts[i]);
    for (uint32_t i = 0; i < batch->feed_count; i++)
        put_feed(store, &batch->feeds[i]);
    for (uint32_t i = 0; i < batch->put_count; i++) {
        LD_ASSERT(batch->puts[i].position <= store->row_count);
        hot_take(store->hot, need(hot_entry_create(&batch->puts[i])));
    }
    store->is_recovering = false;
    done(context, STORE_OK);
}

/* --- views ---------------------------------------------------------------------------------- */

static enum ld_err open_view(struct store *base, struct store_view **ret_view)
{
    struct mem_store *store = store_of(base);
    struct store_view *view = need(calloc(1, sizeof *view));
    *view = (struct store_view){store, store->state, store->row_count};
    view->state->holders++;
    *ret_view = view;
    return LD_OK;
}

static void close_view(struct store_view *view)
{
    generation_release(view->state);
    free(view);
}

static uint64_t view_applied(struct store_view *view)
{
    return view->state->applied;
}

static uint64_t view_last(struct store_view *view)
{
    return view->last;
}

static enum ld_err view_row(struct store_view *view, uint64_t position, struct arena *arena,
                            struct bytes *ret_row)
{
    if (position == 0 || position > view->last)
        return LD_NOT_FOUND;
    struct bytes row = arena_copy(arena, view->store->rows[position - 1]);
    if (!row.ptr)
        return LD_FULL;
    *ret_row = row;
    return LD_OK;
}

static enum ld_err found_case(const struct hot_entry *entry, struct arena *arena,
                              struct store_found *ret_found)
{
    struct bytes id = arena_copy(arena, entry->id);
    struct bytes record = arena_copy(arena, entry->record);
    if (!id.ptr || !record.ptr)
        return LD_FULL;
    *ret_found = (struct store_found){.case_id = id, .record = record};
    return LD_OK;
}

static bool is_asked(const struct hot_entry *entry, struct bytes workflow, struct bytes state,
                     struct bytes after)
{
    struct case_row row;
    enum ld_err err = case_row_decode(entry->row, &row);
    LD_ASSERT(!err);
    bool is_of = workflow.size == 0
                 || (bytes_equal(row.workflow, workflow)
                     && (state.size == 0 || bytes_equal(row.state, state)));
    return is_of && bytes_compare(entry->id, after) > 0;
}

static enum ld_err view_cases(struct store_view *view, struct bytes workflow, struct bytes state,
                              struct bytes after, uint32_t max, struct arena *arena,
                              struct store_found *ret_found, uint32_t *ret_count)
{
    const struct hot_entry **sorted = need((void *)hot_sorted(view->state->cases));
    size_t case_count = hot_count(view->state->cases);
    enum ld_err err = LD_OK;
    uint32_t count = 0;
    for (size_t i = 0; !err && count < max && i < case_count; i++) {
        if (is_asked(sorted[i], workflow, state, after))
            err = found_case(sorted[i], arena, &ret_found[count++]);
    }
    free((void *)sorted);
    if (!err)
        *ret_count = count;
    return err;
}

struct work_item {
    const struct hot_entry *entry;
    struct store_work work;
};

static int compare_work(const void *left, const void *right)
{
    const struct work_item *first = left, *second = right;
    int order = bytes_compare(first->work.unit, second->work.unit);
    if (!order)
        order = due_compare(first->work.due_ms, first->entry->id, second->work.due_ms,
                            second->entry->id);
    return order ? order : first->work.clock - second->work.clock;
}

static size_t collect_work(const struct hot_entry *entry, struct bytes unit, int64_t before_ms,
                           struct work_item *items)
{
    struct case_row row;
    enum ld_err err = case_row_decode(entry->row, &row);
    LD_ASSERT(!err);
    size_t count = 0;
    for (uint32_t i = 0; i < row.work_count; i++) {
        bool is_of = unit.size == 0 || bytes_equal(row.work[i].unit, unit);
        if (is_of && row.work[i].due_ms < before_ms)
            items[count++] = (struct work_item){entry, row.work[i]};
    }
    return count;
}

static enum ld_err found_work(const struct work_item *item, struct arena *arena,
                              struct store_found *ret_found)
{
    enum ld_err err = found_case(item->entry, arena, ret_found);
    if (err)
        return err;
    ret_found->work = item->work;
    ret_found->work.unit = arena_copy(arena, item->work.unit);
    return ret_found->work.unit.ptr ? LD_OK : LD_FULL;
}

static enum ld_err view_work(struct store_view *view, struct bytes unit, int64_t before_ms,
                             uint32_t max, struct arena *arena, struct store_found *ret_found,
                             uint32_t *ret_count)
{
    size_t case_count = hot_count(view->state->cases), item_count = 0;
    const struct hot_entry **sorted = need((void *)hot_sorted(view->state->cases));
    struct work_item *items = need(calloc(case_count * STORE_WORK_MAX + 1, sizeof *items));
    for (size_t i = 0; i < case_count; i++)
        item_count += collect_work(sorted[i], unit, before_ms, &items[item_count]);
    qsort(items, item_count, sizeof *items, compare_work);
    enum ld_err err = LD_OK;
    uint32_t count = 0;
    while (!err && count < max && count < item_count) {
        err = found_work(&items[count], arena, &ret_found[count]);
        count++;
    }
    free(items);
    free((void *)sorted);
    if (!err)
        *ret_count = count;
    return err;
}

static enum ld_err view_artifacts(struct store_view *view, uint32_t max, struct arena *arena,
                                  struct store_artifact *ret_artifacts, uint32_t *ret_count)
{
    struct mem_store *store = view->store;
    uint32_t count = store->artifact_count < max ? store->artifact_count : max;
    for (uint32_t i = 0; i < count; i++) {
        ret_artifacts[i] = store->artifacts[i];
        ret_artifacts[i].id = arena_copy(arena, ret_artifacts[i].id);
        ret_artifacts[i].text = arena_copy(arena, ret_artifacts[i].text);
        if (!ret_artifacts[i].id.ptr || !ret_artifacts[i].text.ptr)
            return LD_FULL;
    }
    *ret_count = count;
    return LD_OK;
}

static enum ld_err view_feeds(struct store_view *view, uint32_t max, struct arena *arena,
                              struct store_feed *ret_feeds, uint32_t *ret_count)
{
    struct mem_store *store = view->store;
    uint32_t count = store->feed_count < max ? store->feed_count : max;
    for (uint32_t i = 0; i < count; i++) {
        const struct store_feed *feed = &store->feeds[i];
        ret_feeds[i] =
            (struct store_feed){arena_copy(arena, feed->name), arena_copy(arena, feed->record)};
        if (!ret_feeds[i].name.ptr || !ret_feeds[i].record.ptr)
            return LD_FULL;
    }
    *ret_count = count;
    return LD_OK;
}

/* --- making --------------------------------------------------------------------------------- */

static const struct store_ops ops = {
    .close = close_store,
    .head = head,
    .stats = stats,
    .get = get,
    .due = due,
    .next_ms = next_ms,
    .append = append,
    .restore = restore,
    .is_pressed = is_pressed,
    .merge = merge,
    .open_view = open_view,
    .close_view = close_view,
    .view_applied = view_applied,
    .view_last = view_last,
    .view_row = view_row,
    .view_cases = view_cases,
    .view_work = view_work,
    .view_artifacts = view_artifacts,
    .view_feeds = view_feeds,
};

struct store *store_mem_create(const struct store_identity *identity)
{
    struct mem_store *store = need(calloc(1, sizeof *store));
    store->base.ops = &ops;
    store->identity = *identity;
    store->epoch = 1;
    store->hot = need(hot_create());
    store->state = generation_create(hot_create(), 0);
    return &store->base;
}
