"""A policy that takes access away is planned: it counts from its very moment, by the check itself (rules 1, 2, 12)."""

import datetime as dt
import re
from types import SimpleNamespace

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, OutgoingMail, Person, SecurityPolicy
from audit.models import Event
from teams import actions
from teams.dry_run import DryRun
from teams.models import Membership, Role
from tests.factories import POLICY_FORM, TOTP_SECRET, BusinessAccountFactory, MembershipFactory, owner_of, with_plan
from tests.post import the_post_goes_out
from tests.showing import shows_factor
from tests.together import at_once, committed

DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
NOW = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def at(time_machine):
    """Move the clock."""
    time_machine.move_to(NOW, tick=False)
    return lambda moment: time_machine.move_to(moment, tick=False)


@pytest.fixture
def house(at):
    """An account with its owner, who has a second factor; with Anna, who has one too, and with Eddie, who has none."""
    account = BusinessAccountFactory(name="Northwind")
    anna = MembershipFactory(account=account, holding="administrator", person__name="Anna")
    eddie = MembershipFactory(account=account, person__name="Eddie")
    for person in (account.owner, anna.person):
        TOTP.activate(person, TOTP_SECRET)
    return SimpleNamespace(account=account, olga=account.owner, anna=anna, eddie=eddie)


def may(member, code="view_account"):
    """Ask the check as the next request would: by a person and an account that remember nothing."""
    return Person.objects.get(pk=member.person_id).has_perm(code, BusinessAccount.objects.get(pk=member.account_id))


def plan(house, by=None, **given):
    given = {"second_factor": "everyone", "starts_at": NOW + 9 * DAY, **given}
    return actions.plan_policy(account=house.account, by=by or house.olga, **given)


def names(account):
    return list(Event.objects.of(account).order_by("number").values_list("name", "result"))


# --- It counts from its moment on ------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.rule(1)
def test_a_plan_counts_from_its_very_second_with_no_job_in_between(house, at):
    plan(house)
    said = []

    for moment in (NOW + 9 * DAY - SECOND, NOW + 9 * DAY, NOW + 9 * DAY + SECOND):
        at(moment)
        policy = SecurityPolicy.objects.get(account=house.account)
        rows = Membership.objects.filter(account=house.account)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            Person(pk=house.eddie.person_id).has_perm("view_account", house.account)
        assert len([query for query in asked if "PREPARE" not in query["sql"]]) <= 2
        counts = rows.state_counts(policy)
        said.append((may(house.eddie), may(house.anna), policy.second_factor, counts["active"], counts["blocked"]))
        assert rows.with_power(policy).count() == counts["active"]

    assert said == [(True, True, "nobody", 3, 0), (False, True, "everyone", 2, 1), (False, True, "everyone", 2, 1)]
    assert names(house.account) == [("policy.planned", "done")]


@pytest.mark.django_db
@pytest.mark.rule(4)
def test_who_is_shut_out_by_a_plan_sees_since_when_and_the_way_back(house, at, client):
    plan(house, second_factor_kinds="passkey")
    at(NOW + 10 * DAY)
    client.force_login(house.eddie.person)

    shown = client.get(reverse("account_home", args=[house.account.slug]))

    assert shown.status_code == 403
    assert reverse("mfa_add_webauthn") in shown.content.decode()
    assert "11 Nov 2026, 12:00" in shown.content.decode()


@pytest.mark.django_db
@pytest.mark.rule(12)
def test_a_job_writes_down_once_what_counts_already(house, at):
    plan(house)
    at(NOW + 9 * DAY + SECOND)

    minded = [actions.mind_plans(), actions.mind_plans()]

    policy = SecurityPolicy.objects.get(account=house.account)
    assert minded == [1, 0]
    assert (policy.second_factor, policy.planned, policy.planned_from) == ("everyone", {}, None)
    assert policy.second_factor_since == NOW + 9 * DAY
    assert names(house.account) == [("policy.planned", "done"), ("policy.started", "done")]
    assert not may(house.eddie)


