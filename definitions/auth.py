"""How a service is told who asks: one reader for each `auth.method`, found by its name."""

from collections.abc import Callable, Mapping
from typing import Any

from definitions.placeholders import read_template_placeholders
from definitions.schema import Auth, Placeholder

Json = Mapping[str, Any]


def read_auth(block: Json) -> Auth:
    """Return how the service block authenticates. The method must be a known one, `faults` tells."""
    auth = block["auth"]
    return METHODS[auth["method"]](auth, block.get("headers", {}))


def faults(block: Any) -> list[str]:
    """Return what is wrong with the `auth` of a service block, in sentences."""
    auth = block.get("auth", {}) if isinstance(block, dict) else {}
    method = auth.get("method") if isinstance(auth, dict) else None
    if method not in METHODS:
        return [f"The method {method!r} is not known here; known are: {', '.join(METHODS)}."]
    try:
        read_auth(block)
    except (KeyError, TypeError, AttributeError) as error:
        return [f"The parameters of {method} are not complete: {error} is missing or of the wrong kind."]
    return []


def _api_token(auth: Json, headers: Json) -> Auth:
    """Read a token in a header; a header template of that very name wins (rule S2)."""
    param = auth["params"]["apiToken"]
    token, header = param["token"], param.get("headerName", {"value": "Authorization"})["value"]
    written = next((text for name, text in headers.items() if name.lower() == header.lower()), token)
    placeholders = token.get("placeholders", ())
    declared = written.get("placeholders", ()) if isinstance(written, Mapping) else ()
    return Auth(
        method="api_token",
        placeholders=_credentials([*placeholders, *declared]),
        header=header,
        template=written if isinstance(written, str) else written["value"],
    )


def _none(auth: Json, headers: Json) -> Auth:
    return Auth("none", (), "", "")


def _credentials(declared: list[Json]) -> tuple[Placeholder, ...]:
    once = {placeholder["name"]: placeholder for placeholder in reversed(declared)}
    return tuple(reversed(read_template_placeholders(once.values(), "auth")))


METHODS: Mapping[str, Callable[[Json, Json], Auth]] = {"api_token": _api_token, "none": _none}
