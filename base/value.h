/* A value: the one currency of data between rooms. JSON at the edge, msgpack on the wire, typed
 * fields in a case and the results of expressions are all this tagged union. Text, lists and maps
 * are views; whoever builds a value names the arena that they live in. */
#ifndef LD_BASE_VALUE_H
#define LD_BASE_VALUE_H

#include "base/bytes.h"

enum value_kind {
    VALUE_NONE, /* absent; null on the wire */
    VALUE_BOOL,
    VALUE_INT,
    VALUE_DOUBLE,
    VALUE_TEXT,      /* UTF-8 */
    VALUE_DATE,      /* days since 1970-01-01; text YYYY-MM-DD on the wire */
    VALUE_TIMESTAMP, /* ms since 1970-01-01T00:00Z; RFC 3339 text on the wire */
    VALUE_UNIT,      /* the id of a unit of the directory; text on the wire */
    VALUE_LIST,
    VALUE_MAP, /* text keys, each once, in the order given */
    VALUE_KIND_COUNT
};

struct value_entry;

struct value {
    enum value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct bytes text; /* TEXT and UNIT */
        int32_t date;
        int64_t timestamp_ms;
        struct {
            const struct value *items;
            uint32_t count;
        } list;
        struct {
            const struct value_entry *entries;
            uint32_t count;
        } map;
    } as;
};

struct value_entry {
    struct bytes key;
    struct value value;
};

#define VALUE_ABSENT ((struct value){.kind = VALUE_NONE})

struct value value_bool(bool boolean);
struct value value_int(int64_t integer);
struct value value_double(double real);
struct value value_text(struct bytes text);
/* A view of a string that outlives the value. */
struct value value_words(const char *text);
struct value value_date(int32_t date);
struct value value_timestamp(int64_t timestamp_ms);
struct value value_unit(struct bytes id);
struct value value_list(const struct value *items, uint32_t count);
struct value value_map(const struct value_entry *entries, uint32_t count);

/* Same kind and same content; doubles by ==, maps in any order. */
bool value_equal(const struct value *left, const struct value *right);
/* The entry of a map, or NULL: also where the value is no map. */
const struct value *value_get(const struct value *map, const char *key);
const struct value *value_get_bytes(const struct value *map, struct bytes key);
/* What a map's entry says, or the fallback where it is absent or of another kind. */
struct bytes value_get_text(const struct value *map, const char *key);
int64_t value_get_int(const struct value *map, const char *key, int64_t fallback);
bool value_get_bool(const struct value *map, const char *key, bool fallback);

/* Builds a map of at most capacity entries in the caller's memory, one put after the other. */
struct value_builder {
    struct value_entry *entries;
    uint32_t capacity;
    uint32_t count;
};

/* Asserts that there is room: the capacity is the caller's own count. */
void value_put(struct value_builder *builder, const char *key, struct value value);
struct value value_built(const struct value_builder *builder);

#endif
