/* Every workflow of a folder at once, for the commands that tell of a whole catalogue. */
#ifndef LD_TOOLS_CATALOG_H
#define LD_TOOLS_CATALOG_H

#include "tools/liandong/workflow_find.h"
#include "workflows/language/coverage.h"

enum { CATALOG_MAX = 256 };

struct catalog_file {
    char *path;     /* owned */
    uint8_t *block; /* owned: what the program lives in */
    const struct program *program;
};

struct catalog {
    struct catalog_file files[CATALOG_MAX]; /* by id; of each workflow its newest version */
    uint32_t count;
    const struct program *programs[CATALOG_MAX]; /* the same */
    uint32_t error_count;                        /* of definitions; their findings are printed */
};

/* The definitions of a folder, those of the folders beneath it left out. False after a complaint:
 * the folder cannot be read, or memory is short. */
bool catalog_open(const struct command_context *context, const char *folder,
                  struct catalog *catalog);
void catalog_close(struct catalog *catalog);
const struct program *catalog_find(const struct catalog *catalog, struct bytes id);

/* The nearest folder that holds workflows: that of the file, those above it, the shipped one. */
bool catalog_folder(const struct command_context *context, const char *beside,
                    char ret_folder[FILE_PATH_MAX]);

/* Reads a coverage and holds it against the catalogue and its own text; findings go to file. NULL:
 * there were any, or it could not be read. Lives in the arena. */
const struct coverage *catalog_coverage(const struct command_context *context, const char *path,
                                        const struct catalog *catalog, struct arena *arena,
                                        FILE *file);

/* The commands that tell a supervisor of cases and of the rules: what `reports` may name. */
uint32_t catalog_reports(const struct bytes **ret_names);
/* What such a command shows, by its row in the table of main.c. */
const char *catalog_report_words(const struct command_context *context, struct bytes name);

#endif
