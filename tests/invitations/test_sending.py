"""What who manages the team does with invitations, over HTTP: rules 2, 4, 6, 8 and 10; what must not happen first."""

import datetime as dt
import re
import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import doorbell
from accounts.actions import deliver, post
from accounts.forms import entries_of
from accounts.models import OutgoingMail
from audit.models import Event
from invitations import actions
from invitations.forms import MOST_AT_ONCE
from invitations.models import Invitation
from invitations.tokens import hash_of
from teams.models import Membership, Role
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    owner_of,
    token_of,
)
from tests.written import written

pytestmark = pytest.mark.django_db

ACTS = ["resend_invitation", "correct_invitation", "change_invitation", "copy_invitation_link", "revoke_invitation"]
FORMS = {"address": "evil@example.com", "role": "administrator"}


def url(name, account, **more):
    return reverse(name, kwargs={"slug": account.slug, **more})


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def of_owner(account):
    return signed_in(account.owner)


def invite(client, account, addresses, role="editor", **more):
    return client.post(url("invite", account), {"addresses": addresses, "role": role, **more})


def row_of(invitation):
    fields = ("address", "state", "sending", "role_id", "token_hash", "invited_by_id", "expires_at")
    return Invitation.objects.values(*fields).get(pk=invitation.pk)


# --- Who must not --------------------------------------------------------------------------------------------------------
@pytest.mark.rule(4)
@pytest.mark.parametrize("name", ["invitation", *ACTS])
def test_another_accounts_invitation_is_as_one_that_never_was(name):
    mine, theirs = BusinessAccountFactory(), InvitationFactory()
    before = row_of(theirs)
    client = of_owner(mine)

    for pk in (theirs.pk, 2**40, 2**70):
        here = url(name, mine, pk=pk)
        assert client.get(here).status_code == 404
        assert client.post(here, FORMS).status_code in {404, 405}
    assert client.post(url(name, theirs.account, pk=theirs.pk), FORMS).status_code == 404

    assert row_of(theirs) == before


@pytest.mark.rule(4)
@pytest.mark.parametrize("holding", ["editor", "moderator", "analyst", "finance", "auditor", "member"])
@pytest.mark.parametrize("name", ["invitations", "invite", "invitation", *ACTS])
def test_who_does_not_manage_the_team_is_told_what_is_missing_and_changes_nothing(holding, name):
    invitation = InvitationFactory()
    eddie = MembershipFactory(account=invitation.account, holding=holding)
    before = row_of(invitation)
    more = {} if name in {"invitations", "invite"} else {"pk": invitation.pk}

    for response in (
        signed_in(eddie.person).get(url(name, invitation.account, **more)),
        signed_in(eddie.person).post(url(name, invitation.account, **more), {**FORMS, "addresses": "evil@example.com"}),
    ):
        assert response.status_code == 403
        assert "manage the team" in response.content.decode()

    assert row_of(invitation) == before
    assert Invitation.objects.count() == 1


@pytest.mark.rule(2)
@pytest.mark.parametrize("role", ["finance", "owner", "", "no-such-role", "1"])
def test_nobody_offers_a_role_that_they_could_not_give(role):
    anna = MembershipFactory(holding="administrator")
    page = signed_in(anna.person).get(url("invite", anna.account)).content.decode()

    response = invite(signed_in(anna.person), anna.account, "fin@example.com", role=role)

    assert 'value="finance"' not in page
    assert 'value="owner"' not in page
    assert response.status_code == 422
    assert not Invitation.objects.exists()


@pytest.mark.rule(2)
@pytest.mark.parametrize(
    "name", ["resend_invitation", "correct_invitation", "change_invitation", "copy_invitation_link"]
)
def test_an_invitation_that_offers_more_than_one_holds_can_be_revoked_but_not_sent(name):
    anna = MembershipFactory(holding="administrator")
    invitation = InvitationFactory(account=anna.account, holding="finance")
    before = row_of(invitation)
    client = signed_in(anna.person)

    refused = client.post(url(name, anna.account, pk=invitation.pk), {"address": "x@example.com", "role": "editor"})
    page = client.get(url("invitation", anna.account, pk=invitation.pk)).content.decode()

    assert refused.status_code == 403
    assert "manage billing" in refused.content.decode()
    assert row_of(invitation) == before
    assert url(name, anna.account, pk=invitation.pk) not in page
    client.post(url("revoke_invitation", anna.account, pk=invitation.pk))
    assert Invitation.objects.get(pk=invitation.pk).state == "revoked"


