"""The first five minutes: four steps that tick themselves off."""

from dataclasses import dataclass

from connections.models import Connection
from operations.models import Run, State
from operations.models.run import Origin
from overview.navigation import address
from people.models import Person
from webhooks.models import Event


@dataclass(frozen=True)
class Step:
    """One step: what to do, why, where, and whether it is done."""

    title: str
    text: str
    url: str
    action: str
    done: bool


def steps(person: Person) -> list[Step]:
    """Return the four steps as this person finds them, in four short queries."""
    connection = Connection.objects.for_user(person).order_by("practice", "name").first()
    runs = Run.objects.for_user(person).filter(state=State.SUCCEEDED)
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
            runs.filter(origin=Origin.TEST).exists(),
        ),
        Step(
            "Run",
            "Every operation of the service is a form. Fill one in and see the answer.",
            services,
            "Choose an operation",
            runs.exclude(origin__in=[Origin.TEST, Origin.PICKER]).exists(),
        ),
        Step(
            "Receive",
            "Paste the endpoint's address at the service, or send a test event, and watch the log.",
            page,
            "Set up webhooks",
            Event.objects.for_user(person).exists(),
        ),
    ]
