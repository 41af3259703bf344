"""The demo: whole, true, the same each time, and never on a real portal."""

import datetime as dt
import itertools
import re

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth import authenticate
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.utils import timezone

from accounts.access import Standing, explain
from accounts.models import Asset, BusinessAccount, OutgoingMail, Person, RecoveryCode, SecurityPolicy
from accounts.permissions import VIEW_ACCOUNT
from audit.models import Event
from audit.verification import verify
from invitations.models import Invitation
from invitations.tokens import token_for
from oversight.demo import story, verbs
from oversight.demo.cast import CAST, PASSWORD
from oversight.demo.stage import Stage
from teams.models import AssetGrant, AssetGroup, Membership, OwnershipOffer, PeopleGroup, Role
from teams.permissions import BUILT_IN
from tests.written import written

SIGN_IN = re.compile(r"(?P<address>\S+@\S+) / (?P<password>[^/]+) / (?P<who>.+)")


@pytest.fixture
def local(fresh_database, settings):
    """An empty database and the setting in which demo data is allowed."""
    settings.EMBEDDED = True


@pytest.fixture
def demo(demo_database, settings):
    """The demo, as the first run leaves it."""
    settings.EMBEDDED = True


def _sign_ins(capsys):
    capsys.readouterr()
    call_command("seed_demo", "--sign-ins")
    return [SIGN_IN.fullmatch(line).groupdict() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("arguments", [[], ["--sign-ins"]])
@pytest.mark.django_db
def test_a_real_portal_gets_no_demo_data(settings, arguments):
    settings.EMBEDDED = settings.DEBUG = False

    with pytest.raises(CommandError, match="embedded or debug setting only"):
        call_command("seed_demo", *arguments)

    assert not Person.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_a_portal_that_has_people_is_left_as_it_is(settings, capsys):
    settings.EMBEDDED = True
    Person.objects.create_user("somebody@example.com", "a long enough sentence")

    call_command("seed_demo")

    assert [person.email for person in Person.objects.all()] == ["somebody@example.com"]
    assert "has people already" in capsys.readouterr().err


def test_a_second_run_changes_nothing(demo):
    before = _everything()

    call_command("seed_demo")

    assert _everything() == before


def _everything():
    models = (Person, BusinessAccount, Membership, Asset, AssetGrant, Invitation, OutgoingMail, OwnershipOffer, Event)
    return {model: list(model.objects.order_by("pk").values()) for model in models} | {"mails": len(mail.outbox)}


def test_an_interrupted_run_leaves_nothing(local, monkeypatch):
    def interrupted(stage, **_what):
        raise KeyboardInterrupt

    monkeypatch.setattr(verbs, "accept_ownership", interrupted)

    with pytest.raises(KeyboardInterrupt):
        call_command("seed_demo")

    assert not Person.objects.exists()
    assert not Event.objects.exists()
    monkeypatch.undo()
    call_command("seed_demo")  # and the next run is a whole one
    assert Person.objects.count() == len(CAST)


@pytest.mark.parametrize("moment", ["2026-03-01T00:00:10", "2026-11-24T12:30:00", "2026-12-30T23:59:50"])
def test_the_story_holds_at_every_hour_of_the_day(local, moment):
    now = dt.datetime.fromisoformat(f"{moment}+00:00")

    with time_machine.travel(now, tick=False):
        call_command("seed_demo", verbosity=0)

    times = Event.objects.order_by("chain_id", "number").values_list("chain_id", "at")
    assert all(one[1] <= next_one[1] for one, next_one in itertools.pairwise(times) if one[0] == next_one[0])
    assert times.latest("at")[1] <= now


def test_two_portals_get_the_same_story():
    told = []
    for _time in range(2):
        stage = Stage(dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC))
        story.write(stage)
        told.append([(moment, verb.__name__, repr(what)) for moment, verb, what in stage._steps])

    assert told[0] == told[1]


