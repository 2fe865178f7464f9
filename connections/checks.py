"""What `manage.py check` says of the key ring: a start with an unusable one is refused, with a sentence."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from connections import crypto, keyfile


@register(Tags.security)
def key_ring(**_: Any) -> list[CheckMessage]:
    """Find a ring that cannot be used, and a key file that others may read: in production an error, too."""
    try:
        crypto.ring()
    except crypto.KeyRingError as error:
        return [Error(str(error), id="connections.E001")]
    file = keyfile.path()
    exposed = keyfile.exposure(file) if file else ""
    if not exposed:
        return []
    kind, code = (Error, "connections.E002") if settings.PRODUCTION else (Warning, "connections.W002")
    return [kind(exposed, id=code)]
