"""The worker's schedule and the settings that keep tasks from being lost or hoarded."""

from importlib import import_module

from django.conf import settings

from config.celery import app


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
