#include "tools/bench/drive.h"

#include "proto/client.h"
#include "tools/bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A client owns places, each with one open case that goes through its life step by step and is then
 * replaced by a new one: the number of open cases stays what was asked for.
 *
 *   place: free ──into a message──▶ out ──its fate──▶ free, one step further
 *
 * A place that is out is never chosen, so no two messages hold events of one case, as the order of
 * a case's events wants it. Places are grouped by partition, since a message goes to one; the first
 * hundredth of each group is the hot one. What is chosen follows from the client's number alone. */

enum {
    WAIT_MS = 100,
    SILENCE_MS = 30000, /* without any answer: the system is gone */
    SCRATCH_SIZE = 4 << 20,
    OPEN_WAIT_MS = 30000,
    HOT_OF = 100,
};

struct place {
    uint32_t serial;
    uint8_t step;
    bool is_out;
};

struct sent {
    uint64_t seq; /* 0: free */
    uint64_t at_ns;
    uint32_t partition, count;
    uint32_t places[DRIVE_EVENTS_MAX];
};

struct drive_client {
    struct drive *drive;
    uint32_t number;
    pthread_t thread;
    struct client *client;
    struct place *places;        /* partitions * per_partition */
    uint32_t per_partition, hot; /* hot: of each partition's, the first */
    uint32_t next_serial[DRIVE_PARTITIONS_MAX], places_out[DRIVE_PARTITIONS_MAX];
    uint32_t next_partition;
    uint32_t opened; /* places whose case was begun, while opening */
    uint64_t random;
    struct sent sent[DRIVE_OUTSTANDING_MAX];
    uint32_t out;
    uint64_t published; /* events, in the second phase */
    struct drive_result result;
    struct arena arena;
    struct buffer body;
    uint64_t heard_ns;
    enum ld_err err;
};

/* xorshift64* (Vigna 2016): good enough to spread cases, and the same in each run. */
static uint32_t draw(struct drive_client *client, uint32_t below)
{
    client->random ^= client->random >> 12;
    client->random ^= client->random << 25;
    client->random ^= client->random >> 27;
    return (uint32_t)((client->random * 2685821657736338717u) >> 33) % below;
}

/* --- choosing -------------------------------------------------------------------------------- */

static uint32_t first_place(const struct drive_client *client, uint32_t partition)
{
    return partition * client->per_partition;
}

static void begin_case(struct drive_client *client, uint32_t partition, struct place *place)
{
    uint32_t *next = &client->next_serial[partition];

    place->serial =
        workload_serial_in(client->number, *next, partition, client->drive->options.partitions);
    place->step = 0;
    *next = place->serial + 1;
}

/* A free place among the first so many of a partition; false: all are out. */
static bool find_free(struct drive_client *client, uint32_t partition, uint32_t among,
                      uint32_t *ret_place)
{
    uint32_t first = first_place(client, partition), from = draw(client, among);

    for (uint32_t i = 0; i < among; i++) {
        uint32_t place = first + (from + i) % among;
        if (!client->places[place].is_out) {
            *ret_place = place;
            return true;
        }
    }
    return false;
}

static bool choose(struct drive_client *client, uint32_t partition, uint32_t *ret_place)
{
    bool is_hot = draw(client, 100) < client->drive->options.hot_percent;

    return (is_hot && find_free(client, partition, client->hot, ret_place))
           || find_free(client, partition, client->per_partition, ret_place);
}

/* While opening: each place once, in turn. */
static bool choose_unopened(struct drive_client *client, uint32_t partition, uint32_t *ret_place)
{
    uint32_t end = first_place(client, partition) + client->per_partition;

    if (client->opened >= end || client->opened < first_place(client, partition))
        return false;
    *ret_place = client->opened++;
    return true;
}

/* --- sending --------------------------------------------------------------------------------- */

static struct sent *free_message(struct drive_client *client)
{
    for (uint32_t i = 0; i < DRIVE_OUTSTANDING_MAX; i++) {
        if (client->sent[i].seq == 0)
            return &client->sent[i];
    }
    return NULL;
}

static void put_event(struct drive_client *client, const struct place *place)
{
    struct workload_name name = {client->number, place->serial, place->step};
    struct workload_event event;
    struct value map;
    size_t mark = arena_mark(&client->arena);
    enum ld_err err;

    workload_make(&name, &event);
    err = envelope_to_value(&event.envelope, &client->arena, &map);
    LD_ASSERT(err == LD_OK); /* a dozen entries in an arena of megabytes */
    codec_encode(&map, &client->body);
    arena_rewind(&client->arena, mark);
}

