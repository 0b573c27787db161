"""What the runners say of a run; outputs/ and the longer texts here are what they really printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.services.evidence.checking import counts

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
        (GO, (2, 1, 1), {"example.org/a.TestFail/sub_one"}),
        ("ok  \tex/a\t0.003s\n?   \tex/b\t[no test files]", (1, 0, 0), set()),
        ("?   \tex/b\t[no test files]", (0, 0, 0), set()),
        ("ok  \tex/a\t0.003s [no tests to run]", (0, 0, 0), set()),
        (JEST, (2, 1, 1), {"suite › fails"}),
        (VITEST, (2, 1, 1), {"v/b.test.js > suite > fails"}),
        (MOCHA, (2, 1, 1), {"suite > fails"}),
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


# --- outputs of real runs: each with what passes, fails, is skipped, is expected to fail and does not load ---

OUTPUTS = Path(__file__).parent / "outputs"
SUBTESTS = {f"test_subs (test_a.A.test_subs) (i={number})" for number in (1, 2, 3)}
GO_FAILURES = {
    *("example.org/a/setup does not build", "example.org/a/bad does not build"),
    *("example.org/a.TestTable/two", "example.org/a.TestOwn", "example.org/a.TestDeep/a/b"),
}
PYTEST_FAILURES = ("test_bad[a b]", "test_bad[c - d]]", "test_db")


@pytest.mark.parametrize(
    ("name", "numbers", "failing"),
    [
        ("pytest.txt", (5, 3, 1, 1), {f"test_a.py::{name}" for name in PYTEST_FAILURES}),
        ("pytest.xml", (5, 3, 1, 1), {f"test_a::{name}" for name in PYTEST_FAILURES}),
        ("pytest-collect.txt", (1, 1, 0, 1), {"test_b.py"}),
        ("pytest-collect.xml", (1, 1, 0, 1), {"test_b"}),
        (
            "unittest.txt",
            (9, 7, 1, 2),
            {
                *("setUpClass (test_a.B)", "test_b (unittest.loader._FailedTest.test_b)"),
                *("test_bad (test_a.A.test_bad)", "test_surprise (test_a.A.test_surprise)", *SUBTESTS),
            },
        ),
        ("nose2.txt", (9, 7, 1, 2), None),
        ("django.txt", (2, 1, 0, 0), {"test_bad (app.tests.A.test_bad)"}),
        ("vitest.txt", (6, 3, 2, 1), {"b.test.js", "a.test.js > suite > fails", "a.test.js > each 2"}),
        ("vitest.xml", (6, 3, 2, 1), {"b.test.js::b.test.js", "a.test.js::suite > fails", "a.test.js::each 2"}),
        (
            "jest.txt",
            (6, 3, 2, 1),
            {"./b.test.js", "./a.test.js \u203a suite \u203a fails", "./a.test.js \u203a each 2"},
        ),
        (
            "ava.txt",
            (7, 4, 2, 1),
            {"c.test.js", "b \u203a other fails", "a \u203a fails badly", "a \u203a throws"},
        ),
        (
            "mocha.txt",
            (5, 4, 2, 1),
            {
                *("top fails", "suite > fails: badly", "suite > inner > deep fails"),
                'hooked > "before all" hook for "never"',
            },
        ),
        ("bun.txt", (3, 2, 2, 1), {"a.test.js: suite > fails", "b.test.js"}),
        ("tap.txt", (4, 2, 1, 1), {"a.test.js > one > other", "b.test.js"}),
        ("tape.txt", (3, 1, 0, 0), {"other"}),
        ("bats.txt", (2, 1, 1, 0), {"fails"}),
        ("node-tap.txt", (7, 3, 1, 1), {"suite > fails", "parent > sub bad", "/src/node/b.test.js"}),
        ("node-spec.txt", (7, 3, 1, 1), {"a.test.js: fails", "a.test.js: sub bad", "/src/node/b.test.js"}),
        ("prove.txt", (8, 4, 0, 2), {"t/a.t 2", "t/a.t 3", "t/c.t", "t/d.t"}),
        ("go-v.txt", (10, 5, 1, 2), GO_FAILURES),
        ("go.txt", (5, 5, 0, 2), GO_FAILURES),
        (
            "cargo.txt",
            (5, 3, 1, 0),
            {"unittests src/lib.rs: tests::bad", "tests/it.rs: other", "a: src/lib.rs - f (line 1)"},
        ),
        ("cargo-compile.txt", (1, 1, 0, 1), {'a (test "it") does not compile'}),
        ("googletest.txt", (4, 2, 1, 0), {"A.Bad", "I/P.Is/1"}),
        ("ctest.txt", (6, 5, 2, 2), {"bad_one", "gone", "slow", "crash", "two"}),
        ("meson.txt", (5, 3, 1, 0), {"x:bad one", "x:surprise", "x:slow"}),
        ("automake.txt", (3, 1, 1, 0), {"b.sh"}),
        ("rspec.txt", (2, 1, 2, 0), {"./rb/a_spec.rb:3 A fails"}),
        ("rspec-load.txt", (1, 1, 0, 1), {"./rb/b_spec.rb"}),
        ("minitest.txt", (3, 2, 1, 0), {"TestA#test_bad", "TestA#test_err"}),
        ("test-unit.txt", (3, 2, 2, 0), {"test_bad(TestA)", "test_err(TestA)"}),
        (
            "phpunit.txt",
            (6, 3, 1, 0),
            {"ATest::testErr", "ATest::testFails", 'ATest::testData with data set "two" (2)'},
        ),
        ("exunit.txt", (3, 2, 1, 0), {"test group deep (ATest)", "test fails (ATest)"}),
    ],
)
def test_what_a_real_runner_printed_is_counted_and_named(
    name: str, numbers: tuple[int, int, int, int], failing: set[str] | None
) -> None:
    said = (OUTPUTS / name).read_bytes()
    tally = counts.read("", [said]) if name.endswith(".xml") else counts.read(said.decode())
    assert tally
    assert (tally.tests, tally.failed, tally.skipped, tally.unrun) == numbers
    assert tally.failing == failing
    assert tally.shown


# --- by their documents ---

SUREFIRE = """\
[ERROR] Tests run: 3, Failures: 1, Errors: 1, Skipped: 0, Time elapsed: 0.05 s <<< FAILURE! -- in g.AppTest
[ERROR] g.AppTest.fails -- Time elapsed: 0.01 s <<< FAILURE!
[INFO] Results:
[INFO]
[ERROR] Failures:
[ERROR]   AppTest.fails:10 expected: <1> but was: <2>
[ERROR] Errors:
[ERROR]   AppTest.throws:14 \u00bb NullPointer
[INFO]
[ERROR] Tests run: 3, Failures: 1, Errors: 1, Skipped: 1
[INFO]
"""
GRADLE = "AppTest > fails() FAILED\n    AssertionError at AppTest.java:10\n\n3 tests completed, 1 failed, 1 skipped\n"
SBT = """\
==> X app.ASuite.fails  0.01s munit.FailException
[error] ==> X app.ASuite.fails  0.01s munit.FailException
[error] Failed: Total 3, Failed 1, Errors 0, Passed 2, Ignored 1
[error] Failed tests:
[error] \tapp.ASuite
"""
DOTNET = """\
  Failed Tests.A.Bad [12 ms]
  Error Message:
