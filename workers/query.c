/* The thread that answers from views: lists, artifacts, and what subscribers fetch. It never
 * touches the writer's side of the store, so a long report makes no event wait.
 *
 * A fetch that finds nothing is parked: it looks again when the journal has grown, and is answered
 * without items when its time is over. Requests that say `fresh` merge first, so that the state
 * they read includes all that was acked before. */
#include "workers/worker.h"

#include "base/civil.h"
#include "proto/ask.h"
#include "workers/ask.h"

#include <stdlib.h>
#include <time.h>

enum { QUERY_ARENA_SIZE = 24 << 20, QUERY_SLEEP_MS = 1000 };

struct parked {
    struct message *message; /* owned */
    uint64_t position;       /* looked at up to here */
    int64_t until_ms;        /* monotonic */
};

struct query {
    struct worker *worker;
    struct arena arena;
    struct parked parked[WORKER_PARKED_MAX];
    uint32_t parked_count;
    struct list done;
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    LD_ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct ask ask_of(struct query *query, const struct value *question)
{
    return (struct ask){
        .question = question,
        .arena = &query->arena,
        .store = query->worker->store,
        .shelf = query->worker->shelf,
        .partition = query->worker->partition,
        .now_ms = atomic_load(&query->worker->now_ms),
    };
}

static bool decode(struct query *query, const struct message *message, struct value *ret_question)
{
    arena_clear(&query->arena);
    return codec_decode(message->body, WIRE_DEPTH_MAX, &query->arena, ret_question) == LD_OK
           && ret_question->kind == VALUE_MAP;
}

static void finish(struct query *query, struct message *message)
{
    list_push_back(&query->done, &message->node);
}

/* --- fetch ----------------------------------------------------------------------------------- */

/* One look. True: it is answered. */
static bool look(struct query *query, struct parked *parked, bool is_last)
{
    struct value question;
    struct message *message = parked->message;
    if (!decode(query, message, &question)) {
        message_refuse(message, WIRE_ERROR_MALFORMED, BYTES_NONE);
        return true;
    }
    struct ask ask = ask_of(query, &question);
    size_t mark = arena_mark(&query->arena);
    uint64_t from = parked->position;
    bool is_found = false;
    for (uint32_t max = ask_max(&ask); max > 0; max = ask_smaller(&ask, max)) {
        arena_rewind(&query->arena, mark);
        query->arena.is_exhausted = false;
        parked->position = from;
        ask.code = WIRE_ERROR_NONE;
        if (ask.store->ops->open_view(ask.store, &ask.view) != LD_OK)
            break;
        is_found = ask_fetch(&ask, &parked->position, max);
        ask.store->ops->close_view(ask.view);
        if (!is_found && !is_last)
            return false;
        if (ask_reply(&ask, message))
            return true;
    }
    message_refuse(message, WIRE_ERROR_UNAVAILABLE, BYTES_NONE);
    return true;
}

static void take_fetch(struct query *query, struct message *message, int64_t wait_ms)
{
    int64_t max_ms = wait_ms < 0 ? 0 : wait_ms > WIRE_WAIT_MAX_MS ? WIRE_WAIT_MAX_MS : wait_ms;
    struct parked parked = {.message = message, .until_ms = monotonic_ms() + max_ms};
    bool must_answer = max_ms == 0 || query->parked_count == WORKER_PARKED_MAX;
    if (look(query, &parked, must_answer))
        finish(query, message);
    else
        query->parked[query->parked_count++] = parked;
}

/* Looks again where there is more, and lets go whose time is over. */
static void look_again(struct query *query)
{
    uint64_t last = atomic_load(&query->worker->last_position);
    int64_t now_ms = monotonic_ms();
    uint32_t kept = 0;
    for (uint32_t i = 0; i < query->parked_count; i++) {
        struct parked parked = query->parked[i];
        bool is_over = now_ms >= parked.until_ms;
        bool has_more = parked.position < last;
        if ((is_over || has_more) && look(query, &parked, is_over))
            finish(query, parked.message);
        else
            query->parked[kept++] = parked;
    }
    query->parked_count = kept;
}

static int64_t sleep_ms(const struct query *query)
{
    uint64_t last = atomic_load(&query->worker->last_position);
    int64_t now_ms = monotonic_ms(), sleep_ms = QUERY_SLEEP_MS;
    for (uint32_t i = 0; i < query->parked_count; i++) {
        int64_t left_ms = query->parked[i].until_ms - now_ms;
        if (query->parked[i].position < last || left_ms <= 0)
            return 0; /* one look does not take all there is */
        if (left_ms < sleep_ms)
            sleep_ms = left_ms;
    }
    return sleep_ms;
}

/* --- lists ----------------------------------------------------------------------------------- */

enum listing { LIST_CASES, LIST_OVERDUE, LIST_ARTIFACTS, LIST_ARTIFACT, LIST_NONE };

static enum listing listing_of(struct bytes word)
{
    return bytes_is(word, ASK_CASES)       ? LIST_CASES
           : bytes_is(word, ASK_OVERDUE)   ? LIST_OVERDUE
           : bytes_is(word, ASK_ARTIFACTS) ? LIST_ARTIFACTS
           : bytes_is(word, ASK_ARTIFACT)  ? LIST_ARTIFACT
                                           : LIST_NONE;
}

static void answer_listing(struct ask *ask, enum listing listing, uint32_t max)
{
    switch (listing) {
    case LIST_CASES: ask_cases(ask, max); break;
    case LIST_OVERDUE: ask_overdue(ask, max); break;
    case LIST_ARTIFACTS: ask_artifacts(ask); break;
    case LIST_ARTIFACT: ask_artifact(ask); break;
    case LIST_NONE:
        ask_refuse(ask, WIRE_ERROR_UNKNOWN_ASK, value_get_text(ask->question, "ask"));
        break;
    }
}

/* The largest page that fits the arena and the wire. */
static void take_listing(struct query *query, struct message *message, const struct value *question)
{
    struct ask ask = ask_of(query, question);
    enum listing listing = listing_of(value_get_text(question, "ask"));
    size_t mark = arena_mark(&query->arena);
    if (value_get_bool(question, "fresh", false))
        merger_merge(query->worker);
    for (uint32_t max = ask_max(&ask); max > 0; max = ask_smaller(&ask, max)) {
        arena_rewind(&query->arena, mark);
        query->arena.is_exhausted = false;
        ask.code = WIRE_ERROR_NONE;
        if (ask.store->ops->open_view(ask.store, &ask.view) != LD_OK)
            break;
        answer_listing(&ask, listing, max);
        ask.store->ops->close_view(ask.view);
        if (ask_reply(&ask, message))
            return;
    }
    message_refuse(message, WIRE_ERROR_UNAVAILABLE, BYTES_NONE);
}

static void take(struct query *query, struct message *message)
{
    struct value question;
    if (!decode(query, message, &question)) {
        message_refuse(message, WIRE_ERROR_MALFORMED, BYTES_NONE);
        finish(query, message);
        return;
    }
    if (bytes_is(value_get_text(&question, "ask"), ASK_FETCH)) {
        take_fetch(query, message, value_get_int(&question, "wait_ms", 0));
        return;
    }
    take_listing(query, message, &question);
    finish(query, message);
}

static void end(struct query *query, struct list *inbox)
{
    for (uint32_t i = 0; i < query->parked_count; i++)
        message_destroy(query->parked[i].message);
    mailbox_put_all(&query->worker->query_box, inbox);
    free(query->arena.block);
    free(query);
}

void *query_run(void *argument)
{
    struct query *query = calloc(1, sizeof *query);
    uint8_t *block = malloc(QUERY_ARENA_SIZE);
    if (!query || !block)
        worker_stop_in_doubt("no memory for queries");
    struct list inbox;
    list_init(&inbox);
    list_init(&query->done);
    query->worker = argument;
    arena_init(&query->arena, block, QUERY_ARENA_SIZE);
    while (mailbox_take(&query->worker->query_box, &inbox, sleep_ms(query))) {
        while (!list_is_empty(&inbox)) {
            struct message *message = MESSAGE_OF(inbox.next);
            list_remove(&message->node);
            take(query, message);
        }
        look_again(query);
        if (list_is_empty(&query->done))
            continue;
        mailbox_put_all(&query->worker->out_box, &query->done);
        query->worker->notify(query->worker->notify_context);
    }
    end(query, &inbox);
    return NULL;
}
