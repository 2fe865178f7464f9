"""Sentences that were stored in English, told in the language of the page.

What a run, a refusal or a worker has to say is stored as it was said, with its values in it: the API, exports
and searches read it too. A page looks the sentence up in the catalogue; one with values is recognised by the
source sentence that has placeholders where the values stand, and several sentences one after another.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

HOLE = re.compile(r"%\((\w+)\)[sd]|\{(\w*)[^{}]*\}")
NUMERIC = (",}", "f}", "g}", "d}")  # how the holes of numbers end
END = re.compile(r"(?<=[.!?]) ")
LEAST = 5  # letters that a source sentence must have besides its holes; fewer would be found in anything
NUMBER = r"[-+]?[\d.,]*\d"
VALUE = r"(?:(?!\. ).)+?"  # ends with its sentence
Shape = tuple[re.Pattern[str], str]


def told(text: str) -> str:
    """Return stored English text in the current language; what no catalogue knows stays as it is."""
    language = get_language() or "en"
    return _told(text, language) if text and language != "en" else text


@lru_cache(maxsize=4096)
def _told(text: str, language: str) -> str:
    """The whole of it when that is known, else as much of its beginning as is, and then the rest."""
    for end in _ends(text):
        known = _sentence(text[:end], language)
        if known is not None:
            rest = text[end + 1 :]
            return f"{known} {_told(rest, language)}" if rest else known
    first, dot, rest = text.partition(". ")  # somebody else's words
    return f"{first}{dot}{_told(rest, language)}" if rest else text


def _ends(text: str) -> Iterator[int]:
    yield len(text)
    yield from reversed([found.start() for found in END.finditer(text)])


def _sentence(text: str, language: str) -> str | None:
    known = gettext(text)
    if known != text:
        return known
    for pattern, shape in _shapes(language):
        if found := pattern.fullmatch(text):
            said = found.groupdict().items()  # one word alone is a name or somebody else's
            values = {name: _told(value, language) if " " in value else value for name, value in said}
            return HOLE.sub(lambda hole: values.get(_name(hole), hole[0]), shape)  # noqa: B023
    return None


@lru_cache
def _shapes(language: str) -> tuple[Shape, ...]:
    """The catalogue's sentences with placeholders as patterns, those with the most own words first."""
    catalogue = translation(language)._catalog  # type: ignore[attr-defined]  # Django has no public name for it
    texts = {key if isinstance(key, str) else key[0]: text for key, text in catalogue.items() if text}
    sources = sorted((source for source in texts if _tells(source)), key=_weight, reverse=True)
    return tuple((_pattern(source), texts[source]) for source in sources)


def _name(hole: re.Match[str]) -> str:
    return hole[1] or hole[2] or "value"


def _weight(source: str) -> tuple[int, int]:
    return _own(source), len(HOLE.findall(source))


def _own(source: str) -> int:
    return sum(map(str.isalpha, HOLE.sub("", source)))


def _tells(source: str) -> bool:
    return bool(HOLE.search(source)) and "<" not in source and _own(source) >= LEAST


def _pattern(source: str) -> re.Pattern[str]:
    parts: list[str] = []
    seen: set[str] = set()
    place = 0
    for hole in HOLE.finditer(source):
        name = _name(hole)
        value = NUMBER if hole[0].endswith(NUMERIC) else VALUE
        parts += [
            re.escape(source[place : hole.start()]),
            f"(?P={name})" if name in seen else f"(?P<{name}>{value})",
        ]
        seen.add(name)
        place = hole.end()
    return re.compile("".join([*parts, re.escape(source[place:])]), re.DOTALL)
