"""Which endpoint a path belongs to: remembered while nothing changes, looked up together when many ask at
once.
"""

import asyncio
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from uuid import UUID

from connections import endpoints
from connections.endpoints import Endpoint
from connections.models import Connection
from definitions import catalog
from definitions.schema import Event, Service
from live.hub import hub
from live.reader import Reader

FRESH = 30.0  # seconds that an endpoint is believed when no news comes; news clears it at once
PATIENCE = 4.0  # seconds for a look-up, so that a frozen database is answered within five
PATH = re.compile(r"/webhooks/(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/|$))?(.*)", re.DOTALL)
NOWHERE = UUID(int=0)
LOOK = "see whether PostgreSQL runs, and its log."  # what to do, whatever kept it from answering

Key = UUID | str  # an endpoint's id, or the handle of a service whose default connection is meant


class Away(Exception):
    """A delivery cannot be stored now, and its sender is asked to come again. The text is for whoever runs
    this: why, and what to do.
    """


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: an open endpoint, or why there is none."""

    endpoint: Endpoint | None = None
    named_type: str = ""  # the event type that an alias path names
    cause: str = "unknown_endpoint"
    connection_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shut:
    """An endpoint that exists and takes nothing."""

    connection_id: UUID


STRANGER = (0.0, Place())
Asked = asyncio.Future[Endpoint | Shut | None]


class Directory:
    """Endpoints by path for one event loop."""

    def __init__(self) -> None:
        self._reader = Reader("door")
        self._known: dict[str, tuple[float, Place]] = {}  # by path: only open endpoints, under known aliases
        self._asked: dict[Key, Asked] = {}
        self._task: asyncio.Task[None] | None = None
        self._generation = 0
        self._stop = hub().listen("endpoint", self._changed)

    def known(self, path: str) -> Place | None:
        """Return where the path leads when that is an endpoint that needs no looking up."""
        until, place = self._known.get(path, STRANGER)
        return place if until > time.monotonic() else None

    async def find(self, path: str) -> Place:
        """Return where the path leads. Raises Away.

        Unknown and disabled endpoints are not remembered and take the same way, so that neither the answer
        nor its time tells them apart; a flood of made-up ids shares one query at a time.
        """
        if place := self.known(path):
            return place
        key, service, named_type = _read(path)
        if key == NOWHERE:
            return Place()
        generation = self._generation
        found = await self._look_up(key)
        if isinstance(found, Shut):
            return Place(cause="disabled", connection_id=found.connection_id)
        if found is None:
            return Place()
        if service not in ("", found.service):
            return Place(connection_id=found.connection_id)
        place = Place(found, named_type, "", found.connection_id)
        if generation == self._generation:
            self._known[path] = (time.monotonic() + FRESH, place)
        return place

    async def close(self) -> None:
        """Let go of the connection to the database."""
        self._stop()
        await self._reader.close()

    async def _look_up(self, key: Key) -> Endpoint | Shut | None:
        asked = self._asked.setdefault(key, asyncio.get_running_loop().create_future())
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="door directory")
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(asked)
        except TimeoutError:
            raise Away(f"The database has not answered for {PATIENCE:.0f} s: {LOOK}") from None

    async def _work(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await self._reader.ask(partial(load, tuple(asked)))
            except Exception as error:  # whatever it is, the senders must get an answer, and come again
                _fail(asked.values(), error)
                continue
            _answer(asked, found)

    def _changed(self, key: str) -> None:
        """Forget everything: changes are rare, and a look-up costs milliseconds."""
        self._generation += 1
        self._known.clear()


def load(keys: Iterable[Key]) -> dict[Key, Endpoint | Shut]:
    """Return what the database knows of these keys; only open endpoints are read whole."""
    ids, services = {k for k in keys if isinstance(k, UUID)}, {k for k in keys if isinstance(k, str)}
    named = Connection.objects.filter(endpoint__in=ids).values_list("endpoint", "enabled", "pk")
    default = Connection.objects.filter(service__in=services, is_default=True)
    rows: list[tuple[Key, bool, UUID]] = [*named, *default.values_list("service", "enabled", "pk")]
    found = {key: _whole(key) if enabled else Shut(pk) for key, enabled, pk in rows}
    return {key: one for key, one in found.items() if one is not None}


def _whole(key: Key) -> Endpoint | None:
    return endpoints.load(key) if isinstance(key, UUID) else endpoints.load(None, key)


def _answer(asked: dict[Key, Asked], found: dict[Key, Endpoint | Shut]) -> None:
    for key, future in asked.items():
        if not future.done():
            future.set_result(found.get(key))


def _fail(asked: Iterable[Asked], error: Exception) -> None:
    why = f"The endpoint could not be looked up ({type(error).__name__}: {error}): {LOOK}"
    for future in asked:
        if not future.done():
            future.set_exception(Away(why))
            future.exception()  # whoever asked may have left; nobody else needs to hear of it


def _read(path: str) -> tuple[Key, str, str]:
    """Return whom a path means, the service that its alias belongs to, and the event type that the alias
    names.
    """
    matched = PATH.fullmatch(path)
    if not matched:
        return NOWHERE, "", ""
    endpoint, rest = matched[1], matched[2].removesuffix("/")
    service, named_type = aliases().get(rest, ("", ""))
    if rest and not service:
        return NOWHERE, "", ""
    if endpoint:
        return UUID(endpoint), service, named_type
    return (service, service, named_type) if service else (NOWHERE, "", "")


def aliases() -> dict[str, tuple[str, str]]:
    """Return the published paths below an endpoint, chatgpt/response-completed -> (service, event type)."""
    return _aliases(tuple(_Loaded(service) for service in catalog.services()))


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    """A service as a cache key: the very object, because an edited definition is a new one."""

    service: Service

    def __hash__(self) -> int:
        return id(self.service)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Loaded) and other.service is self.service


@lru_cache(maxsize=2)
def _aliases(loaded: tuple[_Loaded, ...]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for handle, event in ((one.service.handle, event) for one in loaded for event in _events(one.service)):
        found.setdefault(event.path.removeprefix("/webhooks/").strip("/"), (handle, event.type))
    return found


def _events(service: Service) -> Iterable[Event]:
    return (event for resource in service.resources for event in resource.events)
