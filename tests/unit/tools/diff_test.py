"""What changed between two versions, in sentences: one place of a file is changed at a time, and the
sentences that tell of it are compared, in both languages. Every sentence that there is must be told
by some row, so that none can be wrong unseen.
"""
import json
import os
import pathlib
import re
import subprocess

import pytest

LIANDONG = pathlib.Path(os.environ["LIANDONG_BIN"]) / "liandong"
SOURCE = pathlib.Path(os.environ["LIANDONG_SOURCE"])
CODES = set(re.findall(r'^X\([A-Z_]+, "([a-z-]+)"',
                       (SOURCE / "workflows/language/diff_codes.inc").read_text(), re.M))

WORKFLOW = """\
workflow: permit
version: 1
effective: 2025-01-01..
title: {zh: 许可, en: Permit}
basis: 行政许可法
labels: [a, b]
calendar: cn
parties:
  office: {title: {zh: 受理机关, en: Office}, kind: agency}
  applicant: {title: {zh: 申请人, en: Applicant}}
  witness: {title: {zh: 证人, en: Witness}}
data:
  urgent: {title: {zh: 紧急, en: Urgent}, type: bool, default: false}
  level: {title: {zh: 等级, en: Level}, type: choice, of: [low, high, odd], default: low}
  fee: {title: {zh: 费用, en: Fee}, type: int, min: 1, max: 9, default: 1}
events:
  asked:
    title: {zh: 申请, en: Asked}
    from: [agency, court]
    data: {urgent: {type: bool}, fee: {type: int, default: 1}}
  other: {title: {zh: 另请, en: Other}, from: [agency], data: {urgent: {type: bool}}}
  granted:
    title: {zh: 准予, en: Granted}
    from: [office]
    role: chief
    date: given_on
    data: {given_on: {type: date}, also_on: {type: date}, ok: {type: bool}}
  stopped: {title: {zh: 停, en: Stopped}, from: [office]}
  resumed: {title: {zh: 续, en: Resumed}, from: [office]}
  longer: {title: {zh: 延, en: Longer}, from: [office], data: {days: {type: int, min: 1, max: 9}}}
start:
  event: asked
  set: {urgent: event.data.urgent}
  bind: {office: event.sender, applicant: event.sender}
  to: open
when:
  stopped: {}
  resumed: {}
  longer: {}
states:
  open:
    title: {zh: 审查, en: Review}
    when:
      granted:
        - {if: event.data.ok && case.urgent, to: fast, set: {level: "'high'"}}
        - {if: event.data.ok, to: done, outcome: yes-granted}
        - {refuse: {zh: 不准, en: Not granted}}
  fast:
    title: {zh: 快办, en: Fast}
    when:
      granted: {to: done}
      asked: {}
      other: {}
  done:
    title: {zh: 办结, en: Done}
    end: true
clocks:
  decide:
    title: {zh: 作出决定, en: Decide}
    force: statutory
    basis: 行政许可法 第四十二条
    who: office
    while: [open, fast]
    period:
      - {if: case.urgent, is: 15 days}
      - 2 months
    pause: {from: stopped, until: resumed}
    extend: {event: longer, by: event.data.days days, times: 1, before-due: true}
    ladder: standard
  tell:
    title: {zh: 告知, en: Tell}
    force: agreed
    who: office
    from: asked
    until: granted
    period: 1 month
    expire: {to: fast}
"""

