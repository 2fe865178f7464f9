"""A backup comes back whole, and what was under way in it is never done again by itself."""

import io
import stat
import tarfile

import pytest
from django.db import connection

from config import archive, restored, rights
from config.services import NotReady
from connections.models import Connection
from operations.models import Run, State
from people.models import Person


@pytest.fixture
def here(settings, tmp_path, transactional_db):
    settings.HOME, settings.FILES_ROOT = tmp_path, tmp_path / "files"
    (tmp_path / "files" / "runs").mkdir(parents=True)
    (tmp_path / "files" / "runs" / "answer.bin").write_bytes(b"\x00speech")
    yield tmp_path
    rights.grant()  # a dump carries no rights; `restore` prepares the database after reading it


@pytest.fixture
def account():
    return Connection.objects.create(name="Ours", service="chatgpt-v1")


def run(account, state):
    return Run.objects.create(
        connection=account,
        connection_name="Ours",
        service="chatgpt-v1",
        resource="models",
        operation="list",
        state=state,
    )


def test_database_and_files_come_back_as_they_were(here, person):
    person("admin", username="ada")
    archive.write(here / "backup.tar")
    assert stat.S_IMODE((here / "backup.tar").stat().st_mode) == 0o600

    person("viewer", username="later")
    (here / "files" / "runs" / "answer.bin").write_bytes(b"changed")
    archive.read(here / "backup.tar")

    assert [one.username for one in Person.objects.all()] == ["ada"]
    assert (here / "files" / "runs" / "answer.bin").read_bytes() == b"\x00speech"
    [aside] = here.glob("files.before-*")  # what was there is put aside, not thrown away
    assert (aside / "runs" / "answer.bin").read_bytes() == b"changed"


def test_sessions_are_in_no_backup(here, viewer_client):
    viewer_client.session.save()
    archive.write(here / "backup.tar")
    archive.read(here / "backup.tar")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone() == (0,)


def test_nothing_that_was_under_way_is_done_again(db, account):
    states = {state: run(account, state).pk for state in State}
    settled = restored.settle()
    found = dict(Run.objects.values_list("id", "state"))
    assert found[states[State.SENDING]] == State.UNKNOWN
    for state in (State.QUEUED, State.RUNNING, State.WAITING):
        assert found[states[state]] == State.CANCELLED
    for state in (State.SUCCEEDED, State.FAILED, State.UNKNOWN, State.CANCELLED):
        assert found[states[state]] == state
    assert (settled.unknown, settled.cancelled, settled.paused) == (1, 3, 1)
    assert Connection.objects.get().paused


def archived(folder, label):
    path = folder / "other.tar"
    with tarfile.open(path, "w") as made:
        about = tarfile.TarInfo(archive.LABEL)
        about.size = len(label)
        made.addfile(about, io.BytesIO(label))
    return path


def test_what_is_no_backup_is_refused(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"hello")
    with pytest.raises(NotReady, match="is no backup of Switchboard"):
        archive.label_of(tmp_path / "x.tar")
    with pytest.raises(NotReady, match="made by another version"):
        archive.label_of(archived(tmp_path, b'{"format": 99}'))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("../keys", tarfile.REGTYPE), ("/etc/x", tarfile.REGTYPE), ("files/a/../../b", tarfile.REGTYPE)]
    + [("files/link", tarfile.SYMTYPE), ("files/hard", tarfile.LNKTYPE), ("files/null", tarfile.CHRTYPE)],
)
def test_what_would_lie_elsewhere_is_refused_before_anything_changes(here, person, name, kind):
    person("viewer", username="later")
    with tarfile.open(archived(here, b"{}"), "a") as made:
        about = tarfile.TarInfo(name)
        about.type, about.linkname = kind, "/etc/passwd"
        made.addfile(about)
    with pytest.raises(NotReady, match="Nothing was changed"):
        archive.read(here / "other.tar")
    assert Person.objects.get().username == "later"
    assert (here / "files" / "runs" / "answer.bin").read_bytes() == b"\x00speech"
    assert not (here / "keys").exists()
