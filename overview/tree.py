"""A parsed JSON document as a tree of `<details>`: bounded, escaped, each value with its path to copy."""

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

OPEN_DEPTH = 2  # levels that are open at first
MAX_DEPTH = 48  # deeper levels are cut; the raw tab has them
MAX_MEMBERS = 200  # members shown of one object or list
MAX_TEXT = 2_000  # characters shown of one value


def draw(document: Any) -> SafeString:
    """Return the document's tree as HTML. Every name and value is escaped; what is left out says how much."""
    return format_html('<div class="json-tree">{}</div>', _node("", "$", document, 0))


def _node(name: str, path: str, value: Any, depth: int) -> SafeString:
    label = format_html('<span class="json-key">{}</span>: ', name) if name else ""
    if isinstance(value, dict | list) and value and depth < MAX_DEPTH:
        return _branch(label, path, value, depth)
    css, text = _leaf(value)
    return format_html(
        '<div class="json-leaf" data-path="{}">{}<span class="{}">{}</span></div>', path, label, css, text
    )


def _branch(label: SafeString | str, path: str, value: dict[str, Any] | list[Any], depth: int) -> SafeString:
    pairs = _members(path, value)
    inner = format_html_join(
        "", "{}", ((_node(name, at, child, depth + 1),) for name, at, child in pairs[:MAX_MEMBERS])
    )
    more = len(pairs) - MAX_MEMBERS
    rest = format_html('<div class="json-more">… {} more, see Raw</div>', more) if more > 0 else ""
    size = f"{{{len(value)}}}" if isinstance(value, dict) else f"[{len(value)}]"
    return format_html(
        '<details{}><summary data-path="{}">{}<span class="json-size">{}</span></summary>{}{}</details>',
        " open" if depth < OPEN_DEPTH else "",
        path,
        label,
        size,
        inner,
        rest,
    )


def _members(path: str, value: dict[str, Any] | list[Any]) -> list[tuple[str, str, Any]]:
    if isinstance(value, dict):
        return [(str(key), f"{path}.{key}", child) for key, child in value.items()]
    return [(str(index), f"{path}[{index}]", child) for index, child in enumerate(value)]


def _leaf(value: Any) -> tuple[str, str]:
    if isinstance(value, str):
        text = value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}… ({len(value):,} characters)"
        return "json-string", f"“{text}”"
    if isinstance(value, dict | list):
        return "json-empty", (
            gettext("… deeper, see Raw") if value else "{}" if isinstance(value, dict) else "[]"
        )
    if value is None or isinstance(value, bool):
        return "json-word", {None: "null", True: "true", False: "false"}[value]
    return "json-number", str(value)
