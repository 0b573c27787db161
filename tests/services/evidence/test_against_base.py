"""Whose a failure is: what a run and the base's own run say together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cccc.services.evidence.checking import against_base, cause, counts
from cccc.services.evidence.checking.checks import Ended

NOTHING = Path(__file__).parent / "outputs" / "nothing"  # of real runs that ended before any test
CAUSES = {
    "ava": "Cannot find module './missing.js'",
    "bun": "Cannot find module './missing.js'",
    "cargo": "cannot find function `nope`",
    "cargo-network": "Could not resolve host",
    "cmake": 'configuration file provided by "Nowhere"',
    "cmake-build": "undeclared (first use",
    "ctest": "Unable to find executable: ./not-built",
    "django": "No module named 'gone_module'",
    "exunit": "module Gone.Case is not loaded",
    "go": "undefined: undefined",
    "go-network": "missing go.sum entry",
    "gradle": "Could not resolve org.nowhere:gone:1.0",
    "jest": "Cannot find module './missing.js'",
    "make": "no-such-compiler-cc",
    "maven": "Could not resolve dependencies",
    "meson": 'Dependency "nowhere" not found',
    "minitest": "cannot load such file -- gone",
    "mocha": "Cannot find module './missing'",
    "node": "Cannot find module './missing.js'",
    "nose2": "No module named 'gone_module'",
    "npm": "jest-is-not-there: not found",
    "phpunit": 'Class "Gone\\TestCase" not found',
    "prove": "Can't locate Gone/Module.pm",
    "pytest": "No module named 'gone_module'",
    "pytest-database": "connection to 127.0.0.1:5432",
    "rspec": "cannot load such file -- ",
    "tap": "Cannot find module './missing'",
    "unittest": "No module named 'gone_module'",
    "vitest": "Failed to load url ./missing.js",
}

LINT = Path(__file__).parent / "outputs" / "lint"  # of real linters; the file that each complains of, and its finding
FINDINGS = {
    "cargo-fmt": ("src/lib.rs", "Diff in src/lib.rs:593:"),
    "clippy": ("src/lib.rs", "error: function `unused` is never used: src/lib.rs:596:5"),
    "eslint": ("lib/command.js", "lib/command.js: 2791:5 error 'unused' is assigned a value but never used"),
    "flake8": ("calc.py", "calc.py:1:1: F401 'os' imported but unused"),
    "mypy": ("m.py", "m.py:2: error: Incompatible return value type"),
    "prettier": ("lib/command.js", "[warn] lib/command.js"),
    "ruff": ("calc.py", "I001 [*] Import block is un-sorted or un-formatted: calc.py:1:1"),
    "ruff-format": ("calc.py", "unformatted: File would be reformatted: calc.py:3:1"),
    "tsc": ("x.ts", "x.ts(1,7): error TS2322"),
    "xo": ("index.js", "286:1 Unexpected var, use let or const instead."),
}


def ended(output: str, code: int = 1, over: str = "") -> Ended:
    return Ended(code, 1.0, over, output)


def nothing(run: Ended, before: Ended) -> bool:
    return against_base.proves_nothing(run, counts.read(run.output), before, counts.read(before.output))


def test_every_output_is_tried() -> None:
    assert {path.stem for path in NOTHING.iterdir()} == CAUSES.keys()


@pytest.mark.parametrize("name", CAUSES)
def test_a_run_without_a_test_that_ends_like_the_bases_says_nothing_of_the_patch(name: str) -> None:
    output = (NOTHING / f"{name}.txt").read_text()
    at_another_time = re.sub(r"\b\d+(\.\d+)?(?= ?m?s\b)", "7.5", output)
    assert nothing(ended(output), ended(at_another_time))
    assert not nothing(ended(output, 2), ended(at_another_time))
    assert not nothing(ended(output), ended("3 passed in 0.1s", 0))
    assert not nothing(ended(output + "\n1 failed, 3 passed in 0.1s\n"), ended(output))


@pytest.mark.parametrize("name", CAUSES)
def test_the_user_is_told_in_one_line_why_nothing_ran(name: str) -> None:
    line = cause.of((NOTHING / f"{name}.txt").read_text())
    assert CAUSES[name] in line and "\n" not in line


def test_every_output_of_a_linter_is_tried() -> None:
    assert {path.stem for path in LINT.iterdir()} == FINDINGS.keys()


@pytest.mark.parametrize("name", FINDINGS)
def test_the_author_reads_the_linters_first_finding(name: str) -> None:
    path, finding = FINDINGS[name]
    assert finding in cause.complaint((LINT / f"{name}.txt").read_text(), ["docs/new.md", path])


def test_a_finding_in_a_file_of_the_patch_comes_before_one_elsewhere() -> None:
    output = "old.py:1:1: F401 os unused\npkg/new.py:2:1: E302 blank lines\nFound 2 errors.\n"
    assert cause.complaint(output, ["new.md", "members/a/pkg/new.py"]).startswith("members/a/pkg/new.py:2:1: E302")
    assert cause.complaint(output, ["else.py", "w.py"]).startswith("old.py:1:1: F401")


def test_a_linter_that_names_no_place_is_told_by_its_last_error() -> None:
    assert cause.complaint("checking\nerror: tabs are not allowed\n", ["a.py"]) == "error: tabs are not allowed"
    assert cause.complaint("", ["a.py"]) == ""


def test_a_file_that_loads_on_the_base_is_the_patchs() -> None:
    before = "ERROR tests/test_db.py\n1 error in 0.2s\n"
    assert nothing(ended(before, 2), ended(before, 2))
    assert not nothing(ended("ERROR tests/test_a.py\nERROR tests/test_db.py\n2 errors in 0.2s\n", 2), ended(before, 2))


def test_another_error_than_the_bases_is_the_patchs() -> None:
    assert not nothing(ended("a.c:3: error: expected ;"), ended("a.c:3: error: x undeclared"))
    assert nothing(ended("a.c:3: error: x undeclared"), ended("a.c:7: error: x undeclared"))


def test_two_runs_that_were_stopped_say_nothing() -> None:
    assert nothing(ended("half", -9, "600 s"), ended("of it", -9, "600 s"))
    assert not nothing(ended("half", -9, "600 s"), ended("of it", 1))


def test_lint_that_finds_the_same_as_on_the_base_adds_nothing() -> None:
    before = ended("a.py:3:1: F401 os unused\nFound 1 error.\n")
    assert against_base.adds_nothing(ended("a.py:5:1: F401 os unused\nFound 1 error.\n"), before)
    assert not against_base.adds_nothing(
        ended("a.py:5:1: F401 os unused\na.py:6:1: F401 os unused\nFound 2 errors.\n"), before
    )
    assert not against_base.adds_nothing(ended("a.py:3:1: F401 os unused\nFound 1 error.\n", 2), before)


def test_more_names_than_people_read_are_counted() -> None:
    tally = counts.tally.tally(20, 14, 0, [f"t{number}" for number in range(12)])
    assert against_base.named(tally) == ", ".join(f"t{number}" for number in range(10)) + " and 4 more"
    assert (
        against_base.named(counts.Tally(3, 0, 0))
        == against_base.named(counts.Tally(3, 2, 0))
        == against_base.named(None)
        == ""
    )


def test_what_passed_on_the_base_and_was_not_run_is_told_by_names_or_numbers() -> None:
    def compared(run: counts.Tally, before: counts.Tally) -> against_base.Compared:
        return against_base.compare(run, "red", before)

    before = counts.tally.tally(3, 1, 0, ["old"], ["a", "b"])
    assert compared(before, before) == against_base.Compared(True, "failing on the base too: old")
    assert "missing with the patch: b" in compared(counts.tally.tally(3, 1, 0, ["old"], ["a", "c"]), before).missing
    assert "2 and 1 with the patch" in compared(counts.tally.tally(2, 1, 1, ["old"], ["a", "b"]), before).missing


def test_a_test_that_fails_and_has_the_name_of_one_of_another_report_is_not_named() -> None:
    web, api = counts.tally.tally(2, 1, 0, ["x"], ["y"]), counts.tally.tally(1, 0, 0, [], ["x"])
    assert (web + api).failing is None and (api + web).failing is None
    assert (web + counts.tally.tally(1, 0, 0, [], ["y"])).failing == frozenset("x")
