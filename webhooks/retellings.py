"""The same body as others would have written it: what frameworks and proxies do to JSON on its way."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_noop

MOST = 256 << 10  # bytes of a body that is worth writing anew


def retellings(body: bytes) -> dict[str, bytes]:
    """Return what the body may have been when it was signed, by what would have changed it since."""
    found: dict[str, bytes] = {}
    for name, tell in {**TEXTS, **_documents(body)}.items():
        try:
            told = tell(body)
        except (ValueError, LookupError, RecursionError):
            continue
        if told != body and told not in found.values():
            found[name] = told
    return found


def _documents(body: bytes) -> Mapping[str, Callable[[bytes], bytes]]:
    """The body parsed and written again, in the ways of the usual libraries."""
    if len(body) > MOST:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return {name: _writer(value, options) for name, options in WRITERS.items()}


def _writer(value: Any, options: Mapping[str, Any]) -> Callable[[bytes], bytes]:
    return lambda _: json.dumps(value, **options).encode()


COMPACT, SPACED = (",", ":"), (", ", ": ")
WRITERS: Mapping[str, Mapping[str, Any]] = {
    gettext_noop("compact"): {"separators": COMPACT, "ensure_ascii": False},
    gettext_noop("compact, with \\u escapes"): {"separators": COMPACT},
    gettext_noop("with a space after commas and colons"): {"separators": SPACED, "ensure_ascii": False},
    gettext_noop("with a space after commas and colons, with \\u escapes"): {"separators": SPACED},
    gettext_noop("compact, with its keys sorted"): {
        "separators": COMPACT,
        "ensure_ascii": False,
        "sort_keys": True,
    },
    gettext_noop("with its keys sorted"): {"separators": SPACED, "ensure_ascii": False, "sort_keys": True},
    gettext_noop("indented by 2"): {"indent": 2, "ensure_ascii": False},
    gettext_noop("indented by 4"): {"indent": 4, "ensure_ascii": False},
}
TEXTS: Mapping[str, Callable[[bytes], bytes]] = {
    gettext_noop("without the white space around it"): lambda body: body.strip(),
    gettext_noop("with a line feed at its end"): lambda body: body + b"\n",
    gettext_noop("with line ends of Windows"): lambda body: body.replace(b"\r\n", b"\n").replace(
        b"\n", b"\r\n"
    ),
    gettext_noop("with line ends of Unix"): lambda body: body.replace(b"\r\n", b"\n"),
    gettext_noop("with a byte order mark"): lambda body: b"\xef\xbb\xbf" + body,
    gettext_noop("without its byte order mark"): lambda body: body.removeprefix(b"\xef\xbb\xbf"),
    gettext_noop("in Latin-1"): lambda body: body.decode().encode("latin-1"),
    gettext_noop("in UTF-8 instead of Latin-1"): lambda body: body.decode("latin-1").encode(),
    gettext_noop("decoded twice as UTF-8"): lambda body: (
        body.decode().encode("latin-1").decode().encode("latin-1")
    ),
    gettext_noop("with its slashes escaped"): lambda body: body.replace(b"/", b"\\/"),
    gettext_noop("without escapes before its slashes"): lambda body: body.replace(b"\\/", b"/"),
}
