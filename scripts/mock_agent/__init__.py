"""A terminal program that behaves like an AI CLI in a pane, and plays a scenario.

The stand-in for a peer in the demo, and the test bed of delivery. What the composer,
the dialogs and the busy marks look like follows Claude Code.
"""

from cccc.scripts.mock_agent.agent import main

__all__ = ["main"]
