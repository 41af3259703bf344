"""What surrounds every request: its origin for log and audit, the person's time zone, and no copy in a cache."""

import hashlib

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from accessportal.middleware import PersonMiddleware, RequestOriginMiddleware, client_address
from audit.origin import origin_of_this_request
from tests.factories import PASSWORD, PersonFactory


def _origin_of(request):
    """What the audit would note, asked in the midst of the answer."""
    seen = []
    answer = RequestOriginMiddleware(lambda _: seen.append(origin_of_this_request()) or HttpResponse())(request)
    return seen[0], answer


@pytest.mark.rule(17)
def test_each_request_has_an_id_of_our_own_whatever_the_client_says():
    given = {"X-Request-ID": "forged"}

    first, answer = _origin_of(RequestFactory().get("/", headers=given))
    second, _ = _origin_of(RequestFactory().get("/", headers=given))

    assert answer["X-Request-ID"] == first.request_id
    assert len({first.request_id, second.request_id, "forged"}) == 3


def test_after_the_answer_nothing_of_the_request_is_left():
    _origin_of(RequestFactory().get("/"))

    assert origin_of_this_request().request_id == ""


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "10.0.0.1"),
        (0, "203.0.113.9", "10.0.0.1"),  # nobody is trusted: the header is the client's own words
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the first part is the client's own words
        (2, "203.0.113.9, 10.0.0.7", "203.0.113.9"),
        (2, "203.0.113.9", ""),  # one proxy fewer than configured: better none than a wrong one
        (1, "not an address", ""),
    ],
)
@pytest.mark.rule(17)
def test_the_address_is_counted_from_the_last_proxy(settings, proxies, forwarded, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert client_address(RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=headers)) == address


def test_a_user_agent_of_any_length_fits_into_the_record():
    origin, _ = _origin_of(RequestFactory().get("/", headers={"User-Agent": "x" * 10_000}))

    assert origin.user_agent == "x" * 400


@pytest.mark.rule(17)
def test_the_session_is_named_by_a_digest_and_read_only_when_asked_for():
    request = RequestFactory().get("/")
    seen = []

    def answer(request):
        origin = origin_of_this_request()
        seen.append(origin.session)
        request.session = type("Session", (), {"session_key": "the-key"})()  # signing in makes one
        seen.append(origin.session)
        return HttpResponse()

    RequestOriginMiddleware(answer)(request)

    assert seen == ["", hashlib.sha256(b"the-key").hexdigest()[:16]]


@pytest.mark.parametrize(
    ("stored", "shown"), [("Asia/Tokyo", "Asia/Tokyo"), ("", "UTC"), ("Moon/Sea", "UTC"), ("../x", "UTC")]
)
def test_times_are_shown_in_the_persons_zone(stored, shown):
    request = RequestFactory().get("/")
    request.user = type("Someone", (), {"is_authenticated": True, "time_zone": stored})()
    seen = []

    PersonMiddleware(lambda _: seen.append(timezone.get_current_timezone_name()) or HttpResponse())(request)

    assert seen == [shown]
    assert timezone.get_current_timezone_name() == "UTC"


def _answered(user, answer=None):
    request = RequestFactory().get("/")
    request.user = user
    return PersonMiddleware(lambda _: answer or HttpResponse())(request)


def test_a_signed_in_persons_page_is_kept_out_of_every_cache():
    person = type("Someone", (), {"is_authenticated": True, "time_zone": ""})()

    assert _answered(person)["Cache-Control"] == "no-store"
    assert not _answered(AnonymousUser()).has_header("Cache-Control")


def test_a_view_may_say_itself_what_a_cache_keeps():
    person = type("Someone", (), {"is_authenticated": True, "time_zone": ""})()
    told = HttpResponse(headers={"Cache-Control": "private, max-age=60"})

    assert _answered(person, told)["Cache-Control"] == "private, max-age=60"


@pytest.mark.django_db
def test_signing_in_for_real_ends_in_a_page_that_no_cache_keeps():
    person = PersonFactory()
    client = Client()

    client.post("/auth/login/", {"login": person.email, "password": PASSWORD})
    page = client.get("/dashboard/")

    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert len(page["X-Request-ID"]) == 32


@pytest.mark.parametrize("number", ["127.0.0.1", "127.0.0.1:8000", "[::1]:8000"])
def test_the_local_portal_leads_from_its_number_to_its_name(settings, number):
    settings.EMBEDDED = True

    answer = Client(headers={"host": number}).get("/auth/login/?next=/dashboard/")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{settings.SITE_URL}/auth/login/?next=/dashboard/"


@pytest.mark.parametrize(
    ("embedded", "host", "method"),
    [
        (False, "127.0.0.1:8000", "get"),
        (True, "127.0.0.1:8000", "post"),
        (True, "127.0.0.1.evil.example", "get"),
        (True, "evil.example", "get"),
    ],
)
def test_every_other_name_stays_refused_in_one_line_without_a_traceback(settings, caplog, embedded, host, method):
    settings.EMBEDDED = embedded

    answer = getattr(Client(headers={"host": host}), method)("/")

    assert answer.status_code == 400
    assert [(record.name, record.exc_info) for record in caplog.records] == [("django.security.DisallowedHost", None)]
    assert host in caplog.text
