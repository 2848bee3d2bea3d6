/* The page of a workflow: its picture, its clocks with their sources, its events with who may
 * publish them, its states, its stories, the clauses that it serves. */
#include "tools/liandong/docs.h"

#include "workflows/language/diagram.h"
#include "workflows/language/diagram_words.h"

#include <string.h>

enum { NOTES_SIZE = 4096, NAME_SIZE = 160 };

struct word_row {
    const char *word, *zh, *en;
};

/* The kinds of units and the roles of the shipped catalogue; another is shown by its word alone. */
static const struct word_row kind_rows[] = {
    {"agency", "行政机关", "agencies"},
    {"town", "镇、街道、管理区", "towns"},
    {"government", "市政府及其办公室、督查机构", "the government"},
    {"procuratorate", "检察院", "procuratorates"},
    {"police", "公安机关", "the police"},
    {"court", "人民法院", "courts"},
    {"joint-office", "联席会议办公室", "the joint office"},
    {NULL, NULL, NULL}};

static const struct word_row role_rows[] = {
    {"head", "本机关主要负责人", "head of the agency"},
    {"chief", "检察长", "chief procurator"},
    {"office-director", "联席会议办公室主任", "director of the joint office"},
    {"convener", "召集人", "convener"},
    {"vice-convener", "副召集人", "vice convener"},
    {"data-head", "数据工作负责人", "head of data"},
    {"minor-officer", "未成年人事务专门人员", "officer for minors"},
    {"research-head", "法律政策研究部门负责人", "head of legal research"},
    {NULL, NULL, NULL}};

/* False: there is no such word among the rows. */
static bool put_word(struct page *page, const struct word_row *rows, struct bytes word)
{
    for (; rows->word; rows++) {
        if (bytes_is(word, rows->word)) {
            page_say(page, rows->zh, rows->en);
            return true;
        }
    }
    return false;
}

static void put_cell(struct page *page, const char *zh, const char *en)
{
    page_raw(page, "<td data-head=\"");
    page_say(page, zh, en);
    page_raw(page, "\">");
}

/* --- head and picture ------------------------------------------------------------------------ */

static void put_clauses(struct page *page, const struct program *program)
{
    const struct coverage *coverage = page->docs->coverage;
    bool is_first = true;
    for (uint32_t i = 0; coverage && i < coverage->clause_count; i++) {
        const struct coverage_clause *clause = &coverage->clauses[i];
        for (uint32_t j = 0; j < clause->service_count; j++) {
            if (!bytes_equal(clause->services[j].workflow.name, program->id))
                continue;
            page_raw(page, is_first ? "" : page->docs->is_zh ? "、" : ", ");
            page_raw(page, "<a href=\"coverage.html#c-");
            page_text(page, clause->id.name);
            page_raw(page, "\">");
            page_text(page, clause->id.name);
            page_raw(page, "</a>");
            is_first = false;
        }
    }
}

static void put_facts(struct page *page, const struct program *program)
{
    page_say(page, "<dl class=\"facts\"><dt>编号</dt><dd>", "<dl class=\"facts\"><dt>id</dt><dd>");
    page_code(page, program->id);
    page_say(page, "，第 ", ", version ");
    page_count(page, program->version);
    page_say(page, " 版</dd><dt>依据</dt><dd>", "</dd><dt>basis</dt><dd>");
    page_text(page, program->basis);
    page_raw(page, "</dd>");
    if (page->docs->coverage) {
        page_say(page, "<dt>落实条款</dt><dd>", "<dt>serves</dt><dd>");
        put_clauses(page, program);
        page_raw(page, "</dd>");
    }
    page_say(page, "<dt>当事方</dt><dd>", "<dt>parties</dt><dd>");
    for (uint32_t i = 0; i < program->party_count; i++) {
        page_raw(page, i == 0 ? "" : page->docs->is_zh ? "、" : ", ");
        page_title(page, &program->parties[i].title, program->parties[i].name);
        page_raw(page, " ");
        page_code(page, program->parties[i].name);
    }
    page_raw(page, "</dd></dl>\n");
}

