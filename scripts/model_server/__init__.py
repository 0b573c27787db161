"""A stand-in for the model behind the real CLIs, on loopback: it answers by a script.

It speaks as much of Anthropic's messages (`wire_claude`) and OpenAI's responses (`wire_codex`)
as Claude Code and Codex need for whole turns with tools. It needs no state: which step comes
next is counted in the conversation that each request carries.
"""

from cccc.scripts.model_server.script import Call, Fail, Hang, Rule, Say
from cccc.scripts.model_server.server import ModelServer

__all__ = ["Call", "Fail", "Hang", "ModelServer", "Rule", "Say"]
