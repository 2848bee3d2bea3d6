/* Values built in an arena without looking at each allocation: where the arena is full a map stays
 * empty, and whoever asked for the whole looks at the arena's flag. Private to the export. */
#ifndef LD_LANGUAGE_ASYNCAPI_PARTS_H
#define LD_LANGUAGE_ASYNCAPI_PARTS_H

#include "workflows/language/asyncapi.h"

static inline struct value_builder doc_map(struct arena *arena, uint32_t capacity)
{
    struct value_entry *entries = arena_alloc_array(arena, capacity, sizeof *entries);
    return (struct value_builder){entries, entries ? capacity : 0, 0};
}

static inline void doc_put(struct value_builder *map, const char *key, struct value value)
{
    if (map->entries && key)
        value_put(map, key, value);
}

static inline void doc_words(struct value_builder *map, const char *key, const char *text)
{
    doc_put(map, key, value_words(text));
}

struct doc_list {
    struct value *items;
    uint32_t capacity, count;
};

static inline struct doc_list doc_list(struct arena *arena, uint32_t capacity)
{
    struct value *items = arena_alloc_array(arena, capacity, sizeof *items);
    return (struct doc_list){items, items ? capacity : 0, 0};
}

static inline void doc_add(struct doc_list *list, struct value value)
{
    if (list->count < list->capacity)
        list->items[list->count++] = value;
}

static inline struct value doc_listed(const struct doc_list *list)
{
    return value_list(list->items, list->count);
}

/* A key or a text of up to three pieces, terminated; NULL and empty where the arena is full. */
const char *doc_key(struct arena *arena, const char *head, struct bytes name, const char *tail);
struct value doc_text(struct arena *arena, const char *head, struct bytes name, const char *tail);
/* {"$ref": "#/components/…"} */
struct value doc_ref(struct arena *arena, const char *folder, struct bytes name, const char *tail);
/* {zh, en}; en is left out where there is none. */
struct value doc_titles(struct arena *arena, const struct title *title);

/* {zh}, or {zh} / {en}. asyncapi.c */
struct value doc_both(struct arena *arena, const struct title *title);
/* A text that is one constant. */
struct value doc_constant(struct arena *arena, struct bytes text);
/* A schema with a description. */
struct value doc_described(struct arena *arena, struct value schema, const char *text);
/* An instant, as the wire has it. */
struct value doc_instant(struct arena *arena);

/* asyncapi_emitted.c: the other direction, what the engine sends: one message for each type of
 * event that some branch emits. All are put beside what there is. */
uint32_t doc_emitted_count(const struct program *program);
void doc_put_emitted_messages(struct value_builder *map, const struct program *program,
                              struct arena *arena);
void doc_put_emitted_schemas(struct value_builder *map, const struct program *program,
                             struct arena *arena);
void doc_put_emitted_operations(struct value_builder *map, const struct program *program,
                                struct arena *arena);
/* The messages of their channel. */
struct value doc_emitted_refs(const struct program *program, struct arena *arena);

/* asyncapi_infer.c: what an expression gives; event: whose data it may name, or INDEX_NONE. */
struct doc_scope {
    const struct program *program;
    int32_t event;
};

struct value doc_infer(const struct doc_scope *scope, const struct expr *expr, struct arena *arena);

/* asyncapi_schema.c */
/* A value of the declared type; with the field's title and class, but no default: for what is
 * sent. */
struct value doc_type(const struct data_type *type, struct arena *arena);
struct value doc_field(const struct field *field, struct arena *arena);
/* Text without control characters, of so many characters; a pattern or NULL. */
struct value doc_string(struct arena *arena, uint32_t max, const char *pattern);
#define DOC_UNIT_PATTERN "^[a-z0-9_-]+$"
#define DOC_PLAIN_PATTERN "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"
/* The schemas that every workflow has: the answer to events, and the frame before the body. */
struct value asyncapi_fate_schema(const struct program *program, struct arena *arena);
struct value asyncapi_header_schema(struct arena *arena, const char *kind);

#endif
