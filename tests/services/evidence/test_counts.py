"""What the runners say of a run; the longer texts are what they really printed."""

from __future__ import annotations

import pytest

from cccc.services.evidence import counts

PYTEST = """\
=========================== short test summary info ============================
FAILED test_a.py::A::test_fail - AssertionError: False is not true
FAILED test_a.py::test_p[c - d] - AssertionError: assert 'c - d' == ['a b']
2 failed, 2 passed, 1 skipped in 1.54s
"""
UNITTEST = """\
FAIL: test_fail (test_a.A.test_fail)
----------------------------------------------------------------------
Ran 3 tests in 0.001s

FAILED (failures=1, skipped=1)
"""
CARGO = """\
     Running unittests src/lib.rs (target/debug/deps/a-de22c1bda0609b20)

running 3 tests
test pass ... ok
test skip ... ignored
test fail ... FAILED

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.11s
"""
GO = """\
=== RUN   TestPass
--- PASS: TestPass (0.00s)
=== RUN   TestFail
=== RUN   TestFail/sub_one
    a_test.go:4: x
--- FAIL: TestFail (0.00s)
    --- FAIL: TestFail/sub_one (0.00s)
=== RUN   TestSkip
--- SKIP: TestSkip (0.00s)
FAIL
FAIL\texample.org/a\t0.007s
?   \texample.org/a/e\t[no test files]
FAIL
"""
JEST = """\
    ✓ passes (10 ms)
    ✕ fails (1 ms)

  ● suite › fails

Test Suites: 1 failed, 1 total
Tests:       1 failed, 1 skipped, 1 passed, 3 total
Snapshots:   0 total
"""
VITEST = """\
   ❯ v/b.test.js > suite > fails
⎯⎯⎯⎯⎯⎯⎯ Failed Tests 1 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  v/b.test.js > suite > fails
Error: x

 Test Files  1 failed (1)
      Tests  1 failed | 1 passed | 1 skipped (3)
"""
MOCHA = """\
    1) fails

  1 passing (16ms)
  1 pending
  1 failing

  1) suite
       fails:
"""
NODE_TAP = """\
TAP version 13
# Subtest: suite
    # Subtest: passes
    ok 1 - passes
    # Subtest: fails
    not ok 2 - fails
    # Subtest: skips
    ok 3 - skips # SKIP
    1..3
not ok 1 - suite
1..1
# tests 3
# suites 1
# pass 1
# fail 1
# cancelled 0
# skipped 1
# todo 0
# duration_ms 326.284296
"""
NODE_SPEC = """\
  ✖ fails (0.387012ms)
✖ suite (6.63051ms)
(i) tests 3
(i) pass 1
(i) fail 1
(i) skipped 1
(i) duration_ms 263.999951

✖ failing tests:

test at n/d.test.js:2:51
✖ fails (0.387012ms)
""".replace("(i)", "\u2139")
TAP = "1..4\nok 1 - a\nnot ok 2 - b\nok 3 # SKIP no\nnot ok 4 - c # TODO later\n"
JUNIT = b"""<testsuites><testsuite><testcase classname="t.A" name="fail"><failure/></testcase>
<testcase classname="t.A" name="ok"/><testcase classname="t" name="skip"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("output", "numbers", "failing"),
    [
        (PYTEST, (4, 2, 1), {"test_a.py::A::test_fail", "test_a.py::test_p[c - d]"}),
        ("ERROR tests/test_b.py - ImportError\n1 error in 0.3s\n", (1, 1, 0), {"tests/test_b.py"}),
        ("=== 3 passed, 1 warning in 63.20s (0:01:03) ===", (3, 0, 0), set()),
        ("no tests ran in 0.01s", (0, 0, 0), set()),
        ("2 failed in 0.01s", (2, 2, 0), None),
        (UNITTEST, (2, 1, 1), {"test_fail (test_a.A.test_fail)"}),
        ("Ran 12 tests in 0.001s\n\nOK\n", (12, 0, 0), set()),
        (CARGO, (2, 1, 1), {"unittests src/lib.rs: fail"}),
        (GO, (2, 1, 1), {"example.org/a.TestFail"}),
        ("ok  \tex/a\t0.003s\n?   \tex/b\t[no test files]", (1, 0, 0), set()),
        ("?   \tex/b\t[no test files]", (0, 0, 0), set()),
        ("ok  \tex/a\t0.003s [no tests to run]", (0, 0, 0), set()),
        (JEST, (2, 1, 1), {"suite › fails"}),
        (VITEST, (2, 1, 1), {"v/b.test.js > suite > fails"}),
        (MOCHA, (2, 1, 1), None),
        (NODE_TAP, (2, 1, 1), {"suite > fails"}),
        (NODE_SPEC, (2, 1, 1), {"n/d.test.js: fails"}),
        (TAP, (3, 1, 1), {"b"}),
        ("1 passed in 0.1s\n  2 passing (3ms)", (3, 0, 0), set()),
    ],
)
def test_counts_and_names_are_those_of_the_runner(
    output: str, numbers: tuple[int, int, int], failing: set[str] | None
) -> None:
    tally = counts.read(output)
    assert tally
    assert (tally.tests, tally.failed, tally.skipped) == numbers
    assert tally.failing == failing


def test_a_report_counts_and_the_output_beside_it_does_not() -> None:
    tally = counts.read("7 passed in 0.1s", [JUNIT, b"no xml", b"<html/>"])
    assert tally == counts.Tally(2, 1, 1, frozenset({"t.A::fail"}), frozenset({"t.A::ok"}))


@pytest.mark.parametrize("output", ["all is well", "", "Tests are nice"])
def test_a_run_that_tells_nothing_has_no_tally(output: str) -> None:
    assert counts.read(output) is None
