"""The `cccc` command: a group that imports a subcommand's module only when it is called.

Each subcommand is `command` in the module of its name. What a person can mend is one line
on stderr. Exit codes: 0 done, 1 failed, 2 wrong usage,
3 not found, 4 not running, 5 no project here, 6 refused (common/errors.py).
"""

from __future__ import annotations

import importlib
import io
import os
import sys

import click
from click.shell_completion import CompletionItem

from cccc.common.errors import CcccError
from cccc.common.machine import zone
from cccc.common.text import redaction

# The first line of each command's help, kept here so that `cccc --help` imports none of them.
SECTIONS = {
    "Get started": {
        "init": "Set up cccc in a repository.",
        "doctor": "Check what a session needs, and say how to fix what is missing.",
        "setup-cli": "Pre-answer the CLIs' first-run prompts.",
        "prompts": "Show the system prompts, and install the peers' guides.",
        "run": "Start everything and attach to it.",
    },
    "Start and stop": {
        "up": "Start the services and both peers.",
        "attach": "Show the peers' terminals.",
        "down": "Stop everything.",
        "restart": "Restart services.",
        "ctl": "Run a supervisorctl command.",
    },
    "Talk to the peers": {
        "send": "Send a message to the peers.",
        "console": "Open a prompt for messages and commands.",
        "pause": "Pause handoffs between the peers.",
        "resume": "Resume handoffs between the peers.",
        "stop": "Interrupt a peer's turn.",
        "refresh": "Resend the system prompt.",
    },
    "Watch": {
        "panel": "Open the dashboard.",
        "status": "Show the state of the project.",
        "queue": "List the patches that are queued or being checked.",
        "trace": "Show what happened to a message or patch.",
        "log": "Show the messages, in full.",
        "ledger": "Read, check and archive the ledger.",
        "ps": "List the service processes.",
        "logs": "Show a service's log.",
        "locks": "List the locks and who holds them.",
    },
    "Decide": {
        "rfd": "Review and answer decision requests.",
        "patch": "Show, retry, drop or revert a patch.",
        "evidence": "Run an evidence card.",
        "gate": "Show and run the checks of the gate.",
    },
    "Chats": {
        "token": "Manage chat tokens.",
        "bridge": "Manage the chat bridges.",
    },
    "Maintain": {
        "upgrade": "Upgrade a project to this version.",
        "clean": "Delete session data.",
        "completion": "Print a shell completion script.",
        "version": "Print the installed version.",
    },
    "Test": {
        "certify": "Test the installed CLIs end to end.",
        "torture": "Crash a scratch project in many ways and count what is lost.",
        "mock-agent": "Run a scripted peer (no AI).",
    },
}
SUMMARIES = {name: summary for section in SECTIONS.values() for name, summary in section.items()}
_WIDEST = max(map(len, SUMMARIES))


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUMMARIES:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        named = [CompletionItem(name, help=SUMMARIES[name]) for name in SUMMARIES if name.startswith(incomplete)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(_WIDEST), summary) for name, summary in commands.items()])


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
        click.echo(f"cccc: TZ={wrong} is no time zone that can be used; times are shown without it", err=True)
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
