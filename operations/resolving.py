"""What a person decides about a run that is over: do it again, or say what became of it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit import log
from live import hub
from operations import runs
from operations.build import InputErrors
from operations.models import Origin, Reason, Run, State
from people.models import Person

SAID = {
    True: (State.SUCCEEDED, gettext_noop("{person} looked, and says that it did happen.")),
    False: (State.FAILED, gettext_noop("{person} looked, and says that it did not happen.")),
}


def again(run: Run, person: Person | None, *, bulk: int | None = None) -> Run:
    """Start a new run with the same inputs through the same connection.

    Raises InputErrors when its connection is gone or its inputs fit no more, LookupError when its
    operation is gone."""
    if run.connection is None or run.connection.deleted_at:
        raise InputErrors({"connection": gettext_noop("its connection was deleted.")})
    return runs.start(
        run.connection,
        run.operation_key,
        run.values(),
        person=person,
        origin=Origin.BULK if bulk else Origin.PERSON,
        reason=Reason.MANUAL,
        action=run.action,
        again_of=run,
        bulk=bulk,
    )


def resolve(run: Run, happened: bool, person: Person) -> bool:
    """End an unknown run as what the person says; False when another was faster or there is nothing to
    say."""
    state, sentence = SAID[happened]
    words = sentence.format(person=person.get_username())
    with transaction.atomic():
        unknown = Run.objects.filter(id=run.id, state=State.UNKNOWN)
        changed = unknown.update(state=state, error=words, error_code="resolved", summary=words[:200])
        if changed:
            hub.publish("run", run.id)
            after = {"state": state, "at": timezone.now()}
            log.record("run.resolved", person=person, target=("run", run.ref, str(run)), after=after)
    return bool(changed)
