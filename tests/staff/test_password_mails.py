"""Staff can start that somebody sets a new password, and never see, choose or set one (MF10)."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import OutgoingMail, Person
from audit.models import Event
from tests.factories import PASSWORD, BusinessAccountFactory, PersonFactory
from tests.notices.inbox import told
from tests.post import the_post_goes_out
from tests.staff.desk import REASON, at_the_desk, opens, signed_in, staff

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("MF10")]
NEW = "another long enough sentence 5"


def sends(client, person, reason=REASON, **more):
    return client.post(reverse("staff_password_mail", args=[person.pk]), {"reason": reason, **more})


def link_in(message):
    return re.search(r"https?://[^/]+(/auth/\S+)", message.body).group(1)


def test_the_link_goes_to_the_person_and_to_nobody_else_and_sets_the_password_they_choose(mailoutbox):
    client, person = at_the_desk(), PersonFactory(name="Nadia")

    answer = sends(client, person)
    pages = "".join(
        client.get(address).content.decode()
        for address in (answer.headers["Location"], reverse("staff_mails"), reverse("staff_people"))
    )
    the_post_goes_out()

    message = next(message for message in mail.outbox if message.subject == "Set a new password")
    assert message.to == [person.email]
    link, browser = link_in(message), Client()
    assert link.rpartition("-")[2].strip("/") not in pages
    form = browser.get(link, follow=True)
    browser.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert Person.objects.get(pk=person.pk).check_password(NEW)


def test_it_is_an_event_of_the_person_who_is_told_and_the_password_stays_as_it_is():
    someone = staff()
    client, person = signed_in(someone, shown=True), PersonFactory(name="Nadia")

    sends(client, person, password="chosen by the staff 1", password1="chosen by the staff 1")

    event = Event.objects.of(person).get(name="person.password_mail_sent")
    assert (event.actor_id, event.parts["reason"]) == (someone.pk, REASON)
    words = f"Stefan, of the platform’s staff, sent you a mail to set a new password: {REASON}"
    assert told(person) == [("signing_in", words)]
    assert Person.objects.get(pk=person.pk).check_password(PASSWORD)
    assert words.replace("sent you a", "sent Nadia a") in signed_in(person).get(reverse("my_activity")).content.decode()


def test_the_newest_link_alone_works(mailoutbox):
    client, person = at_the_desk(), PersonFactory()

    sends(client, person)
    sends(client, person)
    the_post_goes_out()

    first, second = [link_in(message) for message in mail.outbox if message.subject == "Set a new password"]
    assert Client().get(first).status_code == 200
    assert Client().get(second).status_code == 302


def test_it_stops_after_three_an_hour():
    client, person = at_the_desk(), PersonFactory()

    answers = [sends(client, person).status_code for _time in range(4)]

    assert answers == [302, 302, 302, 422]
    assert OutgoingMail.objects.filter(kind="sign_in.password_mail").count() == 3


def test_it_needs_a_reason_and_a_sign_in_that_works():
    client, person, gone = at_the_desk(), PersonFactory(), PersonFactory(is_active=False)

    assert sends(client, person, "because").status_code == 422
    assert sends(client, gone).status_code == 422

    assert not OutgoingMail.objects.exists()


def test_no_page_of_the_area_has_a_field_for_a_password():
    client, account = at_the_desk(), BusinessAccountFactory()
    opens(client, account)
    names = ("staff", "staff_accounts", "staff_people", "staff_mails", "staff_members", "staff_events")
    pages = [reverse(name) for name in names]
    pages += [reverse("staff_person", args=[account.owner.pk]), reverse("staff_password_mail", args=[account.owner.pk])]

    for address in pages:
        assert "password" not in re.findall(
            r'<(?:input|textarea|select)[^>]*name="([^"]*)"', client.get(address).content.decode()
        )
