"""CEL's official conformance cases (npm @bufbuild/cel-spec), those whose features the language has.

    cel.py PROBE PACKAGES

Which those are is not a list of cases but a rule on what a case is made of: what it needs around it
(bindings, a container, …), which words, literals and operators its text uses, and what it wants. The
first thing a case has that LANGUAGE §2 leaves out is why it is not selected; the counts are printed.
Every selected case passes, by value (NaN as NaN) or by being an error.
"""
import collections
import json
import pathlib
import re
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
# LANGUAGE §2, with the conversions between its own types.
FUNCTIONS = {"size", "startsWith", "endsWith", "contains", "has", "all", "exists", "filter", "int",
             "double", "string"}
MACROS = {"all", "exists", "filter"}
WORDS = {"true", "false", "null", "in"}
# disableCheck: the case is of an evaluation without type checking, which the language has not.
NEEDS = ["bindings", "typeEnv", "checkOnly", "disableMacros", "disableCheck"]
TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<string>(?P<prefix>[rRbB]{0,2})(?:\"\"\"(?s:.*?)(?<!\\)\"\"\"|'''(?s:.*?)(?<!\\)'''
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
  | (?P<number>0[xX][0-9a-fA-F]+[uU]?|\d*\.\d+(?:[eE][-+]?\d+)?|\d+(?:[eE][-+]?\d+)?[uU]?)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])
  | (?P<other>.)
