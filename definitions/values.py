"""Bring what is handed in to the type that its placeholder declares, or say what is wrong with it."""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from definitions.schema import Placeholder

INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)  # 18 digits: what every JSON reader takes without loss
BOOLEANS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
SHAPES = {"array": (list, _("a list in [ ]")), "object": (dict, _("an object in { }"))}
MOST_DIGITS = 4_300  # of a number in JSON: Python converts no longer text
DEEPEST = 64  # levels of JSON that we send; services refuse more, and so does our own store


class BadValue(ValueError):
    """A value does not fit its placeholder; the message is the sentence to show beside the field."""


def is_blank(value: Any) -> bool:
    """Tell whether a value says nothing: an empty text, list or null. False and 0 say something."""
    return value is None or (isinstance(value, str | list) and not value)


def cast(placeholder: Placeholder, value: Any) -> Any:
    """Return `value` (not blank) as the placeholder's type.

    Raises BadValue with one sentence (rules T5, T10, T11).
    """
    if not placeholder.multiple or (placeholder.json == "allowed" and not isinstance(value, list)):
        return cast_one(placeholder, value)
    items = value if isinstance(value, list) else [value]
    return [cast_one(placeholder, item) for item in items if not is_blank(item)]


def cast_one(placeholder: Placeholder, value: Any) -> Any:
    """Return a single value as the placeholder's type, checked against its options and bounds.

    Raises BadValue.
    """
    if placeholder.json:
        return _json_value(placeholder, value)
    cast_value = CASTS[placeholder.type](value)
    if placeholder.options and cast_value not in placeholder.options:
        raise BadValue(gettext("Choose one of: {names}.").format(names=", ".join(placeholder.options)))
    _check_bounds(placeholder, cast_value)
    return cast_value


def parse_json(text: str, shape: str = "") -> Any:
    """Return the list or object that a JSON text holds.

    Raises BadValue naming line and column of the mistake.
    """
    try:
        value = json.loads(text, parse_int=_whole, parse_constant=_no_constant, object_pairs_hook=_members)
    except json.JSONDecodeError as error:
        raise BadValue(
            gettext("This is not JSON: {msg} at line {lineno}, column {colno}.").format(
                msg=error.msg.lower(), lineno=error.lineno, colno=error.colno
            )
        ) from None
    except RecursionError:
        raise BadValue(
            gettext("This JSON is nested more than {deepest} levels deep.").format(deepest=DEEPEST)
        ) from None
    return check_json(value, shape)


def check_json(value: Any, shape: str = "") -> Any:
    """Return a parsed list or object that is fit to be sent.

    Raises BadValue for another shape, depth or number.
    """
    kinds = [SHAPES[shape]] if shape else list(SHAPES.values())
    if not isinstance(value, tuple(kind for kind, _ in kinds)):
        raise BadValue(
            gettext("This must be JSON: {names}.").format(
                names=gettext(" or ").join(str(words) for kind, words in kinds)
            )
        )
    _check_tree(value, DEEPEST)
    return value


def _json_value(placeholder: Placeholder, value: Any) -> Any:
    if not isinstance(value, str):
        return check_json(value, placeholder.shape)
    return parse_json(value, placeholder.shape) if placeholder.json == "required" else _text(value)


def _check_tree(value: Any, depth: int) -> None:
    if depth < 0:
        raise BadValue(
            gettext("This JSON is nested more than {deepest} levels deep.").format(deepest=DEEPEST)
        )
    if isinstance(value, str):
        _text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadValue(gettext("JSON has no NaN and no Infinity: write a number."))
    elif isinstance(value, dict):
        for key, child in value.items():
            _text(key)
            _check_tree(child, depth - 1)
    elif isinstance(value, list):
        for child in value:
            _check_tree(child, depth - 1)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadValue(gettext("The member {twice!r} stands there twice: keep one.").format(twice=twice))
    return members


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise BadValue(gettext("This JSON holds a number of more digits than can be read: shorten it."))
    return int(digits)


def _no_constant(name: str) -> Any:
    raise BadValue(gettext("JSON has no {name}: write a number or null.").format(name=name))


def _check_bounds(placeholder: Placeholder, value: Any) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    if placeholder.minimum is not None and value < placeholder.minimum:
        raise BadValue(gettext("The smallest value is {minimum:g}.").format(minimum=placeholder.minimum))
    if placeholder.maximum is not None and value > placeholder.maximum:
        raise BadValue(gettext("The largest value is {maximum:g}.").format(maximum=placeholder.maximum))


def _text(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if not isinstance(value, str):
        raise BadValue(gettext("This must be text."))
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadValue(
            gettext("This holds half of a character (a lone surrogate), which cannot be sent: type it again.")
        ) from None
    return value


def _integer(value: Any) -> int:
    if isinstance(value, str) and INTEGER.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise BadValue(gettext("This must be a whole number."))


def _number(value: Any) -> int | float:
    try:
        number = (
            float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
        )
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise BadValue(gettext("This must be a number."))
    return _integer(number) if number.is_integer() and abs(number) < 1e15 else number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in BOOLEANS:
        return BOOLEANS[value.strip().lower()]
    raise BadValue(gettext("This must be yes or no."))


def _object(value: Any) -> Any:
    return parse_json(value) if isinstance(value, str) else check_json(value)


def _file(value: Any) -> Any:
    if isinstance(value, str | bool | int | float | dict | list):
        raise BadValue(gettext("This must be a file."))
    return value


CASTS: Mapping[str, Callable[[Any], Any]] = {
    "String": _text,
    "Integer": _integer,
    "Number": _number,
    "Boolean": _boolean,
    "Object": _object,
    "File": _file,
}
