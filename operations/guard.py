"""Which addresses may be called: public ones, and what the administrator names; decided on the answer of one
look-up."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from connections import hosts
from operations.errors import SendError

RESOLVE_LIMIT = 5.0  # seconds: a resolver that is silent must not hold a worker
OUR_DOOR = "/webhooks/"  # test deliveries go over HTTP to our own endpoints, wherever this copy lives
PORTS = {443, 80}  # others only by SWITCHBOARD_PRIVATE_HOSTS

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Public by the registries, yet no place where an API lives, or a way around the checks (6to4, Teredo,
# documentation).
UNWANTED = [
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
]
UNICAST6 = ipaddress.ip_network(
    "2000::/3"
)  # all of IPv6 that is handed out; mapped, NAT64 and local ones lie outside


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: checked before any look-up."""

    scheme: str
    host: str
    port: int
    private: bool  # named by the administrator, or the practice service: no further address check


def is_public(text: str) -> bool:
    """Say whether this address is one that anybody on the internet may have."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if any(address in network for network in UNWANTED if network.version == address.version):
        return False
    return address.is_global and (address.version == 4 or address in UNICAST6)


def target(url: str, *, carries: bool, credential_hosts: frozenset[str], simulator: bool) -> Target:
    """Check a URL before anything is looked up. Raises SendError: blocked, insecure, wrong_host.

    `carries`: the request bears a credential, which may only go to `credential_hosts` (threats.md, T15)."""
    try:
        parts = urlsplit(url)
        host, port = hosts.normalised(parts.hostname or ""), hosts.port(parts)
    except ValueError:
        raise SendError("blocked") from None
    if parts.scheme not in hosts.DEFAULT_PORTS or port is None:
        raise SendError("blocked")
    practice = simulator and _is(parts, settings.SIMULATOR_URL)
    if carries and not practice and host not in credential_hosts:
        raise SendError("wrong_host", host=host)
    ours = _is(parts, settings.PUBLIC_URL) and parts.path.startswith(OUR_DOOR)
    private = practice or ours or hosts.is_allowed_private(host, port)
    if not private and port not in PORTS:
        raise SendError("blocked")
    if carries and parts.scheme != "https" and not private:
        raise SendError("insecure", host=host)
    goal = Target(parts.scheme, host, port, private)
    lookup_name(goal)  # an address in disguise ends here, before anything is made of it
    return goal


def _is(parts: SplitResult, url: str) -> bool:
    home = urlsplit(url)
    return bool(home.netloc) and (parts.scheme, parts.netloc) == (home.scheme, home.netloc)


async def addresses(goal: Target) -> tuple[str, ...]:
    """Return the addresses to connect to, every one of them allowed. Raises SendError: dns, blocked."""
    found = await resolve(lookup_name(goal), goal.port)
    if not found:
        raise SendError("dns", host=goal.host)
    if not goal.private and not all(_allowed(text, goal.port) for text in found):
        raise SendError("blocked", host=goal.host)
    return found


def _allowed(text: str, port: int) -> bool:
    return is_public(text) or hosts.is_allowed_private(text, port)


def lookup_name(goal: Target) -> str:
    """Return the name as it is asked for: absolute, so that no search domain is tried. Raises
    SendError("blocked")."""
    if goal.private:
        return goal.host
    if _is_literal(goal.host):
        if not _allowed(goal.host, goal.port):
            raise SendError("blocked", host=goal.host)
        return goal.host
    # `db`, `redis`, `localhost` are names of a private network; what ends in a number is an address in
    # disguise.
    if "." not in goal.host or goal.host.rpartition(".")[2][0].isdigit():
        raise SendError("blocked", host=goal.host)
    return goal.host + "."


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def resolve(name: str, port: int, limit: float = RESOLVE_LIMIT) -> tuple[str, ...]:
    """Ask the system's resolver once. Raises SendError("dns") when it does not know or says nothing in time.

    In a thread of its own that nobody waits for: the loop's pool would be joined at the end, for as long
    as the
    resolver is silent."""
    if _is_literal(name):
        return (name,)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, ...]] = loop.create_future()
    threading.Thread(target=_look_up, args=(loop, answer, name, port), daemon=True).start()
    try:
        async with asyncio.timeout(limit):
            return await answer
    except (OSError, UnicodeError):  # gaierror; TimeoutError is an OSError too
        raise SendError("dns", host=name.rstrip(".")) from None


def _look_up(
    loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[tuple[str, ...]]", name: str, port: int
) -> None:
    try:
        rows: Iterable[str] = (
            str(row[4][0]) for row in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        )
        result: tuple[str, ...] | Exception = tuple(dict.fromkeys(rows))
    except Exception as error:  # the waiting side decides what it means
        result = error
    try:
        loop.call_soon_threadsafe(_hand_over, answer, result)
    except RuntimeError:  # the loop has ended: nobody waits any more
        return


def _hand_over(answer: "asyncio.Future[tuple[str, ...]]", result: tuple[str, ...] | Exception) -> None:
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
