/* The parts that records are made of, written and read in the same order by the same file
 * (record_fact.c): names, texts, values, clock runs, facts, and the frame around a record. Private
 * to record_case.c and record_journal.c; STORAGE.md §4 has the grammar. */
#ifndef LD_WORKERS_RECORD_PART_H
#define LD_WORKERS_RECORD_PART_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/err.h"
#include "workflows/core/case.h"

enum {
    RECORD_VALUE_DEPTH_MAX = 16, /* lists and maps within one another */
    RECORD_CRC_SIZE = 4,
};

/* A record being read. The first error stays; everything read after it is zeros. */
struct record_reader {
    struct reader reader;
    struct arena *arena;
    bool is_copying; /* texts are copied into the arena, else they are views of the record */
    enum ld_err err;
};

/* Closes a record that was begun at offset start of the buffer: the CRC of all since then. */
void record_seal(struct buffer *buffer, size_t start);
/* Checks the CRC, then the version: LD_CORRUPT, LD_UNSUPPORTED (newer than version). */
LD_MUST_USE enum ld_err record_open(struct record_reader *reader, struct bytes record,
                                    uint8_t version);
/* The verdict: LD_CORRUPT also where bytes are missing or left over. */
LD_MUST_USE enum ld_err record_close(const struct record_reader *reader);
void record_fail(struct record_reader *reader, enum ld_err err);
/* False makes the record corrupt. */
void record_require(struct record_reader *reader, bool holds);
/* A number that must lie below bound: an enum, an index, a count. */
uint32_t record_below(struct record_reader *reader, uint32_t number, uint32_t bound);
/* Room for an array in the arena; NULL for none and where the arena is used up (LD_FULL). */
void *record_array(struct record_reader *reader, size_t count, size_t size);

/* Each put has its take. Names are ids and words up to 64 KiB, texts are free. */
void record_put_name(struct buffer *buffer, struct bytes name);
struct bytes record_take_name(struct record_reader *reader);
void record_put_text(struct buffer *buffer, struct bytes text);
struct bytes record_take_text(struct record_reader *reader);
void record_put_octets(struct buffer *buffer, const uint8_t *octets, size_t size);
void record_take_octets(struct record_reader *reader, uint8_t *ret_octets, size_t size);
int32_t record_take_i32(struct record_reader *reader);
int64_t record_take_i64(struct record_reader *reader);

void record_put_value(struct buffer *buffer, const struct value *value);
void record_take_value(struct record_reader *reader, struct value *ret_value);
void record_put_run(struct buffer *buffer, const struct clock_run *run);
/* The status stands first, so that a case can leave out what an idle clock does not have. */
void record_take_run(struct record_reader *reader, enum clock_status status,
                     struct clock_run *ret_run);
void record_put_facts(struct buffer *buffer, const struct fact *facts, uint32_t count);
void record_take_facts(struct record_reader *reader, struct fact **ret_facts, uint32_t *ret_count);

#endif
