/* What agencies program against: the events of a workflow as an AsyncAPI 3.0 document, with a JSON
 * Schema of each event's data. The schemas keep to what draft-07, AsyncAPI's own dialect, and
 * 2020-12 mean alike. Knows PROTOCOL.md only by what it says of bounds that the core has too. */
#ifndef LD_LANGUAGE_ASYNCAPI_H
#define LD_LANGUAGE_ASYNCAPI_H

#include "workflows/core/program.h"

/* The document as one map; it and its texts live in the arena and in the program. VALUE_NONE: the
 * arena is full. O(events * states). */
struct value asyncapi_document(const struct program *program, struct arena *arena);

/* The JSON Schema of a record of fields: of an event's data, or of what a case remembers. */
struct value asyncapi_schema(const struct field *fields, uint32_t field_count, struct arena *arena);

#endif
