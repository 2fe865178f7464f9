"""The worker's schedule and the settings that keep tasks from being lost or hoarded."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import SimpleNamespace

import pytest
from celery.beat import Scheduler
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.db import connection

from config.celery import app, share_out_connections
from operations.tasks import execute_run


def test_everything_on_the_schedule_is_a_task_that_workers_know():
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        import_module(entry["task"].rpartition(".")[0])
        assert entry["task"] in app.tasks


def test_a_tick_that_nobody_took_in_time_is_forgotten():
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["options"]["expires"] <= entry["schedule"]


def test_messages_are_json_and_answers_are_kept_nowhere():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None


@pytest.fixture
def clock():
    """The module of beat's application, which becomes the current one where it is loaded."""
    yield import_module("config.clock")
    app.set_current()


def test_beat_ticks_at_a_start_and_goes_on_when_the_time_of_day_is_set_back(clock, monkeypatch):
    started = Scheduler(clock.app).schedule.values()
    assert {entry.name for entry in started if entry.is_due().is_due} == set(settings.CELERY_BEAT_SCHEDULE)
    ticked = [next(entry) for entry in started]
    assert not any(entry.is_due().is_due for entry in ticked)
    monkeypatch.setattr(clock.app, "now", lambda: clock.LONG_AGO)
    monkeypatch.setattr(clock, "MOMENT", clock.MOMENT - 3600)  # an hour later, whatever the time of day is
    assert all(entry.is_due().is_due for entry in ticked)


@pytest.fixture
def pool(monkeypatch):
    """What a worker of one thread makes of its connections to the database."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 60)
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", dict(connection.settings_dict["OPTIONS"]))
    connection.ensure_connection()  # ours is none of them
    share_out_connections(instance=SimpleNamespace(concurrency=1))
    yield
    connection.close_pool()


def a_task() -> int:
    """Return which process of PostgreSQL a task talks to that Celery carries out in a thread of its own."""
    around = import_module("celery.fixups.django").DjangoWorkerFixup(app)

    def carry_out() -> int:
        around.on_task_prerun(sender=execute_run)
        task_prerun.send(sender=execute_run)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        around.on_task_postrun(sender=execute_run)
        task_postrun.send(sender=execute_run)
        return pid

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(carry_out).result()


@pytest.mark.django_db(transaction=True)
def test_tasks_share_connections_to_the_database_until_they_fail(pool):
    first = a_task()
    assert [a_task(), a_task()] == [first, first]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert a_task() != first
