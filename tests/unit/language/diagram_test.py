"""`liandong workflow diagram` as an administrator calls it.

Goal: each format is well formed whatever a definition says, and says all of it. Method: the shipped
workflow, and one whose titles hold everything that XML, dot and Mermaid mean something by; their
texts are read back with a parser of XML, and by the grammar of the lines that are written.
"""
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as xml

import pytest

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
SHIPPED = sorted(path for path in (SOURCE / "workflows/catalog").glob("*.yaml")
                 if path.read_text().find("\nworkflow: ") >= 0)
FAMILY = sorted((SOURCE / "tests/unit/language/family").glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"

ODD = r"""workflow: odd
version: 1
title: {zh: '甲<乙>&"丙": 丁; #1', en: 'A <b> & "c": d; #1 \ e'}
calendar: cn
parties:
  a: {title: '单位<&>', kind: agency}
data:
  urgent: {title: '急: "是"; <b>', type: bool, default: false}
events:
  go: {title: '去: 哪里; "那里" #2 <i>', from: [agency]}
  stop: {title: '停 end note ]]> \', from: [agency]}
  note: {title: '记', from: [agency]}
  quit: {title: '撤', from: [agency]}
start: {event: go, to: end, bind: {a: event.sender}}
when:
  quit: {to: state}
  note: {}
states:
  end:
    title: '状态 "一": <x>; #3'
    no-clock: '因为 <无> & "无": ;'
    when:
      stop:
        - {if: case.urgent, to: state}
        - {refuse: {zh: 不行, en: no}}
  state: {title: '[*] --> x : y', end: true}
"""


WAITING = r"""workflow: waiting
version: 1
title: {zh: 中止示例, en: Suspension}
calendar: cn
parties:
  a: {title: 单位甲, kind: agency}
data:
  n: {title: 次数, type: int, default: 0}
events:
  go: {title: 开始, from: [agency]}
  more: {title: 补充, from: [a]}
  done: {title: 办成, from: [a], data: {ok: {type: bool}, score: {title: 得分, type: int}}}
  stop: {title: 中止, from: [a]}
  back: {title: 恢复, from: [a]}
start: {event: go, to: first, bind: {a: event.sender}}
suspend: {from: stop, until: back, basis: 某法第一条, allow: [more]}
when:
  more: {}
states:
  first:
    title: 第一步
    hold: [done]
    when:
      more: {to: second}
  second:
    title: 第二步
    when:
      done:
        - {if: "event.data.ok && (event.data.score > 60 || case.n in [1, 2])", to: finished}
        - {if: "!event.data.ok && event.data.score % 2 == 0", to: first}
        - {to: gone}
  finished: {title: 办结, end: true}
  gone: {title: 撤销, end: true}
clocks:
  work:
    {title: 办理, force: agreed, who: a, while: [first, second], period: 5 working days,
     expire: {to: gone}}
"""


def run(*words, **variables):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8",
           "LIANDONG_SHARE": str(SOURCE / "workflows"), **variables}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, "workflow", "diagram", *map(str, words)], env=env, text=True,
                          capture_output=True, timeout=60)


