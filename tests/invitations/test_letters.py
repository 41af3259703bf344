"""What the mails say, and what names can't do to them: rules 8 and 10, IN10."""

import datetime as dt
from email.message import EmailMessage

import pytest
from django.core import mail
from django.utils import timezone

from accounts.actions import deliver
from accounts.models import BusinessAccount, OutgoingMail, Person
from invitations import actions
from invitations.models import Invitation
from teams.models import Role
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, PersonFactory, token_of

pytestmark = pytest.mark.django_db

NASTY = [
    "Olga\r\nBcc: everyone@evil.example",
    "Olga\nSubject: Pay now\n\n<h1>body</h1>",
    "<script>alert(1)</script>",
    "{{ settings.SECRET_KEY }}{% now 'Y' %}",
    "Olga \u202egro.live//:sptth\u202c",
    "Olga\x00\x1b[31m\u2028\u2066",
    "Ólga Bérg–Łódź 👩‍💼",
    "=?utf-8?q?Olga?= <evil@example.com>",
]
MARKS = {"\r", "\x00", "\x1b", "\u202e", "\u202c", "\u2028", "\u2066"}


def invited(account, **given) -> tuple[Invitation, EmailMessage]:
    invitation = actions.invite(
        account=account, address="nina@example.com", role=Role.objects.built_in("editor"), by=account.owner, **given
    )
    deliver(mail_id=OutgoingMail.objects.get(about_id=invitation.pk).pk)
    return invitation, mail.outbox[-1].message()


def parts(message) -> dict[str, str]:
    return {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in message.walk()
        if not part.is_multipart()
    }


@pytest.mark.rule(10)
@pytest.mark.requirement("IN10")
@pytest.mark.parametrize("name", NASTY)
def test_a_name_stays_plain_text_and_adds_no_header_and_no_recipient(name):
    account = BusinessAccountFactory()
    # As an import or an old row could hold it: no form let it through.
    BusinessAccount.objects.filter(pk=account.pk).update(name=name.replace("\x00", ""))
    Person.objects.filter(pk=account.owner_id).update(name=name.replace("\x00", ""))
    account = BusinessAccount.objects.get(pk=account.pk)

    _invitation, message = invited(account, message=f"Hello\n{name}".replace("\x00", ""))

    raw = message.as_bytes()
    assert {key.lower() for key in message} == {
        "content-type", "mime-version", "subject", "from", "to", "date", "message-id", "auto-submitted",
    }  # fmt: skip
    assert mail.outbox[-1].recipients() == ["nina@example.com"]
    assert b"\nBcc:" not in raw
    assert "\n" not in mail.outbox[-1].subject
    said = parts(message)
    assert "<script>" not in said["text/html"]
    assert "<h1>body" not in said["text/html"]
    assert not MARKS & set(said["text/html"] + said["text/plain"])
    assert "xxxxxxxx" not in said["text/html"] + said["text/plain"]  # the secret of the tests


def test_the_text_part_is_text():
    account = BusinessAccountFactory(name="Tom & Jerry’s “Coffee” <b>")
    Person.objects.filter(pk=account.owner_id).update(name="Olga O'Hara")

    _invitation, message = invited(BusinessAccount.objects.get(pk=account.pk))

    assert "Olga O'Hara invites you to Tom & Jerry’s “Coffee” <b>" in parts(message)["text/plain"]
    assert "&lt;b&gt;" in parts(message)["text/html"]


@pytest.mark.rule(7)
def test_both_parts_say_who_invites_to_what_until_when_and_carry_the_link():
    account = BusinessAccountFactory(name="Northwind Coffee")
    asset = AssetFactory(account=account, name="Northwind US")

    invitation, message = invited(account, grants={asset: frozenset({"run_ads"})}, message="Welcome!\nSee you")

    until = f"{invitation.expires_at.astimezone(dt.UTC):%H:%M} UTC"
    for words in parts(message).values():
        for said in (
            str(account.owner), account.owner.email, "Northwind Coffee", "Editor", "schedule and publish content",
            "Northwind US", "run ads", "Welcome!", until, "If you did not expect it, do nothing",
            f"http://localhost:8000/invitations/{token_of(invitation)}/",
        ):  # fmt: skip
            assert said in words
    assert message["Subject"] == f"{account.owner} invites you to Northwind Coffee"


@pytest.mark.rule(8)
def test_the_link_is_of_the_configured_site_whoever_asks(settings):
    settings.SITE_URL = "https://access.example.com"

    invitation, message = invited(BusinessAccountFactory())

    assert f"https://access.example.com/invitations/{token_of(invitation)}/" in parts(message)["text/plain"]


def _closed(invitation):
    BusinessAccount.objects.filter(pk=invitation.account_id).update(closed_at=timezone.now())


def _expired(invitation):
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now())


@pytest.mark.rule(8)
@pytest.mark.rule(10)
@pytest.mark.parametrize(
    "change",
    [
        _closed,
        _expired,
        lambda offer: actions.revoke(invitation=offer, by=offer.account.owner),
        lambda offer: actions.decline(invitation=offer, by=PersonFactory(email=offer.address)),
        lambda offer: actions.accept(invitation=offer, by=PersonFactory(email=offer.address)),
        lambda offer: actions.resend(invitation=offer, by=offer.account.owner),
        lambda offer: actions.copy_link(invitation=offer, by=offer.account.owner),
        lambda offer: actions.correct_address(invitation=offer, address="right@example.com", by=offer.account.owner),
    ],
)
def test_a_mail_that_nobody_wants_any_more_is_not_sent(change):
    account = BusinessAccountFactory()
    invitation = actions.invite(
        account=account, address="nina@example.com", role=Role.objects.built_in("editor"), by=account.owner
    )
    waiting = OutgoingMail.objects.get(about_id=invitation.pk)
    change(invitation)

    deliver(mail_id=waiting.pk)

    assert mail.outbox == []
    assert OutgoingMail.objects.get(pk=waiting.pk).state == "dropped"


@pytest.mark.rule(9)
@pytest.mark.requirement("IN6")
def test_the_owner_reads_who_could_not_join_and_why():
    anna = MembershipFactory(holding="administrator")
    invitation = actions.invite(
        account=anna.account, address="nina@example.com", role=Role.objects.built_in("editor"), by=anna.person
    )
    actions.refuse_acceptance(invitation=invitation, reason="lost", by=PersonFactory(email="nina@example.com"))

    deliver(mail_id=OutgoingMail.objects.get(kind="invitation_refused").pk)

    message = mail.outbox[-1].message()
    assert mail.outbox[-1].to == [anna.account.owner.email]
    for words in parts(message).values():
        assert "nina@example.com" in words
        assert f"/accounts/{anna.account.slug}/invitations/{invitation.pk}/" in words
        assert token_of(invitation) not in words
