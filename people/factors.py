"""Second factors (authenticator apps, passkeys) as allauth keeps them."""

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet

from people.models import Person


def has_any(person: Person) -> bool:
    """Say whether this person signs in with more than a password."""
    return bool(Authenticator.objects.filter(user_id=person.pk).exists())


def shown(people: QuerySet[Person]) -> QuerySet[Person]:
    """Return the people, each with `has_factor`, in the same one query."""
    return people.annotate(has_factor=Exists(Authenticator.objects.filter(user_id=OuterRef("pk"))))
