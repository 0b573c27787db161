"""The whole project at a glance: what is known of it, and the lines that show it."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from cccc.common import bus, ledger
from cccc.common.commands import queue
from cccc.common.commands.command import Asker, Command, Reply
from cccc.common.errors import LedgerBroken, NotRunning, UserError
from cccc.common.facts import Beat
from cccc.common.ledger import anchor
from cccc.common.machine import supervisor
from cccc.common.machine.installed import NAME
from cccc.common.paths import PEERS, Project
from cccc.common.registry import is_bridge
from cccc.common.shown import obstacles, status
from cccc.common.shown.short import line_of
from cccc.common.text.lines import Line, age, ago, clock, plain, table
from cccc.common.version import VERSION

_LAST_FACTS = 5
NO = ("not linted", "untested")  # how words begin for what nothing checks


def run(project: Project, rest: str, asker: Asker) -> Reply:
    return Reply(lines(look(project)))


def look(project: Project) -> dict[str, Any]:
    """Return what is known of a project: from supervisord, the beats, the panel's snapshot, the files."""
    troubles: list[str] = []
    services = _services(project, troubles)
    up = bool(services) or supervisor.is_up(project)
    if not up:
        troubles += _of_the_ledger(project)
    snapshot = _snapshot(project, up, troubles)
    troubles += [found.line for found in obstacles.of(project)]
    return {
        "project": str(project.root),
        "running": up,
        "installed": VERSION,
        "troubles": troubles,
        "services": services,
        "inboxes": {peer: len(list(project.inbox(peer).glob("*.txt"))) for peer in PEERS},
        "queue": _queue(project, troubles),
        "facts": [msgspec.to_builtins(line_of(fact)) for fact in ledger.tail(project, _LAST_FACTS)],
        "snapshot": msgspec.to_builtins(snapshot) if snapshot else None,
    }


def lines(found: dict[str, Any]) -> list[Line]:
    """Return what `look` found as a person reads it."""
    state = "up" if found["running"] else "not running (`cccc up` starts it)"
    shown = [Line(f"{found['project']}: {state}, {NAME} {found['installed']}", bold=True)]
    shown += [Line(f"! {plain(trouble)}", "red") for trouble in found["troubles"]]
    snapshot = found["snapshot"] or {}
    if found["running"]:
        shown += [Line(""), *_service_lines(found["services"])]
    shown += [Line(""), *_peer_lines(found["inboxes"], snapshot.get("peers", {}) if found["running"] else {})]
    shown += [Line(""), *_checks(snapshot), *queue.lines(found["queue"])]
    for told in snapshot.get("told", [])[:1]:
        head = f"{told['from']} told you {ago(told['ts'])} ago (`cccc log --me` shows all)"
        shown.append(Line(f"{head}: {plain(told['text'])}", "green"))
    for rfd in snapshot.get("rfds", []):
        shown.append(Line(f"decide {rfd['rfd_id']} ({ago(rfd['ts'])} old): {plain(rfd['title'])}", "yellow", True))
    if snapshot.get("paused"):
        shown.append(Line(f"handoffs paused for {ago(snapshot['paused'])}: `cccc resume` to continue", "yellow"))
    if snapshot.get("leftovers"):
        shown.append(Line(f"uncommitted, outside any patch: {plain(snapshot['leftovers'])}", "yellow"))
    for notice in snapshot.get("notices", []):
        shown.append(Line(f"notice {ago(notice['ts'])} ago: {plain(notice['text'])}", "yellow"))
    return shown + _fact_lines(found["facts"])


def check(name: str, words: str) -> str:
    """Return the line for what does "lint" or "tests"."""
    return words if words.startswith(NO) else f"{name}: {words}"


def _checks(snapshot: dict[str, Any]) -> list[Line]:
    """What checks each patch, and how its tests ended last; in yellow what nothing checks."""
    base = f"; {snapshot['tested']}" if snapshot.get("tested") else ""
    told = {"lint": snapshot.get("linted_by", ""), "tests": snapshot.get("tested_by", "")}
    return [
        Line(plain(check(name, words) + (base if name == "tests" else "")), "yellow" if words.startswith(NO) else None)
        for name, words in told.items()
        if words
    ]


def _queue(project: Project, troubles: list[str]) -> list[dict[str, str]]:
    try:
        return queue.read(project)
    except UserError as error:
        troubles.append(str(error))
        return []


