"""The circuit breaker: a host that failed several times in a row is left alone for a while, and everybody
sees it."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from operations.models import Breaker

OPENS_AT = 5  # failures in a row
FIRST_REST, LONGEST_REST = 30.0, 600.0  # seconds, doubling
PROBE = timedelta(seconds=20)  # while one call tries whether the host is back, the others go on waiting

TROUBLE = {"dns", "unreachable", "connect_timeout", "tls", "timeout", "broken_off", "protocol"}


def host_of(url: str) -> str:
    """Return what a breaker is about: host and port."""
    return urlsplit(url).netloc.lower()[:300]


def rest(host: str) -> float:
    """Return for how many seconds the host is still left alone; 0 lets the caller through, alone, as the one
    who tries."""
    now = timezone.now()
    found = Breaker.objects.filter(host=host, until__isnull=False).first()
    if found is None or found.until is None:
        return 0
    if found.until > now:
        return (found.until - now).total_seconds()
    first = Breaker.objects.filter(host=host, until=found.until).update(until=now + PROBE)
    return 0 if first else PROBE.total_seconds()


def is_trouble(code: str, status: int | None) -> bool:
    """Say whether this end speaks against the host; what we refused ourselves says nothing."""
    return code in TROUBLE or (status is not None and status >= 500)


@transaction.atomic
def note(host: str, code: str, status: int | None, error: str = "", *, tried: bool = False) -> None:
    """Write down how a call to the host ended: an answer below 500 closes the breaker, trouble counts.

    Of a host that is left alone only trouble of those who `tried` it counts: what was on its way when the
    breaker opened says nothing new, and eight calls that fail at once would make 30 seconds of rest four
    minutes.
    """
    if not is_trouble(code, status):
        if status is not None:
            Breaker.objects.filter(host=host).delete()
        return
    found, _ = Breaker.objects.select_for_update().get_or_create(host=host)
    if found.until is None or tried:
        found.failures, found.error = found.failures + 1, error[:500]
        found.until = _until(found.failures) if found.failures >= OPENS_AT else None
        found.save()


def resting() -> list[Breaker]:
    """Return the hosts that are left alone now."""
    return list(Breaker.objects.filter(until__gt=timezone.now()).order_by("host"))


def _until(failures: int) -> datetime:
    return timezone.now() + timedelta(seconds=min(FIRST_REST * 2 ** (failures - OPENS_AT), LONGEST_REST))