@pytest.mark.rule(2)
def test_grants_are_offered_on_assets_of_this_account_that_are_in_use_only():
    account = BusinessAccountFactory()
    mine, archived = AssetFactory(account=account), AssetFactory(account=account, archived_at=timezone.now())
    foreign = AssetFactory()

    for bad in (f"{foreign.pk}:run_ads", f"{archived.pk}:run_ads", f"{mine.pk}:manage_team", "x:run_ads", ":", "1"):
        response = invite(of_owner(account), account, "new@example.com", role="member", grants=[bad])
        assert response.status_code == 422, bad
    assert not Invitation.objects.exists()


# --- Whom one cannot invite (rule 6) ----------------------------------------------------------------------------------
@pytest.mark.rule(6)
def test_a_standard_account_is_told_how_to_upgrade():
    account = BusinessAccountFactory(kind="standard")
    client = of_owner(account)

    for name in ("invitations", "invite"):
        assert url("upgrade_account", account) in client.get(url(name, account)).content.decode()
    response = invite(client, account, "new@example.com")

    assert response.status_code == 422
    assert not Invitation.objects.exists()


@pytest.mark.rule(6)
@pytest.mark.requirement("IN5")
@pytest.mark.parametrize(
    "typed",
    [
        "EDDIE@Example.com",
        "  eddie@EXAMPLE.COM ",
        "Eddie Stone <Eddie@example.com>",
        '"Stone, Eddie" <eddie@example.com>',
        "Stone, Eddie <eddie@example.com>",
        "<eddie@example.com>",
    ],
)
def test_one_address_is_one_invitation_however_it_is_typed(typed):
    account = BusinessAccountFactory()
    client = of_owner(account)

    first, second = invite(client, account, typed), invite(client, account, "eddie@example.com")

    assert (first.status_code, second.status_code) == (302, 422)
    assert "has an open invitation already" in second.content.decode()
    assert Invitation.objects.get().address == "eddie@example.com"


@pytest.mark.rule(6)
def test_an_address_with_a_tag_is_another_address():
    account = BusinessAccountFactory()

    invite(of_owner(account), account, "eddie@example.com eddie+ads@example.com")

    assert set(Invitation.objects.values_list("address", flat=True)) == {"eddie@example.com", "eddie+ads@example.com"}


@pytest.mark.rule(7)
@pytest.mark.requirement("IN5")
@pytest.mark.parametrize(
    "typed", ["ìnvited@example.com", "іnvited@example.com", "invited\u200b@example.com", "invited@exam ple.com"]
)
def test_a_look_alike_address_is_refused_or_is_another_domain(typed):
    account = BusinessAccountFactory()

    response = invite(of_owner(account), account, typed)

    assert response.status_code == 422
    assert not Invitation.objects.exists()


@pytest.mark.rule(6)
def test_members_and_oneself_are_not_invited():
    eddie = MembershipFactory()
    suspended = MembershipFactory(account=eddie.account, suspended=True)
    addresses = [eddie.person.email, suspended.person.email.upper(), eddie.account.owner.email]

    response = invite(of_owner(eddie.account), eddie.account, "\n".join(addresses))

    assert response.status_code == 422
    assert response.content.decode().count("is a member already") == 2
    assert "your own address" in response.content.decode()
    assert not Invitation.objects.exists()