/* Fills a message with what the chooser finds; it may be empty. */
static void fill(struct drive_client *client, struct sent *sent, uint32_t wanted,
                 bool (*chooser)(struct drive_client *, uint32_t, uint32_t *))
{
    uint32_t place;

    sent->count = 0;
    arena_clear(&client->arena);
    buffer_clear(&client->body);
    buffer_put_u8(&client->body, 0xdc); /* msgpack: array 16, its count once it is known */
    buffer_put_u16(&client->body, 0);
    while (sent->count < wanted && chooser(client, sent->partition, &place)) {
        client->places[place].is_out = true;
        sent->places[sent->count++] = place;
        put_event(client, &client->places[place]);
    }
    client->body.ptr[1] = (uint8_t)(sent->count >> 8);
    client->body.ptr[2] = (uint8_t)sent->count;
    LD_ASSERT(!client->body.is_full); /* 256 events of some hundred bytes */
}

/* False: there was nothing to send to the partition, or no way to. */
static bool send_one(struct drive_client *client, uint32_t partition, uint32_t wanted,
                     bool (*chooser)(struct drive_client *, uint32_t, uint32_t *))
{
    struct sent *sent = free_message(client);

    LD_ASSERT(sent); /* no more are out than there are */
    sent->partition = partition;
    fill(client, sent, wanted, chooser);
    if (sent->count == 0)
        return false;
    sent->at_ns = measure_now_ns();
    client->err = client_send(client->client, WIRE_PUBLISH, partition, buffer_bytes(&client->body),
                              &sent->seq);
    if (client->err != LD_OK) {
        sent->seq = 0;
        return false;
    }
    client->out++;
    client->places_out[partition] += sent->count;
    return true;
}

/* --- fates ----------------------------------------------------------------------------------- */

/* LD_FULL: no memory to remember it in. */
static enum ld_err remember(struct acked *acked, uint32_t serial, uint8_t step)
{
    if (serial >= acked->count) {
        uint32_t count = serial < 1024 ? 2048 : serial * 2;
        uint16_t *steps = realloc(acked->steps, (size_t)count * sizeof *steps);
        if (steps == NULL)
            return LD_FULL;
        memset(steps + acked->count, 0, (size_t)(count - acked->count) * sizeof *steps);
        acked->steps = steps;
        acked->count = count;
    }
    acked->steps[serial] = (uint16_t)(acked->steps[serial] | 1u << step);
    return LD_OK;
}

static void note_refusal(struct drive_client *client, struct bytes code)
{
    if (client->result.refused++ == 0)
        (void)snprintf(client->result.refusal, sizeof client->result.refusal, "%.*s",
                       BYTES_PRINTF(code));
}

/* A case that did not take its event has no next step: another takes its place. */
static void take_fate(struct drive_client *client, uint32_t partition, struct place *place,
                      const struct value *fate)
{
    struct bytes word = value_get_text(fate, "fate");
    bool is_duplicate = bytes_is(word, "duplicate");

    place->is_out = false;
    if (!is_duplicate && !bytes_is(word, "applied") && !bytes_is(word, "started")) {
        note_refusal(client, value_get_text(fate, "code"));
        begin_case(client, partition, place);
        return;
    }
    client->result.events++;
    client->result.duplicates += is_duplicate;
    client->err = remember(&client->drive->acked[client->number], place->serial, place->step);
    place->step++;
    if (place->step == WORKLOAD_STEPS)
        begin_case(client, partition, place);
}

static void take_fates(struct drive_client *client, const struct sent *sent,
                       const struct client_answer *answer)
{
    struct value fates = VALUE_ABSENT;
    bool is_whole;

    arena_clear(&client->arena);
    if (answer->header.kind == WIRE_FATES
        && codec_decode(answer->body, WIRE_ANSWER_DEPTH_MAX, &client->arena, &fates) != LD_OK)
        fates = VALUE_ABSENT;
    is_whole = fates.kind == VALUE_LIST && fates.as.list.count == sent->count;
    for (uint32_t i = 0; i < sent->count; i++) {
        struct place *place = &client->places[sent->places[i]];
        if (is_whole && client->err == LD_OK) {
            take_fate(client, sent->partition, place, &fates.as.list.items[i]);
        } else {
            client->result.fateless++;
            place->is_out = false;
            begin_case(client, sent->partition, place);
        }
    }
}

