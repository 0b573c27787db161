"""`cccc console`."""

from __future__ import annotations

import io
import os
import select
import sys
import threading
from collections.abc import Iterable, Iterator

import click

from cccc.common.commands.console import Console, completions, leaves
from cccc.common.commands.history import History
from cccc.common.errors import Refused
from cccc.common.machine.watch import Watch
from cccc.common.paths import Project
from cccc.common.terminal import typed_by
from cccc.common.text.lines import Line
from cccc.scripts.cli import printing

SECTION = "Talk to the peers", 2
_PROMPT = "cccc> "
_MORE = "  ... "


@click.command()
def command() -> None:
    """Open a prompt for messages and commands.

    `a:`, `b:`, `both:` and plain text are messages; what follows `a!` or `b!` is typed into that peer's pane as it is;
    `/help` lists the commands; `q` quits. A backslash at the end of a line continues it on the next. What the peers
    tell you is shown as it arrives; `/echo off` turns that off. A terminal has history and Tab completion; from a pipe
    the lines are answered one by one. `cccc panel` takes the same lines.

    \b
    Examples:
      cccc console
      printf '/pause\\nboth: wait for me, please\\n' | cccc console

    Exit codes: 0 end of input, 2 wrong usage, 5 no project here, 6 a peer's program typed this.
    """
    project = Project.find()
    who = typed_by.program(project)
    if who:
        raise Refused(f"{who} cannot use the console; write to_user.md")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    console = Console(project, "cli")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    lines = _typed(project) if terminal else _whole(line.rstrip("\n") for line in sys.stdin)
    if terminal:
        click.echo("type a message or /help; q quits (everything keeps running)")
    threading.Thread(target=_echo, args=(console, terminal), daemon=True).start()
    for line in lines:
        if leaves(line):
            return
        _show(console.answer(line))


def _show(lines: list[Line]) -> None:
    """Print an answer: a table cut to the terminal, a single line whole."""
    if len(lines) == 1:
        _print(lines[0])
    else:
        printing.show(lines)
    sys.stdout.flush()


def _print(line: Line) -> None:
    click.secho(line.text, fg=line.colour, bold=line.bold or None)


def _whole(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines with those joined that end in a backslash."""
    begun: list[str] = []
    for line in lines:
        if line.endswith("\\"):
            begun.append(line[:-1])
            continue
        yield "\n".join([*begun, line])
        begun = []
    if begun:
        yield "\n".join(begun)


def _typed(project: Project) -> Iterator[str]:
    """Yield what a person types on a terminal, until the end of input."""
    import readline  # here: it makes `input` edit lines, and a pipe needs none of it

    history = History(project)
    for line in history.lines:
        if "\n" not in line:
            readline.add_history(line)
    readline.set_completer_delims("")
    readline.set_completer(lambda text, number: [*completions(project, text), None][number])
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")

    prompt = _PROMPT

    def typed() -> Iterator[str]:
        nonlocal prompt
        while True:
            try:
                line = input(prompt)
            except KeyboardInterrupt:  # Ctrl-C: not this line
                click.echo()
                continue
            except EOFError:
                click.echo()
                return
            prompt = _MORE if line.endswith("\\") else _PROMPT
            yield line

    for whole in _whole(typed()):
        if whole.strip():
            history.add(whole)
        yield whole


def _echo(console: Console, terminal: bool) -> None:
    """Show what the peers say as it comes; the file that is awaited changes with every fact."""
    watch = Watch()
    console.project.make(console.project.state)
    watch.add(console.project.state)
    poller = select.poll()
    poller.register(watch.fileno(), select.POLLIN)
    while True:
        _show_beside(console.heard(), terminal)
        poller.poll()
        watch.events()


def _show_beside(lines: list[Line], terminal: bool) -> None:
    """Show lines above the one that is being typed."""
    if not lines:
        return
    if terminal:
        sys.stdout.write("\r\x1b[K" if os.environ.get("TERM") != "dumb" else "\n")
    for line in lines:
        _print(line)
    if terminal:
        import readline

        sys.stdout.write(_PROMPT + readline.get_line_buffer())
    sys.stdout.flush()
