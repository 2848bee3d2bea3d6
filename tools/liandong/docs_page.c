/* The parts of a page. All text of definitions goes through page_text, the one place that escapes
 * it: a title is somebody's text, and no markup. */
#include "tools/liandong/docs.h"

#include "workflows/language/diagram_words.h"

#include <errno.h>
#include <string.h>

enum { PERIOD_TEXT_SIZE = 2048 };

void page_raw(struct page *page, const char *html)
{
    (void)fputs(html, page->file); /* page_end looks at ferror */
}

void page_text(struct page *page, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        switch (text.ptr[i]) {
        case '&': page_raw(page, "&amp;"); break;
        case '<': page_raw(page, "&lt;"); break;
        case '>': page_raw(page, "&gt;"); break;
        case '"': page_raw(page, "&quot;"); break;
        default: (void)fputc(text.ptr[i], page->file);
        }
    }
}

void page_count(struct page *page, uint32_t count)
{
    (void)fprintf(page->file, "%u", count);
}

void page_say(struct page *page, const char *zh, const char *en)
{
    page_raw(page, page->docs->is_zh ? zh : en);
}

void page_title(struct page *page, const struct title *title, struct bytes name)
{
    struct bytes own = page->docs->is_zh || !title->en.size ? title->zh : title->en;
    page_text(page, own.size ? own : name);
}

void page_code(struct page *page, struct bytes name)
{
    page_raw(page, "<code>");
    page_text(page, name);
    page_raw(page, "</code>");
}

void page_force(struct page *page, enum clock_force force)
{
    (void)fprintf(page->file, "<span class=\"force f%d\">%s</span>", (int)force,
                  words_force(force, page->docs->is_zh));
}

void page_workflow(struct page *page, const struct program *program)
{
    page_raw(page, "<a href=\"workflow-");
    page_text(page, program->id);
    page_raw(page, ".html\">");
    page_title(page, &program->title, program->id);
    page_raw(page, "</a>");
}

void page_period(struct page *page, const struct program *program, const struct clock_rule *clock)
{
    uint8_t memory[PERIOD_TEXT_SIZE];
    struct buffer buffer;
    struct words words = {program, page->docs->is_zh, &buffer, NULL};
    buffer_init(&buffer, memory, sizeof memory);
    words_put_period(&words, clock);
    page_text(page, buffer_bytes(&buffer));
}

static void put_top(struct page *page)
{
    page_raw(page, "<div class=\"topbar\"><div><a class=\"home\" href=\"index.html\">");
    page_text(page, page->docs->title);
    page_raw(page, "</a>");
    if (page->docs->coverage)
        page_say(page, "<a href=\"coverage.html\">条款对照</a>",
                 "<a href=\"coverage.html\">Clause by clause</a>");
    page_raw(page, "</div></div>\n");
}

bool page_begin(struct page *page, const struct docs *docs, const char *name, struct bytes title)
{
    char path[FILE_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", docs->folder, name);
    *page = (struct page){docs, NULL};
    if (size > 0 && (size_t)size < sizeof path)
        page->file = fopen(path, "wb");
    if (!page->file) {
        complain(docs->context, "无法写入 %s/%s:%s", "cannot write %s/%s: %s", docs->folder, name,
                 strerror(errno));
        return false;
    }
    page_raw(page, "<!doctype html>\n<html lang=\"");
    page_say(page, "zh-CN", "en");
    page_raw(page, "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                   "content=\"width=device-width,initial-scale=1\">\n<title>");
    page_text(page, title);
    page_raw(page, "</title>\n<style>\n");
    page_raw(page, docs_style);
    page_raw(page, "</style>\n</head>\n<body>\n");
    put_top(page);
    page_raw(page, "<main>\n<h1>");
    page_text(page, title);
    page_raw(page, "</h1>\n");
    return true;
}

bool page_end(struct page *page, const char *name)
{
    page_raw(page, "<footer>");
    page_say(page,
             "由 <code>liandong workflow docs</code> 按流程定义生成；与定义不一致的，以定义为准。",
             "Written by <code>liandong workflow docs</code> from the definitions, which prevail.");
    page_raw(page, "</footer>\n</main>\n</body>\n</html>\n");
    bool is_written = !ferror(page->file);
    is_written = fclose(page->file) == 0 && is_written;
    if (!is_written)
        complain(page->docs->context, "无法写入 %s/%s", "cannot write %s/%s", page->docs->folder,
                 name);
    return is_written;
}
