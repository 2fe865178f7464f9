"""How every kind of bad answer ends: slow, broken, huge, packed, binary; and what cannot be sent."""

import gzip
import resource
import socket
import zlib

import pytest

from operations.build import FilePart, FileRef
from operations.errors import SENTENCES, SendError
from operations.outbound import Permit
from tests.loopback import answer, drip, raw, silence
from tests.outgoing import call, failing


@pytest.fixture(autouse=True)
def loopback_allowed(settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.SIMULATOR_URL = ""


SLOW = {
    "says nothing": silence(),
    "drips a header line": drip(b"X-A: b\r\n", 0.05),
    "drips a body": drip(b"x", 0.05, first=b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
    "continues for ever": drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.02, first=b""),
    "hints for ever": drip(b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.02, first=b""),
}


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_the_total_limit_ends_every_kind_of_slow_answer(script, serve):
    error = failing(serve(script).url, Permit(total=0.3))
    assert (error.code, error.sent) == ("timeout", True)


BROKEN = {
    "closes at once": (raw(b""), "broken_off"),
    "closes in the head": (raw(b"HTTP/1.1 200 OK\r\nX-"), "broken_off"),
    "promises 1,000 and sends 5": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n12345"),
        "broken_off",
    ),
    "cuts a chunk": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"), "broken_off"),
    "is no HTTP": (raw(b"SSH-2.0-OpenSSH_9\r\n\r\n"), "protocol"),
    "answers br": (answer(headers="Content-Encoding: br\r\n"), "encoding"),
    "answers chained encodings": (
        answer(headers="Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip\r\n"),
        "encoding",
    ),
    "answers broken gzip": (answer(b"no gzip at all", headers="Content-Encoding: gzip\r\n"), "encoding"),
    "sends a header without end": (raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 200_000), "protocol"),
}


@pytest.mark.parametrize(("script", "code"), BROKEN.values(), ids=BROKEN)
def test_every_broken_answer_has_its_name(script, code, serve):
    error = failing(serve(script).url)
    assert (error.code, error.sent) == (code, True)


def test_more_than_promised_is_ignored(serve):
    reply = call(serve(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + b"1" * 1000)).url)
    assert reply.body == b"11111"


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def test_a_huge_answer_is_cut_on_disk_and_never_whole_in_memory(serve, tmp_path):
    block = b"x" * (1 << 20)

    def flood(connection: socket.socket, _: bytes) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 314572800\r\n\r\n"
        )
        for _ in range(300):
            connection.sendall(block)

    before = _resident()
    path = tmp_path / "deep" / "answer"
    reply = call(serve(flood).url, Permit(total=20, keep=8 << 20, path=path))
    assert (reply.truncated, reply.size, path.stat().st_size, len(reply.body)) == (
        True,
        8 << 20,
        8 << 20,
        64 << 10,
    )
    assert _resident() - before < 20 << 20


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_cut_where_a_plain_answer_would_be(encoding, serve, tmp_path):
    packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    bomb = b"".join([packer.compress(bytes(1 << 20)) for _ in range(100)]) + packer.flush()
    before = _resident()
    reply = call(
        serve(answer(bomb, headers=f"Content-Encoding: {encoding}\r\n")).url,
        Permit(keep=4 << 20, path=tmp_path / "a"),
    )
    assert (reply.truncated, reply.size) == (True, 4 << 20)
    assert _resident() - before < 20 << 20


def test_an_answer_that_came_packed_all_the_same_is_read(serve):
    reply = call(serve(answer(gzip.compress(b'{"a": 1}'), headers="Content-Encoding: gzip\r\n")).url)
    assert reply.body == b'{"a": 1}'


def test_a_short_binary_answer_is_a_file_too(serve, tmp_path):
    path = tmp_path / "audio"
    reply = call(serve(answer(b"\x00\x01", headers="Content-Type: audio/mpeg\r\n")).url, Permit(path=path))
    assert (reply.path, path.read_bytes()) == (path, b"\x00\x01")
    assert call(serve().url, Permit(path=tmp_path / "b")).path is None


def test_a_form_and_its_files_go_out_as_multipart(serve, tmp_path):
    (tmp_path / "up").write_bytes(b"file bytes")
    part = FilePart("file", FileRef(str(tmp_path / "up"), "a.jsonl", "application/jsonl", 10))
    server = serve()
    call(server.url, method="POST", form=(("purpose", "fine-tune"), ("purpose", "b")), files=(part,))
    call(server.url, method="POST", form=(("purpose", "ü"),))
    first, second = server.requests
    assert b'name="file"; filename="a.jsonl"\r\nContent-Type: application/jsonl\r\n\r\nfile bytes' in first
    assert first.count(b'name="purpose"') == 2
    assert b"multipart/form-data; boundary=" in second
    assert "ü".encode() in second


def test_what_cannot_be_sent_is_said_before_anything_is(serve):
    server = serve()
    for named in (
        {"headers": [("X-A", "ü")]},
        {"headers": [("X-A", "a\r\nb: c")]},
        {"method": "GET X"},
        {"headers": [("X A", "b")]},
    ):
        error = failing(server.url, **named)
        assert (error.code, error.sent) == ("unsendable", False)
    gone = FilePart("file", FileRef("/nowhere/secret-path", "a", "text/plain", 1))
    error = failing(server.url, method="POST", files=(gone,))
    assert (error.code, "secret-path" in error.sentence) == ("unsendable", False)
    assert server.requests == []


@pytest.mark.parametrize("header", [" Bearer sk-canary-1", "Bearer sk-canary-1\n", "Bearer sk-canary-1ü"])
def test_no_sentence_quotes_a_header(header, serve):
    error = failing(serve().url, headers=[("Authorization", header)])
    assert (error.code, "sk-canary" in error.sentence) == ("unsendable", False)


def test_every_sentence_can_be_said():
    for code in SENTENCES:
        assert "{" not in SendError(code).sentence
