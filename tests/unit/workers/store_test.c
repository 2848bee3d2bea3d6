/* Goal: both stores behave as store.h says, and alike. Method: each behaviour runs against the
 * LMDB store in a scratch folder and against the one in memory; at the end the two are driven by
 * the same random steps and must answer the same. */
#include "tests/unit/workers/store_bed.h"

/* --- beginning ------------------------------------------------------------------------------ */

static void a_new_store_is_empty(void **state)
{
    struct bed *bed = *state;
    struct store_head head = bed_head(bed);
    assert_int_equal(head.epoch, 1);
    assert_int_equal(head.last_position, 0);
    assert_int_equal(head.applied, 0);
    assert_int_equal(head.identity.partition, 1);
    assert_int_equal(head.identity.partitions, BED_PARTITIONS);
    assert_record(bed, "nobody", NULL);
    assert_next(bed, INSTANT_NONE);
    assert_due(bed, INT64_MAX, 10, "");
    bed_merge(bed);
    assert_int_equal(bed_head(bed).applied, 0);
    assert_false(bed->store->ops->is_pressed(bed->store));
}

static void each_opening_raises_the_epoch(void **state)
{
    struct bed *bed = *state;
    bed_crash(bed);
    assert_int_equal(bed_head(bed).epoch, 2);
    bed_crash(bed);
    assert_int_equal(bed_head(bed).epoch, 3);
}

static void a_batch_of_another_epoch_is_fenced(void **state)
{
    struct bed *bed = *state;
    struct bytes row = word("row");
    struct store_batch batch = {.epoch = 7, .rows = &row, .row_count = 1};
    assert_int_equal(bed_append(bed, batch), STORE_FENCED);
    assert_int_equal(bed_head(bed).last_position, 0);
}

/* --- rows ----------------------------------------------------------------------------------- */

static const size_t row_sizes[] = {0,    1,    1891, 1892, 1893,   1900,
                                   3791, 3792, 3793, 7000, 100000, STORE_RECORD_MAX};
enum { ROW_SIZES = sizeof row_sizes / sizeof row_sizes[0] };

static struct bytes pattern(size_t size, uint8_t seed)
{
    static uint8_t memory[ROW_SIZES][STORE_RECORD_MAX];
    uint8_t *bytes = memory[seed % ROW_SIZES];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 256 + seed);
    return (struct bytes){bytes, size};
}

static void assert_rows(struct bed *bed, uint64_t first)
{
    struct store_view *view;
    struct bytes row;
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    for (uint8_t i = 0; i < ROW_SIZES; i++) {
        arena_clear(&bed->arena);
        enum ld_err err = bed->store->ops->view_row(view, first + i, &bed->arena, &row);
        assert_int_equal(err, LD_OK);
        assert_true(bytes_equal(row, pattern(row_sizes[i], i)));
    }
    bed->store->ops->close_view(view);
}

static void rows_of_any_size_come_back_at_their_positions(void **state)
{
    struct bed *bed = *state;
    struct bytes rows[ROW_SIZES], row;
    struct store_view *view;
    for (uint8_t i = 0; i < ROW_SIZES; i++)
        rows[i] = pattern(row_sizes[i], i);
    struct store_batch batch = {.rows = rows, .row_count = ROW_SIZES};
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    assert_int_equal(bed_head(bed).last_position, 2 * ROW_SIZES);
    assert_rows(bed, 1);
    bed_crash(bed);
    assert_int_equal(bed_head(bed).last_position, 2 * ROW_SIZES);
    assert_rows(bed, 1 + ROW_SIZES);
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    assert_int_equal(bed->store->ops->view_last(view), 2 * ROW_SIZES);
    assert_int_equal(bed->store->ops->view_row(view, 0, &bed->arena, &row), LD_NOT_FOUND);
    assert_int_equal(bed->store->ops->view_row(view, 2 * ROW_SIZES + 1, &bed->arena, &row),
                     LD_NOT_FOUND);
    bed->store->ops->close_view(view);
}

