/* The strict YAML subset as a tree with positions. Every scalar is text; who reads it types it by
 * its declaration. Refused: anchors, aliases, tags, tabs, duplicate keys, second documents, text
 * that is not UTF-8, depth and size over the bounds of definition.h. libyaml stays in yaml.c. */
#ifndef LD_LANGUAGE_YAML_H
#define LD_LANGUAGE_YAML_H

#include "base/value.h"
#include "workflows/language/diagnostic.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_entry;

struct yaml_node {
    enum yaml_kind kind;
    struct place place;
    struct bytes text; /* SCALAR; lives in the arena */
    bool is_quoted;    /* SCALAR: written with quotes */
    const struct yaml_node *const *items; /* SEQUENCE */
    const struct yaml_entry *entries;     /* MAPPING, in the order of the text */
    uint32_t count;
};

struct yaml_entry {
    struct bytes key;
    struct place key_place;
    const struct yaml_node *value;
};

/* NULL after a diagnostic. O(size). */
const struct yaml_node *yaml_read(struct bytes text, struct arena *arena,
                                  struct diagnostics *diagnostics);
/* The value under a key of a mapping, or NULL (also where node is no mapping or NULL). */
const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);
/* A tree as an untyped value: scalars that are plain true/false/integers/decimals become bool, int
 * and double, every other (and each quoted) one text. For event data in stories. */
struct value yaml_to_value(const struct yaml_node *node, struct arena *arena);

#endif
