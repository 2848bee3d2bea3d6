/* How the worker's threads hand messages to one another: a queue under a lock, and a bell. Bounded
 * by the credit that the worker gives the broker, so it never refuses. */
#ifndef LD_WORKERS_MAILBOX_H
#define LD_WORKERS_MAILBOX_H

#include "workers/message.h"

#include <pthread.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct list messages;
    bool is_rung;
    bool is_closed;
};

void mailbox_init(struct mailbox *mailbox);
/* Destroys what nobody took. */
void mailbox_fini(struct mailbox *mailbox);
/* The message goes over to the mailbox. */
void mailbox_put(struct mailbox *mailbox, struct message *message);
/* All of the list, in its order. */
void mailbox_put_all(struct mailbox *mailbox, struct list *messages);
/* Wakes the taker without a message. */
void mailbox_ring(struct mailbox *mailbox);
/* The taker is to end; wakes it. */
void mailbox_close(struct mailbox *mailbox);
/* Appends all that is there to the list. Waits for a message, the bell or the closing for at most
 * timeout_ms (0: not at all). False: it is closed; then what was there has been taken too. */
bool mailbox_take(struct mailbox *mailbox, struct list *messages, int64_t timeout_ms);

#endif
