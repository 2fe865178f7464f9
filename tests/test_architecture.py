"""The house keeps its shape: imports point left, files and functions stay short, all says what it is."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = [
    "definitions",
    "live",
    "audit",
    "people",
    "connections",
    "operations",
    "webhooks",
    "overview",
    "api",
    "config",
]
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEMPLATE, OWN_JAVASCRIPT = 300, 45, 120, 400
DOORS = {  # the only modules that may open a connection to the outside
    "operations/outbound.py",
    "definitions/simulator/deliveries.py",  # the practice service, which plays the other side
    "definitions/simulator/app.py",
}
NETWORK = {"httpx", "requests", "urllib.request", "aiohttp", "http.client"}


def modules(room):
    return [path for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]


OURS = [path for room in ROOMS for path in modules(room)]
ids = [str(path.relative_to(ROOT)) for path in OURS]


def imported(tree):
    """Yield every module imported anywhere in a file: at the top, in functions, under TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, f"{'.' * node.level}{node.module or ''}"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names if node.module)


def wrong_turns(room, source):
    """Return the imports in `source` that leave `room` to the right."""
    forbidden = set(ROOMS[ROOMS.index(room) + 1 :])
    return sorted({name for _, name in imported(ast.parse(source)) if name.split(".")[0] in forbidden})


@pytest.mark.parametrize("path", OURS, ids=ids)
def test_an_import_only_points_left(path):
    assert wrong_turns(path.relative_to(ROOT).parts[0], path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from operations import runs",
        "import operations.runs",
        "def f():\n    from operations.models import Run",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from operations import models",
        "try:\n    import webhooks\nexcept ImportError:\n    pass",
    ],
)
def test_this_test_sees_an_import_that_points_right_wherever_it_hides(source):
    assert wrong_turns("connections", source)


def test_this_test_lets_imports_to_the_left_and_from_elsewhere_through():
    assert (
        wrong_turns("connections", "import json\nfrom audit import log\nfrom definitions import catalog")
        == []
    )


@pytest.mark.parametrize("path", OURS, ids=ids)
def test_a_module_says_what_it_is_in_one_sentence(path):
    text = path.read_text()
    opening = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0]
    assert opening.endswith((".", ":", "?")) or not text.strip()


def test_files_and_functions_stay_short():
    long = []
    for path in OURS:
        text = path.read_text()
        if text.count("\n") > LONGEST_FILE:
            long.append(f"{path}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path}:{node.lineno} {node.name}: {lines} lines")
    assert long == []


def test_templates_and_scripts_stay_short():
    templates = sorted((ROOT / "templates").rglob("*.html"))
    assert [path for path in templates if path.read_text().count("\n") > LONGEST_TEMPLATE] == []
    scripts = sum(path.read_text().count("\n") for path in (ROOT / "static").rglob("*.js"))
    assert scripts <= OWN_JAVASCRIPT


def test_only_the_outgoing_door_opens_connections_to_the_outside():
    callers = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in OURS
        for _, name in imported(ast.parse(path.read_text()))
        if name in NETWORK and path.relative_to(ROOT).parts[0] != "config"
        if str(path.relative_to(ROOT)) not in DOORS
    }
    assert callers == set()


def test_no_drawer_is_opened():
    drawers = {"utils", "helpers", "common", "core", "misc", "extras"}
    assert [path for path in OURS if path.stem in drawers or path.parent.name in drawers] == []


def test_no_migration_needs_an_extension_that_the_embedded_server_lacks():
    # It carries plpgsql and vector; the same migrations must run everywhere.
    for path in ROOT.glob("*/migrations/*.py"):
        assert not re.search(r"\w+Extension\(|CREATE EXTENSION", path.read_text()), path


def settings_read():
    """Return the names that the code reads from the environment."""
    text = "".join(path.read_text() for path in OURS)
    by_settings = re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", text)
    directly = re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", text)
    return {*by_settings, *directly} - {"DJANGO_SETTINGS_MODULE"}


def test_every_setting_is_in_env_example_and_nothing_else_is():
    named = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert settings_read() == named


def test_nothing_committed_names_where_packages_come_from():
    hosts = re.compile("py" + r"pi\.org|python" + "hosted|n" + r"pmjs\.")
    for name in (
        "package-lock.json",
        *[f"requirements/{kind}.txt" for kind in ("run", "test", "uv", "node")],
    ):
        assert not hosts.search((ROOT / name).read_text()), name
