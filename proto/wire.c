/* The header frame and its words (PROTOCOL.md §3).
 *
 * A header is a flat map. Which fields there are is said once, in the table below, and both
 * directions walk that table. A field that is zero is left out, which is why zero means "not said"
 * for each of them. What a newer peer adds is passed over; what it says in a known key must be of
 * the known type and within its bound. */
#include "proto/wire.h"

#include "base/crc32.h"

#include <stddef.h>

static const char *const kind_words[] = {
#define X(name, word) word,
    WIRE_KIND_TABLE(X)
#undef X
};

static const struct wire_error_row error_rows[] = {
#define X(name, number, word, zh, en) {WIRE_ERROR_##name, word, zh, en},
    WIRE_ERROR_TABLE(X)
#undef X
};

const char *wire_kind_word(enum wire_kind kind)
{
    LD_ASSERT(kind < WIRE_KIND_COUNT);
    return kind_words[kind];
}

const struct wire_error_row *wire_error_words(enum wire_error error)
{
    /* A newer peer may know more codes than this table. */
    static const struct wire_error_row other = {WIRE_ERROR_REFUSED, "error", "未知的错误",
                                                "an error of a kind not known here"};
    for (size_t i = 0; i < sizeof error_rows / sizeof error_rows[0]; i++) {
        if (error_rows[i].error == error)
            return &error_rows[i];
    }
    return &other;
}

/* Numbers of the header are counted up to 2^63 - 1, the largest that every language's integers
 * hold; 32-bit fields have bounds of their own. */
struct number_field {
    const char *key;
    size_t offset;
    bool is_wide; /* uint64_t, else uint32_t */
    uint64_t max;
};

#define WIDE(key, member)                                                                          \
    {                                                                                              \
        key, offsetof(struct wire_header, member), true, INT64_MAX                                 \
    }
#define NARROW(key, member, max)                                                                   \
    {                                                                                              \
        key, offsetof(struct wire_header, member), false, max                                      \
    }

static const struct number_field numbers[] = {
    NARROW("v", version, UINT16_MAX),
    WIDE("seq", seq),
    WIDE("token", token),
    NARROW("part", partition, PARTITION_ALL),
    NARROW("parts", partitions, PARTITION_BROKER),
    WIDE("epoch", epoch),
    WIDE("session", session),
    NARROW("credit", credit, UINT32_MAX),
    NARROW("retry", retry_ms, UINT32_MAX),
    NARROW("pid", pid, UINT32_MAX),
};

enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

static uint64_t get_number(const struct wire_header *header, const struct number_field *field)
{
    const char *place = (const char *)header + field->offset;
    return field->is_wide ? *(const uint64_t *)(const void *)place
                          : *(const uint32_t *)(const void *)place;
}

static void set_number(struct wire_header *header, const struct number_field *field,
                       uint64_t number)
{
    char *place = (char *)header + field->offset;
    if (field->is_wide)
        *(uint64_t *)(void *)place = number;
    else
        *(uint32_t *)(void *)place = (uint32_t)number;
}

static bool has_inner(enum wire_kind kind)
{
    return kind == WIRE_DELIVER || kind == WIRE_REPLY;
}

/* --- decoding ------------------------------------------------------------------------------- */

static bool take_number(const struct value *map, const struct number_field *field,
                        struct wire_header *header)
{
    const struct value *value = value_get(map, field->key);
    if (!value)
        return true;
    if (value->kind != VALUE_INT || value->as.integer < 0
        || (uint64_t)value->as.integer > field->max)
        return false;
    set_number(header, field, (uint64_t)value->as.integer);
    return true;
}

/* A word this version does not know gives WIRE_KIND_COUNT. */
static enum wire_kind kind_of(struct bytes word)
{
    int kind = 0;
    while (kind < WIRE_KIND_COUNT && !bytes_is(word, kind_words[kind]))
        kind++;
    return (enum wire_kind)kind;
}

