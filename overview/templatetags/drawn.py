"""Parts of templates, drawn once as long as they say the same: rows of lists, fields of filter bars."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from audit.pages import Control
from overview.templatetags.look import Age, age

register = template.Library()

ROWS, CONTROLS = 512, 256  # ten pages, some twenty bars; a row is 1 KB


@register.simple_tag
def rows(part: str, lines: Sequence[Mapping[str, Any]]) -> SafeString:
    """Draw each line of a list by a part of its page: `{% rows "webhooks/log.html#row" lines %}`.

    To draw fifty takes 3 ms, to find them again 0.5. What is in a line must have a hash.
    """
    language, now = get_language(), timezone.now()
    found = (_row(part, tuple(line.items()), _ages(line, now), language) for line in lines)
    return format_html_join("", "{}", ((row,) for row in found))


def _ages(line: Mapping[str, Any], now: datetime) -> tuple[Age, ...]:
    """Return how old its moments are: of fifty only the youngest say something else a minute later."""
    return tuple(age(one, now) for one in line.values() if isinstance(one, datetime))


@lru_cache(ROWS)
def _row(part: str, line: tuple[tuple[str, Any], ...], _ages: tuple[Age, ...], _language: str | None) -> str:
    return get_template(part).render({"line": dict(line)})


@register.simple_tag
def control(one: Control) -> str:
    """Draw one field of a filter bar."""
    choices = None if one.choices is None else tuple((str(value), str(label)) for value, label in one.choices)
    return _control(replace(one, label=str(one.label), hint=str(one.hint), choices=choices), get_language())


@lru_cache(CONTROLS)
def _control(one: Control, _language: str | None) -> str:
    return get_template("components/filter.html").render({"control": one})
