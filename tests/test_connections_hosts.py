"""How hosts are compared, and which base URLs are taken."""

import pytest
from django.core.exceptions import ValidationError

from connections import hosts


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("API.OpenAI.com", "api.openai.com"),
        ("api.openai.com.", "api.openai.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[::1]", "::1"),
    ],
)
def test_a_host_is_compared_in_one_spelling(written, compared):
    assert hosts.normalised(written) == compared


@pytest.mark.parametrize("url", ["https:///v1", "https://", "/v1", ""])
def test_no_host_is_an_error(url):
    with pytest.raises(ValueError, match="no host"):
        hosts.host(url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com:443"),
        ("https://API.openai.com.:443/v2", "https://api.openai.com:443"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, origin):
    assert hosts.origin(url) == origin


@pytest.mark.parametrize(
    ("host", "port", "allowed", "may"),
    [
        ("10.0.0.7", 443, ["10.0.0.7"], True),
        ("10.0.0.7", 443, ["10.0.0.0/8"], True),
        ("10.0.0.7", 8443, ["10.0.0.7:8443"], True),
        ("10.0.0.7", 443, ["10.0.0.7:8443"], False),
        ("gateway.internal", 80, ["Gateway.Internal"], True),
        ("evil-gateway.internal", 80, ["gateway.internal"], False),
        ("gateway.internal.evil.example", 80, ["gateway.internal"], False),
        ("gateway.internal", 80, ["10.0.0.0/8"], False),
        ("::1", 80, ["[::1]"], True),
        ("::1", 80, ["::1/128"], True),
        ("10.0.0.7", 80, ["10.0.0.0/99", "nonsense/", ""], False),
        ("10.0.0.7", 80, [], False),
    ],
)
def test_private_hosts_are_allowed_by_name_port_or_network(host, port, allowed, may):
    assert hosts.is_allowed_private(host, port, allowed) is may


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "https://gateway.example",
        "https://gateway.example:8443/openai/v1",
        "https://bücher.example/v1",
        "https://[2606:4700::1]/v1",
    ],
)
def test_an_https_base_url_is_taken(url):
    hosts.check_base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "gateway.example",
        "ftp://gateway.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://user:password@gateway.example",
        "https://gateway.example/v1?key=1",
        "https://gateway.example/v1#x",
        "https://gateway.example:99999/v1",
        "https://gateway.example:port/v1",
        "https://gate way.example",
        "https://gateway.example/a b",
        "https://gateway.example/\r\nX: y",
        "https://[::1",
        "https://a..b/v1",
        "https://" + "a" * 64 + ".example",
        "https://gateway_é\x00.example",
    ],
)
def test_what_is_no_base_url_is_refused(url):
    with pytest.raises(ValidationError):
        hosts.check_base_url(url)


def test_plain_http_names_the_variable_that_allows_it():
    with pytest.raises(ValidationError, match=r"SWITCHBOARD_PRIVATE_HOSTS=127\.0\.0\.1:9000"):
        hosts.check_base_url("http://127.0.0.1:9000/v1")


def test_plain_http_is_taken_for_an_allowed_host(settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    hosts.check_base_url("http://127.0.0.1:9000/v1")
