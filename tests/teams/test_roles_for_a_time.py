"""A role for a time, on top of the lasting one: given, asked for, extended, run out (rules 1, 2, 3, 5, 12)."""

import csv
import datetime as dt
import io

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import Person, SecurityPolicy
from audit.models import Event
from audit.recording import SYSTEM
from notices.models import Notice
from teams import actions
from teams.access import explain
from teams.coverage import done_by_one
from teams.models import AccessRequest, Membership, Role, Told
from teams.spreadsheets import csv_of_members
from teams.tasks import watch_ends
from tests.factories import (
    AccessRequestFactory,
    AssetFactory,
    BusinessAccountFactory,
    MembershipFactory,
    RoleFactory,
    owner_of,
)
from tests.post import the_post_goes_out
from tests.together import at_once, committed, one_behind_the_other

db = pytest.mark.django_db


def in_days(days):
    return timezone.now() + dt.timedelta(days=days)


def later(days):
    return time_machine.travel(in_days(days))


def role(code):
    return Role.objects.built_in(code)


def raised(days=3, *, holding="analyst", to="editor", **given):
    return MembershipFactory(holding=holding, raised_to=role(to), raised_until=in_days(days), **given)


def url(name, member):
    return reverse(name, kwargs={"slug": member.account.slug, "pk": member.pk})


def again(thing):
    return type(thing).objects.get(pk=thing.pk)


def what_waits_for_the_end_is_checked():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def events_of(member, name):
    return list(Event.objects.about(member).named(name).filter(result="done").order_by("pk"))


# --- The check itself -------------------------------------------------------------------------------------------------
@db
@pytest.mark.rule(1)
def test_the_role_counts_until_that_very_moment_and_the_lasting_one_from_then_on():
    eddie = raised(3)
    asset, until = AssetFactory(account=eddie.account), eddie.raised_until

    def may(moment):
        with time_machine.travel(moment, tick=False):
            return again(eddie.person).has_perm("publish_content", asset), again(eddie).role.code

    assert may(until - dt.timedelta(seconds=1)) == (True, "editor")
    assert may(until) == (False, "analyst")
    assert may(until + dt.timedelta(seconds=1)) == (False, "analyst")
    with later(4):
        assert again(eddie.person).has_perm("view_analytics", asset)


@db
@pytest.mark.rule(1)
def test_one_question_still_answers_for_a_role(django_assert_num_queries):
    eddie = raised(3)

    with django_assert_num_queries(1):
        assert eddie.person.has_perm("view_account", eddie.account)


@db
def test_every_reading_question_counts_the_role_of_the_moment():
    account = BusinessAccountFactory()
    kim = raised(3, holding="moderator", to="administrator", account=account)
    members, asset = Membership.objects.filter(account=account), AssetFactory(account=account)

    def told():
        rows = members.exclude(person=account.owner)
        holders = {row.code: row.holders for row in Role.objects.with_holders(account)}
        return {
            "administering": rows.administering().exists(),
            "able to publish": rows.able_to("publish_content", asset).exists(),
            "in the role": [code for code in ("moderator", "administrator") if rows.in_role(role(code)).exists()],
            "holders": {code: holders[code] for code in ("moderator", "administrator")},
            "alone": kim.person in {row.person for row in done_by_one(account)},
            "reason": explain(again(kim.person), "view_account", account).reason.split(",")[0],
        }

    now = told()
    with later(3.001):
        then = told()

    assert now == {
        "administering": True, "able to publish": True, "in the role": ["administrator"],
        "holders": {"moderator": 0, "administrator": 1}, "alone": False, "reason": "By the role Administrator",
    }  # fmt: skip
    assert then == {
        "administering": False, "able to publish": False, "in the role": ["moderator"],
        "holders": {"moderator": 1, "administrator": 0}, "alone": False, "reason": "By the role Moderator.",
    }  # fmt: skip


