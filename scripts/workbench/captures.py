"""Pictures for the documents, from a real session: the demo's own run, and the panel at its end."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text
from textual.pilot import Pilot

from cccc.common.paths import Project
from cccc.common.shown import status
from cccc.services.tui.app import Panel

SIZES = ((60, 15), (200, 50))
_REQUEST = """\
intent: rfd
title: Drop the old counter
summary: nothing has called count_old() since the last release
options: [drop, keep]
default: keep
"""
_WITHIN = 20.0
_WIDTH = 120


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Play the demo and write the pictures into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cccc-shots-") as scratch:
        root = Path(scratch) / "wordcount"
        try:
            said = _on_a_terminal(
                sys.executable, "-m", "cccc.scripts.workbench.demo_session", "--keep", "--at", scratch
            )
            (folder / "demo.svg").write_text(_drawn(_public(said, scratch)), encoding="utf-8")
            project = Project(root / ".cccc")
            _ask(project)
            asyncio.run(_panels(project, folder))
        finally:
            subprocess.run([Path(sys.executable).with_name("cccc"), "down"], cwd=root, check=True)
    for picture in sorted(folder.glob("*.svg")):
        click.echo(str(picture))


def _on_a_terminal(*command: str) -> str:
    """Return what a command prints on a terminal, colours included. Raises CalledProcessError."""
    screen, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, _WIDTH, 0, 0))
    process = subprocess.Popen(command, stdout=end, stderr=end, stdin=subprocess.DEVNULL)
    os.close(end)
    said = b""
    while chunk := _read(screen):
        said += chunk
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
    os.close(screen)
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command)
    return said.decode().replace("\r\n", "\n")


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


def _public(said: str, scratch: str) -> str:
    """Return the text without the paths of this machine, and without the offer to look at a session that is ended."""
    checkout = str(Path(__file__).resolve().parents[2])
    said = said.replace(scratch, "~/src").replace(checkout, "~/cccc")
    return re.sub(r"\nThe session is up.*\n", "", said)


def _drawn(said: str) -> str:
    text = Text.from_ansi(said)
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=_WIDTH, file=nowhere)
        console.print(text)
        return console.export_svg(title="scripts/demo")


def _ask(project: Project) -> None:
    """Let PeerA ask for a decision, and wait until the panel knows of it."""
    fresh = project.peer("PeerA") / ".fresh"
    fresh.write_text(_REQUEST)
    fresh.replace(project.peer("PeerA") / "to_peer.md")
    end = time.monotonic() + _WITHIN
    while not status.read(project).rfds:
        if time.monotonic() > end:
            raise TimeoutError("the request for a decision did not appear")
        time.sleep(0.1)


async def _panels(project: Project, folder: Path) -> None:
    for width, height in SIZES:
        panel = Panel(project)
        async with panel.run_test(size=(width, height)) as pilot:
            if height > SIZES[0][1]:
                await _type(pilot, "/queue")
            _keep(panel, folder / f"panel-{width}x{height}.svg")
    panel = Panel(project)
    async with panel.run_test(size=(100, 18)) as pilot:
        await pilot.press("ctrl+r", "1")
        _keep(panel, folder / "decide.svg")


async def _type(pilot: Pilot[None], line: str) -> None:
    await pilot.press(*line, "enter")
    await pilot.pause(1.0)


def _keep(panel: Panel, file: Path) -> None:
    file.write_text(
        panel.export_screenshot(title=f"cccc panel, {panel.size.width} x {panel.size.height}"), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
