"""jest, vitest, mocha, ava, node-tap and bun. Tried for real."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.counts.tally import Tally, added, tally


def jest(output: str) -> Tally | None:
    lines = re.findall(r"(?m)^Tests: +((?:\d+ \w+, )*\d+ total)$", output)
    if not lines:
        return None
    failing, unrun, file = [], set(), ""
    for found, name in re.findall(
        r"(?m)^(?:FAIL (?:.* )?(\S+?)(?: \([\d.]+ m?s\))?|  \u25cf (?!Console$)(.+))$", output
    ):
        file = found or file
        if name == "Test suite failed to run":
            unrun.add(file)
        elif name:
            failing.append(f"{file} \u203a {name}" if file else name)
    failed = added(lines, r"(\d+) failed") + len(unrun)
    skipped = added(lines, r"(\d+) (?:skipped|todo)")
    return tally(failed + added(lines, r"(\d+) passed"), failed, skipped, [*unrun, *failing], unrun=len(unrun))


def vitest(output: str) -> Tally | None:
    lines = re.findall(r"(?m)^ +Tests  (.*\d.* \(\d+\)|no tests)$", output)
    if not lines:
        return None
    failing = re.findall(r"(?m)^ FAIL +(.+ > .+)$", output)
    unrun = re.findall(r"(?m)^ FAIL +(.+?) \[ .+ \]$", output)
    failed = added(lines, r"(\d+) failed") + len(set(unrun))
    passed = added(lines, r"(\d+) (?:passed|expected fail)")
    skipped = added(lines, r"(\d+) (?:skipped|todo)")
    return tally(failed + passed, failed, skipped, [*unrun, *failing], unrun=len(set(unrun)))


def mocha(output: str) -> Tally | None:
    passing = re.findall(r"(?m)^\s*(\d+) passing\b", output)
    if not passing:
        return None
    failed = added(re.findall(r"(?m)^\s*\d+ failing$", output), r"(\d+)")
    skipped = added(re.findall(r"(?m)^\s*\d+ pending$", output), r"(\d+)")
    told = re.findall(r"(?m)^  \d+\) (.+(?:\n {7,}\S.*)*?):$", output)
    failing = [" > ".join(line.strip() for line in name.split("\n")) for name in told]
    unrun = sum(bool(re.search(r'"before (?:all|each)" hook', name)) for name in failing)
    return tally(sum(map(int, passing)) + failed, failed, skipped, failing, unrun=unrun)


def ava(output: str) -> Tally | None:
    lines = re.findall(
        r"(?m)^  (\d+ (?:tests? (?:passed|failed|skipped|todo)|known failures?|uncaught exceptions?))$", output
    )
    broken = re.findall(
        r"(?m)^  \u2718 (?:No tests found in (\S+)|(\S+) exited with a non-zero exit code: \d+)", output
    )
    if not lines and not broken:
        return None
    heads = re.findall(r"(?m)^  (\S.*)$", output.rpartition("\n  \u2500\n\n")[0].partition("\n  \u2500\n\n")[2])
    failing = [
        max((head for head in heads if f"{told} ".startswith(f"{head} ")), key=len, default=told)
        for told in re.findall(r"(?m)^  \u2718 \[fail\]: (.+)$", output)
    ]  # with what went wrong behind the name
    unrun = [one or two for one, two in broken]
    failed = added(lines, r"(\d+) tests? failed") + len(unrun)
    # It says how many passed only where all did.
    passed = max(added(lines, r"(\d+) tests? passed"), len(re.findall(r"(?m)^  \u2714 (?!\[)", output)))
    skipped = added(lines, r"(\d+) tests? (?:skipped|todo)")
    executed = failed + passed + added(lines, r"(\d+) known failure")
    return tally(executed, failed, skipped, [*unrun, *failing], unrun=len(unrun))


def bun(output: str) -> Tally | None:
    if not re.search(r"(?m)^Ran \d+ tests? across \d+ files?\.", output):
        return None
    lines = re.findall(r"(?m)^ (\d+ (?:pass|fail|skip|todo|errors?))$", output)
    failing, file = [], ""
    for found, name in re.findall(
        r"(?m)^(\S+\.[cm]?[jt]sx?):$|^(?:\(fail\)|\u2717) (.+?)(?: \[[\d.]+m?s\])?$|^# Unhandled error", output
    ):
        file = found or file
        if not found:
            failing.append(f"{file}: {name}" if name else file)
    unrun = added(lines, r"(\d+) error")
    failed = added(lines, r"(\d+) fail")
    skipped = added(lines, r"(\d+) (?:skip|todo)")
    return tally(failed + added(lines, r"(\d+) pass"), failed, skipped, failing, unrun=unrun)


READERS = (jest, vitest, mocha, ava, bun)
