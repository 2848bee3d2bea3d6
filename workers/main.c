/* liandong-worker: one partition's engine as a process. It opens and claims the store, recovers,
 * starts the threads and stays until SIGTERM. Exit: 0; 2 the words of the call are off; 75 nobody
 * knows what was written, or another owns the partition: start it again; 78 the store cannot be
 * used: starting it again will not help. */
#include "workers/worker.h"

#include "base/civil.h"
#include "base/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { EXIT_USAGE_OFF = 2, PATH_SIZE_MAX = 4096 };

struct options {
    const char *data, *partition, *broker, *clients, *clock, *at;
    bool dies_with_parent;
};

static void complain(const char *text, const char *detail)
{
    (void)fprintf(stderr, "liandong-worker: %s%s%s\n", text, detail ? ": " : "",
                  detail ? detail : "");
}

static const char **option_of(struct options *options, const char *word)
{
    return strcmp(word, "--data") == 0        ? &options->data
           : strcmp(word, "--partition") == 0 ? &options->partition
           : strcmp(word, "--broker") == 0    ? &options->broker
           : strcmp(word, "--clients") == 0   ? &options->clients
           : strcmp(word, "--clock") == 0     ? &options->clock
           : strcmp(word, "--at") == 0        ? &options->at
                                              : NULL;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char **text = option_of(options, argv[i]);
        if (strcmp(argv[i], "--die-with-parent") == 0) {
            options->dies_with_parent = true;
        } else if (text && i + 1 < argc) {
            *text = argv[++i];
        } else {
            complain("unknown option or missing value", argv[i]);
            return false;
        }
    }
    bool is_clock = !options->clock || strcmp(options->clock, "real") == 0
                    || strcmp(options->clock, "manual") == 0;
    if (options->data && options->partition && options->broker && is_clock)
        return true;
    complain("liandong-worker --data DIR --partition N --broker URL [--clients URL] "
             "[--clock real|manual] [--at INSTANT] [--die-with-parent]",
             NULL);
    return false;
}

/* The number of the partition; false: it is none. */
static bool read_partition(const char *text, uint32_t *ret_partition)
{
    uint32_t number = 0;
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text[i] - '0');
    }
    *ret_partition = number;
    return size > 0 && size < 6;
}

