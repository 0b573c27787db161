from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from cccc.scripts.model_server import Call, Fail, ModelServer, Rule, Say
from cccc.scripts.model_server.script import Asked, answer

RULES = [
    Rule(r"read (\w+)", lambda found, seen: [Call("Read", {"file_path": found[1]}), Say(f"I have read {seen}.")]),
    Rule("limit", lambda *_: [Fail(429, "no more today", "rate_limit_error")]),
]


@pytest.fixture
def model() -> Iterator[ModelServer]:
    server = ModelServer(RULES)
    yield server
    server.close()


def post(model: ModelServer, path: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of the streamed answer."""
    call = urllib.request.Request(model.url + path, json.dumps(request).encode())
    with urllib.request.urlopen(call, timeout=5) as stream:
        lines = stream.read().decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def test_steps_follow_each_other_and_then_there_is_nothing_to_add() -> None:
    assert answer(RULES, Asked("please read it", 0)) == Call("Read", {"file_path": "it"})
    assert answer(RULES, Asked("please read it", 1)) == Say("I have read .")
    assert answer(RULES, Asked("please read it", 2)) == Say("Done.")
    assert answer(RULES, Asked("hello", 0)) == Say("Nothing to do.")
    assert "title" in answer(RULES, Asked("read it", 0, side=True)).text  # type: ignore[union-attr]


def test_claude_gets_a_tool_call_and_then_text(model: ModelServer) -> None:
    talk: list[dict[str, Any]] = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "<system-reminder>x"}, {"type": "text", "text": "read a"}],
        }
    ]
    request = {"tools": [{}], "messages": talk}
    first = post(model, "/v1/messages?beta=true", request)
    assert [event["content_block"]["name"] for event in first if "content_block" in event] == ["Read"]
    talk += [
        {"role": "assistant", "content": [{"type": "tool_use"}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "content": 7}, {"type": "text", "text": "<system-reminder>"}],
        },
    ]
    second = post(model, "/v1/messages", request)
    said = "".join(event["delta"].get("text", "") for event in second if event["type"] == "content_block_delta")
    assert said == "I have read 7."
    assert [asked.answered for asked in model.asked] == [0, 1]
    talk[-1]["content"].append({"type": "text", "text": "read b"})  # the turn failed, and a person goes on
    third = post(model, "/v1/messages", request)
    assert [event["content_block"]["name"] for event in third if "content_block" in event] == ["Read"]


def test_what_a_stop_hook_says_is_the_next_thing_to_do_though_it_stands_in_a_reminder(model: ModelServer) -> None:
    said = "<system-reminder>\nThe text below is the output of a hook.\nStop hook feedback:\nread a\n</system-reminder>"
    talk = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": []},
        {"role": "user", "content": said},
    ]
    first = post(model, "/v1/messages", {"tools": [{}], "messages": talk})
    assert [event["content_block"]["name"] for event in first if "content_block" in event] == ["Read"]


def test_codex_gets_a_tool_call_and_then_text(model: ModelServer) -> None:
    def human(text: str) -> dict[str, Any]:
        return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}

    talk = [human("read a"), human("<environment_context>")]
    first = post(model, "/v1/responses", {"input": talk, "text": {}})
    assert [event["item"]["name"] for event in first if "item" in event] == ["Read"]
    talk += [{"type": "function_call"}, {"type": "function_call_output", "output": 7}]
    second = post(model, "/v1/responses", {"input": talk})
    assert "".join(event["delta"] for event in second if "delta" in event) == "I have read 7."
    assert second[-1]["type"] == "response.completed"


def test_an_error_is_an_http_error(model: ModelServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(model, "/v1/messages", {"tools": [{}], "messages": [{"role": "user", "content": "limit"}]})
    assert refused.value.code == 429
    assert b"no more today" in refused.value.read()
    refused.value.close()
    with pytest.raises(urllib.error.HTTPError) as missing:
        post(model, "/v1/other", {})
    missing.value.close()
    assert missing.value.code == 404
