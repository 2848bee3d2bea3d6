/* Partitions are given the same request and mostly fail alike: one line for people is enough. */
#include "tools/liandong/gathered.h"

const struct value *gathered_answer(const struct value *row)
{
    return value_get(row, "answer");
}

static bool is_like(const struct value *row, const struct value *other)
{
    return other && bytes_equal(value_get_text(row, "error"), value_get_text(other, "error"))
           && bytes_equal(value_get_text(row, "detail"), value_get_text(other, "detail"));
}

static int check_row(const struct command_context *context, const struct value *row,
                     const struct value *told)
{
    struct bytes error = value_get_text(row, "error"), detail = value_get_text(row, "detail");
    struct bytes text = value_get_text(row, context->is_zh ? "zh" : "en");
    if (!is_like(row, told))
        complain(context, "%.*s%s%.*s(分区 %lld)", "%.*s%s%.*s (partition %lld)",
                 BYTES_PRINTF(text.size ? text : error), detail.size ? ": " : "",
                 BYTES_PRINTF(detail), (long long)value_get_int(row, "partition", -1));
    return bytes_is(error, "refused") || bytes_is(error, "not-found") ? EXIT_NO : EXIT_TROUBLE;
}

int gathered_check(const struct command_context *context, const struct value *list)
{
    const struct value *told = NULL;
    int worst = EXIT_YES;
    if (list->kind != VALUE_LIST || list->as.list.count == 0) {
        complain(context, "答复不可识别", "the answer is none that this program knows");
        return EXIT_TROUBLE;
    }
    for (uint32_t i = 0; i < list->as.list.count; i++) {
        const struct value *row = &list->as.list.items[i];
        if (gathered_answer(row))
            continue;
        int exit = check_row(context, row, told);
        worst = exit > worst ? exit : worst;
        told = row;
    }
    return worst;
}
