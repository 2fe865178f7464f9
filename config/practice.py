"""The practice service as a program of its own: the simulator playing every service that is loaded."""

from contextlib import suppress

import django
from asgiref.sync import sync_to_async
from django.db import close_old_connections

from definitions import simulator

django.setup()

from connections.crypto import SealError  # noqa: E402  models need the set-up
from connections.models import Connection  # noqa: E402


def endpoints(service: str) -> dict[str, str]:
    """Return where practice connections of a service want its webhooks, and the secrets that sign them."""
    found = {}
    for connection in Connection.objects.enabled().filter(practice=True, service=service):
        for secret in connection.secrets.signing()[:1]:
            with suppress(SealError):  # a locked one gets no webhooks; its page says why
                found[connection.endpoint_url] = secret.reveal(connection)
    return found


@sync_to_async
def known(service: str) -> dict[str, str]:
    """Return the same for the simulator, on a database connection that is still good."""
    close_old_connections()
    return endpoints(service)


application = simulator.application(known=known)
