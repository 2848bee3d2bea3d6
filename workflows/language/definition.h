/* From text to what the core runs: workflow definitions to programs, calendars, policies and
 * directories to rules. The texts are YAML in the house's own strict subset (LANGUAGE §6): no
 * anchors, aliases, tags, tabs, duplicate keys or second documents; every scalar is text, typed
 * by the declaration. Must not know wire, storage, sockets, the time of day. */
#ifndef LD_LANGUAGE_DEFINITION_H
#define LD_LANGUAGE_DEFINITION_H

#include "workflows/core/program.h"
#include "workflows/language/diagnostic.h"

enum { DEFINITION_SIZE_MAX = 65536, DEFINITION_DEPTH_MAX = 16, DEFINITION_ARENA_SIZE = 8 << 20 };

enum artifact_kind {
    ARTIFACT_WORKFLOW, ARTIFACT_CALENDAR, ARTIFACT_POLICY, ARTIFACT_DIRECTORY, ARTIFACT_STORY,
    ARTIFACT_COVERAGE, ARTIFACT_UNKNOWN
};

const char *artifact_kind_word(enum artifact_kind kind);
enum artifact_kind artifact_kind_from_word(struct bytes word);

/* What a text is, by its first key (workflow, calendar, policy, directory, story, coverage), with
 * its id and version as far as they can be read. Never fails; ARTIFACT_UNKNOWN. */
struct artifact_name {
    enum artifact_kind kind;
    struct bytes id; /* a view into text */
    uint32_t version; /* 0 where the text has none: then it is the deployer's to count */
};

struct artifact_name artifact_name_of(struct bytes text, struct arena *scratch);

/* What a definition is checked against. NULL entries are not checked (a workflow alone). */
struct definition_context {
    const struct calendar *calendar;
    const struct policy *policy;
    const struct directory *directory;
    /* Another definition by its id, compiled without this function itself, for what `open` and
     * `emit` say of it; NULL: there is none. It lives as long as the definition that is read. */
    const struct program *(*find_workflow)(void *finder, struct bytes id);
    void *finder;
};

/* NULL when there was any error; the result and all it points at live in the arena. The text is
 * copied into it. Warnings and notes do not prevent a result. */
const struct program *definition_workflow(struct bytes text,
                                          const struct definition_context *context,
                                          struct arena *arena, struct diagnostics *diagnostics);
const struct calendar *definition_calendar(struct bytes text, struct arena *arena,
                                           struct diagnostics *diagnostics);
const struct policy *definition_policy(struct bytes text, const struct directory *directory,
                                       struct arena *arena, struct diagnostics *diagnostics);
/* The same, with the workflows that its rungs open looked up in the context, where it has a
 * function for that. */
const struct policy *definition_policy_within(struct bytes text,
                                              const struct definition_context *context,
                                              struct arena *arena, struct diagnostics *diagnostics);
const struct directory *definition_directory(struct bytes text, struct arena *arena,
                                             struct diagnostics *diagnostics);

#endif
