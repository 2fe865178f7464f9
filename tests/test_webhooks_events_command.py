"""`manage.py events`: stable lines for scripts."""

import json
import os
import subprocess
import sys
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from audit import ids
from tests.accounts import connected
from tests.test_webhooks_processing import arrived
from webhooks.management.commands import events
from webhooks.models import Cause, Rejection


def lines(capsys, *arguments) -> list[dict]:
    call_command("events", *arguments)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.django_db
def test_events_come_oldest_first_with_their_fields(capsys):
    research = connected()
    first, second = arrived(research, delivery_id="wh_1"), arrived(research, object_id="batch_2")
    told = lines(capsys)
    assert [one["id"] for one in told] == [first.code, second.code]
    assert told[0] | {"received_at": ""} == {
        "id": first.code,
        "connection": "Research",
        "type": "batch.completed",
        "object_id": "batch_1",
        "delivery_id": "wh_1",
        "state": "received",
        "received_at": "",
        "created_at": None,
        "marks": [],
        "duplicates": 0,
        "fields": {"id": "batch_1"},
    }


@pytest.mark.django_db
def test_one_connection_alone(capsys):
    one, two = connected("One"), connected("Two")
    arrived(one)
    event = arrived(two)
    assert [told["id"] for told in lines(capsys, "--connection", "Two")] == [event.code]


@pytest.mark.django_db
def test_refused_deliveries_have_cause_and_count(capsys):
    now = ids.time_of(ids.new_id())
    refused = Rejection.objects.create(cause=Cause.TOO_OLD, status=401, count=7, last_at=now)
    told = lines(capsys, "--refused")
    assert [(one["id"], one["cause"], one["count"], one["state"]) for one in told] == [
        (refused.code, "too_old", 7, "refused")
    ]


@pytest.mark.django_db
def test_an_unknown_connection_is_bad_input():
    with pytest.raises(CommandError, match="no connection") as refused:
        call_command("events", "--connection", "Nobody")
    assert refused.value.returncode == 2


def test_it_says_what_to_start_when_nothing_runs(monkeypatch):
    def away(*_):
        raise OperationalError

    monkeypatch.setattr(events, "_Source", away)
    with pytest.raises(CommandError, match="make run"):
        call_command("events")


@pytest.mark.django_db(transaction=True)
def test_following_prints_what_comes(product_environment):
    research = connected()
    first = arrived(research)
    command = [sys.executable, "manage.py", "events", "--follow"]
    with subprocess.Popen(
        command, env=os.environ | product_environment, stdout=subprocess.PIPE, text=True
    ) as process:
        timer = threading.Timer(30, process.kill)
        timer.start()
        assert json.loads(process.stdout.readline())["id"] == first.code
        second = arrived(research)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('switchboard', 'log evt 1 1')")
        assert json.loads(process.stdout.readline())["id"] == second.code
        process.kill()
        timer.cancel()
