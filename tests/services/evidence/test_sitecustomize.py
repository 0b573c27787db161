"""What the Python of a check finds: the gate tree's modules, whatever an environment says, and what is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.services.evidence.checking.environment import Own, Seen
from tests.services.evidence import repos

OLD, NEW = b"WHO = 'old'\n", b"WHO = 'new'\n"


class Place:
    """A repository whose gate tree has other code, and a virtual environment outside of both."""

    def __init__(self, root: Path, files: dict[str, bytes]) -> None:
        self.repo = repos.make(root / "repo", files)
        self.tree = root / "repo" / ".cccc" / "work" / "gate"
        repos.write(self.tree, {path: text.replace(OLD, NEW) for path, text in files.items()})
        self.box = root / "box"
        self.box.mkdir()
        venv.create(root / "env", symlinks=True)
        self.python = root / "env" / "bin" / "python"
        self.site = root / "env" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"

    def install(self, files: dict[str, str]) -> None:
        repos.write(
            self.site, {path: text.replace("{top}", str(self.repo.top)).encode() for path, text in files.items()}
        )

    def says(self, code: str, top: Path | None = None, repo: git.Repo | None = None) -> str:
        """Return what Python prints for `code`, as a check that sees the tree at `top` (the gate tree's own place)."""
        seen = Seen(repo or self.repo, top or self.tree, self.box, {"PATH": os.environ["PATH"]}, Own(None, ()), {})
        seen.write(self.tree)
        env = seen.variables()
        command = [str(self.python), "-c", f"import sys; sys.path.remove(''); {code}"]
        done = subprocess.run(command, env=env, cwd=self.tree, capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr).strip()


FILES = {"src/pkg/__init__.py": OLD, "src/pkg/low.py": OLD, "lib/member/src/member/__init__.py": OLD}
ASK = "import pkg.low; print(pkg.WHO, pkg.low.WHO)"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, FILES)


SETUPTOOLS = """\
import sys
from importlib.util import spec_from_file_location
from pathlib import Path
MAPPING: dict[str, str] = {'pkg': '{top}/src/pkg'}
class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname in MAPPING:
            init = Path(MAPPING[fullname], '__init__.py')
            return spec_from_file_location(fullname, init, submodule_search_locations=[str(init.parent)])
def install():
    sys.meta_path.append(_EditableFinder)
"""
REDIRECTING = """\
import sys
from importlib.util import spec_from_file_location
class Finder:
    _redirections = {}
    def __init__(self, known): self.known = known
    def find_spec(self, fullname, path=None, target=None):
        if fullname in self.known:
            init, folder = self.known[fullname]
            return spec_from_file_location(fullname, init, submodule_search_locations=[folder])
sys.meta_path.insert(0, Finder({'pkg': ['{top}/src/pkg/__init__.py', '{top}/src/pkg']}))
"""


@pytest.mark.parametrize(
    "installed",
    [
        {"__editable__.pkg-1.0.pth": "{top}/src\n"},
        {"easy-install.pth": "./x\n{top}/src\n", "pkg.egg-link": "{top}/src\n../"},
        {"_pkg.pth": "{top}/lib/member/src\n{top}/src\n"},
        {
            "__editable___pkg_finder.py": SETUPTOOLS,
            "__editable__.pth": "import __editable___pkg_finder as f; f.install()",
        },
        {"_pkg_editable.py": REDIRECTING, "_pkg_editable.pth": "import _pkg_editable"},
    ],
    ids=["pth", "egg-link", "workspace", "finder", "redirecting"],
)
def test_an_editable_install_leads_to_the_gate_tree(place: Place, installed: dict[str, str]) -> None:
    place.install(installed)
    assert subprocess.check_output([place.python, "-c", ASK], text=True) == "old old\n"
    assert place.says(ASK) == "new new"


def test_a_package_that_is_linked_among_the_installed_leads_to_the_gate_tree(place: Place) -> None:
    (place.site / "pkg").symlink_to(place.repo.top / "src" / "pkg")
    assert subprocess.check_output([place.python, "-c", ASK], text=True) == "old old\n"
    assert place.says(ASK) == "new new"


