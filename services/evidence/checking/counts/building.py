"""Runners of build tools, which print what the tests' own runners say: ctest, meson, automake, Bazel.

Each is found with the whole of its part of the output, so that what stands in there is not counted twice. Tried for
real but for Bazel, which is by its documents.
"""

from __future__ import annotations

import re

from cccc.services.evidence.checking.counts.tally import Tally, added, tally

# Where each part begins and ends.
CTEST = (
    re.compile(r"(?m)^Test project .*$"),
    re.compile(
        r"(?m)^Total Test time.*\n(?:\nThe following tests.*\n(?:\t.*\n)+)*(?:Errors while running CTest\n)?"
        r"|^No tests were found!!!$"
    ),
)
MESON = (re.compile(r"(?m)^ *1/\d+ "), re.compile(r"(?m)^Ok: +\d+ *\n(?:[A-Z][A-Za-z ]*: +\d+ *(?:\n|$))*"))
BAZEL = (
    re.compile(r"(?m)^(?:INFO: |Loading: |Analyzing: )"),
    re.compile(r"(?m)^Executed \d+ out of \d+ tests?:.*$"),
)


def ctest(part: str) -> Tally:
    rows = re.findall(r"(?m)^ *\d+/\d+ +Test +#\d+: (.+?) \.*(?: +|\*\*\*)(\S.*?) +[\d.]+ sec", part)
    failing = [name for name, word in rows if word not in ("Passed", "Skipped")]
    disabled = len(re.findall(r"(?m)^\t *\d+ - .+ \(Disabled\)$", part))
    skipped = sum(word == "Skipped" for _, word in rows) + disabled
    failing = [name for name in failing if f" {name} (Disabled)" not in part]
    unrun = sum(word.startswith("Not Run") for name, word in rows if name in failing)
    passing = [name for name, word in rows if word == "Passed"]
    return tally(len(failing) + len(passing), len(failing), skipped, failing, passing, unrun)


def meson(part: str) -> Tally:
    total = {word: int(number) for word, number in re.findall(r"(?m)^([A-Z][A-Za-z ]*): +(\d+)", part)}
    failing = re.findall(r"(?m)^ *\d+/\d+ (.+?) +(?:FAIL|TIMEOUT|ERROR|INTERRUPT|UNEXPECTEDPASS)\b", part)
    failed = sum(total.get(word, 0) for word in ("Fail", "Unexpected Pass", "Timeout"))
    passed = total.get("Ok", 0) + total.get("Expected Fail", 0)
    return tally(passed + failed, failed, total.get("Skipped", 0), failing)


def bazel(part: str) -> Tally:
    row = r"(?m)^([@/]\S+) +(?:\(cached\) )?(PASSED|FLAKY|FAILED TO BUILD|FAILED|TIMEOUT|NO STATUS|SKIPPED)\b"
    rows = re.findall(row, part)
    unrun = [name for name, word in rows if word in ("FAILED TO BUILD", "NO STATUS")]
    failing = [name for name, word in rows if word in ("FAILED", "TIMEOUT")]
    passing = [name for name, word in rows if word in ("PASSED", "FLAKY")]
    failed = len(unrun) + len(failing)
    skipped = sum(word == "SKIPPED" for _, word in rows)
    return tally(failed + len(passing), failed, skipped, [*unrun, *failing], passing, len(unrun))


def automake(output: str) -> Tally | None:
    summaries = "".join(re.findall(r"(?m)^Testsuite summary.*\n=+\n((?:# \w+: +\d+\n)+)", output))
    totals = re.findall(r"(?m)^# (\w+): +(\d+)$", summaries)
    if not totals:
        return None
    total = {word: sum(int(number) for one, number in totals if one == word) for word, _ in totals}
    failing = re.findall(r"(?m)^(?:FAIL|XPASS|ERROR): (.+)$", output)
    failed = total.get("FAIL", 0) + total.get("XPASS", 0) + total.get("ERROR", 0)
    return tally(total["TOTAL"] - total.get("SKIP", 0), failed, total.get("SKIP", 0), failing)


def automake_serial(output: str) -> Tally | None:
    """The older harness, which runs one test after another."""
    ends = re.findall(r"(?m)^(?:All )?(\d+) tests? passed$|^(\d+) of (\d+) tests? failed$", output)
    if not ends or not re.search(r"(?m)^=+$", output):
        return None
    tests = sum(int(green or all_) for green, _, all_ in ends)
    failing = re.findall(r"(?m)^(?:FAIL|XPASS): (.+)$", output)
    return tally(tests, added((bad for _, bad, _ in ends), r"(\d+)"), 0, failing)


READERS = (automake, automake_serial)
