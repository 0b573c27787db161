"""OpenAI's responses, as Codex asks and reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cccc.scripts.model_server.script import Asked, Call, Fail, Say

PATH = "/v1/responses"
_NOT_SAID = ("<", "# AGENTS.md")  # what Codex itself puts in as the user's


def asked(request: Mapping[str, Any]) -> Asked:
    """Return what a request asks."""
    text, answered, seen = "", 0, ""
    for item in request["input"]:
        if item.get("role") == "user":
            said = "\n".join(part["text"] for part in item["content"] if part["type"] == "input_text")
            if not said.startswith(_NOT_SAID):
                text, answered, seen = said, 0, ""
        elif item.get("role") == "assistant" or item["type"] in ("function_call", "custom_tool_call"):
            answered += 1
        elif "output" in item:
            seen += json.dumps(item["output"])
    return Asked(text, answered, seen, side="format" in request.get("text", {}))


def events(step: Say | Call, number: int) -> Iterator[Mapping[str, Any]]:
    """Yield the events of a streamed answer."""
    response = {"id": f"resp_{number}", "object": "response", "output": []}
    yield {"type": "response.created", "response": {**response, "status": "in_progress"}}
    item: dict[str, Any]
    if isinstance(step, Say):
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed"}
        yield {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}}
        for word in step.words:
            delta = {"type": "response.output_text.delta", "item_id": item["id"], "delta": word}
            yield {**delta, "output_index": 0, "content_index": 0}
        item["content"] = [{"type": "output_text", "text": step.text, "annotations": []}]
    elif isinstance(step.given, str):
        item = {"type": "custom_tool_call", "call_id": f"call_{number}", "name": step.tool, "input": step.given}
    else:
        item = {"type": "function_call", "call_id": f"call_{number}", "name": step.tool}
        item["arguments"] = json.dumps(step.given)
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    tokens = {"input_tokens": 10, "output_tokens": 1, "total_tokens": 11}
    yield {"type": "response.completed", "response": {**response, "status": "completed", "usage": tokens}}


def error(step: Fail) -> Mapping[str, Any]:
    """Return the body of an HTTP error."""
    return {"error": {"type": step.type, "message": step.message, **step.more}}