/* For the diagram: what the workflows that it opens are called. */
static bool find_title(void *finder, struct bytes workflow, struct title *ret_title)
{
    const struct docs *docs = finder;
    const struct program *program = catalog_find(docs->catalog, workflow);
    if (program)
        *ret_title = program->title;
    return program;
}

static bool put_picture(struct page *page, const struct program *program)
{
    const struct docs *docs = page->docs;
    struct docs finder = *docs;
    struct diagram_request request = {DIAGRAM_SVG, docs->is_zh, find_title, &finder};
    struct arena arena;
    struct buffer buffer;
    arena_init(&arena, docs->diagram_block, DIAGRAM_ARENA_SIZE);
    buffer_init(&buffer, docs->text, DIAGRAM_TEXT_SIZE);
    if (diagram_write_family(program, &request, &arena, &buffer) != LD_OK) {
        complain(docs->context, "%.*s:流程太大,画不下", "%.*s: the workflow is too large to draw",
                 BYTES_PRINTF(program->id));
        return false;
    }
    /* Within a page the picture needs no declaration of its own. */
    struct bytes text = buffer_bytes(&buffer);
    size_t begin = bytes_find(text, BYTES_LITERAL("<svg"));
    text = bytes_slice(text, begin == SIZE_MAX ? 0 : begin, text.size);
    page_say(page, "<h2 class=\"on-screen\">流程图</h2>\n",
             "<h2 class=\"on-screen\">Diagram</h2>\n");
    page_raw(page, "<div class=\"picture\">");
    (void)fwrite(text.ptr, 1, text.size, page->file); /* page_end looks at ferror */
    page_raw(page, "</div>\n");
    return true;
}

/* --- clocks ---------------------------------------------------------------------------------- */

/* What the diagram says at length, without the lines that the row has already: title and period,
 * force and who. */
static void put_notes(struct page *page, const struct program *program,
                      const struct clock_rule *clock)
{
    uint8_t memory[NOTES_SIZE];
    struct buffer buffer;
    struct words words = {program, page->docs->is_zh, &buffer, NULL};
    buffer_init(&buffer, memory, sizeof memory);
    words_put_clock_notes(&words, clock);
    struct bytes text = buffer_bytes(&buffer);
    size_t line = bytes_find(text, BYTES_LITERAL("\n"));
    text = bytes_slice(text, line == SIZE_MAX ? text.size : line + 1, text.size);
    size_t skipped = 0;
    for (size_t i = 0; i < text.size && text.ptr[i] != '\n' && skipped < 2; i++) {
        struct bytes dot = BYTES_LITERAL(" · ");
        if (!bytes_starts_with(bytes_slice(text, i, text.size), dot))
            continue;
        skipped++;
        if (skipped == 2)
            text = bytes_slice(text, i + dot.size, text.size);
    }
    if (skipped < 2) { /* the line has no more than those two */
        line = bytes_find(text, BYTES_LITERAL("\n"));
        text = bytes_slice(text, line == SIZE_MAX ? text.size : line + 1, text.size);
    }
    for (size_t at = 0; at < text.size; at++) {
        if (text.ptr[at] == '\n')
            page_raw(page, "<br>");
        else
            page_text(page, bytes_slice(text, at, 1));
    }
}

