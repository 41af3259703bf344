"""What everybody chooses: what comes by mail, and how often."""

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import OutgoingMail
from audit.models import Event
from audit.recording import SYSTEM
from notices.kinds import CHOOSABLE, KINDS
from notices.models import Choice, Notice
from teams import actions as teams
from teams.models import Role
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.notices.inbox import mails_to
from tests.post import the_post_goes_out

pytestmark = pytest.mark.django_db
PAGE = "/profile/notices/"


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner__name="Olga")


@pytest.fixture
def olga(account, client):
    client.force_login(account.owner)
    return account.owner


@pytest.fixture
def eddie(account):
    return MembershipFactory(account=account, person__name="Eddie")


def ask(member):
    role = Role.objects.built_in("administrator")
    return teams.ask_for_access(membership=member, by=member.person, role=role, reason="Cover")


def test_the_page_shows_every_kind_and_why_some_are_fixed(client, olga):
    page = client.get(PAGE).content.decode()

    for kind in KINDS.values():
        assert str(kind.label).replace("’", "&#x27;") in page or str(kind.label) in page
    assert page.count("Always at once") == sum(bool(kind.fixed) for kind in KINDS.values())
    assert page.count('type="radio"') == sum(len(kind.ways) for kind in CHOOSABLE.values())
    assert page.count(" checked") == len(CHOOSABLE)


def test_a_choice_is_one_act_and_nothing_changed_is_none(client, olga):
    client.post(PAGE, {"joined": "at_once", "requested": "inbox"})
    client.post(PAGE, {"joined": "at_once", "requested": "inbox"})

    assert dict(Choice.objects.filter(person=olga).values_list("kind", "channel")) == {
        "joined": "at_once", "requested": "inbox",
    }  # fmt: skip
    event = Event.objects.of(olga).named("person.notices_chosen").get()
    assert event.parts["before"] == {"joined": "digest", "requested": "at_once"}
    assert event.parts["after"] == {"joined": "at_once", "requested": "inbox"}
    assert 'value="inbox" id="id_requested_2" checked' in client.get(PAGE).content.decode().replace("required ", "")


@pytest.mark.parametrize("code", [code for code, kind in KINDS.items() if kind.fixed])
@pytest.mark.parametrize("channel", ["inbox", "digest", ""])
def test_a_security_notice_cannot_be_turned_off_by_a_forged_form_either(client, olga, code, channel):
    answer = client.post(PAGE, {code: channel, "joined": "inbox"})

    assert answer.status_code == 422
    assert "can’t be turned off" in answer.content.decode()
    assert not Choice.objects.exists()
    assert Event.objects.of(olga).named("person.notices_chosen").get().refused


def test_a_row_that_somebody_wrote_for_a_security_notice_counts_for_nothing(olga, account, eddie):
    Choice.objects.create(person=eddie.person, kind="changed", channel="inbox")

    teams.change_role(membership=eddie, role=Role.objects.built_in("analyst"), by=olga)

    assert len(mails_to(eddie.person)) == 1


@pytest.mark.parametrize("garbage", ["", "never", "\0", "x" * 9_000, "at_once\n"])
def test_garbage_changes_nothing(client, olga, garbage):
    answer = client.post(PAGE, {"joined": garbage, "no_such_kind": "inbox"})

    assert answer.status_code in {302, 422}
    assert not Choice.objects.exists()


@pytest.mark.parametrize(("channel", "mails"), [("at_once", 1), ("digest", 0), ("inbox", 0)])
def test_a_choice_holds_for_the_mail_that_an_act_itself_posts(olga, account, eddie, channel, mails):
    Choice.objects.create(person=olga, kind="requested", channel=channel)

    ask(eddie)

    assert len(mails_to(olga)) == mails
    assert Notice.objects.get(person=olga).channel == channel
    assert OutgoingMail.objects.get(address=olga.email).state == ("sent" if mails else "dropped")


@pytest.mark.parametrize("channel", ["digest", "inbox"])
def test_a_choice_holds_for_ends_and_decisions_too(olga, account, channel):
    member = MembershipFactory(account=account, ends_at=timezone.now() + dt.timedelta(days=3))
    for kind in ("ending", "decided"):
        Choice.objects.create(person=member.person, kind=kind, channel=channel)
    Choice.objects.create(person=olga, kind="team_ending", channel=channel)

    teams.announce_end(membership=member, by=SYSTEM)
    teams.refuse_request(request=ask(member), answer="Not now", by=olga)

    assert mails_to(member.person) == []
    assert [subject for subject in mails_to(olga) if "ends" in subject] == []


def test_what_is_wanted_at_once_is_mailed_at_once(olga, account, eddie):
    Choice.objects.create(person=olga, kind="team_ended", channel="at_once")

    teams.leave(membership=eddie, by=eddie.person)

    assert mails_to(olga) == ["Eddie left the account · Northwind"]


def test_a_notice_that_was_read_meanwhile_is_not_mailed(olga, account, eddie):
    teams.change_role(membership=eddie, role=Role.objects.built_in("analyst"), by=olga)
    Notice.objects.filter(person=eddie.person).update(read_at=timezone.now())

    assert mails_to(eddie.person) == []
    assert OutgoingMail.objects.get(address=eddie.person.email).state == "dropped"


@pytest.mark.rule(4)
def test_a_notice_of_the_inside_is_not_mailed_to_who_lost_access_meanwhile(olga, account, eddie):
    anna = MembershipFactory(account=account, holding="administrator")
    teams.change_role(membership=eddie, role=Role.objects.built_in("administrator"), by=olga)
    teams.offboard(membership=anna, by=olga, reason="Left")

    the_post_goes_out()

    of_notices = OutgoingMail.objects.filter(address=anna.person.email, kind="notice")
    assert list(of_notices.values_list("state", flat=True)) == ["dropped"]


def test_a_mail_is_plain_whatever_a_name_holds(olga, account):
    member = MembershipFactory(account=account, person__name="Eve\u202e")
    account.name = "Brand\r\nBcc: all@example.com <b>"
    account.save(update_fields=["name"])
    teams.change_role(membership=member, role=Role.objects.built_in("analyst"), by=olga)

    the_post_goes_out()

    message = mail.outbox[-1]
    assert "\n" not in message.subject
    assert "<b>" not in message.alternatives[0][0].split("<body", 1)[1].split("Brand", 1)[1][:40]
    assert "http://localhost:8000/accounts/" in message.body
