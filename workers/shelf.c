/* Artifacts, compiled once and kept for as long as a case may be pinned to them.
 *
 * Invariants:
 *  - entries[0, count) are complete and never change; count only grows, with release order, so a
 *    thread that has read it sees whole entries;
 *  - entries[count, staged) belong to the agenda's thread alone, until their commit;
 *  - of one kind, id and version there is one text: a deployed version never changes. */
#include "workers/shelf.h"

#include "workflows/core/case.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void shelf_init(struct shelf *shelf)
{
    memset(shelf, 0, sizeof *shelf);
}

static void entry_fini(struct shelf_entry *entry)
{
    if (entry->block)
        (void)munmap(entry->block, entry->block_size); /* nothing is lost if it stays mapped */
    *entry = (struct shelf_entry){0};
}

void shelf_fini(struct shelf *shelf)
{
    for (uint32_t i = 0; i < shelf->staged; i++)
        entry_fini(&shelf->entries[i]);
    atomic_store(&shelf->count, 0);
    shelf->staged = 0;
}

void shelf_publish(struct shelf *shelf)
{
    atomic_store_explicit(&shelf->count, shelf->staged, memory_order_release);
}

void shelf_unstage(struct shelf *shelf)
{
    uint32_t count = shelf_count(shelf);
    while (shelf->staged > count)
        entry_fini(&shelf->entries[--shelf->staged]);
}

uint32_t shelf_count(const struct shelf *shelf)
{
    return atomic_load_explicit(&shelf->count, memory_order_acquire);
}

const struct shelf_entry *shelf_at(const struct shelf *shelf, uint32_t index)
{
    LD_ASSERT(index < shelf_count(shelf));
    return &shelf->entries[index];
}

/* --- lookups -------------------------------------------------------------------------------- */

/* Over the first count entries; version 0: the newest. An empty id: any. The last of the same
 * counts: a policy stands here again when the directory that settles its names is another one. */
static const struct shelf_entry *find(const struct shelf *shelf, uint32_t count,
                                      enum artifact_kind kind, struct bytes id, uint32_t version)
{
    const struct shelf_entry *found = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct shelf_entry *entry = &shelf->entries[i];
        if (entry->kind != kind || (id.size && !bytes_equal(entry->id, id)))
            continue;
        if (version ? entry->version == version : !found || entry->version >= found->version)
            found = entry;
    }
    return found;
}

const struct shelf_entry *shelf_find(const struct shelf *shelf, enum artifact_kind kind,
                                     struct bytes id, uint32_t version)
{
    LD_ASSERT(version > 0);
    return find(shelf, shelf_count(shelf), kind, id, version);
}

const struct shelf_entry *shelf_newest(const struct shelf *shelf, enum artifact_kind kind,
                                       struct bytes id)
{
    return find(shelf, shelf_count(shelf), kind, id, 0);
}

bool shelf_is_repeated(const struct shelf *shelf, uint32_t index)
{
    const struct shelf_entry *entry = shelf_at(shelf, index);
    return shelf_find(shelf, entry->kind, entry->id, entry->version) != entry;
}

const struct program *shelf_program(const struct shelf *shelf, const uint8_t digest[DIGEST_SIZE])
{
    uint32_t count = shelf_count(shelf);
    for (uint32_t i = 0; i < count; i++) {
        const struct shelf_entry *entry = &shelf->entries[i];
        if (entry->program && memcmp(entry->digest, digest, DIGEST_SIZE) == 0)
            return entry->program;
    }
    return NULL;
}

static bool rules_of(const struct shelf *shelf, uint32_t count, struct bytes calendar_id,
                     struct rules *ret_rules)
{
    const struct shelf_entry *calendar = find(shelf, count, ARTIFACT_CALENDAR, calendar_id, 0);
    const struct shelf_entry *policy = find(shelf, count, ARTIFACT_POLICY, BYTES_NONE, 0);
    const struct shelf_entry *directory = find(shelf, count, ARTIFACT_DIRECTORY, BYTES_NONE, 0);
    ret_rules->calendar = calendar ? calendar->calendar : NULL;
    ret_rules->policy = policy ? policy->policy : NULL;
    ret_rules->directory = directory ? directory->directory : NULL;
    return calendar && policy && directory;
}

bool shelf_rules(const struct shelf *shelf, const struct program *program, struct rules *ret_rules)
{
    return rules_of(shelf, shelf_count(shelf), program->calendar, ret_rules);
}

