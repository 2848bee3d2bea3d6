/* Before a story is rehearsed the system must know whom it speaks of. Workflows that open each
 * other are checked against each other when they are deployed, so one that is refused is tried
 * again when another has come in. */
#include "tools/liandong/rehearse_deploy.h"

#include "proto/ask.h"
#include "tools/liandong/gathered.h"

struct deploying {
    const struct command_context *context;
    struct connection *connection;
    const struct story_bundle *bundle;
    struct arena *arena;
    bool is_there[STORY_CAST_MAX];
};

static bool is_listed(const struct value *rows, const struct program *program)
{
    bool is_list = rows && rows->kind == VALUE_LIST;
    for (uint32_t i = 0; is_list && i < rows->as.list.count; i++) {
        const struct value *row = &rows->as.list.items[i];
        if (bytes_is(value_get_text(row, "kind"), "workflow")
            && bytes_equal(value_get_text(row, "id"), program->id)
            && value_get_int(row, "version", 0) == (int64_t)program->version)
            return true;
    }
    return false;
}

static bool look(struct deploying *deploying)
{
    struct value_entry entry = {BYTES_LITERAL("ask"), value_words(ASK_ARTIFACTS)};
    struct value question = value_map(&entry, 1), answer;
    const struct story_cast *cast = &deploying->bundle->cast;
    arena_clear(deploying->arena);
    if (!connection_ask(deploying->connection, 0, &question, deploying->arena, &answer))
        return false;
    for (uint32_t i = 0; i < cast->count; i++)
        deploying->is_there[i] = is_listed(value_get(&answer, "rows"), cast->actors[i].program);
    return true;
}

static bool is_taken(const struct value *list)
{
    bool is_list = list->kind == VALUE_LIST;
    for (uint32_t i = 0; is_list && i < list->as.list.count; i++) {
        if (!gathered_answer(&list->as.list.items[i]))
            return false;
    }
    return is_list;
}

/* False: there was no answer. *ret_list: what the partitions say. */
static bool deploy(struct deploying *deploying, uint32_t index, struct value *ret_list)
{
    struct value_entry entries[] = {
        {BYTES_LITERAL("ask"), value_words(ASK_DEPLOY)},
        {BYTES_LITERAL("text"), value_text(deploying->bundle->actor_texts[index])},
        {BYTES_LITERAL("file"), value_text(deploying->bundle->actor_paths[index])}};
    struct value question = value_map(entries, 3);
    arena_clear(deploying->arena);
    return connection_ask(deploying->connection, PARTITION_ALL, &question, deploying->arena,
                          ret_list);
}

/* The last first: the story's own opens the others. False: there was no answer. */
static bool deploy_pass(struct deploying *deploying, bool *ret_progress)
{
    *ret_progress = false;
    for (uint32_t i = deploying->bundle->cast.count; i-- > 0;) {
        struct value list;
        if (deploying->is_there[i])
            continue;
        if (!deploy(deploying, i, &list))
            return false;
        deploying->is_there[i] = is_taken(&list);
        *ret_progress = *ret_progress || deploying->is_there[i];
    }
    return true;
}

/* Says what the system has against those that did not come in. */
static bool complain_of_rest(struct deploying *deploying)
{
    bool is_whole = true;
    for (uint32_t i = 0; i < deploying->bundle->cast.count; i++) {
        struct value list;
        if (deploying->is_there[i])
            continue;
        is_whole = false;
        struct bytes path = deploying->bundle->actor_paths[i];
        if (deploy(deploying, i, &list))
            (void)gathered_check(deploying->context,
                                 &list); /* it complains; so does the next line */
        complain(deploying->context, "%.*s 没有部署,详见 workflow deploy",
                 "%.*s is not deployed: workflow deploy says why", BYTES_PRINTF(path));
    }
    return is_whole;
}

bool rehearse_deploy(const struct command_context *context, struct connection *connection,
                     const struct story_bundle *bundle, struct arena *arena)
{
    struct deploying deploying = {
        .context = context, .connection = connection, .bundle = bundle, .arena = arena};
    bool is_progress = true;
    if (!look(&deploying))
        return false;
    while (is_progress) {
        if (!deploy_pass(&deploying, &is_progress))
            return false;
    }
    return complain_of_rest(&deploying);
}
