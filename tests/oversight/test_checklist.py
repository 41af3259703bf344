"""The security checklist of an account and of a person: each line by what people really do, and for whom it is."""

import datetime as dt
import re
from dataclasses import replace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import make_recovery_codes
from audit.models import Event
from invitations.actions import accept, invite
from logins.actions import note_gone
from oversight.checklist import RULES
from teams import actions
from teams.models import Membership, Role, SecondPerson
from tests.accounts.keys import SoftKey
from tests.accounts.test_guessing import so_many_failures, soon_over  # noqa: F401  # the second is a fixture
from tests.accounts.test_passkeys import enrols
from tests.accounts.test_places import AWAY, NEW, signs_in
from tests.factories import (
    PASSWORD,
    TOTP_SECRET,
    BusinessAccountFactory,
    KnowerFactory,
    MembershipFactory,
    PersonFactory,
    RoleFactory,
    SharedLoginFactory,
    owner_of,
    with_plan,
)
from tests.logins.signing import sign
from tests.oversight.log import url
from tests.post import the_post_goes_out

pytestmark = pytest.mark.django_db
LONG_AGO = dt.timedelta(days=91)


def seen_by(person):
    client = Client()
    client.force_login(person)
    return client


def checklist(account, *, by=None):
    """The checklist as its page shows it."""
    response = seen_by(by or account.owner).get(url("security_checklist", account))
    assert response.status_code == 200
    return response.context["checklist"]


def line(account, key, *, by=None):
    [found] = [line for line in checklist(account, by=by).lines if line.key == key]
    return found


def done(account, key):
    return line(account, key).done


# --- Each line, by the acts that undo and do it -------------------------------------------------------------------------
def policy(**wanted):
    """A line of the policy: undone as an account begins, done by a change of the policy, undone by taking it back."""

    def story(account):
        before = {name: getattr(account.policy, name) for name in wanted}
        yield False
        actions.change_policy(account=account, by=account.owner, **wanted)
        yield True
        actions.change_policy(account=account, by=account.owner, **before)
        yield False

    return story


def administrators_factor(account):
    yield False
    TOTP.activate(account.owner, TOTP_SECRET)
    yield True
    anna = MembershipFactory(account=account)
    yield True  # what an editor has is another line
    actions.change_role(membership=anna, role=Role.objects.built_in("administrator"), by=account.owner)
    yield False
    actions.suspend(membership=anna, by=account.owner)
    yield True


def passkeys_only(account):
    TOTP.activate(account.owner, TOTP_SECRET)
    yield True
    account.policy.second_factor_kinds = "passkey"
    account.policy.save()
    yield False
    Authenticator.objects.create(user=account.owner, type="webauthn", data={})
    yield True


def everyone_factor(account):
    yield None  # nobody is there but the owner
    eddie = MembershipFactory(account=account)
    yield False
    TOTP.activate(eddie.person, TOTP_SECRET)
    yield True
    offer = invite(account=account, address="nora@example.com", role=Role.objects.built_in("analyst"), by=account.owner)
    yield True
    accept(invitation=offer, by=PersonFactory(email="nora@example.com"))
    yield False


def second_administrator(account):
    yield False
    anna = MembershipFactory(account=account)
    actions.change_role(membership=anna, role=Role.objects.built_in("administrator"), by=account.owner)
    yield True
    actions.offboard(membership=anna, by=account.owner, reason="Left the company")
    yield False


def single_handed(account):
    yield None
    finn = MembershipFactory(account=account, holding="finance")
    yield False  # nobody but the owner manages the team, the roles and so on
    MembershipFactory(account=account, holding="administrator")
    yield True
    actions.suspend(membership=finn, by=account.owner)
    yield False  # billing is the owner's alone
    actions.restore(membership=finn, by=account.owner)
    yield True


def successor(account):
    yield None
    eddie = MembershipFactory(account=account)
    yield False
    actions.name_successor(account=account, membership=eddie, by=account.owner)
    yield True
    actions.drop_successor(account=account, by=account.owner)
    yield False


def quiet_members(account):
    eddie = MembershipFactory(account=account)
    yield True  # new, and never here yet
    Membership.objects.update(joined_at=timezone.now() - LONG_AGO)
    yield False
    signs_in(eddie.person)
    yield True
    nora = MembershipFactory(account=account, joined_at=timezone.now() - LONG_AGO)
    yield False
    actions.offboard(membership=nora, by=account.owner, reason="Left the company")
    yield True


