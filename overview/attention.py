"""What needs attention, worst first: each finding is a sentence and the page where something can be done."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit import ids
from operations.models import Run, State
from overview.figures import Figures
from overview.navigation import address
from overview.sight import Sight
from people import factors
from people.models import Role

FAILING = 3  # failed runs in a row of an hour, without one success, make a connection “failing”
OVERDUE = timedelta(seconds=60)  # a queued run that waits longer has no worker
LEVELS = ("red", "orange", "azure")


@dataclass(frozen=True)
class Finding:
    """One thing to look at. Level is Tabler's colour: red = broken, orange = look, azure = know."""

    level: str
    title: str
    text: str
    url: str
    action: str


def findings(sight: Sight, day: Figures) -> list[Finding]:
    """Return what this person should look at, worst first."""
    found = [finding for check in CHECKS for finding in check(sight, day)]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def _connections(sight: Sight, day: Figures) -> Iterator[Finding]:
    for one in sight.held:
        if not one.enabled:
            continue
        if one.locked:
            title = _("%(name)s is locked") % {"name": one}
            yield Finding("red", title, one.locked, one.get_absolute_url(), _("See why"))
        elif not one.practice and not one.signing_rows:
            title = _("%(name)s takes no webhooks") % {"name": one}
            text = _("No signing secret is entered, so every webhook is refused.")
            yield Finding("orange", title, text, one.get_absolute_url(), _("Enter the secret"))


def _silent(sight: Sight, day: Figures) -> Iterator[Finding]:
    for one in sight.held:
        for type in getattr(one, "silent_types", ()) if one.enabled else ():
            title = _("%(type)s is silent") % {"type": type}
            text = _("No such event has come to %(name)s for longer than is usual.") % {"name": one}
            url = f"{reverse('webhooks:endpoint', args=[one.pk])}?tab=silence"
            yield Finding("orange", title, text, url, _("See the watch"))


def _failing(sight: Sight, day: Figures) -> Iterator[Finding]:
    for name, ended in sorted(day.runs.lately.items()):
        bad = ended.get(State.FAILED, 0)
        if bad >= FAILING and not ended.get(State.SUCCEEDED):
            text = _("%(count)s runs failed in the last hour and none succeeded.") % {"count": bad}
            url = address("operations:run_list", state="failed")
            yield Finding("red", _("%(name)s is failing") % {"name": name}, text, url, _("See the runs"))


def _waiting(sight: Sight, day: Figures) -> Iterator[Finding]:
    """Runs that nobody takes up, whosever they are, and those whose end this person may have to decide."""
    now = timezone.now()
    overdue = Q(state=State.QUEUED, next_try_at=None, id__lt=ids.id_at(now - OVERDUE))
    unknown = Q(state=State.UNKNOWN, id__gte=ids.id_at(now - timedelta(days=7))) & sight.open
    found = Run.objects.filter(overdue | unknown).aggregate(
        overdue=Count("id", filter=overdue), unknown=Count("id", filter=unknown)
    )
    if count := found["overdue"]:
        text = ngettext(
            "%(count)s run waits for longer than a minute: does the worker run?",
            "%(count)s runs wait for longer than a minute: does the worker run?",
            count,
        ) % {"count": f"{count:,}"}
        yield Finding(
            "red", _("Runs are not taken up"), text, address("overview:system"), _("See the system")
        )
    if count := found["unknown"]:
        title = ngettext("%(count)s run with an unknown end", "%(count)s runs with an unknown end", count) % {
            "count": f"{count:,}"
        }
        text = _("The request may have arrived. Look at the service, then say what happened.")
        yield Finding("orange", title, text, address("operations:run_list", state="unknown"), _("Decide"))


def _refused(sight: Sight, day: Figures) -> Iterator[Finding]:
    if count := day.to_see:
        title = ngettext(
            "%(count)s refused delivery in 24 hours", "%(count)s refused deliveries in 24 hours", count
        ) % {"count": f"{count:,}"}
        text = _("Each is kept with its cause; most can be verified again once the cause is gone.")
        yield Finding("orange", title, text, address("webhooks:log", kind="refused"), _("See why"))


def _stuck_events(sight: Sight, day: Figures) -> Iterator[Finding]:
    since = ids.id_at(timezone.now() - timedelta(days=7))
    if count := sight.events.filter(state="failed", id__gte=since).count():
        title = ngettext(
            "%(count)s event could not be processed", "%(count)s events could not be processed", count
        ) % {"count": f"{count:,}"}
        text = _("Replay them once the cause is gone.")
        yield Finding("orange", title, text, address("webhooks:log", state="failed"), _("See them"))


def _second_factor(sight: Sight, day: Figures) -> Iterator[Finding]:
    if sight.person.may(Role.ADMIN) and not factors.has_any(sight.person):
        title = _("Your account has no second factor")
        text = _("You can do everything here; a passkey or an authenticator app keeps others from being you.")
        yield Finding("azure", title, text, address("mfa_index"), _("Add one"))


CHECKS: tuple[Callable[[Sight, Figures], Iterator[Finding]], ...] = (
    _connections,
    _silent,
    _failing,
    _waiting,
    _refused,
    _stuck_events,
    _second_factor,
)