@db
def test_who_manages_the_team_for_a_time_is_asked_for_a_second_factor_like_every_other():
    ask = {"second_factor": SecurityPolicy.SecondFactor.ADMINISTRATORS}
    kim = raised(3, to="administrator", account=BusinessAccountFactory(policy_and_seat=ask))
    rows = Membership.objects.filter(pk=kim.pk)

    assert not again(kim.person).has_perm("view_account", kim.account)
    assert rows.blocked(kim.account.policy).exists()
    with later(3.001):
        assert again(kim.person).has_perm("view_account", kim.account)
        assert rows.with_power(kim.account.policy).exists()


@db
def test_check_access_says_until_when(capsys):
    eddie = raised(3)
    AssetFactory(account=eddie.account, name="Profile")

    call_command("check_access", eddie.person.email, eddie.account.slug, "Profile", "publish_content")

    assert f"By the role Editor, until {eddie.raised_until:%-d %b %Y, %H:%M}." in capsys.readouterr().out


# --- Giving, extending, ending ----------------------------------------------------------------------------------------
@db
@pytest.mark.rule(12)
def test_a_role_is_given_until_a_moment_with_one_event_that_lets_the_past_be_rebuilt():
    eddie = MembershipFactory(holding="analyst")

    actions.raise_role(membership=eddie, role=role("editor"), until=in_days(7), by=eddie.account.owner, reason="Fair")

    [event] = events_of(eddie, "role.raised")
    before, after = event.parts["before"], event.parts["after"]
    assert before == {"role": role("analyst").as_event()}
    assert (after["role"]["code"], after["then"]["code"]) == ("editor", "analyst")
    assert dt.datetime.fromisoformat(after["until"]) == again(eddie).raised_until
    assert f"Editor until {again(eddie).raised_until:%Y-%m-%d %H:%M} UTC, then Analyst" in event.sentence


@db
@pytest.mark.rule(5)
def test_the_end_of_a_role_never_gives_anything():
    mona = MembershipFactory(holding="moderator")
    give = {"membership": mona, "until": in_days(7), "by": mona.account.owner}

    with pytest.raises(PolicyViolation, match="Editor lacks what Moderator holds: reply to comments"):
        actions.raise_role(role=role("editor"), **give)
    with pytest.raises(PolicyViolation, match="adds nothing"):
        actions.raise_role(role=role("moderator"), **give)
    with pytest.raises(PolicyViolation, match="past"):
        actions.raise_role(**{**give, "role": role("administrator"), "until": in_days(-1)})
    with pytest.raises(PolicyViolation, match="transfer"):
        actions.raise_role(role=role("owner"), **give)

    assert not again(mona).is_raised


@db
@pytest.mark.rule(2)
def test_who_gives_for_a_time_or_for_longer_holds_all_that_is_added():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator").person
    fred = MembershipFactory(account=account, holding="member")
    lia = raised(3, to="finance", holding="member", account=account)

    with pytest.raises(MissingPermission, match="manage billing"):
        actions.raise_role(membership=fred, role=role("finance"), until=in_days(1), by=anna)
    with pytest.raises(MissingPermission, match="manage billing"):
        actions.set_role_end(membership=lia, until=in_days(9), by=anna)
    with pytest.raises(MissingPermission, match="manage billing"):
        actions.change_role(membership=lia, role=role("finance"), by=anna)  # for good is longer still
    actions.set_role_end(membership=lia, until=in_days(1), by=anna)  # sooner is less
    actions.end_role(membership=lia, by=anna)

    assert (again(fred).role.code, again(lia).role.code) == ("member", "member")


@db
@pytest.mark.rule(2)
def test_only_the_owner_acts_on_who_manages_the_team_for_a_time_and_nobody_on_themselves():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator")
    kim = raised(3, to="administrator", account=account)
    acts = [
        lambda by: actions.end_role(membership=kim, by=by),
        lambda by: actions.set_role_end(membership=kim, until=in_days(9), by=by),
        lambda by: actions.raise_role(membership=kim, role=role("editor"), until=in_days(1), by=by),
        lambda by: actions.change_role(membership=kim, role=role("analyst"), by=by),
        lambda by: actions.suspend(membership=kim, by=by),
        lambda by: actions.offboard(membership=kim, by=by, reason="x"),
    ]

    for act in acts:
        with pytest.raises(MissingPermission):
            act(anna.person)
        with pytest.raises(PolicyViolation):
            act(kim.person)
    with later(3.001):
        actions.suspend(membership=kim, by=anna.person)  # manages the team no more