static void a_view_does_not_move(void **state)
{
    struct bed *bed = *state;
    struct store_view *view;
    struct store_found found[4];
    struct bytes row;
    uint32_t count;
    bed_put(bed, put_of("a", "1", 10));
    bed_merge(bed);
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    bed_put(bed, put_of("a", "2", 10));
    bed_put(bed, put_of("b", "1", 10));
    bed_merge(bed);
    assert_int_equal(bed->store->ops->view_applied(view), 1);
    assert_int_equal(bed->store->ops->view_last(view), 1);
    assert_int_equal(bed->store->ops->view_row(view, 2, &bed->arena, &row), LD_NOT_FOUND);
    enum ld_err err = bed->store->ops->view_cases(view, BYTES_NONE, BYTES_NONE, BYTES_NONE, 4,
                                                  &bed->arena, found, &count);
    assert_int_equal(err, LD_OK);
    assert_int_equal(count, 1);
    assert_text(found[0].record, "1");
    bed->store->ops->close_view(view);
    assert_record(bed, "a", "2");
}

/* --- cases ---------------------------------------------------------------------------------- */

static void the_newest_record_is_served_hot_and_merged(void **state)
{
    struct bed *bed = *state;
    struct store_stats stats;
    bed_put(bed, put_of("a", "one", INSTANT_NONE));
    assert_record(bed, "a", "one");
    bed_merge(bed);
    assert_record(bed, "a", "one");
    assert_int_equal(bed_head(bed).applied, 1);
    bed->store->ops->stats(bed->store, &stats);
    assert_int_equal(stats.hot_cases, 0);
    assert_int_equal(stats.merging_cases, 0);
    assert_true(stats.state_bytes > 0 && stats.journal_bytes > 0);
    bed_put(bed, put_of("a", "two", INSTANT_NONE));
    bed_put(bed, put_of("a", "three", INSTANT_NONE));
    assert_record(bed, "a", "three");
    bed->store->ops->stats(bed->store, &stats);
    assert_int_equal(stats.hot_cases, 1);
    assert_true(stats.hot_bytes > 0);
    bed_merge(bed);
    assert_record(bed, "a", "three");
    assert_record(bed, "aa", NULL);
}

static void a_record_may_shrink_and_grow_over_chunks(void **state)
{
    struct bed *bed = *state;
    const size_t sizes[] = {9000, 10, STORE_RECORD_MAX, 1900, 4000};
    struct bytes record;
    for (uint8_t i = 0; i < 5; i++) {
        struct store_put put = put_of("a", "", 1);
        put.record = pattern(sizes[i], i);
        bed_put(bed, put);
        bed_merge(bed);
        arena_clear(&bed->arena);
        enum ld_err err = bed->store->ops->get(bed->store, word("a"), &bed->arena, &record);
        assert_int_equal(err, LD_OK);
        assert_true(bytes_equal(record, pattern(sizes[i], i)));
    }
    bed_put(bed, put_of("b", "last", 1));
    bed_merge(bed);
    struct store_view *view;
    struct store_found found[8];
    uint32_t count;
    arena_clear(&bed->arena);
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    assert_int_equal(bed->store->ops->view_cases(view, BYTES_NONE, BYTES_NONE, BYTES_NONE, 8,
                                                 &bed->arena, found, &count),
                     LD_OK);
    assert_int_equal(count, 2);
    bed->store->ops->close_view(view);
}

static void get_into_too_small_an_arena_is_full(void **state)
{
    struct bed *bed = *state;
    uint8_t small[8];
    struct arena arena;
    struct bytes record;
    arena_init(&arena, small, sizeof small);
    bed_put(bed, put_of("a", "a record of some length", INSTANT_NONE));
    assert_int_equal(bed->store->ops->get(bed->store, word("a"), &arena, &record), LD_FULL);
    bed_merge(bed);
    assert_int_equal(bed->store->ops->get(bed->store, word("a"), &arena, &record), LD_FULL);
}

/* --- what falls due ------------------------------------------------------------------------- */

