"""With production settings `manage.py check --deploy` is silent, and the floor of threats.md holds."""

import json
import os
import secrets
import subprocess
import sys
from base64 import b64encode

import pytest
from django.conf import settings

FLOOR = {
    "DEBUG": False,
    "SESSION_COOKIE_NAME": "__Host-sid",
    "CSRF_COOKIE_NAME": "__Host-csrf",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_CONTENT_TYPE_NOSNIFF": True,
    "SECURE_REFERRER_POLICY": "same-origin",
    "X_FRAME_OPTIONS": "DENY",
    "ALLOWED_HOSTS": ["switchboard.example"],
    "REQUIRE_SECOND_FACTOR": True,
    "CELERY_ACCEPT_CONTENT": ["json"],
    "CELERY_TASK_SERIALIZER": "json",
    "CELERY_TASK_IGNORE_RESULT": True,
    "CELERY_WORKER_SEND_TASK_EVENTS": False,
    "DATA_UPLOAD_MAX_MEMORY_SIZE": 1 << 20,
}
PRINT = (
    "import json; from django.conf import settings; print(json.dumps({n: getattr(settings, n) for n in %r}))"
)


@pytest.fixture
def production(tmp_path) -> dict[str, str]:
    ring = tmp_path / "keys"
    ring.write_text("k1:" + b64encode(secrets.token_bytes(32)).decode())
    ring.chmod(0o600)
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return inherited | {
        "SWITCHBOARD_HOME": str(tmp_path),
        "SWITCHBOARD_PRODUCTION": "true",
        "SWITCHBOARD_URL": "https://switchboard.example",
        "ALLOWED_HOSTS": "switchboard.example",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "SWITCHBOARD_KEYS_FILE": str(ring),
    }


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True)


def test_check_deploy_is_clean(production):
    done = manage(production, "check", "--deploy", "--fail-level", "INFO")
    assert "no issues" in done.stdout, done.stderr


def test_a_key_file_that_others_may_read_is_refused_in_production(production, tmp_path):
    (tmp_path / "keys").chmod(0o644)
    done = manage(production, "check", "--deploy")
    assert done.returncode == 1
    assert "connections.E002" in done.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "SWITCHBOARD_KEYS_FILE"])
def test_production_makes_up_no_secret(production, missing):
    done = manage({**production, missing: ""}, "check")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Production needs" in done.stderr


def test_the_settings_keep_to_the_floor(production):
    done = manage(production, "shell", "--command", PRINT % sorted(FLOOR))
    assert json.loads(done.stdout.splitlines()[-1]) == FLOOR
