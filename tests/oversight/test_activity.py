"""The log of an account: who may read it, what each filter finds, and that paging shows every event once."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.events import ASSET_ADDED, MAIL_DELAYED, MAIL_FAILED, MAIL_SENT
from audit.events import ACCESS_REFUSED
from audit.models import Event
from audit.recording import SYSTEM, note
from oversight.events import LOG_READ
from teams import actions
from teams.models import Role
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, PersonFactory
from tests.oversight.log import link_of, numbers, url, write

pytestmark = pytest.mark.django_db
PAGES = ["activity", "export_activity"]


@pytest.mark.rule(4)
@pytest.mark.requirement("AZ3")
def test_a_person_of_another_account_is_not_told_by_a_filter_that_names_their_id(read, ruth):
    stella = MembershipFactory(person=PersonFactory(name="Stella Strange", email="stella@example.com"))
    write(stella.account, 3)

    def page(pk):
        text = read(f"?person={pk}").content.decode()
        return re.sub(rf'nonce="[^"]*"|value="[A-Za-z0-9]{{64}}"|person={pk}\b|value="{pk}"', "", text)

    assert "Stella" not in page(stella.person_id)
    assert "stella@example.com" not in page(stella.person_id)
    assert page(stella.person_id) == page(99_999_999)


# --- Who may -----------------------------------------------------------------------------------------------------------
@pytest.mark.rule(4)
@pytest.mark.parametrize("page", [*PAGES, "event"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_finds_no_log(client, ruth, page, method):
    write(ruth.account)
    client.force_login(PersonFactory())

    response = getattr(client, method)(url(page, ruth.account, *([1] if page == "event" else [])))

    assert response.status_code == 404


@pytest.mark.rule(18)
@pytest.mark.requirement("AU11")
@pytest.mark.parametrize("page", [*PAGES, "event"])
@pytest.mark.parametrize("holding", ["editor", "moderator", "analyst", "finance", "member"])
def test_who_lacks_the_permission_is_refused_told_whom_to_ask_and_recorded(client, page, holding):
    eddie = MembershipFactory(holding=holding)
    write(eddie.account)
    client.force_login(eddie.person)

    response = client.get(url(page, eddie.account, *([1] if page == "event" else [])))

    assert response.status_code == 403
    assert "view the audit log" in response.content.decode()
    assert str(eddie.account.owner) in response.content.decode()
    event = Event.objects.of(eddie.account).get(name=ACCESS_REFUSED.name)
    assert (event.actor_id, event.result, event.parts["after"]["page"]) == (eddie.person_id, "refused", page)


@pytest.mark.rule(18)
def test_nobody_exports_without_the_permission(client):
    eddie = MembershipFactory()
    client.force_login(eddie.person)

    response = client.post(url("export_activity", eddie.account))

    assert response.status_code == 403
    assert not Event.objects.of(eddie.account).filter(name="audit.exported").exists()


@pytest.mark.rule(14)
def test_an_offboarded_auditor_reads_nothing_at_the_next_click(read, ruth):
    assert read().status_code == 200

    actions.offboard(membership=ruth, by=ruth.account.owner, reason="Left")

    assert read().status_code == 302


@pytest.mark.requirement("AU11")
def test_reading_is_an_event_once_a_day(read, ruth, client):
    for _turn in range(3):
        read()
    assert Event.objects.of(ruth.account).filter(name=LOG_READ.name, actor_id=ruth.person_id).count() == 1

    with time_machine.travel(timezone.now() + dt.timedelta(days=2)):
        client.force_login(ruth.person)  # no session lasts that long
        read()

    assert Event.objects.of(ruth.account).filter(name=LOG_READ.name).count() == 2


# --- Other accounts ----------------------------------------------------------------------------------------------------
@pytest.mark.rule(4)
def test_a_number_of_another_accounts_event_does_not_exist_here(client, ruth):
    other = BusinessAccountFactory()
    last = write(other, 5)
    client.force_login(ruth.person)

    assert client.get(url("event", ruth.account, last)).status_code == 404
    assert client.get(url("event", other, last)).status_code == 404


@pytest.mark.rule(4)
def test_nothing_of_one_account_shows_in_the_log_or_the_export_of_another(client, ruth):
    agency = MembershipFactory(person=PersonFactory(name="Agency Ava")).person  # works in both
    canary = MembershipFactory(person=PersonFactory(name="Canary Person"), account__name="Canary Account")
    MembershipFactory(account=ruth.account, person=agency)
    MembershipFactory(account=canary.account, person=agency)
    write(canary.account, by=agency, target=canary, reason="Canary reason")
    write(canary.account, by=canary.person)
    write(ruth.account, by=agency, reason="told")
    client.force_login(ruth.person)

    queries = ["", "?q=Canary", "?q=Agency", f"?person={canary.person_id}", f"?kind=membership&target={canary.pk}"]
    pages = [client.get(url("activity", ruth.account) + query) for query in queries]
    exports = [
        client.post(url("export_activity", ruth.account), {"q": "Agency"}),
        client.post(url("export_activity", ruth.account)),
    ]

    for page in pages:
        shown = page.content.decode().replace('value="Canary"', "").replace("q=Canary", "")
        assert page.status_code == 200
        assert "Canary" not in shown
    for export in exports:
        text = b"".join(export.streaming_content).decode()
        assert "told" in text
        assert "Canary" not in text


# --- Filters -----------------------------------------------------------------------------------------------------------
def test_a_person_is_found_as_actor_and_as_who_was_concerned(read, ruth):
    eddie = MembershipFactory(account=ruth.account, person=PersonFactory(name="Eddie Edits"))
    mina = MembershipFactory(account=ruth.account, person=PersonFactory(name="Mina Moderates"))
    actions.change_role(membership=eddie, role=Role.objects.built_in("analyst"), by=ruth.account.owner)  # 2
    write(ruth.account, by=eddie.person)  # 3
    write(ruth.account, by=mina.person)  # 4
    actions.leave(membership=eddie, by=eddie.person)  # 5, by and about: shown once

    assert numbers(read("?q=eddie edits")) == [5, 3, 2]
    assert numbers(read(f"?q={eddie.person.email}")) == [5, 3, 2]
    assert numbers(read(f"?person={eddie.person_id}")) == [5, 3, 2]
    assert numbers(read("?q=Mina")) == [4]
    assert "Eddie Edits" in read(f"?person={eddie.person_id}").content.decode()


def test_filters_by_act_group_kind_result_target_and_time_combine(read, ruth):
    account, olga = ruth.account, ruth.account.owner
    first, second = AssetFactory(account=account), AssetFactory(account=account)
    eddie = MembershipFactory(account=account)
    old = timezone.now() - dt.timedelta(days=30)
    with time_machine.travel(old):
        write(account, by=olga, act=ASSET_ADDED, target=first)  # 2
    write(account, by=olga, act=ASSET_ADDED, target=second)  # 3
    write(account, by=eddie.person, act=ASSET_ADDED, target=first, result="refused")  # 4
    actions.suspend(membership=eddie, by=olga)  # 5
    day = timezone.localdate(old).isoformat()

    assert numbers(read("?act=asset.added")) == [4, 3, 2]
    assert numbers(read("?act=asset.")) == [4, 3, 2]
    assert numbers(read("?act=member.")) == [5]
    assert numbers(read("?kind=asset")) == [4, 3, 2]
    assert numbers(read(f"?kind=asset&target={first.pk}")) == [4, 2]
    assert numbers(read("?result=refused")) == [4]
    assert numbers(read(f"?since={day}&until={day}")) == [2]
    assert numbers(read(f"?until={day}")) == [2]
    assert numbers(read(f"?since={day}&act=asset.&result=done")) == [3, 2]
    assert numbers(read("?act=asset.added&kind=asset&result=refused&q=" + eddie.person.email)) == [4]
    assert numbers(read("?act=asset.added&kind=membership")) == []
    assert "No events match" in read("?act=asset.added&kind=membership").content.decode()


def test_a_day_begins_at_the_readers_midnight(client, ruth):
    ruth.person.time_zone = "Pacific/Auckland"
    ruth.person.save()
    with time_machine.travel("2026-03-09T12:30:00Z", tick=False):  # 10 March, 1:30 in Auckland
        write(ruth.account)
    client.force_login(ruth.person)

    assert numbers(client.get(url("activity", ruth.account) + "?since=2026-03-10&until=2026-03-10")) == [1]
    assert numbers(client.get(url("activity", ruth.account) + "?since=2026-03-09&until=2026-03-09")) == []


def test_nobody_of_that_name_is_said_instead_of_showing_everything(read):
    page = read("?q=nobody-of-that-name")

    assert numbers(page) == []
    assert "Nobody of that name" in page.content.decode()


def test_more_people_than_can_be_followed_one_by_one_are_still_all_found(read, ruth):
    people = [PersonFactory(name=f"Crowd {number}") for number in range(12)]
    for person in people:
        MembershipFactory(account=ruth.account, person=person)
        write(ruth.account, by=person)
    write(ruth.account)

    assert numbers(read("?q=Crowd")) == list(range(13, 1, -1))


@pytest.mark.parametrize(
    "query",
    [
        "?since=0000-00-00",
        "?since=0001-01-01",
        "?until=9999-12-31",
        "?since=%00",
        "?until=2026-02-31",
        "?q=%00",
        "?q=" + "x" * 5000,
        "?q=%25_'\";--",
        "?act=nonsense",
        "?act=.",
        "?act=%00",
        "?kind=person'--",
        "?kind[]=1",
        "?result=maybe",
        "?person=99999999999999999999999",
        "?person=-1",
        "?person=0",
        "?target=abc&kind=asset",
        "?target=99999999999999999999999&kind=asset",
        "?before=99999999999999999999999",
        "?before=-5",
        "?before=9223372036854775807",
        "?before=%00",
        "?before=1e5",
        "?after=0",
        "?after=9223372036854775807",
        "?before=2&after=2",
        "?before=1",
        "?before=２",
    ],
)
def test_nonsense_gives_a_page_in_words(read, query):
    page = read(query)

    assert page.status_code == 200
    assert "Activity" in page.content.decode()


def test_what_was_not_understood_is_named(read):
    page = read("?since=0000-00-00&result=refused")

    assert "was not understood and is left out" in page.content.decode()
    assert "From:" in page.content.decode()


@pytest.mark.parametrize("number", ["0", "2", "9223372036854775807", "9223372036854775808", "9" * 60])
def test_an_event_that_does_not_exist_is_404(client, ruth, number):
    write(ruth.account)
    client.force_login(ruth.person)

    assert client.get(f"/accounts/{ruth.account.slug}/activity/{number}/").status_code == 404


# --- Paging ------------------------------------------------------------------------------------------------------------
def walk(read, start, rel, between=lambda: None):
    """Follow the links from a page to the end; return the numbers of each page."""
    page = read(start)
    pages = [numbers(page)]
    while link := link_of(page, rel):
        between()
        page = read(link)
        pages.append(numbers(page))
    return pages


def test_paging_shows_every_event_once_while_new_ones_come_in(read, ruth):
    write(ruth.account, 79)  # with her reading: 80

    pages = walk(read, "", "next", between=lambda: write(ruth.account, 7))

    assert [number for page in pages for number in page] == list(range(80, 0, -1))
    assert [len(page) for page in pages] == [25, 25, 25, 5]


def test_the_way_back_shows_the_same_and_ends_at_the_newest(read, ruth):
    write(ruth.account, 79)

    pages = walk(read, "?before=2", "prev")

    assert pages[0] == [1]
    assert sorted({number for page in pages for number in page}) == list(range(1, 81))
    assert pages[-1][0] == 80


def test_paging_keeps_the_filter_and_the_order_where_times_are_equal(read, ruth):
    eddie = MembershipFactory(account=ruth.account, person=PersonFactory(name="Eddie Edits"))
    with time_machine.travel(timezone.now(), tick=False):  # sixty events in one instant: the number decides
        for _turn in range(30):
            write(ruth.account, by=eddie.person)
            write(ruth.account)

    pages = walk(read, "?q=Eddie", "next")

    assert [number for page in pages for number in page] == list(range(60, 1, -2))


def test_a_place_past_the_end_gives_the_page_at_the_end(read, ruth):
    write(ruth.account, 30)

    assert numbers(read("?before=1")) == list(range(25, 0, -1))
    assert numbers(read("?after=31")) == list(range(31, 6, -1))


# --- Mails in a row ------------------------------------------------------------------------------------------------------
def _folds(response):
    """What stands behind each line that is to be opened: the line, and the numbers of its events."""
    found = re.findall(
        r'(?s)<details class="fold events-fold"><summary>([^<]*)</summary>(.*?)</details>', response.content.decode()
    )
    return [(line, [int(number) for number in re.findall(r"no\. (\d+)", rows)]) for line, rows in found]


def test_mails_in_a_row_stand_behind_one_line_and_everything_else_in_full(read, ruth):
    read()  # her reading, no. 1
    to = {"act": MAIL_SENT, "after": {"address": "x@example.com"}}
    tomorrow = timezone.localtime() + dt.timedelta(days=1)
    with time_machine.travel(tomorrow.replace(hour=14, minute=31), tick=False):
        write(ruth.account, 2, **to)  # 2, 3
        write(ruth.account, by=ruth.person)
        write(ruth.account, 3, **to)  # 5, 6, 7
        write(ruth.account, 3, act=MAIL_FAILED, after={"address": "x@example.com"}, reason="550 no such user")
        write(ruth.account, 4, **to)  # 11 to 14

    page = read()

    assert numbers(page) == list(range(14, 0, -1))
    assert [numbers for _line, numbers in _folds(page)] == [[13, 12, 11], [6, 5]]
    assert "3 more mails handed over, since 14:31" in _folds(page)[0][0]


@pytest.mark.parametrize(
    "query", ["?act=mail.", "?act=mail.sent", "?words=x", "?kind=account", "?result=done", "?live=1"]
)
def test_who_asks_for_something_or_watches_live_sees_it_unfolded(read, ruth, query):
    write(ruth.account, 5, act=MAIL_SENT, after={"address": "x@example.com"})

    assert _folds(read())
    assert not _folds(read(query))
    assert _folds(read(f"?since={timezone.localdate() - dt.timedelta(days=2)}"))


@pytest.mark.parametrize("query", ["", "?q=Person", "?act=account.&result=done", "?before=30"])
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(client, ruth, query):
    client.force_login(ruth.person)
    eddie = MembershipFactory(account=ruth.account, person=PersonFactory(name="Person Eddie"))
    write(ruth.account, 3, by=eddie.person)
    client.get(url("activity", ruth.account))
    with CaptureQueriesContext(connection) as few:
        client.get(url("activity", ruth.account) + query)
    write(ruth.account, 100, by=eddie.person)

    with CaptureQueriesContext(connection) as many:
        client.get(url("activity", ruth.account) + query)

    assert len(many) <= len(few) + 1  # the place of `before` exists only once there are that many
    assert len(many) <= 24
    statements = " ".join(entry["sql"].upper() for entry in many.captured_queries if "audit_event" in entry["sql"])
    assert "OFFSET" not in statements
    assert "COUNT(" not in statements


# --- One event ---------------------------------------------------------------------------------------------------------
def test_one_event_is_shown_in_full_with_its_neighbours(client, ruth):
    eddie = MembershipFactory(account=ruth.account, person=PersonFactory(name="Eddie Edits"))
    write(ruth.account)
    actions.change_role(
        membership=eddie, role=Role.objects.built_in("analyst"), by=ruth.account.owner, reason="<b>Only</b> reads"
    )
    write(ruth.account)
    client.force_login(ruth.person)

    text = client.get(url("event", ruth.account, 2)).content.decode()

    event = Event.objects.of(ruth.account).get(number=2)
    for part in (event.sentence, "role.changed", "&lt;b&gt;Only&lt;/b&gt; reads", "Editor", "Analyst"):
        assert part in text
    for held in (event.hash, event.previous, event.digest):
        assert bytes(held).hex() in text
    assert "agree" in text
    assert url("event", ruth.account, 1) in text
    assert url("event", ruth.account, 3) in text
    assert "<b>Only</b>" not in text


@pytest.mark.parametrize(("act", "word"), [(MAIL_FAILED, "failed"), (MAIL_DELAYED, "put off"), (MAIL_SENT, "done")])
def test_the_result_of_a_mail_that_did_not_go_out_is_not_done(client, ruth, act, word):
    number = note(act, by=SYSTEM, on=ruth.account, after={"address": "x@example.com"}, reason="550 no such user")
    client.force_login(ruth.person)

    page = client.get(url("event", ruth.account, number)).content.decode()

    (result,) = re.findall(r"<dt>Result</dt><dd><span[^>]*>([^<]*)</span>", page)
    assert result == word


@pytest.mark.rule(16)
def test_an_event_changed_behind_the_triggers_is_called_out(client, ruth):
    write(ruth.account, 2)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with waiting checks is not altered
        cursor.execute("ALTER TABLE audit_event DISABLE TRIGGER only_empties")
        cursor.execute(
            "UPDATE audit_event SET actor_words = replace(actor_words, 'AccessPortal', 'Somebody') WHERE number = 2"
        )
        cursor.execute("ALTER TABLE audit_event ENABLE TRIGGER only_empties")
    client.force_login(ruth.person)

    assert "does not agree" in client.get(url("event", ruth.account, 2)).content.decode()
    assert "does not agree" not in client.get(url("event", ruth.account, 1)).content.decode()


# --- My own ------------------------------------------------------------------------------------------------------------
def test_my_activity_holds_mine_and_what_concerns_me_and_nothing_else(client):
    eddie = MembershipFactory(person=PersonFactory(name="Eddie Edits"))
    olga = eddie.account.owner
    write(eddie.account, by=olga, reason="a secret of the owner")
    actions.suspend(membership=eddie, by=olga, reason="told to nobody but auditors")
    write(eddie.account, by=eddie.person)
    client.force_login(eddie.person)

    everything = client.get("/activity/").content.decode()
    mine = client.get("/activity/?side=by").content.decode()
    about = client.get("/activity/?side=about").content.decode()

    assert f"{olga} suspended Eddie Edits" in everything
    assert "Eddie Edits changed the settings" in everything
    assert f"{olga} changed" not in everything
    assert "suspended" not in mine
    assert "Eddie Edits changed" in mine
    assert "suspended" in about
    assert "Eddie Edits changed" not in about
    assert "told to nobody" not in everything


def test_my_activity_pages_completely_and_takes_nonsense(client):
    eddie = MembershipFactory()
    write(eddie.account, 60, by=eddie.person)
    write(eddie.account, 60)
    client.force_login(eddie.person)
    seen = 0
    page = client.get("/activity/")
    while True:
        seen += page.content.decode().count("changed the settings")
        link = link_of(page, "next")
        if not link:
            break
        page = client.get("/activity/" + link)

    assert seen == 60
    for query in ("?before=%00", "?before=99999999999999999999", "?after=abc", "?side=%00", "?before=1"):
        assert client.get("/activity/" + query).status_code == 200


def test_my_activity_asks_for_a_sign_in(client):
    assert client.get("/activity/").status_code == 302


@pytest.mark.rule(4)
def test_who_is_suspended_learns_nothing_of_what_came_after_it(client):
    eddie = MembershipFactory()
    owner = eddie.account.owner
    actions.change_role(membership=eddie, role=Role.objects.built_in("analyst"), by=owner)
    actions.suspend(membership=eddie, by=owner)
    actions.change_role(membership=eddie, role=Role.objects.built_in("moderator"), by=owner)
    client.force_login(eddie.person)

    shown = client.get(reverse("my_activity")).content.decode() + client.get(reverse("dashboard")).content.decode()

    assert "from Editor to Analyst" in shown
    assert f"suspended {eddie.person}" in shown
    assert "Moderator" not in shown
