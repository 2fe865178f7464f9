"""An ASGI app that plays loaded services from their definitions: practice, tests and benchmarks."""

from collections.abc import Iterable
from typing import Any


def application(handles: Iterable[str] = ()) -> Any:
    """Return an ASGI app that plays the named services (all when none is named).

    It says that it is practice.
    """
    raise NotImplementedError