# old text, new text, code, zh, en; the sentence is among those that are told.
ROWS = [
    ("version: 1\n", "version: 2\n", "version", "版本由 1 改为 2", "version 1 became 2"),
    ("workflow: permit", "workflow: licence", "id", "编号由 permit 改为 licence", "the id permit became licence"),
    ("en: Permit}", "en: Licence}", "title", "名称由“许可”改为“许可”", "the title “Permit” became “Licence”"),
    ("basis: 行政许可法\n", "", "basis", "依据由“行政许可法”改为无", "the legal basis “行政许可法” became none"),
    ("2025-01-01..", "2025-01-01..2025-12-31", "effective", "生效期间由 2025-01-01.. 改为 2025-01-01..2025-12-31",
     "in effect 2025-01-01..2025-12-31 (before: 2025-01-01..)"),
    ("[a, b]", "[a, b, c]", "label-added", "增加标签 c", "label c added"),
    ("[a, b]", "[b]", "label-removed", "去掉标签 a", "label a removed"),
    ("calendar: cn", "calendar: us", "calendar", "工作日历由“cn”改为“us”", "the calendar “cn” became “us”"),
    ("event: asked\n", "event: other\n", "start-event", "立案改由事件“另请”(other)(原为事件“申请”(asked))",
     "a case is now opened by event “Other” (other) (before: event “Asked” (asked))"),
    ("  to: open\n", "  to: early\n", "branch-to", "立案时:现在转到状态“预审”(原为转到状态“审查”)",
     "when a case is opened it now leads to state “预审” (before: leads to state “Review”)"),
    ("data:\n  urgent", "  third: {title: 第三人}\ndata:\n  urgent", "party-added", "新增当事方“第三人”", "party “第三人” added"),
    ("  witness: {title: {zh: 证人, en: Witness}}\n", "", "party-removed", "删除当事方“证人”",
     "party “Witness” removed"),
    ("申请人", "申请的人", "party-title", "当事方“申请人”改称“申请的人”", "party “Applicant” is now called “Applicant”"),
    ("kind: agency}", "kind: court}", "party-kind", "当事方“受理机关”的单位类别由“agency”改为“court”",
     "the kind of party “Office” changed from “agency” to “court”"),
    ("events:\n  asked", "  note: {type: text, optional: true}\nevents:\n  asked", "field-added", "新增数据项“note”:文字",
     "field “note” added: text"),
    ("data: {urgent: {type: bool}, fee: {type: int, default: 1}}", "data: {urgent: {type: bool}}", "field-removed",
     "删除事件“申请”的数据项“fee”", "field “fee” of event “Asked” removed"),
    ("zh: 等级", "zh: 级别", "field-title", "数据项“等级”改称“级别”", "field “Level” is now called “Level”"),
    ("min: 1, max: 9, default: 1", "min: 1, max: 12, default: 1", "field-type", "数据项“费用”由“整数 1..9”改为“整数 1..12”",
     "field “Fee” changed from “whole number 1..9” to “whole number 1..12”"),
    ("[low, high, odd]", "[low, high, odd, top]", "field-choices-added", "数据项“等级”可选值增加:top", "field “Level” may now also be: top"),
    ("[low, high, odd]", "[low, high]", "field-choices-removed", "数据项“等级”可选值减少:odd", "field “Level” may no longer be: odd"),
    ("fee: {type: int, default: 1}", "fee: {type: int}", "field-required", "事件“申请”的数据项“fee”改为必填",
     "field “fee” of event “Asked” is now required"),
    ("also_on: {type: date}", "also_on: {type: date, optional: true}", "field-optional",
     "事件“准予”的数据项“also_on”改为可以不填", "field “also_on” of event “Granted” is no longer required"),
    ("default: low", "default: high", "field-default", "数据项“等级”的默认值由 “low” 改为 “high”",
     "the default of field “Level” changed from “low” to “high”"),
    ("max: 9, default: 1}", "max: 9, default: 1, class: sealed}", "field-class", "数据项“费用”的知悉范围由“名录内单位”改为“密封”",
     "field “Fee” may now be read by: parties with the role sealed (before: units of the directory)"),
    ("when:\n  stopped", "when:\n  fined: {}\n  stopped", "transition-added", "在任何未结状态,事件“罚款”:现在接受,留在原状态",
     "in every open state, event “罚款” is now taken: leaves the case where it is"),
    ("when:\n  stopped", "when:\n  fined: {}\n  stopped", "event-added", "新增事件“罚款”,可由 police 类单位发布",
     "event “罚款” added, published by police"),
    ("  other: {title: {zh: 另请, en: Other}, from: [agency], data: {urgent: {type: bool}}}\n", "", "event-removed",
     "删除事件“另请”", "event “Other” removed"),
    ("zh: 另请", "zh: 再请", "event-title", "事件“另请”改称“再请”", "event “Other” is now called “Other”"),
    ("[agency, court]", "[agency, court, police]", "event-from-added", "事件“申请”现在也可由 police 类单位发布",
     "event “Asked” may now also be published by police"),
    ("[agency, court]", "[agency]", "event-from-removed", "事件“申请”不再可由 court 类单位发布",
     "event “Asked” may no longer be published by court"),
    ("from: [agency, court]\n", "from: [agency, court]\n    role: head\n", "event-role-added", "事件“申请”现在须由职务 head 决定",
     "role head is now required for event “Asked”"),
    ("    role: chief\n", "", "event-role-removed", "事件“准予”不再要求职务 chief",
     "role chief is no longer required for event “Granted”"),
    ("role: chief", "role: head", "event-role", "事件“准予”须由职务 head 决定(原为 chief)",
     "role head is now required for event “Granted” (before: chief)"),
    ("date: given_on", "date: also_on", "event-date", "事件“准予”的法律日期改以数据项“also_on”为准(原为数据项“given_on”)",
     "the legal date of event “Granted” is now field “also_on” (before: field “given_on”)"),
    ("  to: open\n", "  to: early\n", "state-added", "新增状态“预审”", "state “预审” added"),
    ("zh: 快办", "zh: 速办", "state-title", "状态“快办”改称“速办”", "state “Fast” is now called “Fast”"),
    ("      asked: {}\n", "", "transition-removed", "在状态“快办”,事件“申请”:不再接受(原为留在原状态)",
     "in state “Fast”, event “Asked” is no longer taken (before: leaves the case where it is)"),
    ("end: true", "end: true\n    late-events: record", "state-late", "在状态“办结”,迟来的事件由“拒绝”改为“记录”",
     "in state “Done” a late event is now recorded (before: refused)"),
    ("en: Fast}\n", "en: Fast}\n    no-clock: 另行计算\n", "state-no-clock", "状态“快办”不设期限的理由由无改为“另行计算”",
     "why state “Fast” has no clock changed from none to “另行计算”"),
    ("        - {refuse:", "        - {if: case.fee > 3, to: fast}\n        - {refuse:", "branch-added",
     "在状态“审查”,事件“准予”:新增,当 case.fee > 3 时转到状态“快办”",
     "in state “Review”, event “Granted”: now also, if case.fee > 3 it leads to state “Fast”"),
    ("        - {if: event.data.ok, to: done, outcome: yes-granted}\n", "", "branch-removed",
     "在状态“审查”,事件“准予”:去掉,当 event.data.ok 时转到状态“办结”",
     "in state “Review”, event “Granted”: no longer, if event.data.ok it leads to state “Done”"),
    ("to: done, outcome: yes-granted", "to: fast", "branch-to",
     "在状态“审查”,事件“准予”(当 event.data.ok 时):现在转到状态“快办”(原为转到状态“办结”)",
     "in state “Review”, event “Granted” (if event.data.ok) now leads to state “Fast” (before: leads to state “Done”)"),
    ("zh: 不准", "zh: 不予准许", "branch-to", "在状态“审查”,事件“准予”:现在拒绝:“不予准许”(原为拒绝:“不准”)",
     "in state “Review”, event “Granted” now is refused: “Not granted” (before: is refused: “Not granted”)"),
    ("granted: {to: done}", "granted: {if: event.data.ok, to: done}", "branch-guard",
     "在状态“快办”,事件“准予”:条件由 无 改为 event.data.ok",
     "in state “Fast”, event “Granted”: the condition none became event.data.ok"),
    ("granted: {to: done}", "granted: {to: done, set: {fee: 2}}", "set-added", "在状态“快办”,事件“准予”:数据项“费用”现在记为 2",
     "in state “Fast”, event “Granted”: field “Fee” is now set to 2"),
    ("""set: {level: "'high'"}""", "set: {level: \"'low'\"}", "set-changed",
     "在状态“审查”,事件“准予”(当 event.data.ok && case.urgent 时):数据项“等级”记为 'low'(原为 'high')",
     "in state “Review”, event “Granted” (if event.data.ok && case.urgent): field “Level” is now set to 'low' (before: 'high')"),
    (""", set: {level: "'high'"}""", "", "set-removed",
     "在状态“审查”,事件“准予”(当 event.data.ok && case.urgent 时):不再记入数据项“等级”",
     "in state “Review”, event “Granted” (if event.data.ok && case.urgent): field “Level” is no longer set"),
    ("outcome: yes-granted", "outcome: granted", "branch-outcome",
     "在状态“审查”,事件“准予”(当 event.data.ok 时):办结结果由“yes-granted”改为“granted”",
     "in state “Review”, event “Granted” (if event.data.ok): the outcome “yes-granted” became “granted”"),
    ("  tell:\n", "  more: {title: 补充, force: agreed, who: office, while: fast, period: 3 days}\n  tell:\n", "clock-added",
     "新增期限“补充”:3 日,约定", "clock “补充” added: 3 days, agreed"),
    (WORKFLOW[WORKFLOW.index("  tell:"):], "", "clock-removed", "删除期限“告知”(原为 1 个月,约定)",
     "clock “Tell” removed (it was 1 month, agreed)"),
    ("zh: 告知", "zh: 通知", "clock-title", "期限“告知”改称“通知”", "clock “Tell” is now called “Tell”"),
    ("- 2 months", "- 15 working days", "clock-period",
     "期限“作出决定”由 15 日(当 case.urgent 时),否则 2 个月改为 15 日(当 case.urgent 时),否则 15 个工作日",
     "clock “Decide” changed from 15 days if case.urgent, else 2 months to 15 days if case.urgent, else 15 working days"),
    ("period: 1 month", "period: 15 days", "clock-period", "期限“告知”由 1 个月改为 15 日",
     "clock “Tell” changed from 1 month to 15 days"),
    ("force: statutory", "force: agreed", "clock-no-longer-statutory", "注意:期限“作出决定”不再是法定期限,由法定改为约定",
     "note: clock “Decide” is no longer a statutory period: statutory became agreed"),
    ("force: agreed", "force: reference", "clock-force", "期限“告知”由约定期限改为参照期限",
     "clock “Tell” is now reference (before: agreed)"),
    ("第四十二条", "第四十三条", "clock-basis", "期限“作出决定”的依据由“行政许可法 第四十二条”改为“行政许可法 第四十三条”",
     "the legal basis of clock “Decide” changed from “行政许可法 第四十二条” to “行政许可法 第四十三条”"),
    ("who: office\n    from", "who: applicant\n    from", "clock-who", "期限“告知”的责任方由“受理机关”改为“申请人”",
     "clock “Tell” now binds “Applicant” (before: “Office”)"),
    ("while: [open, fast]", "while: open", "clock-span", "期限“作出决定”改为在状态“审查”期间计算(原为在状态“审查”、“快办”期间)",
     "clock “Decide” now runs while in state “Review” (before: while in state “Review”, “Fast”)"),
    ("until: granted", "until: enter fast", "clock-span", "期限“告知”改为自事件“申请”至进入状态“快办”计算(原为自事件“申请”至事件“准予”)",
     "clock “Tell” now runs from event “Asked” until state “Fast” is entered (before: from event “Asked” until event “Granted”)"),
    ("while: [open, fast]", "while: [open, fast]\n    reentry: continue", "clock-reentry",
     "案件回到期限“作出决定”的状态时,改为接着计算(原为重新计算)",
     "when the case comes back clock “Decide” now goes on (before: starts again)"),
    ("until: granted", "until: granted\n    rule: criminal", "clock-rule", "期限“告知”的计算规则由民事规则改为刑事规则",
     "clock “Tell” is now counted by the criminal rule (before: the civil rule)"),
    ("until: granted", "until: granted\n    roll: none", "clock-roll", "期限“告知”的最后一日遇休息日,改为不顺延(原为顺延至下一个工作日)",
     "when the last day of clock “Tell” is a day off it now stays where it is (before: it rolls on to the next working day)"),
    ("until: granted", "until: granted\n    anchor: date('2025-01-31')", "clock-anchor",
     "期限“告知”改自 date('2025-01-31') 起算(原自起始事件的法律日期)",
     "clock “Tell” now counts from date('2025-01-31') (before: the legal date of the starting event)"),
    ("until: granted", "until: granted\n    pause: {from: stopped, until: resumed}", "clock-pause-added",
     "期限“告知”现在自“停”至“续”停止计算", "clock “Tell” now pauses from “Stopped” until “Resumed”"),
    ("    pause: {from: stopped, until: resumed}\n", "", "clock-pause-removed", "期限“作出决定”不再自“停”至“续”停止计算",
     "clock “Decide” no longer pauses from “Stopped” until “Resumed”"),
    ("until: granted", "until: granted\n    extend: {event: longer, by: 1 day}", "clock-extend-added",
     "期限“告知”现在可以延长:由事件“延”延长 1 日", "clock “Tell” can now be extended: by 1 day through event “Longer”"),
    ("    extend: {event: longer, by: event.data.days days, times: 1, before-due: true}\n", "", "clock-extend-removed",
     "期限“作出决定”不再可以延长:由事件“延”延长 event.data.days 日,至多 1 次,须在到期之前",
     "clock “Decide” can no longer be extended: by event.data.days days through event “Longer”, at most 1 times, before it is due"),
    ("times: 1", "times: 2", "clock-extend",
     "期限“作出决定”的延长由“由事件“延”延长 event.data.days 日,至多 1 次,须在到期之前”改为“由事件“延”延长 event.data.days 日,至多 2 次,须在到期之前”",
     "the extension of clock “Decide” changed from “by event.data.days days through event “Longer”, at most 1 times, before it is due” to “by event.data.days days through event “Longer”, at most 2 times, before it is due”"),
    ("ladder: standard", "ladder: long", "clock-ladder", "期限“作出决定”的提醒阶梯由“standard”改为“long”",
     "the ladder of clock “Decide” changed from “standard” to “long”"),
    ("expire: {to: fast}", "expire: {to: done}", "branch-to", "期限“告知”到期时:现在转到状态“办结”(原为转到状态“快办”)",
     "when clock “Tell” falls due it now leads to state “Done” (before: leads to state “Fast”)"),
    ("    expire: {to: fast}\n", "    repeat: true\n", "clock-repeats", "期限“告知”到期后重新起算",
     "clock “Tell” now starts again when it falls due"),
    ("    expire: {to: fast}\n", "    expire: {to: fast}\n    right: true\n", "clock-right",
     "期限“告知”改为权利期限:到期即失权,不算逾期",
     "clock “Tell” is now the period of a right: it lapses and nobody is late"),
]

