"""What was said about an event or a refusal, and what was done with it: its notes and the rest of its
timeline.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import Person


class Remark(models.Model):
    """A note of a person, or a step that somebody or something took."""

    row_id = models.BigIntegerField(
        db_index=True
    )  # of an event or a rejection: their ids share one line of time
    kind = models.TextField(choices=[("note", _("Note")), ("step", _("Step"))], default="step")
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        """In the order in which they happened."""

        ordering = ["id"]

    def __str__(self) -> str:
        return self.text
