/* Goal: what was acked is there after any crash, and what is damaged, foreign, taken or full is
 * refused aloud. Method: a child appends numbered batches while a thread of it merges, tells each
 * acked number through a pipe, and is killed after a random count of them; then the folder is
 * opened, recovered and compared. Damage is done to the files of a closed store. */
#include "tests/unit/workers/store_bed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { ROUNDS = 30, CASES = 700, BATCH_ROWS = 7, ROW_TEXT = 32 };

struct random {
    uint64_t state;
};

static uint32_t random_below(struct random *random, uint32_t bound)
{
    random->state = random->state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random->state >> 33) % bound;
}

/* --- kill -9 -------------------------------------------------------------------------------- */

/* Row number n is about case n modulo CASES; the case's record is the row. */
static struct store_put put_number(uint64_t number, char text[2][ROW_TEXT])
{
    (void)snprintf(text[0], ROW_TEXT, "case-%03u", (unsigned)(number % CASES));
    (void)snprintf(text[1], ROW_TEXT, "row %llu", (unsigned long long)number);
    struct store_put put = put_of(text[0], text[1], (int64_t)number);
    put.position = number;
    put.work[0] = (struct store_work){word("agency"), (int64_t)number, 0, 1};
    put.work_count = 1;
    return put;
}

static void *merge_for_ever(void *context)
{
    struct store *store = context;
    while (store->ops->merge(store) == LD_OK)
        continue;
    abort();
}

static void done_in_child(void *context, enum store_outcome outcome)
{
    *(enum store_outcome *)context = outcome;
}

static void append_numbers(struct store *store, uint64_t first)
{
    char texts[BATCH_ROWS][2][ROW_TEXT];
    struct store_put puts[BATCH_ROWS];
    struct bytes rows[BATCH_ROWS];
    struct store_head head;
    enum store_outcome outcome = STORE_RETRY;
    store->ops->head(store, &head);
    for (uint32_t i = 0; i < BATCH_ROWS; i++) {
        puts[i] = put_number(first + i, texts[i]);
        rows[i] = puts[i].record;
    }
    struct store_batch batch = {head.epoch, first, rows, BATCH_ROWS, puts, BATCH_ROWS, 0, 0, 0, 0};
    store->ops->append(store, &batch, done_in_child, &outcome);
    if (outcome != STORE_OK)
        abort();
}

static _Noreturn void run_child(const char *folder, int pipe_end)
{
    struct store *store;
    struct store_head head;
    pthread_t merger;
    if (store_lmdb_open_sized(folder, 0, BED_MAP_SIZE, &store) != LD_OK)
        abort();
    store->ops->head(store, &head);
    /* What is not merged yet comes back first, as the engine's recovery does it. */
    for (uint64_t n = head.applied + 1; n <= head.last_position; n++) {
        char text[2][ROW_TEXT];
        struct store_put put = put_number(n, text);
        if (store->ops->restore(store, &put) != LD_OK)
            abort();
    }
    if (pthread_create(&merger, NULL, merge_for_ever, store) != 0)
        abort();
    for (uint64_t next = head.last_position + 1;; next += BATCH_ROWS) {
        append_numbers(store, next);
        uint64_t acked = next + BATCH_ROWS - 1;
        if (write(pipe_end, &acked, sizeof acked) != (ssize_t)sizeof acked)
            _exit(1);
    }
}

/* Lets a child run until it has acked this many batches and then kills it; the last number that
 * it acked, also of those still in the pipe. */
static uint64_t run_and_kill(const char *folder, uint32_t batches)
{
    int ends[2];
    uint64_t acked = 0, number;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        run_child(folder, ends[1]);
    }
    (void)close(ends[1]);
    for (uint32_t i = 0; read(ends[0], &number, sizeof number) == (ssize_t)sizeof number; i++) {
        acked = number;
        if (i == batches)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    (void)close(ends[0]);
    return acked;
}

static void assert_journal(struct store *store, struct arena *arena, uint64_t last)
{
    struct store_view *view;
    struct bytes row;
    assert_int_equal(store->ops->open_view(store, &view), LD_OK);
    assert_int_equal(store->ops->view_last(view), last);
    for (uint64_t n = 1; n <= last; n++) {
        char text[2][ROW_TEXT];
        arena_clear(arena);
        assert_int_equal(store->ops->view_row(view, n, arena, &row), LD_OK);
        assert_text(row, (put_number(n, text), text[1]));
    }
    assert_int_equal(store->ops->view_row(view, last + 1, arena, &row), LD_NOT_FOUND);
    store->ops->close_view(view);
}

