/* Goal: a partition is seeded once and for all, over the store of production. Method: a data folder
 * of the test's own; each call opens the store, recovers, and closes it. */
#include "workers/seed.h"

#include "workers/agenda.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CALENDAR                                                                                   \
    "calendar: cn\nversion: 1\nzone: \"+08:00\"\nweekend: [saturday, sunday]\n"                    \
    "title: {zh: 日历, en: Calendar}\nyears:\n  2025:\n    basis: x\n"                           \
    "    off: [{dates: 2025-01-01, name: 元旦}]\n    work: []\n"

static char base[] = "/tmp/liandong-seed-XXXXXX";
static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    memset(base + sizeof base - 7, 'X', 6);
    if (!mkdtemp(base))
        return -1;
    (void)snprintf(folder, sizeof folder, "%s/data", base);
    return store_lmdb_create(folder, 2) == LD_OK ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", base);
    return system(command);
}

static enum ld_err seed(uint32_t partition, const char *text)
{
    struct store_artifact artifact = {
        .kind = ARTIFACT_CALENDAR, .id = BYTES_LITERAL("cn.yaml"), .text = bytes_from_text(text)};
    return seed_partition(folder, partition, &artifact, 1, 1750000000000);
}

static uint64_t last_position(uint32_t partition)
{
    struct store *store = NULL;
    struct store_head head;
    assert_int_equal(store_lmdb_open(folder, partition, &store), LD_OK);
    store->ops->head(store, &head);
    store->ops->close(store);
    return head.last_position;
}

static void seeded_partition_holds_the_artifact(void **state)
{
    (void)state;
    assert_int_equal(seed(0, CALENDAR), LD_OK);
    assert_int_equal(last_position(0), 2); /* the head and the artifact */
    assert_int_equal(last_position(1), 0);
}

static void seeding_again_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(seed(1, CALENDAR), LD_OK);
    assert_int_equal(seed(1, CALENDAR), LD_OK);
    assert_int_equal(last_position(1), 2);
}

static void deployed_version_with_another_text_is_refused(void **state)
{
    (void)state;
    assert_int_equal(seed(0, CALENDAR), LD_OK);
    assert_int_equal(seed(0, CALENDAR "# changed\n"), LD_INVALID);
    assert_int_equal(seed(0, "nonsense"), LD_INVALID);
    assert_int_equal(last_position(0), 2);
}

static void store_that_is_not_there_is_told(void **state)
{
    (void)state;
    assert_int_not_equal(seed(7, CALENDAR), LD_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(seeded_partition_holds_the_artifact),
        TEST(seeding_again_changes_nothing),
        TEST(deployed_version_with_another_text_is_refused),
        TEST(store_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