@pytest.mark.django_db
def test_a_change_at_once_waits_until_a_plan_that_counts_is_written_down_and_the_page_does_that(house, at, client):
    plan(house)
    at(NOW + 9 * DAY + SECOND)
    client.force_login(house.olga)
    shows_factor(client, house.olga)

    with pytest.raises(ChangedMeanwhile):
        actions.change_policy(account=house.account, by=house.olga, invitation_days=3)
    answer = client.post(
        reverse("security_policy", args=[house.account.slug]),
        {**POLICY_FORM, "second_factor": "everyone", "invitation_days": 3},
    )

    assert answer.status_code == 302
    policy = SecurityPolicy.objects.get(account=house.account)
    assert (policy.second_factor, policy.invitation_days) == ("everyone", 3)
    assert [name for name, _result in names(house.account)][-2:] == ["policy.started", "account.policy_changed"]


# --- Who may, and when -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.rule(2)
def test_an_administrator_plans_for_lesser_members_and_not_against_others_who_manage_the_team(house):
    bert = MembershipFactory(account=house.account, holding="administrator", person__name="Bert")

    with pytest.raises(MissingPermission, match="Bert"):
        plan(house, by=house.anna.person)
    TOTP.activate(bert.person, TOTP_SECRET)
    plan(house, by=house.anna.person)

    assert SecurityPolicy.objects.get(account=house.account).planned == {"second_factor": "everyone"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"starts_at": NOW + DAY - SECOND}, "a day ahead"),
        ({"starts_at": NOW - DAY}, "a day ahead"),
        ({"starts_at": NOW + 400 * DAY}, "more than a year"),
        ({"second_factor": "nobody"}, "Nothing would change"),
    ],
)
def test_a_plan_needs_a_good_time_and_something_to_change(house, given, words):
    with pytest.raises(PolicyViolation, match=words):
        plan(house, **given)


@pytest.mark.django_db
def test_nobody_plans_beyond_their_own_end(house):
    Membership.objects.filter(pk=house.anna.pk).update(ends_at=NOW + 5 * DAY)

    with pytest.raises(PolicyViolation, match="Your own access ends"):
        plan(house, by=house.anna.person)