/* In the state as it was left: each case is one of its own versions, at least as new as applied;
 * and its index rows agree with it (view_work finds each case once). */
static void assert_state(struct store *store, struct arena *arena, const struct store_head *head)
{
    static struct store_found found[CASES + 1];
    struct store_view *view;
    uint32_t count;
    arena_clear(arena);
    assert_int_equal(store->ops->open_view(store, &view), LD_OK);
    assert_int_equal(
        store->ops->view_work(view, word("agency"), INT64_MAX, CASES + 1, arena, found, &count),
        LD_OK);
    store->ops->close_view(view);
    assert_true(count == CASES || count >= head->applied);
    for (uint32_t i = 0; i < count; i++) {
        char text[2][ROW_TEXT];
        uint64_t number = (uint64_t)found[i].work.due_ms;
        assert_true(number <= head->last_position && number + CASES > head->applied);
        (void)put_number(number, text);
        assert_text(found[i].case_id, text[0]);
        assert_text(found[i].record, text[1]);
    }
}

static void recover(struct store *store, const struct store_head *head)
{
    for (uint64_t n = head->applied + 1; n <= head->last_position; n++) {
        char text[2][ROW_TEXT];
        struct store_put put = put_number(n, text);
        assert_int_equal(store->ops->restore(store, &put), LD_OK);
    }
}

static void assert_newest(struct store *store, struct arena *arena, uint64_t last)
{
    struct bytes record;
    for (uint64_t n = last > CASES ? last - CASES + 1 : 1; n <= last; n++) {
        char text[2][ROW_TEXT];
        struct store_put put = put_number(n, text);
        arena_clear(arena);
        assert_int_equal(store->ops->get(store, put.case_id, arena, &record), LD_OK);
        assert_text(record, text[1]);
    }
}

static void acked_rows_survive_kill_9(void **state)
{
    struct bed *bed = *state;
    struct random random = {9};
    struct store *store;
    struct store_head head;
    uint64_t epoch = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t acked = run_and_kill(bed->folder, random_below(&random, 60));
        assert_int_equal(store_lmdb_open_sized(bed->folder, 0, BED_MAP_SIZE, &store), LD_OK);
        store->ops->head(store, &head);
        /* The last batch may be committed and not acked; never less, never a part of it. */
        assert_true(head.last_position == acked || head.last_position == acked + BATCH_ROWS);
        assert_true(head.applied <= head.last_position);
        assert_int_equal(head.epoch, epoch + 2);
        epoch = head.epoch;
        assert_journal(store, &bed->arena, head.last_position);
        assert_state(store, &bed->arena, &head);
        recover(store, &head);
        assert_newest(store, &bed->arena, head.last_position);
        store->ops->close(store);
    }
}

/* --- whose store it is ---------------------------------------------------------------------- */

static enum ld_err try_open(struct bed *bed, uint32_t partition)
{
    struct store *store = NULL;
    enum ld_err err = store_lmdb_open(bed->folder, partition, &store);
    if (!err)
        store->ops->close(store);
    return err;
}

static void shell(struct bed *bed, const char *command)
{
    char text[512];
    (void)snprintf(text, sizeof text, "cd '%s' && %s", bed->folder, command);
    assert_int_equal(system(text), 0);
}

static void a_second_opener_is_told_in_use(void **state)
{
    struct bed *bed = *state;
    assert_int_equal(try_open(bed, 1), LD_IN_USE);
    assert_int_equal(try_open(bed, 0), LD_OK);
    bed_close(bed);
    assert_int_equal(try_open(bed, 1), LD_OK);
}

static void what_is_missing_is_not_made(void **state)
{
    struct bed *bed = *state;
    bed_close(bed);
    assert_int_equal(try_open(bed, BED_PARTITIONS), LD_NOT_FOUND);
    shell(bed, "mv p1/state p1/elsewhere");
    assert_int_equal(try_open(bed, 1), LD_NOT_FOUND);
    shell(bed, "test ! -e p1/state && rm -rf p1");
    assert_int_equal(try_open(bed, 1), LD_NOT_FOUND);
    shell(bed, "test ! -e p1 && rm identity");
    assert_int_equal(try_open(bed, 0), LD_NOT_FOUND);
    (void)snprintf(bed->folder, sizeof bed->folder, "%s/nothing", bed->root);
    assert_int_equal(try_open(bed, 0), LD_NOT_FOUND);
    assert_int_equal(access(bed->folder, F_OK), -1);
}

