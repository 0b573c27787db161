"""When the next post into a chat is due, and how much of the queue it takes. Pure.

What peers say is debounced: the first message goes at once, and what follows within the time becomes one post at
its end. Nothing overtakes: where something urgent stands behind it, it goes at once too.
"""

from __future__ import annotations

from cccc.common.machine.waits import left
from cccc.common.settings.chat import Chat
from cccc.services.bridges.platform import Pace
from cccc.services.bridges.state import FILE, PEERS, SYSTEM, USER, Item, Outbox

_MERGED = (USER, PEERS, SYSTEM)
_MOST_MERGED = 20


def next_post(box: Outbox, rules: Chat, pace: Pace, now: float) -> tuple[int, float]:
    """Return how many items of a queue that is not empty make the next post, and in how many seconds it is due."""
    count, wait = _together(box.queue), next_part(box, pace, now)
    head = box.queue[0]
    if head.kind not in (USER, PEERS):
        return count, wait
    debounce, interval = (
        (rules.debounce_seconds, rules.to_user_min_interval_s)
        if head.kind == USER
        else (rules.peer_debounce_seconds, rules.peer_summary_min_interval_s)
    )
    last = box.last.get(head.kind, 0.0)
    urgent = any(item.kind not in (USER, PEERS, FILE) for item in box.queue)
    return count, max(wait, left(last, interval if urgent else max(debounce, interval), now))


def next_part(box: Outbox, pace: Pace, now: float) -> float:
    """Return the seconds for which the platform wants nothing more in a chat."""
    wait = left(box.recent[-1], pace.every, now) if box.recent else 0.0
    if len(box.recent) >= pace.per_minute:
        wait = max(wait, left(box.recent[-pace.per_minute], 60.0, now))
    return wait


def _together(queue: list[Item]) -> int:
    """Return how many items at the head can be one post: the same kind, below the same message."""
    head = queue[0]
    if head.kind not in _MERGED:
        return 1
    same = (head.kind, head.reply_to, head.thread)
    count = 0
    while count < min(len(queue), _MOST_MERGED) and same == (
        queue[count].kind,
        queue[count].reply_to,
        queue[count].thread,
    ):
        count += 1
    return count
