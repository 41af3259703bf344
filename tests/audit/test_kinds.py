"""Every kind of act that matters leaves its event, refused ones too, however the person came to it (AU2)."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse

from audit.models import Event
from invitations.policies import fingerprint
from tests.factories import (
    PASSWORD,
    POLICY_FORM,
    TOTP_SECRET,
    BusinessAccountFactory,
    MembershipFactory,
    PersonFactory,
    token_of,
)
from tests.post import link_for_a_new_password, the_post_goes_out
from tests.showing import code_of, signed_in
from tests.staff.desk import REASON, at_the_desk

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AU2")]


def told(subject, *, refused=False):
    """Return the names of the events in somebody's or an account's chain: of acts that were done, or were refused."""
    result = Event.Result.REFUSED if refused else Event.Result.DONE
    return set(Event.objects.of(subject).filter(result=result).values_list("name", flat=True))


def signs_in(person, password=PASSWORD):
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": password})
    return client


def test_of_signing_in_good_and_bad_throttled_and_out():
    person = PersonFactory()

    for _time in range(8):
        signs_in(person, "not the password at all")
    assert "person.signed_in" not in told(person)
    other = PersonFactory()
    signs_in(other).post(reverse("account_logout"))

    assert {"person.sign_in_failed", "person.sign_in_throttled"} <= told(person, refused=True) | told(person)
    assert {"person.signed_in", "person.signed_out"} <= told(other)


def test_of_a_new_password_by_mail(client, mailoutbox):
    person = PersonFactory()

    client.post(reverse("account_reset_password"), {"email": person.email})
    the_post_goes_out()
    link = link_for_a_new_password(mailoutbox[-1])
    page = client.get(link, follow=True)
    client.post(
        page.request["PATH_INFO"], {"password1": "five brown foxes at noon", "password2": "five brown foxes at noon"}
    )

    assert {"person.password_reset_asked", "person.password_reset"} <= told(person)


def test_of_factors_set_up_used_and_taken_off(time_machine):
    time_machine.move_to("2026-03-02 10:00:00+00:00", tick=False)
    person = PersonFactory()
    TOTP.activate(person, TOTP_SECRET)
    code = code_of(TOTP_SECRET)

    client = signs_in(person)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    client.post(reverse("mfa_authenticate"), {"code": code})
    client.post(reverse("recovery_codes"))
    client.post(reverse("mfa_deactivate_totp"))

    assert {"person.second_factor_shown", "person.signed_in", "person.second_factor_removed"} <= told(person)
    assert told(person, refused=True) == {"person.second_factor_shown"}


def test_of_what_was_denied():
    eddie = MembershipFactory(holding="editor")
    other = MembershipFactory(account=eddie.account)
    client = signed_in(eddie.person)

    client.get(reverse("team", args=[eddie.account.slug]))
    client.post(reverse("suspend_member", args=[eddie.account.slug, other.pk]))

    assert told(eddie.account, refused=True) == {"access.refused"}
    assert Event.objects.of(eddie.account).filter(name="access.refused").count() == 2


def test_of_the_steps_of_an_invitation():
    account = BusinessAccountFactory()
    owner, inside = signed_in(account.owner), [account.slug]
    owner.post(reverse("invite", args=inside), {"addresses": "nina@example.com, ola@example.com", "role": "editor"})
    nina, ola = account.invitations.order_by("address")
    owner.post(reverse("copy_invitation_link", args=[*inside, nina.pk]))
    owner.post(reverse("resend_invitation", args=[*inside, ola.pk]))
    owner.post(reverse("revoke_invitation", args=[*inside, ola.pk]))
    nina.refresh_from_db()
    invited, link = signed_in(PersonFactory(email="nina@example.com")), [token_of(nina)]
    invited.get(reverse("invitation_offer", args=link))
    invited.post(reverse("accept_invitation", args=link), {"seen": fingerprint(nina)})

    steps = {"created", "link_copied", "resent", "revoked", "opened", "accepted"}
    assert {f"invitation.{step}" for step in steps} <= told(account)


def test_of_roles_rules_settings_sessions_exports_and_the_look_of_staff():
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account)
    owner, inside = signed_in(account.owner), [account.slug]
    seat = [*inside, eddie.pk]

    owner.post(reverse("change_role", args=seat), {"role": "moderator", "reason": "Speaks to people"})
    owner.post(reverse("security_policy", args=inside), {**POLICY_FORM, "most_administrators": "4"})
    owner.post(reverse("account_settings", args=inside), {"name": "Another name"})
    owner.post(reverse("end_member_sessions", args=seat), {"reason": "A lost phone"})
    owner.post(reverse("export_activity", args=inside))
    owner.post(reverse("export_members", args=inside), {"format": "csv"})
    owner.post(reverse("offboard_member", args=seat), {"reason": "Left"})
    at_the_desk().post(reverse("staff_open", args=[account.pk]), {"reason": REASON})

    assert {
        "role.changed", "account.policy_changed", "account.settings_changed", "member.sessions_ended", "audit.exported",
        "member.list_exported", "member.offboarded", "account.looked_into",
    } <= told(account)  # fmt: skip


def test_of_a_session_that_a_person_ends():
    person = PersonFactory()
    client, lost = signed_in(person), signed_in(person)

    client.post(reverse("usersessions_list"))

    assert lost.get(reverse("dashboard")).status_code == 302
    assert "person.sessions_ended" in told(person)
