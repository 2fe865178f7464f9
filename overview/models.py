"""The pulse of each worker, the events counted by the hour, and which runs of the day changed late."""

from django.db import models


class Pulse(models.Model):
    """One row a worker machine, written every few seconds."""

    worker = models.CharField(primary_key=True, max_length=200)
    at = models.DateTimeField()  # by the database's clock
    worker_at = models.DateTimeField()  # by the worker's clock
    version = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.worker


class EventHour(models.Model):
    """How many events one connection got in one hour, so that a page need not count ten million rows."""

    hour = models.DateTimeField()
    connection_id = models.UUIDField()
    count = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("hour", "connection_id"), name="event_hour_once"),)

    def __str__(self) -> str:
        return f"{self.count} at {self.hour:%Y-%m-%d %H}:00"


class Counted(models.Model):
    """Up to which id the events are counted (one row)."""

    upto = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.upto)


class RunChange(models.Model):
    """A run of the last day that came in late, changed after its end or went.

    The overview counts an hour once, and again when there is a new line here (`overview.parts`). Triggers
    write them (migration 0002): no code that changes a run can forget it, and no hand with psql.
    """

    run_id = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return str(self.run_id)
