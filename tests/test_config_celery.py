"""The worker's schedule and the settings that keep tasks from being lost or hoarded."""

from importlib import import_module

import pytest
from celery.signals import task_prerun
from django.conf import settings
from django.db import connection

from config.celery import app
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


@pytest.mark.django_db(transaction=True)
def test_tasks_share_a_connection_to_the_database_until_it_fails():
    around = import_module("celery.fixups.django").DjangoWorkerFixup(app)
    connection.ensure_connection()
    first = connection.connection
    around.on_task_prerun(sender=execute_run)
    around.on_task_postrun(sender=execute_run)
    assert connection.connection is first

    first.close()  # as a server that starts again does
    task_prerun.send(sender=execute_run)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
