"""Proving the audit trail: walking the chain of digests from the first row to the last."""

from dataclasses import dataclass

from audit.models import Entry


@dataclass(frozen=True)
class Verdict:
    """What the walk found: how many rows are sound, the last digest, the first unsound row and why."""

    count: int
    head: str
    broken: Entry | None = None
    reason: str = ""


def verify() -> Verdict:
    """Walk every row in order, 2,000 at a time, and stop at the first that was altered or does not follow."""
    count, head = 0, ""
    for entry in Entry.objects.order_by("id").iterator(chunk_size=2_000):
        if entry.previous != head:
            return Verdict(count, head, entry, "a row before it was removed, added or put elsewhere")
        if entry.digest != entry.sealed(head):
            return Verdict(count, head, entry, "it was altered after it was written")
        count, head = count + 1, entry.digest
    return Verdict(count, head)


def holds(head: str) -> bool:
    """Say whether a digest that somebody noted is still in the trail: a trail that was cut off lacks it."""
    return Entry.objects.filter(digest=head).exists()
