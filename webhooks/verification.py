"""How a delivery was checked, told step by step for the page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext

from audit import retelling
from webhooks.fields import scheme_of
from webhooks.models import Event, Rejection


@dataclass(frozen=True, slots=True)
class Check:
    """One step of the check: what was looked at, what was found, and whether it was right."""

    name: str
    found: str
    good: bool | None = None  # None: it was not reached, or it is only told


def explained(row: Event | Rejection) -> list[Check]:
    """Return the steps of the check of a delivery, in the order in which the door takes them."""
    told = dict(row.header_pairs)
    scheme = scheme_of(row)
    steps = [
        Check(gettext("Scheme"), scheme.scheme if row.connection else gettext("no endpoint, so no scheme"))
    ]
    if scheme.scheme == "standard-webhooks":
        steps += [_header(told, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")]
        steps.append(_age(row, told.get("webhook-timestamp", ""), scheme.tolerance))
    elif scheme.signature_header:
        steps.append(_header(told, scheme.signature_header.lower()))
    return [*steps, _result(row)]


def _header(told: dict[str, str], name: str) -> Check:
    return Check(
        name, told[name][:500] if name in told else gettext("missing"), None if name in told else False
    )


def _age(row: Event | Rejection, timestamp: str, tolerance: int) -> Check:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) == 10):
        return Check(gettext("Age"), gettext("cannot be told"), None)
    age = (row.arrived_at - datetime.fromtimestamp(int(timestamp), UTC)).total_seconds()
    told = (
        gettext("signed {age:.0f} s before it arrived").format(age=age)
        if age >= 0
        else gettext("signed {age:.0f} s after it arrived").format(age=-age)
    )
    return Check(
        gettext("Age"),
        gettext("{told}; {tolerance} s are allowed").format(told=told, tolerance=tolerance),
        abs(age) <= tolerance,
    )


def _result(row: Event | Rejection) -> Check:
    if isinstance(row, Rejection):
        return Check(
            gettext("Result"),
            gettext("{cause}: {detail} Answered {status}.").format(
                cause=row.get_cause_display(), detail=retelling.told(row.detail), status=row.status
            ),
            False,
        )
    if row.secret_label:
        return Check(
            gettext("Result"),
            gettext("The {secret} secret fits. Answered 200.").format(secret=row.secret_label),
            True,
        )
    return Check(
        gettext("Result"),
        gettext("Not delivered by HTTP: {origin}.").format(origin=row.get_origin_display().lower()),
        None,
    )