static void take_answer(struct drive_client *client, const struct client_answer *answer)
{
    for (uint32_t i = 0; i < DRIVE_OUTSTANDING_MAX; i++) {
        struct sent *sent = &client->sent[i];
        if (sent->seq != answer->seq)
            continue;
        client->heard_ns = measure_now_ns();
        histogram_add(&client->result.latency, client->heard_ns - sent->at_ns);
        client->result.messages++;
        take_fates(client, sent, answer);
        (void)atomic_fetch_add(&client->drive->answered, sent->count);
        sent->seq = 0;
        client->out--;
        client->places_out[sent->partition] -= sent->count;
        return;
    }
}

/* All that is there, waiting for the first. */
static void receive(struct drive_client *client)
{
    struct client_answer answer;
    enum ld_err err = client_receive(client->client, WAIT_MS, &answer);

    while (err == LD_OK) {
        take_answer(client, &answer);
        err = client_receive(client->client, 0, &answer);
    }
    if (err != LD_TIMEOUT)
        client->err = err;
    else if (measure_now_ns() - client->heard_ns > SILENCE_MS * (uint64_t)1000000)
        client->err = LD_IO;
}

/* --- the two phases -------------------------------------------------------------------------- */

static bool may_go_on(const struct drive_client *client, uint64_t end_ns)
{
    return client->err == LD_OK && !atomic_load(&client->drive->is_stopped)
           && measure_now_ns() < end_ns;
}

/* Partition by partition, in full messages. */
static void open_cases(struct drive_client *client)
{
    const struct drive_options *options = &client->drive->options;
    uint64_t end_ns = measure_now_ns() + options->open_ns;
    uint32_t partition = 0;

    while (may_go_on(client, end_ns) && (partition < options->partitions || client->out > 0)) {
        while (client->out < options->outstanding && partition < options->partitions) {
            if (!send_one(client, partition, DRIVE_EVENTS_MAX, choose_unopened))
                partition++;
        }
        receive(client);
    }
    if (client->err == LD_OK && (partition < options->partitions || client->out > 0))
        client->err = LD_TIMEOUT;
}

/* A message is full, but for the last of all. */
static uint32_t size_of_next(const struct drive_client *client)
{
    const struct drive_options *options = &client->drive->options;
    uint64_t left = options->events - client->published;

    return options->events > 0 && left < options->per_message ? (uint32_t)left
                                                              : options->per_message;
}

/* One to the next partition, in turn, that has cases enough free; false: none has. */
static bool send_next(struct drive_client *client)
{
    uint32_t partitions = client->drive->options.partitions, wanted = size_of_next(client);

    for (uint32_t i = 0; i < partitions; i++) {
        uint32_t partition = client->next_partition++ % partitions;
        if (client->per_partition - client->places_out[partition] < wanted)
            continue;
        if (!send_one(client, partition, wanted, choose))
            return false;
        client->published += wanted;
        return true;
    }
    return false;
}

static bool has_more(const struct drive_client *client)
{
    uint64_t events = client->drive->options.events;

    return events == 0 || client->published < events;
}

static void publish(struct drive_client *client)
{
    const struct drive_options *options = &client->drive->options;
    uint64_t end_ns = measure_now_ns() + options->run_ns;

    client->heard_ns = measure_now_ns();
    while (may_go_on(client, end_ns) && has_more(client)) {
        while (client->out < options->outstanding && has_more(client) && send_next(client))
            ;
        receive(client);
    }
    while (client->err == LD_OK && client->out > 0 && !atomic_load(&client->drive->is_stopped))
        receive(client);
}

/* The mutex and its condition cannot fail in these uses (POSIX). */
static void await_gate(struct drive *drive)
{
    (void)pthread_mutex_lock(&drive->mutex);
    while (!drive->is_gate_open)
        (void)pthread_cond_wait(&drive->gate, &drive->mutex);
    (void)pthread_mutex_unlock(&drive->mutex);
}

static void open_gate(struct drive *drive)
{
    (void)pthread_mutex_lock(&drive->mutex);
    drive->is_gate_open = true;
    (void)pthread_cond_broadcast(&drive->gate);
    (void)pthread_mutex_unlock(&drive->mutex);
}

static void *run_client(void *argument)
{
    struct drive_client *client = argument;
    struct drive *drive = client->drive;
    uint32_t partitions;

    client->err = client_wait_open(client->client, OPEN_WAIT_MS, &partitions);
    client->heard_ns = measure_now_ns();
    if (client->err == LD_OK)
        open_cases(client);
    (void)atomic_fetch_sub(&drive->running, 1);
    await_gate(drive); /* all are open; now it is looked at what that has cost */
    client->result = (struct drive_result){.refused = client->result.refused,
                                           .fateless = client->result.fateless};
    if (client->err == LD_OK)
        publish(client);
    (void)atomic_fetch_sub(&drive->running, 1);
    return NULL;
}

