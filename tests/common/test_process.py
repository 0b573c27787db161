"""What a service writes into its log, also when it dies."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cccc.common.text.redaction import REDACTED

TOKEN = "123456789" + ":" + "AAF-x_9" * 5
PROGRAM = """
import logging, sys, threading
from cccc.common.machine.process import logging_to_stderr

def end(where=sys.argv[2]):
    if where == "a line":
        logging.warning("it said %s", sys.argv[1])
    elif where == "a caught error":
        try:
            raise ValueError(f"it said {sys.argv[1]}")
        except ValueError:
            logging.exception("caught")
    else:
        raise ValueError(f"it said {sys.argv[1]}")

with logging_to_stderr():
    if sys.argv[2] == "the end of a thread":
        thread = threading.Thread(target=end)
        thread.start()
        thread.join()
    else:
        end()
"""


@pytest.mark.parametrize("where", ["a line", "a caught error", "the end of a thread", "the end of the process"])
def test_the_log_has_no_secret_in(where: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, TOKEN, where], capture_output=True, text=True, check=False)
    assert f"it said {REDACTED}" in done.stderr and TOKEN not in done.stderr
    assert ("Traceback" in done.stderr) == (where != "a line")