@pytest.mark.rule(12)
def test_of_two_administrators_who_plan_at_once_one_does(fresh_database):
    account = committed(BusinessAccountFactory)
    pair = [committed(lambda: MembershipFactory(account=account, holding="administrator")) for _one in range(2)]
    for member in pair:
        TOTP.activate(member.person, TOTP_SECRET)
    TOTP.activate(account.owner, TOTP_SECRET)
    start = timezone.now() + 3 * DAY

    outcomes = at_once(
        *(
            lambda member=member: actions.plan_policy(
                account=account, by=member.person, starts_at=start, second_factor="everyone"
            )
            for member in pair
        )
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["PolicyViolation", "SecurityPolicy"]
    assert names(account) == [("policy.planned", "done")]


LOSES = {
    "suspended": lambda house: actions.suspend(membership=house.anna, by=house.olga),
    "offboarded": lambda house: actions.offboard(membership=house.anna, by=house.olga, reason="Left"),
    "gone": lambda house: actions.leave(membership=house.anna, by=house.anna.person),
    "made an editor": lambda house: actions.change_role(
        membership=house.anna, role=Role.objects.built_in("editor"), by=house.olga
    ),
    "to end before": lambda house: actions.set_end(membership=house.anna, ends_at=NOW + 8 * DAY, by=house.olga),
}


@pytest.mark.django_db
@pytest.mark.rule(1)
@pytest.mark.rule(13)
@pytest.mark.parametrize("how", LOSES)
def test_a_plan_whose_planner_has_lost_the_right_never_counts_even_if_no_job_runs(house, at, how):
    plan(house, by=house.anna.person)
    LOSES[how](house)

    at(NOW + 9 * DAY + SECOND)
    counted = not may(house.eddie)
    actions.mind_plans()

    assert not counted
    assert names(house.account)[-1] == ("policy.plan_lapsed", "done")
    assert SecurityPolicy.objects.get(account=house.account).planned == {}


@pytest.mark.django_db
@pytest.mark.rule(3)
def test_a_new_owner_is_not_bound_by_what_the_former_one_had_planned(house, at):
    plan(house)
    offer = actions.offer_ownership(account=house.account, membership=house.anna, by=house.olga)
    actions.accept_ownership(offer=offer, by=house.anna.person)

    at(NOW + 9 * DAY + SECOND)

    assert may(house.eddie)


@pytest.mark.django_db
def test_a_planner_who_is_switched_off_keeps_no_plan(house):
    plan(house, by=house.anna.person)
    Person.objects.filter(pk=house.anna.person_id).update(is_active=False)

    actions.mind_plans()

    assert names(house.account)[-1] == ("policy.plan_lapsed", "done")


@pytest.mark.django_db
def test_a_plan_that_stands_is_left_in_peace(house):
    plan(house, by=house.anna.person)
    actions.change_role(membership=house.eddie, role=Role.objects.built_in("analyst"), by=house.olga)

    assert actions.mind_plans() == 0
    assert SecurityPolicy.objects.get(account=house.account).has_plan_ahead


@pytest.mark.django_db
def test_a_plan_is_withdrawn_until_it_counts(house, at):
    plan(house)
    actions.withdraw_plan(account=house.account, by=house.anna.person, reason="Too early")
    plan(house)
    at(NOW + 9 * DAY)

    with pytest.raises(ChangedMeanwhile):
        actions.withdraw_plan(account=house.account, by=house.olga)

    assert [name for name, result in names(house.account) if result == "done"] == [
        "policy.planned", "policy.plan_withdrawn", "policy.planned",
    ]  # fmt: skip


# --- Who is told -----------------------------------------------------------------------------------------------------
def told(kind=("policy_planned", "policy_reminder")):
    return sorted(OutgoingMail.objects.filter(kind__in=kind).values_list("address", flat=True))


@pytest.mark.django_db
def test_who_would_lose_access_is_told_at_once_a_week_and_a_day_before(house, at, mailoutbox):
    eddie = house.eddie.person.email
    plan(house, reason="A password leaked")
    numbers = []

    for moment in (NOW, NOW + 2 * DAY - SECOND, NOW + 2 * DAY, NOW + 3 * DAY, NOW + 8 * DAY, NOW + 9 * DAY - SECOND):
        at(moment)
        actions.mind_plans()
        numbers.append(len(told()))

    assert numbers == [1, 1, 2, 2, 3, 3]
    assert set(told()) == {eddie}


@pytest.mark.django_db
def test_the_letter_says_what_to_do_and_is_not_written_to_who_has_done_it(house, at, mailoutbox):
    plan(house, reason="A password leaked")
    the_post_goes_out()
    first = [mail for mail in mailoutbox if "needs something" in mail.subject]
    actions.remind_of_plan(account=house.account, by=house.anna.person)
    TOTP.activate(house.eddie.person, TOTP_SECRET)
    the_post_goes_out()

    assert [mail.to for mail in first] == [[house.eddie.person.email]]
    assert reverse("mfa_index") in first[0].body
    assert "A password leaked" in first[0].body
    assert [mail for mail in mailoutbox if "needs something" in mail.subject] == first


@pytest.mark.django_db
def test_a_reminder_goes_to_a_person_once_a_day(house, at):
    frida = MembershipFactory(account=house.account)
    plan(house)
    actions.remind_of_plan(account=house.account, by=house.anna.person, members=[house.eddie])

    actions.remind_of_plan(account=house.account, by=house.anna.person)
    with pytest.raises(PolicyViolation):
        actions.remind_of_plan(account=house.account, by=house.olga)
    at(NOW + DAY + SECOND)
    actions.remind_of_plan(account=house.account, by=house.olga)

    both = sorted([house.eddie.person.email, frida.person.email])
    assert told(["policy_reminder"]) == sorted(both + both)


# --- The pages -------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_dry_run_says_how_many_whence_and_what_nobody_could_do(house):
    for number in range(3):
        MembershipFactory(account=house.account, kind="agency", organisation="Bright", person__name=f"Agent {number}")
    MembershipFactory(account=house.account, kind="contractor")
    MembershipFactory(account=house.account, ends_at=NOW + 2 * DAY)  # gone before
    MembershipFactory(account=house.account, holding="auditor", person__name="Ruth")
    account = BusinessAccount.objects.select_related("policy", "owner").get(pk=house.account.pk)

    run = DryRun(account, account.policy.under({"second_factor": "everyone"}), NOW + 9 * DAY)

    assert run.words == "From 11 November 2026 6 people lose access, 3 of them agency, 1 of them a contractor."


@pytest.mark.requirement("AZ10")
@pytest.mark.django_db
def test_a_change_that_shuts_people_out_is_shown_first_then_planned_then_listed_and_withdrawn(house, client):
    here = reverse("security_policy", args=[house.account.slug])
    client.force_login(house.olga)
    shows_factor(client, house.olga)
    wanted = {**POLICY_FORM, "second_factor": "everyone"}

    asked = client.post(here, wanted)
    sure = re.search(r'name="sure" value="([^"]+)"', asked.content.decode())[1]
    at_once = client.post(here, {**wanted, "sure": sure})
    another = client.post(here, {**wanted, "confirmation": "before", "sure": sure, "starts_at_span": "7"})
    too_soon = client.post(
        here, {**wanted, "sure": sure, "starts_at_span": "until", "starts_at_until": "2026-11-03T08:00"}
    )
    planned = client.post(here, {**wanted, "sure": sure, "starts_at_span": "7", "reason": "A leak"})
    listed = client.get(reverse("policy_plan", args=[house.account.slug])).content.decode()
    shown = client.get(here).content.decode()

    statuses = [answer.status_code for answer in (asked, at_once, another, too_soon, planned)]
    assert statuses == [409, 409, 409, 422, 302]
    assert "1 person would lose access." in asked.content.decode()
    assert house.eddie.person.email in listed
    assert "no second factor that counts" in listed
    assert "From 9 November 2026 1 person loses access." in shown
    client.post(reverse("withdraw_plan", args=[house.account.slug]), {"reason": "Not yet"})
    assert SecurityPolicy.objects.get(account=house.account).planned == {}
    assert client.get(reverse("policy_plan", args=[house.account.slug])).status_code == 404


@pytest.mark.django_db
@pytest.mark.rule(4)
def test_one_click_reminds_one_of_the_list_and_nobody_of_another_account(house, client):
    plan(house)
    elsewhere = with_plan(MembershipFactory().account)
    foreign = Membership.objects.filter(account=elsewhere).first()
    client.force_login(house.anna.person)
    here = reverse("remind_of_plan", args=[house.account.slug])

    answers = [
        client.post(here, {"membership": pk}) for pk in (foreign.pk, "x", 10**17, house.eddie.pk, house.eddie.pk)
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 302, 302]
    assert told(["policy_reminder"]) == [house.eddie.person.email]
    assert names(house.account)[-2:] == [("policy.reminded", "done"), ("policy.reminded", "refused")]
    assert Client().post(here).status_code == 302


@pytest.mark.django_db
def test_the_owner_can_be_the_one_who_would_be_shut_out(house, client):
    account = with_plan(BusinessAccountFactory())
    client.force_login(account.owner)

    listed = client.get(reverse("policy_plan", args=[account.slug])).content.decode()

    assert owner_of(account).person.email in listed
    assert "among them the last who can" in listed
    assert "manage the team" in listed.partition("Until then nobody can:")[2]
