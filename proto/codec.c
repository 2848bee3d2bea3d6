/* msgpack to values and back.
 *
 * Why reading is not left to the library: its unpacker allocates what a length field promises
 * before it has seen the data (five bytes claim gigabytes), and takes duplicate keys, broken UTF-8
 * and trailing bytes. So one cursor reads tokens here, and two passes use it: the scan, which
 * allocates nothing and refuses everything that is not lawful, and the build, which after the scan
 * can fail for nothing but a full arena. Writing is the library's packer over a bounded buffer.
 *
 * Invariants:
 *   - no byte past the view is read, whatever a length says;
 *   - a container is entered only while its count fits in the bytes that are left, so the work and
 *     the arena that it can cost are linear in the size of the message;
 *   - the keys of all maps open at once are at most WIRE_KEYS_MAX, so that comparing each key with
 *     its siblings stays bounded without a table. */
#include "proto/codec.h"

#include "base/civil.h"
#include "base/utf8.h"
#include "proto/limits.h"

#include <math.h>
#include <string.h>

#include <msgpack.h>

/* More nesting than any caller asks for. */
enum { DEPTH_CEILING = 32 };

enum form {
    FORM_REFUSED, /* bin, ext, and the byte that msgpack never uses */
    FORM_NIL,
    FORM_FALSE,
    FORM_TRUE,
    FORM_FLOAT,
    FORM_UINT,
    FORM_INT,
    FORM_TEXT,
    FORM_LIST,
    FORM_MAP,
};

/* The lead bytes 0xc0..0xdf of the msgpack specification, with the octets of number behind each. */
static const struct lead {
    enum form form;
    uint8_t width;
} leads[] = {
    {FORM_NIL, 0},     {FORM_REFUSED, 0}, {FORM_FALSE, 0},   {FORM_TRUE, 0},    /* c0 .. c3 */
    {FORM_REFUSED, 0}, {FORM_REFUSED, 0}, {FORM_REFUSED, 0},                    /* bin */
    {FORM_REFUSED, 0}, {FORM_REFUSED, 0}, {FORM_REFUSED, 0},                    /* ext */
    {FORM_FLOAT, 4},   {FORM_FLOAT, 8},                                         /* ca, cb */
    {FORM_UINT, 1},    {FORM_UINT, 2},    {FORM_UINT, 4},    {FORM_UINT, 8},    /* cc .. cf */
    {FORM_INT, 1},     {FORM_INT, 2},     {FORM_INT, 4},     {FORM_INT, 8},     /* d0 .. d3 */
    {FORM_REFUSED, 0}, {FORM_REFUSED, 0}, {FORM_REFUSED, 0}, {FORM_REFUSED, 0}, /* fixext */
    {FORM_REFUSED, 0},                                                          /* fixext 16 */
    {FORM_TEXT, 1},    {FORM_TEXT, 2},    {FORM_TEXT, 4},                       /* d9 .. db */
    {FORM_LIST, 2},    {FORM_LIST, 4},    {FORM_MAP, 2},     {FORM_MAP, 4},     /* dc .. df */
};

_Static_assert(sizeof leads / sizeof leads[0] == 32, "one row for each lead byte c0 .. df");

/* A value without its children: a container gives its count alone. */
struct token {
    enum form form;
    int64_t integer;
    double real;
    struct bytes text;
    uint32_t count;
};

static uint64_t take_octets(struct reader *reader, uint8_t width)
{
    switch (width) {
    case 1: return reader_u8(reader);
    case 2: return reader_u16(reader);
    case 4: return reader_u32(reader);
    case 8: return reader_u64(reader);
    default: return 0;
    }
}

static int64_t sign_extended(uint64_t octets, uint8_t width)
{
    unsigned shift = 64U - 8U * width;
    uint64_t sign = 1ULL << (8U * width - 1U);
    uint64_t mask = UINT64_MAX >> shift;
    return (int64_t)((octets & sign) ? (octets | ~mask) : octets);
}

