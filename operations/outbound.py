"""The only outgoing socket of the product."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Permit:
    """What one call may do: where its credentials may go, and how long and how large it may be."""

    credential_hosts: frozenset[str] = frozenset()  # empty: the request carries no credential
    simulator: bool = False  # a practice connection may reach SIMULATOR_URL
    total: float = 600  # seconds for everything
    connect: float = 5  # seconds for the name, and again for the connection
    keep: int = 32 << 20  # bytes of the answer that are kept
    path: Path | None = None  # where the whole answer goes; None keeps only the first 64 KiB


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the start of the body in memory, all of it (up to `keep`) at the permit's path."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    size: int
    sha256: str
    truncated: bool
    address: str


class SendError(Exception):
    """The service could not be asked. `sent` says whether anything may have gone out."""

    code = "unreachable"
    sent = False


async def send(request: object, permit: Permit, *, before_first_byte: Callable[[], Awaitable[None]] | None = None) -> Reply:
    """Send one build.Request and return the answer, whatever its status. Raises a SendError, and nothing else."""
    raise SendError