const struct directory *shelf_directory(const struct shelf *shelf)
{
    const struct shelf_entry *directory = shelf_newest(shelf, ARTIFACT_DIRECTORY, BYTES_NONE);
    return directory ? directory->directory : NULL;
}

int shelf_zone(const struct shelf *shelf)
{
    const struct directory *directory = shelf_directory(shelf);
    return directory ? directory->zone_minutes : 8 * 60;
}

/* --- staging -------------------------------------------------------------------------------- */

static bool compile_entry(struct shelf_entry *entry, const struct definition_context *context,
                          struct arena *arena, struct diagnostics *diagnostics)
{
    switch (entry->kind) {
    case ARTIFACT_WORKFLOW:
        entry->program = definition_workflow(entry->text, context, arena, diagnostics);
        return entry->program != NULL;
    case ARTIFACT_CALENDAR:
        entry->calendar = definition_calendar(entry->text, arena, diagnostics);
        return entry->calendar != NULL;
    case ARTIFACT_POLICY:
        entry->policy = definition_policy_within(entry->text, context, arena, diagnostics);
        return entry->policy != NULL;
    case ARTIFACT_DIRECTORY:
        entry->directory = definition_directory(entry->text, arena, diagnostics);
        return entry->directory != NULL;
    case ARTIFACT_STORY:
    case ARTIFACT_COVERAGE:
    case ARTIFACT_UNKNOWN: break;
    }
    return false;
}

/* Gives back the pages that the compiler did not use: a program keeps some tens of kilobytes of a
 * block that must be large enough for the largest. */
static void trim(struct shelf_entry *entry, size_t used)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t kept = (used + page) / page * page;
    if (kept >= entry->block_size)
        return;
    if (munmap((uint8_t *)entry->block + kept, entry->block_size - kept) == 0)
        entry->block_size = kept;
}

/* Fills the entry at staged; it is not counted yet. Diagnostics stay in their own arena. */
static enum ld_err build(struct shelf *shelf, const struct artifact_name *name, struct bytes text,
                         const struct definition_context *context, struct diagnostics *diagnostics)
{
    if (shelf->staged == SHELF_MAX)
        return LD_FULL;
    struct shelf_entry *entry = &shelf->entries[shelf->staged];
    *entry = (struct shelf_entry){.kind = name->kind, .version = name->version};
    void *block = mmap(NULL, DEFINITION_ARENA_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block == MAP_FAILED)
        return LD_FULL;
    entry->block = block;
    entry->block_size = DEFINITION_ARENA_SIZE;
    struct arena arena;
    arena_init(&arena, entry->block, entry->block_size);
    entry->id = arena_copy(&arena, name->id);
    entry->text = arena_copy(&arena, text);
    digest_of(text, entry->digest);
    if (!compile_entry(entry, context, &arena, diagnostics)) {
        entry_fini(entry);
        return LD_INVALID;
    }
    trim(entry, arena.used);
    return LD_OK;
}

static struct definition_context context_of(const struct shelf *shelf, struct bytes calendar_id)
{
    struct rules rules = {0};
    (void)rules_of(shelf, shelf->staged, calendar_id, &rules); /* what is missing is not checked */
    return (struct definition_context){
        .calendar = rules.calendar, .policy = rules.policy, .directory = rules.directory};
}

static const struct program *find_workflow(void *finder, struct bytes id)
{
    const struct shelf *shelf = finder;
    const struct shelf_entry *entry = find(shelf, shelf->staged, ARTIFACT_WORKFLOW, id, 0);
    return entry ? entry->program : NULL;
}

static bool lacks_workflows_alone(const struct diagnostics *diagnostics)
{
    for (uint32_t i = 0; i < diagnostics->count; i++) {
        const struct diagnostic *row = &diagnostics->rows[i];
        if (row->severity == SEVERITY_ERROR && strcmp(row->code, "unknown-workflow") != 0)
            return false;
    }
    return diagnostics->dropped == 0;
}

static void forget(struct diagnostics *diagnostics)
{
    diagnostics->count = diagnostics->error_count = diagnostics->dropped = 0;
}

/* Against the rules, and against the workflows that it opens or sends events to, a policy by its
 * rungs. One that is not there yet may be deployed later, or two that name each other never could
 * be: then what it says of others stays unchecked. */
