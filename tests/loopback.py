"""A loopback server that plays a script and counts: what arrived is the truth that tests compare with."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

Script = Callable[[socket.socket, bytes], None]


class Loopback:
    """Accepts connections on 127.0.0.1; each gets `script(connection, request_bytes)` in a thread of its
    own."""

    def __init__(self, script: Script, *, wrap=None) -> None:
        self.script, self.wrap = script, wrap
        self.accepts = 0
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop listening; the shutdown wakes the thread that waits in accept, which would hold the port
        open."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.accepts += 1
            threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _play(self, connection: socket.socket) -> None:
        try:
            if self.wrap is not None:
                connection = self.wrap(connection)
            request = read_request(connection)
            if request:
                self.requests.append(request)
                self.script(connection, request)
        except OSError:
            pass  # the client went away, or the handshake failed: that is what some tests want
        finally:
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    """Read one request with its Content-Length body."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


def answer(
    body: bytes = b'{"ok": true}', status: str = "200 OK", headers: str = "Content-Type: application/json\r\n"
):
    """Return a script that answers every request with this."""
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode()
    return lambda connection, _: connection.sendall(head + body)


def raw(data: bytes):
    """Return a script that writes these bytes and closes."""
    return lambda connection, _: connection.sendall(data)


def drip(piece: bytes, pause: float, *, first: bytes = b"HTTP/1.1 200 OK\r\n", most: int = 600):
    """Return a script that writes one piece after the other, slowly, for ever (bounded by `most`)."""

    def play(connection: socket.socket, _: bytes) -> None:
        connection.sendall(first)
        for _ in range(most):
            time.sleep(pause)
            connection.sendall(piece)

    return play


def silence(seconds: float = 20):
    """Return a script that reads the request and says nothing."""

    def play(connection: socket.socket, _: bytes) -> None:
        connection.settimeout(seconds)
        connection.recv(1)  # until the client gives up

    return play
