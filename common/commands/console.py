"""What a person types at the console, and what it is answered: for the panel and for `cccc console`.

`Console.answer` waits for what a line leads to, at most some seconds, and never raises what a person can mend.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Sequence

from cccc.common import commands, ledger, settings
from cccc.common import facts as f
from cccc.common.commands import BY_NAME, TABLE, Asker, Reply, WrongUsage, answer, log, message, raw, rfd
from cccc.common.commands.meant import meant
from cccc.common.errors import CcccError, NotFound, NotRunning, Refused
from cccc.common.facts import Fact
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import supervisor
from cccc.common.paths import Project
from cccc.common.terminal import typed_by
from cccc.common.text.lines import Line, plain, printable
from cccc.common.text.redaction import Redactor

FORMS = (
    Line("a: TEXT, b: TEXT, both: TEXT: a message to PeerA, PeerB or both; TEXT alone or u: TEXT goes to both"),
    Line("a! LINE, b! LINE: typed into the peer's pane as it is, such as a command of its CLI"),
)
_SLASH = re.compile(r"/([A-Za-z][\w-]*)(?:\s+(.*))?", re.DOTALL)
_ROUTES = ("a", "b", "both", "u")
_HERE = frozenset(row.name for row in TABLE if row.only != "chat")
_WITHIN = 8.0
_LAST = 3  # words of the peers that a panel begins with
_LONGEST_ECHO = 4000  # characters of one message
_LATER = "queued until the pane is safe to type into; you will be told if it fails"


class Console:
    """Answers the lines of one person. `via` is where they are typed: cli or panel."""

    def __init__(self, project: Project, via: str) -> None:
        self.project = project
        found = settings.load(project)
        self.echo = found.cli_profiles.console_echo
        self.redact = Redactor(found.telegram.redact_patterns).redact
        self._asker = Asker(getpass.getuser(), via)
        self._start = ledger.end(project)
        self._reader = ledger.Reader(project, self._start)

    def answer(self, text: str) -> list[Line]:
        """Return what a line is answered; red lines say what is wrong with it."""
        text = text.strip()
        if not text:
            return []
        try:
            reply = self._read(text)
            return [*reply.lines, *say(self.project, reply.facts)]
        except (CcccError, OSError) as error:  # OSError: a full disk
            return [Line(plain(str(error)), "red")]

    def heard(self) -> list[Line]:
        """Return what the peers said to the user, and what needs the user, since the last call. Echo off: nothing."""
        facts = [ledger.decode(line.raw) for line in self._reader.read()]
        return [line for fact in facts if fact and self.echo for line in self._echoed(fact)]

    def before(self) -> list[Line]:
        """Return the last words of the peers to the user from before this console. Echo off: nothing."""
        told = log.newest(self.project, _LAST) if self.echo else []
        return [line for fact in told if fact.seq <= self._start for line in self._echoed(fact)]

    def close(self) -> None:
        self._reader.close()

    def _read(self, text: str) -> Reply:
        """Return what a line asks for."""
        typed = raw.parse(text)
        if typed:
            return raw.wish(self.project, *typed, self._asker)
        ours = meant(text, _HERE, chat=False)
        if ours and ours.words:
            raise WrongUsage(ours.words)
        slash = _SLASH.fullmatch(f"/{ours.command} {ours.rest}" if ours else text)
        if not slash:
            return message.typed(self.project, text, self._asker)
        name, rest = slash[1].lower(), slash[2] or ""
        if name in _ROUTES:
            return message.typed(self.project, f"{name}: {rest}", self._asker)
        if name == "echo":
            return Reply([self._switch_echo(rest.strip().lower())])
        reply = commands.run(self.project, name, rest, self._asker)
        return reply._replace(lines=[*FORMS, *reply.lines]) if name == "help" else reply

    def _switch_echo(self, wish: str) -> Line:
        if wish not in ("on", "off", ""):
            raise WrongUsage("usage: /echo [on|off]")
        self.echo = wish == "on" if wish else self.echo
        return Line(f"echo is {'on: messages from the peers are shown here' if self.echo else 'off'}")

    def _echoed(self, fact: Fact) -> list[Line]:
        if isinstance(fact, f.ToUser):
            head, *more = self._body(fact).splitlines() or [""]
            return [Line(f"{fact.author}: {head}", "green"), *(Line(f"  {line}") for line in more)]
        if isinstance(fact, f.Notice):
            return [Line(f"notice: {plain(fact.text)}", "yellow")]
        if isinstance(fact, f.Rfd):
            return [Line(f"decide {fact.rfd_id}: {plain(fact.title)}", "yellow", True)]
        return []

    def _body(self, fact: f.ToUser) -> str:
        try:
            text = self.redact(Blobs(self.project).get(fact.sha).decode("utf-8", "replace")).strip()
        except NotFound:
            return fact.text
        if len(text) > _LONGEST_ECHO:
            text = f"{text[:_LONGEST_ECHO]}…\n(`cccc log {fact.mid}`, or /log {fact.mid} here, shows all of it)"
        return "\n".join(map(printable, text.splitlines()))


def say(project: Project, facts: Sequence[Fact]) -> list[Line]:
    """Say what a person wishes, and return what it led to, no in red.

    Raises Refused for what a peer's program types, NotRunning, and Unanswered.
    """
    if not facts:
        return []
    _require_person(project, facts)
    if not supervisor.is_up(project):
        raise NotRunning("not running, nothing was done; run `cccc up`")
    if not isinstance(facts[0], answer.ASKS):
        answer.say(project, facts)
        return []
    try:
        outcomes = answer.give(project, facts, _WITHIN)
    except answer.Unanswered:
        if isinstance(facts[0], f.RawInput):
            return [Line(_LATER)]
        raise
    return [Line(plain(answer.words(each)), "red" if _is_no(each) else None) for each in outcomes]


def _require_person(project: Project, facts: Sequence[Fact]) -> None:
    """Raise UserError for what a peer's own program types; a refused decision becomes a fact."""
    who = typed_by.program(project)
    decisions = [fact for fact in facts if isinstance(fact, f.Decision)]
    reason = f"{who} cannot use the console; it writes to_peer.md and to_user.md" if who else ""
    if not who and decisions and typed_by.nobody(project):
        who, reason = "tmux", "no attached terminal sent a key; keys from `tmux send-keys` are not accepted"
    if not reason:
        return
    for fact in decisions:
        no = f.DecisionRefused(rfd_id=fact.rfd_id, decision=fact.decision, who=who, via=fact.via, reason=reason)
        answer.say(project, [no])
    raise Refused(reason)


def leaves(text: str) -> bool:
    """Return whether a line says that the person leaves."""
    return text.strip().lower() in ("q", "/q")


def completions(project: Project, text: str) -> list[str]:
    """Return what a line can be completed to, in order; each begins with `text`."""
    name, blank, rest = text.partition(" ")
    if not blank:
        words = [f"/{row.name}{' ' if row.usage else ''}" for row in TABLE if row.only != "chat"]
        return [word for word in (*words, *(f"{route}: " for route in _ROUTES)) if text and word.startswith(text)]
    *before, last = rest.split(" ")
    if name == "/rfd":
        ids = [entry["rfd"]["rfd_id"] for entry in rfd.read(project)]
        choices = ids if before else [word.split()[0] for word in rfd.USAGE.split(" | ")]
    else:
        usage = BY_NAME[name[1:]].usage if name[1:] in BY_NAME else ""
        choices = [word for word in re.findall(r"[a-z]+", usage) if not before]
    begin = text[: len(text) - len(last)]
    return [begin + choice for choice in choices if choice.startswith(last) and choice != last]


def _is_no(outcome: answer.Outcome) -> bool:
    return isinstance(outcome, f.DecisionRefused) or (isinstance(outcome, f.RawTyped) and outcome.outcome != "typed")