def outside_ends(account):
    yield None
    eddie = MembershipFactory(account=account)
    terms = replace(eddie.terms, kind="agency", organisation="Brightside", sponsor=account.owner)
    actions.change_terms(membership=eddie, terms=terms, by=account.owner)
    yield False
    actions.set_end(membership=eddie, ends_at=timezone.now() + dt.timedelta(days=60), by=account.owner)
    yield True
    actions.set_end(membership=eddie, ends_at=None, by=account.owner)
    yield False


def outside_sponsor(account):
    eddie = MembershipFactory(account=account, kind="contractor", organisation="Kettle Stills")
    yield False
    terms = replace(eddie.terms, sponsor=account.owner)
    actions.change_terms(membership=eddie, terms=terms, by=account.owner)
    yield True


def confirmed_roles(account):
    MembershipFactory(account=account)
    yield True
    offer = invite(account=account, address="nora@example.com", role=Role.objects.built_in("analyst"), by=account.owner)
    nora = accept(invitation=offer, by=PersonFactory(email="nora@example.com"))
    yield False
    actions.confirm_role(membership=nora, by=account.owner)
    yield True


def exposed_logins(account):
    yield None
    knower = KnowerFactory(login=SharedLoginFactory(account=account))
    yield True
    note_gone(knower=knower, by=account.owner)
    yield False
    sign(knower.login)
    yield True


def second_person(account):
    yield False
    rule = SecondPerson.objects.create(account=account, act="administrator", way="notify")
    yield False  # being told holds nothing up
    for rule.way, is_done in (("delay", True), ("approve", True), ("off", False)):
        rule.save()
        yield is_done


STORIES = {
    "administrators_factor": administrators_factor,
    "factor_required": policy(second_factor="administrators"),
    "exposed_logins": exposed_logins,
    "second_administrator": second_administrator,
    "single_handed": single_handed,
    "successor": successor,
    "everyone_factor": everyone_factor,
    "quiet_members": quiet_members,
    "outside_ends": outside_ends,
    "outside_sponsor": outside_sponsor,
    "confirmed_roles": confirmed_roles,
    "confirmation_first": policy(confirmation="before"),
    "domains": policy(domains=["example.com"]),
    "probation": policy(probation_days=14),
    "second_person": second_person,
    "session_idle": policy(session_idle_minutes=15),
}


