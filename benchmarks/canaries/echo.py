"""A service that gives back in its answers, in every spelling, the key it was asked with."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.canaries.spellings import spellings


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer models.list with the key as the items' ids, everything else with an error about the key."""
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        told = [needle.decode() for needle in spellings(key).values()]
        if self.path.startswith("/models"):
            self._answer(
                200, {"object": "list", "data": [{"id": one, "object": "model"} for one in told]}, key
            )
        else:
            self._answer(
                401, {"error": {"message": f"Incorrect API key provided: {key}", "code": " ".join(told)}}, key
            )

    def _answer(self, status: int, document: Any, key: str) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("x-request-id", key)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


class Echo:
    """The service on a free loopback port, for as long as the context lasts."""

    def __enter__(self) -> str:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