def test_an_editable_install_by_another_name_of_the_repository_leads_to_the_gate_tree(place: Place) -> None:
    (place.repo.top.parent / "alias").symlink_to(place.repo.top)
    place.install({"pkg.pth": f"{place.repo.top.parent}/alias/src\n"})
    assert place.says(ASK) == "new new"


def test_a_module_that_the_patch_adds_to_an_editable_install_is_found(place: Place) -> None:
    place.install({"pkg.pth": "{top}/lib/member/src\n"})
    repos.write(place.tree, {"lib/member/src/added.py": NEW})
    assert place.says("import added; print(added.WHO)") == "new"


def test_a_folder_that_the_patch_removes_is_not_found_in_the_users_tree(place: Place) -> None:
    place.install({"pkg.pth": "{top}/lib/member/src\n"})
    (place.tree / "lib" / "member" / "src" / "member" / "__init__.py").unlink()
    (place.tree / "lib" / "member" / "src" / "member").rmdir()
    assert place.says("import member").endswith("No module named 'member'")


def test_a_virtual_environment_in_the_repository_keeps_what_is_installed_there(place: Place) -> None:
    inside = place.repo.top / ".venv"
    venv.create(inside, symlinks=True)
    place.python = inside / "bin" / "python"
    place.site = inside / place.site.relative_to(place.repo.top.parent / "env")
    place.install({"pkg.pth": "{top}/src\n", "third.py": "WHO = 'third'\n"})
    assert place.says(f"import third; print(third.WHO); {ASK}") == "third\nnew new"


# --- nothing hides what Python and its packages have ---


@pytest.mark.parametrize("top", ["gate", "user"])
def test_a_module_of_the_standard_librarys_name_hides_nothing(tmp_path: Path, top: str) -> None:
    files = {"random.py": OLD, "src/types.py": OLD, "src/pkg/__init__.py": OLD, "test/__init__.py": b""}
    place = Place(tmp_path, files)
    at = place.repo.top if top == "user" else place.tree
    assert (
        place.says("import random, types; print(random.Random.__name__, types.ModuleType.__name__)", at)
        == "Random module"
    )
    assert place.says("import pkg; print(pkg.WHO)", at) == ("old" if top == "user" else "new")


def test_a_module_of_an_installed_packages_name_hides_nothing(place: Place) -> None:
    place.install({"pluggy/__init__.py": "WHO = 'installed'\n", "pluggy-1.0.dist-info/METADATA": ""})
    repos.write(place.tree, {"pluggy.py": NEW})
    assert place.says("import pluggy; print(pluggy.WHO)") == "installed"


def test_a_source_folder_that_is_a_package_is_not_looked_into(tmp_path: Path) -> None:
    place = Place(tmp_path, {"src/__init__.py": b"", "src/calc.py": OLD})
    assert place.says("import src.calc; print(src.calc.WHO)") == "new"
    assert place.says("import calc").endswith("No module named 'calc'")


@pytest.mark.parametrize(
    ("installed", "wanted"),
    [
        ({"pkg-1.0.dist-info/direct_url.json": json.dumps({"url": "file://{top}", "dir_info": {}})}, "new"),
        ({"x-1.0.dist-info/direct_url.json": json.dumps({"url": "file://{top}/lib/x", "dir_info": {}})}, "new"),
        ({"My_Project-1.0.dist-info/METADATA": ""}, "new"),
        ({"other-1.0.dist-info/METADATA": ""}, "installed"),
        (
            {"x-1.0.dist-info/direct_url.json": json.dumps({"url": "file://{top}", "dir_info": {"editable": True}})},
            "installed",
        ),
    ],
    ids=["copy", "member", "by name", "other", "editable"],
)
def test_a_copy_of_the_project_among_the_installed_does_not_hide_the_patch(
    place: Place, installed: dict[str, str], wanted: str
) -> None:
    place.install({"pkg/__init__.py": "WHO = 'installed'\n", **installed})
    repos.write(place.tree, {"pyproject.toml": b'[project]\nname = "my.project"\n'})
    assert place.says("import pkg; print(pkg.WHO)") == wanted


def test_a_sitecustomize_of_the_machine_still_runs(place: Place) -> None:
    place.install({"sitecustomize.py": "import builtins; builtins.MINE = 'ran'\n"})
    assert place.says("print(MINE)") == "ran"
