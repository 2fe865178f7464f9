"""The limit that the door is measured against: pgbench inserting the same row, one transaction each."""

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import deliveries, house, load
from benchmarks.frame import percentile
from config import home as homes
from config import services

# The columns of an event, and the three indexes without which nobody could dedupe, page or filter.
TABLE = """
CREATE TABLE IF NOT EXISTS bench_insert (LIKE webhooks_event);
CREATE UNIQUE INDEX IF NOT EXISTS bench_insert_pk ON bench_insert (id);
CREATE UNIQUE INDEX IF NOT EXISTS bench_insert_once ON bench_insert (connection_id, delivery_id);
CREATE INDEX IF NOT EXISTS bench_insert_connection ON bench_insert (connection_id, id);
CREATE SEQUENCE IF NOT EXISTS bench_insert_ids;
TRUNCATE bench_insert;
"""
INSERT = """
INSERT INTO bench_insert (id, connection_id, delivery_id, type, object_id, created_at, marks, path, peer,
    headers, secret_id, secret_label, body, size, origin, state, duplicates, hydration, error)
VALUES (nextval('bench_insert_ids'), '{connection}', 'wh_' || lastval(), 'batch.completed',
    'batch_00000000000000000000000000000000', now(), '{{}}', '/webhooks/{connection}', '127.0.0.1',
    '{headers}', '{connection}', 'current', '\\x{body}'::bytea, {size}, 'delivered', 'received', 0, '', '');
"""


SAMPLED = 0.1  # of the transactions: enough for their p99, and too few to slow them


class Pgbench:
    """A table of our own in a house's server, and pgbench inserting into it."""

    def __init__(self, home: Path, sender: deliveries.Sender) -> None:
        """Make the table and the script with the very row that this sender's deliveries become."""
        self._socket = homes.sockets(home)
        self.p99: dict[int, list[float]] = {}  # milliseconds of one transaction, by the number of clients
        with house.server(home).connect("switchboard") as connection:
            connection.execute(TABLE.encode())
        body = deliveries.body(1, 1_800_000_000)
        self._script = INSERT.format(
            connection=sender.connection.pk,
            headers=_headers(sender, body),
            body=body.hex(),
            size=len(body),
        ).replace("\n", " ")

    def rate(self, clients: int, seconds: int) -> float:
        """Return rows a second, each in a transaction of its own, with fsync, over prepared statements."""
        words = [services.postgres_binary("pgbench"), "-n", "-M", "prepared", "-f", "/dev/stdin"]
        place = ["-h", self._socket, "-U", "postgres", "switchboard"]
        asked = ["-c", str(clients), "-j", "2", "-T", str(seconds)]
        with TemporaryDirectory(dir=load.MEMORY if load.MEMORY.is_dir() else None) as folder:
            log = ["--log", "--log-prefix", f"{folder}/each", "--sampling-rate", str(SAMPLED)]
            command = [*words, *asked, *log, *place]
            done = subprocess.run(command, input=self._script, capture_output=True, text=True, check=True)
            self.p99.setdefault(clients, []).append(percentile(_milliseconds(Path(folder)), 0.99))
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        assert found, done.stdout + done.stderr
        return float(found[1])


def _milliseconds(folder: Path) -> list[float]:
    """Return how long the sampled transactions took; pgbench's log says it in µs, third in each line."""
    lines = (line for log in folder.iterdir() for line in log.read_text().splitlines())
    return [int(line.split()[2]) / 1000 for line in lines]


def _headers(sender: deliveries.Sender, body: bytes) -> str:
    """Return the headers as the log keeps them, for a row of the same size."""
    head = sender.request("wh_" + "0" * 20, body, 1_800_000_000).split(b"\r\n\r\n")[0].decode()
    pairs = (line.split(": ", 1) for line in head.split("\r\n")[1:])
    return "[" + ",".join(f'["{name}","{value}"]' for name, value in pairs) + "]"
