"""Sign and post webhooks as the played service would, to an endpoint that practice was told."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from definitions.schema import Event, Service, Webhooks
from definitions.simulator.documents import document, fresh
from definitions.writing import put

MODES = ("signed", "unsigned", "tampered", "wrong_secret", "stale")
STALE = 3600  # seconds; more than any tolerance
TIMEOUT = 10.0  # seconds for the endpoint to answer


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook goes, and the secret it is signed with."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook on its way: where it goes and exactly what is sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def delivery(
    service: Service, type: str, target: Target, *, object_id: str = "", mode: str = "signed"
) -> Delivery:
    """Return a delivery of an event, known or not. `mode` is one of `MODES`: how it is signed, or mis-
    signed.
    """
    hooks = service.webhooks
    body = json.dumps(_document(hooks, service.event(type), type, object_id), separators=(",", ":")).encode()
    used = target.secret if mode != "wrong_secret" else hooks.secret_prefix + _other_secret()
    at = int(time.time()) - (STALE if mode == "stale" else 0)
    identity = fresh("wh_…")
    signature = {} if mode == "unsigned" else SCHEMES[hooks.scheme](hooks, used, identity, at, body)
    sent = body.replace(b"{", b'{"tampered":true,', 1) if mode == "tampered" else body
    return Delivery(target.url, {**_headers(hooks, type, identity), **signature}, sent)


async def post(client: httpx.AsyncClient, delivery: Delivery) -> dict[str, Any]:
    """Post a delivery and return what became of it: `{"status", "answer"}`, or `{"error"}` when nobody
    answered.
    """
    try:
        headers = dict(delivery.headers)
        answer = await client.post(delivery.url, content=delivery.body, headers=headers, timeout=TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return {"error": f"The endpoint did not answer: {error or type(error).__name__}."}
    return {"status": answer.status_code, "answer": answer.text[:500]}


def _other_secret() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _document(hooks: Webhooks, event: Event | None, type: str, object_id: str) -> dict[str, Any]:
    """Return the body: thin when the service's events are completed by a read, else with all declared
    fields.
    """
    made = {name: fresh(value) if isinstance(value, str) else value for name, value in hooks.sample.items()}
    if event and not event.hydrate and not hooks.object:
        made |= document(event.payload, {})
    if hooks.type and not hooks.type_header:
        put(made, hooks.type, type)
    if hooks.created:
        put(made, hooks.created, int(time.time()))
    if hooks.id and object_id:
        put(made, hooks.id, object_id)
    return made


def _headers(hooks: Webhooks, type: str, identity: str) -> dict[str, str]:
    named = {hooks.dedupe_header: identity, hooks.type_header: type, "user-agent": hooks.user_agent}
    return {
        "content-type": "application/json",
        **{name: value for name, value in named.items() if name and value},
    }


def _standard(hooks: Webhooks, secret: str, identity: str, at: int, body: bytes) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix(hooks.secret_prefix))
    digest = hmac.new(key, b".".join((identity.encode(), str(at).encode(), body)), hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": identity, "webhook-timestamp": str(at), "webhook-signature": signature}


def _header_hmac(hooks: Webhooks, secret: str, identity: str, at: int, body: bytes) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    text = digest.hexdigest() if hooks.encoding == "hex" else base64.b64encode(digest.digest()).decode()
    return {hooks.signature_header: hooks.signature_prefix + text}


def _nothing(hooks: Webhooks, secret: str, identity: str, at: int, body: bytes) -> dict[str, str]:
    return {}


SCHEMES: Mapping[str, Callable[[Webhooks, str, str, int, bytes], dict[str, str]]] = {
    "standard-webhooks": _standard,
    "hmac-sha256-header": _header_hmac,
    "none": _nothing,
}
