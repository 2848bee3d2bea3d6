"""`liandong workflow paths` and `workflow check --notes` as a script sees them."""
import json
import os
import pathlib
import subprocess

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
SHIPPED = SOURCE / "workflows/catalog/administrative-public-interest.yaml"
FAMILY = SOURCE / "tests/unit/language/family"
BAD = SOURCE / "tests/unit/language/bad"


def run(*words, locale="C.UTF-8"):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": locale,
           "LIANDONG_SHARE": str(SOURCE / "workflows")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, "workflow", *map(str, words)], env=env, text=True,
                          encoding="utf-8", capture_output=True, timeout=60)


def rows(*words):
    done = run("paths", "--json", *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_kind(found, kind):
    return [row for row in found if row["kind"] == kind]


def test_json_has_a_summary_every_end_and_the_paths_asked_for():
    found = rows(SHIPPED, "--max", 3)
    assert found[0]["kind"] == "summary" and not found[0]["is_capped"]
    ends = of_kind(found, "end")
    assert sum(end["paths"] for end in ends) == found[0]["paths"] > 3
    assert len(of_kind(found, "path")) == found[0]["shown"] == 3
    assert "closed-judged" in [end["state"] for end in ends]


def test_steps_follow_from_the_start_to_the_end():
    for path in of_kind(rows(SHIPPED, "--max", 1000), "path"):
        assert path["steps"][0]["state"] == "lead-registered"
        states = [step["state"] for step in path["steps"]] + [path["end"]]
        assert len(set(states)) == len(states)
        assert all(("event" in step) != ("expiry" in step) for step in path["steps"])


def test_the_shipped_times_are_those_of_its_articles():
    """Two months and an extension come from data; 30 days and 5 working days stand in the text."""
    found = rows(SHIPPED, "--from", "2025-08-05")
    end = next(row for row in of_kind(found, "end") if row["state"] == "closed-not-filed")
    assert end["longest"]["periods"] == {"days": 30, "working_days": 5}
    assert end["longest"]["plus"] == {"days": 30}
    # 30 days end on 09-04; 60 on 10-04, a holiday: 10-09. Then five working days each.
    assert end["longest"]["last"] == "2025-09-11"
    assert end["longest"]["last_with_plus"] == "2025-10-15"  # 10-11, a Saturday, is worked
    assert end["longest"]["days"] == 37


def test_an_open_pause_and_waits_for_ever_are_named():
    found = rows(SHIPPED)
    judged = next(row for row in of_kind(found, "end") if row["state"] == "closed-judged")
    assert {"waits", "pause", "any-length"} == set(judged["longest"]["open"])
    waits = {row["state"]: row["why"] for row in of_kind(found, "waits-for-ever")}
    assert waits == {"consulting": "not-ended", "litigation": "not-ended", "judged": "not-ended"}
    assert [row["to"] for row in of_kind(found, "detour")] == ["suspended"]


def test_waits_for_sub_cases_are_named():
    found = rows(FAMILY / "resolution.yaml")
    assert {row["state"]: row["why"] for row in of_kind(found, "waits-for-sub-cases")} == {"carrying-out": "sub-cases"}
    assert of_kind(found, "waits-for-ever") == []
    (end,) = of_kind(found, "end")
    assert end["longest"]["open"] == ["sub-cases"] and end["longest"]["periods"] == {"working_days": 10}
    assert end["unbounded"] == 2 and not end["longest"]["is_bounded"]
    zh = run("paths", FAMILY / "resolution.yaml", locale="zh_CN.UTF-8").stdout
    assert "closed(销号):2 条路径,最长 10 个工作日;等待下级案件\n" in zh
    assert "→ sub-cases.closed(下级案件全部办结)\n      等待下级案件,本身没有上限\n" in zh
    assert "等待下级案件、本身没有期限的状态:\n  carrying-out(分项落实):到下级案件全部办结为止\n" in zh
    assert "可以无限期等待" not in zh
    en = run("paths", FAMILY / "resolution.yaml").stdout
    assert "      waits for its sub-cases, without a bound of its own\n" in en
    assert "(at most about" not in en


def test_a_case_that_only_a_parent_opens():
    found = rows(FAMILY / "rectification-item.yaml")
    assert found[0]["is_opened_by_parent"] is True
    ends = {row["state"]: row for row in of_kind(found, "end")}
    assert ends["done"]["longest"]["open"] == ["any-length", "given-date"]
    zh = run("paths", FAMILY / "rectification-item.yaml", locale="zh_CN.UTF-8").stdout
    assert zh.startswith("rectification-item 第 1 版:1 条路径,")
    assert "由上级案件开立;上级案件办结时可能随之在 withdrawn(随案终结) 终结,未列为路径\n" in zh
    assert "\n      取决于事件或上级案件给出的日期:rectify(整改),约定\n" in zh
    en = run("paths", FAMILY / "rectification-item.yaml").stdout
    assert en.startswith("rectification-item version 1: 1 path, ")
    assert "opened by a parent case; when that closes it may end in withdrawn (Withdrawn)" in en


def test_text_is_in_both_languages():
    assert "can wait for ever" in run("paths", SHIPPED).stdout
    assert "可以无限期等待" in run("paths", SHIPPED, locale="zh_CN.UTF-8").stdout


def test_calls_that_are_off():
    assert run("paths").returncode == 2
    for words in (("--max", "x"), ("--max", "1001"), ("--max", "-1"), ("--from", "2025-02-30")):
        assert run("paths", SHIPPED, *words).returncode == 2, words
    assert run("paths", BAD / "no-end.yaml").returncode == 1
    assert run("paths", BAD / "there-is-none.yaml").returncode == 3
    assert run("paths", SHIPPED, "--from", "9999-12-01").returncode == 1


def test_notes_are_printed_where_they_are_asked_for():
    for name in ("branches-overlap", "event-refused-once"):
        quiet = run("check", BAD / f"{name}.yaml")
        assert quiet.returncode == 0 and "note[" not in quiet.stdout
        assert f"note[{name}]" in run("check", "--notes", BAD / f"{name}.yaml").stdout
        line = json.loads(run("check", "--json", BAD / f"{name}.yaml").stdout.splitlines()[0])
        assert (line["severity"], line["code"]) == ("note", name)


def test_the_shipped_catalogue_has_no_findings():
    done = run("check", "--notes", SOURCE / "workflows")
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1 and "0 errors, 0 warnings" in done.stdout
