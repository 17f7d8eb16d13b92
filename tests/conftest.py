"""What every test stands on: which servers are meant, where the real data is, and that CI skips nothing."""

import os
import shutil
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import blocking_manager_key

from core import cached, clock

CI = os.environ.get("CI") == "true"
ROOT = Path(__file__).resolve().parent.parent
ROLLBACK = "django_db_serialized_rollback"
FEW = 400  # fewer are no whole suite
ONCE = frozenset((
    "test_account", "test_api_every_action", "test_authority", "test_authority_settings", "test_calendars_web",
    "test_charts", "test_dashboard", "test_hardening", "test_import_migration", "test_languages", "test_life_cycle",
    "test_macros_settings", "test_markup", "test_merge_machine", "test_messages", "test_middleware", "test_parts",
    "test_policies_pages", "test_requirements", "test_settings_catalogue", "test_settings_people",
    "test_sla_simulate", "test_targets", "test_vague", "test_week_calendar", "test_working_time",
))  # fmt: skip

hypothesis.settings.register_profile("quick", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", parent=hypothesis.settings.get_profile("quick"), derandomize=True)
hypothesis.settings.register_profile("long", parent=hypothesis.settings.get_profile("quick"), max_examples=5_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if CI else "quick"))

_skipped: list[str] = []
_pristine = ""


def vendor() -> str:
    """The database the settings name: `sqlite` or `postgresql`."""
    return "sqlite" if settings.SQLITE else "postgresql"


def pytest_report_header() -> list[str]:
    """Name the servers at the top of the run."""
    broker = "redis" if settings.REDIS_URL else "embedded"
    expected = os.environ.get("EXPECT_VENDOR") or "anything"
    return [f"amends: database {vendor()}, broker {broker}, expected {expected}"]


def pytest_configure() -> None:
    """Refuse to start on another database than the Makefile meant."""
    expected = os.environ.get("EXPECT_VENDOR")
    if expected and expected != vendor():
        raise pytest.UsageError(f"EXPECT_VENDOR is {expected}, but the settings name {vendor()}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out (not skip) what only makes sense on the other database: marks `sqlite` and `postgresql`. What `ONCE`
    names has run with SQLite; on PostgreSQL it runs when asked for by itself.

    Tests that commit end with emptied tables: each of them gets the catalogue of the migrations back, so that it
    finds it whatever the order.
    """
    for item in items:
        mark = item.get_closest_marker("django_db")
        if _commits(item) and mark is not None:
            wanted = {**mark.kwargs, "transaction": True, "serialized_rollback": True}
            item.add_marker(pytest.mark.django_db(**wanted), append=False)
        elif _commits(item) and ROLLBACK not in item.fixturenames:  # type: ignore[attr-defined]
            item.fixturenames.insert(0, ROLLBACK)  # type: ignore[attr-defined]
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[vendor()]
    whole = vendor() == "postgresql" and len(items) > FEW
    left_out = [
        item
        for item in items
        if (item.get_closest_marker(other) and not item.get_closest_marker(vendor())) or (whole and _once(item))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _once(item: pytest.Item) -> bool:
    """Rules, words and pages that ask a database nothing of its own; and of an action through three doors, those of the
    browser: it is one function, and comes to PostgreSQL through the API."""
    doors = getattr(item, "callspec", None)
    return item.path.stem in ONCE or (doors is not None and bool({"browser", "htmx"} & set(doors.id.split("-"))))


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    committing = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(committing) or (mark is not None and bool(mark.kwargs.get("transaction")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """A test that commits ends with emptied tables; whatever runs next on this worker finds the catalogue again.

    One that commits too fills them itself when it starts.
    """
    result = yield
    connection = connections["default"]
    wanted = nextitem is not None and _commits(item) and not _commits(nextitem)
    if wanted and hasattr(connection, "_test_serialized_contents"):
        with item.config.stash[blocking_manager_key].unblock():
            connection.creation.deserialize_db_from_string(connection._test_serialized_contents)
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what was skipped (with xdist: in the controlling process). An expected failure is no skip."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Modules skipped as a whole count too."""
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test fails the run."""
    if CI and _skipped and session.exitstatus == pytest.ExitCode.OK and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped."""
    for nodeid in _skipped:
        terminalreporter.write_line(f"{'FAILED (skipped in CI)' if CI else 'skipped'}: {nodeid}")


def pytest_unconfigure() -> None:
    """Remove this process's VAR_DIR (tests/settings.py made it; xdist's workers run no atexit)."""
    if settings.VAR_DIR.name.startswith("amends-tests-"):
        connections.close_all()
        shutil.rmtree(settings.VAR_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """That of pytest-django; beside it a copy of the migrated database that no test has written to (`pristine`).

    Migrating costs 15 seconds of processor time, copying none to speak of: tests with databases of their own copy it.
    """
    global _pristine
    connection = connections["default"]
    with django_db_blocker.unblock():
        if vendor() == "sqlite":
            _pristine = str(tmp_path_factory.mktemp("pristine") / "amends.sqlite3")
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [_pristine])
            yield
            return
        _pristine = f"pristine_{uuid.uuid4().hex[:8]}"
        connection.close()  # nobody may be at a database that is copied
        _maintain(connection, f"CREATE DATABASE {_pristine} TEMPLATE {connection.settings_dict['NAME']}")
    yield
    with django_db_blocker.unblock():
        _maintain(connection, f"DROP DATABASE {_pristine} WITH (FORCE)")


def _maintain(connection: Any, statement: str) -> None:
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture(scope="session")
def pristine(django_db_setup: None) -> str:
    """The migrated database nobody writes to: the path of a file on SQLite, the name of a template on PostgreSQL."""
    return _pristine


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rate limits and cached rows of one test never reach the next, not even those of `lasting_caches`."""
    cache.clear()
    cached.clear_all()
    yield
    cache.clear()
    cached.clear_all()


@pytest.fixture
def lasting_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept in the process for seconds (policies, types, the difference of clocks) outlasts this test.

    Where questions are counted, a busy machine may take longer from the look that warms them to the one that counts.
    """
    monkeypatch.setattr(clock, "_MEASURE_EVERY", 1e9)
    monkeypatch.setattr(cached, "SECONDS", 900.0)
    cached.clear_all()  # what was loaded before lasts as long as it did


@pytest.fixture
def django_assert_max_num_queries(lasting_caches: None, django_assert_max_num_queries: Any) -> Any:
    """That of pytest-django, over caches that last."""
    return django_assert_max_num_queries


@pytest.fixture
def django_assert_num_queries(lasting_caches: None, django_assert_num_queries: Any) -> Any:
    """That of pytest-django, over caches that last."""
    return django_assert_num_queries


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder with the real data: REFERENCE_DATA_DIR, else ../shared/data. Missing: skip, in CI fail."""
    folder = Path(os.environ.get("REFERENCE_DATA_DIR") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        (pytest.fail if CI else pytest.skip)(f"no reference data in {folder} (REFERENCE_DATA_DIR)")
    return folder
