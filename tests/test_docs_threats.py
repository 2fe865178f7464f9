"""docs/threats.md names every threat, and each proof that it names exists."""

import re

from django.conf import settings

TEXT = (settings.BASE_DIR / "docs" / "threats.md").read_text()


def test_every_threat_has_its_line():
    assert re.findall(r"^\| (T\d+) ", TEXT, re.MULTILINE) == [f"T{number}" for number in range(1, 36)]


def test_every_proof_exists():
    lines = [line.rsplit("|", 2)[1] for line in TEXT.splitlines() if line.startswith("| T")]
    named = {name for line in lines for name in re.findall(r"`([a-z_./]+)`", line)}
    places = [settings.BASE_DIR / "tests", settings.BASE_DIR / "benchmarks"]
    assert {name for name in named if not any((place / name).exists() for place in places)} == set()
