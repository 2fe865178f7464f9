"""A streamed answer is read as it comes, however its bytes are cut, and amounts to the whole answer."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import catalog, selectors, streams

CHAT = [
    {"id": "chatcmpl-1", "model": "m", "choices": [{"delta": {"role": "assistant", "content": ""}}]},
    {"id": "chatcmpl-1", "model": "m", "choices": [{"delta": {"content": "Hel"}, "finish_reason": None}]},
    {"id": "chatcmpl-1", "model": "m", "choices": [{"delta": {"content": "lo\n"}, "finish_reason": "stop"}]},
    {"id": "chatcmpl-1", "model": "m", "choices": [], "usage": {"total_tokens": 9}},
]
RESPONSE = [
    {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}},
    {"type": "response.reasoning_text.delta", "delta": "thinking"},
    {"type": "response.output_text.delta", "delta": "Hel"},
    {"type": "response.output_text.delta", "delta": "lo"},
    {"type": "response.completed", "response": {"id": "resp_1", "status": "completed"}},
]


def stream(key):
    return catalog.operation("chatgpt-v1", key).stream


def encoded(events, newline="\n"):
    lines = [f"event: x{newline}data: {json.dumps(event)}{newline}{newline}" for event in events]
    return (f": ping{newline}{newline}" + "".join(lines) + f"data: [DONE]{newline}{newline}").encode()


@pytest.mark.parametrize(
    ("key", "events"), [("chat_completions.create", CHAT), ("responses.create", RESPONSE)]
)
def test_words_come_piece_by_piece(key, events):
    assert [piece for event in events if (piece := streams.words(stream(key), event).strip())] == [
        "Hel",
        "lo",
    ]


def test_chunks_amount_to_one_answer_with_all_its_fields():
    answer = streams.whole(stream("chat_completions.create"), CHAT)
    fields = selectors.picked(
        catalog.operation("chatgpt-v1", "chat_completions.create").fields, answer
    ).resolved
    assert fields["content"] == "Hello\n"
    assert fields["finish_reason"] == "stop"
    assert fields["total_tokens"] == 9


def test_an_event_that_carries_the_answer_is_the_answer():
    assert streams.whole(stream("responses.create"), RESPONSE) == {"id": "resp_1", "status": "completed"}


def test_a_stream_that_broke_off_still_gives_the_words_it_brought():
    answer = streams.whole(stream("responses.create"), RESPONSE[:4])
    assert selectors.pick(answer, stream("responses.create").into) == "Hello"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 30), max_size=60), st.sampled_from(["\n", "\r\n"]))
def test_it_does_not_matter_where_the_bytes_are_cut(cuts, newline):
    data, parser, got = encoded(RESPONSE, newline), streams.Events(), []
    for size in cuts:
        got += parser.feed(data[:size])
        data = data[size:]
    assert got + parser.feed(data) == RESPONSE


def test_data_over_several_lines_is_one_event():
    assert streams.Events().feed(b'data: {"a":\ndata: 1}\n\n') == [{"a": 1}]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(data):
    parser = streams.Events()
    for event in parser.feed(data) + parser.feed(b"\n\n"):
        streams.whole(stream("responses.create"), [event])
