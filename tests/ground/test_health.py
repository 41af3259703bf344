"""/healthz and /readyz."""

import time

import pytest
from django.core.cache import cache
from django.test import Client

from accessportal import health
from tests.factories import VerificationFactory


@pytest.fixture(autouse=True)
def _asked_for_the_first_time(monkeypatch):
    monkeypatch.setattr(health, "REMEMBERED", -1)
    monkeypatch.setattr(health, "began_at", time.monotonic() - 3600)


@pytest.fixture
def asker():
    return Client(headers={"host": "10.0.0.7:8000"})  # container engines ask by address


def test_the_process_says_that_it_lives_to_whoever_asks_by_address(asker):
    answer = asker.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")


def test_the_health_pages_are_not_redirected_to_https(asker, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert asker.get("/healthz").status_code == 200


def test_any_other_page_is_refused_under_a_foreign_name(asker):
    assert asker.get("/").status_code == 400


@pytest.mark.django_db
def test_a_portal_whose_outbox_was_swept_just_now_is_ready(asker):
    cache.set(health.LAST_SWEEP, time.time())

    answer = asker.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "database": "ok",
        "clock": "ok",
        "broker": "ok",
        "outbox_sweep": "ok",
        "record": "starting",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("last_sweep", [None, 0, "two minutes ago"])
def test_a_late_sweep_makes_it_not_ready(asker, last_sweep):
    if last_sweep is not None:
        cache.set(health.LAST_SWEEP, time.time() - 121 if last_sweep else 0)

    answer = asker.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": "ok",
        "clock": "ok",
        "broker": "ok",
        "outbox_sweep": "late",
        "record": "starting",
    }


@pytest.mark.django_db
def test_a_portal_that_has_just_begun_says_so_and_logs_no_error(asker, monkeypatch, caplog):
    monkeypatch.setattr(health, "began_at", time.monotonic() - 5)

    answer = asker.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["outbox_sweep"] == "starting"
    assert caplog.records == []


@pytest.mark.django_db
def test_a_dead_broker_is_named_quickly_and_without_details(asker, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    began = time.monotonic()

    answer = asker.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": "ok",
        "clock": "ok",
        "broker": "failed",
        "outbox_sweep": "failed",
        "record": "starting",
    }
    assert time.monotonic() - began < health.LIMIT * 2


@pytest.mark.django_db
def test_a_dead_database_is_named_without_details(asker, monkeypatch):
    cache.set(health.LAST_SWEEP, time.time())
    nowhere = {"host": "127.0.0.1", "port": 1, "dbname": "none", "user": "none"}
    monkeypatch.setattr(health.connection, "get_connection_params", lambda: nowhere, raising=False)

    answer = asker.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": "failed",
        "clock": "failed",
        "broker": "ok",
        "outbox_sweep": "ok",
        "record": "failed",
    }


@pytest.mark.django_db
@pytest.mark.requirement("AU7")
@pytest.mark.parametrize(
    ("last", "said"),
    [({}, "ok"), ({"outcome": "broken"}, "broken"), ({"hours": 27}, "late"), ({"checkpoint_hours": 4}, "late")],
)
def test_how_the_record_stands_is_told_to_whoever_watches_and_keeps_nobody_out(asker, last, said):
    cache.set(health.LAST_SWEEP, time.time())
    VerificationFactory(**last)

    answer = asker.get("/readyz")

    assert (answer.status_code, answer.json()["ready"], answer.json()["record"]) == (200, True, said)
