"""Which queries a page makes, and what PostgreSQL says that each costs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.test import Client

from api import tokens
from people.models import Person

GROW = (  # tables that grow with what happens
    *("webhooks_event", "webhooks_rejection", "webhooks_dedupe", "webhooks_completion", "audit_entry"),
    *("operations_run", "operations_attempt", "operations_answer", "operations_words"),
)


class Query(NamedTuple):
    """One statement of a page, with the settings that the page had made for it."""

    sql: str
    params: Any
    settings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one query was carried out."""

    sql: str
    milliseconds: float  # planning and execution
    scans: tuple[tuple[str, str, int], ...]  # kind of scan, table or index, rows read

    @property
    def read(self) -> int:
        """Return how many rows it read, those that a filter threw away included."""
        return sum(rows for _, _, rows in self.scans)

    @property
    def whole_tables(self) -> list[str]:
        """Return the growing tables that it read from end to end."""
        return [name for kind, name, _ in self.scans if kind == "Seq Scan" and name.startswith(GROW)]

    def __str__(self) -> str:
        scans = ", ".join(f"{kind} {name} {rows:,}" for kind, name, rows in self.scans if rows) or "no rows"
        return f"{self.milliseconds:.2f} ms: {scans}"


def client(person: Person) -> Client:
    """Return a client for whom the pages and the API are open; its token stays unless it is rolled back."""
    _, text = tokens.make(person, "benchmark", "viewer", 1)
    signed_in = Client(SERVER_NAME="localhost", HTTP_AUTHORIZATION=f"Bearer {text}")
    signed_in.force_login(person)
    return signed_in


def asked(client: Client, url: str) -> list[Query]:
    """Return the SELECTs that a page makes. Raises AssertionError unless it answers 200."""
    found: list[Query] = []
    settings: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SET LOCAL"):
            settings.append(sql)
        elif sql.lstrip().upper().startswith(("SELECT", "WITH", "(SELECT")):
            found.append(Query(sql, params, tuple(settings)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        response = client.get(url)
    assert response.status_code == 200, f"{url} answered {response.status_code}"
    return found


def knows(client: Client, url: str, filters: set[str]) -> bool:
    """Tell whether a page has these filters: an unknown one must not be measured as if it worked."""
    page = client.get(url).content.decode()
    return not filters or all(f'name="{name}"' in page for name in filters)


def explained(query: Query, *settings: str) -> Plan:
    """Carry a query out once more under EXPLAIN ANALYZE, with more settings; nothing of it stays."""
    with transaction.atomic(), connection.cursor() as cursor:
        for setting in (*query.settings, *settings):
            cursor.execute(setting)
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query.sql}", query.params)
        (told,) = cursor.fetchone()
        transaction.set_rollback(True)
    plan = (json.loads(told) if isinstance(told, str) else told)[0]
    return Plan(query.sql, plan["Planning Time"] + plan["Execution Time"], tuple(_scans(plan["Plan"])))


def _scans(node: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    if "Scan" in node["Node Type"] and node.get("Actual Loops"):
        rows = (
            node["Actual Rows"]
            + node.get("Rows Removed by Filter", 0)
            + node.get("Rows Removed by Index Recheck", 0)
        )
        name = node.get("Relation Name") or node.get("Index Name") or node.get("Alias", "")
        yield node["Node Type"], name, int(rows * node["Actual Loops"])
    for below in node.get("Plans", ()):
        yield from _scans(below)