static void an_empty_environment_is_refused(void **state)
{
    struct bed *bed = *state;
    bed_close(bed);
    shell(bed, ": > p1/journal/data.mdb");
    assert_int_equal(try_open(bed, 1), LD_FOREIGN);
    shell(bed, "test ! -s p1/journal/data.mdb && rm p0/state/data.mdb");
    assert_int_equal(try_open(bed, 0), LD_FOREIGN);
    shell(bed, "test ! -e p0/state/data.mdb");
}

static void another_partition_or_folder_is_foreign(void **state)
{
    struct bed *bed = *state;
    struct bed *other = bed_create(BED_LMDB);
    char command[256];
    bed_close(bed);
    bed_close(other);
    shell(bed, "mv p0 kept && cp -r p1 p0");
    assert_int_equal(try_open(bed, 0), LD_FOREIGN);
    (void)snprintf(command, sizeof command, "rm -rf p0 && cp -r '%s/p0' p0", other->folder);
    shell(bed, command);
    assert_int_equal(try_open(bed, 0), LD_FOREIGN);
    shell(bed, "rm -r p0 && mv kept p0 && rm -r p0/state && cp -r p1/state p0/state");
    assert_int_equal(try_open(bed, 0), LD_FOREIGN);
    bed_destroy(other);
}

static void a_damaged_identity_is_corrupt(void **state)
{
    struct bed *bed = *state;
    struct store_identity identity;
    bed_close(bed);
    assert_int_equal(store_lmdb_identity(bed->folder, &identity), LD_OK);
    assert_int_equal(identity.partitions, BED_PARTITIONS);
    assert_int_equal(identity.partition, 0);
    shell(bed, "cp identity kept && truncate -s 36 identity");
    assert_int_equal(try_open(bed, 0), LD_CORRUPT);
    shell(bed, "cp kept identity && printf x >> identity");
    assert_int_equal(try_open(bed, 0), LD_CORRUPT);
    shell(bed, "cp kept identity && printf '\\377' | dd of=identity bs=1 seek=12 conv=notrunc "
               "2>/dev/null");
    assert_int_equal(try_open(bed, 0), LD_CORRUPT);
    shell(bed, ": > identity");
    assert_int_equal(try_open(bed, 0), LD_CORRUPT);
    shell(bed, "cp kept identity");
    assert_int_equal(try_open(bed, 0), LD_OK);
}

static void creating_never_touches_what_is_there(void **state)
{
    struct bed *bed = *state;
    char folder[96];
    assert_int_equal(store_lmdb_create(bed->folder, 2), LD_EXISTS);
    assert_int_equal(store_lmdb_create(bed->folder, 0), LD_INVALID);
    (void)snprintf(folder, sizeof folder, "%s/empty/", bed->root);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(store_lmdb_create(folder, 1), LD_OK);
    (void)snprintf(folder, sizeof folder, "%s/no/parent", bed->root);
    assert_int_equal(store_lmdb_create(folder, 1), LD_NOT_FOUND);
    bed_run("test \"$(ls '%s')\" = \"$(printf 'data\\nempty')\"", bed->root);
}

/* The other owner is a process that was there before, and raises the epoch when it is told to. */
static void an_owner_with_a_lower_epoch_is_fenced(void **state)
{
    struct bed *bed = *state;
    int ends[2];
    char octet = 0, path[128];
    bed_close(bed);
    assert_int_equal(pipe(ends), 0);
    (void)snprintf(path, sizeof path, "%s/p1/journal", bed->folder);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct journal_env journal;
        MDB_txn *txn;
        bool is_done = read(ends[0], &octet, 1) == 1
                       && lmdb_env_open(path, BED_MAP_SIZE, &journal.env) == LD_OK
                       && mdb_txn_begin(journal.env, NULL, 0, &txn) == 0
                       && lmdb_journal_tables(txn, 0, &journal) == LD_OK
                       && meta_put_number(txn, journal.meta, META_EPOCH, 99) == LD_OK
                       && mdb_txn_commit(txn) == 0;
        _exit(is_done ? 0 : 1);
    }
    bed_open(bed);
    bed_put(bed, put_of("a", "mine", 1));
    assert_int_equal(write(ends[1], &octet, 1), 1);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct bytes row = word("too late");
    struct store_batch batch = {.rows = &row, .row_count = 1};
    assert_int_equal(bed_append(bed, batch), STORE_FENCED);
    assert_int_equal(bed_head(bed).last_position, 1);
    (void)close(ends[0]);
    (void)close(ends[1]);
    bed_close(bed);
    bed_open(bed);
    assert_int_equal(bed_head(bed).epoch, 100);
}