@db
@pytest.mark.rule(3)
def test_the_owner_never_holds_a_role_for_a_time():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator").person
    for by in (account.owner, anna):
        with pytest.raises(PolicyViolation):
            actions.raise_role(membership=owner_of(account), role=role("administrator"), until=in_days(3), by=by)

    seat = Membership.objects.filter(pk=owner_of(account).pk)
    seat.update(raised_to=role("administrator"), raised_until=in_days(3))
    with pytest.raises(IntegrityError, match="exactly its owner"):
        what_waits_for_the_end_is_checked()


@db
@pytest.mark.rule(3)
def test_nobody_owns_for_a_time_by_the_database_either():
    eddie = MembershipFactory()

    Membership.objects.filter(pk=eddie.pk).update(raised_to=role("owner"), raised_until=in_days(3))
    with pytest.raises(IntegrityError, match="exactly its owner"):
        what_waits_for_the_end_is_checked()


@db
@pytest.mark.rule(3)
def test_who_takes_over_the_ownership_keeps_no_role_for_a_time():
    kim = raised(3)
    offer = actions.offer_ownership(account=kim.account, membership=kim, by=kim.account.owner)

    actions.accept_ownership(offer=offer, by=kim.person)

    with later(4):
        seat = again(kim)
        assert (seat.role.code, seat.raised_to, seat.raised_until) == ("owner", None, None)
        assert Person.objects.get(pk=kim.person_id).has_perm("own_account", kim.account)


@db
@pytest.mark.rule(5)
def test_an_administrator_for_a_time_takes_a_seat_and_its_end_frees_it():
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 1})
    kim, mona = (MembershipFactory(account=account, holding="analyst") for _number in range(2))
    give = {"role": role("administrator"), "by": account.owner}
    actions.raise_role(membership=kim, until=in_days(3), **give)

    for act in (actions.change_role, lambda **given: actions.raise_role(until=in_days(1), **given)):
        with pytest.raises(PolicyViolation, match="administrator"):
            act(membership=mona, **give)
    actions.set_role_end(membership=kim, until=in_days(2), by=account.owner)  # the seat is theirs
    with later(2.001):
        actions.raise_role(membership=mona, until=in_days(1), **give)
        with pytest.raises(PolicyViolation):
            actions.raise_role(membership=kim, until=in_days(1), **give)


@db
def test_a_lasting_change_replaces_and_ends_the_role_for_a_time():
    kim, eddie = raised(3), raised(3)
    by = eddie.account.owner

    actions.change_role(membership=kim, role=role("moderator"), by=kim.account.owner)
    actions.change_role(membership=eddie, role=role("editor"), by=by)  # the same, for good
    actions.change_role(membership=eddie, role=role("editor"), by=by)  # nothing more to do

    assert (again(kim).role.code, again(kim).raised_to) == ("moderator", None)
    with later(4):
        assert again(eddie).role.code == "editor"
    [event] = events_of(eddie, "role.changed")
    assert (event.parts["before"]["then"]["code"], "then" in event.parts["after"]) == ("analyst", False)


@db
def test_what_ran_out_is_given_anew_and_not_extended():
    eddie = raised(3)

    with later(3.001):
        for act in (actions.end_role, lambda **given: actions.set_role_end(until=in_days(9), **given)):
            with pytest.raises(ChangedMeanwhile, match="is Analyst again"):
                act(membership=eddie, by=eddie.account.owner)
        actions.raise_role(membership=eddie, role=role("editor"), until=in_days(9), by=eddie.account.owner)
        assert again(eddie).role.code == "editor"


