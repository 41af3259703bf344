"""What the team's pages offer, to whom, and what they answer when it has changed meanwhile (rules 2, 4, 5, 11, 12)."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from accounts.models import RecoveryCode, SecurityPolicy
from audit.models import Event
from invitations.actions import accept, invite
from teams import actions
from teams.models import AssetGrant, Membership, Role
from tests.factories import (
    POLICY_FORM,
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    grant,
    owner_of,
)

pytestmark = pytest.mark.django_db
ACTS = ["confirm_role", "change_role", "suspend_member", "restore_member", "offboard_member"]


def url(name, account, *things):
    return reverse(name, args=[account.slug, *(thing.pk for thing in things)])


def page(client, address):
    return client.get(address).content.decode()


def choice(text, role):
    """The card of one role on the page that changes it: what is written on it, and whether it can be chosen."""
    card = re.search(rf'<label class="option"[^>]*>\s*<input[^>]*value="{role}"[^>]*>.*?</label>', text, re.DOTALL)[0]
    return card, " disabled" not in card.split(">", 2)[1]


@pytest.mark.rule(2)
def test_a_role_with_a_power_that_the_reader_lacks_is_shown_and_closed_with_the_reason(client):
    anna = MembershipFactory(holding="administrator")
    eddie = MembershipFactory(account=anna.account)
    client.force_login(anna.person)

    shown = page(client, url("change_role", anna.account, eddie))

    finance, may_give_finance = choice(shown, "finance")
    owner, may_give_owner = choice(shown, "owner")
    analyst, may_give_analyst = choice(shown, "analyst")
    assert (may_give_finance, may_give_owner, may_give_analyst) == (False, False, True)
    assert "You can’t give “manage billing”" in finance
    assert "Ownership moves by a transfer only" in owner
    assert "Takes away:</b> draft content, schedule and publish content" in analyst
    assert not choice(shown, "editor")[1]  # it is the present one


@pytest.mark.rule(5)
def test_a_full_bench_of_administrators_closes_that_choice_and_the_act(client):
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 1})
    MembershipFactory(account=account, holding="administrator")
    eddie = MembershipFactory(account=account)
    client.force_login(account.owner)
    change = url("change_role", account, eddie)

    card, may_choose = choice(page(client, change), "administrator")
    refused = client.post(change, {"role": "administrator"})

    assert not may_choose
    assert "This account may have 1 administrator" in card
    assert refused.status_code == 422
    assert "This account may have 1 administrator" in refused.content.decode()
    assert Membership.objects.get(pk=eddie.pk).role.code == "editor"


@pytest.mark.rule(12)
def test_choosing_the_role_that_is_held_changes_nothing_and_says_so(client):
    eddie = MembershipFactory()
    client.force_login(eddie.account.owner)

    response = client.post(url("change_role", eddie.account, eddie), {"role": "editor"}, follow=True)

    assert "is Editor already." in response.content.decode()
    assert not Event.objects.about(eddie).exists()


@pytest.mark.requirement("AZ3")
@pytest.mark.parametrize("body", [{}, {"role": ""}, {"role": "x\x00"}, {"role": "1"}, {"role": "sommelier"}])
def test_a_role_that_is_not_of_this_account_cannot_be_given(client, body):
    eddie = MembershipFactory()
    Role.objects.create(account=BusinessAccountFactory(), code="sommelier", name="Sommelier", held=["view_account"])
    client.force_login(eddie.account.owner)

    assert client.post(url("change_role", eddie.account, eddie), body).status_code == 422
    assert Membership.objects.get(pk=eddie.pk).role.code == "editor"


@pytest.mark.parametrize(("reason", "status"), [("Left for Lumen", 302), ("x" * 501, 422), ("a\x00b", 422)])
def test_a_reason_stands_in_the_log_or_is_refused(client, reason, status):
    eddie = MembershipFactory()
    client.force_login(eddie.account.owner)

    response = client.post(url("suspend_member", eddie.account, eddie), {"reason": reason})

    assert response.status_code == status
    assert [event.parts["reason"] for event in Event.objects.about(eddie)] == ([reason] if status == 302 else [])


@pytest.mark.rule(12)
@pytest.mark.parametrize("act", ACTS)
def test_who_acts_on_a_member_that_ended_meanwhile_is_told_and_nothing_changes(client, act):
    eddie = MembershipFactory()
    client.force_login(eddie.account.owner)
    actions.leave(membership=eddie, by=eddie.person)

    looked = client.get(url(act, eddie.account, eddie), follow=True)
    acted = client.post(url(act, eddie.account, eddie), {"role": "analyst", "reason": "Left"})

    assert "This membership has ended. Nothing can be changed about it." in looked.content.decode()
    assert acted.status_code == 409
    assert "has changed since you opened the page" in acted.content.decode()
    results = Event.objects.about(eddie).values_list("result", flat=True)
    assert list(results) == ["done", "refused"]


def test_an_ended_membership_shows_its_history_and_nothing_else(client):
    eddie = MembershipFactory()
    AssetFactory(account=eddie.account)
    client.force_login(eddie.account.owner)
    actions.offboard(membership=eddie, by=eddie.account.owner, reason="End of contract")

    shown = page(client, url("member", eddie.account, eddie))

    assert "This membership has ended" in shown
    assert "End of contract" in shown
    assert "What this person may do" not in shown
    assert "Grants on single assets" not in shown
    assert "Last role" in shown
    for live in ("Second factor", "Last active"):
        assert live not in shown
    for act in ACTS:
        assert url(act, eddie.account, eddie) not in shown


def test_the_history_of_a_member_tells_by_whose_invitation_and_as_what(client):
    account = BusinessAccountFactory()
    given = {"account": account, "address": "eddie@example.com", "by": account.owner}
    invitation = invite(role=Role.objects.built_in("editor"), **given)
    InvitationFactory(account=account, address="another@example.com")
    eddie = accept(invitation=invitation, by=PersonFactory(email="eddie@example.com", name="Eddie"))
    client.force_login(account.owner)

    shown = page(client, url("member", account, eddie))

    assert f"{account.owner} invited eddie@example.com as Editor" in shown
    assert "Eddie accepted the invitation as Editor" in shown
    assert "another@example.com" not in shown


def test_the_history_of_the_owner_tells_who_opened_the_account(client):
    olga = PersonFactory(name="Olga")
    account = actions.open_account(name="Northwind", kind="business", by=olga)
    client.force_login(olga)

    assert "Olga opened the account Northwind" in page(client, url("member", account, owner_of(account)))


@pytest.mark.rule(2)
def test_a_member_page_shows_powers_with_reasons_and_the_acts_that_the_reader_has(client):
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator")
    other = MembershipFactory(account=account, holding="administrator")
    mina = MembershipFactory(account=account, holding="moderator")
    grant(mina, AssetFactory(account=account, name="Northwind US"), "run_ads")
    client.force_login(anna.person)

    theirs, others, own = (page(client, url("member", account, member)) for member in (mina, other, anna))

    assert "By the role Moderator." in theirs
    assert "By a grant on Northwind US." in theirs
    assert url("suspend_member", account, mina) in theirs
    assert "Only the owner can do this." in others
    assert url("suspend_member", account, other) not in others
    assert "Nobody changes their own role or access." in own
    assert url("offboard_member", account, anna) not in own


@pytest.mark.rule(2)
@pytest.mark.rule(11)
def test_an_administrator_does_not_confirm_a_role_with_a_power_she_lacks(client):
    anna = MembershipFactory(holding="administrator")
    ruth = MembershipFactory(account=anna.account, holding="finance", unconfirmed=True)
    ivan = MembershipFactory(account=anna.account, unconfirmed=True)
    client.force_login(anna.person)

    team = page(client, url("team", anna.account))
    shown = page(client, url("confirm_role", anna.account, ruth))
    refused = client.post(url("confirm_role", anna.account, ruth))

    waiting = team[: team.index('id="results"')]
    assert url("confirm_role", anna.account, ivan) in waiting
    assert url("confirm_role", anna.account, ruth) not in waiting
    assert "You can’t give “manage billing”" in shown
    assert "Yes, confirm" not in shown
    assert refused.status_code == 403
    assert Membership.objects.get(pk=ruth.pk).confirmed_at is None


@pytest.mark.rule(2)
def test_an_administrator_does_not_restore_a_power_she_lacks(client):
    anna = MembershipFactory(holding="administrator")
    ruth = MembershipFactory(account=anna.account, holding="finance", suspended=True)
    client.force_login(anna.person)

    shown = page(client, url("restore_member", anna.account, ruth))
    refused = client.post(url("restore_member", anna.account, ruth))

    assert "You can’t give “manage billing”" in shown
    assert refused.status_code == 403
    assert Membership.objects.get(pk=ruth.pk).state == "suspended"


def test_what_ends_is_said_before_it_ends(client):
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account)
    for asset in AssetFactory.create_batch(2, account=account):
        grant(eddie, asset, "run_ads")
    client.force_login(account.owner)

    shown = page(client, url("offboard_member", account, eddie))
    client.post(url("offboard_member", account, eddie), {"reason": "Left"})

    assert "The role Editor ends, and all that it gives." in shown
    assert shown.count("The grant on Profile") == 2
    assert "The password stops working" in shown
    assert not AssetGrant.objects.exists()


@pytest.mark.rule(11)
@pytest.mark.parametrize("holding", ["editor", "administrator"])
def test_who_waits_for_a_confirmation_sees_who_can_give_it_and_nothing_else(client, holding):
    account = BusinessAccountFactory(policy_and_seat={"confirmation": SecurityPolicy.Confirmation.BEFORE})
    anna = MembershipFactory(account=account, holding="administrator")
    ivan = MembershipFactory(account=account, holding=holding, unconfirmed=True)
    client.force_login(ivan.person)

    for name in ("account_home", "roles", "assets", "account_settings"):
        shown = client.get(url(name, account))

        assert shown.status_code == 403
        assert "Almost there" in shown.content.decode()
        assert account.owner.email in shown.content.decode()
        assert (anna.person.email in shown.content.decode()) == (holding == "editor")
        assert url("roles", account) not in shown.content.decode()

    client.force_login(account.owner)
    client.post(url("confirm_role", account, ivan))
    client.force_login(ivan.person)
    assert client.get(url("roles", account)).status_code == 200


@pytest.mark.rule(1)
def test_who_lacks_the_second_factor_is_led_to_it_and_let_in_with_it(client):
    eddie = MembershipFactory(account__policy_and_seat={"second_factor": SecurityPolicy.SecondFactor.EVERYONE})
    client.force_login(eddie.person)

    outside = client.get(url("roles", eddie.account))
    RecoveryCode.objects.create(person=eddie.person, digest=RecoveryCode.digest_of("abcd"))
    with_codes_only = client.get(url("roles", eddie.account))
    Authenticator.objects.create(user=eddie.person, type="totp", data={})

    assert (outside.status_code, with_codes_only.status_code) == (403, 403)
    assert reverse("mfa_index") in outside.content.decode()
    assert client.get(url("roles", eddie.account)).status_code == 200


def test_who_would_lose_access_by_a_policy_is_named_the_reader_too(client):
    account = BusinessAccountFactory()
    waiting = MembershipFactory(account=account, unconfirmed=True)
    safe = MembershipFactory(account=account)
    Authenticator.objects.create(user=safe.person, type="totp", data={})
    client.force_login(account.owner)
    page_of_policy = url("security_policy", account)
    wanted = POLICY_FORM | {"second_factor": "everyone", "confirmation": "before", "starts_at_span": "7"}

    asked = client.post(page_of_policy, wanted).content.decode()
    notice = asked[asked.index("lose access until") : asked.index("Plan it")]

    assert waiting.person.email in notice
    assert account.owner.email in notice
    assert safe.person.email not in notice
    assert "You are one of them." in notice
    assert not Event.objects.of(account).named("account.policy_changed").exists()


@pytest.mark.parametrize("wrong", [{"most_administrators": 0}, {"most_administrators": "x"}, {"invitation_days": 31},
                                   {"second_factor": "all"}, {"confirmation": ""}])  # fmt: skip
def test_a_policy_that_makes_no_sense_is_refused(client, wrong):
    account = BusinessAccountFactory()
    client.force_login(account.owner)

    assert client.post(url("security_policy", account), POLICY_FORM | wrong).status_code == 422
    assert not Event.objects.of(account).exists()


@pytest.mark.rule(4)
@pytest.mark.parametrize("holding", ["editor", "auditor", "member"])
def test_everybody_reads_the_table_of_roles_and_only_managers_get_to_the_people(client, holding):
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account, holding=holding)
    MembershipFactory(account=account, holding="moderator", ended=True)
    MembershipFactory(holding="moderator")
    client.force_login(eddie.person)

    shown = page(client, url("roles", account))
    client.force_login(account.owner)
    managing = page(client, url("roles", account))

    moderators = re.search(r"Moderator</b>.*?(\d+) people", managing, re.DOTALL)
    assert moderators[1] == "0"
    assert shown.count("sensitive") >= 3
    assert f"{url('team', account)}?role=" not in shown
    assert f"{url('team', account)}?role=moderator" in managing


def test_one_member_page_costs_the_same_for_few_and_for_many_grants(client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    account = BusinessAccountFactory()
    eddie, asset = MembershipFactory(account=account), AssetFactory(account=account)
    grant(eddie, asset, "run_ads")
    client.force_login(account.owner)
    client.get(url("member", account, eddie))

    with CaptureQueriesContext(connection) as few:
        client.get(url("member", account, eddie))
    for more in AssetFactory.create_batch(30, account=account):
        grant(eddie, more, "run_ads", "reply_comments")
    with CaptureQueriesContext(connection) as many:
        shown = client.get(url("member", account, eddie)).content.decode()

    assert len(many) == len(few)
    assert "1–25 of 31" in shown


@pytest.mark.rule(3)
def test_no_menu_and_no_act_is_offered_over_the_owner(client):
    anna = MembershipFactory(holding="administrator")
    olga = owner_of(anna.account)
    client.force_login(anna.person)

    team = page(client, url("team", anna.account))

    for act in ACTS:
        assert url(act, anna.account, olga) not in team
        assert url(act, anna.account, anna) not in team
