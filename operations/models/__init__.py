"""The rows of this room, one module a noun."""

from operations.models.answer import Answer, StoredFile
from operations.models.attempt import Attempt
from operations.models.run import FINAL, OPEN, Origin, Reason, Run, State

__all__ = ["FINAL", "OPEN", "Answer", "Attempt", "Origin", "Reason", "Run", "State", "StoredFile"]
