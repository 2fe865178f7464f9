"""The words outside the pages: links lead somewhere, commands exist and are named, pictures are there."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.utils.text import slugify

from operations.models.run import State
from webhooks.models import Mark
from webhooks.models import State as EventState

ROOT = Path(settings.BASE_DIR)
ROOMS = {"config", "definitions", "live", "audit", "people", "connections", "operations", "webhooks"}
TEXTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"manage\.py ([a-z]\w*)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
OURS = sorted(
    name for name, app in get_commands().items() if app.split(".")[-1] in {*ROOMS, "overview", "api"}
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    prose = FENCE.sub("", path.read_text())
    return {slugify(heading.replace("`", "").replace("*", "")) for heading in HEADING.findall(prose)}


def broken(path: Path) -> list[str]:
    """Return the links of a text that lead nowhere."""
    wrong = []
    for link in LINK.findall(FENCE.sub("", path.read_text())):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if link.startswith(("https://", "mailto:")):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_every_link_leads_somewhere(path) -> None:
    assert broken(path) == []


def test_this_test_sees_a_link_that_leads_nowhere(tmp_path) -> None:
    (tmp_path / "there.md").write_text("# A heading\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md#a-heading) [b](there.md#another) [c](gone.md) ![d](gone.png) [e](https://x.example/)"
    )
    assert broken(page) == ["there.md#another", "gone.md", "gone.png"]


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_every_command_that_is_named_exists(path) -> None:
    named = set(COMMAND.findall(path.read_text()))
    assert named - set(get_commands()) == set()


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_ours_is_named_for_users(name) -> None:
    users = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    assert any(name in COMMAND.findall(path.read_text()) for path in users)


@pytest.mark.parametrize("name", OURS)
def test_every_command_says_what_it_does(name) -> None:
    command = load_command_class(get_commands()[name], name)
    assert command.help.rstrip().endswith(".")


def options(command: str) -> set[str]:
    """Return the options that a command takes, those of its verbs included."""
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    parsers = [parser]
    for action in parser._actions:
        parsers += getattr(action, "choices", None).values() if hasattr(action.choices, "values") else []
    return {option for one in parsers for action in one._actions for option in action.option_strings}


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_every_option_in_an_example_exists(path) -> None:
    lines = "\n".join(FENCE.findall(path.read_text())).splitlines()
    for line in lines:
        found = re.search(r"manage\.py ([a-z]\w*)([^|#<>]*)", line)
        if found and found[1] in OURS:
            used = set(re.findall(r"(?<=\s)--[a-z][a-z-]*", found[2]))
            assert used - options(found[1]) == set(), line


def test_the_pictures_are_few_and_small() -> None:
    pictures = list((ROOT / "docs" / "screenshots").glob("*.png"))
    assert pictures
    assert sum(path.stat().st_size for path in pictures) < 4_000_000


def test_every_picture_is_shown_somewhere() -> None:
    shown = "".join(path.read_text() for path in TEXTS)
    assert [
        path.name for path in (ROOT / "docs" / "screenshots").glob("*.png") if path.name not in shown
    ] == []


def test_every_setting_that_the_docs_name_exists() -> None:
    known = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    named = {
        name
        for path in (ROOT / "docs").glob("*.md")
        for name in re.findall(r"SWITCHBOARD_[A-Z_]+", path.read_text())
    }
    assert named - known == set()


def test_every_state_mark_and_cause_is_explained() -> None:
    runs, log = ((ROOT / "docs" / f"{name}.md").read_text() for name in ("actions-and-runs", "read-the-log"))
    assert [state for state in State.values if f"| {state} |" not in runs] == []
    assert [mark.label for mark in Mark if str(mark.label) not in log] == []
    assert [state for state in EventState.values if f"*{state}*" not in log] == []
