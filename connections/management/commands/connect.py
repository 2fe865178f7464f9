"""`manage.py connect`: connect an account from a script, its secrets on standard input."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from connections import connecting, signing
from connections.crypto import SealError
from connections.fields import check_storable
from connections.forms import ConnectionForm
from connections.models import Connection
from definitions import catalog
from definitions.schema import Service

BAD_INPUT = 2
NOTHING_RUNS = "The database does not answer: start Switchboard with `make run`, or set DATABASE_URL."
STDIN_BYTES = 1 << 20


class Command(BaseCommand):
    """Connect an account of a service; exit 2 when something about the input is wrong."""

    help = (
        "Connect an account. Standard input: one JSON object of secrets by name, "
        '{"apiKey": "sk-…", "webhook_secret": "whsec_…"}. Prints {"id", "name", "endpoint_url"}.'
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the service and the name; secrets never come as arguments, where `ps` would show them."""
        parser.add_argument("service", help="the handle of a definition, chatgpt-v1")
        parser.add_argument("name", help="what you call this account")
        parser.add_argument("--base-url", help="another base URL than the definition's; '' takes it back")
        parser.add_argument("--update", action="store_true", help="change the connection of this name")

    def handle(self, *, service: str, name: str, base_url: str | None, update: bool, **_: Any) -> None:
        """Connect or change, and print the connection as one JSON object."""
        try:
            connection = _connect(_service(service), name, base_url, update=update)
        except OperationalError:
            raise CommandError(NOTHING_RUNS) from None
        except (connecting.NameTaken, SealError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from None
        known = {"id": str(connection.pk), "name": connection.name, "endpoint_url": connection.endpoint_url}
        self.stdout.write(json.dumps(known, ensure_ascii=False))


def _connect(service: Service, name: str, base_url: str | None, *, update: bool) -> Connection:
    given = _given(service)
    try:
        check_storable(name)
    except ValidationError as error:
        raise _refused(f"name: {error.message}") from None
    existing: Connection | None = Connection.objects.filter(name=name.strip()).first()
    if existing and not update:
        raise _refused(f"“{existing}” exists already: add --update to change it.")
    if existing and existing.service != service.handle:
        raise _refused(f"“{existing}” is a connection to {existing.service}, not to {service.handle}.")
    data = _data(service, name, base_url, given, existing)
    form = ConnectionForm(service, data, connection=existing)
    if form.errors:
        names = {field: name for name, field in _names(service).items()}
        raise _refused(
            " ".join(f"{names.get(field, field)}: {said[0]}" for field, said in form.errors.items())
        )
    if not existing:
        return connecting.connect(service, form.entered)
    connecting.change(existing, form.entered)
    return existing


def _service(handle: str) -> Service:
    try:
        return catalog.service(handle)
    except catalog.UnknownService:
        known = ", ".join(service.handle for service in catalog.services()) or "none"
        raise _refused(f"There is no service “{handle}”. Known: {known}.") from None


def _given(service: Service) -> Mapping[str, str]:
    if sys.stdin.isatty():
        sys.stderr.write("Enter the secrets as one JSON object, then Ctrl-D:\n")
    try:
        given = json.loads(sys.stdin.read(STDIN_BYTES))
    except ValueError:  # not the decoder's words: they quote what they could not read
        raise _refused("Standard input is not JSON: write one object of secrets by name.") from None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise _refused("Standard input must be one JSON object whose values are texts.")
    known = [*_names(service), signing.SECRET]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise _refused(f"There is no secret “{unknown[0][:100]}”. Known: {', '.join(known)}.")
    return given


def _names(service: Service) -> dict[str, str]:
    """Return placeholder name -> the form's field."""
    credentials = {one.name: f"credential-{one.name}" for one in service.auth.placeholders}
    return credentials | {one.name: f"option-{one.name}" for one in service.optional_headers}


def _data(
    service: Service, name: str, base_url: str | None, given: Mapping[str, str], existing: Connection | None
) -> dict[str, str]:
    kept = {f"option-{option}": value for option, value in existing.options.items()} if existing else {}
    address = base_url if base_url is not None else existing.base_url if existing else ""
    entered = {field: given[option] for option, field in _names(service).items() if option in given}
    return {"name": name, "base_url": address, signing.SECRET: given.get(signing.SECRET, "")} | kept | entered


def _refused(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=BAD_INPUT)