static enum ld_err build_checked(struct shelf *shelf, const struct artifact_name *name,
                                 struct bytes text, struct definition_context context,
                                 struct diagnostics *diagnostics)
{
    context.find_workflow = find_workflow;
    context.finder = shelf;
    enum ld_err err = build(shelf, name, text, &context, diagnostics);
    if (err != LD_INVALID || !lacks_workflows_alone(diagnostics))
        return err;
    forget(diagnostics);
    context.find_workflow = NULL;
    return build(shelf, name, text, &context, diagnostics);
}

/* A workflow is compiled twice: once alone, to learn which calendar it names and that calendar,
 * policy and directory are there, then against them. */
static enum ld_err build_workflow(struct shelf *shelf, const struct artifact_name *name,
                                  struct bytes text, struct diagnostics *diagnostics,
                                  struct shelf_refusal *refusal)
{
    struct definition_context nothing = {0};
    enum ld_err err = build(shelf, name, text, &nothing, diagnostics);
    if (err != LD_OK)
        return err;
    struct shelf_entry *entry = &shelf->entries[shelf->staged];
    struct rules rules = {0};
    bool is_complete = rules_of(shelf, shelf->staged, entry->program->calendar, &rules);
    entry_fini(entry);
    if (!is_complete) {
        refusal->zh = "须先部署它所用的日历、规则和单位名录";
        refusal->en = "the calendar it names, a policy and a directory must be deployed first";
        return LD_INVALID;
    }
    forget(diagnostics);
    struct definition_context context = {
        .calendar = rules.calendar, .policy = rules.policy, .directory = rules.directory};
    return build_checked(shelf, name, text, context, diagnostics);
}

/* Rules beside the calendar are one of a kind: a second policy or directory would leave open which
 * one judges a case. */
static bool refuse_rules(const struct shelf *shelf, const struct artifact_name *name,
                         struct shelf_refusal *refusal)
{
    bool is_single = name->kind == ARTIFACT_POLICY || name->kind == ARTIFACT_DIRECTORY;
    const struct shelf_entry *other =
        is_single ? find(shelf, shelf->staged, name->kind, BYTES_NONE, 0) : NULL;
    if (other && !bytes_equal(other->id, name->id)) {
        refusal->zh = "已有另一名称的规则或单位名录,一个系统只能有一份";
        refusal->en = "a policy or directory of another name is deployed: there is one of each";
        return true;
    }
    return false;
}

/* The version that the artifact will have, and the same artifact where there is one already. */
static enum ld_err settle_version(const struct shelf *shelf, struct artifact_name *name,
                                  const uint8_t digest[DIGEST_SIZE], struct shelf_refusal *refusal,
                                  const struct shelf_entry **ret_entry)
{
    const struct shelf_entry *newest = find(shelf, shelf->staged, name->kind, name->id, 0);
    bool is_counted = name->version == 0;
    if (is_counted)
        name->version = newest ? newest->version : 1;
    const struct shelf_entry *same =
        find(shelf, shelf->staged, name->kind, name->id, name->version);
    if (same && memcmp(same->digest, digest, DIGEST_SIZE) == 0) {
        *ret_entry = same;
        return LD_EXISTS;
    }
    if (same && !is_counted) {
        refusal->zh = "已部署的版本不可更改,请提高版本号";
        refusal->en = "a deployed version never changes: raise the version number";
        return LD_INVALID;
    }
    if (same)
        name->version = newest->version + 1;
    return LD_OK;
}

/* Every ladder that a deployed workflow climbs must be there, or its clocks would fall silent. */
static bool has_all_ladders(const struct shelf *shelf, const struct policy *policy,
                            struct shelf_refusal *refusal)
{
    for (uint32_t i = 0; i < shelf->staged; i++) {
        const struct program *program = shelf->entries[i].program;
        for (uint32_t k = 0; program && k < program->clock_count; k++) {
            struct bytes ladder = program->clocks[k].ladder;
            if (ladder.size == 0 || policy_ladder(policy, ladder))
                continue;
            refusal->zh = "已部署的流程所用的提醒规则(ladder)在新规则中不存在";
            refusal->en = "a deployed workflow uses a ladder that the new policy does not have";
            return false;
        }
    }
    return true;
}

/* What a name in `tell` means is settled by the directory: with another one the policy is compiled
 * again, as it will be when the process starts anew. */
static enum ld_err restage_policy(struct shelf *shelf, struct diagnostics *diagnostics)
{
    const struct shelf_entry *policy = find(shelf, shelf->staged, ARTIFACT_POLICY, BYTES_NONE, 0);
    if (!policy)
        return LD_OK;
    struct artifact_name name = {ARTIFACT_POLICY, policy->id, policy->version};
    struct definition_context context = context_of(shelf, BYTES_NONE);
    enum ld_err err = build(shelf, &name, policy->text, &context, diagnostics);
    if (err == LD_OK)
        shelf->staged++;
    return err;
}

