"""Locked out of the second factor: who may ask for its end, what stops it, and that nobody shortens the wait."""

import datetime as dt
import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import RecoveryCode, SecurityPolicy, Session
from audit.models import Event
from audit.recording import SYSTEM
from notices.models import Notice
from teams import actions
from teams.models import FactorReset
from tests.accounts.test_second_factor import SECRET, signs_in
from tests.factories import (
    PASSWORD,
    TOTP_SECRET,
    BusinessAccountFactory,
    FactorResetFactory,
    MembershipFactory,
    locked_out_in,
    owner_of,
    waited,
)
from tests.post import the_post_goes_out
from tests.showing import code_of
from tests.together import at_once, committed
from tests.written import written

pytestmark = pytest.mark.rule(2)
REASON = "Lost the phone on a train"
asks_everyone = {"second_factor": "everyone"}


@pytest.fixture
def eddie(db):
    """An editor with a second factor, in an account that asks everyone for one; the owner has one too."""
    return locked_out_in(BusinessAccountFactory(name="Northwind", policy_and_seat=asks_everyone), holding="editor")


def with_factor(member):
    TOTP.activate(member.person, TOTP_SECRET)
    return member


def shows_factor(client, person):
    session = client.session
    session["account_authentication_methods_user"] = str(person.pk)
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session.save()


def signed_in(person):
    client = Client()
    client.force_login(person)
    shows_factor(client, person)
    return client


def ask(member, by):
    return actions.ask_for_reset(membership=member, reason=REASON, shown_at=timezone.now(), by=by)


def half_way(person):
    """A browser in which the password was given, and the second factor is asked for."""
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return client


def events_of(account):
    return list(Event.objects.of(account).named("factor_reset.").order_by("number").values_list("name", "result"))


# --- Asking -------------------------------------------------------------------------------------------------------------
def test_an_administrator_asks_and_the_person_is_told_at_once_by_every_way(eddie, mailoutbox):
    anna = with_factor(MembershipFactory(holding="administrator", account=eddie.account))
    EmailAddress.objects.create(user=eddie.person, email="second@example.com", verified=True)
    EmailAddress.objects.create(user=eddie.person, email="unproven@example.com", verified=False)
    client = signed_in(anna.person)
    address = reverse("ask_for_reset", args=[eddie.account.slug, eddie.pk])
    asked = client.get(address).content.decode()

    done = client.post(address, {"reason": REASON})
    the_post_goes_out()

    reset = FactorReset.objects.get()
    assert "For 48 hours nothing else happens" in asked
    assert done.status_code == 302
    assert reset.ripe_at - reset.asked_at == dt.timedelta(hours=48)
    assert events_of(eddie.account) == [("factor_reset.asked", "done")]
    letters = {mail.to[0]: mail for mail in mailoutbox}
    assert set(letters) == {eddie.person.email, "second@example.com", owner_of(eddie.account).person.email}
    link = re.search(r"http\S+/auth/factor-reset/\S+", letters["second@example.com"].body)[0]
    assert REASON in letters["second@example.com"].body
    assert "factor-reset" not in letters[eddie.account.owner.email].body
    told = {notice.person_id: notice.words for notice in Notice.objects.all()}
    assert set(told) == {eddie.person_id, eddie.account.owner_id}
    assert "asked that your second factor ends" in told[eddie.person_id]
    assert link.rpartition("/")[0][-43:] not in str(written())
    assert TOTP_SECRET  # nothing has changed yet:
    assert eddie.person.authenticator_set.exists()


