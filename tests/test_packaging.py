"""What is packed, and that it works where only the wheel is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from cccc.common.version import VERSION
from tests.conftest import git
from tests.pyproject import pyproject

ROOT = Path(__file__).parents[1]
ROOMS = ("common", "conf", "scripts", "services")
DEMO = Path("conf/scenarios/demo/project")  # the repository of scripts/demo: packed as it is, no package of ours


WORKBENCH = Path("scripts/workbench")  # what only the makers run


def files() -> list[Path]:
    """The files of our rooms that git tracks or would."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *ROOMS)
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).exists()]


def folders() -> set[Path]:
    """The folders that hold what ships of our Python sources."""
    sources = {path.parent for path in files() if path.suffix == ".py" and DEMO not in path.parents}
    return {folder for folder in sources if WORKBENCH not in (folder, *folder.parents)}


def test_every_folder_with_sources_is_listed_as_a_package() -> None:
    assert {".".join(("cccc", *folder.parts)) for folder in folders()} == set(
        pyproject()["tool"]["setuptools"]["packages"]
    )


def test_every_package_has_an_init_file() -> None:
    """conf too: without one importlib.resources does not find it on 3.9."""
    assert [folder for folder in folders() if not (ROOT / folder / "__init__.py").exists()] == []


def test_all_is_the_sum_of_the_chat_extras() -> None:
    extras = pyproject()["project"]["optional-dependencies"]
    assert set(extras) == {"telegram", "slack", "discord", "all", "dev"}
    assert extras["all"] == ["cccc-supervised[telegram,slack,discord]"]


def test_every_library_has_a_lowest_version_and_one_before_which_it_ends() -> None:
    project = pyproject()["project"]
    groups = (project["dependencies"], *project["optional-dependencies"].values())
    wanted = [each for group in groups for each in group]
    open_ended = [each for each in wanted if not re.match(r"[\w.-]+>=[\d.]+,<[\d.]+(;|$)", each)]
    assert open_ended == project["optional-dependencies"]["all"]


def copied(tmp_path_factory: pytest.TempPathFactory, mask: int) -> Path:
    """Return a copy of the checkout, made just now with a umask."""
    source = tmp_path_factory.mktemp("source")
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    before = os.umask(mask)
    try:
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, source / name)
    finally:
        os.umask(before)
    return source


def packed(tmp_path_factory: pytest.TempPathFactory, mask: int) -> Path:
    """Build sdist and wheel from a copy of the checkout; return their folder."""
    out = tmp_path_factory.mktemp("dist")
    source = copied(tmp_path_factory, mask)
    subprocess.run([sys.executable, "-m", "build", "-o", str(out), str(source)], check=True, capture_output=True)
    return out


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it."""
    return packed(tmp_path_factory, 0o022)


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a virtual environment that has nothing but the wheel and what it needs."""
    place = tmp_path_factory.mktemp("venv")
    venv.create(place, with_pip=False)
    python = str(place / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "-c", str(ROOT / "scripts/constraints.txt"), str(wheel)], check=True)
    return place / "bin"


def cccc(installed: Path, where: Path, *args: str, **environment: str) -> str:
    """Run the installed command in `where` and return what it printed."""
    env = {**os.environ, "PATH": f"{installed}:{os.environ['PATH']}", **environment}
    done = subprocess.run(
        [str(installed / "cccc"), *args], cwd=where, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_has_every_file_of_the_rooms_but_what_only_the_makers_run(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    of_a_checkout = {path for path in files() if path.parent == Path("scripts") and path.suffix in ("", ".txt")}
    of_a_checkout.discard(Path("scripts/py.typed"))
    of_a_checkout |= {path for path in files() if WORKBENCH in path.parents}
    assert names == {f"cccc/{path}" for path in files() if path not in of_a_checkout}


def test_sdist_and_wheel_have_the_same_bytes_when_they_are_built_again(
    dist: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    again = packed(tmp_path_factory, 0o077)
    assert len(list(dist.iterdir())) == 2
    assert {one.name: one.read_bytes() for one in dist.iterdir()} == {
        one.name: one.read_bytes() for one in again.iterdir()
    }


def test_the_installed_command_runs_anywhere(installed: Path) -> None:
    assert cccc(installed, Path("/"), "version").startswith(f"cccc-supervised {VERSION}\n")


@pytest.mark.timeout(600)  # it fetches and builds several times
def test_every_line_of_the_readme_that_installs_works(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, home = copied(tmp_path_factory, 0o022), tmp_path_factory.mktemp("home")
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Install\n")[2].partition("\n## ")[0]
    lines = re.findall(r"(?m)^    (.+)$", section)
    assert any("dist/cccc_supervised" in line for line in lines)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    for line in lines:
        done = subprocess.run(["sh", "-c", line], cwd=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    assert cccc(home / "cccc-venv" / "bin", Path("/"), "version").startswith(f"cccc-supervised {VERSION}\n")


def test_the_installed_command_runs_a_whole_session_with_mock_peers(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("hello\n")
    for args in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        git(tmp_path, *args)
    cccc(installed, tmp_path, "init")
    try:
        assert "ready" in cccc(installed, tmp_path, "up", "--mock")
        cccc(installed, tmp_path, "send", "both: hello")
        assert "RUNNING" in cccc(installed, tmp_path, "ps")
    finally:
        cccc(installed, tmp_path, "down")
