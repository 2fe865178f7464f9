"""Runs tests as `make test` does and reads what each of their cases came to, for tables of proofs."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree  # pytest wrote it a moment ago

from django.conf import settings

RUN = ("-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--tb=short")
BAD = ("failure", "error", "skipped")  # a case that did not run proves nothing


@dataclass(frozen=True)
class Case:
    """One case of a test: where it stands, its name, whether it passed, and what it told of itself."""

    file: str
    name: str
    passed: bool
    told: dict[str, str]


def run(files: Sequence[str], environment: Mapping[str, str] | None = None) -> list[Case]:
    """Run these files of `tests/` ("" is all of them), in this environment or another; return their cases.

    What pytest says goes to standard error.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        places = [f"tests/{file}" for file in files]
        subprocess.run(
            [sys.executable, *RUN, f"--junitxml={report}", *places],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=sys.stderr,
            check=False,  # the table tells what failed
        )
        return [_case(element) for element in ElementTree.parse(report).iter("testcase")]


def _case(element: ElementTree.Element) -> Case:
    told = {found.get("name", ""): found.get("value", "") for found in element.iter("property")}
    file = element.get("classname", "").split(".")[1] + ".py"
    return Case(file, element.get("name", ""), not any(element.find(bad) is not None for bad in BAD), told)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows of texts and numbers as a Markdown table."""
    lines = [[str(cell) for cell in line] for line in (columns, *rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    texts = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    return "\n".join([texts[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *texts[1:]])
