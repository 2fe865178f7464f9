"""The fields of this room's forms; a secret that was typed is never given back."""

import re

from django import forms
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from connections import crypto, hosts, signing
from connections.models import Connection, Secret
from definitions.schema import Placeholder, Service

SENDABLE = re.compile(r"[\x20-\x7e\t]*")  # what a header may carry (threats.md, T12)
HEADER_BYTES = 8 << 10


class SecretInput(forms.PasswordInput):
    """An input that never gives back what was typed, and that no password manager fills."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(
            attrs={"autocomplete": "new-password", "spellcheck": "false", "placeholder": hint},
            render_value=False,
        )


def check_sendable(value: str) -> None:
    """Refuse what no header can carry. Raises ValidationError, never with the value in it."""
    if not SENDABLE.fullmatch(value):
        raise forms.ValidationError(
            gettext("This holds a character that no header can carry. Copy it again.")
        )
    if len(value) > HEADER_BYTES:
        raise forms.ValidationError(gettext("This is longer than a header may be (8 KiB)."))


def check_storable(value: str) -> None:
    """Refuse what no text column takes: NUL, and half of a surrogate pair as a command line may bring it."""
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise forms.ValidationError(gettext("This holds a character that cannot be stored. Type it again."))


def credential_field(placeholder: Placeholder, *, kept: bool) -> forms.CharField:
    """Return the field for one secret of a service; `kept` when leaving it empty keeps the one there is."""
    return forms.CharField(
        label=label_of(placeholder),
        help_text=placeholder.description,
        required=placeholder.required and not kept,
        validators=[check_sendable],
        widget=SecretInput(gettext("•••• leave empty to keep it") if kept else ""),
    )


def base_url_field(service: Service) -> forms.CharField:
    """Return the field for another base URL than the definition's."""
    return forms.CharField(
        label=gettext("Base URL"),
        required=False,
        max_length=500,
        help_text=gettext("Only for a gateway of your own that speaks the same API."),
        widget=forms.URLInput(attrs={"placeholder": service.base_url}),
        validators=[hosts.check_base_url],
    )


def signing_field(service: Service, *, required: bool) -> forms.CharField:
    """Return the field for a webhook signing secret."""
    prefix = service.webhooks.secret_prefix
    return forms.CharField(
        label=gettext("Webhook signing secret"),
        required=required,
        help_text=gettext(
            "The service shows it once, when you create the endpoint there; you can add it later."
        ),
        widget=SecretInput(f"{prefix}…" if prefix else ""),
    )


@sensitive_variables()
def checked_signing_secret(service: Service, secret: str, connection: Connection | None) -> str:
    """Return a usable signing secret, or "" for none. Raises ValidationError, never with the secret in it."""
    if not secret:
        return ""
    try:
        signing.key(service.webhooks, secret)
        twins = Secret.objects.filter(fingerprint__in=crypto.fingerprints(secret.encode()))
    except (signing.BadSecret, crypto.KeyRingError) as error:
        raise forms.ValidationError(str(error)) from None
    twin = twins.exclude(connection=connection).select_related("connection").first()
    if twin is not None:
        raise forms.ValidationError(
            gettext(
                "“{connection}” has this signing secret already: every endpoint needs one of its own."
            ).format(connection=twin.connection)
        )
    return secret


def option_field(placeholder: Placeholder) -> forms.CharField:
    """Return the field for a header that may be sent along and is no secret."""
    return forms.CharField(
        label=label_of(placeholder),
        help_text=placeholder.description,
        required=placeholder.required,
        validators=[check_sendable],
    )


def label_of(placeholder: Placeholder) -> str:
    """Return the placeholder's own label, or its name as words."""
    return (
        placeholder.label
        or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", placeholder.name).replace("_", " ").capitalize()
    )