static void a_journal_older_than_its_state_is_corrupt(void **state)
{
    struct bed *bed = *state;
    bed_close(bed);
    shell(bed, "cp -r p1/journal kept");
    bed_open(bed);
    bed_put(bed, put_of("a", "x", 1));
    bed_merge(bed);
    bed_close(bed);
    shell(bed, "rm -r p1/journal && mv kept p1/journal");
    assert_int_equal(try_open(bed, 1), LD_CORRUPT);
}

/* --- damage --------------------------------------------------------------------------------- */

static uint8_t *load(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    struct stat found;
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &found), 0);
    *ret_size = (size_t)found.st_size;
    uint8_t *bytes = malloc(*ret_size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
    (void)fclose(file);
    return bytes;
}

/* Flips a bit wherever the text stands in the file: the live page and the pages it came from. */
static void damage(struct bed *bed, const char *name, const char *text)
{
    char path[160];
    size_t size, hits = 0;
    (void)snprintf(path, sizeof path, "%s/p1/%s/data.mdb", bed->folder, name);
    uint8_t *bytes = load(path, &size);
    struct bytes rest = {bytes, size};
    for (size_t at; (at = bytes_find(rest, word(text))) != SIZE_MAX; hits++) {
        ((uint8_t *)rest.ptr)[at + 3] ^= 0x10;
        rest = bytes_slice(rest, at + 4, size);
    }
    assert_true(hits > 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

static void a_flipped_bit_is_never_served(void **state)
{
    struct bed *bed = *state;
    struct store_view *view;
    struct store_found found[4];
    struct bytes bytes, row = word("the facts of one row");
    uint32_t count;
    struct store_put put = put_of("a", "the record of a case", 1);
    put.position = 1;
    struct store_batch batch = {.rows = &row, .row_count = 1, .puts = &put, .put_count = 1};
    assert_int_equal(bed_append(bed, batch), STORE_OK);
    bed_merge(bed);
    bed_close(bed);
    damage(bed, "journal", "the facts of one row");
    damage(bed, "state", "the record of a case");
    bed_open(bed);
    assert_int_equal(bed->store->ops->get(bed->store, word("a"), &bed->arena, &bytes), LD_CORRUPT);
    assert_int_equal(bed->store->ops->open_view(bed->store, &view), LD_OK);
    assert_int_equal(bed->store->ops->view_row(view, 1, &bed->arena, &bytes), LD_CORRUPT);
    enum ld_err err = bed->store->ops->view_cases(view, BYTES_NONE, BYTES_NONE, BYTES_NONE, 4,
                                                  &bed->arena, found, &count);
    assert_int_equal(err, LD_CORRUPT);
    bed->store->ops->close_view(view);
    bed_put(bed, put_of("a", "newer", 2));
    assert_int_equal(bed->store->ops->merge(bed->store), LD_CORRUPT);
}

static void a_file_cut_short_is_corrupt(void **state)
{
    struct bed *bed = *state;
    for (int i = 0; i < 20; i++)
        bed_put(bed, put_of("a", "some record", 1));
    bed_close(bed);
    shell(bed, "truncate -s -4096 p1/journal/data.mdb");
    assert_int_equal(try_open(bed, 1), LD_CORRUPT);
    shell(bed, "printf 'not a database' > p1/journal/data.mdb");
    assert_int_equal(try_open(bed, 1), LD_CORRUPT);
}

/* --- full ----------------------------------------------------------------------------------- */

static struct bytes large(void)
{
    static uint8_t memory[64 << 10];
    memset(memory, 'x', sizeof memory);
    return (struct bytes){memory, sizeof memory};
}

static void a_full_map_is_said_and_nothing_is_written(void **state)
{
    struct bed *bed = *state;
    struct bytes row = large(), record;
    struct store_put put = put_of("a", "newest", 1);
    struct store_batch batch = {.rows = &row, .row_count = 1, .puts = &put, .put_count = 1};
    bed_close(bed);
    assert_int_equal(store_lmdb_open_sized(bed->folder, 1, 1 << 20, &bed->store), LD_OK);
    enum store_outcome outcome = STORE_OK;
    uint64_t last = 0;
    for (int i = 0; i < 100 && outcome == STORE_OK; i++) {
        last = bed_head(bed).last_position;
        put.position = last + 1;
        put.record = word(i % 2 ? "odd" : "even");
        outcome = bed_append(bed, batch);
    }
    assert_int_equal(outcome, STORE_FULL);
    assert_true(last > 5);
    assert_int_equal(bed_head(bed).last_position, last);
    assert_int_equal(bed->store->ops->get(bed->store, word("a"), &bed->arena, &record), LD_OK);
    assert_text(record, (last - 1) % 2 ? "odd" : "even");
    bed_merge(bed); /* what was admitted has room to be merged */
    bed_crash(bed);
    assert_int_equal(bed_head(bed).last_position, last);
    put.position = last + 1;
    assert_int_equal(bed_append(bed, batch), STORE_OK);
}

enum { HEAVY = 2500 };

static void append_heavy(struct bed *bed, char ids[HEAVY][16])
{
    static struct store_put puts[HEAVY];
    static struct bytes rows[HEAVY];
    for (uint32_t i = 0; i < HEAVY; i++) {
        (void)snprintf(ids[i], 16, "c%05u", (unsigned)i);
        puts[i] = put_of(ids[i], "", (int64_t)i);
        puts[i].record = bytes_slice(large(), 0, 1500);
        puts[i].position = i + 1;
        rows[i] = word("r");
    }
    struct store_batch batch = {.rows = rows, .row_count = HEAVY, .puts = puts, .put_count = HEAVY};
    assert_int_equal(bed_append(bed, batch), STORE_OK);
}

/* The state's map holds the first transactions of the merge and not the last. */
static void a_merge_cut_short_does_no_harm(void **state)
{
    struct bed *bed = *state;
    static char ids[HEAVY][16];
    struct bytes record;
    bed_close(bed);
    assert_int_equal(store_lmdb_open_sized(bed->folder, 1, 6 << 20, &bed->store), LD_OK);
    append_heavy(bed, ids);
    assert_int_equal(bed->store->ops->merge(bed->store), LD_FULL);
    assert_int_equal(bed->store->ops->merge(bed->store), LD_IO); /* an error is final */
    bed_crash(bed);
    struct store_head head = bed_head(bed);
    assert_int_equal(head.applied, 0);
    assert_int_equal(head.last_position, HEAVY);
    uint32_t merged = 0;
    for (uint32_t i = 0; i < HEAVY; i++) {
        arena_clear(&bed->arena);
        enum ld_err err = bed->store->ops->get(bed->store, word(ids[i]), &bed->arena, &record);
        assert_true(err == LD_OK || err == LD_NOT_FOUND);
        merged += err == LD_OK;
        struct store_put put = put_of(ids[i], "again", (int64_t)i);
        put.position = i + 1;
        if (err == LD_NOT_FOUND)
            assert_int_equal(bed->store->ops->restore(bed->store, &put), LD_OK);
    }
    assert_true(merged >= 1000 && merged < HEAVY);
    bed_put(bed, put_of("new", "x", INSTANT_NONE));
    bed_merge(bed);
    assert_int_equal(bed_head(bed).applied, HEAVY + 1);
    assert_due(bed, 2, 9, "c00000 c00001 c00002");
    assert_record(bed, ids[HEAVY - 1], "again");
}

/* The journal has room for ever, the state has not: before it is full nothing more is admitted. */
static void what_was_admitted_can_be_merged(void **state)
{
    struct bed *bed = *state;
    char id[16];
    enum store_outcome outcome = STORE_OK;
    struct bytes row = word("r");
    bed_close(bed);
    assert_int_equal(store_lmdb_open_sized(bed->folder, 1, 6 << 20, &bed->store), LD_OK);
    for (unsigned i = 0; i < 10000 && outcome == STORE_OK; i++) {
        (void)snprintf(id, sizeof id, "c%05u", i);
        struct store_put put = put_of(id, "", (int64_t)i);
        put.record = bytes_slice(large(), 0, 20000);
        put.position = bed_head(bed).last_position + 1;
        struct store_batch batch = {.rows = &row, .row_count = 1, .puts = &put, .put_count = 1};
        outcome = bed_append(bed, batch);
        if (i % 10 == 9)
            bed_merge(bed);
    }
    assert_int_equal(outcome, STORE_FULL);
    bed_merge(bed);
    assert_int_equal(bed_head(bed).applied, bed_head(bed).last_position);
}

static void a_smaller_record_leaves_no_chunks_behind(void **state)
{
    struct bed *bed = *state;
    struct lmdb_store *store = (struct lmdb_store *)bed->store;
    struct store_put put = put_of("a", "", 1);
    MDB_txn *txn;
    MDB_stat stat_of;
    put.record = large();
    bed_put(bed, put);
    bed_merge(bed);
    bed_put(bed, put_of("a", "small", 2));
    bed_merge(bed);
    assert_int_equal(mdb_txn_begin(store->state.env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, store->state.cases, &stat_of), 0);
    assert_int_equal(stat_of.ms_entries, 1);
    assert_int_equal(mdb_stat(txn, store->state.due, &stat_of), 0);
    assert_int_equal(stat_of.ms_entries, 1);
    mdb_txn_abort(txn);
}

/* A write that fails half way is in doubt, and from then on nothing is written. */
static void a_failed_write_leaves_doubt_and_stops(void **state)
{
    struct bed *bed = *state;
    struct rlimit kept, limit;
    struct bytes row = large();
    struct store_batch batch = {.rows = &row, .row_count = 1};
    bed_put(bed, put_of("a", "x", 1));
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    limit = (struct rlimit){60 << 10, kept.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum store_outcome outcome = bed_append(bed, batch);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    assert_int_equal(outcome, STORE_IN_DOUBT);
    assert_int_equal(bed_append(bed, batch), STORE_IN_DOUBT);
    assert_int_equal(bed->store->ops->merge(bed->store), LD_IO);
    bed_crash(bed);
    assert_int_equal(bed_head(bed).last_position, 1);
    assert_int_equal(bed_append(bed, batch), STORE_OK);
}

/* --- flags ---------------------------------------------------------------------------------- */

static void commits_are_synced_by_the_flags(void **state)
{
    struct bed *bed = *state;
    struct lmdb_store *store = (struct lmdb_store *)bed->store;
    MDB_env *envs[] = {store->journal.env, store->state.env};
    for (int i = 0; i < 2; i++) {
        unsigned flags = 0;
        assert_int_equal(mdb_env_get_flags(envs[i], &flags), 0);
        assert_int_equal(flags & (MDB_NOSYNC | MDB_NOMETASYNC | MDB_MAPASYNC | MDB_WRITEMAP), 0);
        assert_true(flags & MDB_NOTLS);
    }
}

static void network_file_systems_are_known(void **unused)
{
    (void)unused;
    assert_true(lmdb_is_network(0x6969));
    assert_true(lmdb_is_network(0xFF534D42));
    assert_true(lmdb_is_network(0xFFFFFFFFFF534D42)); /* the same, sign extended */
    assert_false(lmdb_is_network(0xEF53));            /* ext4 */
    assert_false(lmdb_is_network(0x58465342));        /* XFS */
    assert_false(lmdb_is_network(0x01021994));        /* tmpfs */
}

static int set_up(void **state)
{
    *state = bed_create(BED_LMDB);
    return 0;
}

static int tear_down(void **state)
{
    bed_destroy(*state);
    return 0;
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(acked_rows_survive_kill_9),
        FRESH(a_second_opener_is_told_in_use),
        FRESH(what_is_missing_is_not_made),
        FRESH(an_empty_environment_is_refused),
        FRESH(another_partition_or_folder_is_foreign),
        FRESH(a_damaged_identity_is_corrupt),
        FRESH(creating_never_touches_what_is_there),
        FRESH(an_owner_with_a_lower_epoch_is_fenced),
        FRESH(a_journal_older_than_its_state_is_corrupt),
        FRESH(a_flipped_bit_is_never_served),
        FRESH(a_file_cut_short_is_corrupt),
        FRESH(a_full_map_is_said_and_nothing_is_written),
        FRESH(a_merge_cut_short_does_no_harm),
        FRESH(what_was_admitted_can_be_merged),
        FRESH(a_smaller_record_leaves_no_chunks_behind),
        FRESH(a_failed_write_leaves_doubt_and_stops),
        FRESH(commits_are_synced_by_the_flags),
        cmocka_unit_test(network_file_systems_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
