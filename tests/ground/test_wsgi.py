"""The door for a WSGI server: what can't even be made a request is answered all the same."""

from io import BytesIO

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from accessportal.wsgi import application

UNREADABLE = [
    "base64",
    "hex",
    "idna",
    "undefined",
    "rot13",
    "zlib",
    "utf-16",
    "utf-7",
    "latin-1",
    "no-such",
    "a\0b",
    '""',
]
TYPES = ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]


@pytest.fixture(autouse=True)
def _in_the_connection_of_the_test():
    """As Django's own client does it: otherwise the end of a request would end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def ask(method="GET", query="", **environ):
    """Ask as a server does, and return status and page."""
    said = {}
    body = b"login=%41"
    answer = application(
        {
            "REQUEST_METHOD": method, "PATH_INFO": "/auth/login/", "QUERY_STRING": query, "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), **environ,
        },
        lambda status, headers: said.update(status=status, headers=dict(headers)),
    )  # fmt: skip
    page = b"".join(answer).decode()
    answer.close()
    return int(said["status"][:3]), page


@pytest.mark.requirement("IO1")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("charset", UNREADABLE)
def test_a_request_in_a_charset_that_is_not_ours_is_answered_400_in_words(charset, kind, method):
    status, page = ask(method, "next=%2Fd%C3%A9", CONTENT_TYPE=f"{kind}; charset={charset}")

    assert status == 400
    assert "That could not be read" in page


@pytest.mark.requirement("IO1")
def test_more_fields_than_are_read_are_answered_400_also_before_any_middleware():
    status, _page = ask(query="&" * 3_000, CONTENT_TYPE="text/plain; charset=utf-8")

    assert status == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", [{}, *({"CONTENT_TYPE": f"{TYPES[0]}; charset={name}"} for name in ("utf-8", "UTF8"))]
)
def test_an_ordinary_request_goes_through(given):
    status, page = ask(query="next=%2Fdashboard%2F", **given)

    assert status == 200
    assert "Sign in" in page
