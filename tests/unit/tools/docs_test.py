"""`liandong workflow docs`: what the pages hold, that they need nothing from elsewhere, that the same
catalogue gives the same bytes, and which folders are left alone."""
import html.parser
import os
import pathlib
import re
import subprocess

import pytest
import yaml

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
CATALOG = SOURCE / "workflows/catalog"
PILOT = CATALOG / "administrative-public-interest.yaml"
VOID = {"meta", "br", "link", "img", "hr"}
# HTML lets these end where the next one begins.
LOOSE = {"th", "dt", "dd", "p", "li", "tr", "td"}
SMALL = """workflow: small
version: 3
effective: 2025-01-01..
title: {zh: 甲<b>&"流程, en: Small}
basis: 方案 <一>
labels: [mechanism-1]
calendar: cn
parties:
  asker: {title: {zh: 申请单位, en: Asker}, kind: agency}
data:
  note: {title: {zh: 记, en: Note}, type: text, optional: true}
events:
  begun:
    title: {zh: 提出, en: Begun}
    from: [agency, town]
    date: begun_on
    data: {begun_on: {title: {zh: 收到之日, en: Received on}, type: date}}
  ended: {title: {zh: 办结, en: Ended}, from: [asker], role: head}
start: {event: begun, bind: {asker: event.sender}, to: open}
states:
  open: {title: {zh: 在办, en: Open}, when: {ended: {to: done}}}
  done: {title: {zh: 已结, en: Done}, end: true}
clocks:
  law: {title: {zh: 法定之期, en: Law}, force: statutory, basis: 某法第一条, who: asker, while: [open], period: 3 days, ladder: medium}
  other: {title: {zh: 参照之期, en: Other}, force: reference, basis: 某规定, who: asker, while: [open], period: 1 month, ladder: long}
  ours: {title: {zh: 约定之期, en: Ours}, force: agreed, basis: 约定, who: asker, while: [open], period: 5 working days, ladder: short}
"""
STORY = """story: 甲的故事 & 其他
workflow: small
case: A-1
steps:
  - {at: 2025-03-03 09:00, event: begun, from: qj-ecology, data: {begun_on: 2025-03-03}, expect: {state: open}}
"""
COVERAGE = """coverage: plan
title: {zh: 小方案, en: Small plan}
source: 甲文
date: 2025-02-07
clauses:
  - {id: 一, heading: 一、机制。}
  - {id: 一(一), heading: (一)会议。, label: mechanism-1}
  - id: 一(一)-1
    words: 定期<开会>。
    serves: [{workflow: small, events: [begun], clocks: [law, ours]}]
    reports: [overdue]
  - {id: 一(一)-2, words: 加强认识。, outside: {zh: 没有行为, en: no act}}
"""


def run(*words, locale="C.UTF-8"):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": locale, "LIANDONG_SHARE": str(SOURCE / "workflows")}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, "workflow", "docs", *map(str, words)], env=env, text=True,
                          encoding="utf-8", capture_output=True, timeout=200)


@pytest.fixture
def small(tmp_path):
    folder = tmp_path / "catalog"
    (folder / "coverage").mkdir(parents=True)
    (folder / "small").mkdir()
    (folder / "small.yaml").write_text(SMALL)
    (folder / "small/a.story.yaml").write_text(STORY)
    (folder / "coverage/plan.yaml").write_text(COVERAGE)
    return folder


def render(folder, out, *words):
    done = run(folder, "--out", out, *words)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_text(encoding="utf-8") for path in out.glob("*.html")}


