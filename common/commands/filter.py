"""The handoff filter: on, off, or as the settings say."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common import ledger, settings
from cccc.common.commands.command import Asker, Command, Reply, words
from cccc.common.paths import Project
from cccc.common.shown import status


def on(project: Project, rest: str, asker: Asker) -> Reply:
    """Let the filter drop what is not worth the other peer's attention."""
    said = f.FilterSwitched(on=True, who=asker.who, via=asker.via)
    return words("the handoff filter is on")._replace(facts=[said])


def off(project: Project, rest: str, asker: Asker) -> Reply:
    """Forward whatever one peer says to the other."""
    said = f.FilterSwitched(on=False, who=asker.who, via=asker.via)
    return words("the handoff filter is off: all messages between the peers are forwarded")._replace(facts=[said])


def shown(project: Project, rest: str, asker: Asker) -> Reply:
    """Say whether the filter is on, and by whose word. Raises NotRunning."""
    known = status.read(project)
    later = [fact.on for fact in ledger.read(project, known.ledger.seq) if isinstance(fact, f.FilterSwitched)]
    switched = [known.filter_on, *later][-1]
    if switched is None:
        enabled = settings.load(project).policies.handoff_filter.enabled
        return words(f"the handoff filter is {'on' if enabled else 'off'} (policies.yaml)")
    return words(f"the handoff filter is {'on' if switched else 'off'} (switched by a person)")


COMMANDS = (
    Command("anti-on", "", "drop low-content messages between the peers", on, place=8),
    Command("anti-off", "", "forward all messages between the peers", off, place=8),
    Command("anti-status", "", "state of the handoff filter", shown, shows=True, place=8),
)
