"""Whether the audit trail is out of the application's reach: its database role may only add to it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connection
from django.utils.translation import gettext_noop

CHANGES = "UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"  # the rights that nobody but the owner has
OWNS = gettext_noop("The application's database role {me} owns the audit trail and could change it.")
MAY_CHANGE = gettext_noop(
    "The application's database role {me} may change the audit trail: run `manage.py prepare` as {owner}."
)
MAY_MAKE = gettext_noop(
    "The application's database role {me} may make tables: run `manage.py prepare` as {owner}."
)
HOW = gettext_noop("Give the application a role of its own: docs/deploying.md, “Two database roles”.")
STATE = """
SELECT current_user, pg_get_userbyid(relowner), pg_has_role(current_user, relowner, 'MEMBER'),
    has_table_privilege(oid, %s), has_schema_privilege('public', 'CREATE')
FROM pg_class WHERE oid = to_regclass('audit_entry')
"""


def problems() -> list[str]:
    """Say in sentences why this connection could change the audit trail; [] when it cannot."""
    with connection.cursor() as cursor:
        cursor.execute(STATE, [CHANGES])
        found = cursor.fetchone()
    if not found:
        return [gettext_noop("There is no audit trail yet: run `manage.py prepare`.")]
    me, owner, is_owner, may_change, may_create = found
    if is_owner:
        return [f"{OWNS.format(me=me)} {HOW}"]
    if may_change or may_create:
        return [(MAY_CHANGE if may_change else MAY_MAKE).format(me=me, owner=owner)]
    return []


@register(Tags.database)
def final(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Say it in `manage.py check --database default`, too; `migrate` is the owner's by intent."""
    found = problems() if databases and not settings.AS_OWNER else []
    return [Warning(sentence, id="audit.W001") for sentence in found]
