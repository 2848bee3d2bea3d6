/* The compiled artifacts of a partition, in memory: programs by the digest that pins a case to its
 * definition, calendars, the policy and the directory. Entries are never changed or taken away once
 * published, so other threads read without a lock; one thread, the agenda's, stages and publishes.
 * Must not know the journal or the wire. */
#ifndef LD_WORKERS_SHELF_H
#define LD_WORKERS_SHELF_H

#include "base/digest.h"
#include "workflows/core/rules.h"
#include "workflows/language/definition.h"

#include <stdatomic.h>

enum { SHELF_MAX = 512 };

struct shelf_entry {
    enum artifact_kind kind;
    struct bytes id; /* this and all below live in the block */
    uint32_t version;
    uint8_t digest[DIGEST_SIZE]; /* of the text */
    struct bytes text;
    const struct program *program; /* the one of its kind; the others are NULL */
    const struct calendar *calendar;
    const struct policy *policy;
    const struct directory *directory;
    void *block; /* owned: an anonymous mapping cut down to what the compiler used */
    size_t block_size;
};

struct shelf {
    struct shelf_entry entries[SHELF_MAX];
    _Atomic uint32_t count; /* published: what lookups see */
    uint32_t staged;        /* compiled, waiting for their commit: count or more */
};

/* Large: allocated once by the caller and zeroed. */
void shelf_init(struct shelf *shelf);
void shelf_fini(struct shelf *shelf);

/* Why an artifact was not taken, beside what its diagnostics say. */
struct shelf_refusal {
    const char *zh, *en; /* NULL: the diagnostics say it */
};

/* Compiles a text and checks it against what is staged; a workflow that another one names and that
 * is not there yet is no error. A version of 0 is counted on from the
 * newest; then a text equal to the newest exists. LD_OK: staged at *ret_entry, for shelf_publish or
 * shelf_unstage; LD_EXISTS: *ret_entry is the same artifact; LD_INVALID: diagnostics or refusal
 * say why; LD_FULL. Where it is not LD_OK the caller unstages. */
LD_MUST_USE enum ld_err shelf_stage(struct shelf *shelf, struct bytes text, uint32_t version,
                                    struct diagnostics *diagnostics,
                                    struct shelf_refusal *ret_refusal,
                                    const struct shelf_entry **ret_entry);
/* Takes an artifact that was checked when it was deployed: compiled alone. */
LD_MUST_USE enum ld_err shelf_restore(struct shelf *shelf, enum artifact_kind kind,
                                      struct bytes text, uint32_t version,
                                      struct diagnostics *diagnostics);
void shelf_publish(struct shelf *shelf);
void shelf_unstage(struct shelf *shelf);

/* Is there a later entry of the same kind, id and version? Lists show that one alone. */
bool shelf_is_repeated(const struct shelf *shelf, uint32_t index);

/* Lookups over what is published; NULL where there is none. O(entries). */
const struct program *shelf_program(const struct shelf *shelf, const uint8_t digest[DIGEST_SIZE]);
const struct shelf_entry *shelf_find(const struct shelf *shelf, enum artifact_kind kind,
                                     struct bytes id, uint32_t version);
const struct shelf_entry *shelf_newest(const struct shelf *shelf, enum artifact_kind kind,
                                       struct bytes id);
const struct shelf_entry *shelf_at(const struct shelf *shelf, uint32_t index);
uint32_t shelf_count(const struct shelf *shelf);
/* The newest calendar that the program names, the policy and the directory. False: one is missing.
 */
bool shelf_rules(const struct shelf *shelf, const struct program *program, struct rules *ret_rules);
/* The present directory; NULL where there is none. */
const struct directory *shelf_directory(const struct shelf *shelf);
/* The zone in which instants are shown: the directory's, else UTC+8. */
int shelf_zone(const struct shelf *shelf);

/* The newest version of a workflow in effect on a date; NULL where there is none. */
const struct program *shelf_effective(const struct shelf *shelf, struct bytes workflow,
                                      int32_t date);

/* Which program a starting event opens a case under (LANGUAGE §1: the newest version in effect on
 * the event's legal date). workflow: what the envelope names, or empty. */
enum shelf_start { START_FOUND, START_NONE, START_NOT_EFFECTIVE, START_AMBIGUOUS };

struct case_event;

enum shelf_start shelf_start(const struct shelf *shelf, const struct case_event *event,
                             struct bytes workflow, int64_t now_ms, struct arena *scratch,
                             const struct program **ret_program);

#endif
