"""A new module with its test, written as the project's own files are. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Callable

from cccc.scripts.workbench.benchmarks.edits import Edit, Language, Read, place

_BROUGHT = re.compile(
    r"^(?:import|const|var|let) (?P<names>[^;=]+?) (?:from |= require\()['\"](?P<module>[^'\"]+)", re.M
)


def new(of: Language, source: str, test: str, files: Sequence[str], read: Read, command: str) -> Edit:
    """Return it, beside a source and a test of the project; empty where there is no rule for the language."""
    rule = _RULES.get(of.name)
    return rule(source, test, files, read, command) if rule else {}


def _python(source: str, test: str, files: Sequence[str], read: Read, command: str) -> Edit:
    package: list[str] = []
    folder = PurePosixPath(source).parent
    while str(folder / "__init__.py") in files:
        package.insert(0, folder.name)
        folder = folder.parent
    future = "from __future__ import annotations\n\n" if "from __future__ import annotations" in read(source) else ""
    module = f'{future}\ndef twice(number: int) -> int:\n    """Return the number twice."""\n    return number * 2\n'
    brought = f"from {'.'.join([*package, 'twice_of'])} import twice\n"
    future = "from __future__ import annotations\n\n" if "from __future__ import annotations" in read(test) else ""
    if "unittest" in command or re.search(r"\(.*TestCase\)", read(test)):
        own = f"{future}import unittest\n\n{brought}\n\nclass TwiceTests(unittest.TestCase):\n    "
        told = "def test_twice(self) -> None:\n        self.assertEqual(twice(2), 4)\n"
    else:
        own, told = f"{future}{brought}\n\n", "def test_twice() -> None:\n    assert twice(2) == 4\n"
    name = "twice_of_test.py" if test.endswith("_test.py") else "test_twice_of.py"
    return {place(source, "twice_of.py"): module.lstrip("\n"), place(test, name): own + told}


def _javascript(source: str, test: str, files: Sequence[str], read: Read, command: str) -> Edit:
    text, said = read(source), read(test)
    ends = re.findall(r"^\s*(?:import|const|let|var|return)\b.*(.)$", text, re.M)
    end = ";" if ends.count(";") * 2 > len(ends) else ""
    suffix = PurePosixPath(source).suffix
    path, fresh = place(source, f"twice-of{suffix}"), place(test, _test_name(PurePosixPath(test).name))
    near = re.search(r"(?:from |require\()['\"]\.[^'\"]*?(\.\w+)?['\"]", said)
    way = os.path.relpath(path, PurePosixPath(fresh).parent).removesuffix(suffix)
    way = ("" if way.startswith(".") else "./") + way + ((near[1] or "") if near else suffix)
    return {path: _script(text, suffix.endswith("ts"), end), fresh: _script_test(said, way, end, _indent(text))}


def _indent(text: str) -> str:
    found = re.search(r"^( {2}| {4}|\t)\S", text, re.M)
    return found[1] if found else "  "


def _script(text: str, is_typed: bool, end: str) -> str:
    arguments, returns = ("number: number", ": number") if is_typed else ("number", "")
    function = f"function twice({arguments}){returns} {{\n{_indent(text)}return number * 2{end}\n}}\n"
    if re.search(r"^(?:import|export)\b", text, re.M):
        return f"export {function}"
    return f"'use strict'{end}\n\n{function}\nmodule.exports = {{ twice }}{end}\n"


def _script_test(said: str, way: str, end: str, indent: str) -> str:
    quote = '"' if re.search(r"^(?:import|const|var|let)\b.*\"", said, re.M) else "'"
    is_module = bool(re.search(r"^import\b", said, re.M))

    def brings(what: str, module: str) -> str:
        place = f"{quote}{module}{quote}"
        return f"import {what} from {place}" if is_module else f"const {what} = require({place})"

    brought = {name: brings(*found) for name, found in _brought(said).items()}
    caller = "test" if "test" in brought or re.search(r"^test\(", said, re.M) else "it"
    if "'ava'" in said or "'tap'" in said:
        caller, argument = ("test", "t") if "test" in brought else ("t.test", "t")
        body = [f"t.is(twice(2), 4){end}"] if "'ava'" in said else [f"t.equal(twice(2), 4){end}", f"t.end(){end}"]
        wanted = [caller.partition(".")[0]]
    elif "expect(" in said or "expect" in brought:
        wanted, argument = [caller, "expect"], "()"
        body = [f"expect(twice(2)).{'to.equal' if 'chai' in brought.get('expect', '') else 'toBe'}(4){end}"]
    else:
        brought.setdefault("assert", brings("assert", "node:assert"))
        wanted, argument, body = [caller, "assert"], "()", [f"assert.strictEqual(twice(2), 4){end}"]
    heads = ["'use strict'"] if said.startswith("'use strict'") else []
    heads += [brought[name] for name in wanted if name in brought] + [brings("{ twice }", way)]
    if re.search(r"^(?:import|const|let|var)\b[^;\n]*\{\w", said, re.M):
        heads = [re.sub(r"\{ (\w+) \}", r"{\1}", head) for head in heads]
    lines = [*(f"{head}{end}" for head in heads), "", f"{caller}({quote}twice{quote}, {argument} => {{"]
    return "\n".join([*lines, *(f"{indent}{line}" for line in body), f"}}){end}\n"])


def _brought(said: str) -> dict[str, tuple[str, str]]:
    """Return what a test brings in of that which tests use: how, and from which module."""
    found: dict[str, tuple[str, str]] = {}
    for line in _BROUGHT.finditer(said):
        for name in ("test", "it", "expect", "assert", "t"):
            if line["module"].startswith("."):
                continue
            if re.search(rf"\{{[^}}]*\b{name}\b(?! as)[^}}]*\}}", line["names"]):
                found[name] = (f"{{ {name} }}", line["module"])
            elif plain := re.match(rf"(?:\* as )?{name}\b", line["names"]):
                found[name] = (plain[0], line["module"])
    return found


def _test_name(name: str) -> str:
    kept = re.search(r"[._-](?:tests?|spec)\.[cm]?[jt]sx?$", name)
    if kept:
        return f"twice{'_' if kept[0].startswith('_') else '-'}of{kept[0]}"
    return f"{'test-' if name.startswith('test') else ''}twice-of{PurePosixPath(name).suffix}"


def _rust(source: str, test: str, files: Sequence[str], read: Read, command: str) -> Edit:
    root = next((name for name in files if name.endswith("src/lib.rs")), "src/lib.rs")
    text = read(root)
    first = re.search(r"^(?:pub )?mod \w+;", text, re.M)
    at = first.start() if first else 0
    lib = f"{text[:at]}pub mod twice_of;\n\n{text[at:]}" if first else f"{text}\npub mod twice_of;\n"
    head = "//! Twice.\n\n/// Returns the number twice.\n#[must_use]\npub const fn twice(number: u32) -> u32 {\n"
    told = "    #[test]\n    fn two_is_four() {\n        assert_eq!(twice(2), 4);\n    }\n"
    module = f"{head}    number * 2\n}}\n\n#[cfg(test)]\nmod tests {{\n    use super::twice;\n\n{told}}}\n"
    return {root: lib, place(root, "twice_of.rs"): module}


def _c(source: str, test: str, files: Sequence[str], read: Read, command: str) -> Edit:
    function = "int twice_of(int number);\n\nint twice_of(int number)\n{\n    return number * 2;\n}\n"
    main = "int twice_of(int number);\n\nint main(void)\n{\n    return twice_of(2) == 4 ? 0 : 1;\n}\n"
    made = {"twice_of.c": function, "twice_of_test.c": main}
    if "cmake" in command:
        added = (
            "add_executable(twice_of_test twice_of_test.c twice_of.c)\nadd_test(NAME twice_of COMMAND twice_of_test)\n"
        )
        return {**made, "CMakeLists.txt": f"{read('CMakeLists.txt').rstrip()}\n\n{added}"}
    if "meson" in command:
        added = "test('twice_of', executable('twice_of_test', 'twice_of_test.c', 'twice_of.c'))\n"
        return {**made, "meson.build": f"{read('meson.build').rstrip()}\n\n{added}"}
    target = re.search(r"\bmake (tests?|check)\b", command)
    makefile = next((name for name in ("GNUmakefile", "makefile", "Makefile") if name in files), "")
    if not (target and makefile):
        return {}
    added = f"{target[1]}: twice_of_test\ntwice_of_test: twice_of_test.c twice_of.c\n\t$(CC) -o $@ $^\n\t./$@\n"
    return {**made, makefile: f"{read(makefile).rstrip()}\n\n{added}"}


def _go(source: str, test: str, files: Sequence[str], read: Read, command: str) -> Edit:
    package = (re.search(r"^package (\w+)", read(source), re.M) or ["", "main"])[1]
    module = f"package {package}\n\nfunc twiceOf(number int) int {{\n\treturn number * 2\n}}\n"
    told = 'func TestTwiceOf(t *testing.T) {\n\tif twiceOf(2) != 4 {\n\t\tt.Fatal("not twice")\n\t}\n}\n'
    return {
        place(source, "twice_of.go"): module,
        place(source, "twice_of_test.go"): f'package {package}\n\nimport "testing"\n\n{told}',
    }


def _perl(source: str, test: str, files: Sequence[str], read: Read, command: str) -> Edit:
    package = (re.search(r"^package ([\w:]+)", read(source), re.M) or ["", "Twice"])[1].rpartition("::")[0]
    name = f"{package}::TwiceOf" if package else "TwiceOf"
    module = f"package {name};\n\nuse warnings;\nuse strict;\n\nsub twice {{ return 2 * shift }}\n\n1;\n"
    head = "#!perl\n\nuse warnings;\nuse strict;\n\nuse Test::More tests => 1;\n\n"
    told = f"{head}use {name};\n\nis( {name}::twice( 2 ), 4, 'twice' );\n"
    return {place(source, "TwiceOf.pm"): module, "t/twice-of.t": told}


_RULES: dict[str, Callable[[str, str, Sequence[str], Read, str], Edit]] = {
    "Python": _python,
    "JavaScript": _javascript,
    "Rust": _rust,
    "C": _c,
    "Go": _go,
    "Perl": _perl,
}