def _of_the_ledger(project: Project) -> list[str]:
    """Say how the ledger differs from what was acknowledged; while it is up its service does."""
    try:
        loss = anchor.loss(project, anchor.place(project))
    except LedgerBroken as error:
        return [f"the ledger is damaged: {error}"]
    return [f"{loss.words}; {anchor.HOW}"] if loss else []


def _services(project: Project, troubles: list[str]) -> list[dict[str, Any]]:
    rows: list[supervisor.Row] = []
    try:
        rows = supervisor.processes(project)
    except NotRunning as error:
        if not supervisor.is_up(project):
            return []
        troubles.append(str(error))
    try:
        beats = {beat.by: beat for beat in bus.beats(project)}
    except NotRunning as error:
        beats = {}
        troubles.append(str(error))
    if not rows:  # known by what they say alone
        return [_heard(project, beat) for beat in beats.values()]
    services = []
    for row in rows:
        if row.state == "STOPPED" and is_bridge(row.name):
            continue
        beat = beats.get(row.name)
        mine = beat if beat and beat.pid == row.pid else None
        state = "ready" if mine and mine.ready else "starting" if row.state == "RUNNING" else row.state.lower()
        trouble = supervisor.reason(row) or (mine.trouble if mine else "")
        release = mine.version if mine else ""
        if release and release != VERSION:
            troubles.append(f"{row.name} runs {release}, installed is {VERSION}; run `cccc restart {row.name}`")
        if trouble or state != "ready":
            troubles.append(f"{row.name}: {trouble or state}; see `cccc logs {row.name}`")
        fields = {"name": row.name, "state": state, "pid": row.pid, "since": row.since}
        services.append({**fields, "version": release, "trouble": trouble})
    return services


def _heard(project: Project, beat: Beat) -> dict[str, Any]:
    lock = project.run / f"{beat.by}.lock"
    since = lock.stat().st_mtime if lock.exists() else time.time()
    state = "ready" if beat.ready else "starting"
    told = {"version": beat.version, "trouble": beat.trouble}
    return {"name": beat.by, "state": state, "pid": beat.pid, "since": since, **told}


def _snapshot(project: Project, up: bool, troubles: list[str]) -> status.Status | None:
    try:
        found = status.read(project)
    except NotRunning as error:
        if up:
            troubles.append(str(error))
        return None
    troubles += found.settings if up else []
    for skip in found.skipped:
        line = f"{skip.service} skipped fact {skip.fact}: {skip.error}"
        troubles.append(f"{line}; `cccc status --clear` when seen")
    for peer, pane in found.peers.items():
        if up and pane.state == "dead":
            troubles.append(f"{peer} is dead" + (f": {pane.reason}" if pane.reason else ""))
    return found


def _service_lines(services: list[dict[str, Any]]) -> list[Line]:
    rows = [
        (s["name"], s["state"], str(s["pid"] or "-"), age(time.time() - s["since"]), s["version"], s["trouble"])
        for s in services
    ]
    colours = [None if s["state"] == "ready" and not s["trouble"] else "red" for s in services]
    return table(("service", "state", "pid", "since", "version", "trouble"), rows, colours)


def _peer_lines(inboxes: dict[str, int], states: dict[str, Any]) -> list[Line]:
    rows = []
    for peer in PEERS:
        state = states.get(peer, {})
        last = state.get("last")
        words = f"{last['stage']} {ago(last['ts'])} ago, from {last['from']}: {last['text']}" if last else "-"
        what = state.get("state", "-") + (f" ({state['reason']})" if state.get("reason") else "")
        nudge = state.get("nudge") or "-"
        if state.get("reason") and nudge == f"held: {state['reason']}":
            nudge = "held"
        rows.append((peer, what, str(inboxes[peer]), nudge, words))
    return table(("peer", "state", "inbox", "nudge", "last message"), rows)


def _fact_lines(facts: list[dict[str, Any]]) -> list[Line]:
    rows = [(clock(fact["ts"]), fact["kind"], fact["who"], fact["text"]) for fact in facts]
    return [Line(""), *table(("last facts", "kind", "who", "what"), rows)] if rows else []


COMMANDS = (Command("status", "", "the state of the project", run, shows=True, place=1),)
