"""The inbox: who reads what, what is read, and how it is found."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person, SecurityPolicy
from audit.models import Event
from notices import actions as notices
from notices.models import Notice
from teams import actions as teams
from teams.models import Role
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.notices.inbox import told

pytestmark = pytest.mark.django_db
INBOX = "/inbox/"


def role(code):
    return Role.objects.built_in(code)


def signed_in(person):
    client = Client()
    client.force_login(Person.objects.get(pk=person.pk))  # as it is now: an offboarding resets the password
    return client


def listed(client, query=""):
    return [row.words for row in client.get(INBOX + query).context["page_obj"]]


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner__name="Olga")


@pytest.fixture
def anna(account):
    return MembershipFactory(account=account, holding="administrator", person__name="Anna")


@pytest.fixture
def eddie(account):
    return MembershipFactory(account=account, person__name="Eddie")


def ask(member, reason="Cover"):
    return teams.ask_for_access(membership=member, by=member.person, role=role("administrator"), reason=reason)


def test_an_empty_inbox_says_so_and_shows_no_number(account):
    page = signed_in(account.owner).get(INBOX)

    assert "Nothing to tell yet" in page.content.decode()
    assert page.context["my_unread_notices"]() == 0


def test_a_notice_is_opened_by_a_post_which_marks_it_as_read(account, eddie):
    wish = ask(eddie)
    client = signed_in(account.owner)
    notice = Notice.objects.get(person=account.owner)
    address = reverse("open_notice", args=[notice.pk])

    looked, opened = client.get(address), client.post(address)

    assert looked.status_code == 405
    assert opened.headers["Location"] == reverse("access_request", args=[account.slug, wish.pk])
    assert client.get(opened.headers["Location"]).status_code == 200
    notice.refresh_from_db()
    assert notice.read_at is not None


def test_every_page_shows_how_many_are_unread(account, eddie):
    client = signed_in(account.owner)
    before = client.get("/dashboard/").content.decode()
    ask(eddie)

    after = client.get("/dashboard/").content.decode()

    mark = 'count-info">1<span class="visually-hidden"> unread'
    assert mark not in before
    assert mark in after


def test_a_notice_is_marked_as_read_and_as_unread_again(account, eddie):
    ask(eddie)
    client = signed_in(account.owner)
    notice = Notice.objects.get(person=account.owner)
    address = reverse("mark_notice", args=[notice.pk])

    read = client.post(address, {"state": "read", "show": "state=unread&q=a"})
    unread_then = listed(client, "?state=unread")
    client.post(address, {"state": "unread"})

    assert read.headers["Location"] == "/inbox/?state=unread&q=a"
    assert unread_then == []
    assert listed(client, "?state=unread") == ["Eddie asked for more access"]


def test_all_are_marked_as_read_but_what_came_in_since(account, anna, eddie):
    ask(eddie)
    client = signed_in(account.owner)
    newest = client.get(INBOX).context["newest"]
    teams.suspend(membership=eddie, by=anna.person)

    client.post(reverse("mark_all_read"), {"up_to": newest})

    assert listed(client, "?state=unread") == ["Anna suspended Eddie"]
    assert Notice.objects.filter(person=anna.person, read_at=None).count() == 1


@pytest.mark.parametrize("show", ["//evil.example", "\0", "https://evil.example/?a=b", "x" * 5_000, "&&==%ff"])
def test_nobody_is_led_away_by_what_a_form_brings_along(account, eddie, show):
    ask(eddie)
    notice = Notice.objects.get(person=account.owner)

    answer = signed_in(account.owner).post(reverse("mark_notice", args=[notice.pk]), {"state": "read", "show": show})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/inbox/")


@pytest.mark.rule(4)
@pytest.mark.parametrize("name", ["open_notice", "mark_notice"])
def test_another_persons_notice_is_like_one_that_never_was(account, anna, eddie, name):
    ask(eddie)
    theirs = Notice.objects.get(person=account.owner)
    client = signed_in(anna.person)

    answers = [client.post(reverse(name, args=[pk]), {"state": "read"}) for pk in (theirs.pk, 999_999, 2**63 - 1)]

    assert {answer.status_code for answer in answers} == {404}
    theirs.refresh_from_db()
    assert theirs.read_at is None


@pytest.mark.rule(4)
def test_who_is_offboarded_reads_nothing_of_the_inside_any_more_but_what_concerned_them(account, anna, eddie):
    ask(eddie)
    teams.suspend(membership=eddie, by=account.owner)
    client = signed_in(anna.person)
    inside = Notice.objects.filter(person=anna.person).order_by("pk").first()
    before = listed(client)

    teams.offboard(membership=anna, by=account.owner, reason="Left")

    client = signed_in(anna.person)
    page = client.get(INBOX)
    assert before == ["Olga suspended Eddie", "Eddie asked for more access"]
    assert [row.words for row in page.context["page_obj"]] == ["Olga ended your access"]
    assert page.context["my_unread_notices"]() == 1
    assert listed(client, "?q=Eddie") == []
    assert client.post(reverse("open_notice", args=[inside.pk])).status_code == 404


@pytest.mark.rule(4)
@pytest.mark.rule(14)
def test_who_manages_the_team_no_longer_reads_no_more_what_only_managers_read(account, anna, eddie):
    ask(eddie)

    teams.change_role(membership=anna, role=role("editor"), by=account.owner)

    assert listed(signed_in(anna.person)) == ["Olga changed your role from Administrator to Editor"]


@pytest.mark.rule(1)
def test_who_lacks_the_second_factor_reads_what_was_asked_of_them_and_nothing_of_the_inside(account, anna, eddie):
    ask(eddie)

    SecurityPolicy.objects.filter(account=account).update(second_factor="administrators")

    assert "Eddie asked for more access" not in listed(signed_in(anna.person))


def test_the_inbox_is_searched_and_filtered_by_account_and_kind(account, eddie):
    other = BusinessAccountFactory(name="Lumen", owner=account.owner)
    member = MembershipFactory(account=other, person__name="Milo")
    ask(eddie)
    ask(member)
    teams.leave(membership=member, by=member.person)
    client = signed_in(account.owner)

    assert listed(client, "?q=milo") == ["Milo left the account", "Milo asked for more access"]
    assert listed(client, "?q=northwind") == ["Eddie asked for more access"]
    assert listed(client, f"?account={other.slug}") == listed(client, "?q=milo")
    assert listed(client, "?account=no-such") == listed(client)
    assert listed(client, "?state=security") == []
    assert "No notice fits" in client.get(INBOX + "?q=zzz").content.decode()


def test_a_long_inbox_has_pages_and_costs_the_same(account, eddie):
    ask(eddie)
    client = signed_in(account.owner)
    client.get(INBOX)
    with CaptureQueriesContext(connection) as few:
        client.get(INBOX)
    row = Notice.objects.get(person=account.owner)
    for _number in range(60):
        row.pk = None
        row.save()

    with CaptureQueriesContext(connection) as many:
        page = client.get(INBOX)

    assert len(many) <= len(few) + 1  # the pages
    assert page.context["page_obj"].paginator.num_pages == 3


def test_a_page_without_an_inbox_is_asked_one_question_for_the_bell(account, eddie):
    client = signed_in(eddie.person)
    client.get("/profile/")

    with CaptureQueriesContext(connection) as asked:
        client.get("/profile/")

    assert len([query for query in asked if "notices_notice" in query["sql"]]) == 1


def test_reading_writes_no_event(account, eddie):
    ask(eddie)
    notice = Notice.objects.get(person=account.owner)
    client = signed_in(account.owner)
    before = Event.objects.count()

    client.post(reverse("open_notice", args=[notice.pk]))

    assert Event.objects.count() == before


def test_names_are_shown_as_text(account):
    member = MembershipFactory(account=account, person__name="<script>alert(1)</script>")
    ask(member)

    page = signed_in(account.owner).get(INBOX).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page


def test_what_was_read_half_a_year_ago_is_taken_away(account, anna, eddie):
    ask(eddie)
    Notice.objects.filter(person=anna.person).update(read_at=timezone.now())

    with time_machine.travel(timezone.now() + dt.timedelta(days=179), tick=False):
        early = notices.clear_old()
    with time_machine.travel(timezone.now() + dt.timedelta(days=181), tick=False):
        late = notices.clear_old()

    assert (early, late) == (0, 1)
    assert told(anna.person) == []
    assert len(told(account.owner)) == 1  # unread: it stays