PARENT = (SOURCE / "tests/unit/language/family/resolution.yaml").read_text()
CHILD = (SOURCE / "tests/unit/language/family/rectification-item.yaml").read_text()
PARENT_ROWS = [
    (PARENT[PARENT.index("  do:\n    - open:"):PARENT.index("suspend: {from")], "", "open-removed",
     "立案时:不再开立下级案件“rectification-item”",
     "when a case is opened it no longer opens the sub-case “rectification-item”"),
    ("      sub-cases.closed:\n", "      meeting.ended: {to: closed, do: [{open: {workflow: supervision-sheet, for: \"x in ['a']\", case: \"${x}\", "
     "set: {about: case.topic}, parties: {signer: party.office}, cascade: {close: true}}}]}\n      sub-cases.closed:\n", "transition-added",
     "在状态“分项落实”,事件“销号”:现在接受,转到状态“销号”,并开立下级案件“supervision-sheet”,对 ['a'] 的每一项各开立一件,名称为 ${x},"
     "给出数据 about = case.topic,给出当事方 signer = party.office,随本案一并办结",
     "in state “Being carried out”, event “Meeting ended” is now taken: leads to state “Closed”, and opens the sub-case “supervision-sheet”, "
     "once for each of ['a'], named ${x}, given the data about = case.topic, given the parties signer = party.office, closed with its parent"),
    ("meeting.ended: {to: closed, outcome: done}", "meeting.ended: {to: closed, outcome: done, do: [{open: {workflow: archive}}]}", "open-added",
     "在状态“待销号”,事件“销号”:现在开立下级案件“archive”", "in state “Waiting to be ended”, event “Meeting ended” now opens the sub-case “archive”"),
    ("        for: x in event.data.items\n", "        for: x in event.data.items.filter(y, y.name != '')\n", "open-each",
     "立案时:下级案件“rectification-item”改为对 event.data.items.filter(y, y.name != '') 的每一项各开立一件(原为对 event.data.items 的每一项各开立一件)",
     "when a case is opened it now opens the sub-case “rectification-item” once for each of event.data.items.filter(y, y.name != '') "
     "(before: once for each of event.data.items)"),
    ("        case: \"${x.name}\"\n", "", "open-name", "立案时:下级案件“rectification-item”的名称改为按序号(原为 ${x.name} )",
     "when a case is opened it: the sub-case “rectification-item” is now named by numbers (before: ${x.name})"),
    ("suspend: true, close: true", "suspend: true", "open-cascade", "立案时:下级案件“rectification-item”现在不随本案办结",
     "when a case is opened it: the sub-case “rectification-item” is now not closed with its parent"),
    ("cascade: {close: true}", "cascade: {close: true, suspend: true}", "open-cascade",
     "在状态“复核”,事件“增补事项”:下级案件“rectification-item”现在随本案一并中止",
     "in state “Review”, event “Item added”: the sub-case “rectification-item” is now suspended with its parent"),
    ("set: {due_on: x.due_on}", "set: {due_on: x.due_on, days: 5}", "set-added",
     "立案时,开立下级案件“rectification-item”:其数据项“days”现在记为 5",
     "when a case is opened it, opening the sub-case “rectification-item”: its field “days” is now set to 5"),
    ("set: {due_on: x.due_on}", "set: {due_on: event.data.met_on}", "set-changed",
     "立案时,开立下级案件“rectification-item”:其数据项“due_on”记为 event.data.met_on(原为 x.due_on)",
     "when a case is opened it, opening the sub-case “rectification-item”: its field “due_on” is now set to event.data.met_on (before: x.due_on)"),
    ("parties: {lead: x.unit}", "parties: {lead: x.unit, helper: x.unit}", "set-added",
     "立案时,开立下级案件“rectification-item”:其当事方“helper”现在记为 x.unit",
     "when a case is opened it, opening the sub-case “rectification-item”: its party “helper” is now set to x.unit"),
    ("        - do: [{emit: {type: progress.reported, data: {score: event.data.score}}}]", "        - {}", "emit-removed",
     "在状态“分项落实”,事件“上报进展”:不再发出事件“progress.reported”",
     "in state “Being carried out”, event “Report filed” no longer emits the event “progress.reported”"),
    ("meeting.ended: {to: closed, outcome: done}", "meeting.ended: {to: closed, outcome: done, do: [{emit: {type: meeting.closed, subject: "
     "\"${case.id}-C\", workflow: archive, as: party.office, data: {topic: case.topic}}}]}", "emit-added",
     "在状态“待销号”,事件“销号”:现在发出事件“meeting.closed”,发给案件 ${case.id}-C,可立流程“archive”,以 party.office 的名义,数据 topic = case.topic",
     "in state “Waiting to be ended”, event “Meeting ended” now emits the event “meeting.closed”, to case ${case.id}-C, which may open “archive”, "
     "in the name of party.office, with topic = case.topic"),
    ('subject: "${case.id}-T"', 'subject: "T-${case.id}"', "emit-subject",
     "在状态“复核”,事件“需移送审理”:事件“transfer.proposed”现在发给案件 T-${case.id}(原为案件 ${case.id}-T)",
     "in state “Review”, event “Litigation needed”: the event “transfer.proposed” now goes to case T-${case.id} (before: case ${case.id}-T)"),
    ("              workflow: transfer-elsewhere\n", "", "emit-workflow",
     "在状态“复核”,事件“需移送审理”:事件“transfer.proposed”可立的流程由“transfer-elsewhere”改为无",
     "in state “Review”, event “Litigation needed”: the workflow that the event “transfer.proposed” may open changed from “transfer-elsewhere” to none"),
    ("              as: party.court\n", "", "emit-sender",
     "在状态“复核”,事件“需移送审理”:事件“transfer.proposed”的发布单位改为引起它的事件的发布单位(原为 party.court )",
     "in state “Review”, event “Litigation needed”: the event “transfer.proposed” is now published by the sender of the event that causes it "
     "(before: party.court)"),
    ("                level: case.level\n", "", "set-removed", "在状态“复核”,事件“需移送审理”,发出事件“transfer.proposed”:不再记入其数据项“level”",
     "in state “Review”, event “Litigation needed”, emitting the event “transfer.proposed”: its field “level” is no longer set"),
    ("level: notice, text", "level: warning, text", "branch-actions",
     "在状态“复核”,事件“需移送审理”:动作由“通知 court (notice):${case.topic}”改为“通知 court (warning):${case.topic}”",
     "in state “Review”, event “Litigation needed”: its actions changed from “notify court (notice): ${case.topic}” to “notify court (warning): ${case.topic}”"),
    ("if: event.data.count > 20", "if: event.data.count > 30", "branch-removed",
     "在状态“分项落实”,事件“下级案件全部办结”:去掉,当 event.data.count > 20 时转到状态“复核”",
     "in state “Being carried out”, event “all sub-cases closed”: no longer, if event.data.count > 20 it leads to state “Review”"),
]
CHILD_ROWS = [
    ("given: [due_on, lead]", "given: [due_on, lead, days]", "given-added", "开立时现在必须给出数据项“复查天数”",
     "whoever opens a case must now give field “Days”"),
    ("given: [due_on, lead]", "given: [due_on, lead, helper]", "given-added", "开立时现在必须给出当事方“配合单位”",
     "whoever opens a case must now give party “Helping unit”"),
    ("given: [due_on, lead]\n", "given: [lead]\n  set: {due_on: \"date('2025-12-31')\"}\n", "given-removed", "开立时不再必须给出数据项“整改期限”",
     "whoever opens a case need no longer give field “Due on”"),
    (CHILD[CHILD.index("      item.checked: {to"):CHILD.index("clocks:")], "      item.checked: [{if: case.days > 3, to: done}, {to: withdrawn}]\n"
     "  withdrawn: {title: {zh: 随案终结, en: Withdrawn}, end: true}\n  done: {title: {zh: 已整改, en: Rectified}, end: true}\n", "with-parent", "上级案件办结时,案件改在状态“已整改”终结(原在“随案终结”)",
     "when its parent closes it a case now ends in state “Rectified” (before: “Withdrawn”)"),
    ("  to: open\n  given: [due_on, lead]\n  bind: {helper: party.lead}", "  event: item.done\n  to: open\n  set: {due_on: event.date}\n"
     "  bind: {lead: event.sender, helper: event.sender}", "start-event", "立案改由事件“整改完成”(item.done)(原为上级案件开立)",
     "a case is now opened by event “Done” (item.done) (before: a parent case alone)"),
]