# --- Several at once --------------------------------------------------------------------------------------------------
@pytest.mark.rule(6)
@pytest.mark.rule(12)
def test_each_address_is_an_act_of_its_own_and_what_was_refused_stays_in_the_form():
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account)
    typed = f"One <one@example.com>, two@example.com; {eddie.person.email}\nnonsense three@example.com, one@example.com"

    response = invite(of_owner(account), account, typed, message="Hello there")

    page = response.content.decode()
    assert response.status_code == 422
    assert {offer.address for offer in Invitation.objects.all()} == {
        f"{name}@example.com" for name in ("one", "two", "three")
    }
    assert "one@example.com, two@example.com, three@example.com are invited." in page
    assert f"{eddie.person.email} is a member already" in page
    assert "nonsense: " in page
    assert f">\n{eddie.person.email}\nnonsense</textarea>" in page
    assert ">\nHello there</textarea>" in page
    done = Event.objects.of(account).named("invitation.created").filter(result="done")
    refused = Event.objects.of(account).named("invitation.created").filter(result="refused")
    assert (done.count(), refused.count()) == (3, 1)
    assert OutgoingMail.objects.count() == 3


def test_nobody_invites_more_than_fifty_at_a_time():
    account = BusinessAccountFactory()
    many = [f"p{number}@example.com" for number in range(MOST_AT_ONCE + 1)]

    response = invite(of_owner(account), account, " ".join(many))

    assert response.status_code == 422
    assert many[-1] in response.content.decode()
    assert not Invitation.objects.exists()
    assert invite(of_owner(account), account, " ".join(many[:-1])).status_code == 302
    assert Invitation.objects.count() == MOST_AT_ONCE


@pytest.mark.parametrize("typed", ["", " ,;\n ", "\x00", "<>", "<<a@b>>" * 50, "@" * 500, "a@b.c" * 3000])
def test_nonsense_instead_of_addresses_is_answered_in_words(typed):
    account = BusinessAccountFactory()

    response = invite(of_owner(account), account, typed)

    assert response.status_code == 422
    assert not Invitation.objects.exists()


def test_long_lines_of_brackets_are_cut_in_no_time():
    began = time.monotonic()

    for text in ("<" * 20_000, "<a" * 10_000, '"' * 20_000, "a" * 20_000 + "<", "<>" * 10_000, " " * 20_000):
        entries_of(text)

    assert time.monotonic() - began < 2


# --- An offer, kept -----------------------------------------------------------------------------------------------------
def test_grants_differ_from_asset_to_asset_and_stay_so_when_the_offer_is_saved_again():
    account = BusinessAccountFactory()
    us, eu = AssetFactory(account=account), AssetFactory(account=account)
    client = of_owner(account)
    chosen = [f"{us.pk}:run_ads", f"{eu.pk}:view_analytics", f"{eu.pk}:draft_content"]
    invite(client, account, "new@example.com", role="member", grants=chosen)
    invitation = Invitation.objects.get()
    here = url("change_invitation", account, pk=invitation.pk)
    form = client.get(here).context["form"]

    client.post(here, {"role": "member", "grants": form["grants"].value()})

    assert invitation.offered_grants() == {us: {"run_ads"}, eu: {"view_analytics", "draft_content"}}
    assert not Event.objects.about(invitation).named("invitation.changed").exists()
    assert len(re.findall(r'name="grants"[^>]* checked', client.get(here).content.decode())) == 3


@pytest.mark.rule(8)
@pytest.mark.requirement("IN9")
@pytest.mark.parametrize(
    "name", ["resend_invitation", "correct_invitation", "copy_invitation_link", "revoke_invitation"]
)
def test_each_act_kills_the_earlier_link_by_post_and_not_by_get(name):
    invitation = InvitationFactory()
    token, client = token_of(invitation), of_owner(invitation.account)
    here = url(name, invitation.account, pk=invitation.pk)

    assert client.get(here).status_code == 200
    assert Client().get(reverse("invitation_offer", args=[token])).status_code == 200
    answer = client.post(here, {"address": "right@example.com"})

    assert answer.status_code == (200 if name == "copy_invitation_link" else 302)
    assert Client().get(reverse("invitation_offer", args=[token])).status_code == 404


