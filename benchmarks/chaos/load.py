"""The load while things break: a service that is called, a sender of deliveries, somebody who starts runs."""

import json
import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import Error, connection

from benchmarks import deliveries
from benchmarks.deliveries import Sender
from connections.models import Connection
from operations import runs

TRIES = 8  # a sender repeats what met nobody, as OpenAI does for three days
ANSWER = {
    "object": "list",
    "model": "text-embedding-3-small",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}],
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}


class Service:
    """An embeddings service on loopback that counts how often it was asked to embed each text."""

    def __init__(self, dice: random.Random) -> None:
        self.received: Counter[str] = Counter()
        self.dice = dice
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://localhost:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(service) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                service.received[said["input"]] += 1
                time.sleep(service.dice.uniform(0.02, 0.6))
                self._answer(ANSWER)

            def do_GET(self) -> None:
                self._answer({"id": self.path.rpartition("/")[2], "object": "batch", "status": "completed"})

            def _answer(self, document: dict[str, Any]) -> None:
                answer = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def handle(self) -> None:
                with suppress(OSError):  # the worker was killed while it waited
                    super().handle()

        return Handler


@dataclass(eq=False)
class Deliveries(threading.Thread):
    """Posts signed deliveries at a steady rate, repeats what was not stored, notes every promise it got."""

    sender: Sender
    port: int
    rate: float
    ends: threading.Event
    stored: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    longest_gap: float = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.name_of_run = deliveries.run_name()

    def run(self) -> None:
        """Send until the end, then go on with what is still open."""
        again: list[tuple[str, int]] = []
        number, last = 0, time.monotonic()
        while not self.ends.is_set() or again:
            if not self.ends.is_set():
                again.append((f"{self.name_of_run}_{number}", TRIES))
                number += 1
            name, tries = again.pop(0)
            if self._post(name):
                self.stored.add(name)
                self.longest_gap, last = max(self.longest_gap, time.monotonic() - last), time.monotonic()
            elif tries:
                again.append((name, tries if self.ends.is_set() is False else tries - 1))
            time.sleep(1 / self.rate)

    def _post(self, name: str) -> bool:
        at = int(time.time())
        request = self.sender.request(name, deliveries.body(hash(name) & 0xFFFF, at), at)
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        http = HTTPConnection("127.0.0.1", self.port, timeout=6)
        try:
            path = lines[0].split(" ")[1]
            http.request("POST", path, body, dict(line.split(": ", 1) for line in lines[1:]))
            status = http.getresponse().status
            self.answers[str(status)] += 1
            return status == 200
        except (OSError, HTTPException) as error:
            self.answers[type(error).__name__] += 1
            return False
        finally:
            http.close()


@dataclass(eq=False)
class Runs(threading.Thread):
    """Starts runs at a steady rate, as a page does, and keeps the text of each that was accepted."""

    account: Connection
    rate: float
    ends: threading.Event
    accepted: dict[str, int] = field(default_factory=dict)
    refused: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.name_of_run = deliveries.run_name()

    def run(self) -> None:
        """Start until the end."""
        number = 0
        while not self.ends.is_set():
            number += 1
            text = f"{self.name_of_run} {number}"
            try:
                values = {"model": "text-embedding-3-small", "input": text}
                self.accepted[text] = runs.start(self.account, "embeddings.create", values).id
            except Error:
                self.refused += 1
                connection.close()
            time.sleep(1 / self.rate)
        connection.close()