@db
def test_the_policy_limits_how_long_people_from_outside_hold_a_role():
    account = BusinessAccountFactory(policy_and_seat={"outside_days": 30})
    kim = MembershipFactory(account=account, holding="analyst", kind="contractor", ends_at=in_days(20))
    give = {"membership": kim, "role": role("editor"), "by": account.owner}

    with pytest.raises(PolicyViolation, match="at most 30 days"):
        actions.raise_role(until=in_days(31), **give)
    actions.raise_role(until=in_days(10), **give)


# --- Members who come, rest and go ------------------------------------------------------------------------------------
@db
@pytest.mark.rule(2)
def test_restoring_gives_back_what_is_left_of_it_and_is_checked_for_just_that():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator").person
    lia = raised(3, holding="member", to="finance", account=account, suspended=True)

    with pytest.raises(MissingPermission, match="manage billing"):
        actions.restore(membership=lia, by=anna)
    with later(3.001):
        actions.restore(membership=lia, by=anna)
        assert again(lia).role.code == "member"


@db
@pytest.mark.rule(11)
@pytest.mark.rule(2)
def test_giving_for_a_time_confirms_and_so_needs_all_that_is_held():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator").person
    lead = RoleFactory(account=account, held=["manage_billing", "view_account", "view_analytics"])
    more = RoleFactory(account=account, held=[*lead.held, "reply_comments"])
    nora = MembershipFactory(account=account, role=lead, unconfirmed=True)

    with pytest.raises(MissingPermission, match="manage billing"):
        actions.raise_role(membership=nora, role=more, until=in_days(3), by=anna)
    actions.raise_role(membership=nora, role=more, until=in_days(3), by=account.owner)

    assert again(nora).confirmed_at


@db
@pytest.mark.rule(13)
def test_offboarding_says_what_was_held_and_brings_it_back_as_it_was():
    eddie = raised(9)
    receipt = actions.offboard(membership=eddie, by=eddie.account.owner, reason="Left").receipts.get()
    ended = receipt.statement["ended"]
    assert (ended["role"]["code"], ended["then"]["code"]) == ("editor", "analyst")
    assert again(eddie).role.code == "editor"  # the last one that counted, whenever it is asked
    with later(20):
        assert again(eddie).role.code == "editor"

    with later(5):
        [back] = actions.bring_back(receipt=receipt, by=eddie.account.owner)

        assert (back.role.code, back.lasting_role.code, back.raised_until) == ("editor", "analyst", eddie.raised_until)
        [event] = events_of(back, "member.brought_back")
        assert (event.parts["after"]["role"]["code"], event.parts["after"]["then"]["code"]) == ("editor", "analyst")


@db
@pytest.mark.rule(13)
@pytest.mark.parametrize("gone", ["over", "retired", "edited"])
def test_a_role_for_a_time_that_is_over_or_fits_no_more_stays_away_when_somebody_comes_back(gone):
    account = BusinessAccountFactory()
    own = RoleFactory(account=account, held=["reply_comments", "view_account", "view_analytics"])
    eddie = MembershipFactory(account=account, holding="analyst", raised_to=own, raised_until=in_days(9))
    receipt = actions.offboard(membership=eddie, by=account.owner, reason="Left").receipts.get()
    if gone == "retired":
        actions.retire_role(role=own, by=account.owner)
    if gone == "edited":
        actions.edit_role(role=own, name=own.name, codes=["reply_comments"], by=account.owner)

    with later(10 if gone == "over" else 5):
        [back] = actions.bring_back(receipt=receipt, by=account.owner)

    assert (back.role.code, back.raised_to) == ("analyst", None)


