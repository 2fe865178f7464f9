"""What can be done with a connection: each function is one transaction, one audit line, one piece of news."""

import secrets as random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django.views.decorators.debug import sensitive_variables

from audit import log
from connections import crypto, signing
from connections.models import Connection, Secret
from definitions.schema import Service
from live import hub
from people.models import Person

SEALED = "sealed"  # the word under which the trail keeps the versions of a connection's secrets
SEALING = tuple(
    f"connection.{what}"
    for what in ("created", "changed", "signing_secret_set", "previous_signing_secret_ended")
)
KEPT = gettext_noop("The one before stays good for {hours} h.")
NAME_TAKEN = _("There is a connection of this name already.")
LOCK = 0x5357_4343  # the advisory lock under which names and defaults are given out
SWITCHES: Mapping[str, Mapping[str, bool]] = {
    "enabled": {"enabled": True},
    "disabled": {"enabled": False},
    "paused": {"paused": True},
    "resumed": {"paused": False},
}


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody entered about a connection. An empty secret means: keep the one there is."""

    name: str
    base_url: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    webhook_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may see and use a connection: everybody, or admins, a role and these people."""

    limited: bool
    role: str = ""
    people: Sequence[Person] = ()


class NameTaken(ValueError):
    """There is a connection of this name already."""


@sensitive_variables()
def connect(
    service: Service, entered: Entered, *, request: HttpRequest | None = None, practice: bool = False
) -> Connection:
    """Store a new connection; the first real one of its service becomes the default. Raises NameTaken."""
    with _alone():
        if Connection.objects.filter(name=entered.name).exists():
            raise NameTaken(NAME_TAKEN)
        created = Connection(name=entered.name, service=service.handle, practice=practice)
        created.created_by = request.user if request and request.user.is_authenticated else None
        created.base_url, created.options = entered.base_url, dict(entered.options)
        created.is_default = _takes_default(created)
        created.save(force_insert=True)
        _hold(created, entered)
        _tell(created, "created", request, after=_described(created, entered))
    return created


@sensitive_variables()
def change(connection: Connection, entered: Entered, *, request: HttpRequest | None = None) -> None:
    """Change what was entered; secrets left empty are kept. Raises NameTaken."""
    with _alone():
        before = _described(connection)
        if Connection.objects.filter(name=entered.name).exclude(pk=connection.pk).exists():
            raise NameTaken(NAME_TAKEN)
        connection.name, connection.options = entered.name, dict(entered.options)
        if not connection.practice:
            connection.base_url = entered.base_url
        connection.save(update_fields=["name", "base_url", "options"])
        _hold(connection, entered)
        _tell(connection, "changed", request, before=before, after=_described(connection, entered))


@sensitive_variables()
def set_signing_secret(
    connection: Connection, secret: str, *, keep_hours: int = 24, request: HttpRequest | None = None
) -> None:
    """Make this the current signing secret; the one before stays good for a while, an older one ends now."""
    with _alone():
        _rotate(connection, secret, keep_hours)
        note, after = KEPT.format(hours=keep_hours), {SEALED: _versions(connection)}
        _tell(connection, "signing_secret_set", request, after=after, note=note)


def end_previous_secret(connection: Connection, *, request: HttpRequest | None = None) -> None:
    """Let the previous signing secret be good no longer."""
    with transaction.atomic():
        connection.secrets.filter(name=signing.SECRET, valid_until__isnull=False).delete()
        _tell(connection, "previous_signing_secret_ended", request, after={SEALED: _versions(connection)})


def switch(connection: Connection, to: str, *, request: HttpRequest | None = None) -> None:
    """Set a switch of SWITCHES: enabled, disabled, paused, resumed."""
    with transaction.atomic():
        for name, value in SWITCHES[to].items():
            setattr(connection, name, value)
        connection.save(update_fields=list(SWITCHES[to]))
        _tell(connection, to, request)


def make_default(connection: Connection, *, request: HttpRequest | None = None) -> None:
    """Let this be the connection that the service's bare webhook paths lead to."""
    with _alone():
        for other in Connection.objects.filter(service=connection.service, is_default=True):
            _undefault(other)
        connection.is_default = True
        connection.save(update_fields=["is_default"])
        _tell(connection, "made_default", request)


