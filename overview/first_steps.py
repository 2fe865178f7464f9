"""The first five minutes: four steps that tick themselves off."""

from dataclasses import dataclass

from operations.models import Origin, State
from overview.navigation import address
from overview.sight import Sight

EARLY = 500  # runs


@dataclass(frozen=True)
class Step:
    """One step: what to do, why, where, and whether it is done."""

    title: str
    text: str
    url: str
    action: str
    done: bool


def steps(sight: Sight) -> list[Step]:
    """Return the four steps as this person finds them, in three short queries."""
    connection = sight.connections.order_by("practice", "name").first()
    # The first runs tell; looking for a missing one among all would read a million rows.
    succeeded = sight.runs.filter(state=State.SUCCEEDED).order_by("id").values_list("origin", flat=True)
    early = set(succeeded[:EARLY])
    page = connection.get_absolute_url() if connection else address("connections:list")
    services = address("operations:services", connection=str(connection.pk) if connection else "")
    return [
        Step(
            "Connect",
            "Enter your key once, or practise with a service that runs on this machine.",
            address("connections:list"),
            "Connect",
            connection is not None,
        ),
        Step(
            "Test",
            "One read-only call shows that the key works.",
            page,
            "Test it",
            Origin.TEST in early,
        ),
        Step(
            "Run",
            "Every operation of the service is a form. Fill one in and see the answer.",
            services,
            "Choose an operation",
            bool(early - {Origin.TEST, Origin.PICKER}),
        ),
        Step(
            "Receive",
            "Paste the endpoint's address at the service, or send a test event, and watch the log.",
            page,
            "Set up webhooks",
            sight.events.exists(),
        ),
    ]
