"""Definitions and stories that speak of other workflows: where those are looked for, which version
counts, and what is said where one is missing or wrong. Each test works on a copy of the definitions
of tests/story/family."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])


def run(*words, share=SOURCE / "workflows"):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "LIANDONG_SHARE": str(share)}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, *map(str, words)], env=env, text=True, capture_output=True,
                          timeout=60)


@pytest.fixture
def home(tmp_path):
    shutil.copytree(SOURCE / "tests/story/family", tmp_path / "family")
    return tmp_path / "family"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def codes(done):
    return sorted(line.split("[")[1].split("]")[0] for line in done.stdout.splitlines()
                  if ": error[" in line)


# The check.

def test_what_is_opened_and_sent_is_checked_against_its_own_definition(home):
    assert run("workflow", "check", home).returncode == 0
    edit(home / "order.yaml", "parties: {lead: x.unit}", "parties: {}")
    edit(home / "order.yaml", "workflow: transfer,", "workflow: transferr,")
    edit(home / "policy.yaml", "workflow: order-sheet", "workflow: no-sheet")
    done = run("workflow", "check", home)
    assert done.returncode == 1
    # The policy with the error judges nobody, so the ladder is missing too.
    assert codes(done) == ["given-missing", "unknown-ladder", "unknown-workflow", "unknown-workflow"]


def test_one_file_finds_those_beside_it_and_above_it(home):
    files = [home / "order.yaml", home / "policy.yaml"]
    assert run("workflow", "check", *files).returncode == 0
    (home / "deep").mkdir()
    (home / "order-item.yaml").rename(home / "deep/order-item.yaml")
    done = run("workflow", "check", *files)
    assert codes(done) == ["unknown-workflow"] * 3
    assert run("workflow", "check", home).returncode == 0  # a folder of the call, and beneath it
    (home / "order.yaml").rename(home / "deep/order.yaml")
    assert run("workflow", "check", home / "deep/order.yaml", home / "policy.yaml").returncode == 0


def test_the_catalogue_is_found_from_everywhere(tmp_path):
    share = tmp_path / "share"
    shutil.copytree(SOURCE / "workflows", share, ignore=shutil.ignore_patterns("*.story.yaml"))
    for name in ("order-item", "item-opinion"):
        shutil.copy(SOURCE / f"tests/story/family/{name}.yaml", share / "catalog")
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(share / "catalog/order-item.yaml", alone)
    assert run("workflow", "check", alone, share=share).returncode == 0
    (share / "catalog/item-opinion.yaml").unlink()
    assert codes(run("workflow", "check", alone, share=share)) == ["unknown-workflow"]


def test_a_definition_with_errors_is_none_for_others(home):
    edit(home / "item-opinion.yaml", "calendar: cn", "calender: cn")
    done = run("workflow", "check", home / "order-item.yaml")
    assert codes(done) == ["unknown-workflow"]


# The cast of a story.

def story(home, text, name="s.story.yaml"):
    path = home / name
    path.write_text("story: s\nworkflow: order\npolicy: policy.yaml\ncase: C-1\nsteps:\n" + text)
    return path


SERVED = ("  - {at: 2025-09-01 10:00, from: qj-procuratorate, event: order.served, data: {respondent:"
          " qj-ecology, items: [{name: a, unit: qj-water, due_on: 2025-12-31}]}%s}\n")


def test_the_nearest_definition_counts(home):
    text = SERVED % ", expect: {subs: {a: pending}}"
    assert run("workflow", "test", story(home, text)).returncode == 0
    near = home / "near"
    near.mkdir()
    shutil.copy(home / "policy.yaml", near)
    item = (home / "order-item.yaml").read_text().replace("pending", "begun")
    (near / "order-item.yaml").write_text(item)
    assert codes(run("workflow", "test", story(near, text))) == ["story-sub"]


def test_what_cannot_be_found_is_missing_when_it_comes_to_it(home):
    (home / "order-item.yaml").unlink()
    path = story(home, SERVED % ", expect: {fate: refused, refusal: sub-case}")
    done = run("workflow", "test", path)
    assert done.returncode == 0, done.stdout
    path = story(home, "  - {at: 2025-09-01, case: D-1, workflow: nobody, from: qj-procuratorate,"
                       " event: doubt.raised}\n")
    done = run("workflow", "test", path)
    assert codes(done) == ["story-workflow"]
    assert f"{path}:6:" in done.stdout


def test_errors_of_whom_a_story_meets_are_told_at_their_place(home):
    edit(home / "item-opinion.yaml", "calendar: cn", "calender: cn")
    done = run("workflow", "test", story(home, SERVED % ""))
    assert done.returncode == 1
    assert f"{home}/item-opinion.yaml:" in done.stdout and "unknown-key" in done.stdout


def test_one_with_errors_starts_nothing(home):
    doubt = ("  - {at: 2025-09-01, case: D-1, from: qj-procuratorate, event: doubt.raised, expect: "
             "{fate: refused, refusal: ambiguous-start}}\n")
    assert run("workflow", "test", story(home, doubt)).returncode == 0
    edit(home / "doubt-desk-a.yaml", "calendar: cn", "calender: cn")
    started = doubt.replace("refused, refusal: ambiguous-start", "started, state: waiting")
    done = run("workflow", "test", story(home, started))
    assert done.returncode == 0, done.stdout


def test_the_definition_of_the_call_is_the_one_that_is_played(home):
    stories = home / "versions.story.yaml"
    assert run("workflow", "test", stories).returncode == 0
    done = run("workflow", "test", home / "transfer.yaml")  # without the version of 2026
    assert done.returncode == 1 and "not-effective" in done.stdout
    done = run("workflow", "explain", home / "transfer.yaml", "--story",
               home / "items.story.yaml")
    assert done.returncode == 1 and "story-workflow" in done.stderr


def test_each_case_counts_by_the_calendar_of_its_own_workflow(home, tmp_path):
    share = tmp_path / "share"
    shutil.copytree(SOURCE / "workflows", share)
    other = (share / "calendars/cn.yaml").read_text().replace("calendar: cn", "calendar: rest", 1)
    (share / "calendars/rest.yaml").write_text(other.replace("2025-10-01..2025-10-08", "2025-10-01", 1))
    edit(home / "order-item.yaml", "calendar: cn", "calendar: rest")
    edit(home / "order-item.yaml", "period: until case.due_on", "period: 30 days")
    path = story(home, SERVED % ", expect: {due: {comply: 2025-10-09}}"
                 + "  - {at: 2025-09-01 10:00, case: C-1/a, expect: {due: {carry-out: 2025-10-02}}}\n")
    done = run("workflow", "test", path, share=share)
    assert done.returncode == 0, done.stdout


def test_json_of_an_explanation_names_cases_and_causes(home):

    done = run("workflow", "explain", home / "order.yaml", "--story",
               home / "there-and-back.story.yaml", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    rows = [row for row in rows if row["kind"] != "clock"]
    assert [row["row"] for row in rows] == list(range(1, len(rows) + 1))
    opened = rows[1]
    assert (opened["kind"], opened["input"], opened["cause"]) == ("family", "open", 1)
    assert rows[0]["subs"] == [{"name": "river", "change": "opened", "workflow": "order-item"}]
    sent = next(row for row in rows if row["emitted"])
    assert sent["emitted"] == [{"type": "transfer.proposed", "subject": "QJ-ORDER-4-T"}]
    arrived = rows[sent["row"]]
    assert (arrived["case"], arrived["cause"], arrived["fate"]) \
        == ("QJ-ORDER-4-T", sent["row"], "started")
