/* The thread that owns the agenda: it takes all that is waiting, makes one turn of it, hands the
 * answers out and looks again. A slow sync makes the next batch larger, never the loop slower.
 *
 * It never sleeps for longer than a second, so that a step of the real clock is seen soon; a clock
 * is data in a case, and nothing here waits for its instant. */
#include "workers/worker.h"

#include "base/civil.h"
#include "base/log.h"

#include <time.h>
#include <unistd.h>

enum { SLEEP_MAX_MS = 1000, UNREADABLE_MS = 200, PACE_MS = 2 };

static int64_t milliseconds(clockid_t id)
{
    struct timespec now;
    LD_ASSERT(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct clock_reading worker_read_clock(void)
{
    return (struct clock_reading){milliseconds(CLOCK_REALTIME), milliseconds(CLOCK_BOOTTIME)};
}

_Noreturn void worker_stop_in_doubt(const char *what)
{
    log_line("stop=in-doubt what=\"%s\" exit=%d", what, WORKER_EXIT_DOUBT);
    _exit(WORKER_EXIT_DOUBT);
}

/* How long there is nothing to do, as far as is known now. */
static int64_t idle_ms(const struct worker *worker, enum agenda_outcome outcome)
{
    if (outcome == AGENDA_FULL)
        return SLEEP_MAX_MS;
    if (agenda_is_busy(worker->agenda))
        return 0;
    int64_t next_ms = agenda_next_ms(worker->agenda);
    if (next_ms == INSTANT_NONE || worker->clock.is_manual)
        return SLEEP_MAX_MS;
    int64_t left_ms = next_ms - worker->clock.now_ms;
    if (left_ms <= 0)
        return UNREADABLE_MS; /* due, and yet not fired: its record cannot be read */
    return left_ms < SLEEP_MAX_MS ? left_ms : SLEEP_MAX_MS;
}

static void hand_out(struct worker *worker, struct list *outbox)
{
    if (list_is_empty(outbox))
        return;
    mailbox_put_all(&worker->out_box, outbox);
    worker->notify(worker->notify_context);
}

/* Tells the others how far the journal is now. */
static void publish(struct worker *worker)
{
    struct agenda_status status;
    agenda_status(worker->agenda, &status);
    atomic_store(&worker->now_ms, status.now_ms);
    if (atomic_exchange(&worker->last_position, status.last_position) == status.last_position)
        return;
    mailbox_ring(&worker->query_box);
    mailbox_ring(&worker->courier_box);
}

/* Admission is paced to the merger: hot cases are bounded (DESIGN §4). */
static void pace(struct worker *worker)
{
    struct timespec nap = {.tv_nsec = PACE_MS * 1000000L};
    if (!worker->store->ops->is_pressed(worker->store))
        return;
    mailbox_ring(&worker->merger_box);
    (void)nanosleep(&nap, NULL); /* a shorter pause does as well */
}

static void note_hold(struct worker *worker, bool was_held)
{
    if (worker->clock.is_held && !was_held)
        log_line("clock=held partition=%u reason=jump-ahead", worker->partition);
    if (!worker->clock.is_held && was_held)
        log_line("clock=released partition=%u", worker->partition);
}

void *writer_run(void *argument)
{
    struct worker *worker = argument;
    struct list inbox, outbox;
    int64_t wait_ms = 0;
    bool is_open = true;
    list_init(&inbox);
    list_init(&outbox);
    while (is_open) {
        is_open = mailbox_take(&worker->writer_box, &inbox, wait_ms);
        bool was_held = worker->clock.is_held;
        (void)engine_clock_observe(&worker->clock, worker_read_clock());
        note_hold(worker, was_held);
        agenda_deliver_to(worker->agenda, atomic_load(&worker->delivered));
        enum agenda_outcome outcome = agenda_turn(worker->agenda, &inbox, &outbox);
        if (outcome == AGENDA_STOP)
            worker_stop_in_doubt("append");
        if (outcome == AGENDA_FULL)
            log_line("store=full partition=%u", worker->partition);
        publish(worker);
        hand_out(worker, &outbox);
        pace(worker);
        wait_ms = list_is_empty(&inbox) ? idle_ms(worker, outcome) : 0;
    }
    /* What was taken and not answered is the broker's to send again. */
    mailbox_put_all(&worker->writer_box, &inbox);
    return NULL;
}
