"""A form shows every placeholder and cleans to exactly what the request is built from."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from definitions import catalog, forms
from operations import build


def operation(key):
    return catalog.operation("chatgpt-v1", key)


def cleaned(key, data, files=None):
    form = forms.form_class(operation(key))(data, files)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def errors(key, data, files=None):
    form = forms.form_class(operation(key))(data, files)
    assert not form.is_valid()
    return {name: list(sentences) for name, sentences in form.errors.items()}


def test_required_fields_come_first_and_carry_their_help():
    form = forms.form_class(operation("moderations.create"))()
    assert list(form.fields)[0] == "input"
    assert form["input"].help_text == "The text to judge."


@pytest.mark.parametrize("key", [operation.key for operation in catalog.service("chatgpt-v1").operations])
def test_every_form_can_be_drawn(key):
    html = forms.form_class(operation(key), suggestions={"model": ["gpt-4o"]})().as_p()
    assert all(f'name="{placeholder.name}"' in html for placeholder in operation(key).placeholders)


def test_blanks_come_out_blank_and_the_rest_in_its_type():
    data = {"model": "m", "prompt": "cat", "n": "2", "size": "", "quality": ""}
    assert cleaned("images.create", data) == {
        "model": "m",
        "prompt": "cat",
        "n": 2,
        "size": "",
        "quality": "",
        "output_format": "",
        "background": "",
    }


def test_what_is_cleaned_goes_straight_into_the_request():
    values = cleaned("responses.create", {"model": "m", "input": "hi", "background": "false"})
    service = catalog.service("chatgpt-v1")
    made = build.request(service, operation("responses.create"), values, {"apiKey": "sk-1"})
    assert made.body == b'{"model":"m","input":"hi","background":false}'


def test_errors_stand_at_their_fields():
    data = {"model": "", "messages": '[{"role": "user",}]', "temperature": "hot"}
    said = errors("chat_completions.create", data)
    assert said["model"] == ["This is required."]
    assert said["messages"][0].startswith("This is not JSON: ")
    assert said["messages"][0].endswith("line 1, column 18.")
    assert said["temperature"] == ["This must be a number."]


def test_a_choice_outside_the_options_is_refused():
    assert (
        "Choose one of: alloy"
        in errors("audio_speech.create", {"model": "m", "input": "x", "voice": "bob"})["voice"][0]
    )


def test_text_is_read_as_json_only_when_the_person_says_so():
    data = {"model": "m", "input": '["a"]'}
    assert cleaned("responses.create", data)["input"] == '["a"]'
    assert cleaned("responses.create", data | {"json_input": "on"})["input"] == ["a"]
    assert (
        "a list in [ ]" in errors("responses.create", data | {"input": "{}", "json_input": "on"})["input"][0]
    )


def test_clear_is_an_explicit_choice():
    data = {"vector_store_id": "vs_1", "name": ""}
    assert cleaned("vector_stores.update", data)["name"] == ""
    assert cleaned("vector_stores.update", data | {"clear_name": "on"})["name"] is None
    both = data | {"name": "new", "clear_name": "on"}
    assert errors("vector_stores.update", both)["name"] == ["Either clear it or give a value, not both."]


def test_rows_give_a_list_and_one_row_its_text():
    one = QueryDict("model=m&input=a&input=")
    several = QueryDict("model=m&input=a&input=b&input=")
    assert cleaned("embeddings.create", one)["input"] == "a"
    assert cleaned("embeddings.create", several)["input"] == ["a", "b"]
    assert errors("embeddings.create", QueryDict("model=m&input="))["input"] == ["This is required."]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("talk.exe", b"x", "talk.exe is of another kind"),
        ("talk.mp3", b"", "talk.mp3 is empty"),
        ("talk.mp3", b"x" * (26214400 + 1), "talk.mp3 is too large: 25.0 MiB, at most 25.0 MiB"),
    ],
)
def test_an_upload_of_the_wrong_kind_or_size_is_refused(name, content, sentence):
    upload = {"file": SimpleUploadedFile(name, content)}
    assert sentence in errors("audio_transcriptions.create", {"model": "m"}, upload)["file"][0]


def test_an_upload_comes_out_as_it_came():
    upload = SimpleUploadedFile("Talk.MP3", b"x")
    assert cleaned("audio_transcriptions.create", {"model": "m"}, {"file": upload})["file"] is upload


def test_earlier_values_fill_the_form_again():
    form = forms.form_class(operation("responses.create"))(initial={"input": ["a"], "background": True})
    html = form.as_p()
    assert "&quot;a&quot;" in html
    assert 'value="true" selected' in html
    assert form["json_input"].value() is True


def test_the_given_initial_values_are_left_alone():
    initial = {"name": None}
    form = forms.form_class(operation("vector_stores.update"))(initial=initial)
    assert form["clear_name"].value() is True
    assert initial == {"name": None}


def test_offered_values_are_offered_and_others_may_be_typed():
    kind = forms.form_class(operation("models.read"), suggestions={"model_id": ["m-1", ("m-2", "ends 2027")]})
    html = kind().as_p()
    assert '<option value="m-2" label="ends 2027">' in html
    assert 'list="id_model_id_offers"' in html
    assert kind({"model_id": "another"}).is_valid()


def test_what_people_type_cannot_leave_its_control():
    evil = '"><script>alert(1)</script>'
    data = QueryDict(mutable=True)
    data.update({"model": evil})
    data.setlist("input", [evil])
    form = forms.form_class(operation("embeddings.create"), suggestions={"model": [evil]})(data)
    assert "<script>" not in form.as_p()


def test_credentials_are_never_drawn_back():
    placeholders = catalog.service("chatgpt-v1").auth.placeholders
    form = forms.form_for(placeholders)({"apiKey": "sk-secret"})
    assert form.is_valid()
    assert "sk-secret" not in form.as_p()


def test_several_files_come_out_as_a_list():
    action = catalog.service("chatgpt-v1").action("analyze_images")
    uploads = [SimpleUploadedFile("a.png", b"1"), SimpleUploadedFile("b.png", b"2")]
    form = forms.form_for(action.inputs)({"prompt": "?", "model": "m"}, MultiValueDict({"images": uploads}))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["images"] == uploads
    assert form.cleaned_data["image_urls"] == ""
