"""Runs: start, read, cancel."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from api import caller, listing, problems
from api.problems import Problem
from api.shapes import Paged, RunDetail, RunIn, RunOut, RunsIn
from audit import pages
from definitions import catalog
from operations import history, showing
from operations import runs as running
from operations.build import InputErrors
from operations.models import Answer, Origin, Run

router = Router(tags=["runs"])


@router.get("", response={200: Paged[RunOut], **problems.ANSWERS})
def runs(request: HttpRequest, asked: Query[RunsIn]) -> dict[str, Any]:
    """List runs, newest first."""
    rows = caller.of(request).runs().defer("inputs", "uploads", "fields", "items", "note")
    narrow = {
        "state": history.by_state,
        "connection": pages.by("connection"),
        "operation": history.by_operation,
    }
    return listing.page(request, rows, asked, "run", shape, narrow)


@router.post("", response={202: RunDetail, **problems.ANSWERS})
def start(request: HttpRequest, asked: RunIn) -> Status[dict[str, Any]]:
    """Start a run and return it at once; read it until its state is one that ends."""
    who = caller.of(request)
    who.needs("operator")
    connection = get_object_or_404(who.connections(), pk=asked.connection)
    try:
        operation = catalog.operation(connection.service, asked.operation)
        files = [
            one.name for one in operation.placeholders if one.type == "File" and one.name in asked.values
        ]
        if files:
            raise Problem(422, "Files go through the form, or `manage.py run --set-file`.")
        run = running.start(
            connection, asked.operation, asked.values, person=who.person, origin=Origin.API, once=asked.once
        )
    except LookupError:
        raise Problem(422, "The service has no such operation.", {"operation": asked.operation}) from None
    except InputErrors as problem:
        raise Problem(422, "Some values do not fit.", dict(problem.errors)) from None
    return Status(202, detail(get_object_or_404(who.runs(), pk=run.pk)))


@router.get("/{run_id}", response={200: RunDetail, **problems.ANSWERS})
def run(request: HttpRequest, run_id: str) -> dict[str, Any]:
    """Read one run."""
    return detail(_found(request, run_id))


@router.post("/{run_id}/cancel", response={200: RunDetail, **problems.ANSWERS})
def cancel(request: HttpRequest, run_id: str) -> dict[str, Any]:
    """Cancel a run that has not ended."""
    who = caller.of(request)
    who.needs("operator")
    found = _found(request, run_id)
    if not running.cancel(found, who.person):
        raise Problem(409, "The run has ended already.")
    found.refresh_from_db()
    return detail(found)


def _found(request: HttpRequest, run_id: str) -> Run:
    return get_object_or_404(caller.of(request).runs(), pk=listing.number("run", run_id))


def shape(one: Run) -> dict[str, Any]:
    """Return a run as a list shows it."""
    return {
        "id": one.ref,
        "state": one.state,
        "connection": one.connection_id,
        "operation": one.operation_key,
        "status": one.status,
        "error": one.error,
        "created_at": one.created_at,
        "finished_at": one.finished_at,
    }


def detail(one: Run) -> dict[str, Any]:
    """Return a run with all that the API tells of it."""
    return shape(one) | {
        "inputs": one.inputs,
        "fields": one.fields,
        "items": one.items,
        "total_tokens": one.total_tokens,
        "answer": showing.text_of(Answer.objects.filter(run=one).first()),
    }
