/* One connection for one command: opened, asked and complained about in one way. The client below
 * resends by itself; what comes back as false here is final for the command. */
#include "tools/liandong/online.h"

#include "proto/limits.h"

#include <stdlib.h>

enum { TIMEOUT_DEFAULT_S = 30, TIMEOUT_MAX_S = 86400 };

struct connection {
    struct command_context *context;
    const char *url;
    struct client *client;
    uint32_t partitions;
    int64_t timeout_ms;
    int exit;
};

static int64_t timeout_of(const struct command_context *context, const char *text)
{
    char *end;
    if (!text)
        return (int64_t)TIMEOUT_DEFAULT_S * 1000;
    double seconds = strtod(text, &end);
    if (end == text || *end || !(seconds > 0 && seconds <= TIMEOUT_MAX_S))
        usage_error(context, "--timeout 须为秒数", "--timeout must be a number of seconds");
    return (int64_t)(seconds * 1000);
}

static const char *url_of(const char *url)
{
    const char *environment = getenv("LIANDONG_URL");
    if (url)
        return url;
    return environment && environment[0] ? environment : DEFAULT_URL;
}

static bool fail(struct connection *connection, int exit)
{
    connection->exit = exit;
    return false;
}

/* What a call on the client came to, for people. */
static bool fail_for(struct connection *connection, enum ld_err err)
{
    double seconds = (double)connection->timeout_ms / 1000;
    if (err == LD_TIMEOUT)
        complain(connection->context, "%s 在 %g 秒内没有答复", "no answer from %s within %g s",
                 connection->url, seconds);
    else
        complain(connection->context, "与 %s 通信失败:%s(%s)", "talking to %s failed: %s (%s)",
                 connection->url, say(connection->context, ld_err_zh(err), ld_err_en(err)),
                 ld_err_word(err));
    return fail(connection, EXIT_TROUBLE);
}

static bool reach(struct connection *connection)
{
    struct command_context *context = connection->context;
    enum ld_err err = client_open(connection->url, &connection->client);
    if (err == LD_INVALID) {
        complain(context, "不是可用的地址:%s", "not a usable address: %s", connection->url);
        return false;
    }
    if (!err)
        err = client_wait_open(connection->client, connection->timeout_ms, &connection->partitions);
    if (!err && connection->partitions > CONNECTION_PARTITIONS_MAX)
        err = LD_UNSUPPORTED;
    if (err == LD_TIMEOUT)
        complain(context, "%s 处没有服务(等了 %g 秒)", "no broker at %s (waited %g s)",
                 connection->url, (double)connection->timeout_ms / 1000);
    else if (err == LD_UNSUPPORTED)
        complain(context, "%s 处的服务不支持本程序的协议版本",
                 "the broker at %s does not speak this program's protocol version",
                 connection->url);
    else if (err)
        return fail_for(connection, err);
    return err == LD_OK;
}

struct connection *connection_open(struct command_context *context, const char *url,
                                   const char *timeout)
{
    int64_t timeout_ms = timeout_of(context, timeout);
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        complain(context, "内存不足", "out of memory");
        return NULL;
    }
    *connection = (struct connection){
        .context = context, .url = url_of(url), .timeout_ms = timeout_ms, .exit = EXIT_TROUBLE};
    if (!reach(connection)) {
        connection_close(connection);
        return NULL;
    }
    return connection;
}

void connection_close(struct connection *connection)
{
    if (!connection)
        return;
    client_close(connection->client);
    free(connection);
}

uint32_t connection_partitions(const struct connection *connection)
{
    return connection->partitions;
}

struct client *connection_client(struct connection *connection)
{
    return connection->client;
}

int64_t connection_timeout_ms(const struct connection *connection)
{
    return connection->timeout_ms;
}

int connection_exit(const struct connection *connection)
{
    return connection->exit;
}

/* The sentence of an error's own body, or the general one of its code. */
static bool fail_with(struct connection *connection, enum wire_error error,
                      const struct value *body)
{
    const struct command_context *context = connection->context;
    const struct wire_error_row *words = wire_error_words(error);
    struct bytes text = value_get_text(body, context->is_zh ? "zh" : "en");
    struct bytes detail = value_get_text(body, "detail");
    if (text.size == 0)
        text = bytes_from_text(say(context, words->zh, words->en));
    complain(context, "%.*s%s%.*s", "%.*s%s%.*s", BYTES_PRINTF(text), detail.size ? ": " : "",
             BYTES_PRINTF(detail));
    bool is_answer = error == WIRE_ERROR_NOT_FOUND || error == WIRE_ERROR_REFUSED;
    return fail(connection, is_answer ? EXIT_NO : EXIT_TROUBLE);
}

bool connection_ask(struct connection *connection, uint32_t partition, const struct value *question,
                    struct arena *arena, struct value *ret_answer)
{
    enum wire_error error;
    struct value answer;
    enum ld_err err = client_ask(connection->client, partition, question, connection->timeout_ms,
                                 arena, &answer, &error);
    if (err)
        return fail_for(connection, err);
    if (error != WIRE_ERROR_NONE)
        return fail_with(connection, error, &answer);
    *ret_answer = answer;
    return true;
}

/* --- one event ------------------------------------------------------------------------------ */

static enum ld_err send_one(struct connection *connection, const struct envelope *envelope,
                            struct arena *arena, uint64_t *ret_seq)
{
    struct value event;
    struct buffer body;
    uint8_t *memory = arena_alloc(arena, WIRE_EVENT_MAX);
    enum ld_err err = envelope_to_value(envelope, arena, &event);
    if (err || !memory)
        return LD_FULL;
    struct value list = value_list(&event, 1);
    buffer_init(&body, memory, WIRE_EVENT_MAX);
    codec_encode(&list, &body);
    if (body.is_full)
        return LD_FULL;
    return client_send(connection->client, WIRE_PUBLISH,
                       wire_partition(envelope->subject, connection->partitions),
                       buffer_bytes(&body), ret_seq);
}

static enum ld_err receive_one(struct connection *connection, uint64_t seq,
                               struct client_answer *ret_answer)
{
    enum ld_err err;
    do {
        err = client_receive(connection->client, connection->timeout_ms, ret_answer);
    } while (!err && ret_answer->seq != seq);
    if (err)
        client_forget(connection->client, seq);
    return err;
}

bool connection_publish(struct connection *connection, const struct envelope *envelope,
                        struct arena *arena, struct fate_answer *ret_fate)
{
    struct client_answer answer;
    struct value body = value_map(NULL, 0);
    uint64_t seq;
    enum ld_err err = send_one(connection, envelope, arena, &seq);
    if (!err)
        err = receive_one(connection, seq, &answer);
    if (err)
        return fail_for(connection, err);
    struct bytes copy = arena_copy(arena, answer.body);
    if (copy.size)
        err = codec_decode(copy, WIRE_ANSWER_DEPTH_MAX, arena, &body);
    if (!err && answer.header.kind == WIRE_ERROR)
        return fail_with(connection, answer.header.code, &body);
    if (!err && (body.kind != VALUE_LIST || body.as.list.count != 1))
        err = LD_INVALID;
    if (!err)
        err = fate_answer_from_value(&body.as.list.items[0], ret_fate);
    return err ? fail_for(connection, err) : true;
}
