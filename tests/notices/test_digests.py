"""The daily digest: at eight in everybody's own zone, once, and only where there is something to tell."""

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import OutgoingMail
from notices import actions as notices
from notices.models import Choice, Digest, Notice
from teams import actions as teams
from teams.models import Role
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.notices.inbox import mails_to
from tests.post import the_post_goes_out
from tests.together import at_once, committed

DAY = dt.datetime(2026, 6, 10, tzinfo=dt.UTC)


def at(hour, minute=0, day=0):
    return time_machine.travel(DAY + dt.timedelta(days=day, hours=hour, minutes=minute), tick=False)


def somebody_leaves(owner, **more):
    account = BusinessAccountFactory(owner=owner, **more) if more else owner.owned_accounts.first()
    member = MembershipFactory(account=account, person__name="Eddie")
    teams.leave(membership=member, by=member.person)
    return account


def owner_in(zone="UTC", name="Northwind"):
    return BusinessAccountFactory(name=name, owner__time_zone=zone).owner


@pytest.mark.django_db
def test_what_came_in_is_told_at_eight_of_the_next_day_by_account():
    olga = owner_in()
    BusinessAccountFactory(name="Aurora", owner=olga)
    with at(12):
        somebody_leaves(olga)
        somebody_leaves(olga, name="Lumen")
    with at(7, 59, day=1):
        early = notices.send_digests()

    with at(8, day=1):
        sent = notices.send_digests()
        again = notices.send_digests()
        subjects = mails_to(olga)

    assert (early, sent, again) == (0, 1, 0)
    assert subjects == ["2 notices of the last day"]


@pytest.mark.django_db
def test_the_digest_lists_by_account_and_links_to_each_page():
    olga = owner_in()
    with at(12):
        somebody_leaves(olga)
        somebody_leaves(olga, name="Lumen")
    with at(8, day=1):
        notices.send_digests()
        the_post_goes_out()

    text = mail.outbox[-1].body
    assert text.index("Lumen") < text.index("Northwind")
    assert text.count("Eddie left the account") == 2
    assert text.count("http://localhost:8000/accounts/") == 2
    assert "/profile/notices/" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "hour", "minute"),
    [("UTC", 8, 0), ("Asia/Kolkata", 2, 30), ("Asia/Kathmandu", 2, 15), ("America/New_York", 12, 0), ("nowhere", 8, 0)],
)
def test_it_is_eight_where_the_person_is(zone, hour, minute):
    owner = owner_in(zone)
    with at(20):
        somebody_leaves(owner)

    with at(hour, minute, day=1) as _clock:
        now = timezone.now()
    with time_machine.travel(now - dt.timedelta(minutes=1), tick=False):
        before = notices.send_digests()
    with time_machine.travel(now, tick=False):
        then = notices.send_digests()

    assert (before, then) == (0, 1)


@pytest.mark.django_db
def test_where_no_worker_ran_at_eight_it_comes_later_the_same_day():
    olga = owner_in()
    with at(12):
        somebody_leaves(olga)

    with at(17, day=1):
        assert notices.send_digests() == 1
    with at(8, day=2):
        assert notices.send_digests() == 0


@pytest.mark.django_db
def test_nothing_new_makes_no_mail_and_what_comes_after_eight_waits_for_the_next_day():
    olga = owner_in()
    with at(9):
        assert notices.send_digests() == 0
        somebody_leaves(olga)
        assert notices.send_digests() == 0
    with at(9, day=1):
        assert notices.send_digests() == 1
    with at(9, day=2):
        assert notices.send_digests() == 0
    assert Digest.objects.count() == 1


@pytest.mark.django_db
def test_what_was_read_meanwhile_is_not_told_and_alone_makes_no_mail():
    olga = owner_in()
    with at(12):
        somebody_leaves(olga)
        somebody_leaves(olga)
    with at(8, day=1):
        notices.send_digests()
    first, second = Notice.objects.filter(person=olga).order_by("pk")
    notices.mark_read(first)
    one = mails_to(olga)
    with at(12, day=1):
        somebody_leaves(olga)
    Notice.objects.update(read_at=timezone.now())
    with at(8, day=2):
        none = notices.send_digests()

    assert one == ["1 notice of the last day"]
    assert none == 0
    assert second.digest is not None


@pytest.mark.django_db
@pytest.mark.rule(4)
def test_a_digest_holds_nothing_of_an_account_that_was_lost_meanwhile():
    account = BusinessAccountFactory(name="Northwind")
    anna = MembershipFactory(account=account, holding="administrator")
    with at(12):
        somebody_leaves(account.owner)
    with at(8, day=1):
        notices.send_digests()
    teams.offboard(membership=anna, by=account.owner, reason="Left")

    the_post_goes_out()

    states = dict(OutgoingMail.objects.filter(kind="notice_digest").values_list("address", "state"))
    assert states == {anna.person.email: "dropped", account.owner.email: "sent"}


@pytest.mark.django_db
def test_a_mail_that_an_act_posts_comes_in_the_digest_instead_where_that_was_chosen():
    olga = owner_in()
    Choice.objects.create(person=olga, kind="requested", channel="digest")
    member = MembershipFactory(account=olga.owned_accounts.get(), person__name="Eddie")
    with at(12):
        teams.ask_for_access(
            membership=member, by=member.person, role=Role.objects.built_in("administrator"), reason="Cover"
        )
        now = mails_to(olga)
    with at(8, day=1):
        notices.send_digests()
        later = mails_to(olga)

    assert (now, later) == ([], ["1 notice of the last day"])


@pytest.mark.django_db
def test_a_very_long_digest_says_how_much_more_there_is():
    olga = owner_in()
    with at(12):
        somebody_leaves(olga)
        row = Notice.objects.get(person=olga)
        for _number in range(70):
            row.pk = None
            row.save()
    with at(8, day=1):
        notices.send_digests()
        the_post_goes_out()

    assert mail.outbox[-1].subject == "71 notices of the last day"
    assert mail.outbox[-1].body.count("Eddie left the account") == 50
    assert "And 21 more" in mail.outbox[-1].body


def test_two_workers_at_once_send_one_digest(fresh_database):
    def make():
        olga = owner_in()
        account = olga.owned_accounts.get()
        return olga, MembershipFactory(account=account, person__name="Eddie")

    olga, member = committed(make)
    with at(12):
        teams.leave(membership=member, by=member.person)

    with at(8, day=1):
        sent = at_once(*[notices.send_digests] * 4)

    assert sum(sent) == 1
    assert Digest.objects.filter(person=olga).count() == 1
    assert OutgoingMail.objects.filter(kind="notice_digest").count() == 1