static double real_of(uint64_t octets, uint8_t width)
{
    double real;
    float narrow;
    uint32_t low = (uint32_t)octets;
    if (width == sizeof narrow) {
        memcpy(&narrow, &low, sizeof narrow);
        return (double)narrow;
    }
    memcpy(&real, &octets, sizeof real);
    return real;
}

/* What a lead byte c0 .. df says, once its octets have been read. */
static bool finish_token(struct reader *reader, struct lead lead, uint64_t octets,
                         struct token *token)
{
    token->form = lead.form;
    switch (lead.form) {
    case FORM_REFUSED: return false;
    case FORM_NIL:
    case FORM_FALSE:
    case FORM_TRUE: return true;
    case FORM_FLOAT: token->real = real_of(octets, lead.width); return isfinite(token->real) != 0;
    case FORM_UINT:
        token->form = FORM_INT;
        token->integer = (int64_t)octets;
        return octets <= INT64_MAX;
    case FORM_INT: token->integer = sign_extended(octets, lead.width); return true;
    case FORM_TEXT: token->text = reader_take(reader, (size_t)octets); return true;
    case FORM_LIST:
    case FORM_MAP: token->count = (uint32_t)octets; return true;
    }
    return false;
}

static bool take_token(struct reader *reader, struct token *token)
{
    uint8_t first = reader_u8(reader);
    *token = (struct token){0};
    if (reader->is_short)
        return false;
    if (first < 0x80 || first >= 0xe0) {
        token->form = FORM_INT;
        token->integer = first < 0x80 ? first : (int64_t)first - 0x100;
        return true;
    }
    if (first < 0xa0) {
        token->form = first < 0x90 ? FORM_MAP : FORM_LIST;
        token->count = first & 0x0f;
        return true;
    }
    if (first < 0xc0) {
        token->form = FORM_TEXT;
        token->text = reader_take(reader, first & 0x1f);
        return !reader->is_short;
    }
    struct lead lead = leads[first - 0xc0];
    uint64_t octets = take_octets(reader, lead.width);
    return !reader->is_short && finish_token(reader, lead, octets, token) && !reader->is_short;
}

static bool is_container(const struct token *token)
{
    return token->form == FORM_LIST || token->form == FORM_MAP;
}

/* --- the scan ------------------------------------------------------------------------------- */

struct open_container {
    uint32_t left; /* items or entries still to come */
    uint32_t first_key;
    bool is_map;
};

struct scan {
    struct reader reader;
    struct open_container open[DEPTH_CEILING];
    uint32_t depth, depth_max;
    struct bytes keys[WIRE_KEYS_MAX]; /* of all open maps, the innermost last */
    uint32_t key_count;
};

static bool scan_value(struct scan *scan)
{
    struct token token;
    if (!take_token(&scan->reader, &token))
        return false;
    if (token.form == FORM_TEXT)
        return utf8_is_valid(token.text);
    if (!is_container(&token))
        return true;
    uint64_t least = (uint64_t)token.count * (token.form == FORM_MAP ? 2 : 1);
    if (scan->depth == scan->depth_max || least > reader_left(&scan->reader))
        return false;
    scan->open[scan->depth++] =
        (struct open_container){token.count, scan->key_count, token.form == FORM_MAP};
    return true;
}

static bool scan_key(struct scan *scan, const struct open_container *map)
{
    struct token token;
    if (!take_token(&scan->reader, &token) || token.form != FORM_TEXT)
        return false;
    if (token.text.size > WIRE_KEY_MAX || scan->key_count == WIRE_KEYS_MAX)
        return false;
    for (uint32_t i = map->first_key; i < scan->key_count; i++) {
        if (bytes_equal(scan->keys[i], token.text))
            return false;
    }
    scan->keys[scan->key_count++] = token.text;
    return utf8_is_valid(token.text);
}

