"""Definitions load whole or are refused whole, with everything that is wrong in one go."""

import json
import time

import pytest

from definitions import apps, catalog, folder
from definitions.findings import BrokenDefinition

SERVICE = {
    "handle": "small-v1",
    "meta": {"short": "Small"},
    "service": {"baseURL": {"value": "https://small.test"}, "auth": {"method": "none"}},
}
RESOURCES = [
    {
        "handle": "things",
        "meta": {"short": "Things", "colour": "unknown keys are kept"},
        "endpoint": {"value": "/things"},
        "fields": [{"name": "id", "type": "String", "selector": ["id"]}],
        "operations": {"list": {"method": "GET", "path": {"value": ""}}},
    }
]


@pytest.fixture
def small(tmp_path):
    """Write a definition, changed as the test likes, and return its folder."""

    def write(service=SERVICE, resources=RESOURCES, **more):
        files = {"service.json": service, "resources.json": resources} | {
            f"{k}.json": v for k, v in more.items()
        }
        for name, data in files.items():
            (tmp_path / name).write_text(json.dumps(data, indent=1))
        return tmp_path

    return write


@pytest.fixture
def look_now(monkeypatch):
    """Let every question look at the files."""
    monkeypatch.setattr(catalog, "LOOK_AGAIN", 0)


def changed(**members):
    """The resources with the list operation changed."""
    operation = RESOURCES[0]["operations"]["list"] | members
    return [RESOURCES[0] | {"operations": {"list": operation}}]


def test_a_small_definition_loads(small):
    service = folder.load(small())
    assert [operation.key for operation in service.operations] == ["things.list"]
    assert service.operation("things.list").path == "/things"
    assert len(service.version) == 12


def test_unknown_keys_are_kept(small):
    definition = folder.open_folder(small())
    assert definition.merged["resources"][0]["meta"]["colour"] == "unknown keys are kept"
    assert folder.load(small()).short == "Small"


def test_everything_that_is_wrong_is_said_at_once(small):
    broken = [
        {
            "handle": "Bad Handle",
            "meta": {},
            "endpoint": {"value": "/a"},
            "fields": [{"name": "id", "type": "Strin"}],
        },
        {
            "handle": "other",
            "meta": {"short": "O"},
            "endpoint": {},
            "operations": {"list": {"method": "GETT"}},
        },
    ]
    with pytest.raises(BrokenDefinition) as caught:
        folder.load(small(resources=broken))
    said = [str(finding) for finding in caught.value.findings]
    assert len(said) == 7
    assert any(":Bad Handle.fields.id.type: 'Strin' is not one of: String" in line for line in said)
    assert any(":Bad Handle.fields.id: It lacks 'selector'." in line for line in said)
    assert any(":other.operations.list.method: 'GETT' is not one of: GET" in line for line in said)
    assert all(line.startswith("resources.json:") for line in said)


@pytest.mark.parametrize(
    ("operation", "place", "reason"),
    [
        ({"path": {"value": "/{{id}}"}}, "path.value", r"uses \{\{id\}\}, which no placeholder declares"),
        ({"queryParams": {"q": "{{q}}"}}, "queryParams.q", "no placeholder declares"),
        ({"headers": {"X-A": "{{a}}"}}, "headers.X-A", "no placeholder declares"),
        ({"bodyTemplate": {"value": '{"a": {{a}}}'}}, "bodyTemplate.value", "no placeholder declares"),
        ({"bodyTemplate": {"value": '{"a": '}}, "bodyTemplate.value", "not JSON once"),
        (
            {"bodyTemplate": {"value": "{}", "placeholders": [{"name": "f", "type": "File"}]}},
            "bodyTemplate.placeholders.f.type",
            "multipart/form-data",
        ),
        (
            {"path": {"value": "", "placeholders": [{"name": "x", "type": "String", "picker": "no.list"}]}},
            "path.placeholders.x.picker",
            "no operation 'no.list'",
        ),
    ],
)
def test_what_a_schema_cannot_say_is_found_too(small, operation, place, reason):
    with pytest.raises(
        BrokenDefinition, match=rf"resources.json:\d+:things.operations.list.{place}: .*{reason}"
    ):
        folder.load(small(resources=changed(**operation)))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"x": {"$inptu": "a"}}, "'\\$inptu' is no word of recipes; known are: \\$input"),
        ({"x": [{"y": {"$one": "b"}}]}, "uses the input 'b', which is not among the inputs"),
    ],
)
def test_a_recipe_that_cannot_work_is_found(small, values, reason):
    inputs = [{"name": "a", "type": "String"}]
    actions = {"do": {"label": "Do", "operation": "things.list", "inputs": inputs, "values": values}}
    with pytest.raises(BrokenDefinition, match=rf"actions.json:\d+:do.values: .*{reason}"):
        folder.load(small(actions=actions))


