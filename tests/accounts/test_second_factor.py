"""A second factor turned on and off by its pages. The sign-in library tells of it after the commit, so it commits."""

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.urls import reverse

from audit.models import Event
from tests.factories import PASSWORD, PersonFactory
from tests.post import the_post_goes_out


def test_a_second_factor_on_and_off_is_told_in_the_log_and_by_mail(fresh_database, client, mailoutbox):
    person = PersonFactory()
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client.post(reverse("mfa_activate_totp"), {"code": code})
    client.post(reverse("mfa_deactivate_totp"))
    the_post_goes_out()

    names = list(Event.objects.of(person).values_list("name", flat=True))
    assert "person.second_factor_added" in names
    assert "person.second_factor_removed" in names
    assert not Event.objects.filter(canonical__contains=secret).exists()
    assert len([mail for mail in mailoutbox if person.email in mail.to]) >= 2
