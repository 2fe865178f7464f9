"""Who may go out now: limits of a connection, fair turns, resting hosts, budgets, and what things cost."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from connections import connecting
from connections.models import Connection
from definitions import catalog
from operations import breaker, execution, hooks, runs, search, spending, streaming
from operations.models import Breaker, Policy, Price, Run, Spent, State
from tests.loopback import Loopback, answer

CHAT = {"model": "gpt-x-2026", "messages": [{"role": "user", "content": "zebra question"}]}
USED = {"id": "c-1", "model": "gpt-x-2026", "choices": [{"message": {"content": "an okapi"}}]}
USED["usage"] = {"prompt_tokens": 1_000_000, "completion_tokens": 500_000, "total_tokens": 1_500_000}


@pytest.fixture(autouse=True)
def home(settings, tmp_path, db):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.FILES_ROOT = tmp_path / "files"


@pytest.fixture
def server():
    running = Loopback(answer(json.dumps(USED).encode()))
    yield running
    running.close()


@pytest.fixture
def connect(server):
    def make(name: str, url: str = "") -> Connection:
        entered = connecting.Entered(
            name, base_url=url or f"{server.url}/v1", credentials={"apiKey": "sk-012345678"}
        )
        return connecting.connect(catalog.service("chatgpt-v1"), entered)

    return make


def asked(connection: Connection, key: str = "chat_completions.create", values=None) -> Run:
    return runs.start(connection, key, CHAT if values is None else values, wake_up=False)


def test_no_more_than_the_limit_goes_out_at_once(connect):
    connection = connect("Ours")
    Policy.objects.create(connection=connection, at_once=2)
    three = [asked(connection) for _ in range(3)]
    assert [execution.claim(run.id) is not None for run in three] == [True, True, False]
    assert execution.claim() is None
    Run.objects.filter(id=three[0].id).update(state=State.SUCCEEDED)
    assert execution.claim().run.id == three[2].id


def test_a_rate_limit_holds_the_connection_until_a_minute_has_passed(connect):
    connection, other = connect("Ours"), connect("Other")
    Policy.objects.create(connection=connection, a_minute=1)
    first, second, free = asked(connection), asked(connection), asked(other)
    assert runs.execute(first.id).state == State.SUCCEEDED
    assert (runs.execute(second.id).state, second.attempts.count()) == (State.QUEUED, 0)
    policy = Policy.objects.get()
    assert timedelta(0) < policy.not_before - timezone.now() <= timedelta(minutes=1)
    assert "1 calls a minute" in policy.waits_for
    assert execution.claim().run.id == free.id


def test_a_flood_gives_another_connection_its_turn(connect):
    flood, single = connect("Flood"), connect("Single")
    Policy.objects.create(connection=flood, at_once=100)
    waiting = [asked(flood).id for _ in range(50)]
    one = asked(single)
    turns = [execution.claim().run.id for _ in range(40)]
    assert one.id in turns[:20]
    assert [turn for turn in turns if turn != one.id] == waiting[:39]


def test_a_message_executes_whoever_is_next(connect, server):
    run = asked(connect("Ours"))
    assert runs.execute_next(1).id == run.id
    assert runs.execute_next(1) is None


def test_a_host_that_fails_again_and_again_is_left_alone(connect, server):
    server.script = answer(b"{}", "503 Service Unavailable")
    connection = connect("Ours")
    for _ in range(breaker.OPENS_AT):
        runs.execute(asked(connection).id)
    assert [rest.failures for rest in breaker.resting()] == [breaker.OPENS_AT]
    waits = asked(connection)
    calls = server.accepts
    runs.execute(waits.id)
    waits.refresh_from_db()
    assert (server.accepts, waits.state, waits.attempt_count, waits.attempts.count()) == (
        calls,
        State.QUEUED,
        0,
        0,
    )
    assert "left alone" in waits.waits_for
    assert execution.claim() is None
    a_while_later()
    server.script = answer(b'{"id": "x"}')
    assert runs.execute(waits.id).state == State.SUCCEEDED
    assert not Breaker.objects.exists()


def a_while_later() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Breaker.objects.update(until=past)
    Policy.objects.update(not_before=past)


def test_waits_of_a_clock_that_was_ahead_are_over(connect, server):
    connection = connect("Ours")
    run = asked(connection)
    tomorrow = timezone.now() + timedelta(days=1)  # no wait is that long
    Run.objects.update(state=State.WAITING, next_try_at=tomorrow)
    Policy.objects.create(connection=connection, not_before=tomorrow)
    Breaker.objects.create(host=breaker.host_of(server.url), failures=9, until=tomorrow)
    assert runs.execute(run.id) is None
    runs.reap()
    assert runs.execute(run.id).state == State.SUCCEEDED


def test_one_call_tries_whether_the_host_is_back(connect):
    Breaker.objects.create(host="h", failures=9, until=timezone.now() - timedelta(seconds=1))
    assert breaker.rest("h") == 0
    assert breaker.rest("h") > 0
    breaker.note("h", "timeout", None, tried=True)
    assert breaker.rest("h") > 60
    breaker.note("h", "", 404)
    assert breaker.rest("h") == 0


def test_calls_that_fail_at_the_same_time_cost_the_host_one_rest(connect, server):
    server.script = answer(b"{}", "503 Service Unavailable")
    connection = connect("Ours")
    Policy.objects.create(connection=connection, at_once=20)
    for claimed in [execution.claim(asked(connection).id) for _ in range(12)]:
        execution.carry_out(claimed)
    assert [rest.failures for rest in breaker.resting()] == [breaker.OPENS_AT]
    assert breaker.rest(breaker.host_of(server.url)) <= breaker.FIRST_REST
    a_while_later()
    runs.execute(asked(connection).id)
    assert [rest.failures for rest in breaker.resting()] == [breaker.OPENS_AT + 1]  # it tried, and failed


def test_tokens_and_cost_are_kept_by_run_and_day(connect):
    Price.objects.create(service="chatgpt-v1", model="gpt-*", per_million_in=Decimal(9))
    Price.objects.create(
        service="chatgpt-v1", model="gpt-x*", per_million_in=Decimal(2), per_million_out=Decimal(8)
    )
    connection = connect("Ours")
    run = runs.execute(asked(connection).id)
    assert (run.model, run.input_tokens, run.output_tokens, run.total_tokens) == (
        "gpt-x-2026",
        1_000_000,
        500_000,
        1_500_000,
    )
    assert run.cost == Decimal(6)
    runs.execute(asked(connection).id)
    day = Spent.objects.get()
    assert (day.day, day.runs, day.input_tokens, day.cost) == (spending.today(), 2, 2_000_000, Decimal(12))


def test_a_used_up_budget_blocks_before_sending_and_says_so(connect, server):
    connection = connect("Ours")
    Policy.objects.create(connection=connection, budget=Decimal(5))
    Spent.objects.create(connection=connection, day=spending.today(), cost=Decimal("5.01"))
    run = runs.execute(asked(connection).id)
    assert (run.state, run.error_code, server.accepts) == (State.FAILED, "budget", 0)
    assert "5.01 of 5.00" in run.error
    Spent.objects.update(cost=Decimal("4.99"))
    assert runs.execute(asked(connection).id).state == State.SUCCEEDED


def test_words_of_question_and_answer_are_found(connect):
    run = runs.execute(asked(connect("Ours")).id)
    for text in ("zebra", "okapi", '"zebra question"', "zebra -lion", "c-1", run.ref):
        assert list(search.narrow(Run.objects.all(), text)) == [run], text
    for text in ("lion", "zebra -okapi", "run_0000000000000", "'; DROP TABLE", "a & | ! ("):
        assert list(search.narrow(Run.objects.all(), text)) == [], text


def test_a_common_word_is_found_without_fetching_every_hit(connect, monkeypatch):
    monkeypatch.setattr(search, "FEW", 0)
    run = runs.execute(asked(connect("Ours")).id)
    assert list(search.narrow(Run.objects.all(), "zebra")) == [run]


def test_other_rooms_hear_of_a_run_that_ended(connect, monkeypatch):
    heard = []

    def raise_here(run, document):
        heard.append((run.state, document["id"]))
        return [hooks.Raised(Breaker(host="a row of theirs"), "evt_1", "log", "evt 1")]

    def broken(run, document):
        raise ValueError("a bug over there")

    monkeypatch.setattr(hooks, "AFTER_RUN", [broken, raise_here])
    run = runs.execute(asked(connect("Ours")).id)
    assert heard == [("succeeded", "c-1")]
    assert run.raised == ["evt_1"]
    assert Breaker.objects.get().host == "a row of theirs"


@pytest.mark.django_db(transaction=True)
def test_a_row_of_theirs_that_cannot_be_written_costs_the_run_nothing(connect, monkeypatch):
    wrong = hooks.Raised(Breaker(host=None), "evt_1", "log", "evt 1")
    monkeypatch.setattr(hooks, "AFTER_RUN", [lambda *_: [wrong]])
    run = runs.execute(asked(connect("Ours")).id)
    assert (run.state, run.raised, Breaker.objects.count()) == (State.SUCCEEDED, [], 0)


def test_words_of_a_stream_come_as_they_are_said(connect, server, monkeypatch):
    seen = []
    monkeypatch.setattr(streaming, "EVERY", 0.0)
    write = streaming.Words.write
    monkeypatch.setattr(
        streaming.Words, "write", lambda words: (write(words), seen.append(Run.objects.get().partial))
    )
    pieces = [{"id": "c-2", "choices": [{"delta": {"content": word}}]} for word in ("Hel", "lo ", "you")]
    body = "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces).encode() + b"data: [DONE]\n\n"
    server.script = answer(body, headers="Content-Type: text/event-stream\r\n")
    run = runs.execute(asked(connect("Ours"), values={**CHAT, "stream": True}).id)
    assert seen[-1].startswith("Hel")
    assert "Hello you".startswith(seen[-1])  # a little is held back, for a key may be told across pieces
    assert (run.state, run.partial, run.fields["content"], run.fields["id"]) == (
        State.SUCCEEDED,
        "",
        "Hello you",
        "c-2",
    )


def test_a_secret_that_a_stream_tells_in_pieces_is_masked(connect, server, monkeypatch):
    monkeypatch.setattr(streaming, "EVERY", 0.0)
    seen = []
    write = streaming.Words.write
    monkeypatch.setattr(
        streaming.Words, "write", lambda words: (write(words), seen.append(Run.objects.get().partial))
    )
    pieces = [{"choices": [{"delta": {"content": word}}]} for word in ("key sk-0", "1234567", "8.")]
    body = "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces).encode()
    server.script = answer(
        body + b": end of stream, long enough to let go of what was held back\n\n",
        headers="Content-Type: text/event-stream\r\n",
    )
    run = runs.execute(asked(connect("Ours"), values={**CHAT, "stream": True}).id)
    assert run.fields["content"] == "key ************."
    assert not [text for text in seen if "sk-012345678" in text]
