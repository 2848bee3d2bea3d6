/* Moves what has changed into the state: every second, and at once when the writer is pressed or a
 * reader wants the state as of now. */
#include "workers/worker.h"

#include "base/log.h"

enum { MERGE_EVERY_MS = 1000 };

void merger_merge(struct worker *worker)
{
    LD_ASSERT(pthread_mutex_lock(&worker->merging) == 0);
    enum ld_err err = worker->store->ops->merge(worker->store);
    if (err != LD_OK) {
        log_line("merge=%s partition=%u", ld_err_word(err), worker->partition);
        worker_stop_in_doubt("merge");
    }
    LD_ASSERT(pthread_mutex_unlock(&worker->merging) == 0);
}

void *merger_run(void *argument)
{
    struct worker *worker = argument;
    struct list nothing;
    list_init(&nothing);
    while (mailbox_take(&worker->merger_box, &nothing, MERGE_EVERY_MS))
        merger_merge(worker);
    return NULL;
}
