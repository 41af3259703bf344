"""What hangs on one person, now and once somebody is gone."""

import datetime as dt

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils import timezone

from teams.coverage import done_by_one, left_to_one
from tests.factories import POLICY_FORM, AssetFactory, BusinessAccountFactory, MembershipFactory, grant

pytestmark = pytest.mark.django_db


def told(rows):
    return {(str(row.person), row.place): {act.code for act in row.acts} for row in rows}


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind")


def test_what_two_can_do_now_and_only_one_could_do_then(account):
    fiona = MembershipFactory(account=account, holding="finance")
    MembershipFactory(account=account, holding="administrator")

    assert told(left_to_one(account, without=fiona)) == {(str(account.owner), ""): {"manage_billing"}}


def test_what_three_can_do_hangs_on_nobody(account):
    members = [MembershipFactory(account=account, holding="auditor") for _number in range(2)]

    assert told(left_to_one(account, without=members[0])) == {}


def test_who_is_suspended_counts_for_nobody(account):
    anna = MembershipFactory(account=account, holding="administrator", suspended=True)
    fiona = MembershipFactory(account=account, holding="finance")

    assert left_to_one(account, without=anna) == []
    assert told(left_to_one(account, without=fiona)) == {(str(account.owner), ""): {"manage_billing"}}


def test_a_grant_on_one_asset_is_told_with_its_place(account):
    milo, nina = (MembershipFactory(account=account, holding="member") for _number in range(2))
    europe = AssetFactory(account=account, name="Europe")
    grant(milo, europe, "run_ads")
    MembershipFactory(account=account, holding="administrator")
    grant(nina, europe, "run_ads")

    assert left_to_one(account, without=milo) == []  # the owner, the administrator and Nina still can
    assert ("Europe" in {row.place for row in done_by_one(account)}) is False


def test_what_hangs_on_one_person_stands_on_the_overview(client, account):
    MembershipFactory(account=account, holding="editor")
    client.force_login(account.owner)

    shown = client.get(reverse("account_home", args=[account.slug]))

    assert "Hangs on one person" in shown.content.decode()
    (row,) = shown.context["alone"]
    assert row.person == account.owner
    codes = {act.code for act in row.acts}
    assert {"manage_team", "manage_billing", "run_ads"} <= codes
    assert {"view_account", "own_account", "draft_content"}.isdisjoint(codes)


@pytest.mark.parametrize(
    ("page", "words"), [("suspend_member", "Then only one person is left for"), ("change_role", "Then only")]
)
def test_a_change_says_what_it_would_leave_to_one_person(client, account, page, words):
    fiona = MembershipFactory(account=account, holding="finance")
    client.force_login(account.owner)

    shown = client.get(reverse(page, args=[account.slug, fiona.pk])).content.decode()

    assert words in shown
    assert "manage billing" in shown[shown.index(words) :]


# --- Before it is confirmed -------------------------------------------------------------------------------------------
def test_a_policy_says_who_loses_access_and_what_nobody_could_do_then(client, account):
    MembershipFactory(account=account, holding="editor", kind="agency", organisation="Brightside")
    secured = MembershipFactory(account=account, holding="analyst").person
    Authenticator.objects.create(user=secured, type=Authenticator.Type.TOTP, data={})
    client.force_login(account.owner)
    policy = reverse("security_policy", args=[account.slug])
    form = POLICY_FORM | {"second_factor": "everyone", "starts_at_span": "7"}

    asked = client.post(policy, form)
    shown = asked.content.decode()
    saved = client.post(policy, {**form, "sure": asked.context["asked"]})

    assert (asked.status_code, saved.status_code) == (409, 302)
    assert "2 people lose access" in shown
    assert "1 of them agency" in shown
    assert "manage the team" in shown.partition("Until then nobody can:")[2]
    assert str(secured) in shown.partition("Until then only one person is left for:")[2]
    assert "from everyone" in shown


def test_a_policy_says_who_gets_access_by_it(client):
    account = BusinessAccountFactory(policy_and_seat={"confirmation": "before"})
    waiting = MembershipFactory(account=account, unconfirmed=True)
    client.force_login(account.owner)

    form = POLICY_FORM | {"confirmation": "never"}
    asked = client.post(reverse("security_policy", args=[account.slug]), form)

    assert asked.status_code == 409
    assert "1 person gets access by this" in asked.content.decode()
    assert waiting.person.email in asked.content.decode()


def test_the_policy_page_counts_whose_access_is_longer_than_it_would_give_now(client):
    account = BusinessAccountFactory(policy_and_seat={"outside_days": 30})
    MembershipFactory(account=account, kind="contractor")
    MembershipFactory(account=account, kind="contractor", ends_at=timezone.now() + dt.timedelta(days=20))
    MembershipFactory(account=account)
    client.force_login(account.owner)

    shown = client.get(reverse("security_policy", args=[account.slug]))

    assert shown.context["too_long"] == 1


def test_an_account_that_nobody_administers_beside_its_owner_says_so(client, account):
    editor = MembershipFactory(account=account, holding="editor")
    AssetFactory(account=account)
    client.force_login(account.owner)
    home = reverse("account_home", args=[account.slug])

    alone = client.get(home).content.decode()
    MembershipFactory(account=account, holding="administrator")

    assert "Nobody administers this account beside the owner" in alone
    assert "Nobody administers this account beside the owner" not in client.get(home).content.decode()
    assert "What rests:" in client.get(reverse("suspend_member", args=[account.slug, editor.pk])).content.decode()
