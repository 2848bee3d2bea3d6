/* The client's side of the protocol (PROTOCOL.md §7).
 *
 * What can go wrong between a client and its answer, and what brings it right:
 *   - the broker is away or has forgotten us (it restarted): pings go unanswered or are answered
 *     no-hello; we greet again, and after the welcome everything outstanding is sent again, in
 * order;
 *   - the connection is up but dead: silence for HEARTBEAT_DEAD_MS while something is outstanding
 *     asks the shell for a new one;
 *   - the broker or the partition takes nothing at present (busy, unavailable): again after the
 * time it named, or after a delay that doubles with each try;
 *   - an answer was lost though the connection lives (which neither TCP nor the broker should do):
 *     again after a patience longer than any honest answer takes. Sending sooner would double the
 *     load just when the broker is slow.
 *
 * Invariants (session_check): outstanding counts the places in use; their numbers are distinct and
 * below next_seq; nothing but a hello or a ping is sent before the welcome. */
#include "proto/session.h"

enum {
    DELAY_FIRST_MS = 250,
    DELAY_MAX_MS = 5000,
    GREETING_DELAY_MAX_MS = 1000, /* a restarted broker should be found soon */
    PUBLISH_PATIENCE_MS = 10000,
    REQUEST_PATIENCE_MS = WIRE_WAIT_MAX_MS + 10000, /* a fetch may wait for its first item */
};

