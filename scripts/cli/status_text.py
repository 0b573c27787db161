"""What `cccc status` prints for a person."""

from __future__ import annotations

import time
from typing import Any

import click

from cccc.common.paths import PEERS
from cccc.scripts.cli import queue
from cccc.scripts.cli.lines import ago, clock
from cccc.scripts.cli.screen import age, plain, table


def show(found: dict[str, Any]) -> None:
    """Print what `look` found."""
    state = "up" if found["running"] else "not running (`cccc up` starts it)"
    click.secho(f"{found['project']}: {state}, cccc-pair {found['installed']}", bold=True)
    for trouble in found["troubles"]:
        click.secho(f"! {plain(trouble)}", fg="red")
    snapshot = found["snapshot"] or {}
    if found["running"]:
        _services(found["services"])
    _peers(found["inboxes"], snapshot.get("peers", {}) if found["running"] else {})
    click.echo()
    queue.show(found["queue"])
    for rfd in snapshot.get("rfds", []):
        click.secho(f"decide {rfd['rfd_id']} ({ago(rfd['ts'])} old): {plain(rfd['title'])}", fg="yellow", bold=True)
    if snapshot.get("paused"):
        click.secho(f"handoffs paused for {ago(snapshot['paused'])}: `cccc resume` lets them go on", fg="yellow")
    if snapshot.get("leftovers"):
        click.secho(f"changed and never handed in: {plain(snapshot['leftovers'])}", fg="yellow")
    for notice in snapshot.get("notices", []):
        click.secho(f"notice {ago(notice['ts'])} ago: {plain(notice['text'])}", fg="yellow")
    _facts(found["facts"])


def _services(services: list[dict[str, Any]]) -> None:
    click.echo()
    rows = [
        (s["name"], s["state"], str(s["pid"] or "-"), age(time.time() - s["since"]), s["version"], s["trouble"])
        for s in services
    ]
    colours = [None if s["state"] == "ready" and not s["trouble"] else "red" for s in services]
    table(("service", "state", "pid", "since", "version", "trouble"), rows, colours)


def _peers(inboxes: dict[str, int], states: dict[str, Any]) -> None:
    click.echo()
    rows = []
    for peer in PEERS:
        state = states.get(peer, {})
        last = state.get("last")
        words = f"{last['stage']} {ago(last['ts'])} ago, from {last['from']}: {last['text']}" if last else "-"
        what = state.get("state", "-") + (f" ({state['reason']})" if state.get("reason") else "")
        rows.append((peer, what, str(inboxes[peer]), state.get("nudge") or "-", words))
    table(("peer", "state", "inbox", "nudge", "last message"), rows)


def _facts(facts: list[dict[str, Any]]) -> None:
    if not facts:
        return
    click.echo()
    rows = [(clock(fact["ts"]), fact["kind"], fact["who"], fact["text"]) for fact in facts]
    table(("last facts", "kind", "who", "what"), rows)
