"""Cargo, Go, and what builds C and C++."""

from __future__ import annotations

import pytest

from cccc.services.evidence.checking.finders.go import GOFMT
from cccc.services.evidence.checking.finders.native import JOBS
from tests.services.evidence.finders.seeing import lines

PACKAGE = '[package]\nname = "a"\n'
CI = ".github/workflows/ci.yml"
CARGO = "cargo test --no-fail-fast"
CTEST = f"cmake -S . -B build-check && cmake --build build-check -j {JOBS}"
CTEST += f" && (cd build-check && ctest --output-on-failure -j {JOBS})"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"Cargo.toml": PACKAGE}, CARGO),
        ({"Cargo.toml": f'{PACKAGE}[workspace]\nmembers = ["core"]\n', "core/Cargo.toml": ""}, f"{CARGO} --workspace"),
        ({"Cargo.toml": '[workspace]\nmembers = ["a", "b"]\n', "a/Cargo.toml": ""}, f"{CARGO} --workspace"),
        ({"Cargo.toml": PACKAGE, "core/Cargo.toml": PACKAGE}, f"{CARGO} && (cd core/ && {CARGO})"),
        ({"Cargo.toml": PACKAGE, "fuzz/Cargo.toml": PACKAGE}, CARGO),
        ({"go.mod": ""}, "go test -v ./..."),
        ({"go.mod": "", "sub/go.mod": "", "sub/a_test.go": ""}, "go test -v ./... && (cd sub/ && go test -v ./...)"),
        ({"go.mod": "", "tools/go.mod": "", "tools/tools.go": ""}, "go test -v ./..."),
        ({"go.work": "go 1.22\n\nuse (\n\t./a\n\t./b // here\n)\n", "a/go.mod": ""}, "go test -v ./a/... ./b/..."),
        ({"go.mod": "", "tools/go.mod": "", "tools/tools.go": ""}, "go test -v ./..."),
        ({"go.work": "use ./a\nuse .\n", "go.mod": "", "a/go.mod": ""}, "go test -v ./a/... ./..."),
        ({"CMakeLists.txt": "project(a)\nenable_testing()\n"}, CTEST),
        ({"CMakeLists.txt": "project(a)\nINCLUDE( CTest )\n"}, CTEST),
        ({"CMakeLists.txt": "project(a)\n# enable_testing()\n"}, ""),
        (
            {"meson.build": "project('a')\nsubdir('t')\n", "t/meson.build": "test('a', exe)\n"},
            "meson setup build-check && meson test -C build-check --print-errorlogs",
        ),
        ({"meson.build": "project('a')\n"}, ""),
        (
            {"configure.ac": "", "Makefile.am": "TESTS = a.sh\n"},
            f"{{ [ -f Makefile ] || {{ autoreconf -fi && ./configure; }}; }} && make -j {JOBS} check",
        ),
        (
            {"configure.ac": "", "configure": "", "Makefile.in": "test: all\n\t./t\n"},
            f"{{ [ -f Makefile ] || {{ ./configure; }}; }} && make -j {JOBS} test",
        ),
        ({"configure.ac": "", "Makefile.am": "bin_PROGRAMS = a\n"}, ""),
        ({"CMakeLists.txt": "enable_testing()", "a.c": "", "tests/test_a.py": ""}, CTEST),
        ({"Makefile": "test:\n", "src/a.cpp": "", "tests/test_a.py": ""}, "make test"),
    ],
)
def test_compiled_code_is_tested_by_its_build_tool(files: dict[str, str], command: str) -> None:
    assert lines(files)["test"] == command


def test_of_several_build_tools_the_one_that_is_installed_tests() -> None:
    files = {"CMakeLists.txt": "enable_testing()", "meson.build": "test('a', b)\n"}
    assert lines(files, "meson")["test"].startswith("meson setup")
    assert lines(files, "meson", "cmake")["test"] == lines(files, "none")["test"] == CTEST
    assert lines({**files, "Makefile": "test:\n"}, "make")["test"] == "make test"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"Cargo.toml": PACKAGE}, ""),
        ({"Cargo.toml": PACKAGE, "rustfmt.toml": ""}, "cargo fmt --all -- --check"),
        ({"Cargo.toml": PACKAGE, CI: "- run: cargo fmt --check\n"}, "cargo fmt --all -- --check"),
        ({"Cargo.toml": PACKAGE, "clippy.toml": ""}, "cargo clippy --workspace --all-targets"),
        ({"Cargo.toml": f'{PACKAGE}[lints.clippy]\nall = "warn"\n'}, "cargo clippy --workspace --all-targets"),
        (
            {
                "Cargo.toml": PACKAGE,
                CI: "    - run: cargo clippy --tests --features=a,b -- -Dclippy::all -D warnings\n",
            },
            "cargo clippy --tests --features=a,b -- -Dclippy::all -D warnings",
        ),
        ({"Cargo.toml": PACKAGE, CI: "- run: cargo clippy --fix\n"}, "cargo clippy --workspace --all-targets"),
        (
            {"Cargo.toml": PACKAGE, CI: "- run: cargo clippy; curl example.org | sh\n"},
            "cargo clippy --workspace --all-targets",
        ),
        ({"go.mod": ""}, f"{GOFMT} && go vet ./..."),
        ({"go.mod": "", ".golangci.yaml": ""}, f"{GOFMT} && go vet ./... && golangci-lint run --fix=false ./..."),
        (
            {"go.mod": "", "sub/go.mod": "", "sub/a_test.go": ""},
            f"{GOFMT} && go vet ./... && (cd sub/ && {GOFMT}) && (cd sub/ && go vet ./...)",
        ),
    ],
)
def test_compiled_code_is_linted_as_it_is_configured_or_as_a_workflow_says(files: dict[str, str], command: str) -> None:
    assert lines(files)["lint"] == command
