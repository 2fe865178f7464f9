"""What practice refuses before it plays an operation: the checks that the real service makes, in their
order.
"""

from collections.abc import Callable

from definitions import template
from definitions.schema import Operation, Placeholder
from definitions.simulator import errors
from definitions.simulator.http import Reply
from definitions.simulator.scene import Scene


def refusal(scene: Scene) -> Reply | None:
    """Return the first refusal, or None when the request may be played."""
    return next((reply for check in CHECKS if (reply := check(scene))), None)


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


CHECKS: tuple[Callable[[Scene], Reply | None], ...] = (
    _check_key,
    _check_demands,
    _check_headers,
    _check_kind,
    _check_members,
)