CALENDAR = """\
calendar: cn
version: 1
zone: "+08:00"
weekend: [saturday, sunday]
years:
  2025: {basis: 通知, off: [{dates: 2025-10-01..2025-10-03, name: 国庆节}], work: [2025-09-28]}
  2026: {basis: 通知二, off: [2026-01-01], work: []}
"""
CALENDAR_ROWS = [
    ("+08:00", "+07:30", "zone", "时区由 UTC+08:00 改为 UTC+07:30", "the zone UTC+08:00 became UTC+07:30"),
    ("[saturday, sunday]", "[sunday]", "weekend", "周末由周六、周日改为周日", "the weekend is now Sunday (before: Saturday, Sunday)"),
    ("  2026: {basis: 通知二, off: [2026-01-01], work: []}\n", "", "year-removed", "去掉 2026 年的安排",
     "the year 2026 is no longer announced"),
    ("通知二", "新通知", "year-basis", "2026 年的依据由“通知二”改为“新通知”",
     "the basis of the year 2026 changed from “通知二” to “新通知”"),
    ("2025-10-01..2025-10-03", "2025-10-01..2025-10-02", "day", "2025-10-03 由放假(国庆节)改为按星期",
     "2025-10-03 is now as its weekday says (before: a day off (国庆节))"),
    ("  2026:", "  2024: {basis: 旧, off: [], work: []}\n  2026:", "year-added", "新增 2024 年的安排,依据“旧”",
     "the year 2024 is announced by “旧”"),
]

