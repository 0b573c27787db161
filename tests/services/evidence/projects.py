"""Small projects of many shapes: their files, the programs that check them, and three edits of each.

An edit is a path, what stands there and what it becomes; one without an old text adds to the file. `red` breaks a test,
`ugly` is what the project's linter forbids. Programs in `own` are stand-ins that the project has installed for itself,
in node_modules/.bin or .venv/bin.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

Edit = tuple[str, str, str]
Files = dict[str, str]
VENV = {
    ".venv/pyvenv.cfg": "",
    ".venv/bin/python": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
    ".venv/bin/pytest": f'#!/bin/sh\nexec {sys.executable} -m pytest "$@"\n',
}
NONE: Files = {}


class Shape(NamedTuple):
    """One project."""

    name: str
    needs: tuple[str, ...]  # programs that have to be on the PATH
    files: Files
    harmless: Edit
    red: Edit
    ugly: Edit | None = None  # None: nothing lints it
    own: Files = NONE  # not tracked
    says: str = "double"  # the refusal of the red one: the test's name, where the runner names it
    plain_path: bool = False  # only the system's programs, no pytest among them


# --- Python ---

PY = "def double(x):\n    return 2 * x\n"
PY_TEST = "from calc import double\n\n\ndef test_double():\n    assert double(2) == 4\n"
UNIT = "import unittest\n\nfrom {0} import double\n\n\nclass Test(unittest.TestCase):\n"
UNIT += "    def test_double(self):\n        self.assertEqual(double(2), 4)\n"
RUFF = {"ruff.toml": ""}
MANAGE = "import sys\nimport unittest\n\n"
MANAGE += 'if sys.argv[1:2] == ["test"]:\n    unittest.main(None, argv=["manage.py", "app.tests"])\n'
RUNTESTS = 'import unittest\n\nunittest.main(None, argv=["runtests.py", "discover", "-p", "tests.py"])\n'


def of_python(name: str, files: Files, code: str = "calc.py", **more: object) -> Shape:
    """Return a project of Python with ruff, whose code is PY."""
    edits = ((code, "", "\n# harmless\n"), (code, "2 * x", "3 * x"), (code, "", "\nimport os\n"))
    needs = ("python3",) if more.get("plain_path") else ("pytest", "ruff")
    shape = Shape(name, needs, {code: PY, **RUFF, **files}, *edits)
    return shape._replace(ugly=None, **more) if more.get("plain_path") else shape._replace(**more)  # type: ignore[arg-type]


PYTHON = [
    of_python("pytest, flat", {"test_calc.py": PY_TEST}),
    of_python(
        "pytest, src", {"pytest.ini": "[pytest]\npythonpath = src\n", "tests/test_calc.py": PY_TEST}, "src/calc.py"
    ),
    of_python("pytest, python_files", {"pytest.ini": "[pytest]\npython_files = check_*.py\n", "check_a.py": PY_TEST}),
    of_python(
        "pytest, a linter that repairs",
        {
            "ruff.toml": "fix = true\n",
            "test_calc.py": PY_TEST,
            "pyproject.toml": "[project]\nname = 'a'\nversion = '1'\n",
        },
    ),
    of_python(
        "pytest, ruff format",
        {
            "ruff.toml": "",
            ".pre-commit-config.yaml": "- id: ruff-format\n",
            "setup.cfg": "[tool:pytest]\n",
            "test_a.py": PY_TEST,
        },
        harmless=("calc.py", "", "\n\n# harmless\n"),
        ugly=("calc.py", "2 * x", "2*x"),
    ),
    of_python(
        "pytest, testpaths without a member",
        {
            "pytest.ini": "[pytest]\ntestpaths = tests\n",
            "tests/test_a.py": "def test_a():\n    assert True\n",
            "svc/setup.cfg": "[metadata]\n",
            "svc/test_calc.py": PY_TEST,
        },
        "svc/calc.py",
    ),
    of_python(
        "Django", {"manage.py": MANAGE, "app/tests.py": UNIT.format("app.calc"), "app/__init__.py": ""}, "app/calc.py"
    ),
    of_python(
        "Django below the root",
        {"back/manage.py": MANAGE, "back/app/tests.py": UNIT.format("app.calc"), "back/app/__init__.py": ""},
        "back/app/calc.py",
    ),
    of_python("runtests.py", {"runtests.py": RUNTESTS, "tests.py": UNIT.format("calc")}),
    of_python("tests.py", {"tests.py": UNIT.format("calc")}),
    of_python("unittest", {"tests/test_a.py": UNIT.format("calc"), "tests/__init__.py": ""}, plain_path=True),
    of_python("unittest, no package", {"tests/test_a.py": UNIT.format("calc")}, plain_path=True),
    of_python(
        "flake8 of the project's own",
        {"ruff.toml": "", ".flake8": "[flake8]\n", "test_calc.py": PY_TEST},
        own={**VENV, ".venv/bin/flake8": '#!/bin/sh\n! grep -n "import os" "$@"\n'},
    ),
    of_python(
        "pre-commit",
        {"ruff.toml": "", ".pre-commit-config.yaml": "repos: []\n", "test_calc.py": PY_TEST},
        own={**VENV, ".venv/bin/pre-commit": '#!/bin/sh\n! git grep -n "import os" -- "*.py"\n'},
    ),
]

# --- JavaScript ---

JS = "exports.double = (x) => 2 * x\n"
JS_TEST = 'require("node:test")("doubles", () => require("assert").equal(require("./calc").double(2), 4))\n'
FORBIDS = '#!/bin/sh\n! grep -rn --include="*.js" --exclude-dir=node_modules "var unused" .\n'
REPAIRS = (
    '#!/bin/sh\ncase "$*" in *--fix*|*--write*) sed -i "/var unused/d" calc.js ;; esac\n' + FORBIDS.partition("\n")[2]
)
MOCHA = '#!/bin/sh\nnode calc.test.js && echo "  1 passing (2ms)" && exit\n'
MOCHA += 'echo "  0 passing (2ms)"\necho "  1 failing"\nexit 1\n'


def of_node(name: str, package: str, folder: str = "", own: Files = NONE, more: Files = NONE) -> Shape:
    """Return a project of JavaScript, whose code is JS in `folder`; `own` has programs by name, `more` files."""
    calc = f"{folder}calc.js"
    files = {calc: JS, f"{folder}calc.test.js": JS_TEST, ".gitignore": "node_modules\n", **more}
    files |= {f"{folder}package.json": package} if package else {}
    bins = {f"node_modules/.bin/{tool}": text for tool, text in own.items()}
    ugly = (calc, "", "var unused\n") if FORBIDS.partition("\n")[2] in "".join(own.values()) else None
    return Shape(name, ("node", "npm"), files, (calc, "", "// harmless\n"), (calc, "2 * x", "3 * x"), ugly, bins)


LINT = {"eslint": FORBIDS}
JAVASCRIPT = [
    of_node("npm scripts", '{"scripts": {"test": "node --test", "lint": "eslint ."}}', own=LINT),
    of_node("lint:check", '{"scripts": {"test": "node --test", "lint:check": "eslint ."}}', own=LINT),
    of_node(
        "a lint script that repairs",
        '{"scripts": {"test": "node --test", "lint": "eslint --fix ."}}',
        own={"eslint": REPAIRS},
    ),
    of_node(
        "a lint script that calls one that repairs",
        '{"scripts": {"test": "node --test", "lint": "npm run fix", "fix": "eslint --fix ."}}',
        own={"eslint": REPAIRS},
    ),
    of_node(
        "eslint without a script", '{"scripts": {"test": "node --test"}}', own=LINT, more={"eslint.config.js": "[]\n"}
    ),
    of_node("biome", '{"scripts": {"test": "node --test"}}', own={"biome": FORBIDS}, more={"biome.json": "{}\n"}),
    of_node(
        "prettier", '{"scripts": {"test": "node --test"}}', own={"prettier": FORBIDS}, more={".prettierrc": "{}\n"}
    ),
    of_node("a linter before the tests", '{"scripts": {"test": "xo && node --test"}}', own={"xo": FORBIDS}),
    of_node("mocha without a script", '{"devDependencies": {"mocha": "1"}}', own={"mocha": MOCHA}),
    of_node("node:test without a package", ""),
    of_node(
        "npm workspaces",
        '{"scripts": {"test": "node --test"}}',
        "packages/a/",
        more={"package.json": '{"workspaces": ["packages/*"]}'},
    ),
    of_node(
        "workspaces that the root's script does not reach",
        '{"scripts": {"test": "node --test"}}',
        "packages/a/",
        more={
            "package.json": '{"workspaces": ["packages/*"], "scripts": {"test": "node --test test/"}}',
            "test/a.test.js": 'require("node:test")("a", () => {})\n',
        },
    ),
    of_node("a package below the root", '{"scripts": {"test": "node --test"}}', "web/", more={"README.md": "x\n"}),
    of_node(
        "pnpm", '{"scripts": {"test": "node --test"}}', more={"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}
    )._replace(needs=("pnpm",)),
    of_node("yarn", '{"scripts": {"test": "node --test"}}', more={"yarn.lock": ""})._replace(needs=("yarn",)),
    of_node("bun", '{"scripts": {"test": "node --test"}}', more={"bun.lock": "{}"})._replace(needs=("bun",)),
]

# --- compiled ---

RS = "pub fn double(x: i32) -> i32 {\n    2 * x\n}\n\n#[test]\nfn doubles() {\n    assert_eq!(double(2), 4);\n}\n"
CRATE = '[package]\nname = "{0}"\nversion = "0.1.0"\nedition = "2021"\n'
GO = "package calc\n\nfunc Double(x int) int {\n\treturn 2 * x\n}\n"
GO_TEST = 'package calc\n\nimport "testing"\n\n'
GO_TEST += "func TestDouble(t *testing.T) {\n\tif Double(2) != 4 {\n\t\tt.Fatal()\n\t}\n}\n"
C = "#include <stdio.h>\nint main(void) { return 2 * 2 == 4 ? 0 : 1; }\n"
CMAKE = "cmake_minimum_required(VERSION 3.10)\nproject(calc C)\n"
CMAKE += "enable_testing()\nadd_executable(t t.c)\nadd_test(doubles t)\n"
MESON = "project('calc', 'c')\ntest('doubles', executable('t', 't.c'))\n"
CONFIGURE = "#!/bin/sh\ncp Makefile.in Makefile\n"
JAVA = "class Calc {\n    public static void main(String[] args) { if (2 * 2 != 4) System.exit(1); }\n}\n"


def of_cargo(name: str, code: str, more: Files) -> Shape:
    files = {code: RS, ".gitignore": "target\nCargo.lock\n", "rustfmt.toml": "", **more}
    edits = ((code, "", "// harmless\n"), (code, "2 * x", "3 * x"), (code, "2 * x", "2*x"))
    return Shape(name, ("cargo", "cargo-fmt"), files, *edits)


C_EDITS = (("t.c", "", "/* harmless */\n"), ("t.c", "2 * 2", "3 * 2"))
COMPILED = [
    of_cargo("cargo", "src/lib.rs", more={"Cargo.toml": CRATE.format("calc")}),
    of_cargo(
        "cargo workspace, the root a package",
        "core/src/lib.rs",
        more={
            "Cargo.toml": CRATE.format("root") + '[workspace]\nmembers = ["core"]\n',
            "src/lib.rs": "#[test]\nfn t() {}\n",
            "core/Cargo.toml": CRATE.format("calc"),
        },
    ),
    of_cargo(
        "a crate below the root, no workspace",
        "core/src/lib.rs",
        more={
            "Cargo.toml": CRATE.format("root"),
            "src/lib.rs": "// root\n",
            "core/Cargo.toml": CRATE.format("calc"),
            "core/rustfmt.toml": "",
        },
    ),
    Shape(
        "clippy as the workflow says",
        ("cargo", "cargo-clippy"),
        {
            "Cargo.toml": CRATE.format("calc"),
            "src/lib.rs": RS,
            ".gitignore": "target\nCargo.lock\n",
            ".github/workflows/ci.yml": "jobs:\n  a:\n    steps:\n      - run: cargo clippy -- -D warnings\n",
        },
        ("src/lib.rs", "", "// harmless\n"),
        ("src/lib.rs", "2 * x", "3 * x"),
        ("src/lib.rs", "2 * x", "let y = 2 * x;\n    return y;"),
    ),
    Shape(
        "go",
        ("go",),
        {"go.mod": "module example.org/calc\n\ngo 1.20\n", "calc.go": GO, "calc_test.go": GO_TEST},
        ("calc.go", "", "\n// harmless\n"),
        ("calc.go", "2 * x", "3 * x"),
        ("calc.go", "2 * x", "2*x"),
    ),
    Shape("CMake", ("cmake", "cc"), {"CMakeLists.txt": CMAKE, "t.c": C}, *C_EDITS),
    Shape("Meson", ("meson", "ninja", "cc"), {"meson.build": MESON, "t.c": C}, *C_EDITS),
    Shape(
        "configure",
        ("make", "cc"),
        {
            "configure.ac": "",
            "configure": CONFIGURE,
            "Makefile.in": "check: t\n\t./t\n",
            "t.c": C,
            ".gitignore": "/t\n",
        },
        *C_EDITS,
        says="exit",
    ),
    Shape(
        "Java by make",
        ("make", "java"),
        {"Makefile": "test:\n\tjava Calc.java\n", "Calc.java": JAVA},
        ("Calc.java", "", "// harmless\n"),
        ("Calc.java", "2 * 2", "3 * 2"),
        says="exit",
    ),
    Shape(
        "dotnet",
        ("dotnet",),
        {"a.csproj": '<Project Sdk="Microsoft.NET.Sdk"></Project>\n', "A.cs": "class A { }\n"},
        ("A.cs", "", "// harmless\n"),
        ("A.cs", "class", "clazz"),
    ),
]

# --- whatever else has tests ---

GREP = "test:\n\tgrep -q v=1 v.txt\n"
V = {"v.txt": "v=1\n"}
V_EDITS = (("v.txt", "", "# harmless\n"), ("v.txt", "v=1", "v=2"))
RUBY = "require 'minitest/autorun'\nrequire_relative '../calc'\n\nclass TestCalc < Minitest::Test\n"
RUBY += "  def test_double\n    assert_equal 4, double(2)\n  end\nend\n"
PHP = '<?php if (2 * 2 !== 4) { echo "no"; exit(1); }\n'
PERL = "use Test::More tests => 1;\nuse Calc;\nis(Calc::double(2), 4, 'doubles');\n"
OTHERS = [
    Shape("GNUmakefile", ("make",), {"GNUmakefile": GREP, **V}, *V_EDITS, says="exit"),
    Shape("make check", ("make",), {"Makefile": GREP.replace("test:", "check:"), **V}, *V_EDITS, says="exit"),
    Shape(
        "make, an included file",
        ("make",),
        {"Makefile": "include rules.mk\n", "rules.mk": GREP, **V},
        *V_EDITS,
        says="exit",
    ),
    Shape(
        "make, handed to a folder",
        ("make",),
        {"Makefile": ".DEFAULT:\n\t$(MAKE) -C src $@\n", "src/Makefile": GREP.replace("v.txt", "../v.txt"), **V},
        *V_EDITS,
        says="exit",
    ),
    Shape(
        "make below the root",
        ("make",),
        {"svc/Makefile": GREP.replace("v.txt", "../v.txt"), **V},
        *V_EDITS,
        says="exit",
    ),
    Shape(
        "make and ruff",
        ("make", "ruff"),
        {"Makefile": "check:\n\tpython3 run.py\n", "run.py": "assert 2 * 2 == 4\n", **RUFF},
        ("run.py", "", "# harmless\n"),
        ("run.py", "2 * 2", "3 * 2"),
        ("run.py", "", "import os\n"),
        says="exit",
    ),
    Shape("scripts/test", ("sh",), {"scripts/test": "#!/bin/sh\ngrep -q v=1 v.txt\n", **V}, *V_EDITS, says="exit"),
    Shape("just", ("just",), {"justfile": "test:\n    grep -q v=1 v.txt\n", **V}, *V_EDITS, says="exit"),
    Shape(
        "task",
        ("task",),
        {"Taskfile.yml": "version: '3'\ntasks:\n  test: grep -q v=1 v.txt\n", **V},
        *V_EDITS,
        says="exit",
    ),
    Shape(
        "prove",
        ("prove",),
        {"lib/Calc.pm": "package Calc;\nsub double { 2 * $_[0] }\n1;\n", "t/calc.t": PERL, "cpanfile": ""},
        ("lib/Calc.pm", "", "# harmless\n"),
        ("lib/Calc.pm", "2 *", "3 *"),
        says="t/calc.t",
    ),
    Shape(
        "rake",
        ("rake",),
        {
            "Rakefile": "task(:test) { sh 'ruby test/calc_test.rb' }\n",
            "calc.rb": "def double(x) = 2 * x\n",
            "test/calc_test.rb": RUBY,
        },
        ("calc.rb", "", "# harmless\n"),
        ("calc.rb", "2 * x", "3 * x"),
    ),
    Shape(
        "composer",
        ("composer",),
        {"composer.json": '{"scripts": {"test": "php test.php"}}\n', "test.php": PHP},
        ("test.php", "", "// harmless\n"),
        ("test.php", "2 * 2", "3 * 2"),
        says="exit",
    ),
    Shape("mix", ("mix",), {"mix.exs": "", **V}, *V_EDITS, says="exit"),
    Shape("gradle", ("gradle",), {"settings.gradle": "", "build.gradle": "task test\n", **V}, *V_EDITS, says="exit"),
    Shape("sbt", ("sbt",), {"build.sbt": "", **V}, *V_EDITS, says="exit"),
    Shape(
        "Python and JavaScript below the root",
        ("pytest", "node", "npm"),
        {
            "svc/pyproject.toml": "[project]\nname = 'svc'\nversion = '1'\n",
            "svc/calc.py": PY,
            "svc/test_calc.py": PY_TEST,
            "web/package.json": '{"scripts": {"test": "node --test"}}',
            "web/calc.js": JS,
            "web/calc.test.js": JS_TEST,
        },
        ("svc/calc.py", "", "\n# harmless\n"),
        ("web/calc.js", "2 * x", "3 * x"),
    ),
]

SHAPES = [*PYTHON, *JAVASCRIPT, *COMPILED, *OTHERS]