/* A parent that dies must not leave workers behind that nobody watches. */
static bool bind_to_parent(void)
{
    pid_t parent = getppid();
    return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

static void start_clock(struct worker *worker, const struct options *options,
                        const struct agenda_recovery *recovery)
{
    struct clock_reading reading = worker_read_clock();
    int64_t floor_ms = recovery->now_ms, at_ms = INSTANT_NONE;
    if (!options->clock || strcmp(options->clock, "real") == 0) {
        engine_clock_real(&worker->clock, floor_ms, reading);
        if (worker->clock.now_ms > reading.real_ms + CLOCK_JUMP_MAX_MS)
            log_line("clock=standing partition=%u reason=journal-ahead ms=%lld", worker->partition,
                     (long long)(worker->clock.now_ms - reading.real_ms));
        return;
    }
    if (options->at
        && instant_parse(bytes_from_text(options->at), shelf_zone(worker->shelf), &at_ms)
        && !recovery->has_happenings)
        floor_ms = INSTANT_NONE; /* nothing but deployments: it may begin in the past */
    if (at_ms < floor_ms)
        at_ms = floor_ms;
    engine_clock_manual(&worker->clock, at_ms == INSTANT_NONE ? reading.real_ms : at_ms);
}

/* Whether time may mend it: a disk or memory that is full, a device that fails now and then, and a
 * worker of the last `serve` that has not ended yet and holds the store. What is missing, damaged
 * or of another folder stays so. */
static int exit_of(enum ld_err err)
{
    bool may_pass = err == LD_FULL || err == LD_IO || err == LD_IN_USE;
    return may_pass ? WORKER_EXIT_DOUBT : WORKER_EXIT_UNUSABLE;
}

/* 0, or what to exit with after a line that says why. */
static int open_store(struct worker *worker, const char *folder)
{
    struct store_head head;
    char path[PATH_SIZE_MAX];
    enum ld_err err = store_lmdb_open(folder, worker->partition, &worker->store);
    if (err != LD_OK) {
        complain(ld_err_en(err), folder);
        return exit_of(err);
    }
    worker->store->ops->head(worker->store, &head);
    worker->identity = head.identity;
    worker->epoch = head.epoch;
    int size = snprintf(path, sizeof path, "%s/p%u.suspects", folder, worker->partition);
    bool is_path = size > 0 && (size_t)size < sizeof path;
    err = is_path ? poison_open(&worker->poison, path) : LD_INVALID;
    if (err == LD_OK)
        return 0;
    complain("cannot keep the list of suspect events", path);
    return WORKER_EXIT_UNUSABLE;
}

static int recover(struct worker *worker, const struct options *options)
{
    struct agenda_recovery recovery;
    struct agenda_rooms rooms = {
        .store = worker->store,
        .shelf = worker->shelf,
        .clock = &worker->clock,
        .poison = &worker->poison,
        .delivery = worker->clients_url ? &worker->delivery : NULL,
    };
    worker->agenda = agenda_create(&rooms);
    if (!worker->agenda) {
        complain("no memory", NULL);
        return WORKER_EXIT_DOUBT;
    }
    int64_t began_ms = worker_read_clock().boot_ms;
    uint64_t delivered = 0;
    enum ld_err err = agenda_recover(worker->agenda, &recovery);
    if (err == LD_OK)
        err = agenda_delivered(worker->agenda, &delivered);
    if (err != LD_OK) {
        complain("the partition cannot be recovered", ld_err_en(err));
        return exit_of(err);
    }
    atomic_store(&worker->delivered, delivered);
    start_clock(worker, options, &recovery);
    log_line("recovered partition=%u epoch=%llu rows=%llu ms=%lld", worker->partition,
             (unsigned long long)worker->epoch, (unsigned long long)recovery.rows,
             (long long)(worker_read_clock().boot_ms - began_ms));
    return 0;
}

static int run_threads(struct worker *worker, struct loop *loop)
{
    pthread_t writer, query, merger, courier;
    if (pthread_create(&writer, NULL, writer_run, worker) != 0
        || pthread_create(&query, NULL, query_run, worker) != 0
        || pthread_create(&merger, NULL, merger_run, worker) != 0
        || pthread_create(&courier, NULL, courier_run, worker) != 0)
        worker_stop_in_doubt("no thread");
    int status = loop_run(loop);
    mailbox_close(&worker->courier_box); /* first: the writer keeps how far it has come */
    LD_ASSERT(pthread_join(courier, NULL) == 0);
    mailbox_close(&worker->writer_box);
    mailbox_close(&worker->query_box);
    mailbox_close(&worker->merger_box);
    LD_ASSERT(pthread_join(writer, NULL) == 0);
    LD_ASSERT(pthread_join(query, NULL) == 0);
    LD_ASSERT(pthread_join(merger, NULL) == 0);
    loop_drain(loop);
    return status;
}

static int serve(struct worker *worker, const struct options *options)
{
    struct loop *loop = NULL;
    int status = open_store(worker, options->data);
    if (status == 0)
        status = recover(worker, options);
    if (status != 0)
        return status;
    enum ld_err err = loop_create(worker, &loop);
    if (err != LD_OK) {
        complain("cannot connect to the broker", worker->broker_url);
        return err == LD_INVALID ? WORKER_EXIT_UNUSABLE : WORKER_EXIT_DOUBT;
    }
    status = run_threads(worker, loop);
    loop_destroy(loop);
    return status;
}

static void open_boxes(struct worker *worker)
{
    mailbox_init(&worker->writer_box);
    mailbox_init(&worker->query_box);
    mailbox_init(&worker->merger_box);
    mailbox_init(&worker->courier_box);
    mailbox_init(&worker->out_box);
    LD_ASSERT(pthread_mutex_init(&worker->merging, NULL) == 0);
}

static void close_all(struct worker *worker)
{
    agenda_destroy(worker->agenda);
    mailbox_fini(&worker->writer_box);
    mailbox_fini(&worker->query_box);
    mailbox_fini(&worker->merger_box);
    mailbox_fini(&worker->courier_box);
    mailbox_fini(&worker->out_box);
    poison_close(&worker->poison);
    if (worker->store)
        worker->store->ops->close(worker->store);
    shelf_fini(worker->shelf);
    free(worker->shelf);
    LD_ASSERT(pthread_mutex_destroy(&worker->merging) == 0);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct worker worker = {.poison = {.file = -1}};
    log_open("liandong-worker");
    if (!read_options(argc, argv, &options))
        return EXIT_USAGE_OFF;
    if (!read_partition(options.partition, &worker.partition)) {
        complain("not a partition", options.partition);
        return EXIT_USAGE_OFF;
    }
    if (options.dies_with_parent && !bind_to_parent())
        return 0;
    /* A full disk and a gone peer are answers of the calls, not reasons to die. */
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return WORKER_EXIT_DOUBT;
    worker.broker_url = options.broker;
    worker.clients_url = options.clients;
    worker.shelf = calloc(1, sizeof *worker.shelf);
    if (!worker.shelf)
        return WORKER_EXIT_DOUBT;
    shelf_init(worker.shelf);
    open_boxes(&worker);
    int status = serve(&worker, &options);
    close_all(&worker);
    return status;
}
