"""The pulse: when a worker last did what beat asked for, which proves that both are alive."""

from django.db import models


class Pulse(models.Model):
    """One row a worker machine, written every few seconds."""

    worker = models.CharField(primary_key=True, max_length=200)
    at = models.DateTimeField()  # by the database's clock
    worker_at = models.DateTimeField()  # by the worker's clock
    version = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.worker
