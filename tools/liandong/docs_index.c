/* The first page: every mechanism and task of the plan with its workflows. A workflow serves
 * several of them; it is told of in full where it first comes up, and later in a line. */
#include "tools/liandong/docs.h"

enum { FORCES = FORCE_AGREED + 1 };

static void count_forces(const struct program *program, uint32_t counts[FORCES])
{
    for (uint32_t i = 0; i < program->clock_count; i++)
        counts[program->clocks[i].force]++;
}

static void put_tally(struct page *page, const uint32_t counts[FORCES])
{
    page_raw(page, "<span class=\"tally\">");
    for (int force = FORCE_STATUTORY; force < FORCES; force++) {
        if (counts[force] == 0)
            continue;
        page_raw(page, "<span>");
        page_force(page, (enum clock_force)force);
        page_count(page, counts[force]);
        page_raw(page, "</span>");
    }
    page_raw(page, "</span>");
}

static uint32_t stories_of(const struct docs *docs, struct bytes workflow)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < docs->story_count; i++)
        count += bytes_equal(docs->stories[i].workflow, workflow);
    return count;
}

static void put_clock(struct page *page, const struct program *program,
                      const struct clock_rule *clock)
{
    page_raw(page, "<li>");
    page_force(page, clock->force);
    page_title(page, &clock->title, clock->name);
    page_raw(page, " <span class=\"period\">");
    page_period(page, program, clock);
    page_raw(page, "</span>");
    if (clock->who != INDEX_NONE) {
        const struct party *who = &program->parties[clock->who];
        page_raw(page, " <span class=\"soft\">· ");
        page_title(page, &who->title, who->name);
        page_raw(page, "</span>");
    }
    page_raw(page, "</li>\n");
}

/* The statutory ones first. */
static void put_clocks(struct page *page, const struct program *program)
{
    if (program->clock_count == 0)
        return;
    page_raw(page, "<ul class=\"term-list\">\n");
    for (int force = FORCE_STATUTORY; force < FORCES; force++) {
        for (uint32_t i = 0; i < program->clock_count; i++) {
            if (program->clocks[i].force == (enum clock_force)force)
                put_clock(page, program, &program->clocks[i]);
        }
    }
    page_raw(page, "</ul>\n");
}

static void put_card(struct page *page, const struct program *program)
{
    uint32_t stories = stories_of(page->docs, program->id);
    page_raw(page, "<article class=\"card\"><h4>");
    page_workflow(page, program);
    page_raw(page, "</h4>\n<p class=\"soft\">");
    page_text(page, program->basis);
    page_raw(page, "</p>\n<p class=\"soft\">");
    page_count(page, program->state_count);
    page_say(page, " 个状态 · ", " states · ");
    page_count(page, program->event_count);
    page_say(page, " 个事件", " events");
    if (stories > 0) { /* a sub-case is played in the stories of its parent */
        page_raw(page, " · ");
        page_count(page, stories);
        page_say(page, " 个故事", " stories");
    }
    page_raw(page, "</p>\n");
    put_clocks(page, program);
    page_raw(page, "</article>\n");
}

static void put_again(struct page *page, const struct program *program)
{
    uint32_t counts[FORCES] = {0};
    count_forces(program, counts);
    page_raw(page, "<div class=\"again\">");
    page_workflow(page, program);
    page_raw(page, " <span class=\"soft\">");
    page_say(page, "见前文", "told of above");
    page_raw(page, "</span> ");
    put_tally(page, counts);
    page_raw(page, "</div>\n");
}

/* Every workflow, by id. */
static void put_every(struct page *page)
{
    const struct catalog *catalog = page->docs->catalog;
    page_raw(page, "<div class=\"cards\">\n");
    for (uint32_t i = 0; i < catalog->count; i++)
        put_card(page, catalog->programs[i]);
    page_raw(page, "</div>\n");
}

/* Adds the workflows that a clause names and that are not among them yet. */
static void add_named(const struct docs *docs, const struct coverage_clause *clause,
                      const struct program *named[CATALOG_MAX], uint32_t *count)
{
    for (uint32_t i = 0; i < clause->service_count && *count < CATALOG_MAX; i++) {
        const struct program *program =
            catalog_find(docs->catalog, clause->services[i].workflow.name);
        bool is_there = false;
        for (uint32_t j = 0; j < *count; j++)
            is_there = is_there || named[j] == program;
        if (!is_there)
            named[(*count)++] = program;
    }
}

/* Those beneath the heading, in the order in which the clauses name them, so that the first is the
 * one that the plan speaks of; in full those that have not come up before, then the others. */
