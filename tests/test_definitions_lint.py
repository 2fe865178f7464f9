"""The linter names what loads and still cannot mean what it says, with file, line and place."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from definitions import catalog, folder, lint

OURS = Path(catalog.BUNDLED) / "chatgpt"
SEED = Path(__file__).resolve().parent.parent.parent / "shared" / "seed"
FOURTEEN = [
    ("resources.json", "assistants.operations.list.queryParams.limit"),
    ("resources.json", "audio_speech.operations.create.bodyTemplate.placeholders.response_format"),
    ("resources.json", "audio_transcriptions.operations.create.bodyTemplate.placeholders.language"),
    ("resources.json", "audio_transcriptions.operations.create.bodyTemplate.placeholders.prompt"),
    ("resources.json", "batches.operations.delete.method"),
    ("resources.json", "batches.operations.list.queryParams.limit"),
    ("resources.json", "chat_completions.operations.create.bodyTemplate.placeholders.messages"),
    ("resources.json", "fine_tuning_jobs.operations.list.queryParams.limit"),
    ("resources.json", "images.operations.create.bodyTemplate.placeholders.n"),
    ("resources.json", "runs.operations.list.queryParams.limit"),
    ("resources.json", "thread_messages.operations.list.queryParams.limit"),
    ("resources.json", "vector_stores.operations.list.queryParams.limit"),
    ("service.json", "service.headers.Authorization"),
    ("service.json", "service.headers.Content-Type"),
]


@pytest.fixture
def published(tmp_path):
    """The published files without corrections: ours, and the seed where it stands."""
    for name in (folder.SERVICE, folder.RESOURCES):
        (tmp_path / name).write_bytes((OURS / name).read_bytes())
    return [tmp_path, SEED] if SEED.exists() else [tmp_path]


def test_the_published_files_give_exactly_fourteen_findings(published):
    for path in published:
        findings = lint.lint(path)
        assert sorted((finding.file, finding.place) for finding in findings) == FOURTEEN
        assert all(finding.line > 1 and finding.message.endswith(".") for finding in findings)


def test_every_line_is_the_line_of_its_place(published):
    for path in published:
        for finding in lint.lint(path):
            lines = (path / finding.file).read_text("utf-8").splitlines()
            word = finding.place.rsplit(".", 1)[-1]
            assert any(word in line for line in lines[finding.line - 1 : finding.line + 1]), finding


def test_with_our_overlay_nothing_is_left_to_find(published):
    assert lint.lint(OURS) == []
    for path in published:
        assert lint.lint(path, OURS / "overlay.json") == []


def test_a_definition_that_does_not_load_gives_its_faults_alone(tmp_path):
    (tmp_path / "service.json").write_text(json.dumps({"handle": "x"}))
    assert [finding.message for finding in lint.lint(tmp_path)] == [
        "It lacks 'meta', 'service', 'resources'."
    ]


def test_the_command_prints_findings_and_says_by_its_exit_code_whether_there_are_any(published):
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("lint", published[0], stdout=out)
    lines = out.getvalue().splitlines()
    assert (left.value.code, len(lines)) == (1, 14)
    assert lines[-1].startswith("service.json:")
    with pytest.raises(SystemExit) as left:
        call_command("lint", OURS, stdout=out)
    assert left.value.code == 0


def test_the_command_says_when_there_is_no_definition(tmp_path):
    with pytest.raises(CommandError, match=r"There is no service.json in .*\.") as refused:
        call_command("lint", tmp_path)
    assert refused.value.returncode == 2
