"""No list reads more than it shows: asked of every page with every filter, on a history of half a year.

The pages and the history are those of `make bench`; what they read comes from EXPLAIN ANALYZE, so a
sequential scan, a filter that throws a table away row by row, and a wide index scan all show. The history
ends in a burst of a connection that nobody asks for, which no list of others may walk past.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.test import Client

from benchmarks import burst, cases, history, queries, seed
from connections.models import Connection
from operations.models import Attempt, Run, Words
from people.models import Person
from webhooks.models import Event, Rejection

pytestmark = pytest.mark.django_db

EVENTS, RUNS = 4_000, 2_000
BURST = 1_000  # events and runs of another connection that came last: more than MOST
MOST = 700  # rows that one query of a page of fifty may look at
INDEXES = "SET LOCAL enable_seqscan = off"  # these tables are so small that they are best read whole
LISTS = ("webhooks:log", "operations:run_list", "audit:list")


@dataclass
class Asked:
    """What one page was asked: its plans, and whether it knows the filters."""

    case: cases.Case
    knows: bool
    plans: list[queries.Plan]


@pytest.fixture(scope="module")
def client(django_db_setup, django_db_blocker) -> Iterator[Client]:
    """A signed-in admin in front of half a year, which is taken back afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        accounts = [seed.account(number) for number in range(6)]
        history.write_events(accounts, EVENTS)
        history.write_refusals(accounts, 30)
        history.write_runs(accounts, RUNS)
        signed_in = queries.client(Person.objects.create(username="half a year", role="admin"))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        burst.write(Connection.objects.order_by("-name")[0], BURST)  # of which the planner knows nothing
        yield signed_in
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def pages(client) -> list[Asked]:
    """Every list, asked every question once."""
    every = [*cases.log(), *cases.runs(), *cases.api(), cases.Case("audit trail", "audit:list")]
    return [
        Asked(
            case,
            queries.knows(client, case.url, case.filters),
            [queries.explained(query, INDEXES) for query in queries.asked(client, case.url)],
        )
        for case in every
    ]


def test_the_lists_know_every_filter_that_is_measured(pages):
    assert not [page.case.name for page in pages if not page.knows]


def test_no_list_scans_a_table_that_grows(pages):
    scans = {page.case.name: plan.sql[:300] for page in pages for plan in page.plans if plan.whole_tables}
    assert not scans


def test_no_list_reads_much_more_than_it_shows(pages):
    lists = [page for page in pages if page.case.kind == "list" or "none found" in page.case.name]
    greedy = {page.case.name: str(plan) for page in lists for plan in page.plans if plan.read > MOST}
    assert not greedy


def test_no_list_skips_rows(pages):
    assert not [plan.sql for page in pages for plan in page.plans if " OFFSET " in plan.sql.upper()]


@pytest.mark.parametrize("view", LISTS)
def test_the_number_of_queries_does_not_grow_with_the_rows(client, view):
    url = cases.Case("", view).url
    client.get(url)
    full = len(queries.asked(client, url))
    for model in (Attempt, Words):
        model.objects.all()._raw_delete("default")
    for model in (Event, Rejection, Run):
        kept = list(model.objects.order_by("-pk").values_list("pk", flat=True)[:2])
        model.objects.exclude(pk__in=kept)._raw_delete("default")
    assert full <= len(queries.asked(client, url)) <= 12
