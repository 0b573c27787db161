"""RSpec, minitest, test-unit, PHPUnit, ExUnit. By their documents."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.counts.tally import Tally, added, tally


def rspec(output: str) -> Tally | None:
    ends = re.findall(r"(?m)^(\d+ examples?, \d+ failures?.*)$", output)
    if not ends:
        return None
    unrun = re.findall(r"(?m)^An error occurred while loading (\S+?)\.?$", output)
    outside = max(added(ends, r"(\d+) errors? occurred outside"), len(unrun))
    failing = re.findall(r"(?m)^rspec (\S.*)$", output)
    failed, skipped = added(ends, r"(\d+) failures?") + outside, added(ends, r"(\d+) pending")
    executed = added(ends, r"(\d+) examples?") - skipped + outside
    return tally(executed, failed, skipped, [*unrun, *(name.replace(" # ", " ") for name in failing)], unrun=outside)


def minitest(output: str) -> Tally | None:
    ends = re.findall(r"(?m)^(\d+ (?:runs|tests), \d+ assertions, \d+ failures, \d+ errors.*)$", output)
    if not ends:
        return None
    failing = re.findall(r"(?m)^ +\d+\) (?:Failure|Error):\n(\S+?)(?: \[.*\])?:?$", output)
    failing += re.findall(r"(?m)^(?:Failure|Error): (\w+\(\S+?\))", output)  # test-unit
    skipped = added(ends, r"(\d+) (?:skips|pendings|omissions)")
    return tally(
        added(ends, r"(\d+) (?:runs|tests)") - skipped, added(ends, r"(\d+) (?:failures|errors)"), skipped, failing
    )


def phpunit(output: str) -> Tally | None:
    green = re.findall(r"(?m)^OK \((\d+) tests?, \d+ assertions?\)$", output)
    mixed = re.findall(r"(?m)^(Tests: \d+, Assertions: \d+.*)\.$", output)
    if not green and not mixed and not re.search(r"(?m)^No tests executed!$", output):
        return None
    sections = re.findall(
        r"(?ms)^There (?:was|were) \d+ (?:failure|error)s?:\n(.*?)(?=^--$|^(?:FAILURES|ERRORS)!$)", output
    )
    failing = [name for part in sections for name in re.findall(r"(?m)^\d+\) (.+)$", part)]
    skipped = added(mixed, r"(?:Skipped|Incomplete): (\d+)")
    tests = sum(map(int, green)) + added(mixed, r"Tests: (\d+)")
    return tally(tests - skipped, added(mixed, r"(?:Failures|Errors): (\d+)"), skipped, failing)


def exunit(output: str) -> Tally | None:
    kinds = r"(?:doctests?|tests?|propert(?:y|ies)|features?)"
    ends = re.findall(rf"(?m)^((?:\d+ {kinds}, )+\d+ failures?(?:, \d+ \w+)*)$", output)
    if not ends:
        return None
    failing = re.findall(r"(?m)^ +\d+\) ((?:test|doctest|property) .+ \(\S+\))$", output)
    skipped = added(ends, r"(\d+) (?:skipped|excluded)")
    failed = added(ends, r"(\d+) (?:failures?|invalid)")
    return tally(added(ends, rf"(\d+) {kinds}\b") - skipped, failed, skipped, failing)


READERS = (rspec, minitest, phpunit, exunit)