POLICY = """\
policy: standard
alert-hour: 9
backdate: 30 days
ladders:
  long:
    - {at: due - 3 days, level: warning, tell: [who]}
    - {at: due, level: overdue, tell: [who, supervisor(who)], ack-within: 1 working day, else-tell: [boss]}
  short:
    - {at: due, level: overdue, tell: [who]}
"""
POLICY_ROWS = [
    ("  short:\n", "  short:\n    - {at: due + 3 days, level: escalated, tell: [boss], open: {workflow: supervision-sheet, "
     "parties: {signer: boss, addressee: who}, set: {about: title, due_on: due}}}\n", "rung-added",
     "提醒阶梯“short”新增一档:到期后 3 日,升级督办,告知 boss ;开立待签发的草稿“supervision-sheet”,当事方“signer”为 boss ,"
     "当事方“addressee”为责任方,数据项“about”取期限名称,数据项“due_on”取到期日",
     "ladder “short” has a new rung: 3 days after it was due, escalated, telling boss; it opens the draft “supervision-sheet”, its party “signer” is boss, "
     "its party “addressee” is who is answerable, its field “about” is the clock's title, its field “due_on” is its last day"),
    ("hour: 9", "hour: 8", "alert-hour", "每日提醒时间由 9 时改为 8 时", "reminders now go out at 8 o'clock (before: 9)"),
    ("30 days", "10 days", "backdate", "补录提示由超过 30 日改为超过 10 日", "an entry now counts as late after 10 days (before: 30)"),
    ("  short:", "  tiny:\n    - {at: due, level: overdue, tell: [who]}\n  short:", "ladder-added", "新增提醒阶梯“tiny”",
     "ladder “tiny” added"),
    ("  short:\n    - {at: due, level: overdue, tell: [who]}\n", "", "ladder-removed", "删除提醒阶梯“short”",
     "ladder “short” removed"),
    ("    - {at: due - 3 days, level: warning, tell: [who]}\n", "", "rung-removed",
     "提醒阶梯“long”去掉一档:到期前 3 日,预警,告知责任方", "ladder “long” lost a rung: 3 days before it is due, warning, telling who is answerable"),
    ("  short:\n", "  short:\n    - {at: due + 1 day, level: escalated, tell: [who], repeat: 2 days}\n", "rung-added",
     "提醒阶梯“short”新增一档:到期后 1 日,升级督办,告知责任方;每 2 日重复",
     "ladder “short” has a new rung: 1 day after it was due, escalated, telling who is answerable; again every 2 days"),
    ("1 working day", "2 working days", "rung",
     "提醒阶梯“long”的一档由“到期时,逾期,告知责任方、责任方的上级;1 个工作日内无人签收再告 boss ”改为“到期时,逾期,告知责任方、责任方的上级;2 个工作日内无人签收再告 boss ”",
     "a rung of ladder “long” changed from “when it is due, overdue, telling who is answerable, the supervisor of who is answerable; without a receipt within 1 working day also boss” to “when it is due, overdue, telling who is answerable, the supervisor of who is answerable; without a receipt within 2 working days also boss”"),
]