@pytest.mark.rule(16)
def test_the_past_is_whole_and_has_no_secret_in_it(demo):
    text = "\n".join(written())
    secrets = {PASSWORD, *Person.objects.exclude(password="").values_list("password", flat=True)}
    secrets |= {CAST[key].factor_secret for key in CAST}
    for invitation in Invitation.objects.all():
        secrets |= {token_for(invitation.pk, sending) for sending in range(1, invitation.sending + 1)}
        secrets.add(invitation.token_hash)
    digests = set(RecoveryCode.objects.values_list("digest", flat=True))

    assert [verdict.broken for verdict in verify() if verdict.broken] == []
    assert len(secrets) > 100
    assert [secret for secret in secrets if secret and secret in text] == []
    assert digests
    assert [digest for digest in digests if digest in text] == []
    assert Event.objects.earliest("at").at < timezone.now() - dt.timedelta(days=90)


def test_people_and_assets_are_put_together_and_what_is_granted_ends_and_says_by_whom(demo):
    northwind = BusinessAccount.objects.get(name="Northwind Coffee")
    crew, profiles = PeopleGroup.objects.get(account=northwind), AssetGroup.objects.get(account=northwind)

    grants = AssetGrant.objects.filter(membership__in=crew.present, content_object__in=profiles.present)

    assert {(str(grant.given_by), grant.ends_at > timezone.now()) for grant in grants} == {("Anna Kowalska", True)}
    assert not AssetGrant.objects.filter(given_by=None).exists()


def test_every_role_and_every_state_is_there(demo):
    current = Membership.objects.current()
    people = Person.objects.all()
    standings = {
        explain(person, VIEW_ACCOUNT, account).standing
        for person in people
        for account in BusinessAccount.objects.all()
    }

    assert 35 <= people.count() <= 50
    own = {"campaign-lead", "office-manager"}
    assert {row.role.code for row in current.with_roles()} == {*BUILT_IN, *own}
    assert list(Role.objects.exclude(retired_at=None).values_list("code", flat=True)) == ["pop-up-crew"]
    assert set(Membership.objects.values_list("state", flat=True)) == set(Membership.State.values)
    assert standings == set(Standing)
    assert set(BusinessAccount.objects.values_list("kind", flat=True)) == set(BusinessAccount.Kind.values)
    assert set(Asset.objects.values_list("kind", flat=True)) == set(Asset.Kind.values)
    assert Asset.objects.exclude(archived_at=None).exists()
    assert AssetGrant.objects.count() > 3
    assert set(OwnershipOffer.objects.values_list("state", flat=True)) == set(OwnershipOffer.State.values)
    assert OwnershipOffer.objects.open().count() == 1
    policies = SecurityPolicy.objects.filter(account__closed_at=None)
    assert set(policies.values_list("second_factor", flat=True)) == set(SecurityPolicy.SecondFactor.values)
    assert {"after", "before"} <= set(policies.values_list("confirmation", flat=True))
    assert len(set(policies.values_list("most_administrators", flat=True))) > 2
    assert any(row.role.administers for row in current.to_confirm().with_roles())


def test_invitations_are_there_in_every_state(demo):
    northwind = BusinessAccount.objects.get(slug="northwind-coffee")
    rows = Invitation.objects.filter(account=northwind)
    failed = OutgoingMail.objects.parked().get()
    assert Invitation.objects.undelivered().exists()

    assert set(rows.values_list("state", flat=True)) == set(Invitation.State.values)
    assert set(rows.values_list("channel", flat=True)) == set(Invitation.Channel.values)
    assert rows.expired().exists()
    assert rows.unanswered().filter(sending__gt=1).exists()  # its first link is superseded
    assert failed.problem.startswith("550 5.1.1")
    opened = set(Event.objects.in_chain_of(northwind).named("invitation.").values_list("name", flat=True))
    assert opened >= {"invitation.opened", "invitation.opened_by_other", "invitation.changed", "invitation.link_copied"}
    assert Invitation.objects.waiting_for(Person.objects.get(email=CAST["wanda"].address)).exists()


