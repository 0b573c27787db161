"""The program in the panel pane, and `cccc panel`."""

from __future__ import annotations

import os
import sys

from cccc.common.errors import UserError
from cccc.common.machine import zone
from cccc.common.paths import Project


def main() -> int:
    """Show the panel until it is left. Returns the exit code."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "dumb") == "dumb":
        print("the panel needs a terminal; use `cccc status` or `cccc console`", file=sys.stderr)
        return 1
    try:
        project = Project.find()
    except UserError as error:
        print(error, file=sys.stderr)
        return 3
    from cccc.services.tui.app import Panel  # here, because it costs 300 ms

    zone.settle()
    for name in ("LINES", "COLUMNS"):  # textual would believe them rather than the terminal
        os.environ.pop(name, None)
    panel = Panel(project)
    panel.run()
    return panel.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
