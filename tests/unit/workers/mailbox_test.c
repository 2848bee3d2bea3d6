/* Goal: what is put into a mailbox comes out once, in order, and a closed one says so. */
#include "workers/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LONG_MS = 600000 };

static struct message *numbered(uint64_t token)
{
    struct wire_header header = {.token = token, .inner = WIRE_PUBLISH};
    return message_create(&header, BYTES_LITERAL("body"));
}

static void assert_next(struct list *list, uint64_t token)
{
    struct message *message = MESSAGE_OF(list->next);
    assert_int_equal(message->token, token);
    assert_true(bytes_is(message->body, "body"));
    list_remove(&message->node);
    message_destroy(message);
}

static void messages_come_out_in_their_order(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct list list;
    mailbox_init(&mailbox);
    list_init(&list);
    mailbox_put(&mailbox, numbered(1));
    list_push_back(&list, &numbered(2)->node);
    list_push_back(&list, &numbered(3)->node);
    mailbox_put_all(&mailbox, &list);
    assert_true(list_is_empty(&list));
    assert_true(mailbox_take(&mailbox, &list, LONG_MS)); /* does not wait: there is something */
    for (uint64_t token = 1; token <= 3; token++)
        assert_next(&list, token);
    assert_true(mailbox_take(&mailbox, &list, 0));
    assert_true(list_is_empty(&list));
    mailbox_fini(&mailbox);
}

static void bell_wakes_once(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct list list;
    mailbox_init(&mailbox);
    list_init(&list);
    mailbox_ring(&mailbox);
    assert_true(mailbox_take(&mailbox, &list, LONG_MS));
    assert_false(mailbox.is_rung);
    mailbox_fini(&mailbox);
}

static void closed_mailbox_gives_what_it_has_and_says_so(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct list list;
    mailbox_init(&mailbox);
    list_init(&list);
    mailbox_put(&mailbox, numbered(7));
    mailbox_close(&mailbox);
    assert_false(mailbox_take(&mailbox, &list, LONG_MS));
    assert_next(&list, 7);
    mailbox_put(&mailbox, numbered(8)); /* nobody takes it: fini destroys it */
    mailbox_fini(&mailbox);
}

static void *put_five(void *argument)
{
    for (uint64_t token = 1; token <= 5; token++)
        mailbox_put(argument, numbered(token));
    mailbox_close(argument);
    return NULL;
}

static void taker_hears_of_what_another_thread_puts(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct list list;
    pthread_t thread;
    mailbox_init(&mailbox);
    list_init(&list);
    assert_int_equal(pthread_create(&thread, NULL, put_five, &mailbox), 0);
    while (mailbox_take(&mailbox, &list, LONG_MS))
        continue;
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (uint64_t token = 1; token <= 5; token++)
        assert_next(&list, token);
    mailbox_fini(&mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_in_their_order),
        cmocka_unit_test(bell_wakes_once),
        cmocka_unit_test(closed_mailbox_gives_what_it_has_and_says_so),
        cmocka_unit_test(taker_hears_of_what_another_thread_puts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
