/* The page of the plan: each sentence in its own words, and under it what serves it. The ladders
 * stand at the end, where the clocks lead to. */
#include "tools/liandong/coverage_show.h"
#include "tools/liandong/docs.h"
#include "tools/liandong/ladder_show.h"

enum { CELL_SIZE = 1024 };

static void put_id(struct page *page, struct bytes id)
{
    page_raw(page, " id=\"c-");
    page_text(page, id);
    page_raw(page, "\"");
}

static void put_events(struct page *page, const struct program *program,
                       const struct coverage_service *service)
{
    page_say(page, "<dt>事件</dt><dd>", "<dt>events</dt><dd>");
    for (uint32_t i = 0; i < service->event_count; i++) {
        const struct event_type *event = coverage_event(program, service->events[i].name);
        page_raw(page, i == 0 ? "" : page->docs->is_zh ? "、" : ", ");
        page_title(page, &event->title, event->name);
    }
    page_raw(page, "</dd>\n");
}

static struct bytes levels_of(const struct page *page, struct bytes name, uint8_t memory[CELL_SIZE])
{
    const struct ladder *ladder = policy_ladder(page->docs->rules->policy, name);
    struct buffer buffer;
    buffer_init(&buffer, memory, CELL_SIZE);
    if (ladder)
        ladder_put_levels(&buffer, ladder, page->docs->is_zh);
    return buffer_bytes(&buffer);
}

static void put_clock(struct page *page, const struct program *program,
                      const struct clock_rule *clock)
{
    uint8_t memory[CELL_SIZE];
    page_raw(page, "<div>");
    page_force(page, clock->force);
    page_title(page, &clock->title, clock->name);
    page_raw(page, " <span class=\"period\">");
    page_period(page, program, clock);
    page_raw(page, "</span>");
    if (clock->ladder.size) {
        page_say(page, " <span class=\"soft\">提醒 <a href=\"#ladder-",
                 " <span class=\"soft\">alerts <a href=\"#ladder-");
        page_text(page, clock->ladder);
        page_raw(page, "\">");
        page_text(page, clock->ladder);
        page_raw(page, "</a> ");
        page_text(page, levels_of(page, clock->ladder, memory));
        page_raw(page, "</span>");
    }
    page_raw(page, "</div>");
}

static void put_service(struct page *page, const struct coverage_service *service)
{
    const struct program *program = catalog_find(page->docs->catalog, service->workflow.name);
    page_raw(page, "<div class=\"serve\"><h4>");
    page_workflow(page, program);
    page_raw(page, "</h4><dl>");
    if (service->event_count)
        put_events(page, program, service);
    if (service->clock_count)
        page_say(page, "<dt>期限</dt><dd>", "<dt>clocks</dt><dd>");
    for (uint32_t i = 0; i < service->clock_count; i++)
        put_clock(page, program, coverage_clock(program, service->clocks[i].name));
    page_raw(page, service->clock_count ? "</dd></dl></div>\n" : "</dl></div>\n");
}

static void put_sentence(struct page *page, const struct coverage_clause *clause)
{
    page_raw(page, "<section class=\"clause\"");
    put_id(page, clause->id.name);
    page_raw(page, "><span class=\"soft\">");
    page_text(page, clause->id.name);
    page_raw(page, "</span><blockquote>");
    page_text(page, clause->words);
    page_raw(page, "</blockquote>\n");
    if (clause->outside.zh.size) {
        page_say(page, "<p class=\"none\">不由软件办理：",
                 "<p class=\"none\">Outside the software: ");
        page_title(page, &clause->outside, BYTES_NONE);
        page_raw(page, "</p>\n");
    }
    for (uint32_t i = 0; i < clause->service_count; i++)
        put_service(page, &clause->services[i]);
    if (clause->report_count) {
        page_say(page, "<div class=\"serve\"><dl><dt>报表</dt><dd>",
                 "<div class=\"serve\"><dl><dt>reports</dt><dd>");
        for (uint32_t i = 0; i < clause->report_count; i++) {
            page_raw(page, i == 0 ? "" : page->docs->is_zh ? "、" : ", ");
            page_code(page, clause->reports[i].name);
        }
        page_raw(page, "</dd></dl></div>\n");
    }
    page_raw(page, "</section>\n");
}

static void put_heading(struct page *page, const struct coverage_clause *clause)
{
    page_raw(page, clause->label.name.size ? "<h3" : "<h2");
    put_id(page, clause->id.name);
    page_raw(page, ">");
    page_text(page, clause->words);
    page_raw(page, clause->label.name.size ? "</h3>\n" : "</h2>\n");
}

