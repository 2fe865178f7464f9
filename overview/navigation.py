"""The sidebar: one line per room, found by URL name so that a room that is not there yet has no line."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Item:
    """One line of the sidebar; `match` are the starts of addresses that mark it as the current page."""

    label: str
    icon: str
    url: str
    match: tuple[str, ...]

    def is_current(self, path: str) -> bool:
        """Say whether the page at `path` lies in this part of the house."""
        return path == self.url or any(path.startswith(start) for start in self.match)


# label, icon, URL name, starts of addresses that belong to it
ROOMS = (
    ("Overview", "home", "overview:home", ()),
    ("Connections", "plug", "connections:list", ("/connections/",)),
    ("Services", "grid", "operations:services", ("/services/",)),
    ("Actions", "bolt", "operations:actions", ("/actions/",)),
    ("Runs", "play", "operations:run_list", ("/runs/",)),
    ("Log", "activity", "webhooks:log", ("/log/",)),
    ("Rules", "board", "webhooks:rules", ("/rules/",)),
    ("People", "users", "people:list", ("/people/",)),
    ("Audit", "clipboard", "audit:list", ("/audit/",)),
    ("System", "server", "overview:system", ("/system/",)),
)


def items() -> list[Item]:
    """Return the lines whose pages exist, in order."""
    found = ((label, icon, address(name), match) for label, icon, name, match in ROOMS)
    return [Item(label, icon, url, match) for label, icon, url, match in found if url]


def address(name: str, **query: str) -> str:
    """Return the address of a page with this query; "" when its room has no such page."""
    asked = urlencode({key: value for key, value in query.items() if value})
    try:
        return f"{reverse(name)}?{asked}" if asked else reverse(name)
    except NoReverseMatch:
        return ""
