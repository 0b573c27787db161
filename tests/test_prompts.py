"""The prompts name the paths, tags and words that the system really uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cccc.common.paths import PEERS, folder, other

PROMPTS = Path(__file__).parent.parent / "conf" / "prompts"
EACH = [(f"PEER{peer[-1]}.md", peer) for peer in PEERS] + [(f"SYSTEM.{folder(peer)}.md", peer) for peer in PEERS]


@pytest.fixture(params=EACH, ids=[name for name, _ in EACH])
def prompt(request: pytest.FixtureRequest) -> tuple[str, str]:
    name, peer = request.param
    return (PROMPTS / name).read_text(encoding="utf-8"), peer


def test_a_prompt_names_the_mailbox_of_its_own_peer_only(prompt: tuple[str, str]) -> None:
    text, peer = prompt
    assert set(re.findall(r"\.cccc/mailbox/(\w+)/", text)) == {folder(peer)}
    for file in ("inbox/", "processed/", "to_peer.md", "patch.diff"):
        assert f".cccc/mailbox/{folder(peer)}/{file}" in text


def test_only_peer_a_is_given_a_file_to_the_user(prompt: tuple[str, str]) -> None:
    text, peer = prompt
    assert (".cccc/mailbox/peerA/to_user.md" in text) == (peer == "PeerA")


def test_a_prompt_names_the_tags_that_its_peer_can_see(prompt: tuple[str, str]) -> None:
    text, peer = prompt
    assert set(re.findall(r"<(FROM_\w+)>", text)) == {"FROM_USER", "FROM_SYSTEM", f"FROM_{other(peer)}"}


def test_a_prompt_is_plain_utf_8_with_unix_lines(prompt: tuple[str, str]) -> None:
    text, _ = prompt
    assert "\r" not in text and not text.startswith("\ufeff") and text.endswith("\n")
