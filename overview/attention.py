"""What needs attention, worst first: each finding is a sentence and the page where something can be done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, Sum
from django.utils import timezone

from audit import ids
from operations.models import Run, State
from overview.navigation import address
from overview.sight import Sight
from people import factors
from people.models import Role
from webhooks.models import Cause

FAILING = 3  # failed runs in a row of an hour, without one success, make a connection “failing”
OVERDUE = timedelta(seconds=60)  # a queued run that waits longer has no worker


@dataclass(frozen=True)
class Finding:
    """One thing to look at. Level is Tabler's colour: red = broken, orange = look, azure = know."""

    level: str
    title: str
    text: str
    url: str
    action: str


def findings(sight: Sight) -> list[Finding]:
    """Return what this person should look at, worst first."""
    found = [finding for check in CHECKS for finding in check(sight)]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


LEVELS = ("red", "orange", "azure")


def _ago(**span: int) -> int:
    return ids.id_at(timezone.now() - timedelta(**span))


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _connections(sight: Sight) -> Iterator[Finding]:
    for connection in sight.connections.enabled().with_secrets():
        url = connection.get_absolute_url()
        if connection.locked:
            yield Finding("red", f"{connection} is locked", connection.locked, url, "See why")
        elif connection.endpoint_state == "needs_secret" and not connection.practice:
            text = "No signing secret is entered, so every webhook is refused."
            yield Finding("orange", f"{connection} takes no webhooks", text, url, "Enter the secret")


def _failing(sight: Sight) -> Iterator[Finding]:
    runs = sight.runs.filter(id__gte=_ago(hours=1)).order_by()
    rows = runs.values("connection_name").annotate(
        bad=Count("id", filter=Q(state=State.FAILED)), good=Count("id", filter=Q(state=State.SUCCEEDED))
    )
    for row in rows.filter(bad__gte=FAILING, good=0):
        text = f"{row['bad']} runs failed in the last hour and none succeeded."
        url = address("operations:run_list", state="failed")
        yield Finding("red", f"{row['connection_name']} is failing", text, url, "See the runs")


def _overdue(sight: Sight) -> Iterator[Finding]:
    waiting = Run.objects.filter(
        state=State.QUEUED, next_try_at=None, id__lt=ids.id_at(timezone.now() - OVERDUE)
    )
    if count := waiting.count():
        text = f"{_many(count, 'run waits', 'runs wait')} for longer than a minute: does the worker run?"
        yield Finding("red", "Runs are not taken up", text, address("overview:system"), "See the system")


def _unknown(sight: Sight) -> Iterator[Finding]:
    if count := sight.runs.filter(state=State.UNKNOWN, id__gte=_ago(days=7)).count():
        title = f"{_many(count, 'run', 'runs')} with an unknown end"
        text = "The request may have arrived. Look at the service, then say what happened."
        yield Finding("orange", title, text, address("operations:run_list", state="unknown"), "Decide")


def _refused(sight: Sight) -> Iterator[Finding]:
    rows = sight.refusals.filter(id__gte=_ago(days=1), test=False, event_id=None)
    total = rows.exclude(cause=Cause.UNKNOWN_ENDPOINT).aggregate(sum=Sum("count"))["sum"]
    if total:
        text = "Each is kept with its cause; most can be verified again once the cause is gone."
        url = address("webhooks:log", kind="refused")
        yield Finding(
            "orange",
            f"{_many(total, 'refused delivery', 'refused deliveries')} in 24 hours",
            text,
            url,
            "See why",
        )


def _stuck_events(sight: Sight) -> Iterator[Finding]:
    if count := sight.events.filter(state="failed", id__gte=_ago(days=7)).count():
        url = address("webhooks:log", state="failed")
        yield Finding(
            "orange",
            f"{_many(count, 'event', 'events')} could not be processed",
            "Replay them once the cause is gone.",
            url,
            "See them",
        )


def _second_factor(sight: Sight) -> Iterator[Finding]:
    if sight.person.may(Role.ADMIN) and not factors.has_any(sight.person):
        text = "You can do everything here; a passkey or an authenticator app keeps others from being you."
        yield Finding("azure", "Your account has no second factor", text, address("mfa_index"), "Add one")


CHECKS: tuple[Callable[[Sight], Iterator[Finding]], ...] = (
    _connections,
    _failing,
    _overdue,
    _unknown,
    _refused,
    _stuck_events,
    _second_factor,
)
