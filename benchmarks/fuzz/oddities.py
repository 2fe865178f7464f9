"""Strange values, and ways of making them out of good ones; everything comes from one seeded Random."""

from random import Random

TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\n",
    "a\r\nx: 1",
    "\ud800",
    "\u202egnp.exe",
    "é",
    "e\u0301",
    "😀" * 300,
    "x" * 70_000,
    "0",
    "-1",
    "1e309",
    "9" * 400,
    "9223372036854775808",
    "١٢٣",
    "1_000",
    "0x10",
    "NaN",
    "true",
    "null",
    "[]",
    "{}",
    '"\\ud800"',
    '["\\u0000"]',
    "[" * 5_000,
    '{"a":' * 200,
    "{{apiKey}}",
    "{{ model }}",
    "{{a",
    "%s %n %(x)s",
    "%00",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "..%2f",
    "http://127.0.0.1/",
    "//evil.example",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "'\"`;--",
    "' OR 1=1 --",
    "$(id)",
    "=1+1",
    "__proto__",
    "constructor",
    "0000-00-00",
    "9999-12-31T23:59:60Z",
    "2026-02-30",
    "+99:00",
    "\ufeff{}",
    "a" * 65 + "!",
    "None",
)


def text(random: Random) -> str:
    """Return one of the strange texts, or random characters."""
    if random.random() < 0.7:
        return random.choice(TEXTS)
    return "".join(chr(random.choice(RANGES)(random)) for _ in range(random.randrange(1, 40)))


RANGES = (
    lambda random: random.randrange(0x20),
    lambda random: random.randrange(0x20, 0x7F),
    lambda random: random.randrange(0x80, 0xD800),
    lambda random: random.randrange(0xE000, 0x10FFFF),
)


def damaged(random: Random, good: bytes) -> bytes:
    """Return good bytes with something cut, added, doubled, turned or flipped."""
    place, length = random.randrange(len(good) + 1), random.randrange(1, 8)
    return random.choice(
        (
            good[:place] + good[place + length :],
            good[:place] + random.randbytes(length) + good[place:],
            good[:place] + random.choice(TEXTS)[:200].encode("utf-8", "replace") + good[place:],
            good[:place] + good,
            good[::-1],
            good.swapcase(),
            bytes(byte ^ (1 << random.randrange(8)) if at == place else byte for at, byte in enumerate(good)),
            good[:place],
            random.randbytes(random.randrange(200)),
        )
    )