# --- Roles that an account made ---------------------------------------------------------------------------------------
@db
@pytest.mark.rule(5)
def test_no_edit_of_a_role_makes_an_end_give_something():
    account = BusinessAccountFactory()
    low = RoleFactory(account=account, held=["view_account", "view_analytics"])
    high = RoleFactory(account=account, held=["reply_comments", "view_account", "view_analytics"])
    MembershipFactory(account=account, role=low, raised_to=high, raised_until=in_days(3))
    take_from_high = {"role": high, "name": high.name, "codes": ["reply_comments"], "by": account.owner}
    add_to_low = {"role": low, "name": low.name, "codes": ["view_analytics", "run_ads"], "by": account.owner}

    for given in (take_from_high, add_to_low):
        with pytest.raises(PolicyViolation, match="nothing may be added"):
            actions.edit_role(**given)
    with later(3.001):
        for given in (take_from_high, add_to_low):
            actions.edit_role(**given)


@db
@pytest.mark.rule(2)
def test_nobody_edits_a_role_that_they_hold_for_a_time_or_under_one():
    account = BusinessAccountFactory()
    low = RoleFactory(account=account, held=["view_account"])
    kim = MembershipFactory(account=account, role=low, raised_to=role("administrator"), raised_until=in_days(3))
    anna = MembershipFactory(account=account, holding="administrator")
    edit = {"role": low, "name": low.name, "codes": ["view_analytics"]}

    with pytest.raises(PolicyViolation, match="You hold this role"):
        actions.edit_role(**edit, by=kim.person)
    with pytest.raises(MissingPermission):
        actions.edit_role(**edit, by=anna.person)  # its holder manages the team now
    actions.edit_role(**edit, by=account.owner)


@db
def test_retiring_moves_who_holds_the_role_for_a_time_or_ends_it_there():
    account = BusinessAccountFactory()
    own = RoleFactory(account=account, held=["publish_content", "view_account", "view_analytics"])
    held = {"account": account, "raised_to": own, "raised_until": in_days(3)}
    moved, ended = MembershipFactory(**held, holding="analyst"), MembershipFactory(**held, holding="member")
    actions.change_role(membership=ended, role=role("member"), by=account.owner)  # ends it, to be given anew
    actions.raise_role(membership=ended, role=own, until=in_days(3), by=account.owner)

    actions.retire_role(role=own, move_to=role("editor"), by=account.owner)

    assert [(again(row).role.code, again(row).raised_until) for row in (moved, ended)] == [
        ("editor", moved.raised_until), ("editor", again(ended).raised_until),
    ]  # fmt: skip
    other = RoleFactory(account=account, held=["reply_comments", "view_account", "view_analytics"])
    mona = MembershipFactory(account=account, holding="analyst", raised_to=other, raised_until=in_days(3))
    actions.retire_role(role=other, move_to=role("analyst"), by=account.owner)
    assert (again(mona).role.code, again(mona).raised_to) == ("analyst", None)
    log = Event.objects.named("role.retired").order_by("pk")
    [first, last] = [event.parts["after"]["members"] for event in log]
    assert {row["holds"]["then"]["code"] for row in first} == {"analyst", "member"}
    assert "holds" not in last[0]


@db
@pytest.mark.rule(5)
def test_retiring_a_lasting_role_never_leaves_one_for_a_time_that_holds_less():
    account = BusinessAccountFactory()
    own = RoleFactory(account=account, held=["view_account"])
    kim = MembershipFactory(account=account, role=own, raised_to=role("analyst"), raised_until=in_days(3))

    with pytest.raises(PolicyViolation, match="nothing may be added"):
        actions.retire_role(role=own, move_to=role("editor"), by=account.owner)
    actions.retire_role(role=own, move_to=role("member"), by=account.owner)

    assert (again(kim).role.code, again(kim).lasting_role.code) == ("analyst", "member")


# --- Asking for it ----------------------------------------------------------------------------------------------------
@db
def test_a_role_is_asked_for_until_a_moment_and_given_shorter_or_less():
    milo = MembershipFactory(holding="member")
    owner = milo.account.owner
    ask = {"membership": milo, "by": milo.person, "reason": "Fair", "role": role("administrator")}
    wish = actions.ask_for_access(**ask, ends_at=in_days(7))

    actions.approve_request(request=wish, role=role("editor"), ends_at=in_days(3), by=owner)

    seat = again(milo)
    assert (seat.role.code, seat.lasting_role.code) == ("editor", "member")
    assert seat.raised_until < in_days(3.01)
    assert events_of(milo, "request.approved")[0].parts["after"]["then"]["code"] == "member"
    with later(3.001):
        assert again(milo).role.code == "member"