@pytest.mark.rule(8)
def test_a_fresh_link_is_shown_once_and_stands_nowhere():
    invitation = InvitationFactory()
    client = of_owner(invitation.account)

    answer = client.post(url("copy_invitation_link", invitation.account, pk=invitation.pk))

    invitation.refresh_from_db()
    token = invitation.present_token()
    assert f"http://localhost:8000/invitations/{token}/" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert invitation.channel == "hand"
    assert hash_of(token) == invitation.token_hash
    assert not OutgoingMail.objects.exists()
    for name in ("invitation", "invitations"):
        more = {"pk": invitation.pk} if name == "invitation" else {}
        assert token not in client.get(url(name, invitation.account, **more)).content.decode()
    assert all(token not in text for text in written())


@pytest.mark.rule(8)
@pytest.mark.parametrize("state", ["accepted", "declined", "revoked"])
@pytest.mark.parametrize("name", ACTS)
@pytest.mark.requirement("AZ10")
def test_what_is_answered_is_not_acted_on_any_more(state, name):
    invitation = InvitationFactory(state=state, answered_at=timezone.now())
    before = row_of(invitation)

    response = of_owner(invitation.account).post(
        url(name, invitation.account, pk=invitation.pk), {"address": "x@example.com", "role": "analyst"}
    )

    assert response.status_code == 409
    assert row_of(invitation) == before


@pytest.mark.rule(6)
def test_an_address_is_not_corrected_to_a_member_oneself_or_one_that_is_invited():
    invitation = InvitationFactory()
    account, eddie = invitation.account, MembershipFactory(account=invitation.account)
    other = InvitationFactory(account=account)
    before, here = row_of(invitation), url("correct_invitation", account, pk=invitation.pk)

    for address in (
        eddie.person.email,
        account.owner.email.upper(),
        other.address,
        "nonsense",
        "a@b.example\nBcc: x@y.example",
    ):
        assert of_owner(account).post(here, {"address": address}).status_code == 422, address

    assert row_of(invitation) == before


@pytest.mark.rule(2)
def test_changing_the_offer_passes_the_same_rules_as_making_it():
    anna = MembershipFactory(holding="administrator")
    invitation = InvitationFactory(account=anna.account)
    before, here = row_of(invitation), url("change_invitation", anna.account, pk=invitation.pk)

    assert signed_in(anna.person).post(here, {"role": "finance"}).status_code == 422
    assert row_of(invitation) == before
    assert signed_in(anna.person).post(here, {"role": "analyst"}).status_code == 302

    changed = Invitation.objects.get(pk=invitation.pk)
    assert (changed.role.code, changed.invited_by) == ("analyst", anna.person)  # who changes it answers for it
    assert changed.token_hash == invitation.token_hash


# --- The pages -----------------------------------------------------------------------------------------------------------
def in_every_state(account):
    """One invitation in each state of the list."""
    owner = account.owner
    rows = {
        "open": InvitationFactory(account=account),
        "expired": InvitationFactory(account=account, expired=True),
        **{
            state: InvitationFactory(account=account, state=state, answered_at=timezone.now())
            for state in ("accepted", "declined", "revoked")
        },
    }
    rows["failed"] = actions_invite(account, "failed@example.com", owner)
    OutgoingMail.objects.filter(about_id=rows["failed"].pk).update(state="parked", problem="550 no such user here")
    return rows


def actions_invite(account, address, by, role="editor"):
    """Through the very action; a test's own transaction is taken for granted there (pytest-django)."""
    return actions.invite(account=account, address=address, role=Role.objects.built_in(role), by=by)