@pytest.mark.rule(12)
@pytest.mark.parametrize(
    ("who", "refused"),
    [
        ("an editor", MissingPermission),
        ("a stranger", MissingPermission),
        ("the person", MissingPermission),
        ("an administrator for an administrator", MissingPermission),
        ("an administrator for the owner", PolicyViolation),
        ("an administrator for herself", PolicyViolation),
        ("without a policy", PolicyViolation),
        ("for somebody without a factor", PolicyViolation),
        ("without showing one's own", PolicyViolation),
        ("twice", PolicyViolation),
    ],
)
def test_nobody_else_can_ask_and_nothing_changes(who, refused, eddie):
    account = eddie.account
    anna = with_factor(MembershipFactory(holding="administrator", account=account))
    given = {
        "an editor": lambda: {"by": with_factor(MembershipFactory(holding="editor", account=account)).person},
        "a stranger": lambda: {"by": with_factor(MembershipFactory(holding="administrator")).person},
        "the person": lambda: {"by": eddie.person},
        "an administrator for an administrator": lambda: {
            "membership": with_factor(MembershipFactory(holding="administrator", account=account))
        },
        "an administrator for the owner": lambda: {"membership": owner_of(account)},
        "an administrator for herself": lambda: {"membership": anna},
        "without a policy": lambda: (
            SecurityPolicy.objects.filter(account=account).update(second_factor="nobody") and {}
        ),
        "for somebody without a factor": lambda: {"membership": MembershipFactory(account=account)},
        "without showing one's own": lambda: {"shown_at": timezone.now() - dt.timedelta(minutes=6)},
        "twice": lambda: ask(eddie, anna.person) and {},
    }[who]()
    before = FactorReset.objects.count()

    with pytest.raises(refused):
        actions.ask_for_reset(
            **{"membership": eddie, "reason": REASON, "shown_at": timezone.now(), "by": anna.person, **given}
        )

    assert FactorReset.objects.count() == before


def test_only_the_owner_asks_for_whoever_manages_the_team(eddie):
    anna = with_factor(MembershipFactory(holding="administrator", account=eddie.account))

    assert ask(anna, eddie.account.owner).is_waiting


def test_other_accounts_that_ask_for_the_factor_are_told_without_who_asked(eddie, mailoutbox):
    elsewhere = BusinessAccountFactory(name="Southwind", policy_and_seat=asks_everyone)
    indifferent = MembershipFactory(person=eddie.person).account
    MembershipFactory(account=elsewhere, person=eddie.person, holding="editor")
    TOTP.activate(elsewhere.owner, TOTP_SECRET)

    ask(eddie, eddie.account.owner)
    the_post_goes_out()

    assert events_of(elsewhere) == [("factor_reset.elsewhere", "done")]
    assert events_of(indifferent) == []
    [event] = Event.objects.of(elsewhere).named("factor_reset.elsewhere")
    for name in ("Northwind", eddie.account.owner.email, str(eddie.account.owner), REASON):
        assert not any(name in text for text in written(Event.objects.filter(pk=event.pk)))
    assert [mail.to for mail in mailoutbox if "Northwind" not in mail.body] == [[elsewhere.owner.email]]


# --- Stopping it ------------------------------------------------------------------------------------------------------
def link_of(reset):
    return reverse("refuse_factor_reset", args=[reset.pk, reset.refusal_token])


@pytest.mark.django_db
def test_the_mailed_link_refuses_in_one_click_without_a_sign_in_and_opening_it_changes_nothing():
    reset, client = FactorResetFactory(), Client()

    opened = client.get(link_of(reset))
    still = FactorReset.objects.get().state
    done = client.post(link_of(reset))
    again = client.post(link_of(reset))

    assert "Refuse the reset" in opened.content.decode()
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert still == "open"
    assert "stays as it is" in done.content.decode()
    assert again.status_code == 200
    assert FactorReset.objects.get().state == "refused"
    assert events_of(reset.account) == [("factor_reset.refused", "done"), ("factor_reset.refused", "refused")]


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["another's token", "no token", "nobody's id"])
def test_a_link_that_is_not_right_answers_like_one_that_never_was(how):
    reset, other = FactorResetFactory(), FactorResetFactory()
    address = {
        "another's token": reverse("refuse_factor_reset", args=[reset.pk, other.refusal_token]),
        "no token": reverse("refuse_factor_reset", args=[reset.pk, "x" * 43]),
        "nobody's id": reverse("refuse_factor_reset", args=[reset.pk + 999, reset.refusal_token]),
    }[how]

    assert [Client().get(address).status_code, Client().post(address).status_code] == [404, 404]
    assert FactorReset.objects.open().count() == 2


@pytest.mark.django_db
def test_the_person_refuses_from_the_own_pages_and_nobody_else_can():
    reset = FactorResetFactory()
    address = reverse("refuse_my_factor_reset", args=[reset.pk])
    others = [signed_in(person).post(address).status_code for person in (reset.asked_by, MembershipFactory().person)]
    client = signed_in(reset.person)

    home = client.get(reverse("dashboard")).content.decode()
    client.post(address)

    assert others == [404, 404]
    assert address in home
    assert reset.refusal_token not in home
    assert FactorReset.objects.get().state == "refused"


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["an app", "a recovery code"])
def test_using_the_second_factor_ends_it(how):
    reset = FactorResetFactory()
    codes = accounts.make_recovery_codes(person=reset.person, by=reset.person)

    assert signs_in(reset.person, code_of(SECRET) if how == "an app" else codes[0])

    assert FactorReset.objects.get().state == "used"
    assert ("factor_reset.used", "done") in events_of(reset.account)