@db
@pytest.mark.parametrize("longer", [None, 30])
def test_a_later_end_than_asked_for_counts_as_the_one_that_was_asked_for(longer):
    milo = MembershipFactory(holding="member")
    wish = AccessRequestFactory(account=milo.account, membership=milo, wanted="editor", ends_at=in_days(7))

    actions.approve_request(request=wish, ends_at=longer and in_days(longer), by=milo.account.owner)

    assert again(milo).raised_until == wish.ends_at


@db
def test_a_role_that_was_asked_for_for_good_can_be_given_for_a_time():
    milo = MembershipFactory(holding="member")
    wish = AccessRequestFactory(account=milo.account, membership=milo, wanted="editor")

    actions.approve_request(request=wish, ends_at=in_days(3), by=milo.account.owner)

    assert (again(milo).role.code, again(milo).lasting_role.code) == ("editor", "member")


@db
def test_what_makes_no_sense_to_ask_for_is_refused_in_words():
    mona = raised(3, holding="moderator", to="administrator")
    ask = {"membership": mona, "by": mona.person, "reason": "Fair"}

    for role_, ends_at, words in [
        (role("editor"), in_days(2), "holds all of this already"),
        (role("editor"), in_days(9), "lacks what Moderator holds"),
        (role("administrator"), in_days(1), "holds all of this already"),
        (role("finance"), None, "would lose something"),
        (role("administrator"), in_days(-1), "past"),
    ]:
        with pytest.raises(PolicyViolation, match=words):
            actions.ask_for_access(**ask, role=role_, ends_at=ends_at)
    actions.ask_for_access(**ask, role=role("administrator"), ends_at=in_days(9))  # for longer


@db
def test_approving_takes_nothing_of_what_is_held_for_a_time():
    kim = raised(9, holding="member", to="editor")
    wish = AccessRequestFactory(account=kim.account, membership=kim, wanted="analyst")
    longer = AccessRequestFactory(
        account=kim.account, membership=MembershipFactory(account=kim.account), wanted="administrator"
    )

    actions.approve_request(request=wish, by=kim.account.owner)

    assert (again(kim).role.code, again(kim).lasting_role.code) == ("editor", "analyst")
    Membership.objects.filter(pk=longer.membership_id).update(raised_to=role("administrator"), raised_until=in_days(9))
    with pytest.raises(PolicyViolation, match="would lose something"):
        actions.approve_request(request=longer, ends_at=in_days(2), by=kim.account.owner)


# --- Telling people, and the record -----------------------------------------------------------------------------------
@db
def test_everybody_concerned_is_told_a_week_and_a_day_before_and_the_member_when_it_is_over(mailoutbox):
    account = BusinessAccountFactory(name="Northwind")
    anna = MembershipFactory(account=account, holding="administrator").person
    sponsor = MembershipFactory(account=account).person
    kim = raised(20, account=account, sponsor=sponsor)
    concerned = sorted([kim.person.email, anna.email, sponsor.email, account.owner.email])

    for days in (13.5, 19.2):
        with later(days):
            watch_ends()
            watch_ends()
            the_post_goes_out()
            assert sorted(mail.to[0] for mail in mailoutbox) == concerned
            assert all("Editor" in mail.body and "Analyst" in mail.body for mail in mailoutbox)
            mailoutbox.clear()
    with later(20.001):
        watch_ends()
        watch_ends()
        the_post_goes_out()
        [mail] = mailoutbox
        assert (mail.to, mail.subject) == ([kim.person.email], "You are Analyst again in Northwind")

    told = [event.parts["after"]["told"] for event in events_of(kim, "role.end_announced")]
    [over] = events_of(kim, "role.ran_out")
    assert told == ["week_before", "day_before"]
    assert (over.actor_kind, over.parts["before"]["role"]["code"]) == ("system", "editor")
    assert over.sentence == f"The role Editor of {kim.person} ran out: Analyst again"
    words = Notice.objects.filter(person=kim.person).values_list("kind", flat=True)
    assert list(words.order_by("pk")) == ["ending", "ending", "ended"]


