/* Goal: which event a worker died of outlives it. Method: a file of the test's own, opened again as
 * the next process would. */
#include "workers/poison.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/liandong-poison-XXXXXX";

static void digest_number(int number, uint8_t ret_digest[EVENT_DIGEST_SIZE])
{
    memset(ret_digest, 0, EVENT_DIGEST_SIZE);
    ret_digest[0] = (uint8_t)number;
}

static int make_file(void **state)
{
    (void)state;
    memset(path + sizeof path - 7, 88, 6); /* XXXXXX */
    int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static bool begins(int number, bool ends)
{
    struct poison poison;
    uint8_t digest[EVENT_DIGEST_SIZE];
    digest_number(number, digest);
    assert_int_equal(poison_open(&poison, path), LD_OK);
    bool is_begun = poison_begin(&poison, digest);
    if (ends)
        poison_end(&poison, digest);
    poison_close(&poison);
    return is_begun;
}

static void event_that_kills_is_given_up(void **state)
{
    (void)state;
    for (int i = 0; i < POISON_TRIES; i++)
        assert_true(begins(1, false));
    assert_false(begins(1, false));
    assert_true(begins(2, true));
    assert_false(begins(1, false)); /* for good */
}

static void event_that_is_done_is_no_suspect(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * POISON_TRIES; i++)
        assert_true(begins(1, true));
}

static void oldest_suspect_makes_room_and_not_the_quarantined(void **state)
{
    (void)state;
    for (int i = 0; i < POISON_TRIES; i++)
        (void)begins(1, false);
    for (int i = 2; i < 2 + 2 * POISON_MAX; i++)
        assert_true(begins(i, false));
    assert_false(begins(1, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(event_that_kills_is_given_up, make_file, remove_file),
        cmocka_unit_test_setup_teardown(event_that_is_done_is_no_suspect, make_file, remove_file),
        cmocka_unit_test_setup_teardown(oldest_suspect_makes_room_and_not_the_quarantined,
                                        make_file, remove_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
