/* `liandong workflow schema`: the JSON Schema of definitions, for editors. It is a file of the
 * share: a test holds its keys against those of the readers. */
#include "tools/liandong/commands.h"
#include "tools/liandong/share.h"

#include <stdlib.h>

enum { SCHEMA_SIZE_MAX = 1 << 20 };

#define SHARE_SCHEMA "schema.json"

int command_workflow_schema(struct command_context *context)
{
    char path[SHARE_PATH_MAX];
    size_t size;
    const struct option_row rows[] = {{0}};
    options_parse(context, rows);
    if (context->argc != 0)
        usage_error(context, "多了一个词", "a word too many");
    if (!share_path(SHARE_SCHEMA, path, sizeof path)) {
        complain(context, "找不到随附的 %s,请设置 LIANDONG_SHARE",
                 "the shipped %s is not found: set LIANDONG_SHARE", SHARE_SCHEMA);
        return EXIT_TROUBLE;
    }
    uint8_t *whole = read_whole_file(context, path, SCHEMA_SIZE_MAX, &size);
    if (!whole)
        return EXIT_TROUBLE;
    (void)fwrite(whole, 1, size, stdout); /* main looks at the stream at the end */
    free(whole);
    return EXIT_YES;
}
