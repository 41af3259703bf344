"""The headers of every answer (CF1, CF2), the reports of browsers, the general page of a failure (IO8), what isn't there."""

import json
import logging
import re
from io import BytesIO

import django
import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accessportal import reports
from accessportal.wsgi import application
from tests.factories import BusinessAccountFactory, InvitationFactory, PersonFactory, token_of
from tests.matrix import OUTSIDE

pytestmark = pytest.mark.django_db
YEAR = 31_536_000
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": f"max-age={YEAR}; includeSubDomains; preload",
}
REPORT = {"csp-report": {"effective-directive": "script-src", "blocked-uri": "https://evil.example/x?token=1"}}


@pytest.fixture(autouse=True)
def _https(settings):
    settings.SECURE = True
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD = (
        YEAR,
        True,
        True,
    )


@pytest.fixture(autouse=True)
def _count(monkeypatch):
    monkeypatch.setattr(reports, "count", reports.Count())


def _answers(settings):
    """An answer of every kind: pages, leading on, refusals of every layer, a file, a failure, health."""
    account = BusinessAccountFactory()
    invitation = InvitationFactory(account=account)
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    anonymous, signed_in = Client(raise_request_exception=False), Client(raise_request_exception=False)
    signed_in.force_login(account.owner)
    slug = account.slug
    asked = {
        "front": anonymous.get("/", secure=True),
        "sign in": anonymous.get("/auth/login/", secure=True),
        "leading on": anonymous.get("/dashboard/", secure=True),
        "a page": signed_in.get(f"/accounts/{slug}/", secure=True),
        "a download": signed_in.post(f"/accounts/{slug}/team/export/", {"format": "csv"}, secure=True),
        "nowhere": anonymous.get("/no/such/page", secure=True),
        "a strange account": signed_in.get("/accounts/no-such-account/", secure=True),
        "another method": anonymous.get(reverse("csp_report"), secure=True),
        "no token": Client(enforce_csrf_checks=True).post("/auth/login/", secure=True),
        "a forged name": anonymous.get("/", headers={"host": "evil.example"}, secure=True),
        "a file": anonymous.get("/static/css/app.css", secure=True),
        "no such file": anonymous.get("/static/no-such.css", secure=True),
        "health": anonymous.get("/healthz", secure=True),
        "an invitation": anonymous.get(reverse("invitation_offer", args=[token_of(invitation)]), secure=True),
        "a dead link": anonymous.get(reverse("invitation_offer", args=["x" * 43]), secure=True),
    }
    settings.ROOT_URLCONF = "tests.ground.broken_urls"
    asked["a failure"] = Client(raise_request_exception=False).get("/broken/", secure=True)
    return asked


@pytest.mark.requirement("CF2")
def test_every_answer_of_every_layer_carries_the_headers(settings):
    answers = _answers(settings)

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "front": 200, "sign in": 200, "leading on": 302, "a page": 200, "a download": 200, "nowhere": 404,
        "a strange account": 404, "another method": 405, "no token": 403, "a forged name": 400, "a file": 200,
        "no such file": 404, "health": 200, "an invitation": 200, "a dead link": 404, "a failure": 500,
    }  # fmt: skip
    for name, answer in answers.items():
        assert {key: answer.headers.get(key) for key in ALWAYS} == ALWAYS, name
        wanted = "no-referrer" if name in {"an invitation", "a dead link"} else "same-origin"
        assert answer.headers["Referrer-Policy"] == wanted, name
        assert "Access-Control-Allow-Origin" not in answer.headers, name


@pytest.mark.requirement("CF2")
def test_an_answer_before_any_layer_carries_them_too():
    said = {}
    application(
        {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "localhost", "SERVER_PORT": "443",
            "HTTP_HOST": "localhost", "wsgi.url_scheme": "https", "wsgi.input": BytesIO(), "CONTENT_TYPE": "text/plain; charset=hex",
        },
        lambda status, headers: said.update(status=status, headers=dict(headers)),
    )  # fmt: skip

    assert said["status"] == "400 Bad Request"
    assert {key: said["headers"].get(key) for key in ALWAYS} == ALWAYS
    assert "object-src 'none'" in said["headers"]["Content-Security-Policy"]


def test_over_plain_http_nobody_is_told_to_stay_with_https():
    assert "Strict-Transport-Security" not in Client().get("/healthz").headers


