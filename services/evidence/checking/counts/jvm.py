"""Surefire and Failsafe of Maven, Gradle, sbt, and `dotnet test` in both its forms. By their documents."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.counts.tally import Tally, added, tally


def surefire(output: str) -> Tally | None:
    ends = re.findall(
        r"(?m)^(?:\[\w+\] )?(Tests run: \d+, Failures: \d+, Errors: \d+, Skipped: \d+(?:, Flakes: \d+)?)$", output
    )
    if not ends:
        return None
    sections = re.findall(r"(?m)^\[ERROR\] (?:Failures|Errors): *\n((?:\[ERROR\]   .*\n)+)", output)
    failing = [name for part in sections for name in re.findall(r"(?m)^\[ERROR\]   (\w[^\s:(]*)", part)]
    failed = added(ends, r"(?:Failures|Errors): (\d+)")
    skipped = added(ends, r"Skipped: (\d+)")
    return tally(added(ends, r"run: (\d+)") - skipped, failed, skipped, failing)


def gradle(output: str) -> Tally | None:
    """It tells numbers only when something failed; its reports tell more."""
    ends = re.findall(r"(?m)^(\d+ tests? completed, \d+ failed(?:, \d+ skipped)?)$", output)
    if not ends:
        return None
    failing = re.findall(r"(?m)^(\S.* > .+) FAILED$", output)
    skipped = added(ends, r"(\d+) skipped")
    return tally(added(ends, r"(\d+) tests? completed") - skipped, added(ends, r"(\d+) failed"), skipped, failing)


def sbt(output: str) -> Tally | None:
    ends = re.findall(r"(?m)^\[\w+\] (?:Passed|Failed): (Total \d+, .*)$", output)
    if not ends:
        return None
    failed = added(ends, r"(?:Failed|Errors) (\d+)")
    munit = re.findall(r"(?m)^\[error\] ==> X (\S.*?)(?:  [\d.]+s.*)?$", output)
    scalatest = re.findall(r"(?m)^\[info\] - (.+) \*\*\* FAILED \*\*\*", output)
    skipped = added(ends, r"(?:Skipped|Ignored|Canceled|Pending) (\d+)")
    return tally(added(ends, r"Passed (\d+)") + failed, failed, skipped, [*munit, *scalatest])


def dotnet(output: str) -> Tally | None:
    ends = re.findall(r"(?m)^(?:Passed|Failed|Skipped)! +- (Failed: .*?, Total: +\d+)", output)
    ends += re.findall(r"(?m)^Test summary: (total: .*)$", output)
    if not ends:
        return None
    failing = re.findall(r"(?m)^\s+Failed (\S.*?) \[[^\]]+\]$|^ +(\S+) \([\d.]+m?s\): Error Message:", output)
    failed = added(ends, r"(?i)\bfailed: +(\d+)")
    passed = added(ends, r"\b(?:Passed|succeeded): +(\d+)")
    return tally(passed + failed, failed, added(ends, r"(?i)\bskipped: +(\d+)"), [one or two for one, two in failing])


READERS = (surefire, gradle, sbt, dotnet)
