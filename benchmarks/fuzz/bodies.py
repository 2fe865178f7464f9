"""Bodies for the door: documents grown at random, known bombs, and good ones with damage."""

import json
from random import Random

from benchmarks import deliveries
from benchmarks.fuzz import oddities

BOMBS = (
    b"",
    b"null",
    b"5",
    b'"x"',
    b"[]",
    b"hello",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe\x00",
    b"NaN",
    b"-Infinity",
    b"[1e131071]" * 1_000,
    b"[" * 100_000,
    b'{"a":' * 60_000,
    b"9" * 5_000,
    b'{"id":"good","id":"evil"}',
    b'{"type":"\\u0000"}',
    b'{"\\u0000":1}',
    b'{"type":"\\ud800"}',
    b'{"data":{"id":["x"]},"type":{"a":1},"created_at":1e400}',
    b'{"created_at":-1,"type":null,"data":null}',
    b'{"created_at":99999999999999999999,"type":"x"}',
    b'{"__proto__":{"a":1},"constructor":5}',
    b"x" * 300_000,
)


def body(random: Random, number: int, at: int) -> bytes:
    """Return a body; one in three is a good one with damage."""
    chance = random.random()
    if chance < 0.05:
        return random.choice(BOMBS)
    if chance < 0.35:
        return oddities.damaged(random, deliveries.body(number, at))
    said = {
        "id": f"evt_{number}",
        "object": "event",
        "created_at": at,
        "type": "batch.completed",
        "data": {"id": "b"},
    }
    for _ in range(random.randrange(4)):
        said[random.choice((*said, oddities.text(random)[:100]))] = _value(random, 4)
    return json.dumps(said, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def _value(random: Random, depth: int) -> object:
    if depth and random.random() < 0.3:
        return [_value(random, depth - 1) for _ in range(random.randrange(5))]
    if depth and random.random() < 0.3:
        return {oddities.text(random)[:80]: _value(random, depth - 1) for _ in range(random.randrange(5))}
    return random.choice(
        (
            None,
            True,
            random.randrange(-(1 << 70), 1 << 70),
            random.uniform(-1e300, 1e300),
            oddities.text(random)[:900],
        )
    )
