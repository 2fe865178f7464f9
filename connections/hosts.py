"""Names of hosts: how they are compared, and which private ones the administrator allows."""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

DEFAULT_PORTS = {"https": 443, "http": 80}
LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
NAME = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*|(?=.*:)[0-9a-f:.]{{2,45}}")  # after IDNA; or IPv6


def normalised(host: str) -> str:
    """Return a host as it is compared: lower case, IDNA, no trailing dot, no brackets. Raises ValueError."""
    bare = host.strip("[]").rstrip(".").lower()
    name = bare if bare.isascii() else bare.encode("idna").decode()
    if not NAME.fullmatch(name):
        raise ValueError("no host")
    return name


def port(url: SplitResult) -> int | None:
    """Return the port that this URL means. Raises ValueError for one that is no port."""
    return url.port or DEFAULT_PORTS.get(url.scheme)


def host(url: str) -> str:
    """Return the normalised host of a URL. Raises ValueError."""
    return normalised(urlsplit(url).hostname or "")


def origin(url: str) -> str:
    """Return `scheme://host:port`, normalised: what a credential is bound to. Raises ValueError."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{normalised(parts.hostname or '')}:{port(parts)}"


def is_allowed_private(host: str, at_port: int | None, allowed: Iterable[str] | None = None) -> bool:
    """Say whether SWITCHBOARD_PRIVATE_HOSTS names this host, as `host`, `host:port` or its network."""
    names = settings.PRIVATE_HOSTS if allowed is None else allowed
    return any(_matches(normalised(host), at_port, entry.strip().lower()) for entry in names)


def _matches(host: str, at_port: int | None, entry: str) -> bool:
    if entry in (host, f"{host}:{at_port}", f"[{host}]", f"[{host}]:{at_port}"):
        return True
    try:
        return "/" in entry and ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def check_base_url(url: str) -> None:
    """Refuse what cannot be a base URL, and plain http where it was not allowed. Raises ValidationError."""
    try:
        parts = urlsplit(url)
        name, at_port = normalised(parts.hostname or ""), port(parts)
    except ValueError:
        raise ValidationError(gettext("This is no URL: write https://host/path.")) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ValidationError(gettext("This is no URL: write https://host/path."))
    if parts.username is not None or parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise ValidationError(
            gettext("A base URL is scheme, host and path only: no user, query or fragment.")
        )
    if parts.scheme == "http" and not is_allowed_private(name, at_port):
        raise ValidationError(
            gettext(
                "Keys are sent over https only. For a host of your own, start Switchboard with "
                "SWITCHBOARD_PRIVATE_HOSTS={name}:{at_port}."
            ).format(name=name, at_port=at_port)
        )