def draw(*words, **variables):
    done = run(*words, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def texts(svg):
    return ["".join(text.itertext()) for text in xml.fromstring(svg).iter(SVG + "text")]


@pytest.fixture
def odd(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(ODD)
    return path


def test_there_is_a_shipped_workflow():
    assert SHIPPED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_shipped_workflow_is_a_whole_picture_that_needs_nothing_else(path, language):
    svg = draw(path, "--lang", language)
    root = xml.fromstring(svg)
    assert root.tag == SVG + "svg"
    width, height = int(root.get("width")), int(root.get("height"))
    assert root.get("viewBox") == f"0 0 {width} {height}"
    assert 0 < width <= 1600
    assert "href" not in svg and "url(" not in svg and "<script" not in svg
    paper = root.find(SVG + "rect")
    assert (paper.get("width"), paper.get("height")) == (str(width), str(height))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_state_event_and_clock_is_said(path):
    said = "".join(texts(draw(path, "--lang", "zh"))).replace(" ", "")
    text = path.read_text()
    body = text[text.index("\nevents:"):]
    for title in re.findall(r"title: \{zh: ([^,}]+)", body):
        assert title.replace(" ", "") in said, title


def test_a_picture_is_the_same_every_time():
    path = SHIPPED[0]
    assert draw(path) == draw(path)


def test_language_is_the_callers_unless_told():
    path = SOURCE / "workflows/catalog/administrative-public-interest.yaml"
    assert "行政公益诉讼" in texts(draw(path, LC_ALL="zh_CN.UTF-8"))
    assert "Administrative public-interest litigation" in texts(draw(path))
    assert "行政公益诉讼" in texts(draw(path, "--lang", "zh"))


def test_guards_and_periods_are_said_with_titles():
    path = SOURCE / "workflows/catalog/administrative-public-interest.yaml"
    said = "".join(texts(draw(path, "--lang", "zh")))
    assert "紧急情形时 15\u00a0日；否则" in said
    assert "条件：kind = withdraw" in said
    assert "case.urgent" not in said


def test_a_right_is_said_to_be_one():
    path = SOURCE / "workflows/catalog/criminal-transfer.yaml"
    assert "权利期限\u00a03\u00a0日" in "".join(texts(draw(path, "--lang", "zh")))
    assert "right:\u00a03\u00a0days" in "".join(texts(draw(path, "--lang", "en")))


def test_suspension_holding_and_conditions_are_said(tmp_path):
    path = tmp_path / "waiting.yaml"
    path.write_text(WAITING)
    svg = draw(path, "--lang", "zh")
    said = "".join(texts(svg))
    for text in ("中止，全部期限停算中止 → 恢复", "中止期间仍可办理补充", "先存下，状态变化后再办办成",
                 "其余情形", "期满：办理", "约定 · 单位甲", "办理 · 5\u00a0个工作日"):
        assert text in said, text
    assert "ok 且 (得分 > 60 或 次数 属于 [1、2])".replace(" ", "") in said.replace(" ", "")
    assert "!event.data.ok&&event.data.score%2==0" in said.replace(" ", "")
    assert "某法第一条" in svg


def said_of(name, language):
    return "".join(texts(draw(SOURCE / f"tests/unit/language/family/{name}.yaml", "--lang", language)))


def test_what_is_opened_and_emitted_is_said():
    said = said_of("resolution", "zh")
    for text in ("会议议定开立下级案件“整改事项”对“议定事项清单”每项一件随本案中止、办结",
                 "增补事项开立下级案件“整改事项”随本案中止",
                 "上报进展（urgent）发出“progress.urgent”→ 〔案件编号〕-U",
                 "上报进展（其余情形）发出“progress.reported”供订阅",
                 "需移送审理发出“transfer.proposed”→ 〔案件编号〕-T可立流程“transfer-elsewhere”",
                 "增补事项开立下级案件“整改事项”随本案办结",
                 "期满时，发出“review.overdue”，供订阅",
                 "下级案件全部办结条件：", "下级案件全部办结其余情形"):
        assert text.replace(" ", "") in said.replace(" ", ""), text
    assert "sub-cases.closed" not in said and "子案件全部办结" not in said
    said = said_of("resolution", "en").replace(" ", "")
    for text in ('opens sub-case "Item of rectification" for each of "Items" suspended and closed with this case',
                 'emits "transfer.proposed" → [the case\'s id]-T which may open "transfer-elsewhere"',
                 'When it falls due, emits "review.overdue", to subscribers', "all sub-cases closed"):
        assert text.replace(" ", "") in said, text


def test_a_workflow_that_nobody_finds_is_shown_by_its_id(tmp_path):
    path = tmp_path / "resolution.yaml"
    path.write_text((SOURCE / "tests/unit/language/family/resolution.yaml").read_text().replace(
        "rectification-item", "nobodys-item"))
    assert "“nobodys-item”" in "".join(texts(draw(path, "--lang", "zh")))
    (tmp_path / "other.yaml").write_text("workflow: nobodys-item\nversion: 1\nstates: {}\n")  # no good one
    assert "“nobodys-item”" in "".join(texts(draw(path, "--lang", "zh")))


def test_a_case_that_only_a_parent_opens_and_its_end_with_it():
    said = said_of("rectification-item", "zh")
    for text in ("由上级案件开立须给出：整改期限、牵头单位", "随案终结withdrawn随上级案件一并终结时在此", "上级案件办结"):
        assert text in said, text
    said = said_of("rectification-item", "en")
    for text in ("Ends here when its parent closes it", "Opened by a parent case"):
        assert text.replace(" ", "") in said.replace(" ", ""), text
    path = SOURCE / "tests/unit/language/family/rectification-item.yaml"
    lines = draw(path, "--format", "mermaid", "--lang", "zh")
    anywhere, end = (re.search(rf'state "{title}" as (n\d+)', lines).group(1) for title in ("任何未结状态", "随案终结"))
    assert f"    {anywhere} --> {end} : 上级案件办结\n" in lines
    assert f"    {anywhere} -> {end} [label=\"上级案件办结\"];\n" in draw(path, "--format", "dot", "--lang", "zh")


def test_an_end_is_only_marked_where_it_is_said_to_be_with_the_parents(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(ODD)
    assert "上级案件" not in draw(path, "--lang", "zh")


def test_svg_holds_any_text(odd):
    said = "".join(texts(draw(odd, "--lang", "zh")))
    for text in ('甲<乙>&"丙": 丁; #1', '急: "是"; <b>', "停 end note ]]>", "[*] --> x : y"):
        assert text.replace(" ", "") in said.replace(" ", "")


def test_events_of_every_state_lead_where_they_say(odd):
    lines = draw(odd, "--format", "mermaid", "--lang", "zh").splitlines()
    names = {title: name for title, name in
             re.findall(r'state "(.*)" as (n\d+)', "\n".join(lines))}
    anywhere = names["任何未结状态"]
    end = names["#91;#42;#93; #45;#45;#62; x #58; y"]
    assert f"    {anywhere} --> {end} : 撤" in lines
    assert f"    {end} --> [*]" in lines


# One line of each kind; a text of ours never holds a character that would end it.
MERMAID_TEXT = r"(?:[^#:;\"<>\[\]]|#\d+;|<br/>)+"
MERMAID_LINES = [
    r"stateDiagram-v2", r"    direction TB",
    rf'    state "{MERMAID_TEXT}" as n\d+',
    rf"    (\[\*\]|n\d+) --> n\d+ : {MERMAID_TEXT}", r"    n\d+ --> \[\*\]",
    r"    note right of n\d+", rf"        {MERMAID_TEXT}", r"    end note",
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_mermaid_is_made_of_its_lines_alone(odd, language):
    for path in (odd, *FAMILY, *SHIPPED):
        lines = draw(path, "--format", "mermaid", "--lang", language).splitlines()
        assert lines[0] == "stateDiagram-v2"
        for line in lines:
            assert any(re.fullmatch(form, line) for form in MERMAID_LINES), line
        notes = [line for line in lines if "note" in line and not line.startswith("        ")]
        assert len([line for line in notes if line == "    end note"]) * 2 == len(
            [line for line in notes if re.fullmatch(r"    (note right of n\d+|end note)", line)])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_dot_is_made_of_statements_alone(odd, language):
    quoted = r'"(?:[^"\\]|\\.)*"'
    statement = rf"(graph|node|edge|n\d+( -> n\d+)?) \[\w+=({quoted}|\w|\.)+(, \w+=({quoted}|[\w.]+))*\];"
    for path in (odd, *FAMILY, *SHIPPED):
        lines = draw(path, "--format", "dot", "--lang", language).splitlines()
        assert re.fullmatch(rf"digraph {quoted} {{", lines[0])
        assert lines[-1] == "}"
        for line in lines[1:-1]:
            assert re.fullmatch(statement, line.strip()), line


def test_output_goes_to_a_file(tmp_path, odd):
    path = tmp_path / "odd.svg"
    assert draw(odd, "--output", path) == ""
    assert path.read_text() == draw(odd)


def test_a_file_that_cannot_be_written_is_trouble(tmp_path, odd):
    done = run(odd, "--output", tmp_path / "no" / "odd.svg")
    assert done.returncode == 3
    assert "odd.svg" in done.stderr


def test_a_wrong_definition_is_not_drawn(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(ODD.replace("to: end", "to: nowhere"))
    target = tmp_path / "wrong.svg"
    done = run(path, "--output", target)
    assert done.returncode == 1
    assert "wrong.yaml:14:" in done.stderr
    assert not target.exists()


@pytest.mark.parametrize("words", [[], ["--format", "png"], ["--lang", "fr"]])
def test_other_words_are_not_taken(odd, words):
    call = [odd, *words] if words else []
    assert run(*call).returncode == 2
