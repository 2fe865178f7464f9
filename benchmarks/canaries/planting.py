"""Enters twenty secrets wherever the product takes one, rightly and wrongly, and lets all of them be used."""

import base64
import hmac
import json
import os
import re
import secrets
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.canaries.visitor import Visitor
from benchmarks.house import BASE, House

LINK = re.compile(r"http://\S+/welcome/[\w-]+/")
SEED = re.compile(r"\b[A-Z2-7]{32}\b")
TYPE = {"type": "batch.completed", "data": {"id": "batch_control"}, "created_at": 0, "object": "event"}


def api_key() -> str:
    """Return a key that looks different in every spelling."""
    return f'sk-"{secrets.token_urlsafe(12)}/+=&<>\\{secrets.token_urlsafe(12)}'


def signing_secret() -> str:
    """Return a webhook signing secret."""
    return "whsec_" + base64.b64encode(os.urandom(30)).decode()


def ring_key() -> str:
    """Return the base64 of one key for the ring."""
    return base64.b64encode(os.urandom(32)).decode()


@dataclass
class Plot:
    """The secrets by name, and what must be found everywhere to prove that the search sees."""

    control: str = field(default_factory=lambda: f"control-{secrets.token_hex(8)}")
    canaries: dict[str, str] = field(default_factory=dict)

    def new(self, name: str, make: Callable[[], str]) -> str:
        """Make one secret and remember it."""
        return self.canaries.setdefault(name, make())

    def environment(self, home: Path) -> Mapping[str, str]:
        """Return the copy's settings: its own keys are canaries, too."""
        keys = [f"{label}:{self.new(f'ring key {label}', ring_key)}" for label in ("k2", "k1")]
        file = home / "ring"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(",".join(keys))
        return {
            "SECRET_KEY": self.new("SECRET_KEY", lambda: secrets.token_urlsafe(50)),
            "SWITCHBOARD_KEYS_FILE": str(file),
            "SWITCHBOARD_METRICS_TOKEN": self.new("metrics token", lambda: secrets.token_urlsafe(24)),
            "SWITCHBOARD_LOG_LEVEL": "DEBUG",
            "SWITCHBOARD_COLLECT_STATIC": "false",
            "SWITCHBOARD_PRIVATE_HOSTS": "127.0.0.1",
        }


def come_in(house: House, plot: Plot, admin: Visitor) -> dict[str, Visitor]:
    """Bring the first admin in by the printed link, and a viewer and an operator by invitations."""
    password = plot.new("password", lambda: f"{secrets.token_urlsafe(18)} x")
    admin.welcome(_printed_link(house), "anna", password)
    visitors = {"admin": admin}
    for role in ("viewer", "operator"):
        link = LINK.findall(admin.post("/people/invite/", note=plot.control, role=role).text)[0]
        visitors[role] = Visitor(house.url)
        password = plot.new(f"password of the {role}", lambda: f"{secrets.token_urlsafe(18)} x")
        visitors[role].welcome(link, role, password)
    return visitors


def _printed_link(house: House) -> str:
    """Return the link that `up` prints once everything is ready, which is after the first page is served."""
    deadline = time.monotonic() + 60
    while not (links := LINK.findall((house.home / "log" / "up.log").read_text())):
        if time.monotonic() > deadline:
            raise RuntimeError(f"No link was printed; see {house.home / 'log'}.")
        time.sleep(0.05)
    return links[0]


