"""Sensitive acts need a fresh sign-in by the strongest factor that the person has (AZ11, MF11)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.http import urlencode

from accessportal.embedded.paths import private_storage_of
from accounts.models import Billing, BusinessAccount
from accounts.sensitive import PAGES, SensitiveAct
from audit.models import Event
from invitations.fates import fingerprint, foresee
from invitations.models import Invitation
from reviews.models import Campaign
from teams import actions
from teams.engagements import engagement_of, key_of
from teams.models import Role
from teams.permissions import BUILT_IN
from teams.undoing import fingerprint as outcomes_seen
from teams.undoing import lately
from tests.factories import (
    PASSWORD,
    TOTP_SECRET,
    AccessRequestFactory,
    BusinessAccountFactory,
    EndedEngagementFactory,
    ImportFactory,
    InvitationFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    OwnershipOfferFactory,
    PendingActFactory,
    PersonFactory,
    ReceiptFactory,
    ReviewItemFactory,
    RoleFactory,
    StreamFactory,
    claimant_in,
    named_as_successor,
    with_plan,
)
from tests.matrix import RULE, STREAM_FORM
from tests.showing import shows_factor, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AZ11"), pytest.mark.requirement("MF11")]
ADMINISTERS = {"role": "administrator"}
REASON = {"reason": "Nobody has heard of her since June"}
CONTACT = {"name": "Fiona", "address": "bills@example.com", "company": "Northwind", "country": "Denmark"}


def _administrator(account: BusinessAccount, **given: Any) -> Any:
    return MembershipFactory(account=account, holding="administrator", **given)


def _list(account: BusinessAccount) -> tuple[dict[str, Any], dict[str, Any]]:
    listing = ImportFactory(account=account, rows=[["boss@example.com", "Administrator"]])
    listing.rows.update(role=Role.objects.built_in("administrator"))
    seen = fingerprint(foresee(listing, account, by=account.owner))
    return {"pk": listing.pk}, {"seen": seen}


def _engagement(account: BusinessAccount) -> tuple[dict[str, Any], dict[str, Any]]:
    MembershipFactory(account=account, kind="agency", organisation="Brightside")
    key = key_of("Brightside")
    return {"key": key}, {"seen": engagement_of(account, key).fingerprint(), "reason": "It is over"}


def _back(account: BusinessAccount) -> tuple[dict[str, Any], dict[str, Any]]:
    act = EndedEngagementFactory(account=account)
    then, boss = act.members.get(), Role.objects.built_in("administrator")
    type(then).objects.filter(pk=then.pk).update(lasting_role=boss)
    return {"pk": act.pk}, {"members": then.pk}


def _raised(account: BusinessAccount) -> Any:
    member = MembershipFactory(account=account)
    member.raise_to(Role.objects.built_in("administrator"), timezone.now() + dt.timedelta(days=3))
    member.save()
    return member


def _suspended(account: BusinessAccount) -> tuple[dict[str, Any], dict[str, Any]]:
    actions.suspend(membership=_administrator(account), by=account.owner)
    outcomes = actions.what_would_be_undone(account, lately(account, account.owner, 24), by=account.owner)
    return {"?": {"person": account.owner.pk, "hours": 24}}, {"seen": outcomes_seen(outcomes)}


def _role(account: BusinessAccount, form: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    role = RoleFactory(account=account)
    MembershipFactory(account=account, role=role)
    return {"code": role.code}, form


def _offer_of(account: BusinessAccount, **given: Any) -> dict[str, Any]:
    return {"pk": InvitationFactory(account=account, **given).pk}


def _two_to_end(account: BusinessAccount) -> Campaign:
    """Return a review in which two people are to lose all access: of one alone nothing is asked."""
    given = {"decision": "end", "decided_by": account.owner, "decided_at": timezone.now()}
    first = ReviewItemFactory(campaign__account=account, **given)
    ReviewItemFactory(campaign=first.campaign, **given)
    return first.campaign


# For every page of the list, what is sent there that is sensitive: the rest of the address, and the form.
SENT: dict[str, Callable[[BusinessAccount], tuple[dict[str, Any], dict[str, Any]]]] = {
    "billing": lambda a: ({}, CONTACT),
    "change_plan": lambda a: ({}, {"plan": "team"}),
    "keep_log": lambda a: ({}, {"years": "3"}),
    "evidence_pack": lambda a: ({}, {}),
    "tune_rule": lambda a: (RULE, {"exports": "5", "hours": "24"}),
    "mute_rule": lambda a: (RULE, {"days": "7", "reason": "A migration"}),
    "carry_out_review": lambda a: ({"pk": _two_to_end(a).pk}, {}),
    "ownership": lambda a: ({}, {"membership": MembershipFactory(account=a).pk}),
    "answer_ownership": lambda a: ({"pk": OwnershipOfferFactory(account=a, person=a.seat.person).pk, "answer": "accept"}, {}),
    "name_successor": lambda a: ({}, {"membership": MembershipFactory(account=a).pk}),
    "drop_successor": lambda a: (named_as_successor(MembershipFactory(account=a)) and {}, {}),
    "claim_ownership": lambda a: ({}, REASON),
    "claim_as_successor": lambda a: (named_as_successor(a.seat) and {}, REASON),
    "carry_out_claim": lambda a: ({"pk": OwnershipClaimFactory(account=a, person=a.seat.person, days=15).pk}, {}),
    "close_account": lambda a: ({}, {"typed_name": a.name}),
    "security_policy": lambda a: ({}, {
        "second_factor": "nobody", "second_factor_kinds": "any", "confirmation": "after", "most_administrators": "9",
        "invitation_days": "3", "claim_days": "20", "probation_days": "3",
    }),
    "withdraw_plan": lambda a: (with_plan(a) and {}, {"reason": "Too soon"}),
    "change_role": lambda a: ({"pk": MembershipFactory(account=a).pk}, ADMINISTERS),
    "extend_role": lambda a: ({"pk": _raised(a).pk}, {"days": "7"}),
    "undo_changes": _suspended,
    "change_role_of_many": lambda a: ({}, {"member": MembershipFactory(account=a).pk, **ADMINISTERS}),
    "confirm_role": lambda a: ({"pk": _administrator(a, unconfirmed=True).pk}, {}),
    "restore_member": lambda a: ({"pk": _administrator(a, suspended=True).pk}, {}),
    "bring_back": lambda a: ({"pk": ReceiptFactory(account=a, membership=_administrator(a, ended=True)).pk}, {}),
    "bring_engagement_back": _back,
    "access_request": lambda a: (
        {"pk": AccessRequestFactory(account=a).pk}, {"decision": "approve", "role": "administrator"}
    ),
    "edit_role": lambda a: _role(a, {"name": "Deputies", "codes": ["manage_team"]}),
    "retire_role": lambda a: _role(a, {"move_to": "administrator"}),
    "invite": lambda a: ({}, {"addresses": "new@example.com", **ADMINISTERS}),
    "change_invitation": lambda a: (_offer_of(a), ADMINISTERS),
    "correct_invitation": lambda a: (_offer_of(a, holding="administrator"), {"address": "mine@example.com"}),
    "copy_invitation_link": lambda a: (_offer_of(a, holding="administrator"), {}),
    "resend_invitation": lambda a: (_offer_of(a, holding="administrator"), {}),
    "start_import": _list,
    "offboard_many": lambda a: ({}, {"addresses": MembershipFactory(account=a).person.email, "reason": "Left"}),
    "end_engagement": _engagement,
    "export_activity": lambda a: ({}, {}),
    "add_stream": lambda a: ({}, {**STREAM_FORM, "kind": "webhook", "begin": "now"}),
    "change_stream": lambda a: ({"pk": StreamFactory(account=a).pk}, STREAM_FORM),
    "stream_secret": lambda a: ({"pk": StreamFactory(account=a).pk}, {}),
    "pause_stream": lambda a: ({"pk": StreamFactory(account=a).pk}, {}),
    "remove_stream": lambda a: ({"pk": StreamFactory(account=a).pk}, {}),
    "second_person": lambda a: ({}, {"hours": "24", **{f"way_{act}": "off" for act in SensitiveAct}, "way_export": "notify"}),
    "pending_act": lambda a: ({"pk": PendingActFactory(account=a).pk}, {"decision": "approve"}),
}  # fmt: skip
BY_CLAIMANT = {"answer_ownership", "claim_ownership", "claim_as_successor", "carry_out_claim"}


def sent_to(name: str) -> tuple[Any, str, dict[str, Any]]:
    """Return who may do the sensitive act of a page (with a second factor), its address, and the form."""
    account = BusinessAccountFactory(name="Northwind")
    account.seat = claimant_in(account)
    if name not in BY_CLAIMANT:
        TOTP.activate(account.owner, TOTP_SECRET)
    arguments, form = SENT[name](account)
    by = account.seat.person if name in BY_CLAIMANT else account.owner
    query = arguments.pop("?", {})
    address = reverse(name, kwargs={"slug": account.slug, **arguments})
    return by, f"{address}?{urlencode(query)}" if query else address, form


def done() -> list[str]:
    return [name for name in Event.objects.values_list("name", flat=True) if not name.startswith("person.")]


def asks_for(response: Any, page: str, back: str) -> bool:
    return (
        response.status_code == 302 and response.headers["Location"] == f"{reverse(page)}?{urlencode({'next': back})}"
    )


def test_this_file_sends_something_to_every_page_of_the_list():
    assert set(SENT) == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("kind", ["stale", "password"])
def test_no_page_of_the_list_acts_without_a_fresh_sign_in_by_the_strongest_factor(name, kind):
    by, address, form = sent_to(name)
    before = done()
    given = {"ago": 301} if kind == "stale" else {"kind": "password"}
    client = signed_in(by, **given)

    response = client.post(address, form)

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    assert done() == before


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_list_acts_right_after_the_factor_was_shown(name, settings, tmp_path):
    exports = private_storage_of("EXPORT_STORE", str(tmp_path))
    settings.STORAGES = {**settings.STORAGES, "exports": exports}  # a pack is made nowhere else
    by, address, form = sent_to(name)
    client = signed_in(by, ago=290)

    response = client.post(address, form)

    assert response.status_code in {200, 302, 409}  # 200, 409: it shows first what would happen
    assert not (response.status_code == 302 and "reauthenticate" in response.headers["Location"])


@pytest.mark.parametrize("name", [name for name in PAGES if name not in {"answer_ownership", "extend_role"}])
def test_what_was_typed_stands_on_the_form_again_and_nothing_is_done_by_that(name):
    by, address, form = sent_to(name)
    before = done()
    client = signed_in(by, ago=301)
    client.post(address, form)
    shows_factor(client, by)

    page = client.get(address)

    assert page.status_code == 200
    assert "It’s you. What you typed is kept" in page.content.decode()
    assert all(
        escape(str(value)) in page.content.decode()
        for value in form.values()
        if name not in {"start_import", "end_engagement"} and not isinstance(value, list)
    )
    assert done() == before


@pytest.mark.parametrize(("seconds", "fresh"), [(299, True), (301, False)])
def test_it_counts_for_five_minutes_to_the_second(seconds, fresh):
    account = BusinessAccountFactory()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(account.owner)
        clock.shift(dt.timedelta(seconds=seconds))

        response = client.post(reverse("change_plan", args=[account.slug]), {"plan": "team"})

    assert (Billing.of(account).plan_code == "team") is fresh
    assert ("reauthenticate" in response.headers["Location"]) is not fresh


def test_a_passkey_is_asked_of_who_has_one_even_if_a_code_was_shown():
    account = BusinessAccountFactory()
    TOTP.activate(account.owner, TOTP_SECRET)
    Authenticator.objects.create(user=account.owner, type="webauthn", data={"name": "Laptop"})
    address = reverse("change_plan", args=[account.slug])
    by_code, by_passkey = (signed_in(account.owner, kind=kind) for kind in ("totp", "webauthn"))

    refused = by_code.post(address, {"plan": "team"})

    assert asks_for(refused, "mfa_reauthenticate_webauthn", address)
    assert by_passkey.post(address, {"plan": "team"}).headers["Location"] == reverse("billing", args=[account.slug])


def test_a_password_is_enough_for_who_has_no_factor_and_is_asked_again_on_the_librarys_page():
    account = BusinessAccountFactory()
    client = signed_in(account.owner, ago=900)
    address = reverse("billing", args=[account.slug])

    asked = client.post(address, CONTACT)
    shown = client.post(asked.headers["Location"], {"password": PASSWORD, "next": address})
    again = client.get(shown.headers["Location"])
    saved = client.post(address, CONTACT)

    assert asks_for(asked, "account_reauthenticate", address)
    assert shown.headers["Location"] == address
    assert 'value="bills@example.com"' in again.content.decode()
    assert saved.headers["Location"] == address
    assert Billing.of(account).address == "bills@example.com"


def test_signing_in_by_the_page_counts_itself_and_so_does_signing_up():
    account = BusinessAccountFactory()
    client = Client()
    client.post(reverse("account_login"), {"login": account.owner.email, "password": PASSWORD})

    client.post(reverse("change_plan", args=[account.slug]), {"plan": "team"})

    assert Billing.of(account).plan_code == "team"


def test_a_factor_that_was_set_up_since_is_asked_for():
    account = BusinessAccountFactory()
    client = signed_in(account.owner)
    TOTP.activate(account.owner, TOTP_SECRET)

    client.post(reverse("change_plan", args=[account.slug]), {"plan": "team"})

    assert Billing.of(account).plan_code == "scale"


def test_what_is_no_sensitive_choice_on_such_a_page_is_not_asked_about():
    account = BusinessAccountFactory()
    member = MembershipFactory(account=account)
    client = signed_in(account.owner, ago=3_000)

    changed = client.post(reverse("change_role", args=[account.slug, member.pk]), {"role": "analyst"})
    client.post(reverse("invite", args=[account.slug]), {"addresses": "new@example.com", "role": "editor"})

    assert changed.headers["Location"] == reverse("member", args=[account.slug, member.pk])
    assert Invitation.objects.filter(address="new@example.com").exists()


@pytest.mark.parametrize("holding", [code for code, role in BUILT_IN.items() if "manage_billing" not in role.holds])
def test_who_may_not_is_refused_and_not_asked_for_a_factor(holding):
    account = BusinessAccountFactory()
    client = signed_in(MembershipFactory(account=account, holding=holding).person, ago=900)

    assert client.post(reverse("billing", args=[account.slug]), CONTACT).status_code == 403


def test_what_is_kept_is_for_its_own_page_its_own_person_and_ten_minutes():
    account = BusinessAccountFactory()
    other = BusinessAccountFactory(owner=account.owner)
    here, there = (reverse("billing", args=[one.slug]) for one in (account, other))
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(account.owner, ago=900)
        client.post(here, CONTACT)
        shows_factor(client, account.owner)
        elsewhere = client.get(there).content.decode()
        clock.shift(dt.timedelta(minutes=11))
        shows_factor(client, account.owner)
        late = client.get(here).content.decode()

    assert ["bills@example.com" in page for page in (elsewhere, late)] == [False, False]


def test_what_is_too_long_to_be_kept_stays_on_the_page():
    account = BusinessAccountFactory()
    client = signed_in(account.owner, ago=900)

    response = client.post(reverse("billing", args=[account.slug]), {**CONTACT, "more": "x" * 70_000})

    assert response.status_code == 422
    assert "bills@example.com" in response.content.decode()
    assert not Billing.objects.exists()


def test_a_stranger_with_a_fresh_sign_in_finds_nothing():
    client = signed_in(PersonFactory())

    assert client.post(reverse("billing", args=[BusinessAccountFactory().slug]), CONTACT).status_code == 404
