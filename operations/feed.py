"""The live line of runs: one row of the history, rendered once a process, whenever a run moves."""

from collections.abc import Sequence

from django.template.loader import get_template

from connections.models import Connection
from live.topics import Frame, Sight, Topic, Wanted
from operations.lines import lines
from operations.models import Run
from people.models import Person, Role

MOST = 100  # rows of one flush


def render(keys: Sequence[str], among: Sight = None) -> list[Frame]:
    """Return a frame for each of these runs, oldest first."""
    numbers = sorted({int(key) for key in keys if key.isdigit()})[-MOST:]
    return frames(list(Run.objects.rows().filter(id__in=numbers).order_by("id")))


def since(last_id: str, wanted: Wanted) -> list[Frame]:
    """Return how the one run that a page shows stands now, so that nothing is lost before it listened."""
    return frames([run for ref in wanted.get("run", ()) if (run := Run.objects.rows().by_ref(ref))])


def sight(person: Person) -> Sight:
    """Return the connections whose runs a person may see; None for all."""
    if person.may(Role.ADMIN):
        return None
    return frozenset(map(str, Connection.everything.for_user(person).values_list("pk", flat=True)))


def frames(runs: Sequence[Run]) -> list[Frame]:
    """Return runs' rows as the history shows them."""
    row = get_template("operations/run_list.html#row")
    return [
        Frame(row.render({"line": line}), "row", str(run.id), _facts(run))
        for run, line in zip(runs, lines(runs), strict=True)
    ]


def _facts(run: Run) -> dict[str, str]:
    """Return what the live line compares with a page's filter."""
    return {
        "run": run.ref,
        "state": str(run.state),
        "connection": str(run.connection_id or ""),
        "resource": run.resource,
        "operation": run.operation_key,
    }


topic = Topic(render=render, since=since, sight=sight)
