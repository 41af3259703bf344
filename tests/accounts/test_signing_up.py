"""Two clicks at once on "Create account": one person, and no page that breaks."""

from django.test import Client

from accounts.models import Person
from audit.models import Event
from tests.factories import PASSWORD
from tests.post import the_post_goes_out
from tests.together import at_once


def test_sign_ups_at_once_with_one_address_make_one_person_and_are_answered_as_one_after_the_other(
    fresh_database, mailoutbox
):
    form = {"email": "nina@example.com", "name": "Nina", "password1": PASSWORD}

    answers = at_once(*[lambda: Client().post("/auth/signup/", form).status_code] * 4)

    assert sorted(answers) == [302, 429, 429, 429]  # one mail in three minutes to one address
    assert [person.email for person in Person.objects.all()] == ["nina@example.com"]
    assert Event.objects.named("person.signed_up").count() == 1
    the_post_goes_out()
    assert [mail.to for mail in mailoutbox] == [["nina@example.com"]]
