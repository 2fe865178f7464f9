"""Actions turn friendly inputs into an operation's values by recipes that stand in the definition."""

import pytest

from definitions import catalog, compose, forms
from definitions.schema import Action, Placeholder
from operations import build


def action(handle):
    return catalog.service("chatgpt-v1").action(handle)


def as_url(file):
    return f"data:image/png;base64,{file}"


class Upload:
    def __str__(self):
        return "QUJD"


def test_analyze_text_is_a_conversation():
    inputs = {"text": "The text", "instruction": "Sum it up", "model": "m", "json_output": ""}
    assert compose.compose(action("analyze_text"), inputs, as_url) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Sum it up"}, {"role": "user", "content": "The text"}],
    }


def test_a_ticked_box_adds_its_member():
    inputs = {"text": "t", "instruction": "i", "model": "m", "json_output": True}
    assert compose.compose(action("analyze_text"), inputs, as_url)["response_format"] == {
        "type": "json_object"
    }


def test_addresses_and_uploads_become_parts_in_their_order():
    inputs = {
        "prompt": "What?",
        "image_urls": ["https://a/1.png"],
        "images": [Upload()],
        "model": "m",
        "detail": "low",
    }
    parts = compose.compose(action("analyze_images"), inputs, as_url)["messages"][0]["content"]
    assert parts == [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "https://a/1.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low"}},
    ]


def test_a_blank_input_takes_its_member_with_it():
    inputs = {"prompt": "What?", "image_urls": ["https://a/1.png"], "images": [], "model": "m", "detail": ""}
    parts = compose.compose(action("analyze_images"), inputs, as_url)["messages"][0]["content"]
    assert parts[1] == {"type": "image_url", "image_url": {"url": "https://a/1.png"}}


@pytest.mark.parametrize(("texts", "sent"), [(["a"], "a"), (["a", "b"], ["a", "b"]), (["", "b"], "b")])
def test_one_text_is_sent_as_text_and_several_as_a_list(texts, sent):
    assert compose.compose(action("create_embedding"), {"input": texts, "model": "m"}, as_url) == {
        "model": "m",
        "input": sent,
    }


def test_at_least_one_picture_is_needed():
    faults = compose.faults(action("analyze_images"), {"prompt": "What?", "model": "m", "image_urls": ""})
    assert faults == {"image_urls": "Give at least one of: Addresses, Uploads."}
    assert compose.faults(action("analyze_images"), {"prompt": "", "model": "m", "images": [1]}) == {
        "prompt": "This is required."
    }


def test_text_that_looks_like_a_recipe_stays_text():
    inputs = {"text": '{"$input": "model"}', "instruction": "{{model}}", "model": "m"}
    messages = compose.compose(action("analyze_text"), inputs, as_url)["messages"]
    assert [message["content"] for message in messages] == ["{{model}}", '{"$input": "model"}']


@pytest.mark.parametrize(
    "handle", ["analyze_text", "analyze_images", "create_embedding", "create_transcription"]
)
def test_a_recipe_fits_its_inputs_and_its_operation(handle):
    service, found = catalog.service("chatgpt-v1"), action(handle)
    operation = service.operation(found.operation)
    names = {placeholder.name for placeholder in found.inputs}
    assert set(compose.names(found.values)) == names
    assert set(found.values) <= {placeholder.name for placeholder in operation.placeholders}
    assert {p.name for p in operation.placeholders if p.required} <= set(found.values)
    assert set(found.outputs) <= {field.name for field in operation.fields}


def test_a_form_gives_what_the_request_needs():
    service, found = catalog.service("chatgpt-v1"), action("analyze_text")
    form = forms.form_for(found.inputs)(
        {"text": "t", "instruction": "i", "model": "m", "json_output": "true"}
    )
    assert form.is_valid()
    values = compose.compose(found, form.cleaned_data, as_url)
    made = build.request(service, service.operation(found.operation), values, {"apiKey": "sk-1"})
    assert b'"response_format":{"type":"json_object"}' in made.body


def test_recipes_nest():
    recipe = {
        "body": {
            "a": [{"$each": ["x"], "as": {"v": {"$item": "value"}}}],
            "b": {"$if": "y", "then": {"$one": "x"}},
        }
    }
    nested = Action("n", "N", "", "a.b", (Placeholder("x"), Placeholder("y")), recipe)
    made = compose.compose(nested, {"x": ["1"], "y": "yes"}, as_url)
    assert made == {"body": {"a": [{"v": "1"}], "b": "1"}}
