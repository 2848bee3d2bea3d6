/* What is checked when an artifact is deployed: the rungs of a policy against the workflows that
 * are there, in whatever order they come. */
#include "workers/shelf.h"

#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define CALENDAR                                                                                   \
    "calendar: cn\nversion: 1\nzone: \"+08:00\"\nyears:\n  2025: {basis: 国办, off: "            \
    "[2025-01-01], work: [2025-01-26]}\n"
#define DIRECTORY                                                                                  \
    "directory: city\nzone: \"+08:00\"\nroles: {joint-office: office}\nunits:\n"                   \
    "  - {id: office, kind: joint-office, title: 联席办}\n"
#define POLICY "policy: standard\nalert-hour: 9\nbackdate: 30 days\nladders:\n  standard:\n"
#define RUNG(more)                                                                                 \
    "    - {at: due + 3 working days, level: escalated, tell: [joint-office], open: {workflow: "   \
    "sheet" more "}}\n"
#define PLAIN "    - {at: due, level: overdue, tell: [joint-office]}\n"
#define WITHOUT RUNG("")
#define WITH RUNG(", parties: {signer: joint-office}, set: {due_on: due}")
#define SHEET                                                                                        \
    "workflow: sheet\nversion: 1\ntitle: 督办单\ncalendar: cn\nparties:\n  signer: {title: "      \
    "签发人}\n"                                                                                   \
    "data:\n  due_on: {type: date}\nevents:\n  signed: {from: [signer]}\n"                           \
    "start: {to: draft, given: [due_on, signer]}\nstates:\n  draft: {no-clock: 由签发人安排, " \
    "when: {signed: {to: issued}}}\n  issued: {end: true}\n"

static struct shelf *shelf;
static struct arena arena;
static struct diagnostics *found;

static int set_up(void **state)
{
    enum { BLOCK_SIZE = 4 << 20 };
    (void)state;
    shelf = calloc(1, sizeof *shelf);
    shelf_init(shelf);
    arena_init(&arena, malloc(BLOCK_SIZE), BLOCK_SIZE);
    found = arena_alloc(&arena, sizeof *found);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shelf_fini(shelf);
    free(shelf);
    free(arena.block);
    return 0;
}

static enum ld_err stage(const char *text)
{
    struct shelf_refusal refusal;
    const struct shelf_entry *entry;
    diagnostics_init(found, &arena, BYTES_LITERAL("deployed"));
    enum ld_err err = shelf_stage(shelf, bytes_from_text(text), 0, found, &refusal, &entry);
    if (err == LD_OK)
        shelf_publish(shelf);
    else
        shelf_unstage(shelf);
    return err;
}

static void stage_rules(const char *policy)
{
    assert_int_equal(stage(CALENDAR), LD_OK);
    assert_int_equal(stage(DIRECTORY), LD_OK);
    assert_int_equal(stage(policy), LD_OK);
}

static void rung_is_checked_against_the_workflow_that_it_opens(void **state)
{
    (void)state;
    stage_rules(POLICY PLAIN);
    assert_int_equal(stage(SHEET), LD_OK);
    assert_int_equal(stage(POLICY WITHOUT), LD_INVALID);
    assert_true(found->error_count > 0);
    assert_string_equal(found->rows[0].code, "given-missing");
    assert_int_equal(found->rows[0].place.line, 6);
    assert_int_equal(stage(POLICY WITH), LD_OK);
}

static void rung_may_open_a_workflow_that_is_deployed_later(void **state)
{
    (void)state;
    stage_rules(POLICY WITH);
    assert_int_equal(found->count, 0);
    assert_int_equal(stage(SHEET), LD_OK);
}

/* What was taken is taken again when the process starts anew, whatever came after it. */
static void policy_is_restored_as_it_was_taken(void **state)
{
    (void)state;
    stage_rules(POLICY WITHOUT);
    assert_int_equal(stage(SHEET), LD_OK);
    struct bytes policy = bytes_from_text(POLICY WITHOUT);
    diagnostics_init(found, &arena, BYTES_LITERAL("restored"));
    assert_int_equal(shelf_restore(shelf, ARTIFACT_POLICY, policy, 1, found), LD_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rung_is_checked_against_the_workflow_that_it_opens),
        TEST(rung_may_open_a_workflow_that_is_deployed_later),
        TEST(policy_is_restored_as_it_was_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