static bool scan_rest(struct scan *scan)
{
    while (scan->depth > 0) {
        struct open_container *top = &scan->open[scan->depth - 1];
        if (top->left == 0) {
            scan->key_count = top->first_key;
            scan->depth--;
            continue;
        }
        top->left--;
        if ((top->is_map && !scan_key(scan, top)) || !scan_value(scan))
            return false;
    }
    return true;
}

enum ld_err codec_scan(struct bytes bytes, uint32_t depth_max)
{
    LD_ASSERT(depth_max <= DEPTH_CEILING);
    struct scan scan; /* not zeroed: 8 KiB of keys that are written before they are read */
    scan.reader = (struct reader){.bytes = bytes};
    scan.depth = 0;
    scan.depth_max = depth_max;
    scan.key_count = 0;
    bool is_lawful = scan_value(&scan) && scan_rest(&scan) && reader_left(&scan.reader) == 0;
    return is_lawful ? LD_OK : LD_INVALID;
}

/* --- the build ------------------------------------------------------------------------------ */

static enum ld_err build(struct reader *reader, struct arena *arena, struct value *value);

static enum ld_err build_list(struct reader *reader, uint32_t count, struct arena *arena,
                              struct value *value)
{
    struct value *items = arena_alloc_array(arena, count, sizeof *items);
    if (!items)
        return LD_FULL;
    for (uint32_t i = 0; i < count; i++) {
        enum ld_err err = build(reader, arena, &items[i]);
        if (err)
            return err;
    }
    *value = value_list(items, count);
    return LD_OK;
}

static enum ld_err build_map(struct reader *reader, uint32_t count, struct arena *arena,
                             struct value *value)
{
    struct value_entry *entries = arena_alloc_array(arena, count, sizeof *entries);
    struct token key;
    if (!entries)
        return LD_FULL;
    for (uint32_t i = 0; i < count; i++) {
        bool is_taken = take_token(reader, &key);
        LD_ASSERT(is_taken);
        entries[i].key = key.text;
        enum ld_err err = build(reader, arena, &entries[i].value);
        if (err)
            return err;
    }
    *value = value_map(entries, count);
    return LD_OK;
}

/* Recursion is bounded by the depth that the scan let through. */
static enum ld_err build(struct reader *reader, struct arena *arena, struct value *value)
{
    struct token token;
    bool is_taken = take_token(reader, &token);
    LD_ASSERT(is_taken);
    switch (token.form) {
    case FORM_NIL: *value = VALUE_ABSENT; return LD_OK;
    case FORM_FALSE: *value = value_bool(false); return LD_OK;
    case FORM_TRUE: *value = value_bool(true); return LD_OK;
    case FORM_FLOAT: *value = value_double(token.real); return LD_OK;
    case FORM_INT: *value = value_int(token.integer); return LD_OK;
    case FORM_TEXT: *value = value_text(token.text); return LD_OK;
    case FORM_LIST: return build_list(reader, token.count, arena, value);
    case FORM_MAP: return build_map(reader, token.count, arena, value);
    case FORM_UINT:
    case FORM_REFUSED: break;
    }
    LD_ASSERT(!"a token that the scan refuses");
    return LD_INVALID;
}

enum ld_err codec_decode(struct bytes bytes, uint32_t depth_max, struct arena *arena,
                         struct value *ret_value)
{
    struct reader reader = {.bytes = bytes};
    struct value value;
    enum ld_err err = codec_scan(bytes, depth_max);
    if (err)
        return err;
    err = build(&reader, arena, &value);
    if (err)
        return err;
    *ret_value = value;
    return LD_OK;
}

/* --- writing -------------------------------------------------------------------------------- */

static int write_octets(void *data, const char *octets, size_t size)
{
    buffer_put(data, (struct bytes){(const uint8_t *)octets, size});
    return 0;
}

