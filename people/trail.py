"""What allauth tells only by signals and belongs on the audit trail: passwords and second factors changed."""

from typing import Any

from allauth.account import signals as accounts
from allauth.mfa import signals as factors
from django.dispatch import Signal

from audit import log
from people.models import Person

ACTIONS: tuple[tuple[Signal, str], ...] = (
    (accounts.password_changed, "person.password_changed"),
    (factors.authenticator_added, "person.factor_added"),
    (factors.authenticator_removed, "person.factor_removed"),
    (factors.authenticator_reset, "person.recovery_codes_made"),
)


def listen() -> None:
    """Write each of them down from now on."""
    for signal, action in ACTIONS:
        signal.connect(_recorder(action), weak=False, dispatch_uid=action)


def _recorder(action: str) -> Any:
    def record(user: Person, request: Any = None, authenticator: Any = None, **_: Any) -> None:
        kind = {"kind": str(authenticator.type)} if authenticator else None
        log.record(action, person=user, request=request, target=user, after=kind)

    return record