static void put_rung(struct page *page, const struct rung *rung)
{
    uint8_t memory[2][CELL_SIZE];
    struct buffer when, told;
    bool is_zh = page->docs->is_zh;
    buffer_init(&when, memory[0], CELL_SIZE);
    buffer_init(&told, memory[1], CELL_SIZE);
    ladder_put_when(&when, rung, is_zh);
    ladder_put_tells(&told, rung, page->docs->rules->directory, is_zh);
    page_raw(page, "<tr><td>");
    page_text(page, buffer_bytes(&when));
    page_raw(page, "</td><td>");
    page_raw(page, ladder_level_words(rung->level, is_zh));
    page_raw(page, "</td><td>");
    page_text(page, buffer_bytes(&told));
    const struct program *draft =
        rung->draft ? catalog_find(page->docs->catalog, rung->draft->workflow) : NULL;
    if (draft) {
        page_say(page, "；拟出草稿：", "; drafts: ");
        page_workflow(page, draft);
    }
    page_raw(page, "</td></tr>\n");
}

static void put_ladders(struct page *page)
{
    const struct policy *policy = page->docs->rules->policy;
    page_say(page, "<h2>提醒阶梯</h2>\n<p>期限临近、到期、逾期时，依次告知下列单位。</p>\n",
             "<h2>Ladders of alerts</h2>\n");
    for (uint32_t i = 0; i < policy->ladder_count; i++) {
        const struct ladder *ladder = &policy->ladders[i];
        page_raw(page, "<h3 id=\"ladder-");
        page_text(page, ladder->name);
        page_raw(page, "\">");
        page_text(page, ladder->name);
        page_say(page,
                 "</h3>\n<table "
                 "class=\"rungs\"><thead><tr><th>何时<th>级别<th>告知</tr></thead><tbody>\n",
                 "</h3>\n<table "
                 "class=\"rungs\"><thead><tr><th>when<th>level<th>told</tr></thead><tbody>\n");
        for (uint32_t j = 0; j < ladder->rung_count; j++)
            put_rung(page, &ladder->rungs[j]);
        page_raw(page, "</tbody></table>\n");
    }
}

static void put_reports(struct page *page)
{
    const struct bytes *names;
    const struct command_context context = {.is_zh = page->docs->is_zh};
    uint32_t count = catalog_reports(&names);
    page_say(
        page, "<h2>报表</h2>\n<table><thead><tr><th>命令<th>内容</tr></thead><tbody>\n",
        "<h2>Reports</h2>\n<table><thead><tr><th>command<th>what it tells</tr></thead><tbody>\n");
    for (uint32_t i = 0; i < count; i++) {
        page_raw(page, "<tr><td><code>liandong ");
        page_text(page, names[i]);
        page_raw(page, "</code></td><td>");
        page_raw(page, catalog_report_words(&context, names[i]));
        page_raw(page, "</td></tr>\n");
    }
    page_raw(page, "</tbody></table>\n");
}

static void put_sum(struct page *page, const struct coverage *coverage)
{
    struct coverage_sum sum = coverage_sum(coverage);
    page_raw(page, "<p>");
    page_count(page, sum.clauses);
    page_say(page, " 句原文，", " sentences: ");
    page_count(page, sum.clauses - sum.outside);
    page_say(page, " 句由流程办理", " served by workflows");
    if (sum.outside) {
        page_say(page, "，", ", ");
        page_count(page, sum.outside);
        page_say(page, " 句没有可由软件办理的行为，写明了理由",
                 " outside the software, each with the reason");
    }
    page_say(page, "。所写的流程、事件、期限都已核对。",
             ". Every workflow, event and clock has been checked.");
    page_raw(page, "</p>\n");
}

bool docs_coverage(const struct docs *docs)
{
    const struct coverage *coverage = docs->coverage;
    const char *name = "coverage.html";
    struct bytes title = bytes_from_text(docs->is_zh ? "条款对照" : "Clause by clause");
    struct page page;
    if (!page_begin(&page, docs, name, title))
        return false;
    page_raw(&page, "<p class=\"soft\">");
    page_text(&page, coverage->source);
    page_raw(&page, "</p>\n");
    put_sum(&page, coverage);
    for (uint32_t i = 0; i < coverage->clause_count; i++) {
        if (coverage->clauses[i].is_heading)
            put_heading(&page, &coverage->clauses[i]);
        else
            put_sentence(&page, &coverage->clauses[i]);
    }
    put_ladders(&page);
    put_reports(&page);
    return page_end(&page, name);
}
