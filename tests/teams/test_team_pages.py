"""The team's pages over HTTP: rules 2 to 5, 11, 12, 14, and what goes wrong when two act at once."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from audit.models import Event
from teams import actions
from teams.models import AssetGrant, Membership, Role
from tests.factories import (
    PASSWORD,
    AssetFactory,
    BusinessAccountFactory,
    MembershipFactory,
    OwnershipOfferFactory,
    PersonFactory,
    owner_of,
)
from tests.together import at_once, committed
from tests.written import written


def url(name, account, *things):
    return reverse(name, args=[account.slug, *(getattr(thing, "pk", thing) for thing in things)])


def page(client, address):
    return client.get(address).content.decode()


@pytest.mark.django_db
@pytest.mark.rule(2)
def test_an_administrator_cannot_give_billing_which_she_does_not_hold(client):
    anna = MembershipFactory(holding="administrator")
    eddie = MembershipFactory(holding="editor", account=anna.account)
    client.force_login(anna.person)

    response = client.post(url("change_role", anna.account, eddie), {"role": "finance"})

    assert response.status_code == 403
    assert "manage billing" in response.content.decode().lower()
    assert Membership.objects.get(pk=eddie.pk).role == eddie.role
    assert list(Event.objects.about(eddie).values_list("name", "result")) == [("role.changed", "refused")]


# What is done to a member: how the member must stand for it, and the form. Nothing of it lacks anything but the right.
DONE_TO_A_MEMBER = {
    "suspend_member": ({}, {"reason": "Left"}),
    "restore_member": ({"suspended": True}, {}),
    "offboard_member": ({}, {"reason": "Left"}),
    "change_role": ({}, {"role": "editor"}),
    "confirm_role": ({"unconfirmed": True}, {}),
    "member_grants": ({}, {"codes": ["run_ads"]}),
}


def address_of(act, member):
    things = [member, AssetFactory(account=member.account)] if act == "member_grants" else [member]
    return url(act, member.account, *things)


def as_it_stands(member):
    rows = Membership.objects.filter(pk=member.pk)
    return rows.values("state", "lasting_role__code", "confirmed_at", "suspended_at", "ended_at").get()


@pytest.mark.django_db
@pytest.mark.rule(2)
@pytest.mark.parametrize("act", DONE_TO_A_MEMBER)
def test_an_administrator_who_intrudes_cannot_evict_the_others_nor_seat_more(client, act):
    state, form = DONE_TO_A_MEMBER[act]
    anna = MembershipFactory(holding="administrator")
    other = MembershipFactory(holding="administrator", account=anna.account, **state)
    here, before = address_of(act, other), as_it_stands(other)
    client.force_login(anna.person)

    asked = page(client, here)
    response = client.post(here, form)

    assert "Only the owner can do this" in asked
    assert response.status_code == 403
    assert as_it_stands(other) == before
    assert not AssetGrant.objects.exists()
    assert list(Event.objects.about(other).values_list("result", flat=True)) == ["refused"]


@pytest.mark.django_db
@pytest.mark.rule(2)
@pytest.mark.parametrize("act", DONE_TO_A_MEMBER)
def test_the_owner_may_do_all_of_it_to_an_administrator(client, act):
    state, form = DONE_TO_A_MEMBER[act]
    other = MembershipFactory(holding="administrator", **state)
    here, before = address_of(act, other), as_it_stands(other)
    client.force_login(other.account.owner)

    response = client.post(here, form)
    if act == "member_grants":  # it shows first what it changes
        response = client.post(here, {**form, "sure": response.context["asked"]})

    assert response.status_code == 302
    assert as_it_stands(other) != before or AssetGrant.objects.filter(membership=other).exists()


@pytest.mark.django_db
@pytest.mark.rule(2)
@pytest.mark.parametrize("act", [act for act in DONE_TO_A_MEMBER if act != "restore_member"])  # who could ask for it?
def test_nobody_acts_on_themselves(client, act):
    state, form = DONE_TO_A_MEMBER[act]
    anna = MembershipFactory(holding="administrator", **state)
    here, before = address_of(act, anna), as_it_stands(anna)
    client.force_login(anna.person)

    response = client.post(here, form)

    assert response.status_code == 422
    assert "Nobody changes their own role" in response.content.decode()
    assert as_it_stands(anna) == before
    assert not AssetGrant.objects.exists()


@pytest.mark.django_db
@pytest.mark.rule(3)
@pytest.mark.parametrize("act", ["suspend_member", "offboard_member", "change_role"])
def test_the_owner_is_out_of_reach(client, act):
    anna = MembershipFactory(holding="administrator")
    client.force_login(anna.person)

    response = client.post(url(act, anna.account, owner_of(anna.account)), {"role": "editor", "reason": "Left"})

    assert response.status_code == 422
    assert owner_of(anna.account).role.is_owner


@pytest.mark.rule(3)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_businessaccount SET owner_id = NULL",
        "UPDATE accounts_businessaccount SET owner_id = (SELECT max(id) FROM accounts_person)",
        "UPDATE teams_membership SET state = 'suspended', suspended_at = now()",
        "UPDATE teams_membership SET state = 'ended', ended_at = now()",
        "UPDATE teams_membership SET ends_at = now()",
        "UPDATE teams_membership SET role_id = (SELECT id FROM teams_role WHERE code = 'editor')",
        "DELETE FROM teams_membership",
    ],
)
@pytest.mark.requirement("AZ7")
def test_the_database_itself_refuses_an_account_without_its_owner(fresh_database, statement):
    with transaction.atomic():  # noqa: TID251  # rows of a test
        BusinessAccountFactory()
        PersonFactory()

    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_a_grant_across_two_accounts_is_refused_by_the_database():
    member, asset = MembershipFactory(), AssetFactory()
    from django.contrib.auth.models import Permission

    with pytest.raises(IntegrityError):
        AssetGrant.objects.create(
            user=member.person,
            membership=member,
            content_object=asset,
            permission=Permission.objects.get(codename="run_ads"),
        )


@pytest.mark.django_db
@pytest.mark.rule(11)
def test_a_new_role_waits_for_a_yes_and_warns_of_wide_powers(client):
    account = BusinessAccountFactory()
    sofie = MembershipFactory(account=account, holding="administrator", unconfirmed=True)
    client.force_login(account.owner)

    text = page(client, url("confirm_role", account, sofie))
    response = client.post(url("confirm_role", account, sofie))
    again = client.post(url("confirm_role", account, sofie))

    assert "This is a powerful role" in text
    assert response.status_code == 302
    assert Membership.objects.get(pk=sofie.pk).confirmed_at
    assert again.status_code == 409
    assert "confirmed already" in again.content.decode()


@pytest.mark.django_db
@pytest.mark.rule(14)
@pytest.mark.requirement("AZ8")
def test_an_open_session_is_refused_at_the_very_next_request(client):
    eddie = MembershipFactory()
    home = reverse("account_home", args=[eddie.account.slug])
    client.force_login(eddie.person)
    before = client.get(home).status_code

    actions.offboard(membership=eddie, by=eddie.account.owner, reason="Left")
    at_once = client.get(home)
    client.force_login(Person.objects.get(pk=eddie.person_id))
    after = client.get(home)

    assert (before, at_once.status_code, after.status_code) == (200, 302, 403)
    assert "Your access has ended" in after.content.decode()
    assert eddie.account.owner.email in after.content.decode()


@pytest.mark.django_db
def test_grants_are_ticked_and_unticked_and_ids_of_another_account_do_not_exist(client):
    account = BusinessAccountFactory()
    member, asset = MembershipFactory(account=account, holding="member"), AssetFactory(account=account)
    client.force_login(account.owner)
    here = url("member_grants", account, member, asset)

    def confirmed(form):
        client.post(here, {**form, "sure": client.post(here, form).context["asked"]})

    confirmed({"codes": ["run_ads", "view_analytics"], "reason": "Campaign"})
    ticked = page(client, here)
    confirmed({"codes": ["run_ads"]})

    assert len(re.findall(r'name="codes"[^>]* checked', ticked)) == 2
    assert [row.permission.codename for row in AssetGrant.objects.all()] == ["run_ads"]
    assert client.post(here, {"codes": ["manage_team"]}).status_code == 422
    assert client.get(url("member_grants", account, member, AssetFactory())).status_code == 404


@pytest.mark.django_db
def test_the_list_searches_filters_sorts_and_pages_and_swallows_nonsense(client):
    account = BusinessAccountFactory()
    for number in range(30):
        MembershipFactory(account=account, person__name=f"Member {number:02}", holding="analyst")
    MembershipFactory(account=account, person__name="Zoe", suspended=True)
    MembershipFactory(person__name="Canary of another account")
    client.force_login(account.owner)
    team = url("team", account)

    assert "1–25 of 32" in page(client, team)
    assert "26–32 of 32" in page(client, f"{team}?page=2")
    assert "Member 07" in page(client, f"{team}?q=member 07")
    assert "another account" not in page(client, f"{team}?q=Canary")
    suspended = page(client, f"{team}?state=suspended")
    assert "Zoe" in suspended
    assert "Member 01" not in suspended
    assert page(client, f"{team}?sort=-name").index("Zoe") < page(client, f"{team}?sort=-name").index("Member 29")
    for nonsense in (
        "page=x",
        "page=-1",
        "page=999999999999999999999",
        "q=%00",
        "role=owner%00",
        "sort=person__password",
        "state=x",
    ):
        assert client.get(f"{team}?{nonsense}").status_code == 200


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_team(client, django_assert_max_num_queries):
    account = BusinessAccountFactory()
    MembershipFactory.create_batch(40, account=account)
    client.force_login(account.owner)
    client.get(url("team", account))

    with django_assert_max_num_queries(12):
        client.get(url("team", account))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("act", "state", "words"),
    [
        ("confirm_role", {}, "The role is confirmed already."),
        ("suspend_member", {"suspended": True}, "Eddie is suspended already."),
        ("restore_member", {}, "Eddie is not suspended."),
    ],
)
def test_a_page_for_an_act_that_is_impossible_says_so_and_does_not_ask(client, act, state, words):
    eddie = MembershipFactory(person__name="Eddie", **state)
    client.force_login(eddie.account.owner)

    shown = page(client, url(act, eddie.account, eddie))
    tried = client.post(url(act, eddie.account, eddie), {"reason": "x"})

    assert words in shown
    assert '<form class="confirm' not in shown
    assert "Yes, confirm" not in shown
    assert tried.status_code == 409


@pytest.mark.django_db
@pytest.mark.rule(4)
@pytest.mark.parametrize("policy", [{"confirmation": "before"}, {"second_factor": "everyone"}])
def test_who_has_no_power_yet_can_leave_and_sees_nothing_but_the_own_state(client, policy):
    account = BusinessAccountFactory(policy_and_seat=policy)
    ivan = MembershipFactory(account=account, unconfirmed=True)
    client.force_login(ivan.person)

    state = client.get(url("account_home", account))
    asked = page(client, url("leave_account", account))
    client.post(url("leave_account", account))

    assert state.status_code == 403
    assert url("leave_account", account) in state.content.decode()
    assert "The role Editor and all that it gives ends." in asked
    assert url("roles", account) not in asked
    assert Membership.objects.get(pk=ivan.pk).state == "ended"
    assert list(Event.objects.about(ivan).values_list("name", "result")) == [("member.left", "done")]


@pytest.mark.django_db
@pytest.mark.rule(4)
def test_who_is_suspended_is_not_offered_to_leave(client):
    bruno = MembershipFactory(suspended=True)
    client.force_login(bruno.person)

    assert url("leave_account", bruno.account) not in page(client, url("account_home", bruno.account))
    assert client.post(url("leave_account", bruno.account)).status_code == 403
    assert Membership.objects.current().filter(pk=bruno.pk).exists()


@pytest.mark.django_db
def test_closing_asks_for_the_name_and_ends_every_power(client):
    account = BusinessAccountFactory(name="Northwind")
    eddie = MembershipFactory(account=account)
    client.force_login(account.owner)

    wrong = client.post(url("close_account", account), {"typed_name": "Southwind"})
    right = client.post(url("close_account", account), {"typed_name": " Northwind "})

    assert (wrong.status_code, right.status_code) == (422, 302)
    assert not Person.objects.get(pk=eddie.person_id).has_perm("view_account", account)
    shown = page(client, reverse("account_home", args=[account.slug]))
    assert "This account is closed" in shown
    assert f"{account.owner} closed it." in shown
    assert f"manage.py verify_audit --account {account.slug}" in shown
    assert reverse("my_activity") in shown


@pytest.mark.django_db
@pytest.mark.rule(3)
def test_the_ownership_moves_only_when_the_other_one_accepts(client, mailoutbox):
    anna = MembershipFactory(holding="administrator")
    account, olga = anna.account, anna.account.owner
    client.force_login(olga)
    client.post(url("ownership", account), {"membership": anna.pk})
    offer = account.ownership_offers.get()
    still = BusinessAccount.objects.get(pk=account.pk).owner

    client.force_login(anna.person)
    asked = page(client, url("ownership_offer", account, offer))
    client.post(reverse("answer_ownership", args=[account.slug, offer.pk, "accept"]))

    assert still == olga
    assert "Accept the ownership" in asked
    assert BusinessAccount.objects.get(pk=account.pk).owner == anna.person
    assert Membership.objects.get(account=account, person=olga).role.code == "administrator"


@pytest.mark.django_db
def test_a_standard_account_opens_its_team_by_an_upgrade(client):
    account = BusinessAccountFactory(kind="standard")
    client.force_login(account.owner)

    refused = client.post(url("invite", account), {"addresses": "a@example.com", "role": "editor"})
    client.post(url("upgrade_account", account))
    invited = client.post(url("invite", account), {"addresses": "a@example.com", "role": "editor"})

    assert refused.status_code == 422
    assert "standard account has no team" in refused.content.decode()
    assert invited.status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "   ", "\u202e\u200b", "x" * 101])
def test_an_account_needs_a_name_that_can_be_seen(client, name):
    client.force_login(PersonFactory())

    response = client.post(reverse("open_account"), {"name": name, "kind": "business"})

    assert response.status_code == 422
    assert not BusinessAccount.objects.exists()


@pytest.mark.django_db
def test_two_accounts_of_one_name_get_addresses_of_their_own_and_pages_keep_theirs():
    person = PersonFactory()

    slugs = [actions.open_account(name=name, kind="business", by=person).slug for name in ("Halo", "Halo", "New", "☕")]

    assert slugs[0] == "halo"
    assert re.fullmatch(r"halo-[a-z0-9]{6}", slugs[1])
    assert slugs[2] != "new"
    assert len(set(slugs)) == 4


# --- Two at once ------------------------------------------------------------------------------------------------------
@pytest.mark.rule(5)
def test_two_promotions_at_once_for_the_last_administrators_place(fresh_database):
    account = committed(lambda: BusinessAccountFactory(policy_and_seat={"most_administrators": 1}))
    first, second = (committed(lambda: MembershipFactory(account=account)) for _number in range(2))
    administrator = Role.objects.built_in("administrator")

    answers = at_once(
        *(lambda m=m: actions.change_role(membership=m, role=administrator, by=account.owner) for m in (first, second))
    )

    assert Membership.objects.filter(account=account).in_role(administrator).count() == 1
    assert sum(isinstance(answer, PolicyViolation) for answer in answers) == 1


@pytest.mark.rule(3)
@pytest.mark.requirement("AZ7")
def test_two_ownership_transfers_at_once_leave_one_owner(fresh_database):
    account = committed(BusinessAccountFactory)
    anna, eddie = (committed(lambda: MembershipFactory(account=account)) for _number in range(2))
    olga = account.owner

    offers = at_once(
        *(lambda m=m: actions.offer_ownership(account=account, membership=m, by=olga) for m in (anna, eddie))
    )
    (offer,) = [offer for offer in offers if not isinstance(offer, Exception)]
    at_once(*[lambda: actions.accept_ownership(offer=offer, by=offer.person)] * 4)

    account.refresh_from_db()
    assert account.owner == offer.person
    assert Event.objects.named("ownership.accepted").filter(result="done").count() == 1
    assert Membership.objects.filter(account=account, lasting_role__code="owner").count() == 1


@pytest.mark.rule(12)
def test_offboarding_and_suspending_the_same_people_at_once_does_not_deadlock(fresh_database):
    account = committed(BusinessAccountFactory)
    members = [committed(lambda: MembershipFactory(account=account)) for _number in range(6)]

    answers = at_once(
        *(lambda m=m: actions.suspend(membership=m, by=account.owner) for m in members),
        *(lambda m=m: actions.offboard(membership=m, by=account.owner, reason="Left") for m in reversed(members)),
    )

    assert not any("deadlock" in str(answer) for answer in answers)
    assert set(Membership.objects.filter(pk__in=[m.pk for m in members]).values_list("state", flat=True)) == {"ended"}


@pytest.mark.django_db
@pytest.mark.rule(4)
def test_an_offer_of_ownership_to_somebody_else_does_not_exist_for_the_others(client):
    offer = OwnershipOfferFactory()
    eddie = MembershipFactory(account=offer.account)
    client.force_login(eddie.person)

    assert client.get(url("ownership_offer", offer.account, offer)).status_code == 404
    for answer in ("accept", "decline", "whatever"):
        assert client.post(reverse("answer_ownership", args=[offer.account.slug, offer.pk, answer])).status_code == 404


@pytest.mark.django_db
def test_a_sign_in_and_its_failures_stand_in_the_persons_own_chain(client):
    eddie = PersonFactory()
    unknown = "the password typed by mistake"

    client.post("/auth/login/", {"login": eddie.email, "password": "wrong"})
    client.post("/auth/login/", {"login": "nobody@example.com", "password": unknown})
    client.post("/auth/login/", {"login": eddie.email.upper(), "password": PASSWORD})
    client.post("/auth/logout/")

    names = [(event.name, event.result) for event in Event.objects.of(eddie).order_by("number")]
    assert names == [
        ("person.sign_in_failed", "refused"), ("person.signed_in", "done"), ("person.signed_out", "done"),
    ]  # fmt: skip
    assert not any(unknown in text for text in written())
    assert Event.objects.get(chain__kind="portal").target == "n•••••@e•••.com"
