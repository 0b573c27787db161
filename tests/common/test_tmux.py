from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.errors import NotRunning, UserError
from cccc.common.machine import leftovers, tmux
from cccc.common.machine.watch import Watch
from cccc.common.paths import Project
from tests.waiting import until

ENVIRONMENT = {**os.environ, "MARK": "terminal"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield from _project(tmp_path / "my.app of two words")


def _project(root: Path) -> Iterator[Project]:
    project = Project(root / ".cccc")
    project.home.mkdir(parents=True)
    yield project
    leftovers.end(project, [])


def shape(project: Project) -> dict[str, tuple[int, int]]:
    """Return (top, left) of our panes by role."""
    lines = tmux.call(project, "list-panes", "-s", "-F", "#{@cccc_pane} #{pane_top} #{pane_left}").splitlines()
    return {role: (int(top), int(left)) for role, top, left in (line.split() for line in lines)}


def run_attached(project: Project, *arguments: str, width: int, height: int, **environment: str) -> tuple[int, int]:
    """Start `tmux.attach` in a terminal of this size. Returns its process id and the terminal's descriptor."""
    code = "from cccc.common.machine import tmux; from cccc.common.paths import Project; "
    code += f"tmux.attach(Project.find(), {', '.join(arguments) or 'False'})"
    pid, fd = pty.fork()
    if pid == 0:
        env = {**os.environ, "TERM": "xterm", "CCCC_HOME": str(project.home), **environment}
        subprocess.run(["stty", "rows", str(height), "cols", str(width)], check=True)
        os.execve(sys.executable, [sys.executable, "-c", code], env)
    return pid, fd


def clients(project: Project) -> list[str]:
    return tmux.call(project, "list-clients", "-F", "#{client_pid} #{client_readonly}").splitlines()


def leave(pid: int, fd: int) -> None:
    os.close(fd)
    os.waitpid(pid, 0)


def test_two_peers_stand_side_by_side_above_ledger_and_panel(project: Project) -> None:
    tmux.build(project, ENVIRONMENT)
    places = shape(project)
    assert places["PeerA"][0] == places["PeerB"][0] < places["ledger"][0] == places["panel"][0]
    assert places["PeerA"][1] == places["ledger"][1] < places["PeerB"][1] == places["panel"][1]
    widths = tmux.call(project, "list-panes", "-s", "-F", "#{pane_width}").split()
    assert min(int(width) for width in widths) >= 80


@pytest.mark.parametrize("name", ["a #(touch ran) b", "#S", "100% #{pid}", "$(touch ran) `touch ran`;"])
def test_a_folders_name_is_no_command_and_every_pane_starts_in_it(tmp_path: Path, name: str) -> None:
    for project in _project(tmp_path / name):
        panes = tmux.build(project, ENVIRONMENT)
        tmux.respawn(project, panes["PeerA"].id, "1", sys.executable, "-c", "import time; time.sleep(100) ;")
        await_folder(project)
        assert list(tmp_path.rglob("ran")) == []


def await_folder(project: Project) -> None:
    """Wait until every pane is in the project's folder, and the one that was started anew runs there.

    tmux asks the kernel where a pane's process is, which knows nothing while that is just being started.
    """

    def there() -> bool:
        shown = tmux.call(project, "list-panes", "-a", "-F", "#{pane_current_command} #{pane_current_path}")
        panes = [line.partition(" ") for line in shown.splitlines()]
        return any("python" in command for command, _, _ in panes) and {path for *_, path in panes} == {
            str(project.root)
        }

    until(there, what="all panes in the folder")


def test_panes_that_live_are_kept(project: Project) -> None:
    first = tmux.build(project, ENVIRONMENT)
    assert tmux.build(project, ENVIRONMENT) == first


@pytest.mark.parametrize("lost", [("PeerA",), ("PeerB",), ("ledger", "panel"), ("PeerA", "PeerB"), ("PeerB", "ledger")])
def test_lost_panes_come_back_in_their_place(project: Project, lost: tuple[str, ...]) -> None:
    before = tmux.build(project, ENVIRONMENT)
    places = shape(project)
    for role in lost:
        tmux.call(project, "kill-pane", "-t", before[role].id)
    after = tmux.build(project, ENVIRONMENT)
    assert {role: after[role].id == before[role].id for role in tmux.ROLES} == {r: r not in lost for r in tmux.ROLES}
    now = shape(project)
    assert sorted(now, key=now.__getitem__) == sorted(places, key=places.__getitem__)


def test_panes_are_known_by_their_option_when_a_person_moves_them(project: Project) -> None:
    before = tmux.build(project, ENVIRONMENT)
    tmux.call(project, "swap-pane", "-s", before["PeerA"].id, "-t", before["panel"].id)
    tmux.call(project, "split-window", "-t", before["PeerA"].id)
    assert tmux.build(project, ENVIRONMENT) == before


def test_a_window_is_made_when_a_person_closed_ours(project: Project) -> None:
    tmux.build(project, ENVIRONMENT)
    tmux.call(project, "new-window", "-d")
    tmux.call(project, "kill-window", "-t", "pair")
    assert set(tmux.build(project, ENVIRONMENT)) == set(tmux.ROLES)


def test_what_runs_in_a_pane_ends_with_its_status(project: Project) -> None:
    pane = tmux.build(project, ENVIRONMENT)["PeerA"]
    tmux.respawn(project, pane.id, "7", "sh", "-c", "echo $MARK > seen; pwd >> seen; exit 3")
    dead = until(lambda: [p for p in [tmux.panes(project)["PeerA"]] if p.dead], what="the end")[0]
    assert (dead.id, dead.run, dead.ended) == (pane.id, "7", "exit 3")
    assert (project.root / "seen").read_text() == f"terminal\n{project.root}\n"
    tmux.respawn(project, pane.id, "8", "sleep", "100")
    living = tmux.panes(project)["PeerA"]
    assert (living.id, living.run, living.dead, living.ended) == (pane.id, "8", False, "")
    os.kill(living.pid, signal.SIGKILL)
    until(lambda: tmux.panes(project)["PeerA"].ended == "signal 9", what="the signal")


def test_a_death_in_a_pane_is_an_event(project: Project) -> None:
    panes = tmux.build(project, ENVIRONMENT)
    watching = Watch()
    watching.add(tmux.events(project))
    tmux.respawn(project, panes["PeerB"].id, "1", "sleep", "100")
    os.kill(tmux.panes(project)["PeerB"].pid, signal.SIGKILL)
    until(lambda: tmux.panes(project)["PeerB"].dead and watching.events(), what="the event of a death")
    time.sleep(0.1)  # one death can be several events, and the last of them shows by nothing
    watching.events()
    tmux.call(project, "kill-pane", "-t", panes["PeerA"].id)
    until(watching.events, what="the event of a killed pane")
    watching.close()


def test_the_users_own_tmux_and_its_configuration_are_left_alone(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".tmux.conf").write_text("set -g base-index 1\nset -g pane-base-index 1\nset -g status off\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMUX", "/nowhere/default,1,0")
    monkeypatch.setenv("TMUX_TMPDIR", str(tmp_path))
    tmux.build(project, os.environ)
    assert "status on" in tmux.call(project, "show-options", "-g")
    assert set(tmux.panes(project)) == set(tmux.ROLES)
    assert not list(tmp_path.glob("tmux-*"))


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    for project in _project(tmp_path / ("long" * 30) / "x"):
        assert set(tmux.build(project, ENVIRONMENT)) == set(tmux.ROLES)


def test_the_glyphs_of_a_screen_survive_a_service_without_a_locale(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    pane = tmux.build(project, os.environ)["PeerA"]
    tmux.respawn(project, pane.id, "1", "sh", "-c", "printf '\\342\\235\\257 \\360\\237\\230\\200'; sleep 100")
    until(lambda: "\u276f \U0001f600" in tmux.call(project, "capture-pane", "-p", "-t", pane.id), what="the prompt")


def test_what_a_person_types_first_is_for_the_panel(project: Project) -> None:
    tmux.build(project, ENVIRONMENT)
    shown = tmux.call(project, "list-panes", "-a", "-F", "#{pane_active} #{@cccc_pane}").split("\n")
    assert "1 panel" in shown


def test_a_small_client_never_shrinks_the_window_and_a_larger_one_grows_it(project: Project) -> None:
    tmux.build(project, ENVIRONMENT)

    def size() -> str:
        return tmux.call(project, "list-windows", "-F", "#{window_width}x#{window_height}").strip()

    small = run_attached(project, width=60, height=20)
    until(lambda: len(clients(project)) == 1, what="the small client")
    tmux.fit(project)
    assert size() == "200x49"
    large = run_attached(project, width=240, height=70)
    until(lambda: len(clients(project)) == 2, what="the large client")
    tmux.fit(project)
    assert size() == "240x69"
    leave(*large)
    until(lambda: len(clients(project)) == 1, what="the large client leaves")
    tmux.fit(project)
    assert size() == "200x49"
    leave(*small)


def test_a_small_client_sees_the_panel_from_its_left_edge(project: Project) -> None:
    panel = tmux.build(project, ENVIRONMENT)["panel"]
    left = tmux.call(project, "display-message", "-p", "-t", panel.id, "#{pane_left}").strip()
    small = run_attached(project, width=80, height=24)
    view = ("list-clients", "-F", "#{window_offset_x} #{window_offset_y}")
    until(lambda: tmux.call(project, *view).split() == [left, str(tmux.HEIGHT - 23)], what="the view at the panel")
    leave(*small)


def test_a_client_that_only_looks_is_read_only_and_inside_another_tmux_it_works_too(project: Project) -> None:
    tmux.build(project, ENVIRONMENT)
    child = run_attached(project, "True", width=100, height=30, TMUX="/nowhere/default,1,0")
    until(lambda: [line.split()[1] for line in clients(project)] == ["1"], what="a client that only looks")
    leave(*child)


def test_attaching_to_nothing_or_from_within_is_told_in_one_line(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotRunning, match="cccc up"):
        tmux.attach(project)
    tmux.build(project, ENVIRONMENT)
    monkeypatch.setenv("TMUX", f"{project.socket('tmux')},{tmux.server_pid(project)},0")
    with pytest.raises(UserError, match="already inside"):
        tmux.attach(project)
