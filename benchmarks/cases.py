"""The lists that people and scripts look at, with every question that they can be asked, as addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse

from audit import ids
from benchmarks import history
from connections.models import Connection
from operations.models import Run
from webhooks.models import Event

NOBODY = "ffffffff-ffff-4fff-bfff-ffffffffffff"


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One page as somebody asks for it. Searches may take 100 ms in the database, everything else 5."""

    name: str
    view: str
    query: Mapping[str, str] = field(default_factory=dict)
    kind: str = "list"

    @property
    def url(self) -> str:
        """Its address."""
        address = reverse(self.view)
        return f"{address}?{urlencode(self.query)}" if self.query else address

    @property
    def filters(self) -> set[str]:
        """The names of the filters that the page must know; the API refuses what it does not know."""
        return set() if self.view.startswith("api:") else set(self.query) - {"after", "before"}


def log() -> list[Case]:
    """Return what the log is asked: first page, depth, each filter and pairs of them, searches."""
    busy, rare, silent = _accounts()
    middle = _middle(Event)
    day = ids.time_of(middle).date().isoformat()
    asked: dict[str, Mapping[str, str]] = {
        "first page": {},
        "at random depth": {"after": str(middle)},
        "at depth, upwards": {"before": str(middle)},
        "busy connection": {"connection": busy},
        "rare connection": {"connection": rare},
        "silent connection": {"connection": silent},
        "busy connection, at depth": {"connection": busy, "after": str(middle)},
        "common type": {"type": "response.completed"},
        "rare type": {"type": "batch.expired"},
        "type never seen": {"type": "assistant.created"},
        "type and connection": {"type": "batch.failed", "connection": busy},
        "common type, busy connection": {"type": "response.completed", "connection": busy},
        "state failed, busy connection": {"state": "failed", "connection": busy},
        "rare type, silent connection": {"type": "batch.expired", "connection": silent},
        "state failed": {"state": "failed"},
        "state received": {"state": "received"},
        "state processed": {"state": "processed"},
        "mark duplicate": {"mark": "duplicate"},
        "mark never seen": {"mark": "redacted"},
        "refused": {"kind": "refused"},
        "cause": {"cause": "bad_signature"},
        "object": {"object": f"batch_{1:024x}"},
        "tests hidden": {"tests": "hide"},
        "one day": {"since": day, "until": day},
        "one day and type": {"since": day, "until": day, "type": "batch.failed"},
    }
    found = {
        "identifier": {"q": f"batch_{2:024x}"},
        "common word": {"q": "granite"},
        "rare word": {"q": "T4711"},
        "none found": {"q": "zephyrnothere"},
        "JSON path": {"path": "data.metadata.team=granite"},
        "JSON path, none found": {"path": "data.metadata.team=zephyr"},
    }
    return _made("log", "webhooks:log", asked, found)


def runs() -> list[Case]:
    """Return what the history of runs is asked."""
    busy, _, silent = _accounts()
    middle = _middle(Run)
    day = ids.time_of(middle).date().isoformat()
    asked: dict[str, Mapping[str, str]] = {
        "first page": {},
        "at random depth": {"after": str(middle)},
        "connection": {"connection": busy},
        "silent connection": {"connection": silent},
        "resource": {"resource": "batches"},
        "resource never used": {"resource": "images"},
        "operation": {"operation": "batches.create"},
        "operation never used": {"operation": "images.create"},
        "state failed": {"state": "failed"},
        "state succeeded": {"state": "succeeded"},
        "failed or unknown": {"state": "bad"},
        "state queued": {"state": "queued"},
        "state and connection": {"state": "unknown", "connection": silent},
        "asked by a rule": {"origin": "rule"},
        "tag": {"tag": "nightly"},
        "tag and connection": {"tag": "nightly", "connection": busy},
        "tag never used": {"tag": "zephyr"},
        "one day": {"since": day, "until": day},
    }
    found = {
        "common word": {"q": "granite"},
        "rare word": {"q": "4711"},
        "none found": {"q": "zephyrnothere"},
    }
    return _made("runs", "operations:run_list", asked, found)


def api() -> list[Case]:
    """Return what scripts ask the API's lists."""
    busy, _, silent = _accounts()
    event, run = ids.encode("evt", _middle(Event)), ids.encode("run", _middle(Run))
    events: dict[str, Mapping[str, str]] = {
        "first page": {},
        "at random depth": {"after": event},
        "busy connection": {"connection": busy},
        "silent connection": {"connection": silent},
        "common type": {"type": "response.completed"},
        "type never seen": {"type": "assistant.created"},
        "type and connection": {"type": "batch.failed", "connection": silent},
        "state received": {"state": "received"},
        "state failed": {"state": "failed"},
        "object": {"object_id": f"batch_{1:024x}"},
    }
    runs: dict[str, Mapping[str, str]] = {
        "first page": {},
        "at random depth": {"after": run},
        "silent connection": {"connection": silent},
        "operation never used": {"operation": "images.create"},
        "state queued": {"state": "queued"},
        "state and connection": {"state": "unknown", "connection": silent},
    }
    refused: dict[str, Mapping[str, str]] = {"first page": {}, "cause": {"cause": "bad_signature"}}
    asked = {"events": events, "runs": runs, "refusals": refused}
    return [case for name, some in asked.items() for case in _made(f"API {name}", f"api:{name}", some, {})]


def others() -> list[Case]:
    """Return the other pages that look at events and runs."""
    names = {"overview": "overview:home", "audit trail": "audit:list", "connections": "connections:list"}
    return [Case(name, view) for name, view in {**names, "system": "overview:system"}.items()]


def _made(
    page: str, view: str, asked: Mapping[str, Mapping[str, str]], found: Mapping[str, Mapping[str, str]]
) -> list[Case]:
    lists = [Case(f"{page}: {name}", view, query) for name, query in asked.items()]
    return [
        *lists,
        *(Case(f"{page}, search: {name}", view, query, "search") for name, query in found.items()),
    ]


def _accounts() -> tuple[str, str, str]:
    """Return the busy, the rare and the silent connection (history.py gives them their shares)."""
    first, second, third = Connection.objects.order_by("name").values_list("pk", flat=True)[:3]
    return str(first), str(second), str(third)


def _middle(model: type[Model]) -> int:
    """Return the id of a row somewhere in the middle of the half year."""
    newest = model._default_manager.order_by("-pk").values_list("pk", flat=True)[0]
    half = int(history.SPAN.total_seconds() * 500) << ids.SHIFT
    return int(
        model._default_manager.filter(pk__lt=newest - half).order_by("-pk").values_list("pk", flat=True)[0]
    )
