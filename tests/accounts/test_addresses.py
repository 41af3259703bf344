"""One address has one form, however it is typed and wherever: at every door it is the same person."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Person
from accounts.normalising import normal_address
from audit.models import Event
from tests.factories import PASSWORD, BusinessAccountFactory, PersonFactory
from tests.post import the_post_goes_out

FORMS = ["nina@münchen.de", "NINA@MÜNCHEN.DE", "nina@mu\u0308nchen.de", "nina@xn--mnchen-3ya.de", " nina@münchen.de "]


@pytest.mark.requirement("IN5")
@pytest.mark.parametrize("typed", FORMS)
def test_all_spellings_of_an_address_have_one_form(typed):
    assert normal_address(typed) == "nina@xn--mnchen-3ya.de"


@pytest.mark.parametrize("typed", ["", "nina", "nina@", "nina@northwind", "=1+1@evil.example.", '"nina"@example.com'])
def test_what_is_no_address_is_refused_in_one_wording(typed):
    with pytest.raises(ValidationError) as refused:
        normal_address(typed)

    assert refused.value.messages == ["Enter an e-mail address, such as name@example.com."]


@pytest.mark.rule(7)
@pytest.mark.requirement("IN5")
@pytest.mark.parametrize(
    "typed",
    [
        "nina@straße.de",  # strasse.de by the rules of 2003, which is another owner's
        "nina@STRAẞE.DE",
        "nina@ρίζες.gr",
        "nina@a\u200db.de",
        "nina@a\u200cb.de",
        "nina@a\u00adb.de",
        "nina@ｅxample.com",
        "nina@🄰.de",
    ],
)
def test_a_domain_that_can_be_read_as_two_is_refused_in_words(typed):
    with pytest.raises(ValidationError, match="can be read as two domains"):
        normal_address(typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("nina@xn--strae-oqa.de", "nina@xn--strae-oqa.de"),
        ("O'Hara+x@example.com", "o'hara+x@example.com"),
        ("nina@例え.jp", "nina@xn--r8jz45g.jp"),
    ],
)
def test_an_ordinary_address_is_taken(typed, address):
    assert normal_address(typed) == address


@pytest.mark.requirement("IN10")
@pytest.mark.parametrize(
    "typed",
    ['"a\x01b"@example.com', '"<script>"@example.com', '" "@example.com', '"nina"@example.com', ".nina@example.com"],
)
def test_what_stands_before_the_at_sign_is_made_of_plain_signs(typed):
    with pytest.raises(ValidationError):
        normal_address(typed)


def test_an_address_that_grows_too_long_in_its_ascii_form_is_refused():
    with pytest.raises(ValidationError):
        normal_address(f"nina@{'ü.' * 38}de")


@pytest.mark.django_db
@pytest.mark.requirement("IN5")
@pytest.mark.parametrize("typed", FORMS)
def test_whoever_signed_up_signs_in_with_any_spelling(typed, client):
    person = PersonFactory(email=normal_address(FORMS[0]))

    client.post("/auth/login/", {"login": typed, "password": PASSWORD})

    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", FORMS)
def test_a_new_password_is_sent_to_the_one_form_of_the_address(typed, client, mailoutbox):
    person = PersonFactory(email=normal_address(FORMS[0]))

    client.post("/auth/password/reset/", {"email": typed})
    the_post_goes_out()

    assert [mail.to for mail in mailoutbox] == [[person.email]]


@pytest.mark.django_db
@pytest.mark.requirement("GU4")
@pytest.mark.parametrize("door", ["/auth/login/", "/auth/password/reset/"])
def test_an_ambiguous_address_is_answered_alike_whether_its_domain_is_known_or_not(door):
    PersonFactory(email="nina@strasse.de")
    known, unknown = (
        Client().post(door, dict.fromkeys(("login", "email"), f"nina@{domain}") | {"password": PASSWORD})
        for domain in ("straße.de", "gaße.de")
    )

    assert known.status_code == unknown.status_code == 200
    assert "can be read as two domains" in known.content.decode()
    assert "can be read as two domains" in unknown.content.decode()


@pytest.mark.django_db
def test_tries_are_counted_for_the_one_form_of_an_address(client):
    person = PersonFactory(email=normal_address(FORMS[0]))

    for typed in [*FORMS, *FORMS]:
        client.post("/auth/login/", {"login": typed, "password": "wrong"})
    answer = client.post("/auth/login/", {"login": FORMS[0], "password": PASSWORD})

    assert "_auth_user_id" not in client.session
    assert "Too many" in answer.content.decode()
    assert {event.target_id for event in Event.objects.named("person.sign_in_failed")} == {person.pk}


@pytest.mark.django_db
@pytest.mark.parametrize("typed", FORMS)
def test_the_commands_find_a_person_by_any_spelling(typed, capsys):
    account = BusinessAccountFactory(owner__email=normal_address(FORMS[0]))

    call_command("check_access", typed, account.slug, "manage_team")
    call_command("verify_audit", "--person", typed)

    said = capsys.readouterr().out
    assert "yes" in said
    assert "OK" in said


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["", "nobody", "nina@straße.de"])
def test_the_commands_know_nobody_by_what_is_no_address(typed):
    account = BusinessAccountFactory()

    with pytest.raises(CommandError, match="no such person"):
        call_command("check_access", typed, account.slug)
    with pytest.raises(Person.DoesNotExist):
        Person.objects.get_by_natural_key(typed)
