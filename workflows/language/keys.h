/* Reading a definition's YAML by tables of keys: shapes, words, names, references with "did you
 * mean". Everything here reports what it refuses and gives back something harmless, so that one
 * reading finds as many mistakes as there are. Private to the language room. */
#ifndef LD_LANGUAGE_KEYS_H
#define LD_LANGUAGE_KEYS_H

#include "workflows/core/rules.h"
#include "workflows/language/diagnostic.h"
#include "workflows/language/yaml.h"

enum { SHEET_ZONE_MINUTES = 8 * 60 }; /* China's, where a text names no zone */

struct sheet {
    struct arena *arena;
    struct diagnostics *diagnostics;
};

enum shape {
    SHAPE_SCALAR = 1,
    SHAPE_LIST = 2,
    SHAPE_MAP = 4,
    SHAPE_ANY = 7,
    SHAPE_REQUIRED = 8,
};

struct key {
    struct bytes name;
    unsigned shapes;
};

#define KEY(text, shapes)                                                                          \
    {                                                                                              \
        {(const uint8_t *)(text), sizeof(text) - 1}, (shapes)                                      \
    }
#define KEY_COUNT(keys) (sizeof(keys) / sizeof(keys)[0])

/* Rows of any struct whose first member is its name (struct bytes). */
struct names {
    const void *rows;
    size_t stride;
    uint32_t count;
};

#define NAMES_OF(array, row_count) ((struct names){(array), sizeof *(array), (row_count)})

/* The index, or -1. */
int32_t names_find(struct names names, struct bytes name);
/* What was probably meant by a name that is none of them: at most a third of its letters differ.
 * NULL: nothing is near. */
const struct bytes *names_nearest(struct names names, struct bytes name);

/* One finding with at most one argument. */
void sheet_report(const struct sheet *sheet, struct place place, const char *code,
                  struct bytes argument);
/* %1 the name, and as the hint the nearest of the names or all of them. Where there are no names at
 * all (a section is missing or its key misspelt) the first reference alone is reported. */
void sheet_report_unknown(const struct sheet *sheet, struct place place, const char *code,
                          struct bytes name, struct names names);

/* The mapping has known keys only, each of its shape, and every required one. False where node
 * is no mapping. */
bool sheet_keys(const struct sheet *sheet, const struct yaml_node *node, const struct key *keys,
                size_t key_count);
/* The value under a key if it has one of the shapes, else NULL. Reports nothing. */
const struct yaml_node *sheet_get(const struct yaml_node *node, const char *key, unsigned shapes);
/* Is it of one of the shapes? Reports it where not. */
bool sheet_shape(const struct sheet *sheet, const struct yaml_node *node, unsigned shapes);
/* The count, or max where it is more, which is reported at node. what: what there is too much of.
 */
uint32_t sheet_bound(const struct sheet *sheet, const struct yaml_node *node, uint32_t count,
                     uint32_t max, const char *what);

/* One thing or a list of them, read alike. */
uint32_t sheet_many(const struct yaml_node *node);
const struct yaml_node *sheet_many_at(const struct yaml_node *node, uint32_t index);

/* NULL is allowed for node in all of these: then it is the fallback or the empty text. */
struct bytes sheet_text(const struct sheet *sheet, const struct yaml_node *node);
struct title sheet_title(const struct sheet *sheet, const struct yaml_node *node,
                         struct bytes fallback);
bool sheet_bool(const struct sheet *sheet, const struct yaml_node *node, bool fallback);
int64_t sheet_whole(const struct sheet *sheet, const struct yaml_node *node, int64_t min,
                    int64_t max);
int32_t sheet_date(const struct sheet *sheet, const struct yaml_node *node);
/* "+08:00". Untouched where it is none. */
void sheet_zone(const struct sheet *sheet, const struct yaml_node *node, int *ret_zone_minutes);
/* The index of a word in a table of words. */
uint32_t sheet_word(const struct sheet *sheet, const struct yaml_node *node,
                    const char *const *words, uint32_t word_count, uint32_t fallback);
/* The index of a name that must be among the names, or -1. */
int32_t sheet_refer(const struct sheet *sheet, const struct yaml_node *node, struct names names,
                    const char *unknown_code);

/* Names: lower-case letters, digits, - and _, beginning with a letter; with dots for events;
 * without - for fields, which expressions name. Reports, and gives the text back all the same. */
enum name_style { NAME_PLAIN, NAME_EVENT, NAME_FIELD, NAME_UNIT };
struct bytes sheet_name(const struct sheet *sheet, struct bytes text, struct place place,
                        enum name_style style);

/* Where the content of a scalar begins: behind its quote. */
struct place sheet_content_place(const struct yaml_node *node);
/* Zeroed rows; NULL where the arena is full (the definition is then refused as too big). */
void *sheet_rows(const struct sheet *sheet, uint32_t count, size_t size);

/* Around the reading of one definition: the arena's own flag says whether everything fitted. */
struct sheet_watch {
    bool was_exhausted;
    uint32_t error_count;
};

struct sheet_watch sheet_begin(const struct sheet *sheet);
/* Sorts the findings. True: no error since sheet_begin. */
bool sheet_finish(const struct sheet *sheet, struct sheet_watch watch);

#endif
