"""The `cccc` command: a group that imports a subcommand's module only when it is called.

Each subcommand is `command` in the module of its name, or made from what is typed with a `/` (common/subcommands.py).
What a person can mend is one line on stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not running,
5 no project here, 6 refused (common/errors.py).
"""

from __future__ import annotations

import importlib
import io
import itertools
import os
import sys

import click
from click.shell_completion import CompletionItem

from cccc.common import subcommands
from cccc.common.errors import CcccError
from cccc.common.machine import zone
from cccc.common.text import redaction


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(subcommands.every())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = subcommands.find(cmd_name)
        if found is None:
            return None
        module = importlib.import_module(found.module)
        if hasattr(module, "command"):
            command: click.Command = module.command
            return command
        from cccc.scripts.cli import typed  # here, because it costs what most subcommands do not need

        return typed.subcommand(found.name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        known = subcommands.every().values()
        named = [CompletionItem(each.name, help=each.summary) for each in known if each.name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        known = subcommands.every()
        widest = max(map(len, known))
        for heading, below in itertools.groupby(known.values(), lambda each: each.heading):
            with formatter.section(heading):
                formatter.write_dl([(each.name.ljust(widest), each.summary) for each in below])


@click.group(cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Two AI coding CLIs work in one repository as equals; their changes land only as patches that pass the gate.

    The project is the nearest .cccc folder from the current directory upward, or the one that CCCC_HOME names.

    \b
    First steps:
      cccc init          in your repository
      cccc doctor        what is missing and how to fix it
      cccc run           start everything and attach
      cccc send "both: add a section about team chat to the README"

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not running, 5 no project here, 6 refused.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> int:
    """Run the command line of this process; return its exit code."""
    _open_closed_streams()
    wrong = zone.settle()
    if wrong:
        click.echo(f"cccc: TZ={wrong} is not a usable time zone; ignored", err=True)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that is not UTF-8
    try:
        code = cli.main(prog_name="cccc", standalone_mode=False)
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else "cccc"
        said = " ".join(error.format_message().split())
        return _stop(f"{said.rstrip('.')}; see `{place} --help`", 2)
    except click.ClickException as error:
        return _stop(error.format_message(), error.exit_code)
    except click.Abort:
        return _stop("aborted", 1)
    except CcccError as error:
        return _stop(str(error), error.exit_code)
    except OSError as error:  # a full disk, a folder without permission
        return _stop(": ".join(str(word) for word in (error.filename, error.strerror or error) if word), 1)
    return code if isinstance(code, int) else 0


def _open_closed_streams() -> None:
    """Put /dev/null where standard input, output or error is closed, as after `cccc up <&-`."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def _stop(line: str, code: int) -> int:
    from cccc.common.text.lines import plain  # here, because it costs what no command needs that does not stop

    click.echo(f"cccc: {plain(redaction.default.redact(line))}", err=True)  # a token as an argument is in click's words
    return code