def test_each_chip_lists_its_own_and_counts_them():
    account = BusinessAccountFactory()
    rows = in_every_state(account)
    client = of_owner(account)

    for state, row in rows.items():
        page = client.get(url("invitations", account), {"state": "" if state == "open" else state})
        listed = {offer.address for offer in page.context["page_obj"]}
        assert listed == ({row.address, rows["failed"].address} if state == "open" else {row.address}), state
    assert "550 no such user here" in client.get(url("invitations", account), {"state": "failed"}).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "state=nonsense",
        "role=owner%00",
        "page=-1",
        "page=99999999999999999999",
        "page=x",
        "q=%25_\\",
        "role=1' OR 1=1",
    ],
)
def test_nonsense_in_the_query_is_no_error(query):
    invitation = InvitationFactory()

    assert of_owner(invitation.account).get(f"{url('invitations', invitation.account)}?{query}").status_code == 200


def test_search_role_and_pages_narrow_the_list_which_never_asks_for_each_row():
    account = BusinessAccountFactory()
    client = of_owner(account)
    for _number in range(3):
        InvitationFactory(account=account, holding="analyst")
    client.get(url("invitations", account))  # warms what is remembered for long
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url("invitations", account))
    for _number in range(57):
        InvitationFactory(account=account)
    with CaptureQueriesContext(connection) as many:
        page = client.get(url("invitations", account))

    assert len(many) == len(few)
    assert len(page.context["page_obj"]) == 25
    seen = [
        row.pk
        for number in (1, 2, 3)
        for row in client.get(url("invitations", account), {"page": number}).context["page_obj"]
    ]
    assert len(seen) == len(set(seen)) == 60
    assert len(client.get(url("invitations", account), {"role": "analyst"}).context["page_obj"]) == 3
    one = Invitation.objects.first().address
    assert [row.address for row in client.get(url("invitations", account), {"q": one}).context["page_obj"]] == [one]


def test_other_accounts_invitations_are_in_no_list():
    InvitationFactory(address="canary@example.com")
    account = BusinessAccountFactory()

    assert "canary" not in of_owner(account).get(url("invitations", account)).content.decode()


@pytest.mark.rule(4)
@pytest.mark.requirement("AZ3")
@pytest.mark.parametrize("name", ["team", "invitations"])
@pytest.mark.parametrize("filter", ["role", "state"])
def test_a_filter_by_what_is_of_another_account_answers_like_one_by_what_never_was(name, filter):
    account, elsewhere = BusinessAccountFactory(), BusinessAccountFactory()
    foreign = Role.objects.create(account=elsewhere, code="night-shift", name="Night shift", held=["view_account"])
    MembershipFactory(account=elsewhere, role=foreign)
    InvitationFactory(account=elsewhere, role=foreign)
    MembershipFactory(account=account)
    InvitationFactory(account=account)
    client = of_owner(account)

    def page(value):
        response = client.get(url(name, account), {filter: value})
        assert response.status_code == 200
        changing = rf'nonce="[^"]*"|value="[A-Za-z0-9]{{64}}"|{filter}={value}\b|value="{value}"'
        return re.sub(changing, "", response.content.decode())

    for value in (foreign.pk, foreign.code) if filter == "role" else ("night-shift", str(elsewhere.pk)):
        assert page(value) == page("nothing-like-it")
        assert "Night shift" not in page(value)


@pytest.mark.rule(10)
def test_the_page_tells_the_story_and_what_to_do_next():
    account = BusinessAccountFactory()
    rows = in_every_state(account)
    client = of_owner(account)

    def page(state):
        return client.get(url("invitation", account, pk=rows[state].pk)).content.decode()

    assert "550 no such user here" in page("failed")
    assert "Correct the address" in page("failed")
    assert "It ran out. Send it again" in page("expired")
    assert "Why has it not arrived?" not in page("accepted")
    other = PersonFactory()
    actions.note_opening(invitation=rows["open"], by=other)
    assert "signed in under another address" in page("open")


SPAM_FOLDER, OTHER_BROWSER = "look into the spam folder", "begun in another browser"


def handed_over(invitation):
    mail = post(kind="invitation", about=invitation, address=invitation.address, account=invitation.account)
    deliver(mail_id=mail.pk)


