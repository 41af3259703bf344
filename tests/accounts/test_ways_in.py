"""Where an account asks for a second factor, every way in ends at setting one up before anything there works (MF1)."""

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.permissions import MANAGE_TEAM, VIEW_ACCOUNT
from invitations.policies import fingerprint
from teams import actions as teams
from tests.accounts.keys import SoftKey
from tests.accounts.test_passkeys import challenged, enrols
from tests.factories import (
    PASSWORD,
    BusinessAccountFactory,
    FactorResetFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    token_of,
)
from tests.post import the_post_goes_out
from tests.together import committed

pytestmark = [pytest.mark.requirement("MF1"), pytest.mark.rule(1)]
NEW = "another long enough sentence 5"
PAGES = ("account_home", "team", "assets", "activity", "invite", "account_settings", "security_policy", "roles")


def strict():
    return BusinessAccountFactory(policy_and_seat={"second_factor": "everyone"})


def by_password(client, member, **_more):
    client.post(reverse("account_login"), {"login": member.person.email, "password": PASSWORD})


def by_reset_link(client, member, mailoutbox, settings):
    cache.clear()
    client.post(reverse("account_reset_password"), {"email": member.person.email})
    the_post_goes_out()
    link = re.search(r"https?://\S+/auth/password/reset/key/\S+", mailoutbox[-1].body)[0]
    page = client.get(link.removeprefix(settings.SITE_URL), follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    assert client.get(reverse("profile")).status_code == 302  # not by itself
    client.post(reverse("account_login"), {"login": member.person.email, "password": NEW})


def by_open_session(client, member, **_more):
    """Signed in before the account asked for anything."""
    policy = member.account.policy
    type(policy).objects.filter(pk=policy.pk).update(second_factor="nobody")
    by_password(client, member)
    assert client.get(reverse("account_home", args=[member.account.slug])).status_code == 200
    type(policy).objects.filter(pk=policy.pk).update(second_factor="everyone")


def by_taking_the_factor_off(client, member, **_more):
    """Signed in with a passkey, which is then removed."""
    by_password(client, member)
    assert enrols(client, SoftKey())
    assert client.get(reverse("account_home", args=[member.account.slug])).status_code == 200
    [key] = member.person.authenticator_set.all()
    client.post(reverse("mfa_remove_webauthn", args=[key.pk]))


def nothing_works(client, member):
    """Say what each page of the account answers, and whether the way to a second factor stands there."""
    slug = member.account.slug
    answers = [client.get(reverse(name, args=[slug])) for name in PAGES]
    posted = client.post(reverse("account_settings", args=[slug]), {"name": "Taken over"})
    fresh = type(member.person).objects.get(pk=member.person_id)
    assert not fresh.has_perm(VIEW_ACCOUNT, member.account)
    assert not type(fresh).objects.get(pk=fresh.pk).has_perm(MANAGE_TEAM, member.account)
    return {answer.status_code for answer in [*answers, posted]} == {403} and all(
        reverse("mfa_index") in answer.content.decode() for answer in answers
    )


@pytest.mark.parametrize("way", [by_password, by_reset_link, by_open_session, by_taking_the_factor_off])
def test_every_way_of_signing_in_ends_at_setting_one_up(way, fresh_database, client, mailoutbox, settings):
    member = committed(lambda: MembershipFactory(account=strict(), holding="administrator"))

    way(client, member, mailoutbox=mailoutbox, settings=settings)

    assert client.get(reverse("dashboard")).status_code == 200
    assert nothing_works(client, member)
    assert enrols(client, SoftKey())
    assert client.get(reverse("account_home", args=[member.account.slug])).status_code == 200


@pytest.mark.django_db
def test_a_passkey_is_itself_the_second_factor():
    member, key, first = MembershipFactory(account=strict()), SoftKey(), Client()
    by_password(first, member)
    enrols(first, key)
    client = Client()

    client.post(reverse("mfa_login_webauthn"), {"credential": key.signs(challenged(client))})

    assert client.get(reverse("account_home", args=[member.account.slug])).status_code == 200


@pytest.mark.django_db
def test_whoever_has_a_factor_is_in_only_after_showing_it_whatever_was_asked_for(client):
    member, key, first = MembershipFactory(account=strict()), SoftKey(), Client()
    by_password(first, member)
    enrols(first, key)

    by_password(client, member)
    home = reverse("account_home", args=[member.account.slug])
    answers = {client.get(address).status_code for address in (home, reverse("dashboard"), reverse("mfa_index"))}

    assert answers == {302}
    assert "_auth_user_id" not in client.session


def test_an_accepted_invitation_ends_at_setting_one_up(fresh_database, client):
    account = committed(strict)
    assert enrols_as(account.owner)  # who invites
    invitation = committed(lambda: InvitationFactory(account=account))
    person = PersonFactory(email=invitation.address)
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})

    address = reverse("accept_invitation", args=[token_of(invitation)])
    client.post(address, {"seen": fingerprint(invitation)})

    [member] = account.memberships.filter(person=person)
    assert nothing_works(client, member)


def test_somebody_brought_back_or_restored_is_asked_too(fresh_database, client):
    account = committed(strict)
    member = committed(lambda: MembershipFactory(account=account))
    owner = account.owner
    assert enrols_as(owner)
    teams.suspend(membership=member, by=type(owner).objects.get(pk=owner.pk))
    teams.restore(membership=member, by=type(owner).objects.get(pk=owner.pk))

    by_password(client, member)

    assert nothing_works(client, member)


def enrols_as(person):
    browser = Client()
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return enrols(browser, SoftKey())


@pytest.mark.django_db
def test_the_end_of_a_factor_by_a_reset_is_no_way_around():
    reset = FactorResetFactory(hours=49)
    teams.carry_out_reset(reset=reset, by=reset.person)
    member = reset.person.memberships.get()
    client = Client()

    by_password(client, member)

    assert nothing_works(client, member)
