"""`cccc evidence run`."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click
import msgspec

from cccc.common import bus, card, ledger, settings
from cccc.common import facts as f
from cccc.common.errors import NotFound, NotRunning, UserError
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git, supervisor
from cccc.common.paths import Project
from cccc.common.text.redaction import Redactor
from cccc.scripts.cli import gate_here
from cccc.services.evidence.checking import evidence_cards
from cccc.services.evidence.checking.checks import Ended

SECTION = "Decide", 3
_LOOK_EVERY = 0.1
_ENVELOPE = ("seq", "ts", "by", "id", "cause", "prev")


@click.group(no_args_is_help=False)
def command() -> None:
    """Run an evidence card.

    An evidence card is a YAML or JSON file with a claim and the commands that prove it. Peers submit theirs through the
    mailbox.

    \b
    Example:
      cccc evidence run card.yaml

    Exit codes: 0 passed, 1 failed, 2 no valid card, 3 no such file, 5 no project here.
    """


@command.command()
@click.argument("card_file", metavar="CARD", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.pass_context
def run(ctx: click.Context, card_file: Path, as_json: bool) -> None:
    """Run the checks of CARD, a YAML or JSON file, on the current commit.

    They run in the gate's own work tree, so uncommitted changes are not seen. While the project is up, the gate runs
    the card between two patches and records the verdict in the ledger; otherwise it runs here, and only the log is
    kept. Each check may take `timeout_sec` (120); one with `allow_failure` cannot fail the card.

    \b
    Example of a card:
      title: the parser takes empty files
      checks:
        - {name: unit, run: pytest -q tests/test_parser.py, timeout_sec: 60}
        - {name: style, run: ruff check ., allow_failure: true}
      kind: generic             # optional
      meta: {owner: me}         # optional

    Exit codes: 0 passed, 1 failed, 2 no valid card, 3 no such file, 5 no project here.
    """
    project = Project.find()
    try:
        content = card_file.read_bytes()
        found = card.parse(content.decode())
    except FileNotFoundError:
        raise NotFound(f"no file {card_file}") from None
    except (card.CardError, UnicodeDecodeError) as error:
        raise click.UsageError(str(error)) from None
    mid = f"cli-card-{time.time_ns() // 1000}-{os.getpid()}"
    up = supervisor.is_up(project)
    outcome = _ask_the_gate(project, content, mid) if up else _run_here(project, found, mid)
    _show(outcome, as_json)
    ctx.exit(0 if outcome.verdict == "pass" else 1)


def _ask_the_gate(project: Project, content: bytes, mid: str) -> f.EvidenceValidate:
    """Hand the card in and wait for its verdict. Raises NotRunning, UserError."""
    Blobs(project).put(content)
    redact = Redactor(settings.load(project).telegram.redact_patterns).redact
    handed = f.EvidenceCard(id=mid, mid=mid, author="User", **f.body(content, redact))
    (seq,) = bus.tell(project, "cli", [handed])
    while True:
        for fact in ledger.read(project, seq):
            seq = fact.seq
            if isinstance(fact, f.EvidenceInvalid) and fact.mid == mid:
                raise UserError(fact.reason)
            if isinstance(fact, f.EvidenceValidate) and fact.mid == mid:
                return fact
        if not supervisor.is_up(project):
            raise NotRunning(f"the project was stopped; card {mid} will run after the next `cccc up`")
        time.sleep(_LOOK_EVERY)


def _run_here(project: Project, found: card.Card, mid: str) -> f.EvidenceValidate:
    """Run the card in this process. Raises NotFound without a repository, UserError while the gate tree is in use."""
    gate = gate_here.gate_of(project)
    repo = git.look(project.root, git.environment(gate.env))
    if not repo.head:
        raise UserError("the repository has no commits yet; make the first one")
    steps = evidence_cards.run(gate, repo, found, mid, "User")
    ended: Ended | None = None
    try:
        while True:
            ended = gate_here.end_of(steps.send(ended))
    except StopIteration as stop:
        outcome: f.EvidenceValidate = stop.value
        return outcome


def _show(outcome: f.EvidenceValidate, as_json: bool) -> None:
    if as_json:
        fields = msgspec.to_builtins(outcome)
        click.echo(json.dumps({name: fields[name] for name in fields if name not in _ENVELOPE}, ensure_ascii=False))
        return
    click.echo(f"{outcome.verdict}: {outcome.title}" + (f" ({outcome.reason})" if outcome.reason else ""))
    for check in outcome.checks:
        word = "ok" if check.ok else "allowed to fail" if check.allow_failure else "failed"
        why = f"stopped after {check.over}" if check.over else f"exit {check.exit}"
        click.echo(f"  {check.name}: {word}, {why}, {check.seconds:.1f} s")
    click.echo(f"  {outcome.log_ref}")
