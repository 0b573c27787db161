"""`pytest -p tests.sample`: a few inputs of each corpus, a test marked `corpus(keep)`, and others at each commit."""

from __future__ import annotations

import random
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep of each corpus as many inputs as its mark says. One commit tries the same ones everywhere."""
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True, check=True).stdout.strip()
    corpora: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("corpus"):
            corpora[item.nodeid.partition("[")[0]].append(item)
    left_out: set[pytest.Item] = set()
    for name, inputs in corpora.items():
        mark = inputs[0].get_closest_marker("corpus")
        assert mark
        kept = random.Random(commit + name).sample(inputs, min(mark.args[0], len(inputs)))  # no secret
        left_out.update(set(inputs) - set(kept))
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]
