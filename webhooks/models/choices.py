"""The closed lists: how far an event is, what is worth knowing of it, why a delivery was refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """How far an event has come."""

    RECEIVED = "received", _("Received")
    PROCESSED = "processed", _("Processed")
    FAILED = "failed", _("Failed")


class Origin(models.TextChoices):
    """How an event came to be here."""

    DELIVERED = "delivered", _("Delivered")
    RAISED = "raised", _("Raised here")  # by the answer of one of our own runs
    RECOVERED = "recovered", _("Recovered")  # by the gap finder


class Mark(models.TextChoices):
    """What is worth knowing about an event beside its state."""

    DUPLICATE = "duplicate", _("Duplicate")
    CONFLICT = "conflict", _("Conflict")  # the same id came again with another body
    LATE = "late", _("Late")
    OUT_OF_ORDER = "out_of_order", _("Out of order")
    TEST = "test", _("Test")
    MISMATCH = "mismatch", _("Path mismatch")  # posted to the path of another type
    UNKNOWN_TYPE = "unknown_type", _("Unknown type")
    NOT_JSON = "not_json", _("Not JSON")
    RAW_ONLY = "raw_only", _("Raw only")  # JSON that neither we nor PostgreSQL can hold unchanged
    DUPLICATE_KEYS = "duplicate_keys", _("Duplicate keys")
    HELD = "held", _("Held")  # arrived while the endpoint was paused
    LATE_VERIFIED = "late_verified", _("Late verified")
    RAISED = "raised", _("Raised here")  # by the answer of one of our own runs
    RECOVERED = "recovered", _("Recovered")  # by the gap finder
    REDACTED = "redacted", _("Redacted")


class Hydration(models.TextChoices):
    """Whether a thin event was completed by the resource's own read operation."""

    NONE = "", _("Whole")
    THIN = "thin", _("Thin")
    HYDRATED = "hydrated", _("Hydrated")


class Cause(models.TextChoices):
    """Why a delivery was refused: the closed list."""

    UNKNOWN_ENDPOINT = "unknown_endpoint", _("Unknown endpoint")
    DISABLED = "disabled", _("Endpoint disabled")
    METHOD = "method", _("Not a POST")
    TOO_LARGE = "too_large", _("Too large")
    RATE_LIMITED = "rate_limited", _("Too many")
    MISSING_HEADER = "missing_header", _("Header missing")
    MALFORMED_HEADER = "malformed_header", _("Header malformed")
    TOO_OLD = "too_old", _("Too old")
    TOO_NEW = "too_new", _("Too new")
    NO_SECRET = "no_secret", _("No secret")
    BAD_SIGNATURE = "bad_signature", _("Bad signature")