@db
def test_an_end_that_was_moved_is_told_anew():
    kim = raised(5, raise_told=Told.WEEK_BEFORE)

    actions.set_role_end(membership=kim, until=in_days(30), by=kim.account.owner)

    assert again(kim).raise_told == Told.NOTHING
    with later(25):
        watch_ends()
        assert again(kim).raise_told == Told.WEEK_BEFORE


@db
def test_nothing_is_told_of_what_is_over_or_closed():
    ended, lasting = raised(-1, ended=True), MembershipFactory()
    closed = raised(-1, account=BusinessAccountFactory(closed_at=timezone.now()))

    watch_ends()

    assert not Event.objects.named("role.").exists()
    for member in (ended, lasting, closed):
        with pytest.raises(ChangedMeanwhile):
            actions.note_role_end(membership=member, by=SYSTEM)


# --- Pages ------------------------------------------------------------------------------------------------------------
@db
def test_an_administrator_gives_a_role_for_a_week_on_its_page(client):
    eddie = MembershipFactory(holding="analyst")
    client.force_login(eddie.account.owner)

    page = client.get(url("change_role", eddie)).content.decode()
    given = client.post(url("change_role", eddie), {"role": "editor", "ends_at_span": "7"}, follow=True)

    assert "Moderator lacks what Analyst" not in page
    assert "until" in given.content.decode()
    assert "then Analyst" in given.content.decode()
    assert again(eddie).raised_until < in_days(7.01)


@db
def test_what_may_not_be_given_for_a_time_gets_words_and_keeps_what_was_typed(client):
    mona = MembershipFactory(holding="moderator")
    client.force_login(mona.account.owner)

    page = client.get(url("change_role", mona)).content.decode()
    refused = client.post(url("change_role", mona), {"role": "editor", "ends_at_span": "7", "reason": "Fair"})

    assert "Editor lacks what Moderator holds" in page
    assert refused.status_code == 422
    assert "nothing may be added" in refused.content.decode()
    assert "Fair" in refused.content.decode()


@db
def test_one_click_extends_and_one_page_ends_it(client):
    eddie = raised(3)
    client.force_login(eddie.account.owner)

    shown = client.get(url("member", eddie)).content.decode()
    client.post(url("extend_role", eddie), {"days": "30"})
    extended = again(eddie).raised_until
    asked = client.get(url("end_role", eddie)).content.decode()
    client.post(url("end_role", eddie), {"reason": "Done"})

    assert "Extend by 30 days" in shown
    assert extended == eddie.raised_until + dt.timedelta(days=30)
    assert "publish" in asked
    assert again(eddie).role.code == "analyst"
    assert client.post(url("extend_role", eddie), {"days": "30"}, follow=True).status_code == 200
    assert not again(eddie).is_raised


@db
def test_every_list_says_until_when_and_what_comes_then(client):
    eddie = raised(3)
    account, slug = eddie.account, {"slug": eddie.account.slug}
    client.force_login(account.owner)
    pages = [
        reverse("team", kwargs=slug) + "?state=ends_soon",
        url("member", eddie),
        reverse("people_grid"),
        reverse("person", args=[eddie.person_id]),
        reverse("role", kwargs={**slug, "code": "editor"}),
        reverse("change_role_of_many", kwargs=slug) + f"?member={eddie.pk}",
    ]

    shown = [client.get(page).content.decode() for page in pages[:5]]
    many = {"member": eddie.pk, "role": "moderator"}
    dry = client.post(reverse("change_role_of_many", kwargs=slug), many).content.decode()
    client.force_login(eddie.person)
    mine = [client.get(reverse(name, **given)).content.decode()
            for name, given in (("dashboard", {}), ("account_home", {"kwargs": slug}))]  # fmt: skip

    for page in [*shown, *mine]:
        assert "then Analyst" in page
    assert "Ends now:" in dry


