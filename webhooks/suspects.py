"""The secrets that may have signed a delivery, for the doctor: the endpoint's own, other connections', a
tried one.
"""

from collections.abc import Iterator

from django.utils.translation import gettext

from connections import signing
from connections.crypto import SealError
from connections.models import Connection, Secret
from people.models import Person
from webhooks.doctor import Known

MOST = 50  # secrets of other connections


def suspects(connection: Connection | None, person: Person, candidate: str = "") -> list[Known]:
    """Return the secrets to try; the endpoint's current one has no meaning to tell. Raises
    signing.BadSecret.
    """
    tried = list(_candidate(connection, candidate)) if candidate else []
    if connection is None:
        return [*tried, *_others(None, person)]
    return [*_own(connection), *tried, *_others(connection, person)]


def _own(connection: Connection) -> Iterator[Known]:
    for secret in connection.secrets.filter(name=signing.SECRET):
        if secret.label == "current":
            meaning = ""
        elif secret.valid_until:
            meaning = gettext(
                "It is signed with the previous secret, valid until {valid_until:%Y-%m-%d %H:%M} UTC."
            ).format(valid_until=secret.valid_until)
        else:
            meaning = gettext("It is signed with the previous secret.")
        yield from _known(secret, meaning)


def _others(connection: Connection | None, person: Person) -> Iterator[Known]:
    """Yield the secrets of other connections, named only to who may see them."""
    seen = set(Connection.objects.for_user(person).values_list("pk", flat=True))
    rows = Secret.objects.filter(name=signing.SECRET, connection__deleted_at=None).select_related(
        "connection"
    )
    others = rows.exclude(connection=connection) if connection else rows
    for secret in others[:MOST]:
        whose = (
            f"“{secret.connection.name}”"
            if secret.connection_id in seen
            else gettext("a connection that you may not see")
        )
        yield from _known(
            secret,
            gettext("It is signed with the secret of {whose}, not with this endpoint's.").format(whose=whose),
        )


def _candidate(connection: Connection | None, text: str) -> Iterator[Known]:
    if connection is not None:
        yield Known(
            signing.key(connection.definition.webhooks, text),
            gettext("It is signed with the secret that you tried."),
        )


def _known(secret: Secret, meaning: str) -> Iterator[Known]:
    try:
        yield Known(secret.signing_key(), meaning)
    except SealError:
        return  # locked: it cannot be tried, and the connection's page says so
