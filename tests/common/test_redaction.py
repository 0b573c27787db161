"""Redaction: which shapes go, which text stays, and what it costs."""

from __future__ import annotations

import re
import time

import pytest

from cccc.common import facts as f
from cccc.common.text.redaction import REDACTED, Redactor, default

# Put together here, so that no scanner takes this file for a leak.
TELEGRAM = "123456789" + ":" + "AAF-x_9" * 5
SLACK = "xoxb" + "-123456789012-abcdefABCDEF"
GITHUB = "ghp" + "_" + "aB3" * 12
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\n+abc/==\n-----END RSA " + "PRIVATE KEY-----"


TOKENS = {
    "Telegram": TELEGRAM,
    "Slack": SLACK,
    "Slack, of an app": "xapp" + "-1-A0123-456-abcdef",
    "Slack, that expires": "xoxe.xoxp" + "-1-Mi0yLTE234567",
    "GitHub": GITHUB,
    "GitHub, of a person": "github_pat" + "_11ABCDEFG0" + "a" * 50,
    "GitLab": "glpat" + "-abcdefghij0123456789",
    "OpenAI": "sk" + "-" + "a1B2" * 12,
    "OpenAI, of a project": "sk" + "-proj-" + "a1B2" * 8,
    "Anthropic": "sk" + "-ant-api03-" + "a1B2" * 8,
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "Google": "AIza" + "Sy" + "a" * 33,
    "Discord": "M" + "a" * 24 + ".GabcdE." + "b" * 38,
    "JWT": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".abc-DEF_123",
    "a private key": KEY,
    "a private key of PGP": KEY.replace("RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK"),
    "a header": "Authorization: " + "Bearer abc123",
    "another header": "Authorization: " + "Basic dXNlcjpwYXNz",
    "a bearer": "Bearer " + "abcdef0123456789",
}
WRITTEN = ["api_key=abc", "API-KEY : abc", "secret: abc", "PASSWORD=hunter2", '"db_password": "hun ter2"']


@pytest.mark.parametrize("secret", [*TOKENS.values(), *WRITTEN])
def test_a_secret_is_taken_out_and_the_text_around_it_stays(secret: str) -> None:
    assert default.redact(f"see {secret} there") == f"see {REDACTED} there"


@pytest.mark.parametrize(
    "place",
    [
        "{}",
        "{} at the start",
        "at the end {}",
        '{{"key": "{}"}}',
        '{{\\"key\\": \\"{}\\"}}',
        "@@ -1 +1 @@\n-{}\n",
        "@@ -1 +1 @@\n+{}\n",
        "TOKEN={}",
        "a line\\n{}\\nanother",
        "\x1b[1;31m{}\x1b[0m",
        "({})",
        "`{}`",
        "<b>{}</b>",
        "{},{}",
        "?key={}&x=1",
    ],
)
@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_is_taken_out_wherever_it_stands(token: str, place: str) -> None:
    found = default.redact(place.format(token, token))
    assert token.splitlines()[-1].split()[-1][-16:] not in found and default.redact(found) == found


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_that_the_end_of_a_preview_cuts_shows_no_part_of_itself(token: str) -> None:
    before = KEY.replace("MIIEow", "M" * 3 * f.PREVIEW) + " "  # so that what is looked at fits into the preview
    for shown in range(1, len(token)):
        filler = "." * (4 * f.PREVIEW - len(before) - 1 - shown) + " "
        preview = f.body(f"{before}{filler}{token} and more".encode(), default.redact)["text"]
        assert preview.startswith(REDACTED) and token.split(" ")[-1][:4] not in preview


def test_a_token_in_a_url_is_taken_out() -> None:
    assert default.redact(f"https://api.telegram.org/bot{TELEGRAM}/getMe") == (
        f"https://api.telegram.org/bot{REDACTED}/getMe"
    )


def test_a_password_in_a_url_is_taken_out_and_the_host_stays() -> None:
    assert default.redact("https://me:hunter2@example.org/x") == f"https://{REDACTED}example.org/x"


def test_a_private_key_that_is_cut_off_is_taken_out_to_the_end() -> None:
    assert default.redact("a " + KEY[:45]) == f"a {REDACTED}"


def test_a_private_key_in_a_diff_is_taken_out() -> None:
    diff = "\n".join(f"+{line}" for line in KEY.splitlines()) + "\n+done\n"
    assert default.redact(diff) == f"+{REDACTED}\n+done\n"


@pytest.mark.parametrize(
    "text",
    [
        "risk-assessment-and-mitigation-of-things",
        "task-sk-1 at 12:30:45",
        "the secret of a good password is its length",
        "commit 9e7284f3a82427fb9e7284f3a82427fb9e7284f3",
        "diff --git a/src/token.py b/src/token.py\n@@ -1,2 +1,2 @@\n",
        "https://example.org:8080/a@b",
        "eyJ is how they begin",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert default.redact(text) == text


def test_patterns_of_a_person_come_on_top_of_the_token_shapes() -> None:
    redactor = Redactor([r"PROJ-\d+"])
    assert redactor.redact(f"PROJ-12 {SLACK}") == f"{REDACTED} {REDACTED}"


def test_without_patterns_assignments_stay_and_tokens_still_go() -> None:
    assert Redactor([]).redact(f"password: x {SLACK}") == f"password: x {REDACTED}"


def test_a_pattern_that_matches_nothing_at_all_adds_nothing() -> None:
    assert Redactor(["x*"]).redact("abxxc") == f"ab{REDACTED}c"


def test_a_pattern_that_does_not_compile_is_refused() -> None:
    with pytest.raises(re.error):
        Redactor(["("])


HOSTILE = """
1
1234567890:
api_key\x20
-----BEGIN PRIVATE KEY-----
-----BEGIN A\x20
xoxb-
eyJaaaaaaaa.
://a:
MM.
"
"password": "
bearer\x20
aws_secret_access_key=
sk-a\x20
https://discord.com/api/webhooks/
'-
a
"""


@pytest.mark.parametrize("part", HOSTILE.strip("\n").split("\n"))
def test_hostile_text_takes_time_in_proportion_to_its_length(part: str) -> None:
    def seconds(length: int) -> float:
        text = (part * (length // len(part) + 1))[:length]
        start = time.process_time()
        default.redact(text)
        return time.process_time() - start

    # 16 times the text: about 16 times the time, 256 times if it were quadratic. The rest is for a noisy machine.
    assert seconds(320_000) < 80 * max(min(seconds(20_000) for _ in range(3)), 0.001)
