"""What a fact becomes in a chat. Pure: the bodies are given, and secrets are taken out before anything is cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Union

from cccc.common import facts as f
from cccc.common.commands import answer
from cccc.common.facts import Fact
from cccc.common.paths import other
from cccc.common.settings.chat import Chat
from cccc.common.shown.short import line_of
from cccc.services.bridges import split
from cccc.services.bridges.platform import Button, Limits, Post
from cccc.services.bridges.state import Card, Item

_PATHS_SHOWN = 10
# How a patch ended, above the words that its kind has for that.
_ENDED = {
    f.PatchCommit: "landed",
    f.SettingsApplied: "applied",
    f.PatchReject: "refused",
    f.PatchPrecheckFail: "refused",
}


class Whole(NamedTuple):
    """A text that is sent as a file, because the chat shows only its beginning."""

    name: str
    text: str


Part = Union[Post, Whole]


class Told(NamedTuple):
    """One item with its fact, and the fact's body, redacted."""

    item: Item
    fact: Fact
    body: str = ""


def render(told: Sequence[Told], rules: Chat, limits: Limits, card: Card | None, root: Path) -> list[Part]:
    """Return the messages that the items become, in order. `card` is the request of a card or of its change."""
    item, fact, _ = told[0]
    if isinstance(fact, f.FileOut):
        caption = split.shortened(_caption(fact), limits.caption, 10**6)[0]
        file = root / fact.path
        return [Post(caption, file=file, name=fact.name, photo=fact.send_as == "photo", thread=item.thread)]
    if card and isinstance(fact, f.Rfd):
        text = split.parts(_card(card, fact), limits.text)[0]
        buttons = () if card.over else _buttons(card)
        return [Post(text, buttons, thread=item.thread, edit=item.edit)]
    texts, wholes = [], []
    for each in told:
        shown, whole = _shown(each, rules)
        texts.append(shown)
        wholes += whole
    split_up = split.parts("\n\n".join(texts), limits.text)
    return [*(Post(part, reply_to=item.reply_to, thread=item.thread) for part in split_up), *wholes]


def reply(item: Item, text: str, limits: Limits, code: bool) -> list[Part]:
    """Return the answer to a command as messages; `code`: columns that must stay under each other."""
    if item.press and len(text) <= limits.press:
        return [Post(text, press=item.press, reply_to=item.reply_to, thread=item.thread)]
    text = f"```\n{text}\n```" if code else text
    return [Post(part, reply_to=item.reply_to, thread=item.thread) for part in split.parts(text, limits.text)]


def _shown(told: Told, rules: Chat) -> tuple[str, list[Whole]]:
    """Return what a message shows, and its whole text where that is not all of it."""
    fact = told.fact
    if isinstance(fact, f.ToUser):
        return _of_peer(f"[{fact.author}]", fact.mid, told.body, rules.max_msg_chars, rules.max_msg_lines)
    if isinstance(fact, f.ToPeer):
        label = f"[{fact.author}→{other(fact.author)}]"
        most = rules.peer_message_max_chars, rules.peer_message_max_lines
        return _of_peer(label, fact.mid, told.body, *most)
    return words(fact), []


def _of_peer(label: str, mid: str, body: str, chars: int, lines: int) -> tuple[str, list[Whole]]:
    text = split.tidy(body)
    shown, left_out = split.shortened(text, chars, lines)
    if not left_out:
        return f"{label}\n{shown}", []
    return f"{label}\n{shown}\n… (cut here; full text in {mid}.md)", [Whole(f"{mid}.md", text)]


def words(fact: Fact) -> str:
    """Return what a fact says to people, in the words of its kind."""
    if isinstance(fact, (f.PatchCommit, f.SettingsApplied, f.PatchReject, f.PatchPrecheckFail)):
        text = line_of(fact).text if isinstance(fact, f.PatchPrecheckFail) else fact.line()  # git's words are many
        paths = f"\n{_first(fact.paths)}" if isinstance(fact, f.PatchCommit) else ""
        return f"[Gate] {_ENDED[type(fact)]} {fact.mid} of {fact.author}: {text}{paths}"
    if isinstance(fact, f.ChatTold):
        return fact.text
    if isinstance(fact, f.RfdQuestion):
        return fact.line()
    if isinstance(fact, answer.OUTCOMES):
        return answer.words(fact)
    return f"[System] {fact.line()}"


def _first(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _PATHS_SHOWN} more" if len(paths) > _PATHS_SHOWN else ""
    return ", ".join(f"`{path}`" for path in paths[:_PATHS_SHOWN]) + more


def _caption(fact: f.FileOut) -> str:
    label = {"a": "[PeerA]", "b": "[PeerB]"}.get(fact.route, "[PeerA+PeerB]")
    return f"{label} {fact.text}".strip()


def _card(card: Card, fact: f.Rfd) -> str:
    lines = [f"**Decision needed**: {fact.title}", f"`{fact.rfd_id}`, from {fact.author} ({fact.why})"]
    lines += [line for line in (fact.question, fact.summary) if line and line not in fact.title]
    lines += [f"- `{path}`" for path in fact.paths[:_PATHS_SHOWN]]
    if len(fact.paths) > _PATHS_SHOWN:
        lines.append(f"- and {len(fact.paths) - _PATHS_SHOWN} more")
    if card.status:
        lines.append(f"**{card.status}**")
    if not card.over:
        until = fact.expires[:16].replace("T", " ")
        needed = f", {fact.required} people must agree" if fact.required > 1 else ""
        lines.append(f"Until {until} UTC; then: {fact.default or 'nothing'}{needed}")
    return "\n".join(lines)


def _buttons(card: Card) -> tuple[Button, ...]:
    """The value of a button names the request by its fact: short, and good for ever."""
    answers = [Button(option.capitalize()[:60], f"{card.seq}:{n}") for n, option in enumerate(card.options)]
    return (*answers, Button("Ask more", f"{card.seq}:ask"))
