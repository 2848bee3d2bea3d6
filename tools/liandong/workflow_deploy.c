/* liandong workflow deploy: workflows, calendars, policies and directories, given to every
 * partition; done when all have it in their journals. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include "proto/ask.h"
#include "tools/liandong/gathered.h"
#include "tools/liandong/online.h"
#include "tools/liandong/show.h"

#include <stdlib.h>

enum { SCRATCH_SIZE = 16 << 20, TEXT_MAX = WIRE_BODY_MAX - 4096 };

struct deployment {
    struct command_context *context;
    struct connection *connection;
    const char *path;
    bool is_json;
    struct arena arena;
};

/* FILE:LINE:COL: severity[code]: text, and what to write instead. */
static void print_diagnostic(const struct deployment *deployment, const struct value *row)
{
    const struct command_context *context = deployment->context;
    struct bytes hint = value_get_text(row, context->is_zh ? "hint_zh" : "hint_en");
    fprintf(stderr, "%s:%lld:%lld: %.*s[%.*s]: %.*s\n", deployment->path,
            (long long)value_get_int(row, "line", 0), (long long)value_get_int(row, "column", 0),
            BYTES_PRINTF(value_get_text(row, "severity")),
            BYTES_PRINTF(value_get_text(row, "code")),
            BYTES_PRINTF(value_get_text(row, context->is_zh ? "zh" : "en")));
    if (hint.size)
        fprintf(stderr, "    %.*s\n", BYTES_PRINTF(hint));
}

static void print_json_refusal(const struct deployment *deployment, const struct value *refusal)
{
    struct value_entry entries[5];
    struct value_builder builder = {entries, 5, 0};
    const struct value *diagnostics = value_get(refusal, "diagnostics");
    value_put(&builder, "file", value_words(deployment->path));
    value_put(&builder, "result", value_words("refused"));
    value_put(&builder, "zh", value_text(value_get_text(refusal, "zh")));
    value_put(&builder, "en", value_text(value_get_text(refusal, "en")));
    if (diagnostics)
        value_put(&builder, "diagnostics", *diagnostics);
    struct value map = value_built(&builder);
    show_json_line(&map);
}

static int print_refusal(const struct deployment *deployment, const struct value *refusal)
{
    const struct value *diagnostics = value_get(refusal, "diagnostics");
    bool has_any = diagnostics && diagnostics->kind == VALUE_LIST;
    struct bytes text = value_get_text(refusal, deployment->context->is_zh ? "zh" : "en");
    if (deployment->is_json)
        print_json_refusal(deployment, refusal);
    for (uint32_t i = 0; has_any && i < diagnostics->as.list.count; i++)
        print_diagnostic(deployment, &diagnostics->as.list.items[i]);
    complain(deployment->context, "%s 没有部署:%.*s", "%s is not deployed: %.*s", deployment->path,
             BYTES_PRINTF(text));
    return EXIT_NO;
}

static void print_deployed(struct deployment *deployment, const struct value *answer)
{
    struct arena *arena = &deployment->arena;
    bool is_new = bytes_is(value_get_text(answer, "result"), "deployed");
    if (deployment->is_json) {
        show_json_line(answer);
        return;
    }
    printf("%s %s %s  %s\n", show_cell(answer, "kind", arena), show_cell(answer, "id", arena),
           show_cell(answer, "version", arena),
           is_new ? say(deployment->context, "已部署", "deployed")
                  : say(deployment->context, "已经在用", "there already"));
}

/* Gathered answers leave out long diagnostics: one partition is asked for them alone. */
static int explain_refusal(struct deployment *deployment, uint32_t partition,
                           const struct value *question, const struct value *gathered)
{
    struct value answer;
    enum wire_error error;
    if (value_get(gathered, "diagnostics"))
        return print_refusal(deployment, gathered);
    enum ld_err err = client_ask(connection_client(deployment->connection), partition, question,
                                 connection_timeout_ms(deployment->connection), &deployment->arena,
                                 &answer, &error);
    bool is_told = err == LD_OK && error == WIRE_ERROR_REFUSED;
    return print_refusal(deployment, is_told ? &answer : gathered);
}

/* Every partition's answer is the same, unless one of them could not be asked. */
static int judge(struct deployment *deployment, const struct value *question,
                 const struct value *list)
{
    const struct value *refusal = NULL, *answer = NULL;
    uint32_t count = list->kind == VALUE_LIST ? list->as.list.count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *row = &list->as.list.items[i];
        if (gathered_answer(row))
            answer = gathered_answer(row);
        else if (bytes_is(value_get_text(row, "error"), "refused") && !refusal)
            refusal = row;
    }
    if (refusal)
        return explain_refusal(deployment, (uint32_t)value_get_int(refusal, "partition", 0),
                               question, refusal);
    int exit = gathered_check(deployment->context, list);
    if (exit == EXIT_YES && answer)
        print_deployed(deployment, answer);
    return exit;
}

static int deploy(struct deployment *deployment)
{
    size_t size;
    struct value list;
    uint8_t *text = read_whole_file(deployment->context, deployment->path, TEXT_MAX, &size);
    if (!text)
        return EXIT_TROUBLE;
    struct value_entry entries[3] = {
        {BYTES_LITERAL("ask"), value_words(ASK_DEPLOY)},
        {BYTES_LITERAL("text"), value_text((struct bytes){text, size})},
        {BYTES_LITERAL("file"), value_words(deployment->path)}};
    struct value question = value_map(entries, 3);
    arena_clear(&deployment->arena);
    bool is_asked =
        connection_ask(deployment->connection, PARTITION_ALL, &question, &deployment->arena, &list);
    int exit =
        is_asked ? judge(deployment, &question, &list) : connection_exit(deployment->connection);
    free(text);
    return exit;
}

int command_workflow_deploy(struct command_context *context)
{
    const char *url = NULL, *timeout = NULL;
    struct deployment deployment = {.context = context};
    const struct option_row rows[] = {
        CONNECT_OPTION(&url),
        TIMEOUT_OPTION(&timeout),
        {"json", NULL, "每个文件一行 JSON", "one line of JSON a file", NULL, &deployment.is_json},
        {0}};
    int worst = EXIT_YES;
    options_parse(context, rows);
    if (context->argc == 0)
        usage_error(context, "给出要部署的文件", "name the files to deploy");
    deployment.connection = connection_open(context, url, timeout);
    if (!deployment.connection)
        return EXIT_TROUBLE;
    void *memory = malloc(SCRATCH_SIZE);
    arena_init(&deployment.arena, memory, memory ? SCRATCH_SIZE : 0);
    for (int i = 0; i < context->argc; i++) {
        deployment.path = context->argv[i];
        int exit = deploy(&deployment);
        worst = exit > worst ? exit : worst;
    }
    free(memory);
    connection_close(deployment.connection);
    return worst;
}
