"""Sending one request through the outgoing door from a test, and how it must fail."""

import asyncio

import pytest

from operations.build import Request
from operations.errors import SendError
from operations.outbound import Permit, send


def call(url: str, permit: Permit | None = None, *, method: str = "GET", headers=(), hook=None, **body):
    request = Request(method, url, tuple(headers), **body)
    return asyncio.run(send(request, permit or Permit(total=5), before_first_byte=hook))


def failing(url: str, permit: Permit | None = None, **named) -> SendError:
    with pytest.raises(SendError) as caught:
        call(url, permit, **named)
    assert caught.value.sentence.endswith(".")
    assert "{" not in caught.value.sentence
    return caught.value
