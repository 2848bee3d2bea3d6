/* The directory of units (LANGUAGE §4): who there is, of which kind, under whom. Rows come out
 * sorted, as the core looks them up; supervisors and roles lead to units that exist. */
#include "base/civil.h"
#include "workflows/language/definition.h"
#include "workflows/language/keys.h"

#include <stdlib.h>

static const struct key directory_keys[] = {
    KEY("directory", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("version", SHAPE_SCALAR),
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("zone", SHAPE_SCALAR),
    KEY("roles", SHAPE_MAP),
    KEY("units", SHAPE_LIST | SHAPE_REQUIRED),
};

static const struct key unit_keys[] = {
    KEY("id", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("kind", SHAPE_SCALAR | SHAPE_REQUIRED),
    KEY("title", SHAPE_SCALAR | SHAPE_MAP),
    KEY("supervisor", SHAPE_SCALAR),
};

static struct bytes read_id(const struct sheet *sheet, const struct yaml_node *node)
{
    return node ? sheet_name(sheet, node->text, node->place, NAME_UNIT) : BYTES_NONE;
}

static void read_unit(const struct sheet *sheet, const struct yaml_node *node, struct unit *unit)
{
    if (!sheet_keys(sheet, node, unit_keys, KEY_COUNT(unit_keys)))
        return;
    const struct yaml_node *kind = sheet_get(node, "kind", SHAPE_SCALAR);
    const struct yaml_node *supervisor = sheet_get(node, "supervisor", SHAPE_SCALAR);
    unit->id = read_id(sheet, sheet_get(node, "id", SHAPE_SCALAR));
    unit->kind = kind ? sheet_name(sheet, kind->text, kind->place, NAME_PLAIN) : BYTES_NONE;
    unit->title = sheet_title(sheet, sheet_get(node, "title", SHAPE_SCALAR | SHAPE_MAP), unit->id);
    unit->supervisor = sheet_text(sheet, supervisor);
    if (supervisor && bytes_equal(unit->supervisor, unit->id))
        sheet_report(sheet, supervisor->place, "own-supervisor", unit->id);
}

static int compare_units(const void *left, const void *right)
{
    return bytes_compare(((const struct unit *)left)->id, ((const struct unit *)right)->id);
}

static int compare_roles(const void *left, const void *right)
{
    return bytes_compare(((const struct directory_role *)left)->name,
                         ((const struct directory_role *)right)->name);
}

/* Needs the units sorted. */
static void check_units(const struct sheet *sheet, const struct yaml_node *nodes,
                        const struct directory *directory)
{
    struct names units = NAMES_OF(directory->units, directory->unit_count);
    for (uint32_t i = 0; i < nodes->count; i++) {
        const struct yaml_node *supervisor = sheet_get(nodes->items[i], "supervisor", SHAPE_SCALAR);
        if (supervisor && !directory_unit(directory, supervisor->text))
            sheet_report_unknown(sheet, supervisor->place, "unknown-unit", supervisor->text, units);
    }
}

static void check_unique(const struct sheet *sheet, const struct yaml_node *nodes,
                         const struct directory *directory)
{
    for (uint32_t i = 1; i < directory->unit_count; i++) {
        if (!bytes_equal(directory->units[i].id, directory->units[i - 1].id))
            continue;
        struct place place = nodes->place;
        for (uint32_t j = 0; j < nodes->count; j++) {
            const struct yaml_node *id = sheet_get(nodes->items[j], "id", SHAPE_SCALAR);
            if (id && bytes_equal(id->text, directory->units[i].id))
                place = id->place;
        }
        sheet_report(sheet, place, "duplicate-unit", directory->units[i].id);
    }
}

static void read_units(const struct sheet *sheet, const struct yaml_node *nodes,
                       struct directory *directory)
{
    struct unit *units = nodes ? sheet_rows(sheet, nodes->count, sizeof *units) : NULL;
    if (!units)
        return;
    for (uint32_t i = 0; i < nodes->count; i++)
        read_unit(sheet, nodes->items[i], &units[i]);
    qsort(units, nodes->count, sizeof *units, compare_units);
    directory->units = units;
    directory->unit_count = nodes->count;
    check_unique(sheet, nodes, directory);
    check_units(sheet, nodes, directory);
}

static void read_roles(const struct sheet *sheet, const struct yaml_node *nodes,
                       struct directory *directory)
{
    struct directory_role *roles = nodes ? sheet_rows(sheet, nodes->count, sizeof *roles) : NULL;
    struct names units = NAMES_OF(directory->units, directory->unit_count);
    if (!roles)
        return;
    for (uint32_t i = 0; i < nodes->count; i++) {
        const struct yaml_entry *entry = &nodes->entries[i];
        roles[i].name = sheet_name(sheet, entry->key, entry->key_place, NAME_PLAIN);
        roles[i].unit = sheet_text(sheet, entry->value);
        if (roles[i].unit.size && !directory_unit(directory, roles[i].unit))
            sheet_report_unknown(sheet, entry->value->place, "unknown-unit", roles[i].unit, units);
    }
    qsort(roles, nodes->count, sizeof *roles, compare_roles);
    directory->roles = roles;
    directory->role_count = nodes->count;
}

static void read_directory(const struct sheet *sheet, const struct yaml_node *root,
                           struct directory *directory)
{
    const struct yaml_node *zone = sheet_get(root, "zone", SHAPE_SCALAR);
    const struct yaml_node *version = sheet_get(root, "version", SHAPE_SCALAR);
    directory->id = read_id(sheet, sheet_get(root, "directory", SHAPE_SCALAR));
    directory->version = version ? (uint32_t)sheet_whole(sheet, version, 1, INT32_MAX) : 0;
    directory->zone_minutes = SHEET_ZONE_MINUTES;
    if (zone)
        sheet_zone(sheet, zone, &directory->zone_minutes);
    read_units(sheet, sheet_get(root, "units", SHAPE_LIST), directory);
    read_roles(sheet, sheet_get(root, "roles", SHAPE_MAP), directory);
}

const struct directory *definition_directory(struct bytes text, struct arena *arena,
                                             struct diagnostics *diagnostics)
{
    struct sheet sheet = {arena, diagnostics};
    struct sheet_watch watch = sheet_begin(&sheet);
    struct directory *directory = sheet_rows(&sheet, 1, sizeof *directory);
    const struct yaml_node *root = yaml_read(text, arena, diagnostics);
    bool is_read =
        directory && root && sheet_keys(&sheet, root, directory_keys, KEY_COUNT(directory_keys));
    if (is_read)
        read_directory(&sheet, root, directory);
    return sheet_finish(&sheet, watch) && is_read ? directory : NULL;
}