@pytest.mark.django_db
def test_whoever_manages_the_team_can_withdraw_it():
    reset = FactorResetFactory()
    anna = with_factor(MembershipFactory(holding="administrator", account=reset.account))

    done = signed_in(anna.person).post(reverse("withdraw_reset", args=[reset.account.slug, reset.pk]))

    assert done.status_code == 302
    assert FactorReset.objects.get().state == "withdrawn"


@pytest.mark.rule(13)
@pytest.mark.django_db
@pytest.mark.parametrize("whose", ["person", "asked_by"])
def test_offboarding_ends_what_was_asked_for_and_by_whom(whose):
    account = BusinessAccountFactory(policy_and_seat=asks_everyone)
    anna = with_factor(MembershipFactory(holding="administrator", account=account))
    reset = FactorResetFactory(account=account, asked_by=anna.person)

    member = getattr(reset, whose).memberships.get(account=account)
    actions.offboard(membership=member, by=account.owner, reason="Left")

    assert FactorReset.objects.get().state == "lapsed"


# --- The wait -----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_nobody_shortens_the_wait_not_even_in_the_database():
    reset = FactorResetFactory()
    rows = FactorReset.objects.filter(pk=reset.pk)
    attempts = [
        {"ripe_at": reset.asked_at + dt.timedelta(hours=25)},
        {"asked_at": reset.asked_at - dt.timedelta(days=3)},
        {"state": "carried_out", "answered_at": timezone.now()},
        {"person": reset.account.owner, "asked_by": reset.person},
    ]

    for changed in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251  # what no action does
            rows.update(**changed)
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251  # rows of a test, not an act
        FactorResetFactory(ripe_at=timezone.now() + dt.timedelta(hours=23))

    reset.refresh_from_db()
    assert reset.is_waiting


@pytest.mark.django_db
def test_a_clock_that_is_wrong_does_not_shorten_it(time_machine):
    reset = FactorResetFactory()
    time_machine.move_to(timezone.now() + dt.timedelta(days=3), tick=False)  # the portal's, not the database's

    with pytest.raises(PolicyViolation, match="Nobody can shorten it"):
        actions.carry_out_reset(reset=reset, by=reset.person)


@pytest.mark.django_db
def test_before_the_wait_is_over_no_code_is_sent(mailoutbox):
    reset = FactorResetFactory(hours=47)
    client = half_way(reset.person)

    page = client.get(reverse("locked_out")).content.decode()
    sent = client.post(reverse("locked_out"), {"send": "1"})
    the_post_goes_out()

    assert "You can sign in without it from" in page
    assert sent.status_code == 409
    assert mailoutbox == []


@pytest.mark.django_db
def test_a_reset_that_nobody_signed_in_with_lapses():
    ripe, old = FactorResetFactory(hours=49), FactorResetFactory(hours=48 + 15 * 24)

    with pytest.raises(PolicyViolation, match="lapsed"):
        actions.carry_out_reset(reset=old, by=old.person)
    minded = actions.mind_resets()

    assert minded == 1
    assert [row.state for row in FactorReset.objects.order_by("pk")] == ["open", "lapsed"]
    assert ripe.person.authenticator_set.exists()
    with pytest.raises(ChangedMeanwhile):
        actions.lapse_reset(reset=ripe, by=SYSTEM)


# --- The sign-in that carries it out ------------------------------------------------------------------------------------
def mailed_code(client, mailoutbox):
    client.post(reverse("locked_out"), {"send": "1"})
    the_post_goes_out()
    return re.search(r"^\s+(\d{8})$", mailoutbox[-1].body, re.MULTILINE)[1]


