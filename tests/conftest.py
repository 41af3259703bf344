"""What every test stands on: servers, databases that may really be committed to, a site, a browser."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from weakref import WeakSet

import psycopg2
import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.test.testcases import LiveServerThread
from django.test.utils import override_settings, setup_databases, teardown_databases
from psycopg2 import sql
from pytest_django import DjangoDbBlocker

from tests import settings as of_this_run

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None
)
REQUIRE_ALL = os.environ.get("REQUIRE_ALL", "") not in ("", "0")
APP_ROLE = "accessportal_test_app"

pytest_plugins = ["tests.requirements"]

# Playwright runs an event loop in the thread of the test, which makes Django refuse the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


# --- The servers of a run ---------------------------------------------------------------------------------------------
def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the embedded servers that this run needs, once, before any worker of pytest-xdist is born."""
    if _is_worker(session.config) or session.config.option.collectonly:
        return
    wanted = {"database": of_this_run.STARTS_DATABASE == "own", "broker": of_this_run.STARTS_REDIS == "own"}
    if not any(wanted.values()):
        return
    from accessportal.embedded import servers  # only where they are needed: their wheels may be missing otherwise

    started = servers.servers_of(of_this_run.FOLDER, **wanted, for_tests=True)
    session.config.stash[STARTED] = started
    for server in started:
        server.start(dies_with_us=True)


STARTED: pytest.StashKey[list] = pytest.StashKey()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this run started, and take its folder away."""
    for server in reversed(config.stash.get(STARTED, [])):
        server.stop()
        shutil.rmtree(server.run, ignore_errors=True)
    if STARTED in config.stash:
        shutil.rmtree(of_this_run.FOLDER, ignore_errors=True)


# --- What did not run -------------------------------------------------------------------------------------------------
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, and leave it out (visibly) where there is none."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if item.get_closest_marker("browser") and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="Chromium was not found"))


def _not_run(reporter: pytest.TerminalReporter) -> list[str]:
    return sorted(
        f"{report.nodeid}: {report.longrepr[2].removeprefix('Skipped: ')}"
        if isinstance(report.longrepr, tuple)
        else f"{report.nodeid}: {getattr(report, 'wasxfail', '') or 'expected to fail'}"
        for kind in ("skipped", "xfailed")
        for report in reporter.stats.get(kind, [])
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each test that did not run, so that a green line can't hide it."""
    if left_out := _not_run(terminalreporter):
        terminalreporter.section(f"{len(left_out)} did not run", sep="-")
        for line in left_out:
            terminalreporter.line(line)
        if REQUIRE_ALL:
            terminalreporter.line("REQUIRE_ALL is set: that is a failure.", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With REQUIRE_ALL, a run that left something out has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if REQUIRE_ALL and reporter is not None and session.exitstatus == pytest.ExitCode.OK and _not_run(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# --- Databases --------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The worker's test database, always: pytest-django makes none where no test of a run carries its mark.

    `fresh_database` would then copy, and hand out, the database that DATABASE_URL names.
    """
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        name = connection.settings_dict["NAME"]
    yield
    with django_db_blocker.unblock():
        _close_all()
        teardown_databases(made, verbosity=0, keepdb=True)  # it would not drop what a thread still holds open
        _on_the_server(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Rate limits count in the cache: no test may inherit another's tries."""
    if {"db", "client", "fresh_database", "demo_database"} & set(
        request.fixturenames
    ) or request.node.get_closest_marker("django_db"):
        cache.clear()


_opened: WeakSet[BaseDatabaseWrapper] = WeakSet()


@receiver(connection_created)
def _remember(connection: BaseDatabaseWrapper, **_more: object) -> None:
    _opened.add(connection)


def _close_all() -> None:
    """Close every connection of this thread, also those that `connections` hides while Playwright's loop is running."""
    connections.close_all()
    for opened in list(_opened):
        if opened._thread_ident == threading.get_ident():
            opened.close()


@contextmanager
def _moved_to(suffix: str, *, template: str) -> Iterator[str]:
    """Send every connection of every thread to a copy of a database, and drop it afterwards, whoever is connected."""
    name = f"{template}_{suffix}"[:63]
    _close_all()  # a template may have no guests
    _on_the_server(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)),
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)),
    )
    settings = connections.settings["default"]
    kept = {**settings, "OPTIONS": {**settings["OPTIONS"]}}
    settings["NAME"] = name
    try:
        yield name
    finally:
        connections.close_all()
        settings.update(kept)
        _on_the_server(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def fresh_database(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """A migrated, empty database of this test alone: it may commit, and use many threads and connections.

    Instead of the mark `django_db`, whose transactional kind truncates tables, which events refuse.
    """
    if request.node.get_closest_marker("django_db"):
        pytest.fail("fresh_database replaces the mark django_db: use one of the two")
    with django_db_blocker.unblock(), _moved_to("fresh", template=connection.settings_dict["NAME"]) as name:
        yield name


@pytest.fixture
def copied(fresh_database: str) -> Callable[[], AbstractContextManager[str]]:
    """Send every connection, for the length of a block, to a copy of the test's database as it is when it begins."""
    return partial(_moved_to, "again", template=fresh_database)


@pytest.fixture(scope="session")
def demo_mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the mails that the demo's past sent when `demo_template` was made: to be copied, not written to."""
    folder = tmp_path_factory.mktemp("demo") / "mail"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def demo_template(django_db_setup: None, demo_mails: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database with the demo's past, played once for all tests of a worker; its copies are theirs."""
    template = connection.settings_dict["NAME"]
    name = f"{template}_demo"[:63]
    with django_db_blocker.unblock():
        as_files = {"EMAIL_BACKEND": "accessportal.devmail.EmlFileBackend", "MAIL_FOLDER": demo_mails}
        with _moved_to("demo_making", template=template) as made, override_settings(EMBEDDED=True, **as_files):
            call_command("seed_demo", verbosity=0)
            _close_all()
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(made))
            _on_the_server(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)), copy)
        yield name
        _on_the_server(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def demo_database(demo_template: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The demo's past in a database of this test alone."""
    with django_db_blocker.unblock(), _moved_to("copy", template=demo_template) as name:
        yield name


def _connect(database: str | None = None) -> psycopg2.extensions.connection:
    """A connection beside Django's to the test database or another one, as the user of DATABASE_URL, in autocommit."""
    given = connections.settings["default"]
    names = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"]}
    raw = psycopg2.connect(dbname=database or given["NAME"], **{key: value for key, value in names.items() if value})
    raw.autocommit = True
    return raw


def _on_the_server(*statements: sql.Composable) -> None:
    raw = _connect("postgres")
    try:
        with raw.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        raw.close()


def _grant_the_app_role() -> None:
    """Give the app role of the tests just the grants that set_up_database gives in production."""
    from accessportal.database_roles import grant_app_role  # needs the settings that Django has loaded by now

    raw = _connect()
    try:
        with raw.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(7264)")  # a role belongs to the whole server: one worker makes it
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE])
            if not cursor.fetchone():
                cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(APP_ROLE)))
            grant_app_role(cursor, APP_ROLE)
    finally:
        raw.close()


