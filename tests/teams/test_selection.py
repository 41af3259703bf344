"""A change of role, or a suspension, for a selection of members: the rules of a single act for each (rules 2, 3, 5)."""

import pytest
from django.urls import reverse

from accounts.models import SecurityPolicy
from audit.models import Event
from teams import actions
from teams.models import Membership, Role
from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory, owner_of

pytestmark = [pytest.mark.django_db, pytest.mark.rule(2)]


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner=PersonFactory(name="Olga"))


@pytest.fixture
def send(client, account):
    """Send the page about a selection as the owner, or as someone else."""

    def sending(page, members, by=None, **form):
        client.force_login(by or account.owner)
        ids = [member if isinstance(member, str) else member.pk for member in members]
        return client.post(reverse(page, args=[account.slug]), {"member": ids, **form})

    return sending


def seat(account, name, **given):
    return MembershipFactory(account=account, person=PersonFactory(name=name), **given)


def fates(response):
    return [(str(fate.member), fate.hindrance) for fate in response.context["fates"]]


def roles_of(*members):
    return [str(member.role) for member in Membership.objects.filter(pk__in=[m.pk for m in members]).order_by("pk")]


def test_the_fate_of_each_is_shown_with_what_it_adds_and_takes_away_before_anything_happens(send, account):
    eddie, nina = seat(account, "Eddie"), seat(account, "Nina", holding="analyst")
    ended = seat(account, "Zoe", ended=True)

    shown = send("change_role_of_many", [eddie, nina, ended, owner_of(account)], role="analyst", reason="New team")

    assert fates(shown) == [
        ("Eddie", ""),
        ("Nina", "Analyst already."),
        ("Olga", "Nobody changes their own role or access. Ask another administrator or the owner."),
        ("Zoe", "The membership has ended."),
    ]
    assert shown.context["fates"][0].takes == ["draft content", "schedule and publish content"]
    assert "Nothing has happened yet." in shown.content.decode()
    assert roles_of(eddie) == ["Editor"]


@pytest.mark.rule(12)
def test_once_confirmed_each_is_an_act_with_an_event_of_its_own(send, account):
    members = [seat(account, f"Member {number}") for number in range(3)]

    shown = send("change_role_of_many", members, role="analyst", reason="New team")
    done = send("change_role_of_many", members, role="analyst", reason="New team", sure=shown.context["asked"])

    assert "3 members are now Analyst" in done.content.decode()
    assert roles_of(*members) == ["Analyst"] * 3
    events = Event.objects.of(account).order_by("id")
    assert [(event.name, event.parts["reason"]) for event in events] == [("role.changed", "New team")] * 3


@pytest.mark.rule(12)
def test_a_selection_is_suspended_each_by_an_act_of_its_own(client, send, account):
    eddie, nina = seat(account, "Eddie"), seat(account, "Nina", suspended=True)
    client.force_login(account.owner)
    shown = client.get(reverse("suspend_many", args=[account.slug]), {"member": [eddie.pk, nina.pk]})

    done = send("suspend_many", [eddie, nina], reason="Audit", sure=shown.context["asked"])

    assert fates(shown) == [("Eddie", ""), ("Nina", "Suspended already.")]
    assert "1 member is suspended" in done.content.decode()
    assert Membership.objects.get(pk=eddie.pk).state == "suspended"
    assert list(Event.objects.of(account).values_list("name", flat=True)) == ["member.suspended"]


@pytest.mark.parametrize("page", ["change_role_of_many", "suspend_many"])
def test_a_yes_counts_only_for_what_was_shown(send, account, page):
    eddie, nina = seat(account, "Eddie"), seat(account, "Nina")
    shown = send(page, [eddie], role="analyst")

    again = send(page, [eddie, nina], role="analyst", sure=shown.context["asked"])
    Membership.objects.filter(pk=eddie.pk).update(lasting_role=Role.objects.built_in("moderator"))
    changed = send(page, [eddie], role="analyst", sure=shown.context["asked"])
    other = send(page, [eddie], role="finance", sure=changed.context["asked"]) if page != "suspend_many" else again

    for response in (again, changed, other):
        assert "has changed since you looked" in response.content.decode()
    assert not Event.objects.of(account).exists()


