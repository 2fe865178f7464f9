"""The live line of runs: one row of the history, rendered once a process, whenever a run moves."""

from collections.abc import Sequence

from django.template.loader import render_to_string

from connections.models import Connection
from live.topics import Frame, Sight, Topic, Wanted
from operations.models import Run
from people.models import Person, Role

MOST = 100  # rows of one flush


def render(keys: Sequence[str]) -> list[Frame]:
    """Return a frame for each of these runs, oldest first."""
    numbers = sorted({int(key) for key in keys if key.isdigit()})[-MOST:]
    return [frame(run) for run in Run.objects.rows().filter(id__in=numbers).order_by("id")]


def since(last_id: str, wanted: Wanted) -> list[Frame]:
    """Return how the one run that a page shows stands now, so that nothing is lost before it listened."""
    return [frame(run) for ref in wanted.get("run", ()) if (run := Run.objects.rows().by_ref(ref))]


def sight(person: Person) -> Sight:
    """Return the connections whose runs a person may see; None for all."""
    if person.may(Role.ADMIN):
        return None
    return frozenset(map(str, Connection.everything.for_user(person).values_list("pk", flat=True)))


def frame(run: Run) -> Frame:
    """Return a run's row as the history shows it."""
    facts = {
        "run": run.ref,
        "state": str(run.state),
        "connection": str(run.connection_id or ""),
        "resource": run.resource,
        "operation": run.operation_key,
    }
    return Frame(render_to_string("operations/run_row.html", {"run": run}), "row", str(run.id), facts)


topic = Topic(render=render, since=since, sight=sight)
