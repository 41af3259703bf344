"""What people use of what they may do: told on a member's page, with the smaller role that would be enough."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import add_asset
from audit.events import all_acts
from audit.models import Event
from audit.recording import note
from teams import actions
from teams.imprints import imprints
from teams.models import Membership, Role
from teams.uses import BY_GROUP, BY_NAME, TRACED, acts_using
from teams.using import last_uses, using_of
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    MembershipFactory,
    PendingActFactory,
    RoleFactory,
    grant,
    owner_of,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
WIDE = ["manage_assets", "manage_team", "view_account", "view_analytics"]


@pytest.fixture
def account():
    return BusinessAccountFactory(owner__name="Olga", policy_and_seat={"most_administrators": 20})


@pytest.fixture
def olga(account, client):
    client.force_login(account.owner)
    return client


@pytest.fixture
def keeper(account):
    """A role that looks after assets alone."""
    return RoleFactory(account=account, name="Keeper", code="keeper", held=WIDE[:1] + WIDE[2:])


@pytest.fixture
def nadia(account, keeper):
    """She holds more than a keeper does, and has for long."""
    role = RoleFactory(account=account, name="Coordinator", held=WIDE)
    return MembershipFactory(account=account, role=role, person__name="Nadia", joined_at=timezone.now() - 300 * DAY)


def page_of(member):
    return reverse("member", args=[member.account.slug, member.pk])


def change_of(member):
    return reverse("change_role", args=[member.account.slug, member.pk])


def panel(client, member):
    """What the panel says, as a reader reads it."""
    shown = client.get(page_of(member)).content.decode()
    part = re.search(r'id="use">(.*?)</section>', shown, re.DOTALL)[1]
    return re.sub(r" ([,.:])", r"\1", " ".join(re.sub(r"<[^>]+>", " ", part).split()))


def sent(client, member):
    """What the button of the proposal sends."""
    shown = client.get(page_of(member)).content.decode()
    part = re.search(r'id="use".*?</section>', shown, re.DOTALL)[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part))


def ago(days):
    return time_machine.travel(timezone.now() - days * DAY, tick=False)


def adds_asset(member, days, name="@shop"):
    with ago(days):
        return add_asset(account=member.account, name=name, kind="profile", handle="", by=member.person)


def day_of(days):
    moment = timezone.now() - days * DAY
    return f"{moment.day} {moment:%b %Y}"


# --- The table --------------------------------------------------------------------------------------------------------
def test_of_every_act_the_table_says_which_permission_it_uses():
    assert [act.name for act in all_acts() if act.group not in BY_GROUP] == []
    assert set(BY_NAME) <= {act.name for act in all_acts()}


def test_every_permission_that_is_traced_is_used_by_acts():
    assert [code for code in TRACED if not acts_using(code)] == []
    assert "invitation.accepted" not in acts_using("manage_team")
    assert {"role.edited", "role.retired"} <= set(acts_using("manage_roles")) & set(acts_using("manage_team"))


# --- When last --------------------------------------------------------------------------------------------------------
def test_the_page_says_when_each_power_was_used_last(nadia, olga):
    adds_asset(nadia, 200)
    adds_asset(nadia, 20, "@new")

    said = panel(olga, nadia)

    assert "Manage assets last used 20 days ago Leaves" in said
    assert "Manage the team never used not used in 90 days" in said
    assert "Leaves no trace in the log View the account and your own access, view analytics" in said


def test_a_use_of_long_ago_is_told_with_its_time_and_as_not_used_in_90_days(nadia, olga):
    adds_asset(nadia, 120)

    said = panel(olga, nadia)

    assert "Manage assets last used 4 months ago not used in 90 days" in said
    assert "Manage the team never used not used in 90 days" in said


@pytest.mark.rule(12)
def test_what_was_refused_is_no_use(nadia, account, client):
    client.force_login(nadia.person)
    client.post(reverse("suspend_member", args=[account.slug, owner_of(account).pk]), {"reason": "Mine"})
    assert Event.objects.filter(actor_id=nadia.person_id, name="member.suspended").get().refused
    client.force_login(account.owner)

    assert "Manage the team never used" in panel(client, nadia)
    assert last_uses(account, [nadia.person_id]) == {nadia.person_id: {}}


@pytest.mark.rule(4)
def test_what_was_done_in_another_account_is_no_use_here(nadia, olga):
    elsewhere = MembershipFactory(person=nadia.person, holding="administrator")
    actions.suspend(membership=MembershipFactory(account=elsewhere.account), by=nadia.person)

    assert "Manage the team never used" in panel(olga, nadia)
    assert set(last_uses(elsewhere.account, [nadia.person_id])[nadia.person_id]) == {"manage_team"}


def test_who_approved_an_act_of_somebody_else_used_its_permission(account, olga):
    anna = MembershipFactory(account=account, holding="administrator", joined_at=timezone.now() - 300 * DAY)
    assert "Manage the team never used" in panel(olga, anna)

    actions.approve_act(pending=PendingActFactory(account=account), by=anna.person)

    said = panel(olga, anna)
    assert "Manage the team last used just now" in said
    assert "Manage roles never used" in said


def test_the_reader_of_the_log_is_told_when_and_that_not_every_reading_is_noted(account, olga, client):
    ruth = MembershipFactory(account=account, holding="auditor", joined_at=timezone.now() - 300 * DAY)
    client.force_login(ruth.person)
    client.get(reverse("activity", args=[account.slug]))
    client.force_login(account.owner)

    said = panel(client, ruth)

    assert "View the audit log last used" in said
    assert "not every use leaves a trace" in said
    assert "not used in 90 days" not in said


def test_a_log_whose_beginning_was_removed_does_not_say_never(nadia, olga):
    adds_asset(nadia, 200)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_chain DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE audit_chain SET removed = 1 WHERE kind = 'account' AND subject_id = %s", [nadia.account_id]
        )

    said = panel(olga, nadia)

    assert "Manage the team no use in the log, whose oldest events were removed" in said
    assert "never used" not in said


# --- The smallest role ------------------------------------------------------------------------------------------------
def test_the_smallest_role_that_covers_what_was_used_is_proposed_and_one_click_accepts_it(nadia, keeper, olga, account):
    adds_asset(nadia, 20)
    RoleFactory(account=account, name="Larger", held=["manage_assets", "view_account", "view_analytics", "run_ads"])
    said, form = panel(olga, nadia), sent(olga, nadia)

    response = olga.post(change_of(nadia), form, follow=True)

    assert "Keeper would be enough" in said
    assert f"Nadia used only this: manage assets, since {day_of(90)}." in said
    assert "Role Coordinator → Keeper Takes away manage the team" in said
    assert "Nadia is now Keeper." in response.content.decode()
    assert Membership.objects.get(pk=nadia.pk).role == keeper
    event = Event.objects.about(nadia).get(name="role.changed")
    limit = timezone.now() - 90 * DAY
    assert event.parts["reason"] == f"Not used since {limit:%Y-%m-%d}: manage the team. Keeper covers the rest."
    assert (event.actor_id, event.result) == (account.owner_id, "done")


def test_what_leaves_no_trace_is_never_taken_away(account, olga):
    joined = timezone.now() - 300 * DAY
    editor = MembershipFactory(account=account, joined_at=joined)
    administrator = MembershipFactory(account=account, holding="administrator", joined_at=joined)

    assert "would be enough" not in panel(olga, editor)
    assert "not used in 90 days" not in panel(olga, editor)
    said = panel(olga, administrator)
    assert "would be enough" not in said
    assert "No smaller role of this account covers the rest. Make a role" in said


def test_retired_roles_and_those_of_other_accounts_are_not_proposed(nadia, keeper, olga):
    RoleFactory(name="Elsewhere", held=keeper.held)
    keeper.retired_at = timezone.now()
    keeper.save()
    adds_asset(nadia, 20)

    said = panel(olga, nadia)

    assert "would be enough" not in said
    assert "No smaller role of this account covers the rest." in said


def test_of_a_new_member_and_of_a_new_role_nothing_is_said_to_be_unused(nadia, keeper, olga, account):
    new = MembershipFactory(account=account, role=nadia.role, joined_at=timezone.now() - 20 * DAY)
    moved = MembershipFactory(account=account, role=keeper, joined_at=timezone.now() - 300 * DAY)
    with ago(5):
        actions.change_role(membership=moved, role=nadia.role, by=account.owner)
    edited = MembershipFactory(account=account, joined_at=timezone.now() - 300 * DAY, role=RoleFactory(
        account=account, held=["manage_assets", "view_account"],
    ))  # fmt: skip
    with ago(7):
        actions.edit_role(
            role=edited.role, name="More", about="", codes={"manage_billing", *edited.role.held}, by=account.owner
        )

    for member, days in ((new, 20), (moved, 5), (edited, 7)):
        said = panel(olga, Membership.objects.get(pk=member.pk))
        assert f"since {day_of(days)}: too short a time to say what is not needed." in said
        assert "not used yet" in said
        assert "would be enough" not in said
        assert "not used in 90 days" not in said


@pytest.mark.rule(3)
def test_the_owner_gets_no_proposal(account, keeper, olga):
    Membership.objects.filter(pk=owner_of(account).pk).update(joined_at=timezone.now() - 300 * DAY)

    said = panel(olga, owner_of(account))

    assert "would be enough" not in said
    assert "Make a role" not in said
    assert "Transfer ownership and close the account never used" in said


@pytest.mark.rule(2)
def test_who_may_not_act_on_the_member_is_proposed_nothing_and_refused(nadia, keeper, account, client):
    adds_asset(nadia, 20)
    client.force_login(account.owner)
    form = sent(client, nadia)
    anna = MembershipFactory(account=account, holding="administrator")
    client.force_login(anna.person)

    said, response = panel(client, nadia), client.post(change_of(nadia), form)

    assert "Manage the team never used not used in 90 days" in said
    assert "would be enough" not in said
    assert response.status_code == 403
    client.force_login(nadia.person)
    assert "would be enough" not in panel(client, nadia)
    assert client.post(change_of(nadia), form).status_code == 422
    assert Membership.objects.get(pk=nadia.pk).role == nadia.role


@pytest.mark.parametrize("state", ["suspended", "unconfirmed", "expired", "raised"])
def test_who_has_no_power_or_a_role_for_a_time_is_proposed_nothing(nadia, keeper, olga, account, state):
    now = timezone.now()
    changes = {
        "suspended": {"state": "suspended", "suspended_at": now},
        "unconfirmed": {"confirmed_at": None},
        "expired": {"ends_at": now - DAY},
        "raised": {"lasting_role": keeper, "raised_to": nadia.role, "raised_until": now + DAY},
    }
    Membership.objects.filter(pk=nadia.pk).update(**changes[state])

    assert "would be enough" not in panel(olga, nadia)


# --- Accepting late, or twice -----------------------------------------------------------------------------------------
def test_a_second_click_changes_nothing_more(nadia, keeper, olga):
    adds_asset(nadia, 20)
    form = sent(olga, nadia)

    olga.post(change_of(nadia), form)
    again = olga.post(change_of(nadia), form, follow=True)

    assert "Nadia is Keeper already." in again.content.decode()
    assert Event.objects.about(nadia).filter(name="role.changed").count() == 1


@pytest.mark.parametrize("meanwhile", ["used", "moved", "edited"])
def test_a_proposal_that_no_longer_fits_is_not_carried_out(nadia, keeper, olga, account, meanwhile):
    adds_asset(nadia, 20)
    form = sent(olga, nadia)
    if meanwhile == "used":
        actions.suspend(membership=MembershipFactory(account=account), by=nadia.person)
    elif meanwhile == "edited":
        actions.edit_role(role=keeper, name="Keeper", codes={*keeper.held, "run_ads"}, by=account.owner)
    else:
        other = RoleFactory(account=account, held=[*WIDE, "run_ads"])
        actions.change_role(membership=nadia, role=other, by=account.owner)

    response = olga.post(change_of(nadia), form)

    assert response.status_code == 409
    assert "no longer fits" in response.content.decode()
    assert Membership.objects.get(pk=nadia.pk).role != keeper
    assert "Keeper would be enough" not in panel(olga, nadia)


def test_the_rules_of_a_change_of_role_hold(nadia, keeper, olga, account):
    adds_asset(nadia, 20)
    form = sent(olga, nadia)
    actions.freeze(account=account, by=account.owner, reason="Looking into it")

    response = olga.post(change_of(nadia), form)

    assert response.status_code == 422
    assert Membership.objects.get(pk=nadia.pk).role != keeper


# --- The list ---------------------------------------------------------------------------------------------------------
def test_the_team_list_shows_who_holds_powers_that_are_not_used_just_as_their_pages_say(nadia, keeper, olga, account):
    joined = timezone.now() - 300 * DAY

    def member(**more):
        return MembershipFactory(**{"account": account, "joined_at": joined, "role": nadia.role, **more})

    adds_asset(member(person__name="Uses a part"), 20)
    busy = member(person__name="Uses all")
    adds_asset(busy, 20, "@more")
    with ago(30):
        actions.suspend(membership=MembershipFactory(account=account), by=busy.person)
    member(person__name="Is new", joined_at=timezone.now() - 20 * DAY)
    member(person__name="Holds none of them", role=Role.objects.built_in("editor"))
    member(person__name="For a time", role=keeper, raised_to=nadia.role, raised_until=timezone.now() + DAY)
    member(person__name="At rest", suspended=True)
    member(person__name="Gone", ended=True)
    actions.restore(membership=member(person__name="Restored", suspended=True), by=account.owner)
    moved = member(person__name="Moved", role=keeper)
    with ago(5):
        actions.change_role(membership=moved, role=nadia.role, by=account.owner)
    changed = member(person__name="Has more", role=RoleFactory(account=account, held=keeper.held))
    with ago(7):
        codes = {"manage_billing", *keeper.held}
        actions.edit_role(role=changed.role, name="More", codes=codes, by=account.owner)
    anna = member(person__name="Approves", role=RoleFactory(account=account, held=["manage_team", "view_account"]))
    pending = PendingActFactory(account=account, adds=[])
    actions.approve_act(pending=pending, by=anna.person)
    adds_asset(MembershipFactory(person=nadia.person, holding="administrator"), 5)

    shown = olga.get(reverse("team", args=[account.slug]), {"state": "unused"}).context["page_obj"]

    rows = list(Membership.objects.current().filter(account=account).exclude(person=account.owner).with_roles("person"))
    unused = {row.person.name for row in rows if using_of(account, rows)[row.pk].unused}
    assert {row.person.name for row in shown} == unused
    assert unused == {"Nadia", "Uses a part", "For a time", "At rest"}
    chips = olga.get(reverse("team", args=[account.slug])).context["chips"]
    assert [chip["count"] for chip in chips if chip["label"] == "Unused powers"] == [4]


# --- What it costs ----------------------------------------------------------------------------------------------------
def statements(client, member):
    imprints([member.account_id])
    with CaptureQueriesContext(connection) as caught:
        client.get(page_of(member))
    return len(caught)


def test_the_number_of_queries_does_not_grow_with_the_events(nadia, keeper, olga, account):
    adds_asset(nadia, 20)
    panel(olga, nadia)
    before = statements(olga, nadia)
    for number in range(15):
        adds_asset(nadia, 10, f"@more{number}")
    other = MembershipFactory(account=account)
    for role in (keeper, other.role) * 3:
        actions.change_role(membership=Membership.objects.get(pk=other.pk), role=role, by=account.owner)
    grant(other, AssetFactory(account=account), "run_ads")

    assert statements(olga, nadia) == before


def test_the_newest_of_each_act_is_read_from_an_index_however_many_there_are(nadia, account):
    adds_asset(nadia, 20)
    for _number in range(200):
        note(all_acts()[0], by=nadia.person, on=account)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_event")

    with CaptureQueriesContext(connection) as caught:
        last_uses(account, [nadia.person_id])

    reads = [row["sql"] for row in caught if "newest" in row["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {reads[0]}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert len(reads) == 1
    assert "event_chain_acts" in plan
    assert "Sort" not in plan