def test_an_administrator_acts_on_no_other_administrator_and_gives_nothing_that_she_lacks(send, account):
    anna, other = (seat(account, name, holding="administrator") for name in ("Anna", "Other"))
    eddie = seat(account, "Eddie")

    finance = send("change_role_of_many", [other, eddie, anna], by=anna.person, role="finance")
    suspended = send("suspend_many", [other, owner_of(account)], by=anna.person)

    assert fates(finance) == [
        ("Anna", "Nobody changes their own role or access. Ask another administrator or the owner."),
        ("Eddie", "You can’t give “manage billing”, since you don’t hold it yourself."),
        ("Other", "Other manages the team. Only the owner can do this."),
    ]
    assert [bool(words) for _who, words in fates(suspended)] == [True, True]
    forged = send("change_role_of_many", [eddie], by=anna.person, role="finance", sure=finance.context["asked"])
    assert roles_of(eddie) == ["Editor"]
    assert forged.status_code == 200


@pytest.mark.rule(3)
def test_nobody_becomes_owner_by_a_selection(send, account):
    eddie = seat(account, "Eddie")

    shown = send("change_role_of_many", [eddie], role="owner")

    assert fates(shown) == [("Eddie", "Ownership moves by a transfer only.")]


@pytest.mark.rule(5)
def test_no_more_become_administrators_than_there_may_be(send, account):
    SecurityPolicy.objects.filter(account=account).update(most_administrators=2)
    members = [seat(account, f"Member {number}") for number in range(3)]

    shown = send("change_role_of_many", members, role="administrator")
    send("change_role_of_many", members, role="administrator", sure=shown.context["asked"])

    assert [bool(words) for _who, words in fates(shown)] == [False, False, True]
    assert roles_of(*members) == ["Administrator", "Administrator", "Editor"]


@pytest.mark.rule(12)
def test_what_is_refused_after_the_yes_is_told_and_recorded_and_keeps_nothing_else_back(send, account, monkeypatch):
    eddie, nina = seat(account, "Eddie"), seat(account, "Nina")
    shown = send("suspend_many", [eddie, nina])
    suspend = actions.suspend

    def suspended_by_another(*, membership, **more):  # between the look and the lock
        if membership.pk == eddie.pk:
            suspend(membership=membership, by=account.owner)
        return suspend(membership=membership, **more)

    monkeypatch.setattr(actions, "suspend", suspended_by_another)
    done = send("suspend_many", [eddie, nina], sure=shown.context["asked"])

    assert fates(done) == [("Eddie", "Eddie is suspended already."), ("Nina", "")]
    assert sorted(Event.objects.of(account).values_list("result", flat=True)) == ["done", "done", "refused"]


@pytest.mark.rule(4)
@pytest.mark.parametrize("page", ["change_role_of_many", "suspend_many"])
def test_members_of_another_account_are_like_ids_that_never_were(send, account, page):
    stranger = MembershipFactory()
    eddie = seat(account, "Eddie")

    foreign = send(page, [stranger], role="analyst")
    nonsense = send(page, ["9" * 30, "-1", "x", "\0", "²", ""], role="analyst")
    both = send(page, [stranger, eddie], role="analyst")

    for response in (foreign, nonsense):
        assert "Nobody is selected" in response.content.decode()
    assert fates(both) == [("Eddie", "")]


def test_all_that_a_filter_shows_can_be_taken_up_to_a_limit(client, account, monkeypatch):
    for number in range(30):
        seat(account, f"Stone {number:02}", holding="analyst")
    seat(account, "Eddie")
    client.force_login(account.owner)
    page = reverse("suspend_many", args=[account.slug])

    listed = client.get(reverse("team", args=[account.slug]), {"role": "analyst"}).content.decode()
    shown = client.get(page, {"all": "1", "role": "analyst"})
    monkeypatch.setattr("teams.views.selection.MOST_SELECTED", 20)
    too_many = client.get(page, {"all": "1", "role": "analyst"})

    assert "All 30 of this list" in listed
    assert [name for name, _words in fates(shown)] == [f"Stone {number:02}" for number in range(30)]
    assert "These are too many at once" in too_many.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_selection(client, send, account, django_assert_max_num_queries):
    members = [seat(account, f"Member {number}") for number in range(40)]
    send("change_role_of_many", members[:2], role="administrator")

    with django_assert_max_num_queries(30):
        send("change_role_of_many", members, role="administrator")


def test_the_page_says_what_only_one_person_could_do_afterwards(send, account):
    eddie, nina = (seat(account, name, holding="moderator") for name in ("Eddie", "Nina"))

    shown = send("suspend_many", [eddie, nina])

    rows = [(str(row.person), [str(act.words) for act in row.acts]) for row in shown.context["alone"]]
    assert rows == [("Olga", ["view analytics", "reply to comments and messages"])]
