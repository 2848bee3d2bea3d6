/* What a name to be told means is settled when it is read, in this order: `who`, a party of the
 * workflow, a role of the directory, a unit of the directory; what is none of these is a party,
 * which each workflow that uses the ladder must have. As in an event's `from`, a party's name
 * wins. */
#include "workflows/language/tell.h"

static const char *const level_words[] = {
#define X(name, word, zh, en) word,
    ALERT_LEVEL_TABLE(X)
#undef X
};

static void warn_without_supervisor(const struct sheet *sheet, const struct directory *directory,
                                    const struct yaml_node *node, const struct tell *tell)
{
    bool is_unit = tell->is_supervisor && tell->kind == TELL_UNIT;
    const struct unit *unit = is_unit ? directory_unit(directory, tell->name) : NULL;
    if (unit && unit->supervisor.size == 0)
        sheet_report(sheet, node->place, "no-supervisor", tell->name);
}

static enum tell_kind kind_of(const struct tell_scope *scope, struct bytes name)
{
    const struct directory *directory = scope->directory;
    if (names_find(scope->parties, name) >= 0)
        return TELL_PARTY;
    if (directory && directory_role_unit(directory, name))
        return TELL_ROLE;
    return directory && directory_unit(directory, name) ? TELL_UNIT : TELL_PARTY;
}

static void read_tell(const struct sheet *sheet, const struct tell_scope *scope,
                      const struct yaml_node *node, struct tell *tell)
{
    struct bytes head = BYTES_LITERAL("supervisor(");
    if (!sheet_shape(sheet, node, SHAPE_SCALAR))
        return;
    struct bytes name = node->text;
    tell->is_supervisor =
        bytes_starts_with(name, head) && bytes_ends_with(name, BYTES_LITERAL(")"));
    if (tell->is_supervisor)
        name = bytes_slice(name, head.size, name.size - head.size - 1);
    uint32_t error_count = sheet->diagnostics->error_count;
    if (name.size == 0 || bytes_find(name, BYTES_LITERAL("(")) != SIZE_MAX)
        sheet_report(sheet, node->place, "bad-tell", node->text);
    else
        (void)sheet_name(sheet, name, node->place, NAME_UNIT); /* reported there */
    if (sheet->diagnostics->error_count != error_count || bytes_is(name, "who"))
        return;
    tell->name = name;
    tell->kind = kind_of(scope, name);
    warn_without_supervisor(sheet, scope->directory, node, tell);
}

struct tell *tell_list(const struct sheet *sheet, const struct tell_scope *scope,
                       const struct yaml_node *node, uint32_t *ret_count)
{
    *ret_count = 0;
    if (!node)
        return NULL;
    uint32_t count = sheet_bound(sheet, node, sheet_many(node), RUNG_TELL_MAX, "tell");
    struct tell *tells = sheet_rows(sheet, count, sizeof *tells);
    if (!tells)
        return NULL;
    if (count == 0)
        sheet_report(sheet, node->place, "missing-key", BYTES_LITERAL("tell"));
    for (uint32_t i = 0; i < count; i++)
        read_tell(sheet, scope, sheet_many_at(node, i), &tells[i]);
    *ret_count = count;
    return tells;
}

enum alert_level tell_level(const struct sheet *sheet, const struct yaml_node *node)
{
    /* The first word, none, is no level. */
    return (enum alert_level)(1
                              + sheet_word(sheet, node, level_words + 1, ALERT_LEVEL_COUNT - 1, 0));
}
