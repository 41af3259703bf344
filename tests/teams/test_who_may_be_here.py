"""Domains, kinds of second factors, address ranges and longest access: what a policy demands, at the check itself."""

import datetime as dt

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access import explain
from accounts.errors import MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, Person, SecurityPolicy
from accounts.normalising import in_domains, in_ranges, normal_domain, normal_range
from audit.models import Event
from audit.origin import Origin, stands_for
from invitations import actions as invitations
from invitations import fates
from invitations.actions.working import work_through
from invitations.models import ImportRow, Invitation
from teams import actions
from teams.models import Membership, Role, Terms
from teams.policies import session_limits
from tests.factories import (
    POLICY_FORM,
    TOTP_SECRET,
    BusinessAccountFactory,
    ImportFactory,
    InvitationFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    PersonFactory,
)

DAY = dt.timedelta(days=1)


def account_with(**policy):
    return BusinessAccountFactory(policy_and_seat=policy)


def asked(member, code="view_account"):
    """Ask the check as the next request would."""
    account = BusinessAccount.objects.get(pk=member.account_id)
    return explain(Person.objects.get(pk=member.person_id), code, account)


# --- Domains ---------------------------------------------------------------------------------------------------------
IN_EXAMPLE = {
    "a@example.com": True,
    "a.example.com@evil.example": False,
    "a@example.com.evil.example": False,
    "a@notexample.com": False,
    "a@sub.example.com": False,
    "a@example.co": False,
    "a@xn--exmple-cua.com": False,
}
BELOW_EXAMPLE = {
    "a@sub.example.com": True,
    "a@deep.sub.example.com": True,
    "a@example.com": False,
    "a@evilexample.com": False,
    "a@sub.example.com.evil.example": False,
}


