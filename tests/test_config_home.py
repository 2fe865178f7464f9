"""The folder of a copy: what it keeps, who holds it, and the sentences when it cannot be used."""

import json
import stat

import pytest

from config import home


def test_the_keys_are_made_once_and_only_their_owner_may_read_them(tmp_path):
    first = home.key_ring(tmp_path / "a")
    assert first.read_text().startswith("k1:")
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert home.key_ring(tmp_path / "a").read_text() == first.read_text()
    assert home.secret_key(tmp_path / "a") != first.read_text()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["keys", "secret.key"]


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        home.Unusable, match=r"set SWITCHBOARD_HOME to a folder you may write to|SWITCHBOARD_HOME"
    ):
        home.secret_key(tmp_path / "file" / "var")


def test_nothing_runs_where_nobody_holds_the_file(tmp_path):
    assert home.running(tmp_path) == {}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "up.json").write_text(json.dumps({"port": 1}))  # left behind by a crash
    assert home.running(tmp_path) == {}


def test_what_a_running_copy_says_is_read_and_a_second_one_is_refused(tmp_path):
    with home.claim(tmp_path) as claimed:
        home.announce(claimed, {"url": "http://localhost:8700", "port": 8700})
        assert home.running(tmp_path)["port"] == 8700
        with pytest.raises(home.Unusable, match="already runs from .* at http://localhost:8700"):
            home.claim(tmp_path)
    assert home.running(tmp_path) == {}


def test_a_long_home_gets_its_sockets_a_short_place(tmp_path):
    assert home.sockets(tmp_path / "short") == tmp_path / "short" / "run"
    long = home.sockets(tmp_path / ("x" * 100))
    assert len(str(long / ".s.PGSQL.5432.lock")) <= home.SOCKET_LIMIT
    assert long != home.sockets(tmp_path / ("y" * 100))


@pytest.mark.parametrize("given", [{}, {"SWITCHBOARD_KEYS_FILE": "/run/keys"}, {"SECRET_KEY": "x" * 50}])
def test_production_makes_no_secrets_up(given, monkeypatch):
    for name in ("SWITCHBOARD_KEYS_FILE", "SWITCHBOARD_KEYS", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(home.Unusable, match="Production needs"):
        home.require_secrets()
