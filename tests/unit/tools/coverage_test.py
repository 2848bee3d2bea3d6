"""`liandong workflow coverage`: what it refuses, each with its code at its place, and what it shows."""
import json
import os
import pathlib
import re
import subprocess

import pytest
import yaml

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
CATALOG = SOURCE / "workflows/catalog"
WORKFLOW = """workflow: NAME
version: 1
effective: 2025-01-01..
title: {zh: 甲流程, en: Workflow A}
basis: 方案
labels: [LABELS]
calendar: cn
parties:
  asker: {title: {zh: 申请单位, en: Asker}, kind: agency}
events:
  begun: {title: {zh: 提出, en: Begun}, from: [agency]}
  ended: {title: {zh: 办结, en: Ended}, from: [asker]}
start: {event: begun, bind: {asker: event.sender}, to: open}
states:
  open: {title: {zh: 在办, en: Open}, when: {ended: {to: done}}}
  done: {title: {zh: 办结, en: Done}, end: true}
clocks:
  finish:
    title: {zh: 办结期限, en: Finish}
    force: agreed
    basis: 约定
    who: asker
    while: [open]
    period: 10 days
    ladder: medium
"""
TEXT = "一、机制\n(一)会议。定期开会，\n  议事。\n加强认识。\n"
COVERAGE = """coverage: small
title: {zh: 小方案, en: Small plan}
source: 甲文
date: 2025-02-07
text: small.txt
clauses:
  - {id: 一, heading: 一、机制}
  - {id: 一(一), heading: (一)会议。, label: mechanism-1}
  - id: 一(一)-1
    words: 定期开会，议事。
    serves:
      - {workflow: first, events: [begun, ended], clocks: [finish]}
    reports: [overdue, case history]
  - id: 一(一)-2
    words: 加强认识。
    outside: {zh: 没有行为, en: no act}
"""


def run(*words, locale="C.UTF-8"):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": locale, "LIANDONG_SHARE": str(SOURCE / "workflows")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, *map(str, words)], env=env, text=True, encoding="utf-8",
                          capture_output=True, timeout=120)


def workflow(name, labels="mechanism-1"):
    return WORKFLOW.replace("NAME", name).replace("LABELS", labels)


@pytest.fixture
def small(tmp_path):
    """A catalogue of one workflow, with the coverage beneath it."""
    (tmp_path / "coverage").mkdir()
    (tmp_path / "first.yaml").write_text(workflow("first"))
    (tmp_path / "coverage/small.txt").write_text(TEXT)
    path = tmp_path / "coverage/small.yaml"
    path.write_text(COVERAGE)
    return path


def findings(path, *words):
    done = run("workflow", "coverage", path, *words)
    found = re.findall(r"^[^:\n]*small\.yaml:(\d+):(\d+): error\[([\w-]+)\]", done.stderr, re.M)
    assert done.returncode == (1 if found else 0), done.stderr
    assert not found or not done.stdout
    return [(int(line), code) for line, _, code in found]


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_nothing_is_wrong_with_the_small_one(small):
    assert findings(small) == []


@pytest.mark.parametrize("old, new, wanted", [
    ("workflow: first", "workflow: furst", [(7, "workflow-unserved"), (12, "clause-workflow")]),
    ("begun, ended", "begum", [(12, "unknown-event")]),
    ("clocks: [finish]", "clocks: [finnish]", [(12, "unknown-clock")]),
    ("case history]", "case histori]", [(13, "unknown-report")]),
    ("events: [begun, ended], ", "", [(9, "clause-unserved")]),
    ("    outside: {zh: 没有行为, en: no act}\n", "", [(14, "clause-unserved")]),
    ("    reports: [overdue", "    outside: 无\n    reports: [overdue", [(13, "clause-outside")]),
    ("mechanism-1", "mechanism-2", [(8, "label-unserved"), (12, "clause-label")]),
    ("id: 一(一)-2", "id: 一(一)-1", [(14, "duplicate-clause")]),
    ("words: 加强认识。", "words: 加强意识。", [(15, "clause-words")]),
    ("定期开会，议事。", "定期开会，", [(15, "clause-words")]),
    ("text: small.txt", "text: other.txt", [(5, "clause-text")]),
    ("text: small.txt", "text: ../coverage/small.txt", [(5, "clause-text")]),
    ("    words: 加强认识。\n", "", [(14, "missing-key")]),
    ("heading: 一、机制", "heading: 一、机制, words: 无", [(7, "key-not-here")]),
    ("    reports: [overdue", "    label: x\n    reports: [overdue", [(13, "key-not-here")]),
    ("    reports:", "    report:", [(13, "unknown-key")]),
])
def test_each_mistake_is_found_at_its_place(small, old, new, wanted):
    change(small, old, new)
    assert findings(small) == wanted


def test_what_the_text_has_more(small):
    (small.parent / "small.txt").write_text(TEXT + "还有一句。\n")
    assert findings(small) == [(7, "clause-missing")]


def test_a_workflow_that_no_clause_names(small):
    (small.parent.parent / "second.yaml").write_text(workflow("second", "mechanism-1, other-3"))
    assert findings(small) == [(7, "workflow-unserved")]
    change(small, "    reports:", "      - {workflow: second, events: begun}\n    reports:")
    assert findings(small) == []  # other-3 is no label of the plan's


def test_the_newest_version_counts(small):
    (small.parent.parent / "first-2.yaml").write_text(
        workflow("first").replace("version: 1", "version: 2").replace("begun", "opened"))
    assert findings(small) == [(12, "unknown-event")]


def test_a_broken_workflow_is_told_of(small):
    (small.parent.parent / "second.yaml").write_text(workflow("second").replace("to: done", "to: gone"))
    done = run("workflow", "coverage", small)
    assert done.returncode == 1 and "unknown-state" in done.stderr and not done.stdout


