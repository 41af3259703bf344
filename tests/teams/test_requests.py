"""Access requests: why can't I, asking, deciding (rules 2, 4, 5, 12)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from audit.models import Event
from teams import actions
from teams.models import AccessRequest, AssetGrant, Membership, Role
from teams.tasks import note_lapses
from tests.factories import (
    AccessRequestFactory,
    AssetFactory,
    BusinessAccountFactory,
    MembershipFactory,
    PersonFactory,
    grant,
)
from tests.post import the_post_goes_out
from tests.together import at_once, committed

db = pytest.mark.django_db


def in_days(days):
    return timezone.now() + dt.timedelta(days=days)


def role(code):
    return Role.objects.built_in(code)


def page(name, account, *args):
    return reverse(name, args=[account.slug, *args])


def wish_on(asset, member, codes=("run_ads", "draft_content"), **given):
    return actions.ask_for_access(
        membership=member, by=member.person, asset=asset, codes=codes, reason="Summer campaign", **given
    )


@pytest.fixture
def milo():
    """A member who holds nothing on assets, in an account with one administrator beside the owner."""
    account = BusinessAccountFactory(name="Northwind")
    MembershipFactory(account=account, holding="administrator", person=PersonFactory(name="Anna Kowalska"))
    return MembershipFactory(account=account, holding="member", person=PersonFactory(name="Milo Petrov"))


@pytest.fixture
def anna(milo):
    return Membership.objects.get(account=milo.account, person__name="Anna Kowalska").person


@pytest.fixture
def europe(milo):
    return AssetFactory(account=milo.account, name="Europe")


# --- Asking -----------------------------------------------------------------------------------------------------------
@db
def test_a_wish_changes_nothing_and_reaches_whoever_manages_the_team(milo, anna, europe, mailoutbox):
    wish = wish_on(europe, milo, ends_at=in_days(30))
    the_post_goes_out()

    assert not milo.person.has_perm("run_ads", europe)
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted([anna.email, milo.account.owner.email])
    assert all("Summer campaign" in mail.body and "Europe" in mail.body for mail in mailoutbox)
    event = Event.objects.about(milo).get(name="request.made")
    assert (event.parts["after"]["request"], event.parts["reason"]) == (wish.pk, "Summer campaign")


@db
@pytest.mark.rule(3)
def test_what_makes_no_sense_to_ask_for_is_refused_in_words(milo, europe):
    foreign, editor = AssetFactory(), MembershipFactory(account=milo.account)
    ask = actions.ask_for_access
    mine = {"membership": milo, "by": milo.person, "reason": "x"}

    for given in (
        {"role": role("owner")},
        {"role": role("member")},
        {"asset": europe, "codes": []},
        {"asset": europe, "codes": ["manage_team"]},
        {"asset": europe, "codes": ["run_ads"], "ends_at": in_days(-1)},
    ):
        with pytest.raises(PolicyViolation):
            ask(**mine, **given)
    for given in (
        {"asset": foreign, "codes": ["run_ads"]},
        {"role": Role.objects.create(account=foreign.account, code="x", name="X", held=["view_account"])},
        {},
    ):
        with pytest.raises(ChangedMeanwhile):
            ask(**mine, **given)
    with pytest.raises(PolicyViolation):
        ask(membership=editor, by=editor.person, reason="x", asset=europe, codes=["draft_content"])  # by role already
    with pytest.raises(PolicyViolation):
        ask(membership=editor, by=milo.person, reason="x", role=role("administrator"))
    assert not AccessRequest.objects.exists()


@db
@pytest.mark.rule(1)
def test_who_is_suspended_asks_for_nothing(milo, europe):
    actions.suspend(membership=milo, by=milo.account.owner)

    with pytest.raises(MissingPermission):
        wish_on(europe, milo)


@db
def test_one_wish_of_a_kind_waits_at_a_time_and_ten_in_all(milo, europe):
    first = wish_on(europe, milo)
    with pytest.raises(PolicyViolation, match="asked for this kind"):
        wish_on(europe, milo, codes=["view_analytics"])
    for _number in range(9):
        wish_on(AssetFactory(account=milo.account), milo)
    with pytest.raises(PolicyViolation, match="Many of your requests"):
        actions.ask_for_access(membership=milo, by=milo.person, reason="x", role=role("editor"))

    actions.withdraw_request(request=first, by=milo.person)
    wish_on(europe, milo, codes=["view_analytics"])


@db
def test_a_lapsed_wish_is_in_nobodys_way(milo, europe):
    wish_on(europe, milo)

    with time_machine.travel(in_days(15)):
        again = wish_on(europe, milo)

    assert list(AccessRequest.objects.unanswered()) == [again]


# --- Deciding ---------------------------------------------------------------------------------------------------------
@db
@pytest.mark.rule(12)
def test_approving_gives_exactly_that_with_one_event_and_a_mail(milo, anna, europe, mailoutbox):
    wish = wish_on(europe, milo, ends_at=in_days(30))

    actions.approve_request(
        request=wish, by=anna, codes=["run_ads", "draft_content"], ends_at=wish.ends_at, answer="Good luck"
    )
    the_post_goes_out()

    assert {(row.permission.codename, row.ends_at) for row in AssetGrant.objects.all()} == {
        ("run_ads", wish.ends_at),
        ("draft_content", wish.ends_at),
    }
    event = Event.objects.about(milo).get(name="request.approved")
    assert event.parts["after"]["grants"] == ["draft_content", "run_ads"]
    assert event.parts["before"]["grants"] == []
    told = [mail for mail in mailoutbox if mail.to == [milo.person.email]]
    assert ["approved" in mail.subject for mail in told] == [True]
    assert "Good luck" in told[0].body


@db
@pytest.mark.rule(2)
def test_less_and_shorter_can_be_given_but_never_more_or_longer(milo, anna, europe):
    wish = wish_on(europe, milo, ends_at=in_days(30))
    for given in (
        {"codes": ["run_ads", "view_analytics"], "ends_at": in_days(3)},
        {"codes": [], "ends_at": in_days(3)},
    ):
        with pytest.raises(PolicyViolation):
            actions.approve_request(request=wish, by=anna, **given)

    actions.approve_request(request=wish, by=anna, codes=["run_ads"], ends_at=in_days(3))

    assert [row.permission.codename for row in AssetGrant.objects.all()] == ["run_ads"]


@db
@pytest.mark.rule(2)
@pytest.mark.parametrize("longer", [None, 31])
def test_a_later_end_than_asked_for_counts_as_the_one_that_was_asked_for(milo, anna, europe, longer):
    wish = wish_on(europe, milo, ends_at=in_days(30))

    actions.approve_request(request=wish, by=anna, codes=["run_ads"], ends_at=longer and in_days(longer))

    assert AssetGrant.objects.get().ends_at == wish.ends_at


@db
def test_what_is_granted_already_stays_beside_what_is_given(milo, anna, europe):
    grant(milo, europe, "view_analytics")
    wish = wish_on(europe, milo, codes=["run_ads"], ends_at=in_days(30))

    actions.approve_request(request=wish, by=anna, codes=["run_ads"], ends_at=in_days(30))

    assert {row.permission.codename: row.ends_at is None for row in AssetGrant.objects.all()} == {
        "view_analytics": True,
        "run_ads": False,
    }


@db
def test_a_smaller_role_can_be_given_but_none_that_holds_anything_else(milo, anna):
    wish = actions.ask_for_access(membership=milo, by=milo.person, role=role("editor"), reason="Content plan")
    for code in ("administrator", "moderator", "finance", "owner"):
        with pytest.raises(PolicyViolation):
            actions.approve_request(request=wish, by=anna, role=role(code))

    actions.approve_request(request=wish, by=anna, role=role("analyst"))

    milo.refresh_from_db()
    assert milo.role.code == "analyst"
    assert AccessRequest.objects.get().given["role"]["code"] == "analyst"


@db
@pytest.mark.rule(2)
@pytest.mark.requirement("AZ6")
def test_nobody_approves_a_power_they_lack_and_nobody_decides_their_own(milo, anna):
    wish = actions.ask_for_access(membership=milo, by=milo.person, role=role("finance"), reason="Invoices")
    own = actions.ask_for_access(
        membership=Membership.objects.get(person=anna), by=anna, role=role("finance"), reason="Invoices"
    )

    with pytest.raises(MissingPermission) as refusal:
        actions.approve_request(request=wish, by=anna)
    for decide in (
        lambda: actions.approve_request(request=own, by=anna),
        lambda: actions.refuse_request(request=own, by=anna, answer="x"),
    ):
        with pytest.raises((PolicyViolation, MissingPermission)):
            decide()
    with pytest.raises(MissingPermission):
        actions.refuse_request(request=wish, by=milo.person, answer="x")
    with pytest.raises(PolicyViolation):
        actions.withdraw_request(request=wish, by=anna)

    assert refusal.value.code == "manage_billing"
    assert AccessRequest.objects.open().count() == 2


@db
@pytest.mark.rule(5)
def test_approving_another_administrator_needs_room_and_the_power_over_them():
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 1})
    MembershipFactory(account=account, holding="administrator")
    wish = AccessRequestFactory(account=account)

    with pytest.raises(PolicyViolation, match="administrator"):
        actions.approve_request(request=wish, by=account.owner)


@db
@pytest.mark.requirement("AZ10")
def test_what_is_decided_withdrawn_or_lapsed_is_not_decided_again(milo, anna, europe):
    wishes = [AccessRequestFactory(account=milo.account, state=state) for state in ("approved", "refused", "withdrawn")]
    wishes.append(AccessRequestFactory(account=milo.account, lapses_at=in_days(-1)))

    for wish in wishes:
        with pytest.raises(ChangedMeanwhile):
            actions.approve_request(request=wish, by=milo.account.owner)
        with pytest.raises(ChangedMeanwhile):
            actions.refuse_request(request=wish, by=anna, answer="x")


@db
def test_after_14_days_it_lapses_by_itself_and_who_asked_is_told_once(milo, europe, mailoutbox):
    wish_on(europe, milo)
    the_post_goes_out()
    mailoutbox.clear()

    with time_machine.travel(in_days(14.01)):
        note_lapses()
        note_lapses()
        the_post_goes_out()

    event = Event.objects.about(milo).get(name="request.lapsed")
    assert event.actor_kind == "system"
    assert [mail.to for mail in mailoutbox] == [[milo.person.email]]


@db
@pytest.mark.rule(13)
@pytest.mark.parametrize("ends", ["offboard", "leave"])
def test_a_leavers_wishes_end_and_their_mails_are_not_sent(milo, europe, ends, mailoutbox):
    wish_on(europe, milo)
    if ends == "offboard":
        receipt = actions.offboard(membership=milo, by=milo.account.owner, reason="Left").receipts.get()
        assert receipt.is_complete
        assert receipt.statement["ended"]["others"]["Open access requests"] == ["Europe"]
    else:
        actions.leave(membership=milo, by=milo.person)
    the_post_goes_out()

    assert AccessRequest.objects.get().state == "withdrawn"
    assert not [mail for mail in mailoutbox if "asks for more" in mail.subject]


@pytest.mark.requirement("AZ10")
def test_two_who_decide_at_once_decide_once(fresh_database):
    wish = committed(AccessRequestFactory)
    owner = wish.account.owner

    answers = at_once(
        lambda: actions.approve_request(request=wish, by=owner),
        lambda: actions.refuse_request(request=wish, by=owner, answer="Not now"),
        lambda: actions.withdraw_request(request=wish, by=wish.person),
    )

    assert sum(isinstance(answer, AccessRequest) for answer in answers) == 1
    assert sum(isinstance(answer, ChangedMeanwhile) for answer in answers) == 2
    assert Event.objects.about(wish.membership).count() == 1


# --- Pages ------------------------------------------------------------------------------------------------------------
@db
@pytest.mark.rule(4)
def test_a_refusal_leads_to_the_page_that_says_why_and_takes_the_request(milo, client):
    client.force_login(milo.person)
    refused = client.get(page("team", milo.account)).content.decode()
    ask = page("ask_for_access", milo.account) + "?permission=manage_team"

    shown = client.get(ask).content.decode()
    response = client.post(ask, {"role": "administrator", "reason": "Cover for Anna"}, follow=True)

    assert ask in refused
    assert "Not in the role Member, and not granted." in shown
    assert "Anna Kowalska" in shown
    assert "Your request is on its way." in response.content.decode()
    assert AccessRequest.objects.get().role.code == "administrator"


@db
def test_each_power_that_is_missing_can_be_asked_for_where_it_is_shown(milo, europe, client):
    client.force_login(milo.person)

    home = client.get(page("account_home", milo.account)).content.decode()
    asset = client.get(page("asset", milo.account, europe.pk)).content.decode()

    on_europe = f"{page('ask_for_access', milo.account)}?permission=run_ads&amp;asset={europe.pk}"
    assert on_europe in home
    assert on_europe in asset
    assert "permission=own_account" not in home


@db
def test_asking_on_an_asset_keeps_what_was_typed_and_refuses_what_is_not_there(milo, europe, client):
    foreign = AssetFactory()
    client.force_login(milo.person)
    ask = page("ask_for_access", milo.account) + "?permission=run_ads"
    form = {"asset": europe.pk, "codes": ["run_ads"], "reason": "Campaign", "ends_at_span": "30"}

    for wrong in (
        {"asset": foreign.pk}, {"asset": "x"}, {"asset": "9" * 40}, {"codes": ["manage_team"]}, {"codes": []},
        {"reason": ""}, {"reason": "x" * 501}, {"reason": "\0"}, {"ends_at_span": "until"},
    ):  # fmt: skip
        response = client.post(ask, {**form, **wrong})
        assert response.status_code == 422, wrong
    assert "Campaign" in client.post(ask, {**form, "codes": []}).content.decode()
    for query in ("?permission=nonsense", "?asset=x", f"?permission=run_ads&asset={foreign.pk}", "?asset=" + "9" * 30):
        assert client.get(page("ask_for_access", milo.account) + query).status_code == 200
    assert foreign.name not in client.get(ask + f"&asset={foreign.pk}").content.decode()
    client.post(ask, form)
    assert AccessRequest.objects.get().codes == ["run_ads"]


@db
@pytest.mark.rule(4)
def test_a_wish_is_seen_by_who_asked_and_by_who_manages_the_team_and_by_nobody_else(milo, anna, europe, client):
    wish = wish_on(europe, milo)
    eddie = MembershipFactory(account=milo.account).person
    here, listed = page("access_request", milo.account, wish.pk), page("access_requests", milo.account)

    for person, status, seen in ((milo.person, 200, True), (anna, 200, True), (eddie, 404, False)):
        client.force_login(person)
        assert client.get(here).status_code == status
        assert ("Summer campaign" in client.get(listed).content.decode()) is seen
    client.force_login(eddie)
    assert client.post(here, {"decision": "withdraw"}).status_code == 404


@db
def test_an_administrator_decides_on_the_page_and_what_is_wrong_stays_there(milo, anna, europe, client):
    wish = wish_on(europe, milo, ends_at=in_days(30))
    client.force_login(anna)
    here = page("access_request", milo.account, wish.pk)

    assert "Milo Petrov asks for more" in client.get(page("account_home", milo.account)).content.decode()
    assert "1 request for access" in client.get(reverse("dashboard")).content.decode()
    for wrong in (
        {"decision": "refuse", "answer": ""},
        {"decision": "approve", "codes": ["view_analytics"], "ends_at_span": "7"},
        {"decision": "eat"},
        {},
    ):
        assert client.post(here, wrong).status_code == 422, wrong
    client.post(here, {"decision": "approve", "codes": ["run_ads"], "ends_at_span": "7", "answer": "A week first"})

    wish.refresh_from_db()
    assert (wish.state, wish.answer) == ("approved", "A week first")
    assert "A week first" in client.get(here).content.decode()


@db
def test_who_asked_can_withdraw_and_has_no_way_to_decide(milo, europe, client):
    wish = wish_on(europe, milo)
    client.force_login(milo.person)
    here = page("access_request", milo.account, wish.pk)

    assert 'value="approve"' not in client.get(here).content.decode()
    assert client.post(here, {"decision": "approve", "codes": ["run_ads"]}).status_code == 403
    assert client.post(here, {"decision": "withdraw"}).status_code == 302
    assert client.post(here, {"decision": "withdraw"}).status_code == 409


@db
def test_the_list_pages_searches_and_says_when_there_is_nothing(milo, client):
    account = milo.account
    client.force_login(account.owner)
    assert "Nobody asks for more" in client.get(page("access_requests", account)).content.decode()
    for number in range(30):
        AccessRequestFactory(
            account=account, membership=MembershipFactory(account=account, person__name=f"Editor {number:02}")
        )

    first = client.get(page("access_requests", account))
    found = client.get(page("access_requests", account) + "?q=editor+07")
    refused = client.get(page("access_requests", account) + "?state=refused")

    assert len(first.context["page_obj"]) == 25
    assert [str(row.person) for row in found.context["page_obj"]] == ["Editor 07"]
    assert "No request fits" in refused.content.decode()


@db
def test_the_owner_has_nobody_to_ask(milo, client):
    client.force_login(milo.account.owner)

    shown = client.get(page("ask_for_access", milo.account) + "?permission=run_ads").content.decode()

    assert "There is nobody to ask" in shown
    assert client.post(page("ask_for_access", milo.account), {"role": "editor", "reason": "x"}).status_code == 422
