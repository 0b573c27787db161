"""The edits that real projects are tried with: which file, which line, and how a new module is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cccc.scripts.workbench.benchmarks import edits, modules
from cccc.scripts.workbench.benchmarks.projects import copy

PYTHON, JAVASCRIPT, RUST, _, C, _ = edits.LANGUAGES
AVA = "import test, {skip} from 'ava';\nimport fit from './index.js';\n\ntest('a', t => {});\n"
TAP = "'use strict'\nconst t = require('tap')\nconst fit = require('../lib/fit')\n"
CHAI = 'import { expect, use } from "chai"\nimport fit from "../src"\n'
ESM = "import a from 'a';\n\nexport default function () {\n\treturn a;\n}\n"


def changed(old: str, edit: edits.Edit) -> list[tuple[str, str]]:
    (new,) = edit.values()
    return [pair for pair in zip(old.splitlines(), new.splitlines()) if pair[0] != pair[1]]


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["setup.py", "src/a.ts", "src/b.ts"], "JavaScript"),
        (["index.js", "index.d.ts", "tests/test_a.py"], "JavaScript"),
        (["a.py", "web/conf.config.js"], "Python"),
        (["src/lib.rs", "build.rs"], "Rust"),
    ],
)
def test_the_language_is_that_of_most_sources(files: list[str], name: str) -> None:
    assert edits.language(files).name == name


def test_sources_are_no_tests_and_the_largest_comes_first() -> None:
    texts = {"a.py": "1", "b.py": "22", "test_a.py": "333", "docs/conf.py": "4444", "tests/deep/c.py": "55555"}
    assert edits.sources(list(texts), PYTHON, texts.__getitem__) == ["b.py", "a.py"]


def test_tests_that_are_called_so_come_first() -> None:
    assert edits.tests(["tests/a.js", "tests/b.test.js", "tests/utils/c.js", "lib/d.js"], JAVASCRIPT) == [
        "tests/b.test.js",
        "tests/a.js",
    ]


def test_a_harmless_edit_is_a_comment_more() -> None:
    assert edits.harmless("a.py", "1\n2\nif a:\n    # Why.\n    b\n", PYTHON)["a.py"] == (
        "1\n2\nif a:\n    # Looked at again.\n    # Why.\n    b\n"
    )
    assert edits.harmless("a.c", "int a;\n", C) == {"a.c": "int a;\n\n/* Looked at again. */\n"}


@pytest.mark.parametrize(
    ("line", "mutant"),
    [
        ("if (a === b) {", "if (a !== b) {"),
        ("    if a == b:", "    if a != b:"),
        ("    return True", "    return False"),
        ("        true", "        false"),
        ("\treturn true;", "\treturn false;"),
        ("    if a is None:", "    if a is not None:"),
        ("    if not a.b():", "    if a.b():"),
        ("\treturn a && b;", "\treturn a || b;"),
        ("    return number * 2", "    return number + 2"),
    ],
)
def test_a_mutation_turns_one_line_round(line: str, mutant: str) -> None:
    assert [changed(line, edit) for edit in edits.mutations([("a", line)], 1)] == [[(line, mutant)]]


@pytest.mark.parametrize(
    "line", ["# a == b", "/// a == b", " * a == b", "while a == b:", "a(); /* b == c */", "T * const a;"]
)
def test_prose_loops_and_pointers_are_left_alone(line: str) -> None:
    assert not list(edits.mutations([("a", line)], 1))


def test_mutations_come_by_turns_and_are_spread() -> None:
    long = "".join(f"a{number} == 0\n" for number in range(9))
    found = [
        changed(long, edit)[0][0] if "a" in edit else "b" for edit in edits.mutations([("a", long), ("b", "b == 0")], 4)
    ]
    assert found == ["a4 == 0", "b", "a2 == 0", "a6 == 0"]


@pytest.mark.parametrize(
    ("source", "test", "path", "head"),
    [
        ("index.js", AVA, "test-twice-of.js", "import test from 'ava';\nimport {twice} from './twice-of.js';\n"),
        ("lib/fit.js", TAP, "test/twice-of.js", "'use strict'\nconst t = require('tap')\n"),
        ("src/a.ts", CHAI, "test/twice_of_test.ts", 'import { expect } from "chai";\n'),
    ],
)
def test_a_new_test_in_javascript_is_written_as_its_neighbour(source: str, test: str, path: str, head: str) -> None:
    beside = {"test-twice-of.js": "test.js", "test/twice-of.js": "test/fit.js"}.get(path, "test/index_test.ts")
    texts = {source: ESM if "import" in test else "module.exports = 1\n", beside: test}
    made = modules.new(JAVASCRIPT, source, beside, list(texts), texts.__getitem__, "npm test")
    assert made[path].startswith(head)


def test_a_new_module_in_python_passes_its_test(tmp_path: Path) -> None:
    texts = {"src/a/__init__.py": "", "src/a/b.py": "", "tests/test_b.py": "class T(unittest.TestCase):\n"}
    made = modules.new(PYTHON, "src/a/b.py", "tests/test_b.py", list(texts), texts.__getitem__, "pytest -q")
    for name, text in {**texts, **made}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    command = [sys.executable, "-m", "unittest", "tests/test_twice_of.py"]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": "src"}, capture_output=True, text=True)
    assert done.returncode == 0 and "Ran 1 test" in done.stderr


def test_a_new_module_in_rust_and_c_is_part_of_the_build() -> None:
    rust = modules.new(RUST, "src/lib.rs", "", ["src/lib.rs"], lambda _: "mod a;\nmod b;\n", "cargo test")
    assert rust["src/lib.rs"] == "pub mod twice_of;\n\nmod a;\nmod b;\n"
    alone = modules.new(RUST, "src/lib.rs", "", ["src/lib.rs"], lambda _: "fn a() {}\n", "cargo test")
    assert alone["src/lib.rs"] == "fn a() {}\n\npub mod twice_of;\n"
    for command, name in (("cmake -S . -B build", "CMakeLists.txt"), ("make test", "Makefile")):
        made = modules.new(C, "a.c", "", ["a.c", "Makefile"], lambda _: "", command)
        assert "twice_of_test" in made[name]


def test_what_is_installed_in_a_copy_leads_to_the_copy(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    (folder / ".venv" / "bin").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / ".venv" / "bin" / "pytest").write_text(f"#!{folder}/.venv/bin/python\n")
    (folder / "link").symlink_to(folder / ".venv")
    copied = copy(folder, tmp_path / "copies" / "own")
    assert (copied / ".venv" / "bin" / "pytest").read_text() == f"#!{copied}/.venv/bin/python\n"
    assert (copied / "link").resolve() == copied / ".venv"
    assert str(copied) not in (folder / ".venv" / "bin" / "pytest").read_text()
