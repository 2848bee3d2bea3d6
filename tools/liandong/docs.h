/* The catalogue as pages for administrators: what they are made of, and the parts of a page.
 * Everything stands in the folder that is written: no script, no font, no picture from elsewhere.
 */
#ifndef LD_TOOLS_DOCS_H
#define LD_TOOLS_DOCS_H

#include "tools/liandong/catalog.h"

#define DOCS_MARKER ".liandong-docs" /* names the files of an earlier output */

enum { DOCS_STORIES_MAX = 2048 };

struct docs_story {
    struct bytes workflow, name;
};

struct docs {
    const struct command_context *context;
    bool is_zh; /* of the pages: not of the caller */
    struct bytes title;
    const char *folder;
    const struct catalog *catalog;
    const struct coverage *coverage; /* or NULL */
    const struct definition_context *rules;
    struct docs_story *stories; /* in the order of their paths */
    uint32_t story_count;
    struct arena *scratch;         /* of a page */
    uint8_t *diagram_block, *text; /* DIAGRAM_ARENA_SIZE, DIAGRAM_TEXT_SIZE */
};

struct page {
    const struct docs *docs;
    FILE *file;
};

/* The pages of the folder; false after a complaint. */
bool docs_index(const struct docs *docs);
bool docs_workflow(const struct docs *docs, const struct program *program);
bool docs_coverage(const struct docs *docs);

/* Opens FOLDER/NAME and writes all down to the page's own headline; then what is below it. */
bool page_begin(struct page *page, const struct docs *docs, const char *name, struct bytes title);
bool page_end(struct page *page, const char *name);

void page_raw(struct page *page, const char *html);
/* Text, escaped. */
void page_text(struct page *page, struct bytes text);
/* A number. */
void page_count(struct page *page, uint32_t count);
/* In the language of the pages: may hold tags. */
void page_say(struct page *page, const char *zh, const char *en);
void page_title(struct page *page, const struct title *title, struct bytes name);
/* <code>NAME</code> */
void page_code(struct page *page, struct bytes name);
/* The force of a clock, in a word and a colour. */
void page_force(struct page *page, enum clock_force force);
/* <a href="workflow-ID.html">TITLE</a> */
void page_workflow(struct page *page, const struct program *program);
/* "20 个工作日", as the diagram has it. */
void page_period(struct page *page, const struct program *program, const struct clock_rule *clock);

extern const char docs_style[];

#endif
