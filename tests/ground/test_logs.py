"""A line of the log: one line, with the request's id, and no invitation token (rule 8)."""

import importlib.util
import logging

import pytest
from django.test import RequestFactory

from accessportal.logs import LineFormatter, RedactTokens, request_id
from tests.house.source import ROOT

TOKEN = "Ab0-_" * 8 + "xyz"


def _line(message, *args, **more):
    record = logging.LogRecord("some.logger", logging.WARNING, __file__, 1, message, args, more.pop("exc_info", None))
    record.__dict__.update(more)
    assert RedactTokens().filter(record)
    return LineFormatter().format(record)


@pytest.mark.rule(8)
@pytest.mark.parametrize(
    ("message", "args"),
    [
        (f"Not Found: /invitations/{TOKEN}/", ()),
        ("Not Found: %s", (f"/invitations/{TOKEN}/accept/",)),
        ("%(path)s", ({"path": f"https://access.example.com/invitations/{TOKEN}/"},)),
        ("%s and %s", (f"/invitations/{TOKEN}", f"/invitations/{TOKEN}/decline/")),
        ("Not Found: %s", (f"/auth/not-me/{TOKEN}/",)),
    ],
)
def test_no_line_holds_a_token(message, args):
    line = _line(message, *args)

    assert TOKEN not in line
    assert "/invitations/…" in line or "/auth/not-me/…" in line


@pytest.mark.requirement("SE8")
@pytest.mark.parametrize("path", [f"/auth/factor-reset/7/{TOKEN}/", f"/auth/password/reset/key/1-{TOKEN}/"])
def test_no_line_holds_what_another_mailed_link_carries(path):
    line = _line("Not Found: %s", path)

    assert TOKEN not in line
    assert path.replace(TOKEN, "").replace("1-", "").rstrip("/") + "/…" in line


@pytest.mark.rule(8)
def test_no_traceback_holds_a_token():
    try:
        raise ValueError(f"/invitations/{TOKEN}/ broke")
    except ValueError as error:
        line = _line("broken", exc_info=(type(error), error, error.__traceback__))

    assert "ValueError" in line
    assert TOKEN not in line


def test_what_only_resembles_a_token_stays():
    assert "/invitations/expired/" in _line("/invitations/expired/")


@pytest.mark.parametrize("forged", ["\n2026-01-01 INFO all is well", "\r\n", "\x1b[2J", "\x9b", "\u2028"])
def test_a_forged_line_break_stays_one_line(forged):
    line = _line("name: %s", f"Ivan{forged}")

    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


def test_a_traceback_is_one_line_as_well():
    try:
        raise ValueError("deep")
    except ValueError as error:
        line = _line("broken", exc_info=(type(error), error, error.__traceback__))

    assert len(line.splitlines()) == 1


def test_a_line_names_its_request():
    told = request_id.set("a" * 32)
    try:
        assert f"WARNING some.logger [{'a' * 32}] hello" in _line("hello")
    finally:
        request_id.reset(told)


def test_a_refusal_that_django_logs_after_the_middleware_has_left_names_its_request():
    request = RequestFactory().get("/")
    request.request_id = "b" * 32

    assert f"[{'b' * 32}]" in _line("Forbidden", request=request)


@pytest.mark.rule(8)
def test_gunicorn_writes_no_paths_and_its_errors_pass_through_the_filter():
    found = importlib.util.spec_from_file_location("gunicorn_conf", ROOT / "gunicorn.conf.py")
    configured = importlib.util.module_from_spec(found)
    found.loader.exec_module(configured)
    from gunicorn.config import Config

    logger = configured.logger_class(Config())

    assert configured.accesslog is None
    assert logger.error_log.handlers
    for handler in logger.error_log.handlers:
        assert any(isinstance(one, RedactTokens) for one in handler.filters)
        assert isinstance(handler.formatter, LineFormatter)