static void due_cases_come_by_instant_then_id(void **state)
{
    struct bed *bed = *state;
    bed_put(bed, put_of("late", "", 300));
    bed_put(bed, put_of("b", "", 100));
    bed_put(bed, put_of("never", "", INSTANT_NONE));
    bed_merge(bed);
    bed_put(bed, put_of("a", "", 100));
    bed_put(bed, put_of("before", "", -5));
    bed_put(bed, put_of("first", "", INT64_MIN + 1));
    assert_due(bed, 100, 10, "first before a b");
    assert_due(bed, 99, 10, "first before");
    assert_due(bed, INT64_MAX, 10, "first before a b late");
    assert_due(bed, 100, 3, "first before a");
    assert_due(bed, 100, 0, "");
    assert_next(bed, INT64_MIN + 1);
    bed_merge(bed);
    assert_due(bed, INT64_MAX, 10, "first before a b late");
    assert_next(bed, INT64_MIN + 1);
}

static void a_hot_case_hides_its_stored_instant(void **state)
{
    struct bed *bed = *state;
    bed_put(bed, put_of("a", "", 100));
    bed_put(bed, put_of("b", "", 200));
    bed_put(bed, put_of("c", "", 300));
    bed_merge(bed);
    bed_put(bed, put_of("a", "", 250));
    assert_due(bed, 1000, 10, "b a c");
    assert_next(bed, 200);
    bed_put(bed, put_of("b", "", INSTANT_NONE));
    assert_due(bed, 1000, 10, "a c");
    bed_merge(bed);
    assert_due(bed, 1000, 10, "a c");
    assert_next(bed, 250);
    bed_put(bed, put_of("b", "", 1)); /* before all that was stale */
    bed_merge(bed);
    assert_due(bed, 1000, 10, "b a c");
    assert_next(bed, 1);
}

static void due_after_everything_was_stale(void **state)
{
    struct bed *bed = *state;
    bed_put(bed, put_of("a", "", 100));
    bed_merge(bed);
    bed_put(bed, put_of("a", "", INSTANT_NONE));
    assert_next(bed, INSTANT_NONE);
    bed_put(bed, put_of("a", "", 50));
    assert_next(bed, 50);
    bed_merge(bed);
    assert_next(bed, 50);
    assert_due(bed, 50, 5, "a");
}

/* --- recovery ------------------------------------------------------------------------------- */

static void after_a_crash_the_journal_is_whole_and_the_state_old(void **state)
{
    struct bed *bed = *state;
    bed_put(bed, put_of("a", "merged", 100));
    bed_merge(bed);
    bed_put(bed, put_of("a", "unmerged", 200));
    bed_put(bed, put_of("b", "unmerged", 300));
    bed_crash(bed);
    struct store_head head = bed_head(bed);
    assert_int_equal(head.last_position, 3);
    assert_int_equal(head.applied, 1);
    assert_record(bed, "a", "merged");
    assert_record(bed, "b", NULL);

    struct store_put again = put_of("a", "unmerged", 200);
    again.position = 2;
    assert_int_equal(bed->store->ops->restore(bed->store, &again), LD_OK);
    assert_record(bed, "a", "unmerged");
    /* A merge now must not say that b's row is included. */
    bed_merge(bed);
    assert_int_equal(bed_head(bed).applied, 1);
    assert_record(bed, "a", "unmerged");
    bed_crash(bed);
    assert_int_equal(bed_head(bed).applied, 1);
    assert_record(bed, "a", "unmerged");

    again = put_of("b", "unmerged", 300);
    again.position = 3;
    assert_int_equal(bed->store->ops->restore(bed->store, &again), LD_OK);
    assert_next(bed, 200); /* with this question recovery is over */
    bed_merge(bed);
    assert_int_equal(bed_head(bed).applied, 3);
    bed_put(bed, put_of("c", "new", INSTANT_NONE));
    bed_merge(bed);
    assert_int_equal(bed_head(bed).applied, 4);
    bed_crash(bed);
    assert_record(bed, "b", "unmerged");
    assert_due(bed, 1000, 10, "a b");
}

