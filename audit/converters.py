"""URL converters for the ids people see: `/runs/run_01hq…/` gives the view the number."""

from typing import Any

from audit import ids


def converter(prefix: str) -> type:
    """Return a path converter for ids with this prefix; anything that is no such id is a 404."""

    class IdConverter:
        regex = rf"{prefix}_[0-9a-z]{{13}}"

        def to_python(self, value: str) -> int:
            return ids.decode(prefix, value)

        def to_url(self, value: Any) -> str:
            return value if isinstance(value, str) else ids.encode(prefix, value)

    return IdConverter
