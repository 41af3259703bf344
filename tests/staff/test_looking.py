"""Looking into an account: for a reason, before its owner's eyes, for an hour, and reading only (AZ12)."""

import datetime as dt
import re

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, OutgoingMail
from audit.models import Event
from notices.kinds import CHOOSABLE
from teams.models import Membership
from tests.factories import TOTP_SECRET, PersonFactory, token_of
from tests.notices.inbox import mails_to, told
from tests.staff.desk import ALWAYS, LISTS, PAGES, REASON, at_the_desk, full, opens, signed_in, staff

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AZ12")]


def looks_of(account):
    return list(
        Event.objects.of(account).named("account.looked_into").order_by("number").values_list("actor_id", "result")
    )


def page(client, name, *args, **query):
    return client.get(reverse(f"staff_{name}", args=args), query)


def body(response):
    return response.content.decode()


def test_a_look_is_one_event_and_the_owner_is_told_at_once_by_a_notice_that_cannot_be_turned_off():
    person, inside = staff(), full()
    client, owner = signed_in(person, shown=True), inside.account.owner

    answer = opens(client, inside.account)

    assert answer.headers["Location"] == reverse("staff_account", args=[inside.account.pk])
    assert looks_of(inside.account) == [(person.pk, "done")]
    words = f"Stefan, of the platform’s staff, looked into Account zebra: {REASON}"
    said = words.replace("Account zebra", "your account")
    assert told(owner) == [("staff_looked", said)]
    assert f"{said} · Account zebra" in mails_to(owner)
    assert words in body(signed_in(owner).get(reverse("activity", args=[inside.account.slug])))
    assert "staff_looked" not in CHOOSABLE


def test_the_notice_leads_to_the_event_with_its_reason():
    inside = full()
    opens(at_the_desk(), inside.account)
    owner = inside.account.owner

    notice = owner.notices.latest("pk")

    assert REASON in body(signed_in(owner).get(notice.get_absolute_url()))


@pytest.mark.parametrize("reason", ["", "   ", "support", "just looking", "x " * 400])
def test_without_a_few_words_of_reason_nothing_opens(reason):
    client, inside = at_the_desk(), full()

    answer = opens(client, inside.account, reason)

    assert answer.status_code == 422
    assert page(client, "member", inside.member.pk).status_code == 404
    assert "done" not in [result for _actor, result in looks_of(inside.account)]
    assert told(inside.account.owner) == []


def test_opening_the_door_changes_nothing_before_it_is_sent():
    client, inside = at_the_desk(), full()

    assert page(client, "open", inside.account.pk).status_code == 200

    assert looks_of(inside.account) == []
    assert page(client, "member", inside.member.pk).status_code == 404


def test_before_a_look_nothing_from_inside_any_account_is_shown_and_ids_answer_as_ones_that_never_were():
    client, inside = at_the_desk(), full()
    account_page = body(page(client, "account", inside.account.pk))
    seen = account_page + "".join(body(page(client, name)) for name in (*ALWAYS, *LISTS)) + body(client.get("/staff/"))

    for word in inside.words:
        if not word.startswith("Member"):  # her name stands in the list of people
            assert word not in seen
    for name in LISTS:
        there, never = page(client, PAGES[name], inside.things[name]), page(client, PAGES[name], 999_999_999)
        assert (name, there.status_code, never.status_code) == (name, 404, 404)
        assert plain(there) == plain(never)


def plain(response):
    return re.sub(r'nonce="[^"]*"|value="[A-Za-z0-9]{64}"|/staff/[a-z]*/\d+/', "", body(response))


def test_a_look_opens_this_account_and_no_other():
    client, inside, other = at_the_desk(), full(), full("quagga")

    opens(client, inside.account)

    for name in LISTS:
        assert (name, page(client, PAGES[name], inside.things[name]).status_code) == (name, 200)
        assert (name, page(client, PAGES[name], other.things[name]).status_code) == (name, 404)
        listed = body(page(client, name))
        assert "quagga" not in listed
    assert "Member zebra" in body(page(client, "members"))
    assert "Role zebra" in body(page(client, "roles"))
    assert "Asset zebra" in body(page(client, "grants"))
    assert "zebra.new@invited.example" in body(page(client, "invitations"))
    assert page(client, "members", account=other.account.pk).status_code == 200
    assert "zebra" not in body(page(client, "members", account=other.account.pk)).split('id="results"')[1]


def test_no_page_shows_a_link_a_hash_a_secret_or_what_a_mail_says():
    person = staff()
    client, inside = signed_in(person, shown=True), full()
    invitation = inside.account.invitations.get()
    opens(client, inside.account)
    actions.send_password_mail(person=inside.member.person, reason=REASON, by=person)
    secrets = [
        token_of(invitation), invitation.token_hash, inside.member.person.password, person.password, TOTP_SECRET,
        OutgoingMail.objects.get(kind="sign_in.password_mail").sealed, inside.mail.message_id,
        Event.objects.of(inside.account).first().hash.hex(),
    ]  # fmt: skip

    pages = [page(client, name) for name in (*ALWAYS, *LISTS)]
    pages += [page(client, PAGES[name], inside.things[name]) for name in LISTS]
    pages += [page(client, "mail", mail.pk) for mail in OutgoingMail.objects.all()]
    pages += [page(client, "person", inside.member.person.pk), page(client, "account", inside.account.pk)]

    seen = "".join(map(body, pages))
    assert [found.status_code for found in pages] == [200] * len(pages)
    assert [secret for secret in secrets if secret in seen] == []
    assert "argon2" not in seen
    assert "sign_in.password_mail" in seen