@pytest.mark.requirement("IN8")
def test_the_page_of_a_reset_link_tells_no_other_page_its_address():
    page = Client().get(reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "no-such-key"}))

    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.requirement("CF1")
def test_every_answer_carries_a_strict_policy_of_content_with_a_report_address(settings):
    for name, answer in _answers(settings).items():
        policy = answer.headers["Content-Security-Policy"]
        for directive in (
            "default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
            "report-to policy", "report-uri /csp-report/", "require-trusted-types-for 'script'",
        ):  # fmt: skip
            assert directive in policy, name
        assert "unsafe" not in policy, name
        assert answer.headers["Reporting-Endpoints"] == 'policy="/csp-report/"', name


@pytest.mark.requirement("CF1")
def test_each_page_has_a_nonce_of_its_own_and_no_script_goes_without_it():
    first, second = Client().get("/auth/login/"), Client().get("/auth/login/")

    nonces = [re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])[1] for page in (first, second)]
    assert nonces[0] != nonces[1]
    scripts = re.findall(r"<script\b[^>]*>", first.content.decode())
    assert scripts
    run = [tag for tag in scripts if 'type="application/json"' not in tag]
    assert [tag for tag in run if f'nonce="{nonces[0]}"' not in tag and 'src="/static/' not in tag] == []


# --- Reports ----------------------------------------------------------------------------------------------------------
def _report(told, kind="application/csp-report", client=None):
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    return (client or Client(enforce_csrf_checks=True)).post("/csp-report/", text, content_type=kind)


@pytest.mark.requirement("CF1")
@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (REPORT, "application/csp-report"),
        ([{"type": "csp-violation", "body": {"effectiveDirective": "script-src", "blockedURL": "https://evil.example/x"}}],
         "application/reports+json"),
    ],
)  # fmt: skip
def test_a_report_is_one_line_of_the_log_without_any_address(told, kind, caplog):
    answer = _report(told, kind)

    assert answer.status_code == 204
    lines = [record.getMessage() for record in caplog.records if record.name == "accessportal.reports"]
    assert lines == [
        "the policy of content kept 'evil.example' out by 'script-src' on a page that is not ours (report 1 of this process)"
    ]


def test_a_report_names_its_page_and_not_the_secret_in_its_address(caplog):
    token = token_of(InvitationFactory())

    _report({"csp-report": {"document-uri": f"http://localhost:8000/invitations/{token}/", "blocked-uri": "inline"}})

    assert "on invitation_offer" in caplog.text
    assert token not in caplog.text


@pytest.mark.parametrize(
    ("told", "kind", "status"),
    [
        (b"x" * 16_385, "application/csp-report", 413),
        (b" ", "application/csp-report", 400),
        (b"{", "application/csp-report", 400),
        (b"\xff\xfe", "application/csp-report", 400),
        (b"[" * 16_000, "application/reports+json", 400),
        (b'{"csp-report": {"document-uri": "http://["}}', "application/json", 204),
        (
            b'{"csp-report": {"document-uri": 7, "blocked-uri": ["x"], "effective-directive": null}}',
            "application/json",
            204,
        ),
        (b'{"csp-report": []}', "application/json", 204),
        (b'[7, null, {"body": 7}, {"body": {}}]', "application/reports+json", 204),
        (b"null", "application/json", 204),
        (b"{}", "text/html", 415),
        (b"{}", "", 415),
    ],
)
def test_whatever_is_reported_it_is_no_failure(told, kind, status, caplog):
    assert _report(told, kind).status_code == status
    assert all(len(record.getMessage()) < 300 for record in caplog.records)


def test_a_line_break_or_a_very_long_word_in_a_report_stays_one_short_line(caplog):
    _report(
        {"csp-report": {"effective-directive": "x\nforged line " + "y" * 9_000, "blocked-uri": "a\r\nb:" + "z" * 5_000}}
    )

    [line] = [record.getMessage() for record in caplog.records if record.name == "accessportal.reports"]
    assert "\n" not in line
    assert len(line) < 300