DIRECTORY = """\
directory: city
roles: {boss: city-hall, clerk: city-court}
units:
  - {id: city-hall, kind: government, title: 市政府}
  - {id: city-court, kind: court, title: 法院}
  - {id: city-water, kind: agency, title: 水务局, supervisor: city-hall}
"""
DIRECTORY_ROWS = [
    ("{boss: city-hall, clerk", "{boss: city-court, clerk", "role-unit", "职位 boss 由“市政府”(city-hall)改为“法院”(city-court)",
     "role boss is now “法院” (city-court) (before: “市政府” (city-hall))"),
    (", clerk: city-court", "", "role-removed", "删除职位 clerk(原为“法院”(city-court))",
     "role clerk removed (it was “法院” (city-court))"),
    ("{boss", "{porter: city-hall, boss", "role-added", "新增职位 porter:“市政府”(city-hall)", "role porter added: “市政府” (city-hall)"),
    (", supervisor: city-hall", "", "unit-supervisor", "单位“水务局”(city-water)的上级由“市政府”(city-hall)改为无",
     "unit “水务局” (city-water) is now under none (before: “市政府” (city-hall))"),
    ("  - {id: city-water, kind: agency, title: 水务局, supervisor: city-hall}\n", "", "unit-removed",
     "删除单位“水务局”(city-water)", "unit “水务局” (city-water) removed"),
    ("units:\n", "units:\n  - {id: city-zoo, kind: agency, title: 动物园}\n", "unit-added", "新增单位“动物园”(city-zoo),类别 agency",
     "unit “动物园” (city-zoo) added, of kind agency"),
    ("水务局", "水利局", "unit-title", "单位“水务局”(city-water)改称“水利局”", "unit “水务局” (city-water) is now called “水利局”"),
    ("kind: court", "kind: agency", "unit-kind", "单位“法院”(city-court)的类别由 court 改为 agency",
     "unit “法院” (city-court) is now of kind agency (before: court)"),
]