class Page(html.parser.HTMLParser):
    """Every element is closed, and by its own name; collects ids, links and what is loaded."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.text = [], [], [], ""
        self.feed(text)
        assert self.open == [], self.open

    def handle_starttag(self, tag, pairs):
        found = dict(pairs)
        assert tag not in ("script", "iframe", "img", "link"), tag
        assert "src" not in found and not any(name.startswith("on") for name in found)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        if tag in VOID:
            return
        if tag in LOOSE and self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag in ("dt", "dd") and self.open and self.open[-1] in ("dt", "dd"):
            self.open.pop()
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in LOOSE:
            self.open.pop()
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_startendtag(self, tag, pairs):
        pass

    def handle_data(self, data):
        self.text += data.replace("\xa0", " ")


def test_the_pages_of_a_small_catalogue(small, tmp_path):
    pages = render(small, tmp_path / "out")
    assert set(pages) == {"index.html", "coverage.html", "workflow-small.html"}
    index, plan, own = (Page(pages[name]).text for name in ("index.html", "coverage.html", "workflow-small.html"))
    for words in ("小方案", "一、机制", "(一)会议", '甲<b>&"流程', "方案 <一>", "2 个状态", "2 个事件", "1 个故事", "3 日", "申请单位"):
        assert words in index, words
    for words in ("定期<开会>。", "不由软件办理：没有行为", "2 句原文，1 句由流程办理，1 句没有", "overdue", "提示", "到期前 5 日",
                  "逾期 3 个工作日", "督办单"):
        assert words in plan or words == "督办单", words  # drafts are of the shipped catalogue
    for words in ("small，第 3 版", "一(一)-1", "行政机关、镇、街道、管理区", "本机关主要负责人", "收到之日", "依据：某法第一条",
                  "（终结）", "甲的故事 & 其他"):
        assert words in own, words
    assert "<b>&" not in pages["index.html"] and "<svg" in pages["workflow-small.html"]


def test_force_is_told_in_a_word_and_a_colour(small, tmp_path):
    pages = render(small, tmp_path / "out")
    card = pages["index.html"].split("<article")[1]
    rows = re.findall(r'<li><span class="force f(\d)">(\w+)</span>([^<]+?) <', card)
    assert rows == [("0", "法定", "法定之期"), ("1", "参照", "参照之期"), ("2", "约定", "约定之期")]
    style = pages["index.html"]
    assert len({re.search(rf"\.f{i}\{{color:(var\(--\w+\))", style)[1] for i in range(3)}) == 3


def test_english_pages(small, tmp_path):
    pages = render(small, tmp_path / "out", "--lang", "en", "--title", "Mine <1>")
    text = Page(pages["workflow-small.html"]).text
    for words in ("statutory", "Small", "3 days", "agencies, towns", "head of the agency", "Received on", "serves"):
        assert words in text, words
    assert "<h1>Mine &lt;1&gt;</h1>" in pages["index.html"] and '<html lang="en">' in pages["index.html"]
    assert "Outside the software: no act" in Page(pages["coverage.html"]).text


def test_without_a_coverage_every_workflow_is_listed(small, tmp_path):
    (small / "coverage/plan.yaml").unlink()
    pages = render(small, tmp_path / "out")
    assert set(pages) == {"index.html", "workflow-small.html"}
    assert "coverage.html" not in "".join(pages.values())


def test_what_is_wrong_leaves_the_folder_untouched(small, tmp_path):
    out = tmp_path / "out"
    (small / "coverage/plan.yaml").write_text(COVERAGE.replace("events: [begun]", "events: [begum]"))
    done = run(small, "--out", out)
    assert done.returncode == 1 and "unknown-event" in done.stderr and not out.exists()
    (small / "coverage/plan.yaml").write_text(COVERAGE)
    (small / "other.yaml").write_text(SMALL.replace("to: done", "to: gone"))
    done = run(small, "--out", out)
    assert done.returncode == 1 and "unknown-state" in done.stderr and not out.exists()


def test_folders(small, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    first = render(small, out)  # an empty one is taken
    (small / "small.yaml").rename(small / "renamed.yaml")
    (small / "renamed.yaml").write_text(SMALL.replace("workflow: small", "workflow: fresh"))
    (small / "coverage/plan.yaml").write_text(COVERAGE.replace("workflow: small", "workflow: fresh"))
    (out / "mine.txt").write_text("mine")
    second = render(small, out)  # an earlier output is replaced: its own files, and no others
    assert set(first) - set(second) == {"workflow-small.html"} and "workflow-fresh.html" in second
    assert (out / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("locale, words", [("C.UTF-8", "is not empty"), ("zh_CN.UTF-8", "不为空")])
def test_a_folder_of_somebody_else_is_refused(small, tmp_path, locale, words):
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.html").write_text("mine")
    done = run(small, "--out", out, locale=locale)
    assert done.returncode == 1 and words in done.stderr
    assert [path.name for path in out.iterdir()] == ["index.html"] and (out / "index.html").read_text() == "mine"


def test_a_marker_reaches_nothing_outside(small, tmp_path):
    out = tmp_path / "out"
    render(small, out)
    outside = tmp_path / "precious.html"
    outside.write_text("mine")
    (out / "note.txt").write_text("mine")
    (out / ".liandong-docs").write_text("../precious.html\n/etc/x.html\nnote.txt\n\n.html")
    render(small, out)
    assert outside.read_text() == "mine" and (out / "note.txt").exists()


def test_wrong_calls(small, tmp_path):
    assert run(small).returncode == 2
    assert run("--out", tmp_path / "out").returncode == 2
    assert run(small, "--out", "/").returncode == 2
    assert run(small, "--out", tmp_path / "out", "--lang", "fr").returncode == 2
    assert run(tmp_path / "none", "--out", tmp_path / "out").returncode == 3
    assert run(small / "small", "--out", tmp_path / "out").returncode == 1  # no workflows in it
    assert run(small, "--out", tmp_path / "none/out").returncode == 1
    assert run(small, "--out", small / "small.yaml").returncode == 1
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    out = tmp_path_factory.mktemp("docs") / "out"
    return render(CATALOG, out), out


def test_every_shipped_workflow_has_its_page(shipped):
    pages, _ = shipped
    for path in CATALOG.glob("*.yaml"):
        text = yaml.safe_load(path.read_text())
        if "workflow" not in text:
            continue
        page = Page(pages[f"workflow-{text['workflow']}.html"]).text
        for part in ("events", "states", "clocks"):
            for row in (text.get(part) or {}).values():
                assert not row.get("title") or row["title"]["zh"] in page, (path.name, part, row["title"])
        for story in (CATALOG / path.stem).glob("*.story.yaml"):
            told = yaml.safe_load(story.read_text())
            assert told["workflow"] != text["workflow"] or told["story"] in page, story.name


def test_links_lead_somewhere_and_nothing_is_loaded(shipped):
    pages, _ = shipped
    read = {name: Page(text) for name, text in pages.items()}
    for name, page in read.items():
        assert len(page.ids) == len(set(page.ids)), name
        for link in page.links:
            target, _, anchor = link.partition("#")
            assert not anchor or anchor in read[target or name].ids, (name, link)
            assert (target or name) in read, (name, link)
        outside = re.findall(r"(?:https?:)?//[^\s\"'<]+|@import|url\(", pages[name])
        assert set(outside) <= {"http://www.w3.org/2000/svg"}, (name, outside)


def test_the_same_catalogue_gives_the_same_bytes(shipped, tmp_path):
    pages, _ = shipped
    assert render(CATALOG, tmp_path / "again") == pages