static void put_clock(struct page *page, const struct program *program,
                      const struct clock_rule *clock)
{
    page_raw(page, "<tr><td>");
    page_force(page, clock->force);
    page_raw(page, "</td><td>");
    page_title(page, &clock->title, clock->name);
    page_raw(page, " ");
    page_code(page, clock->name);
    page_raw(page, "</td>");
    put_cell(page, "期间", "period");
    page_raw(page, "<span class=\"period\">");
    page_period(page, program, clock);
    page_raw(page, "</span></td>");
    put_cell(page, "责任", "answerable");
    if (clock->who != INDEX_NONE)
        page_title(page, &program->parties[clock->who].title, program->parties[clock->who].name);
    page_raw(page, "</td>");
    put_cell(page, "提醒", "alerts");
    if (clock->ladder.size && page->docs->coverage) {
        page_raw(page, "<a href=\"coverage.html#ladder-");
        page_text(page, clock->ladder);
        page_raw(page, "\">");
        page_text(page, clock->ladder);
        page_raw(page, "</a>");
    } else {
        page_text(page, clock->ladder);
    }
    page_raw(page, "</td>");
    put_cell(page, "说明", "notes");
    put_notes(page, program, clock);
    page_raw(page, "</td></tr>\n");
}

static void put_clocks(struct page *page, const struct program *program)
{
    if (program->clock_count == 0)
        return;
    page_say(
        page,
        "<h2>期限</h2>\n<table class=\"wide\"><thead><tr><th class=\"w1\">效力<th class=\"w4\">"
        "期限<th class=\"w4\">期间<th class=\"w3\">责任<th class=\"w2\">提醒<th>"
        "起算、延长、依据</tr></thead><tbody>\n",
        "<h2>Clocks</h2>\n<table class=\"wide\"><thead><tr><th class=\"w1\">force<th "
        "class=\"w4\">clock<th class=\"w4\">period<th class=\"w3\">answerable<th "
        "class=\"w2\">alerts<th>start, extension, basis</tr></thead><tbody>\n");
    for (uint32_t i = 0; i < program->clock_count; i++)
        put_clock(page, program, &program->clocks[i]);
    page_raw(page, "</tbody></table>\n");
}

/* --- events and states ----------------------------------------------------------------------- */

static void put_senders(struct page *page, const struct program *program,
                        const struct event_type *event)
{
    for (uint32_t i = 0; i < event->from_count; i++) {
        const struct event_sender *sender = &event->from[i];
        page_raw(page, i == 0 ? "" : page->docs->is_zh ? "、" : ", ");
        if (sender->party == INDEX_NONE) {
            if (!put_word(page, kind_rows, sender->kind))
                page_code(page, sender->kind);
        } else {
            const struct party *party = &program->parties[sender->party];
            page_title(page, &party->title, party->name);
        }
    }
}

static void put_events(struct page *page, const struct program *program)
{
    page_say(
        page,
        "<h2>事件</h2>\n<table class=\"wide\"><thead><tr><th class=\"w5\">事件<th class=\"w6\">"
        "可由谁发布<th class=\"w5\">须由谁决定<th>"
        "按哪一日起算</tr></thead><tbody>\n",
        "<h2>Events</h2>\n<table class=\"wide\"><thead><tr><th class=\"w5\">event<th "
        "class=\"w6\">published by<th class=\"w5\">decided by<th>"
        "legal date</tr></thead><tbody>\n");
    for (uint32_t i = 0; i < program->event_count; i++) {
        const struct event_type *event = &program->events[i];
        if ((int32_t)i == program->joined_event)
            continue; /* the engine's own */
        page_raw(page, "<tr><td>");
        page_title(page, &event->title, event->name);
        page_raw(page, " ");
        page_code(page, event->name);
        page_raw(page, "</td>");
        put_cell(page, "发布", "by");
        put_senders(page, program, event);
        page_raw(page, "</td>");
        if (event->role.size) {
            put_cell(page, "决定", "decided by");
            (void)put_word(page, role_rows, event->role); /* its own word stands beside it */
            page_code(page, event->role);
        } else {
            page_raw(page, "<td>");
        }
        page_raw(page, "</td>");
        if (event->date_field != INDEX_NONE) {
            const struct field *field = &event->fields[event->date_field];
            put_cell(page, "起算", "date");
            if (bytes_equal(field->title.zh, field->name)) /* nobody wrote a title */
                page_code(page, field->name);
            else
                page_title(page, &field->title, field->name);
        } else {
            page_raw(page, "<td>");
        }
        page_raw(page, "</td></tr>\n");
    }
    page_raw(page, "</tbody></table>\n");
}

