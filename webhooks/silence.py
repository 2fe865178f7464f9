"""Noticing that nothing comes: per event type, when it last came and whether that is too long ago."""

from datetime import datetime, timedelta

from audit import ids
from live import hub
from webhooks.models import Event, Silence


def last_seen(silence: Silence) -> datetime | None:
    """Return when the last event of the watched type arrived, or None when none ever did."""
    rows = Event.objects.filter(connection=silence.connection_id, type=silence.type).order_by("-pk")
    newest = rows.values_list("pk", flat=True).first()
    return ids.time_of(newest) if newest else None


def is_silent(silence: Silence, now: datetime) -> bool:
    """Tell whether the watched type has been silent for longer than allowed; a new watch waits its hours
    first."""
    since = max(filter(None, (last_seen(silence), silence.since)))
    return now - since > timedelta(hours=silence.hours)


def look(now: datetime) -> list[Silence]:
    """Look at every watch, note what changed, and return those that fell silent."""
    fell: list[Silence] = []
    for silence in Silence.objects.select_related("connection"):
        silent = is_silent(silence, now)
        if silent == silence.silent:
            continue
        Silence.objects.filter(pk=silence.pk).update(silent=silent)
        silence.silent = silent
        hub.publish("attention", f"silence {silence.pk}")
        if silent:
            fell.append(silence)
    return fell
