"""The outgoing door: where it may go, what it carries there, and how every kind of bad answer ends."""

import asyncio
import gzip
import resource
import socket
import ssl
import time
import warnings
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from operations import guard, outbound, wire
from operations.build import FilePart, FileRef, Request
from operations.errors import SENTENCES, SendError
from operations.outbound import Permit, send
from tests.loopback import Loopback, answer, drip, raw, silence


@pytest.fixture
def serve():
    """Return a starter of loopback servers."""
    running: list[Loopback] = []

    def start(script=None, **named) -> Loopback:
        running.append(Loopback(script or answer(), **named))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture(autouse=True)
def loopback_allowed(settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.SIMULATOR_URL = ""


def call(url: str, permit: Permit | None = None, *, method: str = "GET", headers=(), hook=None, **body):
    request = Request(method, url, tuple(headers), **body)
    return asyncio.run(send(request, permit or Permit(total=5), before_first_byte=hook))


def failing(url: str, permit: Permit | None = None, **named) -> SendError:
    with pytest.raises(SendError) as caught:
        call(url, permit, **named)
    assert caught.value.sentence.endswith(".")
    assert "{" not in caught.value.sentence
    return caught.value


HIDDEN = [
    "127.0.0.1",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "100.64.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "172.31.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "192.0.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "8.8.8.8:22",
    "8.8.8.8:6379",
    "[::127.0.0.1]",
    "db",
    "redis",
]


@pytest.mark.parametrize("host", HIDDEN)
def test_it_never_connects_to_a_hidden_target(host, serve, settings):
    settings.PRIVATE_HOSTS = []
    honeypot = serve()
    at = host if ":" in host.rpartition("]")[2] else f"{host}:{honeypot.port}"
    for url in (f"http://{at}/", f"http://{host}/"):
        error = failing(url)
        assert (error.code, error.sent) == ("blocked", False)
        assert "127" not in error.sentence
    assert honeypot.accepts == 0


@pytest.mark.parametrize(
    "answers", [["93.184.216.34", "127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["fe80::1%lo"]]
)
def test_one_private_answer_among_public_ones_blocks_the_name(answers, monkeypatch, serve, settings):
    settings.PRIVATE_HOSTS = []
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 443)) for text in answers]
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *_, **__: asked.append(name) or rows)
    assert failing("https://api.example.com/").code == "blocked"
    assert asked == ["api.example.com."]  # absolute, once: no search domain, no second look-up


def test_it_connects_to_the_very_address_that_was_checked(monkeypatch, serve, settings):
    server = serve()
    settings.PRIVATE_HOSTS = [f"api.example.com:{server.port}"]
    looked_up = []

    def once(name, port, **_):
        looked_up.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", once)
    reply = call(f"http://api.example.com:{server.port}/v1")
    assert (reply.address, looked_up) == ("127.0.0.1", ["api.example.com"])
    assert f"host: api.example.com:{server.port}".encode() in server.requests[0].lower()


def test_public_addresses_are_public():
    assert all(
        map(guard.is_public, ["8.8.8.8", "1.1.1.1", "104.18.0.1", "2606:4700::1", "2a00:1450:4001::1"])
    )


def test_networks_and_hosts_can_be_allowed(settings, serve):
    server = serve()
    for allowed in ("127.0.0.0/8", "127.0.0.1", f"127.0.0.1:{server.port}"):
        settings.PRIVATE_HOSTS = [allowed]
        assert call(server.url).status == 200
    settings.PRIVATE_HOSTS = ["127.0.0.1:1", "10.0.0.0/8"]
    assert failing(server.url).code == "blocked"


def test_only_a_practice_connection_reaches_the_simulator(settings, serve):
    server = serve()
    settings.PRIVATE_HOSTS, settings.SIMULATOR_URL = [], server.url
    assert failing(server.url).code == "blocked"
    assert call(server.url, Permit(simulator=True, credential_hosts=frozenset({"else"}))).status == 200
    assert failing(f"http://127.0.0.1:{server.port + 1}/", Permit(simulator=True)).code == "blocked"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://",
        "//127.0.0.1/",
        "http://a:99999/",
        "javascript:1",
    ],
)
def test_other_schemes_and_broken_urls_are_refused(url):
    assert failing(url).code == "blocked"


def test_a_credential_goes_to_its_own_host_only(serve, monkeypatch):
    monkeypatch.setattr(guard, "resolve", None)  # refused before any look-up
    error = failing("https://evil.example/", Permit(credential_hosts=frozenset({"api.openai.com"})))
    assert (error.code, "evil.example" in error.sentence) == ("wrong_host", True)
    assert (
        failing(
            "https://api.openai.com.evil.example/", Permit(credential_hosts=frozenset({"api.openai.com"}))
        ).code
        == "wrong_host"
    )