static void rows_that_change_no_case_are_applied_by_a_merge(void **state)
{
    struct bed *bed = *state;
    struct bytes row = word("refused");
    struct store_batch batch = {.rows = &row, .row_count = 1};
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    bed_merge(bed);
    assert_int_equal(bed_head(bed).applied, 1);
    bed_crash(bed);
    assert_int_equal(bed_head(bed).applied, 1);
}

/* --- lists ---------------------------------------------------------------------------------- */

static void assert_cases(struct bed *bed, const char *workflow, const char *in_state,
                         const char *after, uint32_t max, const char *wanted)
{
    struct store_view *view;
    struct store_found found[16];
    char text[512];
    struct buffer buffer;
    uint32_t count;
    arena_clear(&bed->arena);
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    enum ld_err err = bed->store->ops->view_cases(view, word(workflow), word(in_state), word(after),
                                                  max, &bed->arena, found, &count);
    assert_int_equal(err, LD_OK);
    bed->store->ops->close_view(view);
    buffer_init(&buffer, text, sizeof text);
    for (uint32_t i = 0; i < count; i++) {
        buffer_put_text(&buffer, i ? " " : "");
        buffer_put(&buffer, found[i].case_id);
        buffer_put_u8(&buffer, '=');
        buffer_put(&buffer, found[i].record);
    }
    assert_text(buffer_bytes(&buffer), wanted);
}

static void put_in(struct bed *bed, const char *id, const char *workflow, const char *in_state)
{
    struct store_put put = put_of(id, "x", 1);
    put.workflow = word(workflow);
    put.state = word(in_state);
    bed_put(bed, put);
}

static void cases_are_listed_by_id_workflow_and_state(void **state)
{
    struct bed *bed = *state;
    put_in(bed, "d", "lead", "open");
    put_in(bed, "a", "lead", "closed");
    put_in(bed, "b/1", "leads", "open");
    put_in(bed, "b", "lead", "open");
    put_in(bed, "c", "lead", "filed");
    put_in(bed, "ba", "lead", "closed");
    bed_merge(bed);
    assert_cases(bed, "", "", "", 16, "a=x b=x b/1=x ba=x c=x d=x");
    assert_cases(bed, "", "", "b", 2, "b/1=x ba=x");
    assert_cases(bed, "", "", "b/0", 16, "b/1=x ba=x c=x d=x");
    assert_cases(bed, "lead", "", "", 16, "a=x b=x ba=x c=x d=x");
    assert_cases(bed, "lead", "", "b", 2, "ba=x c=x");
    assert_cases(bed, "lead", "open", "", 16, "b=x d=x");
    assert_cases(bed, "lead", "open", "b", 16, "d=x");
    assert_cases(bed, "lead", "open", "d", 16, "");
    assert_cases(bed, "lead", "ope", "", 16, "");
    assert_cases(bed, "lea", "", "", 16, "");
    put_in(bed, "b", "lead", "closed");
    bed_merge(bed);
    assert_cases(bed, "lead", "open", "", 16, "d=x");
    assert_cases(bed, "lead", "closed", "", 16, "a=x b=x ba=x");
}

static void add_work(struct store_put *put, const char *unit, int64_t due_ms, uint8_t clock)
{
    put->work[put->work_count++] = (struct store_work){word(unit), due_ms, clock, 1};
}