def test_a_flood_of_reports_is_counted_and_writes_only_so_many_lines(caplog, monkeypatch):
    monkeypatch.setattr(reports.time, "monotonic", lambda: 100.0)

    answers = {_report(REPORT).status_code for _ in range(reports.LINES_A_MINUTE + 20)}

    assert answers == {204}
    assert reports.count.ever == reports.LINES_A_MINUTE + 20
    assert len([r for r in caplog.records if r.name == "accessportal.reports"]) == reports.LINES_A_MINUTE
    monkeypatch.setattr(reports.time, "monotonic", lambda: 161.0)
    assert reports.count.one_more()


def test_a_report_asks_the_database_nothing_whoever_sends_it(django_assert_num_queries):
    client = Client()
    client.force_login(PersonFactory())

    with django_assert_num_queries(0):
        answer = _report(REPORT, client=client)

    assert answer.status_code == 204
    assert not answer.cookies


# --- Failures, and what is not there ----------------------------------------------------------------------------------
@pytest.mark.requirement("IO8")
@pytest.mark.parametrize("path", ["/broken/", "/broken-query/", "/broken-template/"])
def test_a_failure_of_ours_shows_a_number_to_quote_and_nothing_of_what_broke(path, settings, caplog):
    settings.ROOT_URLCONF = "tests.ground.broken_urls"
    client = Client(raise_request_exception=False)
    client.force_login(PersonFactory())

    answer = client.get(path)

    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something broke on our side" in page
    assert f"<code>{answer.headers['X-Request-ID']}</code>" in page
    for told in (
        "Traceback",
        "secret-detail",
        "SELECT",
        "accounts_person",
        ".py",
        "Django",
        django.__version__,
        "broken_urls",
    ):
        assert told not in page
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers
    assert any(record.levelno >= logging.ERROR for record in caplog.records), "the log has what the page hides"


@pytest.mark.requirement("CF6")
@pytest.mark.parametrize(
    "path",
    [
        "/.git/HEAD", "/.git/config", "/.env", "/static/", "/static/css/", "/static/../manage.py", "/static/%2e%2e/manage.py",
        "/admin/", "/admin/login/", "/metrics", "/metrics/", "/docs/", "/api/", "/api/docs/", "/openapi.json", "/swagger/",
        "/__debug__/", "/silk/", "/media/", "/backup.sql", "/manage.py", "/requirements/runtime.txt", "/var/secret-key",
        "/server-status", "/.well-known/security.txt~", "/dev/mail/", "/dev/components/", "/static/.gitignore",
    ],
)  # fmt: skip
def test_nothing_that_is_not_a_page_can_be_reached(path):
    client = Client()
    client.force_login(PersonFactory(is_staff=True, is_superuser=True))

    assert client.get(path).status_code == 404


@pytest.mark.requirement("CF6")
def test_no_address_belongs_to_the_frameworks_admin_and_every_one_outside_is_in_the_table():
    assert "admin" not in get_resolver().namespace_dict
    assert {name for name in OUTSIDE if re.search("admin|metrics|debug|docs|schema", name)} == set()


@pytest.mark.requirement("IO7")
@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "DEBUG"])
@pytest.mark.parametrize("path", ["/", "/auth/login/", "/dashboard/", "/healthz"])
def test_unlisted_methods_are_off(method, path):
    client = Client()
    client.force_login(PersonFactory())

    answer = client.generic(method, path, headers={"x-secret": "echoed?"})

    assert answer.status_code in {404, 405, 302} if path == "/auth/login/" else answer.status_code in {404, 405}
    assert b"echoed?" not in answer.content


@pytest.mark.requirement("IO7")
@pytest.mark.parametrize("kind", ["application/json", "application/xml", "text/plain"])
def test_a_form_in_another_content_type_changes_nothing(kind):
    person = PersonFactory(name="Nina")
    client = Client()
    client.force_login(person)
    text = json.dumps({"name": "Changed", "time_zone": "UTC"}) if "json" in kind else "name=Changed&time_zone=UTC"

    answer = client.post(reverse("profile"), text, content_type=kind)

    person.refresh_from_db()
    assert answer.status_code == 422
    assert person.name == "Nina"


@pytest.mark.requirement("CF3")
@pytest.mark.parametrize("method", ["get", "post"])
def test_plain_http_is_led_to_https_before_anything_is_read(method, settings):
    settings.SECURE_SSL_REDIRECT = True

    answer = getattr(Client(), method)("/auth/login/?next=/dashboard/")

    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://testserver/auth/login/?next=/dashboard/"
    assert not answer.cookies
