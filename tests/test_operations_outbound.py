"""The outgoing door: where it may go, and what it carries there."""

import asyncio
import socket
import time

import pytest

from operations import guard
from operations.errors import SendError
from operations.outbound import Permit
from tests.loopback import answer
from tests.outgoing import call, failing


@pytest.fixture(autouse=True)
def loopback_allowed(settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.SIMULATOR_URL = ""


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
    # The same in disguise: octal, hexadecimal, short, padded, dotted at the end; digits of other scripts
    # and their full stops; mapped, translated and tunnelled; zones, and user names that look like hosts.
    "0177.0.0.1",
    "0x7f.1",
    "127.0.0.1.",
    "127.000.000.001",
    "4294967297",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
    "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54",
    "localhost.",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2001:0:7f00:1::]",
    "[3fff::1]",
    "[fe80::1%25lo]",
    "[v1.fe80::a]",
    "100.127.255.255",
    "192.88.99.1",
    "8.8.8.8@127.0.0.1",
    "127.0.0.1#@8.8.8.8",
    "8.8.8.8\\@127.0.0.1",
    "127.0.0.1%00.example.com",
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
