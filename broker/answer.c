#include "broker/answer.h"

#include "proto/ask.h"

#include <unistd.h>

/* The answers of partitions are put into the list as they came, byte for byte: only the heads of
 * the list and of its maps are written here. They were made by our own workers, and the client
 * scans the whole before it decodes. */

enum {
    ERROR_ENTRIES_MAX = 16,
    QUESTION_ARENA_SIZE = 64 << 10,
    ROW_ENTRIES = 6,
    STATUS_ENTRIES = 5
};

void answer_error(enum wire_error code, struct buffer *buffer)
{
    const struct wire_error_row *words = wire_error_words(code);
    struct value_entry entries[2];
    struct value_builder builder = {entries, 2, 0};
    struct value map;

    value_put(&builder, "zh", value_words(words->zh));
    value_put(&builder, "en", value_words(words->en));
    map = value_built(&builder);
    codec_encode(&map, buffer);
}

static struct value partition_row(const struct router *router, uint32_t partition,
                                  struct value_entry entries[ROW_ENTRIES])
{
    struct value_builder builder = {entries, ROW_ENTRIES, 0};
    struct router_partition_status status;

    router_partition(router, partition, &status);
    value_put(&builder, "partition", value_int(partition));
    if (status.has_worker)
        value_put(&builder, "pid", value_int(status.pid));
    if (status.epoch != 0)
        value_put(&builder, "epoch", value_int((int64_t)status.epoch));
    value_put(&builder, "queued", value_int(status.queued));
    value_put(&builder, "in_flight", value_int(status.in_flight));
    value_put(&builder, "up", value_bool(status.has_worker));
    return value_built(&builder);
}

static void write_status(const struct router *router, uint32_t partitions, uint64_t session,
                         struct buffer *buffer)
{
    struct value rows[ROUTER_PARTITIONS_MAX];
    struct value_entry cells[ROUTER_PARTITIONS_MAX][ROW_ENTRIES];
    struct value_entry entries[STATUS_ENTRIES];
    struct value_builder builder = {entries, STATUS_ENTRIES, 0};
    struct value map;

    for (uint32_t i = 0; i < partitions; i++)
        rows[i] = partition_row(router, i, cells[i]);
    value_put(&builder, "pid", value_int(getpid()));
    value_put(&builder, "version", value_words(LIANDONG_VERSION));
    value_put(&builder, "session", value_int((int64_t)session));
    value_put(&builder, "clients", value_int(router_client_count(router)));
    value_put(&builder, "partitions", value_list(rows, partitions));
    map = value_built(&builder);
    codec_encode(&map, buffer);
}

enum wire_error answer_ask(const struct router *router, uint32_t partitions, uint64_t session,
                           struct bytes question, struct buffer *buffer)
{
    uint8_t block[QUESTION_ARENA_SIZE];
    struct arena arena;
    struct value map;

    arena_init(&arena, block, sizeof block);
    if (codec_decode(question, WIRE_DEPTH_MAX, &arena, &map) != LD_OK || map.kind != VALUE_MAP)
        return WIRE_ERROR_MALFORMED;
    if (!bytes_is(value_get_text(&map, "ask"), ASK_STATUS))
        return WIRE_ERROR_UNKNOWN_ASK;
    write_status(router, partitions, session, buffer);
    return buffer->is_full ? WIRE_ERROR_TOO_LARGE : WIRE_ERROR_NONE;
}

/* --- gathering ------------------------------------------------------------------------------- */

static void put_int(struct buffer *buffer, const char *key, int64_t number)
{
    struct value name = value_words(key), value = value_int(number);

    codec_encode(&name, buffer);
    codec_encode(&value, buffer);
}

/* An answer without a body is an empty map: the list stays a list of maps. */
static void put_answer(uint32_t partition, struct bytes body, struct buffer *buffer)
{
    struct value key = value_words("answer"), none = value_map(NULL, 0);

    buffer_put_u8(buffer, 0x82); /* fixmap of two */
    put_int(buffer, "partition", partition);
    codec_encode(&key, buffer);
    if (body.size > 0)
        buffer_put(buffer, body);
    else
        codec_encode(&none, buffer);
}

static void put_error(uint32_t partition, const struct answer_part *part, struct buffer *buffer)
{
    const struct wire_error_row *words = wire_error_words(part->code);
    uint8_t block[QUESTION_ARENA_SIZE];
    struct arena arena;
    struct value_entry entries[ERROR_ENTRIES_MAX];
    struct value_builder builder = {entries, ERROR_ENTRIES_MAX, 0};
    struct value said, map;

    arena_init(&arena, block, sizeof block);
    value_put(&builder, "partition", value_int(partition));
    value_put(&builder, "error", value_words(words->word));
    if (codec_decode(part->body, WIRE_DEPTH_MAX, &arena, &said) != LD_OK || said.kind != VALUE_MAP
        || said.as.map.count == 0 || said.as.map.count > ERROR_ENTRIES_MAX - builder.count) {
        value_put(&builder, "zh", value_words(words->zh));
        value_put(&builder, "en", value_words(words->en));
    } else {
        for (uint32_t i = 0; i < said.as.map.count; i++)
            entries[builder.count++] = said.as.map.entries[i];
    }
    map = value_built(&builder);
    codec_encode(&map, buffer);
}

void answer_gathered(const struct answer_part *parts, uint32_t count, struct buffer *buffer)
{
    buffer_put_u8(buffer, 0xdc); /* array of up to 65,535 */
    buffer_put_u16(buffer, (uint16_t)count);
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].code == WIRE_ERROR_NONE)
            put_answer(i, parts[i].body, buffer);
        else
            put_error(i, &parts[i], buffer);
    }
}