static void assert_work(struct bed *bed, const char *unit, int64_t before_ms, uint32_t max,
                        const char *wanted)
{
    struct store_view *view;
    struct store_found found[16];
    char text[512];
    struct buffer buffer;
    uint32_t count;
    arena_clear(&bed->arena);
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    enum ld_err err =
        bed->store->ops->view_work(view, word(unit), before_ms, max, &bed->arena, found, &count);
    assert_int_equal(err, LD_OK);
    bed->store->ops->close_view(view);
    buffer_init(&buffer, text, sizeof text);
    for (uint32_t i = 0; i < count; i++) {
        buffer_put_text(&buffer, i ? " " : "");
        buffer_put(&buffer, found[i].work.unit);
        buffer_put_u8(&buffer, ':');
        buffer_put_decimal(&buffer, found[i].work.due_ms);
        buffer_put_u8(&buffer, ':');
        buffer_put(&buffer, found[i].case_id);
        buffer_put_u8(&buffer, ':');
        buffer_put_decimal(&buffer, found[i].work.clock);
        buffer_put_u8(&buffer, ':');
        buffer_put_decimal(&buffer, found[i].work.status);
        assert_text(found[i].record, "x");
    }
    assert_text(buffer_bytes(&buffer), wanted);
}

static void work_is_listed_by_unit_and_instant(void **state)
{
    struct bed *bed = *state;
    struct store_put put = put_of("a", "x", 1);
    add_work(&put, "court", 300, 2);
    add_work(&put, "agency", 100, 0);
    bed_put(bed, put);
    put = put_of("b", "x", 1);
    add_work(&put, "agency", 100, 3);
    add_work(&put, "agency", -7, 1);
    add_work(&put, "agency2", 50, 1);
    bed_put(bed, put);
    bed_merge(bed);
    assert_work(bed, "agency", 1000, 16, "agency:-7:b:1:1 agency:100:a:0:1 agency:100:b:3:1");
    assert_work(bed, "agency", 100, 16, "agency:-7:b:1:1");
    assert_work(bed, "", 101, 16,
                "agency:-7:b:1:1 agency:100:a:0:1 agency:100:b:3:1 agency2:50:b:1:1");
    assert_work(bed, "", 1000, 2, "agency:-7:b:1:1 agency:100:a:0:1");
    assert_work(bed, "nobody", 1000, 16, "");
    put = put_of("b", "x", 1);
    add_work(&put, "agency", 100, 3);
    put.work[0].status = 4;
    bed_put(bed, put);
    bed_merge(bed);
    assert_work(bed, "", 1000, 16, "agency:100:a:0:1 agency:100:b:3:4 court:300:a:2:1");
}

/* --- artifacts and feeds -------------------------------------------------------------------- */

static void artifacts_are_listed_newest_version_last(void **state)
{
    struct bed *bed = *state;
    struct store_artifact artifacts[] = {{2, word("lead"), 300, word("three hundred")},
                                         {2, word("lead"), 2, word("two")},
                                         {1, word("zone"), 1, pattern(300000 % 200000, 3)},
                                         {2, word("le"), 9, word("nine")}};
    struct store_artifact found[8];
    struct store_view *view;
    uint32_t count;
    struct store_batch batch = {.artifacts = artifacts, .artifact_count = 4};
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    artifacts[1].text = word("TWO");
    batch.artifact_count = 2;
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    bed_crash(bed);
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    enum ld_err err = bed->store->ops->view_artifacts(view, 8, &bed->arena, found, &count);
    assert_int_equal(err, LD_OK);
    assert_int_equal(count, 4);
    assert_text(found[0].id, "zone");
    assert_true(bytes_equal(found[0].text, pattern(100000, 3)));
    assert_text(found[1].text, "nine");
    assert_int_equal(found[1].kind, 2);
    assert_text(found[2].text, "TWO");
    assert_int_equal(found[3].version, 300);
    assert_text(found[3].id, "lead");
    bed->store->ops->close_view(view);
}

static void feeds_are_kept_replaced_and_removed(void **state)
{
    struct bed *bed = *state;
    struct store_feed feeds[] = {{word("watch"), pattern(5000, 1)},
                                 {word("notify"), word("cursor 1")},
                                 {word("wat"), word("cursor 2")}};
    struct store_feed found[8];
    struct store_view *view;
    uint32_t count;
    struct store_batch batch = {.feeds = feeds, .feed_count = 3};
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    feeds[0].record = word("short");
    feeds[1].record = BYTES_NONE;
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    bed_crash(bed);
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    assert_int_equal(bed->store->ops->view_feeds(view, 8, &bed->arena, found, &count), LD_OK);
    assert_int_equal(count, 2);
    assert_text(found[0].name, "wat");
    assert_text(found[0].record, "cursor 2");
    assert_text(found[1].name, "watch");
    assert_text(found[1].record, "short");
    assert_int_equal(bed->store->ops->view_feeds(view, 1, &bed->arena, found, &count), LD_OK);
    assert_int_equal(count, 1);
    bed->store->ops->close_view(view);
}

