"""What is deployed is true; with production settings `check --deploy` is silent and the floor holds."""

import inspect
import json
import os
import re
import secrets
import subprocess
import sys
from base64 import b64encode

import pytest
import yaml
from celery import Celery
from celery.app.utils import find_app
from django.conf import settings
from django.core.management import get_commands

from config import product
from config.management.commands import web

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


@pytest.mark.parametrize(
    "file", sorted((settings.BASE_DIR / "requirements").glob("*.txt")), ids=lambda f: f.name
)
def test_every_python_package_is_one_version_with_its_hashes(file):
    wanted = re.split(r"\n(?=\S)", file.read_text().strip())
    assert [
        one
        for one in wanted
        if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+( ;[^\\]+)? \\\n +--hash=sha256:", one)
    ] == []


def test_every_package_of_the_browser_is_one_version_with_its_hash():
    locked = json.loads((settings.BASE_DIR / "package-lock.json").read_text())["packages"]
    assert [
        name for name, one in locked.items() if name and not one.get("integrity", "").startswith("sha512-")
    ] == []


def test_packages_are_installed_by_their_hashes_and_run_nothing_while_they_are():
    script = (settings.BASE_DIR / "bin" / "sync").read_text()
    assert [
        line for line in script.splitlines() if "pip sync" in line and "--require-hashes" not in line
    ] == []
    assert (
        script.count(" -m pip ")
        == script.count('"$command" --disable-pip-version-check --require-hashes')
        == 1
    )
    assert script.count("npm ci") + script.count("        ci --") == script.count("--ignore-scripts") == 2


DEPLOY = settings.BASE_DIR / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
WORKER = DEPLOY / "switchboard-worker@.service"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name for name, one in COMPOSE["services"].items() if one.get("image") == "switchboard"}
KNOWN = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (settings.BASE_DIR / ".env.example").read_text(), re.MULTILINE))


def test_what_is_deployed_sets_only_settings_that_exist():
    told = {name for one in OURS for name in COMPOSE["services"][one]["environment"]}
    for unit in UNITS:
        told |= set(re.findall(r"^Environment=(\w+)=", unit.read_text(), re.MULTILINE))
    told |= set(re.findall(r"\b(SWITCHBOARD_[A-Z_]+)=", (DEPLOY / "Containerfile").read_text()))
    told |= set(re.findall(r"\{\$(\w+)\}", (DEPLOY / "Caddyfile").read_text()))
    told |= set(
        re.findall(r"`([A-Z]+_[A-Z_]+)[`=]", (settings.BASE_DIR / "docs" / "deploying.md").read_text())
    )
    assert told - KNOWN == {"MALLOC_ARENA_MAX"}  # the C library's


def test_what_is_deployed_starts_only_programs_that_exist():
    lines = [" ".join(COMPOSE["services"][one].get("command", [])) for one in OURS]
    lines += re.findall(r"^ExecStart=(.+)$", "\n".join(unit.read_text() for unit in UNITS), re.MULTILINE)
    commands = {found for line in lines for found in re.findall(r"manage\.py (\w+)", line)}
    apps = {found for line in lines for found in re.findall(r"celery -A (\S+)", line)}
    assert commands == {"prepare", "web", "up"} <= set(get_commands())
    assert apps == {"config", "config.clock"}
    assert all(isinstance(find_app(name), Celery) for name in apps)


def test_only_what_migrates_is_told_how_to_connect_as_the_owner():
    roles = set(re.findall(r"CREATE ROLE (\w+) LOGIN", (DEPLOY / "roles.sql").read_text()))
    assert roles == {"switchboard", "switchboard_app"}
    for one in OURS:
        told = COMPOSE["services"][one]["environment"]
        assert told["DATABASE_URL"].startswith("postgresql://switchboard_app:")
        assert ("DATABASE_OWNER_URL" in told) == (one == "prepare")
    owners = [unit.name for unit in UNITS if "switchboard-owner.env" in unit.read_text()]
    assert owners == ["switchboard-prepare.service"]


def test_whatever_runs_for_good_waits_for_the_migrations_and_comes_back_by_itself():
    for one in OURS - {"prepare"}:
        service = COMPOSE["services"][one]
        assert service["depends_on"] == {"prepare": {"condition": "service_completed_successfully"}}
        assert (service["restart"], service["read_only"], service["cap_drop"]) == (
            "unless-stopped",
            True,
            ["ALL"],
        )
    for unit in UNITS:
        text = unit.read_text()
        assert "NoNewPrivileges=yes" in text
        assert "prepare" in unit.name or re.search(r"^Restart=(always|on-failure)$", text, re.MULTILINE)
        assert "@" not in unit.name or "Requires=switchboard-prepare.service" in text


def test_workers_have_as_many_heaps_as_those_of_the_supervisor():
    ours = re.findall(r'MALLOC_ARENA_MAX="(\d+)"', inspect.getsource(product))
    units = re.findall(r"^Environment=MALLOC_ARENA_MAX=(\d+)$", WORKER.read_text(), re.MULTILINE)
    assert ours == units == [COMPOSE["services"]["worker"]["environment"]["MALLOC_ARENA_MAX"]]


def test_workers_of_several_machines_have_names_of_their_own():
    [name] = re.findall(r" -n (\S+)$", WORKER.read_text(), re.MULTILINE)
    assert set(re.findall(r"%.", name)) == {"%i", "%H"}  # %h is the home folder of systemd's user


def test_an_upgrade_migrates_without_taking_the_web_processes_with_it():
    prepare = (DEPLOY / "switchboard-prepare.service").read_text()
    started, again = (
        re.findall(rf"^{when}=(.+)$", prepare, re.MULTILINE) for when in ("ExecStart", "ExecReload")
    )
    assert started == again
    assert "systemctl reload switchboard-prepare" in (settings.BASE_DIR / "docs" / "deploying.md").read_text()


def test_the_proxy_knows_no_secret():
    assert COMPOSE["services"]["proxy"]["environment"].keys() == {"SWITCHBOARD_URL"}
    assert not {"env_file", "secrets"} & COMPOSE["services"]["proxy"].keys()


def test_plain_http_is_never_redirected_at_the_door():
    # Caddy carries out every redir before any respond, wherever they stand.
    [plain] = re.findall(r"^http:// \{(.+?)^\}", (DEPLOY / "Caddyfile").read_text(), re.MULTILINE | re.DOTALL)
    [matcher] = re.findall(r"redir (@\w+) ", plain)
    assert f"{matcher} not path /webhooks/*" in plain


def test_both_proxies_close_what_is_idle_before_the_web_process_does_and_keep_the_figures_inside():
    caddy, nginx = ((DEPLOY / name).read_text() for name in ("Caddyfile", "nginx.conf"))
    ours = int(re.findall(r"timeout_keep_alive=(\d+)", inspect.getsource(web))[0])
    for text, idle in ((caddy, r"keepalive (\d+)s"), (nginx, r"keepalive_timeout (\d+)s")):
        assert int(re.findall(idle, text)[0]) < ours
        assert all(figure in text for figure in ("/metrics", "/readyz"))


@pytest.mark.parametrize("kept", [".git", "var", "deploy/keys", "deploy/.env", "deploy/*.env", ".env"])
def test_an_image_holds_no_secret_of_this_machine(kept):
    assert kept in (settings.BASE_DIR / ".dockerignore").read_text().splitlines()


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
