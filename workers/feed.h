/* Durable subscriptions: a name, what it wants to hear, and how far it has dealt with it. The
 * record in the store's feeds table is
 *   u8 version (2), u64 cursor, u32 levels (bit i: enum alert_level i; 0: all), u16 unit count,
 *   each unit u8 size and bytes, u8 kinds, u8 type count, each type u8 size and bytes, u32 CRC-32
 *   of all before.   Big-endian, as everything stored. Version 1 has neither kinds nor types. */
#ifndef LD_WORKERS_FEED_H
#define LD_WORKERS_FEED_H

#include "workers/record.h"
#include "workers/store.h"

enum { FEEDS_MAX = 257, FEED_UNITS_MAX = 24, FEED_TYPES_MAX = 16, FEED_RECORD_MAX = 2700 };

_Static_assert(19 + (FEED_UNITS_MAX + FEED_TYPES_MAX) * (1 + NAME_MAX_SIZE) + 4 <= FEED_RECORD_MAX,
               "the largest record");

/* What a subscription hears of: bits. */
enum feed_kinds { FEED_ALERTS = 1, FEED_EMITTED = 2 };

struct feed {
    uint64_t cursor;                    /* every row up to here has been dealt with */
    uint32_t levels;                    /* 0: all */
    struct bytes units[FEED_UNITS_MAX]; /* none: all. Any recipient counts */
    uint32_t unit_count;
    uint32_t kinds;                     /* 0: alerts alone */
    struct bytes types[FEED_TYPES_MAX]; /* of emitted events; none: all */
    uint32_t type_count;
};

/* A name that a subscription can have. Others in the table are marks of the engine's own. */
bool feed_is_name(struct bytes name);
void feed_encode(const struct feed *feed, struct buffer *buffer);
/* Units are views of the record. LD_CORRUPT, LD_UNSUPPORTED. */
LD_MUST_USE enum ld_err feed_decode(struct bytes record, struct feed *ret_feed);
bool feed_same_filter(const struct feed *left, const struct feed *right);
/* Does it want to hear of this alert? */
bool feed_wants(const struct feed *feed, const struct alert *alert);

/* … of this emitted event? */
bool feed_wants_event(const struct feed *feed, struct bytes type);

/* The feeds of a partition as the writer knows them, each in a fixed place of its own. */
struct feed_row {
    uint8_t name[NAME_MAX_SIZE];
    uint8_t name_size; /* 0: a free place */
    uint8_t record[FEED_RECORD_MAX];
    uint16_t record_size;
};

struct feed_table {
    struct feed_row *rows; /* FEEDS_MAX, owned */
    uint32_t count;
};

bool feed_table_init(struct feed_table *table); /* false: no memory */
void feed_table_fini(struct feed_table *table);
/* The record of a name, a view until the next change; empty: there is none. */
struct bytes feed_table_get(const struct feed_table *table, struct bytes name);
/* Without the engine's own marks. */
uint32_t feed_table_subscriptions(const struct feed_table *table);
/* An empty record takes it away. LD_FULL: FEEDS_MAX, or a name or record over its bound. */
LD_MUST_USE enum ld_err feed_table_set(struct feed_table *table, struct bytes name,
                                       struct bytes record);

#endif