ALL = [(base, *row) for base, rows in ((WORKFLOW, ROWS), (PARENT, PARENT_ROWS), (CHILD, CHILD_ROWS), (CALENDAR, CALENDAR_ROWS), (POLICY, POLICY_ROWS),
                                       (DIRECTORY, DIRECTORY_ROWS)) for row in rows]
seen = set()


def run(*words, **variables):
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", **variables}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([LIANDONG, "workflow", "diff", *map(str, words)], env=env, text=True,
                          capture_output=True, timeout=60)


def difference(folder, before, after):
    old, new = folder / "old.yaml", folder / "new.yaml"
    old.write_text(before)
    new.write_text(after)
    done = run(old, new, "--json")
    assert done.returncode in (0, 1), done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert bool(rows) == (done.returncode == 1)
    seen.update(row["code"] for row in rows)
    return rows


def whole(text):
    """What a row needs beside its own place, so that the definition is one."""
    if "to: early" in text:
        text = text.replace("states:\n", "states:\n  early: {title: 预审, no-clock: 等待, when: {other: {to: open}}}\n")
    return text.replace("start:\n", "  fined: {title: 罚款, from: [police]}\nstart:\n") if "fined" in text else text


@pytest.mark.parametrize("base, old, new, code, zh, en", ALL, ids=[f"{row[3]}-{i}" for i, row in enumerate(ALL)])
def test_a_change_is_told(tmp_path, base, old, new, code, zh, en):
    assert old in base
    changed = whole(base.replace(old, new, 1))
    if code == "event-removed":
        changed = changed.replace("      other: {}\n", "")
    rows = difference(tmp_path, base, changed)
    told = [row for row in rows if row["code"] == code]
    assert (zh, en) in [(row["zh"], row["en"]) for row in told], rows


