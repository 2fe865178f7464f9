"""Requests are built from values: nothing that a value holds changes where it goes or what is around it."""

import json
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import catalog
from definitions.schema import Placeholder
from definitions.template import Slot
from operations import build
from operations.build import FileRef, InputErrors

KEY = {"apiKey": "sk-test-1234567890"}
FILE = FileRef("/tmp/talk.mp3", "talk.mp3", "audio/mpeg", 4)
few = settings(max_examples=100, deadline=None)


def service():
    return catalog.service("chatgpt-v1")


def request(key, values, credentials=KEY, **more):
    return build.request(service(), service().operation(key), values, credentials, **more)


def body(key, values):
    return json.loads(request(key, values).body)


def test_exactly_one_authorization_header_results():
    headers = request("models.list", {}).headers
    assert [value for name, value in headers if name.lower() == "authorization"] == [
        "Bearer sk-test-1234567890"
    ]


def test_content_type_comes_from_the_kind_of_body():
    kinds = {
        key: dict(request(key, values).headers).get("Content-Type")
        for key, values in {
            "models.list": {},
            "responses.create": {"model": "m", "input": "x"},
            "audio_transcriptions.create": {"model": "m", "file": FILE},
        }.items()
    }
    assert kinds == {
        "models.list": None,
        "responses.create": "application/json",
        "audio_transcriptions.create": None,  # the sender writes it, with the boundary
    }


def test_a_blank_optional_drops_its_member_and_its_parameter():
    assert body("images.create", {"model": "m", "prompt": "cat", "n": "", "size": ""}) == {
        "model": "m",
        "prompt": "cat",
    }
    assert request("files.list", {"purpose": ""}).url == "https://api.openai.com/v1/files"


def test_an_absent_value_takes_the_default_and_a_blank_one_does_not():
    assert request("batches.list", {}).url.endswith("/batches?limit=20")
    assert request("batches.list", {"limit": ""}).url.endswith("/batches")


def test_a_declared_value_that_the_template_does_not_use_is_a_member_of_its_own():
    assert body("responses.create", {"model": "m", "input": "x", "background": "true"})["background"] is True
    made = request("audio_transcriptions.create", {"model": "m", "file": FILE, "language": "en"})
    assert made.form == (("model", "m"), ("language", "en"))


def test_clearing_sends_null_and_blank_leaves_the_value_alone():
    clear = {"vector_store_id": "vs_1", "name": None}
    assert body("vector_stores.update", clear) == {"name": None}
    assert body("vector_stores.update", clear | {"name": ""}) == {}
    assert body("vector_stores.create", {"name": None}) == {}


def test_an_upload_is_a_part_with_its_name_and_kind():
    made = request("files.create", {"purpose": "batch", "file": FILE})
    assert (made.form, made.files) == ((("purpose", "batch"),), (build.FilePart("file", FILE),))
    assert made.body is None


def test_all_faults_are_named_at_once():
    values = {"model": "", "messages": "[1,", "temperature": "9", "evil": "1"}
    with pytest.raises(InputErrors) as refused:
        request("chat_completions.create", values)
    assert refused.value.errors == {
        "evil": "chat_completions.create has no such input.",
        "model": "This is required.",
        "messages": "This is not JSON: expecting value at line 1, column 4.",
        "temperature": "The largest value is 2.",
    }


@pytest.mark.parametrize("dots", [".", ".."])
def test_an_id_of_dots_is_refused(dots):
    with pytest.raises(InputErrors, match="file_id: An id cannot be made of dots alone"):
        request("files.delete", {"file_id": dots})


def test_a_connection_without_its_key_says_so():
    with pytest.raises(InputErrors, match="apiKey: This connection has no API key yet"):
        request("models.list", {}, {})


def test_optional_headers_are_sent_when_they_say_something():
    made = dict(request("models.list", {}, options={"organization": "org-1", "project": ""}).headers)
    assert made["OpenAI-Organization"] == "org-1"
    assert "OpenAI-Project" not in made


@pytest.mark.parametrize("value", ["org\r\nX-Evil: 1", "org\n", "örg", "org\0"])
def test_a_header_value_cannot_begin_another_header(value):
    with pytest.raises(
        InputErrors, match="organization: The header OpenAI-Organization can only carry plain letters"
    ):
        request("models.list", {}, options={"organization": value})


def test_a_value_cannot_stand_in_for_a_credential():
    operation = replace(
        service().operation("models.list"), placeholders=(Placeholder("apiKey", place="header"),)
    )
    made = build.request(service(), operation, {"apiKey": "sk-mine"}, KEY)
    assert dict(made.headers)["Authorization"] == "Bearer sk-test-1234567890"


def test_a_list_fills_a_parameter_several_times():
    placeholder = Placeholder("after", multiple=True, place="query")
    operation = replace(
        service().operation("files.list"), placeholders=(placeholder,), query=(("after[]", "{{after}}"),)
    )
    made = build.request(service(), operation, {"after": ["a", "b c"]}, KEY)
    assert made.url.endswith("/files?after%5B%5D=a&after%5B%5D=b%20c")


def test_a_body_that_is_one_blank_hole_is_no_body():
    operation = replace(service().operation("responses.create"), body=Slot("input", bare=True))
    operation = replace(operation, placeholders=(Placeholder("input", json="required"),))
    assert build.request(service(), operation, {}, KEY).body is None
    assert build.request(service(), operation, {"input": "[1]"}, KEY).body == b"[1]"


def test_asking_for_a_stream_brings_what_belongs_to_it():
    values = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert "stream_options" not in body("chat_completions.create", values | {"stream": "false"})
    assert body("chat_completions.create", values | {"stream": "true"})["stream_options"] == {
        "include_usage": True
    }


def test_another_base_url_is_joined_without_losing_its_path():
    made = request("models.read", {"model_id": "m"}, base_url="https://proxy.test/openai/v1/")
    assert made.url == "https://proxy.test/openai/v1/models/m"


def test_what_is_shown_has_every_credential_masked():
    secret = KEY["apiKey"]
    made = request(
        "responses.create", {"model": secret, "input": f"my key is {secret}"}, base_url=f"https://h/{secret}"
    )
    shown = build.masked(made, KEY)
    assert secret not in json.dumps(shown)
    assert shown["headers"]["Authorization"] == "Bearer ••••7890"
    assert shown["body"] == {"model": "••••7890", "input": "my key is ••••7890"}
    assert set(shown) == {"method", "url", "headers", "body", "files"}


def test_uploads_are_shown_by_name_and_size():
    shown = build.masked(request("files.create", {"purpose": "batch", "file": FILE}), KEY)
    assert shown["body"] == {"purpose": "batch"}
    assert shown["files"] == [
        {"name": "file", "filename": "talk.mp3", "content_type": "audio/mpeg", "size": 4}
    ]


@few
@given(st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_any_id_stays_one_segment_of_the_path(text):
    path = urlsplit(request("files.delete", {"file_id": text}).url).path
    assert path.count("/") == 3
    assert unquote(path.removeprefix("/v1/files/")) == text


@few
@given(st.text(min_size=1))
def test_any_parameter_arrives_as_it_was_given(text):
    query = urlsplit(request("files.list", {"after": text}).url).query
    assert parse_qsl(query, keep_blank_values=True) == [("after", text)]


@few
@given(st.text(min_size=1), st.text(min_size=1))
def test_any_text_arrives_in_its_own_member(model, said):
    assert body("responses.create", {"model": model, "input": said}) == {"model": model, "input": said}
