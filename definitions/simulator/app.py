"""The ASGI app of practice: routes requests to the played services, and takes orders on its control path.

Orders are JSON posted to `/__simulator__/…` with the header `x-practice-control`, which no page of another
site can send unasked: `events` posts one webhook now, `endpoints` tells where events of a service go from
now on.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import httpx

from definitions import catalog
from definitions.schema import Event, Service
from definitions.simulator import deliveries, errors, http, play, routes
from definitions.simulator.http import NOTICE, Asked, Reply
from definitions.simulator.world import World, name_of

CONTROL = "/__simulator__/"
DELAY = 1.0  # seconds between an answer and the webhook that says that the work is done
MOST_TASKS = 200  # deliveries under way
ON_DEMAND = (
    "Write practice-error-404 or practice-slow-20 into any value; a key with the word invalid or quota fails."
)

Orders = Mapping[str, Any]
Endpoints = Mapping[str, str]  # URL: the secret that deliveries to it are signed with
Known = Callable[[str], Awaitable[Endpoints]]


async def nobody(service: str) -> Endpoints:
    """Know of no endpoint but those that an order told."""
    return {}


def application(
    handles: Iterable[str] = (),
    *,
    client: httpx.AsyncClient | None = None,
    delay: float = DELAY,
    known: Known = nobody,
) -> "Practice":
    """Return an ASGI app that plays the named services, all when none is named. It says that it is practice.

    `client` posts the webhooks; `delay` is the time between an answer and its event; `known` is asked where
    the events of a service go, beside the endpoints that were told.
    """
    client = client or httpx.AsyncClient(trust_env=False, follow_redirects=False)
    return Practice(handles, client, delay, known)


class Practice:
    """Services played from their definitions; what is made lives in memory until the process ends."""

    def __init__(
        self, handles: Iterable[str], client: httpx.AsyncClient, delay: float, known: Known = nobody
    ) -> None:
        self.named = tuple(handles)
        self.services: dict[str, Service] = {}
        self.routes: tuple[routes.Route, ...] = ()
        self.world = World()
        self.client, self.delay, self.known = client, delay, known
        self.endpoints: dict[str, dict[str, str]] = {}  # by service, then URL: the secret
        self.tasks: set[asyncio.Task[Any]] = set()
        self.look_again()

    def look_again(self) -> None:
        """Take over definitions that were added or changed since; what was made of them stays."""
        loaded = [service for service in catalog.services() if not self.named or service.handle in self.named]
        if loaded != list(self.services.values()):
            self.services = {service.handle: service for service in loaded}
            self.routes = routes.routes(loaded)

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Take one ASGI connection: start and end of the process, or a request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        if scope["type"] == "http":
            await http.send_reply(send, await self.reply(await http.read(scope, receive)))

    async def reply(self, asked: Asked) -> Reply:
        """Return the answer to any request."""
        self.look_again()
        if asked.path == "/":
            return Reply(document=self._about())
        if asked.path.startswith(CONTROL):
            return await self._control(asked)
        found = routes.match(self.routes, asked.method, asked.path)
        if not isinstance(found, routes.Match):
            return self._lost(asked, found)
        reply = play.answer(found, asked, self.world)
        words = asked.body.decode("utf-8", "replace")
        if seconds := errors.wait_asked([dict(asked.query), found.values, words]):
            await asyncio.sleep(seconds)
        if reply.status < 400:
            self._follow_up(found, asked, reply)
        return reply

    def _about(self) -> dict[str, Any]:
        return {"practice": NOTICE[1], "services": sorted(self.services), "on_demand": ON_DEMAND}

    def _lost(self, asked: Asked, methods: str | None) -> Reply:
        service = self._service_of(asked.path)
        if methods:
            refused = errors.error(service, 405, f"{asked.path} takes {methods}, not {asked.method}.")
            return Reply(405, refused.document, headers={"allow": methods})
        return errors.error(service, 404, f"No operation of a played service has the path {asked.path}.")

    def _service_of(self, path: str) -> Service:
        return self.services.get(path.split("/")[1]) or next(iter(self.services.values()))

    async def _control(self, asked: Asked) -> Reply:
        order = ORDERS.get(asked.path.removeprefix(CONTROL).strip("/"))
        if not order or asked.method != "POST":
            return Reply(404, {"error": f"Orders are: {', '.join(ORDERS)}."})
        if "x-practice-control" not in asked.headers:
            return Reply(403, {"error": "The header x-practice-control is missing."})
        try:
            said = json.loads(asked.body)
            service = self.services[said["service"]]
            return await order(self, service, said)
        except (ValueError, KeyError, TypeError) as error:
            return Reply(400, {"error": f"The order is not complete: {error}."})

    async def order_event(self, service: Service, said: Orders) -> Reply:
        """Post one event now: `{"service", "type", "url", "secret", "object_id"?, "mode"?}`."""
        event, mode = service.event(said["type"]), said.get("mode", "signed")
        if mode not in deliveries.MODES:
            return Reply(400, {"error": f"The modes are: {', '.join(deliveries.MODES)}."})
        object_id = said.get("object_id") or self._some_object(service, event)
        target = deliveries.Target(said["url"], said["secret"])
        sent = deliveries.delivery(service, said["type"], target, object_id=object_id, mode=mode)
        result = await deliveries.post(self.client, sent)
        identity = sent.headers.get(service.webhooks.dedupe_header, "")
        return Reply(document=result | {"object_id": object_id, "delivery_id": identity})

    async def order_endpoint(self, service: Service, said: Orders) -> Reply:
        """Post the service's events to this endpoint from now on: `{"service", "url", "secret"}`; no secret
        ends it.
        """
        known = self.endpoints.setdefault(service.handle, {})
        if said.get("secret"):
            known[said["url"]] = said["secret"]
        else:
            known.pop(said["url"], None)
        return Reply(document={"endpoints": sorted(known)})

    def _some_object(self, service: Service, event: Event | None) -> str:
        """Return the name of an object that the event can be about, so that reading it finds it."""
        resource = service.resource(event.resource) if event else None
        if resource is None:
            return ""
        return name_of(resource, self.world.make((service.handle, resource.handle), resource, {}))

    def _follow_up(self, match: routes.Match, asked: Asked, reply: Reply) -> None:
        """Post the event that the service sends when work of this kind is done."""
        service, operation = match.route.service, match.route.operation
        word = {"cancels": "cancelled"}.get(operation.effect, "")
        if operation.idempotent or operation.effect == "deletes" or not isinstance(reply.document, dict):
            return
        form = http.parse_body(asked) if asked.body else None
        said = form.members if form else {}
        events = match.route.resource.events
        wanted = next((event.type for event in events if _sent_for(event, word, said)), "")
        if wanted and len(self.tasks) < MOST_TASKS:
            task = asyncio.ensure_future(
                self._post_later(service, wanted, name_of(match.route.resource, reply.document))
            )
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _post_later(self, service: Service, wanted: str, identity: str) -> None:
        await asyncio.sleep(self.delay)
        endpoints = {**await self.known(service.handle), **self.endpoints.get(service.handle, {})}
        for url, secret in endpoints.items():
            sent = deliveries.delivery(service, wanted, deliveries.Target(url, secret), object_id=identity)
            await deliveries.post(self.client, sent)

    async def _live(self, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        for task in self.tasks:
            task.cancel()
        await self.client.aclose()
        await send({"type": "lifespan.shutdown.complete"})


def _sent_for(event: Event, word: str, said: Mapping[str, Any]) -> bool:
    """Tell whether the service delivers this event for the request: the first good end, or the one that
    `word` names.
    """
    conditions = all(said.get(name) == value for name, value in event.when.items())
    return event.delivered == "delivered" and conditions and (not word or event.type.endswith(word))


Order = Callable[[Practice, Service, Orders], Awaitable[Reply]]
ORDERS: Mapping[str, Order] = {"events": Practice.order_event, "endpoints": Practice.order_endpoint}
