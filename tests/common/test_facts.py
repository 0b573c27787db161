"""What holds for every kind of fact."""

from __future__ import annotations

import inspect
from pathlib import Path

from cccc.common.facts import KINDS, Fact

DOCS = Path(__file__).parents[2] / "docs" / "ledger.md"


def rows() -> list[str]:
    """The table of kinds as docs/ledger.md has to have it."""
    return [f"| `{kind}` | {(inspect.getdoc(cls) or '').partition(chr(10))[0]} |" for kind, cls in KINDS.items()]


def test_the_documentation_lists_every_kind() -> None:
    listed = [
        line for line in DOCS.read_text(encoding="utf-8").split("## Kinds")[1].splitlines() if line.startswith("| `")
    ]
    wrong = "\n".join(rows()) if listed != rows() else ""
    assert not wrong, f"replace the rows of the table in docs/ledger.md by:\n{wrong}"


def test_no_kind_hides_a_field_of_the_envelope() -> None:
    envelope = set(Fact.__struct_fields__)
    hidden = {kind for kind, cls in KINDS.items() if envelope & vars(cls).get("__annotations__", {}).keys()}
    assert hidden == set()
