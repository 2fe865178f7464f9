"""Wake-ups for the worker: the rows say what is to be done."""

from datetime import UTC, datetime

from celery import shared_task
from django.utils.translation import gettext_noop

from people import notices
from webhooks import hydrate, partitions, processing, retention, silence
from webhooks.pace import Pace
from webhooks.wake import wake


@shared_task
def process_events() -> None:
    """Process what waits. Woken by the door, and every ten seconds by beat for what nobody was woken for."""
    while processing.process():
        pass


@shared_task
def look_after_completions() -> None:
    """Wake up the completions that nobody took up. By beat's clock only: with every wake-up of the door it
    sent the same thousand messages again and again, and nothing else got through."""
    for event_id in hydrate.open_ids(datetime.now(UTC)):
        wake("complete_event", event_id)


@shared_task
def complete_event(event_id: int) -> None:
    """Fetch the object of one thin event, or take over what its run brought."""
    hydrate.settle(event_id)
    hydrate.complete(event_id)


@shared_task
def keep_house() -> None:
    """Make the coming weeks' partitions, begin to forget what is too old, look for silence. Every hour."""
    now = datetime.now(UTC)
    partitions.extend(now)
    retention.begin(now)
    silence.look(now)
    wake("forget_keys")


@shared_task
def forget_events() -> None:
    """Go on with the forgetting that is under way for some seconds. Every five seconds by beat."""
    if count := retention.is_open() and retention.go_on(datetime.now(UTC), Pace()):
        notices.tell(None, gettext_noop("Retention removed %(count)s events."), "/audit/", count=count)


@shared_task
def forget_keys() -> None:
    """Forget old keys for some seconds; when some are left, go on. A lost message waits for the hour."""
    if retention.forget_keys(datetime.now(UTC), Pace()):
        wake("forget_keys")