/* --- many ----------------------------------------------------------------------------------- */

enum { MANY = 2600 };

/* More cases than a merge's transaction takes. */
static void many_cases_are_merged_and_found(void **state)
{
    struct bed *bed = *state;
    static struct store_put puts[MANY];
    static struct bytes rows[MANY];
    static char ids[MANY][16];
    for (uint32_t i = 0; i < MANY; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "case-%05u", (unsigned)(i * 7919 % MANY));
        puts[i] = put_of(ids[i], ids[i], (int64_t)i);
        puts[i].position = i + 1;
        rows[i] = word("row");
    }
    struct store_batch batch = {.rows = rows, .row_count = MANY, .puts = puts, .put_count = MANY};
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    assert_due(bed, 2, 10, "case-00000 case-00119 case-00238");
    bed_merge(bed);
    assert_due(bed, 2, 10, "case-00000 case-00119 case-00238");
    assert_record(bed, "case-02599", "case-02599");
    assert_cases(bed, "lead", "", "case-02597", 5, "case-02598=case-02598 case-02599=case-02599");
    bed_crash(bed);
    assert_int_equal(bed_head(bed).applied, MANY);
    assert_record(bed, "case-01300", "case-01300");
}

/* --- both alike ----------------------------------------------------------------------------- */

struct random {
    uint64_t state;
};

static uint32_t random_below(struct random *random, uint32_t bound)
{
    random->state = random->state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random->state >> 33) % bound;
}

static struct store_put random_put(struct random *random, char text[2][16])
{
    static const char *const states[] = {"open", "filed", "closed"};
    static const char *const units[] = {"agency", "court", "office"};
    (void)snprintf(text[0], 16, "c%u", (unsigned)random_below(random, 40));
    (void)snprintf(text[1], 16, "r%u", (unsigned)random_below(random, 100000));
    struct store_put put = put_of(text[0], text[1], (int64_t)random_below(random, 30) - 5);
    if (random_below(random, 5) == 0)
        put.next_ms = INSTANT_NONE;
    put.state = word(states[random_below(random, 3)]);
    put.work_count = random_below(random, 4);
    for (uint32_t i = 0; i < put.work_count; i++)
        put.work[i] =
            (struct store_work){word(units[random_below(random, 3)]), random_below(random, 20),
                                (uint8_t)i, (uint8_t)random_below(random, 3)};
    return put;
}

static void say(struct buffer *buffer, const struct store_found *found, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        buffer_put(buffer, found[i].case_id);
        buffer_put(buffer, found[i].record);
        buffer_put(buffer, found[i].work.unit);
        buffer_put_decimal(buffer, found[i].work.due_ms);
        buffer_put_decimal(buffer, found[i].work.clock);
        buffer_put_decimal(buffer, found[i].work.status);
    }
}