def test_an_overlay_can_mend_what_was_published_broken(small):
    fixed = {"resources": {"things": {"operations": {"list": {"path": {"value": ""}}}}}}
    published = [RESOURCES[0] | {"operations": {"list": {"method": "GET"}}}]
    service = folder.load(small(resources=published, overlay=fixed))
    assert service.operation("things.list").path == "/things"


def test_an_overlay_can_bring_all_resources(small, tmp_path):
    small(overlay={"resources": RESOURCES})
    (tmp_path / "resources.json").unlink()
    assert folder.load(tmp_path).operation("things.list").path == "/things"


def test_a_broken_definition_is_a_warning_of_the_system_check(small, settings, look_now):
    settings.DEFINITIONS = [str(small(resources=changed(method="GETT")))]
    (warning,) = apps.broken_definitions()
    assert warning.msg.startswith("resources.json:")


def test_an_unknown_way_to_authenticate_names_the_known_ones(small):
    service = SERVICE | {"service": SERVICE["service"] | {"auth": {"method": "oauth9"}}}
    with pytest.raises(BrokenDefinition, match="'oauth9' is not known here; known are: api_token"):
        folder.load(small(service=service))


def test_an_incomplete_way_to_authenticate_is_a_finding(small):
    service = SERVICE | {"service": SERVICE["service"] | {"auth": {"method": "api_token", "params": {}}}}
    with pytest.raises(BrokenDefinition, match="service.json:.*api_token are not complete: 'apiToken'"):
        folder.load(small(service=service))


def test_a_name_given_twice_is_refused(small):
    with pytest.raises(BrokenDefinition, match="resources.json:.*things: 'things' stands in this list twice"):
        folder.load(small(resources=RESOURCES * 2))


def test_files_that_are_no_json_are_all_named(small):
    path = small()
    (path / "service.json").write_text("{")
    (path / "resources.json").write_text("[1,")
    with pytest.raises(BrokenDefinition) as caught:
        folder.load(path)
    assert [finding.file for finding in caught.value.findings] == ["service.json", "resources.json"]


def test_a_mistake_in_the_overlay_is_found_in_the_overlay(small):
    overlay = {"resources": {"things": {"operations": {"list": {"method": "GETT"}}}}}
    with pytest.raises(
        BrokenDefinition, match="overlay.json:6:resources.things.operations.list.method: 'GETT'"
    ):
        folder.load(small(overlay=overlay))


def test_an_operation_that_an_overlay_changes_keeps_what_was_published(small):
    overlay = {
        "resources": {"things": {"operations": {"list": {"path": {"value": "/all"}, "source": "their page"}}}}
    }
    operation = folder.load(small(overlay=overlay)).operation("things.list")
    assert (operation.path, operation.published, operation.source) == (
        "/things/all",
        "GET /things",
        "their page",
    )


def test_the_version_changes_with_the_definition_and_not_with_the_order_of_members(small):
    first = folder.load(small()).version
    assert folder.load(small(service=dict(reversed(SERVICE.items())))).version == first
    assert folder.load(small(service=SERVICE | {"status": "new"})).version != first


def test_a_service_beside_ours_is_in_the_catalogue_and_an_edit_counts_without_restart(
    small, settings, look_now
):
    path = small()
    settings.DEFINITIONS = [str(path)]
    assert catalog.service("small-v1").short == "Small"
    time.sleep(0.01)  # a later modification time
    small(service=SERVICE | {"meta": {"short": "Renamed"}})
    assert catalog.service("small-v1").short == "Renamed"
    assert [service.handle for service in catalog.services()] == ["chatgpt-v1", "small-v1"]


def test_a_broken_service_leaves_the_others_standing(small, settings, look_now):
    path = small(resources=changed(method="GETT"))
    settings.DEFINITIONS = [str(path)]
    assert [service.handle for service in catalog.services()] == ["chatgpt-v1"]
    assert "GETT" in str(catalog.broken()[0])


def test_what_is_unknown_is_said_with_what_is_known(settings, look_now):
    with pytest.raises(catalog.UnknownService, match="no service 'nope'. Known are: chatgpt-v1"):
        catalog.service("nope")
    with pytest.raises(catalog.UnknownOperation, match="has no operation 'batches.nope'"):
        catalog.operation("chatgpt-v1", "batches.nope")
    assert catalog.event("chatgpt-v1", "nope") is None
    assert catalog.event("chatgpt-v1", "batch.completed", "files") is None
