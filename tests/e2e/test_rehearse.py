"""Stories of several workflows through real processes: rehearsed against a running system, which is
given the workflows that it lacks, while the events that cases send to each other travel by its own
courier. What the same stories show on the core alone holds there too."""
import re

import pytest

from harness import SOURCE, serving

STORIES = SOURCE / "tests/story/family"


def policy(path):
    """The shipped policy in its next version, with the ladder of these stories."""
    text = (SOURCE / "workflows/policies/standard.yaml").read_text()
    own = (STORIES / "policy.yaml").read_text()
    text = re.sub(r"^version: (\d+)$", lambda m: f"version: {int(m[1]) + 1}", text, flags=re.M)
    path.write_text(text.rstrip() + "\n" + own[own.index("  draft:"):])
    return path


@pytest.fixture
def served(folder, tmp_path):
    with serving(folder, "--clock", "manual", "--at", "2024-12-01T00:00:00+08:00") as running:
        running.run("workflow", "deploy", policy(tmp_path / "standard.yaml"))
        yield running


def rehearse(served, *words, check=True):
    return served.run("workflow", "rehearse", *words, check=check)


def test_cases_of_several_workflows_do_as_in_the_stories(served):
    done = rehearse(served, *sorted(STORIES.glob("*.story.yaml")))
    held, broken = map(int, re.search(r"(\d+) expectations held, (\d+) did not", done.stdout).groups())
    assert broken == 0 and held > 80, done.stdout
    ids = {(row["id"], row["version"]) for row in served.json("workflow", "list")}
    assert {("order", 1), ("order-item", 1), ("transfer", 1), ("transfer", 2)} <= ids
    # Emitted by time alone, three days after the start and not when somebody looked.
    opened = served.case("QJ-REMINDER-1-T")
    assert opened["opened_date"] == "2025-09-05"


def test_killed_workers_take_nothing_with_them(served):
    stories = [STORIES / f"{name}.story.yaml" for name in ("items", "cascade", "there-and-back")]
    middle = "2025-09-03T10:30:00+08:00"
    first = rehearse(served, *stories, "--until", middle)
    for partition in (0, 1):
        served.kill_worker(partition)
    second = rehearse(served, *stories, "--after", middle)
    assert "\u2717" not in first.stdout + second.stdout


def test_what_the_system_does_not_show_is_told(served, tmp_path):
    for path in STORIES.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    story = tmp_path / "items.story.yaml"
    text = story.read_text()
    wrong = text.replace("air: pending}, emitted: []", "air: done}, emitted: []", 1)
    assert wrong != text
    story.write_text(wrong)
    done = rehearse(served, story, check=False)
    assert done.returncode == 1
    assert "subs air: done \u2260 pending" in done.stdout
    assert done.stdout.rstrip().endswith("1 did not")