@db
def test_the_overview_names_it_among_what_ends_soon_and_extends_it(client):
    eddie = raised(3)
    client.force_login(eddie.account.owner)

    page = client.get(reverse("account_home", args=[eddie.account.slug])).content.decode()

    assert "is Editor for a time only" in page
    assert url("extend_role", eddie) in page


@db
def test_the_export_says_until_when():
    eddie = raised(3)
    rows = Membership.objects.filter(pk=eddie.pk).for_team_page()

    [row] = csv.DictReader(io.StringIO(b"".join(csv_of_members(rows, eddie.account)).decode("utf-8-sig")))

    assert (row["role"], row["lasting_role"]) == ("Editor", "Analyst")
    assert row["role_until"] == eddie.raised_until.isoformat(timespec="seconds")


# --- At once ----------------------------------------------------------------------------------------------------------
@pytest.mark.rule(1)
def test_of_an_extension_and_the_note_that_it_ran_out_only_what_is_true_happens(fresh_database):
    eddie = committed(lambda: raised(0.00001))
    until(eddie.raised_until)

    outcomes = at_once(
        lambda: actions.set_role_end(membership=eddie, until=in_days(3), by=eddie.account.owner),
        lambda: actions.note_role_end(membership=eddie, by=SYSTEM),
    )

    assert [type(outcome).__name__ for outcome in outcomes] == ["ChangedMeanwhile", "Membership"]
    assert not again(eddie).is_raised


@pytest.mark.rule(12)
def test_a_note_that_waits_behind_an_extension_notes_nothing(fresh_database):
    eddie = committed(lambda: raised(1))

    race = one_behind_the_other(
        lambda: actions.set_role_end(membership=eddie, until=in_days(3), by=eddie.account.owner),
        lambda: actions.announce_role_end(membership=eddie, by=SYSTEM),
    )

    assert isinstance(race.first, Membership)
    assert again(eddie).raised_until > in_days(2.9)


@pytest.mark.rule(5)
def test_two_at_once_don_t_take_the_last_seat_twice(fresh_database):
    account = committed(lambda: BusinessAccountFactory(policy_and_seat={"most_administrators": 1}))
    kim, mona = (committed(lambda: MembershipFactory(account=account, holding="analyst")) for _number in range(2))
    give = {"role": role("administrator"), "by": account.owner}

    outcomes = at_once(
        lambda: actions.raise_role(membership=kim, until=in_days(3), **give),
        lambda: actions.raise_role(membership=mona, until=in_days(3), **give),
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Membership", "PolicyViolation"]
    assert Membership.objects.filter(account=account).exclude(person=account.owner).administering().count() == 1


@pytest.mark.rule(12)
def test_a_request_that_is_approved_while_its_role_is_retired_gives_nothing(fresh_database):
    account = committed(BusinessAccountFactory)
    own = committed(lambda: RoleFactory(account=account))
    milo = committed(lambda: MembershipFactory(account=account, holding="member"))
    wish = committed(
        lambda: AccessRequest.objects.create(
            account=account, membership=milo, person=milo.person, role=own, reason="Fair", ends_at=in_days(7)
        )
    )

    race = one_behind_the_other(
        lambda: actions.retire_role(role=own, by=account.owner),
        lambda: actions.approve_request(request=wish, by=account.owner),
    )

    assert isinstance(race.second, ChangedMeanwhile)
    assert again(milo).role.code == "member"


@pytest.mark.rule(12)
def test_two_workers_at_once_announce_and_note_an_end_once(fresh_database):
    committed(lambda: raised(-1))
    committed(lambda: raised(0.5))

    at_once(*[watch_ends] * 4)

    assert sorted(Event.objects.named("role.").values_list("name", flat=True)) == ["role.end_announced", "role.ran_out"]


def until(moment):
    while timezone.now() <= moment:
        pass