def test_hints_and_both_languages(small):
    change(small, "begun, ended", "begum")
    english = run("workflow", "coverage", small)
    assert "the event begum is not declared" in english.stderr and "did you mean begun?" in english.stderr
    chinese = run("workflow", "coverage", small, locale="zh_CN.UTF-8")
    assert "没有声明事件 begum" in chinese.stderr and "是否应为 begun" in chinese.stderr


def test_the_table(small):
    done = run("workflow", "coverage", small, locale="zh_CN.UTF-8")
    assert done.returncode == 0, done.stderr
    for words in ("条款", "定期开会，议事。", "甲流程", "提出", "〔约定〕办结期限", "medium", "overdue", "case history",
                  "〔不由软件办理〕", "没有行为", "责任单位", "2 个条款:1 个由流程办理,1 个不由软件办理;1 个流程全部写到"):
        assert words in done.stdout, words
    english = run("workflow", "coverage", small)
    assert "[agreed] Finish" in english.stdout and "2 clauses: 1 served, 1 outside" in english.stdout


def test_markdown(small):
    done = run("workflow", "coverage", small, "--format", "markdown", locale="zh_CN.UTF-8")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "# 小方案" and "## 一、机制" in lines and "### (一)会议。" in lines
    assert ("| 一(一)-1 | 定期开会，议事。 | 甲流程 `first` | 提出 `begun`<br>办结 `ended` | **约定** 办结期限 `finish` "
            "| medium | `overdue`<br>`case history` |") in lines
    assert all(line.count("|") in (5, 8) for line in lines if line.startswith("|"))


def test_json(small):
    done = run("workflow", "coverage", small, "--format", "json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["kind"] for row in rows] == ["heading", "heading", "clause", "clause", "summary"]
    service = rows[2]["serves"][0]
    assert rows[2]["label"] == "mechanism-1" and service["workflow"] == "first"
    assert [event["event"] for event in service["events"]] == ["begun", "ended"]
    clock = service["clocks"][0]
    policy = yaml.safe_load((SOURCE / "workflows/policies/standard.yaml").read_text())
    assert [rung["level"] for rung in clock["alerts"]] == [rung["level"] for rung in policy["ladders"]["medium"]]
    assert clock["force"] == "agreed" and clock["alerts"][0]["told"][0]["tell"] == "who"
    assert rows[3]["outside"] == "没有行为" and rows[3]["serves"] == []
    assert rows[4] == {"kind": "summary", "clauses": 2, "served": 1, "outside": 1, "workflows": 1}


def test_wrong_calls(small, tmp_path):
    assert run("workflow", "coverage").returncode == 2
    assert run("workflow", "coverage", small, "--format", "pdf").returncode == 2
    assert run("workflow", "coverage", tmp_path / "none.yaml").returncode != 0
    assert run("workflow", "coverage", tmp_path / "first.yaml").returncode == 1


def test_check_reads_its_shape_and_test_passes_it_over(small):
    assert run("workflow", "check", small.parent.parent).returncode == 0
    assert run("workflow", "test", small.parent.parent).returncode == 2  # no stories, and no complaint
    change(small, "clauses:", "clause:")
    done = run("workflow", "check", small)
    assert done.returncode == 1 and "unknown-key" in done.stdout


def test_every_report_is_a_command():
    text = (SOURCE / "tools/liandong/catalog.c").read_text()
    names = re.findall(r'"([^"]+)"', re.search(r"report_words\[\] = \{(.*?)\};", text, re.S)[1])
    commands = run("--help").stdout
    assert len(names) > 8
    for name in names:
        assert re.search(rf"^  {name}  ", commands, re.M), name


@pytest.fixture(scope="module")
def plan():
    return yaml.safe_load((CATALOG / "coverage/plan.yaml").read_text())


def test_the_citys_plan_is_covered():
    done = run("workflow", "coverage", CATALOG / "coverage/plan.yaml", "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[-1]["clauses"] == rows[-1]["served"] + rows[-1]["outside"] == 50
    for row in rows[:-1]:
        for service in row.get("serves", []):
            assert all(clock["alerts"] for clock in service["clocks"] if clock["ladder"]), row["id"]


def test_the_clauses_are_the_plans_own_words(plan):
    """Both parts whole, sentence by sentence; the eight mechanisms and the thirteen tasks are headings."""
    text = (CATALOG / "coverage/plan.txt").read_text()
    words = [clause.get("heading") or clause["words"] for clause in plan["clauses"]]
    assert "".join("".join(words).split()) == "".join(text.split())
    assert text.startswith("二、健全联动机制") and text.count("。") == sum(map(lambda row: row.count("。"), words))
    assert all(word.count("。") == 1 for word in words if not re.match("[二三]、", word))
    labels = [clause["label"] for clause in plan["clauses"] if "label" in clause]
    assert labels == [f"mechanism-{i}" for i in range(1, 9)] + [f"key-task-{i}" for i in range(1, 14)]


def test_the_first_task_carries_no_case(plan):
    """State security: a number, and whether it is done. Nothing that could hold a fact of a case."""
    named = {service["workflow"] for clause in plan["clauses"] if clause["id"].startswith("三(一)1-")
             for service in clause["serves"]}
    assert named == {"annual-task-list", "annual-task"}


def test_the_shipped_coverage_is_not_deployed(tmp_path):
    done = run("init", tmp_path / "data")
    workflows = [path for path in CATALOG.glob("*.yaml") if path.read_text().count("\nworkflow: ")]
    assert done.returncode == 0 and f"{len(workflows) + 3} definitions" in done.stdout
    assert run("workflow", "check", CATALOG / "coverage").returncode == 0
