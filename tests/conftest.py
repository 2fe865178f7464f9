"""What every test may ask for: people, signed-in clients, the real site, worker and browser for journeys."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from config import home, processes, rights
from tests.loopback import Loopback, Script, answer

CHROMIUM = "/usr/bin/chromium-headless-shell"
# As root there is no sandbox; the rest keeps Chromium from asking the network for things of its own.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


BROWSER = {"page", "context", "browser"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests last: Playwright leaves an event loop running in the thread that asked for it first,
    and in such a thread nothing else can start one.
    """
    browsing = {item.path for item in items if BROWSER & set(getattr(item, "fixturenames", ()))}
    items.sort(
        key=lambda item: (item.path in browsing, bool(BROWSER & set(getattr(item, "fixturenames", ()))))
    )


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Leave the test database: its server goes with the run, and a session still open cannot hold that up."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """The test database, with the one liberty that it may be emptied: the audit trail refuses TRUNCATE."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_stays")
        rights.grant()  # other processes of the tests connect as the application's role


CELERY_WORKER = ["-m", "celery", "-A", "config", "worker", "-c", "1", "--without-gossip", "--without-mingle"]


def pytest_configure() -> None:
    """Give tests time: each holds one transaction, and on a busy machine it may lie still for 10 seconds."""
    rights.become_owner()  # a test empties the tables after itself
    # One that adds keys and puts the old ring back must not lock what another worker's test has just sealed.
    settings.CREDENTIAL_KEYS = home.key_ring(settings.HOME / os.environ["SWITCHBOARD_QUEUE"])
    settings.DATABASES["default"]["OPTIONS"]["options"] = "-c statement_timeout=30000 -c lock_timeout=15000"


class Web(NamedTuple):
    """A web process of its own and its port."""

    port: int
    process: subprocess.Popen[bytes]


@pytest.fixture
def person(db) -> Callable[..., object]:
    """Return a maker of people: `person("operator")`, `person("viewer", username="mia")`."""

    def make(role: str = "viewer", *, username: str = "", **fields: object) -> object:
        fields.setdefault("password", "!")  # no password works: clients are signed in directly
        return get_user_model().objects.create(username=username or role, role=role, **fields)

    return make


@pytest.fixture
def client_of() -> Callable[[object], Client]:
    """Return a maker of signed-in test clients: `client_of(someone).get("/")`, `proven` some seconds ago."""

    def make(someone: object, *, proven: float = 0) -> Client:
        client = Client()
        client.force_login(someone)
        session = client.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time() - proven}]
        session["account_authentication_methods_user"] = str(someone.pk)
        session.save()
        return client

    return make


@pytest.fixture
def viewer(person):
    """Someone who may look."""
    return person("viewer")


@pytest.fixture
def operator(person):
    """Someone who may run and replay."""
    return person("operator")


@pytest.fixture
def admin(person):
    """Someone who may configure."""
    return person("admin")


@pytest.fixture
def viewer_client(viewer, client_of) -> Client:
    """A client signed in as the viewer."""
    return client_of(viewer)


@pytest.fixture
def operator_client(operator, client_of) -> Client:
    """A client signed in as the operator."""
    return client_of(operator)


@pytest.fixture
def admin_client(admin, client_of) -> Client:
    """A client signed in as the admin."""
    return client_of(admin)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Return a giver of free loopback ports."""

    def give() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return give


@pytest.fixture
def serve() -> Iterator[Callable[..., Loopback]]:
    """Return a starter of loopback servers that play a script and count: `serve(answer(b"{}"))`."""
    running: list[Loopback] = []

    def start(script: Script | None = None, **named: object) -> Loopback:
        running.append(Loopback(script or answer(), **named))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture(scope="session")
def product_environment(django_db_setup, free_port) -> dict[str, str]:
    """The environment in which another process works on this test database and this test's own queue."""
    database = connection.settings_dict
    host, port = quote(str(database["HOST"]), safe=""), database["PORT"] and f":{database['PORT']}"
    role = settings.DATABASE_APPLICATION["USER"]
    return {
        "DATABASE_URL": f"postgresql://{role}@{host}{port}/{database['NAME']}",
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "SWITCHBOARD_QUEUE": os.environ["SWITCHBOARD_QUEUE"],
        "SWITCHBOARD_KEYS_FILE": str(settings.CREDENTIAL_KEYS),
        "SWITCHBOARD_PRIVATE_HOSTS": "127.0.0.1",
        "SWITCHBOARD_URL": f"http://127.0.0.1:{free_port()}",  # where `live_site` will be: all agree on it
        "PYTHONWARNINGS": "default",
    }