static void put_group(struct page *page, struct bytes label,
                      const struct program *shown[CATALOG_MAX], uint32_t *shown_count)
{
    const struct coverage *coverage = page->docs->coverage;
    const struct program *named[CATALOG_MAX];
    bool is_again[CATALOG_MAX] = {false};
    uint32_t count = 0;
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        if (bytes_equal(coverage_label(coverage, &coverage->clauses[i]), label))
            add_named(page->docs, &coverage->clauses[i], named, &count);
    }
    page_raw(page, "<div class=\"cards\">\n");
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < *shown_count; j++)
            is_again[i] = is_again[i] || shown[j] == named[i];
        if (is_again[i])
            continue;
        put_card(page, named[i]);
        shown[(*shown_count)++] = named[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        if (is_again[i])
            put_again(page, named[i]);
    }
    page_raw(page, "</div>\n");
}

/* A title without the full stop that ends a heading of the plan. */
static struct bytes heading_words(struct bytes words)
{
    struct bytes stop = BYTES_LITERAL("。");
    bool has_stop = bytes_ends_with(words, stop);
    return bytes_slice(words, 0, has_stop ? words.size - stop.size : words.size);
}

static void put_heading(struct page *page, const struct coverage_clause *clause)
{
    bool is_group = clause->label.name.size > 0;
    page_raw(page, is_group ? "<h3 id=\"" : "<h2>");
    if (is_group) {
        page_text(page, clause->label.name);
        page_raw(page, "\">");
    }
    page_text(page, heading_words(clause->words));
    if (is_group) {
        page_raw(page, " <a class=\"soft\" href=\"coverage.html#c-");
        page_text(page, clause->id.name);
        page_say(page, "\">逐句对照</a>", "\">sentence by sentence</a>");
    }
    page_raw(page, is_group ? "</h3>\n" : "</h2>\n");
}

static void put_plan(struct page *page, const struct coverage *coverage)
{
    const struct program *shown[CATALOG_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        if (!clause->is_heading)
            continue;
        put_heading(page, clause);
        if (clause->label.name.size)
            put_group(page, clause->label.name, shown, &count);
    }
}

static void put_contents(struct page *page, const struct coverage *coverage)
{
    page_raw(page, "<nav class=\"contents\">\n");
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        if (!clause->is_heading || !clause->label.name.size)
            continue;
        page_raw(page, "<a href=\"#");
        page_text(page, clause->label.name);
        page_raw(page, "\">");
        page_text(page, heading_words(clause->words));
        page_raw(page, "</a>\n");
    }
    page_raw(page, "</nav>\n");
}

static void put_key(struct page *page)
{
    page_raw(page, "<div class=\"key\"><p>");
    page_force(page, FORCE_STATUTORY);
    page_say(page, "法律、行政法规、司法解释、规章写明天数的期限。",
             "a period that a law or rule lays down.");
    page_raw(page, "</p><p>");
    page_force(page, FORCE_REFERENCE);
    page_say(page, "参照其他规定，或者条文尚须核对的期限。",
             "a period taken from elsewhere, or whose text is still to be verified.");
    page_raw(page, "</p><p>");
    page_force(page, FORCE_AGREED);
    page_say(page, "联席会议约定的期限，可以由办公室修改；不是法定期限。",
             "a period agreed by the conference, which its office may change; no law has it.");
    page_raw(page, "</p></div>\n");
}

static void put_sums(struct page *page)
{
    const struct catalog *catalog = page->docs->catalog;
    uint32_t counts[FORCES] = {0};
    for (uint32_t i = 0; i < catalog->count; i++)
        count_forces(catalog->programs[i], counts);
    page_raw(page, "<p>");
    page_count(page, catalog->count);
    page_say(page, " 个流程，", " workflows, ");
    page_count(page, page->docs->story_count);
    page_say(page, " 个演练过的故事，期限 ", " stories, clocks: ");
    put_tally(page, counts);
    page_raw(page, "</p>\n");
}

bool docs_index(const struct docs *docs)
{
    struct page page;
    const char *name = "index.html";
    if (!page_begin(&page, docs, name, docs->title))
        return false;
    if (docs->coverage) {
        page_raw(&page, "<p class=\"soft\">");
        page_text(&page, docs->coverage->source);
        page_raw(&page, "</p>\n");
    }
    put_sums(&page);
    put_key(&page);
    if (docs->coverage) {
        put_contents(&page, docs->coverage);
        put_plan(&page, docs->coverage);
    } else {
        put_every(&page);
    }
    return page_end(&page, name);
}