def test_what_means_the_same_is_the_same(tmp_path):
    states = WORKFLOW.index("states:"), WORKFLOW.index("clocks:")
    moved = "# Another layout.\n" + WORKFLOW[:states[0]] + WORKFLOW[states[1]:] + WORKFLOW[states[0]:states[1]]
    moved = moved.replace("event.data.ok && case.urgent", "\"event.data.ok&&case.urgent\"")
    assert difference(tmp_path, WORKFLOW, moved) == []
    assert run(tmp_path / "old.yaml", tmp_path / "new.yaml").stdout == "nothing changed\n"
    assert run(tmp_path / "old.yaml", tmp_path / "new.yaml", LC_ALL="zh_CN.UTF-8").stdout == "没有改变\n"


def test_a_branch_that_goes_before_another_is_a_change(tmp_path):
    first, second = [line + "\n" for line in WORKFLOW.splitlines() if "- {if: event" in line]
    rows = difference(tmp_path, WORKFLOW, WORKFLOW.replace(first + second, second + first))
    assert [row["code"] for row in rows] == ["branch-order"]


def test_a_state_that_goes_takes_its_transitions_along(tmp_path):
    start, end = WORKFLOW.index("  fast:"), WORKFLOW.index("  done:")
    smaller = WORKFLOW[:start] + WORKFLOW[end:]
    smaller = smaller.replace("to: fast", "to: done").replace("[open, fast]", "open")
    smaller = smaller.replace("when:\n  stopped", "when:\n  other: {}\n  asked: {}\n  stopped")
    assert "state-removed" in [row["code"] for row in difference(tmp_path, WORKFLOW, smaller)]


def test_the_other_way_round(tmp_path):
    for base, old, new, *_ in ALL:
        if "  other:" not in old:
            assert difference(tmp_path, whole(base.replace(old, new, 1)), base)


def test_a_state_becomes_an_end_and_is_none_any_more(tmp_path):
    plain = WORKFLOW.replace(", outcome: yes-granted", "")
    longer = plain.replace("    end: true\n", "    no-clock: 等待\n    when: {asked: {to: end}}\n  end: {end: true}\n")
    assert "state-not-end" in [row["code"] for row in difference(tmp_path, plain, longer)]
    assert "state-end" in [row["code"] for row in difference(tmp_path, longer, plain)]


def test_holds_suspension_and_notices(tmp_path):
    more = WORKFLOW.replace("states:\n  open:\n", "suspend: {from: halted, until: freed, allow: [longer], basis: 法}\n"
                            "states:\n  open:\n    hold: [other]\n")
    more = more.replace("  stopped: {title", "  halted: {title: 中止, from: [office]}\n  freed: {title: 恢复, from: [office]}\n"
                        "  stopped: {title")
    more = more.replace("granted: {to: done}", "granted: {to: done, do: [{notify: {to: [office], level: notice, text: \"'x'\"}}]}")
    rows = difference(tmp_path, WORKFLOW, more)
    codes = [row["code"] for row in rows]
    assert {"suspend", "hold-added", "branch-actions"} <= set(codes)
    assert "中止由“无”改为“自“中止”至“恢复”,其间接受“延”,依据 法”" in [row["zh"] for row in rows]
    assert "hold-removed" in [row["code"] for row in difference(tmp_path, more, WORKFLOW)]


def test_parts_are_headed_and_stand_in_order(tmp_path):
    difference(tmp_path, WORKFLOW, WORKFLOW.replace("version: 1", "version: 2").replace("- 2 months", "- 3 months"))
    told = run(tmp_path / "old.yaml", tmp_path / "new.yaml", LC_ALL="zh_CN.UTF-8").stdout
    assert told.startswith("概况\n  - 版本由 1 改为 2\n\n期限\n  - 期限“作出决定”由")


def test_wrong_calls(tmp_path):
    good, bad, other = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "other.yaml"
    good.write_text(WORKFLOW)
    bad.write_text(WORKFLOW.replace("to: open", "to: nowhere"))
    other.write_text(POLICY)
    assert run(good).returncode == 2
    assert run(good, good, good).returncode == 2
    assert run(good, tmp_path / "none.yaml").returncode == 3
    done = run(good, bad)
    assert done.returncode == 3 and "bad.yaml:" in done.stderr and "unknown-state" in done.stderr
    done = run(good, other)
    assert done.returncode == 3 and "not of one kind" in done.stderr


def test_every_sentence_has_been_told():
    """Last: what no row above has brought about is told by nothing."""
    assert CODES - seen == set()
