"""C and C++: CMake, Meson and autotools build and test in the gate tree. The first that is installed does it."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked

NAME = "native"
MANIFEST = re.compile(r"^(?:CMakeLists\.txt|meson\.build|configure\.ac)$")
_CODE = re.compile(r"^(?:(?:src|lib|source)/)?[^/]+\.(?:c|cc|cpp|cxx)$")
JOBS = '"$(getconf _NPROCESSORS_ONLN)"'
_MESON_FILE = re.compile(r"(?:^|/)meson\.build$")
_MAKEFILE_AM = re.compile(r"(?:^|/)Makefile\.am$")
_FOLDER = "build-check"  # no project's own

ROWS: tuple[Row, ...] = (
    Row("CMakeLists.txt with enable_testing or CTest", tests="`cmake -S . -B build-check`, build, `ctest`"),
    Row("meson.build with a test", tests="`meson setup build-check`, `meson test`"),
    Row(
        "configure.ac, and tests in a Makefile.am or Makefile.in",
        tests="`autoreconf -fi && ./configure` where that is to do, `make check`",
    ),
)


def has_code(tracked: Tracked) -> bool:
    """Whether there are sources of C or C++ at the root or in src, lib or source."""
    return bool(tracked.matching(_CODE))


def find(tracked: Tracked) -> list[Found]:
    candidates = [one for one in (_cmake(tracked), _meson(tracked), _autotools(tracked)) if one]
    return [next((one for one in candidates if not one.missing), candidates[0])] if candidates else []


def _cmake(tracked: Tracked) -> Found | None:
    if not re.search(r"(?im)^[^#\n]*\b(?:enable_testing\s*\(|include\s*\(\s*CTest\b)", tracked.read("CMakeLists.txt")):
        return None
    command = (
        f"cmake -S . -B {_FOLDER} && cmake --build {_FOLDER} -j {JOBS}"
        f" && (cd {_FOLDER} && ctest --output-on-failure -j {JOBS})"
    )
    return Found("test", command, "CMakeLists.txt", missing="" if tracked.on_path("cmake") else "cmake")


def _meson(tracked: Tracked) -> Found | None:
    files = tracked.matching(_MESON_FILE)
    if "meson.build" not in files or not any(re.search(r"(?m)^\s*test\s*\(", tracked.read(name)) for name in files):
        return None
    command = f"meson setup {_FOLDER} && meson test -C {_FOLDER} --print-errorlogs"
    return Found("test", command, "meson.build", missing="" if tracked.on_path("meson") else "meson")


def _autotools(tracked: Tracked) -> Found | None:
    if not tracked.first(("configure.ac", "configure.in")):
        return None
    rules = "\n".join(map(tracked.read, [*tracked.matching(_MAKEFILE_AM), "Makefile.in"]))
    found = re.search(r"(?m)^(?:(?:dist_)?TESTS\s*\+?=|check_\w+\s*\+?=|check-local\s*:|check\s*:|test\s*:)", rules)
    if not found:
        return None
    target = "test" if found[0].startswith("test") else "check"
    configure = "./configure" if "configure" in tracked.names else "autoreconf -fi && ./configure"
    program = "make" if "configure" in tracked.names else "autoreconf"
    command = f"{{ [ -f Makefile ] || {{ {configure}; }}; }} && make -j {JOBS} {target}"
    missing = next((name for name in (program, "make") if not tracked.on_path(name)), "")
    return Found("test", command, "configure.ac", missing=missing)


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    return False
