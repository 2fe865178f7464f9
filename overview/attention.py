"""What needs attention, worst first: each finding is a sentence and the page where something can be done."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit import ids
from overview.navigation import address
from overview.sight import Sight
from people import factors
from people.models import Role

FAILING = 3  # failed runs in a row of an hour, without one success, make a connection “failing”
OVERDUE = timedelta(seconds=60)  # a queued run that waits longer has no worker
LEVELS = ("red", "orange", "azure")
# One statement for four counts. A run that nobody takes up is told to all, whosever it is; one whose
# connection is held back (its host is left alone, its budget is used up) is no worker's fault.
COUNTS = """
SELECT 'overdue', '', count(*) FROM operations_run late
WHERE state = 'queued' AND next_try_at IS NULL AND id < %(overdue)s AND NOT EXISTS (
  SELECT FROM operations_policy held
  WHERE held.connection_id = late.connection_id AND held.not_before > now()
)
UNION ALL SELECT 'unknown', '', count(*) FROM operations_run
WHERE state = 'unknown' AND id >= %(week)s AND {open}
UNION ALL SELECT 'stuck', '', count(*) FROM webhooks_event
WHERE state = 'failed' AND id >= %(week)s AND {open}
UNION ALL SELECT 'failing', max(connection_name), count(*) FROM operations_run bad
WHERE state = 'failed' AND id >= %(hour)s AND {open}
GROUP BY connection_id HAVING count(*) >= %(failing)s AND NOT EXISTS (
  SELECT FROM operations_run good
  WHERE good.connection_id = bad.connection_id AND good.state = 'succeeded' AND good.id >= %(hour)s
)
ORDER BY 1, 2
"""
Counted = Mapping[str, Sequence[tuple[str, int]]]  # by kind: whose, and how many


@dataclass(frozen=True)
class Finding:
    """One thing to look at. Level is Tabler's colour: red = broken, orange = look, azure = know."""

    level: str
    title: str
    text: str
    url: str
    action: str


def findings(sight: Sight, refused: int) -> list[Finding]:
    """Return what this person should look at, worst first; `refused` deliveries are known already."""
    counted = _counted(sight) | {"refused": [("", refused)]}
    found = [finding for check in CHECKS for finding in check(sight, counted)]
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def _counted(sight: Sight) -> dict[str, list[tuple[str, int]]]:
    now = timezone.now()
    overdue, hour, week = (ids.id_at(now - ago) for ago in (OVERDUE, timedelta(hours=1), timedelta(days=7)))
    counted: dict[str, list[tuple[str, int]]] = {}
    for kind, name, count in sight.ask(COUNTS, overdue=overdue, hour=hour, week=week, failing=FAILING):
        counted.setdefault(kind, []).append((name, count))
    return counted


def _connections(sight: Sight, counted: Counted) -> Iterator[Finding]:
    for one in sight.held:
        if not one.enabled:
            continue
        if one.locked:
            title = _("%(name)s is locked") % {"name": one}
            yield Finding("red", title, one.locked, one.get_absolute_url(), _("See why"))
        elif not one.practice and not one.signing_rows:
            title = _("%(name)s takes no webhooks") % {"name": one}
            text = _("No signing secret is entered, so every webhook is refused.")
            url = f"{one.get_absolute_url()}?tab=webhook"
            action = _("Enter the secret") if sight.person.may(Role.ADMIN) else _("See the endpoint")
            yield Finding("orange", title, text, url, action)


def _silent(sight: Sight, counted: Counted) -> Iterator[Finding]:
    for one in sight.held:
        for type in getattr(one, "silent_types", ()) if one.enabled else ():
            title = _("%(type)s is silent") % {"type": type}
            text = _("No such event has come to %(name)s for longer than is usual.") % {"name": one}
            url = f"{reverse('webhooks:endpoint', args=[one.pk])}?tab=silence"
            yield Finding("orange", title, text, url, _("See the watch"))


def _failing(sight: Sight, counted: Counted) -> Iterator[Finding]:
    for name, bad in counted.get("failing", ()):
        text = _("%(count)s runs failed in the last hour and none succeeded.") % {"count": bad}
        url = address("operations:run_list", state="failed")
        yield Finding("red", _("%(name)s is failing") % {"name": name}, text, url, _("See the runs"))


def _waiting(sight: Sight, counted: Counted) -> Iterator[Finding]:
    """Runs that nobody takes up, and those whose end this person may have to decide."""
    if count := _number(counted, "overdue"):
        text = ngettext(
            "%(count)s run waits for longer than a minute: does the worker run?",
            "%(count)s runs wait for longer than a minute: does the worker run?",
            count,
        ) % {"count": f"{count:,}"}
        yield Finding(
            "red", _("Runs are not taken up"), text, address("overview:system"), _("See the system")
        )
    if count := _number(counted, "unknown"):
        title = ngettext("%(count)s run with an unknown end", "%(count)s runs with an unknown end", count) % {
            "count": f"{count:,}"
        }
        text = _("The request may have arrived. Look at the service, then say what happened.")
        yield Finding("orange", title, text, address("operations:run_list", state="unknown"), _("Decide"))


def _refused(sight: Sight, counted: Counted) -> Iterator[Finding]:
    if count := _number(counted, "refused"):
        title = ngettext(
            "%(count)s refused delivery in 24 hours", "%(count)s refused deliveries in 24 hours", count
        ) % {"count": f"{count:,}"}
        text = _("Each is kept with its cause; most can be verified again once the cause is gone.")
        yield Finding("orange", title, text, address("webhooks:log", kind="refused"), _("See why"))


def _stuck_events(sight: Sight, counted: Counted) -> Iterator[Finding]:
    if count := _number(counted, "stuck"):
        title = ngettext(
            "%(count)s event could not be processed", "%(count)s events could not be processed", count
        ) % {"count": f"{count:,}"}
        text = _("Replay them once the cause is gone.")
        yield Finding("orange", title, text, address("webhooks:log", state="failed"), _("See them"))


def _second_factor(sight: Sight, counted: Counted) -> Iterator[Finding]:
    if sight.person.may(Role.ADMIN) and not factors.has_any(sight.person):
        title = _("Your account has no second factor")
        text = _("You can do everything here; a passkey or an authenticator app keeps others from being you.")
        yield Finding("azure", title, text, address("mfa_index"), _("Add one"))


def _number(counted: Counted, kind: str) -> int:
    return sum(count for _name, count in counted.get(kind, ()))


CHECKS: tuple[Callable[[Sight, Counted], Iterator[Finding]], ...] = (
    _connections,
    _silent,
    _failing,
    _waiting,
    _refused,
    _stuck_events,
    _second_factor,
)
