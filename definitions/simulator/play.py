"""Answer one operation the way its definition says the service does."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from definitions import template
from definitions.schema import Operation, Placeholder, Resource, Selector
from definitions.selectors import pick
from definitions.simulator import errors, media
from definitions.simulator.http import Asked, Form, Reply, parse_body
from definitions.simulator.routes import Match
from definitions.simulator.world import Key, World, name_of, number
from definitions.writing import put


@dataclass(frozen=True, slots=True)
class Scene:
    """One request on its way to an answer: what was matched, what it said, and what practice remembers."""

    match: Match
    asked: Asked
    form: Form
    world: World

    @property
    def operation(self) -> Operation:
        """Return the operation that was asked for."""
        return self.match.route.operation

    @property
    def resource(self) -> Resource:
        """Return the resource that the operation belongs to."""
        return self.match.route.resource

    @property
    def key(self) -> Key:
        """Return where objects of this resource are kept: apart for each parent that the path names."""
        parents = (p.name for p in self.operation.placeholders if p.place == "endpoint")
        named = tuple(self.match.values[name] for name in parents if name in self.match.values)
        return (self.operation.service, self.operation.resource, *named)

    @property
    def given(self) -> dict[str, Any]:
        """Return everything that was said, by name; of an upload its file name and size."""
        uploads = [{"filename": name, "bytes": len(content)} for name, content in self.form.files.values()]
        return {
            **self.asked.query,
            **self.form.members,
            **self.match.values,
            **(uploads[0] if uploads else {}),
        }

    @property
    def named(self) -> str:
        """Return the id of the object that the request is about."""
        return self.match.values.get(self.operation.names_object, "")


def answer(match: Match, asked: Asked, world: World) -> Reply:
    """Return the answer to a request that took a route: the first refusal, else what the operation gives."""
    form = parse_body(asked) if asked.body else Form({})
    scene = Scene(match, asked, form or Form({}), world)
    refused = next((reply for check in CHECKS if (reply := check(scene))), None)
    if refused:
        return refused
    if asked.body and form is None:
        return errors.error(match.route.service, 400, "The body is neither JSON nor a form.", "invalid_json")
    return next(play(scene) for fits, play in PLAYS if fits(scene.operation))


def credential(scene: Scene) -> str:
    """Return what stands in the place of the key in the auth header, "" when there is none."""
    auth = scene.match.route.service.auth
    literal = template.parse_text(auth.template).parts[0]
    sent = scene.asked.headers.get(auth.header.lower(), "")
    if not isinstance(literal, str):
        return sent
    return sent.removeprefix(literal) if sent.startswith(literal) else ""


def _check_key(scene: Scene) -> Reply | None:
    service = scene.match.route.service
    if not service.auth.header:
        return None
    key = credential(scene).strip()
    if not key:
        return errors.error(service, 401, f"No key came in the header {service.auth.header}.")
    return errors.asked_by_key(service, key)


def _check_demands(scene: Scene) -> Reply | None:
    return errors.asked_by_value(scene.match.route.service, scene.given)


def _check_headers(scene: Scene) -> Reply | None:
    for name, text in scene.operation.headers:
        if not scene.asked.headers.get(name.lower()):
            sentence = f"The header {name} is missing; it should be {text!r}."
            return errors.error(scene.match.route.service, 400, sentence, "missing_header", name)
    return None


def _check_kind(scene: Scene) -> Reply | None:
    wanted, got = scene.operation.content_type, scene.asked.headers.get("content-type", "")
    if not wanted or got.startswith(wanted):
        return None
    return errors.error(scene.match.route.service, 415, f"The body must be {wanted}, not {got or 'nothing'}.")


def _check_members(scene: Scene) -> Reply | None:
    for placeholder in scene.operation.placeholders:
        if placeholder.place == "body" and (sentence := _fault(scene, placeholder)):
            return errors.error(scene.match.route.service, 400, sentence, param=placeholder.name)
    return None


def _fault(scene: Scene, placeholder: Placeholder) -> str:
    name = member(scene.operation, placeholder.name)
    value = scene.form.members.get(name, scene.form.files.get(name))
    if value is None or value == "":
        return f"{name!r} is required." if placeholder.required else ""
    if placeholder.options and value not in placeholder.options:
        return f"{name!r} must be one of: {', '.join(placeholder.options)}."
    return ""


def member(operation: Operation, name: str) -> str:
    """Return the top-level member of a body that a placeholder fills."""
    members = operation.body.items() if isinstance(operation.body, dict) else ()
    return next((key for key, node in members if name in template.names(node)), name)


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


CHECKS: tuple[Callable[[Scene], Reply | None], ...] = (
    _check_key,
    _check_demands,
    _check_headers,
    _check_kind,
    _check_members,
)
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