def test_each_rule_has_a_story_here_and_no_two_say_the_same():
    assert [rule.key for rule in RULES] == list(STORIES)
    assert len({str(rule.title) for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("key", STORIES)
def test_a_line_is_done_and_undone_by_what_people_do(key):
    account = BusinessAccountFactory()
    if key == "factor_required":
        TOTP.activate(account.owner, TOTP_SECRET)  # nobody requires what would shut themselves out at once

    for number, expected in enumerate(STORIES[key](account)):
        assert done(account, key) is expected, f"after step {number}"


def test_where_only_passkeys_count_an_app_is_no_second_factor():
    account = BusinessAccountFactory()

    for expected in passkeys_only(account):
        assert done(account, "administrators_factor") is expected


@pytest.mark.rule(1)
def test_what_is_planned_counts_from_its_moment_and_is_told_before(time_machine):
    account = with_plan(BusinessAccountFactory(), days=3)
    TOTP.activate(account.owner, TOTP_SECRET)

    before = line(account, "factor_required")
    time_machine.move_to(timezone.now() + dt.timedelta(days=4))
    after = line(account, "factor_required")

    assert (before.done, before.now) == (False, "A change is planned, and does not count yet.")
    assert before.href == url("policy_plan", account)
    assert after.done is True


def test_the_line_about_the_successor_does_not_tell_who_it_is():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator")
    eddie, nora = MembershipFactory(account=account), MembershipFactory(account=account)
    actions.name_successor(account=account, membership=eddie, by=account.owner)

    told = []
    for suspended in (nora, eddie):
        actions.suspend(membership=suspended, by=anna.person)
        told.append(line(account, "successor", by=anna.person))

    assert told[0] == told[1]
    assert told[0].done is True


def test_a_standard_account_is_asked_only_what_one_person_can_do():
    account = BusinessAccountFactory(kind="standard")

    found = checklist(account)

    assert [line.key for line in found.applying] == ["administrators_factor", "factor_required", "session_idle"]


# --- The score and the page ---------------------------------------------------------------------------------------------
def whole():
    """An account in which all is done."""
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator")
    finn = MembershipFactory(account=account, holding="finance")
    for member in (owner_of(account), anna, finn):
        TOTP.activate(member.person, TOTP_SECRET)
    actions.name_successor(account=account, membership=anna, by=account.owner)
    wanted = {
        "second_factor": "everyone", "confirmation": "before", "domains": ["example.com"], "probation_days": 7,
        "session_idle_minutes": 15,
    }  # fmt: skip
    actions.change_policy(account=account, by=account.owner, **wanted)
    SecondPerson.objects.create(account=account, act="administrator", way="approve")
    return account


def test_an_account_where_all_is_done_says_so_and_asks_for_nothing():
    account = whole()

    found = checklist(account)
    page = seen_by(account.owner).get(url("security_checklist", account)).content.decode()

    assert found.open == []
    assert (found.done, found.of, found.score) == (13, 13, "13 of 13 done")
    assert "All of it is done." in page
    assert "To do" not in page


def test_each_fix_leads_to_a_page_and_to_a_place_on_it():
    account = BusinessAccountFactory()
    SharedLoginFactory(account=account)
    note_gone(knower=KnowerFactory(login=account.shared_logins.get()), by=account.owner)
    MembershipFactory(account=account, unconfirmed=True, kind="agency", organisation="Brightside")
    Membership.objects.update(joined_at=timezone.now() - LONG_AGO)
    client = seen_by(account.owner)

    fixes = {line.key: line.href for line in checklist(account).open}

    assert set(fixes) == set(STORIES)
    for key, address in fixes.items():
        page, _hash, place = address.partition("#")
        response = client.get(page)
        assert response.status_code == 200, key
        assert not place or f'id="{place}"' in response.content.decode(), key
        if "?state=" in page:
            assert response.context["page_obj"].paginator.count == 1, key


def test_who_lacks_a_second_factor_is_led_to_the_own_one_and_then_to_the_others():
    account = BusinessAccountFactory()
    MembershipFactory(account=account, holding="administrator")

    before = line(account, "administrators_factor")
    TOTP.activate(account.owner, TOTP_SECRET)
    after = line(account, "administrators_factor")

    assert (before.verb, before.href) == ("Set up yours", reverse("mfa_index"))
    assert (after.verb, after.href) == ("See who", url("security_policy", account) + "#lacking")


def test_looking_at_the_checklist_writes_no_event():
    account = BusinessAccountFactory()
    client = seen_by(account.owner)
    client.get(url("security_checklist", account))
    known = Event.objects.count()

    for page in (url("security_checklist", account), url("account_home", account), "/dashboard/", "/auth/2fa/"):
        assert client.get(page).status_code == 200

    assert Event.objects.count() == known


# --- Who sees it, and who is named ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("holding", "status"),
    [("administrator", 200), ("editor", 403), ("finance", 403), ("auditor", 403), ("member", 403)],
)
def test_the_checklist_of_an_account_is_for_who_manages_its_policy(holding, status):
    account = BusinessAccountFactory()
    client = seen_by(MembershipFactory(account=account, holding=holding).person)

    page, home = client.get(url("security_checklist", account)), client.get(url("account_home", account))

    assert page.status_code == status
    assert (url("security_checklist", account) in home.content.decode()) is (status == 200)


@pytest.mark.rule(4)
def test_the_checklist_of_another_account_is_not_there():
    account, other = BusinessAccountFactory(), BusinessAccountFactory()
    client = seen_by(account.owner)

    strange, none = client.get(url("security_checklist", other)), client.get("/accounts/no-such/security/checklist/")

    assert (strange.status_code, none.status_code) == (404, 404)


@pytest.mark.rule(4)
def test_nothing_of_another_account_counts_in_mine():
    account = whole()
    other = BusinessAccountFactory(owner=account.owner)
    note_gone(knower=KnowerFactory(login=SharedLoginFactory(account=other)), by=other.owner)
    MembershipFactory(account=other, unconfirmed=True, kind="agency", joined_at=timezone.now() - LONG_AGO)

    assert checklist(account).is_whole
    assert not checklist(other).is_whole


def test_an_administrator_reads_that_the_owner_names_the_successor():
    account = BusinessAccountFactory(owner__name="Olga Berg")
    anna = MembershipFactory(account=account, holding="administrator")

    found = line(account, "successor", by=anna.person)
    page = seen_by(anna.person).get(url("security_checklist", account)).content.decode()

    assert (found.done, found.href, list(found.fixers)) == (False, "", [account.owner])
    assert "Who can: Olga Berg." in page
    assert line(account, "successor").href == url("name_successor", account)


def test_who_manages_the_policy_alone_reads_who_manages_the_team():
    account = BusinessAccountFactory(owner__name="Olga Berg")
    guard = RoleFactory(account=account, held=["manage_security", "view_account"])
    gus = MembershipFactory(account=account, role=guard, kind="contractor")
    MembershipFactory(account=account, holding="administrator", person__name="Anna Lund")

    found = {line.key: line for line in checklist(account, by=gus.person).open}
    home = seen_by(gus.person).get(url("account_home", account)).content.decode()

    assert [str(person) for person in found["outside_ends"].fixers] == ["Anna Lund", "Olga Berg"]
    assert found["outside_ends"].href == ""
    assert found["domains"].href == url("security_policy", account) + "#id_domains"
    assert "The whole checklist" in home


def test_from_elsewhere_an_administrator_does_not_see_what_the_policy_keeps_for_its_ranges():
    account = BusinessAccountFactory(policy_and_seat={"sensitive_ranges": ["198.51.100.0/24"]})
    client = seen_by(MembershipFactory(account=account, holding="administrator").person)

    here = client.get(url("security_checklist", account), REMOTE_ADDR="198.51.100.7")
    elsewhere = client.get(url("security_checklist", account), REMOTE_ADDR=AWAY)

    assert (here.status_code, elsewhere.status_code) == (200, 403)


# --- The cards -----------------------------------------------------------------------------------------------------------
def test_the_overview_shows_the_score_and_two_fixes():
    account = BusinessAccountFactory()

    response = seen_by(account.owner).get(url("account_home", account))

    found, text = response.context["security"], response.content.decode()
    assert f"<b>{found.score}</b>" in text
    assert len(found.next_fixes) == 2
    assert all(re.search(rf'href="{re.escape(line.href)}"', text) for line in found.next_fixes)


def test_a_card_first_shows_what_the_reader_can_do():
    account = whole()
    anna = Membership.objects.get(account=account, lasting_role__code="administrator")
    actions.drop_successor(account=account, by=account.owner)
    actions.change_policy(account=account, by=account.owner, probation_days=0)

    response = seen_by(anna.person).get(url("account_home", account))

    assert [line.key for line in response.context["security"].next_fixes] == ["probation", "successor"]


def test_the_portfolio_shows_the_score_only_where_i_manage_the_policy():
    mara = PersonFactory()
    alpha = MembershipFactory(person=mara, holding="administrator", account__name="Alpha").account
    MembershipFactory(person=mara, holding="editor", account__name="Beta")
    MembershipFactory(person=mara, holding="administrator", account__name="Gamma", suspended=True)
    actions.change_policy(account=alpha, by=alpha.owner, probation_days=7)

    response = seen_by(mara).get(reverse("portfolio"), {"sort": "-security"})

    lines = [(row.account.name, row.security.score if row.security else "") for row in response.context["page_obj"]]
    assert lines == [("Alpha", checklist(alpha).score), ("Beta", ""), ("Gamma", "")]
    assert url("security_checklist", alpha) in response.content.decode()


# --- As many questions for many as for few ------------------------------------------------------------------------------
def asked(client, address):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def grow(account, many):
    for number in range(many):
        MembershipFactory(
            account=account,
            holding=("editor", "administrator", "finance")[number % 3],
            kind=("employee", "agency", "contractor")[number % 3],
            unconfirmed=number % 2 == 0,
            joined_at=timezone.now() - LONG_AGO * (number % 2),
        )
        SharedLoginFactory(account=account)


def test_the_checklist_costs_the_same_for_5_members_and_for_50():
    account = BusinessAccountFactory()
    client, address = seen_by(account.owner), url("security_checklist", account)
    grow(account, 5)
    asked(client, address)
    few = asked(client, address)
    grow(account, 45)

    assert asked(client, address) == few


def test_the_portfolio_costs_the_same_for_2_accounts_and_for_12():
    mara = PersonFactory()
    client = seen_by(mara)

    def join(many):
        for _turn in range(many):
            grow(MembershipFactory(person=mara, holding="administrator").account, 3)

    join(2)
    asked(client, reverse("portfolio"))
    few = asked(client, reverse("portfolio"))
    join(10)

    assert asked(client, reverse("portfolio")) == few


# --- One's own -----------------------------------------------------------------------------------------------------------
OWN = ["second_factor", "passkey", "spare_factor", "recovery_codes", "password", "sign_ins"]


def mine(client):
    found = client.get(reverse("mfa_index")).context["checklist"]
    return {line.key: line.done for line in found.lines}


def undone(client):
    return {key for key, is_done in mine(client).items() if is_done is False}


def signed_in(person):
    """A browser with a fresh sign-in by password."""
    client = signs_in(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_a_person_s_lines_are_done_one_after_the_other_by_what_the_person_does():
    nina = PersonFactory()
    client = signed_in(nina)
    begun = mine(client)

    assert enrols(client, SoftKey())
    with_passkey = undone(client)
    client.post(reverse("recovery_codes"))
    with_codes = undone(client)
    TOTP.activate(nina, TOTP_SECRET)

    assert list(begun) == OWN
    assert {key for key, is_done in begun.items() if is_done} == {"password", "sign_ins"}
    assert with_passkey == {"spare_factor", "recovery_codes"}
    assert with_codes == {"spare_factor"}
    assert undone(client) == set()
    assert "All of it is done." in client.get(reverse("mfa_index")).content.decode()


def test_recovery_codes_are_to_be_made_anew_when_few_are_left():
    nina = PersonFactory()
    TOTP.activate(nina, TOTP_SECRET)
    make_recovery_codes(person=nina, by=nina)
    client = seen_by(nina)
    codes = nina.recovery_codes
    enough = mine(client)["recovery_codes"]
    codes.filter(pk__in=codes.values("pk")[:7]).update(used_at=timezone.now())

    assert (enough, mine(client)["recovery_codes"]) == (True, False)
    assert "3 are left." in client.get(reverse("mfa_index")).content.decode()


def test_a_stopped_password_is_shown_until_it_is_set_anew(mailoutbox, time_machine, soon_over):  # noqa: F811  # the imported fixture
    nina = PersonFactory()
    so_many_failures(nina.email, time_machine)
    before = mine(seen_by(nina))["password"]
    the_post_goes_out()

    client = Client()
    client.post(reverse("account_reset_password"), {"email": nina.email})
    the_post_goes_out()
    page = client.get(mailoutbox[-1].body.split(settings.SITE_URL)[1].split()[0], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert (before, mine(signs_in(nina, password=NEW))["password"]) == (False, True)


def test_a_sign_in_from_elsewhere_is_shown_until_it_is_ended():
    nina = PersonFactory()
    at_home = signs_in(nina)
    signs_in(nina, since=AWAY)

    before = mine(at_home)["sign_ins"]
    at_home.post(reverse("usersessions_list"))

    assert (before, mine(at_home)["sign_ins"]) == (False, True)


def test_each_own_fix_leads_to_a_page():
    nina = PersonFactory()
    client = signed_in(nina)

    lines = client.get(reverse("mfa_index")).context["checklist"].lines

    assert all(client.get(line.href, follow=True).status_code == 200 for line in lines)


def test_the_home_page_shows_one_s_own_score_and_nobody_else_s():
    nina = PersonFactory()
    MembershipFactory(person=nina, holding="editor")
    client = seen_by(nina)

    found = client.get("/dashboard/")

    assert found.context["security"].score == "2 of 6 done"
    assert "<b>2 of 6 done</b>" in found.content.decode()
    assert "Security of the account" not in found.content.decode()


def test_who_has_no_password_is_asked_for_none():
    nina = PersonFactory()
    nina.set_unusable_password()
    nina.save()

    found = mine(seen_by(nina))

    assert found["password"] is None
