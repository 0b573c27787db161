"""What holds for every kind of fact."""

from __future__ import annotations

import inspect
from pathlib import Path

from cccc.common import facts
from cccc.common.facts import FAMILIES, KINDS, Fact

DOCS = Path(__file__).parents[2] / "docs" / "ledger.md"


def first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def tables() -> str:
    """The tables of kinds as docs/ledger.md has to have them."""
    lines = []
    for family in FAMILIES:
        lines += [
            f"\n### {family.__name__.rpartition('.')[2].capitalize()}\n",
            first_line(family),
            "",
            "| kind | says |",
            "|---|---|",
        ]
        kinds = ((kind, cls) for kind, cls in KINDS.items() if cls.__module__ == family.__name__)
        lines += [f"| `{kind}` | {first_line(cls)} |" for kind, cls in kinds]
    return "\n".join(lines)


def test_the_documentation_lists_every_kind() -> None:
    listed = DOCS.read_text(encoding="utf-8").partition("## Kinds\n")[2]
    assert tables() in listed, f"replace the tables of kinds in docs/ledger.md by:\n{tables()}"


def test_the_first_page_names_every_family() -> None:
    named = {family.__name__ for family in FAMILIES if f"- `{family.__name__.rpartition('.')[2]}`: " in facts.__doc__}
    assert named == {family.__name__ for family in FAMILIES}


def test_every_kind_belongs_to_a_family() -> None:
    assert set(KINDS.values()) == {cls for cls in Fact.__subclasses__() if cls.__module__.startswith("cccc.")}


def test_every_kind_is_a_name_of_the_package() -> None:
    missing = {cls.__name__ for cls in KINDS.values() if getattr(facts, cls.__name__, None) is not cls}
    assert not missing, f"add to common/facts/__init__.py: {missing}"


def test_no_kind_hides_a_field_of_the_envelope() -> None:
    envelope = set(Fact.__struct_fields__)
    hidden = {kind for kind, cls in KINDS.items() if envelope & vars(cls).get("__annotations__", {}).keys()}
    assert hidden == set()
