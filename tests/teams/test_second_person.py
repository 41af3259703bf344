"""What waits for a second person: asked, approved, cancelled, done once, expired; and nobody gets around it (AZ11)."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actions import change_billing, change_plan, keep_log
from accounts.errors import ChangedMeanwhile, Frozen, MissingPermission, PolicyViolation
from accounts.models import Billing, BusinessAccount, OutgoingMail, Person, SecurityPolicy
from accounts.second_person import NeedsSecondPerson
from accounts.sensitive import SensitiveAct
from audit.models import Event
from audit.recording import SYSTEM, record_refusal
from invitations import actions as invitations
from invitations.actions.working import work_through
from invitations.fates import fingerprint, foresee
from invitations.models import ImportRow, Invitation
from notices.models import Notice
from oversight import actions as oversight
from teams import actions
from teams.engagements import engagement_of, key_of
from teams.models import EndedEngagement, Membership, OwnershipOffer, PendingAct, Receipt, Role, SecondPerson
from teams.packing import packed
from teams.seconding import approvers_of
from tests.factories import (
    AccessRequestFactory,
    AssetFactory,
    BusinessAccountFactory,
    EndedEngagementFactory,
    ImportFactory,
    InvitationFactory,
    MembershipFactory,
    PendingActFactory,
    ReceiptFactory,
    RoleFactory,
    older,
)
from tests.post import the_post_goes_out
from tests.showing import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AZ11")]
HOUR, DAY, MINUTE = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(minutes=1)


def built_in(code: str) -> Role:
    return Role.objects.built_in(code)


def asks(account: BusinessAccount, act: str, way: str = "approve", hours: int = 24) -> BusinessAccount:
    SecondPerson.objects.update_or_create(account=account, act=act, defaults={"way": way, "hours": hours})
    return account


def administrator(account: BusinessAccount, **given: Any) -> Person:
    return MembershipFactory(account=account, holding="administrator", **given).person


def held_back(act: Any, **given: Any) -> PendingAct:
    """Try an act, which is held back; what the door does with that makes it one that waits."""
    with pytest.raises(NeedsSecondPerson) as refusal:
        act(**given)
    record_refusal(refusal.value)
    return PendingAct.objects.latest("pk")


def approved(pending: PendingAct, by: Person) -> tuple[bool, str]:
    return actions.carry_out(actions.approve_act(pending=pending, by=by))


def state(pending: PendingAct) -> str:
    return PendingAct.objects.get(pk=pending.pk).state


def names(account: BusinessAccount) -> list[str]:
    return list(Event.objects.of(account).order_by("number").values_list("name", flat=True))


def mailed(kind: str) -> set[str]:
    return set(OutgoingMail.objects.filter(kind=kind).values_list("address", flat=True))


def url(name: str, account: BusinessAccount, *things: Any) -> str:
    return reverse(name, args=[account.slug, *(thing.pk for thing in things)])


# --- Every kind, on every path ----------------------------------------------------------------------------------------
def _list_of(account):
    listing = ImportFactory(account=account, rows=[["boss@example.com", "Administrator"]])
    listing.rows.update(role=built_in("administrator"))
    seen = fingerprint(foresee(listing, account, by=account.owner))
    invitations.start_import(listing=listing, seen=seen, by=account.owner)
    work_through(import_id=listing.pk)


def _raised(account, code, days=1):
    member = MembershipFactory(account=account)
    member.raise_to(built_in(code), timezone.now() + days * DAY)
    member.save()
    return member


def _role_held(account):
    role = RoleFactory(account=account)
    MembershipFactory(account=account, role=role)
    return role


def _engaged(account):
    MembershipFactory(account=account, kind="agency", organisation="Brightside")
    key = key_of("Brightside")
    return {"account": account, "key": key, "seen": engagement_of(account, key).fingerprint(), "reason": "Over"}


def _ended(account):
    act = EndedEngagementFactory(account=account)
    act.members.update(lasting_role=built_in("administrator"))
    return {"engagement": act, "members": list(act.members.all())}


def _done_receipt(account):
    return ReceiptFactory(
        account=account, membership=MembershipFactory(account=account, holding="administrator", ended=True)
    )


# The kind; the action; its arguments in an account of Olga’s; and what is there once it is done.
ADMINISTRATORS = lambda a: Membership.objects.active().filter(account=a).administering().count() - 2  # noqa: E731  # Olga, Bert
KINDS = [
    ("billing", change_billing, lambda a: {"account": a, "name": "Fiona"}, lambda a: Billing.of(a).name == "Fiona"),
    ("billing", change_plan, lambda a: {"account": a, "plan": "team"}, lambda a: Billing.of(a).plan_code == "team"),
    ("policy", keep_log, lambda a: {"account": a, "years": 3}, lambda a: a.log_kept_years == 3),
    ("policy", actions.change_policy, lambda a: {"account": a, "outside_days": 9},
     lambda a: a.policy.outside_days == 9),
    ("administrator", actions.change_role,
     lambda a: {"membership": MembershipFactory(account=a), "role": built_in("administrator")}, ADMINISTRATORS),
    ("policy", actions.plan_policy,
     lambda a: {"account": a, "starts_at": timezone.now() + 3 * DAY, "second_factor": "everyone"},
     lambda a: a.policy.planned == {"second_factor": "everyone"}),
    ("administrator", actions.raise_role,
     lambda a: {"membership": MembershipFactory(account=a), "role": built_in("administrator"),
                "until": timezone.now() + 3 * DAY}, ADMINISTRATORS),
    ("administrator", actions.set_role_end,
     lambda a: {"membership": _raised(a, "administrator"), "until": timezone.now() + 3 * DAY},
     lambda a: Membership.objects.filter(account=a, raised_until__gt=timezone.now() + 2 * DAY).exists()),
    ("administrator", actions.approve_request,
     lambda a: {"request": AccessRequestFactory(account=a), "ends_at": timezone.now() + 3 * DAY}, ADMINISTRATORS),
    ("administrator", actions.confirm_role,
     lambda a: {"membership": MembershipFactory(account=a, holding="administrator", unconfirmed=True)},
     lambda a: not Membership.objects.filter(account=a, confirmed_at=None).exists()),
    ("administrator", actions.restore,
     lambda a: {"membership": MembershipFactory(account=a, holding="administrator", suspended=True)}, ADMINISTRATORS),
    ("administrator", actions.bring_back, lambda a: {"receipt": _done_receipt(a)}, ADMINISTRATORS),
    ("administrator", actions.bring_engagement_back, _ended, ADMINISTRATORS),
    ("administrator", actions.approve_request, lambda a: {"request": AccessRequestFactory(account=a)}, ADMINISTRATORS),
    ("administrator", actions.edit_role,
     lambda a: {"role": _role_held(a), "name": "Deputies", "codes": ["manage_team"]}, ADMINISTRATORS),
    ("administrator", actions.retire_role,
     lambda a: {"role": _role_held(a), "move_to": built_in("administrator")}, ADMINISTRATORS),
    ("administrator", invitations.invite,
     lambda a: {"account": a, "address": "new@example.com", "role": built_in("administrator"),
                "grants": {AssetFactory(account=a): frozenset({"run_ads"})}, "message": "Hello"},
     lambda a: Invitation.objects.open().filter(account=a, role__code="administrator").exists()),
    ("administrator", invitations.change_offer,
     lambda a: {"invitation": InvitationFactory(account=a), "role": built_in("administrator"), "grants": {},
                "terms": Membership().terms},
     lambda a: Invitation.objects.open().filter(account=a, role__code="administrator").exists()),
    ("administrator", invitations.correct_address,
     lambda a: {"invitation": InvitationFactory(account=a, holding="administrator"), "address": "b@example.com"},
     lambda a: Invitation.objects.open().filter(account=a, address="b@example.com").exists()),
    ("offboarding", actions.offboard,
     lambda a: {"membership": MembershipFactory(account=a), "reason": "Left", "in_bulk": True},
     lambda a: Receipt.objects.filter(account=a).exists()),
    ("offboarding", actions.end_engagement, _engaged, lambda a: EndedEngagement.objects.filter(account=a).exists()),
]  # fmt: skip
OF_KIND = pytest.mark.parametrize(
    ("kind", "act", "given", "is_done"),
    KINDS,
    ids=[f"{kind}-{act.__name__}-{number}" for number, (kind, act, _g, _d) in enumerate(KINDS)],
)


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind")


def second_in(account: BusinessAccount, kind: str) -> Person:
    """Somebody else who holds what an act of a kind asks for."""
    if kind == "billing":
        administrator(account)
        return MembershipFactory(account=account, holding="finance").person
    return administrator(account)


@pytest.mark.requirement("AZ10")
@OF_KIND
def test_nothing_of_the_kind_is_done_before_somebody_else_approves_and_then_once(account, kind, act, given, is_done):
    asks(account, kind)
    bert = second_in(account, kind)
    given = given(account)
    before = names(account)

    pending = held_back(act, **given, by=account.owner)

    assert not is_done(BusinessAccount.objects.get(pk=account.pk))
    assert (pending.act, pending.does, pending.state, pending.way) == (kind, act.__name__, "waiting", "approve")
    assert pending.says
    assert names(account) == [*before, "second_person.asked"]
    assert approved(pending, bert) == (True, "")
    assert is_done(BusinessAccount.objects.get(pk=account.pk))
    assert names(account) == [*before, "second_person.asked", "second_person.approved", act.act.name]
    assert Event.objects.of(account).latest("number").actor_id == account.owner_id
    assert state(pending) == "done"
    assert actions.carry_out(PendingAct.objects.get(pk=pending.pk))[0] is False  # a replay does nothing
    assert names(account)[len(before) :] == ["second_person.asked", "second_person.approved", act.act.name]


@OF_KIND
def test_switched_off_nothing_waits(account, kind, act, given, is_done):
    administrator(account)
    act(**given(account), by=account.owner)

    assert is_done(BusinessAccount.objects.get(pk=account.pk))
    assert not PendingAct.objects.exists()


@OF_KIND
def test_others_are_only_told_where_the_account_asks_for_that(account, kind, act, given, is_done):
    asks(account, kind, "notify")
    bert = second_in(account, kind)

    act(**given(account), by=account.owner)

    assert is_done(BusinessAccount.objects.get(pk=account.pk))
    pending = PendingAct.objects.get()
    assert (pending.state, pending.way) == ("done", "notify")
    assert bert.email in mailed("pending_act")
    assert account.owner.email not in mailed("pending_act")


@pytest.mark.parametrize("act", ["offer_ownership", "close_account"])
def test_what_only_the_owner_may_do_waits_for_its_time_since_nobody_else_could_approve_it(account, act):
    anna = administrator(account)
    asks(asks(account, "ownership"), "closing")
    given = {"account": account} if act == "close_account" else {
        "account": account, "membership": MembershipFactory(account=account),
    }  # fmt: skip

    pending = held_back(getattr(actions, act), **given, by=account.owner)

    assert (pending.way, pending.ripe_at - pending.asked_at) == ("delay", DAY)
    assert mailed("pending_act") == {anna.email, account.owner.email}
    with pytest.raises(MissingPermission):
        actions.approve_act(pending=pending, by=anna)
    older(pending, DAY + MINUTE)
    assert actions.mind_pending_acts() == 1
    account.refresh_from_db()
    assert bool(account.closed_at) if act == "close_account" else OwnershipOffer.objects.open().exists()


def test_an_administrator_on_a_list_waits_and_the_list_says_so(account):
    asks(account, "administrator")
    bert = administrator(account)

    _list_of(account)

    pending = PendingAct.objects.get()
    assert not Invitation.objects.exists()
    assert ImportRow.objects.get().problem == "Somebody else has to approve this."
    assert approved(pending, bert)[0]
    assert Invitation.objects.get().address == "boss@example.com"


# --- Over the pages ---------------------------------------------------------------------------------------------------
def test_over_the_pages_asked_by_one_approved_by_another(account):
    asks(account, "administrator")
    bert, eddie = administrator(account), MembershipFactory(account=account)

    asked = signed_in(account.owner).post(url("change_role", account, eddie), {"role": "administrator"}, follow=True)
    pending = PendingAct.objects.get()
    page = signed_in(bert).get(url("pending_act", account, pending)).content.decode()
    home = signed_in(bert).get(url("account_home", account)).content.decode()
    done = signed_in(bert).post(url("pending_act", account, pending), {"decision": "approve"}, follow=True)

    assert "This waits for somebody else to approve it" in asked.content.decode()
    assert f"{eddie.person}: Editor → Administrator" in page
    assert "Approve" in page
    assert url("pending_act", account, pending) in home
    assert "It is done." in done.content.decode()
    assert Membership.objects.get(pk=eddie.pk).role.code == "administrator"


def test_a_selection_waits_member_by_member(account):
    asks(account, "administrator")
    bert, members = administrator(account), MembershipFactory.create_batch(2, account=account)
    client = signed_in(account.owner)
    form = {"member": [row.pk for row in members], "role": "administrator"}
    shown = client.post(url("change_role_of_many", account), form)

    client.post(url("change_role_of_many", account), {**form, "sure": shown.context["asked"]})

    assert PendingAct.objects.waiting().count() == 2
    assert all(approved(pending, bert)[0] for pending in PendingAct.objects.waiting())


def test_inviting_an_administrator_by_the_page_waits_and_editors_beside_go_out(account):
    asks(account, "administrator")
    administrator(account)

    response = signed_in(account.owner).post(
        url("invite", account), {"addresses": "boss@example.com", "role": "administrator"}, follow=True
    )

    assert "This waits for somebody else to approve it" in response.content.decode()
    assert PendingAct.objects.get().says == ["boss@example.com is invited as Administrator"]
    assert not Invitation.objects.exists()


def test_offboarding_a_list_waits_and_a_single_person_does_not(account):
    asks(account, "offboarding")
    bert = administrator(account)
    eddie, oscar = MembershipFactory.create_batch(2, account=account)
    client = signed_in(account.owner)
    form = {"addresses": eddie.person.email, "reason": "Left"}
    shown = client.post(url("offboard_many", account), form)

    client.post(url("offboard_many", account), {**form, "sure": shown.context["asked"]})
    client.post(url("offboard_member", account, oscar), {"reason": "Left"})

    states = dict(Membership.objects.filter(pk__in=[eddie.pk, oscar.pk]).values_list("pk", "state"))
    assert states == {eddie.pk: "active", oscar.pk: "ended"}
    assert approved(PendingAct.objects.get(), bert)[0]
    assert Membership.objects.get(pk=eddie.pk).state == "ended"


def test_an_approved_export_gives_the_asker_the_file_for_a_day_and_once(account):
    asks(account, "export")
    ruth = MembershipFactory(account=account, holding="auditor").person
    client, address = signed_in(account.owner), url("export_activity", account)
    client.post(address, {"result": "done"})
    pending = PendingAct.objects.get()

    other = signed_in(ruth).post(url("pending_act", account, pending), {"decision": "approve"})
    page = client.get(url("pending_act", account, pending)).content.decode()
    narrower = client.post(address, {"result": "refused"})
    file = client.post(address, {"result": "done"})
    again = client.post(address, {"result": "done"})

    assert other.status_code == 302
    assert f"{address}?result=done" in page
    assert narrower.status_code == 302  # another export, which waits anew
    assert file.status_code == 200
    assert b"".join(file.streaming_content).startswith("\ufeffnumber".encode())
    assert again.status_code == 302
    assert state(pending) == "done"


@pytest.mark.parametrize(("hours", "usable"), [(dt.timedelta(hours=23, minutes=59), True), (DAY + MINUTE, False)])
def test_the_file_can_be_taken_for_24_hours(account, hours, usable):
    asks(account, "export")
    ruth = MembershipFactory(account=account, holding="auditor").person
    given = oversight.asked_with(account, {}, "")
    pending = held_back(oversight.export_log, account=account, narrowed={}, by=account.owner)
    actions.approve_act(pending=pending, by=ruth)
    older(pending, hours)

    response = signed_in(account.owner).post(url("export_activity", account), {})
    actions.mind_pending_acts()

    assert (response.status_code == 200) is usable
    assert state(pending) == ("done" if usable else "expired")
    assert given["page"] == ""


# --- Nobody gets around it --------------------------------------------------------------------------------------------
def test_nobody_approves_their_own_act_by_any_membership_or_page(account):
    asks(account, "administrator")
    anna = administrator(account)
    pending = held_back(
        actions.change_role, membership=MembershipFactory(account=account), role=built_in("administrator"), by=anna
    )
    MembershipFactory(account=BusinessAccountFactory(), person=anna, holding="administrator")
    BusinessAccountFactory(owner=anna)

    response = signed_in(anna).post(url("pending_act", account, pending), {"decision": "approve"})

    assert response.status_code == 422
    assert "Nobody approves what they have asked for themselves" in response.content.decode()
    with pytest.raises(PolicyViolation):
        actions.approve_act(pending=pending, by=anna)
    assert state(pending) == "waiting"


def test_the_database_lets_nobody_approve_their_own_nor_shorten_a_wait_nor_bring_an_act_back():
    waiting, delayed = PendingActFactory(), PendingActFactory(way="delay")
    now = timezone.now()
    for pending, changes in (
        (waiting, {"state": "approved", "approved_by": waiting.person, "approved_at": now}),
        (waiting, {"state": "approved", "approved_at": now}),
        (waiting, {"state": "done", "answered_at": now}),
        (waiting, {"person": waiting.account.owner}),
        (waiting, {"arguments": {}}),
        (waiting, {"way": "notify"}),
        (waiting, {"expires_at": now + 30 * DAY}),
        (delayed, {"state": "done", "answered_at": now}),
        (delayed, {"ripe_at": now}),
        (delayed, {"asked_at": now - 2 * DAY}),
        (delayed, {"recorded_at": now - 2 * DAY}),
        (delayed, {"state": "approved", "approved_by": delayed.account.owner, "approved_at": now}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251  # a writer who goes around the acts
            PendingAct.objects.filter(pk=pending.pk).update(**changes)
    PendingAct.objects.filter(pk=waiting.pk).update(state="cancelled", answered_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251  # as above
        PendingAct.objects.filter(pk=waiting.pk).update(state="waiting")


@pytest.mark.parametrize("holding", ["editor", "finance", "auditor", "member"])
def test_who_could_not_do_it_does_not_approve_it(account, holding):
    pending = PendingActFactory(account=account)
    person = MembershipFactory(account=account, holding=holding).person

    with pytest.raises(MissingPermission):
        actions.approve_act(pending=pending, by=person)
    assert signed_in(person).get(url("pending_act", account, pending)).status_code == 404


@pytest.mark.rule(2)
def test_who_approves_holds_all_that_it_gives(account):
    role = RoleFactory(account=account, held=["manage_billing", "manage_team", "view_account"])
    eddie, anna = MembershipFactory(account=account), administrator(account)
    asks(account, "administrator", "approve")
    pending = PendingActFactory(
        account=account, person=account.owner, adds=sorted(role.permissions),
        arguments=packed({"membership": eddie, "role": role, "reason": ""}),
    )  # fmt: skip

    with pytest.raises(MissingPermission):
        actions.approve_act(pending=pending, by=anna)  # an administrator holds no billing


def test_an_approver_who_lost_the_right_since_approves_nothing(account):
    pending, bert = PendingActFactory(account=account), MembershipFactory(account=account, holding="administrator")
    bert.person.has_perm("manage_team", account)  # remembered now
    actions.suspend(membership=bert, by=account.owner)

    with pytest.raises(MissingPermission):
        actions.approve_act(pending=pending, by=bert.person)


@pytest.mark.requirement("AZ9")
@pytest.mark.requirement("SE5")
def test_an_asker_who_lost_the_right_since_has_nothing_done_and_it_says_why(account):
    asks(account, "administrator")
    anna = MembershipFactory(account=account, holding="administrator")
    eddie = MembershipFactory(account=account)
    pending = held_back(actions.change_role, membership=eddie, role=built_in("administrator"), by=anna.person)
    actions.change_role(membership=anna, role=built_in("editor"), by=account.owner)

    done, why = approved(pending, account.owner)

    assert (done, state(pending)) == (False, "failed")
    assert "manage the team" in why
    assert Membership.objects.get(pk=eddie.pk).role.code == "editor"
    assert "pending_act_settled" in set(OutgoingMail.objects.values_list("kind", flat=True))
    page = signed_in(account.owner).get(url("pending_act", account, pending)).content.decode()
    assert "manage the team" in page


def test_what_it_is_about_may_be_gone_or_done_already(account):
    asks(account, "administrator")
    bert = administrator(account)
    eddie, oscar = MembershipFactory.create_batch(2, account=account)
    given = {"role": built_in("administrator"), "by": account.owner}
    gone, done = (held_back(actions.change_role, membership=row, **given) for row in (eddie, oscar))
    actions.offboard(membership=eddie, by=account.owner, reason="Left")
    Membership.objects.filter(pk=oscar.pk).update(lasting_role=built_in("administrator"))

    assert [approved(pending, bert)[0] for pending in (gone, done)] == [False, False]
    assert [state(pending) for pending in (gone, done)] == ["failed", "failed"]


def test_an_approval_of_one_thing_is_none_of_another(account):
    asks(account, "administrator")
    bert = administrator(account)
    eddie, oscar = MembershipFactory.create_batch(2, account=account)
    there = MembershipFactory(account=asks(BusinessAccountFactory(owner=account.owner), "administrator"))
    given = {"role": built_in("administrator"), "by": account.owner}
    pending = held_back(actions.change_role, membership=eddie, **given)
    actions.approve_act(pending=pending, by=bert)

    for other in ({"membership": oscar}, {"membership": there}, {"membership": eddie, "by": bert}):
        with pytest.raises((ChangedMeanwhile, MissingPermission)):
            actions.change_role(**{**given, **other}, approval=pending)
    assert state(pending) == "approved"


@pytest.mark.rule(4)
def test_what_waits_in_another_account_does_not_exist(account):
    foreign = PendingActFactory()
    client = signed_in(account.owner)

    assert client.get(url("pending_act", account, foreign)).status_code == 404
    assert client.post(url("pending_act", account, foreign), {"decision": "approve"}).status_code == 404
    assert foreign.person.email not in client.get(url("approvals", account)).content.decode()


def test_who_wants_to_act_does_not_switch_the_setting_off(account):
    asks(account, "administrator")
    bert, anna = administrator(account), administrator(account)
    rules = {"administrator": ["off", 24]}

    pending = held_back(actions.change_second_person, account=account, rules=rules, by=anna)
    with pytest.raises(PolicyViolation):
        actions.approve_act(pending=pending, by=anna)

    assert SecondPerson.objects.get().way == "approve"
    assert approved(pending, bert)[0]
    assert SecondPerson.objects.get().way == "off"


@pytest.mark.parametrize(
    ("was", "to", "waits"),
    [("off", "notify", ""), ("off", "delay", "delay"), ("delay", "off", "delay"), ("notify", "approve", "approve")],
)
def test_a_change_of_the_rules_obeys_the_stricter_of_old_and_new(account, was, to, waits):
    asks(account, "export", was)
    administrator(account)
    given = {"account": account, "rules": {"export": [to, 24]}, "by": account.owner}
    if not waits:
        actions.change_second_person(**given)
        assert SecondPerson.objects.get().way == to
        return

    pending = held_back(actions.change_second_person, **given)

    assert (pending.way, SecondPerson.objects.get().way) == (waits, was)


def test_only_the_owner_changes_what_is_asked_before_the_owners_own_acts(account):
    anna = administrator(account)

    for act in ("ownership", "closing"):
        with pytest.raises(MissingPermission):
            actions.change_second_person(account=account, rules={act: ["delay", 1]}, by=anna)


def test_a_role_for_a_time_made_lasting_or_longer_waits_and_made_shorter_does_not(account):
    asks(account, "administrator")
    administrator(account)
    member, soon = _raised(account, "administrator", days=3), timezone.now() + HOUR

    held_back(actions.change_role, membership=member, role=built_in("administrator"), by=account.owner)
    held_back(actions.set_role_end, membership=member, until=timezone.now() + 9 * DAY, by=account.owner)
    actions.set_role_end(membership=member, until=soon, by=account.owner)

    member.refresh_from_db()
    assert (member.raised_until, member.lasting_role.code) == (soon, "editor")


def test_another_role_does_not_confirm_an_administrator_past_the_door(account):
    asks(account, "administrator")
    administrator(account)
    deputy = RoleFactory(account=account, held=["manage_team", "view_account"])
    member = MembershipFactory(account=account, holding="administrator", unconfirmed=True)

    held_back(actions.change_role, membership=member, role=deputy, by=account.owner)

    member.refresh_from_db()
    assert member.confirmed_at is None


@pytest.mark.parametrize("how", ["suspended", "offboarded", "another role"])
def test_undoing_brings_no_administrator_back_past_the_door_but_all_else(account, how):
    bert = administrator(account)
    boss, eddie = MembershipFactory(account=account, holding="administrator"), MembershipFactory(account=account)
    match how:
        case "suspended":
            actions.suspend(membership=boss, by=account.owner)
        case "offboarded":
            actions.offboard(membership=boss, by=account.owner, reason="Left")
        case _:
            actions.change_role(membership=boss, role=built_in("editor"), by=account.owner)
    actions.change_role(membership=eddie, role=built_in("analyst"), by=account.owner)
    asks(account, "administrator")
    by = Person.objects.get(pk=account.owner_id)

    outcomes = actions.undo_changes(account=account, person=account.owner, hours=24, by=by)

    assert [bool(row.problem) for row in outcomes] == [False, True]
    assert "takes a second person here" in outcomes[1].problem
    active = Membership.objects.active().filter(account=account).administering()
    assert set(active.values_list("person", flat=True)) == {account.owner_id, bert.pk}
    assert Membership.objects.get(pk=eddie.pk).role.code == "editor"
    assert not PendingAct.objects.exists()


# --- A freeze, and probation ------------------------------------------------------------------------------------------
def test_in_a_freeze_nothing_that_changes_access_is_asked_for_or_approved_and_all_can_be_cancelled(account):
    asks(account, "administrator")
    bert, anna = administrator(account), administrator(account)
    given = {"role": built_in("administrator"), "by": anna}
    eddie, oscar = MembershipFactory.create_batch(2, account=account)
    pending = held_back(actions.change_role, membership=eddie, **given)
    actions.freeze(account=account, by=bert)

    with pytest.raises(Frozen):
        actions.change_role(membership=oscar, **given)
    with pytest.raises(Frozen):
        actions.approve_act(pending=pending, by=bert)

    assert state(pending) == "waiting"
    assert PendingAct.objects.count() == 1
    actions.cancel_act(pending=pending, by=bert)
    assert state(pending) == "cancelled"


def test_what_comes_due_in_a_freeze_is_refused_and_not_done_when_it_is_lifted(account):
    asks(account, "administrator", "delay", hours=2)
    bert, eddie = administrator(account), MembershipFactory(account=account)
    pending = held_back(actions.change_role, membership=eddie, role=built_in("administrator"), by=account.owner)
    actions.freeze(account=account, by=bert)
    older(pending, 2 * HOUR + MINUTE)

    assert actions.mind_pending_acts() == 1
    actions.lift_freeze(account=account, by=account.owner)
    actions.mind_pending_acts()

    pending.refresh_from_db()
    assert (pending.state, "frozen" in pending.why) == ("failed", True)
    assert Membership.objects.get(pk=eddie.pk).role.code == "editor"
    assert account.owner.email in mailed("pending_act_settled")


def test_what_changes_nobodys_access_goes_on_in_a_freeze(account):
    asks(account, "billing")
    fiona, omar = (MembershipFactory(account=account, holding="finance").person for _number in range(2))
    actions.freeze(account=account, by=administrator(account))

    pending = held_back(change_plan, account=account, plan="team", by=fiona)

    assert approved(pending, omar) == (True, "")


def test_the_owner_offboards_several_in_a_freeze_with_a_second_person(account):
    asks(account, "offboarding")
    bert = administrator(account)
    eddie = MembershipFactory(account=account)
    actions.freeze(account=account, by=bert)

    pending = held_back(actions.offboard, membership=eddie, reason="Left", in_bulk=True, by=account.owner)

    assert approved(pending, bert) == (True, "")
    assert Membership.objects.get(pk=eddie.pk).state == "ended"


def test_nobody_on_probation_is_the_second_person_or_changes_who_is_asked(account):
    asks(asks(account, "administrator"), "policy")
    SecurityPolicy.objects.filter(account=account).update(probation_days=9)
    account = BusinessAccount.objects.get(pk=account.pk)
    new, eddie = MembershipFactory(account=account, holding="administrator"), MembershipFactory(account=account)
    Membership.objects.filter(pk=new.pk).update(administers_since=timezone.now() - DAY)
    given = {"account": account, "person": account.owner}
    raising = PendingActFactory(**given, adds=sorted(built_in("administrator").permissions))
    loosening = PendingActFactory(**given, act="policy", does="change_policy", arguments=packed({"account": account}))

    for pending in (raising, loosening):
        with pytest.raises(PolicyViolation, match="You are new"):
            actions.approve_act(pending=pending, by=new.person)
        assert approvers_of(pending) == []
    with pytest.raises(PolicyViolation, match="You are new"):
        actions.change_second_person(account=account, rules={"administrator": ["off", 24]}, by=new.person)
    waiting = held_back(actions.change_role, membership=eddie, role=built_in("administrator"), by=account.owner)
    assert waiting.way == "delay"  # there is nobody yet who could approve it


# --- Time -------------------------------------------------------------------------------------------------------------
def test_where_one_person_administers_an_approval_becomes_a_wait_with_notices(account):
    asks(account, "administrator")
    eddie = MembershipFactory(account=account)

    pending = held_back(actions.change_role, membership=eddie, role=built_in("administrator"), by=account.owner)

    assert (pending.way, pending.ripe_at - pending.asked_at) == ("delay", DAY)
    assert mailed("pending_act") == {account.owner.email}
    older(pending, DAY - MINUTE)
    assert (actions.mind_pending_acts(), state(pending)) == (0, "waiting")
    assert actions.carry_out(pending)[0] is False  # too soon
    older(pending, 2 * MINUTE)
    assert (actions.mind_pending_acts(), state(pending)) == (1, "done")
    assert actions.mind_pending_acts() == 0


def test_the_asker_does_what_is_ripe_by_the_page(account):
    asks(account, "billing", "delay", hours=2)
    pending = held_back(change_plan, account=account, plan="team", by=account.owner)
    client, address = signed_in(account.owner), url("pending_act", account, pending)
    early = client.get(address).content.decode()
    older(pending, 2 * HOUR + MINUTE)

    other = signed_in(administrator(account)).post(address, {"decision": "do"})
    done = client.post(address, {"decision": "do"}, follow=True)

    assert "Do it now" not in early
    assert other.status_code == 422
    assert "It is done." in done.content.decode()
    assert Billing.of(account).plan_code == "team"


@pytest.mark.parametrize("who", ["asker", "approver", "administrator"])
def test_a_delayed_act_is_cancelled_by_who_asked_who_could_approve_and_any_administrator(account, who):
    asks(account, "billing", "delay")
    fiona, omar = (MembershipFactory(account=account, holding="finance").person for _number in range(2))
    people = {"asker": fiona, "approver": omar, "administrator": administrator(account)}
    pending = held_back(change_plan, account=account, plan="team", by=fiona)

    response = signed_in(people[who], ago=3_000).post(
        url("pending_act", account, pending), {"decision": "cancel", "reason": "Not now"}
    )
    older(pending, 2 * DAY)
    actions.mind_pending_acts()

    assert response.status_code == 302
    assert state(pending) == "cancelled"
    assert Billing.of(account).plan_code == "scale"


def test_who_has_no_part_in_it_cancels_nothing(account):
    pending = PendingActFactory(account=account)

    with pytest.raises(MissingPermission):
        actions.cancel_act(pending=pending, by=MembershipFactory(account=account).person)


@pytest.mark.parametrize(("ago", "expired"), [(7 * DAY - MINUTE, False), (7 * DAY + MINUTE, True)])
def test_what_nobody_decides_expires_after_seven_days(account, ago, expired):
    pending, bert = PendingActFactory(account=account), administrator(account)
    older(pending, ago)

    minded = actions.mind_pending_acts()

    assert (minded, state(pending)) == ((1, "expired") if expired else (0, "waiting"))
    if expired:
        assert Event.objects.of(account).latest("number").actor == "AccessPortal"
        with pytest.raises(ChangedMeanwhile):
            actions.approve_act(pending=pending, by=bert)
    else:
        with pytest.raises(ChangedMeanwhile):
            actions.expire_act(pending=pending, by=SYSTEM)


def test_expired_but_not_yet_noted_is_over_all_the_same(account):
    pending, bert = PendingActFactory(account=account), administrator(account)
    older(pending, 8 * DAY)

    assert signed_in(bert).post(url("pending_act", account, pending), {"decision": "approve"}).status_code == 409
    assert "expired" in signed_in(bert).get(url("pending_act", account, pending)).content.decode()


@pytest.mark.rule(13)
def test_what_somebody_asked_for_ends_with_their_access(account):
    asks(account, "administrator")
    anna = MembershipFactory(account=account, holding="administrator")
    pending = held_back(
        actions.change_role, membership=MembershipFactory(account=account), role=built_in("administrator"),
        by=anna.person,
    )  # fmt: skip

    act = actions.offboard(membership=anna, by=account.owner, reason="Left")

    assert state(pending) == "cancelled"
    assert {row["found"] for row in act.receipts.get().statement["checked"]} == {0}


def test_asked_for_twice_it_waits_once_and_who_can_approve_is_told_once(account):
    asks(account, "administrator")
    bert = administrator(account)
    given = {"membership": MembershipFactory(account=account), "role": built_in("administrator"), "by": account.owner}

    first, second = (held_back(actions.change_role, **given) for _try in range(2))

    assert first == second
    assert OutgoingMail.objects.filter(kind="pending_act", address=bert.email).count() == 1
    assert Notice.objects.filter(person=bert).count() == 1


def test_the_mails_say_what_it_is_and_how_it_went(account, mailoutbox):
    asks(account, "administrator")
    bert, eddie = administrator(account), MembershipFactory(account=account)
    pending = held_back(actions.change_role, membership=eddie, role=built_in("administrator"), by=account.owner)
    the_post_goes_out()
    actions.cancel_act(pending=pending, by=bert, reason="Not him")
    the_post_goes_out()

    asked, ended = mailoutbox[0], mailoutbox[-1]
    assert (asked.to, ended.to) == ([bert.email], [account.owner.email])
    assert "asks for your approval in Northwind" in asked.subject
    assert f"{eddie.person}: Editor → Administrator" in asked.body
    assert f"{bert} cancelled it." in ended.body


# --- The list ---------------------------------------------------------------------------------------------------------
def test_the_list_is_searched_by_state_and_person_and_says_when_nothing_waits(account):
    client = signed_in(account.owner)
    empty = client.get(url("approvals", account)).content.decode()
    waiting, over = PendingActFactory(account=account), PendingActFactory(account=account)
    actions.cancel_act(pending=over, by=over.person)

    everything = client.get(url("approvals", account)).content.decode()
    cancelled = client.get(url("approvals", account) + "?state=cancelled").content.decode()
    nobody = client.get(url("approvals", account) + "?q=zzz").content.decode()

    assert "Nothing waits" in empty
    assert (waiting.person.email in everything, over.person.email in everything) == (True, False)
    assert (waiting.person.email in cancelled, over.person.email in cancelled) == (False, True)
    assert "No act fits" in nobody


def test_a_member_sees_their_own_and_finance_sees_the_bills(account):
    asks(account, "billing")
    fiona, omar = (MembershipFactory(account=account, holding="finance").person for _number in range(2))
    PendingActFactory(account=account)
    pending = held_back(change_plan, account=account, plan="team", by=fiona)

    page = signed_in(omar).get(url("approvals", account))

    assert [row.pk for row in page.context["page_obj"]] == [pending.pk]
    assert not signed_in(MembershipFactory(account=account).person).get(url("approvals", account)).context["page_obj"]


def test_the_rules_are_kept_by_their_page_and_every_kind_is_on_it(account):
    client = signed_in(account.owner)
    form = {"hours": "48", **{f"way_{act.value}": "off" for act in SensitiveAct}, "way_export": "notify"}

    response = client.post(url("second_person", account), form)

    assert response.status_code == 302
    assert [(row.act, row.way) for row in SecondPerson.objects.all()] == [("export", "notify")]
    assert client.post(url("second_person", account), {**form, "hours": "0"}).status_code == 422
