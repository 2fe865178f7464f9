"""Writing the audit trail: one call per thing done, inside the transaction that does it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, models, transaction
from django.http import HttpRequest

from audit import ids
from audit.models import Entry

CHAIN = 0x5357_4142  # the advisory lock under which one row follows another
SECRET_NAME = re.compile(r"secret|password|token|api_?key|credential|signature", re.IGNORECASE)
MASK = "•••"

Target = models.Model | tuple[str, Any, str]
Someone = AbstractBaseUser | AnonymousUser


def record(  # noqa: PLR0913  every part of “who, what, to which, from what to what” is a word of its own
    action: str,
    *,
    person: Someone | None = None,
    request: HttpRequest | None = None,
    target: Target | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
) -> Entry:
    """Write one line and return it. Call it last in a transaction: the chain stays locked until the commit.

    `action` is a noun and a past verb ("connection.created"). The person and the address come from
    `request` when it is given. `target` is a model instance or (type, id, name). Values under a secret's
    name are masked.
    """
    who = person or (request.user if request else None)
    who = who if who and who.is_authenticated else None
    kind, key, name = _target(target)
    entry = Entry(
        action=action,
        person_id=who.pk if who else None,
        actor=_text(who.get_username() if who else "", 150),
        address=(request.META.get("REMOTE_ADDR") or None) if request else None,
        target_type=kind,
        target_id=_text(key, 64),
        target_name=_text(name, 200),
        before=_values(before),
        after=_values(after),
        note=_text(note, 2_000),
    )
    return _append(entry)


def _append(entry: Entry) -> Entry:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN])
        last = Entry.objects.order_by("-id").values_list("id", "digest").first() or (0, "")
        entry.id = max(ids.new_id(), last[0] + 1)  # the chain's order is the ids' order
        entry.previous = last[1]
        entry.digest = entry.sealed(entry.previous)
        entry.save(force_insert=True)
    return entry


def _target(target: Target | None) -> tuple[str, str, str]:
    if target is None:
        return "", "", ""
    if isinstance(target, tuple):
        return target[0], str(target[1]), target[2]
    return target._meta.model_name or "", str(target.pk), str(target)


def _values(values: Mapping[str, Any] | None) -> str:
    if not values:
        return ""
    shown = {name: MASK if SECRET_NAME.search(name) and value else value for name, value in values.items()}
    return json.dumps(shown, sort_keys=True, default=str).replace("\\u0000", "")


def _text(value: Any, limit: int) -> str:
    """Return text that the database takes: no NUL, no lone surrogate, not too long."""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()[:limit]
