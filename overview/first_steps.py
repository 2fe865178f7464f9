"""The first five minutes: four steps that tick themselves off."""

from dataclasses import dataclass

from django.db.models import Value
from django.utils.translation import gettext as _

from operations.models import Origin, State
from overview.navigation import address
from overview.sight import Sight

EARLY = 500  # runs
ARRIVED = "arrived"  # stands among the runs' origins for “an event came”


@dataclass(frozen=True)
class Step:
    """One step: what to do, why, where, and whether it is done."""

    title: str
    text: str
    url: str
    action: str
    done: bool


def steps(sight: Sight) -> list[Step]:
    """Return the four steps as this person finds them, in one query beside that for the connections."""
    connection = next(iter(sight.held), None)
    known = _known(sight)
    page = connection.get_absolute_url() if connection else address("connections:list")
    services = address("operations:services", connection=str(connection.pk) if connection else "")
    return [
        Step(
            _("Connect"),
            _("Enter your key once, or practise with a service that runs on this machine."),
            address("connections:list"),
            _("Connect"),
            connection is not None,
        ),
        Step(
            _("Test"),
            _("One read-only call shows that the key works."),
            page,
            _("Test it"),
            bool(known - {Origin.PICKER, ARRIVED}),  # a run that succeeded has shown it, too
        ),
        Step(
            _("Run"),
            _("Every operation of the service is a form. Fill one in and see the answer."),
            services,
            _("Choose an operation"),
            bool(known - {Origin.TEST, Origin.PICKER, ARRIVED}),
        ),
        Step(
            _("Receive"),
            _("Paste the endpoint's address at the service, or send a test event, and watch the log."),
            page,
            _("Set up webhooks"),
            ARRIVED in known,
        ),
    ]


def _known(sight: Sight) -> set[str]:
    """Return where the first runs that succeeded came from, and whether anything ever arrived."""
    # The first runs tell; looking for a missing one among all would read a million rows.
    runs = sight.runs.filter(state=State.SUCCEEDED).order_by("id").values_list("origin", flat=True)[:EARLY]
    events = sight.events.order_by().values_list(Value(ARRIVED), flat=True)[:1]
    return set(runs.union(events, all=True))
