/* The thread that delivers emitted events: it reads the journal behind the writer, publishes like
 * any client, and tells the writer how far all has its fate (courier.h is the machine, this only
 * carries out). The connection is made with the first event: where no workflow emits, there is
 * none.
 *
 * It wakes by commits. While fates are awaited it looks up every WAIT_MS too, for what was
 * committed meanwhile; and an end of the worker is never further away than that. */
#include "workers/worker.h"

#include "base/log.h"
#include "proto/client.h"
#include "proto/envelope.h"
#include "workers/mailbag.h"

#include <stdlib.h>
#include <time.h>

enum {
    WAIT_MS = 100,
    SLEEP_MS = 60000, /* without a bell */
    STUCK_MS = 5000,  /* until a row that cannot be read is looked at again */
    FATES_ARENA_SIZE = 8 << 20,
};

struct run {
    struct worker *worker;
    struct courier courier;
    struct mailbag mailbag;
    struct client *client; /* NULL: not connected */
    struct arena arena;    /* of one answer */
    uint64_t last;         /* of the journal, when it was last read */
    int64_t stuck_until_ms;
    bool is_stuck;   /* something failed that time may mend */
    bool has_failed; /* in this turn */
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    LD_ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A row that cannot be read may have emitted something, which is owed to somebody: it is not passed
 * over. Nor is the rest of the worker brought down by it. */
static void stand_still(struct run *run, const char *what, enum ld_err err)
{
    if (!run->is_stuck)
        log_line("courier=stuck partition=%u behind=%llu what=%s error=%s", run->worker->partition,
                 (unsigned long long)run->courier.read, what, ld_err_word(err));
    run->is_stuck = run->has_failed = true;
    run->stuck_until_ms = monotonic_ms() + STUCK_MS;
}

static void read_on(struct run *run)
{
    enum ld_err err = mailbag_read(&run->mailbag, &run->courier, &run->last);
    if (err != LD_OK)
        stand_still(run, "read", err);
}

static bool has_more(const struct run *run)
{
    return !run->is_stuck && run->courier.read < run->last && courier_has_room(&run->courier);
}

/* --- sending --------------------------------------------------------------------------------- */

static void disconnect(struct run *run, enum ld_err err)
{
    log_line("courier=disconnected partition=%u error=%s", run->worker->partition,
             ld_err_word(err));
    client_close(run->client);
    run->client = NULL;
    courier_recall(&run->courier, monotonic_ms());
}

static bool connect(struct run *run)
{
    if (run->client)
        return true;
    enum ld_err err = client_open(run->worker->clients_url, &run->client);
    if (err != LD_OK)
        stand_still(run, "connect", err);
    return err == LD_OK;
}

static void give_up(struct run *run, uint32_t place)
{
    const struct parcel *parcel = courier_parcel(&run->courier, place);
    log_line("courier=given-up partition=%u position=%llu fact=%u reason=form",
             run->worker->partition, (unsigned long long)parcel->position, parcel->fact);
    courier_give_up(&run->courier, place);
}

/* One message. False: nothing is to be sent now. */
static bool send_one(struct run *run)
{
    uint32_t places[COURIER_BATCH];
    struct mailbag_message message = {0};
    uint64_t seq = 0;
    uint32_t count = courier_pick(&run->courier, monotonic_ms(), places);
    if (count == 0 || !connect(run))
        return false;
    uint32_t partition = courier_parcel(&run->courier, places[0])->partition;
    enum ld_err err = mailbag_pack(&run->mailbag, &run->courier, places, count, &message);
    if (message.count > 0) {
        enum ld_err sent = client_send(run->client, WIRE_PUBLISH, partition, message.body, &seq);
        if (sent != LD_OK)
            worker_stop_in_doubt("no memory for the courier");
        courier_send(&run->courier, places, message.count, seq);
    }
    if (err == LD_INVALID) {
        give_up(run, places[message.count]);
    } else if (err != LD_OK) {
        stand_still(run, "pack", err);
        return false;
    }
    return true;
}

/* --- fates ----------------------------------------------------------------------------------- */

static void log_refusal(const struct run *run, const struct fate_answer *fate)
{
    if (bytes_is(fate->fate, "refused"))
        log_line("courier=refused partition=%u event=%.*s subject=%.*s code=%.*s detail=%.*s",
                 run->worker->partition, BYTES_PRINTF(fate->id), BYTES_PRINTF(fate->subject),
                 BYTES_PRINTF(fate->code), BYTES_PRINTF(fate->detail));
}

/* How many fates the answer has; 0: it is none. */
static uint32_t read_fates(struct run *run, struct bytes body)
{
    struct value list;
    arena_clear(&run->arena);
    if (codec_decode(body, WIRE_ANSWER_DEPTH_MAX, &run->arena, &list) != LD_OK
        || list.kind != VALUE_LIST)
        return 0;
    for (uint32_t i = 0; i < list.as.list.count; i++) {
        struct fate_answer fate;
        if (fate_answer_from_value(&list.as.list.items[i], &fate) != LD_OK)
            return 0;
        log_refusal(run, &fate);
    }
    return list.as.list.count;
}

static void take_answer(struct run *run, const struct client_answer *answer)
{
    const struct wire_header *header = &answer->header;
    int64_t now_ms = monotonic_ms();
    enum courier_verdict verdict = COURIER_UNKNOWN;
    if (header->kind == WIRE_FATES)
        verdict = courier_fates(&run->courier, answer->seq, read_fates(run, answer->body), now_ms);
    else if (header->kind == WIRE_ERROR)
        verdict = courier_error(&run->courier, answer->seq, header->code, now_ms);
    if (verdict == COURIER_AGAIN || verdict == COURIER_GIVEN_UP)
        log_line("courier=%s partition=%u to=%u code=%s",
                 verdict == COURIER_AGAIN ? "again" : "given-up", run->worker->partition,
                 header->partition, wire_error_words(header->code)->word);
}

/* Everything that has arrived; where nothing has, waits for at most wait_ms. */
static void receive(struct run *run, int64_t wait_ms)
{
    struct client_answer answer;
    enum ld_err err = client_receive(run->client, wait_ms, &answer);
    while (err == LD_OK) {
        take_answer(run, &answer);
        err = client_receive(run->client, 0, &answer);
    }
    if (err != LD_TIMEOUT)
        disconnect(run, err);
}

/* --- the turn -------------------------------------------------------------------------------- */

static void report(struct run *run)
{
    struct delivery_report *delivery = &run->worker->delivery;
    int64_t oldest_ms;
    uint32_t waiting = courier_waiting(&run->courier, &oldest_ms);
    atomic_store(&delivery->oldest_ms, oldest_ms);
    atomic_store(&delivery->waiting, waiting);
    atomic_store(&delivery->is_stuck, run->is_stuck);
    atomic_store(&delivery->read, run->courier.read);
}

static void keep(struct run *run, bool is_last)
{
    int64_t now_ms = monotonic_ms();
    uint64_t cursor = courier_cursor(&run->courier);
    bool is_due = is_last ? cursor > run->courier.kept : courier_wants_keep(&run->courier, now_ms);
    if (!is_due)
        return;
    courier_keep(&run->courier, cursor, now_ms);
    atomic_store(&run->worker->delivered, cursor);
    mailbox_ring(&run->worker->writer_box);
}

/* How long nothing is to be done without a bell. */
static int64_t sleep_ms(const struct run *run)
{
    int64_t now_ms = monotonic_ms(), next_ms = courier_next_ms(&run->courier, now_ms);
    if (has_more(run) || courier_is_out(&run->courier))
        return 0;
    if (run->is_stuck)
        next_ms = run->stuck_until_ms;
    if (next_ms - now_ms > SLEEP_MS)
        return SLEEP_MS;
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

static void deliver(struct run *run)
{
    run->has_failed = false;
    read_on(run);
    report(run);
    while (send_one(run))
        continue;
    if (run->is_stuck && !run->has_failed) {
        log_line("courier=goes-on partition=%u", run->worker->partition);
        run->is_stuck = false;
    }
}

static void turn(struct run *run)
{
    if (!run->is_stuck || monotonic_ms() >= run->stuck_until_ms)
        deliver(run);
    if (courier_is_out(&run->courier))
        receive(run, has_more(run) ? 0 : WAIT_MS);
    keep(run, false);
    report(run);
}

static struct run *start(struct worker *worker)
{
    struct run *run = calloc(1, sizeof *run);
    void *block = malloc(FATES_ARENA_SIZE);
    if (!run || !block || !mailbag_init(&run->mailbag, worker->store, worker->identity.partitions))
        worker_stop_in_doubt("no memory for the courier");
    run->worker = worker;
    arena_init(&run->arena, block, FATES_ARENA_SIZE);
    courier_init(&run->courier, atomic_load(&worker->delivered), monotonic_ms());
    return run;
}

void *courier_run(void *argument)
{
    struct worker *worker = argument;
    struct list none; /* nobody sends the courier messages, only the bell */
    list_init(&none);
    if (!worker->clients_url)
        return NULL;
    struct run *run = start(worker);
    while (mailbox_take(&worker->courier_box, &none, sleep_ms(run)))
        turn(run);
    keep(run, true);
    client_close(run->client);
    mailbag_fini(&run->mailbag);
    free(run->arena.block);
    free(run);
    return NULL;
}
