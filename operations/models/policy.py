"""What a connection allows itself: how much at once, how fast, for how much money, and how long it is
kept."""

from django.db import models

from connections.models import Connection

AT_ONCE = 8  # calls of one connection at the same time when nobody said otherwise


class Policy(models.Model):
    """The limits of one connection; a connection without a row has the defaults."""

    connection = models.OneToOneField(Connection, models.CASCADE, primary_key=True, related_name="policy")
    at_once = models.PositiveIntegerField(default=AT_ONCE)
    a_minute = models.PositiveIntegerField(null=True, blank=True)  # calls; None: as many as come
    budget = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)  # a day (UTC)
    keep_days = models.PositiveIntegerField(null=True, blank=True)  # None: for ever
    keep_runs = models.PositiveIntegerField(null=True, blank=True)

    # Set by the gate, not by people: until when nothing goes out through the connection, and why.
    not_before = models.DateTimeField(null=True, editable=False)
    waits_for = models.CharField(max_length=300, blank=True, editable=False)

    def __str__(self) -> str:
        return f"limits of {self.connection_id}"


class Breaker(models.Model):
    """A host that failed several times in a row: it is left alone until `until`, then one call may try."""

    host = models.CharField(max_length=300, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.host
