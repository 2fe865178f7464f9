"""Every answer, whatever its status, carries what keeps a browser from doing what nobody meant."""

import pytest
from django.urls import reverse

from people import views

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def hold(answer) -> None:
    policy = set(answer.headers["Content-Security-Policy"].split("; "))
    assert policy >= POLICY
    assert "unsafe" not in str(policy)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("status", "path", "more"),
    [
        (200, "/sign-in/", {}),
        (200, "/static/app.css", {}),
        (302, "/people/", {}),
        (400, "/sign-in/", {"HTTP_HOST": "evil.example"}),
        (401, "/api/v1/runs", {}),
        (404, "/nothing/here/", {}),
        (405, "/account/language/", {}),
        (410, "/welcome/used/", {}),
    ],
)
def test_to_strangers(client, db, status, path, more):
    answer = client.get(path, **more)
    answer.close()  # a static file is one that is open
    assert answer.status_code == status
    hold(answer)


def test_to_those_who_may_not(viewer_client):
    answer = viewer_client.get(reverse("people:invite"))
    assert answer.status_code == 403
    hold(answer)


def test_when_something_broke_and_then_it_says_nothing_of_it(viewer_client, monkeypatch):
    def broken(people):
        raise RuntimeError("sk-canary")

    monkeypatch.setattr(views.factors, "shown", broken)
    viewer_client.raise_request_exception = False
    answer = viewer_client.get("/people/")
    assert answer.status_code == 500
    assert "canary" not in answer.content.decode()
    hold(answer)


@pytest.mark.parametrize("path", ["/", "/people/", "/runs/", "/log/", "/account/", "/connections/"])
def test_no_page_of_somebody_is_kept_or_framed(viewer_client, path):
    answer = viewer_client.get(path)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
