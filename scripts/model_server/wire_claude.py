"""Anthropic's messages, as Claude Code asks and reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cccc.scripts.model_server.script import Asked, Call, Fail, Say

PATH = "/v1/messages"
_HOOK = "\nStop hook feedback:\n"  # from 2.1.332 on inside of a reminder, and still the next thing to do


def asked(request: Mapping[str, Any]) -> Asked:
    """Return what a request asks. What is said after a turn that failed stands behind the results of its tools."""
    text, answered, seen = "", 0, ""
    for message in request["messages"]:
        content = message["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if message["role"] == "assistant":
            answered += 1
        elif message["role"] == "user":
            seen += "".join(json.dumps(part["content"]) for part in parts if part["type"] == "tool_result")
            texts = [part["text"] for part in parts if part["type"] == "text"]
            said = [each for each in texts if not each.lstrip().startswith("<system-reminder>") or _HOOK in each]
            if said:  # several, when the turns before failed
                text, answered, seen = said[-1], 0, ""
    return Asked(text, answered, seen, side=not request.get("tools"))


def events(step: Say | Call, number: int) -> Iterator[Mapping[str, Any]]:
    """Yield the events of a streamed answer."""
    usage = {"input_tokens": 10, "output_tokens": 1}
    message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": "model", "content": []}
    yield {"type": "message_start", "message": {**message, "stop_reason": None, "usage": usage}}
    if isinstance(step, Say):
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for word in step.words:
            yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
    else:
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": step.tool, "input": {}}
        yield {"type": "content_block_start", "index": 0, "content_block": block}
        given = {"type": "input_json_delta", "partial_json": json.dumps(step.given)}
        yield {"type": "content_block_delta", "index": 0, "delta": given}
    yield {"type": "content_block_stop", "index": 0}
    reason = "end_turn" if isinstance(step, Say) else "tool_use"
    yield {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


def error(step: Fail) -> Mapping[str, Any]:
    """Return the body of an HTTP error."""
    return {"type": "error", "error": {"type": step.type, "message": step.message, **step.more}}
