"""Mail of the embedded setting: files, and the pages that show them."""

import re
import stat

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import NoReverseMatch, clear_url_caches, reverse

from accessportal.devmail import NAME, EmlFileBackend


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ROOT_URLCONF = "tests.ground.urls"
    settings.MAIL_FOLDER = tmp_path / "mail"
    clear_url_caches()
    yield settings.MAIL_FOLDER
    clear_url_caches()


def _send(
    to="ivan@example.com", subject="Hello", text="Good day", html="<html><head></head><body>Good day</body></html>"
):
    mail = EmailMultiAlternatives(subject, text, "no-reply@example.com", [to])
    if html:
        mail.attach_alternative(html, "text/html")
    assert EmlFileBackend().send_messages([mail]) == 1


def _name(folder):
    (path,) = folder.glob("*.eml")
    return path.name


def test_each_mail_becomes_a_file_that_only_its_owner_reads(folder):
    for _ in range(3):
        _send()

    files = list(folder.iterdir())
    assert len(files) == 3
    assert all(NAME.fullmatch(path.name) for path in files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "to", ["../../etc/passwd@example.com", "a/b@example.com", "Ünı@example.com", "x" * 300 + "@example.com"]
)
def test_no_address_leads_out_of_the_folder(folder, to):
    _send(to=to)

    assert NAME.fullmatch(_name(folder))
    assert [path.name for path in folder.parent.iterdir()] == ["mail"]


def test_the_list_shows_the_newest_first(folder):
    _send(subject="First")
    _send(subject="Second")

    page = Client().get(reverse("dev_mail")).content.decode()

    assert page.index("Second") < page.index("First")


def test_the_list_is_searched_by_receiver_subject_and_text(folder):
    _send(to="ivan@example.com", subject="One")
    _send(to="maria@example.com", subject="Two", text="A code: 1234")

    def found(words):
        page = Client().get(reverse("dev_mail"), {"q": words}).content.decode()
        return [subject for subject in ("One", "Two") if f">{subject}</a>" in page]

    assert found("IVAN") == ["One"]
    assert found("two") == ["Two"]
    assert found("code 1234") == ["Two"]
    assert found("nobody") == []
    assert found("") == ["One", "Two"]


def test_a_long_list_has_pages(folder):
    for number in range(27):
        _send(subject=f"Number {number}")

    first, second = (Client().get(reverse("dev_mail"), {"page": page}).content.decode() for page in (1, 2))

    assert len(re.findall(r">Number \d+</a>", first)) == 25
    assert len(re.findall(r">Number \d+</a>", second)) == 2


def test_an_empty_list_says_how_to_fill_it():
    assert "No mail yet" in Client().get(reverse("dev_mail")).content.decode()


def test_a_page_shows_the_mail_with_a_link_that_can_be_followed(folder):
    _send(subject="<b>Sharp</b>", text="Open https://access.example.com/invitations/x/")

    page = Client().get(reverse("dev_mail_page", args=[_name(folder)])).content.decode()

    assert "&lt;b&gt;Sharp&lt;/b&gt;" in page
    assert "<b>Sharp</b>" not in page
    assert 'href="https://access.example.com/invitations/x/"' in page


def test_the_html_part_runs_nothing_and_loads_nothing(folder):
    _send(html="<html><head></head><body><script>alert(1)</script><img src=https://evil.example/x></body></html>")

    answer = Client().get(reverse("dev_mail_html", args=[_name(folder)]))

    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "img-src data:" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in answer.content.decode()


def test_a_mail_without_html_has_no_html_page(folder):
    _send(html="")

    assert Client().get(reverse("dev_mail_html", args=[_name(folder)])).status_code == 404
    assert Client().get(reverse("dev_mail_page", args=[_name(folder)])).status_code == 200


@pytest.mark.parametrize(
    "name", ["..", "secret-key", "20260101T000000.000000Z-1-nobody@example.com.eml", "%2e%2e%2fsecret-key"]
)
def test_only_names_of_mails_are_opened(folder, name):
    folder.mkdir()
    (folder.parent / "secret-key").write_text("secret")

    assert Client().get(f"/dev/mail/{name}/").status_code == 404


def test_outside_the_embedded_setting_there_are_no_such_pages(settings):
    settings.ROOT_URLCONF = "accessportal.urls"
    clear_url_caches()

    assert settings.EMBEDDED is False
    with pytest.raises(NoReverseMatch):
        reverse("dev_mail")
    assert Client().get("/dev/mail/").status_code == 404