@pytest.mark.django_db
@pytest.mark.rule(1)
@pytest.mark.parametrize(
    ("domain", "address", "inside"),
    [
        *(("example.com", address, inside) for address, inside in IN_EXAMPLE.items()),
        *(("*.example.com", address, inside) for address, inside in BELOW_EXAMPLE.items()),
    ],
)
def test_a_member_of_another_domain_has_no_power_and_lists_and_counts_say_the_same(domain, address, inside):
    account = account_with(domains=["other.example", domain])
    member = MembershipFactory(account=account, person__email=address)

    answer = asked(member)

    rows = Membership.objects.filter(pk=member.pk)
    assert in_domains(address, [domain]) == answer.allowed == inside
    assert rows.with_power(account.policy).exists() == inside
    assert rows.blocked(account.policy).exists() == (not inside)
    assert rows.state_counts(account.policy)["active"] == int(inside)
    assert (answer.standing == "wrong domain") == (not inside)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        (" Example.COM ", "example.com"),
        ("@example.com", "example.com"),
        ("*.Example.com", "*.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_has_one_form(typed, normal):
    assert normal_domain(typed) == normal


@pytest.mark.parametrize(
    "typed",
    ["com", "*", "*.com", "*.*.example.com", "a@example.com", "exa mple.com", "straße.de", "[127.0.0.1]", "", "."],
)
def test_what_is_no_domain_is_refused(typed):
    with pytest.raises(ValidationError):
        normal_domain(typed)


@pytest.mark.django_db
@pytest.mark.rule(3)
def test_the_owner_may_have_any_address():
    account = account_with(domains=["elsewhere.example"])

    assert account.owner.has_perm("manage_security", account)
    assert Membership.objects.filter(account=account).with_power(account.policy).count() == 1


@pytest.mark.django_db
@pytest.mark.rule(1)
def test_changing_ones_address_does_not_keep_access_and_the_page_says_what_to_do(client):
    account = account_with(domains=["example.com"], domains_since=timezone.now() - DAY)
    eddie = MembershipFactory(account=account, person__email="eddie@example.com")
    client.force_login(eddie.person)
    home = reverse("account_home", args=[account.slug])
    before = client.get(home)
    Person.objects.filter(pk=eddie.person_id).update(email="eddie@private.example")

    after = client.get(home)
    leaves = client.get(reverse("leave_account", args=[account.slug]))

    assert (before.status_code, after.status_code, leaves.status_code) == (200, 403, 200)
    for words in ("eddie@private.example", "<code>example.com</code>", reverse("account_email"), "asks for it since"):
        assert words in after.content.decode()


@pytest.mark.django_db
@pytest.mark.rule(1)
def test_the_check_asks_no_more_than_twice_whatever_the_policy_demands():
    account = account_with(domains=["example.com"], second_factor="everyone", sensitive_ranges=["192.0.2.0/24"])
    anna = MembershipFactory(account=account, holding="administrator")
    TOTP.activate(anna.person, TOTP_SECRET)
    person = Person.objects.get(pk=anna.person_id)

    with CaptureQueriesContext(connection) as queries:
        assert person.has_perm("manage_security", account)
        assert person.has_perm("manage_team", account)

    assert len([query for query in queries if "PREPARE" not in query["sql"]]) <= 2


@pytest.mark.django_db
@pytest.mark.rule(9)
def test_who_was_invited_before_does_not_join_after_and_nobody_else_is_invited():
    account = BusinessAccountFactory()
    before = InvitationFactory(account=account, address="new@other.example")
    invited = PersonFactory(email="new@other.example")
    SecurityPolicy.objects.filter(account=account).update(domains=["example.com"])
    by = {"account": account, "role": Role.objects.built_in("editor"), "by": account.owner}

    tries = {
        "accept": lambda: invitations.accept(invitation=before, by=invited),
        "resend": lambda: invitations.resend(invitation=before, by=account.owner),
        "copy": lambda: invitations.copy_link(invitation=before, by=account.owner),
        "correct": lambda: invitations.correct_address(invitation=before, address="x@example.co", by=account.owner),
        "invite": lambda: invitations.invite(address="other@sub.example.com", **by),
    }
    for attempt in tries.values():
        with pytest.raises(PolicyViolation, match=r"addresses of example\.com only"):
            attempt()
    invitations.invite(address="fine@example.com", **by)

    assert not Membership.objects.filter(account=account, person=invited).exists()
    assert set(Invitation.objects.filter(account=account).values_list("address", flat=True)) == {
        "new@other.example", "fine@example.com",
    }  # fmt: skip


@pytest.mark.django_db
def test_a_list_of_people_says_which_of_them_are_of_another_domain_and_gives_the_longest_end():
    account = account_with(domains=["example.com"], member_days=30)
    rows = [["in@example.com"], ["out@example.com.evil.example"]]
    listing = ImportFactory(account=account, state="running")
    listing.rows.all().delete()
    for number, typed in enumerate(rows, start=2):
        ImportRow.objects.create(
            source=listing, number=number, typed=typed, address=typed[0], shown=typed[0],
            role=Role.objects.built_in("editor"), fate="waiting",
        )  # fmt: skip
    listing.columns = {"address": 0}
    listing.role = Role.objects.built_in("editor")
    listing.save()

    foreseen = [row.fate for row in fates.foresee(listing, account, by=account.owner)]
    work_through(import_id=listing.pk)

    made = Invitation.objects.get(account=account)
    assert foreseen == ["waiting", "refused"]
    assert [row.fate for row in listing.rows.order_by("number")] == ["invited", "refused"]
    assert (made.address, abs(made.ends_at - timezone.now() - 30 * DAY) < DAY) == ("in@example.com", True)


# --- Kinds of second factors -----------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.rule(1)
def test_where_only_a_passkey_counts_a_code_does_not(client):
    account = account_with(second_factor="everyone", second_factor_kinds="passkey")
    app, key = MembershipFactory(account=account), MembershipFactory(account=account)
    TOTP.activate(app.person, TOTP_SECRET)
    Authenticator.objects.create(user=key.person, type="webauthn", data={})
    client.force_login(app.person)

    shown = client.get(reverse("account_home", args=[account.slug])).content.decode()

    assert [asked(member).allowed for member in (app, key)] == [False, True]
    able = Membership.objects.filter(account=account).with_power(account.policy)
    assert [row.pk for row in able] == [key.pk]
    assert reverse("mfa_add_webauthn") in shown


# --- Network addresses for sensitive acts ----------------------------------------------------------------------------
OFFICE, HOME = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "203.0.113.9"}


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.7", True), ("192.0.3.7", False), ("::ffff:192.0.2.7", True), ("2001:db8::1", True),
        ("2001:db9::1", False), ("", False), ("nonsense", False),
    ],
)  # fmt: skip
def test_an_address_lies_in_a_range_or_not(address, inside):
    assert in_ranges(address, ["192.0.2.0/24", "2001:db8::/32"]) is inside


@pytest.mark.parametrize("typed", ["300.1.1.1", "192.0.2.0/33", "office", "::ffff:192.0.2.0/120", "1.2.3.4/-1", ""])
def test_what_is_no_range_is_refused(typed):
    with pytest.raises(ValidationError):
        normal_range(typed)


@pytest.mark.django_db
@pytest.mark.rule(1)
def test_a_sensitive_act_is_allowed_from_the_named_addresses_only_and_says_so(client):
    account = account_with(sensitive_ranges=["192.0.2.0/24"])
    anna = MembershipFactory(account=account, holding="administrator")
    client.force_login(anna.person)
    page, team = reverse("security_policy", args=[account.slug]), reverse("team", args=[account.slug])

    answers = [client.get(page, **OFFICE), client.get(page, **HOME), client.get(team, **HOME)]

    assert [answer.status_code for answer in answers] == [200, 403, 200]
    assert "203.0.113.9" in answers[1].content.decode()
    assert "Ask for it" not in answers[1].content.decode()
    [refused] = Event.objects.of(account).named("access.refused")
    assert "certain network addresses" in refused.parts["reason"]


