"""Sentences that were stored in English, told in the language of the page.

What a run, a refusal or a worker has to say is stored as it was said, with its values in it: the API, exports
and searches read it too. A page looks the sentence up in the catalogue; one with values is recognised by the
source sentence that has placeholders where the values stand.
"""

import re
from functools import lru_cache

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

HOLE = re.compile(r"%\((\w+)\)[sd]")
LEAST = 8  # letters that a source sentence must have besides its holes; fewer would be found in anything


@lru_cache(maxsize=4096)
def _told(sentence: str, language: str) -> str:
    known = gettext(sentence)
    if known != sentence:
        return known
    for pattern, shape in _shapes(language):
        if found := pattern.fullmatch(sentence):
            return shape % {name: _told(value, language) for name, value in found.groupdict().items()}
    return sentence


@lru_cache
def _shapes(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The catalogue's sentences with placeholders as patterns, the longest first."""
    catalogue = translation(language)._catalog  # type: ignore[attr-defined]
    pairs = {name if isinstance(name, str) else name[0]: text for name, text in catalogue.items() if text}
    told = sorted((source for source in pairs if _tells(source)), key=len, reverse=True)
    return tuple((_pattern(source), pairs[source]) for source in told)


def _tells(source: str) -> bool:
    rest, holes = HOLE.subn("", source)
    return holes > 0 and "<" not in rest and sum(map(str.isalpha, rest)) >= LEAST


def _pattern(source: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = []
    for place, part in enumerate(HOLE.split(source)):
        if place % 2 == 0:
            parts.append(re.escape(part.replace("%%", "%")))
        else:
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+?)")
            seen.add(part)
    return re.compile("".join(parts), re.DOTALL)


def told(sentence: str) -> str:
    """Return a stored English sentence in the current language, or as it is when no catalogue knows it."""
    language = get_language() or "en"
    return _told(sentence, language) if sentence and language != "en" else sentence
