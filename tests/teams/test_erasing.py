"""Erasing a person: what the record and the tables say of them goes, and the chain still holds (rules 15, 16, 17)."""

import io

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import BusinessAccount, Person
from audit import keeping
from audit.events import ERASED
from audit.models import Chain, Event
from audit.verification import verify
from invitations.models import Invitation
from oversight.demo.cast import CAST
from teams import actions
from teams.models import Membership, Receipt
from tests.everything import every_text
from tests.factories import PersonFactory
from tests.showing import signed_in
from tests.written import written

KOFI = CAST["kofi"].address


def erase(address, *, reason="Request no. 77", **more):
    out = io.StringIO()
    call_command("erase_person", address, reason=reason, yes=True, stdout=out, **more)
    return out.getvalue()


def broken():
    return [verdict.broken for verdict in verify() if verdict.broken]


@pytest.mark.rule(15)
@pytest.mark.rule(16)
@pytest.mark.requirement("AU7")
def test_after_it_no_table_and_no_event_names_the_person_and_every_chain_holds(demo_database):
    kofi = Person.objects.get(email=KOFI)
    named = [place for place, text in every_text() if kofi.name in text or KOFI in text.lower()]
    assert len(set(named)) > 5
    accounts = set(Membership.objects.filter(person=kofi).values_list("account_id", flat=True))
    before = dict(Event.objects.values_list("pk", "digest"))

    said = erase(KOFI)

    assert [place for place, text in every_text() if kofi.name in text or KOFI in text.lower()] == []
    assert said.startswith("Erased: ")
    assert broken() == []
    assert keeping.check().breaks == ()
    told = Event.objects.named(ERASED.name)
    assert set(told.filter(chain__kind="account").values_list("chain__subject_id", flat=True)) >= accounts
    assert {bytes(digest) for digest in before.values()} <= {bytes(event.digest) for event in Event.objects.all()}
    assert all("Request no. 77" in event.sentence for event in told)
    kofi.refresh_from_db()
    assert (kofi.name, kofi.is_active, kofi.has_usable_password()) == ("(erased)", False, False)
    assert kofi.erased_at is not None
    assert Event.objects.filter(actor_id=kofi.pk, actor_kind="person").exists()  # what was done stays


@pytest.mark.rule(17)
def test_the_pages_show_what_is_left(demo_database):
    erase(KOFI)
    northwind = BusinessAccount.objects.get(slug="northwind-coffee")
    client = signed_in(northwind.owner)
    kofi = Person.objects.get(name="(erased)")

    log = client.get(reverse("activity", args=[northwind.slug]), {"person": kofi.pk}).content.decode()
    emptied = Event.objects.of(northwind).filter(about_id=kofi.pk, target_words=None).first()
    page = client.get(reverse("event", args=[northwind.slug, emptied.number])).content.decode()
    receipt = Receipt.objects.get(account=northwind, membership__person=kofi)
    paper = client.get(reverse("receipt", args=[northwind.slug, receipt.pk])).content.decode()
    exported = b"".join(
        client.post(reverse("export_activity", args=[northwind.slug]), {"format": "csv"}).streaming_content
    )

    assert "(erased)" in log
    assert "What it said about people was erased" in page
    assert "Recomputed just now" in page
    assert "does not agree" not in page
    assert "Somebody was erased from this receipt" in paper
    assert "Not the receipt of the log" not in paper
    assert b"Kofi Mensah" not in exported


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nadia.holm@northwind.example", "access is left in Northwind Coffee"),
        ("stefan@accessportal.example", "platform’s staff"),
        ("nobody@nowhere.example", "Nothing here names"),
        ("not an address", "address"),
    ],
)
def test_it_is_refused_while_the_person_holds_or_awaits_something(demo_database, address, words):
    before = written()

    with pytest.raises(CommandError) as refused:
        erase(CAST["nadia"].address if address.startswith("nadia") else address)

    assert words in str(refused.value)
    assert written() == before


def test_an_invited_address_that_never_signed_in_is_struck_out_too(demo_database):
    northwind = BusinessAccount.objects.get(slug="northwind-coffee")
    gone = Invitation.objects.get(account=northwind, address="rob.sanders@northwind.example")

    erase("rob.sanders@northwind.example")

    gone.refresh_from_db()
    assert gone.address == "erased-0@erased.invalid"
    assert not any("rob.sanders" in text for _place, text in every_text())
    assert broken() == []


def test_a_namesake_elsewhere_keeps_the_name(demo_database):
    kofi = Person.objects.get(email=KOFI)
    other = PersonFactory(name=kofi.name)
    before = other.email

    erase(KOFI)

    other.refresh_from_db()
    assert (other.name, other.email) == ("Kofi Mensah", before)


def test_without_being_asked_back_it_erases_nothing(demo_database, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda: "no")

    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_person", KOFI, reason="x", stderr=io.StringIO())

    assert Person.objects.filter(email=KOFI).exists()


@pytest.mark.rule(15)
def test_words_that_are_gone_without_a_word_of_it_are_a_break(fresh_database, as_owner):
    olga = PersonFactory(name="Olga Berg")
    account = actions.open_account(name="Northwind", kind="business", by=olga)
    event = Event.objects.of(account).first()

    with as_owner.cursor() as cursor:
        cursor.execute("UPDATE audit_event SET actor_words = NULL WHERE id = %s", [event.pk])
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("UPDATE audit_event SET actor_words = 'again' WHERE id = %s", [event.pk])

    (found,) = broken()
    assert (found.chain, found.number) == (f"account/{account.pk}", event.number)
    assert "no event says so" in found.problem
    assert Chain.objects.get(kind="account", subject_id=account.pk).removed == 0
