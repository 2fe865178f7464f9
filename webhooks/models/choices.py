"""The closed lists: how far an event is, what is worth knowing of it, why a delivery was refused."""

from django.db import models


class State(models.TextChoices):
    """How far an event has come."""

    RECEIVED = "received", "Received"
    PROCESSED = "processed", "Processed"
    FAILED = "failed", "Failed"


class Origin(models.TextChoices):
    """How an event came to be here."""

    DELIVERED = "delivered", "Delivered"
    RAISED = "raised", "Raised here"  # by the answer of one of our own runs
    RECOVERED = "recovered", "Recovered"  # by the gap finder


class Mark(models.TextChoices):
    """What is worth knowing about an event beside its state."""

    DUPLICATE = "duplicate", "Duplicate"
    CONFLICT = "conflict", "Conflict"  # the same id came again with another body
    LATE = "late", "Late"
    OUT_OF_ORDER = "out_of_order", "Out of order"
    TEST = "test", "Test"
    MISMATCH = "mismatch", "Path mismatch"  # posted to the path of another type
    UNKNOWN_TYPE = "unknown_type", "Unknown type"
    NOT_JSON = "not_json", "Not JSON"
    RAW_ONLY = "raw_only", "Raw only"  # JSON that neither we nor PostgreSQL can hold unchanged
    DUPLICATE_KEYS = "duplicate_keys", "Duplicate keys"
    HELD = "held", "Held"  # arrived while the endpoint was paused
    LATE_VERIFIED = "late_verified", "Late verified"
    RAISED = "raised", "Raised here"  # by the answer of one of our own runs
    RECOVERED = "recovered", "Recovered"  # by the gap finder
    REDACTED = "redacted", "Redacted"


class Hydration(models.TextChoices):
    """Whether a thin event was completed by the resource's own read operation."""

    NONE = "", "Whole"
    THIN = "thin", "Thin"
    HYDRATED = "hydrated", "Hydrated"


class Cause(models.TextChoices):
    """Why a delivery was refused: the closed list."""

    UNKNOWN_ENDPOINT = "unknown_endpoint", "Unknown endpoint"
    DISABLED = "disabled", "Endpoint disabled"
    METHOD = "method", "Not a POST"
    TOO_LARGE = "too_large", "Too large"
    RATE_LIMITED = "rate_limited", "Too many"
    MISSING_HEADER = "missing_header", "Header missing"
    MALFORMED_HEADER = "malformed_header", "Header malformed"
    TOO_OLD = "too_old", "Too old"
    TOO_NEW = "too_new", "Too new"
    NO_SECRET = "no_secret", "No secret"
    BAD_SIGNATURE = "bad_signature", "Bad signature"