@pytest.mark.requirement("MF1")
@pytest.mark.requirement("MF12")
def test_after_the_wait_password_and_a_mailed_code_end_the_factor_and_lead_to_a_new_one(fresh_database, mailoutbox):
    reset = committed(lambda: FactorResetFactory(hours=49))
    person = reset.person
    accounts.make_recovery_codes(person=person, by=person)
    elsewhere = Client()
    elsewhere.force_login(person)
    client = half_way(person)
    linked = client.get(reverse("mfa_authenticate")).content.decode()

    code = mailed_code(client, mailoutbox)
    done = client.post(reverse("locked_out"), {"code": code})
    inside = client.get(reverse("account_home", args=[reset.account.slug]))
    the_post_goes_out()

    assert reverse("locked_out") in linked
    assert done.headers["Location"] == reverse("mfa_add_webauthn")
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200
    assert not person.authenticator_set.exists()
    assert not RecoveryCode.objects.filter(person=person).exists()
    assert elsewhere.get(reverse("dashboard")).status_code == 302
    assert Session.objects.filter(person=person).count() == 1
    assert inside.status_code == 403  # nothing works before a new one is set up
    assert "second factor" in inside.content.decode()
    assert ("factor_reset.carried_out", "done") in events_of(reset.account)
    ended = [mail.to for mail in mailoutbox if "Your second factor and your recovery codes ended" in mail.body]
    assert ended == [[person.email]]


@pytest.mark.django_db
@pytest.mark.requirement("MF3")
def test_a_wrong_late_or_foreign_code_ends_nothing(mailoutbox, time_machine):
    reset = FactorResetFactory(hours=49)
    client, other = half_way(reset.person), half_way(reset.person)
    code = mailed_code(client, mailoutbox)

    answers = [
        client.post(reverse("locked_out"), {"code": "00000000"}).status_code,
        other.post(reverse("locked_out"), {"code": code}).status_code,  # a code is for the browser that asked
        Client().post(reverse("locked_out"), {"code": code}).status_code,
    ]
    time_machine.move_to(timezone.now() + dt.timedelta(minutes=16), tick=False)
    answers.append(client.post(reverse("locked_out"), {"code": code}).status_code)

    assert answers == [422, 422, 302, 302]  # the last one: the sign-in itself has run out
    assert reset.person.authenticator_set.exists()
    assert FactorReset.objects.get().is_open


@pytest.mark.django_db
@pytest.mark.requirement("MF3")
def test_mailed_codes_are_counted_with_all_other_codes(mailoutbox):
    reset = FactorResetFactory(hours=49)
    client = half_way(reset.person)
    code = mailed_code(client, mailoutbox)

    for _try in range(5):
        client.post(reverse("locked_out"), {"code": "00000000"})
    throttled = client.post(reverse("locked_out"), {"code": code}).status_code
    cache.clear()

    assert throttled == 422
    assert client.post(reverse("locked_out"), {"code": code}).status_code == 302


@pytest.mark.requirement("AZ10")
@pytest.mark.django_db
@pytest.mark.parametrize("meanwhile", ["policy", "asker", "demoted", "promoted"])
def test_it_is_checked_again_at_that_moment(meanwhile):
    account = BusinessAccountFactory(policy_and_seat=asks_everyone)
    anna = with_factor(MembershipFactory(holding="administrator", account=account))
    reset = FactorResetFactory(account=account, asked_by=anna.person, hours=49)
    member = reset.person.memberships.get()
    roles = type(anna.role).objects
    match meanwhile:
        case "policy":
            SecurityPolicy.objects.filter(account=account).update(second_factor="nobody")
        case "asker":
            actions.suspend(membership=anna, by=account.owner)
        case "demoted":
            actions.change_role(membership=anna, role=roles.built_in("editor"), by=account.owner)
        case "promoted":
            actions.change_role(membership=member, role=roles.built_in("administrator"), by=account.owner)

    with pytest.raises(PolicyViolation):
        actions.carry_out_reset(reset=reset, by=type(reset.person).objects.get(pk=reset.person_id))

    assert reset.person.authenticator_set.exists()


def test_a_refusal_and_the_sign_in_at_once_come_to_one_end(fresh_database):
    reset = committed(lambda: FactorResetFactory(hours=49))

    outcomes = at_once(
        lambda: actions.refuse_reset(reset=reset, by=reset.person),
        lambda: actions.carry_out_reset(reset=reset, by=reset.person),
        lambda: actions.carry_out_reset(reset=reset, by=reset.person),
    )

    assert sum(isinstance(outcome, ChangedMeanwhile) for outcome in outcomes) == 2
    state = FactorReset.objects.get().state
    assert reset.person.authenticator_set.exists() is (state == "refused")
    assert [name for name, _result in events_of(reset.account)] == [f"factor_reset.{state}"]


def test_the_trigger_waits_with_the_lesser_role_too(fresh_database):
    reset = committed(lambda: waited(FactorResetFactory(), dt.timedelta(hours=47)))

    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE teams_factorreset SET state = 'carried_out', answered_at = now() WHERE id = %s", [reset.pk]
        )
