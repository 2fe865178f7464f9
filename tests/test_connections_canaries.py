"""No secret leaves: a whole copy is searched, and a failure in the middle of everything shows nothing."""

import base64
import io
import json
import logging
import os
import subprocess
import sys
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.views.debug import ExceptionReporter
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from benchmarks.canaries.spellings import hits, spellings
from config import logs
from connections import connecting
from connections.models import Secret
from tests.accounts import KEY, SERVICE, new_signing_secret

secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40)


def seen_in(text: bytes, secret: str) -> set[str]:
    return {spelling for _, spelling in hits(text, {"it": secret})}


def test_there_are_thirteen_spellings():
    assert len(spellings("a secret")) == 13


@budget(max_examples=60)
@given(secrets, st.binary(max_size=7), st.binary(max_size=7))
def test_the_search_finds_a_secret_inside_any_base64(secret, before, after):
    text = before + secret.encode() + after
    assert f"base64 +{len(before) % 3}" in seen_in(base64.b64encode(text), secret)
    assert f"base64url +{len(before) % 3}" in seen_in(base64.urlsafe_b64encode(text), secret)


@budget(max_examples=60)
@given(secrets)
def test_the_search_finds_every_other_spelling(secret):
    assert {"plain"} <= seen_in(f"x{secret}y".encode(), secret)
    assert {"hex"} <= seen_in(secret.encode().hex().upper().encode(), secret)
    assert {"url"} <= seen_in(
        quote(secret, safe="").lower().encode() + quote(secret, safe="").encode(), secret
    )
    assert {"json"} <= seen_in(json.dumps({"a": secret}).encode(), secret)
    assert {"json twice"} <= seen_in(json.dumps(json.dumps({"a": secret})).encode(), secret)


def test_the_search_finds_nothing_where_nothing_is():
    assert seen_in(os.urandom(200_000), KEY) == set()


@pytest.mark.timeout(300)
def test_a_whole_copy_keeps_its_secrets(tmp_path):
    words = [sys.executable, "-m", "benchmarks.canaries", "--json"]
    usual = {
        name: value for name, value in os.environ.items() if not name.startswith(("SWITCHBOARD_", "DJANGO_"))
    }
    told = subprocess.run(
        words,
        env=usual | {"SWITCHBOARD_BENCHMARKS": str(tmp_path)},
        cwd=settings.BASE_DIR,
        capture_output=True,
    )
    assert told.stdout, told.stderr.decode()[-2000:]
    result = json.loads(told.stdout)
    assert [row["sink"] for row in result["sinks"] if not row["sees"]] == []
    assert [(row["sink"], row["found"]) for row in result["sinks"] if row["found"]] == []
    assert (len(result["sinks"]), len(result["planted"]) >= 20) == (12, True)


FAILURES = {
    "sealing": (AESGCM, "encrypt"),
    "telling": (connecting.hub, "publish"),
    "writing down": (connecting.log, "record"),
    "storing": (Secret, "save"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("owner", "name"), FAILURES.values(), ids=FAILURES)
def test_a_failure_in_the_middle_shows_no_secret(admin, client_of, monkeypatch, owner, name):
    """Neither on the page, nor in the log, nor in a report with the values of all variables."""
    reports, lines, secret = [], io.StringIO(), new_signing_secret()
    handler = logging.StreamHandler(lines)
    formatter = dict(logs.configuration("DEBUG")["formatters"]["json"])
    handler.setFormatter(formatter.pop("()")(**formatter))
    logging.getLogger().addHandler(handler)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("in the middle")

    def report(request: HttpRequest, **_: object) -> None:
        made = ExceptionReporter(request, *sys.exc_info())
        reports.extend([made.get_traceback_html(), made.get_traceback_text()])

    monkeypatch.setattr(owner, name, fails)
    client = client_of(admin)
    client.raise_request_exception = False
    got_request_exception.connect(report)
    fields = {"name": "Research", "credential-apiKey": KEY, "webhook_secret": secret}
    answer = client.post(f"/connections/new/{SERVICE}/", fields)
    got_request_exception.disconnect(report)
    logging.getLogger().removeHandler(handler)
    assert answer.status_code == 500
    assert "in the middle" in lines.getvalue()
    assert len(reports) == 2
    told = answer.content + lines.getvalue().encode() + "".join(reports).encode()
    assert seen_in(told, KEY) == set()
    assert seen_in(told, secret) == set()