def test_a_credential_needs_https_unless_the_host_is_allowed(serve):
    hosts = frozenset({"api.example.com", "127.0.0.1"})
    assert failing("http://api.example.com/", Permit(credential_hosts=hosts)).code == "insecure"
    assert call(serve().url, Permit(credential_hosts=hosts)).status == 200


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/other",
        "file:///etc/passwd",
        "gopher://x/",
        "ftp://x/",
        "//evil.example/",
        "javascript:alert(1)",
    ],
)
def test_a_redirect_is_an_answer_not_an_order(location, serve):
    other = serve()
    server = serve(answer(status="302 Found", headers=f"Location: {location.format(port=other.port)}\r\n"))
    reply = call(server.url, headers=[("X-Api-Key", "k")])
    assert (reply.status, server.accepts, other.accepts) == (302, 1, 0)


def test_cookies_and_the_environment_are_left_alone(serve, monkeypatch):
    proxy = serve()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    server = serve(answer(headers="Set-Cookie: a=1\r\n"))
    call(server.url)
    call(server.url)
    assert (proxy.accepts, server.accepts) == (0, 2)
    assert b"cookie" not in server.requests[1].lower()
    assert b"accept-encoding: identity" in server.requests[1].lower()


def test_nothing_listens_there(free_port):
    error = failing(f"http://127.0.0.1:{free_port()}/")
    assert (error.code, error.sent) == ("unreachable", False)


def test_a_silent_resolver_costs_no_more_than_its_limit(monkeypatch, settings):
    settings.PRIVATE_HOSTS = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(0.6))
    with pytest.raises(SendError, match="dns"):
        asyncio.run(guard.resolve("slow.example.", 443, limit=0.05))


def test_an_unknown_name_says_so(monkeypatch, settings):
    settings.PRIVATE_HOSTS = []

    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failing("https://nowhere.example/")
    assert (error.code, error.sent, "nowhere.example" in error.sentence) == ("dns", False, True)


def test_the_hook_runs_once_before_the_first_byte_and_may_stop_it(serve):
    server = serve()
    seen = []

    async def note() -> None:
        seen.append(len(server.requests))

    call(server.url, hook=note, method="POST", body=b"x" * 100_000)
    assert seen == [0]

    async def stop() -> None:
        raise SendError("aborted")

    error = failing(server.url, hook=stop)
    assert (error.code, error.sent, len(server.requests)) == ("aborted", False, 1)


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


def certificate(tmp_path, name: str = "localhost", *, days: int = 30):
    """Write a self-signed certificate and return (path of certificate, path of key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=days)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(end - timedelta(days=60)).not_valid_after(end)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (tmp_path / "cert").write_bytes(pem)
    (tmp_path / "key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return tmp_path / "cert", tmp_path / "key"


@pytest.fixture
def tls(serve, tmp_path, settings, monkeypatch):
    """Return a starter of TLS servers whose own certificate is trusted, unless `trusted=False`."""
    settings.PRIVATE_HOSTS = ["localhost", "127.0.0.1"]

    def start(*, trusted: bool = True, tls10: bool = False, **facts) -> Loopback:
        cert, key = certificate(tmp_path, **facts)
        ours = ssl.create_default_context(cafile=str(cert) if trusted else None)
        monkeypatch.setattr(outbound, "tls_context", lambda: ours)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if tls10:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with warnings.catch_warnings(action="ignore"):  # that it is old is the point
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        context.load_cert_chain(cert, key)
        return serve(wrap=lambda connection: context.wrap_socket(connection, server_side=True))

    return start


def test_it_speaks_tls_to_the_name_it_was_given(tls):
    server = tls()
    assert call(f"https://localhost:{server.port}/").status == 200


UNTRUSTED = [{"trusted": False}, {"days": -1}, {"name": "other.example"}, {"tls10": True}]


@pytest.mark.parametrize("facts", UNTRUSTED, ids=["self-signed", "expired", "wrong name", "TLS 1.0"])
def test_a_wrong_identity_gets_no_byte_of_the_credential(facts, tls):
    server = tls(**facts)
    error = failing(f"https://localhost:{server.port}/", headers=[("Authorization", "Bearer k")])
    assert (error.code, error.sent, server.requests) == ("tls", False, [])


def test_the_real_context_checks_names_and_takes_more_authorities(tmp_path, settings):
    settings.CA_FILE = str(certificate(tmp_path)[0])
    context = wire.tls_context.__wrapped__()
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert any(("commonName", "localhost") in part for ca in context.get_ca_certs() for part in ca["subject"])


@pytest.mark.parametrize("header", [" Bearer sk-canary-1", "Bearer sk-canary-1\n", "Bearer sk-canary-1ü"])
def test_no_sentence_quotes_a_header(header, serve):
    error = failing(serve().url, headers=[("Authorization", header)])
    assert (error.code, "sk-canary" in error.sentence) == ("unsendable", False)


def test_every_sentence_can_be_said():
    for code in SENTENCES:
        assert "{" not in SendError(code).sentence
