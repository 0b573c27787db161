"""What runs the tests of any language, where no language's own runner was found: make, just, task, Bazel, scripts."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked, from_yaml

NAME = "general"
MANIFEST = re.compile(r"^(?:GNUmakefile|[Mm]akefile|[Jj]ustfile|\.justfile|[Tt]askfile\.ya?ml)$")
_TARGETS = ("test", "tests", "check")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # in the order of make
_JUSTFILES = ("justfile", "Justfile", ".justfile")
_TASKFILES = (
    "Taskfile.yml",
    "Taskfile.yaml",
    "taskfile.yml",
    "taskfile.yaml",
    "Taskfile.dist.yml",
    "Taskfile.dist.yaml",
)
_BAZEL = ("MODULE.bazel", "WORKSPACE.bazel", "WORKSPACE")
_SCRIPTS = ("scripts/test", "script/test", "scripts/test.sh", "script/test.sh", "bin/test", "run_tests.sh", "test.sh")

ROWS: tuple[Row, ...] = (
    Row(
        "GNUmakefile, makefile, Makefile with a target test, tests or check",
        tests="`make test`, `make tests`, `make check`",
    ),
    Row("justfile with a recipe of these names", tests="`just test`"),
    Row("Taskfile.yml with a task of these names", tests="`task test`"),
    Row("MODULE.bazel, WORKSPACE", tests="`bazel test //...`"),
    Row("scripts/test, script/test, scripts/test.sh, bin/test", tests="`./scripts/test`"),
)


def find(tracked: Tracked) -> list[Found]:
    found = [one for one in (_make(tracked), _just(tracked), _task(tracked), _bazel(tracked), _script(tracked)) if one]
    return found[:1]


def _found(tracked: Tracked, command: str, marker: str) -> Found:
    program = command.split()[0]
    missing = "" if program.startswith("./") or tracked.on_path(program) else program
    return Found("test", command, marker, missing=missing)


def _make(tracked: Tracked) -> Found | None:
    marker = tracked.first(_MAKEFILES)
    text = tracked.read(marker) if marker else ""
    text += "".join("\n" + tracked.read(name) for name in re.findall(r"(?m)^-?include[ \t]+(\S+)", text))
    if re.search(r"(?m)^\.DEFAULT\s*:", text):  # hands what it does not know to the makefiles of folders
        text += "".join("\n" + tracked.read(name) for name in tracked.files if re.fullmatch(r"[^/]+/[Mm]akefile", name))
    targets = {name for line in re.findall(r"(?m)^([^\s#:=][^:=#\n]*?)[ \t]*::?(?!=)", text) for name in line.split()}
    target = next((name for name in _TARGETS if name in targets), "")
    return _found(tracked, f"make {target}", marker) if target else None


def _just(tracked: Tracked) -> Found | None:
    marker = tracked.first(_JUSTFILES)
    recipes = re.findall(r"(?m)^@?([\w-]+)(?![ \t]*:=)(?:[ \t][^\n]*)?:", tracked.read(marker)) if marker else []
    recipe = next((name for name in _TARGETS if name in recipes), "")
    return _found(tracked, f"just {recipe}", marker) if recipe else None


def _task(tracked: Tracked) -> Found | None:
    marker = tracked.first(_TASKFILES)
    said = from_yaml(tracked.read(marker)) if marker else None
    tasks = said.get("tasks") if isinstance(said, dict) else None
    task = next((name for name in _TARGETS if isinstance(tasks, dict) and name in tasks), "")
    return _found(tracked, f"task {task}", marker) if task else None


def _bazel(tracked: Tracked) -> Found | None:
    marker = tracked.first(_BAZEL)
    program = "bazel" if tracked.on_path("bazel") or not tracked.on_path("bazelisk") else "bazelisk"
    return _found(tracked, f"{program} test //...", marker) if marker else None


def _script(tracked: Tracked) -> Found | None:
    marker = tracked.first(_SCRIPTS)
    return _found(tracked, f"./{marker}", marker) if marker else None


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    return False
