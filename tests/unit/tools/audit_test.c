/* The benchmark's self-check against journals written by hand: an answer without a row and an event
 * with two rows are found, what is no effect is passed over. */
#include "tools/bench/audit.h"
#include "tools/liandong/folder.h"
#include "workers/record.h"
#include "workers/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PARTITIONS = 2, CLIENTS = 2, SERIALS = 4, PATH_SIZE = 256 };

static char folder[PATH_SIZE], data[PATH_SIZE + 8];
static uint16_t steps[CLIENTS][SERIALS];
static struct acked acked[CLIENTS];
static struct audit audit;

static int set_up(void **unused)
{
    (void)unused;
    (void)snprintf(folder, sizeof folder, "%s/audit-test-XXXXXX",
                   getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    memset(steps, 0, sizeof steps);
    for (uint32_t i = 0; i < CLIENTS; i++)
        acked[i] = (struct acked){steps[i], SERIALS};
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(data, sizeof data, "%s/data", folder);
    return store_lmdb_create(data, PARTITIONS) == LD_OK ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    folder_remove(folder);
    return 0;
}

static void on_done(void *context, enum store_outcome outcome)
{
    *(enum store_outcome *)context = outcome;
}

static void write_row(uint32_t partition, const struct workload_name *name, enum fate fate)
{
    uint8_t memory[1024];
    struct workload_event event;
    struct buffer buffer;
    struct store *store;
    struct store_head head;
    enum store_outcome outcome = STORE_IN_DOUBT;
    struct journal_row row = {.kind = JOURNAL_EVENT, .time_ms = INSTANT_NONE, .fate = fate};

    workload_make(name, &event);
    row.case_id = event.envelope.subject;
    row.event_id = event.envelope.id;
    row.legal_date = DATE_NONE;
    buffer_init(&buffer, memory, sizeof memory);
    journal_row_encode(&row, &buffer);
    struct bytes bytes = buffer_bytes(&buffer);
    assert_int_equal(store_lmdb_open(data, partition, &store), LD_OK);
    store->ops->head(store, &head);
    struct store_batch batch = {.epoch = head.epoch,
                                .first_position = head.last_position + 1,
                                .rows = &bytes,
                                .row_count = 1};
    store->ops->append(store, &batch, on_done, &outcome);
    assert_int_equal(outcome, STORE_OK);
    store->ops->close(store);
}

static void tell(const struct workload_name *name)
{
    uint16_t *told = &steps[name->client][name->serial];
    *told = (uint16_t)(*told | 1u << name->step);
}

static void look(void)
{
    assert_int_equal(audit_journals(data, PARTITIONS, acked, CLIENTS, &audit), LD_OK);
}

static void test_what_was_answered_and_written_is_found(void **unused)
{
    static const struct workload_name names[] = {{0, 0, 0}, {0, 0, 1}, {1, 3, 11}};
    (void)unused;
    for (uint32_t i = 0; i < 3; i++) {
        write_row(i % PARTITIONS, &names[i], i == 0 ? FATE_STARTED : FATE_APPLIED);
        tell(&names[i]);
    }
    look();
    assert_int_equal(audit.acked, 3);
    assert_int_equal(audit.found, 3);
    assert_int_equal(audit.rows, 3);
    assert_true(audit_is_good(&audit));
}

static void test_an_answer_without_a_row_is_lost(void **unused)
{
    static const struct workload_name written = {0, 1, 2}, lost = {1, 1, 2};
    (void)unused;
    write_row(0, &written, FATE_APPLIED);
    tell(&written);
    tell(&lost);
    look();
    assert_int_equal(audit.lost, 1);
    assert_false(audit_is_good(&audit));
}

/* Also in another partition, where the case has no place. */
static void test_a_second_row_is_seen(void **unused)
{
    static const struct workload_name name = {1, 2, 3};
    (void)unused;
    write_row(0, &name, FATE_APPLIED);
    write_row(1, &name, FATE_APPLIED);
    tell(&name);
    look();
    assert_int_equal(audit.twice, 1);
    assert_int_equal(audit.lost, 0);
    assert_false(audit_is_good(&audit));
}

static void test_a_refusal_is_no_effect(void **unused)
{
    static const struct workload_name name = {0, 2, 3};
    (void)unused;
    write_row(0, &name, FATE_REFUSED);
    tell(&name);
    look();
    assert_int_equal(audit.lost, 1);
}

/* The answer was on its way when the run ended. */
static void test_an_effect_without_an_answer_is_no_fault(void **unused)
{
    static const struct workload_name name = {0, 3, 0};
    (void)unused;
    write_row(0, &name, FATE_STARTED);
    look();
    assert_true(audit_is_good(&audit));
    assert_int_equal(audit.acked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_answered_and_written_is_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_answer_without_a_row_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_second_row_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_refusal_is_no_effect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_effect_without_an_answer_is_no_fault, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
