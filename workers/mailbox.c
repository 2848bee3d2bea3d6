/* Waiting goes by the monotonic clock: a step of the real one must not make a thread sleep on. */
#include "workers/mailbox.h"

#include <time.h>

void mailbox_init(struct mailbox *mailbox)
{
    pthread_condattr_t attributes;
    /* These fail only for arguments that are wrong. */
    LD_ASSERT(pthread_mutex_init(&mailbox->lock, NULL) == 0);
    LD_ASSERT(pthread_condattr_init(&attributes) == 0);
    LD_ASSERT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    LD_ASSERT(pthread_cond_init(&mailbox->arrived, &attributes) == 0);
    LD_ASSERT(pthread_condattr_destroy(&attributes) == 0);
    list_init(&mailbox->messages);
    mailbox->is_rung = mailbox->is_closed = false;
}

void mailbox_fini(struct mailbox *mailbox)
{
    while (!list_is_empty(&mailbox->messages)) {
        struct message *message = MESSAGE_OF(mailbox->messages.next);
        list_remove(&message->node);
        message_destroy(message);
    }
    LD_ASSERT(pthread_cond_destroy(&mailbox->arrived) == 0);
    LD_ASSERT(pthread_mutex_destroy(&mailbox->lock) == 0);
}

static void lock(struct mailbox *mailbox)
{
    LD_ASSERT(pthread_mutex_lock(&mailbox->lock) == 0);
}

static void unlock(struct mailbox *mailbox)
{
    LD_ASSERT(pthread_mutex_unlock(&mailbox->lock) == 0);
}

static void wake(struct mailbox *mailbox)
{
    LD_ASSERT(pthread_cond_signal(&mailbox->arrived) == 0);
    unlock(mailbox);
}

void mailbox_put(struct mailbox *mailbox, struct message *message)
{
    lock(mailbox);
    list_push_back(&mailbox->messages, &message->node);
    wake(mailbox);
}

void mailbox_put_all(struct mailbox *mailbox, struct list *messages)
{
    lock(mailbox);
    while (!list_is_empty(messages))
        list_move_back(&mailbox->messages, messages->next);
    wake(mailbox);
}

void mailbox_ring(struct mailbox *mailbox)
{
    lock(mailbox);
    mailbox->is_rung = true;
    wake(mailbox);
}

void mailbox_close(struct mailbox *mailbox)
{
    lock(mailbox);
    mailbox->is_closed = true;
    wake(mailbox);
}

static struct timespec deadline_in(int64_t timeout_ms)
{
    struct timespec at;
    LD_ASSERT(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    int64_t nanoseconds = at.tv_nsec + timeout_ms % 1000 * 1000000;
    at.tv_sec += (time_t)(timeout_ms / 1000 + nanoseconds / 1000000000);
    at.tv_nsec = (long)(nanoseconds % 1000000000);
    return at;
}

bool mailbox_take(struct mailbox *mailbox, struct list *messages, int64_t timeout_ms)
{
    struct timespec deadline = deadline_in(timeout_ms);
    int waited = timeout_ms > 0 ? 0 : -1;
    lock(mailbox);
    while (waited == 0 && list_is_empty(&mailbox->messages) && !mailbox->is_rung
           && !mailbox->is_closed)
        waited = pthread_cond_timedwait(&mailbox->arrived, &mailbox->lock, &deadline);
    while (!list_is_empty(&mailbox->messages))
        list_move_back(messages, mailbox->messages.next);
    mailbox->is_rung = false;
    bool is_open = !mailbox->is_closed;
    unlock(mailbox);
    return is_open;
}
