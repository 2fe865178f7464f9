"""The log as a file: what the filter shows, streamed."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from audit import exports, log
from people import notices
from people.access import person_of, role_required
from webhooks import partitions, records, timeline
from webhooks.fields import mapped_all
from webhooks.models import Event

EXPORTED = gettext_noop("The export is complete: %(count)s rows.")
BATCH = 100  # events whose bodies are in memory at once


@require_GET
@role_required("operator")
def export(request: HttpRequest) -> HttpResponseBase:
    """Send the events, or with kind=refused the refused deliveries, as CSV or JSON Lines, newest first."""
    ending = "csv" if request.GET.get("format") == "csv" else "jsonl"
    refused = request.GET.get("kind") == "refused"
    log.record("webhook.exported", request=request, after={"filter": request.GET.urlencode()})
    if refused:
        rows = timeline.whole(person_of(request), request, refused=True)
        refusals = (records.rejection_record(row) for row in exports.rows(rows))
        found = notices.counted(refusals, person_of(request), EXPORTED)
        return exports.answer(request, f"refused.{ending}", records.REJECTION_COLUMNS, found)
    rows = timeline.whole(person_of(request), request)
    found = notices.counted(_events(rows), person_of(request), EXPORTED)
    return exports.answer(request, f"events.{ending}", records.EVENT_COLUMNS, found)


def _events(rows: QuerySet[Event]) -> Iterator[dict[str, Any]]:
    """Walk the partitions newest first, in short queries by key: no search looks through all at once."""
    for low, high in partitions.ranges():
        while batch := list(rows.filter(pk__gte=low, pk__lt=high)[:BATCH]):
            fields = mapped_all(batch)
            yield from (records.event_record(event, fields[event.pk]) for event in batch)
            high = batch[-1].pk
