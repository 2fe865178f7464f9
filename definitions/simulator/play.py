"""Answer one operation the way its definition says the service does."""

import re
from collections.abc import Callable
from typing import Any

from definitions.schema import Operation, Selector
from definitions.selectors import pick
from definitions.simulator import errors, media
from definitions.simulator.http import Asked, Form, Reply, parse_body
from definitions.simulator.refusals import refusal
from definitions.simulator.routes import Match
from definitions.simulator.scene import Scene
from definitions.simulator.world import World, name_of, number
from definitions.writing import put


def answer(match: Match, asked: Asked, world: World) -> Reply:
    """Return the answer to a request that took a route: the first refusal, else what the operation gives."""
    form = parse_body(asked) if asked.body else Form({})
    scene = Scene(match, asked, form or Form({}), world)
    if refused := refusal(scene):
        return refused
    if asked.body and form is None:
        return errors.error(match.route.service, 400, "The body is neither JSON nor a form.", "invalid_json")
    return next(play(scene) for fits, play in PLAYS if fits(scene.operation))


def _text(scene: Scene) -> Reply:
    name, texts = next(iter(scene.operation.practice["texts"].items()))
    chosen = texts.get(str(scene.given.get(name)))
    if chosen is None:
        return _create(scene)
    return Reply(content=chosen.encode(), media_type="text/plain; charset=utf-8")


def _stream(scene: Scene) -> Reply:
    """Answer piece by piece: the words one event each, then the whole answer in the event that carries it."""
    stream = scene.operation.stream
    made = _create(scene).document
    if stream is None or scene.given.get("stream") is not True:
        return Reply(document=made)
    text = pick(made, stream.into) or ""
    events = [_event(stream.text[0], piece) for piece in re.findall(r"\S+\s*", str(text))]
    return Reply(events=(*events, _event(stream.document, made) if stream.document else made))


def _event(selector: Selector, value: Any) -> dict[str, Any]:
    event: dict[str, Any] = {}
    put(event, selector, value)
    return event


def _list(scene: Scene) -> Reply:
    operation, pages = scene.operation, scene.operation.pages
    items = scene.world.page(scene.key, scene.resource, operation, scene.given)
    shown = items[: number(scene.given.get(pages.limit), len(items))] if pages else items
    if not operation.items:
        return Reply(document=shown)
    body: dict[str, Any] = {"object": "list"}
    put(body, operation.items, shown)
    if pages and pages.more:
        put(body, pages.more, len(items) > len(shown))
    if pages and pages.next:
        put(body, pages.next, name_of(scene.resource, shown[-1]) if shown else None)
    return Reply(document=body)


def _delete(scene: Scene) -> Reply:
    found = scene.world.find(scene.key, scene.resource, scene.named)
    if found is None:
        return _nothing(scene)
    scene.world.drop(scene.key, scene.named)
    kind = {"object": found["object"]} if "object" in found else {}
    return Reply(document={"id": scene.named, **kind, "deleted": True})


def _cancel(scene: Scene) -> Reply:
    found = scene.world.find(scene.key, scene.resource, scene.named)
    if found is None:
        return _nothing(scene)
    changed = {"status": "cancelled"} if "status" in found else {}
    return Reply(document=scene.world.keep(scene.key, scene.resource, found | changed))


def _binary(scene: Scene) -> Reply:
    if scene.named and scene.world.find(scene.key, scene.resource, scene.named) is None:
        return _nothing(scene)
    media_type = scene.operation.practice.get("type", "application/octet-stream")
    content = scene.world.file(scene.named)
    return Reply(content=media.sample(media_type) if content is None else content, media_type=media_type)


def _read(scene: Scene) -> Reply:
    found = scene.world.find(scene.key, scene.resource, scene.named)
    return _nothing(scene) if found is None else Reply(document=found)


def _update(scene: Scene) -> Reply:
    found = scene.world.find(scene.key, scene.resource, scene.named)
    if found is None:
        return _nothing(scene)
    changed = {name: value for name, value in scene.form.members.items() if name in found}
    return Reply(document=scene.world.keep(scene.key, scene.resource, found | changed))


def _create(scene: Scene) -> Reply:
    said = {name: value for name, value in scene.given.items() if name != "id"}
    made = scene.world.make(scene.key, scene.resource, said)
    for _, content in scene.form.files.values():
        scene.world.keep_file(name_of(scene.resource, made), content)
    for name, source in scene.operation.practice.get("repeat", {}).items():
        made = made | {name: _repeated(made.get(name, []), scene.given.get(source))}
    return Reply(document=made)


def _repeated(elements: list[Any], said: Any) -> list[Any]:
    """Return the one example element as often as the request asks for."""
    count = len(said) if isinstance(said, list) else int(said) if str(said).isdigit() else 1
    each = [dict(elements[0]) for _ in range(min(count, 100))] if elements else []
    return [item | {"index": at} if "index" in item else item for at, item in enumerate(each)]


def _nothing(scene: Scene) -> Reply:
    sentence = f"There is nothing like {scene.named!r} among the {scene.resource.short.lower()}."
    return errors.error(scene.match.route.service, 404, sentence)


PLAYS: tuple[tuple[Callable[[Operation], bool], Callable[[Scene], Reply]], ...] = (
    (lambda o: "texts" in o.practice, _text),
    (lambda o: o.response_kind == "binary", _binary),
    (lambda o: o.stream is not None, _stream),
    (lambda o: o.is_list, _list),
    (lambda o: o.effect == "cancels", _cancel),
    (lambda o: o.effect == "deletes", _delete),
    (lambda o: bool(o.names_object) and o.method == "GET", _read),
    (lambda o: bool(o.names_object), _update),
    (lambda o: True, _create),
)