static void put_state_clocks(struct page *page, const struct program *program,
                             const struct state *state)
{
    bool is_first = true;
    for (uint32_t i = 0; i < program->clock_count; i++) {
        if (!(state->clocks >> i & 1))
            continue;
        page_raw(page, is_first ? "" : "<br>");
        page_force(page, program->clocks[i].force);
        page_title(page, &program->clocks[i].title, program->clocks[i].name);
        is_first = false;
    }
    if (!state->no_clock.size)
        return;
    page_raw(page, is_first ? "<span class=\"soft\">" : "<br><span class=\"soft\">");
    page_say(page, "没有期限：", "no clock: ");
    page_text(page, state->no_clock);
    page_raw(page, "</span>");
}

static void put_takes(struct page *page, const struct program *program, const struct state *state)
{
    for (uint32_t i = 0; i < state->handler_count; i++) {
        int32_t event = state->handlers[i].event;
        page_raw(page, i == 0 ? "" : page->docs->is_zh ? "、" : ", ");
        if (event == program->joined_event)
            page_say(page, "下级案件全部办结", "all sub-cases closed");
        else
            page_title(page, &program->events[event].title, program->events[event].name);
    }
}

static void put_states(struct page *page, const struct program *program)
{
    page_say(
        page,
        "<h2>状态</h2>\n<table class=\"wide\"><thead><tr><th class=\"w5\">状态<th class=\"w6\">"
        "接受的事件<th>在计算的期限</tr></thead><tbody>\n",
        "<h2>States</h2>\n<table class=\"wide\"><thead><tr><th class=\"w5\">state<th "
        "class=\"w6\">takes<th>clocks that run</tr></thead><tbody>\n");
    for (uint32_t i = 0; i < program->state_count; i++) {
        const struct state *state = &program->states[i];
        page_raw(page, "<tr><td>");
        page_title(page, &state->title, state->name);
        if (state->is_end)
            page_say(page, "<span class=\"soft\">（终结）</span>",
                     " <span class=\"soft\">(end)</span>");
        page_raw(page, " ");
        page_code(page, state->name);
        page_raw(page, "</td>");
        put_cell(page, "接受", "takes");
        put_takes(page, program, state);
        page_raw(page, "</td>");
        put_cell(page, "期限", "clocks");
        put_state_clocks(page, program, state);
        page_raw(page, "</td></tr>\n");
    }
    page_raw(page, "</tbody></table>\n");
}

static void put_stories(struct page *page, const struct program *program)
{
    bool is_any = false;
    for (uint32_t i = 0; i < page->docs->story_count; i++) {
        const struct docs_story *story = &page->docs->stories[i];
        if (!bytes_equal(story->workflow, program->id))
            continue;
        if (!is_any)
            page_say(page, "<h2>演练过的故事</h2>\n<ol class=\"stories\">\n",
                     "<h2>Stories</h2>\n<ol class=\"stories\">\n");
        is_any = true;
        page_raw(page, "<li>");
        page_text(page, story->name);
        page_raw(page, "</li>\n");
    }
    page_raw(page, is_any ? "</ol>\n" : "");
}

bool docs_workflow(const struct docs *docs, const struct program *program)
{
    char name[NAME_SIZE];
    struct page page;
    struct bytes title =
        docs->is_zh || !program->title.en.size ? program->title.zh : program->title.en;
    (void)snprintf(name, sizeof name, "workflow-%.*s.html", BYTES_PRINTF(program->id));
    if (!page_begin(&page, docs, name, title))
        return false;
    put_facts(&page, program);
    put_clocks(&page, program);
    bool is_drawn = put_picture(&page, program);
    put_states(&page, program);
    put_events(&page, program);
    put_stories(&page, program);
    return page_end(&page, name) && is_drawn;
}
