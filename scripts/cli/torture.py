"""`cccc torture`."""

from __future__ import annotations

import random
from pathlib import Path

import click

from cccc.common.text.plural import plural
from cccc.scripts.crashes import rounds
from cccc.scripts.crashes.rounds import Run

SECTION = "Test", 2


_SHORT, _LONG = 50, 500


@click.command()
@click.option("--rounds", "count", type=click.IntRange(1), help=f"How many faults (default {_SHORT}, long {_LONG}).")
@click.option("--long", "long_", is_flag=True, help=f"{_LONG} faults and 10,000 messages instead: half an hour.")
@click.option("--seed", type=int, help="Repeat the order of an earlier run.")
@click.option("--keep", metavar="PATH", type=click.Path(path_type=Path), help="Where to keep the project if it fails.")
def command(count: int | None, long_: bool, seed: int | None, keep: Path | None) -> int:
    """Crash a scratch project in many ways and count what is lost.

    Two mock peers exchange numbered messages, hand in patches and need decisions, a person chats with them, a user
    edits and commits beside them, and one fault after another is injected. After each, everything must arrive once and
    in order, counted from files and git alone. Your project and your tmux are not touched.

    \b
    Examples:
      cccc torture
      cccc torture --long --seed 1

    Exit codes: 0 nothing lost, duplicated or changed, 1 something was, 2 wrong usage.
    """
    count = count or (_LONG if long_ else _SHORT)
    seed = random.randrange(1_000_000) if seed is None else seed
    click.echo(f"seed {seed}, {count} faults")
    result = rounds.run(seed, count, count * 20 if long_ else count * 6, click.echo, keep)
    click.echo(table(result))
    return 1 if result.failed else 0


def table(run: Run) -> str:
    """Return the outcome as a Markdown table and a line of totals."""
    lines = ["", "| fault | times | healthy again after (p50, max) | lost, twice, changed |", "|---|---|---|---|"]
    for name, outcome in sorted(run.outcomes.items()):
        seconds = sorted(outcome.seconds)
        healthy = f"{seconds[len(seconds) // 2]:.1f} s, {seconds[-1]:.1f} s" if seconds else "-"
        times = f"{outcome.times - outcome.missed}" + (f" of {outcome.times}" if outcome.missed else "")
        beyond = [f"{plural(outcome.doubled, 'post')} doubled by an end of the bridge"] if outcome.doubled else []
        lines.append(f"| {name} | {times} | {healthy} | {'; '.join([*(outcome.bad or ['0']), *beyond])} |")
    struck = sum(outcome.times - outcome.missed for outcome in run.outcomes.values())
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in run.counts._asdict().items())
    lines += [
        "",
        f"{struck} faults, {run.handoffs} handoffs, {run.patches} patches, {run.lines} chat lines, {run.posts} posts "
        f"in {run.took:.0f} s, seed {run.seed}.",
    ]
    doubled = sum(outcome.doubled for outcome in run.outcomes.values())
    if run.bridge_ends:
        lines.append(
            f"Ends of the bridge: {run.bridge_ends}, of which each may double one post; posts doubled: {doubled}."
        )
    if run.left_out:
        lines.append(run.left_out)
    lines += [counts + ".", f"Left over after `cccc down`: {', '.join(run.left) or 'nothing'}."]
    return "\n".join(lines)
