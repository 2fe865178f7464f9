"""Several web processes and workers on one database: nothing is kept in a process, so any of them will do."""

import io
import itertools
import json
import threading
import time
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from audit.models import Entry
from benchmarks import deliveries
from benchmarks.deliveries import Sender
from config import processes
from connections import connecting, resealing
from definitions import catalog
from operations import runs
from operations.models import Run, State
from webhooks import retention, tasks
from webhooks.models import Event, Policy

RATE = 50  # deliveries a second


@pytest.fixture
def sender(transactional_db):
    return Sender.of("Somewhere")


def post(sender, name, port):
    """Post one signed delivery; return its status, or None when nobody listened."""
    at = int(time.time())
    head, _, body = sender.request(name, deliveries.body(1, at), at).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    http = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        http.request("POST", first.split(" ")[1], body, dict(line.split(": ", 1) for line in lines))
        return http.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        http.close()


def wait_until(true, patience=30):
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_more(answers):
    before = len(answers)
    wait_until(lambda: len(answers) > before + RATE // 2)


def test_a_delivery_at_one_web_process_is_live_at_the_other(start_web, sender, client_of, admin):
    near, far = start_web(), start_web()
    cookie = client_of(admin).cookies[settings.SESSION_COOKIE_NAME].value
    listening = HTTPConnection("127.0.0.1", far.port, timeout=20)
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Accept": "text/event-stream"}
    listening.request("GET", "/live/?topic=log", headers=headers)
    stream = listening.getresponse()
    assert stream.status == 200
    assert post(sender, "wh_far", near.port) == 200
    shown = b""
    while b"batch" not in shown:
        shown += stream.readline()
    listening.close()


def test_two_workers_share_the_runs_and_each_is_done_once(start_worker, transactional_db):
    account = connecting.practise(catalog.service("chatgpt-v1"))
    workers = [start_worker(), start_worker()]
    started = [runs.start(account, "models.list", {}) for _ in range(20)]
    wait_until(lambda: not Run.objects.open().exists())
    ended = Run.objects.filter(id__in=[run.id for run in started])
    assert {(run.state, run.attempt_count, run.error) for run in ended} == {(State.SUCCEEDED, 1, "")}
    assert all(worker.poll() is None for worker in workers)


def test_keys_rotate_while_two_of_each_take_deliveries_and_do_runs(start_web, start_worker, sender) -> None:
    webs, _ = [start_web(), start_web()], [start_worker(), start_worker()]
    account = connecting.practise(catalog.service("chatgpt-v1"))
    Policy.objects.create(connection=sender.connection, hydrate=False)
    ring = settings.CREDENTIAL_KEYS
    before, answers = ring.read_bytes(), []

    def go_on():
        runs.start(account, "models.list", {})
        answers.append(post(sender, f"wh_{len(answers)}", webs[len(answers) % 2].port))

    try:
        for step in (["rotate", "--dry-run"], ["new"], ["rotate", "--batch", "1"], ["doctor"]):
            for _ in range(4):
                go_on()
            call_command("keys", *step, stdout=io.StringIO(), stderr=io.StringIO())
        for _ in range(4):
            go_on()
        wait_until(lambda: not Run.objects.open().exists(), 60)
        assert answers == [200] * 20
        assert set(Run.objects.values_list("state", flat=True)) == {State.SUCCEEDED}
        assert sum(resealing.outdated().values()) == 0
    finally:
        ring.write_bytes(before)


def test_two_workers_keep_retention_and_count_each_event_once(start_worker, sender) -> None:
    start_worker(), start_worker()
    Event.objects.bulk_create(Event(connection=sender.connection, delivery_id=f"wh_{n}") for n in range(30))
    Policy.objects.create(connection=sender.connection, keep_count=10, hydrate=False)
    retention.begin(datetime.now(UTC))
    for _ in range(6):
        tasks.forget_events.delay()
    wait_until(lambda: not retention.is_open())
    forgotten = Entry.objects.filter(action="webhook.events_forgotten")
    assert Event.objects.count() == 10
    assert [json.loads(entry.after) for entry in forgotten] == [{"count": 20}]


def test_a_rolling_restart_loses_no_delivery_no_note_and_refuses_none_that_it_stored(start_web, sender):
    webs = [start_web(), start_web()]
    ends, answers = threading.Event(), {}

    def send():
        for number in itertools.takewhile(lambda _: not ends.is_set(), itertools.count()):
            first, second = (webs[(number + turn) % 2].port for turn in (0, 1))
            name = f"wh_rolling_{number}"
            answers[name] = post(sender, name, first) or post(sender, name, second)  # as a proxy does
            time.sleep(1 / RATE)

    sending = threading.Thread(target=send)
    sending.start()
    for place, web in enumerate(list(webs)):
        wait_for_more(answers)
        name, last = f"wh_last_{place}", Sender.of(f"Last {place}")
        answers[name] = post(last, name, web.port)
        processes.stop(web.process)
        # Since the first delivery it rests from such notes: for ten seconds, or until it stops.
        assert last.connection.secrets.signing().get().last_used_at
        wait_for_more(answers)
        webs[place] = start_web(web.port)
    ends.set()
    sending.join()

    acknowledged = {name for name, status in answers.items() if status == 200}
    stored = set(Event.objects.values_list("delivery_id", flat=True))
    assert len(answers) > RATE
    assert acknowledged == set(answers)
    assert stored == acknowledged
    connection.close()
