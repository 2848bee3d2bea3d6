/* The records on the wire (PROTOCOL.md): a message is two frames, a header that the broker reads
 * and a body that it forwards untouched. Frames are msgpack maps with text keys, so that any
 * language with ZeroMQ and msgpack can be a client.
 *
 *   client ─DEALER──▶ ROUTER broker ROUTER ◀──DEALER─ worker
 *     hello          ▶ welcome
 *     publish (seq)  ▶ ······ deliver (token) ▶ worker
 *     fates   (seq)  ◀ ······ reply   (token) ◀ worker   | busy (seq) ◀ broker, past a bound
 *     request (seq)  ▶ ······ deliver         answer (seq) ◀   | error (seq) ◀ what was wrong
 *     ping ▶ pong                              register, beat ▶ registered, fenced
 *
 * A key or kind is never given another meaning; unknown keys are passed over, unknown kinds are
 * answered with error. */
#ifndef LD_PROTO_WIRE_H
#define LD_PROTO_WIRE_H

#include "proto/codec.h"
#include "proto/limits.h"

#define WIRE_KIND_TABLE(X)                                                                      \
    X(HELLO, "hello")           /* client: version, name */                                     \
    X(WELCOME, "welcome")       /* broker: version, partitions, session */                      \
    X(PUBLISH, "publish")       /* client: seq, partition; body: list of events */              \
    X(FATES, "fates")           /* to the client: seq, partition; body: list of fates, in order */ \
    X(REQUEST, "request")       /* client: seq, partition; body: {ask: …} */                    \
    X(ANSWER, "answer")         /* to the client: seq, partition; body */                       \
    X(BUSY, "busy")             /* broker: seq, retry_ms: nothing was taken, send again */       \
    X(ERROR, "error")           /* broker or worker: seq, code; body: {zh, en, detail} */        \
    X(PING, "ping") X(PONG, "pong")                                                             \
    X(REGISTER, "register")     /* worker: partition, epoch, pid, credit; body {store} */        \
    X(REGISTERED, "registered") /* broker: partition, partitions */                             \
    X(FENCED, "fenced")         /* broker: another worker with a higher epoch owns it: exit */   \
    X(DELIVER, "deliver")       /* broker: token, inner (the client's kind), partition, again */ \
    X(REPLY, "reply")           /* worker: token, inner (the kind for the client) */             \
    X(BEAT, "beat")             /* worker: credit; keeps the registration alive */

enum wire_kind {
#define X(name, word) WIRE_##name,
    WIRE_KIND_TABLE(X)
#undef X
    WIRE_KIND_COUNT
};

/* Partition numbers beside 0..count-1. */
enum { PARTITION_BROKER = 0xFFFE, PARTITION_ALL = 0xFFFF };

#define WIRE_ERROR_TABLE(X)                                                                   \
    X(NONE, 0, "none", "无", "none")                                                           \
    X(MALFORMED, 1, "malformed", "报文格式错误", "the message is malformed")                     \
    X(TOO_LARGE, 2, "too-large", "报文过大", "the message is too large")                         \
    X(VERSION, 3, "version", "协议版本不受支持", "the protocol version is not supported")          \
    X(UNKNOWN_KIND, 4, "unknown-kind", "未知的报文种类", "unknown kind of message")               \
    X(PARTITION, 5, "partition", "没有这个分区", "no such partition")                            \
    X(UNAVAILABLE, 6, "unavailable", "分区暂时不可用", "the partition is not available now")       \
    X(UNKNOWN_ASK, 7, "unknown-ask", "未知的请求", "unknown request")                            \
    X(NOT_FOUND, 8, "not-found", "没有找到", "not found")                                        \
    X(REFUSED, 9, "refused", "请求被拒绝", "the request is refused")                             \
    X(NO_HELLO, 10, "no-hello", "尚未建立会话", "no session: say hello first")                   \
    X(STORE_FULL, 11, "store-full", "存储已满", "the store is full")

enum wire_error {
#define X(name, number, word, zh, en) WIRE_ERROR_##name = number,
    WIRE_ERROR_TABLE(X)
#undef X
};

struct wire_error_row {
    enum wire_error error;
    const char *word, *zh, *en;
};

/* Never NULL: a code of a newer peer has a general sentence. */
const struct wire_error_row *wire_error_words(enum wire_error error);

/* The header. A field that the kind does not have is zero and is not written. */
struct wire_header {
    enum wire_kind kind;
    uint32_t version;
    uint64_t seq;       /* the client's own number of a message; comes back with the answer */
    uint64_t token;     /* the broker's own number of a delivery */
    uint32_t partition;
    uint32_t partitions;
    uint64_t epoch;
    uint64_t session;
    uint32_t credit;    /* how many more deliveries a worker takes */
    uint32_t retry_ms;
    uint32_t pid;
    enum wire_error code;
    enum wire_kind inner;
    bool is_again;      /* delivered before: an answer may have been lost */
};

/* LD_INVALID where it is no lawful header. LD_UNSUPPORTED where it is one of a kind that this
 * version does not know: ret_header holds its numbers (to answer WIRE_ERROR_UNKNOWN_KIND), and what
 * is unknown, kind or inner, is WIRE_KIND_COUNT. Whether a version is supported is for the caller
 * to say. Numbers are at most INT64_MAX; encoding leaves their top bit out. Needs no arena: bounded
 * by WIRE_HEADER_MAX. */
LD_MUST_USE enum ld_err wire_header_decode(struct bytes bytes, struct wire_header *ret_header);
/* Writes at most WIRE_HEADER_MAX bytes. */
void wire_header_encode(const struct wire_header *header, struct buffer *buffer);
const char *wire_kind_word(enum wire_kind kind);

/* Which partition a case belongs to: CRC-32 of the root case id (what precedes the first '/'). */
uint32_t wire_partition(struct bytes case_id, uint32_t partitions);

#endif
