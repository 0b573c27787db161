"""A token in a settings file is for its owner's eyes, and git never gets it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cccc.common import settings
from cccc.common.chats import bridges
from cccc.common.paths import Project
from cccc.common.registry import PLATFORMS
from cccc.common.settings.chat import Chat
from cccc.common.settings.policies import Approver
from tests.command import cccc
from tests.conftest import git
from tests.pyproject import pyproject

ROOT = Path(__file__).parents[2]
STAND_INS = (ROOT / "tests" / "bridges" / "stand_ins", ROOT / "scripts" / "stand_ins")
TOKEN = "123456789" + ":" + "AAF-x_9" * 5


def test_every_platform_is_named_wherever_one_has_to_be() -> None:
    sections = {name: type(section) for name, section in msgspec.structs.asdict(settings.Settings()).items()}
    places = {
        "NEEDS, common/chats/bridges.py": set(bridges.NEEDS),
        "Settings, common/settings/__init__.py": {name for name, kind in sections.items() if issubclass(kind, Chat)},
        "Approver, common/settings/policies.py": set(Approver.__struct_fields__) - {"local", "roles"},
        "the extras, pyproject.toml": set(pyproject()["project"]["optional-dependencies"]) - {"all", "dev"},
        "services/bridges": {path.parent.name for path in (ROOT / "services" / "bridges").glob("*/__main__.py")},
        "tests/bridges/stand_ins or scripts/stand_ins": {
            path.stem for folder in STAND_INS for path in folder.glob("*") if path.stem in PLATFORMS
        },
    }
    assert {place: set(PLATFORMS) ^ names for place, names in places.items() if set(PLATFORMS) != names} == {}


@pytest.fixture
def file(project: Project) -> Path:
    path = project.settings / "telegram.yaml"
    path.touch(mode=0o600)
    path.write_text(f'token: "{TOKEN}"\n')
    return path


def exposed(project: Project) -> str:
    return bridges.exposed(project, settings.load(project), "telegram")


def test_a_file_for_its_owner_in_an_ignored_place_is_fine(project: Project, file: Path) -> None:
    assert exposed(project) == ""


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_token_that_others_can_read_is_refused(project: Project, file: Path, mode: int) -> None:
    file.chmod(mode)
    assert f"chmod 600 {file}" in exposed(project)
    file.write_text("autostart: false\n")
    assert exposed(project) == ""


@pytest.mark.parametrize("how", ["is tracked", "is not ignored"])
def test_a_token_that_git_takes_is_refused_and_none_is_stored_there(project: Project, file: Path, how: str) -> None:
    if how == "is tracked":
        git(project.root, "add", "-f", str(file))
    else:
        (project.root / ".gitignore").write_text("/.cccc/*\n!/.cccc/settings\n")
    assert "git does not ignore" in exposed(project)
    file.write_text("autostart: false\n")
    said = cccc(project.root, "token", "set", code=1, input=f"{TOKEN}\n")
    assert "nothing was changed" in said and TOKEN not in said
    assert file.read_text() == "autostart: false\n"


def test_a_folder_without_a_repository_has_no_git_that_could_take_it(project: Project, file: Path) -> None:
    (project.root / ".git").rename(project.root / "no-git")
    assert exposed(project) == ""