enum ld_err shelf_stage(struct shelf *shelf, struct bytes text, uint32_t version,
                        struct diagnostics *diagnostics, struct shelf_refusal *ret_refusal,
                        const struct shelf_entry **ret_entry)
{
    struct artifact_name name = artifact_name_of(text, diagnostics->arena);
    *ret_refusal = (struct shelf_refusal){0};
    bool is_deployable = name.kind != ARTIFACT_UNKNOWN && name.kind != ARTIFACT_STORY
                         && name.kind != ARTIFACT_COVERAGE;
    if (!is_deployable || name.id.size == 0) {
        ret_refusal->zh = "不是流程、日历、规则或单位名录";
        ret_refusal->en = "neither a workflow nor a calendar, policy or directory";
        return LD_INVALID;
    }
    if (version)
        name.version = version;
    uint8_t digest[DIGEST_SIZE];
    digest_of(text, digest);
    enum ld_err err = settle_version(shelf, &name, digest, ret_refusal, ret_entry);
    if (err != LD_OK)
        return err;
    if (refuse_rules(shelf, &name, ret_refusal))
        return LD_INVALID;
    struct definition_context context = context_of(shelf, BYTES_NONE);
    err = name.kind == ARTIFACT_WORKFLOW
              ? build_workflow(shelf, &name, text, diagnostics, ret_refusal)
              : build_checked(shelf, &name, text, context, diagnostics);
    if (err != LD_OK)
        return err;
    struct shelf_entry *entry = &shelf->entries[shelf->staged++];
    *ret_entry = entry;
    if (entry->policy && !has_all_ladders(shelf, entry->policy, ret_refusal))
        return LD_INVALID; /* the caller unstages it */
    return entry->directory ? restage_policy(shelf, diagnostics) : LD_OK;
}

enum ld_err shelf_restore(struct shelf *shelf, enum artifact_kind kind, struct bytes text,
                          uint32_t version, struct diagnostics *diagnostics)
{
    struct artifact_name name = artifact_name_of(text, diagnostics->arena);
    if (name.kind != kind)
        return LD_CORRUPT;
    name.version = version;
    /* A policy's names are told apart by the directory (a unit or a role); a workflow was checked
     * against its context when it came in. */
    struct definition_context context = context_of(shelf, BYTES_NONE);
    struct definition_context nothing = {0};
    bool is_workflow = kind == ARTIFACT_WORKFLOW;
    enum ld_err err = build(shelf, &name, text, is_workflow ? &nothing : &context, diagnostics);
    if (err != LD_OK)
        return err == LD_INVALID ? LD_CORRUPT : err;
    shelf->staged++;
    return LD_OK;
}

/* --- which program a case starts under ------------------------------------------------------- */

const struct program *shelf_effective(const struct shelf *shelf, struct bytes workflow,
                                      int32_t date)
{
    const struct program *found = NULL;
    uint32_t count = shelf_count(shelf);
    for (uint32_t i = 0; i < count; i++) {
        const struct program *program = shelf->entries[i].program;
        bool is_ours =
            program && bytes_equal(program->id, workflow) && program_is_effective(program, date);
        if (is_ours && (!found || program->version > found->version))
            found = program;
    }
    return found;
}

enum shelf_start shelf_start(const struct shelf *shelf, const struct case_event *event,
                             struct bytes workflow, int64_t now_ms, struct arena *scratch,
                             const struct program **ret_program)
{
    const struct program *found = NULL;
    bool is_known = false;
    uint32_t count = shelf_count(shelf);
    for (uint32_t i = 0; i < count; i++) {
        const struct shelf_entry *entry = &shelf->entries[i];
        struct rules rules;
        const struct program *program = entry->program;
        if (!program || !program_starts_with(program, event->type, workflow)
            || !shelf_rules(shelf, program, &rules))
            continue;
        is_known = true;
        if (!event_may_start(program, &rules, event, now_ms, scratch))
            continue;
        if (found && !bytes_equal(found->id, program->id))
            return START_AMBIGUOUS;
        if (!found || entry->version > found->version)
            found = program;
    }
    *ret_program = found;
    return found ? START_FOUND : is_known ? START_NOT_EFFECTIVE : START_NONE;
}