def test_addresses_of_people_and_of_mails_are_masked_also_in_what_the_mail_server_said():
    client, inside = at_the_desk(), full()
    inside.mail.state, inside.mail.problem = "parked", "550 <zebra@mailbox.example>: no such user"
    inside.mail.save()

    seen = body(page(client, "mails")) + body(page(client, "mail", inside.mail.pk)) + body(page(client, "people"))

    assert "no such user" in seen
    assert "zebra@mailbox.example" not in seen
    assert "zebra@inside.example" not in seen
    assert "Account zebra" not in seen


def test_a_look_ends_after_an_hour(time_machine):
    time_machine.move_to(timezone.now())
    client, inside = at_the_desk(), full()
    opens(client, inside.account)
    start = timezone.now()

    for minutes in (20, 40, 59):
        time_machine.move_to(start + dt.timedelta(minutes=minutes))
        assert page(client, "member", inside.member.pk).status_code == 200
    time_machine.move_to(start + dt.timedelta(minutes=60, seconds=1))

    assert page(client, "member", inside.member.pk).status_code == 404
    assert "Account zebra" not in body(page(client, "members"))


def test_a_look_ends_by_its_button():
    client, inside = at_the_desk(), full()
    opens(client, inside.account)

    client.post(reverse("staff_close", args=[inside.account.pk]))

    assert page(client, "member", inside.member.pk).status_code == 404


def test_signing_out_ends_a_look_and_another_session_never_had_it():
    person, inside = staff(), full()
    client, other = signed_in(person, shown=True), signed_in(person, shown=True)
    opens(client, inside.account)
    copied = Client()
    copied.cookies = client.cookies.copy()

    assert page(other, "member", inside.member.pk).status_code == 404
    client.post(reverse("account_logout"))

    assert page(copied, "member", inside.member.pk).status_code == 404
    assert page(signed_in(person, shown=True), "member", inside.member.pk).status_code == 404


def test_each_look_is_told_anew_also_while_one_is_open():
    client, inside = at_the_desk(), full()

    opens(client, inside.account)
    opens(client, inside.account, "A second question by phone")

    assert len(looks_of(inside.account)) == 2
    assert len(told(inside.account.owner)) == 2


def test_a_look_goes_on_in_a_freeze_and_into_a_closed_account():
    client, inside = at_the_desk(), full()
    BusinessAccount.objects.filter(pk=inside.account.pk).update(
        frozen_at=timezone.now(), frozen_by=inside.account.owner, closed_at=timezone.now()
    )

    assert opens(client, inside.account).status_code == 302

    assert page(client, "member", inside.member.pk).status_code == 200


def test_a_member_of_the_staff_who_is_in_the_account_looks_like_everybody_else():
    person, inside = staff(), full()
    Membership.objects.filter(pk=inside.member.pk).update(person=person)
    client = signed_in(person, shown=True)
    assert page(client, "member", inside.member.pk).status_code == 404

    opens(client, inside.account)

    assert looks_of(inside.account) == [(person.pk, "done")]
    assert [kind for kind, _words in told(inside.account.owner)] == ["staff_looked"]


@pytest.mark.parametrize("given", [{"is_staff": False}, {"is_active": False}])
def test_the_act_itself_asks_again_who_it_is(given):
    person, inside = staff(), full()
    type(person).objects.filter(pk=person.pk).update(**given)

    with pytest.raises(PolicyViolation):
        actions.look_into(account=inside.account, reason=REASON, by=person)


def test_the_act_itself_asks_for_the_second_factor():
    with pytest.raises(PolicyViolation):
        actions.look_into(account=full().account, reason=REASON, by=PersonFactory(is_staff=True, is_superuser=True))


def test_nothing_can_be_changed_on_any_page():
    client, inside = at_the_desk(), full()
    opens(client, inside.account)
    before, events = rows(), Event.objects.count()
    form = {"name": "Changed", "state": "ended", "is_staff": "on", "_save": "Save", "action": "delete_selected",
            "_selected_action": "1", "post": "yes"}  # fmt: skip

    addresses = [reverse(f"staff_{name}") for name in (*ALWAYS, *LISTS)] + [reverse("staff")]
    addresses += [reverse(f"staff_{PAGES[name]}", args=[inside.things[name]]) for name in LISTS]
    addresses += [reverse("staff_person", args=[inside.member.person.pk]), reverse("staff_mail", args=[inside.mail.pk])]
    addresses += [reverse("staff_account", args=[inside.account.pk])]
    answers = {
        (address, method): getattr(client, method)(address, form).status_code
        for address in addresses
        for method in ("post", "put", "patch", "delete")
    }

    assert set(answers.values()) == {405}
    assert (rows(), Event.objects.count()) == (before, events)


def rows():
    """Every row of every table but the record's, which is counted, and of that a session was used."""
    used = {"accounts.Session", "usersessions.UserSession"}
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label != "audit"]
    return {
        model._meta.label: sorted(map(str, model._base_manager.values_list()))
        for model in models
        if model._meta.managed and model._meta.label not in used
    }