@pytest.fixture(scope="session")
def simulator(free_port, product_environment, tmp_path_factory) -> Iterator[str]:
    """The practice service as `manage.py up` starts it: its address."""
    port, log = free_port(), tmp_path_factory.mktemp("simulator") / "log"
    process = _uvicorn("config.practice:application", port, log, product_environment)
    yield f"http://127.0.0.1:{port}"
    processes.stop(process)


@pytest.fixture(scope="session")
def _site(product_environment, simulator, tmp_path_factory) -> Iterator[str]:
    address, log = product_environment["SWITCHBOARD_URL"], tmp_path_factory.mktemp("site") / "log"
    port = int(address.rpartition(":")[2])
    environment = {"SWITCHBOARD_SIMULATOR_URL": simulator, "SWITCHBOARD_POOL": "4"}
    process = _uvicorn("config.asgi:application", port, log, product_environment | environment)
    yield address
    processes.stop(process)


@pytest.fixture
def live_site(_site, transactional_db) -> str:
    """The address of a real web process on the test database: Django, the door, the live stream."""
    return _site


@pytest.fixture
def start_web(product_environment, free_port, tmp_path) -> Iterator[Callable[..., Web]]:
    """Return a starter of more web processes on the test database: `start_web(port, NAME=…)`."""
    started: list[Web] = []

    def start(port: int = 0, **environment: str) -> Web:
        port = port or free_port()
        log = tmp_path / f"web-{port}.log"
        told = product_environment | environment
        started.append(Web(port, _uvicorn("config.asgi:application", port, log, told)))
        return started[-1]

    yield start
    for web in started:
        processes.stop(web.process)


@pytest.fixture
def start_worker(product_environment, simulator, transactional_db, tmp_path):
    """Return a starter of real Celery workers with one thread each on the test database."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        name = f"{len(started)}-{os.environ['SWITCHBOARD_QUEUE']}"
        log = tmp_path / f"worker-{name}.log"
        environment = product_environment | {"SWITCHBOARD_SIMULATOR_URL": simulator}
        command = [sys.executable, *CELERY_WORKER, "-n", f"{name}@test"]
        started.append(processes.spawn(command, log=log, environment=environment))
        _wait_for(lambda: " ready." in log.read_text(), started[-1], log)
        return started[-1]

    yield start
    for process in started:
        processes.stop(process)


@pytest.fixture
def worker(start_worker) -> subprocess.Popen[bytes]:
    """A real Celery worker on the test database; a test may kill it."""
    return start_worker()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Use Debian's Chromium where it is installed, Playwright's own elsewhere."""
    found = {"executable_path": CHROMIUM} if Path(CHROMIUM).exists() else {}
    return {**browser_type_launch_args, **found, "args": CHROMIUM_FLAGS}


@pytest.fixture
def signed_in_page(page, context, live_site, client_of) -> Callable[[object], object]:
    """Return `page` in the browser with someone signed in: `signed_in_page(operator).goto(live_site)`."""

    def sign_in(someone: object) -> object:
        cookie = client_of(someone).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_site}])
        return page

    return sign_in


def _uvicorn(application: str, port: int, log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port)]
    process = processes.spawn(
        [*command, "--timeout-graceful-shutdown", "1"], log=log, environment=environment
    )
    _wait_for(lambda: _listens(port), process, log)
    return process


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert process.poll() is None, f"it ended at once:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"it does not start:\n{log.read_text()}"
        time.sleep(0.05)