@pytest.mark.django_db
@pytest.mark.rule(3)
def test_the_owner_is_never_locked_out_and_still_changes_nothing_at_once_from_elsewhere(client):
    account = account_with(sensitive_ranges=["192.0.2.0/24"])
    claim = OwnershipClaimFactory(account=account)
    client.force_login(account.owner)
    here = reverse("security_policy", args=[account.slug])

    pages = [client.get(reverse(name, args=[account.slug]), **HOME) for name in ("security_policy", "close_account")]
    locked = client.post(here, {**POLICY_FORM, "sensitive_ranges": "192.0.2.0/24", "invitation_days": 9}, **HOME)
    foreign = client.post(here, {**POLICY_FORM, "sensitive_ranges": "198.51.100.0/24", "starts_at_span": "7"}, **HOME)
    refused = client.post(reverse("refuse_claim", args=[account.slug, claim.pk]), **HOME)
    planned = client.post(here, {**POLICY_FORM, "sensitive_ranges": "203.0.113.9", "starts_at_span": "7"}, **HOME)

    assert [answer.status_code for answer in pages] == [200, 403]
    assert [answer.status_code for answer in (locked, foreign, refused, planned)] == [422, 422, 302, 302]
    policy = SecurityPolicy.objects.get(account=account)
    assert (policy.invitation_days, policy.sensitive_ranges) == (7, ["192.0.2.0/24"])
    assert policy.planned == {"sensitive_ranges": ["203.0.113.9/32"]}


@pytest.mark.django_db
@pytest.mark.rule(2)
def test_only_the_owner_says_from_where_and_never_without_the_own_address(client):
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator")
    with pytest.raises(MissingPermission):
        actions.change_policy(account=account, by=anna.person, sensitive_ranges=["192.0.2.0/24"])
    client.force_login(account.owner)
    here = reverse("security_policy", args=[account.slug])
    form = POLICY_FORM | {"sensitive_ranges": "192.0.2.0/24\n2001:DB8::/32"}

    answers = [client.post(here, form, **where) for where in (HOME, OFFICE)]

    assert [answer.status_code for answer in answers] == [422, 302]
    assert SecurityPolicy.objects.get(account=account).sensitive_ranges == ["192.0.2.0/24", "2001:db8::/32"]


@pytest.mark.django_db
@pytest.mark.rule(1)
def test_my_network_address_says_nothing_about_what_others_may():
    account = account_with(sensitive_ranges=["192.0.2.0/24"])
    omar = MembershipFactory(account=account, holding="finance")
    anna = MembershipFactory(account=account, holding="administrator")

    with stands_for(Origin(address="203.0.113.9", request_id="1", person_id=anna.person_id)):
        mine, his = asked(anna, "manage_security"), asked(omar, "manage_billing")

    assert (mine.allowed, mine.elsewhere, his.allowed) == (False, True, True)


# --- For how long ----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_nobody_but_the_owner_is_here_for_longer_than_the_policy_says():
    account = account_with(member_days=30, outside_days=10)
    eddie = MembershipFactory(account=account)

    for terms, words in (
        (Terms(), "Members may have access for at most 30 days"),
        (Terms(ends_at=timezone.now() + 31 * DAY), "Members"),
        (Terms(kind="contractor", ends_at=timezone.now() + 11 * DAY), "outside may have access for at most 10 days"),
    ):
        with pytest.raises(PolicyViolation, match=words):
            invitations.invite(
                account=account, address="n@example.com", role=Role.objects.built_in("editor"), by=account.owner,
                terms=terms,
            )  # fmt: skip
    beyond = Membership.objects.beyond_policy(account)

    assert [row.pk for row in beyond] == [eddie.pk]  # and not the owner


@pytest.mark.django_db
def test_of_all_accounts_the_strictest_limit_of_a_session_counts():
    person = PersonFactory()
    for minutes, hours in ((30, None), (15, 8), (None, None)):
        policy = {"session_idle_minutes": minutes, "session_total_hours": hours}
        MembershipFactory(person=person, account=account_with(**policy))
    strict = {"session_idle_minutes": 5, "session_total_hours": 1}
    MembershipFactory(person=person, account=account_with(**strict), suspended=True)
    BusinessAccount.objects.filter(
        pk=MembershipFactory(person=person, account=account_with(**strict)).account_id
    ).update(closed_at=timezone.now())

    assert session_limits(person.pk) == (dt.timedelta(minutes=15), dt.timedelta(hours=8))
    assert session_limits(PersonFactory().pk) == (None, None)
