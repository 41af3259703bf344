"""A list that was started: every row by the act of a single invitation, once, whatever dies meanwhile (rules 10, 12)."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accessportal.celery import app
from accounts.errors import ChangedMeanwhile
from accounts.models import OutgoingMail, Person
from audit.models import Event
from invitations import actions, fates, policies
from invitations.actions import working
from invitations.actions.importing import WORK
from invitations.models import Import, ImportRow, Invitation
from teams import actions as teams
from teams.models import Membership, Role
from tests.factories import BusinessAccountFactory, ImportFactory, MembershipFactory, PersonFactory
from tests.together import at_once, committed

pytestmark = [pytest.mark.rule(12)]


def started(account, number=3, by=None, prefix="p", role="Editor"):
    """A list of so many people, started."""
    by = by or account.owner
    cells = [[f"{prefix}{place}@example.com", role] for place in range(number)]
    listing = ImportFactory(account=account, rows=cells, total=number)
    seen = fates.fingerprint(fates.foresee(listing, account, by=by))
    return actions.start_import(listing=listing, seen=seen, by=by)


def worked(listing):
    """Work until nothing is due any more; return the list as it is then."""
    for _turn in range(100):
        if not Import.objects.due().filter(pk=listing.pk).exists():
            break
        actions.work_through(import_id=listing.pk)
    return Import.objects.get(pk=listing.pk)


def names(account, result="done"):
    return list(Event.objects.of(account).filter(result=result).order_by("id").values_list("name", flat=True))


@pytest.mark.django_db
class TestOneWorker:
    @pytest.fixture
    def account(self):
        return BusinessAccountFactory(name="Northwind")

    @pytest.mark.rule(10)
    def test_each_row_becomes_an_invitation_with_a_mail_and_an_event_of_its_own(self, account):
        listing = started(account, 30)

        done = worked(listing)

        assert done.state == "done"
        assert Invitation.objects.filter(account=account, invited_by=account.owner).count() == 30
        assert OutgoingMail.objects.filter(kind="invitation").count() == 30
        assert names(account) == ["invitation.list_started", *["invitation.created"] * 30, "invitation.list_done"]
        invited = Event.objects.of(account).named("invitation.created").first()
        assert invited.parts["after"]["import"] == listing.pk
        assert Event.objects.of(account).named("invitation.list_done").get().parts["after"]["invited"] == 30
        assert set(listing.rows.values_list("fate", flat=True)) == {"invited"}

    def test_what_has_changed_since_the_dry_run_is_refused_row_by_row_told_and_recorded(self, account, client):
        listing = started(account, 3)
        MembershipFactory(account=account, person=PersonFactory(email="p1@example.com"))

        worked(listing)
        client.force_login(account.owner)
        page = client.get(reverse("import", args=[account.slug, listing.pk])).content.decode()

        fate = dict(listing.rows.values_list("address", "fate"))
        assert fate == {"p0@example.com": "invited", "p1@example.com": "refused", "p2@example.com": "invited"}
        assert "p1@example.com is a member already." in page
        assert "2 people invited" in page
        assert names(account, "refused") == ["invitation.created"]

    @pytest.mark.rule(2)
    @pytest.mark.parametrize("lost", ["suspended", "demoted", "switched off", "ended"])
    @pytest.mark.requirement("AZ9")
    @pytest.mark.requirement("SE5")
    def test_who_loses_the_right_to_invite_invites_nobody_more(self, account, lost):
        anna = MembershipFactory(account=account, holding="administrator")
        listing = started(account, 30, by=anna.person)
        actions.work_through(import_id=listing.pk)
        match lost:
            case "suspended":
                teams.suspend(membership=anna, by=account.owner)
            case "demoted":
                teams.change_role(membership=anna, role=Role.objects.built_in("editor"), by=account.owner)
            case "switched off":
                Person.objects.filter(pk=anna.person_id).update(is_active=False)
            case "ended":
                Membership.objects.filter(pk=anna.pk).update(state="ended", ended_at=timezone.now())

        stopped = worked(listing)

        assert stopped.state == "stopped"
        assert Invitation.objects.filter(account=account).count() == working.BATCH
        assert names(account)[-1] == "invitation.list_stopped"
        assert names(account, "refused") == ["invitation.created"]
        event = Event.objects.of(account).named("invitation.list_stopped").get()
        assert (event.actor_kind, "can no longer invite" in event.parts["reason"]) == ("system", True)

    @pytest.mark.rule(2)
    @pytest.mark.requirement("AZ9")
    def test_a_role_that_its_sender_can_no_longer_give_is_refused_and_the_others_go_on(self, account):
        anna = MembershipFactory(account=account, holding="administrator")
        mine = Role.objects.create(
            account=account, code="writer", name="Writer", held=["draft_content", "view_account"]
        )
        cells = [["a@example.com", "Writer"], ["b@example.com", "Editor"]]
        listing = ImportFactory(account=account, rows=cells)
        seen = fates.fingerprint(fates.foresee(listing, account, by=anna.person))
        actions.start_import(listing=listing, seen=seen, by=anna.person)
        Role.objects.filter(pk=mine.pk).update(held=["view_account", "draft_content", "manage_billing"])

        done = worked(listing)

        assert done.state == "done"
        assert dict(listing.rows.values_list("address", "fate")) == {
            "a@example.com": "refused",
            "b@example.com": "invited",
        }

    def test_a_role_that_is_gone_is_told(self, account):
        listing = started(account, 2)
        ImportRow.objects.filter(source=listing, address="p0@example.com").update(role=None)

        worked(listing)

        assert listing.rows.get(address="p0@example.com").problem == "The role is not in use any more."

    @pytest.mark.requirement("IN9")
    def test_a_long_list_waits_for_the_next_hour_and_leaves_room_for_invitations_by_hand(
        self, account, monkeypatch, client
    ):
        monkeypatch.setattr(policies, "MOST_AN_HOUR_FROM_LISTS", 20)
        now = timezone.now()
        with time_machine.travel(now, tick=False):
            listing = started(account, 30)
            paused = worked(listing)
            client.force_login(account.owner)
            page = client.get(reverse("import", args=[account.slug, listing.pk])).content.decode()
            actions.invite(
                account=account, address="by.hand@example.com", role=Role.objects.built_in("editor"), by=account.owner
            )
            early = actions.sweep_imports()

        assert listing.rows.tally() == {"invited": 20, "waiting": 10}
        assert (paused.state, paused.is_paused, early) == ("running", True, 0)
        assert "goes on later" in page
        with time_machine.travel(now + dt.timedelta(hours=1, seconds=2), tick=False):
            assert actions.sweep_imports() == 1
            assert worked(listing).state == "done"
        assert Invitation.objects.filter(account=account).count() == 31

    def test_the_limit_of_the_hour_refuses_no_row(self, account, monkeypatch):
        monkeypatch.setattr(policies, "MOST_AN_HOUR", 2)
        listing = started(account, 4)

        worked(listing)

        assert listing.rows.tally() == {"invited": 2, "waiting": 2}
        assert names(account, "refused") == []

    def test_nobody_is_invited_from_a_list_in_an_account_that_is_closed(self, account):
        listing = started(account, 2)
        teams.close_account(account=account, by=account.owner)

        worked(listing)

        assert not Invitation.objects.exists()

    @pytest.mark.rule(13)
    @pytest.mark.requirement("SE5")
    def test_offboarding_its_sender_stops_a_list_and_who_is_offboarded_is_taken_off_others(self, account):
        anna = MembershipFactory(account=account, holding="administrator")
        hers, other = started(account, 2, by=anna.person), started(account, 2, prefix="q")
        ImportRow.objects.filter(source=other, address="q0@example.com").update(address=anna.person.email)

        teams.offboard(membership=anna, by=account.owner, reason="Left")
        worked(hers)
        worked(other)

        assert Import.objects.get(pk=hers.pk).state == "stopped"
        assert list(Invitation.objects.values_list("address", flat=True)) == ["q1@example.com"]
        receipt = anna.receipts.get()
        assert receipt.is_complete
        assert receipt.statement["ended"]["others"]["Lists of people that the person is inviting"] == ["staff.csv"]

    def test_progress_is_shown_and_looked_for_again_only_while_it_runs(self, account, client):
        listing = started(account, 30)
        client.force_login(account.owner)
        address = reverse("import", args=[account.slug, listing.pk])

        actions.work_through(import_id=listing.pk)
        running = client.get(address).content.decode()
        worked(listing)
        done = client.get(address).content.decode()

        assert "25 people invited" in running
        assert 'hx-trigger="every 3s"' in running
        assert "30 people invited" in done
        assert "every 3s" not in done


@pytest.mark.rule(10)
def test_every_task_that_is_rung_for_or_that_beat_sends_is_known_to_the_worker(settings):
    app.loader.import_default_modules()

    wanted = {WORK, *(entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values())}

    assert wanted - set(app.tasks) == set()


# --- Really at once ---------------------------------------------------------------------------------------------------
def test_two_workers_at_once_invite_everybody_once(fresh_database):
    account = committed(BusinessAccountFactory)
    listing = _committed_start(account, 20)

    at_once(*[lambda: actions.work_through(import_id=listing.pk) for _worker in range(4)])
    Import.objects.filter(pk=listing.pk).update(due_at=timezone.now())
    worked(listing)

    assert Invitation.objects.filter(account=account).count() == 20
    assert OutgoingMail.objects.filter(kind="invitation").count() == 20
    assert names(account, "refused") == []
    assert names(account).count("invitation.list_done") == 1


def test_two_workers_that_both_hold_the_list_invite_everybody_once(fresh_database):
    """A lease that ran out under a slow worker: the row decides."""
    account = committed(BusinessAccountFactory)
    listing = _committed_start(account, 10)
    held = Import.objects.select_related("account", "by").get(pk=listing.pk)
    rows = list(held.rows.waiting().select_related("role"))

    def work():
        return [working._invite(held, row) for row in rows]

    at_once(work, work)

    assert Invitation.objects.filter(account=account).count() == 10
    assert names(account, "refused") == []
    assert set(listing.rows.values_list("fate", flat=True)) == {"invited"}


def test_of_two_who_start_a_list_at_once_one_does(fresh_database):
    account = committed(BusinessAccountFactory)
    listing = committed(lambda: ImportFactory(account=account))
    seen = fates.fingerprint(fates.foresee(listing, account, by=account.owner))

    def start():
        return actions.start_import(listing=listing, seen=seen, by=account.owner)

    answers = at_once(start, start)

    assert {type(answer) for answer in answers} == {Import, ChangedMeanwhile}
    assert listing.rows.count() == 2
    assert names(account) == ["invitation.list_started"]


@pytest.mark.rule(10)
@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_list_whose_worker_died_goes_on_where_it_was_and_invites_nobody_twice(fresh_database, monkeypatch, after):
    account = committed(BusinessAccountFactory)
    listing = _committed_start(account, 10)
    invite, done = working.invite, []

    class Killed(BaseException):
        """The process is gone: nothing of it catches anything."""

    def dies(**given):
        if len(done) == after:
            raise Killed
        done.append(invite(**given))

    monkeypatch.setattr(working, "invite", dies)
    with pytest.raises(Killed):
        actions.work_through(import_id=listing.pk)
    monkeypatch.undo()
    held = actions.sweep_imports()
    with time_machine.travel(timezone.now() + working.LEASE + dt.timedelta(seconds=1), tick=False):
        found = actions.sweep_imports()
        finished = worked(listing)

    assert (held, found, finished.state) == (0, 1, "done")
    assert Invitation.objects.filter(account=account).count() == 10
    assert OutgoingMail.objects.filter(kind="invitation").count() == 10


def test_a_list_that_is_stopped_while_it_is_worked_through_invites_nobody_afterwards(fresh_database):
    account = committed(BusinessAccountFactory)
    listing = _committed_start(account, working.BATCH + 5)

    at_once(
        lambda: actions.work_through(import_id=listing.pk),
        lambda: actions.stop_import(listing=listing, by=account.owner),
    )
    stopped_at = Event.objects.of(account).named("invitation.list_stopped").get().number

    later = Event.objects.of(account).filter(number__gt=stopped_at)
    assert [event.name for event in later] == []
    assert Import.objects.get(pk=listing.pk).state == "stopped"


def _committed_start(account, number):
    connection.ensure_connection()
    cells = [[f"p{place}@example.com", "Editor"] for place in range(number)]
    listing = committed(lambda: ImportFactory(account=account, rows=cells, total=number))
    seen = fates.fingerprint(fates.foresee(listing, account, by=account.owner))
    return actions.start_import(listing=listing, seen=seen, by=account.owner)