static int64_t earlier(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

/* 250 ms, doubling with each try up to the bound. */
static int64_t delay_after(uint32_t tries, int64_t bound_ms)
{
    int64_t delay_ms = DELAY_FIRST_MS;
    for (uint32_t i = 1; i < tries && delay_ms < bound_ms; i++)
        delay_ms *= 2;
    return earlier(delay_ms, bound_ms);
}

static int64_t patience(const struct session_message *message)
{
    return message->kind == WIRE_PUBLISH ? PUBLISH_PATIENCE_MS : REQUEST_PATIENCE_MS;
}

/* --- messages ------------------------------------------------------------------------------- */

static struct session_message *find(struct session *session, uint64_t seq)
{
    for (uint32_t i = 0; seq && i < SESSION_OUTSTANDING_MAX; i++) {
        if (session->messages[i].seq == seq)
            return &session->messages[i];
    }
    return NULL;
}

const struct session_message *session_find(const struct session *session, uint64_t seq)
{
    for (uint32_t i = 0; seq && i < SESSION_OUTSTANDING_MAX; i++) {
        if (session->messages[i].seq == seq)
            return &session->messages[i];
    }
    return NULL;
}

/* The due message that was taken first of those after a number: sending keeps their order. */
static struct session_message *next_due(struct session *session, uint64_t after, int64_t now_ms)
{
    struct session_message *first = NULL;
    for (uint32_t i = 0; i < SESSION_OUTSTANDING_MAX; i++) {
        struct session_message *message = &session->messages[i];
        if (message->seq <= after || message->send_at_ms > now_ms)
            continue;
        if (!first || message->seq < first->seq)
            first = message;
    }
    return first;
}

static void release(struct session *session, struct session_message *message)
{
    *message = (struct session_message){0};
    session->outstanding--;
}

uint64_t session_take(struct session *session, enum wire_kind kind, uint32_t partition,
                      struct bytes body, int64_t now_ms)
{
    LD_ASSERT(kind == WIRE_PUBLISH || kind == WIRE_REQUEST);
    if (session->outstanding == SESSION_OUTSTANDING_MAX)
        return 0;
    struct session_message *message = session->messages;
    while (message->seq)
        message++;
    if (session->outstanding == 0) {
        /* While nothing was awaited silence meant nothing: it counts from now. */
        session->heard_ms = now_ms;
        session->ping_at_ms = now_ms + HEARTBEAT_MS;
    }
    *message = (struct session_message){session->next_seq++, kind, partition, body, now_ms, 0};
    session->outstanding++;
    return message->seq;
}

void session_unsent(struct session *session, uint64_t seq, int64_t now_ms)
{
    struct session_message *message = find(session, seq);
    if (message)
        message->send_at_ms = now_ms + delay_after(message->tries, DELAY_MAX_MS);
}

void session_writable(struct session *session, int64_t now_ms)
{
    session->greet_at_ms = now_ms;
    session->ping_at_ms = now_ms;
}

void session_forget(struct session *session, uint64_t seq)
{
    struct session_message *message = find(session, seq);
    if (message)
        release(session, message);
}

/* --- effects -------------------------------------------------------------------------------- */

static bool is_full(const struct session_effects *effects)
{
    return effects->count == SESSION_EFFECTS_MAX;
}

static void add(struct session_effects *effects, enum session_effect_kind kind,
                struct wire_header header, struct bytes body)
{
    LD_ASSERT(!is_full(effects));
    effects->rows[effects->count++] = (struct session_effect){kind, header, body};
}

static void send(struct session_effects *effects, struct wire_header header, struct bytes body)
{
    add(effects, SESSION_SEND, header, body);
}

/* --- the connection ------------------------------------------------------------------------- */

static void move(struct session *session, enum session_status next)
{
    /* CLOSED is only the state of zeroed memory; the rest may follow each other, as the picture in
     * the header has it. */
    static const bool is_allowed[3][3] = {
        [SESSION_CLOSED] = {[SESSION_GREETING] = true},
        [SESSION_GREETING] = {[SESSION_OPEN] = true},
        [SESSION_OPEN] = {[SESSION_GREETING] = true},
    };
    LD_ASSERT(is_allowed[session->status][next]);
    session->status = next;
}

static void start_greeting(struct session *session, int64_t now_ms)
{
    if (session->status != SESSION_GREETING)
        move(session, SESSION_GREETING);
    session->greet_at_ms = now_ms;
    session->greetings = 0;
}

void session_init(struct session *session, int64_t now_ms)
{
    *session = (struct session){.next_seq = 1, .heard_ms = now_ms};
    start_greeting(session, now_ms);
}

static void greet(struct session *session, int64_t now_ms, struct session_effects *effects)
{
    if (now_ms < session->greet_at_ms || is_full(effects))
        return;
    session->greetings++;
    session->greet_at_ms = now_ms + delay_after(session->greetings, GREETING_DELAY_MAX_MS);
    send(effects, (struct wire_header){.kind = WIRE_HELLO, .version = WIRE_VERSION}, BYTES_NONE);
}

static void send_due(struct session *session, int64_t now_ms, struct session_effects *effects)
{
    struct session_message *message = next_due(session, 0, now_ms);
    while (message && !is_full(effects)) {
        message->tries++;
        message->send_at_ms = now_ms + patience(message);
        send(effects,
             (struct wire_header){
                 .kind = message->kind, .seq = message->seq, .partition = message->partition},
             message->body);
        message = next_due(session, message->seq, now_ms);
    }
}

static bool is_dead(const struct session *session, int64_t now_ms)
{
    return session->outstanding > 0 && now_ms - session->heard_ms >= HEARTBEAT_DEAD_MS;
}

static void ping(struct session *session, int64_t now_ms, struct session_effects *effects)
{
    if (session->outstanding == 0 || now_ms < session->ping_at_ms || is_full(effects))
        return;
    session->ping_at_ms = now_ms + HEARTBEAT_MS;
    send(effects, (struct wire_header){.kind = WIRE_PING}, BYTES_NONE);
}

void session_tick(struct session *session, int64_t now_ms, struct session_effects *effects)
{
    effects->count = 0;
    if (session->status == SESSION_OPEN && is_dead(session, now_ms)) {
        add(effects, SESSION_RESET, (struct wire_header){0}, BYTES_NONE);
        start_greeting(session, now_ms);
    }
    if (session->status == SESSION_GREETING)
        greet(session, now_ms, effects);
    if (session->status == SESSION_OPEN) {
        ping(session, now_ms, effects);
        send_due(session, now_ms, effects);
    }
}

/* --- what arrives --------------------------------------------------------------------------- */

static void receive_welcome(struct session *session, const struct wire_header *header,
                            int64_t now_ms, struct session_effects *effects)
{
    bool is_repeat = session->status == SESSION_OPEN && session->session_id == header->session;
    session->refusal = WIRE_ERROR_NONE;
    if (is_repeat)
        return; /* the answer to a second hello */
    if (session->status == SESSION_GREETING)
        move(session, SESSION_OPEN);
    session->partitions = header->partitions;
    session->session_id = header->session;
    session->greetings = 0;
    session->ping_at_ms = now_ms + HEARTBEAT_MS;
    for (uint32_t i = 0; i < SESSION_OUTSTANDING_MAX; i++)
        session->messages[i].send_at_ms = now_ms;
    add(effects, SESSION_OPENED, *header, BYTES_NONE);
}

/* Not taken now: again later. */
static void postpone(struct session *session, const struct wire_header *header, int64_t now_ms)
{
    struct session_message *message = find(session, header->seq);
    if (!message)
        return;
    int64_t delay_ms =
        header->retry_ms ? header->retry_ms : delay_after(message->tries, DELAY_MAX_MS);
    message->send_at_ms = now_ms + delay_ms;
}

static void receive_answer(struct session *session, const struct wire_header *header,
                           struct bytes body, struct session_effects *effects)
{
    struct session_message *message = find(session, header->seq);
    if (!message)
        return; /* of a message that was sent twice, or is no longer awaited */
    release(session, message);
    add(effects, SESSION_ANSWER, *header, body);
}

static void receive_error(struct session *session, const struct wire_header *header,
                          struct bytes body, int64_t now_ms, struct session_effects *effects)
{
    if (header->code == WIRE_ERROR_NO_HELLO) {
        if (session->status == SESSION_OPEN)
            start_greeting(session, now_ms);
        return;
    }
    if (header->code == WIRE_ERROR_UNAVAILABLE) {
        postpone(session, header, now_ms);
        return;
    }
    if (header->seq == 0 && session->status == SESSION_GREETING)
        session->refusal = header->code;
    receive_answer(session, header, body, effects);
}

void session_receive(struct session *session, const struct wire_header *header, struct bytes body,
                     int64_t now_ms, struct session_effects *effects)
{
    effects->count = 0;
    if (session->status == SESSION_CLOSED)
        return;
    session->heard_ms = now_ms;
    switch (header->kind) {
    case WIRE_WELCOME: receive_welcome(session, header, now_ms, effects); return;
    case WIRE_FATES:
    case WIRE_ANSWER: receive_answer(session, header, body, effects); return;
    case WIRE_BUSY: postpone(session, header, now_ms); return;
    case WIRE_ERROR: receive_error(session, header, body, now_ms, effects); return;
    case WIRE_PONG:
    /* What only a client or a worker says is not for us. */
    case WIRE_HELLO:
    case WIRE_PUBLISH:
    case WIRE_REQUEST:
    case WIRE_PING:
    case WIRE_REGISTER:
    case WIRE_REGISTERED:
    case WIRE_FENCED:
    case WIRE_DELIVER:
    case WIRE_REPLY:
    case WIRE_BEAT:
    case WIRE_KIND_COUNT: return;
    }
}

int64_t session_next_ms(const struct session *session)
{
    int64_t next_ms = INT64_MAX;
    if (session->status == SESSION_GREETING)
        return session->greet_at_ms;
    if (session->status == SESSION_CLOSED || session->outstanding == 0)
        return next_ms;
    next_ms = earlier(session->ping_at_ms, session->heard_ms + HEARTBEAT_DEAD_MS);
    for (uint32_t i = 0; i < SESSION_OUTSTANDING_MAX; i++) {
        if (session->messages[i].seq)
            next_ms = earlier(next_ms, session->messages[i].send_at_ms);
    }
    return next_ms;
}

void session_check(const struct session *session)
{
    uint32_t outstanding = 0;
    for (uint32_t i = 0; i < SESSION_OUTSTANDING_MAX; i++) {
        const struct session_message *message = &session->messages[i];
        if (message->seq == 0)
            continue;
        outstanding++;
        LD_ASSERT(message->seq < session->next_seq);
        LD_ASSERT(session_find(session, message->seq) == message);
    }
    LD_ASSERT(outstanding == session->outstanding);
    LD_ASSERT(session->status != SESSION_OPEN || session->partitions > 0);
}
