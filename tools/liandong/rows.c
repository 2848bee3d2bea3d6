/* Each partition has one page in memory at a time; the smallest head of all pages is the next row.
 * What a list costs is therefore bounded by the pages, not by the number of cases. */
#include "tools/liandong/rows.h"

#include <stdlib.h>

enum {
    PAGE_ROWS = 200,
    PAGE_SIZE = 12 << 20, /* a body of the greatest size, decoded */
    QUESTION_ENTRIES_MAX = 8,
};

struct page {
    uint32_t partition;
    struct arena arena;
    const struct value *items;
    uint32_t count, at;
    const struct value *next; /* to be given as `after`; NULL: this is the last page */
    bool is_asked;
};

struct rows {
    struct connection *connection;
    const struct value *question;
    const char *key;
    uint32_t page_count;
    bool is_failed;
    struct page pages[];
};

struct rows *rows_open(struct command_context *context, struct connection *connection,
                       uint32_t partition, const struct value *question, const char *key)
{
    uint32_t count = partition == PARTITION_ALL ? connection_partitions(connection) : 1;
    struct rows *rows = calloc(1, sizeof *rows + count * sizeof rows->pages[0]);
    bool is_whole = rows != NULL;
    for (uint32_t i = 0; is_whole && i < count; i++) {
        void *memory = malloc(PAGE_SIZE);
        rows->pages[i].partition = partition == PARTITION_ALL ? i : partition;
        arena_init(&rows->pages[i].arena, memory, PAGE_SIZE);
        rows->page_count = i + 1;
        is_whole = memory != NULL;
    }
    if (!is_whole) {
        complain(context, "内存不足", "out of memory");
        rows_close(rows);
        return NULL;
    }
    rows->connection = connection;
    rows->question = question;
    rows->key = key;
    return rows;
}

void rows_close(struct rows *rows)
{
    if (!rows)
        return;
    for (uint32_t i = 0; i < rows->page_count; i++)
        free(rows->pages[i].arena.block);
    free(rows);
}

/* The next page; the first one of a list includes all that was answered before (`fresh`), so that
 * people find what they have just done. `after` is a view into the page that is given back, so it
 * is copied first. */
static bool turn_page(struct rows *rows, struct page *page)
{
    struct value_entry entries[QUESTION_ENTRIES_MAX];
    struct value_builder builder = {entries, QUESTION_ENTRIES_MAX, 0};
    uint8_t memory[512];
    struct arena scratch;
    struct value after = page->next ? *page->next : VALUE_ABSENT, answer;
    arena_init(&scratch, memory, sizeof memory);
    if (after.kind == VALUE_TEXT)
        after.as.text = arena_copy(&scratch, after.as.text);
    for (uint32_t i = 0; i < rows->question->as.map.count; i++)
        builder.entries[builder.count++] = rows->question->as.map.entries[i];
    if (after.kind != VALUE_NONE)
        value_put(&builder, "after", after);
    else
        value_put(&builder, "fresh", value_bool(true));
    value_put(&builder, "max", value_int(PAGE_ROWS));
    struct value question = value_built(&builder);
    arena_clear(&page->arena);
    page->is_asked = true;
    if (!connection_ask(rows->connection, page->partition, &question, &page->arena, &answer))
        return false;
    const struct value *list = value_get(&answer, "rows");
    page->count = list && list->kind == VALUE_LIST ? list->as.list.count : 0;
    page->items = page->count ? list->as.list.items : NULL;
    page->at = 0;
    page->next = page->count ? value_get(&answer, "next") : NULL;
    return true;
}

/* The page's next row, NULL when the partition has no more. */
static const struct value *head(struct rows *rows, struct page *page)
{
    bool is_used_up = page->at == page->count;
    if (is_used_up && (!page->is_asked || page->next) && !turn_page(rows, page))
        rows->is_failed = true;
    return !rows->is_failed && page->at < page->count ? &page->items[page->at] : NULL;
}

const struct value *rows_next(struct rows *rows)
{
    struct page *first = NULL;
    const struct value *best = NULL;
    for (uint32_t i = 0; i < rows->page_count && !rows->is_failed; i++) {
        const struct value *row = head(rows, &rows->pages[i]);
        bool is_before =
            row
            && (!best
                || bytes_compare(value_get_text(row, rows->key), value_get_text(best, rows->key))
                       < 0);
        if (is_before) {
            best = row;
            first = &rows->pages[i];
        }
    }
    if (rows->is_failed || !best)
        return NULL;
    first->at++;
    return best;
}

bool rows_failed(const struct rows *rows)
{
    return rows->is_failed;
}
