"""The rows of this room, one module a noun."""

from operations.models.answer import Answer, StoredFile
from operations.models.attempt import Attempt
from operations.models.keeping import Bulk, Preset, Version, View, Words
from operations.models.policy import AT_ONCE, Breaker, Policy
from operations.models.run import BAD, BADLY, FINAL, OPEN, Origin, Reason, Run, State
from operations.models.spending import Price, Spent

__all__ = [
    "AT_ONCE",
    "BAD",
    "BADLY",
    "FINAL",
    "OPEN",
    "Answer",
    "Attempt",
    "Breaker",
    "Bulk",
    "Origin",
    "Policy",
    "Preset",
    "Price",
    "Reason",
    "Run",
    "Spent",
    "State",
    "StoredFile",
    "Version",
    "View",
    "Words",
]
