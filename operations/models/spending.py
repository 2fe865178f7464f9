"""What calls cost: the prices that people enter, and what each connection used on each day."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from connections.models import Connection


class Price(models.Model):
    """What a million tokens of a model cost. `model` may end in * and then stands for all that begin so."""

    service = models.CharField(max_length=100)
    model = models.CharField(max_length=100)
    per_million_in = models.DecimalField(max_digits=12, decimal_places=4)
    per_million_out = models.DecimalField(max_digits=12, decimal_places=4, default=0)

    class Meta:
        ordering = ["service", "model"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "model"],
                name="price_once",
                violation_error_message=_("There is a price for this model already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.model}"


class Spent(models.Model):
    """What one connection used on one day (UTC)."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="spent")
    day = models.DateField()
    runs = models.PositiveIntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "day"], name="spent_once_a_day")]

    def __str__(self) -> str:
        return f"{self.connection_id} on {self.day}"
