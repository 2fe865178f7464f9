"""The sidebar: one line per room, found by URL name so that a room that is not there yet has no line."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from people.models import Person


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


# label, icon, URL name, starts of addresses that belong to it, who sees it
ROOMS = (
    (_("Overview"), "home", "overview:home", (), "viewer"),
    (_("Connections"), "plug", "connections:list", ("/connections/",), "viewer"),
    (_("Services"), "grid", "operations:services", ("/services/",), "viewer"),
    (_("Actions"), "bolt", "operations:actions", ("/actions/",), "viewer"),
    (_("Runs"), "play", "operations:run_list", ("/runs/",), "viewer"),
    (_("Spending"), "coin", "operations:spending", ("/spending/",), "viewer"),
    (_("Log"), "activity", "webhooks:log", ("/log/",), "viewer"),
    (_("Rules"), "board", "webhooks:rules", ("/rules/",), "viewer"),
    (_("People"), "users", "people:list", ("/people/",), "viewer"),
    (_("Audit"), "clipboard", "audit:list", ("/audit/",), "admin"),
    (_("System"), "server", "overview:system", ("/system/",), "operator"),
    (_("Help"), "help", "overview:help", ("/help/",), "viewer"),
)


def items(person: Person) -> list[Item]:
    """Return the lines whose pages exist and are open to this person, in order."""
    rooms = (
        (str(label), icon, address(name), match)
        for label, icon, name, match, role in ROOMS
        if person.may(role)
    )
    return [Item(label, icon, url, match) for label, icon, url, match in rooms if url]


def address(name: str, **query: str) -> str:
    """Return the address of a page with this query; "" when its room has no such page."""
    asked = urlencode({key: value for key, value in query.items() if value})
    plain = _plain(name)
    return f"{plain}?{asked}" if plain and asked else plain


@lru_cache(maxsize=64)
def _plain(name: str) -> str:
    # Every page draws the sidebar, and reverse() costs more than the rest of a line.
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