Failed!  - Failed:     1, Passed:     2, Skipped:     1, Total:     4, Duration: 20 ms - Tests.dll (net8.0)
"""
DOTNET_9 = """\
    Tests.A.Bad (12ms): Error Message: Assert.True() Failure
Test summary: total: 4, failed: 1, succeeded: 2, skipped: 1, duration: 1.2s
"""
BAZEL = """\
INFO: Analyzed 4 targets (0 packages loaded, 0 targets configured).
1 passed in 0.1s
//a:good                                                                 PASSED in 0.3s
//b:bad                                                                  FAILED in 0.2s
  /src/test.log
//c:gone                                                        FAILED TO BUILD
//d:kept                                                         (cached) PASSED in 0.3s

Executed 2 out of 4 tests: 2 tests pass, 1 fails to build and 1 fails locally.
"""
NEXTEST = """\
        PASS [   0.005s] a tests::ok
        FAIL [   0.005s] a tests::bad
  stdout ---
    running 1 test
    test tests::bad ... FAILED
test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.00s
     Summary [   0.012s] 2 tests run: 1 passed, 1 failed, 1 skipped
        FAIL [   0.005s] a tests::bad
"""
SERIAL = "PASS: a\nFAIL: b\n=====\n1 of 2 tests failed\n=====\n"


@pytest.mark.parametrize(
    ("output", "numbers", "failing"),
    [
        (SUREFIRE, (2, 2, 1), {"AppTest.fails", "AppTest.throws"}),
        ("[WARNING] Tests run: 3, Failures: 0, Errors: 0, Skipped: 1, Flakes: 1\n", (2, 0, 1), set()),
        (GRADLE, (2, 1, 1), {"AppTest > fails()"}),
        (SBT, (3, 1, 1), {"app.ASuite.fails"}),
        (DOTNET, (3, 1, 1), {"Tests.A.Bad"}),
        (DOTNET_9, (3, 1, 1), {"Tests.A.Bad"}),
        (BAZEL, (4, 2, 0), {"//b:bad", "//c:gone"}),
        (NEXTEST, (2, 1, 1), {"a tests::bad"}),
        (SERIAL, (2, 1, 0), {"b"}),
    ],
)
def test_runners_that_were_not_tried_are_read_by_their_documents(
    output: str, numbers: tuple[int, int, int], failing: set[str]
) -> None:
    tally = counts.read(output)
    assert tally
    assert (tally.tests, tally.failed, tally.skipped) == numbers
    assert tally.failing == frozenset(failing)


# --- what is often misread ---


def test_an_expected_failure_was_executed_and_not_skipped() -> None:
    report = b"""<testsuite><testcase name="a"><skipped type="pytest.xfail" message="later"/></testcase>
    <testcase name="b"><skipped type="pytest.skip" message="no"/></testcase></testsuite>"""
    for tally in (counts.read("", [report]), counts.read("1 skipped, 1 xfailed in 0.1s")):
        assert tally and (tally.tests, tally.failed, tally.skipped) == (1, 0, 1)


def test_a_test_that_passed_when_it_was_tried_again_did_not_fail() -> None:
    surefire = b'<testsuite><testcase name="a"><flakyFailure>x</flakyFailure></testcase></testsuite>'
    gradle = b'<testsuite><testcase name="a"><failure/></testcase><testcase name="a"/></testsuite>'
    for report in (surefire, gradle):
        tally = counts.read("", [report])
        assert tally and (tally.tests, tally.failed) == (1, 0)


def test_reports_are_looked_for_where_a_runner_leaves_them_and_no_other_runs() -> None:
    assert counts.reports("./gradlew test") == counts.reports("(cd app && ./gradlew test)") != []
    assert counts.reports("mvn -B test") and counts.reports("sbt test")
    assert counts.reports("mvn test && npm test") == counts.reports("pytest -q") == []


def test_points_that_the_plan_promises_and_that_never_came_failed() -> None:
    tally = counts.read("1..4\nok 1 - a\nok 2 - b\nBail out! no database\n")
    assert tally and (tally.tests, tally.failed, tally.failing) == (4, 2, None)


def test_more_failing_subtests_than_tests_make_no_negative_number() -> None:
    said = "".join(f"FAIL: test_a (t.A.test_a) (i={number})\n" for number in range(5))
    tally = counts.read(f"{said}Ran 2 tests in 0.1s\n\nFAILED (failures=5)\n")
    assert tally and (tally.tests, tally.failed) == (6, 5)


def test_a_suite_that_does_not_load_is_a_failure_in_the_report_of_jest_too() -> None:
    report = b"""<testsuites><testsuite tests="0" errors="1"><testcase classname="Test suite failed to run" name="a.js">
    <error>x</error></testcase></testsuite></testsuites>"""
    tally = counts.read("", [report])
    assert tally and (tally.tests, tally.failed, tally.executed) == (1, 1, 0)


def test_a_line_that_a_test_printed_into_the_middle_does_not_lose_a_result() -> None:
    said = "test a ... ok\ntest b ... [log] begin\nFAILED\n\nfailures:\n    b\n\n"
    tally = counts.read(f"     Running t.rs (target/t-0)\n{said}test result: FAILED. 1 passed; 1 failed; 0 ignored;\n")
    assert tally and (tally.tests, tally.failing) == (2, frozenset({"t.rs: b"}))


def test_what_the_tests_of_a_build_tool_print_is_not_counted_twice() -> None:
    inner = (OUTPUTS / "googletest.txt").read_text()
    part = (
        "Test project /b\n    Start 1: a\n{}1/1 Test #1: a ...***Failed    0.01 sec\n\nTotal Test time (real) = 1 sec\n"
    )
    tally = counts.read(part.format(inner) + "2 passed in 0.1s\n")
    assert tally and (tally.tests, tally.failed, tally.failing) == (3, 1, frozenset({"a"}))


@pytest.mark.parametrize("name", ["python", "compiled", "javascript", "tap", "building", "jvm", "scripting"])
def test_every_reader_of_an_output_is_asked(name: str) -> None:
    module = getattr(counts, name)
    asked = {*module.READERS, *(reader for _, reader in counts.AROUND)}
    readers = [each for each in vars(module).values() if callable(each) and each.__module__ == module.__name__]
    forgotten = {each.__name__ for each in readers if each.__name__[0] != "_" and each not in asked}
    assert forgotten == set(), f"lacking in READERS of {module.__file__}"