def limit(connection: Connection, to: Audience, *, request: HttpRequest | None = None) -> None:
    """Set who may see and use this connection."""
    with transaction.atomic():
        before = _audience(connection)
        connection.limited, connection.limited_to_role = to.limited, to.role
        connection.save(update_fields=["limited", "limited_to_role"])
        connection.people.set(to.people)
        _tell(connection, "limited", request, before=before, after=_audience(connection))


def delete(connection: Connection, *, request: HttpRequest | None = None) -> None:
    """Erase the secrets and close the endpoint for good; runs and events stay and keep the name."""
    with _alone():
        connection.secrets.all().delete()
        connection.people.clear()
        connection.deleted_at, connection.enabled, connection.is_default = timezone.now(), False, False
        connection.save(update_fields=["deleted_at", "enabled", "is_default"])
        _tell(connection, "deleted", request)


@sensitive_variables()
def practise(service: Service, *, request: HttpRequest | None = None) -> Connection:
    """Return the practice connection to a service, made with a made-up key on first use."""
    existing: Connection | None = Connection.objects.filter(practice=True, service=service.handle).first()
    if existing:
        return existing
    made_up = {
        placeholder.name: f"practice-{random.token_hex(16)}" for placeholder in service.auth.placeholders
    }
    entered = Entered(_free_name("Practice"), credentials=made_up, webhook_secret=signing.generate())
    return connect(service, entered, request=request, practice=True)


@contextmanager
def _alone() -> Iterator[None]:
    """A transaction that no other one of its kind overlaps: what was checked is still so when it is done."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield


def _takes_default(created: Connection) -> bool:
    holder = Connection.objects.filter(service=created.service, is_default=True).first()
    if holder is None:
        return True
    if holder.practice and not created.practice:  # practice gives way to the first real account
        _undefault(holder)
        return True
    return False


def _undefault(other: Connection) -> None:
    other.is_default = False
    other.save(update_fields=["is_default"])
    hub.publish("endpoint", other.pk)


@sensitive_variables()
def _hold(connection: Connection, entered: Entered) -> None:
    for name, value in entered.credentials.items():
        secret = connection.secrets.filter(name=name).first() or Secret(connection=connection, name=name)
        secret.hold(connection, value)
        secret.save()
    if entered.webhook_secret:
        _rotate(connection, entered.webhook_secret, keep_hours=24)


@sensitive_variables()
def _rotate(connection: Connection, value: str, keep_hours: int) -> None:
    mine = connection.secrets.filter(name=signing.SECRET)
    current = mine.filter(valid_until=None).first()
    if current and current.fingerprint in crypto.fingerprints(value.encode()):
        current.hold(connection, value)  # the same again: sealed anew, perhaps its key was lost
        current.save()
        return
    mine.filter(valid_until__isnull=False).delete()
    if keep_hours:
        mine.update(valid_until=timezone.now() + timedelta(hours=keep_hours))
    else:
        mine.delete()
    secret = Secret(connection=connection, name=signing.SECRET)
    secret.hold(connection, value)
    secret.save()


def _described(connection: Connection, entered: Entered | None = None) -> dict[str, Any]:
    described = {"name": connection.name, "base_url": connection.base_url, "options": connection.options}
    if entered:
        described["entered"] = [*entered.credentials, *([signing.SECRET] if entered.webhook_secret else [])]
        described[SEALED] = _versions(connection)
    return described


def _versions(connection: Connection) -> dict[str, int]:
    """Which rows hold its secrets, and how often each was sealed: `keys` compares them with the table."""
    return {str(pk): version for pk, version in connection.secrets.values_list("pk", "version")}


def _audience(connection: Connection) -> dict[str, Any]:
    people = sorted(connection.people.values_list("username", flat=True))
    return {"limited": connection.limited, "role": connection.limited_to_role, "people": people}


def _tell(connection: Connection, what: str, request: HttpRequest | None, **details: Any) -> None:
    details.setdefault("note", "" if request else "By the command line.")
    hub.publish("endpoint", connection.pk)
    log.record(f"connection.{what}", request=request, target=connection, **details)


def _free_name(wanted: str) -> str:
    taken = set(Connection.objects.filter(name__startswith=wanted).values_list("name", flat=True))
    return next(name for name in _numbered(wanted) if name not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name} {number}"
        number += 1