static bool take_kind(const struct value *map, const char *key, enum wire_kind *kind)
{
    const struct value *value = value_get(map, key);
    if (!value || value->kind != VALUE_TEXT)
        return false;
    *kind = kind_of(value->as.text);
    return true;
}

static bool take_fields(const struct value *map, struct wire_header *header)
{
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        if (!take_number(map, &numbers[i], header))
            return false;
    }
    const struct value *again = value_get(map, "again");
    if (again && again->kind != VALUE_BOOL)
        return false;
    header->is_again = again && again->as.boolean;
    int64_t code = value_get(map, "code") ? value_get_int(map, "code", -1) : 0;
    if (code < 0 || code > UINT16_MAX)
        return false;
    header->code = (enum wire_error)code;
    return take_kind(map, "kind", &header->kind);
}

/* What a message of the kind cannot do without. */
static bool is_complete(const struct wire_header *header)
{
    switch (header->kind) {
    case WIRE_PUBLISH:
    case WIRE_REQUEST:
    case WIRE_FATES:
    case WIRE_ANSWER:
    case WIRE_BUSY: return header->seq > 0;
    case WIRE_DELIVER:
    case WIRE_REPLY: return header->token > 0;
    case WIRE_WELCOME:
    case WIRE_REGISTERED: return header->partitions > 0;
    case WIRE_ERROR: return header->code != WIRE_ERROR_NONE;
    case WIRE_HELLO:
    case WIRE_PING:
    case WIRE_PONG:
    case WIRE_REGISTER:
    case WIRE_FENCED:
    case WIRE_BEAT:
    case WIRE_KIND_COUNT: return true;
    }
    return false;
}

enum ld_err wire_header_decode(struct bytes bytes, struct wire_header *ret_header)
{
    /* The costliest byte of msgpack is an empty list: itself and its alignment, 40 bytes. */
    uint8_t block[48 * WIRE_HEADER_MAX];
    struct arena arena;
    struct value map;
    struct wire_header header = {0};
    if (bytes.size > WIRE_HEADER_MAX)
        return LD_INVALID;
    arena_init(&arena, block, sizeof block);
    if (codec_decode(bytes, WIRE_DEPTH_MAX, &arena, &map) || map.kind != VALUE_MAP)
        return LD_INVALID;
    if (!take_fields(&map, &header) || !is_complete(&header))
        return LD_INVALID;
    if (has_inner(header.kind) && !take_kind(&map, "inner", &header.inner))
        return LD_INVALID;
    *ret_header = header;
    bool is_known = header.kind != WIRE_KIND_COUNT && header.inner != WIRE_KIND_COUNT;
    return is_known ? LD_OK : LD_UNSUPPORTED;
}

/* --- encoding ------------------------------------------------------------------------------- */

void wire_header_encode(const struct wire_header *header, struct buffer *buffer)
{
    struct value_entry entries[NUMBER_COUNT + 4];
    struct value_builder builder = {entries, NUMBER_COUNT + 4, 0};
    value_put(&builder, "kind", value_words(wire_kind_word(header->kind)));
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        uint64_t number = get_number(header, &numbers[i]) & INT64_MAX;
        if (number)
            value_put(&builder, numbers[i].key, value_int((int64_t)number));
    }
    if (header->code != WIRE_ERROR_NONE)
        value_put(&builder, "code", value_int((int64_t)header->code));
    if (has_inner(header->kind))
        value_put(&builder, "inner", value_words(wire_kind_word(header->inner)));
    if (header->is_again)
        value_put(&builder, "again", value_bool(true));
    struct value map = value_built(&builder);
    codec_encode(&map, buffer);
}

uint32_t wire_partition(struct bytes case_id, uint32_t partitions)
{
    LD_ASSERT(partitions > 0);
    struct bytes root = bytes_slice(case_id, 0, bytes_find(case_id, BYTES_LITERAL("/")));
    return crc32_of(root) % partitions;
}