@pytest.fixture
def as_app_role(fresh_database: str) -> Iterator[psycopg2.extensions.connection]:
    """A connection (autocommit) to the fresh database under a role with just the grants of web and worker."""
    _grant_the_app_role()
    raw = _connect()
    with raw.cursor() as cursor:
        cursor.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(APP_ROLE)))
    yield raw
    raw.close()


@pytest.fixture
def as_owner(fresh_database: str) -> Iterator[psycopg2.extensions.connection]:
    """A connection (autocommit) to the fresh database as the owner of its tables, who can switch triggers off."""
    raw = _connect()
    yield raw
    raw.close()


# --- The site and the browser -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Site:
    """A running portal; `url` has no slash at its end."""

    url: str


@contextmanager
def _served(settings: pytest.FixtureRequest) -> Iterator[Site]:
    """The portal at http://localhost:<port> on the database of now, everything under the role of web and worker."""
    _grant_the_app_role()
    connections.close_all()
    connections.settings["default"]["OPTIONS"]["options"] = f"-c role={APP_ROLE}"
    thread = LiveServerThread("127.0.0.1", StaticFilesHandler, port=0)
    thread.daemon = True
    settings.ALLOWED_HOSTS = ["localhost"]
    thread.start()
    thread.is_ready.wait(timeout=30)
    if thread.error:
        raise thread.error
    url = f"http://localhost:{thread.port}"  # by name: passkeys refuse an address of digits
    settings.SITE_URL = url
    settings.CSRF_TRUSTED_ORIGINS = [url]
    yield Site(url)
    thread.terminate()


@pytest.fixture
def live_site(fresh_database: str, settings: pytest.FixtureRequest) -> Iterator[Site]:
    """A portal that nobody has used yet."""
    with _served(settings) as site:
        yield site


@pytest.fixture
def demo_site(demo_database: str, settings: pytest.FixtureRequest) -> Iterator[Site]:
    """A portal with the demo's past."""
    with _served(settings) as site:
        yield site


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """The machine's own Chromium, able to run as root, and asking nobody outside for anything."""
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    """Every context the same: language, zone and size do not depend on the machine."""
    return {
        **browser_context_args,
        "locale": "en-GB",
        "timezone_id": "UTC",
        "viewport": {"width": 1280, "height": 900},
    }


def pytest_report_header() -> str:
    """Which servers this run stands on."""
    kinds = ["embedded" if own else "given" for own in (of_this_run.STARTS_DATABASE, of_this_run.STARTS_REDIS)]
    return f"PostgreSQL: {kinds[0]}, Redis: {kinds[1]}, Chromium: {CHROMIUM or 'not found'}"
