"""Run a mock peer in this terminal: python -m cccc.scripts.mock_agent --role peerA."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from cccc.common.errors import UserError
from cccc.scripts.mock_agent.agent import main


def command() -> int:
    parser = argparse.ArgumentParser(prog="mock_agent", description="a mock peer in this terminal")
    parser.add_argument("--role", required=True, choices=["peerA", "peerB"])
    parser.add_argument("--scenario", type=Path, help="scenario file (default: one that answers anything)")
    home = os.environ.get("CCCC_HOME")
    parser.add_argument("--home", type=Path, default=Path(home) if home else None, help="the project's .cccc")
    parser.add_argument(
        "--hook", nargs=2, action="append", default=[], metavar=("EVENT", "COMMAND"), help="run at EVENT"
    )
    arguments = parser.parse_args()
    try:
        return main(arguments.role, arguments.scenario, arguments.home, dict(arguments.hook))
    except UserError as error:
        print(f"mock_agent: {error}", file=sys.stderr)
        return 1


sys.exit(command())
