"""What a person reads at a terminal: nothing that an agency wrote drives it, each change is told
once, and the byte order mark of a Windows editor is no mistake."""
import json
import os
import re
import tempfile

import pytest

from harness import event, serving

LEAD = {"field": "ecology", "summary": "red\x1b[31m\nnext line\x9b2J"}


@pytest.fixture
def served(folder):
    with serving(folder, "--clock", "manual", "--at", "2025-08-05T10:00:00+08:00") as running:
        yield running


def lead(case, **more):
    return event(0, "qj-ecology", "lead.transferred", case, LEAD, **more)


@pytest.mark.parametrize("words", [("case", "show"), ("case", "history")])
def test_no_control_character_reaches_the_terminal(served, words):
    assert served.publish(lead("W-1"))[0]["fate"] == "started"
    shown = served.run(*words, "W-1").stdout
    assert "red?[31m?next line" in shown
    assert not set(shown) & {"\x1b", "\x9b"}


def test_history_tells_of_a_clock_when_it_changes(served):
    served.publish(lead("W-2"))
    served.advance("2025-09-05T09:00:00+08:00")  # reminders, and the last day passes
    shown = served.run("case", "history", "W-2").stdout
    assert shown.count("alert: ") >= 3
    assert shown.count("clock Assess the lead running") == 1
    assert shown.count("clock Assess the lead overdue") == 1


def test_a_byte_order_mark_is_passed_over(served):
    text = "\ufeff" + json.dumps(lead("W-3")) + "\r\n"
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8", delete=False) as file:
        file.write(text)
    try:
        done = served.run("publish", "--json", file.name)
    finally:
        os.unlink(file.name)
    assert json.loads(done.stdout)["fate"] == "started"


def test_an_empty_list_says_so(served):
    assert served.run("case", "list").stdout == "no cases\n"
    assert served.run("case", "list", "--json").stdout == ""


CHINESE = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8", "LC_CTYPE": "C.UTF-8"}


def test_people_read_titles_in_their_language(served):
    served.publish(lead("W-4"))
    history = served.run("case", "history", "W-4").stdout
    assert "2025-08-05 10:00  Lead transferred ← Ecology and environment bureau  started" in history
    assert "lead.transferred" not in history and "qj-ecology" not in history
    zh = served.run("case", "history", "W-4", env=CHINESE).stdout
    assert "← 市生态环境局  已立卷\n" in zh
    assert "lead.transferred" not in zh and "qj-" not in zh
    shown = served.run("case", "show", "W-4", env=CHINESE).stdout
    assert "市人民检察院 (qj-procuratorate)" in shown
    row = served.json("case", "history", "W-4")[0]
    assert (row["type"], row["source"]) == ("lead.transferred", "qj-ecology")
    assert row["source_title"] == {"zh": "市生态环境局", "en": "Ecology and environment bureau"}


def test_alerts_and_overdue_rows_name_units(served):
    served.publish(lead("W-5"))
    served.advance("2025-09-09T09:00:00+08:00")
    watched = served.run("alerts", "watch", "--name", "zh", "--from", "start", "--once",
                         env=CHINESE).stdout
    assert "市人民检察院 → 市人民检察院" in watched and "qj-" not in watched
    late = served.run("overdue").stdout
    assert "qj-" not in late and "rocuratorate" in late
    assert served.json("overdue")[0]["unit"] == "qj-procuratorate"


def test_a_family_is_told_in_words(served):
    """What a case opened, how it stands, and what another case of its family did to it."""
    items = [{"name": "a", "matter": "排查", "result": "清单", "lead": "qj-housing",
              "due_on": "2025-08-29"}]
    case = "W-8"
    steps = [
        ("qj-housing", "", "agenda.proposed", {"topic": "燃气", "reason": "隐患"}),
        ("qj-joint-office", "office-director", "agenda.accepted", None),
        ("qj-joint-office", "", "meeting.scheduled", {"held_on": "2025-08-05", "place": "二楼"}),
        ("qj-joint-office", "", "meeting.held", {"held_on": "2025-08-05", "resolution": "分工"}),
        ("qj-vice-mayor", "convener", "resolution.agreed", None),
        ("qj-chief-procurator", "convener", "resolution.agreed", None),
        ("qj-joint-office", "", "minutes.sent",
         {"document": "纪要", "units": ["qj-vice-convener"]}),
        ("qj-vice-convener", "head", "minutes.countersigned", None),
        ("qj-joint-office", "office-director", "minutes.issued",
         {"issued_on": "2025-08-05", "document": "一号", "items": items}),
    ]
    for number, (source, role, kind, data) in enumerate(steps):
        more = {"role": role} if role else {}
        subject = case + "/qj-vice-convener" if kind == "minutes.countersigned" else case
        fate = served.publish(event(number, source, kind, subject, data, **more))[0]
        assert fate["fate"] in ("started", "applied"), fate
    assert "opens sub-case a · Resolution item" in served.run("case", "history", case).stdout
    assert re.search("W-8/a +Resolution item +Assigned", served.run("case", "show", case).stdout)
    served.publish(event(99, "qj-vice-mayor", "program.dissolved", case, {"reason": "完成"},
                         role="convener"))
    assert "its parent ended" in served.run("case", "history", "W-8/a").stdout
    shown = served.run("case", "history", case, env=CHINESE).stdout
    assert "下级案件办结 a · with-parent" in shown
    assert "上级案件:W-8" in served.run("case", "show", "W-8/a", env=CHINESE).stdout


def test_acknowledging_has_a_title(served):
    served.publish(lead("W-9"))
    served.advance("2025-09-05T09:00:00+08:00")
    served.publish(event(1, "qj-procuratorate", "alert.acknowledged", "W-9", {"clock": "assess"}))
    assert "Alert acknowledged ← " in served.run("case", "history", "W-9").stdout