@pytest.mark.rule(10)
def test_the_page_helps_by_what_is_known_first_the_spam_folder_then_the_other_browser(mailoutbox):
    invitation = InvitationFactory()
    handed_over(invitation)
    administrator = of_owner(invitation.account)
    here = url("invitation", invitation.account, pk=invitation.pk)

    arrived = administrator.get(here).content.decode()
    Client().get(reverse("invitation_offer", args=[token_of(invitation)]))
    opened = administrator.get(here).content.decode()

    assert [mail.to for mail in mailoutbox] == [[invitation.address]]
    assert SPAM_FOLDER in arrived
    assert OTHER_BROWSER not in arrived
    assert OTHER_BROWSER in opened
    assert SPAM_FOLDER not in opened


@pytest.mark.rule(10)
def test_before_the_mail_is_handed_over_nobody_is_sent_to_the_spam_folder():
    invitation = InvitationFactory()
    post(kind="invitation", about=invitation, address=invitation.address, account=invitation.account)

    page = of_owner(invitation.account).get(url("invitation", invitation.account, pk=invitation.pk)).content.decode()

    assert "It has not gone out yet" in page
    assert SPAM_FOLDER not in page


@pytest.mark.rule(10)
def test_an_invitation_that_a_newer_one_replaced_says_so():
    account = BusinessAccountFactory()
    old = InvitationFactory(account=account, expired=True)

    actions_invite(account, old.address, account.owner)

    assert (
        "a newer invitation took its place"
        in of_owner(account).get(url("invitation", account, pk=old.pk)).content.decode()
    )


@pytest.mark.rule(9)
@pytest.mark.requirement("IN6")
def test_the_page_says_that_an_acceptance_was_refused_until_it_is_sent_anew():
    anna = MembershipFactory(holding="administrator")
    invitation = InvitationFactory(account=anna.account, invited_by=anna.person)
    Membership.objects.filter(pk=anna.pk).update(state="suspended", suspended_at=timezone.now())
    person = PersonFactory(email=invitation.address)
    for _time in range(3):
        signed_in(person).post(reverse("accept_invitation", args=[token_of(invitation)]), {"seen": seen_of(invitation)})
    here = url("invitation", anna.account, pk=invitation.pk)

    assert "Someone tried to accept, and was refused" in of_owner(anna.account).get(here).content.decode()
    assert OutgoingMail.objects.filter(kind="invitation_refused").count() == 1  # told once, however often it is tried
    of_owner(anna.account).post(url("resend_invitation", anna.account, pk=invitation.pk))
    assert "Someone tried to accept" not in of_owner(anna.account).get(here).content.decode()
    invitation.refresh_from_db()
    assert invitation.invited_by == anna.account.owner
    joined = signed_in(person).post(
        reverse("accept_invitation", args=[token_of(invitation)]), {"seen": seen_of(invitation)}
    )
    assert joined.status_code == 302


def seen_of(invitation):
    from invitations.policies import fingerprint

    return fingerprint(invitation)


# --- The broker (rule 10) ------------------------------------------------------------------------------------------------
@pytest.mark.rule(10)
@pytest.mark.requirement("RE5")
def test_a_dead_broker_holds_nobody_up(monkeypatch, django_capture_on_commit_callbacks):
    from celery import current_app

    account = BusinessAccountFactory()
    monkeypatch.setattr(doorbell, "_silent_until", 0.0)
    tried = []

    def no_broker(*args, **kwargs):
        tried.append(kwargs)
        raise OSError("nobody listens")

    monkeypatch.setattr(current_app, "send_task", no_broker)
    with django_capture_on_commit_callbacks(execute=True):
        response = invite(of_owner(account), account, " ".join(f"p{number}@example.com" for number in range(20)))

    assert response.status_code == 302
    assert OutgoingMail.objects.due(at=timezone.now() + dt.timedelta(seconds=1)).count() == 20
    assert len(tried) == 1  # the others waited for the sweep instead of for the broker


def test_the_owner_keeps_the_seat_whatever_is_offered():
    account = BusinessAccountFactory()

    invite(of_owner(account), account, "new@example.com", role="owner")

    assert owner_of(account).role.code == "owner"
    assert not Invitation.objects.exists()
