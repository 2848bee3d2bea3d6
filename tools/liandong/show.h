/* How values of answers look to people: titles in their language, instants without the zone. */
#ifndef LD_TOOLS_SHOW_H
#define LD_TOOLS_SHOW_H

#include "tools/liandong/command.h"

/* The text of a title {zh, en} under a key; the other language where one is missing, else empty. */
struct bytes show_title(const struct command_context *context, const struct value *map,
                        const char *key);
/* A text, number or truth under a key as a terminated text in the arena; "" where there is none. */
const char *show_cell(const struct value *map, const char *key, struct arena *arena);
/* A view as a terminated text in the arena, fit for a terminal: agencies wrote it, so control
 * characters are shown as question marks. */
const char *show_text(struct bytes text, struct arena *arena);
/* 2025-10-10 09:00 of an RFC 3339 text under a key; "" where there is none. */
const char *show_instant(const struct value *map, const char *key, struct arena *arena);
/* What people read of an id or name under a key: the title under title_key, else the id itself. */
const char *show_titled(const struct command_context *context, const struct value *map,
                        const char *title_key, const char *key, struct arena *arena);
/* The units that an alert goes to, by their titles, one after the other. */
void show_recipients(const struct command_context *context, const struct value *to,
                     struct arena *arena);
/* A word that has a title of its own here (fates, forces, statuses, levels), else the word. */
const char *show_word(const struct command_context *context, struct bytes word,
                      struct arena *arena);
/* The status of a clock ({status, right, lapsed}): a lapsed right is not called cancelled. */
const char *show_status(const struct command_context *context, const struct value *clock,
                        struct arena *arena);
/* Prints a map on one line, as JSON. */
void show_json_line(const struct value *map);

#endif