/* --- all clients ----------------------------------------------------------------------------- */

static enum ld_err prepare(struct drive *drive, uint32_t number, struct drive_client *client)
{
    const struct drive_options *options = &drive->options;
    uint8_t *memory = malloc(SCRATCH_SIZE + WIRE_BODY_MAX);
    uint32_t count;

    client->drive = drive;
    client->number = number;
    client->random = number + 1;
    client->per_partition = options->cases / options->clients / options->partitions;
    if (client->per_partition == 0)
        client->per_partition = 1;
    client->hot = (client->per_partition + HOT_OF - 1) / HOT_OF;
    count = client->per_partition * options->partitions;
    client->places = calloc(count, sizeof *client->places);
    if (memory == NULL || client->places == NULL) {
        free(memory);
        return LD_FULL;
    }
    arena_init(&client->arena, memory, SCRATCH_SIZE);
    buffer_init(&client->body, memory + SCRATCH_SIZE, WIRE_BODY_MAX);
    for (uint32_t i = 0; i < count; i++)
        begin_case(client, i / client->per_partition, &client->places[i]);
    return client_open(options->url, &client->client);
}

enum ld_err drive_open(const struct drive_options *options, struct drive *drive)
{
    *drive = (struct drive){.options = *options};
    drive->clients = calloc(options->clients, sizeof *drive->clients);
    drive->acked = calloc(options->clients, sizeof *drive->acked);
    (void)pthread_mutex_init(&drive->mutex, NULL); /* with default attributes glibc never fails */
    (void)pthread_cond_init(&drive->gate, NULL);
    if (drive->clients == NULL || drive->acked == NULL)
        return LD_FULL;
    for (uint32_t i = 0; i < options->clients; i++) {
        enum ld_err err = prepare(drive, i, &drive->clients[i]);
        if (err != LD_OK)
            return err;
    }
    atomic_store(&drive->running, (int)options->clients);
    for (uint32_t i = 0; i < options->clients; i++) {
        struct drive_client *client = &drive->clients[i];
        if (pthread_create(&client->thread, NULL, run_client, client) != 0)
            return LD_FULL;
        drive->started++;
    }
    return LD_OK;
}

bool drive_is_running(struct drive *drive)
{
    return atomic_load(&drive->running) > 0;
}

static enum ld_err first_error(const struct drive *drive)
{
    for (uint32_t i = 0; i < drive->options.clients; i++) {
        if (drive->clients[i].err != LD_OK)
            return drive->clients[i].err;
    }
    return LD_OK;
}

enum ld_err drive_begin(struct drive *drive)
{
    enum ld_err err = drive_is_running(drive) ? LD_BUSY : first_error(drive);

    if (err != LD_OK)
        return err;
    atomic_store(&drive->answered, 0);
    atomic_store(&drive->running, (int)drive->options.clients);
    open_gate(drive);
    return LD_OK;
}

static void join_all(struct drive *drive)
{
    for (; drive->started > 0; drive->started--)
        (void)pthread_join(drive->clients[drive->started - 1].thread, NULL);
}

enum ld_err drive_end(struct drive *drive, struct drive_result *ret_result)
{
    *ret_result = (struct drive_result){0};
    join_all(drive);
    for (uint32_t i = 0; i < drive->options.clients; i++) {
        const struct drive_result *own = &drive->clients[i].result;
        histogram_merge(&ret_result->latency, &own->latency);
        ret_result->events += own->events;
        ret_result->messages += own->messages;
        ret_result->duplicates += own->duplicates;
        ret_result->refused += own->refused;
        ret_result->fateless += own->fateless;
        if (ret_result->refusal[0] == '\0')
            memcpy(ret_result->refusal, own->refusal, sizeof own->refusal);
    }
    return first_error(drive);
}

void drive_close(struct drive *drive)
{
    atomic_store(&drive->is_stopped, true);
    open_gate(drive);
    join_all(drive);
    for (uint32_t i = 0; drive->clients != NULL && i < drive->options.clients; i++) {
        struct drive_client *client = &drive->clients[i];
        client_close(client->client);
        free(client->places);
        free(client->arena.block);
        if (drive->acked != NULL)
            free(drive->acked[i].steps);
    }
    free(drive->clients);
    free(drive->acked);
    (void)pthread_cond_destroy(&drive->gate);
    (void)pthread_mutex_destroy(&drive->mutex);
    drive->clients = NULL;
}
