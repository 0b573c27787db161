"""`cccc rfd`: list, show, approve, reject, choose, ask, revoke, check."""

from __future__ import annotations

import getpass
import json

import click

from cccc.common import facts as f
from cccc.common.commands import Asker, answer, rfd
from cccc.common.errors import Refused
from cccc.common.paths import Project
from cccc.common.terminal import typed_by
from cccc.common.text.lines import plain
from cccc.scripts.cli import printing, running

SECTION = "Decide", 1


@click.group(no_args_is_help=False)
def command() -> None:
    """Review and answer decision requests.

    A request for decision (RFD) holds a patch that touches protected paths, or a question from the peers. `cccc rfd
    list` shows the IDs. rfd.approvers in .cccc/settings/policies.yaml says who may answer.

    \b
    Examples:
      cccc rfd list
      cccc rfd approve rfd-prot-1a2b3c4d

    Exit codes: 0 done, 2 wrong usage, 3 no such request, 4 not running, 6 refused.
    """


@command.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Include closed requests.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_(everything: bool, as_json: bool) -> None:
    """List the requests that are open, or whose answer is not used yet.

    \b
    Examples:
      cccc rfd list
      cccc rfd list --all --json

    Exit codes: 0 done (also for an empty list), 2 wrong usage, 5 no project here.
    """
    entries = rfd.read(Project.find(), everything)
    if as_json:
        click.echo(json.dumps(entries, indent=1, ensure_ascii=False))
    else:
        printing.show(rfd.listed(entries))


@command.command()
@click.argument("rfd_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the request as JSON.")
def show(rfd_id: str, as_json: bool) -> None:
    """Show one request with its answers.

    \b
    Example:
      cccc rfd show rfd-prot-1a2b3c4d

    Exit codes: 0 done, 2 wrong usage, 3 no such request.
    """
    entry = rfd.find(Project.find(), rfd_id)
    if as_json:
        click.echo(json.dumps(entry, indent=1, ensure_ascii=False))
    else:
        printing.show(rfd.shown(entry))


def _verb(name: str, summary: str, more: str, example: str) -> click.Command:
    """Return the command that gives one of the fixed answers."""

    @click.argument("rfd_id", metavar="ID")
    def give(rfd_id: str) -> int:
        return _decide(rfd_id, name)

    give.__doc__ = f"""{summary}

    {more}

    \b
    Example:
      cccc rfd {example}

    Exit codes: 0 recorded, 2 wrong usage, 3 no such request, 4 not running, 6 refused.
    """
    return command.command(name=name)(give)


_verb(
    "approve",
    "Approve a request.",
    "A held patch is checked again on the current base, then lands.",
    "approve rfd-prot-1a2b3c4d",
)
_verb(
    "reject",
    "Reject a request.",
    "A held patch is refused, and its author is told. One rejection is enough.",
    "reject rfd-prot-1a2b3c4d",
)
_verb(
    "revoke",
    "Withdraw an approval.",
    "Possible until the patch lands or the answer is used.",
    "revoke rfd-prot-1a2b3c4d",
)


@command.command()
@click.argument("rfd_id", metavar="ID")
@click.argument("option")
def choose(rfd_id: str, option: str) -> int:
    """Choose one of the request's options.

    \b
    Example:
      cccc rfd choose rfd-msg-1a2b3c4d keep

    Exit codes: 0 recorded, 2 wrong usage, 3 no such request, 4 not running, 6 refused.
    """
    return _decide(rfd_id, option)


@command.command()
@click.argument("rfd_id", metavar="ID")
@click.argument("text")
def ask(rfd_id: str, text: str) -> int:
    """Ask both peers about a request before you decide.

    \b
    Example:
      cccc rfd ask rfd-prot-1a2b3c4d "who calls this today?"

    Exit codes: 0 asked, 2 wrong usage, 3 no such request, 4 not running, 6 refused.
    """
    return _decide(rfd_id, "ask", text)


@command.command()
@click.argument("rfd_id", metavar="ID")
@click.argument("option", default="approve")
def check(rfd_id: str, option: str) -> int:
    """Exit 0 if a person approved; usable once.

    For a peer, before it does something irreversible: the first exit 0 uses the answer up. OPTION is the choice
    required, if the request has options of its own. Not needed for patches.

    \b
    Example:
      cccc rfd check rfd-msg-1a2b3c4d drop && ./drop-it

    Exit codes: 0 yes, 1 no, 2 wrong usage, 3 no such request, 4 not running, 6 refused.
    """
    project = Project.find()
    program = typed_by.program(project)
    if program == typed_by.A_CHECK:
        raise Refused(f"{rfd_id}: refused: {program} cannot use up an answer")
    who = program or getpass.getuser()
    return _hear(project, f.RfdCheck(rfd_id=rfd_id, choice=option, who=who, via="cli"))


def _decide(rfd_id: str, decision: str, text: str = "") -> int:
    project = Project.find()
    if len(text) > rfd.LONGEST_QUESTION:
        raise click.UsageError(
            f"a question is limited to {rfd.LONGEST_QUESTION} characters; send the rest as a message"
        )
    fact = rfd.decision(Asker(getpass.getuser(), "cli"), rfd_id, decision, text)
    program = typed_by.program(project)
    if program:
        reason = f"{program} cannot decide; only a person can, in a terminal of their own"
        refused = f.DecisionRefused(rfd_id=rfd_id, decision=decision, who=program, via="cli", reason=reason)
        running.require(project)
        answer.say(project, [refused])
        raise Refused(f"{rfd_id}: refused: {reason}")
    return _hear(project, fact)


def _hear(project: Project, fact: f.Decision | f.RfdCheck) -> int:
    rfd.find(project, fact.rfd_id)
    running.require(project)
    (outcome,) = answer.give(project, [fact])
    click.echo(plain(answer.words(outcome)), err=isinstance(outcome, f.DecisionRefused))
    if isinstance(outcome, f.RfdSettled) and outcome.outcome == "approved" and outcome.sha:
        click.echo(f"it is checked on the current base and lands automatically; see `cccc patch show {outcome.mid}`")
    if isinstance(outcome, f.DecisionRefused):
        return 1 if isinstance(fact, f.RfdCheck) else Refused.exit_code
    return 0
