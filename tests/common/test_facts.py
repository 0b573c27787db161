"""What holds for every kind of fact."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import msgspec

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.facts import FAMILIES, KINDS, Fact
from cccc.common.registry import BRIDGE, CLI, SERVICES

DOCS = Path(__file__).parents[2] / "docs" / "ledger.md"
WRITTEN = Path(__file__).parent / "kinds.jsonl"  # by the version before the families: each kind, full and at its least


def first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def tables() -> str:
    """The tables of kinds as docs/ledger.md has to have them."""
    lines = []
    for name in FAMILIES:
        kinds = {kind: cls for kind, cls in KINDS.items() if f.family(cls) == name}
        module = sys.modules[next(iter(kinds.values())).__module__]
        lines += [f"\n### {name.capitalize()}\n", first_line(module), "", "| kind | says |", "|---|---|"]
        lines += [f"| `{kind}` | {first_line(cls)} |" for kind, cls in kinds.items()]
    return "\n".join(lines)


def test_the_documentation_lists_every_kind() -> None:
    listed = DOCS.read_text(encoding="utf-8").partition("## Kinds\n")[2]
    lacking = [line for line in tables().splitlines() if line not in listed]
    assert not lacking, "docs/ledger.md lacks\n" + "\n".join(lacking)
    assert tables() in listed, f"replace the tables of kinds in docs/ledger.md by:\n{tables()}"


def test_the_first_page_names_every_family() -> None:
    assert f.__doc__ and [name for name in FAMILIES if f"- `{name}`: " in f.__doc__] == list(FAMILIES)


def test_every_kind_belongs_to_a_family() -> None:
    assert set(KINDS.values()) == {cls for cls in Fact.__subclasses__() if cls.__module__.startswith("cccc.")}


def test_every_kind_is_said_by_somebody_who_is_there() -> None:
    roles = {*(service.name for service in SERVICES), BRIDGE, CLI}
    assert [kind for kind, cls in KINDS.items() if not cls.SAID_BY or set(cls.SAID_BY) - roles] == []


def test_every_kind_is_a_name_of_the_package() -> None:
    missing = {cls.__name__ for cls in KINDS.values() if getattr(f, cls.__name__, None) is not cls}
    assert not missing, f"add to common/facts/__init__.py: {missing}"


def test_what_an_older_version_wrote_is_read_and_written_alike() -> None:
    seen = set()
    for raw in WRITTEN.read_bytes().splitlines():
        fact = ledger.decode(raw)
        assert fact and msgspec.json.decode(msgspec.json.encode(fact)) == msgspec.json.decode(raw)
        assert isinstance(fact.line(), str) and fact.tone in ("", "good", "bad", "asks", "talk")
        seen.add(fact.kind)
    assert seen <= set(KINDS) and len(seen) > 100


def test_no_kind_hides_a_field_of_the_envelope() -> None:
    envelope = set(Fact.__struct_fields__)
    hidden = {kind for kind, cls in KINDS.items() if envelope & vars(cls).get("__annotations__", {}).keys()}
    assert hidden == set()