def connect(house: House, plot: Plot, admin: Visitor, service: str) -> dict[str, str]:
    """Connect accounts by form and by command, rightly and wrongly; return each one's id by name."""
    new = "/connections/new/chatgpt-v1/"
    form = {
        "name": f"Form {plot.control}",
        "base_url": service,
        "credential-apiKey": plot.new("key in the form", api_key),
        "webhook_secret": plot.new("signing secret", signing_secret),
    }
    created = admin.post(new, **form)
    ids = {"form": str(created.url).rstrip("/").rpartition("/")[2]}
    page = f"/connections/{ids['form']}/"
    admin.post(
        f"{page}edit/",
        **form | {"credential-apiKey": plot.new("replaced key", api_key), "webhook_secret": ""},
    )
    admin.post(
        f"{page}signing-secret/",
        webhook_secret=plot.new("rotated signing secret", signing_secret),
        keep_hours="24",
    )
    wrong = plot.new("signing secret in a wrong form", lambda: f"{signing_secret()}!")
    admin.post(
        new, **form | {"credential-apiKey": plot.new("key in a wrong form", api_key), "webhook_secret": wrong}
    )
    admin.post(
        f"{page}signing-secret/",
        webhook_secret=plot.new("bad rotation", lambda: f"whsec_{secrets.token_hex(9)}"),
    )
    given = {
        "apiKey": plot.new("key by command", api_key),
        "webhook_secret": plot.new("signing secret by command", signing_secret),
    }
    told = command(
        house,
        "connect",
        "chatgpt-v1",
        f"Command {plot.control}",
        "--base-url",
        service,
        stdin=json.dumps(given),
    )
    ids["command"] = json.loads(told)["id"]
    bad = plot.new("command, no JSON", api_key)
    command(house, "connect", "chatgpt-v1", "Bad", stdin=bad)
    return ids


def protect(plot: Plot, admin: Visitor) -> None:
    """Give the admin an authenticator app and a token, both made by the product: canaries once they exist."""
    page = admin.client.get("/account/two-factor/totp/activate/")
    seed = plot.new("seed of the second factor", lambda: SEED.findall(page.text)[0])
    admin.post("/account/two-factor/totp/activate/", code=totp(seed))
    shown = admin.post("/account/tokens/", name=plot.control, scope="run", days="7")
    plot.new("API token", lambda: re.findall(r'value="([^"]{20,})" aria-label="Token"', shown.text)[0])


def use(house: House, plot: Plot, admin: Visitor, ids: Mapping[str, str]) -> None:
    """Run through both connections, let the service echo, and deliver webhooks well and badly signed."""
    api = httpx.Client(
        base_url=f"{house.url}/api/v1",
        headers={"authorization": f"Bearer {plot.canaries['API token']}"},
        timeout=30,
    )
    with api:
        runs = [
            _start(api, connection, key)
            for connection in ids.values()
            for key in ("models.list", "batches.list")
        ]
        for name in ids.values():
            admin.post(f"/connections/{name}/test/")
            command(house, "run", f"Form {plot.control}", "models.list", "--dry-run")
        _until(
            lambda: all(api.get(f"/runs/{run}").json()["state"] in ("succeeded", "failed") for run in runs)
        )
    endpoints = re.findall(
        r'value="(http://[^"]+/webhooks/[0-9a-f-]+)"',
        admin.client.get(f"/connections/{ids['form']}/?tab=webhook").text,
    )
    for secret in ("signing secret", "rotated signing secret", "signing secret by command"):
        deliver(endpoints[0], plot.canaries[secret], plot.control)
    for kind in ("signed", "tampered", "unsigned"):
        admin.post(f"/connections/{ids['form']}/test-event/", kind=kind)
    Visitor(house.url).post(
        "/sign-in/", login="anna", password=plot.new("wrong password", lambda: secrets.token_urlsafe(18))
    )
    command(house, "keys", "rotate", "--new")


def deliver(endpoint: str, secret: str, control: str) -> int:
    """Post one signed webhook and return the answer's status."""
    at, identity = str(int(time.time())), f"wh_{secrets.token_hex(8)}"
    body = json.dumps(TYPE | {"note": control}).encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{identity}.{at}.".encode() + body, "sha256")).decode()
    headers = {"webhook-id": identity, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
    return httpx.post(endpoint, content=body, headers=headers).status_code


def command(house: House, *words: str, stdin: str = "") -> str:
    """Run one command of the product beside the copy and return what it printed."""
    environment = {**os.environ, **house.environment}
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        input=stdin,
        env=environment,
        cwd=BASE,
        capture_output=True,
        text=True,
    )
    with (house.home / "log" / "commands.log").open("a") as log:
        log.write(done.stdout + done.stderr)
    return done.stdout


def totp(seed: str) -> str:
    """Return the six digits that an authenticator app shows now (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(seed), struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def _start(api: httpx.Client, connection: str, operation: str) -> Any:
    answer = api.post("/runs", json={"connection": connection, "operation": operation, "values": {}})
    return answer.json()["id"]


def _until(true: Callable[[], bool], limit: float = 30) -> None:
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline, "the runs do not end"
        time.sleep(0.1)