def test_the_newest_mails_are_really_sent_and_no_old_one_waits(local):
    call_command("seed_demo", verbosity=0)
    sent_to = {message.to[0] for message in mail.outbox}

    assert len({(message.to[0], message.subject) for message in mail.outbox}) == len(mail.outbox) >= 3
    assert {CAST[who].address for who in ("chen", "wanda", "nadia")} <= sent_to
    assert not OutgoingMail.objects.due().exists()
    old = OutgoingMail.objects.filter(created_at__lt=timezone.now() - dt.timedelta(hours=2))
    assert set(old.values_list("state", flat=True)) <= {"sent", "parked", "dropped"}
    for row in old.exclude(sent_at=None):
        assert row.sent_at - row.created_at < dt.timedelta(hours=1)


def test_refusals_and_failed_sign_ins_are_part_of_the_past(demo):
    refused = set(Event.objects.filter(result="refused").values_list("name", flat=True))

    assert refused >= {
        "access.refused", "member.suspended", "role.changed", "invitation.created", "invitation.accepted",
        "person.sign_in_failed",
    }  # fmt: skip


def test_everybody_on_the_list_can_sign_in(demo, capsys):
    listed = _sign_ins(capsys)

    assert len(listed) >= 10
    assert all(len(row["password"]) >= 15 for row in listed)
    for row in listed:
        request = RequestFactory().post("/auth/login/")
        assert authenticate(request, email=row["address"], password=row["password"]), row["address"]
    words = " ".join(row["who"] for row in listed)
    for part in ("owner", "administrator", "editor", "auditor", "grants", "agency person", "finance", "suspended",
                 "no account yet", "platform staff"):  # fmt: skip
        assert part in words


def test_who_the_list_says_they_are(demo):
    def holds(key):
        rows = Membership.objects.current().filter(person__email=CAST[key].address).with_roles("account")
        return {(row.account.slug, row.role.code, row.state) for row in rows}

    assert holds("nadia") == {("northwind-coffee", "owner", "active")}
    assert holds("anna") == {("northwind-coffee", "administrator", "active")}
    assert holds("eddie") == {("northwind-coffee", "editor", "active")}
    assert holds("ruth") == {("northwind-coffee", "auditor", "active")}
    assert holds("milo") == {("northwind-coffee", "member", "active")}
    assert AssetGrant.objects.filter(user__email=CAST["milo"].address).values("content_object").distinct().count() == 2
    assert holds("fiona") == {("northwind-coffee", "finance", "active")}
    assert holds("bruno") == {("northwind-coffee", "editor", "suspended")}
    assert {slug for slug, role, state in holds("ines") if (role, state) == ("editor", "active")} >= {
        "northwind-coffee", "lumen-bikes", "halo-skincare",
    }  # fmt: skip
    assert holds("wanda") == holds("stefan") == set()
    assert Person.objects.get(is_staff=True).email == CAST["stefan"].address


def test_the_owner_of_northwind_sees_that_the_staff_looked_into_it(demo):
    event = Event.objects.get(name="account.looked_into")

    assert event.sentence.startswith("Stefan Roth, of the platform’s staff, looked into Northwind Coffee: Nadia asked")
    assert Person.objects.get(email=CAST["nadia"].address).notices.filter(event="account.looked_into").count() == 1


def test_the_printed_key_of_a_second_factor_is_the_real_one(demo):
    factor = Authenticator.objects.get(user__email=CAST["mara"].address, type=Authenticator.Type.TOTP)
    with time_machine.travel(1_800_000_000, tick=False):
        code = format_hotp_value(hotp_value(CAST["mara"].factor_secret, 1_800_000_000 // 30))

        assert TOTP(factor).validate_code(code)


def test_nobody_is_told_of_sign_ins_that_are_not_there(local, capsys):
    Person.objects.create_user("somebody@example.com", "a long enough sentence")

    assert _sign_ins(capsys) == []


def test_nothing_is_left_to_the_broker(local, monkeypatch):
    from accounts import doorbell

    rung = []
    monkeypatch.setattr(doorbell.current_app, "send_task", lambda *task, **more: rung.append(task))

    call_command("seed_demo", verbosity=0)

    assert rung == []