/* All that a store answers, as one text. */
static struct bytes answers(struct bed *bed, struct buffer *buffer)
{
    static struct store_found found[256];
    struct store_view *view;
    struct bytes ids[64];
    uint32_t count = 0;
    int64_t next_ms;
    const struct store_ops *ops = bed->store->ops;
    arena_clear(&bed->arena);
    assert_int_equal(ops->next_ms(bed->store, &next_ms), LD_OK);
    buffer_put_decimal(buffer, next_ms);
    assert_int_equal(ops->due(bed->store, 15, 20, &bed->arena, ids, &count), LD_OK);
    for (uint32_t i = 0; i < count; i++)
        buffer_put(buffer, ids[i]);
    assert_int_equal(ops->open_view(bed->store, &view), LD_OK);
    buffer_put_decimal(buffer, (int64_t)ops->view_applied(view));
    assert_int_equal(
        ops->view_cases(view, word("lead"), BYTES_NONE, word("c2"), 20, &bed->arena, found, &count),
        LD_OK);
    say(buffer, found, count);
    assert_int_equal(ops->view_cases(view, word("lead"), word("filed"), BYTES_NONE, 50, &bed->arena,
                                     found, &count),
                     LD_OK);
    say(buffer, found, count);
    assert_int_equal(ops->view_work(view, BYTES_NONE, 12, 200, &bed->arena, found, &count), LD_OK);
    say(buffer, found, count);
    ops->close_view(view);
    assert_false(buffer->is_full);
    return buffer_bytes(buffer);
}

static void assert_alike(struct bed *first, struct bed *second)
{
    static uint8_t memory[2][64 << 10];
    struct buffer left, right;
    struct bytes record, other;
    buffer_init(&left, memory[0], sizeof memory[0]);
    buffer_init(&right, memory[1], sizeof memory[1]);
    assert_true(bytes_equal(answers(first, &left), answers(second, &right)));
    for (unsigned i = 0; i < 40; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "c%u", i);
        enum ld_err err = first->store->ops->get(first->store, word(id), &first->arena, &record);
        assert_int_equal(second->store->ops->get(second->store, word(id), &second->arena, &other),
                         err);
        if (!err)
            assert_true(bytes_equal(record, other));
    }
}

static void both_stores_answer_alike(void **unused)
{
    (void)unused;
    struct bed *beds[2] = {bed_create(BED_MEM), bed_create(BED_LMDB)};
    struct random random = {20250805};
    for (int step = 0; step < 1500; step++) {
        char text[2][16];
        uint32_t dice = random_below(&random, 40);
        struct store_put put = random_put(&random, text);
        for (int i = 0; i < 2; i++) {
            if (dice == 0)
                bed_crash(beds[i]);
            else if (dice < 6)
                bed_merge(beds[i]);
            else
                bed_put(beds[i], put);
        }
        if (step % 5 == 0)
            assert_alike(beds[0], beds[1]);
    }
    bed_destroy(beds[0]);
    bed_destroy(beds[1]);
}

/* --- the list ------------------------------------------------------------------------------- */

static int set_up_mem(void **state)
{
    *state = bed_create(BED_MEM);
    return 0;
}

static int set_up_lmdb(void **state)
{
    *state = bed_create(BED_LMDB);
    return 0;
}

static int tear_down(void **state)
{
    bed_destroy(*state);
    return 0;
}

#define BOTH(test)                                                                                 \
    {"mem: " #test, test, set_up_mem, tear_down, NULL},                                            \
    {                                                                                              \
        "lmdb: " #test, test, set_up_lmdb, tear_down, NULL                                         \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_new_store_is_empty),
        BOTH(each_opening_raises_the_epoch),
        BOTH(a_batch_of_another_epoch_is_fenced),
        BOTH(rows_of_any_size_come_back_at_their_positions),
        BOTH(a_view_does_not_move),
        BOTH(the_newest_record_is_served_hot_and_merged),
        BOTH(a_record_may_shrink_and_grow_over_chunks),
        BOTH(get_into_too_small_an_arena_is_full),
        BOTH(due_cases_come_by_instant_then_id),
        BOTH(a_hot_case_hides_its_stored_instant),
        BOTH(due_after_everything_was_stale),
        BOTH(after_a_crash_the_journal_is_whole_and_the_state_old),
        BOTH(rows_that_change_no_case_are_applied_by_a_merge),
        BOTH(cases_are_listed_by_id_workflow_and_state),
        BOTH(work_is_listed_by_unit_and_instant),
        BOTH(artifacts_are_listed_newest_version_last),
        BOTH(feeds_are_kept_replaced_and_removed),
        BOTH(many_cases_are_merged_and_found),
        cmocka_unit_test(both_stores_answer_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
