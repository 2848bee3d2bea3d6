/* Reads a story, finds its cast, and plays it. */
#include "tools/liandong/story_files.h"

#include "tools/liandong/share.h"
#include "tools/liandong/story_cast.h"

#include <stdlib.h>

enum { BUNDLE_SIZE = 96 << 20 };

static const int zone_of_china_minutes = 480; /* until the story's calendar has been read */

struct diagnostics *story_bundle_report(struct story_bundle *bundle, const char *path)
{
    struct diagnostics *report = arena_alloc(&bundle->arena, sizeof *report);
    struct bytes file = arena_copy(&bundle->arena, bytes_from_text(path));
    if (!report || !file.ptr || bundle->report_count == BUNDLE_REPORTS_MAX)
        return NULL;
    diagnostics_init(report, &bundle->arena, file);
    bundle->reports[bundle->report_count++] = report;
    return report;
}

static const struct story *read_story(struct story_bundle *bundle, struct bytes text,
                                      int zone_minutes)
{
    return story_read(text, zone_minutes, &bundle->arena, bundle->reports[0]);
}

/* False: something is wrong, and a report or a complaint says what. */
static bool play(const struct command_context *context, const char *workflow_path,
                 const struct path_list *folders, struct story_bundle *bundle)
{
    struct bytes text;
    if (!story_bundle_report(bundle, bundle->path)
        || !path_read(context, bundle->path, &bundle->arena, &text))
        return false;
    bundle->story = read_story(bundle, text, zone_of_china_minutes);
    if (!bundle->story || !story_bundle_cast(context, workflow_path, folders, bundle))
        return false;
    int zone = bundle->rules.calendar->zone_minutes;
    if (zone != zone_of_china_minutes)
        bundle->story = read_story(bundle, text, zone);
    if (!bundle->story)
        return false;
    enum ld_err err =
        story_play(bundle->story, &bundle->cast, &bundle->arena, bundle->reports[0], &bundle->run);
    bundle->is_played = err == LD_OK;
    if (err != LD_OK)
        diagnose(bundle->reports[0], (struct place){1, 1}, "too-big", NULL, 0);
    return bundle->is_played;
}

bool story_bundle_open(const struct command_context *context, const char *path,
                       const char *workflow_path, const struct path_list *folders,
                       struct story_bundle *bundle)
{
    *bundle = (struct story_bundle){.path = path, .block = malloc(BUNDLE_SIZE)};
    if (!bundle->block)
        return false;
    arena_init(&bundle->arena, bundle->block, BUNDLE_SIZE);
    bool is_played = play(context, workflow_path, folders, bundle);
    for (uint32_t i = 0; i < bundle->report_count; i++)
        bundle->error_count += bundle->reports[i]->error_count;
    if (!is_played && bundle->error_count == 0)
        bundle->error_count = 1; /* of the disk: the complaint has been made */
    return true;
}

void story_bundle_close(struct story_bundle *bundle)
{
    free(bundle->block);
    *bundle = (struct story_bundle){0};
}

void story_bundle_print(const struct command_context *context, const struct story_bundle *bundle,
                        FILE *file)
{
    for (uint32_t i = 0; i < bundle->report_count; i++) {
        if (bundle->reports[i]->error_count)
            share_print_diagnostics(context, file, bundle->reports[i]);
    }
}