""", re.VERBOSE)


def tokens(text):
    """(kind, text) of each token. A raw string ends at the next quote, whatever stands before it."""
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        kind = match.lastgroup if match.lastgroup != "prefix" else "string"
        kind = "string" if match["string"] is not None else kind
        if kind != "space":
            found.append((kind, match[0]))
        at = match.end()
    return found


def reason_of_token(found, index, variables):
    """Why this token is none of ours, or None."""
    kind, text = found[index]
    before = found[index - 1][1] if index else ""
    after = found[index + 1][1] if index + 1 < len(found) else ""
    if kind == "string":
        prefix = re.match(r"[a-zA-Z]*", text)[0].lower()
        return "a bytes literal" if "b" in prefix else None
    if kind == "number":
        return "an unsigned literal" if text[-1] in "uU" else None
    if kind == "other":
        return f"the sign {text}"
    if kind == "sign":
        if text == "?" and (before in (".", "[", "{", ",") or after == "."):
            return "an optional"
        return "a name from the root" if text == "." and before in ("", "(", ",", "[", "!", "==") else None
    if after == "{":
        return "a message literal"
    if text == "string" and after == "(" and is_real(found[index + 2:index + 4]):
        return "a text made of a double"
    if after == "(":
        return None if text in FUNCTIONS else f"the function {text}"
    if text in WORDS or text in variables or before == ".":
        return None
    return f"the name {text}"


def is_real(found):
    """Does a double literal stand here, after a sign or without one?"""
    number = [text for kind, text in found if kind == "number"]
    return bool(number) and not number[0].startswith("0x") and any(c in number[0] for c in ".eE")


def variables_of(found):
    """What the macros of a text bind: x in list.all(x, …)."""
    return {found[i + 2][1] for i in range(len(found) - 3)
            if found[i][1] in MACROS and found[i + 1][1] == "(" and found[i + 2][0] == "name"
            and found[i + 3][1] == ","}


def map_reason(found):
    """Maps have texts for keys (a record's fields), written or computed from nothing but a text."""
    open_signs = []
    for index, (_, text) in enumerate(found):
        if text in "([{":
            open_signs.append(text)
        elif text in ")]}":
            if open_signs:
                open_signs.pop()
        is_key = open_signs and open_signs[-1] == "{" and text in "{," and index + 1 < len(found)
        if is_key and found[index + 1][0] != "string" and found[index + 1][1] != "}":
            return "a map whose keys are not texts"
    return None


def macro_reason(found):
    """all, exists and filter go over lists: a literal, a chain of filters, or a variable."""
    for index, (_, text) in enumerate(found):
        if text in MACROS and index > 1 and found[index - 1][1] == "." and found[index - 2][1] == "}":
            return "a macro over a map"
        if text in MACROS and index + 3 < len(found) and found[index + 1][1] == "(":
            depth, commas = 0, 0
            for _, sign in found[index + 1:]:
                depth += (sign in "([{") - (sign in ")]}")
                commas += sign == "," and depth == 1
                if depth == 0:
                    break
            if commas > 1:
                return "a macro with two variables"
    return None


def value_reason(value):
    kind = next(iter(value))
    if kind in ("uint64Value", "bytesValue", "objectValue", "typeValue", "enumValue"):
        return f"a result of kind {kind}"
    for inner in value[kind].get("values", []) if kind == "listValue" else []:
        if value_reason(inner):
            return value_reason(inner)
    for entry in value[kind].get("entries", []) if kind == "mapValue" else []:
        if "stringValue" not in entry["key"]:
            return "a map whose keys are not texts"
        if value_reason(entry["value"]):
            return value_reason(entry["value"])
    return None


def reason_against(case):
    """The first feature of the case that the language does not have, or None: it is selected."""
    for need in NEEDS:
        if case.get(need):
            return f"it needs {need}"
    found = tokens(case["expr"])
    variables = variables_of(found)
    for index in range(len(found)):
        reason = reason_of_token(found, index, variables)
        if reason:
            return reason
    wanted = wanted_value(case)
    return map_reason(found) or macro_reason(found) or (value_reason(wanted) if wanted else None)


def wanted_value(case):
    return case.get("value") or case.get("typedResult", {}).get("result")


def parse_answer(text):
    """The probe's answer as Python has it, or None where it is an error."""
    words = re.findall(r"[\[\]{}]|[^\s\[\]{}]+", text)

    def take():
        word = words.pop(0)
        if word == "[":
            items = []
            while words[0] != "]":
                items.append(take())
            words.pop(0)
            return items
        if word == "{":
            entries = {}
            while words[0] != "}":
                key = take()
                entries[key] = take()
            words.pop(0)
            return entries
        if word in ("null", "true", "false"):
            return (word,)
        if word[0] == "d":
            return ("d", struct.unpack(">d", bytes.fromhex(word[1:]))[0])
        return bytes.fromhex(word[1:]).decode() if word[0] == "s" else int(word[1:])

    return take()


def is_value(answer, wanted):
    kind, content = next(iter(wanted.items()))
    if kind == "nullValue":
        return answer == ("null",)
    if kind == "boolValue":
        return answer == ("true" if content else "false",)
    if kind == "int64Value":
        return isinstance(answer, int) and answer == int(content)
    if kind == "stringValue":
        return answer == content
    if kind == "doubleValue":
        number = float({"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}.get(content, content))
        if not (isinstance(answer, tuple) and answer[0] == "d"):
            return False
        if number != number:
            return answer[1] != answer[1]
        return answer[1] == number  # JSON has lost the sign of a zero
    if kind == "listValue":
        values = content.get("values", [])
        return isinstance(answer, list) and len(answer) == len(values) and all(
            is_value(a, w) for a, w in zip(answer, values))
    entries = {e["key"]["stringValue"]: e["value"] for e in content.get("entries", [])}
    return isinstance(answer, dict) and answer.keys() == entries.keys() and all(
        is_value(answer[key], entries[key]) for key in entries)


def passes(case, answer):
    is_error = answer.startswith(("refused ", "error "))
    wanted = wanted_value(case)
    if "evalError" in case:
        return is_error and answer != "error limit" and answer != "error memory"
    if is_error:
        return False
    return is_value(parse_answer(answer), wanted if wanted else {"boolValue": True})


def main():
    probe, packages = sys.argv[1:3]
    lines = subprocess.run(["node", HERE / "cel_cases.cjs", packages], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    cases = [json.loads(line) for line in lines]
    reasons = [reason_against(case) for case in cases]
    selected = [case for case, reason in zip(cases, reasons) if not reason]
    answers = subprocess.run([probe], check=True, capture_output=True, text=True,
                             input="".join(c["expr"].encode().hex() + "\n" for c in selected))
    failed = [(case, answer) for case, answer in zip(selected, answers.stdout.splitlines(), strict=True)
              if not passes(case, answer)]
    for reason, count in collections.Counter(r for r in reasons if r).most_common():
        print(f"{count:5} not selected: {reason}")
    print(f"{len(selected)} of {len(cases)} cases selected, {len(selected) - len(failed)} passed")
    for case, answer in failed:
        print(f"FAILED {case['suite']} {case['name']}: {case['expr']!r}\n    gives {answer}, wanted "
              f"{json.dumps(wanted_value(case) or case.get('evalError'))}")
    return 1 if failed or len(selected) < 470 else 0


if __name__ == "__main__":
    sys.exit(main())
