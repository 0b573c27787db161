"""Requests for decision: the list, one of them, and the answers to it."""

from __future__ import annotations

from typing import Any

from cccc.common import facts as f
from cccc.common.commands.command import Asker, Command, Reply, WrongUsage
from cccc.common.errors import NotFound
from cccc.common.machine import durable
from cccc.common.paths import Project
from cccc.common.text.lines import Line, ago, day, plain, table

USAGE = "list | show ID | approve ID | reject ID | choose ID OPTION | ask ID TEXT | revoke ID"
LONGEST_QUESTION = f.LONGEST_TEXT // 4
_IN_PLAY = ("open", "approved", "chosen")
_PLAIN_ANSWERS = ("approve", "reject", "revoke")


def run(project: Project, rest: str, asker: Asker) -> Reply:
    verb, rfd_id, more = (*rest.split(None, 2), "", "", "")[:3]
    if verb in ("", "list") and not rfd_id:
        return Reply(listed(read(project)))
    if not rfd_id:
        raise WrongUsage(f"usage: /rfd {USAGE}")
    entry = find(project, rfd_id)
    if verb == "show" and not more:
        return Reply(shown(entry))
    if verb in _PLAIN_ANSWERS and not more:
        return Reply(facts=[decision(asker, rfd_id, verb)])
    if verb == "choose" and more:
        return Reply(facts=[decision(asker, rfd_id, more)])
    if verb == "ask" and more:
        return Reply(facts=[decision(asker, rfd_id, "ask", more)])
    raise WrongUsage(f"usage: /rfd {USAGE}")


def read(project: Project, everything: bool = False) -> list[dict[str, Any]]:
    """Return what the orchestrator knows of the requests that are not over, or of all; oldest first."""
    entries = durable.shown(project.state / "rfd.json", list[dict[str, Any]], "rfd", "status")
    return [entry for entry in entries if everything or entry["status"] in _IN_PLAY]


def find(project: Project, rfd_id: str) -> dict[str, Any]:
    """Return one request. Raises NotFound."""
    for entry in read(project, everything=True):
        if entry["rfd"]["rfd_id"] == rfd_id:
            return entry
    raise NotFound(f"no request {plain(rfd_id)}; see `cccc rfd list --all`")


def decision(asker: Asker, rfd_id: str, answer: str, text: str = "") -> f.Decision:
    """Return the fact of an answer. Raises WrongUsage when a question is too long."""
    if len(text) > LONGEST_QUESTION:
        raise WrongUsage(f"a question is limited to {LONGEST_QUESTION} characters; send the rest as a message")
    return f.Decision(rfd_id=rfd_id, decision=answer, who=asker.who, via=asker.via, user=asker.user, text=text)


def listed(entries: list[dict[str, Any]]) -> list[Line]:
    """Return requests as a person reads them, one per line."""
    if not entries:
        return [Line("no open requests")]
    rows = [
        (e["rfd"]["rfd_id"], e["status"], e["rfd"]["why"], ago(e["opened"]), day(e["expires"]), e["rfd"]["title"])
        for e in entries
    ]
    return table(("request", "state", "why", "since", "until", "title"), rows)


def shown(entry: dict[str, Any]) -> list[Line]:
    """Return one request with its answers."""
    rfd = {"summary": "", "paths": [], "sha": "", "default": "reject", "options": ["approve", "reject"], **entry["rfd"]}
    by = f" by {', '.join(entry['by'])}" if entry["by"] else ""
    choice = f" ({entry['choice']})" if entry["choice"] else ""
    lines = [Line(f"{rfd['rfd_id']}: {entry['status']}{choice}{by}", bold=True), Line(plain(rfd["title"]))]
    for line in (rfd["question"], *rfd["summary"].splitlines()):
        if line != rfd["title"]:
            lines.append(Line(f"  {plain(line)}"))
    rows = [
        ("from", rfd["from"]),
        ("why", rfd["why"]),
        ("options", " | ".join(rfd["options"])),
        ("if nobody answers", rfd["default"] or "nothing"),
        ("opened", day(entry["opened"])),
        ("until", day(entry["expires"])),
        ("answers needed", str(rfd["required"])),
        ("answers", ", ".join(f"{who}: {given}" for who, given in entry["answers"].items()) or "none"),
    ]
    rows += [("path", path) for path in rfd["paths"]]
    if entry.get("used_for"):
        rows.append(("used for", entry["used_for"]))
    if rfd["sha"]:
        rows.append(("the patch", f"cccc patch show {rfd['mid']}"))
    return lines + table(("", ""), rows)


COMMANDS = (Command("rfd", USAGE, "decision requests", run, place=4),)
