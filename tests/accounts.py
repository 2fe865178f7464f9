"""Connected accounts for the tests of every room."""

import base64
import os

from django.conf import settings

from connections import connecting
from connections.models import Connection
from definitions import catalog

SERVICE = "chatgpt-v1"
KEY = "sk-test-0123456789abcdefWXYZ"


def new_signing_secret(size: int = 32) -> str:
    """Return a signing secret that no endpoint has yet."""
    return "whsec_" + base64.b64encode(os.urandom(size)).decode()


def connected(
    name: str = "Research", *, key: str = KEY, webhook_secret: str = "", **entered: object
) -> Connection:
    """Return a new connection to the bundled service, stored as a person's form would store it."""
    given = connecting.Entered(name, credentials={"apiKey": key}, webhook_secret=webhook_secret, **entered)
    return connecting.connect(catalog.service(SERVICE), given)


def ring_text() -> str:
    """Return the key ring as text, wherever it comes from."""
    source = settings.CREDENTIAL_KEYS
    return source if isinstance(source, str) else source.read_text().strip()


def another_key(label: str = "k2") -> str:
    """Return a new key as a key ring writes it."""
    return f"{label}:{base64.b64encode(os.urandom(32)).decode()}"