static void pack_text(msgpack_packer *packer, struct bytes text)
{
    msgpack_pack_str(packer, text.size);
    msgpack_pack_str_body(packer, text.ptr, text.size);
}

static void pack_date(msgpack_packer *packer, int32_t date)
{
    uint8_t memory[16];
    struct buffer text;
    buffer_init(&text, memory, sizeof memory);
    buffer_put_date(&text, date);
    pack_text(packer, buffer_bytes(&text));
}

static void pack_timestamp(msgpack_packer *packer, int64_t timestamp_ms)
{
    uint8_t memory[40];
    struct buffer text;
    buffer_init(&text, memory, sizeof memory);
    buffer_put_instant(&text, timestamp_ms, 0);
    pack_text(packer, buffer_bytes(&text));
}

/* A number that is none has no place on the wire, and a message that holds one would be refused by
 * its reader: it is written as absent. */
static void pack_double(msgpack_packer *packer, double real)
{
    if (isfinite(real))
        msgpack_pack_double(packer, real);
    else
        msgpack_pack_nil(packer);
}

static void pack(msgpack_packer *packer, const struct value *value);

static void pack_list(msgpack_packer *packer, const struct value *list)
{
    msgpack_pack_array(packer, list->as.list.count);
    for (uint32_t i = 0; i < list->as.list.count; i++)
        pack(packer, &list->as.list.items[i]);
}

static void pack_map(msgpack_packer *packer, const struct value *map)
{
    msgpack_pack_map(packer, map->as.map.count);
    for (uint32_t i = 0; i < map->as.map.count; i++) {
        pack_text(packer, map->as.map.entries[i].key);
        pack(packer, &map->as.map.entries[i].value);
    }
}

static void pack(msgpack_packer *packer, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NONE: msgpack_pack_nil(packer); return;
    case VALUE_BOOL:
        if (value->as.boolean)
            msgpack_pack_true(packer);
        else
            msgpack_pack_false(packer);
        return;
    case VALUE_INT: msgpack_pack_int64(packer, value->as.integer); return;
    case VALUE_DOUBLE: pack_double(packer, value->as.real); return;
    case VALUE_TEXT:
    case VALUE_UNIT: pack_text(packer, value->as.text); return;
    case VALUE_DATE: pack_date(packer, value->as.date); return;
    case VALUE_TIMESTAMP: pack_timestamp(packer, value->as.timestamp_ms); return;
    case VALUE_LIST: pack_list(packer, value); return;
    case VALUE_MAP: pack_map(packer, value); return;
    case VALUE_KIND_COUNT: break;
    }
    LD_ASSERT(!"a value of no kind");
}

void codec_encode(const struct value *value, struct buffer *buffer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, write_octets);
    pack(&packer, value);
}

/* --- elements ------------------------------------------------------------------------------- */

/* Passes over one value with all that it holds, without a stack: a container adds what it holds to
 * what is still to be passed over. */
static bool skip_value(struct reader *reader)
{
    uint64_t left = 1;
    struct token token;
    for (; left > 0; left--) {
        if (!take_token(reader, &token))
            return false;
        if (is_container(&token))
            left += (uint64_t)token.count * (token.form == FORM_MAP ? 2 : 1);
    }
    return true;
}

bool codec_items_open(struct bytes array, struct codec_items *ret_items)
{
    struct reader reader = {.bytes = array};
    struct token token;
    if (!take_token(&reader, &token) || token.form != FORM_LIST)
        return false;
    *ret_items = (struct codec_items){bytes_slice(array, reader.at, array.size), token.count};
    return true;
}

bool codec_items_next(struct codec_items *items, struct bytes *ret_item)
{
    struct reader reader = {.bytes = items->rest};
    if (items->count == 0 || !skip_value(&reader))
        return false;
    *ret_item = bytes_slice(items->rest, 0, reader.at);
    items->rest = bytes_slice(items->rest, reader.at, items->rest.size);
    items->count--;
    return true;
}
