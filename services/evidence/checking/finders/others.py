"""Ecosystems whose checks are shown by one file each: gradle, Maven, .NET, sbt, Mix, Perl."""

from __future__ import annotations

import re
from typing import NamedTuple

from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked

NAME = "others"
MANIFEST = re.compile(
    r"^(?:settings\.gradle(?:\.kts)?|gradlew|pom\.xml|[^/]+\.(?:slnx?|[cf]sproj)|build\.sbt|mix\.exs|Makefile\.PL|Build\.PL"
    r"|cpanfile)$"
)


class Line(NamedTuple):
    """A check, and the file that shows it. Of the lines with one name the first counts."""

    name: str
    kind: str
    shown: str  # for people
    files: str  # pattern of a path in the folder
    command: str
    program: str  # that has to be installed
    needs: str = ""  # a file that has to be there too
    says: str = ""  # pattern of the content of one of the files


_GRADLE, _MAVEN = r"^(?:build|settings)\.gradle(?:\.kts)?$", r"^pom\.xml$"
LINES = (
    Line("jvm", "test", "the next, multiplatform", _GRADLE, "./gradlew allTests", "java", "gradlew", "multiplatform"),
    Line(
        "jvm",
        "test",
        "build.gradle(.kts) or settings.gradle(.kts), with gradlew",
        _GRADLE,
        "./gradlew test",
        "java",
        "gradlew",
    ),
    Line("jvm", "test", "pom.xml with mvnw", _MAVEN, "./mvnw -B test", "java", "mvnw"),
    Line("jvm", "test", "pom.xml", _MAVEN, "mvn -B test", "mvn"),
    Line("jvm", "test", "settings.gradle(.kts) or build.gradle(.kts)", _GRADLE, "gradle test", "gradle"),
    Line("dotnet", "test", "`*.sln`, `*.slnx`", r"^[^/]+\.slnx?$", "dotnet test", "dotnet", says=r"\.(?:cs|fs|vb)proj"),
    Line("dotnet", "test", "`*.csproj`, `*.fsproj`", r"^[^/]+\.[cf]sproj$", "dotnet test", "dotnet"),
    Line("sbt", "test", "build.sbt", r"^build\.sbt$", "sbt test", "sbt"),
    Line("mix", "test", "mix.exs", r"^mix\.exs$", "mix test", "mix"),
    Line("mix format", "lint", ".formatter.exs", r"^\.formatter\.exs$", "mix format --check-formatted", "mix"),
    Line("credo", "lint", ".credo.exs", r"^\.credo\.exs$", "mix credo", "mix"),
    Line(
        "perl",
        "test",
        "`t/*.t` or test.pl, with Makefile.PL",
        r"^(?:t/.*\.t|test\.pl)$",
        "perl Makefile.PL && make test",
        "make",
        "Makefile.PL",
    ),
    Line("perl", "test", "`t/*.t`", r"^t/.*\.t$", "prove -lr t", "prove"),
)
ROWS: tuple[Row, ...] = tuple(
    Row(line.shown, **{"lint" if line.kind == "lint" else "tests": f"`{line.command}`"}) for line in LINES
)


def find(tracked: Tracked) -> list[Found]:
    found: dict[str, Found] = {}
    for line in LINES:
        files = tracked.matching(re.compile(line.files))
        if not files or line.name in found or (line.needs and line.needs not in tracked.names):
            continue
        if not line.says or any(re.search(line.says, tracked.read(name)) for name in files):
            missing = "" if tracked.on_path(line.program) else line.program
            found[line.name] = Found(line.kind, line.command, files[0], missing=missing)
    return list(found.values())


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    return False
