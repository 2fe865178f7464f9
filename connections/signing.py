"""Webhook signing secrets: checked, decoded, and made up for practice."""

import base64
import binascii
import os

from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from definitions.schema import Webhooks

SECRET = "webhook_secret"  # noqa: S105  # the name under which a signing secret is kept
SHORTEST, LONGEST = 24, 64  # bytes, as the Standard Webhooks specification asks
PREFIX = "whsec_"


class BadSecret(ValueError):
    """A signing secret that no service can have given out; the text says what is wrong with it."""


@sensitive_variables()
def key(scheme: Webhooks, secret: str) -> bytes:
    """Return the HMAC key in a signing secret. Raises BadSecret; the text never holds the secret."""
    if scheme.scheme == "standard-webhooks":
        return _standard(secret, scheme.secret_prefix or PREFIX)
    if not secret.isascii() or not 8 <= len(secret) <= 500:
        raise BadSecret(gettext("The signing secret must be 8 to 500 plain characters."))
    return secret.encode()


def generate() -> str:
    """Return a new signing secret of 32 random bytes."""
    return PREFIX + base64.b64encode(os.urandom(32)).decode()


@sensitive_variables()
def _standard(secret: str, prefix: str) -> bytes:
    if not secret.startswith(prefix):
        raise BadSecret(
            gettext("The signing secret begins with “{prefix}”. Copy all of it.").format(prefix=prefix)
        )
    try:
        decoded = base64.b64decode(secret[len(prefix) :], validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret(
            gettext("What follows “{prefix}” is not base64. Copy the signing secret again.").format(
                prefix=prefix
            )
        ) from None
    if not SHORTEST <= len(decoded) <= LONGEST:
        raise BadSecret(
            gettext(
                "The signing secret has {number} bytes, not {shortest} to {longest}: copy it all."
            ).format(number=len(decoded), shortest=SHORTEST, longest=LONGEST)
        )
    return decoded
